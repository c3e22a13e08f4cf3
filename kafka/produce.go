package kafka

// Producing: every message goes out in an idempotent batch (KIP-98), so that a
// retry never doubles it and the order within a partition stays. What becomes
// of the batches is in deliver.go.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"milena/kafka/batch"
)

// AnyPartition leaves the partition to the partitioner: murmur2 of the key; one
// partition after the other, a batch each, without a key (KIP-480).
const AnyPartition int32 = -1

// NoTimestamp stands for the time at which a message is produced.
const NoTimestamp int64 = math.MinInt64

// Message is one message to be written.
type Message struct {
	Topic     string
	Partition int32  // AnyPartition, or one of the topic's
	Key       []byte // nil: null
	Value     []byte // nil: null, a tombstone
	Headers   []batch.Header
	Timestamp int64 // ms since the epoch, or NoTimestamp
}

// Ack says where a message is now, acknowledged by all in-sync replicas.
type Ack struct {
	Partition int32
	Offset    int64         // -1: the broker had it already and no longer knows where
	Timestamp int64         // ms since the epoch, as it is stored
	Took      time.Duration // from Produce to the acknowledgement
}

// ProducerConfig is how a Producer works.
type ProducerConfig struct {
	Codec batch.Codec
	// Linger is how long a message waits for company; 0: only as long as an
	// earlier request to the same partition is under way.
	Linger time.Duration
	// MaxBuffered is how many bytes may wait to be acknowledged (default 16 MiB).
	MaxBuffered int
	// Timeout is how long a message is tried before it is given up (default
	// 2 minutes, as delivery.timeout.ms).
	Timeout time.Duration
	// Trouble, when not nil, is told why, once messages have been tried in vain
	// for 5 seconds; again only after something was acknowledged.
	Trouble func(error)
}

// batchBytes is where a batch is full. Brokers take 1 MiB unless told otherwise
// (max.message.bytes); a message that is larger alone is a batch of its own.
const batchBytes = 900 << 10

// errProducerClosed is what becomes of messages that Close found unsent.
var errProducerClosed = errors.New("not sent: the producer was closed")

// Producer writes messages to any topics of a cluster. Its methods are safe for
// use from many goroutines; messages of one goroutine keep their order within a
// partition.
type Producer struct {
	c   *Cluster
	cfg ProducerConfig

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup
	wake   chan struct{}

	mu       sync.Mutex
	room     chan struct{} // closed and made anew when bytes were freed
	buffered int
	pending  int           // messages without an answer
	idle     chan struct{} // closed while pending is 0
	flushing int           // Flush calls that wait: nothing lingers
	troubled bool          // Trouble was told
	closed   bool
	topics   map[string]*outTopic
	queues   []*outPartition // those with batches
	spare    []*batch.Builder
}

// outTopic is a topic that is written to.
type outTopic struct {
	name   string
	seen   *Metadata // what parts was made from
	topic  *Topic
	parts  map[int32]*outPartition
	sticky int32     // where messages without a key go now
	gone   time.Time // since when the metadata does not have it
}

// outPartition is one partition's queue.
type outPartition struct {
	TopicPartition
	batches  []*outBatch // in order; all but the last are full
	sending  bool        // the first is on the wire
	retryAt  time.Time
	identity identity
}

// identity is what makes a partition's batches idempotent.
type identity struct {
	known    bool
	id       int64 // -1: the cluster does not let us be idempotent
	epoch    int16
	sequence int32 // of the next batch
}

// outBatch is a batch on its way.
type outBatch struct {
	builder    *batch.Builder
	codec      batch.Codec
	topic      string
	partition  int32
	done       []func(Ack, error)
	timestamps []int64
	bytes      int // what it takes of the buffer
	begun      time.Time
	deadline   time.Time
	encoded    []byte // once it has been on the wire it never changes
	epoch      int16
	producerID int64
	sequence   int32
	tries      int
	maybeSent  bool  // an earlier try may have arrived
	last       error // why the last try failed
}

// NewProducer begins to produce. Close it.
func (c *Cluster) NewProducer(cfg ProducerConfig) *Producer {
	cfg.MaxBuffered = cmp.Or(cfg.MaxBuffered, 16<<20)
	cfg.Timeout = cmp.Or(cfg.Timeout, 2*time.Minute)
	p := &Producer{
		c: c, cfg: cfg,
		wake:   make(chan struct{}, 1),
		room:   make(chan struct{}),
		idle:   make(chan struct{}),
		topics: make(map[string]*outTopic),
	}
	close(p.idle)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.wg.Go(p.run)
	return p
}

// Send writes one message and waits for its acknowledgement.
func (c *Cluster) Send(ctx context.Context, m Message) (Ack, error) {
	if err := c.mayChange(); err != nil {
		return Ack{}, err
	}
	c.sender.once.Do(func() { c.sender.p = c.NewProducer(ProducerConfig{MaxBuffered: 256 << 20}) })
	if c.sender.p == nil {
		return Ack{}, errProducerClosed // the cluster is
	}
	type outcome struct {
		ack Ack
		err error
	}
	answer := make(chan outcome, 1)
	if err := c.sender.p.Produce(ctx, m, func(a Ack, err error) { answer <- outcome{a, err} }); err != nil {
		return Ack{}, err
	}
	select {
	case o := <-answer:
		return o.ack, o.err
	case <-ctx.Done():
		return Ack{}, fmt.Errorf("not acknowledged yet, it may still arrive: %w", ctx.Err())
	}
}

// sender is the producer behind Cluster.Send, made when first needed.
type sender struct {
	once sync.Once
	p    *Producer
}

// Produce takes a message over, copying its bytes, and blocks while the buffer
// is full. done runs once, when the message is acknowledged or given up; within a
// partition in order. An error of Produce itself means that done will not run.
func (p *Producer) Produce(ctx context.Context, m Message, done func(Ack, error)) error {
	if err := p.c.mayChange(); err != nil {
		return err
	}
	size := len(m.Key) + len(m.Value) + 64
	for _, h := range m.Headers {
		size += len(h.Key) + len(h.Value) + 16
	}
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return errProducerClosed
		}
		if p.buffered > 0 && p.buffered+size > p.cfg.MaxBuffered {
			room := p.room
			p.mu.Unlock()
			select {
			case <-room:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		t := p.topics[m.Topic]
		if t == nil || t.seen != p.c.Metadata() {
			p.mu.Unlock()
			if err := p.lookUp(ctx, m.Topic); err != nil {
				return err
			}
			p.mu.Lock()
			t = p.topics[m.Topic]
			if p.closed {
				p.mu.Unlock()
				return errProducerClosed
			}
		}
		err := p.addLocked(t, m, size, done)
		p.mu.Unlock()
		return err
	}
}

// lookUp learns a topic's partitions; an unknown topic is an error, not a wish.
func (p *Producer) lookUp(ctx context.Context, name string) error {
	topic, err := p.c.Topic(ctx, name)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.topics[name]
	if t == nil {
		t = &outTopic{name: name, parts: make(map[int32]*outPartition), sticky: -1}
		p.topics[name] = t
	}
	t.seen, t.topic = p.c.Metadata(), topic
	return nil
}

func (p *Producer) addLocked(t *outTopic, m Message, size int, done func(Ack, error)) error {
	if m.Timestamp == NoTimestamp {
		m.Timestamp = p.c.cfg.Now().UnixMilli()
	}
	rec := batch.Record{Timestamp: m.Timestamp, Key: m.Key, Value: m.Value, Headers: m.Headers}
	n := len(t.topic.Partitions)
	id := m.Partition
	switch {
	case n == 0:
		return fmt.Errorf("topic %q has no partitions", t.name)
	case id >= 0:
		if t.topic.Partition(id) == nil {
			return fmt.Errorf("topic %q has no partition %d: it has %d, from 0", t.name, id, n)
		}
	case id != AnyPartition:
		return fmt.Errorf("there is no partition %d", id)
	case m.Key != nil:
		id = PartitionOf(m.Key, n)
	default:
		if t.sticky < 0 || int(t.sticky) >= n {
			t.sticky = int32(rand.IntN(n))
		}
		if !t.parts[t.sticky].hasRoom(rec) {
			t.sticky = (t.sticky + 1) % int32(n)
		}
		id = t.sticky
	}
	q := t.parts[id]
	if q == nil {
		q = &outPartition{TopicPartition: TopicPartition{t.name, id}}
		t.parts[id] = q
	}
	b := q.openBatch()
	if !q.hasRoom(rec) {
		now := time.Now()
		b = &outBatch{builder: p.builderLocked(), codec: p.cfg.Codec, topic: t.name, partition: id,
			begun: now, deadline: now.Add(p.cfg.Timeout)}
		if len(q.batches) == 0 {
			p.queues = append(p.queues, q)
		}
		q.batches = append(q.batches, b)
	}
	if err := b.builder.Add(rec); err != nil {
		if b.builder.Count() == 0 {
			p.dropLocked(q)
		}
		return fmt.Errorf("message of %d bytes: %w", size, err)
	}
	b.done = append(b.done, done)
	b.timestamps = append(b.timestamps, m.Timestamp)
	b.bytes += size
	p.buffered += size
	if p.pending == 0 {
		p.idle = make(chan struct{})
	}
	p.pending++
	if len(b.done) == 1 || b.builder.Len() > batchBytes*3/4 {
		p.tell()
	}
	return nil
}

// openBatch is the batch that still takes messages: the last, unless it has been
// on the wire.
func (q *outPartition) openBatch() *outBatch {
	if len(q.batches) == 0 || q.sending && len(q.batches) == 1 {
		return nil
	}
	if b := q.batches[len(q.batches)-1]; b.encoded == nil {
		return b
	}
	return nil
}

// hasRoom tells whether the open batch takes one record more.
func (q *outPartition) hasRoom(rec batch.Record) bool {
	if q == nil {
		return false
	}
	b := q.openBatch()
	return b != nil && b.builder.SizeWith(rec) <= batchBytes
}

func (p *Producer) tell() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Flush waits until everything that was produced before has its answer.
func (p *Producer) Flush(ctx context.Context) error {
	p.mu.Lock()
	p.flushing++
	idle := p.idle
	p.mu.Unlock()
	p.tell()
	defer func() {
		p.mu.Lock()
		p.flushing--
		p.mu.Unlock()
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close gives up what has no answer yet, telling each, and ends the producer's
// goroutines. Flush first.
func (p *Producer) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.wg.Wait()
	p.mu.Lock()
	type unsent struct {
		*outBatch
		why error
	}
	var left []unsent
	for _, q := range p.queues {
		why := p.whyWaiting(q)
		for _, b := range q.batches {
			if b.last != nil {
				left = append(left, unsent{b, b.last})
			} else {
				left = append(left, unsent{b, why})
			}
		}
		q.batches = nil
	}
	p.queues = nil
	p.mu.Unlock()
	for _, b := range left {
		p.finish(b.outBatch, 0, Ack{}, withoutAnswer(b.outBatch, b.why))
	}
	return nil
}

// withoutAnswer is what becomes of a batch that Close found without an answer.
func withoutAnswer(b *outBatch, why error) error {
	switch {
	case why == nil && !b.maybeSent:
		return errProducerClosed
	case why == nil:
		return errors.New("not acknowledged before the producer was closed; it may have arrived")
	case b.maybeSent:
		return fmt.Errorf("not acknowledged: %w; it may have arrived", why)
	}
	return fmt.Errorf("not sent: %w", why)
}

// whyWaiting is why a queue's batches are not sent yet; nil: nothing is in their
// way.
func (p *Producer) whyWaiting(q *outPartition) error {
	if len(q.batches) > 0 && q.batches[0].last != nil {
		return q.batches[0].last // the others wait for it
	}
	t := p.c.Metadata().Topic(q.Topic)
	if t == nil {
		return fmt.Errorf("topic %q is not known", q.Topic)
	}
	if part := t.Partition(q.Partition); part == nil || part.Leader < 0 {
		return fmt.Errorf("partition %d of %s: %w", q.Partition, q.Topic, ErrNoLeader)
	}
	return nil
}

// finish answers every message of a batch. base is the offset of its first.
func (p *Producer) finish(b *outBatch, base int64, ack Ack, err error) {
	ack.Partition = b.partition
	ack.Took = time.Since(b.begun)
	stored := ack.Timestamp
	for i, done := range b.done {
		if err != nil {
			done(Ack{}, err)
			continue
		}
		if ack.Offset = base + int64(i); base < 0 {
			ack.Offset = -1
		}
		if ack.Timestamp = stored; stored < 0 {
			ack.Timestamp = b.timestamps[i]
		}
		done(ack, nil)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buffered -= b.bytes
	p.pending -= len(b.done)
	if p.pending == 0 {
		close(p.idle)
	}
	close(p.room)
	p.room = make(chan struct{})
}
