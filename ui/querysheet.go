package ui

import (
	tea "charm.land/bubbletea/v2"
)

// The syntax of queries on one page, over the prompt that asks for one.

// syntaxRow is an example of a query and what it asks for; without one it is a
// heading.
type syntaxRow struct{ example, what string }

// querySyntax is docs/query.md in short.
var querySyntax = []syntaxRow{
	{"", "Plain text: all words must be there, in the key, the value or the headers"},
	{`order created`, "both words, in any case"},
	{`Order`, "with a capital it is taken to the letter"},
	{`"order created"`, "with the space between; text in quotes is never an expression"},
	{`created -refunded`, "without refunded"},
	{`/order\.(paid|created)/`, "a regular expression"},
	{`key:user value:paid`, "in the key, in the value"},
	{`header:trace-id=4bf`, "in the header of that name"},
	{"", "Expressions: comparisons of fields, joined with && || ! (and or not)"},
	{`value.status == "FAILED"`, "a field of the value's JSON; texts are in quotes"},
	{`value.order.items[0].sku in ["A", "B"]`, "one of several; [0] is the first of an array"},
	{`value["ship to"].city != "Köln"`, "names with other signs are in brackets"},
	{`value.total > 100 && value.total <= 200`, "numbers; also 100 < value.total <= 200"},
	{`key startsWith "user-"`, "also endsWith, contains, matches (a regular expression)"},
	{`header["trace-id"] == "4bf92f"`, "a header"},
	{`value == null`, "a tombstone; != null is none"},
	{`timestamp > now() - 2h`, `times; also timestamp < "14:05", timestamp == null`},
	{`partition == 3 && offset >= 1000`, "where it is"},
	{`size > 10kB`, "the bytes of key, value and headers"},
	{`not (value.total > 100)`, "also where there is no total"},
	{"", "In this prompt"},
	{`slow := value.ms > 500`, "names a query of this topic; @slow asks it again"},
	{"right tab", "takes the completion that is shown; up and down go through earlier queries"},
}

// querySheet is that page. The prompt comes back when it closes.
type querySheet struct {
	*pager
	asked *dialog
}

// closed gives the prompt back.
func (s *querySheet) closed(m *Model) { m.dialog = s.asked }

// offSyntax says why there is no page for the field.
func offSyntax(m *Model) string {
	if d := m.dialog; d == nil || len(d.fields) == 0 || !d.fields[d.at].query {
		return "this field takes no query"
	}
	return ""
}

// showSyntax opens the page.
func (m *Model) showSyntax() tea.Cmd {
	m.over = &querySheet{&pager{title: "queries", under: m.over, lines: syntaxLines}, m.dialog}
	m.dialog = nil
	return nil
}

func syntaxLines(m *Model, w int) (lines []string) {
	wide := 0
	for _, row := range querySyntax {
		wide = max(wide, cells(row.example, m.st.width))
	}
	beside := w >= wide+40
	for i, row := range querySyntax {
		l := newLine(m.st, w, nil)
		switch {
		case row.example == "":
			if i > 0 {
				lines = append(lines, l.end())
				l = newLine(m.st, w, nil)
			}
			for _, text := range wrapWords(row.what, max(8, w-2), m.st.width) {
				l.text(m.st.bold, " "+text)
				lines = append(lines, l.end())
				l = newLine(m.st, w, nil)
			}
			continue
		case beside:
			l.text("", "   ")
			l.field(m.st.accent, row.example, wide)
			l.text("", "  ")
			l.text(m.st.text, row.what)
			lines = append(lines, l.end())
			continue
		}
		for _, text := range wrapWords(row.example, max(8, w-3), m.st.width) {
			l.text(m.st.accent, "   "+text)
			lines = append(lines, l.end())
			l = newLine(m.st, w, nil)
		}
		for _, text := range wrapWords(row.what, max(8, w-6), m.st.width) {
			l.text(m.st.text, "     "+text)
			lines = append(lines, l.end())
			l = newLine(m.st, w, nil)
		}
	}
	return lines
}
