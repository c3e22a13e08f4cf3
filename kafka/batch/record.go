package batch

// This file reads the records of a magic 2 batch (protocol guide, "Record") and
// the headers of one record, in place.

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
)

// maxSkims is how often a batch is skimmed: where much is wanted, each record is
// read anyway.
const maxSkims = 16

// The fewest bytes a record and a header take.
const (
	recordLen       = 7 // length, attributes, two deltas, key, value, count of headers
	recordHeaderLen = 2
)

// records gives the visitor the records in p, the batch's decompressed body.
func (d *Decoder) records(p []byte) error {
	h, v := &d.info, &d.view
	if int64(h.Count) > int64(len(p)/recordLen) {
		return fmt.Errorf("it says that it holds %d records, but has %d bytes for them: malformed", h.Count, len(p))
	}
	prev, span := int64(-1), h.LastOffset-h.BaseOffset
	// Of a batch that lies wholly in what is to be read, the visitor may say where
	// it wants the next record: wanted bytes from the end. Those before it are
	// passed over by their lengths.
	skims, wanted, skimmed := 0, math.MaxInt, 0
	if d.skimmer != nil && h.BaseOffset >= d.next && h.LastOffset < d.to {
		skims = maxSkims
	}
	for i := range h.Count {
		if skims > 0 && wanted > len(p) {
			skims--
			at := d.skimmer.Skim(h, p)
			if at < 0 {
				d.skimmer.Skimmed(h, skimmed+int(h.Count-i))
				d.seen, d.next = h.LastOffset+1, h.LastOffset+1
				return nil
			}
			wanted = len(p) - at
		}
		size, n := varint(p)
		if n <= 0 || size < 0 || size > int64(len(p)-n) {
			return fmt.Errorf("the length of its record %d is wrong: malformed", i)
		}
		end := n + int(size)
		if wanted <= len(p)-end {
			p = p[end:]
			skimmed++
			continue
		}
		timestamp, offset, ok := v.parse(p[n:end])
		if !ok || offset <= prev || offset > span {
			return fmt.Errorf("its record %d does not parse: malformed", i)
		}
		p = p[end:]
		prev = offset
		offset += h.BaseOffset
		if offset < d.next {
			continue
		}
		if skimmed > 0 {
			d.skimmer.Skimmed(h, skimmed)
			d.seen, skimmed = offset, 0
		}
		v.Offset, v.Index = offset, i
		if v.Timestamp = h.FirstTimestamp + timestamp; h.Timestamps == LogAppendTime {
			v.Timestamp = h.MaxTimestamp
		}
		if !d.give() {
			return nil
		}
	}
	if len(p) > 0 {
		return fmt.Errorf("%d bytes follow its last record: malformed", len(p))
	}
	return nil
}

// give hands the view to the visitor. False: the batch needs no more reading.
func (d *Decoder) give() bool {
	off := d.view.Offset
	if off != d.seen {
		d.gap(min(off, d.to))
	}
	if off >= d.to {
		d.next = d.to
		return false
	}
	if d.next = off; !d.visitor.Record(&d.view) {
		d.taken = false
		return false
	}
	d.seen, d.next = off+1, off+1
	return true
}

// parse reads a record without its length. It returns the record's distance
// from the batch's first timestamp and from its base offset.
func (v *View) parse(r []byte) (timestamp, offset int64, ok bool) {
	if len(r) < recordLen-1 {
		return 0, 0, false
	}
	r = r[1:] // attributes: none are defined
	timestamp, n := varint(r)
	if n <= 0 {
		return 0, 0, false
	}
	r = r[n:]
	if offset, n = varint(r); n <= 0 {
		return 0, 0, false
	}
	r = r[n:]

	size, n := varint(r)
	if n <= 0 || size < -1 || size > int64(len(r)-n) {
		return 0, 0, false
	}
	r = r[n:]
	if size < 0 {
		v.Key = nil
	} else {
		v.Key, r = r[:size:size], r[size:]
	}

	if size, n = varint(r); n <= 0 || size < -1 || size > int64(len(r)-n) {
		return 0, 0, false
	}
	r = r[n:]
	if size < 0 {
		v.Value = nil
	} else {
		v.Value, r = r[:size:size], r[size:]
	}

	v.headers, v.headerCount, v.headerBytes = nil, 0, 0
	if len(r) == 1 && r[0] == 0 { // no headers, as in most records
		return timestamp, offset, true
	}
	count, n := varint(r)
	if n <= 0 || count < 0 || count > int64(len(r)-n)/recordHeaderLen {
		return 0, 0, false
	}
	r = r[n:]
	v.headers, v.headerCount = r, int(count)
	for range count {
		k, hv, rest, ok := header(r)
		if !ok {
			return 0, 0, false
		}
		v.headerBytes += len(k) + len(hv)
		r = rest
	}
	return timestamp, offset, len(r) == 0
}

// header reads the header that b begins with.
func header(b []byte) (key, value, rest []byte, ok bool) {
	size, n := varint(b)
	if n <= 0 || size < 0 || size > int64(len(b)-n) {
		return nil, nil, nil, false
	}
	b = b[n:]
	key, b = b[:size:size], b[size:]
	if size, n = varint(b); n <= 0 || size < -1 || size > int64(len(b)-n) {
		return nil, nil, nil, false
	}
	b = b[n:]
	if size >= 0 {
		value, b = b[:size:size], b[size:]
	}
	return key, value, b, true
}

// HeaderCount is how many headers the record has.
func (v *View) HeaderCount() int { return v.headerCount }

// Headers goes over the record's headers, key and value, in their order and
// with their duplicates. They are in place: valid as long as the View is. A nil
// value is null.
func (v *View) Headers() iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		b := v.headers
		for range v.headerCount {
			k, val, rest, ok := header(b)
			if !ok || !yield(k, val) {
				return
			}
			b = rest
		}
	}
}

// SetHeaders gives headers to a view that was not read from a batch, but made of
// a record that is held; a view that was read must not be given any. Its memory
// is used again.
func (v *View) SetHeaders(headers []Header) {
	v.headers, v.headerCount, v.headerBytes = appendHeaders(v.headers[:0], headers), len(headers), 0
	for i := range headers {
		v.headerBytes += len(headers[i].Key) + len(headers[i].Value)
	}
}

// AppendHeaders appends copies of the record's headers to dst.
func (v *View) AppendHeaders(dst []Header) []Header {
	for k, val := range v.Headers() {
		h := Header{Key: string(k)}
		if val != nil {
			h.Value = append([]byte{}, val...)
		}
		dst = append(dst, h)
	}
	return dst
}

// Size is how many bytes the record's key, value, header keys and header values
// have together.
func (v *View) Size() int { return len(v.Key) + len(v.Value) + v.headerBytes }

// varint reads a zigzag varint (protocol guide, "Varint"); n <= 0 when there is
// none. Nearly all are of one or two bytes.
func varint(b []byte) (x int64, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return unzigzag(uint64(b[0])), 1
	}
	if len(b) > 1 && b[1] < 0x80 {
		return unzigzag(uint64(b[0]&0x7f) | uint64(b[1])<<7), 2
	}
	return binary.Varint(b)
}

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }
