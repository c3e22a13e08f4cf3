package ui

import (
	"cmp"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"milena/kafka"
)

// Names in the list of topics: how wide the pane is for them, and what is shown of
// those that do not fit.

// Bounds of names and of the pane.
const (
	fewestOfName = 24 // columns that a name has before figures have any, where the pane allows
	enoughOfName = 48 // columns for which a name may widen the pane, or push figures out
	tailWants    = 72 // columns that the records beside the list keep
)

// measure finds how many columns the longest name takes that is not internal.
func (p *topicsPane) measure() {
	p.longest = 0
	for i := range p.all {
		if t := &p.all[i]; !t.Internal && len(t.Name) > p.longest {
			p.longest = max(p.longest, ansi.StringWidth(t.Name))
		}
	}
}

// longestInSight is how many columns the longest name in sight takes that is not
// internal.
func (p *topicsPane) longestInSight(rows int) (n int) {
	for i := p.top; i < min(p.top+rows, len(p.shown)); i++ {
		if t := &p.all[p.shown[i]]; !t.Internal {
			n = max(n, ansi.StringWidth(t.Name))
		}
	}
	return n
}

// topicsWidth is how many columns of w the pane has beside the records: as many as
// usual, or more for long names, as far as records stay readable.
func topicsWidth(w, longest int) int {
	usual, most := 30, w/2
	switch {
	case w >= 170:
		usual = 56
	case w >= 130:
		usual = 40
	case w >= wideAt:
		usual = 38
	case w < 90:
		usual = 28
	}
	if w >= wideAt {
		most = min(w*2/5, w-1-tailWants)
	}
	const around = 2 + 3 // the marks before and behind a name
	need := around + min(longest, enoughOfName) + topicColumnsFor(usual, byName, 0).width()
	return max(usual, min(need, most))
}

// room takes figures away for the names, of which the longest has so many columns:
// as few as let it fit whole, else until it has fewestOfName. What the rows are
// ordered by stays.
func (c topicColumns) room(w int, order topicOrder, longest int) topicColumns {
	var give []*int
	for _, g := range []struct {
		column *int
		by     topicOrder
	}{{&c.age, byAge}, {&c.rate, byRate}, {&c.spark, topicOrders}, {&c.parts, byParts}} {
		if g.by != order {
			give = append(give, g.column)
		}
	}
	names := func() int { return w - 2 - c.width() }
	whole := c
	for i := 0; names() < min(longest, enoughOfName) && i < len(give); i++ {
		*give[i] = 0
	}
	if names() >= min(longest, enoughOfName) {
		return c
	}
	c = whole
	for i := 0; names() < min(longest, fewestOfName) && i < len(give); i++ {
		*give[i] = 0
	}
	return c
}

// nameCut are the stretches of a name that are shown, with an ellipsis for what
// is left out.
type nameCut [][2]int

// cutNames cuts names to as many columns as each has, so that they can still be
// told apart: beginnings that names share go first. Nil leaves a name whole.
func cutNames(names []string, rooms []int) []nameCut {
	cuts := make([]nameCut, len(names))
	if !slices.ContainsFunc(cutOrder(names), func(i int) bool { return len(names[i]) > rooms[i] }) {
		return cuts
	}
	shared := sharedFronts(names)
	ways := []func(name string, shared, room int) nameCut{cutShared, cutMiddle, cutAround}
	way := make([]int, len(names))
	for range ways {
		same := make(map[string]int)
		for i, name := range names {
			if len(name) > rooms[i] && rooms[i] >= 8 && kafka.ValidTopicName(name) == nil {
				cuts[i] = ways[way[i]](name, shared[i], rooms[i])
			}
			same[cuts[i].of(name)]++
		}
		for i, name := range names {
			if cuts[i] != nil && same[cuts[i].of(name)] > 1 && way[i] < len(ways)-1 {
				way[i]++
			}
		}
	}
	return cuts
}

// of is what is shown of the name.
func (c nameCut) of(name string) string {
	if c == nil {
		return name
	}
	var out strings.Builder
	at := 0
	for _, part := range c {
		if part[0] > at {
			out.WriteString("…")
		}
		out.WriteString(name[part[0]:part[1]])
		at = part[1]
	}
	if at < len(name) {
		out.WriteString("…")
	}
	return out.String()
}

// cutOrder are the places of names, in the order of the alphabet.
func cutOrder(names []string) []int {
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(names[a], names[b]) })
	return order
}

// sharedFronts is how many letters each name has in common with any other one.
func sharedFronts(names []string) []int {
	shared := make([]int, len(names))
	order := cutOrder(names)
	for k := 1; k < len(order); k++ {
		a, b := order[k-1], order[k]
		n := 0
		for n < min(len(names[a]), len(names[b])) && names[a][n] == names[b][n] {
			n++
		}
		shared[a], shared[b] = max(shared[a], n), max(shared[b], n)
	}
	return shared
}

// cutShared leaves out parts (up to a dot, a dash or an underscore) that other
// names begin with, too: as few as let the rest fit, else all, and the middle of
// the rest.
func cutShared(name string, shared, room int) nameCut {
	from := 0
	for i := range shared {
		if strings.IndexByte("._-", name[i]) < 0 {
			continue
		}
		if from = i + 1; 1+len(name)-from <= room {
			return nameCut{{from, len(name)}}
		}
	}
	if from == 0 {
		return cutMiddle(name, shared, room)
	}
	cut := cutMiddle(name[from:], shared-from, room-1)
	for i := range cut {
		cut[i][0], cut[i][1] = cut[i][0]+from, cut[i][1]+from
	}
	return cut
}

// cutMiddle keeps the beginning and the end.
func cutMiddle(name string, _, room int) nameCut {
	end := (room - 1) * 2 / 5
	return nameCut{{0, room - 1 - end}, {len(name) - end, len(name)}}
}

// cutAround keeps a little of the beginning, and what comes from the letter on that
// no other name has there.
func cutAround(name string, shared, room int) nameCut {
	head := room / 3
	from := max(head, min(shared, len(name)-(room-head-1)))
	to := min(len(name), from+room-head-1)
	if to < len(name) {
		to--
	}
	return nameCut{{0, head}, {from, to}}
}

// topicName writes a topic's name, without its middle where that does not fit.
func (l *line) topicName(sgr, name string) {
	var cut nameCut
	if room := l.max - l.width; len(name) > room && room >= 8 && kafka.ValidTopicName(name) == nil {
		cut = cutMiddle(name, 0, room)
	}
	l.litName(sgr, name, cut, nil)
}

// litName writes a topic's name, or what of it is shown, with the letters lit that
// a filter found.
func (l *line) litName(sgr, name string, cut nameCut, lit []int) {
	part := func(from, to int) {
		for _, at := range lit {
			if at < from || at >= to {
				continue // in what was left out; or its small form is longer
			}
			l.text(sgr, name[from:at])
			l.text(l.st.match, name[at:at+1])
			from = at + 1
		}
		l.text(sgr, name[from:to])
	}
	if cut == nil {
		part(0, len(name))
		return
	}
	at := 0
	for _, c := range cut {
		if c[0] > at {
			l.repeat(l.st.dim, l.st.g.ellipsis, 1)
		}
		part(c[0], c[1])
		at = c[1]
	}
	if at < len(name) {
		l.repeat(l.st.dim, l.st.g.ellipsis, 1)
	}
}
