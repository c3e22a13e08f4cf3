package ui

import (
	"bytes"
	"strings"

	tea "charm.land/bubbletea/v2"

	"milena/kafka/batch"
)

// The headers of the message that is composed, as a table: a name and a value a
// row. Kafka keeps their order, lets a name come twice, and knows null values;
// so does the table.

// headerRow is one header as it is typed.
type headerRow struct {
	name, value editor
	null        bool
	given       bool // it is a header also when nothing is in it
}

// blank says whether nothing was put into the row: it is no header then.
func (r *headerRow) blank() bool {
	return r.name.empty() && r.value.empty() && !r.null && !r.given
}

// headerTable is all of them; there is always a row to type into.
type headerTable struct {
	rows    []headerRow
	row     int
	onValue bool // the cursor is in the value, not in the name
	top     int

	nameWidth, lead int // as it was drawn: columns of the names, lines above the first row
}

// clicked goes to the cell at column x of line y, and to the letter there.
func (h *headerTable) clicked(x, y int, m width) {
	i := h.top + y - h.lead
	if y < h.lead || i >= len(h.rows) {
		return
	}
	h.row, h.onValue = i, x > h.nameWidth
	if r := &h.rows[i]; h.onValue {
		r.value.clickField(x-h.nameWidth-3, m)
	} else {
		r.name.clickField(x-1, m)
	}
}

func (h *headerTable) init() { h.load(nil) }

// load makes the table of headers.
func (h *headerTable) load(of []batch.Header) {
	*h = headerTable{}
	for _, x := range of {
		var r headerRow
		r.name.set(x.Key)
		r.value.set(string(x.Value))
		r.null, r.given = x.Value == nil, true
		h.rows = append(h.rows, r)
	}
	if len(h.rows) == 0 {
		h.rows = make([]headerRow, 1)
	}
}

// headers are those that would be sent.
func (h *headerTable) headers() []batch.Header {
	var out []batch.Header
	for i := range h.rows {
		r := &h.rows[i]
		if r.blank() {
			continue
		}
		x := batch.Header{Key: r.name.String()}
		if !r.null {
			x.Value = append([]byte{}, r.value.text...)
		}
		out = append(out, x)
	}
	return out
}

func (h *headerTable) count() int {
	n := 0
	for i := range h.rows {
		if !h.rows[i].blank() {
			n++
		}
	}
	return n
}

func (h *headerTable) editor() *editor {
	if h.onValue {
		return &h.rows[h.row].value
	}
	return &h.rows[h.row].name
}

// step goes to the next cell, or the one before; false: there is none.
func (h *headerTable) step(by int) bool {
	cell := 2*h.row + by
	if h.onValue {
		cell++
	}
	if cell < 0 || cell >= 2*len(h.rows) {
		return false
	}
	h.row, h.onValue = cell/2, cell%2 == 1
	return true
}

// enter begins at the first cell, or at the last.
func (h *headerTable) enter(last bool) {
	h.row, h.onValue = 0, false
	if last {
		h.row, h.onValue = len(h.rows)-1, true
	}
}

// add makes a row below the one of the cursor and goes there.
func (h *headerTable) add() {
	h.row++
	h.rows = append(h.rows, headerRow{})
	copy(h.rows[h.row+1:], h.rows[h.row:])
	h.rows[h.row] = headerRow{}
	h.onValue = false
}

// remove takes the row of the cursor away.
func (h *headerTable) remove() {
	h.rows = append(h.rows[:h.row], h.rows[h.row+1:]...)
	if len(h.rows) == 0 {
		h.rows = make([]headerRow, 1)
	}
	h.row, h.onValue = min(h.row, len(h.rows)-1), false
}

// shift moves the row of the cursor up or down.
func (h *headerTable) shift(by int) {
	to := h.row + by
	if to < 0 || to >= len(h.rows) {
		return
	}
	h.rows[h.row], h.rows[to] = h.rows[to], h.rows[h.row]
	h.row = to
}

// toggleNull makes the value null, or a text again; false: it has a text.
func (h *headerTable) toggleNull() bool {
	r := &h.rows[h.row]
	if !r.value.empty() {
		return false
	}
	r.null = !r.null
	h.onValue = true
	return true
}

// key does what a key means in a table rather than in a text; false: nothing.
// An equals sign ends a name, as it does on a command line.
func (h *headerTable) key(k tea.KeyPressMsg) bool {
	e := h.editor()
	switch k.String() {
	case "up", "down":
		to := h.row - 1
		if k.String() == "down" {
			to = h.row + 1
		}
		h.row = max(0, min(to, len(h.rows)-1))
	case "shift+up":
		h.shift(-1)
	case "shift+down":
		h.shift(1)
	case "enter":
		h.add()
	case "=":
		if h.onValue {
			return false
		}
		h.onValue = true
	case "left", "backspace":
		if e.at != 0 || e.at != e.from || k.String() == "backspace" && h.onValue && h.rows[h.row].null {
			return h.backspaceNull(k)
		}
		blank := h.rows[h.row].blank()
		if k.String() == "backspace" && blank && len(h.rows) > 1 {
			up := max(0, h.row-1)
			h.remove()
			h.row, h.onValue = up, true
		} else if !h.step(-1) {
			return false
		}
		h.editor().moveTo(len(h.editor().text))
	case "right":
		if e.at != len(e.text) || e.at != e.from || !h.step(1) {
			return false
		}
		h.editor().moveTo(0)
	default:
		return false
	}
	return true
}

// backspaceNull takes a null back.
func (h *headerTable) backspaceNull(k tea.KeyPressMsg) bool {
	r := &h.rows[h.row]
	if k.String() == "backspace" && h.onValue && r.null {
		r.null = false
		return true
	}
	return false
}

// paste takes a paste: one line goes into the cell, several make rows of
// name=value.
func (h *headerTable) paste(s string) {
	s = strings.TrimRight(pasted(s), "\n")
	if !strings.Contains(s, "\n") && (h.onValue || !strings.Contains(s, "=")) {
		h.editor().paste(s)
		h.edited()
		return
	}
	for _, row := range strings.Split(s, "\n") {
		if strings.TrimSpace(row) == "" {
			continue
		}
		if !h.rows[h.row].blank() {
			h.add()
		}
		name, value, _ := strings.Cut(row, "=")
		r := &h.rows[h.row]
		r.name.insert(name)
		r.value.insert(value)
		h.onValue = true
	}
}

// edited forgets that a value is null once it has a text.
func (h *headerTable) edited() {
	if r := &h.rows[h.row]; !r.value.empty() {
		r.null = false
	}
}

// same compares headers; null is not empty.
func sameHeaders(a, b []batch.Header) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Key != b[i].Key || (a[i].Value == nil) != (b[i].Value == nil) || !bytes.Equal(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}

// draw gives the table's lines, and where the cursor is in them.
func (h *headerTable) draw(st *Styles, w, height int) (lines []string, x, y int) {
	name := len("name")
	for i := range h.rows {
		name = max(name, cells(h.rows[i].name.String(), st.width)+1)
	}
	name = min(max(name, 12), max(4, w/3))
	h.nameWidth, h.lead = name, 0
	if height > 1 {
		h.lead = 1
		l := newLine(st, w, nil)
		l.text("", " ")
		l.field(st.dim, "name", name)
		l.text("", "  ")
		l.text(st.dim, "value")
		l.text("", "      ")
		l.hints([]hint{{"enter", "adds"}, {"ctrl+n", "null"}, {"ctrl+x", "removes"}, {"shift+up", "moves"}})
		lines = append(lines, l.end())
		height--
	}
	h.top = max(0, min(h.top, h.row, len(h.rows)-height), h.row-height+1)
	for i := h.top; i < len(h.rows) && i < h.top+height; i++ {
		r := &h.rows[i]
		l := newLine(st, w, nil)
		l.text("", " ")
		here := i == h.row
		if here && !h.onValue {
			x, y = r.name.drawField(l, name, st.text), len(lines)
		} else {
			l.column(name, func() { l.bytes(st.accent, r.name.text) })
		}
		l.text("", "  ")
		if here && h.onValue {
			x, y = r.value.drawField(l, max(1, w-l.width-12), st.text), len(lines)
		} else if r.given && r.value.empty() {
			l.text(st.dim, st.g.empty)
		} else if !r.null {
			l.bytes(st.text, r.value.text)
		}
		if r.null {
			l = newLine(st, w, nil)
			l.text("", " ")
			l.column(name, func() { l.bytes(st.accent, r.name.text) })
			l.text("", "  ")
			l.text(st.bad, st.g.nullNamed)
		}
		lines = append(lines, l.end())
	}
	return lines, min(x, w-1), y
}
