package kafka

import (
	"slices"
	"strings"
	"testing"
)

func TestSettingsOfATopicAreWrittenAsPeopleDo(t *testing.T) {
	for text, want := range map[string]string{
		"retention.ms=7d":                      "604800000",
		"retention.ms=1d12h":                   "129600000",
		"retention.ms=1.5h":                    "5400000",
		"retention.ms=2w":                      "1209600000",
		"retention.ms=-1":                      "-1",
		"retention.ms=500ms":                   "500",
		"segment.ms=30m":                       "1800000",
		"max.message.bytes=2MiB":               "2097152",
		"max.message.bytes=1MB":                "1000000",
		"retention.bytes=-1":                   "-1",
		"segment.bytes=1.5 GiB":                "1610612736",
		"cleanup.policy=compact,delete":        "compact,delete",
		"compression.type=zstd":                "zstd",
		"redpanda.remote.read=true":            "true",
		"min.insync.replicas=2":                "2",
		"message.timestamp.type=LogAppendTime": "LogAppendTime",
		// These are refused.
		"retention.ms=7 days": "", "retention.ms=": "", "retention.ms=d": "", "retention.ms=-7d": "", "retention.ms=99999999999999w": "", "retention.ms=1.5": "",
		"max.message.bytes=2 loaves": "", "cleanup.policy=compakt": "", "compression.type=zip": "", "min.insync.replicas=0": "", "min.insync.replicas=4": "",
		"unclean.leader.election.enable=yes": "",
	} {
		name, value, _ := strings.Cut(text, "=")
		got, err := ParseTopicConfig(name, value, 3)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: the error does not name the setting: %v", text, err)
		}
	}
	if !slices.IsSorted(TopicConfigs()) {
		t.Error("the settings are not sorted")
	}
	for name := range topicConfigValues {
		if !slices.Contains(topicConfigs, name) {
			t.Errorf("%s is not in the list", name)
		}
	}
}
