package batch

// This file knows which transactions of a fetch response were aborted, as the
// Java consumer does (KIP-98, "Reading Transactional Messages").

import (
	"cmp"
	"slices"
)

// aborted follows the aborted transactions while a response is walked.
type aborted struct {
	list   []AbortedTxn       // those that have not begun, by first offset
	store  []AbortedTxn       // list's memory
	active map[int64]struct{} // producers whose transaction that runs was aborted
}

func (a *aborted) reset(list []AbortedTxn) {
	a.store = append(a.store[:0], list...)
	slices.SortFunc(a.store, func(x, y AbortedTxn) int { return cmp.Compare(x.FirstOffset, y.FirstOffset) })
	a.list = a.store
	clear(a.active)
}

// upTo begins the transactions whose first offset is at most last.
func (a *aborted) upTo(last int64) {
	for len(a.list) > 0 && a.list[0].FirstOffset <= last {
		if a.active == nil {
			a.active = make(map[int64]struct{})
		}
		a.active[a.list[0].ProducerID] = struct{}{}
		a.list = a.list[1:]
	}
}

// marker ends the producer's transaction when t is its abort marker. A commit
// marker ends none: what it commits was never in the list.
func (a *aborted) marker(producerID int64, t ControlType) {
	if t == AbortMarker {
		delete(a.active, producerID)
	}
}

// open says whether the producer's transaction that runs was aborted.
func (a *aborted) open(producerID int64) bool {
	_, ok := a.active[producerID]
	return ok
}

// controlType reads the type of the control batch x from its first record's key:
// a version and the type, 2 bytes each.
func (d *Decoder) controlType(x []byte) ControlType {
	p, err := d.body(x[headerLen:])
	if err != nil {
		return UnknownControl
	}
	size, n := varint(p)
	if n <= 0 || size < 0 || size > int64(len(p)-n) {
		return UnknownControl
	}
	var v View
	if _, _, ok := v.parse(p[n : n+int(size)]); !ok || len(v.Key) < 4 {
		return UnknownControl
	}
	return ControlType(uint16(v.Key[2])<<8 | uint16(v.Key[3]))
}
