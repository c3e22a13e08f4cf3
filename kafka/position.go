package kafka

// Places in a topic as people write them: beginning, -100, 14:05, -1h. What is
// told by time is in instant.go.

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

// timesAccepted says what can be written as a time.
const timesAccepted = "a time is 14:05, yesterday 14:05, 30 Nov 05:32, 2026-11-22T14:05Z, -2h or 2 hours ago; digits alone are " +
	"@1700000000 (seconds), @1700000000000 (milliseconds) or @20261122 (a date)"

// PositionsAccepted says what can be written as a position.
const PositionsAccepted = "a position is beginning, end, stored, 42 (an offset), -100 (the newest 100 of each partition), " +
	"+5 (after the beginning) or a time; " + timesAccepted

// ParsePosition reads a position, in upper or lower case:
//
//	beginning, start, oldest, earliest   the oldest record
//	end, newest, latest, now             what comes from now on
//	stored                the group's committed offset
//	N, -N, +N             an offset; the newest N of each partition; N after the beginning
//	14:05, 14:05:11.5     the latest past occurrence of that time of day, in loc
//	14:05Z, 14:05+09:00   the same in a zone
//	2026-11-22            the first instant of that day, in loc
//	2026-11-22T14:05Z     that time; without a zone, in loc; T may be a space
//	30 Nov, Nov 30 05:32  the latest such day that is not in the future; 30 Nov 2026
//	yesterday, today      the first instant of that day, in loc; perhaps with a
//	                      time of day: "yesterday 14:05"; Monday is the latest one
//	-1h, -2d, -1h30m      so long before now (w, d, h, m, s, ms; a day is 24 h);
//	                      1h, "1h ago" and "2 hours ago" are the same
//
// A time may have an @ before it. It must where it is digits alone, which are an
// offset otherwise:
//
//	@1700000000           seconds since the epoch (10 digits)
//	@1700000000000        milliseconds (13 digits); s@ as kcat writes it, too
//	@20261122             a date (8 digits)
//	@now                  the time it is now
//
// A date and time that a zone's clocks showed twice is the first of the two,
// one that they left out is the instant of the change. A bare time of day that
// occurred twice is the later one; one that was left out did not occur.
func ParsePosition(text string, now time.Time, loc *time.Location) (Position, error) {
	p, _, err := parsePosition(clean(text), instantParser{now: now, loc: loc})
	if err != nil {
		return Position{}, &PositionError{Text: text, Reason: err}
	}
	return p, nil
}

// PositionError says why a text is no position, or no range of positions.
type PositionError struct {
	Text   string
	InEnd  bool  // of a range: its end is meant, not its start
	Reason error // for a person

	part string // of a range: the text of its start or end; empty: it is none
	both bool   // the two do not go together
}

// Error is the reason, and what is accepted.
func (e *PositionError) Error() string {
	switch {
	case e.both:
		return fmt.Sprintf("range %q: %v", e.Text, e.Reason)
	case e.part == "":
		return fmt.Sprintf("position %q: %v; %s", e.Text, e.Reason, PositionsAccepted)
	case e.InEnd:
		return fmt.Sprintf("range %q: its end %q: %v; %s", e.Text, e.part, e.Reason, PositionsAccepted)
	}
	return fmt.Sprintf("range %q: its start %q: %v; %s", e.Text, e.part, e.Reason, PositionsAccepted)
}

func (e *PositionError) Unwrap() error { return e.Reason }

// ParseRange reads a position, or two as A..B: from A up to, not with, B.
// With one position, to is nil.
//
// A bare time of day as B is the first one after A where A has a day and a time of
// day, as in "yesterday 14:00..15:00".
func ParseRange(text string, now time.Time, loc *time.Location) (from Position, to *Position, err error) {
	a, b, isRange := strings.Cut(text, "..")
	if !isRange {
		from, err = ParsePosition(text, now, loc)
		return from, nil, err
	}
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	wrong := func(inEnd bool, part string, err error) (Position, *Position, error) {
		return Position{}, nil, &PositionError{Text: text, InEnd: inEnd, Reason: err, part: part, both: part == ""}
	}
	if a == "" || b == "" {
		return wrong(a != "", "", errors.New("one side is missing; a range is A..B, such as -2h..-1h or beginning..14:05"))
	}
	parser := instantParser{now: now, loc: loc}
	from, dated, err := parsePosition(clean(a), parser)
	if err != nil {
		return wrong(false, a, err)
	}
	if dated {
		parser.after = from.Time
	}
	until, _, err := parsePosition(clean(b), parser)
	switch {
	case err != nil:
		return wrong(true, b, err)
	case until.Kind == Stored:
		return wrong(true, "", errors.New("stored can be the start of a range, not its end"))
	case EndsBefore(from, until):
		return wrong(true, "", fmt.Errorf("it ends (%s) before it starts (%s); swap the two, or add the date", until, from))
	}
	return from, &until, nil
}

// ParseBounds reads a range of which start and end are given apart, or both in
// from, as A..B. An empty from is the beginning, an empty to is no end: nil.
func ParseBounds(from, to string, now time.Time, loc *time.Location) (Position, *Position, error) {
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	switch {
	case to != "" && strings.Contains(from, ".."):
		return Position{}, nil, &PositionError{Text: from, Reason: errors.New("a range has an end already"), both: true}
	case from == "":
		from = "beginning"
	}
	if to != "" {
		from += ".." + to
	}
	return ParseRange(from, now, loc)
}

// clean is a text as the parsers want it.
func clean(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

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

// parsePosition reads a text in lower case; dated tells that it is a time with a
// day and a time of day.
func parsePosition(text string, times instantParser) (p Position, dated bool, err error) {
	word := text
	if text != "@now" { // a time; the others are the same with an @, as other tools have it
		word = strings.TrimPrefix(text, "@")
	}
	switch word {
	case "":
		if text == "" {
			return Position{}, false, errors.New("it is empty")
		}
	case "beginning", "start", "oldest", "earliest":
		return Position{Kind: Beginning}, false, nil
	case "end", "newest", "latest", "now":
		return Position{Kind: End}, false, nil
	case "stored":
		return Position{Kind: Stored}, false, nil
	}
	if strings.HasPrefix(text, "s@") {
		text = text[1:]
	} else if strings.HasPrefix(text, "e@") {
		return Position{}, false, fmt.Errorf("an end is the second half of a range: beginning..%s", text[1:])
	}
	kind, digits := AtOffset, text
	switch text[0] {
	case '-':
		kind, digits = LastEach, text[1:]
	case '+':
		kind, digits = AfterStart, text[1:]
	}
	if !allDigits(digits) {
		bare, marked := strings.CutPrefix(text, "@")
		w, err := times.parse(bare)
		if nothing := (noTimeError{}); !marked && (digits == "" || errors.As(err, &nothing)) {
			err = errors.New("it is not a number, a time or a known word")
		}
		return Position{Kind: AtTime, Time: w.at}, w.dated, err
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return Position{}, false, errors.New("the number is larger than any offset (9223372036854775807)")
	}
	return Position{Kind: kind, N: n}, false, nil
}
