// Example is an app of net/http on the session store to ship: step 4 of the
// workshop, and beside it what users expect of an account. They can stay logged
// in, see their devices and end them, and are warned before the end.
package main

import (
	"encoding/json"
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

	// What "Keep me logged in" gives a login: a week without a visit, and a month
	// in all.
	keptIdle, keptAge = 7 * 24 * time.Hour, 30 * 24 * time.Hour
)

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

	// The frame is that of all apps of the workshop: deadlines, error pages, and no
	// form from another site.
	e := web.New(pages)
	inspect.Attach(e, cfg, inspect.Panel{
		Cookie: cookieName, Token: true, Redis: redishook.For(conn.Client), Scripts: sessionstore.Scripts(),
		Key: func(c echo.Context) string { return a.key(c.Request()) },
	})
	e.StaticFS("/assets/example", echo.MustSubFS(assets, "assets"))
	handle := func(pattern string, handler http.HandlerFunc, middleware ...echo.MiddlewareFunc) {
		web.Handle(e, pattern, a.store.Handler(handler), middleware...)
	}
	handle("GET /", a.index)
	handle("GET /login", loginForm)
	handle("POST /login", a.login)
	handle("POST /logout", logout)
	handle("GET /logout", logout, web.ConfirmFromOtherSites)
	handle("GET /left", left)
	handle("GET /devices", a.devices)
	handle("POST /device/logout", a.endOne)
	handle("POST /others/logout", endOthers)
	handle("POST /all/logout", endAll)
	return web.Run(e, cfg, conn.About)
}

func (a app) index(_ http.ResponseWriter, r *http.Request) {
	s := sessionstore.From(r.Context())
	// One round trip: is the session alive, add one, take the notice, give it its
	// full time again, and read it.
	err := s.Batch(r.Context(), sessionstore.Incr("visits", 1), sessionstore.Pop("notice"))
	p := page{Username: s.Username(), Visits: s.Value("visits"), Notice: s.Value("notice"), WarnAt: a.warnAt()}
	switch {
	case errors.Is(err, sessionstore.ErrNoSession):
		if s.Brought() {
			// How long it was idle depends on "Keep me logged in", which ended with it.
			p.Ended, p.EndedKept = config.InWords(a.ttl), config.InWords(keptIdle)
		}
	case err != nil:
		web.Fail(r, err)
		return
	}
	web.Show(r, http.StatusOK, "index", p)
}

func loginForm(_ http.ResponseWriter, r *http.Request) { web.Show(r, http.StatusOK, "login", page{}) }

func (a app) login(w http.ResponseWriter, r *http.Request) {
	username, problem := web.CheckName(r.PostFormValue("username"))
	keep := r.PostFormValue("keep") != ""
	if problem != "" {
		web.Show(r, http.StatusBadRequest, "login", page{Problem: problem, Keep: keep})
		return
	}
	// What the list of devices shows is written with the login, in the same round trip.
	options := []sessionstore.LoginOption{sessionstore.Set("device", deviceName(r.UserAgent()))}
	if keep {
		options = append(options, sessionstore.Remember(keptIdle, keptAge))
	}
	goOn(w, r, "/", sessionstore.From(r.Context()).Login(r.Context(), username, options...))
}

func logout(w http.ResponseWriter, r *http.Request) {
	goOn(w, r, "/", sessionstore.From(r.Context()).Logout(r.Context()))
}

// left tells the script of a page how long the session has. It is no visit, so a
// page that is open, but not used, keeps nobody logged in.
func left(w http.ResponseWriter, r *http.Request) {
	life, err := sessionstore.From(r.Context()).Peek(r.Context())
	if err != nil && !errors.Is(err, sessionstore.ErrNoSession) {
		web.Fail(r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	// Without a session, nothing is left. Near its end no visit makes it longer.
	_ = json.NewEncoder(w).Encode(map[string]any{
		"left": min(life.Idle, life.End).Milliseconds(), "longer": life.End-life.Idle > time.Second,
	})
}

// warnAt is how long before its end a session is warned of, two minutes if there is
// as much (WCAG 2.2.1 asks for 20 seconds).
func (a app) warnAt() int64 { return min(a.ttl/2, 2*time.Minute).Milliseconds() }

func (a app) devices(w http.ResponseWriter, r *http.Request) {
	s := sessionstore.From(r.Context())
	var notice string
	var err error
	if r.Method == http.MethodHead {
		// HEAD is no visit, and leaves the notice to the next GET.
		_, err = s.Peek(r.Context())
	} else {
		notice, err = s.Pop(r.Context(), "notice")
	}
	if err != nil {
		goOn(w, r, "/", err)
		return
	}
	all, err := s.List(r.Context(), "device")
	if err != nil {
		goOn(w, r, "/", err)
		return
	}
	web.Show(r, http.StatusOK, "devices", page{Username: s.Username(), Devices: all, Notice: notice, WarnAt: a.warnAt()})
}

func (a app) endOne(w http.ResponseWriter, r *http.Request) {
	s := sessionstore.From(r.Context())
	// The handle comes from the browser. Revoke ends a session of this user alone,
	// and the visit says who that is.
	err := s.Refresh(r.Context())
	if err != nil {
		goOn(w, r, "/", err)
		return
	}
	notice := "The device is logged out."
	err = a.store.Revoke(r.Context(), s.Username(), r.PostFormValue("handle"))
	if errors.Is(err, sessionstore.ErrNoSession) {
		notice, err = "You are not logged in on that device any more.", nil
	}
	tell(w, r, "/devices", notice, err)
}

func endOthers(w http.ResponseWriter, r *http.Request) {
	err := sessionstore.From(r.Context()).RevokeOthers(r.Context())
	tell(w, r, "/devices", "All your other devices are logged out.", err)
}

func endAll(w http.ResponseWriter, r *http.Request) {
	err := sessionstore.From(r.Context()).RevokeAll(r.Context())
	tell(w, r, "/", "All your devices are logged out, this one too.", err)
}

// tell leaves a notice for the next page if what it says was done. If the session
// was ended too, a new one without a user begins for it.
func tell(w http.ResponseWriter, r *http.Request, next, notice string, err error) {
	if err == nil {
		err = sessionstore.From(r.Context()).Begin(r.Context(), sessionstore.Set("notice", notice))
	}
	goOn(w, r, next, err)
}

// goOn leads to the next page, and to the first one if nobody is logged in.
func goOn(w http.ResponseWriter, r *http.Request, next string, err error) {
	switch {
	case errors.Is(err, sessionstore.ErrNoSession):
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case err != nil:
		web.Fail(r, err)
	default:
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
}

// key is where the session of a visitor is, empty for one who brought no token.
func (a app) key(r *http.Request) string {
	s := a.store.Of(nil, r)
	if !s.Brought() {
		return ""
	}
	return keyPrefix + s.Handle()
}
