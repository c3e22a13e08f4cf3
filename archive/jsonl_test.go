package archive

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"milena/internal/testseed"
	"milena/kafka"
	"milena/kafka/batch"

	"pgregory.net/rapid"
)

// views gives each record as it comes from a broker.
func views(t rapid.TB, records []batch.Record, do func(*batch.View)) {
	t.Helper()
	b := batch.NewBuilder(batch.None)
	for _, r := range records {
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := b.Finish(nil)
	if err != nil {
		t.Fatal(err)
	}
	var d batch.Decoder
	d.Walk(raw, 0, math.MaxInt64, nil, visitor(func(v *batch.View) { do(v) }))
}

type visitor func(*batch.View)

func (f visitor) Record(v *batch.View) bool { f(v); return true }
func (visitor) Skip(batch.Skip)             {}

var somewhere = kafka.TopicPartition{Topic: "t", Partition: 3}

// written is one record as a line.
func written(t rapid.TB, r batch.Record) string {
	t.Helper()
	var out []byte
	views(t, []batch.Record{r}, func(v *batch.View) { out = AppendJSON(out, somewhere, v) })
	return string(out)
}

func sameBytes(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

func sameHeaders(a, b []batch.Header) bool {
	return slices.EqualFunc(a, b, func(a, b batch.Header) bool { return a.Key == b.Key && sameBytes(a.Value, b.Value) })
}

func TestJSONFieldsAndTheirOrder(t *testing.T) {
	for want, r := range map[string]batch.Record{
		`{"topic":"t","partition":3,"offset":0,"timestamp":-5,"timestampType":"CreateTime","key":null,"value":null,"headers":[]}`: {Timestamp: -5},
		`{"topic":"t","partition":3,"offset":0,"timestamp":0,"timestampType":"CreateTime","key":"","value":"","headers":[{"key":"","value":""},{"key":"h","value":null},{"key":"h","valueBase64":"/w=="},{"keyBase64":"/w==","value":"<&>"}]}`: {
			Key: []byte{}, Value: []byte{}, Headers: []batch.Header{{Value: []byte{}}, {Key: "h"}, {Key: "h", Value: []byte{0xff}}, {Key: "\xff", Value: []byte("<&>")}}},
		`{"topic":"t","partition":3,"offset":0,"timestamp":1,"timestampType":"CreateTime","keyBase64":"wyg=","valueBase64":"AP8=","headers":[]}`: {
			Timestamp: 1, Key: []byte{0xc3, 0x28}, Value: []byte{0, 0xff}},
	} {
		if got := written(t, r); got != want+"\n" {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

// Our strings are encoding/json's, byte for byte, in the one form it has for
// each; and what produce reads back is what was printed.
func FuzzJSONString(f *testing.F) {
	f.Add([]byte("a\"b\\c\x00\x1f\x7f\n\r\t\b\f</é한😀\u2028\u2029\u202a\xe2"))
	f.Add([]byte("\xff\xfe"))
	f.Add([]byte("\xe2\x80"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		got := appendJSONField(nil, "key", text)
		var quoted, coded json.RawMessage
		if utf8.Valid(text) && text != nil {
			var want bytes.Buffer
			enc := json.NewEncoder(&want)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(string(text)); err != nil {
				t.Fatal(err)
			}
			if w := `"key":` + strings.TrimSpace(want.String()); string(got) != w {
				t.Fatalf("%s; want %s", got, w)
			}
			quoted = json.RawMessage(got[len(`"key":`):])
		} else if text != nil {
			if want := `"keyBase64":"` + base64.StdEncoding.EncodeToString(text) + `"`; string(got) != want {
				t.Fatalf("%s; want %s", got, want)
			}
			coded = json.RawMessage(got[len(`"keyBase64":`):])
		}
		back, err := jsonBytes("key", quoted, coded)
		if err != nil || !bytes.Equal(back, text) || (back == nil) != (text == nil) {
			t.Fatalf("%q is read back as %q, %v", text, back, err)
		}
	})
}

func TestJSONThatIsNoMessage(t *testing.T) {
	for line, part := range map[string]string{
		``:                                  "not the JSON",
		`{`:                                 "not the JSON",
		`[]`:                                "not the JSON",
		`{"key":"k"}`:                       "not a message",
		`{"value":"\ud800"}`:                "half of a surrogate",
		`{"value":"\ud800\u0041"}`:          "half of a surrogate",
		`{"value":"\udc00x"}`:               "half of a surrogate",
		`{"valueBase64":"!"}`:               "Base64",
		`{"value":"v","headers":5}`:         "not a list",
		`{"value":"v","headers":["a"]}`:     "no value",
		`{"value":"v","headers":[{}]}`:      "no key",
		`{"value":"v","headers":[5,"a"]}`:   "neither a string",
		`{"value":"v","timestamp":"today"}`: "is not a time",
		`{"value":"v","timestamp":1.5}`:     "neither a whole number",
		`{"value":"v","timestamp":9223372036854775808}`: "fits 64 bits",
	} {
		var l Line
		err := l.Parse([]byte(line))
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v; want it to say: %s", line, err, part)
		}
	}
}

// anyBytes are null, empty, text, text that JSON escapes, or not text at all.
func anyBytes() *rapid.Generator[[]byte] {
	return rapid.OneOf(
		rapid.Just[[]byte](nil),
		rapid.SliceOfN(rapid.Byte(), 0, 40),
		rapid.Map(rapid.StringN(0, 40, -1), func(s string) []byte { return []byte(s) }),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]rune("\"\\/\b\f\n\r\t\x00\x1f\u2028\u2029<&>é한😀")), 0, 20), func(r []rune) []byte { return []byte(string(r)) }),
	)
}

func anyRecord() *rapid.Generator[batch.Record] {
	return rapid.Custom(func(t *rapid.T) batch.Record {
		r := batch.Record{
			Timestamp: rapid.Int64().Draw(t, "timestamp"), Key: anyBytes().Draw(t, "key"), Value: anyBytes().Draw(t, "value"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "headers") {
			r.Headers = append(r.Headers, batch.Header{Key: string(anyBytes().Draw(t, "name")), Value: anyBytes().Draw(t, "header")})
		}
		return r
	})
}

// Whatever a record's bytes are, its line is JSON, and reads as that record: by
// the short way, and by the long one, which must agree.
func TestLinesReadBackExactly(t *testing.T) {
	testseed.Check(t, func(t *rapid.T) {
		want := anyRecord().Draw(t, "record")
		line := strings.TrimSuffix(written(t, want), "\n")
		if !json.Valid([]byte(line)) || !utf8.ValidString(line) || strings.Contains(line, "\n") {
			t.Fatalf("%q is no line of JSON", line)
		}
		var short, long Line
		if !short.parseOwn([]byte(line)) {
			t.Fatalf("%s is not read the short way", line)
		}
		if err := long.Parse([]byte(line + " ")); err != nil {
			t.Fatal(err)
		}
		for _, l := range []Line{short, long} {
			if l.Topic != "t" || l.Partition != 3 || l.Offset != 0 || l.Timestamp != want.Timestamp || l.Timestamps != batch.CreateTime ||
				!sameBytes(l.Key, want.Key) || !sameBytes(l.Value, want.Value) || !sameHeaders(l.Headers, want.Headers) {
				t.Fatalf("%s is read as %+v", line, l)
			}
		}
	})
}

// The short way takes nothing that is not JSON, and nothing that the long way
// would read as another record.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"topic":"t","partition":3,"offset":0,"timestamp":-5,"timestampType":"CreateTime","key":null,"valueBase64":"/w==","headers":[{"key":"a\u00e9","value":""}]}`))
	f.Add([]byte(`{"value":"v\u00e9","key":null,"headers":[{"key":"a","value":"b"},"c","d"],"timestamp":1}`))
	f.Add([]byte(`{"payload":"\ud83d\ude00\\","ts":3}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var short, long Line
		if !short.parseOwn(line) {
			return
		}
		if !json.Valid(line) {
			t.Fatalf("%q is no JSON", line)
		}
		if err := long.Parse(append(bytes.Clone(line), ' ')); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if short.Topic != long.Topic || short.Partition != long.Partition || short.Offset != long.Offset || short.Timestamp != long.Timestamp ||
			short.Timestamps != long.Timestamps || !sameBytes(short.Key, long.Key) || !sameBytes(short.Value, long.Value) || !sameHeaders(short.Headers, long.Headers) {
			t.Fatalf("%q is %+v and %+v", line, short, long)
		}
	})
}
