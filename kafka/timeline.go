package kafka

// How many records fell into each bucket of time, from offset look-ups alone.
//
// Two exchanges with each broker do it, however many buckets: the first asks
// where each partition starts and ends, in offsets and in time; the second for
// the offsets at all borders of buckets, as one pipeline (see offsets.go).
// Borders outside of the times that a partition holds need no asking.

import (
	"context"
	"errors"
	"math"
	"math/bits"
	"sync"
	"time"

	"milena/kafka/batch"
)

// TimelineRequest asks for the records of some partitions by time.
type TimelineRequest struct {
	// Spans are what is counted. A span from 0 to NoEnd is all that a partition
	// holds now; Cluster.Resolve makes spans of other positions.
	Spans []Span
	// From and To bound the buckets: From ≤ time < To, in whole milliseconds. A
	// zero From begins with the spans' earliest record, a zero To ends with their
	// latest; when both are zero, the buckets hold all of the spans.
	From, To time.Time
	// Buckets is how many there are, of the same width give or take a
	// millisecond; fewer when From and To are not so many milliseconds apart.
	Buckets   int
	Isolation Isolation
}

// Bucket is a stretch of time and what fell into it.
type Bucket struct {
	From, To int64 // ms since the epoch: From ≤ time < To
	Count    int64 // offsets; fewer records in compacted and transactional topics
}

// Timeline is the records of some partitions by time.
type Timeline struct {
	// Buckets are in order, each beginning where the one before ends. There are
	// none when there is no time to divide: nothing is there, or nothing has a
	// timestamp.
	Buckets []Bucket
	// Borders has, for each partition, the offset at which each bucket begins,
	// and last where the last one ends.
	Borders map[TopicPartition][]int64
	// First is the time of the earliest record that the spans hold, in ms since the
	// epoch; -1: none has a time.
	First int64
	// Gone are the partitions whose log does not begin with offset 0 any more, where
	// their span does not begin later, with the time of their first record, in ms
	// since the epoch; math.MaxInt64: they hold none. What was before is no nothing:
	// retention took it, or somebody deleted it.
	Gone map[TopicPartition]int64
	// Untimed counts offsets of partitions none of whose records has a
	// timestamp: they are in no bucket.
	Untimed int64
	// Failed are the partitions that could not be looked up, which are in no
	// bucket, and why.
	Failed map[TopicPartition]error
}

// Total is what all buckets hold.
func (t *Timeline) Total() (n int64) {
	for i := range t.Buckets {
		n += t.Buckets[i].Count
	}
	return n
}

// Spans are what the buckets hold of each partition that has any of it.
func (t *Timeline) Spans() []Span {
	var spans []Span
	for tp, borders := range t.Borders {
		if from, to := borders[0], borders[len(borders)-1]; from < to {
			spans = append(spans, Span{tp, from, to})
		}
	}
	return spans
}

// Timeline counts records by time. No record is read, except where a span
// begins or ends in the midst of a partition, to learn the time there, and of
// brokers before Kafka 3.0, which cannot tell the latest time.
//
// A bucket counts the offsets from the first record that is as late as its From
// up to the first that is as late as its To (ListOffsets, KIP-79). So where
// timestamps within a partition go backwards, a record counts by the latest
// timestamp up to it; and every record counts once.
//
// A partition that cannot be looked up is in Failed; the error is for what failed
// altogether.
func (c *Cluster) Timeline(ctx context.Context, req TimelineRequest) (*Timeline, error) {
	if req.Buckets < 1 {
		return nil, errors.New("a timeline has at least one bucket")
	}
	if !req.From.IsZero() && !req.To.IsZero() && !req.From.Before(req.To) {
		return nil, errors.New("a timeline ends after it begins")
	}
	t := &Timeline{Borders: make(map[TopicPartition][]int64, len(req.Spans)), Failed: make(map[TopicPartition]error),
		First: -1, Gone: make(map[TopicPartition]int64)}
	extents, err := c.extents(ctx, req, t)
	if err != nil {
		return nil, err
	}
	held := extents[:0]
	for _, e := range extents {
		switch {
		case e.From < e.To && e.first < 0:
			t.Untimed += e.To - e.From
		default:
			held = append(held, e)
			if e.From < e.To && (t.First < 0 || e.first < t.First) {
				t.First = e.first
			}
		}
	}
	borders := req.borders(held)
	if borders == nil {
		return t, nil
	}
	if err := c.lookUp(ctx, req, borders, held, t); err != nil {
		return nil, err
	}
	t.Buckets = make([]Bucket, len(borders)-1)
	for i := range t.Buckets {
		t.Buckets[i] = Bucket{From: borders[i], To: borders[i+1]}
		for _, offsets := range t.Borders {
			t.Buckets[i].Count += offsets[i+1] - offsets[i]
		}
	}
	return t, nil
}

// extent is a span as it is now, and the times that it holds.
type extent struct {
	Span
	first  int64 // ms since the epoch, of the first record that has a timestamp; -1: none
	latest int64 // ms since the epoch
	atMost bool  // nothing is later than latest
}

// extents finds out what the spans hold, and notes for t what is gone or failed.
func (c *Cluster) extents(ctx context.Context, req TimelineRequest, t *Timeline) ([]extent, error) {
	tps := make([]TopicPartition, len(req.Spans))
	for i, s := range req.Spans {
		tps[i] = s.TopicPartition
	}
	questions := []int64{AtStart, AtEnd, 0, AtLatest}
	found, err := c.offsetsAt(ctx, req.Isolation, tps, func(TopicPartition) []int64 { return questions })
	if err != nil {
		return nil, err
	}
	extents := make([]extent, 0, len(req.Spans))
	var heads, tails []Span // where the time is to be read
	for _, s := range req.Spans {
		start, end, first, latest := found[s.TopicPartition][0], found[s.TopicPartition][1], found[s.TopicPartition][2], found[s.TopicPartition][3]
		if err := errors.Join(start.Err, end.Err, first.Err); err != nil {
			t.Failed[s.TopicPartition] = err
			continue
		}
		e := extent{Span: s, first: first.Timestamp, latest: latest.Timestamp, atMost: true}
		e.To = min(e.To, end.Offset)
		e.From = min(max(e.From, start.Offset), e.To)
		if first.Offset < 0 {
			e.first = -1
		}
		switch gone := start.Offset > 0 && s.From <= start.Offset; {
		case gone && start.Offset == end.Offset:
			t.Gone[s.TopicPartition] = math.MaxInt64
		case gone && e.first >= 0:
			t.Gone[s.TopicPartition] = e.first
		}
		if e.From < e.To && e.first >= 0 {
			if e.From > start.Offset && req.From.IsZero() {
				heads = append(heads, Span{e.TopicPartition, e.From, min(e.To, e.From+glance)})
			}
			if latest.Err != nil || latest.Offset < 0 || e.To < end.Offset {
				tails = append(tails, Span{e.TopicPartition, max(e.From, e.To-glance), e.To})
			}
		}
		extents = append(extents, e)
	}
	begin, err := c.glance(ctx, heads, req.Isolation)
	if err != nil {
		return nil, err
	}
	finish, err := c.glance(ctx, tails, req.Isolation)
	if err != nil {
		return nil, err
	}
	for i := range extents {
		e := &extents[i]
		if g, ok := begin[e.TopicPartition]; ok {
			e.first = g.first
		}
		if g, ok := finish[e.TopicPartition]; ok {
			e.latest, e.atMost = g.latest, false
		}
		e.latest = max(e.latest, e.first)
	}
	return extents, nil
}

// borders are the times at which buckets begin, and last where the last one
// ends; nil when there is no time to divide.
func (req *TimelineRequest) borders(extents []extent) []int64 {
	from, to := int64(math.MaxInt64), int64(-1)
	for _, e := range extents {
		if e.From < e.To {
			from, to = min(from, e.first), max(to, e.latest)
		}
	}
	n := int64(req.Buckets)
	nothing := to < 0
	if to < math.MaxInt64 {
		to++ // the end is not part of the bucket
	}
	switch given := !req.From.IsZero(); {
	case given && !req.To.IsZero():
		from, to = req.From.UnixMilli(), req.To.UnixMilli()
		n = min(n, max(1, to-from))
	case nothing:
		return nil
	case given:
		from = req.From.UnixMilli()
		to = max(to, from+min(n, math.MaxInt64-from))
	case !req.To.IsZero():
		to = req.To.UnixMilli()
		from = max(0, min(from, to-n))
		n = min(n, max(1, to-from))
	default:
		to = max(to, from+min(n, math.MaxInt64-from))
		n = min(n, max(1, to-from))
	}
	borders := make([]int64, n+1)
	for i := range n + 1 {
		// (to-from)·i does not always fit in 64 bits.
		hi, lo := bits.Mul64(uint64(to-from), uint64(i))
		q, _ := bits.Div64(hi, lo, uint64(n))
		borders[i] = from + int64(q)
	}
	return borders
}

// lookUp finds the offsets at the borders.
func (c *Cluster) lookUp(ctx context.Context, req TimelineRequest, borders []int64, extents []extent, t *Timeline) error {
	last := len(borders) - 1
	// unasked is the offset at a border that is known without asking.
	unasked := func(e *extent, i int) (offset int64, known bool) {
		switch {
		case e.From == e.To || i == 0 && req.From.IsZero() || borders[i] <= e.first && !(i == last && req.To.IsZero()):
			return e.From, true
		case i == last && req.To.IsZero() || e.atMost && borders[i] > e.latest:
			return e.To, true
		}
		return 0, false
	}
	times := make(map[TopicPartition][]int64)
	var tps []TopicPartition
	for i := range extents {
		e := &extents[i]
		for k := range borders {
			if _, known := unasked(e, k); !known {
				times[e.TopicPartition] = append(times[e.TopicPartition], borders[k])
			}
		}
		if len(times[e.TopicPartition]) > 0 {
			tps = append(tps, e.TopicPartition)
		}
	}
	found, err := c.offsetsAt(ctx, req.Isolation, tps, func(tp TopicPartition) []int64 { return times[tp] })
	if err != nil {
		return err
	}
partitions:
	for i := range extents {
		e := &extents[i]
		answers := found[e.TopicPartition]
		offsets := make([]int64, len(borders))
		for k := range borders {
			offset, known := unasked(e, k)
			if !known {
				o := answers[0]
				answers = answers[1:]
				if o.Err != nil {
					t.Failed[e.TopicPartition] = o.Err
					continue partitions
				}
				if offset = o.Offset; offset < 0 {
					offset = e.To // nothing so late is there
				}
				offset = min(max(offset, e.From), e.To)
			}
			if k > 0 { // retention may have passed between two answers
				offset = max(offset, offsets[k-1])
			}
			offsets[k] = offset
		}
		t.Borders[e.TopicPartition] = offsets
	}
	return nil
}

// glance is how many offsets are read to learn what time it is there.
const glance = 100

// glimpse is the time somewhere in a partition.
type glimpse struct{ first, latest int64 }

// glance reads spans for their times.
func (c *Cluster) glance(ctx context.Context, spans []Span, iso Isolation) (map[TopicPartition]glimpse, error) {
	if len(spans) == 0 {
		return nil, nil
	}
	sink := &glances{seen: make(map[TopicPartition]glimpse)}
	err := c.Read(ctx, ReadRequest{Spans: spans, Isolation: iso, deaf: true}, sink)
	return sink.seen, err
}

// glances is the sink of glance.
type glances struct {
	mu   sync.Mutex
	seen map[TopicPartition]glimpse
}

type glancePart struct {
	*glances
	tp TopicPartition
	glimpse
	any bool
}

func (g *glances) Partition(tp TopicPartition) PartitionSink { return &glancePart{glances: g, tp: tp} }

// Event is of no use to a bounded read: what matters ends it with an error.
func (g *glances) Event(Event) {}

func (p *glancePart) Record(v *batch.View) bool {
	switch {
	case v.Timestamp < 0:
	case !p.any:
		p.any, p.glimpse = true, glimpse{v.Timestamp, v.Timestamp}
	default:
		p.latest = max(p.latest, v.Timestamp)
	}
	return true
}

func (p *glancePart) Skip(batch.Skip) {}

func (p *glancePart) Flush(PartitionState) error {
	if p.any {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.seen[p.tp] = p.glimpse
	}
	return nil
}
