package kafka

// Reading while things happen: brokers, leaders, partitions and topics that come
// and go, and readers that do.

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"milena/internal/testseed"
	"milena/kafka/batch"
	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
)

// follow reads spans until the test ends, or stop is called, which waits.
func follow(t *testing.T, c *Cluster, req ReadRequest, got *collector) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Read(ctx, req, got) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stop() })
	return stop
}

// eachWay runs a test with requests that stand alone and with those of fetch
// sessions.
func eachWay(t *testing.T, test func(t *testing.T, sessions bool)) {
	t.Helper()
	for name, sessions := range map[string]bool{"alone": false, "in sessions": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, sessions)
		})
	}
}

// told is the first event of a kind.
func (c *collector) told(kind EventKind) (Event, bool) {
	i := slices.IndexFunc(c.events, func(e Event) bool { return e.Kind == kind })
	if i < 0 {
		return Event{}, false
	}
	return c.events[i], true
}

func (c *collector) awaitEvent(t *testing.T, kind EventKind) Event {
	t.Helper()
	var e Event
	c.await(t, fmt.Sprintf("the event %d", kind), func() (ok bool) { e, ok = c.told(kind); return ok })
	if e.Time.IsZero() || len(e.String()) < 10 {
		t.Errorf("event %+v: %s", e, e)
	}
	return e
}

// createPartitions has somebody else's client add partitions, up to n in all.
func createPartitions(t *testing.T, k *kgo.Client, topic string, n int32) {
	t.Helper()
	q := kmsg.NewPtrCreatePartitionsRequest()
	q.TimeoutMillis = 10_000
	rt := kmsg.NewCreatePartitionsRequestTopic()
	rt.Topic, rt.Count = topic, n
	q.Topics = append(q.Topics, rt)
	res, err := q.RequestWith(t.Context(), k)
	if err == nil {
		err = kerr.ErrorForCode(res.Topics[0].ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadRefreshesWhatIsRefusedAndGoesOn(t *testing.T) {
	t.Parallel()
	for _, refusal := range []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.ReplicaNotAvailable, kerr.UnknownTopicOrPartition, kerr.FencedLeaderEpoch,
		kerr.UnknownLeaderEpoch, kerr.OffsetNotAvailable, kerr.KafkaStorageError, kerr.UnknownTopicID, kerr.InconsistentTopicID, kerr.RequestTimedOut,
	} {
		t.Run(refusal.Message, func(t *testing.T) {
			t.Parallel()
			bubble.Run(t, func(t *testing.T) {
				f := fake(t, kfake.NumBrokers(2), kfake.SeedTopics(3, "t"))
				k := client(t, f.ListenAddrs())
				c := open(t, f.ListenAddrs())
				for p := range int32(3) {
					write(t, k, "t", p, 50)
				}
				f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "t", Partitions: []int32{1}, Err: refusal, Count: 2})
				got := readAll(t, c, "t", ReadUncommitted)
				for p := range int32(3) {
					if have := got.of("t", p).values; !slices.Equal(have, numbers(50)) {
						t.Errorf("partition %d: %q", p, have)
					}
				}
				if len(got.events) > 0 {
					t.Errorf("such a trifle was told: %v", got.events)
				}
			})
		})
	}
}

func TestReadEndsWhenItIsNotAllowed(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(2, "t"))
		c := open(t, f.ListenAddrs())
		f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "t", Err: kerr.TopicAuthorizationFailed, Count: -1})
		err := c.Read(timeout(t, 10*time.Second), ReadRequest{Spans: []Span{{TopicPartition{"t", 0}, 0, NoEnd}}}, newCollector())
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Name() != "TOPIC_AUTHORIZATION_FAILED" || refusal.Topic != "t" || refusal.Hint() == "" {
			t.Error(err)
		}
	})
}

func TestReadSaysWhenAPartitionIsStuck(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		write(t, client(t, f.ListenAddrs()), "t", 0, 3)
		c := open(t, f.ListenAddrs())
		fault := f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "t", Err: kerr.KafkaStorageError, Count: -1})
		got := newCollector()
		follow(t, c, ReadRequest{Spans: []Span{{TopicPartition{"t", 0}, 0, NoEnd}}}, got)
		if e := got.awaitEvent(t, PartitionStuck); e.Topic != "t" || e.Partition != 0 || e.Err == nil {
			t.Errorf("%+v", e)
		}
		fault.Remove()
		got.await(t, "the records", func() bool { return got.taken == 3 })
	})
}

func TestReadOverBrokenConnections(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fate{"before the request": refuse, "after the request": lose, "within the answer": cut} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBroker(t, func(t *testing.T, brokers []string) {
				w := &wires{}
				c := open(t, brokers, w.use)
				k := client(t, brokers)
				topic := newTopic(t, c, 2, nil)
				for range 4 {
					write(t, k, topic, 0, 500)
					write(t, k, topic, 1, 5)
				}
				w.set(func(q call) fate {
					if q.Key == apiFetch && q.N%2 == 1 && q.N < 8 {
						return f
					}
					return pass
				})
				got := readAll(t, c, topic, ReadUncommitted)
				want := slices.Concat(numbers(500), numbers(500), numbers(500), numbers(500))
				if have := got.of(topic, 0).values; !slices.Equal(have, want) {
					t.Errorf("%d records of partition 0, want %d", len(have), len(want))
				}
				if have := got.of(topic, 1).values; len(have) != 20 {
					t.Errorf("%d records of partition 1", len(have))
				}
				if _, lost := got.told(BrokerLost); !lost {
					t.Errorf("nothing was told: %v", got.events)
				}
				if _, back := got.told(BrokerBack); !back {
					t.Errorf("not told that it is back: %v", got.events)
				}
			})
		})
	}
}

func TestReadOverAHangingBroker(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, sessions bool) {
		onBroker(t, func(t *testing.T, brokers []string) {
			w := &wires{}
			c := open(t, brokers, w.use, func(cfg *Config) { cfg.RequestTimeout = time.Second })
			topic := newTopic(t, c, 1, nil)
			write(t, client(t, brokers), topic, 0, 10)
			w.set(once(apiFetch, hang))
			got := newCollector()
			follow(t, c, ReadRequest{sessions: sessions, Spans: []Span{{TopicPartition{topic, 0}, 0, NoEnd}}}, got)
			got.await(t, "the records", func() bool { return got.taken == 10 })
			if e := got.awaitEvent(t, BrokerLost); e.Broker == "" || e.Err == nil {
				t.Errorf("%+v", e)
			}
			got.awaitEvent(t, BrokerBack)
		})
	})
}

func TestReadFollowsMovingLeaders(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, sessions bool) {
		bubble.Run(t, func(t *testing.T) {
			f := fake(t, kfake.NumBrokers(3), kfake.SeedTopics(4, "t"))
			c := open(t, f.ListenAddrs())
			k := client(t, f.ListenAddrs())
			got := newCollector()
			var spans []Span
			for p := range int32(4) {
				spans = append(spans, Span{TopicPartition{"t", p}, 0, NoEnd})
			}
			follow(t, c, ReadRequest{sessions: sessions, Spans: spans}, got)
			const rounds, each = 8, 25
			for round := range rounds {
				for p := range int32(4) {
					write(t, k, "t", p, each)
				}
				if round%2 == 0 {
					got.await(t, "the round", func() bool { return got.taken == (round+1)*4*each })
				}
				f.ShufflePartitionLeaders()
			}
			got.await(t, "all", func() bool { return got.taken >= rounds*4*each })
			if e := got.awaitEvent(t, LeaderMoved); e.Topic != "t" || e.Moved < 1 || e.Moved > 4 || (e.Moved == 1) != (e.Broker != "") {
				t.Errorf("%+v", e)
			}
			for p := range int32(4) {
				offsets := got.of("t", p).offsets
				for i, o := range offsets {
					if o != int64(i) {
						t.Fatalf("partition %d: offset %d comes at place %d", p, o, i)
					}
				}
				if len(offsets) != rounds*each {
					t.Errorf("partition %d: %d records", p, len(offsets))
				}
			}
		})
	})
}

func TestReadSurvivesABrokerThatComesBack(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, sessions bool) {
		bubble.Run(t, func(t *testing.T) {
			f := fake(t, kfake.NumBrokers(2), kfake.SeedTopics(2, "t"))
			w := &wires{}
			c := open(t, f.ListenAddrs(), w.use)
			k := client(t, f.ListenAddrs())
			down := f.ListenAddrs()[f.LeaderFor("t", 0)]
			got := newCollector()
			follow(t, c, ReadRequest{sessions: sessions, Spans: []Span{{TopicPartition{"t", 0}, 0, NoEnd}, {TopicPartition{"t", 1}, 0, NoEnd}}}, got)
			write(t, k, "t", 0, 10)
			got.await(t, "the first", func() bool { return got.taken == 10 })
			w.mu.Lock()
			w.dialing = func(address string) error {
				if address == down {
					return errors.New("refused")
				}
				return nil
			}
			w.mu.Unlock()
			w.breakAll()
			// Every connection broke; the other broker may be missed for a moment too.
			of := func(kind EventKind) func() bool {
				return func() bool {
					return slices.ContainsFunc(got.events, func(e Event) bool { return e.Kind == kind && e.Broker == down })
				}
			}
			got.await(t, "word that the broker is lost", of(BrokerLost))
			write(t, k, "t", 0, 10)
			w.mu.Lock()
			w.dialing = nil
			w.mu.Unlock()
			got.await(t, "the rest", func() bool { return got.taken == 20 })
			got.await(t, "word that the broker is back", of(BrokerBack))
			if have := got.of("t", 0).offsets; len(have) != 20 || have[19] != 19 {
				t.Errorf("offsets %v", have)
			}
		})
	})
}

func TestReadGrows(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, sessions bool) {
		onBroker(t, func(t *testing.T, brokers []string) {
			c := open(t, brokers)
			k := client(t, brokers)
			topic := newTopic(t, c, 1, nil)
			grow, fixed, without := newCollector(), newCollector(), newCollector()
			spans := []Span{{TopicPartition{topic, 0}, 0, NoEnd}}
			follow(t, c, ReadRequest{sessions: sessions, Spans: spans, Grow: true}, grow)
			follow(t, c, ReadRequest{sessions: sessions, Spans: spans}, fixed)
			follow(t, c, ReadRequest{sessions: sessions, Spans: spans, Grow: true, Without: func(tp TopicPartition) bool { return tp.Partition == 1 }}, without)
			write(t, k, topic, 0, 5)
			grow.await(t, "the first partition", func() bool { return grow.taken == 5 })
			createPartitions(t, k, topic, 3)
			for p := int32(1); p < 3; p++ {
				for try := 0; ; try++ { // until the leader knows that it leads
					err := k.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Partition: p, Value: []byte("new")}).FirstErr()
					if err == nil {
						break
					}
					if try == 100 {
						t.Fatal(err)
					}
					time.Sleep(50 * time.Millisecond)
					k.ForceMetadataRefresh()
				}
			}
			grow.await(t, "the new partitions", func() bool { return grow.taken == 7 })
			e := grow.awaitEvent(t, PartitionAdded)
			if e.Topic != topic || e.Partition < 1 {
				t.Errorf("%+v", e)
			}
			write(t, k, topic, 0, 1)
			fixed.await(t, "the first partition", func() bool { return fixed.taken == 6 })
			if len(fixed.parts) != 1 {
				t.Error("without Grow new partitions were read")
			}
			without.await(t, "the others", func() bool { return without.taken == 7 })
			if without.parts[TopicPartition{topic, 1}] != nil {
				t.Error("what was to be left out was read")
			}
		})
	})
}

func TestReadOverATopicDeletedAndCreatedAgain(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, sessions bool) {
		for _, most := range []int16{fetchByName, fetchByID} {
			t.Run(fmt.Sprintf("fetch version %d", most), func(t *testing.T) {
				t.Parallel()
				brokers := brokersOf(t)
				if most == fetchByName {
					f := fake(t, kfake.NumBrokers(1))
					speaking(f, apiFetch, 0, most)
					brokers = f.ListenAddrs()
				}
				c, other := open(t, brokers), open(t, brokers)
				topic := newTopic(t, other, 1, nil)
				k := client(t, brokers)
				write(t, k, topic, 0, 20)
				got := newCollector()
				follow(t, c, ReadRequest{sessions: sessions, Spans: []Span{{TopicPartition{topic, 0}, 0, NoEnd}}}, got)
				got.await(t, "the first topic", func() bool { return got.taken == 20 })
				if err := other.DeleteTopic(timeout(t, 20*time.Second), topic); err != nil {
					t.Fatal(err)
				}
				if e := got.awaitEvent(t, TopicDeleted); e.Topic != topic {
					t.Errorf("%+v", e)
				}
				if err := other.CreateTopic(timeout(t, 20*time.Second), NewTopic{Name: topic, Partitions: 1, ReplicationFactor: -1}); err != nil {
					t.Fatal(err)
				}
				write(t, client(t, brokers), topic, 0, 30) // more than before: nothing of it may be taken for read
				got.awaitEvent(t, TopicRecreated)
				got.await(t, "the second topic", func() bool { return got.taken == 50 })
				if have := got.of(topic, 0).values; !slices.Equal(have, slices.Concat(numbers(20), numbers(30))) {
					t.Errorf("%q", have)
				}
			})
		}
	})
}

func TestReadNoticesATopicThatWasReplacedAtOnce(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, sessions bool) {
		bubble.Run(t, func(t *testing.T) {
			f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
			c := open(t, f.ListenAddrs())
			write(t, client(t, f.ListenAddrs()), "t", 0, 20)
			got := newCollector()
			follow(t, c, ReadRequest{sessions: sessions, Spans: []Span{{TopicPartition{"t", 0}, 0, NoEnd}}}, got)
			got.await(t, "the first topic", func() bool { return got.taken == 20 })
			if err := f.DeleteTopic("t"); err != nil {
				t.Fatal(err)
			}
			if err := f.CreateTopic("t", 1, nil); err != nil {
				t.Fatal(err)
			}
			write(t, client(t, f.ListenAddrs()), "t", 0, 30)
			got.awaitEvent(t, TopicRecreated)
			got.await(t, "the second topic", func() bool { return got.taken == 50 })
			if have := got.of("t", 0).values; !slices.Equal(have, slices.Concat(numbers(20), numbers(30))) {
				t.Errorf("%q", have)
			}
		})
	})
}

func TestReadOfATopicThatWasCreatedAgainBetweenTwoReads(t *testing.T) {
	t.Parallel()
	for _, n := range []int{5, 30} { // fewer than before, and more
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			onBroker(t, func(t *testing.T, brokers []string) {
				c, other := open(t, brokers), open(t, brokers)
				topic := newTopic(t, other, 1, nil)
				tp := TopicPartition{topic, 0}
				write(t, client(t, brokers), topic, 0, 20)
				got := newCollector()
				stop := follow(t, c, ReadRequest{Spans: []Span{{tp, 0, NoEnd}}}, got)
				got.await(t, "the first topic", func() bool { return got.taken == 20 })
				_ = stop()
				before := got.of(topic, 0).state.TopicID
				if before == [16]byte{} {
					t.Fatal("the state does not tell which topic it is of")
				}
				if err := other.DeleteTopic(timeout(t, 20*time.Second), topic); err != nil {
					t.Fatal(err)
				}
				// A real cluster deletes in the background, and refuses the name meanwhile.
				for ctx := timeout(t, 20*time.Second); ; time.Sleep(20 * time.Millisecond) {
					err := other.CreateTopic(ctx, NewTopic{Name: topic, Partitions: 1, ReplicationFactor: -1})
					if err == nil {
						break
					}
					var refusal *Error
					if !errors.As(err, &refusal) || refusal.Code != codeTopicAlreadyExists {
						t.Fatal(err)
					}
				}
				write(t, client(t, brokers), topic, 0, n)
				request := func(to int64) ReadRequest {
					return ReadRequest{Spans: []Span{{tp, 20, to}}, TopicIDs: map[string][16]byte{topic: before}}
				}

				var another *TopicRecreatedError
				none := newCollector()
				if err := c.Read(timeout(t, 20*time.Second), request(25), none); !errors.As(err, &another) || another.Topic != topic {
					t.Fatalf("a read up to an end: %v", err)
				}
				if none.taken != 0 || len(none.events) != 0 {
					t.Errorf("a read up to an end gave %d records, and %v", none.taken, none.events)
				}
				again := newCollector()
				follow(t, c, request(NoEnd), again)
				e := again.awaitEvent(t, TopicRecreated)
				again.await(t, "the second topic", func() bool { return again.taken == n })
				if have := again.of(topic, 0).values; !slices.Equal(have, numbers(n)) {
					t.Errorf("%q", have)
				}
				if id := again.of(topic, 0).state.TopicID; id != e.TopicID || id != another.TopicID || id == before {
					t.Errorf("the event says %x, the error %x, the state %x; before it was %x", e.TopicID, another.TopicID, id, before)
				}
			})
		})
	}
}

func TestBoundedReadOfATopicThatIsDeletedFails(t *testing.T) {
	t.Parallel()
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		write(t, client(t, brokers), topic, 0, 5)
		got := newCollector()
		done := make(chan error, 1)
		go func() {
			done <- c.Read(timeout(t, 30*time.Second), ReadRequest{Spans: []Span{{TopicPartition{topic, 0}, 0, 100}}}, got)
		}()
		got.await(t, "what is there", func() bool { return got.taken == 5 })
		begun := time.Now()
		if err := c.DeleteTopic(timeout(t, 20*time.Second), topic); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		waited(t, begun, 10*time.Second)
	})
}

func TestReadSaysWhatRetentionTook(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, sessions bool) {
		onBroker(t, func(t *testing.T, brokers []string) {
			c := open(t, brokers)
			k := client(t, brokers)
			topic := newTopic(t, c, 2, nil)
			write(t, k, topic, 0, 100)
			write(t, k, topic, 1, 100)
			trim(t, k, topic, 0, 60)
			trim(t, k, topic, 1, 60)
			got := newCollector()
			// Partition 1 ends within what is gone.
			err := c.Read(timeout(t, 20*time.Second), ReadRequest{sessions: sessions, Spans: []Span{{TopicPartition{topic, 0}, 10, 100}, {TopicPartition{topic, 1}, 10, 30}}}, got)
			if err != nil {
				t.Fatal(err)
			}
			if have := got.of(topic, 0).values; !slices.Equal(have, numbers(100)[60:]) {
				t.Errorf("%q", have)
			}
			if have := got.of(topic, 1).values; len(have) != 0 {
				t.Errorf("%q", have)
			}
			var gone [2][2]int64
			for _, e := range got.events {
				if e.Kind == OffsetsGone {
					gone[e.Partition] = [2]int64{e.From, e.To}
				}
			}
			if gone != [2][2]int64{{10, 60}, {10, 30}} {
				t.Errorf("said to be gone: %v; events %v", gone, got.events)
			}
		})
	})
}

func TestNoPartitionStarves(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		// A broker that answers with the first partition of each request only, and
		// one partition without an end.
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(5, "t"))
		id := f.TopicInfo("t").TopicID
		raw := encoded(t, batch.None, 0, values("x")...)
		f.ControlKey(int16(kmsg.Fetch), func(q kmsg.Request) (kmsg.Response, error, bool) {
			f.KeepControl()
			asked := q.(*kmsg.FetchRequest).Topics[0].Partitions[0]
			res := q.ResponseKind().(*kmsg.FetchResponse)
			rt := kmsg.NewFetchResponseTopic()
			rt.TopicID = id
			p := kmsg.NewFetchResponseTopicPartition()
			p.Partition, p.HighWatermark, p.LastStableOffset = asked.Partition, 1<<40, 1<<40
			p.RecordBatches = slices.Clone(raw)
			binary.BigEndian.PutUint64(p.RecordBatches, uint64(asked.FetchOffset))
			rt.Partitions = append(rt.Partitions, p)
			res.Topics = append(res.Topics, rt)
			return res, nil, true
		})
		got := newCollector()
		spans := []Span{{TopicPartition{"t", 0}, 0, NoEnd}}
		for p := int32(1); p < 5; p++ {
			spans = append(spans, Span{TopicPartition{"t", p}, 0, NoEnd})
		}
		follow(t, open(t, f.ListenAddrs()), ReadRequest{Spans: spans}, got)
		got.await(t, "500 records", func() bool { return got.taken >= 500 })
		for p := range int32(5) {
			if n := len(got.of("t", p).values); n < 50 {
				t.Errorf("partition %d got %d of 500 turns", p, n)
			}
		}
	})
}

func TestReadManySmallFetchesOfUnequalPartitions(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, sessions bool) {
		onBroker(t, func(t *testing.T, brokers []string) {
			c := open(t, brokers)
			k := client(t, brokers, kgo.ProducerBatchMaxBytes(20_000), kgo.MaxBufferedRecords(1_000_000))
			topic := newTopic(t, c, 8, nil)
			filler := make([]byte, 1000)
			var want [8]int
			for p := range want {
				want[p] = 1 << (p + 5) // 32 … 4096
				for i := range want[p] {
					k.Produce(t.Context(), &kgo.Record{Topic: topic, Partition: int32(p), Key: fmt.Append(nil, i), Value: filler}, nil)
				}
			}
			if err := k.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, workers := range []int{0, 1, 5} {
				spans := wholeTopic(t, c, topic, ReadUncommitted)
				got := newCollector()
				if err := c.Read(timeout(t, 60*time.Second), ReadRequest{sessions: sessions, Spans: spans, Workers: workers}, got); err != nil {
					t.Fatal(err)
				}
				for p, n := range want {
					have := got.of(topic, int32(p)).offsets
					for i, o := range have {
						if o != int64(i) {
							t.Fatalf("%d workers: partition %d: offset %d comes at place %d", workers, p, o, i)
						}
					}
					if len(have) != n {
						t.Errorf("%d workers: partition %d: %d records, want %d", workers, p, len(have), n)
					}
				}
			}
		})
	})
}

// strict fails a test when a partition's calls overlap, or anything comes after
// a record was not taken.
type strict struct {
	t     *testing.T
	limit int
	mu    sync.Mutex
	parts map[TopicPartition]*strictPart
}

type strictPart struct {
	s       *strict
	busy    sync.Mutex
	taken   int
	refused int64 // offset that was not taken; -1: none
	flushed bool
	next    int64
}

func (s *strict) Event(Event) {}
func (s *strict) Partition(tp TopicPartition) PartitionSink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts[tp] != nil {
		s.t.Errorf("%v was begun twice", tp)
	}
	p := &strictPart{s: s, refused: -1}
	s.parts[tp] = p
	return p
}

func (p *strictPart) enter() {
	if !p.busy.TryLock() {
		p.s.t.Error("calls overlap")
		p.busy.Lock()
	}
}

func (p *strictPart) Record(v *batch.View) bool {
	p.enter()
	defer p.busy.Unlock()
	if p.refused >= 0 {
		p.s.t.Errorf("offset %d came after %d was not taken", v.Offset, p.refused)
	}
	if p.taken == p.s.limit {
		p.refused = v.Offset
		return false
	}
	p.taken++
	return true
}

func (p *strictPart) Skip(batch.Skip) {
	p.enter()
	defer p.busy.Unlock()
	if p.refused >= 0 {
		p.s.t.Error("a skip came after a record was not taken")
	}
}

func (p *strictPart) Flush(s PartitionState) error {
	p.enter()
	defer p.busy.Unlock()
	if p.flushed {
		p.s.t.Error("a second flush came after a record was not taken")
	}
	p.flushed, p.next = p.refused >= 0, s.Next
	return nil
}

func TestNothingComesAfterNotTaken(t *testing.T) {
	t.Parallel()
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 4, nil)
		for p := range int32(4) {
			for range 5 {
				write(t, k, topic, p, 100)
			}
		}
		for _, limit := range []int{0, 1, 99, 100, 101, 250} {
			s := &strict{t: t, limit: limit, parts: make(map[TopicPartition]*strictPart)}
			var spans []Span
			for p := range int32(4) {
				spans = append(spans, Span{TopicPartition{topic, p}, 0, NoEnd})
			}
			if err := c.Read(timeout(t, 20*time.Second), ReadRequest{Spans: spans}, s); err != nil {
				t.Fatal(err)
			}
			stopped := 0
			for tp, p := range s.parts {
				if p.refused < 0 {
					continue
				}
				stopped++
				if p.refused != int64(limit) || p.next != p.refused || !p.flushed {
					t.Errorf("limit %d: %v: offset %d was not taken, the last flush says %d (%v)", limit, tp, p.refused, p.next, p.flushed)
				}
			}
			if stopped == 0 {
				t.Errorf("limit %d: it ended before anything was not taken", limit)
			}
		}
	})
}

func TestErrorOfFlushEndsTheRead(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		write(t, client(t, brokers), topic, 0, 5)
		full := errors.New("the disk is full")
		err := c.Read(timeout(t, 10*time.Second), ReadRequest{Spans: []Span{{TopicPartition{topic, 0}, 0, NoEnd}}}, failing{full})
		if !errors.Is(err, full) {
			t.Error(err)
		}
	})
}

type failing struct{ err error }

func (f failing) Partition(TopicPartition) PartitionSink { return f }
func (failing) Event(Event)                              {}
func (failing) Record(*batch.View) bool                  { return true }
func (failing) Skip(batch.Skip)                          {}
func (f failing) Flush(PartitionState) error             { return f.err }

func TestReadRefusesWhatCannotBe(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		c := open(t, fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t")).ListenAddrs())
		tp := TopicPartition{"t", 0}
		for name, spans := range map[string][]Span{"negative": {{tp, -1, 5}}, "twice": {{tp, 0, 5}, {tp, 5, 9}}} {
			if err := c.Read(timeout(t, 5*time.Second), ReadRequest{Spans: spans}, newCollector()); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := c.Read(timeout(t, 5*time.Second), ReadRequest{}, newCollector()); err != nil {
			t.Error(err)
		}
	})
}

func TestReadTellsOfAnEmptyPartition(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		got := newCollector()
		follow(t, c, ReadRequest{Spans: []Span{{TopicPartition{topic, 0}, 0, NoEnd}}}, got)
		got.await(t, "word of the empty partition", func() bool { return len(got.parts) == 1 })
	})
}

func TestCancelledReadReturnsAtOnce(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		write(t, client(t, brokers), topic, 0, 1)
		for range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			got := newCollector()
			done := make(chan error)
			go func() { done <- c.Read(ctx, ReadRequest{Spans: []Span{{TopicPartition{topic, 0}, 0, NoEnd}}}, got) }()
			got.await(t, "a first answer", func() bool { return got.taken == 1 })
			begun := time.Now() // the next request waits at the broker now
			cancel()
			if err := <-done; err != context.Canceled {
				t.Error(err)
			}
			waited(t, begun, 0)
		}
	})
}

func TestReadCancelledInMidFetchSharesNoMemory(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		var stops stopping
		c := open(t, brokers, stops.use)
		k := client(t, brokers)
		topic := newTopic(t, c, 2, nil)
		text := make([]byte, 2000)
		for p := range int32(2) {
			var recs []*kgo.Record
			for i := range 1000 {
				for j := range text {
					text[j] = byte(i)
				}
				recs = append(recs, &kgo.Record{Topic: topic, Partition: p, Value: slices.Clone(text)})
			}
			if err := k.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		before := goleak.IgnoreCurrent()
		spans := []Span{{TopicPartition{topic, 0}, 0, 1000}, {TopicPartition{topic, 1}, 0, 1000}}
		random := testseed.Rand(t)
		for range 60 {
			ctx, cancel := context.WithCancel(t.Context())
			stops.after(random.IntN(5<<20), cancel) // of the 4 MB that it reads
			err := c.Read(ctx, ReadRequest{Spans: spans}, whole{t})
			if err != nil && err != context.Canceled {
				t.Fatal(err)
			}
			cancel()
		}
		if err := c.Read(timeout(t, 30*time.Second), ReadRequest{Spans: spans}, whole{t}); err != nil {
			t.Error(err)
		}
		c.Close()
		leavesNothing(t, before)
	})
}

// stopping calls a function when so many bytes have been read from all connections:
// where time passes only while everything waits, a timer never comes in between.
type stopping struct {
	left  atomic.Int64
	then  atomic.Pointer[func()]
	below func(ctx context.Context, network, address string) (net.Conn, error)
}

func (s *stopping) use(cfg *Config) {
	s.below = cfg.Dial
	if s.below == nil {
		s.below = new(net.Dialer).DialContext
	}
	cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := s.below(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &stoppingConn{conn, s}, nil
	}
}

func (s *stopping) after(bytes int, then func()) {
	s.left.Store(int64(bytes))
	s.then.Store(&then)
}

type stoppingConn struct {
	net.Conn
	s *stopping
}

func (c *stoppingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.s.left.Add(-int64(n)) < 0 {
		if then := c.s.then.Swap(nil); then != nil {
			(*then)()
		}
	}
	return n, err
}

// whole is a sink that looks at every byte: value and offset must agree.
type whole struct{ t *testing.T }

func (w whole) Partition(TopicPartition) PartitionSink { return w }
func (whole) Event(Event)                              {}
func (whole) Skip(batch.Skip)                          {}
func (whole) Flush(PartitionState) error               { return nil }
func (w whole) Record(v *batch.View) bool {
	for _, b := range v.Value {
		if b != byte(v.Offset) {
			w.t.Errorf("offset %d holds %x", v.Offset, b)
			return false
		}
	}
	return true
}

func TestReadSaysWhenTheLogWasTruncated(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, sessions bool) {
		bubble.Run(t, func(t *testing.T) {
			// An unclean leader election: the log was read to 10, and now ends at 6.
			f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
			c := open(t, f.ListenAddrs())
			write(t, client(t, f.ListenAddrs()), "t", 0, 6)
			id := f.TopicInfo("t").TopicID
			more := encoded(t, batch.None, 6, values("lost", "lost", "lost", "lost")...)
			told := false
			f.ControlKey(int16(kmsg.Fetch), func(q kmsg.Request) (kmsg.Response, error, bool) {
				f.KeepControl()
				offset := q.(*kmsg.FetchRequest).Topics[0].Partitions[0].FetchOffset
				if offset < 6 || offset == 6 && told {
					return nil, nil, false
				}
				res := q.ResponseKind().(*kmsg.FetchResponse)
				rt := kmsg.NewFetchResponseTopic()
				rt.TopicID = id
				p := kmsg.NewFetchResponseTopicPartition()
				if offset == 6 {
					p.HighWatermark, p.LastStableOffset, p.RecordBatches = 10, 10, more
					told = true
				} else {
					p.ErrorCode = codeOffsetOutOfRange
				}
				rt.Partitions = append(rt.Partitions, p)
				res.Topics = append(res.Topics, rt)
				return res, nil, true
			})
			got := newCollector()
			follow(t, c, ReadRequest{sessions: sessions, Spans: []Span{{TopicPartition{"t", 0}, 0, NoEnd}}}, got)
			if e := got.awaitEvent(t, LogTruncated); e.From != 10 || e.To != 6 {
				t.Errorf("%+v", e)
			}
			write(t, client(t, f.ListenAddrs()), "t", 0, 3)
			got.await(t, "what was written after", func() bool { return got.taken == 13 })
			if have := got.of("t", 0).offsets; !slices.Equal(have, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 6, 7, 8}) {
				t.Errorf("%v", have)
			}
		})
	})
}

func TestReadOverATopicThatComesBackInAnotherSize(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, sessions bool) {
		brokers := brokersOf(t)
		for _, size := range [][2]int32{{1, 3}, {3, 1}} {
			t.Run(fmt.Sprint(size), func(t *testing.T) {
				t.Parallel()
				c, other := open(t, brokers), open(t, brokers)
				topic := newTopic(t, other, size[0], nil)
				var spans []Span
				for p := range size[0] {
					write(t, client(t, brokers), topic, p, 4)
					spans = append(spans, Span{TopicPartition{topic, p}, 0, NoEnd})
				}
				got := newCollector()
				follow(t, c, ReadRequest{sessions: sessions, Spans: spans, Grow: true}, got)
				got.await(t, "the first topic", func() bool { return got.taken == 4*int(size[0]) })
				if err := other.DeleteTopic(timeout(t, 20*time.Second), topic); err != nil {
					t.Fatal(err)
				}
				got.awaitEvent(t, TopicDeleted)
				if err := other.CreateTopic(timeout(t, 20*time.Second), NewTopic{Name: topic, Partitions: size[1], ReplicationFactor: -1}); err != nil {
					t.Fatal(err)
				}
				for p := range size[1] {
					write(t, client(t, brokers), topic, p, 6)
				}
				got.await(t, "the second topic", func() bool { return got.taken == 4*int(size[0])+6*int(size[1]) })
				for p := range size[1] {
					want := numbers(6)
					if p < size[0] {
						want = slices.Concat(numbers(4), want)
					}
					if have := got.of(topic, p).values; !slices.Equal(have, want) {
						t.Errorf("partition %d: %q, want %q", p, have, want)
					}
				}
			})
		}
	})
}

func TestBoundedReadOfATopicThatIsReplacedFails(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		c := open(t, f.ListenAddrs())
		write(t, client(t, f.ListenAddrs()), "t", 0, 5)
		got := newCollector()
		done := make(chan error, 1)
		go func() {
			done <- c.Read(timeout(t, 20*time.Second), ReadRequest{Spans: []Span{{TopicPartition{"t", 0}, 0, 100}}}, got)
		}()
		got.await(t, "what is there", func() bool { return got.taken == 5 })
		if err := f.DeleteTopic("t"); err != nil {
			t.Fatal(err)
		}
		if err := f.CreateTopic("t", 1, nil); err != nil {
			t.Fatal(err)
		}
		write(t, client(t, f.ListenAddrs()), "t", 0, 200)
		if err := <-done; err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if have := got.of("t", 0).values; !slices.Equal(have, numbers(5)) {
			t.Errorf("records of another topic were read: %q", have)
		}
	})
}
