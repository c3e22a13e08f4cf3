package e2e

// The checker is itself checked: of each kind of anomaly a history that has it,
// and histories that look odd and are right.

import (
	"fmt"
	"slices"
	"testing"
)

// sent is n acknowledged messages of one sender, "m0" at offset 0 and so on.
func sent(n int) []Sent {
	s := make([]Sent, n)
	for i := range s {
		s[i] = Sent{Value: fmt.Sprint("m", i), Sender: "a", Offset: int64(i)}
	}
	return s
}

// shown is a stretch with the messages "mI" at offset I.
func shown(reader string, at ...int) Stretch {
	s := Stretch{Reader: reader}
	for _, i := range at {
		s.Records = append(s.Records, Seen{int64(i), fmt.Sprint("m", i)})
	}
	return s
}

func TestCheckNamesEachAnomaly(t *testing.T) {
	once, atLeastOnce := Promise{Once: true}, Promise{}
	with := func(s []Sent, i int, change func(*Sent)) []Sent {
		change(&s[i])
		return s
	}
	outcome := func(o Outcome) func(*Sent) { return func(s *Sent) { s.Outcome, s.Offset = o, -1 } }
	for _, tc := range []struct {
		name    string
		sent    []Sent
		shown   []Stretch
		promise Promise
		want    []string // kind and value
	}{
		{"all is well", sent(4), []Stretch{shown("t", 0, 1, 2, 3)}, once, nil},
		{"nothing was sent or shown", nil, []Stretch{{Reader: "t"}}, once, nil},
		{"the end is lost", sent(4), []Stretch{shown("t", 0, 1)}, once, []string{"lost m2", "lost m3"}},
		{"all is lost", sent(1), nil, once, []string{"lost m0"}},
		{"one in the middle is skipped", sent(4), []Stretch{shown("t", 0, 1, 3)}, once, []string{"skipped m2"}},
		{"the first is skipped", sent(3), []Stretch{shown("t", 1, 2)}, once, []string{"skipped m0"}},
		{"shown twice", sent(3), []Stretch{shown("t", 0, 1, 1, 2)}, once, []string{"doubled m1"}},
		{"shown twice, later", sent(3), []Stretch{shown("t", 0, 1, 2, 1)}, once, []string{"doubled m1", "out of order m1"}},
		{"shown by two stretches", sent(2), []Stretch{shown("t", 0, 1), shown("t", 1)}, once, []string{"doubled m1"}},
		{"written twice", sent(2), []Stretch{{Reader: "t", Records: []Seen{{0, "m0"}, {1, "m1"}, {2, "m1"}}}}, once,
			[]string{"doubled m1", "misplaced m1"}},
		{"offsets fall", sent(3), []Stretch{shown("t", 0, 2, 1)}, once, []string{"out of order m1", "out of order m1"}},
		{"the sender's order is broken", func() []Sent {
			s := sent(3)
			s[1].Offset, s[2].Offset = 2, 1
			return s
		}(), []Stretch{{Reader: "t", Records: []Seen{{0, "m0"}, {1, "m2"}, {2, "m1"}}}}, once, []string{"out of order m1"}},
		{"two senders have no common order", func() []Sent {
			s := sent(3)
			s[1].Sender, s[1].Offset, s[2].Offset = "b", 2, 1
			return s
		}(), []Stretch{{Reader: "t", Records: []Seen{{0, "m0"}, {1, "m2"}, {2, "m1"}}}}, once, nil},
		{"acknowledged elsewhere", with(sent(2), 1, func(s *Sent) { s.Offset = 7 }),
			[]Stretch{shown("t", 0, 1)}, once, []string{"misplaced m1"}},
		{"two acknowledged at one place", with(sent(2), 1, func(s *Sent) { s.Offset = 0 }),
			[]Stretch{shown("t", 0)}, once, []string{"misplaced m1", "lost m1"}},
		{"acknowledged without an offset", with(sent(2), 1, func(s *Sent) { s.Offset = -1 }),
			[]Stretch{shown("t", 0)}, once, []string{"lost m1"}},
		{"acknowledged without an offset and shown", with(sent(2), 1, func(s *Sent) { s.Offset = -1 }),
			[]Stretch{shown("t", 0, 1)}, once, nil},
		{"nobody sent it", sent(1), []Stretch{shown("t", 0, 1)}, once, []string{"foreign m1"}},
		{"refused and yet there", with(sent(2), 1, outcome(Refused)), []Stretch{shown("t", 0, 1)}, once, []string{"refused but seen m1"}},
		{"refused", with(sent(2), 1, outcome(Refused)), []Stretch{shown("t", 0)}, once, nil},
		{"in doubt and there", with(sent(2), 1, outcome(Doubted)), []Stretch{shown("t", 0, 1)}, once, nil},
		{"in doubt and not there", with(sent(2), 1, outcome(Doubted)), []Stretch{shown("t", 0)}, once, nil},
		{"aborted and shown", with(sent(2), 1, outcome(Aborted)), []Stretch{shown("t", 0, 1)},
			Promise{Once: true, Committed: true}, []string{"aborted but seen m1"}},
		{"aborted and shown to who wants all", with(sent(2), 1, outcome(Aborted)), []Stretch{shown("t", 0, 1)}, once, nil},

		{"a group shows some again", sent(4), []Stretch{shown("g", 0, 1, 2), shown("g", 1, 2, 3)}, atLeastOnce, nil},
		{"a group's generation shows one twice", sent(3), []Stretch{shown("g", 0, 1, 1, 2)}, atLeastOnce, []string{"doubled m1"}},
		{"a group's generation goes back", sent(3), []Stretch{shown("g", 0, 2, 1)}, atLeastOnce, []string{"out of order m1", "out of order m1"}},
		{"a group begins beyond what was shown", sent(4), []Stretch{shown("g", 0, 1), shown("g", 3)}, atLeastOnce, []string{"skipped m2"}},
		{"a group shows later what it passed over", sent(4), []Stretch{shown("g", 0, 1), shown("g", 3), shown("g", 2, 3)}, atLeastOnce,
			[]string{"skipped m2"}},
		{"a group's generation has a hole", sent(3), []Stretch{shown("g", 0, 1, 2), shown("g", 0, 2)}, atLeastOnce, []string{"skipped m1"}},
		{"a group never shows the end", sent(3), []Stretch{shown("g", 0, 1)}, atLeastOnce, []string{"lost m2"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, a := range Check(tc.sent, tc.shown, tc.promise) {
				got = append(got, string(a.Kind)+" "+a.Value)
				if a.String() == "" {
					t.Error("no sentence")
				}
			}
			slices.Sort(got)
			slices.Sort(tc.want)
			if !slices.Equal(got, tc.want) {
				t.Errorf("found %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCheckKeepsPartitionsApart(t *testing.T) {
	history := []Sent{
		{Value: "x", Sender: "a", Partition: 1, Offset: 0},
		{Value: "y", Sender: "a", Partition: 0, Offset: 0},
	}
	right := []Stretch{
		{Reader: "t", Partition: 0, Records: []Seen{{0, "y"}}},
		{Reader: "t", Partition: 1, Records: []Seen{{0, "x"}}},
	}
	if found := Check(history, right, Promise{Once: true}); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	wrong := []Stretch{
		{Reader: "t", Partition: 1, Records: []Seen{{0, "y"}}},
		{Reader: "t", Partition: 0, Records: []Seen{{0, "x"}}},
	}
	if found := Check(history, wrong, Promise{Once: true}); len(found) != 2 || found[0].Kind != Misplaced || found[1].Kind != Misplaced {
		t.Errorf("found %v, want two misplaced", found)
	}
}
