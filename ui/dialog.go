package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// What asks, at the bottom of the screen: a prompt with one field, a form with
// several, or a question. It lies over the panes and takes all keys.

type dialogKind int8

const (
	dialogForm    dialogKind = iota
	dialogConfirm            // swallows keys at first, so that nothing typed ahead confirms it
)

// swallow is how long a question ignores keys after it opened.
const swallow = 300 * time.Millisecond

type dialog struct {
	title  string
	kind   dialogKind
	danger bool
	lines  []string // what it is about
	on     int      // the one of them that stays in sight
	fields []field
	at     int
	action string // what enter does
	err    string
	busy   bool
	opened time.Time

	places []fieldPlace // of the fields, as they were drawn

	submit func(*Model, *dialog) tea.Cmd
	change func(*Model, *dialog) tea.Cmd // after each key
	walk   func(*Model, int) tea.Cmd     // what up and down move, where there is one field
	cancel func(*Model, *dialog) tea.Cmd
}

// field is one line to fill in.
type field struct {
	label string
	hint  string // shown while it is empty
	ed    editor
	err   string
	query bool // it takes a query

	past    []string                 // what was filled in before, the newest first; up and down go through it
	listed  bool                     // past stands below as a list, which they go through as it stands
	walked  int                      // how far back they went; 0: what is typed
	typed   string                   // what was typed before
	suggest func(text string) string // what could follow the text; nil: nothing is suggested
}

// fieldPlace is where the text of a field begins: its line within the dialog,
// and its column.
type fieldPlace struct{ y, x int }

// clicked goes to the field of a line, and to the letter that was meant.
func (d *dialog) clicked(m *Model, x, y int) {
	for i, p := range d.places {
		if p.y == y && i < len(d.fields) && !d.busy {
			d.goTo(i)
			d.fields[i].ed.clickField(x-p.x, m.st.width)
		}
	}
}

// preset fills a field in beforehand. Where the cursor is, typing takes its place,
// and a key that moves the cursor keeps it.
func (d *dialog) preset(i int, text string) {
	d.fields[i].ed.set(text)
	if i == d.at {
		d.fields[i].ed.selectAll()
	}
}

// goTo leaves the field for another: what is selected is where the cursor is.
func (d *dialog) goTo(i int) {
	if left := &d.fields[d.at].ed; i != d.at {
		left.moveTo(left.at)
	}
	d.at = i
}

// refuse marks a field as wrong and goes there.
func (d *dialog) refuse(i int, why string) tea.Cmd {
	d.fields[i].err = why
	d.goTo(i)
	return nil
}

// refuseAll marks the fields that are wrong, and gives the first; -1: none is.
func (d *dialog) refuseAll(wrong []error) int {
	first := -1
	for i, err := range wrong {
		if err == nil {
			continue
		}
		d.fields[i].err = sentence(err)
		if first < 0 {
			first = i
		}
	}
	return first
}

func (d *dialog) swallowing(now time.Time) bool {
	return d.kind == dialogConfirm && now.Sub(d.opened) < swallow
}

func (d *dialog) clearErrors() {
	d.err = ""
	for i := range d.fields {
		d.fields[i].err = ""
	}
}

// key is a key that the table has nothing for.
func (d *dialog) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	if len(d.fields) == 0 || d.busy {
		return nil
	}
	f := &d.fields[d.at]
	before := f.ed.String()
	if k.String() != "right" && k.String() != "end" || !f.complete() {
		f.ed.key(k, m.w, m.st.width)
	}
	if before != f.ed.String() {
		f.walked = 0
		return d.changed(m)
	}
	return nil
}

func (d *dialog) changed(m *Model) tea.Cmd {
	d.clearErrors()
	if d.change != nil {
		return d.change(m, d)
	}
	return nil
}

func (d *dialog) move(m *Model, by int) tea.Cmd {
	if d.walk != nil {
		return d.walk(m, by)
	}
	if len(d.fields) == 1 && m.pressed.String() == "tab" && d.fields[0].complete() {
		return d.changed(m)
	}
	if name := m.pressed.String(); len(d.fields) > 0 && (name == "up" || name == "down") {
		switch f := &d.fields[d.at]; {
		case f.listed:
			if f.walked+by > 0 {
				f.walkPast(by)
			}
			return d.changed(m)
		case f.walkPast(-by):
			return d.changed(m)
		}
	}
	if n := len(d.fields); n > 0 {
		d.goTo((d.at + by + n) % n)
		d.fields[d.at].ed.selectAll() // typing takes its place
	}
	return nil
}

// complete takes what is suggested; false: nothing is.
func (f *field) complete() bool {
	rest := f.suggestion()
	if rest == "" {
		return false
	}
	f.ed.insert(rest)
	return true
}

// suggestion is what could follow the text, while the cursor is at its end and
// typing would not take the text's place.
func (f *field) suggestion() string {
	if f.suggest == nil || len(f.ed.selected()) > 0 || f.ed.at != len(f.ed.text) || f.walked > 0 {
		return ""
	}
	return f.suggest(f.ed.String())
}

// walkPast goes to what was filled in before, by so many steps back; false: there
// is nothing there.
func (f *field) walkPast(by int) bool {
	to := f.walked + by
	if to < 0 || to > len(f.past) {
		return false
	}
	if f.walked == 0 {
		f.typed = f.ed.String()
	}
	f.walked = to
	if to == 0 {
		f.ed.set(f.typed)
	} else {
		f.ed.set(f.past[to-1])
	}
	return true
}

func (d *dialog) draw(m *Model) []string {
	st := m.st
	var lines []string
	head := newLine(st, m.w, nil)
	sgr := st.accentBold
	if d.danger {
		sgr = st.badBold
	}
	head.repeat(st.rule, st.g.hrule, 1)
	head.text(sgr, " "+d.title+" ")
	head.repeat(st.rule, st.g.hrule, m.w)
	label := 0
	for i := range d.fields {
		label = max(label, len(d.fields[i].label))
	}
	label = min(label, max(4, m.w/3))
	about, titled := d.about(m, m.h-m.lay.footer.h-1-d.height(m, label))
	if titled {
		lines = append(lines, head.end())
	}
	for _, row := range about {
		l := newLine(st, m.w, nil)
		l.text("", " ")
		l.text(st.text, row)
		lines = append(lines, l.end())
	}
	d.places = d.places[:0]
	for i := range d.fields {
		f := &d.fields[i]
		l := newLine(st, m.w, nil)
		l.text("", " ")
		name := st.dim
		if i == d.at {
			name = st.accent
		}
		l.field(name, f.label, label)
		l.text("", "  ")
		room := l.max - l.width - 1
		below := f.wrong(m, label)
		if f.err != "" && len(below) == 0 {
			room = f.typedCells(m)
		}
		rest := ""
		if i == d.at && f.err == "" {
			rest = f.suggestion()
		}
		x := f.ed.drawSuggested(l, max(1, room), st.text, rest)
		d.places = append(d.places, fieldPlace{y: len(lines), x: label + 3})
		if f.ed.empty() && f.hint != "" && f.err == "" {
			l = newLine(st, m.w, nil)
			l.text("", " ")
			l.field(name, f.label, label)
			l.text("", "  ")
			l.text(st.dim, f.hint)
		}
		if f.err != "" && len(below) == 0 {
			l.text(st.bad, st.g.cross+" "+f.err)
		}
		if i == d.at && !d.busy {
			m.putCursor(min(x, m.w-1), len(lines))
		}
		lines = append(lines, l.end())
		// The fields stay in sight, whatever is said of them.
		if room := max(0, m.h-m.lay.footer.h-len(lines)-(len(d.fields)-i-1)-1); len(below) > room {
			below = below[:room]
			if room > 0 {
				below[room-1] += " " + st.g.ellipsis
			}
		}
		for j, row := range below {
			l := newLine(st, m.w, nil)
			l.fill(label + 3)
			if j == 0 {
				l.text(st.bad, st.g.cross)
			}
			l.fill(label + 5)
			l.text(st.bad, row)
			lines = append(lines, l.end())
		}
	}
	status := newLine(st, m.w, nil)
	status.text("", " ")
	switch {
	case d.busy:
		status.text(st.accent, m.spinner()+" ")
		status.text(st.dim, "working…")
	case d.err != "":
		for _, row := range wrapWords(d.err, max(10, m.w-4), st.width) {
			l := newLine(st, m.w, nil)
			l.text(st.bad, " "+row)
			lines = append(lines, l.end())
		}
		fallthrough
	default:
		status.hints(d.hints())
	}
	return append(lines, status.end())
}

// about are the rows of what the dialog is about, and whether its title has room
// above them. What does not fit is left out, but for the line that counts: fields,
// and what is wrong with them, come first.
func (d *dialog) about(m *Model, room int) (rows []string, titled bool) {
	on := 0
	for i, s := range d.lines {
		if i == d.on {
			on = len(rows)
		}
		rows = append(rows, wrapWords(s, max(10, m.w-2), m.st.width)...)
	}
	if len(rows) < room {
		return rows, true
	}
	room = max(0, room)
	from := max(0, min(on-room/2, len(rows)-room))
	to := min(from+room, len(rows))
	if to < len(rows) && to > from {
		rows[to-1] += " " + m.st.g.ellipsis
	}
	return rows[from:to], false
}

// height is how many lines the fields take, and what is wrong with them.
func (d *dialog) height(m *Model, label int) int {
	n := len(d.fields)
	for i := range d.fields {
		n += len(d.fields[i].wrong(m, label))
	}
	if d.err != "" {
		n += len(wrapWords(d.err, max(10, m.w-4), m.st.width))
	}
	return n
}

// wrong are the rows below a field that say what is wrong with it; none when that
// has room beside what was typed.
func (f *field) wrong(m *Model, label int) []string {
	if f.err == "" || label+3+f.typedCells(m)+2+cells(f.err, m.st.width) < m.w {
		return nil
	}
	return wrapWords(f.err, max(10, m.w-label-6), m.st.width)
}

// typedCells are the columns for what was typed, with the reason beside it why
// that is wrong.
func (f *field) typedCells(m *Model) int { return max(cells(f.ed.String(), m.st.width)+2, 4) }

func (d *dialog) hints() []hint {
	h := []hint{{"enter", d.action}}
	if len(d.fields) > 1 {
		h = append(h, hint{"tab", "next"})
	}
	if d.walk != nil {
		h = append(h, hint{"up down", "move"})
	}
	h = append(h, hint{"esc", "back"})
	if len(d.fields) == 0 || !d.fields[d.at].query {
		return h
	}
	if d.fields[d.at].suggestion() != "" {
		h = append(h, hint{"right", "complete"})
	}
	return append(h, hint{"ctrl+g", "syntax"})
}

// hint is a key and what it does.
type hint struct{ key, what string }

// width is in columns: keys and words are plain ASCII.
func (h hint) width() int { return len(h.key) + 1 + len(h.what) }

func (l *line) hints(hs []hint) {
	for i, h := range hs {
		need := h.width()
		if i > 0 {
			need += 3
		}
		if l.width+need > l.max {
			return
		}
		if i > 0 {
			l.text("", "   ")
		}
		l.text(l.st.accent, h.key)
		l.text(l.st.dim, " "+h.what)
	}
}
