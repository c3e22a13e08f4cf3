package ui

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/query"
)

// opened is a driver with the newest record of a topic open.
func opened(t *testing.T, value []byte, w, h int) (*driver, *inspector) {
	t.Helper()
	c := newFake().topic("one", 1)
	c.compact["one"] = true
	c.add("one", 0, batch.Record{Timestamp: testNow.UnixMilli(), Key: []byte("k\xff"), Value: value, Headers: []batch.Header{
		{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte("2")}, {Key: "none"},
	}})
	d := drive(t, c, Options{Topics: []string{"one"}}, w, h)
	d.follows("one")
	d.press("enter")
	return d, d.m.over.(*inspector)
}

func TestCopyOfAPartSaysWhatAndWhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, in := opened(t, []byte(`{"a": "<b>"}`), 120, 40)
		d.press("y")
		d.sees("copy   v value 12 B   k key 2 B   h headers 3   j JSON")
		d.press("esc")
		if d.m.over != overlay(in) || d.copied != "" {
			t.Fatal("esc copies something, or closes the record")
		}
		d.press("y", "v")
		if d.copied != `{"a": "<b>"}` || d.m.over != overlay(in) {
			t.Errorf("copied %q", d.copied)
		}
		d.sees("copied the value, 12 B, to the clipboard")
		d.press("y", "h")
		if want := `[{"key":"a","value":"1"},{"key":"a","value":"2"},{"key":"none","value":null}]`; d.copied != want {
			t.Errorf("copied %q", d.copied)
		}
		d.press("y", "j")
		want := fmt.Sprintf(`{"topic":"one","partition":0,"offset":0,"timestamp":%d,"timestampType":"CreateTime","keyBase64":"a/8=","value":"{\"a\": \"<b>\"}","headers":[{"key":"a","value":"1"},{"key":"a","value":"2"},{"key":"none","value":null}]}`, testNow.UnixMilli())
		if d.copied != want || !json.Valid([]byte(d.copied)) {
			t.Errorf("copied %s\nnot   %s", d.copied, want)
		}
		d.press("esc", "y", "v")
		if d.copied != `{"a": "<b>"}` || d.m.over != nil {
			t.Errorf("from the list: copied %q", d.copied)
		}
	})
}

func TestWhatTheTerminalWouldNotTakeGoesToAFile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cache := t.TempDir()
		t.Setenv("XDG_CACHE_HOME", cache)
		t.Setenv("HOME", cache)
		t.Setenv("LocalAppData", cache)
		dir, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		large := strings.Repeat("x", clipboardMost+1)
		d, _ := opened(t, []byte(large), 200, 40)
		file := func(name, want string) {
			t.Helper()
			name = filepath.Join(dir, "milena", name)
			d.notes("to " + atHome(name))
			got, err := os.ReadFile(name)
			if err != nil || string(got) != want {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if info, _ := os.Stat(name); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("its mode is %v", info.Mode())
			}
		}
		d.press("y", "v")
		file("copied-value", large)
		d.press("y", "k")
		file("copied-key", "k\xff") // a clipboard holds text
		if d.copied != "" {
			t.Errorf("%d bytes went to the clipboard", len(d.copied))
		}
	})
}

func TestFindInAValue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var b strings.Builder
		b.WriteString(`{"first":"Needle"`)
		for i := range 5000 {
			fmt.Fprintf(&b, `,"k%d":%d`, i, i)
		}
		b.WriteString(`,"middle":"a needle here"`)
		for i := range 9000 {
			fmt.Fprintf(&b, `,"m%d":%d`, i, i)
		}
		b.WriteString(`,"last":"needle"}`)
		value := b.String()
		d, in := opened(t, []byte(value), 120, 40)
		d.press("/")
		d.typed("needle")
		d.press("enter")
		d.sees(`"first": "Needle"`)
		d.sees("find: needle  1 of 3")
		at := func(want string) {
			t.Helper()
			if s := d.screen(); !strings.Contains(s, want) {
				t.Fatalf("%s is not in sight:\n%s", want, s)
			}
			if !strings.Contains(d.m.View().Content, d.m.st.match) {
				t.Error("the letters are not lit")
			}
		}
		d.press("n")
		at(`"middle": "a needle here"`)
		at("2 of 3")
		d.press("n")
		at(`"last": "needle"`)
		d.press("n")
		d.sees("that was the last needle")
		d.press("N")
		at(`"middle": "a needle here"`)
		d.press("N", "N")
		d.sees("that was the first needle")
		at(`"first": "Needle"`)
		if !strings.Contains(d.screen(), "n next hit") || strings.Contains(d.screen(), "n next   p") {
			t.Errorf("the footer tells of keys that do something else:\n%s", d.screen())
		}
		d.press("r") // text: one long line, wrapped
		d.press("n")
		at("a needle here")
		d.press("r", "n") // bytes
		at("needle")
		d.press("esc")
		if d.m.over != overlay(in) || in.q != nil {
			t.Error("esc does not just end finding")
		}
	})
}

func TestHitsOverlapNoStretch(t *testing.T) {
	for _, at := range []int{0, 1, findPiece - 3, findPiece, findPiece + 5, 2*findPiece - 1, 3*findPiece - 6} {
		b := []byte(strings.Repeat(".", 3*findPiece))
		copy(b[at:], "needle")
		q := parseQuery(t, "needle")
		if got := hitAfter(q, b, 0); got != at {
			t.Errorf("after: at %d, not at %d", got, at)
		}
		if got := hitAfter(q, b, at+1); got != noHit {
			t.Errorf("a second one at %d", got)
		}
		if got := hitBefore(q, b, len(b)); got != at {
			t.Errorf("before: at %d, not at %d", got, at)
		}
		if got := hitBefore(q, b, at); got != noHit {
			t.Errorf("before itself: at %d", got)
		}
	}
}

func TestLongLinesWrapOrScroll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		value := `{"text":"` + strings.Repeat("0123456789", 60) + `한국THE-END","b":1}`
		d, in := opened(t, []byte(value), 100, 40)
		d.press("r", "r")
		if in.view == viewHex {
			d.press("r")
		}
		d.sees("THE-END")
		wrapped := len(in.lines)
		d.press("w")
		d.m.View()
		if strings.Contains(d.screen(), "THE-END") || len(in.lines) >= wrapped {
			t.Fatalf("%d lines, not fewer than %d:\n%s", len(in.lines), wrapped, d.screen())
		}
		for range 16 {
			d.press("right")
			for i, l := range strings.Split(d.screen(), "\n") {
				if n := cells(l, d.m.st.width); n != 100 {
					t.Fatalf("line %d is %d columns wide: %q", i, n, l)
				}
			}
			if strings.Contains(d.screen(), "한국THE-END\",") {
				break
			}
		}
		d.sees("한국THE-END\",")
		d.sees("column ")
		d.press("/")
		d.typed("b")
		d.press("enter")
		d.sees(`"b": 1`)
		d.press("w")
		d.sees("0123456789")
		if in.left != 0 {
			t.Error("wrapped lines are still scrolled")
		}
	})
}

func TestScrolledLinesShowWhatIsThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, _ := opened(t, []byte("x"), 80, 24)
		b := []byte(`{"key":  [1, "two한국three", {"four": null}], "five": 5.50}`)
		for _, isJSON := range []bool{true, false} {
			k := laying{viewText, unwrapped, d.m.st.width}
			if isJSON {
				k.view = viewJSON
			}
			for _, line := range k.lay(b) {
				draw := func(line docLine) string {
					l := newLine(d.m.st, 200, nil)
					if isJSON {
						l.jsonLine(b, line, nil)
					} else {
						l.textLine(b, line, nil)
					}
					return strings.TrimRight(stripped(l.end()), " ")
				}
				whole := draw(line)
				if got := line.columns(b, isJSON, d.m.st.width); got < cells(whole, d.m.st.width) {
					t.Errorf("%q takes %d columns", whole, got)
				}
				for left := range cells(whole, d.m.st.width) {
					got := draw(line.scrolled(b, left, isJSON, d.m.st.width))
					want := cut(whole, left, d.m.st.width)
					if strings.TrimLeft(got, " ") != strings.TrimLeft(want, " ") {
						t.Fatalf("scrolled by %d, %q is %q, not %q", left, whole, got, want)
					}
				}
			}
		}
	})
}

// cut is s without its first columns; half of a wide letter is a space.
func cut(s string, columns int, m width) string {
	used := 0
	for i, r := range s {
		if used >= columns {
			return strings.Repeat(" ", used-columns) + s[i:]
		}
		used += cells(string(r), m)
	}
	return ""
}

func TestLargeValuesOpenBeforeTheyAreLaidOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var b strings.Builder
		b.WriteString(`[`)
		for i := 0; b.Len() < 10_000_000; i++ {
			fmt.Fprintf(&b, `{"id":%d,"user":{"name":"Ada","country":"DE"},"total":79.630},`, i)
		}
		b.WriteString(`"the end"]`)
		value := []byte(b.String())

		d, _ := opened(t, []byte("x"), 120, 40)
		lines := laying{viewJSON, 87, d.m.st.width}.lay(value)

		in := &inspector{rec: kafka.Record{Topic: "one", Value: value}, hit: noHit}
		in.choose()
		d.m.over = in
		first := d.screen()
		if len(in.lines) > len(lines)/10 {
			t.Errorf("%d of %d lines are laid out before something is seen", len(in.lines), len(lines))
		}
		if !strings.Contains(first, `"name": "Ada"`) || !strings.Contains(first, "laying out") {
			t.Errorf("the front is not shown:\n%s", first)
		}
		d.send(animateMsg{})
		d.until("the rest", func() bool { return !in.part })
		if len(in.lines) < len(lines)/2 || !strings.Contains(d.screen(), "valid JSON") {
			t.Errorf("%d lines, not about %d:\n%s", len(in.lines), len(lines), d.screen())
		}
		d.press("G")
		d.sees("the end")
		d.press("r")
		d.until("the text", func() bool { return !in.part && in.view == viewText })
	})
}

func TestLargeValueThatOnlyBeginsLikeJSON(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d, _ := opened(t, []byte("x"), 120, 40)
		in := &inspector{rec: kafka.Record{Topic: "one", Value: []byte(`{"a":1}` + strings.Repeat(" ", atOnce) + "]")}, hit: noHit}
		in.choose()
		d.m.over = in
		d.send(animateMsg{})
		d.until("the truth", func() bool { return !in.part })
		if in.view != viewText || in.json || !strings.Contains(in.why, "begins like JSON, but") {
			t.Errorf("%v, because %s", in.view, in.why)
		}
	})
}

func parseQuery(t *testing.T, text string) *query.Query {
	t.Helper()
	q, err := query.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// notes waits for a notice.
func (d *driver) notes(text string) {
	d.t.Helper()
	d.until(fmt.Sprintf("the notice %q", text), func() bool {
		all := d.m.notices.all
		return len(all) > 0 && strings.Contains(all[len(all)-1].text, text)
	})
}

func TestTheEndOfALargeValueIsItsEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var b strings.Builder
		for i := range 60_000 {
			fmt.Fprintf(&b, "line %d\n", i)
		}
		b.WriteString("the very end")
		d, in := opened(t, []byte(b.String()), 120, 40)
		if !in.part {
			t.Fatal("it is laid out at once: nothing is tested")
		}
		d.press("G")
		d.sees("the very end")
		d.press("up")
		d.until("going up from there", func() bool { return in.top > 60_000-100 })
	})
}

func TestJSONBehindAByteOrderMarkIsJSON(t *testing.T) {
	v := []byte("\ufeff{\"a\": 1}")
	if view, why, isJSON := viewOf(v); view != viewJSON || !isJSON || !strings.Contains(why, "byte order mark") {
		t.Errorf("it is shown as %v: %s", view, why)
	}
	if lines := jsonLines(v, 80, 0); len(lines) != 3 || string(v[lines[0].from:lines[0].to]) != "{" {
		t.Errorf("its lines are %+v", lines)
	}
	if view, why, _ := viewOf([]byte("\ufeff{\"a\": x}")); view != viewText || !strings.Contains(why, "column 7") {
		t.Errorf("broken, it is shown as %v: %s", view, why)
	}
}
