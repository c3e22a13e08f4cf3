package ui

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"milena/kafka"
	"milena/kafka/batch"
)

// transactional appends a record of a producer's transaction.
func (c *fakeCluster) transactional(topic string, partition int32, producer int64, value string) {
	c.raw(topic, partition, producer, batch.Record{Timestamp: testNow.UnixMilli(), Value: []byte(value)}, 0)
}

// ends appends a transaction marker.
func (c *fakeCluster) ends(topic string, partition int32, producer int64, marker batch.ControlType) {
	c.raw(topic, partition, producer, batch.Record{
		Timestamp: testNow.UnixMilli(), Key: []byte{0, 0, 0, byte(marker)}, Value: make([]byte, 6),
	}, 1<<5)
}

func (c *fakeCluster) raw(topic string, partition int32, producer int64, r batch.Record, attributes byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.topics[topic][partition]
	b := batch.NewBuilder(batch.None)
	b.ProducerID, b.ProducerEpoch, b.BaseSequence, b.Transactional = producer, 0, 0, true
	if err := b.Add(r); err != nil {
		panic(err)
	}
	raw, err := b.Finish(nil)
	if err != nil {
		panic(err)
	}
	binary.BigEndian.PutUint64(raw, uint64(p.start)+uint64(len(p.batches)))
	raw[22] |= attributes
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], crc32.MakeTable(crc32.Castagnoli)))
	p.batches = append(p.batches, raw)
	p.times = append(p.times, r.Timestamp)
	c.grown.Broadcast()
}

// outcomes are those of the rows in sight.
func (d *driver) outcomes() map[string]outcome {
	d.m.View()
	got := make(map[string]outcome)
	for i := range d.m.tail.rows {
		r := &d.m.tail.rows[i]
		got[string(r.Value)] = d.m.rowOutcome(r)
	}
	return got
}

func TestRecordsOfTransactionsAreMarked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("payments", 1)
		c.compact["payments"] = true
		c.transactional("payments", 0, 1, "old committed")
		c.transactional("payments", 0, 2, "old aborted")
		c.ends("payments", 0, 1, batch.CommitMarker)
		c.ends("payments", 0, 2, batch.AbortMarker)
		c.transactional("payments", 0, 1, "spans the beginning")
		c.add("payments", 0, text("of none"))
		d := drive(t, c, Options{Topics: []string{"payments"}}, 120, 40)
		d.follows("payments")
		d.until("what is known of history", func() bool { return d.outcomes()["old committed"] == txnCommitted })
		c.ends("payments", 0, 1, batch.AbortMarker)
		c.transactional("payments", 0, 2, "live")
		c.ends("payments", 0, 2, batch.CommitMarker)
		d.until("the live ones", func() bool { return d.outcomes()["live"] == txnCommitted })
		want := map[string]outcome{
			"old committed": txnCommitted, "old aborted": txnAborted, "spans the beginning": txnAborted, "of none": txnNone, "live": txnCommitted,
		}
		if got := d.outcomes(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, not %v", got, want)
		}
		d.sees("✗  ∅           old aborted")
		d.sees("✓  ∅           live")
		d.press("up", "down", "enter")
		d.sees("transactional, committed")
		// Looking back past what was read: a filter leaves the markers known.
		d.press("esc", "/")
		d.typed("old")
		d.press("enter")
		d.until("the filtered ones", func() bool { return d.outcomes()["old aborted"] == txnAborted })
	})
}

func TestOpenTransactionsAreNotTakenForEndedOnes(t *testing.T) {
	tp := kafka.TopicPartition{Topic: "t"}
	txns := newTransactions()
	txns.known(tp, 10)
	marker := func(offset, producer int64, c batch.ControlType) {
		txns.skipped(tp, batch.Skip{Kind: batch.SkipControl, First: offset, Last: offset, Control: c, Batch: &batch.Info{ProducerID: producer}})
	}
	marker(20, 7, batch.CommitMarker)
	marker(30, 7, batch.AbortMarker)
	for _, c := range []struct {
		producer, offset, stable int64
		want                     outcome
	}{
		{7, 15, 31, txnCommitted}, {7, 25, 31, txnAborted},
		{7, 9, 31, txnUnknown}, // a marker before 10 may have ended it
		{7, 35, 35, txnOpen}, {7, 35, 40, txnUnknown}, {7, 35, -1, txnUnknown}, {8, 15, 12, txnOpen},
	} {
		if got := txns.outcome(tp, c.producer, c.offset, c.stable); got != c.want {
			t.Errorf("producer %d, offset %d, stable %d: %v, not %v", c.producer, c.offset, c.stable, got, c.want)
		}
	}
	txns.forget(tp)
	if got := txns.outcome(tp, 7, 15, 31); got != txnUnknown {
		t.Errorf("after the topic was made anew: %v", got)
	}
}

func TestATransactionIsNotOpenBeforeABrokerHasSaidSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 120, 40)
		d.follows("message-log")
		s := newSession(99, d.m.tail.session.source, newest100(), &d.work, func() {})
		defer s.end()
		tp := kafka.TopicPartition{Topic: "message-log"}
		if ends := s.history(t.Context(), []kafka.Span{{TopicPartition: tp, To: kafka.NoEnd}}); ends[tp] != 300 {
			t.Fatalf("the end is %d", ends[tp])
		}
		if got := s.outcome(tp, 1, 5); got != txnUnknown {
			t.Errorf("where only the end is known, a transaction is %v", got)
		}
	})
}

func TestForgottenMarkersMakeNoWrongOutcome(t *testing.T) {
	tp := kafka.TopicPartition{Topic: "t"}
	txns := newTransactions()
	txns.most = 50
	txns.known(tp, 0)
	rnd := rand.New(rand.NewPCG(1, 2))
	type record struct {
		producer, offset int64
		want             outcome
	}
	var all []record
	open := map[int64][]int{}
	for offset := range int64(2000) {
		producer := int64(rnd.IntN(5))
		if rnd.IntN(4) > 0 {
			open[producer] = append(open[producer], len(all))
			all = append(all, record{producer, offset, txnOpen})
			continue
		}
		how, want := batch.CommitMarker, txnCommitted
		if rnd.IntN(2) == 0 {
			how, want = batch.AbortMarker, txnAborted
		}
		txns.skipped(tp, batch.Skip{Kind: batch.SkipControl, First: offset, Last: offset, Control: how, Batch: &batch.Info{ProducerID: producer}})
		for _, i := range open[producer] {
			all[i].want = want
		}
		delete(open, producer)
	}
	right := 0
	for _, r := range all {
		if r.want == txnOpen {
			continue
		}
		switch got := txns.outcome(tp, r.producer, r.offset, 2000); got {
		case r.want:
			right++
		case txnUnknown:
		default:
			t.Fatalf("offset %d is %v, and not %v", r.offset, r.want, got)
		}
	}
	if txns.n > 50 || right < 20 {
		t.Errorf("%d markers are kept, %d outcomes known", txns.n, right)
	}
}

func TestMarkersAndGapsOnDemand(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("payments", 2)
		c.compact["payments"] = true
		for i := range 40 {
			c.transactional("payments", int32(i%2), int64(i%2), fmt.Sprint("value-", i))
			if i%4 == 3 {
				c.ends("payments", 0, 0, batch.CommitMarker)
				c.ends("payments", 1, 1, batch.AbortMarker)
			}
		}
		d := drive(t, c, Options{Topics: []string{"payments"}}, 120, 80)
		d.follows("payments")
		d.press("up", "up", "up")
		before, _ := d.m.tail.session.store.At(d.m.tail.cursor)
		held := func() (records, notes int) {
			s := d.m.tail.session.store
			first, next := s.Bounds()
			for _, r := range s.Rows(first, int(next-first), 0, nil) {
				if r.Skip != nil {
					notes++
				} else {
					records++
				}
			}
			return records, notes
		}
		d.press("m")
		d.until("the markers", func() bool { r, n := held(); return r == 40 && n == 20 })
		d.sees("─ commit: producer 0, epoch 0")
		d.sees("─ abort: producer 1, epoch 0")
		d.sees("markers too")
		d.until("the cursor on its record", func() bool {
			rec, ok := d.m.tail.session.store.At(d.m.tail.cursor)
			return ok && rec.Offset == before.Offset && rec.Partition == before.Partition
		})
		// Each marker stands behind the records that it ends.
		s := d.m.tail.session.store
		first, next := s.Bounds()
		last := map[int32]int64{0: -1, 1: -1}
		for _, r := range s.Rows(first, int(next-first), 0, nil) {
			if r.Offset != last[r.Partition]+1 {
				t.Fatalf("partition %d: offset %d after %d", r.Partition, r.Offset, last[r.Partition])
			}
			last[r.Partition] = r.Offset
		}
		d.press("enter", "esc", "m")
		d.until("messages alone", func() bool { r, n := held(); return r == 40 && n == 0 })
		if strings.Contains(d.screen(), "commit: producer") {
			t.Errorf("markers are still shown:\n%s", d.screen())
		}
	})
}

func TestOlderRecordsComeWithTheirMarkers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("payments", 1)
		c.compact["payments"] = true
		for i := range 300 {
			c.transactional("payments", 0, 1, fmt.Sprint("value-", i))
			if i%10 == 9 {
				c.ends("payments", 0, 1, batch.CommitMarker)
			}
		}
		d := drive(t, c, Options{Topics: []string{"payments"}}, 120, 40)
		d.follows("payments")
		d.press("m")
		d.until("the markers", func() bool { return d.m.tail.snap.reading && d.m.tail.snap.next > 100 && d.m.tail.snap.lag == 0 })
		for range 100 {
			if h := d.held(0); len(h) > 0 && h[0] == 0 {
				break
			}
			d.press("pgup")
			d.until("what comes", func() bool { return !d.m.tail.snap.older.busy && !d.m.tail.starting() && d.m.tail.snap.lag == 0 })
		}
		d.until("all that was read on from there", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first >= 330 })
		s := d.m.tail.session.store
		first, next := s.Bounds()
		var offsets []int64
		for _, r := range s.Rows(first, int(next-first), 0, nil) {
			offsets = append(offsets, r.Offset)
		}
		if !slices.Equal(offsets, count(0, 330)) {
			t.Errorf("the rows are not all from the beginning on: %v", offsets)
		}
	})
}
