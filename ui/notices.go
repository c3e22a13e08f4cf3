package ui

import "time"

// Notices: what happened, one sentence each. The newest is in the footer for a
// while, all are under "!".

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

// newest is the notice for the footer; nil: it is old.
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
