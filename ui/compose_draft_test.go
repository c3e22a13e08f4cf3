package ui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
)

func TestEachTopicHasADraftOfItsOwn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		d.press("c")
		d.typed("for the log")
		d.press("tab")
		d.typed("k1")
		turn := func(name string) {
			t.Helper()
			d.run(d.m.openTopics(name))
			d.sees("compose → " + name)
		}
		turn("empty")
		if s := d.screen(); strings.Contains(s, "for the log") || strings.Contains(s, "k1") {
			t.Fatalf("what was written to one topic stands under another:\n%s", s)
		}
		d.press("shift+tab")
		d.m.setFocus(paneCompose)
		d.typed("for the other")
		turn("orders")
		d.m.setFocus(paneTail)
		d.press("q")
		d.sees("Unsent text for empty, message-log in the compose pane")
		d.press("esc")

		turn("empty")
		d.m.setFocus(paneCompose)
		d.press("ctrl+s")
		d.sees("sent to partition 0 at offset 0")
		turn("message-log")
		if s := d.screen(); strings.Contains(s, "sent to partition") {
			t.Errorf("what became of a message to another topic is still told:\n%s", s)
		}
		d.sees("for the log")
		d.m.setFocus(paneCompose)
		d.press("ctrl+_") // the key, which had the cursor, can be undone as before
		if x := d.m.compose.composed(); x.key != "" || x.value != "for the log" {
			t.Errorf("the draft came back as %+v", x)
		}
	})
}

func TestAMessageThatIsSentWhileAnotherTopicOpensLeavesItsDraftAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		gate := make(chan struct{})
		c.set(func() { c.onSend = func() { <-gate } })
		d := drive(t, c, Options{Topics: []string{"empty"}}, 120, 40)
		d.sees("no messages yet")
		d.press("c")
		d.typed("one")
		d.press("ctrl+s")
		d.run(d.m.openTopics("orders"))
		d.sees("compose → orders")
		close(gate)
		d.sees("sent to partition 0 of empty at offset 0")
		d.press("c")
		d.typed("two")
		d.run(d.m.openTopics("empty"))
		d.sees("compose → empty")
		if x := d.m.compose.composed(); !x.blank() {
			t.Errorf("what was sent is still there: %+v", x)
		}
		if d.m.compose.unsentTo()[0] != "orders" {
			t.Error("the other draft is lost")
		}
	})
}

func TestThePartitionFieldSaysWhatEmptyMeans(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for topic, says := range map[string]string{"message-log": "empty: 0", "orders": "empty: any partition"} {
			d := drive(t, sample(), Options{Topics: []string{topic}}, 120, 40)
			d.follows(topic)
			d.press("c", "tab", "tab", "tab", "tab")
			d.sees(says)
		}
	})
}

func TestAnAttachmentThatWasRemovedComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"empty"}}, 120, 40)
		d.sees("no messages yet")
		d.press("c")
		big := strings.Repeat("0123456789", attachAbove/5)
		d.send(tea.PasteMsg{Content: big})
		d.sees("attachment")
		d.press("backspace")
		d.typed("x")
		d.press("ctrl+_")
		if d.m.compose.attached != nil {
			t.Fatal("more is undone than the last change")
		}
		d.press("ctrl+_")
		if string(d.m.compose.attached) != big {
			t.Errorf("%d bytes came back", len(d.m.compose.attached))
		}
		d.sees("attachment")
	})
}

func TestWhatIsTooLargeIsToldInFull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.set(func() {
			c.sendErr = &kafka.Error{Code: 10, Doing: "write to empty/0", Topic: "empty", Partition: 0}
			c.configs = []kafka.ConfigEntry{{Name: "max.message.bytes", Value: "1048588"}}
		})
		d := drive(t, c, Options{Topics: []string{"empty"}}, 120, 40)
		d.sees("no messages yet")
		d.press("c")
		d.send(tea.PasteMsg{Content: strings.Repeat("x", 2_000_000)})
		d.press("ctrl+s")
		d.sees("not sent: 2,000,074 bytes, max.message.bytes is 1,048,588: ")
		d.press("esc", "!")
		d.sees("larger than the max message size the server will accept")
	})
}
