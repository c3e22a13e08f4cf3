package batch

// This file decompresses gzip (RFC 1952) from memory to memory. A batch is whole
// when it is decompressed, and so is what comes out: no window is kept beside the
// output, no reader asked for each byte. Codes are looked up by tables as
// libdeflate has them: up to two literals and a match from one refill of 64 bits.

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/bits"
)

var errGzip = errors.New("not what gzip writes")

// Sizes of DEFLATE (RFC 1951, 3.2) and of the tables for its codes. A table has
// an entry for all values of so many bits; codes that are longer go on in a table
// of their own behind it. So large do they get at most (zlib's enough.c).
const (
	maxCodeBits = 15
	maxMatch    = 258

	litBits  = 11
	litRoom  = 2342
	distBits = 8
	distRoom = 402
	lenBits  = 7 // of the code for code lengths

	// fastIn and fastOut are how much is left, at least, while nothing but the
	// data itself has to be looked at.
	fastIn  = 16
	fastOut = maxMatch + 32
)

// An entry of a table:
//
//	bits 0–7    bits to take: the code, and with it what follows the code
//	bits 8–11   bits of the code alone
//	bits 12–15  what it is, see below; 0 with a length or distance
//	bits 16–31  the literal, the base of a length or distance, or where a table goes on
//
// Zero is no code.
const (
	isLiteral = 1 << 12
	isEnd     = 1 << 13 // of the block
	isMore    = 1 << 14 // bits 0–7 are those of the table that follows
)

// symbols are what the codes of an alphabet stand for: entries without bits, with
// the count of the extra bits in bits 0–7.
var litSymbols, distSymbols, lenSymbols = func() (lit, dist, lens []uint32) {
	for i := range uint32(256) {
		lit = append(lit, isLiteral|i<<16)
	}
	lit = append(lit, isEnd)
	base := uint32(3)
	for i := range uint32(28) {
		extra := max(i/4, 1) - 1
		lit = append(lit, base<<16|extra)
		base += 1 << extra
	}
	lit = append(lit, maxMatch<<16, 0, 0) // the last two stand for nothing
	base = 1
	for i := range uint32(30) {
		extra := max(i/2, 1) - 1
		dist = append(dist, base<<16|extra)
		base += 1 << extra
	}
	dist = append(dist, 0, 0)
	for i := range uint32(19) {
		lens = append(lens, isLiteral|i<<16)
	}
	return lit, dist, lens
}()

// lenOrder is in which order the lengths of the code for code lengths come.
var lenOrder = [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// deflated is a DEFLATE stream under way, and the tables of its current block.
type deflated struct {
	in    []byte
	at    int    // in it
	hold  uint64 // bits that were taken from in and not used
	held  uint   // how many
	spent int    // bytes of zeros that were taken behind the end of in
	begin int    // of the stream's output
	extra uint64 // what followed the code that was taken last

	lit  [litRoom]uint32
	dist [distRoom]uint32
	lens [1 << lenBits]uint32
	fix  bool // lit and dist are those of a fixed block
}

// gunzip appends what p holds to out, at most limit bytes in all.
func (d *deflated) gunzip(out, p []byte, limit int) ([]byte, error) {
	for first := true; len(p) > 0 || first; first = false {
		n, err := gzipHeader(p)
		if err != nil {
			if !first {
				return out, nil // what follows is no member; Java's reader ignores it too
			}
			return out, err
		}
		d.in, d.at, d.hold, d.held, d.spent = p[n:], 0, 0, 0, 0
		d.begin = len(out)
		if out, err = d.inflate(out, limit); err != nil {
			return out, err
		}
		p = d.in[d.at:]
		if len(p) < 8 {
			return out, io.ErrUnexpectedEOF
		}
		if crc32.ChecksumIEEE(out[d.begin:]) != binary.LittleEndian.Uint32(p) || uint32(len(out)-d.begin) != binary.LittleEndian.Uint32(p[4:]) {
			return out, errors.New("its checksum is wrong")
		}
		p = p[8:]
	}
	return out, nil
}

// gzipHeader is the length of a member's header (RFC 1952, 2.3).
func gzipHeader(p []byte) (int, error) {
	const fixed, crc, extra, name, comment = 10, 1 << 1, 1 << 2, 1 << 3, 1 << 4
	if len(p) < fixed {
		return 0, io.ErrUnexpectedEOF
	}
	if p[0] != 0x1f || p[1] != 0x8b || p[2] != 8 {
		return 0, errGzip
	}
	n := fixed
	if p[3]&extra != 0 {
		if len(p) < n+2 {
			return 0, io.ErrUnexpectedEOF
		}
		n += 2 + int(binary.LittleEndian.Uint16(p[n:]))
	}
	for _, text := range []byte{name, comment} {
		if p[3]&text == 0 {
			continue
		}
		for n < len(p) && p[n] != 0 {
			n++
		}
		n++
	}
	if p[3]&crc != 0 {
		n += 2
	}
	if n > len(p) {
		return 0, io.ErrUnexpectedEOF
	}
	return n, nil
}

// fill makes the bits that are held at least 56. Behind the end come zeros: short
// says whether any of them was used.
func (d *deflated) fill() {
	if len(d.in)-d.at >= 8 {
		d.hold |= binary.LittleEndian.Uint64(d.in[d.at:]) << d.held
		d.at += int(63-d.held) >> 3
		d.held |= 56
		return
	}
	for d.held <= 56 {
		if d.at < len(d.in) {
			d.hold |= uint64(d.in[d.at]) << d.held
			d.at++
		} else {
			d.spent++
		}
		d.held += 8
	}
}

func (d *deflated) short() bool { return d.spent*8 > int(d.held) }

func (d *deflated) take(n uint) uint {
	v := uint(d.hold & (1<<n - 1))
	d.hold >>= n
	d.held -= n
	return v
}

// inflate appends what the stream holds, and leaves at behind it.
func (d *deflated) inflate(out []byte, limit int) ([]byte, error) {
	for last := false; !last; {
		d.fill()
		last = d.take(1) == 1
		var err error
		switch d.take(2) {
		case 0:
			out, err = d.stored(out, limit)
		case 1:
			if !d.fix {
				d.fixed()
			}
			out, err = d.block(out, limit)
		case 2:
			if err = d.dynamic(); err == nil {
				out, err = d.block(out, limit)
			}
		default:
			err = errGzip
		}
		switch {
		case d.short():
			return out, io.ErrUnexpectedEOF
		case err != nil:
			return out, err
		}
	}
	d.align()
	return out, nil
}

// align drops the rest of a byte, and gives back the whole ones that are held.
func (d *deflated) align() {
	d.at -= int(d.held)/8 - d.spent
	d.hold, d.held, d.spent = 0, 0, 0
}

// stored is a block that is not compressed (3.2.4).
func (d *deflated) stored(out []byte, limit int) ([]byte, error) {
	if d.align(); len(d.in)-d.at < 4 {
		return out, io.ErrUnexpectedEOF
	}
	n := int(binary.LittleEndian.Uint16(d.in[d.at:]))
	if n^0xffff != int(binary.LittleEndian.Uint16(d.in[d.at+2:])) {
		return out, errGzip
	}
	d.at += 4
	switch {
	case len(d.in)-d.at < n:
		return out, io.ErrUnexpectedEOF
	case len(out)+n > limit:
		return out, errTooLarge
	}
	out = append(out, d.in[d.at:d.at+n]...)
	d.at += n
	return out, nil
}

// fixed makes the tables of a block with fixed codes (3.2.6).
func (d *deflated) fixed() {
	var lens [288 + 32]uint8
	for i := range lens {
		switch {
		case i < 144, i >= 280 && i < 288:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		case i < 280:
			lens[i] = 7
		default:
			lens[i] = 5
		}
	}
	codeTable(d.lit[:], litBits, lens[:288], litSymbols)
	codeTable(d.dist[:], distBits, lens[288:], distSymbols)
	d.fix = true
}

// dynamic reads the codes of a block and makes their tables (3.2.7).
func (d *deflated) dynamic() error {
	d.fix = false
	lits, dists, n := int(d.take(5))+257, int(d.take(5))+1, int(d.take(4))+4
	if lits > 286 || dists > 30 {
		return errGzip
	}
	var order [19]uint8
	for _, i := range lenOrder[:n] {
		d.fill()
		order[i] = uint8(d.take(3))
	}
	if !codeTable(d.lens[:], lenBits, order[:], lenSymbols) {
		return errGzip
	}
	var lens [286 + 30]uint8
	for i := 0; i < lits+dists; {
		d.fill()
		e := d.lens[d.hold&(1<<lenBits-1)]
		if e == 0 || d.short() {
			return errGzip
		}
		d.take(uint(e & 0xff))
		length, times := uint8(0), 1
		switch symbol := e >> 16; symbol {
		case 16:
			if i == 0 {
				return errGzip
			}
			length, times = lens[i-1], 3+int(d.take(2))
		case 17:
			times = 3 + int(d.take(3))
		case 18:
			times = 11 + int(d.take(7))
		default:
			length = uint8(symbol)
		}
		if i+times > lits+dists {
			return errGzip
		}
		for ; times > 0; times-- {
			lens[i] = length
			i++
		}
	}
	if lens[256] == 0 || !codeTable(d.lit[:], litBits, lens[:lits], litSymbols) || !codeTable(d.dist[:], distBits, lens[lits:lits+dists], distSymbols) {
		return errGzip
	}
	return nil
}

// block decodes a block's symbols with the tables that were made.
func (d *deflated) block(out []byte, limit int) ([]byte, error) {
	for {
		if len(out) > limit {
			return out, errTooLarge
		}
		out = grow(out, fastOut, limit+fastOut)
		var end bool
		var err error
		switch out, end, err = d.fast(out); {
		case end || err != nil:
			return out, err
		case len(d.in)-d.at < fastIn:
			return d.slow(out, limit)
		}
	}
}

// fast decodes while there is enough to read and room to write; end: up to the
// block's end. It may pass the limit by a match.
func (d *deflated) fast(out []byte) (_ []byte, end bool, err error) {
	in, at, hold, held := d.in, d.at, d.hold, d.held
	to, buf := len(out), out[:cap(out)]
	for at <= len(in)-fastIn && to <= len(buf)-fastOut {
		hold |= binary.LittleEndian.Uint64(in[at:]) << (held & 63)
		at += int(63-held) >> 3
		held |= 56
		e := d.lit[hold&(1<<litBits-1)]
		if e&isLiteral != 0 {
			hold >>= e & 63
			held -= uint(e & 63)
			buf[to] = byte(e >> 16)
			to++
			if e = d.lit[hold&(1<<litBits-1)]; e&isLiteral != 0 {
				hold >>= e & 63
				held -= uint(e & 63)
				buf[to] = byte(e >> 16)
				to++
				e = d.lit[hold&(1<<litBits-1)]
			}
		}
		if e&isMore != 0 {
			e = d.lit[e>>16+uint32(hold>>litBits)&(1<<(e&63)-1)]
		}
		was := hold
		hold >>= e & 63
		held -= uint(e & 63)
		if e&isLiteral != 0 {
			buf[to] = byte(e >> 16)
			to++
			continue
		}
		if e&isEnd != 0 {
			end = true
			break
		}
		length := int(e>>16) + int(was&(1<<(e&63)-1)>>(e>>8&15))

		hold |= binary.LittleEndian.Uint64(in[at:]) << (held & 63)
		at += int(63-held) >> 3
		held |= 56
		f := d.dist[hold&(1<<distBits-1)]
		if f&isMore != 0 {
			f = d.dist[f>>16+uint32(hold>>distBits)&(1<<(f&63)-1)]
		}
		was = hold
		hold >>= f & 63
		held -= uint(f & 63)
		distance := int(f>>16) + int(was&(1<<(f&63)-1)>>(f>>8&15))
		if e == 0 || f == 0 || distance > to-d.begin {
			err = errGzip
			break
		}
		from := to - distance
		switch {
		case distance >= 8 && length <= 24:
			// A few bytes too many are overwritten by what follows.
			for n := 0; n < length; n += 8 {
				binary.LittleEndian.PutUint64(buf[to+n:], binary.LittleEndian.Uint64(buf[from+n:]))
			}
		case distance >= length:
			copy(buf[to:to+length], buf[from:])
		default: // it repeats itself
			for n := 0; n < length; {
				n += copy(buf[to+n:to+length], buf[from:to+n])
			}
		}
		to += length
	}
	d.at, d.hold, d.held = at, hold, held
	return buf[:to], end, err
}

// slow decodes to the block's end, and looks at every step whether the data ends.
func (d *deflated) slow(out []byte, limit int) ([]byte, error) {
	for {
		d.fill()
		e := d.code(d.lit[:], litBits)
		switch {
		case d.short():
			return out, io.ErrUnexpectedEOF
		case e == 0:
			return out, errGzip
		case e&isEnd != 0:
			return out, nil
		case e&isLiteral != 0:
			if len(out) >= limit {
				return out, errTooLarge
			}
			out = append(out, byte(e>>16))
			continue
		}
		length := int(e>>16) + int(d.extra)
		d.fill()
		f := d.code(d.dist[:], distBits)
		distance := int(f>>16) + int(d.extra)
		switch {
		case d.short():
			return out, io.ErrUnexpectedEOF
		case f == 0 || distance > len(out)-d.begin:
			return out, errGzip
		case len(out)+length > limit:
			return out, errTooLarge
		}
		for range length {
			out = append(out, out[len(out)-distance])
		}
	}
}

// code takes one code and the bits that belong to it.
func (d *deflated) code(table []uint32, tableBits uint) uint32 {
	e := table[d.hold&(1<<tableBits-1)]
	if e&isMore != 0 {
		e = table[e>>16+uint32(d.hold>>tableBits)&(1<<(e&63)-1)]
	}
	d.extra = d.hold & (1<<(e&63) - 1) >> (e >> 8 & 15)
	d.take(uint(e & 63))
	return e
}

// codeTable makes the table for codes of these lengths (3.2.2). False: they are not
// the lengths of a code. A code may be of no symbol, or of one with one bit; the
// other bit is no code then.
func codeTable(table []uint32, tableBits uint, lens []uint8, symbols []uint32) bool {
	var count, at [maxCodeBits + 1]int
	for _, l := range lens {
		count[l]++
	}
	used := len(lens) - count[0]
	left := 1
	for l := 1; l <= maxCodeBits; l++ {
		if left = left<<1 - count[l]; left < 0 {
			return false
		}
		at[l] = at[l-1] + count[l-1]
	}
	if left > 0 {
		if used > 1 || used == 1 && count[1] == 0 {
			return false
		}
		clear(table[:1<<tableBits])
	}
	// Codes go to symbols by their lengths, then in order.
	var sorted [288]uint16
	for s, l := range lens {
		sorted[at[l]] = uint16(s)
		at[l]++
	}
	code, length := 0, uint(0)
	behind, table0 := 1<<tableBits, -1 // where the next table goes, and which entry the last one is for
	for _, s := range sorted[count[0]:len(lens)] {
		l := uint(lens[s])
		code <<= l - length
		length = l
		first := int(bits.Reverse16(uint16(code)) >> (16 - l)) // as it is looked up
		code++
		e := symbols[s]
		if e != 0 {
			e += uint32(l)<<8 | uint32(l)
		}
		if l <= tableBits {
			for ; first < 1<<tableBits; first += 1 << l {
				table[first] = e
			}
			continue
		}
		// Longer codes that begin alike follow one another: their table takes as
		// many bits as the longest of them needs.
		entry := first & (1<<tableBits - 1)
		if entry != table0 {
			table0 = entry
			size := l - tableBits
			for room := 1<<size - count[l]; room > 0 && size+tableBits < maxCodeBits; {
				size++
				room = room<<1 - count[size+tableBits]
			}
			table[entry] = isMore | uint32(tableBits)<<8 | uint32(size) | uint32(behind)<<16
			behind += 1 << size
		}
		count[l]-- // those that are left
		more, size := int(table[entry]>>16), table[entry]&63
		for first >>= tableBits; first < 1<<size; first += 1 << (l - tableBits) {
			table[more+first] = e
		}
	}
	return true
}
