//go:build unix

package e2e

// Brokers fail while messages are written, tailed and consumed in a group. Then
// the history is judged: every acknowledged message is in the log once, the tail
// shows the log exactly, and the group passes nothing over.

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"milena/kafka"
	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	faultPartitions = 6
	// frozenFor is how long a leader is paused: longer than its session lasts.
	frozenFor = 12 * time.Second
)

func TestFaultsLoseAndDoubleNothing(t *testing.T) {
	l := needLab(t)
	if testing.Short() {
		t.Skip("takes minutes")
	}
	wasUp := len(l.pids("cluster")) > 0
	brokers := l.up("cluster")
	if !wasUp {
		t.Cleanup(func() { l.run("down", "cluster") })
	}

	w := openCluster(t, brokers)
	topic := randomName("faults")
	if err := w.CreateTopic(t.Context(), kafka.NewTopic{Name: topic, Partitions: faultPartitions, ReplicationFactor: 3}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.DeleteTopic(context.Background(), topic) })

	h := &history{acked: make(map[int32]int)}
	all := startTail(t, brokers, topic, kafka.ReadUncommitted)
	committed := startTail(t, brokers, topic, kafka.ReadCommitted)
	g := &group{t: t, brokers: brokers, topic: topic, name: randomName("group"), shown: make(map[int32]int), reach: make(map[int32]int64)}
	t.Cleanup(g.killAll)
	g.join()
	victim := g.join()
	stop := startSenders(t, w, brokers, topic, h)
	t.Cleanup(stop)

	// progress waits until every partition has new messages that were
	// acknowledged, tailed and consumed.
	progress := func(when string) {
		t.Helper()
		begin := time.Now()
		for _, p := range []struct {
			what  string
			count func(int32) int
		}{
			{"acknowledged", h.ackedIn}, {"tailed", all.shownIn}, {"tailed under read_committed", committed.shownIn},
			{"consumed in the group", g.shownIn},
		} {
			var before [faultPartitions]int
			for i := range before {
				before[i] = p.count(int32(i))
			}
			await(t, "messages to be "+p.what+" "+when, patience, func() bool {
				for i := range before {
					if p.count(int32(i)) < before[i]+10 {
						return false
					}
				}
				return true
			})
			t.Logf("%s: %s after %s", when, p.what, time.Since(begin).Round(100*time.Millisecond))
		}
	}
	progress("at first")

	hit := make(map[int32]bool)
	for _, fault := range []struct {
		name        string
		begin, mend func(id int32)
	}{
		{"kill -9", func(id int32) { l.run("kill", fmt.Sprint(id)) }, func(id int32) { l.run("start", fmt.Sprint(id)) }},
		{"stop", func(id int32) { l.run("stop", fmt.Sprint(id)) }, func(id int32) { l.run("start", fmt.Sprint(id)) }},
		{"pause", func(id int32) {
			pid := l.pids("cluster")[fmt.Sprint("broker", id)]
			if pid == 0 {
				t.Fatalf("broker %d does not run", id)
			}
			t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			time.Sleep(frozenFor) // the fault itself: a process that stands still so long
		}, func(id int32) {
			if err := syscall.Kill(l.pids("cluster")[fmt.Sprint("broker", id)], syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		id := leaderToHit(t, w, topic, hit)
		hit[id] = true
		t.Logf("%s of broker %d and of a member of the group", fault.name, id)
		victim.kill()
		fault.begin(id)
		victim = g.join()
		progress("during the " + fault.name)
		fault.mend(id)
		awaitReplicas(t, w, topic)
		progress("after the " + fault.name)
	}

	stop()
	ends := endsOf(t, w, topic)
	for _, tail := range []*tail{all, committed} {
		await(t, "the tail to reach the end", patience, func() bool { return tail.reached(ends) })
		tail.stop()
	}
	await(t, "the group to reach the end", patience, func() bool { return g.reached(ends) })
	g.leave()

	judge(t, h, all, committed, g, readLog(t, brokers, topic, ends))
	for p, at := range committedOffsets(t, brokers, g.name, topic) {
		if at != ends[p] {
			t.Errorf("the group has left with offset %d committed for partition %d, and was shown all up to %d", at, p, ends[p])
		}
	}
}

// judge is the verdict on a history. log is what a client of somebody else finds.
func judge(t *testing.T, h *history, all, committed *tail, g *group, log []Stretch) {
	sent := h.messages()
	outcomes := make(map[Outcome]int)
	for _, s := range sent {
		outcomes[s.Outcome]++
	}
	t.Logf("%d messages: %d acknowledged, %d in doubt, %d refused, %d aborted; the group was shown %d stretches",
		len(sent), outcomes[Acked], outcomes[Doubted], outcomes[Refused], outcomes[Aborted], len(g.stretches()))
	t.Logf("longest silence of the tail: %s", all.silence())
	if outcomes[Acked] == 0 {
		t.Error("nothing was acknowledged")
	}
	if outcomes[Doubted]+outcomes[Refused] > 0 {
		for i, e := range h.errors {
			if i == 10 {
				break
			}
			t.Logf("sender: %s", e)
		}
	}
	report := func(what string, found []Anomaly) {
		for i, a := range found {
			if i == 20 {
				t.Errorf("%s: and %d more", what, len(found)-i)
				return
			}
			t.Errorf("%s: %s", what, a)
		}
	}
	report("the log", Check(sent, log, Promise{Once: true}))
	report("the tail", Check(sent, all.stretches(), Promise{Once: true}))
	report("the committed tail", Check(sent, committed.stretches(), Promise{Once: true, Committed: true}))
	report("the group", Check(sent, g.stretches(), Promise{}))
	tailed := all.stretches()
	for _, s := range log {
		i := slices.IndexFunc(tailed, func(x Stretch) bool { return x.Partition == s.Partition })
		if i < 0 || !slices.Equal(s.Records, tailed[i].Records) {
			t.Errorf("partition %d: the tail is not the log", s.Partition)
		}
	}
	for _, tail := range []*tail{all, committed} {
		for _, e := range tail.told() {
			t.Logf("%s tail, %s: %s", tail.isolation, e.Time.Format("15:04:05.000"), e)
			if e.Kind == kafka.OffsetsGone || e.Kind == kafka.LogTruncated || e.Kind == kafka.TopicDeleted || e.Kind == kafka.TopicRecreated {
				t.Errorf("the tail says what is not so: %s", e)
			}
		}
		if s := tail.skipped(); len(s) > 0 {
			t.Errorf("the %s tail skipped %v", tail.isolation, s)
		}
	}
}

// history is what senders know of their messages.
type history struct {
	mu     sync.Mutex
	sent   []Sent
	acked  map[int32]int
	errors []error
}

// begin notes a message that is about to be sent, and gives its place.
func (h *history) begin(sender, value string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent = append(h.sent, Sent{Value: value, Sender: sender, Offset: -1, Outcome: Doubted})
	return len(h.sent) - 1
}

func (h *history) end(i int, partition int32, offset int64, o Outcome, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &h.sent[i]
	s.Partition, s.Offset, s.Outcome = partition, offset, o
	if o == Acked {
		h.acked[partition]++
	}
	if err != nil {
		h.errors = append(h.errors, fmt.Errorf("%s, message %q: %w", s.Sender, s.Value, err))
	}
}

// answered is what our producer says of a message.
func (h *history) answered(i int, a kafka.Ack, err error) {
	switch {
	case err == nil:
		h.end(i, a.Partition, a.Offset, Acked, nil)
	case strings.Contains(err.Error(), "it may have arrived"):
		h.end(i, -1, -1, Doubted, err)
	default:
		h.end(i, -1, -1, Refused, err)
	}
}

func (h *history) ackedIn(p int32) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.acked[p]
}

func (h *history) messages() []Sent {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.sent)
}

// startSenders writes until stop: messages by key without compression, messages
// to each partition in turn with it, single messages that are waited for, and
// transactions of another client, half of them aborted. stop waits until each
// message has its answer.
func startSenders(t *testing.T, c *kafka.Cluster, brokers []string, topic string, h *history) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	flow := func(sender string, codec batch.Codec, message func(n int) kafka.Message) {
		p := c.NewProducer(kafka.ProducerConfig{Codec: codec})
		defer func() {
			flush, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := p.Flush(flush); err != nil {
				t.Errorf("%s: flush: %v", sender, err)
			}
			if err := p.Close(); err != nil {
				t.Errorf("%s: close: %v", sender, err)
			}
		}()
		pace := time.NewTicker(2 * time.Millisecond)
		defer pace.Stop()
		for n := 0; ; n++ {
			select {
			case <-pace.C:
			case <-ctx.Done():
				return
			}
			m := message(n)
			i := h.begin(sender, string(m.Value))
			if err := p.Produce(ctx, m, func(a kafka.Ack, err error) { h.answered(i, a, err) }); err != nil {
				h.end(i, -1, -1, Refused, err)
				if ctx.Err() == nil {
					t.Errorf("%s: %v", sender, err)
				}
			}
		}
	}
	wg.Go(func() {
		flow("by key", batch.None, func(n int) kafka.Message {
			return kafka.Message{Topic: topic, Partition: kafka.AnyPartition, Key: fmt.Append(nil, "k", n%100),
				Value: fmt.Append(nil, "key-", n), Timestamp: kafka.NoTimestamp}
		})
	})
	wg.Go(func() {
		flow("by partition", batch.LZ4, func(n int) kafka.Message {
			return kafka.Message{Topic: topic, Partition: int32(n % faultPartitions),
				Value: fmt.Append(nil, "part-", n), Timestamp: kafka.NoTimestamp}
		})
	})
	wg.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			i := h.begin("one by one", fmt.Sprint("one-", n))
			a, err := c.Send(context.Background(), kafka.Message{Topic: topic, Partition: int32(n % faultPartitions),
				Value: fmt.Append(nil, "one-", n), Timestamp: kafka.NoTimestamp})
			h.answered(i, a, err)
		}
	})
	wg.Go(func() { transact(ctx, t, brokers, topic, h) })
	var once sync.Once
	return func() {
		once.Do(func() {
			cancel()
			wg.Wait()
		})
	}
}

// transact writes transactions until ctx ends. One whose fate is not known is in
// doubt; a new client with the same id aborts what was left open.
func transact(ctx context.Context, t *testing.T, brokers []string, topic string, h *history) {
	id := randomName("transactions")
	random := rand.New(rand.NewPCG(1, 2))
	for n := 0; ctx.Err() == nil; {
		k, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner()),
			kgo.TransactionTimeout(30*time.Second))
		if err != nil {
			t.Error(err)
			return
		}
		for ctx.Err() == nil {
			if err = transaction(k, topic, h, &n, random.IntN(2) == 0, random.IntN(faultPartitions)); err != nil {
				break
			}
		}
		k.Close()
		if err != nil {
			t.Logf("transactions: %v; going on with a new client", err)
		}
	}
	// Whatever is still open is aborted now, so that read_committed can go on.
	k, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.TransactionalID(id))
	if err != nil {
		t.Error(err)
		return
	}
	defer k.Close()
	if _, _, err := k.ProducerID(context.Background()); err != nil {
		t.Errorf("transactions: the last one stays open: %v", err)
	}
}

// transaction is one transaction of ten messages to two partitions.
func transaction(k *kgo.Client, topic string, h *history, n *int, commit bool, partition int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := k.BeginTransaction(); err != nil {
		return err
	}
	var at []int
	var recs []*kgo.Record
	for i := range 10 {
		value := fmt.Sprint("transaction-", *n)
		*n++
		at = append(at, h.begin("transactions", value))
		recs = append(recs, &kgo.Record{Topic: topic, Partition: int32((partition + i%2) % faultPartitions), Value: []byte(value)})
	}
	err := k.ProduceSync(ctx, recs...).FirstErr()
	if err == nil {
		err = k.EndTransaction(ctx, kgo.TransactionEndTry(commit))
	}
	for i, r := range recs {
		switch {
		case !commit:
			// Nobody ever asks to commit it: now or later it is aborted.
			h.end(at[i], r.Partition, r.Offset, Aborted, nil)
		case err != nil:
			h.end(at[i], r.Partition, -1, Doubted, nil)
		default:
			h.end(at[i], r.Partition, r.Offset, Acked, nil)
		}
	}
	return err
}

// tail is a Read of a whole topic that goes on for ever.
type tail struct {
	isolation kafka.Isolation
	cancel    context.CancelFunc
	ended     chan struct{}

	mu     sync.Mutex
	t      *testing.T
	parts  map[int32]*tailPart
	events []kafka.Event
	skips  []batch.Skip
	last   time.Time
	quiet  time.Duration // the longest time without any record
}

type tailPart struct {
	all     *tail
	id      int32
	records []Seen
	next    int64
}

func startTail(t *testing.T, brokers []string, topic string, isolation kafka.Isolation) *tail {
	c := openCluster(t, brokers)
	ctx, cancel := context.WithCancel(context.Background())
	tl := &tail{isolation: isolation, cancel: cancel, ended: make(chan struct{}), t: t, parts: make(map[int32]*tailPart)}
	var spans []kafka.Span
	for p := range int32(faultPartitions) {
		spans = append(spans, kafka.Span{TopicPartition: kafka.TopicPartition{Topic: topic, Partition: p}, To: kafka.NoEnd})
	}
	go func() {
		defer close(tl.ended)
		if err := c.Read(ctx, kafka.ReadRequest{Spans: spans, Isolation: isolation}, tl); !errors.Is(err, context.Canceled) {
			t.Errorf("the %s tail has ended: %v", isolation, err)
		}
	}()
	t.Cleanup(tl.stop)
	return tl
}

func (tl *tail) stop() {
	tl.cancel()
	<-tl.ended
}

func (tl *tail) Partition(tp kafka.TopicPartition) kafka.PartitionSink {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if tl.parts[tp.Partition] != nil {
		tl.t.Errorf("the tail begins partition %d twice", tp.Partition)
	}
	p := &tailPart{all: tl, id: tp.Partition}
	tl.parts[tp.Partition] = p
	return p
}

func (tl *tail) Event(e kafka.Event) {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	tl.events = append(tl.events, e)
}

func (p *tailPart) Record(v *batch.View) bool {
	p.all.mu.Lock()
	defer p.all.mu.Unlock()
	now := time.Now()
	if !p.all.last.IsZero() {
		p.all.quiet = max(p.all.quiet, now.Sub(p.all.last))
	}
	p.all.last = now
	p.records = append(p.records, Seen{v.Offset, string(v.Value)})
	return true
}

func (p *tailPart) Skip(s batch.Skip) {
	if s.Kind == batch.SkipControl || s.Kind == batch.SkipAborted && p.all.isolation == kafka.ReadCommitted {
		return
	}
	p.all.mu.Lock()
	defer p.all.mu.Unlock()
	s.Batch = nil
	p.all.skips = append(p.all.skips, s)
}

func (p *tailPart) Flush(s kafka.PartitionState) error {
	p.all.mu.Lock()
	defer p.all.mu.Unlock()
	if s.Next < p.next {
		p.all.t.Errorf("the tail of partition %d goes back from %d to %d", p.id, p.next, s.Next)
	}
	p.next = s.Next
	return nil
}

func (tl *tail) shownIn(p int32) int {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if tl.parts[p] == nil {
		return 0
	}
	return len(tl.parts[p].records)
}

func (tl *tail) reached(ends map[int32]int64) bool {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	for id, end := range ends {
		if p := tl.parts[id]; p == nil || p.next < end {
			return false
		}
	}
	return true
}

func (tl *tail) stretches() []Stretch {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	var s []Stretch
	for id, p := range tl.parts {
		s = append(s, Stretch{Reader: "the tail", Partition: id, Records: slices.Clone(p.records)})
	}
	return s
}

func (tl *tail) told() []kafka.Event {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	return slices.Clone(tl.events)
}

func (tl *tail) skipped() []batch.Skip {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	return slices.Clone(tl.skips)
}

func (tl *tail) silence() time.Duration {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	return tl.quiet.Round(100 * time.Millisecond)
}

// group is a consumer group whose members are processes of their own, for only
// those can crash.
type group struct {
	t           *testing.T
	brokers     []string
	topic, name string
	members     []*groupMember
	mu          sync.Mutex
	generations []*generation
	shown       map[int32]int
	reach       map[int32]int64 // the offset up to which each partition was flushed
}

// generation is what a member was shown of one partition in one generation.
type generation struct {
	Stretch
	begun int64 // ns, by the clock of the machine that they all share
}

type groupMember struct {
	g      *group
	name   string
	cmd    *exec.Cmd
	stderr strings.Builder
	read   chan struct{} // closed when all that it said is read
	killed bool
}

// join starts a member.
func (g *group) join() *groupMember {
	g.t.Helper()
	m := &groupMember{g: g, name: fmt.Sprint("member ", len(g.members)+1), read: make(chan struct{})}
	said, says, err := os.Pipe()
	if err != nil {
		g.t.Fatal(err)
	}
	m.cmd = exec.Command(os.Args[0], "-test.run=^TestGroupMemberProcess$", "-test.timeout=10m")
	m.cmd.Env = append(os.Environ(), "MILENA_E2E_MEMBER="+strings.Join(g.brokers, ",")+" "+g.topic+" "+g.name)
	m.cmd.ExtraFiles = []*os.File{says}
	m.cmd.Stdout, m.cmd.Stderr = &m.stderr, &m.stderr
	if err := m.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	says.Close()
	go func() {
		defer close(m.read)
		defer said.Close()
		m.listen(said)
	}()
	g.members = append(g.members, m)
	return m
}

// listen takes in what a member says it was shown.
func (m *groupMember) listen(said io.Reader) {
	mine := make(map[string]*generation)
	lines := bufio.NewReader(said)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return // what was cut off by a crash was not flushed
		}
		f := strings.Fields(line)
		m.g.mu.Lock()
		switch f[0] {
		case "begin": // stretch, partition, time
			p, _ := strconv.Atoi(f[2])
			begun, _ := strconv.ParseInt(f[3], 10, 64)
			s := &generation{Stretch{Reader: m.name + ", stretch " + f[1], Partition: int32(p)}, begun}
			mine[f[1]] = s
			m.g.generations = append(m.g.generations, s)
		case "record": // stretch, offset, value
			offset, _ := strconv.ParseInt(f[2], 10, 64)
			s := mine[f[1]]
			s.Records = append(s.Records, Seen{offset, f[3]})
			m.g.shown[s.Partition]++
		case "flush": // stretch, next
			next, _ := strconv.ParseInt(f[2], 10, 64)
			s := mine[f[1]]
			m.g.reach[s.Partition] = max(m.g.reach[s.Partition], next)
		case "event":
			m.g.t.Logf("%s: %s", m.name, strings.TrimSpace(line))
		}
		m.g.mu.Unlock()
	}
}

// kill is the crash of a member.
func (m *groupMember) kill() {
	if m.killed {
		return
	}
	m.killed = true
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait()
	if m.cmd.ProcessState.Exited() {
		m.g.t.Errorf("%s has ended by itself: %s", m.name, m.stderr.String())
	}
	<-m.read
}

func (g *group) killAll() {
	for _, m := range g.members {
		m.kill()
	}
}

// leave ends the members that live, in an orderly way.
func (g *group) leave() {
	for _, m := range g.members {
		if m.killed {
			continue
		}
		m.killed = true
		if err := m.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			g.t.Errorf("%s: %v", m.name, err)
		}
		if err := m.cmd.Wait(); err != nil {
			g.t.Errorf("%s: %v\n%s", m.name, err, m.stderr.String())
		}
		<-m.read
	}
}

func (g *group) shownIn(p int32) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shown[p]
}

func (g *group) reached(ends map[int32]int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for p, end := range ends {
		if g.reach[p] < end {
			return false
		}
	}
	return true
}

func (g *group) stretches() []Stretch {
	g.mu.Lock()
	defer g.mu.Unlock()
	sorted := slices.Clone(g.generations)
	slices.SortStableFunc(sorted, func(a, b *generation) int { return cmp.Compare(a.begun, b.begun) })
	var s []Stretch
	for _, x := range sorted {
		s = append(s, x.Stretch)
	}
	return s
}

// TestGroupMemberProcess is a member of the group, when the fault test starts
// this program again; by itself it is nothing.
func TestGroupMemberProcess(t *testing.T) {
	what := strings.Fields(os.Getenv("MILENA_E2E_MEMBER"))
	if len(what) != 3 {
		t.Skip("is run by the fault test")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c := openCluster(t, strings.Split(what[0], ","))
	sink := &memberSink{out: os.NewFile(3, "parent")}
	err := c.Consume(ctx, kafka.ConsumeRequest{Group: what[2], Topics: []string{what[1]}, Start: kafka.Position{Kind: kafka.Beginning}}, sink)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%s: consuming ended: %v", time.Now().Format("15:04:05.000"), err)
	}
}

// memberSink tells the parent what it is given, and lets nothing count as read
// before that.
type memberSink struct {
	mu        sync.Mutex
	out       io.Writer
	stretches int
}

type memberPart struct {
	*memberSink
	stretch int
	lines   []byte
}

func (s *memberSink) Partition(tp kafka.TopicPartition) kafka.PartitionSink {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stretches++
	fmt.Fprintf(s.out, "begin %d %d %d\n", s.stretches, tp.Partition, time.Now().UnixNano())
	return &memberPart{memberSink: s, stretch: s.stretches}
}

func (s *memberSink) Event(e kafka.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "event %s %s\n", e.Time.Format("15:04:05.000"), e)
}

func (p *memberPart) Record(v *batch.View) bool {
	p.lines = fmt.Appendf(p.lines, "record %d %d %s\n", p.stretch, v.Offset, v.Value)
	return true
}

func (p *memberPart) Skip(batch.Skip) {}

func (p *memberPart) Flush(s kafka.PartitionState) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = fmt.Appendf(p.lines, "flush %d %d\n", p.stretch, s.Next)
	_, err := p.out.Write(p.lines)
	p.lines = p.lines[:0]
	return err
}

// --- the cluster from outside

func refreshed(t *testing.T, c *kafka.Cluster, topic string) *kafka.Topic {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m, err := c.Refresh(ctx)
	if err != nil {
		return nil
	}
	return m.Topic(topic)
}

// leaderToHit is a broker that leads a partition and was not hit before.
func leaderToHit(t *testing.T, c *kafka.Cluster, topic string, hit map[int32]bool) int32 {
	t.Helper()
	id := int32(-1)
	await(t, "a leader that was not hit", patience, func() bool {
		if top := refreshed(t, c, topic); top != nil {
			for _, p := range top.Partitions {
				if p.Leader >= 0 && !hit[p.Leader] {
					id = p.Leader
					return true
				}
			}
		}
		return false
	})
	return id
}

// awaitReplicas waits until every replica is in sync again.
func awaitReplicas(t *testing.T, c *kafka.Cluster, topic string) {
	t.Helper()
	await(t, "all replicas to be in sync", patience, func() bool {
		top := refreshed(t, c, topic)
		if top == nil {
			return false
		}
		return !slices.ContainsFunc(top.Partitions, func(p kafka.Partition) bool { return len(p.ISR) < 3 })
	})
}

func endsOf(t *testing.T, c *kafka.Cluster, topic string) map[int32]int64 {
	t.Helper()
	var tps []kafka.TopicPartition
	for p := range int32(faultPartitions) {
		tps = append(tps, kafka.TopicPartition{Topic: topic, Partition: p})
	}
	found, err := c.Offsets(t.Context(), kafka.AtEnd, kafka.ReadUncommitted, tps)
	if err != nil {
		t.Fatal(err)
	}
	ends := make(map[int32]int64)
	for tp, o := range found {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		ends[tp.Partition] = o.Offset
	}
	return ends
}

// readLog is what somebody else's client finds in the topic.
func readLog(t *testing.T, brokers []string, topic string, ends map[int32]int64) []Stretch {
	t.Helper()
	from := make(map[int32]kgo.Offset)
	for p := range ends {
		from[p] = kgo.NewOffset().AtStart()
	}
	k, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.KeepControlRecords())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	log := make([]Stretch, faultPartitions)
	left := len(ends)
	for left > 0 {
		f := k.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) {
			s := &log[r.Partition]
			s.Reader, s.Partition = "franz-go", r.Partition
			if !r.Attrs.IsControl() {
				s.Records = append(s.Records, Seen{r.Offset, string(r.Value)})
			}
			if r.Offset == ends[r.Partition]-1 {
				left--
			}
		})
	}
	return log
}

func committedOffsets(t *testing.T, brokers []string, group, topic string) map[int32]int64 {
	t.Helper()
	k, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	q := kmsg.NewPtrOffsetFetchRequest()
	q.Group = group
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = group
	asked := kmsg.NewOffsetFetchRequestGroupTopic()
	asked.Topic = topic
	for p := range int32(faultPartitions) {
		asked.Partitions = append(asked.Partitions, p)
	}
	g.Topics = append(g.Topics, asked)
	q.Groups = append(q.Groups, g)
	answer, err := k.Request(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	offsets := make(map[int32]int64)
	for _, g := range answer.(*kmsg.OffsetFetchResponse).Groups {
		for _, top := range g.Topics {
			for _, p := range top.Partitions {
				offsets[p.Partition] = p.Offset
			}
		}
	}
	if len(offsets) != faultPartitions {
		t.Fatalf("offsets of %d partitions are committed, of %d", len(offsets), faultPartitions)
	}
	return offsets
}
