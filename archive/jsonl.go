package archive

// Records as JSON, one a line: how they are written. The fields are a contract,
// see the README.

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"milena/kafka"
	"milena/kafka/batch"
)

// AppendJSON appends a record as one JSON object and a newline. All fields are
// always there, in this order: topic, partition, offset, timestamp (ms since the
// epoch), timestampType, key, value, headers. Null is null and empty is "". Bytes
// that are not UTF-8 come as keyBase64 or valueBase64 in place of key or value, in
// headers too. Parse reads the same record back, byte for byte.
func AppendJSON(dst []byte, tp kafka.TopicPartition, v *batch.View) []byte {
	dst = append(dst, `{"topic":`...)
	dst = appendJSONString(dst, tp.Topic)
	dst = append(dst, `,"partition":`...)
	dst = strconv.AppendInt(dst, int64(tp.Partition), 10)
	dst = append(dst, `,"offset":`...)
	dst = strconv.AppendInt(dst, v.Offset, 10)
	dst = append(dst, `,"timestamp":`...)
	dst = strconv.AppendInt(dst, v.Timestamp, 10)
	dst = append(dst, `,"timestampType":"`...)
	dst = append(dst, v.Batch.Timestamps.String()...)
	dst = append(dst, '"', ',')
	dst = appendJSONField(dst, "key", v.Key)
	dst = append(dst, ',')
	dst = appendJSONField(dst, "value", v.Value)
	if v.HeaderCount() == 0 { // as in most records
		return append(dst, ",\"headers\":[]}\n"...)
	}
	dst = append(dst, `,"headers":`...)
	return append(AppendHeaders(dst, v), '}', '\n')
}

// AppendHeaders appends a record's headers as a JSON array, in their order,
// doubles too.
func AppendHeaders(dst []byte, v *batch.View) []byte {
	dst = append(dst, '[')
	if v.HeaderCount() > 0 { // asking is cheaper than going over none
		comma := false
		for name, value := range v.Headers() {
			if comma {
				dst = append(dst, ',')
			}
			comma = true
			dst = append(dst, '{')
			if name == nil {
				name = []byte{}
			}
			dst = appendJSONField(dst, "key", name)
			dst = append(dst, ',')
			dst = appendJSONField(dst, "value", value)
			dst = append(dst, '}')
		}
	}
	return append(dst, ']')
}

// appendJSONField appends "name":"text", "name":null, or "nameBase64":"…" for
// bytes that are not UTF-8.
func appendJSONField(dst []byte, name string, field []byte) []byte {
	dst = append(append(dst, '"'), name...)
	switch {
	case field == nil:
		return append(dst, `":null`...)
	case !utf8.Valid(field):
		dst = append(dst, `Base64":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, field)
		return append(dst, '"')
	}
	return appendJSONString(append(dst, '"', ':'), field)
}

// plainInJSON are the bytes that stand for themselves in a JSON string.
var plainInJSON = func() (plain [256]bool) {
	for c := ' '; c < 256; c++ {
		plain[c] = c != '"' && c != '\\' && c != 0xc2 && c != 0xe2 // 0xe2 begins U+2028, a line end in JavaScript
	}
	return plain
}()

// appendJSONString quotes valid UTF-8 as encoding/json does, HTML left alone.
func appendJSONString[T string | []byte](dst []byte, text T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if plainInJSON[c] {
			i++
			continue
		}
		if c == 0xc2 { // C1, which some terminals obey
			if i+1 >= len(text) || text[i+1] >= 0xa0 {
				i++
				continue
			}
			dst = append(dst, text[start:i]...)
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[text[i+1]>>4], hex[text[i+1]&0xf])
			i += 2
			start = i
			continue
		}
		if c == 0xe2 { // line ends in JavaScript, and what turns text around
			r := rune(0)
			if i+2 < len(text) {
				r = rune(c&0xf)<<12 | rune(text[i+1]&0x3f)<<6 | rune(text[i+2]&0x3f)
			}
			if r != 0x2028 && r != 0x2029 && r != 0x200e && r != 0x200f && (r < 0x202a || r > 0x202e) && (r < 0x2066 || r > 0x2069) {
				i++
				continue
			}
			dst = append(dst, text[start:i]...)
			dst = append(dst, `\u20`...)
			dst = append(dst, hex[r>>4&0xf], hex[r&0xf])
			i += 3
			start = i
			continue
		}
		dst = append(dst, text[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&0xf])
		}
		i++
		start = i
	}
	dst = append(dst, text[start:]...)
	return append(dst, '"')
}
