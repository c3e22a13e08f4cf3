package store

import (
	"context"

	"milena/kafka"
	"milena/kafka/batch"
)

// Collecting and publishing: how records and notes come in.

// publishStretch is how many rows come in before somebody else may have the
// store: a screen must not wait for a whole fetch to be copied.
const publishStretch = 1024

// keepBuffer is the largest buffer that a writer keeps for its next records.
const keepBuffer = 2 << 20

// Writer collects one partition's records, or several's in one order (Of), outside
// of the store's lock and publishes them together. It is for one goroutine. What it has collected is
// beside the store's bounds: publish when Bytes reaches a MiB or so, and at the
// end of each stretch that was read.
type Writer struct {
	store     *Store
	tp        kafka.TopicPartition
	partition int32
	rows      run
	count     int // rows not yet published
	at        int // where the first of them is
}

// Writer makes a writer for a partition.
func (s *Store) Writer(tp kafka.TopicPartition) *Writer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Writer{store: s, tp: tp, partition: s.number(tp)}
}

// Of makes what is added from now on another partition's.
func (w *Writer) Of(tp kafka.TopicPartition) {
	if tp == w.tp {
		return
	}
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.tp, w.partition = tp, w.store.number(tp)
}

// Add copies a record.
func (w *Writer) Add(v *batch.View) {
	w.rows.addView(w.partition, v)
	w.count++
}

// AddLate copies a record that came after later ones; Row.Late says so.
func (w *Writer) AddLate(v *batch.View) {
	at := len(w.rows.data)
	w.Add(v)
	w.rows.data[at+atNote] = rowLate
}

// Note takes a note, in its place between the records; it is of the writer's
// partition whatever its own says.
func (w *Writer) Note(n Note) {
	w.rows.addNote(w.partition, &n)
	w.count++
}

// Len is how many rows were collected and not yet published.
func (w *Writer) Len() int { return w.count }

// Bytes is how many bytes they take.
func (w *Writer) Bytes() int { return len(w.rows.data) - w.at }

// Publish appends what was collected, in order. While the store is full and
// its oldest row is protected it waits: for room, for Close (ErrClosed), or for
// ctx to end (its error; ctx counts only while it waits). After an error the
// rows that were not appended are still collected, and a later Publish appends
// them.
func (w *Writer) Publish(ctx context.Context) error {
	if w.count == 0 {
		return nil
	}
	s := w.store
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.signal()
	for done := 0; w.count > 0; {
		if s.closed {
			return ErrClosed
		}
		r, info := w.rows.rowAt(w.at)
		if !s.makeRoom(len(r) + slotSize + infoSize) {
			if err := s.wait(ctx); err != nil {
				return err
			}
			continue
		}
		s.push(r, info)
		w.at += len(r)
		w.count--
		if done++; done%publishStretch == 0 {
			s.mu.Unlock()
			s.mu.Lock()
		}
	}
	w.at = 0
	w.rows.reset()
	if cap(w.rows.data) > keepBuffer {
		w.rows.data = nil
	}
	return nil
}

// wait gives the lock up until there may be room, or ctx ends.
func (s *Store) wait(ctx context.Context) error {
	if s.room == nil {
		s.room = make(chan struct{})
	}
	room := s.room
	s.waiting++
	s.signal()
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.waiting--
	}()
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Append takes records in, such as the history that a tail begins with. It
// never waits: where protected rows leave no room, the store grows beyond its
// bounds.
func (s *Store) Append(recs []kafka.Record) {
	if len(recs) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.signal()
	var rows run
	for i := range recs {
		if s.closed {
			return
		}
		rows.reset()
		rows.addRecord(s.numberOf(&recs[i]), &recs[i])
		s.take(&rows)
	}
}

// Note takes in a row that is no record, where it stands in the order of
// arrival. It never waits, as Append. A note that must keep its place between
// a partition's records goes through that partition's Writer.
func (s *Store) Note(n Note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	var rows run
	rows.addNote(s.number(n.TopicPartition), &n)
	s.take(&rows)
	s.signal()
}

// take appends a run's first row, with room or without.
func (s *Store) take(rows *run) {
	r, info := rows.rowAt(0)
	s.makeRoom(len(r) + slotSize + infoSize)
	s.push(r, info)
}

// Prepend puts older records, oldest first, before the row with the number before,
// which is the first. False: it is not any more, they do not fit, or the store is
// closed, and nothing was done.
func (s *Store) Prepend(recs []kafka.Record, before Seq) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || before != s.first {
		return false
	}
	if len(recs) == 0 {
		return true
	}
	var rows run
	for i := range recs {
		rows.addRecord(s.numberOf(&recs[i]), &recs[i])
	}
	pages, n := rows.pages(s.pageSize)
	size := s.bytes
	for _, p := range pages {
		size += int64(p.bytes())
	}
	if size > s.maxBytes || s.next-s.first+int64(n) > int64(s.maxRows) {
		return false
	}
	s.prepend(pages, n)
	s.signal()
	return true
}

func (s *Store) numberOf(rec *kafka.Record) int32 {
	return s.number(kafka.TopicPartition{Topic: rec.Topic, Partition: rec.Partition})
}
