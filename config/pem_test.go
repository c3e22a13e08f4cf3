package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/youmark/pkcs8"
)

// identity is a certificate that signs itself, for host, and its key.
func identity(t *testing.T, host string) (certificate, key, encrypted []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := pkcs8.MarshalPrivateKey(private, []byte("letmein"), nil)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, bytes []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", plain), block("ENCRYPTED PRIVATE KEY", locked)
}

// meet says how a TLS handshake with a broker ends that has the certificate.
func meet(t *testing.T, client *tls.Config, certificate, key []byte) (clientCertificates int, err error) {
	t.Helper()
	served, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{served}, ClientAuth: tls.RequestClientCert})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	shown := make(chan int, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			shown <- -1
			return
		}
		defer conn.Close()
		server := conn.(*tls.Conn)
		_ = server.Handshake() // what the client says of it is what counts
		shown <- len(server.ConnectionState().PeerCertificates)
	}()
	dialled := client.Clone()
	dialled.ServerName = "broker.test"
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", listener.Addr().String(), dialled)
	if err == nil {
		defer conn.Close()
	}
	return <-shown, err
}

func TestTLSFromProperties(t *testing.T) {
	certificate, key, encrypted := identity(t, "broker.test")
	otherHost, otherKey, _ := identity(t, "elsewhere.test")
	ca := write(t, "ca.pem", string(certificate))
	both := write(t, "both.pem", "Bag Attributes\n"+string(encrypted)+string(certificate))
	certificateFile, keyFile := write(t, "c.pem", string(certificate)), write(t, "k.pem", string(key))
	oneLine := func(b []byte) string { return strings.ReplaceAll(strings.TrimSpace(string(b)), "\n", " ") }
	for what, c := range map[string]struct {
		set          []string
		certificates int
		warnings     int
	}{
		"truststore":       {[]string{"ssl.truststore.type=PEM", "ssl.truststore.location=" + ca}, 0, 0},
		"truststore text":  {[]string{"ssl.truststore.type=PEM", "ssl.truststore.certificates=" + oneLine(certificate)}, 0, 0},
		"librdkafka":       {[]string{"ssl.ca.location=" + ca, "ssl.certificate.location=" + certificateFile, "ssl.key.location=" + keyFile}, 1, 0},
		"librdkafka text":  {[]string{"ssl.ca.pem=" + string(certificate), "ssl.certificate.pem=" + oneLine(certificate), "ssl.key.pem=" + string(key)}, 1, 0},
		"keystore":         {[]string{"ssl.truststore.location=" + ca, "ssl.keystore.location=" + both, "ssl.key.password=letmein"}, 1, 0},
		"keystore text":    {[]string{"ssl.truststore.location=" + ca, "ssl.keystore.certificate.chain=" + oneLine(certificate), "ssl.keystore.key=" + oneLine(encrypted), "ssl.key.password=letmein"}, 1, 0},
		"not verified":     {[]string{"enable.ssl.certificate.verification=false"}, 0, 1},
		"any host of a CA": {[]string{"ssl.endpoint.identification.algorithm=", "ssl.ca.location=" + ca}, 0, 1},
	} {
		s, err := Load(Options{Only: true, Set: append(c.set, "security.protocol=SSL")})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if got, err := meet(t, s.Kafka.TLS, certificate, key); err != nil || got != c.certificates || len(s.Warnings) != c.warnings {
			t.Errorf("%s: %d client certificates, %v, warnings %q", what, got, err, s.Warnings)
		}
		if len(s.Notices) > 0 {
			t.Errorf("%s: notices %q", what, s.Notices)
		}
		if _, err := meet(t, s.Kafka.TLS, otherHost, otherKey); (err == nil) != (what == "not verified") {
			t.Errorf("%s: a stranger is met with %v", what, err)
		}
	}
	s, err := Load(Options{Only: true, Set: []string{"security.protocol=SSL", "ssl.ca.location=" + write(t, "o.pem", string(otherHost)), "ssl.endpoint.identification.algorithm="}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := meet(t, s.Kafka.TLS, otherHost, otherKey); err != nil {
		t.Errorf("another host of the same authority: %v", err)
	}
	if _, err := meet(t, s.Kafka.TLS, certificate, key); err == nil {
		t.Error("another authority is accepted")
	}
}

func TestKeysThatCannotBeUsed(t *testing.T) {
	certificate, key, encrypted := identity(t, "broker.test")
	_, otherKey, _ := identity(t, "broker.test")
	jks := write(t, "store.jks", "\xfe\xed\xfe\xed\x00")
	old := "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
	for what, c := range map[string]struct {
		set  []string
		part string
	}{
		"a Java trust store": {[]string{"ssl.truststore.location=" + jks}, "keytool -exportcert -rfc"},
		"a Java key store":   {[]string{"ssl.keystore.location=" + jks}, "openssl pkcs12"},
		"no file":            {[]string{"ssl.ca.location=/nowhere/ca.pem"}, "ssl.ca.location cannot be read"},
		"no PEM":             {[]string{"ssl.ca.location=" + jks}, "contains no PEM"},
		"an empty CA":        {[]string{"ssl.ca.pem=nothing"}, "no certificate"},
		"no password":        {[]string{"ssl.keystore.certificate.chain=" + string(certificate), "ssl.keystore.key=" + string(encrypted)}, "set ssl.key.password"},
		"wrong password":     {[]string{"ssl.keystore.certificate.chain=" + string(certificate), "ssl.keystore.key=" + string(encrypted), "ssl.key.password=s3cr3t"}, "may be wrong"},
		"another's key":      {[]string{"ssl.certificate.pem=" + string(certificate), "ssl.key.pem=" + string(otherKey)}, "does not match"},
		"no key":             {[]string{"ssl.certificate.pem=" + string(certificate)}, "a certificate and its private key"},
		"no certificate":     {[]string{"ssl.key.pem=" + string(key)}, "a certificate and its private key"},
		"an old key":         {[]string{"ssl.certificate.location=" + write(t, "c", string(certificate)), "ssl.key.location=" + write(t, "k", old)}, "openssl pkcs8"},
	} {
		_, err := Load(Options{Only: true, Set: append(c.set, "security.protocol=SSL")})
		if err == nil || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s: %v; want it to say: %s", what, err, c.part)
		} else if strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "BEGIN") && !strings.Contains(c.part, "no PEM") {
			t.Errorf("%s: the error shows a secret: %v", what, err)
		}
	}
}
