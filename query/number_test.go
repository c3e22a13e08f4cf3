package query

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"milena/internal/testseed"
)

func drawNumber(t *rapid.T, name string) string {
	var b strings.Builder
	digits := func(least, most int) {
		for range rapid.IntRange(least, most).Draw(t, "digits") {
			b.WriteByte(rapid.SampledFrom([]byte("000012599")).Draw(t, "digit"))
		}
	}
	if rapid.Bool().Draw(t, name) {
		b.WriteByte('-')
	}
	if rapid.Bool().Draw(t, "zero") {
		b.WriteByte('0')
	} else {
		b.WriteByte('1')
		digits(0, rapid.SampledFrom([]int{2, 20}).Draw(t, "length"))
	}
	if rapid.Bool().Draw(t, "fraction") {
		b.WriteByte('.')
		digits(1, 4)
	}
	if rapid.Bool().Draw(t, "exponent") {
		b.WriteString(rapid.SampledFrom([]string{"e", "E+", "e-", "e0"}).Draw(t, "e"))
		digits(1, 2)
	}
	return b.String()
}

func TestNumbersCompareAsTheyAreWritten(t *testing.T) {
	testseed.Check(t, func(t *rapid.T) {
		a, b := drawNumber(t, "a"), drawNumber(t, "b")
		x, okX := parseNumber([]byte(a))
		y, okY := parseNumber([]byte(b))
		if !okX || !okY {
			t.Fatalf("%s or %s is no number", a, b)
		}
		r := naiveNumber(a)
		if got, want := x.compare(&y), r.Cmp(naiveNumber(b)); got != want {
			t.Fatalf("%s to %s is %d, want %d", a, b, got, want)
		}
		i, whole := x.integer()
		if whole && (!r.IsInt() || r.Num().Int64() != i) || !whole && r.IsInt() && len(r.Num().String()) <= smallDigits {
			t.Fatalf("%s is the integer %d, %v", a, i, whole)
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"0", "-1.5e+10", "01", "1.", ".5", "1e", "-", "+1", "1e99999999999999999999", "NaN", "0x1", "1_000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := parseNumber([]byte(s))
		want := json.Valid([]byte(s)) && s != "" && (s[0] == '-' || isDigit(s[0])) && strings.TrimSpace(s) == s
		if ok != want {
			t.Fatalf("%q is a number: %v", s, ok)
		}
		if ok && n.compare(&n) != 0 {
			t.Fatalf("%q is not itself", s)
		}
	})
}
