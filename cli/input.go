package cli

// What produce reads: lines, pairs of key and value, and the JSON that tail
// prints, or kcat.

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"milena/kafka"
	"milena/kafka/batch"
)

// longestLine is beyond any message that Kafka takes: a record's length is an
// int32, and a line is held whole.
const longestLine = 1 << 30

// lines cuts a stream into lines.
type lines struct {
	chunks <-chan chunk
	free   chan<- []byte
	carry  []byte // the beginning of a line that is not complete
}

// chunk is what one Read brought.
type chunk struct {
	bytes []byte
	err   error
}

// readLines reads ahead in a goroutine of its own. It ends with the stream or
// with ctx, except that a Read under way cannot be interrupted: it ends then
// with the process.
func readLines(ctx context.Context, in io.Reader) *lines {
	const size, ahead = 256 << 10, 3
	chunks, free := make(chan chunk), make(chan []byte, ahead)
	for range ahead {
		free <- make([]byte, size)
	}
	go func() {
		for {
			buf := <-free
			n, err := in.Read(buf)
			select {
			case chunks <- chunk{buf[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return &lines{chunks: chunks, free: free}
}

// each gives every line without its newline, the last one also when it has
// none. The bytes are valid during the call. When ctx ends, what was read of a
// line that is not complete is left, and counted.
func (l *lines) each(ctx context.Context, do func(line []byte) error) (left int, err error) {
	for {
		var c chunk
		select {
		case c = <-l.chunks:
		case <-ctx.Done():
			return len(l.carry), nil
		}
		rest := c.bytes
		for {
			at := bytes.IndexByte(rest, '\n')
			if at < 0 {
				break
			}
			line := rest[:at]
			if len(l.carry) > 0 {
				l.carry = append(l.carry, line...)
				line = l.carry
			}
			err := do(line)
			if l.carry = l.carry[:0]; cap(l.carry) > bufferKept {
				l.carry = nil
			}
			if err != nil {
				return 0, err
			}
			rest = rest[at+1:]
		}
		l.carry = append(l.carry, rest...)
		switch {
		case c.err == io.EOF:
			if len(l.carry) > 0 {
				return 0, do(l.carry)
			}
			return 0, nil
		case c.err != nil:
			return len(l.carry), fmt.Errorf("stdin: %w", c.err)
		case len(l.carry) > longestLine:
			return len(l.carry), errors.New("stdin: a line is longer than 1 GiB, more than a Kafka message can be")
		}
		l.free <- c.bytes[:cap(c.bytes)]
	}
}

// parser makes a message of a line.
type parser func(line []byte, m *kafka.Message) error

// pairParser cuts a line at the first delimiter into key and value; without one
// it is all value, and the key null.
func pairParser(delimiter string) parser {
	return func(line []byte, m *kafka.Message) error {
		key, value, ok := bytes.Cut(line, []byte(delimiter))
		if !ok {
			m.Key, m.Value = nil, line
			return nil
		}
		m.Key, m.Value = key, value
		return nil
	}
}

// jsonLine is a message as tail -J prints it, or kcat. Raw, because a null is
// not an absence, and because kcat does not mind bytes that are not UTF-8.
type jsonLine struct {
	Partition   *int32          `json:"partition"`
	Timestamp   *int64          `json:"timestamp"`
	Kind        string          `json:"timestampType"`
	Key         json.RawMessage `json:"key"`
	KeyBase64   json.RawMessage `json:"keyBase64"`
	Value       json.RawMessage `json:"value"`
	ValueBase64 json.RawMessage `json:"valueBase64"`
	Headers     json.RawMessage `json:"headers"`

	KcatTime  *int64          `json:"ts"`
	KcatValue json.RawMessage `json:"payload"`
}

type jsonHeader struct {
	Key         json.RawMessage `json:"key"`
	KeyBase64   json.RawMessage `json:"keyBase64"`
	Value       json.RawMessage `json:"value"`
	ValueBase64 json.RawMessage `json:"valueBase64"`
}

// jsonParser reads key, value, headers and timestamp, and the partition when it
// is to be kept.
func jsonParser(keepPartition bool) parser {
	return func(line []byte, m *kafka.Message) error {
		var j jsonLine
		if err := json.Unmarshal(line, &j); err != nil {
			return fmt.Errorf("no JSON as tail -J or kcat -J prints it: %w", plainJSON(err))
		}
		if j.Value == nil {
			j.Value = j.KcatValue
		}
		if j.Value == nil && j.ValueBase64 == nil {
			return errors.New(`no message: neither "value" nor "valueBase64" nor kcat's "payload" is there`)
		}
		var err error
		if m.Value, err = jsonBytes("value", j.Value, j.ValueBase64); err != nil {
			return err
		}
		if m.Key, err = jsonBytes("key", j.Key, j.KeyBase64); err != nil {
			return err
		}
		if m.Headers, err = jsonHeaders(j.Headers); err != nil {
			return err
		}
		if m.Timestamp = kafka.NoTimestamp; j.Timestamp != nil {
			m.Timestamp = *j.Timestamp
		} else if j.KcatTime != nil {
			m.Timestamp = *j.KcatTime
		}
		if j.Kind == batch.NoTimestamp.String() || j.KcatTime != nil && m.Timestamp < 0 {
			m.Timestamp = kafka.NoTimestamp
		}
		if m.Timestamp == kafka.NoTimestamp && j.Timestamp != nil && j.Kind != batch.NoTimestamp.String() {
			return fmt.Errorf("timestamp %d is no time", *j.Timestamp)
		}
		if keepPartition {
			if j.Partition == nil || *j.Partition < 0 {
				return errors.New(`--keep-partition, but there is no "partition"`)
			}
			m.Partition = *j.Partition
		}
		return nil
	}
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

// jsonHeaders reads our objects, or kcat's list of names and values in turn.
func jsonHeaders(raw json.RawMessage) ([]batch.Header, error) {
	if raw == nil || string(raw) == "null" {
		return nil, nil
	}
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, errors.New(`"headers" is no list`)
	}
	headers := make([]batch.Header, 0, len(all))
	for i := 0; i < len(all); i++ {
		var h jsonHeader
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
		value, err := jsonBytes("header's value", h.Value, h.ValueBase64)
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
	b := make([]byte, 0, len(text))
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

// parsePairs reads the name=value of a flag.
func parsePairs(flag string, pairs []string) ([]batch.Header, error) {
	var headers []batch.Header
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usage("%s takes name=value, not %q", flag, pair)
		}
		headers = append(headers, batch.Header{Key: name, Value: []byte(value)})
	}
	return headers, nil
}
