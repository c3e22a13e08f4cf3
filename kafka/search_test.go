package kafka

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"milena/internal/testseed"
	"milena/kafka/batch"
	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

// having makes matchers of values that contain a text.
func having(text string) func(TopicPartition) Matcher {
	return func(TopicPartition) Matcher { return contains(text) }
}

// skimmingFor is having, and need not see every record.
type skimmingFor struct{ contains }

func (m skimmingFor) Skim(records []byte) int { return bytes.Index(records, []byte(m.contains)) }

// everything is all of a topic, as it is now.
func everything(t testing.TB, c *Cluster, topic string) []Span {
	t.Helper()
	spans, _, err := c.Resolve(timeout(t, 30*time.Second), everyPartition(t, c, topic), Position{}, &Position{Kind: End}, ReadUncommitted)
	if err != nil {
		t.Fatal(err)
	}
	return spans
}

func newSearch(t testing.TB, c *Cluster, req SearchRequest) *Search {
	t.Helper()
	s, err := c.NewSearch(req)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// searchOn runs a search and gives what it found.
func searchOn(t testing.TB, s *Search, limit int64) []Record {
	t.Helper()
	var found []Record
	err := s.Run(timeout(t, 60*time.Second), limit, func(hits []Record) error {
		found = append(found, hits...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// places are records by partition and offset.
func places(records []Record) []string {
	ps := make([]string, len(records))
	for i, r := range records {
		ps[i] = fmt.Sprintf("%d/%d", r.Partition, r.Offset)
	}
	return ps
}

// inOrder is what a search must give: said as one would say it, of all records.
func inOrder(all []Record, order SearchOrder, hit func(*Record) bool) []Record {
	type placed struct {
		Record
		key int64
	}
	byPartition := func(a, b Record) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	}
	all = slices.SortedFunc(slices.Values(all), byPartition)
	if order == NewestFirst {
		slices.SortStableFunc(all, func(a, b Record) int {
			return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(b.Offset, a.Offset))
		})
	}
	var items []placed
	key := int64(math.MinInt64)
	for i, r := range all {
		if i == 0 || all[i-1].Partition != r.Partition {
			key = math.MinInt64
		}
		switch order {
		case ByTime:
			key = max(key, r.Timestamp)
		case NewestFirst:
			key = max(key, -r.Timestamp)
		}
		if hit(&r) {
			items = append(items, placed{r, key})
		}
	}
	slices.SortStableFunc(items, func(a, b placed) int { return cmp.Compare(a.key, b.key) })
	hits := make([]Record, len(items))
	for i := range items {
		hits[i] = items[i].Record
	}
	return hits
}

func TestASearchGivesEachHitOnceInItsOrderHoweverOftenItIsInterrupted(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		base := time.Now().UnixMilli() - 10_000_000
		testseed.Check(t, func(r *rapid.T) {
			partitions := rapid.Int32Range(1, 4).Draw(r, "partitions")
			topic := newTopic(t, c, partitions, nil)
			disorder := rapid.SampledFrom([]int64{0, 5, 5000}).Draw(r, "disorder")
			n := rapid.IntRange(0, 4000).Draw(r, "records")
			every := rapid.SampledFrom([]int{1, 3, 500}).Draw(r, "every")
			random := rapid.SampledFrom([]uint64{1, 2, 3}).Draw(r, "seed")
			var recs []*kgo.Record
			for i := range n {
				random = random*6364136223846793005 + 1442695040888963407
				at := base + int64(i) + int64(random>>33)%(disorder+1)
				// The last partition is a quiet one.
				p := int32(random>>40) % partitions
				if p == partitions-1 && random>>50&3 > 0 {
					p = 0
				}
				value := "miss"
				if i%every == 0 {
					value = "hit"
				}
				recs = append(recs, &kgo.Record{Topic: topic, Partition: p, Value: fmt.Append(nil, value, i), Timestamp: time.UnixMilli(at)})
			}
			for together := range slices.Chunk(recs, rapid.SampledFrom([]int{50, 1000, 4000}).Draw(r, "together")) {
				if err := k.ProduceSync(t.Context(), together...).FirstErr(); err != nil {
					r.Fatal(err)
				}
			}
			spans := everything(t, c, topic)
			all := searchOn(t, newSearch(t, c, SearchRequest{Spans: spans}), 0)
			if len(all) != n {
				r.Fatalf("%d records of %d", len(all), n)
			}
			order := rapid.SampledFrom([]SearchOrder{OldestFirst, NewestFirst, ByTime}).Draw(r, "order")
			want := inOrder(all, order, func(rec *Record) bool { return strings.HasPrefix(string(rec.Value), "hit") })

			match, skims := having("hit"), rapid.Bool().Draw(r, "skims")
			if skims {
				match = func(TopicPartition) Matcher { return skimmingFor{"hit"} }
			}
			s := newSearch(t, c, SearchRequest{Spans: spans, Match: match, Order: order})
			var found []Record
			for run := 0; !s.Progress().Done; run++ {
				if run > 20_000 {
					r.Fatal("it does not end")
				}
				ctx, cancel := context.WithCancel(timeout(t, 60*time.Second))
				limit, before := int64(0), len(found)
				switch rapid.IntRange(0, 3).Draw(r, "interruption") {
				case 0:
					limit = int64(len(found) + rapid.IntRange(1, 300).Draw(r, "more"))
				case 1: // in mid-delivery
					left := rapid.IntRange(0, 2).Draw(r, "calls")
					err := s.Run(ctx, 0, func(hits []Record) error {
						found = append(found, hits...)
						if left--; left < 0 {
							cancel()
						}
						return nil
					})
					cancel()
					if err != nil && !errors.Is(err, context.Canceled) {
						r.Fatal(err)
					}
					continue
				}
				err := s.Run(ctx, limit, func(hits []Record) error {
					found = append(found, hits...)
					return nil
				})
				cancel()
				if err != nil {
					r.Fatal(err)
				}
				if p := s.Progress(); limit > 0 && int64(len(found)) > limit || p.Hits != int64(len(found)) || !p.Done && limit > 0 && int64(len(found)) < limit {
					r.Fatalf("%d, then %d found, limit %d, %d by its progress, done: %t", before, len(found), limit, p.Hits, p.Done)
				}
				for _, span := range s.Left() {
					for _, rec := range found {
						if rec.Partition == span.Partition && rec.Offset >= span.From && rec.Offset < span.To {
							r.Fatalf("%d/%d was given, and is left: %v", rec.Partition, rec.Offset, span)
						}
					}
				}
			}
			have := places(found)
			// No order among partitions; or one that depends on the earliest timestamp of
			// batches that were not read.
			if order == OldestFirst || order == NewestFirst && skims && disorder > 0 {
				slices.SortStableFunc(found, func(a, b Record) int { return cmp.Compare(a.Partition, b.Partition) })
				slices.SortStableFunc(want, func(a, b Record) int { return cmp.Compare(a.Partition, b.Partition) })
				have = places(found)
			}
			if !slices.Equal(have, places(want)) {
				r.Fatalf("%s first: %d found, want %d\n%v\n%v", order, len(found), len(want), have, places(want))
			}
			if left := s.Left(); len(left) > 0 {
				r.Fatalf("done, and left: %v", left)
			}
		})
	})
}

func TestTheNewestHitOfALargeTopicNeedsNoReadingOfItAll(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 2, nil)
		var recs []*kgo.Record
		for i := range 60_000 {
			recs = append(recs, &kgo.Record{Topic: topic, Partition: int32(i % 2), Value: fmt.Append(nil, i)})
		}
		if err := k.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		s := newSearch(t, c, SearchRequest{Spans: everything(t, c, topic), Match: having("9"), Order: NewestFirst})
		found := searchOn(t, s, 3)
		if len(found) != 3 {
			t.Fatalf("%d found", len(found))
		}
		if p := s.Progress(); p.Records > 10_000 || p.Records == 0 || p.Bytes == 0 {
			t.Errorf("%d records of %d bytes were read for 3 hits at the end", p.Records, p.Bytes)
		}
	})
}

func TestASearchOfWhatIsCountedOnlyKeepsNothing(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 2, nil)
		write(t, client(t, brokers), topic, 0, 500)
		for _, order := range []SearchOrder{OldestFirst, NewestFirst, ByTime} {
			s := newSearch(t, c, SearchRequest{Spans: everything(t, c, topic), Match: having("7"), Order: order})
			if err := s.Run(timeout(t, 30*time.Second), 0, nil); err != nil {
				t.Fatal(err)
			}
			p := s.Progress()
			searched, all := p.Offsets()
			if p.Hits != 95 || !p.Done || searched != 500 || all != 500 || p.Records != 500 {
				t.Errorf("%s: %d hits, done: %t, %d of %d, %d records", order, p.Hits, p.Done, searched, all, p.Records)
			}
		}
	})
}

func TestASearchEndsOnTransactionalTopicsAndWhereNothingIsLeft(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		tx := transactional(t, brokers, topic)
		rec := func(v string) *kgo.Record { return &kgo.Record{Topic: topic, Value: []byte(v)} }
		transact(t, tx, kgo.TryCommit, rec("a hit"), rec("b"))
		transact(t, tx, kgo.TryAbort, rec("an aborted hit"))
		transact(t, tx, kgo.TryCommit, rec("c hit")) // a marker is last
		for _, order := range []SearchOrder{OldestFirst, NewestFirst, ByTime} {
			for iso, want := range map[Isolation]int{ReadUncommitted: 3, ReadCommitted: 2} {
				s := newSearch(t, c, SearchRequest{Spans: everything(t, c, topic), Match: having("hit"), Order: order, Isolation: iso})
				if found := searchOn(t, s, 0); len(found) != want || !s.Progress().Done {
					t.Errorf("%s, %s: %d found, want %d; done: %t", order, iso, len(found), want, s.Progress().Done)
				}
			}
		}
		empty := newSearch(t, c, SearchRequest{Order: ByTime})
		if found := searchOn(t, empty, 0); len(found) != 0 || !empty.Progress().Done {
			t.Errorf("of nothing: %d found", len(found))
		}
	})
}

func TestWhatRetentionTookMeanwhileIsReported(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		for _, order := range []SearchOrder{OldestFirst, NewestFirst, ByTime} {
			topic := newTopic(t, c, 1, nil)
			write(t, k, topic, 0, 5000)
			spans := everything(t, c, topic)
			trim(t, k, topic, 0, 4000)
			s := newSearch(t, c, SearchRequest{Spans: spans, Order: order})
			found := searchOn(t, s, 0)
			p := s.Progress()
			if len(found) != 1000 || p.Missed != 4000 || len(p.Trouble) != 1 || p.Trouble[0].Kind != Gone ||
				p.Trouble[0].First != 0 || p.Trouble[0].Last != 3999 || !p.Done {
				t.Errorf("%s: %d found, %d missed, %v", order, len(found), p.Missed, p.Trouble)
			}
		}
	})
}

func TestASearchDoesNotGoOnInATopicThatWasCreatedAgain(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]SearchOrder{"oldest first": OldestFirst, "newest first": NewestFirst, "by time": ByTime} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble.Run(t, func(t *testing.T) {
				f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
				c := open(t, f.ListenAddrs())
				write(t, client(t, f.ListenAddrs()), "t", 0, 500)
				s := newSearch(t, c, SearchRequest{Spans: everything(t, c, "t"), Match: having(""), Order: order})
				if found := searchOn(t, s, 5); len(found) != 5 {
					t.Fatalf("%d hits, want 5", len(found))
				}
				if err := f.DeleteTopic("t"); err != nil {
					t.Fatal(err)
				}
				if err := f.CreateTopic("t", 1, nil); err != nil {
					t.Fatal(err)
				}
				write(t, client(t, f.ListenAddrs()), "t", 0, 500)
				for range 2 { // nor when it is told so again
					var another *TopicRecreatedError
					if err := s.Run(timeout(t, 20*time.Second), 0, func(hits []Record) error { return nil }); !errors.As(err, &another) {
						t.Fatalf("after the topic was created again: %v, with %d hits", err, s.Progress().Hits)
					}
				}
				if p := s.Progress(); p.Done {
					t.Errorf("it is said to be done: %+v", p)
				}
			})
		})
	}
}

func TestWhatCannotBeReadIsCountedAndListed(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		damaged := encoded(t, batch.Zstd, 3, values("d0", "d1")...)
		damaged[len(damaged)-1] ^= 0x55
		bomb := encoded(t, batch.Gzip, 5, batch.Record{Value: make([]byte, batch.DefaultMaxBytes+1)})
		untimed := encoded(t, batch.LZ4, 20, batch.Record{Timestamp: -1, Value: []byte("hit 20")})
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		// Between 6 and 20 is nothing: compacted away.
		serve(t, f, 25, encoded(t, batch.None, 0, values("hit 0", "1", "hit 2")...), damaged, bomb, untimed)
		c := open(t, f.ListenAddrs())
		for _, order := range []SearchOrder{OldestFirst, NewestFirst, ByTime} {
			s := newSearch(t, c, SearchRequest{Spans: []Span{{TopicPartition{"t", 0}, 0, 21}}, Match: having("hit"), Order: order})
			want := []string{"0/0", "0/2", "0/20"}
			if order == NewestFirst {
				slices.Reverse(want)
			}
			if found := searchOn(t, s, 0); !slices.Equal(places(found), want) {
				t.Errorf("%s: %v", order, places(found))
			}
			p := s.Progress()
			if p.Missed != 3 || len(p.Trouble) != 2 || p.Untimed != 1 || !p.Done || p.Records != 4 {
				t.Fatalf("%s: %d missed: %v; %d untimed, done: %t, %d records", order, p.Missed, p.Trouble, p.Untimed, p.Done, p.Records)
			}
			for _, trouble := range p.Trouble {
				want := Trouble{TopicPartition{"t", 0}, 3, 4, Corrupt, trouble.Err}
				if trouble.Kind == TooLarge {
					want = Trouble{TopicPartition{"t", 0}, 5, 5, TooLarge, trouble.Err}
				}
				if trouble != want || trouble.Err == nil || !strings.HasPrefix(trouble.String(), "t/0: offset") {
					t.Errorf("%s: %+v", order, trouble)
				}
			}
		}
	})
}

func TestASearchOfACompactedTopicEnds(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		// A real broker compacts when it likes.
		f := fake(t, kfake.NumBrokers(1))
		c := open(t, f.ListenAddrs())
		topic := newTopic(t, c, 1, map[string]string{"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "segment.bytes": "1000"})
		k := client(t, f.ListenAddrs())
		for i := range 600 {
			key := fmt.Append(nil, i%7)
			if i == 0 {
				key = []byte("stays") // so that the log begins at 0
			}
			if err := k.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: key, Value: fmt.Append(nil, i)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		f.Compact()
		for _, order := range []SearchOrder{OldestFirst, NewestFirst, ByTime} {
			s := newSearch(t, c, SearchRequest{Spans: everything(t, c, topic), Order: order})
			found := searchOn(t, s, 0)
			p := s.Progress()
			if searched, all := p.Offsets(); len(found) == 0 || len(found) == 600 || searched != 600 || all != 600 || !p.Done {
				t.Errorf("%s: %d found, %d of %d searched, done: %t", order, len(found), searched, all, p.Done)
			}
		}
	})
}

func TestAGrowingTopicEndsWhereItEndedUnlessItIsFollowed(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 1, nil)
		write(t, k, topic, 0, 10)
		spans := everything(t, c, topic)
		write(t, k, topic, 0, 10)
		if found := searchOn(t, newSearch(t, c, SearchRequest{Spans: spans}), 0); len(found) != 10 {
			t.Errorf("%d found of the first 10", len(found))
		}
		for _, order := range []SearchOrder{OldestFirst, NewestFirst, ByTime} {
			s := newSearch(t, c, SearchRequest{Spans: spans, Order: order, Follow: true})
			if found := searchOn(t, s, 15); len(found) != 15 {
				t.Errorf("%s: %d found of 15 while following", order, len(found))
			}
			if p := s.Progress(); !p.Following {
				t.Error("it does not say that it follows")
			}
			if found := searchOn(t, s, 20); len(found) != 5 || found[0].Offset != 15 {
				t.Errorf("%s: %v after the first 15", order, places(found))
			}
		}
	})
}

// Whatever the order of what was there, and wherever it is interrupted: what comes
// is found once, and in its order.
func TestASearchThatIsDoneCanBeFollowed(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		for _, order := range []SearchOrder{OldestFirst, NewestFirst, ByTime} {
			topic := newTopic(t, c, 2, nil)
			write(t, k, topic, 0, 30)
			write(t, k, topic, 1, 30)
			s := newSearch(t, c, SearchRequest{Spans: everything(t, c, topic), Order: order})
			found := searchOn(t, s, 0)
			if p := s.Progress(); len(found) != 60 || !p.Done || p.Following {
				t.Fatalf("%s: %d found of 60, done: %t, following: %t", order, len(found), p.Done, p.Following)
			}
			write(t, k, topic, 0, 30) // between the end and the following
			s.Follow()
			for limit := int64(67); limit <= 150; limit += 7 {
				if limit == 88 {
					write(t, k, topic, 1, 60)
				}
				found = append(found, searchOn(t, s, limit)...)
			}
			found = append(found, searchOn(t, s, 150)...)
			next := map[int32]int64{0: 30, 1: 30}
			for _, r := range found[60:] {
				if r.Offset != next[r.Partition] {
					t.Fatalf("%s: %v after what was there", order, places(found[60:]))
				}
				next[r.Partition]++
			}
			if p := s.Progress(); len(found) != 150 || !p.Following {
				t.Errorf("%s: %d found of 150, following: %t", order, len(found), p.Following)
			}
		}
	})
}

func TestASearchIsCancelledAndLeavesNothingBehind(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		k := client(t, brokers)
		write(t, k, topic, 0, 100)
		k.Close() // what it does in the background is not ours
		spans := everything(t, c, topic)
		before := goleak.IgnoreCurrent()
		for _, order := range []SearchOrder{OldestFirst, NewestFirst, ByTime} {
			ctx, cancel := context.WithCancel(t.Context())
			s := newSearch(t, c, SearchRequest{Spans: spans, Order: order})
			err := s.Run(ctx, 0, func([]Record) error { cancel(); return nil })
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			full := errors.New("the disk is full")
			s = newSearch(t, c, SearchRequest{Spans: spans, Order: order})
			if err := s.Run(t.Context(), 0, func([]Record) error { return full }); !errors.Is(err, full) {
				t.Errorf("%s: %v", order, err)
			}
			cancel()
		}
		c.Close()
		leavesNothing(t, before)
	})
}

func TestTheHistoryOfAKey(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 4, nil)
		lives := Murmur2.Of([]byte("user-1"), 4)
		var recs []*kgo.Record
		for _, v := range [][]byte{[]byte("a"), nil, []byte(""), []byte("b")} {
			recs = append(recs, &kgo.Record{Topic: topic, Partition: lives, Key: []byte("user-1"), Value: v},
				&kgo.Record{Topic: topic, Partition: lives, Key: []byte("user-11"), Value: []byte("user-1")},
				&kgo.Record{Topic: topic, Partition: (lives + 1) % 4, Value: []byte("user-1")})
		}
		if err := k.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		here, rest := c.KeySpans(everything(t, c, topic), []byte("user-1"), Murmur2)
		if len(here) != 1 || here[0].Partition != lives || len(rest) != 3 {
			t.Fatalf("%v, and the rest %v", here, rest)
		}
		s := newSearch(t, c, SearchRequest{Spans: here, Match: func(TopicPartition) Matcher { return KeyIs([]byte("user-1")) }})
		var values []string
		for _, r := range searchOn(t, s, 0) {
			values = append(values, fmt.Sprintf("%q %t", r.Value, r.Value == nil))
		}
		if want := []string{`"a" false`, `"" true`, `"" false`, `"b" false`}; !slices.Equal(values, want) {
			t.Errorf("%q", values)
		}
		for key, want := range map[string]int{"\x00null": 4, "": 0} {
			m := KeyIs([]byte(key))
			if key == "\x00null" {
				m = KeyIs(nil)
			}
			s := newSearch(t, c, SearchRequest{Spans: rest, Match: func(TopicPartition) Matcher { return m }})
			if found := searchOn(t, s, 0); len(found) != want {
				t.Errorf("%d records with the key %q, want %d", len(found), key, want)
			}
		}
	})
}

func TestSinceMovesTheStartOnlyPastWhatIsOlder(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers)
		topic := newTopic(t, c, 2, nil)
		base := time.Now().UnixMilli() - 100_000
		writeAt(t, k, topic, 0, base, base+50, base+10, base+60)
		writeAt(t, k, topic, 1, base, base)
		spans, err := Since(timeout(t, 30*time.Second), c, everything(t, c, topic), base+20, ReadUncommitted)
		if err != nil {
			t.Fatal(err)
		}
		if spans[0].From != 1 || spans[1].From != 2 || spans[1].To != 2 {
			t.Errorf("%v", spans)
		}
	})
}

func TestEstimatesHoldTheTruth(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		c := open(t, brokers)
		k := client(t, brokers, kgo.ProducerBatchMaxBytes(8<<10), kgo.ProducerBatchCompression(kgo.NoCompression()))
		topic := newTopic(t, c, 3, nil)
		const n = 60_000
		var recs []*kgo.Record
		truth := int64(0)
		rnd := rand.New(rand.NewPCG(1, 2)) // a pattern would fit into the sample's windows, or not
		for i := range n {
			v := fmt.Sprintf("%d %s", i, strings.Repeat("x", 100))
			if rnd.IntN(1000) < 150 {
				v = "hit " + v
				truth++
			}
			recs = append(recs, &kgo.Record{Topic: topic, Partition: int32(i % 3), Value: []byte(v)})
		}
		if err := k.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		spans := everything(t, c, topic)
		held, wide := 0, 0
		for range 20 {
			e, err := c.EstimateHits(timeout(t, 30*time.Second), spans, having("hit"), ReadUncommitted)
			if err != nil {
				t.Fatal(err)
			}
			if e.Offsets != n || e.Sampled == 0 || e.Low > e.Hits || e.Hits > e.High {
				t.Fatalf("%+v", e)
			}
			if e.Low <= truth && truth <= e.High {
				held++
			}
			if e.High-e.Low > truth {
				wide++
			}
		}
		if held < 15 || wide > 0 {
			t.Errorf("of 20 estimates %d hold the truth, and %d are too wide", held, wide)
		}
		if e, err := c.EstimateHits(timeout(t, 30*time.Second), spans, having("never"), ReadUncommitted); err != nil || e.Hits != 0 || e.Low != 0 || e.High == 0 {
			t.Errorf("of what is not there: %+v, %v", e, err)
		}
		few := []Span{{spans[0].TopicPartition, 0, 1000}}
		if e, err := c.EstimateHits(timeout(t, 30*time.Second), few, nil, ReadUncommitted); err != nil || !e.Exact || e.Hits != 1000 {
			t.Errorf("of a few: %+v, %v", e, err)
		}
		cost, err := c.Cost(timeout(t, 30*time.Second), spans, ReadUncommitted)
		if err != nil {
			t.Fatal(err)
		}
		s := newSearch(t, c, SearchRequest{Spans: spans})
		if err := s.Run(timeout(t, 30*time.Second), 0, nil); err != nil {
			t.Fatal(err)
		}
		p := s.Progress()
		if near := float64(cost.Bytes) / float64(p.Bytes); cost.Offsets != n || cost.Records < n*9/10 || cost.Records > n || near < 0.8 || near > 1.25 {
			t.Errorf("it was to cost %+v; it cost %d bytes", cost, p.Bytes)
		}
	})
}

func TestPartitionersAgreeWithTheirClients(t *testing.T) {
	sarama := kgo.SaramaCompatHasher(func(b []byte) uint32 {
		h := uint32(2166136261)
		for _, c := range b {
			h = (h ^ uint32(c)) * 16777619
		}
		return h
	})
	for i := range 3000 {
		key := fmt.Appendf(nil, "key-%d", i)
		for _, n := range []int{1, 6, 7, 100} {
			if got, want := FNV1a.Of(key, n), sarama(key, n); int(got) != want {
				t.Fatalf("fnv1a: %q of %d: %d, want %d", key, n, got, want)
			}
			if got := CRC32.Of(key, n); got < 0 || int(got) >= n {
				t.Fatalf("crc32: %q of %d: %d", key, n, got)
			}
			if Murmur2.Of(key, n) != PartitionOf(key, n) {
				t.Fatal("murmur2 is not Java's")
			}
		}
	}
	// The check value of CRC-32 is 0xcbf43926, unsigned: as librdkafka has it.
	if got := CRC32.Of([]byte("123456789"), 1000); int64(got) != 0xcbf43926%1000 {
		t.Errorf("crc32 of the check text: %d", got)
	}
	for name, fine := range map[string]bool{"murmur2": true, "crc32": true, "fnv1a": true, "md5": false, "": false} {
		if _, err := ParsePartitioner(name); (err == nil) != fine {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestPatternsAreToldFromNames(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		for text, pattern := range map[string]bool{"orders": false, "a.B_c-9": false, "__x": false, "orders.*": true, "^a": true, "a|b": true, "o?": true, "": false} {
			if IsTopicPattern(text) != pattern {
				t.Errorf("%q is a pattern: %t", text, !pattern)
			}
		}
		c := open(t, brokers)
		topic := newTopic(t, c, 1, nil)
		for pattern, there := range map[string]bool{topic[:len(topic)-2] + ".*": true, topic[:len(topic)-2] + "(": false, topic[1:] + "$": false, "[x]nothing": false} {
			names, err := c.TopicsLike(timeout(t, 30*time.Second), pattern)
			if (err == nil) != there || there && !slices.Equal(names, []string{topic}) {
				t.Errorf("%q: %v, %v", pattern, names, err)
			}
		}
	})
}

// Queues whose keys never go down are merged as a sort would.
func TestAMergeIsASort(t *testing.T) {
	testseed.Check(t, func(r *rapid.T) {
		var queues []*mergeQueue
		var want []string
		type item struct {
			key  int64
			rank int
			at   int
		}
		var items []item
		for rank := range rapid.IntRange(0, 6).Draw(r, "queues") {
			q := &mergeQueue{rank: rank, ended: true}
			key := int64(0)
			for at := range rapid.IntRange(0, 20).Draw(r, "items") {
				key += rapid.Int64Range(0, 3).Draw(r, "step")
				q.items = append(q.items, mergeItem{Record{Partition: int32(rank), Offset: int64(at)}, key})
				items = append(items, item{key, rank, at})
			}
			queues = append(queues, q)
		}
		slices.SortStableFunc(items, func(a, b item) int {
			return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.rank, b.rank))
		})
		for _, i := range items {
			want = append(want, fmt.Sprintf("%d/%d", i.rank, i.at))
		}
		var got []Record
		m := newMerge(queues)
		for rec, ok := m.next(); ok; rec, ok = m.next() {
			got = append(got, rec)
		}
		if !slices.Equal(places(got), want) && len(want) > 0 {
			r.Fatalf("%v, want %v", places(got), want)
		}
	})
}

func BenchmarkMerge(b *testing.B) {
	const queues, n = 12, 1000
	for b.Loop() {
		qs := make([]*mergeQueue, queues)
		for rank := range qs {
			q := &mergeQueue{rank: rank, ended: true}
			for i := range int64(n) {
				q.items = append(q.items, mergeItem{Record{Partition: int32(rank), Offset: i}, i})
			}
			qs[rank] = q
		}
		m := newMerge(qs)
		for _, ok := m.next(); ok; _, ok = m.next() {
		}
	}
	b.ReportMetric(float64(queues*n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
