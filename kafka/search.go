package kafka

// A search of spans of partitions: what matches, in the order that was asked
// for, with a progress that can be looked at meanwhile.
//
// A search can be stopped at any record and goes on from there: all it is, is
// what is left of each span and what was found but not given out. Pausing is
// cancelling a Run, going on is the next Run.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// SearchOrder is the order that a search gives its hits in. In every order those
// of one partition come in its order, forwards or backwards.
type SearchOrder int8

// The orders of a search.
const (
	// OldestFirst reads every partition from its start on, side by side, and
	// gives hits as they are found: the fastest way, and no order among
	// partitions.
	OldestFirst SearchOrder = iota
	// NewestFirst reads backwards, in growing steps: the newest hits come first,
	// merged by time over the partitions.
	NewestFirst
	// ByTime reads forwards and merges by time over the partitions.
	ByTime
)

// String is the order's name on the command line.
func (o SearchOrder) String() string {
	switch o {
	case NewestFirst:
		return "newest"
	case ByTime:
		return "time"
	}
	return "oldest"
}

// SearchRequest says what to search, and for what.
type SearchRequest struct {
	// Spans are searched up to their ends; Cluster.Resolve makes them of
	// positions. None may be given twice or be without an end.
	Spans []Span
	// Match makes a matcher for a partition; nil: every record is a hit.
	Match     func(TopicPartition) Matcher
	Order     SearchOrder
	Isolation Isolation
	// Follow goes on when the ends are reached: with what comes, in order of
	// arrival, whatever Order says of what was there.
	Follow bool
	// Grow follows partitions that are added to the topics, too.
	Grow bool
	// Workers decode at the same time; 0: as many as there are processors.
	Workers int
	// Event, when not nil, is told at once what happens on the way, as SearchProgress
	// tells it later; from any goroutine.
	Event func(Event)

	deaf bool // as of a ReadRequest
}

// Search is one search. Its Progress may be looked at from any goroutine.
type Search struct {
	log   Log
	req   SearchRequest
	parts []*searchPart // by topic and partition

	running atomic.Bool
	limit   int64                // of this Run; ≤ 0: none
	give    func([]Record) error // of this Run; nil: hits are only counted
	taken   atomic.Int64         // hits in all that were given or are about to be
	stopped atomic.Bool          // this Run takes no more records
	held    int64                // bytes of hits that wait for their turn; the Run's own
	share   int64                // what one partition may add to it in a window
	giving  sync.Mutex           // one call of give at a time

	mu      sync.Mutex // guards what follows, and what searchPart says
	byTP    map[TopicPartition]*searchPart
	ids     map[string][16]byte // of the topics, as far as they are known: a search is many reads
	follows bool                // the ends are reached, and it goes on
	spent   time.Duration
	since   time.Time // a Run is under way from then on
	records int64
	bytes   int64
	untimed int64
	hits    int64
	waiting int64 // hits that were found and not given
	trouble []Trouble
	missed  int64
	events  []Event
	failed  error // of give
}

// NewSearch prepares a search of the cluster. It asks the cluster nothing.
func (c *Cluster) NewSearch(req SearchRequest) (*Search, error) {
	return NewSearch(c, req)
}

// NewSearch prepares a search of a log. It asks the log nothing.
func NewSearch(log Log, req SearchRequest) (*Search, error) {
	s := &Search{log: log, req: req, byTP: make(map[TopicPartition]*searchPart, len(req.Spans)), ids: make(map[string][16]byte)}
	for _, span := range req.Spans {
		switch {
		case s.byTP[span.TopicPartition] != nil:
			return nil, fmt.Errorf("%s/%d is given twice", span.Topic, span.Partition)
		case span.From < 0 || span.To == NoEnd:
			return nil, fmt.Errorf("%s/%d cannot be searched from offset %d to %d", span.Topic, span.Partition, span.From, span.To)
		}
		span.To = max(span.From, span.To)
		s.parts = append(s.parts, s.partLocked(span))
	}
	slices.SortFunc(s.parts, func(a, b *searchPart) int { return a.Compare(b.TopicPartition) })
	return s, nil
}

// Run searches on from where the Run before it ended, until everything is
// searched, limit hits were given in all (those of earlier Runs count, too; 0 or
// less: no limit), give fails (with its error), or ctx ends (with ctx's error,
// in less than 100 ms). To pause, cancel ctx; to go on, or to go on with a higher
// limit, Run again: each hit is given exactly once.
//
// give is called by one goroutine at a time, with hits that are its own; while
// it blocks, reading waits. Nil only counts. One Run at a time.
func (s *Search) Run(ctx context.Context, limit int64, give func(hits []Record) error) error {
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("this search is running already")
	}
	defer s.running.Store(false)
	s.mu.Lock()
	s.limit, s.give, s.since, s.failed = limit, give, time.Now(), nil
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.spent, s.since = s.spent+time.Since(s.since), time.Time{}
		s.mu.Unlock()
	}()
	s.stopped.Store(limit > 0 && s.taken.Load() >= limit)
	stop := context.AfterFunc(ctx, func() { s.stopped.Store(true) })
	defer stop()
	return s.run(ctx)
}

// Follow lets the next Run go on with what comes, as if the request had said so.
// No Run may be under way.
func (s *Search) Follow() { s.req.Follow = true }

// Left is what is not searched yet, when no Run is under way: all hits outside
// of it were given, none in it.
func (s *Search) Left() []Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []Span
	for _, p := range s.parts {
		if from, to := p.leftLocked(); from < to {
			left = append(left, Span{p.TopicPartition, from, to})
		}
	}
	return left
}

// SearchProgress is how far a search is.
type SearchProgress struct {
	Partitions []PartitionProgress // by topic and partition
	// Records and Bytes that were read, the latter as they lie in the log,
	// compressed. What had to be read again after a pause counts again.
	Records, Bytes int64
	Hits           int64 // that were given
	Waiting        int64 // hits that were found and whose turn to be given has not come
	// Trouble is what could not be searched, the first 1000 of it; Missed is how
	// many offsets all of it covers.
	Trouble []Trouble
	Missed  int64
	// Untimed counts records without a timestamp: in an order by time they stand
	// with those next to them.
	Untimed int64
	Events  []Event       // that happened on the way, the first 1000
	Elapsed time.Duration // of all Runs
	// Done: everything is searched. Following: and what comes is, too.
	Done, Following bool
}

// PartitionProgress is how far one partition is searched.
type PartitionProgress struct {
	TopicPartition
	From, To int64 // what is to be searched: From ≤ offset < To
	Searched int64 // offsets of that which are done
}

// Trouble is a stretch of offsets, both ends included, that could not be
// searched.
type Trouble struct {
	TopicPartition
	First, Last int64
	Kind        TroubleKind
	Err         error // why; nil when Gone
}

// TroubleKind says why offsets could not be searched.
type TroubleKind int8

// Why a stretch of offsets could not be searched.
const (
	Corrupt  TroubleKind = iota // its bytes do not parse, or their CRC is wrong
	TooLarge                    // a batch above the cap on its decompressed size
	Gone                        // retention passed it meanwhile
)

// String is a sentence.
func (t Trouble) String() string {
	where := fmt.Sprintf("%s/%d: offset %d", t.Topic, t.Partition, t.First)
	if t.Last > t.First {
		where = fmt.Sprintf("%s/%d: offsets %d to %d", t.Topic, t.Partition, t.First, t.Last)
	}
	if t.Kind == Gone {
		return where + " not searched: retention has deleted them meanwhile"
	}
	return fmt.Sprintf("%s not searched: %v", where, t.Err)
}

// Offsets is how many offsets are to be searched, and how many of them are.
func (p *SearchProgress) Offsets() (searched, all int64) {
	for i := range p.Partitions {
		searched += p.Partitions[i].Searched
		all += p.Partitions[i].To - p.Partitions[i].From
	}
	return searched, all
}

// Rate is bytes of the log a second; 0 before there is one.
func (p *SearchProgress) Rate() float64 {
	if p.Elapsed <= 0 {
		return 0
	}
	return float64(p.Bytes) / p.Elapsed.Seconds()
}

// TimeLeft is how long the rest will take at the rate so far; false: not known.
func (p *SearchProgress) TimeLeft() (time.Duration, bool) {
	searched, all := p.Offsets()
	if searched == 0 || p.Following {
		return 0, p.Done
	}
	return time.Duration(float64(p.Elapsed) * float64(all-searched) / float64(searched)), true
}

// Progress is how far the search is now.
func (s *Search) Progress() SearchProgress {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := SearchProgress{
		Partitions: make([]PartitionProgress, len(s.parts)),
		Records:    s.records, Bytes: s.bytes, Untimed: s.untimed, Hits: s.hits,
		Trouble: slices.Clone(s.trouble), Missed: s.missed, Events: slices.Clone(s.events), Waiting: s.waiting,
		Elapsed: s.spent, Done: s.waiting == 0, Following: s.follows,
	}
	if !s.since.IsZero() {
		p.Elapsed += time.Since(s.since)
	}
	for i, part := range s.parts {
		all, left := part.span.To-part.span.From, max(0, part.to-part.from)
		p.Partitions[i] = PartitionProgress{part.TopicPartition, part.span.From, part.span.To, all - left}
		p.Done = p.Done && left == 0
	}
	return p
}
