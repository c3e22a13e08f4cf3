package kafka

// From a record to others with its key, and from a time on.

import (
	"bytes"
	"context"
	"slices"

	"milena/kafka/batch"
)

// KeyIs matches records that have exactly this key; nil is the null key.
func KeyIs(key []byte) Matcher { return keyIs{key} }

type keyIs struct{ key []byte }

// Match compares the key alone.
func (k keyIs) Match(v *batch.View) bool {
	return bytes.Equal(v.Key, k.key) && (v.Key == nil) == (k.key == nil)
}

// KeySpans parts spans into those of the partitions where a key lives, as the
// partitioner has it, and the rest. A key may be elsewhere, too: when a producer
// had another partitioner or chose the partition itself, or when partitions were
// added later. A topic that is not known counts as the rest; the null key lives
// everywhere.
//
// All of a key's values, tombstones too, are a search of lives with KeyIs,
// OldestFirst.
func (c *Cluster) KeySpans(spans []Span, key []byte, by Partitioner) (lives, rest []Span) {
	if key == nil {
		return spans, nil
	}
	m := c.Metadata()
	for _, span := range spans {
		if t := m.Topic(span.Topic); t != nil && len(t.Partitions) > 0 && by.Of(key, len(t.Partitions)) == span.Partition {
			lives = append(lives, span)
		} else {
			rest = append(rest, span)
		}
	}
	return lives, rest
}

// Held are the offsets that partitions hold, of those that can be asked.
func Held(ctx context.Context, log Log, tps []TopicPartition, iso Isolation) ([]Span, error) {
	starts, ends, err := log.Bounds(ctx, iso, tps)
	if err != nil {
		return nil, err
	}
	var held []Span
	for _, tp := range tps {
		if start, end := starts[tp], ends[tp]; start.Err == nil && end.Err == nil {
			held = append(held, Span{tp, start.Offset, end.Offset})
		}
	}
	return held, nil
}

// Since moves the starts of spans on to the first record whose timestamp is at
// least ms (since the epoch): none before it is that new, whatever the order of
// timestamps. An end cannot be found like that, as old records may come late.
func Since(ctx context.Context, log Log, spans []Span, ms int64, iso Isolation) ([]Span, error) {
	tps := make([]TopicPartition, len(spans))
	for i, s := range spans {
		tps[i] = s.TopicPartition
	}
	found, err := log.Offsets(ctx, ms, iso, tps)
	if err != nil {
		return nil, err
	}
	moved := slices.Clone(spans)
	for i := range moved {
		s := &moved[i]
		o := found[s.TopicPartition]
		switch {
		case o.Err != nil:
			return nil, o.Err
		case o.Offset < 0:
			s.From = s.To
		default:
			s.From = min(max(s.From, o.Offset), s.To)
		}
	}
	return moved, nil
}
