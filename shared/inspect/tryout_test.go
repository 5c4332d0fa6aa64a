package inspect_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/web"
)

// counts is an app and its Redis. If twice is set, a visit takes two round trips.
type counts struct {
	mutex sync.Mutex
	held  map[string]bool
	twice bool
}

func (*counts) Listen() {}

func (a *counts) Look(_ context.Context, key string) (inspect.Held, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if !a.held[key] {
		return inspect.Held{Key: key, Type: "none"}, nil
	}
	return inspect.Held{Key: key, Type: "hash", TTL: -1, Fields: []inspect.Field{{Name: "visits", Value: "1"}}}, nil
}

func (a *counts) Remove(_ context.Context, key string) error { return a.put(key, false) }

func (a *counts) put(key string, there bool) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	delete(a.held, key)
	if there {
		a.held[key] = true
	}
	return nil
}

// ask records a round trip of a request.
func ask(c echo.Context, words ...string) {
	record := inspect.RecordOf(c.Request().Context())
	record.Begin()
	record.Add(inspect.RoundTrip{Commands: []inspect.Command{{Words: words}}})
}

func key(c echo.Context) string {
	cookie, err := c.Cookie("login")
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (a *counts) visit(c echo.Context) error {
	ask(c, "hget", key(c))
	held, _ := a.Look(c.Request().Context(), key(c))
	if held.Type == "none" {
		return c.Render(http.StatusOK, "index", "You are not logged in")
	}
	if a.twice {
		ask(c, "hincrby", key(c))
	}
	a.put(key(c), true)
	return c.Render(http.StatusOK, "index", "Logged in")
}

func (a *counts) start(t *testing.T) (home string) {
	e := web.New(map[string]string{"index": "<p>{{.}}</p>"})
	inspect.Attach(e, config.Config{Host: "127.0.0.1", UnderTheHood: true}, inspect.Panel{Cookie: "login", Key: key, Redis: a})
	e.GET("/", a.visit)
	e.POST("/login", func(c echo.Context) error {
		c.SetCookie(&http.Cookie{Name: "login", Value: c.FormValue("username"), Path: "/"})
		a.put(c.FormValue("username"), true)
		return c.Redirect(http.StatusSeeOther, "/")
	})
	e.POST("/logout", func(c echo.Context) error {
		a.put(key(c), false)
		ask(c, "del", key(c))
		return c.Redirect(http.StatusSeeOther, "/")
	})
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	return server.URL
}

func TestALogoutComesBetweenTwoRoundTrips(t *testing.T) {
	for name, c := range map[string]struct {
		twice bool
		want  []string
	}{
		"in one": {false, []string{"asked Redis only once", "HGET", "visit: 1 round trip", "DEL", "logout: 1 round trip", "Nothing came back", "no longer logs in"}},
		"in two": {true, []string{"was held back", "HGET", "visit: 1 round trip", "DEL", "logout: 1 round trip", "HINCRBY", "visit: 1 round trip", "The key came back", "TTL: none", "still logs in"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := &counts{held: map[string]bool{}, twice: c.twice}
			text := post(t, app.start(t), "en", "Log out during a visit")
			for _, words := range c.want {
				_, after, found := strings.Cut(text, words)
				if !found {
					t.Fatalf("%q is missing, or stands too early, in: %s", words, text)
				}
				text = after
			}
			if len(app.held) > 0 {
				t.Errorf("the try leaves behind %v", app.held)
			}
		})
	}
}

func TestATryInJapanese(t *testing.T) {
	app := &counts{held: map[string]bool{}, twice: true}
	text := post(t, app.start(t), "ja", "Log out during a visit")
	for _, words := range []string{
		"アクセスの処理中にログアウトする", "待たせました。", "アクセス: 1 回のラウンドトリップ、", "ログアウト: 1 回のラウンドトリップ、",
		"キーが生き返りました", "TTL: なし。", "まだログインできます。",
	} {
		if !strings.Contains(text, words) {
			t.Errorf("no %q in: %s", words, text)
		}
	}
	if len(app.held) > 0 {
		t.Errorf("the try leaves behind %v", app.held)
	}
}

// post presses a button, and returns the text of the page in a language.
func post(t *testing.T, home, language, button string) string {
	t.Helper()
	form := url.Values{"try": {button}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, home+"/under-the-hood/try", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept-Language", language)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", answer.StatusCode, err)
	}
	return textOf(string(page))
}

func TestTriesAreOnlyForThisMachine(t *testing.T) {
	address := func(text string) *url.URL {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for name, c := range map[string]struct {
		cfg    config.Config
		host   string
		header string
		want   int
	}{
		"this machine":             {config.Config{Host: "127.0.0.1", UnderTheHood: true}, "localhost:1", "same-origin", http.StatusOK},
		"this machine, by IPv6":    {config.Config{Host: "::1", UnderTheHood: true}, "[::1]:1", "", http.StatusOK},
		"another site":             {config.Config{Host: "127.0.0.1", UnderTheHood: true}, "localhost:1", "cross-site", http.StatusForbidden},
		"the panel is off":         {config.Config{Host: "127.0.0.1"}, "localhost:1", "", http.StatusNotFound},
		"every address":            {config.Config{Host: "0.0.0.0", UnderTheHood: true}, "localhost:1", "", http.StatusNotFound},
		"a public address":         {config.Config{Host: "127.0.0.1", UnderTheHood: true, PublicURL: address("http://example.com")}, "localhost:1", "", http.StatusNotFound},
		"a proxy that speaks TLS":  {config.Config{Host: "127.0.0.1", UnderTheHood: true, PublicURL: address("https://localhost")}, "localhost", "", http.StatusNotFound},
		"a tunnel to this machine": {config.Config{Host: "127.0.0.1", UnderTheHood: true}, "example.com", "", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			e := web.New(map[string]string{"index": "<p>Hello</p>"})
			inspect.Attach(e, c.cfg, inspect.Panel{Cookie: "login"})
			e.GET("/", func(c echo.Context) error { return c.Render(http.StatusOK, "index", nil) })
			ask := func(method, path string) *httptest.ResponseRecorder {
				request, answer := httptest.NewRequest(method, "http://"+c.host+path, nil), httptest.NewRecorder()
				request.Header.Set("Sec-Fetch-Site", c.header)
				e.ServeHTTP(answer, request)
				return answer
			}
			if got := ask(http.MethodPost, "/under-the-hood/try?try=Log+out+during+a+visit").Code; got != c.want {
				t.Errorf("the button is answered with %d, want %d", got, c.want)
			}
			if buttons := strings.Contains(ask(http.MethodGet, "/").Body.String(), "Log out during a visit"); buttons != (c.want == http.StatusOK || c.header == "cross-site") {
				t.Errorf("the page has the buttons: %v", buttons)
			}
			if got := ask(http.MethodPost, "/under-the-hood/try?try=another").Code; got == http.StatusOK {
				t.Errorf("a try that there is not is answered with %d", got)
			}
		})
	}
}
