package kafka

// SCRAM logins (RFC 5802, KIP-84). The conversation is franz-go's: kafka-go's own
// brings tables for SASLprep, which Kafka's Java client and brokers do not apply,
// and which would be a fiftieth of the program.

import (
	"context"

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

// Next answers the broker.
func (c scramConversation) Next(_ context.Context, challenge []byte) (done bool, response []byte, err error) {
	return c.Challenge(challenge)
}
