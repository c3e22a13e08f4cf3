package query

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"milena/human"
	"milena/kafka"
)

// The order in which an expression is decided, and what is known of all its
// matches before any record is read.

// all holds when each of its nodes does.
type all []node

func (a all) match(m *machine) bool {
	for _, n := range a {
		if !n.match(m) {
			return false
		}
	}
	return true
}

func (a all) cost() int { return a[len(a)-1].cost() }

func (a all) String() string { return joined(a, " and ") }

// either holds when one of its nodes does.
type either []node

func (e either) match(m *machine) bool {
	for _, n := range e {
		if n.match(m) {
			return true
		}
	}
	return false
}

func (e either) cost() int { return slices.MaxFunc(e, byCost).cost() }

func (e either) String() string { return joined(e, " or ") }

func joined(nodes []node, by string) string {
	var parts []string
	for _, n := range nodes {
		parts = append(parts, n.String())
	}
	return "(" + strings.Join(parts, by) + ")"
}

// not holds when its node does not.
type not struct{ node }

func (n not) match(m *machine) bool { return !n.node.match(m) }
func (n not) String() string        { return "not " + n.node.String() }

// fixed is true or false itself.
type fixed bool

func (f fixed) match(*machine) bool { return bool(f) }
func (f fixed) cost() int           { return costFact }
func (f fixed) String() string      { return strconv.FormatBool(bool(f)) }

// needle says at once that something is not in a JSON text: one of any must
// stand in its bytes, as they are, unless an escape may spell it otherwise.
type needle struct {
	field  field
	any    [][]byte
	hidden disguise
}

func (n *needle) match(m *machine) bool {
	b := m.bytes(n.field)
	for _, s := range n.any {
		if bytes.Contains(b, s) {
			return true
		}
	}
	return n.hidden.next(b) >= 0
}

func (n *needle) cost() int { return costBytes }

func (n *needle) String() string {
	return fmt.Sprintf("%s holds the bytes %s, or an escape that may stand for them", fieldOf(n.field), bytes.Join(n.any, []byte(" or ")))
}

func fieldOf(f field) string {
	if f == keyField {
		return "key"
	}
	return "value"
}

// maxNeedles is how many texts are looked for one after the other before it
// costs as much as reading the JSON.
const maxNeedles = 4

// needle is what must stand in the bytes wherever the comparison holds; nil:
// nothing is known, or looking for it saves nothing.
func (c *comparison) needle() *needle {
	if !c.x.json || c.x.field == headerField || len(c.x.path) == 0 {
		return nil
	}
	n := &needle{field: c.x.field}
	var texts [][]byte // without the quotes around them
	add := func(v *value, before, after string) bool {
		if v.kind != isText || len(v.text)+len(before)+len(after) == 0 {
			n.any = nil
			return false
		}
		texts = append(texts, v.text)
		n.any = append(n.any, []byte(before+string(v.text)+after))
		return true
	}
	if !c.negate {
		switch c.relation {
		case equals:
			add(&c.y.v, `"`, `"`)
		case contains:
			add(&c.y.v, "", "")
		case startsWith:
			add(&c.y.v, `"`, "")
		case endsWith:
			add(&c.y.v, "", `"`)
		case matches:
			n.any, texts = c.pattern.any, c.pattern.any
		case oneOf:
			for i := range c.list {
				if !add(&c.list[i].v, `"`, `"`) {
					break
				}
			}
		}
	}
	if len(n.any) > maxNeedles {
		n.any = nil
	}
	if n.any == nil {
		longest := ""
		for _, s := range c.x.path {
			if len(s.name) > len(longest) {
				longest = s.name
			}
		}
		if longest == "" {
			return nil
		}
		n.any, texts = [][]byte{[]byte(`"` + longest + `"`)}, [][]byte{[]byte(longest)}
	}
	n.hidden = newDisguise(texts...)
	return n
}

// withNeedle puts what is quickly told before a comparison.
func (c *comparison) withNeedle() node {
	if n := c.needle(); n != nil {
		return all{n, c}
	}
	return c
}

func byCost(a, b node) int { return a.cost() - b.cost() }

// conjunction puts nodes that must all hold in the order of their costs.
func conjunction(nodes []node) []node {
	var flat []node
	for _, n := range nodes {
		if a, ok := n.(all); ok {
			flat = append(flat, conjunction(a)...)
			continue
		}
		flat = append(flat, n)
	}
	var once []node
	for _, n := range flat {
		if want, ok := n.(*needle); ok && slices.ContainsFunc(once, func(o node) bool {
			have, ok := o.(*needle)
			return ok && have.field == want.field && slices.EqualFunc(have.any, want.any, bytes.Equal)
		}) {
			continue
		}
		once = append(once, n)
	}
	slices.SortStableFunc(once, byCost)
	return once
}

// litBy collects the texts that a match may have because of a node.
func litBy(n node, negated bool, lit []word) []word {
	switch n := n.(type) {
	case all:
		for _, part := range n {
			lit = litBy(part, negated, lit)
		}
	case either:
		for _, part := range n {
			lit = litBy(part, negated, lit)
		}
	case not:
		return litBy(n.node, !negated, lit)
	case *comparison:
		if n.negate != negated {
			break
		}
		if n.pattern != nil {
			return append(lit, patternWord(n.pattern, false))
		}
		switch n.relation {
		case equals, contains, startsWith, endsWith, oneOf:
			for _, y := range append([]operand{n.y}, n.list...) {
				if y.v.kind == isText {
					lit = append(lit, exactWord(y.v.text))
				}
			}
		}
	}
	return lit
}

// Key is the key that every match has; false: matches may have different ones.
func (q *Query) Key() (key []byte, ok bool) {
	for _, n := range q.plan {
		c, is := n.(*comparison)
		if !is || c.negate || c.x.field != keyField || c.x.json {
			continue
		}
		switch {
		case c.relation == equals && c.y.field == constant && c.y.v.kind == isText:
			return c.y.v.text, true
		case c.relation == oneOf && len(c.list) == 1 && c.list[0].v.kind == isText:
			return c.list[0].v.text, true
		}
	}
	return nil, false
}

// Partitions are those in which matches can be, in order; false: in any.
func (q *Query) Partitions() (set []int32, ok bool) { return partitionsOf(all(q.plan)) }

func partitionsOf(n node) (set []int32, ok bool) {
	switch n := n.(type) {
	case all:
		for _, part := range n {
			some, bounded := partitionsOf(part)
			switch {
			case !bounded:
			case !ok:
				set, ok = some, true
			default:
				set = slices.DeleteFunc(set, func(p int32) bool { return !slices.Contains(some, p) })
			}
		}
	case either:
		for _, part := range n {
			some, bounded := partitionsOf(part)
			if !bounded {
				return nil, false
			}
			set = append(set, some...)
		}
		ok = true
	case *comparison:
		if n.x.field != partitionField || n.negate {
			return nil, false
		}
		values := n.list
		switch {
		case n.relation == equals && n.y.field == constant:
			values = []operand{n.y}
		case n.relation != oneOf:
			return nil, false
		}
		ok = true
		for _, v := range values {
			if i, whole := v.v.n.integer(); whole && i >= 0 && i <= math.MaxInt32 {
				set = append(set, int32(i))
			}
		}
	}
	slices.Sort(set)
	return slices.Compact(set), ok
}

// Times are the bounds of every match's timestamp, from ≤ timestamp < to, in ms
// since the epoch; a side without a bound is the least or the largest int64.
// False: neither side is bounded.
func (q *Query) Times() (from, to int64, ok bool) { return q.bounds(timestampField) }

// Offsets are the bounds of every match's offset, as those of Times.
func (q *Query) Offsets() (from, to int64, ok bool) { return q.bounds(offsetField) }

func (q *Query) bounds(of field) (from, to int64, ok bool) {
	from, to = math.MinInt64, math.MaxInt64
	for _, n := range q.plan {
		c, is := n.(*comparison)
		if !is || c.negate || c.x.field != of || c.y.field != constant || c.y.v.kind != isNumber {
			continue
		}
		at, whole := c.y.v.n.integer()
		if !whole || at == math.MaxInt64 {
			continue // 1.7e12 is seldom written; every record is asked then
		}
		switch c.relation {
		case equals:
			from, to = max(from, at), min(to, at+1)
		case less:
			to = min(to, at)
		case lessOrEqual:
			to = min(to, at+1)
		case greater:
			from = max(from, at+1)
		case greaterOrEqual:
			from = max(from, at)
		}
	}
	return from, to, from != math.MinInt64 || to != math.MaxInt64
}

// NamesPlaces says whether matches are bound to partitions or offsets: whether Nowhere
// may have something to say.
func (q *Query) NamesPlaces() bool {
	_, partitions := q.Partitions()
	_, _, offsets := q.Offsets()
	return partitions || offsets
}

// Nowhere says, as a sentence, why none of what partitions hold can match: the query
// names partitions or offsets that are not there. Empty: some may match.
func (q *Query) Nowhere(held []kafka.Span) string {
	set, some := q.Partitions()
	named := held
	if some {
		named = slices.DeleteFunc(slices.Clone(held), func(s kafka.Span) bool { return !slices.Contains(set, s.Partition) })
	}
	if len(held) == 0 {
		return ""
	}
	if len(named) == 0 {
		highest := slices.MaxFunc(held, func(a, b kafka.Span) int { return int(a.Partition) - int(b.Partition) }).Partition
		return fmt.Sprintf("nothing can match: there is no such partition, only 0 to %d", highest)
	}
	from, to, bounded := q.Offsets()
	least, end := int64(math.MaxInt64), int64(0)
	for _, s := range named {
		if s.From < s.To {
			least, end = min(least, s.From), max(end, s.To)
		}
	}
	switch {
	case !bounded || end == 0:
	case from >= to:
		return "nothing can match: the offsets contradict each other"
	case from >= end:
		return fmt.Sprintf("nothing can match: offset %s is past the end, the highest is %s", human.Exact(from), human.Exact(end-1))
	case to <= least:
		return fmt.Sprintf("nothing can match: offset %s is before the start, the lowest is %s", human.Exact(to-1), human.Exact(least))
	}
	return ""
}

// Explain is the plan by which records are matched, several lines for people.
func (q *Query) Explain() string {
	var b strings.Builder
	switch {
	case q.Empty():
		return "every record matches: nothing is looked for\n"
	case q.kind == Words:
		b.WriteString("words, each of which a record is asked for:\n")
		for i := range q.words {
			fmt.Fprintf(&b, "  %d. %s\n", i+1, q.words[i].explain())
		}
		return b.String()
	}
	b.WriteString("expression, asked of each record in this order until one does not hold:\n")
	for i, n := range q.plan {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, n)
	}
	for i, f := range []field{keyField, valueField} {
		if taken := q.taken[i]; len(taken) > 0 {
			fmt.Fprintf(&b, "taken from the JSON of %s in one pass, which ends when all are found: %s\n", fieldOf(f), strings.Join(taken, ", "))
		}
	}
	if key, ok := q.Key(); ok {
		fmt.Fprintf(&b, "every match has the key %q: one partition of a topic that is partitioned by key\n", key)
	}
	if set, ok := q.Partitions(); ok {
		fmt.Fprintf(&b, "only these partitions can have matches: %s\n", strings.Trim(fmt.Sprint(set), "[]"))
	}
	if from, to, ok := q.Times(); ok {
		b.WriteString("only records of this time can match:")
		if from != math.MinInt64 {
			fmt.Fprintf(&b, " from %s", stamp(from))
		}
		if to != math.MaxInt64 {
			fmt.Fprintf(&b, " before %s", stamp(to))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
