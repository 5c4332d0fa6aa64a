// Step 3: Redis forgets. After each visit the count lives for ten seconds; a
// user who stays away longer starts again at 1.
package main

import (
	"net/http"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/inspect/redishook"
	"example.com/session-workshop/shared/redisconn"
	"example.com/session-workshop/shared/web"
)

const cookieName = "workshop_login"

// store signs the cookie and checks its signature. run sets it.
var store *sessions.CookieStore

var pages = map[string]string{
	"index": `
{{if .Username}}
<h1>Logged in as {{.Username}}.</h1>
<p>Visits: {{.Visits}}</p>
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
	Visits   int64
	Problem  string
}

type app struct {
	rdb redis.UniversalClient
	ttl time.Duration
}

func main() { web.Main(run) }

func run() error {
	cfg := config.MustLoad(3)
	conn := redisconn.MustOpen(cfg)
	defer conn.Close()

	store = sessions.NewCookieStore([]byte(cfg.SecretKey))
	store.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: cfg.HTTPS(), SameSite: http.SameSiteLaxMode}

	e := web.New(pages)
	inspect.Attach(e, cfg, inspect.Panel{Cookie: cookieName, Key: userKey, Redis: redishook.For(conn.Client)})
	e.GET("/", app{conn.Client, cfg.SessionTTL}.index)
	e.GET("/login", loginForm)
	e.POST("/login", login)
	e.POST("/logout", logout)
	e.GET("/logout", logout, web.ConfirmFromOtherSites)
	return web.Run(e, cfg, conn.About)
}

func (a app) index(c echo.Context) error {
	key := userKey(c)
	if key == "" {
		return c.Render(http.StatusOK, "index", page{})
	}
	// HINCRBY adds one and answers with the sum. Redis runs one command at a
	// time, so two visits at the same moment both count.
	var visits *redis.IntCmd
	// EXPIRE comes second: a key that does not exist yet cannot get a TTL.
	// MULTI and EXEC send both in one round trip, with no other command between.
	_, err := a.rdb.TxPipelined(c.Request().Context(), func(multi redis.Pipeliner) error {
		visits = multi.HIncrBy(c.Request().Context(), key, "visits", 1)
		multi.Expire(c.Request().Context(), key, a.ttl)
		return nil
	})
	if err != nil {
		return err
	}
	return c.Render(http.StatusOK, "index", page{Username: username(c), Visits: visits.Val()})
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

// userKey is the key of the hash that counts the visitor's visits, empty if the
// visitor is not logged in.
func userKey(c echo.Context) string {
	if username(c) == "" {
		return ""
	}
	return "workshop:user:" + username(c)
}
