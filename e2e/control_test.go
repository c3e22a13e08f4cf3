package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// control is a client of a terminal's tmux that takes commands line by line and is
// told when something is written to the terminal (tmux's control mode). So a test
// waits for news, and needs no process for every look.
type control struct {
	stdin   io.WriteCloser
	answers chan answer
	news    chan struct{} // holds one: something was written since it was last taken
}

type answer struct {
	text string
	err  error
}

// controlOf attaches to the only session of a tmux server.
func controlOf(t testing.TB, attach *exec.Cmd) *control {
	t.Helper()
	c := &control{answers: make(chan answer, 1), news: make(chan struct{}, 1)}
	stdout, err := attach.StdoutPipe()
	if err == nil {
		c.stdin, err = attach.StdinPipe()
	}
	if err == nil {
		err = attach.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		c.read(stdout)
	}()
	t.Cleanup(func() { // the server has been ended before
		c.stdin.Close()
		<-read
		_ = attach.Wait()
	})
	if a := <-c.answers; a.err != nil { // of attaching
		t.Fatal(a.err)
	}
	return c
}

// read takes in what tmux says: "%begin TIME NUMBER FLAGS", an answer, and "%end" or
// "%error" with the same three; between answers, what happens.
func (c *control) read(r io.Reader) {
	defer close(c.answers)
	lines := bufio.NewReader(r)
	var text strings.Builder
	within := "" // the three, while an answer is read
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch {
		case within == "" && word == "%begin":
			within = rest
			text.Reset()
		case within == "" && word == "%output":
			select {
			case c.news <- struct{}{}:
			default:
			}
		case within != "" && rest == within && word == "%end":
			within = ""
			c.answers <- answer{text: text.String()}
		case within != "" && rest == within && word == "%error":
			within = ""
			c.answers <- answer{err: errors.New(text.String())}
		case within != "":
			text.WriteString(line)
		}
	}
}

// do runs a command of tmux.
func (c *control) do(args ...string) (string, error) {
	var line strings.Builder
	for _, a := range args {
		if strings.Contains(a, "\n") {
			return "", fmt.Errorf("%q has more than one line", a)
		}
		line.WriteString("'" + strings.ReplaceAll(a, "'", `'\''`) + "' ")
	}
	if _, err := io.WriteString(c.stdin, line.String()+"\n"); err != nil {
		return "", err
	}
	a, open := <-c.answers
	if !open {
		return "", errors.New("tmux has ended")
	}
	return a.text, a.err
}

// pause is how long nothing is written between two frames, and between two pieces of
// one hardly ever.
const pause = 10 * time.Millisecond

// wait waits until something has been written to the terminal, and then for a pause:
// a frame may come in pieces. It tells whether that was within the test's patience.
func (c *control) wait(patience <-chan time.Time) bool {
	select {
	case <-c.news:
	case <-patience:
		return false
	}
	for {
		select {
		case <-c.news:
		case <-time.After(pause):
			return true
		case <-patience:
			return true
		}
	}
}
