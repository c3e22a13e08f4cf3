package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"milena/human"
	"milena/kafka"
	"milena/kafka/batch"
	"milena/query"
	"milena/store"
)

// One record, whole: where it is, key, headers, and the value, which is laid
// out line by line in place, however large it is.

// valueView is how bytes are shown.
type valueView int8

const (
	viewJSON valueView = iota
	viewText
	viewHex
)

func (v valueView) String() string {
	return [...]string{"JSON", "text", "hex"}[v]
}

type inspector struct {
	seq  store.Seq
	rec  kafka.Record
	note *store.Note // the row is no record
	late bool        // later ones stand before it

	docText     // of the value
	key         docText
	headers     []headerText
	headersLast bool // they stand behind the value
	folds       bool // some field has many lines
	unfolded    bool // which are all shown

	picked bool // a person chose the view
	top    int
	end    bool   // what is shown is the end, also when more of it is laid out
	left   int    // columns that are scrolled out of sight, where lines are not wrapped
	part   bool   // lines are of the value's front only; the rest is being laid out
	unsure bool   // whether it is JSON is not known yet
	job    int    // the newest one
	asked  laying // what it is to make

	q    *query.Query // what is looked for; nil: nothing
	text string
	on   *docText    // where the last hit is; nil: in the value
	hit  int         // where in it that begins
	hits []textPlace // where all of them begin, up to countAtMost and one; nil: not counted yet
	show bool        // scroll to it

	head   []docRow // what stands before the value
	tail   []docRow // what stands after it
	height int
	total  int // rows
	at     int // the row of the cursor; noHit: it is put on the value
}

// inspect opens the record under the cursor.
func (m *Model) inspect() tea.Cmd {
	t := &m.tail
	if t.session == nil {
		return nil
	}
	t.leave()
	t.hold()
	m.openRecord(t.cursor)
	return nil
}

// openRecord shows a row; false: it is not held any more.
func (m *Model) openRecord(seq store.Seq) bool {
	t := &m.tail
	in := &inspector{seq: seq, hit: noHit, at: noHit}
	rec, ok := t.session.store.At(seq)
	rows := t.session.store.Rows(seq, 1, 0, nil)
	if held := len(rows) > 0 && rows[0].Seq == seq; ok {
		in.late = held && rows[0].Late
	} else if held && rows[0].Skip != nil {
		in.note = rows[0].Skip
	} else {
		return false
	}
	in.rec = rec
	in.choose()
	m.over = in
	t.cursor = seq
	t.clamp(m)
	t.hold()
	return true
}

// choose picks the view that fits the value. Of a large one only the front is
// looked at; the rest is layOut's.
func (in *inspector) choose() {
	v := in.rec.Value
	in.raw = v
	in.fields()
	if len(v) <= atOnce {
		in.view, in.why, in.json = viewOf(v)
		return
	}
	in.unsure = true
	front := v[:frontBytes]
	switch {
	case isBinary(front, false):
		in.view, in.why = viewHex, "checking the rest"
	case looksLikeJSON(front):
		in.view, in.why, in.json = viewJSON, "checking the rest", true
	default:
		in.view, in.why = viewText, "checking the rest"
	}
}

// viewOf is the view that fits v, why, and whether v is JSON.
func viewOf(v []byte) (view valueView, why string, isJSON bool) {
	switch {
	case v == nil:
		return viewText, "null: a tombstone", false
	case len(v) == 0:
		return viewText, "empty, not null", false
	case !utf8.Valid(v):
		return viewHex, "not UTF-8", false
	case isBinary(v, true):
		return viewHex, "holds control bytes", false
	case looksLikeJSON(v):
		if err := checkJSON(v); err != "" {
			return viewText, "begins like JSON, but " + err, false
		}
		if bytes.HasPrefix(v, byteOrderMark) {
			return viewJSON, "valid JSON behind a byte order mark; order of keys and digits as sent", true
		}
		return viewJSON, "valid JSON; key order and digits as sent", true
	}
	return viewText, "UTF-8", false
}

// checkJSON says what keeps b from being JSON; empty: it is.
func checkJSON(b []byte) string {
	if b = bytes.TrimPrefix(b, byteOrderMark); json.Valid(b) {
		return ""
	}
	var into json.RawMessage
	err := json.Unmarshal(b, &into)
	var wrong *json.SyntaxError
	switch {
	case !errors.As(err, &wrong):
		return fmt.Sprint(err)
	case wrong.Offset >= int64(len(b)) && strings.Contains(wrong.Error(), "unexpected end"):
		return "its end is missing"
	}
	return placeIn(b, int(wrong.Offset)-1) + ": " + wanted(wrong)
}

// cycle shows the value in the next way that it can be shown.
func (in *inspector) cycle() {
	if in.note != nil {
		return
	}
	in.view = (in.view + 1) % 3
	if in.view == viewJSON && !in.json {
		in.view++
	}
	in.why, in.picked = "chosen with r", true
	in.top, in.left, in.at = 0, 0, noHit
	if in.decoded { // hits are where they are in what is shown
		in.on, in.hit, in.hits = nil, noHit, nil
	}
}

func (in *inspector) whole(m *Model) bool { return m.zoom || m.lay.single }

// describe makes the lines around the value.
func (in *inspector) describe(m *Model, w, h int) {
	in.head, in.tail, in.folds = in.head[:0], in.tail[:0], false
	add := func(f func(*line)) { in.head = append(in.head, docRow{draw: f}) }
	if n := in.note; n != nil {
		for _, row := range wrapWords(n.Text, w, m.st.width) {
			add(func(l *line) { l.text(l.st.text, row) })
		}
		add(func(*line) {})
		add(func(l *line) {
			l.text(l.st.dim, "This row is not a record: it says what milena met here.")
		})
		return
	}
	r := &in.rec
	b := &r.Batch
	var meta [][2]string
	pair := func(k, v string) { meta = append(meta, [2]string{k, v}) }
	if t, ok := r.Time(); ok {
		kind := "CreateTime"
		if b.Timestamps == batch.LogAppendTime {
			kind = "LogAppendTime"
		}
		if y := t.UTC().Year(); y >= 0 && y <= 9999 {
			pair("time", t.In(m.zone).Format("2006-01-02 15:04:05.000 MST")+"   "+human.Ago(time.Since(t)))
			kind += "   " + t.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		pair("timestamp", itoa(r.Timestamp)+"   "+kind)
	} else {
		why := "the producer gave none"
		if b.Timestamps == batch.NoTimestamp {
			why = "message format 0"
		}
		pair("timestamp", "none ("+why+")")
	}
	if r.Timestamp > time.Now().Add(aheadMost).UnixMilli() {
		pair("ahead "+m.st.g.ahead, aheadMeaning)
	}
	if in.late {
		pair("late "+m.st.g.late, lateMeaning)
	}
	size := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		size += len(h.Key) + len(h.Value)
	}
	pair("size", human.Exact(int64(size))+" bytes")
	if b.LeaderEpoch >= 0 {
		pair("leader epoch", itoa(int64(b.LeaderEpoch)))
	}
	codec := [...]string{"uncompressed", "gzip", "snappy", "lz4", "zstd"}
	name := strconv.Itoa(int(b.Codec))
	if int(b.Codec) < len(codec) {
		name = codec[b.Codec]
	}
	if b.Count > 0 { // of a record from a file it is not known
		pair("batch", fmt.Sprintf("offsets %d to %d, record %d of %d, %s, %s", b.BaseOffset, b.LastOffset, r.Index+1, b.Count, human.Bytes(int64(b.Size)), name))
	}
	if b.ProducerID >= 0 {
		kind := "idempotent"
		if b.Transactional {
			kind = "transactional"
			if s := m.tail.session; m.opt.Isolation == kafka.ReadCommitted {
				kind += ", " + txnCommitted.String()
			} else if s != nil {
				kind += ", " + s.outcome(kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}, b.ProducerID, r.Offset).String()
			}
		}
		pair("producer", fmt.Sprintf("id %d, epoch %d, sequence %d, %s", b.ProducerID, b.ProducerEpoch, int64(b.BaseSequence)+int64(r.Index), kind))
	}
	details := func(add func(func(*line))) {
		for _, kv := range meta {
			add(func(l *line) {
				l.field(l.st.dim, kv[0], 14)
				l.text(l.st.text, kv[1])
			})
		}
	}
	after := func(f func(*line)) { in.tail = append(in.tail, docRow{draw: f}) }
	low := h < 20 // then the value comes first
	if !low {
		details(add)
		add(func(*line) {})
	}
	in.head = append(in.head, in.fieldRows(m, &in.key, func(l *line) {
		l.text(l.st.bold, "key")
		l.text("", "    ")
	}, 7, 2, w, m.st.key)...)
	in.headersLast = len(r.Headers) > 8 || low
	headers := in.headerRows(m, w)
	if !in.headersLast {
		in.head = append(in.head, headers...)
	}
	add(func(*line) {})
	add(func(l *line) {
		l.text(l.st.bold, "value")
		l.text("", "  ")
		if r.Value == nil {
			l.text(l.st.bad, l.st.g.nullNamed)
			l.text(l.st.dim, ": a tombstone")
			return
		}
		l.text(l.st.accent, in.view.String())
		why := in.why
		if in.decoded {
			why += ", strings decoded"
		}
		l.text(l.st.dim, "  "+why+", "+human.Bytes(int64(len(r.Value))))
	})
	if in.headersLast {
		in.tail = append(in.tail, headers...)
	}
	if low {
		after(func(*line) {})
		details(after)
	}
}

// bytesValue writes a key or header value, whatever it is.
func (l *line) bytesValue(sgr string, b []byte) {
	switch {
	case b == nil:
		l.text(l.st.dim, l.st.g.nullNamed)
	case len(b) == 0:
		l.text(l.st.dim, l.st.g.empty)
	case isBinary(b, true):
		l.binary(b, len(b), true)
	default:
		l.bytes(sgr, b[:min(len(b), 64<<10)])
	}
}

func (in *inspector) draw(m *Model, r rect) []string {
	st := m.st
	w := max(1, r.w-2)
	in.layout(in.want(m, w))
	in.describe(m, w, r.h)
	total := len(in.head) + len(in.lines) + len(in.tail)
	in.height = max(1, r.h-1)
	hit := in.hitRow()
	if in.show && hit >= 0 {
		in.show = in.part && hit == len(in.head)+len(in.lines)-1
		in.reveal(hit, w, m.st.width)
		in.at = hit
	}
	in.total = total
	if in.end {
		in.top, in.at = total, total-1
		in.end = in.part
	}
	in.top = max(0, min(in.top, total-in.height))
	if in.at == noHit {
		in.at = len(in.head)
	}
	in.at = max(in.top, min(in.at, in.top+in.height-1, total-1))
	lines := make([]string, 0, r.h)
	head := newLine(st, r.w, nil)
	head.text("", " ")
	topic := in.rec.Topic
	if in.note != nil {
		topic = in.note.Topic
	}
	head.text(st.accentBold, topic)
	if in.note == nil {
		head.text(st.dim, fmt.Sprintf("  partition %d  offset %d", in.rec.Partition, in.rec.Offset))
	}
	where := fmt.Sprintf("%d-%d of %d ", in.top+1, min(in.top+in.height, total), total)
	switch {
	case in.part:
		where = m.spinner() + " laying out "
	case total <= in.height:
		where = ""
	}
	if in.left > 0 {
		where = fmt.Sprintf("column %d  ", in.left+1) + where
	}
	if in.text != "" && head.width+9+min(cells(in.text, st.width), 30) < r.w {
		head.text(st.dim, "  find: ")
		head.clipped(st.accent, in.text, 30)
		head.text(st.dim, "  "+in.hitCount())
	}
	if n := cells(where, st.width); n > 0 && head.width+n+2 <= r.w {
		head.fill(r.w - n)
		head.text(st.dim, where)
	}
	lines = append(lines, head.end())
	for i := in.top; i < total && len(lines) < r.h; i++ {
		l := newLine(st, r.w, nil)
		l.max = max(1, r.w-1)
		if i == in.at {
			l.text(st.accent, st.g.marker)
		} else {
			l.text("", " ")
		}
		in.drawRow(m, l, in.row(i))
		l.max = r.w
		lines = append(lines, l.end())
	}
	return m.fillLines(lines, r)
}

// row is a row of the whole, the first is 0.
func (in *inspector) row(i int) docRow {
	switch behind := i - len(in.head) - len(in.lines); {
	case i < len(in.head):
		return in.head[i]
	case behind >= 0:
		return in.tail[behind]
	}
	return docRow{t: &in.docText, line: i - len(in.head)}
}

// unfold shows all lines of key and headers, or a few of them again.
func (m *Model) unfold() tea.Cmd {
	if in, ok := m.over.(*inspector); ok {
		in.unfolded = !in.unfolded
	}
	return nil
}

func (in *inspector) scope() Scope { return ScopeRecord }

// scroll moves the cursor by a row, or what is seen by more.
func (in *inspector) scroll(n int) {
	in.end = n >= far
	in.at = max(0, min(in.at+n, in.total-1))
	switch {
	case n > 1 || n < -1:
		in.top = max(0, in.top+n)
	case in.at < in.top:
		in.top = in.at
	case in.at >= in.top+in.height:
		in.top = in.at - in.height + 1
	}
}

// step opens the next or previous row.
func (m *Model) step(by store.Seq) tea.Cmd {
	in, ok := m.over.(*inspector)
	if !ok {
		return nil
	}
	if m.openRecord(in.seq + by) {
		now := m.over.(*inspector)
		if now.note == nil {
			now.q, now.text = in.q, in.text
			if in.picked && (in.view != viewJSON || now.json) {
				now.view, now.why, now.picked = in.view, in.why, true
			}
			return m.countHits(now)
		}
		return nil
	}
	if by < 0 {
		m.loadOlder()
	}
	return nil
}
