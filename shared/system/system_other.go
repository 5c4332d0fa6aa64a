//go:build !windows

package system

import "syscall"

// What a system reports of a port: no program listens there, it is taken, or the
// system keeps it for itself.
const ConnectionRefused, AddressInUse, NotAllowed = syscall.ECONNREFUSED, syscall.EADDRINUSE, syscall.EACCES

// openFiles is how many files and connections this process may have open.
func openFiles() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 1024
	}
	return int(min(limit.Cur, 1<<16))
}
