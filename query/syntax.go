package query

// An expression's tokens as a tree: operators with their operands, by
// precedence. The operators and their precedence are those of expr-lang, of
// which this is the part that decides on one record. Its own parser is not
// used: it rounds numbers, knows no units, and with what it imports (reflection
// over Go values) makes the program a fifth larger.

// expr is a node of the tree.
type expr struct {
	op   string // an operator, or what it is: name, number, text, call, list, "." and "["
	text string // of a name, number, text
	at   int    // where the operator or the value begins
	from int    // where all of it begins
	end  int    // and ends
	args []*expr
}

// maxDepth is how deeply an expression may be nested.
const maxDepth = 1000

var precedence = map[string]int{
	"or": 1, "||": 1,
	"and": 2, "&&": 2,
	"==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3,
	"in": 3, "contains": 3, "startsWith": 3, "endsWith": 3, "matches": 3,
	"+": 4, "-": 4,
}

// canonical is the sign of an operator that has a word, too.
var canonical = map[string]string{"and": "&&", "or": "||", "not": "!"}

// negatable operators may follow "not".
var negatable = map[string]bool{"in": true, "contains": true, "startsWith": true, "endsWith": true, "matches": true}

var ordering = map[string]bool{"<": true, "<=": true, ">": true, ">=": true}

type parser struct {
	lexer
	tok   token
	depth int
}

// parseExpr reads all of src.
func parseExpr(src string) (*expr, error) {
	p := &parser{lexer: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == atEnd {
		return nil, faultf(p.tok.at, "an expression must follow the =, such as value.total > 100")
	}
	n, err := p.expression(1)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != atEnd {
		return nil, p.unexpected()
	}
	return n, nil
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

func (p *parser) is(op string) bool { return p.tok.kind == opToken && p.tok.text == op }

func (p *parser) unexpected() *fault {
	switch {
	case p.tok.kind == atEnd:
		return faultf(p.tok.at, "the expression is incomplete")
	case p.is("="):
		return faultf(p.tok.at, "= does not compare: write == or !=")
	case p.is("=~") || p.is("!~"):
		return faultf(p.tok.at, `%s is not an operator: write matches or not matches, as in key matches "^a"`, p.tok.text)
	case p.tok.kind == textToken:
		return faultf(p.tok.at, "a text is not expected here: an operator is missing before it")
	}
	return faultf(p.tok.at, "%s is not expected here", p.tok.text)
}

func (p *parser) expect(op string) error {
	if !p.is(op) {
		if p.tok.kind == atEnd {
			return faultf(p.tok.at, "%s is missing", op)
		}
		return p.unexpected()
	}
	return p.advance()
}

func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return faultf(p.tok.at, "the expression is nested more than %d deep", maxDepth)
	}
	return nil
}

// expression reads operators of at least that precedence and their operands.
func (p *parser) expression(least int) (*expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	var compared *expr // the right side of a comparison that may go on: 1 < x < 5
	for p.tok.kind == opToken {
		op, at := p.tok.text, p.tok.at
		negated := op == "not"
		if negated {
			before := *p
			if err := p.advance(); err != nil {
				return nil, err
			}
			if op = p.tok.text; p.tok.kind != opToken || !negatable[op] {
				*p = before
				return nil, p.unexpected()
			}
		}
		level := precedence[op]
		if level == 0 || level < least {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		right, err := p.expression(level + 1)
		if err != nil {
			return nil, err
		}
		if c := canonical[op]; c != "" {
			op = c
		}
		n := &expr{op: op, at: at, from: left.from, end: right.end, args: []*expr{left, right}}
		switch {
		case negated:
			n.op = "not " + op
		case (op == "&&" || op == "||") && left.op == op:
			left.args, left.end = append(left.args, right), right.end // as many as there are, on one level
			n = left
		case compared != nil && ordering[op]:
			n.args[0], n.from = compared, compared.from
			n = &expr{op: "&&", at: at, from: left.from, end: right.end, args: []*expr{left, n}}
		}
		if compared = nil; ordering[op] {
			compared = right
		}
		left = n
	}
	return left, nil
}

func (p *parser) unary() (*expr, error) {
	if p.is("!") || p.is("not") || p.is("-") || p.is("+") {
		op, at := p.tok.text, p.tok.at
		if err := p.advance(); err != nil {
			return nil, err
		}
		level := precedence["=="] // "not a == b" is not (a == b), "!a == b" too
		if op == "-" || op == "+" {
			level = precedence["-"] + 1
		}
		x, err := p.expression(level)
		if err != nil {
			return nil, err
		}
		if c := canonical[op]; c != "" {
			op = c
		}
		if op == "-" || op == "+" {
			op = "unary " + op
		}
		return &expr{op: op, at: at, from: at, end: x.end, args: []*expr{x}}, nil
	}
	return p.primary()
}

func (p *parser) primary() (*expr, error) {
	t := p.tok
	switch {
	case p.is("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		n, err := p.expression(1)
		if err != nil {
			return nil, err
		}
		end := p.tok.end
		if err := p.expect(")"); err != nil {
			return nil, err
		}
		// A node of its own, so that a && (b && c) stays as it was written.
		return &expr{op: "()", at: n.at, from: t.at, end: end, args: []*expr{n}}, nil
	case p.is("["):
		return p.list()
	case t.kind == numberToken || t.kind == textToken || t.kind == nameToken:
		n := &expr{op: map[tokenKind]string{numberToken: "number", textToken: "text", nameToken: "name"}[t.kind], text: t.text, at: t.at, from: t.at, end: t.end}
		if err := p.advance(); err != nil {
			return nil, err
		}
		if t.kind == nameToken {
			return p.path(n)
		}
		return n, nil
	}
	return nil, p.unexpected()
}

// path reads what follows a name: .name, [0], ["name"], or () of a function.
func (p *parser) path(n *expr) (*expr, error) {
	if p.is("(") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		end := p.tok.end
		if !p.is(")") {
			return nil, faultf(p.tok.at, "now() takes no argument")
		}
		return &expr{op: "call", text: n.text, at: n.at, from: n.from, end: end}, p.advance()
	}
	for {
		var step *expr
		switch {
		case p.is("."):
			if err := p.advance(); err != nil {
				return nil, err
			}
			// An operator that is a word may be a name here.
			if p.tok.kind != nameToken && !wordOperators[p.tok.text] {
				if p.tok.kind == atEnd {
					return nil, faultf(p.tok.at, "a name is missing after the point")
				}
				return nil, faultf(p.tok.at, `%s is not a name: write ["…"] for other names, [0] for a place in an array`, p.tok.text)
			}
			step = &expr{op: ".", text: p.tok.text, at: p.tok.at, end: p.tok.end}
			if err := p.advance(); err != nil {
				return nil, err
			}
		case p.is("["):
			if err := p.advance(); err != nil {
				return nil, err
			}
			t := p.tok
			if t.kind != textToken && t.kind != numberToken {
				return nil, faultf(t.at, `a name in quotes or a place from 0 on is missing: ["name"] or [0]`)
			}
			step = &expr{op: ".", text: t.text, at: t.at}
			if t.kind == numberToken {
				step.op = "["
			}
			if err := p.advance(); err != nil {
				return nil, err
			}
			step.end = p.tok.end
			if err := p.expect("]"); err != nil {
				return nil, err
			}
		default:
			return n, nil
		}
		n.args, n.end = append(n.args, step), step.end
	}
}

func (p *parser) list() (*expr, error) {
	n := &expr{op: "list", at: p.tok.at, from: p.tok.at}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for {
		if p.is("]") {
			n.end = p.tok.end
			return n, p.advance()
		}
		x, err := p.expression(precedence["+"])
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, x)
		if p.is("]") {
			continue
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
}
