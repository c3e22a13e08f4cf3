// Package config finds out which cluster is meant and how it is reached: from
// the command line, the environment, milena's own contexts and the properties
// files of Java clients and librdkafka.
//
//	config.go      what is given, what comes out, and what goes before what
//	contexts.go    milena's own file, config.yaml
//	properties.go  files and settings of key=value, and which of them are known
//	client.go      properties → kafka.Config
//	jaas.go        sasl.jaas.config
//	pem.go         certificates and keys
//
// Passwords and keys never appear in an error or in the String of anything here.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"milena/kafka"
)

// Options is what was asked for. The zero value is: whatever is found.
type Options struct {
	Brokers    string   // -b: host:port,…
	Context    string   // --context
	Properties string   // -F: a file of properties
	Set        []string // -X: key=value each, on top of the file

	// Only leaves out what lies about on the machine: the environment and the
	// file of contexts (the embedded broker needs none of it).
	Only bool

	ClientID string              // when no client.id is set
	Getenv   func(string) string // nil: os.Getenv
	File     string              // the file of contexts; "": Path(Getenv)
}

// Settings is how a cluster is reached, and how it is shown.
type Settings struct {
	Kafka     kafka.Config
	Isolation kafka.Isolation
	Codec     string   // compression.type, as it was written; "": not set
	Name      string   // of the context, else the brokers
	Color     string   // the context's accent, "" none
	Warnings  []string // what somebody should know before going on, a sentence each
	Notices   []string // settings that mean nothing here, a sentence each
}

// String names the cluster and the kind of its security; no secrets.
func (s *Settings) String() string {
	security := "PLAINTEXT"
	switch {
	case s.Kafka.SASL != nil && s.Kafka.TLS != nil:
		security = "SASL_SSL " + s.Kafka.SASL.Mechanism
	case s.Kafka.SASL != nil:
		security = "SASL_PLAINTEXT " + s.Kafka.SASL.Mechanism
	case s.Kafka.TLS != nil:
		security = "SSL"
	}
	return fmt.Sprintf("%s (%s, %s)", s.Name, strings.Join(s.Kafka.Brokers, ","), security)
}

// DefaultBroker is tried when nothing else is said.
const DefaultBroker = "localhost:9092"

// Path is the file of contexts: milena/config.yaml in $XDG_CONFIG_HOME, else in
// the folder that the system has for that; "" when there is none.
func Path(getenv func(string) string) string {
	folder := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(folder) { // XDG: a relative one is to be ignored
		var err error
		if folder, err = os.UserConfigDir(); err != nil {
			return ""
		}
	}
	return filepath.Join(folder, "milena", "config.yaml")
}

// Load finds the settings. Brokers come from -b, else the context that was
// named, else the properties that were given, else KAFKA_BROKERS, else the
// file's current context, else localhost:9092. A context is used whole or not
// at all: its login is never sent to brokers that were found elsewhere, unless
// both were named. Properties that were given lie on top of a context's.
func Load(opt Options) (*Settings, error) {
	if opt.Getenv == nil {
		opt.Getenv = os.Getenv
	}
	if opt.File == "" {
		opt.File = Path(opt.Getenv)
	}
	given, err := givenProperties(opt)
	if err != nil {
		return nil, err
	}
	s := &Settings{}
	var used Context
	if !opt.Only {
		if used, err = choose(opt, given, s); err != nil {
			return nil, err
		}
	}
	properties, err := used.load()
	if err != nil {
		return nil, err
	}
	environment := ""
	if !opt.Only && opt.Context == "" {
		environment = opt.Getenv("KAFKA_BROKERS")
	}
	brokers := cmp.Or(opt.Brokers, used.Brokers, bootstrap(properties), bootstrap(given), environment)
	if brokers == "" && s.Name != "" {
		return nil, fmt.Errorf("context %q has no brokers; give it some in %s, or name them with -b", s.Name, opt.File)
	}
	brokers = cmp.Or(brokers, DefaultBroker)
	maps.Copy(properties, given)
	protocol := ""
	if s.Kafka.Brokers, protocol, err = brokerList(brokers); err != nil {
		return nil, err
	}
	if err := properties.agree(protocol); err != nil {
		return nil, err
	}
	if err := s.apply(properties); err != nil {
		return nil, err
	}
	for _, pair := range opt.Set {
		name, _, _ := strings.Cut(pair, "=")
		if err := s.ineffective(strings.TrimSpace(name), opt.Brokers != "" && !opt.Only); err != nil {
			return nil, err
		}
	}
	if s.Kafka.ClientID == "" {
		s.Kafka.ClientID = opt.ClientID
	}
	s.Kafka.ReadOnly = used.ReadOnly
	s.Color = used.Color
	if s.Name == "" {
		s.Name = strings.Join(s.Kafka.Brokers, ",")
	}
	return s, nil
}

// choose is the context that is used, if any.
func choose(opt Options, given properties, s *Settings) (Context, error) {
	elsewhere := opt.Brokers != "" || bootstrap(given) != "" || opt.Getenv("KAFKA_BROKERS") != ""
	if opt.Context == "" && elsewhere {
		return Context{}, nil
	}
	path := opt.File
	file, err := ReadContexts(path)
	if errors.Is(err, os.ErrNotExist) {
		if opt.Context == "" {
			return Context{}, nil
		}
		return Context{}, fmt.Errorf("no context %q: there is no %s; name the brokers with -b", opt.Context, path)
	}
	if err != nil {
		return Context{}, err
	}
	name := opt.Context
	if name == "" {
		name = file.Current
	}
	if name == "" {
		return Context{}, nil
	}
	found, ok := file.Contexts[name]
	if !ok {
		return Context{}, fmt.Errorf("no context %q in %s; it has %s", name, path, file.names())
	}
	s.Name = name
	return found, nil
}

// brokerList takes host, host:port, [::1]:port, and a scheme before it as kcat and
// Kafka's listeners write it; the port is 9092 when none is said. protocol is the
// security protocol that the schemes name, "" when none does; the name of a
// listener, as in EXTERNAL://host:9092, says nothing of it.
func brokerList(text string) (list []string, protocol string, err error) {
	for _, one := range strings.Split(text, ",") {
		address := strings.TrimSpace(one)
		if scheme, after, ok := strings.Cut(address, "://"); ok {
			address = after
			scheme = strings.ToUpper(scheme)
			switch {
			case scheme == "HTTP" || scheme == "HTTPS":
				return nil, "", fmt.Errorf("broker %q is a web address; a broker's address is host:port, such as localhost:9092", one)
			case !slices.Contains(protocols, scheme):
			case protocol != "" && protocol != scheme:
				return nil, "", fmt.Errorf("brokers %q name two security protocols, %s and %s; all brokers of a cluster have one", text, protocol, scheme)
			default:
				protocol = scheme
			}
		}
		if address == "" {
			continue
		}
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			host, port = strings.Trim(address, "[]"), "9092"
		}
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, " /\t") {
			return nil, "", fmt.Errorf("broker %q is not an address; an address is host:port, such as localhost:9092", address)
		}
		list = append(list, net.JoinHostPort(host, port))
	}
	if len(list) == 0 {
		return nil, "", fmt.Errorf("brokers %q name no address; an address is host:port, as in localhost:9092", text)
	}
	return list, protocol, nil
}
