package ui

import (
	"strings"
	"testing"
	"time"

	"milena/kafka"
)

func TestPlacesAsPeopleTypeThem(t *testing.T) {
	at := func(s string) kafka.Position {
		when, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return kafka.Position{Kind: kafka.AtTime, Time: when}
	}
	for text, want := range map[string]kafka.Position{
		"1h":               at("2026-11-22T13:05:12Z"),
		"-1h":              at("2026-11-22T13:05:12Z"),
		"@-1h":             at("2026-11-22T13:05:12Z"),
		"1h ago":           at("2026-11-22T13:05:12Z"),
		"1 hour ago":       at("2026-11-22T13:05:12Z"),
		"20 Nov 05:32":     at("2026-11-20T05:32:00Z"),
		"@20261120":        at("2026-11-20T00:00:00Z"),
		"14:05":            at("2026-11-22T14:05:00Z"),
		"23:59":            at("2026-11-21T23:59:00Z"),
		"yesterday":        at("2026-11-21T00:00:00Z"),
		"Yesterday 14:05":  at("2026-11-21T14:05:00Z"),
		"2026-11-20":       at("2026-11-20T00:00:00Z"),
		"2026-11-20T14:05": at("2026-11-20T14:05:00Z"),
		"now":              {Kind: kafka.End},
		"end":              {Kind: kafka.End},
		"beginning":        {Kind: kafka.Beginning},
		"-500":             {Kind: kafka.LastEach, N: 500},
		"1204112":          {Kind: kafka.AtOffset, N: 1204112},
	} {
		got, err := parsePosition(text, testNow, time.UTC)
		if err != nil || got.Kind != want.Kind || got.N != want.N || !got.Time.Equal(want.Time) {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "5x", "25:00", "stored", "yesterday noon", "+1h", "@", "@123", "-2h..-1h"} {
		_, err := parsePosition(text, testNow, time.UTC)
		if err == nil || strings.Contains(err.Error(), "stored,") || !strings.Contains(err.Error(), "yesterday 14:05") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestGoToSaysWhichDayIsMeantAndKeepsTheFieldInSight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}}, 80, 24)
		d.follows("message-log")
		d.press("t")
		d.typed("23:59")
		d.sees("the first record at or after yesterday, Sat 21 Nov 2026 23:59:00 UTC")
		d.press("ctrl+a", "ctrl+k")
		d.typed("21 nov 05:32")
		d.sees("the first record at or after yesterday, Sat 21 Nov 2026 05:32:00 UTC")
		d.press("ctrl+a", "ctrl+k")
		d.typed("1700000000")
		d.sees("offset 1700000000 of each partition")
		d.sees("Tue 14 Nov 2023")
		d.press("ctrl+a", "ctrl+k")
		d.typed("23:59 no")
		for _, size := range [][2]int{{80, 24}, {40, 12}, {20, 5}} {
			d.m.w, d.m.h = size[0], size[1]
			d.press("enter")
			if s := d.screen(); !strings.Contains(s, "23:59 no") {
				t.Errorf("at %v the field is out of sight:\n%s", size, s)
			}
		}
	})
}

func TestProseNeverBreaksAtAHyphen(t *testing.T) {
	for _, row := range wrapWords("a place is -100 or -1h or 2026-11-22 and more words", 12, 0) {
		if strings.HasSuffix(row, "-") {
			t.Errorf("%q is torn", row)
		}
	}
}

func TestARangeSaysWhatItMeansWhileItIsTyped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 120, 40)
		d.follows("ledger")
		d.press("S")
		d.press("tab", "tab")
		d.typed("yesterday 14:00")
		d.press("tab")
		d.typed("15:00") // of that day
		d.sees("from yesterday, Sat 21 Nov 2026 14:00:00 UTC to yesterday, Sat 21 Nov 2026 15:00:00 UTC")
		d.press("ctrl+a", "ctrl+k", "shift+tab", "ctrl+a", "ctrl+k")
		d.typed("-2h..1 hour ago") // both in one field
		d.sees("from today, Sun 22 Nov 2026 12:05:12 UTC to today, Sun 22 Nov 2026 13:05:12 UTC")
		d.press("esc", "e")
		d.press("tab", "tab")
		d.typed("21 nov 05:32..21 nov 06:00")
		d.sees("Records from yesterday, Sat 21 Nov 2026 05:32:00 UTC to yesterday, Sat 21 Nov 2026 06:00:00 UTC")
	})
}
