package kafka

// How evenly partitions are loaded: what each holds, what came lately, and the
// key that came most often.

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

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
	Leader     int32 // -1: none now
	Start, End int64 // offsets that the log holds: Start ≤ offset < End
	Stored     int64 // bytes of the log at its leader, compressed; -1: not known, or not allowed to be
	Recent     int64 // offsets of the window
	// Of the window's records, the newest Sampled were read. They take Bytes in
	// the log, compressed.
	Sampled, Bytes int64
	// HotKey came HotCount times among them; where many keys are about as
	// frequent, it may be up to a thousandth of the sample more. Keyless counts
	// those with the null key.
	HotKey   []byte
	HotCount int64
	Keyless  int64
	// Err is why the partition could not be asked, so that nothing but its leader
	// is known, or why not all of its sample was read.
	Err error
}

// Held is how many offsets the log holds.
func (l *PartitionLoad) Held() int64 { return l.End - l.Start }

// Load tells how each partition is loaded, in the order of the request. The error
// is for what failed altogether; a partition that cannot be asked says so itself.
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
	wanted := make([]Span, len(req.Partitions)) // of each partition's log, to be read
	var spans []Span
	for i, tp := range req.Partitions {
		start, end, recent := found[tp][0], found[tp][1], found[tp][2]
		l := &loads[i]
		*l = PartitionLoad{TopicPartition: tp, Leader: -1, Stored: -1}
		if t := m.Topic(tp.Topic); t != nil && t.Partition(tp.Partition) != nil {
			l.Leader = t.Partition(tp.Partition).Leader
		}
		if l.Err = cmp.Or(start.Err, end.Err, recent.Err); l.Err != nil {
			continue
		}
		l.Start, l.End = start.Offset, max(start.Offset, end.Offset)
		if recent.Offset >= 0 {
			l.Recent = max(0, end.Offset-recent.Offset)
		}
		if l.Recent > 0 {
			wanted[i] = Span{tp, end.Offset - min(l.Recent, req.Sample), end.Offset}
			spans = append(spans, wanted[i])
		}
	}
	var sizes map[TopicPartition]int64
	var wg sync.WaitGroup
	wg.Go(func() { sizes = c.stored(ctx, m, loads) })
	run, stop := context.WithCancel(ctx)
	defer stop()
	sink := &loadSink{stop: stop, parts: make(map[TopicPartition]*loadPart)}
	err = c.Read(run, ReadRequest{Spans: spans, Isolation: req.Isolation}, sink)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for i := range loads {
		l := &loads[i]
		if size, ok := sizes[l.TopicPartition]; ok {
			l.Stored = size
		}
		p := sink.parts[l.TopicPartition]
		if p != nil {
			p.tell(l)
		}
		if wanted[i].From < wanted[i].To && (p == nil || p.next < wanted[i].To) {
			l.Err = cmp.Or(sink.stuck, err)
		}
	}
	return loads, nil
}

// stored asks each leader how many bytes its logs have (DescribeLogDirs, KIP-113).
// Not everybody may ask, so what is not answered is left out.
func (c *Cluster) stored(ctx context.Context, m *Metadata, loads []PartitionLoad) map[TopicPartition]int64 {
	requests := make(map[int32]*kmsg.DescribeLogDirsRequest)
	for i := range loads {
		l := &loads[i]
		if l.Err != nil || m.Broker(l.Leader) == nil {
			continue
		}
		q := requests[l.Leader]
		if q == nil {
			q = kmsg.NewPtrDescribeLogDirsRequest()
			requests[l.Leader] = q
		}
		if n := len(q.Topics); n == 0 || q.Topics[n-1].Topic != l.Topic {
			t := kmsg.NewDescribeLogDirsRequestTopic()
			t.Topic = l.Topic
			q.Topics = append(q.Topics, t)
		}
		t := &q.Topics[len(q.Topics)-1]
		t.Partitions = append(t.Partitions, l.Partition)
	}
	sizes := make(map[TopicPartition]int64, len(loads))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for leader, q := range requests {
		wg.Go(func() {
			got, err := c.ask(ctx, m.Broker(leader).Addr(), q, 4)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, dir := range got.(*kmsg.DescribeLogDirsResponse).Dirs {
				for _, t := range dir.Topics {
					for _, p := range t.Partitions {
						if !p.IsFuture { // on its way to another disk, it is there twice
							sizes[TopicPartition{t.Topic, p.Partition}] = p.Size
						}
					}
				}
			}
		})
	}
	wg.Wait()
	return sizes
}

// loadSink counts what a Load reads.
type loadSink struct {
	stop context.CancelFunc

	mu    sync.Mutex
	parts map[TopicPartition]*loadPart
	stuck error // what the reading would have waited for
}

// loadPart counts one partition's records, and its keys by Misra and Gries: with
// so many counters, whatever makes up more than one part in so many is among
// them, and its count is short by no more than that.
type loadPart struct {
	records, bytes, keyless int64
	inBatch                 int64 // base offset of the batch that was counted last
	next                    int64 // read up to here
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

// Event ends the reading when a partition has lost its leader since it was asked:
// the figures of the others shall not wait for it.
func (s *loadSink) Event(e Event) {
	if e.Kind == PartitionStuck {
		s.mu.Lock()
		s.stuck = cmp.Or(s.stuck, e.Err)
		s.mu.Unlock()
		s.stop()
	}
}

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

// Flush notes how far it is: Load looks when all is read.
func (p *loadPart) Flush(state PartitionState) error {
	p.next = state.Next
	return nil
}

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
