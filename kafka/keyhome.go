package kafka

// Where to search for a key: which partitioner its producers have, as far as the
// records tell.

import (
	"context"
	"slices"
	"sync"

	"milena/kafka/batch"
)

// Keyed is a log whose keys are spread over partitions.
type Keyed interface {
	Log
	// KeySpans parts spans into those where a key lives, and the rest; see Cluster.
	KeySpans(spans []Span, key []byte, by Partitioner) (lives, rest []Span)
}

// KeyRequest asks where to search for a key.
type KeyRequest struct {
	Spans []Span // with their ends
	Key   []byte // nil: the null key, which lives everywhere
	// By is the partitioner that somebody named; empty: the newest records of some
	// partitions tell.
	By        Partitioner
	Seen      []TopicPartition // where the key was seen
	Isolation Isolation
}

// KeyHome is where to search for a key.
type KeyHome struct {
	Lives, Rest []Span // together the spans of the request, each of them in its order
	// By puts the key where it lives; empty: no one partitioner accounts for the keys
	// that were seen, so it may be anywhere.
	By Partitioner
}

// Of a topic, so many partitions are looked at, and so many offsets of each.
const (
	sampledPartitions = 16
	sampledOffsets    = 32
)

// allPartitioners are those that may be, the most common first.
var allPartitioners = []Partitioner{Murmur2, CRC32, FNV1a}

// FindKeyHome finds out where to search for a key. Producers of one topic may choose
// partitions in several ways (Java by murmur2, librdkafka by crc32): where the sample
// shows that, or keys where none of them puts them, Lives is everything. The error is
// that of ctx; what else keeps the sample from being read makes Lives everything, too.
func FindKeyHome(ctx context.Context, log Keyed, req KeyRequest) (KeyHome, error) {
	home := KeyHome{By: req.By}
	if home.By == "" && req.Key != nil {
		seen := keySample{log: log, fits: make(map[string][]Partitioner)}
		for _, tp := range req.Seen {
			seen.add(tp, req.Key)
		}
		err := log.Read(ctx, ReadRequest{Spans: seen.places(req.Spans), Isolation: req.Isolation, deaf: true}, &seen)
		switch {
		case ctx.Err() != nil:
			return home, ctx.Err()
		case err == nil:
			home.By = seen.partitioner()
		}
	}
	if home.By == "" {
		home.Lives = req.Spans
		return home, nil
	}
	lives, _ := log.KeySpans(req.Spans, req.Key, home.By)
	for _, s := range req.Spans {
		if slices.Contains(lives, s) || slices.Contains(req.Seen, s.TopicPartition) {
			home.Lives = append(home.Lives, s)
		} else {
			home.Rest = append(home.Rest, s)
		}
	}
	return home, nil
}

// keySample is which partitioners account for the keys that were seen.
type keySample struct {
	log Keyed

	mu   sync.Mutex
	fits map[string][]Partitioner // by topic; missing: any
}

// places are the ends of some partitions of each topic, evenly spread.
func (k *keySample) places(spans []Span) (places []Span) {
	byTopic := make(map[string][]Span)
	for _, s := range spans {
		if s.From < s.To {
			byTopic[s.Topic] = append(byTopic[s.Topic], s)
		}
	}
	for _, all := range byTopic {
		for i := range min(len(all), sampledPartitions) {
			s := all[i*len(all)/min(len(all), sampledPartitions)]
			s.From = max(s.From, s.To-sampledOffsets)
			places = append(places, s)
		}
	}
	return places
}

// add notes where a key was seen.
func (k *keySample) add(tp TopicPartition, key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	fits, known := k.fits[tp.Topic]
	if !known {
		fits = slices.Clone(allPartitioners)
	}
	k.fits[tp.Topic] = slices.DeleteFunc(fits, func(by Partitioner) bool {
		lives, _ := k.log.KeySpans([]Span{{TopicPartition: tp}}, key, by)
		return len(lives) == 0
	})
}

// partitioner is the first that accounts for all keys of all topics; empty: none does.
func (k *keySample) partitioner() Partitioner {
	for _, by := range allPartitioners {
		all := true
		for _, fits := range k.fits {
			all = all && slices.Contains(fits, by)
		}
		if all {
			return by
		}
	}
	return ""
}

// Partition takes the keys of a partition.
func (k *keySample) Partition(tp TopicPartition) PartitionSink { return &keySamplePart{k, tp} }

// Event is of no use to a bounded read: what matters ends it with an error.
func (k *keySample) Event(Event) {}

type keySamplePart struct {
	*keySample
	tp TopicPartition
}

// Record notes a record's key.
func (p *keySamplePart) Record(v *batch.View) bool {
	if v.Key != nil {
		p.add(p.tp, v.Key)
	}
	return true
}

// Skip has no key.
func (p *keySamplePart) Skip(batch.Skip) {}

// Flush has nothing to publish.
func (p *keySamplePart) Flush(PartitionState) error { return nil }
