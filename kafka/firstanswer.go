package kafka

// A guard between the network and kafka-go, which believes any length that it
// reads and would decode "HTTP/1.1 400 Bad Request" as a billion entries.

import (
	"bytes"
	"errors"
	"net"
)

var errNotKafka = errors.New("the answer is not Kafka's protocol")

// firstAnswer lets a connection go on only when its first answer is one to its
// first request: when it carries that request's correlation id. The first
// exchange is over before a second one begins, so there is no lock.
type firstAnswer struct {
	net.Conn
	asked   []byte // the first 12 bytes written: size, API key, version, correlation id
	got     []byte // the first 8 bytes read: size, correlation id
	checked bool
}

func (f *firstAnswer) Write(b []byte) (int, error) {
	if room := 12 - len(f.asked); room > 0 {
		f.asked = append(f.asked, b[:min(room, len(b))]...)
	}
	return f.Conn.Write(b)
}

func (f *firstAnswer) Read(b []byte) (int, error) {
	n, err := f.Conn.Read(b)
	if f.checked {
		return n, err
	}
	f.got = append(f.got, b[:min(n, 8-len(f.got))]...)
	if len(f.got) == 8 {
		if len(f.asked) < 12 || !bytes.Equal(f.got[4:], f.asked[8:]) {
			return 0, errNotKafka
		}
		f.checked = true
	}
	return n, err
}
