package query

import (
	"bytes"
	"cmp"
	"math/big"
	"strconv"
)

// Numbers as they are written: compared digit by digit, never rounded.

// number is a decimal number over the bytes that it was read from.
type number struct {
	small bool  // an integer of at most 18 digits: i says it all
	i     int64 // the value, when small

	// Else the value is ±0.DDD… × 10^exp, where DDD are the digits of the
	// mantissa, which may hold a point, from its first that is not 0; no
	// mantissa is zero.
	negative bool
	mantissa []byte
	exp      int64
	// huge is an exponent, as written, that no int64 holds with certainty; it
	// comes on top of exp.
	huge []byte
}

// smallDigits is how many digits always fit into an int64.
const smallDigits = 18

// parseNumber reads b, all of it, as JSON writes numbers (RFC 8259, section 6).
func parseNumber(b []byte) (n number, ok bool) {
	i := 0
	if i < len(b) && b[i] == '-' {
		n.negative = true
		i++
	}
	start := i
	var value int64
	for i < len(b) && isDigit(b[i]) {
		if i-start < smallDigits {
			value = value*10 + int64(b[i]-'0')
		}
		i++
	}
	digits := i - start
	if digits == 0 || digits > 1 && b[start] == '0' {
		return n, false
	}
	if i == len(b) && digits <= smallDigits {
		if n.small, n.i = true, value; n.negative {
			n.i = -value
		}
		return n, true
	}
	point := i
	if i < len(b) && b[i] == '.' {
		i++
		fraction := i
		for i < len(b) && isDigit(b[i]) {
			i++
		}
		if i == fraction {
			return n, false
		}
	}
	mantissa := b[start:i]
	if i < len(b) {
		if b[i] != 'e' && b[i] != 'E' {
			return n, false
		}
		if n.exp, n.huge, ok = exponent(b[i+1:]); !ok {
			return n, false
		}
	}
	for zeros := 0; ; zeros++ {
		switch {
		case zeros == len(mantissa):
			return number{small: true}, true
		case mantissa[zeros] == '0' || mantissa[zeros] == '.':
			continue
		}
		n.mantissa = mantissa[zeros:]
		if zeros += start; zeros < point {
			n.exp += int64(point - zeros)
		} else {
			n.exp -= int64(zeros - point - 1)
		}
		return n, true
	}
}

// exponent reads what follows the e.
func exponent(b []byte) (exp int64, huge []byte, ok bool) {
	digits := b
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		digits = b[1:]
	}
	for _, c := range digits {
		if !isDigit(c) {
			return 0, nil, false
		}
	}
	if len(digits) == 0 {
		return 0, nil, false
	}
	if digits = bytes.TrimLeft(digits, "0"); len(digits) >= smallDigits {
		return 0, b, true
	}
	for _, c := range digits {
		exp = exp*10 + int64(c-'0')
	}
	if b[0] == '-' {
		exp = -exp
	}
	return exp, nil, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// compare is -1, 0 or 1 as n is less than, equal to or greater than o.
func (n *number) compare(o *number) int {
	if n.small && o.small {
		return cmp.Compare(n.i, o.i)
	}
	var nText, oText [20]byte
	a, b := n.long(nText[:0]), o.long(oText[:0])
	if c := cmp.Compare(a.sign(), b.sign()); c != 0 || a.sign() == 0 {
		return c
	}
	c := 0
	if a.huge == nil && b.huge == nil {
		c = cmp.Compare(a.exp, b.exp)
	} else {
		c = a.bigExp().Cmp(b.bigExp())
	}
	if c == 0 {
		c = compareDigits(a.mantissa, b.mantissa)
	}
	return c * a.sign()
}

// long is the number by its mantissa, for which a small one needs a buffer.
func (n *number) long(buf []byte) number {
	if !n.small || n.i == 0 {
		return *n
	}
	digits := strconv.AppendInt(buf, n.i, 10)
	if n.i < 0 {
		digits = digits[1:]
	}
	return number{negative: n.i < 0, mantissa: digits, exp: int64(len(digits))}
}

func (n *number) sign() int {
	switch {
	case n.mantissa == nil:
		return 0
	case n.negative:
		return -1
	}
	return 1
}

// bigExp is the exponent at any size. Nobody writes these but to do harm, so it
// may allocate.
func (n *number) bigExp() *big.Int {
	exp := big.NewInt(n.exp)
	if n.huge != nil {
		huge, _ := new(big.Int).SetString(string(n.huge), 10)
		exp.Add(exp, huge)
	}
	return exp
}

// integer is the number when it is a whole one of at most 18 digits.
func (n *number) integer() (i int64, ok bool) {
	if n.small {
		return n.i, true
	}
	if n.huge != nil || n.exp > smallDigits {
		return 0, false
	}
	places := n.exp // digits before the point that are still to come
	for _, c := range n.mantissa {
		switch {
		case c == '.':
		case places > 0:
			i = i*10 + int64(c-'0')
			places--
		case c != '0':
			return 0, false
		}
	}
	for ; places > 0; places-- {
		i *= 10
	}
	if n.negative {
		i = -i
	}
	return i, n.exp >= 0
}

// compareDigits compares what stands behind "0.".
func compareDigits(a, b []byte) int {
	for len(a) > 0 || len(b) > 0 {
		if len(a) > 0 && a[0] == '.' {
			a = a[1:]
			continue
		}
		if len(b) > 0 && b[0] == '.' {
			b = b[1:]
			continue
		}
		x, y := byte('0'), byte('0')
		if len(a) > 0 {
			x, a = a[0], a[1:]
		}
		if len(b) > 0 {
			y, b = b[0], b[1:]
		}
		if x != y {
			return cmp.Compare(x, y)
		}
	}
	return 0
}
