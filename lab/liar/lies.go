package liar

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"net"
	"slices"
	"time"

	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Escape is in every lie that is told to a terminal: a title, a colour, a way to
// the upper left, a carriage return and a line end, and a C1 control.
const Escape = "\x1b]0;owned\x07\x1b[31m\x1b[H\r\nowned\u009b2J\u202e"

// The lies, by what they are about.
var (
	Versions = []Lie{
		{Name: "no versions at all", Answer: onVersions(func(a *kmsg.ApiVersionsResponse) { a.ApiKeys = nil })},
		{Name: "versions upside down", Answer: everyVersion(9, 2)},
		{Name: "negative versions", Answer: everyVersion(-5, -1)},
		{Name: "versions of the future", Answer: everyVersion(500, 600)},
		{Name: "versions up to 32767", Answer: everyVersion(0, math.MaxInt16)},
		{Name: "300000 versions", Answer: onVersions(func(a *kmsg.ApiVersionsResponse) {
			for key := range 300_000 {
				k := kmsg.NewApiVersionsResponseApiKey()
				k.ApiKey, k.MaxVersion = int16(key), 3
				a.ApiKeys = append(a.ApiKeys, k)
			}
		})},
		{Name: "2^31-1 versions", Frame: onFrame(kmsg.ApiVersions, func(f []byte) []byte { return put32(f, 10, math.MaxInt32) })},
		{Name: "versions refused", Answer: onVersions(func(a *kmsg.ApiVersionsResponse) { a.ErrorCode = 35; a.ApiKeys = nil })},
	}

	Layouts = []Lie{
		{Name: "topics doubled", Answer: onMetadata(func(_ *Broker, a *kmsg.MetadataResponse) { a.Topics = append(a.Topics, a.Topics...) })},
		{Name: "partitions doubled", Answer: onTopics(func(t *kmsg.MetadataResponseTopic) { t.Partitions = append(t.Partitions, t.Partitions...) })},
		{Name: "brokers doubled", Answer: onMetadata(func(_ *Broker, a *kmsg.MetadataResponse) { a.Brokers = append(a.Brokers, a.Brokers...) })},
		{Name: "no broker", Answer: onMetadata(func(_ *Broker, a *kmsg.MetadataResponse) { a.Brokers = nil })},
		{Name: "no topic", Answer: onMetadata(func(_ *Broker, a *kmsg.MetadataResponse) { a.Topics = nil })},
		{Name: "no partition", Answer: onTopics(func(t *kmsg.MetadataResponseTopic) { t.Partitions = nil })},
		{Name: "no leader", Answer: onPartitions(func(p *kmsg.MetadataResponseTopicPartition) { p.Leader = -1 })},
		{Name: "unknown leader", Answer: onPartitions(func(p *kmsg.MetadataResponseTopicPartition) { p.Leader = 77 })},
		{Name: "negative leader", Answer: onPartitions(func(p *kmsg.MetadataResponseTopicPartition) { p.Leader = math.MinInt32 })},
		{Name: "negative partitions", Answer: onPartitions(func(p *kmsg.MetadataResponseTopicPartition) { p.Partition = -3 - p.Partition })},
		{Name: "partition 2^31-1", Answer: onPartitions(func(p *kmsg.MetadataResponseTopicPartition) { p.Partition += math.MaxInt32 - 1 })},
		{Name: "port 0", Answer: onBrokers(func(b *kmsg.MetadataResponseBroker) { b.Port = 0 })},
		{Name: "port -1", Answer: onBrokers(func(b *kmsg.MetadataResponseBroker) { b.Port = -1 })},
		{Name: "port 70000", Answer: onBrokers(func(b *kmsg.MetadataResponseBroker) { b.Port = 70_000 })},
		{Name: "an empty host", Answer: onBrokers(func(b *kmsg.MetadataResponseBroker) { b.Host = "" })},
		{Name: "a host that steers the terminal", Answer: onBrokers(func(b *kmsg.MetadataResponseBroker) { b.Host = "h" + Escape })},
		{Name: "a host of 30000 letters", Answer: onBrokers(func(b *kmsg.MetadataResponseBroker) { b.Host = string(slices.Repeat([]byte("h"), 30_000)) })},
		{Name: "a cluster that steers the terminal", Answer: onMetadata(func(_ *Broker, a *kmsg.MetadataResponse) { id := "c" + Escape; a.ClusterID = &id })},
		{Name: "a topic that steers the terminal", Answer: onMetadata(func(_ *Broker, a *kmsg.MetadataResponse) {
			a.Topics = append(a.Topics, TopicNamed("t"+Escape, 1), TopicNamed("", 1), TopicNamed("\xff\xfe", 1))
		})},
		{Name: "2^31-1 brokers", Frame: onFrame(kmsg.Metadata, func(f []byte) []byte { return lengthen(f, 13) })},
		{Name: "a topic of the ends of the world", Frame: onFrame(kmsg.Metadata, func(f []byte) []byte {
			for i := len(f) - 8; i < len(f); i++ {
				f[i] = 0xff
			}
			return f
		})},
		{Name: "other leaders each time", Answer: onMetadata(func(b *Broker, a *kmsg.MetadataResponse) {
			id := int32(b.asked[kmsg.Metadata])
			a.Brokers[0].NodeID, a.ControllerID = id, id
			for i := range a.Topics {
				for k := range a.Topics[i].Partitions {
					a.Topics[i].Partitions[k].Leader, a.Topics[i].Partitions[k].LeaderEpoch = id, id
				}
			}
		})},
		{Name: "another topic each time", Answer: onMetadata(func(b *Broker, a *kmsg.MetadataResponse) {
			for i := range a.Topics {
				binary.BigEndian.PutUint32(a.Topics[i].TopicID[:], uint32(b.asked[kmsg.Metadata]))
			}
		})},
	}

	Offsets = []Lie{
		{Name: "offsets that go backwards", Answer: onOffsets(func(b *Broker, p *kmsg.ListOffsetsResponseTopicPartition) {
			p.Offset = max(0, p.Offset-int64(b.asked[kmsg.ListOffsets]))
		})},
		{Name: "negative offsets", Answer: onOffsets(func(_ *Broker, p *kmsg.ListOffsetsResponseTopicPartition) { p.Offset = -7 })},
		{Name: "the lowest offset", Answer: onOffsets(func(_ *Broker, p *kmsg.ListOffsetsResponseTopicPartition) { p.Offset = math.MinInt64 })},
		{Name: "offsets of 2^63-1", Answer: onOffsets(func(_ *Broker, p *kmsg.ListOffsetsResponseTopicPartition) { p.Offset = math.MaxInt64 })},
		{Name: "ends of 2^63-1", Answer: onOffsets(func(_ *Broker, p *kmsg.ListOffsetsResponseTopicPartition) {
			if p.Offset > 0 {
				p.Offset = math.MaxInt64
			}
		})},
		{Name: "ends below the starts", Answer: onOffsets(func(_ *Broker, p *kmsg.ListOffsetsResponseTopicPartition) { p.Offset = 25 - p.Offset })},
		{Name: "absurd times", Answer: onOffsets(func(_ *Broker, p *kmsg.ListOffsetsResponseTopicPartition) { p.Timestamp = math.MaxInt64 })},
		{Name: "times before all", Answer: onOffsets(func(_ *Broker, p *kmsg.ListOffsetsResponseTopicPartition) { p.Timestamp = math.MinInt64 })},
		{Name: "offsets of nothing", Answer: func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
			if a, ok := a.(*kmsg.ListOffsetsResponse); ok {
				a.Topics = nil
			}
		}},
		{Name: "offsets doubled", Answer: func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
			if a, ok := a.(*kmsg.ListOffsetsResponse); ok {
				a.Topics = append(a.Topics, a.Topics...)
			}
		}},
	}

	Fetches = slices.Concat(fetchLies, batchLies)

	Writes = []Lie{
		{Name: "an absurd producer", Answer: onInit(func(a *kmsg.InitProducerIDResponse) { a.ProducerID, a.ProducerEpoch = math.MinInt64, -9 })},
		{Name: "acknowledged at -7", Answer: onWrites(func(p *kmsg.ProduceResponseTopicPartition) { p.BaseOffset = -7 })},
		{Name: "acknowledged at 2^63-1", Answer: onWrites(func(p *kmsg.ProduceResponseTopicPartition) {
			p.BaseOffset, p.LogAppendTime = math.MaxInt64, math.MaxInt64
		})},
		{Name: "acknowledged to nobody", Answer: func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
			if a, ok := a.(*kmsg.ProduceResponse); ok {
				a.Topics = nil
			}
		}},
		{Name: "acknowledged twice", Answer: func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
			if a, ok := a.(*kmsg.ProduceResponse); ok {
				a.Topics = append(a.Topics, a.Topics...)
			}
		}},
		{Name: "refused with words that steer the terminal", Answer: onWrites(func(p *kmsg.ProduceResponseTopicPartition) {
			words := "no" + Escape
			p.ErrorCode, p.ErrorMessage = 44, &words
		})},
	}

	// Wires lie about every answer, whatever was asked.
	Wires = []Lie{
		{Name: "a wrong correlation id", Frame: func(_ kmsg.Request, f []byte) []byte { return put32(f, 4, 99) }},
		{Name: "a size of -1", Frame: func(_ kmsg.Request, f []byte) []byte { return put32(f, 0, math.MaxUint32) }},
		{Name: "a size of 0", Frame: func(_ kmsg.Request, f []byte) []byte { return put32(f, 0, 0) }},
		{Name: "half an answer, then the end", Send: half(false)},
		{Name: "half an answer, then silence", Send: half(true)},
		{Name: "2 GiB announced, then silence", Frame: func(_ kmsg.Request, f []byte) []byte { return put32(f, 0, math.MaxInt32) },
			Send: func(ctx context.Context, c net.Conn, _ kmsg.Request, f []byte) error {
				if _, err := c.Write(f); err != nil {
					return err
				}
				return silent(ctx, c)
			}},
		{Name: "one byte a second", Send: slow},
		{Name: "an answer of another kind", Frame: func(_ kmsg.Request, f []byte) []byte {
			return append(put32(f[:8], 0, 44), slices.Repeat([]byte{0xff}, 40)...)
		}},
	}
)

// Only has a lie told in answers to one kind of request alone.
func Only(key kmsg.Key, l Lie) Lie {
	only := Lie{Name: l.Name + ", to " + key.Name()}
	if l.Frame != nil {
		only.Frame = func(q kmsg.Request, f []byte) []byte {
			if q.Key() == int16(key) {
				return l.Frame(q, f)
			}
			return f
		}
	}
	if l.Send != nil {
		only.Send = func(ctx context.Context, c net.Conn, q kmsg.Request, f []byte) error {
			if q.Key() == int16(key) {
				return l.Send(ctx, c, q, f)
			}
			_, err := c.Write(f)
			return err
		}
	}
	return only
}

// Refusal is a lie in which every answer of a kind has an error code.
func Refusal(key kmsg.Key, code int16) Lie {
	words := "no" + Escape
	return Lie{Name: fmt.Sprintf("%s with error %d", key.Name(), code), Answer: func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
		if a.Key() != int16(key) {
			return
		}
		switch a := a.(type) {
		case *kmsg.MetadataResponse:
			for i := range a.Topics {
				a.Topics[i].ErrorCode = code
			}
		case *kmsg.ListOffsetsResponse:
			for i := range a.Topics {
				for k := range a.Topics[i].Partitions {
					a.Topics[i].Partitions[k].ErrorCode = code
				}
			}
		case *kmsg.FetchResponse:
			for i := range a.Topics {
				for k := range a.Topics[i].Partitions {
					a.Topics[i].Partitions[k].ErrorCode = code
				}
			}
		case *kmsg.ProduceResponse:
			for i := range a.Topics {
				for k := range a.Topics[i].Partitions {
					a.Topics[i].Partitions[k].ErrorCode, a.Topics[i].Partitions[k].ErrorMessage = code, &words
				}
			}
		case *kmsg.InitProducerIDResponse:
			a.ErrorCode = code
		case *kmsg.ApiVersionsResponse:
			a.ErrorCode = code
		}
	}}
}

// Crowd is metadata of so many topics; a million of them are 65 MB.
func Crowd(topics int) Lie {
	return Lie{Name: fmt.Sprintf("%d topics", topics), Answer: onMetadata(func(_ *Broker, a *kmsg.MetadataResponse) {
		for n := range topics {
			a.Topics = append(a.Topics, TopicNamed(fmt.Sprintf("topic-%07d", n), 1))
		}
	})}
}

// Wide is a topic of so many partitions.
func Wide(partitions int) Lie {
	return Lie{Name: fmt.Sprintf("%d partitions", partitions), Answer: onTopics(func(t *kmsg.MetadataResponseTopic) {
		t.Partitions = TopicNamed(Topic, partitions).Partitions
	})}
}

// Login is a broker that says no to a login, in words that steer the terminal.
func Login() Lie {
	return Lie{Name: "a login refused", Answer: func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
		if a, ok := a.(*kmsg.SASLAuthenticateResponse); ok {
			words := "no" + Escape
			a.ErrorCode, a.ErrorMessage = 58, &words
		}
	}}
}

// Challenge is a broker that answers the first message of SCRAM with challenge, in which
// %s is what the client calls its nonce.
func Challenge(name string, challenge func(first []byte) []byte) Lie {
	return Lie{Name: name, Answer: func(_ *Broker, q kmsg.Request, a kmsg.Response) {
		if a, ok := a.(*kmsg.SASLAuthenticateResponse); ok {
			a.SASLAuthBytes = challenge(q.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes)
		}
	}}
}

func onVersions(f func(*kmsg.ApiVersionsResponse)) func(*Broker, kmsg.Request, kmsg.Response) {
	return func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
		if a, ok := a.(*kmsg.ApiVersionsResponse); ok {
			f(a)
		}
	}
}

func everyVersion(least, most int16) func(*Broker, kmsg.Request, kmsg.Response) {
	return onVersions(func(a *kmsg.ApiVersionsResponse) {
		for i := range a.ApiKeys {
			a.ApiKeys[i].MinVersion, a.ApiKeys[i].MaxVersion = least, most
		}
	})
}

func onMetadata(f func(*Broker, *kmsg.MetadataResponse)) func(*Broker, kmsg.Request, kmsg.Response) {
	return func(b *Broker, _ kmsg.Request, a kmsg.Response) {
		if a, ok := a.(*kmsg.MetadataResponse); ok {
			f(b, a)
		}
	}
}

func onTopics(f func(*kmsg.MetadataResponseTopic)) func(*Broker, kmsg.Request, kmsg.Response) {
	return onMetadata(func(_ *Broker, a *kmsg.MetadataResponse) {
		for i := range a.Topics {
			f(&a.Topics[i])
		}
	})
}

func onPartitions(f func(*kmsg.MetadataResponseTopicPartition)) func(*Broker, kmsg.Request, kmsg.Response) {
	return onTopics(func(t *kmsg.MetadataResponseTopic) {
		for i := range t.Partitions {
			f(&t.Partitions[i])
		}
	})
}

func onBrokers(f func(*kmsg.MetadataResponseBroker)) func(*Broker, kmsg.Request, kmsg.Response) {
	return onMetadata(func(_ *Broker, a *kmsg.MetadataResponse) {
		for i := range a.Brokers {
			f(&a.Brokers[i])
		}
	})
}

func onOffsets(f func(*Broker, *kmsg.ListOffsetsResponseTopicPartition)) func(*Broker, kmsg.Request, kmsg.Response) {
	return func(b *Broker, _ kmsg.Request, a kmsg.Response) {
		a2, ok := a.(*kmsg.ListOffsetsResponse)
		if !ok {
			return
		}
		for i := range a2.Topics {
			for k := range a2.Topics[i].Partitions {
				f(b, &a2.Topics[i].Partitions[k])
			}
		}
	}
}

// onFetch changes what a fetch brings of each partition that was asked for.
func onFetch(f func(b *Broker, asked kmsg.FetchRequestTopicPartition, p *kmsg.FetchResponseTopicPartition)) func(*Broker, kmsg.Request, kmsg.Response) {
	return func(b *Broker, q kmsg.Request, a kmsg.Response) {
		fetch, ok := q.(*kmsg.FetchRequest)
		if !ok {
			return
		}
		answer := a.(*kmsg.FetchResponse)
		for i := range answer.Topics {
			for k := range answer.Topics[i].Partitions {
				f(b, fetch.Topics[i].Partitions[k], &answer.Topics[i].Partitions[k])
			}
		}
	}
}

func onInit(f func(*kmsg.InitProducerIDResponse)) func(*Broker, kmsg.Request, kmsg.Response) {
	return func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
		if a, ok := a.(*kmsg.InitProducerIDResponse); ok {
			f(a)
		}
	}
}

func onWrites(f func(*kmsg.ProduceResponseTopicPartition)) func(*Broker, kmsg.Request, kmsg.Response) {
	return func(_ *Broker, _ kmsg.Request, a kmsg.Response) {
		a2, ok := a.(*kmsg.ProduceResponse)
		if !ok {
			return
		}
		for i := range a2.Topics {
			for k := range a2.Topics[i].Partitions {
				f(&a2.Topics[i].Partitions[k])
			}
		}
	}
}

func onFrame(key kmsg.Key, f func([]byte) []byte) func(kmsg.Request, []byte) []byte {
	return func(q kmsg.Request, frame []byte) []byte {
		if q.Key() == int16(key) {
			return f(frame)
		}
		return frame
	}
}

// half sends the first half of an answer.
func half(silence bool) func(context.Context, net.Conn, kmsg.Request, []byte) error {
	return func(ctx context.Context, c net.Conn, _ kmsg.Request, f []byte) error {
		if _, err := c.Write(f[:len(f)/2]); err != nil {
			return err
		}
		if silence {
			return silent(ctx, c)
		}
		return errSilent
	}
}

// slow sends one byte a second.
func slow(ctx context.Context, c net.Conn, _ kmsg.Request, f []byte) error {
	for i := range f {
		if _, err := c.Write(f[i : i+1]); err != nil {
			return err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func put32(b []byte, at int, v uint32) []byte {
	binary.BigEndian.PutUint32(b[at:], v)
	return b
}

// lengthen has the compact array at an offset say that it has 2^31-1 entries.
func lengthen(f []byte, at int) []byte {
	return slices.Concat(f[:at], binary.AppendUvarint(nil, math.MaxInt32), f[at+1:])
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Seal makes a batch's length and CRC right again.
func Seal(raw []byte) []byte {
	put32(raw, 8, uint32(len(raw)-12))
	return put32(raw, 17, crc32.Checksum(raw[21:], castagnoli))
}

// honest is a batch of ten messages that begins at an offset.
func honest(base int64) []byte {
	raw := Batch(batch.None, perBatch, func(i int) batch.Record {
		return batch.Record{Timestamp: Written + int64(i), Key: []byte("k"), Value: fmt.Append(nil, "message ", i), Headers: []batch.Header{{Key: "h", Value: []byte("v")}}}
	})
	binary.BigEndian.PutUint64(raw, uint64(base))
	return raw
}
