package cli

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestDelimitersTakeTheEscapesOfAFormat(t *testing.T) {
	for text, want := range map[string]string{
		`\t`: "\t", `\t\n\n`: "\t\n\n", `\x54!\x45\x53T`: "T!EST", `\x00`: "\x00", `\\t`: `\t`, ":": ":", "::": "::", "–": "–", "": "",
	} {
		if got, err := delimiter(text); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
		if text == "" {
			continue
		}
		pieces, err := parseFormat(text)
		if err != nil || len(pieces) != 1 || pieces[0].text != want {
			t.Errorf("-f %s: %v, %v; want %q", text, pieces, err, want)
		}
	}
	for _, text := range []string{`\`, `a\`, `\x`, `\x5`, `\xzz`, `\q`, `\é`} {
		if got, err := delimiter(text); err == nil {
			t.Errorf("%s: %q, no error", text, got)
		}
	}
}

func TestLinesEndWithAnyDelimiter(t *testing.T) {
	for _, c := range []struct {
		end, text string
		want      []string
	}{
		{"\x00", "a\nb\x00c", []string{"a\nb", "c"}},
		{"||", "a|b||||c||", []string{"a|b", "", "c"}},
		{"||", "a|", []string{"a|"}},
		{"\r\n", "a\rb\r\nc\n", []string{"a\rb", "c\n"}},
		{"aab", "aaab|aab", []string{"a", "|"}},
	} {
		for _, in := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text)), iotest.HalfReader(strings.NewReader(c.text))} {
			var got []string
			_, err := readLines(t.Context(), in, "stdin", c.end).each(t.Context(), func(line []byte) error {
				got = append(got, string(line))
				return nil
			})
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q by %q: %q, %v; want %q", c.text, c.end, got, err, c.want)
			}
		}
	}
}
