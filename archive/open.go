package archive

// A file read once, from its first line to its last, for an index of what is
// where in it. The index names blocks of lines, not lines: ten gigabytes take a
// few megabytes of memory.

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"

	"milena/kafka"
)

const (
	blockBytes  = 1 << 20 // of lines that are read at a time; a longer line is a block by itself
	longestLine = 1 << 30 // beyond any record that Kafka takes
	troubleHeld = 1000    // lines in trouble that are remembered one by one
)

// File is a file of JSON lines as a cluster that can only be read: its topics
// and partitions are those that the lines name, each in the order of its
// offsets, whatever the order of the lines. Its methods are safe for use from
// many goroutines at once.
//
// An offset that comes twice counts once: its first line is the record. Offsets
// that no line has are gaps.
type File struct {
	path      string
	f         *os.File
	temporary bool    // f is ours, and goes with it
	blocks    []block // in the order of the file
	topics    map[string]map[int32]*partition
	metadata  *kafka.Metadata

	lines   int64
	doubles int64     // lines whose offset an earlier one has
	unread  int64     // lines that are no records
	trouble []Trouble // the first of those
}

// Trouble is a line that could not be read.
type Trouble struct {
	Line int64 // from 1
	Err  error
}

// block is a stretch of whole lines.
type block struct {
	at   int64
	size int
}

// partition is what a file has of one partition.
type partition struct {
	kafka.TopicPartition
	first, last int64 // offsets
	order       order
	newest      int64   // the offset of the line before
	pieces      []piece // in the order of the file
	places      []place // of a partition in no order: by offset, each once
}

// order is that of a partition's lines in the file.
type order int8

const (
	single    order = iota // one line has no order yet
	forwards               // each offset is above the one before
	backwards              // each is below, as a search from the newest back writes them
	mixed
)

// piece is what a block has of a partition.
type piece struct {
	block       int32
	bytes       int32 // of its lines
	first, last int64 // the lowest and the highest offset
	latest      int64 // timestamp, ms since the epoch
}

// place is where one line is.
type place struct {
	offset, at, timestamp int64
}

// Open reads a file for its index; progress, when not nil, is told now and then
// how many bytes of how many are read. Lines that are no records are passed
// over, see Notices; a file in which no line is one is refused.
func Open(ctx context.Context, path string, progress func(read, size int64)) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f, temporary, err := readable(f)
	if err != nil {
		return nil, err
	}
	a := &File{path: path, f: f, temporary: temporary, topics: make(map[string]map[int32]*partition)}
	if err := a.index(ctx, progress); err != nil {
		a.Close()
		return nil, err
	}
	a.describe()
	return a, nil
}

func (a *File) index(ctx context.Context, progress func(read, size int64)) error {
	info, err := a.f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file: save its content to one", a.path)
	}
	size := info.Size()
	buf := make([]byte, 0, blockBytes+1)
	for at := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := a.f.ReadAt(buf[len(buf):cap(buf)], at+int64(len(buf)))
		buf = buf[:len(buf)+n]
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return err
		}
		whole := bytes.LastIndexByte(buf, '\n') + 1
		if ended {
			whole = len(buf)
		}
		if whole > 0 {
			a.add(at, buf[:whole])
			at += int64(whole)
			buf = buf[:copy(buf, buf[whole:])]
		} else if len(buf) == cap(buf) {
			if len(buf) > longestLine {
				return fmt.Errorf("%s: line %d is longer than 1.1 GB, more than a record can be", a.path, a.lines+1)
			}
			buf = slices.Grow(buf, len(buf))
		}
		if progress != nil {
			progress(at, max(size, at))
		}
		if ended {
			break
		}
	}
	if len(a.topics) == 0 && len(a.trouble) > 0 {
		return fmt.Errorf("%s holds no records as tail -J prints them: line %d: %w", a.path, a.trouble[0].Line, a.trouble[0].Err)
	}
	if len(a.topics) == 0 {
		return fmt.Errorf("%s is empty: it holds no records", a.path)
	}
	return a.sort(ctx)
}

// add puts a block into the index.
func (a *File) add(at int64, lines []byte) {
	number := int32(len(a.blocks))
	a.blocks = append(a.blocks, block{at, len(lines)})
	var l Line
	for line := range bytes.Lines(lines) {
		a.lines++
		size := int32(min(len(line), math.MaxInt32))
		if line = trimmed(line); len(line) == 0 {
			continue
		}
		if err := l.Parse(line); err != nil {
			a.passOver(err)
			continue
		}
		if err := l.placed(); err != nil {
			a.passOver(err)
			continue
		}
		p := a.partition(l.Topic, l.Partition)
		if p == nil {
			p = &partition{TopicPartition: kafka.TopicPartition{Topic: l.Topic, Partition: l.Partition}, first: l.Offset, last: l.Offset}
			if a.topics[l.Topic] == nil {
				a.topics[l.Topic] = make(map[int32]*partition)
			}
			a.topics[l.Topic][l.Partition] = p
		} else {
			p.order = p.order.then(cmp.Compare(l.Offset, p.newest))
		}
		p.newest = l.Offset
		p.first, p.last = min(p.first, l.Offset), max(p.last, l.Offset)
		if n := len(p.pieces); n == 0 || p.pieces[n-1].block != number {
			p.pieces = append(p.pieces, piece{block: number, first: l.Offset, last: l.Offset, latest: l.Timestamp})
		}
		c := &p.pieces[len(p.pieces)-1]
		c.first, c.last, c.latest = min(c.first, l.Offset), max(c.last, l.Offset), max(c.latest, l.Timestamp)
		c.bytes += size
	}
}

// trimmed is a line without what ends it.
func trimmed(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

// placed says what a line lacks to be a record of a partition.
func (l *Line) placed() error {
	switch {
	case l.Topic == "":
		return errors.New(`not a record: "topic" is missing`)
	case l.Partition < 0:
		return errors.New(`not a record: "partition" is missing or negative`)
	case l.Offset < 0 || l.Offset == math.MaxInt64:
		return errors.New(`not a record: "offset" is missing or negative`)
	}
	return nil
}

func (a *File) passOver(err error) {
	a.unread++
	if len(a.trouble) < troubleHeld {
		a.trouble = append(a.trouble, Trouble{a.lines, err})
	}
}

// then is the order when one more line comes, above (1), below (−1) or at (0)
// the offset of the one before.
func (o order) then(step int) order {
	switch {
	case step > 0 && (o == single || o == forwards):
		return forwards
	case step < 0 && (o == single || o == backwards):
		return backwards
	}
	return mixed
}

// sort finds the place of each line of the partitions that are in no order.
func (a *File) sort(ctx context.Context) error {
	var unsorted []*partition
	wanted := make(map[int32]bool) // blocks
	for p := range a.each() {
		if p.order != mixed {
			continue
		}
		unsorted = append(unsorted, p)
		for _, c := range p.pieces {
			wanted[c.block] = true
		}
	}
	var buf []byte
	var l Line
	for number, b := range a.blocks {
		if !wanted[int32(number)] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if buf, err = a.read(b, buf); err != nil {
			return err
		}
		at := b.at
		for line := range bytes.Lines(buf) {
			if l.Parse(trimmed(line)) == nil && l.placed() == nil {
				if p := a.partition(l.Topic, l.Partition); p.order == mixed {
					p.places = append(p.places, place{l.Offset, at, l.Timestamp})
				}
			}
			at += int64(len(line))
		}
	}
	for _, p := range unsorted {
		slices.SortStableFunc(p.places, func(a, b place) int { return cmp.Compare(a.offset, b.offset) })
		all := len(p.places)
		p.places = slices.CompactFunc(p.places, func(a, b place) bool { return a.offset == b.offset })
		a.doubles += int64(all - len(p.places))
		p.places = slices.Clip(p.places)
		p.pieces = nil
	}
	return nil
}

// each goes over the partitions, in no order.
func (a *File) each() iter.Seq[*partition] {
	return func(yield func(*partition) bool) {
		for _, partitions := range a.topics {
			for _, p := range partitions {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// partition finds one; nil: no line has it.
func (a *File) partition(topic string, id int32) *partition { return a.topics[topic][id] }

// read reads a block into buf.
func (a *File) read(b block, buf []byte) ([]byte, error) {
	buf = slices.Grow(buf[:0], b.size)[:b.size]
	if n, err := a.f.ReadAt(buf, b.at); n < b.size {
		return nil, a.changed(err)
	}
	return buf, nil
}

// changed is the error of a file that is not any more what it was.
func (a *File) changed(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is shorter than when it was opened: open it again", a.path)
	}
	return err
}

// Name is the file's name without its folder.
func (a *File) Name() string { return filepath.Base(a.path) }
