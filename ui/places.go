package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/store"
)

// Places that one has been at: [ goes back and ] on again, as in a browser, and a
// topic that is opened once more is as it was left.
//
// A place is a reading: another topic, another time, a search, a trace, the
// record around a hit. Moving about in what is held makes no new one, and what is
// changed where one is – filter, markers, pause – changes that place; steps along
// the timeline in a row are one. Leaving hits with esc is going back, so that
// they stay ahead.
//
// A session that is left sleeps: it reads nothing, asks nothing and ticks nothing,
// but what it holds is there when one comes back, and it reads on from where it
// was. Those left last are kept while they fit into a bound; of the others it is
// remembered how to read the same again.

// Bounds of what is remembered.
const (
	placesMost  = 50             // one can go back to
	placesKept  = 2 * placesMost // with those that only their topics lead back to
	placesShare = 4              // sleeping sessions hold as much as a tail does, divided by this
)

// places are those, in the order in which one went there.
type places struct {
	all  []*visit
	at   int      // the one that the tail is at
	left []*visit // all others, the one left last at the end; and those cut off, for their topics
	most int64    // bytes that their sessions hold together
}

// visit is a place, as it was left.
type visit struct {
	tail  tail // its session is nil where it had to end
	again start
	seek  *place              // the row that the cursor was on
	deaf  bool                // nobody waits for the session's news
	ids   map[string][16]byte // of the topics
}

// stood is how the tail stood at a row.
type stood struct {
	above  store.Seq // rows in sight above it
	newer  store.Seq // rows from it on when it stopped following; noSeq: it never followed
	ms     int64     // the row's timestamp; -1: it has none
	follow bool
	paused bool
	again  bool // it stands there again, and waits for the rows around it
}

// off is why one cannot go that many places on; empty: one can.
func (p *places) off(by int) string {
	if at := p.at + by; at < 0 || at >= len(p.all) {
		return "there is none"
	}
	return ""
}

func placesOff(by int) func(*Model) string {
	return func(m *Model) string { return m.places.off(by) }
}

// lately is the last reading of topics that was left; nil: there is none. Hits and
// replays are no such, they are gone back to.
func (p *places) lately(topics []string, like *topicsLike) *visit {
	for i := len(p.left) - 1; i >= 0; i-- {
		if v := p.left[i]; !v.passing() && v.tail.opened(topics, like) {
			return v
		}
	}
	return nil
}

// opened says whether a tail is that of topics, or of what they were opened by.
func (t *tail) opened(topics []string, like *topicsLike) bool {
	if t.like == nil || like == nil {
		return t.like == like && slices.Equal(t.topics, topics)
	}
	return slices.Equal(t.like.texts, like.texts)
}

// passing says whether hits were shown there, or a replay.
func (v *visit) passing() bool {
	st := &v.again
	if s := v.tail.session; s != nil {
		st = &s.start
	}
	return st.search != nil || st.replay != nil
}

// unheard notes that nobody waits for a session's news any more.
func (p *places) unheard(number int) {
	for _, v := range p.left {
		if s := v.tail.session; s != nil && s.number == number {
			v.deaf = true
		}
	}
}

// forget ends all that sleep.
func (p *places) forget() {
	for len(p.left) > 0 {
		p.drop(p.left[0])
	}
	*p = places{most: p.most}
}

// drop forgets a place that was left.
func (p *places) drop(v *visit) {
	if s := v.tail.session; s != nil {
		s.end()
	}
	p.left = without(p.left, v)
}

// cut takes away some places, that one cannot step to any more. One that its
// topics lead back to is remembered for them.
func (p *places) cut(from, to int) {
	for _, v := range p.all[from:to] {
		if v.passing() || p.lately(v.tail.topics, v.tail.like) != v {
			p.drop(v)
		}
	}
	p.all = slices.Delete(p.all, from, to)
}

// bound keeps what is remembered within its bounds.
func (p *places) bound() {
	if len(p.all) > placesMost {
		p.cut(0, 1)
		p.at--
	}
	for len(p.left) > placesKept {
		p.drop(p.left[slices.IndexFunc(p.left, func(v *visit) bool { return !slices.Contains(p.all, v) })])
	}
	room := p.most
	for i := len(p.left) - 1; i >= 0; i-- {
		v := p.left[i]
		if v.tail.session == nil {
			continue
		}
		if n := v.tail.session.weight(); n <= room {
			room -= n
		} else {
			v.end()
		}
	}
}

func without(vs []*visit, v *visit) []*visit {
	if i := slices.Index(vs, v); i >= 0 {
		return slices.Delete(vs, i, i+1)
	}
	return vs
}

// shows says whether topics are open and well, so that there is nothing to open.
func (t *tail) shows(topics []string, like *topicsLike) bool {
	return t.session != nil && !t.searched() && !t.played() && t.snap.err == nil && t.snap.deleted == 0 && t.opened(topics, like)
}

// same says whether two readings begin at the same place.
func (st *start) same(as *start) bool {
	return st.search == nil && as.search == nil && st.replay == nil && as.replay == nil && st.spans == nil && as.spans == nil && st.newest == as.newest && st.from == as.from &&
		(st.exact == as.exact || st.exact != nil && as.exact != nil && *st.exact == *as.exact)
}

// goOff begins to read topics at another place; the one before can be gone back
// to.
func (m *Model) goOff(st start, topics ...string) tea.Cmd {
	if s := m.tail.session; s == nil || !slices.Equal(m.tail.topics, topics) || !st.same(&s.start) {
		m.newPlace(new(visit))
	}
	m.turnTo(topics...)
	return m.startSession(st)
}

// newPlace makes a place of v, behind the one that the tail is at and leaves.
func (m *Model) newPlace(v *visit) {
	p := &m.places
	if m.tail.session != nil {
		if len(p.all) == 0 {
			p.all = append(p.all, new(visit))
		}
		m.leavePlace()
		p.at++
	}
	p.cut(p.at, len(p.all))
	p.all = append(p.all, v)
	p.bound()
}

// leavePlace lets the session sleep, and remembers how the tail stands. The tail
// has no session then.
func (m *Model) leavePlace() {
	p, t := &m.places, &m.tail
	v, s := p.all[p.at], t.session
	t.preview, t.rows = filterPreview{}, nil
	*v = visit{tail: *t, ids: m.topicIDs(t.topics, v.ids)}
	v.tail.asking, v.tail.find.busy = false, 0
	t.session = nil
	p.left = append(p.left, v)
	if !s.sleep() {
		v.end()
	}
}

// end ends a place's session; how to begin anew what it shows is remembered.
func (v *visit) end() {
	t := &v.tail
	s := t.session
	if s == nil {
		return
	}
	v.again, v.seek = s.again(), t.seek
	if spans, waiting := s.heldAgain(); spans != nil {
		v.again = s.onFrom(spans, waiting)
		v.again.from = s.start.from
	}
	v.again.follow = t.follow
	if s.play != nil { // it is played again, from its beginning
		again := *s.start.replay
		again.speed = s.play.State().Speed
		v.again.replay = &again
		v.again.follow, t.follow, v.seek = s.start.follow, s.start.follow, nil
	} else if v.seek == nil {
		v.seek = t.standing()
	} else {
		v.seek = v.seek.anew()
	}
	s.end()
	t.session = nil
}

// anew is a place in a reading whose rows get other numbers.
func (p *place) anew() *place {
	to := *p
	to.from = 0
	if p.stood != nil {
		k := *p.stood
		k.again = false
		to.stood = &k
	}
	return &to
}

// endUnlessSettled ends a session whose last reading has not ended yet, and one
// that searches on: its offsets are the search's own.
func (v *visit) endUnlessSettled() {
	s := v.tail.session
	if s == nil {
		return
	}
	s.mu.Lock()
	settled := s.settledLocked() && (s.search == nil || !s.ended.moving())
	s.mu.Unlock()
	if !settled {
		v.end()
	}
}

// standing is the row that the cursor is on, or the next one that is a record, and
// how the tail stands there; nil: it follows, or holds none.
func (t *tail) standing() *place {
	if t.follow && !t.paused {
		return nil
	}
	at := &place{stood: &stood{above: t.cursor - t.top, newer: noSeq, follow: t.follow, paused: t.paused}}
	record := func(r *kafka.Record) bool {
		at.tp, at.offset = kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}, r.Offset
		at.stood.ms = r.Timestamp
		return true
	}
	if _, ok := t.session.store.Find(record, t.cursor, -1); !ok {
		if _, ok = t.session.store.Find(record, t.cursor, 1); !ok {
			return nil
		}
	}
	if t.left != noSeq {
		at.stood.newer = t.left - t.cursor
	}
	return at
}

// standAgain makes the tail stand at the cursor's row as it did; false: more rows
// are to come before it can.
func (t *tail) standAgain(m *Model, k *stood) bool {
	t.top = t.cursor - k.above
	top := t.top
	t.left = noSeq
	if k.newer != noSeq {
		t.left = t.cursor + k.newer
	}
	t.follow, k.again = k.follow, true
	t.clamp(m)
	t.hold()
	whole := k.follow || t.snap.first <= top && t.snap.next >= top+store.Seq(t.height(m))
	if !whole && (t.snap.lag > 0 || t.searching() || t.snap.older.busy) {
		return false
	}
	t.pauseAgain(k)
	return true
}

// pauseAgain pauses if the tail was paused where it stood.
func (t *tail) pauseAgain(k *stood) {
	if k != nil && k.paused && !t.allSearched() {
		t.paused, t.waiting = true, -1
		t.session.pause()
	}
}

// stepPlace goes back to an earlier place, or on to a later one.
func (m *Model) stepPlace(by int) tea.Cmd {
	p := &m.places
	m.leavePlace()
	p.at += by
	cmd := m.comeBack(p.all[p.at], fmt.Sprintf("place %d of %d: ", p.at+1, len(p.all)))
	p.bound()
	return cmd
}

// reopen goes to a place of before as to a new one.
func (m *Model) reopen(v *visit) tea.Cmd {
	p := &m.places
	p.left = without(p.left, v)
	if i := slices.Index(p.all, v); i >= 0 {
		p.all = slices.Delete(p.all, i, i+1)
		if i < p.at {
			p.at--
		}
	}
	m.newPlace(v)
	return m.comeBack(v, "back at ")
}

// comeBack makes the tail what it was at a place, reads on, and says where it is.
func (m *Model) comeBack(v *visit, say string) tea.Cmd {
	p, t := &m.places, &m.tail
	p.left = without(p.left, v)
	gone, others := m.otherTopics(v.ids)
	if len(others) > 0 {
		v.endUnlessSettled()
	}
	m.over = nil
	m.setFocus(paneTail)
	m.topics.selectName(v.tail.topic)
	m.turnTo(v.tail.topics...)
	mode := t.mode
	*t = v.tail
	v.tail = tail{}
	t.mode, t.resized, t.rate = mode, true, rate{}
	t.rate.begin(time.Now())
	cmds := []tea.Cmd{m.recall(), m.recallQueries()}
	s := t.session
	if s == nil {
		st, seek := v.again, v.seek
		if len(others) > 0 && st.search == nil { // those offsets are no more
			st, seek = newest100(), nil
			st.query, st.markers = v.again.query, v.again.markers
		}
		cmds = append(cmds, m.startSession(st))
		t.seek = seek
		m.note(levelInfo, say+m.placeText())
		for name := range others {
			m.note(levelWarn, "topic "+name+" was deleted and created again: its loaded messages are gone")
		}
	} else {
		for name, id := range others {
			s.beginAgain(name, id)
		}
		s.wake(!t.paused)
		m.note(levelInfo, say+m.placeText())
		if v.deaf {
			cmds = append(cmds, s.wait)
		}
		if t.paused {
			t.waiting = -1
			cmds = append(cmds, m.askWaiting())
		}
	}
	for _, name := range gone {
		m.note(levelWarn, kafka.Event{Kind: kafka.TopicDeleted, TopicPartition: kafka.TopicPartition{Topic: name, Partition: -1}}.String())
	}
	return tea.Batch(cmds...)
}

// topicIDs tell topics from others that get their names; of one that is gone, it is
// what it was before.
func (m *Model) topicIDs(names []string, before map[string][16]byte) map[string][16]byte {
	ids := make(map[string][16]byte, len(names))
	md := m.cluster.Metadata()
	for _, name := range names {
		if id, ok := before[name]; ok {
			ids[name] = id
		}
		if md == nil {
			continue
		}
		if t := md.Topic(name); t != nil && t.Err == nil {
			ids[name] = t.ID
		}
	}
	return ids
}

// otherTopics are those that are gone, and the ids of those that have their names now.
func (m *Model) otherTopics(ids map[string][16]byte) (gone []string, others map[string][16]byte) {
	md := m.cluster.Metadata()
	if md == nil {
		return nil, nil
	}
	others = make(map[string][16]byte)
	for name, id := range ids {
		switch t := md.Topic(name); {
		case t == nil:
			gone = append(gone, name)
		case t.Err == nil && t.ID != id && id != [16]byte{}:
			others[name] = t.ID
		}
	}
	return gone, others
}

// placeText says where the tail is.
func (m *Model) placeText() string {
	t := &m.tail
	text := strings.Join(t.topics, ", ")
	if len(t.topics) > 3 {
		text = human.Plural(len(t.topics), "topic")
	}
	switch st := &t.session.start; {
	case st.search != nil:
		text += ", " + st.label + ": " + st.search.String()
	case st.replay != nil:
		text += ", " + st.label
	case st.query != nil:
		text += ", filter: " + st.query.String()
	}
	row := t.seek
	if row == nil {
		row = t.standing()
	}
	switch {
	case t.follow && !t.searched() && !t.played():
		text += ", live"
	case row != nil && row.stood != nil && row.stood.ms >= 0:
		layout := "15:04:05"
		at, now := time.UnixMilli(row.stood.ms).In(m.zone), time.Now().In(m.zone)
		if at.Format(time.DateOnly) != now.Format(time.DateOnly) {
			layout = "2 Jan " + layout
		}
		text += ", " + at.Format(layout)
	}
	if t.paused || t.playPaused() {
		text += ", paused"
	}
	return plainText(text)
}
