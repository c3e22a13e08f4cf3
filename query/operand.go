package query

import (
	"bytes"

	"milena/kafka"
	"milena/kafka/batch"
)

// What an expression compares: values, and where in a record they come from.

// valueType is what is known of a value while an expression is read.
type valueType int8

const (
	noType valueType = iota
	textType
	numberType
	sizeType // a number of bytes
	durationType
	timeType // ms since the epoch
	boolType
	nullType
	wholeType // a key, a value or a header: text, or the number or the truth that it is
	pathType  // a value of JSON: whatever is there
)

var typeNames = map[valueType]string{
	textType: "text", numberType: "a number", sizeType: "a size", durationType: "a duration", timeType: "a time",
	boolType: "true or false", nullType: "null", wholeType: "text", pathType: "a value of JSON",
}

// accepts are the types that each type of field can be compared with.
var accepts = map[valueType]map[valueType]bool{
	wholeType:  {textType: true, numberType: true, sizeType: true, boolType: true, nullType: true, wholeType: true, pathType: true},
	pathType:   {textType: true, numberType: true, sizeType: true, boolType: true, nullType: true, wholeType: true, pathType: true},
	textType:   {textType: true, wholeType: true, pathType: true},
	numberType: {numberType: true, wholeType: true, pathType: true},
	sizeType:   {numberType: true, sizeType: true, wholeType: true, pathType: true},
	timeType:   {timeType: true, numberType: true, nullType: true, wholeType: true, pathType: true},
}

// valueKind is what a record's value turned out to be.
type valueKind int8

const (
	isMissing valueKind = iota
	isNull
	isBool
	isNumber
	isText
	isContainer // an object or an array, which is equal to nothing
)

// value is one value of a record, or of the expression.
type value struct {
	kind  valueKind
	truth bool
	text  []byte
	n     number
}

func (v *value) equal(o *value) bool {
	if v.kind != o.kind {
		return false
	}
	switch v.kind {
	case isNull:
		return true
	case isBool:
		return v.truth == o.truth
	case isNumber:
		return v.n.compare(&o.n) == 0
	case isText:
		return bytes.Equal(v.text, o.text)
	}
	return false
}

// compare orders two texts or two numbers; false: they have no order.
func (v *value) compare(o *value) (int, bool) {
	switch {
	case v.kind != o.kind:
		return 0, false
	case v.kind == isNumber:
		return v.n.compare(&o.n), true
	case v.kind == isText:
		return bytes.Compare(v.text, o.text), true
	}
	return 0, false
}

// field is a part of a record.
type field int8

const (
	constant field = iota
	keyField
	valueField
	headerField
	topicField
	partitionField
	offsetField
	timestampField
	sizeField
)

// fieldTypes are the fields by their names, and what they are.
var fieldNames = map[string]field{
	"key": keyField, "value": valueField, "header": headerField, "topic": topicField, "partition": partitionField,
	"offset": offsetField, "timestamp": timestampField, "size": sizeField,
}

const fieldsKnown = `key, value, header["name"], topic, partition, offset, timestamp, size`

var fieldTypes = map[field]valueType{
	keyField: wholeType, valueField: wholeType, headerField: wholeType, topicField: textType, partitionField: numberType,
	offsetField: numberType, timestampField: timeType, sizeField: sizeType,
}

// operand is one side of a comparison.
type operand struct {
	field  field
	typ    valueType
	text   string // as written
	at     int
	header string // of headerField: its name
	path   []step
	json   bool  // the field is read as JSON, whose value at path goes to a slot
	slot   int   // when json, but for headers
	v      value // of a constant
	ms     int64 // of a duration or a time
}

// get gives the operand's value for the record, in scratch or elsewhere. Of a header
// there may be several: comparison.match goes through them.
func (o *operand) get(m *machine, scratch *value) *value {
	switch o.field {
	case constant:
		return &o.v
	case keyField, valueField:
		if o.json {
			return m.taken(o.field, o.slot)
		}
		scratch.setText(m.bytes(o.field))
	case topicField:
		scratch.kind, scratch.text = isText, m.topic
	case partitionField:
		scratch.setInt(int64(m.tp.Partition))
	case offsetField:
		scratch.setInt(m.offset)
	case sizeField:
		scratch.setInt(int64(m.size()))
	case timestampField:
		if scratch.setInt(m.timestamp); m.timestamp == -1 && m.info.Timestamps == batch.NoTimestamp {
			scratch.kind = isNull
		}
	}
	return scratch
}

func (v *value) setText(b []byte) {
	if v.kind, v.text = isText, b; b == nil {
		v.kind = isNull
	}
}

func (v *value) setInt(i int64) {
	v.kind = isNumber
	v.n = number{small: true, i: i}
}

// machine is what one worker needs to match one record after the other: the
// record, and what was taken from it.
type machine struct {
	q     *Query
	tp    kafka.TopicPartition
	topic []byte

	key, value        []byte
	offset, timestamp int64
	info              *batch.Info
	view              *batch.View
	held              *kafka.Record

	takers    [2]taker // of key and value
	header    taker    // of one header after the other
	takenFrom [2]bool
	x, y      value
}

func newMachine(q *Query, tp kafka.TopicPartition) *machine {
	m := &machine{q: q, tp: tp, topic: []byte(tp.Topic)}
	for i, slots := range q.slots {
		m.takers[i].slots = make([]value, slots)
		m.takers[i].texts = make([][]byte, slots)
	}
	m.header.slots, m.header.texts = make([]value, 1), make([][]byte, 1)
	return m
}

// Match decides on a record in place.
func (m *machine) Match(v *batch.View) bool {
	m.key, m.value, m.offset, m.timestamp, m.info, m.view = v.Key, v.Value, v.Offset, v.Timestamp, v.Batch, v
	return m.decide()
}

// matchHeld decides on a record that is held.
func (m *machine) matchHeld(r *kafka.Record) bool {
	m.key, m.value, m.offset, m.timestamp, m.info, m.held = r.Key, r.Value, r.Offset, r.Timestamp, &r.Batch, r
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
	start := skipSpace(b, 0)
	end := t.take(tree, start, true)
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

// node decides a part of an expression.
type node interface {
	match(m *machine) bool
	cost() int
	String() string // as Explain shows it
}

// What a node costs, roughly: the cheapest are asked first.
const (
	costFact  = iota // partition, topic, offset, timestamp, size
	costBytes        // a search in raw bytes
	costText         // key or value as text
	costHeader
	costRegex
	costJSON
	costJSONRegex
)

type relation int8

const (
	equals relation = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
	contains
	startsWith
	endsWith
	matches
	oneOf
	isTrue // the value itself, which is there and true
)

// comparison is one relation of one operand.
type comparison struct {
	relation relation
	negate   bool // != and not: the value is there, and the relation does not hold
	x, y     operand
	list     []operand // of oneOf
	pattern  *pattern  // of matches
	text     string    // as written
}

func (c *comparison) match(m *machine) bool {
	if c.x.field != headerField {
		return c.holds(m, c.x.get(m, &m.x))
	}
	return m.eachHeader(c.x.header, func(b []byte) bool {
		if c.x.json {
			return c.holds(m, m.headerJSON(b))
		}
		m.x.setText(b)
		return c.holds(m, &m.x)
	})
}

func (c *comparison) holds(m *machine, x *value) bool {
	if x.kind == isMissing {
		return false
	}
	is := false
	switch c.relation {
	case isTrue:
		return x.kind == isBool && x.truth
	case oneOf:
		for i := range c.list {
			if is = x.equal(&c.list[i].v); is {
				break
			}
		}
	case contains:
		is = x.kind == isText && bytes.Contains(x.text, c.y.v.text)
	case startsWith:
		is = x.kind == isText && bytes.HasPrefix(x.text, c.y.v.text)
	case endsWith:
		is = x.kind == isText && bytes.HasSuffix(x.text, c.y.v.text)
	case matches:
		is = x.kind == isText && c.pattern.in(x.text)
	default:
		y := c.y.get(m, &m.y)
		if y.kind == isMissing {
			return false
		}
		if c.relation == equals {
			is = x.equal(y)
			break
		}
		order, ordered := x.compare(y)
		return ordered && c.relation.allows(order)
	}
	return is != c.negate
}

// allows says whether two values that compare so are in the relation.
func (r relation) allows(order int) bool {
	switch r {
	case less:
		return order < 0
	case lessOrEqual:
		return order <= 0
	case greater:
		return order > 0
	}
	return order >= 0
}

func (c *comparison) String() string { return c.text }

func (c *comparison) cost() int {
	cost := max(c.x.cost(), c.y.cost())
	switch {
	case c.relation != matches:
		return cost
	case cost == costJSON:
		return costJSONRegex
	}
	return costRegex
}

func (o *operand) cost() int {
	switch o.field {
	case keyField, valueField:
		if o.json {
			return costJSON
		}
		return costText
	case headerField:
		return costHeader
	}
	return costFact
}
