package ui

import (
	"strings"
	"testing"
)

// rowOf is the line of the screen that the first text is in; -1: none is.
func rowOf(screen, text string) int {
	for i, line := range strings.Split(screen, "\n") {
		if strings.Contains(line, text) {
			return i
		}
	}
	return -1
}

func TestHelpIsSearched(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 80, 24)
		d.follows("orders")
		d.press("?", "/")
		d.typed("timeline zoom")
		got := d.screen()
		for _, want := range []string{"keys  with timeline zoom", "zoom into the timeline", "zoom out of the timeline", " tail"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q:\n%s", want, got)
			}
		}
		for _, other := range []string{"a page down", "transactions"} {
			if strings.Contains(got, other) {
				t.Errorf("%q is shown:\n%s", other, got)
			}
		}
		d.press("enter", "esc") // keeps it, shows all again
		if got := d.screen(); strings.Contains(got, "with timeline") || !strings.Contains(got, "a page down") {
			t.Errorf("not all is shown again:\n%s", got)
		}
		d.press("/")
		d.typed("no such words")
		if got := d.screen(); !strings.Contains(got, "no match") {
			t.Errorf("nothing says so:\n%s", got)
		}
		d.press("esc", "esc")
		if d.m.over != nil {
			t.Error("esc does not close it")
		}
	})
}

func TestHelpShowsFirstWhatWorks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 60)
		d.follows("orders")
		d.press("?")
		got := d.screen()
		works, off := rowOf(got, "open the record"), rowOf(got, "in a replay: slower")
		if works < 0 || off < 0 || off < works {
			t.Errorf("what works is in line %d, what does not in line %d:\n%s", works, off, got)
		}
		last := -1
		for i := range bindings {
			b := &bindings[i]
			if b.Scope != ScopeTail || b.Off != nil && b.Off(d.m) != "" {
				continue
			}
			if at := rowOf(got, b.What[:min(len(b.What), 30)]); at > last {
				last = at
			}
		}
		if off < last {
			t.Errorf("line %d has what does not work, line %d what does:\n%s", off, last, got)
		}
	})
}

func TestNoticesAreSearched(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}, Warnings: []string{"the first warning", "another thing"}}, 80, 24)
		d.follows("orders")
		d.advance(noticeLonger) // the newest is not in the corner any more
		d.press("!", "/")
		d.typed("warning")
		if got := d.screen(); !strings.Contains(got, "the first warning") || strings.Contains(got, "another thing") {
			t.Errorf("it shows:\n%s", got)
		}
	})
}

func TestPaletteKnowsTheWordsThatPeopleTry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}, Probe: probing()}, 120, 40)
		d.follows("orders")
		for _, word := range []string{"context", "broker", "theme", "search", "export", "time", "copy", "delete", "create", "config"} {
			d.press(":")
			d.typed(word)
			p := d.m.over.(*palette)
			if len(p.found) == 0 {
				t.Errorf("%q finds nothing", word)
			}
			for _, c := range p.found {
				if !strings.Contains(strings.ToLower(c.text), word) {
					t.Errorf("%q finds %q", word, c.text)
				}
			}
			d.press("esc")
		}
	})
}
