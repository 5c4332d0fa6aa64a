package web

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

// forever is longer than any of these tests waits.
const forever = time.Hour

// serveReal serves an app as Serve does, with limits that a test has changed.
func serveReal(t *testing.T, change func(), add func(e *echo.Echo)) (addr string, stop func() error) {
	t.Helper()
	before := limits
	change()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := New(nil)
	if add != nil {
		add(e)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, e, listener) }()
	var answer error
	stopOnce := func() error {
		if ctx.Err() == nil {
			cancel()
			answer = <-ended
		}
		return answer
	}
	t.Cleanup(func() {
		_ = stopOnce()
		limits = before
	})
	return listener.Addr().String(), stopOnce
}

// slow are clients that never send a whole request: what each sends first, and what it
// then repeats.
var slow = map[string][2]string{
	"headers":                          {"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ", "a"},
	"a body":                           {"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n", "a"},
	"a body in chunks":                 {"POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"},
	"a body to an unknown path":        {"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n", "a"},
	"a body with a GET":                {"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n", "a"},
	"a body from another site":         {"POST / HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 60000\r\n\r\n", "a"},
	"the second request on connection": {"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nPOST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n", "a"},
	"nothing":                          {"", ""},
}

// drip opens a connection, sends first, and then repeats more until it is closed.
func drip(t *testing.T, addr, first, more string) (closed <-chan struct{}) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, first); err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	go func() {
		defer close(end)
		_, _ = io.Copy(io.Discard, conn)
	}()
	go func() {
		for pause := time.NewTicker(5 * time.Millisecond); ; <-pause.C {
			if _, err := io.WriteString(conn, more); err != nil {
				return
			}
			select {
			case <-end:
				return
			default:
			}
		}
	}()
	return end
}

func mustHappen(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("after a minute it is still not true that %s", what)
	}
}

func TestAClientThatIsSlowToSendIsCutOff(t *testing.T) {
	for name, sends := range slow {
		t.Run(name, func(t *testing.T) {
			addr, _ := serveReal(t, func() { limits.headers, limits.request = 50*time.Millisecond, 100*time.Millisecond }, nil)
			mustHappen(t, "the connection is closed", drip(t, addr, sends[0], sends[1]))
		})
	}
}

func TestABodyThatIsLateOrTooLargeIsRefused(t *testing.T) {
	addr, _ := serveReal(t, func() { limits.request = 100 * time.Millisecond }, func(e *echo.Echo) {
		e.POST("/login", func(echo.Context) error {
			t.Error("the handler ran")
			return nil
		})
	})
	for body, want := range map[string]string{"": "408", strings.Repeat("a", maxBytes+1): "413"} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go io.WriteString(conn, "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 600000\r\n\r\n"+body)
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.Contains(line, want) {
			t.Errorf("%d bytes of a body: %q, %v, want %s", len(body), line, err, want)
		}
	}
}

// large adds a page that is larger than the buffers of a connection.
func large(done chan struct{}) func(e *echo.Echo) {
	return func(e *echo.Echo) {
		e.GET("/large", func(c echo.Context) error {
			defer close(done)
			return c.Blob(http.StatusOK, "text/plain", make([]byte, 64<<20))
		})
	}
}

func TestAClientThatDoesNotReadTheAnswerIsCutOff(t *testing.T) {
	done := make(chan struct{})
	addr, _ := serveReal(t, func() { limits.answer = 100 * time.Millisecond }, large(done))
	ask(t, addr, "/large")
	mustHappen(t, "the handler has ended", done)
}

// ask sends a request and does not read the answer.
func ask(t *testing.T, addr, path string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestTheEndIsCleanDespiteSlowClients(t *testing.T) {
	entered, released, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	addr, stop := serveReal(t, func() { limits.headers, limits.request, limits.answer = forever, forever, forever }, func(e *echo.Echo) {
		large(done)(e)
		e.GET("/slow", func(c echo.Context) error {
			close(entered)
			<-released
			return c.String(http.StatusOK, "done\n")
		})
	})
	for _, sends := range slow {
		drip(t, addr, sends[0], sends[1])
	}
	ask(t, addr, "/large")
	inFlight := ask(t, addr, "/slow")
	mustHappen(t, "the request is in flight", entered)
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	close(released)
	if all, err := io.ReadAll(inFlight); err != nil || !strings.HasSuffix(string(all), "done\n") {
		t.Errorf("the request in flight got %q, %v", all, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("not a clean end: %v", err)
	}
}

func TestAFloodOfConnectionsLeavesRoomForTheNext(t *testing.T) {
	entered, released := make(chan struct{}), make(chan struct{})
	addr, _ := serveReal(t, func() {
		limits.headers, limits.request, limits.connections = forever, forever, 4
	}, func(e *echo.Echo) {
		e.GET("/slow", func(c echo.Context) error {
			close(entered)
			<-released
			return c.String(http.StatusOK, "done\n")
		})
	})
	inFlight := ask(t, addr, "/slow")
	mustHappen(t, "the request is in flight", entered)
	for range 3 {
		for _, sends := range slow {
			drip(t, addr, sends[0], sends[1])
		}
		do(t, http.MethodGet, "http://"+addr+"/healthz")
		http.DefaultClient.CloseIdleConnections()
	}
	close(released)
	reply := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(inFlight, reply); err != nil {
		t.Errorf("the request in flight was cut off: %v", err)
	}
}

// The system may hand over the last connection when the end has begun.
func TestAConnectionThatComesAtTheEndIsClosed(t *testing.T) {
	open := connections{since: map[net.Conn]time.Time{}, limit: limits.connections}
	waiting, _ := net.Pipe()
	last, client := net.Pipe()
	open.stateChanged(waiting, http.StateNew)
	open.closeWaiting()
	open.stateChanged(last, http.StateNew)
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("it is still open: %v", err)
	}
}
