package kafka

// Memory of fetch answers, used again and again.

import "sync"

// bufferPool keeps a few large buffers. Unlike sync.Pool it never holds more
// than it was told to, and the collector does not empty it in mid-scan.
type bufferPool struct {
	mu   sync.Mutex
	free [][]byte
	keep int // bytes that may lie idle
	held int // bytes that do
}

// get gives a buffer of at least n bytes; its contents are whatever they were.
func (p *bufferPool) get(n int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.free) - 1; i >= 0; i-- {
		if b := p.free[i]; cap(b) >= n {
			p.free = append(p.free[:i], p.free[i+1:]...)
			p.held -= cap(b)
			return b[:cap(b)]
		}
	}
	return make([]byte, max(n+n/8, 64<<10))
}

// put gives a buffer back; nobody may use it any longer.
func (p *bufferPool) put(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cap(b) == 0 || cap(b) > p.keep {
		return
	}
	// The smallest go first: they are the least worth keeping.
	for p.held+cap(b) > p.keep && len(p.free) > 0 {
		small := 0
		for i := range p.free {
			if cap(p.free[i]) < cap(p.free[small]) {
				small = i
			}
		}
		p.held -= cap(p.free[small])
		p.free = append(p.free[:small], p.free[small+1:]...)
	}
	p.free = append(p.free, b)
	p.held += cap(b)
}
