package query

import (
	"milena/kafka"
	"milena/kafka/batch"
)

// One record after the other before an expression: what it is, and what was
// taken from it so far.

// machine is what one worker needs to match one record after the other: the
// record, and what was taken from it.
type machine struct {
	q     *Query
	tp    kafka.TopicPartition
	topic []byte

	key, value        []byte
	offset, timestamp int64
	view              *batch.View
	held              *kafka.Record

	takers    [2]taker // of key and value
	header    taker    // of one header after the other
	takenFrom [2]bool
	saying    saying
	x, y      value
}

func newMachine(q *Query, tp kafka.TopicPartition) *machine {
	m := &machine{q: q, tp: tp, topic: []byte(tp.Topic)}
	for i, slots := range q.slots {
		m.takers[i].slots = make([]value, slots)
		m.takers[i].texts = make([][]byte, slots)
		m.takers[i].repeats = q.trees[i].repeats()
	}
	m.header = taker{slots: make([]value, 1), texts: make([][]byte, 1), repeats: wholePath.repeats()}
	return m
}

// Match decides on a record in place.
func (m *machine) Match(v *batch.View) bool {
	m.key, m.value, m.offset, m.timestamp, m.view = v.Key, v.Value, v.Offset, v.Timestamp, v
	return m.decide()
}

// matchHeld decides on a record that is held.
func (m *machine) matchHeld(r *kafka.Record) bool {
	m.key, m.value, m.offset, m.timestamp, m.held = r.Key, r.Value, r.Offset, r.Timestamp, r
	return m.decide()
}

func (m *machine) decide() bool {
	m.takenFrom = [2]bool{}
	for _, n := range m.q.plan {
		if !n.match(m) {
			return false
		}
	}
	return true
}

func (m *machine) bytes(f field) []byte {
	if f == keyField {
		return m.key
	}
	return m.value
}

func (m *machine) size() int {
	if m.view != nil {
		return m.view.Size()
	}
	n := len(m.key) + len(m.value)
	for _, h := range m.held.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}

// taken is a value of a field's JSON. The first that is asked for takes all
// that the query wants of the field, in one pass.
func (m *machine) taken(f field, slot int) *value {
	i := f - keyField
	t := &m.takers[i]
	if !m.takenFrom[i] {
		m.takenFrom[i] = true
		for k := range t.slots {
			t.slots[k].kind = isMissing
		}
		t.all(m.q.trees[i], m.bytes(f))
	}
	return &t.slots[slot]
}

// wholePath is a text's JSON as a whole.
var wholePath = &paths{slot: 0}

// headerJSON is the JSON that a header's value is.
func (m *machine) headerJSON(b []byte) *value {
	v := &m.header.slots[0]
	v.kind = isMissing
	m.header.all(wholePath, b)
	return v
}

// all takes the values at all the paths of a tree. The null of a tombstone is
// null as a whole and has nothing in it.
func (t *taker) all(tree *paths, b []byte) {
	if t.b = b; b == nil {
		if tree.slot >= 0 {
			t.slots[tree.slot].kind = isNull
		}
		return
	}
	t.repeats.begin()
	end := t.take(tree, jsonStart(b), true)
	if tree.slot >= 0 && end >= 0 && skipSpace(b, end) < len(b) {
		t.slots[tree.slot].kind = isMissing // 17 apples are no number
	}
}

// eachHeader gives the values of the headers of that name until do says yes,
// and says whether it did.
func (m *machine) eachHeader(name string, do func(value []byte) bool) bool {
	if m.view != nil {
		if m.view.HeaderCount() == 0 {
			return false
		}
		for key, value := range m.view.Headers() {
			if string(key) == name && do(value) {
				return true
			}
		}
		return false
	}
	for _, h := range m.held.Headers {
		if h.Key == name && do(h.Value) {
			return true
		}
	}
	return false
}
