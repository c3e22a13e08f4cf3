package kafka

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"time"
)

// Config says how a cluster is reached.
type Config struct {
	// Brokers to begin with, host:port each; any one that answers is enough.
	Brokers []string
	// ClientID is what brokers see in their logs and quotas.
	ClientID string

	// TLS, when not nil, is spoken to every broker. ServerName may be empty:
	// then each broker's certificate must carry the host name it is reached by.
	TLS *tls.Config
	// SASL, when not nil, is the login.
	SASL *SASL

	// ReadOnly refuses every request that would change the cluster, before it
	// is sent.
	ReadOnly bool

	// DialTimeout bounds one connection: resolve, connect, TLS (default 5 s).
	DialTimeout time.Duration
	// RequestTimeout bounds the silence of a broker within one request, beyond
	// what the request itself may wait (default 15 s).
	RequestTimeout time.Duration

	// Dial, when not nil, replaces the TCP dialer (tests, proxies).
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// SASL is a login by name and password.
type SASL struct {
	Mechanism string // PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
	Username  string
	Password  string
}

// Defaults of a Config.
const (
	defaultDialTimeout    = 5 * time.Second
	defaultRequestTimeout = 15 * time.Second
)

// filledIn is the configuration with its defaults.
func (cfg Config) filledIn() Config {
	cfg.Brokers = slices.Clone(cfg.Brokers)
	for i, b := range cfg.Brokers {
		cfg.Brokers[i] = withPort(b)
	}
	cfg.DialTimeout = cmp.Or(cfg.DialTimeout, defaultDialTimeout)
	cfg.RequestTimeout = cmp.Or(cfg.RequestTimeout, defaultRequestTimeout)
	cfg.ClientID = cmp.Or(cfg.ClientID, "milena")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return cfg
}

// withPort adds Kafka's usual port to an address that has none.
func withPort(address string) string {
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address
	}
	return net.JoinHostPort(strings.Trim(address, "[]"), "9092")
}
