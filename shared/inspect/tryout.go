package inspect

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	_ "embed"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"example.com/session-workshop/shared/config"
	"example.com/session-workshop/shared/lang"
	"example.com/session-workshop/shared/web"
)

//go:embed tryout.html
var tryoutSource string

const tryPath = lookPath + "/try"

// try is an experiment with the running app, under a new user name, that is hard to do
// by hand. It is also the data of its page, tryout.html.
type try struct {
	view
	app     *echo.Echo
	cfg     config.Config
	home    string
	Title   lang.Text
	User    string
	Problem error
	// Times has for each number on the pages how many visits got it. Count is how many
	// visits the app has counted.
	Times map[int]int
	Count int
	// Held reports whether the second round trip of the visit waited for the logout,
	// CopyLogsIn whether a copy of the cookie logs in after it. Redis held Between
	// after the logout, and After after the visit.
	Held, CopyLogsIn bool
	Between, After   *holds
}

// trial is an experiment that a user can choose. Its name is that of a button.
type trial struct {
	Name lang.Text
	do   func(t *try, ctx context.Context, login page) error
}

var tries = []trial{
	{lang.T("30 visits at once", "同時に 30 回アクセスする"), (*try).visits},
	{lang.T("Log out during a visit", "アクセスの処理中にログアウトする"), (*try).logout},
}

// hasTries reports whether the page of a request has the buttons: only on this
// machine, and not for a browser that comes through a tunnel.
func hasTries(c echo.Context, cfg config.Config) bool {
	address := url.URL{Host: c.Request().Host}
	return cfg.Loopback() && !cfg.HTTPS() && config.IsLoopback(address.Hostname())
}

func (p Panel) attachTries(e *echo.Echo, cfg config.Config) {
	web.AddPage(e, tryPath, source+tryoutSource)
	var running sync.Mutex
	e.POST(tryPath, func(c echo.Context) error {
		chosen := slices.IndexFunc(tries, func(t trial) bool { return t.Name.EN == c.FormValue("try") })
		if chosen < 0 || !hasTries(c, cfg) {
			return echo.ErrNotFound
		}
		t := &try{view: view{panel: p}, app: e, cfg: cfg, home: "http://" + c.Request().Host, Title: tries[chosen].Name, Times: map[int]int{}}
		running.Lock()
		defer running.Unlock()
		t.Problem = t.run(tries[chosen])
		return c.Render(http.StatusOK, tryPath, t)
	})
}

// run logs in, does the try, and removes the key of its user.
func (t *try) run(chosen trial) error {
	// A try may take longer than the page, whose context ends after 800 ms.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	t.User = "tryout-" + strings.ToLower(rand.Text()[:6])
	login := t.ask(ctx, "POST /login username="+t.User, page{})
	if login.err != nil {
		return login.err
	}
	if held := t.look(ctx, login); held != nil && held.Key != "" {
		defer t.panel.Redis.Remove(context.WithoutCancel(ctx), held.Key)
	}
	return chosen.do(t, ctx, login)
}

// visits sends 30 visits before the first answer. They go to the address that the
// browser used: with `make scale` they reach all servers.
func (t *try) visits(ctx context.Context, login page) error {
	pages := make([]page, 30)
	var all sync.WaitGroup
	for i := range pages {
		all.Go(func() { pages[i] = t.ask(ctx, "GET /", login) })
	}
	all.Wait()
	for _, p := range pages {
		if p.err != nil {
			return p.err
		}
		if p.number > 0 {
			t.Times[p.number]++
		}
	}
	next := t.ask(ctx, "GET /", pages[0])
	t.Count = next.number - 1
	return next.err
}

// logout logs out during a visit of the same browser. If the visit needs more than one
// round trip, the second one waits for the end of the logout.
func (t *try) logout(ctx context.Context, login page) error {
	// The first visit can need more round trips than others, to load a script.
	first := t.ask(ctx, "GET /", login)
	if first.err != nil || first.loggedOut {
		return cmp.Or(first.err, lang.Errorf("after POST /login, GET / says that you are not logged in", "POST /login の後の GET / が、ログインしていないと表示しました"))
	}
	reached, resume := make(chan struct{}), make(chan struct{})
	reach := sync.OnceFunc(func() { close(reached) })
	visit, logout := &Record{by: lang.T("visit", "アクセス"), hold: func() { reach(); <-resume }}, &Record{by: lang.T("logout", "ログアウト")}
	visited := make(chan page, 1)
	go func() {
		visited <- t.ask(withRecord(ctx, visit), "GET /", login)
		reach()
	}()
	<-reached
	out := t.ask(withRecord(ctx, logout), "POST /logout", login)
	t.Between = t.look(ctx, login)
	close(resume)
	err := (<-visited).err
	t.After = t.look(ctx, login)
	late := t.ask(ctx, "GET /", login)
	trips := visit.roundTrips()
	t.Trips = slices.Insert(trips, min(1, len(trips)), logout.roundTrips()...)
	t.Held, t.CopyLogsIn = len(trips) > 1, !late.loggedOut
	return cmp.Or(err, out.err, late.err)
}

// page is an answer of the app.
type page struct {
	cookies   []*http.Cookie
	number    int // after "Visits:", 0 if there is none
	loggedOut bool
	err       error // also for an error page
}

var visits = regexp.MustCompile(`Visits:(?:\s|<[^>]*>)*(\d+)`)

// ask sends a request with the cookies of an earlier page. what is a method, a path
// and a form. If ctx has a record, the request stays in this process, because its
// context would get lost on the way.
func (t *try) ask(ctx context.Context, what string, since page) page {
	send := http.DefaultTransport.RoundTrip
	if RecordOf(ctx) != nil {
		send = func(r *http.Request) (*http.Response, error) {
			answer := httptest.NewRecorder()
			t.app.ServeHTTP(answer, r)
			return answer.Result(), nil
		}
	}
	answer, err := send(t.request(ctx, what, since))
	if err != nil {
		return page{err: err}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode >= http.StatusBadRequest {
		err = lang.Errorf("%s was answered with %s", "%s の応答は %s でした", what, answer.Status)
	}
	// The newest come first.
	p := page{cookies: append(answer.Cookies(), since.cookies...), loggedOut: bytes.Contains(body, []byte("You are not logged in")), err: err}
	if found := visits.FindSubmatch(body); found != nil {
		p.number, _ = strconv.Atoi(string(found[1]))
	}
	return p
}

func (t *try) request(ctx context.Context, what string, since page) *http.Request {
	words := append(strings.Fields(what), "")
	r, _ := http.NewRequestWithContext(ctx, words[0], t.home+words[1], strings.NewReader(words[2]))
	r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationForm)
	for _, cookie := range since.cookies {
		if _, err := r.Cookie(cookie.Name); err != nil {
			r.AddCookie(cookie)
		}
	}
	return r
}

// look is what Redis holds for the user of a page, nil in a step without Redis.
func (t *try) look(ctx context.Context, since page) *holds {
	if t.panel.Key == nil {
		return nil
	}
	return t.panel.look(t.app.NewContext(t.request(ctx, "GET /", since), nil), t.cfg)
}
