package human

import (
	"math"
	"testing"
	"time"
)

func TestSizesHaveOneSystem(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 12_345: "12.3 kB", 99_949: "99.9 kB", 99_951: "100 kB", 999_499: "999 kB",
		999_600: "1.0 MB", 1 << 20: "1.0 MB", 64 << 20: "67.1 MB", 2_100_000_000: "2.1 GB", -4000: "-4.0 kB", math.MaxInt64: "9.2 EB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestSizesAreReadInBothSystems(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1048576": 1 << 20, "512MB": 512e6, "512 MB": 512e6, "1GiB": 1 << 30, "1.5kB": 1500, "1.5 KiB": 1536, "1KB": 1000, "17B": 17,
	} {
		if got, err := ParseBytes(text); err != nil || got != want {
			t.Errorf("%q is %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "MB", "-1", "1mb", "1.0001kB", "1e3", "1/2MB", "9999999TB", "1 MB 2"} {
		if got, err := ParseBytes(text); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
	for _, n := range []int64{0, 1, 999, 1500, 12_300, 99_900, 150e3, 2_100e6} {
		if got, err := ParseBytes(Bytes(n)); err != nil || got != n {
			t.Errorf("%d is written %s, which is read as %d, %v", n, Bytes(n), got, err)
		}
	}
}

func TestTimesForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0 ms", 2100 * time.Microsecond: "2.1 ms", 12 * time.Second: "12 s", 119 * time.Second: "119 s", 3 * time.Minute: "3 min",
		5 * time.Hour: "5 h", 72 * time.Hour: "3 days", -time.Second: "-1.0 s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%s lasts %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "1 s", 1400 * time.Millisecond: "1 s", 119 * time.Second: "119 s", 5 * time.Minute: "5 min", 3 * time.Hour: "3 h"} {
		if got := Left(d); got != want {
			t.Errorf("%s is %q left, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{-time.Hour: "0s", 12 * time.Second: "12s", 5 * time.Minute: "5m", 49 * time.Hour: "2d", 4 * 366 * 24 * time.Hour: "4y"} {
		if got := Age(d); got != want {
			t.Errorf("%s is of age %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "just now", -2 * time.Second: "in 2.0 s", 3 * time.Minute: "3 min ago"} {
		if got := Ago(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 412: "412", 9_840: "9.8k", 48_000: "48k", 999_600: "1.0M", 1_200_000: "1.2M", -1500: "-1.5k"} {
		if got := Count(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 18_204: "18,204", -1_000_000: "-1,000,000", math.MinInt64: "-9,223,372,036,854,775,808"} {
		if got := Exact(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for r, want := range map[float64]string{-1: "0", 0.4: "0.4", 7.2: "7.2", 412: "412", 12_400: "12.4k", 120_000: "120k", 2e6: "2.0M"} {
		if got := Rate(r); got != want {
			t.Errorf("%g is %q, want %q", r, got, want)
		}
	}
	if got := Plural(1, "partition") + ", " + Plural(int64(2000), "record"); got != "1 partition, 2,000 records" {
		t.Error(got)
	}
}
