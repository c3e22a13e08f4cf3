package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
	"milena/kafka/batch"
)

// skewed is a cluster whose topic orders has six partitions, of which the fourth
// holds what one customer sends: most of all, and of what came lately.
func skewed() *fakeCluster {
	c := newFake().topic("orders", 6).topic("payments", 2).topic("customers", 1)
	c.compact["customers"] = true
	add := func(topic string, p int32, key string, ago time.Duration, n int) {
		for i := range n {
			r := batch.Record{Timestamp: testNow.Add(-ago).UnixMilli() + int64(i), Value: fmt.Appendf(nil, `{"n":%d}`, i)}
			if key != "" {
				r.Key = []byte(key)
			}
			c.add(topic, p, r)
		}
	}
	for p := range int32(6) {
		add("orders", p, fmt.Sprint("user-", p), time.Hour, 100)
		add("orders", p, fmt.Sprint("user-", p), 30*time.Second, 5)
	}
	add("orders", 3, "user-12", 30*time.Second, 300)
	add("orders", 3, "user-3", 20*time.Second, 95)
	add("orders", 5, "", time.Second, 10)
	add("payments", 0, "\x00\x01", time.Hour, 20)
	add("customers", 0, "c-1", time.Hour, 40)
	return c
}

// loads waits for figures.
func (d *driver) loads() *loadView {
	d.t.Helper()
	d.until("the figures", func() bool { return d.m.load != nil && d.m.load.cancel == nil && d.m.load.loads != nil })
	return d.m.load
}

func TestLoadScreens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, size := range sizes {
			d := drive(t, skewed(), Options{Topics: []string{"orders"}}, size[0], size[1])
			d.follows("orders")
			d.press("L")
			d.loads()
			golden(t, fmt.Sprintf("load-%dx%d", size[0], size[1]), d.screen())
		}
		c := skewed()
		c.lack = map[kafka.TopicPartition]error{{Topic: "orders", Partition: 1}: errors.New("it has no leader now")}
		c.noSizes = true
		d := drive(t, c, Options{Topics: []string{"customers", "orders", "payments"}}, 120, 40)
		d.follows("orders")
		d.press("L")
		d.loads()
		golden(t, "load-topics-120x40", d.screen())
		d.press("j", "j", "j", "j", "space")
		d.until("to read on", func() bool { return d.m.tail.snap.reading && len(d.m.tail.off) == 1 })
		d.send(tea.EnvMsg{"LC_ALL=C"})
		d.loads()
		golden(t, "load-topics-ascii-120x40", d.screen())
	})
}

func TestLoadIsNotWiderThanTheScreen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := skewed()
		c.add("orders", 2, batch.Record{Timestamp: testNow.UnixMilli(), Key: []byte("한국어 키 \x1b[31m" + strings.Repeat("x", 3000))})
		d := drive(t, c, Options{Topics: []string{"orders", "payments"}}, 120, 40)
		d.follows("orders")
		d.press("L", "j", "j", "j")
		d.loads()
		for h := 5; h <= 40; h += 5 {
			for _, w := range []int{20, 30, 40, 55, 60, 69, 70, 80, 100, 110, 130, 200, 300} {
				d.send(tea.WindowSizeMsg{Width: w, Height: h})
				for i, l := range strings.Split(d.screen(), "\n") {
					if n := cells(l, d.m.st.width); n != w {
						t.Fatalf("line %d has %d columns at %dx%d: %q", i, n, w, h, l)
					}
				}
				if !strings.Contains(d.screen(), d.m.st.g.marker) {
					t.Errorf("the cursor is out of sight at %dx%d:\n%s", w, h, d.screen())
				}
				if c := loadColumnsFor(w, 1); w >= 40 && c.bar < loadBar {
					t.Errorf("bars of %d at %d", c.bar, w)
				}
			}
		}
	})
}

func TestLoadIsAskedWhileItIsOpenAndOnceAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := skewed()
		c.loadGate = make(chan struct{})
		asked := func() (n int) { c.set(func() { n = c.loads }); return n }
		d := drive(t, c, Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		if asked() != 0 {
			t.Error("it is asked for before anybody wants it")
		}
		d.press("L")
		d.until("the question", func() bool { return asked() == 1 })
		d.refreshed()
		d.sees("loading…")
		if asked() != 1 {
			t.Errorf("%d questions at once", asked())
		}
		c.set(func() { close(c.loadGate); c.loadGate = nil })
		d.loads()
		d.send(tea.FocusMsg{})
		if asked() != 1 {
			t.Error("it is asked for again at once")
		}
		c.add("orders", 0, text("news"))
		d.refreshed()
		d.until("the news", func() bool { return d.m.load.totals("").recent == 436 })
		d.press("?", "esc") // what lies over it closes nothing
		d.loads()

		c.set(func() { c.loadGate = make(chan struct{}) })
		d.refreshed()
		view := d.m.load
		d.until("another question", func() bool { return asked() == 3 })
		d.press("esc")
		d.until("its end", func() bool { return errors.Is(view.err, context.Canceled) })
		d.refreshed()
		if n := asked(); n != 3 {
			t.Errorf("%d questions, the last one for nobody", n)
		}
	})
}

func TestLoadOfTheTopicUnderTheCursor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := skewed()
		d := drive(t, c, Options{}, 120, 40)
		d.until("the topics", func() bool { return d.m.topicsSettled() })
		d.m.topics.selectName("customers")
		d.press("L")
		d.loads()
		d.sees("40 offsets")
		d.sees("no messages in the last minute")
		d.press("space")
		d.notes("open it with enter")
		d.press("esc")
		c.set(func() { c.compact["customers"], c.txn = false, map[string]bool{"customers": true} })
		d.press("L")
		d.loads()
		d.sees("40 offsets")
	})
}

func TestLoadOrders(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, skewed(), Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("L")
		v := d.loads()
		order := func() (ids string) {
			for _, tp := range v.rows {
				ids += fmt.Sprint(tp.Partition)
			}
			return ids
		}
		for _, want := range []string{"012345", "350124", "350124", "012345"} {
			if got := order(); got != want {
				t.Errorf("ordered by %d: %s, want %s", v.order, got, want)
			}
			d.press("o")
		}
		d.press("g", "j", "j") // on a partition, which the cursor stays on
		on := v.on
		d.press("o")
		if v.on != on || v.rows[v.at] != on {
			t.Errorf("the cursor was on %v and is on %v", on, v.on)
		}
	})
}

func TestSkewIsSaid(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, skewed(), Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("L")
		d.loads()
		d.sees("uneven: partition 3 has 2.9 times its share, in the last minute 5.5 times")
		d.sees("hot key: 69 % user-12 of the last minute's 435 messages")
		d.sees("67 % ∅ null")
		for _, x := range []struct {
			held, recent []int64
			want         string
		}{
			{[]int64{100, 110}, []int64{0, 0}, "even: no partition has, or got in the last minute, more than 1.0 times its share"},
			{[]int64{100, 110}, []int64{10, 90}, "uneven in the last minute: partition 1 got 1.8 times its share"},
			{[]int64{900, 100}, []int64{10, 90}, "uneven: partition 0 has 1.8 times its share, in the last minute partition 1 1.8 times"},
			{[]int64{900, 100}, []int64{1, 0}, "uneven: partition 0 has 1.8 times its share"},
			{[]int64{3, 0}, []int64{3, 0}, "too few messages to judge the balance"},
		} {
			v := &loadView{topics: []string{"payments"}}
			var loads []kafka.PartitionLoad
			for i := range x.held {
				loads = append(loads, kafka.PartitionLoad{TopicPartition: kafka.TopicPartition{Topic: "payments", Partition: int32(i)}, End: x.held[i], Recent: x.recent[i]})
			}
			d.m.gotLoad(v, loads, nil, nil)
			if got, _ := v.uneven(false); got != x.want {
				t.Errorf("%v, %v: %q, want %q", x.held, x.recent, got, x.want)
			}
		}
	})
}
