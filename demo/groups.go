package demo

// The consumer groups of the sample data: billing keeps up with the orders,
// warehouse goes away now and then, falls behind and catches up.

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	groupBilling   = "billing"
	groupWarehouse = "warehouse"
)

var (
	// billingShift never ends, and nothing is too much for it.
	billingShift = shift{work: time.Hour, every: 2 * time.Second, load: math.MaxInt64}
	// warehouseShift works faster than orders come, but not so fast that nobody
	// sees the lag go down. The tests have no time for it.
	warehouseShift = shift{first: 20 * time.Second, work: 90 * time.Second, away: time.Minute, every: 500 * time.Millisecond, load: 20}
)

// openGroups gives new groups a position. Their members join when they live.
func (a *applications) openGroups() error {
	if err := a.commitNew(groupBilling, 0); err != nil {
		return err
	}
	if err := a.commitNew(groupWarehouse, 30); err != nil {
		return err
	}
	a.customers = []*member{
		{client: a.client("billing-1"), group: groupBilling, shift: billingShift},
		{client: a.client("billing-2"), group: groupBilling, shift: billingShift},
		{client: a.client("warehouse-1"), group: groupWarehouse, shift: warehouseShift},
	}
	return nil
}

// commitNew commits, for a group that does not exist, offsets that are behind
// records before the end of each partition of orders.
func (a *applications) commitNew(group string, behind int64) error {
	if a.fake.GroupInfo(group) != nil {
		return nil
	}
	offsets := make(map[int32]int64)
	for _, p := range a.fake.PartitionInfos(topicOrders) {
		offsets[p.Partition] = max(p.LogStartOffset, p.HighWatermark-behind)
	}
	return a.shop.commit(a.ctx, group, "", -1, offsets)
}

// commit commits offsets of orders for a group, as a member of its generation,
// or, while it has none, as nobody: "" and -1.
func (c *client) commit(ctx context.Context, group, memberID string, generation int32, offsets map[int32]int64) error {
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic = topicOrders
	for id, offset := range offsets {
		partition := kmsg.NewOffsetCommitRequestTopicPartition()
		partition.Partition, partition.Offset = id, offset
		topic.Partitions = append(topic.Partitions, partition)
	}
	if len(topic.Partitions) == 0 {
		return nil
	}
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.MemberID, req.Generation = group, memberID, generation
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, c.coordinator(group))
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
