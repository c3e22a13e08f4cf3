package kafka

// What can be read by offset, whether it is a cluster or not.

import "context"

// Log is partitions of records, each in the order of its offsets. A Cluster is
// one; a file of exported records is another. What only needs to read is written
// on it: Resolve, FindNewest, NewSearch.
type Log interface {
	// Offsets and Bounds say where partitions begin and end, and where a time is
	// in them; see Cluster.
	Offsets(ctx context.Context, at int64, iso Isolation, tps []TopicPartition) (map[TopicPartition]Offset, error)
	Bounds(ctx context.Context, iso Isolation, tps []TopicPartition) (starts, ends map[TopicPartition]Offset, err error)
	// Read gives what spans hold to the sink; see Cluster.
	Read(ctx context.Context, req ReadRequest, sink Sink) error
}

var _ Log = (*Cluster)(nil)
