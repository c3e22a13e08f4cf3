package archive

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"milena/internal/testseed"
	"milena/kafka"
	"milena/kafka/batch"

	"pgregory.net/rapid"
)

// lineOf is a line of ours.
func lineOf(r *kafka.Record) string {
	return string(AppendJSON(nil, kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}, r.View()))
}

func record(topic string, partition int32, offset int64, value string) *kafka.Record {
	return &kafka.Record{Topic: topic, Partition: partition, Offset: offset, Timestamp: 1000 * offset, Value: []byte(value)}
}

// opened is a file with this text.
func opened(t testing.TB, text string) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.jsonl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// taker keeps what a read gives, gaps too.
type taker struct {
	records []kafka.Record
	gaps    []batch.Skip
	states  map[kafka.TopicPartition]kafka.PartitionState
	most    int // records that are taken; 0: all
	enough  func()
}

func (k *taker) Partition(tp kafka.TopicPartition) kafka.PartitionSink { return &takerPart{k, tp} }
func (k *taker) Event(kafka.Event)                                     {}

type takerPart struct {
	k  *taker
	tp kafka.TopicPartition
}

func (p *takerPart) Record(v *batch.View) bool {
	if p.k.most > 0 && len(p.k.records) == p.k.most {
		return false
	}
	p.k.records = append(p.k.records, kafka.Keep(p.tp, v))
	return true
}
func (p *takerPart) Skip(s batch.Skip) { p.k.gaps = append(p.k.gaps, s) }
func (p *takerPart) Flush(s kafka.PartitionState) error {
	if p.k.states == nil {
		p.k.states = make(map[kafka.TopicPartition]kafka.PartitionState)
	}
	p.k.states[p.tp] = s
	if p.k.enough != nil {
		p.k.enough()
	}
	return nil
}

func (k *taker) offsets(tp kafka.TopicPartition) (all []int64) {
	for _, r := range k.records {
		if r.Topic == tp.Topic && r.Partition == tp.Partition {
			all = append(all, r.Offset)
		}
	}
	return all
}

// Whatever the order of the lines, and however often an offset comes: reading
// gives every record once, exactly, in the order of its partition, and the gaps
// between.
func TestAFileReadsAsItsRecords(t *testing.T) {
	testseed.Check(t, func(rt *rapid.T) {
		var all []kafka.Record
		for partition := range int32(rapid.IntRange(1, 3).Draw(rt, "partitions")) {
			offset := rapid.Int64Range(0, 5).Draw(rt, "start")
			for range rapid.IntRange(1, 20).Draw(rt, "records") {
				r := anyRecord().Draw(rt, "record")
				all = append(all, kafka.Record{
					Topic: "t", Partition: partition, Offset: offset, Timestamp: r.Timestamp, Key: r.Key, Value: r.Value, Headers: r.Headers,
				})
				offset += 1 + rapid.Int64Range(0, 2).Draw(rt, "gap")
			}
		}
		want := slices.Clone(all)
		switch rapid.SampledFrom([]string{"forwards", "backwards", "mixed"}).Draw(rt, "order") {
		case "backwards":
			slices.Reverse(all)
		case "mixed":
			all = rapid.Permutation(all).Draw(rt, "lines")
		}
		var text strings.Builder
		for i := range all {
			text.WriteString(lineOf(&all[i]))
		}
		for i := range all {
			if rapid.IntRange(0, 9).Draw(rt, "again") == 0 {
				double := all[i]
				double.Value = []byte("not the first")
				text.WriteString(lineOf(&double))
			}
		}
		f := opened(t, strings.TrimSuffix(text.String(), "\n"))
		defer f.Close()
		to := kafka.Position{Kind: kafka.End}
		spans, _, err := f.Resolve(t.Context(), kafka.Partitions(f.Metadata().Topic("t")), kafka.Position{Kind: kafka.Beginning}, &to, 0)
		if err != nil {
			rt.Fatal(err)
		}
		var k taker
		if err := f.Read(t.Context(), kafka.ReadRequest{Spans: spans}, &k); err != nil {
			rt.Fatal(err)
		}
		slices.SortStableFunc(k.records, func(a, b kafka.Record) int { return cmp.Compare(a.Partition, b.Partition) })
		if len(k.records) != len(want) {
			rt.Fatalf("%d records of %d", len(k.records), len(want))
		}
		next := make(map[int32]int64)
		var gaps int64
		for i, r := range k.records {
			w := &want[i]
			if r.Partition != w.Partition || r.Offset != w.Offset || r.Timestamp != w.Timestamp || !sameBytes(r.Key, w.Key) || !sameBytes(r.Value, w.Value) || !sameHeaders(r.Headers, w.Headers) {
				rt.Fatalf("%+v is read as %+v", w, r)
			}
			if from, seen := next[r.Partition]; seen {
				gaps += r.Offset - from
			}
			next[r.Partition] = r.Offset + 1
		}
		for _, g := range k.gaps {
			gaps -= g.Last - g.First + 1
		}
		if gaps != 0 {
			rt.Fatalf("the gaps that were told are wrong by %d offsets", gaps)
		}
		for _, s := range spans {
			if k.states[s.TopicPartition].Next != s.To {
				rt.Fatalf("the reading of %d ends at %d of %d", s.Partition, k.states[s.TopicPartition].Next, s.To)
			}
		}
	})
}

func TestPlacesInAFile(t *testing.T) {
	var text strings.Builder
	for i := range int64(10) {
		text.WriteString(lineOf(record("b", 1, 100+2*i, "v")))
	}
	f := opened(t, text.String()+lineOf(record("a", 0, 7, "v")))
	if m := f.Metadata(); len(m.Topics) != 2 || m.Topics[0].Name != "a" || m.Topics[1].Partitions[0].ID != 1 {
		t.Errorf("%+v", m)
	}
	tp := kafka.TopicPartition{Topic: "b", Partition: 1}
	for position, want := range map[string]int64{"beginning": 100, "end": 119, "105": 105, "3": 100, "-4": 112, "+3": 103, "1970-01-01T00:01:45Z": 106, "1970-01-01T00:01:46Z": 106, "1970-01-01": 100, "1970-01-01T00:16:39.999Z": 119} {
		from, err := kafka.ParsePosition(position, time.Now(), time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		spans, _, err := f.Resolve(t.Context(), []kafka.TopicPartition{tp}, from, nil, 0)
		if err != nil || spans[0].From != want {
			t.Errorf("%s is %v, %v; want %d", position, spans, err, want)
		}
	}
	newest, err := f.Newest(t.Context(), kafka.NewestRequest{Partitions: []kafka.TopicPartition{tp, {Topic: "a"}}, N: 3})
	if err != nil || len(newest.Records) != 3 || newest.Records[0].Offset != 114 || newest.AtStart {
		t.Errorf("%+v, %v", newest, err)
	}
	if _, err := f.Topic(t.Context(), "c"); err == nil || !strings.Contains(err.Error(), "f.jsonl") {
		t.Errorf("a topic that no line names: %v", err)
	}
	o, err := f.Offsets(t.Context(), kafka.AtEnd, 0, []kafka.TopicPartition{{Topic: "b", Partition: 9}})
	if err != nil || o[kafka.TopicPartition{Topic: "b", Partition: 9}].Err == nil {
		t.Errorf("a partition that no line names: %v, %v", o, err)
	}
	d, err := f.DescribeTopic(t.Context(), "b")
	if err != nil || d.Start[1].Offset != 100 || d.End[1].Offset != 119 || d.ConfigsErr == nil {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestASearchRunsOverAFile(t *testing.T) {
	var text strings.Builder
	for i := range int64(50) {
		text.WriteString(lineOf(record("t", int32(i%3), i/3, fmt.Sprint("value ", i))))
	}
	f := opened(t, text.String())
	to := kafka.Position{Kind: kafka.End}
	spans, _, err := f.Resolve(t.Context(), kafka.Partitions(f.Metadata().Topic("t")), kafka.Position{Kind: kafka.Beginning}, &to, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range []kafka.SearchOrder{kafka.OldestFirst, kafka.NewestFirst, kafka.ByTime} {
		s, err := f.NewSearch(kafka.SearchRequest{Spans: spans, Order: order, Match: func(kafka.TopicPartition) kafka.Matcher { return kafka.KeyIs(nil) }})
		if err != nil {
			t.Fatal(err)
		}
		var found []kafka.Record
		give := func(hits []kafka.Record) error { found = append(found, hits...); return nil }
		if err := errors.Join(s.Run(t.Context(), 7, give), s.Run(t.Context(), 0, give)); err != nil {
			t.Fatal(err)
		}
		p := s.Progress()
		if searched, all := p.Offsets(); len(found) != 50 || !p.Done || searched != all || p.Bytes < int64(text.Len())/2 {
			t.Errorf("%s: %d hits, %+v", order, len(found), p)
		}
	}
}

func TestNothingIsPassedOverInSilence(t *testing.T) {
	good := lineOf(record("t", 0, 1, "v"))
	f := opened(t, good+"no JSON\n"+`{"value":"v","topic":"t","partition":0}`+"\n\n"+`{"value":5}`+"\r\n"+`{"value":6}`+"\n"+lineOf(record("t", 0, 1, "again")))
	first, all := f.Trouble()
	if all != 4 || len(first) != 4 || first[0].Line != 2 || first[1].Line != 3 || first[2].Line != 5 {
		t.Errorf("%d in all: %+v", all, first)
	}
	notices := strings.Join(f.Notices(), "\n")
	for _, part := range []string{"skipped 4 of 7", "line 2: not the JSON", `line 3: not a record: "offset" is missing`, "and 1 more, from line 6", "that counts: 1"} {
		if !strings.Contains(notices, part) {
			t.Errorf("the notices do not say %q:\n%s", part, notices)
		}
	}
	if notices := opened(t, good).Notices(); len(notices) > 0 {
		t.Errorf("nothing is amiss: %q", notices)
	}
}

func TestKcatsLinesAreRecords(t *testing.T) {
	f := opened(t, `{"topic":"t","partition":1,"offset":2,"tstype":"logappend","ts":5,"broker":1,"key":null,"payload":"v"}`+"\n"+
		`{"topic":"t","partition":1,"offset":3,"tstype":"unknown","ts":-1,"broker":1,"key":"k","payload":null}`)
	var k taker
	err := f.Read(t.Context(), kafka.ReadRequest{Spans: []kafka.Span{{TopicPartition: kafka.TopicPartition{Topic: "t", Partition: 1}, To: 9}}}, &k)
	if err != nil || len(k.records) != 2 {
		t.Fatalf("%+v, %v", k.records, err)
	}
	if r := k.records[0]; r.Batch.Timestamps != batch.LogAppendTime || r.Timestamp != 5 || string(r.Value) != "v" {
		t.Errorf("%+v", r)
	}
	if _, timed := k.records[1].Time(); timed || k.records[1].Value != nil {
		t.Errorf("%+v", k.records[1])
	}
}

func TestFilesThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	file := func(text string) string {
		name := filepath.Join(dir, fmt.Sprint(len(text)))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, part := range map[string]string{
		filepath.Join(dir, "none"): "no such file",
		dir:                        "is not a regular file",
		file(""):                   "is empty",
		file("\nhello\n"):          "line 2: not the JSON",
	} {
		if _, err := Open(t.Context(), name, nil); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v; want it to say %q", name, err, part)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, file(lineOf(record("t", 0, 0, "v"))), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

func TestReadingEndsWithItsTakerAndItsContext(t *testing.T) {
	var text strings.Builder
	for i := range int64(20) {
		text.WriteString(lineOf(record("t", 0, i, "v")))
	}
	f := opened(t, text.String())
	tp := kafka.TopicPartition{Topic: "t"}
	k := taker{most: 5}
	if err := f.Read(t.Context(), kafka.ReadRequest{Spans: []kafka.Span{{TopicPartition: tp, To: 20}}}, &k); err != nil || k.states[tp].Next != 5 {
		t.Errorf("a taker that has enough: %+v, %v", k.states, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	k = taker{enough: cancel}
	if err := f.Read(ctx, kafka.ReadRequest{Spans: []kafka.Span{{TopicPartition: tp, From: 3, To: kafka.NoEnd}}}, &k); !errors.Is(err, context.Canceled) || len(k.records) != 17 {
		t.Errorf("following: %d records, %v", len(k.records), err)
	}
	if err := os.Truncate(f.path, 100); err != nil {
		t.Fatal(err)
	}
	if err := f.Read(t.Context(), kafka.ReadRequest{Spans: []kafka.Span{{TopicPartition: tp, To: 20}}}, &taker{}); err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("a file that was cut: %v", err)
	}
}

// Blocks end within lines, lines are longer than blocks, and partitions share
// blocks: the records are the same.
func TestAFileOfManyBlocks(t *testing.T) {
	long := strings.Repeat("x", 3*blockBytes)
	for _, way := range []string{"forwards", "backwards", "mixed"} {
		var lines []string
		for i := range int64(6000) {
			value := strings.Repeat("v", 500)
			if i == 3000 {
				value = long
			}
			lines = append(lines, lineOf(record("t", int32(i%2), i/2, value)))
		}
		switch way {
		case "backwards":
			slices.Reverse(lines)
		case "mixed":
			lines[10], lines[5990] = lines[5990], lines[10]
			lines[11], lines[3000] = lines[3000], lines[11]
		}
		f := opened(t, strings.Join(lines, ""))
		var k taker
		a, b := kafka.TopicPartition{Topic: "t"}, kafka.TopicPartition{Topic: "t", Partition: 1}
		err := f.Read(t.Context(), kafka.ReadRequest{Spans: []kafka.Span{{TopicPartition: a, From: 100, To: 2900}, {TopicPartition: b, From: 0, To: 3000}}}, &k)
		if err != nil || len(k.gaps) > 0 {
			t.Fatalf("%s: %v, gaps %v", way, err, k.gaps)
		}
		for tp, want := range map[kafka.TopicPartition][2]int64{a: {100, 2900}, b: {0, 3000}} {
			got := k.offsets(tp)
			if int64(len(got)) != want[1]-want[0] || !slices.IsSorted(got) || got[0] != want[0] {
				t.Errorf("%s: %d offsets of partition %d", way, len(got), tp.Partition)
			}
		}
	}
}

// many is a file of a million lines.
func many(b *testing.B) (path string, size int64) {
	b.Helper()
	var text bytes.Buffer
	pad := strings.Repeat("x", 165)
	for i := range int64(1_000_000) {
		text.WriteString(lineOf(record("t", int32(i%6), i/6, `{"id":1,"event":"login","pad":"`+pad+`"}`)))
	}
	path = filepath.Join(b.TempDir(), "many.jsonl")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	return path, int64(text.Len())
}

// A million lines: their index, its memory, and one reading of them.
func BenchmarkFile(b *testing.B) {
	path, size := many(b)
	b.Run("open", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			f, err := Open(b.Context(), path, nil)
			if err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)), "index-B")
			_ = f.Close()
		}
	})
	b.Run("read", func(b *testing.B) {
		f, err := Open(b.Context(), path, nil)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		to := kafka.Position{Kind: kafka.End}
		spans, _, err := f.Resolve(b.Context(), kafka.Partitions(f.Metadata().Topic("t")), kafka.Position{Kind: kafka.Beginning}, &to, 0)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			s, err := f.NewSearch(kafka.SearchRequest{Spans: spans})
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Run(b.Context(), 0, nil); err != nil || s.Progress().Hits != 1_000_000 {
				b.Fatal(err, s.Progress().Hits)
			}
		}
	})
}

// byTime keeps what an ordered read gives.
type byTime struct {
	got    []string
	next   map[kafka.TopicPartition]int64
	most   int
	failed error
}

func (b *byTime) Record(tp kafka.TopicPartition, v *batch.View, _ bool) bool {
	if b.most > 0 && len(b.got) == b.most {
		return false
	}
	b.got = append(b.got, fmt.Sprintf("%s/%d/%d %s %d", tp.Topic, tp.Partition, v.Offset, v.Value, v.HeaderCount()))
	return true
}
func (b *byTime) Skip(kafka.TopicPartition, batch.Skip) {}
func (b *byTime) Reached(tp kafka.TopicPartition, next int64, _ kafka.PartitionState) {
	b.next[tp] = next
}
func (b *byTime) Flush() error      { return b.failed }
func (b *byTime) Event(kafka.Event) {}

func TestFileIsReadInTheOrderOfTime(t *testing.T) {
	var text strings.Builder
	for _, offset := range []int64{1, 3, 5} {
		text.WriteString(lineOf(record("odd", 0, offset, "v")))
	}
	for _, offset := range []int64{6, 4, 2, 0} { // backwards
		text.WriteString(lineOf(record("even", 0, offset, "w")))
	}
	f := opened(t, text.String())
	odd, even := kafka.TopicPartition{Topic: "odd"}, kafka.TopicPartition{Topic: "even"}
	req := kafka.OrderedRequest{ReadRequest: kafka.ReadRequest{Spans: []kafka.Span{{TopicPartition: odd, To: 6}, {TopicPartition: even, From: 1, To: 7}}}}
	sink := &byTime{next: make(map[kafka.TopicPartition]int64)}
	if err := f.ReadOrdered(t.Context(), req, sink); err != nil {
		t.Fatal(err)
	}
	want := []string{"odd/0/1 v 0", "even/0/2 w 0", "odd/0/3 v 0", "even/0/4 w 0", "odd/0/5 v 0", "even/0/6 w 0"}
	if !slices.Equal(sink.got, want) || sink.next[odd] != 6 || sink.next[even] != 7 {
		t.Errorf("%v up to %v, want %v", sink.got, sink.next, want)
	}
	some := &byTime{next: make(map[kafka.TopicPartition]int64), most: 2}
	if err := f.ReadOrdered(t.Context(), req, some); err != nil || len(some.got) != 2 {
		t.Errorf("%v after %v", err, some.got)
	}
	broken := &byTime{next: make(map[kafka.TopicPartition]int64), failed: errors.New("full")}
	if err := f.ReadOrdered(t.Context(), req, broken); !errors.Is(err, broken.failed) {
		t.Errorf("the sink's error: %v", err)
	}
	// Nothing comes to a file: whoever follows it waits.
	req.Spans[0].To, req.Spans[1].To = kafka.NoEnd, kafka.NoEnd
	ctx, cancel := context.WithCancel(t.Context())
	follower := &following{byTime: byTime{next: make(map[kafka.TopicPartition]int64)}, all: cancel}
	if err := f.ReadOrdered(ctx, req, follower); !errors.Is(err, context.Canceled) || len(follower.got) != 6 {
		t.Errorf("%v after %v", err, follower.got)
	}
}

// following ends its read when everything was given.
type following struct {
	byTime
	all func()
}

func (f *following) Flush() error {
	if f.next[kafka.TopicPartition{Topic: "odd"}] == 6 && f.next[kafka.TopicPartition{Topic: "even"}] == 7 {
		f.all()
	}
	return nil
}
