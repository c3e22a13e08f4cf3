package archive

// A file's records in the order of time.

import (
	"context"
	"errors"

	"milena/kafka"
)

// ReadOrdered gives what spans hold merged by time, as kafka.Cluster does; all of
// it is history. It is a search by time for everything that matches, which reads
// the file a window at a time: so little is held, wherever in the file a partition
// lies.
func (a *File) ReadOrdered(ctx context.Context, req kafka.OrderedRequest, sink kafka.OrderedSink) error {
	follow := req.Grow
	ends := make(map[kafka.TopicPartition]kafka.Span, len(req.Spans))
	spans := make([]kafka.Span, 0, len(req.Spans))
	for _, s := range req.Spans {
		if p := a.partition(s.Topic, s.Partition); s.To == kafka.NoEnd && p != nil {
			s.To, follow = max(s.From, p.last+1), true
		}
		spans = append(spans, s)
		ends[s.TopicPartition] = s
	}
	search, err := kafka.NewSearch(a, kafka.SearchRequest{Spans: spans, Match: req.Match, Order: kafka.ByTime})
	if err != nil {
		return err
	}
	reach := func(tp kafka.TopicPartition, next int64) {
		end := ends[tp].To
		sink.Reached(tp, next, kafka.PartitionState{Next: next, HighWatermark: end, LastStable: end, LogStart: ends[tp].From})
	}
	err = search.Run(ctx, 0, func(hits []kafka.Record) error {
		next := make(map[kafka.TopicPartition]int64)
		for i := range hits {
			r := &hits[i]
			tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
			if !sink.Record(tp, r.View(), false) {
				return errTaken
			}
			next[tp] = r.Offset + 1
		}
		for tp, at := range next {
			reach(tp, at)
		}
		return sink.Flush()
	})
	if errors.Is(err, errTaken) {
		return sink.Flush()
	}
	if err != nil {
		return err
	}
	for tp, s := range ends {
		reach(tp, s.To)
	}
	if err := sink.Flush(); err != nil || !follow {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}
