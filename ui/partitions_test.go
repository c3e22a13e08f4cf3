package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
	"milena/kafka/batch"
)

// reads waits until all that is on is read, and gives what is held of each
// partition, as topic/partition: offsets.
func (d *driver) reads() map[string][]int64 {
	d.t.Helper()
	d.until("to read on", func() bool {
		s := &d.m.tail.snap
		return s.reading && !s.older.busy && s.lag == 0 && d.m.tail.seek == nil && d.caughtUp()
	})
	held := make(map[string][]int64)
	for _, r := range d.m.tail.session.records() {
		name := fmt.Sprintf("%s/%d", r.Topic, r.Partition)
		held[name] = append(held[name], r.Offset)
	}
	return held
}

// caughtUp says whether all that is read is shown up to its end.
func (d *driver) caughtUp() bool {
	c, s := d.m.cluster.(*fakeCluster), d.m.tail.session
	ends := make(map[kafka.TopicPartition]int64)
	c.set(func() {
		for name, ps := range c.topics {
			for i, p := range ps {
				ends[kafka.TopicPartition{Topic: name, Partition: int32(i)}] = p.start + int64(len(p.batches))
			}
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	for tp, p := range s.parts {
		if p.shown < ends[tp] {
			return false
		}
	}
	return true
}

// flowing is a tail of orders with 3 partitions of 10 messages and of payments
// with 2 of 5, and its load.
func flowing(t *testing.T, w, h int) (*fakeCluster, *driver) {
	c := newFake().topic("orders", 3).topic("payments", 2).topic("other", 1)
	at := testNow.Add(-time.Minute).UnixMilli()
	add := func(topic string, p int32, value string) {
		at++
		c.add(topic, p, batch.Record{Timestamp: at, Value: []byte(value)})
	}
	for i := range 10 {
		for p := range int32(3) {
			add("orders", p, fmt.Sprint("order ", i))
		}
		if i >= 5 {
			add("payments", 0, fmt.Sprint("payment ", i))
			add("payments", 1, fmt.Sprint("payment ", i))
		}
	}
	d := drive(t, c, Options{Topics: []string{"orders", "payments"}}, w, h)
	d.follows("orders")
	d.press("L")
	d.loads()
	return c, d
}

func TestAPartitionIsSwitchedOffAndOnWhileItFlows(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, d := flowing(t, 120, 40)
		d.press("j", "j", "space") // orders/1, below the topic's own line
		if held := d.reads(); len(held["orders/1"]) != 0 || !slices.Equal(held["orders/0"], count(0, 10)) || !slices.Equal(held["payments/1"], count(0, 5)) {
			t.Errorf("with orders/1 off: %v", held)
		}
		d.press("esc")
		d.sees("orders, payments  4 of 5 partitions")
		c.add("orders", 1, text("missed"))
		c.add("orders", 2, text("seen"))
		d.sees("seen")
		if held := d.reads(); len(held["orders/1"]) != 0 || len(held["orders/2"]) != 11 {
			t.Errorf("it is read on: %v", held)
		}
		d.press("m") // what else reads anew leaves it off
		if held := d.reads(); len(held["orders/1"]) != 0 || len(held["orders/2"]) != 11 {
			t.Errorf("after m: %v", held)
		}
		d.press("m", "L", "j", "j", "space")
		if held := d.reads(); !slices.Equal(held["orders/1"], count(0, 11)) || !slices.Equal(held["orders/2"], count(0, 11)) {
			t.Errorf("on again: %v", held)
		}
		d.press("esc")
		d.sees("missed")
		d.sees("orders, payments  5 partitions")
	})
}

func TestATopicIsSwitchedOffAndOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, d := flowing(t, 120, 40)
		d.press("space")
		if held := d.reads(); len(held) != 2 || len(held["payments/0"]) != 5 {
			t.Errorf("with orders off: %v", held)
		}
		d.sees("off")
		d.press("G", "k", "space") // payments/0 as well, and then the last one
		d.reads()
		d.press("j", "space")
		d.notes("one partition must stay on")
		d.press("esc")
		d.sees("1 of 5 partitions, orders off")
		d.press("L", "j", "j", "space") // of the topic one comes back
		if held := d.reads(); len(held["orders/1"]) != 10 || len(held["orders/0"])+len(held["orders/2"])+len(held["payments/0"]) != 0 {
			t.Errorf("with orders/1 on: %v", held)
		}
		c.add("orders", 0, text("missed"))
		d.press("g", "space") // where some is off, all is switched on
		if held := d.reads(); !slices.Equal(held["orders/0"], count(0, 11)) || len(held["orders/2"]) != 10 || len(held["payments/0"]) != 0 {
			t.Errorf("with orders on: %v", held)
		}
		d.press("1")
		d.press("esc")
		d.m.setFocus(paneTopics)
		d.m.topics.selectName("other")
		d.press("enter")
		d.m.topics.selectName("orders")
		d.press("1", "enter")
		if held := d.reads(); len(held["orders/0"]) != 11 || len(d.m.tail.off) != 0 {
			t.Errorf("opened anew: %v, off %v", held, d.m.tail.off)
		}
	})
}

func TestOnlyOneIsOnAndThenAllAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, d := flowing(t, 120, 40)
		d.press("j", "j", "s") // orders/1
		if held := d.reads(); len(held) != 1 || !slices.Equal(held["orders/1"], count(0, 10)) {
			t.Errorf("with orders/1 alone: %v", held)
		}
		d.sees("in the tail 1 of 5 partitions, payments off")
		d.press("esc", "2", "R")
		d.fill(replayFrom, "beginning")
		d.sees("1 partition, 10 offsets")
		d.sees("1 of 5 partitions, payments off: partitions that are off are left out")
		d.press("esc", "S")
		d.sees("1 of 5 partitions, payments off: partitions that are off are searched too")
		d.press("esc", "L", "g", "j", "j")
		c.add("orders", 0, text("missed"))
		c.add("payments", 1, text("missed too"))
		d.press("j", "s") // the next one instead
		if held := d.reads(); len(held) != 1 || !slices.Equal(held["orders/2"], count(0, 10)) {
			t.Errorf("with orders/2 alone: %v", held)
		}
		d.press("G", "k", "k", "s") // payments' own line
		if held := d.reads(); len(held) != 2 || !slices.Equal(held["payments/0"], count(0, 5)) || !slices.Equal(held["payments/1"], count(0, 6)) {
			t.Errorf("with payments alone: %v", held)
		}
		d.press("s")
		held := d.reads()
		if len(d.m.tail.off) != 0 || !slices.Equal(held["orders/0"], count(0, 11)) || !slices.Equal(held["orders/1"], count(0, 10)) || !slices.Equal(held["orders/2"], count(0, 10)) {
			t.Errorf("all again: %v, off %v", held, d.m.tail.off)
		}

		d.press("esc")
		d.m.setFocus(paneTopics)
		d.m.topics.selectName("other")
		d.press("enter", "L", "s")
		d.notes("there is no other partition")
	})
}

func TestWhatIsOffBeginsWhereTheTailIs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, d := flowing(t, 120, 40)
		d.press("j", "space", "esc", "2", "t")
		d.typed("7")
		d.press("enter")
		if held := d.reads(); len(held["orders/0"]) != 0 || !slices.Equal(held["orders/1"], count(7, 10)) {
			t.Errorf("from offset 7 on: %v", held)
		}
		d.press("L", "j", "space")
		if held := d.reads(); !slices.Equal(held["orders/0"], count(7, 10)) || !slices.Equal(held["orders/1"], count(7, 10)) {
			t.Errorf("on again: %v", held)
		}
	})
}

func TestTheCursorStaysWhenItsPartitionGoes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, d := flowing(t, 120, 40)
		d.press("esc", "2", "up", "up", "up")
		rec, _ := d.m.tail.session.store.At(d.m.tail.cursor)
		before, _ := d.m.tail.session.store.At(d.m.tail.cursor - 1)
		if rec.Partition == before.Partition && rec.Topic == before.Topic {
			t.Fatal("two of one partition")
		}
		d.run(d.m.switchOver(kafka.TopicPartition{Topic: rec.Topic, Partition: rec.Partition}))
		d.reads()
		now, _ := d.m.tail.session.store.At(d.m.tail.cursor)
		if now.Topic != before.Topic || now.Partition != before.Partition || now.Offset != before.Offset || d.m.tail.follow {
			t.Errorf("the cursor is on %s/%d/%d, want %s/%d/%d", now.Topic, now.Partition, now.Offset, before.Topic, before.Partition, before.Offset)
		}
	})
}

func TestAPartitionWithoutALeaderIsSwitchedOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("orders", 2)
		tp := kafka.TopicPartition{Topic: "orders", Partition: 1}
		c.lack = map[kafka.TopicPartition]error{tp: kafka.ErrNoLeader}
		c.add("orders", 0, text("there"))
		c.add("orders", 1, text("back"))
		d := drive(t, c, Options{Topics: []string{"orders"}}, 120, 40)
		d.until("to follow", func() bool { return d.m.tail.snap.waiting == 1 && d.m.tail.snap.held == 1 })
		d.press("L")
		d.loads()
		d.sees("no answer")
		d.press("j", "space")
		d.reads()
		if s := &d.m.tail.snap; s.waiting != 0 || len(s.unread) != 0 {
			t.Errorf("%d waited for, %v unread", s.waiting, s.unread)
		}
		d.press("space")
		d.until("to wait", func() bool { return d.m.tail.snap.waiting == 1 })
		c.mend(tp)
		d.until("it is back", func() bool { return d.m.tail.snap.held == 2 })
	})
}

func TestWhyNothingIsSwitchedOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, d := flowing(t, 120, 40)
		d.press("esc", "2", "space", "L", "space")
		d.notes("the tail is paused")
		d.press("esc", "space", "S")
		d.typed("order")
		d.press("enter")
		d.searched()
		d.press("L")
		d.loads()
		d.press("space")
		d.notes("search hits")
		if len(d.m.tail.off) != 0 {
			t.Errorf("%v is off", d.m.tail.off)
		}
	})
}

func TestAroundAHitOfWhatIsOffSwitchesItOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, d := flowing(t, 120, 40)
		d.press("j", "j", "space", "j", "space")
		d.reads()
		d.press("esc", "2", "S")
		d.typed("order")
		d.press("enter")
		d.searched()
		if n := len(d.values()); n != 30 {
			t.Errorf("%d hits of 30", n)
		}
		d.press("g")
		at, _ := d.m.tail.session.store.At(d.m.tail.cursor)
		for range 3 { // of which one is of partition 1
			if at.Partition != 1 {
				d.press("down")
				at, _ = d.m.tail.session.store.At(d.m.tail.cursor)
			}
		}
		d.press("a")
		held := d.reads()
		if r, _ := d.m.tail.session.store.At(d.m.tail.cursor); r.Partition != 1 || r.Offset != at.Offset || len(held["orders/2"]) != 0 {
			t.Errorf("the cursor is on %d/%d, want 1/%d; held %v", r.Partition, r.Offset, at.Offset, held)
		}
	})
}

func TestWhatIsOffStaysAsideWhereOlderRecordsHaveNoRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("orders", 2)
		more := func(n int) {
			for i := range n {
				c.add("orders", 0, text(fmt.Sprint("order ", i)))
			}
		}
		more(300)
		c.add("orders", 1, text("aside"))
		d := drive(t, c, Options{Topics: []string{"orders"}, HoldRows: 150}, 140, 40)
		d.follows("orders")
		d.press("L", "j", "space")
		d.reads()
		more(500)
		d.until("the newest", func() bool { return slices.Equal(d.held(0), count(650, 800)) && d.m.tail.snap.lag == 0 })
		d.press("esc", "2")
		for presses := 0; d.m.tail.session.start.held == nil; presses++ {
			if presses > 200 {
				t.Fatalf("older ones never come:\n%s", d.screen())
			}
			d.press("pgup")
			d.until("what comes", func() bool { return !d.m.tail.snap.older.busy && !d.m.tail.starting() })
		}
		if got := d.m.tail.session.asideSpans(); len(got) != 1 || got[0].Partition != 1 || got[0].From != 0 {
			t.Errorf("aside is %v", got)
		}
	})
}

func TestMarksAreClicked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, d := flowing(t, 120, 40)
		row := func(i int) (x, y int) { return d.m.lay.right.x + 1, d.m.lay.right.y + 4 + i }
		x, y := row(2)
		d.clickAt(x+20, y)
		if d.m.load.at != 2 || len(d.m.tail.off) != 0 {
			t.Errorf("a click on the row: at %d, off %v", d.m.load.at, d.m.tail.off)
		}
		d.clickAt(x, y)
		if held := d.reads(); len(held["orders/1"]) != 0 {
			t.Errorf("a click on the mark: %v", held)
		}
		d.clickAt(x, y)
		if held := d.reads(); len(held["orders/1"]) != 10 {
			t.Errorf("a second click: %v", held)
		}
	})
}

func TestWhatIsOffIsSaidInAnyWidth(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, d := flowing(t, 120, 40)
		d.press("j", "space", "esc", "2")
		d.reads()
		for w := 20; w <= 200; w += 10 {
			d.send(tea.WindowSizeMsg{Width: w, Height: 30})
			if head := d.headerOf(w); !strings.Contains(head, "4/5") && !strings.Contains(head, "4 of 5 partitions") {
				t.Errorf("%d columns: %q", w, head)
			}
		}
	})
}

func TestOffsAreTurned(t *testing.T) {
	ids := []int32{0, 1, 2}
	at := func(p int32) kafka.TopicPartition { return kafka.TopicPartition{Topic: "t", Partition: p} }
	var off switchedOff
	for _, x := range []struct {
		turn int32
		want string // of 0, 1, 2 and 3, which is added later
	}{{1, " x  "}, {1, "    "}, {wholeTopic, "xxxx"}, {2, "xx  "}, {wholeTopic, "    "}, {0, "x   "}, {1, "xx  "}, {2, "xxxx"}, {wholeTopic, "    "}} {
		off = off.turned(at(x.turn), ids)
		got := ""
		for p := range int32(4) {
			if off.has(at(p)) {
				got += "x"
			} else {
				got += " "
			}
		}
		if got != x.want {
			t.Errorf("after %d: %q, want %q", x.turn, got, x.want)
		}
	}
}
