package demo

// The consumer groups of the sample data: billing keeps up with the orders,
// warehouse goes away now and then, falls behind and catches up.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	groupBilling   = "billing"
	groupWarehouse = "warehouse"
)

// shift is the rhythm of a member that is not always at work.
type shift struct {
	first time.Duration // away at the beginning
	work  time.Duration // reads and commits
	away  time.Duration // is in the group, and does neither
	load  int           // records it takes twice a second at most
}

// warehouseShift is the warehouse's; the tests have no time for it.
var warehouseShift = shift{first: 20 * time.Second, work: 90 * time.Second, away: time.Minute, load: 20}

// member is one member of a group that consumes orders.
type member struct {
	*kgo.Client
	live func(context.Context) // until the context ends; closes the client
}

// openGroups gives new groups a position and lets their members join.
func (a *applications) openGroups() error {
	if err := a.commitNew(groupBilling, 0); err != nil {
		return err
	}
	if err := a.commitNew(groupWarehouse, 30); err != nil {
		return err
	}
	for _, id := range []string{"billing-1", "billing-2"} {
		if err := a.join(groupBilling, id, keepUp, kgo.AutoCommitInterval(2*time.Second)); err != nil {
			return err
		}
	}
	return a.join(groupWarehouse, "warehouse-1", comeAndGo(warehouseShift), kgo.DisableAutoCommit())
}

func (a *applications) join(group, id string, work func(context.Context, *kgo.Client), opts ...kgo.Opt) error {
	cl, err := a.client(id, append(opts,
		kgo.ConsumerGroup(group), kgo.ConsumeTopics(topicOrders), kgo.Balancers(kgo.RangeBalancer()))...)
	if err != nil {
		return err
	}
	a.customers = append(a.customers, &member{Client: cl, live: func(ctx context.Context) {
		defer cl.Close() // leaves the group
		work(ctx, cl)
	}})
	return nil
}

// commitNew commits, for a group that does not exist, offsets that are behind
// records before the end of each partition of orders.
func (a *applications) commitNew(group string, behind int64) error {
	if a.fake.GroupInfo(group) != nil {
		return nil
	}
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.Generation = group, -1
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic = topicOrders
	if info := a.fake.TopicInfo(topicOrders); info != nil {
		topic.TopicID = info.TopicID
	}
	for _, p := range a.fake.PartitionInfos(topicOrders) {
		partition := kmsg.NewOffsetCommitRequestTopicPartition()
		partition.Partition = p.Partition
		partition.Offset = max(p.LogStartOffset, p.HighWatermark-behind)
		topic.Partitions = append(topic.Partitions, partition)
	}
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(a.ctx, a.shop)
	if err != nil {
		return fmt.Errorf("commit for group %s: %w", group, err)
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("commit for group %s, %s-%d: %w", group, t.Topic, p.Partition, err)
			}
		}
	}
	return nil
}

// keepUp reads what comes; the client commits it by itself.
func keepUp(ctx context.Context, cl *kgo.Client) {
	for ctx.Err() == nil {
		lookAgain(cl, cl.PollFetches(ctx))
	}
}

// lookAgain makes a member forget a topic that was deleted and created again,
// which it would never read otherwise, and subscribe to it anew.
func lookAgain(cl *kgo.Client, fetches kgo.Fetches) {
	for _, e := range fetches.Errors() {
		if errors.Is(e.Err, kerr.UnknownTopicID) {
			cl.PurgeTopicsFromConsuming(topicOrders)
			cl.AddConsumeTopics(topicOrders)
			return
		}
	}
}

// comeAndGo works and rests in turn. It works faster than orders come, but not
// so fast that nobody sees the lag go down.
func comeAndGo(s shift) func(context.Context, *kgo.Client) {
	return func(ctx context.Context, cl *kgo.Client) {
		for rest := s.first; sleep(ctx, rest); rest = s.away {
			working, stop := context.WithTimeout(ctx, s.work)
			for sleep(working, 500*time.Millisecond) {
				lookAgain(cl, cl.PollRecords(working, s.load))
				// A commit that fails is made good by the next one.
				_ = cl.CommitUncommittedOffsets(ctx)
			}
			stop()
		}
	}
}
