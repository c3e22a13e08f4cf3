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
	turn     int // rotates the order of partitions, so that none starves
	quiet    int // answers in a row that brought nothing

	idle    int           // the same of those that moved no partition; run's own
	session *fetchSession // of its requests; nil: each stands alone
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
		sent := time.Now()
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
			moved := f.hand(ctx, address, q, asked, parts, a)
			f.pause(ctx, q, sent, moved)
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

// hand gives the workers what an answer holds, and tells whether any partition moved
// on or is not to be asked again at once. The answer's token and buffer are free again
// when all of it is decoded.
func (f *fetcher) hand(ctx context.Context, address string, q *fetchRequest, asked []*readPart, parts []fetched, a *answer) (moved bool) {
	var left sync.WaitGroup
	left.Add(1)
	release := left.Done
	f.wg.Go(func() {
		left.Wait()
		f.c.buffers.put(a.buf)
		<-f.held
	})
	defer release()
	h := handing{fetcher: f, address: address, q: q, left: &left}
	for i := range parts {
		h.brought += len(parts[i].records)
	}
	named := 0
	for i := range parts {
		got := &parts[i]
		at, ok := h.asked(got.TopicPartition)
		if !ok {
			continue
		}
		named++
		if got.code != codeNone {
			f.refused(ctx, address, asked[at], q.parts[at].offset, got.code)
			h.moved = true // it waits before it is asked again
			continue
		}
		h.take(asked[at], &q.parts[at], got)
	}
	if q.session == nil && !a.truncated && named < len(asked) {
		h.unnamed(asked, parts)
	}
	f.mu.Lock()
	if f.quiet++; h.news {
		f.quiet = 0
	}
	f.mu.Unlock()
	return h.moved
}

// handing is an answer that is given to the workers.
type handing struct {
	*fetcher
	address string
	q       *fetchRequest
	left    *sync.WaitGroup // stretches of it that are not decoded
	brought int             // bytes of records in it
	news    bool            // there was something for the sink in it
	moved   bool
}

// asked is where a partition stands in the request.
func (h *handing) asked(tp TopicPartition) (at int, ok bool) {
	return slices.BinarySearchFunc(h.q.parts, tp, func(p fetchPart, tp TopicPartition) int { return p.Compare(tp) })
}

// unnamed is about partitions that were asked for and are not in the answer.
func (h *handing) unnamed(asked []*readPart, parts []fetched) {
	named := make(map[int]bool, len(parts))
	for i := range parts {
		if at, ok := h.asked(parts[i].TopicPartition); ok {
			named[at] = true
		}
	}
	for at, p := range asked {
		if named[at] {
			continue
		}
		offset := h.q.parts[at].offset
		h.mu.Lock()
		var e Event
		if p.next == offset && !p.done && !h.ended {
			_, _, e = h.barrenLocked(h.address, p, offset, nil, time.Now())
		}
		h.mu.Unlock()
		if e != (Event{}) {
			h.event(e)
		}
	}
}

// take gives the workers what came of one partition.
func (h *handing) take(p *readPart, asked *fetchPart, got *fetched) {
	offset := asked.offset
	if got.absurd != 0 {
		got.highWatermark = offset
	}
	h.mu.Lock()
	if p.next != offset || p.done || p.topicID != asked.topicID || h.ended {
		h.mu.Unlock()
		return
	}
	barren, leave, e := h.barrenLocked(h.address, p, offset, got, time.Now())
	if !barren && p.stuckSaid {
		p.stuckSaid = false
		e = Event{Kind: PartitionBack, TopicPartition: p.TopicPartition, From: offset}
	}
	h.mu.Unlock()
	if e != (Event{}) {
		h.event(e)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if p.next != offset || p.done || p.topicID != asked.topicID || h.ended {
		return
	}
	p.tries, p.confirmed = 0, true
	if !barren {
		p.strays = 0
		p.stuckSince = time.Time{}
	}
	if leave {
		return // what is there is no log: no offset is given up for it
	}
	if most := int(asked.maxBytes); len(got.records) == 0 && offset < got.highWatermark && h.brought+most <= int(h.q.maxBytes) && p.wider < 6 {
		p.wider++ // the batch there is larger than was asked for
		h.moved = true
	}
	s, ok := h.stretchLocked(p, got)
	if !ok {
		return
	}
	h.news = true
	if !barren && len(got.records) > 0 {
		h.moved, h.movedAt = true, time.Now()
	}
	h.left.Add(1)
	s.release = h.left.Done
	h.enqueueLocked(p, s)
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
	err := &Error{Code: code, Doing: fmt.Sprintf("reading %s/%d from broker %s", p.Topic, p.Partition, address), Broker: address, Topic: p.Topic, Partition: p.Partition}
	switch {
	case code == codeOffsetOutOfRange:
		f.outOfRange(ctx, address, p, offset)
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
	t := f.topics[p.Topic]
	unknown := code == codeUnknownTopicOrPartition || code == codeUnknownTopicID || code == codeInconsistentTopicID
	say := !(unknown && t != nil && (t.gone || t.misses > 0)) && p.stuckFor(now)
	f.mu.Unlock()
	if say {
		f.event(Event{Kind: PartitionStuck, TopicPartition: p.TopicPartition, Err: err})
	}
	f.lookNow()
}

// outOfRange moves a position that the log does not have: on to the start when
// retention has passed it, back to the end when the log was truncated.
func (f *fetcher) outOfRange(ctx context.Context, address string, p *readPart, offset int64) {
	tps := []TopicPartition{p.TopicPartition}
	starts, ends, err := f.c.Bounds(ctx, ReadUncommitted, tps)
	start, end := starts[p.TopicPartition], ends[p.TopicPartition]
	failed := errors.Join(err, start.Err, end.Err) != nil
	var e Event
	f.mu.Lock()
	now := time.Now()
	if p.strays++; p.next == offset && p.strays > 1 { // not the first time in a row
		p.retryAt = now.Add(min(5*time.Second, 50*time.Millisecond<<min(p.strays, 7)))
	}
	switch {
	case p.next != offset || p.done: // moved meanwhile
	case failed || offset >= start.Offset && offset <= end.Offset:
		// A new leader may not know yet how far it reaches (KIP-207).
		p.tries++
		p.retryAt = now.Add(backoff(p.tries))
		if p.stuckFor(now) {
			e = Event{Kind: PartitionStuck, TopicPartition: p.TopicPartition, Err: &Error{Code: codeOffsetOutOfRange,
				Doing: fmt.Sprintf("reading from broker %s at offset %d", address, offset), Broker: address, Topic: p.Topic, Partition: p.Partition}}
		}
	case offset < start.Offset:
		to := min(start.Offset, p.to)
		e = Event{Kind: OffsetsGone, TopicPartition: p.TopicPartition, From: offset, To: to}
		p.next = to
		f.enqueueLocked(p, stretch{from: to, generation: p.generation, release: func() {},
			state: PartitionState{HighWatermark: end.Offset, LastStable: -1, LogStart: start.Offset}})
	case !p.confirmed && p.to == NoEnd:
		// It was asked for before it is there: it is waited for.
		p.retryAt = now.Add(fetchWait)
		state := PartitionState{HighWatermark: end.Offset, LastStable: -1, LogStart: start.Offset}
		if p.told != state {
			p.told = state
			f.enqueueLocked(p, stretch{from: offset, generation: p.generation, release: func() {}, state: state})
		}
	case p.to != NoEnd && p.strays >= straysMost:
		f.endLocked(fmt.Errorf("%s/%d cannot be read up to offset %d: broker %s has said %d times in a row that offset %d is past the end, and now that the log ends at %d",
			p.Topic, p.Partition, p.to, address, p.strays, offset, end.Offset))
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
