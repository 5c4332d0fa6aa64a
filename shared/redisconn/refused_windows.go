package redisconn

import "syscall"

// connectionRefused is what Windows reports, WSAECONNREFUSED. Its
// syscall.ECONNREFUSED is a number that no system call returns
// (https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2).
const connectionRefused = syscall.Errno(10061)
