package ui

import (
	"context"
	"maps"
	"math"
	"slices"
	"sort"
	"sync"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/store"
)

// How transactions ended. A record says that it belongs to one; whether that was
// committed stands behind it in the log, in a marker of the same producer
// (KIP-98). Under read_uncommitted the tail shows records of both kinds, so it
// keeps the markers that it passes and marks each record by what it knows.

// outcome is what is known of a record's transaction.
type outcome int8

const (
	txnNone    outcome = iota // the record is of none
	txnUnknown                // it ended, but how was not seen
	txnOpen
	txnCommitted
	txnAborted
)

// String completes "transactional, …".
func (o outcome) String() string {
	return [...]string{"", "its end was not read", "open", "committed", "aborted"}[o]
}

// mark is the outcome's sign and style.
func (o outcome) mark(st *Styles) (sgr, sign string) {
	switch o {
	case txnUnknown:
		return st.dim, "?"
	case txnOpen:
		return st.warn, st.g.hollow
	case txnCommitted:
		return st.ok, st.g.check
	case txnAborted:
		return st.bad, st.g.cross
	}
	return "", " "
}

// Bounds of what is kept of transactions.
const (
	markersKept = 200_000 // of one session
	markersRead = 200_000 // offsets that are read again for the markers of history
)

// transactions are the markers that a session has seen.
type transactions struct {
	mu    sync.Mutex
	parts map[kafka.TopicPartition]*txnPart
	n     int
	most  int
}

// txnPart is one partition's.
type txnPart struct {
	from int64              // all markers from here on are known, as far as was read
	ends map[int64][]txnEnd // by producer id, by offset
}

type txnEnd struct {
	offset    int64
	committed bool
}

func newTransactions() *transactions {
	return &transactions{parts: make(map[kafka.TopicPartition]*txnPart), most: markersKept}
}

func (t *transactions) part(tp kafka.TopicPartition) *txnPart {
	p := t.parts[tp]
	if p == nil {
		p = &txnPart{ends: make(map[int64][]txnEnd)}
		t.parts[tp] = p
	}
	return p
}

// known says that every marker from an offset on is told of.
func (t *transactions) known(tp kafka.TopicPartition, from int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part(tp).from = from
}

// since is what known said.
func (t *transactions) since(tp kafka.TopicPartition) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.part(tp).from
}

// forget ends the knowledge of a partition whose offsets begin anew.
func (t *transactions) forget(tp kafka.TopicPartition) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for at, p := range t.parts {
		if at.Topic == tp.Topic {
			p.from = math.MaxInt64
		}
	}
}

// skipped takes the marker that a stretch is, if it is one.
func (t *transactions) skipped(tp kafka.TopicPartition, k batch.Skip) {
	if k.Kind != batch.SkipControl || k.Batch == nil || k.Control != batch.CommitMarker && k.Control != batch.AbortMarker {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.part(tp)
	ends := p.ends[k.Batch.ProducerID]
	i := sort.Search(len(ends), func(i int) bool { return ends[i].offset >= k.First })
	if i < len(ends) && ends[i].offset == k.First {
		return
	}
	p.ends[k.Batch.ProducerID] = slices.Insert(ends, i, txnEnd{k.First, k.Control == batch.CommitMarker})
	if t.n++; t.n > t.most {
		t.letGo()
	}
}

// letGo forgets the older half of each partition's markers; records before them
// are then of unknown outcome.
func (t *transactions) letGo() {
	t.n = 0
	for _, p := range t.parts {
		var offsets []int64
		for _, ends := range p.ends {
			for _, e := range ends {
				offsets = append(offsets, e.offset)
			}
		}
		if len(offsets) == 0 {
			continue
		}
		slices.Sort(offsets)
		p.from = max(p.from, offsets[len(offsets)/2])
		for id, ends := range p.ends {
			ends = slices.DeleteFunc(ends, func(e txnEnd) bool { return e.offset < p.from })
			if len(ends) == 0 {
				delete(p.ends, id)
				continue
			}
			p.ends[id] = slices.Clip(ends)
			t.n += len(ends)
		}
	}
}

// outcome is what is known of a transactional record; stable is the last stable
// offset: every transaction before it has ended (-1: not known).
func (t *transactions) outcome(tp kafka.TopicPartition, producer, offset, stable int64) outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.parts[tp]; p != nil && offset >= p.from {
		ends := p.ends[producer]
		if i := sort.Search(len(ends), func(i int) bool { return ends[i].offset > offset }); i < len(ends) {
			if ends[i].committed {
				return txnCommitted
			}
			return txnAborted
		}
	}
	if stable >= 0 && offset >= stable {
		return txnOpen
	}
	return txnUnknown
}

// outcome is that of a record which is held.
func (s *session) outcome(tp kafka.TopicPartition, producer, offset int64) outcome {
	stable := int64(-1)
	s.mu.Lock()
	if p := s.parts[tp]; p != nil && p.known {
		stable = p.state.LastStable
	}
	s.mu.Unlock()
	return s.txns.outcome(tp, producer, offset, stable)
}

// rowOutcome is that of a row.
func (m *Model) rowOutcome(r *store.Row) outcome {
	if r.Skip != nil || !r.Transactional {
		return txnNone
	}
	if m.opt.Isolation == kafka.ReadCommitted {
		return txnCommitted
	}
	s := m.tail.session
	var producer int64
	if _, ok := s.store.Find(func(rec *kafka.Record) bool { producer = rec.Batch.ProducerID; return true }, r.Seq, 1); !ok {
		return txnUnknown
	}
	return s.outcome(kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}, producer, r.Offset)
}

// readMarkers reads the markers behind transactional records that were found
// looking back, where that is not too much.
func (s *session) readMarkers(ctx context.Context, found []kafka.Record) {
	first := make(map[kafka.TopicPartition]int64)
	for i := range found {
		r := &found[i]
		if !r.Batch.Transactional {
			continue
		}
		tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
		if at, ok := first[tp]; !ok || r.Offset < at {
			first[tp] = r.Offset
		}
	}
	var spans []kafka.Span
	var offsets int64
	for _, tp := range slices.SortedFunc(maps.Keys(first), kafka.TopicPartition.Compare) {
		if from, to := first[tp], s.txns.since(tp); from < to && to < math.MaxInt64 {
			spans = append(spans, kafka.Span{TopicPartition: tp, From: from, To: to})
			offsets += to - from
		}
	}
	if len(spans) == 0 || offsets > markersRead {
		return
	}
	if s.source.Read(ctx, kafka.ReadRequest{Spans: spans}, markerSink{s}) != nil {
		return // the records stay as they are: of unknown outcome
	}
	for _, span := range spans {
		if s.txns.since(span.TopicPartition) == span.To {
			s.txns.known(span.TopicPartition, span.From)
		}
	}
	s.signal()
}

// readEnds reads how the transactions of hits ended, within the range that was
// searched.
func (s *session) readEnds(ctx context.Context, searched []kafka.PartitionProgress) {
	for i := range searched {
		s.txns.known(searched[i].TopicPartition, searched[i].To)
	}
	var hits []kafka.Record
	first, next := s.store.Bounds()
	for seq := first; seq < next; seq++ {
		if r, ok := s.store.At(seq); ok && r.Batch.Transactional {
			hits = append(hits, r)
		}
	}
	s.readMarkers(ctx, hits)
}

// markerSink keeps nothing but markers.
type markerSink struct{ s *session }

func (k markerSink) Partition(tp kafka.TopicPartition) kafka.PartitionSink {
	return markerPart{k.s, tp}
}
func (k markerSink) Event(kafka.Event) {}

type markerPart struct {
	s  *session
	tp kafka.TopicPartition
}

func (p markerPart) Record(*batch.View) bool          { return true }
func (p markerPart) Skip(k batch.Skip)                { p.s.txns.skipped(p.tp, k) }
func (p markerPart) Flush(kafka.PartitionState) error { return nil }
