package ui

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"milena/kafka"
	"milena/kafka/batch"
)

// messages are what a person may compose, each with who can send it from a shell.
var messages = []struct {
	name          string
	message       saidMessage
	kcat, console bool
}{
	{"text", saidMessage{value: []byte(`{"id": 1, "text": "it's $HOME"}`), partition: kafka.AnyPartition}, true, true},
	{"key", saidMessage{key: []byte("user-1"), value: []byte("-v"), partition: kafka.AnyPartition}, true, true},
	{"lines", saidMessage{key: []byte("k"), value: []byte("one\n\ttwo\n"), partition: kafka.AnyPartition}, true, false},
	{"partition", saidMessage{value: []byte("x"), partition: 2}, true, false},
	{"headers", saidMessage{value: []byte("x"), partition: kafka.AnyPartition,
		headers: []batch.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte("2,3 = 4")}}}, true, false},
	{"tombstone", saidMessage{key: []byte("k"), partition: kafka.AnyPartition}, true, false},
	{"empty", saidMessage{key: []byte("k"), value: []byte{}, partition: kafka.AnyPartition}, false, true},
	{"empty key", saidMessage{key: []byte{}, value: []byte("x"), partition: kafka.AnyPartition}, false, false},
	{"null header", saidMessage{value: []byte("x"), partition: 1, headers: []batch.Header{{Key: "a"}, {Key: "b", Value: []byte{}}}}, false, false},
	{"binary", saidMessage{key: []byte{0, 1}, value: []byte{0xff, 0}, partition: kafka.AnyPartition}, false, false},
}

// TestCopiedMessagesAreTheSame runs the commands and reads what they sent.
func TestCopiedMessagesAreTheSame(t *testing.T) {
	milena := filepath.Join(t.TempDir(), "milena")
	if out, err := exec.Command("go", "build", "-o", milena, "milena").CombinedOutput(); err != nil {
		t.Skipf("milena cannot be built here: %v\n%s", err, out)
	}
	fake, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	cluster, err := kafka.Open(t.Context(), kafka.Config{Brokers: fake.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.Close() })
	_, noKcat := exec.LookPath("kcat")
	tps := []kafka.TopicPartition{{Topic: "orders", Partition: 0}, {Topic: "orders", Partition: 1}, {Topic: "orders", Partition: 2}}
	for _, x := range messages {
		s := x.message
		s.topic, s.reach = "orders", Reach{Brokers: fake.ListenAddrs()}
		all := s.sayings()
		for _, say := range all {
			switch say.tool {
			case "kcat":
				if (say.why == "") != x.kcat {
					t.Errorf("%s: kcat: %q (%s)", x.name, say.text, say.why)
				}
			case "console":
				if (say.why == "") != x.console {
					t.Errorf("%s: console: %q (%s)", x.name, say.text, say.why)
				}
				continue // its script is not on every machine
			}
			if say.why != "" || say.tool == "kcat" && noKcat != nil {
				continue
			}
			command := strings.Replace(say.text, "milena produce", quote(milena)+" produce -q", 1)
			if out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v\n%s", x.name, command, err, out)
				continue
			}
			got, err := cluster.Newest(t.Context(), kafka.NewestRequest{Partitions: tps, N: 1})
			if err != nil || len(got.Records) != 1 {
				t.Fatalf("%s: nothing was sent: %v", x.name, err)
			}
			r := got.Records[0]
			same := bytes.Equal(r.Key, s.key) && (r.Key == nil) == (s.key == nil) &&
				bytes.Equal(r.Value, s.value) && (r.Value == nil) == (s.value == nil) &&
				len(r.Headers) == len(s.headers) && (s.partition == kafka.AnyPartition || r.Partition == s.partition)
			for i := range s.headers {
				same = same && r.Headers[i].Key == s.headers[i].Key && bytes.Equal(r.Headers[i].Value, s.headers[i].Value) &&
					(r.Headers[i].Value == nil) == (s.headers[i].Value == nil)
			}
			if same && s.key != nil && s.partition == kafka.AnyPartition {
				same = r.Partition == kafka.PartitionOf(s.key, 3)
			}
			if !same {
				t.Errorf("%s: %s\nsent %d: %q %q %q", x.name, command, r.Partition, r.Key, r.Value, r.Headers)
			}
		}
	}
}

func TestComposedMessageIsCopiedAsACommand(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}, Brokers: []string{"a:9092"}}, 120, 40)
		d.follows("orders")
		d.press("c")
		d.typed("it's")
		d.press("tab")
		d.typed("user-1")
		d.press("ctrl+o", "m")
		if want := `milena produce --topic orders --key user-1 -b a:9092 -- 'it'\''s'`; d.copied != want {
			t.Errorf("copied %q, want %q", d.copied, want)
		}
		if !d.m.compose.unsent() {
			t.Error("the text is gone")
		}
	})
}
