package ui

import "time"

// Notices: what happened, one sentence each. The newest has lines of its own above
// the keys for a while, all are under "!".

type level int8

const (
	levelInfo level = iota
	levelGood
	levelWarn
	levelBad
)

type notice struct {
	at    time.Time
	level level
	text  string
	n     int // how often it came in a row
}

type notices struct {
	all []notice
}

// Bounds of the notices.
const (
	noticesKept  = 500
	noticeShown  = 4 * time.Second
	noticeLonger = 12 * time.Second // for bad news
)

func (m *Model) note(lv level, text string) {
	n := &m.notices
	if k := len(n.all); k > 0 && n.all[k-1].text == text {
		n.all[k-1].n++
		n.all[k-1].at = time.Now()
		return
	}
	if len(n.all) >= noticesKept {
		n.all = append(n.all[:0], n.all[len(n.all)-noticesKept/2:]...)
	}
	n.all = append(n.all, notice{at: time.Now(), level: lv, text: text, n: 1})
}

// newest is the notice that is shown; nil: it is old.
func (n *notices) newest(now time.Time) *notice {
	if len(n.all) == 0 {
		return nil
	}
	last := &n.all[len(n.all)-1]
	shown := noticeShown
	if last.level >= levelWarn {
		shown = noticeLonger
	}
	if now.Sub(last.at) >= shown {
		return nil
	}
	return last
}

func (n *notices) showing(now time.Time) bool { return n.newest(now) != nil }

// noticeRows is how many lines a notice takes at most.
const noticeRows = 2

// said is what stands above the keys: the newest notice, else how far an export
// or a count is; empty: nothing.
func (m *Model) said() (sgr, mark, text string) {
	st := m.st
	switch n := m.notices.newest(time.Now()); {
	case n != nil:
		return st.level(n.level), st.mark(n.level), n.text
	case m.export.busy():
		return st.dim, "", m.export.line()
	case m.counts.busy():
		return st.dim, "", m.counts.line()
	}
	return "", "", ""
}

// saidHeight is how many lines that takes on the screen. A dialog has no keys in
// the footer, which is its place then.
func (m *Model) saidHeight() int {
	if m.dialog != nil || m.h < tiny+noticeRows {
		return 0
	}
	return len(m.saidRows(noticeRows))
}

// saidRows are the lines of it, at most so many. What is cut is under "!".
func (m *Model) saidRows(most int) []string {
	st := m.st
	sgr, mark, text := m.said()
	if text == "" {
		return nil
	}
	rows := wrapWords(mark+text, max(1, m.w-4), st.width)
	cut := len(rows) > most
	if cut {
		rows = rows[:most]
	}
	for i, row := range rows {
		l := newLine(st, m.w, nil)
		l.text(sgr, " "+row)
		if cut && i == most-1 {
			l.text(st.dim, st.g.ellipsis)
			l.text(st.accent, " !")
		}
		rows[i] = l.end()
	}
	return rows
}

// mark is how a level looks without colours.
func (st *Styles) mark(lv level) string {
	switch lv {
	case levelGood:
		return st.g.check + " "
	case levelWarn:
		return st.g.warn + " "
	case levelBad:
		return st.g.cross + " "
	}
	return ""
}

func (st *Styles) level(lv level) string {
	switch lv {
	case levelGood:
		return st.ok
	case levelWarn:
		return st.warn
	case levelBad:
		return st.bad
	}
	return st.dim
}
