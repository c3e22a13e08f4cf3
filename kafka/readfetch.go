package kafka

// The fetchers of a Read: one a broker, which asks it for everything that it leads
// and hands what came to the workers.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"milena/human"
	"milena/kafka/batch"
)

// fetcher reads from one broker.
type fetcher struct {
	*reader
	id   int32
	news chan struct{}
	held chan struct{} // one token an answer that is not decoded yet

	// Guarded by reader.mu.
	address  string
	brokers  int         // leaders in all, to share the memory
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
				Err: fmt.Errorf("a batch of %s is larger than the limit of %s", human.Bytes(int64(size)), human.Bytes(batch.DefaultMaxBytes))}
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
