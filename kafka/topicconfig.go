package kafka

// The settings of a topic: what people write, such as 7d or 2MiB, becomes what a
// broker reads.

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"milena/human"
)

// TopicConfigs are the settings of a topic as Kafka 4.3 has them, sorted.
func TopicConfigs() []string { return slices.Clone(topicConfigs) }

var topicConfigs = strings.Fields(`cleanup.policy compression.gzip.level compression.lz4.level compression.type compression.zstd.level
	delete.retention.ms file.delete.delay.ms flush.messages flush.ms follower.replication.throttled.replicas index.interval.bytes
	leader.replication.throttled.replicas local.retention.bytes local.retention.ms max.compaction.lag.ms max.message.bytes
	message.timestamp.after.max.ms message.timestamp.before.max.ms message.timestamp.type min.cleanable.dirty.ratio min.compaction.lag.ms
	min.insync.replicas preallocate remote.copy.disable remote.log.copy.disable remote.log.delete.on.disable remote.storage.enable
	retention.bytes retention.ms segment.bytes segment.index.bytes segment.jitter.ms segment.ms unclean.leader.election.enable`)

// topicConfigValues are the values of those settings that take one of a few.
var topicConfigValues = map[string][]string{
	"cleanup.policy":                 {"delete", "compact", "compact,delete"},
	"compression.type":               {"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"},
	"message.timestamp.type":         {"CreateTime", "LogAppendTime"},
	"preallocate":                    truth,
	"remote.copy.disable":            truth,
	"remote.log.copy.disable":        truth,
	"remote.log.delete.on.disable":   truth,
	"remote.storage.enable":          truth,
	"unclean.leader.election.enable": truth,
}

var truth = []string{"true", "false"}

// TopicConfigValues are the values that a setting takes, where they are few; nil
// for others.
func TopicConfigValues(name string) []string { return slices.Clone(topicConfigValues[name]) }

// ParseTopicConfig checks the value of a topic's setting as far as that can be
// known before a broker does, and turns a time or size that people write (7d,
// 2MiB) into the number that Kafka reads. factor is the topic's replication
// factor, below 1 when it is not known. A setting that milena does not know is
// left to the broker.
func ParseTopicConfig(name, value string, factor int16) (string, error) {
	values := topicConfigValues[name]
	switch {
	case name == "cleanup.policy":
		for p := range strings.SplitSeq(value, ",") {
			if p = strings.TrimSpace(p); p != "delete" && p != "compact" {
				return "", errors.New("cleanup.policy is delete, compact, or compact,delete")
			}
		}
	case values != nil:
		if !slices.Contains(values, value) {
			last := len(values) - 1
			return "", fmt.Errorf("%s is %s or %s, not %q", name, strings.Join(values[:last], ", "), values[last], value)
		}
	case name == "min.insync.replicas":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return "", errors.New("min.insync.replicas is a number from 1")
		}
		if factor > 0 && n > int(factor) {
			return "", errors.New("min.insync.replicas is higher than the number of replicas: writes with acks=all would fail")
		}
	case strings.HasSuffix(name, ".ms"):
		ms, err := parseMillis(value)
		if err != nil {
			return "", fmt.Errorf("%s is a number of milliseconds, or a time such as 7d, 12h, 30m, 45s", name)
		}
		return strconv.FormatInt(ms, 10), nil
	case strings.HasSuffix(name, ".bytes"):
		if _, err := strconv.ParseInt(value, 10, 64); err == nil {
			return value, nil
		}
		n, err := human.ParseBytes(value)
		if err != nil {
			return "", fmt.Errorf("%s is a number of bytes, or a size such as 512MB, 1GiB", name)
		}
		return strconv.FormatInt(n, 10), nil
	}
	return value, nil
}

// parseMillis reads milliseconds: a plain number, or times with their units, as
// 7d, 1d12h, 2w.
func parseMillis(s string) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	var total int64
	for rest := s; rest != ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789."))
		unit := len(rest[digits:]) - len(strings.TrimLeft(rest[digits:], "abcdefghijklmnopqrstuvwxyz"))
		length, ok := millisOf[rest[digits:digits+unit]]
		if !ok {
			return 0, fmt.Errorf("%q is not a time", s)
		}
		n, ok := human.Times(rest[:digits], length)
		if total += n; !ok || total >= 1e18 {
			return 0, fmt.Errorf("%q is not a time", s)
		}
		rest = rest[digits+unit:]
	}
	if s == "" {
		return 0, errors.New("an empty text is not a time")
	}
	return total, nil
}

// millisOf are units of time in milliseconds.
var millisOf = map[string]int64{
	"ms": 1, "s": time.Second.Milliseconds(), "m": time.Minute.Milliseconds(), "h": time.Hour.Milliseconds(),
	"d": 24 * time.Hour.Milliseconds(), "w": 7 * 24 * time.Hour.Milliseconds(),
}
