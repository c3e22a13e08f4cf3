// Package bubble runs a test in a bubble of testing/synctest, where time passes as
// soon as everything waits. Brokers are reached there over net.Pipe: a connection of
// the operating system would hold time up.
package bubble

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"milena/kafka/batch"
	"milena/lab/liar"

	"github.com/klauspost/compress/zstd"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// begins is the time in every bubble at first; synctest's own is in 2000, before
// there was Kafka.
var begins = time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)

var tests sync.Map // the testing.TB of each that is in a bubble

// Run runs a test in a bubble.
func Run(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	outside()
	synctest.Test(t, func(t *testing.T) {
		tests.Store(t, true)
		t.Cleanup(func() { tests.Delete(t) })
		time.Sleep(time.Until(begins))
		test(t)
	})
}

// In tells whether a test is in a bubble.
func In(t testing.TB) bool {
	_, in := tests.Load(t)
	return in
}

// outside makes what all bubbles share outside of them: they may not share channels
// that were made in one.
func outside() {
	decoder()
	var d batch.Decoder
	d.Walk(liar.Batch(batch.Zstd, 1, func(int) batch.Record { return batch.Record{} }), 0, -1, nil, deaf{})
}

type deaf struct{}

func (deaf) Record(*batch.View) bool { return true }
func (deaf) Skip(batch.Skip)         {}

// The network of all bubbles.
var (
	pipes kfake.VirtualNetwork
	ports atomic.Uint32
)

// Listen listens in the bubble, at a port of its own where any is asked for.
func Listen(network, address string) (net.Listener, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && port == "0" {
		address = net.JoinHostPort(host, strconv.Itoa(int(ports.Add(1)%30_000)+10_000))
	}
	return pipes.Listen(network, address)
}

// Dial connects to who listens in the bubble. Elsewhere nobody does.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := pipes.DialContext(ctx, network, address)
	if err != nil && ctx.Err() == nil {
		err = &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	return conn, err
}

// Brokers has an embedded cluster listen in the bubble of its test, if that is in one.
func Brokers(t testing.TB) []kfake.Opt {
	if !In(t) {
		return nil
	}
	return []kfake.Opt{kfake.ListenFn(Listen)}
}

// Client has franz-go's client work in the bubble of its test, if that is in one.
func Client(t testing.TB) []kgo.Opt {
	if !In(t) {
		return nil
	}
	return []kgo.Opt{kgo.Dialer(Dial), kgo.WithDecompressor(decompressor{kgo.DefaultDecompressor()})}
}

// decompressor decodes zstd for franz-go's clients, whose own decoder has channels
// of its bubble and is closed outside, by the garbage collector.
type decompressor struct{ kgo.Decompressor }

func (d decompressor) Decompress(src []byte, codec kgo.CompressionCodecType) ([]byte, error) {
	if codec == kgo.CodecZstd {
		return decoder().DecodeAll(src, nil)
	}
	return d.Decompressor.Decompress(src, codec)
}

var decoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil)
	if err != nil {
		panic(err)
	}
	return d
})

// Listener listens where a test's connections go: in its bubble, or on this machine.
func Listener(t testing.TB) net.Listener {
	t.Helper()
	listen := net.Listen
	if In(t) {
		listen = Listen
	}
	l, err := listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Silent is an address that takes connections and never answers, until the test ends.
func Silent(t testing.TB) string {
	t.Helper()
	l := Listener(t)
	done := make(chan struct{})
	var taken sync.WaitGroup
	taken.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			taken.Go(func() { _, _ = io.Copy(io.Discard, conn) })
			taken.Go(func() {
				<-done
				conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		close(done)
		taken.Wait()
	})
	return l.Addr().String()
}
