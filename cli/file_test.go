package cli

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestAnArgumentThatNamesAFileIsOne(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"a.jsonl", "topic", "b.csv"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder.jsonl", 0o700); err != nil {
		t.Fatal(err)
	}
	abs := filepath.Join(dir, "a.jsonl")
	for _, c := range []struct {
		args   []string
		flag   string
		file   string
		notice bool // that a topic may have that name
	}{
		{args: []string{"a.jsonl"}, file: "a.jsonl", notice: true},
		{args: []string{abs}, file: abs},
		{args: []string{"none.jsonl"}},
		{args: []string{"topic"}},
		{args: []string{"b.csv"}},
		{args: []string{"folder.jsonl"}},
		{args: []string{"a.jsonl", "topic"}},
		{args: []string{"a.jsonl"}, flag: abs, file: abs},
		{},
	} {
		g := &global{file: c.flag}
		left := g.takeFile(slices.Clone(c.args))
		if g.file != c.file || (g.fileWon != "") != c.notice {
			t.Errorf("%q: the file is %q, %q", c.args, g.file, g.fileWon)
		}
		if taken := c.file != "" && c.flag == ""; taken != (len(left) < len(c.args)) {
			t.Errorf("%q: topics %q", c.args, left)
		}
	}
}
