package ui

import (
	"strings"
	"testing"
)

func TestJSONIsShownAsItSays(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{`{"city":"K\u00f6ln"}`, "{\n  \"city\": \"Köln\"\n}"},
		{`{"k\u00f6y":"\ud83c\udf89 \/ \" \\ \n \t \u0041"}`, "{\n  \"köy\": \"🎉 / \\\" \\\\ \\n \\t A\"\n}"},
		{`{"a":"\u001b[31m \u202e \u200b \ud800 \u0022 \u005c \u00a0"}`, "{\n  \"a\": \"\\u001b[31m \\u202e \\u200b \\ud800 \\u0022 \\u005c \\u00a0\"\n}"},
		{`{"p":"{\"id\":1,\"in\":\"[1,{\\\"x\\\":\\\"\\\\u00e4\\\"}]\"}","q":2}`,
			"{\n  \"p\": \"{\n    \"id\": 1,\n    \"in\": \"[\n      1,\n      {\n        \"x\": \"ä\"\n      }\n    ]\"\n  }\",\n  \"q\": 2\n}"},
		{`["{}","[1]","{not json}","[","{\"a\":}"]`, "[\n  \"{}\",\n  \"[\n    1\n  ]\",\n  \"{not json}\",\n  \"[\",\n  \"{\\\"a\\\":}\"\n]"},
		{`{"n":1e3,"x":1.10}`, "{\n  \"n\": 1e3,\n  \"x\": 1.10\n}"},
	} {
		bubble(t, func(t *testing.T) {
			d, _ := opened(t, []byte(c.value), 120, 60)
			var got []string
			for _, l := range strings.Split(d.screen(), "\n") {
				got = append(got, strings.TrimRight(l, " "))
			}
			want := strings.Split(c.want, "\n")
			at := 0
			for _, l := range got {
				if at < len(want) && strings.HasSuffix(strings.Replace(l, "▌", " ", 1), "│ "+want[at]) {
					at++
				}
			}
			if at < len(want) {
				t.Errorf("%s is not shown as\n%s\nfrom %q on:\n%s", c.value, c.want, want[at], d.screen())
			}
			d.press("y", "v")
			if d.copied != c.value {
				t.Errorf("copied %s", d.copied)
			}
		})
	}
}

func TestADeepOrLargeStringOfJSON(t *testing.T) {
	s := `{"a":1}`
	for range 12 {
		s = `{"a":` + quoteJSON(s) + `}`
	}
	if got := saidJSON([]byte(s)); strings.Count(string(got), string(rune(nestOpen))) != nestMost {
		t.Errorf("%d levels are unfolded", strings.Count(string(got), string(rune(nestOpen))))
	}
	s = `{"k\u00e4":"\ud83c\udf89","in":` + quoteJSON(`{"b":"\u00f6"}`) + `}`
	for cut := range s { // the front of something larger
		saidJSON([]byte(s[:cut]))
	}
}

func quoteJSON(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
