package query

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"milena/kafka"
	"milena/kafka/batch"
)

func TestATextIsAnExpressionOnlyWhenItCanBeNothingElse(t *testing.T) {
	for text, want := range map[string]Kind{
		"error":                      Words,
		"order created":              Words,
		"true":                       Words,
		"key":                        Words,
		"value.total":                Words,
		"(value.total)":              Words,
		"not found in value":         Words,
		`"value.total > 100"`:        Words,
		`"value" "==" null`:          Words,
		"value.total > 100":          Expression,
		"  size>10kB ":               Expression,
		"value==null":                Expression,
		"null == key":                Expression,
		"!value.active":              Expression,
		"= value.active":             Expression,
		"value.a or value.b":         Expression,
		`header["trace-id"] == "…"`:  Expression,
		"not (partition in [1, 2,])": Expression,
	} {
		q, err := ParseAt(text, testNow, time.UTC)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if q.Kind() != want {
			t.Errorf("%s is %v, want %v", text, q.Kind(), want)
		}
	}
	// A comparison of a field that cannot hold is no text that somebody looks for.
	for _, text := range []string{`partition == "x"`, `  timestamp > "someday"`, `key == "a" && size > "b"`, `topic == 3`} {
		var e *Error
		if q, err := ParseAt(text, testNow, time.UTC); !errors.As(err, &e) || e.Column != 1+strings.LastIndexAny(text, " ")+1 {
			t.Errorf("%s is %v (%v)", text, q, err)
		}
	}
	if Words.String() != "words" || Expression.String() != "expression" {
		t.Error("the kinds have other names on the screen")
	}
}

func TestWhatCannotBeMeantIsSaidAtItsColumn(t *testing.T) {
	for text, want := range map[string]string{
		`partition == "x"`:              `column 14: partition is a number and "x" is text: they are never equal`,
		`timestamp > true`:              `column 13: true has no order: use == or !=`,
		`timestamp == true`:             `column 14: timestamp is a time and true is true or false`,
		`timestamp > "someday"`:         `column 13: "someday" is not a time:`,
		`timestamp > 2h`:                `column 13: 2h is a duration, which timestamp is not compared with: a time is now() - 2h`,
		`value.at > now() - 2h`:         `column 12: times are compared with timestamp only`,
		`size > "a"`:                    `column 8: size is a size and "a" is text`,
		`offset > 10kB`:                 `column 10: offset is a number and 10kB is a size`,
		`partition == null`:             `column 14: partition is never null`,
		`topic == 3`:                    `column 10: topic is text and 3 is a number`,
		`"x" == partition`:              `column 1: partition is a number and "x" is text`,
		`value.a > null`:                `column 11: null has no order`,
		`value.größe >`:                 `column 14: the expression is incomplete`,
		`value.a = 1`:                   `column 9: = does not compare: write == or !=`,
		`key =~ "a"`:                    `column 5: =~ is not an operator: write matches`,
		`key matches "["`:               `column 13: the regular expression cannot be used: missing closing ]`,
		`key matches "a{1000}{1000}"`:   `column 13: the regular expression cannot be used: `,
		`key matches value.a`:           `column 13: matches needs a text in quotes after it`,
		`size contains "a"`:             `column 1: size is a size, and contains is about text`,
		`key in "a"`:                    `column 8: a list is missing after in`,
		`key in ["a", 1]`:               `column 14: key is read as text or as a number, not as both`,
		`key in ["a", value.b]`:         `column 14: a list contains values, not fields`,
		`value.a == [1]`:                `column 12: a list stands behind in only`,
		`value.a > 10kb`:                `column 11: the unit "kb" of 10kb is not known: sizes are B, kB,`,
		`value.a > 01`:                  `column 11: 01 is not a number as JSON writes it`,
		`size > 0.3B`:                   `column 8: 0.3B is not a whole number of bytes`,
		`timestamp > now() - 99999999w`: `column 21: 99999999w is longer than there was time`,
		`value.a == 1 && foo > 3`:       `column 17: foo is not a field of a record: the fields are key, value,`,
		`value.trace-id == 1`:           `column 12: nothing is subtracted from a value of JSON: write ["…"]`,
		`value.a == (key == "x")`:       `column 13: key == "x" is true or false, which is compared with nothing`,
		`(value.a == 1`:                 `column 14: ) is missing`,
		`value.a == 1)`:                 `column 13: ) is not expected here`,
		`value.a == 1 "x"`:              `column 14: a text is not expected here`,
		`value.items[-1] == 1`:          `column 13: a name in quotes or a place from 0 on is missing`,
		`value.items[1.5] == 1`:         `column 13: 1.5 is not a place in an array`,
		`header == "x"`:                 `column 1: a header is named as header["trace-id"]`,
		`header.a == header.b`:          `column 13: two headers cannot be compared`,
		`size.a == 1`:                   `column 6: size is a size and has no parts`,
		`key && size > 1`:               `column 1: key is text, not true or false`,
		`size && size > 1`:              `column 1: size is a size, not true or false`,
		`value.a == later()`:            `column 12: later is not a function: the only function is now()`,
		`value.a == now(1)`:             `column 16: now() takes no argument`,
		`value.a == --1`:                `column 12: a sign can only stand before a number`,
		`timestamp > now() + 1`:         `column 19: only durations are added`,
		`value.a == "b`:                 `column 12: the quote is not closed: end it with "`,
		`value.a == "\q"`:               `column 13: the character after this \ is not an escape`,
		`value.a == 5 % 2`:              `column 14: "%" means nothing in an expression`,
		`1 == 1`:                        `column 1: neither side of == is a field of a record`,
		`value.`:                        `column 7: a name is missing after the point`,
		``:                              `column 1: an expression must follow the =`,
		strings.Repeat("(", 2000) + `value.a == 1`:   `column 1001: the expression is nested more than 1000 deep`,
		strings.Repeat("!", 2000) + `value.a`:        `column 1001: the expression is nested more than 1000 deep`,
		`value.a == 1` + strings.Repeat(" ", 70_000): `column 1: the query is longer than 64.0 kB`,
	} {
		_, err := ParseAt("="+text, testNow, time.UTC)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("=%.60s: no error but %v; want %s", text, err, want)
			continue
		}
		if e.Column > 1 || text == "" { // the = stands before it
			e.Column--
		}
		if text == "" {
			e.Column = 1
		}
		if !strings.HasPrefix(e.Error(), want) {
			t.Errorf("=%.60s: %v; want %s", text, err, want)
		}
	}
}

func TestWordsWithScopesAndRegularExpressions(t *testing.T) {
	rec := batch.Record{
		Key:     []byte("user-12"),
		Value:   []byte(`{"event":"Order.Created","path":"/var/log/","url":"key:a/b"}`),
		Headers: []batch.Header{{Key: "Trace", Value: []byte("ab12")}, {Key: "gone", Value: nil}},
	}
	for text, want := range map[string]bool{
		"key:user":              true,
		"key:USER":              false,
		"key:order":             false,
		"-key:order":            true,
		"value:order":           true,
		"value:user":            false,
		`value:"event":"order`:  true, // the quotes hold "event" only, so they are part of it
		`value:"\"event\""`:     true,
		"header:Trace=AB":       false,
		"header:Trace=ab":       true,
		"header:trace=ab":       false, // names of headers are taken to the letter
		`header:Trace="ab12"`:   true,
		"header:Trace=user":     false,
		"header:Trace":          true,
		"header:none":           false,
		"-header:none":          true,
		"header:gone":           true,
		"header:gone=x":         false,
		"header:Trace=/^ab.2$/": true,
		"header:Trace=/^b/":     false,
		"/user-[0-9]+/":         true,
		"/User-[0-9]+/":         false,
		"/(?i)USER-[0-9]+/":     true,
		"key:/^user-[0-9]+$/":   true,
		"-key:/^user-[0-9]+$/":  false,
		"key:/^[0-9]+$/":        false,
		"/order created/":       false,
		"/event.:.Order/ user":  true,
		`/a\/b/`:                true,
		"/var/log/":             true, // a path, not a pattern: no space behind its second /
		"/var/lib/":             false,
		"/":                     true,
		`"/[/"`:                 false,
		`"key:a/b"`:             true,
		"key:a/b":               false,
		"key: user":             true, // nothing behind the colon: a word
		"/(order|Order)/":       true,
		"/x*/":                  true,
	} {
		if inPlace, held := verdicts(t, parse(t, text), rec); inPlace != want || held != want {
			t.Errorf("%q matches in place: %v, held: %v; want %v", text, inPlace, held, want)
		}
	}
	if _, err := Parse("größe key:/[/"); err == nil || !strings.HasPrefix(err.Error(), "column 11: the regular expression cannot be used: missing closing ]") {
		t.Errorf("a broken pattern: %v", err)
	}
}

func TestWhatAllMatchesHaveInCommon(t *testing.T) {
	hour := time.Hour.Milliseconds()
	now := testNow.UnixMilli()
	for text, want := range map[string]string{
		`key == "a" && value.b > 1`:                         `key a`,
		`"a" == key`:                                        `key a`,
		`key in ["a"]`:                                      `key a`,
		`key in ["a", "b"]`:                                 ``,
		`key == "a" || value.b > 1`:                         ``,
		`!(key == "a")`:                                     ``,
		`key != "a"`:                                        ``,
		`key == 17`:                                         ``,
		`key.a == "a"`:                                      ``,
		`partition == 3`:                                    `partitions [3]`,
		`3 == partition and value.a`:                        `partitions [3]`,
		`partition in [5, 1, 5] && key == "a"`:              `key a partitions [1 5]`,
		`partition in [5, 1] && partition in [1, 2]`:        `partitions [1]`,
		`partition == 1 or partition == 2 && value.a`:       `partitions [1 2]`,
		`partition == 1 or value.a`:                         ``,
		`partition == 1.5`:                                  `partitions []`,
		`partition == 1 && partition == 2`:                  `partitions []`,
		`partition == 99999999999999999999`:                 `partitions []`,
		`partition > 1`:                                     ``,
		`partition != 1`:                                    ``,
		`partition not in [1]`:                              ``,
		`timestamp > now() - 2h`:                            fmt.Sprintf("times from %d", now-2*hour+1),
		`timestamp >= now() - 2h && timestamp < now() - 1h`: fmt.Sprintf("times from %d to %d", now-2*hour, now-hour),
		`"13:05" < timestamp <= "14:05"`:                    fmt.Sprintf("times from %d to %d", now-hour+1, now+1),
		`timestamp == 5`:                                    `times from 5 to 6`,
		`timestamp != 5`:                                    ``,
		`timestamp > 1.5`:                                   ``,
		`timestamp > now() or value.a`:                      ``,
		`error`:                                             ``,
	} {
		q, err := ParseAt(text, testNow, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if key, ok := q.Key(); ok {
			got = append(got, "key "+string(key))
		}
		if set, ok := q.Partitions(); ok {
			got = append(got, fmt.Sprint("partitions ", set))
		}
		if from, to, ok := q.Times(); ok {
			s := "times"
			if from != math.MinInt64 {
				s += fmt.Sprint(" from ", from)
			}
			if to != math.MaxInt64 {
				s += fmt.Sprint(" to ", to)
			}
			got = append(got, s)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", text, strings.Join(got, " "), want)
		}
	}
}

func TestThePlanAsksWhatIsCheapFirst(t *testing.T) {
	q := parseExpression(t, `value.event matches "^order\\." && value.total > 100 && header["a"] == "b" && key == "user-1" && partition in [1, 2] && value.total < 1e3 && timestamp > now() - 2h`)
	want := `expression, asked of each record in this order until one does not hold:
  1. partition in [1, 2]
  2. timestamp > now() - 2h
  3. value holds the bytes order., or an escape that may stand for them
  4. value holds the bytes "total", or an escape that may stand for them
  5. key == "user-1"
  6. header["a"] == "b"
  7. value.total > 100
  8. value.total < 1e3
  9. value.event matches "^order\\."
taken from the JSON of value in one pass, which ends when all are found: .event, .total
every match has the key "user-1": one partition of a topic that is partitioned by key
only these partitions can have matches: 1 2
only records of this time can match: from 2026-11-22T12:05:00.001Z
`
	if got := q.Explain(); got != want {
		t.Errorf("the plan is\n%s", got)
	}
	want = `words, each of which a record is asked for:
  1. key, value, or a header's name or value has "order" in any case
  2. key has the bytes "User"
  3. value has not a match of /re-\d+/, asked only where "re-" is
  4. no header x
`
	if got := parse(t, `order key:User -value:/re-\d+/ -header:x`).Explain(); got != want {
		t.Errorf("the plan is\n%s", got)
	}
	if got := parse(t, "").Explain(); got != "every record matches: nothing is looked for\n" {
		t.Errorf("the plan of nothing is %q", got)
	}
}

func TestSpansLightUpTheTextsOfAnExpression(t *testing.T) {
	for _, c := range []struct{ query, text, want string }{
		{`value.a == "abc"`, "xabcABC", "x[abc]ABC"},
		{`value.a in ["a", "c"] and key startsWith "b"`, "abcd", "[abc]d"},
		{`value.a != "a" and key not contains "b"`, "ab", "ab"},
		{`!(value.a == "a") and !(key != "b")`, "ab", "a[b]"},
		{`key matches "[0-9]+" and value.a > 1`, "a12b3", "a[12]b[3]"},
		{`value.a == "" or value.a > 5`, "a5", "a5"},
	} {
		var got strings.Builder
		at := 0
		for _, s := range parseExpression(t, c.query).Spans(c.text) {
			got.WriteString(c.text[at:s[0]] + "[" + c.text[s[0]:s[1]] + "]")
			at = s[1]
		}
		if got.WriteString(c.text[at:]); got.String() != c.want {
			t.Errorf("%s lights up %q, not %q", c.query, got.String(), c.want)
		}
	}
}

func TestARecordWithoutATimestampHasNullThere(t *testing.T) {
	info := &batch.Info{Timestamps: batch.NoTimestamp}
	for text, want := range map[string]bool{
		"timestamp == null": true, "timestamp != null": false, "timestamp > 0": false, "timestamp <= 0": false,
		"timestamp < now()": false, "timestamp == -1": false, "timestamp in [null]": true,
	} {
		q := parseExpression(t, text)
		if got := q.Matcher(testTP).Match(&batch.View{Batch: info, Timestamp: -1}); got != want {
			t.Errorf("%s is %v in place, want %v", text, got, want)
		}
		if got := q.MatchRecord(&kafka.Record{Timestamp: -1, Batch: *info}); got != want {
			t.Errorf("%s is %v of a held record, want %v", text, got, want)
		}
	}
}

func TestFieldsOfASample(t *testing.T) {
	for value, want := range map[string][]string{
		`{"order":{"total":1,"items":[{"sku":"A"},{"name":"B"}]},"trace-id":"x","é":[],"q\"":null}`: {
			".order", ".order.total", ".order.items", ".order.items[0]", ".order.items[0].sku", `["trace-id"]`, ".é", `["q\""]`},
		`[1, 2]`:           {"[0]"},
		`17`:               nil,
		``:                 nil,
		`text`:             nil,
		`{"a":1,"b":{"c":`: {".a", ".b"},
		`{"a" 1}`:          nil,
		`{"a":{}}`:         {".a"},
	} {
		var got []string
		Fields([]byte(value), func(path string) bool { got = append(got, path); return true })
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", value, got, want)
		}
	}
	count := func(value string, most int) (n int) {
		Fields([]byte(value), func(string) bool { n++; return n < most })
		return n
	}
	var wide strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&wide, `"a%d":1,`, i)
	}
	if n := count("{"+strings.TrimSuffix(wide.String(), ",")+"}", math.MaxInt); n != 1000 {
		t.Errorf("%d paths of 5,000", n)
	}
	if n := count(strings.Repeat(`{"a":`, 100_000), math.MaxInt); n != 8 {
		t.Errorf("%d levels of 100,000", n)
	}
	if n := count(`{"a":1,"b":2,"c":3}`, 2); n != 2 {
		t.Errorf("%d paths after no at the second", n)
	}
}

// What a path is called can be typed: it leads to where it was found.
func TestFieldsAreWrittenAsAnExpressionReadsThem(t *testing.T) {
	value := `{"a":1,"a b":{"é":[{"q\"":1,"back\\slash":2,"":3,"in":4,"new\nline":5,"tab\u0009":6}]}}`
	Fields([]byte(value), func(path string) bool {
		if !ask(t, parseExpression(t, "value"+path+" != null"), testTP, batch.Record{Value: []byte(value)}) {
			t.Errorf("value%s is not found", path)
		}
		return true
	})
}
