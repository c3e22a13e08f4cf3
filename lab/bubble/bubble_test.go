package bubble

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestABrokerInABubbleWaitsInNoTime(t *testing.T) {
	if In(t) {
		t.Error("in a bubble before it begins")
	}
	Run(t, func(t *testing.T) {
		if !In(t) || !time.Now().Equal(begins) {
			t.Fatal("in no bubble, or at", time.Now())
		}
		f, err := kfake.NewCluster(append(Brokers(t), kfake.NumBrokers(2), kfake.SeedTopics(1, "t"))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(f.Close)
		k, err := kgo.NewClient(append(Client(t), kgo.SeedBrokers(f.ListenAddrs()...), kgo.ConsumeTopics("t"), kgo.DefaultProduceTopic("t"),
			kgo.ProducerBatchCompression(kgo.ZstdCompression()))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(k.Close)
		time.AfterFunc(time.Hour, func() { k.Produce(t.Context(), kgo.StringRecord("late"), nil) })
		if r := k.PollFetches(t.Context()).Records(); len(r) != 1 || string(r[0].Value) != "late" || time.Since(begins) < time.Hour {
			t.Errorf("after %s: %v", time.Since(begins), r)
		}
		if _, err := Dial(t.Context(), "tcp", "localhost:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
	})
}
