package archive

import (
	"context"
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"milena/kafka"
	"milena/kafka/batch"
)

// exported is what a format makes of records.
func exported(t *testing.T, f Format, records ...*kafka.Record) (string, Progress) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f")
	e, err := NewExport(name, f, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.End(e.Records(t.Context(), slices.Values(records))); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if p := e.Progress(); p.Bytes != int64(len(text)) || p.Records != int64(len(records)) {
		t.Errorf("%+v of %d records in %d bytes", p, len(records), len(text))
	}
	return string(text), e.Progress()
}

func TestTables(t *testing.T) {
	r := &kafka.Record{Topic: "t", Partition: 1, Offset: 2, Timestamp: 1700000000123, Key: []byte{}, Value: []byte("a,\"b\"\nc"),
		Headers: []batch.Header{{Key: "h", Value: []byte("v")}}}
	untimed := &kafka.Record{Topic: "t", Timestamp: -1, Key: []byte(" spaced "), Batch: batch.Info{Timestamps: batch.NoTimestamp}}
	for _, c := range []struct{ fields, want string }{
		{"", "topic,partition,offset,time,key,value\nt,1,2,2023-11-14T22:13:20.123Z,\"\",\"a,\"\"b\"\"\nc\"\nt,0,0,,\" spaced \",\n"},
		{"timestamp,timestampType headers", "timestamp,timestampType,headers\n1700000000123,CreateTime,\"[{\"\"key\"\":\"\"h\"\",\"\"value\"\":\"\"v\"\"}]\"\n,NoTimestampType,[]\n"},
		{"valueBase64,keyBase64", "valueBase64,keyBase64\nYSwiYiIKYw==,\"\"\n,IHNwYWNlZCA=\n"},
	} {
		f := Format{Kind: CSV}
		if c.fields != "" {
			var err error
			if f.Fields, err = ParseFields(c.fields, nil); err != nil {
				t.Fatal(err)
			}
		}
		got, _ := exported(t, f, r, untimed)
		if got != c.want {
			t.Errorf("%s: %q; want %q", c.fields, got, c.want)
		}
		rows, err := csv.NewReader(strings.NewReader(got)).ReadAll()
		if err != nil || len(rows) != 3 {
			t.Errorf("encoding/csv reads %q, %v", rows, err)
		}
	}
	for _, fields := range []string{"", " , ", "colour"} {
		if _, err := ParseFields(fields, nil); err == nil {
			t.Errorf("%q: no error", fields)
		}
	}
	if got, _ := exported(t, Format{Kind: CSV}); got != "topic,partition,offset,time,key,value\n" {
		t.Errorf("of no records: %q", got)
	}
}

func TestValuesAlone(t *testing.T) {
	records := []*kafka.Record{{Value: []byte("a")}, {Value: nil}, {Value: []byte("b\nc")}}
	if got, p := exported(t, Format{Kind: Raw}, records...); got != "a\n\nb\nc\n" || p.Split != 1 {
		t.Errorf("%q, %+v", got, p)
	}
	if got, p := exported(t, Format{Kind: Raw, Delimiter: "\x00"}, records...); got != "a\x00\x00b\nc\x00" || p.Split != 0 {
		t.Errorf("%q, %+v", got, p)
	}
}

func TestKindsOfFiles(t *testing.T) {
	for name, want := range map[string]Kind{"a.jsonl": JSONL, "a.JSON": JSONL, "x/a.ndjson": JSONL, "a.csv": CSV, "a.txt": Raw, "a.raw": Raw} {
		if kind, err := KindOf(name); kind != want || err != nil {
			t.Errorf("%s is %v, %v", name, kind, err)
		}
	}
	if _, err := KindOf("a.doc"); err == nil {
		t.Error("a.doc: no error")
	}
}

// A range of one file is exported into another: what is not JSON lines any more
// is counted, what is left out is not there.
func TestARangeThroughAMatcher(t *testing.T) {
	var text strings.Builder
	for i := range int64(20) {
		r := record("t", int32(i%2), i/2, "v")
		if i%4 == 0 {
			r.Key = []byte("k")
		}
		text.WriteString(lineOf(r))
	}
	f := opened(t, text.String())
	name := filepath.Join(t.TempDir(), "range.jsonl")
	e, err := NewExport(name, Format{}, false)
	if err != nil {
		t.Fatal(err)
	}
	tp := kafka.TopicPartition{Topic: "t"}
	match := func(kafka.TopicPartition) kafka.Matcher { return kafka.KeyIs([]byte("k")) }
	if err := e.Range(t.Context(), f, kafka.ReadRequest{Spans: []kafka.Span{{TopicPartition: tp, To: kafka.NoEnd}}}, match); err == nil {
		t.Error("a range without an end: no error")
	}
	if err := e.End(e.Range(t.Context(), f, kafka.ReadRequest{Spans: []kafka.Span{{TopicPartition: tp, From: 2, To: 9}}}, match)); err != nil {
		t.Fatal(err)
	}
	if p := e.Progress(); p.Records != 4 || p.Searched != 7 || p.All != 7 {
		t.Errorf("%+v", p)
	}
	again, err := Open(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if o, err := again.Offsets(t.Context(), kafka.AtStart, 0, []kafka.TopicPartition{tp}); err != nil || o[tp].Offset != 2 {
		t.Errorf("%v, %v", o, err)
	}
}

// empty says whether a folder has nothing in it.
func empty(t *testing.T, dir string) bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) == 0
}

func TestAFileIsThereWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f.jsonl")
	begin := func(overwrite bool) *PendingFile {
		t.Helper()
		p, err := Create(name, overwrite)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write([]byte("new")); err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := begin(false)
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the file is there before it is complete")
	}
	if err := p.Discard(); err != nil || !empty(t, dir) {
		t.Errorf("a file that was given up leaves something, %v", err)
	}

	p = begin(false)
	if err := os.WriteFile(name, []byte("another's"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := p.Complete(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that was taken meanwhile: %v", err)
	}
	if _, err := Create(name, false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if got, _ := os.ReadFile(name); string(got) != "another's" {
		t.Errorf("%q", got)
	}
	if err := begin(true).Complete(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	info, _ := os.Stat(name)
	if string(got) != "new" || err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v", got, info.Mode(), err)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Errorf("%d files", len(entries))
	}
	for _, bad := range []string{dir, filepath.Join(dir, "none", "f")} {
		if _, err := Create(bad, true); err == nil || strings.Contains(err.Error(), ".part") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestALinkStaysALink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	p, err := Create(link, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Complete(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("%v, %v", info, err)
	}
}

// A disk that is full, as /dev/full is: the export says so, and leaves nothing.
func TestAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	dir := t.TempDir()
	e, err := NewExport(filepath.Join(dir, "f.jsonl"), Format{}, false)
	if err != nil {
		t.Fatal(err)
	}
	part := e.file.f
	e.file.f = full
	r := record("t", 0, 0, strings.Repeat("x", bufferFull))
	err = e.Records(t.Context(), slices.Values([]*kafka.Record{r, r}))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "f.jsonl") {
		t.Errorf("%v", err)
	}
	if p := e.Progress(); p.Records != 0 {
		t.Errorf("%d records were written to a full disk", p.Records)
	}
	e.file.f = part
	if err := e.End(err); !errors.Is(err, syscall.ENOSPC) || !empty(t, dir) {
		t.Errorf("%v, or something is left", err)
	}
}

func TestACancelledExport(t *testing.T) {
	dir := t.TempDir()
	e, err := NewExport(filepath.Join(dir, "f.jsonl"), Format{}, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = e.Records(ctx, func(yield func(*kafka.Record) bool) {
		for yield(record("t", 0, 0, "v")) {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := e.End(err); !errors.Is(err, context.Canceled) || !empty(t, dir) {
		t.Errorf("%v, or something is left", err)
	}
}
