package ui

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON as it is read rather than as it was sent: escapes of letters are the letters,
// and a string that holds JSON is that JSON. The bytes themselves stay what is
// copied, and what the views as text and hex show.

// What stands for the quotes around JSON in a string: no valid JSON has these bytes.
const (
	nestOpen  = 0x0e
	nestClose = 0x0f
)

// nestMost is how deep JSON in strings is unfolded.
const nestMost = 8

func isNest(c byte) bool { return c == nestOpen || c == nestClose }

// saidJSON is b, which is JSON or the front of some, with its strings decoded. Quotes,
// backslashes and whatever is not printable stay escaped.
func saidJSON(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 && !bytes.Contains(b, []byte(`"{`)) && !bytes.Contains(b, []byte(`"[`)) {
		return b
	}
	return appendSaid(make([]byte, 0, len(b)), b, 0)
}

func appendSaid(out, b []byte, depth int) []byte {
	for i := 0; i < len(b); {
		end, kind := jsonToken(b, i)
		switch {
		case kind == jsonString && depth < nestMost:
			if inner := jsonInString(b[i:end]); inner != nil {
				out = append(out, nestOpen)
				out = appendSaid(out, inner, depth+1)
				out = append(out, nestClose)
				break
			}
			out = appendDecoded(out, b[i:end])
		case kind == jsonString, kind == jsonKey:
			out = appendDecoded(out, b[i:end])
		default:
			out = append(out, b[i:end]...)
		}
		i = end
	}
	return out
}

// jsonInString is the object or array that a string in quotes holds; nil: it holds
// none.
func jsonInString(quoted []byte) []byte {
	begin := bytes.TrimLeft(quoted[1:], " \t\r\n")
	if len(begin) == 0 || begin[0] != '{' && begin[0] != '[' && begin[0] != '\\' {
		return nil
	}
	var s string
	if json.Unmarshal(quoted, &s) != nil || !looksLikeJSON([]byte(s)) || !json.Valid([]byte(s)) {
		return nil
	}
	return []byte(s)
}

// appendDecoded appends a string in quotes with the letters for their escapes.
func appendDecoded(out, s []byte) []byte {
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 >= len(s) {
			out = append(out, s[i])
			i++
			continue
		}
		n := 2
		switch s[i+1] {
		case '/':
			out = append(out, '/')
			i += n
			continue
		case 'u':
			r, size := escapedRune(s[i:])
			if unicode.IsPrint(r) && r != '"' && r != '\\' && r != utf8.RuneError {
				out = utf8.AppendRune(out, r)
				i += size
				continue
			}
			n = size
		}
		n = min(n, len(s)-i)
		out = append(out, s[i:i+n]...)
		i += n
	}
	return out
}

// escapedRune is the letter that a \u escape, or two of a surrogate pair, stand for,
// and how many bytes they take; utf8.RuneError: none.
func escapedRune(s []byte) (r rune, size int) {
	unit := func(s []byte) (rune, bool) {
		if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
			return 0, false
		}
		n, err := strconv.ParseUint(string(s[2:6]), 16, 16)
		return rune(n), err == nil
	}
	r, ok := unit(s)
	switch {
	case !ok:
		return utf8.RuneError, 2
	case !utf16.IsSurrogate(r):
		return r, 6
	}
	if low, ok := unit(s[6:]); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}
