package ui

import (
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
)

// Partitions and topics of the tail that a person switches off: their rows are
// not shown, and they are not read on. A session puts them aside with the offset
// where their reading would begin, so that nothing is lost when they are switched
// on again.

// switchedOff are partitions that are off; wholeTopic stands for all of a topic,
// those too that are added later.
type switchedOff map[kafka.TopicPartition]bool

// wholeTopic is in place of a partition's number.
const wholeTopic = -1

// has says whether a partition is off.
func (o switchedOff) has(tp kafka.TopicPartition) bool {
	return o[tp] || o[kafka.TopicPartition{Topic: tp.Topic, Partition: wholeTopic}]
}

// part parts those that wait into what is on and what is off.
func (o switchedOff) part(waiting []kafka.Waiting) (on, off []kafka.Waiting) {
	for _, w := range waiting {
		if o.has(w.TopicPartition) {
			off = append(off, w)
		} else {
			on = append(on, w)
		}
	}
	return on, off
}

// turned is what is off once a partition of a topic that has ids, or the whole of
// it, is switched over. A topic of which some is off is switched on as a whole; one
// of which nothing is left on is off as a whole.
func (o switchedOff) turned(tp kafka.TopicPartition, ids []int32) switchedOff {
	after := maps.Clone(o)
	if after == nil {
		after = make(switchedOff)
	}
	whole := kafka.TopicPartition{Topic: tp.Topic, Partition: wholeTopic}
	if tp.Partition == wholeTopic {
		on := true
		for _, id := range ids {
			on = on && !o.has(kafka.TopicPartition{Topic: tp.Topic, Partition: id})
		}
		maps.DeleteFunc(after, func(of kafka.TopicPartition, _ bool) bool { return of.Topic == tp.Topic })
		if on {
			after[whole] = true
		}
		return after
	}
	if after[whole] { // of a whole topic one comes back
		delete(after, whole)
		for _, id := range ids {
			after[kafka.TopicPartition{Topic: tp.Topic, Partition: id}] = true
		}
	}
	if after[tp] {
		delete(after, tp)
	} else {
		after[tp] = true
	}
	if !slices.ContainsFunc(ids, func(id int32) bool { return !after.has(kafka.TopicPartition{Topic: tp.Topic, Partition: id}) }) {
		maps.DeleteFunc(after, func(of kafka.TopicPartition, _ bool) bool { return of.Topic == tp.Topic })
		after[whole] = true
	}
	return after
}

// alone is what is off of topics when nothing but a partition, or a whole topic,
// is on; ids gives a topic's partitions. When it is so already, all is switched on.
func (o switchedOff) alone(tp kafka.TopicPartition, topics []string, ids func(topic string) []int32) switchedOff {
	after := make(switchedOff)
	for _, name := range topics {
		if name != tp.Topic {
			after[kafka.TopicPartition{Topic: name, Partition: wholeTopic}] = true
		}
	}
	if tp.Partition != wholeTopic {
		for _, id := range ids(tp.Topic) {
			if id != tp.Partition {
				after[kafka.TopicPartition{Topic: tp.Topic, Partition: id}] = true
			}
		}
	}
	if maps.Equal(after, o) {
		return nil
	}
	return after
}

// aside is what a session does not read, and where it would begin to.
type aside struct {
	from    map[kafka.TopicPartition]int64
	waiting []kafka.Waiting
}

// again says that a topic is made anew: its offsets begin with 0.
func (a *aside) again(topic string) {
	for tp := range a.from {
		if tp.Topic == topic {
			a.from[tp] = 0
		}
	}
}

// setAside gives the spans that are not switched off.
func (s *session) setAside(spans []kafka.Span) []kafka.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(spans, func(span kafka.Span) bool {
		off := s.start.off.has(span.TopicPartition)
		if off {
			if s.aside.from == nil {
				s.aside.from = make(map[kafka.TopicPartition]int64)
			}
			s.aside.from[span.TopicPartition] = span.From
		}
		return off
	})
}

// setWaitingAside is the same of partitions that cannot be read yet.
func (s *session) setWaitingAside(waiting []kafka.Waiting) (on []kafka.Waiting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	on, off := s.start.off.part(waiting)
	s.aside.waiting = append(s.aside.waiting, off...)
	return on
}

// asideSpans begin where those that are switched off would be read, and have no
// end.
func (s *session) asideSpans() []kafka.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	spans := make([]kafka.Span, 0, len(s.aside.from))
	for tp, from := range s.aside.from {
		spans = append(spans, kafka.Span{TopicPartition: tp, From: from, To: kafka.NoEnd})
	}
	return spans
}

// partitionIDs are the numbers of a topic's partitions, as far as they are known.
func (m *Model) partitionIDs(topic string) (ids []int32) {
	if md := m.cluster.Metadata(); md != nil {
		if t := md.Topic(topic); t != nil {
			for i := range t.Partitions {
				ids = append(ids, t.Partitions[i].ID)
			}
		}
	}
	return ids
}

// switchOff says why nothing of a topic can be switched off; empty: it can.
func (m *Model) switchOff(topic string) string {
	switch t := &m.tail; {
	case t.session == nil || !slices.Contains(t.topics, topic):
		return "the tail does not show this topic: open it with enter"
	case t.searched():
		return "these are search hits of all partitions: leave them with esc in the tail"
	case t.paused:
		return "the tail is paused: resume it with space"
	}
	return ""
}

// switchOver switches a partition of the tail, or a whole topic, off or on.
func (m *Model) switchOver(tp kafka.TopicPartition) tea.Cmd {
	return m.switchTo(tp, m.tail.off.turned(tp, m.partitionIDs(tp.Topic)))
}

// switchAlone switches all else of the tail off, or all of it on.
func (m *Model) switchAlone(tp kafka.TopicPartition) tea.Cmd {
	return m.switchTo(tp, m.tail.off.alone(tp, m.tail.topics, m.partitionIDs))
}

// switchTo has the tail go on with what is off now, after a person has switched a
// partition or a topic.
func (m *Model) switchTo(tp kafka.TopicPartition, off switchedOff) tea.Cmd {
	t := &m.tail
	if why := m.switchOff(tp.Topic); why != "" {
		m.note(levelInfo, why)
		return nil
	}
	some := slices.ContainsFunc(t.topics, func(name string) bool {
		return slices.ContainsFunc(m.partitionIDs(name), func(id int32) bool { return !off.has(kafka.TopicPartition{Topic: name, Partition: id}) })
	})
	spans, waiting := t.session.held()
	switch {
	case len(off) == 0 && len(t.off) == 0:
		m.note(levelInfo, "there is no other partition")
		return nil
	case !some:
		m.note(levelInfo, "one partition must stay on; switch another on first")
		return nil
	case spans == nil:
		m.note(levelInfo, "the tail is still starting: try again in a moment")
		return nil
	}
	t.off = off
	again := *m.timeline // which counts what is on
	if again.cancel != nil {
		again.cancel()
	}
	again.asked, again.cancel = question{}, nil
	m.timeline = &again
	return m.readAnew(spans, waiting, t.session.start.markers)
}

// offSaid says what of the tail is switched off, in many words and in few; empty:
// nothing is.
func (m *Model) offSaid() (long, short string) {
	t := &m.tail
	if len(t.off) == 0 || t.searched() {
		return "", ""
	}
	var topics []string
	on, all := 0, 0
	for _, name := range t.topics {
		before := on
		ids := m.partitionIDs(name)
		for _, id := range ids {
			if !t.off.has(kafka.TopicPartition{Topic: name, Partition: id}) {
				on++
			}
		}
		all += len(ids)
		if on == before {
			topics = append(topics, name)
		}
	}
	short = human.Exact(int64(on)) + "/" + human.Exact(int64(all))
	long = human.Exact(int64(on)) + " of " + human.Plural(all, "partition")
	if len(topics) > 0 {
		long += ", " + strings.Join(topics, ", ") + " off"
	}
	return long, short
}
