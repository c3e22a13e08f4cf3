package kafka

// Patterns of topic names.

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// IsTopicPattern tells a pattern from a name: a topic's name has only letters,
// digits, '.', '_' and '-', so whatever has another character is a pattern.
func IsTopicPattern(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
	})
}

// TopicPattern is a pattern of topic names: a regular expression (RE2) for the
// whole name, as Kafka's own tools take it (--include).
type TopicPattern struct {
	re       *regexp.Regexp
	internal bool
}

// ParseTopicPattern reads a pattern.
func ParseTopicPattern(text string) (*TopicPattern, error) {
	re, err := regexp.Compile(`^(?:` + text + `)$`)
	if err != nil {
		return nil, fmt.Errorf("pattern %q is not a regular expression: %s", text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return &TopicPattern{re, strings.HasPrefix(text, "__")}, nil
}

// Match tells whether a topic's name is of the pattern, as TopicsLike does:
// internal topics match only a pattern that begins with "__".
func (p *TopicPattern) Match(t *Topic) bool {
	return (p.internal || !t.Internal && !strings.HasPrefix(t.Name, "__")) && p.re.MatchString(t.Name)
}

// TopicsLike is Metadata.TopicsLike after a look at the cluster.
func (c *Cluster) TopicsLike(ctx context.Context, texts ...string) ([]string, error) {
	m, err := c.Refresh(ctx)
	if err != nil {
		return nil, err
	}
	return m.TopicsLike(texts...)
}

// TopicsLike finds the topics that names and patterns stand for, each topic once.
// A pattern is a regular expression (RE2) for the whole name, as Kafka's own tools
// take it (--include). Internal topics match only a pattern that begins with "__".
// That a name or a pattern stands for no topic is an error.
func (m *Metadata) TopicsLike(texts ...string) ([]string, error) {
	var names []string
	seen := make(map[string]bool)
	for _, text := range texts {
		if !IsTopicPattern(text) {
			if m.Topic(text) == nil {
				return nil, &UnknownTopicError{Topic: text, Near: nearest(text, m.Topics)}
			}
			if !seen[text] {
				names = append(names, text)
			}
			seen[text] = true
			continue
		}
		pattern, err := ParseTopicPattern(text)
		if err != nil {
			return nil, err
		}
		some := false
		for i := range m.Topics {
			t := &m.Topics[i]
			if !pattern.Match(t) {
				continue
			}
			some = true
			if !seen[t.Name] {
				names = append(names, t.Name)
			}
			seen[t.Name] = true
		}
		if !some {
			return nil, fmt.Errorf("no topic matches %q (a regular expression for the whole name, such as 'orders\\..*')", text)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("name a topic")
	}
	return names, nil
}
