// Package query is the language of filters: text becomes a matcher over a
// record. docs/query.md is the language for people; this is what holds of it.
//
// A query is words, all of which a record must have:
//
//	order            has "order", "Order" or "ORDER" in its key, its value, or a header's name or value
//	Order            has "Order": a word with a capital is taken to the letter
//	"order created"  has both words with this space between; \" and \\ inside
//	-debug           does not have "debug"; "-debug" in quotes has "-debug"
//	"id":17          is taken as it stands, as the quotes do not hold all of it
//	/o[rd]+er/       has a match of the regular expression (RE2), in the case as written; \/ inside
//	key:user         has "user" in its key; so value: and header:NAME=, of which
//	                 header:NAME alone is a header of that name; -, "…" and /…/ as above
//
// Or it is an expression over the record's fields:
//
//	value.order.total > 100 && key startsWith "user-"
//	header["trace-id"] == "ab" or timestamp > now() - 2h
//
// A text is an expression when it parses as one, is true or false, names a field
// of a record, and is more than a path (value.total is a word). A leading = makes
// it an expression or an error; quotes make words. Text without quotes that looks
// like a comparison and is no expression is an error that says what was probably
// meant: as words it would find nothing (refuse.go).
//
// Words, patterns, contains, startsWith, endsWith and matches find a text in the
// bytes as they are, and in what those say behind the escapes of JSON, also of JSON
// within a JSON string: K\u00f6ln has Köln.
//
// # What an expression means
//
// key, value and header["name"] are text, or, beside a number, true or false,
// the JSON that they are as a whole. With a path they are JSON: value.a["b c"][0].
// Of several headers of that name one must hold; of a name that an object has
// twice the last counts. size is the bytes of key, value, header names and
// header values. timestamp is compared with now() - 2h, with a time in quotes
// as kafka.ParseTime reads it, or with ms since the epoch.
//
// A path that leads nowhere is missing: no comparison with it holds, neither ==
// nor !=, neither in nor not in. The operator ! (not) is plain negation, so that
// !(value.a == 1) holds where a is missing and value.a != 1 does not. Null is a
// value, equal to null alone: that of JSON, or a whole key, value or header, or
// the timestamp of a record without one.
//
// Values of different types are not equal, so that != holds, and have no order.
// Objects and arrays are equal to nothing. Numbers are compared exactly, as they
// are written: 1e400 and 2^53+1 are themselves. Texts are compared by their bytes
// after JSON's escapes; half of a surrogate pair is U+FFFD.
//
// Of JSON only what is asked for is read. A text that breaks is good up to there,
// and what lies between is passed over by its quotes and brackets alone: NaN, or
// tru, is missing when it is asked for and harms nothing else. Behind the last value
// that is wanted only its names are looked for, which may come again; but a number or
// a truth that a whole key, value or header is taken for must be all of it. A byte
// order mark before JSON is none of it.
//
//	query.go     the text, and which of the two it is
//	words.go     words in a text; word.go: one word, found in bytes; said.go: and in what they say
//	pattern.go   regular expressions, automaton.go: as one step a byte
//	refuse.go    what looks like a comparison and is none
//	lex.go       an expression's tokens, literal.go: its numbers and units, syntax.go: its tree, compile.go: its types
//	operand.go   a record's values, comparison.go: compared; machine.go: the record that it is about
//	plan.go      in which order, and what is known before
//	json.go      JSON in place; number.go: numbers as written
//	fields.go    the paths in a sample; part.go: what one path leads to, as it is written
//	matcher.go   queries against records; skim.go: against many at once
package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"milena/human"
)

// Query is a parsed filter. It does not change and may be shared.
type Query struct {
	kind  Kind
	words []word

	text  string    // as written; of an expression without spaces around it
	plan  []node    // all of which must hold
	trees [2]*paths // what is taken from the JSON of key and value
	slots [2]int    // into so many slots
	taken [2][]string
	lit   []word // texts that are looked for
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

// maxText is how long a query may be, in bytes.
const maxText = 64_000

// Error is what is wrong with a query's text.
type Error struct {
	Text    string
	Column  int    // of Text, in runes, from 1
	Message string // a sentence without its place
}

// Error is the sentence with its place.
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Message) }

func errorAt(text string, at int, message string) *Error {
	return &Error{Text: text, Column: 1 + utf8.RuneCountInString(text[:min(at, len(text))]), Message: message}
}

// Parse reads a query. Empty text matches every record. The error is an *Error.
// What now() is, is decided here: the time of the call.
func Parse(text string) (*Query, error) { return ParseAt(text, time.Now(), time.Local) }

// ParseAt is Parse with a clock, and the zone of times without one.
func ParseAt(text string, now time.Time, loc *time.Location) (*Query, error) {
	if len(text) > maxText {
		return nil, errorAt(text, 0, fmt.Sprintf("the query is longer than %s; what is looked for in so many places is better asked in several queries", human.Bytes(maxText)))
	}
	trimmed := strings.TrimSpace(text)
	if forced(trimmed) {
		q, _, err := compile(trimmed[1:], now, loc)
		if err == nil {
			q.text = trimmed
			return q, nil
		}
		var f *fault
		errors.As(err, &f)
		return nil, errorAt(text, strings.Index(text, trimmed)+1+f.at, f.message)
	}
	q, err := expression(trimmed, now, loc)
	if err == nil {
		q.text = trimmed
		return q, nil
	}
	if f := meant(err); f != nil {
		return nil, errorAt(text, strings.Index(text, trimmed)+f.at, f.message)
	}
	words, wrong := parseWords(text)
	if wrong != nil {
		return nil, wrong
	}
	if f := refuse(trimmed, err, now, loc); f != nil {
		return nil, errorAt(text, strings.Index(text, trimmed)+f.at, f.message)
	}
	return &Query{words: words, text: text}, nil
}

// forced says whether the text is to be an expression.
func forced(text string) bool {
	return strings.HasPrefix(text, "=") && !strings.HasPrefix(text, "==")
}

// expression compiles a text that was not said to be an expression.
func expression(text string, now time.Time, loc *time.Location) (*Query, error) {
	q, tree, err := compile(text, now, loc)
	if err != nil {
		return nil, err
	}
	for tree.op == "()" {
		tree = tree.args[0]
	}
	if tree.op == "name" {
		return nil, faultf(tree.at, "a path alone is a word: write = before it to ask whether it is true")
	}
	return q, nil
}

// Kind says whether the text was read as words or as an expression.
func (q *Query) Kind() Kind { return q.kind }

// Empty says whether the query matches every record.
func (q *Query) Empty() bool { return q.kind == Words && len(q.words) == 0 }

// String is the query as one would type it; ParseAt, with the same clock, makes
// the same query of it.
func (q *Query) String() string {
	if q.kind == Expression {
		return q.text
	}
	text := wordsText(q.words, false)
	if forced(text) {
		return wordsText(q.words, true)
	}
	if _, err := expression(text, time.Time{}, time.UTC); err == nil || meant(err) != nil || comparisonAt(text) >= 0 {
		return wordsText(q.words, true)
	}
	return text
}

// Spans says where in a text that is shown stands what is looked for, as byte
// positions [from, to), in order and without overlap: what is to be lit up. Of an
// expression that is its texts, but not those that must not be there.
func (q *Query) Spans(text string) [][2]int {
	var spans [][2]int
	b := []byte(text)
	words := q.words
	if q.kind == Expression {
		words = q.lit
	}
	for i := range words {
		if w := &words[i]; !w.exclude && w.text != "" {
			spans = w.appendSaidSpans(spans, b)
		}
	}
	return Join(spans)
}

// Join puts spans in order, and those that touch together.
func Join(spans [][2]int) [][2]int {
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
