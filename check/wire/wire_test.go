package wire_test

import (
	"io"
	"net"
	"testing"
	"time"

	"example.com/session-workshop/check/wire"
)

// echo answers each byte with the same byte.
func echo(t *testing.T) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return l.Addr().String()
}

func open(t *testing.T, delay time.Duration) (*wire.Wire, net.Conn) {
	t.Helper()
	w, err := wire.Open(echo(t), delay)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	conn, err := net.Dial("tcp", w.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return w, conn
}

func ask(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len(text))
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != text {
		t.Fatalf("the answer to %q is %q, %v", text, answer, err)
	}
}

func TestRoundTripsAreCounted(t *testing.T) {
	w, conn := open(t, 0)
	for range 3 {
		ask(t, conn, "one command or several that go together")
	}
	if got := w.RoundTrips(); got != 3 {
		t.Errorf("%d round trips, want 3", got)
	}
}

func TestTheDelayIsThatOfACable(t *testing.T) {
	const delay = 200 * time.Millisecond
	_, conn := open(t, delay)
	start := time.Now()
	// Sent without waiting, all are under way at the same time; one after the
	// other they would take ten times as long.
	for range 10 {
		if _, err := conn.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := io.ReadFull(conn, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < delay || took > 10*delay {
		t.Errorf("ten bytes took %v, want %v and a little", took, delay)
	}
}
