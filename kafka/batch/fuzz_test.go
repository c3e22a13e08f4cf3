package batch

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
)

// order checks that what a walk gives is in order, wanted, and given once.
type order struct {
	t       *testing.T
	low, to int64 // the next offset is at least low and below to
	limit   int
}

func (o *order) Record(v *View) bool {
	if o.limit == 0 {
		return false
	}
	o.limit--
	o.span(v.Offset, v.Offset)
	n := 0
	for k, val := range v.Headers() {
		n++
		_, _ = k, val
	}
	if n != v.HeaderCount() || len(v.AppendHeaders(nil)) != n {
		o.t.Errorf("%d of %d headers", n, v.HeaderCount())
	}
	if v.Size() < len(v.Key)+len(v.Value) || v.Batch == nil || v.Index < 0 || v.Index >= v.Batch.Count {
		o.t.Errorf("%+v of %+v", v, v.Batch)
	}
	return true
}

func (o *order) Skip(s Skip) {
	o.span(s.First, s.Last)
	if (s.Kind == SkipGap) != (s.Batch == nil) || (s.Kind >= SkipCorrupt) != (s.Err != nil) {
		o.t.Errorf("%+v", s)
	}
}

func (o *order) span(first, last int64) {
	if first < o.low || last < first || last >= o.to {
		o.t.Errorf("%d-%d, but at least %d and below %d", first, last, o.low, o.to)
	}
	o.low = last + 1
}

// reaches says whether raw begins with bytes that a walk from an offset has to
// pass: a whole batch that does not end before it, or one that cannot be.
func reaches(raw []byte, from int64) bool {
	if len(raw) < shortest {
		return false
	}
	n, ok := frameSize(raw)
	if !ok || n > len(raw) {
		return !ok
	}
	var h Info
	h.read(raw[:n])
	return !h.sane() || h.LastOffset >= from
}

// FuzzWalk: whatever the bytes are, a walk ends without a panic, gives offsets
// in order, makes progress, and never goes back.
func FuzzWalk(f *testing.F) {
	f.Add([]byte(nil), int64(0), int64(-1), true, 10)
	for i, name := range fixtures(f) {
		f.Add(content(f, name+".bin"), int64(i*5), int64(i%3*60-1), i%2 == 0, 100)
	}
	f.Fuzz(func(t *testing.T, raw []byte, from, to int64, committed bool, limit int) {
		if from < 0 || from >= maxOffset {
			return
		}
		in := bytes.Clone(raw)
		d := Decoder{MaxBytes: 1 << 20, Committed: committed}
		o := &order{t: t, low: from, to: to, limit: limit}
		if to < 0 {
			o.to = 1<<63 - 1
		}
		next, more := d.Walk(raw, from, to, []AbortedTxn{{1, 0}, {0, 3}}, o)
		if next < from || next < o.low || !more && o.limit != 0 {
			t.Errorf("next %d, from %d, given up to %d", next, from, o.low)
		}
		if more && next > o.low {
			t.Errorf("offsets %d to %d were neither given nor reported", o.low, next-1)
		}
		if n := NextOffset(raw, from); n < from {
			t.Errorf("NextOffset is %d", n)
		}
		if more && (to < 0 || to > from) && next == from && reaches(raw, from) {
			t.Errorf("no progress from %d", from)
		}
		if !bytes.Equal(in, raw) {
			t.Error("the bytes were changed")
		}
	})
}

// FuzzRecords: the bytes are the body of a batch whose CRC is right.
func FuzzRecords(f *testing.F) {
	for _, codec := range codecs {
		f.Add(build(f, spec{codec: codec, records: values(3)})[headerLen:], byte(codec), int32(3), int32(2))
	}
	f.Add(message(1, 2, 0, 5, []byte("k"), []byte("v")), byte(16), int32(0), int32(0))
	f.Fuzz(func(t *testing.T, body []byte, kind byte, count, lastDelta int32) {
		raw := batchOf(100, Codec(kind&7), count, lastDelta, body)
		if kind&16 != 0 { // a message set
			raw = message(kind>>5&1, 100, kind&7, 7, nil, body)
		}
		d := Decoder{MaxBytes: 1 << 20}
		o := &order{t: t, low: 90, to: 1<<63 - 1, limit: 1 << 30}
		next, more := d.Walk(raw, 90, -1, nil, o)
		if next <= 100 || next != o.low || !more {
			t.Errorf("next %d, given up to %d", next, o.low)
		}
	})
}

// FuzzRoundTrip: what is encoded decodes the same.
func FuzzRoundTrip(f *testing.F) {
	f.Add(byte(0), int64(1700000000000), []byte("key"), []byte("value"), "header", []byte("header value"), byte(3))
	f.Add(byte(4), int64(-1), []byte(nil), []byte{}, "", []byte(nil), byte(255))
	f.Fuzz(func(t *testing.T, codec byte, timestamp int64, key, value []byte, hk string, hv []byte, shape byte) {
		r := Record{Timestamp: timestamp, Key: key, Value: value}
		if shape&1 != 0 {
			r.Key = nil
		}
		if shape&2 != 0 {
			r.Value = nil
		}
		for range shape >> 6 {
			r.Headers = append(r.Headers, Header{hk, hv}, Header{hk, nil})
		}
		var records []Record
		for i := range int64(shape>>2&15) + 1 {
			r.Timestamp = timestamp * (i + 1)
			records = append(records, r)
		}
		raw := build(t, spec{base: 9, codec: codecs[int(codec)%len(codecs)], records: records})
		k, next := walkAll(raw, 0)
		if next != 9+int64(len(records)) || len(k.records) != len(records) {
			t.Fatalf("%v, next %d", k.events, next)
		}
		for i, got := range k.records {
			if !same(got, records[i]) {
				t.Errorf("got %+v, want %+v", got, records[i])
			}
		}
	})
}

// A walk of a real-looking log gives the same however it is cut into pieces, as
// fetches do.
func TestALogReadInPiecesIsTheSame(t *testing.T) {
	log := concat(
		wrapper(t, 0, 2, 0, 0, Gzip, concat(message(0, 1, 0, 0, nil, []byte("a")), message(0, 2, 0, 0, nil, nil))),
		message(1, 3, 0, 8, nil, []byte("b")),
		build(t, spec{base: 4, codec: Zstd, records: values(5)}),
		remove(t, build(t, spec{base: 9, records: values(5)}), 0, 3, 4),
		marker(t, 14, 1, CommitMarker),
		flip(build(t, spec{base: 15, codec: LZ4, records: values(4)}), 70),
		build(t, spec{base: 19, codec: Snappy, records: values(4)}),
	)
	whole, end := walkAll(log, 0)
	for size := 150; size < len(log); size += 37 {
		var k keeper
		var d Decoder
		from := int64(0)
		for rest := log; ; {
			next, _ := d.Walk(rest[:min(size, len(rest))], from, -1, nil, &k)
			if next == from {
				break
			}
			from = next
			for len(rest) > 0 { // the broker's part: the first batch that reaches from
				n, _ := frameSize(rest)
				var h Info
				if h.read(rest[:n]); h.LastOffset >= from {
					break
				}
				rest = rest[n:]
			}
		}
		if from != end || !reflect.DeepEqual(contents(k.records), contents(whole.records)) {
			t.Fatalf("in pieces of %d: %v, next %d\nwhole: %v, next %d", size, k.events, from, whole.events, end)
		}
	}
}

// contents are offsets and values of records.
func contents(rs []kept) (out [][]byte) {
	for _, r := range rs {
		out = append(out, binary.BigEndian.AppendUint64(clone(r.Value), uint64(r.Offset)))
	}
	return out
}
