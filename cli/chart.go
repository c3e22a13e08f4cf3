package cli

// Numbers as columns, drawn with characters: what timeline shows.

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// chart draws a column for each number.
type chart struct {
	rows   int // characters a column is high at most
	levels []string
	axis   string // what stands left of the columns
	corner string // and below
	floor  string
}

// The levels of a character, from nothing to full.
var (
	blockChart = chart{rows: 8, levels: []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, axis: "│", corner: "└", floor: "─"}
	asciiChart = chart{rows: 8, levels: []string{" ", ".", ":", "#"}, axis: "|", corner: "+", floor: "-"}
)

// drawnColumns is how wide a line is at most, labels included.
const drawnColumns = 80

// draw gives the lines of a chart: the columns, with most at their height, what
// they stand on, and below it the labels, each beginning at its column. Labels
// for which there is no room are left out. What is more than nothing is
// never drawn as nothing.
func (c chart) draw(counts []int64, most int64, label func(column int) string) []string {
	top := grouped(most)
	margin := strings.Repeat(" ", len(top)+1)
	lines := make([]string, 0, c.rows+2)
	full := len(c.levels) - 1
	for row := c.rows - 1; row >= 0; row-- {
		var line strings.Builder
		if row == c.rows-1 {
			line.WriteString(top + " ")
		} else {
			line.WriteString(margin)
		}
		line.WriteString(c.axis)
		for _, n := range counts {
			level := 0
			if n > 0 {
				level = max(1, int(float64(n)/float64(most)*float64(c.rows*full)+0.5))
			}
			line.WriteString(c.levels[min(full, max(0, level-row*full))])
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	lines = append(lines, margin+c.corner+strings.Repeat(c.floor, len(counts)))
	var labels strings.Builder
	room := drawnColumns - len(margin) - 1
	for i := range counts {
		if text := label(i); text != "" && (i == 0 || i >= labels.Len()+2 && i+len(text) <= room) {
			labels.WriteString(strings.Repeat(" ", i-labels.Len()) + text)
		}
	}
	return append(lines, margin+" "+labels.String())
}

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// width writes a duration in the largest two units that it has: 1d 2h, 1m 30s.
func width(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}}
	for i, u := range units {
		if d < u.size {
			continue
		}
		text := fmt.Sprintf("%d%s", d/u.size, u.name)
		if rest := d % u.size; i+1 < len(units) && rest >= units[i+1].size {
			text += fmt.Sprintf(" %d%s", rest/units[i+1].size, units[i+1].name)
		}
		return text
	}
	return "0ms"
}
