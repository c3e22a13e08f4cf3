package ui

import (
	"strings"
	"testing"
)

func TestPaletteFindsWordsBeforeScatteredLetters(t *testing.T) {
	texts := []string{"order by name, or by messages", "copy the value", "orders", "orders.dlq", "purchase-orders", "go to a time", "o-r-d", "주문-이벤트", "bad\xff\xfebytes ord"}
	best := func(query string) string {
		winner, top := "", 0
		for _, text := range texts {
			c := command{text: text}
			if !c.has(strings.Fields(fold(query))) {
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
	d := drive(t, sample(), Options{}, 120, 40)
	d.until("the topics", func() bool { return d.m.topics.loaded })
	d.press(":")
	d.typed("msgl")
	d.press("enter")
	d.until("the topic", func() bool { return d.m.tail.topic == "message-log" && d.m.tail.snap.next > d.m.tail.snap.first })
	if d.m.over != nil || d.m.focus != paneTail || d.m.topics.current().Name != "message-log" {
		t.Errorf("focus %v on %q, over it %v", d.m.focus, d.m.topics.current().Name, d.m.over)
	}
}

func TestPaletteReachesActionsOfOtherPanes(t *testing.T) {
	d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 120, 40)
	d.follows("message-log")
	d.press("1", ":")
	d.typed("pause again")
	d.press("enter")
	if !d.m.tail.paused || d.m.focus != paneTail {
		t.Errorf("paused %v, focus %v", d.m.tail.paused, d.m.focus)
	}
}

func TestPaletteOverARecordKeepsIt(t *testing.T) {
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
}
