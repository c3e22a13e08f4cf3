package ui

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// The theme: which of the looks a terminal gets, by what is said of its background.

// Themes are the names that a theme may have: auto asks the terminal.
var Themes = []string{"auto", "dark", "light"}

// ground is what is known of a terminal's background.
type ground int8

const (
	groundUnknown ground = iota // it gets the colours that its owner chose
	groundDark
	groundLight
)

func groundOf(dark bool) ground {
	if dark {
		return groundDark
	}
	return groundLight
}

// theme decides on a background: the theme that was chosen, else the terminal's
// answer, else what COLORFGBG says.
type theme struct {
	name     string // one of Themes; empty: auto
	answered ground
	said     ground // by COLORFGBG
}

func (t *theme) ground() ground {
	switch {
	case t.name == "dark":
		return groundDark
	case t.name == "light":
		return groundLight
	case t.answered != groundUnknown:
		return t.answered
	}
	return t.said
}

// colorFGBG reads COLORFGBG as rxvt, Konsole and others set it: "foreground;background",
// perhaps with a word between, as numbers of the 16 colours. Vim and others take 0 to
// 6 and 8 for dark.
func colorFGBG(value string) ground {
	fields := strings.Split(value, ";")
	n, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil || len(fields) < 2 || n < 0 || n > 15 {
		return groundUnknown
	}
	return groundOf(n <= 6 || n == 8)
}

// nextTheme takes the next theme.
func (m *Model) nextTheme() tea.Cmd {
	at := slices.Index(Themes, m.theme.name)
	m.theme.name = Themes[(max(at, 0)+1)%len(Themes)]
	m.restyle()
	m.note(levelInfo, "theme "+m.theme.name+"; the line theme: "+m.theme.name+" in config.yaml keeps it")
	return nil
}
