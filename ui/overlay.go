package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

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

// pager is text that scrolls and is searched: the help and the notices. It goes
// back to what was there before.
type pager struct {
	title   string
	under   overlay // nil: the panes
	words   string  // only entries with all of them are shown; empty: all
	top     int
	height  int
	total   int
	entries func(m *Model, w int) []entry

	asked *dialog // a prompt that it lies over, and gives back; nil: none
}

// entry is what a pager finds and hides as one: a key with what it does, a notice.
type entry struct {
	heads bool // it is shown when an entry below it is, down to the next such one
	lines []string
}

func (p *pager) scope() Scope      { return ScopePager }
func (p *pager) scroll(n int)      { p.top = max(0, min(p.top+n, p.total-p.height)) }
func (p *pager) whole(*Model) bool { return true }
func (p *pager) back() overlay     { return p.under }

// plainEntries are lines that are found one by one.
func plainEntries(lines []string) []entry {
	all := make([]entry, len(lines))
	for i := range lines {
		all[i].lines = lines[i : i+1]
	}
	return all
}

// having leaves the entries that have all the words, and what heads them.
func having(all []entry, words []string) []entry {
	var found []entry
	var head *entry
	for i := range all {
		e := &all[i]
		if e.heads {
			head = e
			continue
		}
		text := strings.ToLower(ansi.Strip(strings.Join(e.lines, " ")))
		if slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			continue
		}
		if head != nil {
			found, head = append(found, *head), nil
		}
		found = append(found, *e)
	}
	return found
}

func (p *pager) draw(m *Model, r rect) []string {
	head := newLine(m.st, r.w, nil)
	head.text("", " ")
	head.text(m.st.accentBold, p.title)
	entries := p.entries(m, r.w)
	if p.words != "" {
		head.text(m.st.dim, "  with ")
		head.text(m.st.accent, p.words)
		entries = having(entries, strings.Fields(strings.ToLower(p.words)))
	}
	var all []string
	for i := range entries {
		all = append(all, entries[i].lines...)
	}
	if p.words != "" && len(all) == 0 {
		l := newLine(m.st, r.w, nil)
		l.text(m.st.dim, " no match")
		all = append(all, l.end())
	}
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

// notPager is why what lies over the panes is not searched; empty: it is.
func notPager(m *Model) string {
	if _, ok := m.over.(*pager); !ok {
		return "this view cannot be searched"
	}
	return ""
}

// askPagerFilter opens the prompt that searches the help or the notices.
func (m *Model) askPagerFilter() tea.Cmd {
	p := m.over.(*pager)
	before := p.words
	d := &dialog{
		title: "search " + p.title, opened: time.Now(), action: "keep",
		fields: []field{{label: "has", hint: "words"}},
		change: func(_ *Model, d *dialog) tea.Cmd {
			p.words, p.top = strings.TrimSpace(d.fields[0].ed.String()), 0
			return nil
		},
		walk:   func(_ *Model, by int) tea.Cmd { p.scroll(by); return nil },
		submit: func(m *Model, _ *dialog) tea.Cmd { m.dialog = nil; return nil },
		cancel: func(*Model, *dialog) tea.Cmd { p.words = before; return nil },
	}
	d.fields[0].ed.set(before)
	m.dialog = d
	return nil
}

// closePager shows all of a pager again, or closes it.
func closePager(m *Model) tea.Cmd {
	if p, ok := m.over.(*pager); ok && p.words != "" && m.pressed.Code == tea.KeyEscape {
		p.words = ""
		return nil
	}
	return closeOver(m)
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

// help shows the keys that work where it was asked for, those first that work now,
// and what else there is.
func (m *Model) help() tea.Cmd {
	scopes := m.scopes()
	p := &pager{title: "keys", under: m.over}
	p.entries = func(m *Model, w int) []entry {
		if w < besideAt || p.words != "" {
			return slices.Concat(m.helpGroups(scopes, w)...)
		}
		var groups [][]string
		for _, g := range m.helpGroups(scopes, w/2) {
			var lines []string
			for i := range g {
				lines = append(lines, g[i].lines...)
			}
			groups = append(groups, lines)
		}
		return plainEntries(beside(groups, m.st, w))
	}
	m.over = p
	return nil
}

// helpGroups are the keys of each scope, w columns wide: of the scopes that work
// here, then of the panes.
func (m *Model) helpGroups(here []Scope, w int) [][]entry {
	var groups [][]entry
	seen := make(map[Scope]bool)
	for _, scope := range append(slices.Clone(here), ScopeTopics, ScopeTail, ScopeRecord, ScopeCompose) {
		if seen[scope] {
			continue
		}
		seen[scope] = true
		works := slices.Contains(here, scope)
		head := newLine(m.st, w, nil)
		head.text(m.st.bold, " "+scope.String())
		if !works {
			head.text(m.st.dim, "  not here")
		}
		group := []entry{{heads: true, lines: []string{newLine(m.st, w, nil).end(), head.end()}}}
		var off []entry
		for i := range bindings {
			b := &bindings[i]
			if b.Scope != scope {
				continue
			}
			why := ""
			if works && b.Off != nil {
				why = b.Off(m)
			}
			if e := m.helpEntry(b, why, w); why == "" {
				group = append(group, e)
			} else {
				off = append(off, e)
			}
		}
		group = append(group, off...)
		switch scope {
		case ScopeTail:
			group = append(group, plainEntries(tailLegend(m.st, w))...)
		case ScopeTopics:
			group = append(group, plainEntries(marksLegend(m.st, w))...)
		}
		groups = append(groups, group)
	}
	return groups
}

// helpEntry is a key and what it does, or why it does not now.
func (m *Model) helpEntry(b *Binding, off string, w int) entry {
	what, label, key, text := b.What, b.label(), m.st.accent, m.st.text
	if off != "" {
		what += " (" + off + ")"
		key, text = m.st.dim, m.st.dim
	}
	var e entry
	room := min(20, w/3)
	for _, row := range wrapWords(what, max(8, w-room-5), m.st.width) {
		l := newLine(m.st, w, nil)
		l.text("", "   ")
		l.field(key, label, room)
		l.text("", " ")
		l.text(text, row)
		e.lines = append(e.lines, l.end())
		label = ""
	}
	return e
}

// showNotices shows all that happened, the newest first.
func (m *Model) showNotices() tea.Cmd {
	m.over = &pager{title: "notices", under: m.over, entries: func(m *Model, w int) []entry {
		var entries []entry
		for i := len(m.notices.all) - 1; i >= 0; i-- {
			n := &m.notices.all[i]
			text := n.text
			if n.n > 1 {
				text += " (" + human.Plural(n.n, "time") + ")"
			}
			var lines []string
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
			entries = append(entries, entry{lines: lines})
		}
		if len(entries) == 0 {
			l := newLine(m.st, w, nil)
			l.text(m.st.dim, " no notices yet")
			entries = plainEntries([]string{l.end()})
		}
		return entries
	}}
	return nil
}
