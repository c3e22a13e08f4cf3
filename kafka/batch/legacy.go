package batch

// This file reads message sets, the formats before record batches: magic 0
// (Kafka 0.8, 0.9) and magic 1 (0.10, KIP-31 and KIP-32). A compressed message
// is a wrapper: its value is a compressed message set.

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The fewest bytes a message takes, framing included.
const (
	message0Len = framing + 4 + 1 + 1 + 4 + 4     // crc, magic, attributes, key, value
	message1Len = framing + 4 + 1 + 1 + 8 + 4 + 4 // and a timestamp
)

// readMessage sets h to what the message x says of itself. The offset of a
// wrapper is that of its last message; where it begins is known only when it is
// decompressed.
func (h *Info) readMessage(x []byte) {
	*h = Info{
		BaseOffset:     int64(binary.BigEndian.Uint64(x)),
		LeaderEpoch:    -1,
		Magic:          int8(x[magicAt]),
		Timestamps:     NoTimestamp,
		FirstTimestamp: -1,
		MaxTimestamp:   -1,
		ProducerID:     -1,
		ProducerEpoch:  -1,
		BaseSequence:   -1,
		Count:          1,
		Size:           len(x),
	}
	h.LastOffset = h.BaseOffset
	if h.Magic != 0 && h.Magic != 1 {
		h.LastOffset = -1 // a format that is not known
		return
	}
	h.Codec = Codec(x[magicAt+1] & 7)
	if h.Magic == 1 {
		h.Timestamps = TimestampType(x[magicAt+1] >> 3 & 1)
		h.FirstTimestamp = int64(binary.BigEndian.Uint64(x[magicAt+2:]))
		h.MaxTimestamp = h.FirstTimestamp
	}
}

var errMessage = errors.New("a message in it does not parse: malformed")

// messages gives the visitor the message x, or what it wraps. Its CRC is right.
func (d *Decoder) messages(x []byte) error {
	h, v := &d.info, &d.view
	if !v.parseMessage(x) {
		return errMessage
	}
	if h.Codec == None {
		v.Offset, v.Index, v.Timestamp = h.BaseOffset, 0, h.FirstTimestamp
		d.give()
		return nil
	}

	if v.Value == nil {
		return errors.New("it is compressed, but its value is null: malformed")
	}
	p, err := d.body(v.Value)
	if err != nil {
		return err
	}
	count, first, last, err := innerOffsets(p, h.Magic)
	if err != nil {
		return err
	}
	var base int64 // what the offsets inside count from: magic 0 has absolute ones
	if h.Magic == 1 {
		base = h.LastOffset - last
	}
	if base+first < 0 || base+last > h.LastOffset {
		return fmt.Errorf("its messages have offsets %d to %d, but it ends at %d: malformed", base+first, base+last, h.LastOffset)
	}
	h.Count, h.BaseOffset = count, base+first
	if h.BaseOffset >= d.to {
		d.next = d.to
		return nil
	}
	if h.Timestamps == CreateTime {
		h.FirstTimestamp = int64(binary.BigEndian.Uint64(p[magicAt+2:]))
	}
	prev := h.BaseOffset - 1
	for i := range count {
		size, _ := frameSize(p)
		m := p[:size]
		p = p[size:]
		if err := checkCRC(m); err != nil {
			return fmt.Errorf("message %d in it is damaged: %w", i, err)
		}
		v.Offset, v.Index, v.Timestamp = base+int64(binary.BigEndian.Uint64(m)), i, -1
		if !v.parseMessage(m) || v.Offset <= prev {
			return errMessage
		}
		prev = v.Offset
		if v.Offset < d.next {
			continue
		}
		switch h.Timestamps {
		case CreateTime:
			v.Timestamp = int64(binary.BigEndian.Uint64(m[magicAt+2:]))
		case LogAppendTime:
			v.Timestamp = h.MaxTimestamp
		}
		if !d.give() {
			return nil
		}
	}
	return nil
}

// innerOffsets counts the messages of a decompressed message set and returns the
// offsets that the first and the last of them carry. They all have the wrapper's
// magic and are not compressed again.
func innerOffsets(p []byte, magic int8) (count int32, first, last int64, err error) {
	for ; len(p) > 0; count++ {
		if len(p) < shortest {
			return 0, 0, 0, errMessage
		}
		size, ok := frameSize(p)
		if !ok || size > len(p) {
			return 0, 0, 0, errMessage
		}
		if int8(p[magicAt]) != magic || p[magicAt+1]&7 != 0 {
			return 0, 0, 0, errors.New("a message in it has another format than itself, or is compressed once more: malformed")
		}
		if last = int64(binary.BigEndian.Uint64(p)); count == 0 {
			first = last
		}
		p = p[size:]
	}
	if count == 0 || first < 0 || last < first {
		return 0, 0, 0, errMessage
	}
	return count, first, last, nil
}

// parseMessage reads key and value of the message x.
func (v *View) parseMessage(x []byte) (ok bool) {
	b := x[magicAt+2:]
	if x[magicAt] == 1 {
		b = b[8:]
	}
	v.headers, v.headerCount, v.headerBytes = nil, 0, 0
	if v.Key, b, ok = field(b); !ok {
		return false
	}
	v.Value, b, ok = field(b)
	return ok && len(b) == 0
}

// field reads bytes after their length, 4 bytes; -1 is null.
func field(b []byte) (value, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := int64(int32(binary.BigEndian.Uint32(b)))
	b = b[4:]
	if n < -1 || n > int64(len(b)) {
		return nil, nil, false
	}
	if n < 0 {
		return nil, b, true
	}
	return b[:n:n], b[n:], true
}
