package ui

import (
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
)

// How times are shown: by the clock here or in UTC, as ages, or as they are in
// the log.

// timeMode is how the tail's column of times shows them; a record that is open
// always shows all.
type timeMode int8

const (
	timeClock timeMode = iota // in the model's zone
	timeAge
	timeEpoch // milliseconds since 1970, as in the log
)

// nextTimes goes on from local to UTC, ages, epoch, and to local again.
func (m *Model) nextTimes() tea.Cmd {
	t := &m.tail
	switch {
	case t.mode == timeEpoch:
		t.mode, m.zone = timeClock, m.opt.Location
	case t.mode == timeAge:
		t.mode = timeEpoch
	case m.zone == m.opt.Location && m.opt.Location != time.UTC:
		m.zone = time.UTC
	default:
		t.mode = timeAge
	}
	said := "times are shown in " + time.Now().In(m.zone).Format("MST")
	switch t.mode {
	case timeAge:
		said = "times are shown as ages"
	case timeEpoch:
		said = "times are shown as milliseconds since 1970"
	}
	m.note(levelInfo, said)
	return nil
}

// aging says whether rows change with time alone.
func (t *tail) aging() bool { return t.mode == timeAge && t.session != nil && len(t.rows) > 0 }

// clock gives the column of times its width.
func (c *columns) clock(mode timeMode, date bool, w int, now time.Time) {
	c.mode, c.date, c.now = mode, date, now
	switch {
	case c.time == 0:
	case mode == timeAge:
		c.time = 8
	case mode == timeEpoch:
		c.time = 13
	default:
		c.time = 12
		if date {
			c.time += 7
		}
		if w < 56 {
			c.time -= 4 // no milliseconds
		}
	}
}

// timeHeading says which times they are.
func (c columns) timeHeading() string {
	switch {
	case c.mode == timeAge:
		return "age"
	case c.mode == timeEpoch:
		return "epoch ms"
	case c.now.Location() == time.UTC:
		return "time UTC"
	}
	return "time"
}

// stamp appends a record's time as the column shows it.
func (c columns) stamp(ms int64, none bool, loc *time.Location, buf []byte) []byte {
	if none {
		return append(buf, '-')
	}
	switch c.mode {
	case timeEpoch:
		return strconv.AppendInt(buf, ms, 10)
	case timeAge:
		return append(buf, age(c.now.UnixMilli(), ms)...)
	}
	t := time.UnixMilli(ms).In(loc)
	if y := t.Year(); y < 0 || y > 9999 {
		return append(buf, "absurd"...)
	}
	layout := "15:04:05.000"
	switch {
	case c.time == 8:
		layout = "15:04:05"
	case c.date && c.time == 15:
		layout = "02 Jan 15:04"
	case c.date:
		layout = "02 Jan 15:04:05.000"
		if t.Year() != c.now.Year() {
			layout = "2006-01-02 15:04:05"
		}
	}
	out := t.AppendFormat(buf, layout)
	return out[:min(len(out), c.time)]
}

// age is how long ago ms was, in whole seconds: now, 12 s, 3 min; +3 s is yet to
// come.
func age(now, ms int64) string {
	const most = int64(290 * 365 * 24 * time.Hour / time.Millisecond) // of a Duration
	d, sign := now-ms, ""
	if ms > now {
		d, sign = ms-now, "+"
	}
	switch {
	case d < 0 || d > most:
		return "absurd"
	case d < 1000:
		return sign + "now"
	case d < 10_000:
		return sign + strconv.FormatInt(d/1000, 10) + " s"
	}
	return sign + human.Duration(time.Duration(d)*time.Millisecond)
}
