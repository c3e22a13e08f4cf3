package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/store"
)

func failing(err error) func(context.Context, []string) (Cluster, error) {
	return func(context.Context, []string) (Cluster, error) { return nil, err }
}

func demoOf(c *fakeCluster) func(context.Context) (Cluster, string, error) {
	return func(context.Context) (Cluster, string, error) { return c, "127.0.0.1:45678", nil }
}

// records are those that a session holds at one moment: one after another, some
// could be evicted between two that are looked at.
func (s *session) records() []store.Row {
	rows := s.store.Rows(math.MinInt64, math.MaxInt, math.MaxInt, nil)
	return slices.DeleteFunc(rows, func(r store.Row) bool { return r.Skip != nil })
}

// held are the offsets that the tail holds of one partition.
func (d *driver) held(partition int32) []int64 {
	var out []int64
	for _, r := range d.m.tail.session.records() {
		if r.Partition == partition {
			out = append(out, r.Offset)
		}
	}
	return out
}

func count(from, to int64) []int64 {
	var out []int64
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

func text(v string) batch.Record {
	return batch.Record{Timestamp: testNow.UnixMilli(), Value: []byte(v)}
}

func TestPauseLosesNothingAndDoublesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		next := int64(300)
		for round := range 5 {
			d.press("space")
			d.sees("paused")
			for range 20 {
				c.add("message-log", 0, text(fmt.Sprint("round ", round)))
				next++
			}
			d.send(animateMsg{})
			d.until("the count of those that wait", func() bool { return d.m.tail.waiting == 20 })
			if !strings.Contains(d.screen(), "20 waiting") {
				t.Fatalf("the screen does not say that 20 wait:\n%s", d.screen())
			}
			d.press("space")
			d.until("all to arrive", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == next-200 })
			if got := d.held(0); !slices.Equal(got, count(200, next)) {
				t.Fatalf("held offsets after a pause: %v", got)
			}
		}
	})
}

func TestPauseWhileLoadingCountsWhatComesAfterIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.newestGate = make(chan struct{})
		d := drive(t, c, Options{Topics: []string{"message-log"}}, 120, 40)
		d.sees("loading")
		d.press("space")
		close(c.newestGate)
		d.until("the newest 100", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 100 })
		for range 3 {
			c.add("message-log", 0, text("while it is paused"))
		}
		d.sees("3 waiting")
		d.press("space")
		d.until("the others", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 103 })
	})
}

func TestRapidPausesLoseNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		for i := range 200 {
			d.press("space")
			c.add("message-log", 0, text(fmt.Sprint(i)))
		}
		d.until("all to arrive", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 300 })
		if got := d.held(0); !slices.Equal(got, count(200, 500)) {
			t.Fatalf("held offsets: %v", got)
		}
	})
}

func TestScrolledBackStaysWhereItWas(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		d.press("up", "up", "up")
		rows := func() string {
			lines := strings.Split(d.screen(), "\n")
			var tail strings.Builder
			for _, l := range lines[2 : len(lines)-8] {
				_, right, _ := strings.Cut(l, "│")
				tail.WriteString(right + "\n")
			}
			return tail.String()
		}
		before := rows()
		for i := range 1204 {
			c.add("message-log", 0, text(fmt.Sprint("new ", i)))
		}
		d.sees("1,204 new")
		if after := rows(); after != before {
			t.Errorf("the rows moved:\n%s\n\nwere\n%s", after, before)
		}
		d.press("G")
		d.sees("new 1203")
		d.sees("live")
	})
}

func TestOlderRecordsComeAboveTheRowThatIsLookedAt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		for range 4 {
			d.press("pgup")
		}
		d.until("older records", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 300 })
		if got := d.held(0); !slices.Equal(got, count(0, 300)) {
			t.Fatalf("held: %v", got)
		}
		for range 10 {
			d.press("pgup")
		}
		d.sees("beginning of the topic")
		d.sees("this is message0 ")
	})
}

func TestOlderRecordsAfterEvictionLeaveNoGap(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"message-log"}, HoldRows: 150}, 140, 40)
		d.follows("message-log")
		for i := range 500 {
			c.add("message-log", 0, text(fmt.Sprint("more ", i)))
		}
		d.until("the newest", func() bool { return slices.Equal(d.held(0), count(650, 800)) && d.m.tail.snap.lag == 0 })
		d.sees("skipped")
		for presses := 0; len(d.m.tail.rows) == 0 || d.m.tail.rows[0].Offset >= 450; presses++ {
			if presses > 200 {
				t.Fatalf("older ones never come:\n%s", d.screen())
			}
			d.press("pgup")
			d.until("what comes", func() bool { return !d.m.tail.snap.older.busy && !d.m.tail.starting() })
			d.m.View()
			var shown []int64
			for _, r := range d.m.tail.rows {
				shown = append(shown, r.Offset)
			}
			if len(shown) > 0 && !slices.Equal(shown, count(shown[0], shown[0]+int64(len(shown)))) {
				t.Fatalf("the rows %v have a gap", shown)
			}
		}
		d.sees("slowed down")
		d.press("G")
		d.until("the newest again", func() bool { h := d.held(0); return len(h) > 0 && h[len(h)-1] == 799 && d.m.tail.follow })
	})
}

func TestHistoryThatComesInPiecesIsWhole(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.newestMost = 15
		d := drive(t, c, Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		if got := d.held(0); len(got) < historyRecords/2 || !slices.Equal(got, count(got[0], 300)) {
			t.Errorf("held: %v", got)
		}
	})
}

func TestOldSessionsAreNotHeardAnyMore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		old := d.m.tail.session
		d.m.topics.selectName("message-log")
		d.press("1", "enter")
		d.until("the other topic", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 100 })
		snap := d.m.tail.snap
		c.add("orders", 0, text("late"))
		d.send(newsMsg{old.number})
		if d.m.tail.snap.next != snap.next || d.m.tail.snap.seen != snap.seen {
			t.Error("news of an older session changed the screen")
		}
		d.until("the older session to read no more", func() bool { return c.readsNow() == 1 })
	})
}

func TestBeginningIsMergedByTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("skewed", 3)
		c.compact["skewed"] = true
		for i := range 900 {
			p := int32(i % 3)
			if i < 450 {
				p = 2
			}
			c.add("skewed", p, batch.Record{Timestamp: testNow.Add(-time.Hour).UnixMilli() + int64(i), Value: fmt.Append(nil, i)})
		}
		d := drive(t, c, Options{Topics: []string{"skewed"}}, 120, 40)
		d.follows("skewed")
		d.press("g")
		d.until("everything", func() bool { return d.m.tail.snap.next == 900 && d.m.tail.snap.lag == 0 })
		for i, r := range d.m.tail.session.store.Rows(0, 900, 100, nil) {
			if string(r.Value) != fmt.Sprint(i) {
				t.Fatalf("row %d is %q", i, r.Value)
			}
		}
		if d.m.tail.cursor != 0 || d.m.tail.top != 0 {
			t.Errorf("the cursor is at %d, the top at %d", d.m.tail.cursor, d.m.tail.top)
		}
		c.add("skewed", 1, text("live"))
		d.until("what comes then", func() bool { return d.m.tail.snap.next == 901 })
		d.sees("up to date")
	})
}

func TestPauseInABacklogGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("two", 2)
		c.compact["two"] = true
		for i := range 2000 {
			c.add("two", int32(i%2), batch.Record{Timestamp: testNow.UnixMilli() + int64(i), Value: fmt.Append(nil, i)})
		}
		d := drive(t, c, Options{Topics: []string{"two"}}, 120, 40)
		d.follows("two")
		d.press("g")
		for range 50 {
			d.press("space")
		}
		d.until("everything", func() bool { return d.m.tail.snap.next == 2000 })
		for p := range int32(2) {
			if got := d.held(p); !slices.Equal(got, count(0, 1000)) {
				t.Fatalf("partition %d: %d rows", p, len(got))
			}
		}
	})
}

func TestFilterCountsWhatItSawAndGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"orders"}}, 140, 40)
		d.follows("orders")
		d.press("/")
		d.typed("LOGIN")
		if strings.Contains(d.screen(), "login") {
			t.Error("a word in capitals found small letters")
		}
		for range 5 {
			d.press("backspace")
		}
		d.typed("login")
		if n := strings.Count(d.screen(), `"event":"login"`); n == 0 {
			t.Errorf("no preview:\n%s", d.screen())
		}
		d.press("enter")
		d.sees("filter: login — 10 of 60 seen match")
		c.add("orders", 0, text("no"))
		c.add("orders", 0, text("a login"))
		d.sees("filter: login — 11 of 62 seen match")
		d.press("esc")
		d.sees("last 100")
		d.until("all again", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 62 })
	})
}

func TestFilterPreviewKnowsHeaders(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 140, 40)
		d.follows("orders")
		d.press("/")
		d.typed("4bf92f3577 -login")
		d.until("the preview", func() bool { return d.m.tail.preview.done })
		if n := len(d.m.tail.preview.seqs); n == 0 || strings.Contains(d.screen(), "login\"") {
			t.Errorf("%d rows:\n%s", n, d.screen())
		}
	})
}

func TestWhatHappensWhileReadingStandsInTheFlow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 140, 40)
		d.follows("message-log")
		sink := sessionSink{d.m.tail.session, d.ctx}
		sink.Event(kafka.Event{Kind: kafka.OffsetsGone, TopicPartition: kafka.TopicPartition{Topic: "message-log"}, From: 300, To: 1500})
		p := sink.Partition(kafka.TopicPartition{Topic: "message-log"})
		p.Skip(batch.Skip{Kind: batch.SkipCorrupt, First: 1500, Last: 1509, Err: errors.New("the CRC is wrong")})
		if err := p.Flush(kafka.PartitionState{Next: 1510, HighWatermark: 1510}); err != nil {
			t.Fatal(err)
		}
		d.sees("offsets 300 to 1499 are gone")
		d.sees("a corrupt batch in partition 0, offsets 1500 to 1509: the CRC is wrong")
		d.press("up", "down", "enter")
		d.sees("This row is not a record")
		d.press("n", "p", "esc", "!")
		d.sees("offsets 300 to 1499 are gone")
	})
}

func TestFilterThatLooksBackCanBeStopped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		c.set(func() { c.newestGate = make(chan struct{}) })
		d.press("/")
		d.typed("login")
		d.press("enter")
		d.sees("looking back")
		d.press("esc")
		d.sees("no match so far")
		c.add("orders", 0, text("a login"))
		d.sees("a login")
	})
}

func TestGoTo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		d.press("t")
		d.typed("25:99")
		d.press("enter")
		if d.m.dialog == nil || d.m.dialog.fields[0].err == "" {
			t.Fatal("a wrong time is not said to be wrong beside the field")
		}
		for range 5 {
			d.press("backspace")
		}
		d.typed("14:04")
		d.press("enter")
		d.sees("from 14:04")
		d.until("records", func() bool { return len(d.m.tail.rows) > 0 })
		if got := d.m.tail.rows[0].Offset; got != 216 {
			t.Errorf("the first row is offset %d", got)
		}
		d.press("t")
		d.typed("42")
		d.press("enter")
		d.until("offset 42", func() bool { return len(d.m.tail.rows) > 0 && d.m.tail.rows[0].Offset == 42 })
	})
}

func TestSendShowsWhereItWentAndThatItArrived(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("c")
		d.typed("hello")
		d.press("enter")
		d.typed("world")
		d.press("tab")
		d.typed("user-12")
		d.press("tab")
		d.typed("a=1")
		d.press("enter")
		d.typed("a==2")
		d.press("ctrl+s")
		d.sees("sent to partition")
		d.sees("seen after")
		d.sees(`hello\nworld`)
		ack := d.m.compose.last.ack
		if want := kafka.PartitionOf([]byte("user-12"), 6); ack.Partition != want {
			t.Errorf("sent to %d, murmur2 says %d", ack.Partition, want)
		}
		k := &keeper{tp: kafka.TopicPartition{Topic: "orders", Partition: ack.Partition}}
		var dec batch.Decoder
		dec.Walk(c.topics["orders"][ack.Partition].batches[ack.Offset], ack.Offset, ack.Offset+1, nil, k)
		r := k.out[0]
		if string(r.Key) != "user-12" || string(r.Value) != "hello\nworld" {
			t.Errorf("wrote %q = %q", r.Key, r.Value)
		}
		if want := []batch.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte("=2")}}; fmt.Sprint(r.Headers) != fmt.Sprint(want) {
			t.Errorf("headers %v", r.Headers)
		}
		if !d.m.compose.value.empty() {
			t.Error("the editor is not empty")
		}
		d.press("up")
		if d.m.compose.value.String() != "hello\nworld" || d.m.compose.key.String() != "user-12" {
			t.Error("up does not bring the last message back")
		}
		if d.m.compose.unsent() {
			t.Error("what was sent and not changed counts as unsent")
		}
	})
}

func TestFailedSendKeepsTheText(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.sendErr = errors.New("not enough replicas")
		d := drive(t, c, Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("c")
		d.typed("precious")
		d.press("ctrl+s")
		d.sees("not sent: not enough replicas")
		if d.m.compose.value.String() != "precious" {
			t.Error("the text is gone")
		}
		d.press("esc", "q")
		d.sees("Unsent text")
		d.press("esc")
		if d.m.dialog != nil {
			t.Error("esc does not keep the program")
		}
	})
}

func TestNullIsDeliberate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, null := range []bool{false, true} {
			c := sample()
			d := drive(t, c, Options{Topics: []string{"empty"}}, 120, 40)
			d.sees("no messages yet: c writes the first one")
			d.press("c")
			if null {
				d.press("ctrl+n")
				d.sees("null (tombstone)")
			} else {
				d.press("ctrl+s")
				d.sees("the value is empty: ctrl+s sends it empty")
			}
			d.press("ctrl+s")
			d.sees("sent to partition 0 at offset 0")
			d.until("the record", func() bool { return d.m.tail.snap.next > d.m.tail.snap.first })
			r, _ := d.m.tail.session.store.At(d.m.tail.snap.first)
			if (r.Value == nil) != null || r.Key != nil {
				t.Errorf("null %v: value %v, key %v", null, r.Value, r.Key)
			}
		}
	})
}

func TestLargePasteIsSentWhole(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"empty"}}, 120, 40)
		d.sees("no messages yet")
		d.press("c")
		big := strings.Repeat("0123456789", 1_000_000)
		d.send(tea.PasteMsg{Content: big})
		d.sees("attachment 10.0 MB")
		d.press("ctrl+s")
		d.sees("sent to partition 0")
		d.until("the record", func() bool { return d.m.tail.snap.next > d.m.tail.snap.first })
		if r, _ := d.m.tail.session.store.At(d.m.tail.snap.first); string(r.Value) != big {
			t.Errorf("%d bytes arrived", len(r.Value))
		}
		d.press("esc", "enter")
		if lines := testing.AllocsPerRun(1, func() { d.m.View() }); lines > keyAllocations { // not one a line of the 10 MB
			t.Errorf("a frame of 10 MB makes %.0f allocations", lines)
		}
	})
}

func TestTextSurvivesGoingAbout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("c")
		d.typed("draft q ? : 1 2 3")
		d.press("esc", "1", "2")
		d.m.topics.selectName("payments")
		d.press("1", "enter", "c")
		d.sees("compose → payments")
		d.press("esc")
		d.m.topics.selectName("orders")
		d.press("1", "enter", "c")
		d.sees("compose → orders")
		if got := d.m.compose.value.String(); got != "draft q ? : 1 2 3" {
			t.Errorf("the text is %q", got)
		}
	})
}

func TestReadOnlySaysWhy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.readOnly = true
		d := drive(t, c, Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.sees("read-only")
		d.sees(readOnlyReason)
		d.press("1", "+")
		if d.m.dialog != nil {
			t.Error("a read-only cluster offers to create")
		}
		d.press("D")
		if d.m.dialog != nil {
			t.Error("a read-only cluster offers to delete")
		}
	})
}

func TestDeleteNeedsTheNameAndTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 120, 40)
		d.until("topics", func() bool { return d.m.anyCounted() })
		d.m.topics.selectName("orders.dlq")
		d.press("D")
		d.typed("orders.dlq")
		d.press("enter")
		if d.m.dialog.busy || !d.m.dialog.fields[0].ed.empty() {
			t.Fatal("keys typed ahead were taken")
		}
		d.advance(time.Second)
		d.typed("orders")
		d.press("enter")
		d.sees("that is not orders.dlq")
		d.typed(".dlq")
		d.press("enter")
		d.sees("topic orders.dlq was deleted")
		d.until("it to be gone", func() bool { return len(d.m.topics.all) == 7 })
	})
}

func TestCreateSelectsTheNewTopic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		d.until("topics", func() bool { return d.m.anyCounted() })
		d.press("+")
		d.typed("bad name")
		d.press("enter")
		if d.m.dialog == nil || d.m.dialog.fields[0].err == "" {
			t.Fatal("a bad name is not refused beside the field")
		}
		for range 5 {
			d.press("backspace")
		}
		d.typed("-2")
		d.press("tab", "backspace", "6", "enter")
		d.sees("topic bad-2 was created")
		d.until("the cursor on it", func() bool { t := d.m.topics.current(); return t != nil && t.Name == "bad-2" && len(t.Partitions) == 6 })
	})
}

func TestCursorStaysOnItsTopic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 120, 40)
		d.until("topics", func() bool { return d.m.anyCounted() })
		d.m.topics.selectName("orders")
		c.topic("aaa", 1).topic("bbb", 1)
		d.press("ctrl+r")
		d.until("the new ones", func() bool { return len(d.m.topics.all) == 10 })
		if got := d.m.topics.current().Name; got != "orders" {
			t.Errorf("the cursor is on %s", got)
		}
	})
}

func TestLostClusterIsSaidAndComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 120, 40)
		d.until("topics", func() bool { return d.m.anyCounted() })
		c.set(func() { c.refreshErr = errors.New("connection refused") })
		d.press("ctrl+r")
		d.until("the loss", func() bool { return !d.m.gone.IsZero() })
		d.advance(12 * time.Second)
		d.sees("broker gone since 14:05:12, for 12 s, retrying")
		for _, size := range [][2]int{{60, 20}, {30, 8}, {20, 5}, {300, 100}} {
			d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			checkFrame(t, fmt.Sprint(size), d.m)
			if s := d.screen(); !strings.Contains(s, "gone") || !strings.Contains(s, "12 s") {
				t.Errorf("at %v it does not say for how long:\n%s", size, s)
			}
		}
		d.send(tea.WindowSizeMsg{Width: 60, Height: 20})
		d.sees("broker gone for 12 s, retrying")
		c.set(func() { c.refreshErr = nil })
		d.press("ctrl+r")
		d.until("it to be back", func() bool { return d.m.gone.IsZero() })
		d.sees("answers again")
	})
}

func TestRefusedTailGoesOnWhereItWas(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"message-log"}}, 140, 40)
		d.follows("message-log")
		c.set(func() { c.readErr = errors.New("Topic authorization failed"); c.grown.Broadcast() })
		d.sees("stopped, retrying: Topic authorization failed")
		rows, notes := d.m.tail.snap.next, len(d.m.notices.all)
		reads := func() (n int) { c.set(func() { n = c.begun }); return n }
		for range 3 { // it tries, and does not say so each time
			before := reads()
			d.send(refreshMsg{})
			d.until("another try", func() bool { return reads() > before && d.m.tail.session.settledNow() })
		}
		if d.m.tail.snap.next != rows || len(d.m.notices.all) != notes || d.m.tail.snap.err == nil {
			t.Errorf("%d rows, %d before; %d notices, %d before\n%s", d.m.tail.snap.next, rows, len(d.m.notices.all), notes, d.screen())
		}
		for i := 300; i < 310; i++ {
			c.add("message-log", 0, text(fmt.Sprintf("this is message%d", i)))
		}
		c.set(func() { c.readErr = nil })
		d.send(refreshMsg{})
		d.sees("this is message309")
		d.sees("live")
		d.sees("reading message-log again")
		if got := d.m.tail.snap.next - rows; got != 10 {
			t.Errorf("%d rows came, want 10", got)
		}
	})
}

// settledNow says that no read is under way.
func (s *session) settledNow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settledLocked()
}

func TestDemoFromTheConnectScreen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, nil, Options{Open: failing(errors.New("no broker")), Demo: demoOf(sample())}, 120, 40)
		d.sees("cannot reach")
		d.press("d")
		d.sees("from another terminal: milena -b 127.0.0.1:45678")
		d.sees("message-log")
	})
}

func TestMouse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		d.until("topics", func() bool { return d.m.anyCounted() })
		y := d.m.lay.topics.y + 1 + slices.IndexFunc(d.m.topics.shown, func(i int) bool { return d.m.topics.all[i].Name == "message-log" })
		click := tea.MouseClickMsg{X: 5, Y: y, Button: tea.MouseLeft}
		d.send(click)
		d.send(click)
		d.until("the topic", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 100 })
		tail := d.m.lay.tail
		d.send(tea.MouseWheelMsg{X: tail.x + 5, Y: tail.y + 5, Button: tea.MouseWheelUp})
		if d.m.tail.follow {
			t.Error("the wheel does not leave the end")
		}
		click = tea.MouseClickMsg{X: tail.x + 5, Y: tail.y + 6, Button: tea.MouseLeft}
		d.send(click)
		want := d.m.tail.rows[4].Seq
		d.send(click)
		in, ok := d.m.over.(*inspector)
		if !ok || in.seq != want {
			t.Errorf("a double click does not open the row")
		}
	})
}

func TestRecordIsShownAsItWasSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("json", 1)
		c.compact["json"] = true
		c.add("json", 0, text(`{"z":1.50,"a":1e400,"big":123456789012345678901234567890,"z":"twice","s":"\u0041\n","e":{},"l":[ ]}`))
		d := drive(t, c, Options{Topics: []string{"json"}}, 120, 40)
		d.follows("json")
		d.press("enter")
		got := d.screen()
		last := -1
		for _, want := range []string{`"z": 1.50,`, `"a": 1e400,`, `"big": 123456789012345678901234567890,`, `"z": "twice",`, `"s": "A\n",`, `"e": {},`, `"l": []`} {
			i := strings.Index(got, want)
			if want == `"l": []` {
				i = strings.Index(got, `"l": [`)
			}
			if i < 0 || i < last {
				t.Errorf("%s is not in its place:\n%s", want, got)
			}
			last = i
		}
		d.press("y", "v")
		if !strings.Contains(d.copied, `"a":1e400`) {
			t.Errorf("copied %q", d.copied)
		}
	})
}

// nasty is what a message could try to do to a terminal.
var nasty = []string{
	"\x1b[31mred\x1b]0;title\x07\x1b[2J", "\x9b31m\u009b31m\u0085", "\x7f\x00\x08\r\n\t\v\f",
	"\u202eevil\u2066\u2069\u200e\u200f\u061c", "\u2028\u2029\ufeff\u200b", "a\U000E0041\U000E0042b",
	"\x1bP+q544e\x1b\\", "\xff\xfe\xc3\x28", "e\u0301\u0301\u0301", "👩\u200d👩\u200d👧 क\u094d\u200dष", "\u0301alone", "\u200dx",
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

func checkClean(t *testing.T, what, content string) {
	t.Helper()
	rest := sgr.ReplaceAllString(content, "")
	for i, r := range rest {
		bad := r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029
		if r == utf8.RuneError {
			_, size := utf8.DecodeRuneInString(rest[i:])
			bad = size == 1
		}
		if unicode.Is(unicode.Cf, r) && r != 0x200c && r != 0x200d {
			bad = true
		}
		if bad {
			t.Fatalf("%s: %U reached the screen in %q", what, r, rest[max(0, i-20):min(len(rest), i+20)])
		}
	}
}

func TestNothingFromKafkaSteersTheTerminal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(1, 2))
		random := func() string {
			var b bytes.Buffer
			for range 1 + rnd.IntN(6) {
				if rnd.IntN(2) == 0 {
					b.WriteString(nasty[rnd.IntN(len(nasty))])
				} else {
					b.WriteRune(rune(rnd.IntN(0x3000)))
				}
			}
			return b.String()
		}
		c := newFake().topic("t\x1b[31m\u202e", 2)
		c.compact["t\x1b[31m\u202e"] = true
		for i := range 120 {
			v := random()
			if i%2 == 0 {
				v = `{"k` + v + `":"` + v + `"}`
			}
			c.add("t\x1b[31m\u202e", int32(i%2), batch.Record{
				Timestamp: testNow.UnixMilli() + int64(i), Key: []byte(random()), Value: []byte(v),
				Headers: []batch.Header{{Key: random(), Value: []byte(random())}},
			})
		}
		c.sendErr = errors.New("no: \x1b[31m\u202e\x9b")
		d := drive(t, c, Options{Topics: []string{"t\x1b[31m\u202e"}, Name: "n\x1b]0;x\x07", Warnings: []string{nasty[0]}}, 100, 30)
		d.until("records", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 100 && !d.m.tail.snap.older.busy })
		for _, m := range []ansi.Method{ansi.WcWidth, ansi.GraphemeWidth} {
			d.m.look.width = m
			d.m.st = newStyles(d.m.look)
			for _, size := range [][2]int{{100, 30}, {150, 40}, {30, 10}} {
				d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				checkFrame(t, "tail", d.m)
				d.press("up", "enter")
				for range 40 {
					for range 3 {
						d.press("r")
						checkFrame(t, "record", d.m)
					}
					d.press("p")
				}
				d.press("esc", "c")
				d.send(tea.PasteMsg{Content: strings.Join(nasty, " ")})
				d.press("tab")
				d.send(tea.PasteMsg{Content: strings.Join(nasty, " ")})
				d.press("tab")
				d.send(tea.PasteMsg{Content: "a=" + strings.Join(nasty, " ")})
				checkFrame(t, "compose", d.m)
				d.press("ctrl+s")
				d.until("the refusal", func() bool { return d.m.compose.err != "" && d.m.compose.sending == "" })
				checkFrame(t, "refusal", d.m)
				d.press("esc", "/")
				d.send(tea.PasteMsg{Content: strings.Join(nasty, " ")})
				checkFrame(t, "filter", d.m)
				d.press("esc", "!")
				checkFrame(t, "notices", d.m)
				d.press("esc", "1", "D")
				checkFrame(t, "delete", d.m)
				d.press("esc", "2")
			}
		}
		if title := d.m.View().WindowTitle; strings.ContainsAny(title, "\x1b\x07\u202e") {
			t.Errorf("the title is %q", title)
		}
	})
}

// checkFrame checks that a screen is exactly as large as the terminal and clean.
func checkFrame(t *testing.T, what string, m *Model) {
	t.Helper()
	v := m.View()
	checkClean(t, what, v.Content)
	lines := strings.Split(v.Content, "\n")
	if len(lines) != m.h {
		t.Fatalf("%s at %dx%d has %d lines", what, m.w, m.h, len(lines))
	}
	for i, l := range lines {
		if w := m.look.width.StringWidth(l); w != m.w {
			t.Fatalf("%s at %dx%d: line %d is %d wide: %q", what, m.w, m.h, i, w, ansi.Strip(l))
		}
	}
	if c := v.Cursor; c != nil && (c.X < 0 || c.X >= m.w || c.Y < 0 || c.Y >= m.h) {
		t.Fatalf("%s at %dx%d: the cursor is at %d,%d", what, m.w, m.h, c.X, c.Y)
	}
}

func TestNothingOverflowsAtAnySize(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var ws, hs []int
		for w := 20; w <= 200; w += 15 {
			ws = append(ws, w)
		}
		for h := 5; h <= 60; h += 7 {
			hs = append(hs, h)
		}
		ws = append(ws, 69, 70, 109, 110, 129, 130, 200)
		hs = append(hs, 6, 7, 17, 18, 60)
		screens := map[string]func(*driver){
			"topics":  func(d *driver) { d.press("1") },
			"tail":    func(d *driver) { d.press("2") },
			"record":  func(d *driver) { d.press("2", "up", "enter") },
			"compose": func(d *driver) { d.press("2", "c"); d.typed("한국어 text\nof lines") },
			"headers": func(d *driver) { d.press("2", "c", "tab", "tab"); d.typed("a=한국어") },
			"help":    func(d *driver) { d.press("2", "?") },
			"palette": func(d *driver) { d.press("2", ":") },
			"create":  func(d *driver) { d.press("1", "+"); d.typed("x y"); d.press("enter") },
			"delete":  func(d *driver) { d.press("1", "D") },
			"filter":  func(d *driver) { d.press("2", "/"); d.typed("user") },
			"goto":    func(d *driver) { d.press("2", "t"); d.typed("nonsense"); d.press("enter") },
			"zoom":    func(d *driver) { d.press("2", "z") },
		}
		for name, enter := range screens {
			d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 40)
			d.follows("orders")
			enter(d)
			for _, w := range ws {
				for _, h := range hs {
					d.m.Update(tea.WindowSizeMsg{Width: w, Height: h})
					checkFrame(t, name, d.m)
				}
			}
		}
		d := drive(t, nil, Options{Demo: demoOf(sample())}, 80, 24)
		d.sees("cannot reach")
		for _, w := range ws {
			for _, h := range hs {
				d.m.Update(tea.WindowSizeMsg{Width: w, Height: h})
				checkFrame(t, "connect", d.m)
			}
		}
	})
}

func TestEveryLookIsReadable(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		plain := d.screen()
		for _, k := range []look{{}, {ground: groundLight, profile: colorprofile.TrueColor}, {profile: colorprofile.ANSI}, {profile: colorprofile.ASCII}} {
			d.m.look = k
			d.m.st = newStyles(d.m.look)
			checkFrame(t, fmt.Sprintf("%+v", k), d.m)
			if got := d.screen(); got != plain {
				t.Errorf("%+v changes letters", k)
			}
			colours := strings.Contains(d.m.View().Content, "38;") || strings.Contains(d.m.View().Content, "[0;3")
			if colours != (k.profile > colorprofile.ASCII) {
				t.Errorf("%+v has colours: %v", k, colours)
			}
		}
		d.m.look = look{ascii: true, ground: groundDark, profile: colorprofile.TrueColor}
		d.m.st = newStyles(d.m.look)
		checkFrame(t, "ascii", d.m)
		for _, l := range strings.Split(d.screen(), "\n")[:2] {
			for _, r := range l {
				if r >= 0x80 {
					t.Errorf("%q in the chrome of an ASCII terminal", r)
				}
			}
		}
	})
}

func TestKeysAreUnambiguous(t *testing.T) {
	// Scopes whose keys work at the same time.
	together := [][]Scope{
		{ScopeTopics, ScopeBrowse, ScopeAll}, {ScopeTail, ScopeBrowse, ScopeAll}, {ScopeCompose, ScopeAll},
		{ScopeRecord, ScopeAll}, {ScopePager, ScopeAll}, {ScopeDetails, ScopePager, ScopeAll}, {ScopePalette, ScopeAll}, {ScopeCopy, ScopeAll}, {ScopeDialog, ScopeAll}, {ScopeConnect, ScopeAll},
	}
	for _, scopes := range together {
		seen := make(map[string]string)
		for i := range bindings {
			b := &bindings[i]
			if !slices.Contains(scopes, b.Scope) {
				continue
			}
			for _, k := range b.Keys {
				if other, ok := seen[k]; ok {
					t.Errorf("%s: %q is %q and %q", scopes[0], k, b.What, other)
				}
				seen[k] = b.What
				if k == "ctrl+i" || k == "ctrl+m" || k == "ctrl+j" || k == "ctrl+enter" || strings.HasPrefix(k, "alt+") {
					t.Errorf("%q cannot be told apart by every terminal", k)
				}
			}
			if b.What == "" || b.Do == nil || len(b.Keys) == 0 && b.Label == "" || (b.Weight > 0) != (b.Short != "") {
				t.Errorf("an incomplete binding: %+v", b)
			}
		}
	}
	for _, s := range []Scope{ScopeCompose, ScopeDialog, ScopePalette} {
		for i := range bindings {
			for _, k := range bindings[i].Keys {
				if bindings[i].Scope == s && len([]rune(k)) == 1 {
					t.Errorf("%s: %q cannot be typed", s, k)
				}
			}
		}
	}
	if md := KeysMarkdown(); !strings.Contains(md, "| `space` | pause") {
		t.Error(md)
	}
}

func TestNothingTicksWhenNothingHappens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		d.until("calm", func() bool { return !d.m.busy() })
		d.m.animating = false
		d.m.tail.rate.reset()
		if cmd := d.m.animate(); cmd != nil {
			t.Error("it asks for a tick")
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	d := drive(b, sample(), Options{Topics: []string{"orders"}}, 200, 60)
	d.follows("orders")
	b.ReportAllocs()
	for b.Loop() {
		d.m.View()
	}
}
