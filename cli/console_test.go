package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"milena/kafka"
	"milena/kafka/batch"
)

// asText is a message as a test writes it.
func asText(m kafka.Message) string {
	field := func(b []byte) string {
		if b == nil {
			return "∅"
		}
		return string(b)
	}
	var b strings.Builder
	for _, h := range m.Headers {
		fmt.Fprintf(&b, "%s=%s ", h.Key, field(h.Value))
	}
	return b.String() + field(m.Key) + "|" + field(m.Value)
}

// What kafka-console-producer 4.3 makes of the same lines, as
// kafka-console-consumer shows it.
func TestLinesAreReadAsKafkasConsoleProducerDoes(t *testing.T) {
	headers := []string{"parse.key=true", "parse.headers=true", "null.marker=NIL"}
	for _, c := range []struct {
		set        []string
		line, want string
	}{
		{headers, "h1:v1,h2:NIL\tk\tv", "h1=v1 h2=∅ k|v"},
		{headers, "h3:\tk2\tv2\twith tab", "h3= k2|v2\twith tab"},
		{headers, "NIL\tNIL\tNIL", "∅|∅"},
		{headers, "a:1\tk", `no key.separator "\t"`},
		{headers, "nope\tk\tv", "no headers.key.separator"},
		{headers, "NIL:x\tk\tv", "a name cannot be null"},
		{[]string{"parse.key=true", "key.separator=:"}, "a:1:2", "a|1:2"},
		{[]string{"parse.key=true", "key.separator=:"}, "b", "no key.separator"},
		{[]string{"parse.key=true", "key.separator=:", "ignore.error=true"}, "b", "∅|b"},
		{[]string{"parse.key=TRUE"}, "a\t1", "a|1"},
		{[]string{"parse.key=true", `key.separator=\t`}, "a\t1", "a|1"},
		{[]string{"null.marker=-"}, "-", "∅|∅"},
		{[]string{"parse.key=true", "parse.headers=true", "headers.delimiter=!", "headers.separator=&", "headers.key.separator=#", "key.separator=|"}, "a#1&b#2!k|v", "a=1 b=2 k|v"},
	} {
		set := append([]string{"client.id=x"}, c.set...)
		properties, err := takeProperties(&set, nil, readerProperties, "--reader-property")
		if err != nil || len(set) != 1 || len(properties) != len(c.set) {
			t.Fatalf("%q: %q, %q, %v", c.set, properties, set, err)
		}
		r, err := newLineReader(properties)
		if err != nil {
			t.Fatal(err)
		}
		var m kafka.Message
		got := ""
		if err := r.parse([]byte(c.line), &m); err != nil {
			got = err.Error()
		} else {
			got = asText(m)
		}
		if got != c.want && !(strings.HasPrefix(c.want, "no ") || strings.HasPrefix(c.want, "a name")) || !strings.Contains(got, c.want) {
			t.Errorf("%q of %q: %q; want %q", c.set, c.line, got, c.want)
		}
	}
}

func TestPropertiesOfAReaderThatChangeNothingAreRefused(t *testing.T) {
	for set, part := range map[string]string{
		"key.separator=:":     "without --property parse.key=true",
		"headers.separator=;": "without --property parse.headers=true",
		"ignore.error=true":   "without --property parse.key=true",
		"parse.key=yes":       "neither true nor false",
		`null.marker=x parse.headers=true headers.separator=:`: "differ",
		`parse.key=true key.separator=`:                        "at least one character",
		`parse.key=true key.separator=\q`:                      "not an escape",
	} {
		list := strings.Fields(set)
		properties, err := takeProperties(&list, nil, readerProperties, "--reader-property")
		if err == nil {
			_, err = newLineReader(properties)
		}
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v; want %q", set, err, part)
		}
	}
	for _, only := range []string{"parse.kye=true", "key.serializer=x", "parse.key"} {
		if _, err := takeProperties(new([]string), []string{only}, readerProperties, "--reader-property"); err == nil {
			t.Errorf("--reader-property %s: no error", only)
		}
	}
}

// The lines are those of kafka-console-consumer 4.3 for the same records.
func TestRecordsAreWrittenAsKafkasConsoleConsumerDoes(t *testing.T) {
	records := []batch.Record{
		{Key: []byte("key1"), Value: []byte("value one"), Headers: []batch.Header{{Key: "a", Value: []byte("1")}, {Key: "b", Value: []byte("2")}}, Timestamp: 5},
		{Value: []byte("no key"), Timestamp: 6},
		{Key: []byte("k3"), Timestamp: 7},
		{Key: []byte{}, Value: []byte{}, Headers: []batch.Header{{Key: "h3", Value: []byte{}}, {Key: "h2"}}, Timestamp: 8},
	}
	for _, c := range []struct {
		set  []string
		want string
	}{
		{[]string{"print.key=true", "print.timestamp=true", "print.partition=true", "print.offset=true", "print.headers=true"},
			"CreateTime:5\tPartition:3\tOffset:0\ta:1,b:2\tkey1\tvalue one\n" +
				"CreateTime:6\tPartition:3\tOffset:1\tNO_HEADERS\tnull\tno key\n" +
				"CreateTime:7\tPartition:3\tOffset:2\tNO_HEADERS\tk3\tnull\n" +
				"CreateTime:8\tPartition:3\tOffset:3\th3:,h2:null\t\t\n"},
		{[]string{"print.key=true", "key.separator=|", "line.separator=#", "null.literal=NIX", "headers.separator=;", "print.headers=true", "print.value=false"},
			"a:1;b:2|key1#NO_HEADERS|NIX#NO_HEADERS|k3#h3:;h2:NIX|#"},
		{[]string{"print.offset=true"}, "Offset:0\tvalue one\nOffset:1\tno key\nOffset:2\tnull\nOffset:3\t\n"},
	} {
		set := c.set
		properties, err := takeProperties(&set, nil, formatterProperties, "--formatter-property")
		if err != nil || len(set) > 0 {
			t.Fatalf("%q: %v, left %q", c.set, err, set)
		}
		write, err := consoleForm(properties)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		views(t, records, func(v *batch.View) {
			got.Write(write(nil, kafka.TopicPartition{Topic: "t", Partition: 3}, v))
		})
		if got.String() != c.want {
			t.Errorf("%q:\n%s; want\n%s", c.set, got.String(), c.want)
		}
	}
}
