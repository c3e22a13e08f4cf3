package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"milena/archive"
	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// produceFlags are what produce was asked for.
type produceFlags struct {
	topic         string
	value         *string // nil: stdin
	key           string
	headers       []string
	partition     int32
	null          bool
	delimiter     string // between key and value; empty: lines are values
	end           string // of a message in the input
	input         string // a file in place of stdin
	readerSet     []string
	reader        map[string]string // the properties of Kafka's console producer
	json          bool
	keepPartition bool
	codec         string
	every         time.Duration
	limit         int64 // -1: none
}

func newProduce(g *global) *cobra.Command {
	var p produceFlags
	cmd := &cobra.Command{
		Use:   "produce TOPIC [VALUE]",
		Short: "Write messages to a topic",
		Long: `Write messages to a topic: VALUE, or each line of stdin.

Every message is written once, in order, and acknowledged by all in-sync replicas. Where it went is
said on stderr; what was not sent is named there, and the exit code is 1.`,
		Example: `  milena produce message-log -k user-12 'this is message17'
  milena produce message-log -k '{{.N}}' --every 1s 'this is message{{.N}}'
  milena produce orders -K : < pairs.txt
  milena tail a -J -o beginning -e | milena produce b -J`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if p.topic == "" {
				if len(args) == 0 {
					return usage("%s takes a topic, as in: milena produce message-log 'a message'", cmd.CommandPath())
				}
				p.topic, args = args[0], args[1:]
			}
			switch len(args) {
			case 0:
			case 1:
				p.value = &args[0]
			default:
				return usage("%s takes one VALUE; quote it if it has spaces", cmd.CommandPath())
			}
			return g.produce(cmd.Context(), p, cmd.Flags())
		},
	}
	f := cmd.Flags()
	f.StringVarP(&p.topic, "topic", "t", "", "the `TOPIC`, instead of the argument")
	f.StringVarP(&p.key, "key", "k", "", "the `KEY`; null unless given")
	f.StringArrayVarP(&p.headers, "header", "H", nil, "a header, `name=value`; repeatable")
	f.Int32VarP(&p.partition, "partition", "p", kafka.AnyPartition, "the partition `N`; by default the key decides (murmur2)")
	f.BoolVarP(&p.null, "null", "Z", false, "send an empty value as null (a tombstone)")
	f.StringVarP(&p.delimiter, "key-delimiter", "K", "", "split each line into key and value at `DELIM`; it takes the escapes of tail -f, such as '\\t'")
	f.StringVarP(&p.end, "delimiter", "D", `\n`, "each message of the input ends with `DELIM`")
	f.StringVarP(&p.input, "input", "l", "", "read messages from `FILE` instead of stdin")
	f.StringArrayVar(&p.readerSet, "reader-property", nil, "`name=value` as of kafka-console-producer")
	_ = f.MarkHidden("reader-property") // --property takes them, too
	f.BoolVarP(&p.json, "json", "J", false, "read JSON lines of tail -J, kcat, kaf, kafkactl, rpk or Redpanda Console")
	f.BoolVar(&p.keepPartition, "keep-partition", false, "with -J: keep the partition of each line")
	f.StringVarP(&p.codec, "compression", "z", "", "compression `CODEC`: none, gzip, snappy, lz4 or zstd")
	f.DurationVar(&p.every, "every", 0, "send VALUE repeatedly at this `INTERVAL`; {{.N}} in key and value counts from 0")
	f.Int64VarP(&p.limit, "max-messages", "c", -1, "stop after `N` messages")
	return cmd
}

// read reads what flags say in a language of their own: delimiters, and the
// properties of a reader.
func (p *produceFlags) read(g *global, set *pflag.FlagSet) (err error) {
	if p.delimiter, err = delimiter(p.delimiter); err != nil {
		return usage("-K %q: %w", set.Lookup("key-delimiter").Value, err)
	}
	if p.end, err = delimiter(p.end); err != nil {
		return usage("-D %q: %w", set.Lookup("delimiter").Value, err)
	}
	if p.reader, err = takeProperties(&g.set, p.readerSet, readerProperties, "--reader-property"); err != nil {
		return err
	}
	return p.check(set)
}

// check refuses flags that cannot be meant together.
func (p produceFlags) check(set *pflag.FlagSet) error {
	given := set.Changed
	switch {
	case given("every") && p.every <= 0:
		return usage("--every %s: enter an interval above 0, such as 1s", p.every)
	case given("every") && p.value == nil:
		return usage("--every repeats one VALUE: add it")
	case given("key-delimiter") && p.delimiter == "":
		return usage("-K needs a delimiter")
	case given("delimiter") && p.end == "":
		return usage("-D needs a delimiter")
	case p.value != nil && (given("delimiter") || given("input")):
		return usage("-D and -l are for lines of input: leave out the VALUE %q", *p.value)
	case given("key-delimiter") && given("key"):
		return usage("use -k or -K, not both: -K takes the key from each line")
	case p.value != nil && p.delimiter != "" && !strings.Contains(*p.value, p.delimiter):
		return usage("the VALUE does not have the key delimiter %q: nothing was sent; without -K it is a value", p.delimiter)
	case len(p.reader) > 0 && (given("key-delimiter") || p.json):
		return usage("use only one of -K, -J and --property %s", slices.Sorted(maps.Keys(p.reader))[0])
	case p.json && (given("key") || given("key-delimiter") || given("header")):
		return usage("-J takes keys and headers from each line: leave out -k, -K and -H")
	case p.keepPartition && (!p.json || given("partition")):
		return usage("--keep-partition goes with -J, and without -p")
	case given("partition") && p.partition < 0 && p.partition != kafka.AnyPartition:
		return usage("-p %d: a partition is 0 or more", p.partition)
	case given("max-messages") && p.limit < 0:
		return usage("-c %d: enter a number of messages", p.limit)
	}
	return nil
}

func parseCodec(name string) (batch.Codec, error) {
	for _, c := range []batch.Codec{batch.None, batch.Gzip, batch.Snappy, batch.LZ4, batch.Zstd} {
		if strings.EqualFold(name, c.String()) {
			return c, nil
		}
	}
	return 0, usage("unknown compression %q: use none, gzip, snappy, lz4 or zstd", name)
}

// graceful is how long what was read may take to be acknowledged once a signal
// has come.
const graceful = 10 * time.Second

// counter is what --every replaces by the number of the message.
const counter = "{{.N}}"

func (g *global) produce(ctx context.Context, p produceFlags, set *pflag.FlagSet) error {
	if err := p.read(g, set); err != nil {
		return err
	}
	settings, err := g.load(ctx)
	if err != nil {
		return err
	}
	codec, err := parseCodec(cmp.Or(p.codec, settings.Codec, "none"))
	if err != nil {
		return err
	}
	headers, err := parsePairs("-H", p.headers)
	if err != nil {
		return err
	}
	parse, err := p.parser()
	if err != nil {
		return err
	}
	c, err := g.open(ctx)
	if err != nil {
		return err
	}
	if c.ReadOnly() {
		return kafka.ErrReadOnly
	}
	topic, err := c.Topic(ctx, p.topic)
	if err != nil {
		return err
	}
	if p.partition != kafka.AnyPartition && topic.Partition(p.partition) == nil {
		return fmt.Errorf("topic %q has no partition %d: it has %d, from 0", p.topic, p.partition, len(topic.Partitions))
	}

	// A signal ends the input, not what is on its way.
	sending, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(graceful, abandon) })
	defer stop()

	s := &sender{
		g: g, topic: p.topic, null: p.null, limit: p.limit, began: time.Now(),
		producer: c.NewProducer(kafka.ProducerConfig{Codec: codec, Linger: lingerFor(p), Trouble: func(err error) {
			g.notice("milena: no acknowledgement: %v; retrying", err)
		}}),
		message: kafka.Message{Topic: p.topic, Partition: p.partition, Headers: headers, Timestamp: kafka.NoTimestamp},
		parse:   parse,
		each:    p.every >= 100*time.Millisecond || p.value == nil && isTerminalIn(g.stdin),
	}
	if set.Changed("key") {
		s.message.Key = []byte(p.key)
	}
	var input error // why there was no more of it
	switch {
	case p.limit == 0:
	case p.every > 0:
		input = s.repeat(ctx, sending, p)
	case p.value != nil:
		input = s.send(sending, []byte(*p.value))
	default:
		input = s.stream(ctx, sending, p)
	}
	if errors.Is(input, errLimit) {
		input = nil
	}
	_ = s.producer.Flush(sending) // what Flush gives up, Close names
	_ = s.producer.Close()
	return s.end(ctx, input)
}

// parser is how a line becomes a message.
func (p produceFlags) parser() (parser, error) {
	switch {
	case p.json:
		return jsonParser(p.keepPartition), nil
	case p.delimiter != "":
		return pairParser(p.delimiter), nil
	case len(p.reader) > 0:
		r, err := newLineReader(p.reader)
		if err != nil {
			return nil, err
		}
		return r.parse, nil
	}
	return func(line []byte, m *kafka.Message) error { m.Value = line; return nil }, nil
}

// stream sends each line of the input.
func (s *sender) stream(ctx, sending context.Context, p produceFlags) error {
	s.streaming = true
	in := s.g.stdin
	name := "stdin"
	if p.input != "" {
		file, err := os.Open(p.input)
		if err != nil {
			return err
		}
		defer file.Close()
		in, name = file, p.input
	} else if isTerminalIn(in) {
		s.g.notice("each line is a message to %s; ctrl+d ends", p.topic)
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	send := func(line []byte) error { return s.send(sending, line) }
	do, end := send, func() error { return nil }
	if p.json {
		var o archive.Objects
		do = func(line []byte) error { return o.Line(line, send) }
		end = func() error {
			if err := o.End(); err != nil {
				return fmt.Errorf("message %d: %w", s.read+1, err)
			}
			return nil
		}
	}
	if p.delimiter != "" {
		h := &hold{delimiter: p.delimiter, limit: p.limit, send: send, stop: stop,
			warn: func(text string) { s.g.notice("milena: %s", text) }}
		do, end = h.line, h.end
	}
	in = archive.Plain(in, func() { s.g.notice("milena: %s is UTF-16; it is sent as UTF-8", name) })
	input := readLines(reading, in, name, p.end)
	if p.end == "\n" && !p.json {
		if input.crlf = runtime.GOOS == "windows"; !input.crlf {
			input.first = func(chunk []byte) {
				if allCR(chunk) {
					s.g.notice(`milena: every line ends in CR (\r), which becomes part of each value; -D '\r\n' leaves it out`)
				}
			}
		}
	}
	left, err := input.each(reading, do)
	if err == nil {
		err = end()
	}
	if left > 0 && err == nil {
		s.notSent(errors.New("the line was not complete"))
	}
	if s.read == 0 && err == nil {
		s.g.notice("milena: %s ended without a message: nothing was sent", name)
	}
	return err
}

// lingerFor lets batches fill while lines stream in.
func lingerFor(p produceFlags) time.Duration {
	if p.value != nil {
		return 0
	}
	return 2 * time.Millisecond
}

// errLimit ends the input when -c is reached.
var errLimit = errors.New("limit reached")

// sender sends messages and remembers what became of them.
type sender struct {
	g         *global
	producer  *kafka.Producer
	topic     string
	message   kafka.Message // what all have in common
	parse     parser
	null      bool
	limit     int64
	each      bool // every acknowledgement is said, however many
	streaming bool // there is more than one message to read
	began     time.Time
	read      int64 // messages so far

	mu         sync.Mutex
	sent       int64
	partitions map[int32]int64
	failures   []failure
}

// failure is a run of messages, counted from 1, that share a fate.
type failure struct {
	first, last int64
	err         error
}

// said is how many acknowledgements are said one by one.
const said = 10

// send sends one line. Its error ends the input; what becomes of the message
// itself is counted.
func (s *sender) send(ctx context.Context, line []byte) error {
	m := s.message
	if err := s.parse(line, &m); err != nil {
		return fmt.Errorf("message %d: %w", s.read+1, err)
	}
	return s.produce(ctx, m)
}

func (s *sender) produce(ctx context.Context, m kafka.Message) error {
	if s.null && len(m.Value) == 0 {
		m.Value = nil
	}
	s.read++
	number := s.read
	err := s.producer.Produce(ctx, m, func(a kafka.Ack, err error) { s.answered(number, a, err) })
	if errors.Is(err, context.Canceled) {
		err = errors.New("not sent: it was waiting for the messages before it")
	}
	if err != nil {
		s.answered(number, kafka.Ack{}, err)
		return err
	}
	if s.read == s.limit {
		return errLimit
	}
	return nil
}

// repeat sends the value at an interval.
func (s *sender) repeat(ctx, sending context.Context, p produceFlags) error {
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	for n := 0; ; n++ {
		number := strconv.Itoa(n)
		key := s.message.Key
		if key != nil {
			s.message.Key = []byte(strings.ReplaceAll(p.key, counter, number))
		}
		err := s.send(sending, []byte(strings.ReplaceAll(*p.value, counter, number)))
		if err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *sender) answered(number int64, a kafka.Ack, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failed(number, err)
		return
	}
	s.sent++
	if s.partitions == nil {
		s.partitions = make(map[int32]int64)
	}
	s.partitions[a.Partition]++
	if s.each || s.sent <= said {
		s.g.notice("%s/%d offset %d  %s", s.topic, a.Partition, a.Offset, milliseconds(a.Took))
	}
}

func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64) + " ms"
}

func (s *sender) failed(number int64, err error) {
	for i := range s.failures {
		if f := &s.failures[i]; f.last+1 == number && f.err.Error() == err.Error() {
			f.last = number
			return
		}
	}
	s.failures = append(s.failures, failure{number, number, err})
}

// notSent counts a message that was read in part.
func (s *sender) notSent(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read++
	s.failed(s.read, err)
}

// end says what became of it all.
func (s *sender) end(ctx context.Context, input error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent > said && !s.each {
		took := time.Since(s.began)
		s.g.notice("sent %s to %s of %s in %s, %.0f a second", human.Plural(s.sent, "message"),
			human.Plural(len(s.partitions), "partition"), s.topic, took.Round(time.Millisecond), float64(s.sent)/took.Seconds())
	}
	switch {
	case len(s.failures) > 0:
	case input != nil && s.read > 0:
		return fmt.Errorf("%w; %s before it sent to %s, nothing after it", input, human.Plural(s.read, "message"), s.topic)
	default:
		return input
	}
	sort.Slice(s.failures, func(i, j int) bool { return s.failures[i].first < s.failures[j].first })
	var unsent int64
	var text strings.Builder
	for i, f := range s.failures {
		unsent += f.last - f.first + 1
		switch {
		case i == said:
			fmt.Fprintf(&text, "\n  and others")
		case i > said:
		case f.first == f.last:
			fmt.Fprintf(&text, "\n  message %d: %v", f.first, f.err)
		default:
			fmt.Fprintf(&text, "\n  messages %d to %d: %v", f.first, f.last, f.err)
		}
	}
	if input != nil && s.streaming {
		text.WriteString("\n  the input after that was not read")
	}
	err := fmt.Errorf("not sent to %s: %d of %s%s", s.topic, unsent, human.Plural(s.read, "message"), text.String())
	if ctx.Err() != nil {
		return interruptedError{fmt.Errorf("interrupted: %w", err)}
	}
	return err
}
