package e2e

// What milena shows is what the official Java client shows: random topics on a
// real Kafka, written by several clients in all the ways that there are, are read
// by both, and every record is compared. And what milena writes is what others
// read.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"milena/internal/testseed"
	"milena/kafka"
	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var codecs = []batch.Codec{batch.None, batch.Gzip, batch.Snappy, batch.LZ4, batch.Zstd}

// different is one run of the differential test.
type different struct {
	*testing.T
	lab     lab
	brokers []string
	cluster *kafka.Cluster
	program string
	random  *rand.Rand
	seed    uint64
}

func newDifferent(t *testing.T) *different {
	l := needLab(t)
	d := &different{T: t, lab: l, brokers: l.up("single"), program: buildProgram(t), random: testseed.Rand(t), seed: testseed.Of(t)}
	d.cluster = openCluster(t, d.brokers)
	return d
}

// buildProgram builds milena.
func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "milena")
	if out, err := exec.Command("go", "build", "-o", program, "milena").CombinedOutput(); err != nil {
		t.Fatalf("building milena: %v\n%s", err, out)
	}
	return program
}

func (d *different) topic(what string, partitions int32, configs map[string]string) string {
	d.Helper()
	name := randomName(what)
	if err := d.cluster.CreateTopic(d.Context(), kafka.NewTopic{Name: name, Partitions: partitions, ReplicationFactor: 1, Configs: kept(configs)}); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { _ = d.cluster.DeleteTopic(context.Background(), name) })
	return name
}

func TestDifferentialMilenaShowsWhatJavaShows(t *testing.T) {
	d := newDifferent(t)
	compacted := d.topic("compacted", 2, map[string]string{
		"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.001", "delete.retention.ms": "0",
	})
	shortened := d.topic("shortened", 1, nil)
	topics := []string{
		d.topic("plain", 3, nil),
		d.topic("appendtime", 2, map[string]string{"message.timestamp.type": "LogAppendTime"}),
		d.topic("recoded", 2, map[string]string{"compression.type": "lz4"}),
		d.topic("empty", 2, nil),
		compacted, shortened,
	}
	written := slices.DeleteFunc(slices.Clone(topics), func(s string) bool { return strings.Contains(s, "empty") })
	var wg sync.WaitGroup
	wg.Go(func() {
		d.java("LabWriter", append([]string{strings.Join(d.brokers, ","), fmt.Sprint(d.seed), "100"}, written...)...)
	})
	for _, topic := range written {
		d.writeTransactions(topic)
		if topic != compacted { // it takes no null keys
			d.writeWithKcat(topic)
		}
		d.writeWithMilena(topic)
	}
	wg.Wait()
	d.awaitCompaction(compacted)
	d.stopCompaction(compacted) // or it would go on between the two readings
	d.writeTransactions(compacted)
	d.writeWithMilena(compacted)
	d.deleteRecords(shortened, 0, 57) // most likely within a batch

	for _, isolation := range []string{"read_uncommitted", "read_committed"} {
		java := parse(t, d.java("LabReader", append([]string{strings.Join(d.brokers, ","), isolation}, topics...)...))
		for _, topic := range topics {
			mine := parse(t, d.milena(nil, "tail", topic, "-J", "-o", "beginning", "-e", "--isolation-level", isolation))
			d.compare(topic+" under "+isolation, mine[topic], java[topic])
		}
		for _, topic := range written {
			if len(java[topic]) < 100 {
				t.Errorf("%s has only %d records: not much of a test", topic, len(java[topic]))
			}
		}
	}
}

func TestDifferentialOthersReadWhatMilenaWrites(t *testing.T) {
	d := newDifferent(t)
	topic := d.topic("ours", 3, nil)
	want := d.writeWithMilena(topic)
	java := parse(t, d.java("LabReader", strings.Join(d.brokers, ","), "read_committed", topic))
	d.compare("Java reads", java[topic], want)
	d.compare("kcat reads", d.readWithKcat(topic), slices.Collect(func(yield func(record) bool) {
		for _, r := range want { // kcat cannot show headers that hold commas
			r.headers = ""
			if !yield(r) {
				return
			}
		}
	}))
}

func TestDifferentialTailIntoProduceCopies(t *testing.T) {
	d := newDifferent(t)
	from, to := d.topic("from", 3, nil), d.topic("to", 3, nil)
	d.writeWithMilena(from)
	d.java("LabWriter", strings.Join(d.brokers, ","), fmt.Sprint(d.seed), "50", from)
	lines := d.milena(nil, "tail", from, "-J", "-o", "beginning", "-e", "--isolation-level", "read_committed")
	d.milena(lines, "produce", to, "-J", "--keep-partition")
	java := parse(t, d.java("LabReader", strings.Join(d.brokers, ","), "read_committed", from, to))
	for topic := range java {
		next := make(map[int32]int64)
		for i := range java[topic] { // a copy has offsets of its own, without gaps
			r := &java[topic][i]
			r.offset = next[r.partition]
			next[r.partition]++
		}
	}
	d.compare("the copy", java[to], java[from])
}

// --- writers

func (d *different) bytes(atMost int) []byte {
	switch d.random.IntN(6) {
	case 0:
		return nil
	case 1:
		return []byte{}
	case 2, 3:
		texts := []string{`{"id":1,"total":17.50}`, "plain text", "안녕하세요 👋", " ", "\n", "a\x00b", "\"\\"}
		return []byte(texts[d.random.IntN(len(texts))])
	case 4:
		return bytes.Repeat([]byte("compressible "), 1+atMost/13)
	}
	noise := make([]byte, d.random.IntN(atMost))
	for i := range noise {
		noise[i] = byte(d.random.Uint32())
	}
	return noise
}

// message is a random one. Its timestamp is now or within the last day.
func (d *different) message(topic string, partition int32) kafka.Message {
	m := kafka.Message{Topic: topic, Partition: partition, Key: d.bytes(64), Value: d.bytes(300),
		Timestamp: time.Now().UnixMilli() - int64(d.random.IntN(86_400_000))}
	if strings.Contains(topic, "compacted") {
		m.Key = fmt.Append(nil, "k", d.random.IntN(100))
	}
	switch d.random.IntN(20) {
	case 0:
		m.Timestamp = 0
	case 1:
		m.Value = d.bytes(50_000)
	}
	names := []string{"trace", "trace", "a", "", "見出し"}
	for range max(0, d.random.IntN(8)-3) {
		m.Headers = append(m.Headers, batch.Header{Key: names[d.random.IntN(len(names))], Value: d.bytes(20)})
	}
	return m
}

// writeWithMilena writes messages with every codec, in large batches and one by
// one, and gives what is in the topic then, if nobody else writes to it.
func (d *different) writeWithMilena(topic string) []record {
	d.Helper()
	t, err := d.cluster.Topic(d.Context(), topic)
	if err != nil {
		d.Fatal(err)
	}
	var mu sync.Mutex
	var written []record
	for _, codec := range codecs {
		p := d.cluster.NewProducer(kafka.ProducerConfig{Codec: codec, Linger: 20 * time.Millisecond})
		for n := range 60 {
			m := d.message(topic, t.Partitions[d.random.IntN(len(t.Partitions))].ID)
			if err := p.Produce(d.Context(), m, func(a kafka.Ack, err error) {
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					d.Errorf("%s to %s: %v", codec, topic, err)
					return
				}
				written = append(written, record{partition: a.Partition, offset: a.Offset, timestamp: m.Timestamp, timestampType: "CreateTime",
					key: quoted(m.Key), value: quoted(m.Value), headers: quotedHeaders(m.Headers)})
			}); err != nil {
				d.Fatal(err)
			}
			if n < 5 {
				d.flush(p)
			}
		}
		d.flush(p)
		if err := p.Close(); err != nil {
			d.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	return written
}

func (d *different) flush(p *kafka.Producer) {
	d.Helper()
	ctx, cancel := context.WithTimeout(d.Context(), patience)
	defer cancel()
	if err := p.Flush(ctx); err != nil {
		d.Fatal(err)
	}
}

// writeTransactions has three producers of another client write to the same
// partitions at once, step by step, so that their transactions lie across each
// other; one after the other is committed or aborted, and begun anew.
func (d *different) writeTransactions(topic string) {
	d.Helper()
	t, err := d.cluster.Topic(d.Context(), topic)
	if err != nil {
		d.Fatal(err)
	}
	compressions := []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}
	var clients []*kgo.Client
	open := make([]bool, 3)
	for i := range open {
		k, err := kgo.NewClient(kgo.SeedBrokers(d.brokers...), kgo.TransactionalID(fmt.Sprint(topic, "-", i)),
			kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(compressions[d.random.IntN(len(compressions))]))
		if err != nil {
			d.Fatal(err)
		}
		defer k.Close()
		clients = append(clients, k)
	}
	end := func(i int) {
		if err := clients[i].EndTransaction(d.Context(), kgo.TransactionEndTry(d.random.IntN(2) == 0)); err != nil {
			d.Fatalf("end a transaction on %s: %v", topic, err)
		}
		open[i] = false
	}
	for range 60 {
		i := d.random.IntN(3)
		if !open[i] {
			if err := clients[i].BeginTransaction(); err != nil {
				d.Fatal(err)
			}
			open[i] = true
		}
		var recs []*kgo.Record
		for range 1 + d.random.IntN(8) {
			m := d.message(topic, t.Partitions[d.random.IntN(len(t.Partitions))].ID)
			r := &kgo.Record{Topic: topic, Partition: m.Partition, Key: m.Key, Value: m.Value, Timestamp: time.UnixMilli(m.Timestamp)}
			for _, h := range m.Headers {
				r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
			}
			recs = append(recs, r)
		}
		if err := clients[i].ProduceSync(d.Context(), recs...).FirstErr(); err != nil {
			d.Fatalf("write to %s: %v", topic, err)
		}
		if d.random.IntN(3) == 0 {
			end(i)
		}
	}
	for i := range open {
		if open[i] {
			end(i)
		}
	}
}

// writeWithKcat writes lines with every codec.
func (d *different) writeWithKcat(topic string) {
	d.Helper()
	for _, codec := range codecs {
		var in strings.Builder
		for n := range 40 {
			key, value := fmt.Sprint("kcat-", n), strings.Repeat("x", d.random.IntN(200))
			if n%7 == 0 {
				key, value = "", ""
			}
			fmt.Fprintf(&in, "%s\t%s\n", key, value)
		}
		args := []string{"-P", "-b", d.brokers[0], "-t", topic, "-p", "0", "-K", "\t", "-Z", "-H", "by=kcat", "-H", "by=", "-H", "alone"}
		if codec != batch.None {
			args = append(args, "-z", codec.String())
		}
		cmd := exec.Command("kcat", args...)
		cmd.Stdin = strings.NewReader(in.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			d.Fatalf("kcat %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// awaitCompaction has the broker roll the topic's segments, and waits until it
// has cleaned some: then there are far fewer records than offsets.
func (d *different) awaitCompaction(topic string) {
	d.Helper()
	k, err := kgo.NewClient(kgo.SeedBrokers(d.brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		d.Fatal(err)
	}
	defer k.Close()
	await(d.T, "the compaction of "+topic, 2*time.Minute, func() bool {
		// Segments roll when something is written, and the last is never cleaned.
		var end int64
		for p := range int32(2) {
			r := &kgo.Record{Topic: topic, Partition: p, Key: []byte("roll"), Value: fmt.Append(nil, time.Now())}
			if err := k.ProduceSync(d.Context(), r).FirstErr(); err != nil {
				d.Fatal(err)
			}
			end += r.Offset + 1
		}
		time.Sleep(500 * time.Millisecond) // more than the age at which a segment rolls
		left := d.count(topic)
		if int64(left) > end/2 {
			return false
		}
		d.Logf("%s: %d records are left of %d offsets", topic, left, end)
		return true
	})
}

// stopCompaction leaves what is there now as it is.
func (d *different) stopCompaction(topic string) {
	d.Helper()
	k, err := kgo.NewClient(kgo.SeedBrokers(d.brokers...))
	if err != nil {
		d.Fatal(err)
	}
	defer k.Close()
	day := "86400000"
	q := kmsg.NewPtrIncrementalAlterConfigsRequest()
	q.Resources = []kmsg.IncrementalAlterConfigsRequestResource{{ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: topic,
		Configs: []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: "min.compaction.lag.ms", Value: &day}}}}
	answer, err := k.Request(d.Context(), q)
	if err != nil {
		d.Fatal(err)
	}
	for _, r := range answer.(*kmsg.IncrementalAlterConfigsResponse).Resources {
		if r.ErrorCode != 0 {
			d.Fatalf("configure %s: code %d", topic, r.ErrorCode)
		}
	}
}

func (d *different) count(topic string) int {
	d.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(string(d.milena(nil, "tail", topic, "-o", "beginning", "-e", "--count"))))
	if err != nil {
		d.Fatal(err)
	}
	return n
}

// deleteRecords moves the start of a partition.
func (d *different) deleteRecords(topic string, partition int32, before int64) {
	d.Helper()
	k, err := kgo.NewClient(kgo.SeedBrokers(d.brokers...))
	if err != nil {
		d.Fatal(err)
	}
	defer k.Close()
	q := kmsg.NewPtrDeleteRecordsRequest()
	q.TimeoutMillis = 10_000
	q.Topics = []kmsg.DeleteRecordsRequestTopic{{Topic: topic, Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Partition: partition, Offset: before}}}}
	answer, err := k.Request(d.Context(), q)
	if err != nil {
		d.Fatal(err)
	}
	for _, top := range answer.(*kmsg.DeleteRecordsResponse).Topics {
		for _, p := range top.Partitions {
			if p.ErrorCode != 0 || p.LowWatermark != before {
				d.Fatalf("delete records of %s: code %d, low watermark %d", topic, p.ErrorCode, p.LowWatermark)
			}
		}
	}
}

// --- readers

// java runs one of the lab's Java programs and gives what it prints.
func (d *different) java(program string, args ...string) []byte {
	d.Helper()
	source := filepath.Join(filepath.Dir(d.lab.script), program+".java")
	out, err := d.lab.try(append([]string{"tool", source}, args...)...)
	if err != nil {
		d.Error(err)
	}
	return []byte(out)
}

// milena runs the program as a script does.
func (d *different) milena(stdin []byte, args ...string) []byte {
	d.Helper()
	ctx, cancel := context.WithTimeout(d.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, d.program, append(args, "-b", strings.Join(d.brokers, ","))...)
	home := d.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home)
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		d.Fatalf("milena %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.Bytes()
}

// readWithKcat reads a topic as kcat's lengths and bytes have it, without headers.
func (d *different) readWithKcat(topic string) []record {
	d.Helper()
	out, err := exec.Command("kcat", "-C", "-b", d.brokers[0], "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%p %o %T %K %S|%k%s").Output()
	if err != nil {
		d.Fatalf("kcat: %v", err)
	}
	var found []record
	for r := bytes.NewReader(out); r.Len() > 0; {
		var rec record
		var keySize, valueSize int
		if _, err := fmt.Fscanf(r, "%d %d %d %d %d|", &rec.partition, &rec.offset, &rec.timestamp, &keySize, &valueSize); err != nil {
			d.Fatalf("what kcat prints, at byte %d: %v", len(out)-r.Len(), err)
		}
		rec.timestampType = "CreateTime"
		rec.key, rec.value = take(r, keySize), take(r, valueSize)
		found = append(found, rec)
	}
	return found
}

// take is the next bytes; −1 is null.
func take(r io.Reader, n int) string {
	if n < 0 {
		return quoted(nil)
	}
	b := make([]byte, n)
	_, _ = io.ReadFull(r, b) // what is missing shows as a difference
	return quoted(b)
}

// record is a record in a form that can be compared and printed.
type record struct {
	partition         int32
	offset, timestamp int64
	timestampType     string
	key, value        string // quoted, or null
	headers           string
}

// String is the record on one line, long fields shortened.
func (r record) String() string {
	short := func(s string) string {
		if len(s) > 60 {
			return fmt.Sprintf("%s… (%d bytes)", s[:60], len(s))
		}
		return s
	}
	return fmt.Sprintf("%d/%d %s %d key %s value %s headers [%s]", r.partition, r.offset, r.timestampType, r.timestamp,
		short(r.key), short(r.value), short(r.headers))
}

func quoted(b []byte) string {
	if b == nil {
		return "null"
	}
	return strconv.Quote(string(b))
}

func quotedHeaders(all []batch.Header) string {
	var s strings.Builder
	for _, h := range all {
		fmt.Fprintf(&s, "%s=%s ", strconv.Quote(h.Key), quoted(h.Value))
	}
	return s.String()
}

// parse reads JSON lines, by topic: those of milena tail -J, and those of
// LabReader, which are the same with all bytes in base64.
func parse(t *testing.T, lines []byte) map[string][]record {
	t.Helper()
	type pair struct {
		Key, Value             *string
		KeyBase64, ValueBase64 *string
	}
	decode := func(text, coded *string) []byte {
		switch {
		case text != nil:
			return []byte(*text)
		case coded != nil:
			b, err := base64.StdEncoding.DecodeString(*coded)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		return nil
	}
	found := make(map[string][]record)
	scan := bufio.NewScanner(bytes.NewReader(lines))
	scan.Buffer(nil, 16<<20)
	for scan.Scan() {
		var line struct {
			Topic         string
			Partition     int32
			Offset        int64
			Timestamp     int64
			TimestampType string
			pair
			Headers []pair
		}
		if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
			t.Fatalf("%v in %q", err, scan.Text())
		}
		r := record{partition: line.Partition, offset: line.Offset, timestamp: line.Timestamp, timestampType: line.TimestampType,
			key: quoted(decode(line.Key, line.KeyBase64)), value: quoted(decode(line.Value, line.ValueBase64))}
		var headers []batch.Header
		for _, h := range line.Headers {
			headers = append(headers, batch.Header{Key: string(decode(h.Key, h.KeyBase64)), Value: decode(h.Value, h.ValueBase64)})
		}
		r.headers = quotedHeaders(headers)
		found[line.Topic] = append(found[line.Topic], r)
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// compare compares two readings partition by partition; within one the order
// counts.
func (d *different) compare(what string, got, want []record) {
	d.Helper()
	byPartition := func(a, b record) int { return int(a.partition - b.partition) }
	slices.SortStableFunc(got, byPartition)
	slices.SortStableFunc(want, byPartition)
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			d.Errorf("%s: record %d of %d is missing: %s", what, i, len(want), want[i])
		case i >= len(want):
			d.Errorf("%s: record %d of %d is one too many: %s", what, i, len(got), got[i])
		case got[i] != want[i]:
			d.Errorf("%s: record %d of %d is\n\t%s\nnot\n\t%s", what, i, len(want), got[i], want[i])
		default:
			continue
		}
		return // one difference moves all that follow
	}
	d.Logf("%s: %d records are the same", what, len(want))
}
