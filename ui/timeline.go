package ui

import (
	"context"
	"slices"
	"sort"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/store"
)

// The timeline under the tail: how many messages fell into each stretch of time,
// from offset look-ups alone, and where in time the tail is. It is drawn from the
// newest answer there is; nothing ever waits for one.

// timelines is a cluster that counts by time; without it, as with a file, there is
// no timeline.
type timelines interface {
	Timeline(ctx context.Context, req kafka.TimelineRequest) (*kafka.Timeline, error)
}

var _ timelines = (*kafka.Cluster)(nil)

// When the timeline is there, and how it moves.
const (
	timelineHeight = 12 // lines that the tail has at least where there is one
	timelineWidth  = 40 // and columns
	timelineEnds   = 100
	timelineEvery  = 10 * time.Second       // between two look-ups of the same
	travelAfter    = 150 * time.Millisecond // the position rests that long before the tail goes there
	zoomBy         = 4
	zoomLeast      = time.Second
	marksMost      = 50_000 // hits that are marked
	goneSaid       = "retention"
)

// timeline is what the screen knows of the open topics by time.
type timeline struct {
	hidden bool
	window

	topics []string        // that all below is of
	line   *kafka.Timeline // the newest answer; nil: there is none yet
	rough  bool            // compacted or transactional: offsets are counted
	first  int64           // ms since the epoch: where all that the topics hold begins
	newest int64           // and what follows its latest; 0: not known, or it holds nothing
	err    error           // why the newest look-up failed

	answered window             // that line is of
	asked    question           // by the newest look-up
	again    time.Time          // when it is worth another one
	live     int64              // records that had come by then
	cancel   context.CancelFunc // not nil: it is under way

	area   rect // of the columns on the screen that was drawn last
	travel travel
	marks  marks
}

// window is the stretch of time in sight.
type window struct {
	wide int64 // ms; 0: all that the topics hold
	end  int64 // ms since the epoch; 0: the newest
}

// question is what a look-up is asked for.
type question struct {
	window
	columns int
}

// travel is where the tail is taken, and stands until the cursor leaves that place.
type travel struct {
	at      int64 // ms since the epoch
	pending bool
	moves   int
	again   bool // from where it was taken, and has stayed: a run of steps is one place
	session int  // 0: none was taken anywhere
	cursor  store.Seq
	follow  bool // the tail did, when it was to be taken there
}

// marks are the columns that hold hits of a search, and what they were made from.
type marks struct {
	of      markedFor
	columns []bool
}

type markedFor struct {
	session     int
	first, next store.Seq
	from, to    int64
	n           int
}

// timelineMsg is an answer, or says that the position may have come to rest.
type timelineMsg func() tea.Cmd

// span is the time in sight: from ≤ time < to, in ms since the epoch.
func (c *timeline) span() (from, to int64) {
	if c.wide == 0 {
		return c.first, c.newest
	}
	to = c.end
	if to == 0 {
		to = c.newest
	}
	return max(0, to-c.wide), to
}

// border is where column i of n begins.
func (c *timeline) border(i, n int) int64 {
	from, to := c.span()
	return from + int64(float64(to-from)*float64(i)/float64(n))
}

// column is the one of n that a time is in; -1: none in sight.
func (c *timeline) column(ms int64, n int) int {
	if from, to := c.span(); ms < from || ms >= to {
		return -1
	}
	return sort.Search(n-1, func(i int) bool { return c.border(i+1, n) > ms })
}

// counts are the columns of what is in sight. Until the answer to the newest
// question is there, they are read off the one before.
func (c *timeline) counts(n int) []int64 {
	out := make([]int64, n)
	if c.line == nil {
		return out
	}
	buckets := c.line.Buckets
	for i := range out {
		from, to := c.border(i, n), c.border(i+1, n)
		mid := from + (to-from)/2
		if k := sort.Search(len(buckets), func(k int) bool { return buckets[k].To > mid }); k < len(buckets) && buckets[k].From <= mid {
			out[i] = buckets[k].Count
		}
	}
	return out
}

// timelineOff is why there is no timeline; empty: there is one.
func (m *Model) timelineOff() string {
	_, counted := m.cluster.(timelines)
	switch {
	case m.tail.session == nil:
		return offSession
	case !counted:
		return "a file has no timeline"
	case m.timeline.hidden:
		return "the timeline is hidden: T shows it"
	case m.lay.timeline.h == 0:
		return "there is no room for the timeline"
	}
	return ""
}

// arranged is where everything is; the lowest line of the tail is the timeline's.
func (m *Model) arranged() layout {
	l := arrange(m.w, m.h, m.focus, m.zoom, m.compose.wanted(m), m.saidHeight(), topicsWidth(m.w, m.topics.longest))
	_, counted := m.cluster.(timelines)
	if r := l.tail; counted && m.tail.session != nil && !m.timeline.hidden && r.h >= timelineHeight && r.w >= timelineWidth {
		l.timeline = rect{r.x, r.y + r.h - 1, r.w, 1}
	}
	return l
}

// timelineColumns is how many columns it has in a pane of w, and how many what is
// said beside it. Both depend on nothing else, so that neither moves.
func timelineColumns(w int) (columns, said int) {
	switch {
	case w >= timelineEnds:
		said = 52
		if w < 130 {
			said = 30
		}
		return w - 1 - 2*13 - 2 - said, said
	case w >= 60:
		said = 26
	default:
		said = 16
	}
	return w - 1 - 2 - said, said
}

// askTimeline asks for what is in sight, unless that is known or under way, and
// again from time to time while messages come.
func (m *Model) askTimeline() tea.Cmd {
	t, c := &m.tail, m.timeline
	_, counted := m.cluster.(timelines)
	if !counted || t.session == nil || c.hidden {
		return nil
	}
	r := m.arranged().timeline
	if r.h == 0 {
		return nil
	}
	if !slices.Equal(c.topics, t.topics) {
		if c.cancel != nil {
			c.cancel()
		}
		c = &timeline{topics: t.topics}
		m.timeline = c
	}
	m.keepInSight()
	columns, _ := timelineColumns(r.w)
	q := question{c.window, columns}
	again := !m.blurred && (c.live != t.counted || c.err != nil) && time.Now().After(c.again)
	if c.cancel != nil || c.asked == q && !again {
		return nil
	}
	c.asked, c.again, c.live = q, time.Now().Add(timelineEvery), t.counted
	req := &kafka.TimelineRequest{Buckets: columns, Isolation: m.opt.Isolation}
	if since, gone := c.since(t); gone && q.wide == 0 {
		req.From = time.UnixMilli(since)
	}
	if from, to := c.span(); q.wide > 0 {
		req.From = time.UnixMilli(from)
		if q.end > 0 {
			req.To = time.UnixMilli(to)
		}
	}
	cluster, topics, rough, known := m.cluster, t.topics, c.rough, c.line != nil
	off := t.session.start.off
	ctx, cancel := context.WithTimeout(m.ctx, refreshTimeout)
	c.cancel = cancel
	return func() tea.Msg {
		defer cancel()
		line, err := lookUp(ctx, cluster, topics, off, req)
		if err == nil && !known {
			of, _ := roughTopics(ctx, cluster, topics, line.Spans()) // what may not be asked is neither
			for _, is := range of {
				rough = rough || is
			}
		}
		return timelineMsg(func() tea.Cmd {
			if c == m.timeline {
				m.gotTimeline(line, rough, err)
			}
			return nil
		})
	}
}

// lookUp counts by time what topics hold and is not switched off.
func lookUp(ctx context.Context, cluster Cluster, topics []string, off switchedOff, req *kafka.TimelineRequest) (*kafka.Timeline, error) {
	for _, name := range topics {
		topic, err := cluster.Topic(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, p := range topic.Partitions {
			if tp := (kafka.TopicPartition{Topic: name, Partition: p.ID}); !off.has(tp) {
				req.Spans = append(req.Spans, kafka.Span{TopicPartition: tp, To: kafka.NoEnd})
			}
		}
	}
	return cluster.(timelines).Timeline(ctx, *req)
}

// gotTimeline takes an answer. One that did not come leaves what was there.
func (m *Model) gotTimeline(line *kafka.Timeline, rough bool, err error) {
	c := m.timeline
	c.cancel = nil
	if err != nil {
		if c.err == nil {
			m.note(levelWarn, "the timeline could not be looked up: "+sentence(err))
		}
		c.err = err
		return
	}
	c.line, c.rough, c.err = line, rough, nil
	c.answered = c.asked.window
	if n := len(line.Buckets); n > 0 {
		if c.asked.wide == 0 {
			c.first = line.Buckets[0].From
		}
		if c.asked.end == 0 {
			c.newest = line.Buckets[n-1].To
		}
	}
	if since, gone := c.since(&m.tail); gone && c.asked.wide == 0 && (since < c.first && c.first == line.First || since > c.first) {
		c.asked = question{} // once more, from there on
	}
}

// since is where the timeline begins so that what the tail still holds is on it,
// though it is gone from the topics; false: nothing of that is. What is gone takes
// half of the columns at most.
func (c *timeline) since(t *tail) (ms int64, gone bool) {
	if c.line == nil || len(c.line.Gone) == 0 || c.line.First < 0 || t.session == nil {
		return 0, false
	}
	ms = c.line.First
	for _, seq := range []store.Seq{t.snap.first, t.snap.next - 1} { // hits may come from the newest back
		for _, r := range t.session.store.Rows(seq, 1, 0, nil) {
			if r.Skip == nil && r.Timestamp >= 0 {
				ms = min(ms, r.Timestamp)
			}
		}
	}
	return max(0, ms, 2*c.line.First-c.newest), ms < c.line.First
}

// gone says whether a column that ends at a time lies before all that the topics
// hold, where they held more.
func (c *timeline) gone(end int64) bool {
	return c.line != nil && len(c.line.Gone) > 0 && end <= c.line.First
}

// later is how many partitions begin after a time, and held more.
func (c *timeline) later(ms int64) (n int) {
	for _, first := range c.line.Gone {
		if first > ms {
			n++
		}
	}
	return n
}

// toggleTimeline shows the timeline, or gives its line to the rows.
func (m *Model) toggleTimeline() tea.Cmd {
	m.timeline.hidden = !m.timeline.hidden
	m.tail.resized = true
	return nil
}

// place is the time that the tail is at, a replay too; false: at none, or it
// follows.
func (m *Model) place() (ms int64, ok bool) {
	t, v := &m.tail, &m.timeline.travel
	switch {
	case v.pending:
		return v.at, true
	case t.follow && !t.played():
		return 0, false
	case t.session.number == v.session && t.cursor == v.cursor:
		return v.at, true
	}
	for i := range t.rows {
		if r := &t.rows[i]; r.Seq == t.cursor && r.Timestamp >= 0 {
			return r.Timestamp, true
		}
	}
	return 0, false
}

// keepInSight moves a window that the tail has left to where the tail is.
func (m *Model) keepInSight() {
	c, t := m.timeline, &m.tail
	if c.wide == 0 || c.newest == 0 || c.travel.pending {
		return
	}
	ms, ok := m.place()
	if from, to := c.span(); ok && (ms < from || ms >= to) {
		c.show(ms, c.wide)
	} else if t.follow && !t.searched() && !t.played() {
		c.end = 0
	}
}

// placeColumn is the column that the tail is at; -1: none in sight.
func (m *Model) placeColumn(n int) int {
	c := m.timeline
	at, ok := m.place()
	switch {
	case ok:
		return c.column(at, n)
	case m.tail.follow && !m.tail.searched() && !m.tail.played() && c.end == 0:
		return n - 1
	}
	return -1
}

// moveInTime moves the position by a column. Beyond the last one are the newest;
// beyond the edges of a window, what lies beside it.
func (m *Model) moveInTime(by int) tea.Cmd {
	c := m.timeline
	n, _ := timelineColumns(m.lay.timeline.w)
	from, to := c.span()
	if from >= to {
		return nil
	}
	at := m.placeColumn(n)
	if ms, ok := m.place(); at < 0 && ok && ms < from {
		at = min(0, -by) // out of sight: at the edge that is nearer
	} else if at < 0 {
		at = n
	}
	at += by
	edge := to
	switch {
	case at >= n && (c.end == 0 || c.end >= c.newest):
		c.end = 0
		if m.tail.follow || m.tail.searched() {
			return nil
		}
		c.travel = travel{moves: c.travel.moves + 1}
		return m.goEnd()
	case at < 0 && c.wide > 0 && from > c.first:
		edge = from - 1
		fallthrough
	case at >= n:
		c.show(edge, c.wide)
		at = c.column(edge, n)
	}
	return m.travelTo(c.border(max(0, at), n))
}

// travelTo takes the tail to a time, once the position rests.
func (m *Model) travelTo(ms int64) tea.Cmd {
	v := &m.timeline.travel
	if !v.pending {
		v.again = v.session == m.tail.session.number && v.cursor == m.tail.cursor && m.places.off(1) != ""
	}
	v.at, v.pending = max(0, ms), true
	v.session, v.cursor, v.follow = m.tail.session.number, m.tail.cursor, m.tail.follow
	v.moves++
	moves := v.moves
	return m.after(travelAfter, timelineMsg(func() tea.Cmd { return m.travelled(moves) }))
}

// travelled goes where the position rests; among hits, to the first one from there
// on.
func (m *Model) travelled(moves int) tea.Cmd {
	t, v := &m.tail, &m.timeline.travel
	if moves != v.moves || !v.pending || t.session == nil {
		return nil
	}
	v.pending = false
	if t.session.number != v.session || t.follow != v.follow || !t.follow && t.cursor != v.cursor {
		v.session = 0 // the person has gone elsewhere
		return nil
	}
	var cmd tea.Cmd
	if t.searched() {
		best := int64(-1)
		at := t.cursor
		m.eachHit(func(r *store.Row) {
			if r.Timestamp >= v.at && (best < 0 || r.Timestamp < best) {
				best, at = r.Timestamp, r.Seq
			}
		})
		t.seek = nil
		t.leave()
		t.cursor = at
		t.clamp(m)
		t.hold()
	} else {
		at := time.UnixMilli(v.at)
		st := m.startAt(kafka.Position{Kind: kafka.AtTime, Time: at}, "from "+at.In(m.zone).Format("2 Jan 15:04:05"))
		if v.again {
			cmd = m.startSession(st)
		} else {
			cmd = m.goOff(st, t.topics...)
		}
	}
	v.session, v.cursor = t.session.number, t.cursor
	return cmd
}

// eachHit calls f for the newest hits of a search.
func (m *Model) eachHit(f func(*store.Row)) {
	t := &m.tail
	var rows []store.Row
	for at := max(t.snap.first, t.snap.next-marksMost); at < t.snap.next; {
		rows = t.session.store.Rows(at, 512, 0, rows[:0])
		if len(rows) == 0 {
			return
		}
		for i := range rows {
			if rows[i].Skip == nil && rows[i].Timestamp >= 0 {
				f(&rows[i])
			}
		}
		at = rows[len(rows)-1].Seq + 1
	}
}

// show puts a window of wide ms around a time, within what the topics hold.
func (c *timeline) show(at, wide int64) {
	if wide <= 0 || wide >= c.newest-c.first { // so long that it overflows, too
		c.window = window{}
		return
	}
	c.window = window{wide: wide, end: max(c.first+wide, at+wide/2)}
	if c.end >= c.newest {
		c.end = 0
	}
}

// zoomTime shows another stretch of time, times/of as long, around the position.
func (m *Model) zoomTime(times, of int64) tea.Cmd {
	c := m.timeline
	from, to := c.span()
	wide := max((to-from)/of*times, zoomLeast.Milliseconds())
	if from >= to || times < of && wide >= to-from {
		return nil
	}
	at, ok := m.place()
	if !ok {
		at = to
	}
	c.show(at, wide)
	return nil
}

// clickedTimeline goes to the time at a column of the screen.
func (m *Model) clickedTimeline(x int) tea.Cmd {
	c := m.timeline
	if from, to := c.span(); from >= to || c.area.w == 0 {
		return nil
	}
	return m.travelTo(c.border(max(0, min(x-c.area.x, c.area.w-1)), c.area.w))
}

// marked are the columns with hits of a search; nil: nothing is searched.
func (m *Model) marked(n int) []bool {
	t, k := &m.tail, &m.timeline.marks
	if !t.searched() {
		return nil
	}
	of := markedFor{session: t.session.number, first: t.snap.first, next: t.snap.next, n: n}
	of.from, of.to = m.timeline.span()
	if k.of != of {
		k.of, k.columns = of, make([]bool, n)
		m.eachHit(func(r *store.Row) {
			if i := m.timeline.column(r.Timestamp, n); i >= 0 {
				k.columns[i] = true
			}
		})
	}
	return k.columns
}

// drawTimeline draws it.
func (m *Model) drawTimeline(r rect) string {
	c, st := m.timeline, m.st
	l := newLine(st, r.w, nil)
	c.area = rect{}
	from, to := c.span()
	if from >= to {
		if c.line != nil && (len(c.line.Failed) > 0 || c.line.Untimed > 0) {
			l.text(st.dim, " no timeline: partitions do not answer or have no timestamps")
		}
		return l.end()
	}
	n, said := timelineColumns(r.w)
	layout := timeLayout((to - from) / int64(n))
	ends := timeLayout((to - from) / 10)
	l.fill(1)
	if r.w >= timelineEnds {
		l.text(st.dim, m.timeOf(from, ends))
		l.fill(14)
	}
	c.area = rect{r.x + l.width, r.y, n, 1}
	counts := c.counts(n)
	peak := slices.Index(counts, slices.Max(counts))
	at, hits := m.placeColumn(n), m.marked(n)
	lit := st.accentBold + st.selected
	late := c.err != nil || c.answered != c.window
	edge := 0 // of the columns that are gone
	for edge < n && c.gone(c.border(edge+1, n)) {
		edge++
	}
	for i, count := range counts {
		sgr, glyph := st.accent, st.g.spark[0]
		if count > 0 {
			glyph = columnGlyph(st.g.spark, count, counts[peak])
		}
		if i < edge {
			glyph = st.g.gap
			if at := i - (edge - 1 - len(goneSaid)); edge >= len(goneSaid)+3 && at >= 0 && at < len(goneSaid) {
				glyph = goneSaid[at : at+1]
			}
		}
		switch {
		case i == at:
			sgr = lit
		case hits != nil && hits[i]:
			if sgr = st.warn; !st.matchFills { // without colours
				sgr = st.match
			}
		case i < edge && glyph != st.g.gap:
			sgr = st.dim
		case count == 0:
			sgr = st.rule
		case late:
			sgr = st.dim
		}
		l.repeat(sgr, glyph, 1)
	}
	if r.w >= timelineEnds {
		end := m.timeOf(to, ends)
		if c.end == 0 && time.Now().UnixMilli()-to < max(timelineEvery.Milliseconds(), (to-from)/int64(n)) {
			end = "now"
		}
		l.text(st.dim, " "+end)
	}
	l.fill(r.w - said)
	text := "peak " + m.timeOf(c.border(peak, n), layout)
	here := at >= 0 && (!m.tail.follow || m.tail.played() || c.travel.pending)
	if here {
		text, peak = m.timeOf(c.border(at, n), layout), at
	}
	count, later := human.Count(counts[peak]), 0
	switch {
	case here && at < edge:
		count = goneSaid
	case here:
		later = c.later(c.border(at, n))
	}
	l.text(st.dim, c.said(text+" ", count, later, here, said))
	return l.end()
}

func (m *Model) timeOf(ms int64, layout string) string {
	return time.UnixMilli(ms).In(m.zone).Format(layout)
}

// columnGlyph is the glyph for n of most; what is more than nothing is never drawn
// as nothing.
func columnGlyph(glyphs []string, n, most int64) string {
	least := 1
	for glyphs[least] == glyphs[0] {
		least++
	}
	return glyphs[max(least, int(float64(n)/float64(most)*float64(len(glyphs)-1)))]
}

// said is what stands beside the columns, as much as there is room for: the
// column that the tail is at, else the highest; how many partitions begin later
// than that; what is left out; and what is counted.
func (c *timeline) said(at, count string, later int, here bool, room int) string {
	var failed, offsets, gone string
	switch gone = itoa(int64(later)) + " gone"; { // from there
	case later == 0:
		gone = ""
	case room < 40:
	case later == 1:
		gone = "1 partition begins later"
	default:
		gone = human.Plural(later, "partition") + " begin later"
	}
	if n := len(c.line.Failed); n > 0 {
		failed = human.Plural(n, "partition") + " left out"
	}
	if c.rough {
		at, offsets = at+"~", "offsets, not messages"
	}
	parts := [4]string{failed, offsets, at + count}
	if here {
		parts = [4]string{parts[2], gone, failed, offsets}
	}
	out := ""
	for _, p := range parts {
		switch {
		case out == "":
			out = p
		case p != "" && len(out)+2+len(p) <= room:
			out += "  " + p
		}
	}
	return out
}

// timeLayout is how times that are so many ms apart are written: as much as tells
// them apart.
func timeLayout(apart int64) string {
	switch d := time.Duration(apart) * time.Millisecond; {
	case d >= 24*time.Hour:
		return "2 Jan 2006"
	case d >= time.Minute:
		return "2 Jan 15:04"
	case d >= time.Second:
		return "15:04:05"
	}
	return "15:04:05.000"
}
