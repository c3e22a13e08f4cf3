package ui

import (
	"fmt"
	"strconv"
	"time"

	"milena/human"
	"milena/kafka/batch"
	"milena/store"
)

// A record as one line: time, partition, offset, key, and the beginning of the
// value. Value is the last column; nothing stands to its right.

// preview is how many bytes of a key and a value come into a row.
const preview = 1024

// columns are the widths of a tail's columns; zero leaves one out.
type columns struct {
	topic, time, part, offset, key int
	topics                         []string // each has its colour
	after                          bool     // the time since the row before has a column
	gap                            string   // that time, of the row that is drawn
	mode                           timeMode
	date                           bool      // the time has its day before it
	now                            time.Time // for ages, and in the zone that is shown
	txn                            bool      // how transactions ended has a column
	outcome                        outcome   // of the row that is drawn
	rush                           bool      // nobody can read it: without colours
}

// columnsFor fits the columns to w and to what is held. They depend on what
// rarely changes, so that rows do not jump. keys is how many columns the keys
// would like to have.
func columnsFor(w, parts int, maxOffset int64, topic, keys int) columns {
	c := columns{
		topic: topic, time: 12,
		part:   max(1, len(strconv.Itoa(max(parts-1, 0)))),
		offset: max(6, len(strconv.FormatInt(maxOffset, 10))),
		key:    min(max(10, keys), max(10, w/8, min(w/3, 48))),
	}
	if w < 72 {
		c.key = min(max(10, keys), max(10, w/5))
	}
	if w < 56 {
		c.offset = max(4, len(strconv.FormatInt(maxOffset, 10)))
	}
	if w < 40 {
		c.offset, c.key = 0, 10
	}
	if w < 30 {
		c.time, c.part = 0, 0
	}
	return c
}

// aheadMost is how far a timestamp may be ahead of this machine's clock before that
// is said.
const aheadMost = time.Minute

// aheadMeaning is what the mark of a record from the future says.
const aheadMeaning = "more than a minute ahead of this machine's clock"

// ahead says whether a record claims to be from the future.
func (c columns) ahead(r *store.Row) bool {
	return r.Skip == nil && !c.now.IsZero() && r.Timestamp > c.now.Add(aheadMost).UnixMilli()
}

func (c columns) heading(l *line) {
	st := l.st
	if c.after {
		l.number(st.dim, "after", gapColumns)
		l.fill(l.width + 2)
	}
	if c.topic > 0 {
		l.field(st.dim, "topic", c.topic)
		l.fill(l.width + 2)
	}
	if c.time > 0 {
		l.field(st.dim, c.timeHeading(), c.time)
		l.fill(l.width + 2)
	}
	if c.part > 0 {
		l.number(st.dim, "p", c.part)
		l.fill(l.width + 2)
	}
	if c.offset > 0 {
		name := "offset"
		if c.offset < len(name) {
			name = "off"
		}
		l.number(st.dim, name, c.offset)
		l.fill(l.width + 2)
	}
	if c.txn {
		l.field(st.dim, "t", 1)
		l.fill(l.width + 2)
	}
	l.field(st.dim, "key", c.key)
	l.fill(l.width + 2)
	l.text(st.dim, "value")
}

// row draws a held row into l.
func (l *line) row(r *store.Row, c columns, loc *time.Location, q lights) {
	st := l.st
	var scratch [40]byte
	l.run = c.rush // time to key are dim alike then
	defer func() { l.run = false }()
	if c.after {
		l.number(st.text, c.gap, gapColumns)
		l.fill(l.width + 2)
	}
	if c.topic > 0 {
		sgr := st.ofTopic(c.topics, r.Topic)
		if c.rush {
			sgr = st.dim
		}
		l.field(sgr, r.Topic, c.topic)
		l.fill(l.width + 2)
	}
	if c.time > 0 {
		stamp := c.stamp(r.Timestamp, r.Timestamp == batch.NoTime, loc, scratch[:0])
		l.column(c.time, func() { l.bytes(st.dim, stamp) })
		next := l.width + 2
		switch {
		case c.ahead(r):
			l.text(st.warn, st.g.ahead)
		case r.Late:
			l.text(st.warn, st.g.late)
		}
		l.fill(next)
	}
	if r.Skip != nil && !silent(r.Skip.Kind) {
		sgr := st.warn
		if r.Skip.Kind == store.NoteEvent {
			sgr = st.dim
		}
		l.text(sgr, st.g.warn+" ")
		l.text(sgr, r.Skip.Text)
		return
	}
	if c.part > 0 {
		sgr := st.parts[int(r.Partition)%len(st.parts)]
		if c.rush {
			sgr = st.dim
		}
		l.number(sgr, string(strconv.AppendInt(scratch[:0], int64(r.Partition), 10)), c.part)
		l.fill(l.width + 2)
	}
	if c.offset > 0 {
		l.number(st.dim, string(strconv.AppendInt(scratch[:0], r.Offset, 10)), c.offset)
		l.fill(l.width + 2)
	}
	if r.Skip != nil {
		l.text(st.dim, st.g.hrule+" "+r.Skip.Text)
		return
	}
	if c.txn {
		sgr, sign := c.outcome.mark(st)
		l.text(sgr, sign)
		l.fill(l.width + 2)
	}
	l.column(c.key, func() { l.keyCell(r, q, c.rush) })
	l.fill(l.width + 2)
	l.run = false
	l.valueCell(r, q, c.rush)
}

// keyCells is how many columns a key would like to have.
func keyCells(r *store.Row, st *Styles) int {
	switch {
	case r.KeyNull:
		return cells(st.g.null, st.width)
	case r.KeyLen == 0:
		return len(st.g.empty)
	case isBinary(r.Key, r.KeyLen == len(r.Key)):
		return binaryCells(r.Key[:min(len(r.Key), 64)])
	}
	return cells(string(r.Key[:min(len(r.Key), 64)]), st.width)
}

func (l *line) keyCell(r *store.Row, q lights, rush bool) {
	st := l.st
	switch {
	case r.KeyNull:
		l.text(st.dim, st.g.null)
	case r.KeyLen == 0:
		l.text(st.dim, st.g.empty)
	case isBinary(r.Key, r.KeyLen == len(r.Key)):
		l.binary(r.Key, r.KeyLen, false)
	case rush:
		l.lit(st.text, r.Key, 0, len(r.Key), q.spans(r.Key))
	default:
		l.lit(st.key, r.Key, 0, len(r.Key), q.spans(r.Key))
	}
}

func (l *line) valueCell(r *store.Row, q lights, rush bool) {
	st := l.st
	switch {
	case r.ValueNull:
		l.text(st.bad, st.g.null)
		l.text(st.dim, " tombstone")
	case r.ValueLen == 0:
		l.text(st.dim, st.g.empty)
	case isBinary(r.Value, r.ValueLen == len(r.Value)):
		l.binary(r.Value, r.ValueLen, true)
		return
	case !rush && looksLikeJSON(r.Value):
		l.jsonRow(r.Value, q.spans(r.Value))
	default:
		l.lit(st.text, r.Value, 0, len(r.Value), q.spans(r.Value))
	}
	if r.ValueLen > len(r.Value) && !l.full && !r.ValueNull {
		l.text(st.dim, st.g.ellipsis)
	}
}

// binary shows bytes that are no text: printable ASCII as it is, all else escaped.
// b is the front of whole bytes; named, how many those are stands behind.
func (l *line) binary(b []byte, whole int, named bool) {
	said, room := "", l.max-l.width
	if named {
		said = "  binary, " + human.Plural(whole, "byte")
		room = max(room-len(said), min(room, 4))
	}
	cut := whole > len(b)
	if n := binaryCells(b[:min(len(b), room+1)]); cut || n > room {
		room, cut = room-1, true
	}
	for _, c := range b {
		if room -= byteCells(c); room < 0 {
			break
		}
		if byteCells(c) == 1 {
			l.bytes(l.st.text, []byte{c})
		} else {
			l.text(l.st.escape, fmt.Sprintf(`\x%02x`, c))
		}
	}
	if cut {
		l.text(l.st.dim, l.st.g.ellipsis)
	}
	l.text(l.st.dim, said)
}

// byteCells is how many columns a byte takes there.
func byteCells(c byte) int {
	if c >= 0x20 && c < 0x7f {
		return 1
	}
	return len(`\x00`)
}

func binaryCells(b []byte) (n int) {
	for _, c := range b {
		n += byteCells(c)
	}
	return n
}
