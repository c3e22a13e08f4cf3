package ui

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// One field of JSON: which one stands at a place of what is shown, and its bytes as
// they were sent.

// jsonChild is an element of an object or an array: where it begins, with its name
// where it has one, and where its value begins and ends.
type jsonChild struct {
	from, value, end int
	name             string
}

// jsonEnd is where the value that begins at i ends; brackets are counted.
func jsonEnd(b []byte, i int) int {
	for depth := 0; i < len(b); {
		end, kind := jsonToken(b, i)
		if kind == jsonPunct {
			switch b[i] {
			case '{', '[', nestOpen:
				depth++
			case '}', ']', nestClose:
				depth--
			}
		}
		i = end
		if depth <= 0 && kind != jsonSpace {
			break
		}
	}
	return i
}

// jsonSkip is the first place from i on that is no space.
func jsonSkip(b []byte, i int) int {
	return len(b) - len(bytes.TrimLeft(b[i:], " \t\r\n"))
}

// jsonChildren are the elements of the object or array that begins at i; none: it is
// neither.
func jsonChildren(b []byte, i int) (all []jsonChild) {
	if i < len(b) && b[i] == nestOpen {
		i = jsonSkip(b, i+1)
	}
	if i >= len(b) || b[i] != '{' && b[i] != '[' {
		return nil
	}
	child := jsonChild{from: noHit}
	for i++; i < len(b); {
		end, kind := jsonToken(b, i)
		switch {
		case kind == jsonSpace, kind == jsonPunct && b[i] == ':':
		case kind == jsonPunct && (b[i] == '}' || b[i] == ']'):
			return all
		case kind == jsonPunct && b[i] == ',':
			child = jsonChild{from: noHit}
		case kind == jsonKey:
			child.from = i
			if json.Unmarshal(b[i:end], &child.name) != nil {
				child.name = string(b[i:end])
			}
		default:
			if child.from == noHit {
				child.from = i
			}
			end = jsonEnd(b, i)
			child.value, child.end = i, end
			all = append(all, child)
		}
		i = end
	}
	return all
}

// jsonFieldAt is the innermost field that has the place at: its name, such as
// items[1].sku, and which child of which it is; both are empty for the whole.
func jsonFieldAt(said []byte, at int) (name string, path []int) {
	for i := jsonSkip(said, 0); ; {
		object := false
		if o := i; o < len(said) {
			if said[o] == nestOpen {
				o = jsonSkip(said, o+1)
			}
			object = o < len(said) && said[o] == '{'
		}
		in := noHit
		for n, c := range jsonChildren(said, i) {
			if c.from > at || at >= c.end {
				continue
			}
			switch {
			case !object:
				name += "[" + strconv.Itoa(n) + "]"
			case name != "":
				name += "." + c.name
			default:
				name = c.name
			}
			path, in = append(path, n), c.value
			break
		}
		if in == noHit {
			return name, path
		}
		i = in
	}
}

// jsonField is the field of JSON as it was sent; of a string, what it says.
func jsonField(b []byte, path []int) []byte {
	i := jsonSkip(b, 0)
	for _, n := range path {
		if i < len(b) && b[i] == '"' {
			if b = jsonInString(b[i:jsonEnd(b, i)]); b == nil {
				return nil
			}
			i = jsonSkip(b, 0)
		}
		all := jsonChildren(b, i)
		if n >= len(all) {
			return nil
		}
		i = all[n].value
	}
	v := b[i:jsonEnd(b, i)]
	var s string
	if len(v) > 0 && v[0] == '"' && json.Unmarshal(v, &s) == nil {
		return []byte(s)
	}
	return v
}

// fieldUnder is the field under the cursor, a part of the record: its name, empty
// when there is none, and its bytes; nil: it is null.
func (in *inspector) fieldUnder() (name string, b []byte) {
	if in.note != nil || in.at < 0 || in.at >= in.total {
		return "", nil
	}
	row := in.row(in.at)
	switch {
	case row.of == &in.key:
		return "key", in.key.raw
	case row.t == &in.docText && row.line >= 0 && row.line < len(in.lines) && in.view == viewJSON && !in.part:
		name, path := jsonFieldAt(in.said, in.lines[row.line].from)
		if len(path) > 0 {
			return name, jsonField(in.raw, path)
		}
	}
	for i := range in.headers {
		if h := &in.headers[i]; row.of == &h.value || row.of == &h.name {
			return "header " + string(h.name.raw), h.value.raw
		}
	}
	return "", nil
}
