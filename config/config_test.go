package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"milena/kafka"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

const contexts = `# mine
current: local
contexts:
  local:
    brokers: one:1
  production:
    brokers: [two:2, three:3]
    properties:
      security.protocol: SASL_PLAINTEXT
      sasl.mechanism: PLAIN
      sasl.username: ada
      sasl.password: secret0
    read_only: true
    color: red
  nowhere:
    color: blue
`

func TestBrokersComeFromTheFirstThatNamesThem(t *testing.T) {
	file := write(t, "config.yaml", contexts)
	properties := write(t, "client.properties", "bootstrap.servers=five:5,six\n")
	env := environment("KAFKA_BROKERS", "four:4")
	for _, c := range []struct {
		what string
		opt  Options
		want string
	}{
		{"nothing", Options{File: "absent", Getenv: environment()}, "localhost:9092 as localhost:9092"},
		{"current context", Options{File: file, Getenv: environment()}, "one:1 as local"},
		{"environment before current", Options{File: file, Getenv: env}, "four:4 as four:4"},
		{"-F before environment", Options{File: file, Getenv: env, Properties: properties}, "five:5 six:9092 as five:5,six:9092"},
		{"-X like -F", Options{File: file, Getenv: env, Set: []string{"metadata.broker.list=seven:7"}}, "seven:7 as seven:7"},
		{"--context before both", Options{File: file, Getenv: env, Properties: properties, Context: "production"}, "two:2 three:3 as production"},
		{"-b before all", Options{File: file, Getenv: env, Properties: properties, Context: "production", Brokers: "b:1, SASL_PLAINTEXT://[::1]:9"}, "b:1 [::1]:9 as production"},
		{"-b alone uses no context", Options{File: file, Getenv: env, Brokers: "b"}, "b:9092 as b:9092"},
		{"nothing but what is given", Options{File: file, Getenv: env, Only: true}, "localhost:9092 as localhost:9092"},
	} {
		s, err := Load(c.opt)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
		} else if got := strings.Join(s.Kafka.Brokers, " ") + " as " + s.Name; got != c.want {
			t.Errorf("%s: %s; want %s", c.what, got, c.want)
		}
	}
}

func TestAContextIsUsedWhole(t *testing.T) {
	file := write(t, "config.yaml", contexts)
	s, err := Load(Options{File: file, Context: "production", Getenv: environment(), Set: []string{"sasl.mechanism=SCRAM-SHA-512"}})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Kafka.ReadOnly || s.Color != "red" || *s.Kafka.SASL != (kafka.SASL{Mechanism: "SCRAM-SHA-512", Username: "ada", Password: "secret0"}) {
		t.Errorf("%+v", s.Kafka)
	}
	if text := fmt.Sprint(s); strings.Contains(text, "secret0") || !strings.Contains(text, "SASL_PLAINTEXT SCRAM-SHA-512") {
		t.Errorf("String: %s", text)
	}
	if s, err = Load(Options{File: file, Brokers: "elsewhere", Getenv: environment()}); err != nil || s.Kafka.SASL != nil || s.Kafka.ReadOnly {
		t.Errorf("the login of a context that was not named goes elsewhere: %v, %v", s, err)
	}
	for name, part := range map[string]string{"staging": "it has local, nowhere, production", "nowhere": "no brokers"} {
		if _, err = Load(Options{File: file, Context: name, Getenv: environment()}); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("context %s: %v; want it to say: %s", name, err, part)
		}
	}
}

func TestPropertiesOfAContextCanBeAFileBesideIt(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"config.yaml":       "contexts: {c: {properties: client.properties}}",
		"client.properties": "bootstrap.servers: host:1\nisolation.level = read_committed\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(Options{File: filepath.Join(folder, "config.yaml"), Context: "c", Getenv: environment("KAFKA_BROKERS", "other:1")})
	if err != nil || s.Kafka.Brokers[0] != "host:1" || s.Isolation != kafka.ReadCommitted {
		t.Errorf("%v, %v", s, err)
	}
}

func TestPath(t *testing.T) {
	folder := t.TempDir()
	if got := Path(environment("XDG_CONFIG_HOME", folder)); got != filepath.Join(folder, "milena", "config.yaml") {
		t.Error(got)
	}
	t.Setenv("XDG_CONFIG_HOME", folder)
	t.Setenv("HOME", folder)
	if got := Path(environment("XDG_CONFIG_HOME", "relative")); strings.HasPrefix(got, "relative") {
		t.Error(got)
	}
}

func TestErrorsOfTheFileShowThePlaceAndNoSecret(t *testing.T) {
	for text, want := range map[string]string{
		"current: a\nbroker: b\n":                                                  "2:1: unknown key \"broker\"; the file can have current, contexts, theme",
		"contexts:\n  a:\n    brokers: b\n    readonly: true\n":                    "4:5: unknown key \"readonly\"; a context can have brokers, properties, read_only, color",
		"contexts:\n  a:\n    read_only: maybe\n":                                  "3:16: read_only is true or false\n    3 |     read_only: maybe\n                       ^",
		"contexts:\n  a:\n    brokers: {x: y}\n":                                   "brokers is host:port",
		"contexts: [a]\n":                                                          "contexts has the form key: value",
		"contexts:\n  a: localhost\n":                                              "a context has the form",
		"a: 1\na: 2\n":                                                             "2:1:",
		"contexts:\n  a:\n    properties:\n      sasl.password: [s3cr3t]\n":        "a property is one value",
		"contexts:\n  a:\n    properties:\n      sasl.password: \"s3cr3t\n":        ":4:",
		"contexts:\n  a:\n    properties:\n      sasl.password: 's3cr3t' s3cr3t\n": ":4:",
		"contexts:\n  a:\n    properties:\n      sasl.password: s3cr3t: s3cr3t\n":  ":4:",
		"contexts:\n  a:\n    properties:\n      sasl.password: *s3cr3t\n":         ":4:",
		"a: 1\n---\nb: 2\n":                                                        "second document",
		"current: \"x\n":                                                           ":1:",
	} {
		_, err := ReadContexts(write(t, "config.yaml", text))
		if err == nil {
			t.Errorf("%q: no error", text)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "config.yaml:") {
			t.Errorf("%q: %v\nwant it to say: %s", text, err, want)
		}
		if strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
	for _, text := range []string{"", "# nothing\n", "contexts:\n", "contexts:\n  a:\n"} {
		if _, err := ReadContexts(write(t, "config.yaml", text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTimeoutsAndNames(t *testing.T) {
	s, err := Load(Options{Only: true, ClientID: "milena/1", Set: []string{"request.timeout.ms=1500", "socket.connection.setup.timeout.ms=700", "compression.type=lz4"}})
	if err != nil || s.Kafka.RequestTimeout != 1500*time.Millisecond || s.Kafka.DialTimeout != 700*time.Millisecond || s.Kafka.ClientID != "milena/1" || s.Codec != "lz4" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = Load(Options{Only: true, ClientID: "milena/1", Set: []string{"client.id=me"}}); err != nil || s.Kafka.ClientID != "me" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestWhatIsNotUnderstoodIsSaid(t *testing.T) {
	s, err := Load(Options{Only: true, Properties: write(t, "client.properties", "group.id=g\nlinger.ms=5\nssl.provider=x\nsasl.mechanism=PLAIN\nisolatoin.level=x\n")})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Notices) != 1 || !strings.Contains(s.Notices[0], "isolatoin.level") {
		t.Errorf("notices: %q", s.Notices)
	}
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "SASL_SSL") {
		t.Errorf("warnings: %q", s.Warnings)
	}
	for set, part := range map[string]string{
		"isolation.level=all":        "neither read_uncommitted",
		"security.protocol=TLS":      "use one of PLAINTEXT",
		"security.protocol=SASL_SSL": "sasl.mechanism is not set",
		"request.timeout.ms=soon":    "milliseconds",
		"nothing":                    "-X takes key=value",
		"bootstrap.servers=a b":      "not an address",
		"bootstrap.servers=a:99999":  "not an address",
		"bootstrap.servers=,":        "name no address",
	} {
		_, err := Load(Options{Only: true, Set: []string{set}})
		if part == "" && err != nil || part != "" && (err == nil || !strings.Contains(err.Error(), part)) {
			t.Errorf("%s: %v; want it to say: %s", set, err, part)
		}
	}
}

func TestLogins(t *testing.T) {
	plain := kafka.SASL{Mechanism: "PLAIN", Username: "ada", Password: `p"w\d`}
	for text, want := range map[string]kafka.SASL{
		`security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="ada" password="p\\"w\\\\d";`: plain,
		`security.protocol=sasl_plaintext
sasl.mechanisms=PLAIN
sasl.username=ada
sasl.password=p"w\d`: plain,
		"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-256\nsasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n  username=ada \\\n  password=s ;\n": {Mechanism: "SCRAM-SHA-256", Username: "ada", Password: "s"},
	} {
		s, err := Load(Options{Only: true, Properties: write(t, "p", text)})
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if *s.Kafka.SASL != want {
			t.Errorf("%s: %+v; want %+v", text, *s.Kafka.SASL, want)
		}
	}
	for text, part := range map[string]string{
		"sasl.mechanism=OAUTHBEARER": "OAUTHBEARER is not supported yet",
		"sasl.mechanism=GSSAPI":      "GSSAPI is not supported yet",
		"sasl.mechanism=PLAIN":       "needs a user",
		"sasl.mechanism=PLAIN\nsasl.jaas.config=a.b.ScramLoginModule required username=a password=s3cr3t;":        "ScramLoginModule, but",
		"sasl.mechanism=PLAIN\nsasl.jaas.config=a.b.PlainLoginModule required username=a password=s3cr3t":         "semicolon",
		"sasl.mechanism=PLAIN\nsasl.jaas.config=a.b.PlainLoginModule required username=a password=\"s3cr3t;":      "no end of the quoted password",
		"sasl.mechanism=PLAIN\nsasl.jaas.config=a.b.PlainLoginModule username=a password=s3cr3t;":                 "required",
		"sasl.mechanism=PLAIN\nsasl.jaas.config=a.b.PlainLoginModule required username=a password=s3cr3t; b.C x;": "one login",
		"sasl.mechanism=PLAIN\nsasl.jaas.config=a.b.PlainLoginModule required username;":                          "name=value",
		"sasl.mechanism=PLAIN\nsasl.jaas.config=":                                                                 "needs a user",
		"sasl.password=s3cr3t\\u12": "",
	} {
		_, err := Load(Options{Only: true, Properties: write(t, "p", "security.protocol=SASL_PLAINTEXT\n"+text)})
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v; want it to say: %s", text, err, part)
		} else if strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

func TestUnknownNamesAreSorted(t *testing.T) {
	if got := (properties{"zz": "", "aa": "", "acks": ""}).unknown(); !slices.Equal(got, []string{"aa", "zz"}) {
		t.Error(got)
	}
}

func FuzzParseProperties(f *testing.F) {
	f.Add("a=b\n# c\nd : e\\\n f\n")
	f.Add("sasl.username=a\\b\n=x\n")
	f.Add("a=${b}\n\\u00e9=\\u12")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseProperties([]byte(text))
		if err == nil && p == nil {
			t.Fatal("neither properties nor an error")
		}
	})
}

func FuzzParseJAAS(f *testing.F) {
	f.Add("m", "required", "user", "pass\"word\\")
	f.Add("a.b.C", "optional", "", ";")
	f.Fuzz(func(t *testing.T, class, flag, user, password string) {
		if _, err := parseJAAS(class + " " + flag + " " + user); err != nil && user != "" && len(user) > 12 && strings.Contains(err.Error(), user) {
			t.Fatalf("the error repeats what was given: %v", err)
		}
		if strings.ContainsAny(user+password, "\n") {
			return
		}
		quote := func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
		got, err := parseJAAS("x.Module required username=" + quote(user) + "\n  password = " + quote(password) + " ;")
		if err != nil || got.module != "Module" || got.options["username"] != user || got.options["password"] != password {
			t.Fatalf("%q %q: %+v, %v", user, password, got, err)
		}
	})
}
