// Package demo is a living Kafka cluster inside this process: a broker on a
// free port of 127.0.0.1, and the sample data that flows through it. It is
// what milena --demo shows, and what the tests of the other packages run
// against (Options.Empty).
//
// The broker is kfake, the fake cluster of franz-go. The applications that write
// the sample data and consume it stand for other people's programs: idempotent
// and transactional producers, members of groups. They are clients of their own,
// as small as one broker in the same process allows. Milena itself reads and
// writes this broker as it does any other, through package kafka.
//
//	broker.go        Start and Close; guard.go: the door; folder.go, lock.go: its data
//	world.go         what happens, on a clock of its own: shop.go, chatter.go
//	topics.go        where it is written
//	applications.go  the past and the present of it, written
//	client.go        a client's requests; producer.go, transaction.go
//	groups.go        who consumes; member.go: how
//
// kfake is not Kafka. It differs, among other things, in these:
//   - no __consumer_offsets and no __transaction_state, so no internal topics;
//   - LogAppendTime is not stamped because of a topic's configuration;
//   - no KRaft quorum, no controller log, no real replication: replicas and
//     ISR are made up, every broker answers from the same memory;
//   - a wrong password ends the connection without an answer;
//   - few configs are known, none has a documentation text;
//   - a compacted batch is written back uncompressed.
//
// What passes here proves nothing about Kafka: the same tests also run on a
// real one.
package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Options say what Start starts. The zero value is the demo: one broker, in a
// temporary folder, with sample data.
type Options struct {
	// Dir is where the cluster keeps its data. It is created when missing,
	// stays, and is taken up again by the next Start; one process at a time
	// can have it. "": nothing is kept. Windows cannot have one (folder.go).
	Dir string

	// Empty leaves the cluster without topics, groups or sample data. Unless
	// Dir is set, an empty cluster lives in memory: whatever is written to it
	// is on the heap until Close.
	Empty bool

	// Brokers is the number of brokers, 1 when it is not positive.
	Brokers int

	// Now is the clock of the sample data; nil is time.Now. The past is the
	// same for the same Now. The broker itself knows only the machine's
	// clock, by which it judges the age of records (retention, tombstones)
	// and stamps transaction markers. Under a clock that stands still the
	// past is there and nothing more comes.
	Now func() time.Time

	network network
}

// network is how the brokers listen and are reached; zero: by TCP on this machine.
type network struct {
	listen func(network, address string) (net.Listener, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

// A Broker is a running demo cluster. Its methods are safe for concurrent use.
type Broker struct {
	fake   *kfake.Cluster
	guard  *guard
	addrs  []string
	stop   context.CancelFunc
	living sync.WaitGroup // the applications
	unlock func() error
	temp   string // the folder that Close removes, "" for none

	closing sync.Once
	closed  error
}

// Start starts a cluster and, unless it shall be empty, its sample data: when
// Start returns, the topics, hours of past and the groups are there, and the
// data goes on by itself. ctx bounds the start only; Close ends what was
// started. It is an error when another process has Options.Dir.
func Start(ctx context.Context, opt Options) (*Broker, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.network.listen == nil {
		opt.network = network{net.Listen, new(net.Dialer).DialContext}
	}
	b := &Broker{guard: newGuard(opt.network.listen), stop: func() {}}
	if err := b.start(ctx, opt); err != nil {
		return nil, errors.Join(fmt.Errorf("start the demo broker: %w", err), b.Close())
	}
	return b, nil
}

func (b *Broker) start(ctx context.Context, opt Options) error {
	kopts := []kfake.Opt{
		kfake.NumBrokers(max(1, opt.Brokers)),
		kfake.ClusterID("milena-demo"),
		kfake.DefaultNumPartitions(1),
		kfake.ListenFn(b.guard.listen),
		// Compaction and retention run this often (default: an hour).
		kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": "60000"}),
	}
	switch {
	case opt.Dir != "":
		unlock, err := claim(opt.Dir)
		if err != nil {
			return err
		}
		b.unlock = unlock
		kopts = append(kopts, kfake.DataDir(opt.Dir))
	case !opt.Empty:
		dir, err := temporary()
		if err != nil {
			return err
		}
		if b.temp = dir; dir != "" {
			kopts = append(kopts, kfake.DataDir(dir))
		}
	}
	fake, err := kfake.NewCluster(kopts...)
	if err != nil {
		return err
	}
	b.fake, b.addrs = fake, fake.ListenAddrs()
	if opt.Empty {
		return nil
	}
	apps, err := openApplications(ctx, fake, opt)
	if err != nil {
		return err
	}
	living, stop := context.WithCancel(context.Background())
	b.stop = stop
	apps.live(living, &b.living)
	return nil
}

// Addrs returns the brokers' addresses, "127.0.0.1:port" each.
func (b *Broker) Addrs() []string { return b.addrs }

// Fake returns the cluster itself, for tests that need its faults, controls
// and inner state.
func (b *Broker) Fake() *kfake.Cluster { return b.fake }

// Close ends the sample data, waits for the applications, ends the broker and
// removes the temporary folder. Further calls return what the first returned.
func (b *Broker) Close() error {
	b.closing.Do(func() {
		b.stop()
		b.living.Wait()
		if b.fake != nil {
			b.fake.Close()
		}
		b.guard.close()
		if b.unlock != nil {
			b.closed = b.unlock()
		}
		if b.temp != "" {
			b.closed = errors.Join(b.closed, os.RemoveAll(b.temp))
		}
	})
	return b.closed
}
