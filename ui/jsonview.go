package ui

import "bytes"

// JSON with the order of keys and the digits as they were sent, coloured and broken
// into lines. In the view of a record its strings are decoded (jsonsaid.go).

// jsonKind is what a token of JSON is.
type jsonKind int8

const (
	jsonSpace jsonKind = iota
	jsonPunct          // { } [ ] : ,
	jsonString
	jsonKey // a string before a colon
	jsonNumber
	jsonWord // true, false, null
	jsonJunk // anything else
)

// jsonStyle is how a kind looks.
func (st *Styles) jsonStyle(k jsonKind) string {
	switch k {
	case jsonString:
		return st.jsonStr
	case jsonKey:
		return st.jsonKey
	case jsonNumber:
		return st.jsonNum
	case jsonWord:
		return st.jsonWord
	case jsonPunct:
		return st.jsonPunct
	}
	return st.text
}

// byteOrderMark may stand before JSON, and is none of it.
var byteOrderMark = []byte("\ufeff")

// looksLikeJSON says whether b begins as an object or an array does.
func looksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, byteOrderMark), " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

// jsonToken is the token of b that begins at i: its end and kind. It takes
// whatever it is given; a text that was cut in mid-token is no trouble.
func jsonToken(b []byte, i int) (end int, kind jsonKind) {
	switch c := b[i]; {
	case i == 0 && bytes.HasPrefix(b, byteOrderMark):
		return len(byteOrderMark), jsonSpace
	case c == '"':
		for j := i + 1; ; j++ {
			n := bytes.IndexByte(b[j:], '"')
			if n < 0 {
				return len(b), jsonString
			}
			j += n
			slashes := 0
			for k := j - 1; k > i && b[k] == '\\'; k-- {
				slashes++
			}
			if slashes%2 == 0 {
				end = j + 1
				break
			}
		}
		for j := end; j < len(b); j++ {
			switch b[j] {
			case ' ', '\t', '\n', '\r':
				continue
			case ':':
				return end, jsonKey
			}
			break
		}
		return end, jsonString
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		end = i + 1
		for end < len(b) && (b[end] == ' ' || b[end] == '\t' || b[end] == '\n' || b[end] == '\r') {
			end++
		}
		return end, jsonSpace
	case c == '{' || c == '}' || c == '[' || c == ']' || c == ':' || c == ',' || isNest(c):
		return i + 1, jsonPunct
	case c == '-' || c >= '0' && c <= '9':
		end = i + 1
		for end < len(b) && (b[end] >= '0' && b[end] <= '9' || b[end] == '.' || b[end] == 'e' || b[end] == 'E' || b[end] == '+' || b[end] == '-') {
			end++
		}
		return end, jsonNumber
	case c >= 'a' && c <= 'z':
		end = i + 1
		for end < len(b) && b[end] >= 'a' && b[end] <= 'z' {
			end++
		}
		return end, jsonWord
	}
	end = i + 1
	for end < len(b) && bytes.IndexByte([]byte(" \t\r\n{}[]:,\"-0123456789"), b[end]) < 0 {
		end++
	}
	return end, jsonJunk
}

// docLine is one line of a value on the screen: bytes from..to of it, indented.
type docLine struct {
	from, to int
	indent   int
	kind     jsonKind // of the token that goes on from the line before; jsonSpace: none
}

// maxIndent keeps deep nesting on the screen.
const maxIndent = 40

// jsonLines breaks valid JSON into lines of at most w columns: one element a
// line, longer ones go on in the next. It walks the bytes once.
func jsonLines(b []byte, w int, m width) []docLine {
	lines := make([]docLine, 0, len(b)/24+16)
	depth, start := 0, -1
	indent := func() int { return min(2*depth, maxIndent, max(0, w-16)) }
	lineIndent := 0
	flush := func(end int) {
		if start >= 0 {
			lines = wrapJSON(lines, b, start, end, lineIndent, w, m)
		}
		start = -1
	}
	for i := 0; i < len(b); {
		end, kind := jsonToken(b, i)
		switch {
		case kind == jsonSpace:
		case kind == jsonPunct && (b[i] == '{' || b[i] == '['):
			if start < 0 {
				start, lineIndent = i, indent()
			}
			next := end
			for next < len(b) && (b[next] == ' ' || b[next] == '\t' || b[next] == '\n' || b[next] == '\r') {
				next++
			}
			if next < len(b) && (b[next] == '}' || b[next] == ']') {
				end = next + 1 // empty: stays on the line
				break
			}
			flush(end)
			depth++
		case kind == jsonPunct && (b[i] == '}' || b[i] == ']'):
			flush(i)
			depth = max(0, depth-1)
			start, lineIndent = i, indent()
		case kind == jsonPunct && b[i] == ',':
			if start < 0 {
				start, lineIndent = i, indent()
			}
			flush(end)
		default:
			if start < 0 {
				start, lineIndent = i, indent()
			}
		}
		i = end
	}
	flush(len(b))
	return lines
}

// wrapJSON appends the line from..to, in pieces when it is wider than w.
func wrapJSON(lines []docLine, b []byte, from, to, indent, w int, m width) []docLine {
	if to-from+indent+1 <= w && isPlain(b[from:to]) {
		return append(lines, docLine{from: from, to: to, indent: indent})
	}
	room := max(1, w-indent)
	used, at := 0, docLine{from: from, indent: indent}
	for i := from; i < to; {
		end, kind := jsonToken(b[:to], i)
		if kind == jsonSpace {
			i = end
			continue
		}
		for j := i; j < end; {
			n, c := 0, 0
			if isNest(b[j]) || b[j] >= 0x20 && b[j] < 0x7f && (j+1 >= len(b) || b[j+1] < 0x80) {
				n, c = 1, 1
			} else {
				g := nextGlyph(b[j:min(end, j+256)], m)
				n, c = g.n, g.cells
			}
			if used+c > room && used > 0 {
				at.to = j
				lines = append(lines, at)
				at = docLine{from: j, indent: indent, kind: jsonSpace}
				if j > i {
					at.kind = kind
				}
				used = 0
			}
			used += c
			j += n
		}
		if b[i] == ':' && kind == jsonPunct {
			used++
		}
		i = end
	}
	at.to = to
	return append(lines, at)
}

// isPlain says whether every byte is one printable column.
func isPlain(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c >= 0x7f {
			return false
		}
	}
	return true
}

// jsonLine draws one line of JSON, with the stretches in spans lit.
func (l *line) jsonLine(b []byte, d docLine, spans [][2]int) {
	l.fill(l.width + d.indent)
	i := d.from
	if d.kind != jsonSpace {
		end := continued(b, i, d.to, d.kind)
		l.lit(l.st.jsonStyle(d.kind), b, i, end, spans)
		i = end
	}
	for i < d.to && !l.full {
		end, kind := jsonToken(b, i)
		end = min(end, d.to)
		if kind != jsonSpace {
			l.token(kind, b, i, end, spans)
			if kind == jsonPunct && b[i] == ':' {
				l.text("", " ")
			}
		}
		i = end
	}
}

// continued is where the token ends that a line begins in the middle of.
func continued(b []byte, i, to int, kind jsonKind) int {
	if kind == jsonString || kind == jsonKey {
		for i < to {
			if b[i] == '"' {
				return i + 1
			}
			if b[i] == '\\' {
				i++
			}
			i++
		}
		return to
	}
	for i < to && bytes.IndexByte([]byte(" \t\r\n{}[]:,\""), b[i]) < 0 {
		i++
	}
	return i
}

// jsonRow draws JSON on one line, with the stretches in spans lit.
func (l *line) jsonRow(b []byte, spans [][2]int) {
	for i := 0; i < len(b) && !l.full; {
		end, kind := jsonToken(b, i)
		if kind == jsonSpace {
			l.text("", " ")
		} else {
			l.token(kind, b, i, end, spans)
		}
		i = end
	}
}

// token draws b[from:to]; the quotes of a key are chrome.
func (l *line) token(kind jsonKind, b []byte, from, to int, spans [][2]int) {
	if kind == jsonKey && to-from >= 2 && b[to-1] == '"' {
		l.text(l.st.jsonPunct, `"`)
		l.lit(l.st.jsonKey, b, from+1, to-1, spans)
		l.text(l.st.jsonPunct, `"`)
		return
	}
	if kind == jsonPunct && isNest(b[from]) {
		l.text(l.st.jsonStr, `"`)
		return
	}
	l.lit(l.st.jsonStyle(kind), b, from, to, spans)
}

// lit draws b[from:to] with the stretches in spans lit.
func (l *line) lit(sgr string, b []byte, from, to int, spans [][2]int) {
	for _, s := range spans {
		if s[1] <= from || s[0] >= to {
			continue
		}
		if s[0] > from {
			l.bytes(sgr, b[from:s[0]])
			from = s[0]
		}
		end := min(s[1], to)
		l.bytes(l.st.match, b[from:end])
		from = end
	}
	if from < to {
		l.bytes(sgr, b[from:to])
	}
}
