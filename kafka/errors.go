package kafka

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
	"github.com/twmb/franz-go/pkg/kerr"
)

// ErrReadOnly is what every request that would change a read-only cluster ends
// with; nothing was sent.
var ErrReadOnly = errors.New("this context is read-only: nothing was sent")

// ErrNoLeader is why a partition can be neither read nor written for now: all of
// its replicas that may lead it are down.
var ErrNoLeader = errors.New("it has no leader now")

// Step is one step on the way to a broker.
type Step string

// The steps, in their order.
const (
	StepResolve  Step = "resolve"
	StepConnect  Step = "connect"
	StepTLS      Step = "TLS"
	StepVersions Step = "versions"
	StepLogin    Step = "login"
	StepMetadata Step = "metadata"
)

// ConnectError says which step on the way to a broker failed.
type ConnectError struct {
	Broker string // host:port
	Step   Step
	Err    error
	Hint   string // what to try, one sentence; may be empty
}

func (e *ConnectError) Error() string {
	return fmt.Sprintf("%s: %s failed: %s", e.Broker, e.Step, reason(e.Err))
}

func (e *ConnectError) Unwrap() error { return e.Err }

// OpenError is a cluster that could not be reached: each broker that was tried
// and what failed there.
type OpenError struct {
	Attempts []*ConnectError
}

func (e *OpenError) Error() string {
	if len(e.Attempts) == 0 {
		return "no broker to connect to: give one, such as localhost:9092"
	}
	parts := make([]string, len(e.Attempts))
	for i, a := range e.Attempts {
		parts[i] = a.Error()
	}
	text := "cannot reach the cluster: " + strings.Join(parts, "; ")
	if hint := e.Attempts[0].Hint; hint != "" {
		text += " (" + hint + ")"
	}
	return text
}

// Unwrap gives errors.Is and errors.As every attempt.
func (e *OpenError) Unwrap() []error {
	errs := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		errs[i] = a
	}
	return errs
}

// TopicRecreatedError is a topic whose name another one got while it was read up to
// an end, or before: its offsets are not those of the one that is there now.
type TopicRecreatedError struct {
	Topic   string
	TopicID [16]byte // of the one that is there now
}

func (e *TopicRecreatedError) Error() string {
	return fmt.Sprintf("topic %s was deleted and created again while it was read", e.Topic)
}

// UnknownTopicError is a topic that the cluster does not have.
type UnknownTopicError struct {
	Topic string
	Near  []string // names that resemble it, nearest first
}

func (e *UnknownTopicError) Error() string {
	text := fmt.Sprintf("topic %q does not exist", e.Topic)
	switch len(e.Near) {
	case 0:
		return text
	case 1:
		return fmt.Sprintf("%s; did you mean %q?", text, e.Near[0])
	}
	quoted := make([]string, len(e.Near))
	for i, n := range e.Near {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return text + "; near it: " + strings.Join(quoted, ", ")
}

// VersionError is a broker that does not speak a version of an API that milena
// needs.
type VersionError struct {
	Broker               string
	API                  string
	BrokerMin, BrokerMax int16 // both -1: not at all
	Min, Max             int16 // what milena speaks
	Controller           bool  // it is no broker but a controller of KRaft
}

func (e *VersionError) Error() string {
	if e.Controller {
		return fmt.Sprintf("%s is the port of a KRaft controller, which serves brokers, not clients", e.Broker)
	}
	if e.BrokerMax < 0 {
		return fmt.Sprintf("broker %s does not know the request %s: milena needs Kafka 0.11 or newer", e.Broker, e.API)
	}
	if e.BrokerMax < e.Min {
		return fmt.Sprintf("broker %s is too old: it supports %s up to version %d, milena needs at least %d (Kafka 0.11 or newer)",
			e.Broker, e.API, e.BrokerMax, e.Min)
	}
	return fmt.Sprintf("broker %s is too new: it supports %s from version %d, this milena only up to %d; look for a newer milena",
		e.Broker, e.API, e.BrokerMin, e.Max)
}

// hint says what to try, "" when there is nothing to.
func (e *VersionError) hint() string {
	if e.Controller {
		return "name a broker's port: listeners in its server.properties, 9092 by default"
	}
	return ""
}

// Error is a broker's refusal: an error code of the Kafka protocol and what was
// asked when it came.
type Error struct {
	Code      int16  // as in the protocol guide, "Error Codes"
	Doing     string // "create topic orders"
	Broker    string // host:port, when one broker said it
	Topic     string
	Partition int32  // -1: none
	Message   string // the broker's own words, when it sent any
}

// Name is the code's name as Kafka prints it, such as TOPIC_AUTHORIZATION_FAILED.
func (e *Error) Name() string { return kerr.TypedErrorForCode(e.Code).Message }

func (e *Error) Error() string {
	text := words(e.Message)
	if text == "" {
		text = strings.TrimSuffix(kerr.TypedErrorForCode(e.Code).Description, ".")
	}
	if text == "" {
		text = "the broker refused"
	}
	text = fmt.Sprintf("%s: %s [%s]", e.Doing, text, e.Name())
	if hint := e.Hint(); hint != "" {
		text += "; " + hint
	}
	return text
}

// Is makes two errors of one code equal, and equal to kafka-go's of that code.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case *Error:
		return t.Code == e.Code
	case kafkago.Error:
		return int16(t) == e.Code
	}
	return false
}

// Hint is what to try, one clause; empty where there is no better advice than
// the error itself.
func (e *Error) Hint() string {
	switch e.Code {
	case codeTopicAuthorization:
		return "the user of this context lacks an ACL for the topic"
	case codeGroupAuthorization:
		return "the user of this context lacks an ACL for the group"
	case codeClusterAuthorization:
		return "the user of this context lacks an ACL for the cluster"
	case codeMessageTooLarge:
		return "raise max.message.bytes of the topic, or send less"
	case codeNotEnoughReplicas, codeNotEnoughReplicasAfterAppend:
		return "fewer replicas are in sync than min.insync.replicas requires"
	case codeInvalidReplicationFactor:
		return "the cluster has fewer brokers than that"
	case codeUnsupportedVersion:
		return "the broker is too old for this"
	case codeInvalidTimestamp:
		return "the topic accepts only times within message.timestamp.before.max.ms and message.timestamp.after.max.ms of now"
	}
	return ""
}

// The error codes that decisions depend on (protocol guide, "Error Codes").
const (
	codeNone                         int16 = 0
	codeOffsetOutOfRange             int16 = 1
	codeUnknownTopicOrPartition      int16 = 3
	codeRequestTimedOut              int16 = 7
	codeMessageTooLarge              int16 = 10
	codeCoordinatorLoadInProgress    int16 = 14
	codeCoordinatorNotAvailable      int16 = 15
	codeNotCoordinator               int16 = 16
	codeNotEnoughReplicas            int16 = 19
	codeNotEnoughReplicasAfterAppend int16 = 20
	codeTopicAuthorization           int16 = 29
	codeGroupAuthorization           int16 = 30
	codeClusterAuthorization         int16 = 31
	codeInvalidTimestamp             int16 = 32
	codeUnsupportedSASLMechanism     int16 = 33
	codeUnsupportedVersion           int16 = 35
	codeTopicAlreadyExists           int16 = 36
	codeInvalidReplicationFactor     int16 = 38
	codeOutOfOrderSequence           int16 = 45
	codeDuplicateSequence            int16 = 46
	codeInvalidProducerEpoch         int16 = 47
	codeSASLAuthenticationFailed     int16 = 58
	codeUnknownProducerID            int16 = 59
	codeFetchSessionIDNotFound       int16 = 70
	codeInvalidFetchSessionEpoch     int16 = 71
	codeInvalidRecord                int16 = 87
	codeUnknownTopicID               int16 = 100
	codeInconsistentTopicID          int16 = 103
	codeFetchSessionTopicID          int16 = 106
)

// retriable tells whether asking again, after a look at fresh metadata, may
// succeed.
func retriable(code int16) bool {
	return code != codeNone && kerr.TypedErrorForCode(code).Retriable
}

// reason is an error's own words without the layers that only repeat where it
// happened.
func reason(err error) string {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var errno syscall.Errno
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return fmt.Sprintf("no such host %q", dns.Name)
		}
		return dns.Err
	case errors.As(err, &unknown):
		return "the broker's certificate is signed by an authority that is not trusted"
	case errors.As(err, &host):
		return host.Error()
	case errors.As(err, &invalid):
		return invalid.Error()
	case errors.As(err, &record):
		return "the answer is not TLS"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the broker closed the connection"
	case errors.Is(err, net.ErrClosed):
		return "the connection was closed"
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &op):
		return op.Err.Error() // without the addresses of both ends
	}
	return words(err.Error()) // which may hold a broker's
}
