package ui

import (
	"strings"
	"testing"

	"milena/kafka/batch"
)

// A timestamp of −1 is none: rows, the record, filters and its surroundings say so.
func TestARecordWithoutATimestamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("old", 1)
		c.add("old", 0, batch.Record{Timestamp: batch.NoTime, Value: []byte("untimed")})
		c.add("old", 0, batch.Record{Timestamp: testNow.UnixMilli(), Value: []byte("timed")})
		d := drive(t, c, Options{Topics: []string{"old"}}, 120, 40)
		d.follows("old")
		d.sees("untimed")
		if s := d.screen(); strings.Contains(s, "1969") || strings.Contains(s, "Dec") {
			t.Errorf("a row shows a time:\n%s", s)
		}
		d.press("/")
		d.typed("timestamp == null")
		d.press("enter")
		d.until("the filter", func() bool { return d.m.tail.session.start.query != nil })
		d.sees("untimed")
		d.press("k", "enter")
		d.sees("none (the producer gave none)")
		if s := d.screen(); strings.Contains(s, "1969") {
			t.Errorf("the record shows a time:\n%s", s)
		}
		d.press("a")
		d.sees("around 0/0")
		d.sees("untimed")
	})
}

// A query that names what cannot be there says why nothing is found.
func TestAQueryForAPlaceThatIsNotThereSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 120, 40)
		d.follows("ledger")
		for query, why := range map[string]string{
			"partition == 17":    "there is no such partition, only 0 to 2",
			"offset == 99999999": "offset 99,999,999 is past the end, the highest is",
			"offset < 0":         "offset -1 is before the start, the lowest is 0",
		} {
			d.press("/", "ctrl+a", "ctrl+k")
			d.typed(query)
			d.press("enter")
			d.sees(why)
			d.searches(query)
			d.sees(why)
			d.press("esc", "esc")
		}
	})
}
