package ui

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/colorprofile"
)

// How things look: one accent, dim chrome, bright content. A style is a string
// of SGR parameters; the renderer brings true colours down to what the terminal
// has, except for the 16-colour and the colourless terminal, which have styles
// of their own here because a nearest colour is not always a readable one.

// Styles is the look of a terminal: its colours and its letters.
type Styles struct {
	width width
	g     glyphs

	text, bold, dim, rule     string
	accent, accentBold        string
	ok, warn, bad, badBold    string
	escape                    string // what is shown in place of a control character
	key                       string // keys of records
	jsonKey, jsonStr, jsonNum string
	jsonWord, jsonPunct       string
	match                     string // letters that a filter found; goes on top of another style
	selected, selectedDim     string // backgrounds: the row of the cursor, in the focused pane and elsewhere
	parts                     [6]string
}

// glyphs are the letters that the chrome is made of; each is one column wide.
type glyphs struct {
	vrule, hrule, dot, hollow, marker, ellipsis, arrow, up, down string
	check, cross, null, pause, prompt, warn                      string
	spark                                                        []string
	spin                                                         []string
}

var unicodeGlyphs = glyphs{
	vrule: "│", hrule: "─", dot: "●", hollow: "○", marker: "▌", ellipsis: "…", arrow: "→", up: "↑", down: "↓",
	check: "✓", cross: "✗", null: "∅", pause: "‖", prompt: "›", warn: "!",
	spark: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	spin:  []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"},
}

var asciiGlyphs = glyphs{
	vrule: "|", hrule: "-", dot: "*", hollow: "o", marker: ">", ellipsis: "~", arrow: ">", up: "^", down: "v",
	check: "+", cross: "x", null: "0", pause: "=", prompt: ">", warn: "!",
	spark: []string{"_", "_", ".", "-", "=", "+", "*", "#"},
	spin:  []string{"|", "/", "-", "\\"},
}

// look is what the styles are made from.
type look struct {
	light   bool
	ascii   bool
	profile colorprofile.Profile
	accent  string
	width   width
}

func rgb(r, g, b int) string { return fmt.Sprintf("38;2;%d;%d;%d", r, g, b) }

// newStyles makes the styles of a look.
func newStyles(k look) *Styles {
	st := &Styles{width: k.width, g: unicodeGlyphs}
	if k.ascii {
		st.g = asciiGlyphs
	}
	switch {
	case k.profile <= colorprofile.ASCII:
		st.plain()
	case k.profile == colorprofile.ANSI:
		st.basic(k)
	case k.light:
		st.light(k)
	default:
		st.dark(k)
	}
	if k.profile == colorprofile.ANSI256 {
		// The nearest of the 256 to a dark blue is a loud green; greys are calm.
		st.selected, st.selectedDim = ";48;5;238", ";48;5;235"
		if k.light {
			st.selected, st.selectedDim = ";48;5;189", ";48;5;255"
		}
	}
	st.bold = "1"
	st.accentBold = "1;" + st.accent
	st.badBold = "1;" + st.bad
	if k.profile <= colorprofile.ASCII {
		st.accentBold, st.badBold = "1", "1"
	}
	return st
}

func (st *Styles) dark(k look) {
	st.dim = rgb(119, 128, 149)
	st.rule = rgb(58, 65, 82)
	st.ok = rgb(158, 206, 106)
	st.warn = rgb(224, 175, 104)
	st.bad = rgb(247, 118, 142)
	st.key = rgb(187, 154, 247)
	cyan, blue := rgb(125, 207, 255), rgb(122, 162, 247)
	st.accent = accentOf(k.accent, blue)
	st.jsonKey, st.jsonStr, st.jsonNum, st.jsonWord, st.jsonPunct = blue, st.ok, st.warn, st.key, st.dim
	st.escape = rgb(150, 120, 140)
	st.match = "30;48;2;224;175;104"
	st.selected, st.selectedDim = ";48;2;36;48;74", ";48;2;28;33;46"
	st.parts = [6]string{blue, st.ok, st.warn, st.key, cyan, st.bad}
}

func (st *Styles) light(k look) {
	st.dim = rgb(101, 107, 122)
	st.rule = rgb(200, 205, 216)
	st.ok = rgb(56, 112, 24)
	st.warn = rgb(150, 84, 0)
	st.bad = rgb(190, 30, 60)
	st.key = rgb(112, 60, 180)
	cyan, blue := rgb(0, 110, 140), rgb(30, 84, 190)
	st.accent = accentOf(k.accent, blue)
	st.jsonKey, st.jsonStr, st.jsonNum, st.jsonWord, st.jsonPunct = blue, st.ok, st.warn, st.key, st.dim
	st.escape = rgb(140, 90, 120)
	st.match = "30;48;2;255;214;130"
	st.selected, st.selectedDim = ";48;2;214;226;250", ";48;2;236;239;246"
	st.parts = [6]string{blue, st.ok, st.warn, st.key, cyan, st.bad}
}

// basic is for terminals with the 16 colours that their owner chose.
func (st *Styles) basic(k look) {
	st.dim, st.rule = "90", "90"
	st.ok, st.warn, st.bad, st.key = "32", "33", "31", "35"
	st.accent = "34"
	if !k.light {
		st.accent = "94"
	}
	if n, ok := basicAccents[k.accent]; ok {
		st.accent = n
	}
	st.jsonKey, st.jsonStr, st.jsonNum, st.jsonWord, st.jsonPunct = st.accent, st.ok, st.warn, st.key, st.dim
	st.escape = "90"
	st.match = "30;43"
	st.selected, st.selectedDim = ";7", ""
	st.parts = [6]string{st.accent, st.ok, st.warn, st.key, "36", st.bad}
}

// plain is for NO_COLOR and for terminals that have none.
func (st *Styles) plain() {
	st.dim, st.rule, st.escape, st.jsonPunct = "2", "2", "2", "2"
	st.match = "1;4"
	st.selected, st.selectedDim = ";7", ""
}

var basicAccents = map[string]string{
	"red": "31", "green": "32", "yellow": "33", "orange": "33", "blue": "34",
	"magenta": "35", "purple": "35", "cyan": "36",
}

var accents = map[string]string{
	"red": rgb(247, 118, 142), "green": rgb(158, 206, 106), "yellow": rgb(224, 175, 104), "orange": rgb(255, 158, 100),
	"blue": rgb(122, 162, 247), "magenta": rgb(187, 154, 247), "purple": rgb(187, 154, 247), "cyan": rgb(125, 207, 255),
}

// accentOf is a context's colour by name or as #rrggbb.
func accentOf(name, otherwise string) string {
	if sgr, ok := accents[name]; ok {
		return sgr
	}
	if hex, ok := strings.CutPrefix(name, "#"); ok && len(hex) == 6 {
		if n, err := strconv.ParseUint(hex, 16, 32); err == nil {
			return rgb(int(n>>16), int(n>>8&255), int(n&255))
		}
	}
	return otherwise
}

// asciiOnly says whether the locale is one that cannot show more than ASCII.
func asciiOnly(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := getenv(name); v != "" {
			v = strings.ToLower(v)
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	return getenv("TERM") == "linux"
}
