package archive

// The lines that AppendJSON writes, read without looking for anything: each
// field is where it must be. Whatever else is JSON takes the longer way.

import (
	"bytes"
	"encoding/base64"
	"math"
	"strings"

	"milena/kafka/batch"
)

// scanner reads on through a line. Once something is not as it must be, it is
// bad for good.
type scanner struct {
	rest     []byte
	unquoted []byte // what was escaped so far; not nil
	bad      bool
}

// parseOwn reads a line of ours; false: it is none.
func (l *Line) parseOwn(line []byte) bool {
	if l.unquoted == nil {
		l.unquoted = make([]byte, 0, 256)
	}
	s := scanner{rest: line, unquoted: l.unquoted[:0]}
	defer func() { l.unquoted = s.unquoted }()
	topic := l.head(&s)
	if s.bad {
		return false
	}
	s.literal(`,"timestamp":`)
	l.Timestamp = s.int()
	s.literal(`,"timestampType":`)
	switch string(s.text()) {
	case "CreateTime":
		l.Timestamps = batch.CreateTime
	case "LogAppendTime":
		l.Timestamps = batch.LogAppendTime
	case "NoTimestampType":
		l.Timestamp, l.Timestamps = -1, batch.NoTimestamp
	default:
		return false
	}
	s.literal(`,"key`)
	l.Key = s.field()
	s.literal(`,"value`)
	l.Value = s.field()
	s.literal(`,"headers":[`)
	l.Headers = l.Headers[:0]
	for first := true; !s.bad && !s.skip("]"); first = false {
		if !first {
			s.literal(",")
		}
		s.literal(`{"key`)
		name := s.field()
		s.literal(`,"value`)
		value := s.field()
		s.literal("}")
		s.bad = s.bad || name == nil
		l.Headers = append(l.Headers, batch.Header{Key: string(name), Value: value})
	}
	s.literal("}")
	if s.bad || len(s.rest) > 0 {
		return false
	}
	if l.Topic != string(topic) { // mostly it is that of the line before
		l.Topic = string(topic)
	}
	return true
}

// head reads a line's first fields, and gives the topic in place.
func (l *Line) head(s *scanner) (topic []byte) {
	s.literal(`{"topic":`)
	topic = s.text()
	s.literal(`,"partition":`)
	partition := s.int()
	s.literal(`,"offset":`)
	l.Offset = s.int()
	s.bad = s.bad || partition < 0 || partition > math.MaxInt32
	l.Partition = int32(partition)
	return topic
}

// skip passes over a word, when it is there.
func (s *scanner) skip(word string) bool {
	if len(s.rest) < len(word) || string(s.rest[:len(word)]) != word {
		return false
	}
	s.rest = s.rest[len(word):]
	return true
}

func (s *scanner) literal(word string) { s.bad = !s.skip(word) || s.bad }

// int reads a whole number in the one way that JSON and strconv have for it.
func (s *scanner) int() int64 {
	negative := s.skip("-")
	var n uint64
	digits := 0
	for ; digits < len(s.rest) && digits < 20; digits++ {
		c := s.rest[digits] - '0'
		if c > 9 {
			break
		}
		n = n*10 + uint64(c)
	}
	switch {
	case digits == 0 || digits > 19, s.rest[0] == '0' && (digits > 1 || negative),
		n > math.MaxInt64 && (!negative || n > 1<<63):
		s.bad = true
		return 0
	}
	s.rest = s.rest[digits:]
	if negative {
		return -int64(n)
	}
	return int64(n)
}

// field reads what follows a name: ":null, ":"text" or Base64":"…".
func (s *scanner) field() []byte {
	switch {
	case s.skip(`":null`):
		return nil
	case s.skip(`":`):
		return s.text()
	}
	s.literal(`Base64":`)
	coded := s.text()
	at := len(s.unquoted)
	b, err := base64.StdEncoding.AppendDecode(s.unquoted, coded)
	s.bad = s.bad || err != nil
	s.unquoted = b
	return b[at:len(b):len(b)]
}

// closing are the bytes that do not stand for themselves in a string.
var closing = func() (special [256]bool) {
	for c := range special {
		special[c] = c < ' ' || c == '"' || c == '\\'
	}
	return special
}()

// text reads a string: in place, unless something in it is escaped.
func (s *scanner) text() []byte {
	if s.bad || len(s.rest) == 0 || s.rest[0] != '"' {
		s.bad = true
		return nil
	}
	escaped := false
	for i := 1; i < len(s.rest); i++ {
		c := s.rest[i]
		if !closing[c] {
			continue
		}
		switch c {
		case '"':
			quoted := s.rest[:i+1]
			s.rest = s.rest[i+1:]
			if !escaped {
				return quoted[1:i:i]
			}
			at := len(s.unquoted)
			b, err := appendUnquoted(s.unquoted, quoted[1:i])
			if err != nil {
				s.bad = true
				return nil
			}
			s.unquoted = b
			return b[at:len(b):len(b)]
		case '\\':
			n := escapeLen(s.rest[i:])
			if n == 0 {
				s.bad = true
				return nil
			}
			escaped = true
			i += n - 1
		default:
			s.bad = true
			return nil
		}
	}
	s.bad = true
	return nil
}

// escapeLen is the length of the escape that b begins with; 0: it is none.
func escapeLen(b []byte) int {
	switch {
	case len(b) > 1 && strings.IndexByte(`"\/bfnrt`, b[1]) >= 0:
		return 2
	case len(b) > 5 && b[1] == 'u' && len(bytes.Trim(b[2:6], "0123456789abcdefABCDEF")) == 0:
		return 6
	}
	return 0
}
