package demo

// An application's way to the cluster: requests of kmsg over connections of
// its own. Only what it does goes this way; what it has to know (who leads a
// partition, how far a group is) it asks the cluster, which is in this process.

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// versions are the requests that applications make, by API key: each the last
// version before tagged fields (KIP-482), or one that takes fewer steps.
var versions = map[int16]int16{
	0:  8, // Produce
	8:  7, // OffsetCommit
	11: 3, // JoinGroup: from 4 on a member joins twice (KIP-394)
	12: 3, // Heartbeat
	13: 1, // LeaveGroup
	14: 3, // SyncGroup
	22: 1, // InitProducerId
	24: 2, // AddPartitionsToTxn
	26: 2, // EndTxn
}

// client is used by one goroutine at a time. Close it.
type client struct {
	fake  *kfake.Cluster
	addrs []string // of the brokers, by node
	net   network
	id    string // client.id

	conns map[int32]net.Conn // by node
	sent  int32              // requests
}

// node is one broker, as a client reaches it. It is a kmsg.Requestor.
type node struct {
	*client
	number int32
}

// leader is the broker that a partition is written to.
func (c *client) leader(topic string, partition int32) node {
	return node{c, c.fake.LeaderFor(topic, partition)}
}

// coordinator is the broker that a group or a transactional id belongs to.
func (c *client) coordinator(key string) node { return node{c, c.fake.CoordinatorFor(key)} }

// Request sends a request and waits for its answer, or until ctx ends. After an
// error it is not known whether the request arrived.
func (n node) Request(ctx context.Context, req kmsg.Request) (kmsg.Response, error) {
	resp, err := n.request(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kmsg.NameForKey(req.Key()), err)
	}
	return resp, nil
}

func (n node) request(ctx context.Context, req kmsg.Request) (kmsg.Response, error) {
	version, known := versions[req.Key()]
	if !known {
		return nil, errors.ErrUnsupported
	}
	req.SetVersion(version)
	conn, err := n.conn(ctx)
	if err != nil {
		return nil, err
	}
	hangUp := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(0, 0)) })
	answer, err := n.exchange(conn, req)
	if usable := hangUp(); err != nil || !usable {
		_ = conn.Close() // the next request makes another
		delete(n.conns, n.number)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err() // the reason, rather than what came of it
		}
		return nil, err
	}
	resp := req.ResponseKind()
	return resp, resp.ReadFrom(answer)
}

// conn is the connection to the broker, made when it is first needed.
func (n node) conn(ctx context.Context) (net.Conn, error) {
	if n.number < 0 || int(n.number) >= len(n.addrs) {
		return nil, errors.New("there is no broker for it")
	}
	if conn := n.conns[n.number]; conn != nil {
		return conn, nil
	}
	conn, err := n.net.dial(ctx, "tcp", n.addrs[n.number])
	if err != nil {
		return nil, err
	}
	if n.conns == nil {
		n.conns = make(map[int32]net.Conn)
	}
	n.conns[n.number] = conn
	return conn, nil
}

// exchange gives the body of the answer.
func (n node) exchange(conn net.Conn, req kmsg.Request) ([]byte, error) {
	n.sent++
	frame := kmsg.NewRequestFormatter(kmsg.FormatterClientID(n.id)).AppendRequest(nil, req, n.sent)
	if _, err := conn.Write(frame); err != nil {
		return nil, err
	}
	var head [8]byte // size and correlation id
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, err
	}
	size := int32(binary.BigEndian.Uint32(head[:])) - 4
	if got := int32(binary.BigEndian.Uint32(head[4:])); got != n.sent || size < 0 {
		return nil, fmt.Errorf("answer %d of %d bytes to request %d", got, size, n.sent)
	}
	body := make([]byte, size)
	_, err := io.ReadFull(conn, body)
	return body, err
}

// close closes the connections.
func (c *client) close() {
	for _, conn := range c.conns {
		_ = conn.Close() // nothing is under way
	}
	clear(c.conns)
}
