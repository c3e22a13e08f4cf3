package kafka

// A broker that lies (lab/liar), in a bubble where time passes by itself: whatever
// it says, every call ends or says within its time what is wrong, and no request is
// sent again without a pause.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"milena/human"
	"milena/kafka/batch"
	"milena/lab/bubble"
	"milena/lab/liar"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// heard is a sink that notes what it was given and told.
type heard struct {
	mu      sync.Mutex
	records int
	skips   []batch.Skip
	events  []Event
	flushes int
}

func (h *heard) Partition(TopicPartition) PartitionSink { return h }
func (h *heard) Record(v *batch.View) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records++
	return true
}
func (h *heard) Skip(s batch.Skip) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Batch = nil
	h.skips = append(h.skips, s)
}
func (h *heard) Flush(PartitionState) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.flushes++
	return nil
}
func (h *heard) Event(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

func (h *heard) words() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all strings.Builder
	for _, e := range h.events {
		all.WriteString(e.String() + "\n")
	}
	for _, s := range h.skips {
		if s.Err != nil {
			all.WriteString(s.Err.Error() + "\n")
		}
	}
	return all.String()
}

// lieLimit is how long anything may take with a broker that lies, in the bubble's time.
// It is longer than a message is tried.
const lieLimit = 130 * time.Second

// lieCalls are what is done with a broker that lies. Words are what was told besides
// the error.
var lieCalls = map[string]func(ctx context.Context, c *Cluster) (words string, err error){
	"read": func(ctx context.Context, c *Cluster) (string, error) {
		return readLie(ctx, c, &Position{Kind: End}, ReadCommitted)
	},
	"follow": func(ctx context.Context, c *Cluster) (string, error) {
		words, err := readLie(ctx, c, nil, ReadUncommitted)
		if ctx.Err() != nil {
			err = nil // it goes on for ever
		}
		return words, err
	},
	"newest": func(ctx context.Context, c *Cluster) (string, error) {
		topic, err := c.Topic(ctx, liar.Topic)
		if err != nil {
			return "", err
		}
		_, err = c.Newest(ctx, NewestRequest{Partitions: Partitions(topic), N: 10})
		return "", err
	},
	"timeline": func(ctx context.Context, c *Cluster) (string, error) {
		topic, err := c.Topic(ctx, liar.Topic)
		if err != nil {
			return "", err
		}
		var spans []Span
		for _, tp := range Partitions(topic) {
			spans = append(spans, Span{tp, 0, NoEnd})
		}
		_, err = c.Timeline(ctx, TimelineRequest{Spans: spans, Buckets: 40})
		return "", err
	},
	"search": func(ctx context.Context, c *Cluster) (string, error) {
		topic, err := c.Topic(ctx, liar.Topic)
		if err != nil {
			return "", err
		}
		spans, waiting, err := c.Resolve(ctx, Partitions(topic), Position{Kind: Beginning}, &Position{Kind: End}, ReadUncommitted)
		if err != nil || len(waiting) > 0 {
			return "", err
		}
		if _, err := c.Cost(ctx, spans, ReadUncommitted); err != nil {
			return "", err
		}
		if _, err := c.EstimateHits(ctx, spans, nil, ReadUncommitted); err != nil {
			return "", err
		}
		for _, order := range []SearchOrder{NewestFirst, ByTime} {
			s, err := c.NewSearch(SearchRequest{Spans: spans, Order: order})
			if err == nil {
				err = s.Run(ctx, 0, nil)
			}
			if err != nil {
				return fmt.Sprint(s.Progress().Events), err
			}
		}
		return "", nil
	},
	"describe": func(ctx context.Context, c *Cluster) (string, error) {
		d, err := c.DescribeTopic(ctx, liar.Topic)
		if err != nil {
			return "", err
		}
		var starts, ends = make(map[TopicPartition]Offset), make(map[TopicPartition]Offset)
		for id := range d.Start {
			tp := TopicPartition{liar.Topic, id}
			starts[tp], ends[tp] = d.Start[id], d.End[id]
		}
		c.Transactional(ctx, Between(starts, ends))
		_, err = c.Compacted(ctx, []string{liar.Topic})
		return "", err
	},
	"produce": func(ctx context.Context, c *Cluster) (string, error) {
		var words atomic.Value
		words.Store("")
		p := c.NewProducer(ProducerConfig{Trouble: func(err error) { words.Store(err.Error()) }})
		defer p.Close()
		answer := make(chan error, 1)
		m := Message{Topic: liar.Topic, Partition: AnyPartition, Key: []byte("k"), Value: []byte("v"), Timestamp: NoTimestamp}
		err := p.Produce(ctx, m, func(a Ack, err error) {
			if a.Offset < -1 || a.Offset > maxOffset || a.Timestamp > latestInstant.UnixMilli() {
				err = fmt.Errorf("acknowledged as %+v", a)
			}
			answer <- err
		})
		if err == nil {
			err = p.Flush(ctx)
		}
		select {
		case err = <-answer:
		default:
		}
		return words.Load().(string), err
	},
	"probe": func(ctx context.Context, c *Cluster) (string, error) {
		var words strings.Builder
		err := Probe(ctx, c.cfg, func(s ProbeStep) { words.WriteString(string(s.Step) + "\n") })
		return words.String(), err
	},
}

// readLie reads the topic, up to a position if that is given.
func readLie(ctx context.Context, c *Cluster, to *Position, iso Isolation) (words string, err error) {
	var h heard
	topic, err := c.Topic(ctx, liar.Topic)
	if err != nil {
		return "", err
	}
	spans, waiting, err := c.Resolve(ctx, Partitions(topic), Position{Kind: Beginning}, to, iso)
	if err != nil || to != nil && len(spans) == 0 && len(waiting) > 0 {
		return fmt.Sprint(waiting), err
	}
	req := ReadRequest{Spans: spans, Isolation: iso}
	if to == nil {
		req.Waiting = waiting
	}
	err = c.Read(ctx, req, &h)
	return h.words(), err
}

func TestLies(t *testing.T) {
	lies := slices.Concat([]liar.Lie{{Name: "honest"}}, liar.Versions, liar.Layouts, liar.Offsets, liar.Fetches, liar.Wires)
	for _, lie := range liar.Wires {
		lies = append(lies, liar.Only(kmsg.Fetch, lie), liar.Only(kmsg.ListOffsets, lie), liar.Only(kmsg.Produce, lie))
	}
	bombs := make(map[string]bool)
	for _, lie := range liar.Bombs {
		bombs[lie.Name] = true
	}
	for _, lie := range lies {
		for name := range lieCalls {
			if bombs[lie.Name] && name != "read" {
				continue // what is decompressed is the same
			}
			if name == "produce" || name == "probe" || !strings.HasSuffix(lie.Name, "Produce") {
				t.Run(lie.Name+"/"+name, func(t *testing.T) { tellLie(t, lie, name) })
			}
		}
	}
	for _, lie := range liar.Writes {
		t.Run(lie.Name, func(t *testing.T) { tellLie(t, lie, "produce") })
	}
}

func TestLiesOfEveryErrorCode(t *testing.T) {
	for key, calls := range map[kmsg.Key][]string{
		kmsg.Fetch: {"read", "follow"}, kmsg.ListOffsets: {"read", "timeline"}, kmsg.Metadata: {"read", "produce"},
		kmsg.Produce: {"produce"}, kmsg.InitProducerID: {"produce"}, kmsg.ApiVersions: {"read"},
	} {
		for code := int16(-2); code < 140; code++ {
			if code == codeNone {
				continue
			}
			lie := liar.Refusal(key, code)
			for _, name := range calls {
				t.Run(lie.Name+"/"+name, func(t *testing.T) { tellLie(t, lie, name) })
			}
		}
	}
}

// tellLie does one thing with a broker that lies: it ends or says something in time, it
// asks with pauses, and whatever it says cannot steer a terminal.
func tellLie(t *testing.T, lie liar.Lie, name string) {
	bubble.Run(t, func(t *testing.T) {
		b := liar.New(lie)
		defer b.Close()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), lieLimit)
		defer cancel()
		words := ""
		c, err := Open(ctx, Config{Brokers: []string{b.Addr()}, Dial: b.Dial})
		if err == nil {
			defer c.Close()
			words, err = lieCalls[name](ctx, c)
		}
		took := time.Since(began)
		t.Logf("%d requests in %s; %v; %.700s", b.Requests(), took, err, words)
		if ctx.Err() != nil && words == "" && name != "follow" {
			t.Error("neither an end nor a word in time")
		}
		if name == "follow" && ctx.Err() == nil && err == nil && words == "" {
			t.Error("it ended without a word")
		}
		if most := lieRequests + 8*int(took/time.Second); b.Requests() > most {
			t.Errorf("%d requests in %s, at most %d are right", b.Requests(), took, most)
		}
		if text := fmt.Sprint(err, words); human.EscapeLines(text) != text {
			t.Errorf("what is said may steer a terminal: %q", text)
		}
	})
}

// lieRequests are as many as anything here may need where nothing goes wrong.
const lieRequests = 100

func TestMoreTopicsThanAreHeld(t *testing.T) {
	res := kmsg.NewPtrMetadataResponse()
	res.SetVersion(metadataMax)
	for n := range 200_000 {
		res.Topics = append(res.Topics, liar.TopicNamed(fmt.Sprint("topic-", n), 1))
	}
	body := res.AppendTo(nil)
	m, err := decodeMetadata(body, metadataMax, nil)
	if err != nil || len(m.Topics) > 0 || m.Crowded == nil || !strings.Contains(m.Crowded.Error(), "200,000 topics") {
		t.Errorf("%d topics, %v, %v", len(m.Topics), m.Crowded, err)
	}
	// What was asked for by name is found among all that a broker tells.
	m, err = decodeMetadata(body, metadataMax, []string{"topic-7", "topic-199999", "other"})
	if err != nil || m.Crowded != nil || len(m.Topics) != 2 || m.Topic("topic-199999") == nil {
		t.Errorf("%+v, %v", m, err)
	}
	res.Topics = []kmsg.MetadataResponseTopic{liar.TopicNamed("wide", 600_000)}
	if m, err = decodeMetadata(res.AppendTo(nil), metadataMax, nil); err != nil || m.Crowded == nil || len(m.Topics) > 0 {
		t.Errorf("%d topics, %v, %v", len(m.Topics), m.Crowded, err)
	}
}

// TestLiesAboutLogins: what a broker says within a login is neither believed nor let
// through.
func TestLiesAboutLogins(t *testing.T) {
	first := func(more string) func([]byte) []byte {
		return func(first []byte) []byte {
			_, nonce, _ := strings.Cut(string(first), "r=")
			return []byte("r=" + nonce + "x,s=c2FsdA==,i=" + more)
		}
	}
	for _, x := range []struct {
		lie       liar.Lie
		mechanism string
		says      string
	}{
		{liar.Login(), "PLAIN", "wrong name or password"},
		{liar.Challenge("two billion iterations", first("2000000000")), "SCRAM-SHA-512", "2000000000 iterations"},
		{liar.Challenge("few iterations", first("1")), "SCRAM-SHA-256", "less than minimum"},
		{liar.Challenge("text that steers the terminal", func([]byte) []byte { return []byte("e=" + liar.Escape) }), "SCRAM-SHA-256", "kvs"},
		{liar.Challenge("nothing", func([]byte) []byte { return nil }), "SCRAM-SHA-256", "kvs"},
		{liar.Refusal(kmsg.ApiVersions, 35), "PLAIN", "UNSUPPORTED_VERSION"},
		{liar.Only(kmsg.SASLHandshake, liar.Wires[0]), "PLAIN", "not Kafka's protocol"},
		{liar.Only(kmsg.SASLAuthenticate, liar.Wires[1]), "PLAIN", "not Kafka's protocol"},
		{liar.Only(kmsg.SASLAuthenticate, liar.Wires[4]), "PLAIN", "no answer in time"},
		{liar.Only(kmsg.SASLAuthenticate, liar.Wires[6]), "PLAIN", "no answer in time"},
	} {
		t.Run(x.lie.Name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				b := liar.New(x.lie)
				defer b.Close()
				began := time.Now()
				c, err := Open(t.Context(), Config{Brokers: []string{b.Addr()}, Dial: b.Dial, SASL: &SASL{x.mechanism, "u", "p"}})
				if err == nil {
					c.Close()
					t.Fatal("it was let in")
				}
				if took := time.Since(began); !strings.Contains(err.Error(), x.says) || human.Escape(err.Error()) != err.Error() || took > 11*time.Second {
					t.Errorf("after %s: %q", took, err)
				}
			})
		})
	}
}
