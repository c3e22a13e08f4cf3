package ui

import (
	"image/color"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// How things look: one accent, dim chrome, bright content. Styles are Lip Gloss's,
// held as the SGR parameters that they come to; the renderer brings true colours down to what the terminal
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
	matchFills                bool   // match has a background of its own
	selected, selectedDim     string // backgrounds: the row of the cursor, in the focused pane and elsewhere
	reversed                  bool   // selected swaps the colours: a row in it has no others, or it would fall to pieces
	parts                     [6]string
}

// glyphs are the letters that the chrome is made of; each is one column wide,
// but for those that stand for null and for no bytes.
type glyphs struct {
	vrule, hrule, dot, hollow, marker, ellipsis, arrow, up, down string
	check, cross, pause, prompt, warn, about                     string
	null, nullNamed, empty, late, ahead, times                   string
	spark                                                        []string
	bar                                                          []string // the last column of a bar, from a little to full
	gap                                                          string   // where time was, and nothing is any more
	spin                                                         []string
}

var unicodeGlyphs = glyphs{
	vrule: "│", hrule: "─", dot: "●", hollow: "○", marker: "▌", ellipsis: "…", arrow: "→", up: "↑", down: "↓",
	check: "✓", cross: "✗", pause: "‖", prompt: "›", warn: "!", about: "≈",
	null: "∅", nullNamed: "∅ null", empty: "(empty)", late: "«", ahead: "»", times: "×",
	spark: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	bar:   []string{"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"}, gap: "░",
	spin: []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"},
}

var asciiGlyphs = glyphs{
	vrule: "|", hrule: "-", dot: "*", hollow: "o", marker: ">", ellipsis: "~", arrow: ">", up: "^", down: "v",
	check: "+", cross: "x", pause: "=", prompt: ">", warn: "!", about: "~",
	null: "(null)", nullNamed: "(null)", empty: "(empty)", late: "<", ahead: ">", times: "x",
	spark: []string{"_", "_", ".", "-", "=", "+", "*", "#"},
	bar:   []string{"#"}, gap: "/",
	spin: []string{"|", "/", "-", "\\"},
}

// look is what the styles are made from.
type look struct {
	ground  ground
	ascii   bool
	profile colorprofile.Profile
	accent  string
	width   width
}

// styleSGR is a Lip Gloss style as SGR parameters: what a line puts in front of text
// without asking Lip Gloss for every cell (see line in text.go).
func styleSGR(style lipgloss.Style) string {
	const mark = "x"
	front, _, _ := strings.Cut(style.Render(mark), mark)
	return strings.TrimSuffix(strings.TrimPrefix(front, "\x1b["), "m")
}

func foreground(c color.Color) string { return styleSGR(lipgloss.NewStyle().Foreground(c)) }

// background is a background that goes behind any style.
func background(c color.Color) string { return ";" + styleSGR(lipgloss.NewStyle().Background(c)) }

// newStyles makes the styles of a look.
func newStyles(k look) *Styles {
	st := &Styles{width: k.width, g: unicodeGlyphs}
	if k.ascii {
		st.g = asciiGlyphs
	}
	switch {
	case k.profile <= colorprofile.ASCII:
		st.plain()
	case k.profile == colorprofile.ANSI || k.ground == groundUnknown:
		st.basic(k)
	default:
		st.colours(k)
	}
	st.bold = styleSGR(lipgloss.NewStyle().Bold(true))
	st.accentBold, st.badBold = st.bold, st.bold
	if k.profile > colorprofile.ASCII {
		st.accentBold += ";" + st.accent
		st.badBold += ";" + st.bad
	}
	return st
}

// colours are those of terminals with 256 or more.
func (st *Styles) colours(k look) {
	pick := lipgloss.LightDark(k.ground != groundLight)
	either := func(light, dark string) color.Color { return pick(lipgloss.Color(light), lipgloss.Color(dark)) }
	st.dim = foreground(either("#656b7a", "#778095"))
	st.rule = foreground(either("#c8cdd8", "#3a4152"))
	st.ok = foreground(either("#387018", "#9ece6a"))
	st.warn = foreground(either("#965400", "#e0af68"))
	st.bad = foreground(either("#be1e3c", "#f7768e"))
	st.key = foreground(either("#703cb4", "#bb9af7"))
	st.escape = foreground(either("#8c5a78", "#96788c"))
	cyan := foreground(either("#006e8c", "#7dcfff"))
	blue := foreground(either("#1e54be", "#7aa2f7"))
	st.accent = accentOf(k.accent, blue)
	st.jsonKey, st.jsonStr, st.jsonNum, st.jsonWord, st.jsonPunct = blue, st.ok, st.warn, st.key, st.dim
	st.parts = [6]string{blue, st.ok, st.warn, st.key, cyan, st.bad}
	st.match = styleSGR(lipgloss.NewStyle().Foreground(lipgloss.Black).Background(either("#ffd682", "#e0af68")))
	st.matchFills = true
	st.selected, st.selectedDim = background(either("#d6e2fa", "#24304a")), background(either("#eceff6", "#1c212e"))
	if k.profile == colorprofile.ANSI256 {
		// The nearest of the 256 to a dark blue is a loud green; greys are calm.
		st.selected, st.selectedDim = background(either("189", "238")), background(either("255", "235"))
	}
}

// basic is for terminals with 16 colours, and for those whose background nobody
// knows: their owner chose these to be readable on it.
func (st *Styles) basic(k look) {
	st.dim = foreground(lipgloss.BrightBlack)
	st.rule, st.escape = st.dim, st.dim
	st.ok, st.warn = foreground(lipgloss.Green), foreground(lipgloss.Yellow)
	st.bad, st.key = foreground(lipgloss.Red), foreground(lipgloss.Magenta)
	st.accent = foreground(lipgloss.LightDark(k.ground == groundDark)(lipgloss.Blue, lipgloss.BrightBlue))
	if a, ok := accents[k.accent]; ok {
		st.accent = foreground(a.basic)
	}
	st.jsonKey, st.jsonStr, st.jsonNum, st.jsonWord, st.jsonPunct = st.accent, st.ok, st.warn, st.key, st.dim
	st.match = styleSGR(lipgloss.NewStyle().Foreground(lipgloss.Black).Background(lipgloss.Yellow))
	st.matchFills = true
	st.reverse()
	st.parts = [6]string{st.accent, st.ok, st.warn, st.key, foreground(lipgloss.Cyan), st.bad}
}

// plain is for NO_COLOR and for terminals that have none.
func (st *Styles) plain() {
	st.dim = styleSGR(lipgloss.NewStyle().Faint(true))
	st.rule, st.escape, st.jsonPunct = st.dim, st.dim, st.dim
	st.match = styleSGR(lipgloss.NewStyle().Bold(true).Underline(true))
	st.reverse()
}

func (st *Styles) reverse() {
	st.selected, st.reversed = ";"+styleSGR(lipgloss.NewStyle().Reverse(true)), true
}

// ofTopic is the colour of one of several topics, by its place among them.
func (st *Styles) ofTopic(topics []string, name string) string {
	if at := slices.Index(topics, name); at >= 0 {
		return st.parts[at%len(st.parts)]
	}
	return st.text
}

// accents are the names that a context's colour may have.
var accents = map[string]struct{ full, basic color.Color }{
	"red":     {lipgloss.Color("#f7768e"), lipgloss.Red},
	"green":   {lipgloss.Color("#9ece6a"), lipgloss.Green},
	"yellow":  {lipgloss.Color("#e0af68"), lipgloss.Yellow},
	"orange":  {lipgloss.Color("#ff9e64"), lipgloss.Yellow},
	"blue":    {lipgloss.Color("#7aa2f7"), lipgloss.Blue},
	"magenta": {lipgloss.Color("#bb9af7"), lipgloss.Magenta},
	"purple":  {lipgloss.Color("#bb9af7"), lipgloss.Magenta},
	"cyan":    {lipgloss.Color("#7dcfff"), lipgloss.Cyan},
}

// accentOf is a context's colour by name or as #rrggbb.
func accentOf(name, otherwise string) string {
	if a, ok := accents[name]; ok {
		return foreground(a.full)
	}
	if strings.HasPrefix(name, "#") {
		if c := lipgloss.Color(name); c != (lipgloss.NoColor{}) {
			return foreground(c)
		}
	}
	return otherwise
}

// ASCIIOnly says whether the locale is one that cannot show more than ASCII.
func ASCIIOnly(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := getenv(name); v != "" {
			v = strings.ToLower(v)
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	return getenv("TERM") == "linux"
}
