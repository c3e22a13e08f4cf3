package ui

import (
	"context"
	"errors"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
)

// How many records there are, or match: first an estimate from a sample, with its
// error; asked again, the exact number, by reading everything beside the screen.

// counting is the exact count under way; the zero value is none.
type counting struct {
	search    *kafka.Search
	cancel    context.CancelFunc
	estimated string // what the newest estimate was of: the next count of it is exact
}

func (c *counting) busy() bool { return c.cancel != nil }

// stop ends it; false: there is none.
func (c *counting) stop() bool {
	if c.busy() {
		c.cancel()
	}
	return c.busy()
}

// line is how far it is, for the footer.
func (c *counting) line() string {
	if c.search == nil {
		return "counting  esc stops"
	}
	p := c.search.Progress()
	searched, all := p.Offsets()
	return fmt.Sprintf("counting: %s so far, %d %%  esc stops", human.Exact(p.Hits), searched*100/max(1, all))
}

// countedMsg is what a count came to, or that it has begun.
type countedMsg struct {
	search   *kafka.Search // it has begun
	estimate *kafka.Estimate
	what     string
	err      error
}

// countRecords estimates how many records of the open topics match what is filtered or
// searched for; asked once more, it counts them.
func (m *Model) countRecords() tea.Cmd {
	t := &m.tail
	src := &topicSource{cluster: m.cluster, topics: t.topics, isolation: m.opt.Isolation, off: t.session.start.off}
	var match func(kafka.TopicPartition) kafka.Matcher
	what := "in " + m.askedOf()
	switch st := &t.session.start; {
	case st.search != nil:
		match, what = st.search.match, "with "+st.search.String()+" "+what
	case st.query != nil:
		match, what = st.query.Matcher, "with "+st.query.String()+" "+what
	}
	ctx, cancel := context.WithCancel(m.ctx)
	m.counts.cancel = cancel
	exactly := m.counts.estimated == what
	cluster, iso := m.cluster, m.opt.Isolation
	spans := func() ([]kafka.Span, error) {
		spans, waiting, err := src.Range(ctx, kafka.Position{Kind: kafka.Beginning}, nil)
		if err == nil && len(waiting) > 0 {
			err = waiting[0]
		}
		return spans, err
	}
	if !exactly {
		return func() tea.Msg {
			found, err := spans()
			if err != nil {
				return countedMsg{what: what, err: err}
			}
			estimate, err := cluster.EstimateHits(ctx, found, match, iso)
			return countedMsg{estimate: &estimate, what: what, err: err}
		}
	}
	return func() tea.Msg {
		found, err := spans()
		if err != nil {
			return countedMsg{what: what, err: err}
		}
		search, err := cluster.NewSearch(kafka.SearchRequest{Spans: found, Match: match, Isolation: iso})
		if err != nil {
			return countedMsg{what: what, err: err}
		}
		return countedMsg{search: search, what: what}
	}
}

// counted says what a count came to, or lets it run.
func (m *Model) counted(msg countedMsg) tea.Cmd {
	c := &m.counts
	if msg.search != nil {
		ctx, cancel := context.WithCancel(m.ctx)
		c.cancel()
		c.search, c.cancel = msg.search, cancel
		return func() tea.Msg {
			err := msg.search.Run(ctx, 0, nil)
			p := msg.search.Progress()
			_, all := p.Offsets()
			return countedMsg{estimate: &kafka.Estimate{Offsets: all, Hits: p.Hits, Exact: true}, what: msg.what, err: err}
		}
	}
	c.stop()
	c.search, c.cancel, c.estimated = nil, nil, ""
	switch e := msg.estimate; {
	case errors.Is(msg.err, context.Canceled):
		m.note(levelInfo, "counting stopped")
	case msg.err != nil:
		m.note(levelBad, "not counted: "+sentence(msg.err))
	case e.Exact:
		m.note(levelGood, fmt.Sprintf("%s %s %s, in %s", human.Exact(e.Hits), human.Noun(e.Hits, "record"), msg.what, human.Plural(int(e.Offsets), "offset")))
	default:
		c.estimated = msg.what
		text := fmt.Sprintf("%s %s messages", m.st.g.about, human.Count(e.Hits))
		if e.Hits != e.Offsets {
			text = fmt.Sprintf("%s %s of %s messages %s (%s to %s)", m.st.g.about, human.Count(e.Hits), human.Count(e.Offsets), msg.what, human.Count(e.Low), human.Count(e.High))
		}
		m.note(levelGood, text+"; # counts exactly")
	}
	return nil
}
