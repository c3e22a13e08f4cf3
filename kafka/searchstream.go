package kafka

// A search that gives hits as they are found, and what all searches count.

import (
	"context"
	"errors"
	"maps"
	"math"

	"milena/kafka/batch"
)

// searchPart is one partition of a search; it takes the partition's records when
// they are given as they are found.
type searchPart struct {
	s *Search
	TopicPartition
	match Matcher

	// Of whoever reads: its worker, and between two reads of a Run the Run.
	inBatch    int64    // base offset of the batch that was counted last
	seen       counts   // since the last Flush
	found      []Record // hits since then
	foundBytes int
	counted    int64 // the same when they are only counted
	merging          // for the orders by time

	// Guarded by Search.mu.
	span     Span  // what is to be searched
	from, to int64 // of that, what is not read
	trouble  int   // 1 + the place of its last one in the search's list
}

// counts are what passed by.
type counts struct{ records, bytes, untimed int64 }

// partLocked makes a partition.
func (s *Search) partLocked(span Span) *searchPart {
	p := &searchPart{s: s, TopicPartition: span.TopicPartition, inBatch: -1, span: span, from: span.From, to: span.To}
	p.step, p.mark, p.earliest, p.ended = firstStep, noTime, math.MaxInt64, span.From >= span.To
	if s.req.Match != nil {
		p.match = s.req.Match(span.TopicPartition)
	}
	s.byTP[span.TopicPartition] = p
	return p
}

// errStop ends a Read that has brought what was wanted.
var errStop = errors.New("stopped")

// run searches until it is done or stopped.
func (s *Search) run(ctx context.Context) error {
	if s.stopped.Load() {
		return ctx.Err()
	}
	s.mu.Lock()
	follows := s.follows
	s.mu.Unlock()
	var err error
	switch {
	case follows: // what was there is read
	case s.req.Order == OldestFirst:
		err = s.read(ctx, s.unread(), false, streamSink{s})
	default:
		err = s.merge(ctx)
	}
	if err == nil && s.req.Follow && !s.stopped.Load() {
		err = s.read(ctx, s.onwards(), s.req.Grow, streamSink{s})
	}
	s.mu.Lock()
	failed := s.failed
	s.mu.Unlock()
	switch {
	case failed != nil:
		return failed
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}

// read is one Read; that it was stopped is no error.
func (s *Search) read(ctx context.Context, spans []Span, grow bool, sink Sink) error {
	s.mu.Lock()
	ids := maps.Clone(s.ids)
	s.mu.Unlock()
	err := s.log.Read(ctx, ReadRequest{Spans: spans, TopicIDs: ids, Isolation: s.req.Isolation, Workers: s.req.Workers, Grow: grow, deaf: s.req.deaf}, sink)
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// unread are the spans that are left.
func (s *Search) unread() []Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	spans := make([]Span, 0, len(s.parts))
	for _, p := range s.parts {
		if p.from < p.to {
			spans = append(spans, Span{p.TopicPartition, p.from, p.to})
		}
	}
	return spans
}

// onwards are spans without an end: from the ends of what was searched, whichever
// way it was read, and later from where the following is.
func (s *Search) onwards() []Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	spans := make([]Span, 0, len(s.parts))
	for _, p := range s.parts {
		if !s.follows {
			p.from = max(p.from, p.span.To)
			p.to = p.from
		}
		spans = append(spans, Span{p.TopicPartition, p.from, NoEnd})
	}
	s.follows = true
	return spans
}

// streamSink gives hits as they are found.
type streamSink struct{ s *Search }

func (k streamSink) Partition(tp TopicPartition) PartitionSink {
	p := k.s.part(tp)
	if m, ok := p.match.(Skimmer); ok {
		return skimmed{p, m}
	}
	return p
}

func (k streamSink) Event(e Event) { k.s.event(e) }

// part finds a partition; one that is new is searched from its beginning.
func (s *Search) part(tp TopicPartition) *searchPart {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.byTP[tp]
	if p == nil {
		p = s.partLocked(Span{TopicPartition: tp})
		s.parts = append(s.parts, p)
	}
	return p
}

// foundMost is how many bytes of hits are held before they are given.
const foundMost = 256 << 10

// Record takes a record, unless the Run is stopped.
func (p *searchPart) Record(v *batch.View) bool {
	if p.s.stopped.Load() {
		return false
	}
	if p.match == nil || p.match.Match(v) {
		if !p.s.take() {
			return false
		}
		if p.s.give == nil {
			p.counted++
		} else {
			p.found = append(p.found, Keep(p.TopicPartition, v))
			if p.foundBytes += len(v.Key) + len(v.Value) + recordOverhead; p.foundBytes >= foundMost {
				p.hand()
			}
		}
	}
	p.count(v)
	return true
}

// skimmed is a partition whose matcher need not see every record.
type skimmed struct {
	*searchPart
	skim Skimmer
}

// Skim asks the matcher.
func (p skimmed) Skim(_ *batch.Info, records []byte) int { return p.skim.Skim(records) }

// Skimmed counts records that hold no hit.
func (p *searchPart) Skimmed(h *batch.Info, n int) {
	p.seen.records += int64(n)
	if h.MaxTimestamp < 0 {
		p.seen.untimed += int64(n)
	}
	p.countBatch(h)
}

// recordOverhead is about what a held record takes beside its bytes.
const recordOverhead = 256

// take allows one more hit; the one that reaches the limit is the last.
func (s *Search) take() bool {
	if s.limit <= 0 {
		s.taken.Add(1)
		return true
	}
	n := s.taken.Add(1)
	if n >= s.limit {
		s.stopped.Store(true)
	}
	if n > s.limit {
		s.taken.Add(-1)
	}
	return n <= s.limit
}

// count counts a record, and its batch once.
func (p *searchPart) count(v *batch.View) {
	p.seen.records++
	if v.Timestamp < 0 {
		p.seen.untimed++
	}
	p.countBatch(v.Batch)
}

// countBatch counts a batch's bytes, once.
func (p *searchPart) countBatch(h *batch.Info) {
	if h.BaseOffset != p.inBatch {
		p.inBatch = h.BaseOffset
		p.seen.bytes += int64(h.Size)
	}
}

// hand gives what was found.
func (p *searchPart) hand() {
	s := p.s
	s.giving.Lock()
	defer s.giving.Unlock()
	s.deliver(p.found, p.counted)
	p.found, p.foundBytes, p.counted = nil, 0, 0
}

// deliver gives hits; s.giving is held. Those that give fails to take count as
// given: it has seen them.
func (s *Search) deliver(hits []Record, counted int64) {
	if len(hits) == 0 && counted == 0 {
		return
	}
	s.mu.Lock()
	s.hits += counted + int64(len(hits))
	failed := s.failed
	s.mu.Unlock()
	if s.give == nil || failed != nil {
		return
	}
	if err := s.give(hits); err != nil {
		s.stopped.Store(true)
		s.mu.Lock()
		s.failed = err
		s.mu.Unlock()
	}
}

// Skip notes what could not be read; markers, aborted records and gaps hold
// nothing that could be found.
func (p *searchPart) Skip(k batch.Skip) {
	if k.Batch != nil {
		p.countBatch(k.Batch)
	}
	switch k.Kind {
	case batch.SkipCorrupt:
		p.s.missing(p, Trouble{p.TopicPartition, k.First, k.Last, Corrupt, k.Err})
	case batch.SkipTooLarge:
		p.s.missing(p, Trouble{p.TopicPartition, k.First, k.Last, TooLarge, k.Err})
	}
}

// Flush gives what was found and notes how far the partition is read: a hit is
// given exactly when its offset is passed.
func (p *searchPart) Flush(state PartitionState) error {
	p.hand()
	s := p.s
	s.mu.Lock()
	p.from = state.Next
	if s.follows {
		p.to = max(p.to, p.from, state.HighWatermark)
		p.span.To = p.to
	}
	p.flushLocked(state)
	s.mu.Unlock()
	if s.stopped.Load() {
		return errStop
	}
	return nil
}

// flushLocked adds what the partition counted to the search's figures.
func (p *searchPart) flushLocked(state PartitionState) {
	if _, known := p.s.ids[p.Topic]; !known {
		p.s.ids[p.Topic] = state.TopicID
	}
	p.s.records += p.seen.records
	p.s.bytes += p.seen.bytes
	p.s.untimed += p.seen.untimed
	p.seen = counts{}
}

// troubleHeld is how many troubles, and how many events, are held.
const troubleHeld = 1000

// missing notes what could not be searched. A stretch that is met in two pieces,
// or twice, is one.
func (s *Search) missing(p *searchPart, t Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.trouble > 0 {
		last := &s.trouble[p.trouble-1]
		apart := int64(0)
		if t.Kind == Gone {
			apart = 1 // one next to the other is the same event
		}
		if last.Kind == t.Kind && t.First <= last.Last+apart && t.Last >= last.First-apart {
			s.missed -= last.Last - last.First + 1
			last.First, last.Last = min(last.First, t.First), max(last.Last, t.Last)
			s.missed += last.Last - last.First + 1
			return
		}
	}
	s.missed += t.Last - t.First + 1
	if len(s.trouble) < troubleHeld {
		s.trouble = append(s.trouble, t)
		p.trouble = len(s.trouble)
	}
}

// event notes what happened on the way.
func (s *Search) event(e Event) {
	if e.Kind == OffsetsGone {
		s.missing(s.part(e.TopicPartition), Trouble{e.TopicPartition, e.From, e.To - 1, Gone, nil})
		return
	}
	if s.req.Event != nil {
		s.req.Event(e)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Kind == TopicRecreated {
		s.ids[e.Topic] = e.TopicID
	}
	if len(s.events) < troubleHeld {
		s.events = append(s.events, e)
	}
}
