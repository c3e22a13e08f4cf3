package kafka

// Reading spans of partitions, for ever or to an end.
//
//	planner ── who leads what ──▶ fetcher (one a broker) ── stretches ──▶ workers ──▶ sink
//	(readplan.go)                 (readfetch.go)                          (readwork.go)
//
// A fetcher has one request on the wire and one answer being decoded: the next
// offset is known from the batch headers before anything is decompressed. Of a
// partition's stretches one is decoded at a time, by whichever worker is free,
// so its records stay in order while partitions are decoded in parallel.

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"milena/kafka/batch"
)

// NoEnd is the end of a span that is followed for ever.
const NoEnd int64 = math.MaxInt64

// Span is a stretch of one partition: From ≤ offset < To.
type Span struct {
	TopicPartition
	From, To int64
}

// ReadRequest says what to read.
type ReadRequest struct {
	Spans []Span
	// TopicIDs tell of which topics the spans' offsets are, as far as that is known
	// (KIP-516). Where another topic has the name by now, it is as one that is
	// created again while it is read.
	TopicIDs map[string][16]byte
	// Waiting are followed once they can be: each is told as stuck at first, and
	// as back with the offset where it begins. Where From is counted from the
	// end, nothing that was written since Read was called is passed over.
	Waiting   []Waiting
	Isolation Isolation
	// Grow reads partitions that are added to the spans' topics later, too, from
	// their beginning.
	Grow bool
	// Match, when not nil, reads topics that appear later and that it matches,
	// too, from their beginning, with all their partitions.
	Match func(*Topic) bool
	// Without, when not nil, tells which of the partitions that Grow and Match would
	// read are left out nevertheless.
	Without func(TopicPartition) bool
	// Workers decode at the same time; 0: as many as there are processors.
	Workers int

	// room, when not nil, tells how many bytes of a partition there is room for;
	// resume is told when there is more. With too little room it is not fetched
	// for now. room must not block.
	room   func(TopicPartition) int
	resume <-chan struct{}

	// deaf: nobody hears what happens. So what has an end, ends when it is held up for
	// long, with an error that says why.
	deaf bool

	sessions bool // whoever is read from keeps a session at once, however little it is
}

// PartitionState is how far a partition is read, and how far it reaches.
type PartitionState struct {
	Next          int64 // the offset that the reader goes on from; above HighWatermark it is waited for
	HighWatermark int64
	LastStable    int64 // -1: not known
	LogStart      int64 // -1: not known

	TopicID [16]byte // of the topic that these are offsets of; zero: the broker knows none
}

// PartitionSink takes one partition's records; its calls never overlap.
type PartitionSink interface {
	// Record and Skip are given what was found, in offset order. A Record that
	// returns false was not taken, and the whole Read ends.
	batch.Visitor
	// Flush comes after each stretch that was walked. Its error ends the Read.
	Flush(PartitionState) error
}

// Sink takes what a Read finds. Different partitions come from different
// goroutines at once.
type Sink interface {
	// Partition is called once for each partition, before anything of it.
	Partition(TopicPartition) PartitionSink
	// Event may come from any goroutine.
	Event(Event)
}

// How a Read paces itself.
const (
	fetchWait        = 500 * time.Millisecond // how long a broker may wait for news
	quietWait        = 2 * time.Second        // the same when it has had none for a while
	fetchMaxBytes    = 4 << 20                // of one answer, with few brokers
	partitionBytes   = 1 << 20                // of one partition in it
	roomLeast        = 16 << 10               // of one partition, where there is little room
	answersHeld      = 2                      // a broker's answers that are not decoded yet, the one on the wire included
	heldWait         = 20 * time.Millisecond  // the same when partitions are held that may be wanted any moment
	metadataInterval = 5 * time.Second        // between looks at the topics' metadata in quiet times
	stuckAfter       = 5 * time.Second        // before a partition in trouble is reported
)

// Read reads the spans until each position has reached its end, the sink says
// stop, or ctx ends (with ctx's error). It joins no group and commits nothing.
// Lost brokers, moved leaders, retention, and topics that are deleted or created
// again are told to the sink and gone on from, without losing or repeating a
// record; only a span that has an end fails when its topic is deleted, or with
// TopicRecreatedError when it is created again.
func (c *Cluster) Read(ctx context.Context, req ReadRequest, sink Sink) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &reader{
		c: c, req: req, sink: sink,
		cancel:   cancel,
		kick:     make(chan struct{}, 1),
		topics:   make(map[string]*readTopic),
		fetchers: make(map[int32]*fetcher),
		lost:     make(map[string]bool),
		began:    c.cfg.Now(),
		movedAt:  time.Now(),
	}
	r.ready.L = &r.mu
	for _, s := range req.Spans {
		if s.From < 0 {
			return fmt.Errorf("%s/%d: cannot read from offset %d", s.Topic, s.Partition, s.From)
		}
		if err := r.add(&readPart{TopicPartition: s.TopicPartition, next: s.From, walked: s.From, to: s.To}); err != nil {
			return err
		}
	}
	for i := range req.Waiting {
		w := &req.Waiting[i]
		if err := r.add(&readPart{TopicPartition: w.TopicPartition, to: NoEnd, waitsFor: w, stuckSaid: true}); err != nil {
			return err
		}
		r.event(Event{Kind: PartitionStuck, TopicPartition: w.TopicPartition, Err: w.Err})
	}
	if r.open == 0 && (!req.Grow || len(r.topics) == 0) && req.Match == nil {
		return nil
	}
	for name, id := range req.TopicIDs {
		if t := r.topics[name]; t != nil && id != [16]byte{} {
			t.id, t.known = id, true
		}
	}
	return r.run(ctx)
}

// add takes in a partition before the reading begins.
func (r *reader) add(p *readPart) error {
	t := r.topics[p.Topic]
	if t == nil {
		t = &readTopic{name: p.Topic, parts: make(map[int32]*readPart)}
		r.topics[p.Topic] = t
	}
	if t.parts[p.Partition] != nil {
		return fmt.Errorf("%s/%d is given twice", p.Topic, p.Partition)
	}
	p.leader, p.led, p.epoch, p.told = -1, -1, -1, untold
	t.parts[p.Partition] = p
	if p.next < p.to {
		r.open++
	} else {
		p.done = true
	}
	return nil
}

// reader is one Read under way.
type reader struct {
	c      *Cluster
	req    ReadRequest
	sink   Sink
	began  time.Time
	cancel context.CancelFunc
	kick   chan struct{} // asks the planner for a look at the metadata now
	wg     sync.WaitGroup

	mu       sync.Mutex // guards what follows, and the fields of topics and parts
	ready    sync.Cond  // runnable has changed, or the end has come
	topics   map[string]*readTopic
	fetchers map[int32]*fetcher
	lost     map[string]bool // addresses of brokers that do not answer
	runnable []*readPart     // have stretches, and no worker yet
	open     int             // partitions that have not reached their end
	placing  bool            // waiting partitions' offsets are being looked up
	ended    bool
	err      error
	movedAt  time.Time // when any partition was last read on
	trouble  error     // what was told last that holds it up
}

type readTopic struct {
	name   string
	id     [16]byte
	known  bool // seen in metadata
	misses int  // looks at the metadata in a row that did not find it
	gone   bool // said to be deleted
	later  bool // appeared while others were read: all of it is read
	parts  map[int32]*readPart
}

// readPart is one partition that is read.
type readPart struct {
	TopicPartition
	sink PartitionSink // used by its worker only

	topicID    [16]byte
	leader     int32
	led        int32 // the latest leader there was; -1: none was known
	epoch      int32
	next       int64 // the offset to fetch next
	to         int64
	generation int       // rises when the position was set anew
	retryAt    time.Time // not to be fetched before
	tries      int       // failures in a row
	stuckSince time.Time

	barrenSince time.Time // since when answers bring nothing that should be there
	stuckSaid   bool
	room        int      // for it, in bytes, when last asked; with ReadRequest.room
	wider       int      // doublings of what is asked of it, for large batches
	strays      int      // times in a row that its log did not have the position
	loose       int      // answers in a row that held bytes, and no batch of there
	stalls      int      // answers in a row that held bytes and moved nothing
	waiting     bool     // next is known only when the worker has walked the stretch
	waitsFor    *Waiting // not nil: where it begins is not known yet
	confirmed   bool     // an answer without an error came for a position of this generation
	done        bool

	stretches []stretch
	running   bool // a worker has it
	walked    int64
	walkedGen int
	told      PartitionState // what the last stretch in the queue carries
}

// untold is the state of a partition of which the sink has heard nothing; an
// empty one's is all zero.
var untold = PartitionState{HighWatermark: -1}

// stretch is a piece of a partition's log as one answer brought it.
type stretch struct {
	from       int64
	expected   int64 // where the batch headers say that the next one begins
	generation int
	raw        []byte
	aborted    []batch.AbortedTxn
	state      PartitionState
	skip       *batch.Skip // instead of raw: a batch that was cut off
	release    func()
}

func (r *reader) run(ctx context.Context) error {
	r.wg.Go(func() { r.plan(ctx) })
	workers := r.req.Workers
	if workers <= 0 {
		workers = min(runtime.GOMAXPROCS(0), runtime.NumCPU())
	}
	for range workers {
		r.wg.Go(r.work)
	}
	if r.req.resume != nil {
		r.wg.Go(func() { r.resume(ctx) })
	}
	stop := context.AfterFunc(ctx, func() { r.end(ctx.Err()) })
	defer stop()
	r.wg.Wait()
	return r.err
}

// resume wakes the fetchers when partitions need not be held any longer.
func (r *reader) resume(ctx context.Context) {
	for {
		select {
		case <-r.req.resume:
		case <-ctx.Done():
			return
		}
		r.mu.Lock()
		for _, f := range r.fetchers {
			f.tell()
		}
		r.mu.Unlock()
	}
}

// end makes err the result, unless there is one, and stops everything.
func (r *reader) end(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endLocked(err)
}

func (r *reader) endLocked(err error) {
	if r.ended {
		return
	}
	r.ended, r.err = true, err
	r.ready.Broadcast()
	r.cancel()
}

func (r *reader) event(e Event) {
	e.Time = r.c.cfg.Now()
	if e.Kind == BrokerLost || e.Kind == PartitionStuck {
		r.mu.Lock()
		r.trouble = e.trouble()
		r.mu.Unlock()
	}
	r.sink.Event(e)
}

func (r *reader) lookNow() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}
