package query

import (
	"milena/kafka"
	"milena/kafka/batch"
)

// Queries against records.

// Matcher is the query as a reader asks it, of a partition's records in place.
// An instance serves one goroutine and allocates nothing for a record.
func (q *Query) Matcher(tp kafka.TopicPartition) kafka.Matcher {
	if q.kind == Expression {
		return newMachine(q, tp)
	}
	m := matcher{q.words, new(saying)}
	if w := longest(q.words); w != nil {
		return skimmer{m, w}
	}
	return m
}

// MatchRecord says whether a record that is held matches. It may be called
// from several goroutines.
func (q *Query) MatchRecord(r *kafka.Record) bool {
	if q.kind == Expression {
		return newMachine(q, kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}).matchHeld(r)
	}
	var s saying
	for i := range q.words {
		w := &q.words[i]
		is := false
		switch w.scope {
		case keyField:
			is = w.saidIn(r.Key, &s)
		case valueField:
			is = w.saidIn(r.Value, &s)
		case headerField:
			is = w.inKept(r.Headers, &s)
		default:
			is = w.saidIn(r.Key, &s) || w.saidIn(r.Value, &s) || w.inKept(r.Headers, &s)
		}
		if is == w.exclude {
			return false
		}
	}
	return true
}

// matcher is words.
type matcher struct {
	words  []word
	saying *saying
}

func (m matcher) Match(v *batch.View) bool {
	for i := range m.words {
		w := &m.words[i]
		is := false
		switch w.scope {
		case keyField:
			is = w.saidIn(v.Key, m.saying)
		case valueField:
			is = w.saidIn(v.Value, m.saying)
		case headerField:
			is = v.HeaderCount() > 0 && w.inHeaders(v, m.saying)
		default:
			is = w.saidIn(v.Key, m.saying) || w.saidIn(v.Value, m.saying) || v.HeaderCount() > 0 && w.inHeaders(v, m.saying)
		}
		if is == w.exclude {
			return false
		}
	}
	return true
}

func (w *word) inHeaders(v *batch.View, s *saying) bool {
	for key, value := range v.Headers() {
		if w.scope == headerField {
			if string(key) == w.header && w.saidIn(value, s) {
				return true
			}
		} else if w.saidIn(key, s) || w.saidIn(value, s) {
			return true
		}
	}
	return false
}

func (w *word) inKept(headers []batch.Header, s *saying) bool {
	for _, h := range headers {
		if w.scope == headerField {
			if h.Key == w.header && w.saidIn(h.Value, s) {
				return true
			}
		} else if w.saidIn([]byte(h.Key), s) || w.saidIn(h.Value, s) {
			return true
		}
	}
	return false
}
