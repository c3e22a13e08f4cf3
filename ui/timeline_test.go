package ui

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
	"milena/kafka/batch"
)

// timedCluster counts by time, which the other clusters of these tests leave out.
type timedCluster struct {
	*fakeCluster
	gate  chan struct{} // not nil: look-ups wait for it, or for their context
	fails error
	asked []kafka.TimelineRequest
}

func (c *timedCluster) Timeline(ctx context.Context, req kafka.TimelineRequest) (*kafka.Timeline, error) {
	var gate chan struct{}
	var err error
	c.set(func() { gate, err = c.gate, c.fails; c.asked = append(c.asked, req) })
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	line := &kafka.Timeline{Failed: make(map[kafka.TopicPartition]error), Gone: make(map[kafka.TopicPartition]int64), First: -1}
	var times []int64
	for _, s := range req.Spans {
		if err := c.lack[s.TopicPartition]; err != nil {
			line.Failed[s.TopicPartition] = err
			continue
		}
		p := c.at(s.TopicPartition)
		times = append(times, p.times...)
		if p.start > 0 {
			line.Gone[s.TopicPartition] = math.MaxInt64
			if len(p.times) > 0 {
				line.Gone[s.TopicPartition] = slices.Min(p.times)
			}
		}
	}
	if len(times) == 0 {
		return line, nil
	}
	from, to := slices.Min(times), slices.Max(times)+1
	line.First = from
	if !req.From.IsZero() {
		from = req.From.UnixMilli()
	}
	if !req.To.IsZero() {
		to = req.To.UnixMilli()
	}
	n := int64(req.Buckets)
	for i := range n {
		b := kafka.Bucket{From: from + (to-from)/n*i + (to-from)%n*i/n, To: from + (to-from)/n*(i+1) + (to-from)%n*(i+1)/n}
		for _, at := range times {
			if b.From <= at && at < b.To {
				b.Count++
			}
		}
		line.Buckets = append(line.Buckets, b)
	}
	return line, nil
}

func (c *timedCluster) lookUps() (asked []kafka.TimelineRequest) {
	c.set(func() { asked = slices.Clone(c.asked) })
	return asked
}

// days is a cluster with a topic of a message an hour for ten days, none of them on
// the fifth, and of a hundred a minute in the last hour.
func days() *timedCluster {
	c := newFake().topic("days", 2).topic("empty", 1)
	add := func(back time.Duration, what string) {
		c.add("days", int32(len(what)%2), batch.Record{Timestamp: testNow.Add(-back).UnixMilli(), Value: []byte(what)})
	}
	for h := 240; h > 0; h-- {
		if h <= 120 && h > 96 {
			continue
		}
		add(time.Duration(h)*time.Hour, fmt.Sprint("hour ", h))
	}
	for i := range 600 {
		add(time.Hour-time.Duration(i+1)*6*time.Second, fmt.Sprint("late ", i))
	}
	return &timedCluster{fakeCluster: c}
}

// driveTimed opens a topic of a cluster that counts by time.
func driveTimed(t *testing.T, c *timedCluster, w, h int, topic string) *driver {
	t.Helper()
	d := drive(t, c.fakeCluster, Options{
		Open:   func(context.Context, []string) (Cluster, error) { return c, nil },
		Topics: []string{topic},
	}, w, h)
	d.until("to read", func() bool { return d.m.tail.snap.reading && !d.m.tail.snap.older.busy && d.m.topicsSettled() })
	return d
}

// counted waits for the answer to what is in sight.
func (d *driver) counted() {
	d.t.Helper()
	d.until("the timeline", func() bool {
		c := d.m.timeline
		return c.cancel == nil && c.line != nil && c.asked.window == c.window && c.asked.columns == c.area.w
	})
}

// tailPane is the tail alone, which knows nothing of when topics are counted.
func (d *driver) tailPane() string {
	at := d.m.lay.tail
	lines := strings.Split(d.screen(), "\n")[at.y : at.y+at.h]
	for i, line := range lines {
		lines[i] = string([]rune(line)[at.x:])
	}
	return strings.Join(lines, "\n")
}

// lowest is the last line of the tail.
func (d *driver) lowest() string {
	lines := strings.Split(d.tailPane(), "\n")
	return lines[len(lines)-1]
}

// under is the value of the record under the cursor.
func (d *driver) under() string {
	t := &d.m.tail
	rec, _ := t.session.store.At(t.cursor)
	return string(rec.Value)
}

func TestTimelineCountsWhatIsHeld(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := driveTimed(t, days(), 140, 40, "days")
		d.counted()
		c := d.m.timeline
		var sum int64
		for _, n := range c.counts(c.area.w) {
			sum += n
		}
		if sum != 816 {
			t.Errorf("the columns hold %d of 816 messages", sum)
		}
		golden(t, "timeline-140x40", d.screen())
		d.send(tea.EnvMsg{"LC_ALL=C"})
		golden(t, "timeline-ascii-140x40", d.screen())
	})
}

func TestTimelineTravels(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := driveTimed(t, days(), 100, 40, "days")
		d.press("2")
		d.counted()
		c := d.m.timeline
		n := c.area.w
		session := d.m.tail.session.number
		d.press("left", "left", "left")
		want := c.border(n-4, n)
		d.until("the tail to go there", func() bool {
			return d.m.tail.session.number > session && d.m.tail.snap.next > 0 && d.m.tail.snap.lag == 0
		})
		if got := d.m.tail.session; got.number != session+1 || got.start.from.Time.UnixMilli() != want {
			t.Errorf("session %d from %v, want %d from %v", got.number, got.start.from, session+1, time.UnixMilli(want).UTC())
		}
		if at := d.m.placeColumn(n); at != n-4 {
			t.Errorf("column %d of %d is lit", at, n)
		}
		if rec, _ := d.m.tail.session.store.At(d.m.tail.cursor); rec.Timestamp < want {
			t.Errorf("the cursor is on a record of %v", time.UnixMilli(rec.Timestamp).UTC())
		}
		d.press("right", "right", "right", "right")
		d.until("to follow", func() bool { return d.m.tail.follow && d.under() == "late 599" })

		x, y := c.area.x+n*11/20, c.area.y // in the day without messages
		session = d.m.tail.session.number
		d.clickAt(x, y)
		d.send(tea.MouseMotionMsg{X: x + 1, Y: y - 5, Button: tea.MouseLeft})
		d.until("the tail to go there", func() bool {
			return d.m.tail.session.number > session && d.m.tail.snap.next > 0 && d.m.tail.snap.lag == 0
		})
		if got := d.under(); got != "hour 96" {
			t.Errorf("a drag leads to %q", got)
		}
		if !strings.HasSuffix(strings.TrimRight(d.lowest(), " "), " 0") {
			t.Errorf("it is said of the empty column: %q", d.lowest())
		}
	})
}

func TestTimelineGoesNowhereAfterWhoWentElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := driveTimed(t, days(), 100, 40, "days")
		d.press("2")
		d.counted()
		d.press("up", "left", "up", "up")
		session, moves := d.m.tail.session.number, d.m.timeline.travel.moves
		d.run(d.m.travelled(moves))
		if d.m.tail.session.number != session || d.m.timeline.travel.pending {
			t.Errorf("session %d after %d", d.m.tail.session.number, session)
		}
	})
}

func TestTimelineZooms(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := driveTimed(t, days(), 100, 40, "days")
		d.press("2")
		d.counted()
		c := d.m.timeline
		all, end := c.newest-c.first, c.newest
		d.press("+")
		d.counted()
		if from, to := c.span(); to != end || to-from != all/4 {
			t.Errorf("%d to %d in sight", from, to)
		}
		for range 20 {
			d.press("+")
		}
		d.counted()
		if from, to := c.span(); to-from != 1000 {
			t.Errorf("the shortest is %d ms", to-from)
		}
		for range 20 {
			d.press("-")
		}
		d.counted()
		if from, to := c.span(); c.wide != 0 || from != c.first || to != end {
			t.Errorf("%d to %d in sight", from, to)
		}
		// Where the tail goes by itself, the window goes along.
		d.press("+", "+", "t")
		d.typed("-5d")
		d.press("enter")
		d.until("the tail to go there", func() bool {
			return !d.m.tail.follow && d.m.tail.snap.next > 0 && d.m.placeColumn(c.area.w) >= 0
		})
		place, _ := d.m.place()
		if from, to := c.span(); place < from || place >= to || to-from != all/16 {
			t.Errorf("%d to %d in sight, the tail is at %d", from, to, place)
		}
		d.press("left")
		if at, _ := d.m.place(); at >= place {
			t.Errorf("left went from %d to %d", place, at)
		}
		d.press("G")
		d.until("to follow, with the newest in sight", func() bool {
			_, to := c.span()
			return d.m.tail.follow && d.under() == "late 599" && to == c.newest
		})
		d.press("-", "-")
		d.counted()
		// Around a place, and beyond the window's edge.
		d.clickAt(c.area.x+c.area.w/4, c.area.y)
		d.until("the tail to go there", func() bool { return !d.m.tail.follow && d.m.tail.snap.next > 0 })
		d.press("+", "+")
		d.counted()
		from, _ := c.span()
		if at := d.m.placeColumn(c.area.w); at < c.area.w/3 || at > c.area.w*2/3 {
			t.Errorf("the place is in column %d of %d", at, c.area.w)
		}
		for range c.area.w {
			d.press("left")
		}
		if now, _ := c.span(); now >= from || d.m.placeColumn(c.area.w) < 0 {
			t.Errorf("in sight from %d, then from %d, the place in column %d", from, now, d.m.placeColumn(c.area.w))
		}
	})
}

func TestTailDoesNotWaitForTheTimeline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := days()
		c.gate = make(chan struct{})
		d := driveTimed(t, c, 140, 40, "days")
		d.sees("late 599")
		if c := d.m.timeline; c.line != nil || c.cancel == nil {
			t.Fatal("the look-up has ended")
		}
		c.add("days", 0, text("news"))
		d.sees("news")
		c.set(func() { close(c.gate); c.gate = nil })
		d.counted()
		kept := d.lowest()

		c.set(func() { c.fails = errors.New("broker 3 does not answer") })
		for range 2 {
			n := len(c.lookUps())
			d.advance(time.Minute)
			c.add("days", 0, text("more"))
			d.until("another look-up", func() bool { return len(c.lookUps()) > n && d.m.timeline.cancel == nil })
		}
		if n := strings.Count(fmt.Sprint(d.m.notices.all), "does not answer"); n != 1 {
			t.Errorf("%d notices", n)
		}
		bars := func(s string) string {
			return strings.Map(func(r rune) rune {
				if slices.Contains(unicodeGlyphs.spark, string(r)) {
					return r
				}
				return -1
			}, s)
		}
		if bars(d.lowest()) != bars(kept) || bars(kept) == "" {
			t.Errorf("the chart was not kept:\n%s\n%s", kept, d.lowest())
		}
	})
}

func TestTimelineIsLookedUpAgainWhileMessagesCome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := days()
		d := driveTimed(t, c, 140, 40, "days")
		d.counted()
		d.advance(time.Hour)
		d.send(tea.FocusMsg{})
		if n := len(c.lookUps()); n != 1 {
			t.Errorf("%d look-ups while nothing came", n)
		}
		c.add("days", 0, text("news"))
		d.until("the news", func() bool { return len(c.lookUps()) == 2 })
	})
}

func TestTimelineHasRoomOrIsNotThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := days()
		d := driveTimed(t, c, 140, 40, "days")
		d.press("2")
		for h := 1; h <= 40; h++ {
			for _, w := range []int{20, 39, 40, 59, 60, 80, 99, 100, 129, 130, 200, 300} {
				d.send(tea.WindowSizeMsg{Width: w, Height: h})
				there := d.m.lay.timeline.h == 1
				if small := d.m.lay.tail.h < timelineHeight || w < timelineWidth; there && small {
					t.Errorf("there is a timeline at %dx%d", w, h)
				}
				lines := strings.Split(d.screen(), "\n")
				for i, l := range lines {
					if n := cells(l, d.m.st.width); n != w {
						t.Fatalf("line %d has %d columns at %dx%d: %q", i, n, w, h, l)
					}
				}
				if !strings.Contains(d.screen(), "late 599") && there {
					t.Errorf("the newest is not in sight at %dx%d", w, h)
				}
			}
		}
		d.send(tea.WindowSizeMsg{Width: 100, Height: 30})
		d.counted()
		rows := len(d.m.tail.rows)
		d.press("T")
		if got := len(d.m.tail.rows); got != rows+1 || strings.Contains(d.lowest(), "peak") {
			t.Errorf("%d rows with the timeline, %d without: %q", rows, got, d.lowest())
		}
		d.press("left")
		d.sees("T shows it")
		d.press("T")
		d.counted()
	})
}

func TestTimelineSaysWhatItCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := days()
		c.compact["days"] = true
		c.lack = map[kafka.TopicPartition]error{{Topic: "days", Partition: 1}: errors.New("no leader")}
		d := driveTimed(t, c, 200, 50, "days")
		d.counted()
		for _, want := range []string{"offsets, not messages", "1 partition left out"} {
			if !strings.Contains(d.lowest(), want) {
				t.Errorf("%q is not said: %q", want, d.lowest())
			}
		}
		c = days()
		c.txn = map[string]bool{"days": true}
		d = driveTimed(t, c, 100, 50, "days")
		d.press("2")
		d.counted()
		if !strings.Contains(d.lowest(), "offsets, not messages") {
			t.Errorf("of a transactional topic it is said: %q", d.lowest())
		}
	})
}

func TestTimelineOfAnEmptyTopic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := driveTimed(t, days(), 140, 40, "empty")
		d.until("the answer", func() bool { return d.m.timeline.line != nil })
		d.press("2", "left", "right", "+", "-")
		d.clickAt(60, d.m.lay.tail.y+d.m.lay.tail.h-1)
		if got := strings.TrimSpace(d.lowest()); got != "" || d.m.timeline.travel.pending {
			t.Errorf("an empty topic has the timeline %q", got)
		}
	})
}

func TestHitsAreMarkedInTheTimeline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := driveTimed(t, days(), 100, 40, "days")
		d.press("2", "S")
		d.typed("hour")
		d.press("enter")
		d.until("the hits", func() bool { return d.m.tail.allSearched() && d.m.tail.snap.held == 216 })
		d.counted()
		n := d.m.timeline.area.w
		marked := d.m.marked(n)
		for i, count := range d.m.timeline.counts(n) {
			if i < n-1 && marked[i] != (count > 0) {
				t.Errorf("column %d with %d messages is marked: %t", i, count, marked[i])
			}
		}
		session := d.m.tail.session.number
		d.clickAt(d.m.timeline.area.x, d.m.timeline.area.y)
		d.until("the first hit", func() bool { return d.under() == "hour 240" && !d.m.timeline.travel.pending })
		if d.m.tail.session.number != session {
			t.Error("the hits are gone")
		}
	})
}

func TestAbsurdTimesInTheTimeline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := days()
		c.add("days", 0, batch.Record{Timestamp: 0, Value: []byte("the first")})
		c.add("days", 1, batch.Record{Timestamp: math.MaxInt64 - 1, Value: []byte("the last")})
		d := driveTimed(t, c, 140, 40, "days")
		d.press("2")
		d.counted()
		for _, key := range []string{"left", "-", "+", "left", "+", "right", "-", "-"} {
			d.press(key)
			d.counted()
			if from, to := d.m.timeline.span(); from < 0 || to <= from {
				t.Fatalf("after %s, %d to %d is in sight", key, from, to)
			}
			if n := cells(strings.Split(d.screen(), "\n")[d.m.lay.timeline.y], d.m.st.width); n != 140 {
				t.Fatalf("after %s, the line has %d columns", key, n)
			}
		}
	})
}

func TestTimelineIsDimUntilItsAnswerIsThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := days()
		d := driveTimed(t, c, 140, 40, "days")
		d.press("2")
		d.counted()
		c.set(func() { c.gate = make(chan struct{}) })
		d.press("+")
		bright := d.m.st.accent + "m" + d.m.st.g.spark[1]
		if line := d.m.drawTimeline(d.m.lay.timeline); strings.Contains(line, bright) {
			t.Errorf("what is not looked up yet is drawn as if it was: %q", line)
		}
		c.set(func() { close(c.gate); c.gate = nil })
		d.counted()
		if line := d.m.drawTimeline(d.m.lay.timeline); !strings.Contains(line, bright) {
			t.Errorf("the answer is drawn dim: %q", line)
		}
	})
}

// lookedUp has the timeline look again, as it does while messages come, and waits
// for all answers.
func (d *driver) lookedUp(c *timedCluster) {
	d.t.Helper()
	n := len(c.lookUps())
	d.advance(time.Minute)
	c.add("days", 0, text("news"))
	d.until("another look-up", func() bool { return len(c.lookUps()) > n })
	d.counted()
}

func TestWhatRetentionTookIsNoEmptyTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := days()
		d := driveTimed(t, c, 140, 40, "days")
		d.press("2", "g")
		d.until("all of it", func() bool { return d.m.tail.snap.held == 816 })
		d.counted()
		gaps := func() int { return strings.Count(d.lowest(), d.m.st.g.gap) }
		if gaps() != 0 {
			t.Errorf("nothing is gone, and it is drawn: %q", d.lowest())
		}
		whole := d.m.timeline.first

		c.retain("days", 1, 20) // one of two partitions: the other has all of it
		d.lookedUp(c)
		if gaps() != 0 || d.m.timeline.first != whole {
			t.Errorf("one partition has it, and it is gone: %q", d.lowest())
		}
		if !strings.Contains(d.lowest(), "4  1 gone") {
			t.Errorf("at the beginning, which one partition does not reach: %q", d.lowest())
		}
		d.send(tea.WindowSizeMsg{Width: 200, Height: 40})
		d.counted()
		if !strings.Contains(d.lowest(), "1 partition begins later") {
			t.Errorf("with more room: %q", d.lowest())
		}
		d.send(tea.WindowSizeMsg{Width: 140, Height: 40})

		c.retain("days", 0, 60)
		d.lookedUp(c)
		line := d.m.timeline
		if line.first != whole || line.line.First <= whole {
			t.Errorf("it begins at %d, what is held at %d, the topic at %d", line.first, whole, line.line.First)
		}
		counts := line.counts(line.area.w)
		for i, n := range counts {
			if gone := line.gone(line.border(i+1, len(counts))); gone && n > 0 {
				t.Errorf("column %d is gone and has %d", i, n)
			}
		}
		if !strings.Contains(d.lowest(), "retention"+d.m.st.g.gap) || !strings.Contains(d.lowest(), "14:05 retention") {
			t.Errorf("the place is gone: %q", d.lowest())
		}
		d.until("the news of both look-ups", func() bool { return d.m.tail.snap.held == 818 })
		golden(t, "timeline-retention-140x40", d.tailPane())
		d.send(tea.EnvMsg{"LC_ALL=C"})
		golden(t, "timeline-retention-ascii-140x40", d.tailPane())

		c.retain("days", 0, 130) // nearly all: half of the columns stay
		c.retain("days", 1, 150)
		d.lookedUp(c)
		if n := d.m.timeline.area.w; gaps()+len("retention") > n/2+1 || gaps() == 0 {
			t.Errorf("%d of %d columns are gone", gaps(), n)
		}
		d.press("G")
		d.follows("days")
	})
}
