//go:build unix

package e2e

// Bad days, in a real terminal: the broker goes, the network is slow and torn,
// the machine sleeps, a topic is deleted, a permission withdrawn, the disk full.
// Each is judged by what the screen says, and that nothing is lost or doubled.

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milena/kafka"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// writer gives a function that writes the article's messages to topic "t",
// beside the network.
func writer(t *testing.T, n *network) func(from, to int) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(n.address()), kgo.DefaultProduceTopic("t"),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.Dialer(n.beside))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return func(from, to int) {
		t.Helper()
		for _, m := range counts(from, to) {
			if err := cl.ProduceSync(t.Context(), &kgo.Record{Key: m.Key, Value: m.Value}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestBadDayBrokerGoneAndBack(t *testing.T) {
	needTmux(t)
	t.Parallel()
	_, n := behind(t, kfake.SeedTopics(1, "t"))
	write := writer(t, n)
	write(0, 60)
	x := start(t, 120, 40, built(t), "-b", n.address(), "t")
	x.sees("live", "message59")
	before := x.moves("PageUp", "PageUp")
	if !strings.Contains(before, "scrolled back") {
		t.Errorf("two pages up it shows\n%s", before)
	}

	n.gone(true)
	lost := x.sees("broker gone since ", "retrying")
	if numbersOn(lost)[0] != numbersOn(before)[0] {
		t.Errorf("the rows moved from\n%s\nto\n%s", before, lost)
	}
	x.keys("?") // keys answer meanwhile
	x.sees("filter messages", "broker gone")
	x.escapes("1 new") // the row that tells of it

	write(60, 70)
	n.gone(false)
	back := x.until("go on by itself, where it was", func(s string) bool {
		return strings.Contains(s, "12 new") && !strings.Contains(s, "broker gone") // and two rows that tell of it
	})
	if numbersOn(back)[0] != numbersOn(before)[0] {
		t.Errorf("the rows moved from\n%s\nto\n%s", before, back)
	}
	x.keys("!")
	x.sees("\n notices", "does not answer", "answers again")
	x.escapes("12 new")
	x.keys("G")
	x.sees("live", "message69", "answers again") // which stands in the flow
	x.quits()
}

func TestBadDaySlowAndLossyNetwork(t *testing.T) {
	needTmux(t)
	t.Parallel()
	_, n := behind(t, kfake.SeedTopics(1, "t"))
	write := writer(t, n)
	write(0, 10)
	n.slow(500 * time.Millisecond)
	x := start(t, 120, 40, built(t), "-b", n.address(), "t")
	x.sees("live", "message9")
	n.cut()
	write(10, 20)
	x.sees("message19")
	n.silence(true)
	write(20, 30)
	x.keys("c")
	x.sees("ctrl+s send") // keys need no network
	x.types("sent through it")
	x.keys("C-s")
	x.sees("sending")
	n.silence(false)
	n.cut()
	last := x.sees("sent to partition 0 at offset 30", "seen after", "message29")
	if strings.Count(last, "sent through it") != 1 {
		t.Errorf("what was sent is not there once:\n%s", last)
	}
	x.escapes("c compose")
	x.quits()
}

// Asleep, a program does not run, and its connections are gone when it wakes.
func TestBadDayAsleep(t *testing.T) {
	needTmux(t)
	t.Parallel()
	_, n := behind(t, kfake.SeedTopics(1, "t"))
	write := writer(t, n)
	write(0, 10)
	x := start(t, 120, 40, built(t), "-b", n.address(), "t")
	x.sees("live", "message9")
	x.signal("STOP")
	n.gone(true)
	write(10, 20)
	n.gone(false)
	x.signal("CONT")
	x.sees("live", "message19")
	x.keys("/")
	x.sees("filter t")
	x.types("message -nothing")
	x.keys("Enter")
	x.unbroken(x.sees("20 of 20 seen match", "message19"))
	x.quits()
}

func TestBadDayTopicDeletedUnderTheTail(t *testing.T) {
	needTmux(t)
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(1, nil)
	s.sends(topic, counts(0, 5)...)
	x := s.traveller(topic)
	x.sees("live", "message4")
	c := s.open()
	if err := c.DeleteTopic(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	x.unbroken(x.sees("topic "+topic+" was deleted", "message4"))
	await(t, "the topic to be created again", screenPatience, func() bool {
		return c.CreateTopic(t.Context(), kafka.NewTopic{Name: topic, Partitions: 1, ReplicationFactor: -1}) == nil
	})
	s.sends(topic, kafka.Message{Value: []byte("of the new one")})
	x.sees("created again", "of the new one", "live")
	x.quits()
}

func TestBadDayPermissionWithdrawn(t *testing.T) {
	needTmux(t)
	t.Parallel()
	f, n := behind(t, kfake.SeedTopics(1, "t"))
	write := writer(t, n)
	write(0, 5)
	x := start(t, 120, 40, built(t), "-b", n.address(), "t")
	x.sees("live", "message4")
	var allowed atomic.Bool
	f.ControlKey(int16(kmsg.Fetch), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		if allowed.Load() {
			return nil, nil, false
		}
		res := q.ResponseKind().(*kmsg.FetchResponse)
		for _, of := range q.(*kmsg.FetchRequest).Topics {
			topic := kmsg.NewFetchResponseTopic()
			topic.Topic, topic.TopicID = of.Topic, of.TopicID
			for _, p := range of.Partitions {
				denied := kmsg.NewFetchResponseTopicPartition()
				denied.Partition, denied.ErrorCode = p.Partition, kerr.TopicAuthorizationFailed.Code
				topic.Partitions = append(topic.Partitions, denied)
			}
			res.Topics = append(res.Topics, topic)
		}
		return res, nil, true
	})
	x.unbroken(x.sees("stopped, retrying: ", "Not authorized", "message4"))
	allowed.Store(true)
	write(5, 10)
	x.unbroken(x.sees("live", "message9"))
	x.keys("!")
	x.sees("\n notices", "Not authorized", "reading t again")
	x.escapes("live")
	x.quits()
}

func TestBadDayDiskIsFull(t *testing.T) {
	needTmux(t)
	t.Parallel()
	s := shellOn(t, emptyBroker(t).Addrs()...)
	topic := s.topic(1, nil)
	// A shell that lets nobody below it write a byte to a file: also root.
	x := start(t, 120, 40, "sh", "-c", `ulimit -f 0; exec "$0" "$@"`, built(t), "-b", s.brokers, topic)
	x.sees("no messages yet")
	x.keys("c")
	x.sees("ctrl+s send")
	x.types("kept all the same")
	x.keys("C-s")
	x.sees("sent to partition 0 at offset 0", "not kept in the history: file too large")
	x.keys("Up")
	x.until("have it in this run", func(s string) bool { return strings.Count(s, "kept all the same") == 2 })
	x.escapes("space pause")
	x.keys("!")
	x.sees("\n notices", "not kept in the history")
	x.escapes("live")
	x.quits()
}

func TestBadDayBrokenConfig(t *testing.T) {
	needTmux(t)
	t.Parallel()
	home := newHome(t)
	dir := filepath.Join(home, ".config", "milena")
	const text = "current: dev\ncontexts:\n  dev:\n    brokerz: localhost:9092\n"
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	x := startIn(t, home, 80, 24, built(t))
	if code := x.left(); code != "2" {
		t.Errorf("the exit code is %s", code)
	}
	screen := x.sees("config.yaml:4:5", "brokerz")
	lines := strings.Split(screen, "\n")
	for i, line := range lines {
		if at := strings.Index(line, "brokerz: …"); at >= 0 && strings.Index(lines[i+1], "^") == at {
			return
		}
	}
	t.Errorf("no caret is below the word:\n%s", screen)
}
