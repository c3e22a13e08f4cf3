package ui

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

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
	Transactional(ctx context.Context, spans []kafka.Span) map[string]bool
}

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

	number  int // of the newest look-up
	asked   question
	askedAt time.Time
	live    int64              // records that had come by then
	cancel  context.CancelFunc // not nil: it is under way

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
	session int // 0: none was taken anywhere
	cursor  store.Seq
}

// marks are the columns that hold hits of a search.
type marks struct {
	session     int
	first, next store.Seq
	from, to    int64
	columns     []bool
}

// Messages of the timeline.
type (
	timelineMsg struct {
		number int
		line   *kafka.Timeline
		rough  bool
		err    error
	}
	// travelMsg says that the position may have come to rest.
	travelMsg struct{ moves int }
)

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
	wide, of := to-from, int64(n)
	return from + wide/of*int64(i) + wide%of*int64(i)/of
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
func (m *Model) timelineOff() string { return m.timelineOffIn(m.lay.tail) }

func (m *Model) timelineOffIn(r rect) string {
	_, counted := m.cluster.(timelines)
	switch {
	case noSession(m):
		return offSession
	case !counted:
		return "there is no timeline of a file"
	case m.timeline.hidden:
		return "the timeline is not shown: T shows it"
	case r.h < timelineHeight || r.w < timelineWidth:
		return "there is no room for the timeline"
	}
	return ""
}

// timelineLines is how many lines of the tail it takes.
func (m *Model) timelineLines() int {
	if m.timelineOff() == "" {
		return 1
	}
	return 0
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
	t, c := &m.tail, &m.timeline
	if t.session == nil || m.cluster == nil || c.hidden {
		return nil
	}
	r := arrange(m.w, m.h, m.focus, m.zoom, m.compose.wanted(m)).tail
	if m.timelineOffIn(r) != "" {
		return nil
	}
	if !slices.Equal(c.topics, t.topics) {
		if c.cancel != nil {
			c.cancel()
		}
		*c = timeline{topics: t.topics, number: c.number + 1, travel: travel{moves: c.travel.moves}}
	}
	columns, _ := timelineColumns(r.w)
	q := question{c.window, columns}
	again := m.now().Sub(c.askedAt) >= timelineEvery && !m.blurred && (c.live != t.counted || c.err != nil)
	if c.cancel != nil || c.asked == q && !again {
		return nil
	}
	c.asked, c.askedAt, c.live = q, m.now(), t.counted
	c.number++
	msg := timelineMsg{number: c.number, rough: c.rough}
	req := kafka.TimelineRequest{Buckets: columns, Isolation: m.opt.Isolation}
	if from, to := c.span(); q.wide > 0 {
		req.From = time.UnixMilli(from)
		if q.end > 0 {
			req.To = time.UnixMilli(to)
		}
	}
	cluster, topics, known := m.cluster, t.topics, c.line != nil
	ctx, cancel := context.WithTimeout(m.ctx, refreshTimeout)
	c.cancel = cancel
	return m.background(func(context.Context) tea.Msg {
		defer cancel()
		for _, name := range topics {
			topic, err := cluster.Topic(ctx, name)
			if err != nil {
				msg.err = err
				return msg
			}
			for _, tp := range kafka.Partitions(topic) {
				req.Spans = append(req.Spans, kafka.Span{TopicPartition: tp, To: kafka.NoEnd})
			}
		}
		by := cluster.(timelines)
		if msg.line, msg.err = by.Timeline(ctx, req); msg.err == nil && !known {
			msg.rough = countsOffsets(ctx, cluster, by, topics, msg.line)
		}
		return msg
	})
}

// countsOffsets says whether a topic is compacted or transactional, so that it has fewer
// messages than offsets. What may not be asked is taken for neither.
func countsOffsets(ctx context.Context, cluster Cluster, by timelines, topics []string, line *kafka.Timeline) bool {
	var spans []kafka.Span
	for tp, borders := range line.Borders {
		spans = append(spans, kafka.Span{TopicPartition: tp, From: borders[0], To: borders[len(borders)-1]})
	}
	if len(by.Transactional(ctx, spans)) > 0 {
		return true
	}
	compacted, err := cluster.Compacted(ctx, topics)
	return err == nil && slices.Contains(slices.Collect(maps.Values(compacted)), true)
}

// gotTimeline takes an answer. One that did not come leaves what was there.
func (m *Model) gotTimeline(msg timelineMsg) {
	c := &m.timeline
	if msg.number != c.number {
		return
	}
	c.cancel = nil
	if msg.err != nil {
		if c.err == nil {
			m.note(levelWarn, "the timeline could not be looked up: "+sentence(msg.err))
		}
		c.err = msg.err
		return
	}
	c.line, c.rough, c.err = msg.line, msg.rough, nil
	if n := len(msg.line.Buckets); n > 0 {
		if c.asked.wide == 0 {
			c.first = msg.line.Buckets[0].From
		}
		if c.asked.end == 0 {
			c.newest = msg.line.Buckets[n-1].To
		}
	}
}

// toggleTimeline shows the timeline, or gives its line to the rows.
func (m *Model) toggleTimeline() tea.Cmd {
	m.timeline.hidden = !m.timeline.hidden
	m.tail.clamp(m)
	m.tail.hold()
	return nil
}

// place is the time that the tail is at; false: at none, or it follows.
func (m *Model) place() (ms int64, ok bool) {
	t, v := &m.tail, &m.timeline.travel
	if v.pending || v.session > 0 && t.session.number == v.session && t.cursor == v.cursor {
		return v.at, true
	}
	if t.follow {
		return 0, false
	}
	for i := range t.rows {
		if r := &t.rows[i]; r.Seq == t.cursor && r.Timestamp >= 0 {
			return r.Timestamp, true
		}
	}
	return 0, false
}

// placeColumn is the column that the tail is at; -1: none in sight.
func (m *Model) placeColumn(n int) int {
	c := &m.timeline
	at, ok := m.place()
	switch {
	case ok:
		return c.column(at, n)
	case m.tail.follow && !m.tail.searched() && c.end == 0:
		return n - 1
	}
	return -1
}

// moveInTime moves the position by a column. Beyond the last one are the newest;
// beyond the edges of a window, what lies beside it.
func moveInTime(by int) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		c := &m.timeline
		n, _ := timelineColumns(m.lay.tail.w)
		from, to := c.span()
		if from >= to {
			return nil
		}
		at := m.placeColumn(n)
		if at < 0 { // out of sight: at the edge that is nearer
			if ms, ok := m.place(); ok && ms < from {
				at = min(0, -by)
			} else {
				at = n
			}
		}
		at += by
		switch {
		case at >= n && (c.end == 0 || c.end >= c.newest):
			c.end = 0
			if m.tail.follow || m.tail.searched() {
				return nil
			}
			c.travel = travel{moves: c.travel.moves + 1}
			return m.goEnd()
		case at >= n, at < 0 && c.wide > 0 && from > c.first:
			edge := to
			if at < 0 {
				edge = from - 1
			}
			c.show(edge, c.wide)
			at = max(0, c.column(edge, n))
		}
		return m.travelTo(c.border(max(0, at), n))
	}
}

// travelTo takes the tail to a time, once the position rests.
func (m *Model) travelTo(ms int64) tea.Cmd {
	v := &m.timeline.travel
	v.at, v.pending = ms, true
	v.session, v.cursor = m.tail.session.number, m.tail.cursor
	v.moves++
	moves := v.moves
	return tea.Tick(travelAfter, func(time.Time) tea.Msg { return travelMsg{moves} })
}

// travelled goes where the position rests; among hits, to the first one from there
// on.
func (m *Model) travelled(msg travelMsg) tea.Cmd {
	t, v := &m.tail, &m.timeline.travel
	if msg.moves != v.moves || !v.pending || t.session == nil {
		return nil
	}
	v.pending = false
	if t.session.number != v.session || !t.follow && t.cursor != v.cursor {
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
		cmd = m.goTo(kafka.Position{Kind: kafka.AtTime, Time: at}, "from "+at.In(m.zone).Format("2 Jan 15:04:05"))
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
	if wide >= c.newest-c.first {
		c.window = window{}
		return
	}
	c.window = window{wide: wide, end: max(c.first+wide, at+wide/2)}
	if c.end >= c.newest {
		c.end = 0
	}
}

// zoomTime shows a shorter or a longer time around the position.
func zoomTime(in bool) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		c := &m.timeline
		from, to := c.span()
		if from >= to {
			return nil
		}
		wide := (to - from) * zoomBy
		if in {
			wide = max((to-from)/zoomBy, zoomLeast.Milliseconds())
			if wide >= to-from {
				return nil
			}
		}
		at, ok := m.place()
		if !ok {
			at = to
		}
		c.show(at, wide)
		return nil
	}
}

// clickedTimeline goes to the time at a column of the screen.
func (m *Model) clickedTimeline(x int) tea.Cmd {
	c := &m.timeline
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
	want := marks{session: t.session.number, first: t.snap.first, next: t.snap.next}
	want.from, want.to = m.timeline.span()
	if len(k.columns) == n && k.session == want.session && k.first == want.first && k.next == want.next && k.from == want.from && k.to == want.to {
		return k.columns
	}
	want.columns = make([]bool, n)
	m.eachHit(func(r *store.Row) {
		if i := m.timeline.column(r.Timestamp, n); i >= 0 {
			want.columns[i] = true
		}
	})
	*k = want
	return k.columns
}

// drawTimeline draws it in line y of the screen.
func (m *Model) drawTimeline(x, y, w int) string {
	c, st := &m.timeline, m.st
	l := newLine(st, w, nil)
	l.text("", " ")
	n, said := timelineColumns(w)
	from, to := c.span()
	if from >= to {
		c.area = rect{}
		switch {
		case c.line == nil && c.err == nil:
		case c.line == nil:
			l.text(st.dim, "no timeline: "+sentence(c.err))
		case len(c.line.Failed) > 0:
			l.text(st.dim, "no timeline: "+plural(len(c.line.Failed), "partition")+" left out")
		case c.line.Untimed > 0:
			l.text(st.dim, "no timeline: the messages have no timestamps")
		}
		return l.end()
	}
	layout := timeLayout(from, to, n)
	if w >= timelineEnds {
		l.field(st.dim, time.UnixMilli(from).In(m.zone).Format(endLayout(from, to)), 13)
	}
	c.area = rect{x + l.width, y, n, 1}
	counts := c.counts(n)
	peak := 0
	for i, count := range counts {
		if count > counts[peak] {
			peak = i
		}
	}
	at, hits := m.placeColumn(n), m.marked(n)
	for i, count := range counts {
		sgr := st.accent
		switch {
		case hits != nil && hits[i]:
			sgr = st.match
		case c.err != nil || c.asked.window != c.window:
			sgr = st.dim
		}
		l.bg = ""
		if i == at {
			sgr, l.bg = st.accentBold, st.selected
		}
		l.live = false // the background changes
		switch {
		case count > 0:
			l.repeat(sgr, columnGlyph(st.g.spark, count, counts[peak]), 1)
		case c.border(i+1, n) <= c.first: // retention took what was there
			l.repeat(sgr, " ", 1)
		case i == at || hits != nil && hits[i]:
			l.repeat(sgr, st.g.spark[0], 1)
		default:
			l.repeat(st.rule, st.g.spark[0], 1)
		}
	}
	l.bg, l.live = "", false
	if w >= timelineEnds {
		end := time.UnixMilli(to).In(m.zone).Format(endLayout(from, to))
		if c.end == 0 && m.now().UnixMilli()-to < max(timelineEvery.Milliseconds(), (to-from)/int64(n)) {
			end = "now"
		}
		l.text("", " ")
		l.field(st.dim, end, 12)
	}
	l.text("", "  ")
	l.field(st.dim, c.said(said, func(i int) string {
		return time.UnixMilli(c.border(i, n)).In(m.zone).Format(layout)
	}, counts, at, peak, m.tail.follow && !c.travel.pending), said)
	return l.end()
}

// columnGlyph is the glyph for n of most; what is more than nothing is never drawn as
// nothing.
func columnGlyph(glyphs []string, n, most int64) string {
	least := 1
	for glyphs[least] == glyphs[0] {
		least++
	}
	return glyphs[max(least, int(float64(n)/float64(most)*float64(len(glyphs)-1)))]
}

// said is what stands beside the columns, as much as there is room for: the
// column that the tail is at, or the highest; what is left out; and what is counted.
func (c *timeline) said(room int, when func(int) string, counts []int64, at, peak int, follows bool) string {
	tilde := ""
	var parts []string
	if c.rough {
		tilde = "~"
		parts = append(parts, "offsets, not messages")
	}
	if n := len(c.line.Failed); n > 0 {
		parts = slices.Insert(parts, 0, plural(n, "partition")+" left out")
	}
	if at >= 0 && !follows {
		parts = slices.Insert(parts, 0, when(at)+" "+tilde+humanCount(counts[at]))
	} else {
		parts = append(parts, "peak "+when(peak)+" "+tilde+humanCount(counts[peak]))
	}
	var out strings.Builder
	for _, p := range parts {
		if out.Len() > 0 && out.Len()+2+len(p) > room {
			continue
		}
		if out.Len() > 0 {
			out.WriteString("  ")
		}
		out.WriteString(p)
	}
	return out.String()
}

// timeLayout is how the times of columns are written: as much as tells them apart.
func timeLayout(from, to int64, n int) string {
	switch wide := (to - from) / int64(n); {
	case wide >= (24 * time.Hour).Milliseconds():
		return "2 Jan 2006"
	case wide >= time.Minute.Milliseconds():
		return "2 Jan 15:04"
	case wide >= time.Second.Milliseconds():
		return "15:04:05"
	}
	return "15:04:05.000"
}

// endLayout is how the ends of the time in sight are written.
func endLayout(from, to int64) string {
	switch wide := to - from; {
	case wide >= (300 * 24 * time.Hour).Milliseconds():
		return "2 Jan 2006"
	case wide >= (10 * time.Minute).Milliseconds():
		return "2 Jan 15:04"
	}
	return "15:04:05"
}
