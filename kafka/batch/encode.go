package batch

// This file encodes record batches, magic 2.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"
)

// Builder encodes one record batch after the other; it keeps its buffer. Not
// for concurrent use. Begin with NewBuilder: in the zero value ProducerID is 0,
// which is a producer's real id, and not "none".
type Builder struct {
	Codec Codec

	ProducerID    int64 // -1: not idempotent; then epoch and sequence are to be -1 too
	ProducerEpoch int16
	BaseSequence  int32 // sequence number of the first record
	Transactional bool

	records []byte // encoded, not compressed
	count   int32
	firstTS int64
	maxTS   int64
}

// NewBuilder returns a builder of batches that are neither idempotent nor
// transactional.
func NewBuilder(codec Codec) *Builder {
	return &Builder{Codec: codec, ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}
}

// Reset forgets the records; the fields stay as they are.
func (b *Builder) Reset() {
	b.records, b.count = b.records[:0], 0
}

// Count is how many records were added.
func (b *Builder) Count() int { return int(b.count) }

// Len is the size of the batch so far, in bytes, header included, not
// compressed.
func (b *Builder) Len() int { return headerLen + len(b.records) }

// SizeWith is what Len would be if r were added. Compression may make the batch
// larger than that by a few bytes, when its records do not compress.
func (b *Builder) SizeWith(r Record) int {
	body := b.bodyLen(&r)
	return b.Len() + varintLen(body) + int(body)
}

// bodyLen is the length of r as the next record, without the length itself.
func (b *Builder) bodyLen(r *Record) int64 {
	n := 1 + varintLen(b.delta(r)) + varintLen(int64(b.count)) + bytesLen(r.Key) + bytesLen(r.Value) + varintLen(int64(len(r.Headers)))
	for i := range r.Headers {
		h := &r.Headers[i]
		n += varintLen(int64(len(h.Key))) + len(h.Key) + bytesLen(h.Value)
	}
	return int64(n)
}

// delta is r's distance from the first timestamp. It may wrap around; so does
// its sum when it is read.
func (b *Builder) delta(r *Record) int64 {
	if b.count == 0 {
		return 0
	}
	return r.Timestamp - b.firstTS
}

// Add appends r. Its offset in the batch is the number of records before it;
// what is null or empty stays so. It fails when the batch would be larger than
// the 2 GiB that its length field can say; then nothing is added.
func (b *Builder) Add(r Record) error {
	body := b.bodyLen(&r)
	if size := int64(b.Len()) + int64(varintLen(body)) + body; size > math.MaxInt32 {
		return fmt.Errorf("a record batch of %d bytes cannot be written: Kafka's format ends at %d; send it in parts", size, math.MaxInt32)
	}
	if b.count == 0 {
		b.firstTS, b.maxTS = r.Timestamp, r.Timestamp
	}
	b.maxTS = max(b.maxTS, r.Timestamp)
	p := slices.Grow(b.records, varintLen(body)+int(body))
	p = binary.AppendVarint(p, body)
	p = append(p, 0) // attributes: none are defined
	p = binary.AppendVarint(p, b.delta(&r))
	p = binary.AppendVarint(p, int64(b.count))
	p = appendBytes(p, r.Key)
	p = appendBytes(p, r.Value)
	p = binary.AppendVarint(p, int64(len(r.Headers)))
	b.records = appendHeaders(p, r.Headers)
	b.count++
	return nil
}

// appendHeaders appends headers as a record has them, after their count.
func appendHeaders(p []byte, headers []Header) []byte {
	for i := range headers {
		h := &headers[i]
		p = binary.AppendVarint(p, int64(len(h.Key)))
		p = append(p, h.Key...)
		p = appendBytes(p, h.Value)
	}
	return p
}

// Finish appends the batch of all records added since Reset to dst and returns
// it. Its base offset is 0 and its leader epoch -1, as the broker sets both. It
// fails without records, and with a codec that Kafka does not have; then dst is
// returned as it was. Finish may be called again, with other fields.
func (b *Builder) Finish(dst []byte) ([]byte, error) {
	if b.count == 0 {
		return dst, errors.New("a record batch without records cannot be written: add one first")
	}
	start := len(dst)
	out := append(dst, make([]byte, headerLen)...)
	out, err := compress(out, b.Codec, b.records)
	if err != nil {
		return dst, err
	}
	x := out[start:]
	if len(x) > math.MaxInt32 {
		return dst, fmt.Errorf("a record batch of %d bytes cannot be written: Kafka's format ends at %d; send it in parts", len(x), math.MaxInt32)
	}
	attrs := uint16(b.Codec)
	if b.Transactional {
		attrs |= 0x10
	}
	be := binary.BigEndian
	be.PutUint32(x[lengthAt:], uint32(len(x)-framing))
	be.PutUint32(x[12:], math.MaxUint32) // leader epoch -1
	x[magicAt] = 2
	be.PutUint16(x[attrsAt:], attrs)
	be.PutUint32(x[23:], uint32(b.count-1))
	be.PutUint64(x[27:], uint64(b.firstTS))
	be.PutUint64(x[35:], uint64(b.maxTS))
	be.PutUint64(x[43:], uint64(b.ProducerID))
	be.PutUint16(x[51:], uint16(b.ProducerEpoch))
	be.PutUint32(x[53:], uint32(b.BaseSequence))
	be.PutUint32(x[57:], uint32(b.count))
	be.PutUint32(x[crcAt:], crc32.Checksum(x[attrsAt:], castagnoli))
	return out, nil
}

// appendBytes appends p after its length; nil has length -1.
func appendBytes(dst, p []byte) []byte {
	if p == nil {
		return binary.AppendVarint(dst, -1)
	}
	dst = binary.AppendVarint(dst, int64(len(p)))
	return append(dst, p...)
}

// bytesLen is the number of bytes that appendBytes appends.
func bytesLen(p []byte) int {
	if p == nil {
		return 1
	}
	return varintLen(int64(len(p))) + len(p)
}

// varintLen is the number of bytes of x as a zigzag varint.
func varintLen(x int64) int {
	return (bits.Len64(uint64(x<<1)^uint64(x>>63)|1) + 6) / 7
}
