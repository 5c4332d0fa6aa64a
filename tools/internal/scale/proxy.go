package scale

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"example.com/session-workshop/shared/web"
)

// serverCookie tells the proxy which server made the page that a browser
// shows. Its value is the server's place in the row, 1 for the first.
const serverCookie = "workshop_server"

// answerWithin bounds the wait for a server that took a request. The apps
// answer within about a second, whatever Redis does.
const answerWithin = 4 * time.Second

// server is one of the web servers behind the proxy.
type server struct {
	addr string // host:port
	// up is false while there is no process to ask.
	up atomic.Bool
}

// proxy hands each request to one of the servers: page navigations to each in
// turn, and what a page loads to the server that made the page.
type proxy struct {
	servers   []*server
	transport *http.Transport
	// restartAfter is when a server that ended starts again.
	restartAfter time.Duration

	mu   sync.Mutex
	last int // the server that had the last turn
}

// newProxy returns a handler for requests to all of the servers. A request
// that reached a server is never sent a second time, because it may have
// counted a visit: if its answer does not come, the browser gets 502.
func newProxy(servers []*server, restartAfter time.Duration) http.Handler {
	p := &proxy{servers: servers, last: len(servers) - 1, restartAfter: restartAfter, transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: time.Second}).DialContext,
		ResponseHeaderTimeout: answerWithin,
		// On a connection that is used again, net/http repeats a GET whose answer
		// does not come. On a new one it does not.
		DisableKeepAlives: true,
		// An answer passes as it is.
		DisableCompression: true,
	}}
	reverse := &httputil.ReverseProxy{
		Transport: p,
		// The Host header stays what the browser sent. With another one, our
		// own forms would look to the servers as if from another site.
		Rewrite:        func(r *httputil.ProxyRequest) { r.Out.URL.Scheme = "http" },
		ModifyResponse: p.rememberServer,
		ErrorHandler:   showProxyError,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// No server waits for a client that is slow to send.
		if err := web.Receive(w, r); err != nil {
			showProxyError(w, r, err)
			return
		}
		reverse.ServeHTTP(w, r)
	})
}

// RoundTrip asks the server whose turn it is. Only if that takes no
// connection, so that nothing was sent to it, the next one is asked.
func (p *proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, s := range p.choose(r) {
		response, err := p.transport.RoundTrip(addressed(r, s))
		var failed *net.OpError
		switch {
		case err == nil:
			return response, nil
		case !errors.As(err, &failed) || failed.Op != "dial":
			return nil, broken(s.addr, err)
		}
	}
	return nil, noServer(p.restartAfter)
}

// addressed is a copy of a request for one server. Its body stays open when
// that server cannot be reached, for the next.
func addressed(r *http.Request, s *server) *http.Request {
	r = r.Clone(r.Context())
	r.URL.Host = s.addr
	if r.Body != nil {
		r.Body = io.NopCloser(r.Body)
	}
	return r
}

// choose returns the servers that are up, the one to ask first.
func (p *proxy) choose(r *http.Request) []*server {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.last
	if isNavigation(r) {
		first = p.nextUp()
		p.last = first
	} else if number, ok := p.serverOf(r); ok {
		first = number
	}
	var up []*server
	for i := range p.servers {
		if s := p.servers[(first+i)%len(p.servers)]; s.up.Load() {
			up = append(up, s)
		}
	}
	return up
}

// nextUp is the server after the one that had the last turn.
func (p *proxy) nextUp() int {
	next := p.last
	for range p.servers {
		next = (next + 1) % len(p.servers)
		if p.servers[next].up.Load() {
			break
		}
	}
	return next
}

// isNavigation reports whether a request is for a page that a user asked for,
// by a link, a form or a reload. Browsers say so
// (https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header); of what says
// nothing, like curl, each GET and POST is one.
func isNavigation(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return r.Method == http.MethodGet || r.Method == http.MethodPost
}

// serverOf reads the cookie. It may be that of another proxy, with more
// servers.
func (p *proxy) serverOf(r *http.Request) (int, bool) {
	cookie, err := r.Cookie(serverCookie)
	if err != nil {
		return 0, false
	}
	number, err := strconv.Atoi(cookie.Value)
	return number - 1, err == nil && number >= 1 && number <= len(p.servers)
}

func (p *proxy) rememberServer(response *http.Response) error {
	if !isNavigation(response.Request) {
		return nil
	}
	for i, s := range p.servers {
		if s.addr == response.Request.URL.Host {
			cookie := http.Cookie{Name: serverCookie, Value: strconv.Itoa(i + 1), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
			response.Header.Add("Set-Cookie", cookie.String())
		}
	}
	return nil
}

// failure is what the proxy answers in the place of a server.
type failure struct {
	status      int
	title, text string
	err         error
}

func (f failure) Error() string { return fmt.Sprintf("%s: %v", f.title, f.err) }

// Explain makes it a page.
func (f failure) Explain() (status int, title, text string) { return f.status, f.title, f.text }

func broken(addr string, err error) failure {
	return failure{http.StatusBadGateway, "The server broke off", fmt.Sprintf(
		"The server on %s took this request and did not answer it. It may have counted this visit, or not. "+
			"The proxy does not ask a second server: the visit could then count twice.", addr), err}
}

func noServer(restartAfter time.Duration) failure {
	return failure{http.StatusServiceUnavailable, "No server is running", fmt.Sprintf(
		"None of the servers behind this proxy takes requests. One that ended starts again after %v.", restartAfter), errors.New("none takes requests")}
}

// frame makes the proxy's own pages, and is used for nothing else.
var frame = web.New(nil)

func showProxyError(w http.ResponseWriter, r *http.Request, err error) {
	// A browser that went away reads no page.
	if r.Context().Err() != nil {
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'")
	frame.HTTPErrorHandler(err, frame.NewContext(r, w))
}
