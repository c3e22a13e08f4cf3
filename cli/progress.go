package cli

// How far a long search is: one line on stderr when that is a terminal, written
// again and again, and removed at the end.

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"milena/human"
	"milena/kafka"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
)

const (
	progressAfter = 500 * time.Millisecond // a short search has no line at all
	progressEvery = 200 * time.Millisecond
)

// progressLine shows a search's progress. A nil one shows nothing.
type progressLine struct {
	out    io.Writer
	width  int
	search *kafka.Search
	done   chan struct{}
	work   sync.WaitGroup

	mu    sync.Mutex // guards out, and what follows
	shown bool
}

// showProgress starts to show a search's progress, where a person can see it.
func (g *global) showProgress(search *kafka.Search) *progressLine {
	stderr, ok := g.stderr.(*os.File)
	if g.quiet || !ok || !term.IsTerminal(stderr.Fd()) {
		return nil
	}
	width, _, err := term.GetSize(stderr.Fd())
	if err != nil || width <= 0 {
		width = 80
	}
	l := &progressLine{out: stderr, width: width, search: search, done: make(chan struct{})}
	l.work.Go(l.run)
	return l
}

func (l *progressLine) run() {
	timer := time.NewTimer(progressAfter)
	defer timer.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-timer.C:
		}
		p := l.search.Progress()
		l.show(progressText(&p))
		timer.Reset(progressEvery)
	}
}

func (l *progressLine) show(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.out, "\r%s\x1b[K", ansi.Truncate(text, l.width-1, "…"))
	l.shown = true
}

// hide removes the line, before something else is written.
func (l *progressLine) hide() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shown {
		fmt.Fprint(l.out, "\r\x1b[K")
		l.shown = false
	}
}

// end removes the line for good.
func (l *progressLine) end() {
	if l == nil {
		return
	}
	close(l.done)
	l.work.Wait()
	l.hide()
}

// progressText is a progress in one line.
func progressText(p *kafka.SearchProgress) string {
	if p.Following {
		return fmt.Sprintf("following · %s · %s", human.Plural(p.Records, "record"), human.Plural(p.Hits, "hit"))
	}
	searched, all := p.Offsets()
	percent := 100.0
	if all > 0 {
		percent = 100 * float64(searched) / float64(all)
	}
	text := fmt.Sprintf("%.0f %% of %s · %s · %s/s · %s", percent, human.Plural(all, "offset"), human.Bytes(p.Bytes), human.Bytes(int64(p.Rate())), human.Plural(p.Hits, "hit"))
	if p.Missed > 0 {
		text += fmt.Sprintf(" · %d not searched", p.Missed)
	}
	if left, known := p.TimeLeft(); known {
		text += fmt.Sprintf(" · %s left", human.Left(left))
	}
	return text
}
