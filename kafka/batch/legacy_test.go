package batch

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"strings"
	"testing"
)

// message makes a message of magic 0 or 1, as brokers stored it.
func message(magic byte, offset int64, attrs byte, timestamp int64, key, value []byte) []byte {
	be := binary.BigEndian
	body := []byte{magic, attrs}
	if magic == 1 {
		body = be.AppendUint64(body, uint64(timestamp))
	}
	for _, f := range [][]byte{key, value} {
		if f == nil {
			body = be.AppendUint32(body, 0xffffffff)
			continue
		}
		body = append(be.AppendUint32(body, uint32(len(f))), f...)
	}
	x := be.AppendUint64(nil, uint64(offset))
	x = be.AppendUint32(x, uint32(4+len(body)))
	x = be.AppendUint32(x, crc32.ChecksumIEEE(body))
	return append(x, body...)
}

// wrapper makes a compressed message around a message set.
func wrapper(t testing.TB, magic byte, offset int64, attrs byte, timestamp int64, codec Codec, set []byte) []byte {
	t.Helper()
	value, err := compress(nil, codec, set)
	if err != nil {
		t.Fatal(err)
	}
	return message(magic, offset, attrs|byte(codec), timestamp, nil, value)
}

func TestMessageSetsOfMagic0And1(t *testing.T) {
	raw := concat(
		message(0, 5, 0, 0, nil, []byte{}),
		message(0, 7, 0, 0, []byte{}, nil),
		message(1, 8, 0, 1234, []byte("k"), []byte("v")),
		message(1, 9, 8, 5678, nil, []byte("w")),
		build(t, spec{base: 10, records: values(1)}), // the format was changed here
		message(1, 11, 0, 1, nil, nil)[:20],          // cut off
	)
	k, next := walkAll(raw, 5)
	expect(t, k, next, 11, "5", "gap 6-6", "7", "8", "9", "10")
	if got := NextOffset(raw, 5); got != 11 {
		t.Errorf("NextOffset is %d", got)
	}
	r := k.records
	if r[0].Key != nil || r[0].Value == nil || r[1].Key == nil || r[1].Value != nil || string(r[2].Key) != "k" || string(r[2].Value) != "v" {
		t.Errorf("%+v", r)
	}
	for i, want := range []struct {
		timestamp int64
		kind      TimestampType
	}{{-1, NoTimestamp}, {-1, NoTimestamp}, {1234, CreateTime}, {5678, LogAppendTime}, {1000, CreateTime}} {
		if r[i].Timestamp != want.timestamp || r[i].Info.Timestamps != want.kind {
			t.Errorf("offset %d: %d %v, want %+v", r[i].Offset, r[i].Timestamp, r[i].Info.Timestamps, want)
		}
	}
	if in := r[0].Info; in.ProducerID != -1 || in.LeaderEpoch != -1 || in.Count != 1 || in.Transactional || in.Control {
		t.Errorf("%+v", in)
	}
}

func TestCompressedMessageSets(t *testing.T) {
	for _, codec := range []Codec{Gzip, Snappy, LZ4} {
		t.Run(codec.String(), func(t *testing.T) {
			zero := concat(message(0, 10, 0, 0, []byte("a"), []byte("1")), message(0, 11, 0, 0, nil, nil), message(0, 13, 0, 0, []byte("b"), []byte{}))
			one := concat(message(1, 0, 0, 100, []byte("a"), []byte("1")), message(1, 1, 0, 300, nil, nil), message(1, 3, 0, 200, []byte("b"), []byte{}))
			raw := concat(
				wrapper(t, 0, 13, 0, 0, codec, zero),   // absolute offsets 10, 11, 13
				wrapper(t, 1, 17, 0, 300, codec, one),  // relative: 14, 15, 17
				wrapper(t, 1, 21, 8, 9999, codec, one), // 18, 19, 21, and the broker's time
			)
			k, next := walkAll(raw, 10)
			expect(t, k, next, 22, "10", "11", "gap 12-12", "13", "14", "15", "gap 16-16", "17", "18", "19", "gap 20-20", "21")
			var got []int64
			for _, r := range k.records {
				got = append(got, r.Timestamp)
			}
			for i, want := range []int64{-1, -1, -1, 100, 300, 200, 9999, 9999, 9999} {
				if got[i] != want {
					t.Fatalf("timestamps are %v", got)
				}
			}
			a, b, c := k.records[3], k.records[4], k.records[5]
			if string(a.Key) != "a" || b.Value != nil || c.Value == nil || c.Index != 2 || a.Info.BaseOffset != 14 || a.Info.LastOffset != 17 || a.Info.Count != 3 || a.Info.Codec != codec {
				t.Errorf("%+v", k.records[3:6])
			}
			if a.Info.FirstTimestamp != 100 || a.Info.MaxTimestamp != 300 {
				t.Errorf("%+v", a.Info)
			}

			k, next = walkAll(raw, 15)
			expect(t, k, next, 22, "15", "gap 16-16", "17", "18", "19", "gap 20-20", "21")

			var some keeper
			next, _ = new(Decoder).Walk(raw, 10, 17, nil, &some)
			expect(t, &some, next, 17, "10", "11", "gap 12-12", "13", "14", "15", "gap 16-16")

			some = keeper{limit: 1}
			next, more := new(Decoder).Walk(raw, 11, -1, nil, &some)
			expect(t, &some, next, 13, "11", "gap 12-12")
			if more {
				t.Error("said that all records were taken")
			}
			if got := NextOffset(raw, 10); got != 22 {
				t.Errorf("NextOffset is %d", got)
			}
		})
	}
}

func TestDamagedMessageSets(t *testing.T) {
	inner := concat(message(1, 0, 0, 1, nil, []byte("a")), message(1, 1, 0, 1, nil, []byte("b")))
	good := message(1, 9, 0, 1, nil, []byte("g"))
	last := message(1, 12, 0, 1, nil, []byte("l"))
	wrap := func(set []byte) []byte { return wrapper(t, 1, 11, 0, 1, Gzip, set) }
	for name, c := range map[string]struct{ bad, want string }{
		"a bit fell over":                   {string(flip(wrap(inner), 40)), "CRC"},
		"nothing in it":                     {string(wrap(nil)), "malformed"},
		"its value is null":                 {string(message(1, 11, 1, 1, nil, nil)), "null"},
		"not compressed at all":             {string(message(1, 11, 1, 1, nil, inner)), "gzip"},
		"cut off inside":                    {string(wrap(inner[:len(inner)-1])), "malformed"},
		"cut off early inside":              {string(wrap(inner[:8])), "malformed"},
		"another format inside":             {string(wrap(message(0, 0, 0, 0, nil, nil))), "format"},
		"compressed twice":                  {string(wrap(wrap(inner))), "compressed once more"},
		"offsets before the log's first":    {string(wrap(concat(inner[:len(inner)/2], message(1, 100, 0, 1, nil, nil)))), "malformed"},
		"offsets that go backwards":         {string(wrap(concat(message(1, 5, 0, 1, nil, nil), message(1, 1, 0, 1, nil, nil)))), "malformed"},
		"a negative offset":                 {string(wrap(message(1, -5, 0, 1, nil, nil))), "malformed"},
		"a length below that of a message":  {string(wrap(append(make([]byte, 11), 5, 0, 0, 0, 0, 1, 0, 0, 0, 0))), "malformed"},
		"a value longer than the message":   {string(fix(with(message(1, 11, 0, 1, nil, []byte("x")), 33, 9))), "malformed"},
		"a key longer than the message":     {string(fix(with(message(1, 11, 0, 1, []byte("x"), nil), 29, 9))), "malformed"},
		"a key of length -2":                {string(fix(with(message(1, 11, 0, 1, nil, nil), 29, 0xfe))), "malformed"},
		"bytes after the value":             {string(fix(longer(message(1, 11, 0, 1, nil, nil)))), "malformed"},
		"absolute offsets above the end":    {string(wrapper(t, 0, 11, 0, 0, Gzip, message(0, 12, 0, 0, nil, nil))), "malformed"},
		"the CRC of a message inside":       {string(wrap(flip(inner, 13))), "CRC"},
		"zstd that its format did not know": {string(message(1, 11, 4, 1, nil, []byte("?"))), "zstd"},
	} {
		t.Run(name, func(t *testing.T) {
			k, next := walkAll(concat(good, []byte(c.bad), last), 9)
			if next != 13 || len(k.records) != 2 || k.records[1].Offset != 12 {
				t.Fatalf("%q, next %d", k.events, next)
			}
			s := k.skips[len(k.skips)-1] // before it may be a gap: where a wrapper begins is not always known
			if s.Kind != SkipCorrupt || s.Last != 11 || s.Err == nil || !strings.Contains(s.Err.Error(), c.want) {
				t.Errorf("%q, %v", k.events, s.Err)
			}
		})
	}
}

// fix makes the CRC of the message x right again.
func fix(x []byte) []byte {
	binary.BigEndian.PutUint32(x[framing:], crc32.ChecksumIEEE(x[magicAt:]))
	return x
}

// longer adds a byte to the message x.
func longer(x []byte) []byte {
	x = append(x, 0)
	binary.BigEndian.PutUint32(x[lengthAt:], uint32(len(x)-framing))
	return x
}

// What Kafka 0.8 and 0.9 wrote as LZ4 has a header checksum that was computed
// over the magic number too (KIP-57).
func TestTheWrongHeaderChecksumOfOldLZ4IsTolerated(t *testing.T) {
	set := message(0, 3, 0, 0, []byte("k"), bytes.Repeat([]byte("old"), 100))
	value, err := compress(nil, LZ4, set)
	if err != nil {
		t.Fatal(err)
	}
	value[6] = ^value[6]
	k, next := walkAll(message(0, 3, byte(LZ4), 0, nil, value), 3)
	expect(t, k, next, 4, "3")
}

// A message as Kafka 0.8 wrote it, byte by byte.
func TestAMessageByHand(t *testing.T) {
	raw, err := hex.DecodeString(strings.Join([]string{
		"0000000000000002", "00000013", // offset 2, 19 bytes follow
		"fdc12e2f", "00", "00", // CRC, magic 0, attributes
		"00000001", "6b", // key "k"
		"00000004", "76616c75", // value "valu"
	}, ""))
	if err != nil {
		t.Fatal(err)
	}
	k, next := walkAll(raw, 2)
	expect(t, k, next, 3, "2")
}
