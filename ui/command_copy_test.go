package ui

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"milena/kafka"
	"milena/query"
)

func TestSayItAsACommand(t *testing.T) {
	at := time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)
	plain := Reach{Brokers: []string{"a:9092", "b:9092"}}
	low := map[kafka.TopicPartition]int64{{Topic: "orders", Partition: 0}: 12, {Topic: "orders", Partition: 1}: 7}
	one := kafka.TopicPartition{Topic: "orders", Partition: 3}
	const kcatEnd = ` -X isolation.level=read_uncommitted -q -f '%T %p %o %k %s\n'`
	const printed = " --property print.timestamp=true --property print.partition=true --property print.offset=true --property print.key=true"
	for _, c := range []struct {
		name                  string
		said                  said
		milena, kcat, console string
	}{
		{"from now on", said{reach: plain, topics: []string{"orders"}, from: kafka.Position{Kind: kafka.End}},
			"milena tail orders -b a:9092,b:9092",
			"kcat -C -b a:9092,b:9092 -t orders -o end" + kcatEnd,
			"kafka-console-consumer.sh --bootstrap-server a:9092,b:9092 --topic orders" + printed},
		{"from the beginning", said{reach: plain, topics: []string{"orders"}, from: kafka.Position{Kind: kafka.Beginning}},
			"milena tail orders -o beginning -b a:9092,b:9092",
			"kcat -C -b a:9092,b:9092 -t orders -o beginning" + kcatEnd,
			"kafka-console-consumer.sh --bootstrap-server a:9092,b:9092 --topic orders --from-beginning" + printed},
		{"the newest of several partitions", said{reach: plain, topics: []string{"orders"}, newest: 100, low: low, oldest: at},
			"milena tail orders --last 100 -b a:9092,b:9092",
			"kcat -C -b a:9092,b:9092 -t orders -o s@1795356300000" + kcatEnd,
			"( kafka-console-consumer.sh --bootstrap-server a:9092,b:9092 --topic orders --partition 0 --offset 12" + printed +
				" & kafka-console-consumer.sh --bootstrap-server a:9092,b:9092 --topic orders --partition 1 --offset 7" + printed + " & wait )"},
		{"a time", said{reach: plain, topics: []string{"orders"}, from: kafka.Position{Kind: kafka.AtTime, Time: at}},
			"milena tail orders -o @2026-11-22T14:05:00Z -b a:9092,b:9092",
			"kcat -C -b a:9092,b:9092 -t orders -o s@1795356300000" + kcatEnd, ""},
		{"one record", said{reach: plain, topics: []string{"orders"}, record: &one, from: kafka.Position{Kind: kafka.AtOffset, N: 42}},
			"milena tail orders -p 3 -o 42 -c 1 -b a:9092,b:9092",
			"kcat -C -b a:9092,b:9092 -t orders -p 3 -o 42 -c 1" + kcatEnd,
			"kafka-console-consumer.sh --bootstrap-server a:9092,b:9092 --topic orders --partition 3 --offset 42 --max-messages 1" + printed},
		{"names that a shell would read", said{reach: plain, topics: []string{"-it's $HOME"}, from: kafka.Position{Kind: kafka.End}},
			`milena tail '--topic=-it'\''s $HOME' -b a:9092,b:9092`,
			`kcat -C -b a:9092,b:9092 -t '-it'\''s $HOME' -o end` + kcatEnd,
			`kafka-console-consumer.sh --bootstrap-server a:9092,b:9092 '--topic=-it'\''s $HOME'` + printed},
		{"a secured cluster, committed only", said{reach: Reach{Flags: []string{"--context", "prod"}, Brokers: []string{"a:9093"}, Secured: true},
			topics: []string{"orders"}, from: kafka.Position{Kind: kafka.End}, isolation: kafka.ReadCommitted},
			"milena tail orders --isolation-level read_committed --context prod",
			`kcat -C -b a:9093 -t orders -o end -X isolation.level=read_committed -q -f '%T %p %o %k %s\n' -F FILE`,
			"kafka-console-consumer.sh --bootstrap-server a:9093 --topic orders --isolation-level read_committed" + printed + " --consumer.config FILE"},
	} {
		for i, want := range []string{c.milena, c.kcat, c.console} {
			got := c.said.sayings()[i]
			if got.text != want || (want == "") != (got.why != "") {
				t.Errorf("%s, %s:\n%s\nwant\n%s (%s)", c.name, got.tool, got.text, want, got.why)
			}
		}
	}
	q, err := query.Parse(`login "two words"`)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range (&said{reach: plain, topics: []string{"orders"}, filter: q.String()}).sayings() {
		if s.key == "m" && !strings.Contains(s.text, `--where 'login "two words"'`) || s.key != "m" && !strings.Contains(s.remark, "without the query") {
			t.Errorf("%s says nothing of the filter", s.tool)
		}
	}
}

func TestAnotherAddressReplacesTheContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Brokers: []string{"prod:9092"}, Reach: Reach{Flags: []string{"--context", "prod"}, Brokers: []string{"prod:9092"}}}, 120, 40)
		d.until("the topics", func() bool { return d.m.topics.loaded })
		d.m.connect.brokers = []string{"other:9092"}
		if r := d.m.reach(); len(r.Flags) > 0 || !slices.Equal(r.Brokers, []string{"other:9092"}) {
			t.Errorf("%+v", r)
		}
		if r := d.m.opt.Reach; len(r.Flags) != 2 {
			t.Errorf("what the program was told is changed: %+v", r)
		}
	})
}

func TestSheetOfCommandsCopiesByKeyAndByMouse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"message-log"}, Brokers: []string{"a:9092"}}, 120, 40)
		d.follows("message-log")
		d.press("Y", "m")
		if want := "milena tail message-log --last 100 -b a:9092"; d.copied != want || d.m.over != nil {
			t.Errorf("copied %q, want %q", d.copied, want)
		}
		d.press("up", "enter", "Y", "k")
		if !strings.Contains(d.copied, "-p 0 -o 298 -c 1") {
			t.Errorf("copied %q", d.copied)
		}
		if _, ok := d.m.over.(*inspector); !ok {
			t.Error("the record is closed")
		}
	})
}

// TestCopiedCommandsGiveTheSameRecords runs what was copied.
func TestCopiedCommandsGiveTheSameRecords(t *testing.T) {
	milena := filepath.Join(t.TempDir(), "milena")
	if out, err := exec.Command("go", "build", "-o", milena, "milena").CombinedOutput(); err != nil {
		t.Skipf("milena cannot be built here: %v\n%s", err, out)
	}
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "orders"), kfake.SeedTopics(1, "-it.s_one"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	cluster, err := kafka.Open(t.Context(), kafka.Config{Brokers: fake.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	send := func(topic string, partition int32, i int) {
		t.Helper()
		_, err := cluster.Send(t.Context(), kafka.Message{
			Topic: topic, Partition: partition, Timestamp: testNow.UnixMilli() + int64(i)*1000,
			Key: fmt.Appendf(nil, "key %d", i), Value: fmt.Appendf(nil, `{"id":%d,"text":"it's"}`, i),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 150 {
		send("orders", int32(i%3), i)
		send("-it.s_one", 0, i)
	}
	// run gives the records of a command, each as one line.
	run := func(command string) []string {
		t.Helper()
		command = strings.Replace(command, "milena tail", quote(milena)+` tail -e -f '%T %p %o %k %s\n'`, 1)
		command = strings.Replace(command, "milena search", quote(milena)+` search -f '%T %p %o %k %s\n'`, 1)
		command = strings.ReplaceAll(command, "kcat -C", "kcat -C -e")
		var stderr bytes.Buffer
		cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, stderr.String())
		}
		lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		slices.Sort(lines)
		return lines
	}
	_, noKcat := exec.LookPath("kcat")
	d := drive(realTime{t}, nil, Options{Open: func(context.Context, []string) (Cluster, error) { return cluster, nil }, Brokers: fake.ListenAddrs()}, 120, 40)
	d.until("the topics", func() bool { return d.m.topics.loaded })
	shown := func() (rows []string) {
		for seq := d.m.tail.snap.first; seq < d.m.tail.snap.next; seq++ {
			if r, ok := d.m.tail.session.store.At(seq); ok {
				rows = append(rows, fmt.Sprintf("%d %d %d %s %s", r.Timestamp, r.Partition, r.Offset, r.Key, r.Value))
			}
		}
		slices.Sort(rows)
		return rows
	}
	for _, topic := range []string{"orders", "-it.s_one"} {
		positions := []string{"", "beginning", "20", "-10", "@" + testNow.Add(90*time.Second).Format(time.RFC3339)}
		if topic != "orders" {
			positions = positions[:1]
		}
		for _, position := range positions {
			d.run(d.m.openTopics(topic))
			d.m.setFocus(paneTail)
			settled := func() bool {
				s := &d.m.tail.snap
				return s.reading && !s.older.busy && s.lag == 0 && s.next > s.first
			}
			d.until("the records", settled)
			if position != "" {
				d.press("t")
				d.typed(position)
				d.press("enter")
				d.until("the records from "+position, settled)
			}
			shown := shown()
			for _, key := range []string{"m", "k"} {
				if key == "k" && noKcat != nil {
					continue
				}
				d.press("Y", key)
				if got := run(d.copied); !slices.Equal(got, shown) {
					t.Errorf("%s from %q: %s\ngives %d records, %d are shown", topic, position, d.copied, len(got), len(shown))
				}
			}
		}
	}
	// What is filtered or searched for is asked for in milena's command, too.
	check := func(what string, want int) {
		t.Helper()
		rows := shown()
		d.press("Y", "m")
		if got := run(d.copied); len(rows) != want || !slices.Equal(got, rows) {
			t.Errorf("%s: %s\ngives %d records, %d are shown", what, d.copied, len(got), len(rows))
		}
	}
	open := func() {
		d.m.turnTo("orders")
		d.run(d.m.startSession(newest100())) // not as it was left
		d.m.setFocus(paneTail)
		d.until("the records", func() bool { return d.m.tail.snap.reading && d.m.tail.snap.next > d.m.tail.snap.first })
	}
	filtered := func(q string) {
		d.press("/")
		d.typed(q)
		d.press("enter")
		d.until("what matches", func() bool {
			s := &d.m.tail.snap
			return s.reading && !s.older.busy && s.lag == 0 && d.m.tail.session.start.query != nil && s.next > s.first
		})
	}
	open()
	filtered(`value.id > 139 && key != "key 141"`)
	check("the newest through a filter", 9)
	open()
	d.press("g")
	d.until("the beginning", func() bool { return d.m.tail.snap.reading && d.m.tail.snap.lag == 0 && d.m.tail.snap.next == 150 })
	filtered("-7")
	check("all through a filter", 126)
	open()
	d.searches(`-"it's" OR`)
	d.press("S")
	d.press("ctrl+a", "ctrl+k")
	d.typed("value.id < 20")
	d.press("tab", "tab")
	d.typed("+3")
	d.press("enter")
	d.searched()
	check("a search of a range", 11)
	d.press("K")
	d.searched()
	check("the history of a key", 1)
	open()
	filtered("-7")
	d.press("R")
	d.fill(replayFrom, "20")
	d.fill(replayUntil, "+40")
	d.fill(replaySpeed, "max")
	d.press("enter")
	d.until("its end", func() bool { return d.m.tail.playState().ended && d.m.tail.snap.next == 45 })
	check("a replay through a filter", 45)
	open()
	d.press("L")
	d.until("its partitions", func() bool { return d.m.load != nil && d.m.load.on.Topic != "" })
	d.press("g", "space", "esc")
	d.until("two partitions", func() bool {
		s := &d.m.tail.snap
		return s.reading && s.lag == 0 && len(d.m.tail.off) == 1 && s.next > s.first
	})
	d.press("g")
	d.until("all of two partitions", func() bool { return d.m.tail.snap.next-d.m.tail.snap.first == 100 })
	check("two of three partitions", 100)
	// A trace has rows of its own at the command line.
	open()
	d.press("X")
	d.fill(traceValue, "id")
	d.fill(traceWhere, "anywhere")
	d.fill(traceTopics, "orders, -it.s_one")
	d.fill(traceWindow, "20s")
	d.press("enter")
	d.searched()
	rows := len(shown())
	d.press("Y", "m")
	out, err := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(d.copied, "milena trace", quote(milena)+" trace -J", 1)).Output()
	if n := bytes.Count(out, []byte("\n")); err != nil || n != rows || rows < 40 {
		t.Errorf("%s\ngives %d records, %d are shown; %v", d.copied, n, rows, err)
	}
}
