package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// held is a hold whose sends and warnings are seen.
func held(limit int64) (h *hold, sent, warned *[]string) {
	sent, warned = new([]string), new([]string)
	h = &hold{delimiter: "\t", limit: limit, stop: func() {},
		send: func(line []byte) error { *sent = append(*sent, string(line)); return nil },
		warn: func(text string) { *warned = append(*warned, text) }}
	return h, sent, warned
}

func TestARunWithoutTheDelimiterSendsNothing(t *testing.T) {
	for _, lines := range [][]string{{"a:1"}, {"a:1", "b:2"}, slices.Repeat([]string{"x"}, heldLines-1)} {
		h, sent, _ := held(-1)
		for _, l := range lines {
			if err := h.line([]byte(l)); err != nil {
				t.Fatal(err)
			}
		}
		err := h.end()
		var wrong usageError
		if !errors.As(err, &wrong) || len(*sent) > 0 || !strings.Contains(err.Error(), "nothing was sent") {
			t.Errorf("%d lines: %v, %q sent", len(lines), err, *sent)
		}
	}
	h, sent, _ := held(2) // -c 2: two lines are all there is
	if err := errors.Join(h.line([]byte("a")), h.line([]byte("b"))); err == nil || len(*sent) > 0 {
		t.Errorf("-c 2: %v, %q sent", err, *sent)
	}
	h, _, _ = held(-1)
	if err := h.end(); err != nil {
		t.Errorf("no line at all: %v", err)
	}
}

func TestTheFirstDelimiterReleasesWhatCameBeforeInOrder(t *testing.T) {
	h, sent, warned := held(-1)
	for _, l := range []string{"head", "k\tv", "tail"} {
		if err := h.line([]byte(l)); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.end(); err != nil || !slices.Equal(*sent, []string{"head", "k\tv", "tail"}) || len(*warned) > 0 {
		t.Errorf("%q sent, %q said, %v", *sent, *warned, err)
	}
}

func TestAnEndlessStreamWithoutTheDelimiterFlowsAndIsWarnedOfOnce(t *testing.T) {
	h, sent, warned := held(-1)
	for i := range 3 * heldLines {
		if err := h.line(fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(*sent) != 3*heldLines || len(*warned) != 1 || !strings.Contains((*warned)[0], "first 100 lines") {
		t.Errorf("%d sent, %q said", len(*sent), *warned)
	}
}

func TestALivePipeWaitsNoLongerThanATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, sent, warned := held(-1)
		err := h.line([]byte("first"))
		h.mu.Lock() // the timer sends under it
		early := len(*sent)
		h.mu.Unlock()
		if err != nil || early > 0 {
			t.Fatalf("%v, %d sent", err, early)
		}
		time.Sleep(heldTime)
		synctest.Wait()
		if len(*sent) != 1 || len(*warned) != 1 {
			t.Errorf("%q sent, %q said", *sent, *warned)
		}
		if err = errors.Join(h.line([]byte("second")), h.end()); err != nil || len(*sent) != 2 || len(*warned) != 1 {
			t.Errorf("%v, %q sent, %q said", err, *sent, *warned)
		}
	})
}

func TestASendThatFailsAfterTheTimeEndsTheInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, _ := held(-1)
		stopped := false
		h.stop = func() { stopped = true }
		h.send = func([]byte) error { return errLimit }
		if err := h.line([]byte("x")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(heldTime)
		synctest.Wait()
		if err := h.end(); !stopped || !errors.Is(err, errLimit) {
			t.Errorf("stopped %t, %v", stopped, err)
		}
	})
}
