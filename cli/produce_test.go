package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"milena/kafka"
)

func TestUnsentMessagesAreNamed(t *testing.T) {
	var stderr bytes.Buffer
	s := &sender{g: &global{stderr: &stderr}, topic: "t", read: 9, began: time.Now()}
	refused := errors.New("refused")
	for _, n := range []int64{7, 3, 4, 5} { // as answers of two partitions come
		s.answered(n, kafka.Ack{}, refused)
	}
	s.answered(6, kafka.Ack{}, errors.New("too large"))
	for _, n := range []int64{1, 2, 8, 9} {
		s.answered(n, kafka.Ack{Partition: 1, Offset: n, Took: 1500 * time.Microsecond}, nil)
	}
	err := s.end(t.Context(), nil)
	want := "not sent to t: 5 of 9 messages\n  messages 3 to 5: refused\n  message 6: too large\n  message 7: refused"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	if said := stderr.String(); !strings.HasPrefix(said, "t/1 offset 1  1.5 ms\n") || strings.Count(said, "\n") != 4 {
		t.Errorf("acknowledgements: %q", said)
	}
	var interrupted interruptedError
	if errors.As(err, &interrupted) {
		t.Error("nobody interrupted it")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.end(ctx, nil); !errors.As(err, &interrupted) {
		t.Errorf("a signal that loses messages: %v", err)
	}
}

func TestManyAcknowledgementsAreSummedUp(t *testing.T) {
	var stderr bytes.Buffer
	s := &sender{g: &global{stderr: &stderr}, topic: "t", began: time.Now()}
	for n := range int64(1000) {
		s.answered(n+1, kafka.Ack{Partition: int32(n % 3), Offset: n}, nil)
	}
	if err := s.end(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if said := stderr.String(); strings.Count(said, "\n") != 11 || !strings.Contains(said, "sent 1,000 messages to 3 partitions of t in ") {
		t.Errorf("%q", said)
	}
}
