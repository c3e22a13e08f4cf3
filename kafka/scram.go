package kafka

// SCRAM logins (RFC 5802, KIP-84). The conversation is franz-go's: kafka-go's own
// brings tables for SASLprep, which Kafka's Java client and brokers do not apply,
// and which would be a fiftieth of the program.

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"github.com/segmentio/kafka-go/sasl"
	franz "github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// scramLogin is a mechanism of franz-go's as kafka-go wants it.
type scramLogin struct{ franz.Mechanism }

// scramOf makes SCRAM-SHA-512, or else SCRAM-SHA-256.
func scramOf(s *SASL) sasl.Mechanism {
	auth := scram.Auth{User: s.Username, Pass: s.Password}
	if s.Mechanism == "SCRAM-SHA-512" {
		return scramLogin{auth.AsSha512Mechanism()}
	}
	return scramLogin{auth.AsSha256Mechanism()}
}

// Start begins a conversation.
func (l scramLogin) Start(ctx context.Context) (sasl.StateMachine, []byte, error) {
	session, first, err := l.Authenticate(ctx, "")
	return scramConversation{session}, first, err
}

type scramConversation struct{ franz.Session }

// scramIterations is the most that a broker may ask for. Kafka's own limit is 16,384;
// each takes a microsecond or two, and nobody can interrupt them.
const scramIterations = 1_000_000

// Next answers the broker.
func (c scramConversation) Next(_ context.Context, challenge []byte) (done bool, response []byte, err error) {
	for _, field := range bytes.Split(challenge, []byte(",")) {
		if asked, ok := bytes.CutPrefix(field, []byte("i=")); ok {
			if n, err := strconv.Atoi(string(asked)); err == nil && n > scramIterations {
				return false, nil, fmt.Errorf("the broker asks for %d iterations of SCRAM; milena does at most %d", n, scramIterations)
			}
		}
	}
	return c.Challenge(challenge)
}
