package query

import (
	"strings"
	"testing"

	"milena/kafka"
	"milena/kafka/batch"
)

func TestPartsOfARecord(t *testing.T) {
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	rec := kafka.Record{
		Key: []byte(`{"id": 9007199254740993}`),
		Value: []byte(`{"a": {"b": 1.50, "b": 2}, "text": "x\u00e4\"\n", "none": null, "yes": true, "nan": NaN, "empty": "", "list": [ 1, [2], {"c":3} ],
			"a b": {"é": -0e1}, "\u006eame": "escaped", "deep": ` + deep + `, "last": "` + "\xff" + `"}`),
		Headers: []batch.Header{{Key: "h", Value: []byte("first")}, {Key: "h", Value: []byte("second")}, {Key: "null"}, {Key: "a, b", Value: []byte{}}},
	}
	v := rec.View()
	const null = "\x00null"
	for path, want := range map[string]string{
		"value.a.b": "2", "value.text": "xä\"\n", "value.none": null, "value.yes": "true", "value.nan": null, "value.empty": "",
		"value.list": `[ 1, [2], {"c":3} ]`, "value.list[0]": "1", "value.list[1][0]": "2", "value.list[2].c": "3", "value.list[3]": null,
		`value["a b"].é`: "-0e1", "value.name": "escaped", "value.deep": deep, "value.last": "\xff", "value.a": `{"b": 1.50, "b": 2}`,
		"value.a.c": null, "value.a[0]": null, "value.yes.no": null, "key.id": "9007199254740993", "key[0]": null,
		"header.h": "first", "header.null": null, `header["a, b"]`: "", "header.none": null,
	} {
		p, err := ParsePart(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		got := null
		if b := p.Of(v); b != nil {
			got = string(b)
		}
		if got != want {
			t.Errorf("%s is %.80q, not %.80q", path, got, want)
		}
	}
	for _, broken := range []string{"", "{", `{"a"`, `{"a":`, `{"a":1`, `{"a" 1}`, `{"a":1,`, `{1:2}`, `[`, `{"a":[1`, `{"b":"x`, `{"b":"\`, "nothing"} {
		for _, path := range []string{"value.a.b", "value.b", "value[1]", "value.a[1]"} {
			p, _ := ParsePart(path)
			if b := p.Of(&batch.View{Value: []byte(broken)}); b != nil {
				t.Errorf("%s of %q is %q", path, broken, b)
			}
		}
	}
	for _, path := range []string{"", "value", "header", "partition", "topic.a", "value.", "value.a == 1", "true", "header.a.b", "value[-1]", "colour.red", "value.a value.b"} {
		if _, err := ParsePart(path); err == nil {
			t.Errorf("%q is no path, and no error", path)
		}
	}
}
