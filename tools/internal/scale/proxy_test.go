package scale

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/check/loopback"
	"example.com/session-workshop/shared/web"
	"example.com/session-workshop/tools/internal/repotest"
)

// These servers reproduce failures that are rare with real ones.

// behindProxy serves a proxy in front of servers at these addresses, all of
// them marked as up.
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

// echoServer answers with the body of the request, and counts requests.
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

// brokenServer answers the first request. After that it reads each request and
// closes the connection, like a process that is killed.
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

func TestARequestThatADeadServerCouldNotReceiveGoesToAnother(t *testing.T) {
	t.Parallel()
	addr, requests := echoServer(t)
	home := behindProxy(t, loopback.Closed(t), addr)
	for n := int64(1); n <= 4; n++ {
		response, err := http.Post(home, "text/plain", strings.NewReader("username=aaa"))
		status, page := answerTo(t, response, err)
		if status != http.StatusOK || page != "username=aaa" || requests.Load() != n {
			t.Errorf("request %d: %d %q, and the living server received %d", n, status, page, requests.Load())
		}
	}
}

func TestARequestThatAServerReceivedIsNeverSentAgain(t *testing.T) {
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
		t.Errorf("of 4 requests one server received %d and the other %d, want 2 each", taken.Load(), others.Load())
	}
}

func TestThePageSaysThatNoServerIsRunning(t *testing.T) {
	t.Parallel()
	response, err := http.Get(behindProxy(t, loopback.Closed(t), loopback.Closed(t)))
	status, page := answerTo(t, response, err)
	if status != http.StatusServiceUnavailable || !strings.Contains(page, "No server is running") {
		t.Errorf("got %d: %s", status, page)
	}
	if response.Header.Get("Content-Security-Policy") == "" {
		t.Error("the page has no Content-Security-Policy")
	}
}

// A server that starts listens before its /healthz has answered.
func TestAServerThatIsNotUpGetsNoRequests(t *testing.T) {
	t.Parallel()
	starting, early := echoServer(t)
	running, _ := echoServer(t)
	down := serverAt(starting, false)
	home := inFrontOf(t, down, serverAt(running, true), serverAt(loopback.Closed(t), true))
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

// getAs sends a request with this Sec-Fetch-Mode and this cookie of the proxy.
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

func TestAnInvalidServerCookieIsIgnored(t *testing.T) {
	t.Parallel()
	addr, _ := echoServer(t)
	home := behindProxy(t, addr, addr)
	for _, value := range []string{"9", "0", "-1", "x", "99999999999999999999"} {
		if status := getAs(t, home, "cors", value); status != http.StatusOK {
			t.Errorf("with the cookie %s the answer is %d", value, status)
		}
	}
}

func TestTheCookieOfTheProxy(t *testing.T) {
	t.Parallel()
	addr, _ := echoServer(t)
	response, err := http.Get(behindProxy(t, addr))
	answerTo(t, response, err)
	cookies := response.Cookies()
	if len(cookies) != 1 || cookies[0].Name != serverCookie || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Path != "/" {
		t.Errorf("the cookies are %v", cookies)
	}
}

// send sends a request with more headers, given as pairs of name and value.
func send(t *testing.T, visitor *repotest.Visitor, method, address, body string, headers ...string) (status int, page string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := visitor.Do(r)
	return answerTo(t, response, err)
}

func TestThePartsOfAPageComeFromItsServer(t *testing.T) {
	t.Parallel()
	servers := map[string]*httptest.Server{}
	var addrs []string
	for range 3 {
		s := httptest.NewServer(nil)
		addr := s.Listener.Addr().String()
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, addr) })
		t.Cleanup(s.Close)
		servers[addr], addrs = s, append(addrs, addr)
	}
	home := behindProxy(t, addrs...)
	visitor, other := repotest.NewVisitor(t), repotest.NewVisitor(t)
	seen := map[string]bool{}
	var page string
	for range 3 {
		_, page = send(t, visitor, http.MethodGet, home, "", "Sec-Fetch-Mode", "navigate")
		seen[page] = true
		for _, mode := range []string{"cors", "no-cors", "same-origin", "cors"} {
			if _, loaded := send(t, visitor, http.MethodGet, home, "", "Sec-Fetch-Mode", mode); loaded != page {
				t.Errorf("%s served the page, and %s what it loaded (Sec-Fetch-Mode: %s)", page, loaded, mode)
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("three pages came from %v, want three servers: the parts of a page must not take a turn", seen)
	}
	// A page of another visitor takes the next turn, so ours is not always the
	// last.
	send(t, other, http.MethodGet, home, "")
	if _, loaded := send(t, visitor, http.MethodGet, home, "", "Sec-Fetch-Mode", "cors"); loaded != page {
		t.Errorf("%s served the page, and %s what it loaded after another visitor's page", page, loaded)
	}
	servers[page].Close()
	if status, loaded := send(t, visitor, http.MethodGet, home, "", "Sec-Fetch-Mode", "cors"); status != http.StatusOK || loaded == page {
		t.Errorf("with the server of the page dead the answer is %d from %s", status, loaded)
	}
}

// Our apps compare the Origin of a form with the Host header.
func TestTheHostHeaderIsKept(t *testing.T) {
	t.Parallel()
	e := web.New(nil)
	e.POST("/login", func(c echo.Context) error { return c.String(http.StatusOK, c.FormValue("username")) })
	app := httptest.NewServer(e)
	t.Cleanup(app.Close)
	home := behindProxy(t, app.Listener.Addr().String())
	form := url.Values{"username": {"aaa"}}.Encode()
	for _, c := range []struct {
		status  int
		headers []string
	}{
		{http.StatusForbidden, []string{"Origin", "http://evil.example"}},
		{http.StatusForbidden, []string{"Origin", "http://127.0.0.1:1"}},
		{http.StatusForbidden, []string{"Origin", home, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}},
		// Without Sec-Fetch-Site the app can only compare Origin with Host.
		{http.StatusOK, []string{"Origin", home}},
		{http.StatusOK, []string{"Origin", home, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate"}},
	} {
		headers := append(c.headers, "Content-Type", "application/x-www-form-urlencoded")
		if status, page := send(t, repotest.NewVisitor(t), http.MethodPost, home+"/login", form, headers...); status != c.status {
			t.Errorf("a form with %v got %d: %s", c.headers, status, page)
		}
	}
}

func TestThePageOfTheProxyIsInTheLanguageOfTheBrowser(t *testing.T) {
	t.Parallel()
	broken, _ := brokenServer(t)
	home, none := behindProxy(t, broken), behindProxy(t, loopback.Closed(t))
	visitor := repotest.NewVisitor(t)
	send(t, visitor, http.MethodGet, home, "")
	for address, want := range map[string]string{home: "サーバーが応答しませんでした", none: "動いているサーバーがありません"} {
		_, page := send(t, visitor, http.MethodGet, address, "", "Accept-Language", "ja,en;q=0.5")
		if !strings.Contains(page, want) || !strings.Contains(page, `lang="ja"`) {
			t.Errorf("want %q: %s", want, page)
		}
	}
}
