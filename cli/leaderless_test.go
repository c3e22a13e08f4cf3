package cli

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// halfLed is a broker with a topic t of two partitions with a message each, which
// says afterwards that the second has no leader, or that neither has.
func halfLed(t *testing.T, led int) string {
	t.Helper()
	f, err := kfake.NewCluster(append(bubble.Brokers(t), kfake.NumBrokers(1), kfake.SeedTopics(2, "t"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	address := f.ListenAddrs()[0]
	for _, p := range []string{"0", "1"} {
		if code, _, errs := run(t, "produce", "t", "message of "+p, "-p", p, "-b", address); code != 0 {
			t.Fatal(errs)
		}
	}
	f.ControlKey(int16(kmsg.Metadata), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		res := q.ResponseKind().(*kmsg.MetadataResponse)
		host, port, _ := net.SplitHostPort(address)
		n, _ := strconv.Atoi(port)
		b := kmsg.NewMetadataResponseBroker()
		b.Host, b.Port = host, int32(n)
		res.Brokers = append(res.Brokers, b)
		topic := kmsg.NewMetadataResponseTopic()
		name := "t"
		topic.Topic, topic.TopicID = &name, f.TopicInfo("t").TopicID
		for id := range 2 {
			p := kmsg.NewMetadataResponseTopicPartition()
			p.Partition, p.LeaderEpoch = int32(id), -1
			if id >= led {
				p.Leader = -1
			}
			topic.Partitions = append(topic.Partitions, p)
		}
		res.Topics = append(res.Topics, topic)
		return res, nil, true
	})
	return address
}

func TestTailOfALeaderlessPartition(t *testing.T) {
	const why = "t/1 cannot be read now: it has no leader now"
	for name, x := range map[string]struct {
		led  int
		args []string
		code int
		out  string
		errs string
	}{
		"to the end":          {1, []string{"-o", "beginning", "-e"}, 1, "message of 0\n", "not everything was read: " + why},
		"counted":             {1, []string{"-o", "beginning", "-e", "--count"}, 1, "1\n", "not everything was read: " + why},
		"as many as wanted":   {1, []string{"-o", "beginning", "-e", "-c", "1"}, 0, "message of 0\n", ""},
		"followed":            {1, []string{"-o", "beginning", "-c", "1"}, 0, "message of 0\n", why},
		"the others only":     {1, []string{"-o", "beginning", "-e", "-p", "0"}, 0, "message of 0\n", ""},
		"nothing can be read": {0, []string{"-o", "beginning"}, 1, "", "t/0 cannot be read now"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				code, out, errs := run(t, append([]string{"tail", "t", "-b", halfLed(t, x.led)}, x.args...)...)
				if code != x.code || out != x.out || !strings.Contains(errs, x.errs) || x.errs == "" && errs != "" {
					t.Errorf("exit %d, %q, %q", code, out, errs)
				}
			})
		})
	}
}

func TestTraceOfALeaderlessPartition(t *testing.T) {
	for led, want := range []string{"", "message of 0"} {
		bubble.Run(t, func(t *testing.T) {
			code, out, errs := run(t, "trace", "message", "t", "-b", halfLed(t, led))
			if code != exitUnsure || !strings.Contains(out, want) || (want == "") != (out == "") ||
				!strings.Contains(errs, "not everything was read: t/"+strconv.Itoa(led)+" cannot be read now: it has no leader now") {
				t.Errorf("%d of 2 are led: exit %d, %q, %q", led, code, out, errs)
			}
		})
	}
}
