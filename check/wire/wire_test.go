package wire_test

import (
	"io"
	"net"
	"testing"
	"time"

	"example.com/session-workshop/check/wire"
)

// echo starts a server that sends back what it gets, and also sends it to seen.
func echo(t *testing.T, seen chan<- string) (addr string) {
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
				for buffer := make([]byte, 1<<10); ; {
					n, err := conn.Read(buffer)
					if err != nil {
						return
					}
					select {
					case seen <- string(buffer[:n]):
					default:
					}
					_, _ = conn.Write(buffer[:n])
				}
			}()
		}
	}()
	return l.Addr().String()
}

func open(t *testing.T, delay time.Duration) (*wire.Wire, net.Conn) {
	t.Helper()
	return openTo(t, echo(t, nil), delay)
}

func openTo(t *testing.T, server string, delay time.Duration) (*wire.Wire, net.Conn) {
	t.Helper()
	w, err := wire.Open(server, delay)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w, dial(t, w)
}

func dial(t *testing.T, w *wire.Wire) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", w.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
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
	if got := w.During(func() { ask(t, conn, "once more") }); got != 1 {
		t.Errorf("During says %d round trips, want 1", got)
	}
	if got := w.Connections(); got != 1 {
		t.Errorf("%d connections, want 1", got)
	}
}

func TestTheReplyToOneRequestIsLost(t *testing.T) {
	w, conn := open(t, 0)
	w.Lose(2)
	ask(t, conn, "first")
	if _, err := conn.Write([]byte("second")); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("after the second request came %q, %v; want the end of the connection", rest, err)
	}
}

func TestOneRequestIsLost(t *testing.T) {
	seen := make(chan string, 10)
	w, conn := openTo(t, echo(t, seen), 0)
	w.Cut(2)
	ask(t, conn, "first")
	if _, err := conn.Write([]byte("second")); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("after the second request came %q, %v; want the end of the connection", rest, err)
	}
	ask(t, dial(t, w), "third")
	if one, two := <-seen, <-seen; one != "first" || two != "third" {
		t.Errorf("the server got %q and %q, want the first and the third request", one, two)
	}
}

func TestOneRequestIsHeld(t *testing.T) {
	expectHeld(t, (*wire.Wire).Hold, false)
}

func TestOneReplyIsHeld(t *testing.T) {
	expectHeld(t, (*wire.Wire).HoldReply, true)
}

// expectHeld expects the second request or its reply to wait, and another
// connection to go on meanwhile.
func expectHeld(t *testing.T, hold func(*wire.Wire, int) *wire.Held, serverHasIt bool) {
	seen := make(chan string, 10)
	w, conn := openTo(t, echo(t, seen), 0)
	held := hold(w, 2)
	ask(t, conn, "first")
	if _, err := conn.Write([]byte("second")); err != nil {
		t.Fatal(err)
	}
	<-held.Arrived()
	ask(t, dial(t, w), "another")
	want := []string{"first", "another"}
	if serverHasIt {
		want = []string{"first", "second", "another"}
	}
	for _, text := range want {
		if got := <-seen; got != text {
			t.Errorf("the server got %q, want %q", got, text)
		}
	}
	held.Release()
	answer := make([]byte, len("second"))
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "second" {
		t.Errorf("after the release the answer is %q, %v", answer, err)
	}
}

func TestARequestReleasedInAdvanceIsNotHeld(t *testing.T) {
	w, conn := open(t, 0)
	w.Hold(1).Release()
	ask(t, conn, "first")
}

func TestLeadChangesOnlyNewConnections(t *testing.T) {
	one, two := make(chan string, 10), make(chan string, 10)
	w, old := openTo(t, echo(t, one), 0)
	ask(t, old, "first")
	w.Lead(echo(t, two))
	ask(t, old, "second")
	ask(t, dial(t, w), "third")
	if a, b, c := <-one, <-one, <-two; a != "first" || b != "second" || c != "third" {
		t.Errorf("one server got %q and %q, and the other %q", a, b, c)
	}
}

func TestDelayedBytesTravelTogether(t *testing.T) {
	const delay = 200 * time.Millisecond
	_, conn := open(t, delay)
	start := time.Now()
	// The bytes are under way at the same time. One after the other they would take
	// ten times as long.
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
