package query

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An expression's text cut into tokens.

type tokenKind int8

const (
	atEnd tokenKind = iota
	nameToken
	numberToken // with its unit, as in 10kB and 1h30m
	textToken
	opToken // also the operators that are words
)

type token struct {
	kind    tokenKind
	text    string // as written; of textToken without quotes and escapes
	at, end int    // bytes of the source
}

// operators are those of signs, the longer ones first.
var operators = []string{"==", "!=", "<=", ">=", "&&", "||", "=~", "!~", "<", ">", "!", "=", "+", "-", "(", ")", "[", "]", ",", "."}

// wordOperators are names that are none.
var wordOperators = map[string]bool{
	"and": true, "or": true, "not": true, "in": true,
	"contains": true, "startsWith": true, "endsWith": true, "matches": true,
}

// lexer gives one token after the other. Its errors name a byte of the text.
type lexer struct {
	src string
	at  int
}

// fault is an error at a byte of the text.
type fault struct {
	at      int
	message string
}

func (f *fault) Error() string { return f.message }

func faultf(at int, format string, args ...any) *fault {
	return &fault{at, fmt.Sprintf(format, args...)}
}

func (l *lexer) next() (token, error) {
	for l.at < len(l.src) && startsWithSpace(l.src[l.at:]) {
		_, n := utf8.DecodeRuneInString(l.src[l.at:])
		l.at += n
	}
	rest := l.src[l.at:]
	if rest == "" {
		return token{at: l.at, end: l.at}, nil
	}
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case isNameStart(r):
		n := nameLen(rest)
		t := l.token(nameToken, n)
		if wordOperators[t.text] {
			t.kind = opToken
		}
		return t, nil
	case '0' <= r && r <= '9':
		return l.token(numberToken, numberLen(rest)), nil
	case r == '"' || r == '\'' || r == '`':
		return l.text(rest)
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			return l.token(opToken, len(op)), nil
		}
	}
	return token{at: l.at}, faultf(l.at, "%q means nothing in an expression", rest[:size])
}

func (l *lexer) token(kind tokenKind, n int) token {
	t := token{kind, l.src[l.at : l.at+n], l.at, l.at + n}
	l.at += n
	return t
}

// text reads what is quoted: "…" and '…' with the escapes of JSON and Go, `…`
// as it stands.
func (l *lexer) text(rest string) (token, error) {
	q := rest[0]
	end := 1
	for end < len(rest) && rest[end] != q {
		if rest[end] == '\\' && q != '`' {
			end++
		}
		end++
	}
	if end >= len(rest) {
		return token{at: l.at}, faultf(l.at, "the quote is not closed: end it with %c", q)
	}
	t := l.token(textToken, end+1)
	inner := rest[1:end]
	if q == '`' || !strings.Contains(inner, `\`) {
		t.text = inner
		return t, nil
	}
	var b strings.Builder
	for whole := inner; inner != ""; {
		if strings.HasPrefix(inner, `\/`) {
			b.WriteByte('/')
			inner = inner[2:]
			continue
		}
		if inner[0] != '\\' { // also bytes that are not UTF-8, as they are
			b.WriteByte(inner[0])
			inner = inner[1:]
			continue
		}
		r, multibyte, tail, err := strconv.UnquoteChar(inner, q)
		if err != nil {
			return t, faultf(t.at+1+len(whole)-len(inner), `what follows this \ is no escape: write \\ for a \, or quote the text in %s`, "`…`")
		}
		if multibyte {
			b.WriteRune(r)
		} else {
			b.WriteByte(byte(r))
		}
		inner = tail
	}
	t.text = b.String()
	return t, nil
}

func isNameStart(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) }

// nameLen is how many bytes of s are a name.
func nameLen(s string) int {
	for i, r := range s {
		if !isNameStart(r) && (i == 0 || !unicode.IsDigit(r)) {
			return i
		}
	}
	return len(s)
}

// numberLen is how many bytes of s are a number and its unit, right or wrong.
func numberLen(s string) int {
	i := 0
	for i < len(s) {
		switch c := s[i]; {
		case isDigit(c), c == '_':
		case c == '.' && i+1 < len(s) && isDigit(s[i+1]):
		case (c == '+' || c == '-') && (s[i-1] == 'e' || s[i-1] == 'E') && i+1 < len(s) && isDigit(s[i+1]):
		case c < utf8.RuneSelf && isNameStart(rune(c)):
		case c >= utf8.RuneSelf: // µs is none of ours: the message shows it
			if r, _ := utf8.DecodeRuneInString(s[i:]); !unicode.IsLetter(r) {
				return i
			}
			_, n := utf8.DecodeRuneInString(s[i:])
			i += n - 1
		default:
			return i
		}
		i++
	}
	return i
}

// literal is what a number with or without a unit stands for.
type literal struct {
	kind valueType
	text string // of a number: as JSON writes it
	ms   int64  // of a duration
}

var byteUnits = map[string]int64{
	"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

var timeUnits = map[string]int64{
	"ms": 1, "s": 1e3, "m": 60e3, "h": 3600e3, "d": 24 * 3600e3, "w": 7 * 24 * 3600e3,
}

const unitsKnown = "sizes are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB; durations ms, s, m, h, d, w"

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
		size, isSize := byteUnits[unit]
		ms, isTime := timeUnits[unit]
		switch {
		case unit == "":
			return literal{}, faultf(at, "%s is not a number as JSON writes it", text)
		case !isSize && !isTime:
			return literal{}, faultf(at, "the unit %q of %s is not known: %s", unit, text, unitsKnown)
		case isSize && (total > 0 || rest != ""):
			return literal{}, faultf(at, "%s mixes units: a size has one", text)
		}
		whole, ok := times(amount, size+ms)
		switch {
		case !ok:
			return literal{}, faultf(at, "%s is no whole number of %s, or too large", text, map[bool]string{true: "bytes", false: "milliseconds"}[isSize])
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

// times is amount × unit, when that is a whole number below 10^18.
func times(amount string, unit int64) (int64, bool) {
	if len(amount) > 2*smallDigits {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(amount)
	if !ok {
		return 0, false
	}
	r.Mul(r, new(big.Rat).SetInt64(unit))
	if !r.IsInt() || r.Num().Cmp(big.NewInt(1e18)) >= 0 {
		return 0, false
	}
	return r.Num().Int64(), true
}
