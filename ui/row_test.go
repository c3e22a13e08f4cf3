package ui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"milena/store"
)

// cell is what a cell comes to in w columns, without colours.
func cell(st *Styles, w int, draw func(l *line)) string {
	l := newLine(st, w, nil)
	draw(l)
	return strings.TrimRight(ansi.Strip(l.end()), " ")
}

func TestNullEmptyAndTextNeverLookAlike(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		st := newStyles(look{ascii: ascii, profile: colorprofile.ASCII}) // NO_COLOR: letters alone tell
		seen := map[string]string{}
		for what, r := range map[string]*store.Row{
			"null":            {KeyNull: true},
			"empty":           {},
			`the text ""`:     {Key: []byte(`""`), KeyLen: 2},
			"the text 0":      {Key: []byte("0"), KeyLen: 1},
			"the text ~":      {Key: []byte("~"), KeyLen: 1},
			"the byte 0":      {Key: []byte{0}, KeyLen: 1},
			"the text null":   {Key: []byte("null"), KeyLen: 4},
			"a blank":         {Key: []byte(" x"), KeyLen: 2},
			"the byte 1 to 3": {Key: []byte{1, 2, 3}, KeyLen: 3},
		} {
			got := cell(st, 40, func(l *line) { l.keyCell(r, lights{}, false) })
			if other, ok := seen[got]; ok || got == "" {
				t.Errorf("ASCII %v: %s and %s are both %q", ascii, what, other, got)
			}
			seen[got] = what
			if n := keyCells(r, st); n != cells(got, st.width) {
				t.Errorf("ASCII %v: %s takes %d columns, not %d", ascii, what, cells(got, st.width), n)
			}
		}
	}
}

func TestBinaryIsShownAsFarAsThereIsRoom(t *testing.T) {
	st := newStyles(look{})
	key := []byte("\x1b[31mk\x00\xff.")
	for w, want := range map[int]string{
		40: `\x1b[31mk\x00\xff.`,
		18: `\x1b[31mk\x00\xff.`,
		17: `\x1b[31mk\x00…`,
		9:  `\x1b[31m…`,
		4:  `…`,
	} {
		if got := cell(st, w, func(l *line) { l.binary(key, len(key), false) }); got != want {
			t.Errorf("in %d columns %q, want %q", w, got, want)
		}
	}
	if got, want := cell(st, 40, func(l *line) { l.binary(key, len(key), true) }), `\x1b[31mk\x00\xff.  binary, 9 bytes`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// A row has only the front of a long one.
	long := []byte(strings.Repeat("a\x01", 20))
	if got := cell(st, 300, func(l *line) { l.binary(long, 5000, true) }); !strings.HasSuffix(got, `\x01…  binary, 5,000 bytes`) {
		t.Errorf("%q does not say that there is more", got)
	}
	if got := cell(st, 60, func(l *line) { l.binary(long, 40, true) }); ansi.StringWidth(got) < 54 || !strings.HasSuffix(got, "…  binary, 40 bytes") {
		t.Errorf("%q leaves room", got)
	}
}
