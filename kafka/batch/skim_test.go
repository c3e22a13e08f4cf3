package batch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"milena/internal/testseed"

	"pgregory.net/rapid"
)

// skimReader wants records whose value has a text.
type skimReader struct {
	text    []byte
	found   []int64
	read    int
	skimmed int
	skips   int
}

func (s *skimReader) Record(v *View) bool {
	s.read++
	if bytes.Contains(v.Value, s.text) {
		s.found = append(s.found, v.Offset)
	}
	return true
}
func (s *skimReader) Skip(Skip)                        { s.skips++ }
func (s *skimReader) Skim(_ *Info, records []byte) int { return bytes.Index(records, s.text) }
func (s *skimReader) Skimmed(_ *Info, n int)           { s.skimmed += n }

// plainReader is the same without skimming.
type plainReader struct{ s *skimReader }

func (p plainReader) Record(v *View) bool { return p.s.Record(v) }
func (p plainReader) Skip(k Skip)         { p.s.Skip(k) }

func TestSkimmingFindsTheSameAndCountsTheRest(t *testing.T) {
	testseed.Check(t, func(r *rapid.T) {
		var raw []byte
		base := int64(0)
		for range rapid.IntRange(1, 3).Draw(r, "batches") {
			b := NewBuilder(rapid.SampledFrom([]Codec{None, Zstd}).Draw(r, "codec"))
			n := rapid.IntRange(1, 60).Draw(r, "records")
			every := rapid.IntRange(1, 60).Draw(r, "every")
			for i := range n {
				value := fmt.Appendf(nil, "value %d", i)
				if i%every == every-1 {
					value = append(value, "needle"...)
				}
				if rapid.IntRange(0, 9).Draw(r, "torn") == 0 {
					value = append(value, "nee"...) // the next record's bytes do not go on with it
				}
				if err := b.Add(Record{Key: []byte("needle"[:rapid.IntRange(0, 6).Draw(r, "key")]), Value: value}); err != nil {
					r.Fatal(err)
				}
			}
			at := len(raw)
			var err error
			if raw, err = b.Finish(raw); err != nil {
				r.Fatal(err)
			}
			binary.BigEndian.PutUint64(raw[at:], uint64(base)) // which the CRC does not cover
			base += int64(n)
		}
		from := rapid.Int64Range(0, base).Draw(r, "from")
		to := rapid.Int64Range(from, base+5).Draw(r, "to")
		var d Decoder
		plain, skim := &skimReader{text: []byte("needle")}, &skimReader{text: []byte("needle")}
		wantNext, _ := d.Walk(raw, from, to, nil, plainReader{plain})
		next, more := d.Walk(raw, from, to, nil, skim)
		if next != wantNext || !more || !slices.Equal(skim.found, plain.found) {
			r.Fatalf("up to %d, found %v; want %d, %v", next, skim.found, wantNext, plain.found)
		}
		if skim.read+skim.skimmed != plain.read || skim.skips != plain.skips {
			r.Fatalf("%d read and %d skimmed of %d, %d skips of %d", skim.read, skim.skimmed, plain.read, skim.skips, plain.skips)
		}
	})
}
