package cli

import (
	"errors"
	"strings"
	"time"

	"milena/human"
	"milena/kafka"
)

// Positions and ranges as flags have them, and what was understood.

// positionHelp is the grammar of positions, for the help of commands.
const positionHelp = `POS is beginning (start, oldest, earliest), end (newest, latest), N (an offset), -N (the newest N messages
of each partition), +N (after the beginning), or a time: 14:05, 14:05:11.103, yesterday 14:05, 30 Nov 05:32,
2026-11-22T14:05Z, -2h, 2 hours ago. A time may begin with @, and must where it is digits alone:
@1700000000 (10 digits, seconds), @1700000000000 (13, milliseconds), @20261122 (8, a date).`

// parseBounds reads --from and --to; --from may be a range, which is put into both.
func parseBounds(from, to *string, toGiven bool, now time.Time, loc *time.Location) (kafka.Position, *kafka.Position, error) {
	if a, b, isRange := strings.Cut(*from, ".."); isRange {
		if toGiven {
			return kafka.Position{}, nil, usage("--from %s has an end already: leave out --to", *from)
		}
		*from, *to = a, b
	}
	a, b, err := kafka.ParseRange(*from+".."+*to, now, loc)
	var wrong *kafka.PositionError
	if errors.As(err, &wrong) {
		flag, text := "--from", *from
		if wrong.InEnd {
			flag, text = "--to", *to
		}
		err = usage("%s %q: %w; %s", flag, strings.TrimSpace(text), wrong.Reason, kafka.PositionsAccepted)
	}
	return a, b, err
}

// understood says on stderr which time a text came to, so that nobody reads the
// wrong day unknowingly.
func (g *global) understood(from kafka.Position, to *kafka.Position) {
	now := time.Now()
	switch {
	case to != nil && to.Kind == kafka.AtTime && from.Kind == kafka.AtTime:
		g.notice("milena: from %s to %s", saidTime(from.Time, now), saidTime(to.Time, now))
	case from.Kind == kafka.AtTime:
		g.notice("milena: from %s", saidTime(from.Time, now))
	case to != nil && to.Kind == kafka.AtTime:
		g.notice("milena: to %s", saidTime(to.Time, now))
	}
}

// absentNamed is how many partitions are named that lack offsets which were asked for.
const absentNamed = 5

// absent says on stderr which offsets that were asked for are not there.
func (g *global) absent(lacking []kafka.Absent) {
	for _, a := range lacking[:min(len(lacking), absentNamed)] {
		g.notice("milena: %s", a)
	}
	if more := len(lacking) - absentNamed; more > 0 {
		g.notice("milena: the same in %s more", human.Plural(more, "partition"))
	}
}

// saidTime is a time with its day and zone, and how far from now it is.
func saidTime(t, now time.Time) string {
	text := t.Format("Mon 2 Jan 2006 15:04:05")
	if t.Nanosecond() != 0 {
		text = t.Format("Mon 2 Jan 2006 15:04:05.000")
	}
	text += t.Format(" MST")
	if t.After(now) {
		return text + " (in the future)"
	}
	return text
}
