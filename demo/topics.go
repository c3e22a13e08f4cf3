package demo

// The topics of the sample data and what they are made of.

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"
)

const (
	topicMessageLog = "message-log"
	topicOrders     = "orders"
	topicDLQ        = "orders.dlq"
	topicCustomers  = "customers"
	topicPayments   = "payments"
	topicGreetings  = "greetings"
	topicSensors    = "sensors.raw"
)

type sampleTopic struct {
	name       string
	partitions int32
	configs    map[string]string
}

// sampleTopics are the topics that the demo begins with.
var sampleTopics = []sampleTopic{
	{topicMessageLog, 1, deleted()},
	{topicOrders, 6, deleted()},
	{topicDLQ, 1, deleted()},
	{topicCustomers, 3, map[string]string{
		"cleanup.policy":      "compact",
		"delete.retention.ms": week,
		"segment.bytes":       "1048576",
	}},
	{topicPayments, 3, deleted()},
	{topicGreetings, 1, deleted()},
	{topicSensors, 2, deleted()},
}

const week = "604800000" // in ms

// deleted is the configuration of a topic that loses its oldest records. The
// size bounds a demo that is left open for weeks: a partition's 8 MiB, and the
// broker frees whole segments.
func deleted() map[string]string {
	return map[string]string{
		"cleanup.policy":  "delete",
		"retention.ms":    week,
		"retention.bytes": "8388608",
		"segment.bytes":   "1048576",
	}
}

// createTopics creates the sample topics that the cluster does not have and
// returns which they were.
func createTopics(fake *kfake.Cluster) (created map[string]bool, err error) {
	created = make(map[string]bool)
	for _, t := range sampleTopics {
		if fake.TopicInfo(t.name) != nil {
			continue
		}
		if err := fake.CreateTopic(t.name, t.partitions, t.configs); err != nil {
			return nil, fmt.Errorf("create topic %s: %w", t.name, err)
		}
		created[t.name] = true
	}
	return created, nil
}
