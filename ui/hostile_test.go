package ui

import (
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
	"milena/kafka/batch"
)

// FuzzNothingSteersTheTerminal puts a text wherever one can come from — names of
// topics and of the context, keys, values, headers, errors of brokers, what is
// typed and pasted — and looks at the bytes of every screen: there is not an escape
// in them that milena did not write, and no line is longer than the terminal.
func FuzzNothingSteersTheTerminal(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Add("\x1b]52;c;ZXZpbA==\x07\x9d0;x\x9c\x90q\x9c\x98\x9e\x9f")
	f.Add("\xed\xa0\x80\xed\xb0\x80 lone surrogates \xf4\x90\x80\x80 \xc0\x80")
	f.Add(strings.Repeat("x", 1<<20))
	f.Add(strings.Repeat("\u202e\u0301한", 300))
	f.Add(`{"a":"` + "\x1b[2J" + `","b":[1e999999,"\u001b[31m","` + "\u2066" + `"]}`)
	f.Fuzz(func(t *testing.T, s string) {
		bubble(t, func(t *testing.T) {
			name := s[:min(len(s), 300)]
			topic := "t" + name
			c := newFake().topic(topic, 2).topic("plain", 1)
			for i := range 12 {
				r := batch.Record{Timestamp: testNow.UnixMilli() + int64(i), Key: []byte(s), Value: []byte(s)}
				switch i % 4 {
				case 1:
					r.Value = []byte(`{"k` + s + `":"` + s + `"}`)
				case 2:
					r.Headers = []batch.Header{{Key: s, Value: []byte(s)}}
				}
				c.add(topic, int32(i%2), r)
			}
			trouble := errors.New(s)
			c.set(func() { c.sendErr = trouble })
			d := drive(t, c, Options{Topics: []string{topic}, Name: name, Warnings: []string{s}, Brokers: []string{name}}, 100, 30)
			d.until("the records", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 12 && !d.m.tail.snap.older.busy })
			see := func(what string) {
				t.Helper()
				checkFrame(t, what, d.m)
				if title := d.m.View().WindowTitle; strings.ContainsFunc(title, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x202e }) {
					t.Fatalf("%s: the title is %q", what, title)
				}
			}
			paste := func() { d.send(tea.PasteMsg{Content: s}) }
			for _, size := range [][2]int{{100, 30}, {40, 12}} {
				d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				see("tail")
				d.press("up", "enter")
				for range 4 {
					for range 3 {
						d.press("r")
						see("record")
					}
					d.press("p")
				}
				d.press("y")
				see("what to copy")
				d.press("esc", "Y")
				see("record as a command")
				d.press("esc", ":")
				paste()
				d.typed(name[:min(len(name), 3)])
				see("palette")
				d.press("esc", "esc", "2", "Y")
				see("view as a command")
				d.press("m")
				see("what was copied")
				for _, key := range []string{"/", "t", "f"} {
					d.press(key)
					paste()
					see("dialog " + key)
					d.press("enter")
					see("answer to " + key)
					d.press("esc", "esc", "2")
				}
				d.press("c")
				paste()
				d.press("tab")
				paste()
				see("compose")
				d.press("esc", "!")
				see("notices")
				d.press("esc", "?")
				see("help")
				d.press("esc", "1")
				see("topics")
				for _, key := range []string{"+", "D", "i", "/"} {
					d.press(key)
					paste()
					see("topics " + key)
					d.press("enter")
					see("topics " + key + " enter")
					d.press("esc", "esc", "1")
				}
				d.press("2")
			}
			lost := drive(t, nil, Options{Brokers: []string{name}, Open: failing(&kafka.OpenError{Attempts: []*kafka.ConnectError{
				{Broker: name, Step: kafka.StepLogin, Err: trouble, Hint: s},
			}})}, 80, 24)
			lost.until("the refusal", func() bool { return lost.m.connect.err != nil })
			checkFrame(t, "connect", lost.m)
		})
	})
}
