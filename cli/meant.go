package cli

// What somebody probably meant: the nearest name to one that does not exist.

import (
	"errors"
	"fmt"

	"milena/kafka"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// meant is a question about the nearest of the names, in brackets after a blank;
// empty when none is near.
func meant(name string, names []string) string {
	near := kafka.Nearest(name, names)
	if len(near) == 0 {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", near[0])
}

// commandNames are the commands below one that somebody can type.
func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			names = append(names, sub.Name())
		}
	}
	return names
}

// nearCommand is the command that name may be a mistyped form of; empty: none. A
// topic may have any name, so only what is really near counts.
func nearCommand(root *cobra.Command, name string) string {
	if len(name) < 3 {
		return ""
	}
	for _, near := range kafka.Nearest(name, commandNames(root)) {
		// "topics-eu" contains a command, and is no mistyped one.
		if d := len(near) - len(name); d >= -1 && d <= 1 {
			return near
		}
	}
	return ""
}

// flagError is what is wrong with a flag: another tool's flag is explained, and
// a mistyped one gets its nearest.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usageError{plainly(err)}
	}
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		if hint := foreignLetter(cmd, name); hint != "" {
			return usage("-%s: %s", name, hint)
		}
		return usage("unknown flag: -%s in -%s", name, unknown.GetSpecifiedShortnames())
	}
	if hint := foreignFlag(cmd, name); hint != "" {
		return usage("--%s: %s", name, hint)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near := kafka.Nearest(name, names); len(near) > 0 {
		return usage("unknown flag: --%s (did you mean --%s?)", name, near[0])
	}
	return usage("unknown flag: --%s; %s --help lists the flags", name, cmd.CommandPath())
}
