package batch

import (
	"fmt"
	"testing"
)

// benchRecords are 3000 records of 200 bytes that compress about as JSON does.
func benchRecords() []Record {
	rs := make([]Record, 3000)
	for i := range rs {
		v := fmt.Appendf(nil, `{"id":%d,"event":"order.created","user":{"name":"user-%d","plan":"free"},"total":%d.%02d,"trace":"%016x"`, i, i*7919%1000, i*31%977, i%100, uint64(i)*0x9E3779B97F4A7C15)
		for len(v) < 189 {
			v = append(v, ' '+byte(len(v)*i%64))
		}
		rs[i] = Record{Timestamp: 1700000000000 + int64(i), Key: []byte("user-12345"), Value: append(v, '}')}
	}
	return rs
}

// counter looks at each record as a count does.
type counter struct{ records, bytes int }

func (c *counter) Record(v *View) bool { c.records++; c.bytes += len(v.Value); return true }
func (c *counter) Skip(Skip)           {}

func BenchmarkWalk(b *testing.B) {
	records := benchRecords()
	for _, codec := range codecs {
		b.Run(codec.String(), func(b *testing.B) {
			x := build(b, spec{codec: codec, records: records})
			var d Decoder
			var c counter
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				d.Walk(x, 0, -1, nil, &c)
			}
			b.ReportMetric(float64(c.records)/b.Elapsed().Seconds()/1e6, "Mmsg/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	records := benchRecords()
	for _, codec := range codecs {
		b.Run(codec.String(), func(b *testing.B) {
			bb := NewBuilder(codec)
			var out []byte
			n := 0
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				bb.Reset()
				for i := range records {
					if err := bb.Add(records[i]); err != nil {
						b.Fatal(err)
					}
				}
				var err error
				if out, err = bb.Finish(out[:0]); err != nil {
					b.Fatal(err)
				}
				n += len(records)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mmsg/s")
			b.ReportMetric(float64(len(out))/float64(len(records)), "wire-B/msg")
			b.ReportMetric(0, "ns/op")
		})
	}
}
