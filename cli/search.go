package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"milena/human"
	"milena/kafka"
	"milena/query"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// errNothingFound is a search that searched everything, in vain.
var errNothingFound = errors.New("no hits")

// searchError is a search that cannot say whether there is more.
type searchError struct{ error }

func (e searchError) Unwrap() error { return e.error }

// searchFlags are what search was asked for.
type searchFlags struct {
	recordFlags
	query         string
	from, to      string
	order         string
	newest        bool
	follow        bool
	allPartitions bool
	partitioner   string
	maxTopics     int
	explain       bool
	estimate      bool
}

func newSearch(g *global) *cobra.Command {
	var s searchFlags
	cmd := &cobra.Command{
		Use:   "search QUERY TOPIC…",
		Short: "Search the whole history of topics",
		Long: `Print the messages of topics that match a query, from --from to --to: from the beginning to the end as
it is at the start, by default.

TOPIC is a name or a pattern: text with any character other than letters, digits, '.', '_' and '-' is a
regular expression for the whole name, such as 'orders\..*'. Internal topics match only a pattern that
begins with __.

` + positionHelp + `
--from may be a range A..B in place of both.

Messages are printed as they are found, each partition in its order, oldest first. --order newest reads
backwards and prints the newest first; --order time merges the partitions by time.

A query for one key searches only the key's partition: that of --partitioner (murmur2 as Java, crc32 as
librdkafka, fnv1a as Sarama) or of the partitioner that fits the newest records. It searches all
partitions when no partitioner fits, when that partition does not hold the key, or with --all-partitions.

--file searches a file of records (written by tail -J or an export): all its topics, or those you name.

Put -- before a query that begins with -: milena search -- -debug orders

It exits with 0 when it found something, 1 when it found nothing, 2 on any error.`,
		Example: `  milena search refund orders                      every message with that word
  milena search '"order created" -test' orders --newest -c 10
  milena search user-17 'orders\..*' --from -2h -J
  milena search refund orders --count              how many; --estimate asks a sample only
  milena search refund --file orders.jsonl         of a file that -J or an export wrote`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("%s takes a query and at least one topic, as in: milena search refund orders", cmd.CommandPath())
			}
			s.query, s.topics = args[0], append(args[1:], s.topics...)
			if len(s.topics) == 0 && g.file == "" {
				return usage("%s takes at least one topic after the query, as in: milena search refund orders", cmd.CommandPath())
			}
			err := g.search(cmd.Context(), s, cmd.Flags())
			if err == nil || errors.Is(err, errNothingFound) || readerLeft(err) {
				return err
			}
			return searchError{err}
		},
	}
	f := cmd.Flags()
	g.fileFlag(f)
	s.add(f)
	f.StringVar(&s.from, "from", "beginning", "where to begin, `POS`")
	f.StringVar(&s.to, "to", "end", "where to end, `POS`; that position itself is not searched")
	f.StringVar(&s.order, "order", "oldest", "search in this `ORDER`: oldest, newest or time")
	f.BoolVar(&s.newest, "newest", false, "the same as --order newest")
	f.BoolVar(&s.follow, "follow", false, "also search new messages after the end")
	f.BoolVar(&s.allPartitions, "all-partitions", false, "search for a key in all partitions, not only in its own")
	f.StringVar(&s.partitioner, "partitioner", "", "the partitioner that producers use, by `NAME`: murmur2, crc32 or fnv1a (the records tell)")
	f.IntVar(&s.maxTopics, "max-topics", 100, "search at most `N` topics that match patterns")
	f.BoolVar(&s.explain, "explain", false, "print the plan and its cost, without searching")
	f.BoolVar(&s.estimate, "estimate", false, "print an estimate of how many match, from a sample")
	return cmd
}

// where is a query as a reader asks it; nil: everything matches.
func (g *global) where(text string) (func(kafka.TopicPartition) kafka.Matcher, error) {
	q, err := g.parse(text)
	if err != nil || q.Empty() {
		return nil, err
	}
	return q.Matcher, nil
}

func (g *global) parse(text string) (*query.Query, error) {
	q, err := query.Parse(text)
	if err != nil {
		return nil, usage("query %q: %w", text, err)
	}
	return q, nil
}

// sequence is the order that was asked for.
func (s *searchFlags) sequence(set *pflag.FlagSet) (kafka.SearchOrder, error) {
	for _, o := range []kafka.SearchOrder{kafka.OldestFirst, kafka.NewestFirst, kafka.ByTime} {
		if s.order != o.String() {
			continue
		}
		if s.newest && set.Changed("order") && o != kafka.NewestFirst {
			return 0, usage("use --newest or --order %s, not both", o)
		}
		if s.newest {
			o = kafka.NewestFirst
		}
		if s.follow && o == kafka.NewestFirst {
			return 0, usage("--follow needs an order that ends with the newest: leave out --newest")
		}
		return o, nil
	}
	return 0, usage("--order %q is neither oldest, newest nor time", s.order)
}

func (g *global) search(ctx context.Context, s searchFlags, set *pflag.FlagSet) error {
	if err := s.takeProperties(g); err != nil {
		return err
	}
	q, err := g.parse(s.query)
	if err != nil {
		return err
	}
	if err := s.check(set); err != nil {
		return err
	}
	order, err := s.sequence(set)
	if err != nil {
		return err
	}
	if s.count {
		order = kafka.OldestFirst // a number has no order, and that is the fastest
	}
	var by kafka.Partitioner
	if set.Changed("partitioner") {
		if by, err = kafka.ParsePartitioner(s.partitioner); err != nil {
			return usage("--partitioner %w", err)
		}
	}
	from, to, err := parseBounds(&s.from, &s.to, set.Changed("to"), time.Now(), time.Local)
	if err != nil {
		return err
	}
	if from.Kind == kafka.Stored {
		return usage("--from stored needs a group; a search has none")
	}
	if s.follow && to.Kind != kafka.End {
		return usage("use --follow or --to, not both")
	}
	if s.follow && g.file != "" {
		return usage("leave out --follow: a file gets no new messages")
	}
	if s.explain && s.estimate {
		return usage("use --explain or --estimate, not both")
	}
	if _, err := g.form(&s.recordFlags, set); err != nil {
		return err
	}
	g.understood(from, to)
	isolation, err := g.isolation(ctx)
	if err != nil {
		return err
	}
	c, err := g.openSource(ctx)
	if err != nil {
		return err
	}
	if err := s.expand(ctx, c); err != nil {
		return err
	}
	write, err := g.form(&s.recordFlags, set)
	if err != nil {
		return err
	}
	p := searchPlan{flags: s, query: q, order: order, by: by, isolation: s.level(isolation)}
	if err := p.find(ctx, c, from, *to); err != nil {
		return err
	}
	g.absent(p.absent)
	switch {
	case s.explain:
		return g.explain(ctx, c, &p)
	case s.estimate:
		return g.estimate(ctx, c, &p)
	}
	return g.runSearch(ctx, c, &p, write)
}

// expand makes names of patterns.
func (s *searchFlags) expand(ctx context.Context, c source) error {
	var names []string
	for _, text := range s.topics {
		if text == "" || !kafka.IsTopicPattern(text) {
			names = append(names, text)
			continue
		}
		found, err := topicNames(ctx, c, []string{text})
		if err != nil {
			return err
		}
		if len(found) > s.maxTopics {
			return usage("%q matches %s, from %s to %s: narrow it, or add --max-topics %d to search them all",
				text, human.Plural(len(found), "topic"), found[0], found[len(found)-1], len(found))
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	s.topics = slices.Compact(names)
	return nil
}

// searchPlan is what will be searched, and why only that.
type searchPlan struct {
	flags     searchFlags
	query     *query.Query
	order     kafka.SearchOrder
	by        kafka.Partitioner // empty: the records tell
	isolation kafka.Isolation
	spans     []kafka.Span
	waiting   []kafka.Waiting // partitions that cannot be read now
	absent    []kafka.Absent  // offsets that were asked for and are not there
	total     int             // partitions in all
	reasons   []string        // why not all of it, as sentences
	elsewhere []kafka.Span    // a key may be there too, which is not searched
}

// nowhere says why a query can match nothing: it names partitions or offsets that are
// not there. Empty: it may match.
func nowhere(ctx context.Context, log kafka.Log, q *query.Query, tps []kafka.TopicPartition, iso kafka.Isolation) (string, error) {
	if !q.NamesPlaces() {
		return "", nil
	}
	held, err := kafka.Held(ctx, log, tps, iso)
	if err != nil {
		return "", err
	}
	return q.Nowhere(held), nil
}

// find turns the range into offsets, and leaves out where nothing can match.
func (p *searchPlan) find(ctx context.Context, c source, from, to kafka.Position) error {
	tps, err := p.flags.find(ctx, c)
	if err != nil {
		return err
	}
	if p.spans, p.waiting, err = c.Resolve(ctx, tps, from, &to, p.isolation); err != nil {
		return err
	}
	if p.absent, err = kafka.FindAbsent(ctx, c, tps, from, &to, p.isolation); err != nil {
		return err
	}
	for i := range p.spans {
		p.spans[i].To = max(p.spans[i].From, p.spans[i].To)
	}
	p.total = len(p.spans)
	why, err := nowhere(ctx, c, p.query, tps, p.isolation)
	if err != nil {
		return err
	}
	if why != "" {
		p.reasons = append(p.reasons, why)
	}
	if set, ok := p.query.Partitions(); ok {
		p.spans = slices.DeleteFunc(p.spans, func(s kafka.Span) bool { return !slices.Contains(set, s.Partition) })
		p.reasons = append(p.reasons, fmt.Sprintf("the query names partitions: searching %s of %d", human.Plural(len(p.spans), "partition"), p.total))
	}
	if since, _, ok := p.query.Times(); ok && since > math.MinInt64 {
		before := offsetsIn(p.spans)
		if p.spans, err = kafka.Since(ctx, c, p.spans, max(since, 0), p.isolation); err != nil {
			return err
		}
		if left := before - offsetsIn(p.spans); left > 0 {
			p.reasons = append(p.reasons, fmt.Sprintf("the query names a time: skipping %s before it", human.Plural(left, "offset")))
		}
	}
	if key, ok := p.query.Key(); ok && !p.flags.allPartitions && len(p.flags.partitions) == 0 {
		home, err := kafka.FindKeyHome(ctx, c, kafka.KeyRequest{Spans: p.spans, Key: key, By: p.by, Isolation: p.isolation})
		if err != nil {
			return err
		}
		if lives, rest := home.Lives, home.Rest; len(lives) > 0 && len(rest) > 0 {
			p.spans, p.elsewhere = lives, rest
			where := fmt.Sprintf("in %s", human.Plural(len(lives), "partition"))
			if len(lives) == 1 {
				where = fmt.Sprintf("in partition %d of %s", lives[0].Partition, lives[0].Topic)
			}
			p.reasons = append(p.reasons, fmt.Sprintf("the key %q lives %s (%s): the other %d are searched only if it is not there; --all-partitions searches all",
				key, where, home.By, len(rest)))
		}
	}
	return nil
}

func offsetsIn(spans []kafka.Span) (n int64) {
	for _, s := range spans {
		n += s.To - s.From
	}
	return n
}

// explain prints what would be done.
func (g *global) explain(ctx context.Context, c source, p *searchPlan) error {
	cost, err := c.Cost(ctx, p.spans, p.isolation)
	if err != nil {
		return err
	}
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s "+format+"\n", append([]any{name}, args...)...)
	}
	line("query", "%s: %s", p.query.Kind(), p.query)
	if plan := strings.TrimRight(p.query.Explain(), "\n"); plan != "" {
		line("", "%s", strings.ReplaceAll(plan, "\n", "\n           "))
	}
	shown := p.flags.topics
	if more := len(shown) - 10; more > 0 {
		shown = append(slices.Clone(shown[:10]), fmt.Sprintf("and %d more", more))
	}
	line("topics", "%s", strings.Join(shown, ", "))
	line("range", "from %s to %s, %s", p.flags.from, p.flags.to, p.isolation)
	line("partitions", "%d of %d", len(p.spans), p.total)
	for _, why := range p.reasons {
		line("", "%s", why)
	}
	order := p.order.String()
	if p.flags.count {
		order = "none: only counting"
	}
	line("order", "%s", order)
	line("cost", "%s, about %s, about %s; at %s/s about %s", human.Plural(cost.Offsets, "offset"), human.Plural(cost.Records, "record"),
		human.Bytes(cost.Bytes), human.Bytes(kafka.AssumedRate), human.Left(cost.Time(0)))
	_, err = io.WriteString(g.stdout, b.String())
	return err
}

// estimate prints about how many match.
func (g *global) estimate(ctx context.Context, c source, p *searchPlan) error {
	g.reasons(p)
	e, err := c.EstimateHits(ctx, p.spans, p.match(), p.isolation)
	if err != nil {
		return err
	}
	if e.Exact {
		_, err = fmt.Fprintf(g.stdout, "%d of %d offsets\n", e.Hits, e.Offsets)
	} else {
		_, err = fmt.Fprintf(g.stdout, "~%d of %d offsets (95%%: %d to %d, by a sample of %.3g %%)\n", e.Hits, e.Offsets, e.Low, e.High, e.Share())
		g.notice("milena: the sample may miss matches that lie close together in few places; --count counts all")
	}
	if err == nil && e.High == 0 {
		err = errNothingFound
	}
	return ignoreClosedPipe(err)
}

func (p *searchPlan) match() func(kafka.TopicPartition) kafka.Matcher {
	if p.query.Empty() {
		return nil
	}
	return p.query.Matcher
}

// reasons says on stderr why not everything is searched.
func (g *global) reasons(p *searchPlan) {
	for _, why := range p.reasons {
		g.notice("milena: %s", why)
	}
}

// troubleShown is how many troubles are named, each with a line.
const troubleShown = 20

// runSearch searches, prints, and says what could not be searched.
func (g *global) runSearch(ctx context.Context, c source, p *searchPlan, write form) error {
	var line *progressLine
	search, err := c.NewSearch(kafka.SearchRequest{
		Event: func(e kafka.Event) {
			line.hide()
			g.notice("milena: %s", e)
		},
		Spans: p.spans, Match: p.match(), Order: p.order, Isolation: p.isolation,
		Follow: p.flags.follow, Grow: p.flags.follow && len(p.spans) == p.total && len(p.flags.partitions) == 0,
	})
	if err != nil {
		return err
	}
	g.reasons(p)
	if offsetsIn(p.spans) == 0 && !p.flags.follow {
		g.notice("milena: no messages from %s to %s", p.flags.from, p.flags.to)
	}
	run, enough := context.WithCancel(ctx)
	defer enough()
	line = g.showProgress(search)
	var give func([]kafka.Record) error
	var watch sync.WaitGroup
	if write != nil {
		var buf []byte
		give = func(hits []kafka.Record) error {
			buf = buf[:0]
			for i := range hits {
				v := hits[i].View()
				buf = write(buf, kafka.TopicPartition{Topic: hits[i].Topic, Partition: hits[i].Partition}, v)
			}
			line.hide()
			if _, err := g.stdout.Write(buf); err != nil {
				return fmt.Errorf("stdout: %w", err)
			}
			if cap(buf) > bufferKept {
				buf = nil
			}
			return nil
		}
		if stdout, ok := g.stdout.(*os.File); ok {
			watch.Go(func() {
				if readerGone(run, stdout) {
					enough()
				}
			})
		}
	}
	if p.flags.limit != 0 {
		err = search.Run(run, max(0, p.flags.limit), give)
	}
	left := run.Err() != nil && ctx.Err() == nil // whoever read stdout is gone
	enough()
	watch.Wait()
	line.end()

	did := search.Progress()
	g.sayTrouble(&did)
	if did.Untimed > 0 && p.order != kafka.OldestFirst {
		g.notice("milena: %s without a timestamp: in an order by time they stand with those next to them", human.Plural(did.Untimed, "record"))
	}
	interrupted := ctx.Err() != nil
	switch {
	case err == nil && !interrupted && !left && p.keyIsElsewhere(&did):
		g.notice("milena: the key is not in its own partition; the other %s are searched", human.Plural(len(p.elsewhere), "partition"))
		rest := *p
		rest.spans, rest.elsewhere, rest.reasons = p.elsewhere, nil, nil
		return g.runSearch(ctx, c, &rest, write)
	case left, isClosedPipe(err):
		return nil
	case err != nil && !interrupted:
		return err
	case interrupted && !did.Following && !did.Done && (p.flags.count || did.Hits == 0):
		return errors.New("interrupted before everything was searched")
	case interrupted && !did.Following && !did.Done:
		g.notice("milena: interrupted before everything was searched")
	}
	if len(p.waiting) > 0 {
		return notRead(p.waiting)
	}
	if p.flags.count {
		if _, err := fmt.Fprintln(g.stdout, did.Hits); err != nil {
			return ignoreClosedPipe(err)
		}
	}
	if did.Hits > 0 {
		return nil
	}
	if n := slices.IndexFunc(did.Trouble, func(t kafka.Trouble) bool { return t.Kind != kafka.Gone }); n >= 0 {
		return fmt.Errorf("no match, but %s could not be searched", human.Plural(did.Missed, "offset"))
	}
	return errNothingFound
}

// keyIsElsewhere says whether all partitions where a key should be were searched in
// vain, and others were not.
func (p *searchPlan) keyIsElsewhere(did *kafka.SearchProgress) bool {
	return did.Done && did.Hits == 0 && did.Missed == 0 && len(p.elsewhere) > 0
}

// sayTrouble names what could not be searched.
func (g *global) sayTrouble(did *kafka.SearchProgress) {
	for i, t := range did.Trouble {
		if i == troubleShown {
			g.notice("milena: and %d more", len(did.Trouble)-i)
			break
		}
		g.notice("milena: %s", t)
	}
	if did.Missed > 0 {
		g.notice("milena: %s could not be searched", human.Plural(did.Missed, "offset"))
	}
}
