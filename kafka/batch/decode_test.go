package batch

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

// expect checks what a walk gave, in order, and where it ended.
func expect(t *testing.T, k *keeper, next, wantNext int64, want ...string) {
	t.Helper()
	if !reflect.DeepEqual(k.events, want) || next != wantNext {
		t.Errorf("got  %q, next %d\nwant %q, next %d", k.events, next, want, wantNext)
	}
}

func TestAWalkBeginsInsideABatch(t *testing.T) {
	raw := concat(build(t, spec{base: 10, records: values(5)}), build(t, spec{base: 15, codec: LZ4, records: values(2)}))
	k, next := walkAll(raw, 13)
	expect(t, k, next, 17, "13", "14", "15", "16")
	if r := k.records[0]; r.Index != 3 || string(r.Value) != "v3" {
		t.Errorf("%+v", r)
	}
	k, next = walkAll(raw, 17)
	expect(t, k, next, 17)
}

func TestAWalkEndsBeforeTo(t *testing.T) {
	raw := concat(build(t, spec{base: 10, records: values(5)}), build(t, spec{base: 20, records: values(5)}), marker(t, 25, 1, CommitMarker))
	for _, c := range []struct {
		to, next int64
		want     []string
	}{
		{10, 10, nil},
		{13, 13, []string{"10", "11", "12"}},
		{15, 15, []string{"10", "11", "12", "13", "14"}},
		{17, 17, []string{"10", "11", "12", "13", "14", "gap 15-16"}},
		{21, 21, []string{"10", "11", "12", "13", "14", "gap 15-19", "20"}},
		{25, 25, []string{"10", "11", "12", "13", "14", "gap 15-19", "20", "21", "22", "23", "24"}},
		{26, 26, []string{"10", "11", "12", "13", "14", "gap 15-19", "20", "21", "22", "23", "24", "control 25-25"}},
		{math.MaxInt64, 26, []string{"10", "11", "12", "13", "14", "gap 15-19", "20", "21", "22", "23", "24", "control 25-25"}},
	} {
		var k keeper
		next, more := new(Decoder).Walk(raw, 10, c.to, nil, &k)
		expect(t, &k, next, c.next, c.want...)
		if !more {
			t.Errorf("to %d: said that a record was not taken", c.to)
		}
	}
}

func TestARecordThatIsNotTakenIsTheNextToRead(t *testing.T) {
	raw := concat(build(t, spec{base: 10, records: values(3)}), remove(t, build(t, spec{base: 13, records: values(4)}), 0, 1))
	var d Decoder
	k := keeper{limit: 2}
	next, more := d.Walk(raw, 10, -1, nil, &k)
	expect(t, &k, next, 12, "10", "11")
	if more {
		t.Error("said that all records were taken")
	}
	k = keeper{limit: 1}
	next, _ = d.Walk(raw, next, -1, nil, &k)
	expect(t, &k, next, 15, "12", "gap 13-14")
	k = keeper{}
	next, more = d.Walk(raw, next, -1, nil, &k)
	expect(t, &k, next, 17, "15", "16")
	if !more {
		t.Error("said that a record was not taken")
	}
}

func TestGapsAreReportedOnce(t *testing.T) {
	raw := concat(
		remove(t, build(t, spec{base: 10, records: values(6)}), 0, 2, 3, 5), // 11 and 14 are left
		remove(t, build(t, spec{base: 16, records: values(3)}), 0, 1, 2),    // nothing is left
		remove(t, build(t, spec{base: 22, records: values(3)}), 0, 1),       // 24 is left
		remove(t, build(t, spec{base: 25, records: values(3)}), 1, 2),       // 25 is left, at the end of the log
		build(t, spec{base: 28, records: values(3)})[:70],                   // cut off
	)
	k, next := walkAll(raw, 8)
	expect(t, k, next, 28, "gap 8-10", "11", "gap 12-13", "14", "gap 15-23", "24", "25", "gap 26-27")
	if i := k.records[1].Index; i != 1 {
		t.Errorf("offset 14 is the second record that the batch has, but its index is %d", i)
	}
	if got := NextOffset(raw, 8); got != next {
		t.Errorf("NextOffset is %d", got)
	}
}

func TestControlBatchesAreSteppedOver(t *testing.T) {
	raw := concat(build(t, spec{base: 5, pid: 1, records: values(1)}), marker(t, 6, 1, CommitMarker), marker(t, 7, 2, AbortMarker), marker(t, 8, 3, 2),
		remove(t, marker(t, 9, 1, CommitMarker), 0))
	k, next := walkAll(raw, 5)
	expect(t, k, next, 10, "5", "control 6-6", "control 7-7", "control 8-8", "gap 9-9")
	if k.skips[0].Control != CommitMarker || k.skips[1].Control != AbortMarker || k.skips[2].Control != 2 || !k.skips[0].Batch.Control {
		t.Errorf("%+v", k.skips)
	}
}

func TestTimestampsUnderLogAppendTimeAreTheBrokers(t *testing.T) {
	raw := patch(build(t, spec{records: values(2)}), func(x []byte) {
		x[attrsAt+1] |= 8
		binary.BigEndian.PutUint64(x[35:], 777)
	})
	k, _ := walkAll(raw, 0)
	for _, r := range k.records {
		if r.Timestamp != 777 || r.Info.Timestamps != LogAppendTime {
			t.Errorf("%+v", r)
		}
	}
}

func TestNullIsNotEmpty(t *testing.T) {
	raw := build(t, spec{records: []Record{
		{Key: nil, Value: []byte{}, Headers: []Header{{"n", nil}, {"e", []byte{}}}},
		{Key: []byte{}, Value: nil},
	}})
	k, _ := walkAll(raw, 0)
	a, b := k.records[0], k.records[1]
	if a.Key != nil || a.Value == nil || b.Key == nil || b.Value != nil || a.Headers[0].Value != nil || a.Headers[1].Value == nil {
		t.Errorf("%+v", k.records)
	}
}

func TestAViewCountsAndYieldsHeaders(t *testing.T) {
	raw := build(t, spec{records: []Record{{Key: []byte("ab"), Value: []byte("cde"), Headers: []Header{{"h", []byte("12")}, {"h", nil}, {"", []byte{}}}}}})
	n := 0
	new(Decoder).Walk(raw, 0, -1, nil, visit(func(v *View) bool {
		n++
		if v.HeaderCount() != 3 || v.Size() != 2+3+1+2+1 {
			t.Errorf("%d headers, size %d", v.HeaderCount(), v.Size())
		}
		var got []string
		for k, val := range v.Headers() {
			got = append(got, fmt.Sprintf("%s=%s %v", k, val, val == nil))
		}
		if want := []string{"h=12 false", "h= true", "= false"}; !reflect.DeepEqual(got, want) {
			t.Errorf("%q", got)
		}
		for range v.Headers() {
			break
		}
		return true
	}))
	if n != 1 {
		t.Errorf("%d records", n)
	}
}

// visit is a visitor of records only.
type visit func(*View) bool

func (f visit) Record(v *View) bool { return f(v) }
func (f visit) Skip(Skip)           {}

func TestADamagedBatchIsSkippedAndTheRestGoesOn(t *testing.T) {
	good := func(base int64) []byte { return build(t, spec{base: base, records: values(2)}) }
	for name, c := range map[string]struct {
		bad  []byte
		want string // of the error
	}{
		"a bit fell over":                            {flip(good(12), headerLen+9), "CRC"},
		"the CRC itself":                             {flip(good(12), crcAt), "CRC"},
		"the last offset is below the first":         {flip(good(12), 23), "CRC"},
		"the last offset is absurd":                  {flip(good(12), 24), "CRC"},
		"an unknown format":                          {with(good(12), magicAt, 9), "magic 9"},
		"a format below 0":                           {with(good(12), magicAt, 200), "magic -56"},
		"no such codec":                              {patch(good(12), func(x []byte) { x[attrsAt+1] |= 5 }), "compression 5"},
		"not gzip":                                   {patch(good(12), func(x []byte) { x[attrsAt+1] |= 1 }), "gzip"},
		"not snappy":                                 {patch(good(12), func(x []byte) { x[attrsAt+1] |= 2 }), "snappy"},
		"not lz4":                                    {patch(good(12), func(x []byte) { x[attrsAt+1] |= 3 }), "lz4"},
		"not zstd":                                   {patch(good(12), func(x []byte) { x[attrsAt+1] |= 4 }), "zstd"},
		"fewer records than it says":                 {batchOf(12, None, 3, 1, good(12)[headerLen:]), "malformed"},
		"more records than bytes can hold":           {batchOf(12, None, 1<<30, 1, good(12)[headerLen:]), "malformed"},
		"a negative count":                           {batchOf(12, None, -1, 1, good(12)[headerLen:]), "malformed"},
		"a last offset below the first, CRC right":   {batchOf(12, None, 2, -5, good(12)[headerLen:]), "malformed"},
		"a record of negative length":                {batchOf(12, None, 1, 1, []byte{1, 0, 0, 0, 1, 1, 0}), "malformed"},
		"a record longer than the batch":             {batchOf(12, None, 1, 1, []byte{80, 0, 0, 0, 1, 1, 0}), "malformed"},
		"a record too short for its fields":          {batchOf(12, None, 1, 1, []byte{6, 0, 0, 0, 0, 0, 0}), "malformed"},
		"a key of length -2":                         {batchOf(12, None, 1, 1, []byte{12, 0, 0, 0, 3, 1, 0}), "malformed"},
		"a key longer than the record":               {batchOf(12, None, 1, 1, []byte{12, 0, 0, 0, 20, 1, 0}), "malformed"},
		"a value of length -2":                       {batchOf(12, None, 1, 1, []byte{12, 0, 0, 0, 1, 3, 0}), "malformed"},
		"a value longer than the record":             {batchOf(12, None, 1, 1, []byte{12, 0, 0, 0, 1, 20, 0}), "malformed"},
		"a negative count of headers":                {batchOf(12, None, 1, 1, []byte{12, 0, 0, 0, 1, 1, 1}), "malformed"},
		"more headers than bytes can hold":           {batchOf(12, None, 1, 1, []byte{14, 0, 0, 0, 1, 1, 126, 0}), "malformed"},
		"a header key that is null":                  {batchOf(12, None, 1, 1, []byte{16, 0, 0, 0, 1, 1, 2, 1, 1}), "malformed"},
		"a header value of length -2":                {batchOf(12, None, 1, 1, []byte{16, 0, 0, 0, 1, 1, 2, 0, 3}), "malformed"},
		"bytes after the headers":                    {batchOf(12, None, 1, 1, []byte{14, 0, 0, 0, 1, 1, 0, 0}), "malformed"},
		"an offset beyond the last":                  {batchOf(12, None, 1, 1, []byte{12, 0, 0, 4, 1, 1, 0}), "malformed"},
		"an offset below the first":                  {batchOf(12, None, 1, 1, []byte{12, 0, 0, 1, 1, 1, 0}), "malformed"},
		"a varint that does not end":                 {batchOf(12, None, 1, 1, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "malformed"},
		"a count of headers whose varint has no end": {batchOf(12, None, 1, 1, []byte{14, 0, 0, 0, 1, 1, 0x80, 0x80}), "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			raw := concat(good(10), c.bad, good(14))
			k, next := walkAll(raw, 10)
			expect(t, k, next, 16, "10", "11", "corrupt 12-13", "14", "15")
			if len(k.skips) != 1 {
				return
			}
			if err := k.skips[0].Err; err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "12") {
				t.Errorf("%v", err)
			}
			if got := NextOffset(raw, 10); got != next {
				t.Errorf("NextOffset is %d", got)
			}
		})
	}
}

func flip(x []byte, at int) []byte { return with(x, at, ^x[at]) }

func with(x []byte, at int, b byte) []byte {
	x = clone(x)
	x[at] = b
	return x
}

func TestRecordsBeforeTheBrokenOneStayGiven(t *testing.T) {
	body := build(t, spec{records: values(2)})[headerLen:]
	bad := batchOf(12, None, 3, 4, append(clone(body), 12, 0, 0, 0, 3, 1, 0)) // the third has a key of length -2
	k, next := walkAll(concat(bad, build(t, spec{base: 17, records: values(1)})), 12)
	expect(t, k, next, 18, "12", "13", "corrupt 14-16", "17")

	trailing := batchOf(12, None, 2, 4, append(clone(body), 0))
	k, next = walkAll(trailing, 12)
	expect(t, k, next, 17, "12", "13", "corrupt 14-16")
}

func TestADamagedHeaderAtTheEndStillMakesProgress(t *testing.T) {
	x := build(t, spec{base: 12, records: values(3)})
	for name, c := range map[string]struct {
		raw  []byte
		want string
		next int64
	}{
		"a last offset that may be":    {flip(x, headerLen+9), "corrupt 12-14", 15},
		"a negative one":               {flip(x, 23), "corrupt 12-12", 13},
		"an absurd one":                {with(x, 23, 0x40), "corrupt 12-12", 13},
		"a negative base offset":       {flip(x, 0), "corrupt 12-12", 13},
		"a base offset at the far end": {with(with(x, 0, 0x7f), 1, 0xff), "corrupt 12-12", 13},
		"a cut-off batch follows":      {concat(with(x, 23, 0x40), build(t, spec{base: 15, records: values(3)})[:40]), "corrupt 12-14", 15},
	} {
		t.Run(name, func(t *testing.T) {
			k, next := walkAll(c.raw, 12)
			expect(t, k, next, c.next, c.want)
		})
	}
}

func TestAnImpossibleLengthEndsTheWalk(t *testing.T) {
	good := build(t, spec{base: 10, records: values(2)})
	bad := build(t, spec{base: 12, records: values(2)})
	for _, length := range []int32{-1, 0, 3, 48, math.MinInt32} {
		x := clone(bad)
		binary.BigEndian.PutUint32(x[lengthAt:], uint32(length))
		raw := concat(good, x, good)
		k, next := walkAll(raw, 10)
		expect(t, k, next, 13, "10", "11", "corrupt 12-12")
		if NextOffset(raw, 10) != 12 {
			t.Errorf("NextOffset is %d", NextOffset(raw, 10))
		}
	}
	zeros := make([]byte, 100)
	k, next := walkAll(concat(good, zeros), 10)
	expect(t, k, next, 13, "10", "11", "corrupt 12-12")
}

func TestACutOffBatchIsLeftForTheNextFetch(t *testing.T) {
	a, b := build(t, spec{base: 10, records: values(2)}), build(t, spec{base: 12, codec: Zstd, records: values(2)})
	raw := concat(a, b)
	for n := range raw {
		k, next := walkAll(raw[:n], 10)
		if n < len(a) {
			expect(t, k, next, 10)
		} else {
			expect(t, k, next, 12, "10", "11")
		}
		if got := NextOffset(raw[:n], 10); got != next {
			t.Errorf("NextOffset of %d bytes is %d", n, got)
		}
	}
}

func TestOffsetsNeverGoBackwards(t *testing.T) {
	raw := concat(build(t, spec{base: 20, records: values(3)}), build(t, spec{base: 10, records: values(3)}), build(t, spec{base: 21, records: values(4)}))
	k, next := walkAll(raw, 20)
	expect(t, k, next, 25, "20", "21", "22", "23", "24")
	if got := NextOffset(raw, 20); got != 25 {
		t.Errorf("NextOffset is %d", got)
	}
	if got := NextOffset(raw, 100); got != 100 {
		t.Errorf("NextOffset is %d", got)
	}
}

func TestWalkingAllocatesNothingForARecord(t *testing.T) {
	if testing.Short() {
		t.Skip("counts allocations")
	}
	records := benchRecords()
	for i := range records {
		records[i].Headers = []Header{{"trace", []byte("1")}}
	}
	for _, codec := range codecs {
		raw := build(t, spec{codec: codec, records: records})
		var d Decoder
		var c counter
		allocs := testing.AllocsPerRun(50, func() { d.Walk(raw, 0, -1, nil, &c) })
		if c.records != 51*len(records) {
			t.Fatalf("%v: %d records", codec, c.records)
		}
		if allocs > float64(len(records))/50 { // under the race detector pools forget
			t.Errorf("%v: %v allocations for %d records", codec, allocs, len(records))
		}
	}
}
