package ui

import (
	"strings"

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

// palette finds an action by its words.
type palette struct {
	ed    editor
	found []*Binding
	at    int
	from  []Scope
}

const paletteRows = 10

func (p *palette) scope() Scope { return ScopePalette }
func (p *palette) scroll(n int) { p.at = max(0, min(p.at+n, len(p.found)-1)) }

func (m *Model) openPalette() tea.Cmd {
	p := &palette{from: m.scopes()}
	p.find(m)
	m.over = p
	return nil
}

// find lists the actions that work where the palette was opened.
func (p *palette) find(*Model) {
	words := strings.Fields(strings.ToLower(p.ed.String()))
	p.found, p.at = nil, 0
	for _, scope := range p.from {
	next:
		for i := range bindings {
			b := &bindings[i]
			if b.Scope != scope || b.NoPalette {
				continue
			}
			text := strings.ToLower(b.What + " " + b.label())
			for _, w := range words {
				if !strings.Contains(text, w) {
					continue next
				}
			}
			p.found = append(p.found, b)
		}
	}
}

func (p *palette) sheet(m *Model) []string {
	st := m.st
	head := newLine(st, m.w, nil)
	head.repeat(st.rule, st.g.hrule, 1)
	head.text(st.accentBold, " command ")
	head.repeat(st.rule, st.g.hrule, m.w)
	field := newLine(st, m.w, nil)
	field.text(st.accent, " : ")
	x := p.ed.drawField(field, max(1, m.w-4), st.text)
	lines := []string{head.end(), field.end()}
	m.putCursor(min(x, m.w-1), 1)
	rows := max(1, min(paletteRows, m.lay.body.h-len(lines)))
	top := max(0, min(p.at-rows/2, len(p.found)-rows))
	for i := range rows {
		l := newLine(st, m.w, nil)
		if top+i < len(p.found) {
			b := p.found[top+i]
			off := ""
			if b.Off != nil {
				off = b.Off(m)
			}
			sgr := st.text
			if off != "" {
				sgr = st.dim
			}
			marker := " "
			if top+i == p.at {
				l.bg = st.selected
				marker = st.g.marker
			}
			l.text(st.accent, " "+marker+" ")
			l.field(st.accent, b.label(), min(16, m.w/3))
			l.text("", " ")
			l.text(sgr, b.What)
			if off != "" {
				l.text(st.dim, "  ("+off+")")
			}
		}
		lines = append(lines, l.end())
	}
	return lines
}

// run does what the palette's cursor is on.
func (m *Model) runCommand() tea.Cmd {
	p, ok := m.over.(*palette)
	if !ok {
		return nil
	}
	m.over = nil
	if p.at >= len(p.found) {
		return nil
	}
	b := p.found[p.at]
	if b.Off != nil {
		if why := b.Off(m); why != "" {
			m.note(levelWarn, b.What+": "+why)
			return nil
		}
	}
	return b.Do(m)
}
