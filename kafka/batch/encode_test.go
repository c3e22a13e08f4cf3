package batch

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"milena/internal/testseed"

	"pgregory.net/rapid"
)

func TestEncodedDecodesTheSame(t *testing.T) {
	records := []Record{
		{Timestamp: 1700000000000, Value: []byte("v")},
		{Timestamp: 1700000000005, Key: []byte{}, Value: []byte{}, Headers: []Header{{"h", nil}, {"", []byte{}}, {"x", []byte("y")}, {"h", []byte("again")}}},
		{Timestamp: 1600000000001, Key: []byte("k")},
		{Timestamp: math.MaxInt64, Key: []byte("k2"), Value: bytes.Repeat([]byte("abc"), 200_000)},
		{Timestamp: math.MinInt64},
	}
	for _, c := range codecs {
		t.Run(c.String(), func(t *testing.T) {
			x := build(t, spec{base: 41, codec: c, records: records})
			k, next := walkAll(concat(x, x[:100]), 0)
			if next != 46 || len(k.records) != len(records) {
				t.Fatalf("next %d, %d records, %v", next, len(k.records), k.events)
			}
			for i, got := range k.records {
				if want := records[i]; !same(got, want) || got.Offset != 41+int64(i) || got.Index != int32(i) {
					t.Errorf("record %d: got offset %d %+.100v, want %+.100v", i, got.Offset, got, want)
				}
			}
			in := k.records[0].Info
			if in.Codec != c || in.ProducerID != -1 || in.Magic != 2 || in.Count != 5 || in.Size != len(x) ||
				in.FirstTimestamp != 1700000000000 || in.MaxTimestamp != math.MaxInt64 || in.BaseOffset != 41 || in.LastOffset != 45 {
				t.Errorf("%+v", in)
			}
		})
	}
}

// same compares what was read with what was written; nil and empty differ.
func same(got kept, want Record) bool {
	return got.Timestamp == want.Timestamp && reflect.DeepEqual(got.Key, want.Key) && reflect.DeepEqual(got.Value, want.Value) &&
		(len(got.Headers) == 0 && len(want.Headers) == 0 || reflect.DeepEqual(got.Headers, want.Headers))
}

// anyBytes is null, empty, or a few bytes, sometimes many.
func anyBytes() *rapid.Generator[[]byte] {
	return rapid.OneOf(
		rapid.Just[[]byte](nil),
		rapid.SliceOfN(rapid.Byte(), 0, 40),
		rapid.Map(rapid.IntRange(0, 150_000), func(n int) []byte { return bytes.Repeat([]byte("xyz"), n) }),
	)
}

func anyRecord() *rapid.Generator[Record] {
	return rapid.Custom(func(t *rapid.T) Record {
		return Record{
			Timestamp: rapid.OneOf(rapid.Int64(), rapid.Int64Range(1700000000000, 1700000001000)).Draw(t, "timestamp"),
			Key:       anyBytes().Draw(t, "key"),
			Value:     anyBytes().Draw(t, "value"),
			Headers: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Header {
				return Header{rapid.StringN(0, 3, -1).Draw(t, "header key"), anyBytes().Draw(t, "header value")}
			}), 0, 4).Draw(t, "headers"),
		}
	})
}

func TestWhateverIsEncodedDecodesTheSame(t *testing.T) {
	var d Decoder
	b := NewBuilder(None)
	testseed.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(anyRecord(), 1, 20).Draw(t, "records")
		b.Reset()
		b.Codec = rapid.SampledFrom(codecs).Draw(t, "codec")
		b.ProducerID = rapid.Int64Min(-1).Draw(t, "producer id")
		b.ProducerEpoch = rapid.Int16Min(-1).Draw(t, "epoch")
		b.BaseSequence = rapid.Int32Min(-1).Draw(t, "sequence")
		b.Transactional = rapid.Bool().Draw(t, "transactional")
		for _, r := range records {
			want := b.SizeWith(r)
			if err := b.Add(r); err != nil {
				t.Fatal(err)
			}
			if b.Len() != want {
				t.Fatalf("SizeWith said %d, but it is %d", want, b.Len())
			}
		}
		prefix := []byte("before")
		x, err := b.Finish(prefix)
		if err != nil || !bytes.HasPrefix(x, prefix) {
			t.Fatal(err)
		}
		x = x[len(prefix):]
		if b.Codec == None && len(x) != b.Len() || b.Count() != len(records) {
			t.Fatalf("%d bytes, Len %d, Count %d", len(x), b.Len(), b.Count())
		}
		var k keeper
		next, more := d.Walk(x, 0, -1, nil, &k)
		if next != int64(len(records)) || !more || len(k.records) != len(records) || len(k.skips) != 0 || next != NextOffset(x, 0) {
			t.Fatalf("next %d, %v", next, k.events)
		}
		for i, got := range k.records {
			if !same(got, records[i]) {
				t.Fatalf("record %d: got %+.200v, want %+.200v", i, got, records[i])
			}
			if in := got.Info; in.ProducerID != b.ProducerID || in.ProducerEpoch != b.ProducerEpoch || in.BaseSequence != b.BaseSequence || in.Transactional != b.Transactional {
				t.Fatalf("%+v", in)
			}
		}
	})
}

func TestProducerZeroIsARealProducer(t *testing.T) {
	b := NewBuilder(None)
	b.ProducerID, b.ProducerEpoch, b.BaseSequence = 0, 0, 7
	if err := b.Add(Record{}); err != nil {
		t.Fatal(err)
	}
	x, err := b.Finish(nil)
	if err != nil {
		t.Fatal(err)
	}
	k, _ := walkAll(x, 0)
	if in := k.records[0].Info; in.ProducerID != 0 || in.ProducerEpoch != 0 || in.BaseSequence != 7 {
		t.Errorf("%+v", in)
	}
}

func TestABuilderRefusesWhatKafkaCannotHold(t *testing.T) {
	b := NewBuilder(None)
	if x, err := b.Finish([]byte("kept")); err == nil || string(x) != "kept" {
		t.Errorf("a batch without records: %q, %v", x, err)
	}
	b.Codec = 5
	_ = b.Add(Record{})
	if x, err := b.Finish([]byte("kept")); err == nil || string(x) != "kept" {
		t.Errorf("an unknown codec: %q, %v", x, err)
	}

	b = NewBuilder(None)
	part := make([]byte, 1<<20) // many headers that share it: 2 GiB without the memory
	r := Record{Headers: make([]Header, 2048)}
	for i := range r.Headers {
		r.Headers[i].Value = part
	}
	if err := b.Add(r); err == nil || b.Count() != 0 || b.Len() != headerLen {
		t.Errorf("2 GiB in one record: %v, count %d, len %d", err, b.Count(), b.Len())
	}
}

func TestBuildingAllocatesNothingForARecord(t *testing.T) {
	if testing.Short() {
		t.Skip("counts allocations")
	}
	for _, c := range codecs {
		b := NewBuilder(c)
		r := Record{Timestamp: 1, Key: []byte("key"), Value: bytes.Repeat([]byte("value"), 20), Headers: []Header{{"h", []byte("v")}}}
		var out []byte
		const n = 1000
		allocs := testing.AllocsPerRun(20, func() {
			b.Reset()
			for range n {
				if err := b.Add(r); err != nil {
					t.Fatal(err)
				}
			}
			var err error
			if out, err = b.Finish(out[:0]); err != nil {
				t.Fatal(err)
			}
		})
		if allocs > n/50 {
			t.Errorf("%v: %v allocations for %d records", c, allocs, n)
		}
	}
}
