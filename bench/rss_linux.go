package main

import (
	"os"
	"syscall"
)

// maxRSS is the most memory that a finished process had resident, in bytes.
func maxRSS(s *os.ProcessState) int64 {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss << 10 // Linux counts in KiB
	}
	return 0
}
