package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"milena/human"
	"milena/kafka/batch"
)

// headerOf is the tail's first line at a width.
func (d *driver) headerOf(w int) string {
	d.m.w, d.m.h = w, 24
	d.m.lines()
	return stripped(d.m.tailHeader(w))
}

func TestFiguresOfTheTailAreThereAtEveryWidth(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"message-log"}, HoldRows: 150}, 140, 40)
		d.follows("message-log")
		for i := range 1500 {
			c.add("message-log", 0, text(fmt.Sprint("more ", i)))
		}
		d.until("the newest", func() bool { return d.m.tail.snap.lag == 0 && d.m.tail.snap.stats.Evicted > 1000 })
		d.m.tail.snap.lag = 4321
		evicted := d.m.tail.snap.stats.Evicted
		for w := 20; w <= 300; w++ {
			head := d.headerOf(w)
			if n := cells(head, d.m.st.width); n != w {
				t.Fatalf("%d columns at a width of %d: %q", n, w, head)
			}
			for _, n := range []int64{150, evicted, 4321} {
				if !strings.Contains(head, human.Exact(n)) && !strings.Contains(head, human.Count(n)) {
					t.Errorf("%d is missing at a width of %d: %q", n, w, head)
				}
			}
			if w >= 40 && !strings.Contains(head, "mess") {
				t.Errorf("the topic is missing at a width of %d: %q", w, head)
			}
		}
		if head := d.headerOf(120); !strings.Contains(head, "in memory 150") || !strings.Contains(head, "skipped "+human.Exact(evicted)) || !strings.Contains(head, "unread 4,321") {
			t.Errorf("a wide header is %q", head)
		}
	})
}

func TestFilteredAndPausedHeaderKeepsItsNumbers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"orders"}}, 140, 40)
		d.follows("orders")
		d.press("/")
		d.typed("login")
		d.press("enter")
		d.sees("10 of 60 seen match")
		d.press("space")
		d.sees("paused")
		d.m.tail.waiting = 77
		for w := 30; w <= 200; w++ {
			head := d.headerOf(w)
			for _, n := range []string{"10", "60", "77"} {
				if !strings.Contains(head, n) {
					t.Errorf("%s is missing at a width of %d: %q", n, w, head)
				}
			}
		}
	})
}

func TestFindGoesFromRecordToRecord(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		at := func() int64 {
			rec, _ := d.m.tail.session.store.At(d.m.tail.cursor)
			return rec.Offset
		}
		d.press("n")
		d.sees("f starts a search")
		d.press("f")
		d.typed("message25")
		d.press("enter")
		d.until("the nearest", func() bool { return at() == 259 })
		if !strings.Contains(d.screen(), "find: message25") || d.m.tail.follow {
			t.Errorf("the header does not say what is looked for:\n%s", d.screen())
		}
		for _, want := range []int64{258, 257} {
			d.press("N")
			d.until("the one before", func() bool { return at() == want })
		}
		d.press("n")
		d.until("the one after", func() bool { return at() == 258 })
		d.press("n", "n")
		d.until("the last", func() bool { return at() == 259 })
		d.press("n")
		d.sees("no newer loaded message")
		if lit := d.m.st.match; !strings.Contains(d.m.View().Content, lit) {
			t.Error("the letters are not lit")
		}
		d.press("esc", "n")
		if d.m.tail.find.q != nil || at() != 259 {
			t.Error("esc does not end finding")
		}
		d.press("f")
		d.typed("nowhere")
		d.press("enter")
		d.sees("no loaded message has nowhere")
	})
}

func TestTimesAreShownInFourWays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 120, 40)
		d.m.opt.Location = time.FixedZone("HERE", 3600)
		d.m.zone = d.m.opt.Location
		d.follows("message-log")
		d.sees("15:04:41.500") // the newest, an hour east
		d.press("u")
		d.sees("time UTC")
		d.sees("14:04:41.500")
		d.press("u")
		d.sees("30 s  ")
		d.advance(30 * time.Second)
		d.send(animateMsg{})
		d.sees("60 s  ")
		d.press("u")
		d.sees("epoch ms")
		d.sees(fmt.Sprint(testNow.Add(-30500 * time.Millisecond).UnixMilli()))
		d.press("u")
		d.sees("15:04:41.500")
	})
}

func TestAges(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "now", 999 * time.Millisecond: "now", 9999 * time.Millisecond: "9 s", 75 * time.Second: "75 s",
		3 * time.Hour: "3 h", -5 * time.Second: "+5 s", 400 * 24 * time.Hour: "400 days",
	} {
		if got := age(testNow.UnixMilli(), testNow.Add(-d).UnixMilli()); got != want {
			t.Errorf("the age of %v is %q, not %q", d, got, want)
		}
	}
	if got := age(testNow.UnixMilli(), -1<<62); got != "absurd" {
		t.Errorf("an absurd time is %q ago", got)
	}
}

func TestKeysGetTheColumnsThatTheyNeed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("short", 1)
		c.compact["short"] = true
		for i := range 30 {
			c.add("short", 0, batch.Record{Timestamp: testNow.UnixMilli(), Key: fmt.Append(nil, i), Value: []byte("v")})
		}
		d := drive(t, c, Options{Topics: []string{"short"}}, 160, 40)
		d.follows("short")
		d.m.View()
		narrow := d.m.tail.cols.key
		long := "customer-4711-account-0815"
		c.add("short", 0, batch.Record{Timestamp: testNow.UnixMilli(), Key: []byte(long), Value: []byte("v")})
		d.sees(long + " ")
		wide := d.m.tail.cols.key
		if narrow != 10 || wide < len(long) {
			t.Errorf("the keys' columns are %d, then %d", narrow, wide)
		}
		d.press("up", "g")
		d.until("the beginning", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 31 })
		d.send(tea.WindowSizeMsg{Width: 80, Height: 24})
		if got := d.m.tail.cols.key; got > 80/4 {
			t.Errorf("at 80 columns the keys take %d", got)
		}
	})
}

func stripped(s string) string { return ansi.Strip(s) }

func TestHelpExplainsTheColumns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 60)
		d.follows("orders")
		d.press("?")
		for _, want := range []string{"✓ committed, ✗ aborted, ○ open", "records in memory", "are not read yet"} {
			if !strings.Contains(d.screen(), want) {
				t.Errorf("%q is not in the help:\n%s", want, d.screen())
			}
		}
	})
}

func TestPausedTailDoesNotSayThatNothingIsBehind(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"message-log"}}, 140, 40)
		d.follows("message-log")
		d.sees("unread 0")
		d.press("space")
		for range 3 {
			c.add("message-log", 0, text("later"))
		}
		d.send(animateMsg{})
		d.sees("3 waiting")
		if strings.Contains(d.screen(), "behind") {
			t.Errorf("three wait, and the screen says\n%s", d.screen())
		}
	})
}

func TestRowsThatNobodyCanReadHaveNoColours(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"orders"}}, 120, 40)
		d.m.look.profile = colorprofile.TrueColor
		d.m.restyle()
		d.follows("orders")
		coloured := func() bool { return strings.Contains(d.m.View().Content, d.m.st.key+"m") }
		if !coloured() {
			t.Fatal("keys have no colours to begin with")
		}
		// Two frames in a row that bring more rows than the screen has.
		for range 2 {
			d.advance(frame)
			d.m.tail.noteRush(1000, time.Now())
		}
		if coloured() {
			t.Error("a rush of rows is coloured")
		}
		d.advance(rushEnds)
		if !coloured() {
			t.Error("the colours do not come back after the rush")
		}
		// One such frame alone, as at the start of a topic, is no rush.
		d.advance(time.Second)
		d.m.tail.noteRush(1000, time.Now())
		if !coloured() {
			t.Error("a single frame takes the colours away")
		}
	})
}
