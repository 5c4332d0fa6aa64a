//go:build !windows

package web

import "syscall"

const addressInUse = syscall.EADDRINUSE
