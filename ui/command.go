package ui

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// The palette: every action and every topic by a few of its letters.

// palette lies over what was there when it was opened, and goes back to it.
type palette struct {
	ed    editor
	under overlay // nil: the panes
	from  []Scope // whose keys worked there
	found []command
	at    int
	first int // the row at the top, for the mouse
}

// command is one line of the palette: an action, or a topic to open.
type command struct {
	b         *Binding // nil: a topic
	pattern   string   // not empty: topics like it
	text      string   // what it does, or the topic's name
	score     int
	at        [][2]int // letters that were found
	elsewhere bool     // it belongs to another pane, which is gone to first
}

// off is why it does not work now; empty: it does.
func (c *command) off(m *Model) string {
	if c.b == nil || c.b.Off == nil {
		return ""
	}
	return c.b.Off(m)
}

const paletteRows = 10

// has looks for every word: where it stands in the text or, unless whole, for its
// letters in their order. The text that is the word comes first.
func (c *command) has(words []string, whole bool) bool {
	text := fold(c.text)
	c.score = -len(text) / 4
	var at []int
	for _, w := range words {
		if whole && !strings.Contains(text, w) {
			return false
		}
		score, ok := fuzzy(text, w, &at)
		if !ok {
			return false
		}
		c.score += score
		if w == text {
			c.score += scoreWhole
		}
	}
	slices.Sort(at)
	for _, i := range slices.Compact(at) {
		if n := len(c.at); n > 0 && c.at[n-1][1] == i {
			c.at[n-1][1] = i + 1
		} else {
			c.at = append(c.at, [2]int{i, i + 1})
		}
	}
	return true
}

// fold makes letters small where that keeps their length, so that places in
// what it gives are places in s.
func fold(s string) string {
	out := []byte(s)
	for i := 0; i < len(out); {
		r, n := utf8.DecodeRune(out[i:])
		if l := unicode.ToLower(r); l != r && utf8.RuneLen(l) == n {
			utf8.EncodeRune(out[i:i+n], l)
		}
		i += n
	}
	return string(out)
}

func (p *palette) scope() Scope  { return ScopePalette }
func (p *palette) scroll(n int)  { p.at = max(0, min(p.at+n, len(p.found)-1)) }
func (p *palette) back() overlay { return p.under }

func (m *Model) openPalette() tea.Cmd {
	p := &palette{under: m.over, from: m.scopes()}
	p.find(m)
	m.over = p
	return nil
}

// find lists what was typed, the best first; without letters, what works where the
// palette was opened, then what works in the other panes, then topics. Scattered
// letters count only where nothing has the words.
func (p *palette) find(m *Model) {
	words := strings.Fields(fold(p.ed.String()))
	all := p.all(m)
	p.found, p.at = p.found[:0], 0
	for _, whole := range []bool{true, false} {
		for _, c := range all {
			if c.has(words, whole) {
				p.found = append(p.found, c)
			}
		}
		if len(p.found) > 0 {
			break
		}
	}
	if len(words) > 0 {
		sort.SliceStable(p.found, func(i, j int) bool {
			a, b := &p.found[i], &p.found[j]
			if aOff, bOff := a.off(m) != "", b.off(m) != ""; aOff != bOff {
				return bOff // what works comes first
			}
			return a.score > b.score
		})
	}
	if m.cluster != nil {
		if c, ok := m.patternCommand(p.ed.String()); ok {
			p.found = append([]command{c}, p.found...)
		}
	}
}

// all is what the palette has: the actions, then the topics.
func (p *palette) all(m *Model) []command {
	var all []command
	scopes := p.from
	if m.cluster != nil {
		for _, s := range []Scope{ScopeBrowse, ScopeTail, ScopeTopics, ScopeCompose} {
			if !slices.Contains(scopes, s) {
				scopes = append(scopes[:len(scopes):len(scopes)], s)
			}
		}
	}
	said := make(map[string]bool) // one action may have a key in several scopes
	for i, scope := range scopes {
		for j := range bindings {
			b := &bindings[j]
			if b.Scope != scope || b.NoPalette || said[b.What] {
				continue
			}
			said[b.What] = true
			all = append(all, command{b: b, text: b.What, elsewhere: i >= len(p.from)})
		}
	}
	if m.cluster != nil {
		if md := m.cluster.Metadata(); md != nil {
			for i := range md.Topics {
				all = append(all, command{text: md.Topics[i].Name})
			}
		}
	}
	return all
}

// sheet draws the palette.
func (p *palette) sheet(m *Model) []string {
	st := m.st
	head := newLine(st, m.w, nil)
	head.repeat(st.rule, st.g.hrule, 1)
	head.text(st.accentBold, " command or topic ")
	head.repeat(st.rule, st.g.hrule, m.w)
	field := newLine(st, m.w, nil)
	field.text(st.accent, " : ")
	x := p.ed.drawField(field, max(1, m.w-4), st.text)
	lines := []string{head.end(), field.end()}
	m.putCursor(min(x, m.w-1), 1)
	rows := max(1, min(paletteRows, m.lay.body.h-len(lines)))
	p.first = max(0, min(p.at-rows/2, len(p.found)-rows))
	for i := range rows {
		l := newLine(st, m.w, nil)
		if n := p.first + i; n < len(p.found) {
			p.draw(m, l, &p.found[n], n == p.at)
		} else if n == 0 {
			l.text(st.dim, "   no match")
		}
		lines = append(lines, l.end())
	}
	return lines
}

func (p *palette) draw(m *Model, l *line, c *command, selected bool) {
	st := m.st
	marker := " "
	if selected {
		l.bg = st.selected
		marker = st.g.marker
	}
	label, off, sgr := "topic", "", st.text
	if c.pattern != "" {
		label = "topics"
	}
	labelled := st.dim
	if c.b != nil {
		label, labelled = c.b.label(), st.accent
		if c.elsewhere {
			label, labelled = c.b.Scope.String(), st.dim
		}
		off = c.off(m)
	}
	if off != "" {
		sgr = st.dim
	}
	l.text(st.accent, " "+marker+" ")
	l.field(labelled, label, min(16, m.w/3))
	l.text("", " ")
	l.lit(sgr, []byte(c.text), 0, len(c.text), c.at)
	if off != "" {
		l.text(st.dim, "  ("+off+")")
	}
}

// clicked does what stands in a row of the sheet; the first two are its head.
func (p *palette) clicked(m *Model, row int) tea.Cmd {
	if n := p.first + row - 2; row >= 2 && n < len(p.found) {
		p.at = n
		return m.runCommand()
	}
	return nil
}

// runCommand does what the palette's cursor is on.
func (m *Model) runCommand() tea.Cmd {
	p, ok := m.over.(*palette)
	if !ok {
		return nil
	}
	m.over = p.under
	if p.at >= len(p.found) {
		return nil
	}
	c := p.found[p.at]
	if c.pattern != "" {
		m.over = nil
		return m.openNamed(c.pattern)
	}
	if c.b == nil {
		m.over = nil
		m.setFocus(paneTail)
		m.topics.selectName(c.text)
		return m.openTopics(c.text)
	}
	if c.elsewhere {
		m.over = nil
		switch c.b.Scope {
		case ScopeTopics:
			m.setFocus(paneTopics)
		case ScopeTail:
			m.setFocus(paneTail)
		case ScopeCompose:
			if composeOff(m) == "" {
				return tea.Batch(m.composeHere(), m.do(c.b))
			}
		}
	}
	return m.do(c.b)
}
