//go:build linux

package e2e

// The built program and a broker that lies (lab/liar): whatever it says, every command
// ends or says what is wrong, keeps its memory and its core, and lets nothing through to
// the terminal. With MILENA_TEST_FULL=1 every command meets every lie; else each lie is
// told to one of them.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"milena/lab/liar"

	"github.com/creack/pty"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// lieMemory is how much memory the program may take at most, in bytes.
	lieMemory = 400 << 20
	// lieWord is when a command that goes on must have said what it waits for, and
	// liePatience when one that says nothing must have ended.
	lieWord     = 7 * time.Second
	liePatience = 45 * time.Second
	// liesAtOnce is how many are told at the same time.
	liesAtOnce = 18
)

// met is what came of a command that met a lie.
type met struct {
	out, errs string
	code      int
	took, cpu time.Duration
	memory    int64
	ended     bool // by itself
}

// meet runs the program.
func (s *shell) meet(stdin io.Reader, args ...string) met {
	var out bytes.Buffer
	var errs saying
	ctx, cancel := context.WithTimeout(s.Context(), liePatience)
	defer cancel()
	defer time.AfterFunc(lieWord, func() {
		if errs.told() {
			cancel()
		}
	}).Stop()
	cmd := exec.CommandContext(ctx, built(s), args...)
	cmd.Env = s.env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errs
	began := time.Now()
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	peak := peakOf(cmd.Process.Pid)
	err := cmd.Wait()
	memory := peak()
	return ended(s, cmd, err, met{out: out.String(), errs: errs.String(), took: time.Since(began), ended: ctx.Err() == nil, memory: memory})
}

// saying is a buffer that is looked at while it is written.
type saying struct {
	mu sync.Mutex
	bytes.Buffer
}

func (s *saying) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.Write(b)
}

func (s *saying) told() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Len() > 0
}

// peakOf watches how much memory a process takes at most. What the kernel says at its
// end would count that of this process, too, of which it was a copy.
func peakOf(pid int) (peak func() int64) {
	done := make(chan struct{})
	var most int64
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			var kib int64
			if _, after, ok := bytes.Cut(status, []byte("VmHWM:")); ok {
				_, _ = fmt.Sscan(string(after), &kib)
			}
			most = max(most, kib<<10)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return func() int64 {
		close(done)
		watching.Wait()
		return most
	}
}

// ended fills in how a command ended.
func ended(t testing.TB, cmd *exec.Cmd, err error, m met) met {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && m.ended {
		t.Error(err)
	}
	if cmd.ProcessState == nil {
		return m
	}
	m.code = cmd.ProcessState.ExitCode()
	m.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return m
}

// check finds what no lie may do.
func (m met) check(t *testing.T, b *liar.Broker) {
	t.Helper()
	t.Logf("exit %d after %s (by itself: %t), %s of a core, %d MiB, %d requests\n%.600s\n%.900s", m.code, m.took.Round(time.Millisecond), m.ended,
		m.cpu.Round(time.Millisecond), m.memory>>20, b.Requests(), m.out, m.errs)
	if m.memory > lieMemory {
		t.Errorf("it took %d MiB", m.memory>>20)
	}
	if !m.ended && m.errs == "" {
		t.Error("it neither ended nor said anything")
	}
	if m.ended && (m.code > 3 || m.code < 0) || strings.Contains(m.errs, "goroutine ") || strings.Contains(m.errs, "panic") {
		t.Errorf("exit %d: %s", m.code, m.errs)
	}
	if most := 4*time.Second + m.took/3; m.cpu > most {
		t.Errorf("it kept a core busy for %s of %s", m.cpu, m.took)
	}
	if most := 150 + 12*int(m.took/time.Second); b.Requests() > most {
		t.Errorf("%d requests in %s", b.Requests(), m.took)
	}
	steers(t, "what is printed", m.out)
	steers(t, "what is said on stderr", m.errs)
}

// steers fails the test when something of liar.Escape came through.
func steers(t *testing.T, what, raw string) {
	t.Helper()
	for _, piece := range []string{"\x1b]0;owned", "owned\x07", "\x1b[H\r", "\r\nowned", "\u009b", "\u202e"} {
		if at := strings.Index(raw, piece); at >= 0 {
			t.Errorf("%s holds %q: %q", what, piece, raw[max(0, at-80):min(len(raw), at+80)])
		}
	}
}

// quick settings, so that silence is noticed soon.
var lieTimeouts = []string{"-X", "socket.timeout.ms=2000", "-X", "socket.connection.setup.timeout.ms=1500"}

// lieCommands are what is done with a broker that lies.
var lieCommands = [][]string{
	{"tail", "orders", "-o", "beginning", "-e", "-J"},
	{"tail", "orders", "-o", "beginning", "-e", "--count"},
	{"search", "message", "orders", "-J"},
	{"topics"},
	{"timeline", "orders"},
	{"trace", "message", "orders"},
	{"topic", "describe", "orders"},
	{"tail", "orders", "--last", "5", "-e", "--ordered", "-J"},
	{"topics", "-J"},
	{"produce", "orders", "-k", "k", "v"},
	{"doctor"},
}

// slowLie tells of lies about which some commands cannot say anything before they give
// up, after half a minute.
func slowLie(l liar.Lie) bool {
	for _, about := range []string{"never any data", "nobody asked", "nothing of what", "sessions", "2^31-1 aborted", "end runs back"} {
		if strings.Contains(l.Name, about) {
			return true
		}
	}
	return false
}

func TestLiesToCommands(t *testing.T) {
	t.Parallel()
	full := os.Getenv("MILENA_TEST_FULL") == "1"
	type meeting struct {
		lie  liar.Lie
		args []string
	}
	var all []meeting
	for _, group := range [][]liar.Lie{liar.Versions, liar.Layouts, liar.Offsets, liar.Fetches, liar.Wires} {
		for i, lie := range group {
			for k, args := range lieCommands {
				if slow := slowLie(lie); full || k == i%len(lieCommands) && !slow || k == 0 && slow {
					all = append(all, meeting{lie, args})
				}
			}
		}
	}
	for _, lie := range liar.Bombs {
		all = append(all, meeting{lie, lieCommands[0]}, meeting{lie, lieCommands[2]})
	}
	for _, lie := range liar.Writes {
		all = append(all, meeting{lie, []string{"produce", "orders", "-k", "k", "v"}})
	}
	for _, key := range []kmsg.Key{kmsg.Fetch, kmsg.ListOffsets, kmsg.Metadata, kmsg.Produce, kmsg.InitProducerID} {
		for _, code := range []int16{-1, 1, 3, 6, 29, 99} {
			args := lieCommands[0]
			if key == kmsg.Produce || key == kmsg.InitProducerID {
				args = lieCommands[9]
			}
			all = append(all, meeting{liar.Refusal(key, code), args})
		}
	}
	all = append(all, meeting{liar.Wide(100_000), []string{"topics"}}, meeting{liar.Wide(100_000), []string{"topic", "describe", "orders"}})
	login := []string{"topics", "-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanism=PLAIN", "-X", "sasl.username=u", "-X", "sasl.password=p"}
	all = append(all, meeting{liar.Login(), login}, meeting{liar.Login(), append([]string{"doctor"}, login[1:]...)})
	crowd := liar.Crowd(200_000)
	if full {
		crowd = liar.Crowd(1_000_000)
	}
	all = append(all, meeting{crowd, []string{"topics"}}, meeting{crowd, []string{"tail", "orders", "-o", "beginning", "-e"}})
	built(t)
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, liesAtOnce)
	for _, m := range all {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(m.lie.Name+"/"+strings.Join(m.args[:min(2, len(m.args))], " "), func(t *testing.T) {
				b, err := liar.Listen(m.lie)
				if err != nil {
					t.Fatal(err)
				}
				defer b.Close()
				s := shellOn(t, b.Addr())
				s.meet(nil, append(m.args, lieTimeouts...)...).check(t, b)
			})
		})
	}
}

// TestLiesToATerminal has the program write to a terminal: commands, and the screen,
// whose every byte is looked at.
func TestLiesToATerminal(t *testing.T) {
	t.Parallel()
	full := os.Getenv("MILENA_TEST_FULL") == "1"
	var names = map[string]bool{ // told in the quick run
		"a topic that steers the terminal": true, "a host that steers the terminal": true, "a cluster that steers the terminal": true,
		"text that steers the terminal": true, "never any data, and an end that wanders": true, "times of 2^63-1": true,
	}
	var lies []liar.Lie
	for _, group := range [][]liar.Lie{liar.Versions, liar.Layouts, liar.Offsets, liar.Fetches, liar.Wires} {
		for _, lie := range group {
			if full || names[lie.Name] {
				lies = append(lies, lie)
			}
		}
	}
	if full {
		lies = append(lies, liar.Crowd(1_000_000), liar.Wide(100_000))
	}
	built(t)
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, liesAtOnce)
	for _, lie := range lies {
		for _, args := range [][]string{nil, {"orders"}, {"tail", "orders", "-o", "beginning", "-e"}} {
			running.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				t.Run(lie.Name+"/milena "+strings.Join(args, " "), func(t *testing.T) { screenMeets(t, lie, args) })
			})
		}
	}
}

// screenMeets runs the program in a terminal, types a little, and leaves.
func screenMeets(t *testing.T, lie liar.Lie, args []string) {
	b, err := liar.Listen(lie)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s := shellOn(t, b.Addr())
	cmd := exec.Command(built(t), append(args, lieTimeouts...)...)
	cmd.Env = append(s.env, "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	peak := peakOf(cmd.Process.Pid)
	began := time.Now()
	var mu sync.Mutex
	var raw bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 64<<10)
		for {
			n, err := terminal.Read(buf)
			mu.Lock()
			raw.Write(buf[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	quit := make(chan error, 1)
	go func() { quit <- cmd.Wait() }()
	// What a person types: open the topic, go up, ask what is wrong, leave.
	var left error
	gone := false
	for _, keys := range []string{"", "\r", "g", "!", "\x1b", "\r", "\x1b", "1", "i", "\x1b", "q", "\x03"} {
		select {
		case left = <-quit:
			gone = true
		case <-time.After(600 * time.Millisecond):
			_, _ = io.WriteString(terminal, keys)
		}
		if gone {
			break
		}
	}
	m := met{ended: true}
	if !gone {
		select {
		case left = <-quit:
		case <-time.After(5 * time.Second):
			m.ended = false
			_ = cmd.Process.Kill()
			left = <-quit
			t.Error("it does not leave")
		}
	}
	m.took, m.memory = time.Since(began), peak()
	terminal.Close()
	<-read
	m = ended(t, cmd, left, m)
	mu.Lock()
	m.out, m.errs = raw.String(), "the screen"
	mu.Unlock()
	steers(t, "the screen", m.out)
	m.out = ""
	m.check(t, b)
}
