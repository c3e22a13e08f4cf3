package demo

// The applications that write: they put into the cluster what happens in the
// world, first the past, then the present.

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"milena/kafka"
	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kfake"
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
	net   network
	clock func() time.Time
	world *world

	shop, counter, sensors, register *producer // idempotent, a codec each
	cashier                          *producer // the transactional one, of payments
	customers                        []*member // of the groups

	ctx      context.Context // of the phase, past or present
	away     map[string]bool // topics that are not written to now
	letters  []deadLetter
	payments []payment // transactions to write, in the present

	// In the past every payment is in one of two long transactions, since
	// kfake stamps the markers with the machine's time: they must come last.
	refused *producer // writes those that are aborted

	writes chan<- write // takes what is to be written in the past; nil in the present
	failed error        // the first failure to write
}

type write struct {
	by     *producer
	record *record
}

type deadLetter struct{ letter, original *record }

type payment struct {
	commit  bool
	records []*record
}

// openApplications creates the topics that are missing, writes their past and
// gives the groups a position.
func openApplications(ctx context.Context, fake *kfake.Cluster, opt Options) (*applications, error) {
	a := &applications{fake: fake, addrs: fake.ListenAddrs(), net: opt.network, clock: opt.Now, ctx: ctx, away: make(map[string]bool)}
	if err := a.open(); err != nil {
		a.close()
		return nil, fmt.Errorf("write the sample data: %w", err)
	}
	return a, nil
}

func (a *applications) open() error {
	producer := func(id string, codec batch.Codec) *producer {
		return &producer{client: a.client(id), codec: codec}
	}
	a.shop, a.counter, a.sensors = producer("shop", batch.Zstd), producer("counter", batch.None), producer("sensors", batch.Gzip)
	a.register = producer("register", batch.LZ4)
	a.cashier, a.refused = producer("cashier", batch.Snappy), producer("cashier", batch.Snappy)
	a.cashier.transactional, a.refused.transactional = "cashier", "cashier-past"
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

func (a *applications) client(id string) client {
	return client{fake: a.fake, addrs: a.addrs, net: a.net, id: id}
}

// writePast writes everything up to now into the topics that are not away.
func (a *applications) writePast(now time.Time) error {
	defer a.refused.close()
	// In two goes: compaction spares a partition's newest batch, and a producer
	// may well have put all that it has into one.
	for _, until := range []time.Time{now.Add(-past / 10), now} {
		a.runPast(until)
		if a.settle(); a.failed != nil {
			return a.failed
		}
	}
	a.wrote(a.refused.end(a.ctx, false))
	a.wrote(a.cashier.end(a.ctx, true))
	a.world.watched()
	a.lookAfterAll()
	a.fake.Compact()
	return a.failed
}

// runPast runs the world, and writes what happens in it meanwhile: that takes
// about as long.
func (a *applications) runPast(until time.Time) {
	writes := make(chan write, 1024)
	var writing sync.WaitGroup
	writing.Go(func() {
		for w := range writes {
			a.wrote(w.by.write(a.ctx, w.record))
		}
	})
	a.writes = writes
	a.world.run(until)
	a.writes = nil
	close(writes)
	writing.Wait()
}

// record implements recorder.
func (a *applications) record(r *record) {
	if !a.away[r.topic] {
		a.write(a.producer(r.topic), r)
	}
}

func (a *applications) write(p *producer, r *record) {
	if a.writes != nil {
		a.writes <- write{p, r}
		return
	}
	a.wrote(p.write(a.ctx, r))
}

func (a *applications) producer(topic string) *producer {
	switch topic {
	case topicMessageLog:
		return a.counter
	case topicSensors:
		return a.sensors
	case topicCustomers:
		return a.register
	case topicPayments:
		return a.cashier
	default:
		return a.shop
	}
}

// wrote hears what came of writing. A failure in the past is Start's; in the
// present an application that cannot write goes on with the next record.
func (a *applications) wrote(err error) {
	if a.failed == nil {
		a.failed = err
	}
}

// transaction implements recorder.
func (a *applications) transaction(commit bool, records ...*record) {
	switch {
	case a.away[topicPayments]:
	case a.writes == nil:
		a.payments = append(a.payments, payment{commit, records})
	default:
		p := a.cashier
		if !commit {
			p = a.refused
		}
		for _, r := range records {
			a.write(p, r)
		}
	}
}

// deadLetter implements recorder.
func (a *applications) deadLetter(letter, original *record) {
	a.letters = append(a.letters, deadLetter{letter, original})
}

// settle writes what had to wait: transactions one by one, and dead letters,
// which name the offset of what they are about. It returns when all the
// producers have written everything.
func (a *applications) settle() {
	for _, p := range a.payments {
		// Who is fenced, or whose topic was deleted in the middle of it, takes up
		// the next payment under a new epoch.
		a.wrote(a.cashier.transact(a.ctx, p.commit, p.records))
	}
	a.payments = a.payments[:0]
	a.flush()
	for _, l := range a.letters {
		if l.original.offset >= 0 {
			l.letter.headers = append(l.letter.headers,
				header("original-partition", strconv.Itoa(int(l.original.partition))),
				header("original-offset", strconv.FormatInt(l.original.offset, 10)))
			a.record(l.letter)
		}
	}
	if len(a.letters) > 0 {
		a.letters = a.letters[:0]
		a.flush()
	}
}

func (a *applications) flush() {
	for _, p := range []*producer{a.counter, a.sensors, a.register, a.shop} {
		a.wrote(p.flush(a.ctx))
	}
}

// nextCounter is the number with which message-log goes on: one more than the
// newest in it.
func (a *applications) nextCounter() (int64, error) {
	info := a.fake.PartitionInfo(topicMessageLog, 0)
	if info == nil || info.HighWatermark == 0 {
		return 0, nil
	}
	const newest = 500         // somebody else may have written to it too
	next := info.HighWatermark // a counter never exceeds its offset
	cluster, err := kafka.Open(a.ctx, kafka.Config{Brokers: a.addrs, ClientID: "counter", Dial: a.net.dial})
	if err != nil {
		return 0, err
	}
	defer func() { _ = cluster.Close() }() // what was read is read
	tp := kafka.TopicPartition{Topic: topicMessageLog}
	found, err := cluster.Newest(a.ctx, kafka.NewestRequest{Partitions: []kafka.TopicPartition{tp}, N: newest})
	if err != nil {
		return 0, fmt.Errorf("read the end of %s: %w", topicMessageLog, err)
	}
	for _, r := range found.Records {
		n, err := strconv.ParseInt(string(r.Key), 10, 64)
		if err == nil && string(r.Value) == "this is message"+string(r.Key) {
			next = n + 1
		}
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
		a.goAlong()
	})
}

// goAlong goes along with the clock: it sleeps until something is due, lets it
// happen and writes it.
func (a *applications) goAlong() {
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
		a.settle()
	}
}

// lookAfterAll keeps up with somebody who deletes a topic: nothing is written
// to it until it is created again.
func (a *applications) lookAfterAll() {
	for _, t := range sampleTopics {
		a.away[t.name] = a.fake.TopicInfo(t.name) == nil
	}
}

// close closes the producers; live closes the members.
func (a *applications) close() {
	for _, p := range []*producer{a.shop, a.counter, a.sensors, a.register, a.cashier} {
		p.close()
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
