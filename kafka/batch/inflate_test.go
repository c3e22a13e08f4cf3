package batch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// inflate decompresses p as the body of a batch.
func inflate(codec Codec, p []byte, limit int) ([]byte, error) {
	return new(inflater).decompress(codec, p, limit)
}

// text is n bytes that compress somewhat and look far back.
func text(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for len(b) < n {
		b = fmt.Appendf(b, "%d %x lorem ipsum;", r.IntN(500), r.IntN(9000))
	}
	return b[:n]
}

func lz4Frame(t testing.TB, p []byte, options ...lz4.Option) []byte {
	t.Helper()
	var b bytes.Buffer
	w := lz4.NewWriter(&b)
	if err := w.Apply(options...); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lz4Dependent makes a frame whose blocks look back into those before them.
func lz4Dependent(t testing.TB, p []byte, block int) []byte {
	t.Helper()
	out := []byte{0x04, 0x22, 0x4D, 0x18, 0x40, 0x40, 0}
	for at := 0; at < len(p); at += block {
		// The block is a literal byte or more, then a match far back: made by
		// hand, as the library writes independent blocks only.
		chunk := p[at:min(at+block, len(p))]
		if at == 0 {
			out = binary.LittleEndian.AppendUint32(out, uint32(len(chunk))|1<<31)
			out = append(out, chunk...)
			continue
		}
		// token: 1 literal, a match of 4+11; offset = block; then the last literals
		n := 15
		b := []byte{1<<4 | byte(n-4), chunk[0]}
		b = binary.LittleEndian.AppendUint16(b, uint16(block))
		rest := chunk[1+n:]
		b = append(b, 0xf0)
		left := len(rest) - 15
		for ; left >= 255; left -= 255 {
			b = append(b, 255)
		}
		b = append(b, byte(left))
		b = append(b, rest...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(b)))
		out = append(out, b...)
	}
	return append(out, 0, 0, 0, 0)
}

func xerialOf(chunks ...[]byte) []byte {
	out := append(clone(xerial), 0, 0, 0, 1, 0, 0, 0, 1)
	for _, c := range chunks {
		e := s2.EncodeSnappy(nil, c)
		out = binary.BigEndian.AppendUint32(out, uint32(len(e)))
		out = append(out, e...)
	}
	return out
}

func TestWhatOtherClientsWriteDecompresses(t *testing.T) {
	p := text(300_000)
	periodic := bytes.Repeat(text(20_000), 6) // each block of 20000 begins as the last did
	var gz bytes.Buffer
	for _, part := range [][]byte{p[:1000], p[1000:]} { // two members
		w := gzip.NewWriter(&gz)
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	zst := func(p []byte, options ...zstd.EOption) []byte {
		w, err := zstd.NewWriter(nil, options...)
		if err != nil {
			t.Fatal(err)
		}
		return w.EncodeAll(p, nil)
	}
	var stream bytes.Buffer // no content size, and a window of 256 MiB
	w, err := zstd.NewWriter(&stream, zstd.WithWindowSize(256<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(p); at += 1000 {
		if _, err := w.Write(p[at : at+1000]); err != nil {
			t.Fatal(err)
		}
		if at == 0 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	skippable := []byte{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3}
	half := len(p) / 2

	for name, c := range map[string]struct {
		codec Codec
		in    []byte
		want  []byte
	}{
		"gzip, two members":            {Gzip, gz.Bytes(), p},
		"snappy, raw":                  {Snappy, s2.EncodeSnappy(nil, p), p},
		"snappy, xerial":               {Snappy, xerialOf(p[:1000], p[1000:half], p[half:]), p},
		"snappy, xerial, two streams":  {Snappy, concat(xerialOf(p[:half]), xerialOf(p[half:])), p},
		"snappy, xerial, empty":        {Snappy, xerialOf(), nil},
		"lz4, default":                 {LZ4, lz4Frame(t, p), p},
		"lz4, 64 KiB, block checksums": {LZ4, lz4Frame(t, p, lz4.BlockSizeOption(lz4.Block64Kb), lz4.BlockChecksumOption(true)), p},
		"lz4, content size":            {LZ4, lz4Frame(t, p, lz4.SizeOption(uint64(len(p)))), p},
		"lz4, two frames":              {LZ4, concat(lz4Frame(t, p[:half]), lz4Frame(t, p[half:])), p},
		"lz4, skippable frames":        {LZ4, concat(skippable, lz4Frame(t, p), skippable), p},
		"lz4, something behind":        {LZ4, concat(lz4Frame(t, p), []byte("something")), p},
		"lz4, dependent blocks":        {LZ4, lz4Dependent(t, periodic, 20_000), periodic},
		"lz4, dependent, second frame": {LZ4, concat(lz4Frame(t, p), lz4Dependent(t, periodic, 20_000)), concat(p, periodic)},
		"lz4, what does not compress":  {LZ4, lz4Frame(t, gz.Bytes()), gz.Bytes()},
		"lz4, empty":                   {LZ4, lz4Frame(t, nil), nil},
		"zstd, content size":           {Zstd, zst(p), p},
		"zstd, no content size":        {Zstd, stream.Bytes(), p},
		"zstd, two frames":             {Zstd, concat(zst(p[:half]), zst(p[half:])), p},
		"zstd, skippable frames":       {Zstd, concat(skippable, zst(p), skippable), p},
		"zstd, checksum":               {Zstd, zst(p, zstd.WithEncoderCRC(true)), p},
		"zstd, best":                   {Zstd, zst(p, zstd.WithEncoderLevel(zstd.SpeedBestCompression)), p},
		"zstd, a thousandfold":         {Zstd, zst(make([]byte, 900_000)), make([]byte, 900_000)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, limit := range []int{len(c.want), len(c.want) + 1, DefaultMaxBytes} {
				got, err := inflate(c.codec, c.in, max(limit, 1))
				if err != nil || !bytes.Equal(got, c.want) {
					t.Fatalf("cap %d: %d of %d bytes, %v", limit, len(got), len(c.want), err)
				}
			}
			if len(c.want) == 0 {
				return
			}
			if _, err := inflate(c.codec, c.in, len(c.want)-1); err == nil || !strings.Contains(err.Error(), "cap") {
				t.Errorf("with a cap below its size: %v", err)
			}
			for _, n := range []int{0, 1, 3, 6, 8, 17, len(c.in) / 2} {
				if got, err := inflate(c.codec, c.in[:min(n, len(c.in))], DefaultMaxBytes); err == nil && len(got) >= len(c.want) {
					t.Errorf("%d of its bytes decompress to as much as all of them", n)
				}
			}
		})
	}
}

// bombs are small bodies that decompress to far more than 1 MiB, or say so.
func bombs(t testing.TB) map[string]struct {
	codec Codec
	body  []byte
} {
	t.Helper()
	zeros := make([]byte, 64<<20)
	body := func(codec Codec) []byte {
		b, err := compress(nil, codec, zeros)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	z := body(Zstd)
	var noSize bytes.Buffer
	w, err := zstd.NewWriter(&noSize, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(zeros); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return map[string]struct {
		codec Codec
		body  []byte
	}{
		"gzip":                   {Gzip, body(Gzip)},
		"snappy":                 {Snappy, body(Snappy)},
		"snappy, a lying length": {Snappy, []byte{0xff, 0xff, 0xff, 0xff, 0x07, 0, 0}},
		"snappy, xerial":         {Snappy, xerialOf(zeros[:16<<20], zeros[:16<<20])},
		"snappy, many small":     {Snappy, xerialOf(slicesOf(zeros[:1000], 5000)...)},
		"lz4":                    {LZ4, body(LZ4)},
		"lz4, 4 MiB blocks":      {LZ4, lz4Frame(t, zeros, lz4.BlockSizeOption(lz4.Block4Mb))},
		"lz4, many frames":       {LZ4, concat(slicesOf(lz4Frame(t, zeros[:60_000]), 100)...)},
		"zstd":                   {Zstd, z},
		"zstd, no content size":  {Zstd, noSize.Bytes()},

		"zstd, many frames": {Zstd, concat(slicesOf(firstFrame(t, zeros[:500_000]), 100)...)},
	}
}

func slicesOf(b []byte, n int) [][]byte {
	s := make([][]byte, n)
	for i := range s {
		s[i] = b
	}
	return s
}

func firstFrame(t testing.TB, p []byte) []byte {
	t.Helper()
	b, err := compress(nil, Zstd, p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestADecompressionBombCostsLittleMemory(t *testing.T) {
	const limit = 1 << 20
	for name, b := range bombs(t) {
		t.Run(name, func(t *testing.T) {
			good := build(t, spec{base: 3, codec: b.codec, records: values(1)})
			raw := concat(batchOf(0, b.codec, 3, 2, b.body), good)
			d := Decoder{MaxBytes: limit}
			var warm, k keeper
			d.Walk(good, 0, -1, nil, &warm) // the codec's own state
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			next, _ := d.Walk(raw, 0, -1, nil, &k)
			runtime.ReadMemStats(&after)
			expect(t, &k, next, 4, "large 0-2", "3")
			if k.skips[0].Err == nil || !strings.Contains(k.skips[0].Err.Error(), "1048576") {
				t.Errorf("%v", k.skips[0].Err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 6*limit {
				t.Errorf("allocated %d bytes under a cap of %d", used, limit)
			}
		})
	}
}

func TestALengthThatCannotBeIsNotBelieved(t *testing.T) {
	for name, b := range map[string]struct {
		codec Codec
		body  []byte
	}{
		"snappy":        {Snappy, append(binary.AppendUvarint(nil, 60<<20), 0, 0)},
		"snappy xerial": {Snappy, append(xerialOf(), 0, 0, 0, 6, 0x80, 0x80, 0x80, 0x1c, 0, 0)},
		"zstd":          {Zstd, []byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 3, 0, 0, 0, 0, 1, 0, 0}},
		"lz4":           {LZ4, []byte{0x04, 0x22, 0x4D, 0x18, 0x60, 0x70, 0x73, 2, 0, 0, 0, 0x10, 1, 0, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			raw := batchOf(0, b.codec, 3, 2, b.body)
			var d Decoder
			var k keeper
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			next, _ := d.Walk(raw, 0, -1, nil, &k)
			runtime.ReadMemStats(&after)
			expect(t, &k, next, 3, "corrupt 0-2")
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("allocated %d bytes for %d", used, len(raw))
			}
		})
	}
}
