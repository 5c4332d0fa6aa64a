package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
)

// serveTest runs an app with the routes that add registers.
func serveTest(t *testing.T, add func(e *echo.Echo)) *httptest.Server {
	t.Helper()
	e := New(map[string]string{"hello": "<p>Hello {{.}}</p>", "broken": "{{.Missing.Field}}"})
	if add != nil {
		add(e)
	}
	answerHEAD(e)
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return server
}

func do(t *testing.T, method, url string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// logged collects what the app logs during a test.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var buffer bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&buffer, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &buffer
}

func TestAMistakeInAPageIsAnErrorPageAndNotHalfAPage(t *testing.T) {
	log := logged(t)
	server := serveTest(t, func(e *echo.Echo) {
		e.GET("/broken", func(c echo.Context) error { return c.Render(http.StatusOK, "broken", 1) })
		e.GET("/panic", func(c echo.Context) error { panic("a mistake") })
		e.GET("/unknown", func(c echo.Context) error { return c.Render(http.StatusOK, "nowhere", nil) })
	})
	for _, path := range []string{"/broken", "/panic", "/unknown"} {
		response, body := do(t, http.MethodGet, server.URL+path)
		if response.StatusCode != http.StatusInternalServerError || !strings.Contains(body, "The terminal that runs it says what") {
			t.Errorf("%s: %d %s", path, response.StatusCode, body)
		}
		if !strings.Contains(log.String(), "path="+path) {
			t.Errorf("%s is not in the log: %s", path, log)
		}
	}
}

func TestNamesAreEscaped(t *testing.T) {
	server := serveTest(t, func(e *echo.Echo) {
		e.GET("/hello", func(c echo.Context) error { return c.Render(http.StatusOK, "hello", "<script>") })
	})
	response, body := do(t, http.MethodGet, server.URL+"/hello")
	if !strings.Contains(body, "Hello &lt;script&gt;") || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", response.Header, body)
	}
}

func TestEveryFileOfAPageComesFromTheAppItself(t *testing.T) {
	server := serveTest(t, nil)
	for path, kind := range map[string]string{"/assets/style.css": "text/css", "/assets/icon.svg": "image/svg+xml"} {
		response, _ := do(t, http.MethodGet, server.URL+path)
		if response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", path, response.StatusCode, response.Header.Get("Content-Type"))
		}
	}
}

func TestABrowserThatLeavesIsNotAnOutage(t *testing.T) {
	log := logged(t)
	entered, left := make(chan struct{}), make(chan struct{})
	server := serveTest(t, func(e *echo.Echo) {
		e.GET("/slow", func(c echo.Context) error {
			defer close(left)
			close(entered)
			<-c.Request().Context().Done()
			return c.Request().Context().Err()
		})
	})
	ctx, leave := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/slow", nil)
	go func() {
		<-entered
		leave()
	}()
	if _, err := http.DefaultClient.Do(r); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	<-left
	server.Close()
	if log.Len() > 0 {
		t.Errorf("it was logged: %s", log)
	}
}

func TestARequestHasADeadline(t *testing.T) {
	server := serveTest(t, func(e *echo.Echo) {
		e.GET("/slow", func(c echo.Context) error {
			if deadline, ok := c.Request().Context().Deadline(); !ok || time.Until(deadline) > time.Second {
				t.Error("no deadline within a second")
			}
			return c.NoContent(http.StatusNoContent)
		})
	})
	do(t, http.MethodGet, server.URL+"/slow")
}

func TestAConnectionOpenedInAdvanceDoesNotDelayTheEnd(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, New(nil), listener) }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The server has accepted the silent connection when it answers a later one.
	do(t, http.MethodGet, "http://"+listener.Addr().String()+"/healthz")
	stop()
	if err := <-ended; err != nil {
		t.Errorf("not a clean end: %v", err)
	}
}

func taken(t *testing.T, network, addr string) int {
	t.Helper()
	listener, err := net.Listen(network, addr)
	if err != nil {
		t.Skipf("NOT tested: cannot listen on %s: %v", addr, err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

func TestATakenPort(t *testing.T) {
	for _, c := range []struct{ network, addr string }{{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}, {"tcp4", "0.0.0.0:0"}} {
		t.Run(c.addr, func(t *testing.T) {
			port := taken(t, c.network, c.addr)
			if _, err := Listen(config.Config{Host: "127.0.0.1", Port: port, PortSet: true}); err == nil || !strings.Contains(err.Error(), "is taken") {
				t.Errorf("the port was asked for, and: %v", err)
			}
			listener, err := Listen(config.Config{Host: "127.0.0.1", Port: port})
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			if got := listener.Addr().(*net.TCPAddr).Port; got <= port || got > port+100 {
				t.Errorf("%d was taken, and it went to %d", port, got)
			}
		})
	}
}

// startVariable makes this test binary the app of TestAFailedStartClosesWhatItOpened.
const startVariable = "START_ON_PORT"

func TestAFailedStartClosesWhatItOpened(t *testing.T) {
	if port, _ := strconv.Atoi(os.Getenv(startVariable)); port != 0 {
		Main(func() error {
			defer fmt.Println("closed")
			return Run(New(nil), config.Config{Host: "127.0.0.1", Port: port, PortSet: true}, "Step 0")
		})
		return
	}
	port := strconv.Itoa(taken(t, "tcp4", "127.0.0.1:0"))
	app := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	app.Env = append(os.Environ(), startVariable+"="+port)
	var complaint bytes.Buffer
	app.Stderr = &complaint
	said, err := app.Output()
	if app.ProcessState.ExitCode() != 1 || string(said) != "closed\n" {
		t.Errorf("the app ended with %v and said %q, want exit status 1 and that it has closed", err, said)
	}
	if text := complaint.String(); !strings.HasPrefix(text, "PORT: "+port+" is taken") || strings.Count(text, "\n") != 1 {
		t.Errorf("the app complained %q, want one line about the port", text)
	}
}

func TestATakenPortIsReportedWithTheAppThatHasIt(t *testing.T) {
	app := serveTest(t, func(e *echo.Echo) { e.Renderer.(*renderer).title = Titles["Step 3"] })
	stranger := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(stranger.Close)
	silent := taken(t, "tcp4", "127.0.0.1:0")
	for port, want := range map[int]string{
		portOf(t, app.URL): "Step 3 of 4: Redis forgets", portOf(t, stranger.URL): "", silent: "",
	} {
		if got := titleOn(port); got != want {
			t.Errorf("on port %d answers %q, want %q", port, got, want)
		}
	}
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, _ := strconv.Atoi(u.Port())
	return port
}

func TestAHostOfAnotherMachineIsRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	_, err = Listen(config.Config{Host: "192.0.2.1", Port: free, PortSet: true})
	if err == nil || !strings.Contains(err.Error(), "HOST must be an address of this machine") {
		t.Errorf("got %v", err)
	}
}

func TestOneFormOfAddress(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1": "http://127.0.0.1:5000", "localhost": "http://127.0.0.1:5000", "0.0.0.0": "http://127.0.0.1:5000",
		"::": "http://127.0.0.1:5000", "::1": "http://[::1]:5000", "192.168.1.5": "http://192.168.1.5:5000",
	} {
		if got := address(config.Config{Host: host}, 5000); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}

func TestEachPageSaysWhichAppItIs(t *testing.T) {
	server := serveTest(t, func(e *echo.Echo) {
		e.Renderer.(*renderer).title = lang.Same("My <app>")
		e.GET("/hello", func(c echo.Context) error { return c.Render(http.StatusOK, "hello", "ada") })
	})
	for path, before := range map[string]string{"/hello": "", "/nowhere": "Not Found – "} {
		_, body := do(t, http.MethodGet, server.URL+path)
		for _, wanted := range []string{"<title>" + before + "My &lt;app&gt;</title>", "<p>My &lt;app&gt;</p>"} {
			if !strings.Contains(body, wanted) {
				t.Errorf("%s: no %q in %s", path, wanted, body)
			}
		}
	}
}

func TestANoticeIsOnEachPageWhileItsFileHasAText(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notice")
	t.Setenv(NoticeFile, file)
	const notice = `<p id="notice" role="status">Your last save does not compile, so the app from before it still runs: <code lang="en">main.go:3:2: undefined: &lt;x&gt;</code></p>`
	for host, shown := range map[string]bool{"127.0.0.1": true, "0.0.0.0": false} {
		server := serveTest(t, func(e *echo.Echo) {
			Configure(e, config.Config{Name: "Step 3", Host: host})
			e.GET("/hello", func(c echo.Context) error { return c.Render(http.StatusOK, "hello", "ada") })
		})
		for text, want := range map[string]bool{"": false, "main.go:3:2: undefined: <x>\n": shown} {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{"/hello", "/nowhere"} {
				_, body := do(t, http.MethodGet, server.URL+path)
				if strings.Contains(body, notice) != want || strings.Contains(body, "notice") != want {
					t.Errorf("on %s, %s with the text %q: the notice is there: %v, want %v:\n%s", host, path, text, !want, want, body)
				}
			}
		}
	}
}

// away is the error of an outage, as in redisconn.
type away struct{}

func (away) Error() string { return "away" }

func (away) Explain() (status int, title, text lang.Text) {
	return http.StatusServiceUnavailable, lang.T("Redis does not answer", "Redis が応答しません"), lang.T("Type `make <redis>`.", "`make <redis>` を実行してください。")
}

func TestThePageOfAnOutageSaysWhatBecomesOfTheLogin(t *testing.T) {
	const kept, again = "You are not logged out: your cookie holds the login.", "But if Redis comes back empty, as a new one does, log in again."
	signed, token := Login{Cookie: "login"}, Login{Cookie: "login", InRedis: true}
	for name, c := range map[string]struct {
		login                Login
		method, path, cookie string
		want                 string
	}{
		"a visit, the login in the cookie":     {signed, http.MethodGet, "/", "login=x", kept},
		"a visit, the login in Redis":          {token, http.MethodGet, "/", "login=x", again},
		"a login":                              {token, http.MethodPost, "/login", "login=x", "The login did not work. When Redis works again, log in again."},
		"a logout":                             {token, http.MethodPost, "/logout", "login=x", "You may still be logged in."},
		"a visitor who is not logged in":       {token, http.MethodGet, "/", "other=x", ""},
		"an app that has said nothing of this": {Login{}, http.MethodGet, "/", "login=x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			logged(t)
			server := serveTest(t, func(e *echo.Echo) {
				SetLogin(e, c.login)
				e.Add(c.method, c.path, func(echo.Context) error { return away{} })
			})
			response, body := do(t, c.method, server.URL+c.path, "Cookie", c.cookie)
			if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `<p>Type <code lang="en">make &lt;redis&gt;</code>.</p>`) {
				t.Errorf("%d %s", response.StatusCode, body)
			}
			if !strings.Contains(body, c.want) || c.want == "" && strings.Contains(body, "logged") {
				t.Errorf("want %q: %s", c.want, body)
			}
		})
	}
}
