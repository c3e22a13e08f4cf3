package query

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"milena/kafka"
)

// An expression's tree made into nodes that decide, with its types checked.

type compiler struct {
	src    string
	now    time.Time
	loc    *time.Location
	q      *Query
	fields int // how often the expression names a field of the record
}

// compile makes a query of an expression. Its errors are *fault.
func compile(src string, now time.Time, loc *time.Location) (*Query, *expr, error) {
	tree, err := parseExpr(src)
	if err != nil {
		return nil, nil, err
	}
	c := &compiler{src: src, now: now, loc: loc, q: &Query{kind: Expression, trees: [2]*paths{newPaths(), newPaths()}}}
	n, err := c.condition(tree)
	if err != nil {
		return nil, nil, err
	}
	if c.fields == 0 {
		return nil, tree, faultf(0, "name a field of a record: the fields are %s", fieldsKnown)
	}
	c.q.plan = conjunction([]node{n})
	c.q.lit = litBy(n, false, nil)
	return c.q, tree, nil
}

// condition compiles what is true or false.
func (c *compiler) condition(s *expr) (node, error) {
	switch s.op {
	case "()":
		return c.condition(s.args[0])
	case "!":
		n, err := c.condition(s.args[0])
		if err != nil {
			return nil, err
		}
		return not{n}, nil
	case "&&", "||":
		var nodes []node
		for _, arg := range s.args {
			n, err := c.condition(arg)
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n)
		}
		if s.op == "&&" {
			return all(conjunction(nodes)), nil
		}
		return either(nodes), nil
	case "name":
		if s.text == "true" || s.text == "false" {
			return fixed(s.text == "true"), nil
		}
		o, err := c.operand(s)
		if err != nil {
			return nil, err
		}
		if o.typ != pathType {
			return nil, faultf(s.from, "%s is %s, not true or false: compare it with a value", o.text, typeNames[o.typ])
		}
		if err := c.readJSON(&o, s); err != nil {
			return nil, err
		}
		cmp := &comparison{relation: isTrue, x: o, text: o.text}
		return cmp.withNeedle(), nil
	case "+", "-", "unary +", "unary -", "number", "text", "list", "call":
		return nil, faultf(s.at, "%s is not true or false: compare it with a field", c.written(s))
	}
	return c.comparison(s)
}

func (c *compiler) written(s *expr) string { return c.src[s.from:s.end] }

var relations = map[string]relation{
	"==": equals, "!=": equals, "<": less, "<=": lessOrEqual, ">": greater, ">=": greaterOrEqual,
	"in": oneOf, "contains": contains, "startsWith": startsWith, "endsWith": endsWith, "matches": matches,
}

// mirrored is the relation of two operands that change places.
var mirrored = map[relation]relation{
	equals: equals, less: greater, lessOrEqual: greaterOrEqual, greater: less, greaterOrEqual: lessOrEqual,
}

func (c *compiler) comparison(s *expr) (node, error) {
	op, negated := strings.CutPrefix(s.op, "not ")
	n := &comparison{relation: relations[op], negate: negated || op == "!=", text: c.written(s)}
	var err error
	if n.x, err = c.operand(s.args[0]); err != nil {
		return nil, err
	}
	switch n.relation {
	case oneOf:
		err = c.oneOf(n, s.args[1])
	case contains, startsWith, endsWith, matches:
		err = c.textual(n, op, s.args[1])
	default:
		if n.y, err = c.operand(s.args[1]); err == nil {
			err = c.ordinary(n, op, s)
		}
	}
	if err != nil {
		return nil, err
	}
	return n.withNeedle(), nil
}

// ordinary checks == != < <= > >=.
func (c *compiler) ordinary(n *comparison, op string, s *expr) error {
	x, y := s.args[0], s.args[1]
	if n.x.field == constant && n.y.field == constant {
		return faultf(s.from, "neither side of %s is a field of a record: the fields are %s", op, fieldsKnown)
	}
	if n.x.field == constant || n.y.field == headerField {
		if n.x.field == headerField {
			return faultf(y.from, "two headers cannot be compared: a record may have several of each")
		}
		n.x, n.y, x, y = n.y, n.x, y, x
		n.relation = mirrored[n.relation]
	}
	if ordering[op] {
		for _, side := range []struct {
			o *operand
			s *expr
		}{{&n.x, x}, {&n.y, y}} {
			if t := side.o.typ; t == boolType || t == nullType {
				return faultf(side.s.from, "%s has no order: use == or !=", side.o.text)
			}
		}
	}
	return c.pair(&n.x, &n.y, x, y)
}

// pair checks that two operands can be compared and decides how fields that may
// be read in several ways are read.
func (c *compiler) pair(x, y *operand, xs, ys *expr) error {
	if x.typ == timeType && y.field == constant && y.typ == textType {
		if err := c.instant(y, ys); err != nil {
			return err
		}
	}
	if !accepts[x.typ][y.typ] && (y.field == constant || !accepts[y.typ][x.typ]) {
		return mismatch(x, y, ys)
	}
	for _, side := range []struct {
		o, other *operand
		s        *expr
	}{{x, y, xs}, {y, x, ys}} {
		switch t := side.other.typ; {
		case side.o.typ == pathType,
			side.o.typ == wholeType && (t == numberType || t == sizeType || t == boolType || t == timeType):
			if err := c.readJSON(side.o, side.s); err != nil {
				return err
			}
		}
	}
	return nil
}

func mismatch(x, y *operand, ys *expr) error {
	if y.field == constant && (x.typ == wholeType || x.typ == pathType) && y.typ == timeType {
		return meantf(ys.from, "times are compared with timestamp only; those of JSON are texts or numbers, as they are written there")
	}
	if y.typ == durationType {
		return meantf(ys.from, "%s is a duration, which %s is not compared with: a time is now() - %s", y.text, x.text, y.text)
	}
	if y.typ == nullType {
		return meantf(ys.from, "%s is never null", x.text)
	}
	return meantf(ys.from, "%s is %s and %s is %s: they are never equal", x.text, typeNames[x.typ], y.text, typeNames[y.typ])
}

// instant reads a text that is compared with a time as one.
func (c *compiler) instant(o *operand, s *expr) error {
	at, err := kafka.ParseTime(string(o.v.text), c.now, c.loc)
	if err != nil {
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		}
		return meantf(s.from, `%s is not a time: %v; times are now() - 2h, "14:05", "2026-11-22T14:05Z"`, o.text, err)
	}
	o.setTime(at.UnixMilli())
	return nil
}

func (c *compiler) oneOf(n *comparison, s *expr) error {
	if s.op != "list" {
		return faultf(s.from, `a list is missing after in, such as ["A", "B"] or [1, 2]`)
	}
	if n.x.field == constant {
		return faultf(n.x.at, "%s is not a field of a record: the fields are %s", n.x.text, fieldsKnown)
	}
	read := n.x // as the first value of the list wants it
	for i, arg := range s.args {
		y, err := c.operand(arg)
		if err != nil {
			return err
		}
		if y.field != constant {
			return faultf(arg.from, "a list contains values, not fields")
		}
		x := n.x
		if err := c.pair(&x, &y, s, arg); err != nil {
			return err
		}
		if i > 0 && x.json != read.json {
			return faultf(arg.from, "%s is read as text or as a number, not as both: make it two lists with or between", n.x.text)
		}
		read = x
		n.list = append(n.list, y)
	}
	if n.x = read; len(s.args) == 0 && n.x.typ == pathType {
		return c.readJSON(&n.x, s)
	}
	return nil
}

// textual checks contains, startsWith, endsWith and matches.
func (c *compiler) textual(n *comparison, op string, s *expr) error {
	switch n.x.typ {
	case wholeType, pathType, textType:
	default:
		return faultf(n.x.at, "%s is %s, and %s is about text", n.x.text, typeNames[n.x.typ], op)
	}
	if n.x.field == constant {
		return faultf(n.x.at, "%s is not a field of a record: the fields are %s", n.x.text, fieldsKnown)
	}
	var err error
	if n.y, err = c.operand(s); err != nil {
		return err
	}
	if n.y.field != constant || n.y.typ != textType {
		return faultf(s.from, "%s needs a text in quotes after it", op)
	}
	n.hidden = newDisguise(n.y.v.text)
	if n.relation == matches {
		if n.pattern, err = newPattern(string(n.y.v.text)); err != nil {
			return faultf(s.from, "%s", patternFault(err))
		}
	}
	if n.x.typ == pathType {
		return c.readJSON(&n.x, s)
	}
	return nil
}

// patternFault says what is wrong with a regular expression.
func patternFault(err error) string {
	return "the regular expression cannot be used: " + strings.TrimPrefix(err.Error(), "error parsing regexp: ") + "; its syntax is RE2's"
}

// readJSON makes a slot for a field that is read as JSON.
func (c *compiler) readJSON(o *operand, s *expr) error {
	if o.json || o.field == constant {
		return nil
	}
	if o.json = true; o.field == headerField {
		return nil
	}
	i := o.field - keyField
	node := c.q.trees[i].add(o.path)
	if node == nil {
		return faultf(s.from, "more than %d different names are asked of one object", maxSteps)
	}
	if node.slot < 0 {
		node.slot = c.q.slots[i]
		c.q.slots[i]++
		c.q.taken[i] = append(c.q.taken[i], pathText(o.path))
	}
	o.slot = node.slot
	return nil
}

// operand compiles what stands on one side of an operator.
func (c *compiler) operand(s *expr) (operand, error) {
	o := operand{text: c.written(s), at: s.from}
	switch s.op {
	case "()":
		return c.operand(s.args[0])
	case "text":
		o.typ, o.v = textType, value{kind: isText, text: []byte(s.text)}
		return o, nil
	case "number":
		l, err := parseLiteral(s.text, s.at)
		if err != nil {
			return o, err
		}
		o.setLiteral(l)
		return o, nil
	case "call":
		if s.text != "now" {
			return o, faultf(s.at, "%s is not a function: the only function is now()", s.text)
		}
		o.setTime(c.now.UnixMilli())
		return o, nil
	case "name":
		return c.name(s)
	case "unary -", "unary +":
		return c.signed(s)
	case "+", "-":
		return c.sum(s)
	case "list":
		return o, faultf(s.at, `a list stands behind in only, as in partition in [1, 2]`)
	}
	return o, faultf(s.from, "%s is true or false, which is compared with nothing: join such parts with && and ||", o.text)
}

func (o *operand) setTime(ms int64) {
	o.typ, o.ms = timeType, ms
	o.v.setInt(ms)
}

func (o *operand) setLiteral(l literal) {
	if o.typ = l.kind; l.kind == durationType {
		o.ms = l.ms
		return
	}
	o.v.kind = isNumber
	o.v.n, _ = parseNumber([]byte(l.text))
}

func (c *compiler) signed(s *expr) (operand, error) {
	o, err := c.operand(s.args[0])
	if err != nil {
		return o, err
	}
	arg := s.args[0]
	switch {
	case o.field != constant || o.typ != numberType && o.typ != durationType || arg.op == "unary -" || arg.op == "unary +":
		return o, faultf(s.at, "a sign can only stand before a number")
	case s.op == "unary +":
		return o, nil
	case o.typ == durationType:
		o.ms = -o.ms
	default:
		o.v.n.i, o.v.n.negative = -o.v.n.i, !o.v.n.negative && o.v.n.sign() != 0
	}
	o.text = c.written(s)
	return o, nil
}

// sum is a time or a duration from others.
func (c *compiler) sum(s *expr) (operand, error) {
	x, err := c.operand(s.args[0])
	if err != nil {
		return x, err
	}
	if s.op == "-" && x.typ == pathType {
		return x, faultf(s.at, `nothing is subtracted from a value of JSON: write ["…"] for a name with a - in it`)
	}
	y, err := c.operand(s.args[1])
	if err != nil {
		return y, err
	}
	if x.field != constant || y.field != constant || y.typ != durationType || x.typ != timeType && x.typ != durationType {
		return x, faultf(s.at, "only durations are added and subtracted, as in now() - 2h")
	}
	if s.op == "-" {
		y.ms = -y.ms
	}
	x.text = c.written(s)
	if x.ms += y.ms; x.typ == timeType {
		x.setTime(x.ms)
	}
	if x.ms > 1e17 || x.ms < -1e17 {
		return x, faultf(s.at, "%s is beyond all times", x.text)
	}
	return x, nil
}

// name is a field of the record with its path, or a constant that is a word.
func (c *compiler) name(s *expr) (operand, error) {
	o := operand{text: c.written(s), at: s.from}
	if len(s.args) == 0 {
		switch s.text {
		case "true", "false":
			o.typ, o.v = boolType, value{kind: isBool, truth: s.text == "true"}
			return o, nil
		case "null", "nil":
			o.typ, o.v = nullType, value{kind: isNull}
			return o, nil
		}
	}
	f, ok := fieldNames[s.text]
	if !ok {
		return o, faultf(s.from, "%s is not a field of a record: the fields are %s", s.text, fieldsKnown)
	}
	c.fields++
	o.field, o.typ = f, fieldTypes[f]
	for _, arg := range s.args {
		st := step{name: arg.text, index: -1}
		if arg.op == "[" {
			index, err := strconv.ParseInt(arg.text, 10, 32)
			if err != nil {
				return o, faultf(arg.at, "%s is not a place in an array: places are whole numbers from 0", arg.text)
			}
			st = step{index: int(index)}
		}
		o.path = append(o.path, st)
	}
	switch {
	case f == headerField:
		if len(o.path) != 1 || o.path[0].index >= 0 {
			return o, faultf(s.at, `a header is named as header["trace-id"], and has no parts`)
		}
		o.header, o.path = o.path[0].name, nil
	case len(o.path) == 0:
	case f == keyField || f == valueField:
		o.typ = pathType
	default:
		return o, faultf(s.args[0].at, "%s is %s and has no parts", s.text, typeNames[o.typ])
	}
	return o, nil
}

// pathText is a path as an expression has it behind the field's name.
func pathText(path []step) string {
	var b strings.Builder
	for _, s := range path {
		switch {
		case s.index >= 0:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case s.name != "" && nameLen(s.name) == len(s.name):
			b.WriteString("." + s.name)
		default:
			b.WriteString("[" + strconv.Quote(s.name) + "]")
		}
	}
	if b.Len() == 0 {
		return "all of it"
	}
	return b.String()
}
