package kafka

import (
	"strings"
	"testing"
	"time"
)

func TestClocksAreComparedAsFarAsTheyCanBeTold(t *testing.T) {
	asked := time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)
	answered := asked.Add(40 * time.Millisecond)
	for _, x := range []struct {
		theirs  time.Duration // after the question
		outcome Outcome
		says    string
	}{
		{20 * time.Millisecond, Passed, "agree, within 21ms"},
		{0, Passed, "agree"},
		{40 * time.Millisecond, Passed, "agree"},
		{520 * time.Millisecond, Passed, "500ms ahead of this one (± 21ms)"},
		{-4 * time.Second, Passed, "4s behind this one"},
		{-6 * time.Second, Warned, "6s behind this one"},
		{time.Hour, Warned, "1h0m0s ahead of this one"},
	} {
		s := ProbeStep{Outcome: Passed}
		compareClocks(&s, asked, answered, asked.Add(x.theirs))
		if s.Outcome != x.outcome || !strings.Contains(s.Summary, x.says) {
			t.Errorf("%v: %s, %q; not %s, %q", x.theirs, s.Outcome, s.Summary, x.outcome, x.says)
		}
		if (s.Hint != "") != (x.outcome == Warned) {
			t.Errorf("%v: the hint is %q", x.theirs, s.Hint)
		}
	}
}
