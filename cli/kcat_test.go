package cli

import (
	"io"
	"strings"
	"testing"
)

func TestKcatsCommandLinesAreMilenas(t *testing.T) {
	for line, want := range map[string]string{
		"-C -b h:1 -t orders":                      "milena tail orders -o beginning -b h:1",
		"-CJe -t orders -o -5 -c10 -p 0 -q":        "milena tail orders -o -5 -p 0 -J -e -c 10 -q",
		`-C -t o -K \t -u -E`:                      `milena tail o -o beginning -f '%k\t%s\n'`,
		"-C -t o -D % -O":                          "milena tail o -o beginning -f %o:%s%%",
		"-C -t o -o s@17 -o e@18":                  "milena tail o -o @17..@18",
		"-t o -C -f %R%s -Z":                       "milena tail o -o beginning -f %R%s -Z",
		"-C -t o -X sasl.password=hush":            "milena tail o -o beginning -X 'sasl.password=…'",
		"-C -t o -X topic.isolation.level=x -m 5":  "milena tail o -o beginning -X isolation.level=x -X request.timeout.ms=5000",
		"-P -t o -K : -k x -H a=1 -z gzip -c 2 -Z": "milena produce o -K : -k x -H a=1 -z gzip -c 2 -Z",
		"-P -t o -l file.txt -D ; -p -1":           "milena produce o -l file.txt -D ';'",
		"-L":                                       "milena topics",
		"-L -J -t o -b h":                          "milena topic describe o -J -b h",
		"-G g a b -e":                              "milena tail --group g a b -e",
		"kcat -t o":                                "milena tail o -o beginning",
		"kafkacat -V":                              "milena version",
		"-C -t o --demo":                           "milena tail o -o beginning --demo",
		"-C -t o -s avro":                          "does not decode",
		"-C -t o -d all":                           "use -v",
		"-Q -t o:0:17":                             "milena tail o -p 0 -o @17",
		"-P -t o -T":                               "tee /dev/stderr",
		"-P -t o file":                             "milena produce o \"$(cat file)\"",
		"-C":                                       "-t TOPIC is missing",
		"-C -t o extra":                            "takes no arguments",
		"-M 3":                                     "--demo",
		"-G g":                                     "takes topics",
		"-C -t o -m x":                             "seconds",
	} {
		root := newRoot(&global{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard})
		own, translated, err := kcatArgs(root, strings.Fields(line))
		got := ""
		if err != nil {
			got = err.Error()
		} else if translated {
			got = asTyped(own)
		}
		if !strings.Contains(got, want) || err == nil && got != want {
			t.Errorf("%s: %q; want %q", line, got, want)
		}
	}
	// What is milena's stays so.
	for _, line := range []string{"", "orders", "tail orders -C", "-b h:1 orders", "--demo", "-q topics", "search -C -- x", "-x"} {
		root := newRoot(&global{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard})
		if own, translated, err := kcatArgs(root, strings.Fields(line)); translated || err != nil {
			t.Errorf("%q: %q, %v", line, own, err)
		}
	}
}

// Every flag of another tool that this package explains is one that milena
// lacks, or nobody would ever read the explanation.
func TestExplainedFlagsAreNotMilenas(t *testing.T) {
	root := newRoot(&global{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard})
	for path, hints := range foreignFlags {
		cmd := root
		switch path {
		case "", "milena":
		case "create", "delete", "describe":
			cmd, _, _ = root.Find([]string{"topic", path})
		default:
			cmd, _, _ = root.Find([]string{path})
		}
		for name := range hints {
			if cmd.Flags().Lookup(name) != nil || cmd.InheritedFlags().Lookup(name) != nil {
				t.Errorf("%s has --%s", cmd.CommandPath(), name)
			}
		}
		for letter := range foreignLetters[path] {
			if cmd.Flags().ShorthandLookup(letter) != nil || cmd.InheritedFlags().ShorthandLookup(letter) != nil {
				t.Errorf("%s has -%s", cmd.CommandPath(), letter)
			}
		}
	}
}
