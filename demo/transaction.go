package demo

// Transactions (KIP-98). One begins with the first batch that is sent after the
// last one ended: the batch's partition joins it.

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// transact writes records in a transaction of their own and commits or aborts
// it. When that fails, what there is of it is aborted by the next one.
func (p *producer) transact(ctx context.Context, commit bool, records []*record) error {
	var failed error
	for _, r := range records {
		failed = errors.Join(failed, p.write(ctx, r))
	}
	if failed == nil {
		failed = p.end(ctx, commit)
	}
	if failed != nil {
		p.forget()
		clear(p.topics) // records that would go into the next one
	}
	return failed
}

// join adds a queue's partition to the transaction, if there is one.
func (p *producer) join(ctx context.Context, q *queue) error {
	if p.transactional == "" || q.joined {
		return nil
	}
	topic := kmsg.NewAddPartitionsToTxnRequestTopic()
	topic.Topic, topic.Partitions = q.topic, []int32{q.partition}
	req := kmsg.NewPtrAddPartitionsToTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch = p.transactional, p.id, p.epoch
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, p.coordinator(p.transactional))
	if err != nil {
		return err
	}
	for _, t := range resp.Topics {
		for _, partition := range t.Partitions {
			err := kerr.ErrorForCode(partition.ErrorCode)
			q.joined = err == nil
			return err
		}
	}
	return errNoAnswer
}

// end flushes, and commits or aborts the transaction.
func (p *producer) end(ctx context.Context, commit bool) error {
	if err := p.flush(ctx); err != nil {
		return err
	}
	begun := false
	for _, t := range p.topics {
		for _, q := range t.queues {
			begun = begun || q.joined
			q.joined = false
		}
	}
	if !begun {
		return nil
	}
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = p.transactional, p.id, p.epoch, commit
	resp, err := req.RequestWith(ctx, p.coordinator(p.transactional))
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(resp.ErrorCode)
}
