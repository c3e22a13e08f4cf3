// Package human writes numbers, sizes and times as people read them, and reads
// what people type. The screen and the shell both use it, so that one thing looks
// the same in both. It knows no terminal.
//
// Sizes have one system everywhere: steps of 1000, written B, kB, MB, GB, TB.
// Those that read sizes take the steps of 1024 too (KiB, MiB, …).
package human

import (
	"fmt"
	"math"
	"strconv"
)

// Count is a count in at most four letters: 412, 9.8k, 48k, 1.2M.
func Count(n int64) string {
	if n < 0 {
		return "-" + Count(-max(n, -math.MaxInt64))
	}
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	f, unit := float64(n), ""
	for _, u := range []string{"k", "M", "B", "T", "Q"} {
		f, unit = f/1000, u
		if f < 999.5 {
			break
		}
	}
	if f < 9.95 {
		return fmt.Sprintf("%.1f%s", f, unit)
	}
	return fmt.Sprintf("%.0f%s", f, unit)
}

// Rate is a number per second: 0.4, 7.2, 12.4k.
func Rate(r float64) string {
	switch {
	case r <= 0:
		return "0"
	case r < 10:
		return fmt.Sprintf("%.1f", r)
	case r < 1000:
		return fmt.Sprintf("%.0f", r)
	case r < 99_950:
		return fmt.Sprintf("%.1fk", r/1000)
	case r < 999_500:
		return fmt.Sprintf("%.0fk", r/1000)
	}
	return fmt.Sprintf("%.1fM", r/1e6)
}

// Exact is a count with commas between the thousands: 18,204.
func Exact(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Plural is a count and its noun: 1 partition, 6 partitions.
func Plural[N int | int32 | int64](n N, noun string) string {
	return Exact(int64(n)) + " " + Noun(n, noun)
}

// Noun is the noun for n things.
func Noun[N int | int32 | int64](n N, one string) string {
	if n == 1 {
		return one
	}
	return one + "s"
}
