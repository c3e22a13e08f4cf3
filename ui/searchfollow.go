package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
)

// A search that goes on with what comes. It begins where the partitions ended
// when the search did, so nothing is lost between the two and nothing comes
// twice. What comes stands below the other hits, in order of arrival, also where
// those were found from the newest back.

// followOn lets the session's search follow when everything is searched; where
// that is so already, at once.
func (s *session) followOn() {
	s.mu.Lock()
	s.onward = true
	again := s.ended == searchDone
	if again {
		s.ended, s.stop = searchFollows, nil
	}
	s.mu.Unlock()
	if again {
		s.continueRead()
	}
}

// searchFollowing searches what comes, until ctx ends or hits have no room. There
// is no limit: who follows wants to see what comes.
func (s *session) searchFollowing(ctx context.Context) error {
	s.search.Follow()
	s.signal()
	return s.search.Run(ctx, 0, s.takeHits)
}

// followHits goes on with what comes.
func (m *Model) followHits() tea.Cmd {
	m.tail.session.followOn()
	if s := m.tail.snap.search; s != nil {
		s.onward = true
		if s.end == searchDone {
			s.end = searchFollows
			return m.goEnd()
		}
	}
	return nil
}

// followHitsOff is why a search cannot follow; empty: it can.
func (m *Model) followHitsOff() string {
	t := &m.tail
	switch {
	case !t.searched():
		return "no search is running: S starts one"
	case m.opt.File != "":
		return "a file gets no new messages"
	case t.session.start.search.to != nil && t.session.start.search.to.Kind != kafka.End:
		return "the search has an end: it has no new messages"
	case t.snap.search != nil && t.snap.search.end == searchFull:
		return "memory is full"
	case t.snap.search != nil && t.snap.search.onward:
		return "already following"
	}
	return ""
}
