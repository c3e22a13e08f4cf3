package kafka

// What becomes of a producer's batches: sent to the partition's leader, one
// request a partition at a time, tried again until they are acknowledged, and
// named when they have to be given up.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Produce v3 (Kafka 0.11) to v8: record batches, topics by name.
const produceMin, produceMax int16 = 3, 8

const (
	// requestBytes is where a produce request is full enough.
	requestBytes = 4 << 20
	// goneAfter is how long a topic may be missing from the metadata before its
	// messages are given up.
	goneAfter = 3 * time.Second
	// ackTimeout is how long a leader may wait for its followers.
	ackTimeout = 30 * time.Second
	// leaderSilence is how long an answer may take before it is asked whether
	// the leader still leads.
	leaderSilence = 3 * time.Second
)

// run sends what is ready until Close.
func (p *Producer) run() {
	busy := make(map[int32]int) // requests under way by broker
	answers := make(chan int32) // leaders whose request has ended
	var leaderlessSince time.Time
	trouble := 0 // looks at the metadata in a row that did not help
	for {
		groups, again, leaderless := p.collect(busy)
		for leader, batches := range groups {
			busy[leader]++
			p.wg.Go(func() {
				p.deliver(leader, batches)
				select {
				case answers <- leader:
				case <-p.ctx.Done():
				}
			})
		}
		look := false // whether the metadata is to be looked at after the wait
		if leaderless {
			if wait := backoff(trouble); again == 0 || wait < again {
				again = wait
			}
			look = true
			if leaderlessSince.IsZero() {
				leaderlessSince = time.Now()
			}
			p.trouble(leaderlessSince, errors.New("the partition has no leader"))
		} else {
			trouble, leaderlessSince = 0, time.Time{}
		}
		var timer <-chan time.Time
		if again > 0 {
			timer = time.After(again)
		}
		select {
		case <-p.ctx.Done():
			return
		case <-p.wake:
		case <-timer:
			if look {
				trouble++
				p.refresh()
			}
		case leader := <-answers:
			busy[leader]--
		}
	}
}

// sending is a batch on the wire and the queue that it heads.
type sending struct {
	q *outPartition
	b *outBatch
}

// collect takes the first batch of every partition that may send now, by leader.
// again is when to look next, if nothing else happens; leaderless tells that the
// metadata needs a look.
func (p *Producer) collect(busy map[int32]int) (groups map[int32][]sending, again time.Duration, leaderless bool) {
	now := time.Now()
	m := p.c.Metadata()
	p.mu.Lock()
	var expired []sending
	later := func(t time.Time) {
		if d := max(t.Sub(now), time.Millisecond); again == 0 || d < again {
			again = d
		}
	}
	groups = make(map[int32][]sending)
	sizes := make(map[int32]int)
	for _, q := range p.queues {
		if q.sending || len(q.batches) == 0 {
			continue
		}
		b := q.batches[0]
		if now.After(b.deadline) {
			expired = append(expired, sending{q, b})
			continue
		}
		if now.Before(q.retryAt) {
			later(q.retryAt)
			continue
		}
		full := len(q.batches) > 1 || b.encoded != nil
		if ready := b.begun.Add(p.cfg.Linger); !full && p.flushing == 0 && now.Before(ready) {
			later(ready)
			continue
		}
		leader := int32(-1)
		if t := m.Topic(q.Topic); t != nil {
			if part := t.Partition(q.Partition); part != nil && m.Broker(part.Leader) != nil {
				leader = part.Leader
			}
		}
		if leader < 0 {
			leaderless = true
			continue
		}
		if busy[leader] >= 2 || sizes[leader] > 0 && sizes[leader]+b.builder.Len() > requestBytes {
			continue // when an answer comes
		}
		sizes[leader] += b.builder.Len()
		q.sending = true
		groups[leader] = append(groups[leader], sending{q, b})
	}
	p.mu.Unlock()
	for _, s := range expired {
		err := fmt.Errorf("not acknowledged within %s", p.cfg.Timeout)
		if s.b.last != nil {
			err = fmt.Errorf("%w: %w", err, s.b.last)
		}
		p.giveUp(s, fmt.Errorf("%w%s", err, doubt(s.b)))
	}
	if len(expired) > 0 {
		again = time.Millisecond
	}
	return groups, again, leaderless
}

func doubt(b *outBatch) string {
	if b.maybeSent {
		return "; it may have arrived"
	}
	return ""
}

// refresh looks at the metadata of all topics that wait, and gives up those of
// topics that are no more.
func (p *Producer) refresh() {
	p.mu.Lock()
	var names []string
	for _, q := range p.queues {
		if !slices.Contains(names, q.Topic) {
			names = append(names, q.Topic)
		}
	}
	p.mu.Unlock()
	if len(names) == 0 {
		return
	}
	m, err := p.c.refreshTopics(p.ctx, names...)
	if err != nil {
		return
	}
	var lost []sending
	p.mu.Lock()
	for _, name := range names {
		t := p.topics[name]
		found := m.Topic(name)
		switch {
		case found != nil && found.Err == nil:
			t.gone = time.Time{}
			continue
		case t.gone.IsZero():
			t.gone = time.Now()
			continue
		case time.Since(t.gone) < goneAfter:
			continue
		}
		for _, q := range p.queues {
			if q.Topic == name && !q.sending {
				for _, b := range q.batches {
					lost = append(lost, sending{q, b})
				}
			}
		}
	}
	p.mu.Unlock()
	for _, s := range lost {
		p.giveUp(s, fmt.Errorf("topic %q no longer exists%s", s.b.topic, doubt(s.b)))
	}
}

// giveUp answers a queue's first batch with an error. What follows it begins
// with a new identity, for the sequence has a hole now.
func (p *Producer) giveUp(s sending, err error) {
	p.mu.Lock()
	s.q.sending = true // nothing overtakes the answers
	p.mu.Unlock()
	p.finish(s.b, 0, Ack{}, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.b.encoded != nil {
		s.q.identity = identity{}
	}
	p.dropLocked(s.q)
}

// dropLocked takes the first batch off a queue.
func (p *Producer) dropLocked(q *outPartition) {
	q.batches = q.batches[1:]
	q.sending = false
	if len(q.batches) == 0 {
		q.batches = nil
		if i := slices.Index(p.queues, q); i >= 0 {
			p.queues = slices.Delete(p.queues, i, i+1)
		}
	}
}

// deliver exchanges one produce request.
func (p *Producer) deliver(leader int32, group []sending) {
	m := p.c.Metadata()
	b := m.Broker(leader)
	if b == nil {
		p.again(group, false, fmt.Errorf("broker %d is gone", leader))
		return
	}
	address := b.Addr()
	group, err := p.identify(address, group)
	if err != nil {
		p.failed(address, group, false, err)
		return
	}
	if group = p.encode(group); len(group) == 0 {
		return
	}
	version, err := p.c.version(p.ctx, address, apiProduce, produceMin, produceMax)
	if err != nil {
		p.failed(address, group, false, err)
		return
	}
	slices.SortStableFunc(group, func(a, b sending) int {
		if a.q.Topic != b.q.Topic {
			if a.q.Topic < b.q.Topic {
				return -1
			}
			return 1
		}
		return int(a.q.Partition - b.q.Partition)
	})
	call, stop := p.whileLeading(leader, group)
	a, err := p.c.exchange(call, address, &request{
		key: apiProduce, version: version, more: produceChunks(group),
		silence: p.c.cfg.RequestTimeout + ackTimeout,
	})
	stop()
	if err != nil {
		// Unless the connection could not even be made, it may have arrived.
		var connect *ConnectError
		p.failed(address, group, !errors.As(err, &connect), err)
		return
	}
	p.answered(address, group, a.body, version)
}

// produceChunks is a produce request's body, the batches in place.
func produceChunks(group []sending) [][]byte {
	b := appendInt16(nil, -1) // transactional id: null
	b = appendInt16(b, -1)    // acks: all in-sync replicas
	b = appendInt32(b, int32(ackTimeout.Milliseconds()))
	tps := make([]TopicPartition, len(group))
	at := make(map[TopicPartition]*outBatch, len(group))
	for i, s := range group {
		tps[i] = s.q.TopicPartition
		at[tps[i]] = s.b
	}
	var chunks [][]byte
	from := 0
	b = appendGrouped(b, false, tps, func(b []byte, tp TopicPartition) []byte {
		b = appendInt32(b, tp.Partition)
		b = appendInt32(b, int32(len(at[tp].encoded)))
		chunks = append(chunks, b[from:], at[tp].encoded)
		from = len(b)
		return b
	})
	return append(chunks, b[from:])
}

// whileLeading is a context for a request to a leader. A leader that is frozen or
// cut off would be waited for long after the others have elected a new one; so
// the request is taken back when it leads no more. What it may have written is
// not doubled, for the batches are idempotent; others are waited for.
func (p *Producer) whileLeading(leader int32, group []sending) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(p.ctx)
	if slices.ContainsFunc(group, func(s sending) bool { return s.b.producerID < 0 }) {
		return ctx, cancel
	}
	names := topicNames(partitionsOf(group))
	begun := time.Now()
	p.wg.Go(func() {
		look := time.NewTicker(leaderSilence)
		defer look.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-look.C:
			}
			p.trouble(begun, fmt.Errorf("broker %d does not answer", leader))
			m, err := p.c.refreshTopics(ctx, names...)
			if err == nil && slices.ContainsFunc(group, func(s sending) bool {
				t := m.Topic(s.q.Topic)
				if t == nil {
					return false
				}
				part := t.Partition(s.q.Partition)
				return part != nil && part.Leader >= 0 && part.Leader != leader
			}) {
				cancel()
				return
			}
		}
	})
	return ctx, cancel
}

// identify gives partitions that have none a producer id (InitProducerId,
// KIP-98). A cluster before 3.0 may refuse it without IDEMPOTENT_WRITE; then
// batches go out as plain ones, and one whose fate is not known is not repeated.
func (p *Producer) identify(address string, group []sending) ([]sending, error) {
	p.mu.Lock()
	missing := slices.DeleteFunc(slices.Clone(group), func(s sending) bool { return s.q.identity.known || s.b.encoded != nil })
	p.mu.Unlock()
	if len(missing) == 0 {
		return group, nil
	}
	q := kmsg.NewPtrInitProducerIDRequest()
	q.TransactionTimeoutMillis = int32(time.Minute.Milliseconds())
	res, err := p.c.ask(p.ctx, address, q, 4)
	if err != nil {
		return group, err
	}
	got := res.(*kmsg.InitProducerIDResponse)
	id := identity{known: true, id: got.ProducerID, epoch: got.ProducerEpoch}
	switch got.ErrorCode {
	case codeNone:
		if id.id < 0 || id.epoch < 0 {
			return group, fmt.Errorf("%w: broker %s gives producer id %d and epoch %d, which no producer has", errNotKafka, address, id.id, id.epoch)
		}
	case codeClusterAuthorization, codeTopicAuthorization:
		id = identity{known: true, id: -1, epoch: -1}
	default:
		return group, &Error{Code: got.ErrorCode, Doing: "asking for a producer id", Broker: address, Partition: -1}
	}
	p.mu.Lock()
	for _, s := range missing {
		s.q.identity = id
	}
	p.mu.Unlock()
	return group, nil
}

// encode finishes the batches that have not been on the wire, outside the lock:
// compression takes its time. It gives those that could be encoded.
func (p *Producer) encode(group []sending) []sending {
	ok := make([]sending, 0, len(group))
	for _, s := range group {
		if s.b.encoded == nil {
			p.mu.Lock()
			id := &s.q.identity
			s.b.producerID, s.b.epoch, s.b.sequence = id.id, id.epoch, id.sequence
			p.mu.Unlock()
			if err := s.b.encode(p.c.buffers.get(s.b.builder.Len())); err != nil {
				p.giveUp(s, err)
				continue
			}
		}
		ok = append(ok, s)
	}
	return ok
}

func (b *outBatch) encode(buf []byte) error {
	b.builder.ProducerID, b.builder.ProducerEpoch, b.builder.BaseSequence = b.producerID, b.epoch, b.sequence
	if b.producerID < 0 {
		b.builder.BaseSequence = -1
	}
	encoded, err := b.builder.Finish(buf[:0])
	b.encoded = encoded
	return err
}

// failed handles a request without an answer.
func (p *Producer) failed(address string, group []sending, maybeSent bool, err error) {
	var version *VersionError
	var refusal *Error
	if errors.As(err, &version) || errors.As(err, &refusal) && !retriable(refusal.Code) || errors.Is(err, ErrReadOnly) {
		for _, s := range group {
			p.giveUp(s, err)
		}
		return
	}
	p.c.spoken.Delete(address)
	if p.ctx.Err() == nil {
		// The leader may be another by now.
		_, _ = p.c.refreshTopics(p.ctx, topicNames(partitionsOf(group))...)
	}
	err = p.c.named(address, err)
	var connect *ConnectError
	if p.ctx.Err() != nil && (errors.Is(err, context.Canceled) || !errors.As(err, &connect)) {
		err = fmt.Errorf("%s has not answered yet", address)
	}
	p.again(group, maybeSent, err)
}

func partitionsOf(group []sending) []TopicPartition {
	tps := make([]TopicPartition, len(group))
	for i, s := range group {
		tps[i] = s.q.TopicPartition
	}
	return tps
}

// trouble tells once why messages that wait since begun are not acknowledged.
func (p *Producer) trouble(begun time.Time, err error) {
	if p.cfg.Trouble == nil || time.Since(begun) < stuckAfter {
		return
	}
	p.mu.Lock()
	told := p.troubled
	p.troubled = true
	p.mu.Unlock()
	if !told {
		p.cfg.Trouble(err)
	}
}

// again lets batches be tried once more, a little later.
func (p *Producer) again(group []sending, maybeSent bool, err error) {
	for _, s := range group {
		p.mu.Lock()
		s.b.tries++
		if p.ctx.Err() == nil || s.b.last == nil { // Close's own cancelling is no reason
			s.b.last = err
		}
		s.b.maybeSent = s.b.maybeSent || maybeSent
		plain := s.b.maybeSent && s.b.producerID < 0 && s.b.encoded != nil
		expired := time.Now().After(s.b.deadline)
		if !plain && !expired {
			s.q.sending = false
			s.q.retryAt = time.Now().Add(backoff(s.b.tries))
		}
		p.mu.Unlock()
		p.trouble(s.b.begun, err)
		switch {
		case plain:
			p.giveUp(s, fmt.Errorf("%w; it may have arrived, and without idempotence a second try could double it", err))
		case expired:
			p.giveUp(s, fmt.Errorf("not acknowledged within %s: %w%s", p.cfg.Timeout, err, doubt(s.b)))
		}
	}
}

// answered handles the answer to a produce request.
func (p *Producer) answered(address string, group []sending, body []byte, version int16) {
	r := wireReader{b: body}
	left := make(map[TopicPartition]sending, len(group))
	for _, s := range group {
		left[s.q.TopicPartition] = s
	}
	var retry []sending
	var why error // of the last of them
	for n := r.array(); n > 0 && !r.bad; n-- {
		topic := r.string()
		for np := r.array(); np > 0 && !r.bad; np-- {
			tp := TopicPartition{topic, r.int32()}
			code := r.int16()
			base := r.int64()
			ack := Ack{Timestamp: r.int64()} // -1 under CreateTime
			if base < 0 || base >= maxOffset {
				base = -1 // where it is, nobody knows
			}
			if ack.Timestamp > latestInstant.UnixMilli() {
				ack.Timestamp = -1
			}
			if version >= 5 {
				r.int64() // log start offset
			}
			var message string
			if version >= 8 {
				for ne := r.array(); ne > 0 && !r.bad; ne-- {
					r.int32() // index of the record
					if words := r.string(); words != "" {
						message = words
					}
				}
				if words := r.string(); words != "" {
					message = words
				}
			}
			s, ok := left[tp]
			if r.bad || !ok {
				continue
			}
			delete(left, tp)
			refusal := &Error{Code: code, Doing: fmt.Sprintf("write to %s/%d", tp.Topic, tp.Partition),
				Broker: address, Topic: tp.Topic, Partition: tp.Partition, Message: message}
			switch {
			case code == codeNone:
				p.acknowledged(s, base, ack)
			case code == codeDuplicateSequence:
				p.acknowledged(s, -1, ack)
			case refusesSome(code) && len(s.b.done) > 1:
				p.split(s)
			case code == codeOutOfOrderSequence, code == codeUnknownProducerID, code == codeInvalidProducerEpoch:
				p.renew(s, refusal)
			case retriable(code):
				retry, why = append(retry, s), refusal
			case code == codeMessageTooLarge:
				p.tooLarge(s, refusal)
			default:
				p.giveUp(s, refusal)
			}
		}
	}
	if len(retry) > 0 {
		p.failed(address, retry, false, why)
	}
	if len(left) > 0 {
		rest := make([]sending, 0, len(left))
		for _, s := range left {
			rest = append(rest, s)
		}
		p.failed(address, rest, true, errors.New("the answer names fewer partitions than were asked"))
	}
}

func (p *Producer) acknowledged(s sending, base int64, ack Ack) {
	// Answers first: the next batch's must not overtake them.
	p.finish(s.b, base, ack, nil)
	if s.b.tries == 0 {
		// Nobody is writing it any more; of an earlier try that was taken back
		// that is not known.
		p.c.buffers.put(s.b.encoded)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.troubled = false
	if s.b.producerID >= 0 {
		s.q.identity.sequence = nextSequence(s.b.sequence, len(s.b.done))
	}
	p.dropLocked(s.q)
	if len(p.spare) < spareBuilders {
		s.b.builder.Reset()
		p.spare = append(p.spare, s.b.builder)
	}
}

// spareBuilders is how many builders are kept for the next batches.
const spareBuilders = 16

// builderLocked is a builder for a new batch.
func (p *Producer) builderLocked() *batch.Builder {
	n := len(p.spare)
	if n == 0 {
		return batch.NewBuilder(p.cfg.Codec)
	}
	b := p.spare[n-1]
	p.spare = p.spare[:n-1]
	return b
}

// nextSequence wraps around as the brokers do: after 2³¹−1 comes 0.
func nextSequence(sequence int32, n int) int32 {
	return int32((int64(sequence) + int64(n)) & 0x7fffffff)
}

// renew begins anew with a producer id of its own, for a broker that has lost
// track of the old one: it holds no batch of ours that is newer than its own
// state, so this one is not there.
func (p *Producer) renew(s sending, refusal error) {
	if s.b.tries > 3 {
		p.giveUp(s, refusal)
		return
	}
	p.mu.Lock()
	s.q.identity = identity{}
	s.b.encoded = nil
	p.mu.Unlock()
	p.again([]sending{s}, false, refusal)
}

// refusesSome tells whether a batch may have been refused for some of its records
// alone: all of it is, and the others must not suffer for them.
func refusesSome(code int16) bool {
	return code == codeMessageTooLarge || code == codeInvalidTimestamp || code == codeInvalidRecord
}

// split halves a batch that was refused for its size or for some of its records,
// until those stand alone. The broker has taken nothing of it, so the sequence
// goes on.
func (p *Producer) split(s sending) {
	half := len(s.b.done) / 2
	parts := [2]*outBatch{}
	for i := range parts {
		b := *s.b
		b.builder, b.encoded = batch.NewBuilder(s.b.codec), nil
		if i == 0 {
			b.done, b.timestamps = s.b.done[:half:half], s.b.timestamps[:half:half]
			b.bytes = s.b.bytes / 2
		} else {
			b.done, b.timestamps = s.b.done[half:], s.b.timestamps[half:]
			b.bytes = s.b.bytes - s.b.bytes/2
		}
		parts[i] = &b
	}
	at := 0
	var failed error
	var d batch.Decoder
	d.Walk(s.b.encoded, 0, NoEnd, nil, visit(func(v *batch.View) bool {
		to := parts[0]
		if at >= half {
			to = parts[1]
		}
		at++
		failed = to.builder.Add(batch.Record{Timestamp: v.Timestamp, Key: v.Key, Value: v.Value, Headers: v.AppendHeaders(nil)})
		return failed == nil
	}))
	if failed != nil || at != len(s.b.done) {
		p.giveUp(s, fmt.Errorf("a batch of %d messages is too large and could not be split: %w", len(s.b.done), failed))
		return
	}
	p.mu.Lock()
	s.q.batches = slices.Replace(s.q.batches, 0, 1, parts[0], parts[1])
	s.q.sending = false
	p.mu.Unlock()
	p.tell()
}

// visit makes a batch.Visitor of a function.
type visit func(*batch.View) bool

func (f visit) Record(v *batch.View) bool { return f(v) }
func (visit) Skip(batch.Skip)             {}
