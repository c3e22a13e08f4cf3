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
	if w := longest(q.words); w != nil {
		return skimmer{matcher{q.words}, w}
	}
	return matcher{q.words}
}

// MatchRecord says whether a record that is held matches. It may be called
// from several goroutines.
func (q *Query) MatchRecord(r *kafka.Record) bool {
	if q.kind == Expression {
		return newMachine(q, kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}).matchHeld(r)
	}
	for i := range q.words {
		w := &q.words[i]
		is := false
		switch w.scope {
		case keyField:
			is = w.in(r.Key)
		case valueField:
			is = w.in(r.Value)
		case headerField:
			is = w.inKept(r.Headers)
		default:
			is = w.in(r.Key) || w.in(r.Value) || w.inKept(r.Headers)
		}
		if is == w.exclude {
			return false
		}
	}
	return true
}

// matcher is words.
type matcher struct{ words []word }

func (m matcher) Match(v *batch.View) bool {
	for i := range m.words {
		w := &m.words[i]
		is := false
		switch w.scope {
		case keyField:
			is = w.in(v.Key)
		case valueField:
			is = w.in(v.Value)
		case headerField:
			is = v.HeaderCount() > 0 && w.inHeaders(v)
		default:
			is = w.in(v.Key) || w.in(v.Value) || v.HeaderCount() > 0 && w.inHeaders(v)
		}
		if is == w.exclude {
			return false
		}
	}
	return true
}

func (w *word) inHeaders(v *batch.View) bool {
	for key, value := range v.Headers() {
		if w.scope == headerField {
			if string(key) == w.header && w.in(value) {
				return true
			}
		} else if w.in(key) || w.in(value) {
			return true
		}
	}
	return false
}

func (w *word) inKept(headers []batch.Header) bool {
	for _, h := range headers {
		if w.scope == headerField {
			if h.Key == w.header && w.in(h.Value) {
				return true
			}
		} else if w.in([]byte(h.Key)) || w.in(h.Value) {
			return true
		}
	}
	return false
}
