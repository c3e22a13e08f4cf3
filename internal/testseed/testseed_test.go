package testseed

import (
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

func TestSeedsThatAreAskedFor(t *testing.T) {
	for text, want := range map[string]uint64{"": fixed, "7": 7, "18446744073709551615": 1<<64 - 1} {
		if n, err := parse(text); n != want || err != nil {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"0", "-1", "x", "1.5", "18446744073709551616"} {
		if n, err := parse(text); err == nil {
			t.Errorf("%q: %d", text, n)
		}
	}
	a, err := parse("random")
	b, _ := parse("random")
	if a == b || a == 0 || err != nil {
		t.Errorf("random: %d and %d, %v", a, b, err)
	}
}

func TestTheSameSeedGivesTheSameCases(t *testing.T) {
	cases := func() (all []int) {
		synctest.Test(t, func(t *testing.T) {
			Check(t, func(t *rapid.T) { all = append(all, rapid.Int().Draw(t, "n")) })
		})
		return all
	}
	if first, again := cases(), cases(); len(first) < 10 || !slices.Equal(first, again) {
		t.Errorf("first %v, then %v", first, again)
	}
	if a, b := Rand(t).Uint64(), Rand(t).Uint64(); a != b {
		t.Errorf("first %d, then %d", a, b)
	}
}
