//go:build !windows

package system

import "syscall"

// The errors for a port on which no program listens, that is taken, or that the system
// reserves.
const ConnectionRefused, AddressInUse, NotAllowed = syscall.ECONNREFUSED, syscall.EADDRINUSE, syscall.EACCES

// openFiles is how many files and connections this process may have open at once.
func openFiles() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 1024
	}
	return int(min(limit.Cur, 1<<16))
}
