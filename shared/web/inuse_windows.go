package web

import "syscall"

// addressInUse is what Windows reports, WSAEADDRINUSE
// (https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2).
const addressInUse = syscall.Errno(10048)
