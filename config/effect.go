package config

// What a single setting changes here. In a file of properties, which serves
// other clients too, a setting without effect is passed over; on the command
// line somebody expects something of it, so it is refused with what would have
// that effect.

import (
	"fmt"
	"slices"
	"strings"

	"milena/kafka"
)

// need is what else must hold for a setting to change anything.
type need int

const (
	needNothing need = iota
	needSASL         // security.protocol=SASL_…
	needSSL          // security.protocol=SSL or SASL_SSL
)

// effective are the settings that milena heeds.
var effective = map[string]need{
	"bootstrap.servers": needNothing, "metadata.broker.list": needNothing, "client.id": needNothing, "isolation.level": needNothing,
	"compression.type": needNothing, "compression.codec": needNothing, "security.protocol": needNothing,
	"request.timeout.ms": needNothing, "socket.timeout.ms": needNothing, "socket.connection.setup.timeout.ms": needNothing,
	"sasl.mechanism": needSASL, "sasl.mechanisms": needSASL, "sasl.jaas.config": needSASL, "sasl.username": needSASL, "sasl.password": needSASL,
	"ssl.truststore.certificates": needSSL, "ssl.truststore.location": needSSL, "ssl.ca.pem": needSSL, "ssl.ca.location": needSSL,
	"ssl.keystore.certificate.chain": needSSL, "ssl.keystore.location": needSSL, "ssl.certificate.pem": needSSL, "ssl.certificate.location": needSSL,
	"ssl.keystore.key": needSSL, "ssl.key.pem": needSSL, "ssl.key.location": needSSL, "ssl.key.password": needSSL,
	"ssl.truststore.type": needSSL, "ssl.keystore.type": needSSL, "ssl.endpoint.identification.algorithm": needSSL, "enable.ssl.certificate.verification": needSSL,
}

const (
	allReplicas = "milena always waits for all in-sync replicas (acks=all)"
	ownBatches  = "milena fills batches and retries by itself"
	ownFetches  = "milena sizes its fetches by itself"
	ownGroups   = "milena keeps its membership by itself"
	asTheyAre   = "milena reads and writes keys and values as they are"
	noSchemas   = "milena uses no schema registry"
	ownStores   = "milena reads PEM files, which have no password of their own; ssl.key.password is a key's"
	noOAuth     = "milena logs in with PLAIN and SCRAM only"
	ofReader    = "it is a property of milena produce"
	ofFormatter = "it is a property of milena tail and milena search"
)

// instead says what has the effect that a setting without one has elsewhere. A
// name that ends with a dot is a prefix.
var instead = map[string]string{
	"auto.offset.reset": "use -o beginning or -o end with tail, --from and --to with search", "group.id": "use --group G with tail",
	"group.instance.id": ownGroups, "group.protocol": ownGroups, "session.timeout.ms": ownGroups, "heartbeat.interval.ms": ownGroups,
	"max.poll.": ownGroups, "partition.assignment.strategy": ownGroups, "rebalance.": ownGroups,
	"enable.auto.commit": "tail --group commits exactly what was printed", "auto.commit.": "tail --group commits exactly what was printed",
	"enable.partition.eof": "use -e to end at the end", "acks": allReplicas, "request.required.acks": allReplicas,
	"enable.idempotence": "milena always writes idempotently", "transactional.id": "milena does not write in transactions",
	"linger.ms": ownBatches, "batch.": ownBatches, "buffer.memory": ownBatches, "retries": ownBatches, "retry.": ownBatches, "reconnect.": ownBatches,
	"delivery.timeout.ms": ownBatches, "max.in.flight.": ownBatches, "queue.": ownBatches, "queued.": ownBatches, "max.block.ms": "use -X request.timeout.ms=N",
	"message.max.bytes": "the topic's max.message.bytes is the limit", "max.request.size": "the topic's max.message.bytes is the limit",
	"message.timeout.ms": ownBatches, "message.send.max.retries": ownBatches,
	"fetch.": ownFetches, "max.partition.fetch.bytes": ownFetches, "receive.": ownFetches, "send.": ownFetches, "check.crcs": "milena always checks them",
	"partitioner": "milena produce chooses the partition by murmur2, as Java does; -p N names one", "partitioner.": "milena produce chooses the partition by murmur2, as Java does; -p N names one",
	"sticky.": ownBatches, "key.serializer": asTheyAre, "value.serializer": asTheyAre, "key.deserializer": asTheyAre, "value.deserializer": asTheyAre,
	"schema.": noSchemas, "basic.auth.": noSchemas, "value.": noSchemas, "auto.register.schemas": noSchemas,
	"allow.auto.create.topics": "milena never creates a topic unasked; use milena topic create", "metadata.max.age.ms": "milena refreshes metadata by itself",
	"topic.metadata.": "milena refreshes metadata by itself", "debug": "use -v", "log_level": "use -v", "log.": "use -v", "statistics.": "milena has none",
	"ssl.truststore.password": ownStores, "ssl.keystore.password": ownStores,
	"ssl.protocol": "milena uses TLS 1.2 and 1.3", "ssl.enabled.protocols": "milena uses TLS 1.2 and 1.3",
	"ssl.cipher.suites": "milena uses TLS 1.2 and 1.3 with Go's own choice", "sasl.oauthbearer.": noOAuth, "sasl.login.": noOAuth, "sasl.kerberos.": noOAuth,
	"sasl.client.callback.handler.class": noOAuth, "default.api.timeout.ms": "use -X request.timeout.ms=N", "api.version.": "milena asks each broker for its versions",
	"broker.version.fallback": "milena asks each broker for its versions", "parse.": ofReader, "null.marker": ofReader, "ignore.error": ofReader,
	"headers.delimiter": ofReader, "headers.key.separator": ofReader, "key.separator": "it is a property of milena produce, tail and search",
	"headers.separator": "it is a property of milena produce, tail and search", "print.": ofFormatter, "line.separator": ofFormatter, "null.literal": ofFormatter,
	"offset": "use -o POS with tail", "partition": "use -p N", "topic": "name the topic as an argument",
	"retention.ms": topicSetting, "cleanup.policy": topicSetting, "max.message.bytes": topicSetting, "min.insync.replicas": topicSetting,
}

const topicSetting = "it is a topic's setting: use --config with milena topic create"

// ineffective is why a setting on the command line changes nothing; nil: it
// does change something.
func (s *Settings) ineffective(name string, brokersNamed bool) error {
	needed, ok := effective[name]
	switch {
	case !ok:
		return fmt.Errorf("-X %s changes nothing%s", name, because(name))
	case needed == needSASL && s.Kafka.SASL == nil:
		return fmt.Errorf("-X %s changes nothing without a login: set -X security.protocol=SASL_SSL or SASL_PLAINTEXT, too", name)
	case needed == needSSL && s.Kafka.TLS == nil:
		return fmt.Errorf("-X %s changes nothing without TLS: set -X security.protocol=SSL or SASL_SSL, too", name)
	case brokersNamed && (name == "bootstrap.servers" || name == "metadata.broker.list"):
		return fmt.Errorf("-X %s changes nothing beside -b: leave one of them out", name)
	}
	return nil
}

// because says what to do in place of a setting without effect.
func because(name string) string {
	if hint := instead[name]; hint != "" {
		return ": " + hint
	}
	names := make([]string, 0, len(effective))
	for known := range effective {
		names = append(names, known)
	}
	slices.Sort(names)
	near := kafka.Nearest(name, names)
	if len(near) > 0 && !isClientSetting(name) {
		return fmt.Sprintf(": there is no such setting (did you mean %s?)", near[0])
	}
	for prefix := name; ; {
		at := strings.LastIndexByte(prefix, '.')
		if at < 0 {
			break
		}
		prefix = prefix[:at]
		if hint := instead[prefix+"."]; hint != "" {
			return ": " + hint
		}
	}
	switch {
	case len(near) > 0:
		return fmt.Sprintf(" (did you mean %s?)", near[0])
	case isClientSetting(name):
		return ": milena does not use this setting of Kafka's clients"
	}
	return ": there is no such setting"
}
