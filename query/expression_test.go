package query

import (
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"milena/kafka"
	"milena/kafka/batch"
)

var (
	testNow = time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)
	testTP  = kafka.TopicPartition{Topic: "orders", Partition: 3}
)

// parseExpression parses at a fixed time and wants an expression.
func parseExpression(t testing.TB, text string) *Query {
	t.Helper()
	q, err := ParseAt(text, testNow, time.UTC)
	if err != nil {
		t.Fatalf("ParseAt(%q): %v", text, err)
	}
	if q.Kind() != Expression {
		t.Fatalf("%q is words", text)
	}
	return q
}

// ask asks the query of a record in place and of the same record held; they
// must agree.
func ask(t rapid.TB, q *Query, tp kafka.TopicPartition, rec batch.Record) bool {
	t.Helper()
	b := batch.NewBuilder(batch.None)
	if err := b.Add(rec); err != nil {
		t.Fatal(err)
	}
	raw, err := b.Finish(nil)
	if err != nil {
		t.Fatal(err)
	}
	var inPlace, again, held bool
	var d batch.Decoder
	d.Walk(raw, 0, math.MaxInt64, nil, visit(func(v *batch.View) {
		m := q.Matcher(tp)
		inPlace, again = m.Match(v), m.Match(v)
		kept := kafka.Keep(tp, v)
		held = q.MatchRecord(&kept)
	}))
	if inPlace != held || inPlace != again {
		t.Fatalf("%q matches in place: %v, the second time: %v, held: %v", q, inPlace, again, held)
	}
	return inPlace
}

func TestExpressionsAgainstARecord(t *testing.T) {
	rec := batch.Record{
		Timestamp: testNow.Add(-time.Hour).UnixMilli(),
		Key:       []byte("user-12"),
		Value: []byte(`{"id":17,"big":9007199254740993,"price":129.90,"huge":1e400,"event":"order.created",` +
			`"city":"Gr\u00f6\u00dfe","quote":"a\"b","path":"a\/b","null":null,"yes":true,"no":false,` +
			`"order":{"total":250,"items":[{"sku":"A"},{"sku":"B"}]},"a b":{"ä":1},"twice":1,"twice":2,` +
			`"esc\u0061ped":"in","empty":"","arr":[[1,2],[3,[4]]],"in":5,"low":-0.5}`),
		Headers: []batch.Header{
			{Key: "trace-id", Value: []byte("ab12")}, {Key: "retry", Value: []byte("1")}, {Key: "retry", Value: []byte("7")},
			{Key: "gone", Value: nil},
		},
	}
	for text, want := range map[string]bool{
		`value.order.total > 100 && key startsWith "user-"`: true,
		`header["trace-id"] == "ab12"`:                      true,
		`header["trace-id"] == "AB12"`:                      false,
		`value.order.items[0].sku in ["A", "B"]`:            true,
		`value.order.items[1].sku in ["A", "C"]`:            false,
		`value.order.items[2].sku == "A"`:                   false,
		`timestamp > now() - 2h`:                            true,
		`timestamp > now() - 30m`:                           false,
		`timestamp <= now() - 1h`:                           true,
		`timestamp < now() - 1h`:                            false,
		`timestamp == "2026-11-22T13:05Z"`:                  true,
		`timestamp >= "13:00" && timestamp < "13:10"`:       true,
		`timestamp > 1700000000000`:                         true,
		`timestamp == null`:                                 false,
		`partition == 3`:                                    true,
		`partition == 3.0`:                                  true,
		`partition in [1, 2]`:                               false,
		`partition not in [1, 2]`:                           true,
		`offset == 0`:                                       true,
		`topic == "orders"`:                                 true,
		`topic matches "^ord"`:                              true,
		`size > 300`:                                        true,
		`size > 10kB`:                                       false,
		`size < 1KiB`:                                       true,
		`value == null`:                                     false,
		`value != null`:                                     true,
		`key == "user-12"`:                                  true,
		`key contains "er-1" and key endsWith "2"`:          true,
		`key not contains "x"`:                              true,
		`key matches "^user-[0-9]+$"`:                       true,
		`key matches "^[0-9]+$"`:                            false,

		// Numbers.
		`value.id == 17`:                               true,
		`value.id == 17.0`:                             true,
		`value.id == 1.7e1`:                            true,
		`value.id != 17`:                               false,
		`value.id == "17"`:                             false,
		`value.id != "17"`:                             true,
		`value.big == 9007199254740993`:                true,
		`value.big == 9007199254740992`:                false,
		`value.big > 9007199254740992`:                 true,
		`value.big < 9007199254740993.5`:               true,
		`value.price == 129.9`:                         true,
		`value.price > 129.89999999999`:                true,
		`value.huge > 1e399`:                           true,
		`value.huge == 10e399`:                         true,
		`value.huge < 1e99999999999999999999999999999`: true,
		`value.low == -0.5`:                            true,
		`value.low < -0.25`:                            true,
		`100 < value.order.total`:                      true,
		`100 < value.order.total < 200`:                false,
		`200 < value.order.total <= 250`:               true,
		`key > 5`:                                      false,
		`header.retry > 5`:                             true, // one of the two
		`header.retry > 10`:                            false,
		`header["gone"] == null`:                       true,
		`header["none"] == null`:                       false,
		`header["none"] != "x"`:                        false,

		// Texts.
		`value.event == "order.created"`:      true,
		`value.event startsWith "order."`:     true,
		`value.event endsWith ".created"`:     true,
		`value.event endsWith "order"`:        false,
		`value.event contains "er.cr"`:        true,
		`value.event matches "^order\\.\\w+"`: true,
		"value.event matches `^\\w+$`":        false,
		`value.event > "order"`:               true,
		`value.event < "p"`:                   true,
		`value.city == "Größe"`:               true,
		`value.city contains "öß"`:            true,
		`value.city matches "^Gr..e$"`:        true,
		`value.quote == "a\"b"`:               true,
		`value.path == "a/b"`:                 true,
		`value.escaped == "in"`:               true,
		`value["escaped"] == 'in'`:            true,
		`value["a b"]["ä"] == 1`:              true,
		`value["a b"].ä == 1`:                 true,
		`value.empty == ""`:                   true,
		`value.in == 5`:                       true, // an operator as a name
		`value contains "order.created"`:      true,
		`value startsWith "{"`:                true,

		// Null, missing, types.
		`value.null == null`:                 true,
		`value.null != null`:                 false,
		`value.id != null`:                   true,
		`value.none == null`:                 false,
		`value.none != null`:                 false,
		`value.none != 1`:                    false,
		`value.none not in [1]`:              false,
		`value.none not contains "a"`:        false,
		`!(value.none == 1)`:                 true,
		`not (value.none == 1)`:              true,
		`not value.none == 1`:                true,
		`value.id.deeper == 1`:               false,
		`value.order == null`:                false,
		`value.order != null`:                true,
		`value.order == value.order`:         false,
		`value.order > 1`:                    false,
		`value.event > 1`:                    false,
		`value.yes == true`:                  true,
		`value.yes && !value.no`:             true,
		`value.yes and value.id == 17`:       true,
		`value.no or value.id == 18`:         false,
		`value.twice == 1`:                   false,
		`value.twice == 2`:                   true,
		`value.arr[0][1] == 2`:               true,
		`value.arr[1][1][0] == 4`:            true,
		`value.arr.x == 1`:                   false,
		`value.order[0] == 1`:                false,
		`value.id == value.id`:               true,
		`value.id < value.big`:               true,
		`value.event != value.city`:          true,
		`value.id == value.event`:            false,
		`value.twice == offset`:              false,
		`value.id > partition`:               true,
		`key == value.event`:                 false,
		`value.id in [16, 17] and key != ""`: true,
		`= value.yes`:                        true,
		`= value.no`:                         false,
		`=partition == 3`:                    true,
		`(partition == 3)`:                   true,
		`value.id in []`:                     false,
		`value.id not in []`:                 true,
		`value.null in [null, 1]`:            true,
	} {
		if got := ask(t, parseExpression(t, text), testTP, rec); got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
}

func TestExpressionsAgainstOddValues(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for _, c := range []struct {
		value string // "null": a tombstone
		text  string
		want  bool
	}{
		{"null", `value == null`, true},
		{"null", `value != null`, false},
		{"null", `value.a == null`, false},
		{"null", `value == ""`, false},
		{"null", `value != "a"`, true},
		{"null", `value > 1`, false},
		{"null", `value contains ""`, false},
		{"", `value == ""`, true},
		{"", `value == null`, false},
		{"", `value.a == 1`, false},
		{" 17 ", `value == 17`, true},
		{"17 apples", `value == 17`, false},
		{"17", `value == "17"`, true},
		{"17", `value in [17, 18]`, true},
		{"17", `value.a == 17`, false},
		{"true", `value == true`, true},
		{` [1, {"a" : "b"} ] `, `value[1].a == "b"`, true},
		{`{"x":` + deep + `,"a":1}`, `value.a == 1`, true},
		{deep, `value.a.a.a == null`, false},
		{deep, `value.a.a.a != null`, true},
		{strings.Repeat("[", 100_000), `value[0][0] == 1`, false},
		{`{"a":NaN,"b":1}`, `value.a == null or value.a != null`, false},
		{`{"a":NaN,"b":1}`, `value.b == 1`, true},
		{`{"a":01}`, `value.a == 1`, false},
		{`{"a":1,"b":"never closed`, `value.a == 1`, true},
		{`{"a":1,"b":"never closed`, `value.b startsWith "never"`, false},
		{`{"a":1 "b":2}`, `value.a == 1`, true},
		{`{"a":1 "b":2}`, `value.b == 2`, false},
		{`{"a":"\x"}`, `value.a != null`, false},
		{`{"a":"\ud83d\ude00"}`, `value.a == "😀"`, true},
		{`{"a":"\ud83d"}`, `value.a == "` + "\ufffd" + `"`, true},
		{`{"a":"\ud83d\ud83d\ude00"}`, `value.a == "` + "\ufffd😀" + `"`, true},
		{"{\"a\":\"\xff\"}", `value.a == "` + "\xff" + `"`, true},
		{"\xff\xfe", `value.a == 1`, false},
		{`{"a":{"c":1},"a":{"b":2}}`, `value.a.b == 2`, true},
		{`{"a":{"c":1},"a":{"b":2}}`, `value.a.c == 1`, false},
		{`{"a":{"c":1},"a":{"b":2}}`, `value.a.c == 1 or value.a.b == 3`, false},
		{`{"a":{"c":1},"a":3}`, `value.a.c == 1`, false},
		{`{"a":{"c":1},"x":{"a":3}}`, `value.a.c == 1`, true},
		{`{"a":1,"b":{"a":2},"\u0061":3}`, `value.a == 3`, true},
		{`{"a/b":1,"a\/b":2}`, `value["a/b"] == 2`, true},
		{`{"a":[1],"a":[2,3]}`, `value.a[0] == 2`, true},
		{`{"a":"one","a":"two"`, `value.a == "two"`, true},
		{`{"a":1,"b":"a"`, `value.a == 1`, true},
		{`{"a":1,` + strings.Repeat(`"b":2,`, 200_000) + `"c":"a","d":1}`, `value.a == 1`, true},
		{"\ufeff{\"a\":1}", `value.a == 1`, true},
		{"\ufeff 17", `value == 17`, true},
		{`{"a":{"b":2,"c":3},"d":4}`, `value.a.b == 2 and value.d == 4`, true},
		{`{"a":[{"b":2}],"d":4}`, `value.a[0].b == 2 and value.a[1].b == 4`, false},
		{`{"x":{"y":1,"z":[{}]},"d":4}`, `value.x.y == 1 and value.d == 4`, true},
		{`{"x":[1,{"y":"]"},3],"d":4}`, `value.x[0] == 1 and value.d == 4`, true},
		{`{"a":1,"a":2,"b":3}`, `value.a == 2 and value.b == 3`, true},
		{`{"a":1e99999999999999999999}`, `value.a > 1e99999999999999999998`, true},
		{`{"a":-1e-99999999999999999999}`, `value.a < 0`, true},
		{`{"a":-0}`, `value.a == 0`, true},
		{`{"a":0.000e5}`, `value.a == 0`, true},
		{`{"a":1.}`, `value.a == 1`, false},
		{`{"":1}`, `value[""] == 1`, true},
		{`{"a":"x\\"}`, `value.a endsWith "\\"`, true},
		{`{"\u0061":"\u0062"}`, `value.a == "b"`, true},
	} {
		rec := batch.Record{Value: []byte(c.value)}
		if c.value == "null" {
			rec.Value = nil
		}
		if got := ask(t, parseExpression(t, c.text), testTP, rec); got != c.want {
			t.Errorf("%.80s: %s is %v, want %v", c.value, c.text, got, c.want)
		}
	}
}

// A query is shared: each worker has a matcher of its own, and records that are
// held are asked from anywhere. The race detector looks on.
func TestAQueryIsSharedByWorkers(t *testing.T) {
	q := parseExpression(t, `value.a == "b/c" && value.b[1] > 5 && header["h"] == 1.0 && key matches "k+$"`)
	rec := batch.Record{Key: []byte("kk"), Value: []byte(`{"a":"b\/c","b":[0,6]}`), Headers: []batch.Header{{Key: "h", Value: []byte("1")}}}
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for range 50 {
				if !ask(t, q, testTP, rec) {
					t.Error("no match")
				}
			}
		})
	}
	workers.Wait()
}

// −1 is not a timestamp, whoever wrote the batch: null, which has no order.
func TestATimestampOfMinusOneIsNone(t *testing.T) {
	for text, want := range map[string][2]bool{ // of a record without a timestamp, and of one with
		`timestamp == null`:                      {true, false},
		`timestamp != null`:                      {false, true},
		`not (timestamp == null)`:                {false, true},
		`timestamp < now()`:                      {false, true},
		`timestamp > now() - 2h`:                 {false, true},
		`timestamp == -1`:                        {false, false},
		`timestamp in [-1]`:                      {false, false},
		`timestamp == null or timestamp > now()`: {true, false},
	} {
		q := parseExpression(t, text)
		for i, ms := range []int64{batch.NoTime, testNow.Add(-time.Hour).UnixMilli()} {
			if got := ask(t, q, testTP, batch.Record{Timestamp: ms}); got != want[i] {
				t.Errorf("%s of %d is %v, want %v", text, ms, got, want[i])
			}
		}
		if from, to, ok := q.Times(); ok && strings.Contains(text, "null") {
			t.Errorf("%s is bounded from %d to %d", text, from, to)
		}
	}
}
