package ui

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
)

// The pane of topics: all of them, with what is known of each. Names are there
// at once; figures (topics_figures.go) come as they arrive and never move a row
// by themselves.

type topicsPane struct {
	all      []kafka.Topic // by name, internal ones at the end
	lower    []string      // their names in small letters, for the filter
	known    []*figures    // what is known of each of all
	shown    []int         // places in all, as filter and order have them
	found    topicFilter   // what filter says
	filter   string
	order    topicOrder
	cursor   string          // the topic that the cursor is on
	marked   map[string]bool // by name, see topics_marks.go
	at, top  int
	figures  map[string]*figures // by name
	troubled int                 // topics with a partition that is not as it should be
	silent   []string            // addresses of brokers that did not answer when offsets were asked for
	counting bool                // offsets are asked for
	asking   bool                // policies are asked for
	aging    bool                // ages are asked for
	allAt    time.Time           // when all topics were counted last; zero: never
	allTook  time.Duration
	touched  time.Time // when a person last did something here
	sorted   time.Time // when the rows were last put in order
	moves    int       // how often the cursor moved, to know when it rests
	loaded   bool
	crowded  bool // there are too many to list
	longest  int  // columns of the longest name
	rows     int  // topics on the screen that was drawn last
}

// topicOrder is what the rows are ordered by.
type topicOrder int8

const (
	byName topicOrder = iota
	byCount
	byRate
	byAge
	byParts
	topicOrders
)

// refreshEvery is the time between two looks at the cluster, refreshGone the
// same while it does not answer.
const (
	refreshEvery   = 5 * time.Second
	refreshGone    = 2 * time.Second
	refreshTimeout = 10 * time.Second
)

// A person who has just used the pane reads it: rows are put in a new order by
// themselves only after calmAfter without a key, and not more often than
// sortEvery. restAfter is how long the cursor stays before anything is asked for
// the topic that it is on.
const (
	calmAfter = 3 * time.Second
	sortEvery = 5 * time.Second
	restAfter = 200 * time.Millisecond
)

type (
	refreshMsg  struct{}
	metadataMsg struct {
		md       *kafka.Metadata
		err      error
		asked    bool   // by a person: no timer goes on from it
		selected string // the topic to put the cursor on
	}
	// restMsg says that the cursor may have come to rest.
	restMsg struct{ moves int }
)

func (p *topicsPane) init() {
	p.figures = make(map[string]*figures)
	p.marked = make(map[string]bool)
}

// refresh asks the cluster how it is, in the background.
func (m *Model) refresh() tea.Cmd { return m.ask(false, "") }

func (m *Model) ask(byPerson bool, selected string) tea.Cmd {
	if m.cluster == nil {
		return nil
	}
	cluster := m.cluster
	return m.background(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
		defer cancel()
		md, err := cluster.Refresh(ctx)
		return metadataMsg{md, err, byPerson, selected}
	})
}

func (m *Model) gotMetadata(msg metadataMsg) tea.Cmd {
	var cmds []tea.Cmd
	every := refreshEvery
	if msg.err != nil {
		if m.gone.IsZero() {
			m.gone = time.Now()
			m.note(levelBad, "the cluster does not answer: "+sentence(msg.err))
		}
		every = refreshGone
	} else {
		if !m.gone.IsZero() {
			m.note(levelGood, "the cluster answers again, after "+human.Duration(time.Since(m.gone)))
			m.gone = time.Time{}
		}
		if m.tail.session != nil {
			m.tail.session.tryAgain()
		}
		if msg.md.Crowded != nil && !m.topics.crowded {
			m.note(levelBad, "cannot list topics: "+sentence(msg.md.Crowded)+"; milena TOPIC opens one by its name")
		}
		m.topics.crowded = msg.md.Crowded != nil
		m.topics.set(msg.md)
		if msg.selected != "" {
			m.topics.selectName(msg.selected)
		}
		if msg.asked {
			m.topics.sort(time.Now())
		}
		cmds = append(cmds, m.count(), m.lookAround(), m.refreshDetails())
	}
	if !msg.asked {
		cmds = append(cmds, m.after(every, refreshMsg{}))
	}
	return tea.Batch(cmds...)
}

// set takes over what the cluster has.
func (p *topicsPane) set(md *kafka.Metadata) {
	p.all = make([]kafka.Topic, 0, len(md.Topics)) // what runs in the background keeps the old one
	for _, internal := range []bool{false, true} {
		for i := range md.Topics { // which are by name
			if md.Topics[i].Internal == internal {
				p.all = append(p.all, md.Topics[i])
			}
		}
	}
	before := p.figures
	p.figures = make(map[string]*figures, len(p.all))
	p.lower, p.known = p.lower[:0], p.known[:0]
	p.troubled = 0
	for i := range p.all {
		t := &p.all[i]
		f := before[t.Name]
		if f == nil || f.id != t.ID {
			f = &figures{id: t.ID}
		}
		f.trouble = troubleOf(t)
		if f.trouble != noTrouble {
			p.troubled++
		}
		p.figures[t.Name] = f
		p.known = append(p.known, f)
		p.lower = append(p.lower, strings.ToLower(t.Name))
	}
	p.loaded = true
	p.measure()
	p.dropGone()
	p.arrange(false)
}

// arrange finds what is shown, in the order that the rows have now; afresh, they
// are put in order by what is known now. The cursor stays on its topic, and that
// on its line of the screen.
func (p *topicsPane) arrange(afresh bool) {
	f := newTopicFilter(p.filter)
	p.found, p.shown = f, p.shown[:0]
	scores := make([]int, len(p.all))
	for i := range p.all {
		if f.trouble && p.known[i].trouble == noTrouble {
			continue
		}
		score, ok := f.match(p.lower[i])
		if !ok {
			continue
		}
		scores[i] = score
		p.shown = append(p.shown, i)
	}
	for i, k := range p.known {
		if afresh || !k.placed {
			k.place, k.placed = p.key(i), true
		}
	}
	if p.order != byName || len(f.words) > 0 { // otherwise they are
		slices.SortFunc(p.shown, func(a, b int) int {
			switch {
			case p.order == byName:
				return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b))
			case p.all[a].Internal != p.all[b].Internal:
				return cmp.Compare(a, b)
			}
			return cmp.Or(cmp.Compare(p.known[b].place, p.known[a].place), cmp.Compare(a, b))
		})
	}
	line := p.at - p.top
	for i, at := range p.shown {
		if p.all[at].Name == p.cursor {
			p.at, p.top = i, max(0, i-line)
			return
		}
	}
	p.move(0)
}

// key is what a topic is ordered by, the greatest first; what is not known comes
// last.
func (p *topicsPane) key(i int) float64 {
	f := p.known[i]
	switch {
	case p.order == byParts:
		return float64(len(p.all[i].Partitions))
	case p.order == byCount && f.counted:
		return float64(f.end - f.start)
	case p.order == byRate && f.samples > 0:
		return f.rate()
	case p.order == byAge && !f.last.IsZero():
		return float64(f.last.UnixMilli())
	}
	return -1
}

// sort puts the rows in order by what is known now.
func (p *topicsPane) sort(now time.Time) {
	p.sorted = now
	p.arrange(true)
}

// calmSort does so when nobody is just using the pane.
func (p *topicsPane) calmSort(now time.Time) {
	if p.order != byName && now.Sub(p.touched) >= calmAfter && now.Sub(p.sorted) >= sortEvery {
		p.sort(now)
	}
}

// nextOrder goes on to the next order.
func (m *Model) nextOrder() tea.Cmd { return m.orderBy((m.topics.order + 1) % topicOrders) }

// orderBy puts the topics in an order.
func (m *Model) orderBy(order topicOrder) tea.Cmd {
	p := &m.topics
	p.order = order
	p.touched = time.Now()
	p.sort(time.Now())
	return m.lookAround()
}

// move moves the cursor by n topics.
func (p *topicsPane) move(n int) {
	p.at = max(0, min(p.at+n, len(p.shown)-1))
	if len(p.shown) > 0 {
		p.cursor = p.all[p.shown[p.at]].Name
	}
}

// moveTopic moves the cursor for a person, and looks around once it rests.
func (m *Model) moveTopic(n int) tea.Cmd {
	m.topics.move(n)
	return m.rest()
}

// rest waits until the cursor rests, and looks around then.
func (m *Model) rest() tea.Cmd {
	p := &m.topics
	p.touched = time.Now()
	p.moves++
	moves := p.moves
	return m.after(restAfter, restMsg{moves})
}

func (m *Model) rested(msg restMsg) tea.Cmd {
	if msg.moves != m.topics.moves {
		return nil
	}
	return tea.Batch(m.lookAround(), m.countSight())
}

// lookAround asks for what is in sight and not known yet.
func (m *Model) lookAround() tea.Cmd {
	return tea.Batch(m.askPolicies(), m.askAges(), m.askPreview())
}

func (p *topicsPane) selectName(name string) {
	p.cursor = name
	for i, at := range p.shown {
		if p.all[at].Name == name {
			p.at = i
			return
		}
	}
}

// current is the topic under the cursor; nil: there is none.
func (p *topicsPane) current() *kafka.Topic {
	if p.at < 0 || p.at >= len(p.shown) {
		return nil
	}
	return &p.all[p.shown[p.at]]
}

// inSight are the places in shown that are on the screen.
func (m *Model) inSight() (from, to int) {
	p := &m.topics
	rows := m.lay.topics.h - 1
	if rows <= 0 {
		rows = m.h
	}
	from = max(0, min(p.top, len(p.shown)-rows)) // as they will be drawn, whatever became of the order
	return from, min(from+rows, len(p.shown))
}

// topicColumns are the widths of the columns to the right of the names; zero
// leaves one out.
type topicColumns struct {
	parts, count, rate, spark, age int
}

// topicColumnsFor fits the columns to w. Where there is room for one figure
// only, it is the one that the rows are ordered by. Names, of which the longest
// has so many columns, come first.
func topicColumnsFor(w int, order topicOrder, longest int) topicColumns {
	var c topicColumns
	if w < 24 {
		return c
	}
	switch order {
	case byRate:
		c.rate = 7
	case byAge:
		c.age = 6
	default:
		c.count = 7
	}
	if w >= 28 {
		c.parts = 6
	}
	if w >= 36 {
		c.spark = 1 + sparkColumns
	}
	if w >= 46 {
		c.count = 7
	}
	if w >= 50 {
		c.rate = 7
	}
	if w >= 56 {
		c.age = 6
	}
	return c.room(w, order, longest)
}

func (c topicColumns) width() int { return c.parts + c.count + c.rate + c.spark + c.age + 1 }

// heading writes the columns' names; the one that the rows are ordered by has an
// arrow. click is told from which column to which each stands.
func (c topicColumns) heading(l *line, order topicOrder, click func(from, to int, by topicOrder)) {
	st := l.st
	one := func(w int, name string, by topicOrder) {
		if w == 0 {
			return
		}
		click(l.width, l.width+w, by)
		sgr, arrow := st.dim, ""
		if by == order {
			sgr, arrow = st.accent, st.g.down
		}
		l.fill(l.width + w - len(name) - min(1, len(arrow)))
		l.text(sgr, arrow+name)
	}
	one(c.parts, "parts", byParts)
	one(c.count, "count", byCount)
	one(c.rate, "msg/s", byRate)
	l.fill(l.width + c.spark)
	one(c.age, "last", byAge)
}

func (m *Model) drawTopics(r rect) []string {
	p, st := &m.topics, m.st
	lines := make([]string, 0, r.h)
	focused := m.focus == paneTopics && m.over == nil
	cols := topicColumnsFor(r.w, p.order, p.longestInSight(r.h-1))
	whole := m.wholeName(r, cols)
	rows := max(0, r.h-1-len(whole))
	p.rows = rows
	p.top = max(0, min(p.top, len(p.shown)-rows))
	if p.at < p.top {
		p.top = p.at
	}
	if p.at >= p.top+rows {
		p.top = p.at - rows + 1
	}

	l := newLine(st, r.w, nil)
	title := st.text
	if focused {
		title = st.accentBold
	}
	l.text("", " ")
	l.text(title, "Topics ")
	if p.filter == "" {
		l.text(st.dim, human.Exact(int64(len(p.all))))
	} else {
		l.text(st.dim, counted(int64(len(p.shown)), int64(len(p.all))))
		l.text("", "  ")
		l.text(st.accent, "/"+p.filter)
	}
	if n := len(p.marked); n > 0 {
		l.text(st.accent, "  "+st.g.check+human.Exact(int64(n)))
		if l.width+len(" marked") <= r.w-cols.width() {
			l.text(st.dim, " marked")
		}
	}
	if p.troubled > 0 && p.filter == "" {
		l.text(st.warn, "  "+st.g.warn+human.Exact(int64(p.troubled)))
	}
	click := func(from, to int, by topicOrder) {
		m.hits = append(m.hits, hit{rect{r.x + from, r.y, to - from, 1}, func() tea.Cmd { return m.clickedOrder(by) }})
	}
	if l.width+1+cols.width() <= r.w && cols.width() > 1 {
		l.fill(r.w - cols.width())
		click(0, l.width, byName)
		cols.heading(l, p.order, click)
	} else if p.order != byName {
		l.text(st.accent, " "+st.g.down+[...]string{"", "count", "msg/s", "last", "parts"}[p.order])
	}
	lines = append(lines, l.end())

	seen := p.shown[min(p.top, len(p.shown)):min(p.top+rows, len(p.shown))]
	names, rooms := make([]string, len(seen)), make([]int, len(seen))
	for i, at := range seen {
		names[i], rooms[i] = p.all[at].Name, m.nameRoom(at, r.w, cols)
	}
	cuts := cutNames(names, rooms)
	for i := range seen {
		l := newLine(st, r.w, l.buf)
		m.topicRow(l, p.top+i, cols, cuts[i], focused)
		lines = append(lines, l.end())
	}
	for _, s := range p.emptyText(readOnly(m)) {
		l := newLine(st, r.w, nil)
		l.text(st.dim, s)
		lines = append(lines, l.end())
	}
	if len(whole) > 0 {
		lines = append(m.fillLines(lines, rect{w: r.w, h: r.h - len(whole)}), whole...)
	}
	return m.fillLines(lines, r)
}

// nameRoom is how many columns of w the name of a topic has beside its marks and
// figures.
func (m *Model) nameRoom(at, w int, cols topicColumns) int {
	room := w - 2 - cols.width()
	if n := len(m.marksOf(&m.topics.all[at], m.topics.known[at])); n > 0 {
		room -= n + 1
	}
	return max(1, room)
}

// wholeName are the lines that have the whole name of the topic under the cursor,
// where its row has a part of it; none: it has all.
func (m *Model) wholeName(r rect, cols topicColumns) []string {
	p := &m.topics
	t := p.current()
	if t == nil || r.h < 4 || cells(t.Name, m.st.width) <= m.nameRoom(p.shown[p.at], r.w, cols) {
		return nil
	}
	rows := strings.Split(m.st.width.Hardwrap(plainText(t.Name), max(1, r.w-2), true), "\n")
	rows = rows[:min(len(rows), r.h-3)]
	for i, row := range rows {
		l := newLine(m.st, r.w, nil)
		l.text(m.st.accent, " "+row)
		rows[i] = l.end()
	}
	return rows
}

// emptyText is what stands where there are no topics of anybody's own.
func (p *topicsPane) emptyText(readOnly bool) []string {
	switch {
	case !p.loaded:
		return []string{"", "  loading…"}
	case p.crowded:
		return []string{"", "  too many topics to list"}
	case len(p.shown) == 0 && p.found.trouble && p.troubled == 0:
		return []string{"", "  no topic is in trouble", "  esc shows all"}
	case len(p.shown) == 0 && p.found.trouble && len(p.found.words) > 0:
		return []string{"", "  no topic in trouble matches", "  esc shows all"}
	case p.filter != "" && len(p.shown) == 0:
		return []string{"", "  no topic matches", "  esc shows all"}
	case p.filter != "" || len(p.all) > 0 && !p.all[0].Internal:
		return nil
	case readOnly:
		return []string{"", "  no topics yet"}
	}
	return []string{"", "  no topics yet:", "  + creates one"}
}

// marksOf are the marks of a topic, each with one meaning; which marksLegend explains.
func (m *Model) marksOf(t *kafka.Topic, f *figures) (marks []hint) {
	st := m.st
	switch f.trouble {
	case noLeader:
		marks = append(marks, hint{st.bad, st.g.cross})
	case underReplicated:
		marks = append(marks, hint{st.warn, st.g.warn})
	}
	if f.rough {
		marks = append(marks, hint{st.dim, "~"})
	}
	if t.Internal {
		marks = append(marks, hint{st.dim, "."})
	}
	return marks
}

// marksLegend explains the marks, for the help.
func marksLegend(st *Styles, w int) []string {
	marks := []struct{ sgr, mark, means string }{
		{st.warn, "+", "after a count: more are in partitions that cannot be read now"},
		{st.bad, st.g.cross, "after a name: a partition has no leader and cannot be read or written"},
		{st.warn, st.g.warn, "some replicas are not in sync; the filter ! shows only topics in trouble"},
		{st.dim, "~", "compacted or transactional: this counts offsets; there may be fewer messages"},
		{st.dim, ".", "internal: Kafka's own"},
		{st.accent, st.g.spark[3], "messages in the last half minute, relative to the topic's own peak"},
	}
	lines := make([]string, 0, len(marks))
	for _, k := range marks {
		l := newLine(st, w, nil)
		l.text("", "   ")
		l.field(k.sgr, k.mark, min(20, w/3))
		l.text("", " ")
		l.text(st.dim, k.means)
		lines = append(lines, l.end())
	}
	return lines
}

func (m *Model) topicRow(l *line, i int, cols topicColumns, cut nameCut, focused bool) {
	p, st := &m.topics, m.st
	t, f := &p.all[p.shown[i]], p.known[p.shown[i]]
	name := st.text
	if t.Internal {
		name = st.dim
	}
	marker := " "
	if slices.Contains(m.tail.topics, t.Name) {
		name = st.accent
	}
	if i == p.at {
		l.bg = st.selectedDim
		if focused {
			l.bg = st.selected
			marker = st.g.marker
			switch name {
			case st.text:
				name = st.bold
			case st.accent:
				name = st.accentBold
			}
		}
	}
	if p.marked[t.Name] {
		l.text(st.accent, st.g.check)
	} else {
		l.text("", " ")
	}
	l.text(st.accent, marker)
	marks := m.marksOf(t, f)
	room := m.nameRoom(p.shown[i], l.max, cols)
	l.column(room, func() { l.litName(name, t.Name, cut, p.found.find(p.lower[p.shown[i]])) })
	if len(marks) > 0 {
		l.text("", " ")
		for _, mark := range marks {
			l.text(mark.key, mark.what)
		}
	}
	if cols.width() <= 1 {
		return
	}
	if t.Err != nil {
		l.text(st.bad, " error")
		return
	}
	if cols.parts > 0 {
		l.number(st.dim, strconv.Itoa(len(t.Partitions)), cols.parts)
	}
	if cols.count > 0 {
		text, sgr := "", st.text
		if f.counted {
			text = human.Count(f.end - f.start)
			if f.missing > 0 {
				text, sgr = text+"+", st.warn
			}
		}
		l.number(sgr, text, cols.count)
	}
	if cols.rate > 0 {
		text, sgr := "", st.dim
		if f.samples > 0 {
			if text = human.Rate(f.rate()); text != "0" {
				sgr = st.text
			}
		}
		l.number(sgr, text, cols.rate)
	}
	if cols.spark > 0 {
		l.text("", " ")
		l.sparkline(f)
	}
	if cols.age > 0 {
		text := ""
		if f.aged() {
			text = human.Age(time.Since(f.last))
		}
		l.number(st.dim, text, cols.age)
	}
	l.text("", " ")
}

// sparkline draws how the messages came, the newest on the right.
func (l *line) sparkline(f *figures) {
	st := l.st
	var top float64
	for back := range sparkColumns {
		top = max(top, f.sample(back))
	}
	for back := sparkColumns - 1; back >= 0; back-- {
		r := f.sample(back)
		switch {
		case r < 0:
			l.text("", " ")
		case r == 0:
			l.repeat(st.rule, st.g.spark[0], 1)
		default:
			n := len(st.g.spark) - 1
			l.repeat(st.accent, st.g.spark[max(1, int(r/top*float64(n)))], 1)
		}
	}
}

// askTopicFilter opens the prompt that filters topics; what is typed counts at
// once.
func (m *Model) askTopicFilter() tea.Cmd {
	before, cursor := m.topics.filter, m.topics.cursor
	d := &dialog{
		title: "filter topics", opened: time.Now(), action: "keep",
		fields: []field{{label: "name has", hint: "letters of the name in order; ! topics in trouble"}},
		change: func(m *Model, d *dialog) tea.Cmd {
			m.topics.filter = strings.TrimSpace(d.fields[0].ed.String())
			m.topics.cursor, m.topics.at, m.topics.top = "", 0, 0 // the best is the first
			m.topics.arrange(false)
			return m.rest()
		},
		walk: func(m *Model, by int) tea.Cmd {
			m.topics.move(by)
			return m.rest()
		},
		submit: func(m *Model, _ *dialog) tea.Cmd {
			m.dialog = nil
			return m.rest()
		},
		cancel: func(m *Model, _ *dialog) tea.Cmd {
			m.topics.filter, m.topics.cursor = before, cursor
			m.topics.arrange(false)
			return nil
		},
	}
	d.preset(0, before)
	m.dialog = d
	return nil
}

// dropTopicFilter shows all topics again.
func (m *Model) dropTopicFilter() tea.Cmd {
	m.topics.filter = ""
	m.topics.arrange(false)
	return m.rest()
}
