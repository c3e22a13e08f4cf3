package query

import (
	"bytes"
	"encoding/json"
	"strings"

	"milena/kafka"
	"milena/kafka/batch"
)

// Carries finds the records that carry a value: a trace id, an order's number.
// Without Header and Field it is their key, the value of any of their headers,
// or a word in their value, or in what that says behind escapes: the same letters
// and digits between others than letters, digits, '_' and '-'.
type Carries struct {
	Value  string
	Header string // only the headers of this name
	Field  string // only this field of JSON values: a name, or names with dots between
}

// Matcher is what a reader asks of a partition's records. An instance serves one
// goroutine.
func (c Carries) Matcher(kafka.TopicPartition) kafka.Matcher {
	m := &carries{value: []byte(c.Value), header: []byte(c.Header)}
	m.hidden = newDisguise(m.value)
	if c.Field != "" {
		m.field = strings.Split(c.Field, ".")
	}
	return m
}

type carries struct {
	value, header []byte
	field         []string
	hidden        disguise // of the value
	saying        saying
}

// Match decides on one record.
func (m *carries) Match(v *batch.View) bool {
	switch {
	case m.field != nil:
		return m.inField(v.Value)
	case len(m.header) > 0:
		return m.inHeader(v)
	}
	return v.Key != nil && bytes.Equal(v.Key, m.value) || v.HeaderCount() > 0 && m.inHeader(v) || m.isWord(v.Value) ||
		m.hidden.next(v.Value) >= 0 && m.saying.levels(v.Value, m.isWord)
}

// TraceParent is the trace id in a header of W3C's Trace Context (section 3.2):
// traceparent is version, trace id, parent id and flags, and all but the trace id
// differ from hop to hop.
func TraceParent[Name, Value string | []byte](name Name, value Value) (id Value, ok bool) {
	const length, from, to = len("00-") + 32 + len("-") + 16 + len("-01"), 3, 3 + 32
	if string(name) != "traceparent" || len(value) < length || value[from-1] != '-' || value[to] != '-' {
		return id, false
	}
	return value[from:to], true
}

func (m *carries) inHeader(v *batch.View) bool {
	for key, value := range v.Headers() {
		if id, ok := TraceParent(key, value); ok && bytes.Equal(id, m.value) && (len(m.header) == 0 || bytes.Equal(key, m.header)) {
			return true
		}
		if value != nil && bytes.Equal(value, m.value) && (len(m.header) == 0 || bytes.Equal(key, m.header)) {
			return true
		}
	}
	return false
}

// isWord finds the value as a word of its own.
func (m *carries) isWord(text []byte) bool {
	for at := 0; len(m.value) > 0; at++ {
		i := bytes.Index(text[at:], m.value)
		if i < 0 {
			return false
		}
		at += i
		end := at + len(m.value)
		if (at == 0 || !inWord(text[at-1])) && (end == len(text) || !inWord(text[end])) {
			return true
		}
	}
	return false
}

// inWord tells whether a byte goes on a word; those of letters beyond ASCII do.
func inWord(c byte) bool {
	return c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// inField compares a field of a JSON object: a string's text, or a number, true
// or false as it is written. The first element of an array that has it will do.
func (m *carries) inField(text []byte) bool {
	if !bytes.Contains(text, m.value) && m.hidden.next(text) < 0 {
		return false
	}
	return m.at(text[jsonStart(text):], m.field)
}

func (m *carries) at(raw json.RawMessage, path []string) bool {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return false
	}
	switch {
	case raw[0] == '[':
		var elements []json.RawMessage
		if json.Unmarshal(raw, &elements) != nil {
			return false
		}
		for _, e := range elements {
			if m.at(e, path) {
				return true
			}
		}
		return false
	case len(path) == 0 && raw[0] == '"':
		var s string
		return json.Unmarshal(raw, &s) == nil && s == string(m.value)
	case len(path) == 0:
		return bytes.Equal(bytes.TrimRight(raw, " \t\r\n"), m.value)
	case raw[0] != '{':
		return false
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return false
	}
	// A name may have dots in it.
	for n := 1; n <= len(path); n++ {
		if field, ok := fields[strings.Join(path[:n], ".")]; ok && m.at(field, path[n:]) {
			return true
		}
	}
	return false
}
