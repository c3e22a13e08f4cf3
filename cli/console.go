package cli

// What Kafka's console tools call properties of a reader or a formatter, as in
// --property parse.key=true: they say how a line becomes a message, and a
// message a line. Names, defaults and effects are those of kafka-console-producer
// and kafka-console-consumer.

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"milena/kafka"
	"milena/kafka/batch"
)

// Properties that the console tools know.
var (
	readerProperties = []string{"parse.key", "key.separator", "parse.headers", "headers.delimiter", "headers.separator",
		"headers.key.separator", "null.marker", "ignore.error"}
	formatterProperties = []string{"print.key", "print.value", "print.timestamp", "print.partition", "print.offset", "print.headers",
		"key.separator", "line.separator", "headers.separator", "null.literal"}
	// deafProperties change nothing in milena; each with what to do.
	deafProperties = map[string]string{
		"print.epoch":                        "milena does not print the leader epoch",
		"print.delivery":                     "only a share group counts deliveries, and milena joins none",
		"key.deserializer":                   "milena prints keys as they are; -J writes bytes that are not UTF-8 in Base64",
		"value.deserializer":                 "milena prints values as they are; -J writes bytes that are not UTF-8 in Base64",
		"header.deserializer":                "milena prints headers as they are; -J writes bytes that are not UTF-8 in Base64",
		"headers.deserializer":               "milena prints headers as they are; -J writes bytes that are not UTF-8 in Base64",
		"print.schema.ids":                   "milena does not use schemas",
		"schema.registry.url":                "milena does not use schemas",
		"print.message.offset":               "print.offset does that",
		"topic":                              "name the topic as an argument",
		"group.id":                           "use --group",
		"auto.offset.reset":                  "use -o beginning or -o end",
		"key.serializer":                     "milena sends keys as they are",
		"value.serializer":                   "milena sends values as they are",
		"value.schema":                       "milena does not use schemas",
		"key.schema":                         "milena does not use schemas",
		"value.subject.name.strategy":        "milena does not use schemas",
		"auto.register":                      "milena does not use schemas",
		"use.latest.version":                 "milena does not use schemas",
		"basic.auth.user.info":               "milena does not use schemas",
		"basic.auth.credentials.source":      "milena does not use schemas",
		"confluent.value.schema.validation":  "milena does not use schemas",
		"schema.registry.basic.auth.user.id": "milena does not use schemas",
	}
)

// takeProperties takes those out of all that are a reader's or a formatter's.
// What -X and --property have in common with the client's settings stays; only
// holds what came by --reader-property or --formatter-property.
func takeProperties(all *[]string, only []string, known []string, flag string) (map[string]string, error) {
	found := make(map[string]string)
	var rest []string
	for _, pair := range *all {
		name, value, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); ok && slices.Contains(known, name) {
			found[name] = value
		} else {
			rest = append(rest, pair)
		}
	}
	*all = rest
	for _, pair := range only {
		name, value, ok := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		switch hint := deafProperties[name]; {
		case !ok:
			return nil, usage("%s takes name=value, not %q", flag, pair)
		case slices.Contains(known, name):
			found[name] = value
		case hint != "":
			return nil, usage("%s %s changes nothing: %s", flag, name, hint)
		default:
			return nil, usage("%s %q does not exist%s; it takes %s", flag, name, meant(name, known), strings.Join(known, ", "))
		}
	}
	return found, nil
}

// truth reads true or false.
func truth(properties map[string]string, name string, otherwise bool) (bool, error) {
	text, ok := properties[name]
	if !ok {
		return otherwise, nil
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, usage("%s %q is neither true nor false", name, text)
}

// separator reads a delimiter with its escapes.
func separator(properties map[string]string, name, otherwise string) (string, error) {
	text, ok := properties[name]
	if !ok {
		return otherwise, nil
	}
	found, err := delimiter(text)
	if err != nil {
		return "", usage("%s %q: %w", name, text, err)
	}
	if found == "" {
		return "", usage("%s is empty: it needs at least one character", name)
	}
	return found, nil
}

// lineReader is how Kafka's console producer makes a message of a line.
type lineReader struct {
	parseKey, parseHeaders bool
	keySeparator           string
	headersDelimiter       string // between headers and the rest of the line
	headersSeparator       string // between headers
	headersKeySeparator    string // between a header's name and its value
	nullMarker             *string
	ignoreError            bool // a line without a delimiter is all value
	line                   int64
}

// newLineReader reads a reader's properties.
func newLineReader(properties map[string]string) (*lineReader, error) {
	r := &lineReader{}
	var errs [7]error
	r.parseKey, errs[0] = truth(properties, "parse.key", false)
	r.parseHeaders, errs[1] = truth(properties, "parse.headers", false)
	r.ignoreError, errs[2] = truth(properties, "ignore.error", false)
	r.keySeparator, errs[3] = separator(properties, "key.separator", "\t")
	r.headersDelimiter, errs[4] = separator(properties, "headers.delimiter", "\t")
	r.headersSeparator, errs[5] = separator(properties, "headers.separator", ",")
	r.headersKeySeparator, errs[6] = separator(properties, "headers.key.separator", ":")
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	if marker, ok := properties["null.marker"]; ok {
		r.nullMarker = &marker
	}
	for _, name := range readerProperties {
		if _, given := properties[name]; !given {
			continue
		}
		needs := ""
		switch {
		case name == "key.separator" && !r.parseKey:
			needs = "parse.key=true"
		case strings.HasPrefix(name, "headers.") && !r.parseHeaders:
			needs = "parse.headers=true"
		case name == "ignore.error" && !r.parseKey && !r.parseHeaders:
			needs = "parse.key=true or parse.headers=true"
		}
		if needs != "" {
			return nil, usage("%s changes nothing without --property %s", name, needs)
		}
	}
	if r.parseHeaders && (r.headersDelimiter == r.headersSeparator || r.headersDelimiter == r.headersKeySeparator ||
		r.headersSeparator == r.headersKeySeparator) {
		return nil, usage("headers.delimiter, headers.separator and headers.key.separator must differ from each other")
	}
	return r, nil
}

// parse makes a message of a line.
func (r *lineReader) parse(line []byte, m *kafka.Message) error {
	r.line++
	text := string(line)
	headers, text, hasHeaders, err := r.cut(r.parseHeaders, text, r.headersDelimiter, "headers.delimiter")
	if err != nil {
		return err
	}
	key, text, hasKey, err := r.cut(r.parseKey, text, r.keySeparator, "key.separator")
	if err != nil {
		return err
	}
	m.Value = r.bytes(text)
	if r.parseKey {
		m.Key = nil
	}
	if hasKey {
		m.Key = r.bytes(key)
	}
	if !hasHeaders || r.isNull(headers) {
		return nil
	}
	m.Headers = slices.Clip(m.Headers)
	for pair := range strings.SplitSeq(headers, r.headersSeparator) {
		name, value, ok := strings.Cut(pair, r.headersKeySeparator)
		switch {
		case !ok && !r.ignoreError:
			return fmt.Errorf("the header %q has no headers.key.separator %q", pair, r.headersKeySeparator)
		case !ok:
			m.Headers = append(m.Headers, batch.Header{Key: pair})
		case r.isNull(name):
			return fmt.Errorf("a header's name is the null.marker %q: a name cannot be null", name)
		default:
			m.Headers = append(m.Headers, batch.Header{Key: name, Value: r.bytes(value)})
		}
	}
	return nil
}

// cut takes a part off the front of a line.
func (r *lineReader) cut(wanted bool, text, separator, name string) (part, rest string, found bool, err error) {
	if !wanted {
		return "", text, false, nil
	}
	if part, rest, found = strings.Cut(text, separator); found {
		return part, rest, true, nil
	}
	if r.ignoreError {
		return "", text, false, nil
	}
	return "", "", false, fmt.Errorf("the line has no %s %q (ignore.error=true takes such a line as a value)", name, separator)
}

func (r *lineReader) isNull(text string) bool { return r.nullMarker != nil && *r.nullMarker == text }

// bytes is a field's content; the marker stands for null.
func (r *lineReader) bytes(text string) []byte {
	if r.isNull(text) {
		return nil
	}
	return []byte(text)
}

// consoleForm writes as Kafka's console consumer: what is asked for, in its order.
func consoleForm(properties map[string]string) (form, error) {
	var errs [9]error
	var timestamp, partition, offset, headers, key, value bool
	var between, after, amongHeaders string
	timestamp, errs[0] = truth(properties, "print.timestamp", false)
	partition, errs[1] = truth(properties, "print.partition", false)
	offset, errs[2] = truth(properties, "print.offset", false)
	headers, errs[3] = truth(properties, "print.headers", false)
	key, errs[4] = truth(properties, "print.key", false)
	value, errs[5] = truth(properties, "print.value", true)
	between, errs[6] = separator(properties, "key.separator", "\t")
	after, errs[7] = separator(properties, "line.separator", "\n")
	amongHeaders, errs[8] = separator(properties, "headers.separator", ",")
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	null := "null"
	if literal, ok := properties["null.literal"]; ok {
		null = literal
	}
	return func(dst []byte, tp kafka.TopicPartition, v *batch.View) []byte {
		begin := len(dst)
		next := func() {
			if len(dst) > begin {
				dst = append(dst, between...)
			}
		}
		if timestamp {
			if v.Batch.Timestamps == batch.NoTimestamp || v.Timestamp < 0 {
				dst = append(dst, "NO_TIMESTAMP"...)
			} else {
				dst = append(append(dst, v.Batch.Timestamps.String()...), ':')
				dst = strconv.AppendInt(dst, v.Timestamp, 10)
			}
		}
		if partition {
			next()
			dst = strconv.AppendInt(append(dst, "Partition:"...), int64(tp.Partition), 10)
		}
		if offset {
			next()
			dst = strconv.AppendInt(append(dst, "Offset:"...), v.Offset, 10)
		}
		if headers {
			next()
			dst = appendConsoleHeaders(dst, v, amongHeaders, null)
		}
		if key {
			next()
			dst = appendOr(dst, v.Key, null)
		}
		if value {
			if timestamp || partition || offset || headers || key { // an empty key is a field, too
				dst = append(dst, between...)
			}
			dst = appendOr(dst, v.Value, null)
		}
		return append(dst, after...)
	}, nil
}

func appendConsoleHeaders(dst []byte, v *batch.View, separator, null string) []byte {
	if v.HeaderCount() == 0 {
		return append(dst, "NO_HEADERS"...)
	}
	first := true
	for name, value := range v.Headers() {
		if !first {
			dst = append(dst, separator...)
		}
		first = false
		dst = append(append(dst, name...), ':')
		dst = appendOr(dst, value, null)
	}
	return dst
}
