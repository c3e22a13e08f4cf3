// Package kafka is a Kafka cluster as Go values: its metadata, topics and
// offsets, its records read and written. It knows nothing of terminals.
//
// The pool of connections and the membership in groups are segmentio/kafka-go's: every
// request of this package goes through one function (exchange.go) on kafka-go's Transport,
// which is also the one place that knows whether the cluster may be changed.
//
//	config.go       how a cluster is reached
//	cluster.go      Open, Close, and what a cluster holds on to
//	dial.go         one connection, step by step, with errors that name the step
//	login.go        the login on it; scram.go: its conversation
//	local.go        what kafka-go asks is answered here; checked.go: what it is told
//	                about groups is checked
//	exchange.go     one request and its answer; the gate of read-only clusters;
//	                pipeline.go: several at once
//	wire.go         the protocol's primitive types; buffers.go: memory of answers
//	told.go         a broker's words and numbers, taken with care
//	errors.go       errors as sentences
//	metadata.go     brokers, topics, partitions and their leaders; nearest.go: names alike
//	offsets.go      start and end offsets, offsets by time
//	position.go     places in a topic as people write them: -100, @14:05, beginning
//	resolve.go      positions turned into offsets
//	fetch.go        the Fetch API on the wire; fetchsession.go: where little of much
//	                is new
//	log.go          what can be read by offset: a cluster, or a file of records
//	read.go         reading spans of partitions, for ever or to an end; readplan.go,
//	                readfetch.go, readwork.go: its planner, fetchers and workers
//	event.go        what happens to a cluster meanwhile
//	newest.go       the newest records, backwards from any point
//	search.go       a search, its progress and its order; searchstream.go: hits as
//	                they are found; searchmerge.go: by time, both ways; merge.go
//	estimate.go     what a search will cost and how much it will find, by a sample
//	keys.go         records with a key, and from a time on
//	timeline.go     records by time, from offset look-ups alone; transactional.go:
//	                where those are more than the messages
//	ordered.go      many partitions as one stream, merged by time; mergeheap.go
//	replay.go       such a stream at the speed at which it was written
//	trace.go        what carries one value across topics
//	load.go         how evenly partitions are loaded
//	produce.go      producing: messages into batches
//	deliver.go      the batches on their way, until they are acknowledged
//	partitioner.go  which partition a key goes to
//	admin.go        topics created, deleted, described
//	group.go        consuming as a member of a group, with commits
package kafka

import (
	"cmp"
	"strings"
	"time"

	"milena/kafka/batch"
)

// TopicPartition names one partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// Compare orders by topic, then by number: negative when a comes before b.
func (a TopicPartition) Compare(b TopicPartition) int {
	return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

// Isolation is which records of transactions are read (KIP-98).
type Isolation int8

// ReadUncommitted is Kafka's own default, and milena's.
const (
	ReadUncommitted Isolation = 0
	ReadCommitted   Isolation = 1
)

// String is the name as Kafka's isolation.level has it.
func (i Isolation) String() string {
	if i == ReadCommitted {
		return "read_committed"
	}
	return "read_uncommitted"
}

// Record is a record that is held: its bytes are its own.
type Record struct {
	Topic     string
	Partition int32
	Offset    int64
	Timestamp int64  // ms since the epoch; -1: none
	Key       []byte // nil: null
	Value     []byte // nil: null, a tombstone
	Headers   []batch.Header
	Index     int32      // position within its batch
	Batch     batch.Info // what its batch said
}

// Time is the record's timestamp, and false when it has none.
func (r *Record) Time() (time.Time, bool) {
	if r.Timestamp == batch.NoTime {
		return time.Time{}, false
	}
	return time.UnixMilli(r.Timestamp), true
}

// Keep copies a view: the record's own bytes, in one allocation.
func Keep(tp TopicPartition, v *batch.View) Record {
	buf := make([]byte, 0, len(v.Key)+len(v.Value))
	own := func(b []byte) []byte {
		if b == nil {
			return nil
		}
		at := len(buf)
		buf = append(buf, b...)
		return buf[at:len(buf):len(buf)]
	}
	return Record{
		Topic: tp.Topic, Partition: tp.Partition,
		Offset: v.Offset, Timestamp: v.Timestamp,
		Key: own(v.Key), Value: own(v.Value), Headers: v.AppendHeaders(nil),
		Index: v.Index, Batch: *v.Batch,
	}
}

// View is a held record as it would be read, for what decides on records in
// place. It points to the record's bytes.
func (r *Record) View() *batch.View {
	v := &batch.View{
		Batch: &r.Batch, Offset: r.Offset, Timestamp: r.Timestamp,
		Key: r.Key, Value: r.Value, Index: r.Index,
	}
	v.SetHeaders(r.Headers)
	return v
}

// Matcher decides on a record in place. One instance serves one goroutine.
type Matcher interface {
	Match(*batch.View) bool
}

// Skimmer is a Matcher that can tell from the bytes of many records where the
// first match may be: a byte that belongs to it, or -1 when there is none.
type Skimmer interface {
	Matcher
	Skim(records []byte) int
}
