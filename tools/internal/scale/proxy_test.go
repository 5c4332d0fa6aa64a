package scale

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// These servers do on purpose what real ones do once in a thousand requests.

// behindProxy serves a proxy in front of servers at these addresses, which it
// believes to be up.
func behindProxy(t *testing.T, addrs ...string) (address string) {
	t.Helper()
	var servers []*server
	for _, addr := range addrs {
		servers = append(servers, serverAt(addr, true))
	}
	return inFrontOf(t, servers...)
}

func serverAt(addr string, up bool) *server {
	s := &server{addr: addr}
	s.up.Store(up)
	return s
}

func inFrontOf(t *testing.T, servers ...*server) (address string) {
	t.Helper()
	front := httptest.NewServer(newProxy(servers, RestartAfter))
	t.Cleanup(front.Close)
	return front.URL
}

// echoServer answers with the body it gets, and counts.
func echoServer(t *testing.T) (addr string, requests *atomic.Int64) {
	t.Helper()
	requests = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		io.Copy(w, r.Body)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), requests
}

// brokenServer answers the first request, and ends each connection after it
// has read any further one, as a process does that is killed.
func brokenServer(t *testing.T) (addr string, requests *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	requests = new(atomic.Int64)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				for in := bufio.NewReader(connection); ; {
					if _, err := http.ReadRequest(in); err != nil || requests.Add(1) > 1 {
						return
					}
					io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				}
			}()
		}
	}()
	return listener.Addr().String(), requests
}

func closedAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func answerTo(t *testing.T, response *http.Response, err error) (status int, page string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestWhatADeadServerDidNotTakeGoesToAnother(t *testing.T) {
	t.Parallel()
	addr, requests := echoServer(t)
	home := behindProxy(t, closedAddr(t), addr)
	for n := int64(1); n <= 4; n++ {
		response, err := http.Post(home, "text/plain", strings.NewReader("username=aaa"))
		status, page := answerTo(t, response, err)
		if status != http.StatusOK || page != "username=aaa" || requests.Load() != n {
			t.Errorf("request %d: %d %q, and the server that lives has had %d", n, status, page, requests.Load())
		}
	}
}

func TestWhatAServerTookIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	broken, taken := brokenServer(t)
	other, others := echoServer(t)
	home := behindProxy(t, broken, other)
	var statuses []int
	for range 4 {
		response, err := http.Get(home)
		status, page := answerTo(t, response, err)
		statuses = append(statuses, status)
		if status == http.StatusBadGateway && (!strings.Contains(page, "did not answer it") || !strings.Contains(page, broken)) {
			t.Errorf("the page does not say what happened: %s", page)
		}
	}
	if statuses[0] != 200 || statuses[1] != 200 || statuses[2] != http.StatusBadGateway || statuses[3] != 200 {
		t.Errorf("answers %v, want 200, 200, 502, 200", statuses)
	}
	if taken.Load() != 2 || others.Load() != 2 {
		t.Errorf("of 4 requests one server had %d and the other %d, want 2 each", taken.Load(), others.Load())
	}
}

func TestWithoutAnyServerThePageSaysSo(t *testing.T) {
	t.Parallel()
	response, err := http.Get(behindProxy(t, closedAddr(t), closedAddr(t)))
	status, page := answerTo(t, response, err)
	if status != http.StatusServiceUnavailable || !strings.Contains(page, "No server is running") {
		t.Errorf("got %d: %s", status, page)
	}
	if response.Header.Get("Content-Security-Policy") == "" {
		t.Error("the page has no Content-Security-Policy")
	}
}

// A server that starts listens before its /healthz has answered.
func TestAServerThatIsNotUpIsNotAsked(t *testing.T) {
	t.Parallel()
	starting, early := echoServer(t)
	running, _ := echoServer(t)
	down := serverAt(starting, false)
	home := inFrontOf(t, down, serverAt(running, true), serverAt(closedAddr(t), true))
	for _, mode := range []string{"navigate", "cors", "navigate", "cors", "navigate"} {
		if status := getAs(t, home, mode, "1"); status != http.StatusOK || early.Load() > 0 {
			t.Errorf("%s: answer %d, and the server that is not up was asked %d times", mode, status, early.Load())
		}
	}
	down.up.Store(true)
	if getAs(t, home, "cors", "1"); early.Load() != 1 {
		t.Error("the server is up, and is not asked")
	}
}

// getAs sends a request of that Sec-Fetch-Mode, with the cookie of the proxy.
func getAs(t *testing.T, home, mode, cookie string) (status int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, home, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Mode", mode)
	r.AddCookie(&http.Cookie{Name: serverCookie, Value: cookie})
	response, err := http.DefaultClient.Do(r)
	status, _ = answerTo(t, response, err)
	return status
}

func TestACookieOfALargerProxyIsNoHarm(t *testing.T) {
	t.Parallel()
	addr, _ := echoServer(t)
	home := behindProxy(t, addr, addr)
	for _, value := range []string{"9", "0", "-1", "x", "99999999999999999999"} {
		if status := getAs(t, home, "cors", value); status != http.StatusOK {
			t.Errorf("with the cookie %s the answer is %d", value, status)
		}
	}
}
