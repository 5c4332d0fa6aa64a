// Command memory is wrong on purpose. It knows you by the same signed cookie
// as step 1, but it counts your visits in its own memory: the count is lost when
// the process ends, and each of two servers has its own count. Watch it fail:
//
//	make scale STEP=memory
package main

import (
	"net/http"
	"sync"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/inspect"
	"example.com/session-workshop/shared/web"
)

const cookieName = "workshop_login"

// store signs the cookie and checks its signature. run sets it.
var store *sessions.CookieStore

var pages = map[string]string{"index": `
{{if .Username}}
<h1>Logged in as {{.Username}}.</h1>
<p>Visits: {{.Visits}}</p>
<form method="post" action="/logout"><button>Logout</button></form>
{{else}}
<h1>You are not logged in</h1>
<form method="post" action="/login">
<p><label for="username">Your name</label> <input id="username" name="username" autocomplete="username"></p>
{{with .Problem}}<p class="wrong" role="alert">{{.}}</p>{{end}}
<button>Login</button>
</form>
{{end}}`}

type page struct {
	Username, Problem string
	Visits            int
}

// counter is the mistake: only this process can see it.
type counter struct {
	mu     sync.Mutex
	visits map[string]int
}

func main() { web.Main(run) }

func run() error {
	cfg := config.MustLoad(1)
	cfg.Name = "The program that counts in its memory"
	store = sessions.NewCookieStore([]byte(cfg.SecretKey))
	store.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: cfg.HTTPS(), SameSite: http.SameSiteLaxMode}

	e := web.New(pages)
	inspect.Attach(e, cfg, inspect.Panel{Cookie: cookieName})
	e.GET("/", (&counter{visits: map[string]int{}}).index)
	e.POST("/login", login)
	e.POST("/logout", logout)
	return web.Run(e, cfg, "Redis: not used, and that is the mistake")
}

func (m *counter) index(c echo.Context) error {
	name, _ := cookie(c).Values["username"].(string)
	if name == "" {
		return c.Render(http.StatusOK, "index", page{})
	}
	m.mu.Lock()
	m.visits[name]++
	visits := m.visits[name]
	m.mu.Unlock()
	return c.Render(http.StatusOK, "index", page{Username: name, Visits: visits})
}

func login(c echo.Context) error {
	name, problem := web.Username(c)
	if problem != "" {
		return c.Render(http.StatusBadRequest, "index", page{Problem: problem})
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
	s.Values, s.Options.MaxAge = nil, -1
	if err := s.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// cookie returns an empty session if the browser has no cookie, or a changed one.
func cookie(c echo.Context) *sessions.Session {
	s, _ := store.Get(c.Request(), cookieName)
	return s
}
