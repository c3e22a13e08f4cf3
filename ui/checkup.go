package ui

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
)

// The way to the cluster, taken step by step, as `milena doctor` takes it: on the
// screen that says that there is none, and by ":doctor".

// Probe takes the way to brokers (none: as configured) and reports each step,
// from one goroutine, in order.
type Probe func(ctx context.Context, brokers []string, report func(kafka.ProbeStep)) error

// checkup is one probe and what it found so far.
type checkup struct {
	number int // steps of others are dropped
	busy   bool
	before bool // steps are those of the probe before, until this one has ended
	fresh  []kafka.ProbeStep
	begun  time.Time
	took   time.Duration
	steps  []kafka.ProbeStep
	err    error // why it could not come to its end
	cancel context.CancelFunc
}

// probedMsg is one step; with done, the end.
type probedMsg struct {
	number int
	step   kafka.ProbeStep
	done   bool
	err    error
	next   tea.Cmd
}

// checkUp begins a probe; one that is under way ends. With again, what the one
// before found stays to be read until this one has ended.
func (m *Model) checkUp(brokers []string, again bool) tea.Cmd {
	c := &m.checkup
	c.stop()
	ctx, cancel := context.WithCancel(m.ctx)
	next := checkup{number: c.number + 1, busy: !again, before: again, begun: time.Now(), cancel: cancel}
	if again {
		next.steps, next.err, next.took = c.steps, c.err, c.took
	}
	*c = next
	number, probe := c.number, m.opt.Probe
	steps, ended := make(chan kafka.ProbeStep), make(chan error, 1)
	m.work.Go(func() {
		defer m.guard()
		defer close(steps)
		ended <- probe(ctx, brokers, func(s kafka.ProbeStep) {
			select {
			case steps <- s:
			case <-ctx.Done():
			}
		})
	})
	var more tea.Cmd
	more = func() tea.Msg {
		step, ok := <-steps
		if !ok {
			msg := probedMsg{number: number, done: true}
			select {
			case msg.err = <-ended:
			default: // it ended by a panic, which is reported elsewhere
			}
			return msg
		}
		return probedMsg{number: number, step: step, next: more}
	}
	return more
}

func (c *checkup) stop() {
	if c.cancel != nil {
		c.cancel()
	}
}

func (m *Model) probed(msg probedMsg) tea.Cmd {
	c := &m.checkup
	if msg.number != c.number {
		return nil
	}
	if !msg.done {
		c.fresh = append(c.fresh, msg.step)
		if !c.before {
			c.steps = c.fresh
		}
		return msg.next
	}
	c.stop()
	c.steps, c.before = c.fresh, false
	c.busy, c.err, c.took = false, msg.err, time.Since(c.begun)
	return nil
}

// worst is the first step that failed, else the first with a warning; nil:
// neither is there.
func (c *checkup) worst() *kafka.ProbeStep {
	for _, o := range []kafka.Outcome{kafka.Failed, kafka.Warned} {
		for i := range c.steps {
			if c.steps[i].Outcome == o {
				return &c.steps[i]
			}
		}
	}
	return nil
}

// showCheckup opens the probe of the cluster that is open.
func (m *Model) showCheckup() tea.Cmd {
	m.over = &pager{title: "doctor", under: m.over, entries: func(m *Model, w int) []entry {
		c := &m.checkup
		lines := c.verdict(m, w)
		lines = append(lines, newLine(m.st, w, nil).end())
		body, _ := c.lines(m, w, 1, false)
		return plainEntries(append(lines, body...))
	}}
	var brokers []string // as configured
	if m.name != m.opt.Name {
		brokers = m.connect.brokers
	}
	return m.checkUp(brokers, false)
}

// verdict is how it went, in a line or two.
func (c *checkup) verdict(m *Model, w int) []string {
	st := m.st
	sgr, text := st.ok, st.g.check+" every step of the connection works, in "+human.Duration(c.took)
	worst := c.worst()
	switch {
	case c.busy:
		sgr, text = st.dim, m.spinner()+" checking the connection step by step"
	case c.err != nil:
		sgr, text = st.bad, st.g.cross+" "+sentence(c.err)
	case worst != nil && worst.Outcome == kafka.Failed:
		sgr, text = st.badBold, fmt.Sprintf("%s %s fails: %s", st.g.cross, about(worst), plainText(worst.Summary))
	case worst != nil:
		sgr, text = st.warn, fmt.Sprintf("%s %s: %s", st.g.warn, about(worst), plainText(worst.Summary))
	}
	var lines []string
	for _, row := range wrapWords(text, max(8, w-2), st.width) {
		l := newLine(st, w, nil)
		l.text("", " ")
		l.text(sgr, row)
		lines = append(lines, l.end())
	}
	return lines
}

// about names a step and where it was taken.
func about(s *kafka.ProbeStep) string {
	if s.Broker == "" {
		return string(s.Step)
	}
	return string(s.Step) + " at " + s.Broker
}

// lines are the steps under the broker that each is about, and the line of the
// first that failed. Brief leaves out what passed.
func (c *checkup) lines(m *Model, w, indent int, brief bool) (lines []string, failed int) {
	const names, times = 12, 9 // columns
	st := m.st
	failed = -1
	heading := ""
	for i := range c.steps {
		s := &c.steps[i]
		if brief && (s.Outcome == kafka.Passed || s.Outcome == kafka.NotChecked) {
			continue
		}
		h := "cluster"
		switch {
		case s.BrokerID >= 0:
			h = fmt.Sprintf("%s, which broker %d advertises", s.Broker, s.BrokerID)
		case s.Broker != "":
			h = s.Broker
		}
		if h != heading {
			heading = h
			for _, row := range wrapWords(h, max(8, w-2*indent), st.width) {
				l := newLine(st, w, nil)
				l.fill(indent)
				l.text(st.bold, row)
				lines = append(lines, l.end())
			}
		}
		mark, sgr := st.g.check, st.ok
		switch s.Outcome {
		case kafka.Warned:
			mark, sgr = st.g.warn, st.warn
		case kafka.Failed:
			mark, sgr = st.g.cross, st.bad
			if failed < 0 {
				failed = len(lines)
			}
		case kafka.NotChecked:
			mark, sgr = "-", st.dim
		}
		l := newLine(st, w, nil)
		l.fill(indent + 1)
		l.text(sgr, mark)
		l.text("", " ")
		l.field(st.text, string(s.Step), names)
		at := indent + 3 + names
		if w >= 60 {
			took := ""
			if s.Took > 0 {
				took = human.Duration(s.Took)
			}
			l.number(st.dim, took, times)
			l.text("", "  ")
			at += times + 2
		}
		say := func(sgr, text string) {
			if text == "" {
				return
			}
			for _, row := range wrapWords(text, max(8, w-at-1), st.width) {
				l.fill(at)
				l.text(sgr, row)
				lines = append(lines, l.end())
				l = newLine(st, w, nil)
			}
		}
		text := st.text
		if s.Outcome == kafka.Failed {
			text = st.bad
		}
		if s.Summary == "" {
			lines = append(lines, l.end())
			l = newLine(st, w, nil)
		}
		say(text, plainText(s.Summary))
		for _, d := range s.Details {
			say(st.dim, plainText(d))
		}
		say(sgr, plainText(s.Hint))
	}
	return lines, failed
}

// tryAgainAfter is how long a cluster that was not there is left alone.
const tryAgainAfter = 5 * time.Second

// worthAnotherTry says whether waiting alone may help: brokers come back, but a
// wrong password does not become right, and too many of them lock an account.
func worthAnotherTry(err error) bool {
	var open *kafka.OpenError
	if !errors.As(err, &open) || len(open.Attempts) == 0 {
		return false
	}
	for _, a := range open.Attempts {
		if a.Step == kafka.StepTLS || a.Step == kafka.StepLogin {
			return false
		}
	}
	return true
}
