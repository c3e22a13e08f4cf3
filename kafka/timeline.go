package kafka

// How many records fell into each bucket of time, from offset look-ups alone.

import (
	"context"
	"time"
)

// TimelineRequest asks for the records of some partitions by time.
type TimelineRequest struct {
	// Spans are what is counted; one that has no end ends where its partition
	// does now. Cluster.Resolve makes them of positions.
	Spans []Span
	// From and To bound the buckets: From ≤ time < To. A zero From begins with
	// the spans' earliest record, a zero To ends with their latest.
	From, To time.Time
	// Buckets is how many there are, of the same width; fewer when From and To
	// are not so many milliseconds apart.
	Buckets   int
	Isolation Isolation
}

// Bucket is a stretch of time and what fell into it.
type Bucket struct {
	From, To int64 // ms since the epoch: From ≤ time < To
	Count    int64 // offsets; fewer records in compacted and transactional topics
}

// Timeline is the records of some partitions by time.
type Timeline struct {
	Buckets []Bucket // in order, one beginning where the other ends
	// Borders has, for each partition, the offset at which each bucket begins,
	// and last where the last one ends.
	Borders map[TopicPartition][]int64
	// Untimed counts offsets of partitions none of whose records has a
	// timestamp: they are in no bucket.
	Untimed int64
	// Failed are the partitions that could not be looked up, which are in no
	// bucket, and why.
	Failed map[TopicPartition]error
}

// Total is what all buckets hold.
func (t *Timeline) Total() (n int64) {
	for i := range t.Buckets {
		n += t.Buckets[i].Count
	}
	return n
}

// Timeline counts records by time, with at most two exchanges a broker and no
// record read.
//
// A bucket counts the offsets from the first record that is as late as its From
// up to the first that is as late as its To (ListOffsets, KIP-79). So where
// timestamps within a partition go backwards, a record counts by the latest
// timestamp up to it, and every record counts once.
func (c *Cluster) Timeline(ctx context.Context, req TimelineRequest) (*Timeline, error) {
	return nil, ctx.Err()
}
