package kafka

// What a search will cost and how much it will find, from a sample: windows
// spread evenly over what is to be searched, in every partition in proportion.

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"milena/kafka/batch"
)

// SearchCost is what a search will read.
type SearchCost struct {
	Partitions int
	// Offsets to be searched, exactly. Compacted and transactional topics hold
	// fewer records than offsets.
	Offsets int64
	// Records and Bytes (in the log, compressed) by the headers of the batches
	// at a few places.
	Records, Bytes int64
}

// AssumedRate is what reading is taken to do before anything was read, in bytes
// of the log a second.
const AssumedRate = 100e6

// Time is how long reading will take at so many bytes a second, as an earlier
// search's Rate has it; 0 or less: AssumedRate.
func (s SearchCost) Time(rate float64) time.Duration {
	if rate <= 0 {
		rate = AssumedRate
	}
	return time.Duration(float64(s.Bytes) / rate * float64(time.Second))
}

// Sizes of samples.
const (
	costPlaces     = 24
	costBytes      = 8 << 10 // of each place
	estimatePlaces = 128
	estimateBytes  = 64 << 10
	wholeOffsets   = 20_000 // so few are looked at whole
)

// Cost says what searching spans will cost. It reads no record, only the headers
// of a few batches.
func (c *Cluster) Cost(ctx context.Context, spans []Span, iso Isolation) (SearchCost, error) {
	cost := SearchCost{Partitions: len(spans)}
	var offsets, records, size int64
	for _, s := range spans {
		cost.Offsets += max(0, s.To-s.From)
	}
	err := c.sample(ctx, spans, costPlaces, costBytes, iso, func(s Span, f *fetched) {
		from := s.From
		for h := range batch.Headers(f.records) {
			// Of a batch that begins before the place, only so much.
			share := float64(h.LastOffset+1-s.From) / float64(h.LastOffset+1-h.BaseOffset)
			if share = min(1, share); share <= 0 {
				continue
			}
			size += int64(share * float64(h.Size))
			if !h.Control && h.Count > 0 {
				records += int64(share * float64(h.Count))
			}
			from = max(from, h.LastOffset+1)
		}
		offsets += from - s.From
	})
	if err == nil && offsets > 0 {
		cost.Bytes = int64(float64(size) / float64(offsets) * float64(cost.Offsets))
		cost.Records = min(cost.Offsets, int64(float64(records)/float64(offsets)*float64(cost.Offsets)))
	}
	return cost, err
}

// Estimate is how many records of a range match.
type Estimate struct {
	Offsets int64 // in the range
	// Hits is the most likely number; with a confidence of 95 % it is from Low to
	// High, unless the matches lie in a few places that the sample missed. All
	// three are the same when Exact.
	Hits, Low, High int64
	Sampled         int64 // offsets that were looked at
	Exact           bool  // all of them were
}

// Share is how much of the range was looked at, in percent.
func (e *Estimate) Share() float64 { return 100 * float64(e.Sampled) / float64(max(1, e.Offsets)) }

// EstimateHits counts what matches in a sample of spans, without reading the
// rest; a small range it reads whole.
func (c *Cluster) EstimateHits(ctx context.Context, spans []Span, match func(TopicPartition) Matcher, iso Isolation) (Estimate, error) {
	e := Estimate{}
	for _, s := range spans {
		e.Offsets += max(0, s.To-s.From)
	}
	if e.Offsets <= wholeOffsets {
		s, err := c.NewSearch(SearchRequest{Spans: spans, Match: match, Isolation: iso, deaf: true})
		if err != nil {
			return e, err
		}
		err = s.Run(ctx, 0, nil)
		hits := s.Progress().Hits
		e.Hits, e.Low, e.High, e.Sampled, e.Exact = hits, hits, hits, e.Offsets, err == nil
		return e, err
	}
	d := batch.Decoder{Committed: iso == ReadCommitted}
	var seen, hits []float64
	matchers := make(map[TopicPartition]Matcher)
	err := c.sample(ctx, spans, estimatePlaces, estimateBytes, iso, func(s Span, f *fetched) {
		n := counter{}
		if match != nil {
			if n.match = matchers[s.TopicPartition]; n.match == nil {
				n.match = match(s.TopicPartition)
				matchers[s.TopicPartition] = n.match
			}
		}
		if next, _ := d.Walk(f.records, s.From, s.To, f.aborted, &n); next > s.From {
			seen = append(seen, float64(min(next, s.To)-s.From))
			hits = append(hits, n.hits)
		}
	})
	if err != nil {
		return e, err
	}
	e.ratio(seen, hits)
	return e, nil
}

// ratio is the ratio estimator of a sample of windows of different sizes, with
// its error (Cochran, Sampling Techniques, chapter 6).
func (e *Estimate) ratio(seen, hits []float64) {
	n := float64(len(seen))
	var offsets, found float64
	for i := range seen {
		offsets += seen[i]
		found += hits[i]
	}
	if n == 0 {
		e.High = e.Offsets
		return
	}
	all := float64(e.Offsets)
	rate := found / offsets
	var squares float64
	for i := range seen {
		squares += (hits[i] - rate*seen[i]) * (hits[i] - rate*seen[i])
	}
	mean := offsets / n
	spread := 0.0
	if n > 1 {
		spread = 1.96 * math.Sqrt(max(0, 1-offsets/all)*squares/(n-1)/n) / mean
	}
	// A few hits vary more than they show: of none among so many, the truth is
	// below 3 with that confidence (the rule of three).
	spread = max(spread, 3/offsets)
	// Of the windows 3 may be of a kind that the sample did not show: as full as
	// its fullest, where matches come in clusters.
	fullest := 0.0
	for i := range seen {
		fullest = max(fullest, hits[i]/seen[i])
	}
	unseen := 3 / n * (fullest - rate)
	e.Sampled = min(e.Offsets, int64(offsets))
	e.Hits = int64(math.Round(rate * all))
	e.Low = max(int64(found), int64(math.Floor((rate-spread)*all)))
	e.High = min(e.Offsets-int64(offsets-found), int64(math.Ceil((rate+spread+unseen)*all)))
	e.Low, e.High = min(e.Low, e.Hits), max(e.High, e.Hits)
}

// counter counts what matches.
type counter struct {
	match Matcher
	hits  float64
}

func (c *counter) Record(v *batch.View) bool {
	if c.match == nil || c.match.Match(v) {
		c.hits++
	}
	return true
}

func (c *counter) Skip(batch.Skip) {}

// sampleRequests are under way at the same time.
const sampleRequests = 4

// sample fetches at about n places that are spread evenly over spans, from a
// random start, about so many bytes each, and gives look what came, one after the
// other: the span from the place to the next one, and what was fetched there. A
// place that cannot be read is left out; when that is all of them, it is an
// error.
//
// Each place is a request of its own: only the first partition of a request is
// sure to get a batch that is larger than what was asked for (KIP-74).
func (c *Cluster) sample(ctx context.Context, spans []Span, n int, bytes int32, iso Isolation, look func(Span, *fetched)) error {
	var all int64
	for _, s := range spans {
		all += max(0, s.To-s.From)
	}
	if all == 0 {
		return nil
	}
	m := c.Metadata()
	step := float64(all) / float64(n)
	at, passed := rand.Float64()*step, 0.0
	var mu sync.Mutex // guards what follows, and look
	var failed error
	got := 0
	slots := make(chan struct{}, sampleRequests)
	var wg sync.WaitGroup
	for _, s := range spans {
		var leader *Broker
		t := m.Topic(s.Topic)
		if t != nil {
			if p := t.Partition(s.Partition); p != nil {
				leader = m.Broker(p.Leader)
			}
		}
		for ; at < passed+float64(s.To-s.From); at += step {
			if leader == nil {
				continue
			}
			from := min(s.From+int64(at-passed), s.To-1)
			place := Span{s.TopicPartition, from, min(from+max(1, int64(step)), s.To)}
			q := &fetchRequest{maxWait: fetchWait, minBytes: 1, maxBytes: bytes, isolation: iso, parts: []fetchPart{
				{TopicPartition: s.TopicPartition, topicID: t.ID, epoch: -1, offset: from, maxBytes: bytes}}}
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				if ctx.Err() != nil {
					return
				}
				parts, a, err := c.fetch(ctx, leader.Addr(), q)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					failed = err
					return
				}
				defer c.buffers.put(a.buf)
				if len(parts) == 1 && parts[0].code == codeNone {
					got++
					look(place, &parts[0])
				}
			})
		}
		passed += float64(max(0, s.To-s.From))
	}
	wg.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case got == 0:
		return cmp.Or(failed, errors.New("no part of the sample could be read"))
	}
	return nil
}
