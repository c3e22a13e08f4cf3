package ui

import (
	"context"
	"sync"
	"sync/atomic"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/store"
)

// Several partitions merged by time. Of history the order is exact: a person who
// goes to 14:05, or comes back from a pause, wants things as they happened. Of
// several topics it goes on so: what comes live waits a moment for what is earlier
// and still under way; what is later than that comes where it arrives, and is
// marked. All partitions go into the store through one writer.

// lateMeaning is what the mark of a late record says.
const lateMeaning = "more than half a second earlier than a record before it: late, or a producer's clock is wrong"

// severalTopics says whether partitions are of more than one topic.
func severalTopics(spans []kafka.Span, waiting []kafka.Waiting) bool {
	first := ""
	several := func(topic string) bool {
		if first == "" {
			first = topic
		}
		return topic != first
	}
	for i := range spans {
		if several(spans[i].Topic) {
			return true
		}
	}
	for i := range waiting {
		if several(waiting[i].Topic) {
			return true
		}
	}
	return false
}

// catchUp reads what was written to a topic before it is followed.
func (s *session) catchUp(ctx context.Context, req kafka.ReadRequest) error {
	ends := s.history(ctx, req.Spans)
	var past []kafka.Span
	for _, span := range req.Spans {
		if span.To = ends[span.TopicPartition]; span.From < span.To {
			past = append(past, span)
		}
	}
	if len(past) == 0 {
		return nil
	}
	sink := s.ordered(ctx)
	err := s.source.ReadOrdered(ctx, kafka.OrderedRequest{ReadRequest: kafka.ReadRequest{Spans: past, TopicIDs: req.TopicIDs}, Match: sink.match}, sink)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letMergedGoLocked()
	return err
}

// letMergedGoLocked gives back the memory in which merged records are collected.
func (s *session) letMergedGoLocked() {
	if s.merged != nil && s.merged.Len() == 0 {
		s.merged = nil
	}
}

// followOrdered follows what is asked for, merged by time. What was written before it
// begins is merged exactly.
func (s *session) followOrdered(ctx context.Context, req kafka.ReadRequest) error {
	history := s.history(ctx, req.Spans)
	sink := s.ordered(ctx)
	return s.source.ReadOrdered(ctx, kafka.OrderedRequest{ReadRequest: req, History: history, Match: sink.match}, sink)
}

// history is where what comes live begins in each partition of which that can be
// told.
func (s *session) history(ctx context.Context, spans []kafka.Span) map[kafka.TopicPartition]int64 {
	history := make(map[kafka.TopicPartition]int64, len(spans))
	var ask []kafka.TopicPartition
	s.mu.Lock()
	for i := range spans {
		tp := spans[i].TopicPartition
		if from := s.partitionLocked(tp).liveFrom.Load(); from != notLive {
			history[tp] = from
		} else {
			ask = append(ask, tp)
		}
	}
	s.looking = s.looking && len(ask) > 0
	s.mu.Unlock()
	if len(ask) == 0 {
		return history
	}
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	ends, err := s.source.Ends(ctx, ask)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looking = false
	if err != nil {
		return history // the reading says what is wrong
	}
	for tp, end := range ends {
		if end.Err == nil {
			history[tp] = end.Offset
			p := s.partitionLocked(tp)
			p.liveFrom.Store(end.Offset)
			p.state.HighWatermark, p.known = max(p.state.HighWatermark, end.Offset), true
		}
	}
	return history
}

// orderedSink is what one ordered read of a session gives its records to.
type orderedSink struct {
	sessionSink
	w          *store.Writer
	seen, live atomic.Int64 // records that were read since the last Flush

	mu    sync.Mutex
	skips map[kafka.TopicPartition][]batch.Skip // that are to be shown once what lies before them is
	held  atomic.Int64                          // how many there are

	// Of the goroutine that gives records.
	parts   map[kafka.TopicPartition]*partition
	matched int64        // since the last Flush
	moved   int64        // offsets that were passed since the last Flush
	reached []*partition // since a Flush that published all
	news    bool
}

// ordered makes the sink of a read. Rows that the read before could not publish
// any more are still in the writer.
func (s *session) ordered(ctx context.Context) *orderedSink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.merged == nil {
		s.merged = s.store.Writer(kafka.TopicPartition{})
	}
	for _, p := range s.parts {
		p.waits = 0
	}
	return &orderedSink{
		sessionSink: sessionSink{s, ctx}, w: s.merged,
		skips: make(map[kafka.TopicPartition][]batch.Skip), parts: make(map[kafka.TopicPartition]*partition),
	}
}

// match makes what decides on a partition's records as they are read.
func (k *orderedSink) match(tp kafka.TopicPartition) kafka.Matcher {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	p := k.s.readLocked(tp)
	return &countingMatcher{k, p}
}

// countingMatcher counts what it is asked.
type countingMatcher struct {
	k *orderedSink
	p *partition
}

// Match decides on one record.
func (c *countingMatcher) Match(v *batch.View) bool {
	c.k.seen.Add(1)
	if v.Offset >= c.p.liveFrom.Load() {
		c.k.live.Add(1)
	}
	return c.p.match == nil || c.p.match.Match(v)
}

func (k *orderedSink) part(tp kafka.TopicPartition) *partition {
	p := k.parts[tp]
	if p == nil {
		k.s.mu.Lock()
		p = k.s.readLocked(tp)
		k.s.mu.Unlock()
		k.parts[tp] = p
	}
	return p
}

// Record takes a record.
func (k *orderedSink) Record(tp kafka.TopicPartition, v *batch.View, late bool) bool {
	p := k.part(tp)
	k.w.Of(tp)
	k.pass(p, v.Offset)
	k.moved += v.Offset + 1 - p.next
	p.next, p.at = v.Offset+1, v.Timestamp
	k.matched++
	if p.behind(v.Timestamp) || late {
		k.w.AddLate(v)
	} else {
		k.w.Add(v)
	}
	if k.w.Bytes() >= publishBytes {
		// An error is ctx's end; what was not published goes on after a pause.
		_ = k.w.Publish(k.ctx)
	}
	return true
}

// Skip keeps what could not be read, and markers and gaps where they are asked
// for, until its place has come.
func (k *orderedSink) Skip(tp kafka.TopicPartition, skip batch.Skip) {
	k.s.txns.skipped(tp, skip)
	if skip.Kind != batch.SkipCorrupt && skip.Kind != batch.SkipTooLarge && !k.s.start.markers {
		return
	}
	if skip.Batch != nil {
		info := *skip.Batch
		skip.Batch = &info
	}
	k.mu.Lock()
	k.skips[tp] = append(k.skips[tp], skip)
	k.mu.Unlock()
	k.held.Add(1)
}

// pass shows what was skipped before an offset; the writer is the partition's.
func (k *orderedSink) pass(p *partition, offset int64) {
	if k.held.Load() == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	skips := k.skips[p.tp]
	for len(skips) > 0 && skips[0].Last < offset {
		p.noteSkip(skips[0], k.w.Note)
		skips = skips[1:]
		k.held.Add(-1)
	}
	k.skips[p.tp] = skips
}

// Reached notes how far a partition is, and how far it is shown.
func (k *orderedSink) Reached(tp kafka.TopicPartition, next int64, state kafka.PartitionState) {
	p := k.part(tp)
	k.w.Of(tp)
	k.pass(p, next)
	k.moved += next - p.next
	p.next = next
	k.news, k.reached = true, append(k.reached, p)
	s := k.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = nil
	p.waits = state.Next - next
	state.Next = next
	p.state, p.known = state, true
	s.knowLocked(tp.Topic, state.TopicID)
	p.liveFrom.CompareAndSwap(notLive, state.HighWatermark)
}

// Flush publishes what was collected.
func (k *orderedSink) Flush() error {
	err := k.w.Publish(k.ctx)
	s, seen := k.s, k.seen.Swap(0)
	if seen == 0 && k.matched == 0 && !k.news {
		return err
	}
	s.mu.Lock()
	s.seen += seen
	s.live += k.live.Swap(0)
	s.matched += k.matched
	if err == nil {
		for _, p := range k.reached {
			p.shown = p.state.Next
		}
		k.reached = k.reached[:0]
	}
	s.mu.Unlock()
	k.matched, k.moved, k.news = 0, 0, false
	s.signal()
	return err
}
