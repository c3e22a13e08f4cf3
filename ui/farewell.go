package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Quitting soon after the start. The program asks its terminal questions as it
// starts, and a slow terminal answers late: what came after the end would stand in
// the shell as if somebody had typed it. So whoever quits that early waits for the
// answers. Terminals answer in order, and every one says what it is (DA1), so that
// is asked last.

// answersWithin is how long after the start answers are waited for.
const answersWithin = 2 * time.Second

// farewell delays quitting until the terminal has answered.
type farewell struct {
	send     func(tea.Msg)
	taken    time.Time // when the terminal was taken last
	leaving  bool      // it has been asked what it is
	answered bool
}

// noted holds a QuitMsg back until the terminal has answered all or the time for
// it is over, and passes on all else.
func (f *farewell) noted(msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case tea.ResumeMsg:
		f.taken = time.Now()
	case uv.PrimaryDeviceAttributesEvent:
		if f.leaving {
			f.answered = true
			return tea.QuitMsg{}
		}
	case tea.QuitMsg:
		rest := answersWithin - time.Since(f.taken)
		if f.answered || rest <= 0 {
			return msg
		}
		if !f.leaving {
			f.leaving = true
			go f.send(tea.RawMsg{Msg: ansi.RequestPrimaryDeviceAttributes})
			time.AfterFunc(rest, func() { f.send(msg) })
		}
		return nil
	}
	return msg
}
