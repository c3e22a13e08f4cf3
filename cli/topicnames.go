package cli

import (
	"context"
	"slices"

	"milena/kafka"
)

// topicNames makes names of arguments, each once, in order. An argument may be a
// pattern, see kafka.IsTopicPattern.
func topicNames(ctx context.Context, c source, args []string) ([]string, error) {
	var names, patterns []string
	for _, arg := range args {
		if kafka.IsTopicPattern(arg) {
			patterns = append(patterns, arg)
		} else {
			names = append(names, arg)
		}
	}
	if len(patterns) > 0 {
		like := c.Metadata().TopicsLike
		if cluster, ok := c.(*kafka.Cluster); ok {
			like = func(texts ...string) ([]string, error) { return cluster.TopicsLike(ctx, texts...) }
		}
		found, err := like(patterns...)
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// openTopics connects, and finds the topics that arguments name and how they are
// read.
func (g *global) openTopics(ctx context.Context, args []string) (*kafka.Cluster, []*kafka.Topic, kafka.Isolation, error) {
	settings, err := g.load(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	c, err := g.open(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	topics, err := topicsNamed(ctx, c, args)
	return c, topics, settings.Isolation, err
}

// topicsNamed finds the topics that arguments name.
func topicsNamed(ctx context.Context, c *kafka.Cluster, args []string) ([]*kafka.Topic, error) {
	found, err := topicNames(ctx, c, args)
	if err != nil {
		return nil, err
	}
	var topics []*kafka.Topic
	for _, name := range found {
		t, err := c.Topic(ctx, name)
		if err == nil {
			err = t.Err
		}
		if err != nil {
			return nil, err
		}
		topics = append(topics, t)
	}
	return topics, nil
}

// topicPatterns are those arguments that are patterns, not names.
func topicPatterns(args []string) ([]*kafka.TopicPattern, error) {
	var patterns []*kafka.TopicPattern
	for _, arg := range args {
		if !kafka.IsTopicPattern(arg) {
			continue
		}
		p, err := kafka.ParseTopicPattern(arg)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

// anyOf matches what any of the patterns matches; nil when there is none.
func anyOf(patterns []*kafka.TopicPattern) func(*kafka.Topic) bool {
	if len(patterns) == 0 {
		return nil
	}
	return func(t *kafka.Topic) bool {
		return slices.ContainsFunc(patterns, func(p *kafka.TopicPattern) bool { return p.Match(t) })
	}
}
