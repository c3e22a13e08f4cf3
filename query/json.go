package query

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// JSON read in place: the values at some paths are taken from a text in one
// pass, and the rest is passed over by its brackets and quotes alone. What is
// passed over is not checked, what follows the last value that is wanted is not
// read, and depth costs nothing. Of a name that an object has twice, the last
// counts, as in JavaScript, Java's Jackson and Go: a pass ends early only where
// no wanted name stands in the bytes that follow.

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

// repeats says whether names may stand in what is left of a text once more. Where
// each stands next it remembers, so that none is searched for twice.
type repeats struct {
	names  []quotedName
	hidden disguise
	next   []int // of each name, and of an escape that may stand for a letter of one
}

// quotedName is a name in quotes, found by the rarest of its bytes.
type quotedName struct {
	text   []byte
	anchor int
}

// index is where the name is in b; -1: nowhere.
func (n *quotedName) index(b []byte) int {
	for at := n.anchor; at < len(b); at++ {
		i := bytes.IndexByte(b[at:], n.text[n.anchor])
		if i < 0 {
			return -1
		}
		if at += i; bytes.HasPrefix(b[at-n.anchor:], n.text) {
			return at - n.anchor
		}
	}
	return -1
}

// repeats is that of all names of the tree.
func (t *paths) repeats() repeats {
	var names [][]byte
	var collect func(*paths)
	collect = func(t *paths) {
		for i, s := range t.steps {
			if s.index < 0 {
				names = append(names, []byte(s.name))
			}
			collect(t.next[i])
		}
	}
	collect(t)
	r := repeats{hidden: newDisguise(names...), next: make([]int, len(names)+1)}
	for _, name := range names {
		r.names = append(r.names, quotedName{[]byte(`"` + string(name) + `"`), 1 + rarest(name)})
	}
	return r
}

// begin is before another text.
func (r *repeats) begin() {
	for i := range r.next {
		r.next[i] = -1
	}
}

// from says whether it may be so from i on, which only rises.
func (r *repeats) from(b []byte, i int) bool {
	if len(r.names) == 0 {
		return false
	}
	for k := range r.next {
		if r.next[k] < i {
			at := 0
			if k < len(r.names) {
				at = r.names[k].index(b[i:])
			} else {
				at = r.hidden.next(b[i:])
			}
			if r.next[k] = i + at; at < 0 {
				r.next[k] = len(b)
			}
		}
		if r.next[k] < len(b) {
			return true
		}
	}
	return false
}

// taker takes values into slots.
type taker struct {
	b       []byte
	slots   []value
	texts   [][]byte // of the slots, where the text had escapes
	name    []byte   // a name that had escapes
	repeats repeats  // of the tree's names
}

// done is the position that ends it all: everything was found, or the text is
// broken.
const done = -1

// take reads the value at i and gives the position behind it. Last says that
// nothing else is wanted of the text, unless a name comes again.
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
	case '{', '[':
		if out != nil {
			out.kind = isContainer
		}
		switch {
		case len(at.steps) == 0 && last && !t.repeats.from(b, i):
			return done
		case len(at.steps) == 0:
			return skipDepth(b, i+1, 1)
		}
		return t.container(at, i, last)
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

// container reads the members of the object, or the elements of the array, at i.
func (t *taker) container(at *paths, i int, last bool) int {
	b, object := t.b, t.b[i] == '{'
	left := uint64(1)<<len(at.steps) - 1 // steps that were not met yet
	if i = skipSpace(b, i+1); i < len(b) && b[i] == closing(object) {
		return i + 1
	}
	for n := 0; ; n++ {
		var found int
		if i = skipSpace(b, i); object {
			found, i = t.member(at, i)
		} else {
			found = slices.IndexFunc(at.steps, func(s step) bool { return s.index == n })
		}
		switch {
		case i < 0:
			return done
		case found < 0:
			i = skipValue(b, i)
		default:
			if left&(1<<found) == 0 {
				t.forget(at.next[found])
			}
			left &^= 1 << found
			i = t.take(at.next[found], i, last && left == 0)
		}
		switch {
		case i < 0:
			return done
		case left == 0 && last && !t.repeats.from(b, i):
			return done
		case left == 0 && !object:
			return skipDepth(b, i, 1)
		}
		if i = skipSpace(b, i); i >= len(b) {
			return done
		}
		switch b[i] {
		case ',':
			i++
		case closing(object):
			return i + 1
		default:
			return done
		}
	}
}

func closing(object bool) byte {
	if object {
		return '}'
	}
	return ']'
}

// member reads a name and its colon: which step it is (-1: none), and where its
// value begins.
func (t *taker) member(at *paths, i int) (found, value int) {
	b := t.b
	if i >= len(b) || b[i] != '"' {
		return -1, done
	}
	end, escaped := stringEnd(b, i+1)
	if end < 0 {
		return -1, done
	}
	name := b[i+1 : end]
	if escaped {
		var ok bool
		if name, ok = unescape(t.name[:0], name); !ok {
			return -1, done
		}
		t.name = name
	}
	if i = skipSpace(b, end+1); i >= len(b) || b[i] != ':' {
		return -1, done
	}
	for k := range at.steps {
		if s := &at.steps[k]; len(s.name) == len(name) && s.index < 0 && s.name == string(name) {
			return k, skipSpace(b, i+1)
		}
	}
	return -1, skipSpace(b, i+1)
}

// forget empties the slots of a value whose name comes again.
func (t *taker) forget(at *paths) {
	if at.slot >= 0 {
		t.slots[at.slot].kind = isMissing
	}
	for _, next := range at.next {
		t.forget(next)
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

// byteOrderMark may stand before a text; to JSON it is none of it.
var byteOrderMark = []byte("\uFEFF")

// jsonStart is where a text's JSON begins.
func jsonStart(b []byte) int {
	if bytes.HasPrefix(b, byteOrderMark) {
		return skipSpace(b, len(byteOrderMark))
	}
	return skipSpace(b, 0)
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

// unescape appends the text of a string. Half of a surrogate pair is U+FFFD; bytes
// that are not UTF-8 stay as they are.
func unescape(dst, b []byte) (text []byte, ok bool) {
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			return append(dst, b...), true
		}
		dst = append(dst, b[:i]...)
		r, n := readEscape(b[i:])
		if n == 0 {
			return dst, false
		}
		dst = utf8.AppendRune(dst, r)
		b = b[i+n:]
	}
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
