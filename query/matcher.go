package query

import (
	"milena/kafka"
	"milena/kafka/batch"
)

// Words against records.

// Matcher is the query as a reader asks it, of a partition's records in place.
// An instance serves one goroutine and allocates nothing for a record.
func (q *Query) Matcher(tp kafka.TopicPartition) kafka.Matcher { return matcher{q.words} }

type matcher struct{ words []word }

func (m matcher) Match(v *batch.View) bool {
	for i := range m.words {
		w := &m.words[i]
		if (w.in(v.Key) || w.in(v.Value) || v.HeaderCount() > 0 && w.inHeaders(v)) == w.exclude {
			return false
		}
	}
	return true
}

// MatchRecord says whether a record that is held matches. It may be called
// from several goroutines.
func (q *Query) MatchRecord(r *kafka.Record) bool {
	for i := range q.words {
		w := &q.words[i]
		if (w.in(r.Key) || w.in(r.Value) || w.inKept(r.Headers)) == w.exclude {
			return false
		}
	}
	return true
}

func (w *word) inHeaders(v *batch.View) bool {
	for key, value := range v.Headers() {
		if w.in(key) || w.in(value) {
			return true
		}
	}
	return false
}

func (w *word) inKept(headers []batch.Header) bool {
	for _, h := range headers {
		if w.in([]byte(h.Key)) || w.in(h.Value) {
			return true
		}
	}
	return false
}
