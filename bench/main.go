// Bench times milena beside kcat on one broker and prints a table in Markdown.
//
// The contestants of a task take turns, so that whatever else the machine does
// falls on all of them; a figure is the median of the runs. Everything is
// counted: a reader that gave fewer records than were there, or a producer that
// lost one, ends the run. Bench/run prepares what this program needs.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	var b bench
	flag.StringVar(&b.milena, "milena", "", "the `program` to measure")
	flag.StringVar(&b.brokers, "b", "", "the broker's `address`")
	flag.StringVar(&b.topic, "topic", "", "the `topic` to read")
	flag.IntVar(&b.count, "count", 0, "how many records the topic holds")
	flag.StringVar(&b.lines, "lines", "", "a `file` of values to produce, one a line")
	flag.IntVar(&b.runs, "runs", 6, "runs of each contestant")
	flag.IntVar(&b.passing, "passing", 50_000_000, "how many messages pass the screen")
	flag.StringVar(&b.only, "parts", "", "of screen: idle, trip, steady, search, burst, flood; empty: all")
	tasks := flag.String("tasks", "read,produce", "comma-separated: read, search, produce, topics, first, first-of-many, screen, fill-day, day")
	empty := flag.Bool("empty", false, "be an empty Bubble Tea program")
	flag.Parse()
	if *empty {
		if err := runEmpty(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := b.run(ctx, strings.Split(*tasks, ","))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	milena, brokers, topic, lines string
	count, runs                   int
	passing                       int
	only                          string
}

// contestant is a command that does a task, and what it took.
type contestant struct {
	name string
	// command is what a person would type, without the broker.
	command []string
	stdin   string // a file, or nothing
	// into is a shell's command that its output goes through; empty: none.
	into string
	env  []string // beside what this program has
	// before and after stand around each run and are not timed.
	before, after func(context.Context) error
	// check judges the output; nil: it goes to /dev/null.
	check func(stdout string) error
	// goal is the least ratio of its rate to the last contestant's.
	goal float64
	runs []run
}

// run is one run of a command.
type run struct {
	wall, cpu time.Duration
	rss       int64 // bytes
}

func (b *bench) run(ctx context.Context, tasks []string) error {
	for _, task := range tasks {
		var err error
		switch task {
		case "read":
			err = b.read(ctx)
		case "search":
			err = b.search(ctx)
		case "produce":
			err = b.produce(ctx)
		case "topics":
			err = b.topics(ctx)
		case "first":
			err = b.first(ctx, "bench-few-00001", 150*time.Millisecond)
		case "first-of-many":
			err = b.first(ctx, "bench-few-00001", 300*time.Millisecond)
		case "screen":
			err = b.screen(ctx)
		case "fill-day":
			err = b.fillDay(ctx)
		case "day":
			err = b.day(ctx)
		default:
			err = fmt.Errorf("no such task: %s", task)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", task, err)
		}
	}
	return nil
}

func (b *bench) read(ctx context.Context) error {
	return b.compete(ctx, "read", b.count,
		&contestant{name: "milena, count", goal: 3,
			command: []string{b.milena, "tail", b.topic, "-o", "beginning", "-e", "--count"},
			check:   number(b.count)},
		&contestant{name: "milena, values", goal: 1.5,
			command: []string{b.milena, "tail", b.topic, "-o", "beginning", "-e"}},
		&contestant{name: "kcat, values",
			command: []string{"kcat", "-C", "-t", b.topic, "-o", "beginning", "-e", "-q"}})
}

// search counts what a word, a regular expression and an expression find, beside
// kcat with grep and jq, and how much a second core brings.
func (b *bench) search(ctx context.Context) error {
	for _, s := range []struct {
		task, query, peer string
		goal              float64
	}{
		{"search: a word", "order-1777", "grep -c order-1777", 5},
		{"search: a regular expression", `/customer-17[0-9]*1"/`, `grep -cE 'customer-17[0-9]*1"'`, 3},
		{"search: an expression", `value.customer.country == "DE" && value.quantity > 2`,
			`jq -c 'select(.customer.country == "DE" and .quantity > 2)' | wc -l`, 0},
	} {
		var out bytes.Buffer
		count := exec.CommandContext(ctx, b.milena, "-b", b.brokers, "search", "-q", "--count", "--", s.query, b.topic)
		count.Stdout, count.Stderr = &out, os.Stderr
		if err := count.Run(); err != nil {
			return fmt.Errorf("%s: %w", s.task, err)
		}
		found, err := strconv.Atoi(strings.TrimSpace(out.String()))
		if err != nil {
			return err
		}
		command := []string{b.milena, "search", s.query, b.topic, "--count"}
		err = b.compete(ctx, s.task, b.count,
			&contestant{name: "milena", goal: s.goal, command: command, check: number(found)},
			&contestant{name: "milena, one core", command: command, check: number(found), env: []string{"GOMAXPROCS=1"}},
			&contestant{name: "kcat", into: s.peer, check: number(found),
				command: []string{"kcat", "-C", "-t", b.topic, "-o", "beginning", "-e", "-q"}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) produce(ctx context.Context) error {
	count, err := countLines(b.lines)
	if err != nil {
		return err
	}
	topic := b.topic + "-written"
	before := func(ctx context.Context) error {
		return b.quietly(ctx, b.milena, "topic", "create", topic, "--partitions", "6", "--replication-factor", "1",
			"--config", "file.delete.delay.ms=1000")
	}
	after := func(ctx context.Context) error {
		var out bytes.Buffer
		tail := exec.CommandContext(ctx, b.milena, "-b", b.brokers, "tail", topic, "-o", "beginning", "-e", "--count")
		tail.Stdout, tail.Stderr = &out, os.Stderr
		if err := tail.Run(); err != nil {
			return err
		}
		return errors.Join(number(count)(out.String()), b.quietly(ctx, b.milena, "topic", "delete", topic, "--yes"))
	}
	return b.compete(ctx, "produce", count,
		&contestant{name: "milena", goal: 0.9, stdin: b.lines, before: before, after: after,
			command: []string{b.milena, "produce", topic}},
		&contestant{name: "kcat", stdin: b.lines, before: before, after: after,
			command: []string{"kcat", "-P", "-t", topic}})
}

// countLines reads a file piece by piece: what this process has resident would
// count as its children's, too, for they start as copies of it.
func countLines(file string) (int, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	piece := make([]byte, 64<<10)
	for lines := 0; ; {
		n, err := f.Read(piece)
		lines += bytes.Count(piece[:n], []byte{'\n'})
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

func (b *bench) topics(ctx context.Context) error {
	var out bytes.Buffer
	list := exec.CommandContext(ctx, b.milena, "-b", b.brokers, "topics")
	list.Stdout, list.Stderr = &out, os.Stderr
	if err := list.Run(); err != nil {
		return err
	}
	return b.compete(ctx, "list", bytes.Count(out.Bytes(), []byte{'\n'}),
		&contestant{name: "milena, with offsets", goal: 0.5, command: []string{b.milena, "topics"}},
		&contestant{name: "kcat, without offsets", command: []string{"kcat", "-L"}})
}

// compete lets the contestants take turns, after one unmeasured turn each that
// warms the broker's caches, and prints their table.
func (b *bench) compete(ctx context.Context, task string, count int, cs ...*contestant) error {
	for turn := -1; turn < b.runs; turn++ {
		for _, c := range cs {
			r, err := b.once(ctx, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if turn >= 0 {
				c.runs = append(c.runs, r)
			}
			fmt.Fprintf(os.Stderr, "%-8s %-22s %7.3f s  %4d MiB\n", task, c.name, r.wall.Seconds(), r.rss>>20)
		}
	}
	unit := "messages"
	if task == "list" {
		unit = "topics"
	}
	fmt.Printf("### %s %d %s\n\n", task, count, unit)
	other, _, _ := strings.Cut(cs[len(cs)-1].name, ",")
	fmt.Printf("| | seconds | fastest–slowest | %s/s | CPU seconds | RSS at most | rate beside %s | asked for |\n", unit, other)
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---:|")
	peer := median(cs[len(cs)-1].runs, wall)
	for _, c := range cs {
		w := median(c.runs, wall)
		goal := ""
		if c.goal > 0 {
			goal = fmt.Sprintf("≥ %g×", c.goal)
		}
		fmt.Printf("| %s | %.2f | %.2f–%.2f | %s | %.2f | %d MiB | %.2f× | %s |\n", c.name, w.Seconds(),
			slices.MinFunc(c.runs, by(wall)).wall.Seconds(), slices.MaxFunc(c.runs, by(wall)).wall.Seconds(),
			thousands(int(float64(count)/w.Seconds())), median(c.runs, cpu).Seconds(),
			slices.MaxFunc(c.runs, func(a, b run) int { return cmp.Compare(a.rss, b.rss) }).rss>>20,
			peer.Seconds()/w.Seconds(), goal)
	}
	fmt.Printf("\n")
	for _, c := range cs {
		words := slices.Clone(c.command)
		if words[0] == b.milena {
			words[0] = "milena"
		}
		for i, w := range words {
			if strings.ContainsAny(w, ` "*&>`) {
				words[i] = "'" + w + "'"
			}
		}
		line := strings.Join(words, " ")
		if len(c.env) > 0 {
			line = strings.Join(c.env, " ") + " " + line
		}
		switch {
		case c.into != "":
			line += " | " + c.into
		case c.stdin != "":
			line += " <values"
		case c.check == nil:
			line += " >/dev/null"
		}
		fmt.Printf("    %s\n", line)
	}
	fmt.Printf("\nMedian of %d runs, taken in turns; %s, %s, %d cores, shared with the broker.\n\n",
		b.runs, kcatVersion(ctx), runtime.Version(), runtime.NumCPU())
	return nil
}

// once runs a contestant.
func (b *bench) once(ctx context.Context, c *contestant) (run, error) {
	if c.before != nil {
		if err := c.before(ctx); err != nil {
			return run{}, err
		}
	}
	args := append([]string{"-b", b.brokers}, c.command[1:]...)
	cmd := exec.CommandContext(ctx, c.command[0], args...)
	if c.into != "" {
		// Of a pipe the CPU time is everybody's, the RSS the largest one's.
		cmd = exec.CommandContext(ctx, "sh", append([]string{"-c", `"$0" "$@" | ` + c.into, c.command[0]}, args...)...)
	}
	cmd.Env = append(os.Environ(), c.env...)
	var out, errs bytes.Buffer
	cmd.Stderr = &errs
	if c.check != nil {
		cmd.Stdout = &out
	}
	if c.stdin != "" {
		f, err := os.Open(c.stdin)
		if err != nil {
			return run{}, err
		}
		defer f.Close()
		cmd.Stdin = f
	}
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil {
		return run{}, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	r := run{wall: took, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), rss: maxRSS(cmd.ProcessState)}
	if c.check != nil {
		if err := c.check(out.String()); err != nil {
			return run{}, err
		}
	}
	if c.after != nil {
		return r, c.after(ctx)
	}
	return r, nil
}

// quietly runs a command of preparation.
func (b *bench) quietly(ctx context.Context, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, append([]string{"-b", b.brokers}, args...)...)
	cmd.Stdout = io.Discard
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return nil
}

// number checks that a command printed one number.
func number(want int) func(string) error {
	return func(stdout string) error {
		if got, err := strconv.Atoi(strings.TrimSpace(stdout)); err != nil || got != want {
			return fmt.Errorf("it counted %q, there are %d", stdout, want)
		}
		return nil
	}
}

func wall(r run) time.Duration { return r.wall }
func cpu(r run) time.Duration  { return r.cpu }

func by(f func(run) time.Duration) func(a, b run) int {
	return func(a, b run) int { return cmp.Compare(f(a), f(b)) }
}

func median(runs []run, f func(run) time.Duration) time.Duration {
	sorted := slices.SortedFunc(slices.Values(runs), by(f))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return f(sorted[middle])
	}
	return (f(sorted[middle-1]) + f(sorted[middle])) / 2
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// kcatVersion is the peer's name and version, with its library's.
func kcatVersion(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "kcat", "-V").CombinedOutput()
	if err != nil {
		return "kcat"
	}
	var version string
	for field := range strings.FieldsSeq(string(out)) {
		switch {
		case strings.HasPrefix(field, "librdkafka") || field == "kcat":
			continue
		case version == "" && strings.Contains(field, ".") && field[0] >= '0' && field[0] <= '9':
			version = "kcat " + field
		}
	}
	return cmp.Or(version, "kcat")
}
