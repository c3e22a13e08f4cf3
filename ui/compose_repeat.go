package ui

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
)

// The composed message, sent again and again at an interval: a producer to try
// things with. One message at a time, in order; the next waits until the one
// before is acknowledged, so that what is counted is written.

// counter is what the number of the message takes the place of, in key and value.
const counter = "{{.N}}"

// rateOver is how many acknowledgements the rate is made of.
const rateOver = 20

// repeat is one run of it.
type repeat struct {
	topic   string
	every   time.Duration
	cancel  context.CancelFunc // gives up the message that is under way
	halted  context.Context    // ended: no further message
	halt    context.CancelFunc
	changed chan struct{}
	done    chan struct{}

	mu      sync.Mutex
	sent    int64
	ack     kafka.Ack
	began   time.Time   // of the newest message
	waiting bool        // it is not acknowledged yet
	acks    []time.Time // the newest
	err     error
}

// repeatMsg says that a run has news.
type repeatMsg struct{ run *repeat }

// running says whether messages are sent again and again now.
func (c *compose) running() bool { return c.repeat != nil }

// askRepeat asks for the interval.
func (m *Model) askRepeat() tea.Cmd {
	c := &m.compose
	msg, at, err := c.message(m.composeTopic())
	if err != nil {
		c.err, c.at = sentence(err), at
		return nil
	}
	d := &dialog{
		title: "repeat", opened: time.Now(), action: "start",
		fields: []field{{label: "every", hint: "1s, 250ms, 1m"}},
		submit: func(m *Model, d *dialog) tea.Cmd {
			every, err := interval(d.fields[0].ed.String())
			if err != "" {
				return d.refuse(0, err)
			}
			m.dialog = nil
			return m.startRepeat(msg, every)
		},
	}
	d.preset(0, "1s")
	what := "Send this message to " + c.topic + " repeatedly until esc. "
	switch {
	case bytes.Contains(msg.Key, []byte(counter)) || bytes.Contains(msg.Value, []byte(counter)):
		what += counter + " counts from 0."
	default:
		what += "Every message is the same: " + counter + " in key or value would count from 0."
	}
	d.lines = []string{what}
	switch {
	case msg.Value == nil:
		d.lines = append(d.lines, "The value is null: every message is a tombstone.")
	case len(msg.Value) == 0:
		d.lines = append(d.lines, "The value is empty.")
	}
	m.dialog = d
	return nil
}

// interval understands 1s, 250ms, and a bare number of seconds.
func interval(s string) (time.Duration, string) {
	s = strings.TrimSpace(s)
	if s == "" {
		s = "1s"
	}
	d, err := time.ParseDuration(s)
	if n, e := strconv.ParseFloat(s, 64); e == nil && n < 1e9 {
		d, err = time.Duration(n*float64(time.Second)), nil
	}
	switch {
	case err != nil:
		return 0, "a time such as 1s, 250ms, 1m"
	case d < time.Millisecond:
		return 0, "at least 1ms"
	}
	return d, ""
}

// startRepeat begins a run.
func (m *Model) startRepeat(msg kafka.Message, every time.Duration) tea.Cmd {
	c := &m.compose
	ctx, cancel := context.WithCancel(m.ctx)
	halted, halt := context.WithCancel(ctx)
	r := &repeat{
		topic: c.topic, every: every, cancel: cancel, halted: halted, halt: halt,
		changed: make(chan struct{}, 1), done: make(chan struct{}),
	}
	c.repeat, c.err, c.last, c.asked = r, "", sent{}, false
	cluster, guard := m.cluster, m.guard
	m.work.Go(func() {
		defer guard()
		defer close(r.done)
		defer cancel()
		r.run(ctx, cluster, msg)
	})
	return tea.Batch(r.wait(), m.remember(c.topic, c.composed()))
}

// run sends until it is halted, or a message cannot be sent.
func (r *repeat) run(ctx context.Context, cluster Cluster, msg kafka.Message) {
	due := time.Now()
	for n := int64(0); sleep(r.halted.Done(), time.Until(due)); n++ {
		next := msg
		number := strconv.AppendInt(nil, n, 10)
		if next.Key != nil {
			next.Key = bytes.ReplaceAll(msg.Key, []byte(counter), number)
		}
		if next.Value != nil {
			next.Value = bytes.ReplaceAll(msg.Value, []byte(counter), number)
		}
		r.note(func() { r.began, r.waiting = time.Now(), true })
		ack, err := cluster.Send(ctx, next)
		r.note(func() {
			r.waiting = false
			if r.err = err; err != nil {
				return
			}
			r.sent++
			r.ack = ack
			if len(r.acks) == rateOver {
				r.acks = append(r.acks[:0], r.acks[1:]...)
			}
			r.acks = append(r.acks, time.Now())
		})
		if err != nil {
			return
		}
		if due = due.Add(r.every); due.Before(time.Now()) { // a slow broker is not made up for
			due = time.Now()
		}
	}
}

func (r *repeat) note(f func()) {
	r.mu.Lock()
	f()
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// wait waits for news, at most once a frame.
func (r *repeat) wait() tea.Cmd {
	return func() tea.Msg {
		select {
		case <-r.done:
		case <-r.changed:
			sleep(r.done, frame)
		}
		return repeatMsg{r}
	}
}

// stop ends the run after the message that is under way; asked again, that one
// is given up.
func (r *repeat) stop() {
	if r.stopping() {
		r.cancel()
	}
	r.halt()
}

func (r *repeat) stopping() bool { return r.halted.Err() != nil }

// rate is how many were acknowledged a second of late.
func (r *repeat) rate(now time.Time) float64 {
	k := len(r.acks)
	if k < 2 {
		return 0
	}
	to := r.acks[k-1]
	if now.Sub(to) > 2*r.every {
		to = now
	}
	took := to.Sub(r.acks[0]).Seconds()
	if took <= 0 {
		return 0
	}
	return float64(k-1) / took
}

// repeated takes a run's news.
func (m *Model) repeated(msg repeatMsg) tea.Cmd {
	c, r := &m.compose, msg.run
	if c.repeat != r {
		return nil
	}
	r.mu.Lock()
	count, ack, err, began := r.sent, r.ack, r.err, r.began
	r.mu.Unlock()
	if count > 0 && r.topic == c.topic && (!c.last.ok || c.last.ack != ack) {
		c.last = sent{ok: true, topic: r.topic, ack: ack, started: began, count: count}
		c.saw(m)
	}
	select {
	case <-r.done:
	default:
		return r.wait()
	}
	c.repeat = nil
	if err != nil {
		why := sentence(err)
		switch {
		case errors.Is(err, kafka.ErrReadOnly):
			why = readOnlyReason
		case errors.Is(err, context.Canceled):
			why = "the last one may have been written"
		}
		why = "stopped after " + human.Plural(int(count), "message") + ": " + why
		c.draftTo(r.topic).err = why
		m.note(levelBad, "sending to "+r.topic+" "+why)
	}
	return nil
}

// drawRepeat says how a run goes.
func (m *Model) drawRepeat(l *line) {
	r, st := m.compose.repeat, m.st
	r.mu.Lock()
	defer r.mu.Unlock()
	l.text(st.accent, human.Exact(r.sent))
	l.text(st.dim, " sent")
	if r.topic != m.compose.topic {
		l.text(st.dim, " to ")
		l.text(st.text, r.topic)
	}
	l.text(st.dim, ", every "+r.every.String())
	if rate := r.rate(time.Now()); rate > 0 {
		l.text("", "   ")
		l.text(st.text, human.Rate(rate))
		l.text(st.dim, " msg/s")
	}
	long := time.Since(r.began)
	switch {
	case r.stopping():
		l.text(st.dim, "   stopping "+m.spinner()+"   esc does not wait")
	case r.waiting && long > time.Second:
		l.text(st.warn, "   not acknowledged for "+human.Duration(long.Truncate(time.Second)))
		l.text(st.dim, "   esc stops")
	default:
		l.text(st.dim, "   esc stops")
		if r.sent > 0 {
			l.text(st.dim, "   last: partition ")
			l.text(st.parts[int(r.ack.Partition)%len(st.parts)], itoa(int64(r.ack.Partition)))
			l.text(st.dim, " offset ")
			l.text(st.text, itoa(r.ack.Offset))
		}
	}
}
