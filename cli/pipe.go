package cli

// A reader of stdout that has seen enough, as head has: no error, but the end.

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
)

// errnoNoData is what Windows says of a closed pipe (ERROR_NO_DATA).
const errnoNoData = syscall.Errno(232)

// ignoreClosedPipe makes nothing of a reader that has seen enough.
func ignoreClosedPipe(err error) error {
	if isClosedPipe(err) {
		return nil
	}
	return err
}

// readerLeft tells whether what a command failed with is that its reader left. A
// broker's broken connection is not meant: that is no file.
func readerLeft(err error) bool {
	var file *fs.PathError
	return errors.As(err, &file) && isClosedPipe(file)
}

func isClosedPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, errnoNoData)
}
