package e2e

// A network between the program and a broker, as bad as a test wants it: slow,
// silent, cut, or gone.

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// network passes connections on to a broker. It begins as a good one.
type network struct {
	listener net.Listener
	to       string
	running  sync.WaitGroup

	mu     sync.Mutex
	cond   *sync.Cond
	delay  time.Duration // that every byte takes, in each direction
	silent bool          // nothing arrives, nobody is told
	down   bool          // connections are refused
	open   map[net.Conn]bool
	closed bool
}

// behind starts an embedded broker that is reached, and says that it is reached,
// through a network.
func behind(t *testing.T, opts ...kfake.Opt) (*kfake.Cluster, *network) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &network{listener: l, open: make(map[net.Conn]bool)}
	n.cond = sync.NewCond(&n.mu)
	f := fakeCluster(t, append(opts, kfake.NumBrokers(1), kfake.ListenFn(func(network, address string) (net.Listener, error) {
		real, err := net.Listen(network, address)
		if err == nil {
			n.to = real.Addr().String()
		}
		return advertised{real, l.Addr()}, err
	}))...)
	n.running.Go(n.accept)
	t.Cleanup(n.close)
	return f, n
}

// advertised is a listener that gives another address as its own.
type advertised struct {
	net.Listener
	address net.Addr
}

func (a advertised) Addr() net.Addr { return a.address }

// beside dials the broker itself, for who is not to suffer.
func (n *network) beside(ctx context.Context, network, _ string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, n.to)
}

func (n *network) address() string { return n.listener.Addr().String() }

// slow has every byte take d, in each direction.
func (n *network) slow(d time.Duration) { n.set(func() { n.delay = d }) }

// silence keeps what is sent, until it is over.
func (n *network) silence(on bool) { n.set(func() { n.silent = on }) }

// cut ends every connection; the next ones are taken.
func (n *network) cut() {
	n.set(func() {
		for c := range n.open {
			_ = c.Close()
		}
	})
}

// gone ends every connection and refuses further ones, until it is over.
func (n *network) gone(on bool) {
	n.set(func() { n.down = on })
	if on {
		n.cut()
	}
}

func (n *network) close() {
	_ = n.listener.Close()
	n.set(func() { n.closed, n.silent, n.delay = true, false, 0 })
	n.cut()
	n.running.Wait()
}

func (n *network) set(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
	n.cond.Broadcast()
}

func (n *network) accept() {
	for {
		here, err := n.listener.Accept()
		if err != nil {
			return
		}
		var refused bool
		n.set(func() { refused = n.down || n.closed })
		if refused {
			_ = here.(*net.TCPConn).SetLinger(0)
			_ = here.Close()
			continue
		}
		there, err := net.Dial("tcp", n.to)
		if err != nil {
			_ = here.Close()
			continue
		}
		n.set(func() { n.open[here], n.open[there] = true, true })
		n.running.Go(func() { n.carry(here, there) })
		n.running.Go(func() { n.carry(there, here) })
	}
}

// parcel is bytes on their way.
type parcel struct {
	bytes []byte
	due   time.Time
}

// carry brings bytes from one end to the other, until one of them ends. What is
// under way does not keep what follows from setting out.
func (n *network) carry(from, to net.Conn) {
	way := make(chan parcel, 1024)
	n.running.Go(func() {
		defer n.hangUp(from, to)
		for p := range way {
			time.Sleep(time.Until(p.due)) // the delay itself
			n.mu.Lock()
			for n.silent {
				n.cond.Wait()
			}
			n.mu.Unlock()
			if _, err := to.Write(p.bytes); err != nil {
				break
			}
		}
		for range way {
		}
	})
	defer close(way)
	for {
		buf := make([]byte, 64<<10)
		k, err := from.Read(buf)
		if err != nil {
			return
		}
		n.mu.Lock()
		p := parcel{buf[:k], time.Now().Add(n.delay)}
		n.mu.Unlock()
		way <- p
	}
}

func (n *network) hangUp(ends ...net.Conn) {
	n.set(func() {
		for _, c := range ends {
			_ = c.Close()
			delete(n.open, c)
		}
	})
}
