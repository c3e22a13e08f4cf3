package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// A flag's placeholder and its text must not say the same word twice, as in
// "--isolation-level level level read_uncommitted".
func TestNoHelpSaysAWordTwice(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		var out bytes.Buffer
		cmd.SetOut(&out)
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			words := strings.Fields(line)
			for i := 1; i < len(words); i++ {
				if strings.Trim(words[i], ":,") == strings.TrimLeft(words[i-1], "-") && !strings.Contains(line, "milena search ") {
					t.Errorf("%s: %s", cmd.CommandPath(), strings.TrimSpace(line))
				}
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(&global{}))
}
