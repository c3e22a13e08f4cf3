package cli

// Flags of kcat and of Kafka's own tools: those with another name here are
// renamed, and of those that milena lacks the error says what does the same.

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// renamed are flags of Kafka's own tools, and what milena calls them.
var renamed = map[string]string{
	"brokers": "bootstrap-server", "broker": "bootstrap-server", "bootstrap-servers": "bootstrap-server", "broker-list": "bootstrap-server",
	"consumer.config": "command-config", "producer.config": "command-config", "consumer-config": "command-config", "producer-config": "command-config",
	"consumer-property": "property", "producer-property": "property", "command-property": "property",
	"compression-codec": "compression", "whitelist": "include",
}

func renameFlag(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if now, ok := renamed[name]; ok {
		name = now
	}
	return pflag.NormalizedName(name)
}

// Hints for flags that milena does not have, by the command they are given to;
// those under "" are for all.
var foreignFlags = map[string]map[string]string{
	"": {
		"zookeeper":        "milena connects to brokers: -b HOST:PORT",
		"command":          "milena has commands: milena help lists them",
		"version-info":     "milena version prints it",
		"skip-on-error":    "milena names what cannot be read on stderr and goes on: leave it out",
		"request-timeout":  "use -X request.timeout.ms=N",
		"socket-timeout":   "use -X request.timeout.ms=N",
		"security":         "use -X security.protocol=SASL_SSL and its like, or a file with -F",
		"schema-registry":  "milena does not decode values: it prints bytes as they are",
		"value-format":     "milena does not decode values: it prints bytes as they are",
		"delete-config":    "milena cannot change a topic's settings yet",
		"add-config":       "milena cannot change a topic's settings yet; topic create takes --config",
		"describe-configs": "milena topic describe NAME shows a topic's settings",
	},
	"milena": {
		"topic":  "name it as an argument: milena TOPIC (the screen), milena tail TOPIC, milena produce TOPIC",
		"list":   "milena topics lists the topics",
		"create": "use milena topic create NAME",
		"delete": "use milena topic delete NAME", "describe": "use milena topic describe NAME",
		"from-beginning": "use milena tail TOPIC --from-beginning",
		"group":          "use milena tail TOPIC --group G",
	},
	"tail": {
		"formatter":              "milena has its own formats: -J, -f, or --property print.key=true",
		"formatter-config":       "give each property with --formatter-property",
		"skip-message-on-error":  "milena names what cannot be read on stderr and goes on: leave it out",
		"key-deserializer":       deafProperties["key.deserializer"],
		"value-deserializer":     deafProperties["value.deserializer"],
		"enable-systest-events":  "it is for Kafka's own tests: leave it out",
		"blacklist":              "name the topics that you want, or a pattern",
		"num":                    "use -c N",
		"limit":                  "use -c N",
		"output":                 "use -J for JSON, or -f FORMAT",
		"follow":                 "tail follows unless -e or -c ends it: leave it out",
		"offset-reset":           "use -o beginning or -o end",
		"from":                   "use -o POS, or -o A..B for a range",
		"to":                     "use -o A..B for a range",
		"print-keys":             "use -f '%k %s\\n', or -J",
		"print-headers":          "use -f '%h %s\\n', or -J",
		"print-timestamps":       "use -f '%T %s\\n', or -J",
		"read-committed":         "use --isolation-level read_committed",
		"delete-consumer-offset": "milena does not reset a group's offsets",
	},
	"search": {
		"offset":         "use --from POS and --to POS",
		"from-beginning": "search begins at the beginning anyway: leave it out",
		"where":          "the query is the first argument: milena search QUERY TOPIC",
		"exit":           "search ends at the end unless --follow: leave it out",
		"last":           "use --newest -c N, or --from -N",
	},
	"produce": {
		"sync":                       "milena waits for the acknowledgement of every message: leave it out",
		"request-required-acks":      acksHint,
		"acks":                       acksHint,
		"line-reader":                "milena reads lines; --property parse.key=true and its like say how",
		"reader-config":              "give each property with --reader-property",
		"batch-size":                 "milena fills batches by itself: leave it out",
		"max-partition-memory-bytes": "milena fills batches by itself: leave it out",
		"max-memory-bytes":           "milena bounds its memory by itself: leave it out",
		"linger-ms":                  "milena fills batches by itself: leave it out",
		"timeout":                    "milena fills batches by itself: leave it out",
		"max-block-ms":               "use -X request.timeout.ms=N",
		"request-timeout-ms":         "use -X request.timeout.ms=N",
		"message-send-max-retries":   "milena retries as long as it makes sense: leave it out",
		"retry-backoff-ms":           "milena retries as long as it makes sense: leave it out",
		"metadata-expiry-ms":         "milena refreshes metadata by itself: leave it out",
		"socket-buffer-size":         "the system sizes its buffers: leave it out",
		"key-serializer":             deafProperties["key.serializer"],
		"value-serializer":           deafProperties["value.serializer"],
		"separator":                  "use -K DELIM",
		"key-separator":              "use -K DELIM",
		"null-value":                 "use -Z: it sends an empty value as null",
		"tombstone":                  "use -Z '': it sends an empty value as null",
		"repeat":                     "use --every 1s -c N",
		"count":                      "use -c N",
		"format":                     "use -K DELIM for keys, or -J for JSON",
		"lines":                      "use -l FILE",
		"file":                       "use -l FILE",
	},
	"topics": {
		"list":                        "milena topics lists them: leave it out",
		"topic":                       "use milena topic describe NAME",
		"describe":                    "use milena topic describe NAME",
		"create":                      "use milena topic create NAME",
		"delete":                      "use milena topic delete NAME",
		"alter":                       "milena cannot change a topic yet",
		"at-min-isr-partitions":       "milena topics shows how many partitions are under-replicated, and milena topic describe NAME each ISR",
		"under-replicated-partitions": "milena topics shows how many partitions are under-replicated, and milena topic describe NAME each ISR",
		"unavailable-partitions":      "milena topic describe NAME shows a partition without a leader",
		"exclude-internal":            "use milena topics | grep -v ^__",
		"output":                      "use -J for JSON",
	},
	"create": {
		"topic": "the name is an argument: milena topic create NAME", "if-not-exists": "milena says so, and exits with 1, when the topic exists: leave it out",
		"create": "the command says it: leave it out", "replica-assignment": "the brokers place the replicas: leave it out",
		"replicas": "use --replication-factor N", "partition": "use --partitions N",
	},
	"delete": {
		"topic": "the name is an argument: milena topic delete NAME", "if-exists": "milena says so, and exits with 1, when there is no such topic: leave it out",
		"force": "use --yes", "no-confirm": "use --yes", "delete": "the command says it: leave it out",
	},
	"describe": {
		"topic":    "the name is an argument: milena topic describe NAME",
		"describe": "the command says it: leave it out",
	},
}

const acksHint = "milena always waits for all in-sync replicas (acks=all): leave it out"

// Hints for kcat's letters, and what other tools' letters mean here. A mode
// letter alone never gets here: see kcatArgs.
var foreignLetters = map[string]map[string]string{
	"": {
		"C": "kcat's -C is milena tail TOPIC -o beginning", "P": "kcat's -P is milena produce TOPIC",
		"L": "kcat's -L is milena topics", "Q": "kcat's -Q is milena tail TOPIC -p N -o @TIME -c 1 -f '%o\\n'",
		"G": "kcat's -G is milena tail TOPIC --group G",
		"u": "milena writes messages at once: leave it out", "E": "milena goes on after errors that pass: leave it out",
		"d": "use -v", "m": "use -X request.timeout.ms=MILLISECONDS", "M": "use milena --demo",
		"s": serdesHint, "r": "milena uses no schema registry: it prints bytes as they are",
		"V": "milena version prints it",
	},
	"milena": {
		"t": "name the topic as an argument: milena TOPIC (the screen), milena tail TOPIC, milena produce TOPIC",
		"o": "use milena tail TOPIC -o POS", "e": "use milena tail TOPIC -e", "f": "use milena tail TOPIC -f FORMAT",
		"c": "use milena tail TOPIC -c N", "J": "use milena tail TOPIC -J, or milena topics -J",
		"K": "use milena produce TOPIC -K DELIM", "k": "use milena produce TOPIC -k KEY", "p": "use milena tail TOPIC -p N",
		"g": "use milena tail TOPIC --group G", "n": "use milena tail TOPIC -c N",
	},
	"tail": {
		"K": `use -f '%k:%s\n' to print keys`, "D": `use -f '%s' and a delimiter after it`, "O": `use -f '%o:%s\n' to print offsets`,
		"g": "use --group G", "n": "use -c N", "l": "-l is of produce", "k": "use --where 'key = \"…\"' for one key", "z": "-z is of produce",
	},
	"search": {
		"o": "use --from POS and --to POS", "e": "search ends at the end unless --follow: leave it out",
		"K": `use -f '%k:%s\n' to print keys`, "O": `use -f '%o:%s\n' to print offsets`, "n": "use -c N",
	},
	"produce": {
		"T": "use tee: … | tee /dev/stderr | milena produce TOPIC", "f": "use -K DELIM for keys, or -J for JSON",
		"o": "-o is of tail", "e": "produce ends with its input: leave it out", "n": "use --every 1s -c N",
	},
	"topics": {"t": "use milena topic describe NAME"},
}

const serdesHint = "milena does not decode keys and values: it prints bytes as they are, and -J writes bytes that are not UTF-8 in Base64"

// foreignFlag says what another tool's flag is here; empty: nothing known.
func foreignFlag(cmd *cobra.Command, name string) string { return foreignHint(foreignFlags, cmd, name) }

// foreignLetter says what another tool's letter is here.
func foreignLetter(cmd *cobra.Command, letter string) string {
	return foreignHint(foreignLetters, cmd, letter)
}

func foreignHint(hints map[string]map[string]string, cmd *cobra.Command, name string) string {
	own := hints[cmd.Name()]
	if hint := own[name]; hint != "" {
		return hint
	}
	if hint := hints[""][name]; hint != "" {
		return hint
	}
	if cmd.Name() == "search" || cmd.Name() == "trace" || cmd.Name() == "timeline" { // they read as tail does
		hint := hints["tail"][name]
		if cmd.Name() == "search" || !strings.HasPrefix(hint, "use -") {
			return hint
		}
	}
	return ""
}
