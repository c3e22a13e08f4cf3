package archive

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// told is a record as a test writes it.
func told(l *Line) string {
	field := func(b []byte) string {
		if b == nil {
			return "∅"
		}
		return string(b)
	}
	var headers []string
	for _, h := range l.Headers {
		headers = append(headers, h.Key+"="+field(h.Value))
	}
	return fmt.Sprintf("%s/%d@%d %d %s|%s [%s]", l.Topic, l.Partition, l.Offset, l.Timestamp, field(l.Key), field(l.Value), strings.Join(headers, " "))
}

// One real line of each tool.
func TestLinesOfOtherTools(t *testing.T) {
	for _, c := range []struct{ tool, line, want string }{
		{"kcat -J", `{"topic":"orders","partition":0,"offset":10,"tstype":"create","ts":1796103256776,"broker":1,"headers":["a","1","a",null],"key":null,"payload":"a:1"}`,
			"orders/0@10 1796103256776 ∅|a:1 [a=1 a=∅]"},
		{"kcat -J with headers as a map", `{"topic":"t","partition":0,"offset":1,"tstype":"create","ts":5,"broker":1,"headers":{"b":["1",null],"a":["2"]},"key":"k","payload":"v"}`,
			"t/0@1 5 k|v [b=1 b=∅ a=2]"},
		{"kaf consume --output json", `{"headers":[{"Key":"dHJhY2UtaWQ=","Value":"OGIxYQ=="},{"Key":"bm9uZQ==","Value":null}],"key":"user-12","offset":7,"partition":3,"payload":{"id":1,"event":"login"},"timestamp":"2026-01-31T14:05:00.123Z"}`,
			`/3@7 1769868300123 user-12|{"id":1,"event":"login"} [trace-id=8b1a none=∅]`},
		{"kaf consume --output json, a number and no time", `{"key":42,"offset":7,"partition":3,"payload":"plain","timestamp":"0001-01-01T00:00:00Z"}`,
			`/3@7 -1 42|plain []`},
		{"kaf consume --output json-each-row", `{"topic":"orders","partition":1,"offset":2,"timestamp":"2026-01-31T14:05:00Z","headers":[{"key":"a","value":"1"}],"key":"k","payload":"{\"x\":1}"}`,
			`orders/1@2 1769868300000 k|{"x":1} [a=1]`},
		{"kafkactl consume -o json-raw", `{"Partition":1,"Offset":5,"Headers":{"trace-id":"8b1a","type":"order"},"Key":"user-12","Value":"{\"id\":1}","Timestamp":"2026-01-31T15:05:00+01:00"}`,
			`/1@5 1769868300000 user-12|{"id":1} [trace-id=8b1a type=order]`},
		{"kafkactl consume -o json-raw, a tombstone", `{"Partition":1,"Offset":6,"Key":"k","Value":null}`, `/1@6 -1 k|∅ []`},
		{"rpk topic consume --pretty-print=false", `{"topic":"orders","key":"k","value":"v","headers":[{"key":"a","value":"1"}],"timestamp":1769868300000,"partition":2,"offset":9}`,
			"orders/2@9 1769868300000 k|v [a=1]"},
		{"Redpanda Console", `{"partitionID":0,"offset":4,"timestamp":1769868300000,"compression":"snappy","isTransactional":false,"headers":[{"key":"a","value":{"payload":"1","encoding":"text","isPayloadNull":false,"schemaId":0,"size":1}}],"key":{"payload":"user-12","encoding":"text","isPayloadNull":false,"schemaId":0,"size":7},"value":{"payload":{"id":1},"encoding":"json","isPayloadNull":false,"schemaId":0,"size":8}}`,
			`/0@4 1769868300000 user-12|{"id":1} [a=1]`},
		{"Redpanda Console, with raw data", `{"partitionID":0,"offset":4,"timestamp":1,"headers":[],"key":{"payload":null,"encoding":"null","isPayloadNull":true,"size":0},"value":{"payload":{"id":1},"rawPayload":"AAAAAAFY","encoding":"avro","isPayloadNull":false,"schemaId":1,"size":6}}`,
			"/0@4 1 ∅|\x00\x00\x00\x00\x01X []"},
		{"milena with an object as the value", `{"key":{"a": 1},"value":{"id": 1, "tags":["x"]},"headers":[{"key":"h","value":true}]}`,
			`/-1@-1 -1 {"a": 1}|{"id": 1, "tags":["x"]} [h=true]`},
	} {
		var l Line
		if err := l.Parse([]byte(c.line)); err != nil || told(&l) != c.want {
			t.Errorf("%s: %s, %v; want %s", c.tool, told(&l), err, c.want)
		}
	}
}

func TestWhatConsoleHasDecodedIsNotTheBytes(t *testing.T) {
	for line, part := range map[string]string{
		`{"partitionID":0,"value":{"payload":{"id":1},"encoding":"avro","size":6}}`:  "save with raw data",
		`{"partitionID":0,"value":{"payload":"00ff","encoding":"binary","size":2}}`:  "save with raw data",
		`{"partitionID":0,"value":{"rawPayload":"!","encoding":"avro","size":2}}`:    "damaged",
		`{"topic":"t","timestamp":1,"partition":0,"offset":0}`:                       "rpk leaves out",
		`{"payload":"x","timestamp":"2026-01-31T14:05:00Z","headers":[{"Key":"!"}]}`: "Base64",
	} {
		if err := new(Line).Parse([]byte(line)); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v; want %q", line, err, part)
		}
	}
}

func TestObjectsAreFoundInLines(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
		end  error
	}{
		{"{\"a\":1}\n{\"b\":2}\n", []string{`{"a":1}`, `{"b":2}`}, nil},
		{"{\n  \"topic\": \"foo\",\n  \"value\": \"}{\\\"\"\n}\n{\n}\n", []string{"{\n  \"topic\": \"foo\",\n  \"value\": \"}{\\\"\"\n}", "{\n}"}, nil},
		{"[\n    {\n        \"a\": [1]\n    },\n    {\n        \"b\": 2\n    }\n]", []string{"{\n        \"a\": [1]\n    }", "{\n        \"b\": 2\n    }"}, nil},
		{`[{"a":1},{"b":2}]`, []string{`{"a":1}`, `{"b":2}`}, nil},
		{"\n{\"a\":1} {\"b\":2}x\n", []string{`{"a":1}`, `{"b":2}`, "x"}, nil},
		{"{\"a\":{}\n,\"b\":1}\n", []string{"{\"a\":{}\n,\"b\":1}"}, nil},
		{"{\"a\":1", nil, errIncomplete},
		// A torn line does not swallow what follows.
		{"{\"a\":\"x\n{\"b\":2}\n", []string{`{"a":"x`, `{"b":2}`}, nil},
		{"{\"a\":1\n{\"b\":2}\n", []string{"{\"a\":1\n{"}, nil},
		{"{\"a\":\n{\"b\":2}\n{\"c\":3}", []string{"{\"a\":\n{\"b\":2}\n{"}, nil},
		{"no object\n", []string{"no object"}, nil},
		{"[]\n", nil, nil},
		{" [1]\n", []string{"[1]"}, nil},
	} {
		var o Objects
		var got []string
		var failed error
		for line := range strings.SplitSeq(strings.TrimSuffix(c.text, "\n"), "\n") {
			err := o.Line([]byte(line), func(object []byte) error {
				if bytes.HasSuffix(object, []byte("{}")) && !complete(object) {
					return errors.New("unexpected end") // as Parse would say
				}
				got = append(got, strings.TrimSpace(string(object)))
				return nil
			})
			failed = errors.Join(failed, err)
		}
		if failed != nil || !slices.Equal(got, c.want) || !errors.Is(o.End(), c.end) {
			t.Errorf("%q: %q, %v, %v; want %q, %v", c.text, got, failed, o.End(), c.want, c.end)
		}
	}
}
