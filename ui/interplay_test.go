package ui

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"milena/kafka"
	"milena/store"
)

// Places, what is switched off, patterns, replays and searches that follow, one
// through the other.

// once says which of these values are held more or less often than once.
func (d *driver) once(values ...string) {
	d.t.Helper()
	seen := make(map[string]int)
	for _, v := range d.values() {
		seen[v]++
	}
	for _, v := range values {
		if seen[v] != 1 {
			d.t.Errorf("%s is held %d times", v, seen[v])
		}
	}
}

// numbered are that many values with a name.
func numbered(name string, from, to int) (out []string) {
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint(name, i))
	}
	return out
}

// kept are the two ways in which a place is remembered: asleep, or to be read again.
var kept = map[string]int64{"asleep": 1 << 30, "read again": 0}

func TestWhatIsOffStaysOffInAPlace(t *testing.T) {
	for name, most := range kept {
		inBubble(t, name, func(t *testing.T) {
			c, d := flowing(t, 120, 40)
			d.m.places.most = most
			d.press("j", "j", "space") // orders/1
			d.reads()
			d.press("esc")
			c.add("other", 0, text("elsewhere"))
			d.opens("other")
			c.add("orders", 1, text("missed"))
			c.add("orders", 2, text("seen"))
			d.press("[")
			d.sees("4 of 5 partitions")
			d.until("what came", func() bool { return slices.Contains(d.values(), "seen") })
			if held := d.reads(); len(held["orders/1"]) != 0 || !slices.Equal(held["orders/2"], count(0, 11)) || !slices.Equal(held["payments/0"], count(0, 5)) {
				t.Errorf("come back: %v", held)
			}
			d.press("L")
			d.loads()
			d.press("g", "j", "j", "space")
			if held := d.reads(); !slices.Equal(held["orders/1"], count(0, 11)) || !slices.Equal(held["orders/2"], count(0, 11)) {
				t.Errorf("on again: %v", held)
			}
		})
	}
}

func TestAnotherTopicMeanwhileBeginsAnewWhereItIsOff(t *testing.T) {
	for name, most := range kept {
		inBubble(t, name, func(t *testing.T) {
			c, d := flowing(t, 120, 40)
			c.set(func() { c.ids = map[string][16]byte{"orders": {1}, "payments": {2}, "other": {3}} })
			d.m.places.most = most
			d.press("j", "j", "space") // orders/1
			d.reads()
			d.press("esc")
			c.add("other", 0, text("elsewhere"))
			left := d.m.tail.session
			d.opens("other")
			d.until("it to be at rest", left.settledNow) // else it is read anew
			c.topic("orders", 3)
			c.set(func() { c.ids["orders"] = [16]byte{9} })
			for i := range 3 {
				for p := range int32(3) {
					c.add("orders", p, text(fmt.Sprintf("new %d/%d", p, i)))
				}
			}
			d.press("[")
			d.sees("deleted and created again")
			d.until("the new one's", func() bool { return slices.Contains(d.values(), "new 2/2") && slices.Contains(d.values(), "new 0/2") })
			for _, v := range d.values() {
				if v[:3] == "new" && v[4] == '1' {
					t.Errorf("%s is off", v)
				}
			}
			d.press("L")
			d.loads()
			d.press("g", "j", "j", "space")
			d.reads()
			if most > 0 { // else it begins with the newest, and what is off with what comes
				d.once(numbered("new 1/", 0, 3)...)
			}
			c.add("orders", 1, text("new 1/3"))
			d.until("what comes", func() bool { return slices.Contains(d.values(), "new 1/3") })
			d.once(append(append(numbered("new 0/", 0, 3), numbered("new 2/", 0, 3)...), "new 1/3")...)
		})
	}
}

func TestAnotherTopicMeanwhileIsReadFromItsBeginningAfterAPause(t *testing.T) {
	for _, topics := range [][]string{{"one"}, {"three"}, {"one", "three"}} {
		for name, keys := range map[string][]string{"goes on": {"space"}, "with markers": {"m"}, "left and back": {"[", "]", "space"}} {
			for _, n := range []int{5, 400} { // fewer than the old one had, and more
				inBubble(t, fmt.Sprint(topics, name, n), func(t *testing.T) {
					c := newFake().topic("one", 1).topic("three", 3).topic("other", 1)
					c.ids = map[string][16]byte{"one": {1}, "three": {2}, "other": {3}}
					for i := range 300 {
						c.add("one", 0, text("before"))
						c.add("three", int32(i%3), text("before"))
					}
					c.add("other", 0, text("elsewhere"))
					d := drive(t, c, Options{Topics: []string{"other"}}, 120, 40)
					d.follows("other")
					d.run(d.m.openTopics(topics...))
					d.reads()
					d.until("it to know what it reads", func() bool { return len(d.m.tail.session.topicIDs()) == len(topics) })
					d.press("2", "space")
					d.until("the pause", d.m.tail.session.settledNow)
					for i, topic := range topics {
						c.topic(topic, len(c.topics[topic]))
						c.set(func() { c.ids[topic] = [16]byte{byte(9 + i)} })
						for j := range n {
							c.add(topic, int32(j%len(c.topics[topic])), text(fmt.Sprint(topic, " ", j)))
						}
					}
					d.until("the count of those that wait", func() bool {
						d.send(animateMsg{})
						return d.m.tail.waiting == int64(n*len(topics))
					})
					d.press("pgup", "pgup", "pgup", "pgup", "pgup") // nothing of the new one is older than what is held
					d.press(keys...)
					d.until("each of them to be said once", func() bool {
						said := 0
						for _, r := range d.m.tail.session.store.Rows(math.MinInt64, math.MaxInt, 0, nil) {
							if r.Skip != nil && r.Skip.Kind == store.NoteTopicRecreated {
								said++
							}
						}
						return said == len(topics)
					})
					d.reads()
					for _, topic := range topics {
						d.once(numbered(topic+" ", 0, n)...)
					}
				})
			}
		}
	}
}

func TestAPatternTakesInWhatAppearedWhileItSlept(t *testing.T) {
	for name, most := range kept {
		inBubble(t, name, func(t *testing.T) {
			c := branches()
			d := drive(t, c, Options{Topics: []string{`orders\..*`}}, 120, 40)
			d.m.places.most = most
			d.follows("orders.de")
			d.opens("payments")
			c.topic("orders.it", 2)
			for i := range 5 {
				c.add("orders.it", int32(i%2), text(fmt.Sprint("it ", i)))
				c.add("orders.de", 0, text(fmt.Sprint("de ", i)))
			}
			d.press("[")
			d.sees(`orders\..*: 3 topics`)
			d.until("all", func() bool { return len(d.values()) == 12 })
			d.once(append(append(numbered("it ", 0, 5), numbered("de ", 0, 5)...), "from Germany", "from France")...)
			d.press("/")
			d.typed("it")
			d.press("enter")
			d.until("those that match", func() bool { return d.m.tail.session.start.query != nil && len(d.values()) == 5 })
			c.topic("orders.es", 1)
			c.add("orders.es", 0, text("not wanted"))
			c.add("orders.es", 0, text("it is wanted"))
			d.until("the next topic", func() bool { return slices.Contains(d.values(), "it is wanted") })
			d.press("]")
			c.add("orders.es", 0, text("it was missed"))
			d.press("[")
			d.until("the next", func() bool { return len(d.values()) == 7 })
			d.once("it is wanted", "it was missed")
			d.press("esc")
			d.until("all again", func() bool { return d.m.tail.session.start.query == nil && len(d.values()) == 15 })
			d.sees(`orders\..*: 4 topics`)
		})
	}
}

func TestATopicOfAPatternIsGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := branches()
		d := drive(t, c, Options{Topics: []string{`orders\..*`}}, 120, 40)
		for i := range 300 {
			c.add("orders.de", 0, at(time.Duration(i)*time.Second, fmt.Sprint("de ", i)))
		}
		d.follows("orders.de")
		d.press("G")
		c.set(func() {
			delete(c.topics, "orders.fr")
			c.tell = append(c.tell, kafka.Event{Kind: kafka.TopicDeleted, TopicPartition: kafka.TopicPartition{Topic: "orders.fr", Partition: -1}})
			c.grown.Broadcast()
		})
		d.notes("was deleted")
		held := len(d.values())
		d.press("2", "pgup", "pgup", "pgup", "pgup", "pgup")
		d.until("older ones", func() bool { return d.m.tail.snap.older.err != nil || len(d.values()) > held })
		if err := d.m.tail.snap.older.err; err != nil {
			t.Errorf("older ones: %v", err)
		}
	})
}

func TestAReplayLeavesOutWhatIsOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := written()
		d := replays(t, c, "a", "b")
		d.run(d.m.switchOver(kafka.TopicPartition{Topic: "b", Partition: 0}))
		d.reads()
		d.press("2", "R", "enter")
		d.waitsFor("next record in 13 s")
		d.shows("first")
		d.press("space")
		d.sees("paused ‖")
		d.press("[")
		d.until("the tail", func() bool { return !d.m.tail.played() && d.m.tail.snap.reading })
		d.shows("first", "third", "fourth")
		d.press("]")
		d.until("the replay", func() bool { return d.m.tail.played() })
		d.sees("paused ‖")
		d.shows("first")
		d.press(".", ".")
		d.shows("first", "third", "fourth")
		d.sees("replay ended: 3 records")
		d.press("G")
		d.until("the tail", func() bool { return !d.m.tail.played() && d.m.tail.snap.reading })
		d.shows("first", "third", "fourth")
	})
}

func TestASearchThatFollowsSleeps(t *testing.T) {
	for name, most := range kept {
		for _, order := range []string{"newest", "oldest", "time"} {
			inBubble(t, name+" "+order, func(t *testing.T) {
				c := pages()
				d := drive(t, c, Options{Topics: []string{"a"}}, 140, 30)
				d.m.places.most = most
				d.arrives("a")
				d.searches("DE", "", "", "", order)
				d.press("F")
				d.until("it follows", func() bool { s := d.m.tail.snap.search; return s != nil && s.end == searchFollows })
				n := len(d.values())
				for round := range 5 {
					d.press("[")
					d.arrives("a")
					for i := 300; i < 330; i++ {
						c.comes("a", i)
					}
					d.press("]")
					n += 10
					d.until("what came meanwhile", func() bool { return d.m.tail.searched() && len(d.values()) >= n })
					if got := len(d.values()); got != n {
						t.Errorf("round %d: %d hits, want %d", round, got, n)
					}
					for p := range int32(3) {
						held := d.held(p)
						slices.Sort(held)
						if len(slices.Compact(slices.Clone(held))) != len(held) {
							t.Errorf("some come twice: %v", held)
						}
					}
				}
				c.comes("a", 330)
				d.until("one more", func() bool { return len(d.values()) == n+1 })
			})
		}
	}
}

func TestASearchThatFollowsFindsItsTopicAnew(t *testing.T) {
	for name, most := range kept {
		inBubble(t, name, func(t *testing.T) {
			c := pages()
			d := drive(t, c, Options{Topics: []string{"a"}}, 140, 30)
			d.m.places.most = most
			d.arrives("a")
			d.searches("DE", "", "", "follow")
			d.until("it follows", func() bool { s := d.m.tail.snap.search; return s != nil && s.end == searchFollows })
			d.press("[")
			d.arrives("a")
			c.topic("a", 3)
			c.set(func() { c.ids["a"] = [16]byte{9} })
			for i := range 30 {
				c.comes("a", 600+i)
			}
			d.press("]")
			d.sees("deleted and created again")
			d.until("the new one's", func() bool { return slices.Contains(d.values(), "a 627 DE") })
			for i := range 10 {
				d.once(fmt.Sprintf("a %d DE", 600+3*i))
			}
		})
	}
}

// What is read, and waits for room in the store, is lost by nothing that reads anew.
func TestWhatHasNoRoomIsNotLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, topics := range [][]string{{"a", "b"}, {"b"}} {
			c := two()
			c.window = time.Millisecond
			d := drive(t, c, Options{Topics: topics, HoldRows: 50}, 140, 40)
			d.follows(topics[0])
			for i := range 100 {
				c.add(topics[0], 0, at(time.Duration(i)*time.Second, fmt.Sprint("more ", i)))
			}
			d.until("the last", func() bool { got := d.values(); return len(got) == 50 && got[49] == "more 99" })
			d.press("2", "pgup", "pgup", "pgup")
			for i := range 10 {
				c.add("b", 1, at(time.Duration(100+i)*time.Second, fmt.Sprint("waits ", i)))
			}
			d.sees("slowed down")
			for _, keys := range [][]string{{"space", "space"}, {"m"}, {"m"}} {
				d.press(keys...)
				d.until("the tail", func() bool { return !d.m.tail.starting() && len(d.values()) > 0 })
			}
			d.until("to be held back", func() bool { return d.m.tail.snap.blocked || slices.Contains(d.values(), "waits 9") })
			d.m.tail.session.setProtect(1 << 60)
			d.until("the last", func() bool { return slices.Contains(d.values(), "waits 9") })
			d.once(numbered("waits ", 0, 10)...)
		}
	})
}

func TestAnOrderedTailComesAgainAfterAnError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := two()
		c.window = time.Nanosecond
		d := drive(t, c, Options{Topics: []string{"a", "b"}}, 140, 40)
		d.follows("a")
		for round := range 4 {
			c.set(func() { c.readErr = errors.New("broken off"); c.grown.Broadcast() })
			// The rows of earlier rounds say "stopped" as well.
			d.until("it to have stopped", func() bool { return d.m.tail.snap.err != nil })
			for i := range 10 {
				c.add("b", 0, at(time.Duration(round*100+2*i+1)*time.Second, fmt.Sprint(round, "b", i)))
			}
			for i := range 10 {
				c.add("a", 0, at(time.Duration(round*100+2*i)*time.Second, fmt.Sprint(round, "a", i)))
			}
			c.set(func() { c.readErr = nil })
			d.until("all", func() bool {
				d.m.tail.session.tryAgain() // it may just be ending
				return d.m.tail.snap.err == nil && len(d.values()) == 2+20*(round+1)
			})
			var want []string
			for i := range 10 {
				want = append(want, fmt.Sprint(round, "a", i), fmt.Sprint(round, "b", i))
			}
			if got := d.values()[2+20*round:]; !slices.Equal(got, want) {
				t.Errorf("round %d: %v", round, got)
			}
		}
	})
}

func TestAReplayGoesOnAfterAnError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := written()
		d := replays(t, c, "a", "b")
		d.press("R", "enter")
		d.waitsFor("next record in 3 s")
		d.press(".")
		d.shows("first", "second")
		c.set(func() { c.readErr = errors.New("broken off"); c.grown.Broadcast() })
		for range 3 {
			d.press(".")
		}
		c.set(func() { c.readErr = nil })
		d.m.tail.session.tryAgain()
		d.until("all", func() bool { d.m.tail.session.tryAgain(); return len(d.values()) == 4 })
		d.shows("first", "second", "third", "fourth")
	})
}

// What a topic brings that appears is counted as it comes.
func TestWhatAppearsCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := branches()
		d := drive(t, c, Options{Topics: []string{`orders\..*`}}, 120, 40)
		d.follows("orders.de")
		c.topic("orders.it", 1)
		for i := range 5 {
			c.add("orders.it", 0, text(fmt.Sprint("it ", i)))
		}
		d.until("all", func() bool { return len(d.values()) == 7 })
		for i := range 5 {
			c.add("orders.it", 0, text(fmt.Sprint("more ", i)))
		}
		d.until("all", func() bool { return len(d.values()) == 12 && d.m.tail.snap.seen == 12 })
		if live := d.m.tail.snap.live; live < 5 {
			t.Errorf("%d came while it was read", live)
		}
	})
}
