package e2e

// The lab (lab/kafka-lab) as the tests of this package drive it: real brokers
// that can be stopped, killed and frozen.

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"milena/kafka"
)

// patience is how long brokers and their clients may take over anything, be it
// to get over a fault.
const patience = 60 * time.Second

// lab is the script that runs real brokers.
type lab struct {
	testing.TB
	script string
}

// needLab skips the test unless MILENA_TEST_LAB names the lab's script. With
// MILENA_TEST_REQUIRE_LAB=1 a missing lab is a failure.
func needLab(t testing.TB) lab {
	t.Helper()
	script := os.Getenv("MILENA_TEST_LAB")
	if script == "" {
		if os.Getenv("MILENA_TEST_REQUIRE_LAB") == "1" {
			t.Fatal("MILENA_TEST_REQUIRE_LAB=1, but MILENA_TEST_LAB does not name lab/kafka-lab")
		}
		t.Skip("needs real brokers: set MILENA_TEST_LAB to the path of lab/kafka-lab")
	}
	absolute, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	return lab{t, absolute}
}

// try runs a command of the lab and gives what it prints.
func (l lab) try(args ...string) (string, error) {
	cmd := exec.Command(l.script, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(l.script), strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

func (l lab) run(args ...string) string {
	l.Helper()
	out, err := l.try(args...)
	if err != nil {
		l.Fatal(err)
	}
	return out
}

// up starts a profile, unless it runs, and gives its brokers.
func (l lab) up(profile string) []string {
	l.Helper()
	out := l.run("up", profile)
	_, list, ok := strings.Cut(strings.TrimSpace(out), "BROKERS=")
	if !ok {
		l.Fatalf("the lab does not name the brokers of %s: %q", profile, out)
	}
	return strings.Split(list, ",")
}

// pids gives the processes of a profile that run, by service.
func (l lab) pids(profile string) map[string]int {
	l.Helper()
	pids := make(map[string]int)
	line := regexp.MustCompile(`(?m)^` + profile + ` +(\S+) +pid (\d+) `)
	for _, m := range line.FindAllStringSubmatch(l.run("status"), -1) {
		pid, err := strconv.Atoi(m[2])
		if err != nil {
			l.Fatal(err)
		}
		pids[m[1]] = pid
	}
	return pids
}

// randomName is a name for a topic or group that nobody else has.
func randomName(what string) string {
	return "milena-e2e-" + what + "-" + strings.ToLower(rand.Text()[:8])
}

// kept are settings with which nothing is deleted for its age: tests write with
// timestamps of their own.
func kept(configs map[string]string) map[string]string {
	all := map[string]string{"retention.ms": "-1"}
	maps.Copy(all, configs)
	return all
}

// openCluster connects, until the test ends.
func openCluster(t *testing.T, brokers []string) *kafka.Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := kafka.Open(ctx, kafka.Config{Brokers: brokers, ClientID: "milena-e2e"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// await waits until ok holds.
func await(t *testing.T, what string, patience time.Duration, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("%s: waited %s for %s", time.Now().Format("15:04:05"), patience, what)
		}
	}
}
