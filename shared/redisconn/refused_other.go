//go:build !windows

package redisconn

import "syscall"

const connectionRefused = syscall.ECONNREFUSED
