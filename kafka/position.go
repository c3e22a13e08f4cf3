package kafka

// Places in a topic as people write them: beginning, -100, @14:05, @-1h.

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// PositionKind says how a Position is meant.
type PositionKind int8

// The kinds of positions, each with how it is written.
const (
	Beginning  PositionKind = iota // beginning: the log start offset
	End                            // end: what is written from now on
	AtOffset                       // N: offset N of each partition
	LastEach                       // -N: the newest N of each partition, as kcat
	Last                           // the newest N of the topic; written as a flag, --last N
	AfterStart                     // +N: N offsets after the log start offset
	AtTime                         // @TIME: the first record with that timestamp or a later one
	Stored                         // stored: what the consumer group has committed
)

// Position is a place in every partition of a topic. It becomes offsets only
// when a cluster is asked (Cluster.Resolve).
type Position struct {
	Kind PositionKind
	N    int64     // AtOffset: an offset; LastEach, Last, AfterStart: a number of records; never negative
	Time time.Time // AtTime; from 1970 to 9999, whole milliseconds
}

const positionsAccepted = "a position is beginning, end, stored, 42 (an offset), -100 (the newest 100 of each partition), " +
	"+5 (after the beginning), @14:05, @2026-11-22T14:05Z, @-1h or @1700000000000 (ms)"

// ParsePosition reads a position:
//
//	beginning, earliest   the oldest record
//	end, latest           what comes from now on
//	stored                the group's committed offset
//	N, -N, +N             an offset; the newest N of each partition; N after the beginning
//	@14:05, @14:05:11.5   the latest past occurrence of that time of day, in loc
//	@14:05Z, @14:05+09:00 the same in a zone
//	@2026-11-22           the first instant of that day, in loc
//	@2026-11-22T14:05Z    that time; without a zone, in loc; T may be a space
//	@-1h, @-2d, @-1h30m   so long before now (w, d, h, m, s, ms; a day is 24 h);
//	                      @1h and "@1h ago" are the same
//	@yesterday, @today    the first instant of that day, in loc; perhaps with a
//	                      time of day: "@yesterday 14:05"
//	@now                  now
//	@1700000000000        milliseconds since the epoch; s@ as kcat writes it, too
//
// A date and time that a zone's clocks showed twice is the first of the two,
// one that they left out is the instant of the change. A bare time of day that
// occurred twice is the later one; one that was left out did not occur.
func ParsePosition(text string, now time.Time, loc *time.Location) (Position, error) {
	p, err := parsePosition(text, now, loc)
	if err != nil {
		return Position{}, fmt.Errorf("position %q: %w; %s", text, err, positionsAccepted)
	}
	return p, nil
}

// ParseRange reads a position, or two as A..B: from A up to, not with, B.
// With one position, to is nil.
func ParseRange(text string, now time.Time, loc *time.Location) (from Position, to *Position, err error) {
	a, b, isRange := strings.Cut(text, "..")
	if !isRange {
		from, err = ParsePosition(text, now, loc)
		return from, nil, err
	}
	if a == "" || b == "" {
		return Position{}, nil, fmt.Errorf("range %q: one side is missing; a range is A..B, as in @-2h..@-1h or beginning..@14:05", text)
	}
	if from, err = parsePosition(a, now, loc); err != nil {
		return Position{}, nil, fmt.Errorf("range %q: its start %q: %w; %s", text, a, err, positionsAccepted)
	}
	until, err := parsePosition(b, now, loc)
	if err != nil {
		return Position{}, nil, fmt.Errorf("range %q: its end %q: %w; %s", text, b, err, positionsAccepted)
	}
	if until.Kind == Stored {
		return Position{}, nil, fmt.Errorf("range %q: stored can be the start of a range, not its end", text)
	}
	if EndsBefore(from, until) {
		return Position{}, nil, fmt.Errorf("range %q: it ends (%s) before it starts (%s); turn the two around, or write the date too", text, until, from)
	}
	return from, &until, nil
}

// EndsBefore says whether a range ends before it starts, as far as that is known
// without a cluster.
func EndsBefore(from, to Position) bool {
	switch {
	case from.Kind != to.Kind:
		return to.Kind == Beginning
	case to.Kind == AtOffset || to.Kind == AfterStart:
		return to.N < from.N
	case to.Kind == LastEach:
		return to.N > from.N
	case to.Kind == AtTime:
		return to.Time.Before(from.Time)
	}
	return false
}

// String is the position as ParsePosition reads it; only Last, which is a flag
// on the command line, comes as words.
func (p Position) String() string {
	n := strconv.FormatInt(p.N, 10)
	switch p.Kind {
	case Beginning:
		return "beginning"
	case End:
		return "end"
	case AtOffset:
		return n
	case LastEach:
		return "-" + n
	case Last:
		return "last " + n
	case AfterStart:
		return "+" + n
	case Stored:
		return "stored"
	case AtTime:
		t := p.Time
		if _, seconds := t.Zone(); seconds%60 != 0 { // local mean time: RFC 3339 cannot say it
			t = t.UTC()
		}
		return "@" + t.Format("2006-01-02T15:04:05.999Z07:00")
	}
	return fmt.Sprintf("Position(%d)", p.Kind)
}

func parsePosition(text string, now time.Time, loc *time.Location) (Position, error) {
	switch text {
	case "":
		return Position{}, errors.New("it is empty")
	case "beginning", "earliest":
		return Position{Kind: Beginning}, nil
	case "end", "latest":
		return Position{Kind: End}, nil
	case "stored":
		return Position{Kind: Stored}, nil
	}
	if strings.HasPrefix(text, "s@") {
		text = text[1:]
	} else if strings.HasPrefix(text, "e@") {
		return Position{}, fmt.Errorf("an end is the second half of a range: beginning..%s", text[1:])
	}
	kind, digits := AtOffset, text
	switch text[0] {
	case '@':
		t, err := parseInstant(text[1:], now, loc)
		return Position{Kind: AtTime, Time: t}, err
	case '-':
		kind, digits = LastEach, text[1:]
	case '+':
		kind, digits = AfterStart, text[1:]
	}
	if !allDigits(digits) {
		if _, err := parseInstant(text, now, loc); err == nil && kind != AfterStart {
			return Position{}, fmt.Errorf("a time begins with @: @%s", text)
		}
		return Position{}, errors.New("it is neither a number, nor a time, nor a word that is known")
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return Position{}, errors.New("the number is larger than any offset (9223372036854775807)")
	}
	return Position{Kind: kind, N: n}, nil
}

// Times from the epoch, the first that a record can sensibly have, to the last
// that is written with four digits of year.
var latestInstant = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)

func parseInstant(text string, now time.Time, loc *time.Location) (time.Time, error) {
	t, err := parseAnyInstant(text, now, loc)
	switch {
	case err != nil:
		return time.Time{}, err
	case t.UnixMilli() < 0:
		return time.Time{}, errors.New("that is before 1970; everything from the start on is: beginning")
	case t.After(latestInstant):
		return time.Time{}, errors.New("that is after the year 9999")
	}
	// Whole milliseconds, which is all that a timestamp has, and no monotonic clock.
	return time.UnixMilli(t.UnixMilli()).In(t.Location()), nil
}

func parseAnyInstant(text string, now time.Time, loc *time.Location) (time.Time, error) {
	switch {
	case text == "":
		return time.Time{}, errors.New("nothing follows the @")
	case allDigits(text):
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return time.Time{}, errors.New("so many milliseconds are after the year 9999")
		}
		return time.UnixMilli(ms).In(loc), nil
	case text[0] == '-':
		ago, err := parseAgo(text[1:])
		return now.Add(-ago).In(loc), err
	case text[0] == '+':
		return time.Time{}, errors.New("that is in the future; a time before now is @-1h")
	case text == "now":
		return now.In(loc), nil
	}
	if span, isAgo := strings.CutSuffix(text, "ago"); isAgo || isSpan(text) {
		ago, err := parseAgo(strings.ReplaceAll(span, " ", ""))
		return now.Add(-ago).In(loc), err
	}
	if word, clock, _ := strings.Cut(text, " "); word == "today" || word == "yesterday" {
		return dayInstant(word, clock, now, loc)
	}
	date, clock, hasDate := text, "", false
	if at := strings.IndexAny(text, "Tt "); at >= 0 && isDigit(text[0]) {
		date, clock, hasDate = text[:at], text[at+1:], true
	} else if strings.ContainsRune(text, ':') {
		date, clock = "", text
	}
	if date == "" && !hasDate {
		wall, zone, err := parseClock(clock, loc)
		if err != nil {
			return time.Time{}, err
		}
		return latestOccurrence(wall, now, zone)
	}
	day, err := parseDate(date)
	if err != nil {
		return time.Time{}, err
	}
	if !hasDate {
		return firstAt(day, loc), nil
	}
	wall, zone, err := parseClock(clock, loc)
	if err != nil {
		return time.Time{}, err
	}
	return firstAt(day.Add(wall), zone), nil
}

// isSpan says whether text begins as a duration does: with digits and a unit.
func isSpan(text string) bool {
	rest := text[len(leading(text, isDigit)):]
	return rest != text && rest != "" && rest[0] >= 'a' && rest[0] <= 'z'
}

// dayInstant is a day told by its distance from now, at a time of day; without
// one, its first instant.
func dayInstant(word, clock string, now time.Time, loc *time.Location) (time.Time, error) {
	var wall time.Duration
	if clock != "" {
		var err error
		if wall, loc, err = parseClock(clock, loc); err != nil {
			return time.Time{}, err
		}
	}
	year, month, day := now.In(loc).Date()
	if word == "yesterday" {
		day--
	}
	t := firstAt(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Add(wall), loc)
	if t.After(now) {
		return time.Time{}, fmt.Errorf("%s %s is in the future", word, clock)
	}
	return t, nil
}

// parseAgo reads a duration such as 90s, 1h30m or 2d.
func parseAgo(text string) (time.Duration, error) {
	const longest = 200 * 365 * 24 * time.Hour
	if text == "" {
		return 0, errors.New("no duration follows @-, as in @-1h")
	}
	var sum time.Duration
	for text != "" {
		digits := leading(text, isDigit)
		text = text[len(digits):]
		unit := leading(text, func(c byte) bool { return c >= 'a' && c <= 'z' })
		text = text[len(unit):]
		if digits == "" {
			return 0, errors.New("a duration is a number with a unit, as in @-1h or @-1h30m")
		}
		var one time.Duration
		switch unit {
		case "ms":
			one = time.Millisecond
		case "s":
			one = time.Second
		case "m":
			one = time.Minute
		case "h":
			one = time.Hour
		case "d":
			one = 24 * time.Hour
		case "w":
			one = 7 * 24 * time.Hour
		case "":
			return 0, fmt.Errorf("%s has no unit: w, d, h, m, s or ms, as in @-%sm", digits, digits)
		default:
			return 0, fmt.Errorf("%q is no unit; the units are w, d, h, m, s and ms", unit)
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n > int64((longest-sum)/one) {
			return 0, errors.New("that is longer ago than 1970; everything from the start on is: beginning")
		}
		sum += time.Duration(n) * one
	}
	return sum, nil
}

// parseDate reads 2026-11-22 and returns that day's midnight, as UTC shows it.
func parseDate(text string) (time.Time, error) {
	parts := strings.Split(text, "-")
	if len(parts) != 3 || len(parts[0]) != 4 {
		return time.Time{}, fmt.Errorf("%q is no date; a date is 2026-11-22", text)
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
	clock := leading(text, func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
	zone, err := parseZone(text[len(clock):], loc)
	if err != nil {
		return 0, nil, err
	}
	clock, fraction, hasFraction := strings.Cut(clock, ".")
	parts := strings.Split(clock, ":")
	if len(parts) != 2 && len(parts) != 3 || hasFraction && len(parts) != 3 {
		return 0, nil, fmt.Errorf("%q is no time of day; a time of day is 14:05, 14:05:11 or 14:05:11.123", text)
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
			return 0, nil, fmt.Errorf("%q is no fraction of a second; it has 1 to 9 digits", fraction)
		}
		ms, _ = strconv.Atoi((fraction + "00")[:3])
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(ms)*time.Millisecond, zone, nil
}

// parseZone reads Z, +09, +0900 or +09:00; nothing is loc.
func parseZone(text string, loc *time.Location) (*time.Location, error) {
	switch text {
	case "":
		return loc, nil
	case "Z", "z":
		return time.UTC, nil
	}
	wrong := fmt.Errorf("%q is no time zone; a zone is Z, +09:00 or -0330, and none is the local one", text)
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

// instants are when loc's clocks showed wall (given as UTC shows it): none, one
// or two, in order.
func instants(wall time.Time, loc *time.Location) []time.Time {
	// A zone's offset is that of some hours before or after; changes are hours
	// apart from each other, and no offset is beyond a day.
	var found []time.Time
	for _, at := range []time.Duration{-25 * time.Hour, 25 * time.Hour} {
		_, seconds := wall.Add(at).In(loc).Zone()
		t := wall.Add(-time.Duration(seconds) * time.Second).In(loc)
		if !sameWall(t, wall) || len(found) == 1 && found[0].Equal(t) {
			continue
		}
		found = append(found, t)
	}
	if len(found) == 2 && found[1].Before(found[0]) {
		found[0], found[1] = found[1], found[0]
	}
	return found
}

func sameWall(t, wall time.Time) bool {
	_, seconds := t.Zone()
	return t.Add(time.Duration(seconds) * time.Second).Equal(wall)
}

// firstAt is the first instant at which loc's clocks showed wall or had gone past it.
func firstAt(wall time.Time, loc *time.Location) time.Time {
	if found := instants(wall, loc); len(found) > 0 {
		return found[0]
	}
	// The clocks left wall out: find the change, before which they are behind it.
	behind, ahead := wall.Add(-25*time.Hour), wall.Add(25*time.Hour)
	for ahead.Sub(behind) > time.Millisecond {
		middle := behind.Add(ahead.Sub(behind) / 2)
		_, seconds := middle.In(loc).Zone()
		if middle.Add(time.Duration(seconds) * time.Second).Before(wall) {
			behind = middle
		} else {
			ahead = middle
		}
	}
	return ahead.Truncate(time.Second).In(loc) // changes happen on whole seconds
}

// latestOccurrence is when loc's clocks last showed that time of day, now included.
func latestOccurrence(clock time.Duration, now time.Time, loc *time.Location) (time.Time, error) {
	year, month, day := now.In(loc).Date()
	// From tomorrow, for clocks that were set back over midnight, to some days
	// ago, for those that left an hour or a whole day out.
	for ago := -1; ago <= 3; ago++ {
		wall := time.Date(year, month, day-ago, 0, 0, 0, 0, time.UTC).Add(clock)
		found := instants(wall, loc)
		for i := len(found) - 1; i >= 0; i-- {
			if !found[i].After(now) {
				return found[i], nil
			}
		}
	}
	return time.Time{}, errors.New("the clocks here did not show that time in the last days; write the date too")
}

func number(digits, what string, least, most, width int) (int, error) {
	n, err := strconv.Atoi(digits)
	if err != nil || !allDigits(digits) || len(digits) > width || n < least || n > most {
		return 0, fmt.Errorf("%q is no %s (%d to %d)", digits, what, least, most)
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
