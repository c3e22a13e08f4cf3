package kafka

// What is said of certificates: whose they are, until when, and for which names.

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"milena/human"
)

// endsSoon tells whether a certificate must be thought of: in its last 30 days,
// or the last third of its life where that is short and renewed by a machine.
func endsSoon(c *x509.Certificate, now time.Time) bool {
	return c.NotAfter.Sub(now) < min(30*24*time.Hour, c.NotAfter.Sub(c.NotBefore)/3)
}

// describeTLS says what was agreed on and with whom; after err, which
// certificate was refused and what would help.
func describeTLS(s *ProbeStep, conn net.Conn, cfg Config, err error) {
	now := cfg.Now()
	describeOwn(s, cfg.TLS, now)
	if err != nil {
		if chain := refused(err); len(chain) > 0 {
			describeChain(s, chain, now)
			var host x509.HostnameError
			switch leaf := chain[0]; {
			case now.After(leaf.NotAfter):
				s.Hint = fmt.Sprintf("the broker's certificate expired on %s, %s ago: renew it on the broker", day(leaf.NotAfter), days(now.Sub(leaf.NotAfter)))
			case now.Before(leaf.NotBefore):
				s.Hint = fmt.Sprintf("the broker's certificate is valid from %s on: is the clock of this machine right?", leaf.NotBefore.UTC().Format(time.RFC3339))
			case errors.As(err, &host):
				s.Hint = hintHost(leaf)
			}
		}
		return
	}
	state := conn.(*tls.Conn).ConnectionState()
	chain := state.PeerCertificates
	if len(state.VerifiedChains) > 0 {
		chain = state.VerifiedChains[0]
	}
	s.Summary = tls.VersionName(state.Version)
	if len(chain) == 0 {
		return
	}
	leaf := chain[0]
	s.Summary += fmt.Sprintf(", %s, until %s (%s left), for %s", leaf.Subject, day(leaf.NotAfter), days(leaf.NotAfter.Sub(now)), names(leaf))
	describeIssuers(s, chain, now)
	for _, c := range chain {
		if left := c.NotAfter.Sub(now); endsSoon(c, now) {
			s.Outcome = Warned
			s.Hint = fmt.Sprintf("the certificate of %s ends in %s, on %s: renew it before then", c.Subject, days(left), day(c.NotAfter))
			if left < 0 {
				s.Hint = fmt.Sprintf("the certificate of %s expired on %s: renew it", c.Subject, day(c.NotAfter))
			}
			break
		}
	}
	if !cfg.TLS.InsecureSkipVerify {
		return
	}
	s.Outcome = Warned
	wrong := "it would be accepted now, so verification can be turned on"
	if err := verify(state, cfg.TLS, now); err != nil {
		wrong = "with verification it would be refused: " + reason(err)
	}
	unverified := "the certificate is NOT verified: anybody in between can read and change what is sent"
	if cfg.TLS.VerifyConnection != nil {
		unverified = "the name in the certificate is NOT verified: any server with a certificate of the same authority passes as the broker"
	}
	s.Details = append(s.Details, unverified, wrong)
}

// refused is the chain that verification did not accept.
func refused(err error) []*x509.Certificate {
	var bad *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &bad):
		return bad.UnverifiedCertificates
	case errors.As(err, &invalid) && invalid.Cert != nil:
		return []*x509.Certificate{invalid.Cert}
	}
	return nil
}

// verify is what TLS would have done, had it been allowed to.
func verify(state tls.ConnectionState, conf *tls.Config, now time.Time) error {
	opt := x509.VerifyOptions{Roots: conf.RootCAs, DNSName: state.ServerName, CurrentTime: now, Intermediates: x509.NewCertPool()}
	for _, c := range state.PeerCertificates[1:] {
		opt.Intermediates.AddCert(c)
	}
	_, err := state.PeerCertificates[0].Verify(opt)
	return err
}

// describeOwn is about the certificate that a client shows to the broker.
func describeOwn(s *ProbeStep, conf *tls.Config, now time.Time) {
	if len(conf.Certificates) == 0 || len(conf.Certificates[0].Certificate) == 0 {
		return
	}
	own, err := x509.ParseCertificate(conf.Certificates[0].Certificate[0])
	if err != nil {
		return
	}
	left := own.NotAfter.Sub(now)
	line := fmt.Sprintf("client certificate %s, until %s (%s left)", own.Subject, day(own.NotAfter), days(left))
	if left < 0 {
		line = fmt.Sprintf("client certificate %s, EXPIRED on %s", own.Subject, day(own.NotAfter))
	}
	if endsSoon(own, now) {
		s.Outcome = Warned
	}
	s.Details = append(s.Details, line)
}

func describeChain(s *ProbeStep, chain []*x509.Certificate, now time.Time) {
	leaf := chain[0]
	s.Details = append(s.Details, fmt.Sprintf("the broker showed %s, %s to %s, for %s", leaf.Subject, day(leaf.NotBefore), day(leaf.NotAfter), names(leaf)))
	describeIssuers(s, chain, now)
}

// describeIssuers says who signed, up to the last one that is known.
func describeIssuers(s *ProbeStep, chain []*x509.Certificate, now time.Time) {
	for i, c := range chain {
		if c.Issuer.String() == c.Subject.String() {
			if i == 0 {
				s.Details = append(s.Details, "signed by itself")
			}
			return
		}
		line := "signed by " + c.Issuer.String()
		if i+1 < len(chain) {
			line += fmt.Sprintf(" (until %s)", day(chain[i+1].NotAfter))
			if now.After(chain[i+1].NotAfter) {
				line += ", EXPIRED"
			}
		}
		s.Details = append(s.Details, line)
	}
}

// hintHost says what helps when the certificate c is not for the host. A common
// name alone is not taken for a host's name any more (RFC 9525), though Java and
// librdkafka do.
func hintHost(c *x509.Certificate) string {
	if len(c.DNSNames)+len(c.IPAddresses) == 0 {
		return fmt.Sprintf("the certificate has no subject alternative name, and clients ignore its common name (%s): renew it with one. "+
			"Until then -X ssl.endpoint.identification.algorithm= checks only its authority, not the host", c.Subject.CommonName)
	}
	return fmt.Sprintf("connect with a name in the certificate (%s), or renew it with this one", names(c))
}

// names are the hosts that a certificate is for.
func names(c *x509.Certificate) string {
	list := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		list = append(list, ip.String())
	}
	if len(list) == 0 {
		return "no host"
	}
	return strings.Join(list, ", ")
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// days is a duration in whole days, or in hours when it is less than two.
func days(d time.Duration) string {
	d = d.Abs()
	if d < 48*time.Hour {
		return human.Plural(int(d.Hours()), "hour")
	}
	return human.Plural(int(d.Hours()/24), "day")
}
