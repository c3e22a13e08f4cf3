package config

// Java's properties files, as java.util.Properties reads them and Kafka trims
// them. The libraries for this leave out what real files have: bytes of Latin-1,
// a pair of surrogates, a continued line that ends with CR LF, a backslash at
// the end. A login then fails that works in Java, so the test compares this file
// with Java itself.

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
)

var errEscape = errors.New(`an escape (\uXXXX) is not complete; a backslash itself is written \\`)

// parseJava reads a file in Java's syntax. Its bytes are Latin-1, as Java reads
// them, unless a byte order mark said that they are UTF-8: of such a file Java
// can make nothing. An error repeats no value: it may be a password.
func parseJava(text []byte, utf8 bool) (properties, error) {
	letters := []rune(string(text))
	if !utf8 {
		letters = letters[:0]
		for _, b := range text {
			letters = append(letters, rune(b))
		}
	}
	found := properties{}
	for _, line := range logicalLines(letters) {
		key, value := splitProperty(line)
		k, err := unescape(key)
		if err != nil {
			return nil, err
		}
		v, err := unescape(value)
		if err != nil {
			return nil, err
		}
		found[k] = trimJava(v)
	}
	return found, nil
}

// trimJava is Java's String.trim, which Kafka applies to the value of every
// setting: letters up to the blank go at both ends.
func trimJava(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}

func isBlank(r rune) bool   { return r == ' ' || r == '\t' || r == '\f' }
func isLineEnd(r rune) bool { return r == '\n' || r == '\r' }

// logicalLines joins the lines that end with an odd number of backslashes with
// the next, and leaves out comments and what is empty.
func logicalLines(text []rune) (lines [][]rune) {
	var line []rune
	backslash := false // the letter before escapes the next
	start := true      // blanks are passed over
	continued := false // the line before continues here
	end := func() {
		if len(line) > 0 {
			lines = append(lines, line)
		}
		line, backslash, start, continued = nil, false, true, false
	}
	for i := 0; i < len(text); i++ {
		r := text[i]
		if start {
			if isBlank(r) || isLineEnd(r) && !continued {
				continue
			}
			start, continued = false, false
			if len(line) == 0 && (r == '#' || r == '!') {
				for i+1 < len(text) && !isLineEnd(text[i+1]) {
					i++
				}
				start = true
				continue
			}
		}
		switch {
		case !isLineEnd(r):
			line = append(line, r)
			backslash = r == '\\' && !backslash
		case backslash:
			line, backslash, start, continued = line[:len(line)-1], false, true, true
			if r == '\r' && i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
		default:
			end()
		}
	}
	if backslash {
		line = line[:len(line)-1]
	}
	end()
	return lines
}

// splitProperty cuts a line at its first =, : or blank that is not escaped.
func splitProperty(line []rune) (key, value []rune) {
	at := 0
	for backslash := false; at < len(line); at++ {
		r := line[at]
		if !backslash && (r == '=' || r == ':' || isBlank(r)) {
			break
		}
		backslash = r == '\\' && !backslash
	}
	key, value = line[:at], line[at:]
	separated := false
	for len(value) > 0 && (isBlank(value[0]) || !separated && (value[0] == '=' || value[0] == ':')) {
		separated = separated || !isBlank(value[0])
		value = value[1:]
	}
	return key, value
}

// unescape resolves Java's escapes. Its letters are units of UTF-16: two escapes
// can be one letter.
func unescape(text []rune) (string, error) {
	var units []uint16
	for i := 0; i < len(text); i++ {
		r := text[i]
		if r == '\\' && i+1 < len(text) {
			i++
			switch r = text[i]; r {
			case 't':
				r = '\t'
			case 'n':
				r = '\n'
			case 'r':
				r = '\r'
			case 'f':
				r = '\f'
			case 'u':
				if i+4 >= len(text) {
					return "", errEscape
				}
				n, err := strconv.ParseUint(string(text[i+1:i+5]), 16, 16)
				if err != nil {
					return "", errEscape
				}
				units = append(units, uint16(n))
				i += 4
				continue
			}
		}
		units = utf16.AppendRune(units, r)
	}
	return string(utf16.Decode(units)), nil
}
