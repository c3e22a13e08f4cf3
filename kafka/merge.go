package kafka

// Partitions merged into one order.

import (
	"cmp"
	"slices"
)

// A merge gives the items of several queues in the order of their keys; ties by
// rank, and within a queue in its own order. Keys never go down within a queue.
//
// A queue that is empty still says something: nothing that comes is before its
// mark. So what is found in one partition is given as soon as the others are
// read that far, whether or not anything was found there.
type merge struct {
	heap []*mergeQueue // the one whose turn is next is first
}

// mergeQueue is one partition's part of a merge.
type mergeQueue struct {
	rank  int
	items []mergeItem
	mark  int64 // keys that come are not below it
	ended bool  // nothing comes
}

// mergeItem is a record and its place.
type mergeItem struct {
	Record
	key int64
}

// bound is the least key that the queue may give next.
func (q *mergeQueue) bound() int64 {
	if len(q.items) > 0 {
		return q.items[0].key
	}
	return q.mark
}

func (q *mergeQueue) before(r *mergeQueue) bool {
	return cmp.Or(cmp.Compare(q.bound(), r.bound()), cmp.Compare(q.rank, r.rank)) < 0
}

// newMerge starts a merge of queues as they are now. Whoever changes one makes a
// new merge.
func newMerge(queues []*mergeQueue) *merge {
	m := &merge{heap: make([]*mergeQueue, 0, len(queues))}
	for _, q := range queues {
		if len(q.items) > 0 || !q.ended {
			m.heap = append(m.heap, q)
		}
	}
	// A sorted list is a heap.
	slices.SortFunc(m.heap, func(a, b *mergeQueue) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	return m
}

// next gives the record whose turn it is; false when a queue that is empty may
// have an earlier one, or nothing is left.
func (m *merge) next() (Record, bool) {
	if len(m.heap) == 0 || len(m.heap[0].items) == 0 {
		return Record{}, false
	}
	q := m.heap[0]
	r := q.items[0].Record
	q.items[0] = mergeItem{} // its bytes are the caller's alone
	q.items = q.items[1:]
	if len(q.items) == 0 {
		q.items = nil
		if q.ended {
			last := len(m.heap) - 1
			m.heap[0] = m.heap[last]
			m.heap = m.heap[:last]
		}
	}
	m.sink()
	return r, true
}

// sink moves the first queue down to its place.
func (m *merge) sink() {
	for at := 0; ; {
		first := at
		for child := 2*at + 1; child <= 2*at+2 && child < len(m.heap); child++ {
			if m.heap[child].before(m.heap[first]) {
				first = child
			}
		}
		if first == at {
			return
		}
		m.heap[at], m.heap[first] = m.heap[first], m.heap[at]
		at = first
	}
}
