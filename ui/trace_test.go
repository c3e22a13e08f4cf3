package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"milena/kafka"
	"milena/kafka/batch"
)

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b%d-01"

// journey is an order that goes through three topics, among others.
func journey() *fakeCluster {
	c := newFake().topic("orders", 2).topic("payments", 1).topic("shipping", 1).topic("__consumer_offsets", 1)
	c.internal["__consumer_offsets"] = true
	at := testNow.Add(-time.Hour).UnixMilli()
	parent := func(n int) []batch.Header {
		return []batch.Header{{Key: "traceparent", Value: fmt.Appendf(nil, traceparent, n)}}
	}
	c.add("shipping", 0, batch.Record{Timestamp: at - time.Hour.Milliseconds(), Key: []byte("order-4711"), Value: []byte("an hour before")})
	c.add("payments", 0, batch.Record{Timestamp: at + 250, Key: []byte("p-1"), Value: []byte(`{"order":"order-4711","n":12}`), Headers: parent(2)})
	c.add("payments", 0, batch.Record{Timestamp: at + 260, Key: []byte("p-2"), Value: []byte(`{"order":"order-47110","n":12}`)})
	c.add("shipping", 0, batch.Record{Timestamp: at + 5250, Key: []byte("order-4711"), Value: []byte("shipped"), Headers: parent(3)})
	c.add("__consumer_offsets", 0, batch.Record{Timestamp: at + 300, Key: []byte("order-4711")})
	c.add("orders", 1, batch.Record{Timestamp: at, Key: []byte("order-4711"), Value: []byte(`{"n":12,"note":"no id at all","id":"order-4711"}`), Headers: parent(1)})
	return c
}

func (d *driver) hops() (hops []string) {
	d.t.Helper()
	d.searched()
	d.m.View()
	for i := range d.m.tail.rows {
		r := &d.m.tail.rows[i]
		hops = append(hops, strings.TrimSpace(fmt.Sprintf("%s/%d/%d %s", r.Topic, r.Partition, r.Offset, d.m.tail.gapTo(i))))
	}
	return hops
}

func TestTraceGoesAcrossTopicsByTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, journey(), Options{Topics: []string{"orders"}}, 200, 40)
		d.follows("orders")
		d.press("X")
		d.sees("› header traceparent, its trace id: 4bf92f3577b34da6a3ce929d0e0e4736")
		d.press("enter")
		want := []string{"orders/1/0", "payments/0/0 +250 ms", "shipping/0/1 +5.0 s"}
		if got := d.hops(); !slices.Equal(got, want) {
			t.Errorf("the hops by trace id are %v, want %v", got, want)
		}
		d.sees("trace: 4bf92f3577b34da6a3ce929d0e0e4736  3 hits")
		d.sees("+250 ms  payments")
		d.press("esc")
		d.follows("orders")
		if d.m.tail.searched() || len(d.m.tail.topics) != 1 {
			t.Errorf("esc does not go back to the topic: %v", d.m.tail.topics)
		}
		d.press("up")

		d.press("X", "down") // the next candidate
		d.sees("› key: order-4711")
		d.press("enter")
		if got := d.hops(); !slices.Equal(got, want) {
			t.Errorf("the hops by key are %v, want %v: not order-47110, nothing internal, nothing an hour before", got, want)
		}
		d.press("G", "a")
		if want := []string{"shipping"}; !slices.Equal(d.m.tail.topics, want) {
			t.Errorf("around a hop shows %v", d.m.tail.topics)
		}
		d.until("the cursor on the hop", func() bool {
			r, ok := d.m.tail.session.store.At(d.m.tail.cursor)
			return ok && d.m.tail.seek == nil && string(r.Value) == "shipped"
		})
	})
}

func TestTraceFormOfARecord(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, journey(), Options{Topics: []string{"orders"}}, 200, 40)
		d.follows("orders")
		d.press("up", "enter", "X")
		d.press("down", "down")
		if got := d.m.dialog.fields[traceWhere].ed.String(); got != "field n" {
			t.Errorf("a number is looked for in %q", got)
		}
		for field, wrong := range map[int]string{traceWhere: "elsewhere", traceTopics: "no-such-topic", traceWindow: "10"} {
			before := d.m.dialog.fields[field].ed.String()
			d.m.dialog.fields[field].ed.set(wrong)
			d.press("enter")
			if d.m.dialog == nil || d.m.dialog.fields[field].err == "" {
				t.Fatalf("%q is taken:\n%s", wrong, d.screen())
			}
			d.m.dialog.clearErrors()
			d.m.dialog.fields[field].ed.set(before)
		}
		d.m.dialog.fields[traceTopics].ed.set("orders pay.*")
		d.press("enter")
		if got, want := d.hops(), []string{"orders/1/0", "payments/0/0 +250 ms", "payments/0/1 +10 ms"}; !slices.Equal(got, want) {
			t.Errorf("by its number: %v, want %v", got, want)
		}
	})
}

func TestTraceSaysWhatIsMissing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := journey()
		d := drive(t, c, Options{Topics: []string{"orders"}}, 200, 40)
		d.follows("orders")
		c.set(func() { c.lack = map[kafka.TopicPartition]error{{Topic: "payments"}: errors.New("no leader")} })
		d.press("X", "enter")
		if got := d.hops(); len(got) != 2 {
			t.Errorf("the others have %v", got)
		}
		d.sees("1 partition cannot be read now")
	})
}

func TestTraceKnowsHowTransactionsEnded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("payments", 1)
		at := testNow.Add(-time.Minute).UnixMilli()
		for i, marker := range []batch.ControlType{batch.CommitMarker, batch.AbortMarker} {
			c.raw("payments", 0, int64(i), batch.Record{Timestamp: at + int64(i), Key: []byte("order-1"), Value: []byte("paid")}, 0)
			c.ends("payments", 0, int64(i), marker)
		}
		d := drive(t, c, Options{Topics: []string{"payments"}}, 120, 30)
		d.follows("paid")
		d.press("up", "X", "enter")
		d.searched()
		d.sees("✓  order-1")
		d.sees("✗  order-1")
	})
}
