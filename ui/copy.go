package ui

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"milena/archive"
	"milena/human"
	"milena/kafka"
)

// Copying of a record: its value, key, headers, or all of it as JSON, into the
// terminal's clipboard (OSC 52), or into a file where the terminal would not
// take it.

// clipboardMost is how many bytes go to the clipboard: terminals cut OSC 52 at
// 100,000 letters of base64, and some of them earlier.
const clipboardMost = 74_000

// copyChoice asks what of a record is to be copied, in one line.
type copyChoice struct {
	rec   kafka.Record
	under overlay // the record itself, when it is open
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
			m.over = &copyChoice{rec: in.rec, under: in}
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
		return m.copyOut(what, b)
	}
}

// copiedMsg is what became of a copy.
type copiedMsg struct {
	what  string
	bytes []byte
	file  string // where it is instead of the clipboard
	why   string
	err   error
}

// copyOut puts bytes where a person can paste them from. Whether tmux passes
// them on is asked of tmux, beside the screen.
func (m *Model) copyOut(what string, b []byte) tea.Cmd {
	why := ""
	switch {
	case len(b) > clipboardMost:
		why = "too large for terminals"
	case !utf8.Valid(b):
		why = "not text"
	}
	if why == "" && !m.tmux {
		return m.copied(copiedMsg{what: what, bytes: b})
	}
	return m.background(func(ctx context.Context) tea.Msg {
		msg := copiedMsg{what: what, bytes: b, why: why}
		if msg.why == "" && !tmuxTakes(ctx) {
			msg.why = "tmux blocks it: set -g set-clipboard on"
		}
		if msg.why != "" {
			msg.file, msg.err = keepCopy(what, b)
		}
		return msg
	})
}

// copied says where it went.
func (m *Model) copied(msg copiedMsg) tea.Cmd {
	size := human.Bytes(int64(len(msg.bytes)))
	switch {
	case msg.err != nil:
		m.note(levelBad, fmt.Sprintf("the %s, %s, was not copied (%s), and no file could be written: %s", msg.what, size, msg.why, sentence(msg.err)))
	case msg.file != "":
		m.note(levelGood, fmt.Sprintf("%s, %s: in %s (%s)", msg.what, size, atHome(msg.file), msg.why))
	default:
		m.note(levelGood, fmt.Sprintf("copied the %s, %s, to the clipboard", msg.what, size))
		return m.opt.Clipboard(string(msg.bytes))
	}
	return nil
}

// tmuxTakes asks tmux whether what a program copies reaches the terminal.
func tmuxTakes(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "tmux", "show-options", "-gqv", "set-clipboard").Output()
	return err == nil && strings.TrimSpace(string(out)) == "on"
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
	name := filepath.Join(filepath.Dir(f.Name()), "copied-"+strings.ReplaceAll(what, " ", "-"))
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return name, nil
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
