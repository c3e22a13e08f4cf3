//go:build unix

package e2e

// Clusters that are too old, that name addresses nobody can reach, that go away
// and come back, and topics that are deleted under the reader.

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestOldBroker(t *testing.T) {
	t.Parallel()
	// Kafka 0.10: message sets only.
	f := fakeCluster(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	f.ControlKey(int16(kmsg.ApiVersions), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		res := q.ResponseKind().(*kmsg.ApiVersionsResponse)
		for key, most := range map[int16]int16{0: 2, 1: 2, 2: 0, 3: 2, 8: 2, 9: 1, 10: 0, 11: 0, 12: 0, 13: 0, 14: 0, 18: 0} {
			v := kmsg.NewApiVersionsResponseApiKey()
			v.ApiKey, v.MaxVersion = key, most
			res.ApiKeys = append(res.ApiKeys, v)
		}
		return res, nil, true
	})
	s := shellOn(t, f.ListenAddrs()...)
	for _, args := range []string{"tail orders -e -o beginning", "produce orders v"} {
		s.run(strings.Fields(args)...).fails(1, f.ListenAddrs()[0], "Kafka 0.11 or newer")
	}
	s.run("topics").succeeds("orders\t1\t1\t?\n").says("the offsets of 1 partition are unknown", "Kafka 0.11 or newer")
}

// advertising has a broker say that it is to be reached at another address.
func advertising(f *kfake.Cluster, host string, port int32) {
	id := f.TopicInfo("orders").TopicID
	f.ControlKey(int16(kmsg.Metadata), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		res := q.ResponseKind().(*kmsg.MetadataResponse)
		b := kmsg.NewMetadataResponseBroker()
		b.Host, b.Port = host, port
		res.Brokers = append(res.Brokers, b)
		name := "orders"
		at, p := kmsg.NewMetadataResponseTopic(), kmsg.NewMetadataResponseTopicPartition()
		at.Topic, at.TopicID = &name, id
		p.Replicas, p.ISR = []int32{0}, []int32{0}
		at.Partitions = append(at.Partitions, p)
		res.Topics = append(res.Topics, at)
		return res, nil, true
	})
}

func TestWrongAdvertisedAddress(t *testing.T) {
	t.Parallel()
	for host, words := range map[string][]string{
		"no-such-host.invalid": {"no-such-host.invalid:1", "no such host"},
		"127.0.0.1":            {"127.0.0.1:1", "refused"},
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			f := fakeCluster(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
			advertising(f, host, 1)
			s := shellOn(t, f.ListenAddrs()...)
			s.run("tail", "orders", "-e", "-o", "beginning").fails(1, append(words, "advertised as", "does not answer")...)
			s.run("topics").succeeds("orders\t1\t1\t?\n").says(words...)
			if host != "127.0.0.1" {
				return
			}
			// A leader may come back, and is waited for: but not in silence.
			r := s.start("produce", "orders", "v")
			for _, w := range []string{"no acknowledgement", host + ":1", "refused", "retrying"} {
				r.tells(w)
			}
			r.ends(syscall.SIGKILL)
		})
	}
}

// restartable is a broker that can be stopped and started again on its port,
// with the data that it had.
func restartable(t *testing.T) (s *shell, stop, start func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var f *kfake.Cluster
	start = func() {
		t.Helper()
		var err error
		if f, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(address.Port), kfake.DataDir(dir), kfake.SeedTopics(1, "orders")); err != nil {
			t.Fatal(err)
		}
	}
	stop = func() { f.Close() }
	start()
	t.Cleanup(func() { stop() })
	return shellOn(t, address.String()), stop, start
}

func TestBrokerThatGoesAndComesBack(t *testing.T) {
	t.Parallel()
	s, stop, start := restartable(t)
	following := s.start("tail", "orders")
	sending := s.start("produce", "orders")
	var want strings.Builder
	send := func(from, to int) {
		for i := from; i < to; i++ {
			sending.feeds(fmt.Sprintln(i))
			fmt.Fprintln(&want, i)
		}
	}
	// It follows from the end on, wherever that is by then: until it is there,
	// something is sent.
	for i := 0; following.out.String() == ""; i++ {
		s.run("produce", "orders", "hello", "-q").succeeds("")
	}
	send(0, 5)
	following.writes("\n4\n")
	stop()
	following.tells("does not answer")
	send(5, 10)
	start()
	send(10, 15)
	following.writes("\n14\n")
	if err := sending.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	sending.ends(0).succeeds("").says("sent 15 messages")
	got := following.ends(syscall.SIGINT).says("answers again")
	if numbers := strings.ReplaceAll(got.out, "hello\n", ""); got.code != 0 || numbers != want.String() {
		t.Errorf("exits with %d; followed %q, sent %q", got.code, numbers, want.String())
	}
	s.run("tail", "orders", "-e", "--last", "15").succeeds(want.String())
}

func TestTopicDeletedUnderTheReader(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(1, nil)
	s.run("produce", topic, "-q", "old").succeeds("")
	r := s.start("tail", topic, "-o", "beginning")
	r.writes("old\n")
	s.run("topic", "delete", topic, "--yes", "-q").succeeds("")
	r.tells("topic " + topic + " was deleted")
	s.run("topic", "create", topic, "--partitions", "1", "-q").succeeds("")
	s.run("produce", topic, "-q", "new").succeeds("")
	r.writes("new\n")
	r.ends(syscall.SIGINT).succeeds("old\nnew\n").says("created again")
}

func TestTopicDeletedUnderTheWriter(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(1, nil)
	r := s.start("produce", topic)
	r.feeds("a\n")
	r.tells("offset 0")
	s.run("topic", "delete", topic, "--yes", "-q").succeeds("")
	r.feeds("b\nc\n")
	if err := r.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	r.ends(0).fails(1, "2 of 3 messages", "no longer exists")
	if out := s.run("topics").out; strings.Contains(out, topic) {
		t.Errorf("writing to it has created it again:\n%s", out)
	}
}
