package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words in a text, and back.

func parseWords(text string) ([]word, error) {
	var words []word
	rest := text
	for {
		if rest = strings.TrimLeftFunc(rest, unicode.IsSpace); rest == "" {
			return words, nil
		}
		w, after, err := parseWord(rest)
		if err != nil {
			err.Column = 1 + utf8.RuneCountInString(text[:len(text)-len(rest)+err.Column])
			err.Text = text
			return nil, err
		}
		if rest = after; w.text != "" || w.scope == headerField {
			words = append(words, w)
		}
	}
}

// parseWord reads the word that s begins with. The error's column is a byte of s.
func parseWord(s string) (w word, rest string, err *Error) {
	rest = s
	exclude := len(rest) > 1 && rest[0] == '-' && !startsWithSpace(rest[1:])
	if exclude {
		rest = rest[1:]
	}
	scope, header, rest := cutScope(rest)
	at := len(s) - len(rest)
	text, source := "", ""
	switch {
	case scope != constant && (rest == "" || startsWithSpace(rest)): // header:NAME
	case rest[0] == '"':
		quoted, after, closed := unquote(rest)
		switch {
		case !closed:
			return w, "", &Error{Column: at, Message: `the quote is not closed: end it with ", or write \" inside quotes to find one`}
		case after == "" || startsWithSpace(after):
			text, rest = quoted, after
		default:
			text, rest = bare(rest)
		}
	default:
		if source, rest = cutPattern(rest); source == "" {
			text, rest = bare(rest)
		}
	}
	if w = newWord(text, exclude); source != "" {
		p, err := newPattern(source)
		if err != nil {
			return w, "", &Error{Column: at, Message: patternFault(err) + `; in quotes it is a word`}
		}
		w = patternWord(p, exclude)
	}
	w.scope, w.header = scope, header
	return w, rest, nil
}

// cutScope takes key:, value:, header:NAME= or a whole header:NAME off a word.
func cutScope(s string) (scope field, header, rest string) {
	for prefix, f := range map[string]field{"key:": keyField, "value:": valueField} {
		if after, ok := strings.CutPrefix(s, prefix); ok && after != "" && !startsWithSpace(after) {
			return f, "", after
		}
	}
	if after, ok := strings.CutPrefix(s, "header:"); ok {
		end := strings.IndexFunc(after, func(r rune) bool { return r == '=' || unicode.IsSpace(r) })
		switch {
		case end == 0 || after == "":
		case end < 0:
			return headerField, after, ""
		case after[end] == '=':
			return headerField, after[:end], after[end+1:]
		default:
			return headerField, after[:end], after[end:]
		}
	}
	return constant, "", s
}

// cutPattern takes /…/ off, when the word ends with it; "" is no pattern.
func cutPattern(s string) (source, rest string) {
	if s[0] != '/' {
		return "", s
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '/':
			if after := s[i+1:]; after == "" || startsWithSpace(after) {
				return s[1:i], after
			}
			return "", s
		}
	}
	return "", s
}

func startsWithSpace(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsSpace(r)
}

// bare takes the text up to the next space.
func bare(s string) (w, rest string) {
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// unquote reads the quoted word that s begins with.
func unquote(s string) (w, rest string, closed bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// wordsText is words as one types them. Quoted, none can be taken for part of an
// expression.
func wordsText(words []word, quoted bool) string {
	var b strings.Builder
	for i := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(words[i].typed(quoted))
	}
	return b.String()
}

func (w *word) typed(quoted bool) string {
	var b strings.Builder
	if w.exclude {
		b.WriteByte('-')
	}
	switch w.scope {
	case headerField:
		b.WriteString("header:" + w.header)
		if w.text == "" {
			return b.String()
		}
		b.WriteByte('=')
	case keyField, valueField:
		b.WriteString(fieldOf(w.scope) + ":")
	}
	scope, _, _ := cutScope(w.text)
	switch {
	case w.pattern != nil:
		b.WriteString("/" + w.text + "/")
	case quoted, w.text[0] == '"', w.text[0] == '/', w.text[0] == '-' && !w.exclude && w.scope == constant,
		scope != constant && w.scope == constant, strings.ContainsFunc(w.text, unicode.IsSpace):
		b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w.text) + `"`)
	default:
		b.WriteString(w.text)
	}
	return b.String()
}

// explain says what a record is asked for.
func (w *word) explain() string {
	where := "key, value, or a header's name or value"
	switch w.scope {
	case keyField, valueField:
		where = fieldOf(w.scope)
	case headerField:
		where = "header " + w.header
	}
	if w.text == "" {
		return map[bool]string{false: "a " + where, true: "no " + where}[w.exclude]
	}
	how := fmt.Sprintf("the bytes %q", w.text)
	switch {
	case w.pattern != nil:
		how = "a match of /" + w.text + "/" + w.pattern.explain()
	case !w.exact:
		how = fmt.Sprintf("%q in any case", w.text)
	}
	has := " has "
	if w.exclude {
		has = " has not "
	}
	return where + has + how
}
