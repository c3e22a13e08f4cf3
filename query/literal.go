package query

import (
	"strconv"
	"strings"

	"milena/human"
)

// Numbers with and without units: 100, 10kB, 1h30m.

// literal is what a number with or without a unit stands for.
type literal struct {
	kind valueType
	text string // of a number: as JSON writes it
	ms   int64  // of a duration
}

var timeUnits = map[string]int64{
	"ms": 1, "s": 1e3, "m": 60e3, "h": 3600e3, "d": 24 * 3600e3, "w": 7 * 24 * 3600e3,
}

const unitsKnown = "sizes are " + human.ByteUnits + "; durations ms, s, m, h, d, w"

// parseLiteral reads a number token, at a place of the text.
func parseLiteral(text string, at int) (literal, error) {
	plain := strings.ReplaceAll(text, "_", "")
	if _, ok := parseNumber([]byte(plain)); ok {
		return literal{kind: numberType, text: plain}, nil
	}
	var total int64
	for rest := plain; ; {
		n := 0
		for n < len(rest) && (isDigit(rest[n]) || rest[n] == '.') {
			n++
		}
		amount := rest[:n]
		rest = rest[n:]
		for n = 0; n < len(rest) && !isDigit(rest[n]) && rest[n] != '.'; n++ {
		}
		unit := rest[:n]
		rest = rest[n:]
		size, isSize := human.ByteUnit(unit)
		ms, isTime := timeUnits[unit]
		switch {
		case unit == "":
			return literal{}, faultf(at, "%s is not a number as JSON writes it", text)
		case !isSize && !isTime:
			return literal{}, faultf(at, "the unit %q of %s is not known: %s", unit, text, unitsKnown)
		case isSize && (total > 0 || rest != ""):
			return literal{}, faultf(at, "%s mixes units: a size has one", text)
		}
		whole, ok := human.Times(amount, size+ms)
		switch {
		case !ok:
			return literal{}, faultf(at, "%s is not a whole number of %s, or too large", text, map[bool]string{true: "bytes", false: "milliseconds"}[isSize])
		case isSize:
			return literal{kind: sizeType, text: strconv.FormatInt(whole, 10)}, nil
		}
		if total += whole; total > 1e15 {
			return literal{}, faultf(at, "%s is longer than there was time", text)
		}
		if rest == "" {
			return literal{kind: durationType, ms: total}, nil
		}
	}
}
