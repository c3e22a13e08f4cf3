// Picture turns what a terminal shows into an SVG drawing: it reads the lines of
// "tmux capture-pane -e -p" from standard input and writes to standard output.
// Docs/picture.sh calls it; only colours and attributes are understood, for the
// captured lines hold nothing else.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"html"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// The size of a cell and the margin around the screen, in pixels.
const (
	cellWidth  = 8.4
	cellHeight = 18
	fontSize   = 14
	margin     = 14
)

// The drawing's own colours, where the screen uses the terminal's.
const (
	foreground = "#c0caf5"
	background = "#16161e"
)

// style is how a cell looks.
type style struct {
	fg, bg                                 string // "": the terminal's own
	bold, faint, italic, underline, invert bool
}

// run is a stretch of a line in one style.
type run struct {
	column, width int
	style         style
	text          string
}

func main() {
	cursor := flag.String("cursor", "", "where the cursor is, `column,line` from 0; empty: nowhere")
	flag.Parse()
	out := bufio.NewWriter(os.Stdout)
	err := errors.Join(draw(os.Stdin, out, *cursor), out.Flush())
	if err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func draw(in io.Reader, out io.Writer, cursor string) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var lines [][]run
	columns := 0
	var now style // goes on from line to line
	for line := range strings.Lines(string(text)) {
		runs := split(strings.TrimSuffix(line, "\n"), &now)
		lines = append(lines, runs)
		if n := len(runs); n > 0 {
			columns = max(columns, runs[n-1].column+runs[n-1].width)
		}
	}
	width, height := 2*margin+float64(columns)*cellWidth, 2*margin+len(lines)*cellHeight
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.0f %d">`+"\n", width, height, width, height)
	fmt.Fprintf(out, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", background)
	fmt.Fprintf(out, `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="%d" xml:space="preserve">`+"\n", fontSize)
	for y, runs := range lines {
		for _, r := range runs {
			drawRun(out, r, y)
		}
	}
	var x, y int
	if _, err := fmt.Sscanf(cursor, "%d,%d", &x, &y); err == nil {
		fmt.Fprintf(out, `<rect x="%.1f" y="%d" width="2" height="%d" fill="%s"/>`+"\n",
			margin+float64(x)*cellWidth, margin+y*cellHeight+1, cellHeight-2, foreground)
	}
	_, err = fmt.Fprintln(out, "</g>\n</svg>")
	return err
}

func drawRun(out io.Writer, r run, line int) {
	x, y := margin+float64(r.column)*cellWidth, margin+line*cellHeight
	width := float64(r.width) * cellWidth
	fg, bg := r.style.fg, r.style.bg
	if r.style.invert {
		fg, bg = orElse(bg, background), orElse(fg, foreground)
	}
	if bg != "" {
		fmt.Fprintf(out, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", x, y, width, cellHeight, bg)
	}
	// Spaces are not drawn: programs disagree about those at the ends of a text.
	text := strings.TrimLeft(r.text, " ")
	x += float64(len(r.text)-len(text)) * cellWidth
	text = strings.TrimRight(text, " ")
	if text == "" {
		return
	}
	width = float64(ansi.StringWidth(text)) * cellWidth
	more := ""
	if r.style.bold {
		more += ` font-weight="bold"`
	}
	if r.style.italic {
		more += ` font-style="italic"`
	}
	if r.style.underline {
		more += ` text-decoration="underline"`
	}
	if r.style.faint {
		more += ` opacity="0.6"`
	}
	// The length is given, so that columns stand in line with whatever font.
	fmt.Fprintf(out, `<text x="%.1f" y="%d" textLength="%.1f" fill="%s"%s>%s</text>`+"\n",
		x, y+cellHeight-5, width, orElse(fg, foreground), more, html.EscapeString(text))
}

func orElse(colour, other string) string {
	if colour == "" {
		return other
	}
	return colour
}

// split cuts a line where its style changes.
func split(line string, now *style) []run {
	var runs []run
	column := 0
	for line != "" {
		if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
			if parameters, after, ok := strings.Cut(rest, "m"); ok {
				now.apply(parameters)
				line = after
				continue
			}
		}
		text := line
		if i := strings.Index(line[1:], "\x1b["); i >= 0 {
			text = line[:i+1]
		}
		line = line[len(text):]
		width := ansi.StringWidth(text)
		runs = append(runs, run{column, width, *now, text})
		column += width
	}
	return runs
}

// apply follows the parameters of one "select graphic rendition" (ECMA-48).
func (s *style) apply(parameters string) {
	var codes []int
	for field := range strings.FieldsFuncSeq(parameters, func(r rune) bool { return r == ';' || r == ':' }) {
		if n, err := strconv.Atoi(field); err == nil {
			codes = append(codes, n)
		}
	}
	if len(codes) == 0 {
		*s = style{}
	}
	for i := 0; i < len(codes); i++ {
		switch c := codes[i]; {
		case c == 0:
			*s = style{}
		case c == 1:
			s.bold = true
		case c == 2:
			s.faint = true
		case c == 3:
			s.italic = true
		case c == 4:
			s.underline = true
		case c == 7:
			s.invert = true
		case c == 22:
			s.bold, s.faint = false, false
		case c == 23:
			s.italic = false
		case c == 24:
			s.underline = false
		case c == 27:
			s.invert = false
		case c == 39:
			s.fg = ""
		case c == 49:
			s.bg = ""
		case c >= 30 && c <= 37:
			s.fg = indexed(c - 30)
		case c >= 90 && c <= 97:
			s.fg = indexed(c - 90 + 8)
		case c >= 40 && c <= 47:
			s.bg = indexed(c - 40)
		case c >= 100 && c <= 107:
			s.bg = indexed(c - 100 + 8)
		case c == 38 || c == 48:
			colour, used := extended(codes[i+1:])
			i += used
			if c == 38 {
				s.fg = colour
			} else {
				s.bg = colour
			}
		}
	}
}

// extended reads "5;N" or "2;R;G;B" and tells how many numbers that were.
func extended(codes []int) (colour string, used int) {
	switch {
	case len(codes) >= 2 && codes[0] == 5:
		return indexed(codes[1]), 2
	case len(codes) >= 4 && codes[0] == 2:
		return fmt.Sprintf("#%02x%02x%02x", codes[1], codes[2], codes[3]), 4
	}
	return "", len(codes)
}

// indexed is a colour of xterm's 256.
func indexed(n int) string {
	basic := [16]string{
		"#15161e", "#f7768e", "#9ece6a", "#e0af68", "#7aa2f7", "#bb9af7", "#7dcfff", "#a9b1d6",
		"#414868", "#f7768e", "#9ece6a", "#e0af68", "#7aa2f7", "#bb9af7", "#7dcfff", "#c0caf5",
	}
	steps := [6]int{0, 95, 135, 175, 215, 255}
	switch {
	case n < 16:
		return basic[n]
	case n < 232:
		n -= 16
		return fmt.Sprintf("#%02x%02x%02x", steps[n/36], steps[n/6%6], steps[n%6])
	default:
		grey := 8 + (n-232)*10
		return fmt.Sprintf("#%02x%02x%02x", grey, grey, grey)
	}
}
