package kafka

import "slices"

// mergeHeap keeps queues in the order of what they give next: the least key
// first, ties by rank.
type mergeHeap[Q any] struct{ entries []mergeEntry[Q] }

// mergeEntry is a queue and its place.
type mergeEntry[Q any] struct {
	key   int64
	rank  int
	queue Q
}

func (e *mergeEntry[Q]) before(f *mergeEntry[Q]) bool {
	return e.key < f.key || e.key == f.key && e.rank < f.rank
}

// add takes a queue; when all are there, build makes the heap of them.
func (h *mergeHeap[Q]) add(key int64, rank int, queue Q) {
	h.entries = append(h.entries, mergeEntry[Q]{key, rank, queue})
}

func (h *mergeHeap[Q]) build() {
	// A sorted list is a heap.
	slices.SortFunc(h.entries, func(a, b mergeEntry[Q]) int {
		if a.before(&b) {
			return -1
		}
		return 1
	})
}

// first is the entry whose turn it is; nil when there is none.
func (h *mergeHeap[Q]) first() *mergeEntry[Q] {
	if len(h.entries) == 0 {
		return nil
	}
	return &h.entries[0]
}

// moved puts the first entry to the place of its new key, which is not below
// the old.
func (h *mergeHeap[Q]) moved(key int64) {
	h.entries[0].key = key
	h.sink()
}

// drop takes the first entry out.
func (h *mergeHeap[Q]) drop() {
	last := len(h.entries) - 1
	h.entries[0] = h.entries[last]
	h.entries[last] = mergeEntry[Q]{}
	h.entries = h.entries[:last]
	h.sink()
}

// sink moves the first entry down to its place.
func (h *mergeHeap[Q]) sink() {
	e := h.entries
	for at := 0; ; {
		first := at
		for child := 2*at + 1; child <= 2*at+2 && child < len(e); child++ {
			if e[child].before(&e[first]) {
				first = child
			}
		}
		if first == at {
			return
		}
		e[at], e[first] = e[first], e[at]
		at = first
	}
}
