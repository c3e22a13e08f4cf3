package demo

// The guard stands between the network and kfake, which believes what it
// reads: an unknown API key is a nil pointer to it, a size is memory it
// allocates at once. A browser or a TLS handshake on the demo's port must end
// in a closed connection, as it does at Kafka.

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// maxRequest is Kafka's default socket.request.max.bytes.
	maxRequest = 100 << 20
	// minRequest is the size of a request with an empty body: API key,
	// version and correlation id.
	minRequest = 8
)

// guard makes the brokers' listeners and knows every open connection.
type guard struct {
	bind   func(network, address string) (net.Listener, error)
	mu     sync.Mutex
	open   map[*guardedConn]struct{}
	closed bool
	serve  sync.WaitGroup // open connections
}

func newGuard(bind func(network, address string) (net.Listener, error)) *guard {
	return &guard{bind: bind, open: make(map[*guardedConn]struct{})}
}

func (g *guard) listen(network, address string) (net.Listener, error) {
	l, err := g.bind(network, address)
	if err != nil {
		return nil, err
	}
	return &guardedListener{Listener: l, guard: g}, nil
}

// close closes what is still open and returns when nothing is.
func (g *guard) close() {
	g.mu.Lock()
	g.closed = true
	left := make([]*guardedConn, 0, len(g.open))
	for c := range g.open {
		left = append(left, c)
	}
	g.mu.Unlock()
	for _, c := range left {
		_ = c.Close() // its error is of no use: the connection is gone either way
	}
	g.serve.Wait()
}

type guardedListener struct {
	net.Listener
	guard *guard
}

func (l *guardedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &guardedConn{Conn: conn, guard: l.guard}
	l.guard.mu.Lock()
	defer l.guard.mu.Unlock()
	if l.guard.closed {
		_ = conn.Close() // accepted in the moment of closing: nobody has used it
		return nil, net.ErrClosed
	}
	l.guard.open[c] = struct{}{}
	l.guard.serve.Add(1)
	return c, nil
}

// guardedConn follows the frames of the requests that are read from it and
// ends with an error before one that Kafka would refuse.
type guardedConn struct {
	net.Conn
	guard *guard
	once  sync.Once

	head [6]byte // size and API key of the request that begins
	have int     // bytes of head that were read
	left int     // bytes of the request after head that are to come
}

func (c *guardedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if refused := c.follow(p[:n]); refused != nil {
		return 0, refused
	}
	return n, err
}

func (c *guardedConn) follow(p []byte) error {
	for len(p) > 0 {
		if c.left > 0 {
			n := min(c.left, len(p))
			c.left -= n
			p = p[n:]
			continue
		}
		n := copy(c.head[c.have:], p)
		c.have += n
		p = p[n:]
		if c.have < 4 {
			return nil
		}
		size := binary.BigEndian.Uint32(c.head[:4])
		if size < minRequest || size > maxRequest {
			return fmt.Errorf("a request of %d bytes: not Kafka's protocol", size)
		}
		if c.have < len(c.head) {
			return nil
		}
		key := int16(binary.BigEndian.Uint16(c.head[4:]))
		if kmsg.RequestForKey(key) == nil {
			return fmt.Errorf("a request with API key %d: not Kafka's protocol", key)
		}
		c.left, c.have = int(size)-2, 0
	}
	return nil
}

func (c *guardedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.guard.mu.Lock()
		delete(c.guard.open, c)
		c.guard.mu.Unlock()
		c.guard.serve.Done()
	})
	return err
}
