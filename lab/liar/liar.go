// Package liar is a broker that lies, for tests: it speaks Kafka's protocol as
// far as milena asks, and says otherwise what a Lie has it say.
//
// It is honest about a small cluster: one broker, the topic "orders" with two
// partitions of 20 messages each, in batches of ten. The tests of kafka read
// from it in memory (Dial), those of the built program over TCP (Listen).
package liar

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// What the broker is honest about.
const (
	Topic      = "orders"
	Partitions = 2
	Messages   = 20 // in each partition
	perBatch   = 10
	// Written is the timestamp of the first message, in ms since the epoch; each
	// that follows is a second later.
	Written int64 = 1_700_000_000_000
)

// spoken are the requests that the broker knows, and up to which version.
var spoken = map[kmsg.Key]int16{
	kmsg.Produce: 8, kmsg.Fetch: 11, kmsg.ListOffsets: 7, kmsg.Metadata: 12, kmsg.ApiVersions: 3,
	kmsg.InitProducerID: 4, kmsg.DescribeConfigs: 4, kmsg.SASLHandshake: 1, kmsg.SASLAuthenticate: 2,
	kmsg.CreateTopics: 7, kmsg.DeleteTopics: 5, kmsg.FindCoordinator: 2, kmsg.DescribeCluster: 0,
}

// Lie is what a broker says that is not so. A zero Lie is honest.
type Lie struct {
	// Name says what is wrong, in a few words.
	Name string
	// Answer changes an answer before it is encoded. The broker's lock is held.
	Answer func(b *Broker, q kmsg.Request, a kmsg.Response)
	// Frame changes an answer's bytes, its size and correlation id included.
	Frame func(q kmsg.Request, frame []byte) []byte
	// Send writes an answer, in place of doing so at once. An error ends the
	// connection.
	Send func(ctx context.Context, c net.Conn, q kmsg.Request, frame []byte) error
}

// Broker is a broker, until it is closed.
type Broker struct {
	lie     Lie
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	listener net.Listener // nil: in memory
	host     string
	port     int32

	mu     sync.Mutex
	asked  map[kmsg.Key]int
	total  int
	logs   [Partitions][][]byte // batches
	ends   [Partitions]int64
	closed bool
	open   map[net.Conn]bool
}

// New is a broker in memory, to be reached by Dial.
func New(lie Lie) *Broker {
	b := &Broker{lie: lie, asked: make(map[kmsg.Key]int), open: make(map[net.Conn]bool), host: "liar.invalid", port: 9092}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	for p := range Partitions {
		for first := 0; first < Messages; first += perBatch {
			b.append(p, Batch(batch.None, perBatch, func(i int) batch.Record {
				n := first + i
				return batch.Record{Timestamp: Written + int64(n)*1000, Key: fmt.Append(nil, "user-", n%3),
					Value:   fmt.Appendf(nil, `{"id":%d,"partition":%d}`, n, p),
					Headers: []batch.Header{{Key: "n", Value: fmt.Append(nil, n)}}}
			}))
		}
	}
	return b
}

// Listen is a broker on a port of the loopback.
func Listen(lie Lie) (*Broker, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := New(lie)
	at := l.Addr().(*net.TCPAddr)
	b.listener, b.host, b.port = l, at.IP.String(), int32(at.Port)
	b.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.serve(c)
		}
	})
	return b, nil
}

// Addr is where the broker is, host:port.
func (b *Broker) Addr() string { return net.JoinHostPort(b.host, fmt.Sprint(b.port)) }

// Dial is a kafka.Config's Dial: a connection to the broker, when it is its address.
func (b *Broker) Dial(_ context.Context, network, address string) (net.Conn, error) {
	if address != b.Addr() {
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}}
	}
	near, far := net.Pipe()
	b.serve(far)
	return near, nil
}

// Close ends all connections and waits for them.
func (b *Broker) Close() {
	b.cancel()
	if b.listener != nil {
		b.listener.Close()
	}
	b.mu.Lock()
	b.closed = true
	for c := range b.open {
		c.Close()
	}
	b.mu.Unlock()
	b.running.Wait()
}

// Asked is how many requests of a kind there were.
func (b *Broker) Asked(key kmsg.Key) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked[key]
}

// Requests is how many requests there were in all.
func (b *Broker) Requests() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.total
}

// enough requests are answered; whoever asks more often is spinning, and would
// not notice that no time passes.
const enough = 5000

// End is the offset behind the last message of a partition; an Answer may ask,
// as it holds the lock.
func (b *Broker) End(partition int) int64 { return b.ends[partition] }

// Batch is a record batch of n records.
func Batch(codec batch.Codec, n int, record func(i int) batch.Record) []byte {
	builder := batch.NewBuilder(codec)
	for i := range n {
		if err := builder.Add(record(i)); err != nil {
			panic(err)
		}
	}
	raw, err := builder.Finish(nil)
	if err != nil {
		panic(err)
	}
	return raw
}

// append puts a batch at the end of a partition's log and gives the offset of
// its first record.
func (b *Broker) append(partition int, raw []byte) (base int64) {
	base = b.ends[partition]
	binary.BigEndian.PutUint64(raw, uint64(base))
	b.logs[partition] = append(b.logs[partition], raw)
	b.ends[partition] += int64(int32(binary.BigEndian.Uint32(raw[23:]))) + 1
	return base
}

// serve answers the requests of a connection, beside.
func (b *Broker) serve(c net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		c.Close()
		return
	}
	b.open[c] = true
	b.running.Go(func() {
		defer func() {
			c.Close()
			b.mu.Lock()
			delete(b.open, c)
			b.mu.Unlock()
		}()
		for b.exchange(c) == nil {
		}
	})
}

// exchange reads a request and answers it.
func (b *Broker) exchange(c net.Conn) error {
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return err
	}
	frame := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(c, frame); err != nil {
		return err
	}
	q, id, err := request(frame)
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.asked[kmsg.Key(q.Key())]++
	b.total++
	if b.total > enough {
		b.mu.Unlock()
		return silent(b.ctx, c)
	}
	a := b.answer(q)
	if a != nil && b.lie.Answer != nil {
		b.lie.Answer(b, q, a)
	}
	wait := patience(q, a)
	b.mu.Unlock()
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-b.ctx.Done():
			return b.ctx.Err()
		}
	}
	out := encode(q, id, a)
	if b.lie.Frame != nil {
		out = b.lie.Frame(q, out)
	}
	if b.lie.Send != nil {
		return b.lie.Send(b.ctx, c, q, out)
	}
	_, err = c.Write(out)
	return err
}

// request decodes a request after its size.
func request(frame []byte) (q kmsg.Request, id int32, err error) {
	if len(frame) < 10 {
		return nil, 0, io.ErrUnexpectedEOF
	}
	be := binary.BigEndian
	key, version := int16(be.Uint16(frame)), int16(be.Uint16(frame[2:]))
	id = int32(be.Uint32(frame[4:]))
	if q = kmsg.RequestForKey(key); q == nil {
		return nil, 0, fmt.Errorf("request %d", key)
	}
	q.SetVersion(version)
	rest := frame[10:]
	if n := int(int16(be.Uint16(frame[8:]))); n > 0 {
		rest = rest[n:]
	}
	if q.IsFlexible() {
		rest = rest[1:]
	}
	return q, id, q.ReadFrom(rest)
}

// encode is an answer as it is sent.
func encode(q kmsg.Request, id int32, a kmsg.Response) []byte {
	out := make([]byte, 4, 64)
	out = binary.BigEndian.AppendUint32(out, uint32(id))
	if q.IsFlexible() && q.Key() != int16(kmsg.ApiVersions) {
		out = append(out, 0)
	}
	out = a.AppendTo(out)
	binary.BigEndian.PutUint32(out, uint32(len(out)-4))
	return out
}

// answer is the honest answer to a request.
func (b *Broker) answer(q kmsg.Request) kmsg.Response {
	switch q := q.(type) {
	case *kmsg.ApiVersionsRequest:
		return b.versions(q)
	case *kmsg.MetadataRequest:
		return b.metadata(q)
	case *kmsg.ListOffsetsRequest:
		return b.offsets(q)
	case *kmsg.FetchRequest:
		return b.fetch(q)
	case *kmsg.ProduceRequest:
		return b.produce(q)
	case *kmsg.InitProducerIDRequest:
		a := q.ResponseKind().(*kmsg.InitProducerIDResponse)
		a.ProducerID = 4000
		return a
	case *kmsg.SASLHandshakeRequest:
		a := q.ResponseKind().(*kmsg.SASLHandshakeResponse)
		a.SupportedMechanisms = []string{q.Mechanism}
		return a
	case *kmsg.DescribeConfigsRequest:
		a := q.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, r := range q.Resources {
			res := kmsg.NewDescribeConfigsResponseResource()
			res.ResourceType, res.ResourceName = r.ResourceType, r.ResourceName
			entry, value := kmsg.NewDescribeConfigsResponseResourceConfig(), "delete"
			entry.Name, entry.Value = "cleanup.policy", &value
			res.Configs = append(res.Configs, entry)
			a.Resources = append(a.Resources, res)
		}
		return a
	}
	return q.ResponseKind()
}

func (b *Broker) versions(q *kmsg.ApiVersionsRequest) kmsg.Response {
	a := q.ResponseKind().(*kmsg.ApiVersionsResponse)
	for key, most := range spoken {
		k := kmsg.NewApiVersionsResponseApiKey()
		k.ApiKey, k.MaxVersion = int16(key), most
		a.ApiKeys = append(a.ApiKeys, k)
	}
	slices.SortFunc(a.ApiKeys, func(x, y kmsg.ApiVersionsResponseApiKey) int { return int(x.ApiKey) - int(y.ApiKey) })
	return a
}

func (b *Broker) metadata(q *kmsg.MetadataRequest) kmsg.Response {
	a := q.ResponseKind().(*kmsg.MetadataResponse)
	self := kmsg.NewMetadataResponseBroker()
	self.NodeID, self.Host, self.Port = 1, b.host, b.port
	a.Brokers = []kmsg.MetadataResponseBroker{self}
	cluster := "liars"
	a.ClusterID, a.ControllerID = &cluster, 1
	if q.Topics == nil {
		a.Topics = append(a.Topics, TopicNamed(Topic, Partitions))
	}
	for _, t := range q.Topics {
		answer := TopicNamed(*t.Topic, Partitions)
		if *t.Topic != Topic {
			answer.ErrorCode, answer.Partitions = 3, nil
		}
		a.Topics = append(a.Topics, answer)
	}
	return a
}

// TopicNamed is a topic in metadata, led by the broker.
func TopicNamed(name string, partitions int) kmsg.MetadataResponseTopic {
	t := kmsg.NewMetadataResponseTopic()
	t.Topic = &name
	t.TopicID = [16]byte{1}
	for id := range partitions {
		p := kmsg.NewMetadataResponseTopicPartition()
		p.Partition, p.Leader, p.LeaderEpoch = int32(id), 1, 0
		p.Replicas, p.ISR = []int32{1}, []int32{1}
		t.Partitions = append(t.Partitions, p)
	}
	return t
}

func (b *Broker) offsets(q *kmsg.ListOffsetsRequest) kmsg.Response {
	a := q.ResponseKind().(*kmsg.ListOffsetsResponse)
	for _, t := range q.Topics {
		at := kmsg.NewListOffsetsResponseTopic()
		at.Topic = t.Topic
		for _, p := range t.Partitions {
			ap := kmsg.NewListOffsetsResponseTopicPartition()
			ap.Partition, ap.Timestamp, ap.LeaderEpoch = p.Partition, -1, 0
			switch {
			case t.Topic != Topic || p.Partition < 0:
				ap.ErrorCode, ap.Offset = 3, -1
			case p.Partition >= Partitions: // of a lie: it is empty
				if p.Timestamp == -1 || p.Timestamp == -2 {
					ap.Offset = 0
				}
			default:
				end := b.ends[p.Partition]
				switch p.Timestamp {
				case -1:
					ap.Offset = end
				case -2:
					ap.Offset = 0
				case -3:
					ap.Offset, ap.Timestamp = end-1, Written+(end-1)*1000
				default:
					ap.Offset = max(0, (p.Timestamp-Written+999)/1000)
					ap.Timestamp = Written + ap.Offset*1000
					if ap.Offset >= end {
						ap.Offset, ap.Timestamp = -1, -1
					}
				}
			}
			at.Partitions = append(at.Partitions, ap)
		}
		a.Topics = append(a.Topics, at)
	}
	return a
}

func (b *Broker) fetch(q *kmsg.FetchRequest) kmsg.Response {
	a := q.ResponseKind().(*kmsg.FetchResponse)
	for _, t := range q.Topics {
		at := kmsg.NewFetchResponseTopic()
		at.Topic = t.Topic
		for _, p := range t.Partitions {
			ap := kmsg.NewFetchResponseTopicPartition()
			ap.Partition = p.Partition
			if t.Topic != Topic || p.Partition < 0 || p.Partition >= Partitions {
				if t.Topic != Topic || p.Partition < 0 {
					ap.ErrorCode = 3
				}
				at.Partitions = append(at.Partitions, ap)
				continue
			}
			end := b.ends[p.Partition]
			ap.HighWatermark, ap.LastStableOffset, ap.LogStartOffset = end, end, 0
			if p.FetchOffset < 0 || p.FetchOffset > end {
				ap.ErrorCode = 1
			}
			for _, raw := range b.logs[p.Partition] {
				last := int64(binary.BigEndian.Uint64(raw)) + int64(binary.BigEndian.Uint32(raw[23:]))
				if ap.ErrorCode == 0 && last >= p.FetchOffset {
					ap.RecordBatches = append(ap.RecordBatches, raw...)
				}
			}
			at.Partitions = append(at.Partitions, ap)
		}
		a.Topics = append(a.Topics, at)
	}
	return a
}

// patience is how long an honest broker waits before it says that there is
// nothing.
func patience(q kmsg.Request, a kmsg.Response) time.Duration {
	f, ok := a.(*kmsg.FetchResponse)
	if !ok || f.ErrorCode != 0 {
		return 0
	}
	for _, t := range f.Topics {
		for _, p := range t.Partitions {
			if len(p.RecordBatches) > 0 || p.ErrorCode != 0 {
				return 0
			}
		}
	}
	if f.ThrottleMillis < 0 { // how a lie says that it does not wait
		f.ThrottleMillis = 0
		return 0
	}
	return time.Duration(q.(*kmsg.FetchRequest).MaxWaitMillis) * time.Millisecond
}

func (b *Broker) produce(q *kmsg.ProduceRequest) kmsg.Response {
	a := q.ResponseKind().(*kmsg.ProduceResponse)
	for _, t := range q.Topics {
		at := kmsg.NewProduceResponseTopic()
		at.Topic = t.Topic
		for _, p := range t.Partitions {
			ap := kmsg.NewProduceResponseTopicPartition()
			ap.Partition, ap.LogAppendTime = p.Partition, -1
			if t.Topic != Topic || p.Partition < 0 || p.Partition >= Partitions || len(p.Records) < 61 {
				ap.ErrorCode = 3
			} else {
				ap.BaseOffset = b.append(int(p.Partition), bytes.Clone(p.Records))
			}
			at.Partitions = append(at.Partitions, ap)
		}
		a.Topics = append(a.Topics, at)
	}
	return a
}

// errSilent ends a connection whose answer never comes.
var errSilent = errors.New("the broker is closed")

// silent says nothing more until the broker is closed, or whoever asked is gone.
func silent(ctx context.Context, c net.Conn) error {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		var b [1]byte
		_, _ = c.Read(b[:])
	}()
	select {
	case <-ctx.Done():
		c.Close()
		<-gone
	case <-gone:
	}
	return errSilent
}
