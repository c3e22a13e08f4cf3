package config

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/youmark/pkcs8"
)

// notPEM says how a Java key store becomes a file that can be read.
func notPEM(name, path string) error {
	if strings.Contains(name, "truststore") {
		return fmt.Errorf("%s: %s is a Java key store, and only PEM is read; convert it with "+
			"\"keytool -exportcert -rfc -keystore %s -alias ALIAS -file ca.pem\", then set ssl.truststore.type=PEM and %s to the new file",
			name, path, path, name)
	}
	return fmt.Errorf("%s: %s is a Java key store, and only PEM is read; convert it with "+
		"\"keytool -importkeystore -srckeystore %s -destkeystore client.p12 -deststoretype PKCS12\" and "+
		"\"openssl pkcs12 -in client.p12 -nodes -out client.pem\", then set ssl.keystore.type=PEM and %s to the new file",
		name, path, path, name)
}

// readPEM reads a file that name points to, and wants PEM in it.
func readPEM(name, path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", name, err)
	}
	if !bytes.Contains(text, []byte("-----BEGIN ")) {
		if strings.HasPrefix(name, "ssl.truststore") || strings.HasPrefix(name, "ssl.keystore") {
			return nil, notPEM(name, path)
		}
		return nil, fmt.Errorf("%s: %s contains no PEM (a line with -----BEGIN …)", name, path)
	}
	return text, nil
}

var inlinePEM = regexp.MustCompile(`-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END [A-Z0-9 ]+-----`)

// inline is PEM that stands in a property, where its lines may have become one.
func inline(value string) []byte {
	return inlinePEM.ReplaceAllFunc([]byte(strings.ReplaceAll(value, `\n`, "\n")), func(block []byte) []byte {
		part := inlinePEM.FindSubmatch(block)
		body := bytes.Join(bytes.Fields(part[2]), []byte("\n"))
		return []byte(fmt.Sprintf("\n-----BEGIN %s-----\n%s\n-----END %s-----\n", part[1], body, part[1]))
	})
}

// pool is the certificates of authorities that PEM holds.
func pool(name string, text []byte) (*x509.CertPool, error) {
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate that can be read", name)
	}
	return authorities, nil
}

// pair is a client's certificate chain and its key, of whatever kind it is.
func pair(name string, text []byte, password string) (tls.Certificate, error) {
	var chain, key []byte
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch {
		case block.Type == "CERTIFICATE":
			chain = append(chain, pem.EncodeToMemory(block)...)
		case key != nil || !strings.HasSuffix(block.Type, "PRIVATE KEY"):
		default:
			opened, err := openKey(block, password)
			if err != nil {
				return tls.Certificate{}, fmt.Errorf("%s: %w", name, err)
			}
			key = pem.EncodeToMemory(opened)
		}
	}
	if chain == nil || key == nil {
		return tls.Certificate{}, fmt.Errorf("%s: a client needs a certificate and its private key, both in PEM", name)
	}
	certificate, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s: the private key does not match the certificate, or is of an unknown kind", name)
	}
	return certificate, nil
}

func openKey(block *pem.Block, password string) (*pem.Block, error) {
	switch {
	case strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, errors.New(`the private key is encrypted in OpenSSL's old way; convert it with "openssl pkcs8 -topk8 -in key.pem -out new.pem"`)
	case block.Type != "ENCRYPTED PRIVATE KEY":
		return block, nil
	case password == "":
		return nil, errors.New("the private key is encrypted; set ssl.key.password")
	}
	key, _, err := pkcs8.ParsePrivateKey(block.Bytes, []byte(password))
	if err != nil {
		return nil, errors.New("the private key cannot be decrypted; ssl.key.password may be wrong")
	}
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, errors.New("the private key is of an unknown kind")
	}
	return &pem.Block{Type: "PRIVATE KEY", Bytes: plain}, nil
}
