package demo

// The applications that write: they put into the cluster what happens in the
// world, first the past, then the present.

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// past is how far the sample data reaches back.
	past = 6 * time.Hour
	// pace is the least time between two rounds of the writing: what happens
	// within it is written in one go.
	pace = 50 * time.Millisecond
	// asleep is how far behind the clock the world is when the process has
	// not run for a while, rather than been slow.
	asleep = time.Minute
)

// applications is the recorder of the world. It is used by one goroutine at a
// time: Start's, then its own.
type applications struct {
	fake  *kfake.Cluster
	addrs []string
	clock func() time.Time
	world *world

	shop, counter, sensors *kgo.Client // idempotent producers, a codec each
	cashier                *kgo.Client // the transactional producer of payments
	customers              []*member   // of the groups

	ctx      context.Context     // of the phase, past or present
	away     map[string]bool     // topics that are not written to now
	ids      map[string][16]byte // topics as the producers know them
	letters  []deadLetter
	payments []payment // transactions to write, in the present

	// In the past every payment is in one of two long transactions, since
	// kfake stamps the markers with the machine's time: they must come last.
	inPast  bool
	refused *kgo.Client // writes those that are aborted

	failed error // of the past
	fails  sync.Mutex
}

type deadLetter struct{ letter, original *kgo.Record }

type payment struct {
	commit  bool
	records []*kgo.Record
}

// openApplications creates the topics that are missing, writes their past and
// lets the groups join.
func openApplications(ctx context.Context, fake *kfake.Cluster, addrs []string, clock func() time.Time) (*applications, error) {
	a := &applications{fake: fake, addrs: addrs, clock: clock, ctx: ctx, away: make(map[string]bool), ids: make(map[string][16]byte)}
	if err := a.open(); err != nil {
		for _, m := range a.customers {
			m.Close()
		}
		a.close()
		return nil, fmt.Errorf("write the sample data: %w", err)
	}
	return a, nil
}

func (a *applications) open() error {
	if err := a.connect(); err != nil {
		return err
	}
	created, err := createTopics(a.fake)
	if err != nil {
		return err
	}
	for _, t := range sampleTopics {
		a.away[t.name] = !created[t.name]
	}
	now := a.clock()
	start := now
	if len(created) > 0 {
		start = now.Add(-past)
	}
	a.world = newWorld(start, a)
	if created[topicMessageLog] {
		countMessages(a.world, 0, 0)
	} else {
		next, err := a.nextCounter()
		if err != nil {
			return err
		}
		countMessages(a.world, now.Sub(start)+time.Second, next)
	}
	greet(a.world)
	measure(a.world)
	openShop(a.world)
	if err := a.writePast(now); err != nil {
		return err
	}
	return a.openGroups()
}

// connect opens the producers.
func (a *applications) connect() error {
	var err error
	producer := func(id string, codec kgo.CompressionCodec, opts ...kgo.Opt) *kgo.Client {
		if err != nil {
			return nil
		}
		var cl *kgo.Client
		cl, err = a.client(id, append(opts,
			kgo.ProducerBatchCompression(codec),
			kgo.ProducerBatchMaxBytes(64<<10), // many batches of some size, not one giant
		)...)
		return cl
	}
	a.shop = producer("shop", kgo.ZstdCompression().WithLevel(1))
	a.counter = producer("counter", kgo.NoCompression())
	a.sensors = producer("sensors", kgo.GzipCompression()) // not lz4: kgo's takes 4 MiB a buffer
	a.cashier = producer("cashier", kgo.SnappyCompression(), kgo.TransactionalID("cashier"))
	return err
}

func (a *applications) client(id string, opts ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append(opts,
		kgo.SeedBrokers(a.addrs...), kgo.ClientID(id), kgo.DisableClientMetrics(),
		// A topic that somebody deletes is noticed soon.
		kgo.MetadataMinAge(250*time.Millisecond))...)
}

// writePast writes everything up to now into the topics that are not away.
func (a *applications) writePast(now time.Time) (err error) {
	a.inPast = true
	if !a.away[topicPayments] {
		a.refused, err = a.client("cashier", kgo.TransactionalID("cashier-past"),
			kgo.ProducerBatchCompression(kgo.SnappyCompression()), kgo.ProducerBatchMaxBytes(64<<10))
		if err != nil {
			return err
		}
		defer a.refused.Close()
		if err := errors.Join(a.cashier.BeginTransaction(), a.refused.BeginTransaction()); err != nil {
			return err
		}
	}
	// In two goes: compaction spares a partition's newest batch, and producers may
	// well have put all that they have into one.
	for _, until := range []time.Time{now.Add(-past / 10), now} {
		a.world.run(until)
		if err := a.settle(); err != nil {
			return err
		}
	}
	if !a.away[topicPayments] {
		err = errors.Join(end(a.ctx, a.refused, false), end(a.ctx, a.cashier, true))
	}
	a.inPast = false
	a.world.watched()
	a.lookAfterAll()
	a.fake.Compact()
	a.fails.Lock()
	defer a.fails.Unlock()
	return errors.Join(err, a.failed)
}

// record implements recorder.
func (a *applications) record(r *kgo.Record) {
	r.Offset = -1 // until it is written
	if a.away[r.Topic] {
		return
	}
	a.producer(r.Topic).Produce(a.ctx, r, a.written)
}

func (a *applications) producer(topic string) *kgo.Client {
	switch topic {
	case topicMessageLog:
		return a.counter
	case topicSensors:
		return a.sensors
	case topicPayments:
		return a.cashier
	default:
		return a.shop
	}
}

// written keeps the first error of the past, which is Start's. In the present
// an application that cannot write goes on with the next record.
func (a *applications) written(_ *kgo.Record, err error) {
	if err == nil {
		return
	}
	a.fails.Lock()
	defer a.fails.Unlock()
	if a.failed == nil {
		a.failed = err
	}
}

// transaction implements recorder.
func (a *applications) transaction(commit bool, records ...*kgo.Record) {
	switch {
	case a.away[topicPayments]:
	case !a.inPast:
		a.payments = append(a.payments, payment{commit, records})
	default:
		cl := a.cashier
		if !commit {
			cl = a.refused
		}
		for _, r := range records {
			cl.Produce(a.ctx, r, a.written)
		}
	}
}

// deadLetter implements recorder.
func (a *applications) deadLetter(letter, original *kgo.Record) {
	a.letters = append(a.letters, deadLetter{letter, original})
}

// settle writes what had to wait: transactions one by one, and dead letters,
// which name the offset of what they are about. It returns when all the
// producers have written everything.
func (a *applications) settle() error {
	for _, p := range a.payments {
		if err := a.pay(p); err != nil {
			return err
		}
	}
	a.payments = a.payments[:0]
	if err := a.flush(); err != nil || len(a.letters) == 0 {
		return err
	}
	for _, l := range a.letters {
		if l.original.Offset >= 0 {
			l.letter.Headers = append(l.letter.Headers,
				header("original-partition", strconv.Itoa(int(l.original.Partition))),
				header("original-offset", strconv.FormatInt(l.original.Offset, 10)))
			a.record(l.letter)
		}
	}
	a.letters = a.letters[:0]
	return a.flush()
}

func (a *applications) flush() error {
	for _, cl := range []*kgo.Client{a.counter, a.sensors, a.shop} {
		if err := cl.Flush(a.ctx); err != nil {
			return err
		}
	}
	return nil
}

// pay writes one transaction. A cashier who fails (the topic was deleted in
// the middle of it) is replaced: the broker aborts what the old one left.
func (a *applications) pay(p payment) error {
	err := a.cashier.BeginTransaction()
	if err == nil {
		for _, r := range p.records {
			a.cashier.Produce(a.ctx, r, a.written)
		}
		err = end(a.ctx, a.cashier, p.commit)
	}
	if err == nil || a.ctx.Err() != nil {
		return a.ctx.Err()
	}
	a.cashier.Close()
	a.cashier, err = a.client("cashier", kgo.TransactionalID("cashier"))
	return err
}

// end commits or aborts the client's transaction, when its records are
// written.
func end(ctx context.Context, cl *kgo.Client, commit bool) error {
	if err := cl.Flush(ctx); err != nil {
		return err
	}
	return cl.EndTransaction(ctx, kgo.TransactionEndTry(commit))
}

// nextCounter is the number with which message-log goes on: one more than the
// newest in it.
func (a *applications) nextCounter() (int64, error) {
	info := a.fake.PartitionInfo(topicMessageLog, 0)
	if info == nil || info.HighWatermark == 0 {
		return 0, nil
	}
	const newest = 500 // somebody else may have written to it too
	from := max(info.LogStartOffset, info.HighWatermark-newest)
	next := info.HighWatermark // a counter never exceeds its offset
	if from == next {
		return next, nil
	}
	cl, err := a.client("counter", kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{
		topicMessageLog: {0: kgo.NewOffset().At(from)},
	}))
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	for last := int64(-1); last < info.HighWatermark-1; {
		fetches := cl.PollFetches(a.ctx)
		if err := fetches.Err(); err != nil {
			return 0, fmt.Errorf("read the end of %s: %w", topicMessageLog, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			last = r.Offset
			n, err := strconv.ParseInt(string(r.Key), 10, 64)
			if err == nil && string(r.Value) == "this is message"+string(r.Key) {
				next = n + 1
			}
		})
	}
	return next, nil
}

// live lets the world and the groups go on until ctx ends. Everything that it
// starts is in living, and closes what it used.
func (a *applications) live(ctx context.Context, living *sync.WaitGroup) {
	for _, m := range a.customers {
		living.Go(func() { m.live(ctx) })
	}
	living.Go(func() {
		defer a.close()
		a.ctx = ctx
		a.write()
	})
}

// write goes along with the clock: it sleeps until something is due, lets it
// happen and writes it.
func (a *applications) write() {
	for {
		now := a.clock()
		if now.Sub(a.world.next()) > asleep {
			a.world.oversleep(now)
		}
		if !sleep(a.ctx, min(time.Second, max(pace, a.world.next().Sub(now)))) {
			return
		}
		a.lookAfterAll()
		a.world.run(a.clock())
		if err := a.settle(); err != nil {
			return // the end: only ctx can do that
		}
	}
}

// lookAfterAll keeps up with somebody who deletes a topic: nothing is written
// to it until it is created again, which is another topic under the same name
// to its producer.
func (a *applications) lookAfterAll() {
	for _, t := range sampleTopics {
		info := a.fake.TopicInfo(t.name)
		a.away[t.name] = info == nil
		if info == nil {
			continue
		}
		if id, known := a.ids[t.name]; known && id != info.TopicID {
			a.producer(t.name).PurgeTopicsFromProducing(t.name)
		}
		a.ids[t.name] = info.TopicID
	}
}

// close closes the producers; live closes the members.
func (a *applications) close() {
	for _, cl := range []*kgo.Client{a.shop, a.counter, a.sensors, a.cashier} {
		if cl != nil {
			cl.Close()
		}
	}
}

// sleep waits for d, or until ctx ends: then it returns false.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
