package kafka

// What carries one value across topics: a trace id, an order's number.

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"milena/kafka/batch"
)

// TraceRequest says what to look for, where and when.
type TraceRequest struct {
	Partitions []TopicPartition
	// From and To bound the records' timestamps: From ≤ time < To.
	From, To time.Time
	// Match makes a matcher for a partition: what carries the value.
	Match     func(TopicPartition) Matcher
	Isolation Isolation
	// Limit is how many records are found at most; 0: 10,000. When there are more,
	// the earliest are given.
	Limit int
}

// Trace is what was found.
type Trace struct {
	Hops []Record // by time; ties by topic, partition and offset
	Read int64    // records that were looked at
	More bool     // more match than the limit
	// Damaged counts stretches that could not be read, because their bytes are
	// corrupt or too large.
	Damaged int64
	// Missing are the partitions that could not be asked, and so were not read.
	Missing []Waiting
}

// traceLimit and traceBytes bound what a trace holds.
const (
	traceLimit = 10_000
	traceBytes = 32 << 20
)

// Trace finds the records that match within a window of time. It reads only what
// the time index says may lie there: of each partition from the first record
// that is as late as From, before which there is none, up to the first that is
// later than To by the slack.
//
// The slack, as long as the window and at least a minute, is for producers whose
// clocks are behind: a record of the window may come after one that is later
// than it. Should one be further out of order than that, it is not found. From a
// record on whose timestamp is in the future the time index says nothing, and
// the partition is read to its end.
//
// A partition that cannot be asked, for want of a leader, keeps nobody from reading
// the others.
func (c *Cluster) Trace(ctx context.Context, req TraceRequest) (*Trace, error) {
	if !req.From.Before(req.To) {
		return nil, errors.New("a trace's window ends after it begins")
	}
	slack := max(time.Minute, req.To.Sub(req.From))
	from, to := req.From.UnixMilli(), req.To.UnixMilli()
	times := []int64{max(0, from), max(0, to+slack.Milliseconds()), AtEnd}
	found, err := c.offsetsAt(ctx, req.Isolation, req.Partitions, func(TopicPartition) []int64 { return times })
	if err != nil {
		return nil, err
	}
	future := c.cfg.Now().Add(time.Hour).UnixMilli()
	s := &traceSink{req: &req, from: from, to: to, limit: cmp.Or(req.Limit, traceLimit)}
	var spans []Span
	for _, tp := range req.Partitions {
		first, last, end := found[tp][0], found[tp][1], found[tp][2]
		if err := cmp.Or(first.Err, last.Err, end.Err); err != nil {
			s.trace.Missing = append(s.trace.Missing, Waiting{tp, Position{Kind: AtTime, Time: req.From}, err})
			continue
		}
		if last.Offset < 0 || last.Timestamp > future {
			last.Offset = end.Offset
		}
		if first.Offset >= 0 && first.Offset < last.Offset {
			spans = append(spans, Span{tp, first.Offset, last.Offset})
		}
	}
	if err := c.Read(ctx, ReadRequest{Spans: spans, Isolation: req.Isolation, deaf: true}, s); err != nil {
		return nil, err
	}
	s.letGo(s.limit)
	return &s.trace, nil
}

// traceSink keeps what matches.
type traceSink struct {
	req      *TraceRequest
	from, to int64
	limit    int

	mu    sync.Mutex
	trace Trace
	bytes int64
}

// tracePart is one partition's part of a trace.
type tracePart struct {
	*traceSink
	tp      TopicPartition
	match   Matcher
	read    int64
	damaged int64
}

// Partition makes a partition's matcher.
func (s *traceSink) Partition(tp TopicPartition) PartitionSink {
	return &tracePart{traceSink: s, tp: tp, match: s.req.Match(tp)}
}

// Event is of no use to a bounded read: what matters ends it with an error.
func (s *traceSink) Event(Event) {}

// Record keeps a record that matches within the window. One without a timestamp
// lies among others that are within it.
func (p *tracePart) Record(v *batch.View) bool {
	p.read++
	if v.Timestamp >= 0 && (v.Timestamp < p.from || v.Timestamp >= p.to) || !p.match.Match(v) {
		return true
	}
	r := Keep(p.tp, v)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trace.Hops = append(p.trace.Hops, r)
	if p.bytes += recordSize(&r); len(p.trace.Hops) >= 2*p.limit || p.bytes > traceBytes {
		p.letGo(p.limit)
		if p.bytes > traceBytes/2 {
			p.letGo(len(p.trace.Hops) / 2)
		}
	}
	return true
}

// Skip counts what could not be read.
func (p *tracePart) Skip(s batch.Skip) {
	if s.Kind == batch.SkipCorrupt || s.Kind == batch.SkipTooLarge {
		p.damaged++
	}
}

// Flush adds the partition's figures to those of all.
func (p *tracePart) Flush(PartitionState) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trace.Read += p.read
	p.trace.Damaged += p.damaged
	p.read, p.damaged = 0, 0
	return nil
}

// letGo sorts what was found and keeps the earliest.
func (s *traceSink) letGo(most int) {
	sortByTime(s.trace.Hops)
	if len(s.trace.Hops) <= most {
		return
	}
	s.trace.More = true
	clear(s.trace.Hops[most:])
	s.trace.Hops = s.trace.Hops[:most]
	s.bytes = 0
	for i := range s.trace.Hops {
		s.bytes += recordSize(&s.trace.Hops[i])
	}
}
