//go:build !unix

package cli

import (
	"context"
	"os"
)

// readerGone is false: here only a write finds out.
func readerGone(context.Context, *os.File) bool { return false }
