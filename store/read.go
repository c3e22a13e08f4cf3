package store

import (
	"bytes"

	"milena/kafka"
	"milena/kafka/batch"
)

// Looking at what is held.

// Row is a held row as a list draws it: key and value cut to a preview.
type Row struct {
	Seq       Seq
	Topic     string
	Partition int32
	Offset    int64
	Timestamp int64 // ms since the epoch; -1: none, when TimestampType is NoTimestamp

	Key, Value         []byte // at most the preview's bytes
	KeyNull, ValueNull bool
	KeyLen, ValueLen   int // whole; 0 for null
	Headers            int // how many

	TimestampType batch.TimestampType
	Transactional bool
	Late          bool  // records that are later stand before it
	Skip          *Note // not nil: the row is this note and no record
}

// At is a copy of a record, all its bytes its own. False: there is none under
// this number, because it was evicted, is not there yet, or the row is a note
// (Rows has it).
func (s *Store) At(seq Seq) (kafka.Record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seq < s.first || seq >= s.next {
		return kafka.Record{}, false
	}
	r, p := s.row(seq)
	if r.isNote() {
		return kafka.Record{}, false
	}
	var rec kafka.Record
	s.decode(&rec, row(bytes.Clone(r)), p)
	return rec, true
}

// decode sets rec to the record in r. Its bytes stay where they are; its
// slice of headers is used again.
func (s *Store) decode(rec *kafka.Record, r row, p *page) {
	tp := s.partitions[r.uint32(atPartition)]
	*rec = kafka.Record{
		Topic: tp.Topic, Partition: tp.Partition,
		Offset: r.int64(atOffset), Timestamp: r.int64(atTimestamp),
		Key: r.key(), Value: r.value(), Headers: r.appendHeaders(rec.Headers[:0]),
		Index: r.int32(atIndex), Batch: p.infos[r.uint32(atInfo)],
	}
}

// Rows appends up to n rows to dst, from the number from on, with at most
// preview bytes of each key and value, all copied into one buffer. Numbers
// below the first are passed over: rows that were evicted do not count for n.
func (s *Store) Rows(from Seq, n, preview int, dst []Row) []Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	from = max(from, s.first)
	end := s.next
	if int64(n) < end-from {
		end = from + int64(n)
	}
	size := 0
	for seq := from; seq < end; seq++ {
		r, _ := s.row(seq)
		if !r.isNote() {
			size += min(len(r.key()), preview) + min(len(r.value()), preview)
		}
	}
	buf := make([]byte, 0, size)
	cut := func(b []byte) []byte {
		if b == nil {
			return nil
		}
		at := len(buf)
		buf = append(buf, b[:min(len(b), preview)]...)
		return buf[at:len(buf):len(buf)]
	}
	for seq := from; seq < end; seq++ {
		r, p := s.row(seq)
		tp := s.partitions[r.uint32(atPartition)]
		out := Row{
			Seq: seq, Topic: tp.Topic, Partition: tp.Partition,
			Offset: r.int64(atOffset), Timestamp: r.int64(atTimestamp),
		}
		if r.isNote() {
			out.Skip = r.note(tp)
			out.KeyNull, out.ValueNull = true, true
		} else {
			key, value, info := r.key(), r.value(), &p.infos[r.uint32(atInfo)]
			out.Key, out.KeyLen, out.KeyNull = cut(key), len(key), key == nil
			out.Value, out.ValueLen, out.ValueNull = cut(value), len(value), value == nil
			out.Headers = int(r.uint32(atHeaders))
			out.TimestampType = info.Timestamps
			out.Transactional = info.Transactional
			out.Late = r[atNote] == rowLate
		}
		dst = append(dst, out)
	}
	return dst
}

// findStretch is how many rows Find looks at before others may have the store.
const findStretch = 256

// Find is the nearest record that matches, from the number from on, which
// counts: towards the newer ones, or with a negative step towards the older. It
// ends at the rows held; false: none matches. The record given to match is in
// place: it is valid only during that call, and match must not call the store.
func (s *Store) Find(match func(*kafka.Record) bool, from Seq, step int) (Seq, bool) {
	var rec kafka.Record
	seq, more := from, true
	for more {
		var found bool
		if seq, found, more = s.findSome(match, &rec, seq, step); found {
			return seq, true
		}
	}
	return 0, false
}

// findSome looks at a stretch; seq is what it found, or where to go on.
func (s *Store) findSome(match func(*kafka.Record) bool, rec *kafka.Record, from Seq, step int) (seq Seq, found, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq = from
	move := Seq(1)
	if step < 0 {
		move = -1
		seq = min(seq, s.next-1)
	} else {
		seq = max(seq, s.first)
	}
	for range findStretch {
		if seq < s.first || seq >= s.next {
			return seq, false, false
		}
		r, p := s.row(seq)
		if !r.isNote() {
			s.decode(rec, r, p)
			if match(rec) {
				return seq, true, true
			}
		}
		seq += move
	}
	return seq, false, true
}
