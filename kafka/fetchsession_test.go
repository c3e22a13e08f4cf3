package kafka

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"milena/internal/testseed"
	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// remembering is a broker as KIP-227 has it: it keeps what a session names, by
// topic ID or by name, whatever becomes of the answers.
type remembering struct {
	id, epoch int32
	parts     map[string]fetchPart
}

// takes is one request; an error code when the session is not the one that it has.
func (b *remembering) takes(n fetchNamed, byID bool, next int32) (id int32, code int16) {
	key := func(p fetchPart) string {
		if byID {
			return fmt.Sprint(p.topicID, p.Partition)
		}
		return fmt.Sprint(p.Topic, p.Partition)
	}
	switch {
	case n.epoch == 0:
		b.id, b.epoch, b.parts = next, 0, make(map[string]fetchPart)
	case n.session != b.id:
		return 0, codeFetchSessionIDNotFound
	case n.epoch != b.epoch:
		return 0, codeInvalidFetchSessionEpoch
	}
	for _, p := range n.parts {
		b.parts[key(p)] = p
	}
	for _, p := range n.forgotten {
		delete(b.parts, key(p))
	}
	b.epoch++
	return b.id, codeNone
}

// However requests and answers get lost, sessions are evicted and topics created
// again: what a broker reads for us is what was asked.
func TestASessionHoldsWhatIsAsked(t *testing.T) {
	testseed.Check(t, func(t *rapid.T) {
		var s fetchSession
		var b remembering
		byID := true
		named, asked := 0, 0
		for range rapid.IntRange(1, 30).Draw(t, "requests") {
			switch rapid.IntRange(0, 12).Draw(t, "before") {
			case 0:
				b = remembering{} // evicted, or the broker began anew
			case 1:
				byID = !byID
			case 2:
				s.again()
			}
			var parts []fetchPart
			for _, topic := range []string{"a", "b", "c"} {
				id := [16]byte{topic[0], byte(rapid.IntRange(1, 2).Draw(t, "id"))}
				for p := range int32(4) {
					if rapid.IntRange(0, 3).Draw(t, "is read") > 0 {
						parts = append(parts, fetchPart{TopicPartition: TopicPartition{topic, p}, topicID: id,
							epoch: rapid.Int32Range(1, 2).Draw(t, "epoch"), offset: rapid.Int64Range(1, 3).Draw(t, "offset"), maxBytes: 9})
					}
				}
			}
			turn := 0
			if len(parts) > 0 {
				turn = rapid.IntRange(0, len(parts)-1).Draw(t, "turn")
			}
			for try := 0; ; try++ {
				n := s.ask(parts, turn, byID)
				named, asked = named+len(n.parts), asked+len(parts)
				id, code := b.takes(n, byID, rapid.SampledFrom([]int32{0, 5, 6, 7}).Draw(t, "session"))
				if code == codeNone {
					if len(b.parts) != len(parts) {
						t.Fatalf("asked %+v, the broker holds %+v", parts, b.parts)
					}
					for _, p := range parts {
						if !slices.Contains(slices.Collect(maps.Values(b.parts)), p) {
							t.Fatalf("asked %+v, the broker holds %+v", parts, b.parts)
						}
					}
					switch rapid.IntRange(0, 9).Draw(t, "answer") {
					case 0:
						s.again() // lost
					case 1:
						s.answered(id, true)
					default:
						s.answered(id, false)
					}
					break
				}
				if try > 0 || !s.refused(code) {
					t.Fatalf("try %d is refused with %d", try, code)
				}
			}
		}
		if named > asked {
			t.Errorf("%d named for %d that are read", named, asked)
		}
	})
}

// Of 300 partitions that are followed a request names those that have moved, and
// a session that the broker lets go of is begun anew without a loss.
func TestAQuietReadKeepsASession(t *testing.T) {
	t.Parallel()
	bubble.Run(t, func(t *testing.T) {
		const partitions = 300
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(partitions, "t"))
		type asked struct {
			epoch            int32
			named, forgotten int
		}
		var mu sync.Mutex
		var requests []asked
		f.ControlKey(int16(kmsg.Fetch), func(q kmsg.Request) (kmsg.Response, error, bool) {
			f.KeepControl()
			r := q.(*kmsg.FetchRequest)
			a := asked{epoch: r.SessionEpoch}
			for _, rt := range r.Topics {
				a.named += len(rt.Partitions)
			}
			for _, rt := range r.ForgottenTopics {
				a.forgotten += len(rt.Partitions)
			}
			mu.Lock()
			defer mu.Unlock()
			requests = append(requests, a)
			return nil, nil, false
		})
		seen := func() []asked {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(requests)
		}
		var spans []Span
		for p := range int32(partitions) {
			spans = append(spans, Span{TopicPartition{"t", p}, 0, NoEnd})
		}
		c := open(t, f.ListenAddrs())
		k := client(t, f.ListenAddrs())
		write(t, k, "t", 7, 3)
		got := newCollector()
		follow(t, c, ReadRequest{Spans: spans}, got)
		got.await(t, "what is there", func() bool { return got.taken == 3 })
		got.await(t, "a session", func() bool { return slices.ContainsFunc(seen(), func(a asked) bool { return a.epoch > 0 }) })
		write(t, k, "t", 7, 2)
		write(t, k, "t", 299, 4)
		got.await(t, "what comes", func() bool { return got.taken == 9 })
		got.await(t, "a request that says so", func() bool {
			all := seen()
			return slices.Contains(all, asked{all[len(all)-1].epoch, 0, 0})
		})
		for i, a := range seen() {
			switch {
			case a.epoch <= 0 && a.named != partitions, a.epoch > 0 && a.named > 2, a.forgotten > 0:
				t.Errorf("request %d: %+v", i, a)
			}
		}
		begun := func() (n int) {
			for _, a := range seen() {
				if a.epoch == 0 {
					n++
				}
			}
			return n
		}
		if n := begun(); n != 1 {
			t.Errorf("%d sessions", n)
		}

		for i, refusal := range []*kerr.Error{kerr.FetchSessionIDNotFound, kerr.InvalidFetchSessionEpoch, kerr.FetchSessionTopicIDError} {
			f.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, TopLevel: true, Err: refusal, Count: 1})
			write(t, k, "t", int32(i), 5)
			got.await(t, "what comes after "+refusal.Message, func() bool { return got.taken == 9+5*(i+1) })
			got.await(t, "another session", func() bool { return begun() == i+2 })
		}
		if len(got.events) > 0 {
			t.Errorf("such a trifle was told: %v", got.events)
		}
		for p, n := range map[int32]int64{7: 5, 299: 4, 0: 5, 1: 5, 2: 5} {
			if have := got.of("t", p).offsets; int64(len(have)) != n || have[n-1] != n-1 {
				t.Errorf("partition %d: offsets %v", p, have)
			}
		}
	})
}
