package query

import (
	"errors"
	"fmt"
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
	meant   bool // a comparison of a field stands there, though one that cannot be
}

func (f *fault) Error() string { return f.message }

func faultf(at int, format string, args ...any) *fault {
	return &fault{at: at, message: fmt.Sprintf(format, args...)}
}

// meantf is a fault of what is an expression all the same.
func meantf(at int, format string, args ...any) *fault {
	f := faultf(at, format, args...)
	f.meant = true
	return f
}

// meant is the fault of an expression, where err tells of one that is meant; nil:
// it does not.
func meant(err error) *fault {
	if f := (*fault)(nil); errors.As(err, &f) && f.meant {
		return f
	}
	return nil
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
			return t, faultf(t.at+1+len(whole)-len(inner), `the character after this \ is not an escape: write \\ for a \, or quote the text in %s`, "`…`")
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
