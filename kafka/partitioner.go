package kafka

// Which partition a record goes to.

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"hash/fnv"
)

// Partitioner is how a producer chooses a key's partition.
type Partitioner string

// The partitioners that clients have.
const (
	Murmur2 Partitioner = "murmur2" // Java's, and most others'; milena's own
	CRC32   Partitioner = "crc32"   // librdkafka's default (consistent_random), so kcat's and confluent-kafka-python's
	FNV1a   Partitioner = "fnv1a"   // Sarama's default
)

// ParsePartitioner knows a partitioner by its name.
func ParsePartitioner(name string) (Partitioner, error) {
	switch p := Partitioner(name); p {
	case Murmur2, CRC32, FNV1a:
		return p, nil
	}
	return "", fmt.Errorf("unknown partitioner %q: use murmur2 (Java), crc32 (librdkafka) or fnv1a (Sarama)", name)
}

// Of is the partition of a key among so many.
func (p Partitioner) Of(key []byte, partitions int) int32 {
	switch p {
	case CRC32:
		return int32(crc32.ChecksumIEEE(key) % uint32(partitions))
	case FNV1a:
		h := fnv.New32a()
		_, _ = h.Write(key) // it never fails
		// Sarama takes the sum for signed, and of the remainder the absolute value.
		n := int64(int32(h.Sum32())) % int64(partitions)
		return int32(max(n, -n))
	}
	return PartitionOf(key, partitions)
}

// PartitionOf is the partition of a key among so many: murmur2, as the Java
// producer has it (BuiltInPartitioner.partitionForKey), so that a key stays where
// every other producer puts it.
func PartitionOf(key []byte, partitions int) int32 {
	return int32(murmur2(key)&0x7fffffff) % int32(partitions)
}

// murmur2 is Kafka's 32-bit MurmurHash2 (org.apache.kafka.common.utils.Utils).
func murmur2(data []byte) uint32 {
	const seed, m, r = 0x9747b28c, 0x5bd1e995, 24
	h := uint32(seed) ^ uint32(len(data))
	for len(data) >= 4 {
		k := binary.LittleEndian.Uint32(data) * m
		k ^= k >> r
		k *= m
		h = h*m ^ k
		data = data[4:]
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(data[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	return h ^ h>>15
}
