package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Context is a cluster that has a name.
type Context struct {
	Brokers  string // host:port,…
	ReadOnly bool
	Color    string

	inline properties
	file   string // of properties
}

// Contexts is milena's own file:
//
//	current: local
//	theme: auto                          # or dark, or light
//	contexts:
//	  local:
//	    brokers: localhost:9092            # or a list
//	  production:
//	    brokers: [kafka1:9093, kafka2:9093]
//	    properties: ~/kafka/client.properties # a file, or settings as Java or librdkafka name them
//	    read_only: true
//	    color: red
type Contexts struct {
	Current  string
	Theme    string // of the screen: auto, dark or light; "": not said
	Contexts map[string]Context
}

func (c *Contexts) names() string {
	if len(c.Contexts) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(c.Contexts)), ", ")
}

// load is the context's properties; never nil.
func (c Context) load() (properties, error) {
	if c.file == "" {
		all := properties{}
		maps.Copy(all, c.inline)
		return all, nil
	}
	return readProperties(c.file)
}

// FileError is a place in the file of contexts that cannot be meant.
type FileError struct {
	Path         string
	Line, Column int    // from 1
	Text         string // that line, values left out where they may be secret
	Problem      string
}

// Error is a sentence, then the line with a caret under the place.
func (e *FileError) Error() string {
	at := fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, e.Problem)
	if e.Text == "" {
		return at
	}
	margin := fmt.Sprintf("%5d | ", e.Line)
	return at + "\n" + margin + e.Text + "\n" + strings.Repeat(" ", len(margin)+e.Column-1) + "^"
}

// ReadContexts reads the file. It is strict: what is not known is an error, with
// its line. A file that is not there is os.ErrNotExist.
func ReadContexts(path string) (*Contexts, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("contexts cannot be read: %w", err)
	}
	r := reader{path: path, lines: bytes.Split(text, []byte("\n"))}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, r.syntax(err)
	}
	contexts := &Contexts{Contexts: map[string]Context{}}
	if len(file.Docs) > 1 {
		return nil, r.wrong(file.Docs[1].GetToken(), "a second document; the file has one")
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil || file.Docs[0].Body.Type() == ast.CommentType {
		return contexts, nil
	}
	err = r.each(file.Docs[0].Body, "the file", func(key string, value ast.Node) (err error) {
		switch key {
		case "current":
			contexts.Current, err = r.text(value, "current is a context's name")
			return err
		case "theme":
			contexts.Theme, err = r.theme(value)
			return err
		case "contexts":
			return r.each(value, "contexts", func(name string, value ast.Node) error {
				context, err := r.context(value)
				contexts.Contexts[name] = context
				return err
			})
		}
		return errUnknown
	})
	if err != nil {
		return nil, err
	}
	return contexts, nil
}

// reader turns the file's nodes into values, with errors that have a place.
type reader struct {
	path  string
	lines [][]byte
}

var errUnknown = errors.New("unknown key")

func (r *reader) context(node ast.Node) (c Context, err error) {
	err = r.each(node, "a context", func(key string, value ast.Node) (err error) {
		switch key {
		case "brokers":
			c.Brokers, err = r.brokers(value)
		case "properties":
			err = r.properties(value, &c)
		case "read_only":
			known, ok := value.(*ast.BoolNode)
			if !ok {
				return r.wrong(value.GetToken(), "read_only is true or false")
			}
			c.ReadOnly = known.Value
		case "color":
			c.Color, err = r.text(value, "color is a name, such as red, or #rrggbb")
		default:
			return errUnknown
		}
		return err
	})
	return c, err
}

func (r *reader) theme(node ast.Node) (string, error) {
	const wanted = "theme is auto, dark or light"
	name, err := r.text(node, wanted)
	if err == nil && name != "auto" && name != "dark" && name != "light" {
		err = r.wrong(node.GetToken(), wanted)
	}
	return name, err
}

func (r *reader) brokers(node ast.Node) (string, error) {
	const wanted = "brokers is host:port, several with commas between or as a list"
	list, isList := node.(*ast.SequenceNode)
	if !isList {
		return r.text(node, wanted)
	}
	var all []string
	for _, value := range list.Values {
		one, err := r.text(value, wanted)
		if err != nil {
			return "", err
		}
		all = append(all, one)
	}
	return strings.Join(all, ","), nil
}

func (r *reader) properties(node ast.Node, c *Context) error {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		c.inline = properties{}
		return r.each(node, "properties", func(key string, value ast.Node) (err error) {
			c.inline[key], err = r.text(value, "a property is one value")
			return err
		})
	}
	path, err := r.text(node, "properties is a file's path, or settings with a value each")
	c.file = path
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			c.file = filepath.Join(home, rest)
		}
	} else if !filepath.IsAbs(path) {
		c.file = filepath.Join(filepath.Dir(r.path), path)
	}
	return err
}

// each goes through a map's entries.
func (r *reader) each(node ast.Node, what string, do func(key string, value ast.Node) error) error {
	var entries []*ast.MappingValueNode
	switch m := node.(type) {
	case *ast.MappingNode:
		entries = m.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{m}
	case *ast.NullNode:
		return nil
	default:
		return r.wrong(node.GetToken(), what+" has the form key: value")
	}
	for _, entry := range entries {
		name, ok := entry.Key.(ast.ScalarNode)
		if !ok {
			return r.wrong(entry.Key.GetToken(), "anchors, aliases and merges are not supported")
		}
		err := do(name.GetToken().Value, entry.Value)
		if errors.Is(err, errUnknown) {
			known := "current, contexts, theme"
			if what == "a context" {
				known = "brokers, properties, read_only, color"
			}
			return r.wrong(name.GetToken(), fmt.Sprintf("unknown key %q; %s can have %s", name.GetToken().Value, what, known))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// text is a scalar as it was written.
func (r *reader) text(node ast.Node, wanted string) (string, error) {
	switch scalar := node.(type) {
	case *ast.LiteralNode:
		return scalar.Value.Value, nil
	case *ast.NullNode:
		return "", nil
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return node.GetToken().Value, nil
	}
	return "", r.wrong(node.GetToken(), wanted)
}

func (r *reader) syntax(err error) error {
	var placed interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &placed) || placed.GetToken() == nil {
		return &FileError{Path: r.path, Line: 1, Column: 1, Problem: "this is not YAML"}
	}
	at := placed.GetToken()
	problem := placed.GetMessage()
	// A message may repeat what stands there, and that may be a password.
	if value := strings.TrimSpace(at.Value); len(value) > 1 && strings.Contains(problem, value) && !r.harmless(at.Position.Line) {
		problem = "this cannot be read as YAML"
	}
	return r.wrong(at, problem)
}

func (r *reader) wrong(at *token.Token, problem string) error {
	e := &FileError{Path: r.path, Problem: problem, Line: 1, Column: 1}
	if at == nil || at.Position == nil {
		return e
	}
	e.Line, e.Column = at.Position.Line, max(1, at.Position.Column)
	if e.Line < 1 || e.Line > len(r.lines) {
		return e
	}
	line := strings.ReplaceAll(strings.TrimRight(string(r.lines[e.Line-1]), "\r"), "\t", " ")
	if !r.harmless(e.Line) {
		key, _, hasKey := strings.Cut(line, ":")
		if !hasKey {
			return e
		}
		line = key + ": …"
	}
	e.Text = line
	return e
}

// harmless says whether a line can be shown: what contexts themselves are made
// of, not properties, which may be secret.
func (r *reader) harmless(line int) bool {
	if line < 1 || line > len(r.lines) {
		return false
	}
	key, value, _ := strings.Cut(strings.TrimSpace(string(r.lines[line-1])), ":")
	switch key {
	case "current", "theme", "contexts", "brokers", "read_only", "color":
		return true
	}
	return strings.TrimSpace(value) == "" && strings.HasSuffix(strings.TrimSpace(string(r.lines[line-1])), ":")
}
