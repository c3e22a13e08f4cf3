package ui

import (
	"slices"
	"strings"

	"milena/kafka"
)

// Where a key lives depends on who writes: a search by key asks first the
// partition that one partitioner gives it. Which one, the newest records tell
// (kafka.FindKeyHome), or a person chooses in the form of a search; the choice holds
// for the topic until the program ends.

// partitioners are those that can be chosen, the most common first.
var partitioners = []kafka.Partitioner{kafka.Murmur2, kafka.CRC32, kafka.FNV1a}

// chosenPartitioners are what was chosen, by cluster and topic.
type chosenPartitioners map[[2]string]kafka.Partitioner

// partitionerOf is what was chosen for a topic; empty: nothing was.
func (m *Model) partitionerOf(topic string) kafka.Partitioner {
	return m.hashed[[2]string{m.clusterID(), topic}]
}

// choosePartitioner notes a choice.
func (m *Model) choosePartitioner(topics []string, by kafka.Partitioner) {
	if m.hashed == nil {
		m.hashed = make(chosenPartitioners)
	}
	for _, name := range topics {
		m.hashed[[2]string{m.clusterID(), name}] = by
	}
}

// searchPartitioner is the place of the form's field for it, when it is there.
const searchPartitioner = 5

// askPartitioner shows the field while it matters: the query names a key, and a
// topic has partitions to choose from.
func (m *Model) askPartitioner(d *dialog, f *searchForm) {
	matters := false
	if _, ok := f.wantedKey(); ok {
		md := m.cluster.Metadata()
		matters = slices.ContainsFunc(f.topics, func(name string) bool {
			t := md.Topic(name)
			return t != nil && len(t.Partitions) > 1
		}) && m.opt.File == "" // which does not know how many there were
	}
	switch there := len(d.fields) > searchPartitioner; {
	case matters && !there:
		by := field{label: "key by", hint: "murmur2, as Java; or crc32, as librdkafka; or fnv1a, as Sarama", suggest: partitionerLike}
		by.ed.set(string(m.partitionerOf(f.topics[0])))
		d.fields = append(d.fields, by)
	case !matters && there && d.at != searchPartitioner:
		d.fields = d.fields[:searchPartitioner]
	}
}

// partitionerLike is what follows the first letters of a partitioner's name.
func partitionerLike(text string) string {
	for _, by := range partitioners {
		if rest, ok := strings.CutPrefix(string(by), text); ok && text != "" {
			return rest
		}
	}
	return ""
}
