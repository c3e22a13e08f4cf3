package ui

// What the tail's columns and figures mean, for the help.

// tailLegend explains them, a line each.
func tailLegend(st *Styles, w int) []string {
	g := &st.g
	head := newLine(st, w, nil)
	head.text(st.bold, " columns and figures of the tail")
	lines := []string{newLine(st, w, nil).end(), head.end()}
	for _, row := range [][2]string{
		{"time", "the producer's clock, or the broker's (LogAppendTime); u shows it in other ways"},
		{"p", "the partition, each in a colour of its own"},
		{"offset", "the record's number in its partition"},
		{"t", "its transaction: " + g.check + " committed, " + g.cross + " aborted, " + g.hollow + " open, ? ended, but how was not read"},
		{"key, value", g.null + ` is null (a null value is a tombstone), "" is empty, \x00 a byte that is no text`},
		{"held", "rows in memory (h)"},
		{"skipped", "rows that had to leave memory to make room for newer ones (s)"},
		{"behind", "records in the topic that were not read yet (b); waiting (w), behind a pause"},
	} {
		l := newLine(st, w, nil)
		l.text("", "   ")
		l.field(st.accent, row[0], min(20, w/3))
		l.text("", " ")
		l.text(st.text, row[1])
		lines = append(lines, l.end())
	}
	return lines
}
