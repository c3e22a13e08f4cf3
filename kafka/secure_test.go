package kafka

// Logins, certificates and permissions, on the lab's secure broker
// (kafka-lab up secure prints the variables that are used here).

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// secureLab is the lab's secure broker. Without it the test is skipped, unless
// MILENA_TEST_SECURE asks for it.
type secureLab struct {
	dir                   string
	sasl, saslTLS, mutual string
}

func secure(t *testing.T) secureLab {
	t.Helper()
	lab := secureLab{os.Getenv("KAFKA_SECURE_DIR"), os.Getenv("KAFKA_SASL_PLAINTEXT"), os.Getenv("KAFKA_SASL_SSL"), os.Getenv("KAFKA_MTLS")}
	if lab.dir == "" || lab.sasl == "" || lab.saslTLS == "" || lab.mutual == "" {
		if os.Getenv("MILENA_TEST_SECURE") != "" {
			t.Fatal("MILENA_TEST_SECURE is set, and the variables that kafka-lab up secure prints are not")
		}
		t.Skip("needs the lab's secure broker")
	}
	return lab
}

func (l secureLab) trusted(t *testing.T) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(l.dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func (l secureLab) as(t *testing.T, name string) *tls.Config {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(filepath.Join(l.dir, name+".crt"), filepath.Join(l.dir, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	conf := l.trusted(t)
	conf.Certificates = []tls.Certificate{cert}
	return conf
}

func TestSecureLogins(t *testing.T) {
	lab := secure(t)
	for name, cfg := range map[string]Config{
		"PLAIN":         {Brokers: []string{lab.sasl}, SASL: &SASL{"PLAIN", "admin", "admin-secret"}},
		"SCRAM-SHA-256": {Brokers: []string{lab.saslTLS}, SASL: &SASL{"SCRAM-SHA-256", "admin", "admin-secret"}, TLS: lab.trusted(t)},
		"SCRAM-SHA-512": {Brokers: []string{lab.saslTLS}, SASL: &SASL{"SCRAM-SHA-512", "admin", "admin-secret"}, TLS: lab.trusted(t)},
		"mTLS":          {Brokers: []string{lab.mutual}, TLS: lab.as(t, "admin")},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, nil, func(into *Config) { *into = cfg })
			topic := newTopic(t, c, 2, nil)
			ctx := timeout(t, 60*time.Second)
			ack, err := c.Send(ctx, Message{Topic: topic, Partition: 1, Value: []byte("hello"), Timestamp: NoTimestamp})
			if err != nil || ack.Partition != 1 || ack.Offset != 0 {
				t.Fatalf("%+v, %v", ack, err)
			}
			got := newCollector()
			if err := c.Read(ctx, ReadRequest{Spans: []Span{{TopicPartition{topic, 1}, 0, 1}}}, got); err != nil || got.taken != 1 {
				t.Errorf("read %d records, %v", got.taken, err)
			}
			// The group's own connections log in too.
			got = newCollector()
			req := ConsumeRequest{Group: topic, Topics: []string{topic}, Start: Position{Kind: Beginning}, End: true}
			if err := c.Consume(ctx, req, got); err != nil || got.taken != 1 {
				t.Errorf("consumed %d records, %v", got.taken, err)
			}
		})
	}
}

func TestSecureRefusalSaysWhy(t *testing.T) {
	lab := secure(t)
	stranger := lab.as(t, "stranger")
	for name, x := range map[string]struct {
		cfg  Config
		step Step
		says string
	}{
		"wrong password over PLAIN":       {Config{Brokers: []string{lab.sasl}, SASL: &SASL{"PLAIN", "admin", "wrong"}}, StepLogin, "password"},
		"wrong password over SCRAM":       {Config{Brokers: []string{lab.saslTLS}, TLS: lab.trusted(t), SASL: &SASL{"SCRAM-SHA-512", "admin", "wrong"}}, StepLogin, "password"},
		"a user that nobody knows":        {Config{Brokers: []string{lab.saslTLS}, TLS: lab.trusted(t), SASL: &SASL{"PLAIN", "nobody", "x"}}, StepLogin, ""},
		"no login where one is wanted":    {Config{Brokers: []string{lab.sasl}}, StepMetadata, "sasl"},
		"plain text to TLS":               {Config{Brokers: []string{lab.saslTLS}}, StepVersions, "TLS"},
		"TLS to plain text":               {Config{Brokers: []string{lab.sasl}, TLS: lab.trusted(t)}, StepTLS, "PLAINTEXT"},
		"an authority that is not known":  {Config{Brokers: []string{lab.saslTLS}, TLS: &tls.Config{RootCAs: x509.NewCertPool()}, SASL: &SASL{"PLAIN", "admin", "admin-secret"}}, StepTLS, "truststore"},
		"no client certificate":           {Config{Brokers: []string{lab.mutual}, TLS: lab.trusted(t)}, StepTLS, "certificate"},
		"a stranger's client certificate": {Config{Brokers: []string{lab.mutual}, TLS: stranger}, StepTLS, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			c, err := Open(timeout(t, 40*time.Second), x.cfg)
			if err == nil {
				c.Close()
				t.Fatal("it was let in")
			}
			var connect *ConnectError
			if !errors.As(err, &connect) || connect.Step != x.step || !strings.Contains(connect.Hint+err.Error(), x.says) {
				t.Errorf("want step %s and %q: %v; hint %q", x.step, x.says, err, connect.Hint)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells the password: %v", err)
			}
			t.Logf("after %v: %v", time.Since(begun).Round(time.Millisecond), err)
		})
	}
}

func TestSecureWithoutPermission(t *testing.T) {
	lab := secure(t)
	admin := open(t, nil, func(c *Config) {
		*c = Config{Brokers: []string{lab.sasl}, SASL: &SASL{"PLAIN", "admin", "admin-secret"}}
	})
	limited := open(t, nil, func(c *Config) {
		*c = Config{Brokers: []string{lab.sasl}, SASL: &SASL{"PLAIN", "limited", "limited-secret"}}
	})
	closed := newTopic(t, admin, 1, nil)
	ctx := timeout(t, 60*time.Second)
	if limited.Metadata().Topic(closed) != nil {
		t.Error("a topic is listed that may not be described")
	}
	denied := func(what string, err error, code int16) {
		t.Helper()
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Code != code || refusal.Hint() == "" {
			t.Errorf("%s: %v, want %s with a hint", what, err, (&Error{Code: code}).Name())
		}
	}
	_, err := limited.Topic(ctx, closed)
	denied("looking at a topic", err, codeTopicAuthorization)
	_, err = limited.Send(ctx, Message{Topic: closed, Partition: 0, Timestamp: NoTimestamp})
	denied("writing", err, codeTopicAuthorization)
	denied("reading", limited.Read(ctx, ReadRequest{Spans: []Span{{TopicPartition{closed, 0}, 0, NoEnd}}}, newCollector()), codeTopicAuthorization)
	denied("creating", limited.CreateTopic(ctx, NewTopic{Name: "closed-" + closed, Partitions: 1, ReplicationFactor: 1}), codeTopicAuthorization)
	denied("deleting", limited.DeleteTopic(ctx, closed), codeTopicAuthorization)

	// What the limited user may: topics and groups open.*.
	name := "open." + closed
	if err := limited.CreateTopic(ctx, NewTopic{Name: name, Partitions: 1, ReplicationFactor: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.DeleteTopic(timeout(t, 20*time.Second), name) })
	if ack, err := limited.Send(ctx, Message{Topic: name, Partition: 0, Timestamp: NoTimestamp}); err != nil || ack.Offset != 0 {
		t.Errorf("writing to an open topic: %+v, %v", ack, err)
	}
	req := ConsumeRequest{Group: "closed", Topics: []string{name}, Start: Position{Kind: Beginning}, End: true}
	denied("joining a group", limited.Consume(ctx, req, newCollector()), codeGroupAuthorization)
	req.Group = "open.group"
	got := newCollector()
	if err := limited.Consume(ctx, req, got); err != nil || got.taken != 1 {
		t.Errorf("consumed %d records in an open group, %v", got.taken, err)
	}
}
