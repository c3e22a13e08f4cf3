package batch

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"milena/internal/testseed"

	"pgregory.net/rapid"
)

func TestReadCommittedSkipsAbortedRecords(t *testing.T) {
	raw := concat(
		build(t, spec{base: 0, pid: 1, records: values(2)}), // aborted at 5
		build(t, spec{base: 2, pid: 2, records: values(1)}), // committed at 4
		build(t, spec{base: 3, records: values(1)}),         // of no transaction
		marker(t, 4, 2, CommitMarker),
		marker(t, 5, 1, AbortMarker),
		build(t, spec{base: 6, pid: 1, records: values(1)}), // committed at 7
		marker(t, 7, 1, CommitMarker),
		build(t, spec{base: 8, pid: 1, records: values(1)}), // aborted at 9
		marker(t, 9, 1, AbortMarker),
	)
	list := []AbortedTxn{{1, 8}, {1, 0}} // in no order
	d := Decoder{Committed: true}
	var k keeper
	next, _ := d.Walk(raw, 0, -1, list, &k)
	expect(t, &k, next, 10, "aborted 0-1", "2", "3", "control 4-4", "control 5-5", "6", "control 7-7", "aborted 8-8", "control 9-9")
	if !reflect.DeepEqual(list, []AbortedTxn{{1, 8}, {1, 0}}) {
		t.Error("the caller's list was changed")
	}

	// The same bytes once more from the middle: the marker before it counts.
	k = keeper{}
	next, _ = d.Walk(raw, 6, -1, list, &k)
	expect(t, &k, next, 10, "6", "control 7-7", "aborted 8-8", "control 9-9")

	d.Committed = false
	k = keeper{}
	next, _ = d.Walk(raw, 0, -1, list, &k)
	expect(t, &k, next, 10, "0", "1", "2", "3", "control 4-4", "control 5-5", "6", "control 7-7", "8", "control 9-9")
}

func TestAnAbortedBatchThatIsCompactedToNothingIsAGap(t *testing.T) {
	raw := concat(remove(t, build(t, spec{pid: 1, records: values(2)}), 0, 1), build(t, spec{base: 2, pid: 1, records: values(1)}))
	d := Decoder{Committed: true}
	var k keeper
	next, _ := d.Walk(raw, 0, -1, []AbortedTxn{{1, 0}}, &k)
	expect(t, &k, next, 3, "gap 0-1", "aborted 2-2")
}

func TestACommitMarkerEndsNoAbortedTransaction(t *testing.T) {
	raw := concat(
		build(t, spec{base: 0, pid: 1, records: values(1)}),
		marker(t, 1, 2, CommitMarker), // another producer's
		marker(t, 2, 2, AbortMarker),  // another producer's
		build(t, spec{base: 3, pid: 1, records: values(1)}),
		marker(t, 4, 1, AbortMarker),
	)
	d := Decoder{Committed: true}
	var k keeper
	next, _ := d.Walk(raw, 0, -1, []AbortedTxn{{1, 0}}, &k)
	expect(t, &k, next, 5, "aborted 0-0", "control 1-1", "control 2-2", "aborted 3-3", "control 4-4")
}

func TestReadCommittedAgreesWithTheHistory(t *testing.T) {
	testseed.Check(t, func(rt *rapid.T) {
		// Producers 1 to 3 write transactions that interleave, 4 writes plain
		// batches. The model knows each transaction's fate from the start.
		type txn struct {
			first   int64
			abort   bool
			running bool
		}
		open := map[int64]*txn{}
		var raw []byte
		var list []AbortedTxn
		var want []string
		var offset int64
		end := func(pid int64) {
			m := open[pid]
			c := CommitMarker
			if m.abort {
				c = AbortMarker
			}
			raw = append(raw, marker(t, offset, pid, c)...)
			want = append(want, fmt.Sprintf("control %d-%d", offset, offset))
			offset++
			m.running = false
		}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			pid := int64(rapid.IntRange(1, 4).Draw(rt, "producer"))
			if m := open[pid]; m != nil && m.running && rapid.IntRange(0, 2).Draw(rt, "end") == 0 {
				end(pid)
				continue
			}
			n := rapid.IntRange(1, 3).Draw(rt, "records")
			s := spec{base: offset, codec: rapid.SampledFrom(codecs).Draw(rt, "codec"), records: values(n)}
			aborted := false
			if pid < 4 {
				s.pid = pid
				m := open[pid]
				if m == nil || !m.running {
					m = &txn{first: offset, abort: rapid.Bool().Draw(rt, "abort"), running: true}
					open[pid] = m
					if m.abort {
						list = append(list, AbortedTxn{pid, offset})
					}
				}
				aborted = m.abort
			}
			raw = append(raw, build(t, s)...)
			if aborted {
				want = append(want, fmt.Sprintf("aborted %d-%d", offset, offset+int64(n)-1))
			} else {
				for i := range n {
					want = append(want, fmt.Sprint(offset+int64(i)))
				}
			}
			offset += int64(n)
		}
		for pid := int64(1); pid < 4; pid++ {
			if m := open[pid]; m != nil && m.running {
				end(pid)
			}
		}
		seed := rapid.Uint64().Draw(rt, "shuffle")
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		d := Decoder{Committed: true}
		var k keeper
		next, more := d.Walk(raw, 0, -1, list, &k)
		if !reflect.DeepEqual(k.events, want) || next != offset || !more {
			rt.Fatalf("got  %q, next %d\nwant %q, next %d", k.events, next, want, offset)
		}
	})
}
