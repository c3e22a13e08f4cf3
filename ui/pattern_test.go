package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// branches is a cluster with two topics of orders, and others.
func branches() *fakeCluster {
	c := newFake().topic("orders.de", 1).topic("orders.fr", 2).topic("payments", 1).topic("__orders.x", 1)
	c.add("orders.de", 0, text("from Germany"))
	c.add("orders.fr", 1, text("from France"))
	c.add("payments", 0, text("a payment"))
	c.add("__orders.x", 0, text("internal"))
	return c
}

func TestAPatternOpensWhatMatchesAndWhatAppearsLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := branches()
		d := drive(t, c, Options{Topics: []string{`orders\..*`}}, 120, 40)
		d.follows("orders.de")
		d.sees(`orders\..*: 2 topics`)
		if held := d.reads(); len(held) != 2 || len(held["orders.de/0"]) != 1 || len(held["orders.fr/1"]) != 1 {
			t.Errorf("held is %v", held)
		}
		session := d.m.tail.session.number
		c.topic("orders.it", 2)
		c.topic("invoices", 1)
		c.add("invoices", 0, text("an invoice"))
		c.add("orders.it", 1, text("from Italy"))
		d.sees("from Italy")
		d.sees("topic orders.it is new") // among the rows
		d.notes("topic orders.it is new")
		d.sees(`orders\..*: 3 topics`)
		if d.m.tail.session.number != session || strings.Contains(d.screen(), "an invoice") {
			t.Errorf("what was shown is disturbed:\n%s", d.screen())
		}
		// What reads anew reads it too, and it can be switched off and on.
		d.press("L")
		v := d.loads()
		d.press("G")
		if v.on.Topic != "orders.it" {
			t.Fatalf("the last row is %v", v.on)
		}
		d.press("g")
		for v.on.Topic != "orders.it" {
			d.press("j")
		}
		d.press("space")
		if held := d.reads(); len(held) != 2 || len(held["orders.it/1"]) != 0 {
			t.Errorf("with orders.it off: %v", held)
		}
		c.topic("orders.es", 1)
		c.add("orders.es", 0, text("from Spain"))
		d.until("the next topic", func() bool { return slices.Contains(d.m.tail.topics, "orders.es") })
		if held := d.reads(); len(held["orders.it/1"]) != 0 {
			t.Errorf("orders.it is off, and read as a new one: %v", held)
		}
		d.press("space")
		if held := d.reads(); len(held["orders.it/1"]) != 1 {
			t.Errorf("with orders.it on: %v", held)
		}
	})
}

func TestAPatternIsTypedIntoThePalette(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := branches()
		d := drive(t, c, Options{}, 120, 40)
		d.until("the topics", func() bool { return d.m.topicsSettled() })
		d.press(":")
		d.typed("orders.*")
		d.sees("open 2 topics like orders.*, including new ones")
		d.press("enter")
		d.follows("orders.de")
		if want := []string{"orders.de", "orders.fr"}; !slices.Equal(d.m.tail.topics, want) || d.m.focus != paneTail {
			t.Errorf("%v is open, want %v", d.m.tail.topics, want)
		}
		d.press(":")
		d.typed("order")
		if p := d.m.over.(*palette); p.found[0].pattern != "" {
			t.Error("a word is taken for a pattern")
		}
		d.press("esc", "1")
		d.m.topics.selectName("payments")
		d.press("enter")
		d.follows("payments")
		c.topic("orders.at", 1)
		c.add("orders.at", 0, text("from Austria"))
		c.add("payments", 0, text("the last"))
		d.sees("the last")
		if len(d.m.tail.topics) != 1 {
			t.Errorf("a topic by its name takes in others: %v", d.m.tail.topics)
		}
	})
}

func TestAPatternThatMatchesManyAsksFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := branches()
		for i := range mostTopics {
			c.topic(fmt.Sprintf("many.%03d", i), 1)
		}
		d := drive(t, c, Options{Topics: []string{"many.*", "payments"}}, 120, 40)
		d.sees("many.* payments matches 101 topics, from many.000 to payments")
		if d.m.tail.session != nil {
			t.Error("they are open already")
		}
		d.advance(swallow)
		d.send(tea.KeyPressMsg{Code: tea.KeyEnter})
		d.until("to read", func() bool { return d.m.tail.snap.reading })
		if len(d.m.tail.topics) != mostTopics+1 {
			t.Errorf("%d are open", len(d.m.tail.topics))
		}
	})
}

func TestAPatternThatMatchesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for text, want := range map[string]string{"refunds.*": "no topic matches", "orders(": "is not a regular expression"} {
			d := drive(t, branches(), Options{Topics: []string{text}}, 120, 40)
			d.notes(want)
			if d.m.tail.session != nil {
				t.Errorf("%s opens %v", text, d.m.tail.topics)
			}
		}
	})
}
