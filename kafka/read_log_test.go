package kafka

// What is read of logs that hold more than plain records: markers, aborted
// records, gaps, damage, batches that are too large.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"milena/kafka/batch"
	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// wholeTopic are the spans from a topic's beginning to its end.
func wholeTopic(t testing.TB, c *Cluster, topic string, iso Isolation) []Span {
	t.Helper()
	ctx := timeout(t, 60*time.Second)
	top, err := c.Topic(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	spans, _, err := c.Resolve(ctx, Partitions(top), Position{Kind: Beginning}, &Position{Kind: End}, iso)
	if err != nil {
		t.Fatal(err)
	}
	return spans
}

// readAll reads a topic from its beginning to its end.
func readAll(t testing.TB, c *Cluster, topic string, iso Isolation) *collector {
	t.Helper()
	got := newCollector()
	if err := c.Read(timeout(t, 60*time.Second), ReadRequest{Spans: wholeTopic(t, c, topic, iso), Isolation: iso}, got); err != nil {
		t.Fatalf("%v; events %v", err, got.events)
	}
	return got
}

// of is what was collected of a partition; empty when nothing was.
func (c *collector) of(topic string, partition int32) *collected {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.parts[TopicPartition{topic, partition}]; p != nil {
		now := *p
		return &now
	}
	return &collected{c: c}
}

func skipped(p *collected, kind batch.SkipKind) (offsets []int64) {
	for _, s := range p.skips {
		if s.Kind == kind {
			for o := s.First; o <= s.Last; o++ {
				offsets = append(offsets, o)
			}
		}
	}
	return offsets
}

func TestReadTransactions(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		a, b := transactional(t, brokers, topic+"-a"), transactional(t, brokers, topic+"-b")
		rec := func(v string) *kgo.Record { return &kgo.Record{Topic: topic, Value: []byte(v)} }

		transact(t, a, kgo.TryCommit, rec("a0"), rec("a1")) // 0 1, marker 2
		transact(t, b, kgo.TryAbort, rec("x0"))             // 3, marker 4
		if err := b.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := b.ProduceSync(t.Context(), rec("x1")).FirstErr(); err != nil { // 5
			t.Fatal(err)
		}
		transact(t, a, kgo.TryCommit, rec("a2")) // 6, marker 7: within b's transaction
		if err := b.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
			t.Fatal(err) // marker 8
		}
		write(t, client(t, brokers), topic, 0, 1)          // 9
		transact(t, a, kgo.TryAbort, rec("x2"), rec("x3")) // 10 11, marker 12: the last of all

		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			end, err := c.Offsets(t.Context(), AtEnd, ReadCommitted, []TopicPartition{{topic, 0}})
			if err != nil {
				t.Fatal(err)
			}
			if end[TopicPartition{topic, 0}].Offset == 13 {
				break
			}
		}
		all := readAll(t, c, topic, ReadUncommitted).of(topic, 0)
		if want := []string{"a0", "a1", "x0", "x1", "a2", "0", "x2", "x3"}; !slices.Equal(all.values, want) {
			t.Errorf("read_uncommitted: %q, want %q", all.values, want)
		}
		markers := []int64{2, 4, 7, 8, 12}
		if got := skipped(all, batch.SkipControl); !slices.Equal(got, markers) {
			t.Errorf("markers at %v, want %v", got, markers)
		}
		committed := readAll(t, c, topic, ReadCommitted).of(topic, 0)
		if want := []string{"a0", "a1", "a2", "0"}; !slices.Equal(committed.values, want) {
			t.Errorf("read_committed: %q, want %q", committed.values, want)
		}
		if got, want := skipped(committed, batch.SkipAborted), []int64{3, 5, 10, 11}; !slices.Equal(got, want) {
			t.Errorf("aborted at %v, want %v", got, want)
		}
		if all.state.Next != 13 || committed.state.Next != 13 {
			t.Errorf("they end at %d and %d, want 13", all.state.Next, committed.state.Next)
		}
	})
}

func TestReadCommittedWaitsForAnOpenTransaction(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		k := transactional(t, brokers, topic)
		if err := k.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := k.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte("later")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		got := newCollector()
		got.limit = 1
		done := make(chan error)
		ctx := timeout(t, 30*time.Second)
		go func() {
			done <- c.Read(ctx, ReadRequest{Spans: []Span{{TopicPartition{topic, 0}, 0, NoEnd}}, Isolation: ReadCommitted}, got)
		}()
		got.await(t, "a look at the partition", func() bool {
			p := got.parts[TopicPartition{topic, 0}]
			return p != nil && p.state.HighWatermark == 1
		})
		if p := got.of(topic, 0); len(p.values) != 0 || p.state.LastStable != 0 {
			t.Errorf("%q was shown with last stable offset %d", p.values, p.state.LastStable)
		}
		if err := k.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		got.await(t, "the record", func() bool { return got.taken == 1 })
		write(t, client(t, brokers), topic, 0, 1) // the second ends it
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// keeper is a sink that keeps whole records of every partition.
type keeper struct {
	mu      sync.Mutex
	records map[TopicPartition][]Record
}

type kept struct {
	k  *keeper
	tp TopicPartition
}

func (k *keeper) Partition(tp TopicPartition) PartitionSink { return kept{k, tp} }
func (*keeper) Event(Event)                                 {}
func (kept) Skip(batch.Skip)                                {}
func (kept) Flush(PartitionState) error                     { return nil }
func (p kept) Record(v *batch.View) bool {
	p.k.mu.Lock()
	defer p.k.mu.Unlock()
	p.k.records[p.tp] = append(p.k.records[p.tp], Keep(p.tp, v))
	return true
}

func TestReadKeepsNullAndEmptyApart(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		k := client(t, brokers)
		var want []*kgo.Record
		for _, key := range [][]byte{nil, {}, []byte("k")} {
			for _, value := range [][]byte{nil, {}, []byte("v")} {
				want = append(want, &kgo.Record{Topic: topic, Key: key, Value: value, Timestamp: time.UnixMilli(1_700_000_000_123),
					Headers: []kgo.RecordHeader{{Key: "b"}, {Key: "a", Value: []byte{}}, {Key: "b", Value: key}, {Key: "", Value: []byte{0xff}}}})
			}
		}
		if err := k.ProduceSync(t.Context(), want...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		keep := &keeper{records: make(map[TopicPartition][]Record)}
		tp := TopicPartition{topic, 0}
		if err := c.Read(timeout(t, 20*time.Second), ReadRequest{Spans: []Span{{tp, 0, int64(len(want))}}}, keep); err != nil {
			t.Fatal(err)
		}
		same := func(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }
		for i, r := range keep.records[tp] {
			w := want[i]
			if !same(r.Key, w.Key) || !same(r.Value, w.Value) || r.Timestamp != 1_700_000_000_123 || r.Offset != int64(i) || len(r.Headers) != 4 {
				t.Errorf("%d: %+v, want %+v", i, r, w)
				continue
			}
			for j, h := range r.Headers {
				if h.Key != w.Headers[j].Key || !same(h.Value, w.Headers[j].Value) {
					t.Errorf("%d: header %d is %q=%#v, want %q=%#v", i, j, h.Key, h.Value, w.Headers[j].Key, w.Headers[j].Value)
				}
			}
		}
		if len(keep.records[tp]) != len(want) {
			t.Errorf("%d records", len(keep.records[tp]))
		}
	})
}

func TestReadCompactedTopicEnds(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		// A real broker compacts when it likes; the differential test waits for it.
		for _, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
			f := fake(t, kfake.NumBrokers(1))
			c := open(t, f.ListenAddrs())
			topic := newTopic(t, c, 1, map[string]string{"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "segment.bytes": "1000"})
			k := client(t, f.ListenAddrs(), kgo.ProducerBatchCompression(codec))
			const n = 300
			for i := range n {
				r := &kgo.Record{Topic: topic, Key: fmt.Append(nil, i%7), Value: fmt.Append(nil, i)}
				if i == 0 || i == 150 {
					r.Key = fmt.Append(nil, "only ", i) // these stay
				} else if i%50 == 49 {
					r.Value = nil
				}
				if err := k.ProduceSync(t.Context(), r).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			f.Compact()
			got := readAll(t, c, topic, ReadUncommitted).of(topic, 0)
			gaps := skipped(got, batch.SkipGap)
			if len(got.offsets) == n || len(got.offsets)+len(gaps) != n || got.state.Next != n {
				t.Errorf("%d records and %d offsets of gaps make %d; it ends at %d", len(got.offsets), len(gaps), n, got.state.Next)
			}
			if !slices.IsSorted(got.offsets) {
				t.Errorf("offsets %v", got.offsets)
			}
		}
	})
}

// encoded is a batch as a broker would hand it out, with its base offset.
func encoded(t testing.TB, codec batch.Codec, base int64, records ...batch.Record) []byte {
	t.Helper()
	b := batch.NewBuilder(codec)
	for _, r := range records {
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := b.Finish(nil)
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint64(raw, uint64(base))
	return raw
}

func values(vs ...string) []batch.Record {
	records := make([]batch.Record, len(vs))
	for i, v := range vs {
		records[i] = batch.Record{Timestamp: 1000, Value: []byte(v)}
	}
	return records
}

// serve has the embedded broker answer every fetch of partition 0 of topic "t"
// with the log's bytes from the batch that holds the offset on.
func serve(t testing.TB, f *kfake.Cluster, end int64, log ...[]byte) {
	t.Helper()
	id := f.TopicInfo("t").TopicID
	f.ControlKey(int16(kmsg.ListOffsets), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		res := q.ResponseKind().(*kmsg.ListOffsetsResponse)
		for _, at := range q.(*kmsg.ListOffsetsRequest).Topics {
			rt := kmsg.NewListOffsetsResponseTopic()
			rt.Topic = at.Topic
			for _, p := range at.Partitions {
				rp := kmsg.NewListOffsetsResponseTopicPartition()
				rp.Partition = p.Partition
				if rp.Offset = 0; p.Timestamp == AtEnd {
					rp.Offset = end
				}
				rt.Partitions = append(rt.Partitions, rp)
			}
			res.Topics = append(res.Topics, rt)
		}
		return res, nil, true
	})
	f.ControlKey(int16(kmsg.Fetch), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		asked := q.(*kmsg.FetchRequest)
		res := q.ResponseKind().(*kmsg.FetchResponse)
		rt := kmsg.NewFetchResponseTopic()
		rt.Topic, rt.TopicID = "t", id
		p := kmsg.NewFetchResponseTopicPartition()
		p.HighWatermark, p.LastStableOffset, p.LogStartOffset = end, end, 0
		offset := asked.Topics[0].Partitions[0].FetchOffset
		for i, raw := range log {
			last := int64(binary.BigEndian.Uint64(raw)) + int64(int32(binary.BigEndian.Uint32(raw[23:])))
			if last >= offset {
				p.RecordBatches = bytes.Join(log[i:], nil)
				break
			}
		}
		rt.Partitions = append(rt.Partitions, p)
		res.Topics = append(res.Topics, rt)
		return res, nil, true
	})
}

func TestReadGoesOnAfterDamage(t *testing.T) {
	damaged := encoded(t, batch.Zstd, 3, values("d0", "d1")...)
	damaged[len(damaged)-1] ^= 0x55
	nonsense := bytes.Repeat([]byte{0xff}, 100) // not even its length can be believed
	binary.BigEndian.PutUint64(nonsense, 3)
	binary.BigEndian.PutUint32(nonsense[23:], 1)
	for name, bad := range map[string][]byte{"CRC": damaged, "nonsense": nonsense} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
				serve(t, f, 7, encoded(t, batch.None, 0, values("0", "1", "2")...), bad, encoded(t, batch.LZ4, 5, values("5", "6")...))
				got := readAll(t, open(t, f.ListenAddrs()), "t", ReadUncommitted).of("t", 0)
				if !slices.Equal(got.values, []string{"0", "1", "2", "5", "6"}) || !slices.Equal(got.offsets, []int64{0, 1, 2, 5, 6}) {
					t.Errorf("%q at %v", got.values, got.offsets)
				}
				if lost := skipped(got, batch.SkipCorrupt); !slices.Equal(lost, []int64{3, 4}) {
					t.Errorf("said to be corrupt: %v", lost)
				}
				for _, s := range got.skips {
					if s.Kind == batch.SkipCorrupt && s.Err == nil {
						t.Errorf("no reason is given for %+v", s)
					}
				}
			})
		})
	}
}

func TestReadPassesABomb(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		bomb := encoded(t, batch.Gzip, 1, batch.Record{Value: make([]byte, batch.DefaultMaxBytes+1)})
		if len(bomb) > 1<<20 {
			t.Fatalf("the bomb has %d bytes", len(bomb))
		}
		serve(t, f, 3, encoded(t, batch.None, 0, values("0")...), bomb, encoded(t, batch.None, 2, values("2")...))
		got := readAll(t, open(t, f.ListenAddrs()), "t", ReadUncommitted).of("t", 0)
		if !slices.Equal(got.values, []string{"0", "2"}) || !slices.Equal(skipped(got, batch.SkipTooLarge), []int64{1}) {
			t.Errorf("%q, skipped %+v", got.values, got.skips)
		}
	})
}

func TestReadPassesABatchThatIsTooLarge(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		if testing.Short() {
			t.Skip("moves 80 MB")
		}
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		vast := encoded(t, batch.None, 1, batch.Record{Value: make([]byte, fetchLimit+1<<20)}, batch.Record{})
		serve(t, f, 4, encoded(t, batch.None, 0, values("0")...), vast, encoded(t, batch.None, 3, values("3")...))
		got := readAll(t, open(t, f.ListenAddrs()), "t", ReadUncommitted).of("t", 0)
		if !slices.Equal(got.values, []string{"0", "3"}) || !slices.Equal(skipped(got, batch.SkipTooLarge), []int64{1, 2}) {
			t.Errorf("%q, skipped %+v", got.values, got.skips)
		}
	})
}

func TestMessageOfFiftyMegabytes(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		if testing.Short() {
			t.Skip("moves 100 MB")
		}
		const size = 50 << 20
		f := fake(t, kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"message.max.bytes": "60000000"}))
		c := open(t, f.ListenAddrs())
		topic := newTopic(t, c, 1, map[string]string{"max.message.bytes": "60000000"})
		value := bytes.Repeat([]byte("0123456789abcdef"), size/16)
		if _, err := c.Send(timeout(t, 60*time.Second), Message{Topic: topic, Value: value, Timestamp: NoTimestamp}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Send(timeout(t, 60*time.Second), Message{Topic: topic, Value: []byte("after"), Timestamp: NoTimestamp}); err != nil {
			t.Fatal(err)
		}
		got := readAll(t, c, topic, ReadUncommitted).of(topic, 0)
		if len(got.values) != 2 || got.values[0] != string(value) || got.values[1] != "after" {
			t.Errorf("read %d records, skips %+v", len(got.values), got.skips)
		}
	})
}

func TestReadShowsTheTimeOfAppending(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		if os.Getenv("MILENA_TEST_BROKERS") == "" {
			f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
			raw := encoded(t, batch.None, 0, batch.Record{Timestamp: 1, Value: []byte("a")}, batch.Record{Timestamp: 2, Value: []byte("b")})
			raw[22] |= 8                                 // timestamp type
			binary.BigEndian.PutUint64(raw[35:], 77_000) // max timestamp
			binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], crc32.MakeTable(crc32.Castagnoli)))
			serve(t, f, 2, raw)
			keep := &keeper{records: make(map[TopicPartition][]Record)}
			if err := open(t, f.ListenAddrs()).Read(timeout(t, 10*time.Second), ReadRequest{Spans: []Span{{TopicPartition{"t", 0}, 0, 2}}}, keep); err != nil {
				t.Fatal(err)
			}
			for _, r := range keep.records[TopicPartition{"t", 0}] {
				if r.Timestamp != 77_000 || r.Batch.Timestamps != batch.LogAppendTime {
					t.Errorf("%+v", r)
				}
			}
			return
		}
		c := open(t, brokers)
		topic := newTopic(t, c, 1, map[string]string{"message.timestamp.type": "LogAppendTime"})
		before := time.Now().Add(-time.Minute).UnixMilli()
		ack, err := c.Send(timeout(t, 10*time.Second), Message{Topic: topic, Value: []byte("x"), Timestamp: 1234})
		if err != nil || ack.Timestamp < before {
			t.Errorf("%+v, %v", ack, err)
		}
		keep := &keeper{records: make(map[TopicPartition][]Record)}
		if err := c.Read(timeout(t, 10*time.Second), ReadRequest{Spans: []Span{{TopicPartition{topic, 0}, 0, 1}}}, keep); err != nil {
			t.Fatal(err)
		}
		if r := keep.records[TopicPartition{topic, 0}][0]; r.Timestamp != ack.Timestamp || r.Batch.Timestamps != batch.LogAppendTime {
			t.Errorf("%+v; acknowledged with %d", r, ack.Timestamp)
		}
	})
}

func TestReadInternalTopic(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		if os.Getenv("MILENA_TEST_BROKERS") == "" {
			t.Skip("the embedded broker has no internal topics")
		}
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		write(t, client(t, brokers), topic, 0, 1)
		if err := c.Consume(timeout(t, 60*time.Second), ConsumeRequest{Group: topic, Topics: []string{topic}, End: true}, newCollector()); err != nil {
			t.Fatal(err)
		}
		m, err := c.Refresh(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if in := m.Topic("__consumer_offsets"); in == nil || !in.Internal {
			t.Fatalf("%+v", in)
		}
		got := readAll(t, c, "__consumer_offsets", ReadUncommitted)
		if got.taken == 0 {
			t.Error("nothing was read")
		}
	})
}

func TestFetchVersionsReadTheSame(t *testing.T) {
	for _, most := range []int16{4, 5, 6, 7, 8, 9, 10, 11, 12, 13} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(2, "t"))
				speaking(f, apiFetch, 0, most)
				for p := range int32(2) {
					write(t, client(t, f.ListenAddrs()), "t", p, 100)
				}
				k := transactional(t, f.ListenAddrs(), "x")
				transact(t, k, kgo.TryAbort, &kgo.Record{Topic: "t", Value: []byte("aborted")})
				transact(t, k, kgo.TryCommit, &kgo.Record{Topic: "t", Value: []byte("committed")})
				trim(t, client(t, f.ListenAddrs()), "t", 0, 1)
				w := &wires{}
				got := readAll(t, open(t, f.ListenAddrs(), w.use), "t", ReadCommitted)
				want := append(numbers(100)[1:], "committed")
				if have := got.of("t", 0); !slices.Equal(have.values, want) || !slices.Equal(skipped(have, batch.SkipAborted), []int64{100}) {
					t.Errorf("%q", have.values)
				}
				if have := got.of("t", 1); !slices.Equal(have.values, numbers(100)) {
					t.Errorf("%q", have.values)
				}
				if state := got.of("t", 0).state; most >= 5 && state.LogStart != 1 || most < 5 && state.LogStart != -1 {
					t.Errorf("log start %d", state.LogStart)
				}
			})
		})
	}
}

func TestReadSpeaksToOldBrokersInTheirVersions(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		// Kafka 0.11: the first with record batches.
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		old := map[int16]int16{0: 3, 1: 5, 2: 2, 3: 4, 8: 3, 9: 3, 10: 1, 11: 2, 12: 1, 13: 1, 14: 1, 18: 1, 19: 2, 20: 1, 22: 0, 32: 0}
		f.ControlKey(int16(kmsg.ApiVersions), func(q kmsg.Request) (kmsg.Response, error, bool) {
			f.KeepControl()
			res := q.ResponseKind().(*kmsg.ApiVersionsResponse)
			for key, most := range old {
				v := kmsg.NewApiVersionsResponseApiKey()
				v.ApiKey, v.MaxVersion = key, most
				res.ApiKeys = append(res.ApiKeys, v)
			}
			return res, nil, true
		})
		var above []string
		f.Control(func(q kmsg.Request) (kmsg.Response, error, bool) {
			if most, ok := old[q.Key()]; !ok || q.GetVersion() > most {
				above = append(above, fmt.Sprintf("%s v%d", kmsg.NameForKey(q.Key()), q.GetVersion()))
			}
			return nil, nil, false
		})
		c := open(t, f.ListenAddrs())
		topic := newTopic(t, c, 1, nil)
		for i := range 5 {
			if ack, err := c.Send(timeout(t, 10*time.Second), Message{Topic: topic, Value: fmt.Append(nil, i), Timestamp: NoTimestamp}); err != nil || ack.Offset != int64(i) {
				t.Fatal(ack, err)
			}
		}
		if d, err := c.DescribeTopic(timeout(t, 10*time.Second), topic); err != nil || d.End[0].Offset != 5 {
			t.Error(d, err)
		}
		if got := readAll(t, c, topic, ReadCommitted).of(topic, 0); !slices.Equal(got.values, numbers(5)) {
			t.Errorf("%q", got.values)
		}
		if err := c.DeleteTopic(timeout(t, 10*time.Second), topic); err != nil {
			t.Error(err)
		}
		c.Close()
		f.Close()
		if len(above) > 0 {
			t.Errorf("asked above what the broker speaks: %s", strings.Join(above, ", "))
		}
	})
}
