package query

import (
	"bytes"

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

// fieldNames are the fields by their names.
var fieldNames = map[string]field{
	"key": keyField, "value": valueField, "header": headerField, "topic": topicField, "partition": partitionField,
	"offset": offsetField, "timestamp": timestampField, "size": sizeField,
}

const fieldsKnown = `key, value, header["name"], topic, partition, offset, timestamp, size`

// fieldTypes are what the fields are as a whole.
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
		if scratch.setInt(m.timestamp); m.timestamp == batch.NoTime {
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
