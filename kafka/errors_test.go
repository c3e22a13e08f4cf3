package kafka

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

func TestEventsAreSentences(t *testing.T) {
	tp := TopicPartition{"orders", 3}
	for words, e := range map[string]Event{
		"broker b:9092 does not answer (no answer in time); trying again":                    {Kind: BrokerLost, Broker: "b:9092", Err: context.DeadlineExceeded},
		"broker b:9092 answers again":                                                        {Kind: BrokerBack, Broker: "b:9092"},
		"orders/3: offsets 5 to 9 are gone (retention passed them); going on at 10":          {Kind: OffsetsGone, TopicPartition: tp, From: 5, To: 10},
		"orders/3: the log now ends before offset 10; going on at 6":                         {Kind: LogTruncated, TopicPartition: tp, From: 10, To: 6},
		"topic orders was deleted":                                                           {Kind: TopicDeleted, TopicPartition: tp},
		"topic orders was deleted and created again; reading the new one from its beginning": {Kind: TopicRecreated, TopicPartition: tp},
		"orders/3 is a new partition; reading it from its beginning":                         {Kind: PartitionAdded, TopicPartition: tp},
		"orders/3 is led by b:9092 now; reading on there, at offset 7":                       {Kind: LeaderMoved, TopicPartition: tp, Broker: "b:9092", From: 7, Moved: 1},
		"12 partitions of orders have another leader; reading on there":                      {Kind: LeaderMoved, TopicPartition: TopicPartition{"orders", -1}, Moved: 12},
		"orders/3 cannot be read now: the broker closed the connection":                      {Kind: PartitionStuck, TopicPartition: tp, Err: errEOF{}},
	} {
		e.Time = time.Now()
		if got := e.String(); !strings.HasPrefix(got, words) {
			t.Errorf("%q, want %q", got, words)
		}
	}
}

// errEOF is an end of file beneath a layer of its own.
type errEOF struct{}

func (errEOF) Error() string        { return "layers of words" }
func (errEOF) Is(target error) bool { return target.Error() == "EOF" }

func TestRefusalsSayWhatWasAskedAndWhy(t *testing.T) {
	for _, x := range []struct {
		err  Error
		want []string
	}{
		{Error{Code: codeTopicAuthorization, Doing: "write to orders/3"}, []string{"write to orders/3: ", "[TOPIC_AUTHORIZATION_FAILED]", "ACL"}},
		{Error{Code: codeInvalidReplicationFactor, Doing: `create topic "x"`, Message: "only 1 broker"}, []string{`create topic "x": only 1 broker [INVALID_REPLICATION_FACTOR]`, "fewer brokers"}},
		{Error{Code: 9999, Doing: "read"}, []string{"read: "}},
		{Error{Code: -1, Doing: "read"}, []string{"[UNKNOWN_SERVER_ERROR]"}},
	} {
		for _, w := range x.want {
			if !strings.Contains(x.err.Error(), w) {
				t.Errorf("%q does not say %q", x.err.Error(), w)
			}
		}
	}
	if !errors.Is(&Error{Code: 29}, kafkago.TopicAuthorizationFailed) || !errors.Is(&Error{Code: 29, Doing: "a"}, &Error{Code: 29}) || errors.Is(&Error{Code: 29}, &Error{Code: 30}) {
		t.Error("errors of one code are not alike")
	}
}
