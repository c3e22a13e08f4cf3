package demo

// Where the broker keeps its data: in a folder, or in memory where it cannot.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errNoFolder says why a demo cannot keep its data in a folder here.
var errNoFolder = errors.New("this system does not rename a file that is open, and the demo's broker needs that to keep its data: leave out the folder, and the data stays in memory")

// renames tells whether a file in dir can be renamed while it is open. kfake
// replaces its files that way, and Windows refuses it (a sharing violation).
// A variable, so that a test can be on such a system.
var renames = func(dir string) bool {
	f, err := os.CreateTemp(dir, "rename-*")
	if err != nil {
		return false
	}
	renamed := f.Name() + ".renamed"
	err = os.Rename(f.Name(), renamed)
	f.Close()
	os.Remove(f.Name())
	os.Remove(renamed)
	return err == nil
}

// temporary makes a folder that Close removes; "" where only memory will do.
func temporary() (string, error) {
	dir, err := os.MkdirTemp("", "milena-demo-")
	if err != nil || renames(dir) {
		return dir, err
	}
	return "", os.Remove(dir)
}

// claim makes dir this process's own until the returned function is called.
// It refuses a folder in which something other than a demo cluster lives, and
// any folder on a system where the broker cannot use one.
func claim(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	const lockName = "milena-demo.lock"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	ours := len(entries) == 0
	for _, e := range entries {
		ours = ours || e.Name() == lockName
	}
	if !ours {
		return nil, fmt.Errorf("folder %s contains other files: choose an empty one, or one that a demo made", dir)
	}
	if !renames(dir) {
		return nil, errNoFolder
	}
	unlock, err = lock(filepath.Join(dir, lockName))
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("folder %s is in use by another demo: close that one, or choose another folder", dir)
	}
	return unlock, err
}
