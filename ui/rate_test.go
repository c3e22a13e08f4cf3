package ui

import (
	"testing"
	"time"
)

// What waited behind a pause did not come now: the rate after a resume is that of what
// comes.
func TestRateAfterAResumeIsOfWhatComes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("steady", 1)
		d := drive(t, c, Options{Topics: []string{"steady"}}, 120, 40)
		d.until("the tail", func() bool { return d.m.tail.snap.reading })
		seconds := func(n int, look func(float64)) {
			for range 10 * n {
				c.add("steady", 0, text("one"))
				d.advance(100 * time.Millisecond)
				for d.next() {
				}
				look(d.m.tail.rate.perSecond())
			}
		}
		seconds(8, func(float64) {})
		if got := d.m.tail.rate.perSecond(); got < 9 || got > 11 {
			t.Fatalf("%.1f msg/s before the pause", got)
		}
		d.press("space")
		seconds(30, func(float64) {})
		d.press("space")
		seconds(8, func(got float64) {
			if got > 21 { // two seconds' worth, where one begins between two looks
				t.Fatalf("%.1f msg/s after the resume, 10 come", got)
			}
		})
		if got := d.m.tail.rate.perSecond(); got < 9 || got > 11 {
			t.Errorf("%.1f msg/s in the end", got)
		}
	})
}
