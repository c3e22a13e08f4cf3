//go:build unix

package ui

import (
	"os"
	"os/signal"
	"syscall"

	tea "charm.land/bubbletea/v2"
)

// catch takes SIGTSTP until done is closed. The first gives the terminal back
// first. Bubble Tea then sends the process group another one, which stops the
// others in it but not this process: Go does not let go of a signal that it has
// caught. What cannot be caught stops it.
func (s *suspension) catch(p *tea.Program, done <-chan struct{}) {
	stops := make(chan os.Signal, 1)
	signal.Notify(stops, syscall.SIGTSTP)
	defer signal.Stop(stops)
	for {
		select {
		case <-stops:
			if s.away.Load() {
				_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			} else {
				p.Send(tea.SuspendMsg{})
			}
		case <-done:
			return
		}
	}
}
