// Package loopback gives tests addresses of this machine.
package loopback

import (
	"net"
	"testing"
)

// Free returns an address, host:port, on which no program listens now. Another test may
// take it, so it is only for a program that soon listens there.
func Free(t testing.TB) string {
	t.Helper()
	listener := listen(t)
	defer listener.Close()
	return listener.Addr().String()
}

// Closed returns an address, host:port, that refuses connections until the test has
// ended. No program can listen there, because a connection has that port.
func Closed(t testing.TB) string {
	t.Helper()
	listener := listen(t)
	t.Cleanup(func() { listener.Close() })
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String()
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}
