package archive

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/unicode"
)

func TestPlainReadsTextAsWindowsWritesIt(t *testing.T) {
	const text = "{\"value\":\"Köln 🎉\"}\r\nzwei\n"
	little, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	big, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		in, out string
		utf16   bool
	}{
		"plain":                     {text, text, false},
		"with a mark":               {utf8Mark + text, text, false},
		"a mark and bytes":          {utf8Mark + "\xff\x00", "\xff\x00", false},
		"UTF-16, little endian":     {little, text, true},
		"UTF-16, big endian":        {big, text, true},
		"nothing":                   {"", "", false},
		"a mark alone":              {utf8Mark, "", false},
		"half a mark":               {"\xef\xbb", "\xef\xbb", false},
		"bytes that begin like one": {"\xef\xbbx\xff", "\xef\xbbx\xff", false},
		"bytes":                     {"\xff\x00\xfe", "\xff\x00\xfe", false},
	} {
		said := false
		got, err := io.ReadAll(Plain(iotest.OneByteReader(iotest.DataErrReader(readerOf(c.in))), func() { said = true }))
		if err != nil || string(got) != c.out || said != c.utf16 {
			t.Errorf("%s: %q, %v, UTF-16 %t", what, got, err, said)
		}
	}
}

func readerOf(s string) io.Reader {
	r, w := io.Pipe()
	go func() {
		_, _ = io.WriteString(w, s)
		w.Close()
	}()
	return r
}

// Files with a mark, in their middle too, and of UTF-16 have all their records; what
// is decoded is gone afterwards.
func TestFilesAsWindowsWritesThem(t *testing.T) {
	const a, b = `{"topic":"t","partition":0,"offset":0,"value":"eins"}` + "\r\n", `{"topic":"t","partition":0,"offset":1,"value":"zwei"}` + "\r\n"
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(a + b)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"a mark": utf8Mark + a + b, "two files": utf8Mark + a + utf8Mark + b, "UTF-16": utf16} {
		folder := t.TempDir()
		t.Setenv("TMPDIR", folder)
		path := filepath.Join(folder, "f.jsonl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(context.Background(), path, nil)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if p := f.topics["t"][0]; p == nil || p.first != 0 || p.last != 1 || len(f.trouble) > 0 {
			t.Errorf("%s: %+v, %v", what, p, f.trouble)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(folder); len(left) != 1 {
			t.Errorf("%s: %v are left", what, left)
		}
	}
}
