package human

import (
	"fmt"
	"math"
	"math/big"
	"strings"
)

// Bytes is a size in steps of 1000: 29 B, 3.4 kB, 150 MB.
func Bytes(n int64) string {
	if n < 0 {
		return "-" + Bytes(-max(n, -math.MaxInt64))
	}
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), ""
	for _, u := range []string{"kB", "MB", "GB", "TB", "PB", "EB"} {
		f, unit = f/1000, u
		if f < 999.5 {
			break
		}
	}
	if f < 99.95 {
		return fmt.Sprintf("%.1f %s", f, unit)
	}
	return fmt.Sprintf("%.0f %s", f, unit)
}

// ByteUnits are the units that sizes are read in, from the smallest, for messages.
const ByteUnits = "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB"

var byteUnits = map[string]int64{
	"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// ByteUnit is how many bytes a unit stands for; false: it is none.
func ByteUnit(unit string) (int64, bool) {
	n, ok := byteUnits[unit]
	return n, ok
}

// ParseBytes reads a size: 1048576, 512MB, 1.5 GiB. It is a whole number of
// bytes, from 0 to below 10^18.
func ParseBytes(s string) (int64, error) {
	s = strings.TrimSpace(s)
	digits := strings.TrimRight(s, "kKMGTiB")
	amount := strings.TrimSpace(digits)
	unit := int64(1)
	if name := s[len(digits):]; name != "" {
		var ok bool
		if unit, ok = byteUnits[name]; !ok {
			return 0, fmt.Errorf("%s is not a unit of size; use %s", name, ByteUnits)
		}
	}
	n, ok := Times(amount, unit)
	if !ok {
		return 0, fmt.Errorf("%q is not a size; write it as 1048576, 512MB or 1GiB", s)
	}
	return n, nil
}

// Times is amount × unit; false: amount is not a decimal number, or the product is
// not a whole number below 10^18.
func Times(amount string, unit int64) (int64, bool) {
	if len(amount) > 40 || amount == "" || strings.Trim(amount, "0123456789.") != "" {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(amount)
	if !ok {
		return 0, false
	}
	r.Mul(r, new(big.Rat).SetInt64(unit))
	if !r.IsInt() || r.Num().Cmp(big.NewInt(1e18)) >= 0 {
		return 0, false
	}
	return r.Num().Int64(), true
}
