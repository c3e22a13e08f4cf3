package ui

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
)

// Edit and resend: a record's key, value and headers become what is composed, byte
// for byte, to its topic or to another one.

// resent is the record that a draft was made of.
type resent struct {
	topic     string
	partition int32
	offset    int64
	was       composed
}

// composedOf is a record as it would be written. What is no text, or too much to
// edit here, becomes an attachment.
func composedOf(r *kafka.Record) composed {
	x := composed{key: string(r.Key), heads: r.Headers, nullValue: r.Value == nil, emptyKey: r.Key != nil && len(r.Key) == 0}
	if len(r.Value) > attachAbove || !utf8.Valid(r.Value) {
		x.attached = r.Value
	} else {
		x.value = string(r.Value)
	}
	return x
}

// resendOff is why no record can be put into the pane; empty: one can.
func resendOff(m *Model) string {
	switch c := &m.compose; {
	case m.cluster == nil || m.tail.session == nil:
		return offSession
	case m.cluster.ReadOnly():
		return readOnlyReason
	case c.sending != "":
		return "a message is being sent"
	case c.running():
		return "a message is sent again and again; esc in compose stops that"
	}
	if _, ok := m.recordUnder(); !ok {
		return "the cursor is on no record"
	}
	return ""
}

// askResend puts the record under the cursor into the pane; a text that waits
// there for the same topic is asked about first.
func (m *Model) askResend() tea.Cmd {
	rec, ok := m.recordUnder()
	if !ok {
		return nil
	}
	if !m.compose.draftTo(rec.Topic).unsent() {
		return m.resend(&rec)
	}
	m.dialog = &dialog{
		title: "edit and resend", opened: time.Now(), kind: dialogConfirm,
		lines:  []string{"There is unsent text for " + rec.Topic + " in the compose pane; the record would replace it."},
		action: "replace the text",
		submit: func(m *Model, _ *dialog) tea.Cmd {
			m.dialog = nil
			return m.resend(&rec)
		},
	}
	return nil
}

func (m *Model) resend(r *kafka.Record) tea.Cmd {
	c := &m.compose
	if left := c.topic; left != r.Topic && c.unsent() {
		m.noteWaits(left)
	}
	cmd := m.composeTo(r.Topic)
	x := composedOf(r)
	c.load(x)
	c.source = &resent{r.Topic, r.Partition, r.Offset, x}
	c.at, c.err, c.last, c.origin, c.walk = partValue, "", sent{}, nil, 0
	c.value.moveTo(0)
	c.from = paneTail
	m.over = nil
	m.setFocus(paneCompose)
	return cmd
}

// noteWaits says that a text stays where it was written.
func (m *Model) noteWaits(topic string) {
	m.note(levelInfo, "the text to "+topic+" waits: c on that topic in the list goes on with it")
}

// ownPartitionOff is why there is no partition to take over; empty: there is.
func ownPartitionOff(m *Model) string {
	if m.compose.source == nil {
		return "this message was not made from a record; E on a record does that"
	}
	return composeBusy(m)
}

// ownPartition chooses the partition that the record has, or leaves it to the key
// again.
func (m *Model) ownPartition() tea.Cmd {
	c := &m.compose
	own := itoa(int64(c.source.partition))
	if c.part.String() == own {
		own = ""
	}
	c.part.set(own)
	c.err = ""
	return nil
}

// askOtherTopic asks for the topic that the text goes to.
func (m *Model) askOtherTopic() tea.Cmd {
	d := &dialog{
		title: "send to another topic", opened: time.Now(), action: "go on there",
		fields: []field{{label: "topic", hint: "right completes a name", suggest: m.topicBeginning}},
		submit: func(m *Model, d *dialog) tea.Cmd {
			name := strings.TrimSpace(d.fields[0].ed.String())
			switch {
			case m.topics.figures[name] == nil:
				return d.refuse(0, fmt.Sprintf("there is no topic %q", name))
			case name != m.compose.topic && m.compose.draftTo(name).unsent():
				return d.refuse(0, "there is unsent text for "+name+": send it or delete it first")
			}
			m.dialog = nil
			return m.moveDraft(name)
		},
	}
	d.preset(0, m.compose.topic)
	m.dialog = d
	return nil
}

// topicBeginning is what follows a text in the first topic that begins with it.
func (m *Model) topicBeginning(text string) string {
	for i := range m.topics.all {
		if rest, ok := strings.CutPrefix(m.topics.all[i].Name, text); ok && text != "" {
			return rest
		}
	}
	return ""
}

// moveDraft lets the text go to another topic.
func (m *Model) moveDraft(topic string) tea.Cmd {
	c := &m.compose
	if topic == c.topic {
		return nil
	}
	x, source, at := c.composed(), c.source, c.at
	c.draft = newDraft(c.topic)
	cmd := m.composeTo(topic)
	c.load(x)
	c.source, c.at, c.err, c.origin, c.last = source, at, "", nil, sent{}
	if at == partHeaders {
		c.heads.enter(false)
	}
	return cmd
}

// drawSource says which record the text was made from, and what else can be done
// with it.
func (c *compose) drawSource(l *line, room int) {
	s := c.source
	l.text(l.st.dim, fmt.Sprintf("from partition %d, offset %d", s.partition, s.offset))
	if s.topic != c.topic {
		l.text(l.st.dim, " of "+s.topic)
	}
	partition := "keeps partition " + itoa(int64(s.partition))
	if !c.part.empty() {
		partition = "partition by key"
	}
	for _, h := range []hint{{"ctrl+p", partition}, {"ctrl+t", "another topic"}} {
		if l.width+3+h.width() <= room {
			l.text("", "   ")
			l.hints([]hint{h})
		}
	}
}
