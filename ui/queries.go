package ui

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
	"milena/query"
)

// Prompts for queries: what was asked of a topic before, in this run and in
// others, queries with names, and what could be typed next.
//
//	slow := value.ms > 500   names a query of this topic, and asks it
//	@slow                    asks it again
//	slow :=                  forgets the name

// pastQuery is a query that was asked of a topic.
type pastQuery struct {
	Query string `json:"query"`
	Name  string `json:"name,omitempty"`
}

// pastQueries are a topic's, the oldest first, named ones among them.
type pastQueries []pastQuery

// queriesKept is how many queries of a topic are remembered beside the named
// ones.
const queriesKept = 100

// with is the list after a query was asked, or with an empty query after its
// name was forgotten.
func (q pastQueries) with(p pastQuery) pastQueries {
	out := make(pastQueries, 0, len(q)+1)
	for _, old := range q {
		switch {
		case p.Name != "" && old.Name == p.Name:
		case p.Name == "" && old.Name == "" && old.Query == p.Query:
		default:
			out = append(out, old)
		}
	}
	if p.Query != "" {
		out = append(out, p)
	}
	unnamed := 0
	for _, old := range out {
		if old.Name == "" {
			unnamed++
		}
	}
	return slices.DeleteFunc(out, func(old pastQuery) bool {
		if old.Name == "" && unnamed > queriesKept {
			unnamed--
			return true
		}
		return false
	})
}

// named is the query of that name.
func (q pastQueries) named(name string) (string, bool) {
	for _, p := range q {
		if p.Name == name {
			return p.Query, true
		}
	}
	return "", false
}

// naming parts "NAME := QUERY".
func naming(text string) (name, rest string, ok bool) {
	name, rest, ok = strings.Cut(text, ":=")
	name = strings.TrimSpace(name)
	letters := strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}) < 0
	return name, strings.TrimSpace(rest), ok && name != "" && letters
}

// askedOf is the topic that queries are remembered for now.
func (m *Model) askedOf() string {
	if len(m.tail.topics) > 0 {
		return strings.Join(m.tail.topics, " ")
	}
	return ""
}

// parseQuery reads a query as of now, in the zone that is shown; it may give a
// name, or be one.
func (m *Model) parseQuery(text string) (*query.Query, error) {
	text = strings.TrimSpace(text)
	if _, rest, ok := naming(text); ok {
		text = rest
	}
	if name, ok := strings.CutPrefix(text, "@"); ok {
		if known, ok := m.queries[m.askedOf()].named(name); ok {
			text = known
		}
	}
	return query.ParseAt(text, time.Now(), m.zone)
}

// queryLine says how a query's text is read.
func queryLine(q *query.Query, err error) string {
	switch {
	case err != nil:
		return sentence(err)
	case q.Empty():
		return `words, "two words", -without, /regex/, key:word, or an expression such as value.total > 100`
	}
	return "read as " + q.Kind().String()
}

// asked remembers a query's text.
func (m *Model) asked(text string) tea.Cmd {
	text = strings.TrimSpace(text)
	p := pastQuery{Query: text}
	if name, rest, ok := naming(text); ok {
		p = pastQuery{Query: rest, Name: name}
	}
	topic := m.askedOf()
	if topic == "" || text == "" || strings.HasPrefix(text, "@") {
		return nil
	}
	m.queries[topic] = m.queries[topic].with(p)
	h := m.compose.history
	if h == nil {
		return nil
	}
	cluster := m.clusterID()
	written := make(chan error, 1)
	m.work.Go(func() { written <- h.saveQuery(cluster, topic, p) })
	return func() tea.Msg { return queriesMsg{topic: topic, err: <-written} }
}

// queriesMsg is what was asked of a topic in earlier runs, or how writing it
// down ended.
type queriesMsg struct {
	topic string
	past  pastQueries
	err   error
}

// recallQueries asks for what was asked of the open topic in earlier runs.
func (m *Model) recallQueries() tea.Cmd {
	h, topic := m.compose.history, m.askedOf()
	if _, known := m.queries[topic]; known || h == nil {
		return nil
	}
	m.queries[topic] = nil
	cluster := m.clusterID()
	return func() tea.Msg {
		past, err := h.loadQueries(cluster, topic)
		return queriesMsg{topic, past, err}
	}
}

func (m *Model) gotQueries(msg queriesMsg) tea.Cmd {
	for _, newer := range m.queries[msg.topic] {
		msg.past = msg.past.with(newer)
	}
	if msg.past != nil {
		m.queries[msg.topic] = msg.past
	}
	return m.remembered(rememberedMsg{topic: msg.topic, err: msg.err})
}

// loadQueries reads what was asked of a topic.
func (h *history) loadQueries(cluster, topic string) (pastQueries, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines, err := h.read(cluster, queriesOf(topic))
	if err != nil {
		return nil, err
	}
	var out pastQueries
	for _, b := range lines {
		var p pastQuery
		if json.Unmarshal(b, &p) == nil && p.Query != "" {
			out = append(out, p)
		}
	}
	return out, nil
}

// saveQuery adds a query to the file of its topic; what another milena added
// meanwhile stays.
func (h *history) saveQuery(cluster, topic string, p pastQuery) error {
	past, err := h.loadQueries(cluster, topic)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var whole []byte
	for _, q := range past.with(p) {
		line, err := json.Marshal(q)
		if err != nil {
			return fmt.Errorf("the query is not saved: %w", err)
		}
		whole = append(append(whole, line...), '\n')
	}
	if err := replaceFile(h.file(cluster, queriesOf(topic)), whole); err != nil {
		return fmt.Errorf("the query is not saved: %w", err)
	}
	return nil
}

// queriesOf tells a topic's file of queries from that of its messages: no topic
// has such a name.
func queriesOf(topic string) string { return "queries of " + topic }

// queryField is a prompt's field for a query, with what was asked before and
// what the topic's records have.
func (m *Model) queryField(label string) field {
	past := m.queries[m.askedOf()]
	f := field{label: label, query: true, hint: `words, or an expression: value.total > 100 && key startsWith "user-"`}
	for _, p := range slices.Backward(past) {
		if p.Name == "" {
			f.past = append(f.past, p.Query)
		}
	}
	for _, p := range past {
		if p.Name != "" {
			f.past = append(f.past, "@"+p.Name)
		}
	}
	paths := m.heldPaths()
	f.suggest = func(text string) string { return completion(text, paths, f.past) }
	return f
}

// sampledRecords is how many of the held records are looked at for their fields.
const sampledRecords = 40

// heldPaths are the fields of the records that are held, as expressions name
// them.
func (m *Model) heldPaths() []string {
	paths := []string{"key", "value", "timestamp", "partition", "offset", "topic", "size"}
	s := m.tail.session
	if s == nil {
		return paths
	}
	seen := make(map[string]bool)
	add := func(path string) {
		if !seen[path] && len(seen) < 1000 {
			seen[path] = true
			paths = append(paths, path)
		}
	}
	first, next := s.store.Bounds()
	for seq := next - 1; seq >= max(first, next-sampledRecords); seq-- {
		r, ok := s.store.At(seq)
		if !ok {
			continue
		}
		for _, h := range r.Headers {
			add(fmt.Sprintf("header[%q]", h.Key))
		}
		if len(r.Value) <= 64<<10 {
			query.Fields(r.Value, func(path string) bool { add("value" + path); return len(seen) < 1000 })
		}
		query.Fields(r.Key, func(path string) bool { add("key" + path); return len(seen) < 1000 })
	}
	return paths
}

// completion is what could follow a text: the rest of a query that was asked
// before, else of the field that is being typed, up to its next part.
func completion(text string, paths, past []string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	for _, p := range past {
		if len(p) > len(text) && strings.HasPrefix(p, text) {
			return p[len(text):]
		}
	}
	typed := pathTyped(text)
	if len(typed) < 2 {
		return ""
	}
	for _, p := range paths {
		if len(p) > len(typed) && strings.HasPrefix(p, typed) {
			rest := p[len(typed):]
			if i := strings.IndexAny(rest[1:], ".["); i >= 0 && !strings.HasPrefix(typed, "header") {
				rest = rest[:i+1]
			}
			return rest
		}
	}
	return ""
}

// pathTyped is the path of a field that a text ends with, as far as it is typed; empty:
// it ends within a text in quotes.
func pathTyped(text string) string {
	at, quoted, bracket := 0, false, false
	for i, r := range text {
		switch {
		case r == '"' && !quoted:
			quoted, bracket = true, i > 0 && text[i-1] == '['
		case r == '"':
			quoted = false
		case !quoted && strings.ContainsRune(" (!&|=<>,+-", r):
			at = i + 1
		}
	}
	if quoted && !bracket {
		return ""
	}
	return text[at:]
}

// recordUnder is the record that is open, else the one under the cursor.
func (m *Model) recordUnder() (kafka.Record, bool) {
	if in, open := m.over.(*inspector); open {
		return in.rec, in.note == nil
	}
	return m.tail.session.store.At(m.tail.cursor)
}
