package kafka

// What the tests of this package share: a cluster to test on, embedded or real.

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

// onBroker runs a test on a cluster: on that of MILENA_TEST_BROKERS, else on an
// embedded broker in a bubble.
func onBroker(t *testing.T, test func(t *testing.T, brokers []string)) {
	t.Helper()
	if !brokersAreFake() {
		test(t, brokersOf(t))
		return
	}
	bubble.Run(t, func(t *testing.T) { test(t, brokersOf(t)) })
}

// brokersOf gives the brokers to test on: those of MILENA_TEST_BROKERS, else an
// embedded one that lives as long as the test.
func brokersOf(t testing.TB) []string {
	t.Helper()
	if list := os.Getenv("MILENA_TEST_BROKERS"); list != "" {
		return strings.Split(list, ",")
	}
	return fake(t, kfake.NumBrokers(1)).ListenAddrs()
}

// fake starts an embedded broker, for tests of what a real one does not do on
// request.
func fake(t testing.TB, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	f, err := kfake.NewCluster(append(bubble.Brokers(t), opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// open connects to brokers, until the test ends.
func open(t testing.TB, brokers []string, change ...func(*Config)) *Cluster {
	t.Helper()
	cfg := Config{Brokers: brokers, ClientID: "milena-test"}
	if bubble.In(t) {
		cfg.Dial = bubble.Dial
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := Open(timeout(t, 20*time.Second), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func timeout(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// newTopic creates a topic with a name of its own and deletes it afterwards.
func newTopic(t testing.TB, c *Cluster, partitions int32, configs map[string]string) string {
	t.Helper()
	name := "milena-test-" + strings.ToLower(rand.Text()[:10])
	configs = maps.Clone(configs)
	if configs == nil {
		configs = make(map[string]string)
	}
	if _, set := configs["retention.ms"]; !set {
		configs["retention.ms"] = "-1" // timestamps of the tests are as old as they like
	}
	if err := c.CreateTopic(timeout(t, 30*time.Second), NewTopic{Name: name, Partitions: partitions, ReplicationFactor: -1, Configs: configs}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.DeleteTopic(timeout(t, 30*time.Second), name)
	})
	return name
}

// client is somebody else's client, to write and read what ours must agree with.
func client(t testing.TB, brokers []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	opts = append(bubble.Client(t), opts...)
	k, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// write has somebody else's client write "0" to "n-1" into a partition.
func write(t testing.TB, k *kgo.Client, topic string, partition int32, n int) {
	t.Helper()
	recs := make([]*kgo.Record, n)
	for i := range recs {
		recs[i] = &kgo.Record{Topic: topic, Partition: partition, Key: fmt.Append(nil, "k", i), Value: fmt.Append(nil, i)}
	}
	if err := k.ProduceSync(context.Background(), recs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// waited fails a test that waited for more than most since begun. It judges bubbles
// alone: elsewhere it would judge how busy the machine is.
func waited(t testing.TB, begun time.Time, most time.Duration) {
	t.Helper()
	if took := time.Since(begun); bubble.In(t) && took > most {
		t.Errorf("it waited %v, more than %v", took, most)
	}
}

// leavesNothing fails a test when goroutines that began after before are still
// there. A request that was under way may take its time to come back.
func leavesNothing(t testing.TB, before goleak.Option) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if err = goleak.Find(before); err == nil {
			return
		}
	}
	t.Error(err)
}

// brokersAreFake tells whether brokersOf gives embedded ones.
func brokersAreFake() bool { return os.Getenv("MILENA_TEST_BROKERS") == "" }
