package main

// The screen, measured from outside: milena in a terminal of its own, keys typed
// into it, its bytes timed as they come out, its processor time and memory read
// from /proc.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/creack/pty"
	"github.com/twmb/franz-go/pkg/kgo"
)

// terminal is a program with its terminal.
type terminal struct {
	cmd  *exec.Cmd
	file *os.File
	done chan struct{}

	mu     sync.Mutex
	chunks []chunk
	text   []byte // the newest of what came out
	bytes  int64
	wake   chan struct{}
}

// chunk is what came out at once.
type chunk struct {
	at    time.Time
	bytes int
}

const textKept = 1 << 20

// inTerminal starts a program in a terminal of 200×60.
func inTerminal(ctx context.Context, program string, args ...string) (*terminal, error) {
	return inTerminalOf(ctx, 200, 60, program, args...)
}

func inTerminalOf(ctx context.Context, cols, rows uint16, program string, args ...string) (*terminal, error) {
	t := &terminal{cmd: exec.CommandContext(ctx, program, args...), done: make(chan struct{}), wake: make(chan struct{}, 1)}
	t.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR=")
	var err error
	if t.file, err = pty.StartWithSize(t.cmd, &pty.Winsize{Cols: cols, Rows: rows}); err != nil {
		return nil, err
	}
	go t.read()
	return t, nil
}

func (t *terminal) read() {
	defer close(t.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := t.file.Read(buf)
		if n > 0 {
			t.mu.Lock()
			t.chunks = append(t.chunks, chunk{time.Now(), n})
			t.bytes += int64(n)
			if t.text = append(t.text, buf[:n]...); len(t.text) > textKept {
				t.text = append(t.text[:0], t.text[len(t.text)-textKept/2:]...)
			}
			t.mu.Unlock()
			select {
			case t.wake <- struct{}{}:
			default:
			}
		}
		if err != nil {
			return
		}
	}
}

// forget drops what came out so far.
func (t *terminal) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text, t.chunks, t.bytes = t.text[:0], t.chunks[:0], 0
}

func (t *terminal) typed(keys string) error {
	_, err := t.file.WriteString(keys)
	return err
}

// shows waits for one of some texts, and gives when it came.
func (t *terminal) shows(within time.Duration, texts ...string) (time.Time, error) {
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	for {
		t.mu.Lock()
		seen := slices.ContainsFunc(texts, func(s string) bool { return bytes.Contains(t.text, []byte(s)) })
		var at time.Time
		if n := len(t.chunks); n > 0 {
			at = t.chunks[n-1].at
		}
		t.mu.Unlock()
		if seen {
			return at, nil
		}
		select {
		case <-t.wake:
		case <-t.done:
			return at, fmt.Errorf("it ended before it showed %q", texts)
		case <-timeout.C:
			return at, fmt.Errorf("it does not show %q", texts)
		}
	}
}

// close quits.
func (t *terminal) close() error {
	_ = t.typed("\x1b")
	time.Sleep(100 * time.Millisecond)
	_ = t.typed("\x03")
	select {
	case <-t.done:
	case <-time.After(5 * time.Second):
		_ = t.cmd.Process.Kill()
	}
	err := t.cmd.Wait()
	return errors.Join(err, t.file.Close())
}

// cpu is the processor time used so far.
func (t *terminal) cpu() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", t.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// memory is what is resident, now and at most, in bytes.
func (t *terminal) memory() (now, most int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", t.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	field := func(name string) int64 {
		_, rest, _ := strings.Cut(string(status), name+":")
		f := strings.Fields(rest)
		if len(f) == 0 {
			return 0
		}
		n, _ := strconv.ParseInt(f[0], 10, 64)
		return n << 10
	}
	return field("VmRSS"), field("VmHWM")
}

// share is the part of one core, in percent, that is used while f runs.
func (t *terminal) share(f func() error) (percent float64, err error) {
	before, begun := t.cpu(), time.Now()
	err = f()
	return 100 * float64(t.cpu()-before) / float64(time.Since(begun)), err
}

// emptyProgram is what idle is compared with.
type emptyProgram struct{}

func (emptyProgram) Init() tea.Cmd { return nil }
func (e emptyProgram) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if key, ok := msg.(tea.KeyPressMsg); ok && key.String() == "ctrl+c" {
		return e, tea.Quit
	}
	return e, nil
}

func (emptyProgram) View() tea.View {
	v := tea.NewView("nothing happens here")
	v.AltScreen = true
	return v
}

func runEmpty() error {
	_, err := tea.NewProgram(emptyProgram{}).Run()
	return err
}

// figure prints a row of the table.
func figure(name, measured, goal string) { fmt.Printf("| %s | %s | %s |\n", name, measured, goal) }

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// first times how long it takes from the start of the program to a screen that
// names a topic, and kcat's list beside it.
func (b *bench) first(ctx context.Context, name string, goal time.Duration) error {
	var ours, theirs []time.Duration
	for turn := -1; turn < max(b.runs, 10); turn++ {
		begun := time.Now()
		t, err := inTerminal(ctx, b.milena, "-b", b.brokers)
		if err != nil {
			return err
		}
		at, err := t.shows(10*time.Second, name)
		if err := errors.Join(err, t.close()); err != nil {
			return err
		}
		list := time.Now()
		if err := exec.CommandContext(ctx, "kcat", "-b", b.brokers, "-L").Run(); err != nil {
			return err
		}
		if turn >= 0 {
			ours, theirs = append(ours, at.Sub(begun)), append(theirs, time.Since(list))
		}
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	fmt.Printf("| | median | slowest | asked for |\n|---|---:|---:|---:|\n")
	fmt.Printf("| milena, the screen with the topics' names | %s | %s | ≤ %s |\n", ms(quantile(ours, .5)), ms(ours[len(ours)-1]), ms(goal))
	fmt.Printf("| kcat -L | %s | %s | |\n\n", ms(quantile(theirs, .5)), ms(theirs[len(theirs)-1]))
	return nil
}

// screen measures everything about a screen that follows a topic.
func (b *bench) screen(ctx context.Context) error {
	topic := fmt.Sprintf("bench-screen-%d", os.Getpid())
	if err := b.quietly(ctx, b.milena, "topic", "create", topic, "--partitions", "6", "--replication-factor", "1"); err != nil {
		return err
	}
	defer func() { _ = b.quietly(context.WithoutCancel(ctx), b.milena, "topic", "delete", topic, "--yes") }()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.brokers), kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(0))
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.ProduceSync(ctx, kgo.StringRecord("the first")).FirstErr(); err != nil {
		return err
	}
	fmt.Printf("| | measured | asked for |\n|---|---:|---:|\n")
	for _, part := range b.parts() {
		if err := part(ctx, topic, client); err != nil {
			return err
		}
	}
	fmt.Println()
	return nil
}

// parts are what is measured of a screen that follows a topic; -parts chooses.
func (b *bench) parts() (chosen []func(context.Context, string, *kgo.Client) error) {
	for _, p := range []struct {
		name string
		do   func(context.Context, string, *kgo.Client) error
	}{{"idle", b.idle}, {"trip", b.roundTrip}, {"steady", b.steady}, {"search", b.hunt}, {"burst", b.burst}, {"flood", b.flood}} {
		if b.only == "" || slices.Contains(strings.Split(b.only, ","), p.name) {
			chosen = append(chosen, p.do)
		}
	}
	return chosen
}

// follow opens the screen on a topic.
func (b *bench) follow(ctx context.Context, topic string) (*terminal, error) {
	t, err := inTerminal(ctx, b.milena, "-b", b.brokers, topic)
	if err != nil {
		return nil, err
	}
	if _, err := t.shows(10*time.Second, "live"); err != nil {
		return nil, errors.Join(err, t.close())
	}
	time.Sleep(2 * time.Second) // what is asked once at the start is done
	return t, nil
}

// pause sleeps, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// idle compares a quiet topic with an empty program, in turns.
func (b *bench) idle(ctx context.Context, topic string, _ *kgo.Client) error {
	const long = 15 * time.Second
	self, err := os.Executable()
	if err != nil {
		return err
	}
	wait := func() error { return pause(ctx, long) }
	var ours, empty float64
	const turns = 2
	for range turns {
		t, err := b.follow(ctx, topic)
		if err != nil {
			return err
		}
		share, err := t.share(wait)
		if err := errors.Join(err, t.close()); err != nil {
			return err
		}
		ours += share / turns
		if t, err = inTerminal(ctx, self, "-empty"); err != nil {
			return err
		}
		time.Sleep(2 * time.Second)
		share, err = t.share(wait)
		if err := errors.Join(err, t.close()); err != nil {
			return err
		}
		empty += share / turns
	}
	figure("idle on a quiet topic; an empty Bubble Tea program", fmt.Sprintf("%.2f %%; %.2f %% of a core", ours, empty), fmt.Sprintf("≤ %.2f %%", empty+.3))
	return nil
}

// roundTrip times a message from its sending to the terminal.
func (b *bench) roundTrip(ctx context.Context, topic string, client *kgo.Client) error {
	t, err := b.follow(ctx, topic)
	if err != nil {
		return err
	}
	var took []time.Duration
	for i := range 300 {
		// Letters and digits in turns: no cell of a row is as it was before, so
		// that each comes out whole.
		mark := strings.Repeat(string(rune('a'+i%26)), 7) + fmt.Sprint("x", 100+i)
		if i%2 == 1 {
			mark = fmt.Sprintf("%d%d", 1000000+i, 100+i)
		}
		begun := time.Now()
		client.Produce(ctx, kgo.StringRecord(mark), func(_ *kgo.Record, failed error) { err = failed })
		at, missing := t.shows(5*time.Second, mark)
		if missing != nil {
			return errors.Join(missing, err, t.close())
		}
		took = append(took, at.Sub(begun))
		time.Sleep(time.Duration(50+i%97) * time.Millisecond)
	}
	slices.Sort(took)
	figure("message sent → on the terminal, p50", ms(quantile(took, .5)), "≤ 20 ms")
	figure("message sent → on the terminal, p99", ms(quantile(took, .99)), "≤ 50 ms")
	return t.close()
}

// steady follows 100,000 messages a second and types meanwhile.
func (b *bench) steady(ctx context.Context, topic string, client *kgo.Client) error {
	const perSecond, long = 100_000, 15 * time.Second
	t, err := b.follow(ctx, topic)
	if err != nil {
		return err
	}
	feeding, stop := context.WithCancel(ctx)
	var feeder sync.WaitGroup
	var sent int64
	feeder.Go(func() {
		begun := time.Now()
		for feeding.Err() == nil {
			for due := int64(time.Since(begun).Seconds() * perSecond); sent < due; sent++ {
				client.Produce(feeding, kgo.KeyStringRecord(strconv.FormatInt(sent%1000, 10),
					fmt.Sprintf(`{"id":%d,"event":"order.created","total":%d.%02d,"user":{"name":"user-%d","active":true}}`, sent, sent%977, sent%100, sent%5000)), nil)
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	time.Sleep(3 * time.Second)
	t.forget()
	begun, before := time.Now(), sent
	share, err := t.share(func() error { return pause(ctx, long) })
	elapsed := time.Since(begun)
	rate := float64(sent-before) / elapsed.Seconds()
	bytesAt := []string{perSecondOf(t, elapsed)}
	for _, size := range [][2]uint16{{140, 40}, {80, 24}} {
		err = errors.Join(err, pty.Setsize(t.file, &pty.Winsize{Cols: size[0], Rows: size[1]}), pause(ctx, time.Second))
		t.forget()
		begun = time.Now()
		err = errors.Join(err, pause(ctx, 5*time.Second))
		bytesAt = append(bytesAt, perSecondOf(t, time.Since(begun)))
	}
	err = errors.Join(err, pty.Setsize(t.file, &pty.Winsize{Cols: 200, Rows: 60}), pause(ctx, time.Second))
	var took []time.Duration
	for range 25 {
		if err != nil {
			break
		}
		var d time.Duration
		d, err = t.help()
		took = append(took, d)
		err = errors.Join(err, pause(ctx, 20*time.Millisecond), t.typed("\x1b"), pause(ctx, 400*time.Millisecond))
	}
	slices.Sort(took)
	stop()
	feeder.Wait()
	if err := errors.Join(err, client.Flush(ctx), t.close()); err != nil {
		return err
	}
	figure(fmt.Sprintf("%s messages/s followed: processor", thousands(int(rate))), fmt.Sprintf("%.1f %% of a core", share), "≤ 25 %")
	figure("the same: key → frame, p95", ms(quantile(took, .95)), "≤ 20 ms")
	figure("the same: bytes to the terminal, at 200×60, 140×40, 80×24", strings.Join(bytesAt, ", ")+" KB/s", "≤ 250 KB/s")
	return nil
}

// help asks for the keys that work here, and tells how long they took to come.
func (t *terminal) help() (time.Duration, error) {
	t.forgetText()
	pressed := time.Now()
	if err := t.typed("?"); err != nil {
		return 0, err
	}
	at, err := t.shows(5*time.Second, "keys that work here", "suspend; fg in the shell", "give the mouse to the terminal")
	return at.Sub(pressed), err
}

// hunt searches the large topic for what is not in it, again and again, and types
// meanwhile. Only keys count that were answered while the search was under way.
func (b *bench) hunt(ctx context.Context, _ string, _ *kgo.Client) error {
	t, err := b.follow(ctx, b.topic)
	if err != nil {
		return err
	}
	// The help, over which the answer is awaited, says neither of the two.
	const wanted, underWay, over = 120, "esc stops", "all searched"
	for _, hunted := range []struct{ what, query, order string }{
		{"a word", "no-such-word", "newest"}, {"a word", "no-such-word", "oldest"},
		{"an expression", "value.no.such == 1", "newest"}, {"an expression", "value.no.such == 1", "oldest"},
	} {
		var took []time.Duration
		err = pause(ctx, time.Second)
		for err == nil && len(took) < wanted {
			t.forgetText()
			err = t.typed("S")
			if err == nil {
				_, err = t.shows(5*time.Second, "search the whole history")
			}
			// The form remembers what was searched for; ctrl+u empties the field.
			err = errors.Join(err, t.typed("\x15"+hunted.query+"\t\t\t\t"+hunted.order+"\r"))
			for err == nil {
				// Off the beat of the frames, which whatever was awaited came with.
				err = pause(ctx, time.Duration(20+rand.IntN(20))*time.Millisecond)
				var d time.Duration
				if err == nil {
					d, err = t.help()
				}
				t.forgetText()
				err = errors.Join(err, t.typed("\x1b"))
				if err == nil {
					_, err = t.shows(5*time.Second, underWay, over)
				}
				if err != nil || t.has(over) {
					break
				}
				took = append(took, d)
			}
		}
		if err != nil {
			return errors.Join(err, t.close())
		}
		slices.Sort(took)
		figure(fmt.Sprintf("a search of %s messages for %s, %s first: key → frame, p95 of %d keys", thousands(b.count), hunted.what, hunted.order, len(took)), ms(quantile(took, .95)), "≤ 20 ms")
	}
	return t.close()
}

// perSecondOf is what came out since it was forgotten, in KB/s.
func perSecondOf(t *terminal, elapsed time.Duration) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("%.0f", float64(t.bytes)/1000/elapsed.Seconds())
}

// has tells whether a text is in what came out.
func (t *terminal) has(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Contains(t.text, []byte(text))
}

func (t *terminal) forgetText() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = t.text[:0]
}

// burst lets a million messages come at once, several times, and looks for the
// longest time without a frame while they do.
func (b *bench) burst(ctx context.Context, topic string, _ *kgo.Client) error {
	t, err := b.follow(ctx, topic)
	if err != nil {
		return err
	}
	var worst []time.Duration
	var rate float64
	const bursts, size = 5, 1_000_000
	for range bursts {
		t.forget()
		begun := time.Now()
		if err := b.pour(ctx, topic, size); err != nil {
			return errors.Join(err, t.close())
		}
		ended := time.Now()
		rate += size / ended.Sub(begun).Seconds() / bursts
		t.mu.Lock()
		var last time.Time
		var gap time.Duration
		for _, c := range t.chunks {
			if !last.IsZero() && c.at.Before(ended) {
				gap = max(gap, c.at.Sub(last))
			}
			last = c.at
		}
		t.mu.Unlock()
		worst = append(worst, gap)
		time.Sleep(time.Second)
	}
	slices.Sort(worst)
	figure(fmt.Sprintf("bursts of %s messages at %s/s: longest time between two frames, median and worst of %d", thousands(size), thousands(int(rate)), bursts),
		ms(quantile(worst, .5))+", "+ms(worst[len(worst)-1]), "≤ 50 ms")
	return t.close()
}

// pour produces count small messages as fast as that goes.
func (b *bench) pour(ctx context.Context, topic string, count int) error {
	cmd := exec.CommandContext(ctx, b.milena, "-b", b.brokers, "-q", "produce", topic, "-z", "lz4")
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		return err
	}
	line := []byte("{\"event\":\"tick\"}\n")
	block := bytes.Repeat(line, 1000)
	for left := count; left > 0 && err == nil; left -= 1000 {
		_, err = in.Write(block)
	}
	if err := errors.Join(err, in.Close(), cmd.Wait()); err != nil {
		return fmt.Errorf("%w: %s", err, errs.String())
	}
	return nil
}

// flood lets records pass, as many as -flood says, and reads what memory that
// took.
func (b *bench) flood(ctx context.Context, topic string, _ *kgo.Client) error {
	t, err := b.follow(ctx, topic)
	if err != nil {
		return err
	}
	err = b.pour(ctx, topic, b.passing)
	time.Sleep(2 * time.Second)
	now, most := t.memory()
	if err := errors.Join(err, t.close()); err != nil {
		return err
	}
	figure(fmt.Sprintf("RSS after %s messages have passed, now and at most", thousands(b.passing)), fmt.Sprintf("%d, %d MiB", now>>20, most>>20), "≤ 128 MiB")
	return nil
}
