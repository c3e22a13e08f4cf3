package kafka

import (
	"context"
	"net"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

// pipes is the network of all bubbles: its connections are net.Pipe.
var pipes pipeNetwork

type pipeNetwork struct {
	kfake.VirtualNetwork
	ports atomic.Uint32
}

// listen gives a port of its own to who asks for any.
func (n *pipeNetwork) listen(network, address string) (net.Listener, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && port == "0" {
		address = net.JoinHostPort(host, strconv.Itoa(int(n.ports.Add(1)%30_000)+10_000))
	}
	return n.Listen(network, address)
}

// dial is refused as by an operating system where nobody listens.
func (n *pipeNetwork) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := n.DialContext(ctx, network, address)
	if err != nil && ctx.Err() == nil {
		err = &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	return conn, err
}
