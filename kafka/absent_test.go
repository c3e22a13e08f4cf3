package kafka

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// edgesOnly is a log of which only the bounds are known.
type edgesOnly struct {
	Log
	start, end map[TopicPartition]Offset
}

func (b edgesOnly) Bounds(context.Context, Isolation, []TopicPartition) (starts, ends map[TopicPartition]Offset, err error) {
	return b.start, b.end, nil
}

func TestOffsetsThatAreNotThereAreNamed(t *testing.T) {
	full, lost := TopicPartition{"t", 0}, TopicPartition{"t", 1}
	log := edgesOnly{
		start: map[TopicPartition]Offset{full: {Offset: 100}, lost: {Offset: -1, Err: ErrNoLeader}},
		end:   map[TopicPartition]Offset{full: {Offset: 200}, lost: {Offset: -1, Err: ErrNoLeader}},
	}
	at := func(n int64) Position { return Position{Kind: AtOffset, N: n} }
	end := &Position{Kind: End}
	to := func(n int64) *Position { p := at(n); return &p }
	for _, c := range []struct {
		from Position
		to   *Position
		want []string
	}{
		{at(100), nil, nil},
		{at(200), nil, nil}, // what comes next
		{at(150), to(200), nil},
		{Position{}, end, nil},
		{at(99), nil, []string{"t/0: offset 99 is gone: the log begins at 100"}},
		{at(5), end, []string{"t/0: offsets 5 to 99 are gone: the log begins at 100"}},
		{at(999), nil, []string{"t/0: offset 999 is past the end (200); waiting for new messages"}},
		{at(200), end, []string{"t/0: offset 200 is past the end (200)"}},
		{at(1), to(50), []string{"t/0: offsets 1 to 49 are gone: the log begins at 100"}},
		{at(300), to(400), []string{"t/0: offsets 300 to 399 are past the end (200)"}},
		{at(50), to(201), []string{"t/0: offsets 50 to 99 are gone: the log begins at 100", "t/0: offset 200 is past the end (200)"}},
		{Position{}, to(300), []string{"t/0: offsets 200 to 299 are past the end (200)"}},
	} {
		found, err := FindAbsent(t.Context(), log, []TopicPartition{full, lost}, c.from, c.to, ReadUncommitted)
		var got []string
		for _, a := range found {
			got = append(got, fmt.Sprint(a))
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("from %v to %v: %q, %v; want %q", c.from, c.to, got, err, c.want)
		}
	}
}
