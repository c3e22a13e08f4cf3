package batch

// Ours beside Go's own, on what is right and on what is not.

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// deflations are data as it comes, compressed in every way there is.
func deflations(t testing.TB) map[string][]byte {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 70_000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	skewed := make([]byte, 50_000) // codes of all lengths
	for i := range skewed {
		for skewed[i] < 40 && rnd.IntN(2) == 0 {
			skewed[i]++
		}
	}
	far := append(append(bytes.Clone(noise[:1000]), make([]byte, 31_500)...), noise[:1000]...)
	all := make(map[string][]byte)
	for name, p := range map[string][]byte{
		"nothing": nil, "one byte": {7}, "one letter": bytes.Repeat([]byte("a"), 100_000), "two letters": bytes.Repeat([]byte("ab"), 3000),
		"seven letters": bytes.Repeat([]byte("abcdefg"), 9000), "text": text(200_000), "noise": noise, "skewed": skewed, "far": far,
	} {
		for _, level := range []int{flate.NoCompression, flate.BestSpeed, flate.DefaultCompression, flate.BestCompression, flate.HuffmanOnly} {
			var out bytes.Buffer
			w, err := flate.NewWriter(&out, level)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(p); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			all[fmt.Sprintf("%s, level %d", name, level)] = out.Bytes()
		}
	}
	return all
}

// beside decompresses a stream with ours and with Go's.
func beside(t *testing.T, d *deflated, in []byte) {
	t.Helper()
	const limit = 1 << 20
	r := bytes.NewReader(in)
	want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(r), limit+1))
	d.in, d.at, d.hold, d.held, d.spent, d.begin = in, 0, 0, 0, 0, 0
	got, err := d.inflate(nil, limit)
	switch {
	case len(want) > limit:
		if err == nil {
			t.Fatalf("%d bytes, above the limit", len(got))
		}
	case (err == nil) != (wantErr == nil):
		t.Fatalf("ours: %v; Go's: %v", err, wantErr)
	case err == nil && !bytes.Equal(got, want):
		t.Fatalf("%d bytes, and Go's are %d others", len(got), len(want))
	case err == nil && len(in)-d.at != r.Len():
		t.Fatalf("%d bytes are left, and of Go's %d", len(in)-d.at, r.Len())
	}
}

func TestInflateAsGoDoes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var d deflated
	for name, in := range deflations(t) {
		t.Run(name, func(t *testing.T) {
			beside(t, &d, in)
			beside(t, &d, concat(in, []byte("what follows is somebody else's")))
			for range 300 { // cut, and with bits turned
				cut := in[:rnd.IntN(len(in))]
				beside(t, &d, cut)
				bad := bytes.Clone(in)
				for range 1 + rnd.IntN(3) {
					bad[rnd.IntN(min(len(bad), 200))] ^= 1 << rnd.IntN(8)
				}
				beside(t, &d, bad)
			}
		})
	}
}

func FuzzInflate(f *testing.F) {
	for _, in := range deflations(f) {
		if len(in) < 2000 {
			f.Add(in)
		}
	}
	var d deflated
	f.Fuzz(func(t *testing.T, in []byte) { beside(t, &d, in) })
}

func TestGzipMembers(t *testing.T) {
	p := text(5000)
	member := func(h gzip.Header, p []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		w.Header = h
		if _, err := w.Write(p); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	plain := member(gzip.Header{OS: 255}, p)
	named := member(gzip.Header{OS: 255, Name: "a name", Comment: "a comment", Extra: []byte("extra")}, p)
	wrong := bytes.Clone(plain)
	wrong[len(wrong)-6]++
	long := bytes.Clone(plain)
	long[len(long)-1]++
	for name, c := range map[string]struct {
		in   []byte
		want []byte
		good bool
	}{
		"plain":            {plain, p, true},
		"with a name":      {named, p, true},
		"two":              {concat(plain, named), concat(p, p), true},
		"none":             {nil, nil, false},
		"something behind": {concat(plain, []byte("something behind it")), p, true},
		"a byte behind":    {concat(plain, []byte{0x1f}), p, true},
		"zeros behind":     {concat(plain, make([]byte, 20)), p, true},
		"half a second":    {concat(plain, named[:40]), nil, false},
		"a wrong checksum": {wrong, nil, false},
		"a wrong length":   {long, nil, false},
		"a name, no end":   {named[:20], nil, false},
	} {
		got, err := inflate(Gzip, c.in, 1<<20)
		if (err == nil) != c.good || c.good && !bytes.Equal(got, c.want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}
