package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/store"
)

// The mouse does what keys do: a click focuses and selects, a second one
// opens, the wheel scrolls.

// doubleClick is how long after a click another one at the same place counts
// as its second half.
const doubleClick = 400 * time.Millisecond

const wheelRows = 3

func (m *Model) clicked(e tea.Mouse) tea.Cmd {
	if e.Button != tea.MouseLeft || m.cluster == nil || m.dialog != nil {
		return nil
	}
	now := m.now()
	double := m.click.x == e.X && m.click.y == e.Y && now.Sub(m.click.at) < doubleClick
	m.click = click{now, e.X, e.Y}
	if double {
		m.click.at = time.Time{}
	}
	if m.over != nil && !m.lay.topics.contains(e.X, e.Y) {
		return nil
	}
	switch {
	case m.lay.topics.contains(e.X, e.Y):
		m.over = nil
		m.setFocus(paneTopics)
		if i := m.topics.top + e.Y - m.lay.topics.y - 1; e.Y > m.lay.topics.y && i < len(m.topics.shown) {
			if double {
				return m.openPreviewed()
			}
			return m.moveTopic(i - m.topics.at)
		}
	case m.lay.tail.contains(e.X, e.Y):
		m.setFocus(paneTail)
		t := &m.tail
		if i := e.Y - m.lay.tail.y - 2; i >= 0 && i < len(t.rows) && !t.preview.active() {
			t.leave()
			t.top = max(t.snap.first, t.rows[0].Seq)
			t.cursor = t.top + store.Seq(i)
			t.clamp(m)
			t.hold()
			if double {
				return m.inspect()
			}
		}
	case m.lay.compose.contains(e.X, e.Y):
		if composeOff(m) == "" {
			m.setFocus(paneCompose)
		}
	}
	return nil
}

func (m *Model) wheel(e tea.Mouse) tea.Cmd {
	n := wheelRows
	switch e.Button {
	case tea.MouseWheelUp:
		n = -wheelRows
	case tea.MouseWheelDown:
	default:
		return nil
	}
	switch {
	case m.cluster == nil || m.dialog != nil:
	case m.over != nil:
		m.over.scroll(n)
	case m.lay.topics.contains(e.X, e.Y):
		return m.moveTopic(n)
	case m.lay.tail.contains(e.X, e.Y):
		return m.scroll(n)
	}
	return nil
}
