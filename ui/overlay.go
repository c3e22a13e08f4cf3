package ui

import (
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
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
	s, ok := m.over.(screenOverlay)
	if lid, isLid := m.over.(lidOverlay); isLid && !ok {
		s, _ = lid.back().(screenOverlay)
	}
	return s
}

// pager is text that scrolls: the help and the notices. It goes back to what was
// there before.
type pager struct {
	title  string
	under  overlay // nil: the panes
	top    int
	height int
	total  int
	lines  func(m *Model, w int) []string
}

func (p *pager) scope() Scope      { return ScopePager }
func (p *pager) scroll(n int)      { p.top = max(0, min(p.top+n, p.total-p.height)) }
func (p *pager) whole(*Model) bool { return true }
func (p *pager) back() overlay     { return p.under }

func (p *pager) draw(m *Model, r rect) []string {
	head := newLine(m.st, r.w, nil)
	head.text("", " ")
	head.text(m.st.accentBold, p.title)
	all := p.lines(m, r.w)
	p.total, p.height = len(all), max(1, r.h-1)
	p.top = max(0, min(p.top, p.total-p.height))
	if p.total > p.height {
		where := fmt.Sprintf("%d-%d of %d ", p.top+1, min(p.top+p.height, p.total), p.total)
		if head.width+len(where)+2 <= r.w {
			head.fill(r.w - len(where))
			head.text(m.st.dim, where)
		}
	}
	lines := append([]string{head.end()}, all[p.top:]...)
	return m.fillLines(lines, r)
}

// besideAt is from how many columns on the help has two columns of groups.
const besideAt = 150

// beside puts groups of lines, each half of w columns wide, into two columns of
// about the same height.
func beside(groups [][]string, st *Styles, w int) []string {
	total := 0
	for _, g := range groups {
		total += len(g)
	}
	var left, right []string
	for _, g := range groups {
		if len(right) == 0 && len(left)+len(g)/2 <= total/2 {
			left = append(left, g...)
		} else {
			right = append(right, g...)
		}
	}
	blank, rest := newLine(st, w/2, nil).end(), blanks[:w%2]
	for i := range max(len(left), len(right)) {
		if i >= len(left) {
			left = append(left, blank)
		}
		if i < len(right) {
			left[i] += right[i]
		} else {
			left[i] += blank
		}
		left[i] += rest
	}
	return left
}

// help shows the keys that work where it was asked for, and what else there is.
func (m *Model) help() tea.Cmd {
	scopes := m.scopes()
	m.over = &pager{title: "keys", under: m.over, lines: func(m *Model, w int) []string {
		whole := w
		if whole >= besideAt {
			w /= 2
		}
		var groups [][]string
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
			if !slices.Contains(scopes, scope) {
				head.text(m.st.dim, "  not here")
			}
			if len(lines) > 0 {
				groups = append(groups, lines)
			}
			lines = []string{newLine(m.st, w, nil).end(), head.end()}
			for i := range bindings {
				b := &bindings[i]
				if b.Scope != scope {
					continue
				}
				what, label := b.What, b.label()
				if b.Off != nil && slices.Contains(scopes, scope) {
					if why := b.Off(m); why != "" {
						what += " (" + why + ")"
					}
				}
				room := min(20, w/3)
				for _, row := range wrapWords(what, max(8, w-room-5), m.st.width) {
					l := newLine(m.st, w, nil)
					l.text("", "   ")
					l.field(m.st.accent, label, room)
					l.text("", " ")
					l.text(m.st.text, row)
					lines = append(lines, l.end())
					label = ""
				}
			}
			if scope == ScopeTail {
				lines = append(lines, tailLegend(m.st, w)...)
			}
			if scope == ScopeTopics {
				lines = append(lines, marksLegend(m.st, w)...)
			}
		}
		if groups = append(groups, lines); whole >= besideAt {
			return beside(groups, m.st, whole)
		}
		return slices.Concat(groups...)
	}}
	return nil
}

// showNotices shows all that happened, the newest first.
func (m *Model) showNotices() tea.Cmd {
	m.over = &pager{title: "notices", under: m.over, lines: func(m *Model, w int) []string {
		var lines []string
		for i := len(m.notices.all) - 1; i >= 0; i-- {
			n := &m.notices.all[i]
			text := n.text
			if n.n > 1 {
				text += " (" + human.Plural(n.n, "time") + ")"
			}
			for j, row := range wrapWords(text, max(10, w-15), m.st.width) {
				l := newLine(m.st, w, nil)
				stamp := ""
				if j == 0 {
					stamp = n.at.In(m.zone).Format("15:04:05")
					if time.Since(n.at) > 18*time.Hour { // not today, as a person says it
						stamp = n.at.In(m.zone).Format("Jan _2 15:04")
					}
				}
				l.text("", " ")
				l.field(m.st.dim, stamp, 13)
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
