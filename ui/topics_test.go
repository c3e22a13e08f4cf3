package ui

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
