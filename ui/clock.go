package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// The one clock is package time: tests run in bubbles of time (testing/synctest).
// What waits here ends with whoever waits, so that nothing is left at the end.

// sleep waits, or until ctx ends; false: it ended.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// after gives a message once time has passed.
func (m *Model) after(wait time.Duration, msg tea.Msg) tea.Cmd {
	ctx := m.ctx
	return func() tea.Msg {
		if !sleep(ctx, wait) {
			return nil
		}
		return msg
	}
}
