package ui

import (
	"bytes"

	"milena/human"
)

// The texts of a record: its value, its key, the names and values of its headers.
// All of them are laid out, scrolled, drawn and searched in the same way.

// docText is one of them.
type docText struct {
	raw   []byte
	view  valueView
	why   string // why that view
	json  bool   // raw is valid JSON
	said  []byte // what lines are of: raw, in the view as JSON with its strings decoded
	lines []docLine
	laid  laying // what lines are for
	lead  int    // columns that stand before each line

	decoded bool // said is not what was sent
}

// layAt breaks b, which is raw or its front, into lines.
func (t *docText) layAt(k laying, b []byte) {
	t.laid = k
	t.said = k.say(b)
	t.decoded = k.view == viewJSON && !bytes.Equal(t.said, b)
	t.lines = k.lay(t.said)
}

// docRow is a row of the screen of a record: what stands at its left, and a line of
// a text.
type docRow struct {
	draw func(*line) // nil: nothing
	t    *docText    // nil: there is none
	line int         // noHit: draw writes all of it
	name *docText    // of a header, which draw writes
	of   *docText    // the field that it belongs to; nil: to none
}

// Fields of more than foldAbove lines show foldTo of them, until they are unfolded.
const (
	foldAbove = 5
	foldTo    = 3
)

// headerText is one header on the screen.
type headerText struct{ name, value docText }

// fields prepares key and headers.
func (in *inspector) fields() {
	in.key = docText{raw: in.rec.Key}
	in.headers = make([]headerText, len(in.rec.Headers))
	for i := range in.headers {
		h := &in.rec.Headers[i]
		in.headers[i] = headerText{docText{raw: []byte(h.Key), view: viewText}, docText{raw: h.Value}}
	}
}

// texts are all that can be looked through, in the order of the screen.
func (in *inspector) texts() []*docText {
	all := []*docText{&in.key}
	if in.headersLast {
		all = append(all, &in.docText)
	}
	for i := range in.headers {
		all = append(all, &in.headers[i].name, &in.headers[i].value)
	}
	if !in.headersLast {
		all = append(all, &in.docText)
	}
	return all
}

// inline says whether b is one line of text of at most w columns.
func inline(b []byte, w int, m width) bool {
	return len(b) <= 4*w && !bytes.ContainsAny(b, "\n\r") && cells(string(b), m) <= w
}

// fieldRows are the rows of a key or a header: on one line behind its label where it
// fits there, else on lines of its own below, which are folded when they are many.
// label writes the label, of so many columns.
func (in *inspector) fieldRows(m *Model, t *docText, label func(*line), labelled, lead, w int, sgr string) []docRow {
	rows := in.layField(m, t, label, labelled, lead, w, sgr)
	for i := range rows {
		rows[i].of = t
	}
	return rows
}

func (in *inspector) layField(m *Model, t *docText, label func(*line), labelled, lead, w int, sgr string) []docRow {
	room := w - labelled
	switch {
	case len(t.raw) == 0, isBinary(t.raw, true) && binaryCells(t.raw[:min(len(t.raw), room)])+18 <= room:
		t.lines = nil
		return []docRow{{draw: func(l *line) { label(l); l.bytesValue(sgr, t.raw) }}}
	case inline(t.raw, room, m.st.width) && !isBinary(t.raw, true):
		t.view, t.lead = viewText, 0
		t.layAt(laying{viewText, unwrapped, m.st.width}, t.raw)
		return []docRow{{draw: func(l *line) {
			label(l)
			l.lit(sgr, t.said, 0, len(t.said), in.litIn(m.tail.lit(), t, 0, len(t.said)))
		}, t: t, line: noHit}}
	}
	if t.why == "" {
		t.view, t.why, t.json = viewOf(t.raw)
	}
	t.lead = lead
	k := laying{t.view, max(1, w-lead), m.st.width}
	if m.noWrap && t.view != viewHex {
		k.width = unwrapped
	}
	if t.laid != k {
		t.layAt(k, t.raw)
	}
	rows := []docRow{{draw: func(l *line) {
		label(l)
		l.text(l.st.dim, human.Bytes(int64(len(t.raw))))
	}}}
	shown := len(t.lines)
	if shown > foldAbove {
		in.folds = true
		if !in.unfolded && in.on != t {
			shown = foldTo
		}
	}
	for i := range shown {
		rows = append(rows, docRow{t: t, line: i})
	}
	if rest := len(t.lines) - shown; rest > 0 {
		rows = append(rows, docRow{draw: func(l *line) {
			l.fill(l.width + lead)
			l.text(l.st.dim, l.st.g.ellipsis+" "+human.Plural(rest, "more line")+"   ")
			l.hints([]hint{{"o", "unfolds"}})
		}})
	}
	return rows
}

// headerRows are the rows of all headers.
func (in *inspector) headerRows(m *Model, w int) []docRow {
	st := m.st
	n := len(in.headers)
	if n == 0 {
		return nil
	}
	rows := []docRow{{}, {draw: func(l *line) {
		l.text(l.st.bold, "headers")
		l.text(l.st.dim, "  "+human.Exact(int64(n)))
	}}}
	for i := range in.headers {
		h := &in.headers[i]
		lit := m.tail.lit()
		labelled := 5 + cells(string(h.name.raw[:min(len(h.name.raw), w)]), st.width)
		if labelled > max(20, w-12) { // the name has lines of its own
			rows = append(rows, in.fieldRows(m, &h.name, func(l *line) { l.text(l.st.dim, "  name  ") }, 8, 2, w, st.jsonKey)...)
			rows = append(rows, in.fieldRows(m, &h.value, func(l *line) { l.text(l.st.dim, "  = ") }, 4, 4, w, st.text)...)
			continue
		}
		h.name.layAt(laying{viewText, unwrapped, st.width}, h.name.raw)
		label := func(l *line) {
			l.text("", "  ")
			l.lit(l.st.jsonKey, h.name.said, 0, len(h.name.said), in.litIn(lit, &h.name, 0, len(h.name.said)))
			l.text(l.st.dim, " = ")
		}
		value := in.fieldRows(m, &h.value, label, labelled, 4, w, st.text)
		value[0].name = &h.name
		rows = append(rows, value...)
	}
	return rows
}

// drawRow draws a row of the screen.
func (in *inspector) drawRow(m *Model, l *line, row docRow) {
	if row.draw != nil {
		row.draw(l)
	}
	if row.t != nil && row.line != noHit {
		in.drawLine(m, l, row.t, row.line)
	}
}

// drawLine draws a line of a text.
func (in *inspector) drawLine(m *Model, l *line, t *docText, i int) {
	d := t.lines[i]
	l.fill(l.width + t.lead)
	if in.left > 0 && t.view != viewHex {
		d = d.scrolled(t.said, in.left, t.view == viewJSON, m.st.width)
	}
	lit := in.litIn(m.tail.lit(), t, d.from, d.to)
	switch t.view {
	case viewJSON:
		l.jsonLine(t.said, d, lit)
	case viewHex:
		l.hexLine(t.said, d, hexWidth(t.laid.width), lit)
	default:
		l.textLine(t.said, d, lit)
	}
}
