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

// offSyntax says why there is no page for the field.
func offSyntax(m *Model) string {
	if d := m.dialog; d == nil || len(d.fields) == 0 || !d.fields[d.at].query {
		return "this field takes no query"
	}
	return ""
}

// showSyntax opens the page.
func (m *Model) showSyntax() tea.Cmd {
	m.over = &pager{title: "queries", under: m.over, asked: m.dialog, entries: syntaxEntries}
	m.dialog = nil
	return nil
}

func syntaxEntries(m *Model, w int) (entries []entry) {
	wide := 0
	for _, row := range querySyntax {
		wide = max(wide, cells(row.example, m.st.width))
	}
	for i, row := range querySyntax {
		e := entry{heads: row.example == ""}
		say := func(sgr, text string, indent int) {
			for _, part := range wrapWords(text, max(8, w-indent-1), m.st.width) {
				l := newLine(m.st, w, nil)
				l.fill(indent)
				l.text(sgr, part)
				e.lines = append(e.lines, l.end())
			}
		}
		switch {
		case e.heads:
			if i > 0 {
				e.lines = append(e.lines, newLine(m.st, w, nil).end())
			}
			say(m.st.bold, row.what, 1)
		case w >= wide+30:
			example := row.example
			for _, part := range wrapWords(row.what, w-wide-6, m.st.width) {
				l := newLine(m.st, w, nil)
				l.fill(3)
				l.field(m.st.accent, example, wide)
				l.text(m.st.text, "  "+part)
				e.lines, example = append(e.lines, l.end()), ""
			}
		default:
			say(m.st.accent, row.example, 3)
			say(m.st.text, row.what, 5)
		}
		entries = append(entries, e)
	}
	return entries
}
