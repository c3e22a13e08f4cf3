package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// allOf is all that topics hold, whatever comes too.
func allOf(t testing.TB, c *Cluster, topics ...string) []Span {
	t.Helper()
	var spans []Span
	for _, name := range topics {
		topic, err := c.Topic(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, tp := range Partitions(topic) {
			spans = append(spans, Span{tp, 0, NoEnd})
		}
	}
	return spans
}

// writeTimes has somebody else's client write a record for each timestamp, a few
// of them to a batch.
func writeTimes(t testing.TB, k *kgo.Client, topic string, partition int32, ms []int64) {
	t.Helper()
	for some := range slices.Chunk(ms, 7) {
		var records []*kgo.Record
		for _, at := range some {
			records = append(records, &kgo.Record{Topic: topic, Partition: partition, Value: []byte("x"), Timestamp: time.UnixMilli(at)})
		}
		if err := k.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// counts are the buckets' counts.
func countsOf(t *Timeline) []int64 {
	counts := make([]int64, len(t.Buckets))
	for i := range t.Buckets {
		counts[i] = t.Buckets[i].Count
	}
	return counts
}

// contiguous fails unless each bucket begins where the one before ends.
func contiguous(t *testing.T, line *Timeline) {
	t.Helper()
	for i, b := range line.Buckets {
		if b.From >= b.To || b.Count < 0 || i > 0 && line.Buckets[i-1].To != b.From {
			t.Errorf("bucket %d: %+v after %+v", i, b, line.Buckets[max(0, i-1)])
		}
	}
}

// A record counts by the latest timestamp of its partition up to it: in the
// bucket that this falls into, and nowhere else.
func TestTimelineCountsEachRecordOnce(t *testing.T) {
	brokers := brokersOf(t)
	c := open(t, brokers)
	k := client(t, brokers)
	random := rand.New(rand.NewPCG(1, 2))
	base := time.Now().UnixMilli() - 86_400_000
	times := make([][]int64, 5) // the last partition stays empty
	topic := newTopic(t, c, int32(len(times)), nil)
	total := int64(0)
	for p := range times[:4] {
		at := base + random.Int64N(10_000)
		for range 50 + random.IntN(300) {
			at += random.Int64N(1000)
			jitter := int64(0)
			if p%2 == 1 { // out of order
				jitter = random.Int64N(20_000)
			}
			times[p] = append(times[p], at-jitter)
		}
		writeTimes(t, k, topic, int32(p), times[p])
		total += int64(len(times[p]))
	}
	check := func(t *testing.T, line *Timeline, all bool) {
		t.Helper()
		contiguous(t, line)
		want := make([]int64, len(line.Buckets))
		for _, ms := range times {
			latest := int64(math.MinInt64)
			for _, at := range ms {
				latest = max(latest, at)
				for i, b := range line.Buckets {
					if b.From <= latest && latest < b.To {
						want[i]++
					}
				}
			}
		}
		if got := countsOf(line); !slices.Equal(got, want) {
			t.Errorf("counts %v, want %v", got, want)
		}
		if all && line.Total() != total {
			t.Errorf("%d in all, want %d", line.Total(), total)
		}
	}
	for _, n := range []int{1, 2, 7, 60, 500} {
		t.Run(fmt.Sprint("all in ", n), func(t *testing.T) {
			line, err := c.Timeline(timeout(t, 20*time.Second), TimelineRequest{Spans: allOf(t, c, topic), Buckets: n})
			if err != nil {
				t.Fatal(err)
			}
			if len(line.Buckets) != n {
				t.Errorf("%d buckets, want %d", len(line.Buckets), n)
			}
			check(t, line, true)
		})
	}
	for range 10 {
		from := base + random.Int64N(100_000)
		to := from + 1 + random.Int64N(100_000)
		t.Run(fmt.Sprintf("%d to %d", from-base, to-base), func(t *testing.T) {
			line, err := c.Timeline(timeout(t, 20*time.Second), TimelineRequest{Spans: allOf(t, c, topic),
				From: time.UnixMilli(from), To: time.UnixMilli(to), Buckets: 20})
			if err != nil {
				t.Fatal(err)
			}
			if first, last := line.Buckets[0].From, line.Buckets[len(line.Buckets)-1].To; first != from || last != to {
				t.Errorf("it goes from %d to %d", first-base, last-base)
			}
			check(t, line, false)
		})
	}
}

func TestTimelineOfOddTimes(t *testing.T) {
	base := time.Date(2023, 11, 14, 22, 0, 0, 0, time.UTC).UnixMilli()
	year2200 := time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	for name, test := range map[string]struct {
		times [][]int64
		n     int
		from  int64 // 0: not given
		to    int64
		want  []int64
	}{
		"empty":                   {times: [][]int64{nil, nil}, n: 3},
		"empty, in a range":       {times: [][]int64{nil, nil}, n: 3, from: base, to: base + 30, want: []int64{0, 0, 0}},
		"one record":              {times: [][]int64{{base}, nil}, n: 3, want: []int64{1, 0, 0}},
		"all equal":               {times: [][]int64{{base, base, base}, {base}}, n: 3, want: []int64{4, 0, 0}},
		"decreasing":              {times: [][]int64{{base + 29, base + 10, base}, {base}}, n: 3, want: []int64{1, 0, 3}},
		"far future":              {times: [][]int64{{base, base + 1, year2200}, {base}}, n: 3, want: []int64{3, 0, 1}},
		"border belongs to later": {times: [][]int64{{base, base + 9, base + 10, base + 29}, nil}, n: 3, want: []int64{2, 1, 1}},
		"before the first record": {times: [][]int64{{base, base + 1}, nil}, n: 3, from: base - 2000, to: base - 1000, want: []int64{0, 0, 0}},
		"after the last record":   {times: [][]int64{{base, base + 1}, nil}, n: 2, from: base + 2, to: base + 1000, want: []int64{0, 0}},
		"across the first record": {times: [][]int64{{base, base + 1}, nil}, n: 2, from: base - 10, to: base + 10, want: []int64{0, 2}},
		"end is not included":     {times: [][]int64{{base, base + 10}, nil}, n: 1, from: base, to: base + 10, want: []int64{1}},
		"less than a millisecond": {times: [][]int64{{base, base + 1, base + 1}, nil}, n: 60, from: base, to: base + 2, want: []int64{1, 2}},
		"from only":               {times: [][]int64{{base, base + 10, base + 19}, nil}, n: 2, from: base + 10, want: []int64{1, 1}},
		"to only":                 {times: [][]int64{{base, base + 10, base + 19}, nil}, n: 2, to: base + 10, want: []int64{1, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			onBroker(t, func(t *testing.T, brokers []string) {
				c := open(t, brokers)
				k := client(t, brokers)
				topic := newTopic(t, c, int32(len(test.times)), map[string]string{"message.timestamp.after.max.ms": "9223372036854775807"})
				for p, ms := range test.times {
					writeTimes(t, k, topic, int32(p), ms)
				}
				req := TimelineRequest{Spans: allOf(t, c, topic), Buckets: test.n}
				if test.from > 0 {
					req.From = time.UnixMilli(test.from)
				}
				if test.to > 0 {
					req.To = time.UnixMilli(test.to)
				}
				line, err := c.Timeline(timeout(t, 20*time.Second), req)
				if err != nil {
					t.Fatal(err)
				}
				contiguous(t, line)
				if got := countsOf(line); !slices.Equal(got, test.want) {
					t.Errorf("counts %v, want %v; buckets %v", got, test.want, line.Buckets)
				}
			})
		})
	}
}

func TestTimelineOfWhatCannotBe(t *testing.T) {
	for name, req := range map[string]TimelineRequest{
		"no buckets": {},
		"turned":     {Buckets: 1, From: time.UnixMilli(2), To: time.UnixMilli(1)},
	} {
		if _, err := new(Cluster).Timeline(t.Context(), req); err == nil {
			t.Errorf("%s: it is accepted", name)
		}
	}
}

// Borders are where the tail goes when a bucket is chosen.
func TestTimelineBordersAreOffsets(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 1, nil)
		base := time.Now().UnixMilli() - 1000
		writeTimes(t, k, topic, 0, []int64{base, base + 10, base + 20, base + 29})
		trim(t, k, topic, 0, 1)
		line, err := c.Timeline(t.Context(), TimelineRequest{Spans: allOf(t, c, topic), Buckets: 2})
		if err != nil {
			t.Fatal(err)
		}
		if got := line.Borders[TopicPartition{topic, 0}]; !slices.Equal(got, []int64{1, 2, 4}) {
			t.Errorf("borders %v", got)
		}
	})
}

func TestTimelineUnderLogAppendTime(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		if brokersAreFake() {
			t.Skip("the embedded broker has no LogAppendTime")
		}
		c := open(t, brokers)
		topic := newTopic(t, c, 1, map[string]string{"message.timestamp.type": "LogAppendTime"})
		before := time.Now().Add(-time.Minute)
		writeTimes(t, client(t, brokers), topic, 0, []int64{1, 2, 3}) // what the producer says plays no part
		line, err := c.Timeline(t.Context(), TimelineRequest{Spans: allOf(t, c, topic), From: before, Buckets: 10})
		if err != nil {
			t.Fatal(err)
		}
		if line.Total() != 3 {
			t.Errorf("%d records, want 3: %v", line.Total(), line.Buckets)
		}
	})
}

// What is read of a span that begins or ends within a partition is its times.
func TestTimelineOfOffsets(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		base := time.Now().UnixMilli() - 100_000
		var ms []int64
		for i := range int64(1000) {
			ms = append(ms, base+i)
		}
		writeTimes(t, client(t, brokers), topic, 0, ms)
		line, err := c.Timeline(t.Context(), TimelineRequest{Spans: []Span{{TopicPartition{topic, 0}, 300, 700}}, Buckets: 4})
		if err != nil {
			t.Fatal(err)
		}
		contiguous(t, line)
		if got := countsOf(line); !slices.Equal(got, []int64{100, 100, 100, 100}) {
			t.Errorf("counts %v; buckets %v", got, line.Buckets)
		}
	})
}

// Records that carry no timestamp count with those before them; a partition of
// nothing but such is in no bucket.
func TestTimelineWithoutTimestamps(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		base := time.Now().UnixMilli()
		f := fake(t, kfake.NumBrokers(1))
		c := open(t, f.ListenAddrs())
		topic := newTopic(t, c, 2, nil)
		k := client(t, f.ListenAddrs())
		writeTimes(t, k, topic, 0, []int64{base, -1, base + 10})
		writeTimes(t, k, topic, 1, []int64{-1, -1})
		line, err := c.Timeline(t.Context(), TimelineRequest{Spans: allOf(t, c, topic), Buckets: 2})
		if err != nil {
			t.Fatal(err)
		}
		if got := countsOf(line); !slices.Equal(got, []int64{2, 1}) || line.Untimed != 2 {
			t.Errorf("counts %v, %d without a timestamp", got, line.Untimed)
		}
	})
}

// The cost is what a production cluster pays: two exchanges a broker, and no
// request for what is known already.
func TestTimelineAsksLittle(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		var w wires
		c := open(t, f.ListenAddrs(), w.use)
		topic := newTopic(t, c, 100, nil)
		k := client(t, f.ListenAddrs())
		base := time.Now().UnixMilli() - 60_000
		for p := range int32(100) {
			writeTimes(t, k, topic, p, []int64{base, base + 30_000, base + 59_999})
		}
		before := w.count(apiListOffsets)
		line, err := c.Timeline(t.Context(), TimelineRequest{Spans: allOf(t, c, topic), Buckets: 60})
		if err != nil {
			t.Fatal(err)
		}
		if line.Total() != 300 || line.Buckets[0].Count != 100 || line.Buckets[59].Count != 100 {
			t.Errorf("buckets %v", line.Buckets)
		}
		// They are so many look-ups that the borders go over two connections.
		if n := w.count(apiListOffsets) - before; n > 4+2*59 {
			t.Errorf("%d requests, for 60 buckets and 100 partitions", n)
		}
		if n := w.count(apiFetch); n > 0 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestTimelineOfAThousandTopics(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(3))
		c := open(t, f.ListenAddrs())
		k := client(t, f.ListenAddrs(), kgo.AllowAutoTopicCreation())
		q := kmsg.NewPtrCreateTopicsRequest()
		q.TimeoutMillis = 20_000
		for i := range 1000 {
			rt := kmsg.NewCreateTopicsRequestTopic()
			rt.Topic, rt.NumPartitions, rt.ReplicationFactor = fmt.Sprintf("t%03d", i), 1, 1
			q.Topics = append(q.Topics, rt)
		}
		if _, err := q.RequestWith(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		base := time.Now().UnixMilli() - 60_000
		var records []*kgo.Record
		var spans []Span
		for i := range 1000 {
			name := fmt.Sprintf("t%03d", i)
			spans = append(spans, Span{TopicPartition{name, 0}, 0, NoEnd})
			for j := range int64(i % 4) {
				records = append(records, &kgo.Record{Topic: name, Value: []byte("x"), Timestamp: time.UnixMilli(base + j*10_000)})
			}
		}
		if err := k.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		line, err := c.Timeline(timeout(t, 30*time.Second), TimelineRequest{Spans: spans, Buckets: 2})
		if err != nil {
			t.Fatal(err)
		}
		if got := countsOf(line); !slices.Equal(got, []int64{750, 750}) || len(line.Failed) > 0 {
			t.Errorf("counts %v, failed %d", got, len(line.Failed))
		}
	})
}

// A broker that says nothing about what it leads takes nothing from the others.
func TestTimelineWithABrokerThatDoesNotAnswer(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(2))
		var w wires
		c := open(t, f.ListenAddrs(), w.use, func(cfg *Config) { cfg.RequestTimeout = 300 * time.Millisecond })
		topic := newTopic(t, c, 4, nil)
		k := client(t, f.ListenAddrs())
		base := time.Now().UnixMilli()
		for p := range int32(4) {
			writeTimes(t, k, topic, p, []int64{base, base + 10})
		}
		spans := allOf(t, c, topic)
		m := c.Metadata()
		silent := m.Brokers[0]
		led := int64(0)
		for _, p := range m.Topic(topic).Partitions {
			if p.Leader == silent.ID {
				led++
			}
		}
		w.set(func(call call) fate {
			if call.Key == apiListOffsets && call.Address == silent.Addr() {
				return hang
			}
			return pass
		})
		line, err := c.Timeline(timeout(t, 60*time.Second), TimelineRequest{Spans: spans, Buckets: 2})
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(line.Failed)) != led || line.Total() != 2*(4-led) {
			t.Errorf("%d failed, %d led by it; %d records", len(line.Failed), led, line.Total())
		}
		for tp, err := range line.Failed {
			if !strings.Contains(err.Error(), silent.Addr()) {
				t.Errorf("%v: %v does not name the broker", tp, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Timeline(ctx, TimelineRequest{Spans: spans, Buckets: 2}); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// Brokers refuse a partition that is named twice in one ListOffsets: that is why
// a pipeline is needed.
func TestBrokersRefuseAPartitionTwice(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		tp := TopicPartition{topic, 0}
		if _, err := c.Topic(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
		address := c.Metadata().Broker(c.Metadata().Topic(topic).Partitions[0].Leader).Addr()
		a, err := c.exchange(t.Context(), address, listOffsetsRequest(7, ReadUncommitted, []TopicPartition{tp, tp}, []int64{AtStart, AtEnd}))
		if err != nil {
			t.Fatal(err)
		}
		found := map[TopicPartition][]Offset{tp: make([]Offset, 1)}
		if err := decodeListOffsets(a.body, 7, address, 0, found); err != nil {
			t.Fatal(err)
		}
		var refusal *Error
		if !errors.As(found[tp][0].Err, &refusal) || refusal.Code != 42 {
			t.Errorf("%+v, want INVALID_REQUEST (42)", found[tp][0])
		}
	})
}

func TestTimelineTellsWhatIsGone(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 3, nil)
		base := time.Now().Add(-time.Hour).UnixMilli()
		for p := range int32(2) {
			writeAt(t, k, topic, p, base, base+1000, base+2000)
		}
		look := func(spans []Span) *Timeline {
			t.Helper()
			line, err := c.Timeline(timeout(t, 20*time.Second), TimelineRequest{Spans: spans, Buckets: 10, From: time.UnixMilli(base)})
			if err != nil {
				t.Fatal(err)
			}
			return line
		}
		spans := allOf(t, c, topic)
		if line := look(spans); line.First != base || len(line.Gone) != 0 {
			t.Errorf("with all there, first %d, gone %v", line.First-base, line.Gone)
		}
		trim(t, k, topic, 0, 1)
		trim(t, k, topic, 1, 3)
		line := look(spans)
		if line.First != base+1000 || len(line.Gone) != 2 || line.Gone[TopicPartition{topic, 0}] != base+1000 || line.Gone[TopicPartition{topic, 1}] != math.MaxInt64 {
			t.Errorf("first %d, gone %v", line.First-base, line.Gone)
		}
		spans[0].From = 2
		if line := look(spans[:1]); len(line.Gone) != 0 {
			t.Errorf("before a span that begins later, gone is %v", line.Gone)
		}
	})
}

func TestTransactional(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		plain, committed, none := newTopic(t, c, 2, nil), newTopic(t, c, 2, nil), newTopic(t, c, 1, nil)
		write(t, client(t, brokers), plain, 0, 100)
		transact(t, transactional(t, brokers, committed), kgo.TryCommit, &kgo.Record{Topic: committed, Partition: 1, Value: []byte("x")})
		spans := allOf(t, c, plain, committed, none)
		_, ends, err := c.Bounds(t.Context(), ReadUncommitted, []TopicPartition{{plain, 0}, {plain, 1}, {committed, 0}, {committed, 1}, {none, 0}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range spans {
			spans[i].To = ends[spans[i].TopicPartition].Offset
		}
		if got := c.Transactional(t.Context(), spans); !got[committed] || got[plain] || got[none] {
			t.Errorf("%v; transactional is %s alone", got, committed)
		}
	})
}

// BenchmarkTimeline takes what a real broker holds: the topics of bench/run day,
// here and as if the broker were 20 ms away.
func BenchmarkTimeline(b *testing.B) {
	if brokersAreFake() {
		b.Skip("it takes a real broker")
	}
	for name, away := range map[string]time.Duration{"here": 0, "20 ms away": 20 * time.Millisecond} {
		b.Run(name, func(b *testing.B) {
			c := open(b, brokersOf(b), func(cfg *Config) { cfg.Dial = distant(away) })
			names, err := c.TopicsLike(b.Context(), "bench-day.*")
			if err != nil {
				b.Skip(err)
			}
			spans := allOf(b, c, names...)
			spans = spans[:min(len(spans), 100)]
			for b.Loop() {
				if _, err := c.Timeline(b.Context(), TimelineRequest{Spans: spans, Buckets: 60}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// distant dials brokers whose answers take so much longer.
func distant(away time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		broker, err := d.DialContext(ctx, network, address)
		if err != nil || away == 0 {
			return broker, err
		}
		near, end := net.Pipe()
		type piece struct {
			bytes []byte
			due   time.Time
		}
		under := make(chan piece, 10_000)
		go func() {
			_, _ = io.Copy(broker, end)
			broker.Close()
		}()
		go func() {
			defer close(under)
			for {
				b := make([]byte, 64<<10)
				n, err := broker.Read(b)
				if err != nil {
					return
				}
				under <- piece{b[:n], time.Now().Add(away)}
			}
		}()
		go func() {
			defer end.Close()
			for p := range under {
				time.Sleep(time.Until(p.due))
				if _, err := end.Write(p.bytes); err != nil {
					broker.Close()
				}
			}
		}()
		return near, nil
	}
}
