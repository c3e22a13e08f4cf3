package ui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf8"

	"milena/kafka/batch"
)

// What was sent to a topic, kept for the next run: a file a topic, one message
// a line, in the form that `milena produce -J` reads. It is a convenience: that
// it cannot be written is said once and stops nothing.

// Bounds of the history of a topic.
const (
	historyKept      = 100
	historyKeptBytes = 1 << 20
	historyHeldBytes = 32 << 20 // in memory, with what is too large for the file
)

// history is where the files are.
type history struct {
	dir string
	mu  sync.Mutex // one reading or writing at a time
}

// defaultHistory is the folder for what was sent; its error says why there is
// none.
func defaultHistory() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no history of sent messages: %w", err)
	}
	return filepath.Join(dir, "milena", "history"), nil
}

// file is the file of a topic: its name for people, and a sum because neither
// the topic's letters nor their case can be left to file systems.
func (h *history) file(cluster, topic string) string {
	sum := sha256.Sum256([]byte(cluster + "\x00" + topic))
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, topic)
	return filepath.Join(h.dir, fmt.Sprintf("%.80s-%s.jsonl", name, hex.EncodeToString(sum[:8])))
}

// load reads what was sent to a topic, the oldest first. A line that cannot be
// understood is left out.
func (h *history) load(cluster, topic string) ([]composed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines, err := h.read(cluster, topic)
	if err != nil {
		return nil, err
	}
	var out []composed
	for _, b := range lines {
		var l historyLine
		if json.Unmarshal(b, &l) == nil {
			out = append(out, l.composed())
		}
	}
	return out, nil
}

func (h *history) read(cluster, topic string) ([][]byte, error) {
	b, err := os.ReadFile(h.file(cluster, topic))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the history of messages sent to %s cannot be read: %w", topic, err)
	}
	b = bytes.TrimRight(b, "\n")
	if len(b) == 0 {
		return nil, nil
	}
	return bytes.Split(b, []byte("\n")), nil
}

// save adds a message to the file of its topic; what another milena added
// meanwhile stays. A message that is larger than the file may be is left out.
func (h *history) save(cluster, topic string, x composed) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines, err := h.read(cluster, topic)
	if err != nil {
		return err
	}
	line, err := json.Marshal(lineOf(topic, x))
	if err != nil {
		return fmt.Errorf("messages sent to %s are not kept in the history: %w", topic, err)
	}
	if len(line) >= historyKeptBytes {
		return nil
	}
	if n := len(lines); n > 0 && bytes.Equal(lines[n-1], line) {
		return nil
	}
	lines = append(lines, line)
	from, size := len(lines), 0
	for from > 0 && len(lines)-from < historyKept && size+len(lines[from-1])+1 <= historyKeptBytes {
		from--
		size += len(lines[from]) + 1
	}
	whole := append(bytes.Join(lines[from:], []byte("\n")), '\n')
	if err := replaceFile(h.file(cluster, topic), whole); err != nil {
		var of *fs.PathError
		if errors.As(err, &of) { // the file's name of a moment helps nobody
			err = fmt.Errorf("%w, in %s", of.Err, h.dir)
		}
		return fmt.Errorf("messages sent to %s are not kept in the history: %w", topic, err)
	}
	return nil
}

// replaceFile puts b in the place of a file at once: who reads meanwhile finds
// the old one or the new one, whole. Both file and folder are the owner's only.
func replaceFile(name string, b []byte) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// historyLine is a message in the file, with the names that -J has: a text, or
// null, or else bytes under the other name.
type historyLine struct {
	Topic       string          `json:"topic"`
	Key         json.RawMessage `json:"key,omitempty"`
	KeyBase64   []byte          `json:"keyBase64,omitempty"`
	Value       json.RawMessage `json:"value,omitempty"`
	ValueBase64 []byte          `json:"valueBase64,omitempty"`
	Headers     []historyHeader `json:"headers"`
	ToPartition string          `json:"toPartition,omitempty"` // as it was typed; empty: by key
}

type historyHeader struct {
	Key         json.RawMessage `json:"key,omitempty"`
	KeyBase64   []byte          `json:"keyBase64,omitempty"`
	Value       json.RawMessage `json:"value,omitempty"`
	ValueBase64 []byte          `json:"valueBase64,omitempty"`
}

// inText gives b as a JSON text or null, or as bytes where it is no text.
func inText(b []byte) (json.RawMessage, []byte) {
	if b != nil && !utf8.Valid(b) {
		return nil, b
	}
	if b == nil {
		return json.RawMessage("null"), nil
	}
	quoted, err := json.Marshal(string(b))
	if err != nil { // a string always can
		return nil, b
	}
	return quoted, nil
}

func fromText(text json.RawMessage, b []byte) []byte {
	var s *string
	if b != nil || len(text) == 0 || json.Unmarshal(text, &s) != nil || s == nil {
		return b
	}
	return append([]byte{}, *s...)
}

func lineOf(topic string, x composed) historyLine {
	l := historyLine{Topic: topic, ToPartition: x.part, Headers: []historyHeader{}}
	l.Key, l.KeyBase64 = inText(x.keyBytes())
	l.Value, l.ValueBase64 = inText(x.valueBytes())
	for _, h := range x.heads {
		var y historyHeader
		y.Key, y.KeyBase64 = inText([]byte(h.Key))
		y.Value, y.ValueBase64 = inText(h.Value)
		l.Headers = append(l.Headers, y)
	}
	return l
}

func (l *historyLine) composed() composed {
	key, value := fromText(l.Key, l.KeyBase64), fromText(l.Value, l.ValueBase64)
	x := composed{
		key: string(key), emptyKey: key != nil && len(key) == 0,
		part: l.ToPartition, nullValue: value == nil,
	}
	if len(value) > attachAbove {
		x.attached = value
	} else {
		x.value = string(value)
	}
	for _, h := range l.Headers {
		x.heads = append(x.heads, batch.Header{
			Key: string(fromText(h.Key, h.KeyBase64)), Value: fromText(h.Value, h.ValueBase64),
		})
	}
	return x
}
