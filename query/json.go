package query

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON read in place: the values at some paths are taken from a text in one
// pass, and the rest is passed over by its brackets and quotes alone. What is
// passed over is not checked, what follows the last value that is wanted is not
// read, and depth costs nothing. Of a name that an object has twice, the first
// counts.

// step is one step of a path: a name in an object, or a place in an array.
type step struct {
	name  string
	index int // -1: a name
}

// paths is a tree of the paths to take; each node is the end of one (its slot),
// or on the way to others, or both.
type paths struct {
	slot  int // where the value goes; -1: it is only on the way
	steps []step
	next  []*paths
}

// maxSteps is how many different names or places of one value a query may ask
// for: the bits of a mask.
const maxSteps = 64

func newPaths() *paths { return &paths{slot: -1} }

// add gives the node of a path; nil: too many steps from one value.
func (t *paths) add(path []step) *paths {
next:
	for _, s := range path {
		for i, known := range t.steps {
			if known == s {
				t = t.next[i]
				continue next
			}
		}
		if len(t.steps) == maxSteps {
			return nil
		}
		child := newPaths()
		t.steps, t.next = append(t.steps, s), append(t.next, child)
		t = child
	}
	return t
}

// taker takes values into slots.
type taker struct {
	b     []byte
	slots []value
	texts [][]byte // of the slots, where the text had escapes
	name  []byte   // a name that had escapes
}

// done is the position that ends it all: everything was found, or the text is
// broken.
const done = -1

// take reads the value at i and gives the position behind it. Last says that
// nothing else is wanted of the text.
func (t *taker) take(at *paths, i int, last bool) int {
	b := t.b
	if i >= len(b) {
		return done
	}
	var out *value
	if at.slot >= 0 {
		out = &t.slots[at.slot]
	}
	switch b[i] {
	case '{':
		if out != nil {
			out.kind = isContainer
		}
		if len(at.steps) > 0 {
			return t.object(at, i+1, last)
		}
		return t.pass(i, last)
	case '[':
		if out != nil {
			out.kind = isContainer
		}
		if len(at.steps) > 0 {
			return t.array(at, i+1, last)
		}
		return t.pass(i, last)
	case '"':
		end, escaped := stringEnd(b, i+1)
		if end < 0 {
			return done
		}
		if out != nil {
			out.kind, out.text = isText, b[i+1:end]
			if escaped {
				var ok bool
				if out.text, ok = unescape(t.texts[at.slot][:0], out.text); !ok {
					out.kind = isMissing
				}
				t.texts[at.slot] = out.text
			}
		}
		return end + 1
	}
	end := scalarEnd(b, i)
	if out != nil {
		out.scalar(b[i:end])
	}
	return end
}

// pass goes over a container of which nothing is wanted.
func (t *taker) pass(i int, last bool) int {
	if last {
		return done
	}
	return skipDepth(t.b, i+1, 1)
}

func (t *taker) object(at *paths, i int, last bool) int {
	b := t.b
	left := uint64(1)<<len(at.steps) - 1 // steps that were not met yet
	for {
		if i = skipSpace(b, i); i >= len(b) || b[i] != '"' {
			if i < len(b) && b[i] == '}' {
				return i + 1
			}
			return done
		}
		end, escaped := stringEnd(b, i+1)
		if end < 0 {
			return done
		}
		name := b[i+1 : end]
		if escaped {
			var ok bool
			if name, ok = unescape(t.name[:0], name); !ok {
				return done
			}
			t.name = name
		}
		if i = skipSpace(b, end+1); i >= len(b) || b[i] != ':' {
			return done
		}
		i = skipSpace(b, i+1)
		found := -1
		for k := range at.steps {
			if s := &at.steps[k]; len(s.name) == len(name) && s.index < 0 && s.name == string(name) {
				found = k
				break
			}
		}
		if found >= 0 && left&(1<<found) != 0 {
			left &^= 1 << found
			i = t.take(at.next[found], i, last && left == 0)
		} else {
			i = skipValue(b, i)
		}
		switch {
		case i < 0 || left == 0 && last:
			return done
		case left == 0:
			return skipDepth(b, i, 1)
		}
		if i = skipSpace(b, i); i >= len(b) {
			return done
		}
		switch b[i] {
		case ',':
			i++
		case '}':
			return i + 1
		default:
			return done
		}
	}
}

func (t *taker) array(at *paths, i int, last bool) int {
	b := t.b
	left := uint64(1)<<len(at.steps) - 1
	if i = skipSpace(b, i); i < len(b) && b[i] == ']' {
		return i + 1
	}
	for n := 0; ; n++ {
		i = skipSpace(b, i)
		found := -1
		for k := range at.steps {
			if at.steps[k].index == n {
				found = k
				break
			}
		}
		if found >= 0 {
			left &^= 1 << found
			i = t.take(at.next[found], i, last && left == 0)
		} else {
			i = skipValue(b, i)
		}
		switch {
		case i < 0 || left == 0 && last:
			return done
		case left == 0:
			return skipDepth(b, i, 1)
		}
		if i = skipSpace(b, i); i >= len(b) {
			return done
		}
		switch b[i] {
		case ',':
			i++
		case ']':
			return i + 1
		default:
			return done
		}
	}
}

// scalar reads a value that is neither text nor container; what is none of
// JSON's, such as NaN, is missing.
func (v *value) scalar(b []byte) {
	switch string(b) {
	case "null":
		v.kind = isNull
	case "true":
		v.kind, v.truth = isBool, true
	case "false":
		v.kind, v.truth = isBool, false
	default:
		if n, ok := parseNumber(b); ok {
			v.kind, v.n = isNumber, n
		}
	}
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return done
	}
	switch b[i] {
	case '"':
		if end, _ := stringEnd(b, i+1); end >= 0 {
			return end + 1
		}
		return done
	case '{', '[':
		return skipDepth(b, i+1, 1)
	}
	if end := scalarEnd(b, i); end > i {
		return end
	}
	return done
}

func scalarEnd(b []byte, i int) int {
	for i < len(b) && class[b[i]] == inScalar {
		i++
	}
	return i
}

// skipDepth goes on to behind the end of so many containers.
func skipDepth(b []byte, i, depth int) int {
	for i < len(b) {
		switch class[b[i]] {
		case quote:
			end, _ := stringEnd(b, i+1)
			if end < 0 {
				return done
			}
			i = end
		case opens:
			depth++
		case closes:
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return done
}

// What a byte is outside of strings.
const (
	inScalar = iota // of a number or a word, or of what is broken
	quote
	opens
	closes
	between
)

var class = [256]byte{'"': quote, '{': opens, '[': opens, '}': closes, ']': closes,
	',': between, ':': between, ' ': between, '\n': between, '\t': between, '\r': between}

// stringEnd finds the quote that ends a string whose text begins at i, eight
// bytes at a time; -1: there is none.
func stringEnd(b []byte, i int) (end int, escaped bool) {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		q, s := w^ones*'"', w^ones*'\\' // a byte of zero where there is one
		hit := ((q-ones)&^q | (s-ones)&^s) & highs
		if hit == 0 {
			i += 8
			continue
		}
		if i += bits.TrailingZeros64(hit) / 8; b[i] == '"' {
			return i, escaped
		}
		escaped = true
		i += 2
	}
	for i < len(b) {
		switch b[i] {
		case '"':
			return i, escaped
		case '\\':
			escaped = true
			i++
		}
		i++
	}
	return -1, escaped
}

// unescape appends the text of a string, whose escapes are those of RFC 8259,
// section 7. Half of a surrogate pair is U+FFFD; bytes that are not UTF-8 stay
// as they are.
func unescape(dst, b []byte) (text []byte, ok bool) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c != '\\' {
			dst = append(dst, c)
			continue
		}
		if i++; i == len(b) {
			return dst, false
		}
		switch c = b[i]; c {
		case '"', '\\', '/':
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, ok := hex4(b[i+1:])
			if !ok {
				return dst, false
			}
			i += 4
			if utf16.IsSurrogate(r) {
				pair := rune(utf8.RuneError)
				if i+6 < len(b) && b[i+1] == '\\' && b[i+2] == 'u' {
					if low, ok := hex4(b[i+3:]); ok {
						pair = utf16.DecodeRune(r, low)
					}
				}
				if r = pair; r != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
			continue
		default:
			return dst, false
		}
		dst = append(dst, c)
	}
	return dst, true
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
