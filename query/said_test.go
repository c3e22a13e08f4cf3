package query

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"milena/internal/testseed"
	"milena/kafka"
	"milena/kafka/batch"

	"pgregory.net/rapid"
)

// Text is found by what it says, however a producer escapes it.
func TestTextIsFoundBehindEscapes(t *testing.T) {
	nested := `{"city":"K\u00f6ln","path":"a\/b"}`
	for range 2 {
		b, err := json.Marshal(map[string]string{"payload": nested})
		if err != nil {
			t.Fatal(err)
		}
		nested = string(b)
	}
	for _, c := range []struct {
		value, query string
		want         bool
	}{
		{`{"city": "K\u00f6ln"}`, `Köln`, true},
		{`{"city": "K\u00f6ln"}`, `köln`, true},
		{`{"city": "K\u00F6LN"}`, `köln`, true},
		{`{"city": "K\u00d6LN"}`, `köln`, true},
		{`{"city": "K\u00d6LN"}`, `Köln`, false},
		{`{"city": "K\u00f6ln"}`, `-Köln`, false},
		{`{"city": "K\u00f6ln"}`, `u00f6`, true}, // in its bytes, as ever
		{`{"city": "K\u00f6ln"}`, `value:Köln`, true},
		{`{"city": "K\u00f6ln"}`, `key:Köln`, false},
		{`{"city": "K\u00f6ln"}`, `/K[öo]ln/`, true},
		{`{"city": "K\u00f6ln"}`, `/(?i)KÖLN/`, true},
		{`{"city": "K\u00f6ln"}`, `/"city": "[^\\]+"/`, true},
		{`{"city": "K\u00f6ln"}`, `value contains "Köln"`, true},
		{`{"city": "K\u00f6ln"}`, `value not contains "Köln"`, false},
		{`{"city": "K\u00f6ln"}`, `value.city contains "öl"`, true},
		{`{"city": "K\u00f6ln"}`, `value.city startsWith "Kö"`, true},
		{`{"city": "K\u00f6ln"}`, `value.city endsWith "öln"`, true},
		{`{"city": "K\u00f6ln"}`, `value.city matches "^K.ln$"`, true},
		{`{"city": "K\u00f6ln"}`, `value.city in ["Bonn", "Köln"]`, true},
		{`{"c\u00eft\u00e9": 1}`, `value.cïté == 1`, true},
		{`"K\u00f6ln"`, `value matches "^.K.ln.$"`, true},
		{`{"url":"https:\/\/milena.dev\/a"}`, `https://milena.dev/a`, true},
		{`{"url":"https:\/\/milena.dev\/a"}`, `value.url == "https://milena.dev/a"`, true},
		{`{"html":"\u003cb\u003eR\u0026D\u003c\/b\u003e \u0027x\u0027 a\u003db"}`, `"<b>R&D</b> 'x' a=b"`, true},
		{`{"html":"\u003Cb\u003E"}`, `"<b>"`, true},
		{`{"face":"\ud83d\ude00"}`, `😀`, true},
		{`{"face":"\uD83D\uDE00!"}`, `😀!`, true},
		{`{"face":"\ud83d\ude00"}`, `😁`, false},
		{`{"text":"one\ntwo\tthree"}`, "\"one\ntwo\tthree\"", true},
		{`{"text":"one\ntwo"}`, `/(?m)^two/`, true},
		{`{"text":"say \"hi\""}`, `"say \"hi\""`, true},
		{`{"path":"C:\\new"}`, `C:\new`, true},
		{`{"path":"C:\\new"}`, `C:\\new`, true},
		{`{"temp":"300 \u212a"}`, `"300 k"`, true},
		{`{"payload":"{\"city\":\"K\\u00f6ln\"}"}`, `Köln`, true},
		{`{"payload":"{\"city\":\"Köln\"}"}`, `"city":"Köln"`, true},
		{`{"payload":"{\"city\":\"K\\u00f6ln\"}"}`, `value.payload contains "Köln"`, true},
		{`{"payload":"{\"city\":\"K\\u00f6ln\"}"}`, `value.payload startsWith "{\"city\":\"Köln"`, true},
		{nested, `Köln a/b`, true},
		{nested, `/K.ln/ value:"a/b"`, true},
		{`{"city":"K\u006fln"}`, `Koln`, true},
		{`{"city":"K\u00f"}`, `Köln`, false},
		{`{"city":"K\u00f6`, `Kö`, true},
		{`\`, `\\`, false},
		{`C:\temp`, `emp`, true},
		{`K\u00f6ln in a line of text`, `Köln line`, true},
	} {
		q := parse(t, c.query)
		inPlace, held := verdicts(t, q, batch.Record{Value: []byte(c.value)})
		if inPlace != c.want || held != c.want {
			t.Errorf("%s of %s in place: %v, held: %v; want %v", c.query, c.value, inPlace, held, c.want)
		}
	}
	for _, rec := range []batch.Record{{Key: []byte(`"K\u00f6ln"`)}, {Headers: []batch.Header{{Key: "city", Value: []byte(`"K\u00f6ln"`)}}}} {
		if inPlace, held := verdicts(t, parse(t, "Köln"), rec); !inPlace || !held {
			t.Errorf("%+v: %v %v", rec, inPlace, held)
		}
	}
}

func TestSpansLightUpWhatEscapesSay(t *testing.T) {
	for _, c := range []struct{ query, text, want string }{
		{`Köln`, `{"city":"K\u00f6ln"} Köln`, `{"city":"[K\u00f6ln]"} [Köln]`},
		{`/ö+/`, `"K\u00f6\u00f6ln"`, `"K[\u00f6\u00f6]ln"`},
		{`value.city == "Köln"`, `{"city":"K\u00f6ln"}`, `{"city":"[K\u00f6ln]"}`},
		{`köln`, `{"p":"{\"c\":\"K\\u00d6LN\"}"}`, `{"p":"{\"c\":\"[K\\u00d6LN]\"}"}`},
		{`a/b`, `"a\/b a/b"`, `"[a\/b] [a/b]"`},
		{`😀`, `"x\ud83d\ude00y"`, `"x[\ud83d\ude00]y"`},
		{`Bonn`, `"K\u00f6ln"`, `"K\u00f6ln"`},
		{`ln`, `"K\u00f6ln"`, `"K\u00f6[ln]"`},
	} {
		var got strings.Builder
		at := 0
		for _, s := range parse(t, c.query).Spans(c.text) {
			got.WriteString(c.text[at:s[0]] + "[" + c.text[s[0]:s[1]] + "]")
			at = s[1]
		}
		got.WriteString(c.text[at:])
		if got.String() != c.want {
			t.Errorf("%s lights up %s, not %s", c.query, got.String(), c.want)
		}
	}
}

// A word is found where it stands in a text or in what it says at any level, and
// nowhere else; skimming passes over none of it.
func TestWordsBehindEscapesAreFoundAsReadingFindsThem(t *testing.T) {
	pieces := []string{"k", "K", "ö", "Ö", "l", "a", "b", "/", "\\", `"`, "\n", "😀", "u", "0", "\u212a", "�",
		`\u00f6`, `\u00D6`, `\/`, `\\`, `\"`, `\n`, `\ud83d`, `\ude00`, `\u005c`, `\u006b`, `\\u00f6`, `\\\\u00f6`, `\\\/`, `\u00`, `\x`, "\xff"}
	words := []string{"kö", "kÖ", "öl", "a/b", "/", `\`, `"`, "😀", "u00", "k", "�", "a", `\u00f6`, "\n", "ab"}
	patterns := []string{"k.l", "(?i)KÖ", "ö/", "[^a]/b", "^k", "ö|😀"}
	testseed.Check(t, func(t *rapid.T) {
		var text string
		for _, p := range rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "text") {
			text += p
		}
		for _, s := range words {
			w := newWord(s, false)
			checkSaid(t, &w, text, func(said string) bool { return naive(said, s, w.exact) })
		}
		for _, s := range patterns {
			p, err := newPattern(s)
			if err != nil {
				t.Fatal(err)
			}
			w := patternWord(p, false)
			checkSaid(t, &w, text, p.re.MatchString)
		}
	})
}

func checkSaid(t *rapid.T, w *word, text string, is func(string) bool) {
	t.Helper()
	want := false
	for _, said := range naiveSaid(text) {
		want = want || is(said)
	}
	var s saying
	if got := w.saidIn([]byte(text), &s); got != want {
		t.Fatalf("%q is found in %q: %v, want %v", w.text, text, got, want)
	}
	if want && w.skims() && w.index([]byte(text)) < 0 {
		t.Fatalf("%q is in %q, which skimming passes over", w.text, text)
	}
	for _, at := range w.appendSaidSpans(nil, []byte(text)) {
		if at[0] >= at[1] || at[1] > len(text) {
			t.Fatalf("%q lights up %v of %q", w.text, at, text)
		}
	}
}

func TestSkimmingReachesBeyondItsPieces(t *testing.T) {
	for _, hit := range []string{`K\u00f6ln`, `Köln`, `\u004b\u00f6\u006c\u006e`} {
		for shift := range 2 * len(hit) {
			b := []byte(strings.Repeat("x", 3*skimmedAtOnce-shift) + hit + strings.Repeat("x", 100))
			at := parse(t, "Köln").Matcher(kafka.TopicPartition{}).(kafka.Skimmer).Skim(b)
			if begin := 3*skimmedAtOnce - shift; at < begin || at >= begin+len(hit) {
				t.Fatalf("%s, %d before the end of a piece, is found at %d, not within it", hit, shift, at)
			}
		}
	}
}

// What other languages write by default.
const value200Escaped = `{"id":204113,"event":"order.created","customer":{"name":"Milena Jesensk\u00e1","city":"Praha \u2013 \u017di\u017ekov"},"total":129.90,"note":"\u003cb\u003e\"hi\"\u003c\/b\u003e","at":"2026-11-22T14:05:11.103Z"}`

func BenchmarkMatchEscaped(b *testing.B) {
	for _, text := range []string{"milena", "refund", "jesenská", "밀레나", `/refund-\d+/`, `/[A-Z]{3}-\d{6}/`, `value.event == "order.paid"`, `value contains "refund"`} {
		b.Run(fmt.Sprint(strings.ReplaceAll(text, "/", "|")), func(b *testing.B) {
			m := parse(b, text).Matcher(testTP)
			benchViewOf(b, value200Escaped, func(v *batch.View) {
				b.ReportAllocs()
				for b.Loop() {
					m.Match(v)
				}
			})
		})
	}
}
