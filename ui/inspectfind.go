package ui

import (
	"context"
	"slices"
	"sort"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/query"
)

// Looking for words inside of one record, however large it is: in its key, its
// headers and its value, as they are shown.

// Sizes of a search in a text: it is looked through in stretches that overlap.
const (
	findPiece   = 64 << 10
	findOverlap = 1 << 10
)

// noHit is the place of no hit.
const noHit = -1

// textPlace is where a hit begins.
type textPlace struct {
	t  *docText
	at int
}

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
		title: "find in the record", opened: time.Now(), action: "go to the next match",
		fields: []field{{label: "find", hint: `words, all of them; "two words"`}},
		submit: func(m *Model, d *dialog) tea.Cmd {
			q, err := query.Parse(d.fields[0].ed.String())
			if err != nil {
				return d.refuse(0, sentence(err))
			}
			m.dialog = nil
			in.q, in.text, in.on, in.hit, in.hits = nil, "", nil, noHit, nil
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
		in.q, in.text, in.on, in.hit = nil, "", nil, noHit
	}
	return nil
}

func (in *inspector) goHit(m *Model, by int) {
	texts := in.texts()
	here := in.on
	if here == nil {
		here = &in.docText
	}
	i, from := slices.Index(texts, here), in.hit+by
	if in.hit == noHit && by < 0 {
		i, from = len(texts)-1, far
	} else if in.hit == noHit {
		i, from = 0, 0
		if in.top > len(in.head) && in.top-len(in.head) < len(in.lines) {
			i, from = slices.Index(texts, &in.docText), in.lines[in.top-len(in.head)].from
		}
	}
	at := noHit
	for ; i >= 0 && i < len(texts) && at == noHit; i += by {
		t := texts[i]
		b := t.shown()
		if by > 0 {
			at = hitAfter(in.q, b, from)
			from = 0
		} else {
			at = hitBefore(in.q, b, min(from+1, len(b)))
			from = far
		}
		if at != noHit {
			here = t
		}
	}
	switch {
	case at != noHit:
		in.on, in.hit, in.show, in.end = here, at, true, false
	case in.hit == noHit:
		m.note(levelInfo, "not in the value: "+in.text)
	case by > 0:
		m.note(levelInfo, "that was the last "+in.text)
	default:
		m.note(levelInfo, "that was the first "+in.text)
	}
}

// hitsMsg is where all hits of a search begin.
type hitsMsg struct {
	in   *inspector
	q    *query.Query
	hits []textPlace
}

// countHits looks for all hits, beside the screen: a value may be large.
func (m *Model) countHits(in *inspector) tea.Cmd {
	q := in.q
	if q == nil {
		return nil
	}
	texts := in.texts()
	said := make([][]byte, len(texts))
	for i, t := range texts {
		said[i] = t.shown()
	}
	return m.background(func(context.Context) tea.Msg {
		msg := hitsMsg{in: in, q: q, hits: []textPlace{}}
		for i, t := range texts {
			for _, at := range allHits(q, said[i]) {
				msg.hits = append(msg.hits, textPlace{t, at})
			}
		}
		msg.hits = msg.hits[:min(len(msg.hits), countAtMost+1)]
		return msg
	})
}

// shown is what a search looks through.
func (t *docText) shown() []byte {
	if t.said == nil {
		return t.raw
	}
	return t.said
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
	on := in.on
	if on == nil {
		on = &in.docText
	}
	f := finding{nth: 1 + slices.Index(in.hits, textPlace{on, in.hit}), of: len(in.hits)}
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

// hitRow is the row that the hit is on; -1: there is none.
func (in *inspector) hitRow() int {
	if in.hit == noHit {
		return -1
	}
	on := in.on
	if on == nil || on == &in.docText {
		return len(in.head) + on.lineOf(in)
	}
	line := on.lineOf(in)
	is := func(r docRow) bool {
		return r.name == on || r.t == on && (r.line == line || r.line == noHit)
	}
	if i := slices.IndexFunc(in.head, is); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(in.tail, is); i >= 0 {
		return len(in.head) + len(in.lines) + i
	}
	return -1
}

// lineOf is the line of the text that the hit is on.
func (t *docText) lineOf(in *inspector) int {
	if t == nil {
		t = &in.docText
	}
	return sort.Search(len(t.lines), func(i int) bool { return t.lines[i].from > in.hit }) - 1
}

// litIn is what of a text from..to is lit up: what is looked for here, else what the
// tail looks for or filters by.
func (in *inspector) litIn(q lights, t *docText, from, to int) [][2]int {
	if in.q != nil {
		q = lights{in.q}
	}
	if q == (lights{}) {
		return nil
	}
	const around, most = 128, 8 << 10 // a line draws no more than a screen is wide
	v := t.said
	lo := max(0, from-around)
	spans := q.spans(v[lo:min(len(v), to+around, from+most)])
	for i := range spans {
		spans[i][0] += lo
		spans[i][1] += lo
	}
	return spans
}
