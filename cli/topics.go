package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"milena/human"
	"milena/kafka"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
)

// topicLine is a topic in the list, as -J prints it.
type topicLine struct {
	Name              string `json:"name"`
	Partitions        int    `json:"partitions"`
	ReplicationFactor int    `json:"replicationFactor"`
	Internal          bool   `json:"internal"`
	Compacted         *bool  `json:"compacted"` // null: not known, or not asked because it is empty
	// Messages is the end offsets minus the start offsets: all messages that may
	// be there. Compaction and transactions make it more than there are.
	Messages   *int64 `json:"messages"` // null: not known
	UpperBound bool   `json:"upperBound"`
	UnderISR   int    `json:"underReplicatedPartitions"`
	Error      string `json:"error,omitempty"`
}

func newTopics(g *global) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "topics",
		Short: "List the topics",
		Long: "List the topics: name, partitions, replication factor, messages.\n\n" +
			"The number of messages is the difference of the offsets, without reading any; ~ marks it where the\n" +
			"topic is compacted or written in transactions, so that it is an upper bound. Into a pipe the columns\n" +
			"are separated by tabs.",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			c, err := g.open(ctx)
			if err != nil {
				return err
			}
			m := c.Metadata()
			if m.Crowded != nil {
				return m.Crowded
			}
			topics := make([]*kafka.Topic, 0, len(m.Topics))
			for i := range m.Topics {
				topics = append(topics, &m.Topics[i])
			}
			starts, ends, err := c.Bounds(ctx, kafka.ReadUncommitted, kafka.Partitions(topics...))
			if errors.Is(err, kafka.ErrTooMany) {
				return g.namesOnly(topics, err, asJSON)
			}
			if err != nil {
				return err
			}
			// One that was deleted meanwhile is no topic without offsets.
			gone := func(name string) bool { return c.Metadata().Topic(name) == nil }
			topics = slices.DeleteFunc(topics, func(t *kafka.Topic) bool { return gone(t.Name) })
			for _, offsets := range []map[kafka.TopicPartition]kafka.Offset{starts, ends} {
				maps.DeleteFunc(offsets, func(tp kafka.TopicPartition, _ kafka.Offset) bool { return gone(tp.Topic) })
			}
			lines := topicLines(topics, starts, ends)
			g.unknownOffsets(starts, ends)
			markBounds(ctx, c, lines, starts, ends)
			if len(lines) == 0 {
				g.notice("milena: there is no topic, or none that this user may see")
			}
			out := bufio.NewWriter(g.stdout)
			if err := g.writeTopics(out, lines, asJSON); err != nil {
				return err
			}
			return ignoreClosedPipe(out.Flush())
		},
	}
	cmd.Flags().BoolVarP(&asJSON, "json", "J", false, "print one JSON object per line")
	return cmd
}

// writeTopics writes lines as they are wanted.
func (g *global) writeTopics(out io.Writer, lines []topicLine, asJSON bool) error {
	switch {
	case asJSON:
		enc := json.NewEncoder(plainJSON{out})
		enc.SetEscapeHTML(false)
		for _, l := range lines {
			if err := enc.Encode(l); err != nil {
				return err
			}
		}
	case isTerminal(g.stdout):
		writeTopicTable(out, lines)
	default:
		for _, l := range lines {
			fmt.Fprintf(out, "%s\t%d\t%d\t%s\n", l.Name, l.Partitions, l.ReplicationFactor, l.messages())
		}
	}
	return nil
}

// namesOnly lists topics of which nobody can say how much they hold; a piece at a time,
// for they are many.
func (g *global) namesOnly(topics []*kafka.Topic, why error, asJSON bool) error {
	g.notice("milena: cannot count messages: %s", why)
	out := bufio.NewWriter(g.stdout)
	for some := range slices.Chunk(topics, 1000) {
		lines := topicLines(some, nil, nil)
		for i := range lines {
			lines[i].Messages = nil
		}
		if err := g.writeTopics(out, lines, asJSON); err != nil {
			return err
		}
	}
	return ignoreClosedPipe(out.Flush())
}

// unknownOffsets says why there is a ? in the place of a number.
func (g *global) unknownOffsets(all ...map[kafka.TopicPartition]kafka.Offset) {
	unknown := make(map[kafka.TopicPartition]error)
	for _, offsets := range all {
		for tp, o := range offsets {
			if o.Err != nil {
				unknown[tp] = o.Err
			}
		}
	}
	for tp, err := range unknown {
		g.notice("milena: the offsets of %s are unknown; %s/%d: %s", human.Plural(len(unknown), "partition"), tp.Topic, tp.Partition, err)
		return
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

func isTerminalIn(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

func topicLines(topics []*kafka.Topic, starts, ends map[kafka.TopicPartition]kafka.Offset) []topicLine {
	lines := make([]topicLine, 0, len(topics))
	for _, t := range topics {
		l := topicLine{Name: t.Name, Partitions: len(t.Partitions), Internal: t.Internal}
		if t.Err != nil {
			l.Error = t.Err.Error()
		}
		var sum int64
		whole := t.Err == nil
		for _, p := range t.Partitions {
			l.ReplicationFactor = max(l.ReplicationFactor, len(p.Replicas))
			if len(p.ISR) < len(p.Replicas) {
				l.UnderISR++
			}
			tp := kafka.TopicPartition{Topic: t.Name, Partition: p.ID}
			start, end := starts[tp], ends[tp]
			whole = whole && start.Err == nil && end.Err == nil
			sum += max(0, end.Offset-start.Offset)
		}
		if whole {
			l.Messages = &sum
		}
		lines = append(lines, l)
	}
	return lines
}

// markBounds tells of which topics the offsets count more than the messages, of
// those that hold anything: brokers take long to answer for thousands. Without
// permission to ask the list is still a list.
func markBounds(ctx context.Context, c *kafka.Cluster, lines []topicLine, starts, ends map[kafka.TopicPartition]kafka.Offset) {
	var names []string
	for _, l := range lines {
		if l.Messages != nil && *l.Messages > 0 {
			names = append(names, l.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	spans := kafka.Between(starts, ends)
	var transactional map[string]bool
	var asked sync.WaitGroup
	asked.Go(func() { transactional = c.Transactional(ctx, spans) })
	compacted, _ := c.Compacted(ctx, names) // what may not be asked is neither
	asked.Wait()
	for i := range lines {
		l := &lines[i]
		known, ok := compacted[l.Name]
		if ok {
			l.Compacted = &known
		}
		l.UpperBound = known || transactional[l.Name]
	}
}

// messages is the number with its mark: ~ for an estimate, ? for not known.
func (l topicLine) messages() string {
	switch {
	case l.Messages == nil:
		return "?"
	case l.UpperBound && *l.Messages > 0:
		return "~" + strconv.FormatInt(*l.Messages, 10)
	}
	return strconv.FormatInt(*l.Messages, 10)
}

func writeTopicTable(out io.Writer, lines []topicLine) {
	table := [][]string{{"TOPIC", "PARTITIONS", "REPLICATION", "MESSAGES", ""}}
	for _, l := range lines {
		var remark []string
		if l.Internal {
			remark = append(remark, "internal")
		}
		if l.UnderISR > 0 {
			remark = append(remark, fmt.Sprintf("%d under-replicated", l.UnderISR))
		}
		if l.Error != "" {
			remark = append(remark, l.Error)
		}
		table = append(table, []string{l.Name, strconv.Itoa(l.Partitions), strconv.Itoa(l.ReplicationFactor), l.messages(), strings.Join(remark, ", ")})
	}
	writeTable(out, table, "lrrrl")
}

// writeTable aligns cells in columns; align has an l or an r for each.
func writeTable(out io.Writer, table [][]string, align string) {
	widths := make([]int, len(align))
	for _, row := range table {
		for i := range row {
			row[i] = human.Escape(row[i]) // it may hold a broker's words
			cell := row[i]
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	for _, row := range table {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-ansi.StringWidth(cell))
			if i > 0 {
				line.WriteString("  ")
			}
			if align[i] == 'r' {
				line.WriteString(pad + cell)
			} else {
				line.WriteString(cell + pad)
			}
		}
		fmt.Fprintln(out, strings.TrimRight(line.String(), " "))
	}
}
