package demo

// A member of a consumer group: it joins, says that it is alive, commits, and
// leaves. What a consumer does with its records nobody sees from outside, so
// this one takes none: it moves its positions along and commits them.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	heartbeat        = time.Second // Java's default is 3 s; so others join soon
	sessionTimeout   = 45 * time.Second
	rebalanceTimeout = time.Minute
	// rangeAssignor is the protocol by which partitions are assigned: the one
	// that nearly every client has.
	rangeAssignor = "range"
)

// shift is how a member works.
type shift struct {
	first time.Duration // rests at the beginning
	work  time.Duration // moves on and commits
	away  time.Duration // is in the group, and does neither
	every time.Duration // commits
	load  int64         // records at most that it is done with each time
}

// working tells whether it works when it has been there for so long.
func (s shift) working(since time.Duration) bool {
	since -= s.first
	return since >= 0 && since%(s.work+s.away) < s.work
}

// member consumes orders as one member of a group. It is used by one goroutine.
type member struct {
	client
	group string
	shift shift

	memberID   string // "": not in the group
	generation int32
	partitions []int32 // of orders, assigned to it
	joinedFor  topicShape
}

// topicShape is what a group's assignment depends on.
type topicShape struct {
	id         [16]byte
	partitions int
}

// live is the member's life, until ctx ends.
func (m *member) live(ctx context.Context) {
	defer m.close()
	defer m.leave(ctx)
	for begun := time.Now(); ; {
		if m.join(ctx) == nil {
			m.stay(ctx, begun)
		}
		if !sleep(ctx, 100*time.Millisecond) {
			return
		}
	}
}

// stay is a generation of the group, until something makes the member join
// again.
func (m *member) stay(ctx context.Context, begun time.Time) {
	alive, turn := time.NewTicker(heartbeat), time.NewTicker(m.shift.every)
	defer alive.Stop()
	defer turn.Stop()
	for err := error(nil); err == nil; {
		select {
		case <-ctx.Done():
			return
		case <-alive.C:
			if shape := m.shape(); shape.partitions > 0 && shape != m.joinedFor {
				return // another topic, or more partitions
			}
			err = m.beat(ctx)
		case <-turn.C:
			if m.shift.working(time.Since(begun)) {
				err = m.consume(ctx)
			}
		}
	}
}

func (m *member) shape() topicShape {
	info := m.fake.TopicInfo(topicOrders)
	if info == nil {
		return topicShape{}
	}
	return topicShape{info.TopicID, len(m.fake.PartitionInfos(topicOrders))}
}

// join joins the group's next generation and learns what it is assigned.
func (m *member) join(ctx context.Context) error {
	m.joinedFor = m.shape()
	subscription := kmsg.NewConsumerMemberMetadata()
	subscription.Topics = []string{topicOrders}
	protocol := kmsg.NewJoinGroupRequestProtocol()
	protocol.Name, protocol.Metadata = rangeAssignor, subscription.AppendTo(nil)
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.MemberID, req.ProtocolType = m.group, m.memberID, "consumer"
	req.SessionTimeoutMillis = int32(sessionTimeout.Milliseconds())
	req.RebalanceTimeoutMillis = int32(rebalanceTimeout.Milliseconds())
	req.Protocols = append(req.Protocols, protocol)
	joined, err := req.RequestWith(ctx, m.coordinator(m.group))
	if err != nil {
		return err
	}
	if err := m.check(kerr.ErrorForCode(joined.ErrorCode)); err != nil {
		return err
	}
	m.memberID, m.generation = joined.MemberID, joined.Generation

	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.MemberID, sync.Generation = m.group, m.memberID, m.generation
	if joined.LeaderID == m.memberID {
		sync.GroupAssignment = assign(m.fake, joined.Members)
	}
	synced, err := sync.RequestWith(ctx, m.coordinator(m.group))
	if err != nil {
		return err
	}
	if err := m.check(kerr.ErrorForCode(synced.ErrorCode)); err != nil {
		return err
	}
	assigned := kmsg.NewConsumerMemberAssignment()
	if err := assigned.ReadFrom(synced.MemberAssignment); err != nil {
		return fmt.Errorf("assignment of group %s: %w", m.group, err)
	}
	m.partitions = nil
	for _, t := range assigned.Topics {
		if t.Topic == topicOrders {
			m.partitions = t.Partitions
		}
	}
	return nil
}

// assign is the leader's work, for itself and for others who have joined: of
// each topic it gives every member who wants it a range of partitions, all as
// long as each other, or one longer.
func assign(fake *kfake.Cluster, members []kmsg.JoinGroupResponseMember) []kmsg.SyncGroupRequestGroupAssignment {
	takers := make(map[string][]string) // member ids by topic
	given := make(map[string]*kmsg.ConsumerMemberAssignment)
	for _, member := range members {
		subscription := kmsg.NewConsumerMemberMetadata()
		_ = subscription.ReadFrom(member.ProtocolMetadata) // who cannot be understood is given nothing
		for _, topic := range subscription.Topics {
			takers[topic] = append(takers[topic], member.MemberID)
		}
		assignment := kmsg.NewConsumerMemberAssignment()
		given[member.MemberID] = &assignment
	}
	for _, topic := range slices.Sorted(maps.Keys(takers)) {
		ids, partitions := takers[topic], int32(len(fake.PartitionInfos(topic)))
		slices.Sort(ids)
		size, longer := partitions/int32(len(ids)), partitions%int32(len(ids))
		next := int32(0)
		for i, id := range ids {
			end := next + size
			if int32(i) < longer {
				end++
			}
			t := kmsg.NewConsumerMemberAssignmentTopic()
			for t.Topic = topic; next < end; next++ {
				t.Partitions = append(t.Partitions, next)
			}
			given[id].Topics = append(given[id].Topics, t)
		}
	}
	var all []kmsg.SyncGroupRequestGroupAssignment
	for _, id := range slices.Sorted(maps.Keys(given)) {
		a := kmsg.NewSyncGroupRequestGroupAssignment()
		a.MemberID, a.MemberAssignment = id, given[id].AppendTo(nil)
		all = append(all, a)
	}
	return all
}

// check hears what the coordinator says. Who is told that it is no member joins
// as a new one.
func (m *member) check(err error) error {
	if errors.Is(err, kerr.UnknownMemberID) {
		m.memberID = ""
	}
	return err
}

// beat says that the member is alive; an error tells of a rebalance, too.
func (m *member) beat(ctx context.Context) error {
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID, req.Generation = m.group, m.memberID, m.generation
	resp, err := req.RequestWith(ctx, m.coordinator(m.group))
	if err != nil {
		return err
	}
	return m.check(kerr.ErrorForCode(resp.ErrorCode))
}

// consume moves on from what is committed, by what it can bear, and commits.
func (m *member) consume(ctx context.Context) error {
	info := m.fake.GroupInfo(m.group)
	if info == nil {
		return nil // it was deleted: the next heartbeat tells
	}
	left := m.shift.load
	offsets := make(map[int32]int64)
	for _, p := range m.fake.PartitionInfos(topicOrders) {
		if !slices.Contains(m.partitions, p.Partition) {
			continue
		}
		at := info.Commits[topicOrders][p.Partition].Offset // 0: none, so from the beginning
		if at < p.LogStartOffset || at > p.HighWatermark {
			at = p.LogStartOffset
		}
		if n := min(left, p.HighWatermark-at); n > 0 {
			offsets[p.Partition] = at + n
			left -= n
		}
	}
	return m.check(m.commit(ctx, m.group, m.memberID, m.generation, offsets))
}

// leave leaves the group, whether or not ctx has ended.
func (m *member) leave(ctx context.Context) {
	if m.memberID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group, req.MemberID = m.group, m.memberID
	// Who cannot say goodbye is missed when the session ends.
	_, _ = req.RequestWith(ctx, m.coordinator(m.group))
}
