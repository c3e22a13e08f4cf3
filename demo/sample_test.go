package demo

// Tests of the sample data, as somebody sees it who reads the topics.

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// consume reads a topic from its beginning until enough says so; nil is what
// was there at the start.
func consume(t testing.TB, b *Broker, topic string, enough func([]*kgo.Record) bool, opts ...kgo.Opt) []*kgo.Record {
	t.Helper()
	ends := make(map[int32]int64)
	for _, p := range b.Fake().PartitionInfos(topic) {
		ends[p.Partition] = p.HighWatermark
	}
	cl := kgoClient(t, b, append(opts, kgo.ConsumeTopics(topic), kgo.FetchMaxWait(200*time.Millisecond), kgo.KeepControlRecords())...)
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var records []*kgo.Record
	for {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("read %s: %v, after %d records", topic, err, len(records))
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				records = append(records, r)
			}
			if r.Offset >= ends[r.Partition]-1 {
				delete(ends, r.Partition)
			}
		})
		if enough == nil && len(ends) == 0 || enough != nil && enough(records) {
			return records
		}
	}
}

// checkCounter checks that the records are the article's: a counter from 0
// that leaves nothing out, in order.
func checkCounter(t *testing.T, records []*kgo.Record) {
	t.Helper()
	for i, r := range records {
		n := strconv.Itoa(i)
		if string(r.Key) != n || string(r.Value) != "this is message"+n {
			t.Fatalf("message %d at offset %d is %q: %q", i, r.Offset, r.Key, r.Value)
		}
		if i > 0 && r.Timestamp.Before(records[i-1].Timestamp) {
			t.Fatalf("message %d is from %v, before the one before it", i, r.Timestamp)
		}
	}
}

func TestTheSampleData(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		began := time.Now()
		b := start(t, Options{})

		// Topics have their partitions and configs.
		{
			for _, want := range sampleTopics {
				if got := int32(len(b.Fake().PartitionInfos(want.name))); got != want.partitions {
					t.Errorf("%s has %d partitions, want %d", want.name, got, want.partitions)
					continue
				}
				configs := b.Fake().TopicInfo(want.name).Configs
				for k, v := range want.configs {
					if configs[k] == nil || *configs[k] != v {
						t.Errorf("%s: %s is not %s", want.name, k, v)
					}
				}
				if want.configs["cleanup.policy"] == "delete" && want.configs["retention.bytes"] == "" {
					t.Errorf("%s grows without end", want.name)
				}
			}
		}

		// Message-log counts, once a second, up to now and on.
		{
			had := b.Fake().PartitionInfo(topicMessageLog, 0).HighWatermark
			records := consume(t, b, topicMessageLog, func(rs []*kgo.Record) bool { return int64(len(rs)) >= had+2 })
			checkCounter(t, records)
			if first := records[0].Timestamp; began.Sub(first) < past-time.Minute {
				t.Errorf("the first message is from %v, want hours ago", first)
			}
			for i := 1; i < len(records); i++ {
				if gap := records[i].Timestamp.Sub(records[i-1].Timestamp); gap != time.Second {
					t.Fatalf("%v between messages %d and %d", gap, i-1, i)
				}
			}
		}

		// Payments are committed and aborted.
		{
			all := consume(t, b, topicPayments, nil)
			count := len(all)
			committed := len(consume(t, b, topicPayments, nil, kgo.FetchIsolationLevel(kgo.ReadCommitted())))
			if committed == 0 || committed >= count {
				t.Errorf("%d of %d are committed, want some, not all", committed, count)
			}
			var failed int
			for _, r := range all {
				if !r.Attrs.IsTransactional() {
					t.Fatalf("payment at offset %d is in no transaction", r.Offset)
				}
				if contains(r.Value, `"event":"payment.failed"`) {
					failed++
				}
			}
			if failed == 0 {
				t.Error("no payment failed")
			}
		}

		// A trace leads from an order to its payment.
		{
			traces := make(map[string]bool)
			for _, r := range consume(t, b, topicOrders, nil) {
				traces[headerOf(r, "trace-id")] = true
			}
			payments := consume(t, b, topicPayments, nil)
			for _, r := range payments[:100] {
				if !traces[headerOf(r, "trace-id")] {
					t.Fatalf("the trace of payment %s is no order's", r.Value)
				}
			}
		}

		// Customers are compacted, some deleted.
		{
			records := consume(t, b, topicCustomers, nil)
			var tombstones int
			next := make(map[int32]int64)
			var gap bool
			for _, r := range records {
				if r.Value == nil {
					tombstones++
				}
				gap = gap || r.Offset != next[r.Partition]
				next[r.Partition] = r.Offset + 1
			}
			if tombstones == 0 {
				t.Error("no tombstone")
			}
			if !gap {
				t.Error("no gap: nothing was compacted")
			}
		}

		// A dead letter names the order it is about.
		{
			orders := make(map[string]*kgo.Record)
			for _, r := range consume(t, b, topicOrders, nil) {
				orders[fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset)] = r
			}
			letters := consume(t, b, topicDLQ, nil)
			if len(letters) < 10 {
				t.Errorf("%d dead letters, want some", len(letters))
			}
			for _, r := range letters {
				at := headerOf(r, "original-topic") + "/" + headerOf(r, "original-partition") + "/" + headerOf(r, "original-offset")
				original := orders[at]
				if original == nil || string(original.Value) != string(r.Value) || string(original.Key) != string(r.Key) {
					t.Errorf("dead letter %d is not a copy of %s", r.Offset, at)
				}
				if headerOf(r, "error") == "" || headerOf(r, "trace-id") != headerOf(original, "trace-id") {
					t.Errorf("dead letter %d: headers %v", r.Offset, r.Headers)
				}
			}
		}

		// Greetings and sensors are there.
		{
			var null, empty, korean bool
			for _, r := range consume(t, b, topicGreetings, nil) {
				null = null || r.Key == nil
				empty = empty || r.Value != nil && len(r.Value) == 0
				korean = korean || contains(r.Value, "안녕하세요")
			}
			if !null || !empty || !korean {
				t.Errorf("null key %v, empty value %v, Korean %v: want all", null, empty, korean)
			}
			for _, r := range consume(t, b, topicSensors, nil) {
				if len(r.Value) != 20 || r.Value[0] != 0x53 {
					t.Fatalf("reading at offset %d is %x", r.Offset, r.Value)
				}
			}
		}

		// Orders go over into the present.
		{
			consume(t, b, topicOrders, func(rs []*kgo.Record) bool { return rs[len(rs)-1].Timestamp.After(began.Add(time.Second)) })
		}
	})
}

func TestTheGroups(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		usual := warehouseShift
		warehouseShift = shift{first: 0, work: time.Minute, away: time.Minute, every: 100 * time.Millisecond, load: 1000}
		t.Cleanup(func() { warehouseShift = usual })
		b := start(t, Options{})

		if lag := lagOf(b.Fake(), b.Fake().GroupInfo(groupWarehouse)); lag < 50 {
			t.Errorf("warehouse begins with a lag of %d, want some", lag)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for group, members := range map[string]int{groupBilling: 2, groupWarehouse: 1} {
			info, err := b.Fake().WaitGroupStable(ctx, group, members)
			if err != nil {
				t.Fatalf("group %s: %v", group, err)
			}
			if n := info.NumAssigned(); n != 6 {
				t.Errorf("group %s has %d partitions, want 6", group, n)
			}
		}
		for _, group := range []string{groupBilling, groupWarehouse} {
			for lagOf(b.Fake(), b.Fake().GroupInfo(group)) > 0 {
				if !sleep(ctx, 10*time.Millisecond) {
					t.Fatalf("group %s does not catch up", group)
				}
			}
		}
	})
}

// TestSomebodyElseJoins joins the demo's groups as a person may who tries
// milena on it: the members must share with others, and take over again. One
// that is away must do so, too.
func TestSomebodyElseJoins(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		b := start(t, Options{})
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for group, members := range map[string]int{groupBilling: 2, groupWarehouse: 1} {
			if _, err := b.Fake().WaitGroupStable(ctx, group, members); err != nil {
				t.Fatalf("group %s: %v", group, err)
			}
			guest := kgoClient(t, b, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topicOrders), kgo.Balancers(kgo.RangeBalancer()))
			shared, err := b.Fake().WaitGroupStable(ctx, group, members+1)
			if err != nil {
				t.Fatalf("group %s with a guest: %v", group, err)
			}
			if n := shared.NumAssigned(); n != 6 {
				t.Errorf("group %s and its guest have %d partitions, want 6", group, n)
			}
			for _, m := range shared.Members {
				if n := m.NumAssigned(); n != 6/(members+1) {
					t.Errorf("group %s and its guest: %s has %d partitions", group, m.ClientID, n)
				}
			}
			guest.Close()
			alone, err := b.Fake().WaitGroupStable(ctx, group, members)
			if err != nil {
				t.Fatalf("group %s after its guest: %v", group, err)
			}
			if n := alone.NumAssigned(); n != 6 {
				t.Errorf("group %s has %d partitions after its guest, want 6", group, n)
			}
		}
	})
}

func TestAWarehouseThatIsAwayFallsBehind(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		b := start(t, Options{Brokers: 3})
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := b.Fake().WaitGroupStable(ctx, groupWarehouse, 1); err != nil {
			t.Fatal(err)
		}
		lag := func() int64 { return lagOf(b.Fake(), b.Fake().GroupInfo(groupWarehouse)) }
		for before := lag(); lag() <= before; {
			if !sleep(ctx, 50*time.Millisecond) {
				t.Fatal("its lag does not grow")
			}
		}
	})
}

func lagOf(fake *kfake.Cluster, g *kfake.GroupInfo) (lag int64) {
	for _, p := range fake.PartitionInfos(topicOrders) {
		lag += p.HighWatermark - g.Commits[topicOrders][p.Partition].Offset
	}
	return lag
}

func TestADeletedTopicDoesNotStopTheRest(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		b := start(t, Options{})
		for _, topic := range []string{topicOrders, topicPayments, topicSensors} {
			if err := b.Fake().DeleteTopic(topic); err != nil {
				t.Fatal(err)
			}
		}
		had := b.Fake().PartitionInfo(topicMessageLog, 0).HighWatermark
		checkCounter(t, consume(t, b, topicMessageLog, func(rs []*kgo.Record) bool { return int64(len(rs)) >= had+3 }))

		if err := b.Fake().CreateTopic(topicOrders, 2, nil); err != nil {
			t.Fatal(err)
		}
		consume(t, b, topicOrders, func(rs []*kgo.Record) bool { return len(rs) > 0 })

		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_, err := b.Fake().WaitGroupInfo(ctx, groupBilling, func(g *kfake.GroupInfo) bool {
			return g.Commits[topicOrders][0].Offset+g.Commits[topicOrders][1].Offset > 0
		})
		if err != nil {
			t.Errorf("billing does not read the new orders: %v", err)
		}
	})
}

// TestPresentPayments writes transactions as they are written in the present,
// one by one, without waiting for a bank to refuse somebody.
func TestPresentPayments(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		b := start(t, Options{Empty: true})
		a, err := openApplications(context.Background(), b.Fake(), here(t, Options{Now: time.Now}))
		if err != nil {
			t.Fatal(err)
		}
		defer a.close()
		stable := func() (n int64) {
			for _, p := range b.Fake().PartitionInfos(topicPayments) {
				n += p.LastStableOffset
			}
			return n
		}
		before := stable()
		two := func() []*record {
			return []*record{a.world.message(topicPayments, []byte("k"), []byte("1")), a.world.message(topicPayments, []byte("k"), []byte("2"))}
		}
		a.transaction(true, two()...)
		a.transaction(false, two()...)
		if a.settle(); a.failed != nil {
			t.Fatal(a.failed)
		}
		if got := stable() - before; got != 6 {
			t.Errorf("the last stable offsets moved by %d, want 6: four payments and two markers", got)
		}
		committed := consume(t, b, topicPayments, nil, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
		var n int
		for _, r := range committed {
			if string(r.Key) == "k" {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d of the new payments are committed, want 2", n)
		}

		// The broker fences the cashier: another takes over.
		thief := kgoClient(t, b, kgo.TransactionalID("cashier"))
		if err := thief.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := thief.ProduceSync(context.Background(), &kgo.Record{Topic: topicPayments}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := thief.EndTransaction(context.Background(), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
		a.transaction(true, two()...)
		a.transaction(true, two()...)
		before = stable()
		a.settle()
		if stable() == before {
			t.Error("a fenced cashier was not replaced")
		}
	})
}

func contains(b []byte, s string) bool {
	return strings.Contains(string(b), s)
}

func headerOf(r *kgo.Record, key string) string {
	if r == nil {
		return ""
	}
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}
