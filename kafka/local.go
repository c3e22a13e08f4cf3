package kafka

// What kafka-go asks on a connection of its Transport is answered here, and never
// reaches a broker: kafka-go believes any length that it reads, in goroutines whose
// panics nobody can recover, and a single answer of a broker that lies, or of a web
// server, would end the program. What it asks for, nothing here depends on: every
// request of ours goes to an address, at a version of our own choosing.

import (
	"encoding/binary"
	"net"
)

// ownCorrelation is the first correlation id of our own requests. kafka-go counts
// from 1 on each connection: so it is seen who asks.
const ownCorrelation = 1 << 30

// requestHead is how many bytes of a request tell what it is: its size, API key,
// version and correlation id.
const requestHead = 12

// answeredHere is a connection on which kafka-go's own requests are answered at
// once, and ours go through. Theirs and ours never overlap, so there is no lock.
type answeredHere struct {
	net.Conn
	head    []byte // of the request that is being written, until it is known
	left    int    // bytes of that request that are to come
	theirs  bool   // they are kafka-go's
	answers []byte // for kafka-go, not read yet
}

// Write passes on what is ours.
func (a *answeredHere) Write(b []byte) (written int, err error) {
	for len(b) > 0 {
		if a.left == 0 {
			n := min(len(b), requestHead-len(a.head))
			a.head = append(a.head, b[:n]...)
			b, written = b[n:], written+n
			if len(a.head) < requestHead {
				return written, nil
			}
			be := binary.BigEndian
			a.left = int(be.Uint32(a.head)) - (requestHead - 4)
			a.theirs = be.Uint32(a.head[8:]) < ownCorrelation
			if a.theirs {
				a.answer(int16(be.Uint16(a.head[4:])), a.head[8:])
			} else if _, err := a.Conn.Write(a.head); err != nil {
				return written, err
			}
			a.head = a.head[:0]
			continue
		}
		n := min(len(b), a.left)
		if !a.theirs {
			if n, err = a.Conn.Write(b[:n]); err != nil {
				return written + n, err
			}
		}
		b, written, a.left = b[n:], written+n, a.left-n
	}
	return written, nil
}

// answer answers kafka-go: that there is Metadata v1 to be asked for, and then that
// there are no brokers and no topics.
func (a *answeredHere) answer(key int16, id []byte) {
	var body []byte
	if key == apiVersions {
		body = appendInt16(body, codeNone)
		body = appendInt32(body, 2)
		for _, v := range [][3]int16{{apiVersions, 0, 0}, {apiMetadata, 1, 1}} {
			body = appendInt16(appendInt16(appendInt16(body, v[0]), v[1]), v[2])
		}
	} else {
		body = appendInt32(appendInt32(appendInt32(body, 0), -1), 0)
	}
	a.answers = appendInt32(a.answers, int32(len(id)+len(body)))
	a.answers = append(append(a.answers, id...), body...)
}

// Read gives kafka-go its answers, and us the broker's.
func (a *answeredHere) Read(b []byte) (int, error) {
	if len(a.answers) > 0 {
		n := copy(b, a.answers)
		a.answers = a.answers[n:]
		return n, nil
	}
	return a.Conn.Read(b)
}
