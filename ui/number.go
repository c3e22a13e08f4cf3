package ui

import (
	"fmt"
	"strconv"
	"time"
)

// Numbers as people read them.

// humanCount is a count in at most four letters: 412, 9.8k, 48k, 1.2M.
func humanCount(n int64) string {
	if n < 0 {
		return "-" + humanCount(-n)
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

// humanRate is a rate a second: 0.4, 7.2, 12.4k.
func humanRate(r float64) string {
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

// exact is a count with its thousands apart: 18,204.
func exact(n int64) string {
	s := strconv.FormatInt(n, 10)
	neg := ""
	if s[0] == '-' {
		neg, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return neg + s
}

// humanBytes is a size: 29 B, 3.4 KB, 10.2 MB, in steps of 1000.
func humanBytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), ""
	for _, u := range []string{"KB", "MB", "GB", "TB"} {
		f, unit = f/1000, u
		if f < 999.95 {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", f, unit)
}

// humanDuration is how long something took or lasts: 2.1 ms, 12 s, 3 min, 5 h.
func humanDuration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + humanDuration(-d)
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	case d < 730*24*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
	return fmt.Sprintf("%d years", int(d.Hours()/24/365))
}

// ago is an age as a person says it.
func ago(d time.Duration) string {
	if d < 0 {
		return "in " + humanDuration(-d)
	}
	if d < time.Second {
		return "just now"
	}
	return humanDuration(d) + " ago"
}

// plural is a count and its noun: 1 partition, 6 partitions.
func plural(n int, of string) string { return exact(int64(n)) + " " + noun(int64(n), of) }

// noun is what there are n of.
func noun(n int64, one string) string {
	if n == 1 {
		return one
	}
	return one + "s"
}
