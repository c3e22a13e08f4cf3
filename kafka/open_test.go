package kafka

// Ways of not reaching a cluster: each names the broker, the step, the reason
// and what to try.

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
)

// refusedAt opens a cluster that cannot be opened, and checks what is said of it.
func refusedAt(t *testing.T, cfg Config, step Step, words ...string) *ConnectError {
	t.Helper()
	if cfg.DialTimeout == 0 {
		cfg.DialTimeout = 2 * time.Second
	}
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = 2 * time.Second
	}
	c, err := Open(timeout(t, 20*time.Second), cfg)
	if err == nil {
		c.Close()
		t.Fatal("it opened")
	}
	var open *OpenError
	if !errors.As(err, &open) || len(open.Attempts) != len(cfg.Brokers) {
		t.Fatalf("not an OpenError of %d attempts: %v", len(cfg.Brokers), err)
	}
	a := open.Attempts[0]
	if a.Broker != cfg.Brokers[0] || a.Step != step || a.Hint == "" {
		t.Errorf("broker %q, step %q, hint %q; want broker %q, step %q and some hint; %v", a.Broker, a.Step, a.Hint, cfg.Brokers[0], step, err)
	}
	for _, w := range append(words, cfg.Brokers[0], string(step), a.Hint) {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q is more than one line", err)
	}
	return a
}

func TestOpenSaysWhatFailed(t *testing.T) {
	t.Run("connection refused", func(t *testing.T) {
		refusedAt(t, Config{Brokers: []string{deadPort(t)}}, StepConnect, "connection refused")
	})
	t.Run("name unknown", func(t *testing.T) {
		refusedAt(t, Config{Brokers: []string{"no-such-host.invalid:9092"}}, StepResolve)
	})
	t.Run("no port is 9092", func(t *testing.T) {
		dialled := make(chan string, 10)
		_, err := Open(timeout(t, 10*time.Second), Config{Brokers: []string{"broker.example"},
			Dial: func(_ context.Context, _, address string) (net.Conn, error) {
				dialled <- address
				return nil, syscall.ECONNREFUSED
			}})
		if address := <-dialled; err == nil || address != "broker.example:9092" {
			t.Errorf("dialled %q; %v", address, err)
		}
	})
	t.Run("port is silent", func(t *testing.T) {
		bubble.Run(t, func(t *testing.T) {
			begun := time.Now()
			refusedAt(t, Config{Brokers: []string{bubble.Silent(t)}, Dial: bubble.Dial}, StepVersions, "no answer in time")
			waited(t, begun, 5*time.Second)
		})
	})
	t.Run("not Kafka", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))
				conn.Close()
			}
		}()
		refusedAt(t, Config{Brokers: []string{l.Addr().String()}}, StepVersions)
	})
	t.Run("no broker given", func(t *testing.T) {
		_, err := Open(t.Context(), Config{})
		var open *OpenError
		if !errors.As(err, &open) || !strings.Contains(err.Error(), "localhost:9092") {
			t.Error(err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		bubble.Run(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			begun := time.Now()
			if _, err := Open(ctx, Config{Brokers: []string{bubble.Silent(t)}, Dial: bubble.Dial}); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			waited(t, begun, 50*time.Millisecond)
		})
	})
}

func TestOpenNeedsOneLivingBroker(t *testing.T) {
	onBroker(t, func(t *testing.T, brokers []string) {
		for _, bad := range []string{deadPort(t), bubble.Silent(t)} {
			begun := time.Now()
			c := open(t, append([]string{bad}, brokers...))
			waited(t, begun, 2*time.Second)
			if len(c.Metadata().Brokers) == 0 {
				t.Error("no brokers in the metadata")
			}
		}
	})
}

func TestOpenNamesEveryBrokerThatFailed(t *testing.T) {
	a, b := deadPort(t), deadPort(t)
	_, err := Open(timeout(t, 10*time.Second), Config{Brokers: []string{a, b}})
	if err == nil || !strings.Contains(err.Error(), a) || !strings.Contains(err.Error(), b) {
		t.Error(err)
	}
}

func TestOpenDialsAsTold(t *testing.T) {
	w := &wires{}
	brokers := brokersOf(t)
	c := open(t, brokers, w.use)
	if len(w.keys()) == 0 {
		t.Error("the dialer was not used")
	}
	if c.Config().ClientID != "milena-test" {
		t.Errorf("client id %q", c.Config().ClientID)
	}
}

// identityOf is a key pair that authority, or itself, has signed.
type identityOf struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func certify(t testing.TB, template x509.Certificate, authority *identityOf) *identityOf {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore = time.Now().Add(-time.Hour)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	signer, signerKey := &template, key
	if authority != nil {
		signer, signerKey = authority.cert, authority.key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, signer, &key.PublicKey, signerKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &identityOf{cert, key}
}

func newAuthority(t testing.TB, name string) *identityOf {
	return certify(t, x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign}, nil)
}

func (i *identityOf) tls() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}
}

func (i *identityOf) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(i.cert)
	return p
}

func TestOpenWithTLS(t *testing.T) {
	authority := newAuthority(t, "authority of the test")
	server := certify(t, x509.Certificate{Subject: pkix.Name{CommonName: "broker"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames: []string{"broker.example"}}, authority)
	brokers := fake(t, kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{server.tls()}})).ListenAddrs()

	t.Run("right", func(t *testing.T) {
		c := open(t, brokers, func(cfg *Config) { cfg.TLS = &tls.Config{RootCAs: authority.pool()} })
		topic := newTopic(t, c, 1, nil)
		if _, err := c.Send(timeout(t, 10*time.Second), Message{Topic: topic, Value: []byte("x"), Timestamp: NoTimestamp}); err != nil {
			t.Error(err)
		}
	})
	t.Run("name that the certificate carries", func(t *testing.T) {
		open(t, brokers, func(cfg *Config) {
			cfg.TLS = &tls.Config{RootCAs: authority.pool(), ServerName: "broker.example"}
		})
	})
	t.Run("authority unknown", func(t *testing.T) {
		other := newAuthority(t, "somebody else")
		refusedAt(t, Config{Brokers: brokers, TLS: &tls.Config{RootCAs: other.pool()}}, StepTLS, "not trusted")
	})
	t.Run("name wrong", func(t *testing.T) {
		refusedAt(t, Config{Brokers: brokers, TLS: &tls.Config{RootCAs: authority.pool(), ServerName: "other.example"}}, StepTLS, "other.example")
	})
	t.Run("plain against TLS", func(t *testing.T) {
		refusedAt(t, Config{Brokers: brokers}, StepVersions, "TLS")
	})
	t.Run("TLS against plain", func(t *testing.T) {
		plain := brokersOf(t)
		refusedAt(t, Config{Brokers: plain, TLS: &tls.Config{RootCAs: authority.pool()}, DialTimeout: time.Second}, StepTLS, "PLAINTEXT")
	})
	t.Run("certificate out of date", func(t *testing.T) {
		old := certify(t, x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(-time.Minute)}, authority)
		stale := fake(t, kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{old.tls()}})).ListenAddrs()
		_, err := Open(timeout(t, 10*time.Second), Config{Brokers: stale, TLS: &tls.Config{RootCAs: authority.pool()}})
		var at *ConnectError
		if !errors.As(err, &at) || at.Step != StepTLS || !strings.Contains(err.Error(), "expired") {
			t.Error(err)
		}
	})
}

func TestOpenWithClientCertificate(t *testing.T) {
	authority := newAuthority(t, "authority of the test")
	server := certify(t, x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, authority)
	person := certify(t, x509.Certificate{Subject: pkix.Name{CommonName: "person"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, authority)
	brokers := fake(t, kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{server.tls()},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.pool()})).ListenAddrs()
	open(t, brokers, func(cfg *Config) {
		cfg.TLS = &tls.Config{RootCAs: authority.pool(), Certificates: []tls.Certificate{person.tls()}}
	})
	t.Run("without one", func(t *testing.T) {
		refusedAt(t, Config{Brokers: brokers, TLS: &tls.Config{RootCAs: authority.pool()}}, StepTLS, "certificate")
	})
	t.Run("signed by somebody else", func(t *testing.T) {
		stranger := certify(t, x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, newAuthority(t, "somebody else"))
		refusedAt(t, Config{Brokers: brokers, TLS: &tls.Config{RootCAs: authority.pool(), Certificates: []tls.Certificate{stranger.tls()}}}, StepTLS, "certificate")
	})
}

func TestOpenWithLogin(t *testing.T) {
	f := fake(t, kfake.NumBrokers(1), kfake.EnableSASL(),
		kfake.Superuser("PLAIN", "ada", "p1"), kfake.Superuser("SCRAM-SHA-256", "bob", "p2"), kfake.Superuser("SCRAM-SHA-512", "eve", "p3"))
	brokers := f.ListenAddrs()
	right := map[string]SASL{
		"PLAIN":         {"PLAIN", "ada", "p1"},
		"SCRAM-SHA-256": {"SCRAM-SHA-256", "bob", "p2"},
		"SCRAM-SHA-512": {"SCRAM-SHA-512", "eve", "p3"},
	}
	for name, sasl := range right {
		t.Run(name, func(t *testing.T) {
			c := open(t, brokers, func(cfg *Config) { cfg.SASL = &sasl })
			topic := newTopic(t, c, 1, nil)
			if _, err := c.Send(timeout(t, 10*time.Second), Message{Topic: topic, Value: []byte("x"), Timestamp: NoTimestamp}); err != nil {
				t.Error(err)
			}
			// Membership in a group has connections of its own.
			got := newCollector()
			err := c.Consume(timeout(t, 30*time.Second), ConsumeRequest{Group: topic, Topics: []string{topic}, End: true}, got)
			if err != nil || got.taken != 1 {
				t.Errorf("the group took %d, %v", got.taken, err)
			}
			sasl.Password = "secret-and-wrong"
			at := refusedAt(t, Config{Brokers: brokers, SASL: &sasl}, StepLogin)
			if text := at.Error() + at.Hint; strings.Contains(text, sasl.Password) {
				t.Errorf("%q tells the password", text)
			}
		})
	}
	t.Run("none against a broker that wants one", func(t *testing.T) {
		refusedAt(t, Config{Brokers: brokers}, StepMetadata, "login")
	})
	t.Run("mechanism that is not spoken", func(t *testing.T) {
		_, err := Open(t.Context(), Config{Brokers: brokers, SASL: &SASL{"GSSAPI", "x", "y"}})
		if err == nil || !strings.Contains(err.Error(), "GSSAPI") || !strings.Contains(err.Error(), "SCRAM-SHA-512") {
			t.Error(err)
		}
	})
	t.Run("mechanism that the broker does not offer", func(t *testing.T) {
		f.ControlKey(int16(kmsg.SASLHandshake), func(q kmsg.Request) (kmsg.Response, error, bool) {
			f.KeepControl()
			res := q.ResponseKind().(*kmsg.SASLHandshakeResponse)
			res.ErrorCode, res.SupportedMechanisms = codeUnsupportedSASLMechanism, []string{"GSSAPI"}
			return res, nil, true
		})
		refusedAt(t, Config{Brokers: brokers, SASL: &SASL{"PLAIN", "ada", "p1"}}, StepLogin, "PLAIN")
	})
}

// speaking makes a broker tell that it speaks an API from least to most only;
// most below 0: not at all.
func speaking(f *kfake.Cluster, key, least, most int16) {
	f.ControlKey(int16(kmsg.ApiVersions), func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		res := q.ResponseKind().(*kmsg.ApiVersionsResponse)
		for k, newest := range map[int16]int16{0: 11, 1: 16, 2: 8, 3: 12, 8: 8, 9: 8, 10: 4, 11: 9, 12: 4, 13: 5, 14: 5, 18: 3, 19: 7, 20: 6, 21: 2, 22: 4, 24: 4, 25: 3, 26: 3, 32: 4} {
			v := kmsg.NewApiVersionsResponseApiKey()
			v.ApiKey, v.MaxVersion = k, newest
			if k == key {
				v.MinVersion, v.MaxVersion = least, most
			}
			if v.MaxVersion >= 0 {
				res.ApiKeys = append(res.ApiKeys, v)
			}
		}
		return res, nil, true
	})
}

func TestBrokerOfAnotherAge(t *testing.T) {
	t.Run("without a version of Metadata", func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		speaking(f, apiMetadata, 0, 0)
		_, err := Open(timeout(t, 10*time.Second), Config{Brokers: f.ListenAddrs()})
		var version *VersionError
		if !errors.As(err, &version) || !strings.Contains(err.Error(), "too old") || !strings.Contains(err.Error(), "0.11") {
			t.Error(err)
		}
	})
	t.Run("a controller", func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1))
		f.ControlKey(int16(kmsg.ApiVersions), func(q kmsg.Request) (kmsg.Response, error, bool) {
			f.KeepControl()
			res := q.ResponseKind().(*kmsg.ApiVersionsResponse)
			for _, key := range []kmsg.Key{kmsg.Fetch, kmsg.ApiVersions, kmsg.Vote, kmsg.BeginQuorumEpoch, kmsg.DescribeQuorum} {
				res.ApiKeys = append(res.ApiKeys, kmsg.ApiVersionsResponseApiKey{ApiKey: int16(key), MaxVersion: 4})
			}
			return res, nil, true
		})
		refusedAt(t, Config{Brokers: f.ListenAddrs()}, StepVersions, "the port of a KRaft controller")
		ends(t, the(t, probe(t, Config{Brokers: f.ListenAddrs()}), f.ListenAddrs()[0], StepVersions), Failed, "the port of a KRaft controller")
	})
	for name, c := range map[string]struct {
		least, most int16
		words       string
	}{
		"too old":        {0, 3, "too old: it supports Fetch up to version 3"},
		"too new":        {fetchByID + 1, fetchByID + 4, "too new: it supports Fetch from version 14"},
		"does not fetch": {0, -1, "does not know the request Fetch"},
	} {
		t.Run(name, func(t *testing.T) {
			f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
			speaking(f, apiFetch, c.least, c.most)
			cl := open(t, f.ListenAddrs())
			err := cl.Read(timeout(t, 10*time.Second), ReadRequest{Spans: []Span{{TopicPartition{"t", 0}, 0, NoEnd}}}, newCollector())
			var version *VersionError
			if !errors.As(err, &version) || version.Broker != f.ListenAddrs()[0] || !strings.Contains(err.Error(), c.words) {
				t.Error(err)
			}
		})
	}
	t.Run("without Produce", func(t *testing.T) {
		f := fake(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
		speaking(f, apiProduce, 0, 2)
		cl := open(t, f.ListenAddrs())
		_, err := cl.Send(timeout(t, 10*time.Second), Message{Topic: "t", Value: []byte("x"), Timestamp: NoTimestamp})
		if err == nil || !strings.Contains(err.Error(), "too old: it supports Produce up to version 2") {
			t.Error(err)
		}
	})
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	brokers := brokersOf(t)
	before := goleak.IgnoreCurrent()
	w := &wires{}
	cfg := Config{Brokers: brokers}
	w.use(&cfg)
	c, err := Open(timeout(t, 10*time.Second), cfg)
	if err != nil {
		t.Fatal(err)
	}
	topic := "milena-test-leaves-nothing-" + strings.ToLower(rand.Text()[:8])
	if err := c.CreateTopic(timeout(t, 20*time.Second), NewTopic{Name: topic, Partitions: 2, ReplicationFactor: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(t.Context(), Message{Topic: topic, Value: []byte("x"), Timestamp: NoTimestamp}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got := newCollector()
	done := make(chan error)
	go func() {
		done <- c.Read(ctx, ReadRequest{Spans: []Span{{TopicPartition{topic, 0}, 0, NoEnd}}}, got)
	}()
	got.await(t, "the message", func() bool { return got.taken == 1 })
	cancel()
	<-done
	if err := c.DeleteTopic(timeout(t, 20*time.Second), topic); err != nil {
		t.Error(err)
	}
	c.Close()
	leavesNothing(t, before)
	if n := w.open(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

func TestAfterCloseCallsFail(t *testing.T) {
	brokers := brokersOf(t)
	c := open(t, brokers)
	topic := newTopic(t, open(t, brokers), 1, nil)
	c.Close()
	if _, err := c.Send(timeout(t, 5*time.Second), Message{Topic: topic, Value: []byte("x"), Timestamp: NoTimestamp}); err == nil {
		t.Error("a closed cluster sent a message")
	}
	if _, err := c.Refresh(timeout(t, 5*time.Second)); err == nil {
		t.Error("a closed cluster refreshed")
	}
	if err := c.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}
