package query

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A comparison that is no expression. Taken for words it would find nothing, and say
// so; it is refused, with what was probably meant. Text in quotes is never refused.

// signs are what operators are made of, and compared those that are operators here or
// elsewhere, each with what it is called here.
const signs = "=!<>&|~"

var compared = map[string]string{
	"==": "==", "=": "==", "===": "==", "!=": "!=", "!==": "!=", "<>": "!=", "<": "<", "<=": "<=", "=<": "<=",
	">": ">", ">=": ">=", "=>": ">=", "=~": "matches", "!~": "not matches", "&&": "&&", "||": "||",
}

var (
	// anOperand is what may stand on the left of an operator without a space between.
	anOperand = regexp.MustCompile(`^[-!(]*([$@.]*[\pL_$]([\pL\pN_$.\[\]'"*-]*[\pL\pN_$\])'"*])?|[-+]?[0-9][\pL\pN._]*|"[^"]*"|'[^']*')\)*$`)
	// aPair is a field and its value, as other tools have them.
	aPair = regexp.MustCompile(`^-?\(*[$@.]*[\pL_$][\pL\pN_$.\[\]-]*:[^:/\\]+$`)
	// padded is base64.
	padded = regexp.MustCompile(`^[A-Za-z0-9+/_-]+={1,2}$`)
	// markup begins like a tag of XML or HTML.
	markup = regexp.MustCompile(`^</?[A-Za-z!?]`)
)

// refuse says what is wrong with words that look like a comparison, given why they are
// no expression; nil: they do not.
func refuse(text string, why error, now time.Time, loc *time.Location) *fault {
	at := comparisonAt(text)
	if at < 0 {
		return nil
	}
	if probably := rewritten(text); probably != "" {
		if _, err := expression(probably, now, loc); err == nil {
			return faultf(at, "did you mean %s? To find this as text, put quotes around it", probably)
		}
	}
	f, ok := why.(*fault)
	if !ok {
		return nil
	}
	return faultf(f.at, "%s; to find this as text, put quotes around it", f.message)
}

// comparisonAt is where in words the operator of a comparison stands; -1: nowhere.
func comparisonAt(text string) int {
	pieces := piecesOf(text)
	for i, p := range pieces {
		if !p.bare {
			continue
		}
		if at := p.operatorAt(i == len(pieces)-1); at >= 0 {
			return p.at + at
		}
		if i > 0 && i+1 < len(pieces) && p.asks(pieces[i-1], pieces[i+1]) {
			return p.at
		}
	}
	return -1
}

// piece is a word as it is written.
type piece struct {
	text string
	at   int
	bare bool // not in quotes, no regular expression, and without a scope
}

func piecesOf(text string) (pieces []piece) {
	for rest := text; ; {
		if rest = strings.TrimLeftFunc(rest, unicode.IsSpace); rest == "" {
			return pieces
		}
		w, after, err := parseWord(rest)
		if err != nil {
			return nil
		}
		p := piece{text: rest[:len(rest)-len(after)], at: len(text) - len(rest)}
		written := p.text
		if w.exclude {
			written = written[1:]
		}
		p.bare = w.scope == constant && w.pattern == nil && w.text == written
		pieces = append(pieces, p)
		rest = after
	}
}

// operatorAt is where in the piece an operator stands that compares something.
func (p piece) operatorAt(last bool) int {
	if strings.Contains(p.text, "://") || markup.MatchString(p.text) {
		return -1
	}
	if aPair.MatchString(p.text) {
		return strings.IndexByte(p.text, ':')
	}
	quoted := false
	for i := 0; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted || !strings.ContainsRune(signs, rune(c)):
		default:
			end := i
			for end < len(p.text) && strings.IndexByte(signs, p.text[end]) >= 0 {
				end++
			}
			if compared[p.text[i:end]] != "" && p.compares(i, end, last) {
				return i
			}
			i = end - 1
		}
	}
	return -1
}

// compares says whether the operator from i to end has an operand before it, here or
// in the piece before.
func (p piece) compares(i, end int, last bool) bool {
	left, right := p.text[:i], p.text[end:]
	switch {
	case left == "":
		return !strings.HasPrefix(right, "-") || right[1:] != "" && isDigit(right[1]) // no arrow
	case right == "" && last && len(p.text)%4 == 0 && padded.MatchString(p.text):
		return false
	}
	return anOperand.MatchString(left)
}

// asks says whether the piece is an operator that is a word, between what it may
// stand between.
func (p piece) asks(before, behind piece) bool {
	switch p.text {
	case "startsWith", "endsWith":
		return true
	case "contains", "matches":
		root, _, _ := strings.Cut(before.text, ".")
		_, known := fieldNames[root]
		return known || isQuoted(behind.text)
	case "in":
		return behind.text[0] == '['
	}
	return false
}

// rewritten is what a text that looks like a comparison would be as an expression:
// names that are no field are taken for those of the value's JSON, what stands on the
// right for a text, and operators of other languages for those of this.
func rewritten(text string) string {
	r := rewriter{in: scan(text)}
	for r.i < len(r.in) {
		r.next()
	}
	return strings.NewReplacer("( ", "(", " )", ")", "[ ", "[", " ]", "]", " ,", ",").Replace(strings.Join(r.out, " "))
}

type rewriter struct {
	in      []string
	i       int
	out     []string
	operand bool // the last of out ends an operand
	list    bool // within [ ]
}

// join puts "and" between two parts that stand side by side.
func (r *rewriter) join() {
	if r.operand {
		r.out = append(r.out, "and")
	}
	r.operand = false
}

func (r *rewriter) next() {
	t := r.in[r.i]
	r.i++
	switch word := strings.ToLower(t); {
	case t == ")" || t == "]":
		r.out, r.operand, r.list = append(r.out, t), true, false
	case t == "," || t == "[":
		r.out, r.operand, r.list = append(r.out, t), false, r.list || t == "["
	case t == "(" || t == "!" || word == "not":
		if word != "not" || r.i >= len(r.in) || operatorWords[strings.ToLower(r.in[r.i])] == "" {
			r.join()
		}
		r.out, r.operand = append(r.out, word), false
	case operatorOf(t) != "":
		r.out, r.operand = append(r.out, operatorOf(t)), false
	case r.list || r.afterComparison():
		if n := len(r.out); !r.list && n > 1 && isConstant(r.out[n-2]) && !isConstant(t) {
			t = fieldLike(t) // as in 100 < total
		} else {
			t = rightSide(t)
		}
		r.out, r.operand = append(r.out, t), true
	default:
		r.join()
		r.out, r.operand = append(r.out, r.leftSide(t)), true
	}
}

var operatorWords = map[string]string{
	"and": "and", "or": "or", "in": "in", "contains": "contains", "startswith": "startsWith", "endswith": "endsWith", "matches": "matches",
}

// operatorOf is an operator's name here; empty: it is none.
func operatorOf(t string) string {
	if t == ":" {
		return "=="
	}
	if op := compared[t]; op != "" {
		return op
	}
	return operatorWords[strings.ToLower(t)]
}

func (r *rewriter) afterComparison() bool {
	if len(r.out) == 0 || r.operand {
		return false
	}
	switch last := r.out[len(r.out)-1]; last {
	case "&&", "||", "and", "or", "!", "not", "(", "[", ",":
		return false
	}
	return true
}

// leftSide is a field; a word that nothing is compared with is looked for.
func (r *rewriter) leftSide(t string) string {
	switch {
	case isConstant(t):
		if r.i == len(r.in) || operatorOf(r.in[r.i]) == "" {
			return "value contains " + rightSide(t)
		}
		return t
	case r.i < len(r.in) && (operatorOf(r.in[r.i]) != "" || strings.EqualFold(r.in[r.i], "not")):
		switch operatorOf(r.in[r.i]) {
		case "&&", "||", "and", "or":
		default:
			name, without := strings.CutPrefix(t, "-")
			if without && r.in[r.i] == ":" {
				r.in[r.i] = "!="
			}
			return fieldLike(name)
		}
	}
	if without, ok := strings.CutPrefix(t, "-"); ok {
		return "value not contains " + rightSide(without)
	}
	return "value contains " + rightSide(t)
}

// isConstant says whether t is a number or a text in quotes.
func isConstant(t string) bool {
	_, err := parseLiteral(strings.TrimPrefix(t, "-"), 0)
	return err == nil || isQuoted(t)
}

func isQuoted(t string) bool { return t != "" && strings.ContainsRune("\"'`", rune(t[0])) }

// rightSide is what a field is compared with.
func rightSide(t string) string {
	if isConstant(t) {
		return t
	}
	switch word := strings.ToLower(t); word {
	case "true", "false", "null":
		return word
	}
	return strconv.Quote(t)
}

// fieldLike is the field that a name probably stands for.
func fieldLike(name string) string {
	name = strings.TrimLeft(name, "$@.")
	root, rest := name, ""
	if i := strings.IndexAny(name, ".["); i > 0 {
		root, rest = name[:i], name[i:]
	}
	lower := strings.TrimSuffix(strings.ToLower(root), "s")
	f, known := fieldNames[lower]
	switch {
	case !known, rest != "" && f != keyField && f != valueField && f != headerField, rest == "" && f == headerField:
		root, rest = "value", "."+name
	default:
		root = lower
	}
	for _, part := range strings.Split(rest, ".") {
		if plain := strings.TrimRight(part, "[]0123456789"); part != "" && !strings.Contains(part, "[\"") && nameLen(plain) != len(plain) {
			return root + bracketed(rest)
		}
	}
	return root + rest
}

// bracketed writes the names of a path that are none without quotes in brackets.
func bracketed(path string) string {
	var b strings.Builder
	for _, part := range strings.Split(path, ".") {
		switch {
		case part == "":
		case nameLen(part) == len(part):
			b.WriteString("." + part)
		default:
			b.WriteString("[" + strconv.Quote(part) + "]")
		}
	}
	return b.String()
}

// scan cuts a text into operators, brackets, quoted texts, and the rest.
func scan(text string) (tokens []string) {
	for i := 0; i < len(text); {
		end := i + 1
		switch c := text[i]; {
		case startsWithSpace(text[i:]):
			i++
			continue
		case c == '"' || c == '\'' || c == '`':
			end = quotedEnd(text, i)
		case strings.IndexByte(signs, c) >= 0:
			for end < len(text) && strings.IndexByte(signs, text[end]) >= 0 && compared[text[i:end+1]] != "" {
				end++
			}
		case strings.IndexByte("(),:]", c) >= 0:
		case c == '[' && (i == 0 || startsWithSpace(text[i-1:])):
		default:
			end = wordEnd(text, i)
		}
		tokens = append(tokens, text[i:end])
		i = end
	}
	return tokens
}

// quotedEnd is where the quoted text at i ends.
func quotedEnd(text string, i int) int {
	for end := i + 1; end < len(text); end++ {
		switch text[end] {
		case '\\':
			end++
		case text[i]:
			return end + 1
		}
	}
	return len(text)
}

// wordEnd is where a name, with what is in brackets behind it, or a number ends.
func wordEnd(text string, i int) int {
	for i < len(text) && strings.IndexByte("(),:]"+signs, text[i]) < 0 && !startsWithSpace(text[i:]) {
		if text[i] == '[' {
			if close := strings.IndexByte(text[i:], ']'); close > 0 {
				i += close
			}
		}
		i++
	}
	return min(i, len(text))
}
