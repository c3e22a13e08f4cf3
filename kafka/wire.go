package kafka

// The primitive types of the Kafka protocol, read from and appended to byte
// slices (protocol guide, "Protocol Primitive Types").

import (
	"encoding/binary"
	"fmt"
)

var errShort = fmt.Errorf("%w: it ends in the middle of a field", errNotKafka)

// wireReader takes fields off the front of an answer. After the first field
// that does not fit every read gives zero and err() says so, so that a decoder
// checks once at its end.
type wireReader struct {
	b    []byte
	flex bool // compact strings, arrays and tagged fields (KIP-482)
	bad  bool

	numbers []int32 // room for the next lists of numbers
}

func (r *wireReader) err() error {
	if r.bad {
		return errShort
	}
	return nil
}

func (r *wireReader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	x := r.b[:n:n]
	r.b = r.b[n:]
	return x
}

func (r *wireReader) int8() int8 {
	if x := r.take(1); x != nil {
		return int8(x[0])
	}
	return 0
}

func (r *wireReader) bool() bool { return r.int8() != 0 }

func (r *wireReader) int16() int16 {
	if x := r.take(2); x != nil {
		return int16(binary.BigEndian.Uint16(x))
	}
	return 0
}

func (r *wireReader) int32() int32 {
	if x := r.take(4); x != nil {
		return int32(binary.BigEndian.Uint32(x))
	}
	return 0
}

func (r *wireReader) int64() int64 {
	if x := r.take(8); x != nil {
		return int64(binary.BigEndian.Uint64(x))
	}
	return 0
}

func (r *wireReader) uuid() (id [16]byte) {
	copy(id[:], r.take(16))
	return id
}

func (r *wireReader) uvarint() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > 1<<31 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

// length is that of a string, an array or bytes; -1 is null.
func (r *wireReader) length(short bool) int {
	switch {
	case r.flex:
		return r.uvarint() - 1
	case short:
		return int(r.int16())
	}
	return int(r.int32())
}

// stringBytes is a string in place; null is nil.
func (r *wireReader) stringBytes() []byte {
	n := r.length(true)
	if n < 0 {
		return nil
	}
	return r.take(n)
}

func (r *wireReader) string() string { return string(r.stringBytes()) }

// array is the number of entries; each takes at least one byte, so that a lying
// length never makes anybody allocate for it.
func (r *wireReader) array() int {
	n := r.length(false)
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return 0
	}
	return max(n, 0)
}

func (r *wireReader) int32s() []int32 {
	n := r.array()
	if n == 0 || n > len(r.b)/4 {
		r.take(4 * n)
		return nil
	}
	if n > len(r.numbers) {
		// Metadata has three short lists for each of thousands of partitions.
		r.numbers = make([]int32, max(n, min(1024, len(r.b)/4)))
	}
	out := r.numbers[:n:n]
	r.numbers = r.numbers[n:]
	for i := range out {
		out[i] = r.int32()
	}
	return out
}

// tags steps over the tagged fields at the end of a structure.
func (r *wireReader) tags() {
	if !r.flex {
		return
	}
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		r.uvarint()
		r.take(r.uvarint())
	}
}

func appendInt16(b []byte, v int16) []byte { return binary.BigEndian.AppendUint16(b, uint16(v)) }
func appendInt32(b []byte, v int32) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) }
func appendInt64(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)) }

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendString(b []byte, flex bool, s string) []byte {
	if flex {
		b = binary.AppendUvarint(b, uint64(len(s))+1)
	} else {
		b = appendInt16(b, int16(len(s)))
	}
	return append(b, s...)
}

// appendArray appends an array's length; -1 is null.
func appendArray(b []byte, flex bool, n int) []byte {
	if flex {
		return binary.AppendUvarint(b, uint64(n+1))
	}
	return appendInt32(b, int32(n))
}

// appendTags ends a structure of a flexible version: no tagged fields.
func appendTags(b []byte, flex bool) []byte {
	if flex {
		return append(b, 0)
	}
	return b
}
