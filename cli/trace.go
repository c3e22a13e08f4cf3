package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"milena/archive"
	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"
	"milena/query"

	"github.com/spf13/cobra"
)

// traceFlags are what trace was asked for.
type traceFlags struct {
	around        string
	window        time.Duration
	header, field string
	limit         int
	json          bool
}

func newTrace(g *global) *cobra.Command {
	var t traceFlags
	cmd := &cobra.Command{
		Use:   "trace ID TOPIC…",
		Short: "Follow one id across topics, by time",
		Long: `Find what carries one value across topics – a trace id, an order's number –, by time, with the time
between one message and the next.

A message carries ID when it is its key, the value of one of its headers, or a word in its value; with
--header or --field, only there. Only messages from --window before to --window after --around are
looked at, and only what the time index says may be among them is read. A name with other characters
than a topic's is a pattern.

It exits with 0 when something was found, 1 when nothing was or it failed, 2 when partitions could not
be read, for want of a leader: what the others hold is printed, and stderr names them.`,
		Example: `  milena trace 4bf92f3577b34da6 orders payments shipping    within ten minutes of now
  milena trace order-4711 '.*' --around 14:05 --window 30m
  milena trace 4711 orders payments --field order.id -J`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 || args[0] == "" {
				return usage("%s takes an ID and at least one topic, as in: milena trace order-4711 orders payments", cmd.CommandPath())
			}
			return g.trace(cmd.Context(), args[0], args[1:], t)
		},
	}
	f := cmd.Flags()
	f.StringVar(&t.around, "around", "", "the `TIME` to look around: 14:05, yesterday 14:05 or -2h; default now")
	f.DurationVar(&t.window, "window", 10*time.Minute, "look this `LONG` before and after it")
	f.StringVar(&t.header, "header", "", "look only in the header with this `NAME`")
	f.StringVar(&t.field, "field", "", "look only in this `FIELD` of JSON values, such as order.id")
	f.IntVarP(&t.limit, "max-messages", "c", 10_000, "find at most `N` messages, the earliest")
	f.BoolVarP(&t.json, "json", "J", false, "print one JSON object per line")
	return cmd
}

func (g *global) trace(ctx context.Context, id string, args []string, t traceFlags) error {
	around := time.Now()
	if t.around != "" {
		at, err := kafka.ParseTime(t.around, around, time.Local)
		if err != nil {
			return usage("--around: %w", err)
		}
		around = at
		g.notice("milena: around %s", saidTime(at, time.Now()))
	}
	switch {
	case t.window <= 0:
		return usage("--window %s: enter a time with its unit, such as 10m", t.window)
	case t.header != "" && t.field != "":
		return usage("use --header or --field, not both")
	case t.limit < 1:
		return usage("-c %d: enter a number of messages", t.limit)
	}
	c, topics, isolation, err := g.openTopics(ctx, args)
	if err != nil {
		return err
	}
	trace, err := c.Trace(ctx, kafka.TraceRequest{
		Partitions: kafka.Partitions(topics...),
		From:       around.Add(-t.window), To: around.Add(t.window),
		Match:     query.Carries{Value: id, Header: t.header, Field: t.field}.Matcher,
		Isolation: isolation, Limit: t.limit,
	})
	if err != nil {
		return err
	}
	if trace.Damaged > 0 {
		g.notice("milena: %s could not be read", human.Plural(trace.Damaged, "place"))
	}
	if len(trace.Hops) == 0 && len(trace.Missing) == 0 {
		return fmt.Errorf("nothing in %s carries %q from %s to %s (%s read); a longer --window, or another --around?", names(topics), id,
			around.Add(-t.window).Format(time.DateTime), around.Add(t.window).Format(time.DateTime), human.Plural(trace.Read, "message"))
	}
	out := bufio.NewWriter(g.stdout)
	write := archive.AppendJSON
	if !t.json {
		write = hopForm(trace.Hops, isTerminal(g.stdout) && coloured(os.Getenv), time.Local)
	}
	var line []byte
	for i := range trace.Hops {
		r := &trace.Hops[i]
		line = write(line[:0], kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}, r.View())
		if _, err := out.Write(line); err != nil {
			return ignoreClosedPipe(err)
		}
	}
	if err := out.Flush(); err != nil {
		return ignoreClosedPipe(err)
	}
	if trace.More {
		g.notice("milena: there are more; these are the earliest %d (-c)", len(trace.Hops))
	}
	if len(trace.Missing) > 0 {
		return searchError{notRead(trace.Missing)}
	}
	return nil
}

// hopForm is a row for a person, with the time since the hop before.
func hopForm(hops []kafka.Record, colour bool, loc *time.Location) form {
	widest := 0
	for i := range hops {
		widest = max(widest, len(hops[i].Topic))
	}
	row := rowForm(widest, colour, loc)
	before := int64(-1)
	return func(dst []byte, tp kafka.TopicPartition, v *batch.View) []byte {
		gap := ""
		if before >= 0 && v.Timestamp >= 0 {
			gap = since(time.Duration(v.Timestamp-before) * time.Millisecond)
		}
		if v.Timestamp >= 0 {
			before = v.Timestamp
		}
		dst = append(dst, strings.Repeat(" ", max(0, gapColumns-len(gap)))+gap+"  "...)
		return row(dst, tp, v)
	}
}

// gapColumns has room for the time between two hops.
const gapColumns = 11

// since is a time between hops: +0.012s, +59.999s, +2m 5s.
func since(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("+%.3fs", d.Seconds())
	}
	return "+" + width(d)
}
