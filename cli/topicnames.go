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
