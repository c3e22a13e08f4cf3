package ui

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"milena/kafka"
	"milena/kafka/batch"
)

func TestARecordIsSentAgainAsItWas(t *testing.T) {
	for i, r := range []batch.Record{
		{Key: []byte("user-1"), Value: []byte("{\n  \"a\": \"K\\u00f6ln\"}\r\n\ttail\x00"), Headers: []batch.Header{
			{Key: "b", Value: []byte("1")}, {Key: "a", Value: []byte("2")}, {Key: "b", Value: []byte{}}, {Key: "none"}, {Key: "", Value: []byte{}}, {Key: "bin", Value: []byte("\xff\x00")},
		}},
		{Key: nil, Value: []byte("v")},
		{Key: []byte{}, Value: []byte("v")},
		{Key: []byte("k\xff\x00\n"), Value: nil},
		{Key: []byte("k"), Value: []byte("\xff\xfe\x00binary\r\n")},
		{Key: []byte("k"), Value: bytes.Repeat([]byte("long "), 50_000)},
		{Key: []byte("k"), Value: []byte{}},
	} {
		for _, open := range []bool{false, true} {
			inBubble(t, fmt.Sprint(i, open), func(t *testing.T) {
				c := newFake().topic("one", 6)
				r.Timestamp = testNow.UnixMilli()
				c.add("one", 3, r)
				d := drive(t, c, Options{Topics: []string{"one"}}, 120, 40)
				d.follows("one")
				if open {
					d.press("enter")
				}
				d.press("E")
				d.sees("from partition 3, offset 0")
				d.press("ctrl+p", "ctrl+s")
				if r.Value != nil && len(r.Value) == 0 {
					d.sees("the value is empty")
					d.press("ctrl+s")
				}
				d.sees("sent to partition 3")
				got := c.sent[0]
				want := kafka.Message{Key: r.Key, Value: r.Value, Headers: r.Headers}
				if !same(got.Key, want.Key) || !same(got.Value, want.Value) || !sameHeaders(got.Headers, want.Headers) || got.Partition != 3 {
					t.Errorf("sent %+v\nnot  %+v", got, want)
				}
			})
		}
	}
}

// same compares bytes; null is not empty.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

func TestARecordIsSentToAnotherTopic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("up", "E")
		d.sees("from partition")
		d.press("ctrl+t")
		d.typed("nowhere")
		d.press("enter")
		d.sees(`there is no topic "nowhere"`)
		for range "nowhere" {
			d.press("backspace")
		}
		d.typed("paym")
		d.press("right", "enter")
		d.sees("compose → payments")
		d.sees("of orders")
		d.press("ctrl+s")
		d.sees("sent to partition")
		if got := c.sent[0]; got.Topic != "payments" || got.Partition != kafka.AnyPartition || len(got.Headers) != 2 {
			t.Errorf("%+v", got)
		}
	})
}

func TestNoTextIsReplacedWithoutAWord(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("c")
		d.typed("half a mess")
		d.press("esc", "up", "E")
		d.sees("There is unsent text for orders")
		d.advance(swallow)
		d.press("esc")
		if got := d.m.compose.value.String(); got != "half a mess" {
			t.Fatalf("the text is %q", got)
		}
		d.press("E")
		d.advance(swallow)
		d.press("enter")
		d.sees("from partition")
		if got := d.m.compose.value.String(); strings.Contains(got, "half") {
			t.Errorf("the text is %q", got)
		}
		// A record that was not changed is no text that would be missed.
		d.press("esc", "up", "E")
		if d.m.dialog != nil {
			t.Error("it asks about a record that is in Kafka")
		}
		d.press("x", "ctrl+t")
		d.m.compose.drafts["payments"] = &draft{topic: "payments"}
		d.m.compose.drafts["payments"].value.set("theirs")
		d.typed("payments")
		d.press("enter")
		d.sees("there is unsent text for payments")
	})
}

func TestNothingIsResentWhereNothingCanBeWritten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.readOnly = true
		d := drive(t, c, Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("E")
		d.sees("read-only")
		if d.m.focus != paneTail {
			t.Error("compose is open")
		}
	})
}
