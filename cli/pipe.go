package cli

import (
	"errors"
	"io"
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

func isClosedPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, errnoNoData)
}
