package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// heededBy are the settings that only some commands heed.
var heededBy = map[string][]string{
	"isolation.level":   {"milena", "tail", "search", "timeline", "trace"},
	"compression.type":  {"produce"},
	"compression.codec": {"produce"},
}

// refuseIdle refuses settings of the command line that this command does not
// heed. config refuses those that no command does.
func (g *global) refuseIdle(cmd *cobra.Command) error {
	for _, pair := range g.set {
		name, _, _ := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		if by := heededBy[name]; by != nil && !slices.Contains(by, cmd.Name()) {
			return usage("-X %s changes nothing with %s; it is for %s", name, cmd.CommandPath(), strings.Join(by, ", "))
		}
	}
	return nil
}
