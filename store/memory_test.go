package store

import (
	"runtime"
	"testing"

	"milena/kafka/batch"
)

// heap is what the process has on its heap, after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// addBatches appends records of 200 bytes in batches of 100, a publish each ten.
func addBatches(tb testing.TB, s *Store, n int) {
	w := s.Writer(tp0)
	info := batch.Info{Count: 100}
	v := batch.View{Batch: &info, Key: make([]byte, 20), Value: make([]byte, 180)}
	for i := range n {
		if i%100 == 0 {
			info.BaseOffset = int64(i)
		}
		v.Offset, v.Index = int64(i), int32(i%100)
		w.Add(&v)
		if i%1000 == 999 {
			if err := w.Publish(ctx); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if err := w.Publish(ctx); err != nil {
		tb.Fatal(err)
	}
}

func TestTenMillionAppendsTakeNoMoreThanTheBound(t *testing.T) {
	n := 10_000_000
	if testing.Short() {
		n = 1_000_000
	}
	before := heap()
	s := New(DefaultMaxBytes, DefaultMaxRows)
	addBatches(t, s, n)
	grown := int64(heap()) - int64(before)
	st := s.Stats()
	t.Logf("%d rows of %d bytes are held; the heap grew by %d", st.Held, st.Bytes, grown)
	if st.Appended != int64(n) || st.Bytes > DefaultMaxBytes || st.Bytes < DefaultMaxBytes*9/10 {
		t.Fatalf("Stats() = %+v", st)
	}
	if grown > DefaultMaxBytes+4<<20 {
		t.Fatalf("the heap grew by %d bytes", grown)
	}
}

func TestAppendingAllocatesNothingOnceFull(t *testing.T) {
	s := New(1<<20, 0)
	addBatches(t, s, 20_000)
	w := s.Writer(tp0)
	v := view(1, 200)
	allocs := testing.AllocsPerRun(20, func() {
		for range 1000 {
			w.Add(v)
		}
		if err := w.Publish(ctx); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 2 {
		t.Fatalf("%v allocations for 1,000 records", allocs)
	}
}

func BenchmarkAppend(b *testing.B) {
	s := New(DefaultMaxBytes, DefaultMaxRows)
	addBatches(b, s, 400_000)
	b.ReportAllocs()
	b.ResetTimer()
	addBatches(b, s, b.N)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkRows(b *testing.B) {
	s := New(DefaultMaxBytes, DefaultMaxRows)
	addBatches(b, s, 400_000)
	first, _ := s.Bounds()
	rows := make([]Row, 0, 50)
	b.ReportAllocs()
	for b.Loop() {
		rows = s.Rows(first+100_000, 50, 1024, rows[:0])
	}
}
