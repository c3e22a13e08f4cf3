package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"milena/kafka/batch"
)

// everyScreen is how to get to each screen, from a tail that is followed.
var everyScreen = []struct{ name, keys string }{
	{"tail", "2"}, {"topics", "1"}, {"filtered", "2 / 7 enter"}, {"found", "2 f 3 9 enter"}, {"paused", "2 space"},
	{"markers", "2 m"}, {"record", "2 up enter"}, {"record-raw", "2 up enter r"}, {"record-find", "2 up enter / k g enter"},
	{"compose", "2 c { \" a \" : 1 } tab k"}, {"help", "2 ?"}, {"notices", "2 !"}, {"palette", "2 : t o"}, {"copy", "2 Y"},
	{"go-to", "2 t"}, {"filter", "2 / a"}, {"create", "1 +"}, {"delete", "1 D"}, {"details", "1 i"}, {"load", "2 L"}, {"find-topic", "1 / o r d"},
}

// TestEveryScreenInEveryLook goes through the screens with names, keys and
// values of wide letters: whatever the colours, the same letters stand at the
// same places, NO_COLOR has none, and text and colours are as they were.
func TestEveryScreenInEveryLook(t *testing.T) {
	const topic = "주문-이벤트"
	looks := []look{
		{ground: groundDark, profile: colorprofile.TrueColor}, {ground: groundLight, profile: colorprofile.TrueColor}, {profile: colorprofile.ASCII},
		{ground: groundDark, profile: colorprofile.ANSI256}, {profile: colorprofile.ANSI},
	}
	for _, size := range sizes {
		for _, s := range everyScreen {
			inBubble(t, fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				c := sample()
				for i := range 40 {
					c.add(topic, 0, batch.Record{
						Timestamp: testNow.UnixMilli() + int64(i), Key: fmt.Appendf(nil, "고객-%d", i),
						Value: fmt.Appendf(nil, `{"상품":"김치 %d kg","中文":"測試","emoji":"🎉👩‍👩‍👧"}`, i),
					})
				}
				d := drive(t, c, Options{Topics: []string{topic}}, size[0], size[1])
				d.follows(topic)
				d.press(strings.Fields(s.keys)...)
				d.settle()
				var views []string
				for _, k := range looks {
					d.m.look = k
					d.m.st = newStyles(d.m.look)
					checkFrame(t, fmt.Sprintf("%+v", k), d.m)
					views = append(views, d.m.View().Content)
					if got, first := ansi.Strip(views[len(views)-1]), ansi.Strip(views[0]); got != first {
						t.Errorf("%+v changes letters:\n%s\nwere\n%s", k, got, first)
					}
				}
				if strings.Contains(views[2], "38;") || strings.Contains(views[2], "48;") {
					t.Error("NO_COLOR has colours")
				}
				golden(t, fmt.Sprintf("looks/%s-%dx%d", s.name, size[0], size[1]), layers(views[:3]))
			})
		}
	}
}

// layers is a screen in several looks, to be read: its text, below it a letter
// for the style of each cell, and what each letter is in each look.
func layers(views []string) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	names, legend := make(map[string]byte), &strings.Builder{}
	names[strings.Repeat("|", len(views)-1)] = '.'
	styles := make([][][]string, len(views))
	for i, v := range views {
		for line := range strings.SplitSeq(v, "\n") {
			styles[i] = append(styles[i], cellStyles(line))
		}
	}
	var text, shades strings.Builder
	for y, line := range strings.Split(ansi.Strip(views[0]), "\n") {
		text.WriteString(strings.TrimRight(line, " ") + "\n")
		var shade []byte
		for x := range styles[0][y] {
			all := make([]string, len(views))
			for i := range views {
				all[i] = styles[i][y][x]
			}
			key := strings.Join(all, "|")
			name, known := names[key]
			if !known {
				name = letters[len(names)-1]
				names[key] = name
				fmt.Fprintf(legend, "%c  %s\n", name, strings.Join(all, "   "))
			}
			shade = append(shade, name)
		}
		shades.WriteString(strings.TrimRight(string(shade), ".") + "\n")
	}
	return text.String() + "\n" + shades.String() + "\ndark, light, NO_COLOR\n" + legend.String()
}

// cellStyles is the SGR that is in force at each column of a line.
func cellStyles(line string) (styles []string) {
	style := ""
	var state byte
	for line != "" {
		seq, width, n, next := ansi.DecodeSequence(line, state, nil)
		if width == 0 && strings.HasPrefix(seq, "\x1b[") && strings.HasSuffix(seq, "m") {
			if style = strings.TrimSuffix(seq[2:], "m"); style == "0" {
				style = ""
			}
		}
		for range width {
			styles = append(styles, style)
		}
		line, state = line[n:], next
	}
	return styles
}
