package kafka

// Records given again at the speed at which they were written, or a multiple.

import (
	"context"
	"sync"
	"time"

	"milena/kafka/batch"
)

// Replay paces the OrderedSink behind it: a record comes as long after the one
// before as their timestamps are apart, divided by the speed. While it waits,
// the read behind it waits, too: nothing is lost and little is held. It can be
// paused, stepped, and made faster or slower from any goroutine.
type Replay struct {
	OrderedSink
	// Until, when not nil, tells of a record at which the replay pauses; it is
	// given before.
	Until func(TopicPartition, *batch.View) bool

	ctx   context.Context
	clock replayClock

	mu     sync.Mutex // guards what follows
	speed  float64    // 0: as fast as possible
	paused bool
	steps  int           // records that may come while it is paused
	change chan struct{} // closed when one of these changes

	// Of whoever calls Record.
	last int64     // the timestamp of the latest record; -1: none
	at   time.Time // when it was given
}

// replayClock is the time that a replay lives in.
type replayClock struct {
	now   func() time.Time
	after func(time.Duration) <-chan time.Time
}

// NewReplay paces sink, at the original speed at first. When ctx ends, it takes
// no more records.
func NewReplay(ctx context.Context, sink OrderedSink) *Replay {
	return &Replay{OrderedSink: sink, ctx: ctx, clock: replayClock{time.Now, time.After}, speed: 1, change: make(chan struct{}), last: -1}
}

// SetSpeed makes the replay so many times as fast as the records were written; 0
// is as fast as possible.
func (r *Replay) SetSpeed(times float64) { r.set(func() { r.speed = times }) }

// Pause stops before the next record.
func (r *Replay) Pause() { r.set(func() { r.paused, r.steps = true, 0 }) }

// Step gives one record, at once, of a replay that is paused.
func (r *Replay) Step() { r.set(func() { r.steps++ }) }

// Resume goes on from where the replay was paused: the wait for the next record
// begins anew.
func (r *Replay) Resume() { r.set(func() { r.paused, r.steps, r.at = false, 0, r.clock.now() }) }

// Paused tells whether it is paused.
func (r *Replay) Paused() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.paused
}

func (r *Replay) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	close(r.change)
	r.change = make(chan struct{})
}

// Record gives a record when its time has come.
func (r *Replay) Record(tp TopicPartition, v *batch.View, late bool) bool {
	for flushed := false; ; {
		wait, change := r.wait(v.Timestamp)
		if wait == 0 {
			break
		}
		// Those before it are to be seen while it waits.
		if !flushed && r.OrderedSink.Flush() != nil {
			return false
		}
		flushed = true
		var timer <-chan time.Time
		if wait > 0 {
			timer = r.clock.after(wait)
		}
		select {
		case <-timer:
		case <-change:
		case <-r.ctx.Done():
			return false
		}
	}
	if !r.OrderedSink.Record(tp, v, late) {
		return false
	}
	if r.Until != nil && r.Until(tp, v) {
		r.Pause()
	}
	return true
}

// wait is how long the record with that timestamp has still to wait; 0: it is
// its turn; negative: until something changes.
func (r *Replay) wait(timestamp int64) (time.Duration, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.now()
	switch {
	case r.paused && r.steps == 0:
		return -1, r.change
	case r.paused:
		r.steps--
	case r.speed > 0 && r.last >= 0 && timestamp > r.last:
		// Beyond a century a Duration ends, and everybody's patience.
		apart := min(float64(timestamp-r.last)/r.speed, float64(100*365*24*time.Hour/time.Millisecond))
		if left := r.at.Add(time.Duration(apart * float64(time.Millisecond))).Sub(now); left > 0 {
			return left, r.change
		}
		// The next wait begins when this one was over, not when somebody noticed.
		now = r.at.Add(time.Duration(apart * float64(time.Millisecond)))
	}
	if timestamp >= r.last {
		r.last, r.at = timestamp, now
	}
	return 0, nil
}
