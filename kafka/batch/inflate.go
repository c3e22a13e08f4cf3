package batch

// This file decompresses batches: bytes in, bytes out, never more out than a cap.
//
// A decompressed batch can be thousands of times the size of what was sent, by
// accident or by intent, so no codec is asked for its whole output before the
// cap was checked against what it says, and none is believed: output grows with
// what was really decoded.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// errTooLarge says that the decompressed size is above the cap.
var errTooLarge = errors.New("it decompresses to more than the cap")

// inflater decompresses batches one after the other into one buffer. What it
// returned is valid until its next call.
type inflater struct {
	buf []byte
	gz  *deflated
}

// inflaters are kept between walks, for every decoder: a program has far more
// partitions than cores, and only a core's worth of them walks at once.
var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// keepBuffer is the largest buffer that goes back to the pool, in bytes: one
// huge batch must not hold memory for ever.
const keepBuffer = 4 << 20

func (z *inflater) release() {
	if cap(z.buf) > keepBuffer {
		z.buf = nil
	}
	inflaters.Put(z)
}

// decompress returns what p holds, at most limit bytes; above them errTooLarge.
func (z *inflater) decompress(codec Codec, p []byte, limit int) (out []byte, err error) {
	switch codec {
	case Gzip:
		out, err = z.gzip(p, limit)
	case Snappy:
		out, err = z.snappy(p, limit)
	case LZ4:
		out, err = z.lz4(p, limit)
	case Zstd:
		out, err = z.zstd(p, limit)
	default:
		return nil, fmt.Errorf("its compression %d is not one that Kafka has", codec)
	}
	if err == nil && len(out) > limit {
		err = errTooLarge
	}
	switch {
	case errors.Is(err, errTooLarge):
		return nil, fmt.Errorf("%w of %d bytes", err, limit)
	case err != nil:
		return nil, fmt.Errorf("its %v data does not decompress: %w", codec, err)
	}
	return out, nil
}

// grow returns b with room for n more bytes. It at least doubles, up to limit.
func grow(b []byte, n, limit int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	g := make([]byte, len(b), max(len(b)+n, min(2*cap(b), limit)))
	copy(g, b)
	return g
}

func (z *inflater) gzip(p []byte, limit int) (out []byte, err error) {
	if z.gz == nil {
		z.gz = new(deflated)
	}
	// The last four bytes say how large it is, when it is one member (RFC 1952);
	// that is believed as far as it is likely.
	size := 4 * len(p)
	if n := len(p) - 4; n >= 0 {
		size = min(int(binary.LittleEndian.Uint32(p[n:])), 4*size)
	}
	out, err = z.gz.gunzip(grow(z.buf[:0], min(size, limit)+fastOut, limit+fastOut), p, limit)
	z.buf, z.gz.in = out, nil
	return out, err
}

// xerial is how the framing of snappy-java begins, which the Java clients use;
// a version and a lowest compatible version follow, 4 bytes each, then blocks,
// each after its length.
var xerial = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0}

const xerialHeader = 16

func (z *inflater) snappy(p []byte, limit int) ([]byte, error) {
	out := z.buf[:0]
	if !bytes.HasPrefix(p, xerial) {
		return z.snappyBlock(out, p, limit)
	}
	for len(p) > 0 {
		if bytes.HasPrefix(p, xerial) { // streams may follow each other
			if len(p) < xerialHeader {
				return nil, io.ErrUnexpectedEOF
			}
			p = p[xerialHeader:]
			continue
		}
		if len(p) < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		n := int64(binary.BigEndian.Uint32(p))
		p = p[4:]
		if n > int64(len(p)) {
			return nil, io.ErrUnexpectedEOF
		}
		var err error
		if out, err = z.snappyBlock(out, p[:n], limit); err != nil {
			return nil, err
		}
		p = p[n:]
	}
	return out, nil
}

// snappyBlock appends the block p to out.
func (z *inflater) snappyBlock(out, p []byte, limit int) ([]byte, error) {
	n, err := s2.DecodedLen(p)
	switch {
	case err != nil:
		return nil, err
	case n > limit-len(out):
		return nil, errTooLarge
	case n/64 > len(p): // a copy of 64 bytes takes 3
		return nil, s2.ErrCorrupt
	}
	l := len(out)
	out = grow(out, n, limit)[:l+n]
	z.buf = out
	if _, err = s2.Decode(out[l:l:l+n], p); err != nil {
		return nil, err
	}
	return out, nil
}

const (
	lz4Magic     = 0x184D2204
	lz4Skippable = 0x184D2A50 // the lowest 4 bits are free
	lz4Window    = 64 << 10   // how far back a block that is not independent may look
)

var errLZ4 = errors.New("not an lz4 frame")

// lz4 decodes frames block by block straight into the buffer: no reader, no
// goroutine. The checksums of header, blocks and content are not looked at: the
// batch's CRC covers the same bytes, and before Kafka 0.10 clients wrote a wrong
// header checksum (KIP-57).
func (z *inflater) lz4(p []byte, limit int) (out []byte, err error) {
	out = z.buf[:0]
	for first := true; first || len(p) >= 4; first = false {
		if len(p) < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		switch magic := binary.LittleEndian.Uint32(p); {
		case magic == lz4Magic:
			if out, p, err = z.lz4Frame(out, p[4:], limit); err != nil {
				return nil, err
			}
		case magic&^0xf == lz4Skippable:
			if len(p) < 8 || int64(binary.LittleEndian.Uint32(p[4:])) > int64(len(p)-8) {
				return nil, io.ErrUnexpectedEOF
			}
			p = p[8+int(binary.LittleEndian.Uint32(p[4:])):]
		case first:
			return nil, errLZ4
		default: // what follows the frame is no frame; Java's reader ignores it too
			return out, nil
		}
	}
	return out, nil
}

// lz4Frame appends to out the frame that p holds after its magic number, and
// returns what follows the frame.
func (z *inflater) lz4Frame(out, p []byte, limit int) ([]byte, []byte, error) {
	if len(p) < 3 {
		return nil, nil, io.ErrUnexpectedEOF
	}
	flg, bd := p[0], p[1]
	independent, blockSum, contentSum := flg&0x20 != 0, flg&0x10 != 0, flg&0x04 != 0
	header := 3
	if flg&0x08 != 0 {
		header += 8 // content size: never believed
	}
	if flg&0x01 != 0 {
		header += 4 // dictionary id: Kafka knows none
	}
	size := int(bd >> 4 & 7)
	if flg>>6 != 1 || size < 4 {
		return nil, nil, errLZ4
	}
	if header > len(p) {
		return nil, nil, io.ErrUnexpectedEOF
	}
	blockMax := 1 << (8 + 2*size) // 64 KiB to 4 MiB
	p = p[header:]
	start := len(out)
	for {
		if len(p) < 4 {
			return nil, nil, io.ErrUnexpectedEOF
		}
		n := binary.LittleEndian.Uint32(p)
		p = p[4:]
		if n == 0 {
			break
		}
		plain := n&(1<<31) != 0
		n &^= 1 << 31
		if int64(n) > int64(len(p)) {
			return nil, nil, io.ErrUnexpectedEOF
		}
		block := p[:n]
		p = p[n:]
		l := len(out)
		if plain {
			if len(block) > limit-l {
				return nil, nil, errTooLarge
			}
			out = append(grow(out, len(block), limit), block...)
		} else {
			room := min(blockMax, 255*len(block)+16, limit-l)
			out = grow(out, room, limit)
			var dict []byte
			if !independent {
				dict = out[max(start, l-lz4Window):l]
			}
			got, err := lz4.UncompressBlockWithDict(block, out[l:l+room], dict)
			if err != nil {
				if room == limit-l { // the CRC was right, so it is the cap that cut it
					err = errTooLarge
				}
				return nil, nil, err
			}
			out = out[:l+got]
		}
		z.buf = out
		if blockSum {
			if len(p) < 4 {
				return nil, nil, io.ErrUnexpectedEOF
			}
			p = p[4:]
		}
	}
	if contentSum {
		if len(p) < 4 {
			return nil, nil, io.ErrUnexpectedEOF
		}
		p = p[4:]
	}
	return out, p, nil
}

// zstdDecoder is one for all: it lets as many batches in at once as there are
// cores. It decodes into what it is given and never past it; its window is
// that same buffer, so a frame that names a large one (level 22: 128 MiB)
// costs nothing.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true))
})

const (
	zstdBlock = 128 << 10 // the most that a block decompresses to
	zstdSlack = 64        // room beyond the output in which the decoder copies faster
)

func (z *inflater) zstd(p []byte, limit int) (out []byte, err error) {
	dec, err := zstdDecoder()
	if err != nil {
		return nil, err
	}
	most, exact, err := zstdSize(p)
	switch {
	case err != nil:
		return nil, err
	case exact && most > int64(limit):
		return nil, errTooLarge
	}
	size := int(min(most, int64(limit)))
	room := size
	if !exact { // flushed often, its blocks hold far less than they may
		room = min(size, max(8*len(p), zstdBlock, cap(z.buf)-zstdSlack))
	}
	for {
		z.buf = grow(z.buf[:0], room+zstdSlack, 0)
		room = min(cap(z.buf)-zstdSlack, size)
		out, err = dec.DecodeAll(p, z.buf[:0:room+zstdSlack])
		switch {
		case err == nil:
			return out, nil
		case room < size: // whatever it says, it may have been the room
			room = min(4*room, size)
		case int64(size) < most: // the CRC was right, so it is the cap that cut it
			return nil, errTooLarge
		default:
			return nil, err
		}
	}
}

// zstdSize is the most that the frames in p decompress to, from the headers of
// frames and blocks (RFC 8878, 3.1.1) and not from what they promise; exact when
// it is that number or an error.
func zstdSize(p []byte) (most int64, exact bool, err error) {
	exact = true
	for len(p) > 0 {
		var h zstd.Header
		if err := h.Decode(p); err != nil {
			return 0, false, err
		}
		if n := int64(h.HeaderSize) + int64(h.SkippableSize); n > int64(len(p)) {
			return 0, false, io.ErrUnexpectedEOF
		} else if p = p[n:]; h.Skippable {
			continue
		}
		var frame int64
		for last := false; !last; {
			if len(p) < 3 {
				return 0, false, io.ErrUnexpectedEOF
			}
			b := int(p[0]) | int(p[1])<<8 | int(p[2])<<16
			p = p[3:]
			last = b&1 != 0
			size, kind := b>>3, b>>1&3
			switch kind {
			case 0: // as it is
				frame += int64(size)
			case 1: // one byte, repeated
				frame += int64(size)
				size = 1
			default:
				frame += zstdBlock
				exact = exact && h.HasFCS
			}
			if size > len(p) {
				return 0, false, io.ErrUnexpectedEOF
			}
			p = p[size:]
		}
		if h.HasFCS {
			if h.FrameContentSize > uint64(frame) {
				return 0, false, zstd.ErrFrameSizeMismatch
			}
			frame = int64(h.FrameContentSize)
		}
		if h.HasCheckSum {
			if len(p) < 4 {
				return 0, false, io.ErrUnexpectedEOF
			}
			p = p[4:]
		}
		most += frame
	}
	return most, exact, nil
}
