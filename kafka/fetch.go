package kafka

// The Fetch API on the wire, versions 4 to 13 (protocol guide, "Fetch API"):
// encoded by hand and decoded in place, for everything that is read passes here.

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"milena/kafka/batch"
)

// Fetch v13 names topics by ID (KIP-516), so that a topic that was deleted and
// made again is never taken for the old one; v11 is the newest by name that is
// spoken here, v4 (Kafka 0.11) the first with record batches.
const (
	fetchMin      int16 = 4
	fetchSessions int16 = 7
	fetchByName   int16 = 11
	fetchByID     int16 = 13
)

// fetchPart is what one fetch asks of one partition.
type fetchPart struct {
	TopicPartition
	topicID  [16]byte
	epoch    int32 // leader epoch that we believe in; -1: not known
	offset   int64
	maxBytes int32
}

// fetchRequest asks one broker for records of partitions that it leads, grouped
// by topic.
type fetchRequest struct {
	maxWait   time.Duration
	minBytes  int32
	maxBytes  int32
	isolation Isolation
	parts     []fetchPart   // all that is read there; for a session in order of topic and partition
	turn      int           // where in parts a request that names all of them begins
	session   *fetchSession // nil: the request stands alone
}

// fetched is one partition of a fetch's answer. records lies in the answer's
// buffer.
type fetched struct {
	TopicPartition
	code          int16
	highWatermark int64
	lastStable    int64
	logStart      int64 // -1: the broker is older than 1.0
	aborted       []batch.AbortedTxn
	records       []byte
	cut           bool  // records ends where the answer was cut at its limit
	absurd        int64 // the high watermark, when no log has such; highWatermark is 0 then
}

// fetch exchanges one request. The answer's buffer must go back to c.buffers
// when the records are no longer used.
func (c *Cluster) fetch(ctx context.Context, address string, q *fetchRequest) ([]fetched, *answer, error) {
	version, err := c.version(ctx, address, apiFetch, fetchMin, fetchByID)
	if err != nil {
		return nil, nil, err
	}
	if version < fetchByID || slices.ContainsFunc(q.parts, func(p fetchPart) bool { return p.topicID == [16]byte{} }) {
		version = min(version, fetchByName)
	}
	for {
		a, err := c.exchange(ctx, address, &request{
			key: apiFetch, version: version, flexible: version >= 12,
			body:    q.append(nil, version, q.names(version)),
			silence: c.cfg.RequestTimeout + q.maxWait,
			limit:   fetchLimit,
			buffers: &c.buffers,
		})
		if err != nil {
			q.session.again()
			return nil, nil, err
		}
		parts, session, code, err := decodeFetch(a, version, q.parts)
		if err == nil && code == codeNone {
			q.session.answered(session, a.truncated)
			return parts, a, nil
		}
		c.buffers.put(a.buf)
		switch {
		case err == nil && q.session.refused(code):
			continue // naming everything
		case err == nil:
			err = &Error{Code: code, Doing: "fetch", Broker: address, Partition: -1}
		}
		q.session.again()
		return nil, nil, fmt.Errorf("fetch from broker %s: %w", address, err)
	}
}

// names is what the request names of its partitions, and of which session.
func (q *fetchRequest) names(version int16) fetchNamed {
	if q.session == nil || version < fetchSessions {
		return fetchNamed{session: 0, epoch: -1, parts: turned(q.parts, q.turn)}
	}
	return q.session.ask(q.parts, q.turn, version >= fetchByID)
}

// fetchLimit is the largest fetch answer that is read whole. A broker sends more
// than it is asked for only when one batch alone is larger (KIP-74), so this is
// the largest batch plus what may lie beside it.
const fetchLimit = batch.DefaultMaxBytes + 8<<20

func (q *fetchRequest) append(b []byte, version int16, named fetchNamed) []byte {
	flex := version >= 12
	b = appendInt32(b, -1) // replica id: a consumer
	b = appendInt32(b, int32(q.maxWait.Milliseconds()))
	b = appendInt32(b, q.minBytes)
	b = appendInt32(b, q.maxBytes)
	b = append(b, byte(q.isolation))
	if version >= fetchSessions {
		b = appendInt32(b, named.session)
		b = appendInt32(b, named.epoch)
	}
	b = appendTopics(b, version, named.parts, func(b []byte, p *fetchPart) []byte {
		b = appendInt32(b, p.Partition)
		if version >= 9 {
			b = appendInt32(b, p.epoch)
		}
		b = appendInt64(b, p.offset)
		if version >= 12 {
			b = appendInt32(b, -1) // last fetched epoch: for followers
		}
		if version >= 5 {
			b = appendInt64(b, -1) // log start offset: for followers
		}
		b = appendInt32(b, p.maxBytes)
		return appendTags(b, flex)
	})
	if version >= fetchSessions {
		b = appendTopics(b, version, named.forgotten, func(b []byte, p *fetchPart) []byte {
			return appendInt32(b, p.Partition)
		})
	}
	if version >= 11 {
		b = appendString(b, flex, "") // rack
	}
	return appendTags(b, flex)
}

// appendTopics writes partitions by topic, as they come.
func appendTopics(b []byte, version int16, parts []fetchPart, each func([]byte, *fetchPart) []byte) []byte {
	flex := version >= 12
	first := func(i int) bool { // whether a topic begins at i
		return i == 0 || parts[i].Topic != parts[i-1].Topic || parts[i].topicID != parts[i-1].topicID
	}
	topics := 0
	for i := range parts {
		if first(i) {
			topics++
		}
	}
	b = appendArray(b, flex, topics)
	for i := 0; i < len(parts); {
		j := i + 1
		for j < len(parts) && !first(j) {
			j++
		}
		if version >= fetchByID {
			b = append(b, parts[i].topicID[:]...)
		} else {
			b = appendString(b, flex, parts[i].Topic)
		}
		b = appendArray(b, flex, j-i)
		for ; i < j; i++ {
			b = each(b, &parts[i])
		}
		b = appendTags(b, flex)
	}
	return b
}

// decodeFetch walks an answer to what was asked; it gives the session and the
// error code of the whole, too. One that was cut at its limit ends with the
// partition that did not fit.
func decodeFetch(a *answer, version int16, asked []fetchPart) (parts []fetched, session int32, code int16, err error) {
	r := wireReader{b: a.body, flex: version >= 12}
	r.int32() // throttle time
	if version >= fetchSessions {
		code, session = r.int16(), r.int32()
		if code != codeNone {
			return nil, session, code, nil
		}
	}
	names := make(map[[16]byte]string)
	for i := range asked {
		if i == 0 || asked[i].topicID != asked[i-1].topicID {
			names[asked[i].topicID] = asked[i].Topic
		}
	}
	parts = make([]fetched, 0, min(len(asked), sessionLeast))
	for n := r.array(); n > 0 && !r.bad; n-- {
		var topic string
		if version >= fetchByID {
			topic = names[r.uuid()]
		} else {
			topic = r.string()
		}
		for np := r.array(); np > 0 && !r.bad; np-- {
			p := fetched{TopicPartition: TopicPartition{topic, r.int32()}, logStart: -1}
			p.code = r.int16()
			p.highWatermark = r.int64()
			p.lastStable = r.int64()
			if version >= 5 {
				p.logStart = r.int64()
			}
			p.believe()
			for na := r.array(); na > 0 && !r.bad; na-- {
				p.aborted = append(p.aborted, batch.AbortedTxn{ProducerID: r.int64(), FirstOffset: r.int64()})
				r.tags()
			}
			if version >= 11 {
				r.int32() // preferred read replica: no rack was given, so there is none
			}
			if size := r.length(false); size > 0 {
				if a.truncated && size > len(r.b) {
					p.records, p.cut = r.b, true
					return append(parts, p), session, codeNone, nil
				}
				p.records = r.take(size)
			}
			r.tags()
			if !r.bad {
				parts = append(parts, p)
			}
		}
		r.tags()
	}
	if r.bad && a.truncated {
		return parts, session, codeNone, nil
	}
	return parts, session, codeNone, r.err()
}

// believe takes offsets that no log has as not known.
func (got *fetched) believe() {
	if got.highWatermark < 0 || got.highWatermark >= maxOffset {
		got.absurd, got.highWatermark = got.highWatermark, 0
	}
	if got.lastStable < 0 || got.lastStable >= maxOffset {
		got.lastStable = -1
	}
	if got.logStart < 0 || got.logStart >= maxOffset {
		got.logStart = -1
	}
}

// cutBatch is what the header of a batch says whose bytes were cut off: its
// offsets and its size; ok is false when not even the header is there.
func cutBatch(raw []byte) (first, last int64, size int, ok bool) {
	if len(raw) < 27 {
		return 0, 0, 0, false
	}
	first = int64(binary.BigEndian.Uint64(raw))
	last = first
	size = int(int32(binary.BigEndian.Uint32(raw[8:]))) + 12
	if raw[16] == 2 { // magic: older sets have no such field
		last += int64(int32(binary.BigEndian.Uint32(raw[23:])))
	}
	return first, max(first, last), size, true
}
