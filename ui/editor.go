package ui

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// A small text editor: the value that is composed, and every field. What is in
// it is kept as it was typed or pasted, byte for byte; the screen shows it
// escaped. What was changed can be undone: see changes.go.

// editor holds a text and a cursor between its grapheme clusters.
type editor struct {
	text    []byte
	at      int     // cursor, in bytes
	from    int     // the other end of what is selected; as at: nothing is
	lines   bool    // enter makes a new line
	want    int     // the column that up and down aim for; -1: the cursor's
	top     int     // first line that is shown
	left    int     // first byte that is shown, of a field
	changes changes // what can be undone
	version int     // counts the changes
}

func (e *editor) String() string { return string(e.text) }
func (e *editor) empty() bool    { return len(e.text) == 0 }

// set makes s the text, with the cursor at its end; there is nothing to undo.
func (e *editor) set(s string) {
	e.text = append(e.text[:0:0], s...)
	e.moveTo(len(e.text))
	e.top = 0
	e.changes = changes{}
	e.version++
}

// moveTo puts the cursor somewhere; nothing is selected any more.
func (e *editor) moveTo(at int) { e.at, e.from, e.want = at, at, -1 }

// selection is what is selected, from where to where.
func (e *editor) selection() (from, to int) { return min(e.at, e.from), max(e.at, e.from) }

// selectAll selects the whole text, with the cursor at its end.
func (e *editor) selectAll() {
	e.moveTo(len(e.text))
	e.from = 0
}

func (e *editor) selected() []byte {
	from, to := e.selection()
	return e.text[from:to]
}

// replace puts s in the place of a part of the text, and the cursor behind it.
func (e *editor) replace(from, to int, s string, how change) {
	if from == to && s == "" {
		return
	}
	how.at, how.was, how.is, how.cursor = from, string(e.text[from:to]), s, e.at
	e.changes.add(how)
	e.swap(from, to, s)
}

// swap is replace, without remembering it.
func (e *editor) swap(from, to int, s string) {
	t := make([]byte, 0, len(e.text)-(to-from)+len(s))
	t = append(t, e.text[:from]...)
	t = append(t, s...)
	e.text = append(t, e.text[to:]...)
	e.moveTo(from + len(s))
	e.version++
}

// insert puts s in the place of what is selected.
func (e *editor) insert(s string) {
	from, to := e.selection()
	e.replace(from, to, s, change{})
}

// cutTo removes what is selected or else what is between the cursor and at.
func (e *editor) cutTo(at int) {
	from, to := e.selection()
	if from == to {
		from, to = min(at, e.at), max(at, e.at)
	}
	e.replace(from, to, "", change{})
}

// undo takes the last change back; false: there is none.
func (e *editor) undo() bool {
	c, ok := e.changes.back()
	if ok {
		e.swap(c.at, c.at+len(c.is), c.was)
		e.moveTo(c.cursor)
	}
	return ok
}

// redo does again what was undone last; false: there is nothing.
func (e *editor) redo() bool {
	c, ok := e.changes.forth()
	if ok {
		e.swap(c.at, c.at+len(c.was), c.is)
	}
	return ok
}

// next and prev are the cluster borders around a place.
func (e *editor) next(at int, m width) int {
	if at >= len(e.text) {
		return len(e.text)
	}
	return at + nextGlyph(e.text[at:], m).n
}

func (e *editor) prev(at int, m width) int {
	if at == 0 {
		return 0
	}
	from := max(0, at-64)
	if i := bytes.LastIndexByte(e.text[from:at-1], '\n'); i >= 0 {
		from += i + 1
	}
	for from < at && !utf8.RuneStart(e.text[from]) {
		from++
	}
	for from < at {
		to := e.next(from, m)
		if to >= at {
			return from
		}
		from = to
	}
	return at - 1
}

func (e *editor) wordLeft(m width) int {
	at := e.at
	for at > 0 && !wordAt(e.text, e.prev(at, m)) {
		at = e.prev(at, m)
	}
	for at > 0 && wordAt(e.text, e.prev(at, m)) {
		at = e.prev(at, m)
	}
	return at
}

func (e *editor) wordRight(m width) int {
	at := e.at
	for at < len(e.text) && !wordAt(e.text, at) {
		at = e.next(at, m)
	}
	for at < len(e.text) && wordAt(e.text, at) {
		at = e.next(at, m)
	}
	return at
}

func wordAt(b []byte, i int) bool {
	r, _ := utf8.DecodeRune(b[i:])
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_'
}

func (e *editor) lineStart(at int) int {
	return bytes.LastIndexByte(e.text[:at], '\n') + 1
}

func (e *editor) lineEnd(at int) int {
	if i := bytes.IndexByte(e.text[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(e.text)
}

// pasted is what came from the clipboard: terminals send its line ends as
// carriage returns.
func pasted(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// paste inserts what came from the clipboard.
func (e *editor) paste(s string) {
	s = pasted(s)
	if !e.lines {
		s = strings.TrimRight(s, "\n")
		s = strings.ReplaceAll(s, "\n", " ")
	}
	e.insert(s)
}

// key does what a key does in a text.
func (e *editor) key(k tea.KeyPressMsg, w int, m width) {
	name := k.String()
	move, selects := name, false
	if k.Mod&tea.ModShift != 0 {
		plain := k
		plain.Mod &^= tea.ModShift
		move, selects = plain.Keystroke(), true
	}
	if e.move(move, selects, w, m) {
		return
	}
	switch name {
	case "enter", "shift+enter":
		if !e.lines {
			return
		}
		e.insert("\n")
	case "backspace", "shift+backspace", "ctrl+h":
		e.cutTo(e.prev(e.at, m))
	case "delete", "ctrl+d":
		e.cutTo(e.next(e.at, m))
	case "ctrl+w", "alt+backspace", "ctrl+backspace":
		e.cutTo(e.wordLeft(m))
	case "ctrl+delete", "alt+delete", "alt+d":
		e.cutTo(e.wordRight(m))
	case "ctrl+u":
		e.cutTo(e.lineStart(e.at))
	case "ctrl+k":
		e.cutTo(e.lineEnd(e.at))
	case "ctrl+_", "ctrl+/":
		e.undo()
	case "ctrl+y", "ctrl+shift+z":
		e.redo()
	default:
		if k.Text == "" || k.Mod&^(tea.ModShift|tea.ModCapsLock|tea.ModNumLock) != 0 {
			return
		}
		from, to := e.selection()
		e.replace(from, to, k.Text, change{typed: from == to})
	}
}

// move moves the cursor, as a key without shift says; with it, what lies
// between is selected. False: the key moves nothing here.
func (e *editor) move(name string, selects bool, w int, m width) bool {
	var to int
	want := -1
	from, end := e.selection()
	switch name {
	case "left", "ctrl+b":
		to = e.prev(e.at, m)
		if !selects && from < end {
			to = from
		}
	case "right", "ctrl+f":
		to = e.next(e.at, m)
		if !selects && from < end {
			to = end
		}
	case "ctrl+left", "alt+left", "alt+b":
		to = e.wordLeft(m)
	case "ctrl+right", "alt+right", "alt+f":
		to = e.wordRight(m)
	case "home", "ctrl+a":
		to = e.lineStart(e.at)
	case "end":
		to = e.lineEnd(e.at)
	case "ctrl+home":
		to = 0
	case "ctrl+end":
		to = len(e.text)
	case "up", "down", "pgup", "pgdown":
		if !e.lines {
			return false
		}
		rows := e.rows(w, m)
		y, x := e.place(rows, m)
		if e.want < 0 {
			e.want = x
		}
		want = e.want
		y += map[string]int{"up": -1, "down": 1, "pgup": -pageRows, "pgdown": pageRows}[name]
		switch {
		case y >= 0 && y < len(rows):
			to = e.atColumn(rows[y], want, m)
		case y < 0 && (selects || name == "pgup"):
			to = 0
		case y >= len(rows) && (selects || name == "pgdown"):
			to = len(e.text)
		default:
			return false
		}
	default:
		return false
	}
	e.at, e.want = to, want
	if !selects {
		e.from = to
	}
	e.changes.pause()
	return true
}

// pageRows is how far page up and page down go in a text.
const pageRows = 10

// rows are the lines of the text as a screen of w columns has them.
func (e *editor) rows(w int, m width) []docLine {
	return textLines(e.text, max(1, w-1), m)
}

// place is the cursor's row and column.
func (e *editor) place(rows []docLine, m width) (y, x int) {
	for i, r := range rows {
		last := i == len(rows)-1
		if e.at >= r.from && (e.at < r.to || last || e.at == r.to && rows[i+1].from > r.to) {
			return i, cells(string(e.text[r.from:e.at]), m)
		}
	}
	return 0, 0
}

func (e *editor) atColumn(r docLine, want int, m width) int {
	at, x := r.from, 0
	for at < r.to {
		g := nextGlyph(e.text[at:r.to], m)
		if x+g.cells > want {
			break
		}
		x += g.cells
		at += g.n
	}
	return at
}

// draw gives h lines of w columns of the text, and where the cursor is in them.
func (e *editor) draw(st *Styles, w, h int, sgr string) (lines []string, x, y int) {
	rows := e.rows(w, st.width)
	y, x = e.place(rows, st.width)
	if e.top > y {
		e.top = y
	}
	if y >= e.top+h {
		e.top = y - h + 1
	}
	e.top = max(0, min(e.top, len(rows)-h))
	for i := range h {
		l := newLine(st, w, nil)
		if i+e.top < len(rows) {
			e.drawRow(l, rows[i+e.top], sgr)
		}
		lines = append(lines, l.end())
	}
	return lines, min(x, w-1), y - e.top
}

// click puts the cursor where the text was clicked at: column x of the y-th line
// that is shown, w columns wide; with drag, what lies between is selected.
func (e *editor) click(x, y, w int, drag bool, m width) {
	rows := e.rows(w, m)
	r := rows[max(0, min(y+e.top, len(rows)-1))]
	at := e.atColumn(r, max(0, x), m)
	if drag {
		e.at, e.want = at, -1
		return
	}
	e.moveTo(at)
}

// scroll moves the cursor by lines, as the wheel does.
func (e *editor) scroll(n, w int, m width) {
	if w <= 0 {
		return
	}
	rows := e.rows(w, m)
	y, x := e.place(rows, m)
	e.moveTo(e.atColumn(rows[max(0, min(y+n, len(rows)-1))], x, m))
}

// clickField is click in a field of one line that shows its text from e.left on.
func (e *editor) clickField(x int, m width) {
	e.moveTo(e.atColumn(docLine{from: e.left, to: len(e.text)}, max(0, x), m))
}

// drawRow draws a part of the text, with what is selected in it lit; a selected
// line end shows as a blank.
func (e *editor) drawRow(l *line, r docLine, sgr string) {
	from, to := e.selection()
	if from == to || to <= r.from || from > r.to {
		l.bytes(sgr, e.text[r.from:r.to])
		return
	}
	lit := strings.TrimPrefix(sgr+l.st.selected, ";")
	a, b := max(from, r.from), min(to, r.to)
	l.bytes(sgr, e.text[r.from:a])
	l.bytes(lit, e.text[a:b])
	l.bytes(sgr, e.text[b:r.to])
	if to > r.to && r.to < len(e.text) && e.text[r.to] == '\n' && l.width < l.max {
		l.text(lit, " ")
	}
}

// drawField draws a text of one line into l, in w columns, scrolled so that the
// cursor is in sight; it gives the cursor's column in l.
func (e *editor) drawField(l *line, w int, sgr string) int { return e.drawSuggested(l, w, sgr, "") }

// drawSuggested is drawField with what could follow the text, dim.
func (e *editor) drawSuggested(l *line, w int, sgr, suggestion string) int {
	// What is far before the cursor cannot be in sight, however large a paste was.
	from := max(0, e.at-16*w)
	for from < e.at && !utf8.RuneStart(e.text[from]) {
		from++
	}
	before := cells(string(e.text[from:e.at]), l.st.width)
	for from < e.at && before > w-1 {
		next := min(e.next(from, l.st.width), e.at)
		before -= cells(string(e.text[from:next]), l.st.width)
		from = next
	}
	x := l.width + before
	e.left = from
	l.column(w, func() {
		e.drawRow(l, docLine{from: from, to: len(e.text)}, sgr)
		l.text(l.st.dim, suggestion)
	})
	return x
}
