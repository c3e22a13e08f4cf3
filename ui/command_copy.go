package ui

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
)

// Say it as a command: what is on the screen as a command line that gives the
// same records, for milena, for kcat, and for Kafka's own script.

// Reach is how a command line reaches the cluster of the screen. It holds no
// secret and must not.
type Reach struct {
	Flags      []string // milena's own: --context NAME, or -F FILE; -b is added where they name no brokers
	Brokers    []string
	Properties string // the file of Java properties that was given; empty: none
	File       string // of records, in place of a cluster
	Secured    bool   // there is TLS or a login, which other tools need a file for
}

// said is what a command shall show.
type said struct {
	reach     Reach
	topics    []string
	from      kafka.Position
	newest    int                            // > 0: so many of the newest of the topic; from does not count
	low       map[kafka.TopicPartition]int64 // the first offset of each partition that was shown
	oldest    time.Time                      // of the records that are shown; zero: not known
	record    *kafka.TopicPartition          // this one record alone, at from
	isolation kafka.Isolation
	filter    string
	search    *searching // not nil: its hits are shown
	replay    *replaying // not nil: it is shown
	follows   bool       // and what comes is searched, too
	parts     []string   // partitions that are read or searched; nil: all
	like      []string   // names and patterns that topics were opened by; nil: their names
	partly    bool       // of several topics some partitions are switched off
}

// saying is one way to say it.
type saying struct {
	key, tool, text string
	why             string // there is no such command
	remark          string // where it is not quite the same
}

// printsOff is a remark where partitions cannot be left out.
const printsOff = "it also prints the partitions that are switched off"

// also adds to the remark.
func (s *saying) also(remark string) {
	if s.remark != "" {
		remark = s.remark + "; " + remark
	}
	s.remark = remark
}

// quote makes s one word of a POSIX shell.
func quote(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.,:/@+%=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// shell joins words to a command line.
func shell(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return strings.Join(quoted, " ")
}

// together runs several commands at once, as one.
func together(commands []string) string {
	if len(commands) == 1 {
		return commands[0]
	}
	return "( " + strings.Join(commands, " & ") + " & wait )"
}

// value is a flag with its value; a value that looks like a flag is held to it.
func value(long, v string) []string {
	if strings.HasPrefix(v, "-") {
		return []string{long + "=" + v}
	}
	return []string{long, v}
}

// sayings are all ways to say it.
func (s *said) sayings() []saying {
	all := []saying{s.milena(), s.kcat(), s.console()}
	why := ""
	switch {
	case s.reach.File != "":
		why = "it reads from brokers, not from a file"
	case s.replay != nil:
		why = "it cannot merge by time"
	case s.traced():
		why = "it cannot search for a value"
	}
	for i := range all[1:] {
		switch other := &all[1+i]; {
		case why != "":
			*other = saying{key: other.key, tool: other.tool, why: why}
		case s.partly || s.parts != nil && s.search == nil:
			other.also(printsOff)
		}
	}
	if q := s.query(); q != "" {
		for i := range all[1:] { // milena has the same language everywhere
			all[1+i].also("without the query " + q)
		}
	}
	return all
}

// query is what the records are asked for, as it is typed.
func (s *said) query() string {
	switch {
	case s.search == nil:
		return s.filter
	case s.traced():
		return ""
	case s.search.key == nil:
		return s.search.query.String()
	case *s.search.key == nil:
		return "key == null"
	}
	return "key == " + strconv.Quote(string(*s.search.key))
}

func (s *said) traced() bool { return s.search != nil && s.search.trace != nil }

// tracing is the trace of the same value in the same window.
func (s *said) tracing() string {
	c := s.search.trace
	window := time.Duration(c.to-c.from) * time.Millisecond / 2
	words := []string{"milena", "trace", "--around", "@" + time.UnixMilli(c.from).Add(window).UTC().Format("2006-01-02T15:04:05.000Z"), "--window", window.String()}
	switch {
	case c.Header != "":
		words = append(words, value("--header", c.Header)...)
	case c.Field != "":
		words = append(words, value("--field", c.Field)...)
	}
	// Flags come first: a value may begin as one does.
	words = append(append(words, s.reached()...), "--", c.Value)
	return shell(append(words, s.topics...)...)
}

func (s *said) milena() saying {
	out := saying{key: "m", tool: "milena"}
	if s.traced() {
		if out.text = s.tracing(); s.reach.File != "" {
			out.text, out.why = "", "milena trace reads from brokers, not from a file"
		}
		return out
	}
	if s.search != nil || s.filter != "" && s.newest > 0 {
		out.text, out.why = s.finding()
		if s.partly {
			out.also(printsOff)
		}
		return out
	}
	if s.replay != nil && s.reach.File != "" {
		out.why = "milena tail --ordered reads from brokers, not from a file"
		return out
	}
	words := []string{"milena", "tail"}
	topics := s.topics
	if s.like != nil {
		topics = s.like
	}
	for _, t := range topics {
		if strings.HasPrefix(t, "-") {
			words = append(words, "--topic="+t)
		} else {
			words = append(words, t)
		}
	}
	switch {
	case s.record != nil:
		words = append(words, "-p", itoa(int64(s.record.Partition)), "-o", itoa(s.from.N), "-c", "1")
	case s.newest > 0:
		words = append(words, "--last", strconv.Itoa(s.newest))
	case s.from.Kind == kafka.Last:
		words = append(words, "--last", itoa(s.from.N))
	case s.replay != nil:
		to := "end"
		if s.replay.to != nil {
			to = s.replay.to.String()
		}
		words = append(words, "--ordered", "-o", s.from.String()+".."+to)
		out.remark = "all of the range, as fast as possible"
	case s.from.Kind == kafka.End:
	default:
		words = append(words, "-o", s.from.String())
	}
	if s.filter != "" {
		words = append(words, value("--where", s.filter)...)
	}
	if s.parts != nil {
		words = append(words, "-p", strings.Join(s.parts, ","))
	}
	if s.partly {
		out.also(printsOff)
	}
	out.text = shell(append(words, s.reached()...)...)
	return out
}

// finding is the search that gives the same records: the hits of one, or the
// newest that a filter lets through.
func (s *said) finding() (command, why string) {
	words := []string{"milena", "search"}
	if q := s.search; q == nil {
		words = append(words, "--newest", "-c", strconv.Itoa(s.newest))
	} else {
		if q.key != nil && !utf8.Valid(*q.key) {
			return "", "the key is not text and cannot be typed"
		}
		words = append(words, value("--from", q.from.String())...)
		if q.to != nil {
			words = append(words, value("--to", q.to.String())...)
		}
		order := q.order
		if s.follows {
			words = append(words, "--follow")
			if order == kafka.NewestFirst { // as its hits stand on the screen
				order = kafka.ByTime
			}
		}
		words = append(words, "--order", order.String())
		if q.everywhere {
			words = append(words, "--all-partitions")
		}
	}
	if s.parts != nil {
		words = append(words, "-p", strings.Join(s.parts, ","))
	}
	// Flags come first: a query may begin as one does.
	words = append(append(words, s.reached()...), "--", s.query())
	return shell(append(words, s.topics...)...), ""
}

// reached are the words by which milena reaches the same records.
func (s *said) reached() (words []string) {
	if s.isolation == kafka.ReadCommitted {
		words = append(words, "--isolation-level", s.isolation.String())
	}
	words = append(words, s.reach.Flags...)
	switch {
	case s.reach.File != "":
		words = append(words, value("--file", s.reach.File)...)
	case !slices.Contains(s.reach.Flags, "--context"):
		words = append(words, "-b", strings.Join(s.reach.Brokers, ","))
	}
	return words
}

func (s *said) kcat() saying {
	out := saying{key: "k", tool: "kcat"}
	var at []string
	switch {
	case s.record != nil:
		at = []string{"-p", itoa(int64(s.record.Partition)), "-o", itoa(s.from.N), "-c", "1"}
	case s.from.Kind == kafka.End && s.newest == 0:
		at = []string{"-o", "end"}
	case s.from.Kind == kafka.Beginning && s.newest == 0:
		at = []string{"-o", "beginning"}
	case (s.from.Kind == kafka.AtOffset || s.from.Kind == kafka.LastEach) && s.newest == 0:
		at = []string{"-o", s.from.String()}
	case s.from.Kind == kafka.AtTime && s.newest == 0:
		at = []string{"-o", "s@" + itoa(s.from.Time.UnixMilli())}
	case len(s.low) == 1:
		for _, o := range s.low {
			at = []string{"-o", itoa(o)}
		}
	case !s.oldest.IsZero():
		at = []string{"-o", "s@" + itoa(s.oldest.UnixMilli())}
		out.remark = "from the time of the oldest record that is shown"
	default:
		at = []string{"-o", "-" + strconv.Itoa(max(s.newest, int(s.from.N)))}
		out.remark = "that many of each partition"
	}
	var all []string
	for _, t := range s.topics {
		words := append([]string{"kcat", "-C", "-b", strings.Join(s.reach.Brokers, ",")}, "-t", t)
		words = append(words, at...)
		words = append(words, "-X", "isolation.level="+s.isolation.String(), "-q", "-f", `%T %p %o %k %s\n`)
		if s.reach.Secured {
			words = append(words, "-F", "FILE")
		}
		all = append(all, shell(words...))
	}
	out.text = together(all)
	if s.reach.Secured {
		out.also("FILE holds TLS and login as librdkafka names them")
	}
	return out
}

// consoleMost is how many partitions one may still read with a command each.
const consoleMost = 24

func (s *said) console() saying {
	out := saying{key: "c", tool: "console"}
	words := func(topic string, at ...string) string {
		words := []string{"kafka-console-consumer.sh", "--bootstrap-server", strings.Join(s.reach.Brokers, ",")}
		words = append(words, value("--topic", topic)...)
		words = append(words, at...)
		if s.isolation == kafka.ReadCommitted {
			words = append(words, "--isolation-level", s.isolation.String())
		}
		for _, show := range []string{"timestamp", "partition", "offset", "key"} {
			words = append(words, "--property", "print."+show+"=true")
		}
		if s.reach.Secured {
			words = append(words, "--consumer.config", cmp.Or(s.reach.Properties, "FILE"))
		}
		return shell(words...)
	}
	var all []string
	switch {
	case s.record != nil:
		all = append(all, words(s.record.Topic, "--partition", itoa(int64(s.record.Partition)), "--offset", itoa(s.from.N), "--max-messages", "1"))
	case s.newest == 0 && (s.from.Kind == kafka.End || s.from.Kind == kafka.Beginning):
		for _, t := range s.topics {
			if s.from.Kind == kafka.Beginning {
				all = append(all, words(t, "--from-beginning"))
			} else {
				all = append(all, words(t))
			}
		}
		out.remark = "it joins a consumer group of its own"
	case len(s.low) == 0:
		out.why = "the start offsets of the tail are not known yet"
	case len(s.low) > consoleMost:
		out.why = fmt.Sprintf("it takes an offset only with one partition, and there are %d", len(s.low))
	default:
		for _, tp := range slices.SortedFunc(maps.Keys(s.low), kafka.TopicPartition.Compare) {
			all = append(all, words(tp.Topic, "--partition", itoa(int64(tp.Partition)), "--offset", itoa(s.low[tp])))
		}
	}
	if out.why == "" {
		out.text = together(all)
	}
	if s.reach.Secured && s.reach.Properties == "" {
		out.also("FILE holds the client's properties")
	}
	return out
}

// reach is how the cluster of the screen is reached now: as the program was
// told, unless a person gave another address or went to the demo.
func (m *Model) reach() Reach {
	r := m.opt.Reach
	r.File = m.opt.File
	if len(r.Brokers) == 0 {
		r.Brokers = m.opt.Brokers
	}
	switch {
	case m.addr != "":
		r = Reach{Brokers: []string{m.addr}}
	case m.connect.brokers != nil && !slices.Equal(m.connect.brokers, m.opt.Brokers):
		r.Brokers = m.connect.brokers
		if i := slices.Index(r.Flags, "--context"); i >= 0 {
			r.Flags = slices.Delete(slices.Clone(r.Flags), i, i+2)
		}
	}
	return r
}

// says is the view as it is now.
func (m *Model) says() *said {
	s := &said{reach: m.reach(), topics: m.tail.topics, isolation: m.opt.Isolation}
	if in, ok := m.screenOver().(*inspector); ok && in.note == nil {
		r := &in.rec
		tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
		s.topics, s.record = []string{r.Topic}, &tp
		s.from = kafka.Position{Kind: kafka.AtOffset, N: r.Offset}
		return s
	}
	session := m.tail.session
	s.from, s.newest = session.start.from, session.start.newest
	if s.search = session.start.search; s.search != nil {
		s.from = s.search.from
		s.follows = m.tail.snap.search != nil && m.tail.snap.search.onward
		if found := m.tail.snap.search; found != nil && len(found.home.Rest) > 0 && len(s.topics) == 1 {
			for i := range found.progress.Partitions {
				s.parts = append(s.parts, itoa(int64(found.progress.Partitions[i].Partition)))
			}
		}
	} else {
		if q := session.start.query; q != nil {
			s.filter = q.String()
		}
		m.sayOff(s)
	}
	s.replay = session.start.replay
	session.mu.Lock()
	s.low = maps.Clone(session.low)
	session.mu.Unlock()
	if r, ok := session.store.At(m.tail.snap.first); ok {
		s.oldest = time.UnixMilli(r.Timestamp)
	}
	if session.start.spans != nil { // what was read on from a place that has no name
		s.from, s.newest = kafka.Position{Kind: kafka.AtTime, Time: s.oldest.UTC()}, 0
	}
	return s
}

// sayOff says what of the tail is switched off, and what it was opened by.
func (m *Model) sayOff(s *said) {
	t := &m.tail
	if len(t.off) == 0 {
		if t.like != nil {
			s.like = t.like.texts
		}
		return
	}
	s.topics = nil
	for _, name := range t.topics {
		all := m.partitionIDs(name)
		var on []string
		for _, id := range all {
			if !t.off.has(kafka.TopicPartition{Topic: name, Partition: id}) {
				on = append(on, itoa(int64(id)))
			}
		}
		if len(on) == 0 {
			continue
		}
		s.topics = append(s.topics, name)
		if len(on) < len(all) {
			s.parts, s.partly = on, true
		}
	}
	if len(s.topics) > 1 { // -p would be of all of them
		s.parts = nil
	} else {
		s.partly = false
	}
}

// copySheet offers the ways.
type copySheet struct {
	under overlay
	all   []saying
	at    int
	title string
}

func (c *copySheet) scope() Scope  { return ScopeCopy }
func (c *copySheet) back() overlay { return c.under }
func (c *copySheet) scroll(n int)  { c.at = max(0, min(c.at+n, len(c.all)-1)) }

func (m *Model) openCopy() tea.Cmd {
	says := m.says()
	title := "copy the view as a command"
	if says.record != nil {
		title = "copy the record as a command"
	}
	m.over = &copySheet{under: m.over, all: says.sayings(), title: title}
	return nil
}

// each is how many lines a command has; they stay where they are.
func (c *copySheet) each(m *Model) int {
	if m.lay.body.h < 10 {
		return 1
	}
	return 2
}

func (c *copySheet) sheet(m *Model) []string {
	st := m.st
	head := newLine(st, m.w, nil)
	head.repeat(st.rule, st.g.hrule, 1)
	head.text(st.accentBold, " "+c.title+" ")
	head.repeat(st.rule, st.g.hrule, m.w)
	lines := []string{head.end()}
	each := c.each(m)
	for i := range c.all {
		s := &c.all[i]
		rest, sgr := plainText(s.text), st.text
		if s.why != "" {
			rest, sgr = s.why, st.dim
		}
		for j := range each {
			l := newLine(st, m.w, nil)
			if i == c.at {
				l.bg = st.selected
			}
			if j == 0 {
				marker := " "
				if i == c.at {
					marker = st.g.marker
				}
				l.text(st.accent, " "+marker+" "+s.key+" ")
				l.field(st.dim, s.tool, 7)
			}
			l.fill(13)
			row := rest
			if j < each-1 {
				row, _, _ = strings.Cut(st.width.Hardwrap(rest, max(1, m.w-14), true), "\n")
			}
			l.text(sgr, row)
			rest = strings.TrimPrefix(rest, row)
			lines = append(lines, l.end())
		}
	}
	remark := newLine(st, m.w, nil)
	if r := c.all[c.at].remark; r != "" {
		remark.text(st.warn, " "+st.g.warn+" ")
		remark.text(st.dim, r)
	}
	return append(lines, remark.end())
}

// clicked copies what stands in a row of the sheet; the first is its head.
func (c *copySheet) clicked(m *Model, row int) tea.Cmd {
	each := c.each(m)
	if i := (row - 1) / each; row > 0 && i < len(c.all) {
		c.at = i
		return m.copyCommand()
	}
	return nil
}

// copyCommand copies the command that is selected.
func (m *Model) copyCommand() tea.Cmd {
	c, ok := m.over.(*copySheet)
	if !ok {
		return nil
	}
	s := c.all[c.at]
	m.over = c.under
	if s.why != "" {
		m.note(levelWarn, "no such command: "+s.why)
		return nil
	}
	text := "copied: " + s.text
	if s.remark != "" {
		text += " (" + s.remark + ")"
	}
	return m.copyOut("command", text, []byte(s.text))
}

// copyOne copies the way with that key.
func copyOne(key string) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		if c, ok := m.over.(*copySheet); ok {
			c.at = slices.IndexFunc(c.all, func(s saying) bool { return s.key == key })
		}
		return m.copyCommand()
	}
}
