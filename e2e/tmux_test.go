package e2e

// The built program in a real terminal, typed at as a person types: tmux holds
// the terminal, the tests send keys and wait for what the screen then says.

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"milena/kafka"
)

// screenPatience is how long a screen may take to say what is waited for. It is long
// because the machine may be busy; nobody waits for it while all is well.
const screenPatience = 30 * time.Second

// terminal is a tmux server of its own with one pane.
type terminal struct {
	testing.TB
	dir    string // the server's socket, and the home of what runs in it
	socket string
	width  int
	*control
}

// needTmux skips the test where there is no tmux, unless this is CI or a test
// on real brokers: those are to be complete.
func needTmux(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err == nil {
		return
	}
	if os.Getenv("CI") == "true" || os.Getenv("MILENA_TEST_BROKERS") != "" {
		t.Fatal("tmux is not installed: the tests in a real terminal cannot run")
	}
	t.Skip("tmux is not installed: no test in a real terminal")
}

// built is the program, built once for all tests.
func built(t testing.TB) string {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "milena-built")
	if err != nil {
		return "", err
	}
	builtIn = dir
	program := filepath.Join(dir, "milena")
	if out, err := exec.Command("go", "build", "-o", program, "milena").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
})

// builtIn is the folder of the program, which is removed after all tests.
var builtIn string

// start runs a program in a terminal of that size, below a shell that tells
// afterwards how it ended and whether the terminal's settings are as before.
func start(t testing.TB, width, height int, program string, args ...string) terminal {
	t.Helper()
	return startIn(t, newHome(t), width, height, program, args...)
}

// newHome is a folder for startIn. It is not t.TempDir: the path of a socket is
// short.
func newHome(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "milena")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// startIn is start in a home that is there already.
func startIn(t testing.TB, dir string, width, height int, program string, args ...string) terminal {
	t.Helper()
	x := terminal{TB: t, dir: dir, socket: filepath.Join(dir, "tmux"), width: width}
	const shell = `
		before=$(stty -g)
		sh -c 'echo $$ >"$HOME/pid"; exec "$0" "$@"' "$@"
		code=$?
		if [ "$before" = "$(stty -g)" ]; then echo "settings restored"; else stty sane; echo "settings changed"; fi
		echo "exit code $code"
		exec cat`
	command := append([]string{"-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height),
		"sh", "-c", shell, "sh", program}, args...)
	if out, err := x.command(command...).CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v\n%s", err, out)
	}
	x.control = controlOf(t, x.command("-C", "attach", "-f", "ignore-size"))
	t.Cleanup(func() { _, _ = x.do("kill-server") })
	return x
}

// command is one of the terminal's tmux.
func (x terminal) command(args ...string) *exec.Cmd {
	cmd := exec.Command("tmux", append([]string{"-S", x.socket}, args...)...)
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "KAFKA_BROKERS", "TMUX", "NO_COLOR", "HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME":
		default:
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "HOME="+x.dir, "LC_ALL=C.UTF-8")
	return cmd
}

func (x terminal) tmux(args ...string) string {
	x.Helper()
	out, err := x.do(args...)
	if err != nil {
		x.Fatalf("tmux %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// keys presses keys by their names in tmux: Enter, Escape, C-s, or a letter.
func (x terminal) keys(names ...string) {
	x.Helper()
	x.tmux(append([]string{"send-keys"}, names...)...)
}

// types types a text.
func (x terminal) types(text string) {
	x.Helper()
	x.tmux("send-keys", "-l", text)
}

// screen is what the terminal shows, line by line.
func (x terminal) screen() string {
	x.Helper()
	return x.tmux("capture-pane", "-p")
}

// until waits until the screen is as wanted, and gives it.
func (x terminal) until(what string, good func(screen string) bool) string {
	x.Helper()
	patience := time.After(screenPatience)
	for {
		screen := x.screen()
		if good(screen) {
			return screen
		}
		if !x.wait(patience) {
			x.Fatalf("the screen does not come to %s:\n%s", what, screen)
		}
	}
}

// sees waits for texts to be on the screen, all of them at once.
func (x terminal) sees(texts ...string) string {
	x.Helper()
	return x.until(fmt.Sprintf("show %q", texts), func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
}

// pid is the program's process.
func (x terminal) pid() string {
	x.Helper()
	pid, err := os.ReadFile(filepath.Join(x.dir, "pid"))
	if err != nil {
		x.Fatal(err)
	}
	return strings.TrimSpace(string(pid))
}

// signal sends a signal to the program, by its name.
func (x terminal) signal(name string) {
	x.Helper()
	if out, err := exec.Command("kill", "-"+name, x.pid()).CombinedOutput(); err != nil {
		x.Fatalf("kill: %v\n%s", err, out)
	}
}

// quits ends the program with q, which must be all that it takes.
func (x terminal) quits() {
	x.Helper()
	x.keys("q")
	if code := x.left(); code != "0" {
		x.Errorf("the exit code is %s", code)
	}
}

// left waits until the program has ended, and checks that nothing of it is left
// in the terminal. It gives the exit code.
func (x terminal) left() string {
	x.Helper()
	screen := x.sees("exit code ")
	if !strings.Contains(screen, "settings restored") {
		x.Errorf("the terminal's settings are not as before:\n%s", screen)
	}
	state := strings.TrimSpace(x.tmux("display-message", "-p",
		"alternate screen #{alternate_on}, cursor #{cursor_flag}, mouse #{mouse_any_flag}, keypad #{keypad_flag}"))
	if state != "alternate screen 0, cursor 1, mouse 0, keypad 0" {
		x.Errorf("the terminal is left with: %s", state)
	}
	_, code, _ := strings.Cut(screen, "exit code ")
	return strings.TrimSpace(code)
}

var numbered = regexp.MustCompile(`this is message(\d+)`)

// newest is the highest number among the article's messages on a screen; -1:
// there is none.
func newest(screen string) int {
	n := -1
	for _, m := range numbered.FindAllStringSubmatch(screen, -1) {
		if i, err := strconv.Atoi(m[1]); err == nil {
			n = max(n, i)
		}
	}
	return n
}

// articleTopic creates a topic on real brokers into which somebody writes the
// article's messages, ten a second, while the test runs.
func articleTopic(t *testing.T, brokers string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c, err := kafka.Open(ctx, kafka.Config{Brokers: strings.Split(brokers, ","), ClientID: "milena-test"})
	if err != nil {
		t.Fatal(err)
	}
	name := strings.ToLower(rand.Text()[:8]) + "-log" // short: it is to fit where it is looked for
	if err := c.CreateTopic(ctx, kafka.NewTopic{Name: name, Partitions: 1, ReplicationFactor: -1}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			_, err := c.Send(ctx, kafka.Message{Topic: name, Partition: kafka.AnyPartition, Timestamp: kafka.NoTimestamp,
				Key: strconv.AppendInt(nil, int64(n), 10), Value: fmt.Appendf(nil, "this is message%d", n)})
			if err != nil {
				done <- err
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				done <- nil
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && ctx.Err() == nil {
			t.Errorf("the writer of %s: %v", name, err)
		}
		if err := c.DeleteTopic(context.Background(), name); err != nil {
			t.Error(err)
		}
		c.Close()
	})
	return name
}

// Somebody who has read nothing browses, tails, filters, opens a record, writes
// one and sees it arrive.
func TestJourney(t *testing.T) {
	needTmux(t)
	t.Parallel()
	program := built(t)
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		t.Run(fmt.Sprintf("demo %dx%d", size[0], size[1]), func(t *testing.T) {
			journey(start(t, size[0], size[1], program, "--demo"), "message-log")
		})
		if brokers := os.Getenv("MILENA_TEST_BROKERS"); brokers != "" {
			t.Run(fmt.Sprintf("brokers %dx%d", size[0], size[1]), func(t *testing.T) {
				topic := articleTopic(t, brokers)
				journey(start(t, size[0], size[1], program, "-b", brokers), topic)
			})
		}
	}
}

func journey(x terminal, topic string) {
	x.Helper()
	// Browse.
	x.sees("Topics", "filter")
	x.keys("/")
	x.types(topic)
	x.keys("Enter")
	x.sees("Topics 1 of", topic)

	// Tail.
	x.keys("Enter")
	first := newest(x.sees("live", "this is message"))
	x.until("show a newer message", func(s string) bool { return newest(s) > first })

	// Filter: one message of the past, and nothing else.
	wanted := fmt.Sprintf("message%d", first)
	filtered := func(s string) bool { // in full, or shortened where there is little room
		return strings.Contains(s, "filter: "+wanted) || strings.Contains(s, "/"+wanted)
	}
	x.keys("/")
	x.sees("filter " + topic)
	x.types(wanted)
	x.keys("Enter")
	x.until("show "+wanted+" alone", func(s string) bool {
		if !filtered(s) || !strings.Contains(s, "this is "+wanted) {
			return false
		}
		for _, m := range numbered.FindAllString(s, -1) {
			if !strings.Contains(m, wanted) {
				return false
			}
		}
		return true
	})

	// Open it, and go back to everything.
	x.keys("Enter")
	x.sees("CreateTime", "this is "+wanted, "key ", "batch ")
	x.keys("Escape")
	x.until("show the filtered tail again", filtered)
	x.keys("Escape")
	x.until("follow without a filter", func(s string) bool {
		return strings.Contains(s, "live") && !filtered(s) && newest(s) > first
	})

	// Compose, and see it arrive.
	value, key := "typed "+strings.ToLower(rand.Text()[:6]), strings.ToLower(rand.Text()[:6])
	x.keys("c")
	x.sees("ctrl+s send")
	x.types(value)
	x.keys("Tab")
	x.types(key)
	x.sees(value, key)
	x.keys("C-s")
	x.sees("sent to partition ", "seen after ")
	x.until("show the sent message among the others", func(s string) bool {
		for line := range strings.Lines(s) {
			if strings.Contains(line, key) && strings.Contains(line, value) {
				return true
			}
		}
		return false
	})

	// A terminal may become tiny and large again.
	x.tmux("resize-window", "-x", "20", "-y", "5")
	x.until("fit 20 columns", func(s string) bool {
		for line := range strings.Lines(s) {
			if len([]rune(strings.TrimRight(line, "\n"))) > 20 {
				return false
			}
		}
		return strings.Count(s, "\n") == 5
	})
	x.tmux("resize-window", "-x", strconv.Itoa(x.width), "-y", "24")
	x.sees("ctrl+s send")

	x.keys("Escape")
	x.sees("c writes a message")
	x.quits()
}

// However it ends, the terminal is as it was.
func TestTerminalIsRestored(t *testing.T) {
	needTmux(t)
	t.Parallel()
	program := built(t)
	for _, signal := range []string{"ctrl+c", "TERM", "HUP"} {
		t.Run(signal, func(t *testing.T) {
			x := start(t, 80, 24, program, "--demo", "message-log")
			x.sees("live", "this is message")
			if signal == "ctrl+c" {
				x.keys("C-c")
				if code := x.left(); code != "0" {
					t.Errorf("the exit code is %s", code)
				}
				return
			}
			x.signal(signal)
			x.left()
		})
	}
}

// Stopped by its shell or by somebody else, it gives the terminal back, and takes
// it again when it goes on.
func TestSuspendingGivesTheTerminalBack(t *testing.T) {
	needTmux(t)
	t.Parallel()
	program := built(t)
	x := start(t, 80, 24, "env", "PS1=ready> ", "sh", "-i")
	x.sees("ready>")
	x.types(`sh -c 'echo $$ >"$HOME/pid"; exec "$0" --demo message-log' ` + program)
	x.keys("Enter")
	for _, how := range []string{"kill -TSTP", "ctrl+z", "kill -TSTP"} {
		x.sees("live", "this is message")
		if how == "ctrl+z" {
			x.keys("C-z")
		} else {
			pid, err := os.ReadFile(filepath.Join(x.dir, "pid"))
			if err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("kill", "-TSTP", strings.TrimSpace(string(pid))).CombinedOutput(); err != nil {
				t.Fatalf("kill: %v\n%s", err, out)
			}
		}
		x.sees("Stopped")
		if state := x.tmux("display-message", "-p", "#{alternate_on}#{cursor_flag}#{mouse_any_flag}"); strings.TrimSpace(state) != "010" {
			t.Errorf("%s leaves alternate screen, cursor, mouse as %s", how, state)
		}
		x.types("clear; fg")
		x.keys("Enter")
	}
	x.sees("live", "this is message")
	x.keys("q")
	x.sees("ready>")
	x.types("exit")
	x.keys("Enter")
	if code := x.left(); code != "0" {
		t.Errorf("the exit code is %s", code)
	}
}

// Without a broker the screen says what was tried, and the demo is one key away.
func TestNoBrokerOffersTheDemo(t *testing.T) {
	needTmux(t)
	t.Parallel()
	x := start(t, 80, 24, built(t), "-b", "127.0.0.1:1")
	x.sees("127.0.0.1:1", "refused", "retry", "demo")
	x.keys("d")
	x.sees("Topics", "message-log", "demo")
	x.quits()
}
