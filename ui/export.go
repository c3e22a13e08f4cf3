package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"milena/archive"
	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"
	"milena/query"
	"milena/store"
)

// Records into a file: what is held, or a range of the topic, through the
// filter. It runs beside the screen; the file appears when it is whole.

// exporting is the export under way; the zero value is none.
type exporting struct {
	e      *archive.Export
	cancel context.CancelFunc
}

func (x *exporting) busy() bool { return x.e != nil }

// stop ends it; false: there is none.
func (x *exporting) stop() bool {
	if x.busy() {
		x.cancel()
	}
	return x.busy()
}

// line is how far it is, for the footer.
func (x *exporting) line() string {
	p := x.e.Progress()
	text := fmt.Sprintf("exporting: %s records, %s", human.Exact(p.Records), human.Bytes(p.Bytes))
	if p.All > 0 {
		text += fmt.Sprintf(", %d %%", min(p.Searched, p.All)*100/p.All)
	}
	return text + "  esc stops"
}

// exportRun gives an export its records.
type exportRun func(ctx context.Context, e *archive.Export) error

// exportMsg is an export that has begun, or could not, or is at its end.
type exportMsg struct {
	ended  bool
	dialog *dialog               // that asked for it, and is left when the export is not wanted any more
	form   *dialog               // to go back to
	again  func(*dialog) tea.Cmd // the same, overwriting; nil: it did
	run    exportRun
	e      *archive.Export
	err    error
}

// The fields of the form.
const (
	exportFile = iota
	exportColumns
	exportWhat
)

// askExport opens the form for what the tail holds, or a range of its topics.
func (m *Model) askExport() tea.Cmd {
	d := m.exportForm(strings.Join(m.tail.topics, "+"), "")
	d.fields = append(d.fields, field{label: "records", hint: "the loaded ones; or a range: beginning..end   -2h..-1h   14:05..14:10   -500"})
	d.change = func(m *Model, d *dialog) tea.Cmd {
		describeExport(d)
		text := strings.TrimSpace(d.fields[exportWhat].ed.String())
		if from, to, err := parseBounds(text, "", time.Now(), m.zone); err == nil && text != "" && m.rangeMeant(from, to) != "" {
			d.lines = append(d.lines, "Records "+m.rangeMeant(from, to))
		}
		return nil
	}
	d.submit = func(m *Model, d *dialog) tea.Cmd {
		run, err := m.exportOf(strings.TrimSpace(d.fields[exportWhat].ed.String()))
		if err != nil {
			return d.refuse(exportWhat, sentence(err))
		}
		return m.submitExport(d, run)
	}
	return nil
}

func (m *Model) exportForm(name, what string) *dialog {
	d := &dialog{
		title: strings.TrimSpace("export " + what), opened: time.Now(), action: "export",
		fields: []field{
			exportFile:    {label: "file", hint: "a name that ends with .jsonl, .csv or .txt"},
			exportColumns: {label: "columns of a .csv", hint: "topic,partition,offset,time,key,value; also value.order.total, header.NAME, timestamp, headers, keyBase64 …"},
		},
		change: func(_ *Model, d *dialog) tea.Cmd { return describeExport(d) },
	}
	if len(name) > 100 {
		name = name[:100]
	}
	d.preset(exportFile, name+"-"+time.Now().In(m.zone).Format("20060102-150405")+".jsonl")
	m.dialog = d
	describeExport(d)
	return d
}

// describeExport says what the file's name comes to.
func describeExport(d *dialog) tea.Cmd {
	d.lines = nil
	name, kind, err := exportName(d)
	if err != nil {
		return nil
	}
	d.lines = []string{map[archive.Kind]string{
		archive.JSONL: "Everything of each record, as JSON lines; milena " + quote(filepath.Base(name)) + " opens them again.",
		archive.CSV:   `A table: null or missing is an empty field, empty is "".`,
		archive.Raw:   "The values alone, one line each; values with line breaks take several lines.",
	}[kind], "In " + atHome(name)}
	return nil
}

// exportName is the full path that the form says, and the kind of file.
func exportName(d *dialog) (string, archive.Kind, error) {
	name := strings.TrimSpace(d.fields[exportFile].ed.String())
	if rest, ok := strings.CutPrefix(name, "~"+string(filepath.Separator)); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", 0, err
		}
		name = filepath.Join(home, rest)
	}
	kind, err := archive.KindOf(name)
	if err != nil {
		return "", 0, err
	}
	name, err = filepath.Abs(name)
	return name, kind, err
}

// exportOf reads what is to be exported: nothing said is what is held.
func (m *Model) exportOf(text string) (exportRun, error) {
	s := m.tail.session
	if s == nil {
		return nil, errors.New(offSession)
	}
	if text == "" {
		first, next := s.store.Bounds()
		return func(ctx context.Context, e *archive.Export) error { return exportHeld(ctx, e, s.store, first, next) }, nil
	}
	from, to, err := parseBounds(text, "", time.Now(), m.zone)
	if err != nil {
		return nil, placeError(err)
	}
	src := topicSource{cluster: m.cluster, topics: m.tail.topics, isolation: m.opt.Isolation, off: s.start.off}
	return func(ctx context.Context, e *archive.Export) error { return src.export(ctx, e, from, to, s.start.query) }, nil
}

// exportHeld exports the rows first ≤ seq < next of a store, in the order of the
// screen. Rows that leave it meanwhile are told, as there is no getting them.
func exportHeld(ctx context.Context, e *archive.Export, held *store.Store, first, next store.Seq) error {
	var gone int64
	err := e.Records(ctx, func(yield func(*kafka.Record) bool) {
		for seq := first; seq < next; seq++ {
			r, ok := held.At(seq)
			if !ok {
				if oldest, _ := held.Bounds(); seq < oldest {
					gone++
				}
				continue // a note is no record
			}
			if !yield(&r) {
				return
			}
		}
	})
	if err == nil && gone > 0 {
		return fmt.Errorf("%s records were evicted before they were written: pause, then export again", human.Exact(gone))
	}
	return err
}

// export exports a range, each partition in its order. Without an end it goes up
// to the end as it is now.
func (s *topicSource) export(ctx context.Context, e *archive.Export, from kafka.Position, to *kafka.Position, q *query.Query) error {
	var topics []*kafka.Topic
	for _, name := range s.topics {
		t, err := s.cluster.Topic(ctx, name)
		if err != nil {
			return err
		}
		topics = append(topics, t)
	}
	to = cmp.Or(to, &kafka.Position{Kind: kafka.End})
	spans, waiting, err := s.cluster.Resolve(ctx, kafka.Partitions(topics...), from, to, s.isolation)
	if err != nil {
		return err
	}
	if len(waiting) > 0 {
		return waiting[0]
	}
	if e.Absent, err = kafka.FindAbsent(ctx, s.cluster, kafka.Partitions(topics...), from, to, s.isolation); err != nil {
		return err
	}
	var match func(kafka.TopicPartition) kafka.Matcher
	if q != nil {
		match = q.Matcher
	}
	return e.Range(ctx, s.cluster, kafka.ReadRequest{Spans: spans, Isolation: s.isolation}, match)
}

// partOf reads the path of a column.
func partOf(path string) (func(*batch.View) []byte, error) {
	p, err := query.ParsePart(path)
	if err != nil {
		return nil, err
	}
	return p.Of, nil
}

// submitExport begins what the form says.
func (m *Model) submitExport(d *dialog, run exportRun) tea.Cmd {
	name, kind, err := exportName(d)
	if err != nil {
		return d.refuse(exportFile, sentence(err))
	}
	format := archive.Format{Kind: kind}
	if text := strings.TrimSpace(d.fields[exportColumns].ed.String()); text != "" && kind == archive.CSV {
		if format.Fields, err = archive.ParseFields(text, partOf); err != nil {
			return d.refuse(exportColumns, sentence(err))
		}
	}
	if m.export.busy() {
		d.err = "an export is running: esc in the tail stops it"
		return nil
	}
	begin := func(asked *dialog, again func(*dialog) tea.Cmd) tea.Cmd {
		asked.busy = true
		return m.background(func(context.Context) tea.Msg {
			e, err := archive.NewExport(name, format, again == nil)
			return exportMsg{dialog: asked, form: d, again: again, run: run, e: e, err: err}
		})
	}
	return begin(d, func(asked *dialog) tea.Cmd { return begin(asked, nil) })
}

// exported takes an export that has begun, or has ended.
func (m *Model) exported(msg exportMsg) tea.Cmd {
	if msg.ended {
		m.export = exporting{}
		m.noteExport(msg)
		return nil
	}
	msg.dialog.busy, msg.form.busy = false, false
	switch {
	case m.dialog != msg.dialog: // given up meanwhile
		if msg.err == nil {
			m.work.Go(func() { _ = msg.e.End(context.Canceled) })
		}
	case errors.Is(msg.err, fs.ErrExist) && msg.again != nil:
		m.askOverwrite(msg)
	case msg.err != nil:
		m.dialog = msg.form
		return msg.form.refuse(exportFile, sentence(msg.err))
	default:
		m.dialog = nil
		return m.runExport(msg.e, msg.run)
	}
	return nil
}

// askOverwrite asks before a file is replaced; back leads to the form.
func (m *Model) askOverwrite(msg exportMsg) {
	name, _, _ := exportName(msg.form) // it was read before
	size := ""
	if info, err := os.Stat(name); err == nil {
		size = fmt.Sprintf(" It has %s, from %s ago.", human.Bytes(info.Size()), human.Duration(time.Since(info.ModTime())))
	}
	m.dialog = &dialog{
		title: "overwrite", kind: dialogConfirm, danger: true, opened: time.Now(), action: "overwrite",
		lines:  []string{atHome(name) + " exists already." + size},
		submit: func(_ *Model, d *dialog) tea.Cmd { return msg.again(d) },
		cancel: func(m *Model, _ *dialog) tea.Cmd { m.dialog = msg.form; return nil },
	}
}

// runExport writes, beside the screen. Whatever happens, the file is whole or not
// there.
func (m *Model) runExport(e *archive.Export, run exportRun) tea.Cmd {
	ctx, cancel := context.WithCancel(m.ctx)
	m.export = exporting{e, cancel}
	done := make(chan exportMsg, 1)
	m.work.Go(func() {
		defer m.guard()
		defer cancel()
		done <- exportMsg{ended: true, e: e, err: e.End(run(ctx, e))}
	})
	quit := m.ctx
	return func() tea.Msg {
		select {
		case msg := <-done:
			return msg
		case <-quit.Done():
			return nil
		}
	}
}

// noteExport says what became of it.
func (m *Model) noteExport(msg exportMsg) {
	p := msg.e.Progress()
	switch {
	case errors.Is(msg.err, context.Canceled):
		m.note(levelInfo, "export stopped; removed "+atHome(msg.e.Path()))
	case msg.err != nil:
		m.note(levelBad, "nothing was exported: "+sentence(msg.err))
	default:
		text := fmt.Sprintf("exported %s, %s, to %s", human.Plural(int(p.Records), "record"), human.Bytes(p.Bytes), msg.e.Path())
		level := levelGood
		if p.Split > 0 {
			level, text = levelWarn, text+fmt.Sprintf("; %s of them have line breaks inside", human.Exact(p.Split))
		}
		if p.Missed > 0 {
			level, text = levelWarn, text+fmt.Sprintf("; %s offsets could not be read", human.Exact(p.Missed))
		}
		if n := len(msg.e.Absent); n > 0 {
			level, text = levelWarn, text+"; "+msg.e.Absent[0].String()
			if n > 1 {
				text += fmt.Sprintf("; the same in %s more", human.Plural(n-1, "partition"))
			}
		}
		m.note(level, text)
	}
}
