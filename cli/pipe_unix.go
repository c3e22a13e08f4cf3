//go:build unix

package cli

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// readerGone waits until nobody reads the pipe any more: a tail that has nothing
// to write would not notice otherwise. It is false when ctx ends before.
func readerGone(ctx context.Context, pipe *os.File) bool {
	info, err := pipe.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return false
	}
	done, end, err := os.Pipe() // closed with ctx, so that the wait ends
	if err != nil {
		return false
	}
	defer done.Close() //nolint:errcheck // nothing was written to it
	stop := context.AfterFunc(ctx, func() { _ = end.Close() })
	defer func() {
		if stop() {
			_ = end.Close()
		}
	}()
	fds := []unix.PollFd{{Fd: int32(pipe.Fd())}, {Fd: int32(done.Fd()), Events: unix.POLLIN}}
	for {
		switch _, err := unix.Poll(fds, -1); {
		case err == unix.EINTR:
			continue
		case err != nil || fds[1].Revents != 0:
			return false
		}
		return fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
	}
}
