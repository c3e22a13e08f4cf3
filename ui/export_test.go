package ui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"milena/archive"
	"milena/kafka"
	"milena/kafka/batch"
)

var _ Cluster = (*archive.File)(nil)

// exportTo fills in the form that e opens.
func exportTo(d *driver, name, columns, what string) {
	d.t.Helper()
	d.press("e")
	d.until("the form", func() bool { return d.m.dialog != nil })
	f := d.m.dialog.fields
	if name != "" {
		f[exportFile].ed.set(name)
	}
	f[exportColumns].ed.set(columns)
	f[exportWhat].ed.set(what)
	d.press("enter")
}

// offline is a screen on a file.
func offline(t *testing.T, path string) *driver {
	t.Helper()
	d := drive(t, nil, Options{
		Name: filepath.Base(path), File: path, Opening: func() (int64, int64) { return 0, 0 },
		Open: func(ctx context.Context, _ []string) (Cluster, error) {
			f, err := archive.Open(ctx, path, nil)
			if err != nil {
				return nil, err
			}
			return f, nil
		},
	}, 120, 30)
	return d
}

func tailOf(t *testing.T, c *fakeCluster, topic string) *driver {
	t.Helper()
	d := drive(t, c, Options{Topics: []string{topic}}, 120, 30)
	d.sees("live")
	return d
}

// files are the names in a folder.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestWhatIsHeldIsExportedAndOpensAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "held.jsonl")
		d := tailOf(t, sample(), "message-log")
		d.until("the history", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 100 })
		exportTo(d, path, "", "")
		d.sees("exported 100 records")
		if got := files(t, dir); !slices.Equal(got, []string{"held.jsonl"}) {
			t.Errorf("the folder has %q", got)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v: only its owner may read it", info.Mode(), err)
		}

		d = offline(t, path)
		for _, text := range []string{"held.jsonl  read-only file", "end of the file", "this is message299"} {
			d.sees(text)
		}
		d.press("/")
		d.typed("message23")
		d.press("enter")
		d.sees("this is message239")
		d.until("the filter's end", func() bool { return d.m.tail.snap.matched == 10 })
		d.press("esc", "t")
		d.typed("@" + testNow.Add(-80e9).Format("15:04:05")) // message200 came 100 s after the first
		d.press("enter")
		d.until("the time", func() bool {
			return strings.Contains(d.screen(), "this is message200") && !strings.Contains(d.screen(), "message299")
		})
		d.press("enter")
		d.sees("offset 2")
		if s := d.screen(); strings.Contains(s, "batch") {
			t.Errorf("a file knows no batches:\n%s", s)
		}
		d.press("esc", "c")
		d.sees(readOnlyReason)
		d.press("Y")
		d.sees("milena tail message-log -o @2026-11-22T14:03:52Z --file ")
		d.sees("it reads from brokers, not from a file")

		d.press("esc", "S")
		d.typed("message299")
		d.press("enter")
		d.until("the hit", func() bool { return d.m.tail.allSearched() })
		d.press("Y")
		d.sees("milena search --from beginning --order newest --file ")
	})
}

func TestARangeIsExportedThroughTheFilter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "range.csv")
		d := tailOf(t, sample(), "message-log")
		d.press("/")
		d.typed("message1")
		d.press("enter")
		d.until("the filter", func() bool { return d.m.tail.session.start.query != nil && d.m.tail.snap.matched > 0 })
		exportTo(d, path, "offset,value", "10..end")
		d.sees("exported 110 records")
		got, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(string(got), "offset,value\n10,this is message10\n11,") || !strings.HasSuffix(string(got), "\n199,this is message199\n") {
			t.Errorf("%s, %v", got, err)
		}
	})
}

func TestColumnsAreParts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("t", 1)
		c.add("t", 0, batch.Record{Key: []byte("k"), Value: []byte(`{"order":{"total":10.50,"who":"a, \u00e4"},"none":null}`), Headers: []batch.Header{{Key: "a b", Value: []byte("h")}}})
		c.add("t", 0, batch.Record{Value: []byte("no JSON")})
		d := tailOf(t, c, "t")
		path := filepath.Join(t.TempDir(), "parts.csv")
		exportTo(d, path, `offset, value.order.total value.order.who,value.order,header["a b"],value.none,key`, "beginning..end")
		d.sees("exported 2 records")
		want := "offset,value.order.total,value.order.who,value.order,\"header[\"\"a b\"\"]\",value.none,key\n" +
			"0,10.50,\"a, ä\",\"{\"\"total\"\":10.50,\"\"who\"\":\"\"a, \\u00e4\"\"}\",h,,k\n1,,,,,,\n"
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	})
}

func TestAFileIsOverwrittenOnlyWhenTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "values.txt")
		if err := os.WriteFile(path, []byte("precious"), 0o644); err != nil {
			t.Fatal(err)
		}
		d := tailOf(t, sample(), "message-log")
		exportTo(d, path, "", "0..3")
		d.sees("exists already. It has 8 B")
		d.press("enter") // typed ahead
		if got, _ := os.ReadFile(path); string(got) != "precious" {
			t.Errorf("overwritten by a key that was typed ahead: %q", got)
		}
		d.press("esc")
		d.until("the form again", func() bool { return d.m.dialog != nil && len(d.m.dialog.fields) == 3 })
		d.press("enter")
		d.sees("exists already")
		d.advance(swallow)
		d.press("enter")
		d.sees("exported 3 records")
		if got, _ := os.ReadFile(path); string(got) != "this is message0\nthis is message1\nthis is message2\n" {
			t.Errorf("%q", got)
		}
		if got := files(t, dir); len(got) != 1 {
			t.Errorf("the folder has %q", got)
		}
	})
}

func TestAnExportThatIsStoppedLeavesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		d := tailOf(t, sample(), "message-log")
		d.press("e")
		e, err := archive.NewExport(filepath.Join(dir, "f.jsonl"), archive.Format{}, false)
		if err != nil {
			t.Fatal(err)
		}
		d.press("esc")
		d.run(d.m.runExport(e, func(ctx context.Context, e *archive.Export) error {
			if err := e.Records(ctx, func(yield func(*kafka.Record) bool) { yield(&kafka.Record{Topic: "t"}) }); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		}))
		d.until("progress", func() bool { return strings.Contains(d.screen(), "exporting: 1 records") })
		d.press("e")
		d.sees("an export is running")
		d.press("esc")
		d.sees("export stopped; removed")
		if got := files(t, dir); len(got) > 0 {
			t.Errorf("the folder has %q", got)
		}
	})
}

func TestExportsThatCannotBe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		d := tailOf(t, sample(), "message-log")
		for _, c := range []struct{ name, columns, what, says string }{
			{filepath.Join(dir, "f.doc"), "", "", "the name ends with .jsonl"},
			{filepath.Join(dir, "none", "f.jsonl"), "", "", "no such file"},
			{filepath.Join(dir, "f.csv"), "colour", "", "there is no field"},
			{filepath.Join(dir, "f.csv"), "value.a[x]", "", "a name in quotes or a place"},
			{filepath.Join(dir, "f.jsonl"), "", "noon", "not a number"},
			{filepath.Join(dir, "f.jsonl"), "", "stored..end", "without a consumer group"},
		} {
			exportTo(d, c.name, c.columns, c.what)
			d.sees(c.says)
			d.press("esc")
		}
		e, err := archive.NewExport(filepath.Join(dir, "f.jsonl"), archive.Format{}, false)
		if err != nil {
			t.Fatal(err)
		}
		d.run(d.m.runExport(e, func(context.Context, *archive.Export) error { return errors.New("the disk is full") }))
		d.sees("nothing was exported: the disk is full")
		if got := files(t, dir); len(got) > 0 {
			t.Errorf("the folder has %q", got)
		}
	})
}

func TestHitsAreExported(t *testing.T) {
	bubble(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "hits.txt")
		c := newFake().topic("t", 1)
		for _, value := range []string{"one\ntwo", "three"} {
			c.add("t", 0, batch.Record{Timestamp: testNow.UnixMilli(), Value: []byte(value)})
		}
		d := tailOf(t, c, "t")
		d.searches("one")
		exportTo(d, path, "", "")
		d.sees("exported 1 record")
		d.press("!")
		d.until("the warning", func() bool {
			return strings.Contains(strings.Join(strings.Fields(d.screen()), " "), "1 of them have line breaks inside")
		})
		if got, _ := os.ReadFile(path); string(got) != "one\ntwo\n" {
			t.Errorf("%q", got)
		}
	})
}

func TestAFileTellsWhatItCouldNotRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "torn.jsonl")
		text := `{"topic":"t","partition":0,"offset":5,"timestamp":1,"timestampType":"CreateTime","key":null,"value":"whole","headers":[]}` + "\n" + `{"topic":"t","par`
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d := offline(t, path)
		d.sees("torn.jsonl: line 2: not the JSON")
		d.sees("whole")
		d.press("!")
		d.sees("skipped 1 of 2")

		d = offline(t, filepath.Join(t.TempDir(), "none.jsonl"))
		d.sees("cannot open")
		d.sees("no such file")
		d.press("a")
		if d.m.dialog != nil {
			t.Error("another address is asked for, in place of a file")
		}
		d.send(tea.WindowSizeMsg{Width: 40, Height: 10})
		d.sees("cannot open")
	})
}
