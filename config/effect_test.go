package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestASettingWithoutEffectIsRefusedOnTheCommandLine(t *testing.T) {
	for set, part := range map[string]string{
		"isolaton.level=read_committed":    "did you mean isolation.level?",
		"auto.offset.reset=earliest":       "-o beginning",
		"group.id=g":                       "--group G",
		"acks=all":                         "in-sync replicas",
		"linger.ms=5":                      "by itself",
		"retry.backoff.ms=5":               "by itself",
		"max.poll.records=5":               "by itself",
		"parse.key=true":                   "milena produce",
		"print.key=true":                   "milena tail",
		"schema.registry.url=http://x":     "no schema registry",
		"retention.ms=1":                   "milena topic create",
		"sasl.mechanism=PLAIN":             "security.protocol=SASL_SSL",
		"ssl.ca.location=/x":               "security.protocol=SSL",
		"metric.reporters=x":               "does not use this setting",
		"completely=other":                 "no such setting",
		"security.protocl=SSL":             "did you mean security.protocol?",
		"sasl.oauthbearer.jwks.endpoint=x": "PLAIN and SCRAM",
		"value.converter=x":                "no schema registry",
		"sasl.login.class=x":               "PLAIN and SCRAM",
	} {
		name, _, _ := strings.Cut(set, "=")
		if _, err := Load(Options{Only: true, Set: []string{set}}); err == nil || !strings.HasPrefix(err.Error(), "-X "+name+" changes nothing") || !strings.Contains(err.Error(), part) {
			t.Errorf("-X %s: %v; want %q", set, err, part)
		}
		// The same in a file is somebody else's.
		if _, err := Load(Options{Only: true, Properties: write(t, "c.properties", set+"\n")}); err != nil {
			t.Errorf("%s in a file: %v", set, err)
		}
	}
	if _, err := Load(Options{Brokers: "a", File: "absent", Getenv: environment(), Set: []string{"bootstrap.servers=b"}}); err == nil || !strings.Contains(err.Error(), "beside -b") {
		t.Errorf("two lists of brokers: %v", err)
	}
	// What one more setting gives an effect is not refused.
	for _, set := range [][]string{
		{"security.protocol=SSL", "ssl.endpoint.identification.algorithm="},
		{"security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN", "sasl.username=u", "sasl.password=p"},
		{"client.id=x"}, {"bootstrap.servers=b"}, {"isolation.level=read_committed"},
	} {
		if _, err := Load(Options{File: "absent", Getenv: environment(), Set: set}); err != nil {
			t.Errorf("-X %q: %v", set, err)
		}
	}
}

// Every setting that the code reads has an effect, or -X would refuse it.
func TestWhatIsReadIsEffective(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	reads, found := regexp.MustCompile(`p\["([a-z.]+)"\]`), 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, m := range reads.FindAllStringSubmatch(string(text), -1) {
			found++
			if _, ok := effective[m[1]]; !ok {
				t.Errorf("%s reads %s, which -X refuses", name, m[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d reads of settings found", found)
	}
}
