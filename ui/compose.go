package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
	"milena/kafka/batch"
)

// The pane that writes: value, key, headers, partition. Text leaves it only
// when a broker has acknowledged the message; whatever goes wrong, it stays.

// part is one part of the message that is composed.
type part int8

const (
	partValue part = iota
	partKey
	partHeaders
	partPartition
	parts
)

// attachAbove is the size of a paste that is kept whole beside the editor.
const attachAbove = 64 << 10

const readOnlyReason = "this context is read-only: nothing can be written through it"

type compose struct {
	topic string
	at    part
	value editor
	key   editor
	heads editor // name=value, one a line
	part  editor // empty: by key

	nullValue bool
	emptyKey  bool   // the key is "" rather than null
	attached  []byte // a value too large to edit here

	sending bool
	cancel  context.CancelFunc
	last    sent // what became of the last one
	err     string

	history []composed
	walk    int // place in history; len(history): not walking
}

// composed is a message as it was written.
type composed struct {
	value, key, heads, part string
	nullValue, emptyKey     bool
	attached                []byte
}

// sent is an acknowledged message, and when it was seen in the tail.
type sent struct {
	ok      bool
	topic   string
	ack     kafka.Ack
	started time.Time
	seen    time.Duration
}

func (c *compose) init() {
	c.value.lines, c.heads.lines = true, true
}

func (c *compose) composed() composed {
	return composed{
		c.value.String(), c.key.String(), c.heads.String(), c.part.String(),
		c.nullValue, c.emptyKey, c.attached,
	}
}

func (c *compose) load(x composed) {
	c.value.set(x.value)
	c.key.set(x.key)
	c.heads.set(x.heads)
	c.part.set(x.part)
	c.nullValue, c.emptyKey, c.attached = x.nullValue, x.emptyKey, x.attached
}

// unsent says whether something would be lost.
func (c *compose) unsent() bool {
	if c.walk < len(c.history) && c.same(c.history[c.walk]) {
		return false
	}
	return !c.value.empty() || !c.key.empty() || !c.heads.empty() || c.attached != nil
}

func (c *compose) same(x composed) bool {
	y := c.composed()
	return x.value == y.value && x.key == y.key && x.heads == y.heads && x.part == y.part &&
		x.nullValue == y.nullValue && x.emptyKey == y.emptyKey && len(x.attached) == len(y.attached)
}

func (c *compose) editor() *editor {
	switch c.at {
	case partKey:
		return &c.key
	case partHeaders:
		return &c.heads
	case partPartition:
		return &c.part
	}
	return &c.value
}

// wanted is how many lines the text would like.
func (c *compose) wanted(m *Model) int {
	n := len(c.value.rows(m.w, m.st.width))
	if c.at == partHeaders {
		n += len(c.heads.rows(m.w, m.st.width)) + 1
	}
	return max(n, 3)
}

// message makes what is sent of what was typed.
func (c *compose) message(topic *kafka.Topic) (kafka.Message, part, error) {
	msg := kafka.Message{Topic: c.topic, Partition: kafka.AnyPartition, Timestamp: kafka.NoTimestamp}
	switch {
	case c.attached != nil:
		msg.Value = c.attached
	case !c.nullValue:
		msg.Value = []byte(c.value.String())
	}
	if !c.key.empty() || c.emptyKey {
		msg.Key = []byte(c.key.String())
	}
	for _, row := range strings.Split(c.heads.String(), "\n") {
		if strings.TrimSpace(row) == "" {
			continue
		}
		name, value, ok := strings.Cut(row, "=")
		if !ok {
			return msg, partHeaders, fmt.Errorf("header %q: write it as name=value", row)
		}
		msg.Headers = append(msg.Headers, batch.Header{Key: strings.TrimSpace(name), Value: []byte(value)})
	}
	if text := strings.TrimSpace(c.part.String()); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return msg, partPartition, fmt.Errorf("partition %q: a number from 0, or empty for the partitioner's choice", text)
		}
		if topic != nil && int(n) >= len(topic.Partitions) {
			return msg, partPartition, fmt.Errorf("partition %d: %s has only partitions 0 to %d", n, c.topic, len(topic.Partitions)-1)
		}
		msg.Partition = int32(n)
	}
	return msg, partValue, nil
}

// composeOff is why nothing can be written; empty: it can.
func composeOff(m *Model) string {
	switch {
	case m.cluster == nil:
		return "there is no cluster"
	case m.cluster.ReadOnly():
		return readOnlyReason
	case m.compose.topic == "":
		return "no topic is open"
	}
	return ""
}

// sentMsg is how a message ended.
type sentMsg struct {
	ack     kafka.Ack
	err     error
	message composed
	started time.Time
	topic   string
}

// send sends what is composed.
func (m *Model) send() tea.Cmd {
	c := &m.compose
	if c.sending {
		return nil
	}
	if why := composeOff(m); why != "" {
		c.err = why
		return nil
	}
	var topic *kafka.Topic
	if md := m.cluster.Metadata(); md != nil {
		topic = md.Topic(c.topic)
	}
	msg, at, err := c.message(topic)
	if err != nil {
		c.err, c.at = sentence(err), at
		return nil
	}
	c.sending, c.err = true, ""
	c.last = sent{}
	ctx, cancel := context.WithCancel(m.ctx)
	c.cancel = cancel
	cluster, message, topicName, now := m.cluster, c.composed(), c.topic, m.opt.Now
	started := now()
	return func() tea.Msg {
		defer cancel()
		ack, err := cluster.Send(ctx, msg)
		return sentMsg{ack, err, message, started, topicName}
	}
}

func (m *Model) sent(msg sentMsg) tea.Cmd {
	c := &m.compose
	c.sending = false
	if msg.err != nil {
		c.err = "not sent: " + sentence(msg.err)
		switch {
		case errors.Is(msg.err, kafka.ErrReadOnly):
			c.err = readOnlyReason
		case errors.Is(msg.err, context.Canceled):
			c.err = "stopped waiting: whether it was written is not known; the tail shows it if it was"
		}
		return nil
	}
	c.history = append(c.history, msg.message)
	if len(c.history) > 200 {
		c.history = slices.Clone(c.history[len(c.history)-100:])
	}
	c.walk = len(c.history)
	c.load(composed{part: msg.message.part})
	c.at = partValue
	c.last = sent{ok: true, topic: msg.topic, ack: msg.ack, started: msg.started}
	c.saw(m)
	return nil
}

// saw notes when the tail has the message that was sent last.
func (c *compose) saw(m *Model) {
	t := &m.tail
	if !c.last.ok || c.last.seen != 0 || t.session == nil || t.topic != c.last.topic {
		return
	}
	at, ok := t.session.positions()[kafka.TopicPartition{Topic: c.last.topic, Partition: c.last.ack.Partition}]
	if ok && at > c.last.ack.Offset {
		c.last.seen = max(m.now().Sub(c.last.started), 1)
	}
}

// walkHistory goes through what was sent in this run; only from an empty editor
// or from an entry that was not changed.
func (c *compose) walkHistory(by int) bool {
	walking := c.walk < len(c.history) && c.same(c.history[c.walk])
	if !walking && c.unsent() || c.sending {
		return false
	}
	if !walking {
		c.walk = len(c.history)
	}
	to := c.walk + by
	if to < 0 || to > len(c.history) {
		return false
	}
	c.walk = to
	if to == len(c.history) {
		c.load(composed{})
	} else {
		c.load(c.history[to])
	}
	return true
}

// typed is a key that the table has nothing for.
func (m *Model) typed(k tea.KeyPressMsg) tea.Cmd {
	c := &m.compose
	if c.sending || composeOff(m) != "" {
		return nil
	}
	if c.at == partValue && c.attached != nil {
		if s := k.String(); s == "backspace" || s == "delete" {
			c.attached = nil
		}
		return nil
	}
	switch k.String() {
	case "up":
		if c.at == partValue && c.walkHistory(-1) {
			return nil
		}
	case "down":
		if c.at == partValue && c.walkHistory(1) {
			return nil
		}
	}
	e := c.editor()
	before := len(e.text)
	e.key(k, m.lay.compose.w-2, m.st.width)
	if len(e.text) != before {
		c.edited()
	}
	return nil
}

// edited forgets what was said of an older state of the text.
func (c *compose) edited() {
	c.err = ""
	switch {
	case c.at == partValue && !c.value.empty():
		c.nullValue = false
	case c.at == partKey:
		c.emptyKey = false
	}
}

// paste takes a paste into the focused text.
func (m *Model) paste(s string) tea.Cmd {
	if d := m.dialog; d != nil {
		if len(d.fields) > 0 && !d.busy && !d.swallowing(m.now()) {
			d.fields[d.at].ed.paste(s)
			d.changed(m)
		}
		return nil
	}
	if p, ok := m.over.(*palette); ok {
		p.ed.paste(s)
		p.find(m)
		return nil
	}
	if m.over != nil || m.focus != paneCompose || composeOff(m) != "" || m.compose.sending {
		return nil
	}
	c := &m.compose
	if c.at == partValue && len(s)+len(c.value.text) > attachAbove {
		m.attach([]byte(c.value.String() + s))
		return nil
	}
	c.editor().paste(s)
	c.edited()
	return nil
}

func (m *Model) attach(b []byte) {
	c := &m.compose
	c.attached = b
	c.value.set("")
	c.nullValue = false
}

// toggleNull makes null of a value, or "" of a key, and back: a null value
// deletes in a compacted topic, so it is never what an empty text means.
func (m *Model) toggleNull() tea.Cmd {
	c := &m.compose
	switch c.at {
	case partValue:
		if c.value.empty() && c.attached == nil {
			c.nullValue = !c.nullValue
		} else {
			c.err = "a null value has no text: empty it first"
		}
	case partKey:
		if c.key.empty() {
			c.emptyKey = !c.emptyKey
		} else {
			c.err = `a key that is "" has no text: empty it first`
		}
	}
	return nil
}

// editedMsg is what came back from the editor.
type editedMsg struct {
	file string
	err  error
}

// edit opens the value in $EDITOR.
func (m *Model) edit() tea.Cmd {
	c := &m.compose
	f, err := os.CreateTemp("", "milena-*.txt")
	if err != nil {
		c.err = sentence(err)
		return nil
	}
	text := []byte(c.value.String())
	if c.attached != nil {
		text = c.attached
	}
	_, err = f.Write(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		c.err = sentence(err)
		_ = os.Remove(f.Name())
		return nil
	}
	name := os.Getenv("VISUAL")
	if name == "" {
		name = os.Getenv("EDITOR")
	}
	if name == "" {
		name = "vi"
	}
	args := append(strings.Fields(name), f.Name())
	return tea.ExecProcess(exec.Command(args[0], args[1:]...), func(err error) tea.Msg {
		return editedMsg{f.Name(), err}
	})
}

func (m *Model) edited(msg editedMsg) tea.Cmd {
	c := &m.compose
	defer func() { _ = os.Remove(msg.file) }()
	if msg.err != nil {
		c.err = "the editor failed, the text is as it was: " + sentence(msg.err) + " (set EDITOR to another one)"
		return nil
	}
	b, err := os.ReadFile(msg.file)
	if err != nil {
		c.err = sentence(err)
		return nil
	}
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1] // editors end the last line
	}
	if len(b) > attachAbove {
		m.attach(b)
		return nil
	}
	c.attached = nil
	c.value.set(string(b))
	if len(b) > 0 {
		c.nullValue = false
	}
	c.err = ""
	return nil
}

// drawCompose draws the pane.
func (m *Model) drawCompose(r rect) []string {
	c, st := &m.compose, m.st
	focused := m.focus == paneCompose && m.over == nil
	var lines []string
	if !m.lay.single && !m.zoom {
		l := newLine(st, r.w, nil)
		l.repeat(st.rule, st.g.hrule, r.w)
		lines = append(lines, l.end())
	}
	lines = append(lines, m.composeHeader(r, len(lines), focused))
	status := m.composeStatus(r.w, focused)
	room := r.h - len(lines)
	if room > 1 {
		room--
	}
	if off := composeOff(m); off != "" {
		l := newLine(st, r.w, nil)
		l.text("", " ")
		l.text(st.dim, off)
		lines = append(lines, l.end())
		return m.fillLines(lines, r)
	}
	show := func(e *editor, h int, sgr string, cursor bool) {
		text, x, y := e.draw(st, max(1, r.w-2), h, sgr)
		if cursor && m.dialog == nil {
			m.putCursor(r.x+1+x, r.y+len(lines)+y)
		}
		for _, s := range text {
			lines = append(lines, " "+s+" ")
		}
	}
	if c.at == partHeaders && focused {
		l := newLine(st, r.w, nil)
		l.text(st.dim, " headers, name=value, one a line")
		if room > 1 {
			lines = append(lines, l.end())
			room--
		}
		show(&c.heads, room, st.text, true)
	} else if room > 0 {
		switch {
		case c.attached != nil:
			l := newLine(st, r.w, nil)
			l.text(st.warn, " attachment "+humanBytes(int64(len(c.attached))))
			l.text(st.dim, "   sent whole   ctrl+e edits it   backspace removes it")
			lines = append(lines, l.end())
		case c.nullValue:
			l := newLine(st, r.w, nil)
			l.text(st.bad, " "+st.g.null)
			l.text(st.dim, " null (tombstone)   ctrl+n takes it back")
			lines = append(lines, l.end())
		case !focused && c.value.empty():
			l := newLine(st, r.w, nil)
			l.text(st.dim, " c writes a message")
			lines = append(lines, l.end())
		default:
			show(&c.value, room, st.text, focused && c.at == partValue)
		}
	}
	for len(lines) < r.h-1 {
		lines = append(lines, newLine(st, r.w, nil).end())
	}
	if len(lines) < r.h {
		lines = append(lines, status)
	}
	return m.fillLines(lines, r)
}

func (m *Model) composeHeader(r rect, y int, focused bool) string {
	c, st := &m.compose, m.st
	l := newLine(st, r.w, nil)
	title := st.text
	if focused {
		title = st.accentBold
	}
	name := func(p part, s string) {
		sgr := st.dim
		if focused && c.at == p {
			sgr = st.accent
		}
		l.text(sgr, s)
	}
	l.text("", " ")
	l.text(title, "compose")
	if c.topic == "" {
		return l.end()
	}
	l.text(st.dim, " "+st.g.arrow+" ")
	l.text(st.accent, c.topic)
	l.text("", "   ")
	// Where there is no room for all parts, the one that is written is shown.
	shown := func(p part) bool {
		at := c.at
		if at == partValue {
			at = partKey
		}
		return r.w >= 64 || p == at
	}
	if shown(partKey) {
		m.composeKey(l, r, y, focused, name)
	}
	if shown(partHeaders) {
		name(partHeaders, "headers ")
		n := 0
		for _, row := range strings.Split(c.heads.String(), "\n") {
			if strings.TrimSpace(row) != "" {
				n++
			}
		}
		l.text(st.text, strconv.Itoa(n))
		l.text("", "   ")
	}
	if shown(partPartition) {
		m.composePartition(l, r, y, focused, name)
	}
	if size := len(c.value.text) + len(c.attached); size > 0 {
		l.text(st.dim, "   "+humanBytes(int64(size)))
	}
	return l.end()
}

func (m *Model) composeKey(l *line, r rect, y int, focused bool, name func(part, string)) {
	c, st := &m.compose, m.st
	name(partKey, "key ")
	switch {
	case focused && c.at == partKey:
		w := max(8, min(40, r.w/4))
		x := c.key.drawField(l, w, st.key)
		if m.dialog == nil {
			m.putCursor(r.x+min(x, r.w-1), r.y+y)
		}
		if c.emptyKey {
			l.text(st.dim, `""`)
		}
	case c.emptyKey:
		l.text(st.key, `""`)
	case c.key.empty():
		l.text(st.dim, st.g.null)
	default:
		l.column(min(24, cells(c.key.String(), st.width)), func() { l.bytes(st.key, c.key.text) })
	}
	l.text("", "   ")
}

func (m *Model) composePartition(l *line, r rect, y int, focused bool, name func(part, string)) {
	c, st := &m.compose, m.st
	name(partPartition, "partition ")
	switch {
	case focused && c.at == partPartition:
		x := c.part.drawField(l, 8, st.text)
		if m.dialog == nil {
			m.putCursor(r.x+min(x, r.w-1), r.y+y)
		}
		if c.part.empty() {
			l.text(st.dim, "empty: by key")
		}
	case !c.part.empty():
		l.text(st.text, c.part.String())
	default:
		m.partitionGuess(l)
	}
}

// partitionGuess says where a message with this key goes.
func (m *Model) partitionGuess(l *line) {
	c, st := &m.compose, m.st
	if c.key.empty() && !c.emptyKey {
		l.text(st.dim, "any")
		return
	}
	if md := m.cluster.Metadata(); md != nil {
		if t := md.Topic(c.topic); t != nil && len(t.Partitions) > 0 {
			n := kafka.PartitionOf(c.key.text, len(t.Partitions))
			l.text(st.parts[int(n)%len(st.parts)], itoa(int64(n)))
			l.text(st.dim, " murmur2")
			return
		}
	}
	l.text(st.dim, "murmur2")
}

func (m *Model) composeStatus(w int, focused bool) string {
	c, st := &m.compose, m.st
	l := newLine(st, w, nil)
	l.text("", " ")
	switch {
	case c.sending:
		l.text(st.accent, m.spinner())
		l.text(st.dim, " sending…   esc stops waiting")
	case c.err != "":
		l.text(st.bad, st.g.cross+" "+c.err)
	case c.last.ok:
		l.text(st.ok, st.g.check+" ")
		l.text(st.dim, "sent to partition ")
		l.text(st.parts[int(c.last.ack.Partition)%len(st.parts)], itoa(int64(c.last.ack.Partition)))
		l.text(st.dim, " at offset ")
		l.text(st.text, itoa(c.last.ack.Offset))
		l.text(st.dim, " in ")
		l.text(st.text, humanDuration(c.last.ack.Took))
		if c.last.seen > 0 {
			l.text(st.dim, ", seen after ")
			l.text(st.text, humanDuration(c.last.seen))
		}
	}
	return l.end()
}
