package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
)

// The program around the model: it gives the terminal back however it ends.

// framesPerSecond is how often the renderer looks for something to draw: a key
// waits 14 ms at most for its frame. It does so also when nothing happens, which is
// why it is not more.
const framesPerSecond = 72

// leaveWithin is how long what runs in the background may take to end.
const leaveWithin = 3 * time.Second

// Run shows the screen until the person quits, ctx ends, or a signal comes
// (SIGTERM, SIGHUP), and gives the terminal back as it was. Quitting is no
// error. A panic is: what is known of it is in a file that the error names.
func Run(ctx context.Context, opt Options) error {
	if dir, err := defaultHistory(); err == nil {
		opt.History = dir
	} else {
		opt.Warnings = append(slices.Clone(opt.Warnings), sentence(err))
	}
	// A search keeps every processor busy, and Go lets whoever runs finish its turn of
	// 10 ms. With one more than there are, keys and frames need not wait for it.
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(min(runtime.GOMAXPROCS(0), runtime.NumCPU()) + 1)
	}
	return run(ctx, opt)
}

// run takes more options for the terminal, which tests replace.
func run(ctx context.Context, opt Options, terminal ...tea.ProgramOption) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &crash{version: opt.Version}
	var work sync.WaitGroup
	m := newModel(inner, opt, &work, c.guard)
	var suspended suspension
	leaving := farewell{taken: time.Now()}
	filter := func(model tea.Model, msg tea.Msg) tea.Msg {
		return suspended.noted(blankBeforeQuit(model, leaving.noted(msg)))
	}
	p := tea.NewProgram(guarded{m, c}, append([]tea.ProgramOption{tea.WithContext(ctx), tea.WithFilter(filter), tea.WithFPS(framesPerSecond)}, terminal...)...)
	c.quit, leaving.send = p.Quit, p.Send

	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	done := make(chan struct{})
	work.Go(func() {
		select {
		case <-hangup:
			p.Quit()
		case <-done:
		}
	})
	work.Go(func() { suspended.catch(p, done) })

	_, err := p.Run()
	signal.Stop(hangup)
	close(done)
	cancel()
	m.leave()
	waitFor(&work, leaveWithin)
	switch {
	case c.err() != nil:
		return c.err()
	case m.compose.sending != "":
		return fmt.Errorf("the screen ended while a message to %s was being sent: it may have been written", m.compose.sending)
	case len(m.compose.unsentTo()) > 0 && !m.quitAsked:
		return fmt.Errorf("the screen ended with unsent text for %s: %s were not sent", strings.Join(m.compose.unsentTo(), ", "), human.Bytes(int64(m.compose.unsentBytes())))
	case err == nil, errors.Is(err, tea.ErrInterrupted), ctx.Err() != nil:
		return nil
	}
	return fmt.Errorf("the screen ended: %w", err)
}

// blankBeforeQuit makes the last frame an empty one. tmux, when a window grew
// under a program, wraps the wide rows of the alternate screen as it leaves it
// and shows some of them above the prompt.
func blankBeforeQuit(model tea.Model, msg tea.Msg) tea.Msg {
	if _, quit := msg.(tea.QuitMsg); quit {
		if g, ours := model.(guarded); ours {
			g.m.blank = true
		}
	}
	return msg
}

// leave ends what the model has under way.
func (m *Model) leave() {
	if m.tail.session != nil {
		m.tail.session.end()
	}
	m.places.forget()
	if m.connect.cancel != nil {
		m.connect.cancel()
	}
	m.checkup.stop()
	if m.cluster != nil {
		cluster := m.cluster
		m.work.Go(func() { _ = cluster.Close() })
	}
}

func waitFor(work *sync.WaitGroup, atMost time.Duration) {
	done := make(chan struct{})
	go func() {
		work.Wait()
		close(done)
	}()
	sleep(done, atMost)
}

// guarded is the model with its panics caught: in Update, in View, and in the
// commands, which run in goroutines of their own.
type guarded struct {
	m *Model
	c *crash
}

func (g guarded) Init() tea.Cmd {
	defer g.c.guard()
	return g.c.command(g.m.Init())
}

func (g guarded) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	next = g
	defer g.c.guard()
	_, cmd = g.m.Update(msg)
	return g, g.c.command(cmd)
}

func (g guarded) View() (v tea.View) {
	defer g.c.guard()
	return g.m.View()
}

// crash is the first panic, if there was one.
type crash struct {
	version string
	quit    func()

	mu     sync.Mutex
	failed error
}

func (c *crash) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// command guards a command, and those that it leads to.
func (c *crash) command(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer c.guard()
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = c.command(batch[i])
			}
		}
		return msg
	}
}

// guard is deferred: it catches a panic, reports it to a file and ends the
// program.
func (c *crash) guard() {
	r := recover()
	if r == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed != nil {
		return
	}
	file, err := c.report(r, debug.Stack())
	if err != nil {
		c.failed = fmt.Errorf("milena crashed (%s), and no report could be written: %w", what(r), err)
	} else {
		c.failed = fmt.Errorf("milena crashed (%s); a report without any message contents is in %s: please send it to the project", what(r), file)
	}
	if c.quit != nil {
		go c.quit()
	}
}

// what names a panic. A value that is no runtime error could hold anything, a
// record too: only its type is told.
func what(r any) string {
	if err, ok := r.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", r)
}

// report writes what is known of a panic.
func (c *crash) report(r any, stack []byte) (string, error) {
	f, err := cacheFile("crash-*.txt")
	if err != nil {
		return "", err
	}
	_, err = io.WriteString(f, strings.Join([]string{
		"milena " + c.version,
		runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		time.Now().UTC().Format(time.RFC3339),
		"panic: " + what(r),
		"",
		string(stack),
	}, "\n"))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return f.Name(), err
}

// cacheFile makes a new file in milena's own folder for them; both are their
// owner's alone.
func cacheFile(pattern string) (*os.File, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "milena")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.CreateTemp(dir, pattern) // 0600
}
