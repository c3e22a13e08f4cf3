package ui

import (
	"container/heap"
	"context"
	"math"
	"sync"
	"sync/atomic"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/store"
)

// A backlog of several partitions, merged by time. Partitions arrive in
// stretches, one far ahead of another; a person who goes to 14:05 wants them as
// they happened. Once a partition has reached the end that it had at first, its
// records come in the order of arrival, as in any tail.

// Bounds of a merge: what waits for a partition that is behind, and what goes
// to the store at a time. Above mergeBytes the order gives way, because holding
// a partition back could hold back the very one that is waited for.
const (
	mergeBytes  = 8 << 20
	mergeStep   = 256
	mergeStepOf = 256 << 10
)

// merger takes the records of partitions that are not live yet.
type merger struct {
	s       *session
	blocked atomic.Bool   // the store is full, and what it holds is looked at
	room    chan struct{} // a token when that may have changed

	mu    sync.Mutex // held while the store is waited for: then everybody waits
	parts map[kafka.TopicPartition]*backlog
	heads headHeap
	bytes int
}

// backlog is one partition's records that wait, and how far it has come.
type backlog struct {
	queue   []kafka.Record
	end     int64 // as it was at first
	reached int64 // timestamp of the last record that was seen
	ended   bool
}

func newMerger(s *session, ends map[kafka.TopicPartition]kafka.Offset) *merger {
	m := &merger{s: s, parts: make(map[kafka.TopicPartition]*backlog), room: make(chan struct{}, 1)}
	for tp, end := range ends {
		m.parts[tp] = &backlog{end: end.Offset, reached: math.MinInt64}
	}
	return m
}

// holds says whether a partition's records still go through the merge.
func (m *merger) holds(tp kafka.TopicPartition) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.parts[tp]
	return b != nil && (!b.ended || len(b.queue) > 0)
}

func (m *merger) wake() {
	select {
	case m.room <- struct{}{}:
	default:
	}
}

// record takes a record; one that does not match only tells how far its
// partition is.
func (m *merger) record(p *partition, v *batch.View, match bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.parts[p.tp]
	b.reached = v.Timestamp
	if !match {
		return
	}
	rec := kafka.Keep(p.tp, v)
	b.queue = append(b.queue, rec)
	m.bytes += recordSize(&rec)
	if len(b.queue) == 1 {
		heap.Push(&m.heads, b)
	}
	if m.bytes > mergeBytes {
		// An error is ctx's end: what waits stays, and goes on after a pause.
		_ = m.release(p.ctx, mergeBytes/2)
	}
}

// flush gives the store what nothing earlier can come before any more.
func (m *merger) flush(p *partition, next int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.parts[p.tp]
	if next >= b.end {
		b.ended = true
	}
	return m.release(p.ctx, math.MaxInt)
}

// release moves what is in order to the store, and more while more than limit
// bytes wait.
func (m *merger) release(ctx context.Context, limit int) error {
	for {
		var out []kafka.Record
		size := 0
		for len(m.heads) > 0 && len(out) < mergeStep && size < mergeStepOf {
			b := m.heads[0]
			if b.queue[0].Timestamp > m.safe() && m.bytes-size <= limit {
				break
			}
			out = append(out, b.queue[0])
			size += recordSize(&b.queue[0])
			if b.queue = b.queue[1:]; len(b.queue) == 0 {
				b.queue = nil
				heap.Pop(&m.heads)
			} else {
				heap.Fix(&m.heads, 0)
			}
		}
		if len(out) == 0 {
			return nil
		}
		err := m.waitForRoom(ctx, len(out), size)
		if err != nil {
			m.giveBack(out)
			return err
		}
		m.bytes -= size
		m.s.store.Append(out)
	}
}

// safe is the timestamp up to which nothing can come any more from partitions
// of which nothing waits.
func (m *merger) safe() int64 {
	at := int64(math.MaxInt64)
	for _, b := range m.parts {
		if !b.ended && len(b.queue) == 0 {
			at = min(at, b.reached)
		}
	}
	return at
}

// giveBack undoes the taking of records.
func (m *merger) giveBack(out []kafka.Record) {
	for i := len(out) - 1; i >= 0; i-- {
		b := m.parts[kafka.TopicPartition{Topic: out[i].Topic, Partition: out[i].Partition}]
		b.queue = append([]kafka.Record{out[i]}, b.queue...)
	}
	m.heads = m.heads[:0]
	for _, b := range m.parts {
		if len(b.queue) > 0 {
			m.heads = append(m.heads, b)
		}
	}
	heap.Init(&m.heads)
}

// waitForRoom waits while the store is full and its oldest row is looked at.
func (m *merger) waitForRoom(ctx context.Context, rows, size int) error {
	defer m.blocked.Store(false)
	for {
		stats := m.s.store.Stats()
		first, _ := m.s.store.Bounds()
		fits := stats.Bytes+int64(size) <= store.DefaultMaxBytes && stats.Held+rows <= store.DefaultMaxRows
		if fits || first < m.s.protected() {
			return nil
		}
		m.blocked.Store(true)
		m.s.signal()
		select {
		case <-m.room:
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

// headHeap has the partition first whose next record is the earliest.
type headHeap []*backlog

func (h headHeap) Len() int { return len(h) }
func (h headHeap) Less(i, j int) bool {
	a, b := &h[i].queue[0], &h[j].queue[0]
	if a.Timestamp != b.Timestamp {
		return a.Timestamp < b.Timestamp
	}
	if a.Partition != b.Partition {
		return a.Partition < b.Partition
	}
	return a.Offset < b.Offset
}
func (h headHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *headHeap) Push(x any)   { *h = append(*h, x.(*backlog)) }
func (h *headHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
