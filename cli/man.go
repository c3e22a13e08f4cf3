package cli

// Manual pages. Cobra's own come by way of Markdown and bring a parser for it and
// one for YAML, a sixtieth of the program; what a page needs of roff is this.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newMan(g *global) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "man",
		Short: "Print the manual page; with --dir, write one for every command",
		Example: "  milena man | man -l -\n" +
			"  milena man --dir /usr/local/share/man/man1",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				_, err := g.stdout.Write(manPage(cmd.Root()))
				return ignoreClosedPipe(err)
			}
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return errors.Join(fmt.Errorf("%s is not a folder", dir), err)
			}
			return writePages(cmd.Root(), dir)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "the `FOLDER` for the pages")
	return cmd
}

// writePages writes the page of a command and of all below it.
func writePages(cmd *cobra.Command, dir string) error {
	if err := os.WriteFile(filepath.Join(dir, pageName(cmd)+".1"), manPage(cmd), 0o644); err != nil {
		return err
	}
	for _, sub := range shown(cmd) {
		if err := writePages(sub, dir); err != nil {
			return err
		}
	}
	return nil
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// shown are the commands below one that its help names.
func shown(cmd *cobra.Command) (subs []*cobra.Command) {
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			subs = append(subs, sub)
		}
	}
	return subs
}

// manPage is a command's page, in the macros of man(7).
func manPage(cmd *cobra.Command) []byte {
	cmd.InitDefaultHelpFlag()
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"milena %s\" milena\n", strings.ToUpper(pageName(cmd)), roff(version()))
	section := func(name string) { b.WriteString(".SH " + name + "\n") }
	section("NAME")
	b.WriteString(roff(pageName(cmd)) + ` \- ` + roff(cmd.Short) + "\n")
	section("SYNOPSIS")
	b.WriteString(".B " + roff(cmd.UseLine()) + "\n")
	section("DESCRIPTION")
	long := cmd.Long
	if long == "" {
		long = cmd.Short
	}
	for i, paragraph := range strings.Split(long, "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		b.WriteString(roff(paragraph) + "\n")
	}
	flags := func(name string, set *pflag.FlagSet) {
		if !set.HasAvailableFlags() {
			return
		}
		section(name)
		set.VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Deprecated != "" {
				return
			}
			value, usage := pflag.UnquoteUsage(f)
			tag := "--" + f.Name
			if f.Shorthand != "" {
				tag = "-" + f.Shorthand + ", " + tag
			}
			b.WriteString(".TP\n" + `\fB` + roff(tag) + `\fR`)
			if value != "" {
				b.WriteString(` \fI` + roff(value) + `\fR`)
			}
			b.WriteString("\n" + roff(usage) + "\n")
		})
	}
	flags("OPTIONS", cmd.NonInheritedFlags())
	flags("OPTIONS OF ALL COMMANDS", cmd.InheritedFlags())
	if cmd.Example != "" {
		section("EXAMPLES")
		b.WriteString(".nf\n" + roff(cmd.Example) + "\n.fi\n")
	}
	related := shown(cmd)
	if cmd.HasParent() {
		related = append([]*cobra.Command{cmd.Parent()}, related...)
	}
	if len(related) > 0 {
		section("SEE ALSO")
		for i, c := range related {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(`\fB` + roff(pageName(c)) + `\fR(1)`)
		}
		b.WriteString("\n")
	}
	return []byte(b.String())
}

// roff is text as it stands: no backslash, hyphen or line's beginning of it means
// anything else.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
