package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// A small text editor: the value that is composed, and every field. What is in
// it is kept as it was typed or pasted, byte for byte; the screen shows it
// escaped.

// editor holds a text and a cursor between its grapheme clusters.
type editor struct {
	text  []byte
	at    int  // cursor, in bytes
	lines bool // enter makes a new line
	want  int  // the column that up and down aim for; -1: the cursor's
	top   int  // first line that is shown
}

func (e *editor) String() string { return string(e.text) }
func (e *editor) empty() bool    { return len(e.text) == 0 }

// set makes s the text, with the cursor at its end.
func (e *editor) set(s string) {
	e.text = append(e.text[:0:0], s...)
	e.at, e.want, e.top = len(e.text), -1, 0
}

func (e *editor) insert(s string) {
	if s == "" {
		return
	}
	t := make([]byte, 0, len(e.text)+len(s))
	t = append(t, e.text[:e.at]...)
	t = append(t, s...)
	e.text = append(t, e.text[e.at:]...)
	e.at += len(s)
	e.want = -1
}

func (e *editor) cutTo(at int) {
	from, to := min(at, e.at), max(at, e.at)
	e.text = append(append(make([]byte, 0, len(e.text)), e.text[:from]...), e.text[to:]...)
	e.at, e.want = from, -1
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
	if i := strings.LastIndexByte(string(e.text[from:at-1]), '\n'); i >= 0 {
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
	return strings.LastIndexByte(string(e.text[:at]), '\n') + 1
}

func (e *editor) lineEnd(at int) int {
	if i := strings.IndexByte(string(e.text[at:]), '\n'); i >= 0 {
		return at + i
	}
	return len(e.text)
}

// paste inserts what came from the clipboard; terminals send its line ends as
// carriage returns.
func (e *editor) paste(s string) {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	if !e.lines {
		s = strings.TrimRight(s, "\n")
		s = strings.ReplaceAll(s, "\n", " ")
	}
	e.insert(s)
}

// key does what a key does in a text; false: nothing.
func (e *editor) key(k tea.KeyPressMsg, w int, m width) bool {
	want := -1
	switch k.String() {
	case "left", "ctrl+b":
		e.at = e.prev(e.at, m)
	case "right", "ctrl+f":
		e.at = e.next(e.at, m)
	case "ctrl+left", "alt+left", "alt+b":
		e.at = e.wordLeft(m)
	case "ctrl+right", "alt+right", "alt+f":
		e.at = e.wordRight(m)
	case "home", "ctrl+a":
		e.at = e.lineStart(e.at)
	case "end":
		e.at = e.lineEnd(e.at)
	case "ctrl+home":
		e.at = 0
	case "ctrl+end":
		e.at = len(e.text)
	case "up", "down":
		if !e.lines {
			return false
		}
		rows := e.rows(w, m)
		y, x := e.place(rows, m)
		if e.want < 0 {
			e.want = x
		}
		want = e.want
		if k.String() == "up" {
			y--
		} else {
			y++
		}
		if y < 0 || y >= len(rows) {
			return false
		}
		e.at = e.atColumn(rows[y], want, m)
	case "enter":
		if !e.lines {
			return false
		}
		e.insert("\n")
	case "backspace", "ctrl+h":
		e.cutTo(e.prev(e.at, m))
	case "delete", "ctrl+d":
		e.cutTo(e.next(e.at, m))
	case "ctrl+w", "alt+backspace", "ctrl+backspace":
		e.cutTo(e.wordLeft(m))
	case "ctrl+u":
		e.cutTo(e.lineStart(e.at))
	case "ctrl+k":
		e.cutTo(e.lineEnd(e.at))
	default:
		if k.Text == "" || k.Mod&^tea.ModShift != 0 {
			return false
		}
		e.insert(k.Text)
	}
	e.want = want
	return true
}

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
			r := rows[i+e.top]
			l.bytes(sgr, e.text[r.from:r.to])
		}
		lines = append(lines, l.end())
	}
	return lines, min(x, w-1), y - e.top
}

// drawField draws a text of one line into l, in w columns, scrolled so that the
// cursor is in sight; it gives the cursor's column in l.
func (e *editor) drawField(l *line, w int, sgr string) int {
	from := 0
	for from < e.at && cells(string(e.text[from:e.at]), l.st.width) > w-1 {
		from = e.next(from, l.st.width)
	}
	x := l.width + cells(string(e.text[from:e.at]), l.st.width)
	l.column(w, func() { l.bytes(sgr, e.text[from:]) })
	return x
}
