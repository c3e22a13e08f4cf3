package ui

import "milena/kafka"

// A session that sleeps: nobody looks at it, so it reads nothing and asks nothing,
// but it holds its rows and knows where to read on.

// What a session takes in memory beside its rows, in bytes.
const (
	sleepBytes  = 1 << 20 // at most: a page of the store that is not full
	sleepPart   = 1 << 10 // for a partition
	sleepMarker = 32      // for the marker of a transaction
	sleepHit    = 1 << 10 // for a hit that was not given yet, at least
	sleepReplay = 8 << 20 // for what waits to be replayed, at most
)

// sleep ends what a session does, until it is woken. False: it holds nothing yet; it
// had better end.
func (s *session) sleep() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.ready:
	default:
		return false
	}
	if s.older.busy && s.older.history {
		return false
	}
	if s.older.cancel != nil {
		s.older.cancel()
	}
	if s.play != nil { // its reading waits behind it
		s.play.Pause()
		return true
	}
	if s.search != nil && !s.ended.moving() {
		return true
	}
	s.start.held = nil // the store has them
	s.paused = true
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
	s.spawn(s.letGo)
	return true
}

// letGo gives back, once the reading has ended, the memory in which partitions
// collect records.
func (s *session) letGo() {
	if !s.settle(s.ctx) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil || !s.settledLocked() {
		return // it goes on already
	}
	for tp, p := range s.parts {
		if p.w.Len() == 0 {
			p.w = s.store.Writer(tp)
		}
	}
	s.letMergedGoLocked()
}

// wake goes on with what sleep ended, unless a person paused it.
func (s *session) wake(on bool) {
	s.mu.Lock()
	on = on && s.play == nil && (s.search == nil || s.ended.moving())
	s.mu.Unlock()
	if on {
		s.continueRead()
	}
	s.signal()
}

// beginAgain turns a session, of which no read is giving anything, to the topic that
// has the name of one that is gone: offsets begin anew there.
func (s *session) beginAgain(topic string, id [16]byte) {
	s.mu.Lock()
	for tp, p := range s.parts {
		if tp.Topic == topic {
			p.next, p.state, p.known = 0, untold, false
		}
	}
	s.mu.Unlock()
	sessionSink{s, s.ctx}.Event(kafka.Event{Kind: kafka.TopicRecreated, TopicPartition: kafka.TopicPartition{Topic: topic, Partition: -1}, TopicID: id})
}

// again is how the session begins once more: a search that was told to follow
// does.
func (s *session) again() start {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.start
	if st.search != nil && s.onward {
		q := *st.search
		q.after = true
		st.search = &q
	}
	return st
}

// heldAgain is held; no spans: it had better begin as it did.
func (s *session) heldAgain() ([]kafka.Span, []kafka.Waiting) {
	s.mu.Lock()
	first := s.start.search != nil || s.play != nil || s.older.busy && s.older.history
	s.mu.Unlock()
	if first {
		return nil, nil
	}
	return s.held()
}

// weight is about how many bytes a session holds.
func (s *session) weight() int64 {
	stats := s.store.Stats()
	n := stats.Bytes + min(sleepBytes, s.start.maxBytes/16)
	s.txns.mu.Lock()
	n += int64(s.txns.n) * sleepMarker
	s.txns.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	n += int64(len(s.parts)) * sleepPart
	if s.play != nil && !s.play.ended {
		n += sleepReplay
	}
	if s.search != nil {
		n += s.search.Progress().Waiting * max(sleepHit, stats.Bytes/int64(max(1, stats.Held)))
	}
	return n
}
