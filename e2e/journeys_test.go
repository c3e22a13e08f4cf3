package e2e

// A journey through each pane, in a real terminal: what a person types there,
// and what the screen and the cluster then say.

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"milena/kafka"
	"milena/kafka/batch"
)

// traveller starts the program on a cluster, in a terminal of its own.
func (s *shell) traveller(args ...string) terminal {
	s.Helper()
	return start(s, 120, 40, built(s), append([]string{"-b", s.brokers}, args...)...)
}

// named creates a topic of that name, and deletes it afterwards.
func (s *shell) named(name string, partitions int32) string {
	s.Helper()
	c := s.open()
	if err := c.CreateTopic(s.Context(), kafka.NewTopic{Name: name, Partitions: partitions, ReplicationFactor: -1}); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), commandPatience)
		defer cancel()
		_ = c.DeleteTopic(ctx, name) // the test may have deleted it
	})
	return name
}

// sends writes messages to partition 0 of a topic.
func (s *shell) sends(topic string, messages ...kafka.Message) {
	s.Helper()
	c := s.open()
	for _, m := range messages {
		m.Topic, m.Timestamp = topic, kafka.NoTimestamp
		if _, err := c.Send(s.Context(), m); err != nil {
			s.Fatal(err)
		}
	}
}

// counts are the article's messages from a number to before another.
func counts(from, to int) (out []kafka.Message) {
	for n := from; n < to; n++ {
		out = append(out, kafka.Message{Key: strconv.AppendInt(nil, int64(n), 10), Value: fmt.Appendf(nil, "this is message%d", n)})
	}
	return out
}

// numbersOn are the article's messages on a screen, from top to bottom.
func numbersOn(screen string) (out []int) {
	for _, m := range numbered.FindAllStringSubmatch(screen, -1) {
		if n, err := strconv.Atoi(m[1]); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// unbroken checks that the messages on a screen leave none out and come once.
func (x terminal) unbroken(screen string) {
	x.Helper()
	ns := numbersOn(screen)
	if len(ns) == 0 {
		x.Errorf("no messages on the screen:\n%s", screen)
	}
	for i := 1; i < len(ns); i++ {
		if ns[i] != ns[i-1]+1 {
			x.Errorf("message %d comes after %d:\n%s", ns[i], ns[i-1], screen)
			return
		}
	}
}

// onLine says whether a line of the screen has all of the texts.
func onLine(screen string, texts ...string) bool {
next:
	for line := range strings.Lines(screen) {
		for _, text := range texts {
			if !strings.Contains(line, text) {
				continue next
			}
		}
		return true
	}
	return false
}

// row is the line of the list of topics that a topic is in; -1: it is not there.
func row(screen, topic string) int {
	for i, line := range strings.Split(screen, "\n") {
		if list, _, ok := strings.Cut(line, "│"); ok && strings.Contains(list, topic) {
			return i
		}
	}
	return -1
}

// escapes presses escape and waits for what it leads to: a terminal tells escape
// from the beginning of another key by what comes right after it.
func (x terminal) escapes(to ...string) {
	x.Helper()
	x.keys("Escape")
	x.sees(to...)
}

// moves presses keys, waits until the last one has been answered, and gives the
// screen then: one that shows what was wanted may show the effect of the first.
// Keys are answered in their order, so the notices come after all of them.
func (x terminal) moves(names ...string) string {
	x.Helper()
	const sheet = "\n notices"
	x.keys(append(names, "!")...)
	x.sees(sheet)
	x.keys("Escape")
	return x.until("show what was below the notices", func(s string) bool { return !strings.Contains(s, sheet) })
}

// confirms types what a question wants to be typed. It may not listen yet.
func (x terminal) confirms(text string) {
	x.Helper()
	x.until("take "+text, func(s string) bool {
		if onLine(s, "confirm", text) {
			return true
		}
		x.keys("C-u")
		x.types(text)
		return false
	})
	x.keys("Enter")
}

func TestJourneyThroughTopics(t *testing.T) {
	needTmux(t)
	t.Parallel()
	s := anyCluster(t)
	mark := strings.ToLower(rand.Text()[:6])
	few, many := s.named(mark+"-few", 3), s.named(mark+"-many", 1)
	s.named(strings.ToLower(rand.Text()[:10]), 1)
	s.sends(few, counts(0, 2)...)
	s.sends(many, counts(0, 40)...)

	x := s.traveller()
	x.sees("Topics", few, many)
	x.keys("/")
	x.types(mark)
	x.keys("Enter")
	x.until("show the two of them, by name", func(s string) bool {
		return strings.Contains(s, "Topics 2 of") && row(s, few) >= 0 && row(s, few) < row(s, many)
	})
	x.keys("o")
	x.until("order them by messages", func(s string) bool { return row(s, many) >= 0 && row(s, many) < row(s, few) })

	// The cursor stays on its topic.
	x.keys("i")
	x.sees(few+"  3 partitions", "2 messages", "leader", "settings")
	x.escapes("enter open")

	made := mark + "-made"
	x.keys("+")
	x.sees("new topic", "enter create")
	x.types(made)
	x.keys("Enter")
	x.until("list the new topic", func(s string) bool { return row(s, made) >= 0 })
	c := s.open()
	if _, err := c.Topic(t.Context(), made); err != nil {
		t.Error(err)
	}
	x.keys("D")
	x.sees("Deletes "+made, "cannot be undone")
	x.confirms(made)
	x.until("be without it", func(s string) bool { return row(s, few) >= 0 && row(s, made) < 0 })
	await(t, "the deletion of "+made, screenPatience, func() bool {
		md, err := c.Refresh(t.Context())
		return err == nil && md.Topic(made) == nil
	})
	x.quits()
}

var waiting = regexp.MustCompile(`([\d,]+) waiting`)

func TestJourneyThroughTheTail(t *testing.T) {
	needTmux(t)
	t.Parallel()
	s := anyCluster(t)
	topic := s.named(strings.ToLower(rand.Text()[:8]), 1)
	s.sends(topic, counts(0, 150)...)
	x := s.traveller(topic)
	x.unbroken(x.sees("live", "message149"))

	// A pause loses nothing.
	x.keys("Space")
	x.sees("paused")
	s.sends(topic, counts(150, 160)...)
	x.until("count what waits", func(s string) bool {
		m := waiting.FindStringSubmatch(s)
		return m != nil && m[1] == "10" && newest(s) == 149
	})
	x.keys("Space")
	x.unbroken(x.sees("live", "message159"))

	// Whoever has scrolled back stays there.
	before := x.moves("PageUp", "PageUp")
	if !strings.Contains(before, "scrolled back") || newest(before) >= 159 {
		t.Errorf("two pages up it shows\n%s", before)
	}
	s.sends(topic, counts(160, 165)...)
	after := x.sees("5 new")
	if numbersOn(before)[0] != numbersOn(after)[0] {
		t.Errorf("the rows moved from\n%s\nto\n%s", before, after)
	}
	x.keys("G")
	x.unbroken(x.sees("live", "message164"))

	// Up to what was not loaded at first.
	for range 8 {
		x.keys("PageUp")
	}
	x.until("load older records", func(s string) bool {
		if !strings.Contains(s, "message0") {
			x.keys("PageUp")
			return false
		}
		return true
	})
	x.unbroken(x.sees("beginning of the topic"))

	// Find, among all of them.
	x.keys("f")
	x.sees("find in loaded messages")
	x.types("message77")
	x.keys("Enter")
	x.unbroken(x.sees("find: message77", "message77 "))
	x.escapes("t go to")
	x.until("find no more", func(s string) bool { return !strings.Contains(s, "find:") })

	// A place, and one that is none.
	x.keys("t")
	x.sees("go to")
	x.types("25:99")
	x.keys("Enter")
	x.sees("go to", "the hour is 0 to 23")
	x.keys("C-u")
	x.types("42")
	x.keys("Enter")
	x.until("begin at 42", func(s string) bool {
		ns := numbersOn(s)
		return len(ns) > 0 && ns[0] == 42 && strings.Contains(s, "from 42")
	})

	// A filter, and everything again.
	x.keys("/")
	x.sees("filter " + topic)
	x.types("message11 -message111")
	x.keys("Enter")
	x.until("show what matches alone", func(s string) bool {
		ns := numbersOn(s)
		for _, n := range ns {
			if !strings.HasPrefix(strconv.Itoa(n), "11") || n == 111 {
				return false
			}
		}
		return len(ns) == 9 && strings.Contains(s, "message11 -message111")
	})
	x.keys("Escape")
	x.until("show everything again", func(s string) bool { return len(numbersOn(s)) > 11 && !strings.Contains(s, "-message111") })
	x.quits()
}

func TestJourneyBackAndForth(t *testing.T) {
	needTmux(t)
	t.Parallel()
	s := anyCluster(t)
	mark := strings.ToLower(rand.Text()[:8])
	one, other := s.named(mark+"-one", 1), s.named(mark+"-other", 1)
	s.sends(one, counts(0, 150)...)
	s.sends(other, counts(1000, 1020)...)
	x := s.traveller(one)
	x.sees("live", "message149")

	// Left with a filter, scrolled back.
	x.keys("/")
	x.sees("filter " + one)
	x.types("message1")
	x.keys("Enter")
	x.until("show what matches", func(s string) bool { return strings.Contains(s, "in memory 61") && newest(s) == 149 })
	before := numbersOn(x.moves("PageUp", "Up", "Up"))
	if slices.Max(before) >= 149 {
		t.Errorf("a page up it shows %v", before)
	}

	x.keys(":")
	x.types(other)
	x.sees("topic", other)
	x.keys("Enter")
	x.sees("live", "message1019")
	s.sends(one, counts(150, 155)...)

	// Back, it is as it was, and what came meanwhile is counted.
	x.keys("[")
	after := x.sees("message1 ", "in memory 66", "place 1 of 2")
	if !slices.Equal(numbersOn(after), before) {
		t.Errorf("back there, %v are shown, and not %v:\n%s", numbersOn(after), before, after)
	}
	x.keys("]")
	x.sees("live", "message1019", "place 2 of 2")
	x.quits()
}

func TestJourneyThroughAReplay(t *testing.T) {
	needTmux(t)
	t.Parallel()
	s := anyCluster(t)
	one, other := s.named(strings.ToLower(rand.Text()[:8]), 1), s.named(strings.ToLower(rand.Text()[:8]), 1)
	c := s.open()
	base := time.Now().Add(-2 * time.Hour).UnixMilli()
	send := func(n int, after int64) {
		t.Helper()
		m := counts(n, n+1)[0]
		m.Topic, m.Timestamp = []string{one, other}[n%2], base+after
		if _, err := c.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for n, after := range []int64{0, 100, 300, 600_300, 1_200_300} { // a silence of ten minutes, and another
		send(n, after)
	}
	x := s.traveller(one, other)
	x.unbroken(x.sees("live", "message0", "message4"))
	x.keys("R")
	x.sees("replay "+one+", "+other, "5 offsets")
	x.keys("Enter")
	screen := x.sees("next in ", "message2")
	if x.unbroken(screen); newest(screen) != 2 {
		t.Errorf("it does not wait:\n%s", screen)
	}
	x.keys(".")
	x.unbroken(x.sees("paused", "message3"))
	x.keys("Space")
	x.sees("next in ")
	x.keys("Space")
	x.sees("paused", "space resume")
	x.keys(">", ">", ">", ">", "Space")
	x.unbroken(x.sees("replay ended: 5", "message4"))
	x.escapes("live")

	// Until a match, and on from there.
	x.keys("R")
	x.sees("stop at")
	x.keys("Tab", "Tab")
	x.types("message1")
	x.keys("Tab")
	x.types("max")
	x.keys("Enter")
	screen = x.sees("at a match", "message1")
	if newest(screen) != 1 {
		t.Errorf("it does not stop:\n%s", screen)
	}
	x.keys("Space")
	x.unbroken(x.sees("replay ended", "message4"))
	x.keys("G")
	x.sees("live")

	// Live, both topics are one flow.
	send(5, 1_200_400)
	send(6, 1_200_500)
	x.unbroken(x.sees("message6"))
	x.quits()
}

func TestJourneyToTheMarkers(t *testing.T) {
	needTmux(t)
	t.Parallel()
	x := start(t, 120, 40, built(t), "--demo", "payments")
	x.sees("live", `"event":"payment.`)
	x.keys("m")
	x.sees("markers too", "commit: producer")
	x.keys("m")
	x.until("show messages alone", func(s string) bool {
		return strings.Contains(s, "live") && !strings.Contains(s, "markers too") && !strings.Contains(s, "commit: ")
	})
	x.quits()
}

func TestJourneyIntoARecord(t *testing.T) {
	needTmux(t)
	t.Parallel()
	s := anyCluster(t)
	topic := s.named(strings.ToLower(rand.Text()[:8]), 1)
	s.sends(topic,
		kafka.Message{Key: []byte("user-1"), Value: []byte("first of all")},
		kafka.Message{Key: []byte("user-2"), Value: []byte(`{"event":"login","user":{"name":"Ada"},"total":79.630}`),
			Headers: []batch.Header{{Key: "trace-id", Value: []byte("4bf92f")}, {Key: "none"}}},
		kafka.Message{Key: []byte("user-3")},
	)
	x := s.traveller(topic)
	x.sees("live", "tombstone")
	x.keys("Enter")
	x.sees("offset 2", "user-3", "tombstone", "batch ")
	x.keys("p")
	x.sees("offset 1", "trace-id", "4bf92f", "none", `"name": "Ada"`, "79.630")
	x.keys("/")
	x.types("Ada")
	x.keys("Enter")
	x.sees("close find")
	x.escapes("esc back")
	x.keys("r")
	x.sees(`{"event":"login","user":{"name":"Ada"}`)
	x.keys("r")
	x.sees("00000000  7b 22 65 76")
	x.keys("p")
	x.sees("offset 0", "first of", "user-1") // in hex, where the list of topics may leave 8 bytes a line
	x.keys("Y")
	x.sees("milena tail "+topic, "kcat")
	x.escapes("offset 0", "first of", "r view")
	x.escapes("scrolled back", "tombstone")
	x.quits()
}

func TestJourneyOfAMessage(t *testing.T) {
	needTmux(t)
	t.Parallel()
	s := anyCluster(t)
	topic := s.named(strings.ToLower(rand.Text()[:8]), 1)
	home := newHome(t)
	travel := func() terminal {
		return startIn(t, home, 120, 40, built(t), "-b", s.brokers, topic)
	}
	x := travel()
	x.sees("no messages yet")

	// A value, a key, a header.
	x.keys("c")
	x.sees("ctrl+s send")
	x.types(`{"n": 1}`)
	x.keys("Tab")
	x.types("k1")
	x.keys("Tab")
	x.types("trace")
	x.keys("Tab")
	x.types("abc")
	x.sees("k1", "trace", "abc")
	x.keys("C-s")
	x.sees("sent to partition 0 at offset 0")

	// A tombstone.
	x.escapes("c writes a message")
	x.keys("c")
	x.sees("ctrl+s send")
	x.keys("C-n")
	x.sees("∅ null")
	x.keys("Tab")
	x.types("k2")
	x.keys("C-s")
	x.sees("sent to partition 0 at offset 1", "tombstone")

	// Again and again, until it is stopped.
	x.escapes("c writes a message")
	x.keys("c")
	x.sees("ctrl+s send")
	x.types("round {{.N}}")
	x.keys("C-r")
	x.sees("every", "start")
	x.keys("C-u")
	x.types("50ms")
	x.keys("Enter")
	x.sees("round 0", "round 5", "esc stops")
	x.escapes(" sent, the last to partition 0")
	x.escapes("c compose")
	x.quits()

	// What was sent is there in the next run, the newest first.
	x = travel()
	x.sees("live", `{"n": 1}`)
	x.keys("c")
	x.sees("ctrl+s send")
	x.keys("Up")
	x.sees("round {{.N}}")
	x.keys("Up")
	x.sees("∅ null", "key k2")
	x.keys("Up")
	x.sees("headers 1", "key k1")
	x.keys("C-s")
	x.sees("sent to partition 0 at offset")
	x.escapes("c writes a message")
	x.quits()

	got := s.run("tail", topic, "-e", "-o", "beginning", "-f", `%k|%S|%s|%h\n`)
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	first := `k1|8|{"n": 1}|trace=abc`
	if lines[0] != first || lines[1] != "k2|-1||" || lines[len(lines)-1] != first || len(lines) < 9 {
		t.Errorf("the topic holds:\n%s", got.out)
	}
	for i, line := range lines[2 : len(lines)-1] {
		if want := fmt.Sprintf("round %d|", i); !strings.Contains(line, want) {
			t.Errorf("%q is not %q", line, want)
		}
	}
}

func TestJourneyToACluster(t *testing.T) {
	needTmux(t)
	t.Parallel()
	s := anyCluster(t)
	topic := s.named(strings.ToLower(rand.Text()[:8]), 1)
	x := start(t, 120, 40, built(t), "-b", "127.0.0.1:1")
	x.sees("cannot reach 127.0.0.1:1", "refused", "another address")
	x.keys("a")
	x.sees("brokers", "connect")
	x.types(s.brokers)
	x.keys("Enter")
	x.sees("Topics", topic)
	x.keys(":")
	x.types("doctor")
	x.keys("Enter")
	x.sees("doctor", "connect", "metadata")
	x.escapes("Topics", topic)
	x.quits()
}
