package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
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
			root := cmd.Root()
			root.DisableAutoGenTag = true
			header := &doc.GenManHeader{Title: "MILENA", Section: "1", Source: "milena " + version(), Manual: "milena"}
			if dir == "" {
				return doc.GenMan(root, header, g.stdout)
			}
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return errors.Join(fmt.Errorf("%s is not a folder", dir), err)
			}
			header.Title = "" // each its own
			return doc.GenManTree(root, header, dir)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "a `folder` for the pages")
	return cmd
}
