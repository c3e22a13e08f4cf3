package kafka

// What happens to a cluster while it is read.

import (
	"errors"
	"fmt"
	"time"
)

// EventKind is what happened.
type EventKind int8

// The kinds of event.
const (
	BrokerLost     EventKind = iota // a broker does not answer; its leaders' records wait
	BrokerBack                      // it answers again
	OffsetsGone                     // retention passed the position: From ≤ offset < To was not read
	LogTruncated                    // the log ends before the position (unclean leader election): goes on at To
	TopicDeleted                    // the topic is gone; should it come back, it is read
	TopicRecreated                  // a new topic has the name: it is read from its beginning
	PartitionAdded                  // a new partition, read from its beginning
	PartitionStuck                  // a partition cannot be read for now; Err says why
	PartitionBack                   // it can be read again, from offset From on
	GroupStuck                      // a group cannot be joined for now; Err says why
	TopicAppeared                   // a new topic matches what is read: it is read from its beginning
	LeaderMoved                     // Moved partitions have another leader; of one alone, Broker is that
)

// Event is something that happened while records were read, at a place in the
// flow.
type Event struct {
	Time time.Time
	Kind EventKind
	TopicPartition
	Broker   string // host:port
	From, To int64
	Moved    int      // partitions; of LeaderMoved
	TopicID  [16]byte // the new topic's; of TopicRecreated
	Err      error
}

// String is a sentence.
func (e Event) String() string {
	switch e.Kind {
	case BrokerLost:
		var refusal *Error
		if errors.Is(e.Err, errNotKafka) || errors.As(e.Err, &refusal) {
			return fmt.Sprintf("broker %s sends answers that cannot be read (%s); trying again", e.Broker, reason(e.Err))
		}
		return fmt.Sprintf("broker %s does not answer (%s); trying again", e.Broker, reason(e.Err))
	case BrokerBack:
		return fmt.Sprintf("broker %s answers again", e.Broker)
	case OffsetsGone:
		return fmt.Sprintf("%s/%d: offsets %d to %d are gone (retention passed them); going on at %d", e.Topic, e.Partition, e.From, e.To-1, e.To)
	case LogTruncated:
		return fmt.Sprintf("%s/%d: the log now ends before offset %d; going on at %d", e.Topic, e.Partition, e.From, e.To)
	case TopicDeleted:
		return fmt.Sprintf("topic %s was deleted", e.Topic)
	case TopicRecreated:
		return fmt.Sprintf("topic %s was deleted and created again; reading the new one from its beginning", e.Topic)
	case PartitionAdded:
		return fmt.Sprintf("%s/%d is a new partition; reading it from its beginning", e.Topic, e.Partition)
	case TopicAppeared:
		return fmt.Sprintf("topic %s is new; reading it from its beginning", e.Topic)
	case LeaderMoved:
		if e.Moved > 1 {
			return fmt.Sprintf("%d partitions of %s have another leader; reading on there", e.Moved, e.Topic)
		}
		return fmt.Sprintf("%s/%d is led by %s now; reading on there, at offset %d", e.Topic, e.Partition, e.Broker, e.From)
	case PartitionStuck:
		return fmt.Sprintf("%s/%d cannot be read now: %s; trying again", e.Topic, e.Partition, unreadable(e.Err))
	case PartitionBack:
		return fmt.Sprintf("%s/%d can be read again, from offset %d on", e.Topic, e.Partition, e.From)
	case GroupStuck:
		return fmt.Sprintf("the group cannot be joined now: %s; trying again", reason(e.Err))
	}
	return "?"
}

// trouble is what holds a read up, as an error.
func (e Event) trouble() error {
	if e.Kind == BrokerLost {
		return fmt.Errorf("broker %s cannot be read from: %w", e.Broker, e.Err)
	}
	return fmt.Errorf("%s/%d cannot be read: %w", e.Topic, e.Partition, e.Err)
}

// unreadable is why a partition cannot be read.
func unreadable(err error) string {
	var connect *ConnectError
	switch {
	case errors.Is(err, ErrNoLeader):
		return ErrNoLeader.Error()
	case errors.As(err, &connect):
		return fmt.Sprintf("advertised as %s, which does not answer (%s)", connect.Broker, reason(connect.Err))
	}
	return reason(err)
}
