package demo

// Tests of the world without a cluster.

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"
)

// notes is a recorder that remembers what it was given.
type notes struct {
	records   []*record
	committed int
	aborted   int
	letters   int
}

func (n *notes) record(r *record) { n.records = append(n.records, r) }

func (n *notes) transaction(commit bool, records ...*record) {
	if commit {
		n.committed++
	} else {
		n.aborted++
	}
	n.records = append(n.records, records...)
}

func (n *notes) deadLetter(letter, _ *record) {
	n.letters++
	n.records = append(n.records, letter)
}

func (n *notes) digest() string {
	h := sha256.New()
	for _, r := range n.records {
		_, _ = fmt.Fprintf(h, "%s %d %q %q %q\n", r.topic, r.timestamp.UnixNano(), r.key, r.value, r.headers)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

var noon = time.Date(2026, 11, 17, 12, 0, 0, 0, time.UTC)

func newSampleWorld(start time.Time) (*world, *notes) {
	n := new(notes)
	w := newWorld(start, n)
	countMessages(w, 0, 0)
	greet(w)
	measure(w)
	openShop(w)
	return w, n
}

func TestTheSamePastForTheSameNow(t *testing.T) {
	var digests []string
	for range 2 {
		w, n := newSampleWorld(noon)
		w.run(noon.Add(time.Hour))
		digests = append(digests, n.digest())
	}
	if digests[0] != digests[1] {
		t.Error("two worlds of the same start differ")
	}
}

func TestThePastAndThePresentAreOneWorld(t *testing.T) {
	whole, a := newSampleWorld(noon)
	whole.run(noon.Add(time.Hour))
	steps, b := newSampleWorld(noon)
	for at := noon; !at.After(noon.Add(time.Hour)); at = at.Add(700 * time.Millisecond) {
		steps.run(at)
	}
	steps.run(noon.Add(time.Hour))
	if a.digest() != b.digest() {
		t.Error("a world that is run in steps differs from one that is run at once")
	}
}

func TestRecordsComeInOrderOfTime(t *testing.T) {
	w, n := newSampleWorld(noon)
	w.run(noon.Add(past))
	for i := 1; i < len(n.records); i++ {
		if n.records[i].timestamp.Before(n.records[i-1].timestamp) {
			t.Fatalf("record %d is older than the one before it", i)
		}
	}
	if n.committed == 0 || n.aborted == 0 || n.letters == 0 {
		t.Errorf("%d committed, %d aborted, %d dead letters: want some of each", n.committed, n.aborted, n.letters)
	}
}

func TestSomebodyWhoWatchesSeesABurst(t *testing.T) {
	w, n := newSampleWorld(noon)
	now := noon.Add(time.Minute)
	w.run(now)
	w.watched()
	before := len(n.records)
	most := 0
	for s := range 60 {
		w.run(now.Add(time.Duration(s+1) * time.Second))
		most, before = max(most, len(n.records)-before), len(n.records)
	}
	if most < 80 {
		t.Errorf("the busiest second had %d records, want a burst", most)
	}
}

func TestASleepingLaptopLeavesAGapNotAFlood(t *testing.T) {
	w, n := newSampleWorld(noon)
	w.run(noon.Add(time.Minute))
	had := len(n.records)
	morning := noon.Add(20 * time.Hour)
	w.oversleep(morning)
	w.run(morning.Add(2 * time.Second))
	fresh := n.records[had:]
	if len(fresh) == 0 || len(fresh) > 100 {
		t.Errorf("%d records after waking, want what two seconds bring", len(fresh))
	}
	for _, r := range fresh {
		if r.timestamp.Before(morning) {
			t.Fatalf("a record of %s is from %v, when nothing ran", r.topic, r.timestamp)
		}
	}
}

func TestMoneyHasTwoDecimals(t *testing.T) {
	for c, want := range map[cents]string{0: "0.00", 5: "0.05", 1290: "12.90", -120: "-1.20"} {
		if got, err := c.MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("%d cents print as %s, %v, want %s", int64(c), got, err, want)
		}
	}
}
