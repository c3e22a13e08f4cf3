package query

import (
	"strings"
	"testing"
	"time"

	"milena/kafka"
)

// A comparison that is no expression is refused, with what was probably meant.
func TestComparisonsThatAreNotUnderstoodAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`status == "FAILED"`:                 `value.status == "FAILED"`,
		`.status == "FAILED"`:                `value.status == "FAILED"`,
		`$.status == "FAILED"`:               `value.status == "FAILED"`,
		`$.order.items[0].sku == 'A'`:        `value.order.items[0].sku == 'A'`,
		`status:FAILED`:                      `value.status == "FAILED"`,
		`order.status:FAILED`:                `value.order.status == "FAILED"`,
		`-status:FAILED`:                     `value.status != "FAILED"`,
		`status:"FAILED"`:                    `value.status == "FAILED"`,
		`partition:3`:                        `partition == 3`,
		`total > 100`:                        `value.total > 100`,
		`total>100`:                          `value.total > 100`,
		`total >100`:                         `value.total > 100`,
		`100 < total`:                        `100 < value.total`,
		`100 < total <= 200`:                 `100 < value.total <= 200`,
		`key startsWith user`:                `key startsWith "user"`,
		`value.event contains paid`:          `value.event contains "paid"`,
		`partition == x`:                     ``,
		`total >= 1e3`:                       `value.total >= 1e3`,
		`total => 100`:                       `value.total >= 100`,
		`Id == "X" and Idx = 1`:              `value.Id == "X" and value.Idx == 1`,
		`Id == "X" AND Idx <> 1`:             `value.Id == "X" and value.Idx != 1`,
		`status = FAILED`:                    `value.status == "FAILED"`,
		`status=FAILED`:                      `value.status == "FAILED"`,
		`status=="FAILED"`:                   `value.status == "FAILED"`,
		`status === 'FAILED'`:                `value.status == 'FAILED'`,
		`status != null`:                     `value.status != null`,
		`paid = TRUE`:                        `value.paid == true`,
		`"FAILED" == status`:                 `"FAILED" == value.status`,
		`value.status = "FAILED"`:            `value.status == "FAILED"`,
		`value.total > 100 && status == "X"`: `value.total > 100 && value.status == "X"`,
		`status == "A" || status == "B"`:     `value.status == "A" || value.status == "B"`,
		`(status == "A")`:                    `(value.status == "A")`,
		`status =~ "^F"`:                     `value.status matches "^F"`,
		`status contains "FAIL"`:             `value.status contains "FAIL"`,
		`status in ["A", "B"]`:               `value.status in ["A", "B"]`,
		`status not in ["A"]`:                `value.status not in ["A"]`,
		`headers.trace == "a"`:               `header.trace == "a"`,
		`Key == "user-1"`:                    `key == "user-1"`,
		`order-id == 17`:                     `value["order-id"] == 17`,
		`refund status == "FAILED"`:          `value contains "refund" and value.status == "FAILED"`,
		`status:FAILED level:ERROR`:          `value.status == "FAILED" and value.level == "ERROR"`,
		`foo && bar`:                         `value contains "foo" && value contains "bar"`,
		`foo || -bar`:                        `value contains "foo" || value not contains "bar"`,
		`temp < -5`:                          `value.temp < -5`,
		`total >`:                            ``,
		`status ==`:                          ``,
		`==`:                                 ``,
		`== "FAILED"`:                        ``,
		`> 100`:                              ``,
	} {
		_, err := ParseAt(text, testNow, time.UTC)
		switch {
		case err == nil:
			t.Errorf("%s is not refused", text)
		case want != "" && !strings.Contains(err.Error(), "did you mean "+want+"? "):
			t.Errorf("%s: %v", text, err)
		case !strings.Contains(err.Error(), "put quotes around it"):
			t.Errorf("%s: %v does not say that quotes make words of it", text, err)
		}
		if want != "" {
			if q, err := ParseAt(want, testNow, time.UTC); err != nil || q.Kind() != Expression {
				t.Errorf("%s is no expression: %v", want, err)
			}
		}
		quoted := `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
		if q, err := ParseAt(quoted, testNow, time.UTC); err != nil || q.Kind() != Words {
			t.Errorf("%s: %v", quoted, err)
		}
	}
}

// What only has such signs in it are words, as ever.
func TestWordsWithSignsOfOperators(t *testing.T) {
	for _, text := range []string{
		"https://milena.dev/?a=b&c=d", "jdbc:postgresql://db/x?user=a", "Zm9vYmFyIQ==", "dGVzdDE=", `"a=b"`, `"status == FAILED"`, "/a=b/", "/status == .*/",
		`header:trace=4bf`, `-header:trace=4bf`, `key:a=b`, `value:"a == b"`, `"id":17`, `"status":"FAILED"`, `{"url":"a=b"}`,
		"<status>FAILED</status>", "</b>", "->", "a->b", "-->", "<-", "<<EOF", ">>", "what!", "R&D", "a|b", "C:\\new", "C:/new", "10:30:15",
		"2026-11-22T14:05:11", "urn:uuid:4bf", "a::b", "java.lang.Error:", "error:", "status: FAILED", "key in the box", "it contains errors", "in [x",
		"path/to?x=1", "k8s.io/app=web", "don't", "-", "a - b",
	} {
		if q, err := ParseAt(text, testNow, time.UTC); err != nil || q.Kind() != Words {
			t.Errorf("%s: %v %v", text, q, err)
		}
	}
}

func TestAQueryKnowsThatItsPlaceIsNotThere(t *testing.T) {
	span := func(p int32, from, to int64) kafka.Span {
		return kafka.Span{TopicPartition: kafka.TopicPartition{Topic: "t", Partition: p}, From: from, To: to}
	}
	held := []kafka.Span{span(0, 100, 1000), span(1, 50, 50), span(2, 200, 3000)}
	for text, want := range map[string]string{
		"partition == 17":                    "nothing can match: there is no such partition, only 0 to 2",
		"partition in [2, 17]":               "",
		"offset == 99999999":                 "nothing can match: offset 99,999,999 is past the end, the highest is 2,999",
		"partition == 0 and offset >= 1000":  "nothing can match: offset 1,000 is past the end, the highest is 999",
		"partition == 2 and offset >= 1000":  "",
		"offset < 100":                       "nothing can match: offset 99 is before the start, the lowest is 100",
		"offset > 5 and offset < 3":          "nothing can match: the offsets contradict each other",
		"partition == 1 and offset == 7":     "",
		"offset == 500":                      "",
		"offset == 9999999 or value == null": "",
		"words":                              "",
	} {
		q := parse(t, text)
		if got := q.Nowhere(held); got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
		if want != "" && !q.NamesPlaces() {
			t.Errorf("%s names no place", text)
		}
	}
}
