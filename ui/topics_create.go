package ui

import (
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
)

// Creating and deleting topics.

// The fields of the form for a new topic.
const (
	createName = iota
	createPartitions
	createFactor
	createConfigs
	createFields
)

// create opens the form for a new topic. Its replication factor is what keeps
// data safe where there are enough brokers, not the broker's default, which is 1
// unless somebody changed it.
func (m *Model) create() tea.Cmd {
	brokers := m.brokers()
	d := &dialog{
		title: "new topic", opened: time.Now(), action: "create",
		fields: []field{
			createName:       {label: "name"},
			createPartitions: {label: "partitions", hint: "empty: the broker's num.partitions"},
			createFactor:     {label: "replication factor", hint: "empty: the broker's default.replication.factor"},
			createConfigs:    {label: "configs", hint: "cleanup.policy=compact retention.ms=7d"},
		},
		submit: (*Model).submitCreate,
		change: func(m *Model, d *dialog) tea.Cmd {
			m.checkCreate(d)
			return nil
		},
	}
	each := strconv.Itoa(max(1, min(3, brokers)))
	d.preset(createPartitions, each)
	d.preset(createFactor, each)
	m.dialog = d
	m.checkCreate(d)
	return nil
}

// brokers is how many there are; 0: not known.
func (m *Model) brokers() int {
	if md := m.cluster.Metadata(); md != nil {
		return len(md.Brokers)
	}
	return 0
}

// checkCreate says what the form comes to, while it is filled in.
func (m *Model) checkCreate(d *dialog) {
	t, wrong := m.newTopic(d)
	d.lines = nil
	if strings.TrimSpace(d.fields[createName].ed.String()) == "" {
		wrong[createName] = nil // nobody has got there yet
	}
	if d.refuseAll(wrong[:]) >= 0 {
		return
	}
	if t.Partitions > 0 && t.ReplicationFactor > 0 {
		d.lines = []string{fmt.Sprintf("%s × %s on %s.", human.Plural(int(t.Partitions), "partition"),
			human.Plural(int(t.ReplicationFactor), "replica"), human.Plural(m.brokers(), "broker"))}
		if t.ReplicationFactor == 1 && m.brokers() > 1 {
			d.lines[0] += " With one replica, data is unavailable while its broker is down."
		}
	}
}

// newTopic reads the form, and says what is wrong with each field.
func (m *Model) newTopic(d *dialog) (t kafka.NewTopic, wrong [createFields]error) {
	text := func(i int) string { return strings.TrimSpace(d.fields[i].ed.String()) }
	t = kafka.NewTopic{Name: text(createName), Partitions: -1, ReplicationFactor: -1, Configs: map[string]string{}}
	if s := text(createPartitions); s != "" {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < 1 && n != -1 {
			wrong[createPartitions] = errors.New("a number from 1")
		}
		t.Partitions = int32(n)
	}
	if s := text(createFactor); s != "" {
		n, err := strconv.ParseInt(s, 10, 16)
		have := m.brokers()
		switch {
		case err != nil || n < 1 && n != -1:
			wrong[createFactor] = errors.New("a number from 1")
		case have > 0 && int(n) > have:
			wrong[createFactor] = fmt.Errorf("more than the cluster has brokers: %d", have)
		}
		t.ReplicationFactor = int16(n)
	}
	wrong[createConfigs] = readConfigs(text(createConfigs), &t)
	wrong[createName] = kafka.ValidTopicName(t.Name)
	for i := range m.topics.all {
		if other := m.topics.all[i].Name; other == t.Name {
			wrong[createName] = errors.New("a topic with that name exists already")
			break
		} else if dots.Replace(other) == dots.Replace(t.Name) {
			wrong[createName] = fmt.Errorf("names that differ only in \".\" and \"_\" collide: %s", other)
		}
	}
	return t, wrong
}

// readConfigs reads settings: name=value, with blanks between them.
func readConfigs(text string, t *kafka.NewTopic) error {
	for _, kv := range strings.Fields(text) {
		k, v, ok := strings.Cut(kv, "=")
		if !ok || k == "" {
			return fmt.Errorf("%s is not name=value", kv)
		}
		v, err := kafka.ParseTopicConfig(k, v, t.ReplicationFactor)
		if err != nil {
			return err
		}
		t.Configs[k] = v
	}
	return nil
}

// dots brings names together that Kafka keeps apart from each other: in the
// names of its metrics a dot is an underscore.
var dots = strings.NewReplacer(".", "_")

func (m *Model) submitCreate(d *dialog) tea.Cmd {
	t, wrong := m.newTopic(d)
	if at := d.refuseAll(wrong[:]); at >= 0 {
		d.goTo(at)
		return nil
	}
	d.busy = true
	cluster := m.cluster
	return m.background(func(ctx context.Context) tea.Msg {
		return topicDoneMsg{d, t.Name, "created", cluster.CreateTopic(ctx, t)}
	})
}

// fieldOf is the field of the form that a broker's refusal belongs to; −1: none.
// The codes are those of the protocol guide, "Error Codes".
func fieldOf(code int16) int {
	switch code {
	case 17, 36: // InvalidTopicException, TopicAlreadyExists
		return createName
	case 37: // InvalidPartitions
		return createPartitions
	case 38: // InvalidReplicationFactor
		return createFactor
	case 40: // InvalidConfig
		return createConfigs
	}
	return -1
}

// deleteTopic asks for a topic's name before it goes, and says what goes with it.
func (m *Model) deleteTopic() tea.Cmd {
	t := m.topics.current()
	if t == nil {
		return nil
	}
	name := t.Name
	lines := []string{fmt.Sprintf("Deletes %s with %s", name, human.Plural(len(t.Partitions), "partition"))}
	f := m.topics.figures[name]
	if n := f.end - f.start; n > 0 {
		lines[0] += fmt.Sprintf(" and about %s messages", human.Exact(n))
	} else if f.counted {
		lines[0] += " and no messages"
	}
	lines[0] += ". This cannot be undone."
	if t.Internal {
		lines = append(lines, "It is internal: the cluster needs it to work.")
	}
	if r := f.rate(); r > 0 {
		lines = append(lines, fmt.Sprintf("A producer writes to it now: %s messages a second. A broker that creates topics automatically will create it again, empty.", human.Rate(r)))
	} else if !f.last.IsZero() {
		lines = append(lines, "The last message came "+human.Ago(time.Since(f.last))+".")
	}
	m.dialog = &dialog{
		title: "delete topic", opened: time.Now(), danger: true, action: "delete for ever", kind: dialogConfirm,
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
	d := msg.dialog
	d.busy = false
	if msg.err != nil {
		text := sentence(msg.err)
		if errors.Is(msg.err, kafka.ErrReadOnly) {
			text = readOnlyReason
		}
		if m.dialog != d {
			m.note(levelBad, text)
			return nil
		}
		var refused *kafka.Error
		if errors.As(msg.err, &refused) && msg.done == "created" {
			if i := fieldOf(refused.Code); i >= 0 {
				return d.refuse(i, text)
			}
		}
		d.err = text
		return nil
	}
	if m.dialog == d {
		m.dialog = nil
	}
	m.note(levelGood, "topic "+msg.name+" was "+msg.done)
	selected := ""
	if msg.done == "created" {
		selected = msg.name
		m.topics.filter = "" // which might hide it
	} else if p := &m.topics; p.cursor == msg.name && !slices.Contains(m.tail.topics, msg.name) {
		m.preview.drop()
	}
	return m.ask(true, selected)
}
