//go:build !windows

package web

import "syscall"

// The port is taken, or the system keeps it for itself.
const addressInUse, notAllowed = syscall.EADDRINUSE, syscall.EACCES
