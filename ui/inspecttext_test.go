package ui

import (
	"fmt"
	"strings"
	"testing"

	"milena/kafka/batch"
)

// dead is a driver with a record open as it comes into a dead-letter topic.
func dead(t *testing.T, w, h int) (*driver, *inspector) {
	t.Helper()
	var trace strings.Builder
	trace.WriteString("java.lang.IllegalStateException: no such order\n")
	for i := range 60 {
		fmt.Fprintf(&trace, "\tat com.company.orders.Handler.handle%d(Handler.java:%d)\n", i, i)
	}
	trace.WriteString("Caused by: the root of it")
	c := newFake().topic("one", 1)
	c.add("one", 0, batch.Record{
		Timestamp: testNow.UnixMilli(), Key: []byte("K-BEGIN" + strings.Repeat("0123456789", 30) + "K-END"), Value: []byte(`{"id":18,"needle":1}`),
		Headers: []batch.Header{
			{Key: "short", Value: []byte("needle")}, {Key: "dlq.exception.stacktrace", Value: []byte(trace.String())},
			{Key: "N-BEGIN" + strings.Repeat("name", 80) + "N-END", Value: []byte("of a long name")},
			{Key: "json", Value: []byte(`{"city":"K\u00f6ln","text":"` + strings.Repeat("long ", 50) + `"}`)},
			{Key: "esc", Value: []byte("\x1b[31mred\u202e" + strings.Repeat(" wide", 60))},
			{Key: "bin", Value: []byte(strings.Repeat("\x00\xff", 100))}, {Key: "none"},
		},
	})
	d := drive(t, c, Options{Topics: []string{"one"}}, w, h)
	d.follows("one")
	d.press("enter")
	return d, d.m.over.(*inspector)
}

// everything is all rows of the record, as one scrolls through them.
func (d *driver) everything(in *inspector) string {
	var out strings.Builder
	d.press("g")
	for last := -1; in.top != last; d.press("pgdown") {
		last = in.top
		out.WriteString(d.screen())
	}
	return out.String()
}

func TestLongKeysAndHeadersCanBeRead(t *testing.T) {
	for _, size := range sizes {
		inBubble(t, fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			d, in := dead(t, size[0], size[1])
			if all := d.everything(in); strings.Contains(all, "the root of it") || !strings.Contains(all, "more lines   o unfolds") {
				t.Errorf("a long header is not folded:\n%s", all)
			}
			d.press("o")
			all := d.everything(in)
			for _, s := range []string{"K-BEGIN", "-END", "N-BEGIN", "of a long name", "18", "Köln", "java:42", "the root of it", "\\x1b[31mred"} {
				if !strings.Contains(all, s) {
					t.Errorf("%s is not to be seen:\n%s", s, all)
				}
			}
			if strings.Contains(d.m.View().Content, "\x1b[31mred") {
				t.Error("a header steers the terminal")
			}
			d.press("w") // long lines scroll
			checkFrame(t, "not wrapped", d.m)
			if strings.Contains(d.everything(in), "K-END") {
				t.Error("the key is still wrapped")
			}
			d.press("g")
			for range 60 {
				d.press("right")
				if strings.Contains(d.screen(), "K-END") {
					break
				}
			}
			d.sees("K-END")
		})
	}
}

func TestFindInKeysAndHeaders(t *testing.T) {
	for _, size := range sizes {
		inBubble(t, fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			d, in := dead(t, size[0], size[1])
			find := func(words string) {
				t.Helper()
				d.press("g", "/")
				for range 30 {
					d.press("backspace")
				}
				d.typed(words)
				d.press("enter")
				if d.settle(); in.hit == noHit || in.hitRow() < in.top || in.hitRow() >= in.top+in.height {
					t.Fatalf("%s is not found, or out of sight:\n%s", words, d.screen())
				}
				if !strings.Contains(d.m.View().Content, d.m.st.match) {
					t.Errorf("%s is not lit", words)
				}
			}
			find("K-END")
			find("N-END")
			find("handle42") // in what is folded
			d.sees("java:42")
			find("Köln")
			d.sees("Köln")
			find("needle")
			if in.on != &in.docText && in.on != &in.headers[0].value {
				t.Error("it is elsewhere")
			}
			first := in.on
			d.press("n")
			if in.on == first {
				t.Error("n does not go on to the other one")
			}
			d.press("N")
			if in.on != first {
				t.Error("N does not go back")
			}
			if got := in.hitCount(); !strings.Contains(got, "1 of 2") {
				t.Errorf("it says %q", got)
			}
		})
	}
}
