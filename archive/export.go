package archive

// Records on their way into a file.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"milena/kafka"
	"milena/kafka/batch"
)

// Export is records on their way into a file. It begins with NewExport, is given
// records, and ends with End; until then the file has another name.
type Export struct {
	// Absent are offsets of the range that the topic does not have. Whoever finds the
	// range sets it, before the end.
	Absent []kafka.Absent

	format Format
	encode appendRecord
	file   *PendingFile

	records, bytes, split, missed atomic.Int64
	searched, all                 atomic.Int64 // offsets of ranges

	mu     sync.Mutex // one write at a time
	failed error
}

// NewExport begins a file; see Create.
func NewExport(name string, f Format, overwrite bool) (*Export, error) {
	file, err := Create(name, overwrite)
	if err != nil {
		return nil, err
	}
	e := &Export{format: f, encode: f.appender(), file: file}
	return e, nil
}

// Progress is how far an export is.
type Progress struct {
	Records int64
	Bytes   int64 // of the file
	// Split counts raw values that contain the delimiter: whoever cuts the file
	// there gets more pieces than records.
	Split int64
	// Missed counts offsets of the range that could not be read: corrupt, too
	// large, or passed by retention meanwhile.
	Missed int64
	// Searched of All offsets of the range are done; both 0: no range is read.
	Searched, All int64
}

// Progress may be asked for from any goroutine.
func (e *Export) Progress() Progress {
	return Progress{
		Records: e.records.Load(), Bytes: e.bytes.Load(), Split: e.split.Load(), Missed: e.missed.Load(),
		Searched: e.searched.Load(), All: e.all.Load(),
	}
}

// Path is where the file will be.
func (e *Export) Path() string { return e.file.Path() }

// A buffer is written when it is so full, and let go when a large record made it
// larger than is worth keeping.
const (
	bufferFull = 128 << 10
	bufferKept = 1 << 20
)

// Records writes records in their order, until ctx ends (with ctx's error).
func (e *Export) Records(ctx context.Context, records iter.Seq[*kafka.Record]) error {
	p := &exportPart{e: e}
	for r := range records {
		p.tp = kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
		if !p.Record(r.View()) {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return p.write()
}

// Range writes what spans, each with an end, hold and match matches (nil:
// everything): each partition in its order, the partitions as they are read.
func (e *Export) Range(ctx context.Context, log kafka.Log, req kafka.ReadRequest, match func(kafka.TopicPartition) kafka.Matcher) error {
	sink := exportSink{e, match, make(map[kafka.TopicPartition]int64)}
	for _, s := range req.Spans {
		if s.To == kafka.NoEnd {
			return fmt.Errorf("%s/%d: a range that has no end cannot be exported", s.Topic, s.Partition)
		}
		e.all.Add(max(0, s.To-s.From))
		sink.from[s.TopicPartition] = s.From
	}
	err := log.Read(ctx, req, sink)
	e.mu.Lock()
	defer e.mu.Unlock()
	return cmp.Or(e.failed, err)
}

// End ends the export: without an error the file is put in its place, with one
// nothing is left of it. It gives that error, or why the file could not be put
// there.
func (e *Export) End(err error) error {
	if err == nil {
		err = e.begun()
	}
	if err != nil {
		return errors.Join(err, e.file.Discard())
	}
	return e.file.Complete()
}

// begun writes the head of a file that has nothing else.
func (e *Export) begun() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.writeLocked(nil)
}

// writeLocked writes, and first of all the head.
func (e *Export) writeLocked(b []byte) error {
	if e.bytes.Load() == 0 {
		if head := e.format.head(); head != nil {
			b = append(head, b...)
		}
	}
	if e.failed != nil || len(b) == 0 {
		return e.failed
	}
	n, err := e.file.Write(b)
	e.bytes.Add(int64(n))
	e.failed = err
	return err
}

// exportSink takes a range.
type exportSink struct {
	e     *Export
	match func(kafka.TopicPartition) kafka.Matcher
	from  map[kafka.TopicPartition]int64 // not written to once the read is under way
}

func (s exportSink) Partition(tp kafka.TopicPartition) kafka.PartitionSink {
	p := &exportPart{e: s.e, tp: tp, next: s.from[tp]}
	if s.match != nil {
		p.match = s.match(tp)
	}
	return p
}

// Event counts what retention took away; what else happens is gone on from.
func (s exportSink) Event(ev kafka.Event) {
	if ev.Kind == kafka.OffsetsGone {
		s.e.missed.Add(ev.To - ev.From)
	}
}

// exportPart is one partition's part of an export: a buffer, so that no record
// is torn.
type exportPart struct {
	e       *Export
	tp      kafka.TopicPartition
	match   kafka.Matcher
	buf     []byte
	records int64 // in buf
	next    int64
}

// Record takes a record; false: the file cannot be written.
func (p *exportPart) Record(v *batch.View) bool {
	if p.match != nil && !p.match.Match(v) {
		return true
	}
	p.buf = p.e.encode(p.buf, p.tp, v)
	p.records++
	if p.e.format.splits(v) {
		p.e.split.Add(1)
	}
	return len(p.buf) < bufferFull || p.write() == nil
}

// Skip counts what cannot be read.
func (p *exportPart) Skip(k batch.Skip) {
	if k.Kind == batch.SkipCorrupt || k.Kind == batch.SkipTooLarge {
		p.e.missed.Add(k.Last - k.First + 1)
	}
}

// Flush writes what was collected.
func (p *exportPart) Flush(state kafka.PartitionState) error {
	p.e.searched.Add(state.Next - p.next)
	p.next = state.Next
	return p.write()
}

func (p *exportPart) write() error {
	p.e.mu.Lock()
	defer p.e.mu.Unlock()
	if err := p.e.writeLocked(p.buf); err != nil {
		return err
	}
	p.e.records.Add(p.records)
	p.records = 0
	if p.buf = p.buf[:0]; cap(p.buf) > bufferKept {
		p.buf = nil
	}
	return nil
}
