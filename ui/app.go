// Package ui is the screen: topics, tail and compose in one Bubble Tea model.
//
// Everything that takes time runs in commands and in sessions; Update notes what
// they say, View draws the rows that are visible. A person's keys walk through
// one table (keys.go), which the footer, the help and the palette show too.
//
//	app.go       the model: messages in, screen out
//	run.go       the program around it: start, end, signals, panics; suspend.go: stopping for a while
//	layout.go    rectangles from the terminal's size
//	keys.go      the table of keys, dispatch, and the footer
//	styles.go    colours and letters; text.go: escaping and measuring
//	header.go    the line at the top
//	topics.go    the pane of topics; topics_*.go: its names, filter, figures, forms, details, previews
//	pattern.go   topics opened by a pattern of their names
//	tail.go      the pane of records; row.go: one of them; tailheader.go: its first line
//	timeline.go  how many messages fell when, under the records; travelling in time
//	position.go  places to go to, as they are typed
//	times.go     how times are shown; find.go: looking for words in what is held
//	preview.go   what a filter would leave, while it is typed
//	compose.go   the pane that writes, and compose_*.go: drafts, how it looks, and its parts
//	resend.go    a record, edited and sent again
//	editor.go    a text that is edited; changes.go: undo
//	history.go   what was sent, across runs
//	inspect.go   one record, whole; inspecttext.go: its key, headers and value; jsonview.go, jsonsaid.go,
//	             hexview.go, inspectlayout.go: as lines
//	load.go      how evenly partitions are loaded; load_draw.go; partitions.go: switching them off and on
//	legend.go    what the tail's columns mean
//	transactions.go  how transactions ended; markers.go: offsets without messages
//	inspectfind.go  looking for words in it; copy.go, jsonfield.go: copying it or a field; clipboard.go: where copies go
//	dialog.go    what asks at the bottom of the screen
//	overlay.go   help and notices
//	command.go   the palette; command_copy.go: the view as a command line
//	connect.go   no cluster yet, or none that answers
//	search.go    searching history: the form, and hits as the rows of a tail
//	searchfollow.go  a search that goes on with what comes; partitioner.go: where a key lives
//	trace.go     what carries one value across topics: a search, and the form for it
//	queries.go   prompts for queries: what was asked before, names, completion
//	source.go    what a tail reads from; session.go: one reading of it
//	count.go     how many records match, by a sample and exactly
//	export.go    records into a file, beside the screen
//	ordered.go   several partitions by time; replay.go: a range again, at its speed
//	mouse.go     clicks and the wheel
//	places.go    where the tail was: back there, and on again; sleep.go: a session meanwhile
package ui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"milena/kafka"
	"milena/store"
)

// Options say what the screen begins with.
type Options struct {
	// Open connects to brokers; none: as configured. Its error is a
	// *kafka.OpenError where brokers were tried.
	Open func(ctx context.Context, brokers []string) (Cluster, error)
	// Demo starts the embedded broker and gives its cluster and address. Nil:
	// it is not offered.
	Demo func(ctx context.Context) (Cluster, string, error)
	// Probe looks closer at the way to the cluster. Nil: it is not offered.
	Probe Probe

	// File is the path of a file of records that Open opens, instead of connecting
	// to a cluster; Opening tells how many bytes of how many are read so far.
	File    string
	Opening func() (read, size int64)

	Name      string   // of the context, or the address; at the top left
	Brokers   []string // what is tried first, for the screen
	Color     string   // the context's accent: a name such as red, or #rrggbb; empty: blue
	Theme     string   // one of Themes; empty: auto
	Topics    []string // opened at once, with the tail focused
	DemoAddr  string   // address of the embedded broker, when that is what Open opens
	Isolation kafka.Isolation
	Version   string
	Warnings  []string // become notices
	Reach     Reach    // how a copied command reaches the same cluster

	// History is the folder for what was sent; empty: it ends with the program.
	History string

	// HoldBytes and HoldRows bound what a tail holds; 0: as package store has it.
	HoldBytes int64
	HoldRows  int

	Location  *time.Location // nil: time.Local
	Clipboard func(string) tea.Cmd
}

// Model is the whole screen.
type Model struct {
	opt   Options
	look  look
	theme theme
	st    *Styles
	w, h  int
	lay   layout
	zone  *time.Location // of the times that are shown

	noWrap bool                // long lines of a value are scrolled, not wrapped
	getenv func(string) string // the environment of the terminal; nil: not known yet

	ctx   context.Context // of the program
	work  *sync.WaitGroup // everything that runs beside it
	guard func()          // deferred where a panic would otherwise end the program

	focus   pane
	zoom    bool
	blurred bool // the terminal has lost the focus

	connect connecting // until there is a cluster
	checkup checkup
	load    *loadView // that is open; nil: none
	cluster Cluster
	name    string
	addr    string    // of the demo broker
	gone    time.Time // since when the cluster does not answer; zero: it does

	brokersFor  *kafka.Metadata // that brokersGone was counted in
	brokersGone int             // brokers that replicas are on and that are not there

	topics   topicsPane
	preview  topicPreview // of the topic under the cursor
	tail     tail
	places   places // where the tail was
	timeline *timeline
	compose  compose
	over     overlay // nil: none
	dialog   *dialog // nil: none
	notices  notices
	export   exporting // under way
	counts   counting

	sessions   int                    // how many there were
	searchRate float64                // bytes a second of the newest search
	queries    map[string]pastQueries // that were asked, by topic
	hashed     chosenPartitioners     // for searches by key
	animating  bool
	spin       int
	click      click
	hits       []hit // what can be clicked on the screen that was drawn last, beside the panes
	sheetTop   int   // the line that a sheet begins in; negative: above the screen
	mouseFree  bool  // the terminal has the mouse
	blank      bool  // quitting: the last frame shows nothing
	cursor     *tea.Cursor
	pressed    tea.KeyPressMsg // the newest key
	quitAsked  bool
}

// click remembers the last one, to know a double click.
type click struct {
	at   time.Time
	x, y int
}

// newModel makes the model; Init begins to connect. ctx ends all that it starts,
// and work waits for that; guard is deferred in each of its goroutines.
func newModel(ctx context.Context, opt Options, work *sync.WaitGroup, guard func()) *Model {
	if opt.Location == nil {
		opt.Location = time.Local
	}
	if opt.Clipboard == nil {
		opt.Clipboard = tea.SetClipboard
	}
	m := &Model{
		opt: opt, ctx: ctx, work: work, guard: guard,
		look:  look{profile: colorprofile.TrueColor, accent: opt.Color},
		theme: theme{name: opt.Theme},
		w:     80, h: 24,
		name: opt.Name, addr: opt.DemoAddr, zone: opt.Location,
		queries: make(map[string]pastQueries), timeline: new(timeline),
	}
	m.topics.init()
	m.compose.init()
	m.places.most = cmp.Or(opt.HoldBytes, store.DefaultMaxBytes) / placesShare
	if opt.History != "" {
		m.compose.history = &history{dir: opt.History}
	}
	m.restyle()
	for _, w := range opt.Warnings {
		m.note(levelWarn, w)
	}
	return m
}

func (m *Model) restyle() {
	m.look.ground = m.theme.ground()
	m.st = newStyles(m.look)
}

// Init asks the terminal for its background and connects.
func (m *Model) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, m.dial(nil))
}

// Update takes a message.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.update(msg)
	return m, tea.Batch(cmd, m.layOut(), m.askTimeline(), m.askLoad(), m.animate())
}

func (m *Model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.tail.resized = true
	case tea.ColorProfileMsg:
		m.look.profile = msg.Profile
		m.restyle()
	case tea.BackgroundColorMsg:
		m.theme.answered = groundOf(msg.IsDark())
		m.restyle()
	case tea.EnvMsg:
		m.look.ascii = ASCIIOnly(msg.Getenv)
		m.theme.said = colorFGBG(msg.Getenv("COLORFGBG"))
		m.getenv = msg.Getenv
		m.restyle()
	case tea.ModeReportMsg:
		if msg.Mode == ansi.ModeUnicodeCore && !msg.Value.IsNotRecognized() && !msg.Value.IsPermanentlyReset() {
			m.look.width = ansi.GraphemeWidth
			m.restyle()
		}
	case tea.ResumeMsg:
		return m.refresh()
	case tea.FocusMsg:
		m.blurred = false
	case tea.BlurMsg:
		m.blurred = true
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.paste(msg.Content)
	case tea.MouseClickMsg:
		return m.clicked(msg.Mouse())
	case tea.MouseMotionMsg:
		return m.dragged(msg.Mouse())
	case tea.MouseWheelMsg:
		return m.wheel(msg.Mouse())
	case animateMsg:
		m.animating = false
		m.spin++
		return m.tick()
	case openedMsg:
		return m.opened(msg)
	case againMsg:
		return m.dialQuietly(msg)
	case probedMsg:
		return m.probed(msg)
	case metadataMsg:
		return m.gotMetadata(msg)
	case refreshMsg:
		return m.refresh()
	case restMsg:
		return m.rested(msg)
	case countsMsg:
		return m.gotCounts(msg)
	case policiesMsg:
		return m.gotPolicies(msg)
	case agesMsg:
		return m.gotAges(msg)
	case previewMsg:
		m.gotPreview(msg)
	case detailsMsg:
		m.gotDetails(msg)
	case loadMsg:
		msg()
	case newsMsg:
		return m.news(msg)
	case copiedMsg:
		return m.copied(msg)
	case laidMsg:
		m.laidOut(msg)
	case foundMsg:
		m.found(msg)
	case costMsg:
		msg.take(msg.text)
	case hitsMsg:
		m.gotHits(msg)
	case timelineMsg:
		return msg()
	case waitingMsg:
		m.tail.gotWaiting(msg)
	case sentMsg:
		return m.sent(msg)
	case editedMsg:
		return m.edited(msg)
	case repeatMsg:
		return m.repeated(msg)
	case queriesMsg:
		return m.gotQueries(msg)
	case rememberedMsg:
		return m.remembered(msg)
	case countedMsg:
		return m.counted(msg)
	case exportMsg:
		return m.exported(msg)
	case topicDoneMsg:
		return m.topicDone(msg)
	}
	return nil
}

// background runs f beside the program and gives its message.
func (m *Model) background(f func(ctx context.Context) tea.Msg) tea.Cmd {
	ctx := m.ctx
	return func() tea.Msg {
		if ctx.Err() != nil {
			return nil
		}
		return f(ctx)
	}
}

// animateMsg is a tick, while something moves by itself.
type animateMsg struct{}

// animate asks for the next tick, when there is something that it would move:
// never when nothing happens.
func (m *Model) animate() tea.Cmd {
	if m.animating {
		return nil
	}
	every := time.Duration(0)
	switch {
	case m.busy():
		every = 100 * time.Millisecond
	case m.tail.preview.unfinished():
		every = frame
	case time.Now().Before(m.tail.rushing):
		every = rushEnds
	case !m.gone.IsZero(), m.cluster == nil && !m.connect.again.IsZero(), m.compose.running(), m.tail.rate.moving(time.Now()), m.notices.showing(time.Now()),
		m.tail.paused && !m.blurred, m.tail.aging() && !m.blurred, m.tail.counting() && !m.blurred, m.dialog != nil && m.dialog.swallowing(time.Now()):
		every = time.Second
		if m.dialog != nil && m.dialog.swallowing(time.Now()) {
			every = 100 * time.Millisecond
		}
	default:
		return nil
	}
	m.animating = true
	return m.after(every, animateMsg{})
}

// busy says whether a spinner turns.
func (m *Model) busy() bool {
	return m.connect.trying() || m.checkup.busy && (m.cluster == nil || m.over != nil) || m.compose.sending != "" || m.tail.snap.older.busy || m.tail.searching() ||
		m.dialog != nil && m.dialog.busy || m.export.busy() || m.counts.busy() || m.tail.starting() || m.layingOut()
}

func (m *Model) tick() tea.Cmd {
	m.tail.rate.advance(time.Now())
	m.tail.preview.scan(m.tail.session)
	if m.tail.paused && !m.blurred {
		return m.askWaiting()
	}
	return nil
}

func (m *Model) spinner() string { return m.st.g.spin[m.spin%len(m.st.g.spin)] }

// setFocus moves to a pane.
func (m *Model) setFocus(p pane) {
	m.focus = p
	m.quitAsked = false
}

// quit ends the program; unsent text is asked about once.
func (m *Model) quit() tea.Cmd {
	if names := m.compose.unsentTo(); len(names) > 0 && !m.quitAsked {
		m.quitAsked = true
		m.dialog = &dialog{
			title: "quit", opened: time.Now(), kind: dialogConfirm,
			lines:  []string{"Unsent text for " + strings.Join(names, ", ") + " in the compose pane would be lost."},
			action: "quit without sending",
			submit: func(m *Model, _ *dialog) tea.Cmd { return tea.Quit },
		}
		return nil
	}
	return tea.Quit
}

// View draws the screen.
func (m *Model) View() tea.View {
	m.cursor = nil
	var lines []string
	if !m.blank {
		lines = m.lines()
	}
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	v.ReportFocus = true
	if !m.mouseFree {
		v.MouseMode = tea.MouseModeCellMotion
	}
	v.Cursor = m.cursor
	v.WindowTitle = m.title()
	switch {
	case !m.gone.IsZero():
		v.ProgressBar = tea.NewProgressBar(tea.ProgressBarError, 100)
	case m.tail.searching():
		searched, all := m.tail.snap.search.progress.Offsets()
		v.ProgressBar = tea.NewProgressBar(tea.ProgressBarDefault, int(searched*100/max(1, all)))
	case m.tail.snap.older.busy, m.connect.trying():
		v.ProgressBar = tea.NewProgressBar(tea.ProgressBarIndeterminate, 0)
	}
	return v
}

// title is the window's: milena: TOPIC — CONTEXT.
func (m *Model) title() string {
	t := "milena"
	if len(m.tail.topics) > 0 {
		t += ": " + m.tail.name()
	}
	if m.name != "" {
		t += " — " + m.name
	}
	return plainText(t)
}

// lines is the screen: exactly m.h lines, each exactly m.w columns.
func (m *Model) lines() []string {
	if m.w <= 0 || m.h <= 0 {
		return nil
	}
	m.lay = m.arranged()
	m.hits = m.hits[:0]
	lines := make([]string, 0, m.h)
	if m.lay.top.h > 0 {
		lines = append(lines, m.header())
	}
	lines = append(lines, m.body()...)
	if m.lay.top.h == 0 && !m.gone.IsZero() && len(lines) > 0 {
		lines[0] = m.header() // there was no room for it, but this has to be seen
	}
	if m.lay.said.h > 0 {
		lines = append(lines, m.fillLines(m.saidRows(m.lay.said.h), m.lay.said)...)
	}
	if m.lay.footer.h > 0 {
		lines = append(lines, m.footer())
	}
	if m.dialog != nil {
		m.hits = m.hits[:0] // it takes all keys, and all clicks
		m.sheet(lines, m.dialog.draw(m))
		hs := m.dialog.hints()
		m.hitHints(1, len(lines)-m.lay.footer.h-1, m.w, hs, func(i int) tea.Cmd { return m.press(hs[i].key) })
	} else if s, ok := m.over.(sheetOverlay); ok {
		m.hits = slices.DeleteFunc(m.hits, func(h hit) bool { return h.at.y < m.lay.footer.y })
		m.sheet(lines, s.sheet(m))
	}
	for len(lines) < m.h {
		lines = append(lines, newLine(m.st, m.w, nil).end())
	}
	return lines[:m.h]
}

// sheet lays lines over the lower end of the body.
func (m *Model) sheet(lines []string, over []string) {
	end := len(lines) - m.lay.said.h - m.lay.footer.h
	at := max(0, end-len(over))
	m.sheetTop = end - len(over)
	if m.cursor != nil {
		m.cursor.Y += at - max(0, len(over)-end)
	}
	if m.cursor != nil && m.cursor.Y < 0 {
		m.cursor = nil
	}
	if len(over) > end {
		over = over[len(over)-end:]
	}
	copy(lines[at:end], over)
}

func (m *Model) body() []string {
	b := m.lay.body
	if m.cluster == nil {
		return m.connect.draw(m, b)
	}
	over := m.screenOver()
	if over != nil && over.whole(m) {
		return over.draw(m, b)
	}
	var right []string
	if m.lay.right.w > 0 && (!m.lay.single && !m.zoom || m.focus != paneTopics) {
		if over != nil {
			right = over.draw(m, m.lay.right)
		} else {
			switch {
			case m.lay.tail.h == 0:
			case m.previewShown():
				right = append(right, m.drawPreview(m.lay.tail)...)
			default:
				right = append(right, m.drawTail(m.lay.tail)...)
			}
			if m.lay.compose.h > 0 {
				right = append(right, m.drawCompose(m.lay.compose)...)
			}
		}
	}
	if m.lay.topics.w == 0 {
		return right
	}
	left := m.drawTopics(m.lay.topics)
	if m.lay.rule < 0 {
		return left
	}
	rule := "\x1b[0;" + m.st.rule + "m" + m.st.g.vrule + "\x1b[m"
	if m.st.rule == "" {
		rule = m.st.g.vrule
	}
	out := make([]string, b.h)
	for i := range out {
		out[i] = left[i] + rule + right[i]
	}
	return out
}

// putCursor shows the terminal's cursor, unless something lies over that place.
func (m *Model) putCursor(x, y int) {
	c := tea.NewCursor(x, y)
	c.Shape = tea.CursorBar
	m.cursor = c
}

// fillLines makes lines exactly r.h lines of r.w columns.
func (m *Model) fillLines(lines []string, r rect) []string {
	for len(lines) < r.h {
		lines = append(lines, newLine(m.st, r.w, nil).end())
	}
	return lines[:r.h]
}

// noteEvents makes notices of what happened while reading.
func (m *Model) noteEvents(events []kafka.Event) {
	for _, e := range events {
		level := levelWarn
		switch e.Kind {
		case kafka.BrokerBack, kafka.PartitionAdded, kafka.PartitionBack, kafka.TopicAppeared, kafka.LeaderMoved:
			level = levelInfo
		}
		text := e.String()
		if e.Kind == kafka.BrokerLost || silentBroker(e.Err) != "" {
			text += "; :doctor checks why"
		}
		m.note(level, text)
	}
}

// sentence is an error for a person, without a line break.
func sentence(err error) string {
	return strings.Join(strings.Fields(fmt.Sprint(err)), " ")
}
