package kafka

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"milena/kafka/batch"
)

// collector is a sink that keeps everything, as text.
type collector struct {
	mu     sync.Mutex
	parts  map[TopicPartition]*collected
	events []Event
	limit  int           // stop after so many records; 0: none
	news   chan struct{} // told after every flush
	taken  int
}

type collected struct {
	c       *collector
	values  []string
	offsets []int64
	skips   []batch.Skip
	state   PartitionState
}

func newCollector() *collector {
	return &collector{parts: make(map[TopicPartition]*collected), news: make(chan struct{}, 1)}
}

func (c *collector) Partition(tp TopicPartition) PartitionSink {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &collected{c: c}
	c.parts[tp] = p
	return p
}

func (c *collector) Event(e Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
}

func (p *collected) Record(v *batch.View) bool {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	if p.c.limit > 0 && p.c.taken == p.c.limit {
		return false
	}
	p.c.taken++
	p.values = append(p.values, string(v.Value))
	p.offsets = append(p.offsets, v.Offset)
	return true
}

func (p *collected) Skip(s batch.Skip) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	s.Batch = nil
	p.skips = append(p.skips, s)
}

func (p *collected) Flush(s PartitionState) error {
	p.c.mu.Lock()
	p.state = s
	p.c.mu.Unlock()
	select {
	case p.c.news <- struct{}{}:
	default:
	}
	return nil
}

// await waits until ok holds of what was collected.
func (c *collector) await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		c.mu.Lock()
		done := ok()
		c.mu.Unlock()
		if done {
			return
		}
		select {
		case <-c.news:
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			c.mu.Lock()
			defer c.mu.Unlock()
			t.Fatalf("waiting for %s; events %v, taken %d", what, c.events, c.taken)
		}
	}
}

func numbers(n int) []string {
	s := make([]string, n)
	for i := range s {
		s[i] = fmt.Sprint(i)
	}
	return s
}

func TestReadGivesEveryRecordOnceInOrder(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 3, nil)
		k := client(t, brokers)
		for p := range int32(3) {
			write(t, k, topic, p, 1000*int(p+1))
		}
		spans := wholeTopic(t, c, topic, ReadUncommitted)
		got := newCollector()
		if err := c.Read(timeout(t, 30*time.Second), ReadRequest{Spans: spans}, got); err != nil {
			t.Fatal(err)
		}
		for p := range int32(3) {
			want := numbers(1000 * int(p+1))
			if have := got.parts[TopicPartition{topic, p}].values; !slices.Equal(have, want) {
				t.Errorf("partition %d: %d records, want %d in order", p, len(have), len(want))
			}
		}
	})
}

func TestReadFollows(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		k := client(t, brokers)
		got := newCollector()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- c.Read(ctx, ReadRequest{Spans: []Span{{TopicPartition{topic, 0}, 0, NoEnd}}}, got)
		}()
		for n := 100; n <= 500; n += 100 {
			write(t, k, topic, 0, 100)
			got.await(t, "what was written", func() bool { return got.taken == n })
		}
		cancel()
		if err := <-done; err != context.Canceled {
			t.Error(err)
		}
	})
}
