package ui

import (
	"time"

	"milena/kafka"
	"milena/query"
	"milena/store"
)

// What a filter would leave of the records that are held, while it is typed.

// filterPreview shows what of the held records a filter that is being typed
// would leave, newest last, as many as fit on the screen.
type filterPreview struct {
	q    *query.Query
	seqs []store.Seq // newest first
	want int
	at   store.Seq // where the search goes on
	done bool
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
	*p = filterPreview{q: q, want: want, at: next - 1}
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
			return p.q.MatchRecord(r)
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
