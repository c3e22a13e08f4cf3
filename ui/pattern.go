package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
)

// Topics opened by a pattern of their names: all that match are read in one tail,
// and those that appear later join them while it flows.

// mostTopics is how many topics a pattern opens without asking.
const mostTopics = 100

// topicsLike is what a person opened topics by: patterns, and names beside them.
type topicsLike struct {
	texts    []string
	patterns []*kafka.TopicPattern
}

// match says whether a topic that appears is read; it is nil where there is no
// pattern.
func (l *topicsLike) match(off switchedOff) func(*kafka.Topic) bool {
	if l == nil {
		return nil
	}
	return func(t *kafka.Topic) bool {
		return !off[kafka.TopicPartition{Topic: t.Name, Partition: wholeTopic}] &&
			slices.ContainsFunc(l.patterns, func(p *kafka.TopicPattern) bool { return p.Match(t) })
	}
}

// isPattern says whether a text is no topic's name.
func isPattern(md *kafka.Metadata, text string) bool {
	return kafka.IsTopicPattern(text) && md.Topic(text) == nil
}

// openNamed opens what names and patterns stand for. What stands for nothing is
// said; many topics are asked about first.
func (m *Model) openNamed(texts ...string) tea.Cmd {
	md := m.cluster.Metadata()
	var names, others []string
	like := &topicsLike{texts: texts}
	for _, text := range texts {
		if md == nil || !isPattern(md, text) {
			names = append(names, text)
			continue
		}
		p, err := kafka.ParseTopicPattern(text)
		if err == nil {
			like.patterns = append(like.patterns, p)
			others, err = md.TopicsLike(text)
		}
		if err != nil {
			m.note(levelBad, sentence(err))
			return nil
		}
		names = append(names, others...)
	}
	if len(like.patterns) == 0 {
		return m.openAll(names, nil)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) <= mostTopics {
		return m.openAll(names, like)
	}
	m.dialog = &dialog{
		title: "open topics", opened: time.Now(), kind: dialogConfirm, action: "open them all",
		lines: []string{fmt.Sprintf("%s matches %s, from %s to %s.", strings.Join(texts, " "), human.Plural(len(names), "topic"), names[0], names[len(names)-1])},
		submit: func(m *Model, _ *dialog) tea.Cmd {
			m.dialog = nil
			return m.openAll(names, like)
		},
	}
	return nil
}

// openAll opens topics, with the focus on their tail.
func (m *Model) openAll(names []string, like *topicsLike) tea.Cmd {
	m.setFocus(paneTail)
	m.topics.selectName(names[0])
	return m.openLike(like, names...)
}

// appeared takes topics in that the reading has found by itself.
func (t *tail) appeared(events []kafka.Event) {
	for _, e := range events {
		if e.Kind == kafka.TopicAppeared && !slices.Contains(t.topics, e.Topic) {
			t.topics = append(slices.Clone(t.topics), e.Topic)
			t.colsFor = colsKey{}
		}
	}
}

// name is what the tail shows: topics, or what they were opened by.
func (t *tail) name() string {
	if t.like == nil {
		return strings.Join(t.topics, ", ")
	}
	return strings.Join(t.like.texts, ", ") + ": " + human.Plural(len(t.topics), "topic")
}

// patternCommand offers to open what a pattern stands for, where a text is one that
// stands for something.
func (m *Model) patternCommand(text string) (command, bool) {
	text = strings.TrimSpace(text)
	md := m.cluster.Metadata()
	if md == nil || !isPattern(md, text) || strings.Contains(text, " ") {
		return command{}, false
	}
	names, err := md.TopicsLike(text)
	if err != nil {
		return command{}, false
	}
	return command{pattern: text, text: "open " + human.Plural(len(names), "topic") + " like " + text + ", including new ones"}, true
}
