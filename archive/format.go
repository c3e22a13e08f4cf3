package archive

// What an export is written as.

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"milena/kafka"
	"milena/kafka/batch"
)

// Format says how records are written. The zero value is JSON lines, the one
// form that keeps every byte and opens again.
type Format struct {
	Kind   Kind
	Fields []Field // of CSV; none: DefaultFields
	// Delimiter ends each raw value; empty: a newline. A value that contains it is
	// written as it is all the same, and counted: see Export.Split.
	Delimiter string
}

// Kind is JSON lines, CSV or raw values.
type Kind int8

// The kinds of files.
const (
	JSONL Kind = iota
	CSV
	Raw
)

// String names the kind as people do.
func (k Kind) String() string { return [...]string{"JSONL", "CSV", "raw values"}[k] }

// KindOf is the kind that a file's name ends with: .jsonl, .ndjson and .json,
// .csv, .txt and .raw.
func KindOf(name string) (Kind, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".jsonl", ".ndjson", ".json":
		return JSONL, nil
	case ".csv":
		return CSV, nil
	case ".txt", ".raw":
		return Raw, nil
	}
	return 0, fmt.Errorf("%s: the name ends with .jsonl (all of a record), .csv (chosen fields) or .txt (values alone)", filepath.Base(name))
}

// appendRecord appends a record to a buffer, in place and without an allocation.
type appendRecord func(dst []byte, tp kafka.TopicPartition, v *batch.View) []byte

func (f Format) appender() appendRecord {
	switch f.Kind {
	case CSV:
		fields := f.fields()
		return func(dst []byte, tp kafka.TopicPartition, v *batch.View) []byte {
			return appendRow(dst, fields, tp, v)
		}
	case Raw:
		end := f.delimiter()
		return func(dst []byte, _ kafka.TopicPartition, v *batch.View) []byte {
			return append(append(dst, v.Value...), end...)
		}
	}
	return AppendJSON
}

// head is what stands before the records.
func (f Format) head() []byte {
	if f.Kind != CSV {
		return nil
	}
	var head []byte
	for i, field := range f.fields() {
		if i > 0 {
			head = append(head, ',')
		}
		head = appendCell(head, []byte(field.Name))
	}
	return append(head, '\n')
}

func (f Format) delimiter() string {
	if f.Delimiter == "" {
		return "\n"
	}
	return f.Delimiter
}

// splits says whether whoever cuts the file at the delimiter would get more
// than one piece of the record.
func (f Format) splits(v *batch.View) bool {
	return f.Kind == Raw && bytes.Contains(v.Value, []byte(f.delimiter()))
}
