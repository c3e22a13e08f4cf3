package kafka

// A partition without a leader keeps nobody from reading the others, and is read
// itself when it has one again.

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// leaderless makes the brokers say that one partition of topic t has no leader,
// as long as lost holds its number; -1: none.
func leaderless(t *testing.T, f *kfake.Cluster, partitions int32, lost *atomic.Int32) {
	t.Helper()
	f.ControlKey(int16(kmsg.Metadata), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		res := q.ResponseKind().(*kmsg.MetadataResponse)
		for i, a := range f.ListenAddrs() {
			host, port, _ := net.SplitHostPort(a)
			n, _ := strconv.Atoi(port)
			b := kmsg.NewMetadataResponseBroker()
			b.NodeID, b.Host, b.Port = int32(i), host, int32(n)
			res.Brokers = append(res.Brokers, b)
		}
		topic := kmsg.NewMetadataResponseTopic()
		name := "t"
		topic.Topic, topic.TopicID = &name, f.TopicInfo("t").TopicID
		for id := range partitions {
			p := kmsg.NewMetadataResponseTopicPartition()
			p.Partition, p.Leader = id, f.LeaderFor("t", id)
			if id == lost.Load() {
				p.Leader = -1
			}
			p.LeaderEpoch = -1
			topic.Partitions = append(topic.Partitions, p)
		}
		res.Topics = append(res.Topics, topic)
		return res, nil, true
	})
}

// lonely is a topic t of three partitions with ten records each, of which
// partition 1 has no leader until lost says otherwise.
func lonely(t *testing.T) (c *Cluster, tps []TopicPartition, lost *atomic.Int32, more func(n int)) {
	t.Helper()
	f := fake(t, kfake.NumBrokers(3), kfake.SeedTopics(3, "t"))
	k := client(t, f.ListenAddrs())
	for p := range int32(3) {
		write(t, k, "t", p, 10)
	}
	lost = &atomic.Int32{}
	lost.Store(1)
	c = open(t, f.ListenAddrs())
	leaderless(t, f, 3, lost)
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for p := range int32(3) {
		tps = append(tps, TopicPartition{"t", p})
	}
	// Whose client remembers the leader writes all the same.
	return c, tps, lost, func(n int) { write(t, k, "t", 1, n) }
}

func TestResolveWithoutALeaderResolvesTheOthers(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		c, tps, _, _ := lonely(t)
		for _, from := range []Position{{Kind: Beginning}, {Kind: End}, {Kind: Last, N: 5}, {Kind: AtTime, Time: time.UnixMilli(0)}} {
			spans, waiting, err := c.Resolve(timeout(t, 20*time.Second), tps, from, nil, ReadUncommitted)
			if err != nil {
				t.Fatal(from, err)
			}
			if len(spans) != 2 || spans[0].Partition != 0 || spans[1].Partition != 2 {
				t.Errorf("%v: spans %v", from, spans)
			}
			if len(waiting) != 1 || waiting[0].Partition != 1 || waiting[0].From != from || !errors.Is(waiting[0], ErrNoLeader) ||
				waiting[0].Error() != "t/1 cannot be read now: it has no leader now" {
				t.Errorf("%v: waiting %v", from, waiting)
			}
		}
		if _, _, err := c.Resolve(timeout(t, 20*time.Second), append(tps, TopicPartition{"t", 7}), Position{}, nil, ReadUncommitted); err == nil {
			t.Error("a partition that is not there was waited for")
		}
	})
}

func TestNewestWithoutALeaderGivesTheOthers(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		c, tps, _, _ := lonely(t)
		found := newest(t, c, NewestRequest{Partitions: tps, N: 100})
		if len(found.Records) != 20 || found.AtStart || len(found.Missing) != 1 || found.Missing[0].Partition != 1 {
			t.Errorf("%d records, at the start %v, missing %v", len(found.Records), found.AtStart, found.Missing)
		}
		before := map[TopicPartition]int64{tps[0]: 5, tps[1]: 6, tps[2]: 7}
		found = newest(t, c, NewestRequest{Partitions: tps, N: 100, Before: before})
		if len(found.Records) != 12 || found.From[tps[1]] != 6 || found.To[tps[1]] != 6 || found.From[tps[0]] != 0 {
			t.Errorf("%d records, from %v to %v", len(found.Records), found.From, found.To)
		}
		if _, err := c.Newest(timeout(t, 20*time.Second), NewestRequest{Partitions: tps[1:2], N: 1}); !errors.Is(err, ErrNoLeader) {
			t.Errorf("with nothing to read: %v", err)
		}
	})
}

func TestLoadWithoutALeaderTellsOfTheOthers(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		c, tps, _, _ := lonely(t)
		loads, err := c.Load(timeout(t, 20*time.Second), LoadRequest{Partitions: append(tps, TopicPartition{"t", 7})})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []int{0, 2} {
			if l := loads[p]; l.Err != nil || l.Held() != 10 || l.Sampled != 10 || l.Leader < 0 || l.Stored <= 0 {
				t.Errorf("partition %d: %+v", p, l)
			}
		}
		if l := loads[1]; !errors.Is(l.Err, ErrNoLeader) || l.Leader != -1 || l.Held() != 0 || l.Stored != -1 {
			t.Errorf("the one without a leader: %+v", l)
		}
		if l := loads[3]; l.Err == nil || l.Partition != 7 {
			t.Errorf("one that is not there: %+v", l)
		}
	})
}

func TestLoadDoesNotWaitForALeaderThatIsLostWhileItReads(t *testing.T) {
	t.Parallel()
	ended := false
	sink := &loadSink{stop: func() { ended = true }}
	sink.Event(Event{Kind: PartitionAdded})
	if ended {
		t.Error("an event without harm ends it")
	}
	sink.Event(Event{Kind: PartitionStuck, Err: ErrNoLeader})
	if !ended || !errors.Is(sink.stuck, ErrNoLeader) {
		t.Error("it goes on reading")
	}
}

func TestTraceWithoutALeaderReadsTheOthers(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		c, tps, _, _ := lonely(t)
		req := TraceRequest{Partitions: tps, From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour),
			Match: func(TopicPartition) Matcher { return holds("") }}
		trace, err := c.Trace(timeout(t, 20*time.Second), req)
		if err != nil {
			t.Fatal(err)
		}
		if len(trace.Hops) != 20 || len(trace.Missing) != 1 || trace.Missing[0].TopicPartition != tps[1] || !errors.Is(trace.Missing[0], ErrNoLeader) {
			t.Errorf("%d hops, missing %v", len(trace.Hops), trace.Missing)
		}
	})
}

func TestReadTakesUpAPartitionThatGetsItsLeaderBack(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		from   Position
		offset int64 // where partition 1 begins
	}{
		"from the beginning": {Position{Kind: Beginning}, 0},
		"from the newest":    {Position{Kind: LastEach, N: 4}, 10}, // and all that was written meanwhile
		"from the end":       {Position{Kind: End}, 10},
		"from an offset":     {Position{Kind: AtOffset, N: 7}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble.Run(t, func(t *testing.T) {
				c, tps, lost, more := lonely(t)
				spans, waiting, err := c.Resolve(timeout(t, 20*time.Second), tps, x.from, nil, ReadUncommitted)
				if err != nil {
					t.Fatal(err)
				}
				got := newCollector()
				follow(t, c, ReadRequest{Spans: spans, Waiting: waiting, Grow: true}, got)
				if e := got.awaitEvent(t, PartitionStuck); e.Partition != 1 || !strings.Contains(e.String(), "t/1 cannot be read now: it has no leader") {
					t.Errorf("%s", e)
				}
				more(6)
				lost.Store(-1)
				e := got.awaitEvent(t, PartitionBack)
				if e.Partition != 1 || e.From != x.offset {
					t.Errorf("it is back at %d, want %d: %s", e.From, x.offset, e)
				}
				got.await(t, "its records", func() bool {
					p := got.parts[tps[1]]
					return p != nil && int64(len(p.offsets)) >= 16-e.From
				})
				var want []int64
				for o := e.From; o < 16; o++ {
					want = append(want, o)
				}
				if have := got.of("t", 1).offsets; !slices.Equal(have, want) {
					t.Errorf("read %v, want %v", have, want)
				}
			})
		})
	}
}

func TestReadSaysWhenALeaderIsLost(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		c, tps, lost, more := lonely(t)
		lost.Store(-1)
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		spans, waiting, err := c.Resolve(timeout(t, 20*time.Second), tps, Position{Kind: Beginning}, nil, ReadUncommitted)
		if err != nil || len(waiting) > 0 {
			t.Fatal(waiting, err)
		}
		got := newCollector()
		follow(t, c, ReadRequest{Spans: spans}, got)
		got.await(t, "the records", func() bool { return got.taken == 30 })
		lost.Store(1)
		if e := got.awaitEvent(t, PartitionStuck); e.Partition != 1 || !errors.Is(e.Err, ErrNoLeader) {
			t.Errorf("%+v", e)
		}
		lost.Store(-1)
		if e := got.awaitEvent(t, PartitionBack); e.Partition != 1 || e.From != 10 {
			t.Errorf("%+v", e)
		}
		more(1)
		got.await(t, "what came then", func() bool { return got.taken == 31 })
	})
}

func TestReadTellsHowFarAnOffsetPastTheEndIs(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		write(t, client(t, f.ListenAddrs()), "t", 0, 2)
		c := open(t, f.ListenAddrs())
		got := newCollector()
		follow(t, c, ReadRequest{Spans: []Span{{TopicPartition{"t", 0}, 500, NoEnd}}}, got)
		got.await(t, "the end to be told", func() bool {
			p := got.parts[TopicPartition{"t", 0}]
			return p != nil && p.state.HighWatermark == 2 && p.state.Next == 500
		})
		write(t, client(t, f.ListenAddrs()), "t", 0, 3)
		got.await(t, "the new end to be told", func() bool { return got.parts[TopicPartition{"t", 0}].state.HighWatermark == 5 })
	})
}

func TestAGroupTakesUpAPartitionThatGetsALeader(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		c, _, lost, more := lonely(t)
		k := client(t, c.Config().Brokers)
		ctx, leave := context.WithCancel(timeout(t, 60*time.Second))
		got := newCollector()
		done := make(chan error, 1)
		go func() {
			done <- c.Consume(ctx, ConsumeRequest{Group: "g", Topics: []string{"t"}, Start: Position{Kind: Beginning}}, got)
		}()
		got.await(t, "the others", func() bool { return got.taken == 20 })
		more(6)
		lost.Store(-1)
		got.await(t, "all", func() bool { return got.taken == 36 })
		leave()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if at := committed(t, k, "g", "t", 3); at[0] != 10 || at[1] != 16 || at[2] != 10 {
			t.Errorf("committed: %v", at)
		}
		lost.Store(1)
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		req := ConsumeRequest{Group: "other", Topics: []string{"t"}, Start: Position{Kind: Beginning}, End: true}
		if err := c.Consume(timeout(t, 60*time.Second), req, newCollector()); !errors.Is(err, ErrNoLeader) {
			t.Errorf("to the end of what cannot be read: %v", err)
		}
	})
}
