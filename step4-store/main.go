// Step 4: the session itself lives in Redis. The browser holds a random token
// that says nothing; who is logged in, and until when, is Redis' to know.
package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/web"
	"example.com/session-workshop/step4-store/session"
)

const (
	cookieName = "workshop_session"
	keyPrefix  = "workshop:session:"
)

var pages = map[string]string{
	"index": `
{{if .Username}}
<h1>Logged in as {{.Username}}.</h1>
<p>Visits: {{.Visits}}</p>
<form method="post" action="/logout"><button>Logout</button></form>
{{else}}
<h1>You are not logged in</h1>
{{with .Ended}}<p>Your session has ended: it was idle for {{.Seconds}} s, reached its end, or was logged out</p>{{end}}
<p><a href="/login">Login</a></p>
{{end}}`,

	"login": `
<h1>Login</h1>
<form method="post">
<label for="username">Your name</label>
<p><input id="username" name="username" autocomplete="username" autofocus
  {{if .Problem}}aria-invalid="true" aria-describedby="problem"{{end}}></p>
{{with .Problem}}<p id="problem" class="wrong" role="alert">{{.}}</p>{{end}}
<button>Login</button>
</form>`,
}

type page struct {
	Username string
	Visits   int64
	Ended    time.Duration
	Problem  string
}

type app struct {
	ttl time.Duration
}

func main() {
	cfg := config.MustLoad(config.Redis, config.TTL, config.MaxAge)
	conn := redisconn.MustOpen(cfg)
	defer conn.Close()

	options := []session.Option{
		session.KeyPrefix(keyPrefix),
		session.CookieName(cookieName),
		session.IdleTimeout(cfg.SessionTTL),
		session.MaxAge(cfg.SessionMaxAge),
	}
	if !cfg.HTTPS() {
		options = append(options, session.InsecurePlainHTTP())
	}

	e := web.New(pages)
	e.Use(session.Middleware(session.New(conn.Client, options...)))
	inspect.Attach(e, cfg, inspect.Panel{Cookie: cookieName, Token: true, Key: sessionKey, Redis: conn.Client, Gone: "you are logged out", Scripts: session.Scripts()})
	e.GET("/", app{cfg.SessionTTL}.index)
	e.GET("/login", loginForm)
	e.POST("/login", login)
	e.POST("/logout", logout)
	e.GET("/logout", logout, web.ConfirmFromOtherSites)
	web.Run(e, cfg, "Step 4", conn.About, cfg.AboutTTL())
}

func (a app) index(c echo.Context) error {
	s := session.From(c)
	// One round trip: is the session alive, add one, give it its full time
	// again, and read it.
	visits, err := s.Incr(c.Request().Context(), "visits", 1)
	if errors.Is(err, session.ErrNoSession) {
		p := page{}
		if s.Brought() {
			p.Ended = a.ttl
		}
		return c.Render(http.StatusOK, "index", p)
	}
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "index", page{Username: s.Username(), Visits: visits})
}

func loginForm(c echo.Context) error {
	return c.Render(http.StatusOK, "login", page{})
}

func login(c echo.Context) error {
	username, problem := web.Username(c)
	if problem != "" {
		return c.Render(http.StatusBadRequest, "login", page{Problem: problem})
	}
	if err := session.From(c).Login(c.Request().Context(), username); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

func logout(c echo.Context) error {
	if err := session.From(c).Logout(c.Request().Context()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// sessionKey is where the session of a visitor is, empty for one who brought
// no token.
func sessionKey(c echo.Context) string {
	s := session.From(c)
	if !s.Brought() {
		return ""
	}
	return keyPrefix + s.Handle()
}
