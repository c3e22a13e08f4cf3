package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/query"
	"milena/store"
)

// Looking for words in what is held: the cursor goes from one record to the
// next, and everything else stays in sight. A filter is for what flows.

// finding is what is looked for in the tail.
type finding struct {
	q    *query.Query // nil: nothing
	text string
	busy int // the search that is under way; 0: none
	last int
	nth  int // which of those that are held the cursor stands on, the oldest first; 0: not known
	of   int // how many are held, as they were counted
}

// countAtMost is where counting what is found stops.
const countAtMost = 9999

// count says which of how many it is; empty: not known.
func (f *finding) count() string {
	switch {
	case f.nth == 0:
		return ""
	case f.of > countAtMost:
		return fmt.Sprintf("%s of %s+", human.Exact(int64(f.nth)), human.Exact(countAtMost))
	}
	return fmt.Sprintf("%s of %s", human.Exact(int64(f.nth)), human.Exact(int64(f.of)))
}

func noFind(m *Model) bool { return m.tail.find.q == nil }

// offFind says why n does nothing.
const offFind = "nothing to find: f starts a search in the loaded messages"

// askFind opens the prompt for the words.
func (m *Model) askFind() tea.Cmd {
	before := m.tail.find
	look := func(m *Model, d *dialog) error {
		text := strings.TrimSpace(d.fields[0].ed.String())
		q, err := m.parseQuery(text)
		if err != nil {
			return err
		}
		m.tail.find = finding{last: m.tail.find.last}
		if !q.Empty() {
			m.tail.find.q, m.tail.find.text = q, text
		}
		return nil
	}
	d := &dialog{
		title: "find in loaded messages", opened: time.Now(), action: "go to the nearest match",
		fields: []field{m.queryField("find")},
		submit: func(m *Model, d *dialog) tea.Cmd {
			if err := look(m, d); err != nil {
				return d.refuse(0, sentence(err))
			}
			m.dialog = nil
			if m.tail.find.q == nil {
				return nil
			}
			return tea.Batch(m.findFrom(0), m.asked(d.fields[0].ed.String()))
		},
		change: func(m *Model, d *dialog) tea.Cmd {
			if look(m, d) != nil {
				m.tail.find = before
			}
			return nil
		},
		cancel: func(m *Model, _ *dialog) tea.Cmd {
			m.tail.find = before
			return nil
		},
	}
	d.preset(0, before.text)
	m.dialog = d
	return nil
}

// foundMsg is where a search in the store came to.
type foundMsg struct {
	session, search, by int
	seq                 store.Seq
	ok                  bool
	nth, of             int
}

// findFrom looks for the next newer record (1), the next older one (-1), or the
// nearest, the one under the cursor first (0). The store may hold a million, so
// it looks beside the screen.
func (m *Model) findFrom(by int) tea.Cmd {
	t := &m.tail
	if t.session == nil || t.find.q == nil {
		return nil
	}
	t.find.last++
	t.find.busy = t.find.last
	s, q, at := t.session, t.find.q, t.cursor
	msg := foundMsg{session: s.number, search: t.find.busy, by: by}
	return m.background(func(context.Context) tea.Msg {
		match := func(r *kafka.Record) bool { return q.MatchRecord(r) }
		switch by {
		case 0:
			if msg.seq, msg.ok = s.store.Find(match, at, -1); !msg.ok {
				msg.seq, msg.ok = s.store.Find(match, at+1, 1)
			}
		default:
			msg.seq, msg.ok = s.store.Find(match, at+store.Seq(by), by)
		}
		if msg.ok {
			msg.nth, msg.of = countFound(s.store, match, msg.seq)
		}
		return msg
	})
}

// found goes there.
func (m *Model) found(msg foundMsg) {
	t := &m.tail
	if t.session == nil || msg.session != t.session.number || msg.search != t.find.busy {
		return
	}
	t.find.busy = 0
	if !msg.ok {
		switch msg.by {
		case 1:
			m.note(levelInfo, "no newer loaded message has "+t.find.text)
		case -1:
			m.note(levelInfo, "no older loaded message has "+t.find.text+"; / searches further back")
		default:
			m.note(levelInfo, "no loaded message has "+t.find.text+"; / searches further back")
		}
		return
	}
	t.find.nth, t.find.of = msg.nth, msg.of
	t.stand(m, msg.seq)
}

// countFound counts what matches in the store, and which of those at is. Of very
// many it gives the number of neither.
func countFound(s *store.Store, match func(*kafka.Record) bool, at store.Seq) (nth, of int) {
	seq, _ := s.Bounds()
	for of <= countAtMost {
		found, ok := s.Find(match, seq, 1)
		if !ok {
			return nth, of
		}
		of++
		if found == at {
			nth = of
		}
		seq = found + 1
	}
	return nth, of
}

// stand puts the cursor on a row; where that is out of sight, in the middle.
func (t *tail) stand(m *Model, seq store.Seq) {
	if t.follow {
		h := store.Seq(t.height(m))
		t.top = max(t.snap.first, t.snap.next-h)
	}
	t.leave()
	h := store.Seq(t.height(m))
	t.cursor = seq
	if seq < t.top || seq >= t.top+h {
		t.top = seq - h/2
	}
	t.clamp(m)
	t.hold()
}

// lit is what is to be lit up in the rows.
func (t *tail) lit() lights {
	if t.preview.active() {
		return lights{t.preview.q}
	}
	return lights{t.session.start.query, t.find.q}
}

// lights are queries whose words are lit up; nil ones light nothing.
type lights [2]*query.Query

// spans are where in b, in order and without overlap.
func (q lights) spans(b []byte) [][2]int {
	var all [][2]int
	for _, one := range q {
		if one != nil && !one.Empty() {
			all = append(all, one.Spans(string(b))...)
		}
	}
	return query.Join(all)
}
