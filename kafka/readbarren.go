package kafka

// Answers of a broker that bring nothing, although there should be something: what a
// Read makes of them. It asks again, but with pauses that grow; it says after a while
// what is wrong; and where there is an end to be reached, it gives up at last.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"milena/human"
	"milena/kafka/batch"
)

const (
	// barrenMost is how long a partition that is read to an end may bring nothing. A
	// broker that holds us back for a quota is silent for seconds (KIP-219).
	barrenMost = 30 * time.Second
	// deafMost is the same of all that is read, where nobody hears why.
	deafMost = 20 * time.Second
	// looseMost is how many answers in a row may hold bytes, and no batch among them
	// that belongs there.
	looseMost = 12
	// straysMost is how often in a row a log may end before the position, where there is
	// an end to be reached.
	straysMost = 8
	// beyondMost is by how many offsets an answer may be ahead of the high watermark
	// that stands in it: records come while it is made.
	beyondMost = 1 << 16
)

// belongs tells whether an answer's bytes hold a batch of what was asked for. One that
// is beyond the end of the log that the same answer tells is none.
func (got *fetched) belongs(offset int64) (belongs, beyond bool) {
	for h := range batch.Headers(got.records) {
		if h.LastOffset >= offset {
			beyond = got.absurd == 0 && h.LastOffset >= max(got.highWatermark, offset)+beyondMost
			return !beyond, beyond
		}
	}
	return false, false
}

// barrenLocked notes an answer, without an error of the broker's, to what was asked
// of p; got is nil when it does not name p. It tells whether there was nothing in it
// that should have been, whether all of it is to be left, and what is to be said of that.
func (f *fetcher) barrenLocked(address string, p *readPart, offset int64, got *fetched, now time.Time) (barren, leave bool, e Event) {
	var why error
	belongs := false
	if got != nil && len(got.records) > 0 {
		belongs, leave = got.belongs(offset)
	}
	switch bounded := p.to != NoEnd; {
	case got == nil:
		why = fmt.Errorf("broker %s was asked for offset %d and did not answer for this partition", address, offset)
	case len(got.records) > 0 && (got.cut || belongs):
		p.loose = 0
	case len(got.records) > 0:
		p.loose++
		why = fmt.Errorf("broker %s was asked for offset %d and answered with %d bytes that hold no record batch for it", address, offset, len(got.records))
	case got.absurd > 0:
		why = fmt.Errorf("broker %s sends nothing from offset %d on and says that the log ends at %d: no log has such an offset", address, offset, got.absurd)
	case offset < got.reach(f.req.Isolation):
		why = fmt.Errorf("broker %s sends nothing from offset %d on, but says that the log ends at %d", address, offset, got.reach(f.req.Isolation))
	case bounded:
		why = fmt.Errorf("the end was at offset %d, but broker %s now says that the log ends at %d", p.to, address, got.reach(f.req.Isolation))
	}
	if why == nil {
		p.barrenSince = time.Time{}
		return false, false, e
	}
	if p.barrenSince.IsZero() {
		p.barrenSince = now
	}
	hopeless := p.loose >= looseMost
	if p.to != NoEnd && (hopeless || now.Sub(p.barrenSince) > barrenMost) {
		f.endLocked(fmt.Errorf("%s/%d cannot be read: %w", p.Topic, p.Partition, why))
		return true, true, e
	}
	if hopeless && !p.stuckSaid {
		p.stuckSaid = true
		e = Event{Kind: PartitionStuck, TopicPartition: p.TopicPartition, Err: why}
	} else if p.stuckFor(now) {
		e = Event{Kind: PartitionStuck, TopicPartition: p.TopicPartition, Err: why}
	}
	return true, leave || hopeless, e
}

// heldUp ends a read of which nobody hears why nothing comes.
func (r *reader) heldUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.req.deaf && time.Since(r.movedAt) > deafMost {
		why := r.trouble
		if why == nil {
			why = errors.New("no broker sends anything")
		}
		r.endLocked(fmt.Errorf("gave up after %s without an answer: %w", human.Duration(deafMost), why))
	}
}

// reach is how far the partition can be read.
func (got *fetched) reach(iso Isolation) int64 {
	if iso == ReadCommitted && got.lastStable >= 0 {
		return min(got.lastStable, got.highWatermark)
	}
	return got.highWatermark
}

// pause comes after an answer to q, which was sent at a time. Where it brought nothing
// on and did not wait for it either, as a broker should, we do.
func (f *fetcher) pause(ctx context.Context, q *fetchRequest, sent time.Time, moved bool) {
	if moved {
		f.idle = 0
		return
	}
	f.idle++
	if rest := min(q.maxWait, backoff(f.idle)) - time.Since(sent); rest > 0 {
		_ = sleep(ctx, rest)
	}
}
