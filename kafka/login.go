package kafka

// The login on a connection (KIP-43, KIP-152): by our own requests, for every
// connection alike, so that its errors name the step and nothing that a broker says
// is believed before it was checked.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	apiSASLHandshake    int16 = 17
	apiSASLAuthenticate int16 = 36
)

// loginAnswer is the largest answer within a login, in bytes.
const loginAnswer = 1 << 20

// loginSteps is how many messages a login may take: SCRAM has two.
const loginSteps = 4

// refusedLogin is a broker's refusal of a login.
type refusedLogin struct {
	code    kafkago.Error
	offered []string // mechanisms, when it does not offer ours
	words   string   // the broker's own; may be empty
}

func (e *refusedLogin) Error() string { return e.code.Title() }
func (e *refusedLogin) Unwrap() error { return e.code }

// login is a login under way on a connection.
type login struct {
	cfg    *Config
	conn   net.Conn
	spoken map[int16]versionRange
}

// logIn logs in on a connection that is new. The error is a *ConnectError.
func (c *Cluster) logIn(ctx context.Context, conn net.Conn, address string) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	l := login{cfg: &c.cfg, conn: conn}
	a, err := l.send(&request{key: apiVersions})
	if err == nil {
		l.spoken, err = decodeVersions(a.body, address)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return c.notAnswering(address, err)
	}
	if err := l.run(ctx); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return c.refusing(address, err)
	}
	return nil
}

// send exchanges a request.
func (l *login) send(q *request) (*answer, error) {
	q.clientID, q.limit, q.silence = l.cfg.ClientID, loginAnswer, l.cfg.DialTimeout
	a, err := q.exchange(l.conn)
	if err == nil && a.truncated {
		return nil, errNotKafka
	}
	return a, err
}

// ask exchanges a request of the kmsg codec.
func (l *login) ask(q kmsg.Request, most int16) (kmsg.Response, error) {
	q.SetVersion(min(most, l.spoken[q.Key()].max))
	a, err := l.send(&request{key: q.Key(), version: q.GetVersion(), flexible: q.IsFlexible(), body: q.AppendTo(nil)})
	if err != nil {
		return nil, err
	}
	res := q.ResponseKind()
	if err := res.ReadFrom(a.body); err != nil {
		return nil, errNotKafka
	}
	return res, nil
}

// run goes through the login.
func (l *login) run(ctx context.Context) error {
	mechanism, err := l.cfg.SASL.mechanism()
	if err != nil {
		return err
	}
	framed := l.spoken[apiSASLHandshake].max >= 1 // since Kafka 1.0; before, a login's bytes stand alone
	hello := kmsg.NewPtrSASLHandshakeRequest()
	hello.Mechanism = mechanism.Name()
	res, err := l.ask(hello, 1)
	if err != nil {
		return err
	}
	if h := res.(*kmsg.SASLHandshakeResponse); h.ErrorCode != codeNone {
		return &refusedLogin{code: kafkago.Error(h.ErrorCode), offered: h.SupportedMechanisms}
	}
	session, state, err := mechanism.Start(ctx)
	for step, done := 0, false; err == nil && !done; step++ {
		if step == loginSteps {
			return errors.New("the login does not end")
		}
		exchange := l.authenticate
		if !framed {
			exchange = l.alone
		}
		var challenge []byte
		if challenge, err = exchange(state); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return kafkago.SASLAuthenticationFailed // some brokers just hang up
		}
		if err == nil {
			done, state, err = session.Next(ctx, challenge)
		}
	}
	return err
}

// authenticate exchanges one message of the login.
func (l *login) authenticate(state []byte) ([]byte, error) {
	q := kmsg.NewPtrSASLAuthenticateRequest()
	q.SASLAuthBytes = state
	res, err := l.ask(q, 2)
	if err != nil {
		return nil, err
	}
	a := res.(*kmsg.SASLAuthenticateResponse)
	if a.ErrorCode != codeNone {
		return nil, &refusedLogin{code: kafkago.Error(a.ErrorCode), words: text(a.ErrorMessage)}
	}
	return a.SASLAuthBytes, nil
}

// alone exchanges one message that has nothing but its size before it.
func (l *login) alone(state []byte) ([]byte, error) {
	q := request{silence: l.cfg.DialTimeout}
	frame := [][]byte{append(appendInt32(nil, int32(len(state))), state...)}
	relax, err := q.patience(l.conn, frame)
	if err != nil {
		return nil, err
	}
	defer relax()
	if err := writeAll(l.conn, frame); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(l.conn, size[:]); err != nil {
		return nil, err
	}
	r := wireReader{b: size[:]}
	n := r.int32()
	if n < 0 || n > loginAnswer {
		return nil, errNotKafka
	}
	challenge := make([]byte, n)
	_, err = io.ReadFull(l.conn, challenge)
	return challenge, err
}

// said are the broker's own words about a login that failed, a line each.
func said(err error) (lines []string) {
	var refused *refusedLogin
	if !errors.As(err, &refused) {
		return nil
	}
	if len(refused.offered) > 0 {
		lines = append(lines, "the broker offers "+strings.Join(refused.offered, ", "))
	}
	if refused.words != "" {
		lines = append(lines, fmt.Sprintf("the broker says: %s", refused.words))
	}
	return lines
}
