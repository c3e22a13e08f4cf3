package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

func TestCutNamesCanBeToldApart(t *testing.T) {
	for _, c := range []struct {
		names []string
		room  int
		want  []string
	}{
		{[]string{"orders", "payments"}, 12, []string{"orders", "payments"}},
		{
			[]string{"com.company.team.orders.created.v1", "com.company.team.payments.created.v1", "orders"}, 24,
			[]string{"…team.orders.created.v1", "…payments.created.v1", "orders"}, // no more goes than has to
		},
		{
			[]string{"com.company.team.orders", "com.company.team.payments"}, 20,
			[]string{"…company.team.orders", "…team.payments"},
		},
		{ // the same ends, in other teams
			[]string{"com.company.red.orders.created.v1", "com.company.blue.orders.created.v1"}, 20,
			[]string{"…red.orders.…ated.v1", "…blue.orders…ated.v1"},
		},
		{ // nothing to cut at
			[]string{"customerprofileupdatedevents", "customerprofileremovedevents", "customerprofilerenamedevents"}, 16,
			nil,
		},
		{[]string{"a.very.long.name.that.ends.in.1", "b.very.long.name.that.ends.in.1"}, 12, nil},
		{[]string{"orders-service-production-events", "payment-service-production-events"}, 14, nil},
	} {
		rooms := slices.Repeat([]int{c.room}, len(c.names))
		var got []string
		for i, cut := range cutNames(c.names, rooms) {
			got = append(got, cut.of(c.names[i]))
			if n := len([]rune(got[i])); n > c.room {
				t.Errorf("%q takes %d columns of %d", got[i], n, c.room)
			}
		}
		if c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("%q\nnot %q", got, c.want)
		}
		if slices.Sort(got); len(slices.Compact(got)) != len(c.names) {
			t.Errorf("they look alike: %q", got)
		}
	}
}

// team is a cluster whose topics begin alike.
func team() *fakeCluster {
	c := newFake()
	for _, what := range []string{"orders", "payments", "shipments", "customers"} {
		for _, how := range []string{"created", "changed", "removed"} {
			c.topic(fmt.Sprintf("com.company.commerce.%s.%s.v1", what, how), 3)
		}
	}
	return c.topic(strings.Repeat("a-name-of-200-letters", 9)+"-and-its-end", 1).topic("short", 1)
}

func TestLongNamesOfTopics(t *testing.T) {
	for _, size := range sizes {
		inBubble(t, fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			c := team()
			d := drive(t, c, Options{Topics: []string{"short"}}, size[0], size[1])
			d.until("the topics", func() bool { return d.m.topicsSettled() })
			d.press("1")
			d.settle()
			for i := range d.m.topics.all {
				name := d.m.topics.all[i].Name
				d.m.topics.selectName(name)
				checkFrame(t, name, d.m)
				var pane strings.Builder
				seen := make(map[string]bool)
				lines := strings.Split(d.screen(), "\n")
				for j, l := range lines[d.m.lay.topics.y+1 : d.m.lay.topics.y+d.m.lay.topics.h] {
					l = string([]rune(l)[:d.m.lay.topics.w])
					pane.WriteString(strings.TrimSpace(strings.TrimLeft(l, " ▸")))
					name := strings.TrimSpace(string([]rune(l)[2 : d.m.lay.topics.w-14]))
					if j < d.m.topics.rows && name != "" && seen[name] {
						t.Fatalf("two are %q:\n%s", name, d.screen())
					}
					seen[name] = true
				}
				if !strings.Contains(pane.String(), name) {
					t.Fatalf("%s cannot be read:\n%s", name, d.screen())
				}
			}
			d.m.topics.selectName("com.company.commerce.orders.created.v1")
			d.run(d.m.lookAround()) // its preview, and not that of whatever was looked at first
			d.settle()
			golden(t, fmt.Sprintf("topic-names-%dx%d", size[0], size[1]), d.screen())
		})
	}
}

func TestThePaneOfTopicsLeavesRoomForRecords(t *testing.T) {
	for w := narrowAt; w < 300; w++ {
		for _, longest := range []int{1, 20, 48, 249} {
			got := topicsWidth(w, longest)
			if got < topicsWidth(w, 0) || w >= 120 && w-got-1 < tailWants || got > w*3/5 {
				t.Fatalf("%d columns of %d for names of %d", got, w, longest)
			}
		}
	}
	for _, c := range []struct{ w, longest, names int }{{80, 34, 24}, {120, 34, 34}, {200, 48, 48}} {
		w := topicsWidth(c.w, c.longest)
		if got := w - 2 - topicColumnsFor(w, byName, c.longest).width(); got < c.names {
			t.Errorf("of %d columns, names of %d have %d", c.w, c.longest, got)
		}
	}
}

func TestAClickBelowTheTopicsSelectsNone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, team(), Options{}, 80, 24)
		d.until("the topics", func() bool { return d.m.topicsSettled() })
		d.m.topics.selectName("a-name-of-200-letters" + strings.Repeat("a-name-of-200-letters", 8) + "-and-its-end")
		d.screen()
		d.send(tea.MouseClickMsg{X: 4, Y: d.m.lay.topics.y + d.m.lay.topics.h - 1, Button: tea.MouseLeft})
		if got := d.m.topics.cursor; !strings.HasPrefix(got, "a-name") {
			t.Errorf("%s is selected", got)
		}
	})
}
