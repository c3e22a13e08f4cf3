package kafka

// Partitions merged into one order.

// A merge gives the items of several queues in the order of their keys; ties by
// rank, and within a queue in its own order. Keys never go down within a queue.
//
// A queue that is empty still says something: nothing that comes is before its
// mark. So what is found in one partition is given as soon as the others are
// read that far, whether or not anything was found there.
type merge struct{ heap mergeHeap[*mergeQueue] }

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

// newMerge starts a merge of queues as they are now. Whoever changes one makes a
// new merge.
func newMerge(queues []*mergeQueue) *merge {
	m := &merge{mergeHeap[*mergeQueue]{make([]mergeEntry[*mergeQueue], 0, len(queues))}}
	for _, q := range queues {
		if len(q.items) > 0 || !q.ended {
			m.heap.add(q.bound(), q.rank, q)
		}
	}
	m.heap.build()
	return m
}

// next gives the record whose turn it is; false when a queue that is empty may
// have an earlier one, or nothing is left.
func (m *merge) next() (Record, bool) {
	first := m.heap.first()
	if first == nil || len(first.queue.items) == 0 {
		return Record{}, false
	}
	q := first.queue
	r := q.items[0].Record
	q.items[0] = mergeItem{} // its bytes are the caller's alone
	q.items = q.items[1:]
	if len(q.items) == 0 {
		q.items = nil
		if q.ended {
			m.heap.drop()
			return r, true
		}
	}
	m.heap.moved(q.bound())
	return r, true
}
