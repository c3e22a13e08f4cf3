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

	ctx context.Context

	mu     sync.Mutex // guards what follows
	speed  float64    // 0: as fast as possible
	paused bool
	steps  int           // records that may come at once, paused or not
	change chan struct{} // closed when one of these changes
	last   int64         // the time of the log that the replay has come to, in ms; -1: none
	at     time.Time     // when it came there
	waits  bool          // a record waits for its time
	next   int64         // its timestamp
}

// ReplayState is what a replay does now.
type ReplayState struct {
	Speed  float64 // 0: as fast as possible
	Paused bool
	Waits  bool          // a record waits for its turn
	Next   int64         // its timestamp
	Left   time.Duration // until it comes, unless the replay is paused; 0: at once
}

// heldUp is how much a replay makes up for at most when it was held up by what
// is behind it: whoever looked at something does not want to see a rush then.
const heldUp = time.Second

// NewReplay paces sink, at the original speed at first. When ctx ends, it takes
// no more records.
func NewReplay(ctx context.Context, sink OrderedSink) *Replay {
	return &Replay{OrderedSink: sink, ctx: ctx, speed: 1, change: make(chan struct{}), last: -1}
}

// SetSpeed makes the replay so many times as fast as the records were written; 0
// is as fast as possible.
func (r *Replay) SetSpeed(times float64) {
	r.set(func() {
		r.pass()
		r.speed = times
	})
}

// Pause stops before the next record.
func (r *Replay) Pause() {
	r.set(func() {
		r.pass()
		r.paused, r.steps = true, 0
	})
}

// Step gives one record at once: the next of a replay that is paused.
func (r *Replay) Step() { r.set(func() { r.steps++ }) }

// Resume goes on from where the replay was paused: what was waited for the next
// record counts.
func (r *Replay) Resume() { r.set(func() { r.paused, r.at = false, time.Now() }) }

// Paused tells whether it is paused.
func (r *Replay) Paused() bool { return r.State().Paused }

// State tells what it does now.
func (r *Replay) State() ReplayState {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := ReplayState{Speed: r.speed, Paused: r.paused, Waits: r.waits, Next: r.next}
	if r.waits && !r.paused {
		s.Left = max(0, time.Until(r.due(r.next)))
	}
	return s
}

// pass moves the replay on to the time that it is now, before the speed changes.
func (r *Replay) pass() {
	if now := time.Now(); r.waits && !r.paused && r.speed > 0 && r.last >= 0 && r.next > r.last {
		r.last = min(r.next, r.last+int64(float64(now.Sub(r.at).Milliseconds())*r.speed))
		r.at = now
	}
}

// due is when a record with that timestamp comes.
func (r *Replay) due(timestamp int64) time.Time {
	if r.speed <= 0 || r.last < 0 || timestamp <= r.last {
		return r.at
	}
	// Beyond a century a Duration ends, and everybody's patience.
	const century = float64(100 * 365 * 24 * time.Hour / time.Millisecond)
	return r.at.Add(time.Duration(min(float64(timestamp-r.last)/r.speed, century) * float64(time.Millisecond)))
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
		if !r.pauses(wait, change) {
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

// pauses waits until the time is over (negative: it never is) or something changes;
// false: the replay ended.
func (r *Replay) pauses(wait time.Duration, change <-chan struct{}) bool {
	var over <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
	case <-change:
	case <-r.ctx.Done():
		return false
	}
	return true
}

// wait is how long the record with that timestamp has still to wait; 0: it is
// its turn; negative: until something changes.
func (r *Replay) wait(timestamp int64) (time.Duration, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	switch due := r.due(timestamp); {
	case r.steps > 0:
		r.steps--
	case r.paused:
		r.waits, r.next = true, timestamp
		return -1, r.change
	case due.After(now):
		r.waits, r.next = true, timestamp
		return due.Sub(now), r.change
	case r.speed > 0 && timestamp > r.last && r.last >= 0:
		// The next wait begins when this one was over, not when somebody noticed.
		if now.Sub(due) < heldUp {
			now = due
		}
	}
	r.waits = false
	if timestamp >= r.last {
		r.last, r.at = timestamp, now
	}
	return 0, nil
}
