package kafka

// Patterns of topic names.

import (
	"context"
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
		return nil, fmt.Errorf("pattern %q is no regular expression: %s", text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return &TopicPattern{re, strings.HasPrefix(text, "__")}, nil
}

// Match tells whether a topic's name is of the pattern. Internal topics match
// only a pattern that begins with "__".
func (p *TopicPattern) Match(t *Topic) bool {
	return (p.internal || !t.Internal && !strings.HasPrefix(t.Name, "__")) && p.re.MatchString(t.Name)
}

// TopicsLike finds the topics that match a pattern, see TopicPattern. That none
// match is an error.
func (c *Cluster) TopicsLike(ctx context.Context, pattern string) ([]string, error) {
	like, err := ParseTopicPattern(pattern)
	if err != nil {
		return nil, err
	}
	m, err := c.Refresh(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range m.Topics {
		if like.Match(&m.Topics[i]) {
			names = append(names, m.Topics[i].Name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no topic matches %q (a regular expression for the whole name, as in 'orders\\..*')", pattern)
	}
	return names, nil
}
