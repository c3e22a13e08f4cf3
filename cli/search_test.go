package cli

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"milena/archive"
	"milena/kafka"
	"milena/kafka/batch"

	"github.com/spf13/pflag"
)

func TestProgressIsOneLine(t *testing.T) {
	p := kafka.SearchProgress{
		Partitions: []kafka.PartitionProgress{{From: 100, To: 1100, Searched: 250}, {From: 0, To: 1000, Searched: 250}},
		Bytes:      1_500_000_000, Records: 480, Hits: 1, Missed: 3, Elapsed: 10 * time.Second,
	}
	if got, want := progressText(&p), "25 % of 2,000 offsets · 1.5 GB · 150 MB/s · 1 hit · 3 not searched · 30 s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.Following = true
	if got, want := progressText(&p), "following · 480 records · 1 hit"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := progressText(&kafka.SearchProgress{}); strings.Contains(got, "NaN") || strings.Contains(got, "left") {
		t.Errorf("of nothing: %q", got)
	}
}

func TestOrdersThatExcludeEachOther(t *testing.T) {
	for args, want := range map[string]string{
		"":                        "oldest",
		"--newest":                "newest",
		"--order time":            "time",
		"--order newest":          "newest",
		"--order newest --newest": "newest",
		"--order time --follow":   "time",
		"--order time --newest":   "",
		"--order random":          "",
		"--newest --follow":       "",
	} {
		s := searchFlags{}
		set := pflag.NewFlagSet("search", pflag.ContinueOnError)
		set.StringVar(&s.order, "order", "oldest", "")
		set.BoolVar(&s.newest, "newest", false, "")
		set.BoolVar(&s.follow, "follow", false, "")
		if err := set.Parse(strings.Fields(args)); err != nil {
			t.Fatal(err)
		}
		order, err := s.sequence(set)
		var wrong usageError
		if want == "" && !errors.As(err, &wrong) || want != "" && (err != nil || order.String() != want) {
			t.Errorf("%q: %s, %v; want %q", args, order, err, want)
		}
	}
}

func TestOnlyWhatMatchesIsPrintedAndCounted(t *testing.T) {
	var stdout bytes.Buffer
	g := &global{stdout: &stdout, stderr: io.Discard}
	match, err := g.where("7")
	if err != nil {
		t.Fatal(err)
	}
	out := &output{g: g, form: valueForm(""), match: match, limit: 3, enough: func() {}}
	if err := feed(t, out, 0, 100, 10); err != nil {
		t.Fatal(err)
	}
	if got := stdout.String(); got != "0:7\n0:17\n0:27\n" || out.total() != 3 {
		t.Errorf("%q, %d counted", got, out.total())
	}
	if match, err := g.where(""); match != nil || err != nil {
		t.Error("an empty query is no filter")
	}
	var wrong usageError
	if _, err := g.where(`"open`); !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
}

// A record that is held is printed as one in place.
func TestAHitIsPrintedAsItLay(t *testing.T) {
	views(t, []batch.Record{{Key: []byte{}, Value: nil, Timestamp: 5, Headers: []batch.Header{{Key: "a", Value: nil}, {Key: "a", Value: []byte{0xff}}}}, {Value: []byte("v")}}, func(v *batch.View) {
		tp := kafka.TopicPartition{Topic: "t", Partition: 3}
		kept := kafka.Keep(tp, v)
		held := kept.View()
		if got, want := archive.AppendJSON(nil, tp, held), archive.AppendJSON(nil, tp, v); !bytes.Equal(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
