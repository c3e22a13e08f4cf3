package archive

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestJSONHoldsNothingThatATerminalObeys: the text is the same, its bytes are harmless.
func TestJSONHoldsNothingThatATerminalObeys(t *testing.T) {
	const text = "a\x1b]0;x\x07\r\n\x7f\u0080\u009b2J\u009f\u00a0°ü\u200e\u200f\u202a\u202e\u2027\u2028\u2029\u2030\u2066\u2069\u206a€日👩"
	line := string(appendJSONString(nil, text))
	var back string
	if err := json.Unmarshal([]byte(line), &back); err != nil || back != text {
		t.Errorf("%q became %q, %v", text, back, err)
	}
	if at := strings.IndexFunc(line, func(r rune) bool {
		return r < 0x20 || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	}); at >= 0 {
		t.Errorf("%q holds %q", line, line[at:])
	}
	if !strings.Contains(line, "°ü") || !strings.Contains(line, "€日👩") || !strings.Contains(line, "\u2027") {
		t.Errorf("%q escapes more than it has to", line)
	}
}
