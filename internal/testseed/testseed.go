// Package testseed gives random tests their seed: always the same, so that a test
// fails for what was changed and not by chance. MILENA_TEST_SEED=random looks for
// what no seed has found yet, and MILENA_TEST_SEED=N runs one of these again.
package testseed

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// fixed is the seed of every test unless another is asked for.
const fixed = 1

var seed = sync.OnceValues(func() (uint64, error) { return parse(os.Getenv("MILENA_TEST_SEED")) })

func parse(text string) (uint64, error) {
	switch text {
	case "":
		return fixed, nil
	case "random":
		return rand.Uint64N(1e9) + 1, nil // rapid takes 0 for none
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("MILENA_TEST_SEED=%q is neither a whole number from 1 nor random", text)
	}
	return n, nil
}

// Of gives the seed of a random test. A test that fails tells it.
func Of(t testing.TB) uint64 {
	t.Helper()
	n, err := seed()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again with MILENA_TEST_SEED=%d", n)
		}
	})
	return n
}

// Rand gives a source of random numbers that begins at the test's seed.
func Rand(t testing.TB) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(Of(t), 0))
}

var seedRapid sync.Once

// Check is rapid.Check from the test's seed, unless -rapid.seed gives another, with
// fewer cases on real brokers. It works in a bubble of testing/synctest, too.
func Check(t testing.TB, property func(*rapid.T)) {
	t.Helper()
	n := Of(t)
	seedRapid.Do(func() {
		if f := flag.Lookup("rapid.seed"); f.Value.String() == "0" {
			_ = f.Value.Set(strconv.FormatUint(n, 10))
		}
		// A case takes seconds on real brokers; all of them run on the embedded one.
		if f := flag.Lookup("rapid.checks"); os.Getenv("MILENA_TEST_BROKERS") != "" && f.Value.String() == f.DefValue {
			_ = f.Value.Set("20")
		}
	})
	// A bubble's *testing.T has no deadline to ask for, and rapid asks every one.
	rapid.Check(struct{ testing.TB }{t}, property)
}
