package human

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape is text of somebody else's that cannot steer a terminal: control and format
// characters, and bytes that are not UTF-8, are shown by their codes.
func Escape[T string | []byte](text T) string {
	b := string(text)
	at := strings.IndexFunc(b, steers)
	if at < 0 && utf8.ValidString(b) {
		return b
	}
	var s strings.Builder
	for len(b) > 0 {
		r, size := utf8.DecodeRuneInString(b)
		switch {
		case r == utf8.RuneError && size <= 1:
			fmt.Fprintf(&s, `\x%02x`, b[0])
		case !steers(r):
			s.WriteRune(r)
		case r == '\n':
			s.WriteString(`\n`)
		case r == '\t':
			s.WriteString(`\t`)
		case r == '\r':
			s.WriteString(`\r`)
		case r < 0x100:
			fmt.Fprintf(&s, `\x%02x`, r)
		default:
			fmt.Fprintf(&s, `\u{%x}`, r)
		}
		b = b[size:]
	}
	return s.String()
}

// steers tells whether a terminal may do more with a character than show it. The two
// joiners belong to emoji and to the scripts of India.
func steers(r rune) bool {
	if r >= 0x20 && r < 0x7f || r == '\u200c' || r == '\u200d' {
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// EscapeLines is Escape for text that may have several lines.
func EscapeLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = Escape(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Clip is the first n characters of a text, with … for what follows.
func Clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for at := range text {
		if n == 0 {
			return text[:at] + "…"
		}
		n--
	}
	return text
}
