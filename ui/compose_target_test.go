package ui

import (
	"fmt"
	"strings"
	"testing"
)

func TestComposeInTheListIsToTheTopicUnderTheCursor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 120, 40)
		d.until("the topics", func() bool { return d.m.topicsSettled() })
		d.m.topics.selectName("customers")
		d.sees("c writes a message to customers") // nothing is open yet
		d.press("c")
		d.sees("compose → customers")
		d.typed("to customers")
		d.press("esc")
		if d.m.focus != paneTopics {
			t.Error("esc does not go back to the list")
		}
		d.follows("orders")
		d.sees("c writes a message to orders")
		d.press("1")
		d.m.topics.selectName("payments")
		d.sees("c writes a message to payments")
		d.sees("not sent yet: customers")
		d.press("c")
		d.typed("to payments")
		d.press("ctrl+s")
		d.sees("sent to partition")
		if n := len(c.topics["payments"]); c.sentTo("payments") != "to payments" {
			t.Errorf("payments has %q in %d partitions", c.sentTo("payments"), n)
		}
		d.press("esc", "2")
		d.sees("c writes a message to orders")
		d.press("1")
		d.m.topics.selectName("customers")
		d.sees("c goes on with the text to customers")
		d.press("c")
		d.sees("to customers")
		if got := d.m.compose.value.String(); got != "to customers" {
			t.Errorf("the text is %q", got)
		}
	})
}

func TestComposeSaysThatATextWaitsElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("c")
		d.typed("half a messa")
		d.press("esc", "1")
		d.m.topics.selectName("payments")
		d.press("c")
		d.notes("the text to orders waits")
		d.press("esc", "2", "c")
		d.sees("compose → orders")
		if got := d.m.compose.value.String(); got != "half a messa" {
			t.Errorf("the text is %q", got)
		}
	})
}

func TestReadOnlyComposesNothingFromTheList(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.readOnly = true
		d := drive(t, c, Options{}, 120, 40)
		d.until("the topics", func() bool { return d.m.topicsSettled() })
		d.press("1", "c")
		if d.m.focus != paneTopics || !strings.Contains(d.screen(), "read-only") {
			t.Error(d.screen())
		}
	})
}

// sentTo is what was written to a topic, the newest value.
func (c *fakeCluster) sentTo(topic string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sent) == 0 || c.sent[len(c.sent)-1].Topic != topic {
		return fmt.Sprintf("nothing of %d", len(c.sent))
	}
	return string(c.sent[len(c.sent)-1].Value)
}
