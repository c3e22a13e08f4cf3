package kafka

// Consuming as a member of a group: the only thing here that joins, and the only
// one that commits. Membership is kafka-go's; what is read comes from Read.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// ConsumeRequest says which group is joined, and for what.
type ConsumeRequest struct {
	Group  string
	Topics []string
	// Start is where a partition begins for which the group has committed
	// nothing.
	Start Position
	// End stops at the end of each partition as it is when Consume is called;
	// otherwise it goes on for ever.
	End       bool
	Isolation Isolation
}

// How group membership is paced.
const (
	commitInterval = time.Second
	// joinPatience is how long the first joining may fail: a cold cluster has no
	// coordinator for a while. Who was a member once tries for as long as it
	// takes.
	joinPatience = time.Minute
	// coordinatorTimeout is how long a coordinator may be silent, beyond what a
	// request may wait there; less than the session, so that a frozen one is
	// noticed in time.
	coordinatorTimeout = 5 * time.Second
)

// nothingCommitted marks partitions without a committed offset; kafka-go puts it
// where the group has none.
const nothingCommitted = kafkago.LastOffset

// Consume joins a group, reads from its committed offsets and commits what each
// Flush of the sink has accepted: at least every second, and once more before it
// leaves, whether it ends by the sink's word, at the end, or with ctx. What was
// flushed after the last commit of a crashed process comes again.
//
// The sink's Partition is called anew for each generation of the group.
func (c *Cluster) Consume(ctx context.Context, req ConsumeRequest, sink Sink) error {
	if err := c.mayChange(); err != nil {
		return fmt.Errorf("join group %q: %w", req.Group, err)
	}
	// kafka-go creates topics that it does not find; so they are looked up first.
	var tps []TopicPartition
	for _, name := range req.Topics {
		t, err := c.Topic(ctx, name)
		if err != nil {
			return err
		}
		tps = append(tps, Partitions(t)...)
	}
	// Joining would only be tried again and again with a broker that is too old.
	for _, b := range c.Metadata().Brokers {
		var version *VersionError
		if _, err := c.version(ctx, b.Addr(), apiFetch, fetchMin, fetchByID); errors.As(err, &version) {
			return err
		}
	}
	var ends map[TopicPartition]Offset
	if req.End {
		var err error
		if ends, err = c.Offsets(ctx, AtEnd, req.Isolation, tps); err != nil {
			return err
		}
	}
	group, err := c.join(req)
	if err != nil {
		return err
	}
	m := &member{c: c, req: req, ends: ends, sink: sink}
	err = m.generations(ctx, group)
	// Closing leaves the group; the last generation has committed by then.
	if closed := group.Close(); err == nil && closed != nil {
		err = fmt.Errorf("leave group %q: %w", req.Group, closed)
	}
	return err
}

func (c *Cluster) join(req ConsumeRequest) (*kafkago.ConsumerGroup, error) {
	var turn atomic.Uint32
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == anyBroker {
			brokers := c.addresses()
			address = brokers[int(turn.Add(1)-1)%len(brokers)]
		}
		conn, err := c.dialLogged(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &checked{Conn: conn}, nil
	}
	return kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{
		ID:      req.Group,
		Brokers: slices.Repeat([]string{anyBroker}, len(c.addresses())),
		Topics:  req.Topics,
		Dialer: &kafkago.Dialer{
			ClientID: c.cfg.ClientID, DialFunc: dial,
			Timeout: c.cfg.DialTimeout + c.cfg.RequestTimeout,
		},
		// Range is what Java's default begins with, so that members of both fit.
		GroupBalancers:        []kafkago.GroupBalancer{kafkago.RangeGroupBalancer{}, kafkago.RoundRobinGroupBalancer{}},
		WatchPartitionChanges: true,
		JoinGroupBackoff:      500 * time.Millisecond,
		SessionTimeout:        10 * time.Second,
		HeartbeatInterval:     time.Second,
		RebalanceTimeout:      30 * time.Second,
		StartOffset:           nothingCommitted,
		Timeout:               coordinatorTimeout,
	})
}

// anyBroker stands for the next broker in turn. kafka-go asks its list from the
// front each time, and would stay with a first one that is frozen.
const anyBroker = "any-broker.invalid:9092"

// addresses are those of the brokers that the cluster has now, and of those to
// begin with.
func (c *Cluster) addresses() []string {
	var all []string
	for _, b := range c.Metadata().Brokers {
		all = append(all, b.Addr())
	}
	for _, b := range c.cfg.Brokers {
		if !slices.Contains(all, b) {
			all = append(all, b)
		}
	}
	return all
}

// member is our membership in a group.
type member struct {
	c    *Cluster
	req  ConsumeRequest
	ends map[TopicPartition]Offset
	sink Sink
}

// generations reads one generation after the other until it is done.
func (m *member) generations(ctx context.Context, group *kafkago.ConsumerGroup) error {
	var failing time.Time
	joined, said := false, false
	for {
		gen, err := group.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if failing.IsZero() {
				failing = time.Now()
			}
			if errors.Is(err, errClosed) {
				return errClosed
			}
			var code kafkago.Error
			refused := errors.As(err, &code)
			if refused && !passing(code) || !joined && time.Since(failing) > joinPatience {
				if refused {
					err = &Error{Code: int16(code), Doing: fmt.Sprintf("join group %q", m.req.Group), Partition: -1}
				}
				return err
			}
			if time.Since(failing) > stuckAfter && !said {
				said = true
				m.sink.Event(Event{Time: m.c.cfg.Now(), Kind: GroupStuck, TopicPartition: TopicPartition{Partition: -1}, Err: err})
			}
			continue
		}
		failing, joined, said = time.Time{}, true, false
		result := make(chan error, 1)
		// The generation ends when this function returns, and it waits for it:
		// so commits happen inside.
		gen.Start(func(g context.Context) {
			run, cancel := context.WithCancel(ctx)
			stop := context.AfterFunc(g, cancel)
			defer stop()
			defer cancel()
			result <- m.consume(ctx, run, gen)
		})
		err = <-result
		if ctx.Err() != nil || !errors.Is(err, context.Canceled) {
			return err
		}
	}
}

// consume reads what one generation was assigned. It ends with context.Canceled
// when the generation did, and with it run.
func (m *member) consume(ctx, run context.Context, gen *kafkago.Generation) error {
	spans, fresh, waiting, err := m.spans(run, gen.Assignments)
	if err != nil {
		return err
	}
	if len(spans)+len(waiting) == 0 && !m.req.End {
		<-run.Done() // more members than partitions: until the next generation
		return run.Err()
	}
	positions := &positions{Sink: m.sink, at: make(map[TopicPartition]int64), waiting: slices.Clone(waiting)}
	for _, s := range fresh {
		// Where it begins is committed too, even if nothing comes: the next
		// member must not begin at another end and miss what lies between.
		positions.at[s.TopicPartition] = s.From
	}
	read := make(chan error, 1)
	go func() {
		read <- m.c.Read(run, ReadRequest{Spans: spans, Waiting: waiting, Isolation: m.req.Isolation}, positions)
	}()
	tick := time.NewTicker(commitInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			// A commit that fails is made good by the next one, or by the last.
			_ = positions.commit(gen)
		case err := <-read:
			committed := positions.commit(gen)
			switch {
			case committed == nil, err != nil && !errors.Is(err, context.Canceled):
				return err
			case err != nil && ctx.Err() == nil:
				// Only the generation is over. The next owner begins at the
				// last commit that arrived.
				return err
			}
			return fmt.Errorf("the last records were written, but their offsets could not be committed to group %q (they will come again): %w", m.req.Group, committed)
		}
	}
}

// passing tells whether a refusal of the coordinator is of the moment: it moves,
// or the group does.
func passing(code kafkago.Error) bool {
	switch code {
	case kafkago.RebalanceInProgress, kafkago.IllegalGeneration, kafkago.UnknownMemberId, kafkago.MemberIDRequired:
		return true
	}
	return code.Temporary() || retriable(int16(code))
}

// spans is where to read: from the committed offsets, else from Start. fresh are
// those of the second kind; waiting, too, where nobody can tell the offset yet.
func (m *member) spans(ctx context.Context, assigned map[string][]kafkago.PartitionAssignment) (spans, fresh []Span, waiting []Waiting, err error) {
	var without []TopicPartition
	for _, topic := range slices.Sorted(maps.Keys(assigned)) {
		for _, p := range assigned[topic] {
			tp := TopicPartition{topic, int32(p.ID)}
			if p.Offset == nothingCommitted {
				without = append(without, tp)
			} else {
				spans = append(spans, Span{tp, p.Offset, NoEnd})
			}
		}
	}
	if len(without) > 0 {
		if fresh, waiting, err = m.c.Resolve(ctx, without, m.req.Start, nil, m.req.Isolation); err != nil {
			return nil, nil, nil, err
		}
		if len(waiting) > 0 && m.req.End { // it would never end
			return nil, nil, nil, waiting[0]
		}
		spans = append(spans, fresh...)
	}
	if m.req.End {
		for i := range spans {
			if end, ok := m.ends[spans[i].TopicPartition]; ok && end.Err == nil {
				spans[i].To = end.Offset
			}
		}
	}
	return spans, fresh, waiting, nil
}

// positions passes records on and remembers how far each partition was accepted.
type positions struct {
	Sink
	mu sync.Mutex
	at map[TopicPartition]int64 // not committed yet

	waiting []Waiting // for a leader that can tell where they begin
}

type positioned struct {
	PartitionSink
	all  *positions
	tp   TopicPartition
	last int64
}

func (p *positions) Partition(tp TopicPartition) PartitionSink {
	return &positioned{PartitionSink: p.Sink.Partition(tp), all: p, tp: tp, last: -1}
}

func (p *positioned) Flush(state PartitionState) error {
	if err := p.PartitionSink.Flush(state); err != nil {
		return err
	}
	if state.Next == p.last {
		return nil
	}
	p.last = state.Next
	p.all.mu.Lock()
	defer p.all.mu.Unlock()
	p.all.at[p.tp] = state.Next
	return nil
}

// Event notes where a partition begins that had to wait for a leader: that is
// committed, too, as of any other that begins afresh.
func (p *positions) Event(e Event) {
	if e.Kind == PartitionBack {
		p.mu.Lock()
		// Of one that was read before, From may be ahead of what was accepted.
		if i := slices.IndexFunc(p.waiting, func(w Waiting) bool { return w.TopicPartition == e.TopicPartition }); i >= 0 {
			p.at[e.TopicPartition] = e.From
			p.waiting = slices.Delete(p.waiting, i, i+1)
		}
		p.mu.Unlock()
	}
	p.Sink.Event(e)
}

// commit commits every position that moved since the last one.
func (p *positions) commit(gen *kafkago.Generation) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	offsets := make(map[string]map[int]int64)
	for tp, at := range p.at {
		if offsets[tp.Topic] == nil {
			offsets[tp.Topic] = make(map[int]int64)
		}
		offsets[tp.Topic][int(tp.Partition)] = at
	}
	if err := gen.CommitOffsets(offsets); err != nil {
		return err
	}
	clear(p.at)
	return nil
}
