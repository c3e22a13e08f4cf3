package cli

// A delimiter that no line has is a mistyped one, and every line would become a
// value without a key. So the first lines wait until one of them has it. A live
// stream must flow nevertheless: it waits no longer than for some lines, or for
// some time.

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"milena/human"
)

// What is held at most until a line with the delimiter comes.
const (
	heldLines = 100
	heldBytes = 1 << 20
	heldTime  = 2 * time.Second
)

// hold keeps the first lines back. Its methods are safe for the two goroutines
// that call them: the reader's, and a timer's.
type hold struct {
	delimiter string
	limit     int64                   // lines that are wanted at most; -1: all
	send      func(line []byte) error // never called by two goroutines at once
	warn      func(text string)
	stop      func() // ends the reading of the input

	mu       sync.Mutex
	lines    [][]byte
	bytes    int
	released bool
	timer    *time.Timer
	err      error // of a send by the timer
}

// line takes a line: it is kept, or sent with all before it.
func (h *hold) line(line []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.released {
		if h.err != nil {
			return h.err
		}
		return h.send(line)
	}
	if bytes.Contains(line, []byte(h.delimiter)) {
		if err := h.release(); err != nil {
			return err
		}
		return h.send(line)
	}
	h.lines = append(h.lines, bytes.Clone(line))
	h.bytes += len(line)
	switch {
	case int64(len(h.lines)) == h.limit:
		return h.refuse()
	case len(h.lines) >= heldLines || h.bytes >= heldBytes:
		h.warnNow()
		return h.release()
	case h.timer == nil:
		h.timer = time.AfterFunc(heldTime, h.timeIsUp)
	}
	return nil
}

// end refuses what came when none of it had the delimiter.
func (h *hold) end() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer != nil {
		h.timer.Stop()
	}
	if h.released || len(h.lines) == 0 {
		return h.err
	}
	return h.refuse()
}

func (h *hold) refuse() error {
	what := "none of the " + human.Plural(len(h.lines), "line") + " has"
	if len(h.lines) == 1 {
		what = "the line does not have"
	}
	h.released, h.lines = true, nil
	return usage("%s the key delimiter %q: nothing was sent; without -K each line is a value", what, h.delimiter)
}

func (h *hold) warnNow() {
	what := "the first line does"
	if n := len(h.lines); n > 1 {
		what = fmt.Sprintf("the first %d lines do", n)
	}
	h.warn(fmt.Sprintf("%s not have the key delimiter %q; a line without it is a value without a key", what, h.delimiter))
}

// release sends what was kept.
func (h *hold) release() error {
	h.released = true
	if h.timer != nil {
		h.timer.Stop()
	}
	lines := h.lines
	h.lines = nil
	for _, line := range lines {
		if err := h.send(line); err != nil {
			return err
		}
	}
	return nil
}

func (h *hold) timeIsUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.released {
		return
	}
	h.warnNow()
	if h.err = h.release(); h.err != nil {
		h.stop()
	}
}
