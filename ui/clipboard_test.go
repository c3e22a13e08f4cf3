package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// programs is a folder with programs that keep their input in a file of their name,
// and fail where they are told to. It is the whole PATH.
func programs(t *testing.T, failing string, names ...string) (dir string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("programs are shell scripts here")
	}
	dir = t.TempDir()
	for _, name := range names {
		script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = show-options ] && { echo $PASS; exit; }\n[ \"$2\" = \"$FAIL\" ] && exit 1\n/bin/cat >%s/%s.got\n", dir, name)
		if strings.Contains(failing, name) {
			script = "#!/bin/sh\nexit 1\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("FAIL", "nothing")
	t.Setenv("XDG_CACHE_HOME", dir)
	return dir
}

func TestWhereCopiesGo(t *testing.T) {
	text := strings.Repeat("Köln ", 20_000) // more than a terminal takes
	for _, c := range []struct {
		name, env, has, failing string
		value                   string
		says, got               string
	}{
		{"tmux", "TMUX=1", "tmux", "", text, "to tmux: prefix ] pastes it", "tmux"},
		{"tmux with an old tmux", "TMUX=1 FAIL=-w", "tmux", "", "short", "to tmux: prefix ] pastes it", "tmux"},
		{"tmux that fails", "TMUX=1", "tmux", "tmux", "short", "(tmux did not take it)", ""},
		{"wayland in tmux", "TMUX=1 WAYLAND_DISPLAY=w DISPLAY=:0", "tmux wl-copy xclip", "", text, "to the clipboard", "wl-copy"},
		{"a desktop that does not answer", "DISPLAY=:0 WAYLAND_DISPLAY=w", "xclip wl-copy xsel", "wl-copy xclip", text, "to the clipboard", "xsel"},
		{"x forwarded", "DISPLAY=localhost:10 WAYLAND_DISPLAY=w SSH_CONNECTION=1", "xclip wl-copy", "", "short", "to the clipboard", "xclip"},
		{"no tool", "DISPLAY=:0", "", "", "short", "to the clipboard", "terminal"},
		{"too much for a terminal", "", "", "", text, "(more than terminals take)", ""},
		{"not text", "TMUX=1", "tmux", "", "\xff", "(not text)", ""},
	} {
		inBubble(t, c.name, func(t *testing.T) {
			dir := programs(t, c.failing, strings.Fields(c.has)...)
			d, _ := opened(t, []byte(c.value), 200, 40)
			for _, kv := range strings.Fields(c.env) {
				if k, v, _ := strings.Cut(kv, "="); k == "FAIL" {
					t.Setenv(k, v)
				}
			}
			d.send(tea.EnvMsg(append(strings.Fields(c.env), "LANG=C.UTF-8")))
			d.press("y", "v")
			d.notes(c.says)
			if n := cells(d.m.notices.all[len(d.m.notices.all)-1].text, d.m.st.width); c.got != "" && n > 76 {
				t.Errorf("it says that in %d columns", n)
			}
			got := ""
			if c.got == "terminal" {
				got = d.copied
			} else {
				file := filepath.Join(dir, c.got+".got")
				if c.got == "" {
					file = filepath.Join(dir, "milena", "copied-value")
				}
				b, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				got = string(b)
			}
			if got != c.value {
				t.Errorf("%d bytes, not %d", len(got), len(c.value))
			}
			if c.got != "terminal" && d.copied != "" {
				t.Error("the terminal got it too")
			}
		})
	}
}

func TestWhatDesktopsHave(t *testing.T) {
	for _, c := range []struct{ goos, env, want string }{
		{"linux", "", "[]"},
		{"linux", "WAYLAND_DISPLAY", "[[wl-copy]]"},
		{"linux", "WSL_DISTRO_NAME", "[[clip.exe]]"},
		{"darwin", "", "[[pbcopy]]"},
		{"darwin", "SSH_CONNECTION", "[]"},
		{"windows", "", "[[clip.exe]]"},
	} {
		got := fmt.Sprint(desktopTools(c.goos, func(k string) string { return map[bool]string{true: "1"}[c.env == k] }))
		if got != c.want {
			t.Errorf("%s %s: %s, not %s", c.goos, c.env, got, c.want)
		}
	}
	if got := fmt.Sprintf("%x", utf16LE([]byte("ö🎉"))); got != "fffef6003cd889df" {
		t.Error(got)
	}
}

func TestTmuxPassesCopiesThrough(t *testing.T) {
	bubble(t, func(t *testing.T) {
		programs(t, "", "tmux")
		if _, also, _ := deliver(t.Context(), nil, true, []byte("x")); also {
			t.Error("it was not asked for")
		}
		t.Setenv("PASS", "on")
		if _, also, _ := deliver(t.Context(), nil, true, []byte("x")); !also {
			t.Error("it does not pass it on")
		}
		if got := throughTmux([]byte("x")); got != "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\" {
			t.Errorf("%q", got)
		}
	})
}
