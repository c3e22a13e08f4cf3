package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// jaas is one login of sasl.jaas.config:
//
//	org.apache.kafka.common.security.plain.PlainLoginModule required username="ada" password="…";
type jaas struct {
	class   string
	module  string // the class's name, without its package
	options map[string]string
}

// parseJAAS reads what Kafka's JaasConfig reads: a class, a flag, options whose
// values are words or quoted with escapes, and a semicolon at the end.
func parseJAAS(text string) (jaas, error) {
	const form = `the form is: org.apache.kafka.common.security.plain.PlainLoginModule required username="…" password="…";`
	fail := func(problem string) (jaas, error) {
		return jaas{}, errors.New("sasl.jaas.config " + problem + "; " + form)
	}

	s := jaasScanner{rest: text}
	class := s.token()
	if class == "" {
		return fail("names no login module")
	}
	switch flag := strings.ToLower(s.token()); flag {
	case "required", "requisite", "sufficient", "optional":
	default:
		return fail("lacks the word required after the module")
	}
	found := jaas{class: class, module: class[strings.LastIndexByte(class, '.')+1:], options: map[string]string{}}
	unclosed := ""
	for {
		s.space()
		switch {
		case s.rest == "" && unclosed != "":
			return fail("has no end of the quoted " + unclosed)
		case s.rest == "":
			return fail("does not end with a semicolon")
		case s.rest[0] == ';':
			s.rest = s.rest[1:]
			if s.space(); s.rest != "" {
				return fail("continues after its semicolon: give one login")
			}
			return found, nil
		}
		name := s.token()
		s.space()
		if name == "" || !strings.HasPrefix(s.rest, "=") {
			return fail("has an option that is not name=value")
		}
		s.rest = s.rest[1:]
		s.space()
		if s.rest == "" || s.rest[0] == ';' {
			return fail(fmt.Sprintf("has no value for %s", name))
		}
		found.options[name] = s.token()
		if s.unclosed {
			unclosed = name
		}
	}
}

// jaasScanner reads tokens as java.io.StreamTokenizer does in Kafka's JaasConfig.
// It takes more words than Java, such as user@example.org without quotes, but
// what Java takes means the same here.
type jaasScanner struct {
	rest     string
	unclosed bool // the last token lacks its second quote
}

// space steps over white space and comments; // and / begin one up to the end of
// the line.
func (s *jaasScanner) space() {
	for {
		s.rest = strings.TrimLeftFunc(s.rest, func(r rune) bool { return r <= ' ' })
		switch {
		case strings.HasPrefix(s.rest, "/*"):
			_, s.rest, _ = strings.Cut(s.rest[2:], "*/")
		case strings.HasPrefix(s.rest, "/"):
			end := strings.IndexAny(s.rest, "\r\n")
			if end < 0 {
				end = len(s.rest)
			}
			s.rest = s.rest[end:]
		default:
			return
		}
	}
}

// token is a word, or what is between quotes. A quoted text ends with its line,
// as in Java, even where the second quote is missing.
func (s *jaasScanner) token() string {
	s.space()
	if s.rest != "" && (s.rest[0] == '"' || s.rest[0] == '\'') {
		return s.quoted()
	}
	end := strings.IndexFunc(s.rest, func(r rune) bool { return r <= ' ' || strings.ContainsRune("=;/\"'", r) })
	if end < 0 {
		end = len(s.rest)
	}
	word := s.rest[:end]
	s.rest = s.rest[end:]
	return word
}

var jaasEscapes = map[byte]byte{'a': 7, 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

func (s *jaasScanner) quoted() string {
	quote := s.rest[0]
	var value strings.Builder
	i := 1
	for i < len(s.rest) && s.rest[i] != quote && s.rest[i] != '\n' && s.rest[i] != '\r' {
		c := s.rest[i]
		i++
		if c != '\\' || i == len(s.rest) {
			value.WriteByte(c)
			continue
		}
		if octal := octalDigits(s.rest[i:]); octal != "" {
			n, _ := strconv.ParseUint(octal, 8, 16)
			value.WriteRune(rune(n)) //nolint:gosec // at most 0377
			i += len(octal)
			continue
		}
		c = s.rest[i]
		i++
		if meant, ok := jaasEscapes[c]; ok {
			c = meant
		}
		value.WriteByte(c)
	}
	if s.unclosed = i == len(s.rest) || s.rest[i] != quote; !s.unclosed {
		i++
	}
	s.rest = s.rest[i:]
	return value.String()
}

// octalDigits are the digits that an octal escape begins with: three up to 377,
// else two.
func octalDigits(text string) string {
	longest := 2
	if text != "" && text[0] <= '3' {
		longest = 3
	}
	n := 0
	for n < len(text) && n < longest && '0' <= text[n] && text[n] <= '7' {
		n++
	}
	return text[:n]
}
