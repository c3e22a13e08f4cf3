package cli

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// released is set by the release build (-ldflags -X).
var released string

// version is the release, else the module's version, else the commit that it was
// built from.
func version() string {
	if released != "" {
		return released
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "dev-" + s.Value[:12]
		}
	}
	return "dev"
}

func newVersion(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  exactly(0, "no arguments"),
		RunE:  func(*cobra.Command, []string) error { return g.tellVersion() },
	}
}

func (g *global) tellVersion() error {
	_, err := fmt.Fprintf(g.stdout, "milena %s\n", version())
	return err
}
