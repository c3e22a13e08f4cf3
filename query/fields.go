package query

// Fields gives the paths of a sample's JSON, as an expression names them behind
// value or key (".order.total", `["trace-id"]`, ".items[0].sku"), in the order in
// which they stand, until yield says no. It goes 8 levels deep, into the first
// element of an array only, and gives 1,000 paths at most.
func Fields(value []byte, yield func(path string) bool) {
	f := fieldLister{b: value, yield: yield, left: 1000}
	f.value(jsonStart(value), nil)
}

const fieldsDeep = 8

type fieldLister struct {
	b     []byte
	yield func(string) bool
	left  int
}

// value lists what is in the value at i and gives the position behind it.
func (f *fieldLister) value(i int, path []step) int {
	if i >= len(f.b) {
		return done
	}
	if len(path) > 0 {
		if f.left--; f.left < 0 || !f.yield(pathText(path)) {
			return done
		}
	}
	c := f.b[i]
	if len(path) == fieldsDeep || c != '{' && c != '[' {
		return skipValue(f.b, i)
	}
	i++
	for n := 0; ; n++ {
		if i = skipSpace(f.b, i); i >= len(f.b) {
			return done
		}
		if f.b[i] == '}' || f.b[i] == ']' {
			return i + 1
		}
		if c == '[' && n > 0 {
			return skipDepth(f.b, i, 1)
		}
		next := step{index: n}
		if c == '{' {
			var ok bool
			if next, i, ok = f.name(i); !ok {
				return done
			}
		}
		if i = f.value(i, append(path, next)); i < 0 {
			return done
		}
		if i = skipSpace(f.b, i); i < len(f.b) && f.b[i] == ',' {
			i++
		}
	}
}

// name reads a name and its colon.
func (f *fieldLister) name(i int) (s step, next int, ok bool) {
	if f.b[i] != '"' {
		return s, i, false
	}
	end, escaped := stringEnd(f.b, i+1)
	if end < 0 {
		return s, i, false
	}
	name := f.b[i+1 : end]
	if escaped {
		if name, ok = unescape(nil, name); !ok {
			return s, i, false
		}
	}
	if i = skipSpace(f.b, end+1); i >= len(f.b) || f.b[i] != ':' {
		return s, i, false
	}
	return step{name: string(name), index: -1}, skipSpace(f.b, i+1), true
}
