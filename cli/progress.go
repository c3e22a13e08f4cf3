package cli

// How far a long search is: one line on stderr when that is a terminal, written
// again and again, and removed at the end.

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

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
		return fmt.Sprintf("following · %s · %s", count(p.Records, "record"), count(p.Hits, "hit"))
	}
	searched, all := p.Offsets()
	percent := 100.0
	if all > 0 {
		percent = 100 * float64(searched) / float64(all)
	}
	text := fmt.Sprintf("%.0f %% of %s · %s · %s/s · %s", percent, count(all, "offset"), byteSize(p.Bytes), byteSize(int64(p.Rate())), count(p.Hits, "hit"))
	if p.Missed > 0 {
		text += fmt.Sprintf(" · %d not searched", p.Missed)
	}
	if left, known := p.TimeLeft(); known {
		text += fmt.Sprintf(" · %s left", shortTime(left))
	}
	return text
}

// byteSize is a number of bytes for people: 1.2 GB.
func byteSize(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	x, at := float64(n), 0
	for x >= 999.5 && at < len(units)-1 {
		x /= 1000
		at++
	}
	if at == 0 || x >= 9.95 {
		return fmt.Sprintf("%.0f %s", x, units[at])
	}
	return fmt.Sprintf("%.1f %s", x, units[at])
}

// shortTime is a duration for people.
func shortTime(d time.Duration) string {
	switch {
	case d < time.Second:
		return "1 s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()+0.5))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()+0.5))
	}
	return fmt.Sprintf("%d h", int(d.Hours()+0.5))
}
