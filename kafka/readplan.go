package kafka

// The planner of a Read: who leads what is read, as time goes by. It starts the
// fetchers, and finds out what became of topics: partitions that are added,
// leaders that move, topics that are deleted, created again, or appear.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// plan keeps the picture of who leads what, and a fetcher for each leader.
func (r *reader) plan(ctx context.Context) {
	r.mu.Lock()
	names := slices.Sorted(maps.Keys(r.topics))
	r.mu.Unlock()

	m := r.c.Metadata()
	fresh := r.c.cfg.Now().Sub(m.At) < metadataInterval && allKnown(m, names)
	if !fresh || !r.apply(ctx, m) || len(r.req.TopicIDs) > 0 { // which may be of others by now, though seconds have not passed
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
		r.heldUp()
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
	now := time.Now()
	var led []*readPart
	for _, t := range r.topics {
		for _, p := range t.parts {
			if p.waitsFor != nil && p.leader >= 0 && !t.gone && !now.Before(p.retryAt) {
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

// placeMost is how long it takes at most until it is tried again where a waiting
// partition begins.
const placeMost = 5 * time.Second

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
		// The metadata may be all right: it is not what is waited for.
		r.mu.Lock()
		p.tries++
		wait := min(placeMost, 100*time.Millisecond<<min(p.tries, 6))
		p.retryAt = time.Now().Add(wait)
		r.mu.Unlock()
		time.AfterFunc(wait, r.lookNow)
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
		for _, p := range t.parts {
			if !p.done && p.to != NoEnd {
				r.endLocked(&TopicRecreatedError{t.name, seen.ID})
				return nil
			}
		}
		events = append(events, Event{Kind: TopicRecreated, TopicPartition: TopicPartition{t.name, -1}, TopicID: seen.ID})
		for _, p := range t.parts {
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
