package query

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"milena/internal/testseed"
	"milena/kafka"
	"milena/kafka/batch"

	"pgregory.net/rapid"
)

// asked takes what a matcher matches.
type asked struct {
	match   kafka.Matcher
	found   []int64
	skimmed int
}

func (a *asked) Record(v *batch.View) bool {
	if a.match.Match(v) {
		a.found = append(a.found, v.Offset)
	}
	return true
}
func (a *asked) Skip(batch.Skip) {}

// skimmedThrough is the same, skimming.
type skimmedThrough struct{ *asked }

func (s skimmedThrough) Skim(_ *batch.Info, records []byte) int {
	return s.match.(kafka.Skimmer).Skim(records)
}
func (s skimmedThrough) Skimmed(_ *batch.Info, n int) { s.skimmed += n }

func TestSkimmingFindsWhatReadingFinds(t *testing.T) {
	pieces := []string{"order", "Order", "ORDER", "milk", "mil\u212A", "M\u0130LK", "größe", "GRÖSSE", "Größe", "17", "밀레나", " ", "x", "\xff", `"id":17`}
	queries := []string{"order", "Order", "milk", "größe", "밀레나", `"id":17`, "order -17", "-order", "milk order", "key:order", "value:17",
		"header:trace=milk", "header:trace", "/ord(er|inal)/", "/(?i)milk/", "/x|17/", "/1+7/", `value contains "order"`}
	testseed.Check(t, func(r *rapid.T) {
		b := batch.NewBuilder(batch.None)
		text := func(what string) []byte {
			var s []byte
			for _, p := range rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 3).Draw(r, what) {
				s = append(s, p...)
			}
			return s
		}
		for range rapid.IntRange(1, 40).Draw(r, "records") {
			rec := batch.Record{Key: text("key"), Value: text("value")}
			if rapid.IntRange(0, 3).Draw(r, "with a header") == 0 {
				rec.Headers = []batch.Header{{Key: "trace", Value: text("header")}}
			}
			if err := b.Add(rec); err != nil {
				r.Fatal(err)
			}
		}
		raw, err := b.Finish(nil)
		if err != nil {
			r.Fatal(err)
		}
		for _, q := range queries {
			plain := &asked{match: parse(t, q).Matcher(kafka.TopicPartition{})}
			var d batch.Decoder
			d.Walk(raw, 0, math.MaxInt64, nil, plain)
			if _, ok := plain.match.(kafka.Skimmer); !ok {
				continue
			}
			skim := &asked{match: parse(t, q).Matcher(kafka.TopicPartition{})}
			d.Walk(raw, 0, math.MaxInt64, nil, skimmedThrough{skim})
			if !slices.Equal(skim.found, plain.found) {
				r.Fatalf("%q: skimming finds %v, reading %v", q, skim.found, plain.found)
			}
		}
	})
	for q, want := range map[string]bool{"order": true, "-order": false, "-a b": true, "/order|refund/": false, "/customer-17[0-9]*/": true, "": false} {
		if _, ok := parse(t, q).Matcher(kafka.TopicPartition{}).(kafka.Skimmer); ok != want {
			t.Errorf("%q is skimmed for: %t", q, ok)
		}
	}
}

func BenchmarkSkim(b *testing.B) {
	records := make([]byte, 0, 256<<10)
	for i := 0; len(records) < cap(records)-300; i++ {
		records = fmt.Appendf(records, `{"id":"order-%d","status":"shipped","customer":{"name":"Milena","country":"CZ"},"total":%d}`, i, i%977)
	}
	for _, q := range []string{"refund", "Refund", "17771", "/customer-17[0-9]*1x/"} {
		m := parse(b, q).Matcher(kafka.TopicPartition{}).(kafka.Skimmer)
		b.Run(q, func(b *testing.B) {
			b.SetBytes(int64(len(records)))
			for b.Loop() {
				m.Skim(records)
			}
		})
	}
}
