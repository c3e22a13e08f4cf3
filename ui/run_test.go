package ui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"milena/kafka"
)

// terminal is a program's other end: keys go in, the screen comes out.
type terminal struct {
	keys   *io.PipeWriter
	mu     sync.Mutex
	out    bytes.Buffer
	seen   chan struct{}
	result chan error
}

func (s *terminal) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Write(b)
	if bytes.Contains(b, []byte(ansi.RequestPrimaryDeviceAttributes)) {
		go func() { _, _ = io.WriteString(s.keys, ansi.PrimaryDeviceAttributes(62)) }()
	}
	select {
	case s.seen <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (s *terminal) written() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

func start80x24(t *testing.T, ctx context.Context, opt Options) *terminal {
	t.Helper()
	in, keys := io.Pipe()
	s := &terminal{keys: keys, seen: make(chan struct{}, 1), result: make(chan error, 1)}
	t.Cleanup(func() { _ = keys.Close() })
	go func() {
		s.result <- run(ctx, opt, tea.WithInput(in), tea.WithOutput(s), tea.WithWindowSize(80, 24), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	}()
	return s
}

func (s *terminal) sees(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !strings.Contains(s.written(), text) {
		select {
		case <-s.seen:
		case <-ctx.Done():
			t.Fatalf("%q never came: %q", text, s.written())
		}
	}
}

// ends waits for the end; the terminal must be as it was.
func (s *terminal) ends(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	select {
	case err := <-s.result:
		out := s.written()
		on, off := strings.LastIndex(out, "\x1b[?1049h"), strings.LastIndex(out, "\x1b[?1049l")
		if off < on {
			t.Error("the alternate screen was not left")
		}
		return err
	case <-ctx.Done():
		t.Fatal("it does not end")
		return nil
	}
}

func TestQuitting(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, key := range []string{"q", "\x03"} {
			c := sample()
			s := start80x24(t, t.Context(), Options{Open: func(context.Context, []string) (Cluster, error) { return c, nil }, Name: "local"})
			s.sees(t, "message-log")
			_, _ = io.WriteString(s.keys, key)
			if err := s.ends(t); err != nil {
				t.Errorf("%q: %v", key, err)
			}
			if !c.closed {
				t.Errorf("%q: the cluster was not closed", key)
			}
		}
	})
}

func TestCancelledContextEndsIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := start80x24(t, ctx, Options{Open: failing(errors.New("nothing there"))})
		s.sees(t, "cannot")
		cancel()
		if err := s.ends(t); err != nil {
			t.Error(err)
		}
	})
}

// brokenCluster panics with a message's content in its hands.
type brokenCluster struct {
	*fakeCluster
	where string
}

func (b brokenCluster) Refresh(ctx context.Context) (*kafka.Metadata, error) {
	if b.where == "command" {
		panic("secret content")
	}
	return b.fakeCluster.Refresh(ctx)
}

func (b brokenCluster) ReadOnly() bool {
	if b.where == "view" {
		panic("secret content")
	}
	return false
}

func TestPanicGivesTheTerminalBackAndIsReported(t *testing.T) {
	for _, where := range []string{"command", "view"} {
		inBubble(t, where, func(t *testing.T) {
			cache := t.TempDir()
			t.Setenv("XDG_CACHE_HOME", cache)
			t.Setenv("HOME", cache)
			s := start80x24(t, t.Context(), Options{Version: "1.2.3", Open: func(context.Context, []string) (Cluster, error) {
				return brokenCluster{sample(), where}, nil
			}})
			err := s.ends(t)
			if err == nil {
				t.Fatal("a panic is no error")
			}
			dir, _ := os.UserCacheDir()
			files, _ := filepath.Glob(filepath.Join(dir, "milena", "crash-*.txt"))
			if len(files) != 1 || !strings.Contains(err.Error(), files[0]) {
				t.Fatalf("%v; files %v", err, files)
			}
			info, statErr := os.Stat(files[0])
			if statErr != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v %v", info.Mode(), statErr)
			}
			b, _ := os.ReadFile(files[0])
			if !bytes.Contains(b, []byte("milena 1.2.3")) || !bytes.Contains(b, []byte("brokenCluster")) || bytes.Contains(b, []byte("secret content")) {
				t.Errorf("the report:\n%s", b)
			}
		})
	}
}

// Package signal has one goroutine of its own, which must not begin in a bubble.
func TestMain(m *testing.M) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	os.Exit(m.Run())
}
