package ui

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Text on its way to the screen: measured by grapheme cluster, and with
// everything escaped that could do something to the terminal.

// width is how the terminal counts cells: rune by rune as wcwidth does, or by
// grapheme cluster where it said that it can (mode 2027). Bubble Tea's renderer
// counts in the same way, so that columns meet.
type width = ansi.Method

// glyph is what stands at the front of a text.
type glyph struct {
	n      int    // bytes of the text that it stands for
	cells  int    // columns that it takes
	escape string // what to show in its place; empty: itself
}

// nextGlyph looks at the front of s, which must not be empty.
//
// Control characters (C0, DEL, C1), bidi controls and all other format
// characters, line and paragraph separators, bytes that are not UTF-8, and
// marks with nothing to stand on are escaped: a message must never be able to
// steer the terminal, nor to hide. The two joiners are left alone inside a
// cluster, where emoji and Indic scripts need them.
func nextGlyph(s []byte, m width) glyph {
	if c := s[0]; c < utf8.RuneSelf {
		if c < 0x20 || c == 0x7f {
			return escaped(rune(c), 1)
		}
		if len(s) == 1 || s[1] < utf8.RuneSelf {
			return glyph{n: 1, cells: 1}
		}
	}
	cluster, cells := ansi.FirstGraphemeCluster(s, m)
	for i := 0; i < len(cluster); {
		r, size := utf8.DecodeRune(cluster[i:])
		if harmful(r, size, i == 0) {
			if i == 0 {
				if r == utf8.RuneError && size == 1 {
					return glyph{n: 1, cells: 4, escape: fmt.Sprintf(`\x%02x`, cluster[0])}
				}
				return escaped(r, size)
			}
			return glyph{n: i, cells: m.StringWidth(string(cluster[:i]))}
		}
		i += size
	}
	if cells == 0 {
		r, size := utf8.DecodeRune(cluster)
		return escaped(r, size)
	}
	return glyph{n: len(cluster), cells: cells}
}

func harmful(r rune, size int, first bool) bool {
	switch {
	case r < 0x20 || r == 0x7f, r >= 0x80 && r < 0xa0:
		return true
	case r == utf8.RuneError && size == 1:
		return true
	case r == '\u200c' || r == '\u200d':
		return first
	case r == '\u2028' || r == '\u2029':
		return true
	}
	return r > 0xa0 && unicode.Is(unicode.Cf, r)
}

func escaped(r rune, size int) glyph {
	var text string
	switch {
	case r == '\n':
		text = `\n`
	case r == '\r':
		text = `\r`
	case r == '\t':
		text = `\t`
	case r < 0x80:
		text = fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		text = fmt.Sprintf(`\u%04x`, r)
	default:
		text = fmt.Sprintf(`\U%08x`, r)
	}
	return glyph{n: size, cells: len(text), escape: text}
}

// cells is how many columns s takes on the screen once it is escaped.
func cells(s string, m width) int {
	n := 0
	for b := []byte(s); len(b) > 0; {
		g := nextGlyph(b, m)
		n += g.cells
		b = b[g.n:]
	}
	return n
}

// wrapWords breaks prose into lines of at most w columns, between words where
// that can be, or at the hyphen of one; those of -1h and 2026-11-22 are none. What
// it gives is escaped already.
func wrapWords(s string, w int, m width) []string {
	const joining = "\u2011" // the hyphen at which Wrap does not break
	s = plainText(s)
	if strings.Contains(s, joining) {
		return strings.Split(m.Wrap(s, max(w, 1), " "), "\n")
	}
	before := ' '
	s = strings.Map(func(r rune) rune {
		if r == '-' && !unicode.IsLetter(before) {
			r, _ = utf8.DecodeRuneInString(joining)
		}
		before = r
		return r
	}, s)
	wrapped := m.Wrap(s, max(w, 1), " ")
	return strings.Split(strings.ReplaceAll(wrapped, joining, "-"), "\n")
}

// plainText is s without anything that could steer a terminal.
func plainText(s string) string {
	var out strings.Builder
	for b := []byte(s); len(b) > 0; {
		g := nextGlyph(b, ansi.WcWidth)
		if g.escape != "" {
			out.WriteString(g.escape)
		} else {
			out.Write(b[:g.n])
		}
		b = b[g.n:]
	}
	return out.String()
}

// line is one stretch of a screen line in the making: styled text whose width
// is known. Everything that is drawn goes through put, so nothing reaches the
// terminal unescaped, and nothing is ever wider than it may be: what does not
// fit ends in an ellipsis.
type line struct {
	st    *Styles
	buf   []byte
	width int    // columns so far
	max   int    // columns there are
	bg    string // background, as SGR parameters with a leading semicolon
	cur   string // style in force
	live  bool   // some style is in force
	full  bool   // something was cut
	run   bool   // blanks keep the style in force, where it has no background: fewer bytes

	mark      int // where buf was before what stands in the last column
	markWidth int
}

// newLine begins a line of w columns; buf is used again.
func newLine(st *Styles, w int, buf []byte) *line {
	return &line{st: st, max: max(w, 0), buf: buf[:0]}
}

func (l *line) style(sgr string) {
	if l.st.reversed && l.bg == l.st.selected && sgr != l.st.match {
		sgr = ""
	}
	if l.live && l.cur == sgr {
		return
	}
	l.live, l.cur = true, sgr
	l.buf = append(l.buf, "\x1b[0"...)
	if sgr != "" {
		l.buf = append(l.buf, ';')
		l.buf = append(l.buf, sgr...)
	}
	if !l.st.matchFills || sgr != l.st.match {
		l.buf = append(l.buf, l.bg...)
	}
	l.buf = append(l.buf, 'm')
}

// text writes s in a style; it is escaped.
func (l *line) text(sgr, s string) { put(l, sgr, s) }

// bytes writes s in a style; it is escaped.
func (l *line) bytes(sgr string, s []byte) { put(l, sgr, s) }

func put[T string | []byte](l *line, sgr string, s T) {
	for len(s) > 0 && !l.full {
		n := 0
		for n < len(s) && s[n] >= 0x20 && s[n] < 0x7f {
			n++
		}
		if n > 0 && n < len(s) && s[n] >= utf8.RuneSelf {
			n-- // the base of what follows, perhaps
		}
		if n > 0 {
			l.style(sgr)
			room := l.max - l.width
			if n <= room {
				l.buf = append(l.buf, s[:n]...)
				l.width += n
				if n == room {
					l.mark, l.markWidth = len(l.buf)-1, l.max-1
				}
			} else {
				if room > 0 {
					l.buf = append(l.buf, s[:room-1]...)
					l.width += room - 1
				}
				l.cut()
			}
			s = s[n:]
			continue
		}
		front := []byte(s[:min(len(s), 256)])
		g := nextGlyph(front, l.st.width)
		if g.escape != "" {
			l.one(l.st.escape, g.escape, g.cells)
		} else {
			l.one(sgr, string(front[:g.n]), g.cells)
		}
		s = s[g.n:]
	}
}

// one writes a glyph whole or, when it does not fit, cuts.
func (l *line) one(sgr, s string, cells int) {
	if l.width+cells > l.max {
		l.cut()
		return
	}
	l.style(sgr)
	if l.width+cells == l.max {
		l.mark, l.markWidth = len(l.buf), l.width
	}
	l.buf = append(l.buf, s...)
	l.width += cells
}

// cut ends what does not fit with an ellipsis.
func (l *line) cut() {
	l.full = true
	if l.max <= 0 {
		return
	}
	if l.width >= l.max {
		l.buf = l.buf[:l.mark]
		l.width = l.markWidth
		l.live = false
	}
	l.style(l.st.dim)
	l.buf = append(l.buf, l.st.g.ellipsis...)
	l.width++
}

// column lets draw write into the next w columns and fills what it left.
func (l *line) column(w int, draw func()) {
	end := min(l.width+w, l.max)
	whole, full := l.max, l.full
	l.max, l.full = end, full
	draw()
	l.max, l.full = whole, full
	l.fill(end)
}

// field writes s into exactly w columns, on the left.
func (l *line) field(sgr, s string, w int) {
	l.column(w, func() { l.text(sgr, s) })
}

// number writes s, plain ASCII, into exactly w columns, on the right.
func (l *line) number(sgr, s string, w int) {
	l.column(w, func() {
		l.fill(l.max - len(s))
		l.text(sgr, s)
	})
}

const blanks = "                                                                                                    "

// fill writes spaces up to a column.
func (l *line) fill(to int) {
	to = min(to, l.max)
	if l.width >= to {
		return
	}
	if l.bg != "" || !l.live || l.cur != "" && !l.run {
		l.style("")
	}
	for l.width < to {
		n := min(to-l.width, len(blanks))
		l.buf = append(l.buf, blanks[:n]...)
		l.width += n
	}
	if l.width == l.max {
		l.mark, l.markWidth = len(l.buf)-1, l.max-1
	}
}

// repeat writes one of the chrome's own glyphs n times.
func (l *line) repeat(sgr, glyph string, n int) {
	n = min(n, l.max-l.width)
	if n <= 0 {
		return
	}
	l.style(sgr)
	for range n {
		l.buf = append(l.buf, glyph...)
	}
	l.width += n
	if l.width == l.max {
		l.mark, l.markWidth = len(l.buf)-len(glyph), l.max-1
	}
}

// end fills the line to its width and gives it.
func (l *line) end() string {
	l.full = false
	l.fill(l.max)
	l.buf = append(l.buf, "\x1b[m"...)
	return string(l.buf)
}
