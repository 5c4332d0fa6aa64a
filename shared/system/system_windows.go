package system

import "syscall"

// What a system reports of a port, here WSAECONNREFUSED, WSAEADDRINUSE and WSAEACCES
// (https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2).
const ConnectionRefused, AddressInUse, NotAllowed = syscall.Errno(10061), syscall.Errno(10048), syscall.Errno(10013)

// openFiles is as good as unlimited here.
func openFiles() int { return 1 << 16 }
