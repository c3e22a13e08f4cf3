package ui

import (
	tea "charm.land/bubbletea/v2"
)

// What lies over the panes: one record, the help, the notices, the palette.

// overlay is something over the panes that has keys of its own.
type overlay interface {
	scope() Scope
	scroll(n int)
}

// screenOverlay takes the place of panes: of those on the right, or of all.
type screenOverlay interface {
	overlay
	whole(m *Model) bool
	draw(m *Model, r rect) []string
}

// sheetOverlay lies at the bottom.
type sheetOverlay interface {
	overlay
	sheet(m *Model) []string
}

// lidOverlay lies over another overlay, which it gives back when it closes.
type lidOverlay interface {
	overlay
	back() overlay
}

// screenOver is what takes the place of panes, also when something small lies
// over it; nil: nothing does.
func (m *Model) screenOver() screenOverlay {
	o := m.over
	if lid, ok := o.(lidOverlay); ok {
		o = lid.back()
	}
	s, _ := o.(screenOverlay)
	return s
}

// pager is text that scrolls: the help and the notices.
type pager struct {
	title  string
	top    int
	height int
	total  int
	lines  func(m *Model, w int) []string
}

func (p *pager) scope() Scope      { return ScopePager }
func (p *pager) scroll(n int)      { p.top = max(0, min(p.top+n, p.total-p.height)) }
func (p *pager) whole(*Model) bool { return true }

func (p *pager) draw(m *Model, r rect) []string {
	head := newLine(m.st, r.w, nil)
	head.text("", " ")
	head.text(m.st.accentBold, p.title)
	all := p.lines(m, r.w)
	p.total, p.height = len(all), max(1, r.h-1)
	p.top = max(0, min(p.top, p.total-p.height))
	lines := append([]string{head.end()}, all[p.top:]...)
	return m.fillLines(lines, r)
}

// help shows the keys that work where it was asked for.
func (m *Model) help() tea.Cmd {
	scopes := m.scopes()
	m.over = &pager{title: "keys", lines: func(m *Model, w int) []string {
		var lines []string
		seen := make(map[Scope]bool)
		all := append(append([]Scope{}, scopes...), ScopeTopics, ScopeTail, ScopeRecord, ScopeCompose)
		for _, scope := range all {
			if seen[scope] {
				continue
			}
			seen[scope] = true
			head := newLine(m.st, w, nil)
			head.text(m.st.bold, " "+scope.String())
			lines = append(lines, newLine(m.st, w, nil).end(), head.end())
			for i := range bindings {
				b := &bindings[i]
				if b.Scope != scope {
					continue
				}
				l := newLine(m.st, w, nil)
				l.text("", "   ")
				l.field(m.st.accent, b.label(), min(20, w/3))
				l.text("", " ")
				l.text(m.st.text, b.What)
				if b.Off != nil {
					if why := b.Off(m); why != "" {
						l.text(m.st.dim, "  ("+why+")")
					}
				}
				lines = append(lines, l.end())
			}
			if scope == ScopeTail {
				lines = append(lines, tailLegend(m.st, w)...)
			}
			if scope == ScopeTopics {
				lines = append(lines, marksLegend(m.st, w)...)
			}
		}
		return lines
	}}
	return nil
}

// showNotices shows all that happened, the newest first.
func (m *Model) showNotices() tea.Cmd {
	m.over = &pager{title: "notices", lines: func(m *Model, w int) []string {
		var lines []string
		for i := len(m.notices.all) - 1; i >= 0; i-- {
			n := &m.notices.all[i]
			text := n.text
			if n.n > 1 {
				text += " (" + plural(n.n, "time") + ")"
			}
			for j, row := range wrapWords(text, max(10, w-14), m.st.width) {
				l := newLine(m.st, w, nil)
				stamp := ""
				if j == 0 {
					stamp = n.at.In(m.zone).Format("15:04:05")
				}
				l.text("", " ")
				l.field(m.st.dim, stamp, 10)
				l.text(m.st.level(n.level), row)
				lines = append(lines, l.end())
			}
		}
		if len(lines) == 0 {
			l := newLine(m.st, w, nil)
			l.text(m.st.dim, " nothing has happened that needs a word")
			lines = append(lines, l.end())
		}
		return lines
	}}
	return nil
}
