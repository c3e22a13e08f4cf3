package batch

// This file compresses the records of a batch. The codecs' state is large
// (zstd: megabytes) and a producer has a builder for each partition, so it is
// shared by all builders.

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// compress appends p, compressed, to dst. Snappy is written without framing and
// LZ4 in independent blocks, which every client reads.
func compress(dst []byte, codec Codec, p []byte) ([]byte, error) {
	switch codec {
	case None:
		return append(dst, p...), nil
	case Gzip:
		return compressGzip(dst, p)
	case Snappy:
		dst = slices.Grow(dst, s2.MaxEncodedLen(len(p)))
		n := len(dst)
		return dst[:n+len(s2.EncodeSnappy(dst[n:n:cap(dst)], p))], nil
	case LZ4:
		return compressLZ4(dst, p)
	case Zstd:
		enc, err := zstdEncoder()
		if err != nil {
			return dst, err
		}
		return enc.EncodeAll(p, dst), nil
	}
	return dst, fmt.Errorf("a record batch cannot be written with compression %d: Kafka has none, gzip, snappy, lz4 and zstd", codec)
}

// sink is an io.Writer that appends.
type sink struct{ b []byte }

func (s *sink) Write(p []byte) (int, error) {
	s.b = append(s.b, p...)
	return len(p), nil
}

type gzipCompressor struct {
	w   *gzip.Writer
	out sink
}

var gzipCompressors = sync.Pool{New: func() any {
	return &gzipCompressor{w: gzip.NewWriter(io.Discard)}
}}

func compressGzip(dst, p []byte) ([]byte, error) {
	z := gzipCompressors.Get().(*gzipCompressor)
	z.out.b = dst
	z.w.Reset(&z.out)
	_, err := z.w.Write(p)
	if err == nil {
		err = z.w.Close()
	}
	out := z.out.b
	z.out.b = nil
	gzipCompressors.Put(z)
	return out, err
}

// lz4Header begins a frame of independent blocks of up to 64 KiB, without
// checksums: magic, flags, block size, and the checksum of these two.
var lz4Header = []byte{0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82}

const lz4Block = 64 << 10

var lz4Compressors = sync.Pool{New: func() any { return new(lz4.Compressor) }}

func compressLZ4(dst, p []byte) ([]byte, error) {
	c := lz4Compressors.Get().(*lz4.Compressor)
	defer lz4Compressors.Put(c)
	dst = append(dst, lz4Header...)
	for len(p) > 0 {
		block := p[:min(len(p), lz4Block)]
		p = p[len(block):]
		dst = slices.Grow(dst, 4+lz4.CompressBlockBound(len(block)))
		n := len(dst)
		size, err := c.CompressBlock(block, dst[n+4:cap(dst)])
		if err != nil {
			return dst, err
		}
		if size == 0 || size >= len(block) {
			size = copy(dst[n+4:cap(dst)], block)
			binary.LittleEndian.PutUint32(dst[n:n+4], uint32(size)|1<<31)
		} else {
			binary.LittleEndian.PutUint32(dst[n:n+4], uint32(size))
		}
		dst = dst[:n+4+size]
	}
	return append(dst, 0, 0, 0, 0), nil
}

// zstdEncoder works for as many builders at once as there are cores. Batches
// seldom exceed a megabyte, so a larger window would be memory for nothing.
var zstdEncoder = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
})
