package cli

// What somebody probably meant: the nearest name to one that does not exist.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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

// synonyms are what other tools call milena's commands.
var synonyms = map[string]string{
	"consume": "tail", "consumer": "tail", "read": "tail", "cat": "tail", "follow": "tail", "watch": "tail",
	"send": "produce", "publish": "produce", "write": "produce", "producer": "produce",
	"list": "topics", "ls": "topics", "metadata": "topics", "find": "search", "grep": "search", "query": "search",
	"create": "topic create", "delete": "topic delete", "describe": "topic describe",
}

// nearCommand is the command that name may be a mistyped form of; empty: none. A
// topic may have any name, so only what is really near counts.
func nearCommand(root *cobra.Command, name string) string {
	if command := synonyms[name]; command != "" && root.Parent() == nil {
		return command
	}
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

// howLongForAName is how long a look at the cluster may take that only decides
// whether a name is a topic's or a mistyped command.
const howLongForAName = 2 * time.Second

// mistypedCommand refuses arguments of the screen that begin with a mistyped
// command. A topic of that name is a topic; without a cluster nobody knows.
func (g *global) mistypedCommand(ctx context.Context, root *cobra.Command, args []string) error {
	if len(args) == 0 || g.file != "" {
		return nil
	}
	near := nearCommand(root, args[0])
	if near == "" {
		return nil
	}
	s, err := g.load(ctx)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, howLongForAName)
	defer stop()
	c, err := kafka.Open(ctx, s.Kafka)
	if err != nil {
		return nil // the screen says so better
	}
	defer c.Close()
	var unknown *kafka.UnknownTopicError
	if _, err := c.Topic(ctx, args[0]); !errors.As(err, &unknown) || len(unknown.Near) > 0 && len(args) == 1 {
		return nil
	}
	rest := " " + strings.Join(args[1:], " ")
	return usage("%q is neither a command nor a topic (did you mean milena %s%s?)", args[0], near, strings.TrimRight(rest, " "))
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
