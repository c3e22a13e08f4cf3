// Package batch turns the bytes of Kafka's log into records and back.
//
// It reads record batches (magic 2: KIP-98, "Record Batch" in the protocol
// guide) and the older message sets (magic 0 and 1, nested compressed ones
// too), in place: a View points into the bytes it was read from and nothing is
// allocated for a record. It writes record batches only.
//
// The package knows nothing of connections; bytes go in, records come out.
package batch

import "strconv"

// Codec is the compression of a batch, as its attributes name it.
type Codec int8

// The codecs of the record batch format, attributes bits 0–2.
const (
	None Codec = iota
	Gzip
	Snappy
	LZ4
	Zstd // KIP-110
)

// String is the codec's name as in the configuration compression.type.
func (c Codec) String() string {
	switch c {
	case None:
		return "none"
	case Gzip:
		return "gzip"
	case Snappy:
		return "snappy"
	case LZ4:
		return "lz4"
	case Zstd:
		return "zstd"
	}
	return "codec " + strconv.Itoa(int(c))
}

// TimestampType says whose clock a record's timestamp is (attributes bit 3, KIP-32).
type TimestampType int8

// NoTime is the timestamp of a record that has none: of magic 0, or of a producer that
// gave none.
const NoTime int64 = -1

// The timestamp types; NoTimestamp is that of a magic 0 message, which has none.
const (
	NoTimestamp   TimestampType = -1
	CreateTime    TimestampType = 0
	LogAppendTime TimestampType = 1
)

// String is the type's name as in the configuration message.timestamp.type.
func (t TimestampType) String() string {
	switch t {
	case CreateTime:
		return "CreateTime"
	case LogAppendTime:
		return "LogAppendTime"
	}
	return "NoTimestampType"
}

// Info is what a batch says of all its records.
type Info struct {
	BaseOffset  int64 // offset of the first record, as it was written
	LastOffset  int64 // offset of the last record, as it was written; compaction keeps it
	LeaderEpoch int32 // epoch of the leader that appended it; -1 in magic 0 and 1
	Magic       int8
	Codec       Codec
	Timestamps  TimestampType

	Transactional bool
	Control       bool // holds a transaction marker, not messages

	FirstTimestamp int64 // ms since the epoch; the base of the records' deltas
	MaxTimestamp   int64 // ms since the epoch; every record's under LogAppendTime

	ProducerID    int64 // -1: not idempotent
	ProducerEpoch int16
	BaseSequence  int32

	Count int32 // records that the batch claims to hold
	Size  int   // bytes on the wire, header included
}

// View is one record, in place. It is valid only during the call that it is
// given to; what is kept must be copied.
type View struct {
	Batch *Info

	Offset    int64
	Timestamp int64  // ms since the epoch; -1: none
	Key       []byte // nil: null; empty and not nil: ""
	Value     []byte // nil: null, a tombstone in a compacted topic
	Index     int32  // position within the batch, from 0

	headers     []byte // encoded as in the record, after their count
	headerCount int
	headerBytes int // of keys and values
}

// Header is one header of a record. Order and duplicates matter.
type Header struct {
	Key   string
	Value []byte // nil: null
}

// Record is one record to be encoded.
type Record struct {
	Timestamp int64 // ms since the epoch
	Key       []byte
	Value     []byte
	Headers   []Header
}

// AbortedTxn is an entry of a fetch response's list of aborted transactions:
// the producer's records from FirstOffset up to its abort marker are not
// committed (KIP-98, FetchResponse).
type AbortedTxn struct {
	ProducerID  int64
	FirstOffset int64
}

// SkipKind says why offsets were passed over.
type SkipKind int8

// Why a stretch of offsets gave no records.
const (
	SkipControl  SkipKind = iota // a transaction marker (or another control record)
	SkipAborted                  // records of an aborted transaction, under read_committed
	SkipGap                      // offsets that hold nothing: compacted away
	SkipCorrupt                  // bytes that do not parse or whose CRC is wrong
	SkipTooLarge                 // a batch whose decompressed size is above the cap
)

// ControlType is the type of a control record (Kafka's ControlRecordType).
type ControlType int16

// The control records that end a transaction (KIP-98). Others are Kafka's own
// business, as the raft log's; UnknownControl is one that cannot be read.
const (
	UnknownControl ControlType = -1
	AbortMarker    ControlType = 0
	CommitMarker   ControlType = 1
)

// Skip is a stretch of offsets, both ends included, that gave no records.
type Skip struct {
	Kind        SkipKind
	First, Last int64
	Batch       *Info // nil for a gap; valid only during the call
	Err         error // why, for SkipCorrupt and SkipTooLarge

	Control ControlType // for SkipControl: which marker
}

// Visitor is given what Walk finds, in offset order.
type Visitor interface {
	// Record is given each data record. False means "not taken": the walk ends
	// and that record's offset is the next one to read.
	Record(*View) bool
	// Skip is given each stretch that holds no records for the visitor.
	Skip(Skip)
}

// Skimmer is a Visitor that wants few of the records, and can tell from the bytes
// of many where the first of those may be: the others are counted, not read.
type Skimmer interface {
	Visitor
	// Skim gives the place of a byte that belongs to the first record that may be
	// wanted, or -1 when none may. records are the uncompressed bytes of some
	// records one behind the other, as they lie in a batch of magic 2: all of it
	// at first, then what follows the record that was wanted.
	Skim(h *Info, records []byte) int
	// Skimmed tells of n records that are not given. Where offsets are missing
	// among them, that is no gap that is reported.
	Skimmed(h *Info, n int)
}
