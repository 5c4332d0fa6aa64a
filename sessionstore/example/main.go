// Example is step 4 on the session store to ship, which knows more ends of a
// session: an age that nothing extends, and a logout everywhere.
package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/sessionstore"
	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/inspect/redishook"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/web"
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
{{with .Ended}}<p>Your session has ended: it was idle for {{.}}, reached its end, or was logged out</p>{{end}}
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
	Ended    string
	Problem  string
}

type app struct {
	store *sessionstore.Store
	ttl   time.Duration
}

func main() { web.Main(run) }

func run() error {
	cfg := config.MustLoad(4, config.MaxAge)
	cfg.Name = "The example of sessionstore"
	conn := redisconn.MustOpen(cfg)
	defer conn.Close()

	options := []sessionstore.Option{
		sessionstore.KeyPrefix(keyPrefix),
		sessionstore.CookieName(cookieName),
		sessionstore.IdleTimeout(cfg.SessionTTL),
		// Ten seconds are short: each visit gives them in full.
		sessionstore.TouchEvery(0),
		sessionstore.MaxAge(cfg.SessionMaxAge),
	}
	if !cfg.HTTPS() {
		options = append(options, sessionstore.InsecurePlainHTTP())
	}

	a := app{sessionstore.New(conn.Client, options...), cfg.SessionTTL}

	e := web.New(pages)
	inspect.Attach(e, cfg, inspect.Panel{Cookie: cookieName, Token: true, Key: a.sessionKey, Redis: redishook.For(conn.Client), Scripts: sessionstore.Scripts()})
	e.GET("/", a.index)
	e.GET("/login", loginForm)
	e.POST("/login", a.login)
	e.POST("/logout", a.logout)
	e.GET("/logout", a.logout, web.ConfirmFromOtherSites)
	return web.Run(e, cfg, conn.About)
}

// session is that of a request. It asks Redis nothing.
func (a app) session(c echo.Context) *sessionstore.Session {
	return a.store.Of(c.Response(), c.Request())
}

func (a app) index(c echo.Context) error {
	s := a.session(c)
	// One round trip: is the session alive, add one, give it its full time
	// again, and read it.
	visits, err := s.Incr(c.Request().Context(), "visits", 1)
	if errors.Is(err, sessionstore.ErrNoSession) {
		p := page{}
		if s.Brought() {
			p.Ended = config.InWords(a.ttl)
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

func (a app) login(c echo.Context) error {
	username, problem := web.Username(c)
	if problem != "" {
		return c.Render(http.StatusBadRequest, "login", page{Problem: problem})
	}
	if err := a.session(c).Login(c.Request().Context(), username); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

func (a app) logout(c echo.Context) error {
	if err := a.session(c).Logout(c.Request().Context()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// sessionKey is where the session of a visitor is, empty for one who brought
// no token.
func (a app) sessionKey(c echo.Context) string {
	s := a.session(c)
	if !s.Brought() {
		return ""
	}
	return keyPrefix + s.Handle()
}
