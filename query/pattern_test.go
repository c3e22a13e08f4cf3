package query

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"milena/internal/testseed"
)

// A pattern says what package regexp says, whichever way it takes.
func TestPatternsAgreeWithRegexp(t *testing.T) {
	texts := []string{"", "a", "b", "ab", "ba", "aab", "abb\nab", "AB", "aB1", "é", "aé", "\xff", "a\xffb", "\ufffd", "k\u212aK", "ſS", "İi", "2026-11-22", "a\n", "\na", "日本"}
	for _, source := range []string{
		"", "a", "^a", "a$", "^a$", "^$", "$^", "(^|b)a", "a($|b)", "^*a", "a|^b", "(a|b)*b$", "a.b", "(?s)a.b", "a\\nb", "[^a]", "[^a]b", "\\d{4}-\\d\\d",
		"(?i)k", "(?i)s", "(?i)ab", "(?i)[a-c]1", "\\bab\\b", "\\Bb", "(?m)^a", "(?m)a$", "\\Aab\\z", "a*?b", "(a|ab)(c|bcd)", "é+", "\\x{FFFD}", ".", ".{3}", "[[:alpha:]]+[0-9]",
		"\\p{Han}", "a{0}", "(a{0,3}){0,3}b", "x*", "^x*$", "\\pL{2}", "[\\s\\S]b", "a$b", "b^a", "(?:$|a)b?", "[a-z]{20}",
	} {
		p, err := newPattern(source)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile(source)
		for _, text := range texts {
			if got, want := p.in([]byte(text)), re.MatchString(text); got != want {
				t.Errorf("/%s/ in %q is %v, want %v", source, text, got, want)
			}
		}
	}
	testseed.Check(t, func(t *rapid.T) {
		source := rapid.SampledFrom([]string{"", "(?i)", "(?s)", "(?m)"}).Draw(t, "flags") + drawRegex(t, 4)
		p, err := newPattern(source)
		if err != nil {
			t.Skip(err)
		}
		re := regexp.MustCompile(source)
		for range 8 {
			text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "k", "s", "A", "K", "\u212a", "ſ", "é", "\n", "0", "\xff", "\ufffd"}), 0, 8).Draw(t, "text"), "")
			if got, want := p.in([]byte(text)), re.MatchString(text); got != want {
				t.Fatalf("/%s/ in %q is %v, want %v", source, text, got, want)
			}
		}
	})
}

func drawRegex(t *rapid.T, depth int) string {
	if depth == 0 {
		return rapid.SampledFrom([]string{"a", "b", "k", "s", "é", ".", "[a-k]", "[^b]", "^", "$", `\b`, `\d`, `\n`, "ab", ""}).Draw(t, "leaf")
	}
	sub := func() string { return drawRegex(t, depth-1) }
	switch rapid.IntRange(0, 6).Draw(t, "regex") {
	case 0:
		return "(" + sub() + "|" + sub() + ")"
	case 1:
		return "(?:" + sub() + ")" + rapid.SampledFrom([]string{"*", "+", "?", "{2}", "{0,2}", "*?"}).Draw(t, "times")
	case 2, 3:
		return sub() + sub()
	}
	return drawRegex(t, 0)
}

// Those that are asked of every record and of every byte are automata.
func TestOrdinaryPatternsAreAutomata(t *testing.T) {
	for _, source := range []string{`[A-Z]{3}-\d{6}`, `\d{4}-\d{2}-\d{2}T`, `(?i)error|warn(ing)?`, `^user-[0-9]+$`, `"total":[0-9]{3,}`, `\w+@\w+\.com`} {
		if p, err := newPattern(source); err != nil || p.fast == nil {
			t.Errorf("/%s/ is no automaton (%v)", source, err)
		}
	}
	// This one would have 2^20 states.
	if p, err := newPattern("(a|b)*a(a|b){20}c"); err != nil || p.fast != nil {
		t.Errorf("an automaton without end (%v)", err)
	}
}
