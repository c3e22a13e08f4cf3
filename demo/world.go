package demo

// The world is what happens: a queue of events on a clock of its own. The past
// is the world run as fast as it goes up to now, the present the same world
// run along with the real clock, so that one goes over into the other without
// a seam. Equal seed and start, equal world.

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"

	"milena/kafka/batch"
)

// A recorder takes what the world's applications write, in order of time.
type recorder interface {
	// record writes one record.
	record(*record)
	// transaction writes records in one transaction, and commits or aborts it.
	transaction(commit bool, records ...*record)
	// deadLetter writes a record about another one that was given to record
	// before; headers say where that one is, which is known once it is
	// written.
	deadLetter(letter, original *record)
}

type world struct {
	recorder
	rng   *rand.Rand
	now   time.Time     // when the event happens that is happening
	late  time.Duration // how far the world is behind the clock
	queue eventQueue
	seq   int64

	onWatched []func()
}

func newWorld(start time.Time, rec recorder) *world {
	const seed = 0x6d696c656e61
	return &world{
		recorder: rec,
		rng:      rand.New(rand.NewPCG(seed, uint64(start.Unix()))), //nolint:gosec // sample data, not a secret
		now:      start,
	}
}

// after lets do happen in d.
func (w *world) after(d time.Duration, do func()) {
	w.seq++
	heap.Push(&w.queue, event{at: w.now.Add(d), seq: w.seq, do: do})
}

// every lets do happen again and again, for the first time in first, and then
// each time after the duration that it returns.
func (w *world) every(first time.Duration, do func() time.Duration) {
	w.after(first, func() { w.every(do(), do) })
}

// whenWatched lets do happen when the past is over: somebody may be looking,
// who shall not wait long for the rarer things.
func (w *world) whenWatched(do func()) { w.onWatched = append(w.onWatched, do) }

// watched ends the past.
func (w *world) watched() {
	for _, do := range w.onWatched {
		do()
	}
}

// next is the time on the clock when the next event is due.
func (w *world) next() time.Time { return w.queue[0].at.Add(w.late) }

// run lets everything happen that is due at now, a time on the clock.
func (w *world) run(now time.Time) {
	for len(w.queue) > 0 && !w.next().After(now) {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		e.do()
	}
}

// oversleep puts off everything to come so that nothing was due before now,
// for a process that was stopped (a laptop that slept): applications that did
// not run wrote nothing meanwhile.
func (w *world) oversleep(now time.Time) {
	if behind := now.Sub(w.next()); behind > 0 {
		w.late += behind
	}
}

// message is a record with the present as its timestamp.
func (w *world) message(topic string, key, value []byte, headers ...batch.Header) *record {
	return &record{topic: topic, key: key, value: value, headers: headers, timestamp: w.now.Add(w.late), offset: -1}
}

// between is a random duration from low to high.
func (w *world) between(low, high time.Duration) time.Duration {
	return low + time.Duration(w.rng.Int64N(int64(high-low)))
}

// arrival is a random duration until the next arrival at a rate per second.
func (w *world) arrival(rate float64) time.Duration {
	return time.Duration(w.rng.ExpFloat64() / rate * float64(time.Second))
}

// breath is how busy the shop is at a time, from about 0.5 to 1.6: waves of
// two hours, with ripples of 17 minutes.
func breath(t time.Time) float64 {
	wave := func(period time.Duration) float64 {
		return math.Sin(2 * math.Pi * float64(t.Unix()) / period.Seconds())
	}
	return (1 + 0.4*wave(2*time.Hour)) * (1 + 0.15*wave(17*time.Minute))
}

// chance is true with probability p.
func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

// one picks one of a list.
func one[T any](w *world, list []T) T { return list[w.rng.IntN(len(list))] }

func header(key, value string) batch.Header {
	return batch.Header{Key: key, Value: []byte(value)}
}

type event struct {
	at  time.Time
	seq int64 // keeps events of one moment in the order in which they were queued
	do  func()
}

// eventQueue is a heap.Interface, soonest first.
type eventQueue []event

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].seq < q[j].seq
	}
	return q[i].at.Before(q[j].at)
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(e any)   { *q = append(*q, e.(event)) }
func (q *eventQueue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = event{}
	*q = (*q)[:last]
	return e
}
