package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"milena/internal/testseed"
	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// drawMetadata draws an answer that holds whatever the version can say.
func drawMetadata(t *rapid.T, version int16) *kmsg.MetadataResponse {
	res := kmsg.NewPtrMetadataResponse()
	res.SetVersion(version)
	name := rapid.StringMatching(`[a-z._-]{1,12}`)
	int32s := rapid.SliceOfN(rapid.Int32Range(0, 9), 0, 4)
	if rapid.Bool().Draw(t, "named") {
		id := name.Draw(t, "cluster")
		res.ClusterID = &id
	}
	res.ControllerID = rapid.Int32Range(-1, 9).Draw(t, "controller")
	for _, id := range rapid.SliceOfNDistinct(rapid.Int32Range(0, 99), 0, 4, rapid.ID[int32]).Draw(t, "brokers") {
		b := kmsg.NewMetadataResponseBroker()
		b.NodeID, b.Host, b.Port = id, name.Draw(t, "host"), rapid.Int32Range(1, 65535).Draw(t, "port")
		if rapid.Bool().Draw(t, "racked") {
			rack := name.Draw(t, "rack")
			b.Rack = &rack
		}
		res.Brokers = append(res.Brokers, b)
	}
	for _, n := range rapid.SliceOfNDistinct(name, 0, 4, rapid.ID[string]).Draw(t, "topics") {
		rt := kmsg.NewMetadataResponseTopic()
		rt.Topic = &n
		rt.ErrorCode = rapid.SampledFrom([]int16{0, 0, 0, 3, 29}).Draw(t, "code")
		rt.IsInternal = rapid.Bool().Draw(t, "internal")
		copy(rt.TopicID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		for _, id := range rapid.SliceOfNDistinct(rapid.Int32Range(0, 99), 0, 5, rapid.ID[int32]).Draw(t, "partitions") {
			p := kmsg.NewMetadataResponseTopicPartition()
			p.Partition, p.Leader, p.LeaderEpoch = id, rapid.Int32Range(-1, 9).Draw(t, "leader"), rapid.Int32Range(-1, 9).Draw(t, "epoch")
			p.ErrorCode = rapid.SampledFrom([]int16{0, 0, 5}).Draw(t, "code")
			p.Replicas, p.ISR, p.OfflineReplicas = int32s.Draw(t, "replicas"), int32s.Draw(t, "isr"), int32s.Draw(t, "offline")
			rt.Partitions = append(rt.Partitions, p)
		}
		res.Topics = append(res.Topics, rt)
	}
	return res
}

func TestMetadataIsDecodedAsItWasEncoded(t *testing.T) {
	testseed.Check(t, func(t *rapid.T) {
		version := rapid.Int16Range(metadataMin, metadataMax).Draw(t, "version")
		want := drawMetadata(t, version)
		body := want.AppendTo(nil)
		got, err := decodeMetadata(body, version, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.Controller != want.ControllerID || version >= 2 && got.ClusterID != text(want.ClusterID) {
			t.Errorf("controller %d, cluster %q", got.Controller, got.ClusterID)
		}
		if len(got.Brokers) != len(want.Brokers) || len(got.Topics) != len(want.Topics) {
			t.Fatalf("%d brokers and %d topics", len(got.Brokers), len(got.Topics))
		}
		for _, b := range want.Brokers {
			if g := got.Broker(b.NodeID); g == nil || *g != (Broker{b.NodeID, b.Host, b.Port, text(b.Rack)}) {
				t.Errorf("broker %+v is %+v", b, g)
			}
		}
		for _, wt := range want.Topics {
			gt := got.Topic(*wt.Topic)
			if gt == nil || gt.Internal != wt.IsInternal || (gt.Err != nil) != (wt.ErrorCode != 0 || len(wt.Partitions) == 0) || len(gt.Partitions) != len(wt.Partitions) {
				t.Fatalf("topic %+v is %+v", wt, gt)
			}
			if id := [16]byte(wt.TopicID); version >= 10 && gt.ID != id || version < 10 && gt.ID != [16]byte{} {
				t.Errorf("topic id %x, want %x", gt.ID, id)
			}
			for _, wp := range wt.Partitions {
				gp := gt.Partition(wp.Partition)
				epoch, offline := wp.LeaderEpoch, wp.OfflineReplicas
				if version < 7 {
					epoch = -1
				}
				if version < 5 {
					offline = nil
				}
				if gp == nil || gp.Leader != wp.Leader || gp.LeaderEpoch != epoch || (gp.Err != nil) != (wp.ErrorCode != 0) ||
					!slices.Equal(gp.Replicas, wp.Replicas) || !slices.Equal(gp.ISR, wp.ISR) || !slices.Equal(gp.Offline, offline) {
					t.Errorf("partition %+v is %+v", wp, gp)
				}
			}
		}
		// An answer that was cut before its last byte, which may be that of an empty
		// list of tagged fields, is an error, and no panic.
		n := rapid.IntRange(0, len(body)-2).Draw(t, "cut")
		if _, err := decodeMetadata(body[:n], version, nil); err == nil {
			t.Errorf("%d of %d bytes were enough", n, len(body))
		}
	})
}

func TestMetadataRequestNeverCreates(t *testing.T) {
	for version := metadataMin; version <= metadataMax; version++ {
		for _, names := range [][]string{nil, {}, {"a"}, {"a", "b.c"}} {
			q := kmsg.NewPtrMetadataRequest()
			q.SetVersion(version)
			q.AllowAutoTopicCreation = true
			if err := q.ReadFrom(appendMetadataRequest(nil, version, names)); err != nil {
				t.Fatalf("version %d, %q: %v", version, names, err)
			}
			if version >= 4 && q.AllowAutoTopicCreation {
				t.Errorf("version %d would create topics", version)
			}
			if (q.Topics == nil) != (names == nil) || len(q.Topics) != len(names) {
				t.Errorf("version %d: %q became %v", version, names, q.Topics)
			}
			for i, n := range names {
				if *q.Topics[i].Topic != n {
					t.Errorf("version %d: %q became %q", version, n, *q.Topics[i].Topic)
				}
			}
		}
	}
}

func TestUnknownTopicIsNotCreated(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		if len(brokers) == 1 {
			// One that would create, if it were asked to.
			brokers = append(brokers, fake(t, kfake.NumBrokers(1), kfake.AllowAutoTopicCreation()).ListenAddrs()...)
		}
		for _, broker := range brokers {
			c := open(t, []string{broker})
			topic := newTopic(t, c, 1, nil)
			wrong := topic[:len(topic)-1] + "_"
			ctx := timeout(t, 30*time.Second)
			tp := []TopicPartition{{wrong, 0}}
			var unknown *UnknownTopicError
			if _, err := c.Topic(ctx, wrong); !errors.As(err, &unknown) || len(unknown.Near) == 0 || unknown.Near[0] != topic ||
				!strings.Contains(err.Error(), fmt.Sprintf("did you mean %q", topic)) {
				t.Errorf("%v", err)
			}
			if _, err := c.DescribeTopic(ctx, wrong); !errors.As(err, &unknown) {
				t.Error(err)
			}
			if err := c.DeleteTopic(ctx, wrong); !errors.As(err, &unknown) {
				t.Error(err)
			}
			if _, err := c.Send(ctx, Message{Topic: wrong, Partition: AnyPartition, Timestamp: NoTimestamp}); !errors.As(err, &unknown) {
				t.Error(err)
			}
			if err := c.Consume(ctx, ConsumeRequest{Group: topic, Topics: []string{wrong}, End: true}, newCollector()); !errors.As(err, &unknown) {
				t.Error(err)
			}
			begun := time.Now()
			if err := c.Read(ctx, ReadRequest{Spans: []Span{{tp[0], 0, 10}}}, newCollector()); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("reading what is not there: %v", err)
			}
			if o, err := c.Offsets(ctx, AtEnd, ReadUncommitted, tp); err != nil || o[tp[0]].Err == nil {
				t.Errorf("offsets of what is not there: %v, %v", o, err)
			}
			waited(t, begun, 10*time.Second)
			m, err := c.Refresh(ctx)
			if err != nil || m.Topic(wrong) != nil {
				t.Errorf("the topic was created (%v)", err)
			}
		}
	})
}

func TestTopicsThatCameAndWent(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c, other := open(t, brokers), open(t, brokers)
		ctx := timeout(t, 60*time.Second)
		topic := newTopic(t, other, 2, nil)
		first, err := c.Topic(ctx, topic) // not in the snapshot
		if err != nil || len(first.Partitions) != 2 || first.ID == [16]byte{} {
			t.Fatalf("%+v, %v", first, err)
		}
		if err := other.DeleteTopic(ctx, topic); err != nil {
			t.Fatal(err)
		}
		if m, err := c.Refresh(ctx); err != nil || m.Topic(topic) != nil || c.Metadata().Topic(topic) != nil {
			t.Errorf("a deleted topic is still there (%v)", err)
		}
		if err := other.CreateTopic(ctx, NewTopic{Name: topic, Partitions: 3, ReplicationFactor: -1}); err != nil {
			t.Fatal(err)
		}
		second, err := c.Topic(ctx, topic)
		if err != nil || len(second.Partitions) != 3 || second.ID == first.ID {
			t.Errorf("%+v, %v; it was %x", second, err, first.ID)
		}
	})
}

func TestInternalTopicsAreMarked(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "plain"))
		f.ControlKey(int16(kmsg.Metadata), func(q kmsg.Request) (kmsg.Response, error, bool) {
			f.KeepControl()
			res := q.ResponseKind().(*kmsg.MetadataResponse)
			for name, internal := range map[string]bool{"__consumer_offsets": true, "plain": false} {
				rt := kmsg.NewMetadataResponseTopic()
				rt.Topic, rt.IsInternal = &name, internal
				res.Topics = append(res.Topics, rt)
			}
			return res, nil, true
		})
		m := open(t, f.ListenAddrs()).Metadata()
		if in, plain := m.Topic("__consumer_offsets"), m.Topic("plain"); in == nil || !in.Internal || plain == nil || plain.Internal {
			t.Errorf("%+v", m.Topics)
		}
	})
}

func TestMetadataOfAVastCluster(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		if testing.Short() {
			t.Skip("10,000 topics")
		}
		const n = 10_000
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("topic-%05d", i)
		}
		f := fake(t, kfake.NumBrokers(3), kfake.SeedTopics(1, names...))
		w := &wires{}
		c := open(t, f.ListenAddrs(), w.use)
		m, err := c.Refresh(timeout(t, 30*time.Second))
		if err != nil || len(m.Topics) != n {
			t.Fatalf("%d topics, %v", len(m.Topics), err)
		}
		topics := make([]*Topic, n)
		for i := range m.Topics {
			topics[i] = &m.Topics[i]
		}
		offsets, err := c.Offsets(timeout(t, 30*time.Second), AtEnd, ReadUncommitted, Partitions(topics...))
		if err != nil || len(offsets) != n {
			t.Fatalf("%d offsets, %v", len(offsets), err)
		}
		for tp, o := range offsets {
			if o.Err != nil || o.Offset != 0 {
				t.Fatalf("%v: %+v", tp, o)
			}
		}
		if asked := w.count(apiListOffsets); asked != 3 {
			t.Errorf("%d requests for the offsets, want one for each of 3 brokers", asked)
		}
	})
}

func TestOneHangingBrokerHidesNothing(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(3), kfake.SeedTopics(1, "t"))
		w := &wires{}
		c := open(t, f.ListenAddrs(), w.use)
		bad := c.Metadata().Brokers[0].Addr() // the one that is asked first
		w.set(func(q call) fate {
			if q.Address == bad {
				return hang
			}
			return pass
		})
		begun := time.Now()
		if _, err := c.Refresh(timeout(t, 20*time.Second)); err != nil {
			t.Error(err)
		}
		waited(t, begun, 3*time.Second)
	})
}

func TestRefreshIsSharedAndOutlivesWhoAskedFirst(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		c := open(t, f.ListenAddrs())
		asked, release := make(chan struct{}, 100), make(chan struct{})
		f.ControlKey(int16(kmsg.Metadata), func(q kmsg.Request) (kmsg.Response, error, bool) {
			f.KeepControl()
			if m := q.(*kmsg.MetadataRequest); m.Topics != nil {
				return nil, nil, false
			}
			asked <- struct{}{}
			f.SleepControl(func() { <-release })
			return nil, nil, false
		})
		first, cancel := context.WithCancel(t.Context())
		results := make(chan error, 9)
		go func() { _, err := c.Refresh(first); results <- err }()
		<-asked
		for range 8 {
			go func() { _, err := c.Refresh(timeout(t, 10*time.Second)); results <- err }()
		}
		cancel()
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up was told %v", err)
		}
		synctest.Wait() // all of them wait before there is an answer
		close(release)
		for range 8 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if len(asked) > 0 {
			t.Errorf("%d more requests for 8 callers", len(asked))
		}
	})
}

func TestNearestNames(t *testing.T) {
	var topics []Topic
	for _, n := range []string{"__orders", "customers", "message-log", "order", "orders", "orders.dlq", "payments"} {
		topics = append(topics, Topic{Name: n, Internal: strings.HasPrefix(n, "__")})
	}
	for name, want := range map[string][]string{
		"Orders":      {"orders", "order", "orders.dlq"},
		"mesage-log":  {"message-log"},
		"log":         {"message-log"},
		"zzz":         {},
		"payments-eu": {"payments"},
	} {
		got := nearest(name, topics)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if len(got) > 3 || slices.Contains(got, "__orders") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func FuzzMetadata(f *testing.F) {
	for v := metadataMin; v <= metadataMax; v++ {
		f.Add(bytes.Repeat([]byte{0xff}, 40), v)
		f.Add(make([]byte, 40), v)
	}
	f.Fuzz(func(t *testing.T, body []byte, version int16) {
		m, err := decodeMetadata(body, version, nil)
		if err == nil && len(m.Topics)+len(m.Brokers) > len(body) {
			t.Errorf("%d bytes became %d topics and %d brokers", len(body), len(m.Topics), len(m.Brokers))
		}
	})
}
