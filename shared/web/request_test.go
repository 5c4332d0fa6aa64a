package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
)

func TestAPrefetchChangesNothing(t *testing.T) {
	for _, header := range [][2]string{
		{"Sec-Purpose", "prefetch;prerender"}, {"Sec-Purpose", "prefetch"}, {"Purpose", "prefetch"}, {"X-Purpose", "preview"}, {"X-Moz", "prefetch"},
	} {
		for _, path := range []string{"/", "/logout", "/nowhere"} {
			server := serveTest(t, func(e *echo.Echo) {
				for _, path := range []string{"/", "/logout"} {
					e.GET(path, func(echo.Context) error {
						t.Errorf("%s ran for %q", path, header)
						return nil
					})
				}
			})
			response, _ := do(t, http.MethodGet, server.URL+path, header[0], header[1])
			if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("GET %s with %q: %d %v", path, header, response.StatusCode, response.Header)
			}
		}
	}
}

// configured is an app that takes a form, with settings.
func configured(t *testing.T, cfg config.Config) *httptest.Server {
	t.Helper()
	return serveTest(t, func(e *echo.Echo) {
		Configure(e, cfg)
		e.POST("/login", func(c echo.Context) error { return c.String(http.StatusOK, "taken") })
		e.GET("/", func(c echo.Context) error { return c.String(http.StatusOK, "seen") })
	})
}

func parsed(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// By default nginx sends the Host of the app, as this proxy does.
func TestAFormOfThePublicSiteIsOurOwnBehindAProxyThatRewritesHost(t *testing.T) {
	const public = "https://shop.example"
	app := configured(t, config.Config{Host: "127.0.0.1", PublicURL: parsed(t, public)})
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(parsed(t, app.URL))
	}})
	t.Cleanup(proxy.Close)
	for _, c := range []struct {
		origin, site string
		want         int
	}{
		{public, "same-origin", http.StatusOK},
		{public, "", http.StatusOK},
		{"", "", http.StatusOK},
		{"https://evil.example", "", http.StatusForbidden},
		{"http://shop.example", "", http.StatusForbidden},
		{public, "cross-site", http.StatusForbidden},
	} {
		var headers []string
		for name, value := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.site} {
			if value != "" {
				headers = append(headers, name, value)
			}
		}
		if response, _ := do(t, http.MethodPost, proxy.URL+"/login", headers...); response.StatusCode != c.want {
			t.Errorf("Origin %q, Sec-Fetch-Site %q: %d, want %d", c.origin, c.site, response.StatusCode, c.want)
		}
	}
}

func TestAnAppOnLoopbackKnowsItsNames(t *testing.T) {
	private := config.Config{Host: "127.0.0.1"}
	published := config.Config{Host: "127.0.0.1", PublicURL: parsed(t, "https://shop.example")}
	everywhere := config.Config{Host: "0.0.0.0"}
	for _, c := range []struct {
		cfg  config.Config
		host string
		want int
	}{
		{private, "localhost:8080", http.StatusOK},
		{private, "127.0.0.1", http.StatusOK},
		{private, "127.1.2.3:9", http.StatusOK},
		{private, "[::1]:5000", http.StatusOK},
		{private, "step3.LOCALHOST:5000", http.StatusOK},
		{private, "localhost.:5000", http.StatusOK},
		{private, "app.localhost.", http.StatusOK},
		{private, "0.0.0.0:5000", http.StatusMisdirectedRequest},
		{private, "localhost.evil.example.", http.StatusMisdirectedRequest},
		{private, "evillocalhost", http.StatusMisdirectedRequest},
		{private, "shop.example", http.StatusMisdirectedRequest},
		{private, "192.168.1.5:5000", http.StatusMisdirectedRequest},
		{private, "localhost.evil.example", http.StatusMisdirectedRequest},
		{published, "Shop.example", http.StatusOK},
		{published, "shop.example:443", http.StatusOK},
		{published, "shop.example:80", http.StatusMisdirectedRequest},
		{published, "127.0.0.1:5000", http.StatusOK},
		{published, "other.example", http.StatusMisdirectedRequest},
		{everywhere, "192.168.1.5:5000", http.StatusOK},
	} {
		app := configured(t, c.cfg)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, app.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = c.host
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != c.want {
			t.Errorf("HOST=%s PUBLIC_URL=%v, asked for %s: %d, want %d", c.cfg.Host, c.cfg.PublicURL, c.host, response.StatusCode, c.want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "http://shop.example/", nil)
	e := New(nil)
	Configure(e, private)
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, r)
	if page := answer.Body.String(); !strings.Contains(page, ">PUBLIC_URL=https://") || answer.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("the page does not say what to set: %s", page)
	}
}

func TestOnlyAnAppBehindHTTPSSendsHSTS(t *testing.T) {
	for address, want := range map[string]bool{"https://shop.example": true, "http://shop.example": false} {
		app := configured(t, config.Config{Host: "127.0.0.1", PublicURL: parsed(t, address)})
		for _, path := range []string{"/", "/nowhere", "/assets/style.css"} {
			response, _ := do(t, http.MethodGet, app.URL+path)
			if got := response.Header.Get("Strict-Transport-Security") != ""; got != want {
				t.Errorf("%s behind %s: HSTS is %v", path, address, got)
			}
		}
	}
}

func TestTwoCookiesOfOneNameAreReported(t *testing.T) {
	server := serveTest(t, func(e *echo.Echo) {
		SetLogin(e, Login{Cookie: "login"})
		e.GET("/", func(c echo.Context) error { return c.String(http.StatusOK, "seen") })
	})
	for cookies, want := range map[string]int{
		"login=a; login=b": http.StatusConflict, "login=a; other=x; login=b": http.StatusConflict,
		"login=a; login=a; login=b": http.StatusConflict, "login=; login=a": http.StatusConflict,
		"login=a; login=a": http.StatusOK, "login=a; login=a; login=a": http.StatusOK, "login=a; other=b; other=c": http.StatusOK, "login=a": http.StatusOK,
	} {
		response, body := do(t, http.MethodGet, server.URL, "Cookie", cookies)
		if response.StatusCode != want || want == http.StatusConflict && !strings.Contains(body, "Delete the cookies of this site") {
			t.Errorf("%s: %d %s", cookies, response.StatusCode, body)
		}
	}
	for _, path := range []string{"/assets/style.css", "/healthz"} {
		if response, _ := do(t, http.MethodGet, server.URL+path, "Cookie", "login=a; login=b"); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
}

// The error page needs its style, and a proxy may check the health without a Host.
func TestFilesAndHealthAreServedUnderAnyHost(t *testing.T) {
	app := strings.TrimPrefix(configured(t, config.Config{Host: "127.0.0.1"}).URL, "http://")
	for path, want := range map[string]string{"/healthz": "200", "/assets/style.css": "200", "/": "421"} {
		conn, err := net.Dial("tcp", app)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET %s HTTP/1.0\r\n\r\n", path)
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, want) {
			t.Errorf("%s: %q, %v, want %s", path, line, err, want)
		}
	}
}

func TestHEADIsAnsweredAsGETAndChangesNothing(t *testing.T) {
	changed := ""
	server := serveTest(t, func(e *echo.Echo) {
		e.GET("/", func(c echo.Context) error {
			changed += "a visit, "
			return c.Render(http.StatusOK, confirmPage, nil)
		})
		e.GET("/logout", func(c echo.Context) error {
			changed += "a logout, "
			return c.Redirect(http.StatusSeeOther, "/")
		}, ConfirmFromOtherSites)
		e.GET("/:code", func(c echo.Context) error { return c.JSON(http.StatusForbidden, c.Param("code")) })
	})
	for _, path := range []string{"/", "/logout", "/logout from another site", "/wrong-code", "/assets/nope.css", "/assets/style.css", "/assets/icon.svg", "/healthz", "/no/where"} {
		path, other, _ := strings.Cut(path, " from ")
		answer := func(method string) (all [3]string, body string) {
			r := httptest.NewRequest(method, path, nil)
			if other != "" {
				r.Header.Set("Sec-Fetch-Site", "cross-site")
			}
			r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", strings.TrimPrefix(server.URL, "http://")
			response, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return [3]string{response.Status, response.Header.Get("Content-Type"), response.Header.Get("Location")}, string(text)
		}
		get, _ := answer(http.MethodGet)
		changed = ""
		if head, body := answer(http.MethodHead); head != get || body != "" || changed != "" {
			t.Errorf("%s: HEAD %q and a body of %q, GET %q; HEAD made %s", path, head, body, get, changed)
		}
	}
}

func TestANameComesOnlyFromTheForm(t *testing.T) {
	server := serveTest(t, func(e *echo.Echo) {
		e.POST("/login", func(c echo.Context) error {
			name, problem := Username(c)
			return c.String(http.StatusOK, name+problem)
		})
	})
	if _, got := do(t, http.MethodPost, server.URL+"/login?username=eve"); got != "Type a name." {
		t.Errorf("the name of the query string was taken: %s", got)
	}
	response, err := http.PostForm(server.URL+"/login?username=eve", url.Values{"username": {"ada"}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got := make([]byte, 9)
	n, _ := response.Body.Read(got)
	if string(got[:n]) != "ada" {
		t.Errorf("got the name %q", got[:n])
	}
}

func TestAnErrorPageLinksToItsOwnSite(t *testing.T) {
	logged(t)
	e := New(nil)
	e.GET("/*", func(echo.Context) error { return away{} })
	for _, target := range []string{"//evil.example", "///evil.example/a", `/\evil.example`} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = &url.URL{Path: target}
		answer := httptest.NewRecorder()
		e.ServeHTTP(answer, r)
		page := answer.Body.String()
		if !strings.Contains(page, "Try again") || strings.Contains(page, `href="//`) || strings.Contains(page, `href="/\`) {
			t.Errorf("%s: %s", target, page)
		}
	}
}

func TestAnOutageDoesNotFillTheLog(t *testing.T) {
	log := logged(t)
	port := 0
	server := serveTest(t, func(e *echo.Echo) {
		e.GET("/", func(echo.Context) error {
			port++
			return errors.Join(away{}, &net.OpError{Op: "read", Addr: &net.TCPAddr{Port: port}, Err: context.DeadlineExceeded})
		})
		e.GET("/wrong", func(echo.Context) error { return errors.New("a mistake") })
	})
	for range 50 {
		do(t, http.MethodGet, server.URL)
		do(t, http.MethodGet, server.URL+"/wrong")
	}
	// On a slow machine the log may hold some counts already.
	if lines := strings.Count(log.String(), "\n"); lines > 20 || !strings.Contains(log.String(), "away") || !strings.Contains(log.String(), "a mistake") {
		t.Errorf("%d lines: %s", lines, log)
	}
}

func TestTheLogSaysHowManyMoreThereWere(t *testing.T) {
	log := logged(t)
	before := quiet
	quiet = 10 * time.Millisecond
	t.Cleanup(func() { quiet = before })
	r := repeats{more: map[string]int{}}
	for range 3 {
		r.log("an outage")
	}
	for {
		r.mutex.Lock()
		text, done := log.String(), len(r.more) == 0
		r.mutex.Unlock()
		if done {
			if !strings.Contains(text, "requests=2") || strings.Count(text, "\n") != 2 {
				t.Errorf("the log says: %s", text)
			}
			return
		}
		time.Sleep(time.Millisecond)
	}
}
