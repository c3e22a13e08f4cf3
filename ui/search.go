package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/query"
	"milena/store"
)

// Searching history: a session whose rows are the hits of a kafka.Search. So
// hits are found within, opened, copied and shown as any other rows; pausing is
// the session's, and so is the memory that bounds them.

// searching is what a session searches for.
type searching struct {
	query *query.Query // nil: the key alone counts
	trace *carrying    // not nil: what carries this value, nothing else
	key   *[]byte      // not nil: every value of this key, nothing else
	order kafka.SearchOrder
	by    kafka.Partitioner // where a key lives, as a person has it; empty: the records tell
	from  kafka.Position
	to    *kafka.Position        // nil: the end as it is when the search starts
	after bool                   // goes on with what comes
	seen  []kafka.TopicPartition // the key was seen there, wherever it should be

	everywhere bool // also in partitions where a key should not be
}

// hitsAtFirst is how many hits a search stops at; going on adds as many.
const hitsAtFirst = 10_000

// tellingBytes is how much a search must have read to tell how fast the next is:
// a small one is over before the brokers have answered once.
const tellingBytes = 4 << 20

// match makes a partition's matcher.
func (q *searching) match(tp kafka.TopicPartition) kafka.Matcher {
	if q.key != nil {
		return kafka.KeyIs(*q.key)
	}
	if q.trace != nil {
		return q.trace.Matcher(tp)
	}
	return q.query.Matcher(tp)
}

// wantedKey is the key that every hit has; false: it may be any.
func (q *searching) wantedKey() ([]byte, bool) {
	if q.key != nil {
		return *q.key, *q.key != nil
	}
	if q.query == nil {
		return nil, false
	}
	return q.query.Key()
}

// String is what is searched for, for the header.
func (q *searching) String() string {
	if q.trace != nil {
		return plainText(q.trace.Value)
	}
	if q.key == nil {
		return q.query.String()
	}
	if *q.key == nil {
		return "key: null"
	}
	return "key: " + plainText(string((*q.key)[:min(len(*q.key), 64)]))
}

// searchEnd is why a search does not go on.
type searchEnd int8

const (
	searchUnderWay searchEnd = iota
	searchDone               // everything was searched
	searchLimit              // it has as many hits as it may
	searchFull               // more hits have no room
	searchFollows            // everything was searched, and what comes is
)

// errHitsFull ends a run whose hits have no room any more.
var errHitsFull = errors.New("memory is full: no more hits")

// beginSearch finds out what is to be searched, and starts.
func (s *session) beginSearch() {
	s.spawn(func() {
		q := s.start.search
		whole := false // all partitions are searched, and those that are added may be, too
		spans, waiting, err := s.source.Range(s.ctx, q.from, q.to)
		if err == nil {
			all := len(spans)
			spans, err = s.narrow(spans)
			whole = len(spans) == all && len(waiting) == 0
		}
		s.mu.Lock()
		s.unsearched, s.onward = waiting, q.after
		s.mu.Unlock()
		if err != nil {
			s.fail(err)
			return
		}
		home := kafka.KeyHome{Lives: spans}
		if key, ok := q.wantedKey(); ok && !q.everywhere {
			home, err = s.source.KeyHome(s.ctx, kafka.KeyRequest{Spans: spans, Key: key, By: q.by, Seen: q.seen})
		}
		if len(home.Lives) == 0 {
			home.Lives, home.Rest = home.Rest, nil
		}
		if err == nil {
			err = s.searchIn(home, whole)
		}
		if err != nil {
			s.fail(err)
			return
		}
		close(s.ready)
		s.resume()
	})
}

// searchIn prepares the search of where a key lives, or of everything.
func (s *session) searchIn(home kafka.KeyHome, whole bool) error {
	search, err := s.source.Search(home.Lives, s.start.search, whole && len(home.Rest) == 0)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.search, s.limit, s.home, s.whole = search, hitsAtFirst, home, whole
	for _, span := range home.Lives {
		s.low[span.TopicPartition] = span.From
		s.partitionLocked(span.TopicPartition)
	}
	return nil
}

// searchElsewhere goes on in all partitions, where a key is not in its own at all;
// false: it is, or everything was searched.
func (s *session) searchElsewhere() (bool, error) {
	s.mu.Lock()
	home, whole := s.home, s.whole
	found := s.matched > 0 || !s.search.Progress().Done
	s.mu.Unlock()
	if found || len(home.Rest) == 0 {
		return false, nil
	}
	return true, s.searchIn(kafka.KeyHome{Lives: append(slices.Clone(home.Lives), home.Rest...)}, whole)
}

// narrow leaves out where, by what the query says of them, no hits can be.
func (s *session) narrow(spans []kafka.Span) ([]kafka.Span, error) {
	q := s.start.search.query
	if q == nil {
		return spans, nil
	}
	if set, ok := q.Partitions(); ok {
		spans = slices.DeleteFunc(spans, func(span kafka.Span) bool { return !slices.Contains(set, span.Partition) })
	}
	if since, _, ok := q.Times(); ok && since > 0 {
		return s.source.Since(s.ctx, spans, since)
	}
	return spans, nil
}

// searchOn searches until the limit, the end, or ctx's end.
func (s *session) searchOn(ctx context.Context) error {
	s.mu.Lock()
	search, limit := s.search, s.limit
	follows := s.ended == searchFollows
	if !follows {
		s.ended = searchUnderWay
	}
	s.mu.Unlock()
	if follows {
		return s.endOf(s.searchFollowing(ctx))
	}
	err := s.searchAll(ctx, search, limit)
	if err == nil {
		var on bool
		if on, err = s.searchElsewhere(); on && err == nil {
			s.mu.Lock()
			search, limit = s.search, s.limit
			s.mu.Unlock()
			err = s.searchAll(ctx, search, limit)
		}
	}
	if err == nil && s.start.search.trace != nil {
		s.readEnds(ctx, search.Progress().Partitions)
	}
	s.mu.Lock()
	if err == nil && search.Progress().Done {
		s.ended = searchDone
		if follows = s.onward; follows {
			s.ended = searchFollows
		}
	} else if err == nil {
		s.ended = searchLimit
	}
	s.mu.Unlock()
	if follows {
		err = s.searchFollowing(ctx)
	}
	return s.endOf(err)
}

// endOf notes that hits have no room, which is no error.
func (s *session) endOf(err error) error {
	if errors.Is(err, errHitsFull) {
		s.mu.Lock()
		s.ended, err = searchFull, nil
		s.mu.Unlock()
	}
	s.signal()
	return err
}

// searchAll searches what was there when the search began.
func (s *session) searchAll(ctx context.Context, search *kafka.Search, limit int64) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s.spawn(func() { // its progress is news, too
		for sleep(ctx.Done(), 3*frame) {
			s.signal()
		}
	})
	return search.Run(ctx, limit, s.takeHits)
}

// takeHits gives hits to the store: at its end or, from the newest back, before
// what is there, so that rows are in the order of time either way.
func (s *session) takeHits(hits []kafka.Record) error {
	const step = 256 // at a time, so that a screen need not wait
	s.mu.Lock()
	newestFirst := s.start.search.order == kafka.NewestFirst && s.ended != searchFollows
	s.mu.Unlock()
	for len(hits) > 0 {
		some := hits[:min(step, len(hits))]
		hits = hits[len(some):]
		if newestFirst {
			slices.Reverse(some)
			if first, _ := s.store.Bounds(); !s.store.Prepend(some, first) {
				return errHitsFull
			}
		} else {
			s.store.Append(some)
		}
		s.mu.Lock()
		s.matched += int64(len(some))
		s.mu.Unlock()
	}
	stats := s.store.Stats()
	if stats.Bytes > s.start.maxBytes*3/4 || stats.Held > s.start.maxRows*3/4 {
		return errHitsFull
	}
	return nil
}

// raise lets a search that stopped at its limit go on.
func (s *session) raise() {
	s.mu.Lock()
	s.limit += hitsAtFirst
	s.stop = nil
	s.mu.Unlock()
	s.continueRead()
}

// searchState is what the screen knows of a search.
type searchState struct {
	progress kafka.SearchProgress
	end      searchEnd
	onward   bool            // it follows, or will when all is searched
	home     kafka.KeyHome   // where a key is searched for: not in the rest
	waiting  []kafka.Waiting // not searched, for they cannot be read now
}

// moving says whether a search can be paused.
func (s *searchState) moving() bool { return s.end.moving() }

func (e searchEnd) moving() bool { return e == searchUnderWay || e == searchFollows }

// searched says whether the tail shows the hits of a search.
func (t *tail) searched() bool { return t.session != nil && t.session.start.search != nil }

// allSearched says whether a search has nothing left to do, or no room for it.
func (t *tail) allSearched() bool {
	return t.searched() && t.snap.search != nil && (t.snap.search.end == searchDone || t.snap.search.end == searchFull)
}

// searching says whether a search is under way.
func (t *tail) searching() bool {
	return t.searched() && t.snap.search != nil && t.snap.search.end == searchUnderWay && !t.paused && t.snap.err == nil
}

// startSearch shows the hits of a search in the tail.
func (m *Model) startSearch(topics []string, q *searching) tea.Cmd {
	m.over = nil
	m.setFocus(paneTail)
	label := "search"
	if q.trace != nil {
		label = "trace"
	}
	cmd := m.goOff(start{search: q, query: q.query, label: label, follow: q.order == kafka.NewestFirst}, topics...)
	return tea.Batch(m.recall(), m.recallQueries(), cmd, m.askNowhere(q.query))
}

// endSearch goes back to where the search was started, and to the topics where
// that is not known any more.
func (m *Model) endSearch() tea.Cmd {
	if m.places.off(-1) == "" {
		return m.stepPlace(-1)
	}
	back := m.tail.topics
	if m.tail.traced() {
		back = m.tail.session.start.search.trace.back
	}
	return m.openTopics(back...)
}

// goOn lets a search go on that stopped at its limit.
func (m *Model) goOn() tea.Cmd {
	s := m.tail.session
	m.tail.snap.search.end = searchUnderWay
	s.raise()
	return nil
}

// searchEverywhere searches for a key in all partitions, those too that were left
// out, so that all its hits stand together.
func (m *Model) searchEverywhere() tea.Cmd {
	q := *m.tail.session.start.search
	q.everywhere = true
	return m.startSearch(m.tail.topics, &q)
}

// around leaves the hits for the topic around the record under the cursor:
// everything from its time on, and what comes before it. Of a trace it is the
// record's topic alone.
func (m *Model) around() tea.Cmd {
	rec, ok := m.recordUnder()
	if !ok {
		return nil
	}
	topics := m.tail.topics
	if m.tail.traced() {
		topics = []string{rec.Topic}
	}
	m.over = nil
	tp := kafka.TopicPartition{Topic: rec.Topic, Partition: rec.Partition}
	if m.tail.off.has(tp) { // a hit, for a search asks all partitions
		m.tail.off = m.tail.off.turned(tp, m.partitionIDs(tp.Topic))
	}
	from := kafka.Position{Kind: kafka.End} // of other partitions nothing can be said to lie around it
	if at, ok := rec.Time(); ok {
		from = kafka.Position{Kind: kafka.AtTime, Time: at}
	}
	st := start{
		from:   from,
		exact:  &kafka.Span{TopicPartition: tp, From: rec.Offset, To: kafka.NoEnd},
		before: historyRecords, label: fmt.Sprintf("around %d/%d", rec.Partition, rec.Offset),
	}
	cmd := m.goOff(st, topics...)
	// In the middle: what came before it is wanted as well.
	m.tail.seek = &place{tp: tp, offset: rec.Offset, stood: &stood{above: store.Seq(m.tail.height(m) / 2), newer: noSeq, ms: rec.Timestamp}}
	return cmd
}

// broughtAround says whether the tail is around a record to which a person went
// from somewhere else, and has not left it since.
func (m *Model) broughtAround() bool {
	t := &m.tail
	return t.session != nil && t.session.start.before > 0 && t.session.start.exact != nil && !t.follow && m.places.off(-1) == ""
}

// keyHistory searches every value of a record's key, tombstones too, in the
// order in which they were written.
func (m *Model) keyHistory() tea.Cmd {
	rec, ok := m.recordUnder()
	if !ok {
		return nil
	}
	key := rec.Key
	return m.startSearch([]string{rec.Topic}, &searching{key: &key, by: m.partitionerOf(rec.Topic), seen: []kafka.TopicPartition{{Topic: rec.Topic, Partition: rec.Partition}}, from: kafka.Position{Kind: kafka.Beginning}, order: kafka.ByTime})
}

// manyPartitions is how many a search is asked about once more.
const manyPartitions = 1000

// askSearch opens the form of a search.
func (m *Model) askSearch() tea.Cmd {
	topics := m.tail.topics
	if m.focus == paneTopics || len(topics) == 0 {
		topics = m.topics.chosen()
	}
	d := &dialog{
		title: "search the whole history", opened: time.Now(), action: "search",
		fields: []field{
			m.queryField("for"),
			{label: "topics", hint: `names, or a pattern: orders\..*`},
			{label: "from", hint: "beginning   14:05   -1h   30 Nov 05:32   -500   1204112"},
			{label: "to", hint: "end   15:00   -10m   or follow: go on with what comes"},
			{label: "order", hint: "newest first; or oldest, the fastest; or time, merged over partitions"},
		},
	}
	if t := &m.tail; t.searched() && t.session.start.search.query != nil {
		d.preset(0, t.session.start.search.query.String())
	} else if t.session != nil && t.session.start.query != nil {
		d.preset(0, t.session.start.query.String())
	}
	d.preset(1, strings.Join(topics, " "))
	asked := "" // what the cost was asked for
	cost := ""
	sure := false
	d.change = func(m *Model, d *dialog) tea.Cmd {
		sure = false
		q, err := m.parseQuery(d.fields[0].ed.String())
		d.lines = []string{queryLine(q, err), cost}
		if from, to, err := m.readRange(d, 2, toFollow); err == nil && m.rangeMeant(from, to) != "" {
			d.lines = append(d.lines, m.rangeMeant(from, to))
		}
		if on, _ := m.offSaid(); on != "" {
			d.lines = append(d.lines, on+": partitions that are off are searched too")
		}
		form, err := m.readSearch(d)
		if form != nil {
			m.askPartitioner(d, form)
		}
		if err != nil {
			asked, cost, d.lines[1] = "", "", "…"
			return nil
		}
		now := d.fields[1].ed.String() + "\x00" + d.fields[2].ed.String() + "\x00" + d.fields[3].ed.String()
		if now == asked {
			return nil
		}
		asked, cost = now, ""
		d.lines[1] = "…"
		return m.askCost(form, nil, m.searchRate, func(text string) {
			if asked == now && m.dialog == d {
				cost, d.lines[1] = text, text
			}
		})
	}
	d.submit = func(m *Model, d *dialog) tea.Cmd {
		form, err := m.readSearch(d)
		var wrong *fieldError
		switch {
		case errors.As(err, &wrong):
			return d.refuse(wrong.at, sentence(wrong.err))
		case err != nil:
			return d.refuse(0, sentence(err))
		}
		if n := m.partitionsOf(form.topics); n > manyPartitions && !sure {
			sure = true
			return d.refuse(1, fmt.Sprintf("%s have %s: press enter again to search them all", human.Plural(len(form.topics), "topic"), human.Plural(n, "partition")))
		}
		m.dialog = nil
		clear(m.topics.marked)
		if form.by != "" {
			m.choosePartitioner(form.topics, form.by)
		}
		return tea.Batch(m.startSearch(form.topics, &form.searching), m.asked(d.fields[0].ed.String()))
	}
	m.dialog = d
	return d.change(m, d)
}

// searchForm is what a person filled in.
type searchForm struct {
	topics []string
	searching
}

// fieldError is what is wrong with a field.
type fieldError struct {
	at  int
	err error
}

func (e *fieldError) Error() string { return e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// topicNames parts names and patterns of topics.
func topicNames(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' })
}

// toFollow is in place of an end: what comes is searched, too.
const toFollow = "follow"

// readSearch reads the form.
func (m *Model) readSearch(d *dialog) (*searchForm, error) {
	text := func(i int) string { return strings.TrimSpace(d.fields[i].ed.String()) }
	f := new(searchForm)
	var err error
	if f.query, err = m.parseQuery(text(0)); err != nil {
		return nil, &fieldError{0, err}
	}
	if f.topics, err = m.cluster.Metadata().TopicsLike(topicNames(text(1))...); err != nil {
		return nil, &fieldError{1, err}
	}
	if f.after = text(3) == toFollow; f.after && m.opt.File != "" {
		return nil, &fieldError{3, errors.New("a file gets no new messages")}
	}
	if f.from, f.to, err = m.readRange(d, 2, toFollow); err != nil {
		return nil, err
	}
	switch text(4) {
	case "", "newest", "newest first":
		f.order = kafka.NewestFirst
	case "oldest", "oldest first":
		f.order = kafka.OldestFirst
	case "time":
		f.order = kafka.ByTime
	default:
		return nil, &fieldError{4, fmt.Errorf("it is newest, oldest or time")}
	}
	if len(d.fields) > searchPartitioner && text(searchPartitioner) != "" {
		if f.by, err = kafka.ParsePartitioner(text(searchPartitioner)); err != nil {
			return f, &fieldError{searchPartitioner, err}
		}
	}
	return f, nil
}

// readRange reads where a range begins, in a field of the form, and where it ends,
// in the next; the first may have both, as A..B. Nothing said is the beginning, and
// nil, as is noEnd.
func (m *Model) readRange(d *dialog, at int, noEnd string) (from kafka.Position, to *kafka.Position, err error) {
	end := strings.TrimSpace(d.fields[at+1].ed.String())
	if end == noEnd {
		end = ""
	}
	from, to, err = parseBounds(d.fields[at].ed.String(), end, time.Now(), m.zone)
	if err != nil {
		var wrong *kafka.PositionError
		if errors.As(err, &wrong) && wrong.InEnd && end != "" {
			at++
		}
		err = &fieldError{at, placeError(err)}
	}
	return from, to, err
}

func (m *Model) partitionsOf(topics []string) int {
	n, md := 0, m.cluster.Metadata()
	for _, name := range topics {
		if t := md.Topic(name); t != nil {
			n += len(t.Partitions)
		}
	}
	return n
}

// costMsg is what a search would cost, as a sentence.
type costMsg struct {
	text string
	take func(string)
}

// askCost asks what a search would read, but for what is off, and how long it takes
// at so many bytes a second; negative: that is of no interest.
func (m *Model) askCost(f *searchForm, off switchedOff, rate float64, take func(string)) tea.Cmd {
	src := &topicSource{cluster: m.cluster, topics: f.topics, isolation: m.opt.Isolation}
	cluster, iso := m.cluster, m.opt.Isolation
	from, to := f.from, f.to
	return m.background(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
		defer cancel()
		spans, _, err := src.Range(ctx, from, to)
		spans = slices.DeleteFunc(spans, func(s kafka.Span) bool { return off.has(s.TopicPartition) })
		var cost kafka.SearchCost
		if err == nil {
			cost, err = cluster.Cost(ctx, spans, iso)
		}
		if err != nil {
			return costMsg{"the cost is unknown: " + sentence(err), take}
		}
		text := fmt.Sprintf("%s, %s offsets, about %s", human.Plural(cost.Partitions, "partition"), human.Exact(cost.Offsets), human.Bytes(cost.Bytes))
		if cost.Offsets == 0 {
			text = fmt.Sprintf("%s, no messages in that range", human.Plural(cost.Partitions, "partition"))
		} else if t := cost.Time(rate); t > 0 && rate >= 0 {
			text += ", " + roughly(t)
		}
		return costMsg{text, take}
	})
}

// roughly is a duration as one would guess it.
func roughly(d time.Duration) string {
	switch {
	case d < time.Second:
		return "a moment"
	case d < time.Minute:
		return "some " + human.Plural(int(d.Round(time.Second)/time.Second), "second")
	case d < time.Hour:
		return "some " + human.Plural(int(d.Round(time.Minute)/time.Minute), "minute")
	}
	return fmt.Sprintf("some %.1f hours", d.Hours())
}

// searchDoing says in the tail's first line how far a search is.
func (m *Model) searchDoing(l *line, b brevity) {
	t, st := &m.tail, m.st
	say := func(sgr, long, short string) {
		if b >= shortNumbers {
			long = short
		}
		l.text(sgr, long)
	}
	s := t.snap.search
	partly := s != nil && len(s.home.Rest) > 0
	if partly && b >= fewWords { // that counts more than a label
		l.text(st.dim, "?")
	} else {
		say(st.dim, t.session.start.label+": ", "?")
	}
	if room := [...]int{60, 60, 40, 24, 14, 0}[b]; room > 0 {
		l.clipped(st.accent, t.session.start.search.String(), room)
	}
	if s == nil {
		l.text(st.accent, "  "+m.spinner())
		return
	}
	l.text("", "  ")
	l.text(st.bold, b.number(t.snap.matched))
	say(st.dim, " "+human.Noun(t.snap.matched, "hit")+"   ", " ")
	p := &s.progress
	searched, all := p.Offsets()
	if partly { // whatever else there is to say
		n := len(p.Partitions)
		all := n + len(s.home.Rest)
		say(st.warn, fmt.Sprintf("%d of %s; A searches all", n, human.Plural(all, "partition")), fmt.Sprintf("%d/%d, A: all", n, all))
		if s.end != searchDone || t.paused || t.snap.err != nil {
			l.text("", "  ")
		}
	}
	percent := fmt.Sprintf("%d%%", searched*100/max(1, all))
	switch {
	case t.snap.err != nil:
		say(st.bad, "stopped", st.g.cross)
	case t.paused:
		say(st.warn, "paused "+st.g.pause+" ", st.g.pause)
		l.text(st.text, percent)
	case s.end == searchDone && partly:
	case s.end == searchDone:
		say(st.ok, "all searched", st.g.dot)
		if b < fewWords {
			l.text(st.dim, ", "+human.Exact(p.Records)+" records in "+human.Left(p.Elapsed))
		}
	case s.end == searchFollows:
		say(st.ok, "live "+st.g.dot, st.g.dot)
	case s.end == searchLimit:
		say(st.warn, "stopped at ", st.g.pause)
		l.text(st.text, percent)
		if b < fewWords {
			l.text(st.dim, ", space continues")
		}
	case s.end == searchFull:
		say(st.warn, "memory is full: narrow the search", st.g.warn)
	default:
		l.text(st.accent, m.spinner()+" ")
		l.text(st.text, percent)
		if b < noLabel && p.Elapsed > 0 {
			l.text(st.dim, "  "+human.Count(int64(float64(p.Records)/p.Elapsed.Seconds()))+" msg/s  "+human.Bytes(int64(p.Rate()))+"/s")
		}
		if left, ok := p.TimeLeft(); ok && b < fewWords {
			l.text(st.dim, "  "+human.Left(left)+" left")
		}
		if s.onward && b < fewWords {
			l.text(st.dim, "  then live")
		}
		if b < fewWords {
			l.text(st.dim, "  esc stops")
		}
	}
	if n := len(s.waiting); n > 0 {
		say(st.bad, "  "+human.Plural(n, "partition")+" cannot be read now", " "+st.g.cross)
	}
	if p.Missed > 0 {
		say(st.bad, "  "+st.g.warn+" "+human.Exact(p.Missed)+" not searched", " "+st.g.warn)
	}
}

// searchEmptyText is what stands in place of hits.
func (t *tail) searchEmptyText() []string {
	s := t.snap.search
	switch {
	case t.snap.err != nil:
		return []string{"", sentence(t.snap.err), "", "S starts another search, esc goes back to the topic"}
	case s == nil || s.end == searchUnderWay && !t.paused:
		return []string{"", "no hits yet"}
	case t.paused:
		return []string{"", "no hits so far; space continues"}
	case s.end == searchFollows:
		return []string{"", "no hits; new messages are searched too", "", "esc goes back to the topic"}
	}
	if t.traced() {
		return []string{"", "no hits within that time", "", "X with a longer \"within\" searches further, esc goes back"}
	}
	return []string{"", "no hits", "", "S starts another search, esc goes back to the topic"}
}

// showSearch shows search progress of each partition, and what failed.
func (m *Model) showSearch() tea.Cmd {
	m.over = &pager{title: "search", under: m.over, entries: func(m *Model, w int) []entry {
		st := m.st
		var lines []string
		say := func(sgr, text string) {
			for _, row := range wrapWords(text, max(8, w-2), st.width) {
				l := newLine(st, w, nil)
				l.text("", " ")
				l.text(sgr, row)
				lines = append(lines, l.end())
			}
		}
		s := m.tail.snap.search
		if !m.tail.searched() || s == nil {
			say(st.dim, "no search is running")
			return plainEntries(lines)
		}
		p := &s.progress
		say(st.text, fmt.Sprintf("%s for %s: %s; %s records, %s of the log, in %s", s.title(m), m.tail.session.start.search, human.Plural(int(p.Hits), "hit"), human.Exact(p.Records), human.Bytes(p.Bytes), human.Left(p.Elapsed)))
		if n := len(s.home.Rest); n > 0 {
			say(st.dim, fmt.Sprintf("Only the key's partition (%s) was searched; A searches the other %s too.", s.home.By, human.Plural(n, "partition")))
		}
		lines = append(lines, newLine(st, w, nil).end())
		for i := range p.Partitions {
			part := &p.Partitions[i]
			l := newLine(st, w, nil)
			l.text("", " ")
			all := max(1, part.To-part.From)
			l.number(st.text, fmt.Sprintf("%d%%", part.Searched*100/all), 5)
			if part.To == part.From {
				l.text(st.dim, "  empty")
			}
			l.text(st.dim, fmt.Sprintf("  %s/%d  offsets %d to %d", plainText(part.Topic), part.Partition, part.From, part.To))
			lines = append(lines, l.end())
		}
		for _, w := range s.waiting {
			say(st.bad, w.Error())
		}
		if len(p.Trouble) > 0 {
			lines = append(lines, newLine(st, w, nil).end())
			say(st.bad, human.Exact(p.Missed)+" offsets could not be searched:")
			for _, t := range p.Trouble {
				say(st.text, t.String())
			}
		}
		for _, e := range p.Events {
			say(st.warn, e.String())
		}
		return plainEntries(lines)
	}}
	return nil
}

func (s *searchState) title(m *Model) string {
	switch {
	case m.tail.paused:
		return "paused"
	case s.end == searchDone:
		return "searched"
	case s.end == searchFollows:
		return "following"
	case s.end == searchLimit:
		return "stopped at the limit of hits"
	case s.end == searchFull:
		return "stopped: memory is full"
	}
	return "searching"
}
