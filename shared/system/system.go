// Package system is what depends on the operating system: how it says that a port
// cannot be used, and how many connections it allows.
package system

// Connections is how many clients a server in this process may have at once. A
// request may need a connection to Redis, and if that is embedded, its other end
// too. The rest is for what every process has open.
func Connections() int { return min(2000, (openFiles()-16)/3) }
