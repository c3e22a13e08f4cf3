package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"milena/human"
	"milena/kafka"
	"milena/ui"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
)

func newDoctor(g *global) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the connection to the cluster step by step",
		Long: "Check the connection to the cluster step by step. For each given broker, milena resolves its name, connects,\n" +
			"negotiates TLS and versions, logs in and asks for metadata. Then it does the same for each address that\n" +
			"the brokers advertise, because clients are sent there, and checks what the user may do. Each step is\n" +
			"timed; a failed step says why and what to try. It writes and changes nothing.\n\n" +
			"It exits with 0 when no step failed, otherwise with 1.",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := g.load(cmd.Context())
			if err != nil {
				return err
			}
			for _, w := range s.Warnings {
				g.notice("milena: %s", w)
			}
			var say func(kafka.ProbeStep) error
			end := func(checkup) error { return nil }
			if asJSON {
				say = stepJSON(g.stdout)
			} else {
				r := newStepReport(g.stdout, os.Getenv)
				say, end = r.step, r.end
			}
			var sum checkup
			var broken error // of stdout
			err = kafka.Probe(cmd.Context(), s.Kafka, func(step kafka.ProbeStep) {
				sum.add(step)
				if broken == nil {
					broken = say(step)
				}
			})
			if err == nil && broken == nil {
				broken = end(sum)
			}
			if err != nil {
				return err
			}
			if err := ignoreClosedPipe(broken); err != nil {
				return err
			}
			return sum.err()
		},
	}
	cmd.Flags().BoolVarP(&asJSON, "json", "J", false, "print one JSON object per step")
	return cmd
}

// checkup counts how the steps ended.
type checkup struct {
	steps int
	count map[kafka.Outcome]int
	first kafka.ProbeStep // the first that failed
}

func (c *checkup) add(s kafka.ProbeStep) {
	if c.count == nil {
		c.count = make(map[kafka.Outcome]int)
	}
	c.steps++
	if s.Outcome == kafka.Failed && c.count[kafka.Failed] == 0 {
		c.first = s
	}
	c.count[s.Outcome]++
}

// err is what the command ends with: nil unless a step failed.
func (c *checkup) err() error {
	n := c.count[kafka.Failed]
	if n == 0 {
		return nil
	}
	where := human.Escape(c.first.Broker)
	if where != "" {
		where += ": "
	}
	return fmt.Errorf("%d of %s failed, the first: %s%s failed: %s",
		n, human.Plural(c.steps, "check"), where, c.first.Step, human.Escape(c.first.Summary))
}

// stepLine is a step, as -J prints it.
type stepLine struct {
	Broker   *string       `json:"broker"`   // null: about the cluster
	BrokerID *int32        `json:"brokerId"` // null: an address that was given, not one that is advertised
	Step     kafka.Step    `json:"step"`
	Outcome  kafka.Outcome `json:"outcome"`
	Millis   float64       `json:"ms"`
	Summary  string        `json:"summary"`
	Details  []string      `json:"details"`
	Hint     string        `json:"hint"`
}

func stepJSON(out io.Writer) func(kafka.ProbeStep) error {
	enc := json.NewEncoder(plainJSON{out})
	enc.SetEscapeHTML(false)
	return func(s kafka.ProbeStep) error {
		l := stepLine{Step: s.Step, Outcome: s.Outcome, Millis: float64(s.Took.Microseconds()) / 1000,
			Summary: s.Summary, Details: append([]string{}, s.Details...), Hint: s.Hint}
		if s.Broker != "" {
			l.Broker = &s.Broker
		}
		if s.BrokerID >= 0 {
			l.BrokerID = &s.BrokerID
		}
		return enc.Encode(l)
	}
}

// stepReport writes the steps for a person, under a heading for each broker.
type stepReport struct {
	out     io.Writer
	colour  bool
	marks   map[kafka.Outcome]string
	width   int // columns of the terminal; 0: no terminal, nothing is wrapped
	heading string
}

func newStepReport(out io.Writer, getenv func(string) string) *stepReport {
	r := &stepReport{out: out, marks: map[kafka.Outcome]string{
		kafka.Passed: "✓", kafka.Warned: "!", kafka.Failed: "✗", kafka.NotChecked: "·",
	}}
	if ui.ASCIIOnly(getenv) {
		r.marks = map[kafka.Outcome]string{kafka.Passed: "ok", kafka.Warned: "! ", kafka.Failed: "X ", kafka.NotChecked: "- "}
	}
	if isTerminal(out) {
		r.colour = coloured(getenv)
		if w, _, err := term.GetSize(out.(*os.File).Fd()); err == nil {
			r.width = w
		}
	}
	return r
}

// paint colours text by SGR code.
func (r *stepReport) paint(code, text string) string {
	if !r.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

var outcomeColours = map[kafka.Outcome]string{kafka.Passed: "32", kafka.Warned: "33", kafka.Failed: "31", kafka.NotChecked: "2"}

// step writes one step. Every line is safe on a terminal, whatever the broker
// said.
func (r *stepReport) step(s kafka.ProbeStep) error {
	heading := "cluster"
	switch {
	case s.BrokerID >= 0:
		heading = fmt.Sprintf("%s, advertised by broker %d", s.Broker, s.BrokerID)
	case s.Broker != "":
		heading = s.Broker
	}
	var b strings.Builder
	if heading != r.heading {
		if r.heading != "" {
			b.WriteByte('\n')
		}
		r.heading = heading
		b.WriteString(r.paint("1", human.Escape(heading)) + "\n")
	}
	took := ""
	if s.Took > 0 {
		took = millis(s.Took)
	}
	mark := r.marks[s.Outcome]
	lead := fmt.Sprintf("  %s %-11s %10s  ", mark, s.Step, took)
	indent := ansi.StringWidth(lead)
	coloured := "  " + r.paint(outcomeColours[s.Outcome], mark) + fmt.Sprintf(" %-11s ", s.Step) + r.paint("2", fmt.Sprintf("%10s", took)) + "  "
	r.lines(&b, coloured, indent, "", s.Summary)
	blank := strings.Repeat(" ", indent)
	for _, d := range s.Details {
		r.lines(&b, blank, indent, "2", d)
	}
	if s.Hint != "" {
		r.lines(&b, blank, indent, outcomeColours[s.Outcome], s.Hint)
	}
	_, err := io.WriteString(r.out, b.String())
	return err
}

// lines writes text behind lead, wrapped to the terminal, the further lines
// indented.
func (r *stepReport) lines(b *strings.Builder, lead string, indent int, code, text string) {
	text = human.Escape(text)
	if room := r.width - indent; room >= 20 {
		text = ansi.Wrap(text, room, "")
	}
	for line := range strings.SplitSeq(text, "\n") {
		if code != "" {
			line = r.paint(code, line)
		}
		b.WriteString(strings.TrimRight(lead+line, " ") + "\n")
		lead = strings.Repeat(" ", indent)
	}
}

// millis is a time in milliseconds, with as many digits as say something.
func millis(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	if ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// end sums up what was found.
func (r *stepReport) end(sum checkup) error {
	parts := []string{}
	for _, o := range []kafka.Outcome{kafka.Passed, kafka.Warned, kafka.Failed, kafka.NotChecked} {
		if n := sum.count[o]; n > 0 {
			word := string(o)
			if o == kafka.Warned {
				parts = append(parts, human.Plural(int64(n), word))
				continue
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	worst := kafka.Passed
	for _, o := range []kafka.Outcome{kafka.Warned, kafka.Failed} {
		if sum.count[o] > 0 {
			worst = o
		}
	}
	_, err := fmt.Fprintf(r.out, "\n%s %s\n", r.paint(outcomeColours[worst], r.marks[worst]), strings.Join(parts, ", "))
	return err
}
