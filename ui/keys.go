package ui

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/kafka"
)

// The one table of keys: what each does, where it works, and when it does not.
// Dispatch, footer, help, palette and docs/keys.md all come from it.

// Scope is a part of the screen that has keys of its own.
type Scope int8

// The scopes.
const (
	ScopeAll     Scope = iota // everywhere
	ScopeBrowse               // the panes of topics and records
	ScopeTopics               // the pane of topics
	ScopeTail                 // the pane of records
	ScopeCompose              // the pane that writes
	ScopeRecord               // one record
	ScopeHits                 // something is looked for in it
	ScopeChoice               // what of a record to copy
	ScopePager                // help and notices
	ScopeDetails              // all about a topic, which scrolls as those do
	ScopeLoad                 // how partitions are loaded
	ScopePalette              // the palette
	ScopeCopy                 // the ways to say the view as a command
	ScopeDialog               // what asks at the bottom
	ScopeConnect              // there is no cluster
)

// String names the scope as the help does.
func (s Scope) String() string {
	return [...]string{
		"everywhere", "topics and tail", "topics", "tail", "compose", "record", "find in the record", "copy", "help and notices", "topic details", "load of partitions", "commands", "copy as command", "dialogs", "not connected",
	}[s]
}

// Binding is one thing that keys do.
type Binding struct {
	Scope     Scope
	Keys      []string // as Bubble Tea names them
	Label     string   // how they are shown; empty: the keys
	Short     string   // in the footer
	What      string   // in the help and the palette
	Weight    int      // the lower the earlier in the footer; 0: not there
	NoPalette bool     // moving about is no command
	// Quiet keeps it out of the footer, though it works.
	Quiet func(*Model) bool
	// Off is why it does not work now; nil or empty: it does.
	Off func(*Model) string
	Do  func(*Model) tea.Cmd
}

func (b *Binding) label() string {
	if b.Label != "" {
		return b.Label
	}
	return strings.Join(b.Keys, " ")
}

// bindings is the table. It is filled before anything runs, because what its
// functions do leads back to it.
var bindings []Binding

func init() { bindings = table() }

func off(f func(*Model) bool, why string) func(*Model) string {
	return func(m *Model) string {
		if f(m) {
			return why
		}
		return ""
	}
}

func noTopics(m *Model) bool     { return m.topics.current() == nil }
func noSession(m *Model) bool    { return m.tail.session == nil }
func noRows(m *Model) bool       { return m.tail.snap.next == m.tail.snap.first }
func foundNothing(m *Model) bool { return m.tail.find.busy == 0 && m.tail.find.nth == 0 }
func readOnly(m *Model) bool     { return m.cluster != nil && m.cluster.ReadOnly() }
func readOnlyOr(f func(*Model) bool, why string) func(*Model) string {
	return func(m *Model) string {
		if readOnly(m) {
			return readOnlyReason
		}
		if f != nil && f(m) {
			return why
		}
		return ""
	}
}

// offOfHits is off, also where the rows are the hits of a search.
func offOfHits(f func(*Model) bool, why string) func(*Model) string {
	return func(m *Model) string {
		switch {
		case f(m):
			return why
		case m.tail.searched():
			return "these are search hits: S starts another search, f finds among them, esc leaves them"
		}
		return ""
	}
}

// Words for what is off.
const (
	offTopics  = "there is no topic"
	offSession = "no topic is open"
	offRows    = "there is no message yet"
)

func focusOn(p pane) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		m.over = nil
		m.setFocus(p)
		return nil
	}
}

func cyclePane(by int) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		to := pane((int(m.focus) + by + 3) % 3)
		if to == paneCompose && composeOff(m) == "" {
			return m.composeHere()
		}
		m.setFocus(to)
		return nil
	}
}

func moveTopics(by func(*Model) int) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd { return m.moveTopic(by(m)) }
}

func moveRows(by func(*Model) int) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd { return m.move(by(m)) }
}

func scrollOver(by func(*Model) int) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		if m.over != nil {
			m.over.scroll(by(m))
		}
		return nil
	}
}

func by(n int) func(*Model) int { return func(*Model) int { return n } }
func pageOf(sign int) func(*Model) int {
	return func(m *Model) int { return sign * max(1, m.lay.body.h-3) }
}
func tailPage(sign int) func(*Model) int {
	return func(m *Model) int { return sign * max(1, m.tail.height(m)-1) }
}

const far = 1 << 40

func closeOver(m *Model) tea.Cmd {
	if p, ok := m.over.(*pager); ok && p.asked != nil {
		m.dialog = p.asked
	}
	if lid, ok := m.over.(lidOverlay); ok {
		m.over = lid.back()
	} else {
		m.over = nil
	}
	return nil
}

func table() []Binding {
	var t []Binding
	add := func(s Scope, bs ...Binding) {
		for _, b := range bs {
			b.Scope = s
			t = append(t, b)
		}
	}
	down, up := []string{"down", "j"}, []string{"up", "k"}
	pageDown, pageUp := []string{"pgdown", "ctrl+d"}, []string{"pgup", "ctrl+u"}

	add(ScopeAll,
		Binding{Keys: []string{"ctrl+c"}, What: "quit", Do: (*Model).quit},
		Binding{Keys: []string{"ctrl+z"}, What: "suspend; fg in the shell resumes", Off: off(func(*Model) bool { return runtime.GOOS == "windows" }, "Windows cannot suspend programs"), Do: func(*Model) tea.Cmd { return tea.Suspend }},
	)

	add(ScopeBrowse,
		Binding{Keys: []string{"tab"}, Short: "pane", What: "next pane", Weight: 50, NoPalette: true, Do: cyclePane(1)},
		Binding{Keys: []string{"shift+tab"}, What: "previous pane", NoPalette: true, Do: cyclePane(-1)},
		Binding{Keys: []string{"1"}, What: "topics", Do: focusOn(paneTopics)},
		Binding{Keys: []string{"2"}, What: "tail", Do: focusOn(paneTail)},
		Binding{Keys: []string{"3", "c"}, Label: "c 3", Short: "compose", What: "compose a message to the topic under the cursor in the list, to the open one in the tail; of several, to that of the record under the cursor", Weight: 34, Off: composeOff, Do: (*Model).composeHere},
		Binding{Keys: []string{"z"}, What: "zoom the pane in or out", Do: func(m *Model) tea.Cmd { m.zoom = !m.zoom; return nil }},
		Binding{Keys: []string{"i"}, Short: "details", What: "topic details: partitions, leaders, in-sync replicas, offsets, configuration", Weight: 35, Off: off(func(m *Model) bool { return m.detailsOf() == "" }, offTopics), Do: (*Model).showDetails},
		Binding{Keys: []string{"L"}, Short: "load", What: "load: messages, bytes, rate and hot key of each partition; switch partitions off and on there", Weight: 42, Off: (*Model).loadOff, Do: (*Model).showLoad},
		Binding{Keys: []string{"S"}, Short: "search", What: "search the whole history, or a range, of one or more topics", Weight: 38, Off: off(func(m *Model) bool { return noTopics(m) && noSession(m) }, offTopics), Do: (*Model).askSearch},
		Binding{Keys: []string{"["}, What: "previous place", Off: placesOff(-1), Do: func(m *Model) tea.Cmd { return m.stepPlace(-1) }},
		Binding{Keys: []string{"]"}, What: "next place", Off: placesOff(1), Do: func(m *Model) tea.Cmd { return m.stepPlace(1) }},
		Binding{Keys: []string{"u"}, What: "show times as local, UTC, age or epoch milliseconds", Do: (*Model).nextTimes},
		Binding{Label: ":theme", What: "theme: auto, dark, light", Do: (*Model).nextTheme},
		Binding{Keys: []string{"M"}, What: "release the mouse to select text; again captures it", Do: (*Model).freeMouse},
		Binding{Keys: []string{"Y"}, What: "copy the view as a command: milena, kcat, kafka-console-consumer.sh", Off: off(noSession, offSession), Do: (*Model).openCopy},
		Binding{Keys: []string{":"}, Short: "command", What: "all commands", Weight: 80, NoPalette: true, Do: (*Model).openPalette},
		Binding{Keys: []string{"!"}, What: "notices", Do: (*Model).showNotices},
		Binding{Label: ":doctor", What: "doctor: the context, brokers and login of the cluster, step by step, and what you may do there", Off: off(func(m *Model) bool { return m.opt.Probe == nil }, "there is none"), Do: (*Model).showCheckup},
		Binding{Keys: []string{"?"}, Short: "help", What: "keys that work here", Weight: 81, Do: (*Model).help},
		Binding{Keys: []string{"q"}, Short: "quit", What: "quit", Weight: 90, NoPalette: true, Do: (*Model).quit},
	)

	add(ScopeTopics,
		Binding{Keys: down, What: "down", NoPalette: true, Do: moveTopics(by(1))},
		Binding{Keys: up, What: "up", NoPalette: true, Do: moveTopics(by(-1))},
		Binding{Keys: pageDown, What: "a page down", NoPalette: true, Do: moveTopics(pageOf(1))},
		Binding{Keys: pageUp, What: "a page up", NoPalette: true, Do: moveTopics(pageOf(-1))},
		Binding{Keys: []string{"home", "g"}, What: "first topic", NoPalette: true, Do: moveTopics(by(-far))},
		Binding{Keys: []string{"end", "G"}, What: "last topic", NoPalette: true, Do: moveTopics(by(far))},
		Binding{Keys: []string{"enter"}, Short: "open", What: "open the topic, or all marked topics together", Weight: 20, Off: off(noTopics, offTopics), Do: (*Model).openChosen},
		Binding{Keys: []string{"space"}, Short: "mark", What: "mark or unmark the topic; enter opens, S searches all marked topics", Weight: 39, Off: off(noTopics, offTopics), Do: (*Model).markTopic},
		Binding{Keys: []string{"/"}, Short: "filter", What: "filter topics by letters of their names; ! shows those in trouble", Weight: 15, Do: (*Model).askTopicFilter},
		Binding{Keys: []string{"esc"}, What: "clear the marks or the filter, or go back to the tail", NoPalette: true, Do: func(m *Model) tea.Cmd {
			if len(m.topics.marked) > 0 {
				clear(m.topics.marked)
			} else if m.topics.filter != "" {
				return m.dropTopicFilter()
			} else if m.tail.session != nil {
				m.setFocus(paneTail)
			}
			return nil
		}},
		Binding{Keys: []string{"+"}, Short: "new", What: "create a topic", Weight: 30, Off: readOnlyOr(nil, ""), Do: (*Model).create},
		Binding{Keys: []string{"D"}, Short: "delete", What: "delete the topic", Weight: 83, Off: readOnlyOr(noTopics, offTopics), Do: (*Model).deleteTopic},
		Binding{Keys: []string{"o"}, Short: "order", What: "sort by name, messages, rate, age of the last message, partitions", Weight: 85, Do: (*Model).nextOrder},
		Binding{Keys: []string{"ctrl+r"}, What: "refresh the topics now", Do: func(m *Model) tea.Cmd { return m.ask(true, "") }},
	)

	add(ScopeTail,
		Binding{Keys: down, What: "down", NoPalette: true, Do: moveRows(by(1))},
		Binding{Keys: up, What: "up; loads older records at the top", NoPalette: true, Do: moveRows(by(-1))},
		Binding{Keys: pageDown, What: "a page down", NoPalette: true, Do: moveRows(tailPage(1))},
		Binding{Keys: pageUp, What: "a page up", NoPalette: true, Do: moveRows(tailPage(-1))},
		Binding{Keys: []string{"enter"}, Short: "open", What: "open the record, or the topic that is previewed", Weight: 30, Off: off(func(m *Model) bool { return noRows(m) && !m.previewShown() }, offRows), Do: (*Model).openRow},
		Binding{Keys: []string{"/"}, Short: "filter", What: "filter messages", Weight: 15, Off: offOfHits(noSession, offSession), Do: (*Model).askFilter},
		Binding{Keys: []string{"space"}, Short: "pause", What: "pause or resume; nothing is lost", Weight: 20, Off: off(func(m *Model) bool {
			return noSession(m) || m.tail.allSearched() || m.tail.played() && !m.tail.playing()
		}, "nothing is being read"), Do: (*Model).pause},
		Binding{Keys: []string{"R"}, Short: "replay", Weight: 44, What: "replay a range at its original speed or a multiple", Off: off(noSession, offSession), Do: (*Model).askReplay},
		Binding{Keys: []string{"."}, Short: "step", Weight: 21, What: "in a replay: show the next record now and pause", Off: (*Model).replayOff, Do: (*Model).stepReplay},
		Binding{Keys: []string{"<"}, Short: "slower", Weight: 23, What: "in a replay: slower", Off: (*Model).replayOff, Do: func(m *Model) tea.Cmd { return m.speedReplay(-1) }},
		Binding{Keys: []string{">"}, Short: "faster", Weight: 22, What: "in a replay: faster (1, 2, 10, 100 times, as fast as possible)", Off: (*Model).replayOff, Do: func(m *Model) tea.Cmd { return m.speedReplay(1) }},
		Binding{Keys: []string{"G", "end"}, Label: "G end", Short: "follow", What: "go to the end and follow", Weight: 25, Off: func(m *Model) string {
			if noSession(m) {
				return offSession
			}
			if m.tail.follow && (!m.tail.paused || m.tail.searched()) && m.tail.snap.err == nil && !m.tail.played() {
				return "already following"
			}
			return ""
		}, Do: (*Model).goEnd},
		Binding{Keys: []string{"g", "home"}, Label: "g home", What: "go to the beginning of the topic", Off: off(noSession, offSession), Do: (*Model).goBeginning},
		Binding{Keys: []string{"t"}, Short: "go to", What: "go to a time, an offset, the beginning or the last N", Weight: 33, Off: off(noSession, offSession), Do: (*Model).askPosition},
		Binding{Keys: []string{"left"}, What: "go back in time by one column of the timeline", NoPalette: true, Off: (*Model).timelineOff, Do: func(m *Model) tea.Cmd { return m.moveInTime(-1) }},
		Binding{Keys: []string{"right"}, What: "go forward in time by one column of the timeline", NoPalette: true, Off: (*Model).timelineOff, Do: func(m *Model) tea.Cmd { return m.moveInTime(1) }},
		Binding{Keys: []string{"+", "="}, Label: "+", What: "zoom into the timeline at the current position", Off: (*Model).timelineOff, Do: func(m *Model) tea.Cmd { return m.zoomTime(1, zoomBy) }},
		Binding{Keys: []string{"-"}, What: "zoom out of the timeline", Off: (*Model).timelineOff, Do: func(m *Model) tea.Cmd { return m.zoomTime(zoomBy, 1) }},
		Binding{Keys: []string{"T"}, What: "show or hide the timeline", Off: off(noSession, offSession), Do: (*Model).toggleTimeline},
		Binding{Keys: []string{"f"}, Short: "find", What: "find words in the loaded messages; nothing is hidden", Weight: 31, Off: off(noRows, offRows), Do: (*Model).askFind},
		Binding{Keys: []string{"n"}, Short: "next", What: "next match (newer)", Weight: 12, Quiet: foundNothing, Off: off(noFind, offFind), Do: func(m *Model) tea.Cmd { return m.findFrom(1) }},
		Binding{Keys: []string{"N"}, Short: "previous", What: "previous match (older)", Weight: 13, Quiet: foundNothing, Off: off(noFind, offFind), Do: func(m *Model) tea.Cmd { return m.findFrom(-1) }},
		Binding{Keys: []string{"m"}, What: "show or hide transaction markers and gaps", Off: offOfHits(noSession, offSession), Do: (*Model).toggleMarkers},
		Binding{Keys: []string{"y"}, What: "copy the value, key, headers, or the record as JSON", Off: off(noRows, offRows), Do: (*Model).askCopy},
		Binding{Keys: []string{"E"}, Short: "edit, resend", What: "edit and resend: the record's key, value and headers become a message in compose", Weight: 82, Off: resendOff, Do: (*Model).askResend},
		Binding{Keys: []string{"a"}, Short: "around", What: "show the messages around this record", Weight: 36, Off: off(noRows, offRows), Do: (*Model).around},
		Binding{Keys: []string{"K"}, Short: "key history", Weight: 37, What: "history of the key: all its values and tombstones", Off: off(noRows, offRows), Do: (*Model).keyHistory},
		Binding{Keys: []string{"X"}, Short: "trace", Weight: 39, What: "trace: messages with the same id in key, headers or value, across topics, by time", Off: off(noRows, offRows), Do: (*Model).askTrace},
		Binding{Keys: []string{"A"}, Short: "all partitions", Weight: 16, What: "search all partitions, not only the key's own", Off: off(func(m *Model) bool { return m.tail.snap.search == nil || len(m.tail.snap.search.home.Rest) == 0 }, "all partitions are searched"), Do: (*Model).searchEverywhere},
		Binding{Keys: []string{"F"}, Short: "live", Weight: 32, Quiet: func(m *Model) bool { return !m.tail.searched() }, What: "search new messages too, once all is searched", Off: (*Model).followHitsOff, Do: (*Model).followHits},
		Binding{Keys: []string{"P"}, Short: "progress", Weight: 39, What: "search progress of each partition, and what failed", Off: off(func(m *Model) bool { return m.tail.snap.search == nil }, "no search is running: S starts one"), Do: (*Model).showSearch},
		Binding{Keys: []string{"#"}, What: "count the messages that match: first an estimate, again for the exact number", Off: off(func(m *Model) bool { return noSession(m) || m.counts.busy() }, "no topic is open, or a count is running"), Do: (*Model).countRecords},
		Binding{Keys: []string{"e"}, What: "export to a file: JSON lines, CSV or values", Off: func(m *Model) string {
			switch {
			case noSession(m):
				return offSession
			case m.export.busy():
				return "an export is running"
			}
			return ""
		}, Do: (*Model).askExport},
		Binding{Keys: []string{"esc"}, Short: "back", Weight: 13, Quiet: func(m *Model) bool { return !m.tail.searched() && !m.tail.played() && !m.broughtAround() }, What: "stop what is running; leave find, replay, filter, hits", NoPalette: true, Do: (*Model).tailBack},
	)

	add(ScopeRecord,
		Binding{Keys: []string{"esc", "q", "enter"}, Label: "esc", Short: "back", What: "back to the tail", Weight: 10, NoPalette: true, Do: closeOver},
		Binding{Keys: []string{"n", "]"}, Label: "n ]", Short: "next", What: "next record", Weight: 20, Do: func(m *Model) tea.Cmd { return m.step(1) }},
		Binding{Keys: []string{"p", "["}, Label: "p [", Short: "previous", What: "previous record", Weight: 21, Do: func(m *Model) tea.Cmd { return m.step(-1) }},
		Binding{Keys: []string{"right"}, What: "next record, or scroll right in unwrapped lines", NoPalette: true, Do: sideways(1)},
		Binding{Keys: []string{"left"}, What: "previous record, or scroll left in unwrapped lines", NoPalette: true, Do: sideways(-1)},
		Binding{Keys: []string{"r", "x"}, Label: "r", Short: "view", What: "show the value as JSON, text or hex", Weight: 30, Do: func(m *Model) tea.Cmd {
			if in, ok := m.over.(*inspector); ok {
				in.cycle()
			}
			return nil
		}},
		Binding{Keys: []string{"y"}, Short: "copy", What: "copy the field under the cursor, the value, key, headers, or the record as JSON", Weight: 40, Do: (*Model).askCopy},
		Binding{Keys: []string{"/", "f"}, Label: "/", Short: "find", What: "find words in key, headers and value", Weight: 35, Do: (*Model).askInRecord},
		Binding{Keys: []string{"E"}, Short: "edit, resend", What: "edit and resend: the record's key, value and headers become a message in compose", Weight: 41, Off: resendOff, Do: (*Model).askResend},
		Binding{Keys: []string{"a"}, What: "show the messages around this record", Do: (*Model).around},
		Binding{Keys: []string{"K"}, What: "history of its key: all its values and tombstones", Do: (*Model).keyHistory},
		Binding{Keys: []string{"X"}, Short: "trace", Weight: 43, What: "trace: messages with the same id in key, headers or value, across topics, by time", Do: (*Model).askTrace},
		Binding{Keys: []string{"o"}, Short: "unfold", What: "show all lines of a long key or header, or a few", Weight: 31, Off: off(func(m *Model) bool {
			in, ok := m.over.(*inspector)
			return !ok || !in.folds
		}, "key and headers are short"), Do: (*Model).unfold},
		Binding{Keys: []string{"w"}, Short: "wrap", What: "wrap long lines or scroll them", Weight: 45, Do: (*Model).toggleWrap},
		Binding{Keys: []string{"z"}, What: "zoom in or out", Do: func(m *Model) tea.Cmd { m.zoom = !m.zoom; return nil }},
		Binding{Keys: down, What: "down", NoPalette: true, Do: scrollOver(by(1))},
		Binding{Keys: up, What: "up", NoPalette: true, Do: scrollOver(by(-1))},
		Binding{Keys: append(pageDown, "space"), What: "a page down", NoPalette: true, Do: scrollOver(pageOf(1))},
		Binding{Keys: pageUp, What: "a page up", NoPalette: true, Do: scrollOver(pageOf(-1))},
		Binding{Keys: []string{"g", "home"}, What: "to the top", NoPalette: true, Do: scrollOver(by(-far))},
		Binding{Keys: []string{"G", "end"}, What: "to the end", NoPalette: true, Do: scrollOver(by(far))},
		Binding{Keys: []string{"M"}, What: "release the mouse to select text; again captures it", Do: (*Model).freeMouse},
		Binding{Keys: []string{"Y"}, What: "copy the record as a command: milena, kcat, kafka-console-consumer.sh", Do: (*Model).openCopy},
		Binding{Keys: []string{":"}, What: "all commands", NoPalette: true, Do: (*Model).openPalette},
		Binding{Keys: []string{"!"}, What: "notices", Do: (*Model).showNotices},
		Binding{Keys: []string{"?"}, Short: "help", What: "keys that work here", Weight: 81, Do: (*Model).help},
	)

	add(ScopeHits,
		Binding{Keys: []string{"n"}, Short: "next hit", What: "next match in the value", Weight: 5, NoPalette: true, Do: nextHit(1)},
		Binding{Keys: []string{"N"}, Short: "previous hit", What: "previous match in the value", Weight: 6, NoPalette: true, Do: nextHit(-1)},
		Binding{Keys: []string{"esc"}, Short: "close find", What: "close find", Weight: 7, NoPalette: true, Do: endHits},
	)

	add(ScopeChoice,
		Binding{Keys: []string{"f", "enter"}, Label: "f", Short: "field", What: "copy the field under the cursor, where a record is open", Weight: 5, NoPalette: true, Off: off(func(m *Model) bool {
			c, ok := m.over.(*copyChoice)
			return !ok || c.name == ""
		}, "the cursor is on no field"), Do: copyField},
		Binding{Keys: []string{"v", "y"}, Label: "v y", Short: "value", What: "copy the value", Weight: 10, NoPalette: true, Do: copyPart("value", func(r *kafka.Record) []byte { return r.Value })},
		Binding{Keys: []string{"k"}, Short: "key", What: "copy the key", Weight: 20, NoPalette: true, Do: copyPart("key", func(r *kafka.Record) []byte { return r.Key })},
		Binding{Keys: []string{"h"}, Short: "headers", What: "copy the headers as JSON", Weight: 30, NoPalette: true, Do: copyPart("headers", headersJSON)},
		Binding{Keys: []string{"j"}, Short: "JSON", What: "copy the record as JSON", Weight: 40, NoPalette: true, Do: copyPart("record as JSON", recordJSON)},
		Binding{Keys: []string{"esc", "q"}, Label: "esc", Short: "back", What: "back without copying", Weight: 50, NoPalette: true, Do: endChoice},
	)

	add(ScopePager,
		Binding{Keys: []string{"esc", "q", "?", "!", "enter"}, Label: "esc", Short: "back", What: "back", Weight: 10, NoPalette: true, Do: closePager},
		Binding{Keys: []string{"/"}, Short: "search", What: "search: show only what has these words", Weight: 15, NoPalette: true, Off: notPager, Do: (*Model).askPagerFilter},
		Binding{Keys: down, Short: "scroll", What: "down", Weight: 20, NoPalette: true, Do: scrollOver(by(1))},
		Binding{Keys: up, What: "up", NoPalette: true, Do: scrollOver(by(-1))},
		Binding{Keys: append(pageDown, "space"), What: "a page down", NoPalette: true, Do: scrollOver(pageOf(1))},
		Binding{Keys: pageUp, What: "a page up", NoPalette: true, Do: scrollOver(pageOf(-1))},
		Binding{Keys: []string{"g", "home"}, What: "to the top", NoPalette: true, Do: scrollOver(by(-far))},
		Binding{Keys: []string{"G", "end"}, What: "to the end", NoPalette: true, Do: scrollOver(by(far))},
	)

	add(ScopeDetails,
		Binding{Keys: []string{"d"}, Short: "documentation", What: "show Kafka's documentation of all settings, or only of those set on the topic", Weight: 15, NoPalette: true, Do: (*Model).toggleDocs},
	)

	add(ScopeLoad,
		Binding{Keys: []string{"space"}, Short: "off, on", What: "switch the partition (or topic) off or on in the tail", Weight: 12, NoPalette: true, Off: (*Model).loadRowOff, Do: onLoadRow((*Model).switchOver)},
		Binding{Keys: []string{"s"}, Short: "only this", What: "show only this partition (or topic) in the tail, or all again", Weight: 13, NoPalette: true, Off: (*Model).loadRowOff, Do: onLoadRow((*Model).switchAlone)},
		Binding{Keys: []string{"o"}, Short: "order", What: "sort by partition, messages, rate", Weight: 14, NoPalette: true, Do: (*Model).nextLoadOrder},
		Binding{Keys: []string{"?"}, Short: "help", What: "keys that work here", Weight: 81, NoPalette: true, Do: (*Model).help},
	)

	add(ScopePalette,
		Binding{Keys: []string{"enter"}, Short: "run", What: "run the command", Weight: 10, NoPalette: true, Do: (*Model).runCommand},
		Binding{Keys: []string{"down", "ctrl+n", "tab"}, Label: "down", What: "down", NoPalette: true, Do: scrollOver(by(1))},
		Binding{Keys: []string{"up", "ctrl+p", "shift+tab"}, Label: "up", What: "up", NoPalette: true, Do: scrollOver(by(-1))},
		Binding{Keys: []string{"esc"}, Short: "back", What: "back", Weight: 20, NoPalette: true, Do: closeOver},
	)

	add(ScopeCopy,
		Binding{Keys: []string{"enter", "y"}, Label: "enter", Short: "copy", What: "copy the command that is selected", Weight: 10, NoPalette: true, Do: (*Model).copyCommand},
		Binding{Keys: []string{"m"}, What: "copy the milena command", NoPalette: true, Do: copyOne("m")},
		Binding{Keys: []string{"k"}, What: "copy the kcat command", NoPalette: true, Do: copyOne("k")},
		Binding{Keys: []string{"c"}, What: "copy the kafka-console-consumer.sh command", NoPalette: true, Do: copyOne("c")},
		Binding{Keys: []string{"down", "j", "tab"}, Label: "down", What: "down", NoPalette: true, Do: scrollOver(by(1))},
		Binding{Keys: []string{"up", "shift+tab"}, Label: "up", What: "up", NoPalette: true, Do: scrollOver(by(-1))},
		Binding{Keys: []string{"esc", "q"}, Label: "esc", Short: "back", What: "back", Weight: 20, NoPalette: true, Do: closeOver},
	)

	inText := func(label, what string, keys ...string) Binding {
		return Binding{Keys: keys, Label: label, What: what, NoPalette: true, Off: composeBusy, Do: (*Model).pressedInText}
	}
	add(ScopeCompose,
		Binding{Keys: []string{"ctrl+s"}, Short: "send", What: "send the message", Weight: 10, Off: composeBusy, Do: (*Model).send},
		Binding{Keys: []string{"tab"}, Short: "fields", What: "next: value, key, headers, partition", Weight: 20, NoPalette: true, Do: func(m *Model) tea.Cmd { return m.nextPart(1) }},
		Binding{Keys: []string{"shift+tab"}, What: "previous part; from the value, the pane before", NoPalette: true, Do: func(m *Model) tea.Cmd { return m.nextPart(-1) }},
		Binding{Keys: []string{"ctrl+e"}, Short: "editor", What: "edit the value in $EDITOR", Weight: 30, Off: composeBusy, Do: (*Model).edit},
		Binding{Keys: []string{"ctrl+n"}, Short: "null", What: "make a value null (a tombstone), or a key empty", Weight: 40, Off: composeBusy, Do: (*Model).toggleNull},
		Binding{Keys: []string{"ctrl+r"}, Short: "repeat", What: "send it repeatedly; {{.N}} counts", Weight: 45, Off: composeBusy, Do: (*Model).askRepeat},
		Binding{Keys: []string{"ctrl+t"}, What: "send the text to another topic", Off: composeBusy, Do: (*Model).askOtherTopic},
		Binding{Keys: []string{"ctrl+p"}, What: "take the partition of the record that the text was made from, or leave it to the key", NoPalette: true, Off: ownPartitionOff, Do: (*Model).ownPartition},
		Binding{Keys: []string{"ctrl+o"}, What: "copy the message as a command: milena, kcat, kafka-console-producer.sh", Off: off(func(m *Model) bool { return m.compose.topic == "" }, offTopics), Do: (*Model).openCopyMessage},
		Binding{Keys: []string{"esc"}, Short: "back", What: "stop what is being sent, or back to where you were; the text stays", Weight: 50, NoPalette: true, Do: (*Model).composeBack},
		inText("up down", "in an empty editor: messages sent before", "up", "down"),
		Binding{Keys: []string{"ctrl+_", "ctrl+/"}, Label: "ctrl+/", What: "undo", NoPalette: true, Off: composeBusy, Do: (*Model).undo},
		Binding{Keys: []string{"ctrl+y", "ctrl+shift+z"}, Label: "ctrl+y", What: "redo", NoPalette: true, Off: composeBusy, Do: (*Model).redo},
		inText("ctrl+left ctrl+right", "move by words", "ctrl+left", "ctrl+right"),
		inText("home end", "start and end of the line", "home", "end", "ctrl+a"),
		inText("shift+arrows", "select; in the headers up and down move the row", "shift+left", "shift+right", "shift+up", "shift+down", "shift+home", "shift+end", "ctrl+shift+left", "ctrl+shift+right"),
		Binding{Keys: []string{"ctrl+x"}, What: "cut the selection, or the header row", NoPalette: true, Off: composeBusy, Do: (*Model).cut},
		inText("ctrl+w", "delete the word before", "ctrl+w", "ctrl+backspace"),
		inText("ctrl+u ctrl+k", "delete to the start or end of the line", "ctrl+u", "ctrl+k"),
	)

	add(ScopeDialog,
		Binding{Keys: []string{"enter"}, What: "do it", NoPalette: true, Do: func(m *Model) tea.Cmd {
			if d := m.dialog; !d.busy {
				return d.submit(m, d)
			}
			return nil
		}},
		Binding{Keys: []string{"tab", "down"}, What: "next field, or down in a filtered list; where there is one field, tab takes the completion", NoPalette: true, Do: func(m *Model) tea.Cmd { return m.dialog.move(m, 1) }},
		Binding{Keys: []string{"shift+tab", "up"}, What: "previous field, or up in a list", NoPalette: true, Do: func(m *Model) tea.Cmd { return m.dialog.move(m, -1) }},
		Binding{Keys: []string{"ctrl+g", "f1"}, Label: "ctrl+g", What: "the syntax of queries", NoPalette: true, Off: offSyntax, Do: (*Model).showSyntax},
		Binding{Keys: []string{"esc"}, What: "cancel", NoPalette: true, Do: func(m *Model) tea.Cmd {
			d := m.dialog
			m.dialog = nil
			m.quitAsked = false
			if d.cancel != nil {
				return d.cancel(m, d)
			}
			return nil
		}},
	)

	failed := func(m *Model) string {
		if m.connect.trying() {
			return "milena is connecting"
		}
		return ""
	}
	add(ScopeConnect,
		Binding{Keys: []string{"r"}, Short: "retry", What: "try again", Weight: 10, Off: failed, Do: (*Model).dialAgain},
		Binding{Keys: []string{"a"}, Short: "address", What: "another address", Weight: 20, Off: func(m *Model) string {
			if m.opt.File != "" {
				return "this is a file"
			}
			return failed(m)
		}, Do: (*Model).askAddress},
		Binding{Keys: []string{"d"}, Short: "demo", What: "start a demo broker inside this program, with live data", Weight: 30, Off: func(m *Model) string {
			if m.opt.Demo == nil {
				return "there is none"
			}
			return failed(m)
		}, Do: (*Model).startDemo},
		Binding{Keys: []string{"esc"}, What: "stop connecting", NoPalette: true, Do: (*Model).stopDial},
		Binding{Keys: []string{"q"}, Short: "quit", What: "quit", Weight: 40, Do: (*Model).quit},
	)
	return t
}

// scopes are those whose keys work now, the innermost first.
func (m *Model) scopes() []Scope {
	switch {
	case m.dialog != nil:
		return []Scope{ScopeDialog, ScopeAll}
	case m.cluster == nil:
		return []Scope{ScopeConnect, ScopeAll}
	case m.recordFound():
		return []Scope{ScopeHits, ScopeRecord, ScopeAll}
	case m.over != nil && (m.over.scope() == ScopeDetails || m.over.scope() == ScopeLoad):
		return []Scope{m.over.scope(), ScopePager, ScopeAll}
	case m.over != nil:
		return []Scope{m.over.scope(), ScopeAll}
	case m.focus == paneCompose:
		return []Scope{ScopeCompose, ScopeAll}
	case m.focus == paneTail:
		return []Scope{ScopeTail, ScopeBrowse, ScopeAll}
	}
	return []Scope{ScopeTopics, ScopeBrowse, ScopeAll}
}

// find is what a key does now; nil: nothing.
func (m *Model) find(key string) *Binding {
	for _, scope := range m.scopes() {
		for i := range bindings {
			if b := &bindings[i]; b.Scope == scope && slices.Contains(b.Keys, key) {
				return b
			}
		}
	}
	return nil
}

// do does what a binding is for, or says why not.
func (m *Model) do(b *Binding) tea.Cmd {
	if b.Off != nil {
		if why := b.Off(m); why != "" {
			m.note(levelInfo, cmp.Or(b.Short, b.What)+": "+why)
			return nil
		}
	}
	return b.Do(m)
}

// press is a key that was clicked.
func (m *Model) press(name string) tea.Cmd {
	switch name {
	case "enter":
		return m.key(tea.KeyPressMsg{Code: tea.KeyEnter})
	case "esc":
		return m.key(tea.KeyPressMsg{Code: tea.KeyEscape})
	case "tab":
		return m.key(tea.KeyPressMsg{Code: tea.KeyTab})
	}
	return nil
}

// key takes a key.
func (m *Model) key(k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	m.pressed = k
	if m.dialog != nil && m.dialog.swallowing(time.Now()) && name != "ctrl+c" && name != "esc" {
		return nil
	}
	if b := m.find(name); b != nil {
		return m.do(b)
	}
	switch {
	case m.dialog != nil:
		return m.dialog.key(m, k)
	case m.cluster == nil:
	case m.over != nil:
		if p, ok := m.over.(*palette); ok {
			p.ed.key(k, m.w, m.st.width)
			p.find(m)
		}
	case m.focus == paneCompose:
		return m.typed(k)
	}
	return nil
}

// footer shows the keys that work here; a dialog has its own.
func (m *Model) footer() string {
	st := m.st
	l := newLine(st, m.w, nil)
	l.text("", " ")
	if m.dialog != nil {
		if rows := m.saidRows(1); len(rows) > 0 {
			return rows[0]
		}
		return l.end()
	}
	scopes := m.scopes()
	var bs []*Binding
	for i := range bindings {
		b := &bindings[i]
		if b.Weight > 0 && slices.Contains(scopes, b.Scope) && m.find(b.Keys[0]) == b && (b.Off == nil || b.Off(m) == "") && (b.Quiet == nil || !b.Quiet(m)) {
			bs = append(bs, b)
		}
	}
	slices.SortStableFunc(bs, func(a, b *Binding) int { return a.Weight - b.Weight })
	var hs []hint
	for _, b := range bs {
		what := b.Short
		switch {
		case b.Scope == ScopeTail && b.Keys[0] == "space" && (m.tail.paused || m.tail.playPaused() || m.tail.searched() && (m.tail.snap.search == nil || !m.tail.snap.search.moving())):
			what = "resume"
		case b.Scope == ScopeCompose && b.Keys[0] == "esc" && (m.compose.sending != "" || m.compose.running()):
			what = "stop"
		}
		hs = append(hs, hint{strings.Fields(b.label())[0], what})
	}
	l.max = m.w - 1
	hs, bs = keepHelp(hs, bs, l.max-l.width)
	m.hitHints(l.width, m.lay.footer.y, l.max, hs, func(i int) tea.Cmd { return m.do(bs[i]) })
	l.hints(hs)
	l.max = m.w
	return l.end()
}

// keepHelp takes hints away until the one for help fits into w columns behind the
// others: whoever sees few keys needs the one that shows all.
func keepHelp(hs []hint, bs []*Binding, w int) ([]hint, []*Binding) {
	help := slices.IndexFunc(hs, func(h hint) bool { return h.key == "?" })
	if help < 0 {
		return hs, bs
	}
	n := 0 // of those before it that stay
	for used := hs[help].width(); n < help; n++ {
		if used += hs[n].width() + 3; used > w {
			break
		}
	}
	return slices.Delete(slices.Clone(hs), n, help), slices.Delete(slices.Clone(bs), n, help)
}

// KeysMarkdown is the table of keys as docs/keys.md has it.
func KeysMarkdown() string {
	var out strings.Builder
	out.WriteString("# Keys\n\nMade from the table in `ui/keys.go`.\n")
	for s := ScopeAll; s <= ScopeConnect; s++ {
		name := s.String()
		fmt.Fprintf(&out, "\n## %s\n\n| key | what it does |\n|---|---|\n", strings.ToUpper(name[:1])+name[1:])
		for i := range bindings {
			b := &bindings[i]
			if b.Scope != s {
				continue
			}
			keys := make([]string, len(b.Keys))
			for j, k := range b.Keys {
				keys[j] = "`" + k + "`"
			}
			if len(keys) == 0 { // by its name only
				keys = append(keys, "`"+b.Label+"`")
			}
			fmt.Fprintf(&out, "| %s | %s |\n", strings.Join(keys, " "), b.What)
		}
	}
	return out.String()
}
