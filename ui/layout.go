package ui

// Where things are: rectangles from the size of the terminal, and nothing else.

// pane is one of the three.
type pane int8

const (
	paneTopics pane = iota
	paneTail
	paneCompose
)

// The sizes at which the screen changes its shape.
const (
	wideAt   = 110 // columns: three panes beside each other
	narrowAt = 70  // columns below which one pane is shown at a time
	lowAt    = 18  // lines below which one pane is shown at a time
	tiny     = 6   // lines below which there is nothing but the pane
)

type rect struct{ x, y, w, h int }

func (r rect) contains(x, y int) bool {
	return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h
}

// layout is where each part of the screen is; an empty rectangle is not shown.
type layout struct {
	w, h                  int
	top, said, footer     rect // said: what happened, above the keys
	topics, tail, compose rect
	body                  rect // all between top and footer
	right                 rect // tail and compose together
	timeline              rect // the lowest line of tail; see Model.arranged
	rule                  int  // column of the rule between topics and the rest; -1: none
	single                bool // one pane at a time
}

// arrange fits the panes into w columns and h lines. want is how many lines of
// text compose would like to show, said how many lines
// there are to say, names how many columns the topics take beside the rest.
func arrange(w, h int, focus pane, zoom bool, want, said, names int) layout {
	l := layout{w: w, h: h, rule: -1}
	y, rest := 0, h
	if h >= tiny {
		l.top = rect{0, 0, w, 1}
		l.footer = rect{0, h - 1, w, 1}
		l.said = rect{0, h - 1 - said, w, said}
		y, rest = 1, h-2-said
	}
	l.body = rect{0, y, w, rest}
	l.single = w < narrowAt || h < lowAt
	if l.single || zoom {
		l.right = l.body
		switch focus {
		case paneTopics:
			l.topics = l.body
		case paneTail:
			l.tail = l.body
		case paneCompose:
			l.compose = l.body
		}
		return l
	}
	left := 0
	if w >= wideAt || focus == paneTopics {
		left = names
		l.topics = rect{0, y, left, rest}
		l.rule = left
		left++
	}
	l.right = rect{left, y, w - left, rest}
	low := 4
	if rest+said >= 28 {
		low = 5
	}
	if focus == paneCompose {
		low = max(low+1, min(want+3, (rest+said)/2))
	}
	low = max(2, low-said) // so that nothing else moves
	l.tail = rect{left, y, w - left, rest - low}
	l.compose = rect{left, y + rest - low, w - left, low}
	return l
}
