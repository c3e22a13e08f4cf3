package ui

import (
	"context"
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
)

// No cluster yet: what is tried, or why none answered and what to do.

type connecting struct {
	busy    bool
	number  int // of the attempt; answers of others are dropped
	brokers []string
	demo    bool
	started time.Time
	err     error
	cancel  context.CancelFunc
}

func (c *connecting) trying() bool { return c.busy }

// openedMsg is how an attempt ended.
type openedMsg struct {
	number  int
	cluster Cluster
	addr    string // of the demo broker
	err     error
}

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
	*c = connecting{busy: true, number: c.number + 1, brokers: shown, started: m.now(), cancel: cancel}
	n, open := c.number, m.opt.Open
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
	*c = connecting{busy: true, number: c.number + 1, demo: true, started: m.now(), cancel: cancel}
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
		c.err = msg.err
		return nil
	}
	m.cluster = msg.cluster
	if msg.addr != "" {
		m.addr = msg.addr
	}
	if m.name == "" {
		m.name = strings.Join(c.brokers, ",")
	}
	if md := m.cluster.Metadata(); md != nil {
		m.topics.set(md)
	}
	cmds := []tea.Cmd{m.refresh(), m.count(), m.lookAround()}
	if len(m.opt.Topics) > 0 {
		m.setFocus(paneTail)
		m.topics.selectName(m.opt.Topics[0])
		cmds = append(cmds, m.openTopics(m.opt.Topics...))
	}
	return tea.Batch(cmds...)
}

// stopDial gives an attempt up.
func (m *Model) stopDial() tea.Cmd {
	c := &m.connect
	if !c.busy {
		return nil
	}
	c.cancel()
	c.number++
	c.busy = false
	c.err = errors.New("given up")
	return nil
}

// askAddress opens the prompt for another address.
func (m *Model) askAddress() tea.Cmd {
	d := &dialog{
		title: "another address", opened: m.now(), action: "connect",
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
	var lines []string
	indent := min(4, r.w/10)
	say := func(sgr, text string) {
		rest := strings.TrimLeft(text, " ")
		hang := len(text) - len(rest) // lines that go on are indented as the first
		if strings.HasPrefix(text, st.g.cross) {
			hang = 2
		}
		for i, row := range wrapWords(rest, max(8, r.w-2*indent-hang), st.width) {
			l := newLine(st, r.w, nil)
			l.fill(indent)
			if i > 0 || !strings.HasPrefix(text, st.g.cross) {
				l.fill(indent + hang)
			}
			l.text(sgr, row)
			lines = append(lines, l.end())
		}
	}
	gap := func() {
		if r.h > 12 {
			lines = append(lines, newLine(st, r.w, nil).end())
		}
	}
	gap()
	to := strings.Join(c.brokers, ", ")
	if to == "" {
		to = "the cluster"
	}
	switch {
	case c.busy && c.demo:
		say(st.text, m.spinner()+" starting the demo broker")
	case c.busy:
		say(st.text, m.spinner()+" connecting to "+to)
		gap()
		if since := m.now().Sub(c.started); since >= 2*time.Second {
			say(st.dim, "for "+humanDuration(since.Truncate(time.Second)))
		}
		say(st.dim, "esc stops, q quits")
	default:
		say(st.badBold, "cannot reach "+to)
		gap()
		var open *kafka.OpenError
		if errors.As(c.err, &open) && len(open.Attempts) > 0 {
			for _, a := range open.Attempts {
				if r.h > 12 {
					l := newLine(st, r.w, nil)
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
				gap()
			}
		} else if c.err != nil {
			say(st.text, sentence(c.err))
			gap()
		}
		for i := range bindings {
			b := &bindings[i]
			if b.Scope != ScopeConnect || b.Weight == 0 || b.Off != nil && b.Off(m) != "" {
				continue
			}
			l := newLine(st, r.w, nil)
			l.fill(indent)
			l.field(st.accent, b.label(), 7)
			l.text(st.text, b.What)
			lines = append(lines, l.end())
		}
		if r.h > 12 && !c.demo {
			gap()
			say(st.dim, "milena doctor, in a shell, takes the way step by step, and looks at what the brokers advertise")
		}
	}
	return m.fillLines(lines, r)
}
