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

	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/web"
)

// serverCookie tells the proxy which server made the page in the browser. Its
// value is the number of the server, 1 for the first.
const serverCookie = "workshop_server"

// answerWithin limits the wait for the answer of a server. The apps answer
// within about a second, whatever Redis does.
const answerWithin = 4 * time.Second

// server is one of the web servers behind the proxy.
type server struct {
	addr string // host:port
	// up is false while the server has no process that answers.
	up atomic.Bool
}

// proxy passes each request to one of the servers: page navigations to each
// server in turn, and the other requests of a page to the server that made the
// page.
type proxy struct {
	servers   []*server
	transport *http.Transport
	// restartAfter is the time until a server that ended starts again.
	restartAfter time.Duration

	mu   sync.Mutex
	last int // the server of the last navigation
}

// newProxy returns a handler that passes requests to these servers. It never
// sends a request a second time after a server has received it, because the
// visit may have been counted: if no answer comes, the browser gets 502.
func newProxy(servers []*server, restartAfter time.Duration) http.Handler {
	p := &proxy{servers: servers, last: len(servers) - 1, restartAfter: restartAfter, transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: time.Second}).DialContext,
		ResponseHeaderTimeout: answerWithin,
		// On a reused connection, net/http repeats a GET that got no answer. On
		// a new one it does not.
		DisableKeepAlives: true,
		// The answer is passed on unchanged.
		DisableCompression: true,
	}}
	reverse := &httputil.ReverseProxy{
		Transport: p,
		// The Host header stays what the browser sent. With another one, the
		// servers would take our own forms for those of another site.
		Rewrite:        func(r *httputil.ProxyRequest) { r.Out.URL.Scheme = "http" },
		ModifyResponse: p.rememberServer,
		ErrorHandler:   showProxyError,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A client that sends slowly must not occupy a server.
		if err := web.Receive(w, r); err != nil {
			showProxyError(w, r, err)
			return
		}
		reverse.ServeHTTP(w, r)
	})
}

// RoundTrip sends a request to the server whose turn it is. It tries the next
// one only if the connection fails, because then nothing was sent.
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

// addressed returns a copy of a request for one server. The body stays open, so
// that the next server can get it if this one is unreachable.
func addressed(r *http.Request, s *server) *http.Request {
	r = r.Clone(r.Context())
	r.URL.Host = s.addr
	if r.Body != nil {
		r.Body = io.NopCloser(r.Body)
	}
	return r
}

// choose returns the servers that are up, in the order in which to try them.
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

// nextUp returns the next server that is up, after the one that had the last
// turn.
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

// isNavigation reports whether the user asked for a page, by a link, a form or
// a reload. Browsers say so in a header
// (https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header). A client
// without that header, such as curl, navigates with each GET and POST.
func isNavigation(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return r.Method == http.MethodGet || r.Method == http.MethodPost
}

// serverOf reads the number of a server from the cookie, which another proxy
// with more servers may have set.
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

// failure is an error that the proxy answers itself.
type failure struct {
	status      int
	title, text lang.Text
	err         error
}

func (f failure) Error() string { return fmt.Sprintf("%s: %v", f.title.EN, f.err) }

// Explain returns the content of the error page.
func (f failure) Explain() (status int, title, text lang.Text) {
	return f.status, f.title, f.text
}

func broken(addr string, err error) failure {
	return failure{http.StatusBadGateway, lang.T("The server did not answer", "サーバーが応答しませんでした"), lang.T(
		"The server on %s received this request and did not answer it. It may or may not have counted this visit. "+
			"The proxy does not ask a second server, because the visit could then count twice.",
		"%s のサーバーは、このリクエストを受け取りましたが、応答しませんでした。このアクセスが数えられたかどうかはわかりません。"+
			"2 回数えられるおそれがあるので、プロキシはほかのサーバーに送り直しません。", addr), err}
}

func noServer(restartAfter time.Duration) failure {
	return failure{http.StatusServiceUnavailable, lang.T("No server is running", "動いているサーバーがありません"), lang.T(
		"No server behind this proxy accepts requests. A server that ended starts again after %v s.",
		"このプロキシの後ろに、リクエストを受け付けるサーバーがありません。終了したサーバーは %v 秒後に再起動します。", restartAfter.Seconds()), errors.New("no server accepts requests")}
}

// frame renders only the error pages of the proxy.
var frame = web.New(nil)

func showProxyError(w http.ResponseWriter, r *http.Request, err error) {
	// The browser has gone away and reads no page.
	if r.Context().Err() != nil {
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'")
	frame.HTTPErrorHandler(err, frame.NewContext(r, w))
}
