package loopback

import (
	"net"
	"testing"
)

func TestNobodyCanListenOnAClosedAddress(t *testing.T) {
	addr := Closed(t)
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Errorf("%s answers", addr)
	}
	if listener, err := net.Listen("tcp", addr); err == nil {
		listener.Close()
		t.Errorf("a program can listen on %s", addr)
	}
}

func TestAProgramCanListenOnAFreeAddress(t *testing.T) {
	listener, err := net.Listen("tcp", Free(t))
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}
