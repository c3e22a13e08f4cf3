package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"milena/internal/testseed"
	"milena/kafka"
	"milena/kafka/batch"
)

var ctx = context.Background()

// eachView decodes the records as a reader meets them and gives each view on.
func eachView(t interface{ Fatal(...any) }, recs []batch.Record, do func(*batch.View)) {
	b := batch.NewBuilder(batch.None)
	for _, r := range recs {
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := b.Finish(nil)
	if err != nil {
		t.Fatal(err)
	}
	var d batch.Decoder
	d.Walk(raw, 0, math.MaxInt64, nil, visit(do))
}

type visit func(*batch.View)

func (f visit) Record(v *batch.View) bool { f(v); return true }
func (f visit) Skip(batch.Skip)           {}

// view is a record of a transactional batch, with the offset as its value.
func view(offset int64, size int) *batch.View {
	value := fmt.Appendf(nil, "%0*d", size, offset)
	return &batch.View{
		Batch:  &batch.Info{BaseOffset: offset, Transactional: true, Timestamps: batch.CreateTime},
		Offset: offset, Timestamp: offset * 10, Key: []byte("k"), Value: value,
	}
}

func record(tp kafka.TopicPartition, offset int64, size int) kafka.Record {
	return kafka.Keep(tp, view(offset, size))
}

var tp0 = kafka.TopicPartition{Topic: "orders", Partition: 3}

func TestOneWriterOfSeveralPartitions(t *testing.T) {
	s := New(0, 0)
	w := s.Writer(tp0)
	other := kafka.TopicPartition{Topic: "payments", Partition: 1}
	w.Add(view(1, 10))
	w.Of(other)
	w.AddLate(view(7, 10))
	w.Note(Note{Kind: NoteCorrupt, First: 8, Last: 9, Text: "corrupt"})
	w.Of(tp0)
	w.Add(view(2, 10))
	if err := w.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range s.Rows(0, 10, 0, nil) {
		got = append(got, fmt.Sprintf("%s/%d/%d %v %v", r.Topic, r.Partition, r.Offset, r.Late, r.Skip != nil))
	}
	want := "orders/3/1 false false, payments/1/7 true false, payments/1/8 false true, orders/3/2 false false"
	if strings.Join(got, ", ") != want {
		t.Errorf("%v, want %v", got, want)
	}
	if r, ok := s.At(1); !ok || r.Offset != 7 || s.Stats().Notes != 1 {
		t.Errorf("a late record is a record: %v, %+v", ok, s.Stats())
	}
}

// offsets are the offsets of what is held.
func offsets(s *Store) []int64 {
	first, next := s.Bounds()
	got := []int64{}
	for _, r := range s.Rows(first, int(next-first), 0, nil) {
		got = append(got, r.Offset)
	}
	return got
}

func wantOffsets(t *testing.T, s *Store, from, to int64) {
	t.Helper()
	want := []int64{}
	for o := from; o < to; o++ {
		want = append(want, o)
	}
	if got := offsets(s); !reflect.DeepEqual(got, want) {
		t.Fatalf("offsets %v are held, not %v", got, want)
	}
}

func fill(t *testing.T, s *Store, from, to int64, size int) {
	t.Helper()
	w := s.Writer(tp0)
	for o := from; o < to; o++ {
		w.Add(view(o, size))
	}
	if err := w.Publish(ctx); err != nil {
		t.Fatal(err)
	}
}

func signalled(s *Store) bool {
	select {
	case <-s.Changed():
		return true
	default:
		return false
	}
}

func bytesOrNil(t *rapid.T, name string) []byte {
	switch rapid.IntRange(0, 9).Draw(t, name+" kind") {
	case 0:
		return nil
	case 1:
		return []byte{}
	case 2:
		return bytes.Repeat([]byte{'x'}, rapid.IntRange(0, 9000).Draw(t, name+" size"))
	}
	return rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, name)
}

func drawRecord(t *rapid.T) kafka.Record {
	rec := kafka.Record{
		Topic:     rapid.SampledFrom([]string{"a", "b"}).Draw(t, "topic"),
		Partition: rapid.Int32Range(0, 2).Draw(t, "partition"),
		Offset:    rapid.Int64().Draw(t, "offset"),
		Timestamp: rapid.Int64().Draw(t, "timestamp"),
		Key:       bytesOrNil(t, "key"),
		Value:     bytesOrNil(t, "value"),
		Index:     rapid.Int32Range(0, math.MaxInt32).Draw(t, "index"),
		Batch: batch.Info{
			BaseOffset:    rapid.Int64Range(0, 3).Draw(t, "base"),
			ProducerID:    rapid.Int64().Draw(t, "pid"),
			Transactional: rapid.Bool().Draw(t, "transactional"),
			Timestamps:    batch.TimestampType(rapid.IntRange(-1, 1).Draw(t, "type")),
		},
	}
	for range rapid.IntRange(0, 3).Draw(t, "headers") {
		rec.Headers = append(rec.Headers, batch.Header{
			Key:   rapid.SampledFrom([]string{"", "trace", "é"}).Draw(t, "name"),
			Value: bytesOrNil(t, "header"),
		})
	}
	return rec
}

// modelRow is one row as a plain slice holds it.
type modelRow struct {
	rec  kafka.Record
	note *Note
}

func checkRow(t *rapid.T, s *Store, seq Seq, want modelRow, preview int) {
	rows := s.Rows(seq, 1, preview, nil)
	if len(rows) != 1 || rows[0].Seq != seq {
		t.Fatalf("Rows(%d) = %+v", seq, rows)
	}
	row := rows[0]
	got, ok := s.At(seq)
	if want.note != nil {
		if ok || row.Skip == nil || *row.Skip != *want.note {
			t.Fatalf("row %d is %+v, not the note %+v", seq, row.Skip, want.note)
		}
		return
	}
	if !ok || !reflect.DeepEqual(got, want.rec) {
		t.Fatalf("row %d is %+v, not %+v", seq, got, want.rec)
	}
	rec := want.rec
	cut := func(b []byte) []byte { return b[:min(len(b), preview)] }
	same := row.Topic == rec.Topic && row.Partition == rec.Partition &&
		row.Offset == rec.Offset && row.Timestamp == rec.Timestamp &&
		bytes.Equal(row.Key, cut(rec.Key)) && bytes.Equal(row.Value, cut(rec.Value)) &&
		row.KeyNull == (rec.Key == nil) && row.ValueNull == (rec.Value == nil) &&
		row.KeyLen == len(rec.Key) && row.ValueLen == len(rec.Value) && row.Headers == len(rec.Headers) &&
		row.TimestampType == rec.Batch.Timestamps && row.Transactional == rec.Batch.Transactional && row.Skip == nil
	if !same {
		t.Fatalf("row %d is drawn as %+v, not %+v", seq, row, rec)
	}
}

// The store holds what a plain slice would: the same rows under the same
// numbers, less some from the old end, never beyond its bounds.
func TestStoreHoldsWhatASliceWould(t *testing.T) {
	testseed.Check(t, func(t *rapid.T) {
		maxBytes := int64(rapid.IntRange(1_000, 100_000).Draw(t, "maxBytes"))
		maxRows := rapid.IntRange(1, 60).Draw(t, "maxRows")
		s := New(maxBytes, maxRows)
		rows := map[Seq]modelRow{}
		var first, next Seq
		var entered int64
		protect := Seq(math.MaxInt64)
		over := false // Append and Note may pass the bounds while rows are protected

		ended, end := context.WithCancel(ctx)
		end()
		writers := map[kafka.TopicPartition]*Writer{}
		pending := map[kafka.TopicPartition][]modelRow{}

		enter := func(r modelRow) { rows[next] = r; next++; entered++ }
		t.Repeat(map[string]func(*rapid.T){
			"collect": func(t *rapid.T) {
				rec := drawRecord(t)
				tp := kafka.TopicPartition{Topic: rec.Topic, Partition: rec.Partition}
				w := writers[tp]
				if w == nil {
					w = s.Writer(tp)
					writers[tp] = w
				}
				eachView(t, []batch.Record{{Timestamp: rec.Timestamp, Key: rec.Key, Value: rec.Value, Headers: rec.Headers}}, func(v *batch.View) {
					w.Add(v)
					pending[tp] = append(pending[tp], modelRow{rec: kafka.Keep(tp, v)})
				})
				if rapid.Bool().Draw(t, "and a note") {
					n := Note{Kind: NoteTooLarge, TopicPartition: tp, First: rec.Offset, Last: rec.Timestamp, Text: "too läßt"}
					w.Note(n)
					pending[tp] = append(pending[tp], modelRow{note: &n})
				}
			},
			"publish": func(t *rapid.T) {
				for tp, w := range writers {
					err := w.Publish(ended)
					taken := len(pending[tp]) - w.Len()
					if err == nil && w.Len() != 0 || err != nil && (!errors.Is(err, context.Canceled) || w.Len() == 0) {
						t.Fatalf("Publish = %v with %d left", err, w.Len())
					}
					if err != nil && protect > next {
						t.Fatalf("Publish = %v though nothing is protected", err)
					}
					for _, r := range pending[tp][:taken] {
						enter(r)
					}
					pending[tp] = pending[tp][taken:]
				}
			},
			"append": func(t *rapid.T) {
				rec := drawRecord(t)
				s.Append([]kafka.Record{rec, rec})
				enter(modelRow{rec: rec})
				enter(modelRow{rec: rec})
				over = over || protect < next
			},
			"note": func(t *rapid.T) {
				n := Note{Kind: NoteCorrupt, TopicPartition: tp0, First: 3, Last: -1, Text: "no good", Time: 12}
				s.Note(n)
				enter(modelRow{note: &n})
				over = over || protect < next
			},
			"prepend": func(t *rapid.T) {
				var recs []kafka.Record
				for range rapid.IntRange(0, 5).Draw(t, "n") {
					recs = append(recs, drawRecord(t))
				}
				before := s.Stats()
				at := rapid.SampledFrom([]Seq{first, first, first, first - 1, first + 1}).Draw(t, "before")
				if s.Prepend(recs, at) {
					if at != first {
						t.Fatalf("records were put before row %d, where %d is the first", at, first)
					}
					for i, rec := range recs {
						rows[first-int64(len(recs)-i)] = modelRow{rec: rec}
					}
					first -= int64(len(recs))
					entered += int64(len(recs))
				} else if s.Stats() != before {
					t.Fatal("a Prepend that was refused did something")
				}
			},
			"protect": func(t *rapid.T) {
				protect = rapid.SampledFrom([]Seq{math.MaxInt64, first, (first + next) / 2}).Draw(t, "seq")
				s.Protect(protect)
			},
			"find": func(t *rapid.T) {
				from := rapid.Int64Range(first-2, next+2).Draw(t, "from")
				step := rapid.SampledFrom([]int{1, -1}).Draw(t, "step")
				want := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "topic")
				got, found := s.Find(func(r *kafka.Record) bool { return r.Topic == want }, from, step)
				seq := min(from, next-1)
				if step > 0 {
					seq = max(from, first)
				}
				for seq >= first && seq < next && (rows[seq].note != nil || rows[seq].rec.Topic != want) {
					seq += int64(step)
				}
				if in := seq >= first && seq < next; in != found || found && got != seq {
					t.Fatalf("Find(%q, %d, %d) = %d, %v, not %d, %v", want, from, step, got, found, seq, in)
				}
			},
			"": func(t *rapid.T) {
				gotFirst, gotNext := s.Bounds()
				if gotNext != next || gotFirst < first || gotFirst > next {
					t.Fatalf("Bounds() = %d, %d after %d, %d", gotFirst, gotNext, first, next)
				}
				if gotFirst > first && gotFirst > protect && first <= protect {
					t.Fatalf("protected rows from %d on were evicted: the first is %d", protect, gotFirst)
				}
				first = gotFirst
				st := s.Stats()
				if st.Held != int(next-first) || st.Appended != entered || st.Evicted != entered-int64(st.Held) || st.Waiting {
					t.Fatalf("Stats() = %+v with %d..%d held and %d in all", st, first, next, entered)
				}
				within := st.Held <= maxRows && (st.Bytes <= maxBytes || st.Held == 1)
				over = over && !within
				if !within && !over {
					t.Fatalf("%d rows of %d bytes are held; the bounds are %d and %d", st.Held, st.Bytes, maxRows, maxBytes)
				}
				for seq := first; seq < next; seq++ {
					checkRow(t, s, seq, rows[seq], 1+int(seq&15))
				}
			},
		})
	})
}

func TestEvictionIsExactByCount(t *testing.T) {
	s := New(0, 100)
	fill(t, s, 0, 1_234, 20)
	wantOffsets(t, s, 1_134, 1_234)
	if st := s.Stats(); st.Held != 100 || st.Evicted != 1_134 || st.Appended != 1_234 {
		t.Fatalf("Stats() = %+v", st)
	}
}

func TestEvictionByBytesLeavesNoMoreRoomThanARowNeeds(t *testing.T) {
	const budget, size = 1 << 20, 1000
	s := New(budget, 0)
	fill(t, s, 0, 5_000, size)
	st := s.Stats()
	if slack := 2*(size+rowFixed+slotSize+infoSize) + s.pages[0].infoBytes(); st.Bytes > budget || st.Bytes < int64(budget-slack) {
		t.Fatalf("%d bytes are held of %d", st.Bytes, budget)
	}
	wantOffsets(t, s, 5_000-int64(st.Held), 5_000)
}

func TestPublishWaitsForProtectedRows(t *testing.T) {
	s := New(0, 10)
	fill(t, s, 0, 10, 5)
	s.Protect(4)
	fill(t, s, 10, 14, 5) // 0..3 may go
	wantOffsets(t, s, 4, 14)
	signalled(s)

	w := s.Writer(tp0)
	for o := int64(14); o < 20; o++ {
		w.Add(view(o, 5))
	}
	done := make(chan error, 1)
	go func() { done <- w.Publish(ctx) }()
	for !s.Stats().Waiting {
		<-s.Changed() // a writer that waits is news
	}
	wantOffsets(t, s, 4, 14)
	s.Protect(6)
	for first, _ := s.Bounds(); first != 6; first, _ = s.Bounds() {
		<-s.Changed()
	}
	for !s.Stats().Waiting {
		<-s.Changed()
	}
	wantOffsets(t, s, 6, 16)
	s.Protect(math.MaxInt64)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wantOffsets(t, s, 10, 20)
	if st := s.Stats(); st.Waiting {
		t.Fatal("nobody waits any more, but Stats says so")
	}
}

func TestPublishThatWaitsEndsWithItsContextAndLosesNothing(t *testing.T) {
	s := New(0, 3)
	fill(t, s, 0, 3, 5)
	s.Protect(1)
	w := s.Writer(tp0)
	for o := int64(3); o < 6; o++ {
		w.Add(view(o, 5))
	}
	limited, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- w.Publish(limited) }()
	for !s.Stats().Waiting {
		<-s.Changed()
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("Publish = %v", err)
	}
	wantOffsets(t, s, 1, 4)
	if w.Len() != 2 || w.Bytes() == 0 {
		t.Fatalf("%d rows of %d bytes are left in the writer, not 2", w.Len(), w.Bytes())
	}
	w.Add(view(6, 5))
	s.Protect(math.MaxInt64)
	if err := w.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	wantOffsets(t, s, 4, 7)
	if w.Len() != 0 || w.Bytes() != 0 {
		t.Fatalf("%d rows of %d bytes are left in the writer", w.Len(), w.Bytes())
	}
}

func TestCloseReleasesWritersAndKeepsTheRows(t *testing.T) {
	s := New(0, 2)
	fill(t, s, 0, 2, 5)
	s.Protect(0)
	done := make(chan error)
	const writers = 3
	for range writers {
		go func() {
			w := s.Writer(tp0)
			w.Add(view(9, 5))
			done <- w.Publish(ctx)
		}()
	}
	for !s.Stats().Waiting {
		<-s.Changed()
	}
	s.Close()
	for range writers {
		if err := <-done; !errors.Is(err, ErrClosed) {
			t.Fatalf("Publish = %v", err)
		}
	}
	s.Append([]kafka.Record{record(tp0, 7, 5)})
	s.Note(Note{Text: "late"})
	if s.Prepend([]kafka.Record{record(tp0, 7, 5)}, 0) {
		t.Fatal("a closed store took records")
	}
	wantOffsets(t, s, 0, 2)
}

func TestARecordAboveTheBudgetIsHeldAlone(t *testing.T) {
	s := New(100_000, 0)
	fill(t, s, 0, 10, 100)
	fill(t, s, 10, 11, 500_000)
	wantOffsets(t, s, 10, 11)
	rec, ok := s.At(10)
	if !ok || len(rec.Value) != 500_000 {
		t.Fatalf("At(10) = %d bytes, %v", len(rec.Value), ok)
	}
	fill(t, s, 11, 13, 100)
	wantOffsets(t, s, 11, 13)
	if n := s.footprint(); n > 2*100_000 {
		t.Fatalf("%d bytes are in use after the large record went", n)
	}
}

func TestPrependPutsOlderRecordsBeforeTheFirst(t *testing.T) {
	s := New(0, 20)
	fill(t, s, 10, 20, 5)
	signalled(s)
	var older []kafka.Record
	for o := int64(4); o < 10; o++ {
		older = append(older, record(tp0, o, 5))
	}
	if s.Prepend(older, 1) || s.Prepend(older, -1) {
		t.Fatal("they were put before a row that is not the first")
	}
	if !s.Prepend(older, 0) {
		t.Fatal("there is room, but Prepend refused")
	}
	if first, next := s.Bounds(); first != -6 || next != 10 {
		t.Fatalf("Bounds() = %d, %d", first, next)
	}
	if !signalled(s) {
		t.Fatal("Prepend is news")
	}
	wantOffsets(t, s, 4, 20)
	if s.Prepend(older, -6) {
		t.Fatal("26 rows do not fit into 20")
	}
	wantOffsets(t, s, 4, 20)
	fill(t, s, 20, 26, 5)
	wantOffsets(t, s, 6, 26)
	if !s.Prepend(nil, -4) {
		t.Fatal("nothing always fits")
	}
}

func TestRowsStartAtTheFirstHeldAndAppendToDst(t *testing.T) {
	s := New(0, 4)
	fill(t, s, 0, 10, 30)
	rows := s.Rows(2, 3, 4, []Row{{Offset: 99}})
	if len(rows) != 4 || rows[0].Offset != 99 || rows[1].Seq != 6 || rows[3].Seq != 8 {
		t.Fatalf("Rows = %+v", rows)
	}
	if string(rows[1].Value) != "0000" || rows[1].ValueLen != 30 || !rows[1].Transactional {
		t.Fatalf("the first row is %+v", rows[1])
	}
	if got := s.Rows(50, 3, 4, nil); len(got) != 0 {
		t.Fatalf("beyond the end there is %+v", got)
	}
}

func TestWhatIsReadIsOnesOwn(t *testing.T) {
	s := New(5_000, 1)
	fill(t, s, 1, 2, 5)
	rec, _ := s.At(0)
	rows := s.Rows(0, 1, 10, nil)
	fill(t, s, 2, 500, 5) // the page is used again and again
	if string(rec.Value) != "00001" || string(rows[0].Value) != "00001" {
		t.Fatalf("what was read changed to %q and %q", rec.Value, rows[0].Value)
	}
}

func TestBatchFactsOfEachRecordAreKept(t *testing.T) {
	s := New(0, 0)
	w := s.Writer(tp0)
	want := batch.Info{BaseOffset: 7, LeaderEpoch: 4, Codec: batch.LZ4, ProducerID: 11, ProducerEpoch: 2, BaseSequence: 5, Count: 2, Size: 99}
	for i := range int32(2) {
		w.Add(&batch.View{Batch: &want, Offset: 7 + int64(i), Index: i})
	}
	other := batch.Info{BaseOffset: 9, Transactional: true}
	w.Add(&batch.View{Batch: &other, Offset: 9})
	if err := w.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	for seq, info := range []batch.Info{want, want, other} {
		rec, ok := s.At(int64(seq))
		if !ok || rec.Batch != info || rec.Index != int32(seq%2) {
			t.Fatalf("At(%d) = %+v", seq, rec)
		}
	}
	if n := len(s.pages[0].infos); n != 2 {
		t.Fatalf("the facts of 2 batches are held %d times", n)
	}
}

// Each partition's records stay in order and whole while many write, evict,
// look and protect at once.
func TestManyAtOnce(t *testing.T) {
	const partitions, each, size = 4, 5_000, 50
	s := New(300_000, 2_000)
	var writing, looking sync.WaitGroup
	for p := range int32(partitions) {
		writing.Go(func() {
			w := s.Writer(kafka.TopicPartition{Topic: "t", Partition: p})
			for o := range int64(each) {
				w.Add(view(o, size))
				if o%97 == 0 || o == each-1 {
					if err := w.Publish(ctx); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	stop := make(chan struct{})
	looking.Go(func() {
		var rows []Row
		for {
			select {
			case <-stop:
				return
			default:
			}
			first, next := s.Bounds()
			s.Protect((first + next) / 2)
			rows = s.Rows((first+next)/2, 40, size, rows[:0])
			last := map[int32]int64{}
			for _, r := range rows {
				if before, ok := last[r.Partition]; ok && r.Offset != before+1 {
					t.Errorf("offset %d of partition %d follows %d", r.Offset, r.Partition, before)
				}
				last[r.Partition] = r.Offset
				if string(r.Value) != fmt.Sprintf("%0*d", size, r.Offset) {
					t.Errorf("offset %d has the value %q", r.Offset, r.Value)
				}
			}
			s.At(first)
			s.Find(func(r *kafka.Record) bool { return r.Offset == each }, next, -1)
			s.Protect(math.MaxInt64)
		}
	})
	writing.Wait()
	close(stop)
	looking.Wait()
	if st := s.Stats(); st.Appended != partitions*each || st.Evicted != st.Appended-int64(st.Held) || st.Waiting {
		t.Fatalf("Stats() = %+v", st)
	}
}

func TestNotesKeepTheirPlace(t *testing.T) {
	s := New(0, 0)
	w := s.Writer(tp0)
	w.Add(view(0, 5))
	w.Note(Note{Kind: NoteCorrupt, First: 1, Last: 4, Text: "offsets 1 to 4 do not parse"})
	w.Add(view(5, 5))
	if err := w.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	s.Note(Note{Kind: NoteTopicDeleted, TopicPartition: kafka.TopicPartition{Topic: "orders", Partition: -1}, First: -1, Last: -1, Text: "gone", Time: 8})
	rows := s.Rows(0, 10, 10, nil)
	if len(rows) != 4 || rows[0].Skip != nil || rows[2].Skip != nil {
		t.Fatalf("Rows = %+v", rows)
	}
	want := Note{Kind: NoteCorrupt, TopicPartition: tp0, First: 1, Last: 4, Text: "offsets 1 to 4 do not parse"}
	if got := rows[1].Skip; got == nil || *got != want {
		t.Fatalf("the first note is %+v", got)
	}
	if got := rows[3]; got.Skip == nil || got.Skip.Text != "gone" || got.Partition != -1 || got.Timestamp != 8 {
		t.Fatalf("the second note is %+v", got)
	}
	if _, ok := s.At(1); ok {
		t.Fatal("a note is no record")
	}
	if seq, ok := s.Find(func(*kafka.Record) bool { return true }, 1, 1); !ok || seq != 2 {
		t.Fatalf("Find = %d, %v", seq, ok)
	}
}

// footprint is what the pages really take.
func (s *Store) footprint() int64 {
	var n int
	pages := s.pages
	if s.free != nil {
		pages = append(pages[:len(pages):len(pages)], s.free)
	}
	for _, p := range pages {
		n += cap(p.data) + cap(p.infos)*infoSize
	}
	return int64(n)
}

// What is really taken stays near the bound whatever the records' sizes.
func TestMemoryStaysNearTheBound(t *testing.T) {
	const budget = 4 << 20
	for name, size := range map[string]func(i int64) int{
		"tiny":            func(int64) int { return 1 },
		"usual":           func(int64) int { return 200 },
		"half a page":     func(int64) int { return 130_000 },
		"small and large": func(i int64) int { return []int{10, 20_000}[i%2] },
		"every size":      func(i int64) int { return int(i * 7919 % 40_000) },
	} {
		t.Run(name, func(t *testing.T) {
			s := New(budget, 0)
			w := s.Writer(tp0)
			for o := int64(0); o < 300 || s.Stats().Evicted < 3*int64(s.Stats().Held); o++ {
				v := view(o, size(o))
				v.Batch.BaseOffset = o / 50
				w.Add(v)
				if err := w.Publish(ctx); err != nil {
					t.Fatal(err)
				}
			}
			if n := s.footprint(); n > budget*5/4 {
				t.Fatalf("%d bytes are taken for %d", n, s.Stats().Bytes)
			}
			if st := s.Stats(); st.Bytes < budget*3/4 {
				t.Fatalf("only %d bytes are held of %d", st.Bytes, budget)
			}
		})
	}
}

func TestChangedIsOneValueForManyChanges(t *testing.T) {
	s := New(0, 0)
	if signalled(s) {
		t.Fatal("nothing happened yet")
	}
	fill(t, s, 0, 10, 5)
	fill(t, s, 10, 20, 5)
	s.Note(Note{Text: strings.Repeat("x", 10)})
	if !signalled(s) || signalled(s) {
		t.Fatal("many changes are one value")
	}
	s.Protect(0)
	if signalled(s) {
		t.Fatal("nothing new came in")
	}
}

func TestNotesAreCountedApart(t *testing.T) {
	s := New(0, 4)
	s.Append([]kafka.Record{{Topic: "t", Offset: 0}})
	s.Note(Note{Text: "a broker went away"})
	s.Note(Note{Text: "and came back"})
	s.Append([]kafka.Record{{Topic: "t", Offset: 1}})
	if st := s.Stats(); st.Held != 4 || st.Notes != 2 {
		t.Errorf("%d rows, %d of them notes; want 4 and 2", st.Held, st.Notes)
	}
	s.Append([]kafka.Record{{Topic: "t", Offset: 2}, {Topic: "t", Offset: 3}}) // a record and a note leave
	if st := s.Stats(); st.Held != 4 || st.Notes != 1 {
		t.Errorf("%d rows, %d of them notes; want 4 and 1", st.Held, st.Notes)
	}
}
