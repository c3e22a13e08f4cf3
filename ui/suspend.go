package ui

import (
	"sync/atomic"

	tea "charm.land/bubbletea/v2"
)

// Suspending. ctrl+z gives the terminal back before the program stops; a SIGTSTP
// from elsewhere (kill -TSTP) is to do the same, which suspend_unix.go sees to.

// suspension knows whether the terminal is the shell's now.
type suspension struct{ away atomic.Bool }

// noted passes messages on as they come.
func (s *suspension) noted(msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case tea.SuspendMsg:
		s.away.Store(true)
	case tea.ResumeMsg:
		s.away.Store(false)
	}
	return msg
}
