package main

// What goes by time, measured on topics whose messages are spread over a day: one
// message in 100,000 of each carries the same trace id in a header.

import (
	"context"
	"fmt"
	"strconv"
	"strings"
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

// dayStart is when the first message of a day's topic was written: the last
// midnight but one.
var dayStart = time.Now().Truncate(24 * time.Hour).Add(-24 * time.Hour)

// fillDay writes messages into each of the topics, evenly over 24 hours. The
// traced one in the middle of each hundred thousand is one second later in each
// topic.
func (b *bench) fillDay(ctx context.Context) error {
	count := b.count
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

// day measures what goes by time, on those topics: a timeline and a merge beside
// reading the same, a trace beside reading the same twenty minutes.
func (b *bench) day(ctx context.Context) error {
	topics := func(which string) string { return fmt.Sprintf("bench-day-%d-%s", b.count, which) }
	tail := func(topics string, flags ...string) []string {
		return append([]string{b.milena, "tail", topics}, flags...)
	}
	many, some, all := topics("(0[1-9]|1[0-7])"), topics("0[1-8]"), topics(".*")
	err := b.compete(ctx, "timeline", 17*b.count,
		&contestant{name: "milena timeline, 102 partitions, 60 buckets",
			command: []string{b.milena, "timeline", many, "--buckets", "60"}},
		&contestant{name: "reading, counted", command: tail(many, "-o", "beginning", "-e", "--count"), check: number(17 * b.count)})
	if err != nil {
		return err
	}
	err = b.compete(ctx, "merge", 8*b.count,
		&contestant{name: "milena tail --ordered, counted", command: tail(some, "-o", "beginning", "-e", "--ordered", "--count"),
			check: number(8 * b.count)},
		&contestant{name: "milena tail --ordered, values", command: tail(some, "-o", "beginning", "-e", "--ordered")},
		&contestant{name: "reading, values, in no order", command: tail(some, "-o", "beginning", "-e")})
	if err != nil {
		return err
	}
	// The middle of a hundred thousand, half a day after the first.
	traced := b.count / 200_000 * 100_000
	around := dayStart.Add(time.Duration(traced+50_000) * (24 * time.Hour / time.Duration(b.count)))
	at := func(t time.Time) string { return "@" + t.UTC().Format("2006-01-02T15:04:05Z") }
	return b.compete(ctx, "trace", dayTopics*b.count,
		&contestant{name: "milena trace, 20 topics, 10 minutes each way",
			command: []string{b.milena, "trace", dayTrace, all, "--around", at(around), "--window", "10m", "-J"},
			check: func(out string) error {
				if n := strings.Count(out, "\n"); n != dayTopics {
					return fmt.Errorf("it found %d of %d", n, dayTopics)
				}
				return nil
			}},
		&contestant{name: "reading, the same 20 minutes",
			command: tail(all, "-o", at(around.Add(-10*time.Minute))+".."+at(around.Add(10*time.Minute)))})
}
