package archive

// A file as a cluster: what it holds, and why nothing can be changed in it.

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"

	"milena/kafka"
	"milena/kafka/batch"
)

var _ kafka.Log = (*File)(nil)

// describe makes the metadata: the partitions that lines name. There is no
// broker, so nobody leads them and nothing is amiss with that.
func (a *File) describe() {
	m := &kafka.Metadata{Controller: -1}
	for _, name := range slices.Sorted(maps.Keys(a.topics)) {
		t := kafka.Topic{Name: name}
		for _, id := range slices.Sorted(maps.Keys(a.topics[name])) {
			t.Partitions = append(t.Partitions, kafka.Partition{ID: id, LeaderEpoch: -1})
		}
		m.Topics = append(m.Topics, t)
	}
	a.metadata = m
}

// Notices are sentences about what of the file could not be read as it stands
// there: lines that are no records, by their numbers, and offsets that come
// twice. None: nothing was passed over.
func (a *File) Notices() []string {
	var all []string
	const named = 3
	if a.unread > 0 {
		all = append(all, fmt.Sprintf("%s: skipped %d of %d lines that are not records", a.Name(), a.unread, a.lines))
	}
	for i, t := range a.trouble {
		if i == named {
			all = append(all, fmt.Sprintf("%s: and %d more, from line %d on", a.Name(), a.unread-named, t.Line))
			break
		}
		all = append(all, fmt.Sprintf("%s: line %d: %v", a.Name(), t.Line, t.Err))
	}
	if a.doubles > 0 {
		all = append(all, fmt.Sprintf("%s: lines whose offset an earlier line has, which is the one that counts: %d", a.Name(), a.doubles))
	}
	return all
}

// Trouble is the lines that could not be read, the first 1000 of them, and how
// many there are in all.
func (a *File) Trouble() (first []Trouble, all int64) { return a.trouble, a.unread }

// Metadata is the topics and partitions that the lines name. There are no
// brokers.
func (a *File) Metadata() *kafka.Metadata { return a.metadata }

// Refresh is Metadata: the file is read once.
func (a *File) Refresh(context.Context) (*kafka.Metadata, error) { return a.metadata, nil }

// Topic is a topic by its name, else an error.
func (a *File) Topic(_ context.Context, name string) (*kafka.Topic, error) {
	if t := a.metadata.Topic(name); t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("%s holds no records of a topic %q", a.Name(), name)
}

// Offsets looks up one offset for each partition, as kafka.Cluster does: the
// first that is there, the one after the last, or the first whose timestamp is
// at least at.
func (a *File) Offsets(ctx context.Context, at int64, _ kafka.Isolation, tps []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Offset, error) {
	found := make(map[kafka.TopicPartition]kafka.Offset, len(tps))
	for _, tp := range tps {
		p := a.partition(tp.Topic, tp.Partition)
		switch {
		case p == nil:
			found[tp] = kafka.Offset{Offset: -1, Timestamp: -1, Err: fmt.Errorf("%s holds no records of %s/%d", a.Name(), tp.Topic, tp.Partition)}
		case at == kafka.AtStart:
			found[tp] = kafka.Offset{Offset: p.first, Timestamp: -1}
		case at == kafka.AtEnd:
			found[tp] = kafka.Offset{Offset: p.last + 1, Timestamp: -1}
		default:
			o, err := a.since(ctx, p, at)
			if err != nil {
				return nil, err
			}
			found[tp] = o
		}
	}
	return found, nil
}

// since finds the first record of a time or later.
func (a *File) since(ctx context.Context, p *partition, at int64) (kafka.Offset, error) {
	for _, l := range p.places {
		if l.timestamp >= at {
			return kafka.Offset{Offset: l.offset, Timestamp: l.timestamp}, nil
		}
	}
	for c := range p.rising() {
		if c.latest < at {
			continue
		}
		span := kafka.Span{TopicPartition: p.TopicPartition, From: c.first, To: c.last + 1}
		finder := &timeFinder{at: at}
		if err := a.Read(ctx, kafka.ReadRequest{Spans: []kafka.Span{span}}, finder); err != nil {
			return kafka.Offset{}, err
		}
		return finder.found, nil
	}
	return kafka.Offset{Offset: -1, Timestamp: -1}, nil
}

// rising goes over the pieces in the order of their offsets.
func (p *partition) rising() iter.Seq[*piece] {
	return func(yield func(*piece) bool) {
		for i := range p.pieces {
			if p.order == backwards {
				i = len(p.pieces) - 1 - i
			}
			if !yield(&p.pieces[i]) {
				return
			}
		}
	}
}

// Bounds looks up where each partition starts and where it ends.
func (a *File) Bounds(ctx context.Context, iso kafka.Isolation, tps []kafka.TopicPartition) (starts, ends map[kafka.TopicPartition]kafka.Offset, err error) {
	if starts, err = a.Offsets(ctx, kafka.AtStart, iso, tps); err == nil {
		ends, err = a.Offsets(ctx, kafka.AtEnd, iso, tps)
	}
	return starts, ends, err
}

// timeFinder takes the first record of a time or later.
type timeFinder struct {
	at    int64
	found kafka.Offset
}

func (f *timeFinder) Partition(kafka.TopicPartition) kafka.PartitionSink { return f }
func (f *timeFinder) Event(kafka.Event)                                  {}
func (f *timeFinder) Skip(batch.Skip)                                    {}
func (f *timeFinder) Flush(kafka.PartitionState) error                   { return nil }

func (f *timeFinder) Record(v *batch.View) bool {
	if v.Timestamp < f.at {
		return true
	}
	f.found = kafka.Offset{Offset: v.Offset, Timestamp: v.Timestamp}
	return false
}

// Resolve turns a range of positions into spans; see kafka.Resolve.
func (a *File) Resolve(ctx context.Context, tps []kafka.TopicPartition, from kafka.Position, to *kafka.Position, iso kafka.Isolation) ([]kafka.Span, []kafka.Waiting, error) {
	return kafka.Resolve(ctx, a, tps, from, to, iso)
}

// Newest finds the newest records; see kafka.FindNewest.
func (a *File) Newest(ctx context.Context, req kafka.NewestRequest) (*kafka.Newest, error) {
	return kafka.FindNewest(ctx, a, req)
}

// NewSearch prepares a search of the file; see kafka.NewSearch.
func (a *File) NewSearch(req kafka.SearchRequest) (*kafka.Search, error) {
	return kafka.NewSearch(a, req)
}

// Send is refused with kafka.ErrReadOnly, as is all that would change something.
func (a *File) Send(context.Context, kafka.Message) (kafka.Ack, error) {
	return kafka.Ack{}, kafka.ErrReadOnly
}

// CreateTopic is refused.
func (a *File) CreateTopic(context.Context, kafka.NewTopic) error { return kafka.ErrReadOnly }

// DeleteTopic is refused.
func (a *File) DeleteTopic(context.Context, string) error { return kafka.ErrReadOnly }

// DescribeTopic is what the lines tell: partitions and offsets. A file knows no
// settings.
func (a *File) DescribeTopic(ctx context.Context, name string) (*kafka.TopicDescription, error) {
	t, err := a.Topic(ctx, name)
	if err != nil {
		return nil, err
	}
	d := &kafka.TopicDescription{
		Topic: *t, Start: make(map[int32]kafka.Offset), End: make(map[int32]kafka.Offset),
		ConfigsErr: fmt.Errorf("%s is a file: it holds records, not the settings of their topic", a.Name()),
	}
	starts, ends, err := a.Bounds(ctx, kafka.ReadUncommitted, kafka.Partitions(t))
	if err != nil {
		return nil, err
	}
	for tp, o := range starts {
		d.Start[tp.Partition], d.End[tp.Partition] = o, ends[tp]
	}
	return d, nil
}

// Compacted says of every topic that its offsets may count more than its
// records: what was exported may be a part.
func (a *File) Compacted(_ context.Context, names []string) (map[string]bool, error) {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return all, nil
}

// ReadOnly is true.
func (a *File) ReadOnly() bool { return true }

// Close ends all reading.
func (a *File) Close() error {
	err := a.f.Close()
	if a.temporary {
		os.Remove(a.f.Name())
	}
	return err
}
