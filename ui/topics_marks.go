package ui

import (
	"maps"

	tea "charm.land/bubbletea/v2"
)

// Topics that a person marks, to open or to search several at once. Marks are by
// name: they outlast filters and orders, and go when they have been used.

// markTopic marks the topic under the cursor, or takes its mark away, and goes on
// to the next.
func (m *Model) markTopic() tea.Cmd {
	p := &m.topics
	name := p.current().Name
	if p.marked[name] {
		delete(p.marked, name)
	} else {
		p.marked[name] = true
	}
	return m.moveTopic(1)
}

// chosen are the marked topics in the order of their names, else the one under
// the cursor; empty: there is none.
func (p *topicsPane) chosen() (names []string) {
	for i := range p.all {
		if p.marked[p.all[i].Name] {
			names = append(names, p.all[i].Name)
		}
	}
	if t := p.current(); len(names) == 0 && t != nil {
		names = []string{t.Name}
	}
	return names
}

// dropGone forgets the marks of topics that are gone.
func (p *topicsPane) dropGone() {
	maps.DeleteFunc(p.marked, func(name string, _ bool) bool { return p.figures[name] == nil })
}

// openChosen opens what is marked in one tail, else the topic under the cursor.
func (m *Model) openChosen() tea.Cmd {
	names := m.topics.chosen()
	clear(m.topics.marked)
	m.setFocus(paneTail)
	return m.openTopics(names...)
}
