//go:build !unix

package ui

import tea "charm.land/bubbletea/v2"

// catch has nothing to do: there is no SIGTSTP.
func (*suspension) catch(*tea.Program, <-chan struct{}) {}
