package demo

// Tests of the broker itself: that it starts, is refused, ends without a
// trace, and takes up what it kept.

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

// here has brokers listen in the bubble of the test, if that is in one.
func here(t testing.TB, opt Options) Options {
	if bubble.In(t) {
		opt.network = network{bubble.Listen, bubble.Dial}
	}
	return opt
}

func start(t testing.TB, opt Options) *Broker {
	t.Helper()
	b, err := Start(context.Background(), here(t, opt))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

func kgoClient(t testing.TB, b *Broker, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append(append(opts, bubble.Client(t)...), kgo.SeedBrokers(b.Addrs()...), kgo.DisableClientMetrics())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func TestAnEmptyClusterIsEmptyAndThereAtOnce(t *testing.T) {
	b := start(t, Options{Empty: true, Brokers: 3})
	if n := len(b.Addrs()); n != 3 {
		t.Errorf("%d addresses, want 3", n)
	}
	for _, a := range b.Addrs() {
		if !strings.HasPrefix(a, "127.0.0.1:") {
			t.Errorf("address %s is open to others", a)
		}
	}
	for _, topic := range sampleTopics {
		if b.Fake().TopicInfo(topic.name) != nil {
			t.Errorf("topic %s is there", topic.name)
		}
	}
	cl := kgoClient(t, b, kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(0))
	if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: "nobody-made-me"}).FirstErr(); err == nil {
		t.Error("a topic came into being by being written to")
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp) // Unix
	t.Setenv("TMP", temp)    // Windows
	b, err := Start(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	// A connection that a client forgot must not hold Close up.
	conn, err := net.Dial("tcp", b.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
	left, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		t.Errorf("%s was left behind", e.Name())
	}
	goleak.VerifyNone(t, before)
}

// On Windows a file that is open cannot be renamed: the demo works all the same,
// in memory, and says so to whoever wants a folder.
func TestWithoutRenamesTheDataStaysInMemory(t *testing.T) {
	real := renames
	renames = func(string) bool { return false }
	defer func() { renames = real }()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp) // Unix
	t.Setenv("TMP", temp)    // Windows
	b := start(t, Options{})
	if end := b.Fake().PartitionInfo(topicMessageLog, 0).HighWatermark; end == 0 {
		t.Error("message-log has no past")
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("files of a demo that lives in memory: %v %v", left, err)
	}
	if b, err := Start(context.Background(), Options{Dir: temp}); !errors.Is(err, errNoFolder) {
		t.Errorf("in a folder: %v %v, want errNoFolder", b, err)
	}
	if !real(temp) && runtime.GOOS == "linux" {
		t.Error("Linux renames files that are open")
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if b, err := Start(ctx, Options{}); err == nil {
		t.Error("started, want an error", b.Close())
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestAFolderIsKeptAndBelongsToOne(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		if !renames(t.TempDir()) {
			t.Skip("the demo has no folder on a system that does not rename open files")
		}
		dir := filepath.Join(t.TempDir(), "new", "folder")
		b := start(t, Options{Dir: dir})

		if _, err := Start(context.Background(), here(t, Options{Dir: dir})); err == nil || !strings.Contains(err.Error(), "in use") {
			t.Errorf("a second demo in the same folder: %v, want that it is in use", err)
		}
		end := b.Fake().PartitionInfo(topicMessageLog, 0).HighWatermark
		orders := b.Fake().PartitionInfo(topicOrders, 0).HighWatermark
		// Somebody's own message must not disturb the counter.
		mine := &kgo.Record{Topic: topicMessageLog, Key: []byte("99999999"), Value: []byte("hello")}
		if err := kgoClient(t, b).ProduceSync(context.Background(), mine).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}

		b = start(t, Options{Dir: dir})
		if now := b.Fake().PartitionInfo(topicOrders, 0).HighWatermark; now > orders+500 {
			t.Errorf("orders-0 had %d records, has %d: the past was written twice", orders, now)
		}
		// One more than was there: the first that the second run wrote.
		records := consume(t, b, topicMessageLog, func(rs []*kgo.Record) bool { return int64(len(rs)) >= end+3 })
		counts := records[:0]
		for _, r := range records {
			if string(r.Value) != "hello" {
				counts = append(counts, r)
			}
		}
		if len(counts) != len(records)-1 {
			t.Errorf("%d messages are not the counter's, want 1", len(records)-len(counts))
		}
		checkCounter(t, counts)
	})
}

func TestAFolderOfOthersIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(context.Background(), Options{Dir: dir, Empty: true}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v, want one that names the folder", err)
	}
}

func TestWhatIsNotKafkaIsHungUpOn(t *testing.T) {
	b := start(t, Options{Empty: true})
	addr := b.Addrs()[0]

	conf := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // there is nobody to verify
	if _, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", addr, conf); err == nil {
		t.Error("a TLS handshake succeeded")
	}
	for name, bytes := range map[string]string{
		"HTTP":               "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"an unknown API key": "\x00\x00\x00\x0a\x7f\xff\x00\x00\x00\x00\x00\x01\xff\xff",
		"a size of zero":     "\x00\x00\x00\x00\x00\x00",
		"a huge size":        "\x7f\xff\xff\xff\x00\x12",
	} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(conn, bytes); err != nil {
			t.Errorf("%s: write: %v", name, err)
		}
		var netErr net.Error
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.As(err, &netErr) && netErr.Timeout() {
			t.Errorf("%s: read: %v, want the end of the connection", name, err)
		}
		_ = conn.Close()
	}
	if err := kgoClient(t, b).Ping(context.Background()); err != nil {
		t.Errorf("the broker is gone: %v", err)
	}
}

// BenchmarkStart is the time until a demo's first screen can be drawn.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		br, err := Start(context.Background(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := br.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkStartEmpty(b *testing.B) {
	for b.Loop() {
		br, err := Start(context.Background(), Options{Empty: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := br.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
