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
	hidden   disguise  // of the text that contains, startsWith and endsWith look for
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
	case contains, startsWith, endsWith, matches:
		is = x.kind == isText && (c.about(x.text) || c.mayHide(x.text) && m.saying.levels(x.text, c.about))
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

// about decides on a text as it is.
func (c *comparison) about(text []byte) bool {
	switch c.relation {
	case contains:
		return bytes.Contains(text, c.y.v.text)
	case startsWith:
		return bytes.HasPrefix(text, c.y.v.text)
	case endsWith:
		return bytes.HasSuffix(text, c.y.v.text)
	}
	return c.pattern.in(text)
}

// mayHide says whether the relation may hold of what a text says, though it does not
// of the text.
func (c *comparison) mayHide(text []byte) bool {
	if c.pattern != nil {
		return c.pattern.mayHide(text)
	}
	return c.hidden.next(text) >= 0
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
