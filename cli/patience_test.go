package cli

import (
	"strings"
	"testing"
	"time"

	"milena/lab/bubble"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Nobody waits long for what cannot be.
func TestCommandsGiveUpInTime(t *testing.T) {
	for name, x := range map[string]struct {
		brokers func(good, mute string) string
		args    string
		code    int
		says    string
		most    time.Duration
	}{
		"unknown topic, tail":     {func(good, _ string) string { return good }, "tail nope", 1, `topic "nope" does not exist`, 5 * time.Second},
		"unknown topic, search":   {func(good, _ string) string { return good }, "search x nope", 2, `topic "nope" does not exist`, 5 * time.Second},
		"unknown topic, produce":  {func(good, _ string) string { return good }, "produce nope v", 1, `topic "nope" does not exist`, 5 * time.Second},
		"unknown topic, describe": {func(good, _ string) string { return good }, "topic describe nope", 1, `topic "nope" does not exist`, 5 * time.Second},
		"silence":                 {func(_, mute string) string { return mute }, "topics", 1, "no answer in time", 6 * time.Second},
		"silence, produce":        {func(_, mute string) string { return mute }, "produce t v", 1, "no answer in time", 6 * time.Second},
		"silence beside a broker": {func(good, mute string) string { return mute + "," + good }, "topics", 0, "", time.Second},
		"nobody":                  {func(string, string) string { return "127.0.0.1:1" }, "topics", 1, "refused", 0},
		"nobody beside a broker":  {func(good, _ string) string { return "127.0.0.1:1," + good }, "topics", 0, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				f, err := kfake.NewCluster(append(bubble.Brokers(t), kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))...)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(f.Close)
				began := time.Now()
				code, _, errs := run(t, append(strings.Fields(x.args), "-b", x.brokers(f.ListenAddrs()[0], bubble.Silent(t)))...)
				if took := time.Since(began); code != x.code || !strings.Contains(errs, x.says) || took > x.most {
					t.Errorf("exit %d after %s: %s", code, took, errs)
				}
			})
		})
	}
}
