package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"milena/ui"
)

func TestScreenIsRefusedWhereItCannotBeDrawn(t *testing.T) {
	for name, refused := range map[string]string{"dumb": "TERM is dumb", "": "TERM is not set", "xterm-256color": "", "linux": ""} {
		if name == "" && runtime.GOOS == "windows" {
			refused = ""
		}
		err := refuseDumb(func(string) string { return name })
		if (err != nil) != (refused != "") {
			t.Errorf("TERM=%q: %v", name, err)
		}
		if err != nil && (!strings.Contains(err.Error(), refused) || !strings.Contains(err.Error(), "milena tail TOPIC")) {
			t.Errorf("TERM=%q: %v", name, err)
		}
	}
}

func TestThemeOfTheConfigurationFile(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", folder)
	if opt := dressed(ui.Options{}); opt.Theme != "" || len(opt.Warnings) > 0 {
		t.Errorf("without a file: %q, %q", opt.Theme, opt.Warnings)
	}
	path := filepath.Join(folder, "milena", "config.yaml")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"theme: light\n": "light", "theme: pink\n": ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		opt := dressed(ui.Options{})
		if opt.Theme != want {
			t.Errorf("%q gives %q", text, opt.Theme)
		}
		if warned := strings.Contains(strings.Join(opt.Warnings, ""), "theme is auto, dark or light"); warned != (want == "") {
			t.Errorf("%q warns %q", text, opt.Warnings)
		}
	}
}
