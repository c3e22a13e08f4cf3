package query

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"milena/kafka"
	"milena/kafka/batch"
)

func parse(t testing.TB, text string) *Query {
	t.Helper()
	q, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return q
}

// verdicts asks the query of a record in place and of the same record held.
func verdicts(t testing.TB, q *Query, rec batch.Record) (inPlace, held bool) {
	t.Helper()
	b := batch.NewBuilder(batch.None)
	if err := b.Add(rec); err != nil {
		t.Fatal(err)
	}
	raw, err := b.Finish(nil)
	if err != nil {
		t.Fatal(err)
	}
	given := 0
	var d batch.Decoder
	d.Walk(raw, 0, math.MaxInt64, nil, visit(func(v *batch.View) {
		given++
		inPlace = q.Matcher(kafka.TopicPartition{}).Match(v)
		kept := kafka.Keep(kafka.TopicPartition{}, v)
		held = q.MatchRecord(&kept)
	}))
	if given != 1 {
		t.Fatalf("%d records came of one", given)
	}
	return inPlace, held
}

type visit func(*batch.View)

func (f visit) Record(v *batch.View) bool { f(v); return true }
func (f visit) Skip(batch.Skip)           {}

func TestWordsAgainstARecord(t *testing.T) {
	rec := batch.Record{
		Key:   []byte("user-12"),
		Value: []byte(`{"id":17,"Event":"order created","city":"İstanbul","straße":"Größe","temp":"300 K","이름":"밀레나"}`),
		Headers: []batch.Header{
			{Key: "Trace-Id", Value: []byte("ab\x00cd")},
			{Key: "gone", Value: nil},
		},
	}
	for query, want := range map[string]bool{
		"":                        true,
		"   ":                     true,
		"order":                   true,
		"ORDER":                   false,
		"event":                   true,
		"Event":                   true,
		"eVent":                   false,
		"user-12":                 true,
		"user-12 order":           true,
		"user-12 cancelled":       false,
		"user-12 -cancelled":      true,
		"-user-12":                false,
		"- ":                      true, // a lone minus is a word, and there is one
		"-12":                     false,
		`"-12"`:                   true,
		`"order created"`:         true,
		`"created order"`:         false,
		`created order`:           true,
		`-"order created"`:        false,
		`-"created order"`:        true,
		`"id":17`:                 true,
		`"id":18`:                 false,
		`"event":"order created"`: true, // quotes that hold not all of a word are part of it
		`"\"id\":17"`:             true,
		`""`:                      true,
		"trace-id":                true,
		"gone":                    true,
		"ab\x00CD":                false,
		"b\x00c":                  true,
		"istanbul":                true,
		"größe":                   true,
		"GRÖSSE":                  false,
		"straße":                  true,
		"strasse":                 false,
		"300 -k":                  false,
		"밀레나":                     true,
		"밀레너":                     false,
		"이름 -밀레나":                 false,
		"-ab -gone":               false,
		"-zz -yy":                 true,
		"12order":                 false, // no word reaches from one field into the next
		"gone\x00":                false,
	} {
		inPlace, held := verdicts(t, parse(t, query), rec)
		if inPlace != want || held != want {
			t.Errorf("%q matches in place: %v, held: %v; want %v", query, inPlace, held, want)
		}
	}
}

func TestNullMatchesOnlyWhatExcludes(t *testing.T) {
	for query, want := range map[string]bool{"": true, "a": false, "null": false, "-a": true} {
		if inPlace, held := verdicts(t, parse(t, query), batch.Record{}); inPlace != want || held != want {
			t.Errorf("%q matches in place: %v, held: %v; want %v", query, inPlace, held, want)
		}
	}
}

func TestAQuoteThatIsNotClosedIsAnErrorThatNamesThePlace(t *testing.T) {
	for text, column := range map[string]string{
		`"order`:       "column 1:",
		`größe "ord`:   "column 7:",
		`-"order`:      "column 2:",
		`"a" "b\" c`:   "column 5:",
		`"order\\\"  `: "column 1:",
	} {
		if q, err := Parse(text); err == nil || !strings.Contains(err.Error(), column) {
			t.Errorf("Parse(%q) = %v, %v; want an error at %s", text, q, err, column)
		}
	}
}

func TestStringMakesTheSameQuery(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "",
		"  a   B ":          "a B",
		`-"a b" "c"`:        `-"a b" c`,
		`"-x" --x -`:        `"-x" --x "-"`,
		`"\"a\"" "\\ b"`:    `"\"a\"" "\\ b"`,
		`"id":17 -"id":1`:   `"\"id\":17" -"\"id\":1"`,
		"a\u00a0b \"c\td\"": "a b \"c\td\"",
		`"" a`:              "a",
	} {
		q := parse(t, text)
		if q.String() != want {
			t.Errorf("%q is printed as %q, not %q", text, q, want)
		}
		if again := parse(t, q.String()); !same(again, q) {
			t.Errorf("%q is printed as %q, which is another query", text, q)
		}
		if q.Empty() != (want == "") {
			t.Errorf("%q is empty: %v", text, q.Empty())
		}
	}
}

func TestSpansLightUpEveryWantedWord(t *testing.T) {
	for _, c := range []struct{ query, text, want string }{
		{"", "abc", "abc"},
		{"b", "abcB", "a[b]c[B]"},
		{"B", "abcB", "abc[B]"},
		{"ab bc", "xABCx", "x[ABC]x"},
		{"aa", "aaaaa", "[aaaa]a"},
		{"-b c", "abc", "ab[c]"},
		{"ißtan", "İSTAN İẞTAN", "İSTAN [İẞTAN]"},
		{"kilo", "kilo \u212Ailo", "[kilo] [\u212Ailo]"},
		{"밀", "밀레밀", "[밀]레[밀]"},
		{"x", "", ""},
	} {
		var got strings.Builder
		at := 0
		for _, s := range parse(t, c.query).Spans(c.text) {
			got.WriteString(c.text[at:s[0]] + "[" + c.text[s[0]:s[1]] + "]")
			at = s[1]
		}
		got.WriteString(c.text[at:])
		if got.String() != c.want {
			t.Errorf("%q lights up %q, not %q", c.query, got.String(), c.want)
		}
	}
}

// Every rune of Unicode is found by its lower case, within what a search
// remembers, and no rune beyond ASCII but two is an ASCII letter in lower case.
func TestEveryRuneIsFoundByItsLowerCase(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		lower := unicode.ToLower(r)
		if lower == r || !utf8.ValidRune(r) {
			continue
		}
		stand := standsFor(lower)
		if len(stand) > maxStand || !slices.ContainsFunc(stand, func(b []byte) bool { return string(b) == string(r) }) {
			t.Errorf("%q is not found by %q, only %q", r, lower, stand)
		}
		if w := newWord("x"+string(lower), false); !w.in([]byte("..X" + string(r))) {
			t.Errorf("%q is not found by %q", "X"+string(r), w.text)
		}
	}
}

func FuzzWordAgainstNaive(f *testing.F) {
	for _, s := range [][2]string{
		{`{"id":1,"event":"Order.Created"}`, "order"}, {"300 \u212A", "k"}, {"\u0130STANBUL", "ist"},
		{"GRÖSSE Größe", "größ"}, {"ΣΑΣ σας", "σα"}, {"\xe4\xb8é\xff", "é"}, {"aAaAaAb", "aab"},
		{"Ⱥ ⱥẞß", "ⱥß"}, {"밀레나", "레"}, {"\x80\xff", "\xff"}, {"𐐀𐐨", "𐐨"}, {"\ufffd\xff", "\ufffd"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, text, word string) {
		if word == "" {
			return
		}
		w := newWord(word, false)
		got := w.in([]byte(text))
		exact := strings.ToLower(word) != word || !utf8.ValidString(word)
		if want := naive(text, word, exact); got != want {
			t.Fatalf("%q is found in %q: %v, want %v", word, text, got, want)
		}
		if utf8.ValidString(text) && !exact {
			if want := strings.Contains(strings.ToLower(text), word); got != want {
				t.Fatalf("%q is found in %q: %v, but in its lower case: %v", word, text, got, want)
			}
		}
		spans := w.appendSpans(nil, []byte(text))
		if got != (len(spans) > 0) {
			t.Fatalf("%q is found in %q: %v, at %v", word, text, got, spans)
		}
		end := 0
		for _, s := range spans {
			if s[0] < end || naive(text[end:s[1]-1], word, exact) || !naive(text[s[0]:s[1]], word, exact) {
				t.Fatalf("%q is found in %q at %v", word, text, spans)
			}
			end = s[1]
		}
		if naive(text[end:], word, exact) {
			t.Fatalf("%q is in %q behind %v too", word, text, spans)
		}
	})
}

// naive finds a word as one would say it: rune by rune, at every position.
func naive(text, word string, exact bool) bool {
	if exact {
		return strings.Contains(text, word)
	}
	for i := range len(text) {
		rest, same := text[i:], true
		for _, want := range word {
			r, n := utf8.DecodeRuneInString(rest)
			if n == 0 || r == utf8.RuneError && n == 1 || unicode.ToLower(r) != want {
				same = false
				break
			}
			rest = rest[n:]
		}
		if same {
			return true
		}
	}
	return false
}

// same tells whether two queries mean the same; words may be written in several
// ways.
func same(a, b *Query) bool {
	x, y := *a, *b
	if x.kind == Words {
		x.text, y.text = "", ""
	}
	return reflect.DeepEqual(x, y)
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`a "b c" -d -"e f"`, `"id":1`, `"\"`, "-", `--"x y"`, "a\u3000b", "\xff \"\xff \"",
		`key:a value:"b c" -header:x=/y z/ header:n`, `/a\/b/ /[/ "/c/"`, `"=a" ==b`, `"value == null"`, `"value" "==" null`,
		`value.a["b c"][0] not in [1, -2.5e3, "x", null] || !(key matches "^a" and size >= 1.5kB)`,
		`=timestamp > now() - 1h30m`, `= value.a`, `1 < value.a <= 2`, `header["x"] == 'y'`, "key == `a`", `value.a >`, `partition == "x"`,
		strings.Repeat("(", 1500) + "value==1", strings.Repeat("!", 1500) + "value.a", strings.Repeat("value==1||", 500) + "value==1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseAt(text, testNow, time.UTC)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Column < 1 || e.Column > utf8.RuneCountInString(text)+1 || e.Message == "" || e.Text != text {
				t.Fatalf("%q: the error %#v", text, err)
			}
			return
		}
		again, err := ParseAt(q.String(), testNow, time.UTC)
		if err != nil || !same(again, q) {
			t.Fatalf("%q is printed as %q, which is %v (%v)", text, q, again, err)
		}
		q.Explain()
		q.Spans(text)
	})
}

// A text made to be slow: one case of the first letter everywhere, the other
// nowhere. A search that looked for the other at each stop would not end.
func TestSearchIsLinear(t *testing.T) {
	for _, c := range []struct {
		text, query string
		spans       int
	}{{"É", "éa", 0}, {"é", "éa", 0}, {"Q", "qq", 1}, {"q", "qa", 0}, {"İ", "iq", 0}} {
		if got := len(parse(t, c.query).Spans(strings.Repeat(c.text, 2<<20))); got != c.spans {
			t.Errorf("%q has %d spans in many %q, not %d", c.query, got, c.text, c.spans)
		}
	}
}
