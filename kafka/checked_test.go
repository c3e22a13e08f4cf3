package kafka

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"net"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// asks writes a request through a connection and gives the answer that a broker sends
// for it, as frame says, to whoever reads there.
func asks(t *testing.T, wrap func(net.Conn) net.Conn, q kmsg.Request, id int32, frame []byte) ([]byte, error) {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	written := kmsg.NewRequestFormatter(kmsg.FormatterClientID("c")).AppendRequest(nil, q, id)
	c := wrap(near)
	go func() {
		_, _ = io.ReadFull(far, make([]byte, len(written)))
		for i := range frame { // a byte at a time: nothing is believed before it is there
			if _, err := far.Write(frame[i : i+1]); err != nil {
				return
			}
		}
		far.Close()
	}()
	for i := range written {
		if _, err := c.Write(written[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return io.ReadAll(c)
}

// answerFrame is an answer as a broker sends it.
func answerFrame(id int32, res kmsg.Response) []byte {
	out := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(id))
	out = res.AppendTo(out)
	binary.BigEndian.PutUint32(out, uint32(len(out)-4))
	return out
}

func TestWhatGroupsAreToldIsChecked(t *testing.T) {
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.SetVersion(0)
	res := sync.ResponseKind().(*kmsg.SyncGroupResponse)
	assignment := kmsg.NewConsumerMemberAssignment()
	assignment.Topics = append(assignment.Topics, kmsg.ConsumerMemberAssignmentTopic{Topic: "orders", Partitions: []int32{0}})
	res.MemberAssignment = assignment.AppendTo(nil)
	right := answerFrame(7, res)
	versions := kmsg.NewPtrApiVersionsRequest()
	many := answerFrame(7, versions.ResponseKind())
	binary.BigEndian.PutUint32(many[10:], math.MaxInt32)

	res.MemberAssignment = binary.BigEndian.AppendUint32([]byte{0, 0}, math.MaxInt32) // of so many topics
	lying := answerFrame(7, res)
	for name, x := range map[string]struct {
		q     kmsg.Request
		frame []byte
		ok    bool
	}{
		"right":                           {sync, right, true},
		"an answer to another request":    {sync, answerFrame(8, res), false},
		"2^31-1 topics for a member":      {sync, lying, false},
		"2^31-1 versions":                 {versions, many, false},
		"a size of -1":                    {sync, append([]byte{255, 255, 255, 255}, right[4:]...), false},
		"a size of 2 GiB":                 {sync, append([]byte{127, 255, 255, 255}, right[4:]...), false},
		"an answer that nobody asked for": {sync, append(bytes.Clone(right), right...), false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := asks(t, func(c net.Conn) net.Conn { return &checked{Conn: c} }, x.q, 7, x.frame)
			if (err == nil) != x.ok || x.ok && !bytes.Equal(got, right) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

func TestKafkaGosOwnQuestionsReachNoBroker(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	c := &answeredHere{Conn: near}
	defer c.Close()
	format := kmsg.NewRequestFormatter(kmsg.FormatterClientID("kafka-go"))
	for _, q := range []kmsg.Request{kmsg.NewPtrApiVersionsRequest(), kmsg.NewPtrMetadataRequest()} {
		q.SetVersion(0)
		if q.Key() == apiMetadata {
			q.SetVersion(1)
		}
		for _, b := range format.AppendRequest(nil, q, 1) {
			if _, err := c.Write([]byte{b}); err != nil { // to nobody: it would block
				t.Fatal(err)
			}
		}
		head := make([]byte, 8)
		if _, err := io.ReadFull(c, head); err != nil || binary.BigEndian.Uint32(head[4:]) != 1 {
			t.Fatalf("% x, %v", head, err)
		}
		body := make([]byte, binary.BigEndian.Uint32(head)-4)
		if _, err := io.ReadFull(c, body); err != nil {
			t.Fatal(err)
		}
		res := q.ResponseKind()
		if err := res.ReadFrom(body); err != nil {
			t.Errorf("%T: %v", res, err)
		}
	}
	// Ours does.
	ours := format.AppendRequest(nil, kmsg.NewPtrApiVersionsRequest(), nextCorrelation())
	go func() { _, _ = c.Write(ours) }()
	got := make([]byte, len(ours))
	if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, ours) {
		t.Errorf("% x, %v", got, err)
	}
}

// TestLoginOfOldBrokers: before Kafka 1.0 a login's bytes stand alone, after a
// handshake of version 0.
func TestLoginOfOldBrokers(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	failed := make(chan error, 1)
	go func() {
		defer far.Close()
		failed <- func() error {
			for _, res := range []kmsg.Response{kmsg.NewPtrApiVersionsResponse(), kmsg.NewPtrSASLHandshakeResponse()} {
				head := make([]byte, 4)
				if _, err := io.ReadFull(far, head); err != nil {
					return err
				}
				q := make([]byte, binary.BigEndian.Uint32(head))
				if _, err := io.ReadFull(far, q); err != nil {
					return err
				}
				if v, ok := res.(*kmsg.ApiVersionsResponse); ok {
					v.ApiKeys = []kmsg.ApiVersionsResponseApiKey{{ApiKey: apiSASLHandshake}, {ApiKey: apiMetadata, MaxVersion: 5}}
				}
				if _, err := far.Write(answerFrame(int32(binary.BigEndian.Uint32(q[4:])), res)); err != nil {
					return err
				}
			}
			token := make([]byte, 4+len("\x00u\x00p"))
			if _, err := io.ReadFull(far, token); err != nil {
				return err
			}
			if string(token) != "\x00\x00\x00\x04\x00u\x00p" {
				t.Errorf("token %q", token)
			}
			_, err := far.Write(make([]byte, 4))
			return err
		}()
	}()
	c := &Cluster{cfg: Config{SASL: &SASL{"PLAIN", "u", "p"}}.filledIn()}
	if err := c.logIn(t.Context(), near, "old:9092"); err != nil {
		t.Error(err)
	}
	if err := <-failed; err != nil {
		t.Error(err)
	}
}
