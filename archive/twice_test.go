package archive

import "testing"

// Of a name that a line has twice the last counts, as in queries.
func TestOfTwoNamesInALineTheLastCounts(t *testing.T) {
	for _, line := range []string{
		`{"value":"a","value":"b","key":"x","key":null}`,
		`{"topic":"t","partition":0,"offset":1,"timestamp":1,"timestampType":"CreateTime","key":"x","key":null,"value":"a","value":"b","headers":[]}`,
	} {
		var l Line
		if err := l.Parse([]byte(line)); err != nil || string(l.Value) != "b" || l.Key != nil {
			t.Errorf("%s is %q, %q (%v)", line, l.Key, l.Value, err)
		}
	}
}
