package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
)

// The pane of topics: all of them by name, with partitions and an estimate of
// how many messages each holds.

type topicsPane struct {
	all       []kafka.Topic // by name, internal ones at the end
	shown     []int         // places in all, as filter and order have them
	filter    string
	byCount   bool
	cursor    string // the topic that the cursor is on
	at, top   int
	counts    map[string]int64
	described map[string]bool // asked for, by name
	compacted map[string]bool
	counting  bool
	loaded    bool
}

// refreshEvery is the time between two looks at the cluster, refreshGone the
// same while it does not answer.
const (
	refreshEvery   = 5 * time.Second
	refreshGone    = 2 * time.Second
	refreshTimeout = 10 * time.Second
	describeAtOnce = 32
	countAll       = 1000 // topics up to which all are counted, otherwise those in sight
)

type (
	refreshMsg  struct{}
	metadataMsg struct {
		md       *kafka.Metadata
		err      error
		asked    bool   // by a person: no timer goes on from it
		selected string // the topic to put the cursor on
	}
	countsMsg struct {
		counts map[string]int64
		err    error
	}
	describedMsg struct{ compacted map[string]bool }
)

func (p *topicsPane) init() {
	p.counts = make(map[string]int64)
	p.described = make(map[string]bool)
	p.compacted = make(map[string]bool)
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
			m.gone = m.now()
			m.note(levelBad, "the cluster does not answer: "+sentence(msg.err))
		}
		every = refreshGone
	} else {
		if !m.gone.IsZero() {
			m.note(levelGood, "the cluster answers again, after "+humanDuration(m.now().Sub(m.gone)))
			m.gone = time.Time{}
		}
		m.topics.set(msg.md)
		if msg.selected != "" {
			m.topics.selectName(msg.selected)
		}
		cmds = append(cmds, m.count(), m.describe())
	}
	if !msg.asked {
		cmds = append(cmds, tea.Tick(every, func(time.Time) tea.Msg { return refreshMsg{} }))
	}
	return tea.Batch(cmds...)
}

// count asks for the start and end offsets of topics, while the pane is in
// sight and somebody looks.
func (m *Model) count() tea.Cmd {
	p := &m.topics
	if p.counting || m.lay.topics.h == 0 && p.loaded && len(p.counts) > 0 || m.blurred && len(p.counts) > 0 {
		return nil
	}
	var tps []kafka.TopicPartition
	for i, at := range p.shown {
		if len(p.shown) > countAll && (i < p.top-50 || i > p.top+m.h+50) {
			continue
		}
		if t := &p.all[at]; t.Err == nil {
			tps = append(tps, kafka.Partitions(t)...)
		}
	}
	if len(tps) == 0 {
		return nil
	}
	p.counting = true
	cluster := m.cluster
	return m.background(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
		defer cancel()
		starts, err := cluster.Offsets(ctx, kafka.AtStart, kafka.ReadUncommitted, tps)
		if err != nil {
			return countsMsg{err: err}
		}
		ends, err := cluster.Offsets(ctx, kafka.AtEnd, kafka.ReadUncommitted, tps)
		if err != nil {
			return countsMsg{err: err}
		}
		counts := make(map[string]int64)
		for _, tp := range tps {
			from, to := starts[tp], ends[tp]
			if from.Err == nil && to.Err == nil {
				counts[tp.Topic] += max(0, to.Offset-from.Offset)
			}
		}
		return countsMsg{counts: counts}
	})
}

func (p *topicsPane) gotCounts(msg countsMsg) {
	p.counting = false
	for name, n := range msg.counts {
		p.counts[name] = n
	}
	if p.byCount {
		p.arrange()
	}
}

// describe asks which of the topics in sight are compacted, each once.
func (m *Model) describe() tea.Cmd {
	p := &m.topics
	var names []string
	for i := p.top; i < len(p.shown) && i < p.top+m.h && len(names) < describeAtOnce; i++ {
		t := &p.all[p.shown[i]]
		if t.Err != nil || p.described[t.Name] {
			continue
		}
		p.described[t.Name] = true
		names = append(names, t.Name)
	}
	if len(names) == 0 {
		return nil
	}
	cluster := m.cluster
	return m.background(func(ctx context.Context) tea.Msg {
		compacted := make(map[string]bool)
		for _, name := range names {
			ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
			d, err := cluster.DescribeTopic(ctx, name)
			cancel()
			if err != nil {
				continue // not everybody may ask
			}
			for _, c := range d.Configs {
				if c.Name == "cleanup.policy" && strings.Contains(c.Value, "compact") {
					compacted[name] = true
				}
			}
		}
		return describedMsg{compacted}
	})
}

func (p *topicsPane) gotDescribed(msg describedMsg) {
	for name := range msg.compacted {
		p.compacted[name] = true
	}
}

// set takes over what the cluster has.
func (p *topicsPane) set(md *kafka.Metadata) {
	p.all = slices.Clone(md.Topics)
	slices.SortStableFunc(p.all, func(a, b kafka.Topic) int {
		if a.Internal != b.Internal {
			if a.Internal {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	p.loaded = true
	p.arrange()
}

// arrange finds what is shown; the cursor stays on its topic, or where that was.
func (p *topicsPane) arrange() {
	p.shown = p.shown[:0]
	words := strings.Fields(strings.ToLower(p.filter))
next:
	for i := range p.all {
		name := strings.ToLower(p.all[i].Name)
		for _, w := range words {
			if !strings.Contains(name, w) {
				continue next
			}
		}
		p.shown = append(p.shown, i)
	}
	if p.byCount {
		slices.SortStableFunc(p.shown, func(a, b int) int {
			if p.all[a].Internal != p.all[b].Internal {
				return cmp.Compare(a, b)
			}
			return cmp.Compare(p.counts[p.all[b].Name], p.counts[p.all[a].Name])
		})
	}
	for i, at := range p.shown {
		if p.all[at].Name == p.cursor {
			p.at = i
			return
		}
	}
	p.move(0)
}

// move moves the cursor by n topics.
func (p *topicsPane) move(n int) {
	p.at = max(0, min(p.at+n, len(p.shown)-1))
	if len(p.shown) > 0 {
		p.cursor = p.all[p.shown[p.at]].Name
	}
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

func (m *Model) drawTopics(r rect) []string {
	p, st := &m.topics, m.st
	lines := make([]string, 0, r.h)
	focused := m.focus == paneTopics && m.over == nil

	l := newLine(st, r.w, nil)
	title := st.text
	if focused {
		title = st.accentBold
	}
	l.text("", " ")
	l.text(title, "Topics ")
	if p.filter == "" {
		l.text(st.dim, exact(int64(len(p.all))))
	} else {
		l.text(st.dim, counted(int64(len(p.shown)), int64(len(p.all))))
		l.text("", "  ")
		l.text(st.accent, "/"+p.filter)
	}
	const right = 15 // parts, count, and the space around them
	if l.width+right <= r.w && r.w >= 26 {
		l.fill(r.w - right)
		l.text(st.dim, " parts  ")
		if p.byCount {
			l.text(st.accent, "count")
		} else {
			l.text(st.dim, "count")
		}
	}
	lines = append(lines, l.end())

	rows := r.h - 1
	p.top = max(0, min(p.top, len(p.shown)-rows))
	if p.at < p.top {
		p.top = p.at
	}
	if p.at >= p.top+rows {
		p.top = p.at - rows + 1
	}
	for i := p.top; i < len(p.shown) && len(lines) < r.h; i++ {
		l := newLine(st, r.w, l.buf)
		m.topicRow(l, &p.all[p.shown[i]], i == p.at, focused)
		lines = append(lines, l.end())
	}
	if len(p.shown) == 0 {
		text := []string{"", "  loading…"}
		switch {
		case p.loaded && p.filter != "":
			text = []string{"", "  no topic has that in its name"}
		case p.loaded:
			text = []string{"", "  no topics yet:", "  + creates one"}
		}
		for _, s := range text {
			l := newLine(st, r.w, nil)
			l.text(st.dim, s)
			lines = append(lines, l.end())
		}
	}
	return m.fillLines(lines, r)
}

func (m *Model) topicRow(l *line, t *kafka.Topic, cursor, focused bool) {
	p, st := &m.topics, m.st
	name, dim := st.text, st.dim
	if t.Internal {
		name = st.dim
	}
	marker := " "
	if t.Name == m.tail.topic {
		name = st.accent
	}
	if cursor {
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
	l.text("", " ")
	l.text(st.accent, marker)
	counts := 14
	if l.max < 26 {
		counts = 0
	}
	l.column(max(1, l.max-l.width-counts), func() {
		l.text(name, t.Name)
		if p.compacted[t.Name] {
			l.text(dim, " ~")
		}
	})
	if counts == 0 {
		return
	}
	if t.Err != nil {
		l.field(st.bad, " error", counts)
		return
	}
	l.number(dim, strconv.Itoa(len(t.Partitions)), 6)
	n, ok := p.counts[t.Name]
	text := ""
	if ok {
		text = humanCount(n)
	}
	l.number(st.text, text, 7)
	l.text("", " ")
}

// create opens the dialog for a new topic.
func (m *Model) create() tea.Cmd {
	md := m.cluster.Metadata()
	factor := "-1"
	if md != nil && len(md.Brokers) == 1 {
		factor = "1"
	}
	d := &dialog{
		title: "new topic", opened: m.now(), action: "create",
		fields: []field{
			{label: "name"},
			{label: "partitions", hint: "-1: as the broker is set"},
			{label: "replication factor", hint: "-1: as the broker is set"},
			{label: "configs", hint: "cleanup.policy=compact retention.ms=3600000"},
		},
		submit: (*Model).submitCreate,
	}
	d.fields[1].ed.set("1")
	d.fields[2].ed.set(factor)
	m.dialog = d
	return nil
}

func (m *Model) submitCreate(d *dialog) tea.Cmd {
	t := kafka.NewTopic{Name: strings.TrimSpace(d.fields[0].ed.String()), Configs: map[string]string{}}
	if err := kafka.ValidTopicName(t.Name); err != nil {
		return d.refuse(0, sentence(err))
	}
	n, err := strconv.ParseInt(strings.TrimSpace(d.fields[1].ed.String()), 10, 32)
	if err != nil || n == 0 || n < -1 {
		return d.refuse(1, "a number from 1, or -1 for the broker's default")
	}
	t.Partitions = int32(n)
	n, err = strconv.ParseInt(strings.TrimSpace(d.fields[2].ed.String()), 10, 16)
	if err != nil || n == 0 || n < -1 {
		return d.refuse(2, "a number from 1 to the number of brokers, or -1 for the broker's default")
	}
	t.ReplicationFactor = int16(n)
	for _, kv := range strings.Fields(d.fields[3].ed.String()) {
		k, v, ok := strings.Cut(kv, "=")
		if !ok || k == "" {
			return d.refuse(3, fmt.Sprintf("%q is not name=value", kv))
		}
		t.Configs[k] = v
	}
	d.busy = true
	cluster := m.cluster
	return m.background(func(ctx context.Context) tea.Msg {
		return topicDoneMsg{d, t.Name, "created", cluster.CreateTopic(ctx, t)}
	})
}

// deleteTopic asks for a topic's name before it goes.
func (m *Model) deleteTopic() tea.Cmd {
	t := m.topics.current()
	if t == nil {
		return nil
	}
	name := t.Name
	lines := []string{fmt.Sprintf("Deletes %s with %s", name, plural(len(t.Partitions), "partition"))}
	if n, ok := m.topics.counts[name]; ok {
		lines[0] += fmt.Sprintf(" and about %s messages", exact(n))
	}
	lines[0] += ". This cannot be undone."
	m.dialog = &dialog{
		title: "delete topic", opened: m.now(), danger: true, action: "delete for ever", kind: dialogConfirm,
		lines:  lines,
		fields: []field{{label: "type the name to confirm"}},
		submit: func(m *Model, d *dialog) tea.Cmd {
			if d.fields[0].ed.String() != name {
				return d.refuse(0, "that is not "+name)
			}
			d.busy = true
			cluster := m.cluster
			return m.background(func(ctx context.Context) tea.Msg {
				return topicDoneMsg{d, name, "deleted", cluster.DeleteTopic(ctx, name)}
			})
		},
	}
	return nil
}

// topicDoneMsg says how a creation or deletion ended.
type topicDoneMsg struct {
	dialog *dialog
	name   string
	done   string
	err    error
}

func (m *Model) topicDone(msg topicDoneMsg) tea.Cmd {
	msg.dialog.busy = false
	if msg.err != nil {
		text := sentence(msg.err)
		if errors.Is(msg.err, kafka.ErrReadOnly) {
			text = readOnlyReason
		}
		if m.dialog == msg.dialog {
			msg.dialog.err = text
		} else {
			m.note(levelBad, text)
		}
		return nil
	}
	if m.dialog == msg.dialog {
		m.dialog = nil
	}
	m.note(levelGood, "topic "+msg.name+" was "+msg.done)
	delete(m.topics.counts, msg.name)
	delete(m.topics.described, msg.name)
	delete(m.topics.compacted, msg.name)
	selected := ""
	if msg.done == "created" {
		selected = msg.name
	}
	return m.ask(true, selected)
}

// askTopicFilter opens the prompt that filters topics; what is typed counts at
// once.
func (m *Model) askTopicFilter() tea.Cmd {
	before, cursor := m.topics.filter, m.topics.cursor
	d := &dialog{
		title: "filter topics", opened: m.now(), action: "keep it",
		fields: []field{{label: "name has", hint: "words, all of which must be in the name"}},
		change: func(m *Model, d *dialog) {
			m.topics.filter = strings.TrimSpace(d.fields[0].ed.String())
			m.topics.at = 0 // the first that is left, unless the cursor's own is
			m.topics.arrange()
		},
		submit: func(m *Model, _ *dialog) tea.Cmd {
			m.dialog = nil
			return tea.Batch(m.count(), m.describe())
		},
		cancel: func(m *Model, _ *dialog) tea.Cmd {
			m.topics.filter, m.topics.cursor = before, cursor
			m.topics.arrange()
			return nil
		},
	}
	d.fields[0].ed.set(before)
	m.dialog = d
	return nil
}
