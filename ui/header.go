package ui

import (
	"fmt"
	"time"

	"milena/human"
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
		text, well := m.brokerHealth()
		if well {
			l.text(st.ok, " "+st.g.dot+" ")
		} else {
			l.text(st.warn, " "+st.g.dot+" ")
		}
		switch {
		case m.w < 50:
		case well:
			l.text(st.dim, text)
		default:
			l.text(st.warn, text)
			if m.w >= 80 {
				l.text(st.dim, "  :doctor checks why")
			}
		}
		if m.cluster.ReadOnly() {
			l.text(st.dim, "  ")
			l.text(st.warn, "read-only")
		}
		if m.mouseFree && m.w >= 50 {
			l.text(st.dim, "  mouse released, ")
			l.text(st.accent, "M")
			l.text(st.dim, " captures it")
		}
		if m.addr != "" && m.w >= 80 {
			l.text(st.dim, "  from another terminal: milena -b "+m.addr)
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
	gone := max(0, time.Since(m.gone))
	lasts := human.Duration(gone)
	if gone < 10*time.Second { // it is told anew each second
		lasts = fmt.Sprintf("%d s", gone/time.Second)
	}
	switch {
	case w < 20:
		return lasts
	case w < 60:
		return "for " + lasts + ", retrying"
	}
	return "since " + m.gone.In(m.zone).Format("15:04:05") + ", for " + lasts + ", retrying"
}

// brokerHealth says how many brokers there are, and how many of them are not well: those that
// partitions have replicas on and the metadata does not have, and those that lead
// what is read and do not answer.
func (m *Model) brokerHealth() (text string, well bool) {
	md := m.cluster.Metadata()
	if md == nil {
		return "", true
	}
	if md != m.brokersFor {
		m.brokersFor, m.brokersGone = md, 0
		gone := make(map[int32]bool)
		for i := range md.Topics {
			for j := range md.Topics[i].Partitions {
				for _, id := range md.Topics[i].Partitions[j].Replicas {
					if md.Broker(id) == nil {
						gone[id] = true
					}
				}
			}
		}
		m.brokersGone = len(gone)
	}
	all := len(md.Brokers) + m.brokersGone
	addresses := m.topics.silent
	if m.tail.session != nil {
		if _, tails := m.tailTrouble(); len(tails) > 0 {
			addresses = tails
		}
	}
	silent := len(addresses)
	switch down := m.brokersGone + silent; {
	case down == 0:
		return human.Plural(all, "broker"), true
	case silent == 0:
		return itoa(int64(len(md.Brokers))) + " of " + human.Plural(all, "broker"), false
	case down == 1:
		text = "1 broker does not answer"
		if all > 1 {
			text = "1 of " + human.Plural(all, "broker") + " does not answer"
		}
		if m.w >= 110 {
			text += ": " + addresses[0]
		}
		return text, false
	default:
		return itoa(int64(down)) + " of " + human.Plural(all, "broker") + " do not answer", false
	}
}

func (m *Model) headerRight(l *line) {
	st := m.st
	if m.cluster == nil || m.tail.session == nil {
		return
	}
	r := &m.tail.rate
	counted := !m.tail.paused // in a pause nobody knows what comes when
	if m.w >= 90 {
		to := l.width + 16
		if counted {
			for _, level := range r.spark(16, len(st.g.spark)) {
				l.repeat(st.accent, st.g.spark[level], 1)
			}
		}
		l.fill(to)
		l.text("", "  ")
	}
	if m.w >= 60 {
		if counted {
			l.number(st.bold, human.Rate(r.perSecond()), 5)
		} else {
			l.number(st.dim, st.g.hrule, 5)
		}
		l.text(st.dim, " msg/s")
	}
	if m.w >= 100 || m.opt.Isolation == kafka.ReadCommitted && m.w >= 80 {
		l.text(st.dim, "  "+m.opt.Isolation.String())
	}
	l.text("", " ")
}

// rate counts what came in each of the last 60 seconds.
type rate struct {
	buckets [60]int64
	second  int64 // of the newest bucket
	began   int64 // the second in which counting began, or began again
}

func (r *rate) reset() { *r = rate{} }

// begin counts anew after a time in which nothing was counted.
func (r *rate) begin(now time.Time) {
	r.advance(now)
	r.began = r.second
}

func (r *rate) advance(now time.Time) {
	s := now.Unix()
	if r.second == 0 || s-r.second > int64(len(r.buckets)) || s < r.second {
		*r = rate{second: s, began: s}
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

// perSecond is the mean of the last five whole seconds, or of as many as there
// were since it began.
func (r *rate) perSecond() float64 {
	n := min(5, max(1, r.second-r.began-1))
	var sum int64
	for i := int64(1); i <= n; i++ {
		sum += r.buckets[(r.second-i+60)%60]
	}
	return float64(sum) / float64(n)
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
	return fmt.Sprintf("%s of %s", human.Exact(n), human.Exact(of))
}
