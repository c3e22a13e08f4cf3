package ui

import tea "charm.land/bubbletea/v2"

// What the tail's columns and figures mean, for the help.

// The rows of the legend that columns have.
const (
	legendTopic = iota
	legendTime
	legendPartition
	legendOffset
	legendTransaction
	legendBytes
)

// legend is each column and figure with what it means.
func legend(g *glyphs) [][2]string {
	return [][2]string{
		legendTopic:       {"topic", "the topic of the record"},
		legendTime:        {"time", "the producer's clock, or the broker's (LogAppendTime); u changes it; " + g.late + " late"},
		legendPartition:   {"p", "the partition, each in its own colour"},
		legendOffset:      {"offset", "the record's number in its partition"},
		legendTransaction: {"t", "transaction: " + g.check + " committed, " + g.cross + " aborted, " + g.hollow + " open, ? unknown"},
		legendBytes:       {"key, value", g.null + " null (as a value, a tombstone), " + g.empty + ` no bytes, \x00 no text`},
		{"in memory", "records in memory"},
		{"skipped", "rows evicted from memory to make room for newer ones (s)"},
		{"unread", "records in the topic that are not read yet (u), or wait behind a pause (w)"},
		{g.late + " at a time", lateMeaning},
		{g.ahead + " at a time", aheadMeaning},
	}
}

// columnAt is the legend's row for the heading at column x.
func (c columns) columnAt(x int) int {
	for _, part := range []struct{ width, row int }{
		{c.topic, legendTopic}, {c.time, legendTime}, {c.part, legendPartition}, {c.offset, legendOffset},
	} {
		if part.width == 0 {
			continue
		}
		if x < part.width+2 {
			return part.row
		}
		x -= part.width + 2
	}
	if c.txn && x < 3 {
		return legendTransaction
	}
	return legendBytes
}

// explain says what the column means whose heading is at x.
func (m *Model) explain(x int) tea.Cmd {
	row := legend(&m.st.g)[m.tail.cols.columnAt(x)]
	m.note(levelInfo, row[0]+": "+row[1])
	return nil
}

// tailLegend explains them, a line each.
func tailLegend(st *Styles, w int) []string {
	head := newLine(st, w, nil)
	head.text(st.bold, " columns and figures of the tail (click a column's name to see its meaning)")
	lines := []string{newLine(st, w, nil).end(), head.end()}
	for _, row := range legend(&st.g) {
		l := newLine(st, w, nil)
		l.text("", "   ")
		l.field(st.accent, row[0], min(20, w/3))
		l.text("", " ")
		l.text(st.text, row[1])
		lines = append(lines, l.end())
	}
	return lines
}
