package ui

import (
	"bytes"
	"os"
	"os/exec"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// The value in the editor that a person is used to.

// editedMsg is what came back from the editor.
type editedMsg struct {
	file  string
	ended bool // the text ended with a line end of its own
	err   error
}

// edit opens the value in $EDITOR.
func (m *Model) edit() tea.Cmd {
	c := &m.compose
	text := c.value.text
	if c.attached != nil {
		text = c.attached
	}
	kind := "milena-*.txt"
	if looksJSON(text) {
		kind = "milena-*.json"
	}
	f, err := os.CreateTemp("", kind) // 0600
	if err != nil {
		c.err = sentence(err)
		return nil
	}
	_, err = f.Write(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		c.err = sentence(err)
		_ = os.Remove(f.Name())
		return nil
	}
	name := os.Getenv("VISUAL")
	if name == "" {
		name = os.Getenv("EDITOR")
	}
	if name == "" {
		name = "vi"
	}
	ended := bytes.HasSuffix(text, []byte("\n"))
	args := append(strings.Fields(name), f.Name())
	return tea.ExecProcess(exec.Command(args[0], args[1:]...), func(err error) tea.Msg {
		return editedMsg{f.Name(), ended, err}
	})
}

func (m *Model) edited(msg editedMsg) tea.Cmd {
	c := &m.compose
	defer func() { _ = os.Remove(msg.file) }()
	if msg.err != nil {
		c.err = "the editor failed, the text is unchanged: " + sentence(msg.err) + " (set EDITOR to another one)"
		return nil
	}
	b, err := os.ReadFile(msg.file)
	if err != nil {
		c.err = sentence(err)
		return nil
	}
	if n := len(b); n > 0 && b[n-1] == '\n' && !msg.ended {
		b = b[:n-1] // editors end the last line
	}
	if len(b) > attachAbove {
		c.attach(b)
		return nil
	}
	c.attached = nil
	c.value.replace(0, len(c.value.text), string(b), change{})
	if len(b) > 0 {
		c.nullValue = false
	}
	c.err = ""
	return nil
}
