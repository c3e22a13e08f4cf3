package ui

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"milena/internal/testseed"
	"milena/kafka"
)

// TestAnyWayThroughPlacesLosesNothing goes anywhere, switches anything off and on,
// pauses, filters and shows markers while records come, and in the end each
// partition is held without a hole and without a double.
func TestAnyWayThroughPlacesLosesNothing(t *testing.T) {
	first := testseed.Of(t)
	for seed := range uint64(12) {
		inBubble(t, fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(first, seed))
			c := newFake().topic("x.a", 2).topic("x.b", 1).topic("other", 1)
			c.window = time.Millisecond
			c.add("other", 0, text("elsewhere"))
			sent, added := 0, 0
			more := func() {
				for range 1 + rnd.IntN(9) {
					sent++
					topic, p := "x.a", int32(rnd.IntN(2))
					if rnd.IntN(3) == 0 {
						topic, p = "x.b", 0
					}
					c.add(topic, p, at(time.Duration(sent)*time.Second, fmt.Sprint("r", sent)))
				}
			}
			more()
			hold := []int{0, 130}[seed%2]
			d := drive(t, c, Options{Topics: []string{`x\..*`}, HoldRows: hold}, 140, 40)
			if seed%3 == 0 {
				d.m.places.most = 0
			}
			d.follows("x.a")
			var did []string
			for range 120 {
				more()
				d.pending()
				d.whole(did)
				what := []string{"[", "]", "space", "m", "off", "/", "R", "up", "pgup", "G", "other", "comes", ".", "t", "error", "new"}[rnd.IntN(16)]
				did = append(did, what)
				switch what {
				case "off":
					tps := []kafka.TopicPartition{{Topic: "x.a"}, {Topic: "x.a", Partition: 1}, {Topic: "x.b"}, {Topic: "x.b", Partition: wholeTopic}}
					d.run(d.m.switchOver(tps[rnd.IntN(4)]))
				case "/":
					d.press("2", "/", "ctrl+u")
					d.typed([]string{"", "r1"}[rnd.IntN(2)])
					d.press("enter")
				case "R":
					d.press("2", "R", "enter", "esc")
				case "t":
					d.press("2", "t")
					d.typed("beginning")
					d.advance(time.Second)
					d.press("enter")
				case "other":
					d.m.topics.selectName("other")
					d.press("1", "enter")
				case "error":
					c.set(func() { c.readErr = errors.New("broken off"); c.grown.Broadcast() })
					d.pending()
					more()
					c.set(func() { c.readErr = nil })
					d.m.tail.session.tryAgain()
				case "new":
					added++
					name := fmt.Sprint("x.new", added)
					c.topic(name, 2)
					c.add(name, 1, at(time.Duration(sent)*time.Second, name))
				case "comes":
					sent++
					c.add("x.b", 0, at(time.Duration(sent)*time.Second, fmt.Sprint("r", sent)))
					d.until("it to be read", func() bool {
						return d.m.tail.snap.reading || d.m.tail.paused || d.m.tail.played() || d.m.tail.snap.err != nil
					})
				default:
					d.press("2", what)
				}
			}
			d.m.dialog = nil
			for range 60 {
				d.press("[")
			}
			d.press("1")
			d.run(d.m.openNamed(`x\..*`))
			d.until("the pattern", func() bool { return slices.Contains(d.m.tail.topics, "x.a") })
			for d.m.tail.session.start.query != nil {
				d.press("2", "esc") // it may stop what is being loaded first, or leave a replay
			}
			if d.m.tail.paused {
				d.press("2", "space")
			}
			d.press("2", "G")
			c.add("x.a", 0, at(time.Hour, "end a0"))
			c.add("x.a", 1, at(time.Hour, "end a1"))
			c.add("x.b", 0, at(time.Hour, "end b"))
			d.until(fmt.Sprint("the end after ", did), func() bool {
				d.m.tail.session.tryAgain() // it may just be ending
				got := d.values()
				for v, tp := range map[string]kafka.TopicPartition{"end a0": {Topic: "x.a"}, "end a1": {Topic: "x.a", Partition: 1}, "end b": {Topic: "x.b"}} {
					if !d.m.tail.off.has(tp) && !slices.Contains(got, v) {
						return false
					}
				}
				return true
			})
			d.reads()
			d.whole(did)
		})
	}
}

// pending gives the model what has come so far.
func (d *driver) pending() {
	for {
		select {
		case msg := <-d.msgs:
			d.send(msg)
		default:
			return
		}
	}
}

// whole checks that of no partition a record is missing, or held twice, between
// those that are held.
func (d *driver) whole(did []string) {
	d.t.Helper()
	s := d.m.tail.session
	if s.start.query != nil {
		return
	}
	next := make(map[kafka.TopicPartition]int64)
	for _, r := range s.records() {
		tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
		if want, some := next[tp]; some && r.Offset != want {
			d.t.Fatalf("%v: offset %d comes where %d belongs, after %v", tp, r.Offset, want, did)
		}
		next[tp] = r.Offset + 1
	}
}
