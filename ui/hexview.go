package ui

import (
	"fmt"
	"unicode/utf8"
)

// Bytes and plain text, line by line.

// hexWidth is how many bytes a line of w columns shows.
func hexWidth(w int) int {
	switch {
	case w >= 76:
		return 16
	case w >= 42:
		return 8
	}
	return 4
}

// hexLines breaks b into lines of bytes.
func hexLines(b []byte, w int) []docLine {
	n := hexWidth(w)
	lines := make([]docLine, 0, len(b)/n+1)
	for i := 0; i < len(b); i += n {
		lines = append(lines, docLine{from: i, to: min(i+n, len(b))})
	}
	return lines
}

// hexLine draws: position, bytes in hex, the same as ASCII; the stretches in
// spans are lit.
func (l *line) hexLine(b []byte, d docLine, n int, spans [][2]int) {
	lit := func(at int, otherwise string) string {
		for _, s := range spans {
			if s[0] <= at && at < s[1] {
				return l.st.match
			}
		}
		return otherwise
	}
	l.text(l.st.dim, fmt.Sprintf("%08x ", d.from))
	for i := range n {
		if i%8 == 0 {
			l.text("", " ")
		}
		if d.from+i < d.to {
			c := b[d.from+i]
			sgr := l.st.text
			if c == 0 {
				sgr = l.st.dim
			}
			l.text(lit(d.from+i, sgr), fmt.Sprintf("%02x", c))
			l.text("", " ")
		} else {
			l.text("", "   ")
		}
	}
	l.text("", " ")
	for i, c := range b[d.from:d.to] {
		if c >= 0x20 && c < 0x7f {
			l.text(lit(d.from+i, l.st.jsonStr), string(rune(c)))
		} else {
			l.text(lit(d.from+i, l.st.dim), ".")
		}
	}
}

// textLines breaks text into lines of at most w columns, at its own line ends
// and where it is too wide.
func textLines(b []byte, w int, m width) []docLine {
	w = max(w, 1)
	lines := make([]docLine, 0, len(b)/40+1)
	from, used := 0, 0
	for i := 0; i < len(b); {
		if b[i] == '\n' {
			lines = append(lines, docLine{from: from, to: i})
			i++
			from, used = i, 0
			continue
		}
		n, c := 1, 1
		if b[i] < 0x20 || b[i] >= 0x7f || i+1 < len(b) && b[i+1] >= 0x80 {
			if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
				i++
				continue
			}
			g := nextGlyph(b[i:min(len(b), i+256)], m)
			n, c = g.n, g.cells
		}
		if used+c > w && used > 0 {
			lines = append(lines, docLine{from: from, to: i})
			from, used = i, 0
		}
		used += c
		i += n
	}
	return append(lines, docLine{from: from, to: len(b)})
}

// textLine draws a line of text with the stretches in spans lit; the carriage
// return of a CR LF is left out.
func (l *line) textLine(b []byte, d docLine, spans [][2]int) {
	to := d.to
	if to < len(b) && b[to] == '\n' && to > d.from && b[to-1] == '\r' {
		to--
	}
	l.lit(l.st.text, b, d.from, to, spans)
}

// isBinary says whether b, perhaps the front of something longer, is no text.
func isBinary(b []byte, whole bool) bool {
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf {
			if c == 0 || c < 0x09 || c > 0x0d && c < 0x1b || c > 0x1b && c < 0x20 {
				return true
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return whole || len(b)-i >= utf8.UTFMax || utf8.FullRune(b[i:])
		}
		i += size
	}
	return false
}
