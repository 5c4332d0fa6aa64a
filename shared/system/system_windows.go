package system

import "syscall"

// WSAECONNREFUSED, WSAEADDRINUSE and WSAEACCES
// (https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2).
const ConnectionRefused, AddressInUse, NotAllowed = syscall.Errno(10061), syscall.Errno(10048), syscall.Errno(10013)

// openFiles is the most that other systems allow here: Windows has no such limit.
func openFiles() int { return 1 << 16 }
