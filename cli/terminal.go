package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"

	"milena/config"
	"milena/ui"
)

// What the terminal can do, and what the person chose for it.

// drawable says whether the terminal takes cursor movements and colours. Windows
// sets no TERM.
func drawable(getenv func(string) string) bool {
	name := getenv("TERM")
	return name != "dumb" && (name != "" || runtime.GOOS == "windows")
}

// coloured says whether rows in the terminal have colours (no-color.org).
func coloured(getenv func(string) string) bool {
	return drawable(getenv) && getenv("NO_COLOR") == ""
}

// refuseDumb is the error of a screen that nobody could read; nil: it can be drawn.
func refuseDumb(getenv func(string) string) error {
	if drawable(getenv) {
		return nil
	}
	return fmt.Errorf("the screen needs a terminal that it can draw on, and TERM is %s; set TERM=xterm-256color if yours can, "+
		"or use the commands: milena tail TOPIC, milena search QUERY TOPIC, milena produce TOPIC, milena topics (milena help)",
		cmp.Or(getenv("TERM"), "not set"))
}

// dressed gives a screen the theme of the configuration file. A file that cannot be
// read keeps no screen from starting.
func dressed(opt ui.Options) ui.Options {
	file, err := config.ReadContexts(config.Path(os.Getenv))
	switch {
	case err == nil:
		opt.Theme = file.Theme
	case !errors.Is(err, os.ErrNotExist):
		opt.Warnings = append(opt.Warnings, sentence(err))
	}
	return opt
}
