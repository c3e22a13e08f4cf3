package config

import (
	"strings"
	"testing"
)

// What a broker's scheme says is done, or refused; never left out.
func TestSchemesOfBrokers(t *testing.T) {
	for _, c := range []struct {
		brokers string
		set     []string
		tls     bool
		refused string
	}{
		{brokers: "SSL://a:1", tls: true},
		{brokers: "ssl://a:1,b:2", tls: true},
		{brokers: "PLAINTEXT://a:1"},
		{brokers: "a:1"},
		{brokers: "EXTERNAL://a:1"},
		{brokers: "SASL_SSL://a:1", set: []string{"sasl.mechanism=PLAIN", "sasl.username=u", "sasl.password=p"}, tls: true},
		{brokers: "SSL://a:1", set: []string{"security.protocol=ssl"}, tls: true},
		{brokers: "SSL://a:1", set: []string{"security.protocol=PLAINTEXT"}, refused: "security.protocol is PLAINTEXT"},
		{brokers: "PLAINTEXT://a:1", set: []string{"security.protocol=SSL"}, refused: "begins with PLAINTEXT://"},
		{brokers: "SASL_SSL://a:1", refused: "sasl.mechanism is not set"},
		{brokers: "SSL://a:1,PLAINTEXT://b:2", refused: "two security protocols"},
		{brokers: "https://a:1", refused: "web address"},
	} {
		s, err := Load(Options{Brokers: c.brokers, Set: c.set, File: "absent", Getenv: environment()})
		switch {
		case c.refused != "":
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s with %v: %v, want it to say: %s", c.brokers, c.set, err, c.refused)
			}
		case err != nil:
			t.Errorf("%s with %v: %v", c.brokers, c.set, err)
		case (s.Kafka.TLS != nil) != c.tls || strings.Contains(s.Kafka.Brokers[0], "//"):
			t.Errorf("%s with %v: TLS %v, brokers %v", c.brokers, c.set, s.Kafka.TLS != nil, s.Kafka.Brokers)
		}
	}
	// A file's own servers, and a context's, have schemes too.
	file := write(t, "client.properties", "bootstrap.servers=SSL://a:1\n")
	if s, err := Load(Options{Properties: file, File: "absent", Getenv: environment()}); err != nil || s.Kafka.TLS == nil {
		t.Errorf("SSL:// in a properties file: %+v, %v", s, err)
	}
}

func TestTLSThatIsNotUsedIsSaid(t *testing.T) {
	for protocol, want := range map[string]int{"PLAINTEXT": 1, "SSL": 0} {
		s, err := Load(Options{Properties: write(t, "client.properties", "ssl.ca.location=probe\nsecurity.protocol="+protocol+"\n"), Brokers: "a", File: "absent", Getenv: environment()})
		if err != nil || len(s.Warnings) != want {
			t.Errorf("%s: %q, %v; want %d warnings", protocol, s.Warnings, err, want)
		}
	}
}
