package ui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
	"milena/kafka/batch"
)

// topicsSettled says whether all that the pane asks for has come.
func (m *Model) topicsSettled() bool {
	p := &m.topics
	if !p.loaded || p.counting || p.asking || p.aging || m.preview.cancel != nil {
		return false
	}
	from, to := m.inSight()
	for _, i := range p.shown[from:to] {
		if f := p.known[i]; !f.counted || !f.askedPolicy {
			return false
		}
	}
	return !m.previewing() || m.preview.topic == p.cursor
}

func (d *driver) settled() {
	d.t.Helper()
	d.until("all figures", d.m.topicsSettled)
}

// refreshed looks at the cluster once more.
func (d *driver) refreshed() {
	d.t.Helper()
	md := d.m.topics.allAt
	d.advance(refreshEvery)
	d.send(refreshMsg{})
	d.until("the offsets", func() bool { return d.m.topics.allAt.After(md) && d.m.topicsSettled() })
}

// names are those of the rows, from above.
func (p *topicsPane) names() []string {
	var out []string
	for _, i := range p.shown {
		out = append(out, p.all[i].Name)
	}
	return out
}

func TestFuzzyFilterFindsWhatWasMeantFirst(t *testing.T) {
	names := []string{"billing.invoices.v1", "order-events", "orders", "orders.dlq", "payments.orders.settled", "preorders", "user.profile.events"}
	for _, c := range []struct {
		typed string
		want  []string
	}{
		{"orders", []string{"orders", "orders.dlq", "payments.orders.settled", "preorders"}},
		{"odlq", []string{"orders.dlq"}},
		{"upe", []string{"user.profile.events"}},
		{"ORD ev", []string{"order-events"}},
		{"invoice", []string{"billing.invoices.v1"}},
		{"zzz", nil},
	} {
		c2 := newFake()
		for _, n := range names {
			c2.topic(n, 1)
		}
		var p topicsPane
		p.init()
		p.filter = c.typed
		p.set(c2.Metadata())
		got := p.names()
		if len(got) > len(c.want) && len(c.want) > 0 {
			got = got[:len(c.want)]
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q finds %v, not %v", c.typed, p.names(), c.want)
		}
	}
}

func TestLettersThatAFilterFoundAreLit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newTopicFilter("odlq")
		if got := f.find("orders.dlq"); !slices.Equal(got, []int{0, 7, 8, 9}) {
			t.Errorf("found at %v", got)
		}
		d := drive(t, sample(), Options{}, 120, 40)
		d.settled()
		d.press("/")
		d.typed("odlq")
		if want := d.m.st.match + ";"; !strings.Contains(d.m.View().Content, d.m.st.match) {
			t.Errorf("no %q on the screen", want)
		}
	})
}

func TestNamesThatBeginAlikeAreToldApart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake()
		for _, n := range []string{"invoices", "orders"} {
			c.topic("com.example.warehouse.europe."+n, 1)
		}
		d := drive(t, c, Options{}, 80, 24)
		d.settled()
		d.sees("…europe.invoices")
		d.sees("…warehouse.europe.orders")
		d.press("/")
		d.typed("ces")
		if !strings.Contains(d.m.View().Content, d.m.st.match+"mces") {
			t.Errorf("the letters at the end are not lit")
		}
	})
}

func TestUpAndDownWalkThroughWhatIsFiltered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		d.settled()
		d.press("/")
		d.typed("or")
		d.press("down", "enter", "enter")
		if got := d.m.tail.topic; got != "orders.dlq" {
			t.Errorf("%q was opened", got)
		}
	})
}

func TestOrdersKeepTheCursorOnItsTopic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 200, 60)
		d.settled()
		d.m.topics.selectName("empty")
		at := func() []string { return d.m.topics.names()[:2] }
		for _, o := range []struct {
			heading string
			first   []string
		}{
			{"↓count", []string{"message-log", "orders"}},
			{"↓msg/s", []string{"customers", "empty"}}, // nothing flows
			{"↓last", []string{"message-log", "orders"}},
			{"↓parts", []string{"payments", "orders"}},
		} {
			d.press("o")
			if !strings.Contains(d.screen(), o.heading) || !slices.Equal(at(), o.first) {
				t.Errorf("by %s the first are %v:\n%s", o.heading, at(), d.screen())
			}
			if d.m.topics.cursor != "empty" || d.m.topics.current().Name != "empty" {
				t.Errorf("the cursor is on %s", d.m.topics.cursor)
			}
		}
		d.press("o")
		if got := d.m.topics.names(); !slices.IsSorted(got[:6]) || strings.ContainsAny(strings.Split(d.screen(), "\n")[1], "↓") {
			t.Errorf("by name: %v", got)
		}
	})
}

func TestRowsMoveOnlyWhenNobodyReadsThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 120, 40)
		d.settled()
		d.press("o")
		for i := range 500 {
			c.add("orders.dlq", 0, text(fmt.Sprint(i)))
		}
		d.m.topics.touched = time.Now().Add(time.Hour) // somebody is at it all the time
		d.refreshed()
		d.sees("500")
		if got := d.m.topics.names()[0]; got != "message-log" {
			t.Errorf("%s has jumped to the top under somebody's eyes", got)
		}
		d.m.topics.touched = time.Now()
		d.refreshed()
		if got := d.m.topics.names()[0]; got != "orders.dlq" {
			t.Errorf("after a calm while %s is the first", got)
		}
	})
}

func TestRateAndAgeComeFromTheOffsets(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 200, 60)
		d.settled()
		f := d.m.topics.figures["payments"]
		if f.samples != 0 || !f.last.IsZero() {
			t.Fatalf("a rate from one look: %+v", f)
		}
		for i := range 60 {
			c.add("payments", int32(i%12), text("x"))
		}
		d.refreshed()
		if got := f.rate(); got != 12 {
			t.Errorf("60 messages in 5 s are %v a second", got)
		}
		if got := time.Since(f.last); got != 0 {
			t.Errorf("the last one came %s ago", got)
		}
		d.refreshed()
		if got := f.rate(); got != 0 {
			t.Errorf("nothing came, at %v a second", got)
		}
		if f.sample(1) != 12 || f.sample(2) >= 0 {
			t.Errorf("the sparkline forgot: %v %v", f.sample(1), f.sample(2))
		}
		row := ""
		for _, l := range strings.Split(d.screen(), "\n") {
			if strings.Contains(l, "payments") {
				row, _, _ = strings.Cut(l, "│")
			}
		}
		if !strings.Contains(row, "█▁") || !strings.Contains(row, "5s") {
			t.Errorf("the row is %q", row)
		}
	})
}

func TestATopicThatWasMadeAnewBeginsAnew(t *testing.T) {
	var f figures
	at := testNow
	f.saw(0, 100, at)
	f.saw(0, 150, at.Add(5*time.Second))
	f.saw(0, 3, at.Add(10*time.Second))
	if f.samples != 0 || f.end != 3 {
		t.Errorf("rates of another topic: %+v", f)
	}
	f.saw(0, 3, at.Add(70*time.Second))
	if f.samples != sparkColumns {
		t.Errorf("a long while is %d columns", f.samples)
	}
}

// While nobody looked at the topics, nobody knows when something came.
func TestWhatCameUnseenIsNotSaidToComeNow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var f figures
		f.saw(0, 100, testNow)
		for i := range 6 {
			f.saw(0, 100+50*int64(i), testNow.Add(time.Duration(i)*sampleEvery))
		}
		f.saw(0, 950, testNow.Add(90*time.Second))
		if f.samples != 1 || f.rate() < 9 || f.rate() > 10 || !f.rougher {
			t.Errorf("after a minute: %+v", f)
		}
		f.saw(0, 960, testNow.Add(95*time.Second))
		if f.samples != 2 || f.rougher || !f.last.Equal(testNow.Add(95*time.Second)) {
			t.Errorf("and then: %+v", f)
		}

		c := sample()
		d := drive(t, c, Options{}, 200, 40)
		d.until("topics", func() bool { return len(d.m.topics.shown) > 0 })
		d.press("1", "o", "o", "o")
		d.settled()
		d.sees("last")
		d.press("2", "z")
		d.advance(time.Minute)
		c.add("message-log", 0, batch.Record{Timestamp: testNow.Add(20 * time.Second).UnixMilli(), Value: []byte("unseen")})
		d.press("z", "1")
		d.refreshed()
		d.until("its age", func() bool { return d.m.topics.figures["message-log"].last.Equal(testNow.Add(20 * time.Second)) })
	})
}

func TestTroubleIsMarkedAndFound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.broken = map[string]kafka.Partition{
			"orders":   {Leader: 1, Replicas: []int32{1, 2, 3}, ISR: []int32{1, 2}},
			"payments": {Leader: -1, Replicas: []int32{1, 2}, ISR: nil},
		}
		d := drive(t, c, Options{}, 120, 40)
		d.settled()
		row := func(name string) string {
			for _, l := range strings.Split(d.screen(), "\n") {
				if left, _, _ := strings.Cut(l, "│"); strings.Contains(left, name) {
					return strings.Join(strings.Fields(left), " ")
				}
			}
			return ""
		}
		for name, want := range map[string]string{"orders": "orders ! 6 60", "payments": "payments ✗ 12 0", "__cons": "__consum…sets . 2 0", "ustomers": "▌customers ~ 3 0", "empty": "empty 1 0"} {
			if got := row(name); got != want {
				t.Errorf("%q is not %q", got, want)
			}
		}
		if !strings.Contains(d.screen(), "Topics 8  !2") {
			t.Errorf("the number of topics in trouble is missing:\n%s", d.screen())
		}
		d.press("/")
		d.typed("!")
		if got := d.m.topics.names(); !slices.Equal(got, []string{"orders", "payments"}) {
			t.Errorf("in trouble are %v", got)
		}
		d.press("enter", "i")
		d.sees("with replicas out of sync")
		d.sees("1,2  2 of 3")
		d.press("esc", "?")
		d.sees("a partition has no leader")
	})
}

func TestDetailsShowSettingsWithTheirDocumentation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.configs = []kafka.ConfigEntry{
			{Name: "cleanup.policy", Value: "delete", Default: true, Source: "DEFAULT_CONFIG", Doc: "This config designates the <b>retention policy</b>: <code>&lt;delete&gt;</code>"},
			{Name: "retention.ms", Value: "604800000", Source: "DYNAMIC_TOPIC_CONFIG", Doc: "how long we will retain a log"},
			{Name: "secret", Sensitive: true, Default: true},
		}
		for _, size := range sizes {
			d := drive(t, c, Options{}, size[0], size[1])
			d.settled()
			d.m.topics.selectName("payments")
			d.press("i")
			d.until("the details", func() bool { v, ok := d.m.over.(*topicDetails); return ok && v.d != nil })
			golden(t, fmt.Sprintf("details-%dx%d", size[0], size[1]), d.screen())
			d.press("G")
			d.sees("(hidden)")
			if d.press("g"); strings.Contains(d.screen(), "This config") {
				t.Error("what is as everywhere is explained before anybody asks")
			}
			d.press("d", "G")
			d.sees("This config")
			d.press("esc")
			if d.m.over != nil {
				t.Error("esc does not leave")
			}
		}
	})
}

func TestDetailsStayWhereTheyAreWhileTheyRefresh(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("many", 500)
		d := drive(t, c, Options{}, 120, 40)
		d.settled()
		d.press("i")
		d.until("the details", func() bool { v, ok := d.m.over.(*topicDetails); return ok && v.d != nil })
		d.press("pgdown", "pgdown")
		v := d.m.over.(*topicDetails)
		top := v.top
		c.add("many", 60, text("x"))
		d.send(refreshMsg{})
		d.until("the refresh", func() bool { return v.d.End[60].Offset == 1 && !v.busy })
		d.m.View()
		if v.top != top || top == 0 {
			t.Errorf("it scrolled from %d to %d", top, v.top)
		}
	})
}

func TestDocumentationLosesItsHTML(t *testing.T) {
	for in, want := range map[string]string{
		"a <code>b</code> c":               "a b c",
		"x<p>y</p><ul><li>z</li></ul>":     "x y z",
		"if a < b and <topic> > c":         "if a < b and <topic> > c",
		"&lt;name&gt; &amp;amp; &quot;q":   `<name> &amp; "q`,
		"see <a href=\"#x\">there</a>  ok": "see there ok",
		"open <":                           "open <",
	} {
		if got := plainDoc(in); got != want {
			t.Errorf("%q becomes %q, not %q", in, got, want)
		}
	}
}

func TestPreviewOfTheTopicUnderTheCursor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 120, 40)
		d.settled()
		_, _, before := c.askedFor()
		d.press("down", "down")
		for range 20 {
			d.press("up", "down")
		}
		d.sees("message-log  preview")
		d.sees("this is message299")
		if _, _, got := c.askedFor(); !slices.Equal(got[len(before):], []string{"message-log"}) {
			t.Errorf("looked at %v", got)
		}
		if d.m.tail.session != nil {
			t.Error("a preview reads on")
		}
		d.press("2", "enter")
		d.sees("live")
		if d.m.tail.topic != "message-log" || strings.Contains(d.screen(), "preview") {
			t.Errorf("enter does not open it truly:\n%s", d.screen())
		}
		// With a topic open, walking through the topics shows the others, and coming
		// back shows the tail.
		d.press("1", "down")
		d.sees("orders  preview")
		d.press("up")
		if s := d.screen(); strings.Contains(s, "preview") || !strings.Contains(s, "live") {
			t.Errorf("the tail does not come back:\n%s", s)
		}
		d.press("down")
		d.press("tab")
		if s := d.screen(); strings.Contains(s, "preview") {
			t.Errorf("a preview lies over the focused tail:\n%s", s)
		}
	})
}

func TestPreviewFollowsWhatComes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 120, 40)
		d.settled()
		d.sees("no messages yet")
		c.add("customers", 1, text("the first one"))
		d.refreshed()
		d.sees("the first one")
	})
}

func TestAnOldPreviewIsNotHeard(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		gate := make(chan struct{})
		d := drive(t, c, Options{}, 120, 40)
		d.settled()
		c.set(func() { c.newestGate = gate })
		d.press("down", "down")
		d.until("the look", func() bool { return d.m.preview.asked == "message-log" })
		old := d.m.preview.number
		d.press("down")
		d.until("the other look", func() bool { return d.m.preview.asked == "orders" })
		d.send(previewMsg{number: old, topic: kafka.Topic{Name: "message-log"}, newest: &kafka.Newest{}})
		if d.m.preview.topic == "message-log" {
			t.Error("an older look was taken")
		}
		close(gate)
		d.sees("orders  preview")
	})
}

func TestCreateChecksBeforeItSends(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 120, 40)
		d.settled()
		fill := func(name, partitions, factor, configs string) {
			d.press("+")
			for i, s := range []string{name, partitions, factor, configs} {
				d.m.dialog.fields[i].ed.set(s)
			}
			d.press("enter")
		}
		for _, x := range []struct {
			in    [4]string
			field int
			says  string
		}{
			{[4]string{"", "1", "1", ""}, createName, "needs a name"},
			{[4]string{"orders", "1", "1", ""}, createName, "exists already"},
			{[4]string{"orders_dlq", "1", "1", ""}, createName, "collide: orders.dlq"},
			{[4]string{"a", "0", "1", ""}, createPartitions, "from 1"},
			{[4]string{"a", "1", "4", ""}, createFactor, "brokers: 3"},
			{[4]string{"a", "1", "2", "min.insync.replicas=3"}, createConfigs, "higher than the number of replicas"},
			{[4]string{"a", "1", "2", "cleanup.policy=compacted"}, createConfigs, "cleanup.policy is"},
			{[4]string{"a", "1", "2", "retention.ms=week"}, createConfigs, "such as 7d"},
			{[4]string{"a", "1", "2", "retention"}, createConfigs, "not name=value"},
		} {
			fill(x.in[0], x.in[1], x.in[2], x.in[3])
			if d.m.dialog == nil || d.m.dialog.at != x.field || !strings.Contains(d.m.dialog.fields[x.field].err, x.says) {
				t.Fatalf("%v: %+v", x.in, d.m.dialog)
			}
			if !strings.Contains(d.screen(), x.says) {
				t.Errorf("%v: not on the screen:\n%s", x.in, d.screen())
			}
			d.press("esc")
		}
		fill("new", "2", "2", "retention.ms=7d min.insync.replicas=2")
		d.sees("topic new was created")
	})
}

func TestCreateShowsAllThatIsWrongAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		d.settled()
		d.press("+")
		d.typed("bad name")
		d.press("tab")
		d.typed("0")
		d.press("tab")
		d.typed("9")
		d.sees("brokers: 3")
		s := d.screen()
		for _, want := range []string{"a number from 1", "digits, "} {
			if !strings.Contains(s, want) {
				t.Errorf("%q is not told:\n%s", want, s)
			}
		}
	})
}

func TestTypingTakesThePlaceOfWhatAFormSuggests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		d.settled()
		d.press("+")
		d.typed("new")
		d.press("tab")
		d.typed("6")
		d.sees("6 partitions × 3 replicas")
		d.press("tab", "end")
		d.press("backspace")
		d.typed("2")
		d.sees("6 partitions × 2 replicas")
	})
}

func TestTheFilterForTroubleSaysThatThereIsNone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 120, 40)
		d.settled()
		d.press("/")
		d.typed("!")
		d.sees("no topic is in trouble")
	})
}

func TestTheBrokersRefusalStandsBesideItsField(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		for code, field := range map[int16]int{17: createName, 36: createName, 37: createPartitions, 38: createFactor, 40: createConfigs, 44: -1} {
			c.createErr = &kafka.Error{Code: code, Doing: "create topic a", Partition: -1, Message: "the broker will not have it"}
			d := drive(t, c, Options{}, 120, 40)
			d.settled()
			d.press("+")
			d.typed("a")
			d.press("enter")
			d.sees("the broker will not have it")
			if field >= 0 && (d.m.dialog.at != field || d.m.dialog.fields[field].err == "") || field < 0 && d.m.dialog.err == "" {
				t.Errorf("code %d: %+v", code, d.m.dialog)
			}
		}
	})
}

func TestConfigValuesAsPeopleWriteThem(t *testing.T) {
	for in, want := range map[string]string{"7d": "604800000", "12h": "43200000", "-1": "-1", "1500": "1500", "1h30m": "5400000"} {
		if got, err := kafka.ParseTopicConfig("retention.ms", in, 1); err != nil || got != want {
			t.Errorf("%s is %q, %v", in, got, err)
		}
	}
}

func TestDeleteSaysWhatGoesWithIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		d := drive(t, c, Options{}, 120, 40)
		d.settled()
		c.add("orders", 0, text("x"))
		d.refreshed()
		d.m.topics.selectName("orders")
		d.press("D")
		d.sees("about 61 messages")
		d.sees("A producer writes to it now")
		d.press("esc")
		d.m.topics.selectName("__consumer_offsets")
		d.press("D")
		d.sees("the cluster needs it")
	})
}

func TestNoTopicsSaysWhatToDo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake()
		d := drive(t, c, Options{}, 120, 40)
		d.until("the topics", func() bool { return d.m.topics.loaded })
		d.sees("+ creates one")
		d.press("/")
		d.press("esc", "i", "D", "enter", "o", "down")
		c.topic("__consumer_offsets", 1)
		c.internal["__consumer_offsets"] = true
		d.press("ctrl+r")
		d.sees("__consumer_offsets")
		d.sees("+ creates one")
		d.press("+")
		d.typed("first")
		d.press("enter")
		d.until("the cursor on it", func() bool { return d.m.topics.cursor == "first" && d.m.topicsSettled() })
		if s := d.screen(); strings.Contains(s, "+ creates one") {
			t.Errorf("it still asks for a topic:\n%s", s)
		}
	})
}

// many is a cluster of n topics.
func many(n int) *fakeCluster {
	c := newFake()
	for i := range n {
		c.topic(fmt.Sprintf("team-%02d.service-%03d.events.v%d", i%40, i/40, i%3), 1)
	}
	for i := range 40 {
		c.add(fmt.Sprintf("team-%02d.service-%03d.events.v%d", i, 0, i%3), 0, batch.Record{Timestamp: testNow.UnixMilli(), Value: []byte("x")})
	}
	c.frozen = c.Metadata()
	return c
}

// askedFor is how many offsets and policies were asked for, and which topics'
// newest records.
func (c *fakeCluster) askedFor() (offsets, policies int, looks []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counted, c.policies, slices.Clone(c.looks)
}

func TestTenThousandTopics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = 10_000
		c := many(n)
		d := drive(t, c, Options{}, 200, 60)
		d.settled()
		d.until("all to be counted", func() bool { return !d.m.topics.allAt.IsZero() && d.m.topicsSettled() })
		rows := d.m.lay.topics.h
		if offsets, policies, looks := c.askedFor(); offsets > n+2*rows || policies > 2*rows || len(looks) > 2*rows {
			t.Fatalf("the first look asked for %d offsets, %d policies, %d newest records", offsets, policies, len(looks))
		}
		c.set(func() { c.counted = 0 })
		d.advance(refreshEvery) // it refreshes by itself
		d.until("those in sight", func() bool { n, _, _ := c.askedFor(); return n > 0 && d.m.topicsSettled() })
		if offsets, _, _ := c.askedFor(); offsets > rows {
			t.Errorf("a refresh asked for %d offsets", offsets)
		}

		// Keys held down ask for nothing until they rest.
		c.set(func() { c.counted, c.policies, c.looks = 0, 0, nil })
		var keys []string
		for i := range 300 {
			key := "down"
			if i%3 == 0 {
				key = "pgdown"
			}
			keys = append(keys, key)
		}
		spent := d.spends(keys...)
		if offsets, policies, looks := c.askedFor(); offsets+policies+len(looks) > 2*rows {
			t.Errorf("moving asked for %d offsets, %d policies, %d newest records", offsets, policies, len(looks))
		}
		if spent > keyAllocations {
			t.Errorf("a key makes %.0f allocations", spent)
		}
		d.settled()

		d.press("/")
		if spent := d.spends(strings.Split("service 199 v", "")...); spent > keyAllocations {
			t.Errorf("a letter of the filter makes %.0f allocations", spent)
		}
		if got := len(d.m.topics.shown); got == 0 || got == n {
			t.Errorf("the filter shows %d", got)
		}
	})
}

func TestOrderByAgeLooksAtAllInTheBackground(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := many(3000)
		d := drive(t, c, Options{}, 120, 40)
		d.settled()
		d.until("all to be counted", func() bool { return !d.m.topics.allAt.IsZero() && d.m.topicsSettled() })
		_, _, looks := c.askedFor()
		if slices.Sort(looks); len(slices.Compact(looks)) > 1 {
			t.Fatalf("ages were asked for that nobody sees: %v", looks)
		}
		d.press("o", "o", "o")
		d.until("the ages", func() bool { return d.m.topicsSettled() })
		known := 0
		for _, f := range d.m.topics.known {
			if !f.last.IsZero() {
				known++
			}
		}
		if known != 40 {
			t.Errorf("%d ages are known", known)
		}
		d.press("ctrl+r")
		d.until("the order", func() bool { return strings.HasSuffix(d.m.topics.names()[39], "service-000.events.v0") })
	})
}

func BenchmarkMoveIn10000Topics(b *testing.B) {
	d := drive(b, many(10_000), Options{}, 200, 60)
	d.settled()
	b.ReportAllocs()
	for b.Loop() {
		d.m.topics.move(1)
		d.m.View()
	}
}

func TestThePaneFitsAtAnySize(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.topic("com.example.a-very-long-name.of-a-topic.that-nobody-can-read-at-once.v1", 3)
		c.broken = map[string]kafka.Partition{"orders": {Leader: -1, Replicas: []int32{1, 2, 3}}}
		c.configs = []kafka.ConfigEntry{{Name: "retention.ms", Value: "604800000", Doc: "how long\x1b[31m we will\nretain a log"}}
		c.createErr = &kafka.Error{Code: 40, Doing: "create topic a", Partition: -1, Message: "a sentence that is far too long to stand beside its field on any screen that people use, \x1b[2J"}
		d := drive(t, c, Options{}, 120, 40)
		d.settled()
		d.m.topics.selectName("orders")
		at := func(what string) {
			for _, w := range []int{20, 23, 24, 28, 40, 69, 70, 109, 110, 130, 170, 300} {
				for _, h := range []int{5, 6, 12, 18, 40, 100} {
					d.send(tea.WindowSizeMsg{Width: w, Height: h})
					checkFrame(t, fmt.Sprintf("%s at %dx%d", what, w, h), d.m)
				}
			}
		}
		for range topicOrders {
			d.press("o")
			at("by " + fmt.Sprint(d.m.topics.order))
		}
		d.press("i")
		d.until("the details", func() bool { v, ok := d.m.over.(*topicDetails); return ok && v.d != nil })
		at("details")
		d.press("G")
		at("details, at the end")
		d.press("esc", "+")
		d.typed("a")
		d.press("enter")
		d.sees("a sentence")
		at("a refusal")
		d.press("esc", "/")
		d.typed("orders v1 zz")
		at("nothing found")
	})
}

func TestALongNameOutOfSightTakesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample().topic("z"+strings.Repeat("z", 240), 1)
		d := drive(t, c, Options{}, 200, 40)
		d.settled()
		d.sees("parts  count")
		for i := range 40 {
			c.topic(fmt.Sprintf("svc.team-a.events.orders.created.v2-%05d", i), 7)
		}
		d.refreshed()
		d.send(tea.WindowSizeMsg{Width: 120, Height: 40})
		d.sees("parts  count") // names that are cut anyway leave the figures
		d.press("1", "/")
		d.typed("orders.dlq")
		d.press("enter")
		d.until("the figures", func() bool { return regexp.MustCompile(`▌orders\.dlq +3 +0 `).MatchString(d.screen()) })
	})
}

func TestPreviewFillsAHighScreen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, sample(), Options{}, 200, 60)
		d.settled()
		d.m.topics.selectName("message-log")
		d.run(d.m.rest())
		d.sees("message-log  preview")
		n := strings.Count(d.screen(), "this is message")
		if want := d.m.lay.tail.h - 2; n != want {
			t.Errorf("%d rows, of %d", n, want)
		}
		d.sees(" of 300")
	})
}

func TestATransactionalTopicCountsOffsets(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := sample()
		c.txn = map[string]bool{"message-log": true}
		d := drive(t, c, Options{}, 120, 40)
		d.until("the mark", func() bool { f := d.m.topics.figures["message-log"]; return f != nil && f.rough })
		if lines := strings.Split(d.screen(), "\n"); !slices.ContainsFunc(lines, func(line string) bool {
			return strings.Contains(line, "message-log") && strings.Contains(line, "~")
		}) {
			t.Errorf("its count is not marked:\n%s", d.screen())
		}
		d.m.topics.selectName("message-log")
		d.press("1", "i")
		d.sees("about 300 messages; transactional: there are fewer")
		d.sees(" ~300")
	})
}
