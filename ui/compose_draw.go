package ui

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
)

// How the pane that writes looks: a line for key, headers and partition, the
// text, and a line for what became of it.

// drawCompose draws the pane.
func (m *Model) drawCompose(r rect) []string {
	c, st := &m.compose, m.st
	focused := m.focus == paneCompose && m.over == nil
	var lines []string
	if !m.lay.single && !m.zoom {
		l := newLine(st, r.w, nil)
		l.repeat(st.rule, st.g.hrule, r.w)
		lines = append(lines, l.end())
	}
	if to := m.composeTarget(); to != c.topic && composeOff(m) == "" {
		return m.fillLines(append(lines, m.composeOffer(r, len(lines), to)...), r)
	}
	lines = append(lines, m.composeHeader(r, len(lines), focused))
	status := m.composeStatus(r.w)
	room := r.h - len(lines)
	if room > 1 {
		room--
	}
	if off := composeOff(m); off != "" {
		l := newLine(st, r.w, nil)
		l.text("", " ")
		l.text(st.dim, off)
		lines = append(lines, l.end())
		return m.fillLines(lines, r)
	}
	c.area = rect{}
	show := func(e *editor, h int, sgr string, cursor bool) {
		c.area = rect{r.x + 1, r.y + len(lines), max(1, r.w-2), h}
		text, x, y := e.draw(st, max(1, r.w-2), h, sgr)
		if cursor && m.dialog == nil {
			m.putCursor(r.x+1+x, r.y+len(lines)+y)
		}
		for _, s := range text {
			lines = append(lines, " "+s+" ")
		}
	}
	if c.at == partHeaders && focused {
		c.area = rect{r.x, r.y + len(lines), r.w, room}
		text, x, y := c.heads.draw(st, r.w, room)
		if m.dialog == nil {
			m.putCursor(r.x+x, r.y+len(lines)+y)
		}
		lines = append(lines, text...)
	} else if room > 0 {
		switch {
		case c.attached != nil:
			l := newLine(st, r.w, nil)
			l.text(st.warn, " attachment "+human.Bytes(int64(len(c.attached))))
			what := human.Plural(bytes.Count(c.attached, []byte("\n"))+1, "line")
			if !utf8.Valid(c.attached) {
				what = "not text"
			}
			l.text(st.dim, "   "+what+", sent as it is   ")
			l.hints([]hint{{"ctrl+e", "edits it"}, {"backspace", "removes it"}})
			lines = append(lines, l.end())
		case c.nullValue:
			l := newLine(st, r.w, nil)
			l.text(st.bad, " "+st.g.nullNamed)
			l.text(st.dim, " (tombstone)   ctrl+n undoes it")
			if c.key.empty() && !c.emptyKey {
				l.text(st.dim, "   a compacted topic needs a key")
			}
			lines = append(lines, l.end())
		case !focused && c.value.empty():
			l := newLine(st, r.w, nil)
			l.text(st.dim, " c writes a message to ")
			l.topicName(st.dim, c.topic)
			lines = append(lines, l.end())
		default:
			show(&c.value, room, st.text, focused && c.at == partValue)
		}
	}
	for len(lines) < r.h-1 {
		lines = append(lines, newLine(st, r.w, nil).end())
	}
	if len(lines) < r.h {
		lines = append(lines, status)
	}
	return m.fillLines(lines, r)
}

// composeOffer says that c would write to another topic than that which the pane
// has, and where a text waits.
func (m *Model) composeOffer(r rect, y int, to string) []string {
	st, c := m.st, &m.compose
	m.hits = append(m.hits, hit{rect{r.x, r.y + y, r.w, r.h - y}, m.composeHere})
	head := newLine(st, r.w, nil)
	head.text(st.text, " compose ")
	head.text(st.dim, st.g.arrow+" ")
	head.topicName(st.accent, to)
	l := newLine(st, r.w, nil)
	if d := c.drafts[to]; d != nil && d.unsent() {
		l.text(st.dim, " c goes on with the text to ")
	} else {
		l.text(st.dim, " c writes a message to ")
	}
	l.topicName(st.dim, to)
	lines := []string{head.end(), l.end()}
	if names := c.unsentTo(); len(names) > 0 {
		l := newLine(st, r.w, nil)
		l.text(st.warn, " not sent yet: ")
		l.text(st.text, strings.Join(names, ", "))
		lines = append(lines, l.end())
	}
	return lines
}

func (m *Model) composeHeader(r rect, y int, focused bool) string {
	c, st := &m.compose, m.st
	l := newLine(st, r.w, nil)
	title := st.text
	if focused {
		title = st.accentBold
	}
	hits := len(m.hits)
	endHit := func(x int) { // the part before ends where the next begins
		if n := len(m.hits); n > hits {
			m.hits[n-1].at.w = x - m.hits[n-1].at.x
		}
	}
	name := func(p part, s string) {
		endHit(r.x + l.width)
		m.hits = append(m.hits, hit{rect{r.x + l.width, r.y + y, r.w - l.width, 1}, func() tea.Cmd {
			m.setFocus(paneCompose)
			c.at = p
			return nil
		}})
		sgr := st.dim
		if focused && c.at == p {
			sgr = st.accent
		}
		l.text(sgr, s)
	}
	narrow := r.w < 64
	l.text("", " ")
	if !narrow || c.topic == "" {
		l.text(title, "compose")
	}
	if c.topic == "" {
		return l.end()
	}
	if !narrow {
		l.text("", " ")
	}
	l.text(st.dim, st.g.arrow+" ")
	l.column(min(cells(c.topic, st.width), r.w/3), func() { l.topicName(st.accent, c.topic) })
	l.text("", "   ")
	// Where there is no room for all parts, the one that is written is shown,
	// and where the message goes.
	at := c.at
	if narrow && at == partValue {
		at = partKey
	}
	if !narrow || at == partKey {
		m.composeKey(l, r, y, focused, name)
	}
	count := strconv.Itoa(c.heads.count())
	where := "   " + st.g.arrow + " " + m.partitionGuess(narrow)
	if at == partHeaders || !narrow && l.width+len("headers ")+len(count)+cells(where, st.width) < r.w {
		name(partHeaders, "headers ")
		l.text(st.text, count)
		l.text("", "   ")
	}
	if l.width+cells(where, st.width)-3 <= r.w || at == partPartition {
		m.composePartition(l, r, y, focused, narrow, name)
	}
	m.composeSize(l)
	return l.end()
}

// usualLimit is what brokers take when nobody told them otherwise
// (message.max.bytes).
const usualLimit = 1048588

// composeSize says how large the message is: the value, and all of it as the
// batch that would be written, before compression.
func (m *Model) composeSize(l *line) {
	c, st := &m.compose, m.st
	x := c.composed()
	if x.blank() {
		return
	}
	size := x.encoded()
	text, encoded := "   "+human.Bytes(int64(len(x.valueBytes()))), ", encoded "+human.Bytes(int64(size))
	sgr := st.dim
	if size > usualLimit {
		sgr, encoded = st.warn, encoded+", the default limit of a broker is 1 MB"
	}
	room := l.max - l.width - 1
	if len(text) <= room {
		l.text(sgr, text)
		if len(text)+len(encoded) <= room {
			l.text(sgr, encoded)
		}
	}
}

func (m *Model) composeKey(l *line, r rect, y int, focused bool, name func(part, string)) {
	c, st := &m.compose, m.st
	name(partKey, "key ")
	switch {
	case focused && c.at == partKey:
		w := max(8, min(40, r.w/5))
		x := c.key.drawField(l, w, st.key)
		if m.dialog == nil {
			m.putCursor(r.x+min(x, r.w-1), r.y+y)
		}
		if c.emptyKey {
			l.text(st.dim, st.g.empty)
		}
	case c.emptyKey:
		l.text(st.dim, st.g.empty)
	case c.key.empty():
		l.text(st.dim, st.g.null)
	default:
		l.column(min(24, cells(c.key.String(), st.width)), func() { l.bytes(st.key, c.key.text) })
	}
	l.text("", "   ")
}

func (m *Model) composePartition(l *line, r rect, y int, focused, narrow bool, name func(part, string)) {
	c, st := &m.compose, m.st
	switch {
	case focused && c.at == partPartition:
		name(partPartition, st.g.arrow+" partition ")
		room := 8
		if c.part.empty() {
			room = 2 // what stands beside it needs the rest
		}
		x := c.part.drawField(l, room, st.text)
		if m.dialog == nil {
			m.putCursor(r.x+min(x, r.w-1), r.y+y)
		}
		if c.part.empty() {
			l.text(st.dim, "empty: "+m.partitionGuess(true))
		}
	case !c.part.empty():
		name(partPartition, st.g.arrow+" partition ")
		l.text(st.text, c.part.String())
		l.text(st.dim, " (chosen)")
	default:
		name(partPartition, st.g.arrow+" ")
		l.text(st.dim, m.partitionGuess(narrow))
	}
}

// partitionGuess says where a message with this key goes.
func (m *Model) partitionGuess(narrow bool) string {
	c := &m.compose
	t := m.composeTopic()
	n, why := "any partition", ""
	switch {
	case t == nil || len(t.Partitions) == 0:
		n = "partition by key"
	case len(t.Partitions) == 1:
		n, why = "partition 0", " (the only one)"
	case !c.key.empty() || c.emptyKey:
		n, why = "partition "+itoa(int64(kafka.PartitionOf(c.key.text, len(t.Partitions)))), " (murmur2)"
	}
	if narrow {
		return strings.TrimPrefix(n, "partition ")
	}
	return n + why
}

// composeStatus is the lowest line: what became of what was done, and on the
// right what is said of the text.
func (m *Model) composeStatus(w int) string {
	c, st := &m.compose, m.st
	said := c.verdict()
	if c.err == "" && c.sending == "" && !c.running() && !c.asked && c.last.ok && c.unsent() && w < 100 {
		// No room for both: what is typed now is nearer.
		return m.composeVerdict(newLine(st, w, nil), said)
	}
	l := newLine(st, w, nil)
	l.text("", " ")
	switch {
	case c.running():
		m.drawRepeat(l)
	case c.sending != "":
		l.text(st.accent, m.spinner())
		l.text(st.dim, " sending…   esc stops waiting")
	case c.err != "":
		l.text(st.bad, st.g.cross+" "+c.err)
	case c.asked:
		l.text(st.warn, "the value is empty: ")
		l.hints([]hint{{"ctrl+s", "sends it empty"}, {"ctrl+n", "makes it null"}})
	case c.last.ok:
		l.text(st.ok, st.g.check+" ")
		if c.last.count > 0 {
			l.text(st.text, human.Exact(c.last.count))
			l.text(st.dim, " sent, the last to partition ")
		} else {
			l.text(st.dim, "sent to partition ")
		}
		l.text(st.parts[int(c.last.ack.Partition)%len(st.parts)], itoa(int64(c.last.ack.Partition)))
		l.text(st.dim, " at offset ")
		l.text(st.text, itoa(c.last.ack.Offset))
		l.text(st.dim, " in ")
		l.text(st.text, human.Duration(c.last.ack.Took))
		switch {
		case c.last.seen > 0 && c.last.paused:
			l.text(st.dim, ", seen after the pause")
		case c.last.seen > 0:
			l.text(st.dim, ", seen after ")
			l.text(st.text, human.Duration(c.last.seen))
		}
	case c.source != nil:
		c.drawSource(l, w-cells(said.word, st.width)-3)
	}
	return m.composeVerdict(l, said)
}

// composeVerdict ends a line with what is said of the text, where it fits.
func (m *Model) composeVerdict(l *line, v verdict) string {
	st := m.st
	n := cells(v.word, st.width)
	switch {
	case v.word == "":
		return l.end()
	case l.width <= 1:
		l.fill(max(1, l.max-n-1))
	case l.width+n+3 > l.max:
		return l.end()
	default:
		l.fill(l.max - n - 1)
	}
	sgr := st.dim
	if v.bad {
		sgr = st.warn
	}
	l.text(sgr, v.word)
	return l.end()
}
