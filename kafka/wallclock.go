package kafka

// What the clocks of a time zone show: the instants of a wall time, also where
// clocks were set forward or back.

import (
	"errors"
	"time"
)

// instants are when loc's clocks showed wall (given as UTC shows it): none, one
// or two, in order.
func instants(wall time.Time, loc *time.Location) []time.Time {
	// A zone's offset is that of some hours before or after; changes are hours
	// apart from each other, and no offset is beyond a day.
	var found []time.Time
	for _, at := range []time.Duration{-25 * time.Hour, 25 * time.Hour} {
		_, seconds := wall.Add(at).In(loc).Zone()
		t := wall.Add(-time.Duration(seconds) * time.Second).In(loc)
		if !sameWall(t, wall) || len(found) == 1 && found[0].Equal(t) {
			continue
		}
		found = append(found, t)
	}
	if len(found) == 2 && found[1].Before(found[0]) {
		found[0], found[1] = found[1], found[0]
	}
	return found
}

func sameWall(t, wall time.Time) bool {
	_, seconds := t.Zone()
	return t.Add(time.Duration(seconds) * time.Second).Equal(wall)
}

// firstAt is the first instant at which loc's clocks showed wall or had gone past it.
func firstAt(wall time.Time, loc *time.Location) time.Time {
	if found := instants(wall, loc); len(found) > 0 {
		return found[0]
	}
	// The clocks left wall out: find the change, before which they are behind it.
	behind, ahead := wall.Add(-25*time.Hour), wall.Add(25*time.Hour)
	for ahead.Sub(behind) > time.Millisecond {
		middle := behind.Add(ahead.Sub(behind) / 2)
		_, seconds := middle.In(loc).Zone()
		if middle.Add(time.Duration(seconds) * time.Second).Before(wall) {
			behind = middle
		} else {
			ahead = middle
		}
	}
	return ahead.Truncate(time.Second).In(loc) // changes happen on whole seconds
}

// latestOccurrence is when loc's clocks last showed that time of day, now included.
func latestOccurrence(clock time.Duration, now time.Time, loc *time.Location) (time.Time, error) {
	year, month, day := now.In(loc).Date()
	// From tomorrow, for clocks that were set back over midnight, to some days
	// ago, for those that left an hour or a whole day out.
	for ago := -1; ago <= 3; ago++ {
		wall := time.Date(year, month, day-ago, 0, 0, 0, 0, time.UTC).Add(clock)
		found := instants(wall, loc)
		for i := len(found) - 1; i >= 0; i-- {
			if !found[i].After(now) {
				return found[i], nil
			}
		}
	}
	return time.Time{}, errors.New("the clocks here did not show that time in the last days; write the date too")
}

// firstOccurrence is when loc's clocks show that time of day first, at or after a time.
func firstOccurrence(clock time.Duration, from time.Time, loc *time.Location) (time.Time, error) {
	year, month, day := from.In(loc).Date()
	for later := -1; later <= 3; later++ {
		wall := time.Date(year, month, day+later, 0, 0, 0, 0, time.UTC).Add(clock)
		for _, at := range instants(wall, loc) {
			if !at.Before(from) {
				return at, nil
			}
		}
	}
	return time.Time{}, errors.New("the clocks here did not show that time in the days after; write the date too")
}
