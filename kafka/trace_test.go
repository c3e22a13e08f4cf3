package kafka

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kgo"
)

// holds matches records whose value has a text in it.
type holds string

func (h holds) Match(v *batch.View) bool { return strings.Contains(string(v.Value), string(h)) }

func TestTrace(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topics := []string{newTopic(t, c, 2, nil), newTopic(t, c, 2, nil), newTopic(t, c, 1, nil)}
		at := time.Now().Add(-10 * time.Hour).Truncate(time.Millisecond)
		var records []*kgo.Record
		add := func(topic int, partition int32, after time.Duration, value string) {
			records = append(records, &kgo.Record{Topic: topics[topic], Partition: partition, Value: []byte(value), Timestamp: at.Add(after)})
		}
		for i := range 300 { // an hour before, and later than the slack
			add(0, 0, -time.Hour, fmt.Sprint("id too early ", i))
		}
		add(0, 0, 0, "id 1")
		add(0, 0, time.Second, "another")
		add(1, 1, 2*time.Second, "id 2")
		add(0, 0, 90*time.Minute, "id after the window")
		add(0, 0, 3*time.Second, "id 3, whose clock was behind")
		add(1, 0, 4*time.Minute, "id 4")
		add(1, 0, 5*time.Minute, "id at the end of the window, which is not in it")
		for i := range 300 {
			add(1, 0, 5*time.Hour, fmt.Sprint("id too late ", i))
		}
		if err := k.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		var tps []TopicPartition
		for _, s := range allOf(t, c, topics...) {
			tps = append(tps, s.TopicPartition)
		}
		req := TraceRequest{Partitions: tps, From: at.Add(-5 * time.Minute), To: at.Add(5 * time.Minute),
			Match: func(TopicPartition) Matcher { return holds("id ") }}
		trace, err := c.Trace(timeout(t, 30*time.Second), req)
		if err != nil {
			t.Fatal(err)
		}
		hops := func() (values []string) {
			for _, r := range trace.Hops {
				values = append(values, string(r.Value))
			}
			return values
		}
		// What is later than the window by more than the slack ends the slice.
		want := []string{"id 1", "id 2", "id 4"}
		if got := hops(); !slices.Equal(got, want) || trace.More {
			t.Errorf("hops %q, want %q", got, want)
		}
		if trace.Read > 20 {
			t.Errorf("%d records were read for %d hops", trace.Read, len(want))
		}

		req.From, req.To = at.Add(-50*time.Minute), at.Add(50*time.Minute)
		if trace, err = c.Trace(timeout(t, 30*time.Second), req); err != nil {
			t.Fatal(err)
		}
		want = []string{"id 1", "id 2", "id 3, whose clock was behind", "id 4", "id at the end of the window, which is not in it"}
		if got := hops(); !slices.Equal(got, want) {
			t.Errorf("hops %q, want %q", got, want)
		}

		req.Limit = 2
		if trace, err = c.Trace(timeout(t, 30*time.Second), req); err != nil {
			t.Fatal(err)
		}
		if got := hops(); !slices.Equal(got, want[:2]) || !trace.More {
			t.Errorf("the earliest two: %q, more %v", got, trace.More)
		}

		req.From, req.To = req.To, req.From
		if _, err := c.Trace(t.Context(), req); err == nil {
			t.Error("a window that ends before it begins is accepted")
		}
	})
}

// After a record from the future every time is before that record's, as the time
// index has it; what comes after it is found nevertheless.
func TestTraceAfterARecordFromTheFuture(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, map[string]string{"message.timestamp.after.max.ms": "9223372036854775807"})
		now := time.Now()
		writeTimes(t, client(t, brokers), topic, 0, []int64{now.Add(-time.Hour).UnixMilli(),
			now.AddDate(100, 0, 0).UnixMilli(), now.UnixMilli(), now.Add(time.Second).UnixMilli()})
		trace, err := c.Trace(timeout(t, 30*time.Second), TraceRequest{Partitions: []TopicPartition{{topic, 0}},
			From: now.Add(-time.Minute), To: now.Add(time.Minute), Match: func(TopicPartition) Matcher { return holds("x") }})
		if err != nil {
			t.Fatal(err)
		}
		if len(trace.Hops) != 2 || trace.Hops[0].Offset != 2 {
			t.Errorf("%d hops, want those at offsets 2 and 3", len(trace.Hops))
		}
	})
}
