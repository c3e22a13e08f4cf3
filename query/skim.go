package query

// A query against many records at once: where in their bytes the first match may
// be. A word that a record must have stands within one of its fields, so also
// within the bytes of them all; between two words of a text there is mostly none,
// and a search of bytes is several times faster than reading records.

import (
	"bytes"

	"milena/kafka"
)

// skimmer is words, at least one of which can be looked for in that way.
type skimmer struct {
	matcher
	w *word
}

var _ kafka.Skimmer = skimmer{}

// Skim gives the place of the word that is the longest.
func (s skimmer) Skim(records []byte) int { return s.w.index(records) }

// longest is the word to skim for; nil: there is none.
func longest(words []word) *word {
	var best *word
	for i := range words {
		if w := &words[i]; !w.exclude && w.skims() && (best == nil || w.weight() > best.weight()) {
			best = w
		}
	}
	return best
}

// skims says whether the word is a text, or a pattern that has one in it.
func (w *word) skims() bool {
	if w.pattern != nil {
		return len(w.pattern.any) == 1 || w.pattern.any == nil && w.pattern.fold != nil
	}
	return len(w.bytes) > 0
}

// weight is the length of what is looked for.
func (w *word) weight() int {
	switch {
	case w.pattern == nil:
		return len(w.bytes)
	case w.pattern.any != nil:
		return len(w.pattern.any[0])
	}
	return len(w.pattern.fold.bytes)
}

// skimmedAtOnce is how many bytes are searched for the word, and then for escapes
// that may stand for it, before the next ones are.
const skimmedAtOnce = 16 << 10

// index is a place within the first match of the word in b, or before it; -1:
// there is none.
func (w *word) index(b []byte) int {
	hidden := &w.hidden
	if w.pattern != nil {
		if hidden = &w.pattern.hidden; w.pattern.any == nil {
			hidden = &w.pattern.fold.hidden
		}
	}
	beyond := len(`\u0000`) * (w.weight() + 1) // a match may begin at the end of a piece
	for from := 0; from < len(b); from += skimmedAtOnce {
		piece := b[from:min(len(b), from+skimmedAtOnce+beyond)]
		plain, said := w.plainIndex(piece), hidden.next(piece)
		switch {
		case plain < 0 && said < 0:
			continue
		case plain < 0 || said >= 0 && said < plain:
			plain = said
		}
		return from + plain
	}
	return -1
}

// plainIndex is index of the word as it is.
func (w *word) plainIndex(b []byte) int {
	s := newSearch(b)
	switch {
	case w.pattern != nil && w.pattern.any != nil:
		return bytes.Index(b, w.pattern.any[0])
	case w.pattern != nil:
		return w.pattern.fold.plainIndex(b)
	case w.exact:
		return bytes.Index(b, w.bytes)
	case !w.ascii:
		from, _ := w.nextRunes(&s, w.stand)
		return from
	case w.signed(b):
		return 0
	}
	return w.nextASCII(&s)
}
