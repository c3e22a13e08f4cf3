package archive

// Records as rows of chosen fields (RFC 4180, lines end with a newline alone).
//
// Null is an empty field, and empty is "", as PostgreSQL's COPY reads them.
// encoding/csv reads both as empty and cannot write the difference, so rows are
// put together here. Bytes that are not UTF-8 stand as they are; the fields
// keyBase64 and valueBase64 are for those.

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"milena/kafka"
	"milena/kafka/batch"
)

// Field is a column.
type Field struct {
	Name string
	// Of is its cell of a record, nil for null; of the record's own fields it is
	// not set. It is called by several goroutines at once.
	Of func(*batch.View) []byte
}

// The record's own fields, in the order in which they are offered.
var fields = []string{"topic", "partition", "offset", "timestamp", "time", "timestampType", "key", "value", "keyBase64", "valueBase64", "headers"}

// DefaultFields are those of a table for people.
var DefaultFields = []Field{{Name: "topic"}, {Name: "partition"}, {Name: "offset"}, {Name: "time"}, {Name: "key"}, {Name: "value"}}

func (f Format) fields() []Field {
	if len(f.Fields) == 0 {
		return DefaultFields
	}
	return f.Fields
}

// ParseFields reads names with commas or spaces between. timestamp is ms since
// the epoch, time the same as RFC 3339 in UTC; both are empty where there is
// none. headers are a JSON array, as in JSON lines. What is more than a name, such
// as value.order.total or header["a b"], part reads; nil: there is no such thing.
func ParseFields(text string, part func(path string) (func(*batch.View) []byte, error)) ([]Field, error) {
	var chosen []Field
	quoted := false
	for _, name := range strings.FieldsFunc(text, func(r rune) bool {
		quoted = quoted != (r == '"')
		return !quoted && (r == ',' || r == ' ')
	}) {
		f := Field{Name: name}
		if part != nil && strings.ContainsAny(name, ".[") {
			var err error
			if f.Of, err = part(name); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		} else if !slices.Contains(fields, name) {
			return nil, fmt.Errorf("there is no field %q: there are %s", name, strings.Join(fields, ", "))
		}
		chosen = append(chosen, f)
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("name at least one field of %s", strings.Join(fields, ", "))
	}
	return chosen, nil
}

func appendRow(dst []byte, fields []Field, tp kafka.TopicPartition, v *batch.View) []byte {
	timed := v.Timestamp != batch.NoTime
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		if f.Of != nil {
			dst = appendCell(dst, f.Of(v))
			continue
		}
		switch f.Name {
		case "topic":
			dst = append(dst, tp.Topic...) // its letters need no quotes
		case "partition":
			dst = strconv.AppendInt(dst, int64(tp.Partition), 10)
		case "offset":
			dst = strconv.AppendInt(dst, v.Offset, 10)
		case "timestamp":
			if timed {
				dst = strconv.AppendInt(dst, v.Timestamp, 10)
			}
		case "time":
			if timed {
				dst = time.UnixMilli(v.Timestamp).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
			}
		case "timestampType":
			dst = append(dst, v.Batch.Timestamps.String()...)
		case "key":
			dst = appendCell(dst, v.Key)
		case "value":
			dst = appendCell(dst, v.Value)
		case "keyBase64":
			dst = appendBase64(dst, v.Key)
		case "valueBase64":
			dst = appendBase64(dst, v.Value)
		case "headers":
			// JSON is quoted like any other text: from its own place in the buffer.
			at := len(dst)
			dst = AppendHeaders(dst, v)
			end := len(dst)
			dst = appendCell(dst, dst[at:end:end])
			dst = dst[:at+copy(dst[at:], dst[end:])]
		}
	}
	return append(dst, '\n')
}

// appendCell appends a field, in quotes where it needs them.
func appendCell(dst, field []byte) []byte {
	switch {
	case field == nil:
		return dst
	case len(field) > 0 && !slices.ContainsFunc(field, special) && field[0] != ' ' && field[len(field)-1] != ' ':
		return append(dst, field...)
	}
	dst = append(dst, '"')
	for _, c := range field {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

func special(c byte) bool { return c == ',' || c == '"' || c == '\n' || c == '\r' || c == '\t' }

func appendBase64(dst, field []byte) []byte {
	if field != nil && len(field) == 0 {
		return append(dst, `""`...)
	}
	return base64.StdEncoding.AppendEncode(dst, field)
}
