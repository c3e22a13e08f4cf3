// Package store holds the records that are looked at: the newest ones of what
// was read, bounded in bytes and in rows, each under a sequence number.
//
// Readers collect records in a Writer each, without a lock, and publish them
// together; a screen asks for the few rows that it shows. Records are kept
// encoded in pages without pointers, which are used again when their rows have
// gone: holding a million records costs the garbage collector nothing.
//
//	store.go   Store: its bounds, its statistics, and what is protected
//	writer.go  Writer: collecting and publishing; records and notes that arrive
//	read.go    looking at what is held
//	note.go    rows that are no records
//	page.go    rows as bytes, and the pages that hold them
package store

import (
	"errors"
	"math"
	"slices"
	"sort"
	"sync"

	"milena/kafka"
	"milena/kafka/batch"
)

// The bounds that New takes for zero.
const (
	DefaultMaxBytes = 64 << 20
	DefaultMaxRows  = 1_000_000
)

// ErrClosed is what Publish returns once the store is closed.
var ErrClosed = errors.New("the record store is closed")

// Seq numbers a held row. It rises by one from old to new and starts at 0;
// prepended rows get lower numbers than the first, so it may be negative. A
// number whose row was evicted is given again when older rows are prepended.
type Seq = int64

// Store is a deque of rows: records, and notes between them. Every method may
// be called from any goroutine.
type Store struct {
	maxBytes int64
	maxRows  int
	pageSize int
	changed  chan struct{}

	mu      sync.Mutex
	pages   []*page // old to new, none empty; the last may have room left
	free    *page   // one of the usual size, to be used next
	first   Seq
	next    Seq
	bytes   int64
	protect Seq
	closed  bool
	room    chan struct{} // closed when waiting writers should look again; nil: nobody waits
	waiting int

	appended, evicted int64
	notes             int // rows held that are no records

	partitions []kafka.TopicPartition // rows name their partition by its place here
	numbers    map[kafka.TopicPartition]int32
}

// New is an empty store for at most maxBytes (0: DefaultMaxBytes) and maxRows
// (0: DefaultMaxRows). Bytes are counted as they are held, with what is kept
// beside the records' own bytes. A record that is larger than maxBytes by
// itself is held all the same, alone.
func New(maxBytes int64, maxRows int) *Store {
	if maxBytes <= 0 {
		maxBytes = DefaultMaxBytes
	}
	if maxRows <= 0 {
		maxRows = DefaultMaxRows
	}
	return &Store{
		maxBytes: maxBytes,
		maxRows:  maxRows,
		pageSize: int(min(1<<20, max(maxBytes/16, 4<<10))),
		changed:  make(chan struct{}, 1),
		protect:  math.MaxInt64,
		numbers:  make(map[kafka.TopicPartition]int32),
	}
}

// Bounds says which rows are held: first <= seq < next.
func (s *Store) Bounds() (first, next Seq) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first, s.next
}

// Stats is what a store holds and what passed through it.
type Stats struct {
	Held     int   // rows held now, notes included
	Notes    int   // of these, rows that are no records
	Bytes    int64 // bytes that they take
	Appended int64 // rows that ever came in, prepended ones and notes included
	Evicted  int64 // rows that had to leave to make room
	Waiting  bool  // a Publish is blocked: the store is full and its oldest row is protected
}

// Stats are the figures as of now.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{
		Held:     int(s.next - s.first),
		Notes:    s.notes,
		Bytes:    s.bytes,
		Appended: s.appended,
		Evicted:  s.evicted,
		Waiting:  s.waiting > 0,
	}
}

// Changed gives a value when there is news since the last receive: rows came
// in, at either end, or a Publish is blocked. Any number of changes are one
// value; what changed is asked of Bounds and Stats. It is never closed.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// Protect keeps the rows from seq on: they are not evicted, because a person
// looks at them, and Publish waits instead. math.MaxInt64, as at the start,
// protects none.
func (s *Store) Protect(seq Seq) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.protect = seq
	s.wake()
}

// Close releases the writers that wait: they get ErrClosed, and nothing comes
// in any more. What is held can still be looked at.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.wake()
	s.signal()
}

func (s *Store) wake() {
	if s.room != nil {
		close(s.room)
		s.room = nil
	}
}

func (s *Store) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// number is the partition's place in s.partitions.
func (s *Store) number(tp kafka.TopicPartition) int32 {
	n, ok := s.numbers[tp]
	if !ok {
		n = int32(len(s.partitions))
		s.partitions = append(s.partitions, tp)
		s.numbers[tp] = n
	}
	return n
}

// makeRoom evicts old rows until size bytes and one row more fit. False: they
// do not, and the oldest row is protected.
func (s *Store) makeRoom(size int) bool {
	for s.next > s.first {
		if s.next-s.first < int64(s.maxRows) && s.bytes+int64(size) <= s.maxBytes {
			return true
		}
		if s.first >= s.protect {
			return false
		}
		s.evict()
	}
	return true
}

// evict lets the oldest row go.
func (s *Store) evict() {
	p := s.pages[0]
	if p.row(0).isNote() {
		s.notes--
	}
	s.bytes -= int64(p.shift())
	s.first++
	s.evicted++
	if p.rows() == 0 {
		s.bytes -= int64(p.infoBytes())
		s.pages[0] = nil
		s.pages = s.pages[1:]
		s.recycle(p)
	}
}

func (s *Store) recycle(p *page) {
	if s.free == nil && len(p.data) == s.pageSize {
		p.reset()
		s.free = p
	}
}

// push appends a row; room was made for it.
func (s *Store) push(r row, info *batch.Info) {
	var p *page
	if n := len(s.pages); n > 0 {
		p = s.pages[n-1]
	}
	if p == nil || !p.fits(len(r)) {
		p = s.newPage(len(r))
	}
	s.bytes += int64(p.add(r, info))
	if r.isNote() {
		s.notes++
	}
	s.next++
	s.appended++
}

// newPage puts an empty page at the end, for a row of size bytes to begin with.
// A row that is large among pages gets one of its own, so that what is left
// unused at a page's end stays small.
func (s *Store) newPage(size int) *page {
	if n := len(s.pages); n > 0 {
		if last := s.pages[n-1]; last.unused() > s.pageSize/ownPageShare {
			s.pages[n-1] = last.fitted()
			s.recycle(last)
		}
	}
	p := s.free
	switch {
	case size+slotSize > s.pageSize/ownPageShare:
		p = newPage(size + slotSize)
	case p != nil:
		s.free = nil
	default:
		p = newPage(s.pageSize)
	}
	p.first = s.next
	s.pages = append(s.pages, p)
	return p
}

// row finds a held row.
func (s *Store) row(seq Seq) (row, *page) {
	i := sort.Search(len(s.pages), func(i int) bool { return s.pages[i].first > seq }) - 1
	p := s.pages[i]
	return p.row(int(seq - p.first)), p
}

// prepend puts pages that hold n rows before the first.
func (s *Store) prepend(pages []*page, n int) {
	seq := s.first - int64(n)
	s.first = seq
	for _, p := range pages {
		p.first = seq
		seq += int64(p.rows())
		s.bytes += int64(p.bytes())
	}
	s.appended += int64(n)
	s.pages = slices.Insert(s.pages, 0, pages...)
}
