package store

import "milena/kafka"

// Rows that are no records: what a reader met between them and a person should
// see in its place.

// NoteKind is what a note tells of.
type NoteKind int8

// What notes tell of.
const (
	NoteEvent          NoteKind = iota // anything that its text says: a broker lost, a partition added …
	NoteCorrupt                        // a batch that does not parse, or whose CRC is wrong
	NoteTooLarge                       // a batch whose decompressed size is above the cap
	NoteOffsetsGone                    // retention passed the position: the offsets were not read
	NoteTopicDeleted                   // the topic is not there any more
	NoteTopicRecreated                 // another topic has its name now
)

// Note is a row that is no record.
type Note struct {
	Kind NoteKind
	kafka.TopicPartition
	First, Last int64  // the offsets it stands for, both included; -1: none
	Text        string // a sentence for the person
	Time        int64  // ms since the epoch: when it was met
}
