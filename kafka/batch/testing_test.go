package batch

// Helpers of this package's tests: a visitor that keeps everything, and batches
// made by hand.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"testing"
)

var codecs = []Codec{None, Gzip, Snappy, LZ4, Zstd}

// kept is a record that a keeper kept.
type kept struct {
	Offset    int64
	Timestamp int64
	Key       []byte
	Value     []byte
	Headers   []Header
	Index     int32
	Info      Info
}

// keeper keeps copies of what it is given.
type keeper struct {
	records []kept
	skips   []Skip
	events  []string // both, in order
	limit   int      // take no more records than this; 0: all
}

func (k *keeper) Record(v *View) bool {
	if k.limit > 0 && len(k.records) == k.limit {
		return false
	}
	k.records = append(k.records, kept{
		Offset: v.Offset, Timestamp: v.Timestamp, Key: clone(v.Key), Value: clone(v.Value),
		Headers: v.AppendHeaders(nil), Index: v.Index, Info: *v.Batch,
	})
	k.events = append(k.events, fmt.Sprint(v.Offset))
	return true
}

func (k *keeper) Skip(s Skip) {
	k.skips = append(k.skips, s)
	name := [...]string{"control", "aborted", "gap", "corrupt", "large"}[s.Kind]
	k.events = append(k.events, fmt.Sprintf("%s %d-%d", name, s.First, s.Last))
}

// clone copies b; nil stays nil and empty stays empty.
func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

// spec is a batch to be made.
type spec struct {
	base    int64
	codec   Codec
	records []Record
	pid     int64 // 0: not transactional
}

func build(t testing.TB, s spec) []byte {
	t.Helper()
	b := NewBuilder(s.codec)
	if s.pid != 0 {
		b.ProducerID, b.ProducerEpoch, b.BaseSequence, b.Transactional = s.pid, 0, 0, true
	}
	for _, r := range s.records {
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	x, err := b.Finish(nil)
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint64(x, uint64(s.base))
	return x
}

// values makes n records "v0", "v1", ….
func values(n int) []Record {
	var rs []Record
	for i := range n {
		rs = append(rs, Record{Timestamp: 1000 + int64(i), Value: fmt.Appendf(nil, "v%d", i)})
	}
	return rs
}

// marker is a control batch that ends the transaction of pid.
func marker(t testing.TB, base, pid int64, c ControlType) []byte {
	t.Helper()
	x := build(t, spec{base: base, pid: pid, records: []Record{{Key: []byte{0, 0, 0, byte(c)}, Value: make([]byte, 6)}}})
	return patch(x, func(x []byte) { x[attrsAt+1] |= 0x20 })
}

// patch changes a copy of the batch x and makes its CRC right again.
func patch(x []byte, f func(x []byte)) []byte {
	x = bytes.Clone(x)
	f(x)
	binary.BigEndian.PutUint32(x[crcAt:], crc32.Checksum(x[attrsAt:], castagnoli))
	return x
}

// remove takes the records at the given positions out of the uncompressed batch
// x, as the log cleaner does: the others keep their offsets, the header its last
// offset.
func remove(t testing.TB, x []byte, positions ...int) []byte {
	t.Helper()
	p := x[headerLen:]
	out := bytes.Clone(x[:headerLen])
	count := binary.BigEndian.Uint32(x[57:])
	for i := 0; len(p) > 0; i++ {
		size, n := varint(p)
		r := p[:n+int(size)]
		p = p[len(r):]
		gone := false
		for _, j := range positions {
			gone = gone || i == j
		}
		if gone {
			count--
		} else {
			out = append(out, r...)
		}
	}
	binary.BigEndian.PutUint32(out[lengthAt:], uint32(len(out)-framing))
	return patch(out, func(x []byte) { binary.BigEndian.PutUint32(x[57:], count) })
}

// batchOf makes a batch with right CRC around body, which is whatever it is.
func batchOf(base int64, codec Codec, count, lastDelta int32, body []byte) []byte {
	be := binary.BigEndian
	x := make([]byte, headerLen, headerLen+len(body))
	be.PutUint64(x, uint64(base))
	be.PutUint32(x[lengthAt:], uint32(headerLen-framing+len(body)))
	be.PutUint32(x[12:], math.MaxUint32)
	x[magicAt] = 2
	be.PutUint16(x[attrsAt:], uint16(codec))
	be.PutUint32(x[23:], uint32(lastDelta))
	be.PutUint64(x[43:], math.MaxUint64)
	be.PutUint16(x[51:], math.MaxUint16)
	be.PutUint32(x[53:], math.MaxUint32)
	be.PutUint32(x[57:], uint32(count))
	return patch(append(x, body...), func([]byte) {})
}

// concat puts batches one after the other.
func concat(batches ...[]byte) []byte { return bytes.Join(batches, nil) }

// walkAll walks raw from an offset to its end with a new decoder.
func walkAll(raw []byte, from int64) (*keeper, int64) {
	var k keeper
	next, _ := new(Decoder).Walk(raw, from, -1, nil, &k)
	return &k, next
}
