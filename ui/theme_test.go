package ui

import (
	"image/color"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// What is known of the background decides: the choice, the terminal's answer, COLORFGBG,
// in this order.
func TestThemeComesFromTheChoiceTheTerminalAndTheEnvironment(t *testing.T) {
	bubble(t, func(t *testing.T) {
		white, black := tea.BackgroundColorMsg{Color: color.White}, tea.BackgroundColorMsg{Color: color.Black}
		for _, c := range []struct {
			theme, fgbg string
			answer      tea.Msg
			want        ground
		}{
			{"auto", "", nil, groundUnknown},
			{"auto", "", white, groundLight},
			{"auto", "", black, groundDark},
			{"auto", "0;15", nil, groundLight},
			{"auto", "15;0", nil, groundDark},
			{"auto", "0;default;15", nil, groundLight}, // rxvt with a picture
			{"auto", "12;8", nil, groundDark},
			{"auto", "0;7", nil, groundLight},
			{"auto", "15;0", white, groundLight},
			{"auto", "0;default", nil, groundUnknown},
			{"auto", "15", nil, groundUnknown},
			{"auto", "0;99", nil, groundUnknown},
			{"light", "15;0", black, groundLight},
			{"dark", "0;15", white, groundDark},
		} {
			d := drive(t, sample(), Options{Theme: c.theme}, 80, 24)
			d.send(tea.EnvMsg{"LANG=C.UTF-8", "COLORFGBG=" + c.fgbg})
			if c.answer != nil {
				d.send(c.answer)
			}
			if got := d.m.look.ground; got != c.want {
				t.Errorf("theme %s, COLORFGBG %q, answer %v: %v, want %v", c.theme, c.fgbg, c.answer, got, c.want)
			}
		}
	})
}

// A terminal that says nothing of its background gets the colours that its owner
// chose, and a selected row in the owner's text colour reversed.
func TestUnknownBackgroundHasNoColoursOfOurOwn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Theme: "auto", Topics: []string{"orders"}}, 120, 40)
		d.follows("orders")
		content := d.m.View().Content
		if strings.Contains(content, "38;2;") || strings.Contains(content, "48;2;") {
			t.Error("colours that may be unreadable")
		}
		if !strings.Contains(content, "\x1b[0;7m") {
			t.Error("no row is reversed")
		}
	})
}

// Where the selected row is reversed, it has no other style than that: a faint or
// coloured part would be a patch of another background.
func TestReversedRowIsOnePiece(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, k := range []look{{profile: colorprofile.ASCII}, {profile: colorprofile.ANSI}, {profile: colorprofile.TrueColor}} {
			d := drive(t, sample(), Options{Topics: []string{"orders"}}, 120, 40)
			d.follows("orders")
			d.press("up")
			d.m.look, d.m.st = k, newStyles(k)
			reversed := 0
			for _, part := range strings.Split(d.m.View().Content, "\x1b[") {
				sgr, _, styled := strings.Cut(part, "m")
				if !styled || !strings.HasSuffix(sgr, ";7") {
					continue
				}
				if reversed++; sgr != "0;7" && sgr != "0;"+d.m.st.match+";7" {
					t.Errorf("%+v: a part of the selected row is %q", k, sgr)
				}
			}
			if reversed == 0 {
				t.Errorf("%+v: nothing is reversed", k)
			}
		}
	})
}

func TestThemeCommandGoesThroughThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Theme: "auto"}, 120, 40)
		d.sees("message-log")
		for _, want := range []struct {
			name   string
			ground ground
		}{{"dark", groundDark}, {"light", groundLight}, {"auto", groundUnknown}} {
			d.press(":")
			d.typed("theme")
			d.press("enter")
			d.sees("theme " + want.name)
			if d.m.look.ground != want.ground {
				t.Errorf("%s: %v", want.name, d.m.look.ground)
			}
		}
	})
}
