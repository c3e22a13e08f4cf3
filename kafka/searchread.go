package kafka

import "context"

type searchPart struct {
	TopicPartition
	span Span
}

func (s *Search) partLocked(span Span) *searchPart {
	p := &searchPart{TopicPartition: span.TopicPartition, span: span}
	s.byTP[span.TopicPartition] = p
	return p
}

func (p *searchPart) leftLocked() (from, to int64) { return p.span.From, p.span.To }

func (s *Search) run(ctx context.Context) error { return ctx.Err() }
