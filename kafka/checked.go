package kafka

// A guard between a broker and kafka-go's membership in groups, which believes
// lengths and waits for ever for an answer whose number is wrong: what it is given
// was read whole and understood before.

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// checkedMost is the largest answer about a group: of a thousand members, or of
// tens of thousands of partitions.
const checkedMost = 8 << 20

// checked is a connection whose answers are read whole, are those to what was
// asked, in that order, and can be decoded.
type checked struct {
	net.Conn
	head []byte // of the request that is being written, until it is known
	left int    // bytes of that request that are to come

	mu    sync.Mutex // guards asked
	asked []askedFor // what waits for an answer

	frame []byte // what was read of the next answer
	given []byte // what was checked and not read yet
}

// askedFor is a request that was written.
type askedFor struct {
	key, version int16
	id           uint32
}

// Write notes what is asked.
func (c *checked) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		if c.left > 0 {
			n := min(len(rest), c.left)
			rest, c.left = rest[n:], c.left-n
			continue
		}
		n := min(len(rest), requestHead-len(c.head))
		c.head = append(c.head, rest[:n]...)
		if rest = rest[n:]; len(c.head) == requestHead {
			be := binary.BigEndian
			c.mu.Lock()
			c.asked = append(c.asked, askedFor{int16(be.Uint16(c.head[4:])), int16(be.Uint16(c.head[6:])), be.Uint32(c.head[8:])})
			c.mu.Unlock()
			c.left = int(be.Uint32(c.head)) - (requestHead - 4)
			c.head = c.head[:0]
		}
	}
	return c.Conn.Write(b)
}

// Read gives what was checked. After an error that is no timeout the connection is
// of no use any more; what was read before a timeout is kept.
func (c *checked) Read(b []byte) (int, error) {
	for len(c.given) == 0 {
		const head = 8 // size and correlation id
		want := head
		if len(c.frame) >= head {
			want = 4 + int(binary.BigEndian.Uint32(c.frame))
			if size := want - 4; size < head-4 || size > checkedMost {
				return 0, errNotKafka
			}
		}
		if len(c.frame) >= head && len(c.frame) == want {
			if err := c.check(c.frame); err != nil {
				return 0, err
			}
			c.given, c.frame = c.frame, nil
			break
		}
		var room [4 << 10]byte // what is announced is not believed before it is there
		n, err := c.Conn.Read(room[:min(len(room), want-len(c.frame))])
		c.frame = append(c.frame, room[:n]...)
		if err != nil && (n == 0 || err != io.EOF) {
			return 0, err
		}
	}
	n := copy(b, c.given)
	c.given = c.given[n:]
	return n, nil
}

// check tells what is wrong with an answer, if anything.
func (c *checked) check(frame []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) == 0 || c.asked[0].id != binary.BigEndian.Uint32(frame[4:]) {
		return errNotKafka
	}
	q := c.asked[0]
	c.asked = c.asked[1:]
	res := kmsg.ResponseForKey(q.key)
	if res == nil {
		return errNotKafka
	}
	res.SetVersion(q.version)
	body := frame[8:]
	if res.IsFlexible() && q.key != apiVersions {
		return fmt.Errorf("request %d at version %d: its answer cannot be checked", q.key, q.version) // kafka-go's membership speaks none such
	}
	if err := res.ReadFrom(body); err != nil {
		return errNotKafka
	}
	if res, ok := res.(*kmsg.SyncGroupResponse); ok && len(res.MemberAssignment) > 0 {
		// The leader of the group says how many topics there are: it, too, may be anybody.
		r := wireReader{b: res.MemberAssignment}
		r.int16() // version
		r.array()
		return r.err()
	}
	return nil
}
