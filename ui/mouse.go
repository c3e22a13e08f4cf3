package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/store"
)

// The mouse does what keys do: a click focuses and selects, a second one
// opens, the wheel scrolls; the keys that the screen names can be clicked too.
// The terminal gets it back on demand, for its own way of selecting text.

// doubleClick is how long after a click another one at the same place counts
// as its second half.
const doubleClick = 400 * time.Millisecond

const wheelRows = 3

// hit is a place on the screen that does something when it is clicked.
type hit struct {
	at rect
	do func() tea.Cmd
}

// hitHints makes hints that begin at x in line y, and end before column end,
// places to click; do is given the number of one.
func (m *Model) hitHints(x, y, end int, hs []hint, do func(i int) tea.Cmd) {
	for i, h := range hs {
		w := h.width()
		if x+w > end {
			return
		}
		m.hits = append(m.hits, hit{rect{x, y, w, 1}, func() tea.Cmd { return do(i) }})
		x += w + 3
	}
}

// clickedSheet is a sheet whose rows can be clicked.
type clickedSheet interface {
	sheetOverlay
	clicked(m *Model, row int) tea.Cmd
}

// freeMouse lets the terminal have the mouse, or takes it again.
func (m *Model) freeMouse() tea.Cmd {
	m.mouseFree = !m.mouseFree
	if m.mouseFree {
		m.note(levelInfo, "mouse released: select text as usual; M captures it again")
	} else {
		m.note(levelInfo, "mouse captured: click and scroll on the screen")
	}
	return nil
}

// pressBrowsing does what a key does in the panes of topics and records, there.
func (m *Model) pressBrowsing(key string) tea.Cmd {
	if b := m.find(key); b != nil && b.Scope == ScopeBrowse {
		return m.do(b)
	}
	return nil
}

func (m *Model) clicked(e tea.Mouse) tea.Cmd {
	switch e.Button {
	case tea.MouseLeft:
	case tea.MouseBackward:
		return m.pressBrowsing("[")
	case tea.MouseForward:
		return m.pressBrowsing("]")
	default:
		return nil
	}
	for _, h := range m.hits {
		if h.at.contains(e.X, e.Y) {
			return h.do()
		}
	}
	if m.dialog != nil {
		m.dialog.clicked(m, e.X, e.Y-m.sheetTop)
		return nil
	}
	if m.cluster == nil {
		return nil
	}
	if s, ok := m.over.(clickedSheet); ok {
		if e.Y >= m.sheetTop && m.lay.body.contains(e.X, e.Y) {
			return s.clicked(m, e.Y-m.sheetTop)
		}
		return closeOver(m)
	}
	now := time.Now()
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
		if i := m.topics.top + e.Y - m.lay.topics.y - 1; e.Y > m.lay.topics.y && i < min(len(m.topics.shown), m.topics.top+m.topics.rows) {
			if double {
				return m.openPreviewed()
			}
			return m.moveTopic(i - m.topics.at)
		}
	case m.lay.tail.contains(e.X, e.Y) && m.previewShown():
		return m.openPreviewed()
	case m.lay.tail.contains(e.X, e.Y):
		m.setFocus(paneTail)
		t := &m.tail
		if m.lay.timeline.contains(e.X, e.Y) {
			return m.clickedTimeline(e.X)
		}
		if at := m.lay.tail; e.Y == at.y+1 && at.h > 3 {
			return m.explain(e.X - at.x - 1)
		}
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
			cmd := m.composeHere()
			m.compose.clicked(e.X, e.Y, false, m.st.width)
			return cmd
		}
	}
	return nil
}

// clickedOrder puts the topics in the order of the column that was clicked; a
// second click goes back to their names.
func (m *Model) clickedOrder(by topicOrder) tea.Cmd {
	m.over = nil
	m.setFocus(paneTopics)
	if by == m.topics.order {
		by = byName
	}
	return m.orderBy(by)
}

// dragged travels in time, or selects text in the pane that writes.
func (m *Model) dragged(e tea.Mouse) tea.Cmd {
	if e.Button == tea.MouseLeft && m.focus == paneTail && m.dialog == nil && m.over == nil && m.lay.timeline.contains(m.click.x, m.click.y) {
		return m.clickedTimeline(e.X)
	}
	if e.Button == tea.MouseLeft && m.focus == paneCompose && m.dialog == nil && m.over == nil {
		m.compose.clicked(e.X, e.Y, true, m.st.width)
	}
	return nil
}

// clicked puts the cursor where the text was clicked at.
func (c *compose) clicked(x, y int, drag bool, m width) {
	if !c.area.contains(x, y) {
		return
	}
	x, y = x-c.area.x, y-c.area.y
	switch {
	case c.at == partHeaders && !drag:
		c.heads.clicked(x, y, m)
	case c.at == partHeaders || c.attached != nil || c.nullValue:
	default:
		c.at = partValue
		c.value.click(x, y, c.area.w, drag, m)
	}
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
	over := m.screenOver()
	beside := over != nil && !over.whole(m) && m.over == overlay(over)
	switch {
	case m.cluster == nil || m.dialog != nil:
	case m.over != nil && (!beside || !m.lay.topics.contains(e.X, e.Y)):
		m.over.scroll(n)
	case m.lay.topics.contains(e.X, e.Y):
		return m.moveTopic(n)
	case m.lay.tail.contains(e.X, e.Y):
		return m.scroll(n)
	case m.lay.compose.contains(e.X, e.Y) && m.focus == paneCompose:
		m.compose.value.scroll(n, m.compose.area.w, m.st.width)
	}
	return nil
}
