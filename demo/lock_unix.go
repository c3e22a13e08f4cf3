//go:build unix

package demo

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the lock file at path for this process, without waiting:
// errLocked when another has it. The system lets it go when the process ends,
// however it ends. The file stays, as a sign that the folder is a demo's.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // the reason is in err
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return f.Close, nil
}
