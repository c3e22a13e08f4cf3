package main

// Topics whose messages are spread over a day, for what goes by time: one
// message in 100,000 of each carries the same trace id in a header.

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The topics of fillDay.
const (
	dayTopics     = 20
	dayPartitions = 6
	dayTrace      = "4bf92f3577b34da6a3ce929d0e0e4736"
)

// dayTopic is the name of the ith.
func dayTopic(count, i int) string { return fmt.Sprintf("bench-day-%d-%02d", count, i+1) }

// dayStart is when the first message of a day's topic was written.
var dayStart = time.Now().Add(-24 * time.Hour).Truncate(time.Hour)

// fillDay writes count messages into each of the topics, evenly over 24 hours.
// The traced one in the middle of each hundred thousand is one second later in
// each topic.
func (b *bench) fillDay(ctx context.Context, count int) error {
	for t := range dayTopics {
		if err := b.quietly(ctx, b.milena, "topic", "create", dayTopic(count, t), "--partitions", strconv.Itoa(dayPartitions),
			"--replication-factor", "1"); err != nil {
			return err
		}
	}
	k, err := kgo.NewClient(kgo.SeedBrokers(b.brokers), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(50*time.Millisecond), kgo.MaxBufferedRecords(50_000), kgo.RequiredAcks(kgo.LeaderAck()),
		kgo.DisableIdempotentWrite(), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerBatchMaxBytes(256<<10))
	if err != nil {
		return err
	}
	defer k.Close()
	step := 24 * time.Hour / time.Duration(count)
	payload := make([]byte, 0, 128)
	for i := range count {
		at := dayStart.Add(time.Duration(i) * step)
		payload = append(payload[:0], `{"id":`...)
		payload = strconv.AppendInt(payload, int64(i), 10)
		payload = append(payload, `,"event":"order.created","customer":"customer-4711","total":129.95,"note":"as they come"}`...)
		value := append([]byte(nil), payload...)
		for t := range dayTopics {
			r := &kgo.Record{Topic: dayTopic(count, t), Partition: int32(i % dayPartitions), Value: value, Timestamp: at}
			if i%100_000 == 50_000 {
				r.Timestamp = at.Add(time.Duration(t) * time.Second)
				r.Headers = []kgo.RecordHeader{{Key: "trace-id", Value: []byte(dayTrace)}}
			}
			k.Produce(ctx, r, func(_ *kgo.Record, failed error) {
				if failed != nil && err == nil {
					err = failed
				}
			})
		}
		if ctx.Err() != nil {
			break
		}
	}
	if flushed := k.Flush(ctx); flushed != nil {
		return flushed
	}
	return err
}
