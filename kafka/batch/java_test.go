package batch

// What Kafka's own code wrote is read as Kafka's own code reads it, and the
// other way round. testdata/java/Fixtures.java made the fixtures, with Kafka
// 3.9, the last that writes all formats.

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// lines prints what it visits as Fixtures.java does.
type lines struct {
	strings.Builder
	other []Skip // neither gap nor control
}

func (l *lines) Record(v *View) bool {
	kind := v.Batch.Timestamps.String()
	_, _ = fmt.Fprintf(l, "%d %d %s %s %s", v.Offset, v.Timestamp, kind, hexOf(v.Key), hexOf(v.Value))
	for k, val := range v.Headers() {
		_, _ = fmt.Fprintf(l, " %s=%s", k, hexOf(val))
	}
	_ = l.WriteByte('\n')
	return true
}

func (l *lines) Skip(s Skip) {
	switch s.Kind {
	case SkipGap:
	case SkipControl:
		_, _ = fmt.Fprintf(l, "control %d %s\n", s.First, [...]string{"ABORT", "COMMIT"}[s.Control])
	default:
		l.other = append(l.other, s)
	}
}

func hexOf(b []byte) string {
	if b == nil {
		return "null"
	}
	return "'" + hex.EncodeToString(b)
}

// fixtures are the names of what Java wrote, without their ending.
func fixtures(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/java/*.bin")
	if err != nil || len(files) < 23 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	for i := range files {
		files[i] = strings.TrimSuffix(files[i], ".bin")
	}
	return files
}

func content(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Clean(name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatKafkaWroteIsReadAsKafkaReadsIt(t *testing.T) {
	for _, name := range fixtures(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			raw, want := content(t, name+".bin"), string(content(t, name+".txt"))
			var l lines
			next, _ := new(Decoder).Walk(raw, 0, -1, nil, &l)
			if l.String() != want || len(l.other) != 0 {
				t.Errorf("got\n%s\nwant\n%s\n%v", l.String(), want, l.other)
			}
			if n := NextOffset(raw, 0); n != next || next < 23 {
				t.Errorf("next is %d, NextOffset %d", next, n)
			}
		})
	}
}

// With the folder of Kafka's jars in MILENA_TEST_KAFKA_JARS, Java reads what
// this package writes.
func TestKafkaReadsWhatIsWritten(t *testing.T) {
	jars := os.Getenv("MILENA_TEST_KAFKA_JARS")
	if jars == "" {
		t.Skip("MILENA_TEST_KAFKA_JARS is not set")
	}
	dir := t.TempDir()
	args := []string{"-cp", filepath.Join(jars, "*"), "testdata/java/Fixtures.java", "read"}
	var want lines
	for _, codec := range codecs {
		raw := build(t, spec{base: 1000, codec: codec, records: append(benchRecords(),
			Record{Timestamp: 5, Key: []byte{}, Value: nil, Headers: []Header{{"h", nil}, {"h", []byte{}}, {"", []byte("x")}}},
			Record{Timestamp: 1 << 60, Key: nil, Value: []byte{}},
			Record{Timestamp: 7, Value: text(700_000)})})
		file := filepath.Join(dir, codec.String())
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
		new(Decoder).Walk(raw, 0, -1, nil, &want)
	}
	var got, complaint strings.Builder
	java := exec.CommandContext(t.Context(), "java", args...)
	java.Stdout, java.Stderr = &got, &complaint
	if err := java.Run(); err != nil {
		t.Fatalf("java: %v\n%s", err, complaint.String())
	}
	if got.String() != want.String() {
		t.Errorf("Java read %d bytes of text, this package %d", got.Len(), want.Len())
	}
}
