package ui

import (
	"fmt"
	"time"

	"milena/kafka"
)

// The line at the top: where one is, whether it answers, how fast it goes.

func (m *Model) header() string {
	st := m.st
	l := newLine(st, m.w, nil)
	l.text("", " ")
	if m.gone.IsZero() || m.w >= 40 { // otherwise there is room for what matters alone
		l.text(st.accentBold, "milena")
		l.text("", "  ")
		l.text(st.text, m.name)
	}
	right := newLine(st, m.w, nil)
	m.headerRight(right)
	switch {
	case m.cluster == nil:
	case !m.gone.IsZero():
		l.text(st.bad, " "+st.g.dot+" ")
		l.text(st.bad, "broker gone "+m.since(l.max-l.width))
	default:
		if m.opt.File != "" {
			l.text(st.warn, "  read-only file")
			break
		}
		l.text(st.ok, " "+st.g.dot+" ")
		if md := m.cluster.Metadata(); md != nil && m.w >= 50 {
			l.text(st.dim, plural(len(md.Brokers), "broker"))
		}
		if m.cluster.ReadOnly() {
			l.text(st.dim, "  ")
			l.text(st.warn, "read-only")
		}
		if m.mouseFree && m.w >= 50 {
			l.text(st.dim, "  mouse: the terminal's, ")
			l.text(st.accent, "M")
			l.text(st.dim, " takes it back")
		}
		if m.addr != "" && m.w >= 80 {
			l.text(st.dim, "  others: milena -b "+m.addr)
		}
	}
	if l.width+right.width+2 <= m.w {
		l.fill(m.w - right.width)
		l.style("")
		l.buf = append(l.buf, right.buf...)
		l.width += right.width
		l.live = false
	}
	return l.end()
}

// since is for how long the cluster has been gone in w columns, and from when on
// where there is room. The clock may have been set back meanwhile.
func (m *Model) since(w int) string {
	lasts := humanDuration(max(0, m.now().Sub(m.gone)).Truncate(time.Second))
	switch {
	case w < 20:
		return lasts
	case w < 60:
		return "for " + lasts + ", retrying"
	}
	return "since " + m.gone.In(m.zone).Format("15:04:05") + ", for " + lasts + ", retrying"
}

func (m *Model) headerRight(l *line) {
	st := m.st
	if m.cluster == nil || m.tail.session == nil {
		return
	}
	r := &m.tail.rate
	if m.w >= 90 {
		for _, level := range r.spark(16, len(st.g.spark)) {
			l.repeat(st.accent, st.g.spark[level], 1)
		}
		l.text("", "  ")
	}
	if m.w >= 60 {
		l.number(st.bold, humanRate(r.perSecond()), 5)
		l.text(st.dim, " msg/s")
	}
	if m.w >= 100 || m.opt.Isolation == kafka.ReadCommitted && m.w >= 80 {
		l.text(st.dim, "  "+m.opt.Isolation.String())
	}
	l.text("", " ")
}

// rate counts what was read in each of the last 60 seconds.
type rate struct {
	buckets [60]int64
	second  int64 // of the newest bucket
}

func (r *rate) reset() { *r = rate{} }

func (r *rate) advance(now time.Time) {
	s := now.Unix()
	if r.second == 0 || s-r.second > int64(len(r.buckets)) || s < r.second {
		*r = rate{second: s}
		return
	}
	for r.second < s {
		r.second++
		r.buckets[r.second%60] = 0
	}
}

func (r *rate) add(now time.Time, n int64) {
	r.advance(now)
	r.buckets[r.second%60] += n
}

// perSecond is the mean of the last five whole seconds.
func (r *rate) perSecond() float64 {
	var sum int64
	for i := int64(1); i <= 5; i++ {
		sum += r.buckets[(r.second-i+60)%60]
	}
	return float64(sum) / 5
}

// moving says whether the picture changes with time alone.
func (r *rate) moving(time.Time) bool {
	for _, n := range r.buckets {
		if n != 0 {
			return true
		}
	}
	return false
}

// spark is the last w*2 seconds as levels below n, two seconds a column, the
// newest on the right.
func (r *rate) spark(w, n int) []int {
	out := make([]int, w)
	sums := make([]int64, w)
	var top int64
	for i := range sums {
		for j := range 2 {
			back := int64((w-1-i)*2 + j + 1)
			if back < 60 {
				sums[i] += r.buckets[(r.second-back+120)%60]
			}
		}
		top = max(top, sums[i])
	}
	for i, s := range sums {
		if top > 0 && s > 0 {
			out[i] = max(1, int(s*int64(n-1)/top))
		}
	}
	return out
}

// counted is "12 of 18,204" with the exact numbers.
func counted(n, of int64) string {
	return fmt.Sprintf("%s of %s", exact(n), exact(of))
}
