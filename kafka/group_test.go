package kafka

// Consuming as a member of a group: nothing is passed over, and what was not
// committed comes again.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"milena/kafka/batch"
	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// committed is what a group has committed for a topic, as somebody else's client
// sees it.
func committed(t testing.TB, k *kgo.Client, group, topic string, partitions int32) map[int32]int64 {
	t.Helper()
	q := kmsg.NewPtrOffsetFetchRequest()
	q.Group = group
	rt := kmsg.NewOffsetFetchRequestTopic()
	rt.Topic = topic
	for p := range partitions {
		rt.Partitions = append(rt.Partitions, p)
	}
	q.Topics = append(q.Topics, rt)
	rg := kmsg.NewOffsetFetchRequestGroup()
	rg.Group = group
	gt := kmsg.NewOffsetFetchRequestGroupTopic()
	gt.Topic, gt.Partitions = topic, rt.Partitions
	rg.Topics = append(rg.Topics, gt)
	q.Groups = append(q.Groups, rg)
	res, err := q.RequestWith(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	offsets := make(map[int32]int64)
	for _, g := range res.Groups {
		for _, gt := range g.Topics {
			for _, p := range gt.Partitions {
				offsets[p.Partition] = p.Offset
			}
		}
	}
	for _, rt := range res.Topics {
		for _, p := range rt.Partitions {
			offsets[p.Partition] = p.Offset
		}
	}
	return offsets
}

func TestConsumeCommitsExactlyWhatWasTaken(t *testing.T) {
	t.Parallel()
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 2, nil)
		write(t, k, topic, 0, 40)
		write(t, k, topic, 1, 40)
		req := ConsumeRequest{Group: topic, Topics: []string{topic}, Start: Position{Kind: Beginning}, End: true}
		got := newCollector()
		got.limit = 17
		if err := c.Consume(timeout(t, 60*time.Second), req, got); err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for p, o := range committed(t, k, topic, topic, 2) {
			if have := int64(len(got.of(topic, p).values)); max(o, 0) != have {
				t.Errorf("partition %d: %d taken, %d committed", p, have, o)
			}
			sum += max(o, 0)
		}
		if sum != 17 {
			t.Errorf("%d committed, 17 taken", sum)
		}
	})
}

func TestConsumeBeginsWhereToldOnlyWhereNothingIsCommitted(t *testing.T) {
	t.Parallel()
	brokers := brokersOf(t)
	c := open(t, brokers)
	k := client(t, brokers)
	topic := newTopic(t, c, 1, nil)
	base := time.Now().UnixMilli() - 100_000
	for i := range int64(10) {
		writeAt(t, k, topic, 0, base+i*1000)
	}
	for name, x := range map[string]struct {
		start Position
		first int64 // 10: nothing
	}{
		"beginning": {Position{Kind: Beginning}, 0},
		"end":       {Position{Kind: End}, 10},
		"offset":    {Position{Kind: AtOffset, N: 4}, 4},
		"newest":    {Position{Kind: LastEach, N: 3}, 7},
		"time":      {Position{Kind: AtTime, Time: time.UnixMilli(base + 4500)}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			group := topic + "-" + name
			req := ConsumeRequest{Group: group, Topics: []string{topic}, Start: x.start, End: true}
			got := newCollector()
			got.limit = 2
			if err := c.Consume(timeout(t, 60*time.Second), req, got); err != nil {
				t.Fatal(err)
			}
			want := []int64{x.first, x.first + 1}
			if x.first == 10 {
				want = nil
			}
			if have := got.of(topic, 0).offsets; !slices.Equal(have, want) {
				t.Errorf("began with %v, want %v", have, want)
			}
			if x.first == 10 {
				return
			}
			// Now it has committed, and Start counts no longer.
			again := newCollector()
			req.Start = Position{Kind: Beginning}
			if err := c.Consume(timeout(t, 60*time.Second), req, again); err != nil {
				t.Fatal(err)
			}
			if have := again.of(topic, 0).offsets; len(have) != int(8-x.first) || len(have) > 0 && have[0] != x.first+2 {
				t.Errorf("went on with %v after %v", have, want)
			}
		})
	}
}

// history is a sink that notes every offset that was flushed, over all
// generations and members.
type history struct {
	mu   sync.Mutex
	seen map[TopicPartition][]int64
}

type historyPart struct {
	h       *history
	tp      TopicPartition
	waiting []int64
}

func (h *history) Event(Event) {}
func (h *history) Partition(tp TopicPartition) PartitionSink {
	return &historyPart{h: h, tp: tp}
}
func (p *historyPart) Skip(batch.Skip) {}
func (p *historyPart) Record(v *batch.View) bool {
	p.waiting = append(p.waiting, v.Offset)
	return true
}
func (p *historyPart) Flush(PartitionState) error {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	p.h.seen[p.tp] = append(p.h.seen[p.tp], p.waiting...)
	p.waiting = nil
	return nil
}

func (h *history) distinct() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, offsets := range h.seen {
		sorted := slices.Sorted(slices.Values(offsets))
		n += len(slices.Compact(sorted))
	}
	return n
}

func TestGroupRebalances(t *testing.T) {
	t.Parallel()
	onBroker(t, func(t *testing.T, brokers []string) {
		c, c2 := open(t, brokers), open(t, brokers)
		k := client(t, brokers)
		const partitions = 4
		topic := newTopic(t, c, partitions, nil)
		req := ConsumeRequest{Group: topic, Topics: []string{topic}, Start: Position{Kind: Beginning}}
		first, second := &history{seen: make(map[TopicPartition][]int64)}, &history{seen: make(map[TopicPartition][]int64)}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ctx2, cancel2 := context.WithCancel(t.Context())
		defer cancel2()
		done, done2 := make(chan error, 1), make(chan error, 1)
		written := 0
		more := func() {
			for p := range int32(partitions) {
				write(t, k, topic, p, 10)
			}
			written += 10 * partitions
		}
		all := func() int {
			merged := &history{seen: make(map[TopicPartition][]int64)}
			for _, h := range []*history{first, second} {
				h.mu.Lock()
				for tp, o := range h.seen {
					merged.seen[tp] = append(merged.seen[tp], o...)
				}
				h.mu.Unlock()
			}
			return merged.distinct()
		}
		await := func(what string, ok func() bool) {
			t.Helper()
			for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("waiting for %s: %d of %d seen", what, all(), written)
				}
			}
		}
		more()
		go func() { done <- c.Consume(ctx, req, first) }()
		await("the first member", func() bool { return all() == written })
		go func() { done2 <- c2.Consume(ctx2, req, second) }()
		await("the second member to get something", func() bool {
			more()
			time.Sleep(100 * time.Millisecond)
			return second.distinct() > 0
		})
		await("both members", func() bool { return all() == written })
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		more()
		await("the second member alone", func() bool { return all() == written })
		cancel2()
		if err := <-done2; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		for p, o := range committed(t, k, topic, topic, partitions) {
			if o != int64(written/partitions) {
				t.Errorf("partition %d: %d committed of %d", p, o, written/partitions)
			}
		}
		// Both left in order, so hardly anything came twice; and each member saw what
		// it saw in order.
		for _, h := range []*history{first, second} {
			for tp, offsets := range h.seen {
				if !slices.IsSorted(offsets) {
					t.Errorf("%v: %v", tp, offsets)
				}
			}
		}
	})
}

func TestWhatACrashedMemberDidNotCommitComesAgain(t *testing.T) {
	t.Parallel()
	onBroker(t, func(t *testing.T, brokers []string) {
		w := &wires{}
		dying, c := open(t, brokers, w.use), open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 1, nil)
		write(t, k, topic, 0, 10)
		req := ConsumeRequest{Group: topic, Topics: []string{topic}, Start: Position{Kind: Beginning}}
		// Nothing that this member commits, and no farewell, reaches the broker.
		w.set(func(q call) fate {
			if q.Key == int16(kmsg.OffsetCommit) || q.Key == int16(kmsg.LeaveGroup) {
				return refuse
			}
			return pass
		})
		first := newCollector()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- dying.Consume(ctx, req, first) }()
		first.await(t, "the records", func() bool { return first.taken == 10 })
		cancel()
		w.breakAll()
		if err := <-done; err == nil || !strings.Contains(err.Error(), "come again") {
			t.Errorf("the member that could not commit says %v", err)
		}
		if o := committed(t, k, topic, topic, 1); o[0] > 0 {
			t.Fatalf("%d was committed", o[0])
		}
		again := newCollector()
		req.End = true
		if err := c.Consume(timeout(t, 60*time.Second), req, again); err != nil {
			t.Fatal(err)
		}
		if have := again.of(topic, 0).values; !slices.Equal(have, numbers(10)) {
			t.Errorf("came again: %q", have)
		}
		if o := committed(t, k, topic, topic, 1); o[0] != 10 {
			t.Errorf("%d committed", o[0])
		}
	})
}

func TestConsumeOnAColdCluster(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		key kmsg.Key
		err *kerr.Error
	}{
		{kmsg.FindCoordinator, kerr.CoordinatorNotAvailable},
		{kmsg.JoinGroup, kerr.CoordinatorLoadInProgress},
		{kmsg.JoinGroup, kerr.NotCoordinator},
	} {
		t.Run(fmt.Sprint(kmsg.NameForKey(int16(x.key)), " ", x.err.Message), func(t *testing.T) {
			t.Parallel()
			bubble.Run(t, func(t *testing.T) {
				f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
				c := open(t, f.ListenAddrs())
				write(t, client(t, f.ListenAddrs()), "t", 0, 5)
				f.Fault(kfake.Fault{Keys: []kmsg.Key{x.key}, Group: "g", Err: x.err, Count: 2})
				got := newCollector()
				err := c.Consume(timeout(t, 40*time.Second), ConsumeRequest{Group: "g", Topics: []string{"t"}, End: true}, got)
				if err != nil || got.taken != 5 {
					t.Errorf("took %d, %v", got.taken, err)
				}
			})
		})
	}
}

func TestConsumeWithoutPermission(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		for _, key := range []kmsg.Key{kmsg.FindCoordinator, kmsg.JoinGroup} {
			f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
			c := open(t, f.ListenAddrs())
			f.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Group: "g", Err: kerr.GroupAuthorizationFailed, Count: -1})
			err := c.Consume(timeout(t, 20*time.Second), ConsumeRequest{Group: "g", Topics: []string{"t"}, End: true}, newCollector())
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.Name() != "GROUP_AUTHORIZATION_FAILED" || !strings.Contains(err.Error(), `"g"`) || !strings.Contains(err.Error(), "ACL") {
				t.Errorf("%s: %v", kmsg.NameForKey(int16(key)), err)
			}
		}
	})
}

func TestBrowsingJoinsAndCommitsNothing(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		w := &wires{}
		c := open(t, brokers, w.use)
		topic := newTopic(t, open(t, brokers), 1, nil)
		write(t, client(t, brokers), topic, 0, 10)
		readAll(t, c, topic, ReadCommitted)
		newest(t, c, NewestRequest{Partitions: []TopicPartition{{topic, 0}}, N: 5})
		if _, err := c.DescribeTopic(timeout(t, 10*time.Second), topic); err != nil {
			t.Fatal(err)
		}
		for _, key := range w.keys() {
			if !readsOnly[key] || key == int16(kmsg.FindCoordinator) {
				t.Errorf("browsing sent %s", kmsg.NameForKey(key))
			}
		}
	})
}

func TestConsumeEndsWithTheErrorOfTheSink(t *testing.T) {
	t.Parallel()
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 1, nil)
		write(t, k, topic, 0, 10)
		full := errors.New("the disk is full")
		err := c.Consume(timeout(t, 30*time.Second), ConsumeRequest{Group: topic, Topics: []string{topic}, End: true}, failing{full})
		if !errors.Is(err, full) {
			t.Error(err)
		}
		if o := committed(t, k, topic, topic, 1); o[0] > 0 {
			t.Errorf("%d was committed, though nothing was flushed", o[0])
		}
	})
}

func TestAnEmptyPartitionsStartIsCommitted(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 2, nil)
		k := client(t, brokers)
		req := ConsumeRequest{Group: topic, Topics: []string{topic}, Start: Position{Kind: End}, End: true}
		if err := c.Consume(timeout(t, 60*time.Second), req, newCollector()); err != nil {
			t.Fatal(err)
		}
		// Written while nobody is a member: it must not be taken for the past.
		write(t, k, topic, 0, 3)
		write(t, k, topic, 1, 4)
		got := newCollector()
		if err := c.Consume(timeout(t, 60*time.Second), req, got); err != nil || got.taken != 7 {
			t.Errorf("took %d of 7, %v", got.taken, err)
		}
	})
}
