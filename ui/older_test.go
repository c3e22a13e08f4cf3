package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What is loaded before the rows that are held, while these move on.

// asksForOlder scrolls up to where older records are looked for, which do not come
// before the gate that it gives is closed.
func (d *driver) asksForOlder(c *fakeCluster) chan struct{} {
	d.t.Helper()
	gate := make(chan struct{})
	c.set(func() { c.newestGate = gate })
	for presses := 0; !d.m.tail.snap.older.busy; presses++ {
		if presses > 50 {
			d.t.Fatalf("older ones are not asked for:\n%s", d.screen())
		}
		d.press("pgup")
	}
	return gate
}

// older waits for what was asked for, and until the screen knows what is held.
func (d *driver) older() {
	d.t.Helper()
	d.until("what comes", func() bool {
		t := &d.m.tail
		first, _ := t.session.store.Bounds()
		return !t.snap.older.busy && !t.starting() && t.snap.first == first && t.snap.held > 0
	})
}

func TestWhoFollowsAgainIsNotTakenToOlderRecords(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, keys := range [][]string{nil, {"m"}} {
			c := sample()
			d := drive(t, c, Options{Topics: []string{"message-log"}, HoldRows: 150}, 120, 40)
			d.follows("message-log")
			d.press(keys...)
			d.until("to be read", func() bool { return d.m.tail.snap.reading && !d.m.tail.snap.older.busy && d.m.tail.snap.lag == 0 })
			gate := d.asksForOlder(c)
			d.press("G")
			for i := range 300 {
				c.add("message-log", 0, text(fmt.Sprint("more ", i)))
			}
			d.until("the newest", func() bool { return slices.Contains(d.held(0), 599) })
			reading := d.m.tail.session
			close(gate)
			d.until("what was asked for", func() bool { return !d.m.tail.snap.older.busy })
			d.settle()
			if d.m.tail.session != reading || !d.m.tail.follow {
				t.Errorf("after %v: older records came to one who follows:\n%s", keys, d.screen())
			}
			if got := d.held(0); !slices.Equal(got, count(450, 600)) {
				t.Errorf("after %v: held: %v", keys, got)
			}
			c.set(func() { c.newestGate = nil })
			for presses := 0; d.held(0)[0] > 300; presses++ { // they are found when one goes there
				if presses > 50 {
					t.Fatalf("older ones never come:\n%s", d.screen())
				}
				d.press("pgup")
				d.older()
			}
		}
	})
}

func TestOlderRecordsDoNotComeBeforeOthersThanTheyWereLookedForBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("t", 1)
		for i := range 200 {
			c.add("t", 0, text(fmt.Sprint("small ", i)))
		}
		c.add("t", 0, text(strings.Repeat("large ", 50_000)))
		for i := range 90 {
			c.add("t", 0, text(fmt.Sprint("small ", i)))
		}
		d := drive(t, c, Options{Topics: []string{"t"}, HoldBytes: 1 << 20}, 120, 40)
		d.follows("t")
		gate := d.asksForOlder(c)
		d.press("G")
		for range 3 { // the large one has to go, and leaves room that others could take
			c.add("t", 0, text(strings.Repeat("medium ", 39_000)))
		}
		d.until("the newest", func() bool { return slices.Contains(d.held(0), 293) && !slices.Contains(d.held(0), 200) })
		close(gate)
		d.until("what was asked for", func() bool { return !d.m.tail.snap.older.busy })
		d.settle()
		if got := d.held(0); !slices.Equal(got, count(got[0], 294)) {
			t.Errorf("held: %v", got)
		}
	})
}

func TestTheBeginningOfATopicIsWhereItsFirstRecordIs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, keys := range [][]string{nil, {"g"}} {
			c := newFake().topic("t", 1)
			for i := range 50 {
				c.add("t", 0, text(fmt.Sprint("message ", i)))
			}
			d := drive(t, c, Options{Topics: []string{"t"}, HoldRows: 150}, 120, 40)
			d.follows("t")
			d.press(keys...)
			d.press("G")
			for i := 50; i < 400; i++ {
				c.add("t", 0, text(fmt.Sprint("message ", i)))
			}
			d.until("the newest", func() bool { return d.m.tail.snap.held == 150 && slices.Equal(d.held(0), count(250, 400)) })
			for presses := 0; d.held(0)[0] > 0 || d.m.tail.top > d.m.tail.snap.first; presses++ {
				if presses > 50 {
					t.Fatalf("after %v: the first one never comes:\n%s", keys, d.screen())
				}
				d.press("pgup")
				said, held := strings.Contains(d.screen(), "beginning of the topic"), d.held(0)
				if first, _ := d.m.tail.session.store.Bounds(); said && held[0] > 0 && first == d.m.tail.snap.first {
					t.Fatalf("after %v: the beginning is said to be at offset %d:\n%s", keys, held[0], d.screen())
				}
				d.older()
			}
			d.sees("message 0 ")
			d.sees("beginning of the topic")
		}
	})
}

func TestNothingOfATopicIsOlderThanItsBeginning(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, hold := range []int{0, 150} {
			c := newFake().topic("t", 2)
			c.ids = map[string][16]byte{"t": {1}}
			for i := range 300 {
				c.add("t", int32(i%2), text(fmt.Sprint("before ", i)))
			}
			d := drive(t, c, Options{Topics: []string{"t"}, HoldRows: hold}, 120, 40)
			d.follows("t")
			c.set(func() {
				c.topics["t"] = []*fakePartition{{}, {}}
				c.ids["t"] = [16]byte{2}
				c.grown.Broadcast()
			})
			d.sees("deleted and created again")
			more := hold * 2 / 3 // of what went before, some is held still
			for i := range 10 + more {
				c.add("t", int32(i%2), text(fmt.Sprint("after ", i)))
			}
			d.sees(fmt.Sprint("after ", 9+more))
			for range 20 {
				d.press("pgup")
				d.older()
			}
			d.settle()
			d.once(numbered("after ", 0, 10+more)...)
		}
	})
}
