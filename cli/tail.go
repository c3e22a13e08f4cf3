package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"milena/archive"
	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// recordFlags are what tail and search have in common: of which topics records
// are wanted, how many, and how they are printed.
type recordFlags struct {
	topics     []string              // names, or patterns of names
	patterns   []*kafka.TopicPattern // those of them, where topics that appear later count too
	partitions []int32
	limit      int64 // -1: none
	json       bool
	format     string
	count      bool
	null       bool
	isolation  string

	formatterSet []string
	printed      map[string]string // properties of Kafka's console consumer
}

// tailFlags are what tail was asked for.
type tailFlags struct {
	recordFlags
	offset        string
	last          int64
	fromBeginning bool
	exit          bool
	where         string
	group         string
	ordered       bool
	include       []string // patterns, as kafka-console-consumer takes them
	quietFor      int64    // ms without a message that end it; -1: none do
}

func newTail(g *global) *cobra.Command {
	var t tailFlags
	cmd := &cobra.Command{
		Use:   "tail TOPIC…",
		Short: "Print the messages of topics and follow new ones",
		Long: `Print the messages of topics and follow new ones.

` + positionHelp + `
POS may also be a range A..B of two, or stored (with --group). The default is end, or stored
with --group. Without --group, milena joins, creates and commits nothing. With --file the default is the
whole file, and TOPIC may be left out.

--where prints only the messages that match a query (see milena search). With --group the others are
committed as well. -N counts before the filter.

A TOPIC with characters that no topic name has is a pattern: a regular expression for the whole name. All
matching topics are read, including new ones. --ordered prints messages in the order of time, over all
topics and partitions. The order is exact up to the ends at the start; new messages wait half a second
for earlier ones.

A partition without a leader is named on stderr. It is read as soon as it has a leader again, and no
message is missed. With an end (-e, A..B) tail does not wait for it: it prints the others, then fails and
names it.`,
		Example: `  milena tail message-log                          new messages, as they come
  milena tail orders -o -2h..-1h -J                an hour, as JSON
  milena tail orders --last 100 -e                 the newest 100
  milena tail orders --where 'refund -test' -c 1   until the first message with one word and without the other
  milena tail orders payments 'shipping\..*' --ordered   several topics, merged by time
  milena tail a -J -o beginning -e | milena produce b -J
  milena tail --file orders.jsonl --last 10        of a file that -J or an export wrote`,
		RunE: func(cmd *cobra.Command, args []string) error {
			t.topics = append(args, t.topics...)
			for _, list := range t.include { // Java's commas are alternatives
				t.topics = append(t.topics, strings.ReplaceAll(list, ",", "|"))
			}
			if len(t.topics) == 0 && g.file == "" {
				return usage("%s takes at least one topic, as in: milena tail message-log", cmd.CommandPath())
			}
			return g.tail(cmd.Context(), t, cmd.Flags())
		},
	}
	f := cmd.Flags()
	g.fileFlag(f)
	t.add(f)
	f.StringVarP(&t.offset, "offset", "o", "", "where to begin, `POS`, or a range A..B")
	f.Int64Var(&t.last, "last", 0, "begin at the newest `N` messages of the topic, over all partitions")
	f.BoolVar(&t.fromBeginning, "from-beginning", false, "the same as -o beginning")
	f.BoolVarP(&t.exit, "exit", "e", false, "stop at the current end of each partition")
	f.BoolVar(&t.ordered, "ordered", false, "print in the order of time, over all topics and partitions")
	f.StringVar(&t.where, "where", "", "print only messages that match a `QUERY`, as in milena search; -c counts those")
	f.StringVar(&t.group, "group", "", "join the group `G` and commit what is printed")
	f.Int64Var(&t.quietFor, "timeout-ms", -1, "stop when no message arrives for `N` milliseconds")
	f.StringArrayVar(&t.include, "include", nil, "the topics that match `PATTERN`, as of kafka-console-consumer")
	_ = f.MarkHidden("include") // TOPIC takes patterns, too
	return cmd
}

// add defines the flags.
func (t *recordFlags) add(f *pflag.FlagSet) {
	f.StringArrayVarP(&t.topics, "topic", "t", nil, "a `TOPIC`, in addition to the arguments")
	f.Int32SliceVarP(&t.partitions, "partition", "p", nil, "only these partitions: `N`, several with commas")
	f.Int64VarP(&t.limit, "max-messages", "c", -1, "stop after `N` messages in total")
	f.BoolVarP(&t.json, "json", "J", false, "print one JSON object per line")
	f.StringVarP(&t.format, "format", "f", "", "print each message in this `FORMAT`: %s %S %k %K %h %t %p %o %T %%, \\n \\t \\r \\xNN")
	f.BoolVar(&t.count, "count", false, "print only the number of messages")
	f.BoolVarP(&t.null, "null", "Z", false, "print NULL for null")
	f.StringArrayVar(&t.formatterSet, "formatter-property", nil, "`name=value` as of kafka-console-consumer")
	_ = f.MarkHidden("formatter-property") // --property takes them, too
	f.StringVar(&t.isolation, "isolation-level", "", "isolation `LEVEL`: read_uncommitted (the default) or read_committed")
}

// takeProperties reads the properties of a formatter.
func (t *recordFlags) takeProperties(g *global) (err error) {
	t.printed, err = takeProperties(&g.set, t.formatterSet, formatterProperties, "--formatter-property")
	return err
}

// check refuses what cannot be meant.
func (t *recordFlags) check(set *pflag.FlagSet) error {
	if set.Changed("max-messages") && t.limit < 0 {
		return usage("-c %d: enter a number of messages", t.limit)
	}
	for _, p := range t.partitions {
		if p < 0 {
			return usage("-p %d: a partition is 0 or more", p)
		}
	}
	switch t.isolation {
	case "", "read_committed", "read_uncommitted":
		return nil
	}
	return usage("unknown isolation level %q: use read_uncommitted or read_committed", t.isolation)
}

// level is the isolation that was asked for, else what the settings say.
func (t *recordFlags) level(settings kafka.Isolation) kafka.Isolation {
	switch t.isolation {
	case "read_committed":
		return kafka.ReadCommitted
	case "read_uncommitted":
		return kafka.ReadUncommitted
	}
	return settings
}

// find gives the partitions that are meant.
func (t *recordFlags) find(ctx context.Context, c source) ([]kafka.TopicPartition, error) {
	if len(t.topics) == 0 { // all that a file has
		for _, topic := range c.Metadata().Topics {
			t.topics = append(t.topics, topic.Name)
		}
	}
	var tps []kafka.TopicPartition
	for _, name := range t.topics {
		topic, err := c.Topic(ctx, name)
		if err != nil {
			return nil, err
		}
		if topic.Err != nil {
			return nil, topic.Err
		}
		if len(t.partitions) == 0 {
			tps = append(tps, kafka.Partitions(topic)...)
			continue
		}
		for _, id := range t.partitions {
			if _, file := c.(*archive.File); file && topic.Partition(id) == nil {
				return nil, fmt.Errorf("the file holds no records of %s/%d", name, id)
			}
			if topic.Partition(id) == nil {
				return nil, fmt.Errorf("topic %q has no partition %d: it has %d, from 0", name, id, len(topic.Partitions))
			}
			if tp := (kafka.TopicPartition{Topic: name, Partition: id}); !slices.Contains(tps, tp) {
				tps = append(tps, tp)
			}
		}
	}
	return tps, nil
}

// form is how records are written; nil: they are only counted.
func (g *global) form(t *recordFlags, set *pflag.FlagSet) (form, error) {
	ways := 0
	for _, given := range []bool{t.json, set.Changed("format"), t.count, len(t.printed) > 0} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return nil, usage("use only one of -J, -f, --count and formatter properties (print.key=true)")
	}
	null := ""
	if t.null {
		null = "NULL"
	}
	switch {
	case t.count:
		return nil, nil
	case t.json:
		return archive.AppendJSON, nil
	case set.Changed("format"):
		pieces, err := parseFormat(t.format)
		if err != nil {
			return nil, usageError{err}
		}
		return tokenForm(pieces, null), nil
	case len(t.printed) > 0:
		return consoleForm(t.printed)
	case isTerminal(g.stdout):
		widest := 0
		if len(t.topics) > 1 || len(t.patterns) > 0 {
			for _, name := range t.topics {
				widest = max(widest, len(name))
			}
		}
		return rowForm(widest, coloured(os.Getenv), time.Local), nil
	}
	return valueForm(null), nil
}

// start is where to begin, and where to end if that was said.
func (t tailFlags) start(set *pflag.FlagSet) (from kafka.Position, to *kafka.Position, err error) {
	ways := 0
	for _, given := range []bool{set.Changed("offset"), set.Changed("last"), t.fromBeginning} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		err = usage("use only one of -o, --last and --from-beginning")
	case set.Changed("last") && t.last < 0:
		err = usage("--last %d: enter a number of messages", t.last)
	case set.Changed("last"):
		from = kafka.Position{Kind: kafka.Last, N: t.last}
	case t.fromBeginning:
		from.Kind = kafka.Beginning
	case set.Changed("offset"):
		if from, to, err = kafka.ParseRange(t.offset, time.Now(), time.Local); err != nil {
			err = usageError{err}
		}
	default:
		from.Kind = kafka.End
	}
	if err != nil {
		return from, to, err
	}
	switch {
	case t.group == "" && from.Kind == kafka.Stored:
		err = usage("-o stored needs --group: only a group has stored offsets")
	case t.group != "" && to != nil:
		err = usage("--group takes a start position, not a range")
	case t.group != "" && len(t.partitions) > 0:
		err = usage("use --group or -p, not both: the group assigns the partitions")
	case from.Kind == kafka.Stored:
		from.Kind = kafka.End // where nothing is stored
	}
	return from, to, err
}

// refuse refuses what cannot be meant.
func (t *tailFlags) refuse(g *global, set *pflag.FlagSet) error {
	switch {
	case set.Changed("timeout-ms") && t.quietFor <= 0:
		return usage("--timeout-ms %d: enter a number of milliseconds above 0", t.quietFor)
	case t.group != "" && len(t.patterns) > 0:
		return usage("--group takes names of topics, not patterns")
	case t.group != "" && t.ordered:
		return usage("use --group or --ordered, not both: a group commits each partition in its own order")
	case g.file != "" && t.ordered:
		return usage("use --file or --ordered, not both: the screen of a file merges it by time")
	}
	return t.check(set)
}

func (g *global) tail(ctx context.Context, t tailFlags, set *pflag.FlagSet) error {
	if err := t.takeProperties(g); err != nil {
		return err
	}
	write, err := g.form(&t.recordFlags, set)
	if err != nil {
		return err
	}
	from, to, err := t.start(set)
	if err != nil {
		return err
	}
	if g.file != "" {
		if t.group != "" {
			return usage("use --file or --group, not both: a file has no groups")
		}
		if !set.Changed("offset") && !set.Changed("last") {
			from.Kind = kafka.Beginning
		}
		t.exit = true // a file gets no new messages
	}
	if t.patterns, err = topicPatterns(t.topics); err != nil {
		return usageError{err}
	}
	if err := t.refuse(g, set); err != nil {
		return err
	}
	match, err := g.where(t.where)
	if err != nil {
		return err
	}
	g.understood(from, to)
	slices.Sort(t.topics)
	t.topics = slices.Compact(t.topics)
	isolation, err := g.isolation(ctx)
	if err != nil {
		return err
	}
	isolation = t.level(isolation)

	run, enough := context.WithCancel(ctx)
	defer enough()
	out := &output{g: g, form: write, match: match, limit: t.limit, enough: enough}
	var watch sync.WaitGroup
	if stdout, ok := g.stdout.(*os.File); ok && !t.count {
		watch.Go(func() {
			if readerGone(run, stdout) {
				enough()
			}
		})
	}
	if t.quietFor > 0 {
		watch.Go(func() { out.endWhenQuiet(run, time.Duration(t.quietFor)*time.Millisecond) })
	}
	err = g.read(run, t, set, from, to, isolation, out)
	if err != nil && ctx.Err() != nil && (t.exit || to != nil) {
		g.notice("milena: interrupted before the end")
	}
	enough()
	watch.Wait()
	switch {
	case out.failed != nil:
		err = ignoreClosedPipe(out.failed)
	case ctx.Err() != nil && t.group == "", errors.Is(err, context.Canceled):
		err = nil // a signal, or -c
	}
	var unread unreadError
	if err != nil && !errors.As(err, &unread) {
		return err
	}
	if n := out.damaged.Load(); n > 0 {
		g.notice("milena: %s could not be read", human.Plural(n, "place"))
	}
	if t.count {
		_, failed := fmt.Fprintln(g.stdout, out.total())
		err = cmp.Or(ignoreClosedPipe(failed), err)
	}
	return err
}

// read gives out the records.
func (g *global) read(ctx context.Context, t tailFlags, set *pflag.FlagSet, from kafka.Position, to *kafka.Position, isolation kafka.Isolation, out *output) error {
	c, err := g.openSource(ctx)
	if err != nil {
		return err
	}
	if t.topics, err = topicNames(ctx, c, t.topics); err != nil {
		return err
	}
	tps, err := t.find(ctx, c)
	if err != nil {
		return err
	}
	if t.limit == 0 {
		return nil
	}
	if out.form, err = g.form(&t.recordFlags, set); err != nil { // now that the names are known
		return err
	}
	if cluster, ok := c.(*kafka.Cluster); ok && t.group != "" {
		return cluster.Consume(ctx, kafka.ConsumeRequest{Group: t.group, Topics: t.topics, Start: from, End: t.exit, Isolation: isolation}, out)
	}
	ends := to
	if t.exit && to == nil {
		ends = &kafka.Position{Kind: kafka.End}
	}
	if q, err := g.parse(t.where); err == nil {
		if why, err := nowhere(ctx, c, q, tps, isolation); err == nil && why != "" {
			g.notice("milena: %s", why)
		}
	}
	spans, waiting, err := c.Resolve(ctx, tps, from, ends, isolation)
	switch {
	case err != nil:
		return err
	case len(spans) == 0 && len(waiting) > 0:
		return waiting[0]
	}
	lacking, err := kafka.FindAbsent(ctx, c, tps, from, ends, isolation)
	if err != nil {
		return err
	}
	g.absent(lacking)
	req := kafka.ReadRequest{Spans: spans, Isolation: isolation}
	if ends == nil {
		req.Waiting = waiting
		if len(t.partitions) == 0 {
			req.Grow, req.Match = true, anyOf(t.patterns)
		}
	}
	if cluster, ok := c.(*kafka.Cluster); ok && t.ordered {
		err = g.readOrdered(ctx, cluster, req, out)
	} else {
		err = c.Read(ctx, req, out)
	}
	if err != nil || ends == nil || len(waiting) == 0 || out.full() {
		return err
	}
	// Nobody knows where those that wait would end: the rest was read, and now it
	// is said that it was the rest.
	return notRead(waiting)
}

// unreadError says that not everything was read; what was read counts.
type unreadError struct{ error }

func (e unreadError) Unwrap() error { return e.error }

// notRead names what a bounded read had to leave out.
func notRead(waiting []kafka.Waiting) error {
	if more := len(waiting) - 1; more > 0 {
		return unreadError{fmt.Errorf("not everything was read: %w; and %s more", waiting[0], human.Plural(more, "partition"))}
	}
	return unreadError{fmt.Errorf("not everything was read: %w", waiting[0])}
}

// output is where records go: formatted by the goroutine that found them, into a
// buffer of their partition, and written in one piece, so that partitions keep
// their order and no line is torn.
type output struct {
	g      *global
	form   form
	match  func(kafka.TopicPartition) kafka.Matcher // nil: everything is printed
	limit  int64                                    // -1: none
	enough context.CancelFunc

	taken   atomic.Int64 // with a limit
	last    atomic.Int64 // when the newest record came, Unix ns; 0: nothing is read yet
	damaged atomic.Int64 // stretches that could not be read

	mu     sync.Mutex // guards what follows, and stdout
	parts  []*partitionOutput
	failed error // of a write
}

// partitionOutput is one partition's part of the output.
type partitionOutput struct {
	out   *output
	tp    kafka.TopicPartition
	match kafka.Matcher
	buf   []byte
	taken int64
	came  bool // a record, since the last Flush
}

// A buffer is written when it is so full, and let go when a large message made
// it larger than is worth keeping.
const (
	bufferFull = 128 << 10
	bufferKept = 1 << 20
)

// Partition makes one partition's output.
func (o *output) Partition(tp kafka.TopicPartition) kafka.PartitionSink {
	p := &partitionOutput{out: o, tp: tp}
	if o.match != nil {
		p.match = o.match(tp)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.parts = append(o.parts, p)
	o.last.CompareAndSwap(0, time.Now().UnixNano())
	return p
}

// full tells whether as many were taken as were wanted.
func (o *output) full() bool { return o.limit >= 0 && o.taken.Load() >= o.limit }

// Event says what happened on stderr.
func (o *output) Event(e kafka.Event) { o.g.notice("milena: %s", e) }

// endWhenQuiet ends the reading when no record has come for so long.
func (o *output) endWhenQuiet(ctx context.Context, long time.Duration) {
	for {
		wait := long
		if last := o.last.Load(); last != 0 {
			if wait = long - time.Since(time.Unix(0, last)); wait <= 0 {
				o.enough()
				return
			}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// total is how many records were taken; when nobody reads any more.
func (o *output) total() (n int64) {
	for _, p := range o.parts {
		n += p.taken
	}
	return n
}

// Record formats a record; one that does not match is passed over.
func (p *partitionOutput) Record(v *batch.View) bool {
	p.came = true
	if p.match != nil && !p.match.Match(v) {
		return true
	}
	if p.out.limit >= 0 && p.out.taken.Add(1) > p.out.limit {
		return false
	}
	p.taken++
	if p.out.form == nil {
		return true
	}
	p.buf = p.out.form(p.buf, p.tp, v)
	if len(p.buf) >= bufferFull {
		return p.write() == nil
	}
	return true
}

// Skip names what could not be read; markers, aborted records and gaps are none
// of a reader's business.
func (p *partitionOutput) Skip(s batch.Skip) {
	if s.Kind != batch.SkipCorrupt && s.Kind != batch.SkipTooLarge {
		return
	}
	p.out.damaged.Add(1)
	where := fmt.Sprintf("offset %d", s.First)
	if s.Last > s.First {
		where = fmt.Sprintf("offsets %d to %d", s.First, s.Last)
	}
	p.out.g.notice("milena: %s/%d: %s passed over: %v", p.tp.Topic, p.tp.Partition, where, s.Err)
}

// Flush writes what was formatted, so that what it accepts may be committed.
func (p *partitionOutput) Flush(kafka.PartitionState) error {
	if err := p.write(); err != nil {
		return err
	}
	if p.came {
		p.came = false
		p.out.last.Store(time.Now().UnixNano())
	}
	if p.out.full() {
		p.out.enough()
	}
	return nil
}

func (p *partitionOutput) write() error {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	if p.out.failed != nil {
		return p.out.failed
	}
	if len(p.buf) == 0 {
		return nil
	}
	if _, err := p.out.g.stdout.Write(p.buf); err != nil {
		p.out.failed = fmt.Errorf("stdout: %w", err)
	}
	if p.buf = p.buf[:0]; cap(p.buf) > bufferKept {
		p.buf = nil
	}
	return p.out.failed
}
