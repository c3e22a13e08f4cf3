package ui

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"milena/kafka"
	"milena/kafka/batch"
	"milena/query"
	"milena/store"
)

// ledger is a topic of 3 partitions with 600 records, a tenth of them of key k-7.
func ledger() *fakeCluster {
	c := newFake().topic("ledger", 3).topic("other", 1)
	for i := range 600 {
		key := fmt.Sprint("k-", i%10)
		var value []byte
		if i%50 != 7 {
			value = fmt.Appendf(nil, `{"n":%d,"total":%d.5}`, i, i)
		}
		c.add("ledger", kafka.PartitionOf([]byte(key), 3), batch.Record{Timestamp: testNow.UnixMilli() + int64(i), Key: []byte(key), Value: value})
	}
	return c
}

// searches fills in the form and waits for the end.
func (d *driver) searches(fields ...string) {
	d.t.Helper()
	d.press("S")
	for i, f := range fields {
		if i > 0 {
			d.press("tab")
		}
		if f != "" {
			d.press("ctrl+a", "ctrl+k")
			d.typed(f)
		}
	}
	d.press("enter")
	if d.m.dialog != nil {
		d.t.Fatalf("the form was refused:\n%s", d.screen())
	}
	d.searched()
}

func (d *driver) searched() {
	d.t.Helper()
	d.until("the end of the search", func() bool {
		s := d.m.tail.snap.search
		return s != nil && s.end != searchUnderWay && d.m.tail.snap.next-d.m.tail.snap.first == d.m.tail.session.matchedRows()
	})
}

// matchedRows is how many hits the session took.
func (s *session) matchedRows() store.Seq {
	s.mu.Lock()
	defer s.mu.Unlock()
	return store.Seq(s.matched)
}

// values are the values of the rows, in their order.
func (d *driver) values() (out []string) {
	for _, r := range d.m.tail.session.records() {
		out = append(out, string(r.Value))
	}
	return out
}

func TestSearchFindsAllOfHistoryInTheOrderOfTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var want []string
		for i := 501; i < 600; i++ {
			if i%50 != 7 {
				want = append(want, fmt.Sprintf(`{"n":%d,"total":%d.5}`, i, i))
			}
		}
		for _, order := range []string{"newest", "time"} {
			d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 120, 40)
			d.follows("ledger")
			d.searches("value.total > 500.5", "", "", "", order)
			if got := d.values(); !slices.Equal(got, want) {
				t.Errorf("%s: found %v", order, got)
			}
			d.sees("97 hits")
			d.sees("all searched")
			d.press("esc")
			d.follows("ledger")
			if d.m.tail.searched() {
				t.Error("esc stays with the hits")
			}
		}
	})
}

func TestSearchOfARange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 120, 40)
		d.follows("ledger")
		d.searches("n", "ledger", fmt.Sprint("@", testNow.UnixMilli()+100), fmt.Sprint("@", testNow.UnixMilli()+200), "oldest")
		if n := len(d.values()); n != 98 { // two of a hundred are tombstones
			t.Errorf("found %d", n)
		}
		d.press("S")
		d.press("tab", "tab")
		d.typed("14:04")
		d.press("tab")
		d.typed("14:00")
		d.press("enter")
		d.sees("before it starts")
		d.press("shift+tab", "ctrl+a", "ctrl+k")
		d.typed("5")
		d.press("tab", "ctrl+a", "ctrl+k")
		d.typed("2")
		d.press("enter")
		d.sees("before it starts")
		d.press("ctrl+a", "ctrl+k")
		d.typed("5")
		d.sees("no messages in that range")
		d.press("enter")
		d.sees("no hits")
	})
}

func TestSearchOfVeryManyPartitionsAsksFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("small", 1).topic("large.a", 600).topic("large.b", 600)
		c.add("small", 0, batch.Record{Value: []byte("v")})
		d := drive(t, c, Options{Topics: []string{"small"}}, 120, 40)
		d.follows("small")
		d.press("S", "tab", "ctrl+a", "ctrl+k")
		d.typed("large.*")
		d.press("enter")
		d.sees("2 topics have 1,200 partitions: press enter again to search them all")
		d.press("enter")
		d.searched()
		d.sees("no hits")
	})
}

func TestSearchSaysWhatItCostsAndHowItReadsTheQuery(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 120, 40)
		d.follows("ledger")
		d.press("S")
		d.sees("3 partitions, 600 offsets")
		d.typed("value.total > ")
		d.sees("the expression is incomplete; to find this as text, put quotes around it")
		d.typed("5")
		d.sees("read as expression")
		d.press("ctrl+a", "ctrl+k")
		d.typed(`status:FAILED`)
		d.press("enter")
		d.sees(`did you mean value.status == "FAILED"?`)
		d.press("ctrl+a", "ctrl+k")
		d.typed(`partition == "x"`)
		d.sees("column ")
		d.press("tab")
		d.press("ctrl+a", "ctrl+k")
		d.typed("ledgr")
		d.press("shift+tab", "ctrl+a", "ctrl+k", "enter")
		d.sees(`did you mean "ledger"?`)
		d.press("esc")
	})
}

func TestSearchByKeyAsksItsPartitionFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := ledger()
		d := drive(t, c, Options{Topics: []string{"ledger"}}, 120, 40)
		d.follows("ledger")
		d.searches(`key == "k-7"`)
		if p := d.m.tail.snap.search.progress.Partitions; len(p) != 1 || p[0].Partition != kafka.PartitionOf([]byte("k-7"), 3) {
			t.Errorf("searched %v", p)
		}
		d.sees("60 hits")
		d.sees("1 of 3 partitions; A searches all")
		c.add("ledger", (kafka.PartitionOf([]byte("k-7"), 3)+1)%3, batch.Record{Timestamp: testNow.UnixMilli(), Key: []byte("k-7"), Value: []byte("astray")})
		d.press("A")
		d.until("all partitions", func() bool {
			s := d.m.tail.snap.search
			return s != nil && len(s.progress.Partitions) == 3 && s.end == searchDone
		})
		d.sees("61 hits")
		if !slices.Contains(d.values(), "astray") {
			t.Error("what is elsewhere was not found")
		}
		if text, _ := d.m.says().finding(); !strings.Contains(text, "--all-partitions") {
			t.Errorf("copied: %s", text)
		}
	})
}

func TestHistoryOfAKeyHasItsTombstones(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 120, 40)
		d.follows("ledger")
		d.searches("=value == null")
		d.sees("12 hits")
		d.press("K")
		d.searched()
		d.sees("key: k-7")
		var tombstones int
		for _, v := range d.values() {
			if v == "" {
				tombstones++
			}
		}
		if n := len(d.values()); n != 60 || tombstones != 12 {
			t.Errorf("%d values, %d tombstones", n, tombstones)
		}
	})
}

func TestAroundAHitIsTheTopicWithTheCursorOnIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 120, 40)
		d.follows("ledger")
		d.searches(`"n":303,`)
		d.sees("1 hit")
		d.press("a")
		d.until("the record under the cursor", func() bool {
			r, ok := d.m.tail.session.store.At(d.m.tail.cursor)
			return !d.m.tail.searched() && ok && strings.Contains(string(r.Value), `"n":303,`)
		})
		d.until("what comes before it", func() bool {
			return slices.ContainsFunc(d.values(), func(v string) bool { return strings.Contains(v, `"n":290,`) })
		})
		r, ok := d.m.tail.session.store.At(d.m.tail.cursor)
		if !ok || !strings.Contains(string(r.Value), `"n":303,`) {
			t.Errorf("the cursor is on %s", r.Value)
		}
	})
}

func TestSearchPausesAndGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("t", 2)
		for i := range hitsAtFirst + 5000 {
			c.add("t", int32(i%2), batch.Record{Timestamp: testNow.UnixMilli() + int64(i), Value: fmt.Append(nil, i)})
		}
		for _, order := range []string{"newest", "oldest", "time"} {
			d := drive(t, c, Options{Topics: []string{"t"}}, 120, 40)
			d.follows("t")
			d.press("S", "tab", "tab", "tab", "tab")
			d.typed(order)
			d.press("enter")
			for range 20 { // paused and continued at once, wherever it is
				d.press("space", "space")
			}
			d.until("the limit", func() bool {
				s := d.m.tail.snap.search
				return s != nil && s.end == searchLimit && !d.m.tail.paused
			})
			d.sees("space continues")
			d.press("space")
			d.searched()
			got := d.values()
			slices.Sort(got)
			if n := len(slices.Compact(got)); n != hitsAtFirst+5000 || len(got) != n {
				t.Errorf("%s: %d hits, %d of them different", order, len(got), n)
			}
		}
	})
}

// What comes while a search is done, and before it is followed, is neither lost
// nor doubled, and stands below what was there, whatever the order of that.
func TestAFinishedSearchFollowsOnRequest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, order := range []string{"newest", "oldest", "time"} {
			for _, form := range []string{"", "follow"} {
				c := newFake().topic("t", 2)
				sent := 0
				send := func(n int) {
					for range n {
						c.add("t", int32(sent%2), batch.Record{Timestamp: testNow.UnixMilli() + int64(sent), Value: fmt.Appendf(nil, "hit %04d", sent)})
						c.add("t", int32(sent%2), batch.Record{Timestamp: testNow.UnixMilli() + int64(sent), Value: []byte("another")})
						sent++
					}
				}
				send(100)
				d := drive(t, c, Options{Topics: []string{"t"}}, 120, 40)
				d.follows("t")
				found := func() {
					t.Helper()
					d.until(fmt.Sprint(sent, " hits"), func() bool {
						return d.m.tail.snap.search.end == searchFollows && int(d.m.tail.snap.next-d.m.tail.snap.first) >= sent
					})
				}
				d.searches("hit", "", "", form, order)
				send(10)
				if form == "" {
					d.sees("all searched")
					d.press("F")
				}
				found()
				d.sees("live")
				send(30)
				found()
				d.press("space")
				d.sees("paused")
				send(30)
				d.press("space")
				found()
				got := d.values()
				if !slices.Equal(slices.Compact(slices.Sorted(slices.Values(got))), slices.Sorted(slices.Values(got))) || len(got) != sent {
					t.Errorf("%s: %d hits of %d, or one twice", order, len(got), sent)
				}
				for i, v := range got {
					if v >= "hit 0100" != (i >= 100) {
						t.Fatalf("%s: %q is hit %d", order, v, i)
					}
				}
				if d.m.busy() {
					t.Error("something turns while it waits")
				}
				d.press("F")
				d.sees("already following")
				d.press("Y")
				d.sees("milena search --from beginning --follow --order " + strings.Replace(order, "newest", "time", 1))
				d.press("esc")
				d.press("esc")
				d.until("the topic", func() bool { return !d.m.tail.searched() })
			}
		}
	})
}

func TestWhatCannotBeFollowedSaysWhy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 120, 40)
		d.follows("ledger")
		d.press("F")
		d.sees("no search is running")
		d.searches("k-7", "", "", "-1h")
		d.press("F")
		d.sees("the search has an end: it has no new messages")
	})
}

func TestThePartitionerOfAKeyIsChosenAndRemembered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("crc", 5).topic("one", 1)
		key := []byte("the-key")
		lives := kafka.CRC32.Of(key, 5)
		if lives == kafka.PartitionOf(key, 5) {
			t.Fatal("a key that lives elsewhere is wanted")
		}
		for range 3 {
			c.add("crc", lives, batch.Record{Timestamp: testNow.UnixMilli(), Key: key, Value: []byte("v")})
		}
		d := drive(t, c, Options{Topics: []string{"crc"}}, 120, 40)
		d.follows("crc")
		d.press("S")
		d.typed("the-key")
		if strings.Contains(d.screen(), "key by") {
			t.Error("it asks for a partitioner where no key is named")
		}
		d.press("ctrl+a", "ctrl+k")
		d.typed(`key == "the-key"`)
		d.sees("key by")
		d.press("shift+tab")
		d.typed("crc33")
		d.press("enter")
		d.sees("unknown partitioner")
		d.press("ctrl+a", "ctrl+k")
		d.typed("crc")
		d.press("right", "enter")
		d.searched()
		d.sees("3 hits")
		d.sees("1 of 5 partitions; A searches all")
		d.press("P")
		d.sees("the key's partition (crc32)")
		d.press("esc")

		d.press("S")
		d.sees("crc32")
		d.press("esc")
		d.press("K") // by where it was seen
		d.searched()
		if p := d.m.tail.snap.search.progress.Partitions; len(p) != 1 || p[0].Partition != lives {
			t.Errorf("the history is searched in %v", p)
		}
		d.press("S", "ctrl+a", "ctrl+k")
		d.typed(`key == "the-key"`)
		d.press("tab", "ctrl+a", "ctrl+k")
		d.typed("one")
		if strings.Contains(d.screen(), "key by") {
			t.Error("it asks for a partitioner of one partition")
		}
	})
}

func TestHitsThatHaveNoRoomAreSaid(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("t", 1)
		for i := range 2000 {
			c.add("t", 0, batch.Record{Timestamp: int64(i), Value: []byte(strings.Repeat("x", 1000))})
		}
		d := drive(t, c, Options{Topics: []string{"t"}, HoldBytes: 1 << 20}, 120, 40)
		d.until("the topic", func() bool { return d.m.tail.snap.reading })
		d.press("S", "enter")
		d.sees("memory is full")
		d.press("P")
		d.sees("memory is full")
	})
}

func TestProgressOfASearch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, size := range sizes {
			d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, size[0], size[1])
			d.follows("ledger")
			d.press("S")
			d.until("the cost", func() bool { return d.m.dialog.lines[1] != "…" })
			golden(t, fmt.Sprintf("search-form-%dx%d", size[0], size[1]), d.screen())
			d.press("esc")
			d.searches("value.total > 590")
			d.m.tail.snap.search.progress.Elapsed = 0
			golden(t, fmt.Sprintf("search-hits-%dx%d", size[0], size[1]), d.screen())
		}
	})
}

func TestQueriesAreRememberedAndNamed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "history")
		open := func() *driver {
			d := drive(t, ledger(), Options{Topics: []string{"ledger"}, History: dir}, 120, 40)
			d.follows("ledger")
			return d
		}
		d := open()
		for _, q := range []string{"big := value.total > 590", "k-3"} {
			d.press("/")
			d.press("ctrl+a", "ctrl+k")
			d.typed(q)
			d.press("enter")
			d.until("the filter", func() bool { return d.m.tail.session.start.query != nil && d.m.tail.snap.next > d.m.tail.snap.first })
			d.press("esc")
			d.follows("ledger")
		}
		d.until("that both are written", func() bool {
			past, err := d.m.compose.history.loadQueries(d.m.clusterID(), "ledger")
			return err == nil && len(past) == 2
		})
		d = open()
		d.until("what was asked", func() bool { return len(d.m.queries["ledger"]) == 2 })
		d.press("/", "up")
		d.sees("k-3")
		d.press("up")
		d.sees("@big")
		d.press("enter")
		d.until("the named filter", func() bool {
			return d.m.tail.session.start.query != nil && d.m.tail.snap.next-d.m.tail.snap.first == 10
		})
		d.press("/", "ctrl+a", "ctrl+k")
		d.typed("big :=")
		d.press("enter")
		if _, known := d.m.queries["ledger"].named("big"); known {
			t.Error("the name is not forgotten")
		}
	})
}

func TestFieldsAreCompletedFromWhatIsHeld(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 120, 40)
		d.follows("ledger")
		d.press("/")
		d.typed("value.to")
		d.sees("value.total")
		if got := d.m.dialog.fields[0].ed.String(); got != "value.to" {
			t.Errorf("it typed by itself: %q", got)
		}
		d.press("right")
		if got := d.m.dialog.fields[0].ed.String(); got != "value.total" {
			t.Errorf("right made %q", got)
		}
		d.press("ctrl+u")
		d.typed("value.to")
		d.press("tab")
		if got := d.m.dialog.fields[0].ed.String(); got != "value.total" {
			t.Errorf("tab made %q", got)
		}
		for _, x := range []struct{ text, want string }{
			{"", ""}, {"v", ""}, {"va", "lue"}, {"value.", "n"}, {`"va`, ""}, {"key == 1 && pa", "rtition"}, {"error.pa", ""}, {"old q", "uery"},
			{`value.n == 1 and header["trace-`, `id"]`}, {"head", "er"}, {"header", `["trace-id"]`}, {`value["ship `, `to"]`}, {`key == "value.`, ""},
		} {
			if got := completion(x.text, []string{"value", "value.n", "value.n.deep", "partition", `value["ship to"]`, `header["trace-id"]`}, []string{"old query"}); got != x.want {
				t.Errorf("%q is completed by %q, not %q", x.text, got, x.want)
			}
		}
	})
}

// The page of the syntax lies over a prompt, which is as it was when the page closes.
func TestOneKeyShowsTheSyntaxOfQueries(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 80, 24)
		d.follows("ledger")
		for _, opens := range []string{"/", "S", "f"} {
			d.press(opens)
			d.typed("value.to")
			d.sees("ctrl+g syntax")
			d.press("ctrl+g")
			d.sees(`value.status == "FAILED"`)
			d.press("esc")
			d.sees("value.to")
			d.press("esc")
		}
		d.press("S", "tab", "ctrl+g")
		d.sees("this field takes no query")
	})
	kind := query.Words
	for _, row := range querySyntax {
		if strings.HasPrefix(row.what, "Expressions") {
			kind = query.Expression
		}
		if _, text, named := naming(row.example); named {
			row.example = text
		}
		if q, err := query.Parse(row.example); row.example != "" && row.example != "right tab" && (err != nil || q.Kind() != kind) {
			t.Errorf("%s is no %v: %v", row.example, kind, err)
		}
	}
}

func TestCountsAreEstimatedFirstAndExactOnRequest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 160, 40)
		d.follows("ledger")
		d.press("#")
		d.sees("≈ 601 of 600 messages in ledger (599 to 602); # counts exactly")
		d.press("#")
		d.sees("600 records in ledger, in 600 offsets")
		d.press("/")
		d.typed("value.total > 590")
		d.press("enter")
		d.until("the filter", func() bool { return d.m.tail.session.start.query != nil })
		d.press("#")
		d.sees("≈ 11 of 600 messages with value.total > 590 in ledger (9 to 12)")
		d.press("#")
		d.sees("10 records with value.total > 590 in ledger, in 600 offsets")
	})
}

// What was asked last stands in the form: it is asked again with enter, gone on
// with after a move, and typing takes its place.
func TestTheFormOfASearchRemembersTheLast(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newFake().topic("t", 1)
		c.add("t", 0, batch.Record{Timestamp: testNow.UnixMilli(), Value: []byte(`{"n":1}`)})
		d := drive(t, c, Options{Topics: []string{"t"}}, 120, 40)
		d.follows("t")
		d.searches("first words")
		d.press("S", "end")
		d.typed(" more")
		d.sees("first words more")
		d.press("esc", "S")
		d.typed("other")
		d.sees("for     other ")
		// Where typing would take a text's place, none is suggested to follow it.
		d.press("esc", "S", "end", "ctrl+u")
		d.typed("val")
		d.press("right")
		whole := d.m.dialog.fields[0].ed.String()
		d.press("tab", "shift+tab", "right")
		if now := d.m.dialog.fields[0].ed.String(); now != whole {
			t.Errorf("%q has become %q", whole, now)
		}
	})
}

func TestOnALowScreenWhatIsWrongComesFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := drive(t, ledger(), Options{Topics: []string{"ledger"}}, 40, 12)
		d.follows("ledger")
		d.press("S", "tab", "tab", "tab")
		d.typed("abc")
		d.press("enter")
		d.sees("✗")
		d.sees("order ")
		d.press("esc", "up", "up", "X")
		for range 3 {
			d.sees("›")
			if lines := strings.Split(d.screen(), "\n"); !slices.ContainsFunc(lines, func(l string) bool {
				return strings.Contains(l, "›") && strings.Contains(l, d.m.dialog.fields[traceValue].ed.String()[:2])
			}) {
				t.Errorf("the chosen value is not in sight:\n%s", d.screen())
			}
			d.press("down")
		}
	})
}
