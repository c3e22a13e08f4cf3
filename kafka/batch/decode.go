package batch

// This file walks what a fetch response holds for a partition: batch after
// batch, whatever their format, past what is compacted away, aborted or damaged.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"math"
)

// DefaultMaxBytes caps the decompressed size of one batch, in bytes (64 MiB).
const DefaultMaxBytes = 64 << 20

// The layout that all formats share (protocol guide, "Record Batch" and
// "Message sets"), in bytes from the start.
const (
	lengthAt  = 8  // of what follows the length
	magicAt   = 16 //
	framing   = 12 // offset and length themselves
	shortest  = 17 // what must be there to know the format
	crcAt     = 17 // magic 2
	attrsAt   = 21
	headerLen = 61
)

// maxOffset is above any offset of a real log, and far from overflow: at a
// million records a second a partition reaches it after two thousand years.
const maxOffset = 1 << 56

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Decoder walks raw batches; it may be used for one walk after the other, by
// one goroutine at a time. The zero value reads everything, with DefaultMaxBytes.
type Decoder struct {
	MaxBytes  int  // cap on one batch's decompressed size; 0: DefaultMaxBytes
	Committed bool // read_committed: records of aborted transactions are skipped

	// What follows is of the walk that runs.
	visitor Visitor
	skimmer Skimmer // the visitor, when it is one
	seen    int64   // offsets below it were given or reported
	next    int64   // what to fetch next; between seen and next lies a gap not yet reported
	to      int64   // first offset that is not wanted
	taken   bool    // false when the visitor did not take a record
	info    Info
	view    View
	txns    aborted
	codec   *inflater // nil until a batch is compressed
}

// Walk gives v what raw holds with from <= offset < to, in offset order; raw is
// the records field of a fetch response's partition, to < 0 means no end, and
// aborted is that response's list, which only Committed needs. It returns the
// offset to fetch next, never below from, and false when v did not take a
// record: then next is that record's offset.
//
// Nothing in raw makes it fail: damaged batches, and those above MaxBytes, are
// reported to v with their offsets and passed over by their length. A batch that
// is cut off at the end of raw, as brokers do, is left for the next fetch. The
// offset to fetch next is above from whenever raw holds a whole batch that
// reaches from.
func (d *Decoder) Walk(raw []byte, from, to int64, aborted []AbortedTxn, v Visitor) (next int64, more bool) {
	if to < 0 {
		to = math.MaxInt64
	}
	d.visitor, d.seen, d.next, d.to, d.taken = v, from, from, to, true
	d.view = View{Batch: &d.info}
	d.skimmer, _ = v.(Skimmer)
	if d.Committed {
		d.txns.reset(aborted)
	}
	for d.taken && d.next < d.to && len(raw) >= shortest {
		size, ok := frameSize(raw)
		if !ok {
			d.stop(raw)
			break
		}
		if size > len(raw) {
			break
		}
		d.batch(raw[:size], raw[size:])
		raw = raw[size:]
	}
	if d.taken {
		d.gap(d.next)
	}
	d.end()
	return d.next, d.taken
}

// end lets go of what belongs to the caller and gives buffers back.
func (d *Decoder) end() {
	d.visitor, d.skimmer, d.view = nil, nil, View{}
	if d.codec != nil {
		d.codec.release()
		d.codec = nil
	}
}

// Headers gives what the headers of the whole batches in raw say. Nothing is
// decompressed; the Info is valid until the next one.
func Headers(raw []byte) iter.Seq[*Info] {
	return func(yield func(*Info) bool) {
		var h Info
		for len(raw) >= shortest {
			size, ok := frameSize(raw)
			if !ok || size > len(raw) {
				return
			}
			h.read(raw[:size])
			raw = raw[size:]
			if h.sane() && !yield(&h) {
				return
			}
		}
	}
}

// NextOffset is the offset that follows the last whole batch in raw, from batch
// headers alone, or from when that is higher. It is what Walk will return for
// the same bytes without an end, unless a batch there is damaged: then what Walk
// returns counts.
func NextOffset(raw []byte, from int64) int64 {
	for len(raw) >= shortest {
		size, ok := frameSize(raw)
		if !ok || size > len(raw) {
			break
		}
		var h Info
		h.read(raw[:size])
		raw = raw[size:]
		last := h.LastOffset
		if h.sane() && last < from {
			continue
		}
		if f, _, ok := follower(raw); !h.sane() || ok && f <= last {
			last = lastOfDamaged(&h, from, raw)
		}
		from = max(from, last+1)
	}
	return from
}

// frameSize is the size of the batch or message that raw begins with, in bytes,
// framing included; false when no batch has such a length. raw has at least
// shortest bytes.
func frameSize(raw []byte) (int, bool) {
	n := int64(int32(binary.BigEndian.Uint32(raw[lengthAt:])))
	least := int64(shortest - framing)
	switch raw[magicAt] {
	case 0:
		least = message0Len - framing
	case 1:
		least = message1Len - framing
	case 2:
		least = headerLen - framing
	}
	return int(n + framing), n >= least
}

// read sets h to what the header of x says; x is one whole batch or message.
func (h *Info) read(x []byte) {
	be := binary.BigEndian
	if x[magicAt] != 2 {
		h.readMessage(x)
		return
	}
	attrs := be.Uint16(x[attrsAt:])
	*h = Info{
		BaseOffset:     int64(be.Uint64(x)),
		LeaderEpoch:    int32(be.Uint32(x[12:])),
		Magic:          2,
		Codec:          Codec(attrs & 7),
		Timestamps:     TimestampType(attrs >> 3 & 1),
		Transactional:  attrs&0x10 != 0,
		Control:        attrs&0x20 != 0,
		FirstTimestamp: int64(be.Uint64(x[27:])),
		MaxTimestamp:   int64(be.Uint64(x[35:])),
		ProducerID:     int64(be.Uint64(x[43:])),
		ProducerEpoch:  int16(be.Uint16(x[51:])),
		BaseSequence:   int32(be.Uint32(x[53:])),
		Count:          int32(be.Uint32(x[57:])),
		Size:           len(x),
	}
	h.LastOffset = h.BaseOffset + int64(int32(be.Uint32(x[23:])))
}

// sane says whether the offsets can be those of a batch. They are not covered
// by the CRC: the broker writes them.
func (h *Info) sane() bool {
	return h.Magic >= 0 && h.Magic <= 2 && h.BaseOffset >= 0 && h.BaseOffset < maxOffset && h.LastOffset >= h.BaseOffset
}

// checkCRC is nil when the bytes are those that were written.
func checkCRC(x []byte) error {
	be := binary.BigEndian
	var want, got uint32
	if x[magicAt] == 2 {
		want, got = be.Uint32(x[crcAt:]), crc32.Checksum(x[attrsAt:], castagnoli)
	} else {
		want, got = be.Uint32(x[framing:]), crc32.ChecksumIEEE(x[magicAt:])
	}
	if want != got {
		return fmt.Errorf("its CRC is %08x, but that of its bytes is %08x: damaged on the broker's disk or on the way", want, got)
	}
	return nil
}

// batch gives the visitor what the batch x holds; rest follows it.
func (d *Decoder) batch(x, rest []byte) {
	h := &d.info
	h.read(x)
	if h.sane() && h.LastOffset < d.next {
		if d.Committed && h.Control && h.Magic == 2 {
			d.txns.upTo(h.LastOffset)
			d.txns.marker(h.ProducerID, d.controlType(x))
		}
		return
	}
	if h.sane() && h.Magic < 2 && h.Codec != None {
		h.BaseOffset = d.next // a wrapper says where it ends; until it is open, it begins where the last ended
	}
	if err := d.check(x); err != nil {
		d.damaged(err, rest)
		return
	}
	if h.BaseOffset >= d.to {
		d.next = d.to
		return
	}
	if h.Magic < 2 {
		d.finish(d.messages(x))
		return
	}
	if d.Committed {
		d.txns.upTo(h.LastOffset)
	}
	switch {
	case h.Control:
		if h.Count == 0 {
			break
		}
		t := d.controlType(x)
		if d.Committed {
			d.txns.marker(h.ProducerID, t)
		}
		d.skip(Skip{Kind: SkipControl, First: h.BaseOffset, Last: h.LastOffset, Batch: h, Control: t})
	case d.Committed && h.Transactional && d.txns.open(h.ProducerID):
		if h.Count == 0 {
			break
		}
		d.skip(Skip{Kind: SkipAborted, First: h.BaseOffset, Last: h.LastOffset, Batch: h})
	case h.Count > 0:
		p, err := d.body(x[headerLen:])
		if err == nil {
			err = d.records(p)
		}
		d.finish(err)
		return
	}
	d.advance(h.LastOffset)
}

// check says what is wrong with the batch x whose header was read, if anything.
func (d *Decoder) check(x []byte) error {
	h := &d.info
	switch {
	case h.Magic < 0 || h.Magic > 2:
		return fmt.Errorf("its format is magic %d, and only 0, 1 and 2 are known: damaged, or written by a newer Kafka", h.Magic)
	case h.BaseOffset < 0 || h.BaseOffset >= maxOffset:
		return fmt.Errorf("its offset is %d, which no batch has: damaged", h.BaseOffset)
	}
	if err := checkCRC(x); err != nil {
		return err
	}
	switch {
	case !h.sane():
		return fmt.Errorf("its last offset %d is below its first, %d: malformed", h.LastOffset, h.BaseOffset)
	case h.Count < 0:
		return fmt.Errorf("it says that it holds %d records: malformed", h.Count)
	}
	return nil
}

// body returns the records of a batch, decompressed.
func (d *Decoder) body(p []byte) ([]byte, error) {
	if d.info.Codec == None {
		return p, nil
	}
	if d.codec == nil {
		d.codec = inflaters.Get().(*inflater)
	}
	limit := d.MaxBytes
	if limit <= 0 {
		limit = DefaultMaxBytes
	}
	return d.codec.decompress(d.info.Codec, p, limit)
}

// finish ends a batch of records; err says why not all of it could be read.
func (d *Decoder) finish(err error) {
	if !d.taken {
		return
	}
	h := &d.info
	if err != nil && d.seen <= h.LastOffset {
		kind := SkipCorrupt
		if errors.Is(err, errTooLarge) {
			kind = SkipTooLarge
		}
		d.skip(Skip{Kind: kind, First: h.BaseOffset, Last: h.LastOffset, Batch: h, Err: d.sentence(h.BaseOffset, h.LastOffset, err)})
	}
	d.advance(h.LastOffset)
}

// damaged passes over a batch whose header cannot be trusted.
func (d *Decoder) damaged(err error, rest []byte) {
	h := &d.info
	last := lastOfDamaged(h, d.next, rest)
	if h.BaseOffset < 0 || h.BaseOffset > last {
		h.BaseOffset = d.next
	}
	h.LastOffset = last
	d.skip(Skip{Kind: SkipCorrupt, First: h.BaseOffset, Last: last, Batch: h, Err: d.sentence(h.BaseOffset, last, err)})
	d.advance(last)
}

// follower is the offset that the bytes behind a batch begin with, be it cut off
// or not; exact is false when that is the last of a wrapper's and not its first.
func follower(rest []byte) (offset int64, exact, ok bool) {
	if len(rest) <= shortest || rest[magicAt] > 2 {
		return 0, false, false
	}
	offset = int64(binary.BigEndian.Uint64(rest))
	exact = rest[magicAt] == 2 || rest[magicAt+1]&7 == 0
	return offset, exact, offset >= 0 && offset < maxOffset
}

// lastOfDamaged guesses the last offset of a damaged batch, at least next: the
// offset of the batch that follows is trusted most, then the batch's own last
// offset when it is not absurd, else the batch is taken to hold one offset.
func lastOfDamaged(h *Info, next int64, rest []byte) int64 {
	const (
		absurdSpan = 1 << 20 // offsets in one batch
		absurdGap  = 1 << 32 // offsets before it
	)
	first := next
	if h.BaseOffset > next && h.BaseOffset-next < absurdGap {
		first = h.BaseOffset
	}
	last, known := h.LastOffset, h.LastOffset >= first
	if f, exact, ok := follower(rest); ok && f > next && f-next < absurdGap {
		first = min(first, f-1)
		switch {
		case known && last < f:
			return last
		case exact:
			return f - 1
		}
		return first // where the wrapper that follows begins is not known
	}
	if known && last-first < absurdSpan {
		return last
	}
	return first
}

// stop ends the walk at bytes that say no length to pass over.
func (d *Decoder) stop(raw []byte) {
	h := &d.info
	*h = Info{BaseOffset: int64(binary.BigEndian.Uint64(raw)), Magic: int8(raw[magicAt]), LeaderEpoch: -1, ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1, Size: len(raw)}
	h.LastOffset = h.BaseOffset
	d.damaged(fmt.Errorf("its length is %d bytes, which no batch has; the rest of what was fetched, %d bytes, cannot be read",
		int32(binary.BigEndian.Uint32(raw[lengthAt:])), len(raw)), nil)
}

func (d *Decoder) sentence(first, last int64, err error) error {
	if first == last {
		return fmt.Errorf("the batch at offset %d cannot be read: %w", first, err)
	}
	return fmt.Errorf("the batch at offsets %d to %d cannot be read: %w", first, last, err)
}

// advance moves what to fetch next behind last.
func (d *Decoder) advance(last int64) {
	d.next = max(d.next, min(last+1, d.to))
}

// gap reports what lies before off and was neither given nor reported.
func (d *Decoder) gap(off int64) {
	if off > d.seen {
		d.visitor.Skip(Skip{Kind: SkipGap, First: d.seen, Last: off - 1})
		d.seen = off
	}
}

// skip reports s as far as it lies within what is wanted.
func (d *Decoder) skip(s Skip) {
	s.First = max(s.First, d.seen)
	last := s.Last
	s.Last = min(s.Last, d.to-1)
	d.gap(min(s.First, d.to))
	if s.First <= s.Last {
		d.visitor.Skip(s)
		d.seen = s.Last + 1
	}
	d.advance(last)
}
