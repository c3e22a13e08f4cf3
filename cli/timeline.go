package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"milena/human"
	"milena/kafka"
	"milena/ui"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// timelineFlags are what timeline was asked for.
type timelineFlags struct {
	from, to string
	buckets  int
	json     bool
}

// bucketsAtMost bounds what a broker is asked: each border of a bucket is a
// request of its own.
const bucketsAtMost = 10_000

func newTimeline(g *global) *cobra.Command {
	var t timelineFlags
	cmd := &cobra.Command{
		Use:   "timeline TOPIC…",
		Short: "Draw the number of messages of topics over time",
		Long: `Draw the number of messages of topics over time. It uses offset lookups only and reads no message.

Without --from and --to the buckets span all that the topics hold. A name with other characters than a
topic's is a pattern.

` + positionHelp + `
--from may be a range A..B in place of both.

In compacted and transactional topics what is counted is
offsets, which are more than messages. A message whose timestamp is earlier than that of one before it
in its partition counts with that one.`,
		Example: `  milena timeline orders                              all that it holds, in 60 buckets
  milena timeline 'orders.*' payments --from -2h      the last two hours of several topics
  milena timeline orders --from 14:00..15:00 --buckets 12 -J`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("%s takes at least one topic, as in: milena timeline orders", cmd.CommandPath())
			}
			return g.timeline(cmd.Context(), args, t, cmd.Flags())
		},
	}
	f := cmd.Flags()
	f.StringVar(&t.from, "from", "beginning", "where to begin, `POS`")
	f.StringVar(&t.to, "to", "end", "where to end, `POS`, exclusive")
	f.IntVar(&t.buckets, "buckets", 60, "the number `N` of time buckets")
	f.BoolVarP(&t.json, "json", "J", false, "print one JSON object per bucket: from, to (ms), count")
	return cmd
}

// bounds reads --from and --to.
func (t timelineFlags) bounds(toGiven bool, now time.Time, loc *time.Location) (from, to kafka.Position, err error) {
	from, until, err := parseBounds(&t.from, &t.to, toGiven, now, loc)
	if err != nil {
		return from, to, err
	}
	to = *until
	if from.Kind == kafka.Stored {
		return from, to, usage("--from stored: only a group has stored offsets")
	}
	if from.Kind == kafka.AtTime && to.Kind == kafka.AtTime && !from.Time.Before(to.Time) {
		return from, to, usage("--from %s is not before --to %s", from, to)
	}
	return from, to, nil
}

func (g *global) timeline(ctx context.Context, args []string, t timelineFlags, set *pflag.FlagSet) error {
	from, to, err := t.bounds(set.Changed("to"), time.Now(), time.Local)
	if err != nil {
		return err
	}
	if t.buckets < 1 || t.buckets > bucketsAtMost {
		return usage("--buckets %d: enter a number from 1 to %d", t.buckets, bucketsAtMost)
	}
	g.understood(from, &to)
	c, topics, isolation, err := g.openTopics(ctx, args)
	if err != nil {
		return err
	}
	req := kafka.TimelineRequest{Buckets: t.buckets, Isolation: isolation}
	if req.Spans, err = timelineSpans(ctx, c, kafka.Partitions(topics...), from, to, isolation); err != nil {
		return err
	}
	if from.Kind == kafka.AtTime {
		req.From = from.Time
	}
	if to.Kind == kafka.AtTime {
		req.To = to.Time
	}
	line, err := c.Timeline(ctx, req)
	if err != nil {
		return err
	}
	rough := g.roughTopics(ctx, c, topics, line)
	if t.json {
		err = writeBuckets(g.stdout, line)
	} else {
		err = drawTimeline(g.stdout, line, topics, rough, time.Local, ui.ASCIIOnly(os.Getenv))
	}
	if err := ignoreClosedPipe(err); err != nil {
		return err
	}
	if len(line.Buckets) == 0 && line.Untimed == 0 && len(line.Failed) == 0 {
		g.notice("milena: no messages in %s", names(topics))
	}
	for _, tp := range slices.SortedFunc(maps.Keys(line.Failed), kafka.TopicPartition.Compare) {
		return fmt.Errorf("%s could not be counted; %s/%d: %w", human.Plural(len(line.Failed), "partition"), tp.Topic, tp.Partition, line.Failed[tp])
	}
	return nil
}

// timelineSpans is what is counted. Times and the ends of the log need no
// resolving: the timeline looks them up itself.
func timelineSpans(ctx context.Context, c *kafka.Cluster, tps []kafka.TopicPartition, from, to kafka.Position, iso kafka.Isolation) ([]kafka.Span, error) {
	start := kafka.Position{Kind: kafka.Beginning}
	if from.Kind != kafka.AtTime {
		start = from
	}
	var end *kafka.Position
	if to.Kind != kafka.AtTime && to.Kind != kafka.End {
		end = &to
	}
	if start.Kind != kafka.Beginning || end != nil {
		spans, waiting, err := c.Resolve(ctx, tps, start, end, iso)
		if err == nil && len(waiting) > 0 {
			err = waiting[0]
		}
		return spans, err
	}
	spans := make([]kafka.Span, len(tps))
	for i, tp := range tps {
		spans[i] = kafka.Span{TopicPartition: tp, From: 0, To: kafka.NoEnd}
	}
	return spans, nil
}

// roughTopics tells of which topics offsets are counted, not messages, and why.
// Without permission to ask, none.
func (g *global) roughTopics(ctx context.Context, c *kafka.Cluster, topics []*kafka.Topic, line *kafka.Timeline) map[string]string {
	held := make(map[string]bool)
	spans := line.Spans()
	for _, s := range spans {
		held[s.Topic] = true
	}
	if len(held) == 0 {
		return nil
	}
	compacted, err := c.Compacted(ctx, slices.Sorted(maps.Keys(held)))
	if err != nil && g.verbose {
		g.notice("milena: cannot tell whether a topic is compacted: %s", err)
	}
	transactional := c.Transactional(ctx, spans)
	rough := make(map[string]string)
	for _, t := range topics {
		switch {
		case compacted[t.Name]:
			rough[t.Name] = "compacted"
		case transactional[t.Name]:
			rough[t.Name] = "transactional"
		default:
			continue
		}
		g.notice("milena: %s is %s: this counts offsets, not messages", t.Name, rough[t.Name])
	}
	return rough
}

// writeBuckets writes one JSON object a bucket. Records without a timestamp are
// one more, from and to the -1 that Kafka has for none.
func writeBuckets(w io.Writer, line *kafka.Timeline) error {
	out := bufio.NewWriter(w)
	buckets := line.Buckets
	if line.Untimed > 0 {
		buckets = append(slices.Clip(buckets), kafka.Bucket{From: -1, To: -1, Count: line.Untimed})
	}
	for _, b := range buckets {
		fmt.Fprintf(out, "{\"from\":%d,\"to\":%d,\"count\":%d}\n", b.From, b.To, b.Count)
	}
	return out.Flush()
}

// chartColumns is how many buckets stand side by side; more go on below. With
// what stands beside them they fit into 80 columns.
const chartColumns = 60

// drawTimeline draws a timeline for a person.
func drawTimeline(w io.Writer, line *kafka.Timeline, topics []*kafka.Topic, rough map[string]string, loc *time.Location, ascii bool) error {
	out := bufio.NewWriter(w)
	if n := len(line.Buckets); n > 0 {
		var counts []int64
		peak, empty := 0, int64(0)
		for i, b := range line.Buckets {
			counts = append(counts, b.Count)
			if b.Count > counts[peak] {
				peak = i
			}
			if b.Count == 0 {
				empty++
			}
		}
		dash, mark := "–", ""
		draw := blockChart
		if ascii {
			dash, draw = "-", asciiChart
		}
		if len(rough) > 0 {
			mark = "~"
		}
		what := "messages"
		if len(rough) > 0 {
			what = "offsets"
		}
		const day = "Mon 2 Jan 2006 15:04:05 -07:00"
		first, last := time.UnixMilli(line.Buckets[0].From).In(loc), time.UnixMilli(line.Buckets[n-1].To).In(loc)
		fmt.Fprintf(out, "%s  %s\n", names(topics), human.Plural(len(line.Borders), "partition"))
		fmt.Fprintf(out, "%s %s %s\n\n", first.Format(day), dash, last.Format(day))
		for at := 0; at < n; at += chartColumns {
			some := line.Buckets[at:min(n, at+chartColumns)]
			layout := labelLayout(some, loc)
			for _, l := range draw.draw(counts[at:at+len(some)], max(1, counts[peak]), func(i int) string {
				if i%12 != 0 {
					return ""
				}
				return time.UnixMilli(some[i].From).In(loc).Format(layout)
			}) {
				fmt.Fprintln(out, l)
			}
		}
		fmt.Fprintf(out, "\n%s%s %s", mark, grouped(line.Total()), what)
		if empty > 0 {
			fmt.Fprintf(out, ", %s of %d empty", human.Plural(empty, "bucket"), n)
		}
		fmt.Fprintln(out)
		if top := line.Buckets[peak]; top.Count > 0 {
			fmt.Fprintf(out, "at most %s in %s, from %s\n", grouped(top.Count), width(time.Duration(top.To-top.From)*time.Millisecond),
				time.UnixMilli(top.From).In(loc).Format(labelLayout(line.Buckets, loc)))
		}
	}
	if line.Untimed > 0 {
		fmt.Fprintf(out, "%s without a timestamp, in no bucket\n", human.Plural(line.Untimed, "message"))
	}
	return out.Flush()
}

// names are the topics', as many as one reads.
func names(topics []*kafka.Topic) string {
	const most = 3
	var some []string
	for _, t := range topics[:min(len(topics), most)] {
		some = append(some, t.Name)
	}
	text := strings.Join(some, ", ")
	if more := len(topics) - most; more > 0 {
		text += " and " + strconv.Itoa(more) + " more"
	}
	return text
}

// labelLayout is how times between buckets are written: as much as tells them
// apart.
func labelLayout(buckets []kafka.Bucket, loc *time.Location) string {
	first, last := buckets[0], buckets[len(buckets)-1]
	wide := time.Duration(first.To-first.From) * time.Millisecond
	sameDay := time.UnixMilli(first.From).In(loc).Format(time.DateOnly) == time.UnixMilli(last.To-1).In(loc).Format(time.DateOnly)
	switch {
	case wide >= 24*time.Hour:
		return "2 Jan 2006"
	case !sameDay:
		return "2 Jan 15:04"
	case wide >= time.Minute:
		return "15:04"
	case wide >= time.Second:
		return "15:04:05"
	}
	return "15:04:05.000"
}
