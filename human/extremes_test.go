package human

import (
	"math"
	"testing"
	"time"
)

// TestExtremes: what a broker tells may be any number, and one of them has no negative.
func TestExtremes(t *testing.T) {
	for what, got := range map[string]string{
		"-292 years":    Duration(math.MinInt64),
		"292 years":     Duration(math.MaxInt64),
		"in 292 years":  Ago(math.MinInt64),
		"292 years ago": Ago(math.MaxInt64),
		"0s":            Age(math.MinInt64),
		"292y":          Age(math.MaxInt64),
		"1 s":           Left(time.Duration(math.MinInt64)),
		"-9.2 EB":       Bytes(math.MinInt64),
		"9.2 EB":        Bytes(math.MaxInt64),
	} {
		if got != what {
			t.Errorf("%q, want %q", got, what)
		}
	}
	for _, n := range []int64{math.MinInt64, math.MaxInt64} {
		t.Log(Count(n), Exact(n), Rate(float64(n)), Plural(n, "offset"))
	}
}
