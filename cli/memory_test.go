package cli

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestTheLimitOfMemoryFollowsWhatIsAlive(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	boundMemory()
	comes := func(what string, ok func(limit int64) bool) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; {
			runtime.GC()
			limit := debug.SetMemoryLimit(-1)
			if ok(limit) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: the limit is %d MiB", what, limit>>20)
			}
			time.Sleep(time.Millisecond)
		}
	}
	atGoal := func(limit int64) bool { return limit == memoryGoal }
	comes("at first", atGoal)

	flat := make([]byte, 100<<20) // the collector need not look into it
	comes("with 100 MiB of records", atGoal)
	runtime.KeepAlive(flat)

	var linked [][]*int64
	for range 100 {
		linked = append(linked, make([]*int64, 1<<17))
	}
	comes("with 100 MiB of pointers", func(limit int64) bool { return limit > 150<<20 && limit < 250<<20 })
	runtime.KeepAlive(linked)
	comes("without them", atGoal)
}
