// Step 1: the web server remembers nothing. The browser carries the login in a
// cookie. The cookie is signed, so the server notices every change.
package main

import (
	"net/http"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/web"
)

const cookieName = "workshop_login"

// store signs the cookie and checks its signature. run sets it.
var store *sessions.CookieStore

var pages = map[string]string{
	"index": `
{{if .Username}}
<h1>Logged in as {{.Username}}</h1>
<form method="post" action="/logout"><button>Logout</button></form>
{{else}}
<h1>You are not logged in</h1>
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
	Problem  string
}

func main() { web.Main(run) }

func run() error {
	cfg := config.MustLoad(1)

	store = sessions.NewCookieStore([]byte(cfg.SecretKey))
	store.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: cfg.HTTPS(), SameSite: http.SameSiteLaxMode}

	e := web.New(pages)
	inspect.Attach(e, cfg, inspect.Panel{Cookie: cookieName})
	e.GET("/", index)
	e.GET("/login", loginForm)
	e.POST("/login", login)
	e.POST("/logout", logout)
	e.GET("/logout", logout, web.ConfirmFromOtherSites)
	return web.Run(e, cfg, "Redis: not used yet")
}

func index(c echo.Context) error {
	return c.Render(http.StatusOK, "index", page{Username: username(c)})
}

func loginForm(c echo.Context) error {
	return c.Render(http.StatusOK, "login", page{})
}

func login(c echo.Context) error {
	name, problem := web.Username(c)
	if problem != "" {
		return c.Render(http.StatusBadRequest, "login", page{Problem: problem})
	}
	s := cookie(c)
	s.Values["username"] = name
	if err := s.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

func logout(c echo.Context) error {
	s := cookie(c)
	// A negative age tells the browser to delete the cookie; nil removes the name.
	s.Values, s.Options.MaxAge = nil, -1
	if err := s.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// cookie reads what the browser carries. If the cookie was changed or signed with
// another key, Get returns an error and an empty session: the visitor is not
// logged in.
func cookie(c echo.Context) *sessions.Session {
	s, _ := store.Get(c.Request(), cookieName)
	return s
}

// username is empty if the visitor is not logged in.
func username(c echo.Context) string {
	name, _ := cookie(c).Values["username"].(string)
	return name
}
