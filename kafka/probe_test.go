package kafka

// The probe: each way of not reaching a cluster, and of reaching it and yet not
// being able to use it, is named at its step.

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// probe goes the way and gives its steps.
func probe(t *testing.T, cfg Config) []ProbeStep {
	t.Helper()
	if cfg.DialTimeout == 0 {
		cfg.DialTimeout = 2 * time.Second
	}
	var steps []ProbeStep
	if err := Probe(timeout(t, 20*time.Second), cfg, func(s ProbeStep) { steps = append(steps, s) }); err != nil {
		t.Fatal(err)
	}
	return steps
}

// the is the step of that name at a broker (empty: the cluster), the last if there are more.
func the(t *testing.T, steps []ProbeStep, broker string, step Step) ProbeStep {
	t.Helper()
	for _, s := range slices.Backward(steps) {
		if s.Broker == broker && s.Step == step {
			return s
		}
	}
	t.Fatalf("no step %s at %q in %v", step, broker, outline(steps))
	return ProbeStep{}
}

// outline is the steps in few words.
func outline(steps []ProbeStep) []string {
	var list []string
	for _, s := range steps {
		list = append(list, fmt.Sprintf("%s: %s %s (%s)", s.Broker, s.Step, s.Outcome, s.Summary))
	}
	return list
}

// ends checks how a step ended and what is said of it.
func ends(t *testing.T, s ProbeStep, as Outcome, words ...string) {
	t.Helper()
	if s.Outcome != as {
		t.Errorf("%s at %q is %s, not %s: %s", s.Step, s.Broker, s.Outcome, as, s.Summary)
	}
	if (s.Err != nil) != (as == Failed) {
		if s.Step != StepAdvertised && s.Step != StepMetadata { // those compare brokers, there is no error
			t.Errorf("%s is %s with the error %v", s.Step, s.Outcome, s.Err)
		}
	}
	said := strings.Join(append([]string{s.Summary, s.Hint}, s.Details...), "\n")
	for _, w := range words {
		if !strings.Contains(said, w) {
			t.Errorf("%s does not say %q but: %s", s.Step, w, said)
		}
	}
}

func TestProbeOfACluster(t *testing.T) {
	brokers := brokersOf(t)
	w := &wires{}
	cfg := Config{Brokers: brokers[:1], ClientID: "milena-test"}
	w.use(&cfg)
	newTopic(t, open(t, brokers), 2, nil)
	steps := probe(t, cfg)
	var names []Step
	for _, s := range steps {
		names = append(names, s.Step)
		if s.Outcome == Failed {
			t.Errorf("%s failed: %s; %s", s.Step, s.Summary, s.Hint)
		}
	}
	if want := []Step{StepConnect, StepVersions, StepMetadata}; !slices.Equal(names[:3], want) {
		t.Errorf("it begins with %v, not %v", names, want)
	}
	if want := []Step{StepPermissions, StepPermissions, StepClock}; !slices.Equal(names[len(names)-3:], want) {
		t.Errorf("it ends with %v, not %v", names, want)
	}
	ends(t, the(t, steps, "", StepPermissions), Passed, "read all")
	switch clock := the(t, steps, "", StepClock); clock.Outcome {
	case NotChecked: // neither the embedded broker nor ZooKeeper has a quorum
		ends(t, clock, NotChecked, "ZooKeeper")
	default:
		ends(t, clock, Passed, "this one")
		late := cfg
		late.Now = func() time.Time { return time.Now().Add(-time.Hour) }
		ends(t, the(t, probe(t, late), "", StepClock), Warned, "1h0m0s ahead of", "NTP")
	}
	for _, key := range w.keys() {
		if !readsOnly[key] {
			t.Errorf("request %s was sent, which may change something", kmsg.NameForKey(key))
		}
	}
	if n := w.open(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

func TestProbeGoesToEveryBrokerThatIsAdvertised(t *testing.T) {
	brokers := fake(t, kfake.NumBrokers(3)).ListenAddrs()
	steps := probe(t, Config{Brokers: brokers[:1]})
	ends(t, the(t, steps, brokers[0], StepMetadata), Passed, "3 brokers", "controller")
	ends(t, the(t, steps, brokers[0], StepAdvertised), Passed, "that was given")
	for i, b := range brokers[1:] {
		for _, step := range []Step{StepResolve, StepConnect, StepVersions} {
			s := the(t, steps, b, step)
			ends(t, s, Passed)
			if s.BrokerID != int32(i+1) {
				t.Errorf("%s is broker %d's, not %d's", b, s.BrokerID, i+1)
			}
		}
	}
}

func TestProbeNamesTheFirstStepThatFails(t *testing.T) {
	living := fake(t, kfake.NumBrokers(1)).ListenAddrs()
	dead, mute := deadPort(t), bubble.Silent(t)
	steps := probe(t, Config{Brokers: []string{dead, "no-such-host.invalid", mute, living[0]}, DialTimeout: time.Second})
	ends(t, the(t, steps, dead, StepConnect), Failed, "connection refused", "nothing listens there")
	ends(t, the(t, steps, "no-such-host.invalid:9092", StepResolve), Failed, "no-such-host.invalid", "/etc/hosts")
	ends(t, the(t, steps, mute, StepVersions), Failed, "no answer in time")
	ends(t, the(t, steps, living[0], StepMetadata), Passed)
	ends(t, the(t, steps, "", StepClock), NotChecked)
	var order []string
	for _, s := range steps {
		if len(order) == 0 || order[len(order)-1] != s.Broker {
			order = append(order, s.Broker)
		}
	}
	if want := []string{dead, "no-such-host.invalid:9092", mute, living[0], ""}; !slices.Equal(order, want) {
		t.Errorf("reported in the order %q, not %q", order, want)
	}
	for _, s := range steps {
		if s.Broker == dead && s.Step == StepVersions {
			t.Error("it went on where nothing listens")
		}
	}
}

// advertising makes a broker tell that the brokers are at these addresses.
func advertising(t *testing.T, f *kfake.Cluster, addresses ...string) {
	t.Helper()
	f.ControlKey(int16(kmsg.Metadata), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		res := q.ResponseKind().(*kmsg.MetadataResponse)
		id := "advertising"
		res.ClusterID = &id
		res.ControllerID = 1
		for i, a := range addresses {
			host, port, _ := net.SplitHostPort(a)
			n, _ := strconv.Atoi(port)
			b := kmsg.NewMetadataResponseBroker()
			b.NodeID, b.Host, b.Port = int32(i+1), host, int32(n)
			res.Brokers = append(res.Brokers, b)
		}
		return res, nil, true
	})
}

// far makes the broker at address one that is reached by another name and on
// another machine; every other address is dialled as it is.
func far(name, address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, to string) (net.Conn, error) {
		var d net.Dialer
		if to != name {
			return d.DialContext(ctx, network, to)
		}
		conn, err := d.DialContext(ctx, network, address)
		return farConn{conn}, err
	}
}

type farConn struct{ net.Conn }

func (farConn) LocalAddr() net.Addr  { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 40000} }
func (farConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 9092} }

func TestProbeOfAdvertisedListeners(t *testing.T) {
	t.Run("name unknown here", func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		given := f.ListenAddrs()[0]
		advertising(t, f, given, "kafka-2.invalid:9092")
		s := the(t, probe(t, Config{Brokers: []string{given}}), "kafka-2.invalid:9092", StepResolve)
		ends(t, s, Failed, "broker 2 advertises kafka-2.invalid:9092, and that name is not known on this machine: the cluster answers at "+given+
			", but it sends clients there; set advertised.listeners on the broker", "or make the name known")
		if s.BrokerID != 2 {
			t.Errorf("broker %d", s.BrokerID)
		}
	})
	t.Run("nothing there", func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		given, dead := f.ListenAddrs()[0], deadPort(t)
		advertising(t, f, given, dead)
		ends(t, the(t, probe(t, Config{Brokers: []string{given}}), dead, StepConnect), Failed,
			"connection refused", "broker 2 advertises "+dead+", and nothing can be reached there", "advertised.listeners", "firewall")
	})
	t.Run("localhost from afar", func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		dead := deadPort(t)
		_, port, _ := net.SplitHostPort(dead)
		local := "localhost:" + port
		advertising(t, f, local)
		ends(t, the(t, probe(t, Config{Brokers: []string{"kafka.example:9092"}, Dial: far("kafka.example:9092", f.ListenAddrs()[0])}), local, StepConnect), Failed,
			"broker 1 advertises "+local+", and for every client that is the client's own machine, not the broker: the cluster answers at kafka.example:9092", "advertised.listeners")
	})
	t.Run("localhost from afar, through a tunnel", func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		local := f.ListenAddrs()[0]
		advertising(t, f, local)
		ends(t, the(t, probe(t, Config{Brokers: []string{"kafka.example:9092"}, Dial: far("kafka.example:9092", local)}), local, StepAdvertised), Warned,
			"tunnel", "broker 1 advertises "+local)
	})
	t.Run("localhost at home", func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		_, port, _ := net.SplitHostPort(f.ListenAddrs()[0])
		advertising(t, f, f.ListenAddrs()[0])
		for _, s := range probe(t, Config{Brokers: []string{"localhost:" + port}}) {
			if s.Outcome == Warned || s.Outcome == Failed {
				t.Errorf("%s: %s %s", s.Step, s.Summary, s.Hint)
			}
		}
	})
	t.Run("two at one address", func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		given := f.ListenAddrs()[0]
		advertising(t, f, given, given)
		ends(t, the(t, probe(t, Config{Brokers: []string{given}}), given, StepAdvertised), Failed, "brokers 1 and 2 both advertise "+given)
	})
	t.Run("an address that was given, and is dead", func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		given, dead := f.ListenAddrs()[0], deadPort(t)
		advertising(t, f, given, dead)
		ends(t, the(t, probe(t, Config{Brokers: []string{given, dead}}), dead, StepAdvertised), Failed, "see above", "broker 2 advertises "+dead)
	})
	t.Run("a listener that speaks otherwise", func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		given, mute := f.ListenAddrs()[0], bubble.Silent(t)
		advertising(t, f, given, mute)
		ends(t, the(t, probe(t, Config{Brokers: []string{given}, DialTimeout: 300 * time.Millisecond}), mute, StepVersions), Failed,
			"broker 2 advertises "+mute, "security.protocol")
	})
}

func TestProbeOfTwoClusters(t *testing.T) {
	a, b := fake(t, kfake.NumBrokers(1), kfake.ClusterID("one")), fake(t, kfake.NumBrokers(1), kfake.ClusterID("other"))
	steps := probe(t, Config{Brokers: []string{a.ListenAddrs()[0], b.ListenAddrs()[0]}})
	ends(t, the(t, steps, b.ListenAddrs()[0], StepMetadata), Failed, "cluster other", "cluster one")
}

func TestProbeOfAClusterInTrouble(t *testing.T) {
	f := fake(t, kfake.NumBrokers(1))
	given := f.ListenAddrs()[0]
	f.ControlKey(int16(kmsg.Metadata), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		res := q.ResponseKind().(*kmsg.MetadataResponse)
		host, port, _ := net.SplitHostPort(given)
		b := kmsg.NewMetadataResponseBroker()
		b.Host = host
		n, _ := strconv.Atoi(port)
		b.Port = int32(n)
		res.Brokers = append(res.Brokers, b)
		res.ControllerID = -1
		topic := kmsg.NewMetadataResponseTopic()
		name := "t"
		topic.Topic = &name
		for i, leader := range []int32{0, 0, -1} {
			p := kmsg.NewMetadataResponseTopicPartition()
			p.Partition, p.Leader, p.Replicas, p.ISR = int32(i), leader, []int32{0, 1}, []int32{0}
			topic.Partitions = append(topic.Partitions, p)
		}
		res.Topics = append(res.Topics, topic)
		return res, nil, true
	})
	steps := probe(t, Config{Brokers: []string{given}})
	ends(t, the(t, steps, given, StepMetadata), Warned, "no controller", "1 partition without a leader", "2 partitions with replicas that are not in sync")
	ends(t, the(t, steps, "", StepPermissions), NotChecked, "does not tell")
}

func TestProbeOfLogins(t *testing.T) {
	f := fake(t, kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("PLAIN", "ada", "p1"), kfake.Superuser("SCRAM-SHA-256", "bob", "p2"))
	brokers := f.ListenAddrs()
	for _, right := range []SASL{{"PLAIN", "ada", "p1"}, {"SCRAM-SHA-256", "bob", "p2"}} {
		t.Run(right.Mechanism, func(t *testing.T) {
			steps := probe(t, Config{Brokers: brokers, SASL: &right})
			ends(t, the(t, steps, brokers[0], StepLogin), Passed, right.Mechanism+" as "+right.Username)
			ends(t, the(t, steps, brokers[0], StepMetadata), Passed)
			ends(t, the(t, steps, "", StepPermissions), NotChecked, "no topic")

			wrong := right
			wrong.Password = "secret-and-wrong"
			steps = probe(t, Config{Brokers: brokers, SASL: &wrong})
			last := steps[len(steps)-1]
			if last.Step != StepLogin {
				t.Errorf("it ends with %s", last.Step)
			}
			ends(t, last, Failed, "wrong name or password", "sasl.password")
			if text := fmt.Sprint(steps); strings.Contains(text, wrong.Password) {
				t.Errorf("%s tells the password", text)
			}
		})
	}
	t.Run("none against a broker that wants one", func(t *testing.T) {
		ends(t, the(t, probe(t, Config{Brokers: brokers}), brokers[0], StepMetadata), Failed, "login")
	})
	t.Run("mechanism that the broker does not offer", func(t *testing.T) {
		f.ControlKey(int16(kmsg.SASLHandshake), func(q kmsg.Request) (kmsg.Response, error, bool) {
			res := q.ResponseKind().(*kmsg.SASLHandshakeResponse)
			res.ErrorCode, res.SupportedMechanisms = codeUnsupportedSASLMechanism, []string{"GSSAPI"}
			return res, nil, true
		})
		ends(t, the(t, probe(t, Config{Brokers: brokers, SASL: &SASL{"PLAIN", "ada", "p1"}}), brokers[0], StepLogin), Failed, "does not offer PLAIN", "the broker offers GSSAPI")
	})
	t.Run("mechanism that is not spoken", func(t *testing.T) {
		err := Probe(t.Context(), Config{Brokers: brokers, SASL: &SASL{"GSSAPI", "x", "y"}}, func(ProbeStep) { t.Error("there is a step") })
		if err == nil || !strings.Contains(err.Error(), "GSSAPI") {
			t.Error(err)
		}
	})
}

func TestProbeOfTLS(t *testing.T) {
	year := time.Now().Add(365 * 24 * time.Hour)
	authority := certify(t, x509.Certificate{Subject: pkix.Name{CommonName: "authority of the test"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotAfter: year}, nil)
	serve := func(until time.Time) []string {
		cert := certify(t, x509.Certificate{Subject: pkix.Name{CommonName: "broker"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			DNSNames: []string{"broker.example"}, NotAfter: until}, authority)
		return fake(t, kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert.tls()}})).ListenAddrs()
	}
	good, old := serve(year), serve(time.Now().Add(-time.Minute))
	step := func(t *testing.T, brokers []string, conf *tls.Config) ProbeStep {
		t.Helper()
		return the(t, probe(t, Config{Brokers: brokers, TLS: conf}), brokers[0], StepTLS)
	}
	trusting := func() *tls.Config { return &tls.Config{RootCAs: authority.pool()} }

	t.Run("right", func(t *testing.T) {
		ends(t, step(t, good, trusting()), Passed, "TLS 1.3", "CN=broker", year.UTC().Format(time.DateOnly), "36", "days left", "broker.example, 127.0.0.1",
			"signed by CN=authority of the test")
	})
	t.Run("ends soon", func(t *testing.T) {
		later := func() time.Time { return year.Add(-10*24*time.Hour - time.Hour) }
		conf := &tls.Config{RootCAs: authority.pool(), Time: later}
		ends(t, the(t, probe(t, Config{Brokers: good, TLS: conf, Now: later}), good[0], StepTLS), Warned, "the certificate of CN=broker ends in 10 days")
	})
	t.Run("lives for a week, and is young", func(t *testing.T) {
		ends(t, step(t, serve(time.Now().Add(7*24*time.Hour)), trusting()), Passed, "6 days left")
	})
	t.Run("expired", func(t *testing.T) {
		ends(t, step(t, old, trusting()), Failed, "expired", "renew it on the broker", "signed by CN=authority of the test")
	})
	t.Run("not valid yet", func(t *testing.T) {
		ends(t, the(t, probe(t, Config{Brokers: good, TLS: &tls.Config{RootCAs: authority.pool(), Time: longAgo}, Now: longAgo}), good[0], StepTLS), Failed, "clock of this machine")
	})
	t.Run("wrong name", func(t *testing.T) {
		conf := trusting()
		conf.ServerName = "other.example"
		ends(t, step(t, good, conf), Failed, "other.example", "a name in the certificate (broker.example, 127.0.0.1)")
	})
	t.Run("a common name alone", func(t *testing.T) {
		cert := certify(t, x509.Certificate{Subject: pkix.Name{CommonName: "127.0.0.1"}, NotAfter: year}, authority)
		brokers := fake(t, kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert.tls()}})).ListenAddrs()
		ends(t, step(t, brokers, trusting()), Failed, "clients ignore its common name (127.0.0.1)", "-X ssl.endpoint.identification.algorithm=")
		refusedAt(t, Config{Brokers: brokers, TLS: trusting()}, StepTLS, "clients ignore its common name (127.0.0.1)")
	})
	t.Run("authority unknown", func(t *testing.T) {
		ends(t, step(t, good, &tls.Config{RootCAs: newAuthority(t, "somebody else").pool()}), Failed, "not trusted", "ssl.truststore.location", "signed by CN=authority of the test")
	})
	t.Run("not verified", func(t *testing.T) {
		ends(t, step(t, good, &tls.Config{RootCAs: authority.pool(), InsecureSkipVerify: true}), Warned, "is NOT verified", "would be accepted")
		ends(t, step(t, old, &tls.Config{RootCAs: authority.pool(), InsecureSkipVerify: true}), Warned, "is NOT verified", "would be refused", "expired on")
	})
	t.Run("name not verified", func(t *testing.T) {
		ends(t, step(t, good, &tls.Config{RootCAs: authority.pool(), ServerName: "other.example", InsecureSkipVerify: true,
			VerifyConnection: func(tls.ConnectionState) error { return nil }}), Warned, "the name in the certificate is NOT verified", "would be refused")
	})
	t.Run("TLS against plain", func(t *testing.T) {
		ends(t, step(t, fake(t, kfake.NumBrokers(1)).ListenAddrs(), trusting()), Failed, "security.protocol=PLAINTEXT")
	})
	t.Run("plain against TLS", func(t *testing.T) {
		ends(t, the(t, probe(t, Config{Brokers: good}), good[0], StepVersions), Failed, "security.protocol=SSL")
	})
	t.Run("client certificate", func(t *testing.T) {
		server := certify(t, x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: year}, authority)
		person := func(until time.Time) *tls.Config {
			conf := trusting()
			conf.Certificates = []tls.Certificate{certify(t, x509.Certificate{Subject: pkix.Name{CommonName: "person"}, NotAfter: until,
				ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, authority).tls()}
			return conf
		}
		brokers := fake(t, kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{server.tls()},
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.pool()})).ListenAddrs()
		ends(t, step(t, brokers, person(year)), Passed, "client certificate CN=person, until")
		ends(t, step(t, brokers, trusting()), Failed, "ssl.keystore.location")
		steps := probe(t, Config{Brokers: brokers, TLS: person(time.Now().Add(-time.Minute))})
		if i := slices.IndexFunc(steps, func(s ProbeStep) bool { return s.Step == StepTLS }); i < 0 {
			t.Error(outline(steps))
		} else {
			ends(t, steps[i], Warned, "client certificate CN=person, EXPIRED")
		}
		ends(t, steps[len(steps)-1], Failed)
	})
}

func longAgo() time.Time { return time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) }

func TestProbeOfPermissions(t *testing.T) {
	reader := kfake.ACL{Resource: kmsg.ACLResourceTypeTopic, Name: "a", Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: kmsg.ACLOperationRead, Allow: true}
	seer := reader
	seer.Name, seer.Operation = "b", kmsg.ACLOperationDescribe
	f := fake(t, kfake.NumBrokers(1), kfake.EnableSASL(), kfake.EnableACLs(), kfake.SeedTopics(1, "a", "b", "c"),
		kfake.User("PLAIN", "reader", "p", reader, seer), kfake.User("PLAIN", "seer", "p", seer), kfake.User("PLAIN", "nobody", "p"))
	may := func(user string) (cluster, topics ProbeStep) {
		steps := probe(t, Config{Brokers: f.ListenAddrs(), SASL: &SASL{"PLAIN", user, "p"}, ReadOnly: true})
		i := slices.IndexFunc(steps, func(s ProbeStep) bool { return s.Step == StepPermissions })
		if i < 0 {
			t.Fatal(outline(steps))
		}
		return steps[i], steps[i+1]
	}
	cluster, topics := may("reader")
	ends(t, cluster, Passed, "no permissions known to the broker", "read-only")
	ends(t, topics, Passed, "on 2 topics: read 1, write none")
	_, topics = may("seer")
	ends(t, topics, Warned, "on 1 topic: read none", "ACL with READ", "TOPIC_AUTHORIZATION_FAILED")
	_, topics = may("nobody")
	ends(t, topics, NotChecked, "no topic")
}

func TestProbeOfABrokerOfAnotherAge(t *testing.T) {
	f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	speaking(f, apiMetadata, 0, 7)
	steps := probe(t, Config{Brokers: f.ListenAddrs()})
	ends(t, the(t, steps, "", StepPermissions), NotChecked, "older than Kafka 2.3")

	f = fake(t, kfake.NumBrokers(1), kfake.EnableSASL())
	speaking(f, apiMetadata, 0, 7)
	ends(t, the(t, probe(t, Config{Brokers: f.ListenAddrs(), SASL: &SASL{"PLAIN", "x", "y"}}), f.ListenAddrs()[0], StepLogin), NotChecked, "older than Kafka 1.0")

	f = fake(t, kfake.NumBrokers(1))
	speaking(f, apiFetch, 0, 3)
	ends(t, the(t, probe(t, Config{Brokers: f.ListenAddrs()}), f.ListenAddrs()[0], StepVersions), Failed, "too old: it supports Fetch up to version 3")

	f = fake(t, kfake.NumBrokers(1))
	speaking(f, apiMetadata, 0, 10) // DescribeCluster is not spoken
	steps = probe(t, Config{Brokers: f.ListenAddrs()})
	i := slices.IndexFunc(steps, func(s ProbeStep) bool { return s.Step == StepPermissions })
	ends(t, steps[i], Passed, "on the cluster: describe it")
}

// On a real Kafka, which tells more than the embedded one does.
func TestSecureProbe(t *testing.T) {
	lab := secure(t)
	admin := Config{Brokers: []string{lab.saslTLS}, TLS: lab.trusted(t), SASL: &SASL{"SCRAM-SHA-256", "admin", "admin-secret"}}
	newTopic(t, open(t, nil, func(into *Config) { *into = admin }), 1, nil)
	may := func(cfg Config) []ProbeStep {
		steps := probe(t, cfg)
		for _, s := range steps {
			if s.Outcome == Failed {
				t.Errorf("%s failed: %s", s.Step, s.Summary)
			}
		}
		return steps
	}
	steps := may(admin)
	ends(t, the(t, steps, lab.saslTLS, StepTLS), Passed, "TLS 1.3", "CN=broker", "localhost, 127.0.0.1", "signed by CN=ca")
	ends(t, the(t, steps, lab.saslTLS, StepLogin), Passed, "SCRAM-SHA-256 as admin")
	ends(t, the(t, steps, "", StepPermissions), Passed, "read all, write all")

	steps = may(Config{Brokers: []string{lab.sasl}, SASL: &SASL{"PLAIN", "limited", "limited-secret"}})
	i := slices.IndexFunc(steps, func(s ProbeStep) bool { return s.Step == StepPermissions })
	ends(t, steps[i], Passed, "on the cluster: no permissions known to the broker")

	steps = probe(t, Config{Brokers: []string{lab.sasl}, SASL: &SASL{"PLAIN", "limited", "wrong"}})
	ends(t, the(t, steps, lab.sasl, StepLogin), Failed, "wrong name or password", "the broker says")

	steps = probe(t, Config{Brokers: []string{lab.mutual}, TLS: lab.trusted(t)})
	ends(t, the(t, steps, lab.mutual, StepTLS), Failed, "ssl.keystore.location")
}

func TestProbeEndsWhenItIsCancelled(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		mute := bubble.Silent(t)
		ctx, cancel := context.WithCancel(t.Context())
		w := &wires{}
		cfg := Config{Brokers: []string{mute, mute}, DialTimeout: time.Minute, Dial: bubble.Dial}
		w.use(&cfg)
		begun := time.Now()
		err := Probe(ctx, cfg, func(s ProbeStep) {
			if s.Step == StepConnect {
				cancel()
			}
			if s.Outcome == Failed {
				t.Errorf("being cancelled is reported as a failure: %s", s.Summary)
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		waited(t, begun, 0)
		if n := w.open(); n != 0 {
			t.Errorf("%d connections are open", n)
		}
	})
}

func TestProbeWantsABroker(t *testing.T) {
	if err := Probe(t.Context(), Config{}, func(ProbeStep) {}); err == nil || !strings.Contains(err.Error(), "localhost:9092") {
		t.Error(err)
	}
}
