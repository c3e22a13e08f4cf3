package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// What is said of a value that looks like JSON while it is typed: one quiet
// word. It is never forced on anybody: whatever is typed can be sent.

// checkedBelow is the size above which a value is not looked at.
const checkedBelow = 1 << 20

// verdict is what is said of a text.
type verdict struct {
	word string // empty: nothing
	bad  bool
}

// judge says whether b is JSON, when it sets out to be: a text that begins with
// neither { nor [ is nobody's broken JSON. Of the counter it says what it takes
// for it to count: sent once, it stays as it is.
func judge(b []byte) verdict {
	if len(b) > checkedBelow {
		return verdict{}
	}
	hint, also := "", ""
	if bytes.Contains(b, []byte(counter)) {
		hint = "ctrl+r counts " + counter
		also = ", " + hint
	}
	if !looksJSON(b) {
		return verdict{word: hint}
	}
	// The counter stands for a number; blanks keep the columns where they are.
	number := "0" + strings.Repeat(" ", len(counter)-1)
	text := bytes.ReplaceAll(b, []byte(counter), []byte(number))
	var whole json.RawMessage
	err := json.Unmarshal(text, &whole)
	if err == nil {
		if i := invalidUTF8(b); i >= 0 {
			return verdict{"JSON: " + placeIn(b, i) + ": not UTF-8", true}
		}
		return verdict{word: "valid JSON" + also}
	}
	var wrong *json.SyntaxError
	if !errors.As(err, &wrong) {
		return verdict{}
	}
	if wrong.Offset >= int64(len(text)) && strings.Contains(wrong.Error(), "unexpected end") {
		return verdict{word: "JSON, unfinished"}
	}
	return verdict{"JSON: " + placeIn(b, int(wrong.Offset)-1) + ": " + wanted(wrong), true}
}

// wanted says in plain words what keeps a text from being JSON. The words that
// encoding/json has for it are those of its scanner.
func wanted(wrong *json.SyntaxError) string {
	text := wrong.Error()
	what, where, ok := strings.Cut(strings.TrimPrefix(text, "invalid character "), "' ")
	if !ok {
		return text
	}
	for _, w := range []struct{ said, plain string }{
		{"looking for beginning of value", "expected a value, found "},
		{"looking for beginning of object key string", "expected a name in quotes, found "},
		{"after object key:value pair", "expected a comma or }, found "},
		{"after object key", "expected a colon, found "},
		{"after array element", "expected a comma or ], found "},
		{"after top-level value", "expected the end after the value, found "},
		{"in string literal", "escape the control character in the string: "},
		{"in string escape code", "no such escape in a string: \\"},
		{"in \\u hexadecimal character escape", "expected four hexadecimal digits after \\u, found "},
		{"after decimal point in numeric literal", "expected a digit, found "},
		{"in exponent of numeric literal", "expected a digit, found "},
		{"in numeric literal", "expected a digit, found "},
		{"in literal ", "expected true, false or null, found "},
	} {
		if strings.HasPrefix(where, w.said) {
			return w.plain + strings.TrimPrefix(what, "'")
		}
	}
	return text
}

// looksJSON says whether a text sets out to be an object or an array.
func looksJSON(b []byte) bool {
	begin := bytes.TrimLeft(b, " \t\r\n")
	return len(begin) > 0 && (begin[0] == '{' || begin[0] == '[')
}

func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// placeIn names a place of a text as editors do: lines and columns from 1, a
// column a character.
func placeIn(b []byte, i int) string {
	i = max(0, min(i, len(b)))
	row := bytes.Count(b[:i], []byte("\n")) + 1
	from := bytes.LastIndexByte(b[:i], '\n') + 1
	return fmt.Sprintf("line %d, column %d", row, utf8.RuneCount(b[from:i])+1)
}

// verdict is what is said of the value; it is thought about once a change.
func (d *draft) verdict() verdict {
	if d.attached != nil {
		return d.attachedIs
	}
	if d.judged != d.value.version {
		d.judged, d.valueIs = d.value.version, judge(d.value.text)
	}
	return d.valueIs
}
