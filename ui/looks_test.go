package ui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"milena/kafka/batch"
)

// TestEveryScreenInEveryLook goes through the screens with names, keys and
// values of wide letters: whatever the colours, the same letters stand at the
// same places, and NO_COLOR has none.
func TestEveryScreenInEveryLook(t *testing.T) {
	c := sample()
	const topic = "주문-이벤트"
	for i := range 40 {
		c.add(topic, 0, batch.Record{
			Timestamp: testNow.UnixMilli() + int64(i), Key: fmt.Appendf(nil, "고객-%d", i),
			Value: fmt.Appendf(nil, `{"상품":"김치 %d kg","中文":"測試","emoji":"🎉👩‍👩‍👧"}`, i),
		})
	}
	d := drive(t, c, Options{Topics: []string{topic}}, 120, 40)
	d.follows(topic)
	looks := []look{
		{profile: colorprofile.TrueColor}, {light: true, profile: colorprofile.TrueColor},
		{profile: colorprofile.ANSI256}, {profile: colorprofile.ANSI}, {profile: colorprofile.ASCII},
	}
	for _, keys := range []string{"2", "1", "2 up enter", "2 up enter r", "2 c", "2 ?", "2 !", "2 :", "2 Y", "2 t", "2 /", "1 +", "1 D"} {
		for _, size := range sizes {
			d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			d.press(strings.Fields(keys)...)
			letters := ""
			for _, k := range looks {
				d.m.look = k
				d.m.restyle()
				what := fmt.Sprintf("%s at %v, %+v", keys, size, k)
				checkFrame(t, what, d.m)
				if got := d.screen(); letters == "" {
					letters = got
				} else if got != letters {
					t.Errorf("%s changes letters:\n%s\nwere\n%s", what, got, letters)
				}
				if content := d.m.View().Content; k.profile <= colorprofile.ASCII && (strings.Contains(content, "38;") || strings.Contains(content, "48;")) {
					t.Errorf("%s has colours", what)
				}
			}
			d.press("esc", "esc", "esc")
		}
	}
}
