package kafka

// What a broker tells is taken with care where it comes in: its words must not steer
// a terminal, and its numbers must not be believed where no log has such.

import (
	"fmt"
	"slices"
	"strings"

	"milena/human"
)

// The longest that a broker's words are, in characters: a topic's name has at most
// 249 and a host's 253.
const (
	nameMost  = 260
	wordsMost = 1000
)

// told is a name as a broker tells it, harmless on a terminal; ok tells that nothing
// had to be changed for that.
func told(name []byte) (safe string, ok bool) {
	safe = human.Clip(human.Escape(name), nameMost)
	return safe, safe == string(name)
}

// words are a broker's own, harmless and not endless.
func words(text string) string {
	return human.Clip(human.Escape(strings.TrimSpace(text)), wordsMost)
}

// maxOffset is above any offset of a real log, and far from overflow: at a million
// records a second a partition reaches it after two thousand years.
const maxOffset = 1 << 56

// maxPartition is above the number of any partition.
const maxPartition = 1 << 24

// strange is why an offset that a broker told cannot be one; nil: it can. -1 is none.
func strange(broker string, tp TopicPartition, offset int64) error {
	if offset >= -1 && offset < maxOffset {
		return nil
	}
	return fmt.Errorf("broker %s gives offset %d for %s/%d: no log has such an offset", broker, offset, tp.Topic, tp.Partition)
}

// tidy puts metadata in order: everything once, sorted, and topics that cannot be have
// an error.
func (m *Metadata) tidy() {
	slices.SortStableFunc(m.Brokers, func(a, b Broker) int { return int(a.ID) - int(b.ID) })
	m.Brokers = slices.CompactFunc(m.Brokers, func(a, b Broker) bool { return a.ID == b.ID })
	for i := range m.Topics {
		t := &m.Topics[i]
		if !slices.IsSortedFunc(t.Partitions, comparePartitions) {
			slices.SortStableFunc(t.Partitions, comparePartitions)
		}
		t.Partitions = slices.CompactFunc(t.Partitions, func(a, b Partition) bool { return a.ID == b.ID })
		if n := len(t.Partitions); n == 0 && t.Err == nil {
			t.Err = noPartitions(t.Name)
		} else if t.Err == nil {
			first, last := t.Partitions[0].ID, t.Partitions[n-1].ID
			if first < 0 {
				last = first
			}
			if last < 0 || last > maxPartition {
				t.Err = fmt.Errorf("the broker lists partition %d of topic %q: no topic has such a partition", last, t.Name)
				t.Partitions = nil
			}
		}
	}
	sortTopics(m.Topics)
	m.Topics = slices.CompactFunc(m.Topics, func(a, b Topic) bool { return a.Name == b.Name })
}

// noPartitions is what is wrong with a topic of that name.
type noPartitions string

func (e noPartitions) Error() string {
	return fmt.Sprintf("the broker lists no partitions of topic %q", string(e))
}

func comparePartitions(a, b Partition) int { return int(a.ID) - int(b.ID) }
