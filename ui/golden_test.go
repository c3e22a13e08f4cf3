package ui

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"milena/kafka"
)

var update = flag.Bool("update", false, "write the golden screens anew")

// golden compares a screen with the one in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	lines := strings.Split(got, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	got = strings.Join(lines, "\n") + "\n"
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./ui -update writes it anew):\n%s", name, got)
	}
}

var sizes = [][2]int{{40, 12}, {80, 24}, {120, 40}, {200, 60}}

// follows opens a topic and waits until it is followed.
func (d *driver) follows(topic string) {
	d.t.Helper()
	d.until("the topics", func() bool { return d.m.topicsSettled() })
	if d.m.tail.topic == "" {
		d.m.topics.selectName(topic)
		d.press("1", "enter")
	}
	d.until("to follow "+topic, func() bool {
		s := &d.m.tail.snap
		return s.reading && !s.older.busy && s.next > s.first && s.lag == 0
	})
}

func TestScreens(t *testing.T) {
	for _, size := range sizes {
		w, h := size[0], size[1]
		name := func(s string) string { return fmt.Sprintf("%s-%dx%d", s, w, h) }
		inBubble(t, fmt.Sprintf("%dx%d", w, h), func(t *testing.T) {
			d := drive(t, sample(), Options{}, w, h)
			d.until("the topics", func() bool { return d.m.topicsSettled() })
			golden(t, name("topics"), d.screen())
			d.follows("orders")
			golden(t, name("tail"), d.screen())
			if w == 120 {
				golden(t, name("tail-ansi"), strings.ReplaceAll(d.m.View().Content, "\x1b", "^"))
			}
			d.press("up", "up", "up", "up", "up", "enter")
			golden(t, name("record"), d.screen())
			d.press("n", "r", "r")
			golden(t, name("record-hex"), d.screen())
			d.press("esc", "c")
			d.typed(`{"id": 18, "event": "logout"}`)
			d.press("tab")
			d.typed("user-12")
			golden(t, name("compose"), d.screen())
			d.press("esc", "?")
			golden(t, name("help"), d.screen())
			d.press("esc", ":")
			golden(t, name("palette"), d.screen())
			d.press("esc", "1", "+")
			golden(t, name("create"), d.screen())
			d.press("esc", "D")
			golden(t, name("delete"), d.screen())
		})
	}
}

func TestSentScreen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"orders"}}, 120, 40)
		c.set(func() { c.onSend = func() { d.advance(6 * time.Millisecond) } })
		d.follows("orders")
		d.m.topics.counting = true // the count stands still
		d.press("c")
		d.typed(`{"id": 18}`)
		d.press("ctrl+s")
		d.sees("seen after")
		d.until("the row", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 61 && d.m.tail.snap.lag == 0 })
		golden(t, "sent-120x40", d.screen())
	})
}

func TestCannotConnectScreen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		failed := &kafka.OpenError{Attempts: []*kafka.ConnectError{
			{Broker: "localhost:9092", Step: kafka.StepConnect, Err: errors.New("connection refused"), Hint: "nothing listens there: is the port right, and is the broker up?"},
			{Broker: "kafka.example:9093", Step: kafka.StepTLS, Err: errors.New("first record does not look like a TLS handshake"), Hint: "the broker speaks plain text on that port"},
		}}
		for _, size := range sizes {
			d := drive(t, nil, Options{Open: failing(failed), Demo: demoOf(sample()), Brokers: []string{"localhost:9092", "kafka.example:9093"}}, size[0], size[1])
			d.sees("cannot reach")
			golden(t, fmt.Sprintf("connect-%dx%d", size[0], size[1]), d.screen())
		}
	})
}
