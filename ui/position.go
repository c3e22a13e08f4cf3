package ui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"milena/kafka"
)

// Places to go to, as they are typed at the screen: what the command line takes,
// and times without the @ that tells them from offsets there.

// placesAccepted says what can be typed.
const placesAccepted = "14:05, 1h, yesterday 14:05, 2026-11-22, beginning, end, -500 (the newest), 1204112 (an offset)"

// parsePosition reads a position.
func parsePosition(text string, now time.Time, loc *time.Location) (kafka.Position, error) {
	text = strings.ToLower(text)
	if text == "now" {
		return kafka.Position{Kind: kafka.End}, nil
	}
	p, err := kafka.ParsePosition(text, now, loc)
	if err != nil && text != "" && text[0] != '@' {
		p, err = kafka.ParsePosition("@"+text, now, loc)
	}
	switch {
	case text == "":
		return p, errors.New("a place, such as " + placesAccepted)
	case err != nil:
		// The reason alone: what it wraps speaks of the command line, where times
		// have an @.
		why := strings.ReplaceAll(errors.Unwrap(err).Error(), "@", "")
		return p, fmt.Errorf("%s; a place is %s", why, placesAccepted)
	case p.Kind == kafka.Stored:
		return p, errors.New("no consumer group is looked at here; a place is " + placesAccepted)
	}
	return p, nil
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

// dayAndTime is a time with its day, by its name where it has one.
func dayAndTime(t, now time.Time) string {
	day := ""
	switch t.Format(time.DateOnly) {
	case now.Format(time.DateOnly):
		day = "today, "
	case now.AddDate(0, 0, -1).Format(time.DateOnly):
		day = "yesterday, "
	}
	return day + t.Format("Mon 2 Jan 2006 15:04:05 MST")
}
