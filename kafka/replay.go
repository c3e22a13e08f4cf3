package kafka

// Records given again at the speed at which they were written, or a multiple.

// Speed is how much faster than at first a replay is: 1, 2, 10, 100 …; 0 is as
// fast as possible.
type Speed float64

// Replay paces an OrderedSink: a record comes as long after the one before as
// their timestamps are apart, divided by the speed. It can be paused, stepped,
// and made faster or slower at any time, from any goroutine.
type Replay struct {
	OrderedSink
}
