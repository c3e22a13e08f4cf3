package query

import (
	"errors"

	"milena/kafka/batch"
)

// Part is what a path such as value.order.total or header["name"] leads to in a
// record, as it is written there: the columns of a table. It does not change and
// may be shared.
type Part struct {
	field  field
	header string
	path   []step
}

// ParsePart reads a path, as expressions have it. The error is a sentence.
func ParsePart(text string) (*Part, error) {
	tree, err := parseExpr(text)
	if err == nil && tree.op == "name" {
		c := compiler{src: text}
		var o operand
		if o, err = c.name(tree); err == nil && (o.field == headerField || len(o.path) > 0) {
			return &Part{o.field, o.header, o.path}, nil
		}
	}
	var f *fault
	if errors.As(err, &f) {
		return nil, errorAt(text, f.at, f.message)
	}
	return nil, errorAt(text, 0, `a path is missing, such as value.order.total, key.id or header["name"]`)
}

// Of is that part of a record: a text without its quotes and escapes, all else as
// it is written. It is nil where there is none, or null. Of several headers of
// that name it is the first.
func (p *Part) Of(v *batch.View) []byte {
	var b []byte
	switch p.field {
	case keyField:
		b = v.Key
	case valueField:
		b = v.Value
	case headerField:
		for name, text := range v.Headers() {
			if string(name) == p.header {
				return text
			}
		}
		return nil
	}
	i := jsonStart(b)
	for _, s := range p.path {
		if i = into(b, i, s); i < 0 {
			return nil
		}
	}
	end := skipValue(b, i)
	if end < 0 {
		return nil
	}
	switch raw := b[i:end]; raw[0] {
	case '{', '[':
		return raw
	case '"':
		text, ok := unescape([]byte{}, raw[1:len(raw)-1]) // an empty one is not nil
		if !ok {
			return nil
		}
		return text
	default:
		var known value
		if known.scalar(raw); known.kind == isMissing || known.kind == isNull {
			return nil
		}
		return raw
	}
}

// into goes from the container at i to where a step leads, of a name that comes
// twice to the last; done: nowhere.
func into(b []byte, i int, s step) int {
	opens := byte('[')
	if s.index < 0 {
		opens = '{'
	}
	if i >= len(b) || b[i] != opens {
		return done
	}
	last := done
	for n := 0; ; n++ {
		i = skipSpace(b, i+1)
		found := n == s.index
		if opens == '{' {
			if i >= len(b) || b[i] != '"' {
				return last
			}
			end, escaped := stringEnd(b, i+1)
			if end < 0 {
				return last
			}
			name := b[i+1 : end]
			if escaped {
				name, _ = unescape(nil, name)
			}
			found = string(name) == s.name
			if i = skipSpace(b, end+1); i >= len(b) || b[i] != ':' {
				return last
			}
			i = skipSpace(b, i+1)
		}
		if i >= len(b) || b[i] == ']' {
			return last
		}
		if found && opens == '[' {
			return i
		}
		if found {
			last = i
		}
		if i = skipValue(b, i); i < 0 {
			return last
		}
		if i = skipSpace(b, i); i >= len(b) || b[i] != ',' {
			return last
		}
	}
}
