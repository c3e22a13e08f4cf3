package kafka

// One request and its answer: the only door to a broker. kafka-go's Transport
// gives a logged-in pooled connection to any message that implements
// protocol.RawExchanger, and such a message exchanges its own bytes, for any
// API key. Whether the cluster may be changed is decided here and nowhere else.

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/twmb/franz-go/pkg/kmsg"

	"milena/human"
)

// The API keys that are encoded here by hand.
const (
	apiProduce     int16 = 0
	apiFetch       int16 = 1
	apiListOffsets int16 = 2
	apiMetadata    int16 = 3
	apiVersions    int16 = 18
)

// readsOnly holds the API keys that change nothing on a cluster. Whatever is not
// here is refused when the cluster is read-only: a new request is unsafe until
// somebody says otherwise.
var readsOnly = map[int16]bool{
	apiFetch:       true,
	apiListOffsets: true,
	apiMetadata:    true,
	apiVersions:    true,
	9:              true, // OffsetFetch
	10:             true, // FindCoordinator
	15:             true, // DescribeGroups
	16:             true, // ListGroups
	23:             true, // OffsetForLeaderEpoch
	29:             true, // DescribeAcls
	32:             true, // DescribeConfigs
	35:             true, // DescribeLogDirs
	55:             true, // DescribeQuorum
	60:             true, // DescribeCluster
	61:             true, // DescribeProducers
	65:             true, // DescribeTransactions
	66:             true, // ListTransactions
	69:             true, // ConsumerGroupDescribe
	75:             true, // DescribeTopicPartitions
}

// mayChange is nil unless the cluster is read-only.
func (c *Cluster) mayChange() error {
	if c.cfg.ReadOnly {
		return ErrReadOnly
	}
	return nil
}

// request is a request's body, encoded already, and how to exchange it.
type request struct {
	key, version int16
	flexible     bool // request header v2, response header v1 (KIP-482)
	clientID     string
	body         []byte
	more         [][]byte // what follows body, written without being copied

	// silence is how long the broker may send nothing at all.
	silence time.Duration
	// limit is the largest answer that is read whole; of a larger one the first
	// limit bytes are kept and the rest is drained, see answer.truncated.
	limit int
	// buffers, when not nil, is where the answer's memory comes from.
	buffers *bufferPool
}

// answer is an answer's body. Its bytes belong to whoever holds the answer.
type answer struct {
	body      []byte
	buf       []byte // what body is part of, to be given back to the pool
	truncated bool
}

// ApiKey makes request a protocol.Message; the name is kafka-go's.
func (q *request) ApiKey() protocol.ApiKey { return protocol.ApiKey(q.key) }

// ApiKey makes answer a protocol.Message; the key plays no part for an answer.
func (*answer) ApiKey() protocol.ApiKey { return 0 }

// Broker makes request a protocol.BrokerMessage: -1 is the very address that
// RoundTrip was given, for routing is by our own metadata.
func (*request) Broker(protocol.Cluster) (protocol.Broker, error) {
	return protocol.Broker{ID: -1}, nil
}

// Required makes request a protocol.RawExchanger.
func (*request) Required(map[protocol.ApiKey]int16) bool { return true }

// RawExchange runs in a goroutine of kafka-go's, where a panic could be
// recovered by nobody else.
func (q *request) RawExchange(rw io.ReadWriter) (m protocol.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			m, err = nil, fmt.Errorf("request %d: %v", q.key, p)
		}
	}()
	a, err := q.exchange(rw)
	if err != nil {
		return nil, err
	}
	return a, nil
}

var errNotKafka = errors.New("the answer is not Kafka's protocol")

var correlation atomic.Uint32

// nextCorrelation is the number of a request, and of its answer.
func nextCorrelation() int32 { return int32(ownCorrelation | correlation.Add(1)%ownCorrelation) }

// deadlines is what a connection has beside reading and writing.
type deadlines interface {
	SetDeadline(time.Time) error
	SetReadDeadline(time.Time) error
}

// exchange writes the request and reads its answer. The buffer is taken here and
// handed over with the answer: a caller that has gone meanwhile never had it, so
// nobody reads into memory that is in use again.
func (q *request) exchange(rw io.ReadWriter) (*answer, error) {
	id, frame := q.frame()
	relax, err := q.patience(rw, frame)
	if err != nil {
		return nil, err
	}
	defer relax()
	if err := writeAll(rw, frame); err != nil {
		return nil, err
	}
	return q.read(rw, id)
}

// frame is the request as it is written, and the number that its answer bears.
func (q *request) frame() (id int32, chunks [][]byte) {
	id = nextCorrelation()
	head := make([]byte, 4, 4+10+len(q.clientID)+1)
	head = appendInt16(head, q.key)
	head = appendInt16(head, q.version)
	head = appendInt32(head, id)
	head = appendString(head, false, q.clientID)
	head = appendTags(head, q.flexible)
	size := len(q.body)
	for _, b := range q.more {
		size += len(b)
	}
	binary.BigEndian.PutUint32(head, uint32(len(head)-4+size))
	chunks = append([][]byte{head, q.body}, q.more...)
	if size < 64<<10 {
		chunks = [][]byte{slices.Concat(chunks...)} // one write, one packet
	}
	return id, chunks
}

// patience sets how long writing frame may take: a large request may take its
// time, as long as it goes on. The connection forgets it when relax is called.
func (q *request) patience(rw io.ReadWriter, frame [][]byte) (relax func(), err error) {
	conn, timed := rw.(deadlines)
	if !timed {
		return func() {}, nil
	}
	size := 0
	for _, b := range frame {
		size += len(b)
	}
	err = conn.SetDeadline(time.Now().Add(q.silence + time.Duration(size/(64<<10))*time.Second))
	// If this fails, the connection is back in the pool or broken.
	return func() { _ = conn.SetDeadline(time.Time{}) }, err
}

func writeAll(w io.Writer, chunks [][]byte) error {
	for _, b := range chunks {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// leastRate is how fast an answer has to come once it has begun, in bytes a second,
// beyond the silence that is allowed: one byte a second would be no silence, and last
// for days.
const leastRate = 1 << 10

// believed is how many bytes of memory are made ready for an answer by what it says of
// its own size; for more, some of it has to be there.
const believed = 8 << 20

// incoming is an answer as it comes.
type incoming struct {
	rw      io.ReadWriter
	silence time.Duration
	begun   time.Time
	got     int
}

// fill reads until b is full.
func (in *incoming) fill(b []byte) error {
	conn, timed := in.rw.(deadlines)
	for len(b) > 0 {
		if timed {
			now := time.Now()
			latest := in.begun.Add(in.silence + time.Duration(in.got)*(time.Second/leastRate))
			if at := now.Add(in.silence); at.Before(latest) {
				latest = at
			}
			if err := conn.SetReadDeadline(latest); err != nil {
				return err
			}
		}
		n, err := in.rw.Read(b)
		b, in.got = b[n:], in.got+n
		if err != nil && len(b) > 0 {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// read reads the answer that bears id.
func (q *request) read(rw io.ReadWriter, id int32) (*answer, error) {
	in := incoming{rw: rw, silence: q.silence, begun: time.Now()}
	var first [8]byte
	if err := in.fill(first[:]); err != nil {
		return nil, err
	}
	size := int(int32(binary.BigEndian.Uint32(first[:]))) - 4
	if got := int32(binary.BigEndian.Uint32(first[4:])); got != id || size < 0 {
		return nil, errNotKafka
	}
	a := &answer{}
	keep := size
	if q.limit > 0 && size > q.limit {
		keep, a.truncated = q.limit, true
	}
	if err := q.readBody(&in, a, keep); err != nil {
		return nil, err
	}
	if a.truncated && q.buffers == nil {
		// Nobody wants what is there, nor the connection.
		return nil, fmt.Errorf("its answer to request %s is %s, and the limit is %s", kmsg.NameForKey(q.key), human.Bytes(int64(size)), human.Bytes(int64(q.limit)))
	}
	var waste [16 << 10]byte
	for rest := size - keep; rest > 0; {
		n := min(rest, len(waste))
		if err := in.fill(waste[:n]); err != nil {
			return nil, err
		}
		rest -= n
	}
	if q.flexible {
		r := wireReader{b: a.body, flex: true}
		r.tags()
		if r.bad {
			return nil, errShort
		}
		a.body = r.b
	}
	return a, nil
}

// readBody reads keep bytes of an answer.
func (q *request) readBody(in *incoming, a *answer, keep int) error {
	if a.truncated && q.buffers == nil {
		return nil
	}
	room := func(n int) []byte {
		if q.buffers != nil {
			return q.buffers.get(n)
		}
		return make([]byte, n)
	}
	a.buf = room(min(keep, believed))
	for filled := 0; filled < keep; {
		if filled == len(a.buf) {
			more := room(min(keep, 2*filled))
			copy(more, a.buf)
			if q.buffers != nil {
				q.buffers.put(a.buf)
			}
			a.buf = more
		}
		next := min(keep, len(a.buf))
		if err := in.fill(a.buf[filled:next]); err != nil {
			return err
		}
		filled = next
	}
	a.body = a.buf[:keep]
	return nil
}

// exchange sends q to the broker at address. It fails with ErrReadOnly before
// anything is sent, when q would change a read-only cluster.
func (c *Cluster) exchange(ctx context.Context, address string, q *request) (*answer, error) {
	if err := c.admit(q); err != nil {
		return nil, err
	}
	m, err := c.transport.RoundTrip(ctx, kafkago.TCP(address), q)
	if err != nil {
		return nil, err
	}
	a, ok := m.(*answer)
	if !ok {
		return nil, fmt.Errorf("request %d to %s: no answer", q.key, address)
	}
	return a, nil
}

// admit lets a request through the gate of read-only clusters and fills in what
// all requests have.
func (c *Cluster) admit(q *request) error {
	if !readsOnly[q.key] {
		if err := c.mayChange(); err != nil {
			return err
		}
	}
	if c.closed.Load() {
		return errClosed
	}
	q.clientID = c.cfg.ClientID
	if q.silence == 0 {
		q.silence = c.cfg.RequestTimeout
	}
	if q.limit == 0 {
		q.limit = maxAnswer
	}
	return nil
}

// maxAnswer is the largest answer to anything but a fetch: a million topics take 65 MB.
const maxAnswer = 96 << 20

// askedAnswer is the largest answer in the kmsg codec, which makes room for as many
// entries as an answer says that it has, each a hundred times the size of its least
// on the wire; a request that names much may get more.
const (
	askedAnswer    = 1 << 20
	askedAnswerFor = 16 // bytes for each of the request
)

// ask exchanges a request of the kmsg codec, at the newest version that both the
// codec and the broker speak, and at most maxVersion.
func (c *Cluster) ask(ctx context.Context, address string, q kmsg.Request, maxVersion int16) (kmsg.Response, error) {
	version, err := c.version(ctx, address, q.Key(), 0, min(maxVersion, q.MaxVersion()))
	if err != nil {
		return nil, err
	}
	q.SetVersion(version)
	body := q.AppendTo(nil)
	a, err := c.exchange(ctx, address, &request{
		key: q.Key(), version: version, flexible: q.IsFlexible(), body: body,
		limit: min(maxAnswer, askedAnswer+askedAnswerFor*len(body)),
	})
	if err != nil {
		return nil, err
	}
	res := q.ResponseKind()
	if err := res.ReadFrom(a.body); err != nil {
		return nil, fmt.Errorf("the answer of %s to %s: %w", address, kmsg.NameForKey(q.Key()), err)
	}
	return res, nil
}

// versionRange is what a broker speaks of one API.
type versionRange struct{ min, max int16 }

// version is the newest version of an API that the broker at address and milena
// both speak; a *VersionError when there is none.
func (c *Cluster) version(ctx context.Context, address string, key, minVersion, maxVersion int16) (int16, error) {
	ranges, err := c.versions(ctx, address)
	if err != nil {
		return 0, err
	}
	r, ok := ranges[key]
	if !ok {
		r = versionRange{-1, -1}
	}
	v := min(r.max, maxVersion)
	if v < minVersion || v < r.min {
		return 0, &VersionError{Broker: address, API: kmsg.NameForKey(key), Controller: isController(ranges),
			BrokerMin: r.min, BrokerMax: r.max, Min: minVersion, Max: maxVersion}
	}
	return v, nil
}

// isController tells whether who speaks these APIs is a controller of KRaft
// (KIP-595): it votes, and has no metadata for clients.
func isController(ranges map[int16]versionRange) bool {
	_, votes := ranges[int16(kmsg.Vote)]
	_, serves := ranges[apiMetadata]
	return votes && !serves
}

// versions asks a broker once what it speaks (ApiVersions v0, KIP-35).
func (c *Cluster) versions(ctx context.Context, address string) (map[int16]versionRange, error) {
	if v, ok := c.spoken.Load(address); ok {
		return v.(map[int16]versionRange), nil
	}
	a, err := c.exchange(ctx, address, &request{key: apiVersions})
	if err != nil {
		return nil, err
	}
	ranges, err := decodeVersions(a.body, address)
	if err != nil {
		return nil, err
	}
	c.spoken.Store(address, ranges)
	return ranges, nil
}

// decodeVersions reads what a broker speaks from its answer.
func decodeVersions(body []byte, address string) (map[int16]versionRange, error) {
	r := wireReader{b: body}
	if code := r.int16(); code != codeNone {
		return nil, &Error{Code: code, Doing: "asking for API versions", Broker: address, Partition: -1}
	}
	ranges := make(map[int16]versionRange)
	for n := r.array(); n > 0 && !r.bad; n-- {
		key := r.int16()
		ranges[key] = versionRange{r.int16(), r.int16()}
	}
	return ranges, r.err()
}
