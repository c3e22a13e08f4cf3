package ui

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/query"
	"milena/store"
)

// A session reads one source from one position with one filter. Whatever a
// person does that changes one of these starts another session under a higher
// number; what still arrives from an older one is dropped.

// start is what a session begins with.
type start struct {
	from    kafka.Position
	newest  int                 // > 0: so many of the newest records, then what comes; from does not count
	spans   []kafka.Span        // not nil: read on from here; from does not count
	waiting []kafka.Waiting     // with spans: read once they can be
	ids     map[string][16]byte // with spans: of the topics that they are of, as far as they are known
	held    *kafka.Newest       // shown before what spans bring; nil: nothing
	query   *query.Query        // nil: everything
	label   string              // "newest 100", "from @14:05": how the header says it
	follow  bool                // the screen sticks to the newest

	markers bool        // markers and gaps have rows too
	off     switchedOff // is not read

	search *searching  // not nil: its hits are shown, and nothing is read on
	exact  *kafka.Span // this partition begins there, whatever from says
	before int         // so many older records are shown above what comes
	replay *replaying  // not nil: that is replayed, from where from and exact say

	maxBytes int64 // that are held
	maxRows  int
}

// Sizes of what a session takes at a time.
const (
	historyRecords = 100 // that a tail begins with
	olderRecords   = 200 // that scrolling up brings
	searches       = 8   // further ones, when a search brings too little
	publishBytes   = 512 << 10
	frame          = 33 * time.Millisecond // the least time between two pieces of news
)

// session is one reading under way. Its goroutines end with its context, and
// work waits for them.
type session struct {
	number int
	source Source
	start  start
	store  *store.Store
	txns   *transactions
	ctx    context.Context
	cancel context.CancelFunc
	work   *sync.WaitGroup // of the whole program
	guard  func()          // deferred in every goroutine: catches panics

	ready    chan struct{} // closed when it is known where to read
	changed  chan struct{} // news that the store does not know of
	lastNews time.Time     // of wait alone

	mu      sync.Mutex
	parts   map[kafka.TopicPartition]*partition
	low     map[kafka.TopicPartition]int64 // from here on everything that matches was shown
	ids     map[string][16]byte            // of the topics that are read, as far as they are known
	born    map[string]store.Seq           // where topics that were created again begin
	aside   aside                          // what is switched off
	stop    context.CancelFunc             // ends the read; nil: none is under way
	done    chan struct{}                  // closed when that read has ended
	paused  bool                           // no read shall be under way
	looking bool                           // a read looks first where its partitions end
	protect store.Seq
	seen    int64 // records that were looked at, history included
	live    int64 // records that came while it was read
	matched int64 // records that were kept
	events  []kafka.Event
	health  health
	err     error // what ended the reading
	older   older

	search     *kafka.Search // nil: it reads, or what to search is not known yet
	limit      int64         // of its hits
	ended      searchEnd
	onward     bool            // it follows when all is searched
	home       kafka.KeyHome   // of its key: Rest is what it left out
	whole      bool            // beside that, it leaves nothing out
	unsearched []kafka.Waiting // that it cannot read now

	merged *store.Writer // of ordered reads, one at a time; nil: there was none
	play   *playing      // nil: nothing is replayed
}

// health is what is amiss while a session reads.
type health struct {
	waiting map[kafka.TopicPartition]kafka.Waiting // read once they can be; nothing of them was read so far
	stuck   map[kafka.TopicPartition]error         // cannot be read now
	silent  map[string]error                       // brokers that do not answer, by address
	deleted map[string]bool                        // topics that are not there any more
}

func newHealth() health {
	return health{
		waiting: make(map[kafka.TopicPartition]kafka.Waiting), stuck: make(map[kafka.TopicPartition]error),
		silent: make(map[string]error), deleted: make(map[string]bool),
	}
}

// take notes what happened; false: it is no news.
func (h *health) take(e kafka.Event) (news bool) {
	switch tp := e.TopicPartition; e.Kind {
	case kafka.PartitionStuck:
		_, known := h.stuck[tp]
		h.stuck[tp] = e.Err
		if a := silentBroker(e.Err); a != "" {
			h.silent[a] = e.Err
		}
		return !known
	case kafka.PartitionBack:
		delete(h.silent, silentBroker(h.stuck[tp]))
		delete(h.stuck, tp)
		delete(h.waiting, tp)
	case kafka.BrokerLost:
		h.silent[e.Broker] = e.Err
	case kafka.BrokerBack:
		delete(h.silent, e.Broker)
	case kafka.TopicDeleted:
		h.deleted[tp.Topic] = true
	case kafka.TopicRecreated:
		delete(h.deleted, tp.Topic)
		maps.DeleteFunc(h.stuck, func(of kafka.TopicPartition, _ error) bool { return of.Topic == tp.Topic })
		maps.DeleteFunc(h.waiting, func(of kafka.TopicPartition, _ kafka.Waiting) bool { return of.Topic == tp.Topic })
	}
	return true
}

// again forgets what the next read finds out anew.
func (h *health) again() {
	maps.DeleteFunc(h.stuck, func(tp kafka.TopicPartition, _ error) bool {
		_, waits := h.waiting[tp]
		return !waits
	})
	clear(h.silent)
	clear(h.deleted)
	for _, w := range h.waiting {
		if a := silentBroker(w.Err); a != "" {
			h.silent[a] = w.Err
		}
	}
}

// silentBroker is the address of the broker that an error says did not answer;
// empty: it says something else.
func silentBroker(err error) string {
	var connect *kafka.ConnectError
	if errors.As(err, &connect) {
		return connect.Broker
	}
	return ""
}

// older is the search for records before those that are held.
type older struct {
	busy    bool
	history bool // the search that the session begins with
	read    int64
	atStart bool      // there is nothing older
	first   store.Seq // then, with atStart: what lay before it has been evicted when it is not the first row any more
	err     error
	cancel  context.CancelFunc
	rows    int // how many the last search put before the others
	refused *kafka.Newest
}

// partition is one partition's place in a session; it takes its records.
type partition struct {
	s     *session
	tp    kafka.TopicPartition
	match kafka.Matcher
	w     *store.Writer
	ctx   context.Context // of the read under way

	seen, matched int64        // since the last Flush
	live          int64        // the same, of those that came while it was read
	next          int64        // the offset after the last record that was taken
	at            int64        // that record's timestamp
	latest        int64        // the latest timestamp that was taken, unless it lies in the future
	future        int64        // where that began when it was last asked
	liveFrom      atomic.Int64 // where what comes while it is read begins; notLive: not known yet

	// What the session's lock guards: the same at the last Flush; before the
	// first one only where the reading begins.
	state kafka.PartitionState
	known bool
	waits int64 // offsets before those that were read, whose turn by time has not come
	shown int64 // what lies before was published; the next may wait for room
}

// untold is the state of a partition of which no broker has said anything.
var untold = kafka.PartitionState{LastStable: -1, LogStart: -1}

// notLive is where the live records of a partition begin of which it is not known
// where it ends.
const notLive = math.MaxInt64

func newSession(number int, src Source, st start, work *sync.WaitGroup, guard func()) *session {
	ctx, cancel := context.WithCancel(context.Background())
	s := &session{
		number: number, source: src, start: st, store: store.New(st.maxBytes, st.maxRows), txns: newTransactions(),
		ctx: ctx, cancel: cancel, work: work, guard: guard,
		ready: make(chan struct{}), changed: make(chan struct{}, 1),
		parts:   make(map[kafka.TopicPartition]*partition),
		low:     make(map[kafka.TopicPartition]int64),
		ids:     maps.Clone(st.ids),
		born:    make(map[string]store.Seq),
		protect: math.MaxInt64,
		health:  newHealth(),
	}
	if !st.follow || st.search != nil {
		s.setProtect(math.MinInt64)
	}
	if s.ids == nil {
		s.ids = make(map[string][16]byte)
	}
	if st.replay != nil {
		s.play = newPlaying(s)
	}
	return s
}

// begin starts reading.
func (s *session) begin() {
	if s.start.search != nil {
		s.beginSearch()
		return
	}
	if s.play != nil {
		s.beginReplay()
		return
	}
	s.spawn(func() {
		spans, newest := s.setAside(slices.Clone(s.start.spans)), s.start.newest
		s.await(s.start.waiting)
		if spans == nil {
			from := s.start.from
			if newest > 0 {
				from = kafka.Position{Kind: kafka.End}
			}
			var waiting []kafka.Waiting
			var err error
			spans, waiting, err = s.source.Spans(s.ctx, from)
			for i := range spans {
				if e := s.start.exact; e != nil && spans[i].TopicPartition == e.TopicPartition {
					spans[i] = *e
				}
			}
			spans = s.setAside(spans)
			s.await(waiting)
			if err == nil && newest > 0 && s.start.markers {
				// What lies between the records is wanted too: they are read on
				// to the end, from where the newest of them begin.
				spans, err = s.back(spans, newest)
				newest = 0
			}
			if err != nil {
				s.fail(err)
				return
			}
		}
		if s.start.held != nil {
			s.store.Append(s.start.held.Records)
		}
		atEnd := s.start.spans == nil && (newest > 0 || s.start.from.Kind == kafka.End)
		s.mu.Lock()
		for _, span := range spans {
			s.low[span.TopicPartition] = span.From
			s.txns.known(span.TopicPartition, span.From)
			p := s.partitionLocked(span.TopicPartition)
			p.next, p.state.Next, p.shown = span.From, span.From, span.From
			if atEnd {
				p.liveFrom.Store(span.From)
			}
		}
		if held := s.start.held; held != nil {
			for tp, from := range held.From {
				s.low[tp] = from
			}
			s.older.atStart = held.AtStart
			s.older.first, _ = s.store.Bounds()
			s.matched += int64(len(held.Records))
		}
		s.mu.Unlock()
		if newest > 0 {
			s.loadOlder(newest, true)
		} else if s.start.before > 0 {
			s.loadOlder(s.start.before, true)
		} else if held := s.start.held; held != nil {
			ctx, cancel := context.WithCancel(s.ctx)
			s.mu.Lock()
			s.older.cancel = cancel
			s.mu.Unlock()
			s.spawn(func() { s.readMarkers(ctx, held.Records) })
		}
		close(s.ready)
		s.resume()
	})
}

// await takes the partitions that cannot be read yet. Of a session that begins
// with the newest, their newest come when they can be.
func (s *session) await(waiting []kafka.Waiting) {
	for _, w := range s.setWaitingAside(waiting) {
		if s.start.newest > 0 {
			w.From = kafka.Position{Kind: kafka.LastEach, N: int64(s.start.newest)}
		}
		s.mu.Lock()
		s.health.waiting[w.TopicPartition] = w
		s.mu.Unlock()
		sessionSink{s, s.ctx}.Event(kafka.Event{Kind: kafka.PartitionStuck, TopicPartition: w.TopicPartition, Err: w.Err})
	}
}

// back moves spans to where the newest n records before them begin.
func (s *session) back(spans []kafka.Span, n int) ([]kafka.Span, error) {
	req := kafka.NewestRequest{Before: make(map[kafka.TopicPartition]int64, len(spans)), N: n}
	for _, span := range spans {
		req.Before[span.TopicPartition] = span.From
	}
	if s.start.query != nil {
		req.Match = s.start.query.Matcher
	}
	found, err := s.source.Newest(s.ctx, req)
	if err != nil {
		return nil, err
	}
	for i := range spans {
		if from, ok := found.From[spans[i].TopicPartition]; ok {
			spans[i].From = from
		}
	}
	return spans, nil
}

func (s *session) spawn(f func()) {
	s.work.Go(func() {
		defer s.guard()
		f()
	})
}

// end stops everything; the goroutines end on their own.
func (s *session) end() {
	s.cancel()
	s.store.Close()
}

func (s *session) fail(err error) {
	if err == nil || s.ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	s.signal()
}

func (s *session) signal() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// newsMsg says that a session has something new; what it is, is asked of it.
type newsMsg struct{ session int }

// wait is the command that waits for news. News comes at most once a frame,
// however much there is, and not at all when there is none.
func (s *session) wait() tea.Msg {
	select {
	case <-s.ctx.Done():
		return nil
	case <-s.store.Changed():
	case <-s.changed:
	}
	if !sleep(s.ctx.Done(), frame-time.Since(s.lastNews)) {
		return nil
	}
	s.lastNews = time.Now()
	return newsMsg{s.number}
}

// resume reads on from where each partition is.
func (s *session) resume() {
	s.mu.Lock()
	if s.stop != nil || s.paused || s.ctx.Err() != nil || !s.settledLocked() {
		s.mu.Unlock()
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan struct{})
	s.stop, s.done = cancel, done
	s.looking = s.search == nil && s.play == nil && len(s.parts) > 1 && s.missedLocked()
	s.mu.Unlock()
	s.spawn(func() {
		defer close(done)
		var err error
		switch {
		case s.search != nil:
			err = s.searchOn(ctx)
		case s.play != nil:
			err = s.replayOn(ctx)
		default:
			err = s.follow(ctx)
		}
		if ctx.Err() == nil && err != nil && !errors.Is(err, store.ErrClosed) {
			s.stopped(err)
		}
	})
}

// stopped notes what ended the reading; where it did stands in the flow.
func (s *session) stopped(err error) {
	s.mu.Lock()
	known := s.err != nil
	s.mu.Unlock()
	if !known {
		s.store.Note(store.Note{Kind: store.NoteEvent, Text: "stopped, retrying: " + sentence(err), Time: time.Now().UnixMilli()})
	}
	s.fail(err)
}

// tryAgain reads on from where an error ended the reading: what was refused may
// be allowed again. The error stays until there is an answer.
func (s *session) tryAgain() {
	s.mu.Lock()
	ended := s.err != nil && s.done != nil && s.settledLocked()
	if ended && s.stop != nil {
		s.stop()
		s.stop = nil
		s.notLiveLocked()
	}
	s.mu.Unlock()
	if ended {
		s.resume()
	}
}

// follow reads on from where each partition is: one topic in order of arrival,
// several by time.
func (s *session) follow(ctx context.Context) error {
	if err := s.publishLeft(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	req := s.onwardsLocked()
	s.health.again()
	s.mu.Unlock()
	s.signal()
	if severalTopics(req.Spans, req.Waiting) {
		return s.followOrdered(ctx, req)
	}
	if len(req.Spans) > 1 {
		err := s.catchUp(ctx, req)
		if another := new(kafka.TopicRecreatedError); errors.As(err, &another) {
			s.beginAgain(another.Topic, another.TopicID)
		} else if err != nil {
			return err
		}
		s.mu.Lock()
		req = s.onwardsLocked()
		s.mu.Unlock()
	}
	return s.source.Read(ctx, req, sessionSink{s, ctx})
}

// onwardsLocked asks for what comes after where each partition is.
func (s *session) onwardsLocked() kafka.ReadRequest {
	req := kafka.ReadRequest{
		Spans: make([]kafka.Span, 0, len(s.parts)), Waiting: slices.Collect(maps.Values(s.health.waiting)), TopicIDs: maps.Clone(s.ids),
	}
	for tp, p := range s.parts {
		if id := p.state.TopicID; id != [16]byte{} && id != s.ids[tp.Topic] { // it stands in the topic that had the name before
			p.next = 0
		}
		req.Spans = append(req.Spans, kafka.Span{TopicPartition: tp, From: p.next, To: kafka.NoEnd})
	}
	return req
}

// publishLeft publishes what the read before could not any more: the next one may
// go through other writers.
func (s *session) publishLeft(ctx context.Context) error {
	s.mu.Lock()
	parts := slices.Collect(maps.Values(s.parts))
	merged := s.merged
	s.mu.Unlock()
	if merged != nil {
		if err := merged.Publish(ctx); err != nil {
			return err
		}
	}
	for _, p := range parts {
		if err := p.w.Publish(ctx); err != nil {
			return err
		}
		s.mu.Lock()
		p.shown = p.next
		s.mu.Unlock()
	}
	return nil
}

// pause ends the read after what it has; resume goes on from there, so nothing
// is lost. It does not wait.
func (s *session) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = true
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// settledLocked says whether no read is under way, nor on its way out; whoever
// asked for the next one then waits for that.
func (s *session) settledLocked() bool {
	if s.done == nil {
		return true
	}
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// settle waits for a paused read to have ended; false: ctx or the session ended
// first, or it goes on already.
func (s *session) settle(ctx context.Context) bool {
	select {
	case <-s.ready:
	case <-s.ctx.Done():
		return false
	case <-ctx.Done():
		return false
	}
	s.mu.Lock()
	done, goesOn := s.done, s.stop != nil
	s.mu.Unlock()
	switch {
	case goesOn:
		return false
	case done == nil:
		return true
	}
	select {
	case <-done:
		return true
	case <-s.ctx.Done():
	case <-ctx.Done():
	}
	return false
}

// continueRead is resume after the paused read has ended, in the background.
func (s *session) continueRead() {
	s.mu.Lock()
	s.paused = false
	s.mu.Unlock()
	s.spawn(func() {
		if s.settle(s.ctx) {
			s.mu.Lock()
			if s.stop == nil {
				s.notLiveLocked()
			}
			s.mu.Unlock()
			s.resume()
		}
	})
}

// missedLocked says whether something may have come while nothing was read.
func (s *session) missedLocked() bool {
	for _, p := range s.parts {
		if p.liveFrom.Load() == notLive {
			return true
		}
	}
	return false
}

// notLiveLocked forgets where the live records begin: what came while nothing was
// read did not come now.
func (s *session) notLiveLocked() {
	for _, p := range s.parts {
		p.liveFrom.Store(notLive)
	}
}

// setProtect keeps rows from seq on; math.MaxInt64 keeps none.
func (s *session) setProtect(seq store.Seq) {
	s.mu.Lock()
	if s.start.search != nil {
		seq = math.MinInt64 // no hit is let go
	}
	changed := s.protect != seq
	s.protect = seq
	s.mu.Unlock()
	if changed {
		s.store.Protect(seq)
	}
}

// loadOlder looks for n records before those that are held and puts them there.
func (s *session) loadOlder(n int, history bool) {
	s.mu.Lock()
	if s.older.busy || s.atStartLocked() || s.start.search != nil {
		s.mu.Unlock()
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.older = older{busy: true, history: history, cancel: cancel}
	s.mu.Unlock()
	s.signal()
	s.spawn(func() {
		defer cancel()
		found, before, err := s.searchOlder(ctx, n)
		if s.addOlder(ctx, found, before, err) {
			s.readMarkers(ctx, found.Records)
		}
	})
}

// atStartLocked says whether there is nothing older than what is held; s.mu is held.
func (s *session) atStartLocked() bool {
	first, _ := s.store.Bounds()
	return s.older.atStart && first == s.older.first
}

// addOlder takes what a search for records older than a row found; true: it is held
// now.
func (s *session) addOlder(ctx context.Context, found *kafka.Newest, before store.Seq, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.signal()
	s.older.busy = false
	s.seen -= s.older.read // that was for progress: what did not fit is read once more
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.older.err = err
	default:
		if s.start.markers && len(found.Records) > 0 || !s.store.Prepend(found.Records, before) {
			if s.protect != math.MaxInt64 { // else nobody looks there any more: who does again has them looked for again
				s.older.refused = found
			}
			return false
		}
		for tp, from := range found.From {
			s.low[tp] = from
		}
		s.older.rows = len(found.Records)
		s.older.atStart = found.AtStart
		s.older.first, _ = s.store.Bounds()
		s.matched += int64(len(found.Records))
		if s.start.query == nil {
			s.seen += int64(len(found.Records))
		} else {
			for tp, to := range found.To {
				s.seen += to - found.From[tp]
			}
		}
		return true
	}
	return false
}

// heldUp tells what holds up the search for older records.
func (s *session) heldUp(e kafka.Event) {
	if e.Kind != kafka.PartitionStuck && e.Kind != kafka.BrokerLost {
		return
	}
	s.mu.Lock()
	s.events = append(s.events, e)
	s.mu.Unlock()
	s.signal()
}

// searchOlder looks for n records that are older than what is held, and says what its
// first row is.
func (s *session) searchOlder(ctx context.Context, n int) (*kafka.Newest, store.Seq, error) {
	low, first := s.lows()
	req := kafka.NewestRequest{Before: low, N: n, Event: s.heldUp}
	s.mu.Lock()
	maps.DeleteFunc(req.Before, func(tp kafka.TopicPartition, _ int64) bool { return s.health.deleted[tp.Topic] }) // nothing can be asked of it
	s.mu.Unlock()
	req.TopicIDs = s.topicIDs()
	if len(req.Before) == 0 {
		return &kafka.Newest{AtStart: true}, first, nil
	}
	if q := s.start.query; q != nil {
		req.Match = q.Matcher
		req.Progress = func(read int64) {
			s.mu.Lock()
			s.seen += read - s.older.read
			s.older.read = read
			s.mu.Unlock()
			s.signal()
		}
	}
	found, err := s.source.Newest(ctx, req)
	// Where timestamps go backwards, fewer come than were asked for: what lies
	// before them is the next search's.
	for range searches {
		if err != nil || found.AtStart || len(found.Records) >= n/2 {
			break
		}
		req.Before, req.N, req.Progress = found.From, n-len(found.Records), nil
		var more *kafka.Newest
		if more, err = s.source.Newest(ctx, req); err == nil {
			more.Records = append(more.Records, found.Records...)
			more.To = found.To
			found = more
		}
	}
	return found, first, err
}

// stopOlder ends the search; false: there is none.
func (s *session) stopOlder() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.older.busy {
		return false
	}
	s.older.cancel()
	return true
}

// lows are the offsets below which nothing is held, as long as the first row stays
// the first. Once rows were evicted they are asked of the rows themselves.
func (s *session) lows() (map[kafka.TopicPartition]int64, store.Seq) {
	first, next := s.store.Bounds()
	evicted := s.store.Stats().Evicted > 0
	s.mu.Lock()
	low := make(map[kafka.TopicPartition]int64, len(s.low))
	for tp, o := range s.low {
		low[tp] = o
	}
	if evicted {
		for tp, p := range s.parts {
			low[tp] = p.shown
		}
	}
	born := maps.Clone(s.born)
	s.mu.Unlock()
	if !evicted {
		return low, first
	}
	const step = 4096
	missing := len(low)
	found := make(map[kafka.TopicPartition]bool, len(low))
	var rows []store.Row
	from := first
	for from < next && missing > 0 {
		rows = s.store.Rows(from, step, 0, rows[:0])
		if len(rows) == 0 {
			break
		}
		for i := range rows {
			r := &rows[i]
			tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
			if r.Skip == nil && !found[tp] {
				found[tp] = true
				low[tp] = r.Offset
				if r.Seq < born[tp.Topic] { // of the topic that had the name before: all of this one is held
					low[tp] = 0
				}
				missing--
			}
		}
		from = rows[len(rows)-1].Seq + 1
	}
	return low, first
}

// partitionLocked finds or makes a partition; s.mu is held.
func (s *session) partitionLocked(tp kafka.TopicPartition) *partition {
	p := s.parts[tp]
	if p == nil {
		p = &partition{s: s, tp: tp, w: s.store.Writer(tp), state: untold}
		p.liveFrom.Store(notLive)
		if q := s.start.query; q != nil {
			p.match = q.Matcher(tp)
		}
		s.parts[tp] = p
	}
	return p
}

// readLocked is a partition that records come from. One that was added since the
// session began is read from its beginning.
func (s *session) readLocked(tp kafka.TopicPartition) *partition {
	if s.parts[tp] == nil {
		s.low[tp] = 0
	}
	return s.partitionLocked(tp)
}

// sessionSink is what one read of a session gives its records to.
type sessionSink struct {
	s   *session
	ctx context.Context
}

func (k sessionSink) Partition(tp kafka.TopicPartition) kafka.PartitionSink {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	p := k.s.readLocked(tp)
	p.ctx = k.ctx
	return p
}

// stuckSaid is how many partitions that cannot be read have a row of their own.
const stuckSaid = 100

// Event takes what happened on the way: it stands between the records, and
// among the notices.
func (k sessionSink) Event(e kafka.Event) {
	k.s.mu.Lock()
	_, waited := k.s.health.waiting[e.TopicPartition]
	news := k.s.health.take(e)
	many := len(k.s.health.stuck)
	if e.Kind == kafka.PartitionBack && waited {
		p := k.s.partitionLocked(e.TopicPartition)
		p.next, p.shown = e.From, e.From
		k.s.low[e.TopicPartition] = e.From
		k.s.older.atStart = false
		k.s.txns.known(e.TopicPartition, e.From)
	}
	if e.Kind == kafka.TopicRecreated {
		k.s.bornLocked(e.Topic, e.TopicID)
	}
	k.s.mu.Unlock()
	if e.Kind == kafka.PartitionStuck && many > stuckSaid || !news {
		return // the header says how many; or it is told again by the next read
	}
	kind := store.NoteEvent
	switch e.Kind {
	case kafka.OffsetsGone:
		kind = store.NoteOffsetsGone
	case kafka.TopicDeleted:
		kind = store.NoteTopicDeleted
	case kafka.TopicRecreated:
		kind = store.NoteTopicRecreated
		k.s.txns.forget(e.TopicPartition)
	}
	at := e.Time
	if at.IsZero() {
		at = time.Now()
	}
	k.s.store.Note(store.Note{
		Kind: kind, TopicPartition: e.TopicPartition, First: e.From, Last: e.To - 1,
		Text: e.String(), Time: at.UnixMilli(),
	})
	k.s.mu.Lock()
	k.s.events = append(k.s.events, e)
	k.s.mu.Unlock()
	k.s.signal()
}

// behind says whether a timestamp is much before one that was taken: clocks of
// producers differ, and some lie. After one from the future not all are behind.
func (p *partition) behind(ms int64) bool {
	if ms > p.future {
		p.future = time.Now().Add(aheadMost).UnixMilli()
	}
	if ms <= p.future {
		p.latest = max(p.latest, ms)
	}
	return ms >= 0 && p.latest-ms > kafka.DefaultWindow.Milliseconds()
}

// bornLocked says that a topic is another one from now on: its offsets begin with 0,
// and none of what is held lies before them. s.mu is held.
func (s *session) bornLocked(topic string, id [16]byte) {
	s.ids[topic] = id
	_, s.born[topic] = s.store.Bounds()
	for tp := range s.low {
		if tp.Topic == topic {
			s.low[tp] = 0
		}
	}
	for tp, p := range s.parts {
		if tp.Topic == topic {
			p.shown = 0
			p.liveFrom.Store(0)
		}
	}
	s.aside.again(topic)
}

// knowLocked notes of which topic what is read is; s.mu is held.
func (s *session) knowLocked(topic string, id [16]byte) {
	if _, known := s.ids[topic]; !known && id != [16]byte{} {
		s.ids[topic] = id
	}
}

// topicIDs are those of the topics that are read, as far as they are known.
func (s *session) topicIDs() map[string][16]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.ids)
}

// Record takes a record.
func (p *partition) Record(v *batch.View) bool {
	p.seen++
	if v.Offset >= p.liveFrom.Load() {
		p.live++
	}
	p.next, p.at = v.Offset+1, v.Timestamp
	behind := p.behind(v.Timestamp)
	if p.match == nil || p.match.Match(v) {
		p.matched++
		if behind {
			p.w.AddLate(v)
		} else {
			p.w.Add(v)
		}
		if p.w.Bytes() >= publishBytes {
			// An error is ctx's end, which Flush meets too; what was not
			// published stays in the writer and goes on after a pause.
			_ = p.w.Publish(p.ctx)
		}
	}
	return true
}

// Skip notes what could not be read; markers and gaps are no news, unless they
// are asked for.
func (p *partition) Skip(k batch.Skip) {
	p.next = k.Last + 1
	p.s.txns.skipped(p.tp, k)
	p.noteSkip(k, p.w.Note)
}

func (p *partition) noteSkip(k batch.Skip, note func(store.Note)) {
	n := store.Note{
		Kind: store.NoteCorrupt, TopicPartition: p.tp, First: k.First, Last: k.Last,
		Time: time.Now().UnixMilli(),
	}
	switch k.Kind {
	case batch.SkipCorrupt:
		n.Text = skipText(p.tp, k)
	case batch.SkipTooLarge:
		n.Kind, n.Text = store.NoteTooLarge, skipText(p.tp, k)
	default:
		if !p.s.start.markers {
			return
		}
		n.Kind, n.Text, n.Time = noteMarker, markerText(k), p.at
		if k.Kind == batch.SkipGap {
			n.Kind = noteGap
		} else if k.Batch != nil {
			n.Time = k.Batch.MaxTimestamp
		}
	}
	note(n)
}

// Flush publishes what was collected.
func (p *partition) Flush(state kafka.PartitionState) error {
	s := p.s
	p.next = state.Next
	s.mu.Lock()
	news := !p.known || p.state != state || p.seen > 0 || s.err != nil
	p.state.HighWatermark, p.known = state.HighWatermark, true // how far behind it is, though publishing may wait for room
	s.mu.Unlock()
	err := p.w.Publish(p.ctx)
	s.mu.Lock()
	s.err = nil
	p.state = state
	s.knowLocked(p.tp.Topic, state.TopicID)
	if err == nil {
		p.shown = state.Next
	}
	s.seen += p.seen
	s.live += p.live
	s.matched += p.matched
	p.seen, p.matched, p.live = 0, 0, 0
	p.liveFrom.CompareAndSwap(notLive, state.HighWatermark)
	s.mu.Unlock()
	if news {
		s.signal()
	}
	return err
}

func skipText(tp kafka.TopicPartition, k batch.Skip) string {
	text := "a corrupt batch"
	if k.Kind == batch.SkipTooLarge {
		text = "a batch that is too large"
	}
	text += " in partition " + itoa(int64(tp.Partition)) + ", offsets " + itoa(k.First)
	if k.Last > k.First {
		text += " to " + itoa(k.Last)
	}
	if k.Err != nil {
		text += ": " + k.Err.Error()
	}
	return text
}

// snapshot is what the screen knows of a session.
type snapshot struct {
	first, next   store.Seq
	stats         store.Stats
	seen, matched int64
	live          int64                          // of those seen, those that came while it was read
	held          int64                          // records among the rows
	lag           int64                          // records between where the reading is and the high watermarks
	partitions    int                            // that are read, or wait to be
	waiting       int                            // of these, not read yet
	ahead         int                            // of these, end before the offset that is waited for
	aheadEnd      int64                          // the highest of their ends
	unread        map[kafka.TopicPartition]error // partitions that cannot be read now, with why
	silent        map[string]error               // addresses of brokers that do not answer
	deleted       int                            // topics that are not there any more
	maxOffset     int64
	reading       bool
	blocked       bool // the store is full, and what is looked at stays
	err           error
	older         older
	search        *searchState // nil: there is none, or it has not begun
}

// look takes the session's figures, and the events since the last look.
func (s *session) look() (snapshot, []kafka.Event) {
	first, next := s.store.Bounds()
	stats := s.store.Stats()
	var search *searchState
	s.mu.Lock()
	defer s.mu.Unlock()
	older := s.older
	older.atStart = s.atStartLocked()
	if s.search != nil {
		search = &searchState{progress: s.search.Progress(), end: s.ended, onward: s.onward, home: s.home, waiting: s.unsearched}
	}
	n := snapshot{
		search: search,
		first:  first, next: next, stats: stats, held: int64(stats.Held - stats.Notes), seen: s.seen, live: s.live, matched: s.matched,
		partitions: len(s.parts) + len(s.health.waiting), waiting: len(s.health.waiting),
		unread: maps.Clone(s.health.stuck), silent: maps.Clone(s.health.silent), deleted: len(s.health.deleted),
		reading: s.stop != nil && (!s.looking || stats.Waiting) || search != nil, err: s.err, older: older,
		blocked: stats.Waiting,
	}
	for _, p := range s.parts {
		n.maxOffset = max(n.maxOffset, s.low[p.tp])
		if p.known {
			n.lag += max(0, p.state.HighWatermark-p.state.Next-p.waits)
			n.maxOffset = max(n.maxOffset, p.state.HighWatermark)
			if s.start.from.Kind == kafka.AtOffset && s.start.newest == 0 && p.state.Next == s.start.from.N && p.state.HighWatermark < p.state.Next {
				n.ahead++
				n.aheadEnd = max(n.aheadEnd, p.state.HighWatermark)
			}
		}
	}
	events := s.events
	s.events = nil
	return n, events
}

// readBeyond says whether all of a partition was published up to its end, and that
// offset with it.
func (s *session) readBeyond(tp kafka.TopicPartition, offset int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.parts[tp]
	return p != nil && p.known && p.shown > offset && p.shown >= p.state.HighWatermark
}

// positions are the offsets that a resumed read goes on from.
func (s *session) positions() map[kafka.TopicPartition]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := make(map[kafka.TopicPartition]int64, len(s.parts))
	for tp, p := range s.parts {
		at[tp] = p.state.Next
	}
	return at
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
