// Package e2e tests the program as a whole: against real brokers that fail, and
// against what other clients of Kafka write and read.
//
// This file judges a history as Jepsen judges Kafka: values are unique, it is
// known what was sent and what became of it, and what each reader was shown, in
// which order. Check names everything that should not be.
package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Outcome is what a sender was told about one of its messages.
type Outcome int8

// The outcomes. A message may be in the log only if it was acknowledged, in
// doubt, or aborted.
const (
	Acked   Outcome = iota // acknowledged: it is in the log, once
	Doubted                // an error that leaves open whether it arrived
	Refused                // an error that says it was not sent
	Aborted                // sent in a transaction that was aborted
)

// Sent is one message as its sender knows it.
type Sent struct {
	Value     string // unique
	Sender    string // order is promised among the messages of one sender to one partition
	Partition int32
	Offset    int64 // as acknowledged; -1: not known
	Outcome   Outcome
}

// Seen is one record as a reader was shown it.
type Seen struct {
	Offset int64
	Value  string
}

// Stretch is what one reader was shown of one partition without a break: of a
// tail everything, of a group's member one generation.
type Stretch struct {
	Reader    string
	Partition int32
	Records   []Seen // in the order of showing
}

// Promise is what a way of reading promises.
type Promise struct {
	// Once: every record is shown exactly once. Otherwise at least once, and
	// what one stretch was shown may come again in a later one.
	Once bool
	// Committed: records of aborted transactions are not shown.
	Committed bool
}

// Kind is a kind of anomaly.
type Kind string

// The kinds of anomalies.
const (
	Lost        Kind = "lost"             // acknowledged, and nothing from there on was shown
	Skipped     Kind = "skipped"          // acknowledged, and passed over
	Doubled     Kind = "doubled"          // shown more often than promised, or in the log twice
	OutOfOrder  Kind = "out of order"     // offsets do not rise, or a sender's order is broken
	AbortedSeen Kind = "aborted but seen" // of an aborted transaction
	RefusedSeen Kind = "refused but seen" // its sender was told that it was not sent
	Foreign     Kind = "foreign"          // nobody sent it
	Misplaced   Kind = "misplaced"        // acknowledged at another place than it was shown at
)

// Anomaly is one thing that should not be.
type Anomaly struct {
	Kind      Kind
	Reader    string // empty: no reader was shown it
	Partition int32
	Offset    int64
	Value     string
	Detail    string
}

// String is a sentence.
func (a Anomaly) String() string {
	s := fmt.Sprintf("%s: %q at %d/%d", a.Kind, a.Value, a.Partition, a.Offset)
	if a.Reader != "" {
		s += " by " + a.Reader
	}
	if a.Detail != "" {
		s += ": " + a.Detail
	}
	return s
}

// place is where a record lies.
type place struct {
	partition int32
	offset    int64
}

// checker holds what Check knows of a history.
type checker struct {
	promise Promise
	sent    map[string]int   // index by value; a sender's own order is rising
	history []Sent           //
	acked   map[int32][]Sent // with a known offset, by offset
	places  map[string]place // where a value was first shown
	shown   map[place]bool   // by the stretches so far
	top     map[int32]int64  // the highest offset that any stretch was shown
	found   []Anomaly        //
}

// Check judges what readers were shown of the messages that were sent. sent is
// in each sender's order, stretches in the order in which they began.
func Check(sent []Sent, stretches []Stretch, promise Promise) []Anomaly {
	c := &checker{
		promise: promise,
		sent:    make(map[string]int, len(sent)),
		history: sent,
		acked:   make(map[int32][]Sent),
		places:  make(map[string]place, len(sent)),
		shown:   make(map[place]bool, len(sent)),
		top:     make(map[int32]int64),
	}
	for i, s := range sent {
		c.sent[s.Value] = i
		if s.Outcome == Acked && s.Offset >= 0 {
			c.acked[s.Partition] = append(c.acked[s.Partition], s)
		}
	}
	for p := range c.acked {
		slices.SortStableFunc(c.acked[p], func(a, b Sent) int { return cmp.Compare(a.Offset, b.Offset) })
		c.twoAtOnePlace(c.acked[p])
	}
	for _, s := range stretches {
		for _, r := range s.Records {
			if top, ok := c.top[s.Partition]; !ok || r.Offset > top {
				c.top[s.Partition] = r.Offset
			}
		}
	}
	for _, s := range stretches {
		c.stretch(s)
	}
	c.unseen()
	return c.found
}

func (c *checker) add(k Kind, reader string, partition int32, offset int64, value, detail string) {
	c.found = append(c.found, Anomaly{k, reader, partition, offset, value, detail})
}

// twoAtOnePlace finds acknowledgements that name the same offset.
func (c *checker) twoAtOnePlace(acked []Sent) {
	for i := 1; i < len(acked); i++ {
		if a, b := acked[i-1], acked[i]; a.Offset == b.Offset {
			c.add(Misplaced, "", b.Partition, b.Offset, b.Value, fmt.Sprintf("%q was acknowledged there too", a.Value))
		}
	}
}

// stretch judges one stretch by itself and against those before it.
func (c *checker) stretch(s Stretch) {
	if len(s.Records) == 0 {
		return
	}
	first, last := s.Records[0].Offset, s.Records[0].Offset
	offsets := make(map[int64]bool, len(s.Records))
	newest := make(map[string]int) // the latest message of each sender, by its index
	for i, r := range s.Records {
		if i > 0 {
			switch before := s.Records[i-1].Offset; {
			case offsets[r.Offset]:
				c.add(Doubled, s.Reader, s.Partition, r.Offset, r.Value, "the same offset was shown before")
			case r.Offset < before:
				c.add(OutOfOrder, s.Reader, s.Partition, r.Offset, r.Value, fmt.Sprintf("shown after offset %d", before))
			}
		}
		first, last = min(first, r.Offset), max(last, r.Offset)
		c.record(s, r, offsets[r.Offset], newest)
		offsets[r.Offset] = true
	}
	for _, m := range c.acked[s.Partition] {
		at := place{s.Partition, m.Offset}
		switch {
		case m.Offset > last || offsets[m.Offset]:
		case m.Offset > first:
			c.add(Skipped, s.Reader, s.Partition, m.Offset, m.Value, fmt.Sprintf("within %d to %d", first, last))
		case !c.shown[at] && !c.promise.Once: // else unseen tells
			c.add(Skipped, s.Reader, s.Partition, m.Offset, m.Value, fmt.Sprintf("it begins at %d, and nobody was shown this before", first))
		}
	}
	for o := range offsets {
		c.shown[place{s.Partition, o}] = true
	}
}

// record judges one record that was shown; again tells that this stretch showed
// its offset before.
func (c *checker) record(s Stretch, r Seen, again bool, newest map[string]int) {
	at := place{s.Partition, r.Offset}
	if before, ok := c.places[r.Value]; ok && before != at {
		c.add(Doubled, s.Reader, s.Partition, r.Offset, r.Value, fmt.Sprintf("it is also at %d/%d", before.partition, before.offset))
	} else if !ok {
		c.places[r.Value] = at
	}
	if c.promise.Once && c.shown[at] && !again {
		c.add(Doubled, s.Reader, s.Partition, r.Offset, r.Value, "another stretch showed it before")
	}
	i, ok := c.sent[r.Value]
	if !ok {
		c.add(Foreign, s.Reader, s.Partition, r.Offset, r.Value, "")
		return
	}
	m := c.history[i]
	switch {
	case m.Outcome == Refused:
		c.add(RefusedSeen, s.Reader, s.Partition, r.Offset, r.Value, "")
	case m.Outcome == Aborted && c.promise.Committed:
		c.add(AbortedSeen, s.Reader, s.Partition, r.Offset, r.Value, "")
	case m.Outcome == Acked && m.Offset >= 0 && (place{m.Partition, m.Offset}) != at:
		c.add(Misplaced, s.Reader, s.Partition, r.Offset, r.Value, fmt.Sprintf("it was acknowledged at %d/%d", m.Partition, m.Offset))
	}
	if before, ok := newest[m.Sender]; ok && i < before {
		c.add(OutOfOrder, s.Reader, s.Partition, r.Offset, r.Value, fmt.Sprintf("%s sent it before %q", m.Sender, c.history[before].Value))
	}
	newest[m.Sender] = max(i, newest[m.Sender])
}

// unseen finds what was acknowledged and shown to nobody.
func (c *checker) unseen() {
	reported := make(map[string]bool)
	for _, a := range c.found {
		reported[a.Value] = reported[a.Value] || a.Kind == Skipped
	}
	for _, p := range slices.Sorted(maps.Keys(c.acked)) {
		for _, m := range c.acked[p] {
			if _, ok := c.places[m.Value]; ok || reported[m.Value] {
				continue
			}
			top, any := c.top[p]
			if any && m.Offset < top {
				c.add(Skipped, "", p, m.Offset, m.Value, fmt.Sprintf("records up to %d were shown", top))
			} else {
				c.add(Lost, "", p, m.Offset, m.Value, "")
			}
		}
	}
	for _, m := range c.history {
		if _, ok := c.places[m.Value]; !ok && m.Outcome == Acked && m.Offset < 0 {
			c.add(Lost, "", m.Partition, m.Offset, m.Value, "acknowledged without an offset")
		}
	}
}
