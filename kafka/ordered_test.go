package kafka

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

// given is a record as an ordered sink got it.
type given struct {
	TopicPartition
	offset, timestamp int64
	value             string
	headers           int
	late              bool
}

// orderedCollector is an ordered sink that keeps everything.
type orderedCollector struct {
	collector
	records []given // guarded by collector.mu
	most    int     // then no more is taken; 0: everything is
	broken  error   // what Flush fails with
	reached map[TopicPartition]reached
}

func newOrderedCollector() *orderedCollector {
	return &orderedCollector{collector: *newCollector()} //nolint:govet // nobody has locked it yet
}

func (c *orderedCollector) Record(tp TopicPartition, v *batch.View, late bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.most > 0 && len(c.records) == c.most {
		return false
	}
	c.records = append(c.records, given{tp, v.Offset, v.Timestamp, string(v.Value), v.HeaderCount(), late})
	return true
}

func (c *orderedCollector) Skip(TopicPartition, batch.Skip) {}

func (c *orderedCollector) Reached(tp TopicPartition, next int64, state PartitionState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reached == nil {
		c.reached = make(map[TopicPartition]reached)
	}
	c.reached[tp] = reached{next, state}
}

func (c *orderedCollector) Flush() error {
	select {
	case c.news <- struct{}{}:
	default:
	}
	return c.broken
}

// merged is the order that records must come in: by the latest timestamp of
// their partition up to them, ties by topic, partition and offset.
func merged(records []given) []given {
	slices.SortFunc(records, func(a, b given) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.offset, b.offset))
	})
	keys := make(map[given]int64)
	latest := make(map[TopicPartition]int64)
	for _, r := range records {
		latest[r.TopicPartition] = max(latest[r.TopicPartition], r.timestamp)
		keys[r] = latest[r.TopicPartition]
	}
	slices.SortStableFunc(records, func(a, b given) int { return cmp.Compare(keys[a], keys[b]) })
	return records
}

// bounded gives spans their ends as they are now.
func bounded(t testing.TB, c *Cluster, spans []Span) []Span {
	t.Helper()
	var tps []TopicPartition
	for _, s := range spans {
		tps = append(tps, s.TopicPartition)
	}
	spans, _, err := c.Resolve(t.Context(), tps, Position{Kind: Beginning}, &Position{Kind: End}, ReadUncommitted)
	if err != nil {
		t.Fatal(err)
	}
	return spans
}

func TestOrderedMergesHistoryExactly(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		before := goleak.IgnoreCurrent()
		c := open(t, brokers)
		k := client(t, brokers)
		random := rand.New(rand.NewPCG(3, 4))
		base := time.Now().UnixMilli() - 86_400_000
		var topics []string
		var want []given
		for range 3 {
			topic := newTopic(t, c, 4, nil)
			topics = append(topics, topic)
			for p := range int32(3) { // the fourth stays empty
				at := base
				var records []*kgo.Record
				for i := range 20 + random.IntN(2000) {
					at += random.Int64N(50)
					r := &kgo.Record{Topic: topic, Partition: p, Value: fmt.Append(nil, topic, p, i), Timestamp: time.UnixMilli(at)}
					if p == 2 { // out of order
						r.Timestamp = r.Timestamp.Add(-time.Duration(random.IntN(500)) * time.Millisecond)
					}
					if i%3 == 0 {
						r.Headers = []kgo.RecordHeader{{Key: "a", Value: []byte("b")}, {Key: "c"}}
					}
					records = append(records, r)
					want = append(want, given{TopicPartition{topic, p}, int64(i), r.Timestamp.UnixMilli(), string(r.Value), len(r.Headers), false})
				}
				if err := k.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
		}
		got := newOrderedCollector()
		if err := c.ReadOrdered(timeout(t, 30*time.Second), OrderedRequest{ReadRequest: ReadRequest{Spans: bounded(t, c, allOf(t, c, topics...))}}, got); err != nil {
			t.Fatal(err)
		}
		if want = merged(want); !slices.Equal(got.records, want) {
			t.Errorf("%d records, want %d", len(got.records), len(want))
			for i := range min(len(want), len(got.records)) {
				if want[i] != got.records[i] {
					t.Fatalf("record %d: %v, want %v", i, got.records[i], want[i])
				}
			}
		}
		k.Close()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		leavesNothing(t, before)
	})
}

// A partition that is far ahead of the others in time is held back, and
// everything comes nevertheless.
func TestOrderedHoldsBackWhatIsAhead(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 3, nil)
		base := time.Now().UnixMilli() - 86_400_000
		const n, size = 3000, 10_000 // of each partition more than all may hold
		var records []*kgo.Record
		for p := range int32(3) {
			for i := range n {
				// One is an hour after the other.
				at := time.UnixMilli(base + int64(2-p)*3_600_000 + int64(i))
				records = append(records, &kgo.Record{Topic: topic, Partition: p, Value: bytes.Repeat([]byte("x"), size), Timestamp: at})
			}
		}
		if err := k.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		sink := &heldMeter{}
		if err := c.ReadOrdered(timeout(t, 60*time.Second), OrderedRequest{ReadRequest: ReadRequest{Spans: bounded(t, c, allOf(t, c, topic))}}, sink); err != nil {
			t.Fatal(err)
		}
		if len(sink.times) != 3*n || !slices.IsSorted(sink.times) {
			t.Errorf("%d records, want %d; in order: %v", len(sink.times), 3*n, slices.IsSorted(sink.times))
		}
	})
}

type heldMeter struct{ times []int64 }

func (m *heldMeter) Record(_ TopicPartition, v *batch.View, _ bool) bool {
	m.times = append(m.times, v.Timestamp)
	return true
}
func (m *heldMeter) Skip(TopicPartition, batch.Skip)               {}
func (m *heldMeter) Reached(TopicPartition, int64, PartitionState) {}
func (m *heldMeter) Flush() error                                  { return nil }
func (m *heldMeter) Event(Event)                                   {}

// Live, every record is given after the history, and in order unless it is late.
func TestOrderedLive(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 2, nil)
		base := time.Now().UnixMilli()
		writeTimes(t, k, topic, 0, []int64{base + 5})
		got := newOrderedCollector()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() {
			done <- c.ReadOrdered(ctx, OrderedRequest{ReadRequest: ReadRequest{Spans: allOf(t, c, topic)},
				History: map[TopicPartition]int64{{topic, 0}: 1}}, got)
		}()
		for i := range int64(10) {
			writeTimes(t, k, topic, 0, []int64{base + 20*i + 20})
			writeTimes(t, k, topic, 1, []int64{base + 20*i + 10})
		}
		got.await(t, "all", func() bool { return len(got.records) == 21 })
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		latest := int64(0)
		for i, r := range got.records {
			if r.late != (r.timestamp < latest) {
				t.Errorf("record %d: %+v, after %d", i, r, latest)
			}
			latest = max(latest, r.timestamp)
		}
	})
}

// What waits for the window is given when the read ends.
func TestOrderedGivesWhatWaitsAtTheEnd(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		write(t, client(t, brokers), topic, 0, 3)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		got := newOrderedCollector()
		o := &ordered{sink: got, window: time.Hour, byTP: make(map[TopicPartition]*orderedPart),
			news: make(chan struct{}, 1), resume: make(chan struct{}, 1)}
		arrived := make(chan struct{})
		go func() {
			_ = c.Read(ctx, ReadRequest{Spans: allOf(t, c, topic)}, tee{orderedSink{o}, arrived})
		}()
		<-arrived
		o.collect(false)
		if o.give(time.Now(), false); len(got.records) != 0 {
			t.Errorf("%d records before the window has passed", len(got.records))
		}
		done := make(chan error, 1)
		done <- context.Canceled
		if err := o.merge(done); !errors.Is(err, context.Canceled) || len(got.records) != 3 {
			t.Errorf("%v, %d records, want 3", err, len(got.records))
		}
	})
}

// tee tells when a first stretch is through.
type tee struct {
	orderedSink
	arrived chan struct{}
}

func (s tee) Partition(tp TopicPartition) PartitionSink {
	return &teePart{PartitionSink: s.orderedSink.Partition(tp), arrived: s.arrived}
}

type teePart struct {
	PartitionSink
	arrived chan struct{}
	once    sync.Once
}

func (p *teePart) Flush(s PartitionState) error {
	err := p.PartitionSink.Flush(s)
	if s.Next > 0 {
		p.once.Do(func() { close(p.arrived) })
	}
	return err
}

func TestOrderedMarksWhatIsLate(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 2, nil)
		base := time.Now().UnixMilli()
		got := newOrderedCollector()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() {
			done <- c.ReadOrdered(ctx, OrderedRequest{ReadRequest: ReadRequest{Spans: allOf(t, c, topic)}, Window: time.Millisecond}, got)
		}()
		writeTimes(t, k, topic, 0, []int64{base + 20})
		got.await(t, "the first", func() bool { return len(got.records) == 1 })
		writeTimes(t, k, topic, 1, []int64{base + 10})
		got.await(t, "the late one", func() bool { return len(got.records) == 2 })
		writeTimes(t, k, topic, 1, []int64{base + 30})
		got.await(t, "the third", func() bool { return len(got.records) == 3 })
		cancel()
		<-done
		if r := got.records; r[0].late || !r[1].late || r[2].late || r[1].timestamp != base+10 {
			t.Errorf("records %v", r)
		}
	})
}

// anewLog is a log of two partitions, of which the first is made anew.
type anewLog struct {
	Log
	a, b    TopicPartition
	reached chan struct{}
}

func (l *anewLog) Read(_ context.Context, _ ReadRequest, sink Sink) error {
	a, b := sink.Partition(l.a), sink.Partition(l.b)
	sink.Event(Event{Kind: TopicRecreated, TopicPartition: TopicPartition{l.a.Topic, -1}})
	a.Record(&batch.View{Batch: &batch.Info{}, Timestamp: 2000})
	if err := a.Flush(PartitionState{Next: 1, HighWatermark: 1}); err != nil {
		return err
	}
	<-l.reached
	b.Record(&batch.View{Batch: &batch.Info{}, Timestamp: 1000})
	return b.Flush(PartitionState{Next: 1, HighWatermark: 1})
}

// anewSink tells when the first partition is merged as far as it is read.
type anewSink struct {
	heldMeter
	l     *anewLog
	given []TopicPartition
}

func (s *anewSink) Record(tp TopicPartition, _ *batch.View, _ bool) bool {
	s.given = append(s.given, tp)
	return true
}

func (s *anewSink) Reached(tp TopicPartition, _ int64, state PartitionState) {
	if tp == s.l.a && state.Next == 1 {
		select {
		case s.l.reached <- struct{}{}:
		default:
		}
	}
}

// Below the offset where the history of a topic ended that is made anew, all of
// the new one is live.
func TestOrderedOfATopicMadeAnewIsLive(t *testing.T) {
	l := &anewLog{a: TopicPartition{Topic: "a"}, b: TopicPartition{Topic: "b"}, reached: make(chan struct{}, 1)}
	sink := &anewSink{l: l}
	err := ReadOrdered(t.Context(), l, OrderedRequest{
		ReadRequest: ReadRequest{Spans: []Span{{l.a, 50, NoEnd}, {l.b, 0, NoEnd}}},
		History:     map[TopicPartition]int64{l.a: 100}, Window: time.Hour,
	}, sink)
	if want := []TopicPartition{l.b, l.a}; err != nil || !slices.Equal(sink.given, want) {
		t.Errorf("given: %v, want %v (%v)", sink.given, want, err)
	}
}

func TestOrderedStops(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		write(t, client(t, brokers), topic, 0, 1000)
		req := OrderedRequest{ReadRequest: ReadRequest{Spans: allOf(t, c, topic)}}
		got := newOrderedCollector()
		got.most = 10
		if err := c.ReadOrdered(timeout(t, 30*time.Second), req, got); err != nil || len(got.records) != 10 {
			t.Errorf("%v after %d records, want 10", err, len(got.records))
		}
		got = newOrderedCollector()
		got.broken = errors.New("full")
		if err := c.ReadOrdered(timeout(t, 30*time.Second), req, got); !errors.Is(err, got.broken) {
			t.Errorf("the sink's error: %v", err)
		}
	})
}

// What is left out counts as read: others do not wait for it, and the sink learns
// how far each partition is.
func TestOrderedLeavesOutWhatDoesNotMatch(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 2, nil)
		base := time.Now().UnixMilli() - 86_400_000
		writeTimes(t, k, topic, 0, []int64{base, base + 10, base + 20, base + 30})
		writeTimes(t, k, topic, 1, []int64{base + 5, base + 15, base + 25})
		got := newOrderedCollector()
		req := OrderedRequest{ReadRequest: ReadRequest{Spans: bounded(t, c, allOf(t, c, topic))}, Match: func(tp TopicPartition) Matcher {
			return offsets{tp.Partition == 0, 1}
		}}
		if err := c.ReadOrdered(timeout(t, 30*time.Second), req, got); err != nil {
			t.Fatal(err)
		}
		var order []int64
		for _, r := range got.records {
			order = append(order, r.timestamp-base)
		}
		if want := []int64{5, 10, 25}; !slices.Equal(order, want) {
			t.Errorf("records at %v, want %v", order, want)
		}
		for p, end := range []int64{4, 3} {
			r := got.reached[TopicPartition{topic, int32(p)}]
			if r.next != end || r.state.Next != end || r.state.HighWatermark != end {
				t.Errorf("partition %d is told to be at %+v, want %d", p, r, end)
			}
		}
	})
}

// offsets matches one offset, or all others.
type offsets struct {
	is bool
	at int64
}

func (o offsets) Match(v *batch.View) bool { return (v.Offset == o.at) == o.is }

// BenchmarkOrdered merges what a real broker holds: the topics that bench/run
// day makes.
func BenchmarkOrdered(b *testing.B) {
	if os.Getenv("MILENA_TEST_BROKERS") == "" {
		b.Skip("it takes a real broker")
	}
	c := open(b, brokersOf(b))
	names, err := c.TopicsLike(b.Context(), "bench-day.*")
	if err != nil {
		b.Skip(err)
	}
	spans := bounded(b, c, allOf(b, c, names[:8]...))
	n := 0
	for b.Loop() {
		sink := &orderedCount{}
		if err := c.ReadOrdered(b.Context(), OrderedRequest{ReadRequest: ReadRequest{Spans: spans}}, sink); err != nil {
			b.Fatal(err)
		}
		n += sink.n
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "msg/s")
}

type orderedCount struct{ n int }

func (m *orderedCount) Record(TopicPartition, *batch.View, bool) bool { m.n++; return true }
func (m *orderedCount) Skip(TopicPartition, batch.Skip)               {}
func (m *orderedCount) Reached(TopicPartition, int64, PartitionState) {}
func (m *orderedCount) Flush() error                                  { return nil }
func (m *orderedCount) Event(Event)                                   {}
