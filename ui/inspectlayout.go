package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"
)

// Lines of a value. Those of a small one are made while it is drawn; a large one
// shows its front at once, and the rest is laid out beside the screen.

// Sizes of values.
const (
	atOnce     = 256 << 10 // up to here a value is laid out while it is drawn
	frontBytes = 64 << 10  // what of a larger one is shown until it is laid out
	unwrapped  = 1 << 30   // columns of a line that is not wrapped
)

// laying is what a value's lines depend on.
type laying struct {
	view   valueView
	width  int
	method width
}

// want is what lines the record shall have in w columns.
func (in *inspector) want(m *Model, w int) laying {
	if m.noWrap && in.view != viewHex {
		w = unwrapped
	}
	return laying{in.view, w, m.st.width}
}

// say is v as it is shown: of JSON, what its strings say.
func (k laying) say(v []byte) []byte {
	if k.view == viewJSON {
		return saidJSON(v)
	}
	return v
}

// lay breaks v into lines.
func (k laying) lay(v []byte) []docLine {
	switch {
	case len(v) == 0:
		return nil
	case k.view == viewJSON:
		return jsonLines(v, k.width, k.method)
	case k.view == viewHex:
		return hexLines(v, k.width)
	}
	return textLines(v, k.width, k.method)
}

// layout makes the lines, of a large value those of its front.
func (in *inspector) layout(k laying) {
	if in.laid == k {
		return
	}
	v := in.raw
	if in.part = len(v) > atOnce; in.part {
		v = v[:frontBytes]
	}
	in.layAt(k, v)
}

// laidMsg is a large value laid out.
type laidMsg struct {
	in      *inspector
	job     int
	laid    laying
	said    []byte
	decoded bool
	lines   []docLine
	view    valueView
	why     string
	json    bool
}

// layOut lays a large value out, beside the screen, when what is shown of it is
// not all, and nobody is at it.
func (m *Model) layOut() tea.Cmd {
	in, ok := m.over.(*inspector)
	if !ok || m.cluster == nil || len(in.rec.Value) <= atOnce {
		return nil
	}
	r := m.arranged().right
	if in.whole(m) {
		r = m.lay.body
	}
	k := in.want(m, max(1, r.w-2))
	if in.laid == k && !in.part || in.asked == k {
		return nil
	}
	in.asked = k
	in.job++
	msg := laidMsg{in: in, job: in.job, laid: k, view: in.view, why: in.why, json: in.json}
	v, unsure, picked := in.rec.Value, in.unsure, in.picked
	return m.background(func(context.Context) tea.Msg {
		if unsure {
			view, why, isJSON := viewOf(v)
			msg.json = isJSON
			if !picked || view != viewJSON && msg.view == viewJSON {
				msg.view, msg.why = view, why
				msg.laid.view = view
			}
		}
		var t docText
		t.layAt(msg.laid, v)
		msg.said, msg.decoded, msg.lines = t.said, t.decoded, t.lines
		return msg
	})
}

// laidOut takes the lines, unless others are wanted by now.
func (m *Model) laidOut(msg laidMsg) {
	in := msg.in
	if m.over != overlay(in) && !m.choosing(in) || msg.job != in.job {
		return
	}
	in.unsure, in.json = false, msg.json
	in.view, in.why = msg.view, msg.why
	in.laid, in.said, in.lines, in.part = msg.laid, msg.said, msg.lines, false
	in.decoded = msg.decoded
	in.asked = msg.laid
}

// choosing says whether it is asked what of the record is to be copied.
func (m *Model) choosing(in *inspector) bool {
	c, ok := m.over.(*copyChoice)
	return ok && c.under == overlay(in)
}

// layingOut says whether a spinner turns for it.
func (m *Model) layingOut() bool {
	in, ok := m.over.(*inspector)
	return ok && in.part
}

// toggleWrap wraps long lines, or lets them be scrolled.
func (m *Model) toggleWrap() tea.Cmd {
	m.noWrap = !m.noWrap
	if in, ok := m.over.(*inspector); ok {
		in.left = 0
		if in.hit != noHit {
			in.show = true
		}
	}
	return nil
}

// sideways scrolls lines that are not wrapped; wrapped, it goes to the next
// record, or to the one before.
func sideways(by int) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		in, ok := m.over.(*inspector)
		if !ok || !m.noWrap || in.view == viewHex {
			return m.step(int64(by))
		}
		in.left = max(0, in.left+by*max(8, m.lay.right.w/2))
		return nil
	}
}

// reveal scrolls to the hit, which is on a row.
func (in *inspector) reveal(at, w int, m width) {
	if at < in.top || at >= in.top+in.height {
		in.top = at - in.height/3
	}
	row := in.row(at)
	if row.t == nil || row.line == noHit || row.t.laid.width != unwrapped {
		return
	}
	d := row.t.lines[row.line]
	d.to = min(max(in.hit, d.from), d.to)
	column := d.columns(row.t.said, row.t.view == viewJSON, m)
	if column < in.left || column >= in.left+w-8 {
		in.left = max(0, column-w/3)
	}
}

// walk goes through a line, glyph by glyph, as it is drawn: with the byte it is
// at, its token, and the column; false ends it.
func (d docLine) walk(b []byte, isJSON bool, m width, visit func(at, token, column int, kind jsonKind) bool) (columns int) {
	column := d.indent
	for i := d.from; i < d.to; {
		end, kind := d.to, jsonJunk
		if isJSON {
			if i == d.from && d.kind != jsonSpace {
				end, kind = continued(b, i, d.to, d.kind), d.kind
			} else {
				end, kind = jsonToken(b[:d.to], i)
			}
			if kind == jsonSpace {
				i = end
				continue
			}
		}
		for j := i; j < end; {
			if !visit(j, i, column, kind) {
				return column
			}
			n, c := 1, 1
			if b[j] < 0x20 && !isNest(b[j]) || b[j] >= 0x7f || j+1 < len(b) && b[j+1] >= 0x80 {
				g := nextGlyph(b[j:min(end, j+256)], m)
				n, c = g.n, g.cells
			}
			column += c
			j += n
		}
		if kind == jsonPunct && b[i] == ':' {
			column++
		}
		i = end
	}
	return column
}

// columns is how many columns the line takes.
func (d docLine) columns(b []byte, isJSON bool, m width) int {
	return d.walk(b, isJSON, m, func(int, int, int, jsonKind) bool { return true })
}

// scrolled is what is left of the line when left columns are out of sight.
func (d docLine) scrolled(b []byte, left int, isJSON bool, m width) docLine {
	if left <= d.indent {
		d.indent -= left
		return d
	}
	rest := docLine{from: d.to, to: d.to}
	d.walk(b, isJSON, m, func(at, token, column int, kind jsonKind) bool {
		if column < left {
			return true
		}
		rest.from, rest.indent = at, column-left
		if isJSON && at > token || isJSON && at == d.from {
			rest.kind = kind
		}
		return false
	})
	return rest
}
