package cli

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"milena/config"
	"milena/kafka"
)

// What a shell completes: topics, contexts, settings and the words that a flag
// takes. It creates nothing, says nothing, and gives up soon.

// completeWithin is how long a shell waits for the names of topics.
const completeWithin = 1500 * time.Millisecond

type completion = cobra.CompletionFunc

// completeTopics completes the arguments from a place on as topics; most is how
// many arguments there can be, 0 any number.
func (g *global) completeTopics(from, most int) completion {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) < from || most > 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names := g.topicsForShell(cmd.Context())
		return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(args, name) }), cobra.ShellCompDirectiveNoFileComp
	}
}

// topicsForShell are the names of the cluster that is meant; none when it does not
// answer. A demo has no topics before it starts, and a shell must not start it.
func (g *global) topicsForShell(ctx context.Context) []string {
	if g.demo || g.demoDir != "" || g.file != "" {
		return nil
	}
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completeWithin)
	defer cancel()
	g.quiet, g.stderr = true, io.Discard
	s, err := g.load(ctx)
	if err != nil {
		return nil
	}
	cfg := s.Kafka
	cfg.DialTimeout = completeWithin
	found := make(chan []string, 1)
	go func() { // a broker that is silent must not hold the shell up
		c, err := kafka.Open(ctx, cfg)
		if err != nil {
			found <- nil
			return
		}
		defer c.Close()
		var names []string
		for _, t := range c.Metadata().Topics {
			if !t.Internal {
				names = append(names, t.Name)
			}
		}
		found <- names
	}()
	select {
	case names := <-found:
		return names
	case <-ctx.Done():
		return nil
	}
}

// completeContexts completes the names of contexts.
func completeContexts(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	file, err := config.ReadContexts(config.Path(os.Getenv))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for name, c := range file.Contexts {
		names = append(names, cobra.CompletionWithDesc(name, c.Brokers))
	}
	slices.Sort(names)
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeTopicConfig completes a topic's setting, then its value.
func completeTopicConfig(_ *cobra.Command, _ []string, text string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	name, _, valued := strings.Cut(text, "=")
	if !valued {
		names := kafka.TopicConfigs()
		for i := range names {
			names[i] += "="
		}
		return names, none | cobra.ShellCompDirectiveNoSpace
	}
	values := kafka.TopicConfigValues(name)
	for i := range values {
		values[i] = name + "=" + values[i]
	}
	return values, none
}

// flagWords are the words that flags take, wherever they are.
var flagWords = map[string][]string{
	"compression":     {"none", "gzip", "snappy", "lz4", "zstd"},
	"from":            {"beginning", "end"},
	"isolation-level": {"read_uncommitted", "read_committed"},
	"offset":          {"beginning", "end", "stored"},
	"order":           {"oldest", "newest", "time"},
	"partitioner":     {"murmur2", "crc32", "fnv1a"},
	"to":              {"beginning", "end"},
}

// completes tells each command and its flags what a shell may complete.
func (g *global) completes(root *cobra.Command) {
	arguments := map[string]completion{
		"milena":                g.completeTopics(0, 0),
		"milena tail":           g.completeTopics(0, 0),
		"milena timeline":       g.completeTopics(0, 0),
		"milena search":         g.completeTopics(1, 0),
		"milena trace":          g.completeTopics(1, 0),
		"milena produce":        g.completeTopics(0, 1),
		"milena topic describe": g.completeTopics(0, 0),
		"milena topic delete":   g.completeTopics(0, 0),
	}
	flags := map[string]completion{
		"context": completeContexts,
		"config":  completeTopicConfig,
		"topic":   g.completeTopics(0, 0),
	}
	for name, words := range flagWords {
		flags[name] = cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
	}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if f := arguments[cmd.CommandPath()]; f != nil {
			cmd.ValidArgsFunction = f
		}
		for name, f := range flags {
			if cmd.LocalFlags().Lookup(name) != nil {
				_ = cmd.RegisterFlagCompletionFunc(name, f) // fails only for flags that are not there
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
}
