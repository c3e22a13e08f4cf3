// Package query is the language of filters: text becomes a matcher over a
// record.
//
// A query is words, all of which a record must have, each in its key, its
// value, or a header's name or value:
//
//	order            has "order", "Order" or "ORDER"
//	Order            has "Order": a word with a capital is taken to the letter
//	"order created"  has both words with this space between; \" and \\ inside
//	-debug           does not have "debug"; "-debug" in quotes has "-debug"
//	"id":17          is taken as it stands, as the quotes do not hold all of it
//
//	query.go    the text and its words
//	word.go     one word, found in bytes
//	matcher.go  words against records
package query

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Query is a parsed filter. It does not change and may be shared.
type Query struct {
	words []word
}

// Kind says how a query's text was read.
type Kind int8

// The kinds of queries.
const (
	Words Kind = iota
	Expression
)

// String is the kind's name, for the screen.
func (k Kind) String() string {
	if k == Expression {
		return "expression"
	}
	return "words"
}

// Error is what is wrong with a query's text.
type Error struct {
	Text    string
	Column  int    // of Text, in runes, from 1
	Message string // a sentence without its place
}

// Error is the sentence with its place.
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Message) }

// Parse reads a query. Empty text matches every record. The error is an *Error.
// What now() is, is decided here: the time of the call.
func Parse(text string) (*Query, error) { return ParseAt(text, time.Now(), time.Local) }

// Kind says whether the text was read as words or as an expression.
func (q *Query) Kind() Kind { return Words }

// Hint says why a text that looks like an expression was read as words; empty:
// it does not look like one.
func (q *Query) Hint() string { return "" }

// Explain is the plan by which records are matched, several lines for people.
func (q *Query) Explain() string { return "" }

// Key is the key that every match has; false: there is no such key.
func (q *Query) Key() (key []byte, ok bool) { return nil, false }

// Partitions are those in which matches can be, in order; false: in any.
func (q *Query) Partitions() (set []int32, ok bool) { return nil, false }

// Times are the bounds of every match's timestamp, from ≤ timestamp < to, in ms
// since the epoch; a side without a bound is the least or the largest int64.
// False: neither side is bounded.
func (q *Query) Times() (from, to int64, ok bool) { return 0, 0, false }

// Fields gives the paths of a sample's JSON, as an expression names them behind
// value or key (".order.total", `["trace-id"]`, ".items[0].sku"), in the order in which
// they stand, until yield says no. It goes 8 levels deep, to the first element
// of an array, and gives 1,000 paths at most.
func Fields(value []byte, yield func(path string) bool) {}

// ParseAt is Parse with a clock, and the zone of times without one.
func ParseAt(text string, now time.Time, loc *time.Location) (*Query, error) {
	q := &Query{}
	rest := text
	for {
		if rest = strings.TrimLeftFunc(rest, unicode.IsSpace); rest == "" {
			return q, nil
		}
		at := len(text) - len(rest)
		exclude := len(rest) > 1 && rest[0] == '-' && !startsWithSpace(rest[1:])
		if exclude {
			rest = rest[1:]
			at++
		}
		var w string
		if rest[0] == '"' {
			quoted, after, closed := unquote(rest)
			switch {
			case !closed:
				return nil, &Error{Text: text, Column: 1 + utf8.RuneCountInString(text[:at]), Message: `the quote is not closed: end it with ", or write \" inside quotes to find one`}
			case after == "" || startsWithSpace(after):
				w, rest = quoted, after
			default:
				w, rest = bare(rest)
			}
		} else {
			w, rest = bare(rest)
		}
		if w != "" {
			q.words = append(q.words, newWord(w, exclude))
		}
	}
}

func startsWithSpace(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsSpace(r)
}

// bare takes the text up to the next space.
func bare(s string) (w, rest string) {
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// unquote reads the quoted word that s begins with.
func unquote(s string) (w, rest string, closed bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// Empty says whether the query matches every record.
func (q *Query) Empty() bool { return len(q.words) == 0 }

// String is the query as one would type it; Parse makes the same query of it.
func (q *Query) String() string {
	var b strings.Builder
	for i, w := range q.words {
		if i > 0 {
			b.WriteByte(' ')
		}
		if w.exclude {
			b.WriteByte('-')
		}
		if w.text[0] == '"' || w.text[0] == '-' && !w.exclude || strings.ContainsFunc(w.text, unicode.IsSpace) {
			b.WriteByte('"')
			b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w.text))
			b.WriteByte('"')
		} else {
			b.WriteString(w.text)
		}
	}
	return b.String()
}

// Spans says where the wanted words stand in a text that is shown, as byte
// positions [from, to), in order and without overlap: what is to be lit up.
func (q *Query) Spans(text string) [][2]int {
	var spans [][2]int
	b := []byte(text)
	for i := range q.words {
		if w := &q.words[i]; !w.exclude {
			spans = w.appendSpans(spans, b)
		}
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	joined := spans[:0]
	for _, s := range spans {
		if n := len(joined); n > 0 && s[0] <= joined[n-1][1] {
			joined[n-1][1] = max(joined[n-1][1], s[1])
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}
