package ui

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"milena/kafka/batch"
)

// Bad days that a test can have without a broker: clocks that jump, clusters
// without measure.

func TestClockJumps(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"message-log"}}, 140, 40)
		d.follows("message-log")
		d.until("topics", func() bool { return d.m.anyCounted() })
		record := func(what string) {
			t.Helper()
			c.add("message-log", 0, batch.Record{Timestamp: time.Now().UnixMilli(), Value: []byte(what)})
			d.sees(what)
			checkFrame(t, what, d.m)
		}
		record("before it")
		c.set(func() { c.refreshErr = fmt.Errorf("connection reset") })
		d.send(refreshMsg{})
		d.until("the loss", func() bool { return !d.m.gone.IsZero() })
		d.advance(time.Hour)
		record("after it")
		d.sees("broker gone since 14:05:12, for 60 min")
		c.set(func() { c.refreshErr = nil })
		d.send(refreshMsg{})
		d.until("it to be back", func() bool { return d.m.gone.IsZero() })

		// The rate begins anew and is right after a few seconds.
		for i := range 10 {
			d.advance(time.Second)
			record(fmt.Sprintf("second %d", i))
		}
		if got := d.m.tail.rate.perSecond(); got < 0.5 || got > 2 {
			t.Errorf("%.1f msg/s, one a second came", got)
		}
		// The topics are counted on, and a question listens to keys.
		c.set(func() { c.counted = 0 })
		d.send(refreshMsg{})
		d.until("counts", func() bool { n, _, _ := c.askedFor(); return n > 0 })
		d.press("1", "D")
		d.until("the question", func() bool { return d.m.dialog != nil })
		d.advance(swallow)
		d.typed("x")
		if got := d.m.dialog.fields[0].ed.String(); got != "x" {
			t.Errorf("the question takes no keys: %q", got)
		}
	})
}

// heap is what is held on it.
func heap() uint64 {
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	return mem.HeapAlloc
}

// spends is how many allocations a press of one of these keys makes, and what it
// draws: what a key costs, in a measure that a busy machine does not change.
func (d *driver) spends(keys ...string) float64 {
	synctest.Wait() // what others do is not to be counted
	i := 0
	return testing.AllocsPerRun(len(keys)-1, func() {
		d.press(keys[i%len(keys)])
		i++
	})
}

func TestHundredThousandPartitions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake()
		for i := range 1000 {
			c.topic(fmt.Sprintf("topic-%04d", i), 100)
		}
		c.add("topic-0000", 99, text("in the last partition"))
		c.frozen = c.Metadata()
		before := heap()
		d := drive(t, c, Options{}, 140, 40)
		d.until("all to be counted", func() bool { return !d.m.topics.allAt.IsZero() && d.m.topicsSettled() })
		d.sees("Topics 1,000")
		if m := d.spends(slices.Repeat([]string{"down", "pgdown", "up"}, 20)...); m > keyAllocations {
			t.Errorf("a key makes %.0f allocations", m)
		}
		d.press("home", "enter")
		d.sees("in the last partition")
		d.sees("100 partitions")
		if m := d.spends(slices.Repeat([]string{"up", "pgup", "down"}, 20)...); m > keyAllocations {
			t.Errorf("a key in the tail makes %.0f allocations", m)
		}
		if after := heap(); after > before+64<<20 {
			t.Errorf("%d MB are held", (after-before)>>20)
		}
	})
}

func TestOneTopicOfTenThousandPartitions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = 10_000
		c := newFake().topic("wide", n)
		c.add("wide", n-1, text("in the last partition"))
		c.frozen = c.Metadata()
		d := drive(t, c, Options{Topics: []string{"wide"}}, 140, 40)
		d.sees("in the last partition")
		d.sees("10,000 partitions")
		if m := d.spends(slices.Repeat([]string{"up", "down"}, 20)...); m > keyAllocations {
			t.Errorf("a key makes %.0f allocations", m)
		}
		c.add("wide", n/2, text("what comes"))
		d.sees("what comes")
		d.press("i")
		d.sees("wide  10,000 partitions")
		if m := d.spends(slices.Repeat([]string{"down", "pgdown"}, 20)...); m > keyAllocations {
			t.Errorf("a key in the details makes %.0f allocations", m)
		}
	})
}

// Every topic in sight is written to, 5,000 messages a second, and so is the
// tail's: each second is told as it was, and keys answer.
func TestManyMessagesIntoEveryTopicInSight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const topics, each = 30, 5000
		c := newFake()
		for i := range topics {
			c.topic(fmt.Sprintf("busy-%02d", i), 1)
		}
		d := drive(t, c, Options{Topics: []string{"busy-00"}, HoldRows: 20_000, HoldBytes: 8 << 20}, 140, 50)
		d.until("topics", func() bool { return d.m.anyCounted() })
		var writing sync.WaitGroup
		for second := range 4 {
			for i := range topics {
				writing.Go(func() {
					for n := range each {
						c.add(fmt.Sprintf("busy-%02d", i), 0, text(fmt.Sprintf("%d of %d", n, second)))
					}
				})
			}
			writing.Wait()
			if m := d.spends(slices.Repeat([]string{"?", "esc", "tab", "shift+tab"}, 10)...); m > keyAllocations {
				t.Errorf("a key makes %.0f allocations", m)
			}
			d.until("the tail to have it all", func() bool {
				s := &d.m.tail.snap
				return s.seen == int64(each*(second+1)) && s.lag == 0
			})
			d.advance(refreshEvery)
			d.send(refreshMsg{})
			d.until("the counts", func() bool {
				for _, f := range d.m.topics.known {
					if f.end != int64(each*(second+1)) {
						return false
					}
				}
				return true
			})
		}
		for i, f := range d.m.topics.known {
			if got, want := f.rate(), each/refreshEvery.Seconds(); got > want || got < 0.98*want { // a look takes some of the time
				t.Errorf("topic %d: %.0f messages a second, %.0f came", i, got, each/refreshEvery.Seconds())
			}
		}
		if s := d.m.tail.snap; s.next-s.first > 20_000 {
			t.Errorf("%d rows are held", s.next-s.first)
		}
	})
}
