package kafka

// Many partitions as one stream, merged by time.
//
//	Read's workers ── chunks of copied records ──▶ a queue each ──▶ merger ──▶ sink
//
// A record's key is the latest timestamp of its partition up to it, so that it
// never goes down within a partition, whose order is kept. Of all queues the one
// with the least key is next. A partition that is not yet read to the end of its
// history may still have something earlier, and is waited for; of what comes
// live nobody knows, and it is waited for as long as the window. A partition
// that is far ahead of the others is held back: it is not fetched until its
// queue is shorter.

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"milena/kafka/batch"
)

// OrderedRequest says what to read in the order of time.
type OrderedRequest struct {
	ReadRequest
	// History is where each partition's history ends: up to there the order is
	// exact. A partition that is not in it has none; a span with an end is all
	// history.
	History map[TopicPartition]int64
	// Window is how long a record that comes live waits for earlier ones; 0:
	// DefaultWindow.
	Window time.Duration
	// Match makes a matcher for a partition, which decides before a record is
	// copied; nil: all are given. Those that are left out count as read.
	Match func(TopicPartition) Matcher
}

// DefaultWindow is how long live records wait for earlier ones.
const DefaultWindow = 500 * time.Millisecond

// OrderedSink takes what a ReadOrdered finds. Record, Reached and Flush come from
// one goroutine.
type OrderedSink interface {
	// Record is given each record. It is late when it came live, later than the
	// window allows: a record with a later timestamp was given before it. The view
	// is valid only during the call. False: not taken, and the read ends.
	Record(tp TopicPartition, v *batch.View, late bool) bool
	// Skip is given what holds no records, as soon as it is found: it has no
	// time. It may come from several goroutines at once.
	Skip(TopicPartition, batch.Skip)
	// Reached comes before a Flush, for each partition of which there is news: all
	// that lies before next was given or left out, and it is read as far as the
	// state says.
	Reached(tp TopicPartition, next int64, state PartitionState)
	// Flush comes when there is nothing to give for now, and at the end. Its
	// error ends the read.
	Flush() error
	// Event may come from any goroutine.
	Event(Event)
}

// How an ordered read paces itself.
const (
	orderedHeld  = 8 << 20  // bytes of records that wait for their turn
	chunkBytes   = 64 << 10 // of records in a chunk, unless one alone is larger
	chunkLeast   = 1 << 10  // the same in the first of a stretch: it may bring one record only
	chunkRecords = 512
	viewBytes    = 128 // about what a record takes beside its bytes
)

// ReadOrdered reads as Read does, and gives the records merged by timestamp,
// ties by topic and partition; within a partition they keep its order. History
// is merged exactly; what comes live, within the window. When ctx ends, what
// waits for the window is given first.
func (c *Cluster) ReadOrdered(ctx context.Context, req OrderedRequest, sink OrderedSink) error {
	return ReadOrdered(ctx, c, req, sink)
}

// ReadOrdered is Cluster.ReadOrdered for any log. What a log gives of a partition
// that is far ahead of the others is held until these are as far; a Cluster is
// told not to read it.
func ReadOrdered(ctx context.Context, log Log, req OrderedRequest, sink OrderedSink) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o := &ordered{
		sink: sink, window: cmp.Or(req.Window, DefaultWindow), match: req.Match, history: make(map[TopicPartition]int64, len(req.Spans)),
		byTP: make(map[TopicPartition]*orderedPart),
		news: make(chan struct{}, 1), resume: make(chan struct{}, 1),
	}
	for _, s := range req.Spans {
		end := req.History[s.TopicPartition]
		if s.To != NoEnd {
			end = s.To
		}
		if s.From < end {
			o.history[s.TopicPartition] = end
			o.part(s.TopicPartition) // it is waited for from the first record on
		}
	}
	o.share.Store(orderedHeld / int64(max(1, len(o.parts))))
	req.room, req.resume = o.room, o.resume

	done := make(chan error, 1)
	var reading sync.WaitGroup
	reading.Go(func() { done <- log.Read(ctx, req.ReadRequest, orderedSink{o}) })
	err := o.merge(done)
	o.stopped.Store(true)
	cancel()
	reading.Wait()
	return err
}

// ordered is one ReadOrdered under way.
type ordered struct {
	sink    OrderedSink
	window  time.Duration
	match   func(TopicPartition) Matcher
	history map[TopicPartition]int64
	news    chan struct{} // for the merger
	resume  chan struct{} // for the reader
	stopped atomic.Bool   // nothing more is wanted
	share   atomic.Int64  // bytes that one partition may hold
	held    atomic.Int64  // bytes that all do
	used    sync.Pool     // chunks that may be used again

	mu     sync.Mutex // guards what follows, and the inboxes
	parts  []*orderedPart
	byTP   map[TopicPartition]*orderedPart
	ranked int // parts whose rank is known

	// The merger's own.
	heap  mergeHeap[*orderedPart]
	given int64 // the latest key that was given
}

// orderedPart is one partition.
type orderedPart struct {
	o *ordered
	TopicPartition
	rank int
	end  atomic.Int64 // of its history; 0: it has none
	held atomic.Int64

	// Its worker's.
	chunk *chunk
	room  int         // for records in the next chunk, in bytes
	info  *batch.Info // a copy of what the batch says that is being read
	last  int64       // the latest timestamp so far
	match Matcher     // nil: all are wanted

	// Guarded by ordered.mu.
	inbox  []*chunk
	caught bool           // its history is read
	known  bool           // state is
	state  PartitionState // at the last Flush
	latest int64          // last, at the last Flush

	// The merger's.
	queue []*chunk
	at    int   // in the first of the queue
	mark  int64 // keys that come are not below it
	told  reached
}

// reached is what a sink was told of a partition.
type reached struct {
	next  int64
	state PartitionState
}

// chunk is some records of a partition, with memory of their own.
type chunk struct {
	views   []batch.View
	bytes   []byte
	live    bool      // the last of them is not history
	arrived time.Time // when the last of them came
	last    int64     // its timestamp, or a later one before it
}

// size is what the chunk holds, in bytes.
func (c *chunk) size() int64 { return int64(len(c.bytes) + len(c.views)*viewBytes) }

// orderedSink is the sink of the Read behind.
type orderedSink struct{ o *ordered }

func (k orderedSink) Partition(tp TopicPartition) PartitionSink { return k.o.part(tp) }

// Event passes an event on. A log that begins anew has no history that one could
// wait for.
func (k orderedSink) Event(e Event) {
	switch e.Kind {
	case TopicDeleted, TopicRecreated, LogTruncated:
		k.o.mu.Lock()
		for _, p := range k.o.parts {
			if p.Topic == e.Topic && (e.Partition < 0 || e.Partition == p.Partition) {
				p.caught = true
				p.end.Store(0)
			}
		}
		k.o.mu.Unlock()
		k.o.tell()
	}
	k.o.sink.Event(e)
}

func (o *ordered) tell() {
	select {
	case o.news <- struct{}{}:
	default:
	}
}

// part finds a partition, or makes it.
func (o *ordered) part(tp TopicPartition) *orderedPart {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.byTP[tp]
	if p == nil {
		p = &orderedPart{o: o, TopicPartition: tp, room: chunkLeast, last: noTime, latest: noTime, mark: noTime}
		if o.match != nil {
			p.match = o.match(tp)
		}
		p.end.Store(o.history[tp])
		p.caught = o.history[tp] == 0
		o.byTP[tp] = p
		o.parts = append(o.parts, p)
	}
	return p
}

// room tells the reader how far a partition may get ahead. A record takes about
// twice the room here that it takes in a fetch.
func (o *ordered) room(tp TopicPartition) int {
	o.mu.Lock()
	p := o.byTP[tp]
	o.mu.Unlock()
	if p == nil {
		return partitionBytes
	}
	return int(o.share.Load()-p.held.Load()) / 2
}

// Record copies a record that is wanted into the partition's chunk.
func (p *orderedPart) Record(v *batch.View) bool {
	if p.o.stopped.Load() {
		return false
	}
	p.last = max(p.last, v.Timestamp)
	if p.match != nil && !p.match.Match(v) {
		return true
	}
	size := v.CopySize()
	if p.chunk != nil && (len(p.chunk.views) == chunkRecords || cap(p.chunk.bytes)-len(p.chunk.bytes) < size) {
		p.hand()
	}
	if p.chunk == nil {
		p.chunk = p.o.newChunk(max(p.room, size))
		p.room = min(2*p.room, chunkBytes)
	}
	if p.info == nil || p.info.BaseOffset != v.Batch.BaseOffset {
		info := *v.Batch
		p.info = &info
	}
	var kept batch.View
	kept, p.chunk.bytes = v.AppendCopy(p.chunk.bytes)
	kept.Batch = p.info
	p.chunk.views = append(p.chunk.views, kept)
	p.chunk.last = p.last
	p.chunk.live = v.Offset >= p.end.Load()
	return true
}

// Skip passes on what holds no records.
func (p *orderedPart) Skip(s batch.Skip) { p.o.sink.Skip(p.TopicPartition, s) }

// Flush gives the merger what a stretch brought.
func (p *orderedPart) Flush(state PartitionState) error {
	p.hand()
	p.info, p.room = nil, chunkLeast
	if p.o.stopped.Load() {
		return errStop
	}
	p.o.mu.Lock()
	caught := p.caught || state.Next >= p.end.Load()
	news := caught != p.caught || state != p.state || !p.known
	p.caught, p.state, p.known, p.latest = caught, state, true, p.last
	p.o.mu.Unlock()
	if news {
		p.o.tell()
	}
	return nil
}

// newChunk is a chunk with room for so many bytes; a large one is used again.
func (o *ordered) newChunk(room int) *chunk {
	if room == chunkBytes {
		if c, ok := o.used.Get().(*chunk); ok {
			return c
		}
	}
	return &chunk{bytes: make([]byte, 0, room)}
}

// hand puts the chunk into the inbox.
func (p *orderedPart) hand() {
	c := p.chunk
	if c == nil {
		return
	}
	p.chunk = nil
	c.arrived = time.Now()
	p.held.Add(c.size())
	p.o.held.Add(c.size())
	p.o.mu.Lock()
	p.inbox = append(p.inbox, c)
	p.o.mu.Unlock()
	p.o.tell()
}

// merge gives records until the read is done, and with it everything, or the
// sink wants no more.
func (o *ordered) merge(done <-chan error) error {
	o.given = noTime
	var result error
	for ended := false; ; {
		o.collect(ended)
		more, wait := o.give(time.Now(), ended)
		o.reached()
		if !more {
			return o.sink.Flush()
		}
		if err := o.sink.Flush(); err != nil {
			return err
		}
		if ended {
			return result
		}
		var timer <-chan time.Time
		if wait > 0 {
			timer = time.After(wait)
		}
		select {
		case <-o.news:
		case <-timer:
		case result = <-done:
			ended = true
		}
	}
}

// reached tells the sink how far the partitions are.
func (o *ordered) reached() {
	o.mu.Lock()
	var news []*orderedPart
	for _, p := range o.parts {
		now := reached{p.state.Next, p.state}
		if len(p.queue) > 0 {
			now.next = p.queue[0].views[p.at].Offset
		} else if len(p.inbox) > 0 {
			now.next = p.inbox[0].views[0].Offset
		}
		if p.known && now != p.told {
			p.told = now
			news = append(news, p)
		}
	}
	o.mu.Unlock()
	for _, p := range news {
		o.sink.Reached(p.TopicPartition, p.told.next, p.told.state)
	}
}

// collect empties the inboxes and makes the heap anew. When the read has ended,
// nothing is waited for, except by a history that was not read to its end.
func (o *ordered) collect(ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ranked < len(o.parts) {
		o.ranked = len(o.parts)
		slices.SortFunc(o.parts, func(a, b *orderedPart) int { return a.Compare(b.TopicPartition) })
		for i, p := range o.parts {
			p.rank = i
		}
		o.share.Store(orderedHeld / int64(len(o.parts)))
	}
	o.heap.entries = o.heap.entries[:0]
	for _, p := range o.parts {
		p.queue = append(p.queue, p.inbox...)
		p.inbox = nil
		if len(p.queue) == 0 {
			p.mark = max(p.mark, p.latest) // what was left out tells the time, too
		}
		if key, waits := p.next(); waits || !p.caught {
			o.heap.add(key, p.rank, p)
		}
	}
	o.heap.build()
}

// next is the key of the partition's next record; false when it has none for
// now, with the least that may come.
func (p *orderedPart) next() (key int64, waits bool) {
	if len(p.queue) == 0 {
		return p.mark, false
	}
	return max(p.mark, p.queue[0].views[p.at].Timestamp), true
}

// give gives the records whose turn it is. It says whether the sink wants more,
// and how long until a live record has waited long enough; 0: none waits.
func (o *ordered) give(now time.Time, ended bool) (more bool, wait time.Duration) {
	due, wait := o.due(now, ended)
	for {
		first := o.heap.first()
		if first == nil || first.key > due {
			return true, wait
		}
		p := first.queue
		if len(p.queue) == 0 {
			return true, 0 // there will be news
		}
		c := p.queue[0]
		v := &c.views[p.at]
		late := first.key < o.given
		if !o.sink.Record(p.TopicPartition, v, late && v.Offset >= p.end.Load()) {
			return false, 0
		}
		o.given = max(o.given, first.key)
		p.mark = first.key
		if p.at++; p.at == len(c.views) {
			o.release(p, c)
		}
		if key, waits := p.next(); waits || !o.exhausted(p) {
			o.heap.moved(key)
		} else {
			o.heap.drop()
		}
	}
}

// exhausted tells whether a partition whose queue is empty has nothing to wait
// for: its history is read, and nothing has come since the inboxes were emptied.
func (o *ordered) exhausted(p *orderedPart) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return p.caught && len(p.inbox) == 0
}

// release lets go of a chunk that was given.
func (o *ordered) release(p *orderedPart, c *chunk) {
	p.queue[0] = nil
	p.queue = p.queue[1:]
	p.at = 0
	size, few := c.size(), o.share.Load()/2
	o.held.Add(-size)
	if now := p.held.Add(-size); now <= few && now+size > few {
		select {
		case o.resume <- struct{}{}:
		default:
		}
	}
	if cap(c.bytes) == chunkBytes {
		c.views, c.bytes = c.views[:0], c.bytes[:0]
		o.used.Put(c)
	}
}

// due is the key up to which records may be given: that of the latest record
// which is history or has waited as long as the window. So what has waited
// takes along whatever is earlier, and no clock that is behind holds up others.
// When too much waits, everything is due.
func (o *ordered) due(now time.Time, ended bool) (key int64, wait time.Duration) {
	if ended || o.held.Load() > orderedHeld {
		return math.MaxInt64, 0
	}
	key = noTime
	for _, e := range o.heap.entries {
		for _, c := range e.queue.queue {
			if left := c.arrived.Add(o.window).Sub(now); c.live && left > 0 {
				if wait == 0 || left < wait {
					wait = left
				}
				break
			}
			key = max(key, c.last)
		}
	}
	return key, wait
}
