package e2e

// Records that are damaged, vast, or of the kind that nobody expects; and lines
// that are to become records, and are none.

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// packed is a batch as a broker hands it out.
func packed(t *testing.T, codec batch.Codec, base int64, values ...[]byte) []byte {
	t.Helper()
	b := batch.NewBuilder(codec)
	for _, v := range values {
		if err := b.Add(batch.Record{Timestamp: 1000, Value: v}); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := b.Finish(nil)
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint64(raw, uint64(base))
	return raw
}

// handOut gives a shell on a broker whose topic "orders" has one partition with
// just these batches, and ends at the offset end.
func handOut(t *testing.T, end int64, log ...[]byte) *shell {
	t.Helper()
	f := fakeCluster(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	id := f.TopicInfo("orders").TopicID
	f.ControlKey(int16(kmsg.ListOffsets), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		res := q.ResponseKind().(*kmsg.ListOffsetsResponse)
		rt, rp := kmsg.NewListOffsetsResponseTopic(), kmsg.NewListOffsetsResponseTopicPartition()
		rt.Topic = "orders"
		if rp.Offset = 0; q.(*kmsg.ListOffsetsRequest).Topics[0].Partitions[0].Timestamp == -1 {
			rp.Offset = end
		}
		rt.Partitions = append(rt.Partitions, rp)
		res.Topics = append(res.Topics, rt)
		return res, nil, true
	})
	f.ControlKey(int16(kmsg.Fetch), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		res := q.ResponseKind().(*kmsg.FetchResponse)
		rt, p := kmsg.NewFetchResponseTopic(), kmsg.NewFetchResponseTopicPartition()
		rt.Topic, rt.TopicID = "orders", id
		p.HighWatermark, p.LastStableOffset, p.LogStartOffset = end, end, 0
		offset := q.(*kmsg.FetchRequest).Topics[0].Partitions[0].FetchOffset
		for i, raw := range log {
			if last := int64(binary.BigEndian.Uint64(raw)) + int64(binary.BigEndian.Uint32(raw[23:])); last >= offset {
				p.RecordBatches = bytes.Join(log[i:], nil)
				break
			}
		}
		rt.Partitions = append(rt.Partitions, p)
		res.Topics = append(res.Topics, rt)
		return res, nil, true
	})
	return shellOn(t, f.ListenAddrs()...)
}

func TestDamagedBatchesAreNamedAndPassedOver(t *testing.T) {
	t.Parallel()
	one, two := []byte("one"), []byte("two")
	flipped := packed(t, batch.Zstd, 3, one, two)
	flipped[len(flipped)-1] ^= 0x55
	nonsense := bytes.Repeat([]byte{0xff}, 100) // not even its length can be believed
	binary.BigEndian.PutUint64(nonsense, 3)
	binary.BigEndian.PutUint32(nonsense[23:], 1)
	bomb := packed(t, batch.Gzip, 3, make([]byte, batch.DefaultMaxBytes), make([]byte, 1))
	zstdBomb := packed(t, batch.Zstd, 3, make([]byte, batch.DefaultMaxBytes), make([]byte, 1))
	if len(bomb)+len(zstdBomb) > 1<<20 {
		t.Fatalf("the bombs have %d and %d bytes", len(bomb), len(zstdBomb))
	}
	both := []string{"milena: orders/0: offsets 3 to 4 passed over", "milena: 1 place could not be read"}
	each := []string{"milena: orders/0: offset 3 passed over", "orders/0: offset 4 passed over", "milena: 2 places could not be read"}
	for name, c := range map[string]struct {
		bad   []byte
		words []string
	}{"flipped byte": {flipped, both}, "nonsense": {nonsense, each}, "gzip bomb": {bomb, both}, "zstd bomb": {zstdBomb, both}} {
		t.Run(name, func(t *testing.T) {
			s := handOut(t, 7, packed(t, batch.None, 0, one, two, one), c.bad, packed(t, batch.LZ4, 5, two, one))
			s.run("tail", "orders", "-e", "-o", "beginning", "-f", "%o %s\n").
				succeeds("0 one\n1 two\n2 one\n5 two\n6 one\n").says(c.words...)
			s.run("tail", "orders", "-e", "-o", "beginning", "--count").succeeds("5\n").says(c.words...)
			s.run("tail", "orders", "-e", "-o", "-3", "-f", "%o ").says(c.words...).succeeds("2 5 6 ")
			s.run("tail", "orders", "-c", "4", "-o", "beginning", "--count", "-q").succeeds("4\n")
		})
	}
}

// TestVastMessage moves 50 MB as text and as JSON.
func TestVastMessage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("moves 250 MB")
	}
	s := anyCluster(t)
	if strings.Contains(s.brokers, ",") {
		t.Skip("the messages of a cluster of several are smaller: its replicas fetch less")
	}
	vast := strings.Repeat("0123456789", 5_000_000)
	from := s.topic(1, map[string]string{"max.message.bytes": "60000000"})
	to := s.topic(1, map[string]string{"max.message.bytes": "60000000"})
	small := s.topic(1, map[string]string{"max.message.bytes": "1000000"})

	s.feed(vast+"\nafter\n", "produce", from).succeeds("").says("offset 0", "offset 1")
	s.run("tail", from, "-e", "-o", "beginning").succeeds(vast + "\nafter\n")
	lines := s.run("tail", from, "-e", "-o", "beginning", "-J").out
	s.feed(lines, "produce", to, "-J", "-z", "zstd").succeeds("")
	s.run("tail", to, "-e", "-o", "beginning").succeeds(vast + "\nafter\n")

	s.feed("before\n"+vast+"\nafter\n", "produce", small).fails(1, "message 2", "MESSAGE_TOO_LARGE", "max.message.bytes")
	s.run("tail", small, "-e", "-o", "beginning").succeeds("before\nafter\n")
}

func TestTenThousandHeaders(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(1, nil)
	var line strings.Builder
	line.WriteString(`{"topic":"x","partition":0,"offset":0,"timestamp":1700000000000,"timestampType":"CreateTime","key":"k","value":"v","headers":[`)
	for i := range 10_000 {
		if i > 0 {
			line.WriteByte(',')
		}
		value := strconv.Quote(strings.Repeat("v", i%7))
		if i%7 == 6 {
			value = "null"
		}
		fmt.Fprintf(&line, `{"key":"h%d","value":%s}`, i%100, value)
	}
	line.WriteString("]}\n")
	s.feed(line.String(), "produce", topic, "-J").succeeds("").says("offset 0")
	want := strings.Replace(line.String(), `"topic":"x"`, `"topic":"`+topic+`"`, 1)
	s.run("tail", topic, "-e", "-o", "beginning", "-J").succeeds(want)
	if r := s.run("tail", topic, "-e", "-o", "beginning", "-f", "%h"); strings.Count(r.out, "=") != 10_000 {
		t.Errorf("%d headers are written", strings.Count(r.out, "="))
	}
}

func TestAbsurdTimestamps(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(1, map[string]string{"retention.ms": "-1", "message.timestamp.after.max.ms": "9223372036854775807", "message.timestamp.before.max.ms": "9223372036854775807"})
	times := []string{"0", "-1", "-5", "-62135596800001", "253402300800000", "9223372036854775807", "-9223372036854775807"}
	var lines, want strings.Builder
	for _, at := range times {
		fmt.Fprintf(&lines, `{"value":"x","timestamp":%s}`+"\n", at)
		want.WriteString(at + "\n")
	}
	s.feed(lines.String(), "produce", topic, "-J", "-q").succeeds("")
	s.run("tail", topic, "-e", "-o", "beginning", "-f", "%T\n").succeeds(want.String())
	if out := s.run("tail", topic, "-e", "-o", "beginning", "-J").out; strings.Count(out, "\n") != len(times) {
		t.Errorf("%s", out)
	}
	s.run("tail", topic, "-e", "-o", "@2020-01-01", "--count").succeeds("3\n")
	s.feed(`{"value":"x","timestamp":-9223372036854775808}`+"\n", "produce", topic, "-J").fails(1, "no time")
	s.feed(`{"value":"x","timestamp":9223372036854775808}`+"\n", "produce", topic, "-J").fails(1, "timestamp", "fits")
}

func TestEveryByteComesBack(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	from, to := s.topic(1, nil), s.topic(1, nil)
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	coded := base64.StdEncoding.EncodeToString(every)
	line := `{"value":null,"valueBase64":"` + coded + `","keyBase64":"` + coded + `","headers":[{"key":"a\u0000b","valueBase64":"` + coded + `"},{"key":"","value":""}]}` + "\n"
	s.feed(line, "produce", from, "-J", "-q").succeeds("")
	s.feed(s.run("tail", from, "-e", "-o", "beginning", "-J").out, "produce", to, "-J", "-q").succeeds("")
	s.run("tail", to, "-e", "-o", "beginning", "-f", "%K %S|%k|%s|%h").succeeds(
		fmt.Sprintf("256 256|%s|%s|a\x00b=%s,=", every, every, every))

	pairs := s.topic(1, nil)
	s.feed("a\x00b:c\x00d\nno delimiter\n:empty key\nempty value:\n\n\xff\xfe:\xfd\n", "produce", pairs, "-K", ":", "-q").succeeds("")
	s.run("tail", pairs, "-e", "-o", "beginning", "-f", "%K[%k]%S[%s]\n").succeeds(
		"3[a\x00b]3[c\x00d]\n-1[]12[no delimiter]\n0[]9[empty key]\n11[empty value]0[]\n-1[]0[]\n2[\xff\xfe]1[\xfd]\n")
}

func TestLinesThatAreNoMessages(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(1, nil)
	for _, c := range []struct{ line, words string }{
		{`{"value":`, "JSON|not complete"},
		{`garbage`, "JSON|'g'"},
		{`{"value":"a"}{"value":"b"}`, "JSON"},
		{`[1]`, "array, not an object"},
		{`null`, `neither "value"`},
		{`{}`, `neither "value"`},
		{`{"key":"k"}`, `neither "value"`},
		{`{"value":"\ud800"}`, "surrogate"},
		{`{"valueBase64":"!!"}`, "Base64 is damaged"},
		{`{"value":"a","timestamp":"now"}`, `"timestamp" "now" is not a time`},
		{`{"value":"a","timestamp":1e3}`, `"timestamp"`},
		{`{"value":"a","headers":5}`, `"headers" is not a list`},
		{`{"value":"a","headers":["k"]}`, "a name that has no value"},
		{`{"value":"a","headers":[{"value":"v"}]}`, "has no key"},
	} {
		// What came before is there, what came after is not, and both are said.
		r := s.feed(`{"value":"1"}`+"\n"+`{"value":"2"}`+"\n"+c.line+"\n"+`{"value":"4"}`+"\n", "produce", topic, "-J")
		r.fails(1, append(strings.Split(c.words, "|"), "message 3", "2 messages before it sent to "+topic, "nothing after it")...)
		s.run("tail", topic, "--last", "2", "-e").succeeds("1\n2\n")
	}
	s.feed(`{"value":"a"}`, "produce", topic, "-J", "--keep-partition").fails(1, `there is no "partition"`)
	s.feed(`{"value":"a","partition":9}`, "produce", topic, "-J", "--keep-partition").fails(1, "no partition 9")
	kcat := `{"topic":"x","partition":5,"offset":7,"tstype":"create","ts":1700000000123,"broker":1,"headers":["a","1","b",null],"key":null,"payload":"kc` + "\xff" + `"}`
	s.feed(kcat, "produce", topic, "-J", "-q").succeeds("")
	s.run("tail", topic, "--last", "1", "-e", "-Z", "-f", "%k %s %T %h").succeeds("NULL kc\xff 1700000000123 a=1,b=NULL")
}

// TestJSONStaysOneLine has a message with all that could end a line or steer a
// terminal.
func TestJSONStaysOneLine(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(1, nil)
	nasty := "\x1b]0;owned\x07\x1b[2J\r\n\u2028\u202e\u0085\x7f\"\\</script>"
	s.run("produce", topic, "-q", "-k", nasty, "-H", "h="+nasty, nasty).succeeds("")
	out := s.run("tail", topic, "-e", "-o", "beginning", "-J").out
	var got struct{ Key, Value string }
	if err := json.Unmarshal([]byte(out), &got); err != nil || got.Key != nasty || got.Value != nasty || strings.Count(out, "\n") != 1 || strings.Contains(out, "\x1b") {
		t.Errorf("%q, %v", out, err)
	}
}
