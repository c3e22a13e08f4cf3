// Package cli is the command line: one file a command, each of which turns flags
// into calls of package kafka, or starts the screen.
//
//	root.go     the root command (the screen), what all commands share, exit codes
//	file.go     --file: a file of records in place of a cluster
//	demo.go     --demo: a broker of the process's own
//	tail.go     tail; ordered.go merges it by time; output.go writes its rows, JSON and formats
//	search.go   search; progress.go shows how far it is
//	produce.go  produce; input.go reads its lines, JSON and pairs
//	topics.go   topics; topicnames.go finds those that arguments name
//	timeline.go timeline; chart.go draws it
//	trace.go    trace
//	topic.go    topic create, describe, delete
//	doctor.go   doctor
//	version.go  version
//	man.go      man
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"milena/config"
	"milena/human"
	"milena/kafka"
	"milena/ui"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitNone   = 1   // of search: nothing was found
	exitUnsure = 2   // of search: it failed, or could not search everything
	exitLost   = 130 // ended by a signal, and something was lost
)

// usageError is a command line that cannot be meant.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// interruptedError is a signal that came before everything was sent.
type interruptedError struct{ error }

// global is what every command shares: where its data goes, and which cluster is
// meant.
type global struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	dial           func(ctx context.Context, network, address string) (net.Conn, error) // instead of the network; nil outside tests

	brokers    string
	context    string
	properties string
	set        []string
	demo       bool
	demoDir    string
	file       string // of records, in place of a cluster
	fileWon    string // why it is no topic; empty: that is no question
	quiet      bool
	verbose    bool

	noticing sync.Mutex       // notices come from many goroutines
	settings *config.Settings // once loaded
	closers  []func() error   // run at the end, last first
}

// Main runs the program and gives its exit code.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	boundMemory()
	// A reader that has gone away is an error of Write, not the end of us.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends us at once

	g := &global{stdin: stdin, stdout: stdout, stderr: stderr}
	return g.main(ctx, args)
}

// main does what the arguments say and gives the exit code.
func (g *global) main(ctx context.Context, args []string) int {
	err := g.run(ctx, newRoot(g), args)
	for i := len(g.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, g.closers[i]())
	}
	switch {
	case err == nil, readerLeft(err):
		return exitDone
	case errors.Is(err, errNothingFound):
		return exitNone
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		err = interruption(err)
	}
	fmt.Fprintf(g.stderr, "milena: %s\n", human.EscapeLines(sentence(err)))
	var wrong usageError
	var interrupted interruptedError
	var unsure searchError
	switch {
	case errors.As(err, &wrong):
		return exitUsage
	case errors.As(err, &interrupted):
		return exitLost
	case errors.As(err, &unsure):
		return exitUnsure
	}
	return exitFailed
}

// run runs what the arguments say; they may be kcat's.
func (g *global) run(ctx context.Context, root *cobra.Command, args []string) error {
	own, translated, err := kcatArgs(root, args)
	if err != nil {
		return err
	}
	if translated && !slices.Contains(own, "-q") {
		g.notice("milena: the same as %s", asTyped(own))
	}
	root.SetArgs(own)
	return root.ExecuteContext(ctx)
}

// interruption says what was under way when a signal came.
func interruption(err error) error {
	var open *kafka.OpenError
	if !errors.As(err, &open) || len(open.Attempts) == 0 {
		return errors.New("interrupted")
	}
	var tried []string
	for _, a := range open.Attempts {
		if !slices.Contains(tried, a.Broker) {
			tried = append(tried, a.Broker)
		}
	}
	return fmt.Errorf("interrupted before a broker answered: tried %s", strings.Join(tried, ", "))
}

// sentence is an error as a person reads it: without Go's package prefixes, and
// with what to try where that is known.
func sentence(err error) string {
	var open *kafka.OpenError
	if errors.As(err, &open) && len(open.Attempts) > 1 {
		lines := []string{"cannot reach the cluster:"}
		for _, a := range open.Attempts {
			line := "  " + a.Error()
			if a.Hint != "" {
				line += " (" + a.Hint + ")"
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "\n")
	}
	return err.Error()
}

func newRoot(g *global) *cobra.Command {
	root := &cobra.Command{
		Use:   "milena [TOPIC… | FILE.jsonl]",
		Short: "Explore Apache Kafka from the terminal",
		Long: "milena browses topics, tails them live, looks inside messages and publishes them.\n\n" +
			"Without a command it is a screen: topics, tail, compose; with TOPIC it starts in that topic's tail,\n" +
			"with a pattern ('orders\\..*') in one of all matching topics, including new ones,\n" +
			"with FILE.jsonl it shows the records of a file, as an export or tail -J wrote it.\n" +
			"Brokers come from -b, else --context, else KAFKA_BROKERS, else the current context of the\n" +
			"configuration file, else localhost:9092. No Kafka at hand? milena --demo",
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, topics []string) error {
			if told, _ := cmd.Flags().GetBool("version"); told {
				return g.tellVersion()
			}
			return g.screen(cmd, g.takeFile(topics))
		},
	}
	root.SetIn(g.stdin)
	root.SetOut(g.stdout)
	root.SetErr(g.stderr)
	// Not cobra's own: its template would keep the linker from leaving out what
	// nobody calls, a fifth of the program.
	root.Flags().Bool("version", false, "print the version")
	root.SetFlagErrorFunc(flagError)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := refuseEmpty(cmd.Flags()); err != nil {
			return err
		}
		return g.refuseIdle(cmd)
	}
	g.fileFlag(root.Flags())
	f := root.PersistentFlags()
	f.StringVarP(&g.brokers, "bootstrap-server", "b", "", "bootstrap brokers: `HOST:PORT`, several with commas")
	f.StringVar(&g.context, "context", "", "the `NAME` of a context in the configuration file")
	f.StringVarP(&g.properties, "command-config", "F", "", "a properties `FILE`, as Java clients or librdkafka have it")
	f.StringArrayVarP(&g.set, "property", "X", nil, "one property, `key=value`, on top of the file")
	f.BoolVar(&g.demo, "demo", false, "run a Kafka broker inside this process, with live sample data")
	f.StringVar(&g.demoDir, "demo-dir", "", "a folder that keeps the demo's data between runs (implies --demo)")
	f.BoolVarP(&g.quiet, "quiet", "q", false, "print no notices on stderr")
	f.BoolVarP(&g.verbose, "verbose", "v", false, "print more on stderr")
	root.SetGlobalNormalizationFunc(renameFlag)
	root.AddCommand(newTail(g), newTimeline(g), newTrace(g), newSearch(g), newProduce(g), newTopics(g), newTopic(g), newDoctor(g), newVersion(g), newMan(g))
	g.completes(root)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Args = cobra.ArbitraryArgs
		completion.RunE = func(*cobra.Command, []string) error {
			return usage("name a shell: milena completion bash, fish, powershell or zsh")
		}
	}
	return root
}

// refuseEmpty refuses flags that are given but empty, as -b "$UNSET" is: what
// would be used in their place is not what was meant.
func refuseEmpty(set *pflag.FlagSet) error {
	for _, name := range []string{"bootstrap-server", "context", "command-config", "demo-dir", "group", "file"} {
		if f := set.Lookup(name); f != nil && f.Changed && f.Value.String() == "" {
			return usage("--%s is empty", name)
		}
	}
	return nil
}

// plainly is the error of a flag without the names of Go's functions.
func plainly(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	f, why := invalid.GetFlag(), "enter a number"
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	switch {
	case errors.Is(err, strconv.ErrRange):
		why = "the number is too large"
	case f.Value.Type() == "duration":
		why = "enter a time with its unit, such as 500ms or 1s"
	case f.Value.Type() == "bool":
		why = "enter true or false"
	}
	return fmt.Errorf("%s %q: %s", name, invalid.GetValue(), why)
}

// exactly is cobra.ExactArgs with an error of ours.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%s takes %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

// notice says something on stderr that is not data and not an error. Whatever words of
// a broker's are in it, they cannot steer a terminal.
func (g *global) notice(format string, args ...any) {
	if !g.quiet {
		g.noticing.Lock()
		defer g.noticing.Unlock()
		fmt.Fprintln(g.stderr, human.EscapeLines(fmt.Sprintf(format, args...)))
	}
}

// load finds out which cluster is meant and how it is reached; with --demo it
// starts that.
func (g *global) load(ctx context.Context) (*config.Settings, error) {
	if g.settings != nil {
		return g.settings, nil
	}
	opt := config.Options{Brokers: g.brokers, Context: g.context, Properties: g.properties, Set: g.set,
		ClientID: "milena/" + version()}
	if g.demo || g.demoDir != "" {
		if g.brokers != "" || g.context != "" || g.properties != "" {
			return nil, usage("--demo runs its own broker: leave out -b, --context and -F")
		}
		address, err := g.startDemo(ctx)
		if err != nil {
			return nil, err
		}
		opt.Brokers, opt.Only = address, true
	}
	s, err := config.Load(opt)
	if err != nil {
		return nil, usageError{err}
	}
	s.Kafka.Dial = g.dial
	if g.demo {
		s.Name = "demo"
	}
	if g.verbose {
		g.notice("cluster: %s", s)
		for _, n := range s.Notices {
			g.notice("%s", n)
		}
	}
	g.settings = s
	return s, nil
}

// open connects to the cluster that is meant. It is closed when the program
// ends.
func (g *global) open(ctx context.Context) (*kafka.Cluster, error) {
	s, err := g.load(ctx)
	if err != nil {
		return nil, err
	}
	if g.demo {
		g.notice("demo broker on %s", s.Kafka.Brokers[0])
	}
	for _, w := range s.Warnings {
		g.notice("milena: %s", w)
	}
	c, err := kafka.Open(ctx, s.Kafka)
	if err != nil {
		return nil, err
	}
	g.closers = append(g.closers, c.Close)
	return c, nil
}

// screen runs the UI.
func (g *global) screen(cmd *cobra.Command, topics []string) error {
	ctx := cmd.Context()
	if out, ok := g.stdout.(*os.File); !ok || !term.IsTerminal(out.Fd()) {
		if len(topics) > 0 {
			if near := nearCommand(cmd, topics[0]); near != "" {
				return usage("%q is not a command (did you mean milena %s?)", topics[0], near)
			}
		}
		return usage("the screen needs a terminal on stdout; in a script, use: " +
			"milena tail TOPIC, milena search QUERY TOPIC, milena produce TOPIC, milena topics (milena help)")
	}
	if err := refuseDumb(os.Getenv); err != nil {
		return err
	}
	if g.file != "" {
		return g.fileScreen(ctx, topics)
	}
	if err := g.mistypedCommand(ctx, cmd, topics); err != nil {
		return err
	}
	s, err := g.load(ctx)
	if err != nil {
		return err
	}
	opt := ui.Options{
		Name: s.Name, Brokers: s.Kafka.Brokers, Color: s.Color, Topics: topics,
		Isolation: s.Isolation, Version: version(), Warnings: s.Warnings, Reach: g.reach(s),
		Open: func(ctx context.Context, brokers []string) (ui.Cluster, error) {
			cfg := s.Kafka
			if len(brokers) > 0 {
				cfg.Brokers = brokers
			}
			return openFor(ctx, cfg)
		},
		Probe: func(ctx context.Context, brokers []string, report func(kafka.ProbeStep)) error {
			cfg := s.Kafka
			if len(brokers) > 0 {
				cfg.Brokers = brokers
			}
			return kafka.Probe(ctx, cfg, report)
		},
	}
	if g.demo {
		opt.DemoAddr = s.Kafka.Brokers[0]
	} else {
		opt.Demo = func(ctx context.Context) (ui.Cluster, string, error) {
			address, err := g.startDemo(ctx)
			if err != nil {
				return nil, "", err
			}
			c, err := openFor(ctx, kafka.Config{Brokers: []string{address}, ClientID: s.Kafka.ClientID})
			return c, address, err
		}
	}
	return ui.Run(ctx, dressed(opt))
}

// openFor gives a nil interface, not a nil pointer in one, when it fails.
func openFor(ctx context.Context, cfg kafka.Config) (ui.Cluster, error) {
	c, err := kafka.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return c, nil
}
