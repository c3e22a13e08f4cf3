package kafka

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"milena/kafka/batch"
)

// played is a replay and its sink, in a bubble: time moves on as the replay waits.
type played struct {
	*Replay
	times []time.Duration // since the start, when each record was given
	start time.Time
}

func newPlayed(ctx context.Context) *played {
	p := &played{start: time.Now()}
	p.Replay = NewReplay(ctx, p)
	return p
}

// inner is the sink behind.
func (p *played) Record(_ TopicPartition, v *batch.View, _ bool) bool {
	p.times = append(p.times, time.Since(p.start))
	return true
}
func (p *played) Skip(TopicPartition, batch.Skip)               {}
func (p *played) Reached(TopicPartition, int64, PartitionState) {}
func (p *played) Flush() error                                  { return nil }
func (p *played) Event(Event)                                   {}

func at(ms int64) *batch.View { return &batch.View{Timestamp: ms} }

func TestReplayKeepsTheTimeBetweenRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			speed float64
			want  []time.Duration
		}{
			"original":            {1, []time.Duration{0, time.Second, time.Second, 61 * time.Second}},
			"ten times":           {10, []time.Duration{0, 100 * time.Millisecond, 100 * time.Millisecond, 6100 * time.Millisecond}},
			"as fast as possible": {0, []time.Duration{0, 0, 0, 0}},
		} {
			p := newPlayed(t.Context())
			p.SetSpeed(test.speed)
			// One whose timestamp is earlier than the one before comes at once.
			for _, ms := range []int64{1000, 2000, 500, 62_000} {
				p.Replay.Record(TopicPartition{}, at(ms), false)
			}
			if !slices.Equal(p.times, test.want) {
				t.Errorf("%s: %v, want %v", name, p.times, test.want)
			}
		}
	})
}

func TestReplayPausesAndSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := newPlayed(ctx)
		p.Until = func(_ TopicPartition, v *batch.View) bool { return v.Timestamp == 2000 }
		p.Replay.Record(TopicPartition{}, at(1000), false)
		p.Replay.Record(TopicPartition{}, at(2000), false)
		if !p.Paused() {
			t.Fatal("it goes on after what it was to stop at")
		}
		p.Step()
		p.Replay.Record(TopicPartition{}, at(600_000), false)
		if len(p.times) != 3 || p.times[2] != time.Second {
			t.Errorf("a step comes at once: %v", p.times)
		}
		p.Resume()
		p.Replay.Record(TopicPartition{}, at(601_000), false)
		if p.times[3] != 2*time.Second {
			t.Errorf("it goes on with the next second: %v", p.times)
		}
		p.Pause()
		done := make(chan bool)
		go func() { done <- p.Replay.Record(TopicPartition{}, at(602_000), false) }()
		synctest.Wait()
		cancel()
		if <-done {
			t.Error("a record came after the end")
		}
	})
}

func TestReplayKeepsWhatItHasWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t.Context())
		left := func(want time.Duration) {
			t.Helper()
			if s := p.State(); s.Left != want || s.Next != 101_000 {
				t.Errorf("%+v, want %v left", s, want)
			}
		}
		p.Replay.Record(TopicPartition{}, at(1000), false)
		done := make(chan bool, 1)
		go func() { done <- p.Replay.Record(TopicPartition{}, at(101_000), false) }()
		synctest.Wait()
		left(100 * time.Second)
		time.Sleep(20 * time.Second)
		p.SetSpeed(10)
		left(8 * time.Second)
		time.Sleep(3 * time.Second)
		p.SetSpeed(1)
		left(50 * time.Second)
		time.Sleep(10 * time.Second)
		p.Pause()
		time.Sleep(time.Hour)
		if s := p.State(); !s.Paused || s.Left != 0 {
			t.Errorf("paused, nothing comes by itself: %+v", s)
		}
		p.Resume()
		left(40 * time.Second)
		p.Pause()
		p.Step()
		p.Resume() // the step was wanted all the same
		if !<-done || p.State().Waits {
			t.Error("the record did not come")
		}
	})
}

func TestReplayThatWasHeldUpDoesNotRush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t.Context())
		p.Replay.Record(TopicPartition{}, at(1000), false)
		time.Sleep(time.Hour) // somebody looked at it
		for _, ms := range []int64{2000, 3000, 4000} {
			p.Replay.Record(TopicPartition{}, at(ms), false)
		}
		if want := []time.Duration{0, time.Hour, time.Hour + time.Second, time.Hour + 2*time.Second}; !slices.Equal(p.times, want) {
			t.Errorf("%v, want %v", p.times, want)
		}
	})
}
