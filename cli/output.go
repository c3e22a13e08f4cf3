package cli

// How tail writes records: as values, in a format of kcat's tokens, as JSON, or
// as rows for a person. Every form is appended to a buffer, straight from where
// the record lies, without an allocation.

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"

	"github.com/charmbracelet/x/ansi"
)

// form appends one record to a buffer. One form serves all goroutines.
type form func(dst []byte, tp kafka.TopicPartition, v *batch.View) []byte

// valueForm is the value and a newline; null is nothing, or NULL.
func valueForm(null string) form {
	return func(dst []byte, _ kafka.TopicPartition, v *batch.View) []byte {
		if v.Value == nil {
			dst = append(dst, null...)
		}
		dst = append(dst, v.Value...)
		return append(dst, '\n')
	}
}

// piece is a part of a format: a token, or text.
type piece struct {
	token byte // 0: text
	text  string
}

const tokens = "the tokens are %s value, %S its length, %R its length as 4 bytes, %k key, %K its length, %h headers, " +
	"%t topic, %p partition, %o offset, %T timestamp, %% percent sign; " + escapesKnown

// parseFormat reads kcat's format.
func parseFormat(text string) ([]piece, error) {
	var pieces []piece
	var plain []byte
	token := func(c byte) {
		if len(plain) > 0 {
			pieces = append(pieces, piece{text: string(plain)})
			plain = plain[:0]
		}
		pieces = append(pieces, piece{token: c})
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\\':
			b, length, err := unescape(text[i:])
			if err != nil {
				return nil, fmt.Errorf("format %q: %w", text, err)
			}
			plain = append(plain, b)
			i += length - 1
		case '%':
			i++
			if i == len(text) {
				return nil, fmt.Errorf("format %q ends with a single %%; %s", text, tokens)
			}
			switch next := text[i]; {
			case next == '%':
				plain = append(plain, '%')
			case strings.IndexByte("sSRkKhtpoT", next) >= 0:
				token(next)
			default:
				_, size := utf8.DecodeRuneInString(text[i:])
				return nil, fmt.Errorf("format %q: %%%s is not a token; %s", text, text[i:i+size], tokens)
			}
		default:
			plain = append(plain, c)
		}
	}
	if len(plain) > 0 {
		pieces = append(pieces, piece{text: string(plain)})
	}
	return pieces, nil
}

// tokenForm writes what a format says.
func tokenForm(pieces []piece, null string) form {
	return func(dst []byte, tp kafka.TopicPartition, v *batch.View) []byte {
		for i := range pieces {
			switch p := &pieces[i]; p.token {
			case 0:
				dst = append(dst, p.text...)
			case 's':
				dst = appendOr(dst, v.Value, null)
			case 'S':
				dst = appendLength(dst, v.Value)
			case 'R':
				dst = binary.BigEndian.AppendUint32(dst, uint32(length(v.Value)))
			case 'k':
				dst = appendOr(dst, v.Key, null)
			case 'K':
				dst = appendLength(dst, v.Key)
			case 't':
				dst = append(dst, tp.Topic...)
			case 'p':
				dst = strconv.AppendInt(dst, int64(tp.Partition), 10)
			case 'o':
				dst = strconv.AppendInt(dst, v.Offset, 10)
			case 'T':
				dst = strconv.AppendInt(dst, v.Timestamp, 10)
			case 'h':
				dst = appendHeaders(dst, v, null)
			}
		}
		return dst
	}
}

// appendOr appends a field's bytes, or what stands for null.
func appendOr(dst, field []byte, null string) []byte {
	if field == nil {
		return append(dst, null...)
	}
	return append(dst, field...)
}

// length is a field's; null is −1 long.
func length(field []byte) int32 {
	if field == nil {
		return -1
	}
	return int32(len(field))
}

func appendLength(dst, field []byte) []byte {
	return strconv.AppendInt(dst, int64(length(field)), 10)
}

// appendHeaders appends name=value of each header, with commas between.
func appendHeaders(dst []byte, v *batch.View, null string) []byte {
	comma := false
	for name, value := range v.Headers() {
		if comma {
			dst = append(dst, ',')
		}
		comma = true
		dst = append(append(dst, name...), '=')
		dst = appendOr(dst, value, null)
	}
	return dst
}

// rowForm is a line for a person: time, partition, offset, key, value. Nothing
// of a message is written to the terminal as it is: what could steer it is shown
// escaped. A topic's name stands in the row, in so many columns, when topics is
// above 0.
func rowForm(topics int, colour bool, loc *time.Location) form {
	paint := func(dst []byte, code, text string) []byte {
		if !colour {
			return append(dst, text...)
		}
		dst = append(append(append(dst, "\x1b["...), code...), 'm')
		return append(append(dst, text...), "\x1b[0m"...)
	}
	const dim, strange, keys = "2", "33", "36"
	field := func(dst []byte, b []byte, null, code string, most, width int) []byte {
		shown := ""
		switch {
		case b == nil:
			shown, code = null, dim
		case len(b) == 0:
			shown, code = `""`, dim
		default:
			shown = human.Escape(b[:min(len(b), most)])
			if len(b) > most {
				shown += fmt.Sprintf("… (%d bytes)", len(b))
			}
		}
		pad := max(0, width-ansi.StringWidth(shown))
		if code == "" {
			dst = append(dst, shown...)
		} else {
			dst = paint(dst, code, shown)
		}
		return append(dst, strings.Repeat(" ", pad)...)
	}
	return func(dst []byte, tp kafka.TopicPartition, v *batch.View) []byte {
		at := strings.Repeat(" ", 11) + "no time " + strings.Repeat(" ", 4)
		if v.Timestamp != batch.NoTime {
			at = time.UnixMilli(v.Timestamp).In(loc).Format("2006-01-02 15:04:05.000")
		}
		dst = paint(dst, dim, at)
		if topics > 0 {
			dst = append(append(dst, "  "...), tp.Topic...) // its letters are ASCII
			dst = append(dst, strings.Repeat(" ", max(0, topics-len(tp.Topic)))...)
		}
		dst = paint(dst, dim, fmt.Sprintf("  %3d  %10d  ", tp.Partition, v.Offset))
		dst = field(dst, v.Key, "∅", keys, 128, 12)
		dst = append(dst, ' ', ' ')
		code := ""
		if !utf8.Valid(v.Value) {
			code = strange
		}
		dst = field(dst, v.Value, "∅ tombstone", code, 4096, 0)
		if n := v.HeaderCount(); n > 0 {
			dst = append(dst, ' ', ' ')
			dst = paint(dst, dim, "+"+human.Plural(n, "header"))
		}
		return append(dst, '\n')
	}
}
