package kafka

// Brokers, topics, partitions and their leaders: our own view of them, for
// kafka-go's is cached and its failed refresh is silent.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sort"
	"strconv"
	"time"

	"milena/human"
)

// Metadata is the cluster at one moment. It is never changed once it is made.
type Metadata struct {
	ClusterID  string
	Controller int32    // -1: not known
	Brokers    []Broker // by ID
	Topics     []Topic  // by name
	Crowded    error    // why Topics are none, though there are too many; each can be asked for by its name
	At         time.Time
}

// Broker is one broker, at the address that it advertises.
type Broker struct {
	ID   int32
	Host string
	Port int32
	Rack string
}

// Addr is host:port.
func (b Broker) Addr() string { return net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))) }

// Topic is one topic and its partitions.
type Topic struct {
	Name       string
	ID         [16]byte // KIP-516; zero when the broker is older than 2.8
	Internal   bool     // such as __consumer_offsets
	Partitions []Partition
	Err        error // why there is no more than the name
}

// Partition is one partition: who leads it and who follows.
type Partition struct {
	ID          int32
	Leader      int32 // -1: none now
	LeaderEpoch int32 // -1: not known (KIP-320)
	Replicas    []int32
	ISR         []int32 // in-sync replicas
	Offline     []int32
	Err         error
}

// Topic is the topic of that name, nil when there is none.
func (m *Metadata) Topic(name string) *Topic {
	i, ok := slices.BinarySearchFunc(m.Topics, name, func(t Topic, n string) int { return cmp.Compare(t.Name, n) })
	if !ok {
		return nil
	}
	return &m.Topics[i]
}

// Broker is the broker of that ID, nil when there is none.
func (m *Metadata) Broker(id int32) *Broker {
	i, ok := slices.BinarySearchFunc(m.Brokers, id, func(b Broker, n int32) int { return cmp.Compare(b.ID, n) })
	if !ok {
		return nil
	}
	return &m.Brokers[i]
}

// Partition is the partition of that ID, nil when there is none.
func (t *Topic) Partition(id int32) *Partition {
	if id >= 0 && int(id) < len(t.Partitions) && t.Partitions[id].ID == id {
		return &t.Partitions[id] // as it is unless a broker leaves some out
	}
	i, ok := slices.BinarySearchFunc(t.Partitions, id, func(p Partition, n int32) int { return cmp.Compare(p.ID, n) })
	if !ok {
		return nil
	}
	return &t.Partitions[i]
}

// Partitions lists every partition of the topics.
func Partitions(topics ...*Topic) []TopicPartition {
	var tps []TopicPartition
	for _, t := range topics {
		for _, p := range t.Partitions {
			tps = append(tps, TopicPartition{t.Name, p.ID})
		}
	}
	return tps
}

// Metadata is the newest snapshot, without asking anybody.
func (c *Cluster) Metadata() *Metadata { return c.snapshot.Load() }

// hedgeAfter is how long one broker may think about metadata before another is
// asked too: a broker that hangs must not hide the rest.
const hedgeAfter = time.Second

// Refresh asks for all of the cluster's metadata now. Calls at the same time
// share one request.
func (c *Cluster) Refresh(ctx context.Context) (*Metadata, error) {
	return c.refresh.do(ctx, c.cfg.RequestTimeout, func(ctx context.Context) (*Metadata, error) {
		m, err := c.anyMetadata(ctx, nil)
		if err != nil {
			return nil, err
		}
		c.snapshot.Store(m)
		return m, nil
	})
}

// refreshTopics asks for these topics alone and puts them into the snapshot.
func (c *Cluster) refreshTopics(ctx context.Context, names ...string) (*Metadata, error) {
	if known := c.snapshot.Load(); len(names) > manyPartitions && len(names) > len(known.Topics)/2 {
		return c.Refresh(ctx) // naming them would be more than all of them are
	}
	m, err := c.anyMetadata(ctx, names)
	if err != nil {
		return nil, err
	}
	asked := make(map[string]bool, len(names))
	for _, n := range names {
		asked[n] = true
	}
	for {
		old := c.snapshot.Load()
		merged := *m
		merged.Topics = make([]Topic, 0, len(old.Topics)+len(names))
		for _, t := range old.Topics {
			if !asked[t.Name] {
				merged.Topics = append(merged.Topics, t)
			}
		}
		for _, t := range m.Topics {
			if t.Err == nil && asked[t.Name] { // and what nobody asked for is none of ours
				merged.Topics = append(merged.Topics, t)
			}
		}
		sortTopics(merged.Topics)
		merged.At = old.At // the other topics are as old as they were
		if c.snapshot.CompareAndSwap(old, &merged) {
			return m, nil
		}
	}
}

// Topic is a topic by its name: from the snapshot, else after a refresh, else a
// *UnknownTopicError that names topics like it. Asking never creates it.
func (c *Cluster) Topic(ctx context.Context, name string) (*Topic, error) {
	if t := c.Metadata().Topic(name); t != nil && t.Err == nil {
		return t, nil
	}
	m, err := c.Refresh(ctx)
	if err != nil {
		return nil, err
	}
	if t := m.Topic(name); t != nil {
		if t.Err != nil {
			return nil, t.Err
		}
		return t, nil
	}
	// A topic that the user may not describe is not in the list; only asking
	// for it by name tells "no permission" from "not there".
	if m, err = c.anyMetadata(ctx, []string{name}); err != nil {
		return nil, err
	}
	if t := m.Topic(name); t != nil {
		if t.Err == nil {
			return t, nil
		}
		if e, ok := t.Err.(*Error); ok && e.Code == codeTopicAuthorization {
			return nil, t.Err
		}
	}
	return nil, &UnknownTopicError{Topic: name, Near: nearest(name, c.Metadata().Topics)}
}

// anyMetadata asks the brokers one after another, the next one as soon as the
// last has failed or is slow, and takes the first answer.
func (c *Cluster) anyMetadata(ctx context.Context, names []string) (*Metadata, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var addresses []string
	if m := c.snapshot.Load(); m != nil {
		for _, b := range m.Brokers {
			addresses = append(addresses, b.Addr())
		}
	}
	for _, a := range c.cfg.Brokers {
		if !slices.Contains(addresses, a) {
			addresses = append(addresses, a)
		}
	}
	type result struct {
		m   *Metadata
		err error
	}
	results := make(chan result, len(addresses))
	next, open := 0, 0
	start := func() {
		if next == len(addresses) {
			return
		}
		address := addresses[next]
		next++
		open++
		go func() {
			m, err := c.fetchMetadata(ctx, address, names)
			if err != nil && isConnectionError(err) && ctx.Err() == nil {
				err = c.named(address, err)
			}
			results <- result{m, err}
		}()
	}
	start()
	hedge := time.NewTicker(hedgeAfter)
	defer hedge.Stop()
	var last error
	for open > 0 {
		select {
		case r := <-results:
			if r.err == nil {
				return r.m, nil
			}
			open--
			last = r.err
			start()
		case <-hedge.C:
			start()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, last
}

// named adds the broker to an error that does not name one.
func (c *Cluster) named(address string, err error) error {
	var connect *ConnectError
	if errors.As(err, &connect) {
		return connect
	}
	return fmt.Errorf("broker %s: %s", address, reason(err))
}

// The Metadata versions that are spoken (protocol guide; v1 is Kafka 0.10, v12
// is 3.1).
const metadataMin, metadataMax int16 = 1, 12

// fetchMetadata asks one broker; names nil is all topics.
func (c *Cluster) fetchMetadata(ctx context.Context, address string, names []string) (*Metadata, error) {
	version, err := c.version(ctx, address, apiMetadata, metadataMin, metadataMax)
	if err != nil {
		return nil, err
	}
	q := &request{
		key: apiMetadata, version: version, flexible: version >= 9,
		body: appendMetadataRequest(nil, version, names),
	}
	if names != nil {
		q.limit = min(maxAnswer, namedAnswer+namedAnswerEach*len(names))
	}
	a, err := c.exchange(ctx, address, q)
	if err != nil {
		return nil, err
	}
	m, err := decodeMetadata(a.body, version, names)
	switch {
	case err != nil:
		return nil, fmt.Errorf("metadata of %s: %w", address, err)
	case m.Crowded != nil && names != nil:
		return nil, fmt.Errorf("metadata of %s: %w", address, m.Crowded)
	}
	m.At = c.cfg.Now()
	return m, nil
}

func appendMetadataRequest(b []byte, version int16, names []string) []byte {
	flex := version >= 9
	if names == nil {
		b = appendArray(b, flex, -1)
	} else {
		b = appendArray(b, flex, len(names))
	}
	for _, n := range names {
		if version >= 10 {
			b = append(b, make([]byte, 16)...) // topic id: by name
		}
		b = appendString(b, flex, n)
		b = appendTags(b, flex)
	}
	if version >= 4 {
		b = appendBool(b, false) // allow auto topic creation: never
	}
	if version >= 8 && version <= 10 {
		b = appendBool(b, false) // include cluster authorized operations
	}
	if version >= 8 {
		b = appendBool(b, false) // include topic authorized operations
	}
	return appendTags(b, flex)
}

// decodeMetadata reads an answer to a request for these topics; nil: for all.
func decodeMetadata(body []byte, version int16, names []string) (*Metadata, error) {
	r := wireReader{b: body, flex: version >= 9}
	m := &Metadata{Controller: -1}
	if version >= 3 {
		r.int32() // throttle time
	}
	n := r.array()
	if n > brokersMost {
		return nil, fmt.Errorf("%w: it lists %d brokers", errNotKafka, n)
	}
	for ; n > 0 && !r.bad; n-- {
		b := Broker{ID: r.int32()}
		b.Host, _ = told(r.stringBytes())
		b.Port = r.int32()
		b.Rack, _ = told(r.stringBytes())
		r.tags()
		m.Brokers = append(m.Brokers, b)
	}
	if version >= 2 {
		m.ClusterID, _ = told(r.stringBytes())
	}
	m.Controller = r.int32()
	m.decodeTopics(&r, version, names)
	if m.Crowded == nil {
		if version >= 8 && version <= 10 {
			r.int32() // the cluster's authorized operations
		}
		r.tags()
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	m.tidy()
	return m, nil
}

// decodeTopics reads topics as long as there is room for them.
func (m *Metadata) decodeTopics(r *wireReader, version int16, names []string) {
	var wanted map[string]bool
	if names != nil {
		wanted = make(map[string]bool, len(names))
		for _, n := range names {
			wanted[n] = true
		}
	}
	n := r.array()
	all, room := n, crowd
	m.Topics = make([]Topic, 0, min(n, len(r.b)/topicLeast, crowd/topicCost))
	for ; n > 0 && !r.bad; n-- {
		t := decodeTopic(r, version, wanted, &room)
		if room < 0 {
			m.Topics = nil
			m.Crowded = fmt.Errorf("the cluster has more topics and partitions than milena can hold: %s, of which %s were read",
				human.Plural(all, "topic"), human.Exact(int64(all-n)))
			return
		}
		if wanted == nil || wanted[t.Name] {
			m.Topics = append(m.Topics, t)
		}
	}
}

// About how many bytes a topic, with a partition, and a partition take at least: what
// an answer says of its own lengths is believed as far as it can be.
const (
	topicLeast     = 40
	partitionLeast = 26
)

// What is held of a cluster takes memory, twice while it is refreshed, and on the
// screen once more. So there is an end to it: about 145,000 topics, or 550,000
// partitions.
const (
	crowd         = 256 << 20
	topicCost     = 1350
	partitionCost = 480
	errorCost     = 300
	brokersMost   = 100_000
)

// The largest answer about topics that were named: one may have 200,000 partitions.
const (
	namedAnswer     = 16 << 20
	namedAnswerEach = 64 << 10
)

// decodeTopic reads a topic; of one that is not wanted no more than it has to. What it
// takes leaves the room.
func decodeTopic(r *wireReader, version int16, wanted map[string]bool, room *int) Topic {
	code := r.int16()
	var t Topic
	var ok bool
	t.Name, ok = told(r.stringBytes())
	if version >= 10 {
		t.ID = r.uuid()
	}
	t.Internal = r.bool()
	n := r.array()
	if wanted == nil || wanted[t.Name] {
		*room -= topicCost
		t.Partitions = make([]Partition, 0, min(n, len(r.b)/partitionLeast, 1<<12))
	}
	for ; n > 0 && !r.bad && *room >= 0; n-- {
		p := decodePartition(r, version, t.Name)
		if t.Partitions == nil {
			continue
		}
		t.Partitions = append(t.Partitions, p)
		if *room -= partitionCost; p.Err != nil {
			*room -= errorCost
		}
	}
	if version >= 8 {
		r.int32() // authorized operations
	}
	r.tags()
	switch {
	case code != codeNone:
		t.Err = &Error{Code: code, Doing: fmt.Sprintf("metadata of topic %q", t.Name), Topic: t.Name, Partition: -1}
	case !ok || t.Name == "":
		t.Err = fmt.Errorf("the broker lists a topic named %q: no topic can have that name", t.Name)
	}
	if t.Err != nil {
		*room -= errorCost
	}
	if !ok || t.Name == "" {
		t.Partitions = nil
	}
	return t
}

func decodePartition(r *wireReader, version int16, topic string) Partition {
	code := r.int16()
	p := Partition{ID: r.int32(), Leader: r.int32(), LeaderEpoch: -1}
	if version >= 7 {
		p.LeaderEpoch = r.int32()
	}
	p.Replicas, p.ISR = r.int32s(), r.int32s()
	if version >= 5 {
		p.Offline = r.int32s()
	}
	r.tags()
	if code != codeNone {
		p.Err = &Error{Code: code, Doing: fmt.Sprintf("metadata of %s/%d", topic, p.ID), Topic: topic, Partition: p.ID}
	}
	return p
}

func sortTopics(topics []Topic) {
	sort.Slice(topics, func(i, j int) bool { return topics[i].Name < topics[j].Name })
}
