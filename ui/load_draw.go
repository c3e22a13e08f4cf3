package ui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
)

// How the load of partitions is drawn: a row each, with bars beside the figures.

// loadColumns are the widths of the columns; zero leaves one out.
type loadColumns struct {
	part, leader, bar, key int
	bytes, rate            bool
}

// Widths of figures: 412k, 88.1 MB, 12.4k; and the least of a bar and of a key.
const (
	loadNumber = 6
	loadBytes  = 8
	loadBar    = 5
	loadMost   = 24
	loadKey    = 17
)

// loadColumnsFor fits the columns to w: the bars are the last to go.
func loadColumnsFor(w, part int) loadColumns {
	c := loadColumns{part: part, leader: 6, key: loadKey, bytes: true, rate: true}
	rest := func() int { // for bars
		rest := w - 4 - c.part - 2 - loadNumber - 1
		for _, taken := range []int{c.leader, c.key} {
			if taken > 0 {
				rest -= taken + 2
			}
		}
		if c.bytes {
			rest -= 2 + loadBytes + 1
		}
		if c.rate {
			rest -= 2 + loadNumber + 1
		}
		return rest
	}
	bars := func() int {
		n := 1
		if c.bytes {
			n++
		}
		if c.rate {
			n++
		}
		return n
	}
	for _, drop := range []func(){func() { c.leader = 0 }, func() { c.key = 0 }, func() { c.bytes = false }, func() { c.rate = false }} {
		if rest() >= bars()*loadBar {
			break
		}
		drop()
	}
	c.bar = max(1, min(loadMost, rest()/bars()))
	if c.key > 0 {
		c.bar = min(c.bar, max(loadBar, rest()/(bars()+1)))
		c.key += rest() - bars()*c.bar
	}
	return c
}

// draw draws it.
func (v *loadView) draw(m *Model, r rect) []string {
	st := m.st
	v.arrange(m)
	topics := v.names(m)
	all := v.totals("")
	var lines []string
	say := func(sgr, text string) {
		l := newLine(st, r.w, nil)
		l.text("", " ")
		l.text(sgr, text)
		lines = append(lines, l.end())
	}
	head := newLine(st, r.w, nil)
	head.text(st.accentBold, " load  ")
	head.clipped(st.accentBold, strings.Join(topics, ", "), max(10, r.w/3))
	if v.err != nil {
		head.text(st.bad, "  "+sentence(v.err))
	} else {
		if on, _ := m.offSaid(); on != "" && v.ofTail {
			head.text(st.warn, "  in the tail "+on)
		}
		head.text(st.dim, "  "+v.said(all))
	}
	lines = append(lines, head.end())
	if r.h >= 8 {
		switch {
		case v.loads == nil && v.err == nil:
			say(st.dim, "loading…")
		case v.loads == nil:
			say(st.dim, "asking again")
		case v.err != nil:
			say(st.dim, "as it was "+human.Ago(time.Since(v.when)))
		case all.n == 1:
			say(st.dim, "one partition has all messages")
		default:
			if text, well := v.uneven(len(topics) > 1); well {
				say(st.ok, text)
			} else {
				say(st.warn, text)
			}
		}
	}
	if r.h >= 10 {
		l := newLine(st, r.w, nil)
		v.sayHot(l)
		lines = append(lines, l.end())
	}
	part := 1
	for _, tp := range v.rows {
		part = max(part, len(itoa(int64(max(0, tp.Partition)))))
	}
	c := loadColumnsFor(r.w, part)
	if r.h >= 5 {
		l := newLine(st, r.w, nil)
		v.heading(l, c, all)
		lines = append(lines, l.end())
	}
	height := max(1, r.h-len(lines))
	v.top = max(0, min(v.top, len(v.rows)-height, v.at))
	v.top = max(v.top, v.at-height+1)
	for i := v.top; i < min(len(v.rows), v.top+height); i++ {
		l := newLine(st, r.w, nil)
		if y := r.y + len(lines); m.over == overlay(v) {
			m.hits = append(m.hits, hit{rect{r.x, y, 3, 1}, func() tea.Cmd { v.moveTo(i); return m.switchOver(v.on) }},
				hit{rect{r.x + 3, y, r.w - 3, 1}, func() tea.Cmd { v.moveTo(i); return nil }})
		}
		v.row(m, l, i, c, all)
		lines = append(lines, l.end())
	}
	return m.fillLines(lines, r)
}

// sayHot says which key came most often.
func (v *loadView) sayHot(l *line) {
	key, n, all := v.hottest()
	switch {
	case v.loads == nil:
	case all == 0:
		l.text(l.st.dim, " no messages in the last minute")
	default:
		l.text(l.st.dim, " hot key: ")
		l.text(l.st.text, percent(n, all)+" ")
		l.loadKey(key)
		if of := " of the last minute's " + human.Count(int64(all)) + " " + v.what(int64(all)); l.width+len(of) <= l.max {
			l.text(l.st.dim, of)
		}
	}
}

// loadKey writes a key; nil is null.
func (l *line) loadKey(key []byte) {
	st := l.st
	switch {
	case key == nil:
		l.text(st.dim, st.g.nullNamed)
	case len(key) == 0:
		l.text(st.dim, st.g.empty)
	case isBinary(key, true):
		l.binary(key[:min(len(key), 64)], len(key), false)
	default:
		l.text(st.key, string(key[:min(len(key), preview)]))
	}
}

// heading writes the columns' names; the one that the rows are ordered by has an
// arrow.
func (v *loadView) heading(l *line, c loadColumns, all loadTotals) {
	st := l.st
	name := func(text string, by loadOrder, w int) {
		sgr := st.dim
		if v.order == by {
			sgr = st.accent
			text = st.g.down + text
		}
		l.field(sgr, text, w)
		l.fill(l.width + 2)
	}
	l.fill(3)
	order := loadOrders // no order has it
	if l.fill(3 + max(0, c.part-1)); v.order == loadByPartition {
		l.text(st.accent, "p")
	} else {
		l.text(st.dim, "p")
	}
	l.fill(3 + c.part + 2)
	if c.leader > 0 {
		name("leader", order, c.leader)
	}
	name(v.what(0), loadByHeld, loadNumber+1+c.bar)
	if c.bytes {
		text := "bytes"
		if v.loads != nil && !all.stored {
			text = "bytes/min"
		}
		name(text, order, loadBytes+1+c.bar)
	}
	if c.rate {
		text := "msg/s, last minute"
		if len(text) >= loadNumber+1+c.bar {
			text = "msg/s"
		}
		name(text, loadByRate, loadNumber+1+c.bar)
	}
	if c.key > 0 {
		l.text(st.dim, "hot key")
	}
}

// bar writes n of most as a bar into w columns; what is more than nothing is never
// drawn as nothing.
func (l *line) bar(sgr string, n, most int64, w int) {
	steps := l.st.g.bar
	end := l.width + w
	if n > 0 && most > 0 {
		eighths := max(1, int(float64(n)/float64(most)*float64(w*len(steps))))
		l.repeat(sgr, steps[len(steps)-1], eighths/len(steps))
		if rest := eighths % len(steps); rest > 0 {
			l.repeat(sgr, steps[rest-1], 1)
		}
	}
	l.fill(end)
}

// row draws a partition, or the line of a topic.
func (v *loadView) row(m *Model, l *line, i int, c loadColumns, all loadTotals) {
	st, tp := l.st, v.rows[i]
	marker := " "
	if i == v.at {
		l.bg, marker = st.selected, st.g.marker
	}
	l.text(st.accent, marker)
	ids := []int32{tp.Partition}
	if tp.Partition == wholeTopic {
		ids = m.partitionIDs(tp.Topic)
	}
	off := 0
	for _, id := range ids {
		if m.tail.off.has(kafka.TopicPartition{Topic: tp.Topic, Partition: id}) {
			off++
		}
	}
	switch {
	case m.switchOff(tp.Topic) != "" && off == 0:
		l.text("", "  ")
	case off == len(ids):
		l.text(st.warn, st.g.hollow+" ")
	case off > 0:
		l.text(st.warn, st.g.dot+" ")
	default:
		l.text(st.ok, st.g.dot+" ")
	}
	if tp.Partition == wholeTopic {
		l.text(st.ofTopic(v.names(m), tp.Topic), tp.Topic)
		l.text(st.dim, "  "+v.said(v.totals(tp.Topic)))
		switch {
		case off == len(ids):
			l.text(st.warn, "  off")
		case off > 0:
			l.text(st.warn, "  "+human.Exact(int64(len(ids)-off))+" on")
		}
		return
	}
	text, accent := st.text, st.accent
	if off > 0 {
		text, accent = st.dim, st.dim
	}
	l.number(st.parts[int(tp.Partition)%len(st.parts)], itoa(int64(tp.Partition)), c.part)
	l.fill(l.width + 2)
	load := v.loads[tp]
	if load == nil {
		return
	}
	if c.leader > 0 {
		if load.Leader < 0 {
			l.field(st.bad, m.dash(), c.leader)
		} else {
			l.field(st.dim, itoa(int64(load.Leader)), c.leader)
		}
		l.fill(l.width + 2)
	}
	if !known(load) {
		l.text(st.bad, "no answer: "+sentence(load.Err))
		return
	}
	figure := func(number string, w int, n, most int64, shares float64) {
		sgr := accent
		if shares >= hotFrom && off == 0 {
			sgr = st.warn
		}
		l.number(text, number, w)
		l.fill(l.width + 1)
		l.bar(sgr, n, most, c.bar)
		l.fill(l.width + 2)
	}
	fair := v.fair[tp.Topic]
	figure(human.Count(load.Held()), loadNumber, load.Held(), all.mostHeld, times(load.Held(), fair.held))
	if c.bytes {
		bytes, number := bytesOf(load, all.stored), "?"
		if bytes >= 0 {
			number = human.Bytes(bytes)
		}
		figure(number, loadBytes, bytes, all.mostBytes, 0)
	}
	if c.rate {
		figure(rateOf(load.Recent), loadNumber, load.Recent, all.top, times(load.Recent, fair.recent))
	}
	if c.key > 0 && load.Sampled > 0 {
		key, n := hot(load)
		l.number(text, percent(float64(n), float64(load.Sampled)), 5)
		l.text("", " ")
		l.loadKey(key)
	}
}
