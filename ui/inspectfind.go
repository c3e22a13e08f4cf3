package ui

import (
	"context"
	"sort"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/query"
)

// Looking for words inside of one value, however large it is.

// Sizes of a search in a value: it is looked through in stretches that overlap.
const (
	findPiece   = 64 << 10
	findOverlap = 1 << 10
)

// noHit is the place of no hit.
const noHit = -1

// recordFound says whether something is looked for in the record that is open.
func (m *Model) recordFound() bool {
	in, ok := m.over.(*inspector)
	return ok && in.q != nil
}

// askInRecord opens the prompt for the words.
func (m *Model) askInRecord() tea.Cmd {
	in, ok := m.over.(*inspector)
	if !ok || in.note != nil {
		return nil
	}
	d := &dialog{
		title: "find in the value", opened: time.Now(), action: "go to the next match",
		fields: []field{{label: "find", hint: `words, all of them; "two words"`}},
		submit: func(m *Model, d *dialog) tea.Cmd {
			q, err := query.Parse(d.fields[0].ed.String())
			if err != nil {
				return d.refuse(0, sentence(err))
			}
			m.dialog = nil
			in.q, in.text, in.hit, in.hits = nil, "", noHit, nil
			if !q.Empty() {
				in.q, in.text = q, d.fields[0].ed.String()
				in.goHit(m, 1)
			}
			return m.countHits(in)
		},
	}
	d.preset(0, in.text)
	m.dialog = d
	return nil
}

// nextHit goes to the next hit (1) or the one before (-1).
func nextHit(by int) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		if in, ok := m.over.(*inspector); ok {
			in.goHit(m, by)
		}
		return nil
	}
}

// endHits ends the search.
func endHits(m *Model) tea.Cmd {
	if in, ok := m.over.(*inspector); ok {
		in.q, in.text, in.hit = nil, "", noHit
	}
	return nil
}

func (in *inspector) goHit(m *Model, by int) {
	v := in.rec.Value
	var at int
	if by > 0 {
		from := in.hit + 1
		if in.hit == noHit && in.top > len(in.head) && in.top-len(in.head) < len(in.lines) {
			from = in.lines[in.top-len(in.head)].from
		}
		at = hitAfter(in.q, v, from)
	} else {
		at = hitBefore(in.q, v, in.hit)
	}
	switch {
	case at != noHit:
		in.hit, in.show, in.end = at, true, false
	case in.hit == noHit:
		m.note(levelInfo, "not in the value: "+in.text)
	case by > 0:
		m.note(levelInfo, "that was the last "+in.text)
	default:
		m.note(levelInfo, "that was the first "+in.text)
	}
}

// hitsMsg is where all hits of a search in a value begin.
type hitsMsg struct {
	in   *inspector
	q    *query.Query
	hits []int
}

// countHits looks for all hits, beside the screen: a value may be large.
func (m *Model) countHits(in *inspector) tea.Cmd {
	q, v := in.q, in.rec.Value
	if q == nil {
		return nil
	}
	return m.background(func(context.Context) tea.Msg { return hitsMsg{in, q, allHits(q, v)} })
}

func (m *Model) gotHits(msg hitsMsg) {
	if msg.in.q == msg.q {
		msg.in.hits = msg.hits
	}
}

// allHits is where the hits begin, one more than are counted at most.
func allHits(q *query.Query, b []byte) []int {
	hits := []int{}
	for at := 0; at < len(b) && len(hits) <= countAtMost; at += findPiece {
		for _, s := range q.Spans(string(b[at:min(len(b), at+findPiece+findOverlap)])) {
			if s[0] < findPiece {
				hits = append(hits, at+s[0])
			}
		}
	}
	return hits[:min(len(hits), countAtMost+1)]
}

// hitCount says which of how many hits it is; empty: not known, or none.
func (in *inspector) hitCount() string {
	if in.hit == noHit || len(in.hits) == 0 {
		return ""
	}
	nth := sort.SearchInts(in.hits, in.hit+1)
	f := finding{nth: nth, of: len(in.hits)}
	return f.count()
}

// hitAfter is where the first hit from a place on begins.
func hitAfter(q *query.Query, b []byte, from int) int {
	for at := max(from, 0); at < len(b); at += findPiece {
		spans := q.Spans(string(b[at:min(len(b), at+findPiece+findOverlap)]))
		if len(spans) > 0 && spans[0][0] < findPiece {
			return at + spans[0][0]
		}
	}
	return noHit
}

// hitBefore is where the last hit before a place begins.
func hitBefore(q *query.Query, b []byte, before int) int {
	for end := min(before, len(b)); end > 0; end -= findPiece {
		at := max(0, end-findPiece)
		spans := q.Spans(string(b[at:min(len(b), end+findOverlap)]))
		for i := len(spans) - 1; i >= 0; i-- {
			if at+spans[i][0] < end {
				return at + spans[i][0]
			}
		}
	}
	return noHit
}

// hitLine is the line of the value that the hit is on; -1: there is none.
func (in *inspector) hitLine() int {
	if in.hit == noHit {
		return -1
	}
	return sort.Search(len(in.lines), func(i int) bool { return in.lines[i].from > in.hit }) - 1
}

// litIn is what of b[from:to] is lit up: what is looked for here, else what the
// tail looks for or filters by.
func (in *inspector) litIn(q lights, from, to int) [][2]int {
	if in.q != nil {
		q = lights{in.q}
	}
	if q == (lights{}) {
		return nil
	}
	const around, most = 128, 8 << 10 // a line draws no more than a screen is wide
	v := in.rec.Value
	lo := max(0, from-around)
	spans := q.spans(v[lo:min(len(v), to+around, from+most)])
	for i := range spans {
		spans[i][0] += lo
		spans[i][1] += lo
	}
	return spans
}
