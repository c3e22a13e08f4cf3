package kafka

// Where the newest N records of each partition begin. Offsets alone do not tell:
// transaction markers, aborted records and what compaction took have some, too.

import (
	"context"
	"sync"

	"milena/kafka/batch"
)

// lastEach finds, in each partition, the offset from which on N records follow up
// to its end, or its start, when it holds fewer. It reads the log back from the
// end: as many offsets as records are wanted, and more where these were not enough.
func lastEach(ctx context.Context, log Log, tps []TopicPartition, starts, ends map[TopicPartition]Offset, n int64, iso Isolation) (map[TopicPartition]int64, error) {
	at := make(map[TopicPartition]int64, len(tps))
	wanted := make(map[TopicPartition]int64, len(tps)) // records that are to be found yet
	for _, tp := range tps {
		at[tp], wanted[tp] = ends[tp].Offset, n
	}
	for step := n; ; step = min(step*4, max(n, 1<<20)) {
		var spans []Span
		for _, tp := range tps {
			start := starts[tp].Offset
			switch {
			case wanted[tp] == 0 || at[tp] <= start:
			case at[tp]-start <= wanted[tp]: // all that is left is not more than that
				at[tp] = start
			default:
				spans = append(spans, Span{tp, max(start, at[tp]-max(step, wanted[tp])), at[tp]})
			}
		}
		if len(spans) == 0 {
			return at, nil
		}
		found := &lastSink{wanted: wanted, parts: make(map[TopicPartition]*lastPart, len(spans))}
		if err := log.Read(ctx, ReadRequest{Spans: spans, Isolation: iso}, found); err != nil {
			return nil, err
		}
		for _, s := range spans {
			at[s.TopicPartition] = s.From
			p := found.parts[s.TopicPartition]
			if p == nil {
				continue
			}
			if wanted[s.TopicPartition] -= p.count; wanted[s.TopicPartition] <= 0 {
				at[s.TopicPartition], wanted[s.TopicPartition] = p.first(), 0
			}
		}
	}
}

// lastSink notes the offsets of the newest records of each partition.
type lastSink struct {
	wanted map[TopicPartition]int64

	mu    sync.Mutex
	parts map[TopicPartition]*lastPart
}

// lastPart is one partition's: a ring of the offsets of as many records as are
// wanted.
type lastPart struct {
	wanted, count int64
	ring          []int64
}

// Partition is the partition's part.
func (s *lastSink) Partition(tp TopicPartition) PartitionSink {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &lastPart{wanted: s.wanted[tp]}
	s.parts[tp] = p
	return p
}

// Event is of no use to a bounded read: what matters ends it with an error.
func (s *lastSink) Event(Event) {}

// Record notes its offset in place of the oldest.
func (p *lastPart) Record(v *batch.View) bool {
	if int64(len(p.ring)) < p.wanted {
		p.ring = append(p.ring, v.Offset)
	} else {
		p.ring[p.count%p.wanted] = v.Offset
	}
	p.count++
	return true
}

// first is the offset of the oldest of those that are wanted, when all were found.
func (p *lastPart) first() int64 { return p.ring[p.count%p.wanted] }

// Skip passes over what is no record.
func (p *lastPart) Skip(batch.Skip) {}

// Flush has nothing to do.
func (p *lastPart) Flush(PartitionState) error { return nil }
