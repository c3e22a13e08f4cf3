package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
)

// No cluster yet: what is tried, or why none answered and what to do.

type connecting struct {
	busy    bool
	quiet   bool      // tried again by itself: what went wrong before stays on the screen
	again   time.Time // when it is tried again by itself; zero: it is not
	number  int       // of the attempt; answers of others are dropped
	brokers []string
	demo    bool
	started time.Time
	err     error
	cancel  context.CancelFunc
}

// trying says whether nothing but the attempt is on the screen.
func (c *connecting) trying() bool { return c.busy && !c.quiet }

// againMsg is the time for another try.
type againMsg struct{ number int }

// openedMsg is how an attempt ended.
type openedMsg struct {
	number  int
	cluster Cluster
	addr    string // of the demo broker
	err     error
}

// noticer is a cluster that has something to say as soon as it is open: a file
// names the lines that it cannot read.
type noticer interface{ Notices() []string }

// dial tries to reach a cluster; nil brokers: as configured.
func (m *Model) dial(brokers []string) tea.Cmd {
	c := &m.connect
	if c.cancel != nil {
		c.cancel()
	}
	ctx, cancel := context.WithCancel(m.ctx)
	shown := brokers
	if brokers == nil {
		shown = m.opt.Brokers
	} else {
		m.name = strings.Join(brokers, ",")
	}
	m.checkup.stop()
	m.checkup = checkup{number: m.checkup.number + 1}
	*c = connecting{busy: true, number: c.number + 1, brokers: shown, started: time.Now(), cancel: cancel}
	return m.open(ctx, brokers)
}

// dialAgain tries the same brokers once more.
func (m *Model) dialAgain() tea.Cmd {
	switch {
	case m.connect.demo:
		return m.startDemo()
	case m.name != m.opt.Name && len(m.connect.brokers) > 0:
		return m.dial(m.connect.brokers)
	}
	return m.dial(nil)
}

// dialQuietly tries once more while the reason why it failed stays to be read.
func (m *Model) dialQuietly(msg againMsg) tea.Cmd {
	c := &m.connect
	if msg.number != c.number || c.busy || c.again.IsZero() || m.cluster != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(m.ctx)
	c.busy, c.quiet, c.again, c.cancel = true, true, time.Time{}, cancel
	c.number++
	var brokers []string
	if m.name != m.opt.Name {
		brokers = c.brokers
	}
	return m.open(ctx, brokers)
}

func (m *Model) open(ctx context.Context, brokers []string) tea.Cmd {
	n, open := m.connect.number, m.opt.Open
	return func() tea.Msg {
		cluster, err := open(ctx, brokers)
		return openedMsg{number: n, cluster: cluster, err: err}
	}
}

// startDemo starts the embedded broker.
func (m *Model) startDemo() tea.Cmd {
	c := &m.connect
	if c.cancel != nil {
		c.cancel()
	}
	ctx, cancel := context.WithCancel(m.ctx)
	*c = connecting{busy: true, number: c.number + 1, demo: true, started: time.Now(), cancel: cancel}
	n, demo := c.number, m.opt.Demo
	m.name = "demo"
	return func() tea.Msg {
		cluster, addr, err := demo(ctx)
		return openedMsg{number: n, cluster: cluster, addr: addr, err: err}
	}
}

func (m *Model) opened(msg openedMsg) tea.Cmd {
	c := &m.connect
	if msg.number != c.number || m.cluster != nil {
		if msg.cluster != nil {
			m.work.Go(func() {
				defer m.guard()
				_ = msg.cluster.Close()
			})
		}
		return nil
	}
	c.busy = false
	if msg.err != nil {
		return m.cannotConnect(msg.err)
	}
	if c.quiet {
		m.note(levelGood, "the cluster answers, after "+human.Duration(time.Since(c.started)))
	}
	m.checkup.stop()
	m.cluster = msg.cluster
	m.places.forget() // of another one
	if msg.addr != "" {
		m.addr = msg.addr
	}
	if m.name == "" {
		m.name = strings.Join(c.brokers, ",")
	}
	if md := m.cluster.Metadata(); md != nil {
		m.topics.set(md)
	}
	if n, ok := m.cluster.(noticer); ok {
		for _, text := range n.Notices() {
			m.note(levelWarn, text)
		}
	}
	cmds := []tea.Cmd{m.refresh(), m.count(), m.lookAround()}
	topics := m.opt.Topics
	if md := m.cluster.Metadata(); len(topics) == 0 && m.opt.File != "" && len(md.Topics) == 1 {
		topics = []string{md.Topics[0].Name}
	}
	if len(topics) > 0 {
		cmds = append(cmds, m.openNamed(topics...))
	}
	return tea.Batch(cmds...)
}

// cannotConnect shows why, looks closer, and tries again where time may help.
func (m *Model) cannotConnect(err error) tea.Cmd {
	c := &m.connect
	again := c.quiet && len(m.checkup.steps) > 0
	c.err, c.quiet = err, false
	var cmds []tea.Cmd
	if m.opt.Probe != nil && !c.demo {
		var brokers []string
		if m.name != m.opt.Name {
			brokers = c.brokers
		}
		cmds = append(cmds, m.checkUp(brokers, again))
	}
	if worthAnotherTry(err) && !c.demo {
		c.again = time.Now().Add(tryAgainAfter)
		n := c.number
		cmds = append(cmds, m.after(tryAgainAfter, againMsg{n}))
	}
	return tea.Batch(cmds...)
}

// stopDial gives an attempt up.
func (m *Model) stopDial() tea.Cmd {
	c := &m.connect
	if !c.trying() {
		return nil
	}
	c.cancel()
	c.number++
	c.busy = false
	c.err = errors.New("stopped")
	return nil
}

// askAddress opens the prompt for another address.
func (m *Model) askAddress() tea.Cmd {
	d := &dialog{
		title: "another address", opened: time.Now(), action: "connect",
		fields: []field{{label: "brokers", hint: "host:9092, several with commas"}},
		submit: func(m *Model, d *dialog) tea.Cmd {
			var brokers []string
			for _, b := range strings.Split(d.fields[0].ed.String(), ",") {
				if b = strings.TrimSpace(b); b != "" {
					brokers = append(brokers, b)
				}
			}
			if len(brokers) == 0 {
				return d.refuse(0, "an address, such as localhost:9092")
			}
			m.dialog = nil
			return m.dial(brokers)
		},
	}
	m.dialog = d
	return nil
}

// steps shows how far the way to a broker led. Of TLS and login, which not every
// cluster has, only the failure is known.
func (c *connecting) steps(l *line, a *kafka.ConnectError) {
	st := l.st
	l.text(st.bold, a.Broker)
	l.text("", "  ")
	for _, step := range []kafka.Step{kafka.StepResolve, kafka.StepConnect, kafka.StepTLS, kafka.StepVersions, kafka.StepLogin, kafka.StepMetadata} {
		if step == a.Step {
			break
		}
		if step != kafka.StepTLS && step != kafka.StepLogin {
			l.text(st.ok, " "+st.g.check)
			l.text(st.dim, " "+string(step))
		}
	}
	l.text(st.bad, " "+st.g.cross+" "+string(a.Step))
}

func (c *connecting) draw(m *Model, r rect) []string {
	st := m.st
	indent := min(4, r.w/10)
	airy := r.h > 12
	var lines []string
	say := func(sgr, text string) { lines = append(lines, paragraph(st, r.w, indent, sgr, text)...) }
	gap := func() {
		if airy {
			lines = append(lines, newLine(st, r.w, nil).end())
		}
	}
	gap()
	to := strings.Join(c.brokers, ", ")
	if to == "" {
		to = "the cluster"
	}
	switch {
	case c.trying() && c.demo:
		say(st.text, m.spinner()+" starting the demo broker")
	case c.trying():
		doing := " connecting to " + to
		if m.opt.File != "" {
			doing = " reading " + m.opt.File
			if read, size := m.opt.Opening(); size > 0 {
				doing += fmt.Sprintf(": %s of %s, %d %%", human.Bytes(read), human.Bytes(size), read*100/size)
			}
		}
		say(st.text, m.spinner()+doing)
		gap()
		if since := time.Since(c.started); since >= 2*time.Second {
			say(st.dim, "for "+human.Duration(since.Truncate(time.Second)))
		}
		say(st.dim, "esc stops, q quits")
	default:
		failed := "cannot reach " + to
		if m.opt.File != "" {
			failed = "cannot open " + m.opt.File
		}
		say(st.badBold, failed)
		gap()
		foot := c.ways(m, r.w, indent)
		room := max(1, r.h-len(lines)-len(foot))
		lines = append(append(lines, c.why(m, r.w, room, indent)...), foot...)
	}
	return m.fillLines(lines, r)
}

// why says what went wrong, in at most room lines: what the attempt found, until
// a closer look at the way to the cluster has been taken.
func (c *connecting) why(m *Model, w, room, indent int) []string {
	var lines []string
	gap := newLine(m.st, w, nil).end()
	failed := -1
	if look := &m.checkup; !look.busy && look.worst() != nil {
		lines, failed = look.lines(m, w, indent, false)
		if len(lines) >= room {
			lines, failed = look.lines(m, w, indent, true)
		}
	} else {
		lines = c.attempts(m, w, indent, room > 8)
	}
	if len(lines) < room {
		return append(lines, gap)
	}
	// The first that failed is what has to be seen.
	first := max(0, min(failed-1, len(lines)-room))
	return lines[first : first+room]
}

// attempts is how far each attempt came.
func (c *connecting) attempts(m *Model, w, indent int, airy bool) (lines []string) {
	st := m.st
	say := func(sgr, text string) { lines = append(lines, paragraph(st, w, indent, sgr, text)...) }
	var open *kafka.OpenError
	if !errors.As(c.err, &open) || len(open.Attempts) == 0 {
		if c.err != nil {
			say(st.text, sentence(c.err))
		}
		return lines
	}
	for i, a := range open.Attempts {
		if airy && i > 0 {
			lines = append(lines, newLine(st, w, nil).end())
		}
		if airy {
			l := newLine(st, w, nil)
			l.fill(indent)
			c.steps(l, a)
			lines = append(lines, l.end())
			_, why, _ := strings.Cut(sentence(a), " failed: ")
			say(st.text, "  "+why)
		} else {
			say(st.text, st.g.cross+" "+sentence(a))
		}
		if a.Hint != "" {
			say(st.dim, "  "+sentence(errors.New(a.Hint)))
		}
	}
	return lines
}

// ways are the keys that lead on from here, and what is going on.
func (c *connecting) ways(m *Model, w, indent int) (lines []string) {
	st := m.st
	for i := range bindings {
		b := &bindings[i]
		if m.h <= 14 { // the footer says them too
			break
		}
		if b.Scope != ScopeConnect || b.Weight == 0 || b.Off != nil && b.Off(m) != "" {
			continue
		}
		l := newLine(st, w, nil)
		l.fill(indent)
		l.field(st.accent, b.label(), 7)
		l.text(st.text, b.What)
		lines = append(lines, l.end())
	}
	doing := ""
	switch {
	case m.checkup.busy:
		doing = m.spinner() + " checking step by step"
	case c.busy:
		doing = m.spinner() + " trying again"
	case !c.again.IsZero():
		doing = fmt.Sprintf("trying again in %d s", max(1, int(time.Until(c.again).Round(time.Second)/time.Second)))
	}
	if doing != "" && m.h > 12 {
		lines = append(lines, newLine(st, w, nil).end())
	}
	if doing != "" {
		lines = append(lines, paragraph(st, w, indent, st.dim, doing)...)
	}
	return lines
}

// paragraph is text in lines of w columns, indented, the further ones as the
// first; behind a cross they hang.
func paragraph(st *Styles, w, indent int, sgr, text string) (lines []string) {
	rest := strings.TrimLeft(text, " ")
	hang := len(text) - len(rest)
	if strings.HasPrefix(text, st.g.cross) {
		hang = 2
	}
	for i, row := range wrapWords(rest, max(8, w-2*indent-hang), st.width) {
		l := newLine(st, w, nil)
		l.fill(indent)
		if i > 0 || !strings.HasPrefix(text, st.g.cross) {
			l.fill(indent + hang)
		}
		l.text(sgr, row)
		lines = append(lines, l.end())
	}
	return lines
}
