package kafka

// Offsets that somebody asked for by their numbers and that a partition does not
// have: a read begins or ends elsewhere than it was told, and that must be said.

import (
	"context"
	"fmt"
)

// Absent is a stretch of offsets that were asked for and are not there.
type Absent struct {
	TopicPartition
	First, Last int64 // both included
	Start, End  int64 // what the partition has: Start <= offset < End
	Waits       bool  // the read waits for them
}

// String is a sentence.
func (a Absent) String() string {
	offsets := fmt.Sprintf("offset %d is", a.First)
	if a.Last > a.First {
		offsets = fmt.Sprintf("offsets %d to %d are", a.First, a.Last)
	}
	switch {
	case a.First < a.Start:
		return fmt.Sprintf("%s/%d: %s gone: the log begins at %d", a.Topic, a.Partition, offsets, a.Start)
	case a.Waits:
		return fmt.Sprintf("%s/%d: %s past the end (%d); waiting for new messages", a.Topic, a.Partition, offsets, a.End)
	}
	return fmt.Sprintf("%s/%d: %s past the end (%d)", a.Topic, a.Partition, offsets, a.End)
}

// FindAbsent names the offsets of a range that the partitions do not have, in the
// order of the partitions. A nil to is no end. Only offsets by number can be
// absent: any other position is where something is. What cannot be asked is left
// out.
func FindAbsent(ctx context.Context, log Log, tps []TopicPartition, from Position, to *Position, iso Isolation) ([]Absent, error) {
	ranged := to != nil && to.Kind == AtOffset
	if from.Kind != AtOffset && !ranged {
		return nil, nil
	}
	starts, ends, err := log.Bounds(ctx, iso, tps)
	if err != nil {
		return nil, err
	}
	var all []Absent
	for _, tp := range tps {
		if starts[tp].Err != nil || ends[tp].Err != nil {
			continue
		}
		start, end := starts[tp].Offset, ends[tp].Offset
		say := func(first, last int64, waits bool) {
			if first <= last {
				all = append(all, Absent{tp, first, last, start, end, waits})
			}
		}
		switch {
		case from.Kind == AtOffset && ranged:
			say(from.N, min(start, to.N)-1, false)
			say(max(from.N, end), to.N-1, false)
		case from.Kind == AtOffset:
			say(from.N, start-1, false)
			if from.N > end || from.N == end && to != nil {
				say(from.N, from.N, to == nil)
			}
		default:
			say(end, to.N-1, false)
		}
	}
	return all, nil
}
