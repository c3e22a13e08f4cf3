package ui

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"milena/kafka"
	"milena/kafka/batch"
)

// A cluster in memory, and a driver that does for the model what Bubble Tea
// does, but in the test's own time.

// fakeCluster holds topics as the batches that a broker would hold.
type fakeCluster struct {
	mu       sync.Mutex
	grown    *sync.Cond
	topics   map[string][]*fakePartition
	internal map[string]bool
	compact  map[string]bool
	readOnly bool
	closed   bool
	brokers  int

	refreshErr error
	readErr    error // what ends every Read
	sendErr    error
	sent       []kafka.Message // what Send took
	onSend     func()
	newestGate chan struct{} // not nil: Newest waits for it, or for its context
	newestMost int           // records of one Newest; 0: as many as asked for
	reads      int           // reads under way
	begun      int           // reads that ever began
	counted    int           // partitions that were asked for with Bounds
	policies   int           // topics whose policy was asked for
	looks      []string      // topics that Newest was asked for
	createErr  error
	frozen     *kafka.Metadata                // not nil: what Metadata gives, at no cost
	ids        map[string][16]byte            // of the topics that have one
	lack       map[kafka.TopicPartition]error // partitions that cannot be read now
	tell       []kafka.Event                  // what happens to the reading that follows
	broken     map[string]kafka.Partition     // what the first partition of a topic is like
	configs    []kafka.ConfigEntry            // of every topic
	failAfter  int                            // steps until a Read fails, once; 0: it does not
	window     time.Duration                  // of ordered reads; 0: as it is asked for
	loads      int                            // times that Load was asked
	loadGate   chan struct{}                  // not nil: Load waits for it, or for its context
	noSizes    bool                           // nobody may ask how many bytes a log has
	txn        map[string]bool                // transactional topics
}

type fakePartition struct {
	start   int64
	batches [][]byte // one record each, at start, start+1 …
	times   []int64
}

func newFake() *fakeCluster {
	c := &fakeCluster{topics: make(map[string][]*fakePartition), internal: make(map[string]bool), compact: make(map[string]bool), brokers: 3}
	c.grown = sync.NewCond(&c.mu)
	return c
}

func (c *fakeCluster) topic(name string, partitions int) *fakeCluster {
	c.mu.Lock()
	defer c.mu.Unlock()
	ps := make([]*fakePartition, partitions)
	for i := range ps {
		ps[i] = &fakePartition{}
	}
	c.topics[name] = ps
	return c
}

// add appends a record and gives its offset.
func (c *fakeCluster) add(topic string, partition int32, r batch.Record) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.topics[topic][partition]
	offset := p.start + int64(len(p.batches))
	b := batch.NewBuilder(batch.None)
	if err := b.Add(r); err != nil {
		panic(err)
	}
	raw, err := b.Finish(nil)
	if err != nil {
		panic(err)
	}
	binary.BigEndian.PutUint64(raw, uint64(offset))
	p.batches = append(p.batches, raw)
	p.times = append(p.times, r.Timestamp)
	c.grown.Broadcast()
	return offset
}

// retain lets a partition begin with an offset; what was before is gone.
func (c *fakeCluster) retain(topic string, partition int32, from int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.topics[topic][partition]
	n := from - p.start
	p.start, p.batches, p.times = from, p.batches[n:], p.times[n:]
}

func (c *fakeCluster) Metadata() *kafka.Metadata {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen != nil {
		return c.frozen
	}
	md := &kafka.Metadata{ClusterID: "fake"}
	for i := range c.brokers {
		md.Brokers = append(md.Brokers, kafka.Broker{ID: int32(i), Host: "fake", Port: 9092})
	}
	for name, ps := range c.topics {
		t := kafka.Topic{Name: name, ID: c.ids[name], Internal: c.internal[name]}
		for i := range ps {
			t.Partitions = append(t.Partitions, kafka.Partition{ID: int32(i)})
		}
		if p, ok := c.broken[name]; ok {
			t.Partitions[0] = p
		}
		md.Topics = append(md.Topics, t)
	}
	slices.SortFunc(md.Topics, func(a, b kafka.Topic) int { return strings.Compare(a.Name, b.Name) })
	return md
}

// set changes how the cluster behaves.
func (c *fakeCluster) set(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *fakeCluster) Refresh(context.Context) (*kafka.Metadata, error) {
	var err error
	if c.set(func() { err = c.refreshErr }); err != nil {
		return nil, err
	}
	return c.Metadata(), nil
}

func (c *fakeCluster) Topic(_ context.Context, name string) (*kafka.Topic, error) {
	if t := c.Metadata().Topic(name); t != nil {
		return t, nil
	}
	return nil, &kafka.UnknownTopicError{Topic: name}
}

func (c *fakeCluster) at(tp kafka.TopicPartition) *fakePartition {
	ps := c.topics[tp.Topic]
	if int(tp.Partition) >= len(ps) {
		return nil
	}
	return ps[tp.Partition]
}

func (c *fakeCluster) Offsets(_ context.Context, at int64, _ kafka.Isolation, tps []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Offset, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[kafka.TopicPartition]kafka.Offset)
	for _, tp := range tps {
		p := c.at(tp)
		if p == nil {
			out[tp] = kafka.Offset{Offset: -1, Err: errors.New("no such partition")}
			continue
		}
		if err := c.lack[tp]; err != nil {
			out[tp] = kafka.Offset{Offset: -1, Err: err}
			continue
		}
		end := p.start + int64(len(p.batches))
		o := kafka.Offset{Offset: end}
		switch {
		case at == kafka.AtStart:
			o.Offset = p.start
		case at >= 0:
			for i, ts := range p.times {
				if ts >= at {
					o.Offset = p.start + int64(i)
					break
				}
			}
		}
		out[tp] = o
	}
	return out, nil
}

func (c *fakeCluster) Resolve(ctx context.Context, tps []kafka.TopicPartition, from kafka.Position, to *kafka.Position, iso kafka.Isolation) ([]kafka.Span, []kafka.Waiting, error) {
	starts, _ := c.Offsets(ctx, kafka.AtStart, iso, tps)
	ends, _ := c.Offsets(ctx, kafka.AtEnd, iso, tps)
	place := func(tp kafka.TopicPartition, at kafka.Position) int64 {
		start, end := starts[tp].Offset, ends[tp].Offset
		switch at.Kind {
		case kafka.End:
			return end
		case kafka.AtOffset:
			return max(start, at.N)
		case kafka.AfterStart:
			return min(start+at.N, end)
		case kafka.LastEach:
			return max(start, end-at.N)
		case kafka.AtTime:
			found, _ := c.Offsets(ctx, at.Time.UnixMilli(), iso, []kafka.TopicPartition{tp})
			return found[tp].Offset
		}
		return start
	}
	var spans []kafka.Span
	var waiting []kafka.Waiting
	for _, tp := range tps {
		if err := c.lackOf(tp); err != nil {
			waiting = append(waiting, kafka.Waiting{TopicPartition: tp, From: from, Err: err})
			continue
		}
		span := kafka.Span{TopicPartition: tp, From: place(tp, from), To: kafka.NoEnd}
		if to != nil {
			span.To = min(place(tp, *to), ends[tp].Offset)
		}
		spans = append(spans, span)
	}
	return spans, waiting, nil
}

// readsNow is how many reads are under way.
func (c *fakeCluster) readsNow() (n int) {
	c.set(func() { n = c.reads })
	return n
}

// lackOf is why a partition cannot be read now; nil: it can.
func (c *fakeCluster) lackOf(tp kafka.TopicPartition) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lack[tp]
}

// mend lets a partition be read again.
func (c *fakeCluster) mend(tp kafka.TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.lack, tp)
	c.grown.Broadcast()
}

// keeper collects what a decoder gives.
type keeper struct {
	tp    kafka.TopicPartition
	match kafka.Matcher
	out   []kafka.Record
}

func (k *keeper) Record(v *batch.View) bool {
	if k.match == nil || k.match.Match(v) {
		k.out = append(k.out, kafka.Keep(k.tp, v))
	}
	return true
}
func (k *keeper) Skip(batch.Skip) {}

func (c *fakeCluster) Newest(ctx context.Context, req kafka.NewestRequest) (*kafka.Newest, error) {
	var gate chan struct{}
	if c.set(func() { gate = c.newestGate }); gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks = append(c.looks, req.Partitions[0].Topic)
	if c.newestMost > 0 {
		req.N = min(req.N, c.newestMost)
	}
	if req.Before == nil {
		req.Before = make(map[kafka.TopicPartition]int64)
		for _, tp := range req.Partitions {
			if p := c.at(tp); p != nil {
				req.Before[tp] = p.start + int64(len(p.batches))
			}
		}
	}
	var all []kafka.Record
	var read int64
	var missing []kafka.Waiting
	req.Partitions = slices.DeleteFunc(slices.Clone(req.Partitions), func(tp kafka.TopicPartition) bool {
		err := c.lack[tp]
		if err != nil {
			missing = append(missing, kafka.Waiting{TopicPartition: tp, Err: err})
		}
		return err != nil
	})
	if len(req.Partitions) == 0 && len(missing) > 0 {
		return nil, missing[0]
	}
	for _, tp := range req.Partitions {
		p := c.at(tp)
		if p == nil {
			return nil, &kafka.UnknownTopicError{Topic: tp.Topic}
		}
		if id, known := req.TopicIDs[tp.Topic]; known && id != c.ids[tp.Topic] {
			return nil, &kafka.TopicRecreatedError{Topic: tp.Topic, TopicID: c.ids[tp.Topic]}
		}
		k := &keeper{tp: tp}
		if req.Match != nil {
			k.match = req.Match(tp)
		}
		var d batch.Decoder
		for i, raw := range p.batches {
			if o := p.start + int64(i); o < req.Before[tp] {
				d.Walk(raw, o, o+1, nil, k)
				read++
			}
		}
		all = append(all, k.out...)
	}
	if req.Progress != nil {
		req.Progress(read)
	}
	slices.SortStableFunc(all, func(a, b kafka.Record) int {
		if a.Timestamp != b.Timestamp {
			return int(a.Timestamp - b.Timestamp)
		}
		return int(a.Partition - b.Partition)
	})
	n := &kafka.Newest{Missing: missing, From: make(map[kafka.TopicPartition]int64), To: make(map[kafka.TopicPartition]int64)}
	n.AtStart = len(all) <= req.N
	n.Records = all[max(0, len(all)-req.N):]
	for _, tp := range req.Partitions {
		n.To[tp] = req.Before[tp]
		n.From[tp] = req.Before[tp]
		if n.AtStart {
			n.From[tp] = c.at(tp).start
		}
	}
	if !n.AtStart {
		for i := len(n.Records) - 1; i >= 0; i-- {
			r := &n.Records[i]
			n.From[kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}] = r.Offset
		}
	}
	return n, nil
}

func (c *fakeCluster) Read(ctx context.Context, req kafka.ReadRequest, sink kafka.Sink) error {
	c.mu.Lock()
	c.reads++
	c.begun++
	defer func() { c.reads--; c.mu.Unlock() }()
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		c.grown.Broadcast()
		c.mu.Unlock()
	})
	defer stop()
	next := make(map[kafka.TopicPartition]int64)
	sinks := make(map[kafka.TopicPartition]kafka.PartitionSink)
	ids := make(map[string][16]byte) // of the topics that are read
	maps.Copy(ids, c.ids)
	maps.Copy(ids, req.TopicIDs)
	for _, s := range req.Spans {
		next[s.TopicPartition] = s.From
		c.mu.Unlock()
		sinks[s.TopicPartition] = sink.Partition(s.TopicPartition)
		c.mu.Lock()
	}
	for _, w := range req.Waiting {
		c.mu.Unlock()
		sink.Event(kafka.Event{Kind: kafka.PartitionStuck, TopicPartition: w.TopicPartition, Err: w.Err})
		c.mu.Lock()
	}
	read := make(map[string]bool) // topics, and those that are left out
	for _, s := range req.Spans {
		read[s.Topic] = true
	}
	var d batch.Decoder
	told := make(map[kafka.TopicPartition]int64)
	for {
		if err := cmp.Or(ctx.Err(), c.readErr); err != nil {
			return err
		}
		if c.failAfter > 0 {
			if c.failAfter--; c.failAfter == 0 {
				return errors.New("broken off")
			}
		}
		for name, id := range ids {
			if c.topics[name] == nil || c.ids[name] == id {
				continue
			}
			ids[name] = c.ids[name]
			for _, s := range req.Spans {
				if s.Topic == name && s.To != kafka.NoEnd {
					return &kafka.TopicRecreatedError{Topic: name, TopicID: c.ids[name]}
				} else if s.Topic == name {
					next[s.TopicPartition] = 0
					delete(told, s.TopicPartition)
				}
			}
			c.mu.Unlock()
			sink.Event(kafka.Event{Kind: kafka.TopicRecreated, TopicPartition: kafka.TopicPartition{Topic: name, Partition: -1}, TopicID: ids[name]})
			c.mu.Lock()
		}
		for len(c.tell) > 0 && req.Grow {
			e := c.tell[0]
			c.tell = c.tell[1:]
			c.mu.Unlock()
			sink.Event(e)
			c.mu.Lock()
		}
		for name, ps := range c.topics {
			t := &kafka.Topic{Name: name, Internal: c.internal[name]}
			if req.Match == nil || read[name] || len(ps) == 0 || !req.Match(t) {
				continue
			}
			read[name] = true
			c.mu.Unlock()
			sink.Event(kafka.Event{Kind: kafka.TopicAppeared, TopicPartition: kafka.TopicPartition{Topic: name, Partition: -1}})
			for p := range ps {
				tp := kafka.TopicPartition{Topic: name, Partition: int32(p)}
				req.Spans = append(req.Spans, kafka.Span{TopicPartition: tp, To: kafka.NoEnd})
				sinks[tp] = sink.Partition(tp)
			}
			c.mu.Lock()
		}
		for _, w := range slices.Clone(req.Waiting) {
			if c.lack[w.TopicPartition] != nil {
				continue
			}
			p := c.at(w.TopicPartition)
			from := p.start
			if w.From.Kind == kafka.LastEach {
				from = max(from, p.start+int64(len(p.batches))-w.From.N)
			}
			next[w.TopicPartition] = from
			req.Waiting = slices.DeleteFunc(req.Waiting, func(o kafka.Waiting) bool { return o.TopicPartition == w.TopicPartition })
			req.Spans = append(req.Spans, kafka.Span{TopicPartition: w.TopicPartition, From: from, To: kafka.NoEnd})
			c.mu.Unlock()
			sink.Event(kafka.Event{Kind: kafka.PartitionBack, TopicPartition: w.TopicPartition, From: from})
			sinks[w.TopicPartition] = sink.Partition(w.TopicPartition)
			c.mu.Lock()
		}
		open, moved := false, false
		for _, s := range req.Spans {
			p := c.at(s.TopicPartition)
			if p == nil {
				continue
			}
			end := p.start + int64(len(p.batches))
			from := next[s.TopicPartition]
			if from < p.start && from < s.To {
				e := kafka.Event{Kind: kafka.OffsetsGone, TopicPartition: s.TopicPartition, From: from, To: min(p.start, s.To)}
				from = e.To
				next[s.TopicPartition] = from
				c.mu.Unlock()
				sink.Event(e)
				c.mu.Lock()
			}
			to := min(end, s.To, from+50)
			if from < s.To {
				open = true
			}
			if seen, ok := told[s.TopicPartition]; from >= to && ok && seen == end {
				continue
			}
			var raw []byte
			if from < to {
				raw = slices.Concat(p.batches[max(0, from-p.start) : to-p.start]...)
			}
			next[s.TopicPartition] = max(from, to)
			told[s.TopicPartition], moved = end, true
			c.mu.Unlock()
			at, taken := d.Walk(raw, from, to, nil, sinks[s.TopicPartition])
			if taken {
				at = max(from, to)
			}
			err := sinks[s.TopicPartition].Flush(kafka.PartitionState{Next: at, HighWatermark: end, LastStable: end, LogStart: p.start, TopicID: ids[s.Topic]})
			c.mu.Lock()
			if !taken {
				return err
			}
			if err != nil {
				return err
			}
		}
		if !open && !req.Grow {
			return nil
		}
		if !moved {
			c.grown.Wait()
		}
	}
}

func (c *fakeCluster) ReadOrdered(ctx context.Context, req kafka.OrderedRequest, sink kafka.OrderedSink) error {
	c.set(func() { req.Window = cmp.Or(c.window, req.Window) })
	return kafka.ReadOrdered(ctx, c, req, sink)
}

func (c *fakeCluster) Send(_ context.Context, m kafka.Message) (kafka.Ack, error) {
	var err error
	var hook func()
	var partitions int
	c.set(func() { err, hook, partitions = c.sendErr, c.onSend, len(c.topics[m.Topic]) })
	c.set(func() { c.sent = append(c.sent, m) })
	if err != nil {
		return kafka.Ack{}, err
	}
	if hook != nil {
		hook()
	}
	p := m.Partition
	if p < 0 {
		p = kafka.PartitionOf(m.Key, partitions)
	}
	o := c.add(m.Topic, p, batch.Record{Timestamp: testNow.UnixMilli(), Key: m.Key, Value: m.Value, Headers: m.Headers})
	return kafka.Ack{Partition: p, Offset: o, Timestamp: testNow.UnixMilli(), Took: 2100 * time.Microsecond}, nil
}

func (c *fakeCluster) CreateTopic(_ context.Context, t kafka.NewTopic) error {
	if c.readOnly {
		return kafka.ErrReadOnly
	}
	var err error
	if c.set(func() { err = c.createErr }); err != nil {
		return err
	}
	c.topic(t.Name, int(max(1, t.Partitions)))
	return nil
}

func (c *fakeCluster) DeleteTopic(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.topics, name)
	return nil
}

func (c *fakeCluster) DescribeTopic(_ context.Context, name string) (*kafka.TopicDescription, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := &kafka.TopicDescription{Topic: kafka.Topic{Name: name}, Start: map[int32]kafka.Offset{}, End: map[int32]kafka.Offset{}, Configs: slices.Clone(c.configs)}
	for i, p := range c.topics[name] {
		part := kafka.Partition{ID: int32(i)}
		if b, ok := c.broken[name]; ok && i == 0 {
			part = b
		}
		d.Partitions = append(d.Partitions, part)
		d.Start[int32(i)], d.End[int32(i)] = kafka.Offset{Offset: p.start}, kafka.Offset{Offset: p.start + int64(len(p.batches))}
	}
	if c.compact[name] {
		d.Configs = append(d.Configs, kafka.ConfigEntry{Name: "cleanup.policy", Value: "compact"})
	}
	return d, nil
}

func (c *fakeCluster) Bounds(ctx context.Context, iso kafka.Isolation, tps []kafka.TopicPartition) (starts, ends map[kafka.TopicPartition]kafka.Offset, err error) {
	c.set(func() { c.counted += len(tps) })
	starts, _ = c.Offsets(ctx, kafka.AtStart, iso, tps)
	ends, _ = c.Offsets(ctx, kafka.AtEnd, iso, tps)
	return starts, ends, nil
}

func (c *fakeCluster) Compacted(_ context.Context, names []string) (map[string]bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.policies += len(names)
	out := make(map[string]bool)
	for _, name := range names {
		out[name] = c.compact[name]
	}
	return out, nil
}

func (c *fakeCluster) Transactional(context.Context, []kafka.Span) map[string]bool { return c.txn }

func (c *fakeCluster) Load(ctx context.Context, req kafka.LoadRequest) ([]kafka.PartitionLoad, error) {
	var gate chan struct{}
	c.set(func() { c.loads++; gate = c.loadGate })
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var loads []kafka.PartitionLoad
	for _, tp := range req.Partitions {
		l := kafka.PartitionLoad{TopicPartition: tp, Leader: tp.Partition % int32(c.brokers), Stored: -1}
		p := c.at(tp)
		if err := c.lack[tp]; err != nil {
			l.Leader, l.Err = -1, err
			loads = append(loads, l)
			continue
		}
		l.Start, l.End = p.start, p.start+int64(len(p.batches))
		if !c.noSizes {
			l.Stored = 0
		}
		k := &keeper{tp: tp}
		var d batch.Decoder
		for i, raw := range p.batches {
			if !c.noSizes {
				l.Stored += int64(len(raw))
			}
			if p.times[i] >= testNow.Add(-req.Window).UnixMilli() {
				l.Recent, l.Bytes = l.Recent+1, l.Bytes+int64(len(raw))
				d.Walk(raw, p.start+int64(i), p.start+int64(i)+1, nil, k)
			}
		}
		l.Sampled = l.Recent
		keys := make(map[string]int64)
		for _, r := range k.out {
			if r.Key == nil {
				l.Keyless++
				continue
			}
			keys[string(r.Key)]++
			if n := keys[string(r.Key)]; n > l.HotCount {
				l.HotKey, l.HotCount = r.Key, n
			}
		}
		loads = append(loads, l)
	}
	return loads, nil
}

func (c *fakeCluster) NewSearch(req kafka.SearchRequest) (*kafka.Search, error) {
	return kafka.NewSearch(c, req)
}

func (c *fakeCluster) KeySpans(spans []kafka.Span, key []byte, by kafka.Partitioner) (lives, rest []kafka.Span) {
	for _, s := range spans {
		if key == nil || by.Of(key, len(c.topics[s.Topic])) == s.Partition {
			lives = append(lives, s)
		} else {
			rest = append(rest, s)
		}
	}
	return lives, rest
}

func (c *fakeCluster) EstimateHits(ctx context.Context, spans []kafka.Span, match func(kafka.TopicPartition) kafka.Matcher, iso kafka.Isolation) (kafka.Estimate, error) {
	s, err := c.NewSearch(kafka.SearchRequest{Spans: spans, Match: match, Isolation: iso})
	if err != nil {
		return kafka.Estimate{}, err
	}
	err = s.Run(ctx, 0, nil)
	p := s.Progress()
	_, all := p.Offsets()
	return kafka.Estimate{Offsets: all, Hits: p.Hits + 1, Low: p.Hits - 1, High: p.Hits + 2, Sampled: all / 2}, err
}

func (c *fakeCluster) Cost(_ context.Context, spans []kafka.Span, _ kafka.Isolation) (kafka.SearchCost, error) {
	cost := kafka.SearchCost{Partitions: len(spans)}
	for _, s := range spans {
		cost.Offsets += s.To - s.From
	}
	cost.Bytes = cost.Offsets * 90
	return cost, nil
}

func (c *fakeCluster) ReadOnly() bool { return c.readOnly }
func (c *fakeCluster) Close() error   { c.closed = true; return nil }

// keyAllocations are what a key and its frame may cost, however much there is.
const keyAllocations = 5000

// testNow is when every test happens.
var testNow = time.Date(2026, 11, 22, 14, 5, 12, 0, time.UTC)

// bubble runs a test in time of its own (testing/synctest), which begins at
// testNow and passes only while everything in it waits.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(testNow))
		f(t)
	})
}

// inBubble runs a subtest in a bubble of its own.
func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { bubble(t, f) })
}

// realTime is a test that is in no bubble, because real processes and sockets take
// part in it.
type realTime struct{ testing.TB }

// driver runs a model's commands and gives it what they say.
type driver struct {
	t      testing.TB
	m      *Model
	cancel context.CancelFunc
	work   sync.WaitGroup
	msgs   chan tea.Msg
	ctx    context.Context
	copied string
	quits  bool // random keys may have asked to quit: that is passed over
}

// advance lets time pass. What it brings is handled afterwards.
func (d *driver) advance(by time.Duration) { time.Sleep(by) }

// drive begins a model on a cluster; nil: none can be reached.
func drive(t testing.TB, c *fakeCluster, opt Options, w, h int) *driver {
	t.Helper()
	d := &driver{t: t, msgs: make(chan tea.Msg, 1024)}
	ctx, cancel := context.WithCancel(context.Background())
	d.ctx, d.cancel = ctx, cancel
	opt.Location = time.UTC
	opt.Clipboard = func(s string) tea.Cmd { d.copied = s; return nil }
	opt.Name, opt.Theme = cmp.Or(opt.Name, "local"), cmp.Or(opt.Theme, "dark")
	if opt.Open == nil {
		opt.Open = func(context.Context, []string) (Cluster, error) {
			if c == nil {
				return nil, errors.New("nothing there")
			}
			return c, nil
		}
	}
	d.m = newModel(ctx, opt, &d.work, func() {})
	t.Cleanup(func() {
		cancel()
		d.m.leave()
		d.work.Wait()
		if c != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.reads != 0 {
				t.Errorf("%d reads are still under way after the end", c.reads)
			}
		}
	})
	d.send(tea.WindowSizeMsg{Width: w, Height: h})
	d.run(d.m.Init())
	return d
}

func (d *driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range msg {
				d.run(c)
			}
		default:
			select {
			case d.msgs <- msg:
			case <-d.ctx.Done():
			}
		}
	}()
}

func (d *driver) send(msg tea.Msg) {
	_, cmd := d.m.Update(msg)
	d.m.View()
	d.run(cmd)
}

// next handles the next message; false: there is none, and nothing is under way
// that would send one before time passes.
func (d *driver) next() bool {
	d.t.Helper()
	if _, bubbled := d.t.(*testing.T); bubbled {
		synctest.Wait()
	}
	select {
	case msg := <-d.msgs:
		if _, quit := msg.(tea.QuitMsg); !quit {
			d.send(msg)
		} else if !d.quits {
			d.t.Fatal("it quits")
		}
		return true
	default:
		return false
	}
}

// until handles messages, and lets time pass, until ok. It handles what else has come
// by then, too: messages that come at the same time come in any order.
func (d *driver) until(what string, ok func() bool) {
	d.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		came := ok()
		for d.next() {
			came = came || ok()
		}
		if came {
			return
		}
		if time.Now().After(end) {
			d.t.Fatalf("never came: %s\n%s", what, d.screen())
		}
	}
}

// sees waits for a text on the screen.
func (d *driver) sees(text string) {
	d.t.Helper()
	d.until(fmt.Sprintf("%q on the screen", text), func() bool { return strings.Contains(d.screen(), text) })
}

// screen is what a person sees, without colours.
func (d *driver) screen() string { return ansi.Strip(d.m.View().Content) }

// press presses keys, by their names; what is not a name is typed.
func (d *driver) press(keys ...string) {
	for _, k := range keys {
		d.send(keyOf(k))
	}
}

func (d *driver) typed(text string) {
	for _, r := range text {
		d.send(keyOf(string(r)))
	}
}

func keyOf(name string) tea.KeyPressMsg {
	named := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "backspace": tea.KeyBackspace, "delete": tea.KeyDelete,
		"home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
		k := keyOf(rest)
		k.Mod, k.Text = k.Mod|tea.ModCtrl, ""
		return k
	}
	if rest, ok := strings.CutPrefix(name, "shift+"); ok {
		k := keyOf(rest)
		k.Mod |= tea.ModShift
		return k
	}
	if c, ok := named[name]; ok {
		return tea.KeyPressMsg{Code: c}
	}
	if name == "space" || name == " " {
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	}
	r := []rune(name)
	return tea.KeyPressMsg{Code: r[0], Text: name}
}

// sample is a cluster worth looking at; everything in it stands still.
func sample() *fakeCluster {
	c := newFake().topic("message-log", 1).topic("orders", 6).topic("orders.dlq", 3).topic("payments", 12).
		topic("customers", 3).topic("주문-이벤트", 1).topic("empty", 1).topic("__consumer_offsets", 2)
	c.internal["__consumer_offsets"] = true
	c.compact["customers"] = true
	at := testNow.Add(-3 * time.Minute)
	for i := range 300 {
		c.add("message-log", 0, batch.Record{
			Timestamp: at.Add(time.Duration(i) * 500 * time.Millisecond).UnixMilli(),
			Key:       fmt.Append(nil, i), Value: fmt.Appendf(nil, "this is message%d", i),
		})
	}
	values := []string{
		`{"id":1,"event":"login","user":{"name":"Ada","country":"DE"},"total":79.630,"ok":true,"note":null}`,
		`{"id":2,"event":"order.created","items":[{"sku":"a-1","n":2},{"sku":"b-2","n":1}],"total":1e3}`,
		"", "한국어 메시지 🎉 emoji", "\x00\x01\xfe\x8a binary \x1b[31m", "two\nlines\tand a tab",
	}
	for i := range 60 {
		r := batch.Record{
			Timestamp: at.Add(time.Duration(i) * 700 * time.Millisecond).UnixMilli(),
			Key:       fmt.Appendf(nil, "user-%d", i%13), Value: []byte(values[i%len(values)]),
			Headers: []batch.Header{{Key: "trace-id", Value: []byte("4bf92f3577b34da6")}, {Key: "empty"}},
		}
		switch i % 10 {
		case 7:
			r.Value = nil
		case 8:
			r.Key = nil
		case 9:
			r.Key = []byte{}
		}
		c.add("orders", int32(i%6), r)
	}
	return c
}

// settle handles messages until nothing is under way: nothing turns, and nothing
// has come for longer than a preview waits for the cursor to rest.
func (d *driver) settle() {
	d.t.Helper()
	end := time.Now().Add(time.Minute)
	for quiet := 0; quiet < 6; quiet++ {
		if time.Now().After(end) {
			d.t.Fatalf("it does not come to rest:\n%s", d.screen())
		}
		for d.next() {
			quiet = 0
		}
		if d.m.busy() || d.m.tail.preview.unfinished() || d.m.tail.find.busy != 0 || d.m.topics.counting {
			quiet = 0
		}
		time.Sleep(40 * time.Millisecond)
	}
}
