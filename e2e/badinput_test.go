package e2e

// The commands given what they cannot do: each says in one sentence what is
// wrong and what to try, exits as the contract has it, hangs nowhere, loses
// nothing. Here: flags, names, addresses, logins and files; the other
// badinput_*_test.go have records, streams and clusters that fail.

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"milena/demo"
	"milena/kafka"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// commandPatience is how long any command here may take; one that hangs is
// ended, and has failed.
const commandPatience = time.Minute

// shell is where commands run: a home of their own, and a cluster.
type shell struct {
	*testing.T
	brokers string
	home    string
	env     []string // on top, the last one counts
}

// shellOn gives a shell whose KAFKA_BROKERS is brokers.
func shellOn(t *testing.T, brokers ...string) *shell {
	home := t.TempDir()
	return &shell{T: t, brokers: strings.Join(brokers, ","), home: home, env: []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "TZ=UTC", "HOME=" + home,
		"GORACE=atexit_sleep_ms=0", // a second for each command otherwise, under -race
		"XDG_CONFIG_HOME=" + filepath.Join(home, "config"), "KAFKA_BROKERS=" + strings.Join(brokers, ","),
	}}
}

// anyCluster gives a shell on the brokers of MILENA_TEST_BROKERS, else on an
// empty broker of this process.
func anyCluster(t *testing.T) *shell {
	t.Helper()
	if brokers := os.Getenv("MILENA_TEST_BROKERS"); brokers != "" {
		return shellOn(t, brokers)
	}
	return shellOn(t, emptyBroker(t).Addrs()...)
}

func emptyBroker(t *testing.T) *demo.Broker {
	t.Helper()
	b, err := demo.Start(t.Context(), demo.Options{Empty: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// fakeCluster is an embedded cluster with options of its own.
func fakeCluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	f, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// open connects to the shell's cluster, to look at what the commands did.
func (s *shell) open() *kafka.Cluster {
	s.Helper()
	c, err := kafka.Open(s.Context(), kafka.Config{Brokers: strings.Split(s.brokers, ","), ClientID: "milena-test"})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = c.Close() })
	return c
}

// topic creates a topic with a name of its own, and deletes it afterwards.
func (s *shell) topic(partitions int32, configs map[string]string) string {
	s.Helper()
	c, name := s.open(), randomName("bad")
	if err := c.CreateTopic(s.Context(), kafka.NewTopic{Name: name, Partitions: partitions, ReplicationFactor: -1, Configs: kept(configs)}); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), commandPatience)
		defer cancel()
		_ = c.DeleteTopic(ctx, name) // the test may have deleted it
	})
	return name
}

// result is what a command did.
type result struct {
	*testing.T
	args []string
	out  string
	err  string
	code int
}

// command prepares milena with arguments; stdin is empty.
func (s *shell) command(args ...string) *exec.Cmd {
	cmd := exec.Command("milena", args...)
	cmd.Env, cmd.Dir = s.env, s.home
	return cmd
}

// run runs milena to its end.
func (s *shell) run(args ...string) result {
	s.Helper()
	return s.finish(s.command(args...))
}

// feed runs milena with a stdin.
func (s *shell) feed(stdin string, args ...string) result {
	s.Helper()
	cmd := s.command(args...)
	cmd.Stdin = strings.NewReader(stdin)
	return s.finish(cmd)
}

// finish runs a prepared command. Whatever it does, it does not crash or hang.
func (s *shell) finish(cmd *exec.Cmd) result {
	s.Helper()
	var out, errs bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &errs
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	return s.wait(cmd, &out, &errs)
}

func (s *shell) wait(cmd *exec.Cmd, out, errs *bytes.Buffer) result {
	s.Helper()
	hung := time.AfterFunc(commandPatience, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	r := result{T: s.T, args: cmd.Args[1:], out: out.String(), err: errs.String()}
	if !hung.Stop() {
		s.Errorf("milena %s hangs\n%s", strings.Join(r.args, " "), r.err)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.code = exit.ExitCode()
	} else if err != nil {
		s.Fatal(err)
	}
	for _, sign := range []string{"panic:", "goroutine ", "DATA RACE", "fatal error:", "%!"} {
		if strings.Contains(r.err, sign) {
			s.Errorf("milena %s:\n%s", strings.Join(r.args, " "), r.err)
		}
	}
	return r
}

// fails wants the exit code, nothing on stdout, and a sentence of milena's with
// all of the words.
func (r result) fails(code int, words ...string) result {
	r.Helper()
	if r.code != code || r.out != "" || !strings.HasPrefix(lastSentence(r.err), "milena: ") {
		r.Errorf("milena %q exits with %d, not %d; stdout %.200q; stderr:\n%s", r.args, r.code, code, r.out, r.err)
	}
	r.says(words...)
	return r
}

// lastSentence is stderr from its last sentence on, which may have several lines.
func lastSentence(text string) string {
	if at := strings.LastIndex("\n"+text, "\nmilena: "); at >= 0 {
		return text[at:]
	}
	return text
}

// says wants words on stderr.
func (r result) says(words ...string) result {
	r.Helper()
	for _, w := range words {
		if !strings.Contains(r.err, w) {
			r.Errorf("milena %q does not say %q:\n%s", r.args, w, r.err)
		}
	}
	return r
}

// succeeds wants exit code 0 and stdout.
func (r result) succeeds(out string) result {
	r.Helper()
	if r.code != 0 || r.out != out {
		r.Errorf("milena %q exits with %d; stdout %.300q, want %.300q; stderr:\n%s", r.args, r.code, r.out, out, r.err)
	}
	return r
}

func TestBadUsage(t *testing.T) {
	t.Parallel()
	s := shellOn(t, "127.0.0.1:1") // nothing here may get as far as a broker
	for _, c := range []struct {
		args  string
		words string // each to be said, separated by |
	}{
		{"tail", "at least one topic|milena tail message-log"},
		{"tail t -c x", "-c, --max-messages|enter a number"},
		{"tail t -c -1", "-c -1"},
		{"tail t -c 99999999999999999999", "too large"},
		{"tail t -p a", "-p, --partition|enter a number"},
		{"tail t -p -1", "-p -1"},
		{"tail t -o bogus", `"bogus"|14:05|-100`},
		{"tail t -o @", "a time is missing after the @"},
		{"tail t -o @25:99", "the hour is"},
		{"tail t -o 3.5", "not a number"},
		{"tail t -o 99999999999999999999", "larger than any offset"},
		{"tail t -o ..", "one side is missing"},
		{"tail t -o 30..3", "ends (3) before it starts (30)|swap the two"},
		{"tail t -o @-1h..@-2h", "swap the two"},
		{"tail t -o end..beginning", "swap the two"},
		{"tail t -o stored", "--group"},
		{"tail t -o 3 --from-beginning", "use only one of"},
		{"tail t --last -5", "--last -5"},
		{"tail t --group g -p 0", "assigns the partitions"},
		{"tail t --group g -o 1..2", "not a range"},
		{"tail t --isolation-level all", "read_committed"},
		{"tail t -J --count", "use only one of"},
		{"tail t -f %s --count", "use only one of"},
		{"tail t -J -f %s", "use only one of"},
		{"tail t -f %", "single %|%s value"},
		{"tail t -f %q", "%q is not a token|%s value"},
		{`tail t -f \q`, `\q is not an escape`},
		{`tail t -f \x1`, "two hexadecimal digits"},
		{"produce", "takes a topic"},
		{"produce t v w", "one VALUE|quote it"},
		{"produce t v -k a -K b", "not both"},
		{"produce t -J -H a=b", "from each line"},
		{"produce t v -H a", "name=value"},
		{"produce t v -z bogus", "gzip, snappy, lz4 or zstd"},
		{"produce t v -p -2", "0 or more"},
		{"produce t v -c -1", "-c -1"},
		{"produce t --every 1s", "repeats one VALUE"},
		{"produce t v --every 0s", "above 0"},
		{"produce t v --every 5", "--every|with its unit|500ms"},
		{"produce t v --keep-partition", "goes with -J"},
		{"topic", "create NAME"},
		{"topic bogus", "create NAME"},
		{"topic create", "the name of the topic"},
		{"topic create ..", "cannot be called"},
		{"topic create a/b", "letters, digits"},
		{"topic create " + strings.Repeat("a", 250), "at most 249 characters"},
		{"topic create t --partitions 0", "--partitions 0"},
		{"topic create t --replication-factor 0", "--replication-factor 0"},
		{"topic create t --config x", "key=value"},
		{"topic delete t", "--yes"},
		{"topics extra", "no arguments"},
		{"topics -b :9092", "host:port"},
		{"topics -b localhost:99999", "host:port"},
		{"topics -X bogus", "key=value"},
		{"topics --context nowhere", `no context "nowhere"`},
		{"topics -F nowhere.properties", "nowhere.properties"},
		{"topics --demo -b localhost:9092", "--demo"},
		{"completion", "bash, fish, powershell or zsh"},
		{"completion bogus", "bash, fish, powershell or zsh"},
		{"version now", "no arguments"},
		{"t", "needs a terminal|milena tail TOPIC"},
	} {
		s.run(strings.Fields(c.args)...).fails(2, strings.Split(c.words, "|")...)
	}
	// "$UNSET" in a script is an empty argument: what would be used in its place
	// is not what was meant.
	for _, flag := range []string{"-b", "--context", "-F", "--demo-dir", "--group"} {
		s.run("tail", "t", "-e", flag, "").fails(2, " is empty")
	}
	s.run("tail", "t", "-o", "").fails(2, "it is empty")
	s.run("produce", "t", "-K", "").fails(2, "needs a delimiter")
}

func TestUnknownTopic(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	known := s.topic(3, nil)
	unknown := known + "x"
	for _, args := range []string{
		"tail T -e", "tail T", "tail T -o -5 --count -e", "tail T --group g-T", "produce T v", "produce T -J", "produce T v -p 99",
		"topic describe T", "topic delete T --yes",
	} {
		s.feed("a line\n", strings.Fields(strings.ReplaceAll(args, "T", unknown))...).
			fails(1, fmt.Sprintf("topic %q does not exist", unknown), known)
	}
	s.run("tail", "", "-e").fails(1, `topic "" does not exist`)
	s.run("tail", "\x1b[31mred", "-e").fails(2, `"\x1b[31mred"`)
	if out := s.run("topics").out; strings.Contains(out, unknown) || !strings.Contains(out, known) {
		t.Errorf("after that there are the topics\n%s", out)
	}
}

func TestPositionsAtTheEdges(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(3, nil)
	s.run("tail", topic, "-e", "-o", "beginning", "--count").succeeds("0\n")
	s.run("tail", topic, "-e").succeeds("")
	s.run("tail", topic, "-e", "--last", "5").succeeds("")
	for p := range 3 {
		s.feed("a\nb\n", "produce", topic, "-p", strconv.Itoa(p), "-q").succeeds("")
	}
	for args, want := range map[string]string{
		"-c 0":                           "",
		"-c 0 --count":                   "0\n",
		"-c 1 -o beginning":              "a\n",
		"-c 1 -o beginning --count":      "1\n",
		"-c 4 -o beginning -e --count":   "4\n",
		"-c 100 -o beginning -e --count": "6\n",
		"-c 2 -o +1":                     "b\nb\n",
		"-e -o @2030-01-01":              "",
		"-e -o 999999":                   "",
		"-e -o +999999 --count":          "0\n",
		"-e -o -999999 --count":          "6\n",
		"-e -o -0":                       "",
		"-e --last 0":                    "",
		"-e --last 999999 --count":       "6\n",
		"-o beginning..end --count":      "6\n",
		"-o 1..1 --count":                "0\n",
		"-o 1..999999 -c 1 -p 0":         "b\n",
		"-e -o beginning -p 0,0 -p 0":    "a\nb\n",
		"-e -o beginning -Z --count":     "6\n",
		"-e -o beginning -p 0 -f":        "", // an empty format
	} {
		fields := append([]string{"tail", topic}, strings.Fields(args)...)
		if strings.HasSuffix(args, "-f") {
			fields = append(fields, "")
		}
		s.run(fields...).succeeds(want)
	}
	s.run("tail", topic, topic, "-e", "-o", "beginning", "--count").succeeds("6\n")
	s.run("tail", topic, "-e", "-p", "7").fails(1, "no partition 7", "it has 3")
	s.run("produce", topic, "v", "-p", "7").fails(1, "no partition 7", "it has 3")
	s.run("tail", topic, "-e", "-o", "beginning", "--count", "--group", topic).succeeds("6\n")
}

func TestHundredTopics(t *testing.T) {
	t.Parallel()
	s := shellOn(t, fakeCluster(t, kfake.NumBrokers(1), kfake.SeedTopics(2, topicNames(100)...)).ListenAddrs()...)
	s.run("topic", "create", "topic-7").fails(1, "already exists")
	for _, name := range topicNames(100)[:3] {
		s.run("produce", name, "-q", "to "+name).succeeds("")
	}
	if n := strings.Count(s.run("topics").out, "\n"); n != 100 {
		t.Errorf("%d topics are listed", n)
	}
	r := s.run(append([]string{"tail", "-e", "-o", "beginning"}, topicNames(100)...)...)
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	slices.Sort(lines)
	if !slices.Equal(lines, []string{"to topic-0", "to topic-1", "to topic-2"}) {
		t.Errorf("%q; %s", lines, r.err)
	}
}

func topicNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "topic-" + strconv.Itoa(i)
	}
	return names
}

// listener accepts connections and leaves each to a function.
func listener(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var conns []net.Conn
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			serving.Go(func() { serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	return l.Addr().String()
}

func TestWrongAddress(t *testing.T) {
	t.Parallel()
	good := emptyBroker(t).Addrs()[0]
	refused := listener(t, func(net.Conn) {})
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		refused = l.Addr().String() // free again in a moment
		_ = l.Close()
	}
	silent := listener(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	web := listener(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 100))
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request")
	})
	greeting := listener(t, func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n") })
	closing := listener(t, func(c net.Conn) { _ = c.Close() })
	for _, c := range []struct {
		what, address string
		tls           bool
		words         []string
	}{
		{"nobody", refused, false, []string{"connect failed", "refused", "is the port right"}},
		{"silence", silent, false, []string{"no answer in time", "is this a Kafka broker"}},
		{"silence to TLS", silent, true, []string{"TLS failed", "security.protocol=PLAINTEXT"}},
		{"HTTP", web, false, []string{"not Kafka's protocol", "is this a Kafka broker"}},
		{"HTTP to TLS", web, true, []string{"not TLS", "security.protocol=PLAINTEXT"}},
		{"SSH", greeting, false, []string{"not Kafka's protocol"}},
		{"somebody who hangs up", closing, false, []string{"versions failed", "is this a Kafka broker"}},
		{"Kafka without TLS", good, true, []string{"TLS failed", "security.protocol=PLAINTEXT"}},
		{"no such host", "no-such-host.invalid", false, []string{"resolve failed", "no-such-host.invalid", "is the name right"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			s := shellOn(t, c.address)
			args := []string{"produce", "t", "v"}
			if c.tls {
				args = append(args, "-X", "security.protocol=SSL")
			}
			s.run(args...).fails(1, append(c.words, "cannot reach the cluster")...)
		})
	}
	t.Run("several", func(t *testing.T) {
		t.Parallel()
		shellOn(t, refused, web).run("topics").fails(1, refused, web, "refused", "not Kafka's protocol")
		shellOn(t, refused, web, silent, good).run("topics").succeeds("")
	})
}

// certificate is a broker's, signed by nobody else, and the file that names it.
func certificate(t *testing.T) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, cert
}

func TestPlainAgainstTLS(t *testing.T) {
	t.Parallel()
	cert, _ := certificate(t)
	s := shellOn(t, fakeCluster(t, kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert}})).ListenAddrs()...)
	s.run("topics").fails(1, "security.protocol=SSL")
	s.run("topics", "-X", "security.protocol=SSL").fails(1, "TLS failed", "not trusted", "ssl.ca.location")
}

func TestWrongPasswordAndNoPermission(t *testing.T) {
	t.Parallel()
	const secret = "hush-hush"
	f := fakeCluster(t, kfake.NumBrokers(1), kfake.EnableSASL(), kfake.EnableACLs(), kfake.SeedTopics(1, "orders"),
		kfake.Superuser("PLAIN", "admin", secret), kfake.User("PLAIN", "limited", secret),
		kfake.User("PLAIN", "reader", secret,
			kfake.ACL{Resource: kmsg.ACLResourceTypeTopic, Name: "orders", Pattern: kmsg.ACLResourcePatternTypeLiteral,
				Operation: kmsg.ACLOperationRead, Allow: true}))
	s := shellOn(t, f.ListenAddrs()...)
	as := func(user, password string, args ...string) result {
		t.Helper()
		r := s.run(append(args, "-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanism=PLAIN",
			"-X", "sasl.username="+user, "-X", "sasl.password="+password)...)
		if strings.Contains(r.err, password) {
			t.Errorf("the password is on stderr: %s", r.err)
		}
		return r
	}
	s.run("topics").fails(1, "require a login", "sasl.mechanism")
	as("admin", "wrong-one", "topics").fails(1, "login failed", "password")
	as("nobody", secret, "topics").fails(1, "login failed", "password")
	s.run("topics", "-X", "security.protocol=SASL_PLAINTEXT").fails(2, "sasl.mechanism is not set")
	s.run("topics", "-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanism=OAUTHBEARER").fails(2, "OAUTHBEARER is not supported", "SCRAM-SHA-512")

	as("limited", secret, "topics").succeeds("").says("there is no topic, or none that this user may see")
	for _, args := range []string{"tail orders -e", "tail orders --group g", "produce orders v", "topic create new", "topic delete orders --yes"} {
		as("limited", secret, strings.Fields(args)...).fails(1, "TOPIC_AUTHORIZATION_FAILED", "ACL")
	}
	as("admin", secret, "produce", "orders", "v", "-q").succeeds("")
	as("reader", secret, "tail", "orders", "-e", "-o", "beginning").succeeds("v\n")
	as("reader", secret, "produce", "orders", "v").fails(1, "not sent to orders: 1 of 1 message", "TOPIC_AUTHORIZATION_FAILED")
	as("reader", secret, "tail", "orders", "-e", "--group", "g").fails(1, "GROUP_AUTHORIZATION_FAILED", "ACL")
}

func TestReadOnlyContextSendsNothing(t *testing.T) {
	t.Parallel()
	f := fakeCluster(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	var mu sync.Mutex
	var sent []string
	f.Control(func(q kmsg.Request) (kmsg.Response, error, bool) {
		f.KeepControl()
		switch q.Key() {
		case 1, 2, 3, 18, 32: // Fetch, ListOffsets, Metadata, ApiVersions, DescribeConfigs
		default:
			mu.Lock()
			defer mu.Unlock()
			sent = append(sent, kmsg.NameForKey(q.Key()))
		}
		return nil, nil, false
	})
	s := shellOn(t)
	s.config("current: production\ncontexts:\n  production:\n    brokers: %s\n    read_only: true\n", f.ListenAddrs()[0])
	for _, args := range []string{
		"produce orders v", "produce orders", "produce orders v --every 1s", "topic create new", "topic delete orders --yes",
		"tail orders --group g",
	} {
		s.feed("a line\n", strings.Fields(args)...).fails(1, "read-only", "nothing was sent")
	}
	s.run("produce", "orders", "v", "-X", "read_only=false").fails(2, "there is no such setting") // nothing lifts it
	s.run("tail", "orders", "-e", "-o", "beginning", "--count").succeeds("0\n")
	mu.Lock()
	defer mu.Unlock()
	if len(sent) > 0 {
		t.Errorf("the broker was asked for %v", sent)
	}
}

// config writes the shell's file of contexts, and leaves the choice of brokers
// to it.
func (s *shell) config(format string, args ...any) {
	s.Helper()
	s.env = append(s.env, "KAFKA_BROKERS=")
	s.file(filepath.Join("config", "milena", "config.yaml"), fmt.Sprintf(format, args...))
}

// file writes a file below the shell's home, which is where commands run.
func (s *shell) file(name, text string) {
	s.Helper()
	path := filepath.Join(s.home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

func TestBrokenConfigFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, words string }{
		"unknown setting": {"current: dev\ncontexts:\n  dev:\n    brokers: localhost:9092\n    read_onyl: true\n", "config.yaml:5:5|read_onyl|^"},
		"no YAML":         {"current: dev\ncontexts:\n  dev: [\n", "config.yaml:3|^"},
		"tab":             {"current: dev\ncontexts:\n\tdev: 1\n", "config.yaml:3|^"},
		"binary":          {"\x00\xff\xfe", "config.yaml:1"},
		"unknown current": {"current: nowhere\ncontexts:\n  dev:\n    brokers: localhost:9092\n", `no context "nowhere"|it has dev`},
		"no properties":   {"current: dev\ncontexts:\n  dev:\n    brokers: localhost:9092\n    properties: gone.properties\n", "gone.properties"},
		"no brokers":      {"current: dev\ncontexts:\n  dev:\n    read_only: true\n", "no brokers|-b"},
	} {
		t.Run(name, func(t *testing.T) {
			s := shellOn(t)
			s.config("%s", c.text)
			s.run("topics").fails(2, strings.Split(c.words, "|")...)
		})
	}
	t.Run("a folder in its place", func(t *testing.T) {
		s := shellOn(t)
		s.config("")
		s.run("topics", "-b", "127.0.0.1:1").fails(1, "127.0.0.1:1") // empty is as good as none
		path := filepath.Join(s.home, "config", "milena", "config.yaml")
		if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
			t.Fatal(err)
		}
		s.run("topics").fails(2, "config.yaml")
	})
}

func TestBrokenProperties(t *testing.T) {
	t.Parallel()
	s := shellOn(t, "127.0.0.1:1")
	for _, c := range []struct{ text, words string }{
		{"security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\n", "OAUTHBEARER is not supported"},
		{"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=GSSAPI\n", "GSSAPI"},
		{"security.protocol=NIX\n", `"NIX"|SASL_SSL`},
		{"security.protocol=SSL\nssl.truststore.location=store.jks\nssl.truststore.type=JKS\nssl.truststore.password=hush-hush\n", "only PEM|keytool"},
		{"security.protocol=SSL\nssl.truststore.location=gone.pem\n", "gone.pem"},
		{"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=x required username=\"a\" password=\"hush-hush", "sasl.jaas.config|no end"},
	} {
		s.file("store.jks", "\xfe\xed\xfe\xed\x00\x00\x00\x02")
		s.file("client.properties", c.text)
		r := s.run("topics", "-F", "client.properties").fails(2, strings.Split(c.words, "|")...)
		if strings.Contains(r.err, "hush-hush") {
			t.Errorf("a password is on stderr: %s", r.err)
		}
	}
	s.run("topics", "-F", ".").fails(2, "directory")
	if os.Getuid() > 0 { // root may read everything
		s.file("secret.properties", "")
		if err := os.Chmod(filepath.Join(s.home, "secret.properties"), 0); err != nil {
			t.Fatal(err)
		}
		s.run("topics", "-F", "secret.properties").fails(2, "permission denied")
	}
}

func TestStrangeSurroundings(t *testing.T) {
	t.Parallel()
	s := anyCluster(t)
	topic := s.topic(1, nil)
	s.run("produce", topic, "-q", "käse").succeeds("")
	bare := *s
	for name, env := range map[string][]string{
		"no HOME":       {"PATH=" + os.Getenv("PATH"), "KAFKA_BROKERS=" + s.brokers},
		"HOME is gone":  append(s.env, "HOME=/nonexistent", "XDG_CONFIG_HOME="),
		"relative XDG":  append(s.env, "XDG_CONFIG_HOME=config"),
		"locale C":      append(s.env, "LC_ALL=C", "LANG=C"),
		"no terminal":   append(s.env, "NO_COLOR=1", "COLUMNS=20", "TERM="),
		"unknown zone":  append(s.env, "TZ=No/Where"),
		"spaces around": append(s.env, "KAFKA_BROKERS= "+s.brokers+" , "),
	} {
		bare.env = slices.Clip(env)
		if r := bare.run("tail", topic, "-e", "-o", "beginning"); r.code != 0 || r.out != "käse\n" {
			t.Errorf("%s: exits with %d, %q, %s", name, r.code, r.out, r.err)
		}
	}
	bare.env = append(slices.Clip(s.env), "TMPDIR=/nonexistent")
	bare.run("topics", "--demo").fails(1, "start the demo broker", "/nonexistent")
	s.file("full/of.things", "")
	s.run("topics", "--demo-dir", "full").fails(1, "contains other files", "choose an empty one")
}
