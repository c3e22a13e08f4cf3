package kafka

// Several requests on one connection, written without waiting for the answers
// between them: as many questions as one likes in the time of one round trip. A
// broker answers the requests of a connection in their order, one at a time, so
// that however long a pipeline is, it takes one of the broker's threads.

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// pipeline is requests for one broker.
type pipeline []*request

// answers are their answers, in the same order.
type answers []*answer

// ApiKey makes pipeline a protocol.Message; the name is kafka-go's.
func (p pipeline) ApiKey() protocol.ApiKey { return p[0].ApiKey() }

// ApiKey makes answers a protocol.Message; the key plays no part for them.
func (answers) ApiKey() protocol.ApiKey { return 0 }

// Broker makes pipeline a protocol.BrokerMessage, as it does request.
func (p pipeline) Broker(c protocol.Cluster) (protocol.Broker, error) { return p[0].Broker(c) }

// Required makes pipeline a protocol.RawExchanger.
func (pipeline) Required(map[protocol.ApiKey]int16) bool { return true }

// RawExchange runs in a goroutine of kafka-go's, where a panic could be
// recovered by nobody else.
func (p pipeline) RawExchange(rw io.ReadWriter) (m protocol.Message, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("request %d: %v", p[0].key, r)
		}
	}()
	all, err := p.exchange(rw)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// exchange writes all requests and reads all answers, both at the same time: a
// broker that cannot get rid of its answers reads no more requests.
func (p pipeline) exchange(rw io.ReadWriter) (answers, error) {
	ids := make([]int32, len(p))
	var frames [][]byte
	for i, q := range p {
		id, frame := q.frame()
		ids[i] = id
		frames = append(frames, frame...)
	}
	relax, err := p[0].patience(rw, frames)
	if err != nil {
		return nil, err
	}
	defer relax()
	var written error
	var writing sync.WaitGroup
	writing.Go(func() { written = writeAll(rw, frames) })
	defer writing.Wait()
	all := make(answers, len(p))
	for i, q := range p {
		if all[i], err = q.read(rw, ids[i]); err != nil {
			if conn, timed := rw.(deadlines); timed {
				_ = conn.SetDeadline(time.Now()) // whoever writes gives up, too
			}
			return nil, err
		}
	}
	writing.Wait()
	return all, written
}

// exchangeAll sends requests to the broker at address and gives their answers,
// in the same order; it fails as exchange does.
func (c *Cluster) exchangeAll(ctx context.Context, address string, p pipeline) (answers, error) {
	if len(p) == 0 {
		return nil, nil
	}
	for _, q := range p {
		if err := c.admit(q); err != nil {
			return nil, err
		}
	}
	m, err := c.transport.RoundTrip(ctx, kafkago.TCP(address), p)
	if err != nil {
		return nil, err
	}
	all, ok := m.(answers)
	if !ok {
		return nil, fmt.Errorf("request %d to %s: no answer", p[0].key, address)
	}
	return all, nil
}
