package cli

import (
	"bytes"
	"encoding/json"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"milena/kafka"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// run is the whole program, without a config of the person who runs the test.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("KAFKA_BROKERS", "")
	var out, errs bytes.Buffer
	if bubble.In(t) { // without signals, whose goroutine would be in it
		g := &global{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, dial: bubble.Dial}
		code = g.main(t.Context(), args)
	} else {
		code = Main(t.Context(), args, strings.NewReader(""), &out, &errs)
	}
	return code, out.String(), errs.String()
}

// embedded is a broker whose metadata send clients to advertised, unless that is
// empty.
func embedded(t *testing.T, advertised string) string {
	t.Helper()
	f, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ClusterID("embedded"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	if advertised != "" {
		f.ControlKey(int16(kmsg.Metadata), func(q kmsg.Request) (kmsg.Response, error, bool) {
			f.KeepControl()
			res := q.ResponseKind().(*kmsg.MetadataResponse)
			b := kmsg.NewMetadataResponseBroker()
			b.NodeID, b.Host, b.Port = 2, advertised, 9092
			res.Brokers = append(res.Brokers, b)
			res.ControllerID = 2
			id := "embedded"
			res.ClusterID = &id
			return res, nil, true
		})
	}
	return f.ListenAddrs()[0]
}

// normal is a report with the addresses and times of any run.
func normal(report, address string) string {
	report = strings.ReplaceAll(report, address, "BROKER")
	report = regexp.MustCompile(` +\d+(\.\d)? ms`).ReplaceAllString(report, " N ms")
	return regexp.MustCompile(`\d+ requests are spoken;.*`).ReplaceAllString(report, "N requests are spoken")
}

func TestDoctorOnAHealthyCluster(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8")
	broker := embedded(t, "")
	code, out, errs := run(t, "doctor", "-b", broker)
	want := `BROKER
  ✓ resolve N ms  127.0.0.1
  ✓ connect N ms  BROKER
  ✓ versions N ms  N requests are spoken
  ✓ metadata N ms  cluster embedded, 1 broker, controller 0, 0 topics
                            there is no topic, or none that this user may see

BROKER, advertised by broker 0
  ✓ advertised              it is reached at the address that was given

cluster
  ✓ permissions N ms  on the cluster: describe it, see settings, change settings, create any topic, alter it (ACLs, reassignments, users), write idempotently
  · permissions N ms  there is no topic to ask about
  · clock N ms  the cluster does not tell its time: it is older than Kafka 3.3, or runs with ZooKeeper

✓ 6 passed, 2 not checked
`
	if got := normal(out, broker); code != 0 || got != want || errs != "" {
		t.Errorf("exit %d, stderr %q\n%s\nwant\n%s", code, errs, got, want)
	}
}

func TestDoctorOnTheClassicMistake(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	broker := embedded(t, "kafka-2.invalid")
	code, out, errs := run(t, "doctor", "-b", broker)
	want := `kafka-2.invalid:9092, advertised by broker 2
  X  resolve N ms  no such host "kafka-2.invalid"
                             broker 2 advertises kafka-2.invalid:9092, and that name is not known on this machine: the cluster answers at BROKER, but it sends clients there; set advertised.listeners on the broker to an address that clients can reach, or make the name known here (DNS, /etc/hosts)
`
	if got := normal(out, broker); code != 1 || !strings.Contains(got, want) {
		t.Errorf("exit %d\n%s\nwant in it\n%s", code, got, want)
	}
	if want := "milena: 1 of 8 checks failed, the first: kafka-2.invalid:9092: resolve failed: no such host \"kafka-2.invalid\"\n"; errs != want {
		t.Errorf("stderr %q; want %q", errs, want)
	}
	for _, r := range out {
		if r > 0x7f {
			t.Fatalf("%q stands in the report of a locale that has only ASCII", r)
		}
	}
}

func TestDoctorAsJSON(t *testing.T) {
	broker := embedded(t, "kafka-2.invalid")
	code, out, _ := run(t, "doctor", "-J", "-b", broker)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if code != 1 || len(lines) != 8 {
		t.Fatalf("exit %d, %d lines: %s", code, len(lines), out)
	}
	failed := 0
	for _, line := range lines {
		var s struct {
			Broker   *string
			BrokerID *int32
			Step     string
			Outcome  string
			Ms       *float64
			Details  []string
			Hint     string
		}
		if err := json.Unmarshal([]byte(line), &s); err != nil || s.Step == "" || s.Ms == nil || s.Details == nil {
			t.Errorf("%s: %v", line, err)
		}
		if s.Outcome == string(kafka.Failed) {
			failed++
			if s.Broker == nil || *s.Broker != "kafka-2.invalid:9092" || s.BrokerID == nil || *s.BrokerID != 2 || !strings.Contains(s.Hint, "advertised.listeners") {
				t.Error(line)
			}
		}
	}
	if failed != 1 {
		t.Errorf("%d failed", failed)
	}
	if !strings.HasPrefix(lines[0], `{"broker":"`+broker+`","brokerId":null,"step":"resolve","outcome":"passed","ms":`) {
		t.Error(lines[0])
	}
}

func TestDoctorWithoutABroker(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := l.Addr().String()
	l.Close()
	code, out, errs := run(t, "doctor", "-b", dead)
	if code != 1 || !strings.Contains(out, "nothing listens there") || !strings.Contains(errs, dead+": connect failed") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, _, _ := run(t, "doctor", "orders"); code != exitUsage {
		t.Errorf("with an argument it exits with %d", code)
	}
}

func TestDoctorReport(t *testing.T) {
	steps := []kafka.ProbeStep{
		{Broker: "kafka:9092", BrokerID: -1, Step: kafka.StepConnect, Outcome: kafka.Passed, Took: 12345 * time.Microsecond, Summary: "192.0.2.1:9092"},
		{Broker: "kafka:9092", BrokerID: -1, Step: kafka.StepTLS, Outcome: kafka.Warned, Took: 3 * time.Millisecond, Summary: "CN=\x1b[31mevil\nname",
			Details: []string{"the certificate is NOT verified"}, Hint: "it ends soon"},
		{BrokerID: -1, Step: kafka.StepClock, Outcome: kafka.NotChecked, Summary: "needs a write"},
	}
	report := func(r *stepReport) string {
		var b bytes.Buffer
		r.out = &b
		var sum checkup
		for _, s := range steps {
			sum.add(s)
			if err := r.step(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.end(sum); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	locale := func(name string) string { return map[string]string{"LANG": "de_DE.UTF-8"}[name] }

	t.Run("plain", func(t *testing.T) {
		want := `kafka:9092
  ✓ connect          12 ms  192.0.2.1:9092
  ! TLS             3.0 ms  CN=\x1b[31mevil\nname
                            the certificate is NOT verified
                            it ends soon

cluster
  · clock                   needs a write

! 1 passed, 1 warning, 1 not checked
`
		if got := report(newStepReport(nil, locale)); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	})
	t.Run("colour", func(t *testing.T) {
		r := newStepReport(nil, locale)
		r.colour = true
		got := report(r)
		if !strings.Contains(got, "\x1b[32m✓\x1b[0m") || !strings.Contains(got, "\x1b[33m!\x1b[0m") {
			t.Errorf("%q", got)
		}
		if stripped := regexp.MustCompile(`\x1b\[\d+m`).ReplaceAllString(got, ""); stripped != report(newStepReport(nil, locale)) {
			t.Errorf("colour changes the text: %q", stripped)
		}
		if strings.Contains(got, "\x1b[31m") {
			t.Errorf("the broker's words steer the terminal: %q", got)
		}
	})
	t.Run("narrow terminal", func(t *testing.T) {
		r := newStepReport(nil, locale)
		r.width = 50
		for line := range strings.Lines(report(r)) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 50 {
				t.Errorf("%d columns: %q", n, line)
			}
		}
	})
}
