package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"milena/human"
	"milena/kafka"

	"github.com/spf13/cobra"
)

func newTopic(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "topic",
		Short: "Create, describe or delete a topic",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("%q is not a command of milena topic%s; name one: create NAME, describe NAME or delete NAME", args[0], meant(args[0], commandNames(cmd)))
			}
			return usage("name a command: milena topic create NAME, describe NAME or delete NAME")
		},
	}
	cmd.AddCommand(newTopicCreate(g), newTopicDescribe(g), newTopicDelete(g))
	return cmd
}

func newTopicCreate(g *global) *cobra.Command {
	t := kafka.NewTopic{}
	var configs []string
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Create a topic",
		Example: "  milena topic create orders --partitions 6 --config retention.ms=7d --config max.message.bytes=2MiB",
		Args:    exactly(1, "the name of the topic"),
		RunE: func(cmd *cobra.Command, args []string) error {
			t.Name = args[0]
			t.Configs = make(map[string]string)
			for _, c := range configs {
				name, value, ok := strings.Cut(c, "=")
				if !ok || name == "" {
					return usage("--config takes key=value, not %q", c)
				}
				value, err := kafka.ParseTopicConfig(name, strings.TrimSpace(value), t.ReplicationFactor)
				if err != nil {
					return usage("--config %q: %w", c, err)
				}
				t.Configs[name] = value
			}
			if err := kafka.ValidTopicName(t.Name); err != nil {
				return usageError{err}
			}
			if t.Partitions == 0 || t.Partitions < -1 {
				return usage("--partitions %d: a topic has at least one", t.Partitions)
			}
			if t.ReplicationFactor == 0 || t.ReplicationFactor < -1 {
				return usage("--replication-factor %d: a partition has at least one replica", t.ReplicationFactor)
			}
			c, err := g.open(cmd.Context())
			if err != nil {
				return err
			}
			if err := c.CreateTopic(cmd.Context(), t); err != nil {
				return unknownConfig(err, t.Configs)
			}
			n := int32(0)
			if made := c.Metadata().Topic(t.Name); made != nil {
				n = int32(len(made.Partitions))
			}
			g.notice("created topic %s with %s", t.Name, human.Plural(n, "partition"))
			return nil
		},
	}
	f := cmd.Flags()
	f.Int32Var(&t.Partitions, "partitions", -1, "the `NUMBER` of partitions; -1: the broker's default")
	f.Int16Var(&t.ReplicationFactor, "replication-factor", -1, "the `NUMBER` of replicas; -1: the broker's default")
	f.StringArrayVar(&configs, "config", nil, "a setting, `key=value`; repeatable")
	return cmd
}

// unknownConfig adds the nearest setting to a broker's refusal of one that does
// not exist.
func unknownConfig(err error, configs map[string]string) error {
	const invalidConfig = 40 // of the protocol guide's "Error Codes"
	var refused *kafka.Error
	if !errors.As(err, &refused) || refused.Code != invalidConfig {
		return err
	}
	known := kafka.TopicConfigs()
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		if hint := meant(name, known); hint != "" && !slices.Contains(known, name) {
			return fmt.Errorf("%w: %s%s", err, name, hint)
		}
	}
	return err
}

func newTopicDelete(g *global) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a topic and all its messages",
		Long:  "Delete a topic and all its messages. At a terminal you confirm by typing its name; elsewhere add --yes.",
		Args:  exactly(1, "the name of the topic"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if !yes && !isTerminalIn(g.stdin) {
				return usage("no terminal to confirm: add --yes")
			}
			c, err := g.open(cmd.Context())
			if err != nil {
				return err
			}
			if !yes {
				d, err := c.DescribeTopic(cmd.Context(), name)
				if err != nil {
					return err
				}
				var messages int64
				for p, end := range d.End {
					messages += end.Offset - d.Start[p].Offset
				}
				fmt.Fprintf(g.stderr, "topic %s has %s with up to %s. Type its name to delete it: ",
					name, human.Plural(len(d.Partitions), "partition"), human.Plural(messages, "message"))
				line, err := bufio.NewReader(g.stdin).ReadString('\n')
				if err != nil && err != io.EOF {
					return err
				}
				if strings.TrimSpace(line) != name {
					return errors.New("that is not its name: nothing was deleted")
				}
			}
			if err := c.DeleteTopic(cmd.Context(), name); err != nil {
				return err
			}
			g.notice("deleted topic %s", name)
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation")
	return cmd
}

// partitionLine is a partition of a described topic, as -J prints it.
type partitionLine struct {
	Partition int32   `json:"partition"`
	Leader    int32   `json:"leader"` // -1: none
	Replicas  []int32 `json:"replicas"`
	ISR       []int32 `json:"isr"`
	Start     *int64  `json:"startOffset"` // null: not known
	End       *int64  `json:"endOffset"`
}

// configLine is a setting of a described topic, as -J prints it.
type configLine struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Source  string `json:"source"`
	Default bool   `json:"default"`
}

func newTopicDescribe(g *global) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "describe NAME",
		Short: "Show a topic's partitions, offsets and settings",
		Long:  "Show a topic's partitions, offsets and own settings; -J shows all settings.",
		Args:  exactly(1, "the name of the topic"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.open(cmd.Context())
			if err != nil {
				return err
			}
			d, err := c.DescribeTopic(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			out := bufio.NewWriter(g.stdout)
			if asJSON {
				err = describeJSON(out, d)
			} else {
				describeText(out, d)
			}
			if err != nil {
				return err
			}
			return ignoreClosedPipe(out.Flush())
		},
	}
	cmd.Flags().BoolVarP(&asJSON, "json", "J", false, "one JSON object")
	return cmd
}

func partitionLines(d *kafka.TopicDescription) []partitionLine {
	known := func(o kafka.Offset) *int64 {
		if o.Err != nil {
			return nil
		}
		return &o.Offset
	}
	lines := make([]partitionLine, 0, len(d.Partitions))
	for _, p := range d.Partitions {
		lines = append(lines, partitionLine{
			Partition: p.ID, Leader: p.Leader, Replicas: p.Replicas, ISR: p.ISR,
			Start: known(d.Start[p.ID]), End: known(d.End[p.ID]),
		})
	}
	return lines
}

func describeJSON(out io.Writer, d *kafka.TopicDescription) error {
	whole := struct {
		Name       string          `json:"name"`
		ID         string          `json:"id"` // KIP-516; zero from brokers before 2.8
		Internal   bool            `json:"internal"`
		Partitions []partitionLine `json:"partitions"`
		Configs    []configLine    `json:"configs"`
	}{Name: d.Name, ID: fmt.Sprintf("%x", d.ID), Internal: d.Internal, Partitions: partitionLines(d), Configs: []configLine{}}
	for _, e := range d.Configs {
		whole.Configs = append(whole.Configs, configLine{e.Name, e.Value, e.Source, e.Default})
	}
	enc := json.NewEncoder(plainJSON{out})
	enc.SetEscapeHTML(false)
	return enc.Encode(whole)
}

func describeText(out io.Writer, d *kafka.TopicDescription) {
	fmt.Fprintf(out, "%s  %s\n\n", d.Name, human.Plural(len(d.Partitions), "partition"))
	table := [][]string{{"PARTITION", "LEADER", "REPLICAS", "ISR", "START", "END", "MESSAGES"}}
	number := func(n *int64) string {
		if n == nil {
			return "?"
		}
		return strconv.FormatInt(*n, 10)
	}
	for _, p := range partitionLines(d) {
		leader, messages := strconv.Itoa(int(p.Leader)), "?"
		if p.Leader < 0 {
			leader = "none"
		}
		if p.Start != nil && p.End != nil {
			messages = strconv.FormatInt(*p.End-*p.Start, 10)
		}
		table = append(table, []string{strconv.Itoa(int(p.Partition)), leader, ids(p.Replicas), ids(p.ISR),
			number(p.Start), number(p.End), messages})
	}
	writeTable(out, table, "rrllrrr")
	if d.ConfigsErr != nil {
		fmt.Fprintf(out, "\nsettings: %s\n", human.Escape(d.ConfigsErr.Error()))
		return
	}
	own := slices.DeleteFunc(slices.Clone(d.Configs), func(e kafka.ConfigEntry) bool { return e.Default })
	if len(own) == 0 {
		fmt.Fprintf(out, "\nall settings are the broker's defaults\n")
		return
	}
	fmt.Fprintln(out)
	settings := [][]string{{"SETTING", "VALUE"}}
	for _, e := range own {
		settings = append(settings, []string{e.Name, e.Value})
	}
	writeTable(out, settings, "ll")
}

func ids(list []int32) string {
	s := make([]string, len(list))
	for i, id := range list {
		s[i] = strconv.Itoa(int(id))
	}
	return strings.Join(s, ",")
}
