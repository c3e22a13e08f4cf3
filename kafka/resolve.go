package kafka

// Positions as people write them, turned into offsets.

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Waiting is an error: a partition whose offsets cannot be looked up for now, such as one
// without a leader, and the place where it is to be read from once they can.
type Waiting struct {
	TopicPartition
	From Position
	Err  error // why it waits
}

// Error names the partition and why it waits.
func (w Waiting) Error() string {
	return fmt.Sprintf("%s/%d cannot be read now: %s", w.Topic, w.Partition, unreadable(w.Err))
}

func (w Waiting) Unwrap() error { return w.Err }

// momentary tells whether what failed for a partition may pass by itself: it has
// no leader, or the leader does not answer.
func momentary(err error) bool {
	var refusal *Error
	if errors.As(err, &refusal) {
		return retriable(refusal.Code) && refusal.Code != codeUnknownTopicOrPartition
	}
	return errors.Is(err, ErrNoLeader) || isConnectionError(err) && !errors.Is(err, errClosed)
}

// able splits partitions into those that can be asked and those that wait: what
// is said of them by any of the answers. The error is one that will not pass.
func able(tps []TopicPartition, from Position, answers ...map[TopicPartition]Offset) (can []TopicPartition, wait []Waiting, err error) {
next:
	for _, tp := range tps {
		for _, offsets := range answers {
			switch failed := offsets[tp].Err; {
			case failed == nil:
			case momentary(failed):
				wait = append(wait, Waiting{tp, from, failed})
				continue next
			default:
				return nil, nil, failed
			}
		}
		can = append(can, tp)
	}
	return can, wait, nil
}

// Resolve is the function of that name, in the cluster.
func (c *Cluster) Resolve(ctx context.Context, tps []TopicPartition, from Position, to *Position, iso Isolation) ([]Span, []Waiting, error) {
	return Resolve(ctx, c, tps, from, to, iso)
}

// Resolve turns a range of positions into one span for each partition that can
// be asked now; the others come as waiting, and are no error. A nil to is no end;
// End as to is the end as it is now. Offsets outside of what a partition holds
// become its start or its end, except that an offset above the end waits for it.
// Last (the newest of the topic) is found by FindNewest.
func Resolve(ctx context.Context, log Log, tps []TopicPartition, from Position, to *Position, iso Isolation) (spans []Span, waiting []Waiting, err error) {
	if from.Kind == Stored || to != nil && to.Kind == Stored {
		return nil, nil, fmt.Errorf("the position %q needs a group", "stored")
	}
	starts, ends, err := log.Bounds(ctx, iso, slices.Clone(tps))
	if err != nil {
		return nil, nil, err
	}
	tps, waiting, err = able(tps, from, starts, ends)
	if err != nil || len(tps) == 0 {
		return nil, waiting, err
	}
	// late are those that answered before and do not any more.
	late := func(offsets map[TopicPartition]Offset) error {
		can, wait, err := able(tps, from, offsets)
		tps, waiting = can, append(waiting, wait...)
		return err
	}
	find := func(p Position) (map[TopicPartition]int64, error) {
		if p.Kind == Last {
			newest, err := FindNewest(ctx, log, NewestRequest{Partitions: tps, N: int(p.N), Isolation: iso, offsetsOnly: true})
			if err != nil {
				return nil, err
			}
			missing := make(map[TopicPartition]Offset)
			for _, w := range newest.Missing {
				missing[w.TopicPartition] = Offset{Err: w.Err}
			}
			return newest.From, late(missing)
		}
		if p.Kind == LastEach {
			return lastEach(ctx, log, tps, starts, ends, p.N, iso)
		}
		var byTime map[TopicPartition]Offset
		if p.Kind == AtTime {
			var err error
			if byTime, err = log.Offsets(ctx, p.Time.UnixMilli(), iso, tps); err != nil {
				return nil, err
			}
			if err = late(byTime); err != nil {
				return nil, err
			}
		}
		at := make(map[TopicPartition]int64, len(tps))
		for _, tp := range tps {
			start, end := starts[tp].Offset, ends[tp].Offset
			switch p.Kind {
			case Beginning:
				at[tp] = start
			case End:
				at[tp] = end
			case AtOffset:
				at[tp] = max(p.N, start)
			case AfterStart:
				at[tp] = start + min(p.N, end-start)
			case AtTime:
				o := byTime[tp]
				if at[tp] = o.Offset; o.Offset < 0 {
					at[tp] = end // nothing that new is there yet
				}
			default:
				return nil, fmt.Errorf("the position %q cannot be looked up", p)
			}
		}
		return at, nil
	}
	first, err := find(from)
	if err != nil {
		return nil, nil, err
	}
	var last map[TopicPartition]int64
	if to != nil {
		if last, err = find(*to); err != nil {
			return nil, nil, err
		}
	}
	for _, tp := range tps {
		s := Span{TopicPartition: tp, From: first[tp], To: NoEnd}
		if to != nil {
			// An end that is not there yet would be waited for: it ends where
			// the partition ends now.
			s.To = min(last[tp], ends[tp].Offset)
		}
		spans = append(spans, s)
	}
	return spans, waiting, nil
}
