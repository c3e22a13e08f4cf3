//go:build unix

package e2e

// Stdin and stdout that are closed, full, or nobody's, and signals at any time:
// what was read is sent or named, what was not written is not committed.

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"milena/human"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// sh runs a line of shell, in which $T is a topic.
func (s *shell) sh(topic, line string) result {
	s.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Env, cmd.Dir = append(append([]string{}, s.env...), "T="+topic), s.home
	return s.finish(cmd)
}

func TestStrangeStdin(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(1, nil)
	s.sh(topic, "milena produce $T <&-").succeeds("").says("stdin ended without a message")
	s.sh(topic, "milena produce $T </dev/null").succeeds("").says("stdin ended without a message")
	s.sh(topic, "milena produce $T </dev/null -q").succeeds("")
	s.sh(topic, "milena produce $T <.").fails(1, "stdin", "directory")
	s.sh(topic, "milena produce $T v <&-").succeeds("").says("offset 0")
	s.sh(topic, "printf 'no newline' | milena produce $T 2>/dev/full").succeeds("")
	s.sh(topic, "milena tail $T -e -o beginning <&-").succeeds("v\nno newline\n")
}

func TestStdoutThatNobodyReads(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(1, nil)
	s.feed("1\n2\n3\n", "produce", topic, "-q").succeeds("")
	// The first of these has nothing more to write when head leaves: it must
	// notice all the same.
	for _, args := range []string{
		"tail $T -o beginning", "tail $T -o beginning -J", "tail $T -o beginning -e", "topics", "topic describe $T",
		"man", "completion bash", "version", "help",
	} {
		r := s.sh(topic, "(milena "+args+" 2>err; echo $? >code) | head -n 1; cat code err >&2")
		if r.err != "0\n" || strings.Count(r.out, "\n") != 1 {
			t.Errorf("milena %s | head -n 1: exit code and stderr %q, stdout %q", args, r.err, r.out)
		}
		gone := s.sh(topic, "(sleep 0.05; milena "+args+" 2>err; echo $? >code) | true; while [ ! -s code ]; do sleep 0.01; done; cat code err >&2; rm code")
		if gone.err != "0\n" && gone.err != "0\n0\n" {
			t.Errorf("milena %s | true: exit code and stderr %q", args, gone.err)
		}
	}
}

func TestStdoutThatIsFull(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	s := anyCluster(t)
	topic := s.topic(1, nil)
	s.feed("1\n2\n3\n", "produce", topic, "-q").succeeds("")
	for _, args := range []string{
		"tail $T -o beginning", "tail $T -o beginning -e -J", "tail $T -e --count", "topics", "topics -J",
		"topic describe $T", "topic describe $T -J", "man", "completion bash", "version",
	} {
		s.sh(topic, "milena "+args+" >/dev/full").fails(1, "no space left")
	}
	// What could not be written was not committed.
	s.sh(topic, "milena tail $T --group $T -o beginning -e >/dev/full").fails(1, "no space left")
	s.sh(topic, "milena tail $T --group $T -o beginning -e").succeeds("1\n2\n3\n")
	s.sh(topic, "milena tail $T --group $T -o beginning -e").succeeds("")
	s.sh(topic, "milena tail $T -o beginning -e 2>/dev/full").succeeds("1\n2\n3\n")
}

// running is milena under way, with what it has written so far.
type running struct {
	*shell
	cmd       *exec.Cmd
	out, errs *growing
	stdin     io.WriteCloser
}

// growing is a buffer that is written to while it is looked at.
type growing struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (g *growing) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.buf.Write(b)
}

func (g *growing) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.buf.String()
}

// start starts milena; its stdin stays open.
func (s *shell) start(args ...string) *running {
	s.Helper()
	r := &running{shell: s, cmd: s.command(args...), out: &growing{}, errs: &growing{}}
	r.cmd.Stdout, r.cmd.Stderr = r.out, r.errs
	var err error
	if r.stdin, err = r.cmd.StdinPipe(); err != nil {
		s.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = r.cmd.Process.Kill() })
	return r
}

func (r *running) writes(text string) {
	r.Helper()
	await(r.T, fmt.Sprintf("%q on stdout", text), commandPatience, func() bool { return strings.Contains(r.out.String(), text) })
}

func (r *running) tells(text string) {
	r.Helper()
	await(r.T, fmt.Sprintf("%q on stderr", text), commandPatience, func() bool { return strings.Contains(r.errs.String(), text) })
}

// feeds writes to its stdin.
func (r *running) feeds(text string) {
	r.Helper()
	if _, err := io.WriteString(r.stdin, text); err != nil {
		r.Fatal(err)
	}
}

// ends waits for its end, after a signal, 0 for none.
func (r *running) ends(signal syscall.Signal) result {
	r.Helper()
	if signal != 0 {
		if err := r.cmd.Process.Signal(signal); err != nil {
			r.Fatal(err)
		}
	}
	var none bytes.Buffer
	got := r.wait(r.cmd, &none, &none)
	got.out, got.err = r.out.String(), r.errs.String()
	return got
}

func TestSignalsWhileTailing(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(2, nil)
	s.feed("1\n2\n", "produce", topic, "-q", "-p", "0").succeeds("")
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		r := s.start("tail", topic, "-o", "beginning")
		r.writes("1\n2\n")
		r.ends(signal).succeeds("1\n2\n")
		r = s.start("tail", topic, "-o", "beginning", "--group", randomName("group"))
		r.writes("1\n2\n")
		r.ends(signal).succeeds("1\n2\n")
	}
}

func TestSignalBeforeTheEnd(t *testing.T) {
	t.Parallel()
	// The log ends before its end: what is asked for never comes.
	s := handOut(t, 7, packed(t, 0, 0, []byte("1"), []byte("2")))
	r := s.start("tail", "orders", "-o", "beginning", "-e")
	r.writes("1\n2\n")
	r.ends(syscall.SIGINT).succeeds("1\n2\n").says("interrupted before the end")
}

func TestSignalWhileConnecting(t *testing.T) {
	t.Parallel()
	connected := make(chan struct{}, 100)
	s := shellOn(t, listener(t, func(c net.Conn) {
		connected <- struct{}{}
		_, _ = io.Copy(io.Discard, c)
	}))
	for args, code := range map[string]int{"topics": 1, "topic create t": 1, "produce t v": 1, "tail t": 0} {
		r := s.start(strings.Fields(args)...)
		<-connected
		got := r.ends(syscall.SIGTERM)
		if got.code != code {
			t.Errorf("milena %s: %d, %s", args, got.code, got.err)
		}
		if code != 0 {
			got.fails(code, "interrupted before a broker answered: tried 127.0.0.1:")
		}
		for len(connected) > 0 {
			<-connected
		}
	}
}

func TestSignalWhileSending(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		topic := s.topic(1, nil)
		r := s.start("produce", topic)
		fed := make(chan int)
		go func() {
			n := 0
			for {
				if _, err := fmt.Fprintln(r.stdin, n); err != nil {
					fed <- n
					return
				}
				n++
			}
		}()
		r.tells("offset 9 ")
		got := r.ends(signal).succeeds("")
		most := <-fed
		lines := strings.Split(strings.TrimSuffix(s.run("tail", topic, "-e", "-o", "beginning").out, "\n"), "\n")
		for i, line := range lines {
			if line != strconv.Itoa(i) {
				t.Fatalf("message %d is %q", i, line)
			}
		}
		got.says("sent " + human.Plural(len(lines), "message"))
		if len(lines) > most {
			t.Errorf("%d messages of %d lines", len(lines), most)
		}
	}
	topic := s.topic(1, nil)
	r := s.start("produce", topic, "n{{.N}}", "-k", "{{.N}}", "--every", "100ms")
	r.tells("offset 2 ")
	got := r.ends(syscall.SIGTERM).succeeds("")
	var want strings.Builder
	for i := range strings.Count(got.err, " offset ") {
		fmt.Fprintf(&want, "%d=n%d\n", i, i)
	}
	s.run("tail", topic, "-e", "-o", "beginning", "-f", "%k=%s\n").succeeds(want.String())
	s.run("produce", topic, "v", "--every", "1ms", "-c", "3", "-q").succeeds("")
	s.run("tail", topic, "-e", "--last", "3", "--count").succeeds("3\n")
}

func TestWhatASignalLeavesUnsentIsNamed(t *testing.T) {
	t.Parallel()
	f := fakeCluster(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	asked := make(chan struct{}, 100)
	f.ControlKey(int16(kmsg.Produce), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		asked <- struct{}{}
		res := q.ResponseKind().(*kmsg.ProduceResponse) // too few replicas, for ever
		for _, rt := range q.(*kmsg.ProduceRequest).Topics {
			at := kmsg.NewProduceResponseTopic()
			at.Topic, at.TopicID = rt.Topic, rt.TopicID
			for _, rp := range rt.Partitions {
				p := kmsg.NewProduceResponseTopicPartition()
				p.Partition, p.ErrorCode = rp.Partition, 19
				at.Partitions = append(at.Partitions, p)
			}
			res.Topics = append(res.Topics, at)
		}
		return res, nil, true
	})
	s := shellOn(t, f.ListenAddrs()...)
	r := s.start("produce", "orders")
	r.feeds("a\nb\nhalf a li")
	<-asked
	got := r.ends(syscall.SIGTERM)
	got.fails(130, "not sent to orders: 3 of 3 messages", "messages 1 to 2", "message 3: the line was not complete")
}

func TestKilledMemberLosesNothing(t *testing.T) {
	t.Parallel()
	f := fakeCluster(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	var mu sync.Mutex
	refusing := true // the first member's commits do not get through
	f.ControlKey(int16(kmsg.OffsetCommit), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		if !refusing {
			return nil, nil, false
		}
		return nil, fmt.Errorf("no answer"), true
	})
	s := shellOn(t, f.ListenAddrs()...)
	s.feed("1\n2\n3\n", "produce", "orders", "-q").succeeds("")
	r := s.start("tail", "orders", "--group", "g", "-o", "beginning")
	r.writes("1\n2\n3\n")
	if killed := r.ends(syscall.SIGKILL); killed.code != -1 {
		t.Errorf("%+v", killed)
	}
	mu.Lock()
	refusing = false
	mu.Unlock()
	s.run("tail", "orders", "--group", "g", "-o", "beginning", "-e").succeeds("1\n2\n3\n") // again
	s.run("tail", "orders", "--group", "g", "-o", "beginning", "-e").succeeds("")          // not again
}

// TestOutputOfAKilledTailIsWhole has lines that are whole however it ends.
func TestOutputOfAKilledTailIsWhole(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(1, nil)
	line := strings.Repeat("0123456789", 1000)
	s.feed(strings.Repeat(line+"\n", 100), "produce", topic, "-q").succeeds("")
	path := filepath.Join(s.home, "out")
	s.sh(topic, "milena tail $T -o beginning -c 50 >out").succeeds("")
	text, err := os.ReadFile(path)
	if err != nil || string(text) != strings.Repeat(line+"\n", 50) {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}
