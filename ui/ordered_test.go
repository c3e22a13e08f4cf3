package ui

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/store"
)

// two are topics that are shown together; each has one record, of before.
func two() *fakeCluster {
	c := newFake().topic("a", 1).topic("b", 2)
	c.add("a", 0, at(-time.Minute, "a0"))
	c.add("b", 0, at(-time.Minute+time.Second, "b0"))
	return c
}

// at is a record so long after the time of all tests.
func at(after time.Duration, value string) batch.Record {
	return batch.Record{Timestamp: testNow.Add(after).UnixMilli(), Value: []byte(value)}
}

// shows waits until the tail holds these values.
func (d *driver) shows(values ...string) {
	d.t.Helper()
	d.until(fmt.Sprint(values), func() bool { return slices.Equal(d.values(), values) })
}

func TestSeveralTopicsComeByTimeWhilePausesLoseNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := two()
		c.window = time.Hour // what waits comes when the reading pauses
		d := drive(t, c, Options{Topics: []string{"a", "b"}}, 120, 40)
		d.follows("a")
		for round := range 3 {
			after := time.Duration(round) * time.Minute
			c.add("b", 0, at(after+4*time.Second, fmt.Sprint("fourth", round)))
			c.add("a", 0, at(after+3*time.Second, fmt.Sprint("third", round)))
			c.add("b", 1, at(after+2*time.Second, fmt.Sprint("second", round)))
			d.until("the waiting records to be read", func() bool {
				s := d.m.tail.session
				s.mu.Lock()
				defer s.mu.Unlock()
				var waits int64
				for _, p := range s.parts {
					waits += p.waits
				}
				return waits == 3
			})
			if d.m.tail.snap.lag != 0 || len(d.values()) != 2+3*round {
				t.Fatalf("%d behind; shown: %v", d.m.tail.snap.lag, d.values())
			}
			d.press("space")
			d.sees("paused")
			d.until("what waited", func() bool { return len(d.values()) == 5+3*round })
			var begun, now int
			c.set(func() { begun = c.begun })
			d.press("space")
			d.until("the reading to go on", func() bool { c.set(func() { now = c.begun }); return now > begun })
			d.sees("live")
		}
		d.shows("a0", "b0", "second0", "third0", "fourth0", "second1", "third1", "fourth1", "second2", "third2", "fourth2")
	})
}

func TestRapidPausesOfSeveralTopicsLoseNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := two()
		c.window = time.Millisecond
		d := drive(t, c, Options{Topics: []string{"a", "b"}}, 120, 40)
		d.follows("a")
		for i := range 200 {
			d.press("space")
			c.add("a", 0, at(time.Duration(i)*time.Second, fmt.Sprint("a", i+1)))
			c.add("b", int32(i%2), at(time.Duration(i)*time.Second, fmt.Sprint("b", i+1)))
		}
		d.until("all to arrive", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 402 })
		got := d.values()
		slices.Sort(got)
		if n := len(slices.Compact(got)); n != 402 {
			t.Errorf("%d different records, want 402", n)
		}
	})
}

func TestWhatWaitedBehindAPauseIsMergedExactly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := two()
		d := drive(t, c, Options{Topics: []string{"a", "b"}}, 120, 40)
		d.follows("a")
		d.press("space")
		d.sees("paused")
		want := []string{"a0", "b0"}
		for i := range 300 { // each topic in one stretch
			c.add("a", 0, at(time.Duration(2*i)*time.Second, fmt.Sprint("a", i+1)))
			want = append(want, fmt.Sprint("a", i+1), fmt.Sprint("b", i+1))
		}
		for i := range 300 {
			c.add("b", 1, at(time.Duration(2*i+1)*time.Second, fmt.Sprint("b", i+1)))
		}
		d.press("space")
		d.shows(want...)
		if strings.Contains(d.screen(), "«") {
			t.Errorf("nothing of it is late:\n%s", d.screen())
		}
	})
}

func TestLateRecordsAreMarked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := two()
		c.window = time.Millisecond
		d := drive(t, c, Options{Topics: []string{"a", "b"}}, 120, 60)
		d.follows("a")
		c.add("a", 0, at(-time.Second, "in time"))
		d.shows("a0", "b0", "in time")
		c.add("b", 0, at(-11*time.Second, "too late"))
		d.shows("a0", "b0", "in time", "too late")
		d.sees("14:05:01.000« 0")
		if n := strings.Count(d.screen(), "«"); n != 1 {
			t.Errorf("%d rows are marked:\n%s", n, d.screen())
		}
		d.m.look.ascii = true
		d.m.restyle()
		d.sees("14:05:01.000< 0")
		d.m.look.ascii = false
		d.m.restyle()
		d.press("2", "up", "G", "down", "up", "down", "enter")
		d.sees("too late")
		d.sees("more than half a second earlier than a record before it")
		d.press("p")
		d.sees("in time")
		if strings.Contains(d.screen(), "half a second") {
			t.Errorf("the one before is not late:\n%s", d.screen())
		}
		d.press("esc", "?")
		d.sees("« late")
	})
}

func TestFilterOfSeveralTopicsCountsWhatItLeavesOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := two()
		c.window = time.Millisecond
		d := drive(t, c, Options{Topics: []string{"a", "b"}}, 140, 40)
		d.follows("a")
		d.press("/")
		d.typed("wanted")
		d.press("enter")
		d.sees("0 of 2 seen match")
		c.add("a", 0, at(0, "other"))
		c.add("b", 0, at(time.Second, "wanted 1"))
		c.add("b", 1, at(time.Second, "another"))
		c.add("a", 0, at(2*time.Second, "wanted 2"))
		d.shows("wanted 1", "wanted 2")
		d.sees("2 of 6 seen match")
		d.press("space")
		d.sees("paused")
		d.press("space")
		c.add("b", 0, at(3*time.Second, "wanted 3"))
		d.shows("wanted 1", "wanted 2", "wanted 3")
	})
}

func TestSeveralTopicsAreHeldBackWhileSomebodyLooks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := two()
		c.window = time.Millisecond
		d := drive(t, c, Options{Topics: []string{"a", "b"}, HoldRows: 50}, 140, 40)
		d.follows("a")
		d.press("2", "up")
		var last string
		for i := range 300 {
			last = fmt.Sprint("b", i+1)
			c.add("b", 0, at(time.Duration(i)*time.Second, last))
		}
		d.sees("slowed down")
		if got := d.values(); got[0] != "a0" {
			t.Errorf("the first row is now %q", got[0])
		}
		d.m.tail.session.setProtect(math.MaxInt64)
		d.until("the last", func() bool { got := d.values(); return got[len(got)-1] == last })
		if got := d.values(); len(got) != 50 || got[0] != "b251" {
			t.Errorf("%d rows, the first is %s", len(got), got[0])
		}
	})
}

// What has no time is shown in its place among its partition's records, and what
// a read did not come past is left to the next.
func TestGapsKeepTheirPlaceInAnOrderedRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := two()
		d := drive(t, c, Options{Topics: []string{"a"}}, 120, 40)
		d.follows("a")
		st := newest100()
		st.markers = true
		s := newSession(99, d.m.tail.session.source, st, &d.work, func() {})
		defer s.end()
		sink := s.ordered(t.Context())
		tp := kafka.TopicPartition{Topic: "a"}
		record := func(offset int64) {
			sink.Record(tp, &batch.View{Batch: &batch.Info{}, Offset: offset, Timestamp: offset}, false)
		}
		for _, first := range []int64{5, 8, 20} {
			sink.Skip(tp, batch.Skip{Kind: batch.SkipGap, First: first, Last: first + 1})
		}
		record(4)
		record(7)
		sink.Reached(tp, 10, kafka.PartitionState{Next: 30})
		if err := sink.Flush(); err != nil {
			t.Fatal(err)
		}
		var offsets []int64
		for _, r := range s.store.Rows(0, 100, 0, []store.Row{}) {
			offsets = append(offsets, r.Offset)
		}
		if want := []int64{4, 5, 7, 8}; !slices.Equal(offsets, want) {
			t.Errorf("rows at %v, want %v", offsets, want)
		}
		if p := s.positions()[tp]; p != 10 {
			t.Errorf("the next read begins at %d", p)
		}
	})
}

func TestTimesThatLieAreMarked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("clocks", 1)
		for i, ms := range []time.Duration{0, 1000, 700, 400, 1200, 24 * 3600_000, 1300, 100} {
			c.add("clocks", 0, at(ms*time.Millisecond, fmt.Sprint("record", i)))
		}
		d := drive(t, c, Options{Topics: []string{"clocks"}}, 120, 40)
		d.follows("record6")
		d.press("g")
		d.until("all from the beginning", func() bool { return len(d.m.tail.rows) == 8 && d.m.tail.session.number > 1 })
		d.sees("record6")
		for i, mark := range []string{"", "", "", "«", "", "»", "", "«"} { // jitter is no lie
			line := ""
			for _, l := range strings.Split(d.screen(), "\n") {
				if strings.Contains(l, fmt.Sprint("record", i)) {
					line = l
				}
			}
			if strings.Contains(line, "«") != (mark == "«") || strings.Contains(line, "»") != (mark == "»") {
				t.Errorf("record%d: %s", i, line)
			}
		}
		d.press("j", "j", "j", "j", "j", "enter")
		d.sees("ahead »")
	})
}

// What came to one topic while nothing was read comes by time, as it would have live.
func TestWhatWaitedBehindAPauseComesByTime(t *testing.T) {
	for name, away := range map[string][2][]string{
		"a pause":       {{"2", "space"}, {"space"}},
		"another topic": {{"1", "j", "enter"}, {"["}},
	} {
		inBubble(t, name, func(t *testing.T) {
			c := newFake().topic("a", 3).topic("b", 1)
			c.add("a", 0, at(0, "a0"))
			c.add("b", 0, at(0, "b0"))
			d := drive(t, c, Options{Topics: []string{"a"}}, 120, 40)
			d.follows("a0")
			d.press(away[0]...)
			d.settle()
			want := []string{"a0"}
			for p := range int32(3) {
				for i := range 4 {
					c.add("a", p, at(time.Duration(3*i+int(p)+1)*time.Second, fmt.Sprint("a", 3*i+int(p)+1)))
				}
			}
			for i := range 12 {
				want = append(want, fmt.Sprint("a", i+1))
			}
			d.press(away[1]...)
			d.shows(want...)
		})
	}
}
