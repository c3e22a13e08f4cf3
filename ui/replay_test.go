package ui

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
	"milena/kafka/batch"
)

// written are records of two topics with silences between them.
func written() *fakeCluster {
	c := newFake().topic("a", 1).topic("b", 2).topic("empty", 1)
	c.add("a", 0, at(-60*time.Minute, "first"))
	c.add("b", 0, at(-60*time.Minute+3*time.Second, "second"))
	c.add("b", 1, at(-60*time.Minute+13*time.Second, "third"))
	c.add("a", 0, at(-60*time.Minute+33*time.Second, "fourth"))
	return c
}

// waitsFor waits until the replay waits for its next record.
func (d *driver) waitsFor(text string) {
	d.t.Helper()
	d.sees(text)
}

// moves lets time pass, all that waits for it included.
func (d *driver) moves(by time.Duration) {
	d.advance(by)
	d.send(animateMsg{})
}

// fill types into a field of the form that is open.
func (d *driver) fill(field int, text string) {
	d.t.Helper()
	if d.m.dialog == nil {
		d.t.Fatalf("there is no form:\n%s", d.screen())
	}
	d.m.dialog.at = field
	d.press("ctrl+a", "ctrl+k", "ctrl+u")
	d.typed(text)
}

func replays(t *testing.T, c *fakeCluster, topics ...string) *driver {
	t.Helper()
	d := drive(t, c, Options{Topics: topics, Brokers: []string{"a:1"}}, 160, 40)
	d.follows(topics[0])
	return d
}

func TestReplayKeepsTheTimeBetweenRecords(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := written()
		d := replays(t, c, "a", "b")
		d.press("R")
		d.sees("4 offsets")
		if from := d.m.dialog.fields[replayFrom].ed.String(); from != "13:05:12.000" {
			t.Errorf("it begins at %q, not with the first row in sight", from)
		}
		d.sees("at 1× it takes some 1.0 hours")
		d.press("enter")
		d.waitsFor("next record in 3 s")
		d.shows("first")
		d.moves(time.Second)
		d.sees("next record in 2 s")
		d.moves(2 * time.Second)
		d.shows("first", "second")
		d.waitsFor("next record in 10 s")
		d.sees("13:05:15  50%")
		d.press(">")
		d.sees("2×")
		d.waitsFor("next record in 5 s")
		d.moves(4 * time.Second) // 8 of the 10 seconds
		d.press("<")
		d.waitsFor("next record in 2 s")
		d.moves(2 * time.Second)
		d.shows("first", "second", "third")
		d.waitsFor("next record in 20 s")
		d.press(">", ">", ">")
		d.sees("100×")
		d.press(">")
		d.sees("replay ended: 4 records")
		d.shows("first", "second", "third", "fourth")
		d.press(">")
		d.sees("the replay has ended")
		c.add("a", 0, at(0, "live"))
		d.press("esc")
		d.follows("a")
		d.shows("first", "second", "third", "fourth", "live")
		if d.m.tail.played() {
			t.Error("esc does not end the replay")
		}
	})
}

func TestReplayPausesAndSteps(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := replays(t, written(), "a", "b")
		d.press("R", "enter")
		d.waitsFor("next record in 3 s")
		d.press("space")
		d.sees("paused ‖")
		d.sees("the next is of 13:05:15")
		d.moves(time.Hour)
		d.settle()
		d.shows("first")
		d.moves(time.Hour) // what came is no news any more
		if d.m.animating = false; d.m.animate() != nil {
			t.Error("it ticks while it is paused")
		}
		d.press(".")
		d.shows("first", "second")
		d.press(".")
		d.shows("first", "second", "third")
		d.sees("paused ‖")
		d.press("space")
		d.waitsFor("next record in 20 s")
		d.press(".") // a silence is passed over
		d.sees("replay ended: 4 records")
		if b := d.m.find("."); b.Off(d.m) == "" || d.m.find("space").Off(d.m) == "" {
			t.Error("at its end there is nothing to step or to pause")
		}
		d.press("G")
		d.follows("a")
		if d.m.tail.played() {
			t.Error("G does not end the replay")
		}
	})
}

func TestReplayStopsAtAMatchAndGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := replays(t, written(), "a", "b")
		d.press("R")
		d.fill(replayStop, "value.total > ")
		d.sees("the expression is incomplete")
		d.fill(replayStop, `key == null && value contains "second"`)
		d.fill(replaySpeed, "max")
		d.press("enter")
		d.sees("stopped at a match")
		d.shows("first", "second")
		d.press("space")
		d.sees("replay ended: 4 records")
	})
}

func TestReplayOfARange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := replays(t, written(), "a", "b")
		d.press("R")
		for field, wrong := range map[int]string{replayFrom: "nowhere", replayUntil: "11:00", replaySpeed: "3"} {
			before := d.m.dialog.fields[field].ed.String()
			d.fill(field, wrong)
			d.press("enter")
			if d.m.dialog == nil || d.m.dialog.fields[field].err == "" {
				t.Fatalf("%q is taken:\n%s", wrong, d.screen())
			}
			d.fill(field, before)
		}
		d.fill(replayFrom, "13:05:14")
		d.fill(replayUntil, "13:05:26")
		d.fill(replaySpeed, "10x")
		d.sees("at 10× it takes some 1 second")
		d.press("enter")
		d.waitsFor("next record in 1 s")
		d.shows("second")
		d.moves(time.Second)
		d.sees("ended: 2 records")
		d.shows("second", "third")
		d.press("Y", "m")
		if want := "milena tail a b --ordered -o @2026-11-22T13:05:14Z..@2026-11-22T13:05:26Z -b a:1"; d.copied != want {
			t.Errorf("copied %q, want %q", d.copied, want)
		}
		d.press("Y", "k")
		d.sees("it cannot merge by time")
	})
}

func TestReplayOfWhatAFilterLetsThrough(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := replays(t, written(), "a", "b")
		d.press("/")
		d.typed("-second")
		d.press("enter")
		d.sees("3 of 4 seen match")
		d.press("R", "enter")
		d.waitsFor("next record in 13 s")
		d.shows("first")
		d.press(".")
		d.shows("first", "third")
		d.press("/")
		d.fill(0, "-third")
		d.press("enter")
		d.waitsFor("next record in 3 s") // from its beginning
		d.shows("first")
		d.press("esc")
		d.sees("3 of 4 seen match")
		if d.m.tail.played() || d.m.tail.session.start.query == nil {
			t.Error("esc leaves the replay first, and keeps the filter")
		}
	})
}

func TestReplayWhileSomebodyScrollsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := replays(t, written(), "a", "b")
		d.press("R", "enter")
		d.waitsFor("next record in 3 s")
		d.press(".")
		d.shows("first", "second")
		d.until("the screen to know them", func() bool { return d.m.tail.snap.next == 2 })
		d.press("up", "up")
		d.press(".")
		d.sees("↓ 1")
		d.press("G")
		d.until("the newest row", func() bool { return d.m.tail.follow })
		if !d.m.tail.played() {
			t.Fatal("the first G follows the replay")
		}
		d.press("G")
		if d.m.tail.played() {
			t.Error("the second G follows the topics")
		}
	})
}

// Timestamps need not make sense: there is always a way on.
func TestReplayOfStrangeTimes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("odd", 1)
		century := testNow.AddDate(99, 0, 0).UnixMilli()
		for i, ms := range []int64{-1, -1, 1000, 1000, 500, century, 2000, -1, century * 1000, century} {
			c.add("odd", 0, batch.Record{Timestamp: ms, Value: fmt.Append(nil, i)})
		}
		d := replays(t, c, "odd")
		d.press("R")
		d.fill(replayFrom, "beginning")
		d.press("enter")
		d.waitsFor(" years, . shows it") // 100, and soon 99
		d.shows("0", "1", "2", "3", "4")
		d.press(".")
		d.shows("0", "1", "2", "3", "4", "5")
		d.press("space")
		d.waitsFor(" years, . shows it") // 100, and soon 99
		d.shows("0", "1", "2", "3", "4", "5", "6", "7")
		for w := 20; w <= 200; w++ {
			if head := d.headerOf(w); cells(head, d.m.st.width) != w {
				t.Fatalf("%d columns at a width of %d: %q", cells(head, d.m.st.width), w, head)
			}
		}
		d.send(tea.WindowSizeMsg{Width: 160, Height: 40})
		d.press(".", "space")
		d.sees("replay ended: 10 records")
	})
}

func TestReplayOfNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := written()
		d := drive(t, c, Options{Topics: []string{"empty"}}, 160, 40)
		d.until("the topic", func() bool { return d.m.tail.snap.reading })
		d.press("2", ".")
		d.sees("no replay is running")
		d.press("R", "enter")
		d.sees("no messages in that range")
		c.set(func() { c.lack = map[kafka.TopicPartition]error{{Topic: "empty"}: errors.New("no leader")} })
		d.press("R", "enter")
		d.sees("1 partition cannot be read now")
		d.sees("left out: ")
		c.mend(kafka.TopicPartition{Topic: "empty"})
		d.press("esc")
		d.sees("no messages yet")
	})
}

// What was replayed when the reading broke is not given again.
func TestReplayGoesOnAfterTrouble(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("long", 1)
		var want []string
		for i := range 120 { // a Read of the fake takes 50 at a time
			want = append(want, fmt.Sprint(i))
			c.add("long", 0, at(time.Duration(i-600)*time.Second, want[i]))
		}
		d := replays(t, c, "long")
		c.set(func() { c.failAfter = 2 })
		d.press("R")
		d.fill(replayFrom, "beginning")
		d.fill(replaySpeed, "max")
		d.press("enter")
		d.sees("stopped")
		if got := d.values(); !slices.Equal(got, want[:50]) {
			t.Fatalf("before the trouble: %v", got)
		}
		d.m.tail.session.tryAgain()
		d.sees("replay ended: 120 records")
		d.shows(want...)
	})
}
