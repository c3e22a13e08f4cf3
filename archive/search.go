package archive

// What a search asks of a cluster beside its records, answered by a file.

import (
	"context"

	"milena/kafka"
)

// Cost is what searching spans reads, as if all lines were as long.
func (a *File) Cost(_ context.Context, spans []kafka.Span, _ kafka.Isolation) (kafka.SearchCost, error) {
	cost := kafka.SearchCost{Partitions: len(spans)}
	for _, s := range spans {
		cost.Offsets += max(0, s.To-s.From)
	}
	var size int64
	for _, b := range a.blocks {
		size += int64(b.size)
	}
	var offsets int64
	for _, parts := range a.topics {
		for _, p := range parts {
			offsets += p.last + 1 - p.first
		}
	}
	if offsets > 0 {
		share := float64(cost.Offsets) / float64(offsets)
		cost.Records, cost.Bytes = int64(share*float64(a.lines-a.unread-a.doubles)), int64(share*float64(size))
	}
	return cost, nil
}

// KeySpans says that a key may live anywhere: how many partitions the topic had
// is not known, for a file has only those of its records.
func (a *File) KeySpans(spans []kafka.Span, _ []byte, _ kafka.Partitioner) (lives, rest []kafka.Span) {
	return spans, nil
}

// EstimateHits counts what matches: a file is read faster than it is sampled.
func (a *File) EstimateHits(ctx context.Context, spans []kafka.Span, match func(kafka.TopicPartition) kafka.Matcher, iso kafka.Isolation) (kafka.Estimate, error) {
	s, err := a.NewSearch(kafka.SearchRequest{Spans: spans, Match: match, Isolation: iso})
	if err != nil {
		return kafka.Estimate{}, err
	}
	err = s.Run(ctx, 0, nil)
	p := s.Progress()
	_, all := p.Offsets()
	return kafka.Estimate{Offsets: all, Hits: p.Hits, Low: p.Hits, High: p.Hits, Sampled: all, Exact: err == nil}, err
}
