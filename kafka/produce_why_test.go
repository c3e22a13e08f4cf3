package kafka

import (
	"errors"
	"strings"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
)

// What Close finds without an answer says why it has none: an interrupted
// command has nothing else to tell.
func TestAnUnsentMessageSaysWhyItWasNotSent(t *testing.T) {
	for _, c := range []struct {
		name string
		fate fate
		want []string
	}{
		{"silent", hang, []string{"not acknowledged: ", "has not answered yet", "it may have arrived"}},
		{"broken", lose, []string{"not acknowledged: ", "broker localhost:", "it may have arrived"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				brokers := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t")).ListenAddrs()
				w := &wires{}
				cluster := open(t, brokers, w.use)
				w.set(func(q call) fate {
					if q.Key == apiProduce {
						return c.fate
					}
					return pass
				})
				p := cluster.NewProducer(ProducerConfig{})
				o := newOutcomes()
				if err := p.Produce(t.Context(), Message{Topic: "t", Partition: 0, Value: []byte("x"), Timestamp: NoTimestamp}, o.of(t, 0)); err != nil {
					t.Fatal(err)
				}
				err := p.Flush(timeout(t, 500*time.Millisecond))
				p.Close()
				if err == nil || len(o.errs) != 1 {
					t.Fatalf("flushed: %v, %d errors", err, len(o.errs))
				}
				for _, part := range c.want {
					if !strings.Contains(o.errs[0].Error(), part) || strings.Contains(o.errs[0].Error(), "context") {
						t.Errorf("%v; want %q", o.errs[0], part)
					}
				}
			})
		})
	}
}

func TestWhatCloseSaysOfABatch(t *testing.T) {
	refused := errors.New("a:1: connect failed: connection refused")
	for _, c := range []struct {
		maybe bool
		why   error
		want  string
	}{
		{false, refused, "not sent: a:1: connect failed: connection refused"},
		{true, refused, "not acknowledged: a:1: connect failed: connection refused; it may have arrived"},
		{false, nil, "not sent: the producer was closed"},
		{true, nil, "not acknowledged before the producer was closed; it may have arrived"},
	} {
		if got := withoutAnswer(&outBatch{maybeSent: c.maybe}, c.why); got.Error() != c.want {
			t.Errorf("%q; want %q", got, c.want)
		}
	}
}
