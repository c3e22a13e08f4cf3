package config

import (
	"errors"
	"fmt"
	"strings"
)

// jaas is one login of sasl.jaas.config:
//
//	org.apache.kafka.common.security.plain.PlainLoginModule required username="ada" password="…";
type jaas struct {
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
	class := s.word()
	if class == "" {
		return fail("names no login module")
	}
	switch flag := strings.ToLower(s.word()); flag {
	case "required", "requisite", "sufficient", "optional":
	default:
		return fail("lacks the word required after the module")
	}
	found := jaas{module: class[strings.LastIndexByte(class, '.')+1:], options: map[string]string{}}
	for {
		s.space()
		switch {
		case s.rest == "":
			return fail("does not end with a semicolon")
		case s.rest[0] == ';':
			s.rest = s.rest[1:]
			if s.space(); s.rest != "" {
				return fail("goes on after its semicolon: one login is wanted")
			}
			return found, nil
		}
		name := s.word()
		s.space()
		if name == "" || !strings.HasPrefix(s.rest, "=") {
			return fail("has an option that is not name=value")
		}
		s.rest = s.rest[1:]
		s.space()
		value, err := s.value()
		if err != nil {
			return fail(fmt.Sprintf("has no end of the quoted %s", name))
		}
		found.options[name] = value
	}
}

type jaasScanner struct{ rest string }

// space steps over white space and comments.
func (s *jaasScanner) space() {
	for {
		s.rest = strings.TrimLeft(s.rest, " \t\r\n\f\\") // a backslash here continued a line
		switch {
		case strings.HasPrefix(s.rest, "//"):
			_, s.rest, _ = strings.Cut(s.rest, "\n")
		case strings.HasPrefix(s.rest, "/*"):
			_, s.rest, _ = strings.Cut(s.rest, "*/")
		default:
			return
		}
	}
}

func (s *jaasScanner) word() string {
	s.space()
	end := strings.IndexAny(s.rest, " \t\r\n\f=;\"'")
	if end < 0 {
		end = len(s.rest)
	}
	word := s.rest[:end]
	s.rest = s.rest[end:]
	return word
}

var errUnclosed = errors.New("unclosed quote")

func (s *jaasScanner) value() (string, error) {
	if s.rest == "" || s.rest[0] != '"' && s.rest[0] != '\'' {
		end := strings.IndexAny(s.rest, " \t\r\n\f;")
		if end < 0 {
			end = len(s.rest)
		}
		value := s.rest[:end]
		s.rest = s.rest[end:]
		return value, nil
	}
	quote := s.rest[0]
	var value strings.Builder
	for i := 1; i < len(s.rest); i++ {
		c := s.rest[i]
		switch {
		case c == quote:
			s.rest = s.rest[i+1:]
			return value.String(), nil
		case c == '\n':
			return "", errUnclosed
		case c == '\\' && i+1 < len(s.rest):
			i++
			switch e := s.rest[i]; e {
			case 'n':
				value.WriteByte('\n')
			case 't':
				value.WriteByte('\t')
			case 'r':
				value.WriteByte('\r')
			case 'f':
				value.WriteByte('\f')
			case 'b':
				value.WriteByte('\b')
			default:
				value.WriteByte(e)
			}
		default:
			value.WriteByte(c)
		}
	}
	return "", errUnclosed
}
