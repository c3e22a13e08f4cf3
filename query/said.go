package query

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// What a text says behind the escapes of JSON: K\u00f6ln says Köln. A text is
// looked for in the bytes as they are, then in what they say, and then in what
// that says: a JSON string may hold JSON whose strings have escapes of their own.
// Most texts need no second look, as they have no escape that could stand for a
// letter of what is looked for.

// saidLevels is how many levels of escapes are read, one within the other.
const saidLevels = 8

// maxSaidKept is how large a buffer is kept for the next text, in bytes.
const maxSaidKept = 1 << 20

// saying reads what texts say, for one goroutine.
type saying struct{ buf []byte }

// levels asks is of what b says, one level of escapes after the other, until the
// answer is yes.
func (s *saying) levels(b []byte, is func([]byte) bool) bool {
	defer func() {
		if cap(s.buf) > maxSaidKept {
			s.buf = nil
		}
	}()
	for range saidLevels {
		before := len(b)
		s.buf = appendSaid(s.buf[:0], b) // what is said is never longer, so it may overwrite b
		if b = s.buf; len(b) == before {
			return false
		}
		if is(b) {
			return true
		}
	}
	return false
}

// appendSaid appends what b says with one level of escapes read; a \ that begins
// none stays.
func appendSaid(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:i]...)
		r, n := readEscape(b[i:])
		if n == 0 {
			dst, n = append(dst, '\\'), 1
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		b = b[i+n:]
	}
}

// saidAt is appendSaid that also tells, for each byte and the end, at which of
// places (nil: its own) it stood in the text.
func saidAt(b []byte, places []int) (text []byte, at []int) {
	place := func(i int) int {
		if places == nil {
			return i
		}
		return places[i]
	}
	for i := 0; i < len(b); {
		r, n := readEscape(b[i:])
		if n == 0 {
			text, n = append(text, b[i]), 1
		} else {
			text = utf8.AppendRune(text, r)
		}
		for len(at) < len(text) {
			at = append(at, place(i))
		}
		i += n
	}
	return text, append(at, place(len(b)))
}

// readEscape reads the escape that b begins with (RFC 8259, section 7) and tells
// its length; 0: there is none. Half of a surrogate pair is U+FFFD.
func readEscape(b []byte) (r rune, n int) {
	if len(b) < 2 || b[0] != '\\' {
		return 0, 0
	}
	if b[1] != 'u' {
		c := shortEscape(b[1])
		if c == 0 {
			return 0, 0
		}
		return rune(c), 2
	}
	r, ok := hex4(b[2:])
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if low, ok := hex4(b[8:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
	}
	return utf8.RuneError, 6
}

// shortEscape is what \c stands for; 0: nothing.
func shortEscape(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return 0
}

// disguise knows the escapes that may stand for a letter of some texts.
type disguise struct {
	ascii [2]uint64 // a bit for each letter in ASCII
	wide  []rune    // the others, or their surrogates
	lone  bool      // also U+FFFD, which half of any pair stands for
}

// newDisguise is that of texts to the letter.
func newDisguise(texts ...[]byte) disguise {
	var d disguise
	for _, text := range texts {
		for _, r := range string(text) {
			d.add(r)
		}
	}
	return d
}

// newFoldedDisguise is that of a text in any case.
func newFoldedDisguise(text string) disguise {
	var d disguise
	for _, r := range text {
		for _, form := range standsFor(r) {
			stand, _ := utf8.DecodeRune(form)
			d.add(stand)
		}
	}
	return d
}

func (d *disguise) add(r rune) {
	switch {
	case r < utf8.RuneSelf:
		d.ascii[r>>6] |= 1 << (r & 63)
	case r == utf8.RuneError:
		d.lone = true
	default:
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			d.addWide(high)
			r = low
		}
		d.addWide(r)
	}
}

func (d *disguise) addWide(r rune) {
	if !slices.Contains(d.wide, r) {
		d.wide = append(d.wide, r)
	}
}

// has says whether a letter behind \u may be one of the texts', or part of an
// escape of its own: of \u005cu00f6, or of what a few more levels hide.
func (d *disguise) has(r rune) bool {
	switch {
	case r >= utf8.RuneSelf:
		return slices.Contains(d.wide, r) || d.lone && (r == utf8.RuneError || utf16.IsSurrogate(r))
	case r == '\\', unicode.IsLetter(r), unicode.IsDigit(r):
		return true
	}
	return d.ascii[r>>6]&(1<<(r&63)) != 0
}

// next is the place of the first escape in b that may stand for a letter of the
// texts, at any level; -1: what stands there is said there, or is not said.
func (d *disguise) next(b []byte) int {
	for at := 0; ; at++ {
		i := bytes.IndexByte(b[at:], '\\')
		if i < 0 {
			return -1
		}
		if at += i; d.begins(b[at+1:]) {
			return at
		}
	}
}

// begins says whether what follows a \ makes it such an escape.
func (d *disguise) begins(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	if b[0] == 'u' {
		r, ok := hex4(b[1:])
		return ok && d.has(r)
	}
	c := shortEscape(b[0])
	return c != 0 && d.ascii[c>>6]&(1<<(c&63)) != 0
}
