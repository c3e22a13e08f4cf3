package kafka

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestParsePosition(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	now := instant(t, "2026-11-22T14:30:00.25Z") // 15:30 in Berlin
	for text, want := range map[string]Position{
		"beginning":           {Kind: Beginning},
		"earliest":            {Kind: Beginning},
		"start":               {Kind: Beginning},
		"oldest":              {Kind: Beginning},
		"@start":              {Kind: Beginning},
		"Beginning":           {Kind: Beginning},
		"newest":              {Kind: End},
		"now":                 {Kind: End},
		"@end":                {Kind: End},
		"1700000000":          {Kind: AtOffset, N: 1_700_000_000}, // without the @
		"20240115":            {Kind: AtOffset, N: 20240115},
		"end":                 {Kind: End},
		"latest":              {Kind: End},
		"stored":              {Kind: Stored},
		"0":                   {Kind: AtOffset},
		"42":                  {Kind: AtOffset, N: 42},
		"9223372036854775807": {Kind: AtOffset, N: 1<<63 - 1},
		"-100":                {Kind: LastEach, N: 100},
		"+5":                  {Kind: AfterStart, N: 5},
	} {
		if got, err := ParsePosition(text, now, berlin); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"@now":                            "2026-11-22T14:30:00.25Z",
		"@1h":                             "2026-11-22T13:30:00.25Z",
		"@1h ago":                         "2026-11-22T13:30:00.25Z",
		"@1h 30m ago":                     "2026-11-22T13:00:00.25Z",
		"@today":                          "2026-11-21T23:00:00Z",
		"@yesterday":                      "2026-11-20T23:00:00Z",
		"@yesterday 14:05":                "2026-11-21T13:05:00Z",
		"@yesterday 14:05Z":               "2026-11-21T14:05:00Z",
		"@14:05":                          "2026-11-22T13:05:00Z",
		"@9:05":                           "2026-11-22T08:05:00Z",
		"@15:30":                          "2026-11-22T14:30:00Z", // just now
		"@15:31":                          "2026-11-21T14:31:00Z", // not yet today
		"@14:05:11":                       "2026-11-22T13:05:11Z",
		"@14:05:11.5":                     "2026-11-22T13:05:11.5Z",
		"@14:05:11.1239":                  "2026-11-22T13:05:11.123Z",
		"@14:05Z":                         "2026-11-22T14:05:00Z",
		"@15:05Z":                         "2026-11-21T15:05:00Z",
		"@23:05+09:00":                    "2026-11-22T14:05:00Z",
		"@2026-11-22":                     "2026-11-21T23:00:00Z",
		"@2026-11-22T14:05":               "2026-11-22T13:05:00Z",
		"@2026-11-22 14:05":               "2026-11-22T13:05:00Z",
		"@2026-11-22T14:05Z":              "2026-11-22T14:05:00Z",
		"@2026-11-22t14:05:11.123z":       "2026-11-22T14:05:11.123Z",
		"@2026-11-22T14:05-0330":          "2026-11-22T17:35:00Z",
		"@2026-11-22T14:05+09":            "2026-11-22T05:05:00Z",
		"@2027-01-01":                     "2026-12-31T23:00:00Z", // a date may be in the future
		"@2024-02-29":                     "2024-02-28T23:00:00Z",
		"@-1h":                            "2026-11-22T13:30:00.25Z",
		"@-2d":                            "2026-11-20T14:30:00.25Z",
		"@-1w":                            "2026-11-15T14:30:00.25Z",
		"@-1h30m":                         "2026-11-22T13:00:00.25Z",
		"@-90s":                           "2026-11-22T14:28:30.25Z",
		"@-250ms":                         "2026-11-22T14:30:00Z",
		"@1700000000000":                  "2023-11-14T22:13:20Z",
		"s@1700000000000":                 "2023-11-14T22:13:20Z",
		"@1700000000":                     "2023-11-14T22:13:20Z",
		"s@1700000000":                    "2023-11-14T22:13:20Z",
		"@20240115":                       "2024-01-14T23:00:00Z",
		"@20240115 14:05":                 "2024-01-15T13:05:00Z",
		"20240115 14:05":                  "2024-01-15T13:05:00Z", // with a time of day it is no offset
		"14:05":                           "2026-11-22T13:05:00Z",
		" 14:05 ":                         "2026-11-22T13:05:00Z",
		"14:05:11.103":                    "2026-11-22T13:05:11.103Z",
		"14:05:11,103":                    "2026-11-22T13:05:11.103Z",
		"14:05Z":                          "2026-11-22T14:05:00Z",
		"14:05 UTC":                       "2026-11-22T14:05:00Z",
		"today":                           "2026-11-21T23:00:00Z",
		"today 14:05":                     "2026-11-22T13:05:00Z",
		"14:05 today":                     "2026-11-22T13:05:00Z",
		"Yesterday at 14:05":              "2026-11-21T13:05:00Z",
		"yesterday 23:59:59.999":          "2026-11-21T22:59:59.999Z",
		"30 Nov 05:32":                    "2025-11-30T04:32:00Z", // 2026's has not come yet
		"22 Nov 05:32":                    "2026-11-22T04:32:00Z",
		"02 Nov 05:32:11.103":             "2026-11-02T04:32:11.103Z",
		"nov 2 05:32":                     "2026-11-02T04:32:00Z",
		"2 November 2025 05:32":           "2025-11-02T04:32:00Z",
		"2 Nov":                           "2026-11-01T23:00:00Z",
		"2 Nov 2025":                      "2025-11-01T23:00:00Z",
		"29 Feb":                          "2024-02-28T23:00:00Z",
		"Sun 22 Nov 2026 15:04:05 UTC":    "2026-11-22T15:04:05Z", // as the screen says it
		"today, Sun 22 Nov 2026 15:04:05": "2026-11-22T14:04:05Z",
		"monday 14:05":                    "2026-11-16T13:05:00Z",
		"sunday":                          "2026-11-21T23:00:00Z",
		"2026-11-22":                      "2026-11-21T23:00:00Z",
		"2026-11-22 14:05:11":             "2026-11-22T13:05:11Z",
		"2026-11-22T14:05Z":               "2026-11-22T14:05:00Z",
		"-2h":                             "2026-11-22T12:30:00.25Z",
		"2h":                              "2026-11-22T12:30:00.25Z",
		"2h ago":                          "2026-11-22T12:30:00.25Z",
		"2 h ago":                         "2026-11-22T12:30:00.25Z",
		"2 hours ago":                     "2026-11-22T12:30:00.25Z",
		"-2 hours":                        "2026-11-22T12:30:00.25Z",
		"1 hour 30 minutes ago":           "2026-11-22T13:00:00.25Z",
		"1.5h":                            "2026-11-22T13:00:00.25Z",
		"3 days ago":                      "2026-11-19T14:30:00.25Z",
		"12 sec ago":                      "2026-11-22T14:29:48.25Z",
		"@9999-12-31T23:59:59.999+00:00":  "9999-12-31T23:59:59.999Z",
	} {
		got, err := ParsePosition(text, now, berlin)
		if err != nil || got.Kind != AtTime || !got.Time.Equal(instant(t, want)) {
			t.Errorf("%s: %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestPositionsThatAreWrongSayWhichPart(t *testing.T) {
	now := instant(t, "2026-11-22T14:30:00Z")
	for text, part := range map[string]string{
		"":                        "empty",
		"begin":                   "it is not a number, a time or a known word",
		"--5":                     "it is not a number, a time or a known word",
		"+":                       "it is not a number, a time or a known word",
		"1.5":                     "it is not a number, a time or a known word",
		"25:00":                   `"25": the hour is`,
		"2026-13-22":              `"13": the month is`,
		"2026-02-29":              `"29": the day of that month is 1 to 28`,
		"31 Nov":                  `"31": the day of that month is 1 to 30`,
		"yesterday noon":          "it is not a number, a time or a known word",
		"mon 22 Nov 2026":         "22 Nov 2026 is a Sunday",
		"-1y":                     `"y" is not a unit`,
		"2 moons ago":             `"moons" is not a unit`,
		"e@1700000000000":         "beginning..@1700000000000",
		"92233720368547758080":    "larger",
		"@":                       "a time is missing",
		"@25:00":                  `"25": the hour is`,
		"@14:60":                  `"60": the minute is`,
		"@14:05:60":               `"60": the second is`,
		"@14:05:11.":              "fraction",
		"@14:":                    "minute",
		"@14:05PM":                "time zone",
		"@14:05+99":               "time zone",
		"@2026-13-01":             `"13": the month is`,
		"@2026-02-29":             `"29": the day of that month is 1 to 28`,
		"@26-02-01":               "is not a date",
		"@tomorrow":               `"tomorrow" is not a date`,
		"@next week":              `"next week" is not a date`,
		"@2026-11-22T":            "is not a time of day",
		"@1969-12-31":             "1970",
		"@+1h":                    "future",
		"@-":                      "a duration is missing",
		"@-5":                     "5 has no unit",
		"@-5y":                    `"y" is not a unit`,
		"@-h":                     "number with a unit",
		"@-100000000000w":         "1970",
		"@-99999999999999999999h": "1970",
		"@99999999999999999999":   "20 digits are not a time",
		"@253402300800000":        "15 digits are not a time",
		"@0":                      "1 digits are not a time",
		"@170000000":              "9 digits are not a time",
		"@1700000000000000":       "@1700000000000",
		"@1700000000000000000":    "@1700000000000",
		"@20241301":               `"13": the month is`,
		"@20240230":               `"30": the day of that month is 1 to 29`,
	} {
		got, err := ParsePosition(text, now, time.UTC)
		if err == nil {
			t.Errorf("%q: no error but %v", text, got)
			continue
		}
		if !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), "a position is beginning") {
			t.Errorf("%q: %v; want it to name %s, and what is accepted", text, err, part)
		}
	}
}

// The clocks of Berlin went from 02:00 to 03:00 on 2026-03-29, and from 03:00
// back to 02:00 on 2026-10-25; Samoa left out 2011-12-30.
func TestTimesWhereClocksChange(t *testing.T) {
	for _, c := range []struct{ zone, now, text, want string }{
		{"Europe/Berlin", "2026-03-29T10:00:00Z", "@02:30", "2026-03-28T01:30:00Z"},            // did not occur today
		{"Europe/Berlin", "2026-03-29T10:00:00Z", "@03:00", "2026-03-29T01:00:00Z"},            // the first instant after
		{"Europe/Berlin", "2026-03-29T10:00:00Z", "@2026-03-29T02:30", "2026-03-29T01:00:00Z"}, // the change
		{"Europe/Berlin", "2026-10-25T10:00:00Z", "@02:30", "2026-10-25T01:30:00Z"},            // the later of two
		{"Europe/Berlin", "2026-10-25T01:10:00Z", "@02:30", "2026-10-25T00:30:00Z"},            // the later has not come yet
		{"Europe/Berlin", "2026-10-25T10:00:00Z", "@2026-10-25T02:30", "2026-10-25T00:30:00Z"}, // the first of two
		{"Europe/Berlin", "2026-10-25T10:00:00Z", "@-1d", "2026-10-24T10:00:00Z"},              // 24 hours
		{"America/St_Johns", "2006-10-29T03:00:00Z", "@00:00:30", "2006-10-29T02:30:30Z"},      // set back over midnight at 00:01
		{"Pacific/Apia", "2011-12-31T01:00:00Z", "@16:00", "2011-12-30T02:00:00Z"},             // a day left out
		{"Pacific/Apia", "2011-12-31T01:00:00Z", "@2011-12-30", "2011-12-30T10:00:00Z"},
		{"Asia/Kathmandu", "2026-01-01T00:00:00Z", "@05:45", "2026-01-01T00:00:00Z"},
	} {
		got, err := ParsePosition(c.text, instant(t, c.now), zone(t, c.zone))
		if err != nil || !got.Time.Equal(instant(t, c.want)) {
			t.Errorf("%s in %s at %s: %v, %v; want %s", c.text, c.zone, c.now, got, err, c.want)
		}
	}
}

func TestParseRange(t *testing.T) {
	now := instant(t, "2026-11-22T14:30:00Z")
	from, to, err := ParseRange("@-2h..@-1h", now, time.UTC)
	if err != nil || to == nil || !from.Time.Equal(now.Add(-2*time.Hour)) || !to.Time.Equal(now.Add(-time.Hour)) {
		t.Errorf("@-2h..@-1h: %v %v %v", from, to, err)
	}
	from, to, err = ParseRange("stored..end", now, time.UTC)
	if err != nil || from.Kind != Stored || to == nil || to.Kind != End {
		t.Errorf("stored..end: %v %v %v", from, to, err)
	}
	from, to, err = ParseRange("-5..-0", now, time.UTC)
	if err != nil || from != (Position{Kind: LastEach, N: 5}) || *to != (Position{Kind: LastEach}) {
		t.Errorf("-5..-0: %v %v %v", from, to, err)
	}
	if from, to, err = ParseRange("7", now, time.UTC); err != nil || to != nil || from.N != 7 {
		t.Errorf("7: %v %v %v", from, to, err)
	}
	for text, want := range map[string][2]string{
		"14:00 .. 14:15":                  {"2026-11-22T14:00:00Z", "2026-11-22T14:15:00Z"},
		"-2h..30 minutes ago":             {"2026-11-22T12:30:00Z", "2026-11-22T14:00:00Z"},
		"yesterday 14:00..15:00":          {"2026-11-21T14:00:00Z", "2026-11-21T15:00:00Z"},
		"21 Nov 23:00..01:00":             {"2026-11-21T23:00:00Z", "2026-11-22T01:00:00Z"},
		"2026-11-20T14:00Z..@15:00":       {"2026-11-20T14:00:00Z", "2026-11-20T15:00:00Z"},
		"yesterday..today":                {"2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"},
		"yesterday..14:05":                {"2026-11-21T00:00:00Z", "2026-11-22T14:05:00Z"},
		"@20261120..@20261121":            {"2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
		"@1700000000..@1700000060000":     {"2023-11-14T22:13:20Z", "2023-11-14T22:14:20Z"},
		"today 14:00..today 18:00":        {"2026-11-22T14:00:00Z", "2026-11-22T18:00:00Z"},
		"20 Nov 05:32 .. 20 Nov 05:33:10": {"2026-11-20T05:32:00Z", "2026-11-20T05:33:10Z"},
	} {
		from, to, err := ParseRange(text, now, time.UTC)
		if err != nil || to == nil || !from.Time.Equal(instant(t, want[0])) || !to.Time.Equal(instant(t, want[1])) {
			t.Errorf("%s: %v %v %v; want %v", text, from, to, err, want)
		}
	}
	for text, part := range map[string]string{
		"..5":            "one side is missing",
		"5..":            "one side is missing",
		"x..5":           `start "x"`,
		"5..x":           `end "x"`,
		"5...7":          `end ".7"`,
		"7..5":           "before it starts",
		"-5..-7":         "before it starts",
		"@-1h..@-2h":     "before it starts",
		"@14:00..@15:00": "before it starts", // 15:00 last was yesterday
		"5..beginning":   "before it starts",
		"5..stored":      "not its end",
	} {
		if _, _, err := ParseRange(text, now, time.UTC); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v; want it to say: %s", text, err, part)
		}
	}
}

func FuzzParsePosition(f *testing.F) {
	for _, text := range []string{"beginning", "-100", "+5", "42", "@14:05", "@2026-03-29T02:30", "@2026-11-22T14:05:11.123+09:00",
		"@-1h30m", "@1700000000000", "@00:00", "@1890-01-01", "@1970-01-01", "@9999-12-31T23:59:59.999Z", "A..B", "@-2h..@-1h",
		"30 nov 05:32", "yesterday 14:05", "2 hours ago", "mon 14:05", "today, sun 22 nov 2026", "1.5h", "-1e9w", "@20240115", "@1700000000"} {
		f.Add(text, int64(1_774_746_000_000))
	}
	berlin, apia := zone(f, "Europe/Berlin"), zone(f, "Pacific/Apia")
	f.Fuzz(func(t *testing.T, text string, nowMs int64) {
		now := time.UnixMilli(max(0, nowMs%253_000_000_000_000))
		for _, loc := range []*time.Location{berlin, apia, time.UTC} {
			p, err := ParsePosition(text, now, loc)
			if err != nil {
				continue
			}
			if p.N < 0 || p.Kind == AtTime && (p.Time.UnixMilli() < 0 || p.Time.Year() > 9999 && p.Time.After(latestInstant)) {
				t.Fatalf("%q: %v is out of bounds", text, p)
			}
			if p.Kind == AtTime && p.Time.Year() > 9999 {
				continue // the last hours of 9999, in a zone that is ahead
			}
			again, err := ParsePosition(p.String(), now, loc)
			if err != nil || again.Kind != p.Kind || again.N != p.N || !again.Time.Equal(p.Time) {
				t.Fatalf("%q: %s is read back as %v, %v", text, p, again, err)
			}
		}
	})
}
