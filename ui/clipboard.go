package ui

import (
	"bytes"
	"context"
	"encoding/base64"
	"os/exec"
	"runtime"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"milena/human"
)

// Where copies go: to the desktop's clipboard where there is one, in tmux to its
// buffer, else through the terminal (OSC 52), else into a file.

// clipboardMost is how many bytes go through a terminal: they cut OSC 52 at 100,000
// letters of base64, and some of them earlier.
const clipboardMost = 74_000

// copyPatience is how long a program may take to take a copy.
const copyPatience = 3 * time.Second

// copyGoal is where a copy went.
type copyGoal int8

const (
	goalTerminal copyGoal = iota
	goalDesktop
	goalTmux
	goalFile
)

// copiedMsg is what became of a copy.
type copiedMsg struct {
	what  string
	said  string // what is said when it is in the clipboard; empty: as of all
	bytes []byte
	goal  copyGoal
	also  bool   // the terminal that tmux runs in is to have it, too
	file  string // where it is instead of the clipboard
	why   string
	err   error
}

// desktopTools are the programs that put their input into the clipboard of the
// desktop that this runs on, the best first. Over SSH the desktop is another one,
// unless X is forwarded.
func desktopTools(goos string, getenv func(string) string) (tools [][]string) {
	if getenv("DISPLAY") != "" {
		tools = [][]string{{"xclip", "-selection", "clipboard"}, {"xsel", "--clipboard", "--input"}}
	}
	if getenv("SSH_CONNECTION") != "" {
		return tools
	}
	if getenv("WAYLAND_DISPLAY") != "" {
		tools = append([][]string{{"wl-copy"}}, tools...)
	}
	switch {
	case goos == "darwin":
		tools = append(tools, []string{"pbcopy"})
	case goos == "windows", getenv("WSL_DISTRO_NAME") != "":
		tools = append(tools, []string{"clip.exe"})
	}
	return tools
}

// copyOut puts bytes where a person can paste them from. Programs are asked beside
// the screen. said is what is said when they are in the clipboard; empty: what and
// how many they are.
func (m *Model) copyOut(what, said string, b []byte) tea.Cmd {
	msg := copiedMsg{what: what, said: said, bytes: b}
	getenv := m.getenv
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	tools, tmux := desktopTools(runtime.GOOS, getenv), getenv("TMUX") != ""
	if m.getenv == nil {
		tools = nil
	}
	if len(tools) == 0 && !tmux && len(b) <= clipboardMost && utf8.Valid(b) {
		return m.copied(msg)
	}
	return m.background(func(ctx context.Context) tea.Msg {
		msg.goal, msg.also, msg.why = deliver(ctx, tools, tmux, b)
		if msg.goal == goalFile {
			msg.file, msg.err = keepCopy(what, b)
		}
		return msg
	})
}

// deliver gives a copy to the first program that takes it, and says why it has to
// be a file when none does.
func deliver(ctx context.Context, tools [][]string, tmux bool, b []byte) (goal copyGoal, also bool, why string) {
	if !utf8.Valid(b) {
		return goalFile, false, "not text"
	}
	for _, tool := range tools {
		if feed(ctx, b, tool...) == nil {
			return goalDesktop, false, ""
		}
	}
	if tmux {
		// -w lets tmux give it to the terminal; tmux before 3.2 does not know it.
		if feed(ctx, b, "tmux", "load-buffer", "-w", "-") == nil || feed(ctx, b, "tmux", "load-buffer", "-") == nil {
			return goalTmux, len(b) <= clipboardMost && passesThrough(ctx), ""
		}
		return goalFile, false, "tmux did not take it"
	}
	if len(b) > clipboardMost {
		return goalFile, false, "more than terminals take"
	}
	return goalTerminal, false, ""
}

// feed runs a program with b as its input. clip.exe takes UTF-16.
func feed(ctx context.Context, b []byte, program ...string) error {
	ctx, cancel := context.WithTimeout(ctx, copyPatience)
	defer cancel()
	if program[0] == "clip.exe" {
		b = utf16LE(b)
	}
	cmd := exec.CommandContext(ctx, program[0], program[1:]...)
	cmd.Stdin, cmd.WaitDelay = bytes.NewReader(b), copyPatience
	return cmd.Run()
}

// utf16LE is text as Windows programs read it from a pipe.
func utf16LE(b []byte) []byte {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(string(b))) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

// passesThrough asks tmux whether a program may write to the terminal that it runs
// in.
func passesThrough(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, copyPatience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "tmux", "show-options", "-Apv", "allow-passthrough").Output()
	said := strings.TrimSpace(string(out))
	return err == nil && (said == "on" || said == "all")
}

// throughTmux is OSC 52 for the terminal that tmux runs in.
func throughTmux(b []byte) string {
	return "\x1bPtmux;\x1b\x1b]52;c;" + base64.StdEncoding.EncodeToString(b) + "\x07\x1b\\"
}

// copied says where it went.
func (m *Model) copied(msg copiedMsg) tea.Cmd {
	what := "the " + msg.what + ", " + human.Bytes(int64(len(msg.bytes)))
	switch {
	case msg.err != nil:
		m.note(levelBad, what+", was not copied ("+msg.why+"), and no file could be written: "+sentence(msg.err))
	case msg.goal == goalFile:
		m.note(levelGood, "copied "+what+", to "+atHome(msg.file)+" ("+msg.why+")")
	case msg.goal == goalTmux:
		m.note(levelGood, "copied "+what+", to tmux: prefix ] pastes it")
	case msg.said != "":
		m.note(levelGood, msg.said)
	default:
		m.note(levelGood, "copied "+what+", to the clipboard")
	}
	switch {
	case msg.goal == goalTerminal && msg.err == nil:
		return m.opt.Clipboard(string(msg.bytes))
	case msg.also:
		return tea.Raw(throughTmux(msg.bytes))
	}
	return nil
}
