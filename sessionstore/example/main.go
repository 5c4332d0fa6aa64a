// Example is an app of net/http on sessionstore. It does the same as step 4 of the
// workshop, and what users expect of an account: they can stay logged in, see their
// devices and log them out, and get a warning before the session ends.
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

	// The idle timeout and the age of a session with "Keep me logged in".
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
		// With a TTL of ten seconds, each visit should reset it.
		sessionstore.TouchEvery(0),
		sessionstore.MaxAge(cfg.SessionMaxAge),
	}
	if !cfg.HTTPS() {
		options = append(options, sessionstore.InsecurePlainHTTP())
	}
	a := app{sessionstore.New(conn.Client, options...), cfg.SessionTTL}

	// web.New adds what all apps of the workshop have: deadlines, error pages, and
	// protection against forms from other sites.
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
	// One round trip checks that the session is alive, counts the visit, takes the
	// notice, resets the idle timeout and reads the session.
	err := s.Batch(r.Context(), sessionstore.Incr("visits", 1), sessionstore.Pop("notice"))
	p := page{Username: s.Username(), Visits: s.Value("visits"), Notice: s.Value("notice"), WarnAt: a.warnAt()}
	switch {
	case errors.Is(err, sessionstore.ErrNoSession):
		if s.Brought() {
			// Redis no longer knows whether the session had "Keep me logged in".
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
	if problem.EN != "" {
		web.Show(r, http.StatusBadRequest, "login", page{Problem: problem.EN, Keep: keep})
		return
	}
	// Set writes the name of the device in the round trip of the login.
	options := []sessionstore.LoginOption{sessionstore.Set("device", deviceName(r.UserAgent()))}
	if keep {
		options = append(options, sessionstore.Remember(keptIdle, keptAge))
	}
	err := sessionstore.From(r.Context()).Login(r.Context(), username, options...)
	redirect(w, r, "/", err)
}

func logout(w http.ResponseWriter, r *http.Request) {
	err := sessionstore.From(r.Context()).Logout(r.Context())
	redirect(w, r, "/", err)
}

// left tells the script of a page how long the session has left. It is not a visit, so
// an open page that the user does not use keeps no session alive.
func left(w http.ResponseWriter, r *http.Request) {
	life, err := sessionstore.From(r.Context()).Peek(r.Context())
	if err != nil && !errors.Is(err, sessionstore.ErrNoSession) {
		web.Fail(r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	// longer says whether a visit can extend the session. Near the absolute end it
	// cannot. Without a session both times are 0.
	_ = json.NewEncoder(w).Encode(map[string]any{
		"left": min(life.Idle, life.End).Milliseconds(), "longer": life.End-life.Idle > time.Second,
	})
}

// warnAt is how many milliseconds before the end the page warns: two minutes, or half
// of the TTL if that is less (WCAG 2.2.1 asks for 20 seconds).
func (a app) warnAt() int64 { return min(a.ttl/2, 2*time.Minute).Milliseconds() }

func (a app) devices(w http.ResponseWriter, r *http.Request) {
	s := sessionstore.From(r.Context())
	var notice string
	var err error
	if r.Method == http.MethodHead {
		// HEAD is not a visit, and leaves the notice to the next GET.
		_, err = s.Peek(r.Context())
	} else {
		notice, err = s.Pop(r.Context(), "notice")
	}
	if err != nil {
		redirect(w, r, "/", err)
		return
	}
	all, err := s.List(r.Context(), "device")
	if err != nil {
		redirect(w, r, "/", err)
		return
	}
	web.Show(r, http.StatusOK, "devices", page{Username: s.Username(), Devices: all, Notice: notice, WarnAt: a.warnAt()})
}

func (a app) endOne(w http.ResponseWriter, r *http.Request) {
	s := sessionstore.From(r.Context())
	// Username is known only after a visit.
	err := s.Refresh(r.Context())
	if err != nil {
		redirect(w, r, "/", err)
		return
	}
	notice := "The device is logged out."
	// The handle comes from the browser, so it may belong to another user. Revoke ends
	// only a session of the given user.
	err = a.store.Revoke(r.Context(), s.Username(), r.PostFormValue("handle"))
	if errors.Is(err, sessionstore.ErrNoSession) {
		notice, err = "You are no longer logged in on that device.", nil
	}
	redirectWithNotice(w, r, "/devices", notice, err)
}

func endOthers(w http.ResponseWriter, r *http.Request) {
	err := sessionstore.From(r.Context()).RevokeOthers(r.Context())
	redirectWithNotice(w, r, "/devices", "All your other devices are logged out.", err)
}

func endAll(w http.ResponseWriter, r *http.Request) {
	err := sessionstore.From(r.Context()).RevokeAll(r.Context())
	redirectWithNotice(w, r, "/", "All your devices are logged out, also this one.", err)
}

// redirectWithNotice leaves a notice for the next page unless there is an error. If the
// session has ended, a new one without a user begins and keeps the notice.
func redirectWithNotice(w http.ResponseWriter, r *http.Request, next, notice string, err error) {
	if err == nil {
		err = sessionstore.From(r.Context()).Begin(r.Context(), sessionstore.Set("notice", notice))
	}
	redirect(w, r, next, err)
}

// redirect leads to the next page, or to / if no user is logged in.
func redirect(w http.ResponseWriter, r *http.Request, next string, err error) {
	switch {
	case errors.Is(err, sessionstore.ErrNoSession):
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case err != nil:
		web.Fail(r, err)
	default:
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
}

// key is the key of the visitor's session, empty for a request without a token. It is
// for the panel, which sees a request before Handler does and sets no cookie.
func (a app) key(r *http.Request) string {
	s := a.store.Of(nil, r)
	if !s.Brought() {
		return ""
	}
	return keyPrefix + s.Handle()
}
