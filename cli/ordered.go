package cli

import (
	"context"

	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"
)

// readOrdered is tail --ordered: history exactly by time, up to the ends as they
// are now, and what comes live within a window.
func (g *global) readOrdered(ctx context.Context, c *kafka.Cluster, req kafka.ReadRequest, out *output) error {
	tps := make([]kafka.TopicPartition, len(req.Spans))
	for i, s := range req.Spans {
		tps[i] = s.TopicPartition
	}
	ends, err := c.Offsets(ctx, kafka.AtEnd, req.Isolation, tps)
	if err != nil {
		return err
	}
	history := make(map[kafka.TopicPartition]int64, len(ends))
	for tp, o := range ends {
		if o.Err != nil {
			return o.Err
		}
		history[tp] = o.Offset
	}
	sink := &orderedOutput{partitionOutput: out.Partition(kafka.TopicPartition{}).(*partitionOutput), matchers: make(map[kafka.TopicPartition]kafka.Matcher)}
	err = c.ReadOrdered(ctx, kafka.OrderedRequest{ReadRequest: req, History: history}, sink)
	if sink.late > 0 {
		g.notice("milena: %s arrived more than %s late and are out of order", human.Plural(sink.late, "message"), kafka.DefaultWindow)
	}
	return err
}

// orderedOutput writes the records of all partitions through one buffer.
type orderedOutput struct {
	*partitionOutput
	matchers map[kafka.TopicPartition]kafka.Matcher
	late     int64
}

// Record formats a record.
func (o *orderedOutput) Record(tp kafka.TopicPartition, v *batch.View, late bool) bool {
	if o.tp != tp && o.out.match != nil {
		if o.matchers[tp] == nil {
			o.matchers[tp] = o.out.match(tp)
		}
		o.match = o.matchers[tp]
	}
	o.tp = tp
	if !o.partitionOutput.Record(v) {
		return false
	}
	if late {
		o.late++
	}
	return true
}

// Skip names what could not be read.
func (o *orderedOutput) Skip(tp kafka.TopicPartition, s batch.Skip) {
	(&partitionOutput{out: o.out, tp: tp}).Skip(s)
}

// Reached is of no interest: what is written is written.
func (o *orderedOutput) Reached(kafka.TopicPartition, int64, kafka.PartitionState) {}

// Flush writes what was formatted.
func (o *orderedOutput) Flush() error { return o.partitionOutput.Flush(kafka.PartitionState{}) }

// Event says what happened on stderr.
func (o *orderedOutput) Event(e kafka.Event) { o.out.Event(e) }
