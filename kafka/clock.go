package kafka

// The difference between this machine's clock and the cluster's, without a
// write: DescribeQuorum (KIP-595) tells when each voter was last caught up
// (KIP-836), and of the leader that is its own time as it answers.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// clockApart is how far clocks may be apart before somebody should look at it:
// more than the timestamps of messages commonly differ from when they arrive.
const clockApart = 5 * time.Second

// clock compares the clocks. The connection is the one on which the metadata was
// told; a broker that is not the controller passes the question on.
func (w *way) clock(ctx context.Context) {
	at := &way{cfg: w.cfg, c: w.c, conn: w.conn, address: w.address}
	about := &way{report: w.report, id: -1}
	about.take(StepClock, func(s *ProbeStep) error {
		defer context.AfterFunc(ctx, func() { w.conn.Close() })()
		asked := w.cfg.Now()
		theirs, err := at.controllerTime(ctx)
		answered := w.cfg.Now()
		if err != nil {
			// A clock that is not told is no fault of the cluster's.
			s.Outcome, s.Summary = NotChecked, fmt.Sprintf("the cluster does not tell its time: %v", err)
			return nil
		}
		compareClocks(s, asked, answered, theirs)
		return nil
	})
}

// compareClocks says how far theirs is from ours: it was read somewhere between
// the question and the answer.
func compareClocks(s *ProbeStep, asked, answered, theirs time.Time) {
	uncertain := answered.Sub(asked)/2 + time.Millisecond // theirs is told in whole ms
	ahead := theirs.Sub(asked.Add(answered.Sub(asked) / 2))
	apart := ahead.Abs()
	if apart <= uncertain {
		s.Summary = fmt.Sprintf("the cluster's clock and this one agree, within %v", roundClock(uncertain))
		return
	}
	side := "ahead of"
	if ahead < 0 {
		side = "behind"
	}
	s.Summary = fmt.Sprintf("the cluster's clock is %v %s this one (± %v)", roundClock(apart), side, roundClock(uncertain))
	if apart-uncertain > clockApart {
		s.Outcome = Warned
		s.Details = append(s.Details, "positions such as @-1h, ages of messages and timestamps of what is sent are off by that much")
		s.Hint = "compare `date -u` here and on the brokers; is a time service (NTP) running on both?"
	}
}

// roundClock drops digits that say nothing.
func roundClock(d time.Duration) time.Duration {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

// controllerTime is the active controller's time.
func (w *way) controllerTime(ctx context.Context) (time.Time, error) {
	q := kmsg.NewPtrDescribeQuorumRequest()
	partition := kmsg.NewDescribeQuorumRequestTopicPartition()
	topic := kmsg.NewDescribeQuorumRequestTopic()
	topic.Topic, topic.Partitions = "__cluster_metadata", append(topic.Partitions, partition)
	q.Topics = append(q.Topics, topic)
	res, err := w.ask(ctx, q, 1, 2)
	var version *VersionError
	switch {
	case errors.As(err, &version):
		return time.Time{}, errors.New("it is older than Kafka 3.3, or runs with ZooKeeper")
	case err != nil:
		return time.Time{}, err
	}
	d := res.(*kmsg.DescribeQuorumResponse)
	if d.ErrorCode != codeNone {
		return time.Time{}, &Error{Code: d.ErrorCode, Doing: "describe the quorum", Broker: w.address, Partition: -1, Message: text(d.ErrorMessage)}
	}
	for _, t := range d.Topics {
		for _, p := range t.Partitions {
			if p.ErrorCode != codeNone {
				return time.Time{}, &Error{Code: p.ErrorCode, Doing: "describe the quorum", Broker: w.address, Partition: -1, Message: text(p.ErrorMessage)}
			}
			for _, voter := range p.CurrentVoters {
				if voter.ReplicaID == p.LeaderID && voter.LastCaughtUpTimestamp > 0 {
					return time.UnixMilli(voter.LastCaughtUpTimestamp), nil
				}
			}
		}
	}
	return time.Time{}, errors.New("its controller is not named")
}
