package kafka

// One connection to a broker, step by step, so that an error names the step.

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
)

// dialTransport is what kafka-go's Transport is given: a connection that is logged
// in, on which kafka-go's own questions are answered here.
func (c *Cluster) dialTransport(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.dialLogged(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &answeredHere{Conn: conn}, nil
}

// dialLogged gives a connection that is logged in.
func (c *Cluster) dialLogged(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.dial(ctx, network, address)
	if err != nil || c.cfg.SASL == nil {
		return conn, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	if err := c.logIn(ctx, conn, address); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// dial resolves, connects and speaks TLS. Every error is a *ConnectError.
func (c *Cluster) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if c.closed.Load() {
		return nil, errClosed
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	conn, err := c.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if c.cfg.TLS == nil {
		return conn, nil
	}
	conf := c.cfg.TLS.Clone()
	if conf.ServerName == "" {
		if host, _, err := net.SplitHostPort(address); err == nil {
			conf.ServerName = host
		}
	}
	secured := tls.Client(conn, conf)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, &ConnectError{Broker: address, Step: StepTLS, Err: err, Hint: hintTLS(err)}
	}
	return secured, nil
}

func (c *Cluster) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if c.cfg.Dial != nil {
		conn, err := c.cfg.Dial(ctx, network, address)
		if err != nil {
			return nil, &ConnectError{Broker: address, Step: StepConnect, Err: err, Hint: hintConnect(err)}
		}
		return conn, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &ConnectError{Broker: address, Step: StepResolve, Err: err,
			Hint: "an address is host:port, such as localhost:9092"}
	}
	ips, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return nil, &ConnectError{Broker: address, Step: StepResolve, Err: err,
			Hint: "is the name right, and is it known on this machine?"}
	}
	var dialer net.Dialer
	for _, ip := range ips {
		var conn net.Conn
		if conn, err = dialer.DialContext(ctx, network, net.JoinHostPort(ip, port)); err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, &ConnectError{Broker: address, Step: StepConnect, Err: err, Hint: hintConnect(err)}
}

// wsaConnRefused is ECONNREFUSED as Windows numbers it; Go does not translate it.
const wsaConnRefused = syscall.Errno(10061)

func hintConnect(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, wsaConnRefused):
		return "nothing listens there: is the port right, and is the broker up?"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer at all: a firewall, or a wrong address?"
	}
	return ""
}

func hintTLS(err error) string {
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	switch {
	case isAlert(err):
		return "the broker may require a client certificate that it trusts: ssl.keystore.location (PEM), or ssl.certificate.location and ssl.key.location"
	case errors.As(err, &record), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "this listener may not speak TLS: try security.protocol=PLAINTEXT or SASL_PLAINTEXT"
	case errors.As(err, &unknown):
		return "name the authority's certificate with ssl.truststore.location (PEM) or ssl.ca.location"
	case errors.As(err, &host):
		return hintHost(host.Certificate)
	}
	return ""
}

// isAlert tells whether the broker ended TLS with an alert. Under TLS 1.3 that of
// a missing client certificate comes only with the first answer.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// mechanism is the login as kafka-go wants it; nil without one.
func (s *SASL) mechanism() (sasl.Mechanism, error) {
	if s == nil {
		return nil, nil
	}
	switch s.Mechanism {
	case "PLAIN":
		return plain.Mechanism{Username: s.Username, Password: s.Password}, nil
	case "SCRAM-SHA-256", "SCRAM-SHA-512":
		return scramOf(s), nil
	}
	return nil, fmt.Errorf("SASL mechanism %q is not supported: use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", s.Mechanism)
}

// notAnswering is why a broker cannot be asked anything, not even what it speaks.
func (c *Cluster) notAnswering(address string, err error) *ConnectError {
	var connect *ConnectError
	if errors.As(err, &connect) {
		return connect
	}
	if isAlert(err) {
		return &ConnectError{Broker: address, Step: StepTLS, Err: err, Hint: hintTLS(err)}
	}
	hint := "is this a Kafka broker?"
	if strings.HasSuffix(address, ":2181") {
		hint = "2181 is ZooKeeper's port: name a broker, whose port is 9092 unless configured otherwise"
	} else if c.cfg.TLS == nil {
		hint = "is this a Kafka broker, and does this listener speak plain text? If it speaks TLS: security.protocol=SSL or SASL_SSL"
	}
	return &ConnectError{Broker: address, Step: StepVersions, Err: err, Hint: hint}
}

// refusing is why a broker that can be asked gives no metadata. kafka-go opens
// and logs in within one call; where its error does not name the step, what is
// configured does.
func (c *Cluster) refusing(address string, err error) *ConnectError {
	var connect *ConnectError
	var code kafkago.Error
	var version *VersionError
	var refusal *Error
	switch {
	case errors.As(err, &connect):
		return connect
	case errors.As(err, &version):
		return &ConnectError{Broker: address, Step: StepVersions, Err: err, Hint: version.hint()}
	case errors.As(err, &code) && int16(code) == codeSASLAuthenticationFailed:
		return &ConnectError{Broker: address, Step: StepLogin, Err: errors.New("wrong name or password"),
			Hint: "check sasl.username and sasl.password (or sasl.jaas.config)"}
	case errors.As(err, &code) && int16(code) == codeUnsupportedSASLMechanism:
		return &ConnectError{Broker: address, Step: StepLogin,
			Err:  fmt.Errorf("the broker does not offer %s", c.cfg.SASL.Mechanism),
			Hint: "another sasl.mechanism? milena supports PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512"}
	case errors.Is(err, errNotKafka):
		return &ConnectError{Broker: address, Step: StepMetadata, Err: err, Hint: "is this a Kafka broker?"}
	case errors.As(err, &refusal):
		return &ConnectError{Broker: address, Step: StepMetadata, Err: err}
	case c.cfg.SASL != nil:
		return &ConnectError{Broker: address, Step: StepLogin, Err: err,
			Hint: "name, password or mechanism may be wrong, or this listener takes no login"}
	}
	return &ConnectError{Broker: address, Step: StepMetadata, Err: err,
		Hint: "this listener may require a login: set sasl.mechanism, sasl.username and sasl.password"}
}

// answersVersions asks on a connection of its own for the API versions, which a
// broker tells before any login (KIP-35). Nil: it did.
func (c *Cluster) answersVersions(ctx context.Context, address string) error {
	conn, err := c.dial(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	q := request{key: apiVersions, clientID: c.cfg.ClientID, limit: 1 << 20, silence: c.cfg.DialTimeout}
	if _, err = q.exchange(conn); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
