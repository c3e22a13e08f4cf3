package store

import (
	"encoding/binary"
	"math"
	"unsafe"

	"milena/kafka"
	"milena/kafka/batch"
)

// Rows as bytes, and the pages that hold them.

// A row is its fixed part followed by key, value and headers. The numbers are
// little-endian; a length of -1 is null. A header is two uvarints, each followed
// by its bytes: the key's length, and the value's plus one, zero for null.
//
// A note is a row too: First is its offset, Time its timestamp, and its value is
// Last, in eight bytes, followed by the text.
type row []byte

// Where the fixed part has what.
const (
	atOffset     = 0  // int64
	atTimestamp  = 8  // int64
	atPartition  = 16 // uint32, the place in Store.partitions
	atInfo       = 20 // uint32, the place in page.infos, or in Writer.infos
	atIndex      = 24 // int32, the record's within its batch
	atKeyLen     = 28 // int32
	atValueLen   = 32 // int32
	atHeadersLen = 36 // uint32, in bytes
	atHeaders    = 40 // uint32, how many
	atNote       = 44 // byte: 0 for a record, rowLate for one that came late, otherwise its NoteKind plus one
	rowFixed     = 45
)

// rowLate is in place of a note's kind.
const rowLate = 0xff

func (r row) int64(at int) int64   { return int64(binary.LittleEndian.Uint64(r[at:])) }
func (r row) uint32(at int) uint32 { return binary.LittleEndian.Uint32(r[at:]) }
func (r row) int32(at int) int32   { return int32(r.uint32(at)) }

func (r row) setUint32(at int, v uint32) { binary.LittleEndian.PutUint32(r[at:], v) }

// size is how many bytes the row takes that r begins with.
func (r row) size() int {
	return rowFixed + int(max(0, r.int32(atKeyLen))) + int(max(0, r.int32(atValueLen))) + int(r.uint32(atHeadersLen))
}

func (r row) isNote() bool { return r[atNote] != 0 && r[atNote] != rowLate }

// key is nil for null.
func (r row) key() []byte {
	n := r.int32(atKeyLen)
	if n < 0 {
		return nil
	}
	end := rowFixed + int(n)
	return r[rowFixed:end:end]
}

// value is nil for null.
func (r row) value() []byte {
	n := r.int32(atValueLen)
	if n < 0 {
		return nil
	}
	at := rowFixed + int(max(0, r.int32(atKeyLen)))
	end := at + int(n)
	return r[at:end:end]
}

// appendHeaders decodes the headers onto dst; the values stay in place, the
// keys share one new string.
func (r row) appendHeaders(dst []batch.Header) []batch.Header {
	n := int(r.uint32(atHeadersLen))
	if n == 0 {
		return dst
	}
	raw := r[len(r)-n:]
	text := string(raw)
	for at := 0; at < n; {
		size, w := binary.Uvarint(raw[at:])
		at += w
		h := batch.Header{Key: text[at : at+int(size)]}
		at += int(size)
		size, w = binary.Uvarint(raw[at:])
		at += w
		if size > 0 {
			end := at + int(size) - 1
			h.Value = raw[at:end:end]
			at = end
		}
		dst = append(dst, h)
	}
	return dst
}

// note is the note that the row is.
func (r row) note(tp kafka.TopicPartition) *Note {
	v := r.value()
	return &Note{
		Kind:           NoteKind(r[atNote] - 1),
		TopicPartition: tp,
		First:          r.int64(atOffset),
		Last:           int64(binary.LittleEndian.Uint64(v)),
		Text:           string(v[8:]),
		Time:           r.int64(atTimestamp),
	}
}

// run is rows one after the other, before they come to a page.
type run struct {
	data  []byte
	infos []batch.Info // of the rows' batches, each once
}

func (r *run) reset() {
	r.data = r.data[:0]
	r.infos = r.infos[:0]
}

// fixed appends a row's fixed part and leaves the headers' fields at zero.
func (r *run) fixed(offset, timestamp int64, partition int32, info *batch.Info, index int32, key, value []byte) {
	length := func(b []byte) uint32 {
		if b == nil {
			return math.MaxUint32
		}
		return uint32(len(b))
	}
	if n := len(r.infos); n == 0 || r.infos[n-1] != *info {
		r.infos = append(r.infos, *info)
	}
	d := r.data
	d = binary.LittleEndian.AppendUint64(d, uint64(offset))
	d = binary.LittleEndian.AppendUint64(d, uint64(timestamp))
	d = binary.LittleEndian.AppendUint32(d, uint32(partition))
	d = binary.LittleEndian.AppendUint32(d, uint32(len(r.infos)-1))
	d = binary.LittleEndian.AppendUint32(d, uint32(index))
	d = binary.LittleEndian.AppendUint32(d, length(key))
	d = binary.LittleEndian.AppendUint32(d, length(value))
	d = append(d, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	d = append(d, key...)
	r.data = append(d, value...)
}

// closeHeaders says of the row at start that n headers follow its value.
func (r *run) closeHeaders(start, n int) {
	last := row(r.data[start:])
	last.setUint32(atHeadersLen, uint32(len(last)-last.size()))
	last.setUint32(atHeaders, uint32(n))
}

func appendHeader[K string | []byte](d []byte, key K, value []byte) []byte {
	d = binary.AppendUvarint(d, uint64(len(key)))
	d = append(d, key...)
	if value == nil {
		return append(d, 0)
	}
	d = binary.AppendUvarint(d, uint64(len(value))+1)
	return append(d, value...)
}

func (r *run) addView(partition int32, v *batch.View) {
	start := len(r.data)
	r.fixed(v.Offset, v.Timestamp, partition, v.Batch, v.Index, v.Key, v.Value)
	if n := v.HeaderCount(); n > 0 {
		for key, value := range v.Headers() {
			r.data = appendHeader(r.data, key, value)
		}
		r.closeHeaders(start, n)
	}
}

func (r *run) addRecord(partition int32, rec *kafka.Record) {
	start := len(r.data)
	r.fixed(rec.Offset, rec.Timestamp, partition, &rec.Batch, rec.Index, rec.Key, rec.Value)
	if n := len(rec.Headers); n > 0 {
		for _, h := range rec.Headers {
			r.data = appendHeader(r.data, h.Key, h.Value)
		}
		r.closeHeaders(start, n)
	}
}

func (r *run) addNote(partition int32, n *Note) {
	start := len(r.data)
	value := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+len(n.Text)), uint64(n.Last))
	value = append(value, n.Text...)
	r.fixed(n.First, n.Time, partition, &batch.Info{}, 0, nil, value)
	r.data[start+atNote] = byte(n.Kind) + 1
}

// rowAt is the row that begins at a position, and the facts of its batch.
func (r *run) rowAt(at int) (row, *batch.Info) {
	rest := row(r.data[at:])
	return rest[:rest.size()], &r.infos[rest.uint32(atInfo)]
}

// slotSize is what a page needs to find a row.
const slotSize = 4

// ownPageShare: a row that takes more than this part of a page gets its own.
const ownPageShare = 16

const infoSize = int(unsafe.Sizeof(batch.Info{}))

// page holds rows as a database's slotted page does: the rows from the front
// of data, the position of each from its back.
type page struct {
	data  []byte
	used  int          // bytes of rows
	n     int          // rows, evicted ones included
	gone  int          // rows that were evicted: the oldest ones
	live  int          // bytes of the rows that are left, and of their slots
	first Seq          // of the first row that is left
	infos []batch.Info // of the rows' batches; evicted with the page
}

func newPage(size int) *page { return &page{data: make([]byte, size)} }

func (p *page) reset() { *p = page{data: p.data, infos: p.infos[:0]} }

func (p *page) rows() int      { return p.n - p.gone }
func (p *page) infoBytes() int { return len(p.infos) * infoSize }
func (p *page) bytes() int     { return p.live + p.infoBytes() }
func (p *page) unused() int    { return len(p.data) - p.used - p.n*slotSize }

// fits says whether a row of size bytes still does.
func (p *page) fits(size int) bool { return size+slotSize <= p.unused() }

func (p *page) slot(i int) []byte { return p.data[len(p.data)-(i+1)*slotSize:] }

// add copies a row that fits and says how many bytes it takes, with what the
// page holds beside it.
func (p *page) add(r row, info *batch.Info) int {
	size := len(r) + slotSize
	p.live += size
	if n := len(p.infos); n == 0 || p.infos[n-1] != *info {
		p.infos = append(p.infos, *info)
		size += infoSize
	}
	at := p.used
	p.used += copy(p.data[at:], r)
	row(p.data[at:]).setUint32(atInfo, uint32(len(p.infos)-1))
	binary.LittleEndian.PutUint32(p.slot(p.n), uint32(at))
	p.n++
	return size
}

// row is the i-th of those that are left.
func (p *page) row(i int) row {
	rest := row(p.data[binary.LittleEndian.Uint32(p.slot(p.gone+i)):])
	return rest[:rest.size():rest.size()]
}

// shift lets the first row go and says how many bytes it took.
func (p *page) shift() int {
	size := len(p.row(0)) + slotSize
	p.live -= size
	p.gone++
	p.first++
	return size
}

// fitted is a copy without the unused bytes.
func (p *page) fitted() *page {
	q := *p
	q.data = make([]byte, p.used+p.n*slotSize)
	copy(q.data, p.data[:p.used])
	copy(q.data[p.used:], p.data[len(p.data)-p.n*slotSize:])
	q.infos = append([]batch.Info(nil), p.infos...)
	return &q
}

// pages are the run's rows in pages of at most size bytes, each as large as it
// need be; a larger row has its own.
func (r *run) pages(size int) (pages []*page, rows int) {
	for at := 0; at < len(r.data); {
		need, end := 0, at
		for end < len(r.data) {
			next, _ := r.rowAt(end)
			if end > at && need+len(next)+slotSize > size {
				break
			}
			need += len(next) + slotSize
			end += len(next)
		}
		p := newPage(need)
		for at < end {
			next, info := r.rowAt(at)
			p.add(next, info)
			at += len(next)
			rows++
		}
		pages = append(pages, p)
	}
	return pages, rows
}
