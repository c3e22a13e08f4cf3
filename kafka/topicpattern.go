package kafka

// A pattern that topics are matched against as they appear.

import (
	"fmt"
	"regexp"
	"strings"
)

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

// Match tells whether a topic's name is of the pattern, as TopicsLike does:
// internal topics match only a pattern that begins with "__".
func (p *TopicPattern) Match(t *Topic) bool {
	return (p.internal || !t.Internal && !strings.HasPrefix(t.Name, "__")) && p.re.MatchString(t.Name)
}
