package archive

// Text as Windows writes it: a byte order mark before UTF-8, and UTF-16, which is
// what PowerShell's > makes of everything.

import (
	"bytes"
	"io"
	"os"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	utf8Mark    = "\xef\xbb\xbf"
	utf16Little = "\xff\xfe"
	utf16Big    = "\xfe\xff"
)

// Plain gives a stream as UTF-8 without a byte order mark: UTF-16 is decoded when
// its mark stands at the front, and told to utf16, if that is not nil. All else
// passes as it is, whatever its bytes.
func Plain(in io.Reader, utf16 func()) io.Reader { return &plain{in: in, utf16: utf16} }

type plain struct {
	in    io.Reader
	utf16 func()
	front []byte // what was read to look for a mark
	known bool
}

func (p *plain) Read(b []byte) (int, error) {
	if !p.known {
		if err := p.look(); err != nil && len(p.front) == 0 {
			return 0, err
		}
	}
	if len(p.front) > 0 {
		n := copy(b, p.front)
		p.front = p.front[n:]
		return n, nil
	}
	return p.in.Read(b)
}

// look reads no more than it takes to tell: somebody may be typing.
func (p *plain) look() error {
	buf := make([]byte, len(utf8Mark))
	n := 0
	for marks := []string{utf8Mark, utf16Little, utf16Big}; ; {
		one, err := p.in.Read(buf[n : n+1])
		n += one
		p.front = buf[:n]
		more := false
		for _, mark := range marks {
			more = more || n > 0 && n < len(mark) && mark[:n] == string(p.front)
		}
		if err != nil || n > 0 && !more {
			p.decide()
			return err
		}
	}
}

func (p *plain) decide() {
	p.known = true
	switch front := string(p.front); front {
	case utf8Mark:
		p.front = nil
	case utf16Little, utf16Big:
		if p.utf16 != nil {
			p.utf16()
		}
		p.in = transform.NewReader(io.MultiReader(bytes.NewReader(bytes.Clone(p.front)), p.in), unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder())
		p.front = nil
	}
}

// readable is the file itself or, when it is UTF-16, a temporary one that has the
// same text as UTF-8.
func readable(f *os.File) (file *os.File, temporary bool, err error) {
	front := make([]byte, 2)
	if n, _ := f.ReadAt(front, 0); n < 2 || string(front) != utf16Little && string(front) != utf16Big {
		return f, false, nil
	}
	defer f.Close()
	decoded, err := os.CreateTemp("", "milena-*.jsonl") // 0600
	if err != nil {
		return nil, false, err
	}
	if _, err = io.Copy(decoded, Plain(f, nil)); err != nil {
		decoded.Close()
		os.Remove(decoded.Name())
		return nil, false, err
	}
	return decoded, true, nil
}
