package ui

import (
	"cmp"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"
	"milena/query"
	"milena/store"
)

// A trace: what carries one value across topics, by time. It is a search of the
// slices that the time index gives, whose rows say how long after the one before
// they came. The form offers the values of a record that may identify something.

// traceSlack is how much later than the window is read, in windows: producers'
// clocks differ, so a record of the window may come after one that is later.
const traceSlack = 1

// carrying is what a trace looks for.
type carrying struct {
	query.Carries
	from, to int64    // timestamps, in ms since the epoch: from ≤ t < to
	back     []string // the topics that were open before
}

// Matcher is what a partition's records are asked. One without a timestamp lies
// among others that are within the window.
func (c *carrying) Matcher(tp kafka.TopicPartition) kafka.Matcher {
	return &withinWindow{c, c.Carries.Matcher(tp)}
}

type withinWindow struct {
	*carrying
	carries kafka.Matcher
}

// Match decides on one record.
func (w *withinWindow) Match(v *batch.View) bool {
	return (v.Timestamp < 0 || v.Timestamp >= w.from && v.Timestamp < w.to) && w.carries.Match(v)
}

// traced says whether the tail shows a trace.
func (t *tail) traced() bool { return t.searched() && t.session.start.search.trace != nil }

// gapColumns has room for the time between two hops: +59.9 s, +1439 min.
const gapColumns = 9

// gap is the time from one row to the next; empty: it is not known.
func gap(before, r *store.Row) string {
	if before == nil || before.Timestamp < 0 || r.Timestamp < 0 {
		return ""
	}
	return "+" + human.Duration(time.Duration(r.Timestamp-before.Timestamp)*time.Millisecond)
}

// gapTo is the time from the row before one of those in sight.
func (t *tail) gapTo(i int) string {
	if i > 0 {
		return gap(&t.rows[i-1], &t.rows[i])
	}
	if before := t.session.store.Rows(t.rows[0].Seq-1, 1, 0, nil); len(before) > 0 && before[0].Seq < t.rows[0].Seq {
		return gap(&before[0], &t.rows[0])
	}
	return ""
}

// startTrace looks for a value.
func (m *Model) startTrace(f *traceForm) tea.Cmd {
	from, to := f.at.Add(-f.window), f.at.Add(f.window)
	end := kafka.Position{Kind: kafka.AtTime, Time: to.Add(traceSlack * to.Sub(from))}
	c := &carrying{f.Carries, from.UnixMilli(), to.UnixMilli(), m.tail.topics}
	if m.tail.traced() {
		c.back = m.tail.session.start.search.trace.back
	}
	return m.startSearch(f.topics, &searching{trace: c, order: kafka.ByTime, from: kafka.Position{Kind: kafka.AtTime, Time: from}, to: &end})
}

// traceForm is what a person filled in.
type traceForm struct {
	query.Carries
	topics []string
	at     time.Time
	window time.Duration
}

// The fields of the form.
const (
	traceValue = iota
	traceWhere
	traceTopics
	traceWindow
)

// readTrace reads the form.
func (m *Model) readTrace(d *dialog, at time.Time) (*traceForm, error) {
	text := func(i int) string { return strings.TrimSpace(d.fields[i].ed.String()) }
	f := &traceForm{Carries: query.Carries{Value: text(traceValue)}, at: at}
	if f.Value == "" {
		return nil, &fieldError{traceValue, errors.New("enter a value to search for, such as a trace id")}
	}
	kind, name, _ := strings.Cut(text(traceWhere), " ")
	name = strings.TrimSpace(name)
	switch {
	case kind == "" || kind == "anywhere":
	case kind == "header" && name != "":
		f.Header = name
	case kind == "field" && name != "":
		f.Field = name
	default:
		return nil, &fieldError{traceWhere, errors.New("enter anywhere, header NAME or field NAME")}
	}
	var err error
	if f.topics, err = m.cluster.Metadata().TopicsLike(topicNames(cmp.Or(text(traceTopics), ".*"))...); err != nil {
		return nil, &fieldError{traceTopics, err}
	}
	if f.window, err = time.ParseDuration(cmp.Or(text(traceWindow), "10m")); err != nil || f.window <= 0 {
		return nil, &fieldError{traceWindow, errors.New("a time with its unit, such as 10m or 2h")}
	}
	return f, nil
}

// candidate is a value of a record that others may carry.
type candidate struct {
	value string
	from  string // "header trace-id", "key", "field order_id"
	where string // where to look for it; empty: anywhere
}

// longestID is how many bytes a value that identifies something has at most.
const longestID = 200

// candidatesOf are what a record could be traced by: of its headers, its key, and
// the fields of its JSON object, those first that look like identifiers.
func candidatesOf(rec *kafka.Record) []candidate {
	var ids, others []candidate
	seen := make(map[string]bool)
	add := func(value, from, where string) {
		switch c := (candidate{value, from, where}); {
		case value == "" || len(value) > longestID || seen[value] || !utf8.ValidString(value):
			return
		case c.named():
			ids = append(ids, c)
		default:
			others = append(others, c)
		}
		seen[value] = true
	}
	for i := range rec.Headers {
		h := &rec.Headers[i]
		if id, ok := query.TraceParent(h.Key, h.Value); ok {
			add(string(id), "header traceparent, its trace id", "")
			continue
		}
		add(string(h.Value), "header "+h.Key, "")
	}
	add(string(rec.Key), "key", "")
	jsonFields(rec.Value[:min(len(rec.Value), frontBytes)], func(name, raw []byte) {
		from := "field " + string(name)
		if raw[0] != '"' { // such a number is many a thing elsewhere
			add(string(raw), from, from)
		} else if text := string(raw[1 : len(raw)-1]); len(raw) > 2 && !strings.ContainsAny(text, " \\") {
			add(text, from, "")
		}
	})
	ids = append(ids, others...)
	return ids[:min(len(ids), mostCandidates)]
}

// named says whether it has a name as identifiers have.
func (c *candidate) named() bool {
	name := strings.ToLower(c.from)
	return strings.HasSuffix(name, "id") || strings.Contains(name, "trace") || strings.Contains(name, "correlation")
}

// jsonFields gives the texts and numbers among the fields of an object.
func jsonFields(b []byte, yield func(name, raw []byte)) {
	depth := 0
	var name []byte
	for i := 0; i < len(b); {
		end, kind := jsonToken(b, i)
		token := b[i:end]
		switch i = end; kind {
		case jsonPunct:
			switch token[0] {
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
		case jsonKey:
			name = token
		case jsonString, jsonNumber:
			if depth == 1 && len(name) > 2 {
				yield(name[1:len(name)-1], token)
			}
			name = nil
		case jsonJunk:
			return
		}
	}
}

// askTrace opens the form for the record under the cursor.
func (m *Model) askTrace() tea.Cmd {
	rec, ok := m.recordUnder()
	if !ok {
		return nil
	}
	at, ok := rec.Time()
	if !ok {
		at = time.Now()
	}
	found := candidatesOf(&rec)
	d := &dialog{
		title: "trace", opened: time.Now(), action: "trace",
		fields: []field{
			traceValue:  {label: "value", listed: len(found) > 0, hint: "a trace id, an order's number; up and down choose one of the record's"},
			traceWhere:  {label: "in", hint: "anywhere (key, headers, words of the value), header NAME or field NAME"},
			traceTopics: {label: "topics", hint: `all except internal ones; or names, or a pattern: orders\..*`},
			traceWindow: {label: "within", hint: "10m, before and after the record"},
		},
	}
	for _, c := range found {
		d.fields[traceValue].past = append(d.fields[traceValue].past, c.value)
	}
	last := ""
	d.change = func(m *Model, d *dialog) tea.Cmd {
		value := d.fields[traceValue].ed.String()
		if value == last {
			return nil
		}
		last = value
		where := ""
		d.lines = d.lines[:0]
		for i := range found {
			c, sign := &found[i], " "
			if c.value == value {
				where, sign, d.on = c.where, m.st.g.prompt, i
			}
			d.lines = append(d.lines, sign+" "+c.from+": "+c.value)
		}
		d.preset(traceWhere, where)
		return nil
	}
	d.fields[traceValue].walkPast(1)
	d.fields[traceValue].ed.selectAll()
	d.submit = func(m *Model, d *dialog) tea.Cmd {
		f, err := m.readTrace(d, at)
		var wrong *fieldError
		if errors.As(err, &wrong) {
			return d.refuse(wrong.at, sentence(wrong.err))
		}
		m.dialog = nil
		return m.startTrace(f)
	}
	m.dialog = d
	return d.change(m, d)
}

// mostCandidates is how many the form lists.
const mostCandidates = 8
