package archive

// A file that is there whole or not at all: written under another name in the
// same folder, and renamed when it is complete and on the disk.
//
// No library, after a look: renameio leaves Windows out, natefinch/atomic wants
// a Reader to copy from, and neither can refuse to overwrite. What is left to be
// written is a link in place of the rename.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Create begins a file that its owner alone may read (0600), as what is in it
// was under Kafka's permissions, not under this machine's. With overwrite it
// takes the place of one that is there; without, that is an error now, and also
// when the file is completed and one has appeared meanwhile: errors.Is
// fs.ErrExist.
func Create(name string, overwrite bool) (*PendingFile, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link stays one
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s cannot be replaced: it is not a regular file", path)
	case !overwrite:
		return nil, exists(path)
	}
	p := &PendingFile{path: path, overwrite: overwrite}
	if p.f, err = os.CreateTemp(filepath.Dir(path), ".milena-*.part"); err != nil { // 0600
		return nil, p.named(err)
	}
	return p, nil
}

func exists(path string) error { return &fs.PathError{Op: "write", Path: path, Err: fs.ErrExist} }

// PendingFile is a file that is being written. It ends with Complete or with
// Discard.
type PendingFile struct {
	path      string
	overwrite bool
	f         *os.File
}

// Path is where the file will be, whole.
func (p *PendingFile) Path() string { return p.path }

// Write appends to the file.
func (p *PendingFile) Write(b []byte) (int, error) {
	n, err := p.f.Write(b)
	return n, p.named(err)
}

// named is an error under the name that a person knows.
func (p *PendingFile) named(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return &fs.PathError{Op: path.Op, Path: p.path, Err: path.Err}
	}
	return err
}

// Complete puts the file in its place. When it fails, nothing is left behind.
func (p *PendingFile) Complete() error {
	err := p.f.Sync()
	if closed := p.f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = p.place()
	}
	if err != nil {
		return errors.Join(p.named(err), p.remove())
	}
	return nil
}

// place gives the file its name.
func (p *PendingFile) place() error {
	if p.overwrite {
		return os.Rename(p.f.Name(), p.path)
	}
	// A link, unlike a rename, fails when the name is taken.
	err := os.Link(p.f.Name(), p.path)
	switch {
	case err == nil:
		return p.remove()
	case errors.Is(err, fs.ErrExist):
		return exists(p.path)
	}
	// This file system has no links: the name is looked at first.
	if _, err := os.Lstat(p.path); err == nil {
		return exists(p.path)
	}
	return os.Rename(p.f.Name(), p.path)
}

// Discard gives the file up; nothing of it is left.
func (p *PendingFile) Discard() error {
	p.f.Close()
	return p.remove()
}

func (p *PendingFile) remove() error {
	if err := os.Remove(p.f.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the unfinished file could not be removed: %w", err)
	}
	return nil
}
