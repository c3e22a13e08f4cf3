package query

import "bytes"

// The parts of an expression that decide: nodes, of which comparisons are the
// leaves.

// node decides a part of an expression.
type node interface {
	match(m *machine) bool
	cost() int
	String() string // as Explain shows it
}

// What a node costs, roughly: the cheapest are asked first.
const (
	costFact  = iota // partition, topic, offset, timestamp, size
	costBytes        // a search in raw bytes
	costText         // key or value as text
	costHeader
	costRegex
	costJSON
	costJSONRegex
)

type relation int8

const (
	equals relation = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
	contains
	startsWith
	endsWith
	matches
	oneOf
	isTrue // the value itself, which is there and true
)

// comparison is one relation of one operand.
type comparison struct {
	relation relation
	negate   bool // != and not: the value is there, and the relation does not hold
	x, y     operand
	list     []operand // of oneOf
	pattern  *pattern  // of matches
	text     string    // as written
}

func (c *comparison) match(m *machine) bool {
	if c.x.field != headerField {
		return c.holds(m, c.x.get(m, &m.x))
	}
	return m.eachHeader(c.x.header, func(b []byte) bool {
		if c.x.json {
			return c.holds(m, m.headerJSON(b))
		}
		m.x.setText(b)
		return c.holds(m, &m.x)
	})
}

func (c *comparison) holds(m *machine, x *value) bool {
	if x.kind == isMissing {
		return false
	}
	is := false
	switch c.relation {
	case isTrue:
		return x.kind == isBool && x.truth
	case oneOf:
		for i := range c.list {
			if is = x.equal(&c.list[i].v); is {
				break
			}
		}
	case contains:
		is = x.kind == isText && bytes.Contains(x.text, c.y.v.text)
	case startsWith:
		is = x.kind == isText && bytes.HasPrefix(x.text, c.y.v.text)
	case endsWith:
		is = x.kind == isText && bytes.HasSuffix(x.text, c.y.v.text)
	case matches:
		is = x.kind == isText && c.pattern.in(x.text)
	default:
		y := c.y.get(m, &m.y)
		if y.kind == isMissing {
			return false
		}
		if c.relation == equals {
			is = x.equal(y)
			break
		}
		order, ordered := x.compare(y)
		return ordered && c.relation.allows(order)
	}
	return is != c.negate
}

// allows says whether two values that compare so are in the relation.
func (r relation) allows(order int) bool {
	switch r {
	case less:
		return order < 0
	case lessOrEqual:
		return order <= 0
	case greater:
		return order > 0
	}
	return order >= 0
}

func (c *comparison) String() string { return c.text }

func (c *comparison) cost() int {
	cost := max(c.x.cost(), c.y.cost())
	switch {
	case c.relation != matches:
		return cost
	case cost == costJSON:
		return costJSONRegex
	}
	return costRegex
}
