package ui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"milena/human"
	"milena/kafka"
)

// Places to go to, as they are typed at the screen: what the command line takes,
// and what was understood.

// placesAccepted says what can be typed.
const placesAccepted = "14:05, 1h, yesterday 14:05, 30 Nov 05:32, 2026-11-22, beginning, end, -500 (the newest), 1204112 (an offset)"

// parsePosition reads a position.
func parsePosition(text string, now time.Time, loc *time.Location) (kafka.Position, error) {
	if strings.Contains(text, "..") {
		return kafka.Position{}, errors.New("that is a range; enter one position, such as " + placesAccepted)
	}
	p, err := kafka.ParsePosition(text, now, loc)
	switch {
	case strings.TrimSpace(text) == "":
		return p, errors.New("enter a position, such as " + placesAccepted)
	case err != nil:
		return p, placeError(err)
	case p.Kind == kafka.Stored:
		return p, errNothingStored
	}
	return p, nil
}

// parseBounds reads a range of which from and to are typed apart, or both in from.
func parseBounds(from, to string, now time.Time, loc *time.Location) (kafka.Position, *kafka.Position, error) {
	a, b, err := kafka.ParseBounds(from, to, now, loc)
	if err == nil && (a.Kind == kafka.Stored || b != nil && b.Kind == kafka.Stored) {
		err = errNothingStored
	}
	return a, b, err
}

var errNothingStored = errors.New("the screen reads without a consumer group, so stored has no meaning; enter " + placesAccepted)

// placeError is why a text is no place, with what is accepted at the screen.
func placeError(err error) error {
	var wrong *kafka.PositionError
	if errors.As(err, &wrong) {
		err = wrong.Reason
	}
	return fmt.Errorf("%w; enter %s", err, placesAccepted)
}

// meant says what was understood: the date of a time, and that digits are an
// offset.
func (m *Model) meant(p kafka.Position) string {
	switch p.Kind {
	case kafka.AtTime:
		return m.dateOf(p)
	case kafka.Beginning:
		return "the beginning"
	case kafka.End:
		return "the end"
	case kafka.LastEach:
		return "the newest " + human.Exact(p.N) + " of each partition"
	case kafka.AfterStart:
		return human.Exact(p.N) + " after the beginning of each partition"
	case kafka.AtOffset:
		text := "offset " + itoa(p.N) + " of each partition"
		if as, err := kafka.ParseTime(itoa(p.N), time.Now(), m.zone); err == nil {
			text += "; @" + itoa(p.N) + " is " + as.Format(dayLayout)
		}
		return text
	}
	return p.String()
}

func (m *Model) dateOf(p kafka.Position) string {
	return dayAndTime(p.Time.In(m.zone), time.Now().In(m.zone))
}

// rangeMeant is the same of a range, where times or digits leave something to say; empty:
// they do not.
func (m *Model) rangeMeant(from kafka.Position, to *kafka.Position) string {
	plain := func(p *kafka.Position) bool {
		return p == nil || p.Kind != kafka.AtTime && p.Kind != kafka.AtOffset
	}
	switch {
	case plain(&from) && plain(to):
		return ""
	case to == nil || to.Kind == kafka.End:
		return "from " + m.meant(from)
	}
	return "from " + m.meant(from) + " to " + m.meant(*to)
}

// placeName is what was typed, as the header of the tail says it: a bare
// duration is an age.
func placeName(text string, p kafka.Position, now time.Time) string {
	span := strings.TrimPrefix(strings.TrimPrefix(text, "@"), "-")
	if d, err := time.ParseDuration(span); p.Kind == kafka.AtTime && err == nil && d > 0 && p.Time.Before(now) {
		return span + " ago"
	}
	return text
}

const dayLayout = "Mon 2 Jan 2006 15:04:05 MST"

// dayAndTime is a time with its day, by its name where it has one.
func dayAndTime(t, now time.Time) string {
	day := ""
	switch t.Format(time.DateOnly) {
	case now.Format(time.DateOnly):
		day = "today, "
	case now.AddDate(0, 0, -1).Format(time.DateOnly):
		day = "yesterday, "
	}
	return day + t.Format(dayLayout)
}
