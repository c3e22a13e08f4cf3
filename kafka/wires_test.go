package kafka

// Connections that count the requests that pass, and break as a test tells them
// to. They stand between the package and any broker, embedded or real.

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"milena/lab/bubble"
)

// fate is what becomes of one request.
type fate int

const (
	pass   fate = iota // nothing happens to it
	lose               // the broker gets it and answers; the connection breaks before the answer
	cut                // the connection breaks in the middle of the answer
	refuse             // the connection breaks before the request
	hang               // the request is swallowed, and no answer ever comes
)

// call is a request that is about to be sent.
type call struct {
	Address string
	Key     int16
	N       int // how many of this key there have been, this one included
}

// wires dials for a cluster; see Config.Dial.
type wires struct {
	mu    sync.Mutex
	calls []call
	rule  func(call) fate
	// dialing, when not nil, may refuse an address.
	dialing func(address string) error
	below   func(ctx context.Context, network, address string) (net.Conn, error)
	conns   map[*wire]bool
}

// use makes a cluster's connections these wires.
func (w *wires) use(cfg *Config) { w.below, cfg.Dial = cfg.Dial, w.dial }

// set makes rule decide from now on; nil lets everything pass.
func (w *wires) set(rule func(call) fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rule = rule
}

// count is how many requests of a key were sent.
func (w *wires) count(key int16) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, c := range w.calls {
		if c.Key == key {
			n++
		}
	}
	return n
}

// keys lists the API keys that were sent, each once.
func (w *wires) keys() []int16 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var keys []int16
	for _, c := range w.calls {
		if !slices.Contains(keys, c.Key) {
			keys = append(keys, c.Key)
		}
	}
	return keys
}

// open is how many connections there are now.
func (w *wires) open() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.conns)
}

// breakAll breaks all connections.
func (w *wires) breakAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Conn.Close()
	}
}

func (w *wires) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	dialing := w.dialing
	w.mu.Unlock()
	if dialing != nil {
		if err := dialing(address); err != nil {
			return nil, err
		}
	}
	below := w.below
	if below == nil {
		below = new(net.Dialer).DialContext
	}
	conn, err := below(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &wire{Conn: conn, w: w, address: address}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns == nil {
		w.conns = make(map[*wire]bool)
	}
	w.conns[c] = true
	return c, nil
}

func (w *wires) decide(address string, key int16) fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 1
	for _, c := range w.calls {
		if c.Key == key {
			n++
		}
	}
	c := call{address, key, n}
	w.calls = append(w.calls, c)
	if w.rule == nil {
		return pass
	}
	return w.rule(c)
}

// wire is one connection.
type wire struct {
	net.Conn
	w       *wires
	address string

	mu   sync.Mutex
	head []byte // of the request that is being written: size and key
	left int    // of its body
	fate fate
	read int // bytes of the answer that were let through
}

func (c *wire) Close() error {
	c.w.mu.Lock()
	delete(c.w.conns, c)
	c.w.mu.Unlock()
	return c.Conn.Close()
}

func (c *wire) Write(b []byte) (int, error) {
	c.mu.Lock()
	for rest := b; len(rest) > 0; {
		if c.left > 0 {
			n := min(c.left, len(rest))
			c.left -= n
			rest = rest[n:]
			continue
		}
		n := min(6-len(c.head), len(rest))
		c.head = append(c.head, rest[:n]...)
		rest = rest[n:]
		if len(c.head) == 6 {
			c.left = int(binary.BigEndian.Uint32(c.head)) - 2
			c.fate = c.w.decide(c.address, int16(binary.BigEndian.Uint16(c.head[4:])))
			c.read = 0
			c.head = c.head[:0]
		}
	}
	f := c.fate
	c.mu.Unlock()
	switch f {
	case refuse:
		c.Conn.Close()
		return 0, io.ErrClosedPipe
	case hang:
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// cutAt is how much of an answer comes through before it is cut.
const cutAt = 40

func (c *wire) Read(b []byte) (int, error) {
	c.mu.Lock()
	f, read := c.fate, c.read
	c.mu.Unlock()
	switch f {
	case lose:
		var one [1]byte
		_, err := c.Conn.Read(one[:])
		c.Conn.Close()
		if err != nil {
			return 0, err
		}
		return 0, io.EOF
	case cut:
		if read >= cutAt {
			c.Conn.Close()
			return 0, io.EOF
		}
		b = b[:min(len(b), cutAt-read)]
	}
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	c.read += n
	c.mu.Unlock()
	return n, err
}

// once gives the first request of a key that fate, and lets all else pass.
func once(key int16, f fate) func(call) fate {
	done := false
	return func(c call) fate {
		if c.Key != key || done {
			return pass
		}
		done = true
		return f
	}
}

// deadPort is an address where nothing listens.
func deadPort(t testing.TB) string {
	t.Helper()
	l := bubble.Listener(t)
	defer l.Close()
	return l.Addr().String()
}
