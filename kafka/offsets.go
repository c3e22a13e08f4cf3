package kafka

// Start and end offsets, and offsets by time: one request a broker, however many
// partitions (ListOffsets, KIP-79). A request may name a partition only once: of
// several times, each is a request of its own, and all of them are one pipeline.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"milena/human"
)

// What ListOffsets is asked for, where it is not a time in ms since the epoch.
const (
	AtEnd   int64 = -1 // the high watermark; the last stable offset under read_committed
	AtStart int64 = -2 // the log start offset
	// AtLatest is the record with the latest timestamp (KIP-734). Brokers before
	// Kafka 3.0 do not know it: its Offset's Err is then a *VersionError.
	AtLatest int64 = -3
)

// Offset is the answer for one partition.
type Offset struct {
	Offset    int64 // -1: no record has that time or a later one
	Timestamp int64 // ms since the epoch of the record found by time; -1 otherwise
	Err       error
}

const (
	listOffsetsMin, listOffsetsMax int16 = 1, 7
	listOffsetsLatest              int16 = 7 // the first that knows AtLatest
)

const (
	// manyPartitions is where looking up all of them costs a broker more than a
	// second round trip costs us.
	manyPartitions = 1000
	// exchangeLookups is how many one exchange asks for: a broker answers two
	// connections with two of its threads.
	exchangeLookups = 4000
)

// LookupMost is the most partitions whose offsets are looked up in one call: of more the
// answers alone would take more memory than there is for them.
const LookupMost = 250_000

// ErrTooMany is a call about more than LookupMost partitions.
var ErrTooMany = errors.New("too many partitions to look up their offsets at once")

// offsetsTries bounds how often moved leaders are looked for.
const offsetsTries = 5

// Offsets looks up one offset for each partition: AtStart, AtEnd, or the first
// whose timestamp is at least at (ms since the epoch). What failed for one
// partition is in its Offset; the error is for what failed altogether.
func (c *Cluster) Offsets(ctx context.Context, at int64, iso Isolation, tps []TopicPartition) (map[TopicPartition]Offset, error) {
	return c.offsetsEach(ctx, iso, tps, func(TopicPartition) int64 { return at })
}

// Bounds looks up where each partition starts and where it ends. Of a few it asks
// for both at once. Of many it asks for the ends first, and then where those
// start that hold anything: a partition that ends at 0 starts there, and brokers
// take their time for thousands.
func (c *Cluster) Bounds(ctx context.Context, iso Isolation, tps []TopicPartition) (starts, ends map[TopicPartition]Offset, err error) {
	if len(tps) > manyPartitions {
		if ends, err = c.Offsets(ctx, AtEnd, iso, tps); err != nil {
			return nil, ends, err
		}
		held := make([]TopicPartition, 0, len(tps))
		for _, tp := range tps {
			if end := ends[tp]; end.Offset != 0 || end.Err != nil {
				held = append(held, tp)
			}
		}
		starts, err = c.Offsets(ctx, AtStart, iso, held)
		for _, tp := range tps {
			if _, asked := starts[tp]; !asked {
				starts[tp] = Offset{Timestamp: -1}
			}
		}
		return starts, ends, cmp.Or(err, c.agree(ctx, iso, tps, starts, ends))
	}
	var failed [2]error
	var wg sync.WaitGroup
	wg.Go(func() { starts, failed[0] = c.Offsets(ctx, AtStart, iso, tps) })
	wg.Go(func() { ends, failed[1] = c.Offsets(ctx, AtEnd, iso, tps) })
	wg.Wait()
	return starts, ends, cmp.Or(failed[0], failed[1], c.agree(ctx, iso, tps, starts, ends))
}

// agree sees to it that no partition ends before it starts. Where retention and new
// records came between the two answers, the end is asked for once more; where it is no
// better then, the end is an error.
func (c *Cluster) agree(ctx context.Context, iso Isolation, tps []TopicPartition, starts, ends map[TopicPartition]Offset) error {
	crossed := func(tp TopicPartition) bool {
		start, end := starts[tp], ends[tp]
		return start.Err == nil && end.Err == nil && end.Offset < start.Offset
	}
	var again []TopicPartition
	for _, tp := range tps {
		if crossed(tp) {
			again = append(again, tp)
		}
	}
	if len(again) == 0 {
		return nil
	}
	later, err := c.Offsets(ctx, AtEnd, iso, again)
	if err != nil {
		return err
	}
	for tp, end := range later {
		if ends[tp] = end; crossed(tp) {
			ends[tp] = Offset{Offset: -1, Timestamp: -1, Err: fmt.Errorf("its broker says that %s/%d ends at offset %d and starts at %d",
				tp.Topic, tp.Partition, end.Offset, starts[tp].Offset)}
		}
	}
	return nil
}

// Between are the spans from starts to ends, as Bounds gives them, of the
// partitions of which both are known.
func Between(starts, ends map[TopicPartition]Offset) (spans []Span) {
	for tp, end := range ends {
		if start, ok := starts[tp]; ok && start.Err == nil && end.Err == nil {
			spans = append(spans, Span{tp, start.Offset, end.Offset})
		}
	}
	return spans
}

// offsetsEach looks up one offset for each partition, each at a time of its own.
func (c *Cluster) offsetsEach(ctx context.Context, iso Isolation, tps []TopicPartition, at func(TopicPartition) int64) (map[TopicPartition]Offset, error) {
	all, err := c.offsetsAt(ctx, iso, tps, func(tp TopicPartition) []int64 { return []int64{at(tp)} })
	found := make(map[TopicPartition]Offset, len(all))
	for tp, offsets := range all {
		found[tp] = offsets[0]
	}
	return found, err
}

// offsetsAt looks up offsets of each partition at several times, in one exchange
// with each leader, or two at once when they are many. The answers are in the order of the times.
func (c *Cluster) offsetsAt(ctx context.Context, iso Isolation, tps []TopicPartition, times func(TopicPartition) []int64) (map[TopicPartition][]Offset, error) {
	if len(tps) > LookupMost {
		return nil, fmt.Errorf("%w: %s, and the limit is %s", ErrTooMany, human.Exact(int64(len(tps))), human.Exact(LookupMost))
	}
	found := make(map[TopicPartition][]Offset, len(tps))
	m := c.Metadata()
	left := tps
	for try := 0; len(left) > 0; try++ {
		if try > 0 {
			if err := sleep(ctx, backoff(try)); err != nil {
				return found, err
			}
			fresh, err := c.refreshTopics(ctx, topicNames(left)...)
			if err != nil {
				if try == offsetsTries {
					return found, err
				}
				continue
			}
			m = fresh
		}
		again := c.offsetsOnce(ctx, m, iso, left, times, found)
		if err := ctx.Err(); err != nil {
			return found, err
		}
		if try == offsetsTries {
			break
		}
		left = again
	}
	return found, nil
}

// backoff grows from 100 ms to 1 s.
func backoff(try int) time.Duration {
	return min(time.Second, 50*time.Millisecond<<min(try, 5))
}

func topicNames(tps []TopicPartition) []string {
	var names []string
	seen := make(map[string]bool)
	for _, tp := range tps {
		if !seen[tp.Topic] {
			seen[tp.Topic] = true
			names = append(names, tp.Topic)
		}
	}
	return names
}

// offsetsOnce asks every leader once, at the same time, and gives what is worth
// asking again.
func (c *Cluster) offsetsOnce(ctx context.Context, m *Metadata, iso Isolation, tps []TopicPartition, times func(TopicPartition) []int64, found map[TopicPartition][]Offset) []TopicPartition {
	byLeader := make(map[int32][]TopicPartition)
	var again []TopicPartition
	var topic *Topic
	none := func(tp TopicPartition, err error) {
		found[tp] = slices.Repeat([]Offset{{Offset: -1, Timestamp: -1, Err: err}}, len(times(tp)))
	}
	for _, tp := range tps {
		if topic == nil || topic.Name != tp.Topic {
			topic = m.Topic(tp.Topic)
		}
		var p *Partition
		if topic != nil {
			p = topic.Partition(tp.Partition)
		}
		switch {
		case p == nil:
			none(tp, &Error{Code: codeUnknownTopicOrPartition,
				Doing: fmt.Sprintf("offsets of %s/%d", tp.Topic, tp.Partition), Topic: tp.Topic, Partition: tp.Partition})
			again = append(again, tp)
		case p.Leader < 0 || m.Broker(p.Leader) == nil:
			none(tp, fmt.Errorf("%s/%d: %w", tp.Topic, tp.Partition, ErrNoLeader))
			again = append(again, tp)
		default:
			byLeader[p.Leader] = append(byLeader[p.Leader], tp)
		}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	ask := func(address string, some []TopicPartition) {
		wg.Go(func() {
			results, err := c.listOffsets(ctx, address, iso, some, times)
			mu.Lock()
			defer mu.Unlock()
			for _, tp := range some {
				offsets, ok := results[tp]
				if !ok {
					failed := err
					if failed == nil {
						failed = errors.New("the broker did not answer for it")
					}
					none(tp, fmt.Errorf("offsets of %s/%d from broker %s: %w", tp.Topic, tp.Partition, address, failed))
				} else {
					found[tp] = offsets
				}
				var refusal *Error
				if !ok && isConnectionError(err) || slices.ContainsFunc(offsets, func(o Offset) bool {
					return errors.As(o.Err, &refusal) && retriable(refusal.Code)
				}) {
					again = append(again, tp)
				}
			}
		})
	}
	for leader, some := range byLeader {
		each, lookups := len(some), 0
		for _, tp := range some {
			lookups += len(times(tp))
		}
		if lookups > exchangeLookups {
			each = (each + 1) / 2
		}
		for part := range slices.Chunk(some, each) {
			ask(m.Broker(leader).Addr(), part)
		}
	}
	wg.Wait()
	return again
}

// listOffsets is one exchange with one broker: a request for the first time of
// each partition, one for the second, and so on. tps are grouped by topic. A
// partition that the broker does not answer for every time is not in the result.
func (c *Cluster) listOffsets(ctx context.Context, address string, iso Isolation, tps []TopicPartition, times func(TopicPartition) []int64) (map[TopicPartition][]Offset, error) {
	version, err := c.version(ctx, address, apiListOffsets, listOffsetsMin, listOffsetsMax)
	if err != nil {
		return nil, err
	}
	asked := make([][]int64, len(tps))
	most := 0
	for i, tp := range tps {
		asked[i] = times(tp)
		most = max(most, len(asked[i]))
	}
	found := make(map[TopicPartition][]Offset, len(tps))
	for i, tp := range tps {
		found[tp] = make([]Offset, len(asked[i]))
		for k := range found[tp] {
			found[tp][k].Offset = unanswered
		}
	}
	var requests pipeline
	var rounds []int
	for k := range most {
		var some []TopicPartition
		var at []int64
		for i, tp := range tps {
			switch {
			case k >= len(asked[i]):
			case asked[i][k] == AtLatest && version < listOffsetsLatest:
				// To a broker that does not know it, it is a time before all others.
				found[tp][k] = Offset{Offset: -1, Timestamp: -1, Err: &VersionError{Broker: address, API: "ListOffsets",
					BrokerMin: listOffsetsMin, BrokerMax: version, Min: listOffsetsLatest, Max: listOffsetsMax}}
			default:
				some, at = append(some, tp), append(at, asked[i][k])
			}
		}
		if len(some) > 0 {
			requests = append(requests, listOffsetsRequest(version, iso, some, at))
			rounds = append(rounds, k)
		}
	}
	all, err := c.exchangeAll(ctx, address, requests)
	if err != nil {
		return nil, err
	}
	for i, a := range all {
		if err := decodeListOffsets(a.body, version, address, rounds[i], found); err != nil {
			return nil, err
		}
	}
	for i, tp := range tps {
		offsets := found[tp]
		if slices.ContainsFunc(offsets, func(o Offset) bool { return o.Offset == unanswered }) {
			delete(found, tp)
			continue
		}
		for k := range offsets {
			if at, o := asked[i][k], &offsets[k]; (at == AtStart || at == AtEnd) && o.Offset < 0 && o.Err == nil {
				o.Err = fmt.Errorf("broker %s does not say where %s/%d begins and ends", address, tp.Topic, tp.Partition)
			}
		}
	}
	return found, nil
}

// unanswered marks what a broker has said nothing about; no offset is so low.
const unanswered = math.MinInt64

// listOffsetsRequest asks for one time of each partition.
func listOffsetsRequest(version int16, iso Isolation, tps []TopicPartition, at []int64) *request {
	flex := version >= 6
	b := make([]byte, 0, 16+len(tps)*32)
	b = appendInt32(b, -1) // replica id: a consumer
	if version >= 2 {
		b = append(b, byte(iso))
	}
	next := 0
	b = appendGrouped(b, flex, tps, func(b []byte, tp TopicPartition) []byte {
		b = appendInt32(b, tp.Partition)
		if version >= 4 {
			b = appendInt32(b, -1) // current leader epoch: whatever it is
		}
		next++
		return appendInt64(b, at[next-1])
	})
	return &request{key: apiListOffsets, version: version, flexible: flex, body: appendTags(b, flex)}
}

// decodeListOffsets notes an answer as each partition's kth.
func decodeListOffsets(body []byte, version int16, address string, k int, found map[TopicPartition][]Offset) error {
	r := wireReader{b: body, flex: version >= 6}
	if version >= 2 {
		r.int32() // throttle time
	}
	for n := r.array(); n > 0 && !r.bad; n-- {
		topic := r.string()
		for np := r.array(); np > 0 && !r.bad; np-- {
			tp := TopicPartition{topic, r.int32()}
			code := r.int16()
			o := Offset{Timestamp: r.int64(), Offset: r.int64()}
			if version >= 4 {
				r.int32() // leader epoch
			}
			r.tags()
			if code != codeNone {
				o = Offset{Offset: -1, Timestamp: -1, Err: &Error{Code: code, Broker: address,
					Doing: fmt.Sprintf("offsets of %s/%d", topic, tp.Partition), Topic: topic, Partition: tp.Partition}}
			}
			if err := strange(address, tp, o.Offset); err != nil && o.Err == nil {
				o = Offset{Offset: -1, Timestamp: -1, Err: err}
			}
			if offsets := found[tp]; k < len(offsets) {
				offsets[k] = o
			}
		}
		r.tags()
	}
	return r.err()
}

// appendGrouped appends an array of topics, each with an array of partitions, as
// most requests have it. tps must come grouped by topic.
func appendGrouped(b []byte, flex bool, tps []TopicPartition, partition func([]byte, TopicPartition) []byte) []byte {
	topics := 0
	for i, tp := range tps {
		if i == 0 || tp.Topic != tps[i-1].Topic {
			topics++
		}
	}
	b = appendArray(b, flex, topics)
	for i := 0; i < len(tps); {
		j := i + 1
		for j < len(tps) && tps[j].Topic == tps[i].Topic {
			j++
		}
		b = appendString(b, flex, tps[i].Topic)
		b = appendArray(b, flex, j-i)
		for ; i < j; i++ {
			b = partition(b, tps[i])
			b = appendTags(b, flex)
		}
		b = appendTags(b, flex)
	}
	return b
}
