package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestManPages(t *testing.T) {
	if got, want := roff("-f is \\n\n.B bold\n'x"), "\\-f is \\en\n\\&.B bold\n\\&'x"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	var out, errs bytes.Buffer
	if code := Main(context.Background(), []string{"man"}, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	for _, want := range []string{".TH MILENA 1", ".SH SYNOPSIS", "\n\\fB\\-b, \\-\\-bootstrap\\-server\\fR \\fI", "\\fBmilena\\-tail\\fR(1)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, ".") && !strings.HasPrefix(line, ".SH ") && !strings.HasPrefix(line, ".TH ") && !strings.HasPrefix(line, ".TP") && !strings.HasPrefix(line, ".PP") && !strings.HasPrefix(line, ".B ") && !strings.HasPrefix(line, ".nf") && !strings.HasPrefix(line, ".fi") {
			t.Errorf("a line became a macro: %q", line)
		}
	}
}
