package ui

import (
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// leavingAfter is a farewell some time after the start, and what it sends.
func leavingAfter(wait time.Duration) (*farewell, chan tea.Msg) {
	sent := make(chan tea.Msg, 2)
	f := &farewell{taken: time.Now(), send: func(msg tea.Msg) { sent <- msg }}
	time.Sleep(wait) //nolint:forbidigo // both tests are in bubbles
	return f, sent
}

func TestQuittingSoonWaitsForTheTerminalsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, sent := leavingAfter(100 * time.Millisecond)
		if got := f.noted(tea.QuitMsg{}); got != nil {
			t.Fatalf("it does not wait: %v", got)
		}
		if got := <-sent; got != (tea.RawMsg{Msg: ansi.RequestPrimaryDeviceAttributes}) {
			t.Fatalf("the terminal is not asked what it is: %v", got)
		}
		if got := f.noted(tea.QuitMsg{}); got != nil { // a second q
			t.Errorf("the second time it does not wait: %v", got)
		}
		if got := f.noted(uv.PrimaryDeviceAttributesEvent{62}); got != (tea.QuitMsg{}) {
			t.Errorf("after the answer comes %v", got)
		}
		if got := f.noted(tea.QuitMsg{}); got != (tea.QuitMsg{}) {
			t.Errorf("after the answer quitting gives %v", got)
		}
		<-sent // what would have ended it without an answer
	})
}

func TestQuittingWaitsNoLongerThanItMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, sent := leavingAfter(100 * time.Millisecond)
		f.noted(tea.QuitMsg{})
		<-sent
		if got := <-sent; got != (tea.QuitMsg{}) || time.Since(f.taken) != answersWithin {
			t.Errorf("after %v comes %v", time.Since(f.taken), got)
		}
		if got := f.noted(tea.QuitMsg{}); got != (tea.QuitMsg{}) {
			t.Errorf("quitting gives %v", got)
		}
		f, _ = leavingAfter(answersWithin)
		if got := f.noted(tea.QuitMsg{}); got != (tea.QuitMsg{}) {
			t.Errorf("later quitting gives %v", got)
		}
	})
}
