package query

import (
	"testing"

	"milena/kafka"
	"milena/kafka/batch"
)

func TestCarries(t *testing.T) {
	header := func(pairs ...string) (headers []batch.Header) {
		for i := 0; i < len(pairs); i += 2 {
			headers = append(headers, batch.Header{Key: pairs[i], Value: []byte(pairs[i+1])})
		}
		return headers
	}
	for name, test := range map[string]struct {
		carries Carries
		record  kafka.Record
		want    bool
	}{
		"key":                    {Carries{Value: "a-17"}, kafka.Record{Key: []byte("a-17")}, true},
		"a part of the key":      {Carries{Value: "a-17"}, kafka.Record{Key: []byte("a-170")}, false},
		"null key":               {Carries{Value: "a-17"}, kafka.Record{}, false},
		"any header":             {Carries{Value: "a-17"}, kafka.Record{Headers: header("x", "y", "trace", "a-17")}, true},
		"a part of a header":     {Carries{Value: "a-17"}, kafka.Record{Headers: header("trace", "a-17-b")}, false},
		"null header":            {Carries{Value: "a-17"}, kafka.Record{Headers: []batch.Header{{Key: "a-17"}}}, false},
		"word":                   {Carries{Value: "a-17"}, kafka.Record{Value: []byte(`{"id":"a-17"}`)}, true},
		"word alone":             {Carries{Value: "a-17"}, kafka.Record{Value: []byte(`a-17`)}, true},
		"longer word":            {Carries{Value: "a-17"}, kafka.Record{Value: []byte(`{"id":"a-170"}`)}, false},
		"longer before":          {Carries{Value: "a-17"}, kafka.Record{Value: []byte(`ba-17 ba-17`)}, false},
		"second place":           {Carries{Value: "a-17"}, kafka.Record{Value: []byte(`a-170 a-17`)}, true},
		"that header":            {Carries{Value: "1", Header: "trace"}, kafka.Record{Headers: header("trace", "1")}, true},
		"second of that name":    {Carries{Value: "1", Header: "trace"}, kafka.Record{Headers: header("trace", "0", "trace", "1")}, true},
		"another header":         {Carries{Value: "1", Header: "trace"}, kafka.Record{Headers: header("span", "1"), Key: []byte("1"), Value: []byte("1")}, false},
		"string field":           {Carries{Value: "x", Field: "id"}, kafka.Record{Value: []byte(`{"a":1,"id":"x"}`)}, true},
		"number field":           {Carries{Value: "42", Field: "id"}, kafka.Record{Value: []byte(`{"id":42}`)}, true},
		"another number":         {Carries{Value: "42", Field: "id"}, kafka.Record{Value: []byte(`{"id":421,"n":42}`)}, false},
		"path":                   {Carries{Value: "42", Field: "order.id"}, kafka.Record{Value: []byte(`{"order":{"id":"42"}}`)}, true},
		"name with a dot":        {Carries{Value: "42", Field: "order.id"}, kafka.Record{Value: []byte(`{"order.id":42}`)}, true},
		"in an array":            {Carries{Value: "42", Field: "lines.id"}, kafka.Record{Value: []byte(`{"lines":[{"id":1},{"id":42}]}`)}, true},
		"escaped":                {Carries{Value: "é", Field: "id"}, kafka.Record{Value: []byte(`{"id":"\u00e9"}`)}, true},
		"escaped upper case":     {Carries{Value: "é", Field: "id"}, kafka.Record{Value: []byte(`{"id":"\u00E9"}`)}, true},
		"word behind an escape":  {Carries{Value: "a/17"}, kafka.Record{Value: []byte(`{"id":"a\/17"}`)}, true},
		"word in nested JSON":    {Carries{Value: "né"}, kafka.Record{Value: []byte(`{"p":"{\"id\":\"n\\u00e9\"}"}`)}, true},
		"longer behind escapes":  {Carries{Value: "né"}, kafka.Record{Value: []byte(`{"id":"n\u00e9e"}`)}, false},
		"behind a mark":          {Carries{Value: "42", Field: "id"}, kafka.Record{Value: []byte("\ufeff{\"id\":42}")}, true},
		"twice, the last counts": {Carries{Value: "42", Field: "id"}, kafka.Record{Value: []byte(`{"id":42,"id":43}`)}, false},
		"not JSON":               {Carries{Value: "42", Field: "id"}, kafka.Record{Value: []byte(`id=42`)}, false},
		"field of a tombstone":   {Carries{Value: "42", Field: "id"}, kafka.Record{}, false},
		"the key is not a field": {Carries{Value: "42", Field: "id"}, kafka.Record{Key: []byte("42"), Value: []byte(`{}`)}, false},
	} {
		if got := test.carries.Matcher(kafka.TopicPartition{}).Match(test.record.View()); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTraceIDWithinATraceparent(t *testing.T) {
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	record := &kafka.Record{Headers: []batch.Header{{Key: "traceparent", Value: []byte("00-" + id + "-00f067aa0ba902b7-01")}}}
	for _, c := range []struct {
		carries Carries
		want    bool
	}{
		{Carries{Value: id}, true},
		{Carries{Value: id, Header: "traceparent"}, true},
		{Carries{Value: id, Header: "b3"}, false},
		{Carries{Value: "00f067aa0ba902b7"}, false},
		{Carries{Value: id[:31]}, false},
	} {
		if got := c.carries.Matcher(kafka.TopicPartition{}).Match(record.View()); got != c.want {
			t.Errorf("%+v: %v, want %v", c.carries, got, c.want)
		}
	}
}
