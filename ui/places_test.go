package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/store"
)

// pages is a cluster with two topics of three partitions and as many records as
// several screens show, one a second, of which every third is of DE.
func pages() *fakeCluster {
	c := newFake().topic("a", 3).topic("b", 1).topic("c", 1)
	c.ids = map[string][16]byte{"a": {1}, "b": {2}, "c": {3}}
	for i := range 300 {
		c.comes("a", i)
		c.comes("b", i)
	}
	return c
}

// comes appends record i to a topic.
func (c *fakeCluster) comes(topic string, i int) {
	partitions := 0
	c.set(func() { partitions = len(c.topics[topic]) })
	country := [...]string{"DE", "FR", "KR"}[i%3]
	at := testNow.Add(time.Duration(i-300) * time.Second).UnixMilli()
	c.add(topic, int32(i/3%partitions), batch.Record{Timestamp: at, Key: fmt.Append(nil, country), Value: fmt.Appendf(nil, "%s %d %s", topic, i, country)})
}

// opens opens a topic from the pane of topics, and waits until all there is came.
func (d *driver) opens(topic string) {
	d.t.Helper()
	d.m.topics.selectName(topic)
	d.press("1", "enter")
	d.arrives(topic)
}

// arrives waits until a topic is shown with all there is.
func (d *driver) arrives(topic string) {
	d.t.Helper()
	d.until("all of "+topic, func() bool {
		t := &d.m.tail
		s := &t.snap
		return t.topic == topic && s.reading && !s.older.busy && s.lag == 0 && s.next > s.first && t.seek == nil
	})
}

// filters filters what flows.
func (d *driver) filters(q string) {
	d.t.Helper()
	d.press("/")
	d.typed(q)
	d.press("enter")
	d.arrives(d.m.tail.topic)
}

// stands is what a person sees of the tail: its rows, and the one of the cursor.
func (d *driver) stands() string {
	d.t.Helper()
	d.m.View()
	var out strings.Builder
	for i := range d.m.tail.rows {
		r := &d.m.tail.rows[i]
		if r.Seq == d.m.tail.cursor {
			out.WriteString("> ")
		}
		fmt.Fprintf(&out, "%s/%d/%d\n", r.Topic, r.Partition, r.Offset)
	}
	return out.String()
}

// is compares that with what it was.
func (d *driver) is(before string) {
	d.t.Helper()
	if now := d.stands(); now != before {
		d.t.Errorf("the tail shows\n%s\nand was left at\n%s", now, before)
	}
}

func TestATopicIsAsItWasLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := pages()
		d := drive(t, c, Options{}, 140, 30)
		d.follows("a")
		d.filters("DE")
		left := d.m.tail.session
		matched := d.m.tail.snap.matched
		d.opens("b")
		d.press("up", "up", "up")
		scrolled := d.stands()
		for i := 300; i < 309; i++ {
			c.comes("a", i)
		}
		d.opens("a")
		d.until("what came meanwhile", func() bool { return d.m.tail.snap.matched == matched+3 })
		d.sees("filter: DE")
		d.sees("live")
		d.sees("a 306 DE")
		d.sees("back at a, filter: DE, live")
		if d.m.tail.session != left {
			t.Error("what was held is read again")
		}
		for range 4 {
			c.comes("b", 300)
		}
		d.opens("b")
		d.sees("4 new")
		d.is(scrolled)
		d.press("G")
		d.sees("live")
		d.press("1", "enter") // it is open already
		if !d.m.tail.follow || d.m.focus != paneTail || len(d.m.places.all) != 2 {
			t.Errorf("the open topic is opened again: %d places", len(d.m.places.all))
		}
		d.opens("a")
		d.press("esc")
		d.until("everything", func() bool { return d.m.tail.session.start.query == nil && d.m.tail.snap.held == historyRecords })
	})
}

func TestStepsBackAndForth(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := pages()
		d := drive(t, c, Options{Topics: []string{"a"}}, 140, 30)
		d.arrives("a")
		d.press("[")
		d.sees("previous place: there is none")
		d.press("up", "up")
		first := d.stands()
		d.opens("b")
		d.press("t")
		d.typed("14:02:00")
		d.advance(time.Second)
		d.press("enter")
		d.arrives("b")
		d.press("down", "down")
		third := d.stands()
		d.press("1", "[")
		d.arrives("b")
		d.sees("place 2 of 3: b, live")
		if d.m.focus != paneTail || d.m.previewShown() {
			t.Error("the place is not what is shown")
		}
		d.press("[")
		d.arrives("a")
		d.is(first)
		d.sees("place 1 of 3: a, 14:05:09")
		d.press("]", "]")
		d.arrives("b")
		d.is(third)
		d.sees("place 3 of 3: b, 14:02:02")
		d.press("]")
		d.sees("next place: there is none")
		d.send(tea.MouseClickMsg{Button: tea.MouseBackward})
		d.send(tea.MouseClickMsg{Button: tea.MouseBackward})
		d.is(first)
		d.send(tea.MouseClickMsg{Button: tea.MouseForward})
		d.sees("place 2 of 3")
		d.press("3")
		d.send(tea.MouseClickMsg{Button: tea.MouseForward})
		if d.m.places.at != 1 {
			t.Error("the mouse steps while something is written")
		}
	})
}

func TestGoingElsewhereCutsWhatLayAhead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, pages(), Options{Topics: []string{"a"}}, 140, 30)
		d.arrives("a")
		d.opens("b")
		d.filters("FR")
		d.searches("DE", "b")
		hits := d.m.tail.session
		d.press("[", "[")
		d.arrives("a")
		d.press("g")
		d.arrives("a")
		if n := len(d.m.places.all); n != 2 || d.m.places.off(1) == "" {
			t.Errorf("%d places, on to the next: %q", n, d.m.places.off(1))
		}
		if hits.ctx.Err() == nil {
			t.Error("hits that nothing leads to are still held")
		}
		d.opens("b")
		d.sees("filter: FR")
		d.press("[")
		d.arrives("a")
		d.sees("place 2 of 3: a, 14:00:12")
	})
}

func TestWhatIsAPlace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, pages(), Options{Topics: []string{"b"}}, 140, 30)
		d.arrives("b")
		is := func(n int, after string) {
			t.Helper()
			if d.m.places.at != n-1 || len(d.m.places.all) != n {
				t.Errorf("after %s it is place %d of %d, not the last of %d", after, d.m.places.at+1, len(d.m.places.all), n)
			}
		}
		d.filters("DE")
		is(1, "a filter")
		d.press("up", "pgup", "down", "m")
		d.arrives("b")
		is(1, "moving about, and markers")
		d.press("esc")
		d.arrives("b")
		is(1, "dropping the filter")
		d.press("g")
		d.arrives("b")
		is(2, "the beginning")
		d.press("down", "down", "g")
		d.arrives("b")
		is(2, "the beginning again")
		d.press("K")
		d.searched()
		is(3, "the history of a key")
		d.press("down", "a")
		d.arrives("b")
		is(4, "a record's surroundings")
		d.press("a")
		d.arrives("b")
		is(4, "the same again")
		d.press("esc")
		d.searched()
		if d.m.places.at != 2 {
			t.Errorf("esc leads from a record's surroundings to place %d", d.m.places.at+1)
		}
		d.press("]")
		d.arrives("b")
		d.press("t")
		d.typed("5000")
		d.advance(time.Second)
		d.press("enter")
		d.sees("waiting for new messages")
		is(5, "an offset")
		d.press("G")
		d.arrives("b")
		is(6, "the newest, which are read anew")
		d.press("[")
		d.sees("waiting for new messages")
		d.press("[")
		d.arrives("b")
		if at := d.m.places.at; at != 3 {
			t.Errorf("two steps back from the sixth lead to place %d", at+1)
		}
		d.press("[")
		d.searched()
		d.press("esc")
		d.arrives("b")
		if d.m.tail.searched() || d.m.places.at != 1 {
			t.Errorf("esc leads from the hits to place %d", d.m.places.at+1)
		}
		d.press("]")
		if !d.m.tail.searched() {
			t.Error("the hits do not lie ahead")
		}
		for i := range int64(2 * placesMost) {
			d.run(d.m.goTo(kafka.Position{Kind: kafka.AtOffset, N: i}, "from there"))
		}
		is(placesMost, "going about")
		if n := len(d.m.places.left); n >= placesMost {
			t.Errorf("%d places are remembered, of which but one can be gone back to", n)
		}
	})
}

func TestStepsOfTheTimelineAreOnePlace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := driveTimed(t, days(), 140, 40, "days")
		d.press("2")
		d.counted()
		travels := func(key string) {
			t.Helper()
			d.press(key)
			number := d.m.tail.session.number
			d.until("another time", func() bool { return d.m.tail.session.number > number && d.m.tail.snap.next > 0 })
		}
		for range 4 {
			travels("left")
		}
		if n := len(d.m.places.all); n != 2 {
			t.Errorf("a run of steps makes %d places", n)
		}
		at := d.stands()
		d.press("down")
		travels("left")
		if n := len(d.m.places.all); n != 3 {
			t.Errorf("another run makes %d places", n)
		}
		d.press("[", "up")
		d.is(at)
		travels("left")
		if n := len(d.m.places.all); n != 3 {
			t.Errorf("a run from the middle makes %d places", n)
		}
	})
}

func TestAPlaceThatWasLeftIsAtRest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := pages()
		d := drive(t, c, Options{Topics: []string{"a"}}, 140, 30)
		d.arrives("a")
		left := d.m.tail.session
		d.opens("b")
		d.until("one reading", func() bool { return c.readsNow() == 1 })
		d.settle()
		first, next := left.store.Bounds()
		looks := 0
		c.set(func() { looks, c.begun = len(c.looks), 0 })
		for i := 300; i < 320; i++ {
			c.comes("a", i)
		}
		c.comes("b", 300)
		d.sees("b 300")
		d.settle()
		if f, n := left.store.Bounds(); f != first || n != next {
			t.Errorf("rows %d to %d are held, %d to %d when it was left", f, n, first, next)
		}
		c.set(func() {
			if len(c.looks) != looks || c.begun != 0 {
				t.Errorf("%d looks and %d readings for what was left", len(c.looks)-looks, c.begun)
			}
		})
		if d.m.busy() || d.m.tail.paused {
			t.Error("something turns for it")
		}
		// Steps that are faster than any reading lose and double nothing.
		for range 50 {
			d.press("[", "]")
		}
		d.settle()
		if n := c.readsNow(); n > 1 {
			t.Fatalf("%d readings are under way after many steps", n)
		}
		d.press("[")
		d.until("what came meanwhile", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == historyRecords+20 })
		for p := range int32(3) {
			if held := d.held(p); !slices.Equal(held, count(held[0], held[0]+int64(len(held)))) {
				t.Errorf("partition %d has %v", p, held)
			}
		}
		c.comes("a", 320)
		d.sees("a 320") // its news is heard
	})
}

func TestAPausedPlaceStaysPaused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, most := range []int64{1 << 30, 0} {
			c := pages()
			d := drive(t, c, Options{Topics: []string{"a"}}, 140, 30)
			d.m.places.most = most
			d.arrives("a")
			d.press("space")
			before := d.stands()
			d.opens("b")
			for i := 300; i < 307; i++ {
				c.comes("a", i)
			}
			d.press("[")
			d.until("the pause", func() bool { return d.m.tail.paused && d.m.tail.snap.next-d.m.tail.snap.first >= historyRecords })
			d.sees("paused")
			if most > 0 {
				d.is(before)
				d.sees("7 waiting")
			}
			d.press("space")
			d.until("the others", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == historyRecords+7 })
			d.sees("live")
		}
	})
}

// A place is read again, and the row that it was paused at is evicted before anybody
// has seen it: the tail pauses at the end, and not again when another message comes.
func TestAPausedPlaceWhoseRowIsGonePausesAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("a", 2).topic("b", 1)
		c.add("b", 0, text("elsewhere"))
		c.add("a", 1, at(0, "first"))
		c.add("a", 0, at(time.Second, "at the cursor"))
		d := drive(t, c, Options{Topics: []string{"a"}, HoldRows: 130}, 140, 30)
		d.m.places.most = 0
		d.sees("at the cursor")
		d.press("space")
		d.m.topics.selectName("b")
		d.press("1", "enter")
		d.sees("elsewhere")
		for i := range 500 {
			c.add("a", 1, at(2*time.Second+time.Duration(i)*time.Millisecond, fmt.Sprint("while away ", i)))
		}
		d.press("[")
		d.until("the pause", func() bool { return d.m.tail.paused })
		if d.m.tail.seek != nil {
			t.Error("it still waits for its row")
		}
		d.press("space")
		c.add("a", 0, at(3*time.Second, "another"))
		d.sees("another")
		d.settle()
		if d.m.tail.paused || !d.m.tail.follow {
			t.Errorf("paused %v, following %v", d.m.tail.paused, d.m.tail.follow)
		}
	})
}

// TestWhatCouldNotBeKeptIsReadAgain lets no session sleep: each place is read again
// from the cluster, and is as it was all the same.
func TestWhatCouldNotBeKeptIsReadAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := pages()
		d := drive(t, c, Options{Topics: []string{"a"}}, 140, 30)
		d.m.places.most = 0
		d.arrives("a")
		d.filters("DE")
		d.press("pgup", "up", "up")
		d.arrives("a")
		scrolled, newer := d.stands(), d.m.tail.left-d.m.tail.cursor
		left := d.m.tail.session
		d.searches("KR", "b")
		d.press("up", "up", "pgup", "up")
		hits := d.stands()
		d.opens("b")
		for i := 300; i < 309; i++ {
			c.comes("a", i)
			c.comes("b", i)
		}
		d.press("[")
		d.until("the hit", func() bool { return d.m.tail.seek == nil && d.m.tail.allSearched() })
		d.is(hits)
		d.press("[")
		if left.ctx.Err() == nil || d.m.tail.session == left {
			t.Fatal("it was kept")
		}
		d.until("as it was", func() bool { return d.m.tail.seek == nil && d.m.tail.snap.lag == 0 && d.m.tail.snap.reading })
		d.is(scrolled)
		d.sees("filter: DE")
		if d.m.tail.left-d.m.tail.cursor != newer {
			t.Errorf("following ended %d rows on, not %d", d.m.tail.left-d.m.tail.cursor, newer)
		}
		d.sees("3 new")
		d.opens("b")
		d.until("all of it", func() bool { return d.m.tail.follow && d.m.tail.snap.next-d.m.tail.snap.first == historyRecords+9 })
		d.sees("b 308 KR")
	})
}

func TestWhatIsKeptHasABound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const hold = 1 << 20
		c := newFake()
		value := []byte(strings.Repeat("x", 1000))
		names := strings.Fields("t1 t2 t3 t4 t5 t6")
		for _, name := range names {
			c.topic(name, 1)
			for range historyRecords {
				c.add(name, 0, batch.Record{Timestamp: testNow.UnixMilli(), Value: value})
			}
		}
		d := drive(t, c, Options{HoldBytes: hold}, 140, 30)
		if d.m.places.most != hold/placesShare {
			t.Fatalf("%d bytes may sleep beside %d", d.m.places.most, hold)
		}
		d.follows(names[0])
		for _, name := range names[1:] {
			d.opens(name)
			var bytes int64
			for _, v := range d.m.places.left {
				if s := v.tail.session; s != nil {
					bytes += s.weight()
				}
			}
			if bytes > d.m.places.most {
				t.Errorf("%d bytes sleep, of %d", bytes, d.m.places.most)
			}
		}
		for i, v := range d.m.places.left {
			if kept := v.tail.session != nil; kept != (i == len(names)-2) {
				t.Errorf("%s is kept: %t", names[i], kept)
			}
		}
		for i := len(names) - 2; i >= 0; i-- {
			d.press("[")
			d.arrives(names[i])
			if got := d.held(0); !slices.Equal(got, count(0, historyRecords)) {
				t.Errorf("%s holds %v", names[i], got)
			}
		}
		if got := (&session{store: store.New(0, 0), txns: &transactions{n: markersKept}, start: start{maxBytes: store.DefaultMaxBytes}}).weight(); got < markersKept*sleepMarker {
			t.Errorf("markers weigh nothing: %d", got)
		}
	})
}

func TestACursorThatIsMovedIsNotTakenBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, pages(), Options{Topics: []string{"b"}}, 140, 30)
		d.m.places.most = 0
		d.arrives("b")
		d.press("pgup")
		d.opens("a")
		d.press("[")
		d.until("the row", func() bool { return d.m.tail.seek == nil || d.m.tail.seek.stood.again })
		// As if rows below were still to come:
		at := &place{tp: kafka.TopicPartition{Topic: "b"}, offset: 250, from: d.m.tail.cursor, stood: &stood{again: true}}
		d.m.tail.seek = at
		d.clickAt(60, d.m.lay.tail.y+4)
		before := d.m.tail.cursor
		d.send(newsMsg{d.m.tail.session.number})
		if d.m.tail.cursor != before || d.m.tail.seek != nil {
			t.Errorf("the cursor went from %d to %d", before, d.m.tail.cursor)
		}
	})
}

func TestHitsThatWereLeftGoOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = hitsAtFirst + 60
		c := newFake().topic("many", 2).topic("other", 1)
		c.add("other", 0, text("there"))
		for i := range n {
			c.add("many", int32(i%2), batch.Record{Timestamp: testNow.UnixMilli() + int64(i), Value: []byte("hit")})
		}
		d := drive(t, c, Options{Topics: []string{"many"}}, 140, 30)
		d.arrives("many")
		d.searches("hit")
		if end := d.m.tail.snap.search.end; end != searchLimit {
			t.Fatalf("the search ended by %d", end)
		}
		hits := d.m.tail.session
		d.opens("other")
		d.press("[")
		d.until("the hits", func() bool { return d.m.tail.session == hits })
		d.settle()
		if got := d.m.tail.snap.matched; got != hitsAtFirst {
			t.Errorf("it went on by itself, to %d", got)
		}
		d.press("space")
		d.searched()
		var all []int64
		for p := range int32(2) {
			held := d.held(p)
			slices.Sort(held)
			if !slices.Equal(held, count(0, n/2)) {
				t.Errorf("partition %d has %d hits", p, len(held))
			}
			all = append(all, held...)
		}
		if len(all) != n || !d.m.tail.allSearched() {
			t.Errorf("%d hits of %d", len(all), n)
		}
	})
}

func TestEscLeavesATraceForWhereItWasAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := journey()
		for i := range 60 {
			c.add("orders", 0, batch.Record{Timestamp: testNow.Add(-time.Hour).UnixMilli() + int64(i), Value: []byte("another")})
		}
		d := drive(t, c, Options{Topics: []string{"orders"}}, 200, 30)
		d.arrives("orders")
		d.filters("order-4711")
		d.press("up")
		before := d.stands()
		d.press("X", "enter")
		d.searched()
		d.press("enter", "X", "enter")
		d.searched()
		d.press("esc")
		if d.m.places.at != 1 || !d.m.tail.traced() {
			t.Error("the second trace does not lead back to the first")
		}
		d.press("esc")
		d.arrives("orders")
		d.is(before)
		d.sees("filter: order-4711")
	})
}

func TestLeftWhileItWasLoading(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := pages()
		d := drive(t, c, Options{}, 140, 30)
		d.follows("b")
		gate := make(chan struct{})
		c.set(func() { c.newestGate = gate })
		d.m.topics.selectName("a")
		d.press("1", "enter")
		loading := d.m.tail.session
		d.sees("loading")
		d.press("[")
		if loading.ctx.Err() == nil {
			t.Error("it loads on")
		}
		close(gate)
		d.press("]")
		d.arrives("a")
		if n := d.m.tail.snap.held; n != historyRecords {
			t.Errorf("%d records are held", n)
		}
	})
}

func TestTheTopicIsAnotherMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, most := range []int64{1 << 30, 0} {
			c := pages()
			d := drive(t, c, Options{Topics: []string{"a"}}, 160, 30)
			d.m.places.most = most
			d.arrives("a")
			left := d.m.tail.session
			d.opens("b")
			d.until("it to be at rest", left.settledNow) // else it is read anew
			c.topic("a", 2)
			c.set(func() { c.ids["a"] = [16]byte{9} })
			for i := range 10 {
				c.comes("a", i)
			}
			d.press("[")
			d.sees("deleted and created again")
			d.until("the new one's", func() bool {
				return slices.Equal(d.held(0)[max(0, len(d.held(0))-6):], []int64{0, 1, 2, 3, 4, 5}[:min(6, len(d.held(0)))]) && d.m.tail.snap.lag == 0
			})
			d.sees("a 9 DE")
			want := int64(10)
			if most > 0 {
				want += historyRecords // as long as it is shown
			}
			d.until("all of it", func() bool { return d.m.tail.snap.held == want })
			c.comes("a", 10)
			d.sees("a 10 FR")

			d.press("]")
			c.set(func() { delete(c.topics, "a") })
			d.press("[")
			d.notes("topic a was deleted")
		}
	})
}

func TestOffsetsThatAreGoneMeanwhileAreTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := pages()
		d := drive(t, c, Options{Topics: []string{"b"}}, 160, 30)
		d.arrives("b")
		d.press("up")
		d.opens("a")
		for i := 300; i < 320; i++ {
			c.comes("b", i)
		}
		c.set(func() {
			p := c.topics["b"][0]
			p.start, p.batches, p.times = 310, p.batches[310:], p.times[310:]
		})
		d.press("[")
		d.until("the rest", func() bool { return d.m.tail.snap.held == historyRecords+10 })
		d.press("G")
		d.sees("offsets 300 to 309 are gone")
		if got := d.held(0); !slices.Equal(got, slices.Concat(count(200, 300), count(310, 320))) {
			t.Errorf("held: %v", got)
		}
	})
}

func TestPlacesOfAnotherClusterAreForgotten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := pages()
		d := drive(t, c, Options{Topics: []string{"a"}}, 140, 30)
		d.arrives("a")
		left := d.m.tail.session
		d.opens("b")
		d.m.tail.session.end()
		d.m.cluster, d.m.tail.session = nil, nil
		d.send(openedMsg{number: d.m.connect.number, cluster: c})
		if left.ctx.Err() == nil || len(d.m.places.all) != 1 {
			t.Errorf("%d places are known", len(d.m.places.all))
		}
		d.arrives("a")
	})
}

func TestSleepingSessionsEndWithTheProgram(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var left []*session
		t.Cleanup(func() { // after the end
			for _, s := range left {
				if s.ctx.Err() == nil {
					t.Error("it outlives the program")
				}
			}
		})
		d := drive(t, pages(), Options{Topics: []string{"a"}}, 140, 30)
		d.arrives("a")
		left = append(left, d.m.tail.session)
		d.searches("DE", "b")
		left = append(left, d.m.tail.session)
		d.opens("b")
		for _, s := range left {
			if s.ctx.Err() != nil {
				t.Fatal("it was not kept")
			}
		}
	})
}

func TestAPlaceWhoseReadingFailedIsTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := pages()
		d := drive(t, c, Options{Topics: []string{"a"}}, 140, 30)
		d.arrives("a")
		c.set(func() { c.readErr = errors.New("not allowed") })
		c.comes("a", 300)
		d.sees("stopped")
		d.m.topics.selectName("b")
		d.press("1", "enter")
		d.sees("not allowed")
		c.set(func() { c.readErr = nil })
		d.press("[")
		d.until("the records", func() bool { return d.m.tail.topic == "a" && d.m.tail.snap.err == nil && d.m.tail.snap.lag == 0 })
		d.sees("a 300 DE")
	})
}
