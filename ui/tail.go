package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"
	"milena/query"
	"milena/store"
)

// The pane of records: it follows the newest, or stays where a person looks.

type tail struct {
	topic   string      // what is composed to: the first of topics
	topics  []string    // that are shown
	off     switchedOff // what of them is not
	like    *topicsLike // what they were opened by; nil: their names
	session *session    // nil: no topic is open
	snap    snapshot
	rate    rate
	counted int64 // records that rate knows of

	follow  bool
	paused  bool
	waiting int64 // how many there are to read after a pause; -1: not known
	asking  bool
	cursor  store.Seq
	top     store.Seq // the first row that is shown, unless it follows
	left    store.Seq // where the newest was when it stopped following; noSeq: it never followed
	rows    []store.Row
	cols    columns
	colsFor colsKey
	resized bool
	preview filterPreview
	find    finding
	nowhere noPlace
	keySeen int // columns that the keys in sight needed so far
	mode    timeMode
	txns    bool   // rows of transactions were in sight
	seek    *place // where the cursor shall stand; nil: where it is

	newsAt  time.Time // the newest news
	rushing time.Time // until then rows come faster than anybody reads
}

// A rush is when one frame after another brings nothing but new rows. They are
// drawn without colours then, which nobody would see but a slow line would feel.
const (
	rushFrames = 100 * time.Millisecond // between two pieces of news
	rushEnds   = 300 * time.Millisecond
)

// noteRush takes note of n new rows.
func (t *tail) noteRush(n int64, now time.Time) {
	if t.follow && len(t.rows) > 0 && n >= int64(len(t.rows)) && now.Sub(t.newsAt) < rushFrames {
		t.rushing = now.Add(rushEnds)
	}
	t.newsAt = now
}

// noSeq is the number of no row.
const noSeq = math.MinInt64

// colsKey is what the columns depend on.
type colsKey struct {
	session, w, parts, digits, key int
	mode                           timeMode
	utc, date, txns                bool
}

// newest100 is how a tail begins when nothing else was asked for.
func newest100() start {
	return start{newest: historyRecords, label: fmt.Sprintf("last %d", historyRecords), follow: true}
}

// openTopics shows topics as they were left, or from their newest records on.
func (m *Model) openTopics(names ...string) tea.Cmd { return m.openLike(nil, names...) }

// openLike is openTopics of those that patterns stand for.
func (m *Model) openLike(like *topicsLike, names ...string) tea.Cmd {
	m.over = nil
	if m.tail.shows(names, like) {
		return nil
	}
	if v := m.places.lately(names, like); v != nil {
		return m.reopen(v)
	}
	m.newPlace(new(visit))
	m.turnTo(names...)
	m.tail.off, m.tail.like = nil, like
	return tea.Batch(m.recall(), m.recallQueries(), m.startSession(newest100()))
}

// turnTo makes topics those that are shown, and the first the one that is composed to.
func (m *Model) turnTo(topics ...string) {
	if !slices.Equal(m.tail.topics, topics) {
		m.tail.rate.reset()
		m.tail.off, m.tail.like = nil, nil
		m.tail.find = finding{}
	}
	m.tail.topic, m.tail.topics = topics[0], topics
	m.compose.turnTo(topics[0])
}

// startSession reads the open topic anew; what the session before still sends
// is dropped.
func (m *Model) startSession(st start) tea.Cmd {
	t := &m.tail
	if t.topic == "" || m.cluster == nil {
		return nil
	}
	if t.session != nil {
		t.session.end()
	}
	m.sessions++
	st.maxBytes = cmp.Or(m.opt.HoldBytes, store.DefaultMaxBytes)
	st.maxRows = cmp.Or(m.opt.HoldRows, store.DefaultMaxRows)
	if st.search == nil {
		st.off = maps.Clone(t.off)
	}
	src := &topicSource{cluster: m.cluster, topics: t.topics, isolation: m.opt.Isolation, off: st.off, match: t.like.match(st.off)}
	s := newSession(m.sessions, src, st, m.work, m.guard)
	t.session = s
	t.snap = snapshot{}
	t.counted = 0
	t.rate.begin(time.Now())
	t.follow, t.paused, t.asking = st.follow, false, false
	t.seek = nil
	t.cursor, t.top, t.left, t.keySeen = 0, 0, noSeq, 0
	if st.held != nil && len(st.held.Records) > 0 {
		t.cursor = store.Seq(len(st.held.Records) - 1)
		t.top = max(0, t.cursor-store.Seq(t.height(m))+1)
	}
	t.preview = filterPreview{}
	s.begin()
	return s.wait
}

// height is how many rows are in sight.
func (t *tail) height(m *Model) int { return max(1, m.lay.tail.h-2-m.lay.timeline.h) }

// starting says whether a session has not come to its first answer yet.
func (t *tail) starting() bool {
	return t.session != nil && !t.snap.reading && t.snap.search == nil && t.snap.err == nil && !t.paused
}

// news takes what a session has to say.
func (m *Model) news(msg newsMsg) tea.Cmd {
	t := &m.tail
	if t.session == nil || msg.session != t.session.number {
		m.places.unheard(msg.session)
		return nil
	}
	snap, events := t.session.look()
	failed, again := snap.err != nil && t.snap.err == nil, snap.err == nil && t.snap.err != nil
	if snap.older.err != nil && t.snap.older.err == nil {
		m.note(levelBad, "older records could not be read: "+sentence(snap.older.err))
	}
	t.noteRush(snap.next-t.snap.next, time.Now())
	t.snap = snap
	if s := snap.search; s != nil && !s.moving() && s.progress.Bytes >= tellingBytes {
		m.searchRate = s.progress.Rate()
	}
	m.noteEvents(events)
	t.appeared(events)
	t.seekNoMore(events)
	if failed {
		m.note(levelBad, sentence(snap.err))
	}
	if again {
		m.note(levelGood, "reading "+strings.Join(t.topics, ", ")+" again")
	}
	if n := snap.live - t.counted; n > 0 {
		t.rate.add(time.Now(), n)
		t.counted = snap.live
	}
	if older := snap.older.refused; older != nil {
		// No room before what is held: read on from there instead.
		spans := t.session.asideSpans()
		for tp, to := range older.To {
			if t.session.start.markers {
				to = older.From[tp]
			}
			spans = append(spans, kafka.Span{TopicPartition: tp, From: to, To: kafka.NoEnd})
		}
		st := t.session.onFrom(spans, t.session.heldWaiting())
		if st.markers {
			// What lies between the older ones is wanted too.
			at := t.under()
			cmd := m.startSession(st)
			t.seek = at
			return cmd
		}
		st.held, st.label = older, "older records"
		return m.startSession(st)
	}
	if t.follow {
		t.cursor = snap.next - 1
	}
	t.clamp(m)
	t.sought(m)
	m.compose.saw(m)
	return t.session.wait
}

// clamp brings cursor and top into what is held.
func (t *tail) clamp(m *Model) {
	first, next := t.snap.first, t.snap.next
	h := store.Seq(t.height(m))
	t.cursor = max(first, min(t.cursor, next-1))
	if t.follow {
		t.top = max(first, next-h)
		return
	}
	t.top = min(t.top, max(first, next-h))
	if t.cursor < t.top {
		t.top = t.cursor
	}
	if t.cursor >= t.top+h {
		t.top = t.cursor - h + 1
	}
	t.top = max(first, t.top)
}

// leave stops following: the rows stay where they are.
func (t *tail) leave() {
	if t.follow {
		t.follow = false
		t.left = t.snap.next
	}
}

// hold keeps the rows in sight from being evicted while it does not follow.
func (t *tail) hold() {
	if t.session == nil {
		return
	}
	if t.follow {
		t.session.setProtect(math.MaxInt64)
		return
	}
	t.session.setProtect(min(t.top, t.cursor))
}

// move moves the cursor by n rows; at the top it asks for older ones.
func (m *Model) move(n int) tea.Cmd {
	t := &m.tail
	if t.session == nil || t.snap.next == t.snap.first {
		if n < 0 {
			m.loadOlder()
		}
		return nil
	}
	if n > 0 && t.follow {
		return nil
	}
	t.seek = nil // a person goes elsewhere
	t.leave()
	older := n < 0 && t.cursor+store.Seq(n) < t.snap.first
	t.cursor += store.Seq(n)
	t.clamp(m)
	t.hold()
	if older {
		m.loadOlder()
	}
	return nil
}

func (m *Model) loadOlder() {
	t := &m.tail
	if t.session == nil || t.snap.older.busy || t.searched() || t.played() {
		return
	}
	t.session.loadOlder(olderRecords, false)
	t.snap.older.busy = !t.snap.older.atStart
}

// scroll moves the rows under the cursor, as a wheel does.
func (m *Model) scroll(n int) tea.Cmd {
	t := &m.tail
	if t.session == nil {
		return nil
	}
	if n > 0 && t.follow {
		return nil
	}
	t.seek = nil
	t.leave()
	h := store.Seq(t.height(m))
	before := t.top
	t.top = max(t.snap.first, min(t.top+store.Seq(n), max(t.snap.first, t.snap.next-h)))
	t.cursor = max(t.top, min(t.cursor, t.top+h-1))
	t.clamp(m)
	t.hold()
	if n < 0 && before == t.top {
		m.loadOlder()
	}
	return nil
}

// goEnd follows the newest again. Far behind, it begins anew there.
func (m *Model) goEnd() tea.Cmd {
	t := &m.tail
	if t.session == nil {
		return nil
	}
	if t.played() && (t.follow || t.snap.err != nil) {
		return m.followAfterReplay()
	}
	if !t.searched() && !t.played() && (t.snap.err != nil || t.snap.ahead > 0 || t.snap.blocked || t.snap.lag > 10_000 || t.paused && t.waiting > 10_000) {
		st := newest100()
		st.query, st.markers = t.session.start.query, t.session.start.markers
		if t.snap.err != nil { // the same place is tried again
			return m.startSession(st)
		}
		return m.goOff(st, t.topics...)
	}
	t.follow, t.seek = true, nil
	if t.paused && !t.searched() {
		m.pause()
	}
	t.cursor = t.snap.next - 1
	t.clamp(m)
	t.hold()
	return nil
}

// goTo begins anew at a position.
func (m *Model) goTo(p kafka.Position, label string) tea.Cmd {
	return m.goOff(m.startAt(p, label), m.tail.topics...)
}

// startAt is how the tail begins at a position, with the filter that it has.
func (m *Model) startAt(p kafka.Position, label string) start {
	st := start{from: p, label: label}
	if m.tail.session != nil && !m.tail.searched() {
		st.query, st.markers = m.tail.session.start.query, m.tail.session.start.markers
	}
	switch p.Kind {
	case kafka.End:
		st.follow, st.label = true, "end"
	case kafka.LastEach, kafka.Last:
		st.follow = true
	}
	return st
}

// pause stops the reading, or goes on from where it stopped.
func (m *Model) pause() tea.Cmd {
	t := &m.tail
	if t.session == nil {
		return nil
	}
	if t.searched() && t.snap.search != nil && !t.snap.search.moving() {
		if t.snap.search.end == searchLimit {
			return m.goOn()
		}
		return nil
	}
	if t.played() {
		return m.pauseReplay()
	}
	t.paused = !t.paused
	if t.paused {
		t.waiting = -1
		m.compose.saw(m)
		t.session.pause()
		return m.askWaiting()
	}
	t.rate.begin(time.Now())
	t.session.continueRead()
	return nil
}

// waitingMsg is how many records wait behind a pause.
type waitingMsg struct {
	session int
	n       int64
	err     error
}

func (m *Model) askWaiting() tea.Cmd {
	t := &m.tail
	if t.asking || t.session == nil || t.searched() {
		return nil
	}
	t.asking = true
	s := t.session
	_, others := m.otherTopics(s.topicIDs()) // of which all there is waits
	return m.background(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
		defer cancel()
		if !s.settle(ctx) {
			return waitingMsg{session: s.number, err: errors.New("the tail is being read")}
		}
		at := s.positions()
		tps := make([]kafka.TopicPartition, 0, len(at))
		for tp := range at {
			tps = append(tps, tp)
		}
		slices.SortFunc(tps, kafka.TopicPartition.Compare)
		ends, err := s.source.Ends(ctx, tps)
		var n int64
		for tp, from := range at {
			if _, another := others[tp.Topic]; another {
				from = 0
			}
			if end := ends[tp]; end.Err == nil {
				n += max(0, end.Offset-from)
			}
		}
		return waitingMsg{s.number, n, err}
	})
}

func (t *tail) gotWaiting(msg waitingMsg) {
	if t.session == nil || msg.session != t.session.number {
		return
	}
	t.asking = false
	if msg.err == nil {
		t.waiting = msg.n
	}
}

// askPosition opens the prompt for a place to go to.
func (m *Model) askPosition() tea.Cmd {
	m.dialog = &dialog{
		title: "go to", opened: time.Now(), action: "go",
		fields: []field{{label: "position", hint: "14:05   1h   yesterday 14:05   30 Nov 05:32   beginning   -500   4112"}},
		submit: func(m *Model, d *dialog) tea.Cmd {
			text := strings.TrimSpace(d.fields[0].ed.String())
			p, err := parsePosition(text, time.Now(), m.zone)
			if err != nil {
				return d.refuse(0, sentence(err))
			}
			m.dialog = nil
			return m.goTo(p, "from "+placeName(text, p, time.Now()))
		},
		change: func(m *Model, d *dialog) tea.Cmd {
			text := strings.TrimSpace(d.fields[0].ed.String())
			d.lines = nil
			if text == "" {
				return nil
			}
			switch p, err := parsePosition(text, time.Now(), m.zone); {
			case err != nil:
			case p.Kind == kafka.AtTime:
				d.lines = []string{"the first record at or after " + m.dateOf(p)}
			default:
				d.lines = []string{m.meant(p)}
			}
			return nil
		},
	}
	return nil
}

// askFilter opens the prompt that filters what flows.
func (m *Model) askFilter() tea.Cmd {
	t := &m.tail
	if t.session == nil {
		return nil
	}
	d := &dialog{
		title: "filter " + strings.Join(t.topics, ", "), opened: time.Now(), action: "filter messages",
		fields: []field{m.queryField("filter")},
		submit: func(m *Model, d *dialog) tea.Cmd {
			q, err := m.parseQuery(d.fields[0].ed.String())
			if err != nil {
				return d.refuse(0, sentence(err))
			}
			m.dialog = nil
			return tea.Batch(m.applyFilter(q), m.asked(d.fields[0].ed.String()))
		},
		change: func(m *Model, d *dialog) tea.Cmd {
			q, err := m.parseQuery(d.fields[0].ed.String())
			d.lines = []string{queryLine(q, err)}
			if err != nil {
				m.tail.preview = filterPreview{}
				return nil
			}
			m.tail.preview.begin(q, m.tail.session, m.tail.height(m))
			return nil
		},
		cancel: func(m *Model, _ *dialog) tea.Cmd {
			m.tail.preview = filterPreview{}
			return nil
		},
	}
	if q := t.session.start.query; q != nil {
		d.preset(0, q.String())
	}
	d.lines = []string{queryLine(m.parseQuery(d.fields[0].ed.String()))}
	m.dialog = d
	return nil
}

// applyFilter reads the topic anew through a filter.
func (m *Model) applyFilter(q *query.Query) tea.Cmd {
	m.tail.preview = filterPreview{}
	if m.tail.played() {
		return m.replayAnew(func(st *start) {
			if st.query = q; q.Empty() {
				st.query = nil
			}
		})
	}
	st := newest100()
	old := m.tail.session.start
	st.markers = old.markers
	if q.Empty() {
		if old.query == nil {
			return nil
		}
	} else {
		st.query = q
	}
	if old.newest == 0 && old.spans == nil {
		st.newest, st.from, st.label, st.follow = 0, old.from, old.label, m.tail.follow
	}
	return tea.Batch(m.startSession(st), m.askNowhere(q))
}

// noPlace is why a session's query can match nothing; empty: it may.
type noPlace struct {
	session *session
	why     string
}

// askNowhere finds out whether a query names partitions or offsets that are not there.
func (m *Model) askNowhere(q *query.Query) tea.Cmd {
	if q == nil || !q.NamesPlaces() {
		return nil
	}
	s, cluster, iso := m.tail.session, m.cluster, m.opt.Isolation
	var tps []kafka.TopicPartition
	for _, name := range m.tail.topics {
		if t := cluster.Metadata().Topic(name); t != nil {
			tps = append(tps, kafka.Partitions(t)...)
		}
	}
	return m.background(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
		defer cancel()
		held, err := kafka.Held(ctx, cluster, tps, iso)
		if err != nil {
			return nil
		}
		return costMsg{q.Nowhere(held), func(why string) { m.tail.nowhere = noPlace{s, why} }}
	})
}

// drawTail draws the pane.
func (m *Model) drawTail(r rect) []string {
	t, st := &m.tail, m.st
	lines := make([]string, 0, r.h)
	if t.session == nil {
		text := []string{"", "  no topic is open", "", "  enter opens the selected topic"}
		if m.topics.crowded {
			text = []string{"", "  too many topics to list: start with one, such as milena orders"}
		} else if len(m.topics.all) == 0 && m.topics.loaded {
			text = []string{"", "  no topics yet: + creates one"}
		}
		for _, s := range text {
			l := newLine(st, r.w, nil)
			l.text(st.dim, s)
			lines = append(lines, l.end())
		}
		return m.fillLines(lines, r)
	}
	lines = append(lines, m.tailHeader(r.w))
	rows := t.visible(m)
	t.fit(m, r.w, rows)
	if r.h > 3 {
		l := newLine(st, r.w, nil)
		l.text("", " ")
		t.cols.heading(l)
		lines = append(lines, l.end())
	}
	q := t.lit()
	focused := m.focus == paneTail && m.over == nil
	l := newLine(st, r.w, make([]byte, 0, 1024))
	for i := range rows {
		if len(lines) >= r.h {
			break
		}
		row := &rows[i]
		l = newLine(st, r.w, l.buf)
		if row.Seq == t.cursor && !t.preview.active() && (!t.follow || focused) {
			l.bg = st.selectedDim
			if focused {
				l.bg = st.selected
			}
		}
		if row.Seq == t.cursor && focused && l.bg != "" && !t.preview.active() {
			l.text(st.accent, st.g.marker)
		} else {
			l.text("", " ")
		}
		t.cols.rush = t.follow && time.Now().Before(t.rushing)
		t.cols.outcome = txnNone
		if t.cols.txn {
			t.cols.outcome = m.rowOutcome(row)
		}
		if t.cols.after {
			t.cols.gap = t.gapTo(i)
		}
		l.row(row, t.cols, m.zone, q)
		lines = append(lines, l.end())
	}
	if len(rows) == 0 {
		for _, s := range t.emptyText(m.zone) {
			for _, row := range wrapWords(s, r.w-2, st.width) {
				l := newLine(st, r.w, nil)
				l.text(st.dim, " ")
				l.text(st.dim, row)
				lines = append(lines, l.end())
			}
		}
	}
	if lines = m.fillLines(lines, r); m.lay.timeline.h > 0 {
		lines[r.h-1] = m.drawTimeline(m.lay.timeline)
	}
	return lines
}

// visible are the rows that fit.
func (t *tail) visible(m *Model) []store.Row {
	h := t.height(m)
	if m.lay.tail.h <= 3 {
		h = max(1, m.lay.tail.h-1)
	}
	t.rows = t.rows[:0]
	if t.preview.active() {
		seqs := t.preview.seqs[:min(len(t.preview.seqs), h)]
		for i := len(seqs) - 1; i >= 0; i-- {
			t.rows = t.session.store.Rows(seqs[i], 1, preview, t.rows)
		}
		return t.rows
	}
	if t.resized {
		t.resized = false
		t.clamp(m)
	}
	top := t.top
	if t.follow {
		top = max(t.snap.first, t.snap.next-store.Seq(h))
	}
	n := min(store.Seq(h), t.snap.next-top)
	t.rows = t.session.store.Rows(top, int(max(0, n)), preview, t.rows)
	return t.rows
}

// fit chooses the columns; they change only when something needs another width,
// and only grow while the session and the size stay.
func (t *tail) fit(m *Model, w int, rows []store.Row) {
	now := time.Now().In(m.zone)
	t.cols.now = now
	same := t.colsFor.w == w && t.colsFor.session == t.session.number
	date := same && t.cols.date
	if !same {
		t.keySeen, t.txns = 0, false
	}
	for i := range rows {
		r := &rows[i]
		if r.Skip != nil {
			continue
		}
		t.txns = t.txns || r.Transactional
		if r.Timestamp != batch.NoTime {
			at := time.UnixMilli(r.Timestamp).In(m.zone)
			date = date || now.Sub(at) > 20*time.Hour || at.Sub(now) > time.Hour
		}
		// Steps of four, so that keys that get longer bit by bit do not move
		// the value each time.
		if n := keyCells(r, m.st); n > t.keySeen {
			t.keySeen = (n + 3) / 4 * 4
		}
	}
	key := colsKey{
		session: t.session.number, w: w, parts: t.snap.partitions, digits: len(itoa(t.snap.maxOffset)),
		key: t.keySeen, mode: t.mode, utc: m.zone == time.UTC, date: date, txns: t.txns,
	}
	if key == t.colsFor {
		return
	}
	t.colsFor = key
	topic := 0
	if len(t.topics) > 1 && w >= 56 {
		for _, name := range t.topics {
			topic = max(topic, min(cells(name, m.st.width), 20, w/6))
		}
	}
	t.cols = columnsFor(w-1, key.parts, t.snap.maxOffset, topic, t.keySeen)
	t.cols.clock(t.mode, date, w-1, now)
	t.cols.txn, t.cols.topics, t.cols.after = t.txns, t.topics, t.traced() && w >= 56
}

func (t *tail) emptyText(zone *time.Location) []string {
	s := t.session
	if t.nowhere.session == s && t.nowhere.why != "" && !t.preview.active() && t.snap.err == nil {
		return []string{"", t.nowhere.why}
	}
	if s.start.search != nil {
		return t.searchEmptyText()
	}
	if s.play != nil && !t.preview.active() {
		return t.replayEmptyText()
	}
	switch {
	case t.preview.active() && t.preview.done:
		return []string{"", "no loaded message matches; enter searches further back"}
	case t.preview.active():
		return []string{"", "looking…"}
	case t.snap.err != nil:
		return []string{"", sentence(t.snap.err), "", "G tries again"}
	case t.starting() || t.snap.older.busy && s.start.query == nil:
		return []string{"", "loading…"}
	case t.snap.older.busy:
		return []string{"", fmt.Sprintf("looking back: %s records read   esc stops", human.Exact(t.snap.older.read))}
	case t.paused:
		return []string{"", "paused before the first message: space resumes"}
	case t.snap.ahead > 0:
		return []string{"", fmt.Sprintf("offset %s is past the end (%s); waiting for new messages", human.Exact(s.start.from.N), human.Exact(t.snap.aheadEnd)),
			"G goes to the end"}
	case s.start.query != nil && t.snap.lag > 0:
		return []string{"", "no match so far; still reading"}
	case s.start.query != nil && s.start.newest == 0 && s.start.from.Kind != kafka.Beginning:
		return []string{"", "nothing " + t.since(zone) + " matches; new messages are filtered too",
			"g searches from the beginning   esc shows all messages"}
	case s.start.query != nil && t.snap.waiting == 0 && (t.snap.older.atStart || s.start.newest == 0):
		return []string{"", "no match so far; new messages are filtered too", "esc shows all messages"}
	case s.start.query != nil:
		return []string{"", "no match so far; new messages are filtered too", "esc shows all messages"}
	case t.snap.waiting > 0:
		return []string{"", "no messages: " + human.Plural(t.snap.waiting, "partition") + " cannot be read now, and the others are empty"}
	case s.start.newest > 0 && t.snap.older.atStart:
		return []string{"", "no messages yet: c writes the first one"}
	}
	return []string{"", "no messages from there on yet; new ones appear here"}
}

// since says from where on a session reads that did not begin with the newest.
func (t *tail) since(zone *time.Location) string {
	switch from := t.session.start.from; from.Kind {
	case kafka.AtTime:
		at := from.Time.In(zone)
		return "from " + at.Format("Mon 2 Jan 15:04:05") + " on"
	case kafka.End:
		return "since the end"
	case kafka.AtOffset:
		return "from offset " + human.Exact(from.N) + " on"
	case kafka.LastEach, kafka.Last:
		return "among the newest " + human.Exact(from.N) + " of each partition"
	}
	return "from there on"
}

func (m *Model) dash() string {
	if m.look.ascii {
		return "-"
	}
	return "—"
}

// goBeginning reads the topic from its beginning, and stays there.
func (m *Model) goBeginning() tea.Cmd {
	if m.tail.searched() {
		return m.move(-far)
	}
	return m.goTo(kafka.Position{Kind: kafka.Beginning}, "from the beginning")
}

// tailBack stops an export or what is loading, else forgets what is looked for, else drops
// the filter.
func (m *Model) tailBack() tea.Cmd {
	if m.export.stop() || m.counts.stop() {
		return nil
	}
	t := &m.tail
	if t.session == nil {
		return nil
	}
	if t.session.stopOlder() {
		return nil
	}
	if t.find.q != nil {
		t.find = finding{}
		return nil
	}
	if t.searching() {
		return m.pause()
	}
	if t.searched() {
		return m.endSearch()
	}
	if t.played() {
		return m.endReplay()
	}
	if t.session.start.query != nil {
		return m.applyFilter(&query.Query{})
	}
	if m.broughtAround() {
		return m.stepPlace(-1)
	}
	return nil
}
