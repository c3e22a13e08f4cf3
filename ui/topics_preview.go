package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/store"
)

// The newest messages of the topic under the cursor, shown in the pane of
// records before it is opened: one look, not a reading. What is shown says that
// it is a preview and of which topic.

const (
	previewRecords = 30 // or as many as there are rows, where those are more
	previewBytes   = 1 << 20
)

// topicPreview is what a look brought, and the look that is under way.
type topicPreview struct {
	topic string // that is shown; empty: none
	parts int
	end   int64 // the offsets' sum when it was asked for
	rows  *store.Store
	n     int
	off   int64 // the greatest offset
	last  time.Time
	err   error
	lack  []kafka.Waiting // partitions that could not be looked at

	number int // of the newest look
	asked  string
	cancel context.CancelFunc // not nil: it is under way
}

type previewMsg struct {
	number int
	topic  kafka.Topic
	end    int64
	newest *kafka.Newest
	err    error
}

// previewing says whether the pane of records may show a preview now: no topic
// is open, or a person walks through the topics.
func (m *Model) previewing() bool {
	t := m.topics.current()
	if m.cluster == nil || t == nil || m.lay.tail.h == 0 {
		return false
	}
	return m.tail.session == nil || m.focus == paneTopics && !(len(m.tail.topics) == 1 && t.Name == m.tail.topic)
}

// previewShown says whether there is one to show.
func (m *Model) previewShown() bool { return m.preview.topic != "" && m.previewing() }

func (v *topicPreview) drop() {
	v.stop()
	v.topic, v.rows = "", nil
}

func (v *topicPreview) stop() {
	if v.cancel != nil {
		v.cancel()
		v.cancel, v.asked = nil, ""
	}
}

// askPreview looks at the topic under the cursor, unless what is shown of it is
// its newest already.
func (m *Model) askPreview() tea.Cmd {
	v := &m.preview
	if !m.previewing() || m.blurred && v.topic != "" {
		v.stop()
		return nil
	}
	t := *m.topics.current()
	f := m.topics.figures[t.Name]
	if t.Err != nil || v.asked == t.Name {
		return nil
	}
	if v.topic == t.Name && v.err == nil && v.end == f.end {
		v.stop()
		return nil
	}
	v.stop()
	v.number++
	v.asked = t.Name
	ctx, cancel := context.WithTimeout(m.ctx, refreshTimeout)
	v.cancel = cancel
	number, end, cluster, iso := v.number, f.end, m.cluster, m.opt.Isolation
	n := max(previewRecords, m.lay.tail.h)
	return m.background(func(context.Context) tea.Msg {
		defer cancel()
		found, err := cluster.Newest(ctx, kafka.NewestRequest{
			Partitions: kafka.Partitions(&t), N: n, MaxBytes: previewBytes, Isolation: iso,
		})
		return previewMsg{number, t, end, found, err}
	})
}

func (m *Model) gotPreview(msg previewMsg) {
	v := &m.preview
	if msg.number != v.number || v.cancel == nil {
		return
	}
	v.cancel, v.asked = nil, ""
	v.topic, v.parts, v.end, v.err = msg.topic.Name, len(msg.topic.Partitions), msg.end, msg.err
	v.rows, v.n, v.off, v.last, v.lack = nil, 0, 0, time.Time{}, nil
	if msg.err != nil {
		return
	}
	v.n, v.lack = len(msg.newest.Records), msg.newest.Missing
	for i := range msg.newest.Records {
		r := &msg.newest.Records[i]
		v.off = max(v.off, r.Offset)
		v.last = time.UnixMilli(r.Timestamp)
	}
	v.rows = store.New(4*previewBytes, 2*max(previewRecords, v.n))
	v.rows.Append(msg.newest.Records)
	if f := m.topics.figures[v.topic]; f != nil && f.last.IsZero() {
		f.last = v.last
	}
}

// openPreviewed opens the topic under the cursor.
func (m *Model) openPreviewed() tea.Cmd {
	m.setFocus(paneTail)
	return m.openTopics(m.topics.current().Name)
}

func (m *Model) drawPreview(r rect) []string {
	v, st := &m.preview, m.st
	lines := make([]string, 0, r.h)
	l := newLine(st, r.w, nil)
	l.text("", " ")
	l.text(st.text, v.topic)
	l.text(st.warn, "  preview")
	facts := []string{"  " + human.Plural(v.parts, "partition")}
	if v.n > 0 {
		newest := "  newest " + human.Exact(int64(v.n))
		if f := m.topics.figures[v.topic]; f != nil && f.counted && f.end-f.start > int64(v.n) {
			newest += " of "
			if f.rough {
				newest += "about "
			}
			newest += human.Exact(f.end - f.start)
		}
		facts = append(facts, newest, ", the last "+human.Ago(time.Since(v.last)))
	}
	const hint = "enter opens it "
	for _, s := range facts {
		if l.width+len(s)+len(hint)+2 > r.w {
			break
		}
		l.text(st.dim, s)
	}
	if l.width+len(hint)+2 <= r.w {
		l.fill(r.w - len(hint))
		l.text(st.accent, "enter")
		l.text(st.dim, " opens it")
	}
	lines = append(lines, l.end())

	say := func(text string) {
		lines = append(lines, newLine(st, r.w, nil).end())
		for _, row := range wrapWords(text, r.w-3, st.width) {
			l := newLine(st, r.w, nil)
			l.text(st.dim, "  "+row)
			lines = append(lines, l.end())
		}
	}
	switch {
	case v.err != nil:
		text := "cannot be read: " + sentence(v.err)
		if silentBroker(v.err) != "" {
			text += "; :doctor checks why"
		}
		say(text)
		return m.fillLines(lines, r)
	case v.n == 0 && len(v.lack) > 0:
		say(lackText(v.lack) + "; the others are empty")
		return m.fillLines(lines, r)
	case v.n == 0:
		say("no messages yet")
		return m.fillLines(lines, r)
	}
	if len(v.lack) > 0 && r.h > 4 {
		l := newLine(st, r.w, nil)
		l.text("", " ")
		l.text(st.warn, lackText(v.lack))
		lines = append(lines, l.end())
	}
	room := r.h - len(lines)
	if r.h > 3 {
		room--
	}
	_, next := v.rows.Bounds()
	n := min(v.n, room)
	rows := v.rows.Rows(next-store.Seq(n), n, preview, nil)
	now := time.Now().In(m.zone)
	date, keys := false, 0
	for i := range rows {
		at := time.UnixMilli(rows[i].Timestamp)
		date = date || now.Sub(at) > 20*time.Hour || at.Sub(now) > time.Hour
		keys = max(keys, keyCells(&rows[i], st))
	}
	cols := columnsFor(r.w-1, v.parts, v.off, 0, keys)
	cols.clock(m.tail.mode, date, r.w-1, now)
	if r.h > 3 {
		l := newLine(st, r.w, nil)
		l.text("", " ")
		cols.heading(l)
		lines = append(lines, l.end())
	}
	for i := range rows {
		l := newLine(st, r.w, nil)
		l.text("", " ")
		l.row(&rows[i], cols, m.zone, lights{})
		lines = append(lines, l.end())
	}
	return m.fillLines(lines, r)
}

// lackText names what is missing.
func lackText(lack []kafka.Waiting) string {
	text := sentence(lack[0])
	if more := len(lack) - 1; more > 0 {
		text += ", and " + human.Plural(more, "partition") + " more"
	}
	return text
}

// openRow opens the record under the cursor of the tail, or the topic where a
// preview stands in its place.
func (m *Model) openRow() tea.Cmd {
	if m.previewShown() {
		return m.openPreviewed()
	}
	return m.inspect()
}
