package ui

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
)

// Figures of topics: how many messages, how fast they come, when the last one
// came, and whether the topic is well. They are asked for in the background, for
// the topics in sight, and now and then for all.

// figures is what is known of a topic.
type figures struct {
	id      [16]byte // a topic of the same name with another one is another topic
	trouble trouble

	counted    bool
	start, end int64 // offsets, summed over the partitions
	missing    int   // partitions that could not be asked, and are not in the sums

	sampleEnd int64     // end, when the rate was looked at last
	sampleAt  time.Time // zero: never
	ring      [sparkColumns]float32
	samples   int // how many were taken

	last     time.Time // when the newest message came; zero: not known
	rougher  bool      // it came between two looks that are far apart, and no later than last
	askedAge bool

	rough, askedPolicy bool

	place  float64 // what its row was ordered by
	placed bool
}

// trouble is what is wrong with a topic's partitions.
type trouble int8

const (
	noTrouble       trouble = iota
	underReplicated         // fewer replicas in sync than there are
	noLeader                // nobody can read or write a partition
)

func troubleOf(t *kafka.Topic) trouble {
	worst := noTrouble
	for i := range t.Partitions {
		worst = max(worst, troubleOfPartition(&t.Partitions[i]))
	}
	return worst
}

func troubleOfPartition(p *kafka.Partition) trouble {
	switch {
	case p.Leader < 0:
		return noLeader
	case len(p.ISR) < len(p.Replicas):
		return underReplicated
	}
	return noTrouble
}

const (
	sparkColumns  = 6                // of a sparkline, sampleEvery each
	sampleEvery   = refreshEvery     // that a column stands for
	sampleGap     = 3 * sampleEvery  // between two looks; after longer, nobody knows what came when
	countAll      = 1000             // topics up to which all are counted each time, otherwise those in sight
	countMost     = 110_000          // topics above which those out of sight are never counted
	countAllEvery = 30 * time.Second // the rest is counted this often, or less often when it takes long
	policiesMost  = 200              // topics in one request for their settings
	agesMost      = 64               // topics whose newest record is looked for at a time
	agesAtOnce    = 4
)

// sample is the rate of a column of the sparkline, 0 the newest; negative: not
// known.
func (f *figures) sample(back int) float64 {
	if back >= min(f.samples, sparkColumns) {
		return -1
	}
	return float64(f.ring[(f.samples-1-back)%sparkColumns])
}

// rate is the newest rate, messages a second.
func (f *figures) rate() float64 { return max(0, f.sample(0)) }

// aged says whether it is known when the newest message came.
func (f *figures) aged() bool { return !f.last.IsZero() && !f.rougher }

// saw takes offsets that were there at a time.
func (f *figures) saw(start, end int64, at time.Time) {
	if f.counted && end > f.end {
		f.last, f.rougher = at, at.Sub(f.sampleAt) > sampleGap
		f.askedAge = f.askedAge && !f.rougher
	}
	f.counted, f.start, f.end = true, start, end
	if f.sampleAt.IsZero() || end < f.sampleEnd {
		f.sampleEnd, f.sampleAt, f.samples = end, at, 0
		return
	}
	passed := at.Sub(f.sampleAt)
	if passed < sampleEvery/2 {
		return
	}
	r := float32(float64(end-f.sampleEnd) / passed.Seconds())
	if passed > sampleGap && r > 0 {
		f.samples, passed = 0, sampleEvery // the mean is all that is known
	}
	for range max(1, min(sparkColumns, int((passed+sampleEvery/2)/sampleEvery))) {
		f.ring[f.samples%sparkColumns] = r
		f.samples++
	}
	f.sampleEnd, f.sampleAt = end, at
}

type (
	countsMsg struct {
		counts  map[string][2]int64 // start and end, of the topics of which any partition could be counted
		missing map[string]int      // partitions of them that could not
		silent  []string            // addresses of brokers that did not answer
		at      time.Time
		all     bool // of all topics, which took so long
		took    time.Duration
		err     error
	}
	policiesMsg struct {
		names []string
		rough map[string]bool
		err   error
	}
	agesMsg struct{ last map[string]time.Time }
)

// watched says whether the figures are in sight and somebody looks.
func (m *Model) watched() bool { return m.lay.topics.h > 0 && !m.blurred }

// count asks for the start and end offsets of the topics in sight, or of all
// when that is due.
func (m *Model) count() tea.Cmd {
	p := &m.topics
	if p.counting || m.cluster == nil || !p.allAt.IsZero() && !m.watched() {
		return nil
	}
	every := max(countAllEvery, 20*p.allTook)
	all := len(p.all) <= countAll || (m.anyCounted() || len(p.shown) == 0) && (p.allAt.IsZero() || time.Since(p.allAt) >= every)
	if all && len(p.all) <= countMost {
		return m.countThese(p.all, true)
	}
	return m.countThese(m.topicsInSight(nil), false)
}

func (m *Model) anyCounted() bool {
	from, to := m.inSight()
	for _, i := range m.topics.shown[from:to] {
		if m.topics.known[i].counted {
			return true
		}
	}
	return false
}

// countSight counts the topics in sight that were not counted yet.
func (m *Model) countSight() tea.Cmd {
	if m.topics.counting || m.cluster == nil {
		return nil
	}
	return m.countThese(m.topicsInSight(func(f *figures) bool { return !f.counted }), false)
}

// topicsInSight are those on the screen that are wanted; nil: all of them.
func (m *Model) topicsInSight(want func(*figures) bool) []kafka.Topic {
	p := &m.topics
	var topics []kafka.Topic
	from, to := m.inSight()
	for _, i := range p.shown[from:to] {
		if want == nil || want(p.known[i]) {
			topics = append(topics, p.all[i])
		}
	}
	return topics
}

func (m *Model) countThese(topics []kafka.Topic, all bool) tea.Cmd {
	if len(topics) == 0 {
		return nil
	}
	p := &m.topics
	p.counting = true
	cluster := m.cluster
	return m.background(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
		defer cancel()
		begun := time.Now()
		var tps []kafka.TopicPartition
		for i := range topics {
			if t := &topics[i]; t.Err == nil {
				tps = append(tps, kafka.Partitions(t)...)
			}
		}
		starts, ends, err := cluster.Bounds(ctx, kafka.ReadUncommitted, tps)
		if err != nil {
			return countsMsg{err: err, all: all}
		}
		counts := make(map[string][2]int64, len(topics))
		missing := make(map[string]int)
		var silent []string
		for i := range topics {
			var sum [2]int64
			name, failed := topics[i].Name, 0
			for _, tp := range kafka.Partitions(&topics[i]) {
				from, to := starts[tp], ends[tp]
				if err := cmp.Or(from.Err, to.Err); err != nil {
					failed++
					if a := silentBroker(err); a != "" && !slices.Contains(silent, a) {
						silent = append(silent, a)
					}
					continue
				}
				sum[0] += from.Offset
				sum[1] += max(from.Offset, to.Offset)
			}
			if failed < len(topics[i].Partitions) {
				counts[name], missing[name] = sum, failed
			}
		}
		return countsMsg{counts: counts, missing: missing, silent: silent, at: time.Now(), all: all, took: time.Since(begun)}
	})
}

func (m *Model) gotCounts(msg countsMsg) tea.Cmd {
	p := &m.topics
	p.counting = false
	if msg.err != nil {
		if msg.all {
			p.allAt = time.Now() // not again at once: it asks much
		}
		return nil
	}
	p.silent = msg.silent
	for name, sum := range msg.counts {
		if f := p.figures[name]; f != nil {
			if n := msg.missing[name]; n != f.missing {
				// Another sum of other partitions: nothing came, nothing went.
				f.missing, f.counted, f.sampleAt = n, false, time.Time{}
			}
			f.saw(sum[0], sum[1], msg.at)
		}
	}
	first := p.allAt.IsZero()
	if msg.all || len(p.all) > countMost {
		p.allAt, p.allTook = time.Now(), msg.took
	}
	if first && p.order != byName {
		p.sort(time.Now())
	} else {
		p.calmSort(time.Now())
	}
	cmds := []tea.Cmd{m.askAges(), m.askPreview()}
	if first && !msg.all && len(p.all) <= countMost {
		cmds = append(cmds, m.count()) // those in sight are there; now the rest
	}
	return tea.Batch(cmds...)
}

// roughTopics tells which topics have fewer messages than offsets: compacted ones,
// and those of spans that are written in transactions, where the cluster can tell.
func roughTopics(ctx context.Context, cluster Cluster, topics []string, spans []kafka.Span) (map[string]bool, error) {
	compacted, err := cluster.Compacted(ctx, topics)
	rough := make(map[string]bool)
	if by, ok := cluster.(transactionTeller); ok {
		maps.Copy(rough, by.Transactional(ctx, spans))
	}
	for name, is := range compacted {
		rough[name] = rough[name] || is
	}
	return rough, err
}

// transactionTeller is a cluster that can tell which topics are written in
// transactions; a file does not.
type transactionTeller interface {
	Transactional(ctx context.Context, spans []kafka.Span) map[string]bool
}

var _ transactionTeller = (*kafka.Cluster)(nil)

// askPolicies asks which of the topics in sight have fewer messages than offsets,
// each once.
func (m *Model) askPolicies() tea.Cmd {
	p := &m.topics
	if p.asking || m.cluster == nil {
		return nil
	}
	var names []string
	var topics []*kafka.Topic
	from, to := m.inSight()
	for _, i := range p.shown[from:to] {
		if f := p.known[i]; p.all[i].Err == nil && !f.askedPolicy && len(names) < policiesMost {
			f.askedPolicy = true
			names = append(names, p.all[i].Name)
			topics = append(topics, &p.all[i])
		}
	}
	if len(names) == 0 {
		return nil
	}
	p.asking = true
	cluster, iso, tps := m.cluster, m.opt.Isolation, kafka.Partitions(topics...)
	return m.background(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
		defer cancel()
		var spans []kafka.Span
		if starts, ends, err := cluster.Bounds(ctx, iso, tps); err == nil {
			spans = kafka.Between(starts, ends)
		}
		rough, err := roughTopics(ctx, cluster, names, spans)
		return policiesMsg{names, rough, err}
	})
}

func (m *Model) gotPolicies(msg policiesMsg) tea.Cmd {
	m.topics.asking = false
	for _, name := range msg.names {
		if f := m.topics.figures[name]; f != nil {
			f.rough = msg.rough[name]
			f.askedPolicy = msg.err == nil // otherwise it is asked again, at the next look
		}
	}
	if msg.err != nil {
		return nil
	}
	return m.askPolicies()
}

// askAges looks for the newest record of topics that hold any: of those in
// sight while their age is shown, then of all while they are ordered by it.
// What comes later is known from the offsets.
func (m *Model) askAges() tea.Cmd {
	p := &m.topics
	if p.aging || m.cluster == nil || !m.watched() {
		return nil
	}
	if topicColumnsFor(m.lay.topics.w, p.order, 0).age == 0 {
		return nil
	}
	var wanted []kafka.Topic
	add := func(places []int, rougher bool) {
		for _, i := range places {
			f := p.known[i]
			if len(wanted) < agesMost && p.all[i].Err == nil && f.counted && f.end > f.start && (f.last.IsZero() || rougher && !f.aged()) && !f.askedAge {
				f.askedAge = true
				wanted = append(wanted, p.all[i])
			}
		}
	}
	from, to := m.inSight()
	add(p.shown[from:to], true)
	if p.order == byAge {
		add(p.shown, false)
	}
	if len(wanted) == 0 {
		return nil
	}
	p.aging = true
	cluster, iso, guard := m.cluster, m.opt.Isolation, m.guard
	return m.background(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
		defer cancel()
		var mu sync.Mutex
		last := make(map[string]time.Time)
		var all sync.WaitGroup
		next := make(chan *kafka.Topic, len(wanted))
		for i := range wanted {
			next <- &wanted[i]
		}
		close(next)
		for range min(agesAtOnce, len(wanted)) {
			all.Go(func() {
				defer guard()
				for t := range next {
					n, err := cluster.Newest(ctx, kafka.NewestRequest{Partitions: kafka.Partitions(t), N: 1, Isolation: iso})
					if err != nil || len(n.Records) == 0 {
						continue // not everybody may read everything
					}
					mu.Lock()
					last[t.Name] = time.UnixMilli(n.Records[len(n.Records)-1].Timestamp)
					mu.Unlock()
				}
			})
		}
		all.Wait()
		return agesMsg{last}
	})
}

func (m *Model) gotAges(msg agesMsg) tea.Cmd {
	p := &m.topics
	p.aging = false
	for name, at := range msg.last {
		if f := p.figures[name]; f != nil && !f.aged() {
			f.last, f.rougher = at, false
		}
	}
	p.calmSort(time.Now())
	return m.askAges()
}
