package kafka

// Positions as people write them, turned into offsets.

import (
	"context"
	"fmt"
	"slices"
)

// Resolve is the function of that name, in the cluster.
func (c *Cluster) Resolve(ctx context.Context, tps []TopicPartition, from Position, to *Position, iso Isolation) ([]Span, error) {
	return Resolve(ctx, c, tps, from, to, iso)
}

// Resolve turns a range of positions into one span for each partition. A nil to
// is no end; End as to is the end as it is now. Offsets outside of what a
// partition holds become its start or its end, except that an offset above the
// end waits for it. Last (the newest of the topic) is found by FindNewest.
func Resolve(ctx context.Context, log Log, tps []TopicPartition, from Position, to *Position, iso Isolation) ([]Span, error) {
	if from.Kind == Stored || to != nil && to.Kind == Stored {
		return nil, fmt.Errorf("the position %q needs a group", "stored")
	}
	tps = slices.Clone(tps)
	starts, ends, err := log.Bounds(ctx, iso, tps)
	if err != nil {
		return nil, err
	}
	for _, tp := range tps {
		if err := starts[tp].Err; err != nil {
			return nil, err
		}
		if err := ends[tp].Err; err != nil {
			return nil, err
		}
	}
	find := func(p Position) (map[TopicPartition]int64, error) {
		if p.Kind == Last {
			newest, err := FindNewest(ctx, log, NewestRequest{Partitions: tps, N: int(p.N), Isolation: iso, offsetsOnly: true})
			if err != nil {
				return nil, err
			}
			return newest.From, nil
		}
		var byTime map[TopicPartition]Offset
		if p.Kind == AtTime {
			var err error
			if byTime, err = log.Offsets(ctx, p.Time.UnixMilli(), iso, tps); err != nil {
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
			case LastEach:
				at[tp] = max(end-p.N, start)
			case AfterStart:
				at[tp] = start + min(p.N, end-start)
			case AtTime:
				o := byTime[tp]
				if o.Err != nil {
					return nil, o.Err
				}
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
		return nil, err
	}
	var last map[TopicPartition]int64
	if to != nil {
		if last, err = find(*to); err != nil {
			return nil, err
		}
	}
	spans := make([]Span, 0, len(tps))
	for _, tp := range tps {
		s := Span{TopicPartition: tp, From: first[tp], To: NoEnd}
		if to != nil {
			// An end that is not there yet would be waited for: it ends where
			// the partition ends now.
			s.To = min(last[tp], ends[tp].Offset)
		}
		spans = append(spans, s)
	}
	return spans, nil
}
