package kafka

// A broker that lies (lab/liar), in a bubble where time passes by itself: whatever
// it says, every call ends or says within its time what is wrong, and no request is
// sent again without a pause.

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"milena/kafka/batch"
	"milena/lab/liar"
)

// heard is a sink that notes what it was given and told.
type heard struct {
	mu      sync.Mutex
	records int
	skips   []batch.Skip
	events  []Event
	flushes int
}

func (h *heard) Partition(TopicPartition) PartitionSink { return h }
func (h *heard) Record(v *batch.View) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records++
	return true
}
func (h *heard) Skip(s batch.Skip) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Batch = nil
	h.skips = append(h.skips, s)
}
func (h *heard) Flush(PartitionState) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.flushes++
	return nil
}
func (h *heard) Event(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

func (h *heard) words() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all strings.Builder
	for _, e := range h.events {
		all.WriteString(e.String() + "\n")
	}
	for _, s := range h.skips {
		if s.Err != nil {
			all.WriteString(s.Err.Error() + "\n")
		}
	}
	return all.String()
}

// lieLimit is how long anything may take with a broker that lies, in the bubble's time.
const lieLimit = 2 * time.Minute

func TestLiesRead(t *testing.T) {
	for _, group := range [][]liar.Lie{{{Name: "honest"}}, liar.Versions, liar.Layouts, liar.Offsets, liar.Fetches, liar.Wires} {
		for _, lie := range group {
			t.Run(lie.Name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { readLie(t, lie) })
			})
		}
	}
}

func readLie(t *testing.T, lie liar.Lie) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b := liar.New(lie)
	defer b.Close()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), lieLimit)
	defer cancel()
	c, err := Open(ctx, Config{Brokers: []string{"liar.invalid:9092"}, Dial: b.Dial})
	if err != nil {
		t.Logf("open after %s, %d requests: %v", time.Since(began), b.Requests(), err)
		return
	}
	defer c.Close()
	var h heard
	topic, err := c.Topic(ctx, liar.Topic)
	if err == nil {
		var spans []Span
		var waiting []Waiting
		spans, waiting, err = c.Resolve(ctx, Partitions(topic), Position{Kind: Beginning}, &Position{Kind: End}, ReadUncommitted)
		t.Logf("%v, %v, %v", spans, waiting, err)
		if err == nil {
			err = c.Read(ctx, ReadRequest{Spans: spans, Isolation: ReadCommitted}, &h)
		}
	}
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	words := h.words()
	if len(words) > 600 {
		words = words[:600]
	}
	t.Logf("after %s, %d requests, %d records, %d flushes, %d MiB allocated: %v\n%s", took, b.Requests(), h.records, h.flushes, (after.TotalAlloc-before.TotalAlloc)>>20, err, words)
	if errors.Is(err, context.DeadlineExceeded) && words == "" {
		t.Error("neither an end nor a word")
	}
	if most := 40 + 5*int(took/time.Second); b.Requests() > most {
		t.Errorf("%d requests in %s", b.Requests(), took)
	}
}
