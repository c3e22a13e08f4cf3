package kafka

// The way to a cluster, taken one step at a time and told step by step: what
// Open does in one go, for a person who wants to know where it ends and why.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"milena/human"
)

// The steps that only a probe takes, after those on the way to one broker.
const (
	// StepAdvertised is about the address that a broker tells clients to use.
	StepAdvertised Step = "advertised"
	// StepPermissions is what the user may do, as far as brokers tell.
	StepPermissions Step = "permissions"
	// StepClock is the difference between this machine's clock and the brokers'.
	StepClock Step = "clock"
)

// Outcome is how a step ended.
type Outcome string

// The outcomes of a step.
const (
	Passed     Outcome = "passed"
	Warned     Outcome = "warning" // it works, but somebody should look at it
	Failed     Outcome = "failed"
	NotChecked Outcome = "not checked"
)

// ProbeStep is one step of a probe and how it ended. Its texts hold words of the
// broker, such as names in a certificate: they are not yet safe on a terminal.
type ProbeStep struct {
	Broker   string // host:port as it was dialled; empty: about the cluster
	BrokerID int32  // whose advertised address that is; -1: one of Config.Brokers
	Step     Step
	Outcome  Outcome
	Took     time.Duration
	Summary  string   // what was found, or why it failed
	Details  []string // more of it, a line each
	Hint     string   // what to try, one sentence; may be empty
	Err      error    // a *ConnectError or *Error when it failed
}

// probedAtOnce is how many brokers are probed at the same time: of a large
// cluster behind a firewall each one takes its whole DialTimeout.
const probedAtOnce = 16

// Probe goes the way to the cluster step by step and tells report each one, in
// order, from the goroutine that called: every broker of cfg as far as its
// metadata, then every address that the brokers advertise as far as a login,
// then what the user may do. Nothing is written, and nothing is changed on the
// cluster. A way ends at the first step that fails. The error is nil when the
// probe came to its end, whatever was found.
func Probe(ctx context.Context, cfg Config, report func(ProbeStep)) error {
	cfg = cfg.filledIn()
	if len(cfg.Brokers) == 0 {
		return &OpenError{}
	}
	if _, err := cfg.SASL.mechanism(); err != nil {
		return err
	}

	ways := make([]*way, len(cfg.Brokers))
	for i, address := range cfg.Brokers {
		ways[i] = &way{cfg: cfg, address: address, id: -1}
		defer ways[i].close()
	}
	if err := walk(ctx, ways, report); err != nil {
		return err
	}
	var first *way
	for _, w := range ways {
		switch {
		case w.metadata == nil:
		case first == nil:
			first = w
		case w.metadata.ClusterID != first.metadata.ClusterID:
			report(ProbeStep{Broker: w.address, BrokerID: -1, Step: StepMetadata, Outcome: Failed,
				Summary: fmt.Sprintf("it belongs to cluster %s, and %s to cluster %s", w.metadata.ClusterID, first.address, first.metadata.ClusterID),
				Hint:    "name the brokers of one cluster"})
		}
	}
	if first == nil {
		return nil
	}

	advertised := make([]*way, len(first.metadata.Brokers))
	for i, b := range first.metadata.Brokers {
		advertised[i] = &way{cfg: cfg, address: b.Addr(), id: b.ID, from: first}
		defer advertised[i].close()
		for _, w := range ways {
			if w.address == b.Addr() {
				advertised[i].known = w
			}
		}
		for _, other := range first.metadata.Brokers[:i] {
			if other.Addr() == b.Addr() {
				advertised[i].double = other.ID
				advertised[i].known = advertised[i]
			}
		}
	}
	if err := walk(ctx, advertised, report); err != nil {
		return err
	}

	first.report = report
	first.permissions(ctx)
	first.clock(ctx)
	return ctx.Err()
}

// walk goes several ways at the same time and reports them one after another.
func walk(ctx context.Context, ways []*way, report func(ProbeStep)) error {
	slots := make(chan struct{}, probedAtOnce)
	steps := make([]chan ProbeStep, len(ways))
	for i, w := range ways {
		steps[i] = make(chan ProbeStep, 8) // more than a way has: none waits to be reported
		w.report = func(s ProbeStep) { steps[i] <- s }
	}
	for i, w := range ways {
		go func() {
			defer close(steps[i])
			slots <- struct{}{}
			defer func() { <-slots }()
			w.walk(ctx)
		}()
	}
	for _, c := range steps {
		for s := range c {
			if ctx.Err() == nil {
				report(s)
			}
		}
	}
	return ctx.Err()
}

// way is the way to one broker, on one connection of its own.
type way struct {
	cfg     Config
	address string
	report  func(ProbeStep)

	id     int32 // of the broker that advertises the address; -1: none does
	from   *way  // the way on which the address was learned
	known  *way  // who goes to the same address; nil: nobody else
	double int32 // the broker that advertises the same address, when known is this way

	c        *Cluster // never opened: for dial, what is spoken, and the sentences of errors
	conn     net.Conn
	metadata *Metadata // once it was told
	failed   bool
}

func (w *way) close() {
	if w.conn != nil {
		w.conn.Close()
	}
}

// walk goes the whole way.
func (w *way) walk(ctx context.Context) {
	if w.known != nil {
		w.advertisedAlready()
		return
	}
	if !w.open(ctx) {
		return
	}
	defer context.AfterFunc(ctx, func() { w.conn.Close() })()
	if !w.take(StepVersions, func(s *ProbeStep) error { return w.versions(ctx, s) }) {
		return
	}
	if w.cfg.SASL != nil && !w.take(StepLogin, func(s *ProbeStep) error { return w.login(ctx, s) }) {
		return
	}
	if w.id < 0 {
		w.take(StepMetadata, func(s *ProbeStep) error { return w.learn(ctx, s) })
		return
	}
	w.advertisedElsewhere()
}

// take takes one step and reports it. It tells whether the way goes on.
func (w *way) take(step Step, f func(*ProbeStep) error) bool {
	s := ProbeStep{Broker: w.address, BrokerID: w.id, Step: step, Outcome: Passed}
	begun := time.Now()
	err := f(&s)
	s.Took = time.Since(begun)
	if err != nil {
		w.failed = true
		s.Outcome, s.Summary, s.Err = Failed, reason(err), err
		var at *ConnectError
		if errors.As(err, &at) {
			s.Step, s.Summary = at.Step, reason(at.Err)
			s.Hint = cmp.Or(s.Hint, at.Hint)
		}
		if w.id >= 0 {
			s.Hint = w.notThere(s.Step, s.Hint)
		}
	}
	w.report(s)
	return err == nil && s.Outcome != NotChecked
}

// open resolves, connects and speaks TLS, within the time that a client takes.
func (w *way) open(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.DialTimeout)
	defer cancel()
	targets := []string{w.address}
	if w.cfg.Dial == nil && !w.take(StepResolve, func(s *ProbeStep) (err error) {
		var ips []string
		ips, targets, err = w.resolve(ctx)
		s.Summary = strings.Join(ips, ", ")
		return err
	}) {
		return false
	}
	reach := &Cluster{cfg: w.cfg}
	var conn net.Conn
	if !w.take(StepConnect, func(s *ProbeStep) (err error) {
		for _, target := range targets {
			if conn, err = reach.connect(ctx, "tcp", target); err == nil {
				s.Summary = target
				return nil
			}
			var at *ConnectError
			if errors.As(err, &at) {
				at.Broker = w.address
				if len(targets) > 1 {
					s.Details = append(s.Details, target+": "+reason(at.Err))
				}
			}
			if ctx.Err() != nil {
				break
			}
		}
		return err
	}) {
		return false
	}
	// From here on it is the cluster's own dial, handed the connection that is there.
	w.c = &Cluster{cfg: w.cfg}
	w.c.cfg.Dial = func(context.Context, string, string) (net.Conn, error) { return conn, nil }
	secure := func(s *ProbeStep) (err error) {
		if w.conn, err = w.c.dial(ctx, "tcp", w.address); w.cfg.TLS != nil {
			describeTLS(s, w.conn, w.cfg, err)
		}
		return err
	}
	if w.cfg.TLS == nil {
		return secure(nil) == nil // without TLS there is nothing left to fail
	}
	return w.take(StepTLS, secure)
}

// resolve gives what the name stands for, and each with its port, in the order
// in which they are tried.
func (w *way) resolve(ctx context.Context) (ips, targets []string, err error) {
	host, port, err := net.SplitHostPort(w.address)
	if err != nil {
		return nil, nil, &ConnectError{Broker: w.address, Step: StepResolve, Err: err,
			Hint: "an address is host:port, such as localhost:9092"}
	}
	if ips, err = net.DefaultResolver.LookupHost(ctx, host); err != nil {
		return nil, nil, &ConnectError{Broker: w.address, Step: StepResolve, Err: err,
			Hint: "is the name right, and is it known on this machine (DNS, /etc/hosts)?"}
	}
	for _, ip := range ips {
		targets = append(targets, net.JoinHostPort(ip, port))
	}
	return ips, targets, nil
}

// send exchanges one request on the connection. It is not the door of
// Cluster.exchange, for there is no cluster yet: nothing goes through here but
// the login and questions.
func (w *way) send(q *request, silence time.Duration) (*answer, error) {
	q.clientID, q.limit, q.silence = w.cfg.ClientID, cmp.Or(q.limit, maxAnswer), silence
	return q.exchange(w.conn)
}

// ask exchanges a request of the kmsg codec at the newest version that both
// speak, from minVersion to maxVersion.
func (w *way) ask(ctx context.Context, q kmsg.Request, minVersion, maxVersion int16) (kmsg.Response, error) {
	version, err := w.c.version(ctx, w.address, q.Key(), minVersion, maxVersion)
	if err != nil {
		return nil, err
	}
	q.SetVersion(version)
	body := q.AppendTo(nil)
	a, err := w.send(&request{key: q.Key(), version: version, flexible: q.IsFlexible(), body: body,
		limit: min(maxAnswer, askedAnswer+askedAnswerFor*len(body))}, w.cfg.RequestTimeout)
	if err != nil {
		return nil, err
	}
	res := q.ResponseKind()
	if err := res.ReadFrom(a.body); err != nil {
		return nil, fmt.Errorf("the answer to %s: %w", kmsg.NameForKey(q.Key()), err)
	}
	return res, nil
}

// versions learns what the broker speaks, which it tells before any login
// (KIP-35), and whether that is enough.
func (w *way) versions(ctx context.Context, s *ProbeStep) error {
	a, err := w.send(&request{key: apiVersions}, w.cfg.DialTimeout)
	if err != nil {
		return w.c.notAnswering(w.address, err)
	}
	res := kmsg.NewPtrApiVersionsResponse()
	if err := res.ReadFrom(a.body); err != nil {
		return w.c.notAnswering(w.address, errNotKafka)
	}
	if res.ErrorCode != codeNone {
		return &Error{Code: res.ErrorCode, Doing: "asking for API versions", Broker: w.address, Partition: -1}
	}
	ranges := make(map[int16]versionRange)
	for _, k := range res.ApiKeys {
		ranges[k.ApiKey] = versionRange{k.MinVersion, k.MaxVersion}
	}
	w.c.spoken.Store(w.address, ranges)
	needed := []struct{ key, least, most int16 }{
		{apiMetadata, metadataMin, metadataMax},
		{apiListOffsets, listOffsetsMin, listOffsetsMax},
		{apiFetch, fetchMin, fetchByID},
		{apiProduce, produceMin, produceMax},
	}
	var spoken []string
	for _, n := range needed {
		if _, err := w.c.version(ctx, w.address, n.key, n.least, n.most); err != nil {
			return w.c.refusing(w.address, err)
		}
		spoken = append(spoken, fmt.Sprintf("%s %d", kmsg.NameForKey(n.key), ranges[n.key].max))
	}
	s.Summary = fmt.Sprintf("%d requests are spoken; %s", len(ranges), strings.Join(spoken, ", "))
	return nil
}

// login logs in as every connection does.
func (w *way) login(ctx context.Context, s *ProbeStep) error {
	for key, version := range map[int16]int16{apiSASLHandshake: 1, apiSASLAuthenticate: 0} {
		if _, err := w.c.version(ctx, w.address, key, version, 2); err != nil {
			s.Outcome, s.Summary = NotChecked, "the broker is older than Kafka 1.0, which logs in without saying what went wrong"
			return nil
		}
	}
	spoken, err := w.c.versions(ctx, w.address)
	if err == nil {
		err = (&login{cfg: &w.cfg, conn: w.conn, spoken: spoken}).run(ctx)
	}
	if err != nil {
		s.Details = append(s.Details, said(err)...)
		return w.c.refusing(w.address, err)
	}
	s.Summary = fmt.Sprintf("%s as %s", w.cfg.SASL.Mechanism, w.cfg.SASL.Username)
	return nil
}

// learn asks for the cluster's metadata and says what is wrong with it.
func (w *way) learn(ctx context.Context, s *ProbeStep) error {
	version, err := w.c.version(ctx, w.address, apiMetadata, metadataMin, metadataMax)
	if err != nil {
		return &ConnectError{Broker: w.address, Step: StepVersions, Err: err}
	}
	a, err := w.send(&request{key: apiMetadata, version: version, flexible: version >= 9,
		body: appendMetadataRequest(nil, version, nil)}, w.cfg.RequestTimeout)
	if err != nil && w.cfg.SASL != nil {
		return &ConnectError{Broker: w.address, Step: StepMetadata, Err: err} // the login is done: it is not that
	}
	if err != nil {
		return w.c.refusing(w.address, err)
	}
	m, err := decodeMetadata(a.body, version, nil)
	if err != nil {
		return &ConnectError{Broker: w.address, Step: StepMetadata, Err: err, Hint: "is this a Kafka broker?"}
	}
	if len(m.Brokers) == 0 {
		return &ConnectError{Broker: w.address, Step: StepMetadata, Err: errors.New("the broker names no broker, not even itself"),
			Hint: "it may be starting: try again in a moment"}
	}
	w.metadata = m
	internal, leaderless, behind := 0, 0, 0
	for _, t := range m.Topics {
		if t.Internal {
			internal++
		}
		for _, p := range t.Partitions {
			if p.Leader < 0 {
				leaderless++
			} else if len(p.ISR) < len(p.Replicas) {
				behind++
			}
		}
	}
	controller := "no controller"
	if m.Controller >= 0 {
		controller = fmt.Sprintf("controller %d", m.Controller)
	}
	s.Summary = fmt.Sprintf("cluster %s, %s, %s, %s", cmp.Or(m.ClusterID, "without an id"), human.Plural(len(m.Brokers), "broker"), controller, human.Plural(len(m.Topics), "topic"))
	if internal > 0 {
		s.Summary += fmt.Sprintf(" (%d internal)", internal)
	}
	if m.Crowded != nil {
		s.Outcome = Warned
		s.Details = append(s.Details, m.Crowded.Error())
	} else if len(m.Topics) == 0 {
		s.Details = append(s.Details, "there is no topic, or none that this user may see")
	}
	if m.Controller < 0 {
		s.Outcome = Warned
		s.Details = append(s.Details, "without a controller nothing can be created or deleted, and no leader elected")
	}
	if leaderless > 0 {
		s.Outcome = Warned
		s.Details = append(s.Details, fmt.Sprintf("%s without a leader: they can be neither read nor written; are brokers down?", human.Plural(leaderless, "partition")))
	}
	if behind > 0 {
		s.Outcome = Warned
		s.Details = append(s.Details, fmt.Sprintf("%s with replicas that are not in sync", human.Plural(behind, "partition")))
	}
	return nil
}

// notThere is what a person has to know when the address that a broker
// advertises cannot be used: the cluster answers, and yet nothing works.
func (w *way) notThere(step Step, hint string) string {
	const mend = "set advertised.listeners on the broker to an address that clients can reach"
	who := fmt.Sprintf("broker %d advertises %s, and ", w.id, w.address)
	sent := fmt.Sprintf(": the cluster answers at %s, but it sends clients there; %s", w.from.address, mend)
	switch {
	case step == StepConnect && w.here() && !w.from.local():
		return fmt.Sprintf("broker %d advertises %s, and for every client that is the client's own machine, not the broker%s", w.id, w.address, sent)
	case step == StepResolve:
		return who + "that name is not known on this machine" + sent + ", or make the name known here (DNS, /etc/hosts)"
	case step == StepConnect:
		return who + "nothing can be reached there from this machine" + sent + ", or open the way to it (firewall, VPN, tunnel)"
	}
	said := fmt.Sprintf("broker %d advertises %s, which clients are sent to", w.id, w.address)
	if hint != "" {
		return said + ": " + hint
	}
	return said + "; is this the listener that advertised.listeners should name?"
}

// advertisedAlready is about an address to which another way goes too.
func (w *way) advertisedAlready() {
	s := ProbeStep{Broker: w.address, BrokerID: w.id, Step: StepAdvertised, Outcome: Passed, Summary: "it is reached at the address that was given"}
	switch {
	case w.known == w:
		s.Outcome, s.Summary = Failed, fmt.Sprintf("broker %d advertises the same address", w.double)
		s.Hint = fmt.Sprintf("brokers %d and %d both advertise %s, so requests for one reach the other; set advertised.listeners on each broker to an address of its own",
			w.double, w.id, w.address)
	case w.known.failed:
		s.Outcome, s.Summary = Failed, "it could not be reached there, see above"
		s.Hint = w.notThere(StepConnect, "")
	}
	w.report(s)
}

// advertisedElsewhere warns of an address that works here and for nobody else.
func (w *way) advertisedElsewhere() {
	if w.here() && !w.from.local() {
		w.report(ProbeStep{Broker: w.address, BrokerID: w.id, Step: StepAdvertised, Outcome: Warned,
			Summary: "something answers there on this machine, as a tunnel does",
			Hint: fmt.Sprintf("broker %d advertises %s, and for every other client that is the client's own machine; set advertised.listeners on the broker to an address that clients can reach",
				w.id, w.address)})
	}
}

// here tells whether the address means this machine to whoever uses it.
func (w *way) here() bool {
	host, _, _ := net.SplitHostPort(w.address)
	ip := net.ParseIP(host)
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// local tells whether the broker that was reached is on this machine.
func (w *way) local() bool {
	mine, ok := w.conn.LocalAddr().(*net.TCPAddr)
	its, same := w.conn.RemoteAddr().(*net.TCPAddr)
	return w.here() || ok && same && mine.IP.Equal(its.IP)
}
