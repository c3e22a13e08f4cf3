package cli

// Escapes in what a person types: \n, \t and others, in -f and in delimiters.

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const escapesKnown = `the escapes are \n \t \r \\ and \xNN`

// unescape gives the byte that the escape at the beginning of text stands for,
// and the escape's length.
func unescape(text string) (c byte, length int, err error) {
	if len(text) < 2 {
		return 0, 0, fmt.Errorf(`it ends with a single \; %s`, escapesKnown)
	}
	switch text[1] {
	case '\\':
		return '\\', 2, nil
	case 'n':
		return '\n', 2, nil
	case 't':
		return '\t', 2, nil
	case 'r':
		return '\r', 2, nil
	case 'x':
		if len(text) >= 4 {
			if code, err := strconv.ParseUint(text[2:4], 16, 8); err == nil {
				return byte(code), 4, nil
			}
		}
		return 0, 0, fmt.Errorf(`\x takes two hexadecimal digits, as in \x00`)
	}
	_, size := utf8.DecodeRuneInString(text[1:])
	return 0, 0, fmt.Errorf("%s is not an escape; %s", text[:1+size], escapesKnown)
}

// delimiter is what somebody typed as one, with its escapes replaced.
func delimiter(text string) (string, error) {
	var b strings.Builder
	for len(text) > 0 {
		if text[0] != '\\' {
			b.WriteByte(text[0])
			text = text[1:]
			continue
		}
		c, length, err := unescape(text)
		if err != nil {
			return "", err
		}
		b.WriteByte(c)
		text = text[length:]
	}
	return b.String(), nil
}
