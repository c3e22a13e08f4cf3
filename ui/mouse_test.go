package ui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

func (d *driver) clickAt(x, y int) {
	d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
}

func TestMousePutsTheCursorIntoTheText(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("c")
		d.typed("first 한국 line")
		d.press("enter")
		d.typed("second")
		x, y := d.at("first")
		d.clickAt(x+8, y) // between the two wide letters
		d.typed("X")
		if got := d.m.compose.value.String(); got != "first 한X국 line\nsecond" {
			t.Errorf("the text is %q", got)
		}
		d.clickAt(x, y)
		d.send(tea.MouseMotionMsg{X: x + 5, Y: y, Button: tea.MouseLeft})
		if got := string(d.m.compose.value.selected()); got != "first" {
			t.Errorf("%q is selected", got)
		}
		x, y = d.at("headers 0")
		d.clickAt(x, y)
		if d.m.compose.at != partHeaders {
			t.Errorf("a click on the headers leads to %v", d.m.compose.at)
		}
		d.typed("trace")
		d.press("tab")
		x, y = d.at("headers")
		d.clickAt(x, y)
		x, y = d.at(" trace")
		d.clickAt(x+3, y)
		d.typed("-")
		if got := d.m.compose.heads.rows[0].name.String(); got != "tr-ace" {
			t.Errorf("the header's name is %q", got)
		}
	})
}

func TestMouseGoesToFieldsOfDialogs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		d.sees("orders")
		d.press("1", "+")
		d.typed("abcd")
		x, y := d.at("replication factor")
		d.clickAt(x+25, y)
		if d.m.dialog.at != createFactor {
			t.Errorf("a click on the replication factor leads to field %d", d.m.dialog.at)
		}
		x, y = d.at("abcd")
		d.clickAt(x+2, y)
		d.typed("-")
		if got := d.m.dialog.fields[createName].ed.String(); got != "ab-cd" {
			t.Errorf("the name is %q", got)
		}
	})
}

func TestMouseOpensWhatIsPreviewed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		d.press("1")
		d.sees("preview")
		x, y := d.at("enter opens it")
		d.clickAt(x, y+3)
		d.until("the topic", func() bool { return d.m.tail.session != nil })
	})
}

func TestColumnsExplainThemselves(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		for heading, says := range map[string]string{
			"time UTC": "the producer's clock", "offset": "the record's number", "key  ": "null (as a value, a tombstone)", " p ": "its own colour",
		} {
			x, y := d.at(heading)
			d.clickAt(x+1, y)
			if n := d.m.notices.all; len(n) == 0 || !strings.Contains(n[len(n)-1].text, says) {
				t.Errorf("a click on %q does not say %q", heading, says)
			}
		}
		d.press("M")
		d.sees("M captures it")
	})
}

func TestFilteringTopicsShowsTheBestOfThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		d.sees("orders.dlq")
		d.press("1", "/")
		d.typed("dlq")
		d.until("its preview", func() bool { return d.m.preview.topic == "orders.dlq" })
	})
}

func TestFindSaysWhichOfHowMany(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		d.press("f")
		d.typed("29")
		d.press("enter")
		d.sees(" of ")
		f := &d.m.tail.find
		first := f.nth
		if f.of < 2 || first != f.of {
			t.Fatalf("it is %d of %d, the newest first", first, f.of)
		}
		d.press("N")
		d.until("the one before", func() bool { return f.nth == first-1 })
	})
}

func TestAClickOnAColumnOrdersTheTopics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		d.settled()
		first := func() string { return d.m.topics.all[d.m.topics.shown[0]].Name }
		d.click("parts")
		if first() != "payments" {
			t.Errorf("by partitions, %s is the first", first())
		}
		d.click("count")
		if first() != "message-log" {
			t.Errorf("by count, %s is the first", first())
		}
		d.click("count")
		if d.m.topics.order != byName {
			t.Error("a second click does not go back to the names")
		}
		d.click("parts")
		d.click("Topics")
		if first() != "customers" {
			t.Errorf("by name, %s is the first", first())
		}
	})
}
