package ui

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"
)

// The pane that writes: value, key, headers, partition. Text leaves it only
// when a broker has acknowledged the message; whatever goes wrong, it stays.
// How it looks is in compose_draw.go.

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

const readOnlyReason = "this context is read-only: milena writes nothing"

type compose struct {
	draft                    // to the topic that is open
	drafts map[string]*draft // to others, where something is left

	sending string // the topic that a message is being sent to; empty: none is
	cancel  context.CancelFunc
	repeat  *repeat // not nil: the message is sent again and again

	area rect // of the text, or the table, as it was drawn

	history  *history              // nil: none is kept across runs
	past     map[string][]composed // what was sent, by topic, the oldest first
	noRemind bool                  // that nothing is remembered was said
	from     pane                  // where the pane was entered from
}

// composed is a message as it was written.
type composed struct {
	value, key, part    string
	heads               []batch.Header
	nullValue, emptyKey bool
	attached            []byte
}

func (x *composed) same(y *composed) bool {
	return x.value == y.value && x.key == y.key && x.part == y.part && sameHeaders(x.heads, y.heads) &&
		x.nullValue == y.nullValue && x.emptyKey == y.emptyKey && bytes.Equal(x.attached, y.attached)
}

// blank says whether nothing is in it that would be missed.
func (x *composed) blank() bool {
	return x.value == "" && x.key == "" && len(x.heads) == 0 && x.attached == nil
}

// valueBytes is the value as it is sent.
func (x *composed) valueBytes() []byte {
	switch {
	case x.attached != nil:
		return x.attached
	case x.nullValue:
		return nil
	}
	return []byte(x.value)
}

// keyBytes is the key as it is sent.
func (x *composed) keyBytes() []byte {
	if x.key == "" && !x.emptyKey {
		return nil
	}
	return []byte(x.key)
}

func (x *composed) bytes() int {
	n := len(x.value) + len(x.key) + len(x.attached)
	for i := range x.heads {
		n += len(x.heads[i].Key) + len(x.heads[i].Value)
	}
	return n
}

// encoded is the size of the batch that would be written, before compression.
func (x *composed) encoded() int {
	return batch.NewBuilder(batch.None).SizeWith(batch.Record{Key: x.keyBytes(), Value: x.valueBytes(), Headers: x.heads})
}

// sent is an acknowledged message, and when it was seen in the tail.
type sent struct {
	ok      bool
	topic   string
	ack     kafka.Ack
	started time.Time
	seen    time.Duration
	paused  bool  // the tail was, meanwhile
	count   int64 // of those that were sent again and again; 0: it was one
}

func (c *compose) init() {
	c.draft = newDraft("")
	c.drafts = make(map[string]*draft)
	c.past = make(map[string][]composed)
}

// wanted is how many lines the text would like.
func (c *compose) wanted(m *Model) int {
	if c.at == partHeaders {
		return max(len(c.heads.rows)+1, 3)
	}
	return max(len(c.value.rows(m.w, m.st.width)), 3)
}

// composeTopic is what is known of the topic; nil: nothing.
func (m *Model) composeTopic() *kafka.Topic {
	if md := m.cluster.Metadata(); md != nil {
		return md.Topic(m.compose.topic)
	}
	return nil
}

// message makes what is sent of what was typed.
func (c *compose) message(topic *kafka.Topic) (kafka.Message, part, error) {
	x := c.composed()
	msg := kafka.Message{
		Topic: c.topic, Partition: kafka.AnyPartition, Timestamp: kafka.NoTimestamp,
		Key: x.keyBytes(), Value: x.valueBytes(), Headers: x.heads,
	}
	if text := strings.TrimSpace(x.part); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return msg, partPartition, fmt.Errorf("partition %q: enter a number from 0, or nothing to let the key decide", text)
		}
		if topic != nil && int(n) >= len(topic.Partitions) {
			return msg, partPartition, fmt.Errorf("partition %d: %s has only partitions 0 to %d", n, c.topic, len(topic.Partitions)-1)
		}
		msg.Partition = int32(n)
	}
	return msg, partValue, nil
}

// composeTarget is the topic that c writes to; empty: none. In the list of topics
// it is the one under the cursor, among the records of several topics that of the
// record under the cursor, unless the cursor only follows what comes. In the tail a
// text that waits in the pane comes first.
func (m *Model) composeTarget() string {
	t, c := &m.tail, &m.compose
	switch {
	case m.focus == paneCompose || c.sending != "" || c.running():
	case m.focus == paneTopics || t.session == nil:
		if topic := m.topics.current(); topic != nil {
			return topic.Name
		}
	case c.unsent() || c.source != nil || len(t.topics) == 0:
	case len(t.topics) > 1 && (!t.follow || t.searched()):
		if rec, ok := m.recordUnder(); ok && slices.Contains(t.topics, rec.Topic) {
			return rec.Topic
		}
		fallthrough
	case !slices.Contains(t.topics, c.topic):
		if !slices.Contains(t.topics, c.topic) {
			return t.topics[0]
		}
	}
	return c.topic
}

// composeOff is why nothing can be written; empty: it can.
func composeOff(m *Model) string {
	switch {
	case m.cluster == nil:
		return "there is no cluster"
	case m.cluster.ReadOnly():
		return readOnlyReason
	case m.composeTarget() == "":
		return offTopics
	}
	return ""
}

// composeHere goes to what is written to the topic that is meant. What was
// written to another one stays there, and that is said.
func (m *Model) composeHere() tea.Cmd {
	c := &m.compose
	if m.focus != paneCompose {
		c.from = m.focus
	}
	to := m.composeTarget()
	if left := c.topic; to != left && c.unsent() {
		m.noteWaits(left)
	}
	m.over = nil
	cmd := m.composeTo(to)
	m.setFocus(paneCompose)
	return cmd
}

// composeTo turns the pane to a topic.
func (m *Model) composeTo(topic string) tea.Cmd {
	if topic == m.compose.topic {
		return nil
	}
	m.compose.turnTo(topic)
	return m.recall()
}

// composeBusy is why nothing can be changed or sent now; empty: it can.
func composeBusy(m *Model) string {
	switch c := &m.compose; {
	case composeOff(m) != "":
		return composeOff(m)
	case c.sending != "":
		return "a message is being sent"
	case c.running():
		return "a message is being repeated; esc stops it"
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
	limit   string // what the topic takes, when that was the reason; empty: it is not known
}

// send sends what is composed.
func (m *Model) send() tea.Cmd {
	c := &m.compose
	if why := composeBusy(m); why != "" {
		c.err = why
		return nil
	}
	msg, at, err := c.message(m.composeTopic())
	if err != nil {
		c.err, c.at = sentence(err), at
		return nil
	}
	// An empty value is a message like any other, but seldom what is meant.
	if msg.Value != nil && len(msg.Value) == 0 && !c.asked {
		c.asked, c.err, c.last = true, "", sent{}
		return nil
	}
	c.sending, c.asked, c.err = c.topic, false, ""
	c.last = sent{}
	ctx, cancel := context.WithCancel(m.ctx)
	c.cancel = cancel
	cluster, message, topicName := m.cluster, c.composed(), c.topic
	started := time.Now()
	return func() tea.Msg {
		defer cancel()
		ack, err := cluster.Send(ctx, msg)
		out := sentMsg{ack: ack, err: err, message: message, started: started, topic: topicName}
		if tooLarge(err) {
			out.limit = m.limitOf(topicName)
		}
		return out
	}
}

func (m *Model) sent(msg sentMsg) tea.Cmd {
	c := &m.compose
	c.sending = ""
	d := c.draftTo(msg.topic)
	if msg.err != nil {
		switch {
		case errors.Is(msg.err, kafka.ErrReadOnly):
			d.err = readOnlyReason
		case errors.Is(msg.err, context.Canceled):
			d.err = "stopped waiting; the message may have been written: the tail shows it if so"
		default:
			d.err = "not sent: " + msg.refusal()
			m.note(levelBad, "not sent to "+msg.topic+": "+msg.refusal())
		}
		return nil
	}
	d.load(composed{part: msg.message.part})
	d.at = partValue
	d.last = sent{ok: true, topic: msg.topic, ack: msg.ack, started: msg.started}
	if d != &c.draft {
		m.note(levelGood, fmt.Sprintf("sent to partition %d of %s at offset %d", msg.ack.Partition, msg.topic, msg.ack.Offset))
	}
	c.saw(m)
	cmd := m.remember(msg.topic, msg.message)
	d.origin, d.walk = nil, 0
	return cmd
}

// refusal says why a message was not sent; of one that is too large, how large
// it is and what would go.
func (msg *sentMsg) refusal() string {
	if !tooLarge(msg.err) {
		return sentence(msg.err)
	}
	size := human.Exact(int64(msg.message.encoded())) + " bytes"
	if msg.limit != "" {
		return fmt.Sprintf("%s, max.message.bytes is %s: %s", size, msg.limit, sentence(msg.err))
	}
	return size + ": " + sentence(msg.err)
}

// tooLarge says whether a broker refused a message for its size
// (MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE in the protocol guide, "Error Codes").
func tooLarge(err error) bool {
	var refused *kafka.Error
	return errors.As(err, &refused) && (refused.Code == 10 || refused.Code == 18)
}

// limitOf asks how large a batch a topic takes; empty: it is not known.
func (m *Model) limitOf(topic string) string {
	ctx, cancel := context.WithTimeout(m.ctx, refreshTimeout)
	defer cancel()
	d, err := m.cluster.DescribeTopic(ctx, topic)
	if err != nil {
		return ""
	}
	for _, c := range d.Configs {
		if n, err := strconv.ParseInt(c.Value, 10, 64); err == nil && c.Name == "max.message.bytes" {
			return human.Exact(n)
		}
	}
	return ""
}

// saw notes when the tail has the message that was sent last.
func (c *compose) saw(m *Model) {
	t := &m.tail
	if !c.last.ok || c.last.seen != 0 || t.session == nil || !slices.Contains(t.topics, c.last.topic) {
		return
	}
	c.last.paused = c.last.paused || t.paused
	at, ok := t.session.positions()[kafka.TopicPartition{Topic: c.last.topic, Partition: c.last.ack.Partition}]
	if ok && at > c.last.ack.Offset {
		c.last.seen = max(time.Since(c.last.started), 1)
	}
}

// rememberedMsg is what a file of the history had, or how writing to it ended.
type rememberedMsg struct {
	topic string
	past  []composed
	err   error
}

// recall asks for what was sent to the composed topic in earlier runs.
func (m *Model) recall() tea.Cmd {
	c := &m.compose
	c.walk = 0
	if _, ok := c.past[c.topic]; ok || c.history == nil {
		return nil
	}
	h, cluster, topic := c.history, m.clusterID(), c.topic
	c.past[topic] = nil
	return func() tea.Msg {
		past, err := h.load(cluster, topic)
		return rememberedMsg{topic, past, err}
	}
}

// clusterID tells clusters apart whose topics have the same names.
func (m *Model) clusterID() string {
	if md := m.cluster.Metadata(); md != nil {
		return cmp.Or(md.ClusterID, m.name)
	}
	return m.name
}

// remember adds a message to the history, and to its file.
func (m *Model) remember(topic string, x composed) tea.Cmd {
	c := &m.compose
	d := c.draftTo(topic)
	d.origin, d.walk = &x, 0
	past := c.past[topic]
	if n := len(past); n == 0 || !past[n-1].same(&x) {
		past = append(past, x)
	}
	size, from := 0, len(past)
	for from > 0 && len(past)-from < historyKept && (size == 0 || size+past[from-1].bytes() <= historyHeldBytes) {
		from--
		size += past[from].bytes()
	}
	c.past[topic] = slices.Clone(past[from:])
	if c.history == nil {
		return nil
	}
	// The file is written even if the program ends now: it waits for its work.
	h, cluster := c.history, m.clusterID()
	written := make(chan error, 1)
	m.work.Go(func() { written <- h.save(cluster, topic, x) })
	return func() tea.Msg { return rememberedMsg{topic: topic, err: <-written} }
}

// remembered takes what the files say. What they cannot do stops nothing, and
// is said once.
func (m *Model) remembered(msg rememberedMsg) tea.Cmd {
	c := &m.compose
	if msg.err != nil && !c.noRemind {
		c.noRemind = true
		m.note(levelWarn, sentence(msg.err))
	}
	if len(msg.past) > 0 {
		newer := c.past[msg.topic]
		c.past[msg.topic] = append(msg.past, newer...)
	}
	return nil
}

// walkHistory goes through what was sent to the topic; only from an empty editor
// or from an entry that was not changed.
func (c *compose) walkHistory(by int) bool {
	past := c.past[c.topic]
	x := c.composed()
	switch {
	case c.unsent() || c.source != nil:
		return false
	case x.blank() && (c.origin == nil || !c.origin.same(&x)):
		c.walk = 0
	case c.walk == 0 && len(past) > 0 && past[len(past)-1].same(&x):
		c.walk = 1
	}
	to := c.walk - by
	if to < 0 || to > len(past) || to == c.walk {
		return false
	}
	c.walk = to
	c.err = ""
	if to == 0 {
		c.load(composed{})
		c.origin = nil
	} else {
		entry := past[len(past)-to]
		c.load(entry)
		c.origin = &entry
	}
	return true
}

// pressedInText gives a key of the table to the text.
func (m *Model) pressedInText() tea.Cmd { return m.typed(m.pressed) }

// typed is a key for the text.
func (m *Model) typed(k tea.KeyPressMsg) tea.Cmd {
	c := &m.compose
	if composeBusy(m) != "" {
		return nil
	}
	name := k.String()
	if c.at == partValue {
		switch {
		case name == "up" && c.walkHistory(-1), name == "down" && c.walkHistory(1):
			return nil
		case c.attached != nil:
			if name == "backspace" || name == "delete" {
				c.detach()
			}
			return nil
		case c.nullValue && (name == "backspace" || name == "delete"):
			c.nullValue = false
			return nil
		}
	}
	if c.at == partKey && c.emptyKey && (name == "backspace" || name == "delete") {
		c.emptyKey = false
		return nil
	}
	if c.at == partHeaders {
		if c.heads.key(k) {
			c.err = ""
			return nil
		}
		if name == "up" || name == "down" {
			return nil
		}
	}
	e := c.editor()
	before := e.version
	e.key(k, m.lay.compose.w-2, m.st.width)
	if e.version != before {
		c.edited()
	}
	return nil
}

// edited forgets what was said of an older state of the text.
func (c *compose) edited() {
	c.err, c.asked = "", false
	switch {
	case c.at == partValue && !c.value.empty():
		c.nullValue = false
	case c.at == partKey && !c.key.empty():
		c.emptyKey = false
	case c.at == partHeaders:
		c.heads.edited()
	}
}

// nextPart goes on to the next field, or to the one before.
func (m *Model) nextPart(by int) tea.Cmd {
	c := &m.compose
	if c.at == partHeaders && c.heads.step(by) {
		return nil
	}
	if by < 0 && c.at == partValue {
		m.setFocus(paneTail)
		return nil
	}
	c.at = (c.at + part(by) + parts) % parts
	if c.at == partHeaders {
		c.heads.enter(by < 0)
	}
	return nil
}

// cut takes what is selected to the clipboard; among headers with nothing
// selected, it removes the row.
func (m *Model) cut() tea.Cmd {
	c := &m.compose
	e := c.editor()
	if text := e.selected(); len(text) > 0 {
		copied := m.copyOut("text", "", slices.Clone(text))
		e.cutTo(e.at)
		c.edited()
		return copied
	}
	if c.at == partHeaders {
		c.heads.remove()
	}
	return nil
}

// undo takes the last change of the text back, redo does it again.
func (m *Model) undo() tea.Cmd {
	c := &m.compose
	if !c.reattach() && c.editor().undo() {
		c.edited()
	}
	return nil
}

func (m *Model) redo() tea.Cmd {
	if m.compose.editor().redo() {
		m.compose.edited()
	}
	return nil
}

// back stops what is under way, or goes back to the tail.
func (m *Model) composeBack() tea.Cmd {
	c := &m.compose
	switch {
	case c.sending != "":
		c.cancel()
	case c.running():
		c.repeat.stop()
	case c.from == paneTopics:
		m.setFocus(paneTopics)
	default:
		m.setFocus(paneTail)
	}
	return nil
}

// paste takes a paste into the focused text.
func (m *Model) paste(s string) tea.Cmd {
	if d := m.dialog; d != nil {
		if len(d.fields) > 0 && !d.busy && !d.swallowing(time.Now()) {
			d.fields[d.at].ed.paste(s)
			return d.changed(m)
		}
		return nil
	}
	if p, ok := m.over.(*palette); ok {
		p.ed.paste(s)
		p.find(m)
		return nil
	}
	if m.over != nil || m.focus != paneCompose || composeBusy(m) != "" {
		return nil
	}
	c := &m.compose
	switch {
	case c.at == partHeaders:
		c.heads.paste(s)
	case c.at == partValue && c.attached != nil:
		c.err = "the attachment is sent unchanged; backspace removes it"
		return nil
	case c.at == partValue && len(s)+len(c.value.text) > attachAbove:
		// Together with the text around it, which stays for when it is removed.
		from, to := c.value.selection()
		c.attach(slices.Concat(c.value.text[:from], []byte(pasted(s)), c.value.text[to:]))
		c.err, c.asked = "", false
		return nil
	default:
		c.editor().paste(s)
	}
	c.edited()
	return nil
}

// toggleNull makes null of a value, or an empty one of a key, and back: a null value
// deletes in a compacted topic, so it is never what an empty text means.
func (m *Model) toggleNull() tea.Cmd {
	c := &m.compose
	c.err, c.asked = "", false
	switch c.at {
	case partValue:
		if c.value.empty() && c.attached == nil {
			c.nullValue = !c.nullValue
		} else {
			c.err = "delete the text first: a null value has none"
		}
	case partKey:
		if c.key.empty() {
			c.emptyKey = !c.emptyKey
		} else {
			c.err = "delete the text first: an empty key has none"
		}
	case partHeaders:
		if !c.heads.toggleNull() {
			c.err = "delete the text first: a null value has none"
		}
	case partPartition:
		c.err = "null is for the value, the key and the values of headers"
	}
	return nil
}
