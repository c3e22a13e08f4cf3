package ui

import (
	"fmt"
	"maps"
	"slices"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"
	"milena/store"
)

// Markers and gaps on demand: the offsets that hold no message have rows of
// their own while a person wants to see them. What is held is read again for
// that, since nothing is kept of them otherwise.

// Kinds of notes that only the screen makes; the store holds them as any other.
const (
	noteMarker store.NoteKind = 64 + iota
	noteGap
)

// silent says whether a note stands for offsets without trouble.
func silent(k store.NoteKind) bool { return k == noteMarker || k == noteGap }

// markerText says what a stretch of offsets without messages is.
func markerText(k batch.Skip) string {
	n := k.Last - k.First + 1
	switch {
	case k.Kind == batch.SkipGap && n == 1:
		return "no record: compacted away or never written"
	case k.Kind == batch.SkipGap:
		return fmt.Sprintf("no records up to %d (%s): compacted away or never written", k.Last, human.Plural(int(n), "offset"))
	case k.Kind == batch.SkipAborted:
		return fmt.Sprintf("an aborted transaction of producer %d, up to offset %d", k.Batch.ProducerID, k.Last)
	case k.Control == batch.CommitMarker:
		return fmt.Sprintf("commit: producer %d, epoch %d", k.Batch.ProducerID, k.Batch.ProducerEpoch)
	case k.Control == batch.AbortMarker:
		return fmt.Sprintf("abort: producer %d, epoch %d", k.Batch.ProducerID, k.Batch.ProducerEpoch)
	}
	return "an internal control record"
}

// place is a record by where it is.
type place struct {
	tp     kafka.TopicPartition
	offset int64
	from   store.Seq // rows before it were looked at
	stood  *stood    // how the tail stood there; nil: as it comes
}

// toggleMarkers shows markers and gaps, or messages alone again. What is held is
// read anew; the cursor stays on its record.
func (m *Model) toggleMarkers() tea.Cmd {
	t := &m.tail
	if t.played() {
		return m.replayAnew(func(st *start) { st.markers = !st.markers })
	}
	spans, waiting := t.session.held()
	if spans == nil {
		return nil // it is not known yet where to read
	}
	markers := !m.tail.session.start.markers
	if markers {
		m.note(levelInfo, "showing transaction markers and gaps")
	} else {
		m.note(levelInfo, "showing messages only")
	}
	return m.readAnew(spans, waiting, markers)
}

// readAnew reads what is held once more; the cursor stays on its record.
func (m *Model) readAnew(spans []kafka.Span, waiting []kafka.Waiting, markers bool) tea.Cmd {
	t := &m.tail
	at := t.under()
	st := t.session.onFrom(spans, waiting)
	st.from, st.follow, st.markers = t.session.start.from, t.follow, markers
	cmd := m.startSession(st)
	t.seek = at
	return cmd
}

// onFrom is how the same is read from spans on.
func (s *session) onFrom(spans []kafka.Span, waiting []kafka.Waiting) start {
	return start{spans: spans, waiting: waiting, ids: s.topicIDs(), query: s.start.query, label: s.start.label, markers: s.start.markers}
}

// held are spans that begin with what is held, or is switched off, and have no
// end, and the partitions that could not be read so far. No spans: it is not known
// yet where to read.
func (s *session) held() ([]kafka.Span, []kafka.Waiting) {
	low, _ := s.lows()
	if len(low) == 0 {
		return slices.Clone(s.start.spans), s.start.waiting
	}
	spans := s.asideSpans()
	for tp, from := range low {
		spans = append(spans, kafka.Span{TopicPartition: tp, From: from, To: kafka.NoEnd})
	}
	return spans, s.heldWaiting()
}

// heldWaiting are the partitions that could not be read so far.
func (s *session) heldWaiting() []kafka.Waiting {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.AppendSeq(slices.Clone(s.aside.waiting), maps.Values(s.health.waiting))
}

// under is where the cursor is, or the nearest record that is not switched off,
// rather an older one; nil: it follows, or there is none.
func (t *tail) under() *place {
	if t.follow {
		return nil
	}
	var at *place
	stays := func(r *kafka.Record) bool {
		at = &place{tp: kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}, offset: r.Offset}
		return !t.off.has(at.tp)
	}
	for _, step := range []int{-1, 1} {
		if _, ok := t.session.store.Find(stays, t.cursor, step); ok {
			return at
		}
	}
	return nil
}

// sought puts the cursor on the record that it shall stand on, once that is
// there.
func (t *tail) sought(m *Model) {
	p := t.seek
	if p == nil {
		return
	}
	if p.stood != nil && p.stood.again && t.cursor != p.from {
		t.seek = nil // a person went elsewhere
		return
	}
	first, next := t.snap.first, t.snap.next
	from := max(first, p.from)
	if t.searched() {
		from = first // hits come in at either end, and that very one is looked for
	}
	done := t.session.readBeyond(p.tp, p.offset) // asked before it is looked for: what is there then is found
	seq, ok := t.session.store.Find(func(r *kafka.Record) bool {
		return (r.Offset == p.offset || r.Offset > p.offset && !t.searched()) && r.Partition == p.tp.Partition && r.Topic == p.tp.Topic
	}, from, 1)
	if !ok && done {
		t.seek = nil // evicted before it was seen, and nothing came after it
		t.pauseAgain(p.stood)
		return
	}
	if !ok || seq >= next {
		// Not there yet, or not yet seen: the store may be ahead of the snapshot,
		// and what came in since is the next news.
		p.from = next
		return
	}
	t.seek = nil
	t.stand(m, seq)
	if p.stood != nil && !t.standAgain(m, p.stood) {
		p.from, t.seek = seq, p
	}
}

// seekNoMore gives up a record whose topic is not the same any more.
func (t *tail) seekNoMore(events []kafka.Event) {
	for _, e := range events {
		if e.Kind == kafka.TopicRecreated && t.seek != nil && t.seek.tp.Topic == e.Topic {
			t.seek = nil
		}
	}
}
