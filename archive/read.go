package archive

// Reading spans of partitions of a file.
//
// Partitions whose lines rise with their offsets are read together, in one pass
// through the blocks that hold anything of them; those whose lines fall, in one
// pass from the end. Those in no order are read line by line.

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"milena/kafka"
	"milena/kafka/batch"
)

// errTaken ends a Read whose sink takes no more.
var errTaken = errors.New("no more was taken")

// reading is a span under way.
type reading struct {
	*partition
	from, to int64 // what is left: from ≤ offset < to
	sink     kafka.PartitionSink
	info     batch.Info
	view     batch.View
}

// Read gives what spans hold to the sink, in one goroutine, as kafka.Cluster
// does: each partition in the order of its offsets, and what lies between them
// as gaps. Spans without an end never end: a file gets no new messages, but whoever
// follows it waits, until ctx ends.
func (a *File) Read(ctx context.Context, req kafka.ReadRequest, sink kafka.Sink) error {
	ways := make(map[order][]*reading)
	seen := make(map[kafka.TopicPartition]bool)
	follow := req.Grow
	for _, s := range req.Spans {
		p := a.partition(s.Topic, s.Partition)
		switch {
		case p == nil:
			return fmt.Errorf("%s holds no records of %s/%d", a.Name(), s.Topic, s.Partition)
		case s.From < 0:
			return fmt.Errorf("%s/%d: cannot read from offset %d", s.Topic, s.Partition, s.From)
		case seen[s.TopicPartition]:
			return fmt.Errorf("%s/%d is given twice", s.Topic, s.Partition)
		}
		seen[s.TopicPartition] = true
		follow = follow || s.To == kafka.NoEnd
		if s.From >= s.To {
			continue
		}
		way := p.order
		if way == single {
			way = forwards
		}
		ways[way] = append(ways[way], newReading(p, s, sink))
	}
	err := a.pass(ctx, ways[forwards], false)
	if err == nil {
		err = a.pass(ctx, ways[backwards], true)
	}
	for _, r := range ways[mixed] {
		if err == nil {
			err = a.byPlace(ctx, r)
		}
	}
	switch {
	case errors.Is(err, errTaken):
		return nil
	case err == nil && follow:
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

func newReading(p *partition, s kafka.Span, sink kafka.Sink) *reading {
	r := &reading{partition: p, from: s.From, to: s.To, sink: sink.Partition(s.TopicPartition)}
	// Of the batch that the record was in, a line tells nothing.
	r.info = batch.Info{LeaderEpoch: -1, ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}
	r.view.Batch = &r.info
	return r
}

// pass reads some spans, in one way through the file.
func (a *File) pass(ctx context.Context, readings []*reading, back bool) error {
	wanted := make(map[int32][]*reading)
	of := make(map[*partition]*reading, len(readings))
	for _, r := range readings {
		of[r.partition] = r
		for c := range r.rising() {
			if c.last >= r.from && c.first < r.to {
				wanted[c.block] = append(wanted[c.block], r)
			}
		}
	}
	blocks := slices.Sorted(maps.Keys(wanted))
	if back {
		slices.Reverse(blocks)
	}
	var buf []byte
	var lines [][]byte
	var l Line
	for _, number := range blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if buf, err = a.read(a.blocks[number], buf); err != nil {
			return err
		}
		here := wanted[number]
		for _, r := range here {
			r.begin(number)
		}
		lines = slices.AppendSeq(lines[:0], bytes.Lines(buf))
		if back {
			slices.Reverse(lines)
		}
		for _, line := range lines {
			if r := of[a.parse(line, of, &l)]; r != nil && l.Offset >= r.from && l.Offset < r.to {
				if err = r.give(&l); err != nil {
					break
				}
			}
		}
		// Each learns how far it is, also when another has enough.
		for _, r := range here {
			err = cmp.Or(err, r.flush())
		}
		if err != nil {
			return err
		}
	}
	for _, r := range readings {
		if err := r.end(); err != nil {
			return err
		}
	}
	return nil
}

// parse reads a line of one of the wanted partitions and says of which; nil: it
// is none's, or no record.
func (a *File) parse(line []byte, wanted map[*partition]*reading, l *Line) *partition {
	line = trimmed(line)
	// Lines of other partitions are told by how they begin.
	s := scanner{rest: line}
	topic := l.head(&s)
	if !s.bad && wanted[a.topics[string(topic)][l.Partition]] == nil {
		return nil
	}
	if l.Parse(line) != nil || l.placed() != nil {
		return nil
	}
	return a.partition(l.Topic, l.Partition)
}

// begin begins a block: for those who count bytes, it is the batch.
func (r *reading) begin(number int32) {
	i, _ := slices.BinarySearchFunc(r.pieces, number, func(c piece, n int32) int { return int(c.block - n) })
	c := &r.pieces[i]
	r.info.BaseOffset, r.info.LastOffset, r.info.Size = c.first, c.last, int(c.bytes)
	r.info.MaxTimestamp = c.latest
}

// give gives a record, and what is missing before it.
func (r *reading) give(l *Line) error {
	r.gap(l.Offset)
	v := &r.view
	r.info.Timestamps = l.Timestamps
	v.Offset, v.Timestamp, v.Key, v.Value = l.Offset, l.Timestamp, l.Key, l.Value
	v.SetHeaders(l.Headers)
	if !r.sink.Record(v) {
		return errTaken
	}
	r.from = l.Offset + 1
	return nil
}

// gap says that no line has the offsets up to next.
func (r *reading) gap(next int64) {
	if r.from < next {
		r.sink.Skip(batch.Skip{Kind: batch.SkipGap, First: r.from, Last: next - 1})
		r.from = next
	}
}

func (r *reading) flush() error {
	return r.sink.Flush(kafka.PartitionState{Next: r.from, HighWatermark: r.last + 1, LastStable: r.last + 1, LogStart: r.first})
}

// end comes when all lines were given. What is not in the file by now will not
// come.
func (r *reading) end() error {
	if r.to != kafka.NoEnd {
		r.gap(r.to)
	}
	return r.flush()
}

// windowBytes is how much of the file is read at once where one line is wanted.
const windowBytes = 64 << 10

// byPlace reads a partition whose lines are in no order.
func (a *File) byPlace(ctx context.Context, r *reading) error {
	places := r.places
	i, _ := slices.BinarySearchFunc(places, r.from, func(l place, offset int64) int {
		return int(max(-1, min(1, l.offset-offset)))
	})
	w := window{a: a}
	var l Line
	for n := 0; i < len(places) && places[i].offset < r.to; i, n = i+1, n+1 {
		line, err := w.line(places[i].at)
		if err != nil {
			return err
		}
		if l.Parse(line) != nil || l.Offset != places[i].offset {
			return fmt.Errorf("%s was changed since it was opened: open it again", a.path)
		}
		r.info.BaseOffset, r.info.LastOffset, r.info.Size = l.Offset, l.Offset, len(line)
		if err := r.give(&l); err != nil {
			return cmp.Or(r.flush(), err)
		}
		if n%256 == 255 {
			if err := errors.Join(ctx.Err(), r.flush()); err != nil {
				return err
			}
		}
	}
	return r.end()
}

// window is a stretch of the file that is held.
type window struct {
	a   *File
	at  int64
	buf []byte
}

// line is the line that begins at a place.
func (w *window) line(at int64) ([]byte, error) {
	for size := windowBytes; ; size *= 4 {
		if at >= w.at && at < w.at+int64(len(w.buf)) {
			rest := w.buf[at-w.at:]
			if end := bytes.IndexByte(rest, '\n'); end >= 0 {
				return trimmed(rest[:end]), nil
			}
		}
		w.at, w.buf = at, slices.Grow(w.buf[:0], size)[:size]
		n, err := w.a.f.ReadAt(w.buf, at)
		if w.buf = w.buf[:n]; n == 0 || err != nil && n < size && bytes.IndexByte(w.buf, '\n') < 0 {
			if n > 0 && at+int64(n) == w.a.end() {
				return trimmed(w.buf), nil // the last line need not end
			}
			return nil, w.a.changed(err)
		}
	}
}

// end is where the file ended when it was opened.
func (a *File) end() int64 {
	last := a.blocks[len(a.blocks)-1]
	return last.at + int64(last.size)
}
