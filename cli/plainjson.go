package cli

import (
	"fmt"
	"io"
)

// plainJSON is where JSON of a broker's words is written: the control characters that
// JSON lets stand, DEL and C1, are escaped, for some terminals obey them.
type plainJSON struct{ out io.Writer }

// Write takes whole characters.
func (w plainJSON) Write(b []byte) (int, error) {
	plain := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == 0x7f:
			plain = append(plain, `\u007f`...)
		case b[i] == 0xc2 && i+1 < len(b) && b[i+1] < 0xa0:
			i++
			plain = fmt.Appendf(plain, `\u00%02x`, b[i])
		default:
			plain = append(plain, b[i])
		}
	}
	if _, err := w.out.Write(plain); err != nil {
		return 0, err
	}
	return len(b), nil
}
