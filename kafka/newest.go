package kafka

// The newest records, found backwards from the end or from any other point.

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"milena/kafka/batch"
)

// NewestRequest asks for the newest records of some partitions.
type NewestRequest struct {
	Partitions []TopicPartition
	// Before bounds the search: records below these offsets. Nil: the ends as
	// they are now.
	Before map[TopicPartition]int64
	// TopicIDs tell of which topics these offsets are, as far as that is known:
	// where another one has the name by now, it fails with TopicRecreatedError.
	TopicIDs map[string][16]byte
	// N records at most, and about MaxBytes of them (0: 32 MiB).
	N        int
	MaxBytes int
	// Match, when not nil, makes a matcher for each partition: only what it matches
	// counts. The search goes back in growing steps until N are found.
	Match     func(TopicPartition) Matcher
	Isolation Isolation
	// Progress, when not nil, is told now and then how many offsets were looked
	// at in all.
	Progress func(read int64)

	// Event, when not nil, is told at once what happens on the way; from any goroutine.
	// What holds everything up for long ends it with an error all the same.
	Event func(Event)

	offsetsOnly bool // From and To are wanted, the records are not
}

// Newest is what was found.
type Newest struct {
	// Records by timestamp, oldest first; ties by partition and offset.
	Records []Record
	// From and To are the stretch of each partition that Records stands for:
	// all that match with From ≤ offset < To.
	From, To map[TopicPartition]int64
	AtStart  bool // nothing older is there
	// Missing are the partitions that could not be asked. Nothing was read of
	// them; From and To are Before's, or are not there.
	Missing []Waiting
}

// Newest is FindNewest in the cluster.
func (c *Cluster) Newest(ctx context.Context, req NewestRequest) (*Newest, error) {
	return FindNewest(ctx, c, req)
}

// FindNewest finds the newest records by timestamp over all the partitions. It
// reads no more than a few times what it returns, unless a matcher makes it look
// further back.
func FindNewest(ctx context.Context, log Log, req NewestRequest) (*Newest, error) {
	req.MaxBytes = cmp.Or(req.MaxBytes, 32<<20)
	found := &Newest{From: make(map[TopicPartition]int64), To: make(map[TopicPartition]int64)}
	starts, err := req.offsets(ctx, log, AtStart, found)
	if err != nil {
		return nil, err
	}
	ends := req.Before
	if ends == nil {
		if ends, err = req.offsets(ctx, log, AtEnd, found); err != nil {
			return nil, err
		}
	}
	for _, tp := range req.Partitions {
		found.To[tp] = max(ends[tp], starts[tp])
		found.From[tp] = found.To[tp]
	}
	var looked atomic.Int64
	step := int64(max(req.N, 1))
	oldest := make(map[TopicPartition]int64) // the oldest timestamp seen so far
	for {
		// A partition may still hold newer records than the Nth of those found
		// when it was not read back to a time before that one's.
		enough := found.nth(req.N)
		var spans []Span
		for _, tp := range req.Partitions {
			if at, seen := oldest[tp]; seen && at <= enough {
				continue
			}
			if from := max(starts[tp], found.From[tp]-step); from < found.From[tp] {
				spans = append(spans, Span{tp, from, found.From[tp]})
			}
		}
		if len(spans) == 0 {
			break
		}
		sink := &newestSink{req: &req, looked: &looked, held: make(map[TopicPartition]*newestPart), from: make(map[TopicPartition]int64)}
		for _, s := range spans {
			sink.from[s.TopicPartition] = s.From
		}
		if err := log.Read(ctx, ReadRequest{Spans: spans, TopicIDs: req.TopicIDs, Isolation: req.Isolation, deaf: true}, sink); err != nil {
			return nil, err
		}
		for _, s := range spans {
			found.From[s.TopicPartition] = s.From
		}
		for _, p := range sink.held {
			found.Records = append(found.Records, p.records...)
			if at, seen := oldest[p.tp]; p.read && (!seen || p.oldest < at) {
				oldest[p.tp] = p.oldest
			}
			if p.floor > found.From[p.tp] {
				// Older ones of this step did not fit: they count as not read.
				found.From[p.tp] = p.floor
				starts[p.tp] = max(starts[p.tp], p.floor)
			}
		}
		step = min(step*4, 1<<20)
	}
	found.cut(req)
	first, err := req.offsets(ctx, log, AtStart, found)
	if err != nil {
		return nil, err
	}
	found.AtStart = len(found.Missing) == 0
	for _, tp := range req.Partitions {
		found.AtStart = found.AtStart && found.From[tp] <= first[tp]
	}
	if req.offsetsOnly {
		found.Records = nil
	}
	return found, nil
}

// nth sorts the records and gives the timestamp of the Nth newest; the smallest
// there is when there are fewer.
func (n *Newest) nth(count int) int64 {
	sortByTime(n.Records)
	switch {
	case count <= 0:
		return math.MaxInt64
	case len(n.Records) < count:
		return math.MinInt64
	}
	return n.Records[len(n.Records)-count].Timestamp
}

// cut keeps the newest N, and of those about MaxBytes: merged backwards over the
// partitions, so that what is kept of each is all from some offset on, also where
// timestamps within it go backwards.
func (n *Newest) cut(req NewestRequest) {
	parts := make(map[TopicPartition][]Record)
	for _, r := range n.Records {
		tp := TopicPartition{r.Topic, r.Partition}
		parts[tp] = append(parts[tp], r)
	}
	for _, records := range parts {
		sort.Slice(records, func(i, j int) bool { return records[i].Offset < records[j].Offset })
	}
	kept := make([]Record, 0, min(len(n.Records), max(req.N, 0)))
	for bytes := 0; len(kept) < req.N; {
		var newest *Record
		for _, records := range parts {
			if len(records) == 0 {
				continue
			}
			if r := &records[len(records)-1]; newest == nil || byTime(newest, r) {
				newest = r
			}
		}
		if newest == nil {
			break
		}
		if bytes += len(newest.Key) + len(newest.Value); len(kept) > 0 && bytes > req.MaxBytes {
			break
		}
		kept = append(kept, *newest)
		tp := TopicPartition{newest.Topic, newest.Partition}
		parts[tp] = parts[tp][:len(parts[tp])-1]
	}
	for tp, left := range parts {
		if len(left) > 0 {
			n.From[tp] = max(n.From[tp], left[len(left)-1].Offset+1)
		}
	}
	sortByTime(kept)
	n.Records = kept
}

// byTime tells whether a comes before b in history: by timestamp, ties by
// partition and offset.
func byTime(a, b *Record) bool {
	return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Topic, b.Topic),
		cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset)) < 0
}

func sortByTime(records []Record) {
	sort.Slice(records, func(i, j int) bool { return byTime(&records[i], &records[j]) })
}

// offsets is Offsets as plain numbers. Partitions that cannot be asked leave
// the request and are missing in what is found.
func (req *NewestRequest) offsets(ctx context.Context, log Log, at int64, found *Newest) (map[TopicPartition]int64, error) {
	offsets, err := log.Offsets(ctx, at, req.Isolation, req.Partitions)
	if err != nil {
		return nil, err
	}
	can, wait, err := able(req.Partitions, Position{}, offsets)
	switch {
	case err != nil:
		return nil, err
	case len(can) == 0 && len(wait) > 0:
		return nil, wait[0]
	}
	for _, w := range wait {
		found.Missing = append(found.Missing, w)
		before, given := req.Before[w.TopicPartition]
		if _, read := found.From[w.TopicPartition]; given && !read {
			found.From[w.TopicPartition], found.To[w.TopicPartition] = before, before
		}
	}
	req.Partitions = can
	plain := make(map[TopicPartition]int64, len(can))
	for _, tp := range can {
		plain[tp] = offsets[tp].Offset
	}
	return plain, nil
}

// newestSink holds the newest records of each partition while a step is read
// forwards.
type newestSink struct {
	req    *NewestRequest
	looked *atomic.Int64
	from   map[TopicPartition]int64

	mu   sync.Mutex
	held map[TopicPartition]*newestPart
}

type newestPart struct {
	sink    *newestSink
	tp      TopicPartition
	match   Matcher
	read    bool
	oldest  int64    // timestamp of all that was read, matching or not
	records []Record // the newest N of this step
	bytes   int
	floor   int64 // offsets below it were let go
	last    int64
}

func (s *newestSink) Partition(tp TopicPartition) PartitionSink {
	p := &newestPart{sink: s, tp: tp, last: s.from[tp]}
	if s.req.Match != nil {
		p.match = s.req.Match(tp)
	}
	s.mu.Lock()
	s.held[tp] = p
	s.mu.Unlock()
	return p
}

// Event passes an event on.
func (s *newestSink) Event(e Event) {
	if s.req.Event != nil {
		s.req.Event(e)
	}
}

func (p *newestPart) Record(v *batch.View) bool {
	if !p.read || v.Timestamp < p.oldest {
		p.read, p.oldest = true, v.Timestamp
	}
	if p.match != nil && !p.match.Match(v) {
		return true
	}
	r := Keep(p.tp, v)
	if p.sink.req.offsetsOnly {
		r.Key, r.Value, r.Headers = nil, nil, nil
	}
	p.records = append(p.records, r)
	p.bytes += len(r.Key) + len(r.Value)
	if len(p.records) >= 2*p.sink.req.N || p.bytes > p.sink.req.MaxBytes {
		p.letGo()
	}
	return true
}

// letGo drops the oldest beyond N records and MaxBytes.
func (p *newestPart) letGo() {
	drop := max(0, len(p.records)-p.sink.req.N)
	for i := range p.records {
		if i >= drop && (p.bytes <= p.sink.req.MaxBytes || i == len(p.records)-1) {
			break
		}
		p.bytes -= len(p.records[i].Key) + len(p.records[i].Value)
		p.floor = p.records[i].Offset + 1
		drop = max(drop, i+1)
	}
	p.records = slices.Delete(p.records, 0, drop)
}

func (p *newestPart) Skip(batch.Skip) {}

func (p *newestPart) Flush(state PartitionState) error {
	if p.sink.req.Progress != nil {
		p.sink.req.Progress(p.sink.looked.Add(state.Next - p.last))
	}
	p.last = state.Next
	return nil
}
