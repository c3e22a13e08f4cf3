package kafka

// Fetch sessions (KIP-227). Where a broker leads many partitions that are read,
// few of them have news. It remembers them all for a session; a request then
// names only what has changed, and an answer holds only what is new.

import "math"

// sessionLeast is how many partitions of one broker, with nothing new for a while,
// are worth a session. A broker has room for 1,000 by default, and lets one that
// was left behind stay for two minutes: who reads little, or briefly, goes without.
const sessionLeast = 256

// fetchSession is what one broker remembers of one reader. One request at a time
// belongs to it. Nil is a session that never begins.
type fetchSession struct {
	id    int32 // the broker's name for it; 0: it has none
	epoch int32 // of the next request; 0: that names everything and begins a session
	byID  bool  // topics are named by ID there
	parts []fetchPart
	asked []fetchPart // parts once the request on the wire is answered
}

// fetchNamed is what a request names of what is read.
type fetchNamed struct {
	session, epoch   int32
	parts, forgotten []fetchPart
}

// ask is what the next request names, so that all of parts are read. They are in
// order of topic and partition; turn is where a request that names all of them
// begins.
func (s *fetchSession) ask(parts []fetchPart, turn int, byID bool) fetchNamed {
	if s.byID != byID {
		s.epoch = 0 // a session cannot name topics in both ways (KIP-516)
	}
	s.byID, s.asked = byID, parts
	if s.epoch == 0 {
		return fetchNamed{session: s.id, epoch: 0, parts: turned(parts, turn)}
	}
	n := fetchNamed{session: s.id, epoch: s.epoch}
	for was := s.parts; len(was) > 0 || len(parts) > 0; {
		switch order := comparePart(was, parts); {
		case order < 0:
			n.forgotten = append(n.forgotten, was[0])
			was = was[1:]
		case order > 0:
			n.parts = append(n.parts, parts[0])
			parts = parts[1:]
		default:
			if was[0] != parts[0] {
				n.parts = append(n.parts, parts[0])
			}
			if was[0].topicID != parts[0].topicID && byID {
				n.forgotten = append(n.forgotten, was[0]) // to the broker it is another one
			}
			was, parts = was[1:], parts[1:]
		}
	}
	return n
}

// comparePart tells which of two lists names the next partition; less than zero:
// a, more: b.
func comparePart(a, b []fetchPart) int {
	switch {
	case len(b) == 0:
		return -1
	case len(a) == 0:
		return 1
	}
	return a[0].Compare(b[0].TopicPartition)
}

// answered takes the broker's answer to what was asked; cut: not all of it came.
func (s *fetchSession) answered(id int32, cut bool) {
	switch {
	case s == nil:
		return
	case cut:
		s.again()
		return
	case s.epoch == 0:
		s.id = id // 0: it keeps none for us; the next request names everything again
		if id != 0 {
			s.epoch = 1
		}
	case s.epoch == math.MaxInt32:
		s.epoch = 1
	default:
		s.epoch++
	}
	s.parts, s.asked = s.asked, nil
}

// refused tells whether the broker does not know the session, or not so. The
// next request then begins another.
func (s *fetchSession) refused(code int16) bool {
	if s == nil || s.epoch == 0 {
		return false
	}
	switch code {
	case codeFetchSessionIDNotFound, codeInvalidFetchSessionEpoch, codeFetchSessionTopicID:
		s.again()
		return true
	}
	return false
}

// again begins anew: what the broker took of the last request is not known. Its
// ID is told, so that the broker lets go of the old one.
func (s *fetchSession) again() {
	if s != nil {
		s.epoch, s.parts, s.asked = 0, nil, nil
	}
}

// turned is list, beginning at turn.
func turned(list []fetchPart, turn int) []fetchPart {
	return append(list[turn:len(list):len(list)], list[:turn]...)
}
