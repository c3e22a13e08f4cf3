package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// shownFrom counts the records that a reader is shown from each position on.
func shownFrom(t testing.TB, c *Cluster, topic string, from Position, to *Position, iso Isolation) map[int32]int {
	t.Helper()
	if to == nil {
		to = &Position{Kind: End}
	}
	spans, _, err := c.Resolve(timeout(t, 30*time.Second), everyPartition(t, c, topic), from, to, iso)
	if err != nil {
		t.Fatal(err)
	}
	got := newCollector()
	if err := c.Read(timeout(t, 30*time.Second), ReadRequest{Spans: spans, Isolation: iso}, got); err != nil {
		t.Fatal(err)
	}
	shown := make(map[int32]int)
	for tp, p := range got.parts {
		shown[tp.Partition] = len(p.values)
	}
	return shown
}

func TestTheNewestOfEachPartitionAreRecordsThatAreShown(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 3, nil)
		k := transactional(t, brokers, topic)
		const each = 60
		for i := range each { // two transactions of three are aborted in partition 0, none in 1
			end := kgo.TryCommit
			if i%3 != 0 {
				end = kgo.TryAbort
			}
			transact(t, k, end, &kgo.Record{Topic: topic, Partition: 0, Value: fmt.Append(nil, i)})
			transact(t, k, kgo.TryCommit, &kgo.Record{Topic: topic, Partition: 1, Value: fmt.Append(nil, i)})
		}
		for _, n := range []int64{0, 1, 5, 19, 20, 21, 59, 60, 61, 1000} {
			at := Position{Kind: LastEach, N: n}
			for iso, held := range map[Isolation][2]int64{ReadUncommitted: {each, each}, ReadCommitted: {each / 3, each}} {
				got := shownFrom(t, c, topic, at, nil, iso)
				for p, all := range held {
					if want := min(n, all); int64(got[int32(p)]) != want {
						t.Errorf("the newest %d of partition %d, %s: %d, want %d", n, p, iso, got[int32(p)], want)
					}
				}
			}
		}
		got := shownFrom(t, c, topic, Position{Kind: LastEach, N: 12}, &Position{Kind: LastEach, N: 2}, ReadCommitted)
		if got[0] != 10 || got[1] != 10 {
			t.Errorf("-12..-2 has %v of each partition, want 10", got)
		}
	})
}
