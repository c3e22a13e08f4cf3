package query

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A regular expression (RE2: it takes time in proportion to the text, whatever
// it is), asked only where its literals are.

// pattern is a compiled regular expression.
type pattern struct {
	source string
	re     *regexp.Regexp
	any    [][]byte   // a text that matches has one of these; nil: not known
	fold   *word      // or this, in either case; nil: not known
	plain  bool       // nothing but any[0]: finding that is matching
	fast   *automaton // says the same as re, nil: re must be asked
	hidden disguise   // of any
}

// maxPatternNeedles is how many literals are looked for one after the other.
const maxPatternNeedles = 8

// newPattern compiles a regular expression. The error is a sentence.
func newPattern(source string) (*pattern, error) {
	re, err := regexp.Compile(source)
	if err != nil {
		return nil, err
	}
	p := &pattern{source: source, re: re}
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, err
	}
	tree = tree.Simplify()
	for _, s := range required(tree) {
		p.any = append(p.any, []byte(s))
	}
	if p.fast = newAutomaton(tree); p.fast != nil && !beginsAtStart(tree) {
		prefix, _ := re.LiteralPrefix()
		p.fast.prefix = []byte(prefix)
	}
	p.plain = tree.Op == syntax.OpLiteral && len(p.any) == 1
	if len(p.any) > maxPatternNeedles {
		p.any = nil
	}
	p.hidden = newDisguise(p.any...)
	if p.any == nil {
		if s := folded(tree); s != "" {
			w := newWord(s, false)
			p.fold = &w
		}
	}
	return p, nil
}

// mayHide says whether what b says may match, though b itself does not.
func (p *pattern) mayHide(b []byte) bool {
	switch {
	case bytes.IndexByte(b, '\\') < 0:
		return false
	case p.plain:
		return p.hidden.next(b) >= 0
	case p.any != nil:
		return p.anyIn(b) || p.hidden.next(b) >= 0
	case p.fold != nil:
		return p.fold.in(b) || p.fold.mayHide(b)
	}
	return true
}

// anyIn says whether one of the literals is in b.
func (p *pattern) anyIn(b []byte) bool {
	for _, s := range p.any {
		if bytes.Contains(b, s) {
			return true
		}
	}
	return false
}

// in says whether the pattern matches somewhere in b as it is.
func (p *pattern) in(b []byte) bool {
	if p.any != nil {
		if found := p.anyIn(b); !found || p.plain {
			return found
		}
	}
	if p.fold != nil && !p.fold.in(b) {
		return false
	}
	if p.fast != nil {
		return p.fast.in(b)
	}
	return p.re.Match(b)
}

// beginsAtStart says whether an expression asks somewhere for the beginning of
// the text.
func beginsAtStart(re *syntax.Regexp) bool {
	return re.Op == syntax.OpBeginText || slices.ContainsFunc(re.Sub, beginsAtStart)
}

// required is a set of texts of which every match has one, to the letter; nil:
// none is known. Of a sequence it is the set whose shortest text is longest.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		// U+FFFD stands for bytes that are not UTF-8, too.
		if s := string(re.Rune); re.Flags&syntax.FoldCase == 0 && !strings.ContainsRune(s, utf8.RuneError) {
			return []string{s}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if set := required(sub); shortest(set) > shortest(best) {
				best = set
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			set := required(sub)
			if set == nil {
				return nil
			}
			all = append(all, set...)
		}
		return all
	}
	return nil
}

func shortest(set []string) int {
	if len(set) == 0 {
		return 0
	}
	n := len(set[0])
	for _, s := range set {
		n = min(n, len(s))
	}
	return n
}

// folded is the longest text that every match has in one case or another, in
// lower case. It has no s, which ſ folds to and a word does not know.
func folded(re *syntax.Regexp) string {
	longest := ""
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			break
		}
		for _, part := range strings.FieldsFunc(strings.ToLower(string(re.Rune)), func(r rune) bool { return r >= utf8.RuneSelf || r == 's' }) {
			if len(part) > len(longest) {
				longest = part
			}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return folded(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return folded(re.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if s := folded(sub); len(s) > len(longest) {
				longest = s
			}
		}
	}
	return longest
}

// explain says by what a match is ruled out first.
func (p *pattern) explain() string {
	switch {
	case p.plain:
		return ", which is a plain text"
	case p.any != nil:
		return ", asked only where " + strings.Join(quoted(p.any), " or ") + " is"
	case p.fold != nil:
		return ", asked only where \"" + p.fold.text + "\" is, in any case"
	}
	return ", which has no text that must be there: it is asked everywhere"
}

func quoted(texts [][]byte) []string {
	var all []string
	for _, s := range texts {
		all = append(all, strconv.Quote(string(s)))
	}
	return all
}
