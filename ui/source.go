package ui

import (
	"context"
	"errors"
	"maps"
	"slices"

	"milena/kafka"
)

// Cluster is what the screen needs of a Kafka cluster; *kafka.Cluster is one.
type Cluster interface {
	Metadata() *kafka.Metadata
	Refresh(ctx context.Context) (*kafka.Metadata, error)
	Topic(ctx context.Context, name string) (*kafka.Topic, error)
	Offsets(ctx context.Context, at int64, iso kafka.Isolation, tps []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Offset, error)
	Bounds(ctx context.Context, iso kafka.Isolation, tps []kafka.TopicPartition) (starts, ends map[kafka.TopicPartition]kafka.Offset, err error)
	Resolve(ctx context.Context, tps []kafka.TopicPartition, from kafka.Position, to *kafka.Position, iso kafka.Isolation) ([]kafka.Span, []kafka.Waiting, error)
	Newest(ctx context.Context, req kafka.NewestRequest) (*kafka.Newest, error)
	Read(ctx context.Context, req kafka.ReadRequest, sink kafka.Sink) error
	ReadOrdered(ctx context.Context, req kafka.OrderedRequest, sink kafka.OrderedSink) error
	Send(ctx context.Context, m kafka.Message) (kafka.Ack, error)
	CreateTopic(ctx context.Context, t kafka.NewTopic) error
	DeleteTopic(ctx context.Context, name string) error
	DescribeTopic(ctx context.Context, name string) (*kafka.TopicDescription, error)
	Compacted(ctx context.Context, names []string) (map[string]bool, error)
	NewSearch(req kafka.SearchRequest) (*kafka.Search, error)
	KeySpans(spans []kafka.Span, key []byte, by kafka.Partitioner) (lives, rest []kafka.Span)
	EstimateHits(ctx context.Context, spans []kafka.Span, match func(kafka.TopicPartition) kafka.Matcher, iso kafka.Isolation) (kafka.Estimate, error)
	Cost(ctx context.Context, spans []kafka.Span, iso kafka.Isolation) (kafka.SearchCost, error)
	ReadOnly() bool
	Close() error
}

// Source is what a tail shows: topics of a cluster, or whatever else has
// partitions with offsets.
type Source interface {
	// Spans begin at a position in every partition that can be read now, and have
	// no end; the others wait.
	Spans(ctx context.Context, from kafka.Position) ([]kafka.Span, []kafka.Waiting, error)
	// Newest finds the newest records below the offsets in the request's Before, in
	// the partitions that it names. Isolation is the source's own.
	Newest(ctx context.Context, req kafka.NewestRequest) (*kafka.Newest, error)
	// Read gives what spans hold to the sink; those without an end, for ever,
	// and with them those that wait. Isolation and growth are the source's own.
	Read(ctx context.Context, req kafka.ReadRequest, sink kafka.Sink) error
	// ReadOrdered is Read, merged by time.
	ReadOrdered(ctx context.Context, req kafka.OrderedRequest, sink kafka.OrderedSink) error
	// Range is what lies from one position to another; a nil one is the end as it
	// is now.
	Range(ctx context.Context, from kafka.Position, to *kafka.Position) ([]kafka.Span, []kafka.Waiting, error)
	// Since leaves out what is before a time, in ms since the epoch.
	Since(ctx context.Context, spans []kafka.Span, ms int64) ([]kafka.Span, error)
	// KeyHome finds out which spans to search for a key. Isolation is the source's own.
	KeyHome(ctx context.Context, req kafka.KeyRequest) (kafka.KeyHome, error)
	// Search prepares a search of spans; one that follows takes in partitions that
	// are added, when grow says so.
	Search(spans []kafka.Span, q *searching, grow bool) (*kafka.Search, error)
	// Ends are the offsets that follow the last records.
	Ends(ctx context.Context, of []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Offset, error)
}

// topicSource is topics of a cluster.
type topicSource struct {
	cluster   Cluster
	topics    []string
	isolation kafka.Isolation
	off       switchedOff             // what is not read on, though it is added
	match     func(*kafka.Topic) bool // topics that appear later; nil: none is read
}

func (s *topicSource) Spans(ctx context.Context, from kafka.Position) ([]kafka.Span, []kafka.Waiting, error) {
	return s.resolve(ctx, from, nil)
}

func (s *topicSource) Range(ctx context.Context, from kafka.Position, to *kafka.Position) ([]kafka.Span, []kafka.Waiting, error) {
	if to == nil {
		to = &kafka.Position{Kind: kafka.End}
	}
	spans, waiting, err := s.resolve(ctx, from, to)
	spans = slices.DeleteFunc(spans, func(span kafka.Span) bool { return s.off.has(span.TopicPartition) })
	on, _ := s.off.part(waiting)
	return spans, on, err
}

func (s *topicSource) Since(ctx context.Context, spans []kafka.Span, ms int64) ([]kafka.Span, error) {
	return kafka.Since(ctx, s.cluster, spans, ms, s.isolation)
}

func (s *topicSource) KeyHome(ctx context.Context, req kafka.KeyRequest) (kafka.KeyHome, error) {
	req.Isolation = s.isolation
	return kafka.FindKeyHome(ctx, s.cluster, req)
}

func (s *topicSource) Search(spans []kafka.Span, q *searching, grow bool) (*kafka.Search, error) {
	return s.cluster.NewSearch(kafka.SearchRequest{Spans: spans, Match: q.match, Order: q.order, Isolation: s.isolation, Grow: grow})
}

func (s *topicSource) resolve(ctx context.Context, from kafka.Position, to *kafka.Position) ([]kafka.Span, []kafka.Waiting, error) {
	var topics []*kafka.Topic
	for _, name := range s.topics {
		t, err := s.cluster.Topic(ctx, name)
		var unknown *kafka.UnknownTopicError
		if s.match != nil && errors.As(err, &unknown) {
			continue // of those that match, one is gone
		}
		if err != nil {
			return nil, nil, err
		}
		if t.Err != nil {
			return nil, nil, t.Err
		}
		topics = append(topics, t)
	}
	return s.cluster.Resolve(ctx, kafka.Partitions(topics...), from, to, s.isolation)
}

func (s *topicSource) Newest(ctx context.Context, req kafka.NewestRequest) (*kafka.Newest, error) {
	req.Partitions, req.Isolation = slices.SortedFunc(maps.Keys(req.Before), kafka.TopicPartition.Compare), s.isolation
	return s.cluster.Newest(ctx, req)
}

func (s *topicSource) Read(ctx context.Context, req kafka.ReadRequest, sink kafka.Sink) error {
	return s.cluster.Read(ctx, s.request(req), sink)
}

func (s *topicSource) ReadOrdered(ctx context.Context, req kafka.OrderedRequest, sink kafka.OrderedSink) error {
	req.ReadRequest = s.request(req.ReadRequest)
	return s.cluster.ReadOrdered(ctx, req, sink)
}

// request completes what is to be read.
func (s *topicSource) request(req kafka.ReadRequest) kafka.ReadRequest {
	req.Isolation, req.Without = s.isolation, s.off.has
	if len(req.Waiting) > 0 || slices.ContainsFunc(req.Spans, func(s kafka.Span) bool { return s.To == kafka.NoEnd }) {
		req.Grow, req.Match = true, s.match
	}
	return req
}

func (s *topicSource) Ends(ctx context.Context, of []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Offset, error) {
	return s.cluster.Offsets(ctx, kafka.AtEnd, s.isolation, of)
}
