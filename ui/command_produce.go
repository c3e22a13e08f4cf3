package ui

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"
)

// The message that is composed, said as a command that sends the same one.

// copiedMost is how large a value may be in a command line.
const copiedMost = 64 << 10

// saidMessage is what such a command shall send.
type saidMessage struct {
	reach     Reach
	topic     string
	key       []byte // nil: null
	value     []byte // nil: null
	headers   []batch.Header
	partition int32 // kafka.AnyPartition: by key
}

// isText says whether b can stand in a command line.
func isText(b []byte) bool { return utf8.Valid(b) && !slices.Contains(b, 0) }

// plain says whether flags can say all of the message.
func (s *saidMessage) plain() bool {
	for _, h := range s.headers {
		if h.Value == nil || !isText(h.Value) || !isText([]byte(h.Key)) || h.Key == "" || strings.Contains(h.Key, "=") {
			return false
		}
	}
	return isText(s.key) && isText(s.value)
}

func (s *saidMessage) sayings() []saying {
	all := []saying{s.milena(), s.kcat(), s.console()}
	for i := range all {
		if len(s.value) > copiedMost {
			all[i].text, all[i].why = "", "the value has "+human.Bytes(int64(len(s.value)))+", too large for a command line: send it from a file"
		}
	}
	return all
}

func (s *saidMessage) milena() saying {
	out := saying{key: "m", tool: "milena"}
	words := []string{"milena", "produce"}
	words = append(words, value("--topic", s.topic)...)
	before := ""
	switch {
	case s.plain():
		if s.key != nil {
			words = append(words, value("--key", string(s.key))...)
		}
		for _, h := range s.headers {
			words = append(words, value("--header", h.Key+"="+string(h.Value))...)
		}
		if s.partition != kafka.AnyPartition {
			words = append(words, "-p", itoa(int64(s.partition)))
		}
		if s.value == nil {
			words = append(words, "-Z")
		}
	default:
		before = "printf %s " + quote(s.line()) + " | "
		words = append(words, "-J")
		if s.partition != kafka.AnyPartition {
			words = append(words, "--keep-partition")
		}
	}
	words = append(words, s.reach.Flags...)
	if !slices.Contains(s.reach.Flags, "--context") {
		words = append(words, "-b", strings.Join(s.reach.Brokers, ","))
	}
	if before == "" {
		words = append(words, "--", string(s.value))
	}
	out.text = before + shell(words...)
	return out
}

// line is the message as tail -J prints it, which produce -J reads.
func (s *saidMessage) line() string {
	b := []byte("{")
	field := func(name string, p []byte, more bool) {
		if more {
			b = append(b, ',')
		}
		switch {
		case p != nil && !utf8.Valid(p):
			b = append(append(append(b, `"`+name+`Base64":"`...), base64.StdEncoding.EncodeToString(p)...), '"')
		case p == nil:
			b = append(b, `"`+name+`":null`...)
		default:
			quoted, _ := json.Marshal(string(p)) // a string always can
			b = append(append(b, `"`+name+`":`...), quoted...)
		}
	}
	if s.partition != kafka.AnyPartition {
		b = fmt.Appendf(b, `"partition":%d,`, s.partition)
	}
	field("key", s.key, false)
	field("value", s.value, true)
	b = append(b, `,"headers":[`...)
	for i, h := range s.headers {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		field("key", []byte(h.Key), false)
		field("value", h.Value, true)
		b = append(b, '}')
	}
	return string(append(b, "]}"...))
}

// separator stands between kcat's messages: one message may have lines then.
const separator = '\x1e'

func (s *saidMessage) kcat() saying {
	out := saying{key: "k", tool: "kcat"}
	switch {
	case !s.plain():
		out.why = "kcat takes only text in keys and headers, and no null header"
	case s.value != nil && len(s.value) == 0:
		out.why = "kcat does not send an empty value"
	case slices.Contains(s.value, separator):
		out.why = "the value contains the byte that separates messages"
	case s.key != nil && len(s.key) == 0:
		out.why = "kcat makes an empty key null"
	}
	if out.why != "" {
		return out
	}
	words := []string{"kcat", "-P", "-b", strings.Join(s.reach.Brokers, ","), "-t", s.topic, "-D", `\x1e`, "-X", "topic.partitioner=murmur2_random"}
	if s.key != nil {
		words = append(words, "-k", string(s.key))
	}
	for _, h := range s.headers {
		words = append(words, "-H", h.Key+"="+string(h.Value))
	}
	if s.partition != kafka.AnyPartition {
		words = append(words, "-p", itoa(int64(s.partition)))
	}
	before := "printf %s " + quote(string(s.value))
	if s.value == nil {
		before = `printf '\036'`
		words = append(words, "-Z")
	}
	if s.reach.Secured {
		words = append(words, "-F", "FILE")
		out.remark = "FILE holds TLS and login as librdkafka names them"
	}
	out.text = before + " | " + shell(words...)
	return out
}

func (s *saidMessage) console() saying {
	out := saying{key: "c", tool: "console"}
	awkward := func(b []byte) bool { return !isText(b) || strings.ContainsAny(string(b), "\t\r\n") }
	switch {
	case s.partition != kafka.AnyPartition:
		out.why = "it cannot choose a partition"
	case s.value == nil:
		out.why = "null needs a marker that no value contains"
	case len(s.headers) > 0:
		out.why = "it splits headers at every comma and colon"
	case awkward(s.key) || awkward(s.value):
		out.why = "it sends each line as a message, and splits it at the tab"
	case s.key != nil && len(s.key) == 0:
		out.why = "it cannot send an empty key"
	}
	if out.why != "" {
		return out
	}
	line := string(s.value)
	words := []string{"kafka-console-producer.sh", "--bootstrap-server", strings.Join(s.reach.Brokers, ",")}
	words = append(words, value("--topic", s.topic)...)
	if s.key != nil {
		line = string(s.key) + "\t" + line
		words = append(words, "--property", "parse.key=true")
	}
	if s.reach.Secured {
		words = append(words, "--producer.config", cmp.Or(s.reach.Properties, "FILE"))
		if s.reach.Properties == "" {
			out.remark = "FILE holds the client's properties"
		}
	}
	out.text = `printf '%s\n' ` + quote(line) + " | " + shell(words...)
	return out
}

// saysMessage is the message as it is composed now.
func (m *Model) saysMessage() *saidMessage {
	c := &m.compose
	x := c.composed()
	s := &saidMessage{reach: m.reach(), topic: c.topic, key: x.keyBytes(), value: x.valueBytes(), headers: x.heads, partition: kafka.AnyPartition}
	if p, err := strconv.ParseInt(strings.TrimSpace(c.part.String()), 10, 32); err == nil {
		s.partition = int32(p)
	}
	return s
}

// openCopyMessage offers the ways to send it.
func (m *Model) openCopyMessage() tea.Cmd {
	m.over = &copySheet{under: m.over, all: m.saysMessage().sayings(), title: "copy the message as a command"}
	return nil
}
