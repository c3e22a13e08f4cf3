package query

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"milena/kafka/batch"
)

// Every example of docs/query.md does what the page says, of the kind that its
// section is about.
func TestTheExamplesOfThePage(t *testing.T) {
	page, err := os.ReadFile("../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	rec := batch.Record{
		Timestamp: testNow.Add(-time.Hour).UnixMilli(),
		Key:       []byte("user-12"),
		Headers:   []batch.Header{{Key: "trace-id", Value: []byte("4bf92f")}, {Key: "retry", Value: []byte("7")}},
		Value: []byte(`{"id":9007199254740993,"event":"order.created","order":{"total":129.90,"items":[{"sku":"A"},{"sku":"B"}]},` +
			`"paid":true,"coupon":null,"ship to":{"city":"Größe"},"note":"f\u00fcr Notes: https:\/\/milena.dev"}`),
	}
	example := regexp.MustCompile(`^(.*?)  +(yes|no)( .*)?$`)
	asked, kind, inside := 0, Words, false
	for line := range strings.Lines(string(page)) {
		line = strings.TrimRight(line, "\n")
		switch line {
		case "## Expressions":
			kind = Expression
		case "```query":
			inside = true
			continue
		case "```":
			inside = false
		}
		if !inside {
			continue
		}
		parts := example.FindStringSubmatch(line)
		if parts == nil {
			t.Errorf("%q is no example", line)
			continue
		}
		asked++
		q, err := ParseAt(parts[1], testNow, time.UTC)
		if err != nil {
			t.Errorf("%s: %v", parts[1], err)
			continue
		}
		if want := kind; q.Kind() != want && !strings.HasSuffix(parts[3], "words") {
			t.Errorf("%s is %v, not %v", parts[1], q.Kind(), want)
		}
		if got := ask(t, q, testTP, rec); got != (parts[2] == "yes") {
			t.Errorf("%s is %v, not %s", parts[1], got, parts[2])
		}
	}
	if asked < 50 {
		t.Errorf("the page has %d examples", asked)
	}
}
