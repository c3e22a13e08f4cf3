package ui

import (
	"time"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/query"
	"milena/store"
)

// What a filter would leave of the records that are held, while it is typed.

// filterPreview shows what of the held records a filter that is being typed
// would leave, newest last, as many as fit on the screen.
type filterPreview struct {
	q     *query.Query
	match recordMatch
	seqs  []store.Seq // newest first
	want  int
	at    store.Seq // where the search goes on
	done  bool
}

// previewBudget is how long one look may take.
const previewBudget = 8 * time.Millisecond

func (p *filterPreview) active() bool     { return p.q != nil }
func (p *filterPreview) unfinished() bool { return p.q != nil && !p.done }

func (p *filterPreview) begin(q *query.Query, s *session, want int) {
	*p = filterPreview{}
	if q.Empty() || s == nil {
		return
	}
	_, next := s.store.Bounds()
	*p = filterPreview{q: q, match: recordMatch{matcher: q.Matcher()}, want: want, at: next - 1}
	p.scan(s)
}

// scan goes on with the search for a moment.
func (p *filterPreview) scan(s *session) {
	if !p.unfinished() || s == nil {
		return
	}
	deadline := time.Now().Add(previewBudget)
	looked, out := 0, false
	for len(p.seqs) < p.want {
		looked = 0
		seq, ok := s.store.Find(func(r *kafka.Record) bool {
			looked++
			if looked%64 == 0 && time.Now().After(deadline) {
				out = true
				return true
			}
			return p.match.match(r)
		}, p.at, -1)
		if !ok {
			break
		}
		if out {
			p.at = seq
			return
		}
		p.seqs = append(p.seqs, seq)
		p.at = seq - 1
	}
	p.done = true
}

// recordMatch asks a matcher about a held record.
type recordMatch struct {
	matcher kafka.Matcher
	builder *batch.Builder
	decoder batch.Decoder
	raw     []byte
	matched bool
}

func (m *recordMatch) match(r *kafka.Record) bool {
	if len(r.Headers) == 0 {
		v := batch.View{Batch: &r.Batch, Offset: r.Offset, Timestamp: r.Timestamp, Key: r.Key, Value: r.Value, Index: r.Index}
		return m.matcher.Match(&v)
	}
	// A view's headers are bytes of a batch, so the record becomes one again.
	if m.builder == nil {
		m.builder = batch.NewBuilder(batch.None)
	}
	m.builder.Reset()
	m.matched = false
	if m.builder.Add(batch.Record{Timestamp: r.Timestamp, Key: r.Key, Value: r.Value, Headers: r.Headers}) != nil {
		return false // larger than any batch: it cannot have come from one
	}
	if raw, err := m.builder.Finish(m.raw[:0]); err == nil {
		m.raw = raw
		m.decoder.Walk(raw, 0, 1, nil, m)
	}
	return m.matched
}

// Record is given the one record of the batch.
func (m *recordMatch) Record(v *batch.View) bool {
	m.matched = m.matcher.Match(v)
	return true
}

// Skip is not called for a batch of one whole record.
func (m *recordMatch) Skip(batch.Skip) {}
