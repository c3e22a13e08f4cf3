package kafka

// Times as people write them and as the screen shows them: 14:05, yesterday
// 14:05, 30 Nov 05:32, 2026-11-22T14:05Z, -2h, 2 hours ago, 1700000000.

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// latestInstant is the last that is written with four digits of year. The first
// is the epoch, the first that a record can sensibly have.
var latestInstant = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)

// instantParser reads times. Times of day and dates without a year are the
// latest that are not after now.
type instantParser struct {
	now   time.Time
	loc   *time.Location
	after time.Time // not zero: a bare time of day is the first that is not before it
}

// writtenTime is a time, and how much of it was written.
type writtenTime struct {
	at    time.Time
	dated bool // a day and a time of day
}

// noTimeError is a text of which no part looks like a time.
type noTimeError struct{ text string }

func (e noTimeError) Error() string {
	return fmt.Sprintf("%q is not a date; write 2026-11-22, 22 Nov, today or yesterday", e.text)
}

// ParseTime reads a time as ParsePosition does, with or without the @. "now" is
// now.
func ParseTime(text string, now time.Time, loc *time.Location) (time.Time, error) {
	p := instantParser{now: now, loc: loc}
	w, err := p.parse(strings.TrimPrefix(clean(text), "@"))
	if err != nil {
		return time.Time{}, fmt.Errorf("time %q: %w; %s", text, err, timesAccepted)
	}
	return w.at, nil
}

// parse reads a text in lower case.
func (p instantParser) parse(text string) (writtenTime, error) {
	w, err := p.parseAny(text)
	switch {
	case err != nil:
		return writtenTime{}, err
	case w.at.UnixMilli() < 0:
		return writtenTime{}, errors.New("that is before 1970; for everything, write beginning")
	case w.at.After(latestInstant):
		return writtenTime{}, errors.New("that is after the year 9999")
	}
	// Whole milliseconds, which is all that a timestamp has, and no monotonic clock.
	w.at = time.UnixMilli(w.at.UnixMilli()).In(w.at.Location())
	return w, nil
}

func (p instantParser) parseAny(text string) (writtenTime, error) {
	switch {
	case text == "":
		return writtenTime{}, errors.New("a time is missing after the @")
	case allDigits(text):
		at, err := p.digits(text)
		return writtenTime{at: at}, err
	case text[0] == '+' && isSpan(text[1:]):
		return writtenTime{}, errors.New("that is in the future; a time before now is -1h")
	case text == "now":
		return writtenTime{at: p.now.In(p.loc)}, nil
	}
	if span, isAgo := strings.CutSuffix(text, "ago"); isAgo || text[0] == '-' && !strings.HasPrefix(text, "--") || isSpan(text) {
		ago, err := parseAgo(strings.TrimPrefix(span, "-"))
		return writtenTime{at: p.now.Add(-ago).In(p.loc)}, err
	}
	day, clock, hasClock := splitTime(text)
	if len(day) == 0 {
		wall, zone, err := parseClock(clock, p.loc)
		if err != nil {
			return writtenTime{}, err
		}
		at, err := p.occurrence(wall, zone)
		return writtenTime{at: at}, err
	}
	var wall time.Duration
	loc := p.loc
	if hasClock {
		var err error
		if wall, loc, err = parseClock(clock, loc); err != nil {
			return writtenTime{}, err
		}
	}
	at, err := p.onDay(day, wall, loc)
	return writtenTime{at: at, dated: hasClock}, err
}

// digits reads a time that is digits alone. How many there are tells what they
// are; a number of another length is more likely a slip than the year 1970.
func (p instantParser) digits(text string) (time.Time, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	switch len(text) {
	case 8:
		day, err := parseDate(text[:4] + "-" + text[4:6] + "-" + text[6:])
		if err != nil {
			return time.Time{}, fmt.Errorf("8 digits are a date, year, month and day: %w", err)
		}
		return firstAt(day, p.loc), nil
	case 10:
		return time.Unix(n, 0).In(p.loc), err
	case 13:
		return time.UnixMilli(n).In(p.loc), err
	case 16:
		return time.Time{}, fmt.Errorf("16 digits are microseconds; the milliseconds are the first 13, @%s", text[:13])
	case 19:
		return time.Time{}, fmt.Errorf("19 digits are nanoseconds; the milliseconds are the first 13, @%s", text[:13])
	}
	return time.Time{}, fmt.Errorf("%d digits are not a time: 10 are seconds and 13 milliseconds since 1970, 8 are a date such as 20261122", len(text))
}

// occurrence is when clocks showed a bare time of day.
func (p instantParser) occurrence(wall time.Duration, zone *time.Location) (time.Time, error) {
	if !p.after.IsZero() {
		return firstOccurrence(wall, p.after, zone)
	}
	return latestOccurrence(wall, p.now, zone)
}

// splitTime parts a text into the words of its day and its time of day.
func splitTime(text string) (day []string, clock string, hasClock bool) {
	fields := strings.Fields(strings.ReplaceAll(text, ", ", " "))
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		// 2026-11-22T14:05Z
		if at := strings.IndexByte(f, 't'); at > 0 && isDigit(f[0]) && strings.Contains(f[:at], "-") {
			day, clock, hasClock = append(day, f[:at]), f[at+1:], true
			continue
		}
		switch {
		case strings.Contains(f, ":") && !hasClock:
			clock, hasClock = f, true
			if i+1 < len(fields) && isZone(fields[i+1]) {
				i++
				clock += fields[i]
			}
		case f == "at" && len(day) > 0: // yesterday at 14:05
		default:
			day = append(day, f)
		}
	}
	return day, clock, hasClock
}

func isZone(text string) bool {
	_, err := parseZone(text, time.UTC)
	return err == nil
}

// onDay is a time of day on a day that is told by words. A day without a year, or
// by its weekday alone, is the latest that is not after now.
func (p instantParser) onDay(words []string, wall time.Duration, loc *time.Location) (time.Time, error) {
	year, month, day := p.now.In(loc).Date()
	today := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if weekday, ok := weekdays[words[0]]; ok {
		if len(words) == 1 {
			for ago := range 8 {
				d := today.AddDate(0, 0, -ago)
				if at := firstAt(d.Add(wall), loc); d.Weekday() == weekday && !at.After(p.now) {
					return at, nil
				}
			}
		}
		at, err := p.onDay(words[1:], wall, loc)
		if err == nil && at.Weekday() != weekday {
			err = fmt.Errorf("%s is a %s", at.Format("2 Jan 2006"), at.Weekday())
		}
		return at, err
	}
	if word := words[0]; len(words) > 1 && (word == "today" || word == "yesterday") { // as the screen says it
		near, _ := p.onDay(words[:1], wall, loc)
		at, err := p.onDay(words[1:], wall, loc)
		if err == nil && !at.Equal(near) {
			err = fmt.Errorf("%s is not %s", at.Format("2 Jan 2006"), word)
		}
		return at, err
	}
	unknown := noTimeError{strings.Join(words, " ")}
	switch len(words) {
	case 1:
		switch words[0] {
		case "today":
			return firstAt(today.Add(wall), loc), nil
		case "yesterday":
			return firstAt(today.AddDate(0, 0, -1).Add(wall), loc), nil
		}
		text := words[0]
		if len(text) == 8 && allDigits(text) {
			text = text[:4] + "-" + text[4:6] + "-" + text[6:]
		}
		d, err := parseDate(text)
		if err != nil {
			return time.Time{}, err
		}
		return firstAt(d.Add(wall), loc), nil
	case 2, 3:
		number, name := words[0], words[1]
		if !allDigits(number) {
			number, name = name, number // Nov 30
		}
		month, ok := months[name]
		if !ok {
			return time.Time{}, unknown
		}
		if len(words) == 3 {
			d, err := parseDate(fmt.Sprintf("%s-%d-%s", words[2], month, number))
			return firstAt(d.Add(wall), loc), err
		}
		return p.withoutYear(month, number, wall, loc)
	}
	return time.Time{}, unknown
}

// withoutYear is the latest such day that is not after now, as the column of
// times shows those of this year.
func (p instantParser) withoutYear(month time.Month, number string, wall time.Duration, loc *time.Location) (time.Time, error) {
	var wrong error
	for ago := range 9 { // 29 February comes at least every eight years
		d, err := parseDate(fmt.Sprintf("%04d-%d-%s", p.now.In(loc).Year()-ago, month, number))
		if err != nil {
			wrong = err
			continue
		}
		if at := firstAt(d.Add(wall), loc); !at.After(p.now) {
			return at, nil
		}
	}
	return time.Time{}, wrong
}

var weekdays, months = func() (map[string]time.Weekday, map[string]time.Month) {
	w, m := make(map[string]time.Weekday), make(map[string]time.Month)
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		w[name], w[name[:3]] = d, d
	}
	for n := time.January; n <= time.December; n++ {
		name := strings.ToLower(n.String())
		m[name], m[name[:3]] = n, n
	}
	m["sept"] = time.September
	return w, m
}()

// units are those of durations.
var units = func() map[string]time.Duration {
	u := make(map[string]time.Duration)
	for names, one := range map[string]time.Duration{
		"ms msec msecs millisecond milliseconds": time.Millisecond,
		"s sec secs second seconds":              time.Second,
		"m min mins minute minutes":              time.Minute,
		"h hr hrs hour hours":                    time.Hour,
		"d day days":                             24 * time.Hour,
		"w wk wks week weeks":                    7 * 24 * time.Hour,
	} {
		for name := range strings.FieldsSeq(names) {
			u[name] = one
		}
	}
	return u
}()

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }

func isNumeral(c byte) bool { return isDigit(c) || c == '.' }

// isSpan says whether text begins as a duration does: with a number and a unit,
// which is not the month of a date.
func isSpan(text string) bool {
	rest := text[len(leading(text, isNumeral)):]
	if rest == text || strings.Contains(text, ":") {
		return false
	}
	word := leading(strings.TrimLeft(rest, " "), isLetter)
	_, month := months[word]
	return word != "" && !month
}

// parseAgo reads a duration such as 90s, 1h30m, 2 days or "1 hour 30 minutes".
func parseAgo(text string) (time.Duration, error) {
	const longest = 200 * 365 * 24 * time.Hour
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, errors.New("a duration is missing, such as -1h or 2 hours ago")
	}
	var sum time.Duration
	for text != "" {
		digits := leading(text, isNumeral)
		text = strings.TrimLeft(text[len(digits):], " ")
		unit := leading(text, isLetter)
		text = strings.TrimLeft(text[len(unit):], " ")
		n, err := strconv.ParseFloat(digits, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return 0, errors.New("a duration is a number with a unit, such as -1h, -1h30m or 2 hours ago")
		}
		one, known := units[unit]
		switch {
		case unit == "":
			return 0, fmt.Errorf("%s has no unit: add w, d, h, m, s or ms, such as -%sm", digits, digits)
		case !known:
			return 0, fmt.Errorf("%q is not a unit; the units are w, d, h, m, s and ms", unit)
		case n > float64(longest-sum)/float64(one):
			return 0, errors.New("that is before 1970; for everything, write beginning")
		}
		sum += time.Duration(math.Round(n * float64(one)))
	}
	return sum, nil
}
