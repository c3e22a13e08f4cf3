package ui

import "unicode"

// What was done to a text, so that it can be undone and done again. Typing on
// without a break is one change a word, as one thinks of it.

// Bounds of what is remembered for one text.
const (
	changesKept      = 1000
	changesKeptBytes = 4 << 20
)

// change is one part of a text that another took the place of.
type change struct {
	at      int    // in bytes
	was, is string // what was there, and what came
	cursor  int    // where the cursor was
	typed   bool   // key by key: the next key may join
}

func (c *change) bytes() int { return len(c.was) + len(c.is) }

// changes are those that can be undone, and behind them those that were.
type changes struct {
	all    []change
	done   int // those before are in force
	bytes  int
	paused bool // the next change begins a new one
}

// add notes a change; what was undone before cannot be done again any more.
func (h *changes) add(c change) {
	for i := h.done; i < len(h.all); i++ {
		h.bytes -= h.all[i].bytes()
	}
	h.all = h.all[:h.done]
	if h.joins(c) {
		h.all[h.done-1].is += c.is
		h.bytes += len(c.is)
		return
	}
	h.all, h.paused = append(h.all, c), false
	h.bytes += c.bytes()
	drop := 0
	for drop < len(h.all)-1 && (len(h.all)-drop > changesKept || h.bytes > changesKeptBytes) {
		h.bytes -= h.all[drop].bytes()
		drop++
	}
	h.all = append(h.all[:0], h.all[drop:]...)
	h.done = len(h.all)
}

// joins says whether c goes on with the word that is being typed.
func (h *changes) joins(c change) bool {
	if h.done == 0 || h.paused || !c.typed {
		return false
	}
	last := &h.all[h.done-1]
	if !last.typed || last.at+len(last.is) != c.at {
		return false
	}
	space := func(s string) bool { return s != "" && unicode.IsSpace(rune(s[len(s)-1])) }
	return !space(last.is) || space(c.is)
}

// pause ends what is being typed: the next key is a change of its own.
func (h *changes) pause() { h.paused = true }

// back gives the last change, to be undone.
func (h *changes) back() (change, bool) {
	if h.done == 0 {
		return change{}, false
	}
	h.done--
	h.paused = true
	return h.all[h.done], true
}

// forth gives the change that was undone last, to be done again.
func (h *changes) forth() (change, bool) {
	if h.done == len(h.all) {
		return change{}, false
	}
	h.done++
	h.paused = true
	return h.all[h.done-1], true
}
