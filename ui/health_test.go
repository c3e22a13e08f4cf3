package ui

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
	"milena/kafka/batch"
)

// What the header says when something is amiss: never that all is well.

var (
	silence = &kafka.ConnectError{Broker: "fake:9092", Step: kafka.StepConnect, Err: errors.New("connection refused")}
	lonely1 = kafka.TopicPartition{Topic: "lonely", Partition: 1}
)

// lonelyTopic has three partitions of ten messages, and one of them has no leader.
func lonelyTopic() *fakeCluster {
	c := newFake().topic("lonely", 3)
	for i := range 10 {
		for p := range int32(3) {
			c.add("lonely", p, batch.Record{Timestamp: testNow.UnixMilli() + int64(i), Value: []byte(fmt.Sprintf("message %d of %d", i, p))})
		}
	}
	c.lack = map[kafka.TopicPartition]error{lonely1: kafka.ErrNoLeader}
	return c
}

func TestATopicWithALeaderlessPartitionIsReadAllTheSame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := lonelyTopic()
		d := drive(t, c, Options{Topics: []string{"lonely"}}, 140, 40)
		d.sees("live 2 of 3 partitions")
		d.sees("message 9 of 0")
		d.sees("message 9 of 2")
		d.sees("lonely/1 cannot be read now: it has no leader now")
		if screen := d.screen(); strings.Contains(screen, "of 1 ") || strings.Contains(screen, "live ●") || !strings.Contains(screen, "in memory 20 ") {
			t.Errorf("it reads\n%s", screen)
		}
		c.add("lonely", 1, text("written when it was back"))
		c.mend(lonely1)
		d.sees("live ●")
		d.sees("written when it was back")
		d.sees("lonely/1 can be read again, from offset 0 on")
		d.until("all of it", func() bool { return d.m.tail.snap.held == 31 })
	})
}

func TestWhatWaitsIsKeptOverAPauseAndOverMarkers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := lonelyTopic()
		d := drive(t, c, Options{Topics: []string{"lonely"}}, 140, 40)
		d.sees("live 2 of 3 partitions")
		d.press("space")
		d.sees("paused")
		d.press("space")
		d.sees("live 2 of 3 partitions")
		d.press("m")
		d.sees("markers too")
		d.sees("live 2 of 3 partitions")
		c.mend(lonely1)
		d.sees("message 9 of 1")
		d.sees("live ●")
	})
}

func TestATopicWithoutAnyLeaderIsWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := lonelyTopic()
		c.lack = map[kafka.TopicPartition]error{{Topic: "lonely", Partition: 0}: silence, lonely1: silence, {Topic: "lonely", Partition: 2}: silence}
		d := drive(t, c, Options{Topics: []string{"lonely"}}, 140, 40)
		d.sees("live 0 of 3 partitions")
		d.sees("lonely/1 cannot be read now: advertised as fake:9092, which does not answer")
		d.sees("1 of 3 brokers does not answer: fake:9092  :doctor checks why")
		for p := range int32(3) {
			c.mend(kafka.TopicPartition{Topic: "lonely", Partition: p})
		}
		d.sees("live ●")
		d.sees("message 9 of 1")
		d.sees("● 3 brokers")
	})
}

func TestCountAndPreviewWithoutALeader(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := lonelyTopic()
		d := drive(t, c, Options{}, 160, 40)
		d.sees("20+")
		d.sees("message 9 of 2")
		d.sees("lonely/1 cannot be read now: it has no leader now")
		c.mend(lonely1)
		d.press("ctrl+r")
		d.until("all of them", func() bool { f := d.m.topics.figures["lonely"]; return f.end == 30 && f.missing == 0 })
		if f := d.m.topics.figures["lonely"]; f.samples != 0 {
			t.Errorf("a partition that came back counts as %v messages a second", f.rate())
		}
	})
}

func TestTheHeaderSaysWhatIsLostUnderAnOpenTail(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := lonelyTopic()
		c.lack = nil
		d := drive(t, c, Options{Topics: []string{"lonely"}}, 140, 40)
		d.sees("live ●")
		d.sees("● 3 brokers")
		happens := func(e kafka.Event) {
			c.set(func() { c.tell = append(c.tell, e); c.grown.Broadcast() })
		}
		happens(kafka.Event{Kind: kafka.PartitionStuck, TopicPartition: lonely1, Err: kafka.ErrNoLeader})
		d.sees("live 2 of 3 partitions")
		happens(kafka.Event{Kind: kafka.PartitionBack, TopicPartition: lonely1, From: 10})
		d.sees("live ●")
		happens(kafka.Event{Kind: kafka.BrokerLost, Broker: "fake:9092", Err: silence})
		d.sees("live 0 of 3 partitions")
		d.sees("does not answer: fake:9092  :doctor")
		d.press("space") // nobody asks it now, so nobody knows
		d.sees("paused")
		d.sees("● 3 brokers")
		d.press("space")
		happens(kafka.Event{Kind: kafka.BrokerBack, Broker: "fake:9092"})
		d.sees("live ●")
		d.sees("● 3 brokers")
		happens(kafka.Event{Kind: kafka.TopicDeleted, TopicPartition: kafka.TopicPartition{Topic: "lonely", Partition: -1}})
		d.sees("topic deleted")
		if strings.Contains(d.screen(), "live") {
			t.Errorf("it follows a topic that is deleted:\n%s", d.screen())
		}
	})
}

func TestBrokersThatReplicasAreOnAreMissed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 120, 30)
		d.sees("● 3 brokers")
		c.set(func() {
			c.broken = map[string]kafka.Partition{"orders": {Leader: 1, Replicas: []int32{0, 1, 2}, ISR: []int32{0, 1}}}
			c.brokers = 2
		})
		d.press("ctrl+r")
		d.sees("● 2 of 3 brokers")
	})
}

func TestAnOffsetPastTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("short", 1)
		c.add("short", 0, text("one"))
		c.add("short", 0, text("two"))
		d := drive(t, c, Options{Topics: []string{"short"}}, 140, 40)
		d.follows("short")
		d.press("t")
		d.typed("500")
		d.press("enter")
		d.sees("waiting for offset 500, past the end (2)")
		d.sees("G goes to the end")
		c.add("short", 0, text("three"))
		d.sees("past the end (3)")
		d.press("G")
		d.sees("live ●")
		d.sees("three")
		c.add("short", 0, text("four"))
		d.sees("four")
	})
}

func TestAnOffsetPastTheEndOfSomePartitions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("uneven", 3)
		for i := range 20 {
			c.add("uneven", 0, text(fmt.Sprint("long ", i)))
		}
		c.add("uneven", 1, text("short"))
		d := drive(t, c, Options{Topics: []string{"uneven"}}, 140, 40)
		d.follows("uneven")
		d.press("t")
		d.typed("7")
		d.press("enter")
		d.sees("2 partitions end before it")
		d.sees("long 19")
		d.press("G")
		d.sees("live ●")
		d.sees("short")
	})
}

func TestTheRateIsOfWhatComes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"orders"}}, 140, 40)
		d.follows("orders")
		again := func(what string, from int64) {
			t.Helper()
			d.until(what, func() bool { s := &d.m.tail.snap; return s.reading && s.lag == 0 && s.seen >= from && !s.older.busy })
			if n := d.m.tail.snap.live; n != 0 {
				t.Errorf("%s: %d records that were there count as coming", what, n)
			}
		}
		again("the newest", 0)
		d.press("g")
		again("the beginning", 60)
		d.press("m")
		again("markers", 60)
		d.press("G", "space")
		d.sees("paused")
		for i := range 5 {
			c.add("orders", 0, text(fmt.Sprint("meanwhile ", i)))
		}
		d.press("space")
		d.sees("meanwhile 4")
		again("a pause", 0)
		c.add("orders", 0, text("now"))
		d.until("one that comes", func() bool { return d.m.tail.snap.live == 1 })
	})
}

func TestTheRateBeginsHonestly(t *testing.T) {
	var r rate
	at := testNow
	r.begin(at)
	for s := range 10 {
		for range 4 {
			r.add(at, 1)
		}
		at = at.Add(time.Second)
		r.advance(at)
		if got := r.perSecond(); got != 4 {
			t.Errorf("after %d s of 4 a second it says %v", s+1, got)
		}
	}
}

func TestAPauseIsNoLatency(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"orders"}}, 140, 40)
		d.follows("orders")
		d.press("space")
		d.sees("paused")
		d.press("c")
		d.typed("hello")
		d.press("ctrl+s")
		d.sees("sent to partition")
		d.advance(time.Minute)
		d.press("esc", "space")
		d.sees("seen after the pause")
	})
}

func TestAFilterThatFindsNothingSaysWhereItLooked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 140, 40)
		d.follows("orders")
		d.press("t")
		d.typed("13:05")
		d.press("enter")
		d.press("/")
		d.typed("nowhere")
		d.press("enter")
		d.sees("nothing from Sun 22 Nov 13:05:00 on matches")
		d.sees("g searches from the beginning")
		d.press("g")
		d.sees("no match so far")
	})
}

func TestAtTheEndIsNotFollowing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 140, 40)
		d.follows("orders")
		d.press("g")
		d.sees("up to date, not following")
		if head := d.headerOf(20); strings.Contains(head, "60h") || !strings.Contains(head, "60") {
			t.Errorf("a narrow header is %q", head)
		}
	})
}

// A broker that advertises a wrong address looks healthy until somebody asks it
// for offsets: the header says so before any topic is open.
func TestTheHeaderSaysWhichBrokerCannotBeReached(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := lonelyTopic()
		c.lack = map[kafka.TopicPartition]error{{Topic: "lonely", Partition: 0}: silence, lonely1: silence, {Topic: "lonely", Partition: 2}: silence}
		d := drive(t, c, Options{}, 140, 40)
		d.sees("1 of 3 brokers does not answer: fake:9092  :doctor checks why")
		d.send(tea.WindowSizeMsg{Width: 80, Height: 24})
		d.sees("1 of 3 brokers does not answer")
		for p := range int32(3) {
			c.mend(kafka.TopicPartition{Topic: "lonely", Partition: p})
		}
		d.send(refreshMsg{})
		d.sees("local ● 3 brokers")
	})
}
