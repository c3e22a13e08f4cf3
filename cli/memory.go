package cli

// How much memory the program takes.

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// memoryGoal is where the collector begins to work harder. What is held on
// purpose is bounded well below it (see docs/architecture.md), so all above is
// waste; one huge message, or a cluster of a hundred thousand partitions, may
// pass it.
const memoryGoal = 92 << 20

// memoryBeside is what the runtime takes beside the heap, about. manyPointers is
// how much there must be to look through before a collection takes long.
const (
	memoryBeside = 16 << 20
	manyPointers = 32 << 20
)

// boundMemory holds the program at memoryGoal, unless GOMEMLIMIT in the
// environment says otherwise. However often it is called, it does so once.
func boundMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		bounding.Do(func() { afterCollection(struct{}{}) })
	}
}

var bounding sync.Once

// afterCollection moves the limit with what is alive, and comes again after the
// next collection: it is called when what it leaves behind is collected.
func afterCollection(struct{}) {
	heap := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/heap:bytes"}}
	metrics.Read(heap)
	debug.SetMemoryLimit(memoryLimit(heap[0].Value.Uint64(), heap[1].Value.Uint64()))
	runtime.AddCleanup(new(*int), afterCollection, struct{}{})
}

// memoryLimit leaves room for half of what a collection has to look through (scan,
// of the bytes that are alive), when that is much: with less, the collector would
// hardly do anything else. The bytes of records hold no pointers.
func memoryLimit(alive, scan uint64) int64 {
	if scan < manyPointers {
		return memoryGoal
	}
	return max(memoryGoal, int64(alive+scan/2+memoryBeside))
}
