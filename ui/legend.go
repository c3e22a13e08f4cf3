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
		legendTopic:       {"topic", "the topic that the record is in"},
		legendTime:        {"time", "the producer's clock, or the broker's (LogAppendTime); u changes it; " + g.late + " late"},
		legendPartition:   {"p", "the partition, each in a colour of its own"},
		legendOffset:      {"offset", "the record's number in its partition"},
		legendTransaction: {"t", "transaction: " + g.check + " committed, " + g.cross + " aborted, " + g.hollow + " open, ? ended unseen"},
		legendBytes:       {"key, value", g.null + " null (as a value, a tombstone), " + g.empty + ` no bytes, \x00 no text`},
		{"held", "records in memory"},
		{"skipped", "rows that had to leave memory to make room for newer ones (s)"},
		{"behind", "records in the topic that were not read yet (b); waiting (w), behind a pause"},
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
	head.text(st.bold, " columns and figures of the tail (a click on a column's name says the same)")
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
