package ui

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"milena/archive"
	"milena/human"
	"milena/kafka"
)

// Copying of a record: its value, key, headers, or all of it as JSON. Where a copy
// goes is in clipboard.go.

// copyChoice asks what of a record is to be copied, in one line.
type copyChoice struct {
	rec   kafka.Record
	under overlay // the record itself, when it is open
	name  string  // of the field under the cursor; empty: there is none
	field []byte
}

func (c *copyChoice) scope() Scope  { return ScopeChoice }
func (c *copyChoice) scroll(int)    {}
func (c *copyChoice) back() overlay { return c.under }

// askCopy asks what to copy of the record that is open, else of the one under
// the cursor.
func (m *Model) askCopy() tea.Cmd {
	in, ok := m.over.(*inspector)
	if ok {
		if in.note == nil {
			name, field := in.fieldUnder()
			m.over = &copyChoice{rec: in.rec, under: in, name: name, field: field}
		}
		return nil
	}
	if rec, ok := m.tail.session.store.At(m.tail.cursor); ok {
		m.over = &copyChoice{rec: rec}
	}
	return nil
}

func (c *copyChoice) sheet(m *Model) []string {
	st := m.st
	l := newLine(st, m.w, nil)
	l.bg = st.selectedDim
	l.text("", " ")
	l.text(st.accentBold, "copy")
	size := func(b []byte) string {
		if b == nil {
			return "null"
		}
		return human.Bytes(int64(len(b)))
	}
	way := func(key, what, more string) {
		l.text("", "   ")
		l.text(st.accent, key)
		l.text(st.text, " "+what)
		if m.w >= 60 && more != "" {
			l.text(st.dim, " "+more)
		}
	}
	if c.name != "" {
		name := c.name
		if cells(name, st.width) > m.w/3 {
			name = "field"
		}
		way("f", name, size(c.field))
	}
	way("v", "value", size(c.rec.Value))
	way("k", "key", size(c.rec.Key))
	way("h", "headers", human.Exact(int64(len(c.rec.Headers))))
	way("j", "JSON", "the record")
	return []string{l.end()}
}

// endChoice goes back to what was there before.
func endChoice(m *Model) tea.Cmd {
	if c, ok := m.over.(*copyChoice); ok {
		m.over = c.under
	}
	return nil
}

// copyField copies the field under the cursor.
func copyField(m *Model) tea.Cmd {
	c, ok := m.over.(*copyChoice)
	if !ok {
		return nil
	}
	m.over = c.under
	if c.field == nil {
		m.note(levelInfo, c.name+" is null: nothing was copied")
		return nil
	}
	return m.copyOut("field "+c.name, "", c.field)
}

// copyPart copies a part of the record that was asked about.
func copyPart(what string, part func(*kafka.Record) []byte) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		c, ok := m.over.(*copyChoice)
		if !ok {
			return nil
		}
		m.over = c.under
		b := part(&c.rec)
		if b == nil {
			m.note(levelInfo, "the "+what+" is null: nothing was copied")
			return nil
		}
		return m.copyOut(what, "", b)
	}
}

// keepCopy writes a copy to a file that only its owner may read, in place of the
// one before.
func keepCopy(what string, b []byte) (string, error) {
	f, err := cacheFile("copied-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	if closed := f.Close(); err == nil {
		err = closed
	}
	name := filepath.Join(filepath.Dir(f.Name()), "copied-"+fileName(what))
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return name, nil
}

// fileName is what of a name a file can be called everywhere.
func fileName(what string) string {
	what = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, what)
	return what[:min(len(what), 60)]
}

// atHome shortens a path for the screen.
func atHome(file string) string {
	home, err := os.UserHomeDir()
	if rest, ok := strings.CutPrefix(file, home+string(filepath.Separator)); err == nil && ok {
		return filepath.Join("~", rest)
	}
	return file
}

// recordJSON is a record as `milena tail -J` prints it, without a newline.
func recordJSON(r *kafka.Record) []byte {
	tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
	return bytes.TrimSuffix(archive.AppendJSON(nil, tp, r.View()), []byte("\n"))
}

// headersJSON is the headers as an array, in their order, doubles too.
func headersJSON(r *kafka.Record) []byte { return archive.AppendHeaders(nil, r.View()) }
