package liar

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"sync"

	"milena/kafka/batch"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/pierrec/lz4/v4"
	"github.com/twmb/franz-go/pkg/kmsg"
)

type (
	askedPart = kmsg.FetchRequestTopicPartition
	givenPart = kmsg.FetchResponseTopicPartition
)

// fetchLies are about what lies around the batches.
var fetchLies = []Lie{
	{Name: "never any data", Answer: atOnce(func(_ askedPart, p *givenPart) {
		p.RecordBatches, p.ErrorCode = nil, 0
	})},
	{Name: "never any data, and ends of 2^63-1", Answer: atOnce(func(_ askedPart, p *givenPart) {
		p.RecordBatches, p.ErrorCode, p.HighWatermark, p.LastStableOffset = nil, 0, math.MaxInt64, math.MaxInt64
	})},
	{Name: "never any data, and an end that wanders", Answer: func(b *Broker, q kmsg.Request, a kmsg.Response) {
		atOnce(func(_ askedPart, p *givenPart) {
			p.RecordBatches, p.ErrorCode, p.HighWatermark = nil, 0, int64(b.asked[kmsg.Fetch]*7919%1000)
		})(b, q, a)
	}},
	{Name: "out of range, and the start runs ahead", Answer: func(b *Broker, q kmsg.Request, a kmsg.Response) {
		onFetch(func(_ *Broker, _ askedPart, p *givenPart) { p.RecordBatches, p.ErrorCode = nil, 1 })(b, q, a)
		onOffsets(func(b *Broker, p *kmsg.ListOffsetsResponseTopicPartition) {
			p.Offset += int64(b.asked[kmsg.ListOffsets]) * 100
		})(b, q, a)
	}},
	{Name: "out of range, and the end runs back", Answer: func(b *Broker, q kmsg.Request, a kmsg.Response) {
		onFetch(func(b *Broker, _ askedPart, p *givenPart) {
			if b.asked[kmsg.Fetch] > 1 {
				p.RecordBatches, p.ErrorCode = nil, 1
			}
		})(b, q, a)
		onOffsets(func(b *Broker, p *kmsg.ListOffsetsResponseTopicPartition) {
			p.Offset = max(0, p.Offset-int64(b.asked[kmsg.ListOffsets])/2)
		})(b, q, a)
	}},
	{Name: "a high watermark below the log start", Answer: eachPart(func(p *givenPart) { p.LogStartOffset, p.HighWatermark = 15, 5 })},
	{Name: "negative watermarks", Answer: eachPart(func(p *givenPart) {
		p.LogStartOffset, p.HighWatermark, p.LastStableOffset = -5, -9, math.MinInt64
	})},
	{Name: "partitions nobody asked for", Answer: func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
		f, ok := a.(*kmsg.FetchResponse)
		for i := range len(whole(f, ok)) {
			for k := range f.Topics[i].Partitions {
				f.Topics[i].Partitions[k].Partition += 100
			}
		}
	}},
	{Name: "partitions given twice", Answer: func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
		if f, ok := a.(*kmsg.FetchResponse); ok {
			f.Topics = append(f.Topics, f.Topics...)
		}
	}},
	{Name: "nothing of what was asked for", Answer: func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
		if f, ok := a.(*kmsg.FetchResponse); ok {
			f.Topics = nil
			f.ThrottleMillis = -1
		}
	}},
	{Name: "sessions that are refused", Answer: func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
		if f, ok := a.(*kmsg.FetchResponse); ok {
			f.ErrorCode, f.Topics = 70, nil
		}
	}},
	{Name: "an absurd list of aborted transactions", Answer: eachPart(func(p *givenPart) {
		for i := range 5_000 {
			at := kmsg.NewFetchResponseTopicPartitionAbortedTransaction()
			at.ProducerID, at.FirstOffset = int64(-i), math.MinInt64+int64(i)*(math.MaxInt64/50_000)
			p.AbortedTransactions = append(p.AbortedTransactions, at)
		}
	})},
	{Name: "2^31-1 aborted transactions", Frame: onFrame(kmsg.Fetch, func(f []byte) []byte {
		// Behind size, id, throttle, code, session, one topic and its name, one
		// partition with its code and three offsets.
		const at = 4 + 4 + 4 + 2 + 4 + 4 + 2 + len(Topic) + 4 + 4 + 2 + 3*8
		if len(f) < at+4 {
			return f
		}
		return put32(f, at, math.MaxInt32)
	})},
}

func whole(f *kmsg.FetchResponse, ok bool) []kmsg.FetchResponseTopic {
	if !ok {
		return nil
	}
	return f.Topics
}

// eachPart changes each partition of a fetch.
func eachPart(f func(*givenPart)) func(*Broker, kmsg.Request, kmsg.Response) {
	return onFetch(func(_ *Broker, _ askedPart, p *givenPart) { f(p) })
}

// atOnce is onFetch, and the answer does not wait until there is something.
func atOnce(f func(askedPart, *givenPart)) func(*Broker, kmsg.Request, kmsg.Response) {
	return func(b *Broker, q kmsg.Request, a kmsg.Response) {
		onFetch(func(_ *Broker, asked askedPart, p *givenPart) { f(asked, p) })(b, q, a)
		if f, ok := a.(*kmsg.FetchResponse); ok {
			f.ThrottleMillis = -1
		}
	}
}

// batchLies are about the batches themselves: each answer brings, at the offset
// that was asked for, one that is not what it says.
var batchLies = slices.Concat([]Lie{
	batched("a wrong CRC", func(_ int64, raw []byte) []byte { raw[len(raw)-1] ^= 1; return raw }),
	batched("a batch of length -1", func(_ int64, raw []byte) []byte { return put32(raw, 8, math.MaxUint32) }),
	batched("a batch of length 0", func(_ int64, raw []byte) []byte { return put32(raw, 8, 0) }),
	batched("a batch of length 2^31-1", func(_ int64, raw []byte) []byte { return put32(raw, 8, math.MaxInt32) }),
	batched("2^31-1 records", sealed(func(raw []byte) { put32(raw, 57, math.MaxInt32) })),
	batched("-1 records", sealed(func(raw []byte) { put32(raw, 57, math.MaxUint32) })),
	batched("no records, and a hundred bytes of them", sealed(func(raw []byte) { put32(raw, 57, 0) })),
	batched("a record longer than its batch", sealed(func(raw []byte) { binary.PutVarint(raw[61:], 1<<40) })),
	batched("a record of negative length", sealed(func(raw []byte) { raw[61] = 1 })),
	batched("a key longer than its record", sealed(func(raw []byte) { raw[65] = 0x7e })),
	batched("a header longer than its record", sealed(func(raw []byte) { raw[bytes.IndexByte(raw[61:], 'h')+60] = 0x7e })),
	batched("more headers than bytes", sealed(func(raw []byte) { raw[bytes.IndexByte(raw[61:], 'h')+59] = 0x7e })),
	batched("bytes that are no batch", func(int64, []byte) []byte { return slices.Repeat([]byte{0xff}, 4000) }),
	batched("zeros that are no batch", func(int64, []byte) []byte { return make([]byte, 4000) }),
	batched("half a batch", func(_ int64, raw []byte) []byte { return raw[:len(raw)/2] }),
	batched("a batch of magic 7", func(_ int64, raw []byte) []byte { raw[16] = 7; return raw }),
	batched("a message set that is none", func(_ int64, raw []byte) []byte { raw[16] = 1; return raw }),
	batched("a codec that is none", sealed(func(raw []byte) { raw[22] |= 7 })),
	batched("an offset of 2^63-1", offset(func(int64) int64 { return math.MaxInt64 })),
	batched("an offset of 2^62", offset(func(int64) int64 { return 1 << 62 })),
	batched("an offset of 2^55", offset(func(int64) int64 { return 1 << 55 })),
	batched("a negative offset", offset(func(int64) int64 { return math.MinInt64 })),
	batched("the same offset again and again", offset(func(int64) int64 { return 0 })),
	batched("the offset before", offset(func(asked int64) int64 { return max(0, asked-perBatch) })),
	batched("a last offset of 2^31-1", sealed(func(raw []byte) { put32(raw, 23, math.MaxInt32) })),
	batched("a last offset below the first", sealed(func(raw []byte) { put32(raw, 23, math.MaxUint32) })),
	batched("times of 2^63-1", sealed(func(raw []byte) { put64(raw, 27, math.MaxInt64); put64(raw, 35, math.MaxInt64) })),
	batched("times of -2^63", sealed(func(raw []byte) { put64(raw, 27, 1<<63); put64(raw, 35, 1<<63) })),
	batched("time deltas beyond all", func(base int64, _ []byte) []byte {
		raw := Batch(batch.None, perBatch, func(i int) batch.Record {
			return batch.Record{Timestamp: []int64{math.MinInt64, math.MaxInt64}[i%2], Value: []byte("v")}
		})
		put64(raw, 0, uint64(base))
		return raw
	}),
	batched("a control batch without a key", control(nil)),
	batched("a control batch with a short key", control([]byte{0})),
	batched("a control batch of an unknown kind", control([]byte{0xff, 0xff, 0xff, 0xff})),
	batched("a control batch that is no record", sealed(func(raw []byte) { raw[22] |= 0x30; raw[61] = 0xff })),
	batched("text that steers the terminal", func(base int64, _ []byte) []byte {
		raw := Batch(batch.None, perBatch, func(int) batch.Record {
			return batch.Record{Timestamp: Written, Key: []byte("k" + Escape), Value: []byte("v" + Escape), Headers: []batch.Header{{Key: "h" + Escape, Value: []byte(Escape)}}}
		})
		put64(raw, 0, uint64(base))
		return raw
	}),
}, Bombs)

// Bombs are small batches that decompress to gigabytes, or say so.
var Bombs = []Lie{
	bomb("a bomb of gzip", batch.Gzip, gzipBomb),
	bomb("a bomb of snappy", batch.Snappy, snappyBomb),
	bomb("a bomb of raw snappy", batch.Snappy, func() []byte { return binary.AppendUvarint(nil, math.MaxUint32) }),
	bomb("a bomb of lz4", batch.LZ4, lz4Bomb),
	bomb("a bomb of zstd", batch.Zstd, func() []byte { return zstdBomb(2 << 30) }),
	bomb("63 MiB of zstd in 2 KiB", batch.Zstd, func() []byte { return zstdBomb(63 << 20) }),
}

// batched brings one batch for each partition, at the offset that is asked for.
func batched(name string, lie func(base int64, raw []byte) []byte) Lie {
	return Lie{Name: name, Answer: onFetch(func(_ *Broker, asked askedPart, p *givenPart) {
		if p.ErrorCode == 0 && asked.FetchOffset < p.HighWatermark {
			p.RecordBatches = lie(asked.FetchOffset, honest(asked.FetchOffset))
		}
	})}
}

// sealed changes a batch under a CRC that is right.
func sealed(f func(raw []byte)) func(int64, []byte) []byte {
	return func(_ int64, raw []byte) []byte {
		f(raw)
		return Seal(raw)
	}
}

// offset changes a batch's base offset, which is not under its CRC.
func offset(f func(asked int64) int64) func(int64, []byte) []byte {
	return func(asked int64, raw []byte) []byte {
		put64(raw, 0, uint64(f(asked)))
		return raw
	}
}

func put64(b []byte, at int, v uint64) { binary.BigEndian.PutUint64(b[at:], v) }

// control is a control batch with that key.
func control(key []byte) func(int64, []byte) []byte {
	return func(base int64, _ []byte) []byte {
		raw := Batch(batch.None, 1, func(int) batch.Record { return batch.Record{Timestamp: Written, Key: key} })
		put64(raw, 0, uint64(base))
		raw[22] |= 0x30
		return Seal(raw)
	}
}

// bomb is a batch of ten records, says its header, in that codec.
func bomb(name string, codec batch.Codec, body func() []byte) Lie {
	made := sync.OnceValue(body)
	return batched(name, func(_ int64, raw []byte) []byte {
		raw = append(raw[:61:61], made()...)
		raw[22] = byte(codec)
		return Seal(raw)
	})
}

// gzipBomb is 2 GiB in 2 MiB: 2048 members of 1 MiB.
func gzipBomb() []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(make([]byte, 1<<20))
	_ = w.Close()
	return bytes.Repeat(b.Bytes(), 2048)
}

// snappyBomb is 128 MiB in 6 MiB, framed as Java does.
func snappyBomb() []byte {
	block := s2.EncodeSnappy(nil, make([]byte, 1<<20))
	out := append([]byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0}, 0, 0, 0, 1, 0, 0, 0, 1)
	for range 128 {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(block))), block...)
	}
	return out
}

// lz4Bomb is 1 GiB in 4 MiB: independent blocks of 4 MiB.
func lz4Bomb() []byte {
	const most = 4 << 20
	block := make([]byte, lz4.CompressBlockBound(most))
	var c lz4.Compressor
	n, err := c.CompressBlock(make([]byte, most), block)
	if err != nil {
		panic(err)
	}
	out := []byte{0x04, 0x22, 0x4D, 0x18, 0x60, 0x70, 0x73}
	for range 256 {
		out = append(binary.LittleEndian.AppendUint32(out, uint32(n)), block[:n]...)
	}
	return append(out, 0, 0, 0, 0)
}

// zstdBomb is a frame of so many bytes in blocks that repeat one byte.
func zstdBomb(size int) []byte {
	const block = 128 << 10
	out := []byte{0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58} // no content size; a window of 2 MiB
	for left := size; left > 0; left -= block {
		head := uint32(min(left, block))<<3 | 1<<1
		if left <= block {
			head |= 1
		}
		out = append(out, byte(head), byte(head>>8), byte(head>>16), 0)
	}
	return out
}
