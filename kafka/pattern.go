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

// TopicsLike finds the topics whose whole name matches a pattern: a regular
// expression (RE2), as Kafka's own tools take it (--include). Internal topics
// match only a pattern that begins with "__". That none match is an error.
func (c *Cluster) TopicsLike(ctx context.Context, pattern string) ([]string, error) {
	re, err := regexp.Compile(`^(?:` + pattern + `)$`)
	if err != nil {
		return nil, fmt.Errorf("pattern %q is no regular expression: %s", pattern, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	m, err := c.Refresh(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range m.Topics {
		t := &m.Topics[i]
		if (!t.Internal && !strings.HasPrefix(t.Name, "__") || strings.HasPrefix(pattern, "__")) && re.MatchString(t.Name) {
			names = append(names, t.Name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no topic matches %q (a regular expression for the whole name, as in 'orders\\..*')", pattern)
	}
	return names, nil
}
