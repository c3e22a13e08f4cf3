package kafka

// Which topics are written in transactions, from what stands at their ends: there
// is no request that tells.

import (
	"context"
	"encoding/binary"
	"sync"
)

// markerBytes is what a fetch is asked to give of a partition: the marker that
// ends a transaction takes 78 bytes, and a larger batch is not sent.
const markerBytes = 256

// Transactional tells of which of the topics any partition ends with the marker
// of a transaction, or with a transaction that is open (KIP-98): their offsets
// count more than their messages. Spans say up to where to look; what cannot be
// asked is left out.
func (c *Cluster) Transactional(ctx context.Context, spans []Span) map[string]bool {
	m := c.Metadata()
	requests := make(map[int32]*fetchRequest)
	for _, s := range spans {
		t := m.Topic(s.Topic)
		if t == nil || s.To <= s.From || s.To == NoEnd {
			continue
		}
		p := t.Partition(s.Partition)
		if p == nil || m.Broker(p.Leader) == nil {
			continue
		}
		q := requests[p.Leader]
		if q == nil {
			q = &fetchRequest{minBytes: 0, maxBytes: partitionBytes}
			requests[p.Leader] = q
		}
		q.maxBytes += markerBytes
		q.parts = append(q.parts, fetchPart{TopicPartition: s.TopicPartition, topicID: t.ID, epoch: -1,
			offset: s.To - 1, maxBytes: markerBytes})
	}
	found := make(map[string]bool)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for leader, q := range requests {
		wg.Go(func() {
			parts, a, err := c.fetch(ctx, m.Broker(leader).Addr(), q)
			if err != nil {
				return
			}
			defer c.buffers.put(a.buf)
			mu.Lock()
			defer mu.Unlock()
			for i := range parts {
				p := &parts[i]
				open := p.lastStable >= 0 && p.lastStable < p.highWatermark
				if p.code == codeNone && (open || inTransaction(p.records)) {
					found[p.Topic] = true
				}
			}
		})
	}
	wg.Wait()
	return found
}

// inTransaction tells whether the record batch that raw begins with has the bit of transactions in its attributes (bit 4).
func inTransaction(raw []byte) bool {
	const magicAt, attributesAt, transactional = 16, 21, 1 << 4
	return len(raw) >= attributesAt+2 && raw[magicAt] == 2 && binary.BigEndian.Uint16(raw[attributesAt:])&transactional != 0
}
