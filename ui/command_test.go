package ui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

func TestPaletteFindsWordsBeforeScatteredLetters(t *testing.T) {
	texts := []string{"order by name, or by messages", "copy the value", "orders", "orders.dlq", "purchase-orders", "go to a time", "o-r-d", "주문-이벤트", "bad\xff\xfebytes ord"}
	best := func(query string) string {
		winner, top := "", 0
		for _, text := range texts {
			c := command{text: text}
			if !c.has(strings.Fields(fold(query)), false) {
				continue
			}
			for _, s := range c.at {
				if s[0] < 0 || s[1] > len(text) || s[0] >= s[1] {
					t.Fatalf("%q in %q: %v", query, text, c.at)
				}
			}
			if winner == "" || c.score > top {
				winner, top = text, c.score
			}
		}
		return winner
	}
	for query, want := range map[string]string{
		"orders": "orders", "ORDERS": "orders", "dlq": "orders.dlq", "cv": "copy the value", "pord": "purchase-orders",
		"time go": "go to a time", "문": "주문-이벤트", "zzz": "", "\xff": "bad\xff\xfebytes ord",
	} {
		if got := best(query); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
}

func TestPaletteOpensATopicByItsLetters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		d.until("the topics", func() bool { return d.m.topics.loaded })
		d.press(":")
		d.typed("msgl")
		d.press("enter")
		d.until("the topic", func() bool { return d.m.tail.topic == "message-log" && d.m.tail.snap.next > d.m.tail.snap.first })
		if d.m.over != nil || d.m.focus != paneTail || d.m.topics.current().Name != "message-log" {
			t.Errorf("focus %v on %q, over it %v", d.m.focus, d.m.topics.current().Name, d.m.over)
		}
	})
}

func TestPaletteReachesActionsOfOtherPanes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		d.press("1", ":")
		d.typed("pause or resume")
		d.press("enter")
		if !d.m.tail.paused || d.m.focus != paneTail {
			t.Errorf("paused %v, focus %v", d.m.tail.paused, d.m.focus)
		}
	})
}

func TestPaletteOverARecordKeepsIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		d.press("up", "enter")
		before := d.screen()
		d.press(":")
		if !strings.Contains(d.screen(), "this is message") {
			t.Errorf("the record is gone:\n%s", d.screen())
		}
		d.press("esc")
		if got := d.screen(); got != before {
			t.Errorf("not as before:\n%s", got)
		}
		d.press(":")
		d.typed("previous record")
		d.press("enter")
		if in, ok := d.m.over.(*inspector); !ok || in.seq != d.m.tail.snap.next-3 {
			t.Errorf("%T %+v", d.m.over, d.m.over)
		}
	})
}

// at gives the place of a text on the screen.
func (d *driver) at(text string) (x, y int) {
	d.t.Helper()
	for y, l := range strings.Split(d.screen(), "\n") {
		if before, _, ok := strings.Cut(l, text); ok {
			return cells(before, d.m.st.width), y
		}
	}
	d.t.Fatalf("%q is not on the screen:\n%s", text, d.screen())
	return 0, 0
}

func (d *driver) click(text string) {
	d.t.Helper()
	x, y := d.at(text)
	d.advance(time.Second) // no double click
	d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
}

func TestKeysOnTheScreenCanBeClicked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}, Brokers: []string{"a:9092"}}, 200, 40)
		d.follows("message-log")
		d.click("space pause")
		if !d.m.tail.paused {
			t.Error("the footer's pause does nothing")
		}
		d.click(": command")
		d.click("go to a time, an offset")
		if d.m.dialog == nil {
			t.Fatal("a row of the palette does nothing")
		}
		d.click("esc back")
		if d.m.dialog != nil {
			t.Error("a dialog's esc does nothing")
		}
		d.press("Y")
		d.click("kcat -C")
		if !strings.HasPrefix(d.copied, "kcat -C") {
			t.Errorf("copied %q", d.copied)
		}
		d.press(":")
		d.send(tea.MouseClickMsg{X: 60, Y: 5, Button: tea.MouseLeft})
		if d.m.over != nil {
			t.Error("a click beside the palette does not close it")
		}
	})
}

func TestTheTerminalCanHaveTheMouse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		for _, want := range []tea.MouseMode{tea.MouseModeNone, tea.MouseModeCellMotion} {
			d.press("M")
			if got := d.m.View().MouseMode; got != want {
				t.Errorf("mouse mode %v, want %v", got, want)
			}
		}
	})
}

func TestTitleNamesTopicAndContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}, Name: "prod"}, 120, 40)
		d.follows("message-log")
		if got := d.m.View().WindowTitle; got != "milena: message-log — prod" {
			t.Errorf("%q", got)
		}
	})
}

func TestSuspends(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		cmd := d.m.key(keyOf("ctrl+z"))
		if cmd == nil {
			t.Fatal("nothing")
		}
		if _, ok := cmd().(tea.SuspendMsg); !ok {
			t.Error("no suspension")
		}
	})
}

func TestHelpAndNoticesGoBackToTheRecord(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 200, 60)
		d.follows("message-log")
		d.press("up", "enter")
		before := d.screen()
		for _, key := range []string{"?", "!"} {
			d.press(key)
			if d.screen() == before {
				t.Errorf("%s shows nothing", key)
			}
			d.press("esc")
			if d.screen() != before {
				t.Errorf("after %s it is not as before:\n%s", key, d.screen())
			}
		}
	})
}
