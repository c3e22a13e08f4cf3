package kafka

// The parts of a written time: dates, times of day, zones.

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseDate reads 2026-11-22 and returns that day's midnight, as UTC shows it.
func parseDate(text string) (time.Time, error) {
	parts := strings.Split(text, "-")
	if len(parts) != 3 || len(parts[0]) != 4 {
		return time.Time{}, noTimeError{text}
	}
	year, err := number(parts[0], "year", 1, 9999, 4)
	if err != nil {
		return time.Time{}, err
	}
	month, err := number(parts[1], "month", 1, 12, 2)
	if err != nil {
		return time.Time{}, err
	}
	// The day before the first of the next month is this month's last.
	last := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	day, err := number(parts[2], "day of that month", 1, last, 2)
	if err != nil {
		return time.Time{}, err
	}
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC), nil
}

// parseClock reads 14:05, 14:05:11, 14:05:11.123, each perhaps with a zone, and
// returns the time since midnight as a clock on the wall shows it.
func parseClock(text string, loc *time.Location) (time.Duration, *time.Location, error) {
	clock := leading(text, func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == ',' })
	zone, err := parseZone(text[len(clock):], loc)
	if err != nil {
		return 0, nil, err
	}
	// Some logs have a comma before the milliseconds.
	clock, fraction, hasFraction := strings.Cut(strings.Replace(clock, ",", ".", 1), ".")
	parts := strings.Split(clock, ":")
	if len(parts) != 2 && len(parts) != 3 || hasFraction && len(parts) != 3 {
		return 0, nil, fmt.Errorf("%q is not a time of day; write 14:05, 14:05:11 or 14:05:11.123", text)
	}
	hour, err := number(parts[0], "hour", 0, 23, 2)
	if err != nil {
		return 0, nil, err
	}
	minute, err := number(parts[1], "minute", 0, 59, 2)
	if err != nil {
		return 0, nil, err
	}
	second := 0
	if len(parts) == 3 {
		if second, err = number(parts[2], "second", 0, 59, 2); err != nil {
			return 0, nil, err
		}
	}
	ms := 0
	if hasFraction {
		if !allDigits(fraction) || len(fraction) > 9 {
			return 0, nil, fmt.Errorf("%q is not a fraction of a second; it has 1 to 9 digits", fraction)
		}
		ms, _ = strconv.Atoi((fraction + "00")[:3])
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(ms)*time.Millisecond, zone, nil
}

// parseZone reads z, utc, +09, +0900 or +09:00; nothing is loc.
func parseZone(text string, loc *time.Location) (*time.Location, error) {
	switch text {
	case "":
		return loc, nil
	case "z", "utc", "gmt":
		return time.UTC, nil
	}
	wrong := fmt.Errorf("%q is not a time zone; write Z, +09:00 or -0330, or nothing for local time", text)
	if text[0] != '+' && text[0] != '-' {
		return nil, wrong
	}
	digits := text[1:]
	if len(digits) == 5 && digits[2] == ':' {
		digits = digits[:2] + digits[3:]
	}
	if len(digits) == 2 {
		digits += "00"
	}
	if len(digits) != 4 || !allDigits(digits) {
		return nil, wrong
	}
	hours, _ := strconv.Atoi(digits[:2])
	minutes, _ := strconv.Atoi(digits[2:])
	if hours > 18 || minutes > 59 {
		return nil, wrong
	}
	seconds := hours*3600 + minutes*60
	if text[0] == '-' {
		seconds = -seconds
	}
	if seconds == 0 {
		return time.UTC, nil
	}
	return time.FixedZone("", seconds), nil
}

func number(digits, what string, least, most, width int) (int, error) {
	n, err := strconv.Atoi(digits)
	if err != nil || !allDigits(digits) || len(digits) > width || n < least || n > most {
		return 0, fmt.Errorf("%q: the %s is %d to %d", digits, what, least, most)
	}
	return n, nil
}

func leading(text string, ok func(byte) bool) string {
	n := 0
	for n < len(text) && ok(text[n]) {
		n++
	}
	return text[:n]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func allDigits(text string) bool { return text != "" && leading(text, isDigit) == text }
