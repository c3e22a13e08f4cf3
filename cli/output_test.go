package cli

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"milena/archive"
	"milena/kafka"
	"milena/kafka/batch"

	"github.com/charmbracelet/x/ansi"
)

// views gives each record as it comes from a broker.
func views(t testing.TB, records []batch.Record, do func(*batch.View)) {
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

// written is what a form makes of one record.
func written(t testing.TB, f form, r batch.Record) string {
	t.Helper()
	var out []byte
	views(t, []batch.Record{r}, func(v *batch.View) { out = f(out, somewhere, v) })
	return string(out)
}

func TestFormats(t *testing.T) {
	full := batch.Record{Timestamp: 12, Key: []byte("k"), Value: []byte("value"),
		Headers: []batch.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: nil}, {Key: "", Value: []byte{}}}}
	for _, c := range []struct {
		format, null string
		record       batch.Record
		want         string
	}{
		{"%t/%p@%o %T %k(%K)=%s(%S) %h", "", full, "t/3@0 12 k(1)=value(5) a=1,a=,="},
		{"%h", "NULL", full, "a=1,a=NULL,="},
		{"%k(%K)=%s(%S) %h", "", batch.Record{}, "(-1)=(-1) "},
		{"%k=%s", "NULL", batch.Record{}, "NULL=NULL"},
		{"%k(%K)=%s(%S)", "NULL", batch.Record{Key: []byte{}, Value: []byte{}}, "(0)=(0)"},
		{`%%\n\t\r\x41\x00\\é`, "", full, "%\n\t\rA\x00\\é"},
		{"", "", full, ""},
		{"plain", "", full, "plain"},
		{"%s", "", batch.Record{Value: []byte{0xff, 0, '\n'}}, "\xff\x00\n"},
	} {
		pieces, err := parseFormat(c.format)
		if err != nil {
			t.Errorf("%q: %v", c.format, err)
		} else if got := written(t, tokenForm(pieces, c.null), c.record); got != c.want {
			t.Errorf("%q: %q; want %q", c.format, got, c.want)
		}
	}
	for _, format := range []string{"%", "x\\", "%x", `\q`, `\x4`, `\x`, `\xg0`, "%é", `\x-1`, `\x+1`} {
		if _, err := parseFormat(format); err == nil {
			t.Errorf("%q: no error", format)
		}
	}
}

func FuzzParseFormat(f *testing.F) {
	f.Add(`%t %% \x41 \n`)
	f.Fuzz(func(t *testing.T, text string) {
		pieces, err := parseFormat(text)
		if err != nil {
			return
		}
		if !strings.ContainsAny(text, `%\`) {
			if got := written(t, tokenForm(pieces, ""), batch.Record{}); got != text {
				t.Fatalf("%q is written as %q", text, got)
			}
		}
		for _, p := range pieces {
			if (p.token == 0) == (p.text == "") {
				t.Fatalf("%q: a piece is neither token nor text: %+v", text, pieces)
			}
		}
	})
}

func TestWhatTailPrintsProduceReads(t *testing.T) {
	records := []batch.Record{
		{Timestamp: 1, Key: []byte("k"), Value: []byte("v")},
		{Timestamp: -1},
		{Timestamp: math.MaxInt64, Key: []byte{}, Value: []byte{}, Headers: []batch.Header{{Key: "a", Value: []byte{}}, {Key: "a"}, {Key: "\xff", Value: []byte("\xfe")}}},
		{Timestamp: math.MinInt64 + 1, Key: []byte("\xff"), Value: []byte("\x00\u2028\"\\")},
	}
	for _, want := range records {
		line := written(t, archive.AppendJSON, want)
		m := kafka.Message{Partition: kafka.AnyPartition}
		if err := jsonParser(true)([]byte(line), &m); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		same := func(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }
		if !same(m.Key, want.Key) || !same(m.Value, want.Value) || m.Timestamp != want.Timestamp || m.Partition != 3 ||
			!slices.EqualFunc(m.Headers, want.Headers, func(a, b batch.Header) bool { return a.Key == b.Key && same(a.Value, b.Value) }) {
			t.Errorf("%s is read as %+v", line, m)
		}
	}
}

func TestRowsCannotSteerTheTerminal(t *testing.T) {
	nasty := batch.Record{Timestamp: 1, Key: []byte("\x1b]0;title\a\u202e"), Value: []byte("a\nb\x1b[2Jc\u009b\u200dd\xff\x7f\u2066"), Headers: []batch.Header{{Key: "h"}}}
	row := written(t, rowForm(1, false, time.UTC), nasty)
	for i, r := range row {
		if (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) && r != '\u200d' && i != len(row)-1 {
			t.Errorf("%q has %U", row, r)
		}
	}
	if want := `\x1b]0;title\x07\u{202e}  a\nb\x1b[2Jc\x9b` + "\u200d" + `d\xff\x7f\u{2066}  +1 header`; !strings.HasSuffix(row, want+"\n") {
		t.Errorf("%q does not end with %q", row, want)
	}
}

func TestRowsAlignAndTellNullFromEmpty(t *testing.T) {
	f := rowForm(0, false, time.UTC)
	for _, c := range []struct {
		record batch.Record
		want   string
	}{
		{batch.Record{Timestamp: 1700000000123, Key: []byte("user-12"), Value: []byte("v")}, "2023-11-14 22:13:20.123    3           0  user-12       v\n"},
		{batch.Record{Timestamp: 0}, "1970-01-01 00:00:00.000    3           0  ∅             ∅ tombstone\n"},
		{batch.Record{Timestamp: 0, Key: []byte{}, Value: []byte{}}, "1970-01-01 00:00:00.000    3           0  \"\"            \"\"\n"},
		{batch.Record{Timestamp: 0, Key: []byte("한국"), Value: []byte("x")}, "1970-01-01 00:00:00.000    3           0  한국          x\n"},
	} {
		if got := written(t, f, c.record); got != c.want {
			t.Errorf("%q; want %q", got, c.want)
		}
		if coloured := written(t, rowForm(0, true, time.UTC), c.record); ansi.Strip(coloured) != c.want || coloured == c.want {
			t.Errorf("in colour: %q", coloured)
		}
	}
	if got := written(t, rowForm(5, false, time.UTC), batch.Record{Value: []byte("v")}); !strings.Contains(got, "  t        3  ") {
		t.Errorf("topics do not align: %q", got)
	}
	long := written(t, f, batch.Record{Value: bytes.Repeat([]byte("x"), 5000)})
	if !strings.HasSuffix(long, "x… (5000 bytes)\n") || len(long) > 4300 {
		t.Errorf("%d bytes, ending in %q", len(long), long[len(long)-20:])
	}
}

func TestFormattingDoesNotAllocate(t *testing.T) {
	pieces, err := parseFormat(`%t %p %o %T %k %s %h\n`)
	if err != nil {
		t.Fatal(err)
	}
	record := batch.Record{Key: []byte("key"), Value: bytes.Repeat([]byte("é"), 100), Headers: []batch.Header{{Key: "a", Value: []byte("b")}}}
	for name, f := range map[string]form{"value": valueForm(""), "format": tokenForm(pieces, ""), "json": archive.AppendJSON} {
		buf := make([]byte, 0, 4096)
		views(t, []batch.Record{record}, func(v *batch.View) {
			if got := testing.AllocsPerRun(100, func() { buf = f(buf[:0], somewhere, v) }); got > 0 {
				t.Errorf("%s: %v allocations a record", name, got)
			}
		})
	}
}

func BenchmarkForms(b *testing.B) {
	pieces, err := parseFormat(`%k %s\n`)
	if err != nil {
		b.Fatal(err)
	}
	record := batch.Record{Key: []byte("user-12"), Value: fmt.Appendf(nil, `{"id":1,"event":"login","pad":"%s"}`, strings.Repeat("x", 165))}
	for _, c := range []struct {
		name string
		form form
	}{{"value", valueForm("")}, {"format", tokenForm(pieces, "")}, {"json", archive.AppendJSON}} {
		b.Run(c.name, func(b *testing.B) {
			buf := make([]byte, 0, 4096)
			b.ReportAllocs()
			views(b, []batch.Record{record}, func(v *batch.View) {
				for b.Loop() {
					buf = c.form(buf[:0], somewhere, v)
				}
			})
		})
	}
}

// A timestamp of −1 is none in a table; -J and %T give it as it is.
func TestARowWithoutATimestampSaysSo(t *testing.T) {
	untimed := batch.Record{Timestamp: batch.NoTime, Value: []byte("v")}
	if row := written(t, rowForm(0, false, time.UTC), untimed); !strings.Contains(row, " no time ") || strings.Contains(row, "1969") {
		t.Errorf("the row is %q", row)
	}
	if line := string(written(t, archive.AppendJSON, untimed)); !strings.Contains(line, `"timestamp":-1`) {
		t.Errorf("the line is %s", line)
	}
}
