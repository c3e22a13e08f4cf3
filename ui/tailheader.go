package ui

import (
	"slices"

	"milena/human"
	"milena/kafka"
)

// The tail's first line says truthfully what is shown: which topic, what it is
// doing, how much is held, went by and is still to come. Where there is little
// room it says so in fewer words; numbers are the last to go.

// brevity is how few words are used.
type brevity int8

const (
	allWords     brevity = iota
	noPartitions         // without how many partitions there are
	noLabel              // without where the reading began
	fewWords             // signs in place of sentences
	shortNumbers         // 18k in place of 18,204
	bare                 // a letter in place of each word; the topic takes what is left
)

// tailHeader is that line in w columns, in as many words as fit.
func (m *Model) tailHeader(w int) string {
	st := m.st
	for b := allWords; ; b++ {
		left, right := newLine(st, 4096, nil), newLine(st, 4096, nil)
		room := 4096
		m.tailFigures(right, b)
		if b == bare {
			// What is done and counted first; the name has what is left.
			m.tailDoing(left, b)
			room = w - left.width - right.width - 3
			left = newLine(st, 4096, nil)
		}
		left.text("", " ")
		if room > 2 {
			m.tailName(left, b, room)
			left.text("", "  ")
			if b < fewWords {
				left.text("", " ")
			}
		}
		m.tailDoing(left, b)
		if left.width+right.width+1 > w && b < bare {
			continue
		}
		l := newLine(st, w, nil)
		l.splice(left)
		l.fill(w - right.width)
		l.splice(right)
		return l.end()
	}
}

// splice appends what another line holds, unless it does not fit.
func (l *line) splice(other *line) {
	if l.width+other.width > l.max {
		return
	}
	l.style("")
	l.buf = append(l.buf, other.buf...)
	l.width += other.width
	l.live = false
	if l.width == l.max {
		l.full = true
	}
}

func (m *Model) tailName(l *line, b brevity, room int) {
	t, st := &m.tail, m.st
	title := st.text
	if m.focus == paneTail && m.over == nil {
		title = st.accentBold
	}
	name := t.name()
	if b < fewWords {
		room = min(room, 60)
	} else if b < bare {
		room = min(room, 32)
	}
	long, short := m.offSaid()
	if b == bare && short != "" {
		room -= len(short) + 1
	}
	l.clipped(title, name, max(room, 1))
	switch {
	case long != "" && b < fewWords:
		l.text(st.warn, "  "+long)
	case long != "":
		l.text(st.warn, " "+short)
	case b < noPartitions:
		l.text(st.dim, "  "+human.Plural(t.snap.partitions, "partition"))
	}
}

// clipped writes a text that a person typed, in at most w columns.
func (l *line) clipped(sgr, s string, w int) {
	whole := l.max
	l.max = min(whole, l.width+w)
	l.text(sgr, s)
	l.max, l.full = whole, false
}

func (b brevity) number(n int64) string {
	if b >= shortNumbers {
		return human.Count(n)
	}
	return human.Exact(n)
}

// tailDoing says what the tail does.
func (m *Model) tailDoing(l *line, b brevity) {
	t, st := &m.tail, m.st
	s := t.session
	if s.start.search != nil {
		m.searchDoing(l, b)
		m.findDoing(l, b)
		return
	}
	say := func(sgr, long, short string) {
		if b >= fewWords {
			long = short
		}
		l.text(sgr, long)
	}
	live := "live "
	if q := s.start.query; q != nil {
		say(st.dim, "filter: ", "/")
		if b < bare {
			l.clipped(st.accent, q.String(), 30)
		}
		say(st.dim, " "+m.dash()+" ", " ")
		l.text(st.text, b.number(t.snap.matched))
		say(st.dim, " of ", "/")
		l.text(st.text, b.number(t.snap.seen))
		say(st.dim, " seen match   ", " ")
	} else if b < noLabel && s.play == nil {
		l.text(st.text, s.start.label)
		l.text(st.dim, ", ")
		live = "then live "
	}
	switch {
	case s.play != nil:
		m.replayDoing(l, b)
	case t.snap.err != nil:
		say(st.bad, "stopped", st.g.cross)
	case t.paused:
		say(st.warn, "paused "+st.g.pause, st.g.pause)
		if t.waiting >= 0 {
			l.text(st.text, " "+b.number(t.waiting))
			say(st.dim, " waiting", "w")
		}
	case t.snap.older.busy:
		l.text(st.accent, m.spinner())
		say(st.dim, " loading older", "")
		if t.snap.older.read > 0 {
			say(st.dim, ": ", " ")
			l.text(st.dim, b.number(t.snap.older.read))
			say(st.dim, " read", "")
		}
		say(st.dim, "  esc stops", "")
	case t.starting():
		l.text(st.accent, m.spinner())
	case t.snap.deleted == len(t.topics):
		say(st.bad, "topic deleted", st.g.cross)
	case t.snap.ahead > 0 && t.snap.ahead+len(t.snap.unread) == t.snap.partitions:
		say(st.warn, "waiting for offset "+b.number(s.start.from.N)+", past the end ("+b.number(t.snap.aheadEnd)+")", st.g.hollow)
		m.tailUnread(say, b)
	case t.follow && m.opt.File != "":
		say(st.dim, "end of the file", st.g.hollow)
	case t.follow:
		m.tailLive(say, live, b)
	default:
		n := t.snap.next - t.left
		switch {
		case t.left != noSeq && n > 0:
			l.text(st.accent, st.g.down+" "+b.number(n))
			say(st.accent, " new", "")
		case t.left != noSeq:
			say(st.dim, "scrolled back", st.g.up)
		case t.snap.lag > 0:
			say(st.dim, "reading", st.g.arrow)
		default:
			say(st.dim, "up to date, not following", st.g.hollow)
			// The advice gives way to whatever else is to be said.
			if b < noPartitions {
				l.text(st.dim, "   G follows")
			}
		}
		m.tailUnread(say, b)
		m.tailAhead(say)
		if t.snap.blocked {
			say(st.warn, "  slowed down", " "+st.g.pause)
		}
		atEnd := t.left == noSeq && t.snap.lag == 0
		fromStart := s.start.from.Kind == kafka.Beginning && s.start.newest == 0 && s.start.spans == nil && t.snap.stats.Evicted == 0
		if b < fewWords && !atEnd && t.snap.waiting == 0 && t.top <= t.snap.first && (t.snap.older.atStart || fromStart) {
			l.text(st.dim, "  beginning of the topic")
		}
	}
	if s.start.markers {
		say(st.dim, "   markers too", "")
	}
	m.findDoing(l, b)
}

// findDoing says what is looked for among the rows, and which of how many it is.
func (m *Model) findDoing(l *line, b brevity) {
	t, st := &m.tail, m.st
	if t.find.text != "" {
		if b >= fewWords {
			l.text(st.dim, " f:")
		} else {
			l.text(st.dim, "   find: ")
		}
		if b < bare {
			l.clipped(st.accent, t.find.text, 30)
			if n := t.find.count(); n != "" {
				l.text(st.dim, "  "+n)
			}
		}
	}
}

// tailLive says that it follows, and what it cannot.
func (m *Model) tailLive(say func(sgr, long, short string), live string, b brevity) {
	t, st := &m.tail, m.st
	n := t.snap.partitions
	switch unread, _ := m.tailTrouble(); {
	case t.snap.deleted > 0:
		say(st.warn, live+st.g.dot+" "+human.Plural(t.snap.deleted, "topic")+" deleted", st.g.dot+st.g.cross)
	case unread > 0:
		say(st.warn, live+b.number(int64(n-unread))+" of "+human.Plural(n, "partition"),
			st.g.dot+" "+b.number(int64(n-unread))+"/"+b.number(int64(n)))
	default:
		say(st.ok, live+st.g.dot, st.g.dot)
	}
	m.tailAhead(say)
}

// tailUnread says what cannot be read where that is not said otherwise.
func (m *Model) tailUnread(say func(sgr, long, short string), b brevity) {
	if unread, _ := m.tailTrouble(); unread > 0 {
		say(m.st.warn, "   "+human.Plural(unread, "partition")+" cannot be read now", " "+m.st.g.cross+b.number(int64(unread)))
	}
}

// tailAhead says how many partitions end before the offset that was gone to.
func (m *Model) tailAhead(say func(sgr, long, short string)) {
	if n := m.tail.snap.ahead; n > 0 {
		word := " end before it"
		if n == 1 {
			word = " ends before it"
		}
		say(m.st.warn, "   "+human.Plural(n, "partition")+word, "")
	}
}

// tailTrouble is how many of the tail's partitions cannot be read now, and which
// brokers are the reason by their silence, as long as they lead any. In a pause
// nobody asks them, so that what was silent then may answer long since.
func (m *Model) tailTrouble() (unread int, silent []string) {
	snap := &m.tail.snap
	unread = len(snap.unread)
	md := m.cluster.Metadata()
	if len(snap.silent) == 0 || md == nil || m.tail.paused {
		return unread, nil
	}
	for _, name := range m.tail.topics {
		topic := md.Topic(name)
		if topic == nil {
			continue
		}
		for i := range topic.Partitions {
			p := &topic.Partitions[i]
			b := md.Broker(p.Leader)
			if b == nil || snap.silent[b.Addr()] == nil || m.tail.off.has(kafka.TopicPartition{Topic: name, Partition: p.ID}) {
				continue
			}
			if !slices.Contains(silent, b.Addr()) {
				silent = append(silent, b.Addr())
			}
			if _, said := snap.unread[kafka.TopicPartition{Topic: name, Partition: p.ID}]; !said {
				unread++
			}
		}
	}
	return unread, silent
}

// tailFigures are how many records are held, were passed over to make room, and are
// still to be read.
func (m *Model) tailFigures(l *line, b brevity) {
	t, st := &m.tail, m.st
	pair := func(long, short string, n int64, sgr string) {
		if b >= bare {
			l.text(sgr, " "+human.Count(n))
			l.text(st.dim, short)
			return
		}
		l.text(st.dim, "  "+long+" ")
		l.text(sgr, b.number(n))
	}
	if t.searched() {
		l.text("", " ")
		return
	}
	pair("in memory", "", t.snap.held, st.text)
	if t.snap.stats.Evicted > 0 {
		pair("skipped", "s", t.snap.stats.Evicted, st.warn)
	}
	switch {
	case t.played(): // how far it is is said
	case t.paused && t.waiting >= 0: // said already, and truer than when the pause began
	case t.snap.lag > 0:
		pair("unread", "u", t.snap.lag, st.warn)
	case b < noPartitions:
		pair("unread", "u", 0, st.text)
	}
	l.text("", " ")
}
