package query

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// One word, found in bytes, or in what they say (said.go). A word without a capital
// is found in any case: a rune of the text stands for the one that it is in lower
// case, one by one, so that İ is found by i and the Kelvin sign by k. Bytes that are
// not UTF-8 match only a word that is taken to the letter.

// word is a part of a query.
type word struct {
	text    string
	exact   bool // found to the letter: it has a capital, or letters without case only
	exclude bool // the record must not have it

	scope   field    // constant: key, value or any header
	header  string   // of headerField: its name
	pattern *pattern // the word is a regular expression

	bytes []byte

	// For a word in ASCII: the byte that is searched for, where it is in the
	// word, and its other case (itself when it has none).
	ascii        bool
	anchor       int
	lower, upper byte

	// The runes beyond ASCII that stand for an ASCII letter of the word, and
	// for any other word those that stand for its first rune.
	stand [][]byte

	hidden disguise // the escapes that may stand for a letter of it
}

// exactWord is a text that is found to the letter.
func exactWord(text []byte) word {
	return word{text: string(text), bytes: text, exact: true, hidden: newDisguise(text)}
}

// patternWord is a regular expression in a word's place.
func patternWord(p *pattern, exclude bool) word {
	return word{text: p.source, pattern: p, exclude: exclude}
}

func newWord(text string, exclude bool) word {
	w := exactWord([]byte(text))
	w.exclude, w.ascii = exclude, true
	cased := false
	for _, r := range text {
		if unicode.ToLower(r) != r {
			return w // a capital
		}
		cased = cased || len(standsFor(r)) > 1
		w.ascii = w.ascii && r < utf8.RuneSelf
	}
	if !cased || !utf8.ValidString(text) {
		return w
	}
	w.exact = false
	w.hidden = newFoldedDisguise(text)
	if !w.ascii {
		first, _ := utf8.DecodeRuneInString(text)
		w.stand = standsFor(first)
		return w
	}
	w.anchor = rarest(w.bytes)
	w.lower = w.bytes[w.anchor]
	w.upper = w.lower
	if 'a' <= w.lower && w.lower <= 'z' {
		w.upper -= 'a' - 'A'
	}
	if strings.ContainsRune(text, 'k') {
		w.stand = append(w.stand, []byte("\u212A"))
	}
	if strings.ContainsRune(text, 'i') {
		w.stand = append(w.stand, []byte("\u0130"))
	}
	return w
}

// standsFor is every rune, encoded, that in lower case is r.
func standsFor(r rune) [][]byte {
	runes := [][]byte{[]byte(string(r))}
	add := func(o rune) {
		if o != r && unicode.ToLower(o) == r {
			runes = append(runes, []byte(string(o)))
		}
	}
	for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
		add(o)
	}
	if r == 'i' {
		add('\u0130') // folds with nothing in Unicode's own table
	}
	return runes
}

// rarity ranks how seldom a byte is in text, JSON and numbers; a search that
// jumps from one rare byte to the next has the fewest stops.
func rarity(b byte) int {
	const common = " e\"taoinsr:,0hld12cu-m3f4p5g6w7y8b9v{}._/k[]x"
	if i := strings.IndexByte(common, b); i >= 0 {
		return i
	}
	return len(common)
}

// saidIn says whether the word stands in b, or in what b says.
func (w *word) saidIn(b []byte, s *saying) bool {
	return w.in(b) || w.mayHide(b) && s.levels(b, w.in)
}

// mayHide says whether what b says may have the word, though b has it not.
func (w *word) mayHide(b []byte) bool {
	if w.pattern != nil {
		return w.pattern.mayHide(b)
	}
	return w.hidden.next(b) >= 0
}

// rarest is the place of the byte that is the rarest; of no bytes it is 0.
func rarest(b []byte) (at int) {
	for i := range b {
		if rarity(b[i]) > rarity(b[at]) {
			at = i
		}
	}
	return at
}

// in says whether the word stands in b as it is.
func (w *word) in(b []byte) bool {
	s := newSearch(b)
	switch {
	case w.pattern != nil:
		return w.pattern.in(b)
	case w.exact:
		return bytes.Contains(b, w.bytes)
	case !w.ascii:
		from, _ := w.nextRunes(&s, w.stand)
		return from >= 0
	case w.nextASCII(&s) >= 0:
		return true
	case w.signed(b):
		s = newSearch(b)
		from, _ := w.nextRunes(&s, standsFor(rune(w.bytes[0])))
		return from >= 0
	}
	return false
}

// appendSaidSpans appends where the word stands in b, or in what b says, as [from, to).
func (w *word) appendSaidSpans(dst [][2]int, b []byte) [][2]int {
	dst = w.appendSpans(dst, b)
	if !w.mayHide(b) {
		return dst
	}
	var places []int
	for range saidLevels {
		before := len(b)
		if b, places = saidAt(b, places); len(b) == before {
			break
		}
		for _, at := range w.appendSpans(nil, b) {
			dst = append(dst, [2]int{places[at[0]], places[at[1]]})
		}
	}
	return dst
}

// appendSpans appends where the word stands in b as it is, as [from, to), one
// behind the other.
func (w *word) appendSpans(dst [][2]int, b []byte) [][2]int {
	if w.pattern != nil {
		for _, at := range w.pattern.re.FindAllIndex(b, -1) {
			if at[0] < at[1] {
				dst = append(dst, [2]int{at[0], at[1]})
			}
		}
		return dst
	}
	stand := w.stand
	byRunes := !w.ascii
	if w.ascii && w.signed(b) {
		stand, byRunes = standsFor(rune(w.bytes[0])), true
	}
	s := newSearch(b)
	for {
		var from, to int
		switch {
		case w.exact:
			if from = bytes.Index(b[s.at:], w.bytes); from >= 0 {
				from += s.at
			}
			to = from + len(w.bytes)
		case byRunes:
			from, to = w.nextRunes(&s, stand)
		default:
			from = w.nextASCII(&s)
			to = from + len(w.bytes)
		}
		if from < 0 {
			return dst
		}
		dst = append(dst, [2]int{from, to})
		s.at = to
	}
}

// signed says whether a sign beyond ASCII in b may stand for a letter of the
// word, which is in ASCII: seldom enough to search by runes then.
func (w *word) signed(b []byte) bool {
	if w.exact {
		return false
	}
	for _, sign := range w.stand {
		if bytes.Contains(b, sign) {
			return true
		}
	}
	return false
}

// maxStand is the most runes that are one and the same in lower case.
const maxStand = 4

// search goes through a text. It remembers where each form of the word's
// beginning comes next, so that a form that is seldom or never there is
// searched for once and not at every stop of another.
type search struct {
	b    []byte
	at   int // where the word may begin at the earliest
	next [maxStand]int
}

func newSearch(b []byte) search { return search{b: b, next: [maxStand]int{-1, -1, -1, -1}} }

// nextASCII finds a word in ASCII, by its anchor in either case; -1: nowhere.
func (w *word) nextASCII(s *search) int {
	n := len(w.bytes)
	if len(s.b)-s.at < n {
		return -1
	}
	// Where the anchor may be: later, the rest of the word has no room.
	b := s.b[:len(s.b)-n+w.anchor+1]
	for at := s.at + w.anchor; ; {
		if s.next[0] < at {
			s.next[0] = nextByte(b, at, w.lower)
		}
		if w.upper == w.lower {
			s.next[1] = s.next[0]
		} else if s.next[1] < at {
			s.next[1] = nextByte(b, at, w.upper)
		}
		i := min(s.next[0], s.next[1])
		if i == len(b) {
			return -1
		}
		if from := i - w.anchor; equalASCII(s.b[from:from+n], w.bytes) {
			return from
		}
		at = i + 1
	}
}

// nextByte is where c is in b from at on; len(b): nowhere.
func nextByte(b []byte, at int, c byte) int {
	if i := bytes.IndexByte(b[at:], c); i >= 0 {
		return at + i
	}
	return len(b)
}

// equalASCII compares b, of any case, with a word in lower case.
func equalASCII(b, lower []byte) bool {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// nextRunes finds any word, rune by rune, wherever one of first stands, as
// [from, to); -1: nowhere.
func (w *word) nextRunes(s *search, first [][]byte) (from, to int) {
	for at := s.at; ; at = from + 1 {
		from = len(s.b)
		for i, f := range first {
			if s.next[i] < at {
				s.next[i] = len(s.b)
				if j := bytes.Index(s.b[at:], f); j >= 0 {
					s.next[i] = at + j
				}
			}
			from = min(from, s.next[i])
		}
		if from == len(s.b) {
			return -1, -1
		}
		if n := w.prefix(s.b[from:]); n >= 0 {
			return from, from + n
		}
	}
}

// prefix is how many bytes the word takes at the beginning of b; -1: it is not
// there.
func (w *word) prefix(b []byte) int {
	at := 0
	for _, want := range w.text {
		r, n := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && n < 2 || unicode.ToLower(r) != want {
			return -1
		}
		at += n
	}
	return at
}
