package archive

// Records as JSON, one a line: how they are read.

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"milena/kafka/batch"
)

// Line is a record as a line has it. Its bytes are the line's own, or valid until
// the next Parse.
type Line struct {
	Topic      string // empty: the line does not say
	Partition  int32  // -1: the line does not say
	Offset     int64  // -1: the line does not say
	Timestamp  int64  // ms since the epoch; -1 when Timestamps is NoTimestamp
	Timestamps batch.TimestampType
	Key        []byte // nil: null
	Value      []byte // nil: null
	Headers    []batch.Header

	unquoted []byte // memory for what is escaped in a line
}

// jsonLine is a record as AppendJSON writes it, or another tool. Raw, because a null is
// not an absence, and because kcat does not mind bytes that are not UTF-8.
type jsonLine struct {
	Topic       json.RawMessage `json:"topic"`
	Partition   *int32          `json:"partition"`
	Offset      *int64          `json:"offset"`
	Timestamp   json.RawMessage `json:"timestamp"`
	Kind        string          `json:"timestampType"`
	Key         json.RawMessage `json:"key"`
	KeyBase64   json.RawMessage `json:"keyBase64"`
	Value       json.RawMessage `json:"value"`
	ValueBase64 json.RawMessage `json:"valueBase64"`
	Headers     json.RawMessage `json:"headers"`

	KcatKind  string          `json:"tstype"`
	KcatTime  *int64          `json:"ts"`
	KcatValue json.RawMessage `json:"payload"` // kaf's, too

	ConsolePartition *int32 `json:"partitionID"`
}

type jsonHeader struct {
	Key         json.RawMessage `json:"key"`
	KeyBase64   json.RawMessage `json:"keyBase64"`
	Value       json.RawMessage `json:"value"`
	ValueBase64 json.RawMessage `json:"valueBase64"`
}

// Parse reads a record that AppendJSON wrote, or another tool: see foreign.go. Further fields are
// passed over. The error says what is wrong, without the place.
func (l *Line) Parse(line []byte) error {
	line = bytes.TrimPrefix(line, []byte(utf8Mark)) // also in the middle, where files were put together
	if l.parseOwn(line) {
		return nil
	}
	var j jsonLine
	if err := json.Unmarshal(line, &j); err != nil {
		return fmt.Errorf("not the JSON of a message, as tail -J prints it: %w", plainJSON(err))
	}
	if j.Value == nil {
		j.Value = j.KcatValue
	}
	if j.Value == nil && j.ValueBase64 == nil {
		return errors.New(`not a message: neither "value" nor "valueBase64" nor kcat's "payload" is there (rpk leaves out a value that is empty or null)`)
	}
	*l = Line{Partition: -1, Offset: -1, unquoted: l.unquoted}
	topic, err := jsonBytes("topic", j.Topic, nil)
	if err != nil {
		return err
	}
	l.Topic = string(topic)
	console := j.ConsolePartition != nil
	if console {
		j.Partition = j.ConsolePartition
	}
	if j.Partition != nil {
		l.Partition = *j.Partition
	}
	if j.Offset != nil {
		l.Offset = *j.Offset
	}
	if l.Value, err = jsonField("value", j.Value, j.ValueBase64, console); err != nil {
		return err
	}
	if l.Key, err = jsonField("key", j.Key, j.KeyBase64, console); err != nil {
		return err
	}
	kaf := j.KcatValue != nil && len(j.Timestamp) > 0 && j.Timestamp[0] == '"'
	if l.Headers, err = jsonHeaders(j.Headers, kaf, console); err != nil {
		return err
	}
	return l.setTime(&j)
}

func (l *Line) setTime(j *jsonLine) error {
	l.Timestamp, l.Timestamps = -1, batch.NoTimestamp
	at, ok, err := moment(j.Timestamp)
	switch {
	case err != nil:
		return err
	case ok:
		l.Timestamp = at
	case j.KcatTime != nil && *j.KcatTime >= 0:
		l.Timestamp = *j.KcatTime
	default:
		return nil
	}
	switch {
	case j.Kind == batch.NoTimestamp.String(), j.KcatKind == "unknown":
		l.Timestamp = -1
	case j.Kind == batch.LogAppendTime.String(), j.KcatKind == "logappend":
		l.Timestamps = batch.LogAppendTime
	default:
		l.Timestamps = batch.CreateTime
	}
	return nil
}

// plainJSON is an error of encoding/json in words of the line, not of Go's types.
func plainJSON(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return err
	case wrong.Field == "":
		return fmt.Errorf("it is of the kind %s, not an object", wrong.Value)
	case wrong.Type.Kind() == reflect.String:
		return fmt.Errorf("%q is of the kind %s, not a string", wrong.Field, wrong.Value)
	}
	return fmt.Errorf("%q is of the kind %s, not a whole number that fits", wrong.Field, wrong.Value)
}

// jsonHeaders reads our objects, kcat's list of names and values in turn, or
// another tool's.
func jsonHeaders(raw json.RawMessage, kaf, console bool) ([]batch.Header, error) {
	switch {
	case raw == nil || string(raw) == "null":
		return nil, nil
	case raw[0] == '{':
		return headerMap(raw)
	}
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, errors.New(`"headers" is not a list`)
	}
	headers := make([]batch.Header, 0, len(all))
	for i := 0; i < len(all); i++ {
		var h jsonHeader
		if kaf && all[i][0] == '{' {
			known, ok, err := saramaHeader(all[i])
			if err != nil {
				return nil, err
			}
			if ok {
				headers = append(headers, known)
				continue
			}
		}
		if all[i][0] == '{' {
			if err := json.Unmarshal(all[i], &h); err != nil {
				return nil, fmt.Errorf(`"headers": %w`, err)
			}
		} else {
			if i+1 == len(all) {
				return nil, errors.New(`"headers" ends with a name that has no value`)
			}
			h.Key, h.Value = all[i], all[i+1]
			i++
		}
		name, err := jsonBytes("header's key", h.Key, h.KeyBase64)
		if err != nil {
			return nil, err
		}
		if name == nil {
			return nil, errors.New("a header has no key")
		}
		value, err := jsonField("header's value", h.Value, h.ValueBase64, console)
		if err != nil {
			return nil, err
		}
		headers = append(headers, batch.Header{Key: string(name), Value: value})
	}
	return headers, nil
}

// jsonBytes is a field's bytes: null, a string, or the Base64 beside it. Numbers
// and objects are refused: what was meant cannot be known byte for byte.
func jsonBytes(name string, text, coded json.RawMessage) ([]byte, error) {
	if coded != nil {
		var b []byte
		encoded, err := unquote(coded)
		if err == nil {
			b, err = base64.StdEncoding.AppendDecode([]byte{}, encoded)
		}
		if err != nil {
			return nil, fmt.Errorf("the %s in Base64 is damaged", name)
		}
		return b, nil
	}
	if text == nil || string(text) == "null" {
		return nil, nil
	}
	b, err := unquote(text)
	if err != nil {
		return nil, fmt.Errorf("the %s is %w", name, err)
	}
	return b, nil
}

// unquote is a JSON string's bytes. Unlike encoding/json it keeps bytes that are
// not UTF-8, and refuses half of a surrogate pair rather than to replace it.
func unquote(quoted json.RawMessage) ([]byte, error) {
	if len(quoted) < 2 || quoted[0] != '"' {
		return nil, errors.New("neither a string nor null")
	}
	text := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(text, '\\') < 0 {
		return text, nil
	}
	return appendUnquoted(make([]byte, 0, len(text)), text)
}

// appendUnquoted appends what stands between the quotes of valid JSON.
func appendUnquoted(b, text []byte) ([]byte, error) {
	for {
		at := bytes.IndexByte(text, '\\')
		if at < 0 {
			return append(b, text...), nil
		}
		b = append(b, text[:at]...)
		code := text[at+1] // the JSON is valid: something follows
		text = text[at+2:]
		if plain := strings.IndexByte(`"\/bfnrt`, code); plain >= 0 {
			b = append(b, "\"\\/\b\f\n\r\t"[plain])
			continue
		}
		r := hexRune(text)
		text = text[4:]
		if utf16.IsSurrogate(r) {
			low := rune(math.MaxInt32)
			if len(text) >= 6 && text[0] == '\\' && text[1] == 'u' {
				low = hexRune(text[2:])
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return nil, errors.New("not text: it has half of a surrogate pair")
			}
			text = text[6:]
		}
		b = utf8.AppendRune(b, r)
	}
}

// hexRune is the first four digits, which valid JSON has.
func hexRune(digits []byte) (r rune) {
	for _, c := range digits[:4] {
		r <<= 4
		switch {
		case c <= '9':
			r |= rune(c - '0')
		case c <= 'F':
			r |= rune(c - 'A' + 10)
		default:
			r |= rune(c - 'a' + 10)
		}
	}
	return r
}
