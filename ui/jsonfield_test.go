package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"milena/kafka/batch"
)

func TestTheFieldUnderTheCursorIsCopied(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("one", 1)
		value := `{"city":"K\u00f6ln","items":[{"sku":"a"},{"sku":"b\n", "n" : 1.50}],"city":"twice","in":"{\"x\":{\"y\":[1, 2]}}","none":null}`
		c.add("one", 0, batch.Record{Timestamp: testNow.UnixMilli(), Key: []byte("the key"), Value: []byte(value), Headers: []batch.Header{
			{Key: "h", Value: []byte("first")}, {Key: "h", Value: []byte(strings.Repeat("second ", 60))},
		}})
		d := drive(t, c, Options{Topics: []string{"one"}}, 120, 60)
		d.follows("one")
		d.press("enter")
		d.screen()
		in := d.m.over.(*inspector)
		for _, c := range []struct{ line, name, want string }{
			{`"city": "Köln"`, "city", "Köln"},
			{`"items": [`, "items", `[{"sku":"a"},{"sku":"b\n", "n" : 1.50}]`},
			{`"sku": "b\n"`, "items[1].sku", "b\n"},
			{`"n": 1.50`, "items[1].n", "1.50"},
			{`"city": "twice"`, "city", "twice"},
			{`"in": "{`, "in", `{"x":{"y":[1, 2]}}`},
			{`"y": [`, "in.x.y", "[1, 2]"},
			{`▌        2`, "in.x.y[1]", "2"},
			{`"none": null`, "none", "null"},
			{"key    the key", "key", "the key"},
			{"h = first", "header h", "first"},
			{"h = 420 B", "header h", strings.Repeat("second ", 60)},
		} {
			d.press("g")
			under := func() string {
				return strings.Split(d.screen(), "\n")[d.m.lay.body.y+1+in.at-in.top]
			}
			for i := 0; i < in.total && !strings.Contains(under(), c.line); i++ {
				d.press("down")
			}
			if !strings.Contains(under(), "▌") {
				t.Fatalf("%s: the cursor is not seen:\n%s", c.line, d.screen())
			}
			d.press("y")
			d.sees("f " + c.name)
			d.press("f")
			if d.copied != c.want {
				t.Errorf("%s: copied %q, not %q", c.line, d.copied, c.want)
			}
			d.notes("copied the field " + c.name)
		}
		d.press("g", "y", "f")
		if d.notes("the cursor is on no field"); d.m.over == nil {
			t.Error("the choice is gone")
		}
	})
}

func TestACopyOfAFieldStaysInItsFolder(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Setenv("HOME", dir)
	t.Setenv("LocalAppData", dir)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"field ../../../x", "field " + strings.Repeat("ö/", 300), "field \x00"} {
		file, err := keepCopy(what, []byte("x"))
		if err != nil || filepath.Dir(file) != filepath.Join(cache, "milena") {
			t.Errorf("%q is in %q: %v", what, file, err)
		}
	}
}

func TestTheCursorOfARecordStaysInSight(t *testing.T) {
	for _, size := range sizes {
		bubble(t, func(t *testing.T) {
			d, in := dead(t, size[0], size[1])
			for _, k := range strings.Fields("down down up pgdown pgdown down G up pgup o down r r down w right down g up G o") {
				d.press(k)
				if in.at < in.top || in.at >= in.top+in.height {
					t.Fatalf("%s: the cursor is on row %d of %d to %d", k, in.at, in.top, in.top+in.height)
				}
				checkFrame(t, k, d.m)
			}
		})
	}
}
