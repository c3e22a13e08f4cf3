package config

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"milena/kafka"
)

// protocols are what security.protocol can be.
var protocols = []string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}

// agree takes the security protocol that the brokers' addresses name, "" for
// none: alone it is the setting, beside another one it is refused, for one of
// the two would talk in the clear where the other does not.
func (p properties) agree(protocol string) error {
	switch set := strings.ToUpper(p["security.protocol"]); {
	case protocol == "" || protocol == set:
	case set == "":
		p["security.protocol"] = protocol
	default:
		return fmt.Errorf("the brokers' address begins with %s://, but security.protocol is %s; leave the scheme out, or change the setting", protocol, set)
	}
	return nil
}

// apply turns properties into the settings they stand for.
func (s *Settings) apply(p properties) error {
	for _, name := range p.unknown() {
		s.Notices = append(s.Notices, fmt.Sprintf("the setting %q is not one of Kafka's clients; it is not used", name))
	}
	s.Kafka.ClientID = p["client.id"]
	s.Codec = cmp.Or(p["compression.type"], p["compression.codec"])
	switch level := p["isolation.level"]; level {
	case "", "read_uncommitted":
	case "read_committed":
		s.Isolation = kafka.ReadCommitted
	default:
		return fmt.Errorf("isolation.level %q is neither read_uncommitted nor read_committed", level)
	}
	for _, timeout := range []struct {
		name string
		to   *time.Duration
	}{
		{"socket.timeout.ms", &s.Kafka.RequestTimeout},
		{"request.timeout.ms", &s.Kafka.RequestTimeout},
		{"socket.connection.setup.timeout.ms", &s.Kafka.DialTimeout},
	} {
		if p[timeout.name] == "" {
			continue
		}
		ms, err := strconv.ParseInt(p[timeout.name], 10, 32)
		if err != nil || ms < 1 {
			return fmt.Errorf("%s %q is not a number of milliseconds above 0", timeout.name, p[timeout.name])
		}
		*timeout.to = time.Duration(ms) * time.Millisecond
	}

	protocol := strings.ToUpper(cmp.Or(p["security.protocol"], "PLAINTEXT"))
	if !slices.Contains(protocols, protocol) {
		return fmt.Errorf("unknown security.protocol %q: use one of %s", p["security.protocol"], strings.Join(protocols, ", "))
	}
	login, encrypted := strings.HasPrefix(protocol, "SASL"), strings.HasSuffix(protocol, "SSL")
	if mechanism := cmp.Or(p["sasl.mechanism"], p["sasl.mechanisms"]); !login && (mechanism != "" || p["sasl.jaas.config"] != "") {
		s.Warnings = append(s.Warnings, fmt.Sprintf(
			"a SASL login is set, but security.protocol is %s: it is not used; SASL_SSL or SASL_PLAINTEXT logs in", protocol))
	}
	if authorities := cmp.Or(p["ssl.truststore.location"], p["ssl.truststore.certificates"], p["ssl.ca.location"], p["ssl.ca.pem"]); !encrypted && authorities != "" {
		s.Warnings = append(s.Warnings, fmt.Sprintf(
			"authorities for TLS are set, but security.protocol is %s: nothing is encrypted; SSL or SASL_SSL encrypts", protocol))
	}
	var err error
	if login {
		if s.Kafka.SASL, err = p.sasl(); err != nil {
			return err
		}
	}
	if encrypted {
		if s.Kafka.TLS, err = p.tls(&s.Warnings); err != nil {
			return err
		}
	}
	if login && !encrypted && s.Kafka.SASL.Mechanism == "PLAIN" {
		s.Notices = append(s.Notices, "the password crosses the network unencrypted: SASL PLAIN without TLS (security.protocol=SASL_PLAINTEXT)")
	}
	return nil
}

func (p properties) sasl() (*kafka.SASL, error) {
	mechanism := strings.ToUpper(cmp.Or(p["sasl.mechanism"], p["sasl.mechanisms"]))
	var wanted string
	switch mechanism {
	case "PLAIN":
		wanted = "PlainLoginModule"
	case "SCRAM-SHA-256", "SCRAM-SHA-512":
		wanted = "ScramLoginModule"
	case "":
		return nil, errors.New("security.protocol asks for a SASL login, but sasl.mechanism is not set (Kafka's default, GSSAPI, is not supported yet); " +
			"set PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
	default:
		return nil, fmt.Errorf("sasl.mechanism %s is not supported yet; use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", mechanism)
	}
	user, password := p["sasl.username"], p["sasl.password"]
	if text := p["sasl.jaas.config"]; text != "" {
		login, err := parseJAAS(text)
		if err != nil {
			return nil, err
		}
		if login.module != wanted {
			return nil, fmt.Errorf("sasl.jaas.config has %s, but sasl.mechanism %s is logged in with %s", login.module, mechanism, wanted)
		}
		user, password = login.options["username"], login.options["password"]
		if login.options["tokenauth"] == "true" {
			return nil, errors.New("sasl.jaas.config: delegation tokens (tokenauth) are not supported yet")
		}
	}
	if user == "" {
		return nil, fmt.Errorf("sasl.mechanism %s needs a user: set sasl.jaas.config with username and password, or sasl.username and sasl.password", mechanism)
	}
	return &kafka.SASL{Mechanism: mechanism, Username: user, Password: password}, nil
}

func (p properties) tls(warnings *[]string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	name, authorities, err := p.pem("ssl.truststore.certificates", "ssl.ca.pem", "ssl.truststore.location", "ssl.ca.location")
	if err != nil {
		return nil, err
	}
	if authorities != nil {
		if c.RootCAs, err = pool(name, authorities); err != nil {
			return nil, err
		}
	}
	name, chain, err := p.pem("ssl.keystore.certificate.chain", "ssl.certificate.pem", "ssl.keystore.location", "ssl.certificate.location")
	if err != nil {
		return nil, err
	}
	keyName, key, err := p.pem("ssl.keystore.key", "ssl.key.pem", "ssl.key.location")
	if err != nil {
		return nil, err
	}
	if chain != nil || key != nil {
		if name == "" {
			name = keyName
		}
		certificate, err := pair(name, append(append(chain, '\n'), key...), p["ssl.key.password"])
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{certificate}
	}

	if strings.EqualFold(p["enable.ssl.certificate.verification"], "false") {
		c.InsecureSkipVerify = true
		*warnings = append(*warnings, "TLS is not verified (enable.ssl.certificate.verification=false): "+
			"anybody in between can read and change what is sent")
		return c, nil
	}
	if algorithm, set := p["ssl.endpoint.identification.algorithm"]; set && (algorithm == "" || strings.EqualFold(algorithm, "none")) {
		// The chain is still verified, the host's name is not, as in Java.
		c.InsecureSkipVerify = true
		c.VerifyConnection = verifyChain(c.RootCAs)
		*warnings = append(*warnings, "TLS does not verify host names (ssl.endpoint.identification.algorithm is empty): "+
			"any server with a certificate of the same authority passes as the broker")
	}
	return c, nil
}

func verifyChain(authorities *x509.CertPool) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the broker showed no certificate")
		}
		options := x509.VerifyOptions{Roots: authorities, Intermediates: x509.NewCertPool()}
		for _, between := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(between)
		}
		_, err := state.PeerCertificates[0].Verify(options)
		return err
	}
}

// pem is what the first of the names that is set holds or points to.
func (p properties) pem(names ...string) (string, []byte, error) {
	for _, name := range names {
		value := p[name]
		switch {
		case value == "":
		case !strings.HasSuffix(name, ".location"):
			return name, inline(value), nil
		case name == "ssl.ca.location" && value == "probe":
			return "", nil, nil // librdkafka's word for the system's own
		default:
			text, err := readPEM(name, value)
			return name, text, err
		}
	}
	return "", nil, nil
}
