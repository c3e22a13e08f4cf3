package kafka

// Everything at once: requests that are lost at random and leaders that move,
// while messages are produced and read.

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"milena/internal/testseed"
	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
)

func TestEveryMessageIsShownOnceWhateverBreaks(t *testing.T) {
	t.Parallel()
	for round := range 4 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			bubble.Run(t, func(t *testing.T) {
				random := testseed.Rand(t)
				const partitions, n = 3, 600
				f := fake(t, kfake.NumBrokers(3), kfake.SeedTopics(partitions, "t"))
				w := &wires{}
				c := open(t, f.ListenAddrs(), w.use, func(cfg *Config) {
					cfg.RequestTimeout, cfg.DialTimeout = time.Second, time.Second
				})
				w.set(func(call) fate { // called with a lock held
					if random.IntN(8) > 0 {
						return pass
					}
					return []fate{lose, lose, cut, cut, refuse, refuse, hang}[random.IntN(7)]
				})
				got := newCollector()
				var spans []Span
				for p := range int32(partitions) {
					spans = append(spans, Span{TopicPartition{"t", p}, 0, NoEnd})
				}
				follow(t, c, ReadRequest{Spans: spans, sessions: round%2 == 1}, got)

				moving, stop := context.WithCancel(t.Context())
				var mover sync.WaitGroup
				mover.Go(func() {
					for sleep(moving, 150*time.Millisecond) == nil {
						f.ShufflePartitionLeaders()
					}
				})
				p := c.NewProducer(ProducerConfig{})
				defer p.Close()
				o := newOutcomes()
				for i := range n {
					m := Message{Topic: "t", Partition: int32(i % partitions), Value: fmt.Append(nil, i/partitions), Timestamp: NoTimestamp}
					if err := p.Produce(timeout(t, 60*time.Second), m, o.of(t, i)); err != nil {
						t.Fatal(err)
					}
					if i%20 == 19 {
						// Within the patience of a Produce; what is on the wire goes on.
						_ = sleep(t.Context(), 10*time.Millisecond)
					}
				}
				if err := p.Flush(timeout(t, 100*time.Second)); err != nil {
					t.Fatal(err)
				}
				stop()
				mover.Wait()
				w.set(nil)
				if len(o.errs) > 0 {
					t.Errorf("not acknowledged: %v", o.errs)
				}
				got.await(t, "all messages", func() bool { return got.taken >= n })
				log := readAll(t, c, "t", ReadUncommitted)
				for q := range int32(partitions) {
					want := numbers(n / partitions)
					if have := log.of("t", q).values; !slices.Equal(have, want) {
						t.Errorf("the log of partition %d holds %q", q, have)
					}
					if have := got.of("t", q).values; !slices.Equal(have, want) {
						t.Errorf("partition %d was shown as %q", q, have)
					}
				}
				for i, a := range o.acks {
					if a.Offset >= 0 && a.Offset != int64(i/partitions) {
						t.Errorf("message %d is said to be at %d", i, a.Offset)
					}
				}
			})
		})
	}
}

func TestAGroupPassesNothingOverWhateverBreaks(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		random := testseed.Rand(t)
		const partitions, n = 3, 300
		f := fake(t, kfake.NumBrokers(2), kfake.SeedTopics(partitions, "t"))
		w := &wires{}
		c := open(t, f.ListenAddrs(), w.use, func(cfg *Config) {
			cfg.RequestTimeout, cfg.DialTimeout = time.Second, time.Second
		})
		k := client(t, f.ListenAddrs())
		w.set(func(call) fate { // called with a lock held
			if random.IntN(12) > 0 {
				return pass
			}
			return []fate{lose, cut, refuse}[random.IntN(3)]
		})
		seen := &history{seen: make(map[TopicPartition][]int64)}
		req := ConsumeRequest{Group: "g", Topics: []string{"t"}, Start: Position{Kind: Beginning}}
		for stretch := 1; stretch <= 3; stretch++ {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- c.Consume(ctx, req, seen) }()
			for p := range int32(partitions) {
				write(t, k, "t", p, n/partitions)
			}
			for deadline := time.Now().Add(60 * time.Second); seen.distinct() < stretch*n; {
				select {
				case err := <-done: // it may give up; then somebody begins it again
					t.Logf("began again after: %v", err)
					go func() { done <- c.Consume(ctx, req, seen) }()
				case <-time.After(20 * time.Millisecond):
				}
				if time.Now().After(deadline) {
					t.Fatalf("%d of %d seen", seen.distinct(), stretch*n)
				}
			}
			cancel()
			<-done
		}
		// Nothing is committed that was not seen.
		for p, o := range committed(t, k, "g", "t", partitions) {
			tp := TopicPartition{"t", p}
			for i := range o {
				if !slices.Contains(seen.seen[tp], i) {
					t.Fatalf("%v: %d committed, offset %d never seen", tp, o, i)
				}
			}
		}
	})
}
