package cli

import (
	"context"
	"slices"

	"milena/kafka"
)

// topicsNamed finds the topics that arguments name, each once, by name. An
// argument may be a pattern, see kafka.IsTopicPattern.
func topicsNamed(ctx context.Context, c *kafka.Cluster, args []string) ([]*kafka.Topic, error) {
	var names []string
	for _, arg := range args {
		if !kafka.IsTopicPattern(arg) {
			names = append(names, arg)
			continue
		}
		like, err := c.TopicsLike(ctx, arg)
		if err != nil {
			return nil, err
		}
		names = append(names, like...)
	}
	slices.Sort(names)
	var topics []*kafka.Topic
	for _, name := range slices.Compact(names) {
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
