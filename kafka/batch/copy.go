package batch

// CopySize is how many bytes a copy of the record takes.
func (v *View) CopySize() int { return len(v.Key) + len(v.Value) + len(v.headers) }

// AppendCopy appends the record's bytes to dst and gives a View of them there,
// which is valid as long as dst's memory is. dst must have room for them
// (CopySize), so that views made before stay where they are. The copy's Batch is
// the same pointer: whoever keeps the view replaces it.
func (v *View) AppendCopy(dst []byte) (View, []byte) {
	own := func(b []byte) []byte {
		if b == nil {
			return nil
		}
		at := len(dst)
		dst = append(dst, b...)
		return dst[at:len(dst):len(dst)]
	}
	c := *v
	c.Key, c.Value, c.headers = own(v.Key), own(v.Value), own(v.headers)
	return c, dst
}
