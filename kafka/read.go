package kafka

// Reading spans of partitions, for ever or to an end.
//
//	planner ── who leads what ──▶ fetcher (one a broker) ── stretches ──▶ workers ──▶ sink
//
// A fetcher has one request on the wire and one answer being decoded: the next
// offset is known from the batch headers before anything is decompressed. Of a
// partition's stretches one is decoded at a time, by whichever worker is free,
// so its records stay in order while partitions are decoded in parallel.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
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

	sessions bool // whoever is read from keeps a session at once, however little it is
}

// PartitionState is how far a partition is read, and how far it reaches.
type PartitionState struct {
	Next          int64 // the offset that the reader goes on from; above HighWatermark it is waited for
	HighWatermark int64
	LastStable    int64 // -1: not known
	LogStart      int64 // -1: not known
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
// record; only a span that has an end fails when its topic is deleted.
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
	stuckSaid  bool
	room       int      // for it, in bytes, when last asked; with ReadRequest.room
	wider      int      // doublings of what is asked of it, for large batches
	stalls     int      // answers in a row that held bytes and moved nothing
	waiting    bool     // next is known only when the worker has walked the stretch
	waitsFor   *Waiting // not nil: where it begins is not known yet
	confirmed  bool     // an answer without an error came for a position of this generation
	done       bool

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
	r.sink.Event(e)
}

func (r *reader) lookNow() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// plan keeps the picture of who leads what, and a fetcher for each leader.
func (r *reader) plan(ctx context.Context) {
	r.mu.Lock()
	names := slices.Sorted(maps.Keys(r.topics))
	r.mu.Unlock()

	m := r.c.Metadata()
	if fresh := r.c.cfg.Now().Sub(m.At) < metadataInterval && allKnown(m, names); !fresh || !r.apply(ctx, m) {
		r.lookNow()
	}
	timer := time.NewTimer(metadataInterval)
	defer timer.Stop()
	tries := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.kick:
			// In trouble: soon, but not all the time.
			if sleep(ctx, min(time.Second, 50*time.Millisecond<<min(tries, 5))) != nil {
				return
			}
			tries++
		}
		m, err := r.look(ctx, names)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errClosed) {
			r.end(err)
			return
		}
		if err != nil {
			r.lookNow()
			continue
		}
		if r.apply(ctx, m) {
			tries = 0
		} else {
			r.lookNow()
		}
		timer.Reset(metadataInterval)
	}
}

// look asks for the metadata of the topics that are read, or of all when more
// topics may appear.
func (r *reader) look(ctx context.Context, names []string) (*Metadata, error) {
	if r.req.Match != nil {
		return r.c.Refresh(ctx)
	}
	return r.c.refreshTopics(ctx, names...)
}

// appear takes topics in that match and are not read yet.
func (r *reader) appear(m *Metadata) (events []Event) {
	if r.req.Match == nil {
		return nil
	}
	for i := range m.Topics {
		t := &m.Topics[i]
		if r.topics[t.Name] == nil && t.Err == nil && r.req.Match(t) {
			r.topics[t.Name] = &readTopic{name: t.Name, later: true, parts: make(map[int32]*readPart)}
			events = append(events, Event{Kind: TopicAppeared, TopicPartition: TopicPartition{t.Name, -1}})
		}
	}
	return events
}

func allKnown(m *Metadata, names []string) bool {
	for _, n := range names {
		if t := m.Topic(n); t == nil || t.Err != nil {
			return false
		}
	}
	return true
}

// apply takes over what the metadata says; false when something is amiss in it,
// so that it is worth another look soon.
func (r *reader) apply(ctx context.Context, m *Metadata) (calm bool) {
	calm = true
	now := time.Now()
	r.mu.Lock()
	events := r.appear(m)
	for _, t := range r.topics {
		seen := m.Topic(t.name)
		if seen != nil && seen.Err != nil {
			var refusal *Error
			if errors.As(seen.Err, &refusal) && refusal.Code != codeUnknownTopicOrPartition {
				calm = false
				if !retriable(refusal.Code) {
					r.endLocked(seen.Err)
				}
				continue
			}
			seen = nil
		}
		if seen == nil {
			calm = false
			events = append(events, r.missing(t)...)
			continue
		}
		events = append(events, r.present(t, seen, m)...)
		for _, p := range t.parts {
			// One that a re-created topic no longer has is not waited for.
			if !p.done && seen.Partition(p.Partition) != nil && (p.leader < 0 || m.Broker(p.leader) == nil) {
				calm = false
				if p.stuckFor(now) {
					events = append(events, Event{Kind: PartitionStuck, TopicPartition: p.TopicPartition, Err: ErrNoLeader})
				}
			}
		}
	}
	r.assign(ctx, m)
	r.place(ctx)
	r.mu.Unlock()
	for _, e := range events {
		r.event(e)
	}
	return calm
}

// stuckFor tells, once, that a partition in trouble has been so for long.
func (p *readPart) stuckFor(now time.Time) bool {
	if p.stuckSince.IsZero() {
		p.stuckSince = now
	}
	say := !p.stuckSaid && now.Sub(p.stuckSince) > stuckAfter
	p.stuckSaid = p.stuckSaid || say
	return say
}

// place looks up, beside the reading, where waiting partitions begin that have a
// leader now. The reader's lock is held.
func (r *reader) place(ctx context.Context) {
	var led []*readPart
	for _, t := range r.topics {
		for _, p := range t.parts {
			if p.waitsFor != nil && p.leader >= 0 && !t.gone {
				led = append(led, p)
			}
		}
	}
	if r.placing || len(led) == 0 {
		return
	}
	r.placing = true
	r.wg.Go(func() {
		for _, p := range led {
			r.placeOne(ctx, p)
		}
		r.mu.Lock()
		r.placing = false
		r.mu.Unlock()
	})
}

// placeOne lets a waiting partition begin, if its offsets can be looked up.
// Should that fail, the next look at the metadata tries again.
func (r *reader) placeOne(ctx context.Context, p *readPart) {
	r.mu.Lock()
	w, topicID := p.waitsFor, p.topicID
	r.mu.Unlock()
	if w == nil {
		return
	}
	from, err := r.find(ctx, p.TopicPartition, w.From)
	if err != nil {
		var refusal *Error
		if errors.As(err, &refusal) && !retriable(refusal.Code) {
			r.end(err)
		}
		r.lookNow()
		return
	}
	r.mu.Lock()
	current := p.waitsFor == w && p.topicID == topicID
	r.mu.Unlock()
	if !current {
		return
	}
	r.event(Event{Kind: PartitionBack, TopicPartition: p.TopicPartition, From: from})
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.waitsFor != w { // made anew since, from its beginning
		return
	}
	p.waitsFor, p.next, p.walked = nil, from, from
	p.stuckSince, p.stuckSaid = time.Time{}, false
	if f := r.fetchers[p.leader]; f != nil {
		f.tell()
	}
}

// find is where a waiting partition begins. What was written since the read
// began is wanted, though nobody can tell any more which offset was the end then:
// its time tells.
func (r *reader) find(ctx context.Context, tp TopicPartition, at Position) (int64, error) {
	positions := []Position{at}
	switch at.Kind {
	case End, LastEach, Last:
		positions = append(positions, Position{Kind: AtTime, Time: r.began})
	}
	from := NoEnd
	for _, p := range positions {
		spans, waiting, err := r.c.Resolve(ctx, []TopicPartition{tp}, p, nil, r.req.Isolation)
		switch {
		case err != nil:
			return 0, err
		case len(waiting) > 0:
			return 0, waiting[0].Err
		}
		from = min(from, spans[0].From)
	}
	return from, nil
}

// missing notes a topic that the metadata does not have. One look is not enough:
// a broker that has just started may not know it yet.
func (r *reader) missing(t *readTopic) []Event {
	t.misses++
	for _, p := range t.parts {
		p.leader = -1
	}
	if t.gone || t.misses < 2 {
		return nil
	}
	t.gone = true
	if bounded := slices.ContainsFunc(slices.Collect(maps.Values(t.parts)), func(p *readPart) bool { return !p.done && p.to != NoEnd }); bounded {
		r.endLocked(fmt.Errorf("topic %s was deleted while it was read", t.name))
	}
	return []Event{{Kind: TopicDeleted, TopicPartition: TopicPartition{t.name, -1}}}
}

// present takes over a topic's leaders, and notices whether it is still the same
// topic.
func (r *reader) present(t *readTopic, seen *Topic, m *Metadata) (events []Event) {
	recreated := t.known && (t.id != seen.ID || t.gone && seen.ID == [16]byte{})
	if recreated {
		events = append(events, Event{Kind: TopicRecreated, TopicPartition: TopicPartition{t.name, -1}})
		for _, p := range t.parts {
			if !p.done && p.to != NoEnd {
				r.endLocked(fmt.Errorf("topic %s was deleted and created again while it was read", t.name))
			}
			p.next, p.waiting, p.waitsFor, p.confirmed, p.stalls, p.told = 0, false, nil, false, 0, untold
			p.led = -1
			p.generation++
		}
	}
	var moved Event // one, however many a broker led that went down
	first := !t.known
	t.id, t.known, t.gone, t.misses = seen.ID, true, false, 0
	for _, sp := range seen.Partitions {
		p := t.parts[sp.ID]
		if p == nil {
			if !r.req.Grow && !t.later || r.req.Without != nil && r.req.Without(TopicPartition{t.name, sp.ID}) {
				continue
			}
			p = &readPart{TopicPartition: TopicPartition{t.name, sp.ID}, leader: -1, led: -1, to: NoEnd, told: untold}
			t.parts[sp.ID] = p
			r.open++
			if !first && !recreated {
				events = append(events, Event{Kind: PartitionAdded, TopicPartition: p.TopicPartition})
			}
		}
		p.topicID = seen.ID
		if p.leader != sp.Leader || p.epoch != sp.LeaderEpoch {
			p.leader, p.epoch = sp.Leader, sp.LeaderEpoch
			p.retryAt = time.Time{}
		}
		if p.leader >= 0 {
			if p.led >= 0 && p.led != p.leader && !p.done {
				moved = Event{Kind: LeaderMoved, TopicPartition: p.TopicPartition, From: p.next, Moved: moved.Moved + 1}
				if b := m.Broker(p.leader); b != nil {
					moved.Broker = b.Addr()
				}
			}
			p.led = p.leader
		}
	}
	if moved.Moved > 1 {
		moved.Partition, moved.Broker, moved.From = -1, "", 0
	}
	if moved.Moved > 0 {
		events = append(events, moved)
	}
	for id, p := range t.parts {
		if seen.Partition(id) == nil {
			p.leader = -1 // re-created with fewer; or not there yet
		}
	}
	return events
}

// assign gives each leader a fetcher, tells all of them, and takes back requests
// that wait at a broker which no longer leads what they ask for.
func (r *reader) assign(ctx context.Context, m *Metadata) {
	leaders := make(map[int32]int)
	for _, t := range r.topics {
		for _, p := range t.parts {
			if !p.done && p.leader >= 0 {
				leaders[p.leader]++
			}
		}
	}
	for id := range leaders {
		b := m.Broker(id)
		if b == nil {
			continue
		}
		f := r.fetchers[id]
		if f == nil {
			f = &fetcher{reader: r, id: id, news: make(chan struct{}, 1), held: make(chan struct{}, answersHeld)}
			r.fetchers[id] = f
			r.wg.Go(func() { f.run(ctx) })
		}
		f.address = b.Addr()
		f.brokers = len(leaders)
	}
	for id, f := range r.fetchers {
		if f.inFlight != nil && f.movedAway(id) {
			f.inFlight()
		}
		f.tell()
	}
}

// fetcher reads from one broker.
type fetcher struct {
	*reader
	id   int32
	news chan struct{}
	held chan struct{} // one token an answer that is not decoded yet

	// Guarded by reader.mu.
	address  string
	brokers  int // leaders in all, to share the memory
	wanted   []*readPart // what next found, in memory that it uses again
	asked    []*readPart // wanted, while the request is on the wire
	inFlight context.CancelFunc
	turn     int           // rotates the order of partitions, so that none starves
	quiet    int           // answers in a row that brought nothing
	session  *fetchSession // of its requests; nil: each stands alone
}

func (f *fetcher) tell() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// movedAway tells whether the request on the wire asks for a partition that
// another broker leads now. The reader's lock is held.
func (f *fetcher) movedAway(id int32) bool {
	return slices.ContainsFunc(f.asked, func(p *readPart) bool { return p.leader != id })
}

func (f *fetcher) run(ctx context.Context) {
	tries := 0
	for ctx.Err() == nil {
		select {
		case f.held <- struct{}{}:
		case <-ctx.Done():
			return
		}
		q, asked, again := f.next()
		if q == nil {
			<-f.held
			var timer <-chan time.Time
			if again > 0 {
				timer = time.After(again)
			}
			select {
			case <-f.news:
			case <-timer:
			case <-ctx.Done():
			}
			continue
		}
		call, cancel := context.WithCancel(ctx)
		f.mu.Lock()
		f.inFlight, f.asked = cancel, asked
		address := f.address
		f.mu.Unlock()
		overdue := time.AfterFunc(q.maxWait+2*time.Second, f.lookNow)
		parts, a, err := f.c.fetch(call, address, q)
		overdue.Stop()
		takenBack := call.Err() != nil
		cancel()
		f.mu.Lock()
		f.inFlight, f.asked = nil, nil
		f.mu.Unlock()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && takenBack:
			<-f.held
		case err != nil:
			<-f.held
			if f.failed(address, err) {
				return
			}
			tries++
			if sleep(ctx, backoff(tries)) != nil {
				return
			}
		default:
			tries = 0
			f.answered(address)
			f.hand(ctx, address, q, asked, parts, a)
		}
	}
}

// next makes the request for everything that this broker leads and that is
// wanted now; nil when that is nothing, with the time until it may be.
func (f *fetcher) next() (*fetchRequest, []*readPart, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	var again time.Duration
	wanted := f.wanted[:0]
	held := false
	for _, t := range f.topics {
		for _, p := range t.parts {
			if p.leader != f.id || p.done || p.waiting || p.waitsFor != nil || p.next >= p.to {
				continue
			}
			if wait := p.retryAt.Sub(now); wait > 0 {
				if again == 0 || wait < again {
					again = wait
				}
				continue
			}
			if f.req.room != nil {
				if p.room = f.req.room(p.TopicPartition); p.room < roomLeast {
					held = true
					continue
				}
			}
			wanted = append(wanted, p)
		}
	}
	f.wanted = wanted
	if len(wanted) == 0 {
		return nil, nil, again
	}
	slices.SortFunc(wanted, func(a, b *readPart) int { return a.Compare(b.TopicPartition) })
	if f.session == nil && (f.req.sessions || f.quiet > 0 && len(wanted) >= sessionLeast) {
		f.session = new(fetchSession)
	}
	// A broker fills an answer in the order of the request. Turning the list may
	// tear one topic in two; the protocol allows that. In a session the broker turns
	// it by itself.
	f.turn = (f.turn + 1) % len(wanted)
	q := &fetchRequest{
		turn:      f.turn,
		session:   f.session,
		maxWait:   min(quietWait, fetchWait<<min(f.quiet, 4)),
		minBytes:  1,
		maxBytes:  int32(max(256<<10, min(fetchMaxBytes, fetchBudget/(answersHeld*max(1, f.brokers))))),
		isolation: f.req.Isolation,
		parts:     make([]fetchPart, 0, len(wanted)),
	}
	if again > 0 {
		q.maxWait = min(q.maxWait, again)
	}
	if held {
		q.maxWait = min(q.maxWait, heldWait)
	}
	for _, p := range wanted {
		most := partitionBytes * max(1, 4/len(wanted))
		if f.req.room != nil {
			// A share that all fit into, so that none gets ahead of the others; more
			// only where a batch is larger.
			most = min(max(min(int(q.maxBytes)/len(wanted), p.room), roomLeast)<<p.wider, partitionBytes)
		}
		q.parts = append(q.parts, fetchPart{TopicPartition: p.TopicPartition, topicID: p.topicID,
			epoch: p.epoch, offset: p.next, maxBytes: int32(min(int(q.maxBytes), most))})
	}
	return q, wanted, 0
}

// failed notes a broker that could not be talked to; true when nothing will
// help.
func (f *fetcher) failed(address string, err error) (fatal bool) {
	var version *VersionError
	if errors.As(err, &version) || errors.Is(err, ErrReadOnly) || errors.Is(err, errClosed) {
		f.end(err)
		return true
	}
	var refusal *Error
	if errors.As(err, &refusal) && !retriable(refusal.Code) {
		f.end(err)
		return true
	}
	f.mu.Lock()
	first := !f.lost[address]
	f.lost[address] = true
	f.mu.Unlock()
	// What it speaks is asked again: it may come back as another version.
	f.c.spoken.Delete(address)
	if first {
		f.event(Event{Kind: BrokerLost, TopicPartition: TopicPartition{Partition: -1}, Broker: address, Err: err})
	}
	f.lookNow()
	return false
}

func (f *fetcher) answered(address string) {
	f.mu.Lock()
	was := f.lost[address]
	delete(f.lost, address)
	f.mu.Unlock()
	if was {
		f.event(Event{Kind: BrokerBack, TopicPartition: TopicPartition{Partition: -1}, Broker: address})
	}
}

// hand gives the workers what an answer holds. The answer's token and buffer are
// free again when all of it is decoded.
func (f *fetcher) hand(ctx context.Context, address string, q *fetchRequest, asked []*readPart, parts []fetched, a *answer) {
	var left sync.WaitGroup
	left.Add(1)
	release := left.Done
	f.wg.Go(func() {
		left.Wait()
		f.c.buffers.put(a.buf)
		<-f.held
	})
	defer release()
	quiet := true
	brought := 0
	for i := range parts {
		brought += len(parts[i].records)
	}
	for i := range parts {
		got := &parts[i]
		at, ok := slices.BinarySearchFunc(q.parts, got.TopicPartition, func(p fetchPart, tp TopicPartition) int { return p.Compare(tp) })
		if !ok {
			continue
		}
		p, offset := asked[at], q.parts[at].offset
		if got.code != codeNone {
			f.refused(ctx, address, p, offset, got.code)
			continue
		}
		f.mu.Lock()
		back := p.stuckSaid && p.next == offset
		p.stuckSaid = p.stuckSaid && !back
		f.mu.Unlock()
		if back {
			f.event(Event{Kind: PartitionBack, TopicPartition: p.TopicPartition, From: offset})
		}
		f.mu.Lock()
		if p.next == offset && !p.done && p.topicID == q.parts[at].topicID && !f.ended {
			p.tries, p.stuckSince, p.confirmed = 0, time.Time{}, true
			if most := int(q.parts[at].maxBytes); len(got.records) == 0 && offset < got.highWatermark && brought+most <= int(q.maxBytes) {
				p.wider = min(p.wider+1, 6) // the batch there is larger than was asked for
			}
			if s, ok := f.stretchLocked(p, got); ok {
				quiet = false
				left.Add(1)
				s.release = release
				f.enqueueLocked(p, s)
			}
		}
		f.mu.Unlock()
	}
	f.mu.Lock()
	if f.quiet++; !quiet {
		f.quiet = 0
	}
	f.mu.Unlock()
}

// stretchLocked is what an answer brought for p, and moves p on; false when
// there is nothing to tell.
func (f *fetcher) stretchLocked(p *readPart, got *fetched) (stretch, bool) {
	s := stretch{from: p.next, generation: p.generation, raw: got.records, aborted: got.aborted,
		state: PartitionState{HighWatermark: got.highWatermark, LastStable: got.lastStable, LogStart: got.logStart}}
	if len(got.records) == 0 {
		if p.told == s.state {
			return s, false
		}
		p.told = s.state
		return s, true
	}
	p.told = s.state
	next := batch.NextOffset(got.records, p.next)
	if next > p.next {
		p.next, p.stalls, s.expected = next, 0, next
		return s, true
	}
	if got.cut {
		if first, last, size, ok := cutBatch(got.records); ok && last >= p.next {
			s.raw = nil
			s.skip = &batch.Skip{Kind: batch.SkipTooLarge, First: max(first, p.next), Last: last,
				Err: fmt.Errorf("a batch of %d bytes is larger than the limit of %d MiB", size, batch.DefaultMaxBytes>>20)}
			p.next, p.stalls = last+1, 0
			return s, true
		}
	}
	// The bytes do not even show where they end. The walk will tell what can be
	// told; should it not move either, the offset is given up.
	p.stalls++
	p.waiting = true
	if p.stalls >= 3 {
		s.raw = nil
		s.skip = &batch.Skip{Kind: batch.SkipCorrupt, First: p.next, Last: p.next,
			Err: errors.New("the bytes there are not a record batch")}
		p.next, p.stalls, p.waiting = p.next+1, 0, false
	}
	return s, true
}

// enqueueLocked gives p's stretch to the workers.
func (r *reader) enqueueLocked(p *readPart, s stretch) {
	p.stretches = append(p.stretches, s)
	if !p.running {
		p.running = true
		r.runnable = append(r.runnable, p)
		r.ready.Signal()
	}
}

// refused handles an error code for one partition.
func (f *fetcher) refused(ctx context.Context, address string, p *readPart, offset int64, code int16) {
	err := &Error{Code: code, Doing: fmt.Sprintf("reading %s/%d", p.Topic, p.Partition), Broker: address, Topic: p.Topic, Partition: p.Partition}
	switch {
	case code == codeOffsetOutOfRange:
		f.outOfRange(ctx, p, offset)
		return
	case !retriable(code):
		f.end(err)
		return
	}
	f.mu.Lock()
	now := time.Now()
	p.tries++
	p.retryAt = now.Add(backoff(p.tries))
	// A topic that is gone has an event of its own.
	unknown := code == codeUnknownTopicOrPartition || code == codeUnknownTopicID || code == codeInconsistentTopicID
	say := !unknown && p.stuckFor(now)
	f.mu.Unlock()
	if say {
		f.event(Event{Kind: PartitionStuck, TopicPartition: p.TopicPartition, Err: err})
	}
	f.lookNow()
}

// outOfRange moves a position that the log does not have: on to the start when
// retention has passed it, back to the end when the log was truncated.
func (f *fetcher) outOfRange(ctx context.Context, p *readPart, offset int64) {
	tps := []TopicPartition{p.TopicPartition}
	starts, ends, err := f.c.Bounds(ctx, ReadUncommitted, tps)
	start, end := starts[p.TopicPartition], ends[p.TopicPartition]
	failed := errors.Join(err, start.Err, end.Err) != nil
	var e Event
	f.mu.Lock()
	switch {
	case p.next != offset || p.done: // moved meanwhile
	case failed || offset >= start.Offset && offset <= end.Offset:
		// A new leader may not know yet how far it reaches (KIP-207).
		p.tries++
		p.retryAt = time.Now().Add(backoff(p.tries))
	case offset < start.Offset:
		to := min(start.Offset, p.to)
		e = Event{Kind: OffsetsGone, TopicPartition: p.TopicPartition, From: offset, To: to}
		p.next = to
		f.enqueueLocked(p, stretch{from: to, generation: p.generation, release: func() {},
			state: PartitionState{HighWatermark: end.Offset, LastStable: -1, LogStart: start.Offset}})
	case !p.confirmed:
		// It was asked for before it is there: it is waited for.
		p.retryAt = time.Now().Add(fetchWait)
		state := PartitionState{HighWatermark: end.Offset, LastStable: -1, LogStart: start.Offset}
		if p.told != state {
			p.told = state
			f.enqueueLocked(p, stretch{from: offset, generation: p.generation, release: func() {}, state: state})
		}
	default:
		e = Event{Kind: LogTruncated, TopicPartition: p.TopicPartition, From: offset, To: end.Offset}
		p.next = end.Offset
		p.generation++
	}
	f.mu.Unlock()
	if e != (Event{}) {
		f.event(e)
	}
}

// work decodes stretches until the end.
func (r *reader) work() {
	d := batch.Decoder{Committed: r.req.Isolation == ReadCommitted}
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		for len(r.runnable) == 0 && !r.ended {
			r.ready.Wait()
		}
		if r.ended {
			r.releaseLocked()
			return
		}
		p := r.runnable[0]
		r.runnable = r.runnable[1:]
		for len(p.stretches) > 0 && !r.ended {
			s := p.stretches[0]
			p.stretches = p.stretches[1:]
			r.walkLocked(&d, p, s)
		}
		p.running = false
		if r.ended {
			for _, s := range p.stretches {
				s.release()
			}
			p.stretches = nil
		}
	}
}

// releaseLocked lets go of what nobody will decode any more.
func (r *reader) releaseLocked() {
	for _, p := range r.runnable {
		for _, s := range p.stretches {
			s.release()
		}
		p.stretches = nil
	}
	r.runnable = nil
}

// walkLocked decodes one stretch, without the lock, and notes what came of it.
func (r *reader) walkLocked(d *batch.Decoder, p *readPart, s stretch) {
	if p.walkedGen != s.generation {
		p.walkedGen, p.walked = s.generation, s.from
	}
	from := max(p.walked, s.from)
	to := p.to
	r.mu.Unlock()

	if p.sink == nil {
		p.sink = r.sink.Partition(p.TopicPartition)
	}
	next, more := from, true
	if s.skip != nil {
		p.sink.Skip(*s.skip)
		next = s.skip.Last + 1
	} else if len(s.raw) > 0 {
		next, more = d.Walk(s.raw, from, to, s.aborted, p.sink)
	}
	s.state.Next = next
	err := p.sink.Flush(s.state)
	s.release()

	r.mu.Lock()
	p.walked = next
	if current := s.generation == p.generation && len(s.raw) > 0; current && (p.waiting || next != s.expected && next < p.to) {
		// The headers could not tell, or lied: what was fetched after this is
		// fetched again, from where the walk came to.
		for _, later := range p.stretches {
			later.release()
		}
		p.stretches = nil
		p.waiting, p.next = false, next
		if f := r.fetchers[p.leader]; f != nil {
			f.tell()
		}
	}
	switch {
	case err != nil:
		r.endLocked(err)
	case !more:
		r.endLocked(nil)
	case next >= p.to && !p.done:
		p.done = true
		if r.open--; r.open == 0 {
			r.endLocked(nil)
		}
	}
}
