package kafka

// The workers of a Read: stretches of partitions' logs, decoded and given to the
// sink, each partition's in order.

import "milena/kafka/batch"

// enqueueLocked gives p's stretch to the workers.
func (r *reader) enqueueLocked(p *readPart, s stretch) {
	s.state.TopicID = p.topicID
	p.stretches = append(p.stretches, s)
	if !p.running {
		p.running = true
		r.runnable = append(r.runnable, p)
		r.ready.Signal()
	}
}

// work decodes stretches until the end.
func (r *reader) work() {
	d := batch.Decoder{Committed: r.req.Isolation == ReadCommitted}
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		for len(r.runnable) == 0 && !r.ended {
			r.ready.Wait()
		}
		if r.ended {
			r.releaseLocked()
			return
		}
		p := r.runnable[0]
		r.runnable = r.runnable[1:]
		for len(p.stretches) > 0 && !r.ended {
			s := p.stretches[0]
			p.stretches = p.stretches[1:]
			r.walkLocked(&d, p, s)
		}
		p.running = false
		if r.ended {
			for _, s := range p.stretches {
				s.release()
			}
			p.stretches = nil
		}
	}
}

// releaseLocked lets go of what nobody will decode any more.
func (r *reader) releaseLocked() {
	for _, p := range r.runnable {
		for _, s := range p.stretches {
			s.release()
		}
		p.stretches = nil
	}
	r.runnable = nil
}

// walkLocked decodes one stretch, without the lock, and notes what came of it.
func (r *reader) walkLocked(d *batch.Decoder, p *readPart, s stretch) {
	if p.walkedGen != s.generation {
		p.walkedGen, p.walked = s.generation, s.from
	}
	from := max(p.walked, s.from)
	to := p.to
	r.mu.Unlock()

	if p.sink == nil {
		p.sink = r.sink.Partition(p.TopicPartition)
	}
	next, more := from, true
	if s.skip != nil {
		p.sink.Skip(*s.skip)
		next = s.skip.Last + 1
	} else if len(s.raw) > 0 {
		next, more = d.Walk(s.raw, from, to, s.aborted, p.sink)
	}
	s.state.Next = next
	err := p.sink.Flush(s.state)
	s.release()

	r.mu.Lock()
	p.walked = next
	if current := s.generation == p.generation && len(s.raw) > 0; current && (p.waiting || next != s.expected && next < p.to) {
		// The headers could not tell, or lied: what was fetched after this is
		// fetched again, from where the walk came to.
		for _, later := range p.stretches {
			later.release()
		}
		p.stretches = nil
		p.waiting, p.next = false, next
		if f := r.fetchers[p.leader]; f != nil {
			f.tell()
		}
	}
	switch {
	case err != nil:
		r.endLocked(err)
	case !more:
		r.endLocked(nil)
	case next >= p.to && !p.done:
		p.done = true
		if r.open--; r.open == 0 {
			r.endLocked(nil)
		}
	}
}
