package kafka

// Calls that have nothing to do, or nobody left to do it with.

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
)

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(ctx context.Context, c *Cluster, topic string, got *collector) error{
		"Read": func(ctx context.Context, c *Cluster, topic string, got *collector) error {
			return c.Read(ctx, ReadRequest{Spans: []Span{{TopicPartition{topic, 0}, 0, NoEnd}}}, got)
		},
		"Consume": func(ctx context.Context, c *Cluster, topic string, got *collector) error {
			return c.Consume(ctx, ConsumeRequest{Group: topic, Topics: []string{topic}}, got)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBroker(t, func(t *testing.T, brokers []string) {
				topic := newTopic(t, open(t, brokers), 1, nil)
				write(t, client(t, brokers), topic, 0, 5)
				c := open(t, brokers)
				got := newCollector()
				done := make(chan error, 1)
				go func() { done <- begin(timeout(t, 20*time.Second), c, topic, got) }()
				got.await(t, "the records", func() bool { return got.taken == 5 })
				c.Close()
				if err := <-done; err == nil || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v; events %v", err, got.events)
				}
			})
		})
	}
}

func TestReadOfNothingAsksForNothing(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "a", "b"))
		var hours atomic.Int64 // whatever is known is old at once
		c := open(t, f.ListenAddrs(), func(cfg *Config) {
			cfg.Now = func() time.Time { return time.Unix(hours.Add(3600), 0) }
		})
		ctx := timeout(t, 300*time.Millisecond)
		_ = c.Read(ctx, ReadRequest{Grow: true}, newCollector())
		if n := len(c.Metadata().Topics); n != 2 {
			t.Errorf("the snapshot of 2 topics has %d now", n)
		}
	})
}
