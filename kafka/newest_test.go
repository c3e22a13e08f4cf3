package kafka

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milena/internal/testseed"
	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"
)

// contains matches values that contain a text.
type contains string

func (c contains) Match(v *batch.View) bool { return strings.Contains(string(v.Value), string(c)) }

func valuesOf(n *Newest) []string {
	vs := make([]string, len(n.Records))
	for i, r := range n.Records {
		vs[i] = string(r.Value)
	}
	return vs
}

func newest(t testing.TB, c *Cluster, req NewestRequest) *Newest {
	t.Helper()
	n, err := c.Newest(timeout(t, 60*time.Second), req)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func everyPartition(t testing.TB, c *Cluster, topic string) []TopicPartition {
	t.Helper()
	top, err := c.Topic(timeout(t, 10*time.Second), topic)
	if err != nil {
		t.Fatal(err)
	}
	return Partitions(top)
}

func TestNewestAndThenBackToTheBeginning(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 3, nil)
		base := time.Now().UnixMilli() - 1_000_000
		const n = 300
		var recs []*kgo.Record
		for i := range n { // two of three go to partition 0, none to 2
			recs = append(recs, &kgo.Record{Topic: topic, Partition: int32(i % 3 / 2), Value: fmt.Append(nil, i), Timestamp: time.UnixMilli(base + int64(i))})
		}
		if err := k.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		tps := everyPartition(t, c, topic)
		got := newest(t, c, NewestRequest{Partitions: tps, N: 100})
		if have := valuesOf(got); !slices.Equal(have, numbers(n)[200:]) || got.AtStart {
			t.Fatalf("%q, at start %v", have, got.AtStart)
		}
		// Scrolling back gives each of the others once.
		var older []string
		for before := got.From; ; before = got.From {
			got = newest(t, c, NewestRequest{Partitions: tps, N: 70, Before: before})
			if !slices.EqualFunc(tps, tps, func(tp, _ TopicPartition) bool { return got.To[tp] == before[tp] }) {
				t.Errorf("asked for what is before %v, got what is before %v", before, got.To)
			}
			older = append(valuesOf(got), older...)
			if got.AtStart {
				break
			}
			if len(got.Records) != 70 {
				t.Fatalf("%d records, and not at the start", len(got.Records))
			}
		}
		if !slices.Equal(older, numbers(200)) {
			t.Errorf("%q", older)
		}
		all := newest(t, c, NewestRequest{Partitions: tps, N: 10 * n})
		if have := valuesOf(all); !slices.Equal(have, numbers(n)) || !all.AtStart {
			t.Errorf("of more than there is: %d, at start %v", len(have), all.AtStart)
		}
		if none := newest(t, c, NewestRequest{Partitions: tps[2:], N: 5}); len(none.Records) != 0 || !none.AtStart {
			t.Errorf("of an empty partition: %+v", none)
		}
		if none := newest(t, c, NewestRequest{Partitions: tps, N: 0}); len(none.Records) != 0 {
			t.Errorf("of none: %d", len(none.Records))
		}
		if some := newest(t, c, NewestRequest{Partitions: tps, N: math.MaxInt}); len(some.Records) != n {
			t.Errorf("of all: %d", len(some.Records))
		}
	})
}

func TestNewestOrdersTiesByPartitionAndOffset(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 3, nil)
		now := time.Now().UnixMilli()
		for p := int32(2); p >= 0; p-- {
			writeAt(t, k, topic, p, now, now, now)
		}
		got := newest(t, c, NewestRequest{Partitions: everyPartition(t, c, topic), N: 100})
		for i, r := range got.Records {
			if r.Partition != int32(i/3) || r.Offset != int64(i%3) {
				t.Errorf("at place %d: %d/%d", i, r.Partition, r.Offset)
			}
		}
		if len(got.Records) != 9 {
			t.Errorf("%d records", len(got.Records))
		}
	})
}

func TestNewestPassesMarkersAndAborted(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		k := transactional(t, brokers, topic)
		write(t, client(t, brokers), topic, 0, 5)
		for i := range 20 {
			transact(t, k, i%2 == 0, &kgo.Record{Topic: topic, Value: fmt.Append(nil, "t", i)})
		}
		tps := everyPartition(t, c, topic)
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			if end, err := c.Offsets(t.Context(), AtEnd, ReadCommitted, tps); err == nil && end[tps[0]].Offset == 45 {
				break
			}
		}
		for iso, want := range map[Isolation][]string{
			ReadUncommitted: {"t14", "t15", "t16", "t17", "t18", "t19"},
			ReadCommitted:   {"t8", "t10", "t12", "t14", "t16", "t18"},
		} {
			if have := valuesOf(newest(t, c, NewestRequest{Partitions: tps, N: 6, Isolation: iso})); !slices.Equal(have, want) {
				t.Errorf("%v: %q, want %q", iso, have, want)
			}
			if all := newest(t, c, NewestRequest{Partitions: tps, N: 1000, Isolation: iso}); !all.AtStart || len(all.Records) != map[Isolation]int{ReadUncommitted: 25, ReadCommitted: 15}[iso] {
				t.Errorf("%v: %d in all", iso, len(all.Records))
			}
		}
	})
}

func TestNewestThatMatch(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 2, nil)
		k := client(t, brokers, kgo.ProducerBatchMaxBytes(10_000))
		const n = 20_000
		for i := range n {
			v := "plain"
			if i == 17 || i == 4000 || i == 4001 {
				v = fmt.Sprint("needle", i)
			}
			k.Produce(t.Context(), &kgo.Record{Topic: topic, Partition: int32(i % 2), Value: []byte(v),
				Timestamp: time.UnixMilli(1_700_000_000_000 + int64(i))}, nil)
		}
		if err := k.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		tps := everyPartition(t, c, topic)
		var told atomic.Int64
		req := NewestRequest{Partitions: tps, N: 2, Match: func(TopicPartition) Matcher { return contains("needle") },
			Progress: func(read int64) { told.Store(max(told.Load(), read)) }}
		got := newest(t, c, req)
		if have := valuesOf(got); !slices.Equal(have, []string{"needle4000", "needle4001"}) {
			t.Errorf("%q", have)
		}
		if read := told.Load(); read < n/2 || read > n {
			t.Errorf("told of %d offsets, of %d", read, n)
		}
		req.N = 5
		if got = newest(t, c, req); len(got.Records) != 3 || !got.AtStart {
			t.Errorf("%q, at start %v", valuesOf(got), got.AtStart)
		}
		req.Match = func(TopicPartition) Matcher { return contains("not there") }
		if got = newest(t, c, req); len(got.Records) != 0 || !got.AtStart {
			t.Errorf("%q, at start %v", valuesOf(got), got.AtStart)
		}
	})
}

func TestNewestOfUnevenPartitions(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 2, nil)
		k := client(t, brokers)
		now := time.Now().UnixMilli()
		var recs []*kgo.Record
		add := func(partition int32, at int64, v string) {
			recs = append(recs, &kgo.Record{Topic: topic, Partition: partition, Value: []byte(v), Timestamp: time.UnixMilli(at)})
		}
		for i := range int64(10) { // seldom, and long ago
			add(1, now-1_000_000+i, fmt.Sprint("match", i))
		}
		add(0, now-5000, "match new") // lately, and far from the end
		for i := range int64(500) {
			add(0, now-1000+i, "other")
		}
		if err := k.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		got := newest(t, c, NewestRequest{Partitions: everyPartition(t, c, topic), N: 5, Match: func(TopicPartition) Matcher { return contains("match") }})
		if want := []string{"match6", "match7", "match8", "match9", "match new"}; !slices.Equal(valuesOf(got), want) {
			t.Errorf("%q, want %q", valuesOf(got), want)
		}
	})
}

func TestNewestStaysWithinItsBytes(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 2, nil)
		k := client(t, brokers)
		const size = 10_000
		for i := range 200 {
			k.Produce(t.Context(), &kgo.Record{Topic: topic, Partition: int32(i % 2), Value: []byte(strings.Repeat("x", size)),
				Timestamp: time.UnixMilli(1_700_000_000_000 + int64(i))}, nil)
		}
		if err := k.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		tps := everyPartition(t, c, topic)
		total := 0
		req := NewestRequest{Partitions: tps, N: 150, MaxBytes: 20 * size}
		for round := 0; ; round++ {
			got := newest(t, c, req)
			if len(got.Records) == 0 && !got.AtStart || len(got.Records) > 21 {
				t.Fatalf("%d records of %d bytes within %d", len(got.Records), size, req.MaxBytes)
			}
			for _, r := range got.Records {
				tp := TopicPartition{r.Topic, r.Partition}
				if r.Offset < got.From[tp] || r.Offset >= got.To[tp] {
					t.Errorf("%v/%d is not in %d…%d", tp, r.Offset, got.From[tp], got.To[tp])
				}
			}
			total += len(got.Records)
			if got.AtStart || round > 100 {
				break
			}
			req.Before = got.From
		}
		if total != 200 {
			t.Errorf("%d records in all pieces, want 200", total)
		}
		// One that is larger than all that is allowed is still shown.
		if got := newest(t, c, NewestRequest{Partitions: tps, N: 5, MaxBytes: 10}); len(got.Records) != 1 {
			t.Errorf("%d records", len(got.Records))
		}
	})
}

// TestNewestIsWhatSortingWouldGive compares Newest with the plain way of doing
// it, on logs whose timestamps rise within a partition.
func TestNewestIsWhatSortingWouldGive(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		testseed.Check(t, func(r *rapid.T) {
			partitions := rapid.IntRange(1, 4).Draw(r, "partitions")
			topic := newTopic(t, c, int32(partitions), nil)
			type one struct {
				partition int
				offset    int
				at        int64
				match     bool
			}
			var all []one
			var recs []*kgo.Record
			for p := range partitions {
				at := int64(1_700_000_000_000)
				for o := range rapid.IntRange(0, 60).Draw(r, "records") {
					at += rapid.SampledFrom([]int64{0, 1, 1, 5, 1000}).Draw(r, "step")
					x := one{p, o, at, rapid.IntRange(0, 3).Draw(r, "match") == 0}
					all = append(all, x)
					v := "no"
					if x.match {
						v = "yes"
					}
					recs = append(recs, &kgo.Record{Topic: topic, Partition: int32(p), Value: []byte(v), Timestamp: time.UnixMilli(at)})
				}
			}
			if err := k.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
				t.Fatal(err)
			}
			req := NewestRequest{Partitions: everyPartition(t, c, topic), N: rapid.IntRange(1, 40).Draw(r, "n")}
			if rapid.Bool().Draw(r, "filtered") {
				req.Match = func(TopicPartition) Matcher { return contains("yes") }
				all = slices.DeleteFunc(all, func(x one) bool { return !x.match })
			}
			slices.SortFunc(all, func(a, b one) int {
				if a.at != b.at {
					return int(a.at - b.at)
				}
				if a.partition != b.partition {
					return a.partition - b.partition
				}
				return a.offset - b.offset
			})
			all = all[max(0, len(all)-req.N):]
			got, err := c.Newest(t.Context(), req)
			if err != nil {
				r.Fatal(err)
			}
			have := make([]one, len(got.Records))
			for i, rec := range got.Records {
				have[i] = one{int(rec.Partition), int(rec.Offset), rec.Timestamp, string(rec.Value) == "yes"}
			}
			if !slices.Equal(have, all) {
				r.Errorf("got %v, want %v", have, all)
			}
			if err := c.DeleteTopic(t.Context(), topic); err != nil {
				r.Fatal(err)
			}
		})
	})
}
