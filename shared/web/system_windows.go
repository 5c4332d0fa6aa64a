package web

import "syscall"

// They are what Windows reports, WSAEADDRINUSE and WSAEACCES, the second for
// ports that the system reserves
// (https://learn.microsoft.com/en-us/windows/win32/winsock/windows-sockets-error-codes-2).
const addressInUse, notAllowed = syscall.Errno(10048), syscall.Errno(10013)
