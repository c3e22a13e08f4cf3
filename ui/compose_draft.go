package ui

import (
	"maps"
	"slices"
)

// What is written to a topic and not sent yet. Each topic has a draft of its own:
// what was meant for one is never a key away from being sent to another.

// draft is the message to one topic, as far as it is written.
type draft struct {
	topic string
	at    part
	value editor
	key   editor
	heads headerTable
	part  editor // empty: by key

	nullValue  bool
	emptyKey   bool    // the key is empty rather than null
	attached   []byte  // a value too large to edit here; it goes before value
	attachedIs verdict // of attached
	removed    []byte  // the attachment that was removed last
	removedAt  int     // how many changes of the value were in force then
	valueIs    verdict // of value, when it was at version judged
	judged     int

	asked bool // that the value is empty was said: sending again sends it
	last  sent // what became of the last one
	err   string

	walk   int       // how many messages back; 0: not walking
	origin *composed // what the text was, when it is no news; nil: it is
	source *resent   // the record that it was made of; nil: of none
}

func newDraft(topic string) draft {
	d := draft{topic: topic}
	d.value.lines = true
	d.heads.init()
	return d
}

func (d *draft) composed() composed {
	return composed{
		d.value.String(), d.key.String(), d.part.String(), d.heads.headers(),
		d.nullValue, d.emptyKey, d.attached,
	}
}

func (d *draft) load(x composed) {
	d.value.set(x.value)
	d.key.set(x.key)
	d.heads.load(x.heads)
	d.part.set(x.part)
	d.nullValue, d.emptyKey = x.nullValue, x.emptyKey
	d.attach(x.attached)
	d.asked, d.removed, d.source = false, nil, nil
}

// attach puts a value beside the editor; nil: none is.
func (d *draft) attach(b []byte) {
	d.attached, d.attachedIs = b, judge(b)
	if b != nil {
		d.nullValue = false
	}
}

// detach removes the attachment; reattach undoes that, once all that was typed
// since is undone. False: there is nothing to undo.
func (d *draft) detach() {
	d.removed, d.removedAt = d.attached, d.value.changes.done
	d.attach(nil)
}

func (d *draft) reattach() bool {
	if d.at != partValue || d.removed == nil || d.attached != nil || d.removedAt != d.value.changes.done {
		return false
	}
	d.attach(d.removed)
	d.removed = nil
	return true
}

// unsent says whether something would be lost.
func (d *draft) unsent() bool {
	x := d.composed()
	return !x.blank() && (d.origin == nil || !d.origin.same(&x)) && (d.source == nil || !d.source.was.same(&x))
}

// editor is the text that keys go to.
func (d *draft) editor() *editor {
	switch d.at {
	case partKey:
		return &d.key
	case partHeaders:
		return d.heads.editor()
	case partPartition:
		return &d.part
	}
	return &d.value
}

// turnTo goes on with what is written to another topic. What became of the last
// message to the one before is no news any more when that comes back.
func (c *compose) turnTo(topic string) {
	if topic == c.topic {
		return
	}
	if x := c.composed(); c.topic != "" && (!x.blank() || x.part != "" || x.nullValue || x.emptyKey || c.removed != nil || c.sending == c.topic) {
		left := c.draft
		left.last, left.asked = sent{}, false
		c.drafts[c.topic] = &left
	}
	if d := c.drafts[topic]; d != nil {
		c.draft = *d
		delete(c.drafts, topic)
	} else {
		c.draft = newDraft(topic)
	}
}

// draftTo is the draft to a topic.
func (c *compose) draftTo(topic string) *draft {
	if topic == c.topic {
		return &c.draft
	}
	d := c.drafts[topic]
	if d == nil { // nothing was left there
		fresh := newDraft(topic)
		d = &fresh
	}
	return d
}

// unsentTo are the topics with a text that would be lost, by name.
func (c *compose) unsentTo() []string {
	var names []string
	if c.unsent() {
		names = append(names, c.topic)
	}
	for _, name := range slices.Sorted(maps.Keys(c.drafts)) {
		if c.drafts[name].unsent() {
			names = append(names, name)
		}
	}
	return names
}

// unsentBytes is how much that is.
func (c *compose) unsentBytes() (n int) {
	for _, name := range c.unsentTo() {
		x := c.draftTo(name).composed()
		n += x.bytes()
	}
	return n
}
