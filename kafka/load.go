package kafka

// How evenly partitions are loaded: what each holds, what came lately, and the
// key that came most often.

import (
	"context"
	"errors"
	"sync"
	"time"

	"milena/kafka/batch"
)

// LoadRequest asks how partitions are loaded.
type LoadRequest struct {
	Partitions []TopicPartition
	// Window is what lately means; 0: a minute.
	Window time.Duration
	// Sample is how many of the newest records of a partition are read for bytes
	// and keys at most; 0: 100,000.
	Sample    int64
	Isolation Isolation
}

// PartitionLoad is one partition's load.
type PartitionLoad struct {
	TopicPartition
	Leader int32 // -1: none now
	Held   int64 // offsets that the log holds
	Recent int64 // offsets of the window
	// Of the window's records, the newest Sampled were read. They take Bytes in
	// the log, compressed.
	Sampled, Bytes int64
	// HotKey came HotCount times among them; where many keys are about as
	// frequent, it may be up to a thousandth of the sample more. Keyless counts
	// those with the null key.
	HotKey   []byte
	HotCount int64
	Keyless  int64
}

// Load tells how each partition is loaded, in the order of the request.
func (c *Cluster) Load(ctx context.Context, req LoadRequest) ([]PartitionLoad, error) {
	if req.Window <= 0 {
		req.Window = time.Minute
	}
	if req.Sample <= 0 {
		req.Sample = 100_000
	}
	times := []int64{AtStart, AtEnd, c.cfg.Now().Add(-req.Window).UnixMilli()}
	found, err := c.offsetsAt(ctx, req.Isolation, req.Partitions, func(TopicPartition) []int64 { return times })
	if err != nil {
		return nil, err
	}
	m := c.Metadata()
	loads := make([]PartitionLoad, len(req.Partitions))
	sink := &loadSink{parts: make(map[TopicPartition]*loadPart)}
	var spans []Span
	for i, tp := range req.Partitions {
		start, end, recent := found[tp][0], found[tp][1], found[tp][2]
		if err := errors.Join(start.Err, end.Err, recent.Err); err != nil {
			return nil, err
		}
		l := &loads[i]
		*l = PartitionLoad{TopicPartition: tp, Leader: -1, Held: max(0, end.Offset-start.Offset)}
		if t := m.Topic(tp.Topic); t != nil && t.Partition(tp.Partition) != nil {
			l.Leader = t.Partition(tp.Partition).Leader
		}
		if recent.Offset >= 0 {
			l.Recent = max(0, end.Offset-recent.Offset)
			if l.Recent > 0 {
				spans = append(spans, Span{tp, end.Offset - min(l.Recent, req.Sample), end.Offset})
			}
		}
	}
	if err := c.Read(ctx, ReadRequest{Spans: spans, Isolation: req.Isolation}, sink); err != nil {
		return nil, err
	}
	for i := range loads {
		if p := sink.parts[loads[i].TopicPartition]; p != nil {
			p.tell(&loads[i])
		}
	}
	return loads, nil
}

// loadSink counts what a Load reads.
type loadSink struct {
	mu    sync.Mutex
	parts map[TopicPartition]*loadPart
}

// loadPart counts one partition's records, and its keys by Misra and Gries: with
// so many counters, whatever makes up more than one part in so many is among
// them, and its count is short by no more than that.
type loadPart struct {
	records, bytes, keyless int64
	inBatch                 int64 // base offset of the batch that was counted last
	keys                    map[string]int64
}

// keyCounters is how many keys of a partition are counted at once.
const keyCounters = 1000

// Partition makes a partition's counters.
func (s *loadSink) Partition(tp TopicPartition) PartitionSink {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &loadPart{inBatch: -1, keys: make(map[string]int64)}
	s.parts[tp] = p
	return p
}

// Event is of no use to a bounded read: what matters ends it with an error.
func (s *loadSink) Event(Event) {}

// Record counts a record, its batch once, and its key.
func (p *loadPart) Record(v *batch.View) bool {
	p.records++
	if v.Batch.BaseOffset != p.inBatch {
		p.inBatch = v.Batch.BaseOffset
		p.bytes += int64(v.Batch.Size)
	}
	if v.Key == nil {
		p.keyless++
		return true
	}
	if n, ok := p.keys[string(v.Key)]; ok || len(p.keys) < keyCounters {
		p.keys[string(v.Key)] = n + 1
		return true
	}
	for key, n := range p.keys {
		if n == 1 {
			delete(p.keys, key)
		} else {
			p.keys[key] = n - 1
		}
	}
	return true
}

// Skip has nothing to count.
func (p *loadPart) Skip(batch.Skip) {}

// Flush has nothing to hand on: Load looks when all is read.
func (p *loadPart) Flush(PartitionState) error { return nil }

// tell adds what was counted; of keys that came equally often, the first by its
// bytes.
func (p *loadPart) tell(l *PartitionLoad) {
	l.Sampled, l.Bytes, l.Keyless = p.records, p.bytes, p.keyless
	for key, n := range p.keys {
		if n > l.HotCount || n == l.HotCount && key < string(l.HotKey) {
			l.HotKey, l.HotCount = []byte(key), n
		}
	}
}
