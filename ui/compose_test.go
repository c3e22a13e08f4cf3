package ui

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/store"
)

// keys presses keys in an editor.
func (e *editor) keys(names ...string) {
	for _, name := range names {
		e.key(keyOf(name), 40, ansi.WcWidth)
	}
}

func (e *editor) types(s string) {
	for _, r := range s {
		e.keys(string(r))
	}
}

func TestUndoTakesBackAWordAtATime(t *testing.T) {
	e := &editor{lines: true}
	e.types("one two three")
	var seen []string
	for e.undo() {
		seen = append(seen, e.String())
	}
	if got := fmt.Sprintf("%q", seen); got != `["one two " "one " ""]` {
		t.Errorf("undo went %s", got)
	}
	for e.redo() {
	}
	if e.String() != "one two three" {
		t.Errorf("redo came to %q", e.String())
	}
	e.keys("ctrl+w", "ctrl+_")
	if e.String() != "one two three" || e.at != len(e.text) {
		t.Errorf("a deleted word came back as %q at %d", e.String(), e.at)
	}
	e.undo()
	e.types("X")
	if e.redo() {
		t.Error("what was undone can be done again over something new")
	}
}

func TestUndoIsBounded(t *testing.T) {
	e := &editor{lines: true}
	for range 3 * changesKept {
		e.insert("x")
	}
	if n := len(e.changes.all); n != changesKept {
		t.Errorf("%d changes are kept", n)
	}
	big := strings.Repeat("y", changesKeptBytes/3)
	for range 5 {
		e.insert(big)
	}
	if e.changes.bytes > changesKeptBytes {
		t.Errorf("%d bytes are kept", e.changes.bytes)
	}
	for e.undo() {
	}
	if e.changes.bytes > changesKeptBytes || e.changes.done != 0 {
		t.Error("undo ends somewhere else than at its beginning")
	}
}

func TestSelection(t *testing.T) {
	for _, x := range []struct {
		keys      []string
		want, sel string
	}{
		{[]string{"shift+left", "shift+left"}, "alpha beta", "ta"},
		{[]string{"shift+left", "shift+left", "backspace"}, "alpha be", ""},
		{[]string{"ctrl+shift+left", "x"}, "alpha x", ""},
		{[]string{"shift+home", "delete"}, "", ""},
		{[]string{"home", "ctrl+right", "shift+end"}, "alpha beta", " beta"},
		{[]string{"shift+left", "left", "x"}, "alpha betxa", ""},
		{[]string{"shift+left", "right", "x"}, "alpha betax", ""},
		{[]string{"ctrl+left", "shift+up"}, "alpha beta", "alpha "},
		{[]string{"home", "shift+down", "ctrl+x"}, "alpha beta", "alpha beta"},
	} {
		e := &editor{lines: true}
		e.types("alpha beta")
		e.keys(x.keys...)
		if e.String() != x.want || string(e.selected()) != x.sel {
			t.Errorf("%v: %q, selected %q; want %q, %q", x.keys, e.String(), e.selected(), x.want, x.sel)
		}
	}
}

func TestSelectionIsLit(t *testing.T) {
	st := newStyles(look{profile: 0})
	e := &editor{lines: true}
	e.types("ab")
	e.keys("enter", "c", "shift+up")
	lines, _, _ := e.draw(st, 10, 2, st.text)
	if !strings.Contains(lines[0], st.selected[1:]) || !strings.Contains(lines[1], st.selected[1:]) {
		t.Errorf("%q", lines)
	}
	if ansi.Strip(lines[0]) != "ab        " || ansi.Strip(lines[1]) != "c         " {
		t.Errorf("%q", lines)
	}
}

func TestJSONIsJudgedQuietly(t *testing.T) {
	for _, x := range []struct {
		text, want string
		bad        bool
	}{
		{`{"a": 1}`, "valid JSON", false},
		{`hello`, "", false}, {``, "", false}, {`17`, "", false}, {`"text"`, "", false},
		{`{"a": `, "JSON, unfinished", false},
		{"{\n  \"ä\": ]\n}", "JSON: line 2, column 8: expected a value, found ]", true},
		{`[1, 2] x`, "JSON: line 1, column 8: expected the end after the value, found x", true},
		{`{"a" 1}`, "JSON: line 1, column 6: expected a colon, found 1", true},
		{`{a: 1}`, "JSON: line 1, column 2: expected a name in quotes, found a", true},
		{`[1 2]`, "JSON: line 1, column 4: expected a comma or ], found 2", true},
		{`["\q"]`, `JSON: line 1, column 4: no such escape in a string: \q`, true},
		{`[nil]`, "JSON: line 1, column 3: expected true, false or null, found i", true},
		{`{"id": {{.N}}, "s": "{{.N}}"}`, "valid JSON, ctrl+r counts {{.N}}", false},
		{`this is message{{.N}}`, "ctrl+r counts {{.N}}", false},
		{"[\"\xff\"]", "JSON: line 1, column 3: not UTF-8", true},
		{"[" + strings.Repeat(" ", checkedBelow), "", false},
	} {
		if got := judge([]byte(x.text)); got != (verdict{x.want, x.bad}) {
			t.Errorf("%.40q: %+v", x.text, got)
		}
	}
}

func TestBrokenJSONCanBeSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"empty"}}, 120, 40)
		d.sees("no messages yet")
		d.press("c")
		d.typed(`{"a"]`)
		d.sees("JSON: line 1, column 5")
		d.press("ctrl+s")
		d.sees("sent to partition 0")
	})
}

func TestHeadersKeepOrderDoublesAndNull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"empty"}}, 120, 40)
		d.sees("no messages yet")
		d.press("c")
		d.typed("v")
		d.press("tab", "tab")
		d.typed("a=1")
		d.press("enter")
		d.typed("a=2")
		d.press("enter")
		d.typed("gone")
		d.press("ctrl+n")
		d.sees("∅ null")
		d.press("shift+up", "shift+up") // to the top
		d.press("down", "down", "enter")
		d.typed("empty")
		d.press("enter")
		d.typed("mistake=1")
		d.press("ctrl+x")
		d.sees("headers 4")
		d.press("ctrl+s")
		d.sees("sent to partition 0")
		k := &keeper{tp: kafka.TopicPartition{Topic: "empty"}}
		var dec batch.Decoder
		dec.Walk(c.topics["empty"][0].batches[0], 0, 1, nil, k)
		want := []batch.Header{{Key: "gone"}, {Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte("2")}, {Key: "empty", Value: []byte{}}}
		if got := k.out[0].Headers; !sameHeaders(got, want) {
			t.Errorf("headers %q", got)
		}
		d.press("up")
		if got := d.m.compose.heads.headers(); !sameHeaders(got, want) || d.m.compose.unsent() {
			t.Errorf("the history has headers %q", got)
		}
	})
}

func TestTabGoesThroughEveryCell(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("c", "tab", "tab")
		d.typed("n")
		d.press("tab")
		d.typed("v")
		d.press("enter")
		if c := &d.m.compose; c.heads.row != 1 || c.heads.onValue {
			t.Error("enter makes no row")
		}
		d.press("tab", "tab")
		if d.m.compose.at != partPartition {
			t.Error("tab does not leave the last cell")
		}
		d.press("shift+tab", "shift+tab", "shift+tab", "shift+tab", "shift+tab")
		if d.m.compose.at != partKey {
			t.Errorf("shift+tab went to part %d", d.m.compose.at)
		}
		d.press("shift+tab", "shift+tab")
		if d.m.focus != paneTail {
			t.Error("shift+tab from the value does not leave")
		}
	})
}

func TestHistoryLastsAcrossRuns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "not", "yet")
		sent := composed{
			value: "two\nlines \xff", key: "k", part: "3", attached: nil,
			heads: []batch.Header{{Key: "a", Value: []byte("1")}, {Key: "a"}, {Key: "\xfe", Value: []byte{}}},
		}
		c := sample()
		first := drive(t, c, Options{Topics: []string{"orders"}, History: dir}, 120, 40)
		first.follows("orders")
		first.press("c")
		first.m.compose.load(sent)
		first.press("ctrl+s")
		first.sees("sent to partition 3")
		first.until("the file", func() bool { files, _ := os.ReadDir(dir); return len(files) == 1 })

		d := drive(t, sample(), Options{Topics: []string{"orders"}, History: dir}, 120, 40)
		d.follows("orders")
		d.until("what was sent", func() bool { return len(d.m.compose.past["orders"]) > 0 })
		d.press("c", "up")
		if got := d.m.compose.composed(); !got.same(&sent) {
			t.Errorf("it came back as %+v", got)
		}
		if d.m.compose.unsent() {
			t.Error("what was sent before counts as unsent")
		}
		d.press("down")
		if x := d.m.compose.composed(); !x.blank() {
			t.Error("down does not lead back to an empty editor")
		}
		files, _ := os.ReadDir(dir)
		if len(files) != 1 {
			t.Fatalf("%d files", len(files))
		}
		if info, _ := files[0].Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("the file is %v", info.Mode())
		}
		if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
			t.Errorf("the folder is %v", info.Mode())
		}
	})
}

func TestHistoryIsBounded(t *testing.T) {
	h := &history{dir: t.TempDir()}
	for i := range historyKept + 20 {
		if err := h.save("c", "t", composed{value: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.load("c", "t")
	if err != nil || len(got) != historyKept || got[len(got)-1].value != fmt.Sprint(historyKept+19) {
		t.Errorf("%d entries, %v", len(got), err)
	}
	for range 5 {
		if err := h.save("c", "t", composed{value: strings.Repeat("x", 400_000), key: fmt.Sprint(len(got))}); err != nil {
			t.Fatal(err)
		}
		got = append(got, composed{})
	}
	if info, _ := os.Stat(h.file("c", "t")); info.Size() > historyKeptBytes {
		t.Errorf("the file has %d bytes", info.Size())
	}
	before, _ := os.ReadFile(h.file("c", "t"))
	if err := h.save("c", "t", composed{attached: make([]byte, 2<<20)}); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(h.file("c", "t")); string(after) != string(before) {
		t.Error("one large message drove all others out")
	}
	if h.file("c", "t") == h.file("c", "T") || h.file("c", "t") == h.file("d", "t") || filepath.Dir(h.file("c", "../../x")) != h.dir {
		t.Error("topics share a file, or have one elsewhere")
	}
	if err := os.WriteFile(h.file("c", "t"), []byte("{broken\n{\"key\":null,\"value\":\"ok\",\"headers\":[]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := h.load("c", "t"); err != nil || len(got) != 1 || got[0].value != "ok" {
		t.Errorf("of a broken file came %v, %v", got, err)
	}
}

func TestNoPlaceForTheHistoryStopsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "a file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		d := drive(t, sample(), Options{Topics: []string{"empty"}, History: filepath.Join(file, "history")}, 120, 40)
		d.sees("no messages yet")
		d.press("c")
		d.typed("x")
		d.press("ctrl+s")
		d.sees("sent to partition 0")
		d.until("the notice", func() bool { return d.m.compose.noRemind })
		d.press("up")
		if d.m.compose.value.String() != "x" {
			t.Error("this run forgot it too")
		}
	})
}

func TestHistoryIsOfTheTopic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("c")
		d.typed("for orders")
		d.press("ctrl+s")
		d.sees("sent to partition")
		d.press("esc", "1")
		d.m.topics.selectName("payments")
		d.press("enter", "c", "up")
		if x := d.m.compose.composed(); !x.blank() {
			t.Errorf("payments has %q", x.value)
		}
	})
}

func TestRepeatCountsAndStops(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"empty"}}, 120, 40)
		d.sees("no messages yet")
		d.press("c")
		d.typed(`this is message{{.N}}`)
		d.press("tab")
		d.typed("{{.N}}")
		d.press("ctrl+r")
		d.sees("{{.N}} counts from 0")
		d.press("ctrl+u")
		d.typed("1ms")
		d.press("enter")
		d.until("three messages", func() bool { return d.m.compose.last.count >= 3 })
		d.typed("not into the text")
		d.press("ctrl+s")
		d.press("esc")
		if d.m.focus != paneCompose {
			t.Error("esc leaves before it stops")
		}
		d.until("its end", func() bool { return !d.m.compose.running() })
		if d.m.compose.err != "" || d.m.compose.value.String() != "this is message{{.N}}" {
			t.Errorf("afterwards: %q, %q", d.m.compose.err, d.m.compose.value.String())
		}
		if d.m.compose.unsent() {
			t.Error("what was sent counts as unsent")
		}
		d.sees(" sent, the last to partition 0")
		n := d.m.compose.last.count
		d.until("all in the tail", func() bool { return int64(d.m.tail.snap.next-d.m.tail.snap.first) == n })
		for i := range n {
			r, _ := d.m.tail.session.store.At(d.m.tail.snap.first + store.Seq(i))
			if string(r.Key) != fmt.Sprint(i) || string(r.Value) != fmt.Sprintf("this is message%d", i) {
				t.Errorf("message %d is %q = %q", i, r.Key, r.Value)
			}
		}
		if got := len(c.topics["empty"][0].batches); int64(got) != n {
			t.Errorf("%d were written, %d are told", got, n)
		}
	})
}

func TestRepeatStopsAtAnErrorAndKeepsTheText(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.sendErr = errors.New("not enough replicas")
		d := drive(t, c, Options{Topics: []string{"empty"}}, 120, 40)
		d.sees("no messages yet")
		d.press("c")
		d.typed("precious")
		d.press("ctrl+r", "enter")
		d.sees("stopped after 0 messages: not enough replicas")
		if d.m.compose.value.String() != "precious" {
			t.Error("the text is gone")
		}
	})
}

func TestRepeatIntervals(t *testing.T) {
	for s, want := range map[string]string{"": "1s", "2": "2s", "0.5": "500ms", "250ms": "250ms", "1m": "1m0s"} {
		if got, why := interval(s); why != "" || got.String() != want {
			t.Errorf("%q: %v, %s", s, got, why)
		}
	}
	for _, s := range []string{"0", "-1", "soon", "10us", "1e300", "NaN"} {
		if got, why := interval(s); why == "" {
			t.Errorf("%q is %v", s, got)
		}
	}
}

func TestAttachmentComesAndGoes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"empty"}}, 120, 40)
		d.sees("no messages yet")
		d.press("c")
		d.typed("ab")
		d.press("left")
		big := strings.Repeat("line\r", attachAbove/4)
		d.send(tea.PasteMsg{Content: big})
		d.sees("attachment")
		if got := string(d.m.compose.attached); got != "a"+strings.ReplaceAll(big, "\r", "\n")+"b" {
			t.Errorf("%d bytes are attached", len(got))
		}
		d.press("backspace")
		if d.m.compose.attached != nil || d.m.compose.value.String() != "ab" {
			t.Errorf("the text is %q", d.m.compose.value.String())
		}
	})
}

func TestEditorKeepsTheLastLineAsItWas(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, text := range []string{"one", "one\n", "", "\n"} {
			d := drive(t, sample(), Options{Topics: []string{"empty"}}, 120, 40)
			d.sees("no messages yet")
			d.m.compose.value.set(text)
			file := filepath.Join(t.TempDir(), "edited")
			saved := text
			if !strings.HasSuffix(saved, "\n") && saved != "" {
				saved += "\n" // as editors do
			}
			if err := os.WriteFile(file, []byte(saved), 0o600); err != nil {
				t.Fatal(err)
			}
			d.send(editedMsg{file: file, ended: strings.HasSuffix(text, "\n")})
			if got := d.m.compose.value.String(); got != text {
				t.Errorf("%q came back as %q", text, got)
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("the file is still there")
			}
		}
	})
}

func TestHistoryLinesAreMessagesForProduce(t *testing.T) {
	line, err := json.Marshal(lineOf("t", composed{value: "v\xff", heads: []batch.Header{{Key: "h"}}}))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"topic":"t","key":null,"valueBase64":"dv8=","headers":[{"key":"h","value":null}]}`; string(line) != want {
		t.Errorf("%s", line)
	}
}

func TestPartitionIsKnownBeforeSending(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		d.press("c")
		d.sees("→ any partition")
		d.press("tab")
		d.typed("user-12")
		d.sees(fmt.Sprintf("→ partition %d (murmur2)", kafka.PartitionOf([]byte("user-12"), 6)))
		d.press("tab", "tab", "tab")
		d.typed("5")
		d.press("tab")
		d.sees("→ partition 5 (chosen)")
		d.m.compose.part.set("6")
		d.press("x", "ctrl+s")
		d.sees("has only partitions 0 to 5")
		if d.m.compose.at != partPartition {
			t.Error("the cursor is not where it is wrong")
		}
	})
}

func TestHeaderScreen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, size := range sizes {
			d := drive(t, sample(), Options{Topics: []string{"orders"}}, size[0], size[1])
			d.follows("orders")
			d.m.topics.counting = true // the count stands still
			d.press("c")
			d.typed(`{"id": 18}`)
			d.press("tab")
			d.typed("user-12")
			d.press("tab")
			d.typed("trace-id=4bf92f")
			d.press("enter")
			d.typed("주문")
			d.press("tab", "ctrl+n", "enter")
			d.typed("trace-id=again")
			golden(t, fmt.Sprintf("headers-%dx%d", size[0], size[1]), d.screen())
		}
	})
}

func TestTheFooterSaysWhatEscDoes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{Topics: []string{"empty"}}, 120, 40)
		d.sees("no messages yet")
		d.press("c")
		d.typed("x")
		d.sees("esc back")
		d.press("ctrl+r", "enter")
		d.sees("esc stop ")
		d.press("ctrl+r")
		d.sees("repeat: a message is being repeated; esc stops it")
		d.press("esc")
		d.until("its end", func() bool { return !d.m.compose.running() })
	})
}

func TestOfSeveralTopicsTheOneUnderTheCursorIsWrittenTo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := two()
		c.add("a", 0, at(0, "a1"))
		d := drive(t, c, Options{Topics: []string{"a", "b"}}, 140, 40)
		d.follows("a")
		d.shows("a0", "b0", "a1")
		d.press("2", "c")
		if got := d.m.compose.topic; got != "a" {
			t.Errorf("the tail follows, and %q is written to", got)
		}
		d.press("esc", "up", "c")
		d.sees("compose → b")
		d.typed("to b")
		d.press("esc", "up", "c")
		d.sees("compose → b") // where the text is
		d.press("ctrl+s")
		d.sees("sent to partition")
		d.press("esc", "c")
		d.sees("compose → a")
	})
}
