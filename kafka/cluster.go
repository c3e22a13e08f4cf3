package kafka

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// Cluster is a Kafka cluster that answered. Its methods are safe for use from
// many goroutines at once.
type Cluster struct {
	cfg       Config
	transport *kafkago.Transport
	spoken    sync.Map // address → map[int16]versionRange

	snapshot atomic.Pointer[Metadata]
	refresh  flight // full refreshes in flight

	buffers bufferPool

	sender sender
	closed atomic.Bool
	cancel context.CancelFunc // ends the transport's own goroutines
}

// metadataTTL is how often kafka-go looks at each broker's metadata by itself.
// Nothing here depends on it.
const metadataTTL = time.Minute

// fetchBudget is the memory for fetch answers, of all brokers together.
const fetchBudget = 32 << 20

// Open connects to the first of the brokers that answers and learns the
// cluster's metadata. The error is an *OpenError that names, for every broker,
// the step that failed.
func Open(ctx context.Context, cfg Config) (*Cluster, error) {
	cfg = cfg.filledIn()
	if _, err := cfg.SASL.mechanism(); err != nil {
		return nil, err
	}
	background, cancel := context.WithCancel(context.Background())
	c := &Cluster{cfg: cfg, cancel: cancel, buffers: bufferPool{keep: fetchBudget}}
	c.transport = &kafkago.Transport{
		Dial: c.dialTransport,
		// Connecting and logging in, each within its own limit.
		DialTimeout: 2 * cfg.DialTimeout,
		IdleTimeout: 30 * time.Second,
		MetadataTTL: metadataTTL,
		// No topic: the metadata is ours, see metadata.go and local.go.
		MetadataTopics: []string{},
		ClientID:       cfg.ClientID,
		Context:        background,
	}
	m, err := c.openAny(ctx)
	if err != nil {
		c.Close()
		return nil, err
	}
	c.snapshot.Store(m)
	return c, nil
}

var errClosed = errors.New("the connection to the cluster was closed")

// openAny asks every bootstrap broker at once and takes the first answer: one
// that is down costs nothing while another is up.
func (c *Cluster) openAny(ctx context.Context) (*Metadata, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		at   int
		m    *Metadata
		fail *ConnectError
	}
	results := make(chan result, len(c.cfg.Brokers))
	for i, address := range c.cfg.Brokers {
		go func() {
			m, fail := c.openOne(ctx, address)
			results <- result{i, m, fail}
		}()
	}
	attempts := make([]*ConnectError, len(c.cfg.Brokers))
	var found *Metadata
	for range c.cfg.Brokers {
		r := <-results
		if attempts[r.at] = r.fail; r.m != nil && found == nil {
			found = r.m
			cancel()
		}
	}
	if found != nil {
		return found, nil
	}
	return nil, &OpenError{Attempts: attempts}
}

// openOne asks one broker for the metadata. Beside it a connection of our own
// goes as far as a broker can be asked without login: where that fails, it is
// known at once at which step, while kafka-go would go on trying.
func (c *Cluster) openOne(ctx context.Context, address string) (*Metadata, *ConnectError) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	probe := make(chan error, 1)
	go func() { probe <- c.answersVersions(ctx, address) }()
	type result struct {
		m   *Metadata
		err error
	}
	metadata := make(chan result, 1)
	go func() {
		m, err := c.fetchMetadata(ctx, address, nil)
		metadata <- result{m, err}
	}()
	var probed *ConnectError
	for waiting := 2; waiting > 0; waiting-- {
		select {
		case err := <-probe:
			if probe = nil; err != nil {
				probed = c.notAnswering(address, err)
				cancel() // the other one cannot succeed
			}
		case r := <-metadata:
			metadata = nil
			switch {
			case r.err == nil:
				return r.m, nil
			case probe == nil && probed == nil:
				return nil, c.refusing(address, r.err)
			case probe != nil:
				// Why, the probe may tell.
				if err := <-probe; err != nil {
					return nil, c.notAnswering(address, err)
				}
				return nil, c.refusing(address, r.err)
			}
		}
	}
	return nil, probed
}

// Close ends all connections. Calls that are under way fail.
func (c *Cluster) Close() error {
	c.sender.once.Do(func() {}) // too late to make one
	if c.sender.p != nil {
		c.sender.p.Close()
	}
	c.closed.Store(true)
	c.cancel()
	c.transport.CloseIdleConnections()
	return nil
}

// Config is how the cluster was opened, defaults filled in.
func (c *Cluster) Config() Config { return c.cfg }

// ReadOnly tells whether requests that change the cluster are refused.
func (c *Cluster) ReadOnly() bool { return c.cfg.ReadOnly }

// isConnectionError tells a broker that could not be talked to from one that
// refused.
func isConnectionError(err error) bool {
	var refusal *Error
	var version *VersionError
	return err != nil && !errors.As(err, &refusal) && !errors.As(err, &version) && !errors.Is(err, ErrReadOnly)
}

// flight lets concurrent callers share one call.
type flight struct {
	mu   sync.Mutex
	call *flightCall
}

type flightCall struct {
	done chan struct{}
	m    *Metadata
	err  error
}

// do runs f, or waits for the run that is under way. The run lives as long as
// its own limit, not as long as the caller that happened to be first.
func (g *flight) do(ctx context.Context, limit time.Duration, f func(context.Context) (*Metadata, error)) (*Metadata, error) {
	g.mu.Lock()
	call := g.call
	if call == nil {
		call = &flightCall{done: make(chan struct{})}
		g.call = call
		go func() {
			run, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
			defer cancel()
			call.m, call.err = f(run)
			g.mu.Lock()
			g.call = nil
			g.mu.Unlock()
			close(call.done)
		}()
	}
	g.mu.Unlock()
	select {
	case <-call.done:
		return call.m, call.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// sleep waits, or less when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var _ io.Closer = (*Cluster)(nil)
