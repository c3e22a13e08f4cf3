package query

import (
	"bytes"
	"math/bits"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// A regular expression as a finite automaton: one step a byte, whatever the
// expression. Package regexp finds where groups begin and end and so keeps track
// of much more; here yes or no is asked. Expressions whose automaton would be
// large, and those with assertions other than ^ and $, stay with package regexp.

const (
	maxInstructions = 200
	maxStates       = 500
	maxClasses      = 64
)

// The states that an automaton ends in, whatever follows; start is where it
// begins.
const (
	failed = iota
	matched
	start
)

// automaton has a table of states by classes of runes that it need not tell
// apart. It does not change and may be shared.
type automaton struct {
	bounds []rune // where classes begin, the first at 0
	ascii  [utf8.RuneSelf]uint8
	next   []uint16 // by state<<shift + class; its states are shifted already
	atEnd  []bool   // the state matches when the text ends
	shift  int
	prefix []byte // every match begins with it, and may begin anywhere
}

// newAutomaton makes the automaton of an expression; nil: it would be too large,
// or asks for more than an automaton knows.
func newAutomaton(re *syntax.Regexp) *automaton {
	prog, err := syntax.Compile(re)
	if err != nil || len(prog.Inst) > maxInstructions {
		return nil
	}
	a := &automaton{bounds: classBounds(prog)}
	if len(a.bounds) > maxClasses {
		return nil
	}
	a.shift = bits.Len(uint(len(a.bounds) - 1))
	for c := range a.ascii {
		a.ascii[c] = uint8(a.class(rune(c)))
	}
	return a.build(prog)
}

// classBounds is where runes begin to be treated differently.
func classBounds(prog *syntax.Prog) []rune {
	bounds := []rune{0}
	for i := range prog.Inst {
		in := &prog.Inst[i]
		switch in.Op {
		case syntax.InstRuneAnyNotNL:
			bounds = append(bounds, '\n', '\n'+1)
		case syntax.InstRune, syntax.InstRune1:
			if len(in.Rune) == 1 { // perhaps with its other cases
				bounds = append(bounds, in.Rune[0], in.Rune[0]+1)
				for r := unicode.SimpleFold(in.Rune[0]); r != in.Rune[0]; r = unicode.SimpleFold(r) {
					bounds = append(bounds, r, r+1)
				}
				continue
			}
			for k := 0; k+1 < len(in.Rune); k += 2 {
				bounds = append(bounds, in.Rune[k], in.Rune[k+1]+1)
			}
		}
	}
	slices.Sort(bounds)
	return slices.Compact(bounds)
}

func (a *automaton) class(r rune) int {
	i, found := slices.BinarySearch(a.bounds, r)
	if !found {
		i--
	}
	return i
}

// place is a set of instructions that an expression may be at, in order; those
// that stand for others were followed already.
type place struct {
	prog *syntax.Prog
	at   []bool
	ok   bool // false: there was an assertion that is not known
	held bool // a match was reached
}

func newPlace(prog *syntax.Prog) *place {
	return &place{prog: prog, at: make([]bool, len(prog.Inst)), ok: true}
}

// add follows instructions that take no rune. At the beginning ^ holds; $ is
// kept in the set, and followed at the end only.
func (p *place) add(pc uint32, begin, end bool) {
	if p.at[pc] {
		return
	}
	p.at[pc] = true
	in := &p.prog.Inst[pc]
	switch in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		p.add(in.Out, begin, end)
		p.add(in.Arg, begin, end)
	case syntax.InstCapture, syntax.InstNop:
		p.add(in.Out, begin, end)
	case syntax.InstEmptyWidth:
		asserted := syntax.EmptyOp(in.Arg)
		if asserted&^(syntax.EmptyBeginText|syntax.EmptyEndText) != 0 {
			p.ok = false
			return
		}
		if (asserted&syntax.EmptyBeginText == 0 || begin) && (asserted&syntax.EmptyEndText == 0 || end) {
			p.add(in.Out, begin, end)
		}
	case syntax.InstMatch:
		p.held = true
	}
}

// build finds all the states there are.
func (a *automaton) build(prog *syntax.Prog) *automaton {
	begin := uint32(prog.Start)
	first := newPlace(prog)
	first.add(begin, true, false)
	if !first.ok {
		return nil
	}
	places := []*place{failed: nil, matched: nil, start: first}
	known := make(map[string]uint16)
	if first.held {
		places[start].at = make([]bool, len(prog.Inst)) // it matches before the first rune
	}
	for state := start; state < len(places); state++ {
		p := places[state]
		end := newPlace(prog)
		for pc, is := range p.at {
			// What was followed at the beginning is in the set; $ is met again here.
			if is && prog.Inst[pc].Op == syntax.InstEmptyWidth {
				end.add(uint32(pc), state == start, true)
			}
		}
		if !end.ok {
			return nil
		}
		for len(a.atEnd) <= state {
			a.atEnd = append(a.atEnd, false)
		}
		a.atEnd[matched] = true
		a.atEnd[state] = end.held || p.held
		a.next = append(a.next, make([]uint16, (state+1)<<a.shift-len(a.next))...)
		for class, r := range a.bounds {
			to := newPlace(prog)
			for pc, is := range p.at {
				in := &prog.Inst[pc]
				switch in.Op {
				case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
					if is && in.MatchRune(r) {
						to.add(in.Out, false, false)
					}
				}
			}
			to.add(begin, false, false) // a match may begin behind each rune
			if !to.ok {
				return nil
			}
			a.next[state<<a.shift+class] = intern(to, &places, known) << a.shift
		}
		if len(places) > maxStates {
			return nil
		}
	}
	if first.held {
		for class := range a.bounds {
			a.next[start<<a.shift+class] = matched << a.shift
		}
	}
	return a
}

// intern gives the state of a set of instructions.
func intern(p *place, places *[]*place, known map[string]uint16) uint16 {
	if p.held {
		return matched
	}
	name := make([]byte, len(p.at))
	alive := false
	for pc, is := range p.at {
		if !is {
			continue
		}
		name[pc] = 1
		switch p.prog.Inst[pc].Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			alive = true
		case syntax.InstEmptyWidth:
			// ^ is behind us for good; $ may still come.
			alive = alive || syntax.EmptyOp(p.prog.Inst[pc].Arg)&syntax.EmptyBeginText == 0
		}
	}
	if !alive {
		return failed
	}
	state, ok := known[string(name)]
	if !ok {
		state = uint16(len(*places))
		known[string(name)] = state
		*places = append(*places, p)
	}
	return state
}

// in says whether the expression matches somewhere in b.
func (a *automaton) in(b []byte) bool {
	if len(a.prefix) > 0 {
		i := bytes.Index(b, a.prefix)
		if i < 0 {
			return false
		}
		b = b[i:]
	}
	next, end := a.next, uint16(matched)<<a.shift
	state := uint16(start) << a.shift
	for i := 0; i < len(b); {
		var class uint16
		if c := b[i]; c < utf8.RuneSelf {
			class = uint16(a.ascii[c])
			i++
		} else {
			r, n := utf8.DecodeRune(b[i:])
			class = uint16(a.class(r))
			i += n
		}
		if state = next[state+class]; state <= end {
			return state == end
		}
	}
	return a.atEnd[state>>a.shift]
}
