package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func TestLoad(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 3, nil)
		now := time.Now()
		var records []*kgo.Record
		for i := range 5000 {
			r := &kgo.Record{Topic: topic, Value: []byte("x"), Timestamp: now}
			switch {
			case i < 1000: // before the window
				r.Key, r.Timestamp = []byte("old"), now.Add(-time.Hour)
			case i%4 == 0:
				r.Key = []byte("hot")
			case i%4 == 1: // no key
			default: // more keys than are counted
				r.Key = fmt.Append(nil, "key-", i)
			}
			records = append(records, r)
		}
		records = append(records, &kgo.Record{Topic: topic, Partition: 1, Key: []byte{}, Timestamp: now})
		if err := client(t, brokers).ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		tps := []TopicPartition{{topic, 0}, {topic, 1}, {topic, 2}}
		if _, err := c.Topic(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
		loads, err := c.Load(timeout(t, 30*time.Second), LoadRequest{Partitions: tps})
		if err != nil {
			t.Fatal(err)
		}
		l := loads[0]
		if l.Held() != 5000 || l.Recent != 4000 || l.Sampled != 4000 || l.Keyless != 1000 || l.Bytes <= 4000 || l.Leader < 0 {
			t.Errorf("%+v", l)
		}
		if string(l.HotKey) != "hot" || l.HotCount > 1000 || l.HotCount < 1000-4 {
			t.Errorf("the hot key is %q, %d times; hot came 1000 times of 4000", l.HotKey, l.HotCount)
		}
		if l := loads[1]; l.Recent != 1 || l.HotKey == nil || len(l.HotKey) != 0 || l.HotCount != 1 {
			t.Errorf("the empty key is a key: %+v", l)
		}
		if l := loads[2]; l.Held() != 0 || l.Recent != 0 || l.HotKey != nil {
			t.Errorf("an empty partition: %+v", l)
		}
		if loads, err = c.Load(t.Context(), LoadRequest{Partitions: tps[:1], Sample: 100}); err != nil || loads[0].Sampled != 100 || loads[0].Recent != 4000 {
			t.Errorf("a sample of 100: %+v, %v", loads, err)
		}
	})
}
