package archive

// What other tools print differs from our lines in a few fields. Known are
// kcat -J, kaf (--output json and json-each-row), kafkactl (-o json), rpk
// (topic consume), and what Redpanda Console saves.

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"milena/kafka/batch"
)

// moment reads a timestamp: milliseconds since the epoch, or a time as kaf and
// kafkactl print it (RFC 3339). false: there is none.
func moment(raw json.RawMessage) (ms int64, ok bool, err error) {
	if raw == nil || string(raw) == "null" {
		return 0, false, nil
	}
	if raw[0] != '"' {
		if err := json.Unmarshal(raw, &ms); err != nil {
			return 0, false, fmt.Errorf(`the "timestamp" %.40s is neither a whole number of milliseconds that fits 64 bits nor a time`, raw)
		}
		return ms, true, nil
	}
	var at time.Time
	if err := json.Unmarshal(raw, &at); err != nil {
		return 0, false, fmt.Errorf(`the "timestamp" %.40s is not a time as in "2026-01-31T14:05:00Z"`, raw)
	}
	// Go's zero time, and -1 ms, are how kaf prints that there is none.
	if at.IsZero() || at.UnixMilli() == -1 {
		return 0, false, nil
	}
	return at.UnixMilli(), true, nil
}

// jsonField is a key's or value's bytes: those of a string, null, or the text of
// any other JSON. One that spans lines is made compact.
func jsonField(name string, raw, coded json.RawMessage, console bool) ([]byte, error) {
	if coded != nil || len(raw) == 0 || raw[0] == '"' || raw[0] == 'n' {
		return jsonBytes(name, raw, coded)
	}
	if console && raw[0] == '{' {
		return consolePayload(name, raw)
	}
	if bytes.IndexByte(raw, '\n') < 0 {
		return raw, nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return nil, fmt.Errorf("the %s is not JSON: %w", name, err)
	}
	return compact.Bytes(), nil
}

// payload is a key, a value or a header's value as Redpanda Console saves it.
type payload struct {
	Payload json.RawMessage `json:"payload"`
	Raw     *string         `json:"rawPayload"` // Base64, when "include raw data" was chosen
	Null    bool            `json:"isPayloadNull"`
	Kind    string          `json:"encoding"`
	Size    *int64          `json:"size"`
}

// consolePayload gives the bytes of a payload. What Console has decoded, from
// Avro for one, is not the bytes any more; then only the raw ones will do.
func consolePayload(name string, raw json.RawMessage) ([]byte, error) {
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("the %s is not a payload of Redpanda Console: %w", name, plainJSON(err))
	}
	if p.Raw != nil {
		b, err := base64.StdEncoding.DecodeString(*p.Raw)
		if err != nil {
			return nil, fmt.Errorf("the rawPayload of the %s is damaged", name)
		}
		return b, nil
	}
	absent := len(p.Payload) == 0 || string(p.Payload) == "null"
	switch p.Kind {
	case "json", "text", "utf8WithControlChars", "none", "null", "":
	default:
		return nil, fmt.Errorf("Redpanda Console has decoded the %s (%s); save with raw data to have its bytes", name, p.Kind)
	}
	switch {
	case p.Null, absent && p.Kind == "null":
		return nil, nil
	case absent:
		return []byte{}, nil
	}
	return jsonField(name, p.Payload, nil, false)
}

// headerMap reads headers that are an object: kafkactl's, and kcat's when told
// so; a name with several values has a list of them.
func headerMap(raw json.RawMessage) ([]batch.Header, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var headers []batch.Header
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		values := []json.RawMessage{value}
		if value[0] == '[' {
			if err := json.Unmarshal(value, &values); err != nil {
				return nil, err
			}
		}
		for _, v := range values {
			b, err := jsonField("header's value", v, nil, false)
			if err != nil {
				return nil, err
			}
			headers = append(headers, batch.Header{Key: name, Value: b})
		}
	}
	return headers, nil
}

// saramaHeader reads a header as kaf prints it, Base64 in capitalised fields;
// false: it is none.
func saramaHeader(raw json.RawMessage) (h batch.Header, ok bool, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return h, false, err
	}
	name, ok := fields["Key"]
	if _, own := fields["key"]; !ok || own {
		return h, false, nil
	}
	b, err := jsonBytes("header's key", nil, name)
	if err != nil {
		return h, true, err
	}
	h.Key = string(b)
	if value := fields["Value"]; value != nil && string(value) != "null" {
		h.Value, err = jsonBytes("header's value", nil, value)
	}
	return h, true, err
}

// errIncomplete is a stream that ends inside a JSON object.
var errIncomplete = errors.New("the JSON object is not complete")

// Objects finds JSON objects in lines: mostly each line is one, but rpk prints
// one over several, and Redpanda Console saves a list of them.
type Objects struct {
	text    []byte // of an object that has begun
	depth   int    // of braces and brackets in it
	quoted  bool   // in a string
	escaped bool   // behind a backslash
	list    bool   // in the list around the objects
	last    byte   // the last one outside of strings that is no blank
}

// Line gives every object that ends in a line. The bytes are valid during the
// call. A line that cannot belong to an object is given as it is, so that what
// is wrong with it is said by whoever reads it.
func (o *Objects) Line(line []byte, do func(object []byte) error) error {
	trimmed := bytes.TrimSpace(line)
	if o.depth == 0 && len(trimmed) > 1 && trimmed[0] == '{' && trimmed[len(trimmed)-1] == '}' {
		err := do(line)
		if err == nil || complete(line) {
			return err
		}
	}
	begin := 0 // of what may be a list
	for i := 0; i < len(line); i++ {
		c := line[i]
		if o.depth == 0 {
			switch {
			case c == '{':
				o.depth, o.last = 1, c
				o.text = append(o.text[:0], c)
			case c == ' ' || c == '\t' || c == '\r', c == ',' && o.list:
			case c == '[' && !o.list:
				o.list, begin = true, i
			case c == ']' && o.list:
				o.list = false
			case o.list && len(bytes.TrimSpace(line[begin+1:i])) == 0 && line[begin] == '[':
				o.list = false // a list of something else
				return do(line[begin:])
			default:
				return do(line[i:])
			}
			continue
		}
		o.text = append(o.text, c)
		if !o.next(c) {
			return o.broken(do)
		}
		if o.depth == 0 {
			if err := do(o.text); err != nil {
				return err
			}
		}
	}
	switch {
	case o.quoted: // no string goes over a line's end
		return o.broken(do)
	case o.depth > 0:
		o.text = append(o.text, '\n')
	}
	return nil
}

// broken gives what cannot become an object, so that a line that was torn does
// not swallow all that follow.
func (o *Objects) broken(do func(object []byte) error) error {
	o.depth, o.quoted, o.escaped = 0, false, false
	return do(o.text)
}

// next goes over a byte inside an object; false: nothing valid begins so.
func (o *Objects) next(c byte) bool {
	switch {
	case o.escaped:
		o.escaped = false
		return true
	case o.quoted:
		o.escaped = c == '\\'
		o.quoted = c != '"'
		return true
	case c == ' ' || c == '\t' || c == '\r':
		return true
	}
	before := o.last
	o.last = c
	switch c {
	case '"':
		o.quoted = true
		return strings.IndexByte("{[:,", before) >= 0
	case '{', '[':
		o.depth++
		return strings.IndexByte("[:,", before) >= 0
	case '}', ']':
		o.depth--
	}
	return true
}

// End is the error of a stream that ends inside an object.
func (o *Objects) End() error {
	if o.depth > 0 {
		return errIncomplete
	}
	return nil
}

// complete tells whether a line is not merely the beginning of an object.
func complete(line []byte) bool {
	var any json.RawMessage
	err := json.NewDecoder(bytes.NewReader(line)).Decode(&any)
	return !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF)
}
