package ui

import (
	"context"
	"math"
	"sync/atomic"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/store"
)

// A backlog of several partitions, merged by time. Partitions come in
// stretches, one far ahead of another; a person who goes to 14:05 wants them as
// they happened. So a session that begins in the past reads every partition a
// piece at a time up to the end that it had at first, gives the store what
// nothing earlier can come before, and only then goes on in order of arrival.

// Sizes of a backlog's pieces.
const (
	backlogRecords = 50_000 // wanted in memory, over all partitions
	backlogLeast   = 200    // offsets of one partition at a time, however many there are
	backlogMost    = 10_000
	backlogStep    = 256 // records that go to the store at a time
	backlogBytes   = 256 << 10
)

// backlog is what is left to be read before a session follows.
type backlog struct {
	s       *session
	parts   []*backlogPart
	piece   int64
	blocked atomic.Bool   // the store is full, and what it holds is looked at
	room    chan struct{} // a token when that may have changed
}

// backlogPart is one partition of it.
type backlogPart struct {
	tp        kafka.TopicPartition
	p         *partition
	queue     []backlogRow // read, and not in the store
	next, end int64
	seen      int64
	kept      int64
}

// backlogRow is a record, or a note that stands between two.
type backlogRow struct {
	kafka.Record             // of a note, where and when it is
	note         *store.Note // nil: a record
}

func newBacklog(s *session, spans []kafka.Span, ends map[kafka.TopicPartition]kafka.Offset) *backlog {
	b := &backlog{
		s: s, room: make(chan struct{}, 1),
		piece: int64(max(backlogLeast, min(backlogMost, backlogRecords/max(1, len(spans))))),
	}
	for _, span := range spans {
		b.parts = append(b.parts, &backlogPart{
			tp: span.TopicPartition, p: s.parts[span.TopicPartition], next: span.From, end: ends[span.TopicPartition].Offset,
		})
	}
	return b
}

func (b *backlog) wake() {
	select {
	case b.room <- struct{}{}:
	default:
	}
}

// read reads until every partition has come to its end. After ctx's end it can
// be called again, and goes on.
func (b *backlog) read(ctx context.Context) error {
	for {
		if err := b.release(ctx); err != nil {
			return err
		}
		var spans []kafka.Span
		for _, q := range b.parts {
			if q.next < q.end && int64(len(q.queue)) < b.piece/2 {
				spans = append(spans, kafka.Span{TopicPartition: q.tp, From: q.next, To: min(q.next+b.piece, q.end)})
			}
		}
		if len(spans) == 0 {
			return nil
		}
		err := b.s.source.Read(ctx, spans, nil, backlogSink{b, sessionSink{b.s, ctx}})
		b.count()
		if err != nil {
			return err
		}
		for _, span := range spans {
			q := b.part(span.TopicPartition)
			q.next = max(q.next, span.To)
		}
	}
}

func (b *backlog) part(tp kafka.TopicPartition) *backlogPart {
	for _, q := range b.parts {
		if q.tp == tp {
			return q
		}
	}
	return nil
}

// count tells the session what was looked at.
func (b *backlog) count() {
	s := b.s
	s.mu.Lock()
	for _, q := range b.parts {
		s.seen += q.seen
		s.matched += q.kept
		q.seen, q.kept = 0, 0
	}
	s.mu.Unlock()
	s.signal()
}

// release moves what is in order to the store: the earliest of the first ones
// that wait, as long as every partition that has not ended has one.
func (b *backlog) release(ctx context.Context) error {
	for {
		var out []backlogRow
		size := 0
		for len(out) < backlogStep && size < backlogBytes {
			q := b.earliest()
			if q == nil {
				break
			}
			out = append(out, q.queue[0])
			size += recordSize(&q.queue[0].Record)
			q.queue = q.queue[1:]
		}
		if len(out) == 0 {
			return nil
		}
		if err := b.waitForRoom(ctx, len(out), size); err != nil {
			for i := len(out) - 1; i >= 0; i-- {
				q := b.part(kafka.TopicPartition{Topic: out[i].Topic, Partition: out[i].Partition})
				q.queue = append([]backlogRow{out[i]}, q.queue...)
			}
			return err
		}
		b.s.put(out)
	}
}

// put gives rows to the store, in order.
func (s *session) put(rows []backlogRow) {
	var records []kafka.Record
	for i := range rows {
		if rows[i].note == nil {
			records = append(records, rows[i].Record)
			continue
		}
		s.store.Append(records)
		records = records[:0]
		s.store.Note(*rows[i].note)
	}
	s.store.Append(records)
}

// earliest is the partition whose record comes next; nil: that is not known yet,
// or nothing waits.
func (b *backlog) earliest() *backlogPart {
	var first *backlogPart
	for _, q := range b.parts {
		if len(q.queue) == 0 {
			if q.next < q.end {
				return nil
			}
			continue
		}
		if first == nil || q.queue[0].Timestamp < first.queue[0].Timestamp {
			first = q
		}
	}
	return first
}

// waitForRoom waits while the store is full and its oldest row is looked at. A
// store that is empty takes them, however small it is.
func (b *backlog) waitForRoom(ctx context.Context, rows, size int) error {
	defer b.blocked.Store(false)
	for {
		stats := b.s.store.Stats()
		first, _ := b.s.store.Bounds()
		fits := stats.Held == 0 || stats.Bytes+int64(size) <= b.s.start.maxBytes && stats.Held+rows <= b.s.start.maxRows
		if fits || first < b.s.protected() {
			return ctx.Err()
		}
		b.blocked.Store(true)
		b.s.signal()
		select {
		case <-b.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func recordSize(r *kafka.Record) int {
	n := len(r.Key) + len(r.Value) + 160
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}

// backlogSink takes one piece.
type backlogSink struct {
	b      *backlog
	events sessionSink
}

func (k backlogSink) Partition(tp kafka.TopicPartition) kafka.PartitionSink { return k.b.part(tp) }
func (k backlogSink) Event(e kafka.Event)                                   { k.events.Event(e) }

// Record takes a record that the filter matches.
func (q *backlogPart) Record(v *batch.View) bool {
	q.seen++
	q.next, q.p.at = v.Offset+1, v.Timestamp
	if q.p.match == nil || q.p.match.Match(v) {
		q.kept++
		q.queue = append(q.queue, backlogRow{Record: kafka.Keep(q.tp, v)})
	}
	return true
}

// Skip notes what could not be read.
func (q *backlogPart) Skip(k batch.Skip) {
	q.next = k.Last + 1
	q.p.s.txns.skipped(q.tp, k)
	q.p.noteSkip(k, func(n store.Note) {
		at := n.Time
		if !silent(n.Kind) {
			at = q.p.at // in its place, though it is met now
		}
		q.queue = append(q.queue, backlogRow{
			Record: kafka.Record{Topic: q.tp.Topic, Partition: q.tp.Partition, Timestamp: at}, note: &n,
		})
	})
}

// Flush tells the session how far the partition is.
func (q *backlogPart) Flush(state kafka.PartitionState) error {
	q.next = min(state.Next, math.MaxInt64)
	s := q.p.s
	s.mu.Lock()
	q.p.next, q.p.state, q.p.known = state.Next, state, true
	q.p.liveFrom.Store(state.HighWatermark)
	s.mu.Unlock()
	return nil
}
