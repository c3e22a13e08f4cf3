package kafka

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"milena/internal/testseed"
	"milena/kafka/batch"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

func TestFetchRequestSaysWhatIsAsked(t *testing.T) {
	testseed.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom([]int16{4, 5, 6, 7, 8, 9, 10, 11, 13}).Draw(t, "version")
		q := &fetchRequest{
			maxWait:  time.Duration(rapid.IntRange(0, 1000).Draw(t, "wait")) * time.Millisecond,
			minBytes: rapid.Int32().Draw(t, "min"), maxBytes: rapid.Int32().Draw(t, "max"),
			isolation: rapid.SampledFrom([]Isolation{ReadUncommitted, ReadCommitted}).Draw(t, "isolation"),
		}
		// Topics may come in pieces, as when the order is rotated.
		for range rapid.IntRange(0, 8).Draw(t, "parts") {
			name := rapid.SampledFrom([]string{"a", "b", "long.name-of_a.topic"}).Draw(t, "topic")
			q.parts = append(q.parts, fetchPart{TopicPartition: TopicPartition{name, rapid.Int32Range(0, 99).Draw(t, "partition")},
				topicID: [16]byte{name[0], 1}, epoch: rapid.Int32Range(-1, 9).Draw(t, "epoch"),
				offset: rapid.Int64Range(0, 1<<60).Draw(t, "offset"), maxBytes: rapid.Int32().Draw(t, "bytes")})
		}
		named := fetchNamed{session: rapid.Int32().Draw(t, "session"), epoch: rapid.Int32().Draw(t, "session epoch"), parts: q.parts}
		for i, p := range q.parts {
			if rapid.Bool().Draw(t, "forgotten") {
				p.offset = int64(i)
				named.forgotten = append(named.forgotten, p)
			}
		}
		got := kmsg.NewPtrFetchRequest()
		got.SetVersion(version)
		if err := got.ReadFrom(q.append(nil, version, named)); err != nil {
			t.Fatal(err)
		}
		if got.ReplicaID != -1 || got.MaxWaitMillis != int32(q.maxWait.Milliseconds()) || got.MinBytes != q.minBytes || got.MaxBytes != q.maxBytes ||
			got.IsolationLevel != int8(q.isolation) || version >= 7 && (got.SessionID != named.session || got.SessionEpoch != named.epoch) || got.Rack != "" {
			t.Errorf("%+v", got)
		}
		forgotten := named.forgotten
		for _, ft := range got.ForgottenTopics {
			for _, p := range ft.Partitions {
				if len(forgotten) == 0 || forgotten[0].Partition != p || version < 13 && forgotten[0].Topic != ft.Topic || version >= 13 && forgotten[0].topicID != ft.TopicID {
					t.Fatalf("version %d: to be forgotten %+v, sent %+v", version, named.forgotten, got.ForgottenTopics)
				}
				forgotten = forgotten[1:]
			}
		}
		if version >= 7 && len(forgotten) > 0 {
			t.Errorf("version %d: to be forgotten %+v, sent %+v", version, named.forgotten, got.ForgottenTopics)
		}
		var parts []fetchPart
		for _, gt := range got.Topics {
			for _, gp := range gt.Partitions {
				p := fetchPart{TopicPartition: TopicPartition{gt.Topic, gp.Partition}, topicID: gt.TopicID,
					epoch: gp.CurrentLeaderEpoch, offset: gp.FetchOffset, maxBytes: gp.PartitionMaxBytes}
				i := len(parts)
				if i < len(q.parts) {
					if version >= 13 {
						p.Topic = q.parts[i].Topic // not sent
					} else {
						p.topicID = q.parts[i].topicID
					}
					if version < 9 {
						p.epoch = q.parts[i].epoch
					}
				}
				parts = append(parts, p)
			}
		}
		if !slices.Equal(parts, q.parts) {
			t.Errorf("version %d: asked %+v, sent %+v", version, q.parts, parts)
		}
	})
}

func TestFetchAnswerIsDecodedAsItWasEncoded(t *testing.T) {
	testseed.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom([]int16{4, 5, 6, 7, 8, 9, 10, 11, 13}).Draw(t, "version")
		res := kmsg.NewPtrFetchResponse()
		res.SetVersion(version)
		res.SessionID = rapid.Int32().Draw(t, "session")
		var asked []fetchPart
		var want []fetched
		offsets := rapid.Int64Range(0, maxOffset-1) // others are not believed
		for i := range rapid.IntRange(0, 3).Draw(t, "topics") {
			rt := kmsg.NewFetchResponseTopic()
			rt.Topic, rt.TopicID = string(rune('a'+i)), [16]byte{byte(i), 7}
			for p := range rapid.Int32Range(0, 3).Draw(t, "partitions") {
				rp := kmsg.NewFetchResponseTopicPartition()
				rp.Partition = p
				rp.ErrorCode = rapid.SampledFrom([]int16{0, 0, 1, 6}).Draw(t, "code")
				rp.HighWatermark, rp.LastStableOffset, rp.LogStartOffset = offsets.Draw(t, "hw"), offsets.Draw(t, "lso"), offsets.Draw(t, "start")
				w := fetched{TopicPartition: TopicPartition{rt.Topic, p}, code: rp.ErrorCode, highWatermark: rp.HighWatermark, lastStable: rp.LastStableOffset, logStart: rp.LogStartOffset}
				if version < 5 {
					w.logStart = -1
				}
				for range rapid.IntRange(0, 3).Draw(t, "aborted") {
					a := kmsg.NewFetchResponseTopicPartitionAbortedTransaction()
					a.ProducerID, a.FirstOffset = rapid.Int64().Draw(t, "producer"), rapid.Int64().Draw(t, "first")
					rp.AbortedTransactions = append(rp.AbortedTransactions, a)
					w.aborted = append(w.aborted, batch.AbortedTxn{ProducerID: a.ProducerID, FirstOffset: a.FirstOffset})
				}
				rp.RecordBatches = rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "records")
				w.records = rp.RecordBatches
				rt.Partitions = append(rt.Partitions, rp)
				asked = append(asked, fetchPart{TopicPartition: w.TopicPartition, topicID: rt.TopicID})
				want = append(want, w)
			}
			res.Topics = append(res.Topics, rt)
		}
		body := res.AppendTo(nil)
		got, session, code, err := decodeFetch(&answer{body: body}, version, asked)
		if err != nil || code != 0 || len(got) != len(want) || version >= 7 && session != res.SessionID {
			t.Fatalf("%d partitions, want %d; session %d, want %d; code %d, %v", len(got), len(want), session, res.SessionID, code, err)
		}
		for i, g := range got {
			w := want[i]
			if g.TopicPartition != w.TopicPartition || g.code != w.code || g.highWatermark != w.highWatermark || g.lastStable != w.lastStable ||
				g.logStart != w.logStart || !slices.Equal(g.aborted, w.aborted) || !bytes.Equal(g.records, w.records) || g.cut {
				t.Errorf("version %d: %+v, want %+v", version, g, w)
			}
		}
		// One that was cut at a limit gives what came through, and no panic.
		n := rapid.IntRange(0, len(body)).Draw(t, "cut")
		some, _, _, _ := decodeFetch(&answer{body: body[:n], truncated: true}, version, asked)
		for i, g := range some {
			w := want[i]
			if g.TopicPartition != w.TopicPartition || !bytes.HasPrefix(w.records, g.records) || !g.cut && !bytes.Equal(g.records, w.records) {
				t.Errorf("version %d, cut at %d of %d: %+v, want %+v", version, n, len(body), g, w)
			}
		}
	})
}

func FuzzFetchAnswer(f *testing.F) {
	f.Add(make([]byte, 60), int16(4), false)
	f.Add(bytes.Repeat([]byte{1}, 60), int16(13), true)
	f.Fuzz(func(t *testing.T, body []byte, version int16, truncated bool) {
		parts, _, _, _ := decodeFetch(&answer{body: body, truncated: truncated}, version, []fetchPart{{TopicPartition: TopicPartition{"t", 0}}})
		size := 0
		for _, p := range parts {
			size += len(p.records)
		}
		if size > len(body) {
			t.Errorf("%d bytes of records in an answer of %d", size, len(body))
		}
	})
}
