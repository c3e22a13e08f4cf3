package kafka

// A search whose hits come by time: the partitions are read a window at a time,
// forwards or backwards, and merged.
//
// Timestamps within a partition may go backwards, while its records keep their
// order. So a record's place among other partitions is the latest timestamp up
// to it; when reading back, the earliest from it on. That never turns around
// within a partition, and records that are no hits move it, too: a hit is given
// as soon as every other partition is read to its time, even where nothing is
// found. Of a batch that is passed over unread, because what is looked for is
// nowhere in its bytes, the header tells the time: exactly the latest one, and as
// the earliest the first.

import (
	"context"
	"math"
	"slices"

	"milena/kafka/batch"
)

// How a merging search paces itself.
const (
	firstStep   = 128      // offsets of a partition in its first window
	windowMost  = 1 << 20  // offsets of all partitions in one
	windowBytes = 64 << 20 // of the log in one, about
	heldMost    = 24 << 20 // bytes of hits that wait for their turn
	givenMost   = 256      // hits that are given at a time
)

// noTime is a mark below every timestamp.
const noTime = math.MinInt64

// merging is what a partition of such a search has in addition.
type merging struct {
	mergeQueue
	held int64 // bytes of its items
	step int64 // offsets in the next window

	// Of the window that is read.
	added int64 // hits
	size  int64 // of those, in bytes

	// Of a window that is read backwards. Its items' keys are the earliest
	// timestamp behind that hit, up to the next.
	window []mergeItem // hits in offset order
	most   int64       // as many are wanted
	head   int64       // the earliest timestamp before the first of them
	floor  int64       // what is below it is not read: its hits were let go

	earliest int64 // timestamp from here on, when reading back
}

// merge reads and gives until everything is, or the Run is stopped.
func (s *Search) merge(ctx context.Context) error {
	backwards := s.req.Order == NewestFirst
	for {
		s.release()
		if s.stopped.Load() {
			return nil
		}
		spans := s.windows(backwards)
		if len(spans) == 0 {
			return nil
		}
		err := s.read(ctx, spans, false, mergeSink{s, backwards})
		for _, span := range spans {
			p := s.byTP[span.TopicPartition]
			if backwards {
				p.turn(err == nil && !s.stopped.Load())
				p.pace(span.To - p.to)
			} else {
				p.pace(p.from - span.From)
			}
		}
		if err != nil {
			return err
		}
	}
}

// release gives the hits whose turn it is.
func (s *Search) release() {
	queues := make([]*mergeQueue, len(s.parts))
	for i, p := range s.parts {
		p.rank = i
		queues[i] = &p.mergeQueue
	}
	m := newMerge(queues)
	for {
		var hits []Record
		var size int64
		for len(hits) < givenMost && size < foundMost && !s.stopped.Load() {
			r, ok := m.next()
			if !ok {
				break
			}
			if n := s.taken.Add(1); s.limit > 0 && n >= s.limit {
				s.stopped.Store(true)
			}
			size += recordSize(&r)
			s.byTP[TopicPartition{r.Topic, r.Partition}].held -= recordSize(&r)
			hits = append(hits, r)
		}
		if len(hits) == 0 {
			return
		}
		s.held -= size
		s.mu.Lock()
		s.waiting -= int64(len(hits))
		s.mu.Unlock()
		s.giving.Lock()
		if s.give == nil {
			s.deliver(nil, int64(len(hits)))
		} else {
			s.deliver(hits, 0)
		}
		s.giving.Unlock()
	}
}

// recordSize is about what a held record takes, in bytes.
func recordSize(r *Record) int64 {
	n := recordOverhead + len(r.Key) + len(r.Value)
	for i := range r.Headers {
		n += len(r.Headers[i].Key) + len(r.Headers[i].Value)
	}
	return int64(n)
}

// windows says what to read next. When much is held already, those partitions
// alone that the others wait for.
func (s *Search) windows(backwards bool) []Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.share = heldMost / 2 / int64(max(1, len(s.parts)))
	var spans []Span
	for _, p := range s.parts {
		if p.from >= p.to || len(p.items) > 0 && (s.held > heldMost/2 || p.held > s.share) {
			continue
		}
		span := Span{p.TopicPartition, p.from, min(p.to, p.from+p.step)}
		if backwards {
			span.From, span.To = max(p.from, p.to-p.step), p.to
		}
		p.window, p.head, p.floor, p.most = nil, math.MaxInt64, span.From, math.MaxInt64
		if s.limit > 0 {
			p.most = s.limit - s.taken.Load()
		}
		spans = append(spans, span)
	}
	if len(spans) > 0 {
		s.share = heldMost / 2 / int64(len(spans))
	}
	return spans
}

// pace chooses the next window's size by what came of so many offsets: larger
// while little is found, as large as fits when much is.
func (p *searchPart) pace(offsets int64) {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	p.ended = p.from >= p.to
	step := p.step * 4
	if p.size > 0 {
		step = min(step, max(1, offsets)*s.share*3/4/p.size)
	}
	if s.records > 0 && s.bytes > 0 {
		step = min(step, windowBytes/int64(len(s.parts))*s.records/s.bytes)
	}
	p.step = max(1, min(step, windowMost/int64(len(s.parts))))
	s.waiting += p.added
	s.held += p.size
	p.held += p.size
	p.added, p.size = 0, 0
}

// turn puts the hits of a window that was read into the queue, newest first; one
// that was not read whole is read again.
func (p *searchPart) turn(whole bool) {
	window := p.window
	p.window = nil
	if !whole {
		p.added, p.size = 0, 0
		return
	}
	for i := len(window) - 1; i >= 0; i-- {
		p.earliest = min(p.earliest, window[i].key)
		if at := window[i].Timestamp; at >= 0 {
			p.earliest = min(p.earliest, at)
		}
		window[i].key = -p.earliest
		p.items = append(p.items, window[i])
	}
	p.earliest = min(p.earliest, p.head)
	p.mark = -p.earliest
	p.s.mu.Lock()
	p.to = max(p.floor, p.from)
	p.s.mu.Unlock()
}

// mergeSink takes a window of each partition.
type mergeSink struct {
	s         *Search
	backwards bool
}

func (k mergeSink) Partition(tp TopicPartition) PartitionSink {
	p := k.s.part(tp)
	var window window = forwards{p}
	if k.backwards {
		window = backwards{p}
	}
	if m, ok := p.match.(Skimmer); ok {
		return &skimmedWindow{window, m, -1}
	}
	return window
}

// window takes what is read of a partition at a time.
type window interface {
	PartitionSink
	// Skimmed tells of records that are not read: of whole batches alone.
	Skimmed(h *batch.Info, n int)
}

// skimmedWindow is a window whose matcher need not see every record. In a batch
// that may hold a hit, it sees all: the time of each counts.
type skimmedWindow struct {
	window
	skim Skimmer
	base int64 // base offset of the batch that is read
}

// Skim asks the matcher once a batch.
func (w *skimmedWindow) Skim(h *batch.Info, records []byte) int {
	if h.BaseOffset != w.base {
		if w.skim.Skim(records) < 0 {
			return -1
		}
		w.base = h.BaseOffset
	}
	return 0
}

func (k mergeSink) Event(e Event) { k.s.event(e) }

// forwards takes a window that is read forwards.
type forwards struct{ *searchPart }

// Record queues a hit, as long as there is room.
func (p forwards) Record(v *batch.View) bool {
	if p.s.stopped.Load() {
		return false
	}
	at := max(p.mark, v.Timestamp)
	if p.match == nil || p.match.Match(v) {
		if p.size > p.s.share {
			return false
		}
		r := Keep(p.TopicPartition, v)
		p.items = append(p.items, mergeItem{r, at})
		p.added++
		p.size += recordSize(&r)
	}
	p.mark = at
	p.count(v)
	return true
}

// Skimmed notes a batch that holds no hit.
func (p forwards) Skimmed(h *batch.Info, n int) {
	p.mark = max(p.mark, h.MaxTimestamp)
	p.searchPart.Skimmed(h, n)
}

// Flush notes how far the partition is read.
func (p forwards) Flush(state PartitionState) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.from = state.Next
	p.flushLocked(state)
	if p.s.stopped.Load() {
		return errStop
	}
	return nil
}

// backwards takes a window that is read forwards, as all are, to be turned
// around.
type backwards struct{ *searchPart }

// Record holds a hit; when there are too many, the older ones are let go, and
// are read again later.
func (p backwards) Record(v *batch.View) bool {
	if p.s.stopped.Load() {
		return false
	}
	p.count(v)
	switch {
	case p.match == nil || p.match.Match(v):
		r := Keep(p.TopicPartition, v)
		p.window = append(p.window, mergeItem{r, math.MaxInt64})
		p.added++
		p.size += recordSize(&r)
		if p.added > 1 && (p.size > p.s.share || p.added/2 >= p.most) {
			p.letGo()
		}
	default:
		p.passed(v.Timestamp)
	}
	return true
}

// Skimmed notes a batch that holds no hit.
func (p backwards) Skimmed(h *batch.Info, n int) {
	if h.Timestamps == batch.LogAppendTime {
		p.passed(h.MaxTimestamp)
	} else {
		p.passed(h.FirstTimestamp)
	}
	p.searchPart.Skimmed(h, n)
}

// passed notes the timestamp of what is no hit.
func (p backwards) passed(timestamp int64) {
	switch {
	case timestamp < 0:
	case len(p.window) > 0:
		last := &p.window[len(p.window)-1]
		last.key = min(last.key, timestamp)
	default:
		p.head = min(p.head, timestamp)
	}
}

// letGo drops the older half of the window's hits.
func (p backwards) letGo() {
	drop := len(p.window) / 2
	for i := range p.window[:drop] {
		p.size -= recordSize(&p.window[i].Record)
	}
	last := p.window[drop-1]
	p.head, p.floor = last.key, last.Offset+1
	p.window = slices.Delete(p.window, 0, drop)
	p.added = int64(len(p.window))
}

// Flush counts. What lies below the start of the log is gone.
func (p backwards) Flush(state PartitionState) error {
	s := p.s
	s.mu.Lock()
	p.flushLocked(state)
	from := p.from
	if p.from < state.LogStart {
		p.from = min(state.LogStart, p.to)
	}
	to := p.from
	s.mu.Unlock()
	if from < to {
		s.missing(p.searchPart, Trouble{p.TopicPartition, from, to - 1, Gone, nil})
	}
	if s.stopped.Load() {
		return errStop
	}
	return nil
}

// leftLocked is what is not searched, as Left says it.
func (p *searchPart) leftLocked() (from, to int64) {
	from, to = p.from, p.to
	if len(p.items) > 0 {
		if p.s.req.Order == NewestFirst {
			to = p.items[0].Offset + 1
		} else {
			from = p.items[0].Offset
		}
	}
	return from, to
}
