package kafka

// Producing while things go wrong: nothing is doubled, reordered, or lost
// without being named.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"milena/kafka/batch"
	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
)

// outcomes collects the answers to messages, by their number.
type outcomes struct {
	mu   sync.Mutex
	acks map[int]Ack
	errs map[int]error
}

func newOutcomes() *outcomes {
	return &outcomes{acks: make(map[int]Ack), errs: make(map[int]error)}
}

func (o *outcomes) of(t testing.TB, i int) func(Ack, error) {
	return func(a Ack, err error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		_, acked := o.acks[i]
		if _, failed := o.errs[i]; acked || failed {
			t.Errorf("message %d was answered twice", i)
		}
		if err != nil {
			o.errs[i] = err
		} else {
			o.acks[i] = a
		}
	}
}

// produceNumbers produces "0" to "n-1" into a partition, in batches of about
// each, and waits for the answers.
func produceNumbers(t testing.TB, p *Producer, topic string, partition int32, n, each int) *outcomes {
	t.Helper()
	o := newOutcomes()
	for i := range n {
		if err := p.Produce(t.Context(), Message{Topic: topic, Partition: partition, Value: fmt.Append(nil, i), Timestamp: NoTimestamp}, o.of(t, i)); err != nil {
			t.Fatal(err)
		}
		if i%each == each-1 {
			if err := p.Flush(timeout(t, 60*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := p.Flush(timeout(t, 60*time.Second)); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestNothingIsDoubledWhenAnswersAreLost(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fate{"after the request": lose, "before the request": refuse, "within the answer": cut} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBroker(t, func(t *testing.T, brokers []string) {
				w := &wires{}
				c := open(t, brokers, w.use)
				topic := newTopic(t, c, 1, nil)
				p := c.NewProducer(ProducerConfig{})
				defer p.Close()
				w.set(func(q call) fate {
					if q.Key == apiProduce && q.N%2 == 1 {
						return f
					}
					return pass
				})
				o := produceNumbers(t, p, topic, 0, 60, 10)
				if len(o.errs) > 0 {
					t.Errorf("errors %v", o.errs)
				}
				if got := readAll(t, c, topic, ReadUncommitted).of(topic, 0).values; !slices.Equal(got, numbers(60)) {
					t.Errorf("the log holds %q", got)
				}
				for i, a := range o.acks {
					if a.Offset != int64(i) && a.Offset != -1 {
						t.Errorf("message %d is said to be at %d", i, a.Offset)
					}
				}
			})
		})
	}
}

func TestOrderIsKeptWhileBrokersRefuse(t *testing.T) {
	t.Parallel()
	for _, refusal := range []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.UnknownTopicOrPartition, kerr.NotEnoughReplicas, kerr.NotEnoughReplicasAfterAppend,
		kerr.RequestTimedOut, kerr.KafkaStorageError, kerr.UnknownProducerID, kerr.OutOfOrderSequenceNumber,
	} {
		t.Run(refusal.Message, func(t *testing.T) {
			t.Parallel()
			bubble.Run(t, func(t *testing.T) {
				f := fake(t, kfake.NumBrokers(2), kfake.SeedTopics(3, "t"))
				c := open(t, f.ListenAddrs())
				p := c.NewProducer(ProducerConfig{})
				defer p.Close()
				n := 0
				f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "t", Partitions: []int32{1}, Err: refusal, Count: 3,
					When: func(kmsg.Request) bool { n++; return n%2 == 0 }})
				o := newOutcomes()
				for i := range 300 {
					err := p.Produce(t.Context(), Message{Topic: "t", Partition: int32(i % 3), Value: fmt.Append(nil, i/3), Timestamp: NoTimestamp}, o.of(t, i))
					if err != nil {
						t.Fatal(err)
					}
					if i%30 == 29 {
						if err := p.Flush(timeout(t, 30*time.Second)); err != nil {
							t.Fatal(err)
						}
					}
				}
				if len(o.errs) > 0 || len(o.acks) != 300 {
					t.Errorf("%d acknowledged, errors %v", len(o.acks), o.errs)
				}
				got := readAll(t, c, "t", ReadUncommitted)
				for q := range int32(3) {
					if have := got.of("t", q).values; !slices.Equal(have, numbers(100)) {
						t.Errorf("partition %d holds %q", q, have)
					}
				}
			})
		})
	}
}

func TestProduceFollowsMovingLeaders(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(3), kfake.SeedTopics(4, "t"))
		c := open(t, f.ListenAddrs())
		p := c.NewProducer(ProducerConfig{})
		defer p.Close()
		o := newOutcomes()
		for i := range 400 {
			if err := p.Produce(t.Context(), Message{Topic: "t", Partition: int32(i % 4), Value: fmt.Append(nil, i/4), Timestamp: NoTimestamp}, o.of(t, i)); err != nil {
				t.Fatal(err)
			}
			if i%100 == 50 {
				f.ShufflePartitionLeaders()
			}
			if i%50 == 49 {
				if err := p.Flush(timeout(t, 30*time.Second)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(o.errs) > 0 {
			t.Errorf("errors %v", o.errs)
		}
		got := readAll(t, c, "t", ReadUncommitted)
		for q := range int32(4) {
			if have := got.of("t", q).values; !slices.Equal(have, numbers(100)) {
				t.Errorf("partition %d holds %q", q, have)
			}
		}
	})
}

// sizeAndLimit is what an error says of a message of 20,000 bytes.
var sizeAndLimit = regexp.MustCompile(`the message takes 200\d\d bytes, the topic's limit max\.message\.bytes is 10000`)

func TestOnlyTheMessageThatIsTooLargeIsNamed(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, map[string]string{"max.message.bytes": "10000"})
		p := c.NewProducer(ProducerConfig{Linger: time.Minute})
		defer p.Close()
		o := newOutcomes()
		var want []string
		for i := range 200 {
			v := fmt.Append(nil, i)
			if i == 77 || i == 150 {
				v = make([]byte, 20_000)
			} else {
				want = append(want, string(v))
			}
			if err := p.Produce(t.Context(), Message{Topic: topic, Value: v, Timestamp: NoTimestamp}, o.of(t, i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Flush(timeout(t, 30*time.Second)); err != nil {
			t.Fatal(err)
		}
		for i, err := range o.errs {
			var refusal *Error
			if i != 77 && i != 150 || !errors.As(err, &refusal) || refusal.Name() != "MESSAGE_TOO_LARGE" || !sizeAndLimit.MatchString(err.Error()) {
				t.Errorf("message %d: %v", i, err)
			}
		}
		if len(o.errs) != 2 || len(o.acks) != 198 {
			t.Errorf("%d refused, %d acknowledged", len(o.errs), len(o.acks))
		}
		if got := readAll(t, c, topic, ReadUncommitted).of(topic, 0).values; !slices.Equal(got, want) {
			t.Errorf("the log holds %q", got)
		}
	})
}

func TestCloseAnswersEveryMessage(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		before := goleak.IgnoreCurrent()
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(3, "t"))
		w := &wires{}
		c := open(t, f.ListenAddrs(), w.use)
		w.set(func(q call) fate {
			if q.Key == apiProduce {
				return hang
			}
			return pass
		})
		p := c.NewProducer(ProducerConfig{})
		o := newOutcomes()
		for i := range 1000 {
			if err := p.Produce(t.Context(), Message{Topic: "t", Partition: int32(i % 3), Value: make([]byte, 5000), Timestamp: NoTimestamp}, o.of(t, i)); err != nil {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		p.Close()
		waited(t, begun, 2*time.Second)
		if len(o.errs) != 1000 {
			t.Errorf("%d of 1000 messages were answered", len(o.errs))
		}
		if err := p.Produce(t.Context(), Message{Topic: "t", Timestamp: NoTimestamp}, o.of(t, 1000)); err == nil {
			t.Error("a closed producer took a message")
		}
		if err := p.Flush(timeout(t, time.Second)); err != nil {
			t.Errorf("nothing is left to flush: %v", err)
		}
		p.Close()
		c.Close()
		f.Close()
		leavesNothing(t, before)
	})
}

func TestProduceDuringClose(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		c := open(t, f.ListenAddrs())
		if err := f.CreateTopic("late", 1, nil); err != nil { // not in the snapshot
			t.Fatal(err)
		}
		asked, release := make(chan struct{}, 10), make(chan struct{})
		f.ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) {
			f.KeepControl()
			asked <- struct{}{}
			f.SleepControl(func() { <-release })
			return nil, nil, false
		})
		p := c.NewProducer(ProducerConfig{})
		answered := make(chan error, 1)
		taken := make(chan error, 1)
		go func() {
			taken <- p.Produce(timeout(t, 10*time.Second), Message{Topic: "late", Timestamp: NoTimestamp}, func(_ Ack, err error) { answered <- err })
		}()
		<-asked
		p.Close()
		close(release)
		if err := <-taken; err == nil {
			select {
			case <-answered:
			case <-time.After(time.Second):
				t.Error("a message was taken and never answered")
			}
		}
	})
}

func TestAnswersComeInOrder(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		w := &wires{}
		c := open(t, brokers, w.use)
		topic := newTopic(t, c, 1, nil)
		p := c.NewProducer(ProducerConfig{})
		defer p.Close()
		var mu sync.Mutex
		var order []int
		second := make(chan struct{})
		note := func(i int) func(Ack, error) {
			return func(Ack, error) {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			}
		}
		msg := Message{Topic: topic, Value: []byte("x"), Timestamp: NoTimestamp}
		sent := make(chan error, 1)
		err := p.Produce(t.Context(), msg, func(Ack, error) {
			// While this answer is being taken, the next message is produced; it may
			// not be answered before.
			go func() { sent <- p.Produce(t.Context(), msg, func(Ack, error) { note(2)(Ack{}, nil); close(second) }) }()
			select {
			case <-second:
			case <-time.After(200 * time.Millisecond):
			}
			note(1)(Ack{}, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		<-second
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(order, []int{1, 2}) {
			t.Errorf("answers came in the order %v", order)
		}
	})
}

func TestAFullBufferBlocksAndGoesOn(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		release := make(chan struct{})
		f.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
			f.SleepControl(func() { <-release })
			f.DropControl()
			return nil, nil, false
		})
		c := open(t, f.ListenAddrs())
		p := c.NewProducer(ProducerConfig{MaxBuffered: 10_000})
		defer p.Close()
		o := newOutcomes()
		msg := Message{Topic: "t", Value: make([]byte, 3000), Timestamp: NoTimestamp}
		taken := 0
		for ; taken < 100; taken++ {
			short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			err := p.Produce(short, msg, o.of(t, taken))
			cancel()
			if errors.Is(err, context.DeadlineExceeded) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if taken != 3 {
			t.Errorf("%d messages of 3,000 bytes fit in 10,000", taken)
		}
		blocked := make(chan error, 1)
		go func() { blocked <- p.Produce(timeout(t, 10*time.Second), msg, o.of(t, taken)) }()
		close(release)
		if err := <-blocked; err != nil {
			t.Error(err)
		}
		if err := p.Flush(timeout(t, 10*time.Second)); err != nil || len(o.acks) != taken+1 {
			t.Errorf("%d acknowledged, %v", len(o.acks), err)
		}
		// What is larger than the buffer goes alone.
		if err := p.Produce(timeout(t, 5*time.Second), Message{Topic: "t", Value: make([]byte, 20_000), Timestamp: NoTimestamp}, o.of(t, 999)); err != nil {
			t.Error(err)
		}
		if err := p.Flush(timeout(t, 10*time.Second)); err != nil || len(o.errs) > 0 {
			t.Error(err, o.errs)
		}
	})
}

func TestUnansweredMessagesAreGivenUpInTime(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		w := &wires{}
		c := open(t, brokers, w.use)
		topic := newTopic(t, c, 1, nil)
		p := c.NewProducer(ProducerConfig{Timeout: time.Second})
		defer p.Close()
		w.set(func(q call) fate {
			if q.Key == apiProduce {
				return lose
			}
			return pass
		})
		o := newOutcomes()
		if err := p.Produce(t.Context(), Message{Topic: topic, Value: []byte("x"), Timestamp: NoTimestamp}, o.of(t, 0)); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if err := p.Flush(timeout(t, 30*time.Second)); err != nil {
			t.Fatal(err)
		}
		waited(t, begun, 6*time.Second)
		if err := o.errs[0]; err == nil || !strings.Contains(err.Error(), "not acknowledged within 1s") || !strings.Contains(err.Error(), "may have arrived") {
			t.Error(err)
		}
		// What comes after is not hindered.
		w.set(nil)
		if o := produceNumbers(t, p, topic, 0, 10, 5); len(o.errs) > 0 {
			t.Error(o.errs)
		}
	})
}

func TestSendGivenUpSaysThatItMayArrive(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		w := &wires{}
		c := open(t, brokers, w.use)
		topic := newTopic(t, c, 1, nil)
		w.set(once(apiProduce, hang))
		_, err := c.Send(timeout(t, 300*time.Millisecond), Message{Topic: topic, Value: []byte("x"), Timestamp: NoTimestamp})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "may still arrive") {
			t.Error(err)
		}
	})
}

func TestProduceWithoutPermission(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		c := open(t, f.ListenAddrs())
		f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "t", Err: kerr.TopicAuthorizationFailed})
		_, err := c.Send(timeout(t, 10*time.Second), Message{Topic: "t", Value: []byte("x"), Timestamp: NoTimestamp})
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Name() != "TOPIC_AUTHORIZATION_FAILED" || !strings.Contains(err.Error(), "write to t/0") || !strings.Contains(err.Error(), "ACL") {
			t.Error(err)
		}
		if ack, err := c.Send(timeout(t, 10*time.Second), Message{Topic: "t", Value: []byte("y"), Timestamp: NoTimestamp}); err != nil || ack.Offset != 0 {
			t.Error(ack, err)
		}
	})
}

func TestProduceWhereIdempotenceIsNotAllowed(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		w := &wires{}
		c := open(t, f.ListenAddrs(), w.use)
		f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, TopLevel: true, Err: kerr.ClusterAuthorizationFailed, Count: -1})
		for i := range int64(3) {
			if ack, err := c.Send(timeout(t, 10*time.Second), Message{Topic: "t", Value: []byte("x"), Timestamp: NoTimestamp}); err != nil || ack.Offset != i {
				t.Fatal(ack, err)
			}
		}
		// A second try could double it, so there is none.
		w.set(once(apiProduce, lose))
		if _, err := c.Send(timeout(t, 10*time.Second), Message{Topic: "t", Value: []byte("x"), Timestamp: NoTimestamp}); err == nil || !strings.Contains(err.Error(), "may have arrived") {
			t.Error(err)
		}
		if got := readAll(t, c, "t", ReadUncommitted).of("t", 0).values; len(got) != 4 {
			t.Errorf("the log holds %d messages", len(got))
		}
	})
}

func TestProduceToATopicThatIsDeleted(t *testing.T) {
	t.Parallel()
	onBroker(t, func(t *testing.T, brokers []string) {
		c, other := open(t, brokers), open(t, brokers)
		topic := newTopic(t, other, 2, nil)
		p := c.NewProducer(ProducerConfig{})
		defer p.Close()
		if o := produceNumbers(t, p, topic, 0, 10, 10); len(o.errs) > 0 {
			t.Fatal(o.errs)
		}
		if err := other.DeleteTopic(timeout(t, 20*time.Second), topic); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		o := newOutcomes()
		for i := range 10 {
			if err := p.Produce(timeout(t, 10*time.Second), Message{Topic: topic, Partition: int32(i % 2), Value: []byte("x"), Timestamp: NoTimestamp}, o.of(t, i)); err != nil {
				o.errs[i] = err
			}
		}
		if err := p.Flush(timeout(t, 30*time.Second)); err != nil {
			t.Fatal(err)
		}
		waited(t, begun, 15*time.Second)
		if len(o.errs) != 10 || !strings.Contains(o.errs[0].Error(), topic) {
			t.Errorf("%v", o.errs)
		}
	})
}

func TestMurmur2IsJavas(t *testing.T) {
	// From Kafka's own UtilsTest.testMurmur2.
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("%s: %d, want %d", key, got, want)
		}
	}
	for n := 1; n < 20; n++ {
		for i := range 100 {
			if p := PartitionOf(fmt.Append(nil, i), n); p < 0 || p >= int32(n) {
				t.Errorf("partition %d of %d", p, n)
			}
		}
	}
}

func TestKeylessMessagesSpread(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 4, nil)
		seen := make(map[int32]int)
		for range 20 {
			ack, err := c.Send(timeout(t, 10*time.Second), Message{Topic: topic, Partition: AnyPartition, Value: []byte("x"), Timestamp: NoTimestamp})
			if err != nil {
				t.Fatal(err)
			}
			seen[ack.Partition]++
		}
		if len(seen) != 4 {
			t.Errorf("20 messages without a key went to %v", seen)
		}
	})
}

func TestUnusualMessagesComeBackAsTheyWere(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		many := make([]batch.Header, 10_000)
		for i := range many {
			many[i] = batch.Header{Key: fmt.Sprint("h", i%10), Value: fmt.Append(nil, i)}
		}
		messages := []Message{
			{Headers: many, Timestamp: 1},
			{Key: []byte{}, Value: []byte{}, Timestamp: 0},
			{Timestamp: 2, Headers: []batch.Header{{}, {Key: "", Value: []byte{}}}},
			{Key: []byte{0, 0xff}, Value: []byte("\xff\xfe\x00"), Timestamp: 3},
			{Value: []byte("한국어 🎉"), Timestamp: 4},
			{Timestamp: -1}, {Timestamp: -5}, {Timestamp: math.MinInt64 + 1}, {Timestamp: math.MaxInt64}, {Timestamp: 1 << 50},
		}
		var want []Message
		for _, m := range messages {
			m.Topic = topic
			ack, err := c.Send(timeout(t, 20*time.Second), m)
			var refusal *Error
			if errors.As(err, &refusal) && refusal.Name() == "INVALID_TIMESTAMP" && (m.Timestamp < 0 || m.Timestamp > time.Now().UnixMilli()) {
				continue // a broker may refuse what is far from its clock, and this says so
			}
			if err != nil || ack.Offset != int64(len(want)) {
				t.Fatalf("timestamp %d: %+v, %v", m.Timestamp, ack, err)
			}
			want = append(want, m)
		}
		keep := &keeper{records: make(map[TopicPartition][]Record)}
		tp := TopicPartition{topic, 0}
		if err := c.Read(timeout(t, 20*time.Second), ReadRequest{Spans: []Span{{tp, 0, int64(len(want))}}}, keep); err != nil {
			t.Fatal(err)
		}
		same := func(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }
		for i, r := range keep.records[tp] {
			w := want[i]
			if r.Timestamp != w.Timestamp || !same(r.Key, w.Key) || !same(r.Value, w.Value) ||
				!slices.EqualFunc(r.Headers, w.Headers, func(a, b batch.Header) bool { return a.Key == b.Key && same(a.Value, b.Value) }) {
				t.Errorf("%d: timestamp %d, key %q, value %q, %d headers; sent %d, %q, %q, %d", i,
					r.Timestamp, r.Key, r.Value, len(r.Headers), w.Timestamp, w.Key, w.Value, len(w.Headers))
			}
		}
		if len(keep.records[tp]) != len(want) || len(want) < 6 {
			t.Errorf("%d of %d came back", len(keep.records[tp]), len(want))
		}
	})
}

func TestManyGoroutinesProduce(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 3, nil)
		p := c.NewProducer(ProducerConfig{MaxBuffered: 50_000})
		defer p.Close()
		o := newOutcomes()
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := range 200 {
					n := g*1000 + i
					if err := p.Produce(t.Context(), Message{Topic: topic, Partition: int32(g % 3), Value: fmt.Append(nil, n), Timestamp: NoTimestamp}, o.of(t, n)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if err := p.Flush(timeout(t, 30*time.Second)); err != nil {
			t.Fatal(err)
		}
		if len(o.acks) != 1600 {
			t.Fatalf("%d acknowledged, errors %v", len(o.acks), o.errs)
		}
		got := readAll(t, c, topic, ReadUncommitted)
		for q := range int32(3) {
			next := make(map[int]int)
			part := got.of(topic, q)
			for i, v := range part.values {
				var n int
				if _, err := fmt.Sscan(v, &n); err != nil {
					t.Fatal(err)
				}
				if n%1000 != next[n/1000] {
					t.Fatalf("goroutine %d: %d comes where %d should", n/1000, n%1000, next[n/1000])
				}
				next[n/1000]++
				if a := o.acks[n]; a.Partition != q || a.Offset != part.offsets[i] {
					t.Errorf("%d is at %d/%d and was said to be at %d/%d", n, q, part.offsets[i], a.Partition, a.Offset)
				}
			}
		}
	})
}
