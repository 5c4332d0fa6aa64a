// Step 4: the session itself lives in Redis. The browser holds only a random
// token; Redis knows who is logged in, and until when.
package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/inspect/redishook"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/web"
	"example.com/session-workshop/step4-store/session"
)

var pages = map[string]string{
	"index": `
{{if .Username}}
<h1>Logged in as {{.Username}}.</h1>
<p>Visits: {{.Visits}}</p>
<form method="post" action="/logout"><button>Logout</button></form>
{{else}}
<h1>You are not logged in</h1>
{{with .Ended}}<p>Your session has ended: it was idle for {{.}}, or was logged out</p>{{end}}
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
	store  *session.Store
	cookie session.Cookie
	ttl    time.Duration
}

func main() { web.Main(run) }

func run() error {
	cfg := config.MustLoad(4)
	conn := redisconn.MustOpen(cfg)
	defer conn.Close()

	a := app{session.NewStore(conn.Client, cfg.SessionTTL), session.NewCookie(cfg.HTTPS()), cfg.SessionTTL}

	e := web.New(pages)
	inspect.Attach(e, cfg, inspect.Panel{Cookie: a.cookie.Name, Token: true, Key: a.sessionKey, Redis: redishook.For(conn.Client), Scripts: session.Scripts()})
	e.GET("/", a.index)
	e.GET("/login", loginForm)
	e.POST("/login", a.login)
	e.POST("/logout", a.logout)
	e.GET("/logout", a.logout, web.ConfirmFromOtherSites)
	return web.Run(e, cfg, conn.About)
}

func (a app) index(c echo.Context) error {
	token := a.cookie.Token(c.Request())
	// One round trip: check that the session exists, add one, set the full TTL
	// again, and read it.
	s, err := a.store.Visit(c.Request().Context(), token)
	if errors.Is(err, session.ErrNone) {
		p := page{}
		if token != "" {
			p.Ended = config.InWords(a.ttl)
		}
		return c.Render(http.StatusOK, "index", p)
	}
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "index", page{Username: s.Username, Visits: s.Visits})
}

func loginForm(c echo.Context) error {
	return c.Render(http.StatusOK, "login", page{})
}

func (a app) login(c echo.Context) error {
	name, problem := web.Username(c)
	if problem != "" {
		return c.Render(http.StatusBadRequest, "login", page{Problem: problem})
	}
	// The old session ends. Its token is never used again: an attacker may
	// have planted it in this browser.
	if err := a.store.Delete(c.Request().Context(), a.cookie.Token(c.Request())); err != nil {
		return err
	}
	token, err := a.store.Create(c.Request().Context(), name)
	if err != nil {
		return err
	}
	a.cookie.Set(c.Response(), token)
	return c.Redirect(http.StatusSeeOther, "/")
}

func (a app) logout(c echo.Context) error {
	// Delete the session first: a cookie that is deleted in one browser may
	// have a copy in another.
	if err := a.store.Delete(c.Request().Context(), a.cookie.Token(c.Request())); err != nil {
		return err
	}
	a.cookie.Delete(c.Response())
	return c.Redirect(http.StatusSeeOther, "/")
}

// sessionKey is the key of the visitor's session, empty if the browser brought
// no token.
func (a app) sessionKey(c echo.Context) string {
	token := a.cookie.Token(c.Request())
	if token == "" {
		return ""
	}
	return a.store.Key(token)
}
