package kafka

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestReadOnlyClusterIsNeverChanged(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		topic := newTopic(t, open(t, brokers), 1, nil)
		w := &wires{}
		c := open(t, brokers, w.use, func(cfg *Config) { cfg.ReadOnly = true })
		if !c.ReadOnly() {
			t.Error("it does not say that it is read-only")
		}
		ctx := timeout(t, 20*time.Second)
		p := c.NewProducer(ProducerConfig{})
		defer p.Close()
		for name, change := range map[string]func() error{
			"CreateTopic": func() error {
				return c.CreateTopic(ctx, NewTopic{Name: topic + "-new", Partitions: 1, ReplicationFactor: -1})
			},
			"DeleteTopic": func() error { return c.DeleteTopic(ctx, topic) },
			"Send": func() error {
				_, err := c.Send(ctx, Message{Topic: topic, Value: []byte("x"), Timestamp: NoTimestamp})
				return err
			},
			"Produce": func() error {
				return p.Produce(ctx, Message{Topic: topic, Value: []byte("x"), Timestamp: NoTimestamp}, func(Ack, error) {
					t.Error("a message was answered")
				})
			},
			"Consume": func() error {
				return c.Consume(ctx, ConsumeRequest{Group: topic, Topics: []string{topic}, End: true}, newCollector())
			},
		} {
			if err := change(); !errors.Is(err, ErrReadOnly) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// Whatever request anybody may make of it one day, this door is shut.
		address := c.Metadata().Brokers[0].Addr()
		for key := int16(0); key < 128; key++ {
			if readsOnly[key] {
				continue
			}
			if _, err := c.exchange(ctx, address, &request{key: key}); !errors.Is(err, ErrReadOnly) {
				t.Errorf("request %d (%s): %v", key, kmsg.NameForKey(key), err)
			}
		}
		for _, key := range w.keys() {
			if !readsOnly[key] {
				t.Errorf("%s was sent", kmsg.NameForKey(key))
			}
		}
		// Reading still works.
		if _, err := c.DescribeTopic(ctx, topic); err != nil {
			t.Error(err)
		}
	})
}

func TestRequestsThatOnlyReadAreNamedSo(t *testing.T) {
	reads := regexp.MustCompile(`^(Fetch|Metadata|ApiVersions|List.*|.*Describe.*|FindCoordinator|OffsetFetch|OffsetForLeaderEpoch)$`)
	for key := range readsOnly {
		if name := kmsg.NameForKey(key); !reads.MatchString(name) {
			t.Errorf("%d is %s: does it only read?", key, name)
		}
	}
}
