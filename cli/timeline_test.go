package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"milena/kafka"

	"github.com/charmbracelet/x/ansi"
)

// buckets are one after another, of a width.
func buckets(from time.Time, wide time.Duration, counts ...int64) *kafka.Timeline {
	t := &kafka.Timeline{Borders: map[kafka.TopicPartition][]int64{{Topic: "orders"}: nil}}
	for _, n := range counts {
		t.Buckets = append(t.Buckets, kafka.Bucket{From: from.UnixMilli(), To: from.Add(wide).UnixMilli(), Count: n})
		from = from.Add(wide)
	}
	return t
}

var orders = []*kafka.Topic{{Name: "orders"}}

func drawn(t *testing.T, line *kafka.Timeline, rough map[string]string, loc *time.Location, ascii bool) string {
	t.Helper()
	var out bytes.Buffer
	if err := drawTimeline(&out, line, orders, rough, loc, ascii); err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(out.String()) {
		if w := ansi.StringWidth(strings.TrimSuffix(l, "\n")); w > 80 {
			t.Errorf("a line of %d columns: %q", w, l)
		}
	}
	return out.String()
}

func TestTimelineIsDrawn(t *testing.T) {
	from := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	got := drawn(t, buckets(from, time.Minute, 0, 1, 40, 80, 1234, 617, 0, 3, 0, 0, 0, 0, 100), nil, time.UTC, false)
	want := `orders  1 partition
Mon 23 Nov 2026 14:00:00 +00:00 – Mon 23 Nov 2026 14:13:00 +00:00

1,234 │    █
      │    █
      │    █
      │    █
      │    ██
      │    ██
      │    ██
      │ ▁▂▄██ ▁    ▅
      └─────────────
       14:00       14:12

2,075 messages, 6 buckets of 13 empty
at most 1,234 in 1m, from 14:04
`
	if got != want {
		t.Errorf("drawn\n%s\nwant\n%s", got, want)
	}
	ascii := drawn(t, buckets(from, time.Minute, 0, 1, 40, 80, 1234, 617), map[string]string{"orders": "compacted"}, time.UTC, true)
	for _, c := range ascii {
		if c > 0x7e {
			t.Fatalf("%q is not ASCII in\n%s", c, ascii)
		}
	}
	if !strings.Contains(ascii, "~1,972 offsets") {
		t.Errorf("a compacted topic's count is not marked:\n%s", ascii)
	}
}

// More buckets than columns go on below.
func TestTimelineOfManyBucketsFits(t *testing.T) {
	counts := make([]int64, 200)
	for i := range counts {
		counts[i] = int64(i) * 1_000_000
	}
	got := drawn(t, buckets(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 24*time.Hour, counts...), nil, time.UTC, false)
	if n := strings.Count(got, "└"); n != 4 {
		t.Errorf("%d charts, want 4:\n%s", n, got)
	}
}

// Where the clocks change, both ends say what the clocks say there, and what is
// between them has its real length.
func TestTimelineWhereTheClocksChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	from := time.Date(2026, 10, 25, 1, 0, 0, 0, berlin)
	counts := make([]int64, 49)
	counts[0], counts[24] = 1, 2
	got := drawn(t, buckets(from, 5*time.Minute, counts...), nil, berlin, false)
	if !strings.Contains(got, "01:00:00 +02:00 – Sun 25 Oct 2026 04:05:00 +01:00") {
		t.Errorf("from 1 in summer to 5 past 4 in winter are 4 h 5 m:\n%s", got)
	}
	// 1:00, 2:00, 2:00 again, 3:00, 4:00.
	if !strings.Contains(got, "01:00       02:00       02:00       03:00       04:00") {
		t.Errorf("the hour that came twice:\n%s", got)
	}
}

func TestTimelineAsJSON(t *testing.T) {
	var out bytes.Buffer
	line := buckets(time.UnixMilli(1000), time.Second, 3, 0)
	line.Untimed = 7
	if err := writeBuckets(&out, line); err != nil {
		t.Fatal(err)
	}
	want := `{"from":1000,"to":2000,"count":3}
{"from":2000,"to":3000,"count":0}
{"from":-1,"to":-1,"count":7}
`
	if out.String() != want {
		t.Errorf("%s, want %s", &out, want)
	}
}

func TestTimelineBounds(t *testing.T) {
	now := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	for _, f := range []timelineFlags{
		{from: "noon", to: "end"}, {from: "@-1h", to: "@-2h"}, {from: "@-1h", to: "@-1h"}, {from: "stored", to: "end"}, {from: "beginning", to: "stored"},
	} {
		if _, _, err := f.bounds(false, now, time.UTC); err == nil {
			t.Errorf("--from %s --to %s is accepted", f.from, f.to)
		}
	}
	from, to, err := timelineFlags{from: "@-2h", to: "end"}.bounds(false, now, time.UTC)
	if err != nil || !from.Time.Equal(now.Add(-2*time.Hour)) || to.Kind != kafka.End {
		t.Errorf("%v to %v, %v", from, to, err)
	}
}

func TestTimesBetween(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "+0.000s", 12 * time.Millisecond: "+0.012s", 59999 * time.Millisecond: "+59.999s",
		time.Minute: "+1m", 125 * time.Second: "+2m 5s", 26 * time.Hour: "+1d 2h",
	} {
		if got := since(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
