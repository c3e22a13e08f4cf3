package cli

// What produce reads: lines, pairs of key and value, and the JSON that tail
// prints, or kcat.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"milena/archive"
	"milena/kafka"
	"milena/kafka/batch"
)

// longestLine is beyond any message that Kafka takes: a record's length is an
// int32, and a line is held whole.
const longestLine = 1 << 30

// lines cuts a stream into lines.
type lines struct {
	name   string // of the stream, for errors
	end    []byte // of a line
	chunks <-chan chunk
	free   chan<- []byte
	carry  []byte // the beginning of a line that is not complete

	crlf  bool               // a CR before the end belongs to it
	first func(chunk []byte) // takes the first of what was read that has an end of a line; nil: nobody
}

// chunk is what one Read brought.
type chunk struct {
	bytes []byte
	err   error
}

// readLines reads ahead in a goroutine of its own. It ends with the stream or
// with ctx, except that a Read under way cannot be interrupted: it ends then
// with the process.
func readLines(ctx context.Context, in io.Reader, name, end string) *lines {
	const size, ahead = 256 << 10, 3
	chunks, free := make(chan chunk), make(chan []byte, ahead)
	for range ahead {
		free <- make([]byte, size)
	}
	go func() {
		for {
			buf := <-free
			n, err := in.Read(buf)
			select {
			case chunks <- chunk{buf[:n], err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return &lines{name: name, end: []byte(end), chunks: chunks, free: free}
}

// each gives every line without its newline, the last one also when it has
// none. The bytes are valid during the call. When ctx ends, what was read of a
// line that is not complete is left, and counted.
func (l *lines) each(ctx context.Context, do func(line []byte) error) (left int, err error) {
	for {
		var c chunk
		select {
		case c = <-l.chunks:
		case <-ctx.Done():
			return len(l.carry), nil
		}
		if l.first != nil && bytes.IndexByte(c.bytes, '\n') >= 0 {
			l.first(c.bytes)
			l.first = nil
		}
		if err := l.cut(c.bytes, do); err != nil {
			return 0, err
		}
		switch {
		case c.err == io.EOF:
			if len(l.carry) > 0 {
				return 0, l.give(l.carry, do)
			}
			return 0, nil
		case c.err != nil:
			return len(l.carry), fmt.Errorf("%s: %w", l.name, c.err)
		case len(l.carry) > longestLine:
			return len(l.carry), fmt.Errorf("%s: a line is longer than 1.1 GB, more than a Kafka message can be", l.name)
		}
		l.free <- c.bytes[:cap(c.bytes)]
	}
}

// cut gives the lines that end in a chunk, and keeps the beginning of the next.
func (l *lines) cut(rest []byte, do func(line []byte) error) error {
	for {
		// An end of several bytes may have begun in the chunk before.
		seam := min(len(l.carry), len(l.end)-1)
		if seam > 0 {
			overlap := append(bytes.Clone(l.carry[len(l.carry)-seam:]), rest[:min(len(rest), seam)]...)
			if at := bytes.Index(overlap, l.end); at >= 0 {
				line := l.carry[:len(l.carry)-seam+at]
				rest = rest[at+len(l.end)-seam:]
				if err := l.give(line, do); err != nil {
					return err
				}
				continue
			}
		}
		at := bytes.Index(rest, l.end)
		if at < 0 {
			break
		}
		line := rest[:at]
		if len(l.carry) > 0 {
			l.carry = append(l.carry, line...)
			line = l.carry
		}
		if err := l.give(line, do); err != nil {
			return err
		}
		rest = rest[at+len(l.end):]
	}
	l.carry = append(l.carry, rest...)
	return nil
}

// give hands over a line, after which nothing is carried.
func (l *lines) give(line []byte, do func(line []byte) error) error {
	if l.crlf {
		line = bytes.TrimSuffix(line, []byte("\r"))
	}
	err := do(line)
	if l.carry = l.carry[:0]; cap(l.carry) > bufferKept {
		l.carry = nil
	}
	return err
}

// allCR tells whether every line in a chunk ends in CR LF, as Windows writes them.
func allCR(chunk []byte) bool {
	lines := bytes.Count(chunk, []byte("\n"))
	return lines > 0 && lines == bytes.Count(chunk, []byte("\r\n"))
}

// parser makes a message of a line.
type parser func(line []byte, m *kafka.Message) error

// pairParser cuts a line at the first delimiter into key and value; without one
// it is all value, and the key null.
func pairParser(delimiter string) parser {
	return func(line []byte, m *kafka.Message) error {
		key, value, ok := bytes.Cut(line, []byte(delimiter))
		if !ok {
			m.Key, m.Value = nil, line
			return nil
		}
		m.Key, m.Value = key, value
		return nil
	}
}

// jsonParser reads key, value, headers and timestamp, and the partition when it
// is to be kept.
func jsonParser(keepPartition bool) parser {
	return func(line []byte, m *kafka.Message) error {
		var l archive.Line
		if err := l.Parse(line); err != nil {
			return err
		}
		if keepPartition {
			if l.Partition < 0 {
				return errors.New(`--keep-partition, but there is no "partition"`)
			}
			m.Partition = l.Partition
		}
		switch {
		case l.Timestamps == batch.NoTimestamp:
			l.Timestamp = kafka.NoTimestamp
		case l.Timestamp == kafka.NoTimestamp:
			return fmt.Errorf("timestamp %d is no time", l.Timestamp)
		}
		m.Key, m.Value, m.Headers, m.Timestamp = l.Key, l.Value, l.Headers, l.Timestamp
		return nil
	}
}

// parsePairs reads the name=value of a flag.
func parsePairs(flag string, pairs []string) ([]batch.Header, error) {
	var headers []batch.Header
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usage("%s takes name=value, not %q", flag, pair)
		}
		headers = append(headers, batch.Header{Key: name, Value: []byte(value)})
	}
	return headers, nil
}
