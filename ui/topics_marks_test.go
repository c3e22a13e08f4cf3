package ui

import (
	"slices"
	"strings"
	"testing"
)

func TestMarkedTopicsAreOpenedTogether(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 140, 40)
		d.sees("message-log")
		d.press("1")
		d.m.topics.selectName("message-log")
		d.press("space")
		d.sees("✓1")
		d.m.topics.selectName("orders")
		d.press("space")
		d.sees("✓2")
		d.press("S")
		if got := d.m.dialog.fields[1].ed.String(); got != "message-log orders" {
			t.Errorf("S asks about %q", got)
		}
		d.press("esc", "enter")
		if want := []string{"message-log", "orders"}; !slices.Equal(d.m.tail.topics, want) {
			t.Fatalf("open are %v, want %v", d.m.tail.topics, want)
		}
		d.until("the records of both", func() bool {
			count := make(map[string]int)
			for _, r := range d.m.tail.session.records() {
				count[r.Topic]++
			}
			return count["message-log"]+count["orders"] == historyRecords
		})
		if len(d.m.topics.marked) != 0 {
			t.Error("the marks are still there after they were used")
		}
		if st := d.m.st; st.ofTopic(d.m.tail.topics, "orders") == st.ofTopic(d.m.tail.topics, "message-log") {
			t.Error("two topics have one colour")
		}
	})
}

func TestEscDropsMarksBeforeTheFilter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 140, 40)
		d.sees("message-log")
		d.press("1", "/")
		d.typed("orders")
		d.press("enter", "space", "esc")
		if len(d.m.topics.marked) != 0 || d.m.topics.filter != "orders" {
			t.Errorf("after esc: marks %v, filter %q", d.m.topics.marked, d.m.topics.filter)
		}
		d.press("esc")
		if d.m.topics.filter != "" {
			t.Error("the second esc keeps the filter")
		}
	})
}

func TestMarkOfADeletedTopicGoes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 140, 40)
		d.sees("payments")
		d.press("1")
		d.m.topics.selectName("payments")
		d.press("space")
		d.sees("✓1")
		c.set(func() { delete(c.topics, "payments") })
		d.press("ctrl+r")
		d.until("no mark", func() bool { return !strings.Contains(d.screen(), "✓") })
	})
}
