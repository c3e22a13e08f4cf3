package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kgo"
)

// fetchAll has somebody else's client read n records of a topic.
func fetchAll(t testing.TB, brokers []string, topic string, n int) []*kgo.Record {
	t.Helper()
	k := client(t, brokers, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	var got []*kgo.Record
	ctx := timeout(t, 30*time.Second)
	for len(got) < n {
		f := k.PollFetches(ctx)
		if err := f.Err0(); err != nil {
			t.Fatalf("after %d of %d records: %v", len(got), n, err)
		}
		got = append(got, f.Records()...)
	}
	return got
}

func TestSendTellsWhereTheMessageIs(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 6, nil)
		ctx := timeout(t, 30*time.Second)
		headers := []batch.Header{{Key: "h", Value: nil}, {Key: "h", Value: []byte{}}, {Key: "", Value: []byte("x")}}
		ack, err := c.Send(ctx, Message{Topic: topic, Partition: AnyPartition, Key: []byte("user-12"), Value: []byte("hello"), Headers: headers, Timestamp: 1234})
		if err != nil {
			t.Fatal(err)
		}
		if want := PartitionOf([]byte("user-12"), 6); ack.Partition != want || ack.Offset != 0 || ack.Timestamp != 1234 {
			t.Errorf("ack %+v, want partition %d, offset 0", ack, want)
		}
		for i := range int64(3) {
			ack, err = c.Send(ctx, Message{Topic: topic, Partition: 5, Timestamp: NoTimestamp})
			if err != nil || ack.Partition != 5 || ack.Offset != i {
				t.Errorf("ack %+v, %v; want 5/%d", ack, err, i)
			}
		}
		for _, r := range fetchAll(t, brokers, topic, 4) {
			if r.Partition == 5 {
				if r.Key != nil || r.Value != nil {
					t.Errorf("null key and value came as %q and %q", r.Key, r.Value)
				}
				continue
			}
			if string(r.Key) != "user-12" || string(r.Value) != "hello" || len(r.Headers) != 3 ||
				r.Headers[0].Value != nil || r.Headers[1].Value == nil || string(r.Headers[2].Value) != "x" {
				t.Errorf("read back %+v", r)
			}
		}
	})
}

func TestSendRefusesWhatCannotBe(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		ctx := timeout(t, 30*time.Second)
		if _, err := c.Send(ctx, Message{Topic: topic, Partition: 1, Timestamp: NoTimestamp}); err == nil {
			t.Error("a partition that is not there took a message")
		}
		var unknown *UnknownTopicError
		if _, err := c.Send(ctx, Message{Topic: topic + "x", Partition: AnyPartition, Timestamp: NoTimestamp}); !errors.As(err, &unknown) {
			t.Errorf("unknown topic: %v", err)
		} else if len(unknown.Near) == 0 || unknown.Near[0] != topic {
			t.Errorf("near names %q, want %q first", unknown.Near, topic)
		}
		// Twice as much as brokers take by default, and no partner to split from.
		big := bytes.Repeat([]byte("0123456789abcdef"), 2<<20/16)
		var refusal *Error
		if _, err := c.Send(ctx, Message{Topic: topic, Partition: 0, Value: big, Timestamp: NoTimestamp}); !errors.As(err, &refusal) || refusal.Code != codeMessageTooLarge {
			t.Errorf("too large: %v", err)
		}
		if ack, err := c.Send(ctx, Message{Topic: topic, Partition: 0, Timestamp: NoTimestamp}); err != nil || ack.Offset != 0 {
			t.Errorf("after a refusal: %+v, %v", ack, err)
		}
	})
}

func TestProducerKeepsOrderWithEveryCodec(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		for codec := batch.None; codec <= batch.Zstd; codec++ {
			topic := newTopic(t, c, 3, map[string]string{"max.message.bytes": "100000"})
			p := c.NewProducer(ProducerConfig{Codec: codec})
			const n = 5000
			var mu sync.Mutex
			next := map[int32]int64{}
			for i := range n {
				err := p.Produce(t.Context(), Message{Topic: topic, Partition: int32(i % 3), Value: fmt.Appendf(nil, "%d %s", i, bytes.Repeat([]byte{'x'}, 100)), Timestamp: NoTimestamp}, func(a Ack, err error) {
					mu.Lock()
					defer mu.Unlock()
					if err != nil || a.Offset != next[a.Partition] {
						t.Errorf("codec %d: %+v, %v; want offset %d", codec, a, err, next[a.Partition])
					}
					next[a.Partition]++
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := p.Flush(timeout(t, 30*time.Second)); err != nil {
				t.Fatal(err)
			}
			p.Close()
			seen := map[int32]int{0: 0, 1: 1, 2: 2}
			for _, r := range fetchAll(t, brokers, topic, n) {
				var i int
				fmt.Sscan(string(r.Value), &i)
				if i != seen[r.Partition] {
					t.Fatalf("codec %d: partition %d has %d, want %d", codec, r.Partition, i, seen[r.Partition])
				}
				seen[r.Partition] += 3
			}
		}
	})
}

func TestConsumeCommitsWhatWasFlushed(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 2, nil)
		k := client(t, brokers)
		write(t, k, topic, 0, 100)
		write(t, k, topic, 1, 100)
		group := topic + "-group"
		req := ConsumeRequest{Group: group, Topics: []string{topic}, Start: Position{Kind: Beginning}, End: true}

		first := newCollector()
		first.limit = 50
		if err := c.Consume(timeout(t, 60*time.Second), req, first); err != nil {
			t.Fatal(err)
		}
		rest := newCollector()
		if err := c.Consume(timeout(t, 60*time.Second), req, rest); err != nil {
			t.Fatal(err)
		}
		if first.taken != 50 || rest.taken != 150 {
			t.Errorf("took %d and then %d, want 50 and 150", first.taken, rest.taken)
		}

		// Following: what is written is seen, and committed when ctx ends.
		write(t, k, topic, 0, 10)
		req.End = false
		more := newCollector()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Consume(ctx, req, more) }()
		more.await(t, "ten more", func() bool { return more.taken == 10 })
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		req.End = true
		none := newCollector()
		if err := c.Consume(timeout(t, 60*time.Second), req, none); err != nil || none.taken != 0 {
			t.Errorf("took %d again, %v", none.taken, err)
		}
	})
}
