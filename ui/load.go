package ui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
)

// How evenly partitions are loaded: what each holds, how fast it grows, its leader,
// and the key that came most often in the last minute. It keeps itself up to date
// while it is open, and nothing is asked when it is not.

// loadTeller is a cluster that tells how partitions are loaded; a file does not.
type loadTeller interface {
	Load(ctx context.Context, req kafka.LoadRequest) ([]kafka.PartitionLoad, error)
}

var _ loadTeller = (*kafka.Cluster)(nil)

// What an answer may cost. The records that are read for bytes and keys are shared
// out among the partitions.
const (
	loadWindow  = time.Minute
	loadEvery   = 4 * time.Second // between an answer and the next question
	loadTimeout = 20 * time.Second
	loadSample  = 10_000
	loadLeast   = 100 // records of one partition
)

// How uneven partitions are: from how many times its share on one is worth a word,
// and from how many a colour. Of fewer messages a partition nothing can be said.
const (
	unevenFrom = 1.5
	hotFrom    = 2
	fewestLoad = 10
)

// loadOrder is what the partitions of a topic are ordered by.
type loadOrder int8

const (
	loadByPartition loadOrder = iota
	loadByHeld
	loadByRate
	loadOrders
)

// loadView lies over the panes on the right.
type loadView struct {
	ofTail bool     // all that the tail has open, also what it opens later
	topics []string // otherwise
	order  loadOrder
	at     int // the row of the cursor
	on     kafka.TopicPartition
	rows   []kafka.TopicPartition // wholeTopic is a topic's own line
	top    int

	loads  map[kafka.TopicPartition]*kafka.PartitionLoad // the newest answer; nil: there is none
	fair   map[string]share                              // by topic
	rough  map[string]bool                               // topics that are compacted or transactional; nil: not known
	when   time.Time                                     // of that answer
	err    error                                         // why the newest question failed
	again  time.Time                                     // when it is worth another one
	cancel context.CancelFunc                            // not nil: it is under way
}

// share is what each partition of a topic would have if all had the same.
type share struct{ held, recent float64 }

// loadMsg takes an answer.
type loadMsg func()

func (v *loadView) scope() Scope        { return ScopeLoad }
func (v *loadView) whole(m *Model) bool { return m.zoom || m.lay.single || m.lay.right.w < 70 }
func (v *loadView) scroll(n int)        { v.moveTo(v.at + n) }
func (v *loadView) names(m *Model) []string {
	if v.ofTail {
		return m.tail.topics
	}
	return v.topics
}

// moveTo puts the cursor on a row.
func (v *loadView) moveTo(row int) {
	if v.at = max(0, min(row, len(v.rows)-1)); v.at < len(v.rows) {
		v.on = v.rows[v.at]
	}
}

// loadTopics are the topics to show: those of the tail when that has the focus,
// else the one under the cursor.
func (m *Model) loadTopics() (topics []string, ofTail bool) {
	t := m.topics.current()
	if m.tail.session != nil && (m.focus != paneTopics || t == nil) {
		return m.tail.topics, true
	}
	if t == nil {
		return nil, false
	}
	return []string{t.Name}, m.tail.session != nil && slices.Equal(m.tail.topics, []string{t.Name})
}

func (m *Model) loadOff() string {
	if _, tells := m.cluster.(loadTeller); !tells && m.cluster != nil {
		return "a file has no load"
	}
	if topics, _ := m.loadTopics(); len(topics) == 0 {
		return offTopics
	}
	return ""
}

// showLoad opens it.
func (m *Model) showLoad() tea.Cmd {
	v := &loadView{}
	v.topics, v.ofTail = m.loadTopics()
	m.load, m.over = v, v
	v.arrange(m)
	return nil
}

// shown says whether it is on the screen, or just below what is.
func (v *loadView) shown(over overlay) bool {
	for over != nil && over != overlay(v) {
		lid, ok := over.(lidOverlay)
		if !ok {
			return false
		}
		over = lid.back()
	}
	return over != nil
}

// askLoad asks anew when it is time, and ends what was asked for a view that is
// closed.
func (m *Model) askLoad() tea.Cmd {
	v := m.load
	if v == nil {
		return nil
	}
	if !v.shown(m.over) {
		if v.cancel != nil {
			v.cancel()
		}
		m.load = nil
		return nil
	}
	by, tells := m.cluster.(loadTeller)
	if !tells || v.cancel != nil || time.Now().Before(v.again) || m.blurred && v.loads != nil {
		return nil
	}
	var tps []kafka.TopicPartition
	topics := slices.Clone(v.names(m))
	for _, name := range topics {
		for _, id := range m.partitionIDs(name) {
			tps = append(tps, kafka.TopicPartition{Topic: name, Partition: id})
		}
	}
	ctx, cancel := context.WithTimeout(m.ctx, loadTimeout)
	v.cancel = cancel
	cluster, rough := m.cluster, v.rough
	req := kafka.LoadRequest{Partitions: tps, Window: loadWindow, Sample: max(loadLeast, loadSample/int64(max(1, len(tps)))), Isolation: m.opt.Isolation}
	return func() tea.Msg {
		defer cancel()
		loads, err := by.Load(ctx, req)
		if err == nil && rough == nil {
			spans := make([]kafka.Span, len(loads))
			for i := range loads {
				spans[i] = kafka.Span{TopicPartition: loads[i].TopicPartition, From: loads[i].Start, To: loads[i].End}
			}
			rough, _ = roughTopics(ctx, cluster, topics, spans) // what may not be asked is neither
		}
		return loadMsg(func() { m.gotLoad(v, loads, rough, err) })
	}
}

// gotLoad takes an answer. One that did not come leaves what was there.
func (m *Model) gotLoad(v *loadView, loads []kafka.PartitionLoad, rough map[string]bool, err error) {
	v.cancel, v.err, v.again = nil, err, time.Now().Add(loadEvery)
	if err != nil {
		return
	}
	v.when, v.rough = time.Now(), rough
	v.loads = make(map[kafka.TopicPartition]*kafka.PartitionLoad, len(loads))
	v.fair = make(map[string]share)
	n := make(map[string]float64)
	for i := range loads {
		l := &loads[i]
		v.loads[l.TopicPartition] = l
		if known(l) {
			f := v.fair[l.Topic]
			f.held, f.recent = f.held+float64(l.Held()), f.recent+float64(l.Recent)
			v.fair[l.Topic] = f
			n[l.Topic]++
		}
	}
	for name, f := range v.fair {
		v.fair[name] = share{f.held / n[name], f.recent / n[name]}
	}
	v.arrange(m)
}

// known says whether there are figures of a partition.
func known(l *kafka.PartitionLoad) bool { return l != nil && (l.Err == nil || l.End > 0) }

// times is how many times its share a partition has; 0: too little is there to tell.
func times(n int64, share float64) float64 {
	if share < fewestLoad {
		return 0
	}
	return float64(n) / share
}

// arrange puts the rows in order. The cursor stays on its partition.
func (v *loadView) arrange(m *Model) {
	topics := v.names(m)
	v.rows = v.rows[:0]
	for _, name := range topics {
		if len(topics) > 1 {
			v.rows = append(v.rows, kafka.TopicPartition{Topic: name, Partition: wholeTopic})
		}
		ids := m.partitionIDs(name)
		order := make([]int, len(ids))
		for i := range order {
			order[i] = i
		}
		figure := func(i int) int64 {
			l := v.loads[kafka.TopicPartition{Topic: name, Partition: ids[i]}]
			switch {
			case !known(l) || v.order == loadByPartition:
				return 0
			case v.order == loadByHeld:
				return l.Held()
			}
			return l.Recent
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(figure(b), figure(a)), cmp.Compare(a, b)) })
		for _, i := range order {
			v.rows = append(v.rows, kafka.TopicPartition{Topic: name, Partition: ids[i]})
		}
	}
	if row := slices.Index(v.rows, v.on); row >= 0 {
		v.at = row
	}
	v.moveTo(v.at)
}

// nextLoadOrder goes on to the next order.
func (m *Model) nextLoadOrder() tea.Cmd {
	if v, ok := m.over.(*loadView); ok {
		v.order = (v.order + 1) % loadOrders
		v.arrange(m)
	}
	return nil
}

// loadRowOff is why the row under the cursor cannot be switched.
func (m *Model) loadRowOff() string {
	v, ok := m.screenOver().(*loadView) // the help may lie over it
	if !ok || len(v.rows) == 0 {
		return offRows
	}
	return m.switchOff(v.on.Topic)
}

// onLoadRow does something to what is under the cursor.
func onLoadRow(do func(*Model, kafka.TopicPartition) tea.Cmd) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		if v, ok := m.over.(*loadView); ok {
			return do(m, v.on)
		}
		return nil
	}
}

// bytesOf are the bytes of a partition's log; else, where nobody tells, those of
// the last minute, as its newest records have them. Negative: not known.
func bytesOf(l *kafka.PartitionLoad, stored bool) int64 {
	switch {
	case stored:
		return l.Stored
	case l.Sampled == 0:
		return 0
	}
	return int64(float64(l.Bytes) / float64(l.Sampled) * float64(max(l.Recent, l.Sampled)))
}

// hot is the key that came most often to a partition, and how often among those
// that were read; a null key is nil.
func hot(l *kafka.PartitionLoad) (key []byte, n int64) {
	if l.Keyless > 0 && l.Keyless >= l.HotCount {
		return nil, l.Keyless
	}
	return l.HotKey, l.HotCount
}

// percent is a share of all.
func percent(n, all float64) string {
	switch p := n * 100 / max(all, 1); {
	case p > 0 && p < 1:
		return "<1 %"
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}

// loadTotals are the figures of several partitions, and the greatest of each.
type loadTotals struct {
	n, unknown               int
	held, bytes, recent      int64
	mostHeld, mostBytes, top int64
	stored                   bool // bytes are those of the logs
}

// totals add up what is known of a topic; of all, when name is empty.
func (v *loadView) totals(name string) (t loadTotals) {
	for _, l := range v.loads {
		t.stored = t.stored || l.Stored >= 0
	}
	for _, tp := range v.rows {
		if tp.Partition == wholeTopic || name != "" && tp.Topic != name {
			continue
		}
		t.n++
		l := v.loads[tp]
		if !known(l) {
			t.unknown++
			continue
		}
		bytes := max(0, bytesOf(l, t.stored))
		t.held, t.bytes, t.recent = t.held+l.Held(), t.bytes+bytes, t.recent+l.Recent
		t.mostHeld, t.mostBytes, t.top = max(t.mostHeld, l.Held()), max(t.mostBytes, bytes), max(t.top, l.Recent)
	}
	return t
}

// rateOf is the figure of messages a second; what is more than nothing is never
// nothing.
func rateOf(recent int64) string {
	if r := float64(recent) / loadWindow.Seconds(); r == 0 || r >= 0.05 {
		return human.Rate(r)
	}
	return "<0.1"
}

// what is what n that are counted are.
func (v *loadView) what(n int64) string {
	for _, rough := range v.rough {
		if rough {
			return human.Noun(n, "offset")
		}
	}
	return human.Noun(n, "message")
}

// said are totals in words.
func (v *loadView) said(t loadTotals) string {
	if v.loads == nil {
		return human.Plural(t.n, "partition")
	}
	text := human.Plural(t.n, "partition") + "  " + human.Count(t.held) + " " + v.what(t.held)
	if t.stored {
		text += "  " + human.Bytes(t.bytes)
	}
	return text + "  " + rateOf(t.recent) + " msg/s"
}

// uneven says how evenly partitions are loaded.
func (v *loadView) uneven(several bool) (text string, well bool) {
	var held, recent float64 // the most
	var holds, gets kafka.TopicPartition
	for _, tp := range v.rows {
		l := v.loads[tp]
		if !known(l) {
			continue
		}
		if x := times(l.Held(), v.fair[tp.Topic].held); x > held {
			held, holds = x, tp
		}
		if x := times(l.Recent, v.fair[tp.Topic].recent); x > recent {
			recent, gets = x, tp
		}
	}
	name := func(tp kafka.TopicPartition) string {
		if several {
			return tp.Topic + "/" + itoa(int64(tp.Partition))
		}
		return "partition " + itoa(int64(tp.Partition))
	}
	switch {
	case held == 0 && recent == 0:
		return "too few messages to judge the balance", true
	case held >= unevenFrom && recent >= unevenFrom && gets == holds:
		return fmt.Sprintf("uneven: %s has %.1f times its share, in the last minute %.1f times", name(holds), held, recent), false
	case held >= unevenFrom && recent >= unevenFrom:
		return fmt.Sprintf("uneven: %s has %.1f times its share, in the last minute %s %.1f times", name(holds), held, name(gets), recent), false
	case held >= unevenFrom:
		return fmt.Sprintf("uneven: %s has %.1f times its share", name(holds), held), false
	case recent >= unevenFrom:
		return fmt.Sprintf("uneven in the last minute: %s got %.1f times its share", name(gets), recent), false
	}
	return fmt.Sprintf("even: no partition has, or got in the last minute, more than %.1f times its share", max(held, recent)), true
}

// hottest is the key that came most often to all of them, about how often, and to
// how many messages of the last minute in all. With read == 0 there were none.
func (v *loadView) hottest() (key []byte, n, all float64) {
	keys := make(map[string]float64)
	null := 0.0
	for _, tp := range v.rows {
		l := v.loads[tp]
		if !known(l) || l.Sampled == 0 {
			continue
		}
		of := float64(max(l.Recent, l.Sampled)) / float64(l.Sampled) // the newest stand for all
		all += float64(l.Sampled) * of
		null += float64(l.Keyless) * of
		if l.HotKey != nil {
			keys[string(l.HotKey)] += float64(l.HotCount) * of
		}
	}
	n = null
	for k, count := range keys {
		if count > n || count == n && key != nil && k < string(key) {
			key, n = []byte(k), count
		}
	}
	return key, n, all
}
