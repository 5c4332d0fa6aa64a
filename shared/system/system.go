// Package system holds what depends on the operating system: its errors for a port
// that cannot be used, and how many connections it allows.
package system

// Connections is how many clients a server in this process may have at once. With an
// embedded Redis each needs three files: for itself, and for both ends of a connection
// to Redis. 16 are for other files of the process.
func Connections() int { return min(2000, (openFiles()-16)/3) }
