package ui

import (
	"fmt"
	"strings"
	"testing"
)

func TestANoticeLeavesTheKeysWhereTheyAre(t *testing.T) {
	for _, size := range sizes {
		inBubble(t, fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			d := drive(t, sample(), Options{Topics: []string{"orders"}}, size[0], size[1])
			d.follows("orders")
			d.settle()
			d.advance(noticeLonger)
			for _, where := range []string{"", "enter", "esc 1", "c"} {
				d.press(strings.Fields(where)...)
				before := strings.Split(d.screen(), "\n")
				for _, text := range []string{"copied the value", strings.Repeat("a long sentence ", 20) + "end"} {
					d.m.note(levelWarn, text)
					checkFrame(t, where, d.m)
					lines := strings.Split(d.screen(), "\n")
					last := len(lines) - 1
					if lines[last] != before[last] {
						t.Errorf("the keys were\n%s\nand are\n%s", before[last], lines[last])
					}
					at := last - len(d.m.saidRows(noticeRows))
					if !strings.Contains(lines[at], text[:16]) {
						t.Errorf("%q is not above them:\n%s", text[:16], d.screen())
					}
					if long := len(text) > 2*size[0]; long != strings.Contains(lines[last-1], "… !") {
						t.Errorf("%q does not say that there is more", lines[last-1])
					}
				}
				if d.m.lay.single || where == "c" || where == "enter" {
					continue
				}
				for i, l := range strings.Split(d.screen(), "\n")[:len(before)-6] { // nothing else moves
					if l != before[i] {
						t.Errorf("line %d was %q, is %q", i, before[i], l)
					}
				}
			}
			d.advance(noticeLonger)
			if d.m.arranged().said.h != 0 {
				t.Error("its place stays")
			}
		})
	}
}

func TestANoticeBesideADialog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{Topics: []string{"orders"}}, 80, 24)
		d.follows("orders")
		d.press("/")
		d.m.note(levelBad, "something went wrong")
		lines := strings.Split(d.screen(), "\n")
		if !strings.Contains(lines[23], "something went wrong") || !strings.Contains(d.screen(), "filter") {
			t.Error(d.screen())
		}
	})
}
