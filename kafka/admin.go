package kafka

// Topics created, deleted and described.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// NewTopic says how a topic is to be.
type NewTopic struct {
	Name              string
	Partitions        int32             // -1: as the broker's num.partitions says
	ReplicationFactor int16             // -1: as the broker's default.replication.factor says
	Configs           map[string]string // such as cleanup.policy=compact
}

// ValidTopicName tells what is wrong with a name; nil: nothing.
func ValidTopicName(name string) error {
	switch {
	case name == "":
		return errors.New("a topic needs a name")
	case name == "." || name == "..":
		return fmt.Errorf("a topic cannot be called %q", name)
	case len(name) > 249:
		return fmt.Errorf("a topic's name has at most 249 characters, this one has %d", len(name))
	}
	for _, r := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r) {
			return fmt.Errorf("a topic's name has letters, digits, '.', '_' and '-' only, not %q", r)
		}
	}
	return nil
}

// adminTimeout is what brokers are given for a change.
const adminTimeout = 15 * time.Second

// CreateTopic creates a topic: checked here, then by the broker without creating
// anything, then created. It returns when every broker that answers knows the
// topic, so that what comes next finds it.
func (c *Cluster) CreateTopic(ctx context.Context, t NewTopic) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	if err := ValidTopicName(t.Name); err != nil {
		return err
	}
	if t.Partitions == 0 || t.Partitions < -1 {
		return fmt.Errorf("a topic cannot have %d partitions", t.Partitions)
	}
	if t.ReplicationFactor == 0 || t.ReplicationFactor < -1 {
		return fmt.Errorf("a replication factor cannot be %d", t.ReplicationFactor)
	}
	for _, validateOnly := range []bool{true, false} {
		if err := c.createWhenGone(ctx, t, validateOnly); err != nil {
			return err
		}
	}
	return c.awaitTopic(ctx, t.Name, true)
}

// createWhenGone creates a topic, and waits for one of that name to be gone that
// was deleted a moment ago: with ZooKeeper a broker forgets it before the
// controller does.
func (c *Cluster) createWhenGone(ctx context.Context, t NewTopic, validateOnly bool) error {
	deadline := time.Now().Add(adminTimeout)
	for try := 0; ; try++ {
		err := c.createTopic(ctx, t, validateOnly)
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Code != codeTopicAlreadyExists ||
			!strings.Contains(refusal.Message, "marked for deletion") || time.Now().After(deadline) {
			return err
		}
		if err := sleep(ctx, backoff(try)); err != nil {
			return err
		}
	}
}

func (c *Cluster) createTopic(ctx context.Context, t NewTopic, validateOnly bool) error {
	q := kmsg.NewPtrCreateTopicsRequest()
	q.TimeoutMillis = int32(adminTimeout.Milliseconds())
	q.ValidateOnly = validateOnly
	rt := kmsg.NewCreateTopicsRequestTopic()
	rt.Topic, rt.NumPartitions, rt.ReplicationFactor = t.Name, t.Partitions, t.ReplicationFactor
	for name, value := range t.Configs {
		entry := kmsg.NewCreateTopicsRequestTopicConfig()
		entry.Name, entry.Value = name, &value
		rt.Configs = append(rt.Configs, entry)
	}
	q.Topics = append(q.Topics, rt)
	doing := fmt.Sprintf("create topic %q", t.Name)
	done := codeTopicAlreadyExists
	if validateOnly {
		done = codeNone
	}
	return c.atController(ctx, doing, done, func(address string) (int16, string, error) {
		res, err := c.ask(ctx, address, q, 7)
		if err != nil {
			return 0, "", err
		}
		for _, rt := range res.(*kmsg.CreateTopicsResponse).Topics {
			return rt.ErrorCode, text(rt.ErrorMessage), nil
		}
		return 0, "", fmt.Errorf("%s: the broker's answer is empty", doing)
	})
}

// DeleteTopic deletes a topic and returns when every broker that answers has
// forgotten it. A topic that is not there is an *UnknownTopicError.
func (c *Cluster) DeleteTopic(ctx context.Context, name string) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	if _, err := c.Topic(ctx, name); err != nil {
		return err
	}
	q := kmsg.NewPtrDeleteTopicsRequest()
	q.TimeoutMillis = int32(adminTimeout.Milliseconds())
	q.TopicNames = []string{name}
	rt := kmsg.NewDeleteTopicsRequestTopic()
	rt.Topic = &name
	q.Topics = append(q.Topics, rt)
	doing := fmt.Sprintf("delete topic %q", name)
	err := c.atController(ctx, doing, codeUnknownTopicOrPartition, func(address string) (int16, string, error) {
		res, err := c.ask(ctx, address, q, 6)
		if err != nil {
			return 0, "", err
		}
		for _, rt := range res.(*kmsg.DeleteTopicsResponse).Topics {
			return rt.ErrorCode, text(rt.ErrorMessage), nil
		}
		return 0, "", fmt.Errorf("%s: the broker's answer is empty", doing)
	})
	if err != nil {
		return err
	}
	return c.awaitTopic(ctx, name, false)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// atController has f ask the controller, and look for it again while it moves.
// done is the refusal that says, after a request whose answer was lost, that the
// request had been carried out.
func (c *Cluster) atController(ctx context.Context, doing string, done int16, f func(address string) (int16, string, error)) error {
	lost := false
	for try := 0; ; try++ {
		address := ""
		m := c.Metadata()
		if b := m.Broker(m.Controller); b != nil {
			address = b.Addr()
		} else if len(m.Brokers) > 0 {
			address = m.Brokers[0].Addr()
		}
		code, message, err := f(address)
		if err == nil {
			if code == codeNone || lost && code == done {
				return nil
			}
			err = &Error{Code: code, Doing: doing, Broker: address, Partition: -1, Message: message}
			if !retriable(code) || code == codeUnknownTopicOrPartition {
				return err
			}
			lost = lost || code == codeRequestTimedOut
		} else if !isConnectionError(err) || ctx.Err() != nil {
			return err
		} else if connect := (*ConnectError)(nil); !errors.As(err, &connect) {
			lost = true
		}
		if try == 5 {
			return err
		}
		if err := sleep(ctx, backoff(try)); err != nil {
			return err
		}
		if _, err := c.Refresh(ctx); err != nil && try == 4 {
			return err
		}
	}
}

// awaitTopic waits until every broker that answers agrees whether a topic is
// there; metadata reaches the brokers one by one.
func (c *Cluster) awaitTopic(ctx context.Context, name string, there bool) error {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	left := slices.Clone(c.Metadata().Brokers)
	for try := 0; len(left) > 0; try++ {
		left = slices.DeleteFunc(left, func(b Broker) bool {
			m, err := c.fetchMetadata(ctx, b.Addr(), []string{name})
			if err != nil {
				return isConnectionError(err) && ctx.Err() == nil // it is down: it will learn
			}
			t := m.Topic(name)
			if !there {
				return t == nil || t.Err != nil
			}
			return t != nil && t.Err == nil && len(t.Partitions) > 0 &&
				!slices.ContainsFunc(t.Partitions, func(p Partition) bool { return p.Leader < 0 })
		})
		if len(left) == 0 {
			break
		}
		if err := sleep(ctx, min(200*time.Millisecond, 5*time.Millisecond<<min(try, 6))); err != nil {
			return fmt.Errorf("topic %q: the change was accepted, but broker %s does not show it yet", name, left[0].Addr())
		}
	}
	_, err := c.refreshTopics(ctx, name)
	return err
}

// ConfigEntry is one setting of a topic.
type ConfigEntry struct {
	Name, Value string
	Source      string // as Kafka prints it: DYNAMIC_TOPIC_CONFIG, DEFAULT_CONFIG, …
	Default     bool   // the topic does not set it itself
	ReadOnly    bool
	Sensitive   bool   // the broker does not tell the value
	Doc         string // Kafka's own words (2.6 and newer)
}

// TopicDescription is all that is known of a topic.
type TopicDescription struct {
	Topic
	Start, End map[int32]Offset // by partition
	Configs    []ConfigEntry    // by name
	ConfigsErr error            // why there are none
}

// DescribeTopic looks a topic up, with its offsets and settings as they are now.
func (c *Cluster) DescribeTopic(ctx context.Context, name string) (*TopicDescription, error) {
	if _, err := c.refreshTopics(ctx, name); err != nil {
		return nil, err
	}
	t, err := c.Topic(ctx, name)
	if err != nil {
		return nil, err
	}
	d := &TopicDescription{Topic: *t, Start: make(map[int32]Offset), End: make(map[int32]Offset)}
	tps := Partitions(t)
	starts, ends, err := c.Bounds(ctx, ReadUncommitted, tps)
	if err != nil {
		return nil, err
	}
	for _, tp := range tps {
		d.Start[tp.Partition], d.End[tp.Partition] = starts[tp], ends[tp]
	}
	d.Configs, d.ConfigsErr = c.topicConfigs(ctx, name)
	return d, nil
}

// Compacted tells which of the topics are compacted (cleanup.policy), so that
// their offsets count more than their records. Topics whose settings may not be
// seen are not in the answer.
func (c *Cluster) Compacted(ctx context.Context, names []string) (map[string]bool, error) {
	policy := []string{"cleanup.policy"}
	res, err := c.describeConfigs(ctx, names, policy, false)
	if err != nil {
		return nil, err
	}
	compacted := make(map[string]bool, len(res))
	for _, r := range res {
		for _, e := range r.Configs {
			if r.ErrorCode == codeNone && e.Name == policy[0] {
				compacted[r.ResourceName] = strings.Contains(text(e.Value), "compact")
			}
		}
	}
	return compacted, nil
}

// topicConfigs asks for a topic's settings, with their documentation.
func (c *Cluster) topicConfigs(ctx context.Context, name string) ([]ConfigEntry, error) {
	res, err := c.describeConfigs(ctx, []string{name}, nil, true)
	if err != nil {
		return nil, err
	}
	var entries []ConfigEntry
	for _, r := range res {
		if r.ErrorCode != codeNone {
			return nil, &Error{Code: r.ErrorCode, Doing: fmt.Sprintf("settings of topic %q", name), Topic: name, Partition: -1, Message: text(r.ErrorMessage)}
		}
		for _, e := range r.Configs {
			entries = append(entries, ConfigEntry{
				Name: e.Name, Value: text(e.Value), Source: e.Source.String(),
				Default:  e.Source != kmsg.ConfigSourceDynamicTopicConfig || e.IsDefault,
				ReadOnly: e.ReadOnly, Sensitive: e.IsSensitive, Doc: text(e.Documentation),
			})
		}
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	return entries, nil
}

// describeConfigs is one DescribeConfigs request for topics (KIP-133, KIP-569);
// keys nil is all settings.
func (c *Cluster) describeConfigs(ctx context.Context, names, keys []string, docs bool) ([]kmsg.DescribeConfigsResponseResource, error) {
	m := c.Metadata()
	if len(m.Brokers) == 0 {
		return nil, errors.New("no broker is known")
	}
	q := kmsg.NewPtrDescribeConfigsRequest()
	q.IncludeDocumentation = docs
	for _, name := range names {
		res := kmsg.NewDescribeConfigsRequestResource()
		res.ResourceType, res.ResourceName, res.ConfigNames = kmsg.ConfigResourceTypeTopic, name, keys
		q.Resources = append(q.Resources, res)
	}
	var failed error
	for _, b := range m.Brokers {
		got, err := c.ask(ctx, b.Addr(), q, 4)
		if err == nil {
			return got.(*kmsg.DescribeConfigsResponse).Resources, nil
		}
		if failed = err; !isConnectionError(err) || ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}
