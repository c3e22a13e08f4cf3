package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// The one clock is package time: tests run in bubbles of time (testing/synctest).
// What waits here ends with whoever waits, so that nothing is left at the end.

// sleep waits, but no longer than until done is closed; false: it was.
func sleep(done <-chan struct{}, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
	}
	select {
	case <-done:
		return false
	default:
		return true
	}
}

// after gives a message once time has passed.
func (m *Model) after(wait time.Duration, msg tea.Msg) tea.Cmd {
	done := m.ctx.Done()
	return func() tea.Msg {
		if !sleep(done, wait) {
			return nil
		}
		return msg
	}
}
