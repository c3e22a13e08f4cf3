package config

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// properties are settings as Java clients and librdkafka name them.
type properties map[string]string

// librdkafka's own names. Its files know no escapes: a backslash in a password
// is a backslash.
var librdkafkaNames = []string{
	"metadata.broker.list", "sasl.mechanisms", "sasl.username", "sasl.password", "ssl.ca.location", "ssl.ca.pem",
	"ssl.certificate.location", "ssl.certificate.pem", "ssl.key.location", "ssl.key.pem", "enable.ssl.certificate.verification",
	"socket.timeout.ms",
}

func givenProperties(opt Options) (properties, error) {
	given := properties{}
	if opt.Properties != "" {
		file, err := readProperties(opt.Properties)
		if err != nil {
			return nil, err
		}
		given = file
	}
	for _, one := range opt.Set {
		key, value, ok := strings.Cut(one, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, fmt.Errorf("-X takes key=value, such as -X isolation.level=read_committed; %q has no value", key)
		}
		given[key] = trimJava(value)
	}
	return given, nil
}

func readProperties(path string) (properties, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("properties cannot be read: %w", err)
	}
	found, err := parseProperties(text)
	if err != nil {
		return nil, fmt.Errorf("properties of %s: %w", path, err)
	}
	return found, nil
}

// parseProperties reads Java's syntax, in which nothing is expanded. The lines of
// librdkafka's own settings are taken as they are, a backslash as a backslash;
// in a file that has such and none of Java's own, all lines are.
func parseProperties(text []byte) (properties, error) {
	text, marked := bytes.CutPrefix(text, []byte("\ufeff"))
	lines, own := splitPlain(text)
	if len(own) == 0 {
		return parseJava(text, marked)
	}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(lines)), isJavas) {
		return lines, nil
	}
	found, err := parseJava(withoutLines(text, own), marked)
	if err != nil {
		return nil, err
	}
	for _, name := range own {
		found[name] = lines[name]
	}
	return found, nil
}

// splitPlain takes a text as lines of key=value in UTF-8, and names the keys
// that are librdkafka's own.
func splitPlain(text []byte) (lines properties, own []string) {
	lines = properties{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := plainLine(line); ok {
			lines[key] = value
		}
	}
	for _, name := range librdkafkaNames {
		if _, ok := lines[name]; ok {
			own = append(own, name)
		}
	}
	return lines, own
}

func plainLine(line string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(strings.TrimSpace(line), "=")
	return strings.TrimSpace(key), strings.TrimSpace(value), ok && !strings.HasPrefix(key, "#")
}

// withoutLines is the text without the lines of those names.
func withoutLines(text []byte, names []string) []byte {
	var rest []byte
	for line := range bytes.Lines(text) {
		key, _, ok := plainLine(string(line))
		if !ok || !slices.Contains(names, key) {
			rest = append(rest, line...)
		}
	}
	return rest
}

// isJavas tells whether only a Java client has a setting of that name.
func isJavas(name string) bool {
	return name == "sasl.jaas.config" || strings.HasSuffix(name, ".class") || strings.HasPrefix(name, "ssl.truststore.")
}

func bootstrap(p properties) string {
	for _, name := range []string{"bootstrap.servers", "metadata.broker.list"} {
		if p[name] != "" {
			return p[name]
		}
	}
	return ""
}

// unknown are the names that no Kafka client knows either, sorted.
func (p properties) unknown() []string {
	var names []string
	for name := range p {
		if !isClientSetting(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func isClientSetting(name string) bool {
	if _, ok := clientSettings[name]; ok {
		return true
	}
	for _, prefix := range []string{"ssl.", "sasl.", "retry.", "reconnect.", "metadata.", "metrics.", "metric.", "socket.", "topic.",
		"queue.", "queued.", "fetch.", "max.", "log.", "broker.", "enable.", "auto.", "transaction.", "partition.", "partitioner.",
		"send.", "receive.", "connections.", "key.", "value.", "group.", "heartbeat.", "session.", "allow.", "api.", "default.", "batch.",
		"compression.", "internal.", "statistics.", "security.", "oauthbearer.", "https.", "plugin.", "consume.", "message.", "client.",
		"interceptor.", "schema.", "basic.auth.", "confluent.", "config.", "delivery."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// The settings of Java's and librdkafka's clients whose names have no prefix
// that belongs to Kafka alone.
var clientSettings = maps.Collect(func(yield func(string, struct{}) bool) {
	for name := range strings.FieldsSeq(`acks allow.auto.create.topics background.event.poll bootstrap.controllers bootstrap.servers
		buffer.memory builtin.features check.crcs closest.only coordinator.query.interval.ms debug dr_cb dr_msg_cb error_cb
		exclude.internal.topics interceptor.classes isolation.level linger.ms offset.store.method offset_commit_cb opaque
		produce.offset.report queuing.strategy rebalance_cb rebalance.timeout.ms request.required.acks request.timeout.ms
		resolve_cb retries share.acknowledgement.mode socket_cb stats_cb sticky.partitioning.linger.ms test.mock.num.brokers
		throttle_cb ut_handle_ProduceResponse zookeeper.connect`) {
		if !yield(name, struct{}{}) {
			return
		}
	}
})
