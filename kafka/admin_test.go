package kafka

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestCreateTopicRefusesWhatCannotBe(t *testing.T) {
	brokers := brokersOf(t)
	c := open(t, brokers)
	there := newTopic(t, c, 1, nil)
	for name, x := range map[string]struct {
		topic NewTopic
		words []string
	}{
		"exists already":       {NewTopic{Name: there, Partitions: 1, ReplicationFactor: -1}, []string{there, "TOPIC_ALREADY_EXISTS"}},
		"no name":              {NewTopic{Partitions: 1, ReplicationFactor: -1}, []string{"needs a name"}},
		"dot":                  {NewTopic{Name: ".", Partitions: 1, ReplicationFactor: -1}, []string{`"."`}},
		"letters":              {NewTopic{Name: "a b", Partitions: 1, ReplicationFactor: -1}, []string{"' '"}},
		"not ASCII":            {NewTopic{Name: "주문", Partitions: 1, ReplicationFactor: -1}, []string{"주"}},
		"too long":             {NewTopic{Name: strings.Repeat("x", 250), Partitions: 1, ReplicationFactor: -1}, []string{"249", "250"}},
		"no partitions":        {NewTopic{Name: there + "-new", ReplicationFactor: -1}, []string{"0 partitions"}},
		"negative partitions":  {NewTopic{Name: there + "-new", Partitions: -2, ReplicationFactor: -1}, []string{"-2 partitions"}},
		"no replicas":          {NewTopic{Name: there + "-new", Partitions: 1}, []string{"replication factor", "0"}},
		"too many replicas":    {NewTopic{Name: there + "-new", Partitions: 1, ReplicationFactor: 99}, []string{there + "-new", "INVALID_REPLICATION_FACTOR", "fewer brokers"}},
		"unknown setting":      {NewTopic{Name: there + "-new", Partitions: 1, ReplicationFactor: -1, Configs: map[string]string{"no.such.thing": "1"}}, []string{there + "-new", "INVALID_CONFIG", "no.such.thing"}},
		"bad value of setting": {NewTopic{Name: there + "-new", Partitions: 1, ReplicationFactor: -1, Configs: map[string]string{"retention.ms": "soon"}}, []string{there + "-new", "INVALID_CONFIG", "soon"}},
	} {
		t.Run(name, func(t *testing.T) {
			if len(x.topic.Configs) > 0 && os.Getenv("MILENA_TEST_BROKERS") == "" {
				t.Skip("the embedded broker takes any setting")
			}
			err := c.CreateTopic(timeout(t, 20*time.Second), x.topic)
			if err == nil {
				t.Fatal("it was created")
			}
			for _, w := range x.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
	m, err := c.Refresh(timeout(t, 10*time.Second))
	if err != nil || m.Topic(there+"-new") != nil {
		t.Errorf("something was created (%v)", err)
	}
	for _, good := range []string{"a", "A.b_c-9", "__x", strings.Repeat("x", 249), "..."} {
		if err := ValidTopicName(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func TestCreateTopicAsTold(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 5, map[string]string{"cleanup.policy": "compact", "max.message.bytes": "12345"})
		// It is known at once, everywhere.
		if c.Metadata().Topic(topic) == nil {
			t.Error("the snapshot does not have it")
		}
		for _, b := range c.Metadata().Brokers {
			m, err := c.fetchMetadata(t.Context(), b.Addr(), []string{topic})
			if err != nil || m.Topic(topic) == nil || len(m.Topic(topic).Partitions) != 5 {
				t.Errorf("broker %d: %+v, %v", b.ID, m, err)
			}
		}
		write(t, client(t, brokers), topic, 3, 7)
		d, err := c.DescribeTopic(timeout(t, 20*time.Second), topic)
		if err != nil || d.ConfigsErr != nil {
			t.Fatal(err, d.ConfigsErr)
		}
		if len(d.Partitions) != 5 || d.End[3].Offset != 7 || d.Start[3].Offset != 0 || d.End[0].Offset != 0 || d.End[3].Err != nil {
			t.Errorf("%+v", d)
		}
		set := make(map[string]ConfigEntry)
		for _, e := range d.Configs {
			set[e.Name] = e
		}
		if !slices.IsSortedFunc(d.Configs, func(a, b ConfigEntry) int { return strings.Compare(a.Name, b.Name) }) {
			t.Error("the settings are not in order")
		}
		for name, value := range map[string]string{"cleanup.policy": "compact", "max.message.bytes": "12345"} {
			if e := set[name]; e.Value != value || e.Source != "DYNAMIC_TOPIC_CONFIG" || e.Default {
				t.Errorf("%s: %+v", name, e)
			}
		}
		if e := set["segment.ms"]; e.Value != "604800000" || e.Source != "DEFAULT_CONFIG" || !e.Default {
			t.Errorf("segment.ms: %+v", e)
		}
		if e := set["retention.ms"]; os.Getenv("MILENA_TEST_BROKERS") != "" && !strings.Contains(e.Doc, "retain") {
			t.Errorf("Kafka's words on retention.ms are %q", e.Doc)
		}
	})
}

func TestCreateTopicByTheBrokersDefaults(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, -1, nil)
		if n := len(c.Metadata().Topic(topic).Partitions); n == 0 {
			t.Errorf("%d partitions", n)
		}
	})
}

func TestDeleteTopicIsGoneAtOnce(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 2, nil)
		if err := c.DeleteTopic(timeout(t, 20*time.Second), topic); err != nil {
			t.Fatal(err)
		}
		if c.Metadata().Topic(topic) != nil {
			t.Error("the snapshot still has it")
		}
		var unknown *UnknownTopicError
		if _, err := c.Topic(timeout(t, 10*time.Second), topic); !errors.As(err, &unknown) {
			t.Error(err)
		}
		if err := c.DeleteTopic(timeout(t, 10*time.Second), topic); !errors.As(err, &unknown) {
			t.Errorf("deleted again: %v", err)
		}
	})
}

func TestChangeWhoseAnswerIsLostIsNoFailure(t *testing.T) {
	for name, f := range map[string]fate{"before the request": refuse, "after the request": lose} {
		t.Run(name, func(t *testing.T) {
			onBroker(t, func(t *testing.T, brokers []string) {
				w := &wires{}
				c := open(t, brokers, w.use)
				topic := fmt.Sprintf("%s-%d", newTopic(t, c, 1, nil), 1)
				// The second request creates; the first one only asks whether it could.
				w.set(func(q call) fate {
					if q.Key == int16(kmsg.CreateTopics) && q.N == 4 {
						return f
					}
					return pass
				})
				if err := c.CreateTopic(timeout(t, 30*time.Second), NewTopic{Name: topic, Partitions: 1, ReplicationFactor: -1}); err != nil {
					t.Errorf("create: %v", err)
				}
				w.set(once(int16(kmsg.DeleteTopics), f))
				if err := c.DeleteTopic(timeout(t, 30*time.Second), topic); err != nil {
					t.Errorf("delete: %v", err)
				}
			})
		})
	}
}

func TestChangesFindTheController(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(3))
		c := open(t, f.ListenAddrs())
		for _, refusal := range []*kerr.Error{kerr.NotController, kerr.CoordinatorLoadInProgress} {
			f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics, kmsg.DeleteTopics}, Err: refusal, Count: 2})
			topic := newTopic(t, c, 1, nil)
			f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics, kmsg.DeleteTopics}, Err: refusal, Count: 2})
			if err := c.DeleteTopic(timeout(t, 30*time.Second), topic); err != nil {
				t.Errorf("%s: %v", refusal.Message, err)
			}
		}
	})
}

func TestChangesWithoutPermission(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		c := open(t, f.ListenAddrs())
		f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics, kmsg.DeleteTopics, kmsg.DescribeConfigs}, Err: kerr.TopicAuthorizationFailed, Count: -1})
		var refusal *Error
		if err := c.CreateTopic(timeout(t, 10*time.Second), NewTopic{Name: "new", Partitions: 1, ReplicationFactor: -1}); !errors.As(err, &refusal) || !strings.Contains(err.Error(), `create topic "new"`) {
			t.Error(err)
		}
		if err := c.DeleteTopic(timeout(t, 10*time.Second), "t"); !errors.As(err, &refusal) || !strings.Contains(err.Error(), `delete topic "t"`) {
			t.Error(err)
		}
		d, err := c.DescribeTopic(timeout(t, 10*time.Second), "t")
		if err != nil || !errors.As(d.ConfigsErr, &refusal) || len(d.Partitions) != 1 {
			t.Errorf("what may be seen is shown: %+v, %v", d, err)
		}
	})
}

func TestTopicThatMayNotBeSeen(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		// A broker leaves such a topic out of the list and refuses it by name.
		f := fake(t, kfake.NumBrokers(1), kfake.EnableSASL(), kfake.EnableACLs(), kfake.SeedTopics(1, "secret"),
			kfake.Superuser("PLAIN", "root", "r"), kfake.User("PLAIN", "ada", "p"))
		c := open(t, f.ListenAddrs(), func(cfg *Config) { cfg.SASL = &SASL{"PLAIN", "ada", "p"} })
		_, err := c.Topic(timeout(t, 10*time.Second), "secret")
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Name() != "TOPIC_AUTHORIZATION_FAILED" {
			t.Error(err)
		}
	})
}
