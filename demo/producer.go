package demo

// A producer of the sample data: records into idempotent batches (KIP-98), a
// queue for each partition, and with a transactional id into transactions.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"milena/kafka"
	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// batchBytes is where a batch is full: many of some size, not one giant.
	batchBytes = 64 << 10
	// transactionTimeout is how long a transaction may be open.
	transactionTimeout = time.Minute
)

// record is what an application writes.
type record struct {
	topic      string
	key, value []byte // nil: null
	headers    []batch.Header
	timestamp  time.Time

	partition int32
	offset    int64 // -1: it is not written
}

// producer is used by one goroutine at a time. It tries everything once: when
// that fails, it goes on under a new identity, with the records that follow.
type producer struct {
	client
	codec         batch.Codec
	transactional string // transactional id, "" for none

	known  bool // whether the broker has given it its identity
	id     int64
	epoch  int16
	topics map[string]*target
	buf    []byte // of a batch
}

// target is a topic that is written to.
type target struct {
	id     [16]byte
	queues []*queue // by partition
	looked bool     // at the topic, since the last flush
}

// queue is the batch of a partition that is being filled.
type queue struct {
	builder   *batch.Builder
	topic     string
	partition int32
	records   []*record
	sequence  int32 // of the first of them
	joined    bool  // the partition is in the transaction
}

// write takes a record over. It goes out with its batch, when that is full or
// flushed; then it has its offset. An error may be about records before it.
func (p *producer) write(ctx context.Context, r *record) error {
	t, err := p.target(r.topic)
	if err != nil {
		return err
	}
	// All without a key go to one partition: those topics have no other.
	r.partition = kafka.PartitionOf(r.key, len(t.queues))
	q := t.queues[r.partition]
	rec := batch.Record{Timestamp: r.timestamp.UnixMilli(), Key: r.key, Value: r.value, Headers: r.headers}
	if len(q.records) > 0 && q.builder.SizeWith(rec) > batchBytes {
		err = p.send(ctx, q)
	}
	q.records = append(q.records, r)
	return errors.Join(err, q.builder.Add(rec))
}

// target looks at a topic, once until the next flush. A topic that was created
// again is another one, and begins with empty queues.
func (p *producer) target(topic string) (*target, error) {
	t := p.topics[topic]
	if t != nil && t.looked {
		return t, nil
	}
	info := p.fake.TopicInfo(topic)
	partitions := len(p.fake.PartitionInfos(topic))
	if info == nil || partitions == 0 {
		delete(p.topics, topic)
		return nil, fmt.Errorf("topic %s: %w", topic, kerr.UnknownTopicOrPartition)
	}
	if t == nil || t.id != info.TopicID {
		t = &target{id: info.TopicID}
		if p.topics == nil {
			p.topics = make(map[string]*target)
		}
		p.topics[topic] = t
	}
	for len(t.queues) < partitions {
		t.queues = append(t.queues, &queue{
			builder: batch.NewBuilder(p.codec), topic: topic, partition: int32(len(t.queues)),
		})
	}
	t.looked = true
	return t, nil
}

// flush sends everything. A batch that fails does not hold up the others.
func (p *producer) flush(ctx context.Context) error {
	var failed error
	for _, t := range p.topics {
		for _, q := range t.queues {
			failed = errors.Join(failed, p.send(ctx, q))
		}
		t.looked = false
	}
	return failed
}

// send sends a queue's batch. Whatever comes of it, the queue is empty then.
func (p *producer) send(ctx context.Context, q *queue) error {
	if len(q.records) == 0 {
		return nil
	}
	base, err := p.produce(ctx, q)
	if err != nil {
		p.forget()
		err = fmt.Errorf("write to %s-%d: %w", q.topic, q.partition, err)
	} else {
		for i, r := range q.records {
			r.offset = base + int64(i)
		}
		q.sequence += int32(len(q.records))
	}
	q.builder.Reset()
	clear(q.records)
	q.records = q.records[:0]
	return err
}

// produce exchanges a queue's batch for the offset of its first record.
func (p *producer) produce(ctx context.Context, q *queue) (base int64, err error) {
	if err := p.identify(ctx); err != nil {
		return 0, err
	}
	if err := p.join(ctx, q); err != nil {
		return 0, err
	}
	b := q.builder
	b.ProducerID, b.ProducerEpoch, b.BaseSequence = p.id, p.epoch, q.sequence
	b.Transactional = p.transactional != ""
	if p.buf, err = b.Finish(p.buf[:0]); err != nil {
		return 0, err
	}
	partition := kmsg.NewProduceRequestTopicPartition()
	partition.Partition, partition.Records = q.partition, p.buf
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic, topic.Partitions = q.topic, append(topic.Partitions, partition)
	req := kmsg.NewPtrProduceRequest()
	req.TransactionID, req.Acks, req.Topics = p.transactionalID(), -1, append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, p.leader(q.topic, q.partition))
	if err != nil {
		return 0, err
	}
	for _, t := range resp.Topics {
		for _, partition := range t.Partitions {
			return partition.BaseOffset, kerr.ErrorForCode(partition.ErrorCode)
		}
	}
	return 0, errNoAnswer
}

// errNoAnswer is about an answer that leaves out what was asked for.
var errNoAnswer = errors.New("the broker has no answer to it")

// transactionalID is as requests have it: nil for none.
func (p *producer) transactionalID() *string {
	if p.transactional == "" {
		return nil
	}
	return &p.transactional
}

// identify asks for the identity that batches carry, unless it is known. To a
// transactional id it gives the next epoch: who had it before is fenced, and a
// transaction that was left open is aborted.
func (p *producer) identify(ctx context.Context) error {
	if p.known {
		return nil
	}
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID = p.transactionalID()
	req.TransactionTimeoutMillis = int32(transactionTimeout.Milliseconds())
	broker := node{&p.client, 0} // any
	if p.transactional != "" {
		broker = p.coordinator(p.transactional)
	}
	resp, err := req.RequestWith(ctx, broker)
	if err != nil {
		return err
	}
	p.id, p.epoch = resp.ProducerID, resp.ProducerEpoch
	err = kerr.ErrorForCode(resp.ErrorCode)
	p.known = err == nil
	return err
}

// forget gives the identity up, and what belongs to it.
func (p *producer) forget() {
	p.known = false
	for _, t := range p.topics {
		for _, q := range t.queues {
			q.sequence, q.joined = 0, false
		}
	}
}
