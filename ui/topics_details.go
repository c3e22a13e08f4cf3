package ui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
)

// One topic, whole: its partitions with leaders, replicas and offsets, and its
// settings with what Kafka's documentation says of them.

// topicDetails lies over the panes and keeps itself up to date while it is open.
type topicDetails struct {
	pager
	name string
	d    *kafka.TopicDescription
	at   time.Time
	err  error
	busy bool
	docs bool // of all settings, not of those alone that are the topic's own

	rough  bool     // offsets count more than messages
	drawn  []string // for width, look and that
	width  int
	styles *Styles
}

type detailsMsg struct {
	of  *topicDetails
	d   *kafka.TopicDescription
	err error
}

// showDetails opens the topic under the cursor, or the one that is open in the
// tail when that has the focus.
func (m *Model) showDetails() tea.Cmd {
	name := m.detailsOf()
	if name == "" {
		return nil
	}
	v := &topicDetails{name: name}
	m.over = v
	return m.refreshDetails()
}

func (m *Model) detailsOf() string {
	if m.focus == paneTail && m.tail.topic != "" {
		return m.tail.topic
	}
	if t := m.topics.current(); t != nil {
		return t.Name
	}
	return ""
}

// refreshDetails asks anew, when the details are open.
func (m *Model) refreshDetails() tea.Cmd {
	v, ok := m.over.(*topicDetails)
	if !ok || v.busy || m.cluster == nil {
		return nil
	}
	v.busy = true
	cluster := m.cluster
	return m.background(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
		defer cancel()
		d, err := cluster.DescribeTopic(ctx, v.name)
		return detailsMsg{v, d, err}
	})
}

func (m *Model) gotDetails(msg detailsMsg) {
	v := msg.of
	v.busy, v.err = false, msg.err
	if msg.err == nil {
		v.d, v.at = msg.d, time.Now()
	}
	v.drawn = nil
}

func (v *topicDetails) scope() Scope { return ScopeDetails }

// toggleDocs shows what Kafka's documentation says of every setting, or of those
// alone that the topic sets itself.
func (m *Model) toggleDocs() tea.Cmd {
	if v, ok := m.over.(*topicDetails); ok {
		v.docs, v.drawn = !v.docs, nil
	}
	return nil
}

func (v *topicDetails) whole(m *Model) bool { return m.zoom || m.lay.single || m.lay.right.w < 70 }

func (v *topicDetails) draw(m *Model, r rect) []string {
	st := m.st
	head := newLine(st, r.w, nil)
	head.text("", " ")
	head.text(st.accentBold, v.name)
	if v.d != nil {
		head.text(st.dim, "  "+human.Plural(len(v.d.Partitions), "partition"))
		if v.err != nil {
			head.text(st.bad, "  as it was "+human.Ago(time.Since(v.at)))
		}
	}
	rough := v.rough
	if f := m.topics.figures[v.name]; f != nil {
		rough = f.rough
	}
	if v.drawn == nil || v.width != r.w || v.styles != st || v.rough != rough {
		v.rough = rough
		v.drawn, v.width, v.styles = v.text(m, r.w), r.w, st
	}
	v.total, v.height = len(v.drawn), max(1, r.h-1)
	v.top = max(0, min(v.top, v.total-v.height))
	if below := v.total - v.top - v.height; below > 0 && head.width+16 < r.w {
		more := human.Exact(int64(below)) + " lines below "
		head.fill(r.w - len(more))
		head.text(st.dim, more)
	}
	return m.fillLines(append([]string{head.end()}, v.drawn[v.top:min(v.total, v.top+v.height)]...), r)
}

// text is all of it, for w columns.
func (v *topicDetails) text(m *Model, w int) []string {
	st := m.st
	var lines []string
	say := func(sgr, text string, indent int) {
		for _, row := range wrapWords(text, max(10, w-indent-1), st.width) {
			l := newLine(st, w, nil)
			l.fill(indent)
			l.text(sgr, row)
			lines = append(lines, l.end())
		}
	}
	gap := func() { lines = append(lines, newLine(st, w, nil).end()) }
	gap()
	if v.d == nil {
		if v.err != nil {
			say(st.bad, sentence(v.err), 1)
		} else {
			say(st.dim, "loading…", 1)
		}
		return lines
	}
	if v.err != nil {
		say(st.bad, sentence(v.err), 1)
		gap()
	}
	d := v.d
	if d.Err != nil {
		say(st.bad, sentence(d.Err), 1)
		gap()
	}
	for _, s := range v.facts() {
		say(s.sgr(st), s.text, 1)
	}
	gap()
	lines = append(lines, v.partitions(st, w)...)
	gap()
	if d.ConfigsErr != nil {
		say(st.bad, "settings: "+sentence(d.ConfigsErr), 1)
		return lines
	}
	set := func(c kafka.ConfigEntry) bool { return !c.Default }
	var configs []kafka.ConfigEntry
	for _, first := range []bool{true, false} { // those that the topic sets come first
		for _, c := range d.Configs {
			if set(c) == first {
				configs = append(configs, c)
			}
		}
	}
	name := 0
	for _, c := range configs {
		name = max(name, len(c.Name))
	}
	for i, c := range configs {
		switch {
		case i == 0 && set(c):
			say(st.bold, "settings of this topic", 1)
		case !set(c) && (i == 0 || set(configs[i-1])):
			if i > 0 {
				gap()
			}
			say(st.bold, "settings inherited from the brokers", 1)
		}
		lines = append(lines, configLine(st, w, min(name, max(w/2, w-24)), c))
		if c.Doc != "" && (v.docs || set(c)) {
			say(st.dim, plainDoc(c.Doc), 5)
		}
	}
	return lines
}

// fact is a sentence about a topic.
type fact struct {
	level level
	text  string
}

func (f fact) sgr(st *Styles) string {
	if f.level == levelInfo {
		return st.text
	}
	return st.level(f.level)
}

// facts are what one should know first: what is wrong, then how much there is.
func (v *topicDetails) facts() []fact {
	d := v.d
	var out []fact
	var leaderless, under int
	var sum int64
	counted := true
	replicas := make(map[int]bool)
	for i := range d.Partitions {
		p := &d.Partitions[i]
		replicas[len(p.Replicas)] = true
		switch troubleOfPartition(p) {
		case noLeader:
			leaderless++
		case underReplicated:
			under++
		}
		from, to := d.Start[p.ID], d.End[p.ID]
		if from.Err != nil || to.Err != nil {
			counted = false
			continue
		}
		sum += max(0, to.Offset-from.Offset)
	}
	if leaderless > 0 {
		out = append(out, fact{levelBad, human.Plural(leaderless, "partition") + " without a leader: no reads or writes until an in-sync replica comes back."})
	}
	if under > 0 {
		out = append(out, fact{levelWarn, human.Plural(under, "partition") + " with replicas out of sync: losing one more broker may stop writes or lose data."})
	}
	text := "about " + human.Exact(sum) + " messages"
	switch {
	case counted && sum == 0:
		text = "no messages"
	case !counted:
		text = "at least " + human.Exact(sum) + " messages, of the partitions that answer"
	}
	switch {
	case strings.Contains(v.setting("cleanup.policy"), "compact"):
		text += "; compacted: there may be fewer"
	case v.rough:
		text += "; transactional: there are fewer"
	}
	if len(replicas) == 1 && len(d.Partitions) > 0 {
		if n := len(d.Partitions[0].Replicas); n > 0 {
			text += ", " + human.Plural(n, "replica") + " each"
		}
	}
	if d.Internal {
		text += "; internal topic"
	}
	return append(out, fact{levelInfo, text})
}

func (v *topicDetails) setting(name string) string {
	for _, c := range v.d.Configs {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// partitions is the table of them.
func (v *topicDetails) partitions(st *Styles, w int) []string {
	d := v.d
	one, offset := len("p"), len("messages")
	for i := range d.Partitions {
		id := d.Partitions[i].ID
		one = max(one, len(itoa(int64(id))))
		offset = max(offset, 1+len(human.Exact(d.End[id].Offset)), len(human.Exact(d.Start[id].Offset)))
	}
	type column struct {
		name  string
		width int
		left  bool
		cell  func(p *kafka.Partition) (sgr, text string)
	}
	off := func(of map[int32]kafka.Offset) func(p *kafka.Partition) (string, string) {
		return func(p *kafka.Partition) (string, string) {
			if o, ok := of[p.ID]; ok && o.Err == nil {
				return st.text, human.Exact(o.Offset)
			}
			return st.bad, "?"
		}
	}
	all := []column{
		{"p", one, false, func(p *kafka.Partition) (string, string) {
			return st.parts[int(p.ID)%len(st.parts)], itoa(int64(p.ID))
		}},
		{"leader", 6, false, func(p *kafka.Partition) (string, string) {
			if p.Leader < 0 {
				return st.bad, "none"
			}
			return st.text, itoa(int64(p.Leader))
		}},
		{"messages", offset, false, func(p *kafka.Partition) (string, string) {
			from, to := d.Start[p.ID], d.End[p.ID]
			if from.Err != nil || to.Err != nil {
				return st.bad, "?"
			}
			n := max(0, to.Offset-from.Offset)
			if v.rough && n > 0 {
				return st.text, "~" + human.Exact(n)
			}
			return st.text, human.Exact(n)
		}},
		{"first", offset, false, off(d.Start)},
		{"end", offset, false, off(d.End)},
		{"in sync", 12, true, func(p *kafka.Partition) (string, string) {
			if len(p.ISR) < len(p.Replicas) {
				return st.warn, fmt.Sprintf("%s  %d of %d", ids(p.ISR), len(p.ISR), len(p.Replicas))
			}
			return st.text, ids(p.ISR)
		}},
		{"replicas", 12, true, func(p *kafka.Partition) (string, string) { return st.dim, ids(p.Replicas) }},
	}
	// What says whether it is well comes before how far it is.
	for _, drop := range []string{"first", "replicas", "end", "messages"} {
		need := 1
		for _, c := range all {
			need += c.width + 2
		}
		if need <= w {
			break
		}
		all = slices.DeleteFunc(all, func(c column) bool { return c.name == drop })
	}
	for i := range all {
		if c := &all[i]; c.left {
			for j := range d.Partitions {
				_, text := c.cell(&d.Partitions[j])
				c.width = min(max(c.width, len(text)), 40)
			}
		}
	}
	var lines []string
	row := func(cell func(c *column) (string, string)) {
		l := newLine(st, w, nil)
		l.text("", " ")
		for i := range all {
			c := &all[i]
			sgr, text := cell(c)
			if c.left {
				l.field(sgr, text, c.width)
			} else {
				l.number(sgr, text, c.width)
			}
			l.fill(l.width + 2)
		}
		lines = append(lines, l.end())
	}
	row(func(c *column) (string, string) { return st.dim, c.name })
	for i := range d.Partitions {
		row(func(c *column) (string, string) { return c.cell(&d.Partitions[i]) })
	}
	return lines
}

// ids are the numbers of brokers.
func ids(of []int32) string {
	out := make([]string, len(of))
	for i, id := range of {
		out[i] = strconv.Itoa(int(id))
	}
	return strings.Join(out, ",")
}

// configLine is a setting: its name in so many columns, and its value.
func configLine(st *Styles, w, columns int, c kafka.ConfigEntry) string {
	l := newLine(st, w, nil)
	l.text("", "   ")
	name := st.text
	if !c.Default {
		name = st.accent
	}
	l.field(name, c.Name, columns)
	l.text("", "  ")
	switch {
	case c.Sensitive:
		l.text(st.dim, "(hidden)")
	case c.Value == "":
		l.text(st.dim, st.g.empty)
	default:
		l.text(st.bold, c.Value)
		if said := readable(c.Name, c.Value); said != "" {
			l.text(st.dim, "  "+said)
		}
	}
	if !c.Default && c.Source != "" && c.Source != "DYNAMIC_TOPIC_CONFIG" {
		l.text(st.dim, "  "+c.Source)
	}
	return l.end()
}

// readable says a large number of milliseconds or bytes in words; empty: it
// needs none.
func readable(name, value string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return ""
	case n == -1 && (name == "retention.ms" || name == "retention.bytes"):
		return "no limit"
	case n >= 1<<62:
		return "no limit"
	case n < 1000:
		return ""
	case strings.HasSuffix(name, ".ms"):
		return human.Duration(time.Duration(min(n, 1<<62/int64(time.Millisecond))) * time.Millisecond)
	case strings.HasSuffix(name, ".bytes"):
		return human.Bytes(n)
	}
	return ""
}

// plainDoc is Kafka's documentation of a setting without its HTML.
func plainDoc(doc string) string {
	var out strings.Builder
	for doc != "" {
		open := strings.IndexByte(doc, '<')
		if open < 0 {
			break
		}
		end := strings.IndexByte(doc[open:], '>')
		if end < 0 || !htmlTag(doc[open+1:open+end]) {
			out.WriteString(doc[:open+1])
			doc = doc[open+1:]
			continue
		}
		out.WriteString(doc[:open])
		if tag := doc[open+1 : open+end]; tag == "p" || tag == "li" || strings.HasPrefix(tag, "br") {
			out.WriteByte(' ')
		}
		doc = doc[open+end+1:]
	}
	out.WriteString(doc)
	return strings.Join(strings.Fields(entities.Replace(out.String())), " ")
}

var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&nbsp;", " ", "&amp;", "&")

// htmlTag tells a tag from anything else between angle brackets.
func htmlTag(s string) bool {
	s = strings.TrimPrefix(s, "/")
	name, _, _ := strings.Cut(s, " ")
	return slices.Contains([]string{"a", "b", "br", "br/", "code", "em", "i", "li", "ol", "p", "pre", "strong", "ul"}, strings.ToLower(name))
}
