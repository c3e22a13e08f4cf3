package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"
	"milena/query"
	"milena/store"
)

// Replaying: a range comes again as it was written, at its speed or a multiple
// of it. A replay is a session; kafka.Replay paces it, and is told directly what
// a person wants. What the filter leaves out takes its time all the same.

// replaying is what a session replays.
type replaying struct {
	to    *kafka.Position // nil: the end as it is when it begins
	stop  *query.Query    // it stops at what matches; nil: nowhere
	speed float64         // at first
}

// replaySpeeds are how many times as fast it can be; 0 is as fast as possible.
var replaySpeeds = []float64{1, 2, 10, 100, 0}

// playing is a replay under way.
type playing struct {
	*kafka.Replay

	// Guarded by the session's mu.
	known   bool         // spans are
	spans   []kafka.Span // all of it
	all     int64        // offsets of that
	done    int64        // those that it has passed
	given   int64        // records that came
	at      int64        // the timestamp of the newest; negative: none
	matched bool         // it stopped at a match
	ended   bool

	// Of the goroutine that gives records.
	some   int64 // given, since the last Flush
	latest int64
}

// newPlaying prepares the replay of a session.
func newPlaying(s *session) *playing {
	p := &playing{at: -1, latest: -1}
	p.Replay = kafka.NewReplay(s.ctx, nil) // the reading brings its sink
	r := s.start.replay
	p.SetSpeed(r.speed)
	if r.stop != nil {
		stops := make(map[kafka.TopicPartition]kafka.Matcher)
		p.Until = func(tp kafka.TopicPartition, v *batch.View) bool {
			if stops[tp] == nil {
				stops[tp] = r.stop.Matcher(tp)
			}
			found := stops[tp].Match(v)
			if found {
				s.mu.Lock()
				p.matched = true
				s.mu.Unlock()
			}
			return found
		}
	}
	return p
}

// playingSink takes the records when their time has come.
type playingSink struct {
	*orderedSink
	p *playing
}

// Record takes a record.
func (k *playingSink) Record(tp kafka.TopicPartition, v *batch.View, late bool) bool {
	k.p.some++
	if v.Timestamp >= 0 {
		k.p.latest = v.Timestamp
	}
	return k.orderedSink.Record(tp, v, late)
}

// Flush publishes what was collected, and how far the replay is.
func (k *playingSink) Flush() error {
	p, s := k.p, k.s
	s.mu.Lock()
	p.given += p.some
	s.live += p.some
	p.done += k.moved
	p.at, p.some, k.moved = p.latest, 0, 0
	s.mu.Unlock()
	err := k.orderedSink.Flush()
	s.signal() // it may wait now, which is news
	return err
}

// beginReplay finds out what is to be replayed, and starts.
func (s *session) beginReplay() {
	s.spawn(func() {
		spans, waiting, err := s.source.Range(s.ctx, s.start.from, s.start.replay.to)
		if err != nil {
			s.fail(err)
			return
		}
		for _, w := range waiting {
			s.store.Note(store.Note{TopicPartition: w.TopicPartition, Text: "left out: " + sentence(w), Time: time.Now().UnixMilli()})
		}
		s.mu.Lock()
		for _, w := range waiting {
			s.health.waiting[w.TopicPartition], s.health.stuck[w.TopicPartition] = w, w.Err
		}
		for i := range spans {
			span := &spans[i]
			if e := s.start.exact; e != nil && e.TopicPartition == span.TopicPartition {
				span.From = e.From
			}
			span.From = min(span.From, span.To)
			s.play.all += span.To - span.From
			s.low[span.TopicPartition] = span.From
			s.txns.known(span.TopicPartition, span.From)
			p := s.partitionLocked(span.TopicPartition)
			p.next, p.state.Next = span.From, span.From
		}
		s.play.spans, s.play.known = spans, true
		s.mu.Unlock()
		close(s.ready)
		s.resume()
	})
}

// replayOn replays what is left.
func (s *session) replayOn(ctx context.Context) error {
	s.mu.Lock()
	spans := slices.Clone(s.play.spans)
	for i := range spans {
		spans[i].From = s.parts[spans[i].TopicPartition].next
	}
	s.mu.Unlock()
	sink := s.ordered(ctx)
	s.play.OrderedSink = &playingSink{sink, s.play}
	err := s.source.ReadOrdered(ctx, kafka.OrderedRequest{
		ReadRequest: kafka.ReadRequest{Spans: spans}, Match: sink.match,
	}, s.play)
	if err == nil && ctx.Err() == nil {
		s.mu.Lock()
		s.play.ended = true
		s.mu.Unlock()
		s.signal()
	}
	return err
}

// playState is what the screen knows of a replay.
type playState struct {
	kafka.ReplayState
	known          bool // what it replays is
	all, done      int64
	given, at      int64
	matched, ended bool
}

// played says whether the tail shows a replay.
func (t *tail) played() bool { return t.session != nil && t.session.play != nil }

// playState is the replay as it is now.
func (t *tail) playState() playState {
	s := t.session
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.play
	return playState{p.State(), p.known, p.all, p.done, p.given, p.at, p.matched, p.ended}
}

// playing says whether a replay is under way, so that pausing it means something.
func (t *tail) playing() bool { return t.played() && !t.playState().ended }

// playPaused says whether a replay is paused.
func (t *tail) playPaused() bool { return t.played() && t.session.play.Paused() }

// counting says whether the time until the next record is shown, which passes.
func (t *tail) counting() bool {
	if !t.played() {
		return false
	}
	p := t.playState()
	return !p.Paused && !p.ended && p.Left >= longSilence
}

// longSilence is how long nothing comes before the replay says for how long.
const longSilence = time.Second

// replayOff is why a replay cannot be told anything; empty: it can.
func (m *Model) replayOff() string {
	switch {
	case !m.tail.played():
		return "no replay is running: R starts one"
	case m.tail.playState().ended:
		return "the replay has ended: R starts another, G follows the topic"
	}
	return ""
}

// pauseReplay pauses, or goes on.
func (m *Model) pauseReplay() tea.Cmd {
	p := m.tail.session.play
	if !p.Paused() {
		p.Pause()
		return nil
	}
	m.leaveMatch()
	p.Resume()
	return nil
}

// leaveMatch forgets that the replay stopped at a match: it goes on.
func (m *Model) leaveMatch() {
	s := m.tail.session
	s.mu.Lock()
	defer s.mu.Unlock()
	s.play.matched = false
}

// stepReplay gives the next record, and stops there.
func (m *Model) stepReplay() tea.Cmd {
	p := m.tail.session.play
	if !p.Paused() {
		p.Pause()
	}
	m.leaveMatch()
	p.Step()
	return nil
}

// speedReplay makes it faster or slower by a step.
func (m *Model) speedReplay(by int) tea.Cmd {
	p := m.tail.session.play
	switch at := slices.Index(replaySpeeds, p.State().Speed) + by; {
	case at < 0:
		m.note(levelInfo, "this is the slowest speed")
	case at == len(replaySpeeds):
		m.note(levelInfo, "this is the fastest speed")
	default:
		p.SetSpeed(replaySpeeds[at])
	}
	return nil
}

// replayAnew replays the same from its beginning, with another filter, or with
// markers or without.
func (m *Model) replayAnew(change func(*start)) tea.Cmd {
	st := m.tail.session.start
	again := *st.replay
	again.speed = m.tail.session.play.State().Speed
	st.replay = &again
	change(&st)
	return m.startSession(st)
}

// endReplay goes back to where it was started, and follows the topics where that is
// not known any more.
func (m *Model) endReplay() tea.Cmd {
	if m.places.off(-1) == "" {
		return m.stepPlace(-1)
	}
	return m.followAfterReplay()
}

// followAfterReplay follows the topics again.
func (m *Model) followAfterReplay() tea.Cmd {
	st := newest100()
	st.query, st.markers = m.tail.session.start.query, m.tail.session.start.markers
	return m.startSession(st)
}

// The fields of the form.
const (
	replayFrom = iota
	replayUntil
	replayStop
	replaySpeed
)

// replayForm is what a person filled in.
type replayForm struct {
	from  kafka.Position
	exact *kafka.Span
	label string
	replaying
}

// askReplay opens the form, for the record under the cursor or, while the tail
// follows, for the first in sight.
func (m *Model) askReplay() tea.Cmd {
	t := &m.tail
	rec, ok := m.recordUnder()
	if m.over == nil && t.follow && len(t.rows) > 0 {
		rec, ok = t.session.store.At(t.rows[0].Seq)
	}
	under := ""
	var exact *kafka.Span
	if ok && rec.Timestamp >= 0 && rec.Timestamp <= lastTimestamp {
		at := time.UnixMilli(rec.Timestamp).In(m.zone)
		under = at.Format("2006-01-02 15:04:05.000")
		if now := time.Now().In(m.zone); at.Format(time.DateOnly) == now.Format(time.DateOnly) && at.Before(now) {
			under = at.Format("15:04:05.000")
		}
		exact = &kafka.Span{TopicPartition: kafka.TopicPartition{Topic: rec.Topic, Partition: rec.Partition}, From: rec.Offset}
	}
	stop := m.queryField("stop at")
	stop.hint = "nowhere; or a query: stops at the first match"
	d := &dialog{
		title: "replay " + strings.Join(t.topics, ", "), opened: time.Now(), action: "replay",
		fields: []field{
			replayFrom:  {label: "from", hint: "beginning   14:05   -1h   -500   1204112"},
			replayUntil: {label: "until", hint: "the end as it is now   15:00   -10m"},
			replayStop:  stop,
			replaySpeed: {label: "speed", hint: "1, 2, 10 or 100 times the original speed, or max", past: []string{"2", "10", "100", "max"}},
		},
	}
	d.preset(replayFrom, under)
	d.preset(replaySpeed, "1")
	read := func(m *Model) (*replayForm, error) {
		f, err := m.readReplay(d)
		if err == nil && exact != nil && strings.TrimSpace(d.fields[replayFrom].ed.String()) == under {
			f.exact = exact
		}
		return f, err
	}
	asked, cost := "", "" // what the cost was asked for
	d.change = func(m *Model, d *dialog) tea.Cmd {
		f, err := read(m)
		if err != nil {
			asked, cost, d.lines = "", "", []string{m.st.g.ellipsis}
			if wrong := (*fieldError)(nil); errors.As(err, &wrong) && wrong.at == replayStop {
				d.lines = []string{"stop at: " + queryLine(nil, wrong.err)}
			}
			return nil
		}
		say := func(cost string) {
			d.lines = []string{cost}
			if when := m.rangeMeant(f.from, f.to); when != "" {
				d.lines = append(d.lines, when)
			}
			if on, _ := m.offSaid(); on != "" {
				d.lines = append(d.lines, on+": partitions that are off are left out")
			}
			if f.stop != nil {
				d.lines = append(d.lines, "stop at: "+queryLine(f.stop, nil))
			}
		}
		lasts := m.lasts(f)
		say(cost + lasts)
		now := d.fields[replayFrom].ed.String() + "\x00" + d.fields[replayUntil].ed.String()
		if now == asked {
			return nil
		}
		asked, cost = now, ""
		say(m.st.g.ellipsis)
		return m.askCost(&searchForm{t.topics, searching{from: f.from, to: f.to}}, t.off, -1, func(text string) {
			if asked == now && m.dialog == d {
				cost = text
				_ = d.change(m, d) // it asks nothing that was asked
			}
		})
	}
	d.submit = func(m *Model, d *dialog) tea.Cmd {
		f, err := read(m)
		var wrong *fieldError
		if errors.As(err, &wrong) {
			return d.refuse(wrong.at, sentence(wrong.err))
		}
		m.dialog = nil
		return tea.Batch(m.startReplay(f), m.asked(d.fields[replayStop].ed.String()))
	}
	m.dialog = d
	return d.change(m, d)
}

// lastTimestamp is that of the last time that can be typed.
var lastTimestamp = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).UnixMilli()

// readReplay reads the form.
func (m *Model) readReplay(d *dialog) (*replayForm, error) {
	text := func(i int) string { return strings.TrimSpace(d.fields[i].ed.String()) }
	f := &replayForm{label: "replay from the beginning"}
	var err error
	if f.from, f.to, err = m.readRange(d, replayFrom, ""); err != nil {
		return nil, err
	}
	if f.from.Kind == kafka.End {
		return nil, &fieldError{replayFrom, errors.New("there is nothing after the end")}
	}
	if from := text(replayFrom); from != "" {
		f.label = "replay from " + placeName(from, f.from, time.Now())
	}
	if f.stop, err = m.parseQuery(text(replayStop)); err != nil {
		return nil, &fieldError{replayStop, err}
	}
	if f.stop.Empty() {
		f.stop = nil
	}
	if f.speed, err = parseSpeed(text(replaySpeed)); err != nil {
		return nil, &fieldError{replaySpeed, err}
	}
	return f, nil
}

// parseSpeed reads a speed: 1, 10x, max; nothing is 1.
func parseSpeed(text string) (float64, error) {
	switch text = strings.ToLower(text); text {
	case "":
		return 1, nil
	case "max":
		return 0, nil
	}
	times, err := strconv.ParseFloat(strings.TrimRight(text, "x× "), 64)
	if err != nil || times <= 0 || !slices.Contains(replaySpeeds, times) {
		return 0, errors.New("it is 1, 2, 10, 100 or max")
	}
	return times, nil
}

// lasts says how long a replay between two times takes.
func (m *Model) lasts(f *replayForm) string {
	end := time.Now()
	if f.to != nil {
		end = f.to.Time
	}
	if f.from.Kind != kafka.AtTime || end.IsZero() || f.speed == 0 || !end.After(f.from.Time) {
		return ""
	}
	return fmt.Sprintf("; at %s it takes %s", m.speedName(f.speed), roughly(time.Duration(float64(end.Sub(f.from.Time))/f.speed)))
}

// startReplay replays in the tail; its filter stays.
func (m *Model) startReplay(f *replayForm) tea.Cmd {
	st := start{from: f.from, exact: f.exact, label: f.label, follow: true, replay: &f.replaying}
	if s := m.tail.session; !m.tail.searched() {
		st.query, st.markers = s.start.query, s.start.markers
	}
	m.over = nil
	m.setFocus(paneTail)
	if m.tail.played() { // tried again with something else
		return m.startSession(st)
	}
	return m.goOff(st, m.tail.topics...)
}

func (m *Model) speedName(times float64) string {
	if times == 0 {
		return "max"
	}
	return strconv.FormatFloat(times, 'f', -1, 64) + m.st.g.times
}

// replayDoing says in the tail's first line how far a replay is.
func (m *Model) replayDoing(l *line, b brevity) {
	t, st := &m.tail, m.st
	say := func(sgr, long, short, sign string) {
		switch {
		case b >= shortNumbers:
			long = sign
		case b >= fewWords:
			long = short
		}
		l.text(sgr, long)
	}
	p := t.playState()
	if !p.ended {
		if t.session.start.query == nil && b < noLabel {
			l.text(st.text, t.session.start.label)
			l.text(st.dim, " "+st.g.arrow+" ")
		} else {
			say(st.text, "replay ", "", "")
		}
		l.text(st.accent, m.speedName(p.Speed)+" ")
		if p.at >= 0 && b < shortNumbers {
			l.text(st.text, " "+m.replayTime(p.at, b < fewWords)+"  ")
		}
		l.text(st.text, fmt.Sprintf("%d%%", min(p.done, p.all)*100/max(1, p.all)))
		say("", "   ", "  ", " ")
	}
	// In so many words, in fewer, by a sign; and what else may be said.
	sgr, long, short, sign, more := st.warn, "", "", st.g.pause, ""
	switch {
	case t.snap.err != nil:
		sgr, long, sign = st.bad, "stopped", st.g.cross
	case !p.known:
		sgr, long, sign = st.accent, m.spinner(), m.spinner()
	case p.ended:
		n := b.number(p.given)
		sgr, long, sign = st.ok, "replay ended: "+n, "end "+st.g.dot+" "+n
		more = " " + human.Noun(p.given, "record") + ", G follows"
	case p.Paused && p.matched:
		long, short, sign, more = "stopped at a match "+sign, "at a match "+sign, st.g.warn+sign, " space resumes"
	case p.Paused:
		long = "paused " + sign
		if p.Waits && b < noLabel && p.Next >= 0 {
			more = " the next is of " + m.replayTime(p.Next, true)
		}
	case t.snap.blocked:
		long = "slowed down"
	case p.Left >= longSilence:
		left := human.Duration(p.Left)
		if p.Left < 2*time.Minute { // it is counted down
			left = itoa(int64((p.Left+time.Second-1)/time.Second)) + " s"
		}
		long, short, sign, more = "next record in "+left, "next in "+left, st.g.hollow+left, ", . shows it"
	default:
		sgr, long, sign = st.ok, "playing "+st.g.dot, st.g.dot
	}
	say(sgr, long, cmp.Or(short, long), sign)
	say(st.dim, more, "", "")
	if n := t.snap.next - t.left; !t.follow && t.left != noSeq && n > 0 {
		l.text(st.accent, " "+st.g.down+" "+b.number(n))
	}
	if unread, _ := m.tailTrouble(); unread > 0 {
		sign = " " + st.g.cross + b.number(int64(unread))
		say(st.warn, "   "+human.Plural(unread, "partition")+" cannot be read now", sign, sign)
	}
}

// replayTime is the time of a record, with its day where that is another and shall
// be said.
func (m *Model) replayTime(ms int64, day bool) string {
	at := time.UnixMilli(ms).In(m.zone)
	switch {
	case ms > lastTimestamp:
		return "absurd"
	case !day || at.Format(time.DateOnly) == time.Now().In(m.zone).Format(time.DateOnly):
		return at.Format(time.TimeOnly)
	}
	return at.Format(time.DateTime)
}

// replayEmptyText is what stands in place of records.
func (t *tail) replayEmptyText() []string {
	switch p := t.playState(); {
	case t.snap.err != nil:
		return []string{"", sentence(t.snap.err), "", "esc follows the topic"}
	case !p.ended:
		return []string{"", "nothing yet"}
	case t.session.start.query != nil:
		return []string{"", "no match in that range", "", "R replays another range, G follows the topic"}
	}
	return []string{"", "no messages in that range", "", "R replays another range, G follows the topic"}
}
