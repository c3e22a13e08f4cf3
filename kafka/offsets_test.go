package kafka

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// trim has somebody else's client delete a partition's records below offset.
func trim(t testing.TB, k *kgo.Client, topic string, partition int32, offset int64) {
	t.Helper()
	q := kmsg.NewPtrDeleteRecordsRequest()
	q.TimeoutMillis = 10_000
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic = topic
	rp := kmsg.NewDeleteRecordsRequestTopicPartition()
	rp.Partition, rp.Offset = partition, offset
	rt.Partitions = append(rt.Partitions, rp)
	q.Topics = append(q.Topics, rt)
	res, err := q.RequestWith(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	for _, rt := range res.Topics {
		for _, rp := range rt.Partitions {
			if err := kerr.ErrorForCode(rp.ErrorCode); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// writeAt has somebody else's client write a record for each timestamp.
func writeAt(t testing.TB, k *kgo.Client, topic string, partition int32, ms ...int64) {
	t.Helper()
	for _, at := range ms {
		r := &kgo.Record{Topic: topic, Partition: partition, Value: []byte("x"), Timestamp: time.UnixMilli(at)}
		if err := k.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// transactional is somebody else's client that writes in transactions.
func transactional(t testing.TB, brokers []string, id string) *kgo.Client {
	return client(t, brokers, kgo.TransactionalID(id))
}

// transact writes records in one transaction, which is then committed or not.
func transact(t testing.TB, k *kgo.Client, commit kgo.TransactionEndTry, records ...*kgo.Record) {
	t.Helper()
	if err := k.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := k.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := k.EndTransaction(t.Context(), commit); err != nil {
		t.Fatal(err)
	}
}

func TestOffsets(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 3, nil)
		hour := int64(3_600_000)
		base := time.Now().UnixMilli() / hour * hour
		writeAt(t, k, topic, 0, base, base+10, base+20, base+30)
		writeAt(t, k, topic, 1, base+15)
		trim(t, k, topic, 0, 1)
		top, err := c.Topic(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]struct {
			at      int64
			offsets [3]int64
		}{
			"start":          {AtStart, [3]int64{1, 0, 0}},
			"end":            {AtEnd, [3]int64{4, 1, 0}},
			"by time":        {base + 15, [3]int64{2, 0, -1}},
			"exact time":     {base + 20, [3]int64{2, -1, -1}},
			"before all":     {0, [3]int64{1, 0, -1}},
			"after all":      {base + 31, [3]int64{-1, -1, -1}},
			"end of all age": {math.MaxInt64, [3]int64{-1, -1, -1}},
		} {
			got, err := c.Offsets(timeout(t, 20*time.Second), want.at, ReadUncommitted, Partitions(top))
			if err != nil {
				t.Fatal(err)
			}
			for p, offset := range want.offsets {
				if o := got[TopicPartition{topic, int32(p)}]; o.Err != nil || o.Offset != offset {
					t.Errorf("%s: partition %d: %+v, want %d", name, p, o, offset)
				}
			}
		}
		got, err := c.Offsets(t.Context(), base+15, ReadUncommitted, []TopicPartition{{topic, 0}})
		if o := got[TopicPartition{topic, 0}]; err != nil || o.Timestamp != base+20 {
			t.Errorf("found by time: %+v, %v; its timestamp is %d", o, err, base+20)
		}
	})
}

func TestEndUnderReadCommittedIsTheLastStableOffset(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		tp := TopicPartition{topic, 0}
		write(t, client(t, brokers), topic, 0, 3)
		k := transactional(t, brokers, topic)
		if err := k.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := k.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte("open")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		end := func(iso Isolation) int64 {
			got, err := c.Offsets(timeout(t, 20*time.Second), AtEnd, iso, []TopicPartition{tp})
			if err != nil || got[tp].Err != nil {
				t.Fatal(err, got[tp].Err)
			}
			return got[tp].Offset
		}
		if all, stable := end(ReadUncommitted), end(ReadCommitted); all != 4 || stable != 3 {
			t.Errorf("with an open transaction the ends are %d and %d, want 4 and 3", all, stable)
		}
		if err := k.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
		// The marker is written a little after the transaction was ended.
		for deadline := time.Now().Add(10 * time.Second); end(ReadCommitted) < 5 && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond)
		}
		if all, stable := end(ReadUncommitted), end(ReadCommitted); all != 5 || stable != 5 {
			t.Errorf("after it the ends are %d and %d, want 5 and 5: a marker has an offset", all, stable)
		}
	})
}

func TestOffsetsFindTheLeaderAgain(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(3), kfake.SeedTopics(6, "t"))
		write(t, client(t, f.ListenAddrs()), "t", 2, 5)
		w := &wires{}
		c := open(t, f.ListenAddrs(), w.use, func(cfg *Config) { cfg.RequestTimeout = time.Second })
		top, err := c.Topic(t.Context(), "t")
		if err != nil {
			t.Fatal(err)
		}
		check := func(what string) {
			t.Helper()
			got, err := c.Offsets(timeout(t, 20*time.Second), AtEnd, ReadUncommitted, Partitions(top))
			if err != nil {
				t.Fatal(what, err)
			}
			for _, tp := range Partitions(top) {
				want := int64(0)
				if tp.Partition == 2 {
					want = 5
				}
				if o := got[tp]; o.Err != nil || o.Offset != want {
					t.Errorf("%s: %v: %+v, want %d", what, tp, o, want)
				}
			}
		}
		for _, code := range []*kerr.Error{kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.FencedLeaderEpoch, kerr.OffsetNotAvailable} {
			f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Topic: "t", Err: code, Count: 2})
			check(code.Message)
		}
		leader := f.LeaderFor("t", 2)
		if err := f.MoveTopicPartition("t", 2, (leader+1)%3); err != nil {
			t.Fatal(err)
		}
		check("leader moved")
		w.set(once(apiListOffsets, lose))
		check("connection lost")
		w.set(once(apiListOffsets, hang))
		check("no answer")

		f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Topic: "t", Partitions: []int32{1}, Err: kerr.TopicAuthorizationFailed, Count: -1})
		got, err := c.Offsets(timeout(t, 5*time.Second), AtEnd, ReadUncommitted, Partitions(top))
		var refusal *Error
		if err != nil || !errors.As(got[TopicPartition{"t", 1}].Err, &refusal) || refusal.Name() != "TOPIC_AUTHORIZATION_FAILED" || refusal.Partition != 1 {
			t.Errorf("no permission: %+v, %v", got[TopicPartition{"t", 1}], err)
		}
		if o := got[TopicPartition{"t", 2}]; o.Err != nil || o.Offset != 5 {
			t.Errorf("beside it: %+v", o)
		}
	})
}

func TestResolve(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 3, nil)
		base := time.Now().UnixMilli()/1000*1000 - 60_000
		at := func(ms int64) Position { return Position{Kind: AtTime, Time: time.UnixMilli(base + ms)} }
		for i := range int64(10) {
			writeAt(t, k, topic, 0, base+i*10)
		}
		for i := range int64(5) {
			writeAt(t, k, topic, 1, base+i*20+5)
		}
		trim(t, k, topic, 0, 2) // partition 0 is 2…10 at 20…90, 1 is 0…5 at 5, 25, 45, 65, 85, and 2 is empty
		top, err := c.Topic(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		pos := func(kind PositionKind, n int64) Position { return Position{Kind: kind, N: n} }
		to := func(p Position) *Position { return &p }
		for _, x := range []struct {
			from Position
			to   *Position
			want [3][2]int64
		}{
			{pos(Beginning, 0), nil, [3][2]int64{{2, NoEnd}, {0, NoEnd}, {0, NoEnd}}},
			{pos(End, 0), nil, [3][2]int64{{10, NoEnd}, {5, NoEnd}, {0, NoEnd}}},
			{pos(Beginning, 0), to(pos(End, 0)), [3][2]int64{{2, 10}, {0, 5}, {0, 0}}},
			{pos(AtOffset, 3), nil, [3][2]int64{{3, NoEnd}, {3, NoEnd}, {3, NoEnd}}},
			{pos(AtOffset, 0), nil, [3][2]int64{{2, NoEnd}, {0, NoEnd}, {0, NoEnd}}},
			{pos(AtOffset, 0), to(pos(AtOffset, 4)), [3][2]int64{{2, 4}, {0, 4}, {0, 0}}},
			{pos(LastEach, 3), nil, [3][2]int64{{7, NoEnd}, {2, NoEnd}, {0, NoEnd}}},
			{pos(LastEach, math.MaxInt64), nil, [3][2]int64{{2, NoEnd}, {0, NoEnd}, {0, NoEnd}}},
			{pos(AfterStart, 3), nil, [3][2]int64{{5, NoEnd}, {3, NoEnd}, {0, NoEnd}}},
			{pos(AfterStart, math.MaxInt64), nil, [3][2]int64{{10, NoEnd}, {5, NoEnd}, {0, NoEnd}}},
			{at(40), nil, [3][2]int64{{4, NoEnd}, {2, NoEnd}, {0, NoEnd}}},
			{at(40), to(at(66)), [3][2]int64{{4, 7}, {2, 4}, {0, 0}}},
			{at(1000), nil, [3][2]int64{{10, NoEnd}, {5, NoEnd}, {0, NoEnd}}},
			// The newest three: 80 and 90 of partition 0, and 85 of partition 1.
			{pos(Last, 3), nil, [3][2]int64{{8, NoEnd}, {4, NoEnd}, {0, NoEnd}}},
			{pos(Last, 100), to(pos(End, 0)), [3][2]int64{{2, 10}, {0, 5}, {0, 0}}},
			{pos(Last, 0), nil, [3][2]int64{{10, NoEnd}, {5, NoEnd}, {0, NoEnd}}},
		} {
			spans, _, err := c.Resolve(timeout(t, 20*time.Second), Partitions(top), x.from, x.to, ReadUncommitted)
			if err != nil {
				t.Errorf("%v: %v", x.from, err)
				continue
			}
			var got [3][2]int64
			for _, s := range spans {
				got[s.Partition] = [2]int64{s.From, s.To}
			}
			if got != x.want {
				t.Errorf("%v to %v: %v, want %v", x.from, x.to, got, x.want)
			}
		}
		if _, _, err := c.Resolve(t.Context(), Partitions(top), pos(Stored, 0), nil, ReadUncommitted); err == nil {
			t.Error("stored without a group was resolved")
		}
	})
}

func TestResolveInReverseIsNothing(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		write(t, client(t, brokers), topic, 0, 10)
		spans, _, err := c.Resolve(t.Context(), []TopicPartition{{topic, 0}}, Position{Kind: AtOffset, N: 8}, &Position{Kind: AtOffset, N: 3}, ReadUncommitted)
		if err != nil {
			t.Fatal(err)
		}
		got := newCollector()
		if err := c.Read(timeout(t, 10*time.Second), ReadRequest{Spans: spans}, got); err != nil || got.taken != 0 {
			t.Errorf("read %d records, %v", got.taken, err)
		}
	})
}

func TestAnOffsetAboveTheEndIsWaitedFor(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 1, nil)
		write(t, k, topic, 0, 10)
		spans, _, err := c.Resolve(t.Context(), []TopicPartition{{topic, 0}}, Position{Kind: AtOffset, N: 15}, nil, ReadUncommitted)
		if err != nil {
			t.Fatal(err)
		}
		got := newCollector()
		got.limit = 2
		done := make(chan error)
		go func() { done <- c.Read(timeout(t, 20*time.Second), ReadRequest{Spans: spans}, got) }()
		for range 8 {
			write(t, k, topic, 0, 1)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if have := got.parts[TopicPartition{topic, 0}].offsets; !slices.Equal(have, []int64{15, 16}) {
			t.Errorf("the offsets read from 15 on are %v", have)
		}
	})
}
