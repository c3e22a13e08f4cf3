package ui

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/internal/testseed"
	"milena/kafka"
	"milena/kafka/batch"
)

// unsteady is a cluster on a bad day: now and then it does not answer, and
// topics come and go.
type unsteady struct{ *fakeCluster }

func (c unsteady) trouble(topics ...string) error {
	var err error
	c.set(func() {
		err = c.refreshErr
		for _, name := range topics {
			if _, ok := c.topics[name]; !ok && err == nil {
				err = &kafka.UnknownTopicError{Topic: name}
			}
		}
	})
	return err
}

func topicsOf(tps []kafka.TopicPartition) (names []string) {
	for _, tp := range tps {
		names = append(names, tp.Topic)
	}
	return names
}

func (c unsteady) Offsets(ctx context.Context, at int64, iso kafka.Isolation, tps []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Offset, error) {
	if err := c.trouble(); err != nil {
		return nil, err
	}
	return c.fakeCluster.Offsets(ctx, at, iso, tps)
}

func (c unsteady) Newest(ctx context.Context, req kafka.NewestRequest) (*kafka.Newest, error) {
	if err := c.trouble(topicsOf(req.Partitions)...); err != nil {
		return nil, err
	}
	return c.fakeCluster.Newest(ctx, req)
}

func (c unsteady) Send(ctx context.Context, m kafka.Message) (kafka.Ack, error) {
	if err := c.trouble(m.Topic); err != nil {
		return kafka.Ack{}, err
	}
	return c.fakeCluster.Send(ctx, m)
}

// DeleteTopic leaves the topics that the run needs.
func (c unsteady) DeleteTopic(context.Context, string) error {
	return errors.New("not today")
}

// TestEndurance does what nobody would do, for as many steps as MILENA_ENDURANCE
// says: any keys, sizes, clicks and faults in any order. Every screen in between is
// whole, and in the end nothing is left.
func TestEndurance(t *testing.T) {
	steps := 2000
	if s := os.Getenv("MILENA_ENDURANCE"); s != "" {
		var err error
		if steps, err = strconv.Atoi(s); err != nil {
			t.Fatalf("MILENA_ENDURANCE: %v", err)
		}
	} else if testing.Short() {
		steps = 300
	}
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "TMPDIR"} {
		t.Setenv(name, t.TempDir())
	}
	t.Chdir(t.TempDir()) // random keys export, too
	var heap uint64
	inBubble(t, "run", func(t *testing.T) { heap = endure(t, testseed.Rand(t), steps) })
	const most = 96 << 20
	if heap > most {
		t.Errorf("%d MB of memory are held, of which the store may have 2", heap>>20)
	}
}

func endure(t *testing.T, rnd *rand.Rand, steps int) (heap uint64) {
	c := sample()
	open := func(context.Context, []string) (Cluster, error) { return unsteady{c}, nil }
	d := drive(t, c, Options{Open: open, Topics: []string{"orders"}, HoldBytes: 2 << 20, HoldRows: 5000}, 120, 40)
	d.quits = true
	var keys []string
	for i := range bindings {
		keys = append(keys, bindings[i].Keys...)
	}
	const letters = "abcxyz0129 {}\":=한é"
	var did []string
	for i := range steps {
		for range 64 { // a flood must not keep the keys away
			if !d.next() {
				break
			}
		}
		what := ""
		switch n := rnd.IntN(100); {
		case n < 60:
			what = keys[rnd.IntN(len(keys))]
			d.press(what)
		case n < 75:
			r := []rune(letters)
			what = string(r[rnd.IntN(len(r))])
			d.typed(what)
		case n < 82:
			size := tea.WindowSizeMsg{Width: 20 + rnd.IntN(281), Height: 5 + rnd.IntN(96)}
			what = fmt.Sprintf("%dx%d", size.Width, size.Height)
			d.send(size)
		case n < 88:
			what = "click"
			d.send(tea.MouseClickMsg{X: rnd.IntN(d.m.w), Y: rnd.IntN(d.m.h), Button: tea.MouseLeft})
		case n < 91:
			what = "wheel"
			d.send(tea.MouseWheelMsg{X: rnd.IntN(d.m.w), Y: rnd.IntN(d.m.h), Button: []tea.MouseButton{tea.MouseWheelUp, tea.MouseWheelDown}[rnd.IntN(2)]})
		case n < 93:
			what = "paste"
			d.send(tea.PasteMsg{Content: nasty[rnd.IntN(len(nasty))]})
		case n < 95:
			what = "fault"
			c.set(func() {
				if c.refreshErr = nil; rnd.IntN(2) == 0 {
					c.refreshErr = errors.New("connection reset")
				}
			})
		case n < 96:
			what = "topics come and go"
			if rnd.IntN(2) == 0 {
				c.topic("fleeting", 1+rnd.IntN(3))
			} else {
				c.set(func() { delete(c.topics, "fleeting") })
			}
		default:
			what = "records"
			for range rnd.IntN(50) {
				c.add("orders", int32(rnd.IntN(6)), batch.Record{Timestamp: time.Now().UnixMilli(), Key: []byte("k"), Value: fmt.Appendf(nil, "value %d", i)})
			}
		}
		d.advance(time.Duration(rnd.IntN(400)) * time.Millisecond)
		if did = append(did, what); len(did) > 40 {
			did = did[1:]
		}
		checkFrame(t, fmt.Sprintf("after %q", did), d.m)
	}
	c.set(func() { c.refreshErr = nil })
	d.m.opt.HoldRows = 5000
	d.send(tea.WindowSizeMsg{Width: 120, Height: 40})
	for range 6 {
		d.press("esc")
	}
	d.m.turnTo("orders")
	d.run(d.m.startSession(newest100())) // not as it was left
	d.m.dialog, d.m.zoom = nil, false
	d.m.setFocus(paneTail)
	d.until("following again", func() bool {
		s := &d.m.tail.snap
		return s.reading && s.lag == 0 && s.next > s.first && s.err == nil
	})
	checkFrame(t, "the end", d.m)
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	return mem.HeapAlloc
}
