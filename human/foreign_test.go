package human

import "testing"

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"orders_eu-1.dlq":            "orders_eu-1.dlq",
		"Käse 👩\u200d🚀 日本":           "Käse 👩\u200d🚀 日本",
		"a\x1b]0;x\x07\r\n\tb":       `a\x1b]0;x\x07\r\n\tb`,
		"\u009b2J\x7f\u202e\u2028":   `\x9b2J\x7f\u{202e}\u{2028}`,
		"\xff\xfeok\xc3":             `\xff\xfeok\xc3`,
		"\u00ad soft and \ufeff BOM": `\xad soft and \u{feff} BOM`,
	} {
		if got := Escape(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := Escape([]byte(text)); got != want {
			t.Errorf("bytes %q: %q, want %q", text, got, want)
		}
	}
	if got := EscapeLines("a\x1b\nb\r"); got != "a\\x1b\nb\\r" {
		t.Errorf("%q", got)
	}
}

func TestClip(t *testing.T) {
	for _, x := range []struct {
		text string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"äöü", 3, "äöü"}, {"äöüß", 3, "äöü…"}, {"", 0, ""}} {
		if got := Clip(x.text, x.n); got != x.want {
			t.Errorf("%q to %d: %q", x.text, x.n, got)
		}
	}
}
