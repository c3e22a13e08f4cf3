package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"milena/kafka"
	"milena/kafka/batch"
)

func all(t *testing.T, in io.Reader) []string {
	t.Helper()
	var got []string
	if _, err := readLines(t.Context(), in, "stdin", "\n").each(t.Context(), func(line []byte) error {
		got = append(got, string(line))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	for text, want := range map[string][]string{
		"":                       nil,
		"\n":                     {""},
		"a":                      {"a"},
		"a\n":                    {"a"},
		"a\n\nb\r\n c":           {"a", "", "b\r", " c"},
		long + "\n" + long:       {long, long},
		"a\n" + long + "\nb\x00": {"a", long, "b\x00"},
	} {
		if got := all(t, strings.NewReader(text)); !slices.Equal(got, want) {
			t.Errorf("%.20q…: %d lines; want %d", text, len(got), len(want))
		}
		if len(text) < 100 {
			if got := all(t, iotest.DataErrReader(iotest.OneByteReader(strings.NewReader(text)))); !slices.Equal(got, want) {
				t.Errorf("%q byte by byte: %q; want %q", text, got, want)
			}
		}
	}
}

func TestLinesEndWithTheirStreamTheirContextAndTheirTaker(t *testing.T) {
	broken := errors.New("broken")
	left, err := readLines(t.Context(), io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), "stdin", "\n").each(t.Context(), func([]byte) error { return nil })
	if !errors.Is(err, broken) || left != 1 {
		t.Errorf("a broken stream: %d, %v", left, err)
	}
	if _, err = readLines(t.Context(), strings.NewReader("a\nb\n"), "stdin", "\n").each(t.Context(), func([]byte) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("a taker that fails: %v", err)
	}
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if _, err := w.Write([]byte("whole\nhalf")); err != nil {
			t.Error(err)
		}
		cancel() // the write has been read
	}()
	var got []string
	left, err = readLines(t.Context(), r, "stdin", "\n").each(ctx, func(line []byte) error { got = append(got, string(line)); return nil })
	if err != nil || len(got) == 1 && left != len("half") || len(got) > 1 {
		t.Errorf("a signal: %q, %d left, %v", got, left, err)
	}
}

func TestPairs(t *testing.T) {
	for line, want := range map[string]kafka.Message{
		"k::v":    {Key: []byte("k"), Value: []byte("v")},
		"k::v::w": {Key: []byte("k"), Value: []byte("v::w")},
		"::":      {Key: []byte{}, Value: []byte{}},
		"k:v":     {Value: []byte("k:v")},
	} {
		m := kafka.Message{Key: []byte("of the line before")}
		if err := pairParser("::")([]byte(line), &m); err != nil || !bytes.Equal(m.Key, want.Key) || (m.Key == nil) != (want.Key == nil) || !bytes.Equal(m.Value, want.Value) {
			t.Errorf("%s: %q %q, %v", line, m.Key, m.Value, err)
		}
	}
}

func TestKcatsJSON(t *testing.T) {
	m := kafka.Message{}
	// kcat prints bytes that are not UTF-8 as they are.
	line := "{\"topic\":\"t\",\"partition\":1,\"offset\":2,\"tstype\":\"create\",\"ts\":5,\"broker\":1,\"headers\":[\"a\",\"1\",\"a\",null],\"key\":\"\xff\",\"payload\":\"\\ud83d\\ude00\\u00e9\\/\\b\"}"
	if err := jsonParser(false)([]byte(line), &m); err != nil {
		t.Fatal(err)
	}
	if string(m.Key) != "\xff" || string(m.Value) != "😀é/\b" || m.Timestamp != 5 ||
		!slices.EqualFunc(m.Headers, []batch.Header{{Key: "a", Value: []byte("1")}, {Key: "a"}}, func(a, b batch.Header) bool {
			return a.Key == b.Key && bytes.Equal(a.Value, b.Value) && (a.Value == nil) == (b.Value == nil)
		}) {
		t.Errorf("%+v", m)
	}
	if err := jsonParser(false)([]byte(`{"ts":-1,"payload":null}`), &m); err != nil || m.Timestamp != kafka.NoTimestamp || m.Value != nil {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestKeepingAPartitionNeedsOne(t *testing.T) {
	if err := jsonParser(true)([]byte(`{"value":"v"}`), &kafka.Message{}); err == nil {
		t.Error("--keep-partition without a partition: no error")
	}
}

func FuzzJSONParser(f *testing.F) {
	f.Add([]byte(`{"value":"v\u00e9","key":null,"headers":[{"key":"a","value":"b"},"c","d"],"timestamp":1}`))
	f.Add([]byte(`{"payload":"\ud83d\ude00\\","ts":3}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var m kafka.Message
		if jsonParser(true)(line, &m) == nil && m.Partition < 0 {
			t.Fatal("a negative partition")
		}
	})
}

func TestLinesThatEndInCR(t *testing.T) {
	for chunk, want := range map[string]bool{"a\r\nb\r\n": true, "a\r\nb\n": false, "a\r": false, "": false, "a\r\nb": true} {
		if got := allCR([]byte(chunk)); got != want {
			t.Errorf("%q: %v", chunk, got)
		}
	}
	for crlf, want := range map[bool][]string{true: {"a", "b\rc", "", "d"}, false: {"a\r", "b\rc", "\r", "d\r"}} {
		l := readLines(t.Context(), strings.NewReader("a\r\nb\rc\n\r\nd\r"), "stdin", "\n")
		l.crlf = crlf
		var got []string
		if _, err := l.each(t.Context(), func(line []byte) error { got = append(got, string(line)); return nil }); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v: %q, %v", crlf, got, err)
		}
	}
}
