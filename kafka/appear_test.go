package kafka

import (
	"context"
	"slices"
	"strings"
	"testing"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
)

// A topic that appears while others are read is read from its beginning when it
// matches, and not otherwise.
func TestReadTakesInTopicsThatAppear(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		c := open(t, f.ListenAddrs())
		k := client(t, f.ListenAddrs())
		pattern, err := ParseTopicPattern(`orders\..*`)
		if err != nil {
			t.Fatal(err)
		}
		create := func(name string) {
			if err := c.CreateTopic(t.Context(), NewTopic{Name: name, Partitions: 2, ReplicationFactor: 1}); err != nil {
				t.Fatal(err)
			}
			write(t, k, name, 1, 3)
		}
		create("orders.a")
		ctx, cancel := context.WithCancel(t.Context())
		got := newCollector()
		done := make(chan error, 1)
		spans := allOf(t, c, "orders.a")
		go func() { done <- c.Read(ctx, ReadRequest{Spans: spans, Grow: true, Match: pattern.Match}, got) }()
		got.await(t, "what is there", func() bool { return got.taken == 3 })
		create("payments")
		create("orders.b")
		got.await(t, "the new topic", func() bool { return got.taken == 6 })
		cancel()
		if err := <-done; err != context.Canceled {
			t.Error(err)
		}
		if p := got.parts[TopicPartition{"orders.b", 1}]; p == nil || !slices.Equal(p.values, numbers(3)) {
			t.Errorf("of the new topic came %v", p)
		}
		for tp := range got.parts {
			if tp.Topic == "payments" {
				t.Error("payments does not match and was read")
			}
		}
		if !slices.ContainsFunc(got.events, func(e Event) bool { return e.Kind == TopicAppeared && strings.Contains(e.String(), "orders.b") }) {
			t.Errorf("events %v", got.events)
		}
	})
}
