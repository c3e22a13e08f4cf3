package kafka

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
)

// All requests of a pipeline are on their way before any is answered: that is
// why it takes one round trip.
func TestPipelineDoesNotWaitForAnswers(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	const n = 50
	go func() {
		defer theirs.Close()
		var ids [n][4]byte
		for i := range n {
			var size [4]byte
			if _, err := io.ReadFull(theirs, size[:]); err != nil {
				return
			}
			body := make([]byte, binary.BigEndian.Uint32(size[:]))
			if _, err := io.ReadFull(theirs, body); err != nil {
				return
			}
			copy(ids[i][:], body[4:])
		}
		for i, id := range ids {
			text := fmt.Append(nil, i)
			answer := binary.BigEndian.AppendUint32(nil, uint32(4+len(text)))
			if _, err := theirs.Write(append(append(answer, id[:]...), text...)); err != nil {
				return
			}
		}
	}()
	var p pipeline
	for range n {
		p = append(p, &request{key: apiListOffsets, body: []byte("question")})
	}
	all, err := p.exchange(struct{ io.ReadWriter }{ours}) // without deadlines
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range all {
		if string(a.body) != fmt.Sprint(i) {
			t.Errorf("answer %d is %q", i, a.body)
		}
	}
}

// A connection that breaks among the answers fails the pipeline, and whoever
// still writes requests ends.
func TestPipelineBreaks(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() {
		var first [16]byte
		_, _ = io.ReadFull(theirs, first[:])
		theirs.Close()
	}()
	p := pipeline{{key: apiListOffsets, body: make([]byte, 1<<20)}, {key: apiListOffsets}}
	if _, err := p.exchange(ours); err == nil {
		t.Error("a broken connection is no error")
	}
}
