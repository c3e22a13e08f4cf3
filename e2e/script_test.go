package e2e

// The commands as a script runs them: testdata/script/*.txtar, each with an
// empty broker of its own, or on the brokers of MILENA_TEST_BROKERS.

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"milena/cli"
	"milena/demo"
	"milena/kafka"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){
		"milena": func() {
			os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// tidy runs the tests, and removes what all of them used.
type tidy struct{ *testing.M }

// atOnce is how many tests run at once unless -parallel says otherwise: they mostly
// wait, for programs, terminals and timeouts.
const atOnce = "8"

func (m tidy) Run() int {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "test.parallel" })
	if !told {
		_ = flag.Set("test.parallel", atOnce)
	}
	defer func() { _ = os.RemoveAll(builtIn) }()
	return m.M.Run()
}

func TestScripts(t *testing.T) {
	brokers := os.Getenv("MILENA_TEST_BROKERS")
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			address := brokers
			if address == "" {
				b, err := demo.Start(context.Background(), demo.Options{Empty: true})
				if err != nil {
					return err
				}
				env.Defer(func() {
					if err := b.Close(); err != nil {
						t.Error(err)
					}
				})
				address = strings.Join(b.Addrs(), ",")
			}
			name := make([]byte, 4)
			if _, err := rand.Read(name); err != nil {
				return err
			}
			prefix := "script-" + hex.EncodeToString(name)
			if brokers != "" {
				env.Defer(func() { clean(t, address, prefix) })
			}
			env.Setenv("KAFKA_BROKERS", address)
			env.Setenv("BROKERS", address)
			env.Setenv("T", prefix) // of the topics
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("TZ", "UTC")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else every command of a -race run takes a second more
			return nil
		},
		Condition: func(condition string) (bool, error) {
			if condition == "embedded" {
				return brokers == "", nil
			}
			return false, errors.New("unknown condition")
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"pipe":      pipe,
			"interrupt": interrupt,
			"count":     countLines,
		},
	})
}

// clean deletes what a script left on brokers that stay.
func clean(t *testing.T, brokers, prefix string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c, err := kafka.Open(ctx, kafka.Config{Brokers: strings.Split(brokers, ","), ClientID: "milena-test"})
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	for _, topic := range c.Metadata().Topics {
		if strings.HasPrefix(topic.Name, prefix) {
			if err := c.DeleteTopic(ctx, topic.Name); err != nil {
				t.Error(err)
			}
		}
	}
}

// exits CODE PROGRAM ARG… runs a program whose exit code must be CODE.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.String()[len("exit status "):]
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("%s exits with %s, not %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// command is a program in the script's folder and environment.
func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	path, err := exec.LookPath(args[0])
	if err != nil {
		path = args[0]
	}
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if at := filepath.Join(dir, args[0]); exists(at) {
			path = at
			break
		}
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "KAFKA_BROKERS", "HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TZ", "TMPDIR", "GORACE"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// pipe A … | B … runs two programs as a shell does; both must exit with 0. What
// B prints goes to the file piped.out, what both say to piped.err.
func pipe(ts *testscript.TestScript, neg bool, args []string) {
	at := -1
	for i, arg := range args {
		if arg == "|" {
			at = i
		}
	}
	if neg || at < 1 || at == len(args)-1 {
		ts.Fatalf("usage: pipe PROGRAM ARG… | PROGRAM ARG…")
	}
	from, to := command(ts, args[:at]), command(ts, args[at+1:])
	r, w, err := os.Pipe()
	ts.Check(err)
	var out, errs bytes.Buffer
	var fromErrs bytes.Buffer
	from.Stdout, to.Stdin, to.Stdout, from.Stderr, to.Stderr = w, r, &out, &fromErrs, &errs
	ts.Check(from.Start())
	ts.Check(to.Start())
	_, _ = w.Close(), r.Close() // each has its own
	toErr, fromErr := to.Wait(), from.Wait()
	_, _ = io.Copy(&errs, &fromErrs)
	ts.Check(os.WriteFile(ts.MkAbs("piped.out"), out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("piped.err"), errs.Bytes(), 0o600))
	if fromErr != nil || toErr != nil {
		ts.Fatalf("%v, %v\n%s", fromErr, toErr, errs.String())
	}
}

// interrupt SIGNAL TEXT FILE PROGRAM ARG… starts a program with its output in FILE, waits until
// FILE has TEXT, sends it the signal, and wants it to exit with 0.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: interrupt SIGNAL TEXT FILE PROGRAM ARG…")
	}
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}
	out, err := os.Create(ts.MkAbs(args[2]))
	ts.Check(err)
	defer out.Close()
	cmd := command(ts, args[3:])
	cmd.Stdout, cmd.Stderr = out, out
	stdin, err := cmd.StdinPipe() // stays open: nothing comes
	ts.Check(err)
	defer stdin.Close()
	if lines := ts.Getenv("STDIN"); lines != "" {
		_, err := io.WriteString(stdin, lines+"\n")
		ts.Check(err)
	}
	ts.Check(cmd.Start())
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		said, err := os.ReadFile(ts.MkAbs(args[2]))
		ts.Check(err)
		if strings.Contains(string(said), args[1]) {
			break
		}
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			ts.Fatalf("it never said %q: %s", args[1], said)
		}
	}
	ts.Check(cmd.Process.Signal(signals[args[0]]))
	if err := cmd.Wait(); err != nil {
		said, _ := os.ReadFile(ts.MkAbs(args[2]))
		ts.Fatalf("after %s: %v: %s", args[0], err, said)
	}
}

// count N FILE wants N lines in a file.
func countLines(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile(args[1])
	if got := strings.Count(text, "\n"); (args[0] == strconv.Itoa(got)) == neg {
		ts.Fatalf("%s has %d lines, not %s", args[1], got, args[0])
	}
}
