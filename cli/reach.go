package cli

import (
	"slices"
	"strings"

	"milena/config"
	"milena/ui"
)

// reach is how a command that is copied from the screen reaches the same
// cluster. What -X said may be a secret, so it becomes a FILE to be named.
func (g *global) reach(s *config.Settings) ui.Reach {
	r := ui.Reach{Brokers: s.Kafka.Brokers, Properties: g.properties, Secured: s.Kafka.TLS != nil || s.Kafka.SASL != nil}
	switch {
	case g.demo:
		return ui.Reach{Brokers: s.Kafka.Brokers}
	case s.Name != strings.Join(s.Kafka.Brokers, ","):
		r.Flags = []string{"--context", s.Name}
		if g.brokers != "" {
			r.Flags = append(r.Flags, "-b", g.brokers)
		}
	}
	switch {
	case g.properties != "":
		r.Flags = append(r.Flags, "-F", g.properties)
	case len(g.set) > 0 || r.Secured && !slices.Contains(r.Flags, "--context"):
		r.Flags = append(r.Flags, "-F", "FILE")
	}
	return r
}
